package githubtest

import (
	"maps"
	"slices"
	"strings"
)

// Event is something that starts workflows. Nothing that is done with the
// Action's own token is one.
type Event struct {
	// Name and Action are those of the webhook: "pull_request", "opened". The
	// payload of "pull_request_target" is that of "pull_request".
	Name, Action string
	Repo         string // owner/name
	Pull         int    // 0 when it is about none
	Payload      map[string]any
}

// Events lists what would have started workflows, oldest first.
func (s *Server) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

func (s *Server) emit(r *Repo, name, action string, by *User, payload map[string]any) {
	if by == s.actions {
		return
	}
	payload["repository"], payload["sender"] = s.repoJSON(r), s.ghostJSON(by)
	if action != "" {
		payload["action"] = action
	}
	s.events = append(s.events, Event{Name: name, Action: action, Repo: r.Owner + "/" + r.Name, Payload: payload})
}

func (s *Server) emitPull(p *Pull, action string, by *User) {
	s.emitAbout(p, "pull_request", action, by, nil)
}

// emitAbout emits an event about a pull request.
func (s *Server) emitAbout(p *Pull, name, action string, by *User, more map[string]any) {
	if by == s.actions {
		return
	}
	payload := map[string]any{"number": p.Number}
	if strings.HasPrefix(name, "pull_request") {
		payload["pull_request"] = s.pullJSON(p, name == "pull_request")
	} else {
		payload["issue"] = s.issueJSON(p)
	}
	maps.Copy(payload, more)
	s.emit(p.repo, name, action, by, payload)
	s.events[len(s.events)-1].Pull = p.Number
}

// from is how an event tells what something was before.
func from(was string) any { return map[string]any{"from": was} }

// emitReview emits an event about a review, whose state is in small letters in
// events and in capitals everywhere else.
func (s *Server) emitReview(v *Review, action string, by *User, more map[string]any) {
	review := s.reviewJSON(v)
	review["state"] = strings.ToLower(v.state)
	payload := map[string]any{"review": review}
	maps.Copy(payload, more)
	s.emitAbout(v.pull, "pull_request_review", action, by, payload)
}

const noCommit = "0000000000000000000000000000000000000000"

func (s *Server) emitPush(r *Repo, ref, before, after string, by *User) {
	if by == s.actions {
		return
	}
	payload := map[string]any{
		"ref": "refs/" + ref, "before": before, "after": after, "created": before == noCommit, "deleted": after == noCommit,
		"forced": before != noCommit && after != noCommit && !r.git.contains(after, before), "base_ref": nil,
		"compare": r.page() + "/compare/" + before + "..." + after, "commits": []any{}, "head_commit": nil,
		"pusher": map[string]any{"name": login(by), "email": by.Email()},
	}
	if _, is := r.git.commit(after); is {
		commits := []any{}
		for _, id := range r.git.since(before, after) {
			commits = append(commits, s.pushedJSON(r, id))
		}
		payload["commits"], payload["head_commit"] = commits[max(0, len(commits)-2048):], s.pushedJSON(r, after)
	}
	s.emit(r, "push", "", by, payload)
	s.events[len(s.events)-1].Payload["repository"].(map[string]any)["pushed_at"] = r.pushed.Unix()
}

// pushedJSON is a commit with the paths that it changed.
func (s *Server) pushedJSON(r *Repo, id string) any {
	c, _ := r.git.commit(id)
	person := func(sign Signature) any {
		body := map[string]any{"name": sign.Name, "email": sign.Email}
		if u := s.byEmail(sign.Email); u != nil {
			body["username"] = u.Login
		}
		return body
	}
	before := r.git.writeTree(nil)
	if len(c.parents) > 0 {
		before, _ = r.git.treeOf(c.parents[0])
	}
	paths := map[string][]string{"added": {}, "removed": {}, "modified": {}}
	for _, d := range r.git.diff(before, c.tree) {
		switch d.status {
		case "added", "removed":
			paths[d.status] = append(paths[d.status], d.path)
		case "renamed":
			paths["added"], paths["removed"] = append(paths["added"], d.path), append(paths["removed"], d.previous)
		default:
			paths["modified"] = append(paths["modified"], d.path)
		}
	}
	return map[string]any{
		"id": id, "tree_id": c.tree, "distinct": true, "message": c.message, "timestamp": stamp(c.committer.When), "url": r.page() + "/commit/" + id,
		"author": person(c.author), "committer": person(c.committer), "added": paths["added"], "removed": paths["removed"], "modified": paths["modified"],
	}
}

func (s *Server) emitStatus(r *Repo, st *status) {
	branches := []any{}
	for _, ref := range slices.Sorted(keys(r.refs)) {
		name, is := strings.CutPrefix(ref, "heads/")
		if is && len(branches) < 10 && r.git.contains(r.refs[ref], st.commit) {
			branches = append(branches, map[string]any{
				"name": name, "protected": false, "commit": map[string]any{"sha": r.refs[ref], "url": r.api() + "/commits/" + r.refs[ref]},
			})
		}
	}
	s.emit(r, "status", "", st.by, map[string]any{
		"id": st.id, "sha": st.commit, "name": r.Owner + "/" + r.Name, "target_url": text(st.target), "context": st.context,
		"description": text(st.description), "state": st.state, "commit": s.commitJSON(r, st.commit), "branches": branches,
		"created_at": stamp(st.created), "updated_at": stamp(st.created),
	})
}
