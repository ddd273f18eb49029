package review

import (
	"fmt"
	"time"

	"github.com/karzoun/miniapp-review/internal/config"
	"github.com/karzoun/miniapp-review/internal/marker"
	"github.com/karzoun/miniapp-review/internal/plan"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/stage"
)

const day = 24 * time.Hour

// patience says when reviewers, or the partner, keep the other side waiting too
// long: with a label and one reminder. Only the sweep starts it, so that no run
// for an event surprises anybody; every run ends it when it is over.
func (r *reviewer) patience() {
	if r.result.Facts.CouldNotCheck != "" {
		return
	}
	switch r.result.Decision.Waiting {
	case stage.Reviewer:
		r.overdue()
	case stage.Partner:
		r.silent()
	}
}

// overdue reminds reviewers once for each turn of theirs that takes too long.
// The day on which they should be done is still theirs.
func (r *reviewer) overdue() {
	due := r.ledger.Due
	if due == nil || r.date(r.now()) <= r.date(*due) {
		return
	}
	r.label(config.RoleOverdue)
	id := fmt.Sprintf("overdue.%d", r.ledger.TurnSince.Unix())
	if _, reminded := r.reminder(id); r.options.Sweep && !reminded {
		r.remind(id, fmt.Sprintf("It is the reviewers' turn, and they should have been done by %s. %s", r.date(*due), r.result.Decision.Next[0]))
	}
}

// silent reminds a partner who does not answer, then calls the submission stale,
// and closes it where the configuration says so.
func (r *reviewer) silent() {
	t := r.config.Turnaround
	since := r.answered()
	if t.RemindAfter == 0 || since.IsZero() || r.now().Sub(since) < days64(t.RemindAfter) {
		return
	}
	id := fmt.Sprintf("silent.%d", since.Unix())
	at, reminded := r.reminder(id)
	if !reminded {
		if r.options.Sweep {
			text := fmt.Sprintf("It is the partner's turn since %s. %s", r.date(r.ledger.TurnSince), r.result.Decision.Next[0])
			if t.CloseAfter > 0 {
				text += fmt.Sprintf(" Without an answer, it will be closed after %d days; a closed pull request can be opened again.", t.StaleAfter+t.CloseAfter)
			}
			r.remind(id, text)
		}
		return
	}
	if r.now().Sub(at) < days64(t.StaleAfter) {
		return
	}
	r.label(config.RoleStale)
	if r.options.Sweep && t.CloseAfter > 0 && r.now().Sub(at) >= days64(t.StaleAfter+t.CloseAfter) {
		r.reminders = append(r.reminders, plan.Operation{Kind: plan.Close})
	}
}

func days64(n int) time.Duration { return time.Duration(n) * day }

// label wants a label that only the sweep adds.
func (r *reviewer) label(role config.Role) {
	if r.options.Sweep || r.labelled(role) {
		r.result.Labels = append(r.result.Labels, role)
	}
}

// answered is when the partner last did something: pushed another content, or
// said anything.
func (r *reviewer) answered() time.Time {
	last := r.ledger.TurnSince
	see := func(u pull.User, at time.Time) {
		if u.ID != 0 && u.ID == r.snapshot.Author.ID && at.After(last) {
			last = at
		}
	}
	if r.ledger.Since.After(last) {
		last = r.ledger.Since
	}
	for _, c := range r.snapshot.Comments {
		see(c.User, c.CreatedAt)
	}
	for _, m := range r.snapshot.Remarks {
		see(m.User, m.CreatedAt)
	}
	for _, v := range r.snapshot.Reviews {
		see(v.User, v.SubmittedAt)
	}
	return last
}

// reminder finds a reminder of our own, and says when it was written.
func (r *reviewer) reminder(id string) (at time.Time, ok bool) {
	for _, c := range r.snapshot.Comments {
		if got, ok := r.own(c.User, c.Body, marker.Reminder); ok && got == id {
			return c.CreatedAt, true
		}
	}
	return time.Time{}, false
}

func (r *reviewer) remind(id, text string) {
	r.reminders = append(r.reminders, plan.Operation{Kind: plan.CreateComment, Body: r.signer.Sign(marker.Reminder, id, "⏰ "+text)})
}
