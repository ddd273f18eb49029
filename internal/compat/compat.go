// Package compat says what changed between two versions of a definition, how
// much each change disturbs the tenants who have the older one installed, and
// which version increase covers it.
//
// It compares meaning, not text: entries are matched by the name under which
// tenants know them, so that order and formatting are no change.
package compat

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/Masterminds/semver/v3"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// Impact says how much a change disturbs installed tenants. Greater values are
// worse.
type Impact uint8

// The ladder of impact.
const (
	// None is no change.
	None Impact = iota
	// Fix changes how something works or looks, and nothing that tenants name.
	Fix
	// Feature adds something that installed tenants can ignore, or changes a
	// field whose effect is not known.
	Feature
	// Breaking makes something that installed tenants use stop or differ.
	Breaking
)

// String returns the word that reports use.
func (i Impact) String() string {
	switch i {
	case Fix:
		return "fix"
	case Feature:
		return "feature"
	case Breaking:
		return "breaking"
	}
	return "none"
}

// Change is one difference between two definitions.
type Change struct {
	// ID is a permanent name in kebab case; Kinds explains it.
	ID     string
	Impact Impact
	// Message starts in lower case and has no full stop. It names things, and
	// never repeats a value that could be a secret.
	Message string
	// Base and Head are where the change is in the older and the newer
	// document. One of them is nil when the thing is missing on that side,
	// never both.
	Base, Head *jsondoc.Node
}

// Diff returns the changes from base to head: block after block in the order
// in which documents are written (listing, auth, actions, functions, triggers,
// webhook, sync, source, dashboardApps, other fields), and within a block by
// place, in head where the change has one, else in base. Places are compared as
// pointers: entries of lists by number, members of objects by key. What is gone
// from a place comes before what is new there. So neither formatting nor the
// order of keys decides anything. The fields ns, version and status are not
// compared. A nil definition counts as empty.
//
// Diff accepts any definition, however malformed. Apart from sorting, its time
// is linear in the size of the documents times their depth.
func Diff(base, head *definition.Definition) []Change {
	if base == nil {
		base = definition.New(&jsondoc.Document{})
	}
	if head == nil {
		head = definition.New(&jsondoc.Document{})
	}
	d := &differ{base: base, head: head}
	b, h := base.Doc.Root, head.Doc.Root
	if same(b, h) {
		return nil
	}
	if !b.Is(jsondoc.Object) && b != nil || !h.Is(jsondoc.Object) && h != nil {
		d.unknownField("the document", b, h)
	}
	blocks := []func(){d.listing, d.auth, d.actions, d.functions, d.triggers, d.webhook, d.sync, d.sources, d.panels, d.others}
	for i, compare := range blocks {
		d.block = i
		compare()
	}
	return d.sorted()
}

// Greatest returns the greatest impact of the changes, None when there are
// none.
func Greatest(changes []Change) Impact {
	greatest := None
	for _, c := range changes {
		greatest = max(greatest, c.Impact)
	}
	return greatest
}

// Bump names the smallest version increase that covers an impact: "major",
// "minor", "patch" or "none". Before 1.0.0 the minor number says what breaks,
// so "minor" covers everything.
func Bump(i Impact, base *semver.Version) string {
	switch {
	case i == Breaking && base != nil && base.Major() > 0:
		return "major"
	case i == Breaking || i == Feature:
		return "minor"
	case i == Fix:
		return "patch"
	}
	return "none"
}

// MinimumVersion returns the smallest version after base that covers an
// impact, without pre-release and build parts. For None it is base itself. A
// nil base counts as 0.0.0.
func MinimumVersion(i Impact, base *semver.Version) *semver.Version {
	if base == nil {
		base = semver.New(0, 0, 0, "", "")
	}
	next := *base
	switch Bump(i, base) {
	case "major":
		next = base.IncMajor()
	case "minor":
		next = base.IncMinor()
	case "patch":
		next = base.IncPatch()
	}
	return &next
}

