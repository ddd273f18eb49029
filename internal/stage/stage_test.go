package stage_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/karzoun/miniapp-review/internal/stage"
)

// TestStops checks each fact that stops a submission, alone.
func TestStops(t *testing.T) {
	clean := stage.Facts{QAItems: 3, QAPassed: 3, Needed: 1, Approvals: 1}
	with := func(change func(*stage.Facts)) stage.Facts {
		f := clean
		change(&f)
		return f
	}
	for _, c := range []struct {
		name    string
		facts   stage.Facts
		stage   stage.Stage
		waiting stage.Waiting
		status  stage.Status
		summary string
	}{
		{"all there", clean, stage.Approved, stage.Reviewer, stage.Success, "approved"},
		{"warnings do not stop", with(func(f *stage.Facts) { f.Warnings = 2 }), stage.Approved, stage.Reviewer, stage.Success, "approved, 2 warnings"},
		{"an error", with(func(f *stage.Facts) { f.Errors = 1 }), stage.Intake, stage.Partner, stage.Failure, "1 error to mend"},
		{"not checked", with(func(f *stage.Facts) { f.CouldNotCheck = "GitHub is down" }), stage.Intake, stage.Reviewer, stage.Error, "could not check: GitHub is down"},
		{"not checked before errors", with(func(f *stage.Facts) { f.CouldNotCheck, f.Errors = "x", 1 }), stage.Intake, stage.Reviewer, stage.Error, "could not check: x"},
		{"a conflict", with(func(f *stage.Facts) { f.Conflict = true }), stage.Intake, stage.Partner, stage.Failure, "it conflicts with its base branch"},
		{"QA open", with(func(f *stage.Facts) { f.QAPassed = 2 }), stage.QA, stage.Reviewer, stage.Pending, "QA: 2 of 3 items passed"},
		{"QA failed", with(func(f *stage.Facts) { f.QAPassed, f.QAFailed = 2, 1 }), stage.QA, stage.Partner, stage.Pending, "QA: 1 of 3 items failed"},
		{"no approval", with(func(f *stage.Facts) { f.Approvals = 0 }), stage.Approval, stage.Reviewer, stage.Pending, "0 of 1 approval for this content"},
		{"a stale approval", with(func(f *stage.Facts) { f.Approvals, f.Stale = 0, 1 }), stage.Approval, stage.Reviewer, stage.Pending, "0 of 1 approval for this content"},
		{"changes requested", with(func(f *stage.Facts) { f.Blockers = 1 }), stage.Approval, stage.Partner, stage.Pending, "changes are requested by 1 reviewer"},
		{"a hold", with(func(f *stage.Facts) { f.Holds = []string{"it touches .github"} }), stage.Approval, stage.Reviewer, stage.Pending, "held for a maintainer: it touches .github"},
		{"no QA asked for", stage.Facts{Needed: 1, Approvals: 1}, stage.Approved, stage.Reviewer, stage.Success, "approved"},
		{"a draft", with(func(f *stage.Facts) { f.Draft = true }), stage.None, stage.Nobody, stage.Pending, "nothing to review yet: this is a draft"},
		{"behind", with(func(f *stage.Facts) { f.Behind = true }), stage.Intake, stage.Partner, stage.Failure, "its base branch has changed the same definition since"},
		{"a shared head", with(func(f *stage.Facts) { f.SharedHead = []int{8, 9} }), stage.Approval, stage.Partner, stage.Pending, "not passed: its head commit is also that of #8, #9"},
		{"nothing, with a shared head", stage.Facts{Nothing: true, SharedHead: []int{8}}, stage.None, stage.Nobody, stage.Pending, "not passed: its head commit is also that of #8"},
		{"merged, with a shared head", with(func(f *stage.Facts) { f.Merged, f.SharedHead = true, []int{8} }), stage.Approved, stage.Reviewer, stage.Pending, "not passed: its head commit is also that of #8"},
		{"nothing", stage.Facts{Nothing: true}, stage.None, stage.Nobody, stage.Success, "nothing to review: no definition is touched"},
		{"closed", with(func(f *stage.Facts) { f.Closed = true }), stage.None, stage.Nobody, stage.Unchanged, ""},
		{"merged", with(func(f *stage.Facts) { f.Merged = true }), stage.Approved, stage.Reviewer, stage.Success, "merged; the registry follows"},
		{"published", with(func(f *stage.Facts) { f.Merged, f.Published = true, true }), stage.Published, stage.Nobody, stage.Success, "published"},
	} {
		d := stage.Decide(c.facts)
		if d.Stage != c.stage || d.Waiting != c.waiting || d.Status != c.status || d.Summary != c.summary {
			t.Errorf("%s: %q, waiting %q, %q, %q", c.name, d.Stage, d.Waiting, d.Status, d.Summary)
		}
	}
}

