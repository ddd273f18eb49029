package githubtest

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (c *call) entryJSON(path string, e treeEntry) map[string]any {
	kind, under := "blob", "/git/blobs/"
	switch e.mode {
	case modeTree:
		kind, under = "tree", "/git/trees/"
	case ModeSubmodule:
		return map[string]any{"path": path, "mode": e.mode, "type": "commit", "sha": e.id}
	}
	body := map[string]any{"path": path, "mode": e.mode, "type": kind, "sha": e.id, "url": c.repo.api() + under + e.id}
	if data, ok := c.repo.git.get(e.id, "blob"); ok {
		body["size"] = len(data)
	}
	return body
}

// getTree lists a tree, by its id or that of a commit, or a branch's name. Any
// value of recursive, "0" and "false" too, lists what is below as well.
func getTree(c *call) reply {
	name := c.param("tree_sha")
	if id, found := c.repo.commitAt(name); found {
		name = id
	}
	id, found := c.repo.git.treeOf(name)
	if !found {
		return notFound()
	}
	limit := maxTreeEntries
	if c.repo.TreeLimit > 0 {
		limit = c.repo.TreeLimit
	}
	entries, truncated := []any{}, false
	add := func(path string, e treeEntry) {
		if len(entries) == limit {
			truncated = true
			return
		}
		entries = append(entries, c.entryJSON(path, e))
	}
	if c.r.URL.Query().Has("recursive") {
		c.repo.git.walk(id, "", add)
	} else {
		direct, _ := c.repo.git.tree(id)
		for _, e := range direct {
			entries = append(entries, c.entryJSON(e.name, e))
		}
	}
	return ok(map[string]any{"sha": id, "url": c.repo.api() + "/git/trees/" + id, "tree": entries, "truncated": truncated})
}

func createTree(c *call) reply {
	var ask struct {
		BaseTree string `json:"base_tree"`
		Tree     []struct {
			Path, Mode, Type string
			SHA              *string
			Content          *string
		}
	}
	if bad := c.decode(&ask); bad != nil {
		return *bad
	}
	git := c.repo.git
	all := map[string]leaf{}
	if ask.BaseTree != "" {
		base, found := git.treeOf(ask.BaseTree)
		if !found {
			return *unprocessable("base_tree is not a valid tree")
		}
		all = git.leaves(base)
	}
	for _, e := range ask.Tree {
		switch {
		case e.Path == "" || strings.HasPrefix(e.Path, "/") || slices.Contains(strings.Split(e.Path, "/"), ".."):
			return *unprocessable("tree.path contains a malformed path component")
		case !slices.Contains([]string{ModeFile, ModeExecutable, ModeSymlink, ModeSubmodule, modeTree}, e.Mode):
			return *unprocessable("Must supply a valid tree.mode")
		}
		for path := range all { // whatever was at the path or below it goes
			if path == e.Path || strings.HasPrefix(path, e.Path+"/") {
				delete(all, path)
			}
		}
		switch {
		case e.Content != nil:
			all[e.Path] = leaf{e.Mode, git.put("blob", []byte(*e.Content))}
		case e.SHA == nil:
			// A null id removes the path.
		case e.Mode == modeTree:
			for path, l := range git.leaves(*e.SHA) {
				all[e.Path+"/"+path] = l
			}
		default:
			if _, found := git.get(*e.SHA, "blob"); !found && e.Mode != ModeSubmodule {
				return *unprocessable("tree.sha " + *e.SHA + " is not a valid blob")
			}
			all[e.Path] = leaf{e.Mode, *e.SHA}
		}
	}
	id := git.writeTree(all)
	direct, _ := git.tree(id)
	entries := []any{}
	for _, e := range direct {
		entries = append(entries, c.entryJSON(e.name, e))
	}
	return created(map[string]any{"sha": id, "url": c.repo.api() + "/git/trees/" + id, "tree": entries, "truncated": false})
}

func getBlob(c *call) reply {
	id := c.param("file_sha")
	data, found := c.repo.git.get(id, "blob")
	if !found {
		return notFound()
	}
	if strings.Contains(c.r.Header.Get("Accept"), "raw") {
		return reply{status: http.StatusOK, raw: data, header: http.Header{"Content-Type": {"application/vnd.github.raw; charset=utf-8"}}}
	}
	return ok(map[string]any{
		"sha": id, "node_id": "B_" + id, "size": len(data), "url": c.repo.api() + "/git/blobs/" + id,
		"content": wrap64(data), "encoding": "base64",
	})
}

func createBlob(c *call) reply {
	ask := struct{ Content, Encoding string }{Encoding: "utf-8"}
	if bad := c.decode(&ask); bad != nil {
		return *bad
	}
	data := []byte(ask.Content)
	if ask.Encoding == "base64" {
		var err error
		if data, err = base64.StdEncoding.DecodeString(ask.Content); err != nil {
			return *unprocessable("content is not valid Base64")
		}
	}
	id := c.repo.git.put("blob", data)
	return created(map[string]any{"sha": id, "url": c.repo.api() + "/git/blobs/" + id})
}

