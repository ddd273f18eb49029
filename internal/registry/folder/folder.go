// Package folder keeps a registry in a folder of files, fit to be served by any
// web server. docs/registry.md describes its layout.
//
// What it writes survives a crash at any moment. A version is made in a folder
// of its own beside the others, brought down to the disk, and moved to its place
// in one step; the pages and then the index follow. A version is therefore there
// as a whole or not at all, and one that the index does not name yet is found by
// the next run.
package folder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/registry"
	"github.com/karzoun/miniapp-review/internal/source"
)

// Names in the folder beside those of versions.
const (
	// page is a page for people, of the registry and of each namespace.
	page = "index.html"
	// staging is where versions are made; it is there during a run only.
	staging = ".new"
	// nextIndex becomes the index.
	nextIndex = ".index.json.new"
	// noJekyll tells GitHub Pages to serve the files as they are.
	noJekyll = ".nojekyll"
)

const maxIndexBytes = 64 << 20

// Target is a registry in a folder.
type Target struct {
	dir  string
	name string
	// open gives the folder's file system; create makes the folder when it is
	// missing.
	open func(ctx context.Context, create bool) (disk, func() error, error)
	// store is set when the files are kept elsewhere, see Over.
	store Store
}

// Open returns the registry of a folder, which need not be there yet.
func Open(dir string) *Target { return open(dir, true) }

func open(dir string, flush bool) *Target {
	t := &Target{dir: dir, name: "static:" + dir}
	t.open = func(_ context.Context, create bool) (disk, func() error, error) {
		if create {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return nil, nil, err
			}
		}
		root, err := os.OpenRoot(dir)
		if err != nil {
			return nil, nil, err
		}
		return localDisk{root, flush}, root.Close, nil
	}
	return t
}

// String implements registry.Target.
func (t *Target) String() string { return t.name }

// Index implements registry.Target.
func (t *Target) Index(ctx context.Context) (*registry.Index, error) {
	d, done, err := t.open(ctx, false)
	if errors.Is(err, fs.ErrNotExist) {
		return registry.NewIndex(), nil
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", t, err)
	}
	defer done()
	x, err := t.readIndex(d)
	if errors.Is(err, fs.ErrNotExist) {
		return registry.NewIndex(), t.mustBeNew(d)
	}
	return x, err
}

func (t *Target) readIndex(d disk) (*registry.Index, error) {
	data, err := d.Read(registry.IndexFile, maxIndexBytes)
	if err != nil {
		return nil, fmt.Errorf("reading the index of %s: %w", t, err)
	}
	x, err := registry.ParseIndex(data)
	if err != nil {
		return nil, fmt.Errorf("%s:%w; \"miniapp registry rebuild %s\" makes it again from the versions", path.Join(t.dir, registry.IndexFile), err, t)
	}
	return x, nil
}

// mustBeNew checks that a folder without an index holds nothing, apart from
// hidden files.
func (t *Target) mustBeNew(d disk) error {
	entries, err := d.List(".")
	if err != nil {
		return fmt.Errorf("listing %s: %w", t, err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.name, ".") {
			return fmt.Errorf("%s has no %s, but %q: name an empty folder or a registry; if it is a registry that lost its index, \"miniapp registry rebuild %s\" makes it again", t, registry.IndexFile, e.name, t)
		}
	}
	return nil
}

// writing runs a function while no other program writes to the folder.
func (t *Target) writing(ctx context.Context, create bool, do func(*writer) error) error {
	if t.store != nil {
		return t.store.Write(ctx, func(tree source.Tree) (map[string][]byte, error) {
			d := newOverlay(tree)
			if err := do(&writer{t: t, disk: d}); err != nil {
				return nil, err
			}
			return d.changes(), nil
		})
	}
	d, done, err := t.open(ctx, create)
	if err != nil {
		return fmt.Errorf("opening %s: %w", t, err)
	}
	defer done()
	if create {
		// A folder that is something else gets no lock file either.
		if _, err := d.Read(registry.IndexFile, maxIndexBytes); errors.Is(err, fs.ErrNotExist) {
			if err := t.mustBeNew(d); err != nil {
				return err
			}
		}
	}
	unlock, err := lock(ctx, t.dir)
	if err != nil {
		return fmt.Errorf("locking %s: %w", t, err)
	}
	defer unlock()
	w := &writer{t: t, disk: d}
	// What an earlier run left unfinished was never part of the registry.
	for _, name := range []string{staging, nextIndex} {
		if err := d.Remove(name); err != nil {
			return fmt.Errorf("cleaning up in %s: %w", t, err)
		}
	}
	return do(w)
}

