package githubtest

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Pull is a pull request.
type Pull struct {
	ID     int64
	Number int

	repo               *Repo
	title, body        string
	author             *User
	state              string // open or closed
	draft, locked      bool
	base, head         string // branches
	baseSHA, headSHA   string
	headRepo           *Repo // see gone
	created, updated   time.Time
	closed, mergedAt   time.Time
	mergedBy           *User
	mergeCommit        string
	labels             []*label
	comments           []*Comment
	reviews            []*Review
	reviewComments     []*ReviewComment
	requestedReviewers []*User
}

// PullSpec is what a pull request is opened with.
type PullSpec struct {
	Title, Body string
	Draft       bool
	Base        string // the default branch when empty
}

// Open opens a pull request for a branch of the repository or of a fork of it.
func (r *Repo) Open(from *Repo, branch string, by *User, spec PullSpec) *Pull {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	if from.git != r.git {
		panic(fmt.Sprintf("githubtest: %s/%s is no fork of %s/%s", from.Owner, from.Name, r.Owner, r.Name))
	}
	return r.server.open(r, from, branch, by, spec)
}

func (s *Server) open(r, from *Repo, branch string, by *User, spec PullSpec) *Pull {
	spec.Base = cmp.Or(spec.Base, r.DefaultBranch)
	spec.Title = cmp.Or(spec.Title, "Pull "+branch)
	r.lastPull++
	p := &Pull{
		ID: s.nextID(), Number: r.lastPull, repo: r, title: spec.Title, body: spec.Body, author: by,
		state: "open", draft: spec.Draft, base: spec.Base, head: branch, headRepo: from,
		baseSHA: r.mustRef("heads/" + spec.Base), headSHA: from.mustRef("heads/" + branch),
	}
	p.created = s.now()
	p.updated = p.created
	r.pulls = append(r.pulls, p)
	s.emitPull(p, "opened", by)
	return p
}

// Head returns the commit at the pull request's head.
func (p *Pull) Head() string { return locked(p, func() string { return p.headSHA }) }

// Base returns the commit of the base branch that the pull request recorded
// when it was opened or last pushed to.
func (p *Pull) Base() string { return locked(p, func() string { return p.baseSHA }) }

// State returns open, closed or merged.
func (p *Pull) State() string {
	return locked(p, func() string {
		if !p.mergedAt.IsZero() {
			return "merged"
		}
		return p.state
	})
}

// Labels returns the names of the labels, in the order they were added.
func (p *Pull) Labels() []string {
	return locked(p, func() []string {
		names := []string{}
		for _, l := range p.labels {
			names = append(names, l.name)
		}
		return names
	})
}

func locked[T any](p *Pull, read func() T) T {
	p.repo.server.mu.Lock()
	defer p.repo.server.mu.Unlock()
	return read()
}

func (p *Pull) do(change func(s *Server)) {
	p.repo.server.mu.Lock()
	defer p.repo.server.mu.Unlock()
	change(p.repo.server)
}

// Edit changes title and body.
func (p *Pull) Edit(by *User, title, body string) {
	p.do(func(s *Server) {
		was := map[string]any{"title": from(p.title), "body": from(p.body)}
		p.title, p.body, p.updated = title, body, s.now()
		s.emitAbout(p, "pull_request", "edited", by, map[string]any{"changes": was})
	})
}

// Retarget points the pull request at another base branch.
func (p *Pull) Retarget(by *User, base string) {
	p.do(func(s *Server) {
		was := map[string]any{"base": map[string]any{"ref": from(p.base), "sha": from(p.baseSHA)}}
		p.base, p.baseSHA, p.updated = base, p.repo.mustRef("heads/"+base), s.now()
		s.emitAbout(p, "pull_request", "edited", by, map[string]any{"changes": was})
	})
}

// Ready says that a draft is ready for review.
func (p *Pull) Ready(by *User) {
	p.do(func(s *Server) { p.draft = false; s.emitPull(p, "ready_for_review", by) })
}

// ToDraft makes the pull request a draft.
func (p *Pull) ToDraft(by *User) {
	p.do(func(s *Server) { p.draft = true; s.emitPull(p, "converted_to_draft", by) })
}

// Lock locks the conversation: only people with write permission may comment.
func (p *Pull) Lock(by *User) { p.do(func(s *Server) { p.locked = true; s.emitPull(p, "locked", by) }) }

// Close closes the pull request without merging it.
func (p *Pull) Close(by *User) { p.do(func(s *Server) { s.setState(p, "closed", by) }) }

// Reopen opens a closed pull request again.
func (p *Pull) Reopen(by *User) { p.do(func(s *Server) { s.setState(p, "open", by) }) }

// RequestReview asks people for a review.
func (p *Pull) RequestReview(by *User, of ...*User) {
	p.do(func(s *Server) {
		for _, u := range of {
			p.requestedReviewers = append(p.requestedReviewers, u)
			s.emitAbout(p, "pull_request", "review_requested", by, map[string]any{"requested_reviewer": s.userJSON(u)})
		}
	})
}

