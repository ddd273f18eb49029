package publish

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/registry/folder"
)

// TestVerify damages a registry in each way that it must see.
func TestVerify(t *testing.T) {
	edit := func(from, to string) func([]byte) []byte {
		return func(data []byte) []byte { return []byte(strings.Replace(string(data), from, to, 1)) }
	}
	for _, test := range []struct {
		name, file string
		change     func([]byte) []byte
		want       string
	}{
		{"a byte of a definition", "acme/1.0.0/miniapp.json", edit("Acme", "Acne"), "acme 1.0.0: acme/1.0.0 is damaged: miniapp.json has the SHA-256"},
		{"a byte of a listing", "acme/1.0.0/listing.json", edit("Acme", "Acne"), "listing.json has the SHA-256"},
		{"a byte of a changelog", "acme/1.0.0/CHANGELOG.md", edit("First", "First!"), "CHANGELOG.md has the SHA-256"},
		{"another provenance", "acme/1.0.0/provenance.json", edit("miniapp test", "miniapp text"), "acme 1.0.0: the index says"},
		{"another digest in the index", "index.json", edit(`"sha256": "`, `"sha256": "0`), "index"},
		{"another state in the index", "index.json", edit("published", "yanked"), `the latest version of "acme" is "1.0.0": expected a published one`},
		{"another visibility in the index", "index.json", edit("public\"", "partner\""), "acme 1.0.0: the index says 1.0.0 published"},
		{"another title in the index", "index.json", edit(`"title": "Acme"`, `"title": "Best"`), `acme: the index lists it as "Best" in "support", and the files as "Acme"`},
		{"a version that the index does not name", "index.json", edit(`"beta"`, `"teta"`), "beta 1.0.0: it is stored, and the index does not name it"},
		{"a version that is not there", "index.json", edit(`"beta"`, `"teta"`), "teta 1.0.0: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			target := folder.Open(dir)
			tree := branch(map[string]string{"acme": definitionText("acme", "1.0.0", "Acme"), "beta": definitionText("beta", "1.0.0", "Beta")})
			if o := newRun(t, tree, everyone, target).Do(t.Context())[0]; o.Err != nil {
				t.Fatal(o.Err)
			}
			report, err := Verify(t.Context(), target)
			if err != nil || len(report.Faults) != 0 || report.Versions != 2 {
				t.Fatalf("a whole registry gives %+v, %v", report, err)
			}
			name := filepath.Join(dir, test.file)
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			changed := test.change(data)
			if string(changed) == string(data) {
				t.Fatal("nothing was changed")
			}
			if err := os.WriteFile(name, changed, 0o644); err != nil {
				t.Fatal(err)
			}
			report, err = Verify(t.Context(), target)
			var got strings.Builder
			if err != nil {
				got.WriteString(err.Error())
			} else {
				for _, f := range report.Faults {
					got.WriteString(strings.TrimSpace(f.NS+" "+f.Version) + ": " + f.Message + "\n")
				}
			}
			if !strings.Contains(got.String(), test.want) {
				t.Errorf("got %q, want %q in it", got.String(), test.want)
			}
		})
	}
}
