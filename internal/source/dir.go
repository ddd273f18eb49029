package source

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// Dir is a Tree over a folder on disk. It never leaves the folder: symbolic
// links are listed as such and not followed, in the middle of a path neither.
type Dir struct {
	root *os.Root
	// ignored holds the paths that are left out, see Repo.WorkTree.
	ignored map[string]bool
	// modes holds the modes that the Git index has for files where the file
	// system cannot tell.
	modes map[string]Mode
	// seen holds the folders that are known to be no links. Looking again for
	// each file would be most of what reading a small one costs.
	seen sync.Map
	// open holds folders that were read from last; see enter.
	open sync.Pool
}

// OpenDir opens a folder.
func OpenDir(dir string) (*Dir, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening folder %q: %w", dir, err)
	}
	return &Dir{root: root}, nil
}

// ReadDir implements Tree. A folder named .git is left out.
func (d *Dir) ReadDir(dir string) ([]Entry, error) {
	dir = path.Clean(dir)
	if err := d.plain(dir); err != nil {
		return nil, err
	}
	f, err := d.root.Open(filepath.FromSlash(dir))
	if err != nil {
		return nil, notExist("listing folder", dir, err)
	}
	defer f.Close()
	list, err := f.ReadDir(-1)
	if err != nil {
		return nil, notExist("listing folder", dir, err)
	}
	entries := make([]Entry, 0, len(list))
	for _, e := range list {
		name := path.Join(dir, e.Name())
		if e.Name() == ".git" || d.ignored[name] {
			continue
		}
		entry := Entry{Name: e.Name(), Size: -1}
		switch t := e.Type(); {
		case t.IsDir():
			entry.Mode = Directory
			if d.modes[name] == Submodule {
				entry.Mode = Submodule
			}
		case t&fs.ModeSymlink != 0:
			entry.Mode = Symlink
		case t.IsRegular():
			info, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue // deleted since it was listed
			}
			if err != nil {
				return nil, fmt.Errorf("looking at %q: %w", name, err)
			}
			entry.Mode, entry.Size = d.fileMode(name, info), info.Size()
		}
		entries = append(entries, entry)
	}
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return entries, nil
}

func (d *Dir) fileMode(name string, info fs.FileInfo) Mode {
	if m, ok := d.modes[name]; ok && m != Submodule {
		return m
	}
	if runtime.GOOS != "windows" && info.Mode()&0o100 != 0 {
		return Executable
	}
	return Regular
}

// ReadFile implements Tree. What is no regular file is never opened, so that a
// named pipe cannot make it wait.
func (d *Dir) ReadFile(name string, limit int64) ([]byte, error) {
	name = path.Clean(name)
	if d.ignored[name] {
		return nil, fmt.Errorf("file %q: %w", name, fs.ErrNotExist)
	}
	if err := d.plain(path.Dir(name)); err != nil {
		return nil, err
	}
	at, err := d.enter(path.Dir(name))
	if err != nil {
		return nil, notExist("reading file", name, err)
	}
	defer d.open.Put(at)
	folder, local := at.root, path.Base(name)
	info, err := folder.Lstat(local)
	if err != nil {
		return nil, notExist("reading file", name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%q is no regular file: %w", name, fs.ErrNotExist)
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("file %q has %d bytes, more than %d: %w", name, info.Size(), limit, ErrTooLarge)
	}
	f, err := folder.OpenFile(local, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, notExist("reading file", name, err)
	}
	defer f.Close()
	data := make([]byte, 0, info.Size()+1)
	for {
		// One byte more than allowed shows a file that has grown meanwhile.
		n, err := f.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if err == io.EOF {
			return data, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading file %q: %w", name, err)
		}
		if int64(len(data)) > limit {
			return nil, fmt.Errorf("file %q has more than %d bytes: %w", name, limit, ErrTooLarge)
		}
		if len(data) == cap(data) {
			data = slices.Grow(data, 4096)
		}
	}
}

// folder is a folder that is open.
type folder struct {
	name string
	root *os.Root
}

// enter opens a folder, or takes the one that was open last when it is the same:
// files are mostly read folder by folder. Whoever is done with it puts it back.
func (d *Dir) enter(name string) (*folder, error) {
	if f, ok := d.open.Get().(*folder); ok {
		if f.name == name {
			return f, nil
		}
		if err := f.root.Close(); err != nil {
			return nil, err
		}
	}
	root, err := d.root.OpenRoot(filepath.FromSlash(name))
	if err != nil {
		return nil, err
	}
	return &folder{name, root}, nil
}

// plain checks that no part of a folder's path is a symbolic link, or ignored.
func (d *Dir) plain(dir string) error {
	if _, ok := d.seen.Load(dir); ok || dir == "." {
		return nil
	}
	for i := 0; ; i++ {
		next := strings.IndexByte(dir[i:], '/')
		part := dir
		if next >= 0 {
			i += next
			part = dir[:i]
		}
		info, err := d.root.Lstat(filepath.FromSlash(part))
		if err != nil {
			return notExist("looking at folder", part, err)
		}
		if !info.IsDir() || d.ignored[part] {
			return fmt.Errorf("%q is no folder: %w", part, fs.ErrNotExist)
		}
		if next < 0 {
			d.seen.Store(dir, true)
			return nil
		}
	}
}

// notExist wraps an error so that what does not exist, or lies beyond a link or
// a file, is recognised as such.
func notExist(what, name string, err error) error {
	if errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP) {
		return fmt.Errorf("%s %q: %w", what, name, fs.ErrNotExist)
	}
	return fmt.Errorf("%s %q: %w", what, name, err)
}
