package githubtest

import (
	"fmt"
	"net/url"
	"strings"
)

func escape(name string) string { return url.PathEscape(name) }

func escapePath(path string) string {
	return strings.ReplaceAll(url.PathEscape(path), "%2F", "/")
}

func (p *Pull) api() string   { return fmt.Sprintf("%s/pulls/%d", p.repo.api(), p.Number) }
func (p *Pull) issue() string { return fmt.Sprintf("%s/issues/%d", p.repo.api(), p.Number) }
func (p *Pull) page() string  { return fmt.Sprintf("%s/pull/%d", p.repo.page(), p.Number) }

// pullJSON is a pull request; full as it is shown by itself, and less in lists.
func (s *Server) pullJSON(p *Pull, full bool) map[string]any {
	link := func(href string) any { return map[string]any{"href": href} }
	side := func(r *Repo, owner, branch, sha string) map[string]any {
		body := map[string]any{"label": owner + ":" + branch, "ref": branch, "sha": sha, "repo": nil, "user": nil}
		if r != nil && !r.deleted {
			body["repo"], body["user"] = s.repoJSON(r), s.ownerJSON(r)
		}
		return body
	}
	reviewers := []any{}
	for _, u := range p.requestedReviewers {
		reviewers = append(reviewers, s.ghostJSON(u))
	}
	head := side(p.headRepo, p.headOwner(), p.head, p.headSHA)
	if p.gone() {
		head["label"], head["user"] = "unknown:"+p.head, s.ghostJSON(p.author)
	}
	body := map[string]any{
		"id": p.ID, "node_id": nodeID("PR", p.ID), "number": p.Number, "state": p.state, "locked": p.locked, "draft": p.draft,
		"title": p.title, "body": text(p.body), "user": s.ghostJSON(p.author), "labels": s.labelsJSON(p),
		"created_at": stamp(p.created), "updated_at": stamp(p.updated), "closed_at": stamp(p.closed), "merged_at": stamp(p.mergedAt),
		"merge_commit_sha": text(p.mergeCommit), "assignee": nil, "assignees": []any{}, "milestone": nil, "auto_merge": nil,
		"active_lock_reason": nil, "requested_reviewers": reviewers, "requested_teams": []any{}, "author_association": p.repo.association(p.author),
		"head": head, "base": side(p.repo, p.repo.Owner, p.base, p.baseSHA),
		"url": p.api(), "html_url": p.page(), "diff_url": p.page() + ".diff", "patch_url": p.page() + ".patch",
		"issue_url": p.issue(), "commits_url": p.api() + "/commits", "comments_url": p.issue() + "/comments",
		"review_comments_url": p.api() + "/comments", "review_comment_url": p.repo.api() + "/pulls/comments{/number}",
		"statuses_url": p.repo.api() + "/statuses/" + p.headSHA,
		"_links": map[string]any{
			"self": link(p.api()), "html": link(p.page()), "issue": link(p.issue()), "comments": link(p.issue() + "/comments"),
			"review_comments": link(p.api() + "/comments"), "review_comment": link(p.repo.api() + "/pulls/comments{/number}"),
			"commits": link(p.api() + "/commits"), "statuses": link(p.repo.api() + "/statuses/" + p.headSHA),
		},
	}
	if full {
		s.addDetails(p, body)
	}
	return body
}

func (s *Server) addDetails(p *Pull, body map[string]any) {
	added, deleted, files := 0, 0, p.files(p.headSHA)
	for _, d := range files {
		added, deleted = added+d.additions, deleted+d.deletions
	}
	body["additions"], body["deletions"], body["changed_files"] = added, deleted, len(files)
	body["commits"], body["comments"], body["review_comments"] = len(p.commits()), len(p.comments), len(p.reviewComments)
	body["merged"], body["merged_by"], body["maintainer_can_modify"] = !p.mergedAt.IsZero(), s.userJSON(p.mergedBy), false
	body["mergeable"], body["rebaseable"], body["mergeable_state"] = nil, nil, "unknown"
	if p.state != "open" {
		return
	}
	body["mergeable"], body["rebaseable"], body["mergeable_state"] = true, true, "clean"
	switch {
	case p.conflicts():
		body["mergeable"], body["rebaseable"], body["mergeable_state"] = false, false, "dirty"
	case p.draft:
		body["mergeable_state"] = "draft"
	}
}

