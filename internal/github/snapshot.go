package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	gh "github.com/google/go-github/v60/github"
	"golang.org/x/sync/errgroup"

	"github.com/karzoun/miniapp-review/internal/pull"
)

// Snapshot reads a pull request: what was said and what it changes, from the
// API alone and all of it now. It takes three or four waves of requests, each
// made at the same time: the pull request and its conversation; where it starts
// from, the trees, statuses and people; the merge base's tree unless it is one
// of those; and the contents.
//
// The commits of a fork are read through the base repository, which has them as
// long as the pull request exists, whatever becomes of the fork.
//
// When the conversation cannot be read there is an error; what was said decides
// what may be written. If the pull request itself could be read, the snapshot
// beside the error has its number and head, so that a status can tell. When the
// content cannot be read, or not all of it, Incomplete says why and there is no
// error.
func (c *Client) Snapshot(ctx context.Context, number int) (*pull.Snapshot, error) {
	for attempt := 1; ; attempt++ {
		s, err := c.snapshot(ctx, number)
		if err != nil || attempt == 2 || s.Incomplete != movingReason {
			return s, err
		}
		// The parts of GitHub do not all learn of a push at once.
		if err := c.options.Sleep(ctx, time.Second); err != nil {
			return s, err
		}
	}
}

// movingReason says that head and commits do not fit together.
const movingReason = "the pull request was pushed to while it was read, and the next run will see it whole"

// snapshot is one attempt.
func (c *Client) snapshot(ctx context.Context, number int) (*pull.Snapshot, error) {
	s := &pull.Snapshot{
		Version: pull.Version, At: c.options.Now().UTC(), Number: number,
		Labels: []string{}, Changes: []pull.Change{}, Blobs: map[string]pull.Blob{}, Permissions: map[string]string{},
	}
	var p *gh.PullRequest
	var reacted map[int64]bool
	first, early := errgroup.WithContext(ctx)
	first.Go(func() (err error) {
		p, _, err = c.gh.PullRequests.Get(mayBeEarly(early), c.owner, c.name, number)
		return c.explain(err, fmt.Sprintf("reading pull request %d", number))
	})
	// The rest of the wave is tied to ctx and not to the group's, so that the
	// pull request itself is there when something else failed.
	rest, during := errgroup.WithContext(ctx)
	rest.Go(func() (err error) { s.Self, err = c.Self(during); return err })
	rest.Go(func() (err error) { s.Comments, reacted, err = c.comments(mayBeEarly(during), number); return err })
	rest.Go(func() (err error) { s.Reviews, err = c.reviews(mayBeEarly(during), number); return err })
	rest.Go(func() (err error) { s.Remarks, err = c.remarks(mayBeEarly(during), number); return err })
	rest.Go(func() (err error) { s.Commits, err = c.commits(mayBeEarly(during), number); return err })
	failed := first.Wait()
	restFailed := rest.Wait()
	if failed != nil {
		return nil, failed
	}
	if err := c.describe(s, p); err != nil {
		return nil, err
	}
	var why *unreadable
	if errors.As(restFailed, &why) {
		restFailed = &Error{Reason: Unusable, Doing: fmt.Sprintf("reading pull request %d", number), Err: why}
	}
	if restFailed != nil {
		return s, restFailed
	}
	total := p.GetCommits()
	s.MoreCommits = total > len(s.Commits)
	isHead := func(k pull.Commit) bool { return k.SHA == s.Head.SHA }
	if !s.Closed && total > 0 && total <= 250 && !slices.ContainsFunc(s.Commits, isHead) {
		s.Incomplete = movingReason
		return s, nil
	}
	return s, c.second(ctx, s, p, reacted)
}

// describe takes over what the pull request itself says.
func (c *Client) describe(s *pull.Snapshot, p *gh.PullRequest) error {
	s.Number = p.GetNumber()
	s.Author = user(p.User)
	s.CreatedAt = moment(p.GetCreatedAt())
	s.Closed, s.Merged = p.GetState() == "closed", p.GetMerged() || !p.GetMergedAt().IsZero()
	s.Draft = p.GetDraft()
	s.Conflict = p.Mergeable != nil && !*p.Mergeable && !s.Closed
	s.Head = headOf(p)
	base := p.GetBase()
	s.Base = pull.Base{Branch: base.GetRef(), SHA: base.GetSHA()}
	repo := base.GetRepo()
	s.Repository = pull.Repository{
		Owner: cmp.Or(repo.GetOwner().GetLogin(), c.owner), Name: cmp.Or(repo.GetName(), c.name), URL: strings.TrimSuffix(repo.GetHTMLURL(), "/"), DefaultBranch: repo.GetDefaultBranch(),
	}
	for _, l := range p.Labels {
		s.Labels = append(s.Labels, l.GetName())
	}
	slices.Sort(s.Labels)
	if !isObjectID(s.Head.SHA) || !isObjectID(s.Base.SHA) || s.Base.Branch == "" {
		return &Error{Reason: Unusable, Doing: fmt.Sprintf("reading pull request %d", s.Number),
			Err: fmt.Errorf("the answer has the head %q, the base %q and the branch %q", s.Head.SHA, s.Base.SHA, s.Base.Branch)}
	}
	return nil
}

