package source

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Repo is a local Git repository. It is read by running git, so that work
// trees, alternates and partial clones behave as the user's git does.
//
// Running git in a repository trusts its configuration as much as the user's
// own git does. Hooks, file system monitors, external diffs and lazy fetching
// are off. The Action, which must not trust anything, does not use this.
type Repo struct {
	root    string
	objects *objects
}

// ErrNoRepository says that a folder is in no Git repository, or that there is
// no git to ask.
var ErrNoRepository = errors.New("no Git repository")

// Find returns the repository whose working tree a folder is in.
func Find(dir string) (*Repo, error) {
	if _, err := exec.LookPath("git"); err != nil {
		return nil, fmt.Errorf("git is not installed: %w", ErrNoRepository)
	}
	out, err := run(dir, "rev-parse", "--show-toplevel")
	if err != nil {
		if strings.Contains(err.Error(), "not a git repository") || strings.Contains(err.Error(), "must be run in a work tree") {
			return nil, fmt.Errorf("folder %q: %w", dir, ErrNoRepository)
		}
		return nil, err
	}
	root := filepath.FromSlash(strings.TrimSuffix(string(out), "\n"))
	return &Repo{root: root, objects: &objects{dir: root}}, nil
}

// Root returns the top folder of the working tree, without symbolic links.
func (r *Repo) Root() string { return r.root }

// run runs git in a folder and returns what it prints.
func run(dir string, args ...string) ([]byte, error) {
	cmd := command(dir, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		line, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n")
		if line == "" {
			line = err.Error()
		}
		return nil, fmt.Errorf("git %s: %s", args[0], strings.TrimPrefix(line, "fatal: "))
	}
	return stdout.Bytes(), nil
}

