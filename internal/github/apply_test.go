package github

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/githubtest"
	"github.com/karzoun/miniapp-review/internal/plan"
	"github.com/karzoun/miniapp-review/internal/pull"
)

// everyOperation is a plan's worth of each kind that creates something.
func everyOperation(*pull.Snapshot) []plan.Operation {
	status := func(state string) plan.Operation {
		return plan.Operation{Kind: plan.SetStatus, Status: &plan.Status{Context: "miniapp-review", State: state, Description: "x", URL: "https://example.com/1"}}
	}
	return []plan.Operation{
		status("pending"),
		{Kind: plan.AddLabels, Labels: []plan.Label{{Name: "stage: intake", Color: "d93f0b", Description: "Errors"}, {Name: "50% done? #1/2", Color: "0e8a16"}}},
		{Kind: plan.CreateComment, Body: "summary <!-- marker -->"},
		{Kind: plan.CreateReview, Review: &plan.Review{Remarks: []plan.Remark{
			{Path: "definitions/acme/SETUP.md", Line: 2, Start: 1, Body: "first"},
			{Path: "definitions/acme/miniapp.json", Line: 1, Body: "second"},
		}}},
		status("failure"),
	}
}

// state is what a pull request looks like, for comparison.
func state(w *world, p *githubtest.Pull, s *pull.Snapshot) string {
	var b strings.Builder
	fmt.Fprintln(&b, "labels", s.Labels)
	for _, list := range []struct {
		name string
		said []githubtest.Said
	}{{"comment", p.Comments()}, {"remark", p.Remarks()}, {"review", p.Reviews()}} {
		for _, m := range list.said {
			fmt.Fprintln(&b, list.name, m.By, m.Body, m.Minimized)
		}
	}
	for _, st := range s.Statuses {
		fmt.Fprintln(&b, "status", st.Context, st.State, st.Creator.Login)
	}
	return b.String()
}

const applied = `labels [50% done? #1/2 stage: intake]
comment github-actions[bot] summary <!-- marker --> false
remark github-actions[bot] first false
remark github-actions[bot] second false
review github-actions[bot]  false
status miniapp-review failure github-actions[bot]
`

