package rules

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Names is the Namespaces of a repository, made once for a run. Its answers
// cost about the same whatever the number of namespaces.
type Names struct {
	all      map[string]bool
	reserved map[string]bool
	// skeletons finds names that look the same. It is made when somebody asks.
	skeletons func() map[string][]string
	// near finds names that are one edit apart. To make it costs as much as
	// asking some dozens of times without it, so that it is made when that
	// often was asked.
	near  func() map[string][]string
	asked atomic.Int64
}

// NewNames indexes the namespaces of a repository and the reserved names.
func NewNames(all, reserved []string) *Names {
	n := &Names{all: make(map[string]bool, len(all)), reserved: map[string]bool{}}
	n.near = sync.OnceValue(n.indexNear)
	n.skeletons = sync.OnceValue(n.indexSkeletons)
	for _, r := range reserved {
		n.reserved[r] = true
	}
	for _, ns := range all {
		n.all[ns] = true
	}
	return n
}

func (n *Names) indexSkeletons() map[string][]string {
	skeletons := make(map[string][]string, len(n.all))
	for ns := range n.all {
		s := skeleton(ns)
		skeletons[s] = append(skeletons[s], ns)
	}
	return skeletons
}

func (n *Names) indexNear() map[string][]string {
	near := make(map[string][]string, 12*len(n.all))
	for ns := range n.all {
		for _, v := range deletions(ns) {
			near[v] = append(near[v], ns)
		}
	}
	return near
}

// oneEditFrom returns the names that are one edit away, in any order and some
// of them more than once.
func (n *Names) oneEditFrom(ns string) []string {
	const fewQuestions = 32
	var found []string
	if n.asked.Add(1) <= fewQuestions {
		for other := range n.all {
			if editable(ns) && editable(other) && oneEdit(ns, other) {
				found = append(found, other)
			}
		}
		return found
	}
	for _, v := range deletions(ns) {
		for _, other := range n.near()[v] {
			if oneEdit(ns, other) {
				found = append(found, other)
			}
		}
	}
	return found
}

// Taken implements Namespaces.
func (n *Names) Taken(ns, except string) bool { return ns != except && n.all[ns] }

// Reserved implements Namespaces. A name that looks the same as a reserved one
// is reserved too.
func (n *Names) Reserved(ns string) bool {
	if n.reserved[ns] {
		return true
	}
	for r := range n.reserved {
		if skeleton(r) == skeleton(ns) {
			return true
		}
	}
	return false
}

// Similar implements Namespaces: names that differ only in separators or in
// l/1/i and o/0, and names one edit away.
func (n *Names) Similar(ns, except string) []string {
	found := append(n.oneEditFrom(ns), n.skeletons()[skeleton(ns)]...)
	slices.Sort(found)
	found = slices.Compact(found)
	return slices.DeleteFunc(found, func(s string) bool { return s == ns || s == except })
}

// skeleton maps names that people confuse to the same text.
func skeleton(ns string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '-', '_', '.':
			return -1
		case '1', 'i':
			return 'l'
		case '0':
			return 'o'
		}
		return r
	}, strings.ToLower(ns))
}

// shortName is the length below which one edit makes a different word rather
// than a misspelt one: "jira" and "lira" are not confused.
const shortName = 5

// editable reports whether a name is of a length at which single edits matter.
func editable(ns string) bool { return len(ns) >= shortName && len(ns) <= 64 }

// deletions returns the name and every text that is the name without one
// character. Two names that are one edit apart share at least one of them.
func deletions(ns string) []string {
	if !editable(ns) {
		return nil
	}
	out := []string{ns}
	for i := range len(ns) {
		out = append(out, ns[:i]+ns[i+1:])
	}
	return out
}

// oneEdit reports whether one insertion, deletion, replacement or swap of
// neighbours turns a into b.
func oneEdit(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	switch len(b) - len(a) {
	case 0:
		if i == len(a) || a[i+1:] == b[i+1:] {
			return true
		}
		return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
	case 1:
		return a[i:] == b[i+1:]
	}
	return false
}

// maxNSLength bounds a namespace. The platform documents no limit; this one is
// that of a label in a host name, with one to spare.
const maxNSLength = 64

// ValidNS reports whether a text has the form of a namespace: lower-case
// letters, digits and single hyphens.
func ValidNS(ns string) bool {
	if ns == "" || len(ns) > maxNSLength || ns[0] == '-' || ns[len(ns)-1] == '-' || strings.Contains(ns, "--") {
		return false
	}
	for i := range len(ns) {
		c := ns[i]
		if c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// Refusal is a reason why nobody may take a namespace. Rule is the id of the
// rule that says so of a submission.
type Refusal struct{ Rule, Reason, Hint string }

// Refusals returns every reason why a namespace cannot be taken. except is the
// folder that asks, or "". held may be nil when no registry is known.
func Refusals(ns, except string, names Namespaces, held func(ns string) []Held) []Refusal {
	var all []Refusal
	if !ValidNS(ns) {
		all = append(all, Refusal{nsKebabCaseID,
			fmt.Sprintf("a namespace is lower-case letters, digits and single hyphens, at most %d characters", maxNSLength),
			"Write it like \"acme-desk\"."})
	}
	if names != nil && names.Taken(ns, except) {
		all = append(all, Refusal{nsUniqueID, "the repository has it already",
			"Take another name; \"miniapp check --available NS\" tells whether it is free."})
	}
	if names != nil && names.Reserved(ns) {
		all = append(all, Refusal{nsReservedID, "it is reserved",
			"Take another name; names that look the same as a reserved one are reserved too."})
	}
	if held != nil && len(held(ns)) > 0 {
		all = append(all, Refusal{nsRetiredID, "the registry holds versions of it",
			"Take another name: tenants may still have the MiniApp that had this one. If it is the same publisher's, ask a maintainer to bring its folder back."})
	}
	return all
}

// CloseTo says which names a namespace can be taken for, and what follows.
func CloseTo(similar []string) string {
	const most = 5
	var quoted []string
	for _, s := range similar[:min(len(similar), most)] {
		quoted = append(quoted, shown(s))
	}
	list := strings.Join(quoted, ", ")
	if more := len(similar) - most; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return "close to " + list + "; a reviewer will ask whether people could mix them up"
}
