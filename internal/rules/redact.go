package rules

import (
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/finding"
)

// shortestSecret is the length from which a credential is worth hiding; what is
// shorter would take common words out of messages.
const shortestSecret = 6

// longestStart is the most that is compared of a credential to recognise it; a
// message may have cut the rest.
const longestStart = 12

// hider takes credentials out of texts, in time that does not depend on how
// many there are: a file can hold thousands.
type hider struct {
	// byStart has the credentials by how they start, each list sorted.
	byStart map[string][]string
	// lengths are those of the starts, longest first.
	lengths []int
}

func newHider(secrets []string) hider {
	h := hider{byStart: map[string][]string{}}
	for _, s := range secrets {
		if len(s) >= shortestSecret {
			start := s[:min(max(len(s)/2, shortestSecret), longestStart)]
			h.byStart[start] = append(h.byStart[start], s)
		}
	}
	for start, list := range h.byStart {
		slices.Sort(list)
		h.byStart[start] = slices.Compact(list)
		if !slices.Contains(h.lengths, len(start)) {
			h.lengths = append(h.lengths, len(start))
		}
	}
	slices.Sort(h.lengths)
	slices.Reverse(h.lengths)
	return h
}

// redact takes credentials out of everything that a finding says. A fix that
// would write one is dropped: the credential has to go first.
func (h hider) redact(f *finding.Finding) {
	if len(h.byStart) == 0 {
		return
	}
	f.Message, f.Hint, f.Pointer = h.hide(f.Message), h.hide(f.Hint), h.hide(f.Pointer)
	for i := range f.Related {
		f.Related[i].Message = h.hide(f.Related[i].Message)
	}
	if f.Fix == nil {
		return
	}
	f.Fix.Title = h.hide(f.Fix.Title)
	if slices.ContainsFunc(f.Fix.Edits, func(e finding.Edit) bool { return h.holds(e.Text) }) {
		f.Fix = nil
	}
}

// hide replaces the credentials in a text, and also the beginning of one where
// a message cut it.
func (h hider) hide(text string) string {
	const mask = "[hidden]"
	var b strings.Builder
	done := 0
	for at := 0; at < len(text); at++ {
		if n := h.at(text[at:]); n > 0 {
			b.WriteString(text[done:at] + mask)
			done = at + n
			at = done - 1
		}
	}
	if done == 0 {
		return text
	}
	return b.String() + text[done:]
}

// at returns how much of a credential a text starts with, or 0.
func (h hider) at(text string) int {
	most := 0
	for _, n := range h.lengths {
		if n > len(text) {
			continue
		}
		list := h.byStart[text[:n]]
		if len(list) == 0 {
			continue
		}
		// What shares most with the text is next to where the text would be.
		i, _ := slices.BinarySearch(list, text)
		for _, near := range list[max(i-1, 0):min(i+1, len(list))] {
			most = max(most, n, common(text, near))
		}
	}
	return most
}

// holds reports whether a text holds a whole credential.
func (h hider) holds(text string) bool {
	for at := range len(text) {
		for _, n := range h.lengths {
			if rest := text[at:]; n <= len(rest) && startsWithOne(rest, h.byStart[rest[:n]]) {
				return true
			}
		}
	}
	return false
}

// startsWithOne reports whether a text starts with one of a sorted list.
func startsWithOne(text string, list []string) bool {
	for {
		i, found := slices.BinarySearch(list, text)
		if found {
			return true
		}
		if i == 0 {
			return false
		}
		before := list[i-1]
		if strings.HasPrefix(text, before) {
			return true
		}
		// Whatever else the text starts with is in what the two share.
		text, list = text[:common(text, before)], list[:i]
	}
}

// common returns the length of the beginning that two texts share.
func common(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
