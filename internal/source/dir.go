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
	// untracked holds what Untracked returns.
	untracked []string
	// at holds ways into folders that were read from last; see enter.
	at sync.Pool
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
	w, err := d.enter(dir)
	if err != nil {
		return nil, err
	}
	defer d.at.Put(w)
	in := w.last()
	list, err := d.list(in)
	if err != nil {
		return nil, notExist("listing folder", dir, err)
	}
	entries := make([]Entry, 0, len(list))
	in.regular = map[string]int64{}
	special := len(d.ignored)+len(d.modes) > 0 // else names of 10,000 folders are put together for nothing
	for _, e := range list {
		name := e.Name()
		if dir != "." && (e.Type().IsRegular() || special) {
			name = dir + "/" + name
		}
		if e.Name() == ".git" || special && d.ignored[name] {
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
			in.regular[e.Name()] = entry.Size
		}
		entries = append(entries, entry)
	}
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return entries, nil
}

// list returns the entries of a folder, in any order.
func (d *Dir) list(in *folder) ([]fs.DirEntry, error) {
	f, err := in.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	const many = 64
	list, err := f.ReadDir(many)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil || len(list) < many {
		return list, err
	}
	if all, ok := d.listByPath(in, f); ok {
		return all, nil
	}
	rest, err := f.ReadDir(-1)
	return append(list, rest...), err
}

// listByPath lists a large folder without looking at each of the folders in it.
// One that was opened within an os.Root does so, which takes most of the time of
// a check among 10,000 of them. The path is only taken if it leads to the same
// folder, and what the entries are like is asked of the root.
func (d *Dir) listByPath(in *folder, opened *os.File) ([]fs.DirEntry, bool) {
	f, err := os.OpenFile(filepath.Join(d.root.Name(), filepath.FromSlash(in.name)), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	want, err1 := opened.Stat()
	got, err2 := f.Stat()
	if err1 != nil || err2 != nil || !os.SameFile(want, got) {
		return nil, false
	}
	list, err := f.ReadDir(-1)
	if err != nil {
		return nil, false
	}
	for i, e := range list {
		if e.IsDir() {
			continue
		}
		info, err := in.root.Lstat(e.Name())
		if err != nil {
			return nil, false
		}
		list[i] = fs.FileInfoToDirEntry(info)
	}
	return list, true
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
	w, err := d.enter(path.Dir(name))
	if err != nil {
		return nil, err
	}
	defer d.at.Put(w)
	in, local := w.last(), path.Base(name)
	size, listed := in.regular[local]
	if !listed {
		info, err := in.root.Lstat(local)
		if err != nil {
			return nil, notExist("reading file", name, err)
		}
		if !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%q is no regular file: %w", name, fs.ErrNotExist)
		}
		size = info.Size()
	}
	if size > limit {
		return nil, fmt.Errorf("file %q has %d bytes, more than %d: %w", name, size, limit, ErrTooLarge)
	}
	f, err := in.root.OpenFile(local, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, notExist("reading file", name, err)
	}
	defer f.Close()
	data := make([]byte, 0, size+1)
	for {
		// One byte more than allowed shows a file that has grown meanwhile.
		n, err := f.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if err == io.EOF || err == nil && int64(len(data)) == size && n > 0 {
			return data, nil // all of it, without asking once more whether there is more
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

// way is the open folders that lead to one, from the root down.
type way []*folder

// folder is a folder that is open.
type folder struct {
	name string
	root *os.Root
	// regular has the sizes of the regular files, once the folder was listed.
	// Looking at each of them again would be much of what reading it costs.
	regular map[string]int64
}

func (w *way) last() *folder { return (*w)[len(*w)-1] }

// enter opens a folder, one part of its path after the other, none of which may
// be a symbolic link or ignored. It goes on from where it was last, since files
// are mostly read folder by folder. Whoever is done with the way puts it back.
func (d *Dir) enter(name string) (*way, error) {
	w, ok := d.at.Get().(*way)
	if !ok {
		w = &way{{name: ".", root: d.root}}
	}
	for len(*w) > 1 && name != w.last().name && !strings.HasPrefix(name, w.last().name+"/") {
		if err := w.last().root.Close(); err != nil {
			return nil, err
		}
		*w = (*w)[:len(*w)-1]
	}
	for w.last().name != name {
		if err := d.step(w, name); err != nil {
			d.at.Put(w)
			return nil, err
		}
	}
	return w, nil
}

// step enters the next folder on the way to one.
func (d *Dir) step(w *way, name string) error {
	in := w.last()
	part, start := name, 0
	if in.name != "." {
		start = len(in.name) + 1
	}
	if i := strings.IndexByte(name[start:], '/'); i >= 0 {
		part = name[:start+i]
	}
	info, err := in.root.Lstat(part[start:])
	if err != nil {
		return notExist("looking at folder", part, err)
	}
	if !info.IsDir() || d.ignored[part] {
		return fmt.Errorf("%q is no folder: %w", part, fs.ErrNotExist)
	}
	root, err := in.root.OpenRoot(part[start:])
	if err != nil {
		return notExist("opening folder", part, err)
	}
	*w = append(*w, &folder{name: part, root: root})
	return nil
}

// notExist wraps an error so that what does not exist, or lies beyond a link or
// a file, is recognised as such.
func notExist(what, name string, err error) error {
	if errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP) {
		return fmt.Errorf("%s %q: %w", what, name, fs.ErrNotExist)
	}
	return fmt.Errorf("%s %q: %w", what, name, err)
}
