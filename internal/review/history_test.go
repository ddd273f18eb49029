package review_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/pull/pulltest"
	"github.com/karzoun/miniapp-review/internal/review"
)

// settled is what people see at the end: labels, the status, and the status
// comment apart from times and what the review remembers in it.
func settled(t *testing.T, l *life) string {
	t.Helper()
	var comment string
	for _, c := range l.s.Comments {
		if c.User.ID == pulltest.Bot().ID && strings.HasPrefix(c.Body, "### MiniApp review") && !c.Minimized {
			comment = c.Body
		}
	}
	comment, _, _ = strings.Cut(comment, "<!-- miniapp-review ledger")
	for _, one := range []string{`\d{4}-\d\d-\d\d( \d\d:\d\d UTC)?`, `, ready for reviewers since `, `(?m)^What was recorded of QA before .*\n\n?`} {
		comment = regexp.MustCompile(one).ReplaceAllString(comment, "")
	}
	return fmt.Sprintf("%q\n%s %q\n%s", l.s.Labels, l.s.Statuses[0].State, l.s.Statuses[0].Description, comment)
}

// looks lets a run happen, perhaps killed on the way.
func (l *life) looks(r *rand.Rand) {
	l.Helper()
	l.passes()
	schema, err := validator()
	if err != nil {
		l.Fatal(err)
	}
	res, err := review.Review(context.Background(), l.s, review.Options{Schema: schema, Version: "test"})
	if err != nil {
		l.Fatal(err)
	}
	pulltest.Apply(l.s, res.Plan, r.IntN(len(res.Plan.Operations)+1))
}

// TestHistories lets random things happen to a pull request, with runs in
// between, lost runs and killed ones. However it came there, once the last
// content was seen the same acts lead to the same labels, comment and status,
// and a second run writes nothing.
func TestHistories(t *testing.T) {
	repo := repository(t)
	base := without(repo, "parleo")
	broken := edited(t, repo, acme, `"miniapps:parleo"`, `"miniapps:parle"`)
	other := edited(t, repo, "definitions/parleo/SETUP.md", "1.", "1. ")
	noise := []func(*life){
		func(l *life) { l.pushes(broken) },
		func(l *life) { l.pushes(other) },
		func(l *life) { l.pushes(repo) },
		func(l *life) { l.s.Draft = !l.s.Draft },
		func(l *life) { l.s.Conflict = !l.s.Conflict },
		func(l *life) { l.s.Closed = !l.s.Closed },
		func(l *life) { l.s.Labels = []string{"stage: approved", "stage: qa", "overdue"} },
		func(l *life) { l.s.Labels = nil },
		func(l *life) { l.says("rita", "/qa pass") },
		func(l *life) { l.says("rita", "/qa fail connect: no") },
		func(l *life) { l.says("read", "/qa pass") },
		func(l *life) { l.reviews("rita", pull.Approved) },
		func(l *life) { l.reviews("walt", pull.ChangesRequested) },
		func(l *life) { l.says("walt", "/hold wait") },
	}
	// The acts do not depend on each other's order.
	for name, acts := range map[string][]func(*life){
		"nothing": {},
		"approved": {
			func(l *life) { l.says("rita", "/qa pass") },
			func(l *life) { l.reviews("rita", pull.Approved) },
			func(l *life) { l.reviews("walt", pull.Commented) },
			func(l *life) { l.says("tria", "/hold me") },
		},
		"QA in parts": {
			func(l *life) { l.says("rita", "/qa pass install") },
			func(l *life) { l.says("rita", "/qa pass connect") },
			func(l *life) { l.says("rita", "/qa fail event:message.received: silence") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(5, 6))
			var want string
			for i := range 40 {
				l := begin(t, base, repo)
				l.s.Statuses = nil
				if i > 0 { // the first history is the plain one
					for range r.IntN(8) {
						noise[r.IntN(len(noise))](l)
						if r.IntN(2) == 0 {
							l.looks(r)
						}
					}
				}
				l.s.Draft, l.s.Conflict, l.s.Closed = false, false, false
				// What was said of this content before counts, unless another one
				// was seen in between.
				l.pushes(other)
				l.passes()
				settle(t, l.s)
				l.pushes(repo)
				l.looks(r) // it may be killed
				l.passes()
				settle(t, l.s)
				l.says("walt", "/unhold")
				for _, who := range []string{"rita", "walt"} { // what they said before is withdrawn
					for j := range l.s.Reviews {
						if l.s.Reviews[j].User == people()[who] {
							l.s.Reviews[j].State = pull.Dismissed
						}
					}
				}
				order := r.Perm(len(acts))
				if i == 0 {
					slices.Sort(order)
				}
				for _, k := range order {
					acts[k](l)
					if r.IntN(3) == 0 {
						l.looks(r)
					}
				}
				l.passes()
				settle(t, l.s)
				got := settled(t, l)
				if want == "" {
					want = got
				}
				if got != want {
					t.Fatalf("history %d ends in\n%s\nand not in\n%s", i, got, want)
				}
			}
		})
	}
}
