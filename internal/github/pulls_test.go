package github

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/githubtest"
	"github.com/karzoun/miniapp-review/internal/pull"
)

func TestOpenPulls(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	first := w.open(fiveFiles())
	w.fork.Push("second", w.partner, githubtest.Texts(map[string]string{"x": "y"}))
	second := w.repo.Open(w.fork, "second", w.partner, githubtest.PullSpec{Draft: true})
	w.fork.Push("third", w.partner, githubtest.Texts(map[string]string{"x": "z"}))
	w.repo.Open(w.fork, "third", w.partner, githubtest.PullSpec{}).Close(w.partner)
	list, err := w.client("", nil).OpenPulls(context.Background())
	if err != nil || len(list) != 2 {
		t.Fatalf("%v, %+v", err, list)
	}
	if list[0].Number != first.Number || list[1].Number != second.Number || !list[1].Draft || list[0].Head.SHA != first.Head() || list[0].Author.ID != w.partner.ID {
		t.Errorf("%+v", list)
	}
}

// TestPages reads lists of several pages, at the same time where their number
// is known.
func TestPages(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	p := w.open(fiveFiles())
	for range 250 {
		p.Comment(w.partner, "x")
	}
	s := w.read(w.client("", nil), p)
	if len(s.Comments) != 250 {
		t.Errorf("%d comments", len(s.Comments))
	}
	for i := 1; i < len(s.Comments); i++ {
		if s.Comments[i].ID <= s.Comments[i-1].ID {
			t.Fatal("the comments are not in order, or there twice")
		}
	}
}

// TestManyCommits says that there are more commits than GitHub lists.
func TestManyCommits(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	parent := w.repo.Branch("main")
	w.fork.Push("change", w.partner, nil)
	for range 255 {
		parent = w.fork.Commit(githubtest.CommitSpec{Parents: []string{parent}, Files: fiveFiles(), Author: w.partner})
	}
	w.fork.Move("change", w.partner, parent)
	s := w.read(w.client("", nil), w.repo.Open(w.fork, "change", w.partner, githubtest.PullSpec{}))
	if len(s.Commits) != 250 || !s.MoreCommits || s.Incomplete != "" || len(s.Changes) != 5 {
		t.Errorf("%d commits, more %v, %q", len(s.Commits), s.MoreCommits, s.Incomplete)
	}
}

// TestAttack36TwoClaims sees another open request for the same namespace, and
// no claim in one that only started from an older base.
func TestAttack36TwoClaims(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	old := w.open(githubtest.Texts(map[string]string{"definitions/zeta/miniapp.json": "{\"version\": \"3.1.0\"}\n"}))
	base := w.repo.Push("main", w.keeper, githubtest.Texts(map[string]string{"definitions/acme/miniapp.json": "{\"version\": \"1.0.1\"}\n"}))
	claims := func(branch, version string) *githubtest.Pull {
		w.fork.Push(branch, w.partner, githubtest.Texts(map[string]string{"definitions/acme/miniapp.json": "{\"version\": \"" + version + "\"}\n"}))
		return w.repo.Open(w.fork, branch, w.partner, githubtest.PullSpec{})
	}
	one, two := claims("one", "1.1.0"), claims("two", "1.2.0")
	c := w.client("", nil)
	open, err := c.OpenPulls(context.Background())
	if err != nil || len(open) != 3 {
		t.Fatalf("%v, %+v", err, open)
	}
	version := func(definition []byte) string { return strings.Split(string(definition), `"`)[3] }
	others, err := c.Claims(context.Background(), open, base, []string{"acme"}, version)
	want := []pull.Other{
		{Number: one.Number, Claims: map[string]string{"acme": "1.1.0"}}, {Number: two.Number, Claims: map[string]string{"acme": "1.2.0"}},
	}
	if diff := cmp.Diff(want, others); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	both, err := c.Claims(context.Background(), open, base, []string{"acme", "zeta"}, version)
	if err != nil || len(both) != 3 || both[0].Number != old.Number || both[0].Claims["zeta"] != "3.1.0" || both[0].Claims["acme"] != "" {
		t.Errorf("%v, %+v", err, both)
	}
}

// TestEnterprise reads below the address of an Enterprise server.
func TestEnterprise(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	p := w.open(fiveFiles())
	s := w.read(w.client("", func(o *Options) { o.API = w.s.URL + "/api/v3" }), p)
	if s.Incomplete != "" || len(s.Blobs) != 11 {
		t.Errorf("%q, %d blobs", s.Incomplete, len(s.Blobs))
	}
}

// TestSelf asks who a person's token acts as, and takes a no for an answer.
func TestSelf(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	ctx := context.Background()
	if self, err := w.client(w.keeper.Token(), nil).Self(ctx); err != nil || self.ID != w.keeper.ID || self.Bot {
		t.Errorf("a person's: %+v, %v", self, err)
	}
	if self, err := w.client(w.repo.ActionsToken(githubtest.Full()), nil).Self(ctx); err != nil || self.ID != 0 {
		t.Errorf("an Action's, not told: %+v, %v", self, err)
	}
	w.s.ResetLog()
	self, err := w.client(w.repo.ActionsToken(githubtest.Full()), func(o *Options) { o.Action = true }).Self(ctx)
	if err != nil || self != ActionsBot() || len(w.s.Requests()) != 0 {
		t.Errorf("an Action's: %+v, %v", self, err)
	}
	token := w.keeper.Token()
	w.s.Revoke(token)
	if _, err := w.client(token, nil).Self(ctx); ReasonOf(err) != Unauthorized {
		t.Errorf("a revoked one: %v", err)
	}
}
