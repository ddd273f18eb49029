package githubtest

import (
	"slices"
	"strconv"
	"strings"
)

func (c *call) graphQuery() fields {
	return fields{
		"__typename": "Query",
		"nodes":      lazy(c.graphNodes),
		"viewer":     c.graphActor(c.user),
		"rateLimit": lazy(func(map[string]any) (any, *problem) {
			return fields{"__typename": "RateLimit", "limit": 1000, "cost": 1, "remaining": max(c.s.left, 0)}, nil
		}),
		"repository": lazy(func(args map[string]any) (any, *problem) {
			owner, _ := args["owner"].(string)
			name, _ := args["name"].(string)
			c.repo = c.s.findRepo(owner, name)
			if c.repo == nil || c.repo.Private && !c.sees() {
				return fields(nil), &problem{"NOT_FOUND", "Could not resolve to a Repository with the name '" + owner + "/" + name + "'."}
			}
			return c.graphRepo(), nil
		}),
		"node": lazy(func(args map[string]any) (any, *problem) {
			id, _ := args["id"].(string)
			if found := c.graphNode(id); found != nil {
				return found, nil
			}
			return fields(nil), &problem{"NOT_FOUND", "Could not resolve to a node with the global id of '" + id + "'"}
		}),
	}
}

func (c *call) graphRepo() fields {
	r := c.repo
	return fields{
		"__typename": "Repository", "id": nodeID("R", r.ID), "databaseId": r.ID, "name": r.Name, "nameWithOwner": r.Owner + "/" + r.Name,
		"isPrivate": r.Private, "url": r.page(), "object": lazy(c.graphObject),
		"pullRequest": lazy(func(args map[string]any) (any, *problem) {
			n, _ := whole(args["number"])
			p := r.pull(int64(n))
			if p == nil {
				return fields(nil), &problem{"NOT_FOUND", "Could not resolve to a PullRequest with the number of " + strconv.Itoa(n) + "."}
			}
			return c.graphPull(p), nil
		}),
		"pullRequests": lazy(c.graphPulls),
	}
}

// graphPulls lists pull requests, those that something happened to last coming
// first when that is asked for, and else the oldest.
func (c *call) graphPulls(args map[string]any) (any, *problem) {
	states, limited := args["states"].([]any)
	var list []fields
	pulls := slices.Clone(c.repo.pulls)
	if order, _ := args["orderBy"].(map[string]any); order != nil {
		if order["field"] != "UPDATED_AT" || order["direction"] != "DESC" {
			return nil, &problem{"argumentLiteralsIncompatible", "this server knows the order UPDATED_AT, DESC"}
		}
		slices.SortStableFunc(pulls, func(a, b *Pull) int { return b.updated.Compare(a.updated) })
	}
	for _, p := range pulls {
		one := c.graphPull(p)
		if !limited || slices.Contains(states, any(one["state"])) {
			list = append(list, one)
		}
	}
	return connection("pullRequests", list)(args)
}

func (c *call) graphPull(p *Pull) fields {
	state := map[bool]string{true: "MERGED", false: strings.ToUpper(p.state)}[!p.mergedAt.IsZero()]
	var threads, comments, reviews []fields
	for _, o := range p.reviewComments {
		if o.replyTo == nil && (o.review.state != "PENDING" || o.author == c.user) {
			threads = append(threads, c.graphThread(o))
		}
	}
	for _, o := range p.comments {
		comments = append(comments, c.graphComment(o))
	}
	for _, v := range p.reviews {
		if v.state != "PENDING" || v.author == c.user {
			reviews = append(reviews, c.graphReview(v))
		}
	}
	mergeable := map[bool]string{true: "CONFLICTING", false: "MERGEABLE"}[p.state == "open" && p.conflicts()]
	return fields{
		"__typename": "PullRequest", "id": nodeID("PR", p.ID), "databaseId": p.ID, "number": p.Number, "title": p.title, "body": p.body,
		"state": state, "isDraft": p.draft, "locked": p.locked, "url": p.page(), "author": c.graphActor(p.author), "mergeable": mergeable,
		"headRefOid": p.headSHA, "headRefName": p.head, "baseRefOid": p.baseSHA, "baseRefName": p.base,
		"createdAt": stamp(p.created), "updatedAt": stamp(p.updated), "mergedAt": stamp(p.mergedAt), "isCrossRepository": p.headRepo != p.repo,
		"reviewThreads": connection("reviewThreads", threads), "comments": connection("comments", comments), "reviews": connection("reviews", reviews),
		"commits": lazy(func(args map[string]any) (any, *problem) { return connection("commits", c.graphCommits(p))(args) }),
	}
}

