package githubtest

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

type release struct {
	id                      int64
	tag, target, name, body string
	draft, pre              bool
	latest                  string
	by                      *User
	created                 time.Time
}

// Release is a release as a test sees it. Latest is what its maker asked for:
// "true", "false" or "legacy", "" for GitHub's default.
type Release struct {
	Tag, Target, Name, Body string
	Draft, Prerelease       bool
	Latest                  string
	By                      string
}

// Releases returns the releases, drafts too, oldest first.
func (r *Repo) Releases() []Release {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	var list []Release
	for _, each := range r.releases {
		list = append(list, Release{each.tag, each.target, each.name, each.body, each.draft, each.pre, each.latest, login(each.by)})
	}
	return list
}

// Tags returns the tags, each with the id of the object that it is at.
func (r *Repo) Tags() map[string]string {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	tags := map[string]string{}
	for ref, id := range r.refs {
		if name, ok := strings.CutPrefix(ref, "tags/"); ok {
			tags[name] = id
		}
	}
	return tags
}

// Tag makes a tag, or moves it.
func (r *Repo) Tag(name string, by *User, commit string) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	r.server.moveRef(r, "tags/"+name, commit, by)
}

// createTag makes an annotated tag's object; a ref is made by itself.
func createTag(c *call) reply {
	var ask struct {
		Tag, Message, Object, Type string
		Tagger                     *struct {
			Name, Email string
			Date        time.Time
		}
	}
	if bad := c.decode(&ask); bad != nil {
		return *bad
	}
	if !c.object(ask.Object) {
		return *refuse(http.StatusUnprocessableEntity, "Object does not exist")
	}
	sign := Signature{c.user.Login, c.user.Email(), c.s.now()}
	if ask.Tagger != nil {
		sign.Name, sign.Email = ask.Tagger.Name, ask.Tagger.Email
		if !ask.Tagger.Date.IsZero() {
			sign.When = ask.Tagger.Date
		}
	}
	id := c.repo.git.put("tag", fmt.Appendf(nil, "object %s\ntype %s\ntag %s\ntagger %s <%s> %d +0000\n\n%s",
		ask.Object, ask.Type, ask.Tag, sign.Name, sign.Email, sign.When.Unix(), ask.Message))
	return created(map[string]any{
		"sha": id, "node_id": "TA_" + id, "url": c.repo.api() + "/git/tags/" + id, "tag": ask.Tag, "message": ask.Message,
		"tagger": c.s.personJSON(sign), "verification": unsigned,
		"object": map[string]any{"sha": ask.Object, "type": ask.Type, "url": c.repo.api() + "/git/commits/" + ask.Object},
	})
}

func listReleases(c *call) reply {
	newest := []*release{}
	for i := len(c.repo.releases) - 1; i >= 0; i-- {
		newest = append(newest, c.repo.releases[i])
	}
	return list(c, newest, c.releaseJSON)
}

func getReleaseByTag(c *call) reply {
	for _, each := range c.repo.releases {
		if each.tag == c.param("tag") && !each.draft {
			return ok(c.releaseJSON(each))
		}
	}
	return notFound()
}

// createRelease makes the tag too, where it is not there yet.
func createRelease(c *call) reply {
	var ask struct {
		TagName         string `json:"tag_name"`
		TargetCommitish string `json:"target_commitish"`
		Name, Body      string
		Draft           bool
		Prerelease      bool
		MakeLatest      string `json:"make_latest"`
	}
	if bad := c.decode(&ask); bad != nil {
		return *bad
	}
	for _, each := range c.repo.releases {
		if each.tag == ask.TagName && !each.draft {
			return *coded("Release", "tag_name", "already_exists")
		}
	}
	if ask.TargetCommitish == "" {
		ask.TargetCommitish = c.repo.DefaultBranch
	}
	id, found := c.repo.commitAt(ask.TargetCommitish)
	if !found || ask.TagName == "" {
		return *coded("Release", "target_commitish", "invalid")
	}
	if _, tagged := c.repo.refs["tags/"+ask.TagName]; !tagged && !ask.Draft {
		c.s.moveRef(c.repo, "tags/"+ask.TagName, id, c.user)
	}
	made := &release{
		id: c.s.nextID(), tag: ask.TagName, target: ask.TargetCommitish, name: ask.Name, body: ask.Body,
		draft: ask.Draft, pre: ask.Prerelease, latest: ask.MakeLatest, by: c.user, created: c.s.now(),
	}
	c.repo.releases = append(c.repo.releases, made)
	return created(c.releaseJSON(made))
}

func (c *call) releaseJSON(each *release) any {
	api := fmt.Sprintf("%s/releases/%d", c.repo.api(), each.id)
	body := map[string]any{
		"id": each.id, "node_id": nodeID("RE", each.id), "url": api, "assets_url": api + "/assets", "upload_url": api + "/assets{?name,label}",
		"html_url": c.repo.page() + "/releases/tag/" + each.tag, "tag_name": each.tag, "target_commitish": each.target,
		"name": text(each.name), "body": each.body, "draft": each.draft, "prerelease": each.pre, "assets": []any{},
		"created_at": stamp(each.created), "published_at": stamp(each.created), "author": c.s.ghostJSON(each.by),
		"tarball_url": c.repo.api() + "/tarball/" + each.tag, "zipball_url": c.repo.api() + "/zipball/" + each.tag,
	}
	if each.draft {
		body["published_at"] = nil
	}
	return body
}
