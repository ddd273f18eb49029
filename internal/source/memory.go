package source

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// Memory is a Tree whose files are in memory, by path. It serves tests and
// recordings. It must not be changed while it is read.
type Memory map[string]MemoryFile

// MemoryFile is one file, link or submodule of a Memory tree. A zero Mode means
// Regular.
type MemoryFile struct {
	Mode Mode
	Data []byte
}

func (f MemoryFile) mode() Mode {
	if f.Mode == 0 {
		return Regular
	}
	return f.Mode
}

// ReadDir implements Tree.
func (m Memory) ReadDir(dir string) ([]Entry, error) {
	prefix := path.Clean(dir) + "/"
	if prefix == "./" {
		prefix = ""
	}
	found := map[string]Entry{}
	for name, f := range m {
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		if first, _, below := strings.Cut(rest, "/"); below {
			found[first] = Entry{Name: first, Mode: Directory, Size: -1}
		} else {
			found[first] = Entry{Name: first, Mode: f.mode(), Size: int64(len(f.Data))}
		}
	}
	if len(found) == 0 && prefix != "" {
		return nil, fmt.Errorf("folder %q: %w", dir, fs.ErrNotExist)
	}
	return slices.SortedFunc(maps.Values(found), func(a, b Entry) int { return strings.Compare(a.Name, b.Name) }), nil
}

// ReadFile implements Tree.
func (m Memory) ReadFile(name string, limit int64) ([]byte, error) {
	f, ok := m[path.Clean(name)]
	if !ok || f.mode() != Regular && f.mode() != Executable {
		return nil, fmt.Errorf("file %q: %w", name, fs.ErrNotExist)
	}
	if int64(len(f.Data)) > limit {
		return nil, fmt.Errorf("file %q has %d bytes, more than %d: %w", name, len(f.Data), limit, ErrTooLarge)
	}
	return bytes.Clone(f.Data), nil
}
