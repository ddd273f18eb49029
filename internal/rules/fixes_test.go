package rules

import (
	"testing"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/submission"
)

func TestZZFixes(t *testing.T) {
	for _, s := range All() {
		for _, e := range s.Fires {
			before := exampleFindings(t, All(), e)
			had := map[string]bool{}
			for _, f := range before {
				had[f.Rule+f.Pointer] = true
			}
			for _, f := range exampleFindings(t, []Spec{s}, e) {
				if f.Fix == nil {
					continue
				}
				c, _ := e.Change()
				file := f.Path[len(c.Head.Dir)+1:]
				data := c.Head.File(file).Data
				var ed []jsondoc.Edit
				for _, x := range f.Fix.Edits {
					ed = append(ed, jsondoc.Edit{Span: x.Span, Text: x.Text})
				}
				out, err := jsondoc.Apply(data, ed)
				if err != nil {
					t.Errorf("%s %q: %v", s.ID, e.Name, err)
					continue
				}
				doc, problems := jsondoc.Parse(out)
				if doc == nil || (len(problems) > 0 && s.ID != "json-strict") {
					t.Errorf("%s %q: %v", s.ID, e.Name, problems)
					continue
				}
				e2 := e
				e2.Edit = ""
				if file == submission.DefinitionFile {
					e2.Raw = string(out)
					if e.Raw == "" && !doc.Formatted() {
						t.Errorf("%s %q: not formatted:\n%s", s.ID, e.Name, out)
					}
				} else {
					m := map[string]string{file: string(out)}
					for k, v := range e.Files {
						if k != file {
							m[k] = v
						}
					}
					e2.Files, e2.Edit = m, e.Edit
				}
				var after []finding.Finding = exampleFindings(t, All(), e2)
				for _, a := range after {
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
