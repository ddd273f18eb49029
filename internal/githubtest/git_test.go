package githubtest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/karzoun/miniapp-review/internal/githubtest"
)

// git runs the real Git in a folder, with nothing of this machine's settings.
func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "core.quotepath=off"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=partner", "GIT_AUTHOR_EMAIL=p@example.com", "GIT_AUTHOR_DATE=1772442000 +0000",
		"GIT_COMMITTER_NAME=partner", "GIT_COMMITTER_EMAIL=p@example.com", "GIT_COMMITTER_DATE=1772442000 +0000")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func put(t *testing.T, dir string, files githubtest.Files) {
	t.Helper()
	for path, file := range files {
		full := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(full) // a link is not written through
		var err error
		switch file.Mode {
		case githubtest.ModeSymlink:
			err = os.Symlink(string(file.Data), full)
		case githubtest.ModeExecutable:
			err = os.WriteFile(full, file.Data, 0o755)
		default:
			err = os.WriteFile(full, file.Data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestObjectsHaveGitsIDs compares ids with those that Git itself gives the same
// files, with names that sort differently as files and as folders.
func TestObjectsHaveGitsIDs(t *testing.T) {
	files := githubtest.Files{
		"a/b.json": githubtest.Text("{}\n"), "a.txt": githubtest.Text(""), "a-b/c": githubtest.Text("x"), "run.sh": githubtest.Executable("#!/bin/sh\n"),
		"link": githubtest.Symlink("a/b.json"), "deep/er/and/deeper": githubtest.Text("\x00\x01"), "ünï cödé.md": githubtest.Text("ü"),
	}
	gh := githubtest.Start(t, githubtest.Options{})
	repo := gh.Repo("acme/ids", nil)
	sign := githubtest.Signature{Name: "partner", Email: "p@example.com", When: time.Unix(1772442000, 0)}
	first := repo.Commit(githubtest.CommitSpec{Files: files, AuthorSignature: sign, Message: "First\n"})
	second := repo.Commit(githubtest.CommitSpec{Parents: []string{first}, Files: githubtest.Files{"a.txt": githubtest.Gone(), "new": githubtest.Text("n\n")}, AuthorSignature: sign, Message: "Second\n"})

	dir := t.TempDir()
	git(t, dir, "init", "-q")
	put(t, dir, files)
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "-m", "First")
	if got := strings.TrimSpace(git(t, dir, "rev-parse", "HEAD")); got != first {
		t.Errorf("the first commit is %s, Git's %s", first, got)
	}
	put(t, dir, githubtest.Files{"new": githubtest.Text("n\n")})
	git(t, dir, "rm", "-q", "a.txt")
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "-m", "Second")
	if got := strings.TrimSpace(git(t, dir, "rev-parse", "HEAD")); got != second {
		t.Errorf("the second commit is %s, Git's %s", second, got)
	}
}

// TestPatchesApply gives the patches of a pull request to Git, which must get
// from the one state to the other by them.
func TestPatchesApply(t *testing.T) {
	long := lines(1, 60)
	for _, c := range []struct{ name, before, after string }{
		{"one line", "a\nb\nc\n", "a\nB\nc\n"},
		{"no newline at the end", "a\nb", "a\nc"},
		{"newline gained", "a\nb", "a\nb\n"},
		{"newline lost", "a\nb\n", "a\nb"},
		{"two hunks", long, strings.NewReplacer("line 5\n", "five\n", "line 50\n", "fifty\nand more\n").Replace(long)},
		{"first and last line", long, strings.TrimPrefix(long, "line 1\n") + "line 61\n"},
		{"everything", "a\nb\n", "x\ny\nz\n"},
		{"emptied", "a\nb\n", ""},
		{"filled", "", "a\n"},
		{"carriage returns", "a\r\nb\r\n", "a\r\nB\r\n"},
		{"one long line", strings.Repeat("x", 70000), strings.Repeat("y", 70000)},
	} {
		t.Run(c.name, func(t *testing.T) {
			gh := githubtest.Start(t, githubtest.Options{})
			repo := gh.Repo(owner+"/"+name, githubtest.Files{"f.txt": githubtest.Text(c.before)})
			w := &world{Server: gh, t: t}
			author := gh.User("partner")
			repo.Push("change", author, githubtest.Files{"f.txt": githubtest.Text(c.after)})
			repo.Open(repo, "change", author, githubtest.PullSpec{})
			files := must(w.client(author.Token()).PullRequests.ListFiles(ctx, owner, name, 1, nil))
			if len(files) != 1 {
				t.Fatalf("%d files changed, want 1", len(files))
			}
			dir := t.TempDir()
			put(t, dir, githubtest.Files{"f.txt": githubtest.Text(c.before), "p.patch": githubtest.Text("--- a/f.txt\n+++ b/f.txt\n" + files[0].GetPatch() + "\n")})
			git(t, dir, "apply", "p.patch")
			got, err := os.ReadFile(filepath.Join(dir, "f.txt"))
			if err != nil || string(got) != c.after {
				t.Errorf("the patch leads to %q, %v, not to %q:\n%s", got, err, c.after, files[0].GetPatch())
			}
		})
	}
}
