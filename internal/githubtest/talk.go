package githubtest

import (
	"fmt"
	"slices"
	"time"
)

// Comment is a comment in the conversation of a pull request.
type Comment struct {
	ID               int64
	pull             *Pull
	author           *User
	viaApp           bool // made with the Action's token
	body             string
	created, updated time.Time
	minimized        string // why, or empty
	reactions        []reaction
}

type reaction struct {
	id      int64
	by      *User
	content string
	created time.Time
}

// Body returns the text of the comment.
func (c *Comment) Body() string { return locked(c.pull, func() string { return c.body }) }

// Comment writes a comment.
func (p *Pull) Comment(by *User, body string) (c *Comment) {
	p.do(func(s *Server) { c = s.comment(p, by, body) })
	return c
}

func (s *Server) comment(p *Pull, by *User, body string) *Comment {
	c := &Comment{ID: s.nextID(), pull: p, author: by, viaApp: by == s.actions, body: body, created: s.now()}
	c.updated, p.updated = c.created, c.created
	p.comments = append(p.comments, c)
	s.emitAbout(p, "issue_comment", "created", by, map[string]any{"comment": s.commentJSON(c)})
	return c
}

// Edit changes the comment's text. GitHub lets its author do so, and everyone
// with write permission.
func (c *Comment) Edit(by *User, body string) {
	c.pull.do(func(s *Server) { s.editComment(c, by, body) })
}

func (s *Server) editComment(c *Comment, by *User, body string) {
	was := c.body
	c.body, c.updated = body, s.now()
	s.emitAbout(c.pull, "issue_comment", "edited", by, map[string]any{
		"comment": s.commentJSON(c), "changes": map[string]any{"body": from(was)},
	})
}

// Delete removes the comment.
func (c *Comment) Delete(by *User) { c.pull.do(func(s *Server) { s.deleteComment(c, by) }) }

func (s *Server) deleteComment(c *Comment, by *User) {
	c.pull.comments = slices.DeleteFunc(c.pull.comments, func(o *Comment) bool { return o == c })
	s.emitAbout(c.pull, "issue_comment", "deleted", by, map[string]any{"comment": s.commentJSON(c)})
}

// Comments lists the conversation, oldest first.
func (p *Pull) Comments() []Said {
	return locked(p, func() []Said {
		list := []Said{}
		for _, c := range p.comments {
			list = append(list, Said{ID: c.ID, By: login(c.author), Body: c.body, At: c.created, Minimized: c.minimized != "", Edited: !c.updated.Equal(c.created)})
		}
		return list
	})
}

// CommentWith returns the comment of the conversation with that id, nil when
// there is none.
func (p *Pull) CommentWith(id int64) *Comment {
	return locked(p, func() *Comment {
		for _, c := range p.comments {
			if c.ID == id {
				return c
			}
		}
		return nil
	})
}

// RemarkWith returns the remark in the diff with that id, nil when there is none.
func (p *Pull) RemarkWith(id int64) *ReviewComment {
	return locked(p, func() *ReviewComment {
		for _, c := range p.reviewComments {
			if c.ID == id {
				return c
			}
		}
		return nil
	})
}

// Said is what a person or a bot wrote, to assert on and to show.
type Said struct {
	ID                int64
	By, Body          string
	At                time.Time // when it was first said; zero for a pending review
	Edited, Minimized bool

	// Of remarks in the diff. Line is 0 for a remark about the whole file and
	// for an outdated one.
	Path                 string
	Line                 int
	Resolved, Outdated   bool
	ReplyTo, Review      int64
	State                string // of reviews: APPROVED, COMMENTED, PENDING, …
	Commit               string // of reviews and remarks
	StartLine, FirstLine int    // the first line of a range; the line it was made on
}

func login(u *User) string {
	if u == nil || u.deleted {
		return "ghost"
	}
	return u.Login
}

// Review is a review: approval, refusal, or remarks.
type Review struct {
	ID                 int64
	pull               *Pull
	author             *User
	state              string // APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED, PENDING
	body               string
	commit             string
	submitted, updated time.Time
}

// Verdicts of a review.
const (
	Approve        = "APPROVE"
	RequestChanges = "REQUEST_CHANGES"
	Remark         = "COMMENT"
)

var stateOf = map[string]string{Approve: "APPROVED", RequestChanges: "CHANGES_REQUESTED", Remark: "COMMENTED", "": "PENDING"}

