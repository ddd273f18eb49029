package definition

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

func TestFieldRules(t *testing.T) {
	doc, problems := jsondoc.Parse([]byte(`{"text": "$.a", "path": {"path": "a", "transform": "toString"}, "paths": {"paths": ["a", 1, "b"], "transform": "coalesce"},
		"both": {"paths": ["b"], "path": "a"}, "compute": {"transform": "compute", "fn": "f", "value": 1}, "literal": {"value": "x"}, "number": 2, "null": null,
		"list": ["a"], "wrong": {"path": 1, "transform": 2, "fn": 3}}`))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var got []string
	for _, f := range FieldRules(doc.Root) {
		line := f.Field + ":"
		for _, p := range f.Paths {
			line += " " + p.Text()
		}
		got = append(got, line+" | "+f.Transform.Text()+" "+f.Fn.Text()+" | "+string(jsondoc.AppendJSON(nil, f.Literal)))
	}
	want := []string{
		"text: $.a |   | null", "path: a | toString  | null", "paths: a b | coalesce  | null", "both: a b |   | null", "compute: | compute f | null",
		"literal: |   | \"x\"", "number: |   | 2", "null: |   | null", "list: |   | null", "wrong: |   | null",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if f := NewFieldRule(nil); f.Paths != nil || f.Literal != nil {
		t.Errorf("a rule of nothing: %+v", f)
	}
	twice, _ := jsondoc.Parse([]byte(`{"a": "x", "a": "y"}`))
	if rules := FieldRules(twice.Root); len(rules) != 1 || rules[0].Paths[0].Text() != "y" {
		t.Errorf("of equal keys the last counts, got %s", strings.TrimSpace(rules[0].Paths[0].Text()))
	}
}