// TestEveryCombination goes through every combination of facts and checks what
// must hold of all of them.
func TestEveryCombination(t *testing.T) {
	combinations := 0
	bools := []bool{false, true}
	for bits := range 1 << 8 {
		bit := func(i int) bool { return bits>>i&1 == 1 }
		for _, errors := range []int{0, 2} {
			for _, holds := range [][]string{nil, {"a reason", "another"}} {
				for _, qa := range [][3]int{{0, 0, 0}, {2, 0, 0}, {2, 1, 0}, {2, 1, 1}, {2, 2, 0}} {
					for _, approvals := range [][4]int{{0, 0, 0, 0}, {1, 0, 0, 0}, {1, 0, 1, 0}, {2, 1, 0, 0}, {1, 1, 0, 0}, {1, 2, 0, 1}} {
						for _, unchecked := range bools {
							f := stage.Facts{Closed: bit(0), Merged: bit(1), Published: bit(2), Draft: bit(3), Nothing: bit(4), Conflict: bit(5),
								Errors: errors, Holds: holds, QAItems: qa[0], QAPassed: qa[1], QAFailed: qa[2],
								Needed: approvals[0], Approvals: approvals[1], Stale: approvals[2], Blockers: approvals[3]}
							f.Behind = bit(6)
							if bit(7) {
								f.SharedHead = []int{12}
							}
							if unchecked {
								f.CouldNotCheck = "no answer"
							}
							invariants(t, f)
							combinations++
						}
					}
				}
			}
		}
	}
	t.Logf("%d combinations", combinations)
}

// TestRandomFacts checks the same of facts with any numbers.
func TestRandomFacts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		f := stage.Facts{Errors: r.IntN(3), Warnings: r.IntN(3), QAItems: r.IntN(5), Needed: r.IntN(4), Approvals: r.IntN(5),
			Stale: r.IntN(3), Blockers: r.IntN(2), Conflict: r.IntN(4) == 0, Draft: r.IntN(6) == 0, Merged: r.IntN(6) == 0}
		if f.QAItems > 0 {
			f.QAPassed = r.IntN(f.QAItems + 1)
			f.QAFailed = r.IntN(f.QAItems - f.QAPassed + 1)
		}
		for range r.IntN(3) {
			f.Holds = append(f.Holds, strings.Repeat("long ", r.IntN(60)))
		}
		if r.IntN(5) == 0 {
			f.CouldNotCheck = strings.Repeat("wörter ", r.IntN(60)+1)
		}
		invariants(t, f)
	}
}

func invariants(t *testing.T, f stage.Facts) {
	t.Helper()
	d := stage.Decide(f)
	known := d.Stage == stage.None
	for _, s := range stage.Stages() {
		known = known || d.Stage == s
	}
	open := !f.Merged && !f.Closed && !f.Nothing && !f.Draft
	switch {
	case !known:
		t.Fatalf("%+v: %q is no stage", f, d.Stage)
	case open && d.Stage == stage.None:
		t.Fatalf("%+v: an open submission without a stage", f)
	case utf8.RuneCountInString(d.Summary) > 140:
		t.Fatalf("%+v: a summary of %d characters", f, utf8.RuneCountInString(d.Summary))
	case len(d.Reasons) == 0:
		t.Fatalf("%+v: no reason", f)
	case d.Status != stage.Unchanged && d.Summary == "":
		t.Fatalf("%+v: a status without a summary", f)
	case d.Waiting != stage.Nobody && len(d.Next) == 0:
		t.Fatalf("%+v: somebody is waited for and not told for what", f)
	case open && f.CouldNotCheck != "" && d.Status != stage.Error:
		t.Fatalf("%+v: not checked, and the status is %q", f, d.Status)
	}
	passes := f.CouldNotCheck == "" && f.Errors == 0 && !f.Conflict && !f.Behind && len(f.SharedHead) == 0 && len(f.Holds) == 0 &&
		f.QAPassed == f.QAItems && f.QAFailed == 0 && f.Approvals >= f.Needed && f.Blockers == 0
	if open && (d.Status == stage.Success) != passes {
		t.Fatalf("%+v: %q", f, d.Status)
	}
	if (f.Draft && !f.Merged && !f.Nothing || len(f.SharedHead) > 0) && d.Status == stage.Success {
		t.Fatalf("%+v: a commit passes for a draft or for two pull requests", f)
	}
	if open && (d.Stage == stage.Approved) != passes {
		t.Fatalf("%+v: stage %q", f, d.Stage)
	}
}
