package github

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/githubtest"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// TestTree reads a commit like a local one, listed at once and folder by folder.
func TestTree(t *testing.T) {
	for _, limit := range []int{0, 4} {
		w := newWorld(t, githubtest.Options{})
		w.repo.TreeLimit = limit
		head := w.repo.Push("main", w.keeper, githubtest.Files{
			"definitions/acme/link":    githubtest.Symlink("SETUP.md"),
			"definitions/acme/run.sh":  githubtest.Executable("x\n"),
			"definitions/acme/big.bin": githubtest.Text(strings.Repeat("x", 2<<20)),
		})
		tree := w.client("", nil).Tree(context.Background(), head)
		var names []string
		list, err := tree.ReadDir("definitions/acme")
		for _, e := range list {
			names = append(names, e.Name)
		}
		if diff := cmp.Diff([]string{"CHANGELOG.md", "SETUP.md", "big.bin", "link", "miniapp.json", "owners.json", "run.sh", "webhooks"}, names); err != nil || diff != "" {
			t.Errorf("limit %d: %v %s", limit, err, diff)
		}
		p, err := submission.Load(tree, "definitions/acme")
		if err != nil || string(p.File("miniapp.json").Data) != "{\"version\": \"1.0.0\"}\n" || !errors.Is(p.File("big.bin").Err, source.ErrTooLarge) || p.File("link").Data != nil || string(p.File("run.sh").Data) != "x\n" {
			t.Errorf("limit %d: %v", limit, err)
		}
		for _, name := range []string{"definitions/acme/link", "definitions/none", "definitions/acme", "definitions/acme/SETUP.md/x", "x"} {
			if _, err := tree.ReadFile(name, 1000); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("limit %d, %s: %v", limit, name, err)
			}
		}
		if _, err := tree.ReadDir("definitions/acme/SETUP.md"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a file as a folder: %v", err)
		}
		if limit == 0 {
			// One listing, one request for the folder's files, one for the samples.
			if n := len(w.s.Requests()); n != 3 {
				t.Errorf("%d requests, want 3", n)
			}
		}
	}
}
