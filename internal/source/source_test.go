package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// git runs git in a folder for a test.
func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=Partner", "-c", "user.email=p@acme.example", "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func write(t *testing.T, dir, name, text string, mode fs.FileMode) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// fill makes the files that every Tree must show in the same way.
func fill(t *testing.T, dir string) {
	t.Helper()
	write(t, dir, "definitions/acme/miniapp.json", "{}\n", 0o644)
	write(t, dir, "definitions/acme/run.sh", "#!/bin/sh\n", 0o755)
	write(t, dir, "definitions/acme/a b é.txt", "spaces\n", 0o644)
	write(t, dir, "definitions/acme/deep/er/x.json", "[]\n", 0o644)
	write(t, dir, "definitions/zeta/miniapp.json", strings.Repeat(" ", 5000), 0o644)
	for link, target := range map[string]string{"definitions/acme/link.json": "../zeta/miniapp.json", "definitions/linked": "acme", "definitions/out": "/etc"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
}

// list walks a tree and writes each entry as "mode path".
func list(t *testing.T, tree Tree, dir string) []string {
	t.Helper()
	var got []string
	err := Walk(tree, dir, 100, func(p string, e Entry) error {
		got = append(got, fmt.Sprintf("%06o %s", e.Mode, p))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestTrees holds every implementation against the same promises.
func TestTrees(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir)
	git(t, dir, "init", "-q")
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "-m", "first")
	repo, err := Find(filepath.Join(dir, "definitions", "acme"))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	commit, err := repo.Tree(git(t, dir, "rev-parse", "HEAD"))
	if err != nil {
		t.Fatal(err)
	}
	work, err := repo.WorkTree("definitions")
	if err != nil {
		t.Fatal(err)
	}
	memory := Memory{
		"definitions/acme/miniapp.json": {Data: []byte("{}\n")}, "definitions/acme/run.sh": {Mode: Executable, Data: []byte("#!/bin/sh\n")},
		"definitions/acme/a b é.txt": {Data: []byte("spaces\n")}, "definitions/acme/deep/er/x.json": {Data: []byte("[]\n")},
		"definitions/zeta/miniapp.json": {Data: []byte(strings.Repeat(" ", 5000))}, "definitions/acme/link.json": {Mode: Symlink},
		"definitions/linked": {Mode: Symlink}, "definitions/out": {Mode: Symlink},
	}
	for name, tree := range map[string]Tree{"dir": plain, "commit": commit, "work tree": work, "memory": memory} {
		t.Run(name, func(t *testing.T) {
			want := []string{
				"100644 definitions/acme/a b é.txt", "100644 definitions/acme/deep/er/x.json", "120000 definitions/acme/link.json",
				"100644 definitions/acme/miniapp.json", "100755 definitions/acme/run.sh", "120000 definitions/linked",
				"120000 definitions/out", "100644 definitions/zeta/miniapp.json",
			}
			if diff := cmp.Diff(want, list(t, tree, ".")); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"100644 er/x.json"}, list(t, Sub(tree, "definitions/acme/deep"), ".")); diff != "" {
				t.Errorf("entries below (-want +got):\n%s", diff)
			}
			if data, err := tree.ReadFile("definitions/acme/a b é.txt", 7); err != nil || string(data) != "spaces\n" {
				t.Errorf("ReadFile = %q, %v", data, err)
			}
			if _, err := tree.ReadFile("definitions/zeta/miniapp.json", 4999); !errors.Is(err, ErrTooLarge) {
				t.Errorf("a file beyond the limit: %v", err)
			}
			for _, p := range []string{"definitions/acme/link.json", "definitions/linked/miniapp.json", "definitions/acme", "definitions/none", "none/x", "definitions/acme/miniapp.json/x", "definitions/out/passwd"} {
				if data, err := tree.ReadFile(p, 1000); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("ReadFile(%q) = %q, %v, want fs.ErrNotExist", p, data, err)
				}
			}
			for _, p := range []string{"definitions/none", "definitions/linked", "definitions/acme/miniapp.json"} {
				if entries, err := tree.ReadDir(p); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("ReadDir(%q) = %v, %v, want fs.ErrNotExist", p, entries, err)
				}
			}
			if !Exists(tree, "definitions/acme") || !Exists(tree, "definitions/zeta/miniapp.json") || Exists(tree, "definitions/none") {
				t.Error("Exists is wrong")
			}
			if err := Walk(tree, ".", 3, func(string, Entry) error { return nil }); !errors.Is(err, ErrTooMany) {
				t.Errorf("a walk over more than it may: %v", err)
			}
		})
	}
}

