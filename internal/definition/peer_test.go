package definition

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/test/peer"
)

// TestPeer holds the schema's verdict on every fixture of the project against
// that of ajv, a validator that nobody here wrote.
func TestPeer(t *testing.T) {
	v := validator(t)
	ours := map[string]bool{}
	var paths []string
	for _, root := range []string{"testdata", "../../examples", "../rules/model"} {
		err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(p) != ".json" {
				return err
			}
			text, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			doc, problems := jsondoc.Parse(text)
			if len(problems) > 0 {
				return nil // no schema ever sees it
			}
			abs, err := filepath.Abs(p)
			ours[abs] = len(v.Validate(doc)) == 0
			paths = append(paths, abs)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	valid := 0
	for path, verdict := range peer.Ajv(t, "miniapp.schema.json", paths) {
		if verdict {
			valid++
		}
		if ours[path] != verdict {
			t.Errorf("%s: ajv says valid=%v, this says valid=%v", path, verdict, ours[path])
		}
	}
	if len(paths) < 70 || valid < 12 {
		t.Errorf("ajv was asked about %d files, %d valid", len(paths), valid)
	}
}
