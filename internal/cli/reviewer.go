package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/github"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/plan"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/review"
	"github.com/karzoun/miniapp-review/internal/secrets"
	"github.com/karzoun/miniapp-review/internal/stage"
)

// forge is what a review needs of GitHub.
type forge interface {
	Snapshot(ctx context.Context, number int) (*pull.Snapshot, error)
	OpenPulls(ctx context.Context) ([]pull.Open, error)
	Claims(ctx context.Context, open []pull.Open, base string, namespaces []string, version func([]byte) string) ([]pull.Other, error)
	Talks(ctx context.Context, numbers []int) (map[int][]pull.Comment, error)
	MergedPulls(ctx context.Context) ([]pull.Merged, error)
	Members(ctx context.Context, org, slug string, ask []pull.User) (logins []string, seen bool, err error)
	FindPull(ctx context.Context, headRepository, headSHA string) (int, error)
	Apply(ctx context.Context, p plan.Plan, made func(plan.Made)) error
}

// reviewing is what the reviews of one run share.
type reviewing struct {
	forge   forge
	options review.Options
	// held returns the versions that the registry holds; nil without one.
	held func(ns string) []pull.Held
	// heldAt finds held by what a pull request's base says; it may be nil.
	heldAt func(ctx context.Context, s *pull.Snapshot) (func(ns string) []pull.Held, error)
	// settle notes what became of a pull request that was merged. It may be nil.
	settle func(context.Context, *pull.Snapshot) error
	// dryRun plans and writes nothing.
	dryRun bool
	// record is told what was seen and what came of it. It may be nil.
	record func(*pull.Snapshot, *review.Result) error
	// queue is kept by a run that looks at many pull requests; nil reads it anew.
	queue *queueCache
}

// outcome is what came of one pull request.
type outcome struct {
	number   int
	snapshot *pull.Snapshot
	result   *review.Result
	made     []plan.Made
	// moved is set when the pull request was pushed to during the review, so
	// that nothing was written and the next run takes over.
	moved bool
	// failed is set when the plan was made in part only.
	failed bool
	// notes say in a sentence what could not be found out and does no harm.
	notes []string
}

// merged is the commit that the pull request was merged as in this run, or "".
func (o *outcome) merged() string {
	for _, m := range o.made {
		if m.Merged != "" {
			return m.Merged
		}
	}
	return ""
}

// newReviewing loads what every review needs.
func newReviewing(f forge) (*reviewing, error) {
	schema, err := definition.NewValidator()
	if err != nil {
		return nil, err
	}
	return &reviewing{forge: f, options: review.Options{Schema: schema, Secrets: secrets.New(), Version: version()}}, nil
}

// pull reviews one pull request. When it could be read in part only, the status
// says so, and the error says why.
//
// A run that opened the gate looks once more. Somebody may have objected while
// it was writing, and the run for that may have ended before this one; what is
// said from now on starts a run that writes later than this one did.
func (r *reviewing) pull(ctx context.Context, number int) (*outcome, error) {
	first, err := r.once(ctx, number)
	if err != nil || !first.opened() {
		return first, err
	}
	second, err := r.once(ctx, number)
	if second == nil {
		return first, err
	}
	if len(second.result.Plan.Operations) == 0 {
		return first, err
	}
	second.made = append(first.made, second.made...)
	return second, err
}

// opened reports whether the status was set that lets the merge pass.
func (o *outcome) opened() bool {
	return o.result.Decision.Stage == stage.Approved && !o.snapshot.Merged && slices.ContainsFunc(o.made, func(m plan.Made) bool {
		return m.Operation.Kind == plan.SetStatus && m.Operation.Status.State == string(stage.Success)
	})
}

