// Package anchor finds the lines of a changed file that a review can comment
// on: those of the diff's hunks, on the side of the head.
//
// GitHub refuses a whole review when one comment stands elsewhere. The hunks
// come from a diff of our own, since those that the API gives are missing for
// large files and large changes. Two diffs of the same texts can differ where
// lines repeat; a line that only ours has is refused by GitHub, and whoever
// posts must expect that.
package anchor

import (
	"slices"
	"sort"
	"strings"

	"github.com/aymanbagabas/go-udiff/lcs"
)

// context is how many unchanged lines a diff shows around a change.
const context = 3

// Hunks are the commentable lines of one file.
type Hunks struct {
	ranges []lines // sorted, with a line between any two
	all    bool
}

// lines is a range of lines, counted from 1, both ends included.
type lines struct{ first, last int }

// Diff returns the hunks between two versions of a file.
func Diff(base, head []byte) Hunks {
	a, b := split(string(base)), split(string(head))
	var h Hunks
	for _, d := range lcs.DiffLines(a, b) {
		h.add(lines{max(d.ReplStart-context, 0) + 1, min(d.ReplEnd+context, len(b))})
	}
	return h
}

// Added returns the hunks of a file that is new: all of its lines.
func Added() Hunks { return Hunks{all: true} }

// add adds a range, which starts not before those that are there. Ranges that
// touch are one hunk.
func (h *Hunks) add(r lines) {
	if r.first > r.last {
		return
	}
	if n := len(h.ranges); n > 0 && r.first <= h.ranges[n-1].last+1 {
		h.ranges[n-1].last = max(h.ranges[n-1].last, r.last)
		return
	}
	h.ranges = append(h.ranges, r)
}

// Contains reports whether a comment can stand on these lines: all of them in
// one hunk. Lines count from 1, and both ends are included.
func (h Hunks) Contains(first, last int) bool {
	if first < 1 || last < first {
		return false
	}
	if h.all {
		return true
	}
	i := sort.Search(len(h.ranges), func(i int) bool { return h.ranges[i].last >= last })
	return i < len(h.ranges) && h.ranges[i].first <= first
}

// split cuts a text into lines with their ends, as a diff counts them.
func split(text string) []string {
	if text == "" {
		return nil
	}
	return slices.DeleteFunc(strings.SplitAfter(text, "\n"), func(s string) bool { return s == "" })
}
