package cli

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/review"
	"github.com/karzoun/miniapp-review/internal/stage"
)

// surroundings reads what a review needs beside the pull request itself: the
// registry, the other open pull requests, which it returns, and who is in the
// teams that the configuration names.
func (r *reviewing) surroundings(ctx context.Context, s *pull.Snapshot, open []pull.Open, openFailed error) (others []pull.Open, err error) {
	if s.Closed && !s.Merged {
		return nil, nil // it sets no status
	}
	if openFailed != nil {
		return nil, openFailed
	}
	for _, o := range open {
		if o.Number != s.Number && o.Head.SHA == s.Head.SHA {
			s.SameHead = append(s.SameHead, o.Number)
		}
	}
	touched := review.Touched(s.Changes)
	if len(touched) == 0 || s.Incomplete != "" || s.Draft || s.Closed {
		return nil, nil
	}
	held := r.held
	if held == nil && r.heldAt != nil {
		if held, err = r.heldAt(ctx, s); err != nil {
			return nil, err
		}
	}
	if held != nil {
		s.Held = map[string][]pull.Held{}
		for _, ns := range touched {
			s.Held[ns] = held(ns)
		}
	}
	others = othersOf(s, open)
	g, during := errgroup.WithContext(ctx)
	g.Go(func() error { return r.members(during, s) })
	if len(others) > 0 {
		g.Go(func() (err error) {
			s.Others, err = r.forge.Claims(during, others, s.Base.SHA, touched, versionOf)
			return err
		})
	}
	return others, g.Wait()
}

// readQueue reads which of the others wait for reviewers, and how long it took
// in the past. A review is as good without, so that a note says what could not
// be read.
func (r *reviewing) readQueue(ctx context.Context, s *pull.Snapshot, others []pull.Open) (notes []string) {
	q := &pull.Queue{}
	var g errgroup.Group
	g.Go(func() (err error) { q.Past, err = r.past(ctx, s); return err })
	g.Go(func() (err error) { q.Waiting, err = r.waiting(ctx, s, others); return err })
	if err := g.Wait(); err != nil {
		return []string{fmt.Sprintf("The place in the queue is not told: %v.", err)}
	}
	s.Queue = q
	return nil
}

// othersOf are the other pull requests to the same branch that are no drafts.
// It notes which of them the same author opened before.
func othersOf(s *pull.Snapshot, open []pull.Open) (others []pull.Open) {
	for _, o := range open {
		if o.Draft {
			continue
		}
		if o.Number < s.Number && o.Author.ID != 0 && o.Author.ID == s.Author.ID {
			s.AuthorsOpen = append(s.AuthorsOpen, o.Number)
		}
		if o.Number != s.Number && o.Base == s.Base.Branch {
			others = append(others, o)
		}
	}
	return others
}

// members asks who is in the teams that the configuration names.
func (r *reviewing) members(ctx context.Context, s *pull.Snapshot) error {
	teams, people := review.Questions(s)
	if len(teams) == 0 {
		return nil
	}
	s.Members = map[string][]string{}
	for _, t := range teams {
		logins, seen, err := r.forge.Members(ctx, t.Org, t.Slug, people)
		if err != nil {
			return err
		}
		if seen {
			s.Members[t.String()] = logins
		}
	}
	return nil
}

// queueCache is what a run that looks at many pull requests knows of the queue.
type queueCache struct {
	read, readPast bool
	standings      map[int]review.Standing
	past           []pull.Past
}

// see takes over where a pull request stands after it was reviewed.
func (q *queueCache) see(s review.Standing) {
	if q != nil && q.read {
		q.standings[s.Number] = s
	}
}

// past reads the submissions that were merged.
func (r *reviewing) past(ctx context.Context, s *pull.Snapshot) ([]pull.Past, error) {
	if r.queue != nil && r.queue.readPast {
		return r.queue.past, nil
	}
	merged, err := r.forge.MergedPulls(ctx)
	if err != nil {
		return nil, err
	}
	list := []pull.Past{}
	for _, m := range merged {
		if st, ok := review.ReadStanding(s.Repository.Owner+"/"+s.Repository.Name, m.Number, s.Self, r.options.MarkerKey, m.Comments); ok && !st.Ready.IsZero() {
			list = append(list, pull.Past{Number: m.Number, Kind: st.Kind, Ready: st.Ready, Merged: m.At})
		}
	}
	if r.queue != nil {
		r.queue.readPast, r.queue.past = true, list
	}
	return list, nil
}

// waiting returns those of the other pull requests that wait for reviewers, as
// their status comments say.
func (r *reviewing) waiting(ctx context.Context, s *pull.Snapshot, others []pull.Open) ([]pull.Waiting, error) {
	var standings map[int]review.Standing
	if r.queue != nil && r.queue.read {
		standings = r.queue.standings
	} else {
		var err error
		if standings, err = r.standings(ctx, s.Repository.Owner+"/"+s.Repository.Name, s.Self, others); err != nil {
			return nil, err
		}
		if r.queue != nil {
			r.queue.read, r.queue.standings = true, standings
		}
	}
	list := []pull.Waiting{}
	for _, o := range others {
		if st, ok := standings[o.Number]; ok && st.Waiting == stage.Reviewer && !st.Ready.IsZero() {
			list = append(list, pull.Waiting{Number: o.Number, Ready: st.Ready})
		}
	}
	return list, nil
}

// standings reads where pull requests stand. One that no review has looked at is
// missing.
func (r *reviewing) standings(ctx context.Context, repository string, self pull.User, open []pull.Open) (map[int]review.Standing, error) {
	out := map[int]review.Standing{}
	if len(open) == 0 {
		return out, nil
	}
	numbers := make([]int, len(open))
	for i, o := range open {
		numbers[i] = o.Number
	}
	talks, err := r.forge.Talks(ctx, numbers)
	if err != nil {
		return nil, err
	}
	for _, n := range numbers {
		if st, ok := review.ReadStanding(repository, n, self, r.options.MarkerKey, talks[n]); ok {
			out[n] = st
		}
	}
	return out, nil
}
