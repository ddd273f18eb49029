package cli

import (
	"context"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/githubtest"
	"github.com/karzoun/miniapp-review/internal/plan"
	"github.com/karzoun/miniapp-review/internal/stage"
)

// TestReviewOnGitHub follows a submission from a fork: findings, the fix, QA and
// approval, on a GitHub that refuses what GitHub refuses.
func TestReviewOnGitHub(t *testing.T) {
	w := newWorld(t, githubtest.Options{}, "parleo")
	w.open(w.namespace("parleo", map[string]string{"miniapp.json": w.definition("parleo", `"miniapps:parleo"`, `"miniapps:parle"`, `"status": "private"`, `"status": "public"`)}))
	o := w.review()
	if o.result.Decision.Stage != stage.Intake {
		t.Fatalf("%+v", o.result.Decision)
	}
	if len(w.pull.Remarks()) != 2 || len(w.pull.Comments()) != 1 {
		t.Fatalf("%d remarks, %d comments", len(w.pull.Remarks()), len(w.pull.Comments()))
	}
	if got := strings.Join(w.pull.Labels(), ", "); got != "stage: intake, waiting: partner, kind: new" {
		t.Errorf("labels %s", got)
	}
	if s := w.repo.Statuses(w.pull.Head()); len(s) != 1 || s[0].State != "failure" || s[0].Description != "2 errors to mend" {
		t.Errorf("statuses %+v", s)
	}
	w.gh.ResetLog()
	if o = w.review(); len(o.result.Plan.Operations) > 0 || len(w.gh.Writes()) > 0 {
		t.Errorf("a second run plans %s", o.result.Plan.Text())
	}
	w.push(w.namespace("parleo", nil))
	if o = w.review(); o.result.Decision.Stage != stage.QA {
		t.Fatalf("%+v", o.result.Decision)
	}
	for _, r := range w.pull.Remarks() {
		if !r.Minimized || !strings.HasPrefix(r.Body, "✅ Mended in") {
			t.Errorf("a settled remark is %+v", r)
		}
	}
	w.pull.Comment(w.rita, "/qa pass")
	if o = w.review(); o.result.Decision.Stage != stage.Approval {
		t.Fatalf("%+v", o.result.Decision)
	}
	w.pull.Review(w.rita, githubtest.Approve, "")
	if o = w.review(); o.result.Decision.Stage != stage.Approved {
		t.Fatalf("%+v %+v", o.result.Decision, o.result.Facts)
	}
	if s := w.repo.Statuses(w.pull.Head()); s[0].State != "success" || s[0].Description != "approved" {
		t.Errorf("statuses %+v", s)
	}
	w.gh.ResetLog()
	if w.review(); len(w.gh.Writes()) > 0 {
		t.Errorf("a run that changes nothing writes %+v", w.gh.Writes())
	}
}

// TestDraftOfTheSameCommit opens a second, draft pull request with the commit of
// the first. Neither can let the other pass.
func TestDraftOfTheSameCommit(t *testing.T) {
	w := newWorld(t, githubtest.Options{}, "parleo")
	w.open(w.namespace("parleo", nil))
	w.fork.Move("again", w.partner, w.pull.Head())
	first := w.pull
	second := w.repo.Open(w.fork, "again", w.partner, githubtest.PullSpec{Draft: true})
	for _, p := range []*githubtest.Pull{second, first, second} {
		w.pull = p
		if o := w.review(); len(o.snapshot.SameHead) != 1 || o.result.Decision.Status != stage.Pending {
			t.Errorf("#%d: %v, %+v", p.Number, o.snapshot.SameHead, o.result.Decision)
		}
	}
	if s := w.repo.Statuses(first.Head()); len(s) == 0 || s[0].State != "pending" {
		t.Errorf("statuses %+v", s)
	}
}

// meddling is a GitHub on which somebody acts once, before the status that opens
// the gate is set.
type meddling struct {
	forge
	act func()
}

func (m *meddling) Apply(ctx context.Context, p plan.Plan, made func(plan.Made)) error {
	if n := len(p.Operations); m.act != nil && n > 0 && p.Operations[n-1].Status != nil && p.Operations[n-1].Status.State == "success" {
		m.act()
		m.act = nil
	}
	return m.forge.Apply(ctx, p, made)
}

// TestObjectionWhileWriting objects after a run has read everything and before
// it writes that the pull request is approved. The run for the objection can be
// over by then.
func TestObjectionWhileWriting(t *testing.T) {
	w := newWorld(t, githubtest.Options{}, "parleo")
	w.open(w.namespace("parleo", nil))
	w.review()
	w.pull.Comment(w.rita, "/qa pass")
	w.review()
	w.pull.Review(w.rita, githubtest.Approve, "")
	r := w.reviewer()
	r.forge = &meddling{forge: r.forge, act: func() {
		w.pull.Comment(w.rita, "/hold the provider is not known")
		w.review()
	}}
	o, err := r.pull(context.Background(), w.pull.Number)
	if err != nil {
		t.Fatal(err)
	}
	if s := w.repo.Statuses(w.pull.Head()); s[0].State != "pending" || o.result.Decision.Status != stage.Pending {
		t.Errorf("%+v, statuses %+v", o.result.Decision, s)
	}
}
