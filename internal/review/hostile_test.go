package review_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/karzoun/miniapp-review/internal/plan"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/pull/pulltest"
	"github.com/karzoun/miniapp-review/internal/review"
	"github.com/karzoun/miniapp-review/internal/rules"
	"github.com/karzoun/miniapp-review/internal/stage"
)

// approved is a submission that was tested by rita and approved by her.
func approved(t *testing.T, base, head pulltest.Files) *life {
	t.Helper()
	l := begin(t, base, head)
	l.stands(stage.QA, stage.Pending)
	l.says("rita", "/qa pass")
	l.reviews("rita", pull.Approved)
	l.stands(stage.Approved, stage.Success)
	return l
}

// TestTwoPullsOfOneCommit checks that no pull request opens the gate of another
// one: a draft, one to another branch, and one that touches nothing there all
// write to the status of the commit that they share.
func TestTwoPullsOfOneCommit(t *testing.T) {
	repo := repository(t)
	l := approved(t, without(repo, "parleo"), repo)
	l.s.SameHead = []int{8}
	l.stands(stage.Approval, stage.Pending)
	l.s.SameHead = nil
	l.stands(stage.Approved, stage.Success)

	nothing := pulltest.New(repo, repo.With(map[string]string{"README.md": "hello"}))
	nothing.SameHead = []int{8}
	if r := settle(t, nothing); r.Decision.Status != stage.Pending {
		t.Errorf("a change of nothing sets %q for a commit that is the head of two", r.Decision.Status)
	}
	draft := pulltest.New(without(repo, "parleo"), repo)
	draft.Draft = true
	if r := settle(t, draft); r.Decision.Status != stage.Pending {
		t.Errorf("a draft sets %q", r.Decision.Status)
	}
}

// TestBaseChangedTheSame checks that an approval ends when the base branch has
// changed the namespace: what would be merged is neither state alone.
func TestBaseChangedTheSame(t *testing.T) {
	repo := repository(t)
	base := without(repo, "parleo")
	l := approved(t, base, repo)
	there := base.With(map[string]string{"definitions/parleo/extra.md": "put there by another one"})
	moved := pulltest.New(there, there)
	l.s.BaseTree, l.s.Base.SHA = moved.BaseTree, moved.Base.SHA
	for id, b := range moved.Blobs {
		l.s.Blobs[id] = b
	}
	l.stands(stage.Intake, stage.Failure)
}

// TestObjectionsStay checks that the author of a pull request cannot get rid of
// an objection: not with commits that name the reviewer, nor with so many of
// them that not all are known, nor with a crowd that keeps the reviewer from
// being asked about.
func TestObjectionsStay(t *testing.T) {
	repo := repository(t)
	for object, give := range map[string]func(*life){
		"changes requested": func(l *life) { l.reviews("walt", pull.ChangesRequested) },
		"a hold":            func(l *life) { l.says("walt", "/hold the provider is not known") },
		"a failed item":     func(l *life) { l.says("walt", "/qa fail connect: the token is refused") },
		"a hold, corrected": func(l *life) {
			c := l.says("walt", "/hold the provider is not known")
			c.UpdatedAt = c.UpdatedAt.Add(time.Minute)
		},
	} {
		for name, trick := range map[string]func(*pull.Snapshot){
			"nothing": func(*pull.Snapshot) {},
			"a co-author": func(s *pull.Snapshot) {
				s.Commits = append(s.Commits, pull.Commit{SHA: "1", People: []pull.User{people()["walt"]}})
			},
			"a crowd": func(s *pull.Snapshot) { delete(s.Permissions, "walt") },
		} {
			l := approved(t, without(repo, "parleo"), repo)
			give(l)
			trick(l.s)
			l.passes()
			if r := settle(t, l.s); r.Decision.Status == stage.Success {
				t.Errorf("%s, and then %s: %+v", object, name, r.Decision)
			}
		}
	}
}

// TestCrowdCannotApprove checks that whoever was not asked about counts only
// against a pull request.
func TestCrowdCannotApprove(t *testing.T) {
	repo := repository(t)
	l := begin(t, without(repo, "parleo"), repo)
	l.stands(stage.QA, stage.Pending)
	delete(l.s.Permissions, "rita")
	l.says("rita", "/qa pass")
	l.reviews("rita", pull.Approved)
	if r := l.stands(stage.QA, stage.Pending); r.Facts.Approvals != 0 || r.Facts.QAPassed != 0 {
		t.Errorf("%+v", r.Facts)
	}
}

