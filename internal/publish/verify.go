package publish

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/karzoun/miniapp-review/internal/registry"
)

// Report is what verifying a target found.
type Report struct {
	Target string
	// Versions is how many versions were read and found whole.
	Versions int
	// Faults are what is wrong, sorted by namespace, versions newest first.
	Faults []Fault
}

// Fault is something that is wrong with a registry.
type Fault struct {
	// NS and Version say where it is; both are empty for the index itself, and
	// Version is empty for a namespace.
	NS, Version string
	Message     string
}

// Verify reads every version of a target, checks every digest, and holds the
// index against what the versions say. The error is one of reading the index.
func Verify(ctx context.Context, t registry.Target) (*Report, error) {
	report := &Report{Target: t.String()}
	index, err := t.Index(ctx)
	if err != nil {
		return nil, err
	}
	stored, err := t.List(ctx)
	if errors.Is(err, errors.ErrUnsupported) {
		stored, err = nil, nil
	}
	if err != nil {
		return nil, err
	}
	names := index.Namespaces()
	for ns := range stored {
		if !slices.Contains(names, ns) {
			names = append(names, ns)
		}
	}
	slices.Sort(names)
	for _, ns := range names {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		report.namespace(ctx, t, ns, index.Entry(ns), stored[ns])
	}
	return report, nil
}

func (r *Report) fault(ns, version, format string, args ...any) {
	r.Faults = append(r.Faults, Fault{NS: ns, Version: version, Message: fmt.Sprintf(format, args...)})
}

func (r *Report) namespace(ctx context.Context, t registry.Target, ns string, entry registry.Entry, stored []string) {
	var versions []registry.Stored
	whole := true
	for _, v := range entry.Versions {
		s, err := t.Read(ctx, ns, v.Version)
		if err != nil {
			r.fault(ns, v.Version, "%v", err)
			whole = false
			continue
		}
		versions = append(versions, *s)
		r.Versions++
	}
	for _, v := range stored {
		if _, ok := entry.Find(v); !ok {
			r.fault(ns, v, "it is stored, and the index does not name it")
		}
	}
	if !whole {
		return
	}
	want, err := registry.EntryOf(versions)
	if err != nil {
		r.fault(ns, "", "%v", err)
		return
	}
	for i, v := range entry.Versions {
		if i < len(want.Versions) && !reflect.DeepEqual(v, want.Versions[i]) {
			r.fault(ns, v.Version, "the index says %s, and the files say %s", say(v), say(want.Versions[i]))
		}
	}
	if entry.Summary != want.Summary {
		r.fault(ns, "", "the index lists it as %q in %q, and the files as %q in %q", entry.Summary.Title, entry.Summary.Category, want.Summary.Title, want.Summary.Category)
	}
}

func say(v registry.Version) string {
	return fmt.Sprintf("%s %s with the SHA-256 %s, provenance %q, visibility %q, tenants %q, reason %q, committed %q",
		v.Version, v.State, v.SHA256, v.Provenance, v.Visibility, v.Tenants, v.Reason, v.Committed)
}

// Difference is a version that two registries do not have alike.
type Difference struct {
	NS, Version string
	// Left and Right are what each registry has; nil when it has no such version.
	Left, Right *registry.Version
}

// Conflict reports whether both have the version with different contents.
func (d Difference) Conflict() bool {
	return d.Left != nil && d.Right != nil && d.Left.SHA256 != d.Right.SHA256
}

// Diff compares two indexes, sorted by namespace, versions newest first.
func Diff(left, right *registry.Index) []Difference {
	var out []Difference
	names := slices.Compact(slices.Sorted(slices.Values(append(left.Namespaces(), right.Namespaces()...))))
	for _, ns := range names {
		l, r := left.Entry(ns), right.Entry(ns)
		all := l
		for _, v := range r.Versions {
			if _, ok := l.Find(v.Version); !ok {
				all = all.With(v)
			}
		}
		for _, v := range all.Versions {
			d := Difference{NS: ns, Version: v.Version}
			if a, ok := l.Find(v.Version); ok {
				d.Left = &a
			}
			if b, ok := r.Find(v.Version); ok {
				d.Right = &b
			}
			if d.Left == nil || d.Right == nil || !reflect.DeepEqual(*d.Left, *d.Right) {
				out = append(out, d)
			}
		}
	}
	return out
}
