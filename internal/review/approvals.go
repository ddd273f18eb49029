package review

import (
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/pull"
)

// approvals counts the reviewers who approve and those who ask for changes: by
// the latest review of each that is no mere comment, if they may write now and
// have no part in the change themselves. An approval of another commit than
// the head does not count.
func (r *reviewer) approvals() (approvals, blockers int) {
	latest := map[int64]pull.Review{}
	var order []int64
	for _, v := range r.snapshot.Reviews {
		if v.State == pull.Commented || v.State == pull.Pending || v.User.ID == 0 {
			continue
		}
		if _, seen := latest[v.User.ID]; !seen {
			order = append(order, v.User.ID)
		}
		latest[v.User.ID] = v
	}
	for _, id := range order {
		v := latest[id]
		if !r.mayReview(v.User) {
			continue
		}
		switch {
		case v.State == pull.Approved && v.CommitID == r.snapshot.Head.SHA:
			approvals++
		case v.State == pull.ChangesRequested:
			blockers++
		}
	}
	return approvals, blockers
}

// mayReview reports whether somebody's reviews count.
func (r *reviewer) mayReview(u pull.User) bool {
	if u.Bot || u.ID == 0 || u.ID == r.snapshot.Author.ID || u.ID == r.snapshot.Self.ID {
		return false
	}
	for _, c := range r.snapshot.Commits {
		if slices.ContainsFunc(c.People, func(p pull.User) bool { return p.ID == u.ID }) {
			return false
		}
	}
	switch r.snapshot.Permissions[strings.ToLower(u.Login)] {
	case "admin", "maintain", "write":
		return true
	}
	return false
}
