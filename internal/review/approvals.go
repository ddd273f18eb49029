package review

import (
	"slices"

	"github.com/karzoun/miniapp-review/internal/compat"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/report"
)

// judge takes the reviews into the facts: of each person the latest that is no
// mere comment. An approval counts for the content that it was given to: it was
// made after that content was first seen, and on a commit that holds it. The
// commit alone would not do, since GitHub moves approvals to later commits.
func (r *reviewer) judge(touched []string) {
	f := &r.result.Facts
	f.Needed = r.needed()
	digest := pull.Digest(r.snapshot.HeadTree.Files, touched)
	// The digest of another commit says nothing about files outside.
	outside := slices.ContainsFunc(r.snapshot.Changes, func(c pull.Change) bool { return namespaceOf(c) == "" })
	latest := map[int64]pull.Review{}
	var order []int64
	for _, v := range r.snapshot.Reviews {
		if v.State == pull.Commented || v.State == pull.Pending || v.User.ID == 0 || v.User.ID == r.snapshot.Self.ID {
			continue
		}
		if _, seen := latest[v.User.ID]; !seen {
			order = append(order, v.User.ID)
		}
		latest[v.User.ID] = v
	}
	for _, id := range order {
		v := latest[id]
		said := report.Verdict{Login: v.User.Login, At: v.SubmittedAt}
		why := r.refusal(v.User)
		switch {
		case v.State == pull.Dismissed:
			continue
		case v.State == pull.ChangesRequested && r.refusalToStop(v.User) == "":
			f.Blockers++
			said.Says = "asks for changes"
		case v.State != pull.Approved:
			continue
		case why != "":
			said.Says, said.Why = "approves, which does not count", why
		case !r.afterSeen(v.SubmittedAt) || v.CommitID != r.snapshot.Head.SHA && (outside || r.snapshot.Contents[v.CommitID] != digest):
			f.Stale++
			said.Says, said.Why = "approved other content", "the content changed since, or was not seen yet"
		default:
			f.Approvals++
			said.Says = "approves this content"
			r.result.Approvers = append(r.result.Approvers, v.User)
		}
		r.verdicts = append(r.verdicts, said)
	}
}

// needed is how many approvals the change needs. A pull request that does
// several things needs the most of them.
func (r *reviewer) needed() int {
	most := 0
	for _, n := range r.result.Namespaces {
		switch {
		case n.Kind == "removed" || n.Impact() == compat.Breaking:
			most = max(most, r.config.Approvals.Breaking)
		case n.Kind == "new":
			most = max(most, r.config.Approvals.New)
		default:
			most = max(most, r.config.Approvals.Update)
		}
	}
	return most
}
