package github

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/karzoun/miniapp-review/internal/githubtest"
	"github.com/karzoun/miniapp-review/internal/source"
)

// write writes files to the branch of a registry, whatever is there.
func write(c *Client, files map[string][]byte) (string, error) {
	return c.WriteBranch(context.Background(), "registry", func(source.Tree) (BranchChange, error) {
		return BranchChange{Files: files, Message: "Publish"}, nil
	})
}

func (w *world) holds(t *testing.T, want string) {
	t.Helper()
	var b strings.Builder
	files := w.repo.Read(w.repo.Branch("registry"))
	for _, name := range []string{"a.txt", "b/c.bin", "empty"} {
		if f, ok := files[name]; ok {
			fmt.Fprintf(&b, "%s=%q ", name, f.Data)
		}
	}
	if got := strings.TrimSpace(b.String()); got != want {
		t.Errorf("the branch holds %s, want %s", got, want)
	}
}

func TestWriteBranch(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	c := w.client("", nil)
	if commit, err := write(c, nil); err != nil || commit != "" {
		t.Fatalf("nothing to write: %q, %v", commit, err)
	}
	first, err := write(c, map[string][]byte{"a.txt": []byte("one\n"), "b/c.bin": []byte("\xff\x00"), "empty": {}})
	if err != nil || w.repo.Branch("registry") != first {
		t.Fatalf("%q, %v", first, err)
	}
	w.holds(t, `a.txt="one\n" b/c.bin="\xff\x00" empty=""`)
	if _, there := w.repo.Read(first)["README.md"]; there {
		t.Error("the new branch has the files of the default branch")
	}
	second, err := write(c, map[string][]byte{"a.txt": []byte("two\n"), "empty": nil})
	if err != nil || second == first {
		t.Fatalf("%q, %v", second, err)
	}
	w.holds(t, `a.txt="two\n" b/c.bin="\xff\x00"`)
	if again, err := write(c, nil); err != nil || again != second {
		t.Errorf("nothing to change: %q, %v", again, err)
	}
}

// TestWriteBranchSeesTheTip checks that a change is made again on top of what
// somebody else wrote, and that nothing of it is lost.
func TestWriteBranchSeesTheTip(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	c := w.client("", nil)
	if _, err := write(c, map[string][]byte{"a.txt": []byte("0")}); err != nil {
		t.Fatal(err)
	}
	w.s.Inject(githubtest.When{Method: "PATCH"}, githubtest.Before(func() {
		w.repo.Push("registry", w.keeper, githubtest.Files{"a.txt": githubtest.Text("5")})
	}))
	_, err := c.WriteBranch(context.Background(), "registry", func(tree source.Tree) (BranchChange, error) {
		old, err := tree.ReadFile("a.txt", 100)
		return BranchChange{Files: map[string][]byte{"a.txt": append(old, '+')}, Message: "Add"}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	w.holds(t, `a.txt="5+"`)
}

// TestWriteBranchTwoWriters lets several writers add their file at once.
func TestWriteBranchTwoWriters(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		c := w.client("", nil)
		wg.Go(func() {
			_, errs[i] = write(c, map[string][]byte{fmt.Sprint("file", i): []byte("x")})
		})
	}
	wg.Wait()
	files := w.repo.Read(w.repo.Branch("registry"))
	for i, err := range errs {
		if _, ok := files[fmt.Sprint("file", i)]; !ok || err != nil {
			t.Errorf("writer %d: there %v, %v", i, ok, err)
		}
	}
}

// TestWriteBranchFaults loses and fails each request in turn. Afterwards the
// branch is as it was, or has the whole change, and a second try has it.
func TestWriteBranchFaults(t *testing.T) {
	for name, fault := range map[string]func() githubtest.Fault{
		"cut before": githubtest.CutBefore, "cut after": githubtest.CutAfter,
		"500": func() githubtest.Fault { return githubtest.Answer(500, "oops") },
		"403": func() githubtest.Fault { return githubtest.Answer(403, "Resource not accessible by integration") },
	} {
		for n := 1; n <= 5; n++ {
			w := newWorld(t, githubtest.Options{})
			c := w.client("", nil)
			if _, err := write(c, map[string][]byte{"a.txt": []byte("old")}); err != nil {
				t.Fatal(err)
			}
			w.s.Inject(githubtest.When{Nth: n}, fault())
			_, err := write(c, map[string][]byte{"a.txt": []byte("new"), "b/c.bin": {0xff}})
			switch files := w.repo.Read(w.repo.Branch("registry")); string(files["a.txt"].Data) {
			case "new":
				w.holds(t, `a.txt="new" b/c.bin="\xff"`)
				if err != nil {
					t.Errorf("%s of request %d: written, and %v", name, n, err)
				}
			case "old":
				if err == nil {
					t.Errorf("%s of request %d: not written, and no error", name, n)
				}
			}
			w.s.Heal()
			if _, err := write(c, map[string][]byte{"a.txt": []byte("new"), "b/c.bin": {0xff}}); err != nil {
				t.Errorf("%s of request %d: a second try fails: %v", name, n, err)
			}
			w.holds(t, `a.txt="new" b/c.bin="\xff"`)
		}
	}
}
