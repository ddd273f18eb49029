package githubtest

import (
	"net/http"
	"slices"
	"strings"
)

func getCommit(c *call) reply {
	id, found := c.repo.commitAt(c.param("ref"))
	if !found {
		return *refuse(http.StatusUnprocessableEntity, "No commit found for SHA: "+c.param("ref"))
	}
	body := c.s.commitJSON(c.repo, id)
	made, _ := c.repo.git.commit(id)
	before := c.repo.git.writeTree(nil)
	if len(made.parents) > 0 {
		before, _ = c.repo.git.treeOf(made.parents[0])
	}
	added, deleted, files := 0, 0, []any{}
	for _, d := range c.repo.git.diff(before, made.tree) {
		added, deleted = added+d.additions, deleted+d.deletions
		files = append(files, c.s.fileJSON(c.repo, id, d, true))
	}
	body["files"], body["stats"] = files, map[string]any{"additions": added, "deletions": deleted, "total": added + deleted}
	return ok(body)
}

func listCommits(c *call) reply {
	start := c.query("sha")
	if start == "" {
		start = c.repo.DefaultBranch
	}
	id, found := c.repo.commitAt(start)
	if !found {
		return notFound()
	}
	ids := c.repo.git.ancestors(id)
	if path := c.query("path"); path != "" {
		ids = c.repo.git.historyOf(id, path)
	}
	return list(c, ids, func(id string) any { return c.s.commitJSON(c.repo, id) })
}

// compare compares a branch, tag or commit with another one; "owner:branch"
// names a fork's.
func compare(c *call) reply {
	base, head, split := strings.Cut(c.param("basehead"), "...")
	a, foundBase := c.comparable(base)
	b, foundHead := c.comparable(head)
	if !split || !foundBase || !foundHead {
		return notFound()
	}
	git := c.repo.git
	meet, related := git.mergeBase(a, b)
	if !related {
		return *refuse(http.StatusNotFound, "No common ancestor between "+base+" and "+head+".")
	}
	ahead, behind := git.since(a, b), git.since(b, a)
	state := "diverged"
	switch {
	case a == b:
		state = "identical"
	case len(behind) == 0:
		state = "ahead"
	case len(ahead) == 0:
		state = "behind"
	}
	before, _ := git.treeOf(meet)
	after, _ := git.treeOf(b)
	files := []any{}
	for i, d := range git.diff(before, after) {
		if i < 300 {
			files = append(files, c.s.fileJSON(c.repo, b, d, true))
		}
	}
	from, to, header := c.pages(len(ahead))
	commits := []any{}
	for _, id := range ahead[from:to] {
		commits = append(commits, c.s.commitJSON(c.repo, id))
	}
	page := c.repo.page() + "/compare/" + c.param("basehead")
	return reply{status: http.StatusOK, header: header, body: map[string]any{
		"url": c.repo.api() + "/compare/" + c.param("basehead"), "html_url": page, "permalink_url": page, "diff_url": page + ".diff", "patch_url": page + ".patch",
		"base_commit": c.s.commitJSON(c.repo, a), "merge_base_commit": c.s.commitJSON(c.repo, meet), "status": state,
		"ahead_by": len(ahead), "behind_by": len(behind), "total_commits": len(ahead), "commits": commits, "files": files,
	}}
}

func (c *call) comparable(name string) (string, bool) {
	if owner, branch, is := strings.Cut(name, ":"); is {
		for _, r := range c.s.repos {
			if strings.EqualFold(r.Owner, owner) && r.git == c.repo.git && !r.deleted {
				return r.commitAt(branch)
			}
		}
		return "", false
	}
	return c.repo.commitAt(name)
}

// listPullsOfCommit finds pull requests by a commit. For a commit that only a
// fork has, answers have been empty, so nobody may rely on it and it is so here.
func listPullsOfCommit(c *call) reply {
	id := c.param("commit_sha")
	if _, found := c.repo.git.commit(id); !found {
		return *refuse(http.StatusUnprocessableEntity, "No commit found for SHA: "+id)
	}
	var pulls []*Pull
	for _, p := range c.repo.pulls {
		if p.mergeCommit == id || p.headRepo == c.repo && slices.Contains(p.commits(), id) || !p.mergedAt.IsZero() && slices.Contains(p.commits(), id) {
			pulls = append(pulls, p)
		}
	}
	return list(c, pulls, func(p *Pull) any { return c.s.pullJSON(p, false) })
}
