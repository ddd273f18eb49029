package rules

import (
	"maps"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// TestFixes makes each fix of each firing example, for itself: it must apply,
// leave JSON well-formed and pretty, mend its finding, and bring no other.
func TestFixes(t *testing.T) {
	for _, s := range All() {
		for _, e := range s.Fires {
			had := map[string]bool{}
			for _, f := range exampleFindings(t, All(), e) {
				had[f.Rule+f.Pointer] = true
			}
			for _, f := range exampleFindings(t, []Spec{s}, e) {
				if f.Fix == nil {
					continue
				}
				fixed, ok := applyToExample(t, s, e, f.Fix)
				if !ok {
					continue
				}
				for _, a := range exampleFindings(t, All(), fixed) {
					if !had[a.Rule+a.Pointer] {
						t.Errorf("%s %q: new %s %s %s", s.ID, e.Name, a.Rule, a.Pointer, a.Message)
					}
					if a.Rule == f.Rule && a.Pointer == f.Pointer && a.Value == f.Value {
						t.Errorf("%s %q: still there %s", s.ID, e.Name, a.Message)
					}
				}
			}
		}
	}
}

// applyToExample returns the example as it is after a fix.
func applyToExample(t *testing.T, s Spec, e Example, fix *finding.Fix) (Example, bool) {
	t.Helper()
	c, err := e.Change()
	if err != nil {
		t.Fatal(err)
	}
	edits := map[string][]jsondoc.Edit{}
	for _, x := range fix.Edits {
		file := x.Path[len(c.Head.Dir)+1:]
		edits[file] = append(edits[file], jsondoc.Edit{Span: x.Span, Text: x.Text})
	}
	fixed := e
	fixed.Files = maps.Clone(e.Files)
	if fixed.Files == nil {
		fixed.Files = map[string]string{}
	}
	for file, list := range edits {
		var data []byte
		if f := c.Head.File(file); f != nil {
			data = f.Data
		}
		out, err := jsondoc.Apply(data, list)
		if err != nil {
			t.Errorf("%s %q: %v", s.ID, e.Name, err)
			return e, false
		}
		if strings.HasSuffix(file, ".json") {
			doc, problems := jsondoc.Parse(out)
			if doc == nil || (len(problems) > 0 && s.ID != "json-strict") {
				t.Errorf("%s %q: %v", s.ID, e.Name, problems)
				return e, false
			}
			if file == submission.DefinitionFile && e.Raw == "" && !doc.Formatted() {
				t.Errorf("%s %q: not formatted:\n%s", s.ID, e.Name, out)
			}
		}
		if file == submission.DefinitionFile {
			fixed.Raw, fixed.Edit = string(out), ""
		} else {
			fixed.Files[file] = string(out)
		}
	}
	return fixed, true
}