// differ collects the changes of one comparison.
type differ struct {
	base, head *definition.Definition
	found      []placed
	block      int
	// credentials are the keys that the install fills, of both sides; see
	// usesCredentials. It is nil until it is needed.
	credentials map[string]bool
}

// placed is a change with its place in the result.
type placed struct {
	Change
	block int
	path  []*jsondoc.Node
}

func (d *differ) breaking(id string, base, head *jsondoc.Node, format string, args ...any) {
	d.add(id, Breaking, base, head, format, args)
}

func (d *differ) feature(id string, base, head *jsondoc.Node, format string, args ...any) {
	d.add(id, Feature, base, head, format, args)
}

func (d *differ) fix(id string, base, head *jsondoc.Node, format string, args ...any) {
	d.add(id, Fix, base, head, format, args)
}

func (d *differ) add(id string, i Impact, base, head *jsondoc.Node, format string, args []any) {
	at := head
	if at == nil {
		at = base
	}
	d.found = append(d.found, placed{block: d.block, path: path(at),
		Change: Change{ID: id, Impact: i, Message: fmt.Sprintf(format, args...), Base: base, Head: head}})
}

func (d *differ) sorted() []Change {
	gone := func(p placed) int {
		if p.Head == nil {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(d.found, func(a, b placed) int {
		return cmp.Or(a.block-b.block, slices.CompareFunc(a.path, b.path, siblings), gone(a)-gone(b),
			cmp.Compare(a.ID, b.ID), cmp.Compare(a.Message, b.Message))
	})
	changes := make([]Change, len(d.found))
	for i, p := range d.found {
		changes[i] = p.Change
	}
	return changes
}

// path returns the nodes from below the root down to a node.
func path(n *jsondoc.Node) []*jsondoc.Node {
	var nodes []*jsondoc.Node
	for ; n != nil && n.Parent != nil; n = n.Parent {
		nodes = append(nodes, n)
	}
	slices.Reverse(nodes)
	return nodes
}

// siblings compares the last tokens of the pointers of two nodes.
func siblings(a, b *jsondoc.Node) int {
	inList := func(n *jsondoc.Node) int {
		if n.Parent.Is(jsondoc.Array) {
			return n.Index() + 1
		}
		return 0
	}
	return cmp.Or(inList(a)-inList(b), cmp.Compare(a.Key, b.Key))
}

// unknownField reports a field whose effect on tenants is not known. where
// names the object that holds it, or the field itself.
func (d *differ) unknownField(where string, base, head *jsondoc.Node) {
	verb := "changed"
	switch {
	case base == nil:
		verb = "added"
	case head == nil:
		verb = "removed"
	}
	d.feature("unknown-field-changed", base, head, "%s is %s; what this does to tenants is not known", where, verb)
}

// unknownFields reports the members of two objects that differ and are not
// known.
func (d *differ) unknownFields(where string, base, head *jsondoc.Node, known ...string) {
	skip := func(n, parent *jsondoc.Node) bool {
		return slices.Contains(known, n.Key) || parent.Get(n.Key) != n // an earlier duplicate
	}
	for _, b := range base.Members() {
		if h := head.Get(b.Key); !skip(b, base) && !same(b, h) {
			d.unknownField("the field "+quote(b.Key)+" of "+where, b, h)
		}
	}
	for _, h := range head.Members() {
		if !skip(h, head) && base.Get(h.Key) == nil {
			d.unknownField("the field "+quote(h.Key)+" of "+where, nil, h)
		}
	}
}

// fields calls report for each of the fields that differ between two objects.
func fields(base, head *jsondoc.Node, report func(key string, base, head *jsondoc.Node), keys ...string) {
	for _, key := range keys {
		if b, h := base.Get(key), head.Get(key); !same(b, h) {
			report(key, b, h)
		}
	}
}

// quote quotes a name for a message, cut when it is long.
func quote(name string) string {
	const limit = 60
	if runes := []rune(name[:min(len(name), 4*limit)]); len(runes) > limit {
		name = string(runes[:limit]) + "…"
	}
	return fmt.Sprintf("%q", name)
}