// TestApply makes every kind of operation, in order.
func TestApply(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	p := w.open(fiveFiles())
	c := w.client("", nil)
	s := w.read(c, p)
	var kinds []plan.Kind
	var ids int
	err := c.Apply(context.Background(), plan.Plan{Number: p.Number, Head: s.Head.SHA, Operations: everyOperation(s)}, func(m plan.Made) {
		kinds = append(kinds, m.Operation.Kind)
		if m.ID != 0 {
			ids++
		}
		if m.Notes != nil || m.Refused != nil {
			t.Errorf("%+v", m)
		}
	})
	if err != nil || ids != 2 {
		t.Fatalf("%v, %d ids", err, ids)
	}
	if diff := cmp.Diff([]plan.Kind{plan.SetStatus, plan.AddLabels, plan.CreateComment, plan.CreateReview, plan.SetStatus}, kinds); diff != "" {
		t.Errorf("order: %s", diff)
	}
	s = w.read(c, p)
	if diff := cmp.Diff(applied, state(w, p, s)); diff != "" {
		t.Errorf("state: %s", diff)
	}
	labels, err := c.labels(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	colors := map[string]string{}
	for _, l := range labels {
		colors[l.Name] = l.Color + " " + l.Description
	}
	if colors["stage: intake"] != "d93f0b Errors" || colors["50% done? #1/2"] != "0e8a16 " {
		t.Errorf("labels: %v", colors)
	}
	remark := s.Remarks[0]
	second := []plan.Operation{
		{Kind: plan.RemoveLabel, Labels: []plan.Label{{Name: "50% done? #1/2"}}},
		{Kind: plan.RemoveLabel, Labels: []plan.Label{{Name: "never there"}}},
		{Kind: plan.UpdateComment, ID: s.Comments[0].ID, Body: "new summary"},
		{Kind: plan.UpdateRemark, ID: remark.ID, Body: "fixed"},
		{Kind: plan.Minimize, NodeID: remark.NodeID},
		{Kind: plan.React, ID: s.Comments[0].ID, Reaction: "+1"},
		{Kind: plan.React, ID: s.Comments[0].ID, Reaction: "eyes"},
	}
	if err := c.Apply(context.Background(), plan.Plan{Number: p.Number, Head: s.Head.SHA, Operations: second}, nil); err != nil {
		t.Fatal(err)
	}
	s = w.read(c, p)
	if diff := cmp.Diff([]string{"stage: intake"}, s.Labels); diff != "" {
		t.Errorf("labels: %s", diff)
	}
	if m := s.Comments[0]; m.Body != "new summary" || !cmp.Equal(m.Reactions, []string{"+1", "eyes"}) {
		t.Errorf("comment: %+v", m)
	}
	if r := s.Remarks[0]; r.Body != "fixed" || !r.Minimized || s.Remarks[1].Minimized {
		t.Errorf("remarks: %+v", s.Remarks)
	}
}

// TestApplyNothing makes no request for an empty plan.
func TestApplyNothing(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	p := w.open(fiveFiles())
	w.s.ResetLog()
	if err := w.client("", nil).Apply(context.Background(), plan.Plan{Number: p.Number, Head: "x"}, nil); err != nil || len(w.s.Requests()) != 0 {
		t.Errorf("%v, %d requests", err, len(w.s.Requests()))
	}
}

// TestLostAnswers loses the answer of each write in turn, with its effect and
// without, and refuses each because of a limit. Everything is there in the end,
// and nothing is there twice.
func TestLostAnswers(t *testing.T) {
	for name, fault := range map[string]githubtest.Fault{
		"cut before":  githubtest.CutBefore(),
		"cut after":   githubtest.CutAfter(),
		"bad gateway": githubtest.Answer(502, "Bad Gateway"),
		"limit":       githubtest.SecondaryLimit(1e9),
		"unsaid":      githubtest.SecondaryLimitUnsaid(newClock().at),
	} {
		for nth := 1; nth <= 7; nth++ {
			t.Run(fmt.Sprint(name, nth), func(t *testing.T) {
				w := newWorld(t, githubtest.Options{})
				p := w.open(fiveFiles())
				c := w.client("", nil)
				s := w.read(c, p)
				w.s.Inject(githubtest.When{Writes: true, Nth: nth}, fault)
				if err := c.Apply(context.Background(), plan.Plan{Number: p.Number, Head: s.Head.SHA, Operations: everyOperation(s)}, nil); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(applied, state(w, p, w.read(c, p))); diff != "" {
					t.Errorf("state: %s", diff)
				}
			})
		}
	}
}

// TestPendingReview clears away a review that was begun and never submitted,
// both one from before and one that a cut connection leaves.
func TestPendingReview(t *testing.T) {
	for name, when := range map[string]githubtest.When{
		"now":    {Method: "POST", Path: "/repos/*/*/pulls/*/reviews"},
		"before": {},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, githubtest.Options{})
			p := w.open(fiveFiles())
			c := w.client("", nil)
			if name == "before" {
				req, err := c.gh.NewRequest("POST", fmt.Sprintf("repos/keeper/definitions/pulls/%d/reviews", p.Number), map[string]string{"body": "begun"})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := c.gh.Do(context.Background(), req, nil); err != nil {
					t.Fatal(err)
				}
			}
			s := w.read(c, p)
			if name == "before" && (len(s.Reviews) != 1 || s.Reviews[0].State != pull.Pending) {
				t.Fatalf("reviews: %+v", s.Reviews)
			}
			if name == "now" {
				w.s.Inject(when, githubtest.LeavePending())
			}
			if err := c.Apply(context.Background(), plan.Plan{Number: p.Number, Head: s.Head.SHA, Operations: everyOperation(s)}, nil); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(applied, state(w, p, w.read(c, p))); diff != "" {
				t.Errorf("state: %s", diff)
			}
		})
	}
	w := newWorld(t, githubtest.Options{})
	p := w.open(fiveFiles())
	c := w.client("", nil)
	gone := plan.Operation{Kind: plan.DeletePending, ID: 999}
	if err := c.Apply(context.Background(), plan.Plan{Number: p.Number, Head: p.Head(), Operations: []plan.Operation{gone}}, nil); err != nil {
		t.Errorf("one that is gone: %v", err)
	}
}