func TestDirNeverWaitsOrLeaves(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no named pipes here")
	}
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.json"), 0o644); err != nil {
		t.Fatal(err)
	}
	d, err := OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.ReadFile("pipe.json", 10); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a named pipe: %v", err)
	}
	if entries, err := d.ReadDir("."); err != nil || len(entries) != 1 || entries[0].Mode != 0 {
		t.Errorf("listing a named pipe: %v, %v", entries, err)
	}
	for _, p := range []string{"../x", "/etc/passwd"} {
		if _, err := d.ReadFile(p, 10_000); err == nil {
			t.Errorf("%q was read", p)
		}
	}
	deep := "d" + strings.Repeat("/d", 12)
	write(t, dir, deep+"/x", "", 0o644)
	if err := Walk(d, ".", 100, func(string, Entry) error { return nil }); !errors.Is(err, ErrTooMany) {
		t.Errorf("a deep folder: %v", err)
	}
}

// TestDirListsLargeFolders lists a folder that is listed by its path, and the
// same after another one has taken its place.
func TestDirListsLargeFolders(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "repo")
	var want []Entry
	for i := range 100 {
		name := fmt.Sprintf("many/%03d", i)
		switch e := (Entry{Name: name[5:], Mode: Directory, Size: -1}); {
		case i%4 == 0:
			write(t, dir, name, strings.Repeat("x", i), 0o644)
			want = append(want, Entry{Name: e.Name, Mode: Regular, Size: int64(i)})
		case i%4 == 1:
			write(t, dir, name, "", 0o755)
			want = append(want, Entry{Name: e.Name, Mode: Executable, Size: 0})
		case i%4 == 2:
			if err := os.Symlink("000", filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
			want = append(want, Entry{Name: e.Name, Mode: Symlink, Size: -1})
		default:
			write(t, dir, name+"/x", "", 0o644)
			want = append(want, e)
		}
	}
	d, err := OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	check := func(when string) {
		t.Helper()
		got, err := d.ReadDir("many")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
		if data, err := d.ReadFile("many/004", 4); err != nil || string(data) != "xxxx" {
			t.Errorf("%s, a file: %q, %v", when, data, err)
		}
	}
	check("at first")
	if runtime.GOOS == "windows" {
		return // an open folder cannot be moved there
	}
	if err := os.Rename(dir, filepath.Join(top, "moved")); err != nil {
		t.Fatal(err)
	}
	check("moved away")
	write(t, dir, "many/other", "x", 0o644)
	check("with another in its place")
	if err := os.RemoveAll(filepath.Join(dir, "many")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "many"), 0o644); err != nil {
		t.Fatal(err)
	}
	check("with a pipe in its place")
}