// runAll runs git several times at once and returns what each prints. Starting
// it and reading the index is most of what such a command takes.
func runAll(dir string, commands ...[]string) ([][]byte, error) {
	outs, errs := make([][]byte, len(commands)), make([]error, len(commands))
	var wg sync.WaitGroup
	for i, args := range commands {
		wg.Go(func() { outs[i], errs[i] = run(dir, args...) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return outs, nil
}

func command(dir string, args ...string) *exec.Cmd {
	safe := []string{"-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.DevNull, "-c", "core.quotePath=false", "--no-pager"}
	cmd := exec.Command("git", append(safe, args...)...)
	cmd.Dir = dir
	for _, v := range os.Environ() {
		// These would make git look at another repository than the folder's.
		if name, _, _ := strings.Cut(v, "="); name != "GIT_DIR" && name != "GIT_WORK_TREE" && name != "GIT_INDEX_FILE" && name != "GIT_PREFIX" {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "GIT_NO_LAZY_FETCH=1", "LC_ALL=C")
	return cmd
}

// Resolve returns the id of the commit that a revision names.
func (r *Repo) Resolve(rev string) (string, error) {
	if rev == "" || strings.HasPrefix(rev, "-") {
		return "", fmt.Errorf("unknown revision %q", rev)
	}
	id, err := r.objects.id(rev + "^{commit}")
	if err != nil {
		return "", fmt.Errorf("unknown revision %q", rev)
	}
	return id, nil
}

// defaultBranches are the names under which the default branch may be known,
// the canonical repository's before that of a fork and both before local ones.
func defaultBranches() []string {
	return []string{"upstream/HEAD", "origin/HEAD", "upstream/main", "upstream/master", "origin/main", "origin/master", "main", "master"}
}

// DefaultBase returns the merge base of HEAD with the default branch, and a
// description of it for people. Both are "" when there is no commit yet, or no
// branch that could be the default one.
func (r *Repo) DefaultBase() (commit, description string, err error) {
	head, err := r.Resolve("HEAD")
	if err != nil {
		return "", "", nil
	}
	for _, branch := range defaultBranches() {
		tip, err := r.Resolve(branch)
		if err != nil {
			continue
		}
		if tip == head {
			return tip, "merge base with " + branch, nil
		}
		out, err := run(r.root, "merge-base", head, tip)
		if err != nil {
			return "", "", fmt.Errorf("HEAD and %s have no common commit; fetch more of the history", branch)
		}
		return strings.TrimSpace(string(out)), "merge base with " + branch, nil
	}
	return "", "", nil
}

// Changed lists the paths at or below dir that differ between a commit and the
// working tree: changed, added, deleted and new files that are not ignored. A
// renamed file gives both of its paths. Paths are relative to the root, sorted.
// Git's own notion of "differ" counts, with its settings for line ends.
func (r *Repo) Changed(commit, dir string) ([]string, error) {
	spec := ":(top,literal)" + dir
	outs, err := runAll(r.root,
		[]string{"diff-index", "--name-only", "-z", "--no-renames", "--no-ext-diff", commit, "--", spec},
		[]string{"ls-files", "-z", "--others", "--exclude-standard", "--", spec})
	if err != nil {
		return nil, err
	}
	paths := append(split(outs[0]), split(outs[1])...)
	slices.Sort(paths)
	return slices.Compact(paths), nil
}

// Between lists the paths at or below dir that differ between two commits, as
// Changed does.
func (r *Repo) Between(base, head, dir string) ([]string, error) {
	out, err := run(r.root, "diff-tree", "-r", "--name-only", "-z", "--no-renames", "--no-ext-diff", base, head, "--", ":(top,literal)"+dir)
	if err != nil {
		return nil, err
	}
	return split(out), nil
}

// Ignores reports whether Git ignores a folder, by its path from the root. Such
// a folder is no part of the repository that it lies in.
func (r *Repo) Ignores(dir string) bool {
	_, err := run(r.root, "check-ignore", "--quiet", "--", dir)
	return err == nil
}

func split(out []byte) []string {
	text := strings.TrimSuffix(string(out), "\x00")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\x00")
}

// WorkTree returns the working tree at and below dir without what Git ignores.
// Its paths are relative to the repository's root.
func (r *Repo) WorkTree(dir string) (*Dir, error) {
	d, err := OpenDir(r.root)
	if err != nil {
		return nil, err
	}
	spec := ":(top,literal)" + dir
	outs, err := runAll(r.root,
		[]string{"ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory", "--", spec},
		[]string{"ls-files", "-z", "--stage", "--", spec},
		[]string{"config", "--type=bool", "--default=true", "core.fileMode"})
	if err != nil {
		return nil, err
	}
	d.ignored = map[string]bool{}
	for _, p := range split(outs[0]) {
		d.ignored[strings.TrimSuffix(p, "/")] = true
	}
	fromIndex := strings.TrimSpace(string(outs[2])) == "false"
	d.modes = map[string]Mode{}
	for _, line := range split(outs[1]) {
		mode, name, ok := parseEntry(line)
		if ok && (mode == Submodule || fromIndex && (mode == Regular || mode == Executable)) {
			d.modes[name] = mode
		}
	}
	return d, nil
}

// parseEntry reads "100644 <id> 0\tname", as ls-files and ls-tree print it.
func parseEntry(line string) (Mode, string, bool) {
	meta, name, ok := strings.Cut(line, "\t")
	octal, _, _ := strings.Cut(meta, " ")
	mode, err := strconv.ParseUint(octal, 8, 32)
	return Mode(mode), name, ok && err == nil
}

// Tree returns the files of a commit. Folders and files are read when they are
// asked for.
func (r *Repo) Tree(commit string) (Tree, error) {
	if _, err := r.Resolve(commit); err != nil {
		return nil, err
	}
	return &commitTree{repo: r, commit: commit, dirs: map[string][]Entry{}}, nil
}

// errNoFolder is the error for a path that is no folder of a commit.
func errNoFolder(dir string) error {
	return fmt.Errorf("folder %q: %w", path.Clean(dir), fs.ErrNotExist)
}
