package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/karzoun/miniapp-review/internal/config"
	"github.com/karzoun/miniapp-review/internal/github"
	"github.com/karzoun/miniapp-review/internal/publish"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/registry"
	"github.com/karzoun/miniapp-review/internal/report"
	"github.com/karzoun/miniapp-review/internal/review"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// maxFollowed is how many merged pull requests one run tells that they were
// published. The next run goes on.
const maxFollowed = 20

// review says how a version came in: by the merged pull request that brought
// the commit, if it holds what the branch holds.
func (h *shipping) review(ctx context.Context) func(string, registry.Source) (publish.Review, error) {
	return func(ns string, from registry.Source) (publish.Review, error) {
		number, err := h.client.PullOf(ctx, from.Commit, h.branch.Name)
		if err != nil {
			return publish.Review{}, err
		}
		if number == 0 {
			return publish.Review{Unknown: "GitHub knows of no merged pull request that brought the commit"}, nil
		}
		o, err := h.look(ctx, number)
		if err != nil {
			return publish.Review{}, err
		}
		unknown := func(why string) publish.Review {
			return publish.Review{Unknown: fmt.Sprintf("pull request %d brought the commit, and %s", number, why)}
		}
		if o.snapshot.Incomplete != "" {
			return unknown("it can be read in part only"), nil
		}
		files, err := submission.Load(o.snapshot.Source(o.snapshot.HeadTree), submission.Dir(ns))
		if err != nil {
			return unknown("its files cannot be read any more"), nil
		}
		if digest, err := publish.TreeDigest(files); err != nil || digest != from.SHA256 {
			return unknown("what the branch holds is not what it had at its end"), nil
		}
		r := publish.Review{PullRequest: comingIn(o)}
		switch o.result.Visibility {
		case "public":
			r.Visibility = registry.Public
		case "partner-only":
			r.Visibility = registry.Partner
		}
		return r, nil
	}
}

// look reads a merged pull request, once for all that it brought.
func (h *shipping) look(ctx context.Context, number int) (*outcome, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if o := h.looked[number]; o != nil {
		return o, nil
	}
	s, err := h.client.Snapshot(ctx, number)
	if err != nil {
		return nil, err
	}
	o := &outcome{number: number, snapshot: s}
	if o.result, err = review.Review(ctx, s, h.options); err != nil {
		return nil, err
	}
	h.looked[number] = o
	return o, nil
}

// comingIn takes out of a review what a provenance record keeps.
func comingIn(o *outcome) *registry.PullRequest {
	person := func(u pull.User) registry.Person { return registry.Person{Login: u.Login, ID: u.ID} }
	p := &registry.PullRequest{Number: o.number, Author: person(o.snapshot.Author), Approvers: []registry.Person{}, QA: []registry.QACheck{}}
	for _, u := range o.result.Approvers {
		p.Approvers = append(p.Approvers, person(u))
	}
	ids := map[string]int64{}
	for _, c := range o.snapshot.Comments {
		ids[c.User.Login] = c.User.ID
	}
	for _, item := range o.result.QA {
		check := registry.QACheck{Item: item.ID, Result: "open", By: registry.Person{Login: item.By, ID: ids[item.By]}}
		switch {
		case item.Passed:
			check.Result = "passed"
		case item.Failed:
			check.Result = "failed"
		}
		p.QA = append(p.QA, check)
	}
	return p
}

// follow does what comes after publishing: it tells merged pull requests, and
// makes tags and releases. Which ones does not depend on what this run
// published, so that a run which was cut off is made up for by the next one.
func (h *shipping) follow(ctx context.Context) error {
	var errs []error
	for i, t := range h.targets {
		x, err := t.Index(ctx)
		if err != nil {
			x = nil // that the target failed was told
		}
		h.indexes = append(h.indexes, x)
		if i == 0 && x != nil {
			errs = append(errs, h.writer.Output("index-digest", "sha256:"+registry.Digest(x.Encode())))
		}
	}
	if slices.Contains(h.indexes, nil) {
		return errors.Join(errs...) // nothing is known to be everywhere
	}
	ended, err := h.client.LastClosed(ctx, h.branch.Name)
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	h.settle = h.settled
	defer func() { h.settle = nil }()
	followed := 0
	for _, e := range slices.Backward(ended) {
		if !h.waits(e) || followed == maxFollowed || ctx.Err() != nil {
			continue
		}
		followed++
		if err := h.actionRun.review(ctx, e.Number, false); err != nil {
			errs = append(errs, fmt.Errorf("pull request %d: %w", e.Number, err))
		}
	}
	return errors.Join(errs...)
}

