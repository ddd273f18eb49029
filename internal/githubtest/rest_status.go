package githubtest

import (
	"net/http"
	"slices"
	"time"
	"unicode/utf8"
)

type status struct {
	id                                          int64
	commit, state, context, description, target string
	by                                          *User
	created                                     time.Time
}

// Status is a commit status, to assert on and to show.
type Status struct{ State, Context, Description, TargetURL, By string }

// Statuses lists the commit's statuses, newest first, one for each context.
func (r *Repo) Statuses(commit string) []Status {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	list := []Status{}
	for _, st := range r.combined(commit) {
		list = append(list, Status{st.state, st.context, st.description, st.target, login(st.by)})
	}
	return list
}

// SetStatus sets a commit status, as another tool or a person does.
func (r *Repo) SetStatus(commit string, by *User, st Status) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	r.setStatus(&status{commit: commit, state: st.State, context: st.Context, description: st.Description, target: st.TargetURL, by: by})
}

func (r *Repo) setStatus(st *status) {
	st.id, st.created = r.server.nextID(), r.server.now()
	r.statuses = append(r.statuses, st)
	r.server.emitStatus(r, st)
}

// of lists all statuses that the commit ever got, newest first.
func (r *Repo) of(commit string) []*status {
	list := slices.DeleteFunc(slices.Clone(r.statuses), func(st *status) bool { return st.commit != commit })
	slices.Reverse(list)
	return list
}

// combined lists the newest status of each context.
func (r *Repo) combined(commit string) []*status {
	seen := map[string]bool{}
	return slices.DeleteFunc(r.of(commit), func(st *status) bool {
		old := seen[st.context]
		seen[st.context] = true
		return old
	})
}

func (r *Repo) latest(commit, context string) *status {
	for _, st := range r.of(commit) {
		if st.context == context {
			return st
		}
	}
	return nil
}

func createStatus(c *call) reply {
	ask := struct {
		State, Description, Context string
		TargetURL                   string `json:"target_url"`
	}{Context: "default"}
	if bad := c.decode(&ask); bad != nil {
		return *bad
	}
	commit := c.param("sha")
	if _, found := c.repo.git.commit(commit); !found {
		return *refuse(http.StatusUnprocessableEntity, "No commit found for SHA: "+commit)
	}
	same := 0
	for _, st := range c.repo.of(commit) {
		if st.context == ask.Context {
			same++
		}
	}
	switch {
	case !slices.Contains([]string{"error", "failure", "pending", "success"}, ask.State):
		return *invalid("Status", "state", "state is not included in the list")
	case utf8.RuneCountInString(ask.Description) > maxStatusText:
		return *invalid("Status", "description", "description is too long (maximum is 140 characters)")
	case same >= 1000:
		return *invalid("Status", "base", "This SHA and context has reached the maximum number of statuses.")
	}
	st := &status{commit: commit, state: ask.State, context: ask.Context, description: ask.Description, target: ask.TargetURL, by: c.user}
	c.repo.setStatus(st)
	return created(c.s.statusJSON(c.repo, st))
}

func listStatuses(c *call) reply {
	id, found := c.repo.commitAt(c.param("ref"))
	if !found {
		return *refuse(http.StatusUnprocessableEntity, "No commit found for SHA: "+c.param("ref"))
	}
	return list(c, c.repo.of(id), func(st *status) any { return c.s.statusJSON(c.repo, st) })
}

// getCombinedStatus is the worst of the commit's statuses; "pending" for none.
func getCombinedStatus(c *call) reply {
	id, found := c.repo.commitAt(c.param("ref"))
	if !found {
		return *refuse(http.StatusUnprocessableEntity, "No commit found for SHA: "+c.param("ref"))
	}
	all := c.repo.combined(id)
	state := "success"
	for _, st := range all {
		switch {
		case st.state == "error" || st.state == "failure":
			state = "failure"
		case st.state == "pending" && state == "success":
			state = "pending"
		}
	}
	if len(all) == 0 {
		state = "pending"
	}
	from, to, header := c.pages(len(all))
	page := []any{}
	for _, st := range all[from:to] {
		shown := c.s.statusJSON(c.repo, st).(map[string]any)
		delete(shown, "creator") // this list does not tell who set them
		page = append(page, shown)
	}
	return reply{status: http.StatusOK, header: header, body: map[string]any{
		"state": state, "sha": id, "total_count": len(all), "statuses": page, "repository": c.s.repoJSON(c.repo),
		"url": c.repo.api() + "/commits/" + id + "/status", "commit_url": c.repo.api() + "/commits/" + id,
	}}
}
