package githubtest

import (
	"maps"
	"slices"
	"strings"
)

// ancestors lists the commit and everything before it, nearest first.
func (st *store) ancestors(id string) []string {
	seen := map[string]bool{id: true}
	list := []string{id}
	for i := 0; i < len(list); i++ {
		c, _ := st.commit(list[i])
		for _, parent := range c.parents {
			if !seen[parent] {
				seen[parent] = true
				list = append(list, parent)
			}
		}
	}
	return list
}

// historyOf lists the commits that changed a path or something below it, up to
// a commit, nearest first. As in "git log -- path", a merge that took the path
// over from one of its parents is left out, and only that parent is followed.
func (st *store) historyOf(id, path string) []string {
	var list []string
	seen := map[string]bool{id: true}
	for queue := []string{id}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		c, _ := st.commit(at)
		next, now := c.parents, st.below(at, path)
		same := slices.IndexFunc(c.parents, func(parent string) bool { return maps.Equal(now, st.below(parent, path)) })
		switch {
		case same >= 0:
			next = c.parents[same : same+1]
		case len(c.parents) > 0 || len(now) > 0:
			list = append(list, at)
		}
		for _, parent := range next {
			if !seen[parent] {
				seen[parent] = true
				queue = append(queue, parent)
			}
		}
	}
	return list
}

// below returns what a commit holds at a path and below it.
func (st *store) below(id, path string) map[string]leaf {
	tree, _ := st.treeOf(id)
	all := st.leaves(tree)
	maps.DeleteFunc(all, func(name string, _ leaf) bool { return name != path && !strings.HasPrefix(name, path+"/") })
	return all
}

func (st *store) contains(id, ancestor string) bool {
	return slices.Contains(st.ancestors(id), ancestor)
}

// mergeBase returns the best common ancestor: one that no other common ancestor
// descends from. Unrelated histories have none.
func (st *store) mergeBase(a, b string) (string, bool) {
	of := map[string]bool{}
	for _, id := range st.ancestors(a) {
		of[id] = true
	}
	var common []string
	for _, id := range st.ancestors(b) {
		if of[id] {
			common = append(common, id)
		}
	}
	for _, id := range common {
		best := true
		for _, other := range common {
			if other != id && st.contains(other, id) {
				best = false
				break
			}
		}
		if best {
			return id, true
		}
	}
	return "", false
}

// since lists the commits that head has and base has not, oldest first.
func (st *store) since(base, head string) []string {
	known := map[string]bool{}
	for _, id := range st.ancestors(base) {
		known[id] = true
	}
	var list []string
	seen := map[string]bool{}
	var visit func(id string)
	visit = func(id string) {
		if known[id] || seen[id] {
			return
		}
		seen[id] = true
		c, _ := st.commit(id)
		for _, parent := range c.parents {
			visit(parent)
		}
		list = append(list, id)
	}
	visit(head)
	return list
}

// mergeTrees puts together what both sides did since their common ancestor,
// file by file. It reports false where both changed one path differently.
func (st *store) mergeTrees(base, ours, theirs string) (string, bool) {
	was, a, b := st.leaves(base), st.leaves(ours), st.leaves(theirs)
	paths := maps.Clone(a)
	maps.Copy(paths, b)
	merged := map[string]leaf{}
	for path := range paths {
		before, left, right := was[path], a[path], b[path]
		result := left
		switch {
		case left == right, right == before:
		case left == before:
			result = right
		default:
			return "", false
		}
		if result != (leaf{}) {
			merged[path] = result
		}
	}
	return st.writeTree(merged), true
}