// once is one look at a pull request, and the writing.
func (r *reviewing) once(ctx context.Context, number int) (*outcome, error) {
	// Which others are open does not depend on this one, and need not wait.
	var open []pull.Open
	var openFailed error
	listed := make(chan struct{})
	go func() {
		defer close(listed)
		open, openFailed = r.forge.OpenPulls(ctx)
	}()
	s, err := r.forge.Snapshot(ctx, number)
	<-listed
	if err != nil {
		return nil, r.couldNotRead(ctx, s, err)
	}
	others, err := r.surroundings(ctx, s, open, openFailed)
	if err != nil {
		return nil, r.couldNotRead(ctx, s, err)
	}
	if r.settle != nil && s.Merged {
		if err := r.settle(ctx, s); err != nil {
			return nil, err
		}
	}
	o := &outcome{number: number, snapshot: s}
	if o.result, err = review.Review(ctx, s, r.options); err != nil {
		return nil, r.couldNotRead(ctx, s, err)
	}
	if o.result.Decision.Waiting == stage.Reviewer && o.result.Facts.CouldNotCheck == "" && !s.Merged {
		// Only those that wait for reviewers have a place, which saves the
		// questions about the queue for all others.
		o.notes = r.readQueue(ctx, s, others)
		if o.result, err = review.Review(ctx, s, r.options); err != nil {
			return nil, r.couldNotRead(ctx, s, err)
		}
	}
	r.queue.see(o.result.Standing)
	if r.record != nil {
		if err := r.record(s, o.result); err != nil {
			return o, err
		}
	}
	if r.dryRun {
		return o, nil
	}
	err = r.forge.Apply(ctx, o.result.Plan, func(m plan.Made) { o.made = append(o.made, m) })
	if errors.Is(err, github.ErrMoved) {
		o.moved = true
		return o, nil
	}
	if err != nil {
		o.failed = true
		return o, r.couldNotFinish(ctx, o, err)
	}
	if o.merged() != "" {
		// What a workflow's token merges starts no run, so that this one tells.
		after, err := r.pull(ctx, number)
		if after != nil {
			after.made = append(o.made, after.made...)
			return after, err
		}
		return o, err
	}
	return o, nil
}

// couldNotFinish sets the status to an error when the plan would have set
// another one and did not come to it.
func (r *reviewing) couldNotFinish(ctx context.Context, o *outcome, cause error) error {
	ops := o.result.Plan.Operations
	if ctx.Err() != nil || len(ops) == 0 || ops[len(ops)-1].Kind != plan.SetStatus {
		return cause
	}
	return r.errorStatus(ctx, o.snapshot, "could not finish: the review could not be written, see the run", cause)
}

// versionOf reads the version out of a definition, "" when there is none.
func versionOf(data []byte) string {
	doc, problems := jsondoc.Parse(data)
	if len(problems) > 0 || doc == nil || doc.Root == nil {
		return ""
	}
	return doc.Root.Get("version").Text()
}

// couldNotRead sets the status to an error, as far as that is possible, since
// an older status of the same commit must not let it pass.
func (r *reviewing) couldNotRead(ctx context.Context, s *pull.Snapshot, cause error) error {
	if s == nil || s.Head.SHA == "" || s.Closed || r.dryRun || ctx.Err() != nil {
		return cause
	}
	return r.errorStatus(ctx, s, "could not check: the pull request could not be read or reviewed, see the run", cause)
}

func (r *reviewing) errorStatus(ctx context.Context, s *pull.Snapshot, description string, cause error) error {
	p := plan.Plan{Number: s.Number, Head: s.Head.SHA, Operations: []plan.Operation{{Kind: plan.SetStatus, Status: &plan.Status{
		Context: review.StatusContext, State: "error", Description: description, URL: r.options.RunURL}}}}
	if err := r.forge.Apply(ctx, p, nil); err != nil && !errors.Is(err, github.ErrMoved) {
		return errors.Join(cause, fmt.Errorf("and the status could not be set: %w", err))
	}
	return cause
}

// recordTo saves what a review saw in a file.
func recordTo(s Streams, name string) func(*pull.Snapshot, *review.Result) error {
	return func(snapshot *pull.Snapshot, result *review.Result) error {
		saved, masked := review.Recording(snapshot, result)
		data, err := saved.Encode()
		if err != nil {
			return err
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			return fmt.Errorf("writing the recording: %w", err)
		}
		note := ""
		if masked > 0 {
			note = fmt.Sprintf("; %d credentials that the submission leaks are crossed out, so a replay does not find them", masked)
		}
		fmt.Fprintf(s.Err, "recorded in %s%s\n", name, note)
		return nil
	}
}
