package definition

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// TestQuickAgrees holds the quick verdict against the library's: on the
// examples, and on what becomes of them when each of their values is replaced
// in two ways of several, or taken out.
func TestQuickAgrees(t *testing.T) {
	v := validator(t)
	library, err := v.engine()
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob("../../examples/definitions-repo/definitions/*/miniapp.json")
	if err != nil || len(paths) < 4 {
		t.Fatalf("got %d examples, %v", len(paths), err)
	}
	others := []string{`null`, `""`, `"x"`, `"function"`, `true`, `0`, `-1`, `1.0`, `2.5e1`, `{}`, `[]`, `["x"]`, `{"type": "function"}`}
	tried := 0
	count := map[verdict]int{}
	agrees := func(text []byte) {
		doc := parse(t, text)
		got, want := v.quick.check(doc.Root), len(library.check(library.schema, doc.Root)) == 0
		count[got]++
		if got == valid && !want || got == invalid && want {
			t.Errorf("got verdict %d where the library says valid = %t:\n%s", got, want, text)
		}
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		doc := parse(t, text)
		if got := v.quick.check(doc.Root); got != valid {
			t.Errorf("%s: got verdict %d, want valid at once", path, got)
		}
		doc.Root.Walk(func(n *jsondoc.Node) bool {
			if n.Parent == nil {
				return true
			}
			for range 2 {
				other := others[tried%len(others)]
				tried++
				edited, err := jsondoc.Apply(text, doc.Replace(n, other))
				if err != nil {
					t.Fatal(err)
				}
				agrees(edited)
			}
			edited, err := jsondoc.Apply(text, doc.Remove(n))
			if err != nil {
				t.Fatal(err)
			}
			agrees(edited)
			return n.Kind != jsondoc.String
		})
	}
	t.Logf("%d valid, %d invalid, %d left to the library", count[valid], count[invalid], count[unsure])
	if count[valid] < 500 || count[invalid] < 500 {
		t.Error("too few of one kind; the test has lost its meaning")
	}
}

// TestQuickRefuses checks that what a quick does not look at is not passed over.
func TestQuickRefuses(t *testing.T) {
	for _, schema := range []map[string]any{
		{"maxLength": 3}, {"properties": map[string]any{"a": map[string]any{"format": "uri"}}}, {"enum": []any{"a", 1}},
		{"$ref": "other.json"}, {"type": "text"}, {"allOf": []any{map[string]any{"not": true}}},
	} {
		if _, err := newQuick(schema); err == nil {
			t.Errorf("%v: got no error", schema)
		}
	}
}
