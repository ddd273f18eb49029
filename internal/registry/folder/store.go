package folder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/registry"
	"github.com/karzoun/miniapp-review/internal/source"
)

// Store keeps the files of a registry elsewhere, and changes many of them in one
// step, as a branch of a repository does.
type Store interface {
	// Tree returns the files as they are. The error wraps fs.ErrNotExist when
	// there is nothing yet.
	Tree(ctx context.Context) (source.Tree, error)
	// Write asks change what to write, given the files as they are, and writes
	// all of it or nothing. It asks again when somebody else wrote meanwhile. The
	// tree has no files when there is nothing yet; without changes nothing is
	// written.
	Write(ctx context.Context, change func(source.Tree) (map[string][]byte, error)) error
}

// Over returns the registry that a store keeps, in the layout of a folder. name
// is how it is named on a command line.
func Over(name string, store Store) *Target {
	return &Target{name: name, dir: name, store: store, open: func(ctx context.Context, _ bool) (disk, func() error, error) {
		tree, err := store.Tree(ctx)
		if err != nil {
			return nil, nil, err
		}
		return newOverlay(tree), func() error { return nil }, nil
	}}
}

// overlay is a disk of which what is written stays in memory.
type overlay struct {
	tree    source.Tree
	written map[string][]byte
}

func newOverlay(tree source.Tree) *overlay {
	return &overlay{tree: tree, written: map[string][]byte{}}
}

// changes returns what was written, by path.
func (d *overlay) changes() map[string][]byte {
	return maps.Clone(d.written)
}

func (d *overlay) Read(name string, limit int64) ([]byte, error) {
	if data, ok := d.written[name]; ok {
		return data, nil
	}
	return d.tree.ReadFile(name, limit)
}

// Prefetch implements source.Prefetcher: a store may read many files with few
// requests.
func (d *overlay) Prefetch(names []string) error {
	p, ok := d.tree.(source.Prefetcher)
	if !ok {
		return nil
	}
	return p.Prefetch(slices.DeleteFunc(slices.Clone(names), func(name string) bool { _, mine := d.written[name]; return mine }))
}

func (d *overlay) List(name string) ([]entry, error) {
	found := map[string]entry{}
	list, err := d.tree.ReadDir(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range list {
		found[e.Name] = entry{e.Name, e.Mode == source.Directory}
	}
	prefix := path.Clean(name) + "/"
	if prefix == "./" {
		prefix = ""
	}
	for file := range d.written {
		if rest, ok := strings.CutPrefix(file, prefix); ok {
			first, _, below := strings.Cut(rest, "/")
			found[first] = entry{first, below}
		}
	}
	if len(found) == 0 && prefix != "" {
		return nil, fmt.Errorf("folder %q: %w", name, fs.ErrNotExist)
	}
	return slices.SortedFunc(maps.Values(found), func(a, b entry) int { return strings.Compare(a.name, b.name) }), nil
}

// MakeDir has nothing to do: folders are there with their files.
func (d *overlay) MakeDir(string) error { return nil }

func (d *overlay) Create(name string, data []byte) error {
	if _, ok := d.written[name]; ok {
		return fmt.Errorf("writing %s: %w", name, fs.ErrExist)
	}
	if len(data) > maxIndexBytes {
		return fmt.Errorf("%s has more than %d bytes", name, maxIndexBytes)
	}
	d.written[name] = data
	return nil
}

func (d *overlay) Rename(from, to string) error {
	moved := map[string]string{}
	for file := range d.written {
		if file == from || strings.HasPrefix(file, from+"/") {
			moved[file] = to + strings.TrimPrefix(file, from)
		}
	}
	if len(moved) == 0 {
		return fmt.Errorf("moving %s: %w", from, fs.ErrNotExist)
	}
	for old, name := range moved {
		d.written[name] = d.written[old]
		delete(d.written, old)
	}
	return nil
}

func (d *overlay) Remove(name string) error {
	maps.DeleteFunc(d.written, func(file string, _ []byte) bool { return file == name || strings.HasPrefix(file, name+"/") })
	return nil
}

// Sync has nothing to do: the store writes everything at once.
func (d *overlay) Sync(string) error { return nil }

var _ registry.Target = (*Target)(nil)
