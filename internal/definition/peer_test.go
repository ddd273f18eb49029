package definition

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// TestPeer holds the schema's verdict on every fixture of the project against
// that of ajv, a validator that nobody here wrote.
func TestPeer(t *testing.T) {
	if os.Getenv("MINIAPP_PEER") == "" {
		t.Skip("ajv is only asked by make test, or with MINIAPP_PEER=1 after npm ci --prefix test/peer")
	}
	v := validator(t)
	ours := map[string]bool{}
	var paths []string
	for _, root := range []string{"testdata", "../../testdata", "../../examples", "../rules/model"} {
		if _, err := os.Stat(root); errors.Is(err, fs.ErrNotExist) {
			continue // the number of files at the end notices what is gone
		}
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
	cmd := exec.Command("node", "../../test/peer/ajv.mjs", "miniapp.schema.json")
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\n"))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("asking ajv: %v", err)
	}
	asked, valid := 0, 0
	for line := range strings.Lines(string(out)) {
		verdict, path, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		asked++
		if verdict == "valid" {
			valid++
		}
		if ours[path] != (verdict == "valid") {
			t.Errorf("%s: ajv says %s, this says valid=%v", path, verdict, ours[path])
		}
	}
	if asked != len(paths) || asked < 70 || valid < 12 {
		t.Errorf("ajv answered for %d of %d files, %d valid", asked, len(paths), valid)
	}
}