// Publish implements registry.Target.
func (t *Target) Publish(ctx context.Context, batch []*registry.Release) ([]registry.Result, error) {
	results := make([]registry.Result, len(batch))
	err := t.writing(ctx, true, func(w *writer) error {
		// A store asks again when somebody else wrote meanwhile.
		for i, r := range batch {
			results[i] = registry.Result{NS: r.NS, Version: r.Version, Err: errNotTried}
		}
		if err := w.begin(); err != nil {
			return err
		}
		for _, group := range byNamespace(batch) {
			if err := ctx.Err(); err != nil {
				return errors.Join(err, w.finish())
			}
			if err := w.publish(batch, group, results); err != nil {
				return err
			}
		}
		return w.finish()
	})
	if err != nil {
		for i := range results {
			results[i].NS, results[i].Version = batch[i].NS, batch[i].Version
			if results[i].Err == nil {
				results[i].Added, results[i].Err = false, fmt.Errorf("the index could not be written: %w", err)
			}
		}
	}
	return results, err
}

var errNotTried = errors.New("not tried, since the run ended before")

// byNamespace groups the positions of releases, in the order of the namespaces.
func byNamespace(batch []*registry.Release) [][]int {
	groups := map[string][]int{}
	var names []string
	for i, r := range batch {
		if groups[r.NS] == nil {
			names = append(names, r.NS)
		}
		groups[r.NS] = append(groups[r.NS], i)
	}
	slices.Sort(names)
	var out [][]int
	for _, ns := range names {
		out = append(out, groups[ns])
	}
	return out
}

// Read implements registry.Target.
func (t *Target) Read(ctx context.Context, ns, version string) (*registry.Stored, error) {
	if err := registry.CheckName(ns, version); err != nil {
		return nil, err
	}
	d, done, err := t.open(ctx, false)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", t, err)
	}
	defer done()
	return readVersion(d, ns, version)
}

// List implements registry.Target.
func (t *Target) List(ctx context.Context) (map[string][]string, error) {
	d, done, err := t.open(ctx, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", t, err)
	}
	defer done()
	return list(d)
}

// Yank implements registry.Target.
func (t *Target) Yank(ctx context.Context, ns, version string, mark registry.Mark) error {
	if err := registry.CheckName(ns, version); err != nil {
		return err
	}
	return t.writing(ctx, false, func(w *writer) error {
		if err := w.begin(); err != nil {
			return err
		}
		s, err := readVersion(w.disk, ns, version)
		if err != nil {
			return err
		}
		if s.Yanked == nil && s.Deleted == nil {
			data, err := mark.Encode()
			if err != nil {
				return err
			}
			if err := w.put(path.Join(ns, version, registry.YankedFile), data); err != nil {
				return err
			}
		}
		if err := w.refresh(ns); err != nil {
			return err
		}
		return w.finish()
	})
}

// Rebuild implements registry.Target.
func (t *Target) Rebuild(ctx context.Context) (*registry.Index, error) {
	var made *registry.Index
	err := t.writing(ctx, false, func(w *writer) error {
		stored, err := list(w.disk)
		if err != nil {
			return err
		}
		if err := w.keepsAll(stored); err != nil {
			return err
		}
		w.index = registry.NewIndex()
		for _, ns := range sortedKeys(stored) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := w.refresh(ns); err != nil {
				return err
			}
		}
		made = w.index
		return w.finish()
	})
	return made, err
}
