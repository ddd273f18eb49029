package githubtest

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// The functions in this file and in render_*.go write GitHub's JSON, with every
// field that its description of the API requires.

const web = "https://github.com"

func nodeID(kind string, id int64) string {
	return kind + "_" + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%012d", id))
}

func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// text is a string, or null for none.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func number(n int) any {
	if n == 0 {
		return nil
	}
	return n
}

// userJSON is an account; one that is gone is null.
func (s *Server) userJSON(u *User) any {
	if u == nil || u.deleted {
		return nil
	}
	return s.accountJSON(u.Login, u.ID, u.Type)
}

// ghostJSON is an account where GitHub allows no null: one that is gone is
// the user "ghost".
func (s *Server) ghostJSON(u *User) any {
	if u == nil || u.deleted {
		return s.accountJSON("ghost", 10137, "User")
	}
	return s.userJSON(u)
}

func (s *Server) accountJSON(login string, id int64, kind string) any {
	api := s.URL + "/users/" + strings.ReplaceAll(strings.ReplaceAll(login, "[", "%5B"), "]", "%5D")
	page := web + "/" + login
	if kind == "Bot" {
		page = web + "/apps/" + strings.TrimSuffix(login, "[bot]")
	}
	return map[string]any{
		"login": login, "id": id, "node_id": nodeID("U", id), "type": kind, "site_admin": false, "user_view_type": "public",
		"avatar_url": fmt.Sprintf("https://avatars.githubusercontent.com/u/%d?v=4", id), "gravatar_id": "",
		"url": api, "html_url": page, "followers_url": api + "/followers", "following_url": api + "/following{/other_user}",
		"gists_url": api + "/gists{/gist_id}", "starred_url": api + "/starred{/owner}{/repo}",
		"subscriptions_url": api + "/subscriptions", "organizations_url": api + "/orgs", "repos_url": api + "/repos",
		"events_url": api + "/events{/privacy}", "received_events_url": api + "/received_events",
	}
}

func (s *Server) ownerJSON(r *Repo) any {
	if r.owner != nil {
		return s.ghostJSON(r.owner)
	}
	return s.accountJSON(r.org.Login, r.org.ID, "Organization")
}

func (r *Repo) api() string  { return r.server.URL + "/repos/" + r.Owner + "/" + r.Name }
func (r *Repo) page() string { return web + "/" + r.Owner + "/" + r.Name }

// repoJSON is a repository, by the longest of the forms that GitHub has.
func (s *Server) repoJSON(r *Repo) map[string]any {
	api, full, open := r.api(), r.Owner+"/"+r.Name, 0
	for _, p := range r.pulls {
		if p.state == "open" {
			open++
		}
	}
	visibility := "public"
	if r.Private {
		visibility = "private"
	}
	body := map[string]any{
		"id": r.ID, "node_id": nodeID("R", r.ID), "name": r.Name, "full_name": full, "owner": s.ownerJSON(r),
		"private": r.Private, "visibility": visibility, "description": nil, "fork": r.parent != nil, "url": api, "html_url": r.page(),
		"default_branch": r.DefaultBranch, "archived": false, "disabled": false, "homepage": nil, "language": nil, "license": nil,
		"mirror_url": nil, "size": 1, "forks": 0, "forks_count": 0, "stargazers_count": 0, "watchers": 0, "watchers_count": 0,
		"open_issues": open, "open_issues_count": open, "network_count": 0, "subscribers_count": 0,
		"has_issues": true, "has_projects": true, "has_wiki": true, "has_pages": false, "has_discussions": false, "has_downloads": true,
		"allow_forking": true, "allow_merge_commit": true, "allow_squash_merge": true, "allow_rebase_merge": true,
		"allow_auto_merge": false, "delete_branch_on_merge": false, "is_template": false, "topics": []string{}, "web_commit_signoff_required": false,
		"created_at": stamp(r.created), "updated_at": stamp(r.pushed), "pushed_at": stamp(r.pushed),
		"clone_url": r.page() + ".git", "svn_url": r.page(), "ssh_url": "git@github.com:" + full + ".git", "git_url": "git://github.com/" + full + ".git",
	}
	for field, tail := range repoLinks {
		body[field] = api + tail
	}
	return body
}

var repoLinks = map[string]string{
	"archive_url": "/{archive_format}{/ref}", "assignees_url": "/assignees{/user}", "blobs_url": "/git/blobs{/sha}",
	"branches_url": "/branches{/branch}", "collaborators_url": "/collaborators{/collaborator}", "comments_url": "/comments{/number}",
	"commits_url": "/commits{/sha}", "compare_url": "/compare/{base}...{head}", "contents_url": "/contents/{+path}",
	"contributors_url": "/contributors", "deployments_url": "/deployments", "downloads_url": "/downloads", "events_url": "/events",
	"forks_url": "/forks", "git_commits_url": "/git/commits{/sha}", "git_refs_url": "/git/refs{/sha}", "git_tags_url": "/git/tags{/sha}",
	"hooks_url": "/hooks", "issue_comment_url": "/issues/comments{/number}", "issue_events_url": "/issues/events{/number}",
	"issues_url": "/issues{/number}", "keys_url": "/keys{/key_id}", "labels_url": "/labels{/name}", "languages_url": "/languages",
	"merges_url": "/merges", "milestones_url": "/milestones{/number}", "notifications_url": "/notifications{?since,all,participating}",
	"pulls_url": "/pulls{/number}", "releases_url": "/releases{/id}", "stargazers_url": "/stargazers", "statuses_url": "/statuses/{sha}",
	"subscribers_url": "/subscribers", "subscription_url": "/subscription", "tags_url": "/tags", "teams_url": "/teams", "trees_url": "/git/trees{/sha}",
}