// Review writes a review of the present head. It panics where GitHub would
// refuse it.
func (p *Pull) Review(by *User, verdict, body string) (review *Review) {
	p.do(func(s *Server) {
		var refused *reply
		review, refused = s.review(p, by, reviewRequest{Event: verdict, Body: body})
		if refused != nil {
			panic(fmt.Sprintf("githubtest: the review was refused: %v", refused.body))
		}
	})
	return review
}

// Dismiss withdraws an approval or a request for changes.
func (v *Review) Dismiss(by *User) {
	v.pull.do(func(s *Server) { s.dismiss(v, by) })
}

func (s *Server) dismiss(v *Review, by *User) {
	v.state, v.updated = "DISMISSED", s.now()
	s.emitReview(v, "dismissed", by, nil)
}

// Edit changes the text of a review.
func (v *Review) Edit(by *User, body string) {
	v.pull.do(func(s *Server) { s.editReview(v, by, body) })
}

func (s *Server) editReview(v *Review, by *User, body string) {
	was := v.body
	v.body, v.updated = body, s.now()
	s.emitReview(v, "edited", by, map[string]any{"changes": map[string]any{"body": from(was)}})
}

// Reviews lists the reviews, oldest first, pending ones included.
func (p *Pull) Reviews() []Said {
	return locked(p, func() []Said {
		list := []Said{}
		for _, v := range p.reviews {
			list = append(list, Said{ID: v.ID, By: login(v.author), Body: v.body, At: v.submitted, State: v.state, Commit: v.commit})
		}
		return list
	})
}

// ReviewComment is a remark in the diff.
type ReviewComment struct {
	ID                  int64
	pull                *Pull
	review              *Review
	author              *User
	viaApp              bool
	body                string
	created, updated    time.Time
	path, hunk          string
	wholeFile           bool
	side, startSide     side
	line, startLine     int // 0: about the file, or outdated
	firstLine           int // where it was made
	firstStart          int
	position, firstPos  int
	commit, firstCommit string
	replyTo             *ReviewComment
	minimized           string
	resolvedBy          *User // of a thread's first remark
	reactions           []reaction
}

// Remark writes a remark on a line of the present head, by itself. It panics
// where the line is not in the diff.
func (p *Pull) Remark(by *User, path string, line int, body string) (c *ReviewComment) {
	p.do(func(s *Server) {
		var refused *reply
		c, refused = s.remark(p, by, remarkRequest{Path: path, Line: &line, Side: string(right), Body: body, Commit: p.headSHA})
		if refused != nil {
			panic(fmt.Sprintf("githubtest: the remark was refused: %v", refused.body))
		}
	})
	return c
}

// Reply answers in the thread of a remark.
func (c *ReviewComment) Reply(by *User, body string) (answer *ReviewComment) {
	c.pull.do(func(s *Server) { answer = s.replyTo(c, by, body) })
	return answer
}

// Edit changes the text of a remark.
func (c *ReviewComment) Edit(by *User, body string) {
	c.pull.do(func(s *Server) { s.editRemark(c, by, body) })
}

func (s *Server) editRemark(c *ReviewComment, by *User, body string) {
	was := c.body
	c.body, c.updated = body, s.now()
	s.emitAbout(c.pull, "pull_request_review_comment", "edited", by, map[string]any{
		"comment": s.remarkJSON(c), "changes": map[string]any{"body": from(was)},
	})
}

// Resolve resolves the thread that the remark belongs to.
func (c *ReviewComment) Resolve(by *User) { c.pull.do(func(*Server) { c.root().resolvedBy = by }) }

func (c *ReviewComment) root() *ReviewComment {
	if c.replyTo != nil {
		return c.replyTo
	}
	return c
}

// Remarks lists the remarks in the diff, oldest first, replies and those of
// pending reviews included.
func (p *Pull) Remarks() []Said {
	return locked(p, func() []Said {
		list := []Said{}
		for _, c := range p.reviewComments {
			said := Said{
				ID: c.ID, By: login(c.author), Body: c.body, At: c.created, Path: c.path, Line: c.line, StartLine: c.startLine, FirstLine: c.firstLine,
				Minimized: c.minimized != "", Edited: !c.updated.Equal(c.created), Resolved: c.root().resolvedBy != nil,
				Outdated: c.outdated(), Commit: c.commit, Review: c.review.ID, State: c.review.state,
			}
			if c.replyTo != nil {
				said.ReplyTo = c.replyTo.ID
			}
			list = append(list, said)
		}
		return list
	})
}

func (c *ReviewComment) outdated() bool { return !c.wholeFile && c.line == 0 }
