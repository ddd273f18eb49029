package intake

import (
	"maps"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// TestCorpusFixes makes every fix that is offered for the cases, each for
// itself. It mends its finding and brings no new one.
func TestCorpusFixes(t *testing.T) {
	fixes := 0
	for _, c := range corpus(t) {
		found := c.check(t)
		known := map[string]bool{}
		for _, f := range found {
			known[f.Rule+f.Path+f.Pointer] = true
		}
		for _, f := range found {
			if f.Fix == nil {
				continue
			}
			fixes++
			mended := *c
			mended.head = c.fixed(t, f.Fix)
			for _, after := range mended.check(t) {
				switch {
				case after.Identity() == f.Identity():
					t.Errorf("%s: %q does not mend %s %s", c.name, f.Fix.Title, f.Rule, f.Message)
				case f.Rule == "version-increased" && after.Rule == "changelog-has-section":
					// With the right version, its section can be asked for.
				case !known[after.Rule+after.Path+after.Pointer]:
					t.Errorf("%s: %q for %s brings %s at %s: %s", c.name, f.Fix.Title, f.Rule, after.Rule, after.Pointer, after.Message)
				}
			}
		}
	}
	if fixes < 40 {
		t.Errorf("%d fixes are offered for the cases", fixes)
	}
}

// fixed returns the files of the head with the edits of a fix.
func (c *corpusCase) fixed(t *testing.T, fix *finding.Fix) map[string]source.MemoryFile {
	t.Helper()
	files := maps.Clone(c.head)
	edits := map[string][]jsondoc.Edit{}
	for _, e := range fix.Edits {
		name := strings.TrimPrefix(e.Path, submission.Dir(c.folder)+"/")
		if e.Create {
			files[name] = source.MemoryFile{Data: []byte(e.Text)}
			continue
		}
		edits[name] = append(edits[name], jsondoc.Edit{Span: e.Span, Text: e.Text})
	}
	for name, list := range edits {
		out, err := jsondoc.Apply(files[name].Data, list)
		if err != nil {
			t.Fatalf("%s: %q: %v", c.name, fix.Title, err)
		}
		files[name] = source.MemoryFile{Data: out, Mode: files[name].Mode}
	}
	return files
}