func TestRepoChangedAndIgnored(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir)
	write(t, dir, ".gitignore", ".DS_Store\nbuild/\n", 0o644)
	git(t, dir, "init", "-q")
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "-m", "first")
	base := git(t, dir, "rev-parse", "HEAD")
	repo, err := Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := repo.Changed(base, "definitions"); err != nil || len(got) != 0 {
		t.Errorf("nothing changed, got %q, %v", got, err)
	}
	write(t, dir, "definitions/acme/.DS_Store", "x", 0o644)
	write(t, dir, "definitions/acme/build/x", "x", 0o644)
	write(t, dir, "definitions/acme/new\nline.json", "x", 0o644)
	write(t, dir, "definitions/zeta/miniapp.json", "{}", 0o644)
	write(t, dir, "other.txt", "x", 0o644)
	git(t, dir, "rm", "-q", "definitions/acme/run.sh")
	git(t, dir, "mv", "definitions/acme/deep", "definitions/acme/moved")
	got, err := repo.Changed(base, "definitions")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"definitions/acme/deep/er/x.json", "definitions/acme/moved/er/x.json", "definitions/acme/run.sh", "definitions/zeta/miniapp.json"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
	work, err := repo.WorkTree("definitions")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"definitions/acme/.DS_Store", "definitions/acme/build"} {
		if Exists(work, p) {
			t.Errorf("%q is ignored, and there", p)
		}
	}
	if !Exists(work, "definitions/acme/new\nline.json") {
		t.Error("a new file is missing")
	}
	if diff := cmp.Diff([]string{"definitions/acme/new\nline.json"}, work.Untracked()); diff != "" {
		t.Errorf("untracked (-want +got):\n%s", diff)
	}
}

// TestWorkTreeIgnores compares what is listed with what Git says about each
// file: names that look like patterns, negated patterns, forced files, folders
// in which everything is ignored, and a repository in the repository.
func TestWorkTreeIgnores(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, ".gitignore", "*.o\nbuild/\n!kept.o\n/definitions/gone/\n", 0o644)
	write(t, dir, "definitions/acme/miniapp.json", "{}", 0o644)
	write(t, dir, "definitions/acme/build/forced.json", "{}", 0o644)
	git(t, dir, "init", "-q")
	git(t, dir, "add", "-A")
	git(t, dir, "add", "-f", "definitions/acme/build/forced.json")
	git(t, dir, "commit", "-q", "-m", "first")
	for _, name := range []string{
		"definitions/acme/build/new.json", "definitions/acme/x.o", "definitions/acme/kept.o", "definitions/acme/:(top)y", "definitions/acme/*.json",
		"definitions/acme/100644 0 0\tz", "definitions/acme/? z", "definitions/gone/miniapp.json", "definitions/objects/deep/x.o",
		"definitions/mixed/x.o", "definitions/mixed/miniapp.json",
	} {
		write(t, dir, name, "x", 0o644)
	}
	git(t, dir, "init", "-q", "definitions/inner")
	write(t, dir, "definitions/inner/x", "x", 0o644)
	repo, err := Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	for scope, want := range map[string][]string{
		"definitions": {
			"definitions/acme/100644 0 0\tz", "definitions/acme/:(top)y", "definitions/acme/? z", "definitions/acme/*.json",
			"definitions/acme/kept.o", "definitions/inner/", "definitions/mixed/miniapp.json",
		},
		"definitions/acme":    {"definitions/acme/100644 0 0\tz", "definitions/acme/:(top)y", "definitions/acme/? z", "definitions/acme/*.json", "definitions/acme/kept.o"},
		"definitions/gone":    nil,
		"definitions/objects": nil,
		"definitions/none":    nil,
	} {
		work, err := repo.WorkTree(scope)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, work.Untracked()); diff != "" {
			t.Errorf("untracked in %q (-want +got):\n%s", scope, diff)
		}
	}
	work, err := repo.WorkTree("definitions")
	if err != nil {
		t.Fatal(err)
	}
	for p, want := range map[string]bool{
		"definitions/acme/build/forced.json": true, "definitions/acme/build/new.json": false, "definitions/acme/x.o": false,
		"definitions/gone": false, "definitions/objects": false, "definitions/mixed": true, "definitions/mixed/x.o": false, "definitions/inner/x": true,
	} {
		if got := Exists(work, p); got != want {
			t.Errorf("%q is there: %v, want %v", p, got, want)
		}
	}
	if err := os.Remove(filepath.Join(dir, ".git", "index")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, ".git", "index"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := repo.WorkTree("definitions"); err == nil || !strings.HasPrefix(err.Error(), "git ls-files: ") {
		t.Errorf("an index that cannot be read: %v", err)
	}
}

