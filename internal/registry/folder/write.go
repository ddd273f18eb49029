package folder

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/karzoun/miniapp-review/internal/catalogue"
	"github.com/karzoun/miniapp-review/internal/registry"
	"github.com/karzoun/miniapp-review/internal/source"
)

// writer writes to a folder that is locked.
type writer struct {
	t     *Target
	disk  disk
	index *registry.Index
}

// begin reads the index, and writes one without versions in a new folder, so
// that it is known from then on as a registry.
func (w *writer) begin() error {
	x, err := w.t.readIndex(w.disk)
	if !errors.Is(err, fs.ErrNotExist) {
		w.index = x
		return err
	}
	if err := w.t.mustBeNew(w.disk); err != nil {
		return err
	}
	w.index = registry.NewIndex()
	// The index comes first: a folder with pages and without it would be taken
	// for something else.
	if err := w.put(noJekyll, nil); err != nil {
		return err
	}
	return w.put(registry.IndexFile, w.index.Encode())
}

// publish adds the releases of one namespace. The error is one of writing,
// which ends the run; what is wrong with a namespace goes into its results.
func (w *writer) publish(batch []*registry.Release, group []int, results []registry.Result) error {
	ns := batch[group[0]].NS
	fail := func(err error) {
		for _, i := range group {
			results[i].Err = err
		}
	}
	versions, err := readNamespace(w.disk, ns)
	if err != nil {
		fail(err)
		return nil
	}
	entry, err := registry.EntryOf(versions)
	if err != nil {
		fail(fmt.Errorf("%s: %w", ns, err))
		return nil
	}
	changed := false
	for _, i := range group {
		r := batch[i]
		present, err := entry.Admit(r.Version, r.SHA256())
		results[i].Err = err
		if err != nil {
			continue
		}
		changed = true
		if present {
			// It may be there since a run that ended before its index.
			_, indexed := w.index.Entry(ns).Find(r.Version)
			results[i].Added = !indexed
			continue
		}
		if err := w.add(r); err != nil {
			results[i].Err = err
			return err
		}
		results[i].Added = true
		added := registry.Stored{Release: r, Version: r.Version}
		versions = append(versions, added)
		one, err := registry.EntryOf([]registry.Stored{added})
		if err != nil {
			return err
		}
		entry = entry.With(one.Versions[0])
	}
	if !changed {
		return nil
	}
	if err := w.show(ns, versions); err != nil {
		fail(err)
		return err
	}
	return nil
}

// add puts the files of a release in their place, in one step.
func (w *writer) add(r *registry.Release) error {
	made := path.Join(staging, r.NS+"@"+r.Version)
	if err := w.disk.MakeDir(made); err != nil {
		return w.failed("making a folder for", r.NS+" "+r.Version, err)
	}
	files := r.Files()
	for _, name := range sortedKeys(files) {
		if err := w.disk.Create(path.Join(made, name), files[name]); err != nil {
			return w.failed("writing", path.Join(r.NS, r.Version, name), err)
		}
	}
	for _, step := range []func() error{
		func() error { return w.disk.Sync(made) },
		func() error { return w.disk.MakeDir(r.NS) },
		func() error { return w.disk.Rename(made, path.Join(r.NS, r.Version)) },
		func() error { return w.disk.Sync(r.NS) },
		func() error { return w.disk.Sync(".") },
	} {
		if err := step(); err != nil {
			return w.failed("putting in place", path.Join(r.NS, r.Version), err)
		}
	}
	return nil
}

func (w *writer) failed(doing, what string, err error) error {
	return fmt.Errorf("%s %s in %s: %w", doing, what, w.t, err)
}

// put writes a file in one step, unless it is there with this content.
func (w *writer) put(name string, data []byte) error {
	if held, err := w.disk.Read(name, maxIndexBytes); err == nil && bytes.Equal(held, data) {
		return nil
	}
	made := path.Join(staging, "file")
	if err := w.disk.MakeDir(staging); err != nil {
		return w.failed("writing", name, err)
	}
	if err := w.disk.Create(made, data); err != nil {
		return w.failed("writing", name, err)
	}
	if err := w.disk.Rename(made, name); err != nil {
		return w.failed("writing", name, err)
	}
	if err := w.disk.Sync(path.Dir(name)); err != nil {
		return w.failed("writing", name, err)
	}
	return nil
}

// refresh takes a namespace into the index as its files say.
func (w *writer) refresh(ns string) error {
	versions, err := readNamespace(w.disk, ns)
	if err != nil {
		return err
	}
	return w.show(ns, versions)
}