// waits reports whether a pull request was merged as a submission, and not told
// yet that it was published.
func (h *shipping) waits(e github.Ended) bool {
	has := func(role config.Role) bool {
		return slices.ContainsFunc(e.Labels, func(l string) bool { return strings.EqualFold(l, h.conf.Labels[role].Name) })
	}
	before := []config.Role{config.RoleIntake, config.RoleQA, config.RoleApproval, config.RoleApproved, config.RoleWaitingPartner, config.RoleWaitingReviewer}
	unfinished := slices.ContainsFunc(before, has)
	// A run may have ended between two labels.
	submission := unfinished || has(config.RoleNew) || has(config.RoleUpdate)
	return e.Merged && submission && (unfinished || !has(config.RolePublished))
}

// settled notes what the registries hold of a merged pull request, and makes
// what belongs to that before anything is told.
func (h *shipping) settled(ctx context.Context, s *pull.Snapshot) error {
	if s.Incomplete != "" {
		return nil
	}
	candidates, err := publish.Scan(s.Source(s.HeadTree))
	if err != nil {
		return err
	}
	touched := review.Touched(s.Changes)
	for i := range candidates {
		c := &candidates[i]
		if c.Err != nil || !slices.Contains(touched, c.NS) {
			continue
		}
		v, ok := h.holds(c)
		if !ok {
			continue
		}
		if err := h.mark(ctx, c, v); err != nil {
			return err
		}
		s.Published = append(s.Published, pull.Published{NS: c.NS, Version: v.Version, SHA256: v.SHA256, Visibility: string(v.Visibility), Tenants: v.Tenants})
	}
	return nil
}

// holds reports whether every registry has a version with exactly this content,
// and as what the first one has it.
func (h *shipping) holds(c *publish.Candidate) (first registry.Version, ok bool) {
	for i, x := range h.indexes {
		v, there := x.Entry(c.NS).Find(c.Version)
		def, err := c.Definition(v.Visibility)
		if !there || err != nil || v.State == registry.Deleted || v.SHA256 != registry.Digest(def) {
			return first, false
		}
		if i == 0 {
			first = v
		}
	}
	return first, true
}

// mark makes the Git tag and the release of a version, where they are wanted.
func (h *shipping) mark(ctx context.Context, c *publish.Candidate, v registry.Version) error {
	if !h.conf.Publish.GitTags && !h.conf.Publish.Releases {
		return nil
	}
	stored, err := h.targets[0].Read(ctx, c.NS, v.Version)
	if err != nil || stored.Release == nil {
		return err
	}
	p, err := stored.Release.ReadProvenance()
	if err != nil {
		return err
	}
	tag := c.NS + "/v" + v.Version
	at, err := h.client.EnsureTag(ctx, tag, p.Source.Commit)
	if err != nil {
		return err
	}
	if at != p.Source.Commit {
		return h.writer.Warn("miniapp-review", fmt.Sprintf("The tag %q is at %s, and %s was published from %s. Tags are not moved.", tag, at, v.Version, p.Source.Commit))
	}
	if !h.conf.Publish.Releases {
		return nil
	}
	order, err := semver.StrictNewVersion(v.Version)
	if err != nil {
		return err
	}
	return h.client.EnsureRelease(ctx, github.Release{Tag: tag, Commit: p.Source.Commit, Name: c.NS + " " + v.Version, Prerelease: order.Prerelease() != "",
		Body: releaseNotes(string(stored.Release.Changelog))})
}

// releaseNotes quotes the section of the changelog as it is, since as Markdown
// it could address people.
func releaseNotes(changelog string) string {
	const most = 100_000
	text := strings.TrimSpace(changelog)
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "\n…"
	}
	if text == "" {
		return "The changelog has no section for this version.\n"
	}
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		lines = append(lines, report.Visible(line))
	}
	text = strings.Join(lines, "\n")
	fence := report.Fence(text)
	return fence + "markdown\n" + text + "\n" + fence + "\n"
}
