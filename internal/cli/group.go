package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/karzoun/miniapp-review/internal/actions"
	"github.com/karzoun/miniapp-review/internal/config"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/github"
	"github.com/karzoun/miniapp-review/internal/intake"
	"github.com/karzoun/miniapp-review/internal/plan"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/review"
	"github.com/karzoun/miniapp-review/internal/rules"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// group checks a group of the merge queue: what the base branch would be, by the
// same rules as each of its pull requests. What was right for each of them can be
// wrong for all, such as one version that two of them publish. It writes the
// status of the group's commit and nothing else.
func (a *actionRun) group(ctx context.Context, g actions.Group) error {
	tip, err := a.client.BranchTip(ctx, g.HeadRef)
	if github.ReasonOf(err) == github.NotFound || err == nil && tip != g.HeadSHA {
		return a.writer.Line("nothing to do: the merge group is not in the queue any more")
	}
	if err != nil {
		return err
	}
	findings, failed := a.checkGroup(ctx, g)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	errs, warnings, _ := finding.Count(findings)
	status := plan.Status{Context: review.StatusContext, State: "success", Description: "the merge group has no errors", URL: a.options.RunURL}
	switch {
	case failed != nil:
		status.State, status.Description = "error", "could not check the merge group, see the run"
	case errs > 0:
		status.State, status.Description = "failure", fmt.Sprintf("the merge group has errors: %d", errs)
	}
	left, err := a.writer.Annotate(findings)
	if left > 0 {
		err = errors.Join(err, a.writer.Line(fmt.Sprintf("%d findings have no annotation", left)))
	}
	err = errors.Join(err, a.writer.Line(fmt.Sprintf("merge group at %s: %s: %d errors, %d warnings", g.HeadSHA[:12], status.State, errs, warnings)))
	if !a.dryRun {
		err = errors.Join(err, a.client.SetStatus(ctx, g.HeadSHA, status))
	}
	return errors.Join(failed, err)
}

// checkGroup finds what is wrong with a group. The rules are those of the branch
// that it is merged into.
func (a *actionRun) checkGroup(ctx context.Context, g actions.Group) ([]finding.Finding, error) {
	changes, err := a.client.Changes(ctx, g.BaseSHA, g.HeadSHA)
	if err != nil {
		return nil, err
	}
	touched := review.Touched(changes)
	if len(touched) == 0 {
		return nil, nil
	}
	now, err := a.client.BranchTip(ctx, g.BaseRef)
	if err != nil {
		return nil, err
	}
	head, base := a.client.Tree(ctx, g.HeadSHA), a.client.Tree(ctx, g.BaseSHA)
	current := base
	if now != g.BaseSHA {
		current = a.client.Tree(ctx, now)
	}
	settings, err := configuration(current)
	if err != nil {
		return nil, err
	}
	held, err := a.heldOnBranches(ctx, settings)
	if err != nil {
		return nil, err
	}
	changed := map[string]bool{}
	for _, ns := range touched {
		changed[ns] = true
	}
	res, err := intake.Check(ctx, intake.Input{Head: head, Base: base, Changed: changed, Only: touched, Config: settings,
		Schema: a.options.Schema, Secrets: a.options.Secrets, Now: a.now(), Held: func(ns string) []rules.Held { return taken(ns, held, base, current) }})
	if err != nil {
		return nil, err
	}
	return res.Findings, nil
}

func (a *actionRun) now() time.Time { return a.streams.Now() }

// taken are the versions that the registry holds, and the one that the base
// branch has by now.
func taken(ns string, held func(string) []pull.Held, base, current source.Tree) []rules.Held {
	var list []rules.Held
	if held != nil {
		for _, h := range held(ns) {
			list = append(list, rules.Held{Version: h.Version, State: h.State})
		}
	}
	if current == base {
		return list
	}
	version := func(t source.Tree) string {
		data, err := t.ReadFile(submission.Dir(ns)+"/"+submission.DefinitionFile, submission.MaxFileBytes)
		if err != nil {
			return "" // what is not there holds no version
		}
		return versionOf(data)
	}
	if v := version(current); v != "" && v != version(base) && !slices.ContainsFunc(list, func(h rules.Held) bool { return h.Version == v }) {
		list = append(list, rules.Held{Version: v, State: "published"})
	}
	return list
}

// configuration reads the configuration of a definitions repository.
func configuration(t source.Tree) (*config.Config, error) {
	data, err := t.ReadFile(review.ConfigFile, config.MaxBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return config.Default(), nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	c, err := config.Parse(data, review.ConfigRules())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", review.ConfigFile, errors.New(strings.ReplaceAll(err.Error(), "\n", "; ")))
	}
	return c, nil
}
