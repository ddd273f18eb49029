package github

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/githubtest"
	"github.com/karzoun/miniapp-review/internal/plan"
	"github.com/karzoun/miniapp-review/internal/pull"
)

// several opens pull requests, each with a comment of ours and one of a person.
func (w *world) several(c *Client, n int) []*githubtest.Pull {
	w.t.Helper()
	var list []*githubtest.Pull
	for i := range n {
		branch := fmt.Sprint("change", i)
		w.fork.Push(branch, w.partner, githubtest.Texts(map[string]string{fmt.Sprintf("definitions/new%d/SETUP.md", i): "1. Go\n"}))
		p := w.repo.Open(w.fork, branch, w.partner, githubtest.PullSpec{Title: "Change"})
		p.Comment(w.partner, "Hello")
		head, err := c.Head(context.Background(), p.Number)
		if err != nil {
			w.t.Fatal(err)
		}
		body := fmt.Sprint("status of ", p.Number)
		if err := c.Apply(context.Background(), plan.Plan{Number: p.Number, Head: head.SHA, Operations: []plan.Operation{{Kind: plan.CreateComment, Body: body}}}, nil); err != nil {
			w.t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

// TestTalks reads the comments of many pull requests with few requests.
func TestTalks(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	c := w.client("", nil)
	var numbers []int
	for _, p := range w.several(c, 3) {
		numbers = append(numbers, p.Number)
	}
	w.s.ResetLog()
	talks, err := c.Talks(context.Background(), append(numbers, 999))
	if err != nil || len(w.s.Requests()) != 1 || len(talks) != 3 {
		t.Fatalf("%v, %d requests, %v", err, len(w.s.Requests()), talks)
	}
	for _, n := range numbers {
		list := talks[n]
		if len(list) != 2 || list[0].User != (pull.User{ID: w.partner.ID, Login: "partner"}) || list[1].User != ActionsBot() || list[1].Body != fmt.Sprint("status of ", n) || list[1].CreatedAt.IsZero() {
			t.Errorf("%d: %+v", n, list)
		}
	}
	var many []int
	for n := range 2000 {
		many = append(many, n+1)
	}
	w.s.ResetLog()
	if talks, err = c.Talks(context.Background(), many); err != nil || len(w.s.Requests()) != 10 || len(talks) != 3 {
		t.Errorf("%v, %d requests, %d talks", err, len(w.s.Requests()), len(talks))
	}
}

func TestMergedPulls(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	c := w.client("", nil)
	list := w.several(c, 3)
	for _, p := range list[:2] {
		if _, err := c.Merge(context.Background(), p.Number, p.Head(), "squash", ""); err != nil {
			t.Fatal(err)
		}
	}
	got, err := c.MergedPulls(context.Background())
	if err != nil || len(got) != 2 || got[0].Number != list[1].Number || got[1].Number != list[0].Number {
		t.Fatalf("%v, %+v", err, got)
	}
	if got[0].At.IsZero() || len(got[0].Comments) != 2 {
		t.Errorf("%+v", got[0])
	}
}

// TestMembers asks who is in a team, as those who may ask and those who may not.
func TestMembers(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	rita, walt := w.s.User("Rita"), w.s.User("walt")
	w.s.Org("acme").Team("desk", rita)
	ask := []pull.User{{ID: rita.ID, Login: rita.Login}, {ID: walt.ID, Login: walt.Login}}
	logins, seen, err := w.client(w.keeper.Token(), nil).Members(context.Background(), "acme", "desk", ask)
	if err != nil || !seen || !slices.Equal(logins, []string{"rita"}) {
		t.Errorf("%q, %v, %v", logins, seen, err)
	}
	if logins, seen, err = w.client("", nil).Members(context.Background(), "acme", "desk", ask); err != nil || seen || logins != nil {
		t.Errorf("an Action's token: %q, %v, %v", logins, seen, err)
	}
	w.s.Inject(githubtest.When{Path: "/orgs/*/teams/*/memberships/*"}, githubtest.Answer(404, "Not Found"))
	if logins, seen, err = w.client(w.keeper.Token(), nil).Members(context.Background(), "acme", "desk", ask[:1]); err != nil || !seen || len(logins) != 0 {
		t.Errorf("no such team: %q, %v, %v", logins, seen, err)
	}
}

func TestCloseAndMergeOperations(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	c := w.client("", nil)
	list := w.several(c, 3)
	apply := func(p *githubtest.Pull, op plan.Operation) (m plan.Made, err error) {
		err = c.Apply(context.Background(), plan.Plan{Number: p.Number, Head: p.Head(), Operations: []plan.Operation{op}}, func(made plan.Made) { m = made })
		return m, err
	}
	if _, err := apply(list[0], plan.Operation{Kind: plan.Close}); err != nil || list[0].State() != "closed" {
		t.Errorf("%v, it is %s", err, list[0].State())
	}
	merge := plan.Operation{Kind: plan.Merge, Method: "squash"}
	if m, err := apply(list[1], merge); err != nil || m.Merged != w.repo.Branch("main") || list[1].State() != "merged" {
		t.Errorf("%v, %+v, it is %s", err, m, list[1].State())
	}
	list[2].ToDraft(w.partner)
	m, err := apply(list[2], merge)
	if err != nil || m.Merged != "" || len(m.Notes) != 1 || !strings.Contains(m.Notes[0], "It was not merged") {
		t.Errorf("a draft: %v, %+v", err, m)
	}
	list[2].Ready(w.partner)
	w.s.Inject(githubtest.When{Method: "PUT"}, githubtest.Answer(403, "Resource not accessible by integration"))
	if _, err = apply(list[2], merge); ReasonOf(err) != Forbidden {
		t.Errorf("without the permission: %v", err)
	}
}
