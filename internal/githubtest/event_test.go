package githubtest

import "testing"

// TestEventsAreAsDescribed does everything that starts workflows, and holds the
// payloads against GitHub's description of its events.
func TestEventsAreAsDescribed(t *testing.T) {
	api := loadOrSkip(t)
	s := New(Options{})
	defer s.Close()
	r := s.Repo("acme/definitions", Files{"a": Text("1\n")})
	writer, partner := s.User("writer"), s.User("partner")
	r.Permit(writer, Write)
	fork := r.Fork(partner)
	fork.Push("add", partner, Files{"b": Text("1\n")})
	p := r.Open(fork, "add", partner, PullSpec{Draft: true, Body: "Please"})
	p.Ready(partner)
	p.ToDraft(partner)
	p.Ready(partner)
	p.Edit(partner, "Title", "Body")
	p.RequestReview(partner, writer)
	p.Label(writer, "bug", "new")
	p.Unlabel(writer, "bug")
	said := p.Comment(writer, "hello")
	said.Edit(writer, "hello again")
	said.Delete(writer)
	remark := p.Remark(writer, "b", 1, "here")
	remark.Edit(writer, "there")
	remark.Reply(partner, "fixed")
	fork.Push("add", partner, Files{"b": Text("2\n")})
	approval := p.Review(writer, Approve, "Fine")
	approval.Edit(writer, "Finer")
	approval.Dismiss(writer)
	r.SetStatus(p.Head(), writer, Status{State: "success", Context: "other"})
	p.Close(writer)
	p.Reopen(writer)
	r.Push("release", writer, Files{"c": Text("1\n")})
	p.Retarget(writer, "release")
	p.Lock(writer)
	p.Merge(writer)
	r.DeleteBranch("release", writer)
	kinds := map[string]bool{}
	for _, e := range s.Events() {
		kinds[e.Name+" "+e.Action] = true
		if err := api.checkEvent(e); err != nil {
			t.Error(err)
		}
	}
	if len(kinds) != 21 {
		t.Errorf("%d kinds of events: %v", len(kinds), kinds)
	}
}
