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
func run(dir string, args ...string) ([]byte, error) { return feed(dir, "", args...) }

// feed is run for a command that reads from its standard input. The error wraps
// that of the command, which has its exit code.
func feed(dir, in string, args ...string) ([]byte, error) {
	cmd := command(dir, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if in != "" {
		cmd.Stdin = strings.NewReader(in)
	}
	if err := cmd.Run(); err != nil {
		line, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n")
		if line == "" {
			line = err.Error()
		}
		return nil, &gitError{fmt.Sprintf("git %s: %s", args[0], strings.TrimPrefix(line, "fatal: ")), err}
	}
	return stdout.Bytes(), nil
}

// gitError says what git said, and how git ended.
type gitError struct {
	text  string
	cause error
}

func (e *gitError) Error() string { return e.text }
func (e *gitError) Unwrap() error { return e.cause }

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
// working tree, of the files that Git tracks in either: changed, added and
// deleted ones. Dir.Untracked has the new ones that nobody added. A renamed file
// gives both of its paths. Paths are relative to the root, sorted. Git's own
// notion of "differ" counts, with its settings for line ends.
func (r *Repo) Changed(commit, dir string) ([]string, error) {
	out, err := run(r.root, "diff-index", "--name-only", "-z", "--no-renames", "--no-ext-diff", commit, "--", ":(top,literal)"+dir)
	if err != nil {
		return nil, err
	}
	return split(out), nil
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
