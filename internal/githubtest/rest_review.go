package githubtest

import (
	"cmp"
	"net/http"
	"slices"
)

// shown are the reviews that the caller gets to see: a pending one is for its
// author only.
func (c *call) shown() []*Review {
	return slices.DeleteFunc(slices.Clone(c.pull.reviews), func(v *Review) bool {
		return v.state == "PENDING" && v.author != c.user
	})
}

func (c *call) review() *Review {
	for _, v := range c.shown() {
		if v.ID == c.id("review_id") {
			return v
		}
	}
	return nil
}

func listReviews(c *call) reply {
	return list(c, c.shown(), func(v *Review) any { return c.s.reviewJSON(v) })
}

func getReview(c *call) reply {
	if v := c.review(); v != nil {
		return ok(c.s.reviewJSON(v))
	}
	return notFound()
}

func createReview(c *call) reply {
	var ask reviewRequest
	if bad := c.decode(&ask); bad != nil {
		return *bad
	}
	if refused := c.mayTalk(); refused != nil {
		return *refused
	}
	v, refused := c.s.review(c.pull, c.user, ask)
	if refused != nil {
		return *refused
	}
	return ok(c.s.reviewJSON(v))
}

func updateReview(c *call) reply {
	v := c.review()
	if v == nil {
		return notFound()
	}
	var ask struct{ Body string }
	if bad := c.decode(&ask); bad != nil {
		return *bad
	}
	switch {
	case v.author != c.user:
		return *refuse(http.StatusForbidden, "Must be the author of the review")
	case tooLong(ask.Body):
		return *unprocessable("Body is too long (maximum is 65536 characters)")
	}
	c.s.editReview(v, c.user, ask.Body)
	return ok(c.s.reviewJSON(v))
}

func deleteReview(c *call) reply {
	v := c.review()
	switch {
	case v == nil:
		return notFound()
	case v.state != "PENDING":
		return *unprocessable("Can not delete a non-pending pull request review")
	}
	c.pull.reviews = slices.DeleteFunc(c.pull.reviews, func(o *Review) bool { return o == v })
	c.pull.reviewComments = slices.DeleteFunc(c.pull.reviewComments, func(o *ReviewComment) bool { return o.review == v })
	return ok(c.s.reviewJSON(v))
}

func submitReview(c *call) reply {
	v := c.review()
	if v == nil {
		return notFound()
	}
	var ask reviewRequest
	if bad := c.decode(&ask); bad != nil {
		return *bad
	}
	state := stateOf[ask.Event]
	body := cmp.Or(ask.Body, v.body)
	switch {
	case state == "" || state == "PENDING":
		return *unprocessable("Variable $event of type PullRequestReviewEvent was provided invalid value")
	case v.state != "PENDING":
		return *unprocessable("Can not submit a review that is not pending")
	case tooLong(body):
		return *unprocessable("Body is too long (maximum is 65536 characters)")
	case body == "" && (ask.Event == RequestChanges || ask.Event == Remark && !v.hasRemarks()):
		return *unprocessable("Body can't be blank")
	}
	if refused := c.s.mayJudge(c.pull, c.user, ask.Event); refused != nil {
		return *refused
	}
	v.state, v.body = state, body
	c.s.submitted(v)
	return ok(c.s.reviewJSON(v))
}

func (v *Review) hasRemarks() bool {
	return slices.ContainsFunc(v.pull.reviewComments, func(c *ReviewComment) bool { return c.review == v })
}

func dismissReview(c *call) reply {
	v := c.review()
	if v == nil {
		return notFound()
	}
	var ask struct{ Message string }
	if bad := c.decode(&ask); bad != nil {
		return *bad
	}
	if v.state != "APPROVED" && v.state != "CHANGES_REQUESTED" {
		return *unprocessable("Can not dismiss a commented pull request review")
	}
	c.s.dismiss(v, c.user)
	return ok(c.s.reviewJSON(v))
}

// remarks are those that the caller gets to see.
func (c *call) remarks() []*ReviewComment {
	return slices.DeleteFunc(slices.Clone(c.pull.reviewComments), func(o *ReviewComment) bool {
		return o.review.state == "PENDING" && o.author != c.user
	})
}

func listRemarks(c *call) reply {
	of := func(o *ReviewComment) times { return times{o.created, o.updated} }
	remarks, refused := since(c, c.remarks(), of)
	if refused != nil {
		return *refused
	}
	return list(c, ordered(c, remarks, of), func(o *ReviewComment) any { return c.s.remarkJSON(o) })
}

func listRemarksOfReview(c *call) reply {
	v := c.review()
	if v == nil {
		return notFound()
	}
	remarks := slices.DeleteFunc(c.remarks(), func(o *ReviewComment) bool { return o.review != v })
	return list(c, remarks, func(o *ReviewComment) any {
		// This list knows positions only: GitHub leaves the lines out of it.
		body := c.s.remarkJSON(o)
		for _, field := range []string{"line", "original_line", "start_line", "original_start_line", "side", "start_side", "subject_type"} {
			delete(body, field)
		}
		return body
	})
}

func createRemark(c *call) reply {
	var ask remarkRequest
	if bad := c.decode(&ask); bad != nil {
		return *bad
	}
	if refused := c.mayTalk(); refused != nil {
		return *refused
	}
	if ask.InReplyTo != 0 {
		return c.reply(ask.InReplyTo, ask.Body)
	}
	made, refused := c.s.remark(c.pull, c.user, ask)
	if refused != nil {
		return *refused
	}
	return created(c.s.remarkJSON(made))
}

func createReply(c *call) reply {
	var ask struct{ Body string }
	if bad := c.decode(&ask); bad != nil {
		return *bad
	}
	if refused := c.mayTalk(); refused != nil {
		return *refused
	}
	return c.reply(c.id("comment_id"), ask.Body)
}

func (c *call) reply(to int64, body string) reply {
	for _, o := range c.pull.reviewComments {
		if o.ID != to {
			continue
		}
		if body == "" || tooLong(body) {
			return *invalid("PullRequestReviewComment", "body", "Body is blank or too long (maximum is 65536 characters)")
		}
		return created(c.s.remarkJSON(c.s.replyTo(o, c.user, body)))
	}
	return notFound()
}

func (c *call) remark() *ReviewComment {
	for _, p := range c.repo.pulls {
		for _, o := range p.reviewComments {
			if o.ID == c.id("comment_id") && (o.review.state != "PENDING" || o.author == c.user) {
				return o
			}
		}
	}
	return nil
}

func getRemark(c *call) reply {
	if o := c.remark(); o != nil {
		return ok(c.s.remarkJSON(o))
	}
	return notFound()
}

func updateRemark(c *call) reply {
	o := c.remark()
	if o == nil {
		return notFound()
	}
	body, refused := c.newBody(o.author, "PullRequestReviewComment")
	if refused != nil {
		return *refused
	}
	c.s.editRemark(o, c.user, body)
	return ok(c.s.remarkJSON(o))
}

func deleteRemark(c *call) reply {
	o := c.remark()
	if o == nil {
		return notFound()
	}
	if refused := c.mayChange(o.author); refused != nil {
		return *refused
	}
	p := o.pull
	p.reviewComments = slices.DeleteFunc(p.reviewComments, func(other *ReviewComment) bool { return other == o })
	// The next remark of the thread becomes its first.
	var first *ReviewComment
	for _, other := range p.reviewComments {
		switch {
		case other.replyTo != o:
		case first == nil:
			first, other.replyTo, other.resolvedBy = other, nil, o.resolvedBy
		default:
			other.replyTo = first
		}
	}
	return noContent
}
