package review

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/karzoun/miniapp-review/internal/config"
	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/report"
	"github.com/karzoun/miniapp-review/internal/rules"
	"github.com/karzoun/miniapp-review/internal/stage"
	"github.com/karzoun/miniapp-review/internal/submission"
	"github.com/karzoun/miniapp-review/internal/turnaround"
)

// seeTurn notes whose turn it is, and keeps the reviewers' clock: it runs while
// they are waited for, and stands still otherwise. What could not be checked
// changes nobody's turn.
func (r *reviewer) seeTurn() {
	f, l := r.result.Facts, &r.ledger
	if f.CouldNotCheck != "" || f.Closed && !f.Merged {
		return
	}
	turn := r.result.Decision.Waiting
	if f.Merged {
		turn = stage.Nobody
	}
	t := r.config.Turnaround
	if turn != l.Turn {
		if l.Turn == stage.Reviewer {
			l.Used += int64(t.Calendar.Used(l.TurnSince, r.now()) / time.Second)
		}
		l.Turn, l.TurnSince = turn, r.now()
	}
	l.Due = nil
	if turn == stage.Reviewer {
		due := t.Calendar.Due(l.TurnSince, r.target()-time.Duration(l.Used)*time.Second).UTC().Truncate(time.Second)
		l.Due = &due
	}
	l.Errors, l.Warnings = f.Errors, f.Warnings
	if len(r.result.Namespaces) == 0 {
		return
	}
	const mostNames = 3
	l.Names, l.Kind = nil, "new"
	for _, n := range r.result.Namespaces {
		if len(l.Names) < mostNames && rules.ValidNS(n.NS) {
			l.Names = append(l.Names, n.NS)
		}
		if n.Kind != "new" {
			l.Kind = "update"
		}
	}
}

// target is how much business time the reviewers have.
func (r *reviewer) target() time.Duration {
	isComplex := slices.ContainsFunc(r.changes, func(c *submission.Change) bool { return c.Head != nil && intricate(c.Head.Definition) })
	return r.config.Turnaround.Target(isComplex)
}

// intricate reports whether a definition takes long to try: one with OAuth, a
// webhook or sync, and not with a key and actions alone.
func intricate(def *definition.Definition) bool {
	return def != nil && (strings.HasPrefix(def.Auth.Type, "oauth") || def.Webhook.Node != nil || def.Sync.Node != nil)
}

