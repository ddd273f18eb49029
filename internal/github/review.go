package github

import (
	"context"
	"fmt"
	"slices"
	"strings"

	gh "github.com/google/go-github/v60/github"

	"github.com/karzoun/miniapp-review/internal/plan"
)

// deletePending deletes a review that was begun and never submitted. One that
// is gone, or was submitted since, stays as it is.
func (c *Client) deletePending(ctx context.Context, number int, id int64, m *plan.Made) error {
	err := c.write(ctx, "deleting a review that was never submitted", func(ctx context.Context) error {
		_, _, err := c.gh.PullRequests.DeletePendingReview(ctx, c.owner, c.name, number, id)
		return err
	})
	switch ReasonOf(err) {
	case NotFound:
		return nil
	case Refused:
		m.Notes = append(m.Notes, fmt.Sprintf("A review was submitted before it could be deleted: %v.", err))
		return nil
	}
	return err
}

// createReview makes a review with its remarks in one request. GitHub refuses
// all of it because of one line that is outside the diff; then the remarks are
// made one by one, and those that are refused are told.
func (c *Client) createReview(ctx context.Context, p plan.Plan, r *plan.Review, m *plan.Made) error {
	err := c.submit(ctx, p, r.Body, r.Remarks, m)
	if ReasonOf(err) == Refused && strings.Contains(strings.ToLower(err.Error()), "pending review") {
		if err := c.clearPending(ctx, p.Number, m); err != nil {
			return err
		}
		err = c.submit(ctx, p, r.Body, r.Remarks, m)
	}
	if ReasonOf(err) != Refused || len(r.Remarks) == 0 {
		return err
	}
	// The body only introduces the remarks. By itself it would come again with
	// each run, for as long as the remarks are refused.
	for _, remark := range r.Remarks {
		err := c.createRemark(ctx, p, remark)
		if ReasonOf(err) == Refused {
			m.Refused = append(m.Refused, plan.Refused{Remark: remark, Reason: err.Error()})
		} else if err != nil {
			return err
		}
	}
	return nil
}

// submit makes a review, with or without remarks.
func (c *Client) submit(ctx context.Context, p plan.Plan, body string, remarks []plan.Remark, m *plan.Made) error {
	request := &gh.PullRequestReviewRequest{CommitID: &p.Head, Body: &body, Event: gh.String("COMMENT")}
	for _, r := range remarks {
		draft := &gh.DraftReviewComment{Path: &r.Path, Body: &r.Body, Line: &r.Line, Side: gh.String("RIGHT")}
		if r.Start != 0 && r.Start < r.Line {
			draft.StartLine, draft.StartSide = &r.Start, gh.String("RIGHT")
		}
		request.Comments = append(request.Comments, draft)
	}
	return c.once(ctx, "writing the review", func(ctx context.Context) error {
		made, _, err := c.gh.PullRequests.CreateReview(ctx, c.owner, c.name, p.Number, request)
		m.ID = made.GetID()
		return err
	}, func(ctx context.Context) (bool, error) {
		return c.findReview(ctx, p, body, remarks, m)
	})
}

// findReview looks whether a review was made though its answer was lost. One
// that stayed pending is deleted, since it would block the next attempt.
func (c *Client) findReview(ctx context.Context, p plan.Plan, body string, remarks []plan.Remark, m *plan.Made) (bool, error) {
	if err := c.clearPending(ctx, p.Number, m); err != nil {
		return false, err
	}
	list, err := c.reviews(ctx, p.Number)
	if err != nil {
		return false, err
	}
	for _, r := range list {
		if !c.mine(r.User) || r.CommitID != p.Head || !sameText(r.Body, body) {
			continue
		}
		there, _, err := pages(ctx, maxPages, func(ctx context.Context, o gh.ListOptions) ([]*gh.PullRequestComment, *gh.Response, error) {
			return c.gh.PullRequests.ListReviewComments(ctx, c.owner, c.name, p.Number, r.ID, &o)
		})
		if err != nil {
			return false, c.explain(err, "looking whether the review was written")
		}
		missing := func(want plan.Remark) bool {
			return !slices.ContainsFunc(there, func(t *gh.PullRequestComment) bool {
				return t.GetPath() == want.Path && sameText(t.GetBody(), want.Body)
			})
		}
		if len(there) == len(remarks) && !slices.ContainsFunc(remarks, missing) {
			m.ID = r.ID
			return true, nil
		}
	}
	return false, nil
}

// clearPending deletes the token's own pending review: there can be one, and
// only its author sees it.
func (c *Client) clearPending(ctx context.Context, number int, m *plan.Made) error {
	list, err := c.reviews(ctx, number)
	if err != nil {
		return err
	}
	for _, r := range list {
		if r.State == "PENDING" {
			if err := c.deletePending(ctx, number, r.ID, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// createRemark makes one remark for itself.
func (c *Client) createRemark(ctx context.Context, p plan.Plan, r plan.Remark) error {
	request := &gh.PullRequestComment{CommitID: &p.Head, Path: &r.Path, Body: &r.Body, Line: &r.Line, Side: gh.String("RIGHT")}
	if r.Start != 0 && r.Start < r.Line {
		request.StartLine, request.StartSide = &r.Start, gh.String("RIGHT")
	}
	return c.once(ctx, "writing a remark", func(ctx context.Context) error {
		_, _, err := c.gh.PullRequests.CreateComment(ctx, c.owner, c.name, p.Number, request)
		return err
	}, func(ctx context.Context) (bool, error) {
		list, err := c.remarks(ctx, p.Number)
		for _, there := range list {
			if c.mine(there.User) && there.Path == r.Path && sameText(there.Body, r.Body) {
				return true, nil
			}
		}
		return false, err
	})
}
