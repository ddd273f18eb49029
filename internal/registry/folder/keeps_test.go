package folder

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/karzoun/miniapp-review/internal/registry/registrytest"
)

// TestWritesOnlyWhatItNeeds adds a version: the files of the others are not
// written again, not even with the bytes that they have.
func TestWritesOnlyWhatItNeeds(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "registry")
	registrytest.MustPublish(t, Open(dir), registrytest.Release(t, "acme", "1.0.0", "First"), registrytest.Release(t, "acme", "1.1.0", "Second"),
		registrytest.Release(t, "beta", "0.1.0", "Other"), registrytest.Release(t, "gamma", "2.0.0", "Third"))
	// A time of long ago shows every write, however coarse the clock of the disk is.
	old := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	look := func() map[string]fs.FileInfo {
		out := map[string]fs.FileInfo{}
		err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			info, err := e.Info()
			rel, _ := filepath.Rel(dir, name)
			out[filepath.ToSlash(rel)] = info
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for name := range look() {
		if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	before := look()
	registrytest.MustPublish(t, Open(dir), registrytest.Release(t, "acme", "1.2.0", "New"))
	after := look()
	// What shows the new version is made again.
	again := map[string]bool{"index.json": true, "index.html": true, "acme/index.html": true}
	kept := 0
	for name, was := range before {
		is, ok := after[name]
		same := ok && os.SameFile(was, is) && is.ModTime().Equal(old)
		switch {
		case again[name] && same:
			t.Errorf("%s does not show the new version", name)
		case !again[name] && !same && name != ".lock":
			t.Errorf("%s was written, though nothing of it changed", name)
		case !again[name]:
			kept++
		}
	}
	if kept < 4*4+2 {
		t.Errorf("only %d files were there to be kept", kept)
	}
	for name := range after {
		if _, ok := before[name]; !ok && !strings.HasPrefix(name, "acme/1.2.0/") {
			t.Errorf("%s is new", name)
		}
	}
}
