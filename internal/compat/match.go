package compat

import (
	"cmp"
	"hash/maphash"
	"math/big"
	"slices"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// same reports whether two values mean the same: objects whatever the order of
// their members, numbers whatever their spelling. Of duplicate keys the last
// counts. Nil is only the same as nil.
func same(a, b *jsondoc.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Kind != b.Kind {
		return false
	}
	switch a.Kind {
	case jsondoc.Object:
		return sameMembers(a, b, "")
	case jsondoc.Array:
		return slices.EqualFunc(a.Children, b.Children, same)
	case jsondoc.String:
		return a.Text() == b.Text()
	case jsondoc.Number:
		return a.Literal() == b.Literal() || sameNumber(a.Literal(), b.Literal())
	}
	return a.Literal() == b.Literal()
}

// sameMembers compares two objects, all but the member named without.
func sameMembers(a, b *jsondoc.Node, without string) bool {
	var inA, inB int
	for _, m := range a.Children {
		if m.Key == without && without != "" || a.Get(m.Key) != m {
			continue
		}
		inA++
		if !same(m, b.Get(m.Key)) {
			return false
		}
	}
	for _, m := range b.Children {
		if m.Key == without && without != "" || b.Get(m.Key) != m {
			continue
		}
		inB++
	}
	return inA == inB
}

// sameNumber compares two numbers exactly. The reader bounds their length and
// exponent, which bounds the cost.
func sameNumber(a, b string) bool {
	x, y := number(a), number(b)
	return x != nil && y != nil && x.Cmp(y) == 0
}

// number returns the exact value of a JSON number, or nil.
func number(literal string) *big.Rat {
	if len(literal) > jsondoc.MaxNumberLength {
		return nil // only a document with problems holds such a number
	}
	// A cheap look first: an exponent out of bounds costs memory in big.Rat.
	if f, _, err := big.ParseFloat(literal, 10, 64, big.ToNearestEven); err != nil || f.MantExp(nil) > 1100 || f.MantExp(nil) < -1200 {
		return nil
	}
	r, ok := new(big.Rat).SetString(literal)
	if !ok {
		return nil
	}
	return r
}

// named is an entry of a list or a member of an object, under the name by
// which tenants know it.
type named struct {
	name string
	node *jsondoc.Node
	// content is what the entry holds beside its name. It may be nil.
	content *jsondoc.Node
	// without is the member of content that holds the name, or "".
	without string
}

// pair is an entry of base and the entry of head that goes on with it, as
// indexes, -1 where there is none.
type pair struct {
	base, head int
	renamed    bool
}

// match pairs entries by name, the n-th of a name with the n-th, and then
// those that are left by content. The pairs are in the order of base, followed
// by what was added in the order of head.
func match(base, head []named) []pair {
	pairs := make([]pair, len(base))
	taken := make([]bool, len(head))
	byName := make(map[string][]int, len(head))
	for i, h := range head {
		byName[h.name] = append(byName[h.name], i)
	}
	left := 0
	for i, b := range base {
		pairs[i] = pair{base: i, head: -1}
		if at := byName[b.name]; len(at) > 0 {
			pairs[i].head, taken[at[0]] = at[0], true
			byName[b.name] = at[1:]
		} else {
			left++
		}
	}
	if left > 0 && slices.Contains(taken, false) {
		matchContent(base, head, pairs, taken)
	}
	for i := range head {
		if !taken[i] {
			pairs = append(pairs, pair{base: -1, head: i})
		}
	}
	return pairs
}

func matchContent(base, head []named, pairs []pair, taken []bool) {
	seed := maphash.MakeSeed()
	byContent := map[uint64][]int{}
	for i, h := range head {
		if !taken[i] {
			sum := hash(seed, h.content, h.without)
			byContent[sum] = append(byContent[sum], i)
		}
	}
	for i := range pairs {
		if pairs[i].head >= 0 {
			continue
		}
		b := base[i]
		sum := hash(seed, b.content, b.without)
		// Only the first candidate is looked at, so that the time stays linear;
		// another one of the same sum but other content is out of reach.
		if at := byContent[sum]; len(at) > 0 && sameContent(b, head[at[0]]) {
			pairs[i].head, pairs[i].renamed, taken[at[0]] = at[0], true, true
			byContent[sum] = at[1:]
		}
	}
}

func sameContent(a, b named) bool {
	if a.content.Is(jsondoc.Object) && b.content.Is(jsondoc.Object) {
		return sameMembers(a.content, b.content, a.without)
	}
	return same(a.content, b.content)
}

// hash returns equal sums for values that are the same.
func hash(seed maphash.Seed, n *jsondoc.Node, without string) uint64 {
	if n == nil {
		return 0
	}
	sum := uint64(n.Kind)
	switch n.Kind {
	case jsondoc.Object:
		for _, m := range n.Children {
			if m.Key == without && without != "" || n.Get(m.Key) != m {
				continue
			}
			sum += mix(maphash.String(seed, m.Key) ^ hash(seed, m, "")) // + forgets the order
		}
	case jsondoc.Array:
		for _, e := range n.Children {
			sum = mix(sum*31 + hash(seed, e, ""))
		}
	case jsondoc.String:
		sum += maphash.String(seed, n.Text())
	case jsondoc.Number:
		if r := number(n.Literal()); r != nil {
			sum += maphash.String(seed, r.RatString())
		} else {
			sum += maphash.String(seed, n.Literal())
		}
	default:
		sum += maphash.String(seed, n.Literal())
	}
	return mix(sum)
}

// mix spreads the bits of a sum.
func mix(x uint64) uint64 {
	x = (x ^ x>>31) * 0x7fb5d329728ea185
	x = (x ^ x>>27) * 0x81dadef4bc2dd44d
	return x ^ x>>33
}

// members returns the entries of an object, sorted by key: the order in the
// text means nothing. Of duplicate keys the last counts. without is as in
// named.
func members(n *jsondoc.Node, without string) []named {
	list := make([]named, 0, len(n.Members()))
	for _, m := range n.Members() {
		if n.Get(m.Key) == m {
			list = append(list, named{name: m.Key, node: m, content: m, without: without})
		}
	}
	slices.SortFunc(list, func(a, b named) int { return cmp.Compare(a.name, b.name) })
	return list
}

// elements returns the objects of an array, named by one of their members, and
// the elements that are no objects.
func elements(n *jsondoc.Node, by string) (list []named, rest []*jsondoc.Node) {
	for _, e := range n.Elements() {
		if e.Is(jsondoc.Object) {
			list = append(list, named{name: e.Get(by).Text(), node: e, content: e, without: by})
		} else {
			rest = append(rest, e)
		}
	}
	return list, rest
}

// get returns the entry at an index that a pair gives, or an empty one.
func get(list []named, i int) named {
	if i < 0 {
		return named{}
	}
	return list[i]
}
