package githubtest

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

func getPull(c *call) reply {
	return ok(c.s.pullJSON(c.pull, true))
}

func listPulls(c *call) reply {
	state := cmp.Or(c.query("state"), "open")
	pulls := slices.DeleteFunc(slices.Clone(c.repo.pulls), func(p *Pull) bool {
		owner, branch, _ := strings.Cut(c.query("head"), ":")
		return state != "all" && p.state != state ||
			c.query("base") != "" && p.base != c.query("base") ||
			branch != "" && (p.head != branch || !strings.EqualFold(p.headOwner(), owner))
	})
	slices.SortStableFunc(pulls, func(a, b *Pull) int {
		if c.query("sort") == "updated" {
			return a.updated.Compare(b.updated)
		}
		return a.Number - b.Number
	})
	// Newest first is GitHub's default for the time of creation only.
	if direction := c.query("direction"); direction == "desc" || direction == "" && cmp.Or(c.query("sort"), "created") == "created" {
		slices.Reverse(pulls)
	}
	return list(c, pulls, func(p *Pull) any { return c.s.pullJSON(p, false) })
}

func createPull(c *call) reply {
	var ask struct {
		Title, Body, Head, Base string
		Draft                   bool
	}
	if bad := c.decode(&ask); bad != nil {
		return *bad
	}
	from, branch := c.repo, ask.Head
	if owner, name, is := strings.Cut(ask.Head, ":"); is {
		branch, from = name, nil
		for _, r := range c.s.repos {
			if strings.EqualFold(r.Owner, owner) && r.git == c.repo.git && !r.deleted {
				from = r
			}
		}
	}
	if c.user == c.s.actions && !c.repo.ActionsMayApprove {
		return *refuse(http.StatusForbidden, "GitHub Actions is not permitted to create or approve pull requests.")
	}
	if from == nil || from.refs["heads/"+branch] == "" {
		return *invalid("PullRequest", "head", "head is invalid")
	}
	if c.repo.refs["heads/"+ask.Base] == "" {
		return *invalid("PullRequest", "base", "base is invalid")
	}
	for _, p := range c.repo.pulls {
		if p.state == "open" && p.headRepo == from && p.head == branch && p.base == ask.Base {
			return *invalid("PullRequest", "head", "A pull request already exists for "+ask.Head+".")
		}
	}
	if tooLong(ask.Body) {
		return *invalid("PullRequest", "body", "body is too long (maximum is 65536 characters)")
	}
	return created(c.s.pullJSON(c.s.open(c.repo, from, branch, c.user, PullSpec{Title: ask.Title, Body: ask.Body, Base: ask.Base, Draft: ask.Draft}), true))
}

func updatePull(c *call) reply {
	var ask struct{ Title, Body, State, Base *string }
	if bad := c.decode(&ask); bad != nil {
		return *bad
	}
	p := c.pull
	if !c.app() && c.user != p.author && !c.repo.role(c.user).atLeast(Triage) {
		return *refuse(http.StatusForbidden, "Must have push access to repository")
	}
	if ask.Body != nil && tooLong(*ask.Body) {
		return *invalid("PullRequest", "body", "body is too long (maximum is 65536 characters)")
	}
	if ask.Base != nil && c.repo.refs["heads/"+*ask.Base] == "" {
		return *invalid("PullRequest", "base", "Proposed base branch '"+*ask.Base+"' was not found")
	}
	was := map[string]any{}
	if ask.Title != nil {
		was["title"] = from(p.title)
		p.title = *ask.Title
	}
	if ask.Body != nil {
		was["body"] = from(p.body)
		p.body = *ask.Body
	}
	if ask.Base != nil {
		was["base"] = map[string]any{"ref": from(p.base), "sha": from(p.baseSHA)}
		p.base, p.baseSHA = *ask.Base, c.repo.refs["heads/"+*ask.Base]
	}
	p.updated = c.s.now()
	if len(was) > 0 {
		c.s.emitAbout(p, "pull_request", "edited", c.user, map[string]any{"changes": was})
	}
	if ask.State != nil {
		if *ask.State == "open" && !p.mergedAt.IsZero() {
			return *invalid("PullRequest", "state", "state cannot be changed. The pull request was merged.")
		}
		c.s.setState(p, *ask.State, c.user)
	}
	return ok(c.s.pullJSON(p, true))
}

// listFiles lists what changed: at most 3,000 files, and of each page the
// patches until they reach 20,000 lines together. Nothing says what is missing.
func listFiles(c *call) reply {
	files := c.pull.files(c.pull.headSHA)
	files = files[:min(len(files), maxFiles)]
	from, to, header := c.pages(len(files))
	page, lines := []any{}, 0
	for _, d := range files[from:to] {
		lines += len(d.lines)
		page = append(page, c.s.fileJSON(c.repo, c.pull.headSHA, d, lines <= maxPatchLines))
	}
	return reply{status: http.StatusOK, body: page, header: header}
}