// Merge merges with a merge commit and returns it. It panics on a conflict.
func (p *Pull) Merge(by *User) (id string) {
	p.do(func(s *Server) {
		var refused string
		if id, refused = s.merge(p, by, "merge", ""); refused != "" {
			panic("githubtest: " + refused)
		}
	})
	return id
}

func (s *Server) setState(p *Pull, state string, by *User) {
	if p.state == state {
		return
	}
	p.state, p.updated = state, s.now()
	if state == "closed" {
		p.closed = p.updated
		s.emitPull(p, "closed", by)
		return
	}
	p.closed = time.Time{}
	s.emitPull(p, "reopened", by)
}

// mergeBase returns where the pull request's branch left its base. The base
// branch's present tip counts, as in the files that GitHub shows.
func (p *Pull) mergeBase(head string) string {
	tip, ok := p.repo.refs["heads/"+p.base]
	if !ok || !p.mergedAt.IsZero() {
		tip = p.baseSHA
	}
	base, _ := p.repo.git.mergeBase(tip, head)
	return base
}

// files compares the head, or an earlier commit, with the merge base.
func (p *Pull) files(head string) []*fileDiff {
	git := p.repo.git
	before, ok := git.treeOf(p.mergeBase(head))
	if !ok {
		before = git.writeTree(nil)
	}
	after, _ := git.treeOf(head)
	return git.diff(before, after)
}

func (p *Pull) commits() []string { return p.repo.git.since(p.mergeBase(p.headSHA), p.headSHA) }

// synchronize shows new commits: remarks move with their lines or get outdated,
// and approvals follow a push that changes nothing in the diff.
func (s *Server) synchronize(p *Pull, from, to string, by *User) {
	before := p.files(from)
	p.headSHA, p.updated = to, s.now()
	p.baseSHA = p.repo.mustRef("heads/" + p.base)
	after := p.files(to)
	same := slices.EqualFunc(before, after, func(a, b *fileDiff) bool {
		return a.path == b.path && a.previous == b.previous && a.status == b.status && a.patch == b.patch
	})
	forced := !p.repo.git.contains(to, from)
	for _, review := range p.reviews {
		switch {
		case same && forced && review.commit == from:
			// Seen on GitHub: the approval names a commit made after it.
			review.commit = to
		case !same && p.repo.DismissStale && review.state == "APPROVED":
			review.state = "DISMISSED"
		}
	}
	for _, c := range p.reviewComments {
		s.follow(p, c, to)
	}
	s.emitAbout(p, "pull_request", "synchronize", by, map[string]any{"before": from, "after": to})
}

// conflicts reports that the branch cannot be merged.
func (p *Pull) conflicts() bool {
	_, ok := p.repo.git.merge(p.repo.refs["heads/"+p.base], p.headSHA)
	return !ok
}

// merge merges by the method; refused says why not.
func (s *Server) merge(p *Pull, by *User, method, message string) (id, refused string) {
	git, tip := p.repo.git, p.repo.refs["heads/"+p.base]
	tree, ok := git.merge(tip, p.headSHA)
	if p.state != "open" || p.draft || !ok {
		return "", "Pull Request is not mergeable"
	}
	sign := Signature{by.Login, by.Email(), s.now()}
	c := commit{tree: tree, parents: []string{tip}, author: sign, committer: sign, message: message}
	switch method {
	case "squash":
		if message == "" {
			c.message = fmt.Sprintf("%s (#%d)", p.title, p.Number)
		}
		if p.author != nil {
			c.author = Signature{p.author.Login, p.author.Email(), sign.When}
		}
	case "rebase":
		// One commit with everything stands in for the replayed ones.
		last, _ := git.commit(p.headSHA)
		c.author, c.message = last.author, last.message
	default:
		c.parents = append(c.parents, p.headSHA)
		if message == "" {
			c.message = fmt.Sprintf("Merge pull request #%d from %s/%s\n\n%s", p.Number, p.headOwner(), p.head, p.title)
		}
	}
	id = git.putCommit(c)
	s.markMerged(p, id, by)
	s.moveRef(p.repo, "heads/"+p.base, id, by)
	return id, ""
}

func (s *Server) markMerged(p *Pull, commit string, by *User) {
	p.baseSHA = p.repo.refs["heads/"+p.base]
	if p.repo.git.contains(p.baseSHA, p.headSHA) {
		// Merged by a push: the base before it is what the diff starts from.
		c, _ := p.repo.git.commit(commit)
		if len(c.parents) > 0 {
			p.baseSHA = c.parents[0]
		}
	}
	p.state, p.mergeCommit, p.mergedBy = "closed", commit, by
	p.mergedAt = s.now()
	p.closed, p.updated = p.mergedAt, p.mergedAt
	if p.author != nil {
		p.repo.merged[p.author] = true
	}
	s.emitPull(p, "closed", by)
}

func (p *Pull) headOwner() string {
	if p.headRepo == nil {
		return "unknown"
	}
	return p.headRepo.Owner
}

// gone reports that the head's repository was deleted.
func (p *Pull) gone() bool { return p.headRepo == nil || p.headRepo.deleted }

func (r *Repo) pull(number int64) *Pull {
	for _, p := range r.pulls {
		if int64(p.Number) == number {
			return p
		}
	}
	return nil
}
