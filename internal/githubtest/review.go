package githubtest

import (
	"math"
	"slices"

	"github.com/aymanbagabas/go-udiff"
)

// reviewRequest is the body that makes or submits a review.
type reviewRequest struct {
	Event    string          `json:"event"`
	Body     string          `json:"body"`
	Commit   string          `json:"commit_id"`
	Comments []remarkRequest `json:"comments"`
}

// remarkRequest is the body that makes a remark in the diff.
type remarkRequest struct {
	Path        string `json:"path"`
	Body        string `json:"body"`
	Commit      string `json:"commit_id"`
	SubjectType string `json:"subject_type"`
	Side        string `json:"side"`
	StartSide   string `json:"start_side"`
	Line        *int   `json:"line"`
	StartLine   *int   `json:"start_line"`
	Position    *int   `json:"position"`
	InReplyTo   int64  `json:"in_reply_to"`
}

// review makes a review with its remarks, all or none.
func (s *Server) review(p *Pull, by *User, ask reviewRequest) (*Review, *reply) {
	state, known := stateOf[ask.Event]
	switch {
	case !known:
		return nil, unprocessable("Variable $event of type PullRequestReviewEvent was provided invalid value")
	case tooLong(ask.Body):
		return nil, unprocessable("Body is too long (maximum is 65536 characters)")
	case p.pending(by) != nil:
		return nil, unprocessable("User can only have one pending review per pull request")
	}
	if refused := s.mayJudge(p, by, ask.Event); refused != nil {
		return nil, refused
	}
	if ask.Body == "" && (ask.Event == RequestChanges || ask.Event == Remark && len(ask.Comments) == 0) {
		return nil, unprocessable("Body can't be blank")
	}
	if ask.Commit == "" {
		ask.Commit = p.headSHA
	}
	if !p.knows(ask.Commit) {
		return nil, unprocessable("The commit_id is not part of the pull request")
	}
	v := &Review{ID: s.nextID(), pull: p, author: by, state: state, body: ask.Body, commit: ask.Commit}
	var remarks []*ReviewComment
	for _, each := range ask.Comments {
		each.Commit = ask.Commit
		c, problem := s.anchor(p, each)
		if problem != "" {
			return nil, unprocessable(problem)
		}
		if tooLong(each.Body) || each.Body == "" {
			return nil, unprocessable("Body is blank or too long (maximum is 65536 characters)")
		}
		c.review, c.author, c.viaApp, c.body = v, by, by == s.actions, each.Body
		remarks = append(remarks, c)
	}
	p.reviews = append(p.reviews, v)
	for _, c := range remarks {
		s.add(p, c)
	}
	if state != "PENDING" {
		s.submitted(v)
	}
	return v, nil
}

// mayJudge refuses verdicts on one's own pull request, and by the Action where
// the repository's settings do not let it.
func (s *Server) mayJudge(p *Pull, by *User, event string) *reply {
	switch {
	case event == Approve && by == p.author:
		return unprocessable("Can not approve your own pull request")
	case event == RequestChanges && by == p.author:
		return unprocessable("Can not request changes on your own pull request")
	case event == Approve && by == s.actions && !p.repo.ActionsMayApprove:
		return unprocessable("GitHub Actions is not permitted to approve pull requests.")
	}
	return nil
}

// pending returns the review that the user has begun and not submitted. There
// is at most one, and it is in the way of every other.
func (p *Pull) pending(by *User) *Review {
	for _, v := range p.reviews {
		if v.author == by && v.state == "PENDING" {
			return v
		}
	}
	return nil
}

func (s *Server) submitted(v *Review) {
	v.submitted = s.now()
	v.updated, v.pull.updated = v.submitted, v.submitted
	s.emitReview(v, "submitted", v.author, nil)
}

// knows reports whether the commit is one of the pull request's.
func (p *Pull) knows(commit string) bool {
	return commit == p.headSHA || slices.Contains(p.commits(), commit)
}

// add puts a remark into the pull request, on the head that it has now.
func (s *Server) add(p *Pull, c *ReviewComment) {
	c.ID, c.created = s.nextID(), s.now()
	c.updated = c.created
	p.reviewComments = append(p.reviewComments, c)
	if c.commit != p.headSHA {
		s.follow(p, c, p.headSHA)
	}
	if c.review.state != "PENDING" {
		s.emitAbout(p, "pull_request_review_comment", "created", c.author, map[string]any{"comment": s.remarkJSON(c)})
	}
}

// remark makes one remark by itself: a review that holds nothing else.
func (s *Server) remark(p *Pull, by *User, ask remarkRequest) (*ReviewComment, *reply) {
	if tooLong(ask.Body) || ask.Body == "" {
		return nil, invalid("PullRequestReviewComment", "body", "Body is blank or too long (maximum is 65536 characters)")
	}
	if p.pending(by) != nil {
		return nil, invalid("PullRequestReviewComment", "user_id", "user_id can only have one pending review per pull request")
	}
	if !p.knows(ask.Commit) {
		return nil, invalid("PullRequestReviewComment", "commit_id", "commit_id is not part of the pull request")
	}
	c, problem := s.anchor(p, ask)
	if problem != "" {
		return nil, invalid("PullRequestReviewComment", "pull_request_review_thread.line", problem)
	}
	c.review = &Review{ID: s.nextID(), pull: p, author: by, state: "COMMENTED", commit: ask.Commit}
	p.reviews = append(p.reviews, c.review)
	c.author, c.viaApp, c.body = by, by == s.actions, ask.Body
	s.add(p, c)
	s.submitted(c.review)
	return c, nil
}

