package source

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestPublicAddress(t *testing.T) {
	for raw, want := range map[string]string{
		"https://user:secret@forge.example/acme/definitions.git": "https://forge.example/acme/definitions",
		"https://forge.example:8443/acme/definitions":            "https://forge.example:8443/acme/definitions",
		"git@forge.example:acme/definitions.git":                 "https://forge.example/acme/definitions",
		"ssh://git@forge.example:22/acme/definitions.git":        "https://forge.example/acme/definitions",
		"git://forge.example/acme/definitions":                   "https://forge.example/acme/definitions",
		"/srv/git/definitions.git":                               "",
		"../definitions":                                         "",
		"file:///srv/git/definitions":                            "",
		`C:\git\definitions`:                                     "",
		"https://forge.example/a?token=secret":                   "https://forge.example/a",
		"":                                                       "",
		"https://%zz":                                            "",
	} {
		if got := publicAddress(raw); got != want {
			t.Errorf("%q is shown as %q, want %q", raw, got, want)
		}
	}
}

// TestLastChange finds the merge that brought a content in, and says when a
// clone cannot tell.
func TestLastChange(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "repo")
	n := 0
	git := func(at string, args ...string) string {
		t.Helper()
		n++
		when := time.Date(2026, 11, 20, 10, n, 0, 0, time.UTC).Format(time.RFC3339)
		cmd := exec.Command("git", args...)
		cmd.Dir = at
		cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "HOME="+dir, "GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=a@acme.example",
			"GIT_COMMITTER_NAME=Bob", "GIT_COMMITTER_EMAIL=b@acme.example", "GIT_AUTHOR_DATE="+when, "GIT_COMMITTER_DATE="+when)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("definitions/acme/miniapp.json", "1")
	git(dir, "init", "-q", "-b", "main")
	git(dir, "add", "-A")
	git(dir, "commit", "-q", "-m", "first")
	git(dir, "checkout", "-q", "-b", "partner")
	write("definitions/acme/miniapp.json", "2")
	git(dir, "commit", "-q", "-a", "-m", "second")
	side := git(dir, "rev-parse", "HEAD")
	git(dir, "checkout", "-q", "main")
	git(dir, "merge", "-q", "--no-ff", "-m", "merge", "partner")
	merge, at := git(dir, "rev-parse", "HEAD"), git(dir, "show", "-s", "--format=%cI", "HEAD")
	write("definitions/beta/miniapp.json", "1")
	git(dir, "add", "-A")
	git(dir, "commit", "-q", "-m", "another")
	head := git(dir, "rev-parse", "HEAD")

	r, err := Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.LastChange(head, "definitions/acme")
	if err != nil {
		t.Fatal(err)
	}
	want, _ := time.Parse(time.RFC3339, at)
	if c.ID != merge || c.Tree != git(dir, "rev-parse", "HEAD:definitions/acme") || c.Author != "Ann" || !c.Time.Equal(want) || c.Time.Location() != time.UTC {
		t.Errorf("the last change is %+v, want %s at %s", c, merge, at)
	}
	if _, err := r.LastChange(head, "definitions/never"); err == nil {
		t.Error("a folder that was never there has a last change")
	}
	for commit, in := range map[string]bool{head: true, merge: true, side: true} {
		if got, err := r.Contains(head, commit); got != in || err != nil {
			t.Errorf("%s in the history of HEAD: %v, %v", commit, got, err)
		}
	}
	if got, err := r.Contains(side, merge); got || err != nil {
		t.Errorf("the merge is in the history of its side: %v, %v", got, err)
	}
	if b, ok := r.DefaultBranch(); !ok || b != (Branch{Name: "main", Tip: head}) {
		t.Errorf("the default branch is %+v, %v", b, ok)
	}

	clone := filepath.Join(t.TempDir(), "clone")
	git(dir, "clone", "-q", "--depth", "1", "file://"+dir, clone)
	r, err = Find(clone)
	if err != nil {
		t.Fatal(err)
	}
	if b, ok := r.DefaultBranch(); !ok || b.Name != "origin/HEAD" || b.Tip != head {
		t.Errorf("the default branch of a clone is %+v, %v", b, ok)
	}
	if _, err := r.LastChange(head, "definitions/acme"); err == nil || !strings.Contains(err.Error(), "git fetch --unshallow") {
		t.Errorf("a shallow clone gives %v", err)
	}
}
