package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// target is what one PATH of the command line stands for.
type target struct {
	// root is the folder that paths in findings are relative to: the root of
	// the definitions repository, or the parent of a lone submission.
	root string
	// folder is the submission to check, or "" for all of the repository.
	folder string
	// lone is set when the submission stands outside a definitions repository.
	lone bool
	// file limits the findings to one file, relative to root.
	file string
}

// locate finds out what a path stands for. Without a path of its own, which is
// ".", the definitions repository around the current folder is meant; a folder
// that was named must hold something to check.
func locate(arg string) (target, error) {
	if arg == "" { // an unset variable of a script, more often than the current folder
		return target{}, usageError("name a folder or a file, or leave it out for this folder", "PATH is empty")
	}
	abs, err := filepath.Abs(arg)
	if err != nil {
		return target{}, err
	}
	info, err := os.Stat(abs)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		// A deleted namespace has no folder, but its removal can be checked.
		if parent := filepath.Dir(abs); filepath.Base(parent) == submission.Root && isDir(parent) {
			return target{root: filepath.Dir(parent), folder: filepath.Base(abs)}, nil
		}
		return target{}, usageError("name a folder of a submission, a definitions repository, or a JSON file",
			"%q does not exist", arg)
	case err != nil:
		return target{}, &exitError{code: ExitFailed, err: fmt.Errorf("looking at %q: %w", arg, err)}
	case info.IsDir():
		return locateDir(arg, abs)
	case info.Mode().IsRegular() && strings.EqualFold(filepath.Ext(abs), ".json"):
		return locateFile(abs), nil
	}
	return target{}, usageError("name a folder of a submission, a definitions repository, or a JSON file",
		"%q is neither a folder nor a JSON file", arg)
}

