package github

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// maxContent bounds what is read of one pull request in all, in bytes.
const maxContent = 64 << 20

// namespaceOf returns the folder of the namespace that a path is in, or "".
func namespaceOf(path string) string {
	rest, ok := strings.CutPrefix(path, submission.Root+"/")
	name, _, below := strings.Cut(rest, "/")
	if !ok || !below {
		return ""
	}
	return name
}

// touchedBy returns the namespaces that changes are in, sorted.
func touchedBy(changes []pull.Change) []string {
	var list []string
	for _, c := range changes {
		if ns := namespaceOf(c.Path); ns != "" && !slices.Contains(list, ns) {
			list = append(list, ns)
		}
	}
	slices.Sort(list)
	return list
}

// wanted collects the blobs to read, each once.
type wanted struct {
	sizes  map[string]int64
	order  []string
	unread map[string]string
	total  int64
}

func (w *wanted) add(id string, size int64) {
	if _, ok := w.sizes[id]; ok {
		return
	}
	w.sizes[id] = size
	w.order = append(w.order, id)
	w.total += max(size, 0)
}

// part returns of a tree what a review needs: the files at the root, in
// .github and in the folder of namespaces, and everything in the namespaces
// named. The content of the last is wanted, within the limits that reading a
// submission has.
func (t *trees) part(ctx context.Context, root *folder, namespaces []string, w *wanted) (pull.Tree, error) {
	tree := pull.Tree{Folders: []string{}, Files: []pull.File{}}
	if root == nil {
		return tree, nil
	}
	if err := t.load(ctx, root, false); err != nil {
		return tree, err
	}
	list := func(prefix string, f *folder, into func(e *entry) error) error {
		for i := range f.entries {
			e := &f.entries[i]
			if e.dir == nil {
				tree.Files = append(tree.Files, pull.File{Path: prefix + e.name, Mode: uint32(e.mode), SHA: e.id, Size: e.size})
			} else if into == nil {
				tree.Folders = append(tree.Folders, prefix+e.name)
			} else if err := into(e); err != nil {
				return err
			}
		}
		return nil
	}
	err := list("", root, func(e *entry) error {
		if e.name != ".github" && e.name != submission.Root {
			tree.Folders = append(tree.Folders, e.name)
			return nil
		}
		if err := t.load(ctx, e.dir, e.name == submission.Root); err != nil {
			return err
		}
		return list(e.name+"/", e.dir, func(below *entry) error {
			path := e.name + "/" + below.name
			if e.name != submission.Root || !slices.Contains(namespaces, below.name) {
				tree.Folders = append(tree.Folders, path)
				return nil
			}
			ns := namespace{trees: t, tree: &tree, wanted: w}
			return ns.read(ctx, path+"/", below.dir)
		})
	})
	slices.Sort(tree.Folders)
	slices.SortFunc(tree.Files, func(a, b pull.File) int { return strings.Compare(a.Path, b.Path) })
	return tree, err
}

// namespace reads the files of one namespace in the order in which a submission
// is loaded, so that the same ones are left out when there are too many.
type namespace struct {
	*trees
	tree   *pull.Tree
	wanted *wanted
	files  int
	bytes  int64
}

func (n *namespace) read(ctx context.Context, prefix string, f *folder) error {
	if err := n.load(ctx, f, false); err != nil {
		return err
	}
	for i := range f.entries {
		e := &f.entries[i]
		// One more than may be there shows that there are too many.
		if n.files > submission.MaxFiles {
			return nil
		}
		if e.dir != nil {
			if err := n.read(ctx, prefix+e.name+"/", e.dir); err != nil {
				return err
			}
			continue
		}
		n.files++
		n.tree.Files = append(n.tree.Files, pull.File{Path: prefix + e.name, Mode: uint32(e.mode), SHA: e.id, Size: e.size})
		if n.files > submission.MaxFiles || !isFile(e) {
			continue
		}
		switch {
		case e.size > submission.MaxFileBytes:
			n.wanted.unread[e.id] = fmt.Sprintf("it has %d bytes, more than %d", e.size, submission.MaxFileBytes)
		case n.bytes >= submission.MaxPackageBytes:
			n.wanted.unread[e.id] = "the files before it are too large in all, and no more is read"
		default:
			n.bytes += max(e.size, 0)
			n.wanted.add(e.id, e.size)
		}
	}
	return nil
}

// contents fills in the changes, trees and blobs of a snapshot. An *unreadable
// error, or one of the transport, leaves what is known.
func (c *Client) contents(ctx context.Context, t *trees, s *pull.Snapshot, roots states) error {
	differences, err := t.compare(ctx, roots.mergeBase, roots.head, c.options.MaxChanges)
	s.Changes = append(s.Changes, changesOf(differences)...)
	if err == errEnough {
		err = &unreadable{fmt.Sprintf("the pull request changes more than %d files, the most that are read: split it up", c.options.MaxChanges)}
	}
	w := &wanted{sizes: map[string]int64{}, unread: map[string]string{}}
	touched := touchedBy(s.Changes)
	if err != nil {
		touched = nil // what is known of the change is not all of it
	}
	for _, side := range []struct {
		root *folder
		into *pull.Tree
	}{{roots.head, &s.HeadTree}, {roots.mergeBase, &s.MergeBaseTree}, {roots.base, &s.BaseTree}} {
		part, failed := t.part(ctx, side.root, touched, w)
		*side.into = part
		if err == nil {
			err = failed
		}
	}
	for _, path := range append([]string{c.options.ConfigFile}, c.options.BaseFiles...) {
		if e := roots.base.find(path); e != nil && isFile(e) {
			if e.size > submission.MaxFileBytes {
				w.unread[e.id] = fmt.Sprintf("it has %d bytes, more than %d", e.size, submission.MaxFileBytes)
			} else {
				w.add(e.id, e.size)
			}
		}
	}
	if w.total > maxContent {
		if err == nil {
			err = &unreadable{fmt.Sprintf("the files to read have more than %d MiB in all: split the pull request up", maxContent>>20)}
		}
		return err
	}
	blobs, failed := c.blobs(ctx, w)
	s.Blobs, s.Unread = blobs, w.unread
	for id := range blobs {
		delete(s.Unread, id) // the same content was small enough elsewhere
	}
	if err == nil {
		err = failed
	}
	return err
}
