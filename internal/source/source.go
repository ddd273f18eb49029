// Package source reads files of a definitions repository at one state: a folder
// on disk, the working tree of a Git repository, or a Git revision.
//
// It gives what Git knows of a file (its mode) beside its bytes, follows no
// symbolic link, and reads no more than it is told to.
package source

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
)

// Mode is the mode that Git stores for an entry of a tree.
type Mode uint32

// The modes that Git writes.
const (
	Directory  Mode = 0o040000
	Regular    Mode = 0o100644
	Executable Mode = 0o100755
	Symlink    Mode = 0o120000
	Submodule  Mode = 0o160000
)

// Entry is one entry of a directory.
type Entry struct {
	Name string
	Mode Mode
	// Size is the number of bytes of a file, or -1 when it is not known before
	// the file is read.
	Size int64
}

// Tree is the state of a repository's files. Paths are relative to its root and
// use slashes; "." is the root. A Tree may be used by several goroutines.
type Tree interface {
	// ReadDir lists a directory, sorted by name (bytewise). For a path that is
	// no directory the error wraps fs.ErrNotExist. Files that Git ignores are
	// left out.
	ReadDir(dir string) ([]Entry, error)
	// ReadFile returns the bytes of a regular or executable file. A file of
	// more than limit bytes gives ErrTooLarge and is not read. Other entries
	// and missing ones give an error that wraps fs.ErrNotExist.
	ReadFile(path string, limit int64) ([]byte, error)
}

// ErrTooLarge is wrapped by the error for a file beyond the caller's limit.
var ErrTooLarge = errors.New("file is too large")

// Exists reports whether a path is a file or a directory of the tree.
func Exists(t Tree, path string) bool {
	if _, err := t.ReadDir(path); err == nil {
		return true
	}
	_, err := t.ReadFile(path, 0)
	return err == nil || errors.Is(err, ErrTooLarge) || !errors.Is(err, fs.ErrNotExist)
}

// ErrTooMany is wrapped by the error of a walk that met more entries, or a
// deeper folder, than it may.
var ErrTooMany = errors.New("too many files")

// maxDepth is how many folders deep Walk goes below its start.
const maxDepth = 8

// Walk calls visit for every entry below dir that is no directory, sorted by
// path within each directory. It follows no symbolic link. After most entries
// it stops with ErrTooMany.
func Walk(t Tree, dir string, most int, visit func(path string, e Entry) error) error {
	return walk(t, dir, 0, &most, visit)
}

func walk(t Tree, dir string, depth int, left *int, visit func(path string, e Entry) error) error {
	if depth > maxDepth {
		return fmt.Errorf("folder %q is more than %d levels deep: %w", dir, maxDepth, ErrTooMany)
	}
	entries, err := t.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name)
		if e.Mode == Directory {
			err = walk(t, name, depth+1, left, visit)
		} else if *left--; *left < 0 {
			err = fmt.Errorf("below %q: %w", dir, ErrTooMany)
		} else {
			err = visit(name, e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Prefetcher is a Tree for which reading many files at once is cheaper than one
// after the other. Prefetch is a hint: what it could not read is read, and the
// error told, when it is asked for.
type Prefetcher interface{ Prefetch(names []string) error }
