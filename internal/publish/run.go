package publish

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/karzoun/miniapp-review/internal/registry"
)

// Outcome is what a run did at one target.
type Outcome struct {
	Target string
	// Steps has a step for every candidate. It is nil when the target could not
	// be asked what it holds.
	Steps []Step
	// Err is why the target could not be reconciled as a whole.
	Err error
}

// Run is one reconciliation.
type Run struct {
	Candidates []Candidate
	Builder    *Builder
	Visible    Visible
	Targets    []registry.Target
	// DryRun plans, and writes nothing.
	DryRun bool
}

// Do reconciles every target with the candidates, each on its own and all at
// once, so that one that is slow or down holds back no other. Outcomes are in
// the order of the targets.
func (r *Run) Do(ctx context.Context) []Outcome {
	build := r.releases()
	outcomes := make([]Outcome, len(r.Targets))
	var wg sync.WaitGroup
	for i, t := range r.Targets {
		wg.Go(func() { outcomes[i] = r.reconcile(ctx, t, build) })
	}
	wg.Wait()
	return outcomes
}

// releases returns a function that makes each release once.
func (r *Run) releases() func(*Candidate) (*registry.Release, error) {
	once := map[*Candidate]func() (*registry.Release, error){}
	for i := range r.Candidates {
		c := &r.Candidates[i]
		once[c] = sync.OnceValues(func() (*registry.Release, error) {
			visibility, tenants := r.Visible(c.NS)
			return r.Builder.Release(c, visibility, tenants)
		})
	}
	return func(c *Candidate) (*registry.Release, error) { return once[c]() }
}

func (r *Run) reconcile(ctx context.Context, t registry.Target, build func(*Candidate) (*registry.Release, error)) Outcome {
	out := Outcome{Target: t.String()}
	index, err := t.Index(ctx)
	if err != nil {
		out.Err = err
		return out
	}
	out.Steps = Plan(r.Candidates, index, r.Visible)
	if r.DryRun {
		return out
	}
	var batch []*registry.Release
	var steps []*Step
	for i := range out.Steps {
		step := &out.Steps[i]
		if step.Action != Publish {
			continue
		}
		release, err := build(step.candidate)
		if err != nil {
			step.Action, step.Note = Failed, err.Error()
			continue
		}
		batch, steps = append(batch, release), append(steps, step)
	}
	if len(batch) == 0 {
		return out
	}
	results, err := t.Publish(ctx, batch)
	if err == nil && len(results) != len(batch) {
		err = fmt.Errorf("%s gave %d results for %d versions", t, len(results), len(batch))
	}
	out.Err = err
	for i, step := range steps {
		if i >= len(results) {
			step.Action, step.Note = Failed, "nothing is known of it"
			continue
		}
		step.settle(results[i])
	}
	return out
}

// settle says what became of a step that was to publish.
func (s *Step) settle(r registry.Result) {
	switch {
	case r.Err == nil && r.Added:
		s.Action = Published
	case r.Err == nil:
		s.Action = Verified
	case errors.Is(r.Err, registry.ErrConflict):
		s.Action, s.Note = Conflict, r.Err.Error()
	case errors.Is(r.Err, registry.ErrOlder):
		s.Action, s.Note = Older, r.Err.Error()
	case errors.Is(r.Err, registry.ErrGone):
		s.Action, s.Note = Gone, r.Err.Error()
	default:
		s.Action, s.Note = Failed, r.Err.Error()
	}
}