// TestSaidBeforeItWasSeen checks a push in the very moment in which somebody
// says that the content before it is good: the run sees both at once.
func TestSaidBeforeItWasSeen(t *testing.T) {
	repo := repository(t)
	l := begin(t, without(repo, "parleo"), repo)
	l.stands(stage.QA, stage.Pending)
	l.says("rita", "/qa pass")
	l.stands(stage.Approval, stage.Pending)
	l.pushes(edited(t, repo, "definitions/parleo/SETUP.md", "1.", "1. "))
	l.s.At = l.s.At.Add(time.Minute) // the run starts, and reads the comments last
	late := l.s.At.Add(time.Second)
	l.s.Comments = append(l.s.Comments, pull.Comment{ID: 5000, NodeID: "X", User: people()["rita"], Body: "/qa pass", CreatedAt: late, UpdatedAt: late})
	l.s.Reviews = append(l.s.Reviews, pull.Review{ID: 5001, User: people()["rita"], State: pull.Approved, CommitID: l.s.Head.SHA, SubmittedAt: late})
	if r := settle(t, l.s); r.Facts.QAPassed != 0 || r.Facts.Approvals != 0 {
		t.Errorf("%+v", r.Facts)
	}
	l.s.At = late.Add(time.Minute)
	l.says("rita", "/qa pass")
	l.reviews("rita", pull.Approved)
	l.stands(stage.Approved, stage.Success)
}

// TestApprovalOfAnOlderCommitWithFilesOutside checks that a commit with the same
// namespace and other files beside it is other content.
func TestApprovalOfAnOlderCommitWithFilesOutside(t *testing.T) {
	repo := repository(t)
	l := begin(t, without(repo, "parleo"), repo.With(map[string]string{"README.md": "changed"}))
	l.stands(stage.QA, stage.Pending)
	l.says("rita", "/qa pass")
	l.says("mona", "/ok")
	l.reviews("rita", pull.Approved)
	old := fmt.Sprintf("%040d", 7)
	l.s.Reviews[0].CommitID = old
	l.s.Contents = map[string]string{old: pull.Digest(l.s.HeadTree.Files, []string{"parleo"})}
	if r := l.stands(stage.Approval, stage.Pending); r.Facts.Approvals != 0 || r.Facts.Stale != 1 {
		t.Errorf("%+v", r.Facts)
	}
}

// careless is a scanner with a mistake in it.
type careless struct{}

func (careless) Scan([]rules.SecretText) ([]rules.Leak, error) { panic("a mistake") }

// TestPanicIsNoResult checks that a mistake in a rule ends in "could not check",
// and not in a run that says nothing.
func TestPanicIsNoResult(t *testing.T) {
	repo := repository(t)
	s := pulltest.New(without(repo, "parleo"), repo)
	r, err := review.Review(context.Background(), s, review.Options{Version: "test", Secrets: careless{}})
	if err != nil || r.Decision.Status != stage.Error {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestNoRemarkOnBinary checks that nothing is said on the lines of a file that
// the diff does not show: GitHub would refuse it in each run.
func TestNoRemarkOnBinary(t *testing.T) {
	repo := repository(t)
	s := pulltest.New(without(repo, "parleo"), edited(t, repo, acme, `"miniapps:parleo"`, `"miniapps:parle`+"\x00"+`"`))
	r := settle(t, s)
	for _, m := range s.Remarks {
		if m.Path == acme {
			t.Errorf("a remark on line %d", m.Line)
		}
	}
	if r.Decision.Status != stage.Failure {
		t.Errorf("%+v", r.Decision)
	}
}

// TestStatusOfAnyName checks that no name keeps the status from being set.
func TestStatusOfAnyName(t *testing.T) {
	repo := repository(t)
	l := begin(t, without(repo, "parleo"), repo.With(map[string]string{"\U0001f600.txt": "x"}))
	l.stands(stage.QA, stage.Pending)
	l.says("rita", "/qa pass")
	l.reviews("rita", pull.Approved)
	l.stands(stage.Approval, stage.Pending)
	for _, c := range l.s.Statuses[0].Description {
		if c > 0xffff {
			t.Errorf("the description is %q", l.s.Statuses[0].Description)
		}
	}
}

// TestGateClosesFirst checks that a run which takes an approval back closes the
// gate before anything else, so that a run that is killed leaves it closed.
func TestGateClosesFirst(t *testing.T) {
	repo := repository(t)
	l := approved(t, without(repo, "parleo"), repo)
	l.says("rita", "/hold the provider is not known")
	l.passes()
	ops := run(t, l.s).Plan.Operations
	if len(ops) < 2 || ops[0].Kind != plan.SetStatus || ops[0].Status.State != "pending" {
		t.Errorf("plans %v", ops)
	}
}

// TestAuthorCannotKeepARunBusy floods a pull request with a command that its
// author may give. Each mark on a command is a write, and writes are slow.
func TestAuthorCannotKeepARunBusy(t *testing.T) {
	repo := repository(t)
	l := begin(t, without(repo, "parleo"), repo)
	l.stands(stage.QA, stage.Pending)
	for range 500 {
		l.says("author", "/recheck")
	}
	l.passes()
	if r := run(t, l.s); len(r.Plan.Operations) > 30 {
		t.Errorf("plans %d operations", len(r.Plan.Operations))
	}
}