// TestLineOutsideDiff makes the other remarks one by one, and tells which was
// refused and why.
func TestLineOutsideDiff(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	p := w.open(fiveFiles())
	c := w.client("", nil)
	review := &plan.Review{Body: "some", Remarks: []plan.Remark{
		{Path: "definitions/acme/miniapp.json", Line: 1, Body: "inside"},
		{Path: "definitions/acme/miniapp.json", Line: 77, Body: "outside"},
		{Path: "definitions/zeta/miniapp.json", Line: 1, Body: "elsewhere"},
		{Path: "definitions/acme/SETUP.md", Line: 2, Body: "inside too"},
	}}
	var made plan.Made
	err := c.Apply(context.Background(), plan.Plan{Number: p.Number, Head: p.Head(), Operations: []plan.Operation{{Kind: plan.CreateReview, Review: review}}}, func(m plan.Made) { made = m })
	if err != nil {
		t.Fatal(err)
	}
	if len(made.Refused) != 2 || made.Refused[0].Remark.Body != "outside" || made.Refused[1].Remark.Body != "elsewhere" || made.Refused[0].Reason == "" {
		t.Errorf("refused: %+v", made.Refused)
	}
	var there []string
	for _, r := range p.Remarks() {
		there = append(there, r.Body)
	}
	if diff := cmp.Diff([]string{"inside", "inside too"}, there); diff != "" {
		t.Errorf("remarks: %s", diff)
	}
	// With nothing but refused remarks, no run leaves anything behind.
	before := len(p.Reviews())
	review = &plan.Review{Body: "1 new remark", Remarks: review.Remarks[1:2]}
	err = c.Apply(context.Background(), plan.Plan{Number: p.Number, Head: p.Head(), Operations: []plan.Operation{{Kind: plan.CreateReview, Review: review}}}, nil)
	if err != nil || len(p.Reviews()) != before {
		t.Errorf("%d reviews more, %v", len(p.Reviews())-before, err)
	}
}

// TestDeletedMeanwhile checks that deleting what a plan decorates does not keep
// the rest of the plan from being made.
func TestDeletedMeanwhile(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	p := w.open(fiveFiles())
	c := w.client("", nil)
	ops := []plan.Operation{
		{Kind: plan.React, ID: 999, Reaction: "+1"},
		{Kind: plan.UpdateRemark, ID: 999, Body: "mended"},
		{Kind: plan.Minimize, NodeID: "IC_gone"},
		{Kind: plan.SetStatus, Status: &plan.Status{Context: "miniapp-review", State: "pending", Description: "x"}},
	}
	notes := 0
	err := c.Apply(context.Background(), plan.Plan{Number: p.Number, Head: p.Head(), Operations: ops}, func(m plan.Made) { notes += len(m.Notes) })
	if err != nil || notes != 3 {
		t.Errorf("%d notes, %v", notes, err)
	}
}

// TestPartial names what failed and what is left.
func TestPartial(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	p := w.open(fiveFiles())
	c := w.client("", nil)
	s := w.read(c, p)
	w.s.Inject(githubtest.When{Method: "POST", Path: "/repos/*/*/issues/*/comments", Times: -1}, githubtest.Answer(403, "Resource not accessible by integration"))
	made := 0
	err := c.Apply(context.Background(), plan.Plan{Number: p.Number, Head: s.Head.SHA, Operations: everyOperation(s)}, func(plan.Made) { made++ })
	var partial *ApplyError
	if !errors.As(err, &partial) || partial.Failed.Kind != plan.CreateComment || len(partial.Left) != 2 || made != 2 {
		t.Fatalf("got %v, %d made", err, made)
	}
	if want := `operation "create-comment" failed`; !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), `"pull-requests: write"`) || !strings.HasSuffix(err.Error(), "; not tried: create-review, set-status") {
		t.Errorf("got %v", err)
	}
}

// TestReadOnlyToken says what the token of a fork's run lacks.
func TestReadOnlyToken(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	p := w.open(fiveFiles())
	c := w.client(w.repo.ActionsToken(githubtest.ReadOnly()), nil)
	s := w.read(c, p)
	if s.Self.ID != 0 {
		t.Errorf("self: %+v", s.Self)
	}
	err := c.Apply(context.Background(), plan.Plan{Number: p.Number, Head: s.Head.SHA, Operations: everyOperation(s)}, nil)
	if ReasonOf(err) != Forbidden || !strings.Contains(err.Error(), `"statuses: write"`) || !strings.Contains(err.Error(), "pull_request_target") {
		t.Errorf("got %v", err)
	}
}
