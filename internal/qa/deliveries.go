package qa

import (
	"context"
	"slices"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/sandbox"
)

// deliveries delivers the samples, each to an install of its own: none is taken
// for a repetition of another, and no account is needed.
func (r *runner) deliveries(ctx context.Context) {
	for _, s := range r.in.Samples {
		event := s.Root.Get("event").Text()
		id := EventID(r.m.Definition, event)
		if r.in.Only != nil && !r.wanted[id] {
			continue
		}
		r.wanted[id] = true
		a := notTried("Run it again.", "the run was stopped before it")
		if ctx.Err() == nil {
			a = r.deliver(s, event)
		}
		a.From = s.Name
		r.attempts[id] = append(r.attempts[id], a)
		known := func(x Result) bool { return x.ID == id }
		if !slices.ContainsFunc(r.items, func(it Item) bool { return it.ID == id }) && !slices.ContainsFunc(r.others, known) {
			r.others = append(r.others, Result{ID: id, Text: "send the event " + quoted(event)})
		}
	}
}

// deliver delivers one sample, signed, and holds what it starts against the event
// that it is for.
func (r *runner) deliver(s Sample, event string) Attempt {
	install := sandbox.NewInstall("qa")
	install.Connected = true
	in, err := r.m.Sample(install, definition.NewSample(s.Root))
	if err != nil {
		return Attempt{State: Failed, Reason: err.Error(), Hint: "Look at webhook.verification."}
	}
	d := r.m.Deliver(install, in)
	a := Attempt{State: Passed, Delivery: d}
	fail := func(reason, hint string) Attempt {
		a.State, a.Reason, a.Hint = Failed, reason, hint
		return a
	}
	wrong, isWrong := firstError(d.Run)
	switch {
	case d.Failure != nil:
		return fail(d.Failure.Message, d.Failure.Hint)
	case isWrong:
		return fail(placed(wrong), wrong.Hint)
	case d.Challenge:
		return fail("it is answered as a challenge, and starts nothing", "Compare challengeResponse with the sample.")
	case d.Event != event:
		return fail("it gives the event "+quoted(d.Event)+", and not "+quoted(event), "Compare webhook.eventExtraction with the sample.")
	case len(d.Triggers) == 0 && d.Handler == "":
		return fail("no trigger and no handler has the event "+quoted(event), "Add a trigger for it, or take the sample out.")
	}
	return a
}
