package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/karzoun/miniapp-review/internal/actions"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/github"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/report"
)

func newAction(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "action",
		Short: "Run as a GitHub Action: do what the event calls for",
		Long: `Action is the entry point of the GitHub Action. It looks at the event that the
runner names, and does what it calls for: it reviews a pull request, the pull
requests of a commit, a merge group, or all open pull requests. With the input
task set to "publish", it publishes what the default branch holds, and with "qa"
it tries the submission that a comment asks to be tried.

The event is only a hint; everything is read from the API. The inputs are those
of action.yml.

Exit codes: 0 done, whatever was found (the commit status is the gate),
2 wrong use or configuration, 3 could not check.`,
		Args:   cobra.NoArgs,
		Hidden: s.Getenv("GITHUB_ACTIONS") == "",
		RunE:   func(c *cobra.Command, _ []string) error { return runAction(c.Context(), s) },
	}
}

// actionRun is one run of the Action.
type actionRun struct {
	*reviewing
	streams Streams
	writer  *actions.Writer
	client  *github.Client
	// merged is set when the run merged a pull request.
	merged bool
	// run is how definitions are run.
	run machineFlags
}

func runAction(ctx context.Context, s Streams) error {
	w := actions.NewWriter(s.Out, rand.Reader, s.Getenv)
	err := action(ctx, s, w)
	if err == nil {
		return nil
	}
	code := ExitFailed
	var e *exitError
	if errors.As(err, &e) {
		code = e.code
	}
	// The message can repeat what GitHub said, so that only the writer may
	// print it.
	return &exitError{code: code, err: w.Fail("miniapp-review", err.Error())}
}

func action(ctx context.Context, s Streams, w *actions.Writer) error {
	in, err := actions.ReadInputs(s.Getenv)
	if err != nil {
		return &exitError{code: ExitUsage, err: err}
	}
	if err := errors.Join(w.Mask(in.Token), w.Mask(in.MarkerSecret), w.Mask(in.AgeIdentity)); err != nil {
		return err
	}
	run, err := actions.ReadRun(s.Getenv)
	if err != nil {
		return &exitError{code: ExitUsage, err: err}
	}
	event, err := actions.ReadEvent(run.EventName, run.EventPath)
	if err != nil {
		return err
	}
	client, err := github.New(github.Options{Owner: run.Owner, Name: run.Name, Token: in.Token, API: run.APIURL, Action: true,
		Self: pull.User{ID: in.Bot.ID, Login: in.Bot.Login, Bot: in.Bot.Bot}, UserAgent: "miniapp-review/" + version(), Now: s.Now})
	if err != nil {
		return &exitError{code: ExitUsage, err: err}
	}
	r, err := newReviewing(client)
	if err != nil {
		return err
	}
	r.dryRun = in.DryRun
	r.options.MarkerKey, r.options.RunURL = []byte(in.MarkerSecret), run.URL
	a := &actionRun{reviewing: r, streams: s, writer: w, client: client, run: machineFlags{platform: defaultPlatform}}
	r.heldAt = a.heldAt
	switch in.Task {
	case actions.TaskPublish:
		return a.do(ctx, event.PublishTask())
	case actions.TaskQA:
		t := event.QATask()
		if t.Kind == actions.TryPull {
			return a.tryFor(ctx, t.Number, t.Comment, in.AgeIdentity)
		}
		return a.do(ctx, t)
	}
	err = a.do(ctx, event.Task())
	if a.merged {
		// A merge by the Action's own token starts no run that would publish it.
		err = errors.Join(err, a.publish(ctx))
	}
	return err
}

// do does what the event calls for.
func (a *actionRun) do(ctx context.Context, t actions.Task) error {
	switch t.Kind {
	case actions.ReviewPull:
		return a.review(ctx, t.Number, true)
	case actions.ReviewHead:
		number, err := a.forge.FindPull(ctx, t.Head.Repository, t.Head.SHA)
		if github.ReasonOf(err) == github.NotFound {
			return a.writer.Line("nothing to do: no open pull request has the commit of that run as its head")
		}
		if err != nil {
			return err
		}
		return a.review(ctx, number, true)
	case actions.ReviewGroup:
		return a.group(ctx, t.Group)
	case actions.Sweep:
		return a.sweep(ctx)
	case actions.Publish:
		return a.publish(ctx)
	}
	return a.writer.Line("nothing to do: " + t.Why)
}

// sweep reviews every open pull request. One that fails does not keep the
// others from their turn.
func (a *actionRun) sweep(ctx context.Context) error {
	open, err := a.forge.OpenPulls(ctx)
	if err != nil {
		return err
	}
	a.queue, a.options.Sweep = &queueCache{}, true
	var failed []error
	for _, p := range open {
		if err := a.review(ctx, p.Number, false); err != nil {
			failed = append(failed, fmt.Errorf("pull request %d: %w", p.Number, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	if len(failed) > 0 {
		return errors.Join(failed...)
	}
	return a.writer.Line(fmt.Sprintf("%d open pull requests were looked at", len(open)))
}

// review reviews one pull request and says so to the runner. only is set when
// it is the one that the run is about.
func (a *actionRun) review(ctx context.Context, number int, only bool) error {
	o, err := a.pull(ctx, number)
	if o != nil && o.result != nil {
		err = errors.Join(err, a.tell(o, only))
	}
	if err != nil {
		return err
	}
	if why := o.result.Facts.CouldNotCheck; why != "" {
		return errors.New("could not check: " + why)
	}
	return nil
}

// tell writes the log, the annotations, the job summary and the outputs.
func (a *actionRun) tell(o *outcome, only bool) error {
	var log strings.Builder
	if err := printReview(&log, o, "text", a.dryRun); err != nil {
		return err
	}
	errs := []error{a.writer.Line(strings.TrimSuffix(log.String(), "\n"))}
	if commit := o.merged(); commit != "" {
		a.merged = true
		errs = append(errs, a.writer.Output("merged", commit))
	}
	if !only {
		return errors.Join(errs...)
	}
	left, err := a.writer.Annotate(o.result.Findings)
	errs = append(errs, err)
	if left > 0 {
		errs = append(errs, a.writer.Line(fmt.Sprintf("%d findings have no annotation; the status comment has all of them", left)))
	}
	if o.result.Comment != "" {
		_, err = a.writer.Summary(o.result.Comment + shadowed(o.result.Findings))
		errs = append(errs, err)
	}
	errors_, warnings, _ := finding.Count(o.result.Findings)
	for _, out := range [][2]string{
		{"pull-request", strconv.Itoa(o.number)}, {"stage", stageName(o.result.Decision.Stage)}, {"status", string(o.result.Decision.Status)},
		{"errors", strconv.Itoa(errors_)}, {"warnings", strconv.Itoa(warnings)},
	} {
		errs = append(errs, a.writer.Output(out[0], out[1]))
	}
	return errors.Join(errs...)
}

// shadowed lists the findings that only maintainers are told.
func shadowed(findings []finding.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		if f.Shadow {
			fmt.Fprintf(&b, "- %s line %d: %s %s\n", report.Code(f.Path), f.Range.Start.Line, report.Prose(f.Message), report.RuleLink(f.Rule))
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "\n#### In shadow\n\nThese findings block nobody and are told to nobody else.\n\n" + b.String()
}