func headOf(p *gh.PullRequest) pull.Head {
	head := p.GetHead()
	return pull.Head{SHA: head.GetSHA(), Repository: head.GetRepo().GetFullName(), Branch: head.GetRef()}
}

// states are the trees that a change is told from.
type states struct{ head, mergeBase, base *folder }

// second is everything after the first wave.
func (c *Client) second(ctx context.Context, s *pull.Snapshot, p *gh.PullRequest, reacted map[int64]bool) error {
	// The base that the pull request knows is often where it starts from, and
	// the tip too. Its tree is read without waiting to know.
	guess := s.Base.SHA
	roots := map[string]*folder{s.Head.SHA: {id: s.Head.SHA}, guess: {id: guess}}
	approved := approvedCommits(s)
	before := make([]*folder, len(approved))
	t := c.trees()
	var contentFailed error
	content, during := errgroup.WithContext(ctx)
	content.Go(func() error { return c.origin(during, s) })
	for _, f := range roots {
		content.Go(func() error { return t.load(during, f, false) })
	}
	for i, sha := range approved {
		content.Go(func() error {
			f := &folder{id: sha}
			if c.trees().load(during, f, false) == nil {
				before[i] = f
			}
			return nil // it may be gone since a force-push; the approval then counts for nothing
		})
	}
	ask := counting(s)
	conversation, talking := errgroup.WithContext(ctx)
	conversation.Go(func() (err error) { s.Statuses, err = c.statuses(mayBeEarly(talking), s.Head.SHA); return err })
	conversation.Go(func() (err error) { s.Permissions, err = c.permissions(talking, ask); return err })
	conversation.Go(func() error { return c.own(talking, s, reacted) })
	conversation.Go(func() error { return c.authors(talking, s.Number, s.Commits) })
	contentFailed = content.Wait()
	if contentFailed == nil {
		more, during := errgroup.WithContext(ctx)
		for _, sha := range []string{s.MergeBase, s.Base.SHA} {
			if roots[sha] == nil {
				f := &folder{id: sha}
				roots[sha] = f
				more.Go(func() error { return t.load(during, f, false) })
			}
		}
		contentFailed = more.Wait()
	}
	if contentFailed == nil {
		contentFailed = c.contents(ctx, t, s, states{roots[s.Head.SHA], roots[s.MergeBase], roots[s.Base.SHA]})
	}
	if contentFailed == nil {
		c.earlier(ctx, s, approved, before)
	}
	if err := conversation.Wait(); err != nil {
		return err
	}
	switch {
	case contentFailed == nil:
	case ctx.Err() != nil:
		return c.explain(ctx.Err(), fmt.Sprintf("reading pull request %d", s.Number))
	default:
		s.Incomplete = contentFailed.Error()
	}
	return nil
}

// origin finds the merge base and the tip of the base branch. The second page
// of a comparison has both without the list of files, which is on the first
// only and has limits.
//
// A merged pull request is part of its base, so it is compared with the base as
// it was then.
func (c *Client) origin(ctx context.Context, s *pull.Snapshot) error {
	base := s.Base.Branch
	g, ctx := errgroup.WithContext(ctx)
	if s.Merged {
		base = s.Base.SHA
		g.Go(func() error {
			ref, _, err := c.gh.Git.GetRef(ctx, c.owner, c.name, "heads/"+s.Base.Branch)
			err = c.explain(err, fmt.Sprintf("reading the branch %q", s.Base.Branch))
			if ReasonOf(err) == NotFound {
				return nil // deleted since the merge: what it was then has to do
			}
			if err == nil && isObjectID(ref.GetObject().GetSHA()) {
				s.Base.SHA = ref.GetObject().GetSHA()
			}
			return err
		})
	}
	g.Go(func() error {
		doing := fmt.Sprintf("comparing the pull request with %q", base)
		compared, _, err := c.gh.Repositories.CompareCommits(mayBeEarly(ctx), c.owner, c.name, base, s.Head.SHA, &gh.ListOptions{Page: 2, PerPage: 1})
		if err := c.explain(err, doing); err != nil {
			var answer *Error
			if errors.As(err, &answer) && answer.Reason == NotFound && strings.Contains(answer.Said, "No common ancestor") {
				return &unreadable{fmt.Sprintf("the commits have no common start with %q: make them again on a branch of it", s.Base.Branch)}
			}
			return err
		}
		mergeBase, tip := compared.GetMergeBaseCommit().GetSHA(), compared.GetBaseCommit().GetSHA()
		if !isObjectID(mergeBase) || !isObjectID(tip) {
			return &Error{Reason: Unusable, Doing: doing, Err: fmt.Errorf("the answer has the base %q and the merge base %q", tip, mergeBase)}
		}
		s.MergeBase = mergeBase
		if !s.Merged {
			s.Base.SHA = tip
		}
		return nil
	})
	return g.Wait()
}

// pathPart escapes one part of a request's path.
func pathPart(s string) string { return url.PathEscape(s) }
