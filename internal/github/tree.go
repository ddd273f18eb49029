package github

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// folder is a directory of a commit. Its entries are read when they are needed;
// usually one request reads them all.
type folder struct {
	// id is the Git object id of the tree. That of the root is the commit's.
	id string
	// entries are sorted by name, once loaded.
	entries []entry
	loaded  bool
}

// entry is one entry of a folder. dir is nil for what is no directory.
type entry struct {
	name string
	mode source.Mode
	id   string
	size int64
	dir  *folder
}

// maxDepth is how many folders deep a tree may be.
const maxDepth = 64

// maxTreeRequests bounds the walk through a tree that is too large to be listed
// at once.
const maxTreeRequests = 200

// unreadable is the error for a state of the repository from which no
// conclusion may be drawn. Its text continues "could not check: ".
type unreadable struct{ why string }

func (e *unreadable) Error() string { return e.why }

// trees reads folders. It counts the requests that a walk makes, and reads what
// several commits have alike once. Several goroutines may read different
// folders.
type trees struct {
	c *Client

	// most is how many requests a walk may make.
	most int

	mu   sync.Mutex
	left int
	// known are the entries of folders that were read one by one, by id.
	known map[string][]entry
}

func (c *Client) trees() *trees {
	return &trees{c: c, most: maxTreeRequests, left: maxTreeRequests, known: map[string][]entry{}}
}

// spend counts a request, and reports whether it may be made.
func (t *trees) spend() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.left--
	return t.left >= 0
}

// load reads the entries of a folder, those of all folders below it too if
// GitHub lists so many at once. shallow reads the one folder only.
func (t *trees) load(ctx context.Context, f *folder, shallow bool) error {
	if f.loaded {
		return nil
	}
	t.mu.Lock()
	f.entries, f.loaded = t.known[f.id]
	t.mu.Unlock()
	if f.loaded {
		return nil
	}
	for {
		if !t.spend() {
			return &unreadable{fmt.Sprintf("the repository has too many files: its folders take more than %d requests to list", t.most)}
		}
		doing := "listing the files of " + short(f.id)
		tree, _, err := t.c.gh.Git.GetTree(mayBeEarly(ctx), t.c.owner, t.c.name, f.id, !shallow)
		if err != nil {
			return t.c.explain(err, doing)
		}
		if tree.GetTruncated() {
			if shallow {
				return &unreadable{fmt.Sprintf("the folder with the Git tree %s has more files than GitHub lists", short(f.id))}
			}
			shallow = true
			continue
		}
		b := builder{root: f, recursive: !shallow}
		for _, e := range tree.Entries {
			size := int64(-1)
			if e.Size != nil {
				size = int64(*e.Size)
			}
			if err := b.add(e.GetPath(), e.GetMode(), e.GetSHA(), size); err != nil {
				return err
			}
		}
		if err := b.finish(); err != nil {
			return err
		}
		t.mu.Lock()
		t.known[f.id] = f.entries
		t.mu.Unlock()
		return nil
	}
}

// builder makes folders of the flat list that GitHub sends.
type builder struct {
	root      *folder
	recursive bool
	folders   map[string]*folder
}

func (b *builder) add(path, mode, id string, size int64) error {
	octal, err := strconv.ParseUint(mode, 8, 32)
	if err != nil || !isObjectID(id) {
		return &Error{Reason: Unusable, Doing: "listing files", Err: fmt.Errorf("entry %q has mode %q and id %q", path, mode, id)}
	}
	parts := strings.Split(path, "/")
	if len(parts) > maxDepth {
		return &unreadable{fmt.Sprintf("folders are more than %d levels deep", maxDepth)}
	}
	if slices.ContainsFunc(parts, badName) {
		return &unreadable{fmt.Sprintf("there is a file with the path %q, which no file can have", path)}
	}
	dir, name := "", parts[len(parts)-1]
	if len(parts) > 1 {
		dir = strings.Join(parts[:len(parts)-1], "/")
	}
	e := entry{name: name, mode: source.Mode(octal), id: id, size: size}
	if e.mode == source.Directory {
		e.dir = &folder{id: id, loaded: b.recursive}
		if b.folders == nil {
			b.folders = map[string]*folder{}
		}
		b.folders[path] = e.dir
	}
	into := b.root
	if dir != "" {
		if into = b.folders[dir]; into == nil {
			return &Error{Reason: Unusable, Doing: "listing files", Err: fmt.Errorf("%q comes before its folder", path)}
		}
	}
	into.entries = append(into.entries, e)
	return nil
}