func listPullCommits(c *call) reply {
	ids := c.pull.commits()
	return list(c, ids[:min(len(ids), maxCommits)], func(id string) any { return c.s.commitJSON(c.repo, id) })
}

func mergePull(c *call) reply {
	var ask struct {
		SHA, Method   string
		MergeMethod   string `json:"merge_method"`
		CommitTitle   string `json:"commit_title"`
		CommitMessage string `json:"commit_message"`
	}
	if bad := c.decode(&ask); bad != nil {
		return *bad
	}
	p := c.pull
	switch {
	case !p.mergedAt.IsZero() || p.state != "open" || p.draft:
		return *refuse(http.StatusMethodNotAllowed, "Pull Request is not mergeable")
	case ask.SHA != "" && ask.SHA != p.headSHA:
		return *refuse(http.StatusConflict, "Head branch was modified. Review and try the merge again.")
	}
	if missing := c.repo.missing(p); missing != "" && c.repo.role(c.user) != Admin {
		return *refuse(http.StatusMethodNotAllowed, `Required status check "`+missing+`" is expected.`)
	}
	if _, protected := c.repo.Protected[p.base]; protected && p.approvals() < c.repo.Approvals {
		return *refuse(http.StatusMethodNotAllowed, "At least one approving review is required by reviewers with write access.")
	}
	message := ask.CommitTitle
	if ask.CommitTitle != "" && ask.CommitMessage != "" {
		message += "\n\n" + ask.CommitMessage
	}
	id, refused := c.s.merge(p, c.user, ask.MergeMethod, message)
	if refused != "" {
		return *refuse(http.StatusMethodNotAllowed, refused)
	}
	return ok(map[string]any{"sha": id, "merged": true, "message": "Pull Request successfully merged"})
}

// missing names a status that the base branch requires and the head has not.
func (r *Repo) missing(p *Pull) string {
	for _, context := range r.Protected[p.base] {
		if latest := r.latest(p.headSHA, context); latest == nil || latest.state != "success" {
			return context
		}
	}
	return ""
}

// approvals counts whom the branch's protection counts: people with write
// permission whose latest verdict is an approval.
func (p *Pull) approvals() int {
	latest := map[*User]string{}
	for _, v := range p.reviews {
		if v.state != "COMMENTED" && v.state != "PENDING" && p.repo.role(v.author).atLeast(Write) {
			latest[v.author] = v.state
		}
	}
	count := 0
	for _, state := range latest {
		if state == "APPROVED" {
			count++
		}
	}
	return count
}

func isMerged(c *call) reply {
	if c.pull.mergedAt.IsZero() {
		return notFound()
	}
	return noContent
}

func getIssue(c *call) reply {
	body := c.s.issueJSON(c.pull)
	body["closed_by"], body["performed_via_github_app"] = nil, nil
	return ok(body)
}

// searchIssues answers searches for pull requests by the qualifiers that a
// review uses: repo, is, state, author, label, base, head, and a commit's id.
func searchIssues(c *call) reply {
	var found []*Pull
	for _, r := range c.s.repos {
		if c.repo = r; r.Private && !c.sees() {
			continue
		}
		for _, p := range r.pulls {
			if !slices.ContainsFunc(strings.Fields(c.query("q")), func(word string) bool { return !p.meets(word) }) {
				found = append(found, p)
			}
		}
	}
	slices.Reverse(found)
	from, to, header := c.pages(min(len(found), 1000))
	items := []any{}
	for _, p := range found[from:to] {
		item := c.s.issueJSON(p)
		item["score"] = 1.0
		items = append(items, item)
	}
	return reply{status: http.StatusOK, header: header, body: map[string]any{"total_count": len(found), "incomplete_results": false, "search_type": "lexical", "items": items}}
}

func (p *Pull) meets(word string) bool {
	key, value, qualified := strings.Cut(word, ":")
	value = strings.Trim(value, `"`)
	if !qualified {
		return slices.Contains(p.commits(), word) || strings.Contains(strings.ToLower(p.title), strings.ToLower(word))
	}
	switch key {
	case "repo":
		return strings.EqualFold(value, p.repo.Owner+"/"+p.repo.Name)
	case "is", "state", "type":
		switch value {
		case "pr":
			return true
		case "merged":
			return !p.mergedAt.IsZero()
		case "unmerged":
			return p.mergedAt.IsZero()
		case "draft":
			return p.draft
		}
		return p.state == value
	case "author":
		return p.author != nil && strings.EqualFold(p.author.Login, value)
	case "label":
		return slices.ContainsFunc(p.labels, func(l *label) bool { return strings.EqualFold(l.name, value) })
	case "base":
		return p.base == value
	case "head":
		return p.head == value
	case "sha":
		return slices.ContainsFunc(p.commits(), func(id string) bool { return strings.HasPrefix(id, value) })
	}
	return false
}
