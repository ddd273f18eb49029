package github

import (
	"context"
	"errors"
	"testing"

	"github.com/karzoun/miniapp-review/internal/githubtest"
)

// TestMerge merges what was approved and nothing else, once, whatever happens
// to the answer.
func TestMerge(t *testing.T) {
	for name, fault := range map[string]githubtest.Fault{"": nil, "cut before": githubtest.CutBefore(), "cut after": githubtest.CutAfter(), "bad gateway": githubtest.Answer(502, "x")} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, githubtest.Options{})
			p := w.open(fiveFiles())
			c := w.client("", nil)
			if fault != nil {
				w.s.Inject(githubtest.When{Method: "PUT"}, fault)
			}
			commit, err := c.Merge(context.Background(), p.Number, p.Head(), "squash", "Add acme 1.1.0")
			if err != nil || commit != w.repo.Branch("main") {
				t.Errorf("%q, %v, main is at %q", commit, err, w.repo.Branch("main"))
			}
		})
	}
	w := newWorld(t, githubtest.Options{})
	p := w.open(fiveFiles())
	approved := p.Head()
	w.fork.Push("change", w.partner, githubtest.Texts(map[string]string{"definitions/acme/SETUP.md": "evil\n"}))
	if _, err := w.client("", nil).Merge(context.Background(), p.Number, approved, "squash", ""); !errors.Is(err, ErrMoved) {
		t.Errorf("a push between approval and merge: %v", err)
	}
	p.ToDraft(w.partner)
	if _, err := w.client("", nil).Merge(context.Background(), p.Number, p.Head(), "squash", ""); ReasonOf(err) != Refused {
		t.Errorf("a draft: %v", err)
	}
}
