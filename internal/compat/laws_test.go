package compat_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/compat"
)

// documents is how many generated definitions each law is held against.
const documents = 40

// report writes changes so that they can be compared.
func report(changes []compat.Change) []string {
	lines := []string{}
	for _, c := range changes {
		lines = append(lines, fmt.Sprintf("%s %s %s %s: %s", c.Impact, c.ID, shownPointer(c.Base), shownPointer(c.Head), c.Message))
	}
	return lines
}

// edited makes some edits of a definition that do not meet.
func (g *generator) edited(t *testing.T, d object, most int) (object, []change) {
	var made []change
	all := g.changes(d)
	for range 1 + g.IntN(most) {
		e := all[g.IntN(len(all))]
		if !slices.ContainsFunc(made, func(m change) bool { return !disjoint(m, e) }) {
			made = append(made, e)
		}
	}
	// Renames come last, since the others find their entries by name.
	slices.SortStableFunc(made, func(a, b change) int { return renames(a) - renames(b) })
	after := clone(t, d)
	for _, e := range made {
		e.make(after)
	}
	return after, made
}

func renames(c change) int {
	if strings.HasSuffix(c.site, "/name") || strings.HasSuffix(c.site, "/event") {
		return 1
	}
	return 0
}

func TestComparedWithItselfNothingIsChanged(t *testing.T) {
	for seed := range uint64(documents) {
		d := newGenerator(seed).definition()
		if changes := compat.Diff(parse(t, encode(t, d)), parse(t, encode(t, d))); len(changes) > 0 {
			t.Fatalf("seed %d: %v", seed, report(changes))
		}
	}
}

func TestFormattingAndKeyOrderNeverMatter(t *testing.T) {
	for seed := range uint64(documents) {
		g := newGenerator(seed)
		base := g.definition()
		head, _ := g.edited(t, base, 8)
		want := report(compat.Diff(parse(t, encode(t, base)), parse(t, encode(t, head))))
		for range 3 {
			got := report(compat.Diff(parse(t, g.shuffled(base)), parse(t, g.shuffled(head))))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("seed %d: %s", seed, diff)
			}
		}
	}
}

// sides returns where something is only on one side.
func sides(changes []compat.Change) (removed, added []string) {
	removed, added = []string{}, []string{}
	for _, c := range changes {
		switch {
		case c.Head == nil:
			removed = append(removed, c.Base.Pointer())
		case c.Base == nil:
			added = append(added, c.Head.Pointer())
		}
	}
	unique := func(s []string) []string { slices.Sort(s); return slices.Compact(s) }
	return unique(removed), unique(added)
}

func TestSwappingTheSidesSwapsAdditionsAndRemovals(t *testing.T) {
	for seed := range uint64(4 * documents) {
		g := newGenerator(seed)
		base := g.definition()
		head, made := g.edited(t, base, 6)
		b, h := parse(t, encode(t, base)), parse(t, encode(t, head))
		forth, back := compat.Diff(b, h), compat.Diff(h, b)
		removed, added := sides(forth)
		added2, removed2 := sides(back)
		if diff := cmp.Diff(removed, removed2) + cmp.Diff(added, added2); diff != "" {
			t.Fatalf("seed %d, %v\n%s\nforth %v\nback %v", seed, sites(made), diff, report(forth), report(back))
		}
	}
}

func sites(changes []change) (names []string) {
	for _, c := range changes {
		names = append(names, c.site)
	}
	return names
}

func TestSeveralEditsDisturbAtLeastAsMuchAsEach(t *testing.T) {
	for seed := range uint64(4 * documents) {
		g := newGenerator(seed)
		base := g.definition()
		head, made := g.edited(t, base, 6)
		b := parse(t, encode(t, base))
		changes := compat.Diff(b, parse(t, encode(t, head)))
		check(t, changes)
		all := compat.Greatest(changes)
		for _, e := range made {
			alone := clone(t, base)
			e.make(alone)
			if one := compat.Diff(b, parse(t, encode(t, alone))); compat.Greatest(one) > all {
				t.Fatalf("seed %d, %v: %s in all\n%v\nand %q alone\n%v", seed, sites(made), all, report(changes), e.site, report(one))
			}
		}
	}
}

// TestEveryEditIsSeen holds each edit alone against the comparison: none may
// come out as no change.
func TestEveryEditIsSeen(t *testing.T) {
	seen := map[string]bool{}
	var all []compat.Change
	for seed := range uint64(documents / 8) {
		g := newGenerator(seed)
		base := g.definition()
		b := parse(t, encode(t, base))
		for _, e := range g.changes(base) {
			after := clone(t, base)
			e.make(after)
			if encode(t, after) == encode(t, base) {
				continue
			}
			changes := compat.Diff(b, parse(t, encode(t, after)))
			all = append(all, changes...)
			if len(changes) == 0 {
				t.Errorf("seed %d: the edit of %q is not seen", seed, e.site)
			}
			for _, c := range changes {
				seen[c.ID] = true
			}
		}
	}
	check(t, all)
	if len(seen) < 60 {
		t.Errorf("only %d kinds of change are generated", len(seen))
	}
}
