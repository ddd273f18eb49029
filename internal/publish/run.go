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
	// Most is how many versions are published to one target at most; 0 is no
	// limit.
	Most int
}

// Do reconciles every target with the candidates, each on its own and all at
// once, so that one that is down holds back no other. Outcomes are in the order
// of the targets.
func (r *Run) Do(ctx context.Context) []Outcome {
	outcomes := make([]Outcome, len(r.Targets))
	indexes := make([]*registry.Index, len(r.Targets))
	r.each(func(i int, t registry.Target) {
		outcomes[i].Target = t.String()
		indexes[i], outcomes[i].Err = t.Index(ctx)
	})
	build := r.releases(ctx, indexes)
	r.each(func(i int, t registry.Target) {
		if outcomes[i].Err == nil {
			outcomes[i] = r.reconcile(ctx, t, indexes[i], build)
		}
	})
	return outcomes
}

func (r *Run) each(do func(i int, t registry.Target)) {
	var wg sync.WaitGroup
	for i, t := range r.Targets {
		wg.Go(func() { do(i, t) })
	}
	wg.Wait()
}

// releases returns a function that makes each release once, so that all targets
// get the same. What a namespace is visible as does not depend on the target: a
// new target has nothing of it yet, which must not make it public there.
func (r *Run) releases(ctx context.Context, indexes []*registry.Index) func(*Candidate) (*registry.Release, error) {
	held := func(ns string) registry.Entry {
		for _, x := range indexes {
			if x != nil && len(x.Versions(ns)) > 0 {
				return x.Entry(ns)
			}
		}
		return registry.Entry{}
	}
	once := map[*Candidate]func() (*registry.Release, error){}
	for i := range r.Candidates {
		c := &r.Candidates[i]
		once[c] = sync.OnceValues(func() (*registry.Release, error) {
			visibility, tenants := r.Visible(c.NS, held(c.NS))
			release, err := r.Builder.Release(c, visibility, tenants)
			if err != nil {
				return nil, err
			}
			return recorded(ctx, release, r.Targets, indexes), nil
		})
	}
	return func(c *Candidate) (*registry.Release, error) { return once[c]() }
}

func (r *Run) reconcile(ctx context.Context, t registry.Target, index *registry.Index, build func(*Candidate) (*registry.Release, error)) Outcome {
	out := Outcome{Target: t.String()}
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
		if r.Most > 0 && len(batch) == r.Most {
			step.Action, step.Note = Later, fmt.Sprintf("one run publishes %d versions at most, and the next one goes on", r.Most)
			continue
		}
		release, err := build(step.candidate)
		if err != nil {
			step.Action, step.Note = Failed, err.Error()
			continue
		}
		step.SHA256 = release.SHA256()
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