func (c *call) graphThread(first *ReviewComment) fields {
	var comments []fields
	for _, o := range first.pull.reviewComments {
		if o.root() == first {
			comments = append(comments, c.graphRemark(o))
		}
	}
	subject := map[bool]string{true: "FILE", false: "LINE"}[first.wholeFile]
	resolved := first.resolvedBy != nil
	return fields{
		"__typename": "PullRequestReviewThread", "id": nodeID("PRRT", first.ID), "isResolved": resolved, "isOutdated": first.outdated(),
		"isCollapsed": resolved, "resolvedBy": c.graphActor(first.resolvedBy), "path": first.path, "line": number(first.line),
		"originalLine": number(first.firstLine), "startLine": number(first.startLine), "diffSide": string(first.side), "subjectType": subject,
		"viewerCanResolve":   !resolved && c.mayResolve(first.pull) == nil,
		"viewerCanUnresolve": resolved && c.mayResolve(first.pull) == nil, "comments": connection("comments", comments),
	}
}

func (c *call) graphRemark(o *ReviewComment) fields {
	body := c.graphText("PullRequestReviewComment", o.body, o.author, o.minimized)
	body["reactionGroups"] = c.graphReactions(o.reactions)
	body["id"], body["databaseId"], body["fullDatabaseId"] = nodeID("PRRC", o.ID), o.ID, strconv.Itoa(int(o.ID))
	body["path"], body["line"], body["outdated"], body["diffHunk"] = o.path, number(o.line), o.outdated(), o.hunk
	body["createdAt"], body["updatedAt"], body["lastEditedAt"] = stamp(o.created), stamp(o.updated), edited(times{o.created, o.updated})
	body["url"] = o.pull.page() + "#discussion_r" + strconv.Itoa(int(o.ID))
	return body
}

func (c *call) graphComment(o *Comment) fields {
	body := c.graphText("IssueComment", o.body, o.author, o.minimized)
	body["reactionGroups"] = c.graphReactions(o.reactions)
	body["id"], body["databaseId"], body["fullDatabaseId"] = nodeID("IC", o.ID), o.ID, strconv.Itoa(int(o.ID))
	body["createdAt"], body["updatedAt"], body["lastEditedAt"] = stamp(o.created), stamp(o.updated), edited(times{o.created, o.updated})
	body["url"] = o.pull.page() + "#issuecomment-" + strconv.Itoa(int(o.ID))
	return body
}

func (c *call) graphText(kind, text string, author *User, minimized string) fields {
	return fields{
		"__typename": kind, "body": text, "author": c.graphActor(author), "viewerDidAuthor": author == c.user,
		"isMinimized": minimized != "", "minimizedReason": reason(minimized),
	}
}

func (c *call) graphReview(v *Review) fields {
	return fields{
		"__typename": "PullRequestReview", "id": nodeID("PRR", v.ID), "databaseId": v.ID, "fullDatabaseId": strconv.Itoa(int(v.ID)), "state": v.state,
		"body": v.body, "author": c.graphActor(v.author), "submittedAt": stamp(v.submitted),
		"commit": fields{"__typename": "Commit", "oid": v.commit},
	}
}

func edited(t times) any {
	if t.created.Equal(t.updated) {
		return nil
	}
	return stamp(t.updated)
}

// reason is what a classifier is shown as: OFF_TOPIC as "off-topic".
func reason(classifier string) any {
	return text(strings.ReplaceAll(strings.ToLower(classifier), "_", "-"))
}

// graphNode finds what has the global id, with c.repo set to where it is.
func (c *call) graphNode(id string) fields {
	thread, comment, remark := c.find(id)
	switch {
	case thread != nil:
		return c.graphThread(thread)
	case comment != nil:
		return c.graphComment(comment)
	case remark != nil:
		return c.graphRemark(remark)
	}
	for _, r := range c.s.repos {
		for _, p := range r.pulls {
			if c.repo = r; nodeID("PR", p.ID) == id && (!r.Private || c.sees()) {
				return c.graphPull(p)
			}
		}
	}
	return nil
}

