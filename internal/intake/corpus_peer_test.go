package intake

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/submission"
	"github.com/karzoun/miniapp-review/test/peer"
)

// TestCorpusPeer holds the schema's verdict on every definition of the corpus
// against that of ajv. Documents that the strict reader refuses are left out: no
// schema ever sees them.
func TestCorpusPeer(t *testing.T) {
	schema, err := newValidator()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ours := map[string]bool{}
	var paths []string
	for _, c := range corpus(t) {
		f, ok := c.head[submission.DefinitionFile]
		doc, problems := jsondoc.Parse(f.Data)
		if !ok || len(problems) > 0 || len(f.Data) > submission.MaxFileBytes {
			continue
		}
		path := filepath.Join(dir, c.name+".json")
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
		ours[path] = len(schema.Validate(doc)) == 0
		paths = append(paths, path)
	}
	invalid := 0
	for path, verdict := range peer.Ajv(t, "../definition/miniapp.schema.json", paths) {
		if !verdict {
			invalid++
		}
		if ours[path] != verdict {
			t.Errorf("%s: ajv says valid=%v, this says valid=%v", filepath.Base(path), verdict, ours[path])
		}
	}
	if len(paths) < 120 || invalid < 20 {
		t.Errorf("ajv was asked about %d definitions, %d of them invalid", len(paths), invalid)
	}
}