func getGitCommit(c *call) reply {
	if _, found := c.repo.git.commit(c.param("commit_sha")); !found {
		return notFound()
	}
	return ok(c.s.gitCommitJSON(c.repo, c.param("commit_sha")))
}

func createCommit(c *call) reply {
	type person struct {
		Name, Email string
		Date        time.Time
	}
	var ask struct {
		Message, Tree     string
		Parents           []string
		Author, Committer *person
	}
	if bad := c.decode(&ask); bad != nil {
		return *bad
	}
	if _, found := c.repo.git.tree(ask.Tree); !found {
		return *unprocessable("Tree SHA does not exist")
	}
	for _, parent := range ask.Parents {
		if _, found := c.repo.git.commit(parent); !found {
			return *unprocessable("Parent SHA does not exist or is not a commit object")
		}
	}
	now := c.s.now()
	sign := func(p *person, otherwise Signature) Signature {
		if p == nil {
			return otherwise
		}
		if p.Date.IsZero() {
			p.Date = now
		}
		return Signature{p.Name, p.Email, p.Date}
	}
	author := sign(ask.Author, Signature{c.user.Login, c.user.Email(), now})
	id := c.repo.git.putCommit(commit{
		tree: ask.Tree, parents: ask.Parents, message: ask.Message, author: author, committer: sign(ask.Committer, author),
	})
	return created(c.s.gitCommitJSON(c.repo, id))
}

func (c *call) refJSON(ref, id string) any {
	kind, under := "commit", "/git/commits/"
	if _, is := c.repo.git.get(id, "tag"); is {
		kind, under = "tag", "/git/tags/"
	}
	return map[string]any{
		"ref": "refs/" + ref, "node_id": "REF_" + escape(ref), "url": c.repo.api() + "/git/refs/" + ref,
		"object": map[string]any{"type": kind, "sha": id, "url": c.repo.api() + under + id},
	}
}

func getRef(c *call) reply {
	ref := c.param("ref")
	id, found := c.repo.refs[ref]
	if number, is := strings.CutPrefix(ref, "pull/"); is { // refs that GitHub keeps itself
		n, _ := strconv.ParseInt(strings.TrimSuffix(number, "/head"), 10, 64)
		if p := c.repo.pull(n); p != nil && strings.HasSuffix(number, "/head") {
			id, found = p.headSHA, true
		}
	}
	if !found {
		return notFound()
	}
	return ok(c.refJSON(ref, id))
}

func listRefs(c *call) reply {
	var names []string
	for _, ref := range slices.Sorted(keys(c.repo.refs)) {
		if strings.HasPrefix(ref, c.param("ref")) {
			names = append(names, ref)
		}
	}
	return list(c, names, func(ref string) any { return c.refJSON(ref, c.repo.refs[ref]) })
}

func createRef(c *call) reply {
	var ask struct{ Ref, SHA string }
	if bad := c.decode(&ask); bad != nil {
		return *bad
	}
	ref, full := strings.CutPrefix(ask.Ref, "refs/")
	if !full || strings.Count(ref, "/") < 1 {
		return *refuse(http.StatusUnprocessableEntity, "Reference name must start with 'refs/' and have at least two slashes.")
	}
	if !c.object(ask.SHA) {
		return *refuse(http.StatusUnprocessableEntity, "Object does not exist")
	}
	if _, exists := c.repo.refs[ref]; exists {
		return *refuse(http.StatusUnprocessableEntity, "Reference already exists")
	}
	c.s.moveRef(c.repo, ref, ask.SHA, c.user)
	return created(c.refJSON(ref, ask.SHA))
}

func (c *call) object(id string) bool {
	_, isCommit := c.repo.git.get(id, "commit")
	_, isTag := c.repo.git.get(id, "tag")
	return isCommit || isTag
}

func updateRef(c *call) reply {
	var ask struct {
		SHA   string
		Force bool
	}
	if bad := c.decode(&ask); bad != nil {
		return *bad
	}
	ref := c.param("ref")
	now, exists := c.repo.refs[ref]
	switch {
	case !exists:
		return *refuse(http.StatusUnprocessableEntity, "Reference does not exist")
	case !c.object(ask.SHA):
		return *refuse(http.StatusUnprocessableEntity, "Object does not exist")
	case !ask.Force && !c.repo.git.contains(ask.SHA, now):
		return *refuse(http.StatusUnprocessableEntity, "Update is not a fast forward")
	}
	c.s.moveRef(c.repo, ref, ask.SHA, c.user)
	return ok(c.refJSON(ref, ask.SHA))
}

func deleteRef(c *call) reply {
	if _, exists := c.repo.refs[c.param("ref")]; !exists {
		return *refuse(http.StatusUnprocessableEntity, "Reference does not exist")
	}
	c.s.dropRef(c.repo, c.param("ref"), c.user)
	return noContent
}
