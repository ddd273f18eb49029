package githubtest

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func getMe(c *call) reply {
	if c.user == nil {
		return *refuse(http.StatusUnauthorized, "Requires authentication")
	}
	return ok(c.s.publicUser(c.user))
}

func getUser(c *call) reply {
	if u := c.s.userNamed(c.param("username")); u != nil {
		return ok(c.s.publicUser(u))
	}
	return notFound()
}

func getUserByID(c *call) reply {
	for _, u := range c.s.users {
		if u.ID == c.id("account_id") && !u.deleted {
			return ok(c.s.publicUser(u))
		}
	}
	return notFound()
}

// publicUser is an account as its own page shows it.
func (s *Server) publicUser(u *User) any {
	body := s.userJSON(u).(map[string]any)
	for _, field := range []string{"name", "company", "location", "email", "hireable", "bio", "twitter_username"} {
		body[field] = nil
	}
	body["blog"] = ""
	for _, field := range []string{"public_repos", "public_gists", "followers", "following"} {
		body[field] = 0
	}
	body["created_at"], body["updated_at"] = "2020-01-01T00:00:00Z", "2026-01-01T00:00:00Z"
	return body
}

func getRateLimit(c *call) reply {
	limit, _ := strconv.Atoi(c.s.rateHeaders().Get("X-Ratelimit-Limit"))
	rate := map[string]any{"limit": limit, "used": limit - max(c.s.left, 0), "remaining": max(c.s.left, 0), "reset": c.s.now().Unix() + 3300}
	return ok(map[string]any{"resources": map[string]any{"core": rate, "search": rate}, "rate": rate})
}

func getRepo(c *call) reply {
	body := c.s.repoJSON(c.repo)
	if c.user != nil {
		role := c.repo.role(c.user)
		if c.app() {
			role = Read
		}
		body["permissions"] = map[string]bool{
			"admin": role == Admin, "maintain": role.atLeast(Maintain), "push": role.atLeast(Write), "triage": role.atLeast(Triage), "pull": true,
		}
	}
	if c.repo.parent != nil {
		body["parent"], body["source"] = c.s.repoJSON(c.repo.parent), c.s.repoJSON(c.repo.parent)
	}
	return ok(body)
}

// getPermission tells what a person may do. The older field knows four words
// and shows maintain as write and triage as read.
func getPermission(c *call) reply {
	u := c.s.userNamed(c.param("username"))
	if u == nil {
		return *refuse(http.StatusNotFound, c.param("username")+" is not a user")
	}
	if _, known := c.repo.roles[u]; !known && c.repo.StrangersUnknown {
		return notFound()
	}
	role := c.repo.role(u)
	permission := map[Permission]Permission{Maintain: Write, Triage: Read}[role]
	if permission == "" {
		permission = role
	}
	body := c.s.userJSON(u).(map[string]any)
	body["role_name"] = string(role)
	body["permissions"] = map[string]bool{
		"admin": role == Admin, "maintain": role.atLeast(Maintain), "push": role.atLeast(Write), "triage": role.atLeast(Triage), "pull": role.atLeast(Read),
	}
	return ok(map[string]any{"permission": string(permission), "role_name": string(role), "user": body})
}

func getCollaborator(c *call) reply {
	u := c.s.userNamed(c.param("username"))
	if _, is := c.repo.roles[u]; u == nil || !is {
		return notFound()
	}
	return noContent
}

func (c *call) team() ([]*User, bool) {
	o := c.s.org(c.param("org"))
	if o == nil {
		return nil, false
	}
	members, found := o.teams[c.param("team_slug")]
	return members, found
}

func listTeam(c *call) reply {
	members, found := c.team()
	if !found {
		return notFound()
	}
	return list(c, members, c.s.userJSON)
}

func getTeamMember(c *call) reply {
	members, _ := c.team()
	for _, u := range members {
		if strings.EqualFold(u.Login, c.param("username")) {
			return ok(map[string]any{"url": c.s.URL + c.r.URL.Path, "role": "member", "state": "active"})
		}
	}
	return notFound()
}