// show takes a namespace into the index and writes its page.
func (w *writer) show(ns string, versions []registry.Stored) error {
	entry, err := registry.EntryOf(versions)
	if err != nil {
		return fmt.Errorf("%s: %w", ns, err)
	}
	html, err := catalogue.Namespace(ns, entry, versions)
	if err != nil {
		return fmt.Errorf("writing the page of %s: %w", ns, err)
	}
	if err := w.put(path.Join(ns, page), html); err != nil {
		return err
	}
	w.index.Set(ns, entry)
	return nil
}

// finish writes the page of the registry and, as the very last step, the index.
func (w *writer) finish() error {
	html, err := catalogue.Index(w.index)
	if err != nil {
		return fmt.Errorf("writing the catalogue's page: %w", err)
	}
	if err := w.put(page, html); err != nil {
		return err
	}
	if err := w.disk.Remove(staging); err != nil {
		return w.failed("cleaning up", staging, err)
	}
	data := w.index.Encode()
	if held, err := w.disk.Read(registry.IndexFile, maxIndexBytes); err == nil && bytes.Equal(held, data) {
		return nil
	}
	if len(data) > maxIndexBytes {
		return fmt.Errorf("the index of %s would have %d bytes, more than the %d that are read", w.t, len(data), maxIndexBytes)
	}
	for _, step := range []func() error{
		func() error { return w.disk.Create(nextIndex, data) },
		func() error { return w.disk.Rename(nextIndex, registry.IndexFile) },
		func() error { return w.disk.Sync(".") },
	} {
		if err := step(); err != nil {
			return w.failed("writing", registry.IndexFile, err)
		}
	}
	return nil
}

// keepsAll checks that every version of the present index is stored. An index
// that is missing or damaged names none.
func (w *writer) keepsAll(stored map[string][]string) error {
	data, err := w.disk.Read(registry.IndexFile, maxIndexBytes)
	if errors.Is(err, fs.ErrNotExist) {
		if len(stored) == 0 {
			return fmt.Errorf("%s holds no versions to make an index of", w.t)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the index of %s: %w", w.t, err)
	}
	x, err := registry.ParseIndex(data)
	if err != nil {
		return nil
	}
	for _, ns := range x.Namespaces() {
		for _, v := range x.Versions(ns) {
			if !slices.Contains(stored[ns], v.Version) {
				return fmt.Errorf("the index of %s names %s %s, and its folder is gone: bring the folder back, or put a %s in its place to say that it was deleted", w.t, ns, v.Version, registry.DeletedFile)
			}
		}
	}
	return nil
}

// list returns the versions that have a folder, newest first.
func list(d disk) (map[string][]string, error) {
	top, err := d.List(".")
	if err != nil {
		return nil, err
	}
	found := map[string][]string{}
	for _, e := range top {
		if !e.dir || registry.CheckName(e.name, "1.0.0") != nil {
			continue
		}
		versions, err := versionsOf(d, e.name)
		if err != nil {
			return nil, err
		}
		if len(versions) > 0 {
			found[e.name] = versions
		}
	}
	return found, nil
}

// versionsOf lists the versions of a namespace; none, when it has no folder.
func versionsOf(d disk, ns string) ([]string, error) {
	entries, err := d.List(ns)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", ns, err)
	}
	var out []string
	for _, e := range entries {
		if e.dir && registry.CheckName(ns, e.name) == nil {
			out = append(out, e.name)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		if c := semver.MustParse(b).Compare(semver.MustParse(a)); c != 0 {
			return c
		}
		return strings.Compare(b, a)
	})
	return out, nil
}

func readNamespace(d disk, ns string) ([]registry.Stored, error) {
	versions, err := versionsOf(d, ns)
	if err != nil {
		return nil, err
	}
	if p, ok := d.(source.Prefetcher); ok && len(versions) > 0 {
		names := []string{path.Join(ns, page)}
		for _, v := range versions {
			for _, name := range registry.VersionFiles() {
				names = append(names, path.Join(ns, v, name))
			}
		}
		if err := p.Prefetch(names); err != nil {
			return nil, fmt.Errorf("reading the versions of %s: %w", ns, err)
		}
	}
	var out []registry.Stored
	for _, v := range versions {
		s, err := readVersion(d, ns, v)
		if err != nil {
			return nil, err
		}
		out = append(out, *s)
	}
	return out, nil
}

// readVersion reads the folder of a version. The names must be checked.
func readVersion(d disk, ns, version string) (*registry.Stored, error) {
	dir := path.Join(ns, version)
	s := &registry.Stored{Version: version}
	files := map[string][]byte{}
	for _, name := range registry.VersionFiles() {
		data, err := d.Read(path.Join(dir, name), registry.MaxFileBytes)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path.Join(dir, name), err)
		}
		files[name] = data
	}
	if err := s.Fill(ns, files); err != nil {
		return nil, err
	}
	return s, nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