// find finds the thread, the comment or the remark that has the global id.
func (c *call) find(id string) (thread *ReviewComment, comment *Comment, remark *ReviewComment) {
	for _, r := range c.s.repos {
		if c.repo = r; r.Private && !c.sees() {
			continue
		}
		for _, p := range r.pulls {
			for _, o := range p.comments {
				if nodeID("IC", o.ID) == id {
					return nil, o, nil
				}
			}
			for _, o := range p.reviewComments {
				switch {
				case nodeID("PRRT", o.ID) == id && o.replyTo == nil:
					return o, nil, nil
				case nodeID("PRRC", o.ID) == id:
					return nil, nil, o
				}
			}
		}
	}
	return nil, nil, nil
}

func (c *call) forbidden(n need, own bool) *problem {
	if !c.app() && !own && !c.repo.role(c.user).atLeast(n.role) {
		return &problem{"FORBIDDEN", login(c.user) + " does not have the correct permissions to execute this action"}
	}
	if c.token.permissions != nil && (c.token.repo != c.repo && n.write || !c.token.allows(c.repo, n)) {
		return &problem{"FORBIDDEN", c.notAccessible()}
	}
	return nil
}

// mayResolve asks for write permission to the contents of the Action's token:
// that to pull requests is not enough.
func (c *call) mayResolve(p *Pull) *problem {
	c.repo = p.repo
	return c.forbidden(writes("contents").by(Write), c.user == p.author)
}

var classifiers = []string{"ABUSE", "DUPLICATE", "LOW_QUALITY", "OFF_TOPIC", "OUTDATED", "RESOLVED", "SPAM"}

func (c *call) graphMutation() fields {
	return fields{
		"__typename":            "Mutation",
		"minimizeComment":       lazy(func(args map[string]any) (any, *problem) { return c.minimize(args, true) }),
		"unminimizeComment":     lazy(func(args map[string]any) (any, *problem) { return c.minimize(args, false) }),
		"resolveReviewThread":   lazy(func(args map[string]any) (any, *problem) { return c.resolve(args, true) }),
		"unresolveReviewThread": lazy(func(args map[string]any) (any, *problem) { return c.resolve(args, false) }),
	}
}

func unresolvable(id string) *problem {
	return &problem{"NOT_FOUND", "Could not resolve to a node with the global id of '" + id + "'"}
}

func (c *call) minimize(args map[string]any, away bool) (any, *problem) {
	input, _ := args["input"].(map[string]any)
	id, _ := input["subjectId"].(string)
	classifier, _ := input["classifier"].(string)
	if away && !slices.Contains(classifiers, classifier) {
		return fields(nil), &problem{"argumentLiteralsIncompatible", "classifier has an invalid value"}
	}
	if !away {
		classifier = ""
	}
	_, comment, remark := c.find(id)
	var shown fields
	switch {
	case comment != nil:
		if refused := c.forbidden(writes("issues", "pull_requests").by(Write), c.user == comment.author); refused != nil {
			return fields(nil), refused
		}
		comment.minimized = classifier
		shown = c.graphComment(comment)
	case remark != nil:
		if refused := c.forbidden(writes("pull_requests").by(Write), c.user == remark.author); refused != nil {
			return fields(nil), refused
		}
		remark.minimized = classifier
		shown = c.graphRemark(remark)
	default:
		return fields(nil), unresolvable(id)
	}
	field := map[bool]string{true: "minimizedComment", false: "unminimizedComment"}[away]
	return fields{"__typename": "Payload", "clientMutationId": input["clientMutationId"], field: shown}, nil
}

func (c *call) resolve(args map[string]any, done bool) (any, *problem) {
	input, _ := args["input"].(map[string]any)
	id, _ := input["threadId"].(string)
	thread, _, _ := c.find(id)
	if thread == nil {
		return fields(nil), unresolvable(id)
	}
	if refused := c.mayResolve(thread.pull); refused != nil {
		return fields(nil), refused
	}
	thread.resolvedBy = nil
	if done {
		thread.resolvedBy = c.user
	}
	return fields{"__typename": "Payload", "clientMutationId": input["clientMutationId"], "thread": c.graphThread(thread)}, nil
}
