package tenant

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/karzoun/miniapp-review/internal/sandbox"
)

// Store keeps installs in a folder, one file for each namespace. The files hold
// secrets: nobody else may read the folder.
type Store struct {
	root *os.Root
	dir  string
}

// OpenStore opens a folder, which is made when it is missing. A folder that
// other users of the machine can look into is an error.
func OpenStore(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder for installs: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the folder for installs: %w", err)
	}
	info, err := root.Stat(".")
	if err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		err = fmt.Errorf("other users can look into %q, and it would hold secrets", dir)
	}
	if err != nil {
		_ = root.Close()
		return nil, err
	}
	return &Store{root: root, dir: dir}, nil
}

// Dir is the folder.
func (s *Store) Dir() string { return s.dir }

// Close closes the folder.
func (s *Store) Close() error { return s.root.Close() }

// maxInstall is how much of a file is read, in bytes.
const maxInstall = 64 << 20

func fileOf(ns string) string { return ns + ".json" }

// Load reads an install, and returns nil when there is none. A file that cannot
// be read as one is an error, and stays as it is.
func (s *Store) Load(ns string) (*sandbox.Install, error) {
	name := fileOf(ns)
	info, err := s.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking at an install: %w", err)
	}
	path := filepath.Join(s.dir, name)
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%q is no regular file, so no install is read from it", path)
	}
	f, err := s.root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("reading an install: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxInstall+1))
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", path, err)
	}
	if len(data) > maxInstall {
		return nil, fmt.Errorf("%q is larger than any install: delete it, or forget it with --fresh", path)
	}
	install, err := sandbox.DecodeInstall(data)
	if err != nil {
		return nil, fmt.Errorf("%q is damaged (%w): delete it, or forget it with --fresh", path, err)
	}
	return install, nil
}

// Save writes an install as it was encoded, all of it or nothing.
func (s *Store) Save(ns string, data []byte) error {
	name := fileOf(ns)
	next := name + ".next"
	if err := s.write(next, data); err != nil {
		_ = s.root.Remove(next)
		return fmt.Errorf("writing the install: %w", err)
	}
	if err := s.root.Rename(next, name); err != nil {
		return fmt.Errorf("writing the install: %w", err)
	}
	return nil
}

func (s *Store) write(name string, data []byte) error {
	// What is left of an interrupted run, or a link, is not written through.
	if err := s.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Forget deletes an install, if there is one.
func (s *Store) Forget(ns string) error {
	if err := s.root.Remove(fileOf(ns)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forgetting the install: %w", err)
	}
	return nil
}