// issueJSON is the pull request as the issue that it also is.
func (s *Server) issueJSON(p *Pull) map[string]any {
	return map[string]any{
		"id": p.ID, "node_id": nodeID("PR", p.ID), "number": p.Number, "state": p.state, "locked": p.locked, "title": p.title,
		"body": text(p.body), "user": s.userJSON(p.author), "labels": s.labelsJSON(p), "assignee": nil, "assignees": []any{},
		"milestone": nil, "active_lock_reason": nil, "comments": len(p.comments), "reactions": rollup(p.issue(), nil), "author_association": p.repo.association(p.author), "draft": p.draft,
		"created_at": stamp(p.created), "updated_at": stamp(p.updated), "closed_at": stamp(p.closed),
		"url": p.issue(), "repository_url": p.repo.api(), "labels_url": p.issue() + "/labels{/name}", "comments_url": p.issue() + "/comments",
		"events_url": p.issue() + "/events", "html_url": p.page(),
		"pull_request": map[string]any{
			"url": p.api(), "html_url": p.page(), "diff_url": p.page() + ".diff", "patch_url": p.page() + ".patch", "merged_at": stamp(p.mergedAt),
		},
	}
}

// appJSON is the app whose token wrote something, or null.
func (s *Server) appJSON(via bool) any {
	if !via {
		return nil
	}
	return map[string]any{
		"id": 15368, "slug": "github-actions", "node_id": "A_15368", "name": "GitHub Actions", "client_id": "Iv1.actions",
		"owner": s.accountJSON("github", 9919, "Organization"), "description": "Automate your workflow from idea to production",
		"external_url": "https://help.github.com/en/actions", "html_url": web + "/apps/github-actions",
		"created_at": "2018-07-30T09:30:17Z", "updated_at": "2024-04-10T20:33:16Z",
		"permissions": map[string]string{"contents": "write", "metadata": "read"}, "events": []string{},
	}
}

func (s *Server) commentJSON(c *Comment) any {
	p := c.pull
	api := fmt.Sprintf("%s/issues/comments/%d", p.repo.api(), c.ID)
	return map[string]any{
		"id": c.ID, "node_id": nodeID("IC", c.ID), "url": api, "html_url": fmt.Sprintf("%s#issuecomment-%d", p.page(), c.ID),
		"issue_url": p.issue(), "user": s.userJSON(c.author), "body": c.body, "created_at": stamp(c.created), "updated_at": stamp(c.updated),
		"author_association": p.repo.association(c.author), "performed_via_github_app": s.appJSON(c.viaApp), "reactions": rollup(api, c.reactions),
	}
}

// contents are the reactions that GitHub has.
var contents = []string{"+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"}

func rollup(api string, reactions []reaction) any {
	body := map[string]any{"url": api + "/reactions", "total_count": len(reactions)}
	for _, content := range contents {
		body[content] = 0
	}
	for _, r := range reactions {
		body[r.content] = body[r.content].(int) + 1
	}
	return body
}

func (s *Server) reactionJSON(r reaction) any {
	return map[string]any{
		"id": r.id, "node_id": nodeID("REA", r.id), "user": s.userJSON(r.by), "content": r.content, "created_at": stamp(r.created),
	}
}

func (s *Server) reviewJSON(v *Review) map[string]any {
	page := fmt.Sprintf("%s#pullrequestreview-%d", v.pull.page(), v.ID)
	body := map[string]any{
		"id": v.ID, "node_id": nodeID("PRR", v.ID), "user": s.userJSON(v.author), "body": v.body, "state": v.state, "commit_id": v.commit,
		"html_url": page, "pull_request_url": v.pull.api(), "author_association": v.pull.repo.association(v.author),
		"_links": map[string]any{"html": map[string]any{"href": page}, "pull_request": map[string]any{"href": v.pull.api()}},
	}
	if !v.submitted.IsZero() {
		body["submitted_at"], body["updated_at"] = stamp(v.submitted), stamp(v.updated)
	}
	return body
}

// remarkJSON is a remark in the diff. An outdated one has null for its line.
func (s *Server) remarkJSON(c *ReviewComment) map[string]any {
	p := c.pull
	api, page := fmt.Sprintf("%s/pulls/comments/%d", p.repo.api(), c.ID), fmt.Sprintf("%s#discussion_r%d", p.page(), c.ID)
	body := map[string]any{
		"id": c.ID, "node_id": nodeID("PRRC", c.ID), "pull_request_review_id": c.review.ID, "url": api, "html_url": page,
		"pull_request_url": p.api(), "user": s.ghostJSON(c.author), "body": c.body, "path": c.path, "diff_hunk": c.hunk,
		"commit_id": c.commit, "original_commit_id": c.firstCommit, "position": number(c.position), "original_position": c.firstPos,
		"line": number(c.line), "original_line": number(c.firstLine), "start_line": number(c.startLine),
		"original_start_line": number(c.firstStart), "side": string(c.side), "start_side": text(string(c.startSide)), "subject_type": "line",
		"created_at": stamp(c.created), "updated_at": stamp(c.updated), "author_association": p.repo.association(c.author),
		"reactions": rollup(api, c.reactions),
		"_links": map[string]any{
			"self": map[string]any{"href": api}, "html": map[string]any{"href": page}, "pull_request": map[string]any{"href": p.api()},
		},
	}
	if c.wholeFile {
		body["subject_type"] = "file"
	}
	if c.replyTo != nil {
		body["in_reply_to_id"] = c.replyTo.ID
	}
	return body
}