func TestRepoSubmoduleAndFileMode(t *testing.T) {
	inner, dir := t.TempDir(), t.TempDir()
	write(t, inner, "x", "x", 0o644)
	git(t, inner, "init", "-q")
	git(t, inner, "add", "-A")
	git(t, inner, "commit", "-q", "-m", "inner")
	fill(t, dir)
	git(t, dir, "init", "-q")
	git(t, dir, "submodule", "--quiet", "add", inner, "definitions/sub")
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "-m", "first")
	git(t, dir, "config", "core.fileMode", "false")
	if err := os.Chmod(filepath.Join(dir, "definitions/acme/run.sh"), 0o644); err != nil {
		t.Fatal(err)
	}
	repo, err := Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	work, err := repo.WorkTree("definitions")
	if err != nil {
		t.Fatal(err)
	}
	commit, err := repo.Tree("HEAD")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(list(t, commit, "definitions"), list(t, work, "definitions")); diff != "" {
		t.Errorf("work tree against commit:\n%s", diff)
	}
	if got := list(t, work, "definitions"); got[len(got)-2] != "160000 definitions/sub" {
		t.Errorf("the submodule is shown as %q", got)
	}
}

func TestDefaultBaseAndResolve(t *testing.T) {
	if _, err := Find(t.TempDir()); !errors.Is(err, ErrNoRepository) {
		t.Errorf("outside of Git: %v", err)
	}
	dir := t.TempDir()
	git(t, dir, "init", "-q")
	repo, err := Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	if rev, _, err := repo.DefaultBase(); rev != "" || err != nil {
		t.Errorf("without a commit: %q, %v", rev, err)
	}
	commit := func(name string) string {
		write(t, dir, name, name, 0o644)
		git(t, dir, "add", "-A")
		git(t, dir, "commit", "-q", "-m", name)
		return git(t, dir, "rev-parse", "HEAD")
	}
	first := commit("first")
	git(t, dir, "checkout", "-q", "-b", "partner")
	commit("second")
	check := func(want, wantName string) {
		t.Helper()
		rev, name, err := repo.DefaultBase()
		if rev != want || name != wantName || err != nil {
			t.Errorf("base %q (%s), %v, want %q (%s)", rev, name, err, want, wantName)
		}
	}
	check(first, "merge base with main")
	git(t, dir, "checkout", "-q", "main")
	third := commit("third")
	git(t, dir, "checkout", "-q", "partner")
	check(first, "merge base with main")
	git(t, dir, "update-ref", "refs/remotes/upstream/main", third)
	check(first, "merge base with upstream/main")
	git(t, dir, "checkout", "-q", "--detach")
	check(first, "merge base with upstream/main")
	git(t, dir, "checkout", "-q", "--orphan", "other")
	git(t, dir, "commit", "-q", "-m", "unrelated")
	if _, _, err := repo.DefaultBase(); err == nil || !strings.Contains(err.Error(), "no common commit") {
		t.Errorf("unrelated histories: %v", err)
	}
	if got, err := repo.Resolve("upstream/main"); got != third || err != nil {
		t.Errorf("Resolve = %q, %v", got, err)
	}
	for _, rev := range []string{"nowhere", "--help", "-x", "", "HEAD:first", "main..partner", "a b\n"} {
		if got, err := repo.Resolve(rev); err == nil || err.Error() != fmt.Sprintf("unknown revision %q", rev) {
			t.Errorf("Resolve(%q) = %q, %v", rev, got, err)
		}
	}
	linked := filepath.Join(t.TempDir(), "linked")
	git(t, dir, "worktree", "add", "-q", linked, "partner")
	other, err := Find(linked)
	if err != nil {
		t.Fatal(err)
	}
	if rev, _, err := other.DefaultBase(); rev != first || err != nil {
		t.Errorf("in a linked work tree: %q, %v", rev, err)
	}
}
