package github

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// Tree returns the files of a commit, for runs that are about a commit and not
// about a pull request. They are read as they are asked for, a folder's files
// together; what was read once is kept. The context is that of all reading.
func (c *Client) Tree(ctx context.Context, commit string) source.Tree {
	return &commitTree{c: c, ctx: ctx, trees: c.trees(), root: &folder{id: commit}, blobs: map[string][]byte{}}
}

// maxBranchRequests bounds the walk through a branch with a registry, which has a
// folder for each namespace.
const maxBranchRequests = 100_000

// branchTree returns the files of a commit of a branch that holds a registry. A
// large one has more files than GitHub lists at once, and a run needs those of
// few namespaces: the folders at the root are listed one by one, each with all
// that is below it.
func (c *Client) branchTree(ctx context.Context, commit string) source.Tree {
	t := &commitTree{c: c, ctx: ctx, trees: c.trees(), root: &folder{id: commit}, blobs: map[string][]byte{}, apart: true}
	t.trees.most, t.trees.left = maxBranchRequests, maxBranchRequests
	return t
}

// commitTree is the Tree of a commit.
type commitTree struct {
	c   *Client
	ctx context.Context
	// apart lists the folders at the root one by one.
	apart bool

	mu    sync.Mutex
	trees *trees
	root  *folder
	blobs map[string][]byte
}

// folder returns a folder with its entries; t.mu is held.
func (t *commitTree) folder(dir string) (*folder, error) {
	f := t.root
	walked := ""
	if err := t.trees.load(t.ctx, f, t.apart); err != nil {
		return nil, err
	}
	if dir = path.Clean(dir); dir == "." {
		return f, nil
	}
	for part := range strings.SplitSeq(dir, "/") {
		e := f.find(part)
		if e == nil || e.dir == nil {
			return nil, fmt.Errorf("folder %q: %w", dir, fs.ErrNotExist)
		}
		f, walked = e.dir, path.Join(walked, part)
		if err := t.trees.load(t.ctx, f, walked == submission.Root); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// ReadDir implements source.Tree.
func (t *commitTree) ReadDir(dir string) ([]source.Entry, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f, err := t.folder(dir)
	if err != nil {
		return nil, err
	}
	list := make([]source.Entry, len(f.entries))
	for i, e := range f.entries {
		list[i] = source.Entry{Name: e.name, Mode: e.mode, Size: e.size}
		if e.dir != nil {
			list[i].Size = -1
		}
	}
	return list, nil
}

// ReadFile implements source.Tree.
func (t *commitTree) ReadFile(name string, limit int64) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	name = path.Clean(name)
	f, err := t.folder(path.Dir(name))
	if err != nil {
		return nil, err
	}
	e := f.find(path.Base(name))
	if e == nil || !isFile(e) {
		return nil, fmt.Errorf("file %q: %w", name, fs.ErrNotExist)
	}
	if e.size > limit {
		return nil, fmt.Errorf("file %q has %d bytes, more than %d: %w", name, e.size, limit, source.ErrTooLarge)
	}
	if _, ok := t.blobs[e.id]; !ok {
		if err := t.read(e, f); err != nil {
			return nil, fmt.Errorf("file %q: %w", name, err)
		}
	}
	data := t.blobs[e.id]
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("file %q has %d bytes, more than %d: %w", name, len(data), limit, source.ErrTooLarge)
	}
	return append([]byte{}, data...), nil
}

// Prefetch implements source.Prefetcher.
func (t *commitTree) Prefetch(names []string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := &wanted{sizes: map[string]int64{}}
	for _, name := range names {
		f, err := t.folder(path.Dir(name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if e := f.find(path.Base(name)); e != nil && isFile(e) && e.size <= maxQueryBlob && t.blobs[e.id] == nil {
			w.add(e.id, e.size)
		}
	}
	blobs, err := t.c.blobs(t.ctx, w)
	for id, data := range blobs {
		t.blobs[id] = data
	}
	return err
}

// read reads a file, and with it the others of its folder as far as they fit in
// one request.
func (t *commitTree) read(e *entry, f *folder) error {
	w := &wanted{sizes: map[string]int64{}}
	w.add(e.id, e.size)
	for i := range f.entries {
		other := &f.entries[i]
		_, have := t.blobs[other.id]
		if have || !isFile(other) || other.size < 0 || other.size > maxQueryBlob || w.total+other.size > maxQueryBytes || len(w.order) == maxQueryBlobs {
			continue
		}
		w.add(other.id, other.size)
	}
	blobs, err := t.c.blobs(t.ctx, w)
	if err != nil {
		return err
	}
	for id, data := range blobs {
		t.blobs[id] = data
	}
	return nil
}

func isFile(e *entry) bool { return e.mode == source.Regular || e.mode == source.Executable }
