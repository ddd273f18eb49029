package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/karzoun/miniapp-review/internal/actions"
	"github.com/karzoun/miniapp-review/internal/config"
	"github.com/karzoun/miniapp-review/internal/github"
	"github.com/karzoun/miniapp-review/internal/publish"
	"github.com/karzoun/miniapp-review/internal/registry"
	"github.com/karzoun/miniapp-review/internal/registry/branch"
	"github.com/karzoun/miniapp-review/internal/registry/endpoint"
	"github.com/karzoun/miniapp-review/internal/report"
	"github.com/karzoun/miniapp-review/internal/source"
)

// maxPublished is how many versions one run publishes to a registry, so that a
// repository that is published for the first time stays within the limits of
// the API. The next run goes on.
const maxPublished = 100

// shipping is one run that publishes what the default branch holds.
type shipping struct {
	*actionRun
	conf    *config.Config
	branch  github.Branch
	tree    source.Tree
	targets []registry.Target
	// indexes are those of the targets after publishing, nil where one could not
	// be read.
	indexes []*registry.Index

	mu     sync.Mutex
	looked map[int]*outcome
}

// publish brings what the default branch holds into the registries, and tells
// the pull requests that it came from. The event does not say what: a run that
// is repeated after months publishes what the branch holds then.
func (a *actionRun) publish(ctx context.Context) error {
	h := &shipping{actionRun: a, looked: map[int]*outcome{}}
	var err error
	if h.branch, err = a.client.DefaultBranch(ctx); err != nil {
		return err
	}
	h.tree = a.client.Tree(ctx, h.branch.Tip)
	if h.conf, _, err = readConfig(h.tree); err != nil {
		return err
	}
	if len(h.conf.Publish.To) == 0 {
		return a.writer.Line("nothing to do: publish.to in " + configFile + " names no registry")
	}
	if err := h.openTargets(); err != nil {
		return err
	}
	var told []error
	if !h.branch.Protected {
		told = append(told, a.writer.Warn("miniapp-review", fmt.Sprintf("The branch %q is not protected, so that anybody who can push to it can publish. Protect it under Settings, Rules.", h.branch.Name)))
	}
	candidates, err := publish.Scan(h.tree)
	if err != nil {
		return err
	}
	run := &publish.Run{Candidates: candidates, Visible: visible(h.conf), Targets: h.targets, DryRun: a.dryRun, Most: maxPublished,
		Builder: &publish.Builder{Tree: h.tree, Origin: h.origin(ctx), Review: h.review(ctx), Tool: "miniapp " + version()}}
	outcomes := run.Do(ctx)
	told = append(told, h.tell(outcomes))
	failed := publishError(outcomes)
	if !a.dryRun {
		told = append(told, h.follow(ctx))
	}
	if err := errors.Join(told...); err != nil {
		return errors.Join(failed, err)
	}
	return failed
}

// openTargets opens the configured registries.
func (h *shipping) openTargets() error {
	for _, to := range h.conf.Publish.To {
		name, ok := strings.CutPrefix(to.Target, "branch:")
		if !ok {
			token := tokenOf(h.streams)
			if to.Audience != "" {
				// Never the token of the environment: that one is of another endpoint.
				token = actions.NewIdentity(actions.IdentityOptions{Audience: to.Audience, Getenv: h.streams.Getenv, Mask: h.writer.Mask, Now: h.streams.Now, Sleep: endpoint.Sleep}).Token
			}
			t, err := openTarget(h.streams, to.Target, "", token)
			if err != nil {
				return err
			}
			h.targets = append(h.targets, t)
			continue
		}
		if strings.EqualFold(name, h.branch.Name) {
			return usageError("", "publish.to names the branch %q, which holds the definitions: name another one, such as branch:registry", name)
		}
		h.targets = append(h.targets, branch.Open(h.client, name))
	}
	return nil
}

// openBranchRegistry opens a registry on a branch as a command does that is not
// run by GitHub.
func openBranchRegistry(s Streams, name string) (registry.Target, error) {
	repository := s.Getenv("GITHUB_REPOSITORY")
	if repository == "" {
		return nil, usageError("for example: GITHUB_REPOSITORY=OWNER/NAME", "GITHUB_REPOSITORY must say which repository the branch %q is in", name)
	}
	r, err := (&remoteFlags{repo: repository, maxFiles: github.DefaultMaxChanges}).client(s)
	if err != nil {
		return nil, err
	}
	return branch.Open(r, name), nil
}

// origin says where the folder of a namespace comes from, by GitHub.
func (h *shipping) origin(ctx context.Context) func(dir string) (registry.Source, error) {
	return func(dir string) (registry.Source, error) {
		change, err := h.client.LastChange(ctx, h.branch.Tip, dir)
		if err != nil {
			return registry.Source{}, err
		}
		tree, err := github.FolderID(h.tree, dir)
		if err != nil {
			return registry.Source{}, err
		}
		return registry.Source{Repository: h.branch.Repository.URL, Commit: change.ID, Tree: tree, Author: change.Author, Committed: change.Time.Format(time.RFC3339)}, nil
	}
}

// tell writes to the log what was done, and shouts where something is wrong.
func (h *shipping) tell(outcomes []publish.Outcome) error {
	var log strings.Builder
	errs := []error{publishText(&log, h.dryRun, outcomes)}
	text := strings.TrimSuffix(log.String(), "\n")
	errs = append(errs, h.writer.Line(text))
	fence := report.Fence(text)
	_, err := h.writer.Summary("### Published from " + report.Code(h.branch.Name) + "\n\n" + fence + "text\n" + text + "\n" + fence + "\n")
	errs = append(errs, err)
	for _, o := range outcomes {
		if o.Err != nil {
			errs = append(errs, h.writer.Fail(o.Target, oneLine(o.Err.Error())))
		}
		for _, s := range o.Steps {
			if slices.Contains([]publish.Action{publish.Conflict, publish.Invalid, publish.Failed}, s.Action) {
				errs = append(errs, h.writer.Fail(o.Target, s.NS+" is not published: "+oneLine(s.Note)))
			}
		}
	}
	return errors.Join(errs...)
}