// waiting says since when the submission stands where it stands, and what can be
// expected. It tells dates, so that the comment only changes when something
// happens.
func (r *reviewer) waiting() string {
	l := r.ledger
	if l.StageSince.IsZero() {
		return ""
	}
	text := "In this stage since " + minute(l.StageSince)
	if l.Ready != nil && !l.Ready.Equal(l.StageSince) {
		text += ", ready for reviewers since " + minute(*l.Ready)
	}
	text += "."
	if r.result.Decision.Waiting == stage.Reviewer && l.Due != nil {
		text += fmt.Sprintf(" Reviewers have until **%s**", r.date(*l.Due))
		if place, total := r.place(); total > 1 {
			text += fmt.Sprintf("; by when it was ready, it is number %d of the %d submissions that wait for them", place, total)
		}
		text += "."
	}
	return text + r.usually()
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

// date is a day as the calendar of the configuration has it.
func (r *reviewer) date(t time.Time) string {
	return t.In(cmp.Or(r.config.Turnaround.Calendar.Location, time.UTC)).Format(time.DateOnly)
}

// place is the place among those that wait for reviewers, by when each first
// became ready. total is 0 when that is not known.
func (r *reviewer) place() (place, total int) {
	q := r.snapshot.Queue
	if q == nil || r.ledger.Ready == nil {
		return 0, 0
	}
	place, total = 1, 1
	for _, w := range q.Waiting {
		if w.Number == r.snapshot.Number {
			continue
		}
		total++
		if c := w.Ready.Compare(*r.ledger.Ready); c < 0 || c == 0 && w.Number < r.snapshot.Number {
			place++
		}
	}
	return place, total
}

// leastPast is how many submissions of the past it takes to say what is usual.
const leastPast = 5

// usually says how long submissions of this kind took until now, "" when that is
// not known or means nothing any more.
func (r *reviewer) usually() string {
	f := r.result.Facts
	if r.snapshot.Queue == nil || f.Merged || f.Closed || f.CouldNotCheck != "" || r.ledger.Kind == "" {
		return ""
	}
	var took []time.Duration
	for _, p := range r.snapshot.Queue.Past {
		if p.Kind == r.ledger.Kind && !p.Ready.IsZero() && !p.Merged.Before(p.Ready) {
			took = append(took, p.Merged.Sub(p.Ready))
		}
	}
	if len(took) < leastPast {
		return ""
	}
	kind := map[string]string{"new": "first submissions", "update": "updates"}[r.ledger.Kind]
	return fmt.Sprintf(" Of the last %d %s, half were merged within %s of being ready, and nine of ten within %s.",
		len(took), kind, days(turnaround.Percentile(took, 50)), days(turnaround.Percentile(took, 90)))
}

// days rounds up to whole days.
func days(d time.Duration) string {
	n := max(1, int((d+24*time.Hour-1)/(24*time.Hour)))
	if n == 1 {
		return "a day"
	}
	return fmt.Sprintf("%d days", n)
}

// contested links the other pull requests that claim the same namespaces.
func (r *reviewer) contested() string {
	var lines []string
	for _, o := range r.snapshot.Others {
		var claims []string
		for _, n := range r.result.Namespaces {
			if v, ok := o.Claims[n.NS]; ok {
				claim := report.Code(n.NS)
				if v != "" {
					claim += " " + report.Code(v)
				}
				claims = append(claims, claim)
			}
		}
		if len(claims) > 0 {
			lines = append(lines, fmt.Sprintf("- [pull request %d](%s/pull/%d): %s\n", o.Number, r.snapshot.Repository.URL, o.Number, strings.Join(claims, ", ")))
		}
	}
	const most = 10
	if len(lines) > most {
		lines = append(lines[:most], fmt.Sprintf("- and %d more\n", len(lines)-most))
	}
	if len(lines) == 0 {
		return ""
	}
	return "⚠️ Other open pull requests are about the same MiniApp:\n\n" + strings.Join(lines, "")
}

// voids says that a push took away what was recorded of QA. What it did to
// approvals stands beside each of them.
func (r *reviewer) voids() string {
	if !r.voided || len(r.items) == 0 {
		return ""
	}
	return "What was recorded of QA before " + minute(r.ledger.Since) + " was about other content, and does not count for this one."
}

// limits returns why an author has to wait, whatever is submitted.
func (r *reviewer) limits() (holds []string) {
	l := r.config.Limits
	if open := len(r.snapshot.AuthorsOpen); l.OpenPerAuthor > 0 && open >= l.OpenPerAuthor {
		holds = append(holds, fmt.Sprintf("its author has %d other open submissions that came first, and at most %d of one author are looked at", open, l.OpenPerAuthor))
	}
	if l.FirstNeedsOK && slices.ContainsFunc(r.result.Namespaces, func(n report.Namespace) bool { return n.Kind == "new" }) {
		holds = append(holds, "a first submission needs the /ok of a maintainer")
	}
	return holds
}

// namesSince are the namespaces at the tip of the base branch that were not
// there when the pull request was made.
func (r *reviewer) namesSince() []string {
	if r.snapshot.Base.SHA == r.snapshot.MergeBase {
		return nil
	}
	before := folders(r.snapshot.MergeBaseTree)
	return slices.DeleteFunc(folders(r.snapshot.BaseTree), func(ns string) bool { return slices.Contains(before, ns) })
}

// folders are the namespaces of a tree, sorted.
func folders(t pull.Tree) []string {
	var names []string
	for _, dir := range t.Folders {
		if path.Dir(dir) == submission.Root {
			names = append(names, path.Base(dir))
		}
	}
	for _, f := range t.Files {
		if rest, ok := strings.CutPrefix(f.Path, submission.Root+"/"); ok {
			if ns, _, below := strings.Cut(rest, "/"); below {
				names = append(names, ns)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// labelled reports whether the pull request has the label of a role.
func (r *reviewer) labelled(role config.Role) bool {
	return slices.ContainsFunc(r.snapshot.Labels, func(l string) bool { return strings.EqualFold(l, r.config.Labels[role].Name) })
}