// commitAt resolves what a parameter or query names: a branch, a tag, a commit.
func (r *Repo) commitAt(name string) (string, bool) {
	name = strings.TrimPrefix(name, "refs/")
	for _, ref := range []string{"heads/" + name, "tags/" + name, name} {
		if id, ok := r.refs[ref]; ok {
			return id, true
		}
	}
	_, ok := r.git.commit(name)
	return name, ok
}

// getContents reads a file or lists a folder. It follows symbolic links within
// the repository, as GitHub does, and gives submodules out as files in lists.
func getContents(c *call) reply {
	ref := c.query("ref")
	if ref == "" {
		ref = c.repo.DefaultBranch
	}
	id, found := c.repo.commitAt(ref)
	if !found {
		return *refuse(http.StatusNotFound, "No commit found for the ref "+ref)
	}
	root, _ := c.repo.git.treeOf(id)
	path := strings.Trim(c.param("path"), "/")
	leaves := c.repo.git.leaves(root)
	if file, is := leaves[path]; is {
		if file.mode == ModeSymlink {
			if target, is := leaves[resolve(path, c.repo.git.text(file))]; is {
				file = target
			}
		}
		return c.contentOf(path, ref, file, true)
	}
	prefix := path + "/"
	if path == "" {
		prefix = ""
	}
	seen, entries := map[string]bool{}, []any{}
	for _, full := range slices.Sorted(keys(leaves)) {
		rest, inside := strings.CutPrefix(full, prefix)
		if !inside {
			continue
		}
		name, _, isFolder := strings.Cut(rest, "/")
		if seen[name] || len(entries) == 1000 {
			continue
		}
		seen[name] = true
		if isFolder {
			entries = append(entries, c.contentJSON(prefix+name, ref, "dir", "", 0))
			continue
		}
		entries = append(entries, c.contentOf(full, ref, leaves[full], false).body)
	}
	if len(entries) == 0 {
		return notFound()
	}
	return ok(entries)
}

// resolve returns where a link leads, by its own place.
func resolve(path, target string) string {
	parts := strings.Split(path, "/")
	parts = parts[:len(parts)-1]
	for step := range strings.SplitSeq(target, "/") {
		switch step {
		case "", ".":
		case "..":
			parts = parts[:max(len(parts)-1, 0)]
		default:
			parts = append(parts, step)
		}
	}
	return strings.Join(parts, "/")
}

func keys[V any](m map[string]V) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func (c *call) contentJSON(path, ref, kind, id string, size int) map[string]any {
	name := path[strings.LastIndex(path, "/")+1:]
	api := c.repo.api() + "/contents/" + escapePath(path) + "?ref=" + ref
	page := c.repo.page() + "/blob/" + ref + "/" + escapePath(path)
	git := c.repo.api() + "/git/blobs/" + id
	return map[string]any{
		"type": kind, "name": name, "path": path, "sha": id, "size": size, "url": api, "html_url": page, "git_url": git,
		"download_url": nil, "_links": map[string]any{"self": api, "git": git, "html": page},
	}
}

func (c *call) contentOf(path, ref string, file leaf, single bool) reply {
	data, _ := c.repo.git.get(file.id, "blob")
	kind := map[string]string{ModeSymlink: "symlink", ModeSubmodule: "file"}[file.mode]
	if kind == "" {
		kind = "file"
	}
	if single && strings.Contains(c.r.Header.Get("Accept"), "raw") {
		return reply{status: http.StatusOK, raw: data, header: http.Header{"Content-Type": {"application/vnd.github.raw; charset=utf-8"}}}
	}
	body := c.contentJSON(path, ref, kind, file.id, len(data))
	switch {
	case !single:
	case file.mode == ModeSymlink:
		body["target"] = string(data)
	case file.mode == ModeSubmodule:
		body["type"], body["submodule_git_url"] = "submodule", "git://example.com/module.git"
	case len(data) > 1<<20:
		body["content"], body["encoding"] = "", "none"
	default:
		body["content"], body["encoding"] = wrap64(data), "base64"
	}
	return ok(body)
}

// wrap64 breaks lines after 60 characters, as GitHub does.
func wrap64(data []byte) string {
	var b strings.Builder
	for plain := base64.StdEncoding.EncodeToString(data); plain != ""; {
		n := min(60, len(plain))
		b.WriteString(plain[:n] + "\n")
		plain = plain[n:]
	}
	return b.String()
}