func (s *Server) labelJSON(r *Repo, l *label) any {
	return map[string]any{
		"id": l.id, "node_id": nodeID("LA", l.id), "url": r.api() + "/labels/" + escape(l.name), "name": l.name,
		"description": text(l.description), "color": l.color, "default": l.standard,
	}
}

func (s *Server) labelsJSON(p *Pull) []any {
	list := []any{}
	for _, l := range p.labels {
		list = append(list, s.labelJSON(p.repo, l))
	}
	return list
}

func (s *Server) statusJSON(r *Repo, st *status) any {
	return map[string]any{
		"url": r.api() + "/statuses/" + st.commit, "id": st.id, "node_id": nodeID("SC", st.id), "state": st.state,
		"description": text(st.description), "target_url": text(st.target), "context": st.context,
		"avatar_url": fmt.Sprintf("https://avatars.githubusercontent.com/in/%d?v=4", 15368),
		"created_at": stamp(st.created), "updated_at": stamp(st.created), "creator": s.userJSON(st.by),
	}
}

func (s *Server) personJSON(sign Signature) map[string]any {
	return map[string]any{"name": sign.Name, "email": sign.Email, "date": stamp(sign.When)}
}

// byEmail finds the account that GitHub shows beside a commit.
func (s *Server) byEmail(email string) *User {
	for _, u := range s.users {
		if u.Address != "" && strings.EqualFold(u.Address, email) {
			return u
		}
		if strings.EqualFold(u.Email(), email) || strings.HasPrefix(email, fmt.Sprint(u.ID, "+")) && strings.HasSuffix(email, "@users.noreply.github.com") {
			return u
		}
	}
	return nil
}

var unsigned = map[string]any{"verified": false, "reason": "unsigned", "signature": nil, "payload": nil, "verified_at": nil}

func (s *Server) parentsJSON(r *Repo, c commit, under string) []any {
	list := []any{}
	for _, parent := range c.parents {
		list = append(list, map[string]any{"sha": parent, "url": r.api() + under + parent, "html_url": r.page() + "/commit/" + parent})
	}
	return list
}

// gitCommitJSON is a commit as the Git data endpoints show it.
func (s *Server) gitCommitJSON(r *Repo, id string) any {
	c, _ := r.git.commit(id)
	return map[string]any{
		"sha": id, "node_id": "C_" + id, "url": r.api() + "/git/commits/" + id, "html_url": r.page() + "/commit/" + id,
		"author": s.personJSON(c.author), "committer": s.personJSON(c.committer), "message": c.message,
		"tree":    map[string]any{"sha": c.tree, "url": r.api() + "/git/trees/" + c.tree},
		"parents": s.parentsJSON(r, c, "/git/commits/"), "verification": unsigned,
	}
}

// commitJSON is a commit as the other endpoints show it, with the accounts.
func (s *Server) commitJSON(r *Repo, id string) map[string]any {
	c, _ := r.git.commit(id)
	return map[string]any{
		"sha": id, "node_id": "C_" + id, "url": r.api() + "/commits/" + id, "html_url": r.page() + "/commit/" + id,
		"comments_url": r.api() + "/commits/" + id + "/comments",
		"commit": map[string]any{
			"author": s.personJSON(c.author), "committer": s.personJSON(c.committer), "message": c.message, "comment_count": 0,
			"tree": map[string]any{"sha": c.tree, "url": r.api() + "/git/trees/" + c.tree},
			"url":  r.api() + "/git/commits/" + id, "verification": unsigned,
		},
		"author": s.userJSON(s.byEmail(c.author.Email)), "committer": s.userJSON(s.byEmail(c.committer.Email)),
		"parents": s.parentsJSON(r, c, "/commits/"),
	}
}

// fileJSON is one changed file. Without its patch its counts are 0 too, and
// nothing says that something is left out.
func (s *Server) fileJSON(r *Repo, head string, d *fileDiff, withPatch bool) any {
	at := func(under string) string { return r.page() + under + head + "/" + escapePath(d.path) }
	id := d.after.id
	if d.status == "removed" {
		id = d.before.id
	}
	body := map[string]any{
		"sha": id, "filename": d.path, "status": d.status, "additions": 0, "deletions": 0, "changes": 0,
		"blob_url": at("/blob/"), "raw_url": at("/raw/"), "contents_url": r.api() + "/contents/" + escapePath(d.path) + "?ref=" + head,
	}
	if withPatch && d.patch != "" {
		body["additions"], body["deletions"], body["changes"], body["patch"] = d.additions, d.deletions, d.additions+d.deletions, d.patch
	}
	if d.previous != "" {
		body["previous_filename"] = d.previous
	}
	return body
}