// badName reports whether a name can be part of no path that Git checks out.
func badName(name string) bool {
	return name == "" || name == "." || name == ".." || strings.EqualFold(name, ".git") || strings.ContainsRune(name, 0)
}

// finish sorts the entries. Names are what GitHub's JSON can say: those that
// are not UTF-8 come out alike, and then nothing is sure.
func (b *builder) finish() error {
	b.root.loaded = true
	all := []*folder{b.root}
	for _, f := range b.folders {
		all = append(all, f)
	}
	for _, f := range all {
		slices.SortFunc(f.entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
		for i := 1; i < len(f.entries); i++ {
			if f.entries[i].name == f.entries[i-1].name {
				return &unreadable{fmt.Sprintf("two files of one folder have the name %q as GitHub tells it", f.entries[i].name)}
			}
		}
	}
	return nil
}

func isObjectID(id string) bool {
	return len(id) == 40 && strings.Trim(id, "0123456789abcdef") == ""
}

func short(id string) string { return id[:min(len(id), 10)] }

// find returns the entry of a path whose folders are loaded, or nil.
func (f *folder) find(path string) *entry {
	name, rest, below := strings.Cut(path, "/")
	i := sort.Search(len(f.entries), func(i int) bool { return f.entries[i].name >= name })
	if i == len(f.entries) || f.entries[i].name != name {
		return nil
	}
	switch e := &f.entries[i]; {
	case !below:
		return e
	case e.dir == nil:
		return nil
	default:
		return e.dir.find(rest)
	}
}

// difference is a path that differs between two trees. An entry is nil where
// the path is not there.
type difference struct {
	path       string
	base, head *entry
}

// errEnough stops a comparison that found more than it may.
var errEnough = errors.New("more differences than are read")

// compare lists the differences of two folders, sorted by path within each
// folder. Folders with the same id are not looked into. After most differences
// it returns those with errEnough.
func (t *trees) compare(ctx context.Context, base, head *folder, most int) ([]difference, error) {
	var list []difference
	var walk func(prefix string, base, head *folder) error
	note := func(prefix string, base, head *entry) error {
		name := ""
		if base != nil {
			name = base.name
		} else {
			name = head.name
		}
		path := prefix + name
		var b, h *folder
		if base != nil {
			if b = base.dir; b != nil {
				base = nil
			}
		}
		if head != nil {
			if h = head.dir; h != nil {
				head = nil
			}
		}
		if base != nil || head != nil {
			if list = append(list, difference{path, base, head}); len(list) > most {
				return errEnough
			}
		}
		if b != nil || h != nil {
			return walk(path+"/", b, h)
		}
		return nil
	}
	walk = func(prefix string, base, head *folder) error {
		if strings.Count(prefix, "/") > maxDepth {
			return &unreadable{fmt.Sprintf("folders are more than %d levels deep", maxDepth)}
		}
		var left, right []entry
		for _, side := range []struct {
			f    *folder
			list *[]entry
		}{{base, &left}, {head, &right}} {
			if side.f == nil {
				continue
			}
			// The folder of all namespaces is the one that may be too large.
			if err := t.load(ctx, side.f, prefix == submission.Root+"/"); err != nil {
				return err
			}
			*side.list = side.f.entries
		}
		for len(left) > 0 || len(right) > 0 {
			var l, r *entry
			switch {
			case len(right) == 0 || len(left) > 0 && left[0].name < right[0].name:
				l, left = &left[0], left[1:]
			case len(left) == 0 || right[0].name < left[0].name:
				r, right = &right[0], right[1:]
			default:
				l, left, r, right = &left[0], left[1:], &right[0], right[1:]
				if l.id == r.id && l.mode == r.mode {
					continue
				}
			}
			if err := note(prefix, l, r); err != nil {
				return err
			}
		}
		return nil
	}
	err := walk("", base, head)
	slices.SortFunc(list, func(a, b difference) int { return strings.Compare(a.path, b.path) })
	if errors.Is(err, errEnough) {
		list = list[:most]
	}
	return list, err
}