func (s *Server) replyTo(to *ReviewComment, by *User, body string) *ReviewComment {
	first := to.root()
	c := *first
	c.reactions, c.minimized, c.resolvedBy = nil, "", nil
	c.replyTo, c.author, c.viaApp, c.body = first, by, by == s.actions, body
	c.review = &Review{ID: s.nextID(), pull: to.pull, author: by, state: "COMMENTED", commit: to.pull.headSHA}
	to.pull.reviews = append(to.pull.reviews, c.review)
	c.ID, c.created = s.nextID(), s.now()
	c.updated = c.created
	to.pull.reviewComments = append(to.pull.reviewComments, &c)
	s.emitAbout(to.pull, "pull_request_review_comment", "created", by, map[string]any{"comment": s.remarkJSON(&c)})
	s.submitted(c.review)
	return &c
}

// anchor finds the place in the diff that a remark is for. Every place outside
// it is refused.
func (s *Server) anchor(p *Pull, ask remarkRequest) (c *ReviewComment, problem string) {
	c = &ReviewComment{pull: p, path: ask.Path, commit: ask.Commit, firstCommit: ask.Commit, side: side(ask.Side)}
	if c.side == "" {
		c.side = right
	}
	files := p.files(ask.Commit)
	i := slices.IndexFunc(files, func(d *fileDiff) bool { return d.path == ask.Path })
	if i < 0 || i >= maxFiles {
		return nil, "Path could not be resolved"
	}
	d := files[i]
	switch {
	case ask.SubjectType == "file":
		c.wholeFile, c.position, c.firstPos, c.hunk = true, 1, 1, d.patch
		return c, ""
	case ask.Line != nil:
		position, ok := d.at(c.side, *ask.Line)
		if !ok {
			return nil, "Line could not be resolved"
		}
		c.line, c.position = *ask.Line, position
	case ask.Position != nil:
		if *ask.Position < 1 || *ask.Position > len(d.lines) {
			return nil, "Position could not be resolved"
		}
		at := d.lines[*ask.Position-1]
		c.position, c.side, c.line = *ask.Position, right, at.right
		if at.right == 0 {
			c.side, c.line = left, at.left
		}
	default:
		return nil, "Line could not be resolved"
	}
	if ask.StartLine != nil {
		c.startSide = side(ask.StartSide)
		if c.startSide == "" {
			c.startSide = c.side
		}
		start, ok := d.at(c.startSide, *ask.StartLine)
		switch {
		case !ok:
			return nil, "Start line could not be resolved"
		case start >= c.position:
			return nil, "Start line must precede the end line."
		case d.lines[start-1].hunk != d.lines[c.position-1].hunk:
			return nil, "Start line must be part of the same hunk as the line."
		}
		c.startLine = *ask.StartLine
	}
	c.firstLine, c.firstStart, c.firstPos = c.line, c.startLine, c.position
	c.hunk = d.hunkUntil(c.position)
	return c, ""
}

// follow moves a remark to where its line is at another head. A line that
// changed, or that the diff no longer shows, makes it outdated for good.
func (s *Server) follow(p *Pull, c *ReviewComment, head string) {
	if c.wholeFile {
		c.commit = head
		return
	}
	if c.line == 0 {
		return
	}
	line, start := c.line, c.startLine
	if c.side == right {
		line = p.carry(c.path, c.commit, head, line)
	}
	if c.startLine > 0 && c.startSide == right {
		start = p.carry(c.path, c.commit, head, start)
	}
	for _, d := range p.files(head) {
		if d.path != c.path {
			continue
		}
		position, ok := d.at(c.side, line)
		if ok && (c.startLine == 0 || start > 0) {
			c.line, c.startLine, c.position, c.commit = line, start, position, head
			return
		}
	}
	c.line, c.startLine, c.position = 0, 0, 0
}

// carry returns the line's number in the file at another commit, or 0 where the
// line is not there as it was.
func (p *Pull) carry(path, from, to string, line int) int {
	git := p.repo.git
	before, _ := git.treeOf(from)
	after, _ := git.treeOf(to)
	a, b := git.text(git.leaves(before)[path]), git.text(git.leaves(after)[path])
	if a == b {
		return line
	}
	unified, err := udiff.ToUnifiedDiff("a", "b", a, udiff.Lines(a, b), math.MaxInt32/4)
	if err != nil {
		return 0
	}
	for _, hunk := range unified.Hunks {
		olds, news := hunk.FromLine, hunk.ToLine
		for _, l := range hunk.Lines {
			switch l.Kind {
			case udiff.Delete:
				olds++
			case udiff.Insert:
				news++
			default:
				if olds == line {
					return news
				}
				olds++
				news++
			}
		}
	}
	return 0
}
