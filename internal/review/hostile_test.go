package review_test

import (
	"testing"

	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/pull/pulltest"
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
