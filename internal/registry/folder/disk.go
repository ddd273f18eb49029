package folder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// disk is what the target needs of a file system. Names are relative to the
// registry's folder, with slashes. Each writing method is one step that a crash
// can come before or after; Create can be cut off in its middle.
type disk interface {
	// Read reads a regular file of at most limit bytes. It follows no symbolic
	// link out of the folder.
	Read(name string, limit int64) ([]byte, error)
	// List lists a folder, sorted by name.
	List(name string) ([]entry, error)
	// MakeDir makes a folder, with those above it.
	MakeDir(name string) error
	// Create writes a file that is not there yet, down to the disk.
	Create(name string, data []byte) error
	// Rename moves a file over another one, or a folder to where there is none.
	Rename(from, to string) error
	// Remove removes a file or a folder with all in it, if it is there.
	Remove(name string) error
	// Sync brings the entries of a folder down to the disk.
	Sync(name string) error
}

// entry is one entry of a folder.
type entry struct {
	name string
	dir  bool
}

// localDisk is a folder of the machine. Without flush nothing is brought down to
// the disk, which tests and measurements can do without.
type localDisk struct {
	root  *os.Root
	flush bool
}

func (d localDisk) Read(name string, limit int64) ([]byte, error) {
	info, err := d.root.Lstat(filepath.FromSlash(name))
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	f, err := d.root.OpenFile(filepath.FromSlash(name), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s has more than %d bytes, the most that are read", name, limit)
	}
	return data, err
}

func (d localDisk) List(name string) ([]entry, error) {
	list, err := fs.ReadDir(d.root.FS(), path.Clean(name))
	var out []entry
	for _, e := range list {
		out = append(out, entry{e.Name(), e.IsDir()})
	}
	return out, err
}

func (d localDisk) MakeDir(name string) error {
	return d.root.MkdirAll(filepath.FromSlash(name), 0o755)
}

func (d localDisk) Create(name string, data []byte) (err error) {
	f, err := d.root.OpenFile(filepath.FromSlash(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Write(data); err != nil || !d.flush {
		return err
	}
	return f.Sync()
}

func (d localDisk) Rename(from, to string) error {
	return d.root.Rename(filepath.FromSlash(from), filepath.FromSlash(to))
}

func (d localDisk) Remove(name string) error { return d.root.RemoveAll(filepath.FromSlash(name)) }

func (d localDisk) Sync(name string) error {
	if !d.flush {
		return nil
	}
	f, err := d.root.Open(filepath.FromSlash(name))
	if err != nil {
		return err
	}
	defer f.Close()
	// Some file systems cannot sync a folder; there is nothing more to do then.
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}

// lockFile is what publishers to a folder hold while they write. It stays in
// the folder, empty.
const lockFile = ".lock"

// lock waits until no other program writes to the folder. A program that dies
// gives up its lock.
func lock(ctx context.Context, dir string) (unlock func(), err error) {
	type outcome struct {
		unlock func()
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		unlock, err := lockedfile.MutexAt(filepath.Join(dir, lockFile)).Lock()
		done <- outcome{unlock, err}
	}()
	select {
	case o := <-done:
		return o.unlock, o.err
	case <-ctx.Done():
		go func() {
			if o := <-done; o.err == nil {
				o.unlock()
			}
		}()
		return nil, fmt.Errorf("waiting for another program that writes to the registry: %w", ctx.Err())
	}
}