func locateDir(arg, abs string) (target, error) {
	if isDir(filepath.Join(abs, submission.Root)) {
		return target{root: abs}, nil
	}
	if filepath.Base(abs) == submission.Root && !isFile(filepath.Join(abs, submission.DefinitionFile)) {
		return target{root: filepath.Dir(abs)}, nil
	}
	// Inside a namespace's folder, at any depth, that namespace is meant.
	for dir := abs; ; dir = filepath.Dir(dir) {
		parent := filepath.Dir(dir)
		if filepath.Base(parent) == submission.Root {
			return target{root: filepath.Dir(parent), folder: filepath.Base(dir)}, nil
		}
		if parent == dir {
			break
		}
	}
	if isFile(filepath.Join(abs, submission.DefinitionFile)) {
		return target{root: filepath.Dir(abs), folder: filepath.Base(abs), lone: true}, nil
	}
	for dir := filepath.Dir(abs); filepath.Clean(arg) == "."; dir = filepath.Dir(dir) {
		if isDir(filepath.Join(dir, submission.Root)) {
			return target{root: dir}, nil
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	return target{}, usageError("run it in a definitions repository, name one, or start a submission with \"miniapp init NS\"",
		"there is no submission in %q: expected a %s, or a folder named %q", arg, submission.DefinitionFile, submission.Root)
}

func locateFile(abs string) target {
	dir := filepath.Dir(abs)
	for d := dir; d != filepath.Dir(d); d = filepath.Dir(d) {
		if parent := filepath.Dir(d); filepath.Base(parent) == submission.Root {
			root := filepath.Dir(parent)
			rel, err := filepath.Rel(root, abs)
			if err != nil {
				break
			}
			return target{root: root, folder: filepath.Base(d), file: filepath.ToSlash(rel)}
		}
	}
	return target{root: dir, lone: true, file: filepath.Base(abs)}
}

func isDir(p string) bool {
	info, err := os.Stat(p)
	return err == nil && info.IsDir()
}

func isFile(p string) bool {
	info, err := os.Stat(p)
	return err == nil && info.Mode().IsRegular()
}

// workspace is a definitions repository on disk, with what Git knows of it.
type workspace struct {
	root string
	// repo is nil outside Git; prefix is the root's path in it.
	repo   *source.Repo
	prefix string
	head   source.Tree
	// base is nil when there is nothing to compare with; baseName says what it
	// is, for people.
	base     source.Tree
	baseRev  string
	baseName string
	changed  map[string]bool
	// untracked has the new files of the working tree that Git does not know.
	untracked []string
}

// openWorkspace opens a repository and finds its base. base is a revision, or
// "" to take the default. Only the one folder is looked through, or all of them
// if it is "": in a large repository that is what takes the time.
func openWorkspace(root, base, folder string) (*workspace, error) {
	w := &workspace{root: root}
	dir, err := source.OpenDir(root)
	if err != nil {
		return nil, &exitError{code: ExitFailed, err: err}
	}
	w.head = dir
	w.repo, err = source.Find(root)
	if err == nil {
		if err = w.place(); err == nil && w.prefix != "." && w.repo.Ignores(w.prefix) {
			w.repo, err = nil, source.ErrNoRepository
		}
	}
	if errors.Is(err, source.ErrNoRepository) {
		if base != "" {
			return nil, usageError("leave --base out, or run it in a clone", "%q is in no Git repository, so that --base %q means nothing", root, base)
		}
		return w, nil
	}
	if err != nil {
		return nil, &exitError{code: ExitFailed, err: err}
	}
	if err := w.openGit(base, folder); err != nil {
		return nil, err
	}
	return w, nil
}

// place finds out where in the Git repository the definitions repository is.
func (w *workspace) place() error {
	real, err := filepath.EvalSymlinks(w.root)
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(w.repo.Root(), real)
	w.prefix = filepath.ToSlash(rel)
	return err
}

func (w *workspace) openGit(base, folder string) error {
	scope := path.Join(w.prefix, submission.Root, folder)
	var files []string
	// The two ask git about different things, and need not wait for each other.
	var both errgroup.Group
	both.Go(func() error {
		work, err := w.repo.WorkTree(scope)
		if err != nil {
			return &exitError{code: ExitFailed, err: err}
		}
		w.head, w.untracked = source.Sub(work, w.prefix), work.Untracked()
		return nil
	})
	err := w.openBase(base)
	if err == nil && w.base != nil {
		if files, err = w.repo.Changed(w.baseRev, scope); err != nil {
			err = &exitError{code: ExitFailed, err: err}
		}
	}
	if failed := both.Wait(); failed != nil {
		return failed
	}
	if err == nil && w.base != nil {
		w.changed = w.namespaces(append(files, w.untracked...))
	}
	return err
}

// openBase finds the base.
func (w *workspace) openBase(base string) (err error) {
	if base != "" {
		w.baseRev, err = w.repo.Resolve(base)
		if err != nil {
			return usageError("name a commit, branch or tag that \"git log\" knows", "%w", err)
		}
		w.baseName = base
	} else {
		w.baseRev, w.baseName, err = w.repo.DefaultBase()
		if err != nil {
			return usageError("name the revision to compare with: --base REV", "%w", err)
		}
	}
	if w.baseRev == "" {
		return nil
	}
	tree, err := w.repo.Tree(w.baseRev)
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	w.base = source.Sub(tree, w.prefix)
	return nil
}

// namespaces returns the folders of submissions that files of the repository
// are in.
func (w *workspace) namespaces(files []string) map[string]bool {
	found := map[string]bool{}
	prefix := path.Join(w.prefix, submission.Root) + "/"
	for _, f := range files {
		if rest, ok := strings.CutPrefix(f, prefix); ok {
			ns, _, _ := strings.Cut(rest, "/")
			found[ns] = true
		}
	}
	return found
}

// groups brings targets with the same root together, in the order of the
// roots. A target for a whole repository takes in those for its parts.
func groups(targets []target) [][]target {
	byRoot := map[string][]target{}
	for _, t := range targets {
		key := t.root
		if t.lone {
			// A lone submission is a run of its own.
			key = path.Join(t.root, "\x00", t.folder, t.file)
		}
		byRoot[key] = append(byRoot[key], t)
	}
	var keys []string
	for k := range byRoot {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var out [][]target
	for _, k := range keys {
		out = append(out, byRoot[k])
	}
	return out
}
