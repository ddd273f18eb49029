package githubtest

import (
	"net/http"
	"slices"
	"time"
)

// mayTalk refuses writing into a locked conversation.
func (c *call) mayTalk() *reply {
	if c.pull.locked && !c.app() && !c.repo.role(c.user).atLeast(Write) {
		return refuse(http.StatusForbidden, "Unable to create comment because issue is locked.")
	}
	return nil
}

// mayChange refuses changing what somebody else wrote without write permission.
func (c *call) mayChange(author *User) *reply {
	if !c.app() && c.user != author && !c.repo.role(c.user).atLeast(Write) {
		return refuse(http.StatusForbidden, "Must have admin rights to Repository.")
	}
	return nil
}

// newBody reads the text that a comment is to have.
func (c *call) newBody(author *User, resource string) (string, *reply) {
	if refused := c.mayChange(author); refused != nil {
		return "", refused
	}
	var ask struct{ Body string }
	if bad := c.decode(&ask); bad != nil {
		return "", bad
	}
	return ask.Body, checkBody(resource, ask.Body)
}

func checkBody(resource, body string) *reply {
	switch {
	case body == "":
		return invalid(resource, "body", "Body can't be blank")
	case tooLong(body):
		return invalid(resource, "body", "Body is too long (maximum is 65536 characters)")
	}
	return nil
}

type times struct{ created, updated time.Time }

// since leaves out what was last changed before the time that the caller names.
func since[T any](c *call, items []T, of func(T) times) ([]T, *reply) {
	from := c.query("since")
	if from == "" {
		return items, nil
	}
	start, err := time.Parse(time.RFC3339, from)
	if err != nil {
		return nil, invalid("Issue", "since", "since is not a time in ISO 8601 format")
	}
	return slices.DeleteFunc(items, func(item T) bool { return of(item).updated.Before(start) }), nil
}

// ordered sorts by the parameters sort and direction. Without sort GitHub takes
// no notice of direction.
func ordered[T any](c *call, items []T, of func(T) times) []T {
	switch c.query("sort") {
	case "":
		return items
	case "updated":
		slices.SortStableFunc(items, func(a, b T) int { return of(a).updated.Compare(of(b).updated) })
	}
	if c.query("direction") == "desc" {
		slices.Reverse(items)
	}
	return items
}

// listComments lists the conversation, oldest first, whatever sort and
// direction say: those are for the comments of a whole repository.
func listComments(c *call) reply {
	comments, refused := since(c, slices.Clone(c.pull.comments), func(o *Comment) times { return times{o.created, o.updated} })
	if refused != nil {
		return *refused
	}
	return list(c, comments, c.s.commentJSON)
}

func createComment(c *call) reply {
	var ask struct{ Body string }
	if bad := c.decode(&ask); bad != nil {
		return *bad
	}
	if refused := c.mayTalk(); refused != nil {
		return *refused
	}
	if refused := checkBody("IssueComment", ask.Body); refused != nil {
		return *refused
	}
	return created(c.s.commentJSON(c.s.comment(c.pull, c.user, ask.Body)))
}

func (c *call) comment() *Comment {
	for _, p := range c.repo.pulls {
		for _, o := range p.comments {
			if o.ID == c.id("comment_id") {
				return o
			}
		}
	}
	return nil
}

func getComment(c *call) reply {
	if o := c.comment(); o != nil {
		return ok(c.s.commentJSON(o))
	}
	return notFound()
}

func updateComment(c *call) reply {
	o := c.comment()
	if o == nil {
		return notFound()
	}
	body, refused := c.newBody(o.author, "IssueComment")
	if refused != nil {
		return *refused
	}
	c.s.editComment(o, c.user, body)
	return ok(c.s.commentJSON(o))
}

func deleteComment(c *call) reply {
	o := c.comment()
	if o == nil {
		return notFound()
	}
	if refused := c.mayChange(o.author); refused != nil {
		return *refused
	}
	c.s.deleteComment(o, c.user)
	return noContent
}

func listCommentReactions(c *call) reply {
	if o := c.comment(); o != nil {
		return list(c, o.reactions, c.s.reactionJSON)
	}
	return notFound()
}

func createCommentReaction(c *call) reply {
	if o := c.comment(); o != nil {
		return c.react(&o.reactions)
	}
	return notFound()
}

func listRemarkReactions(c *call) reply {
	if o := c.remark(); o != nil {
		return list(c, o.reactions, c.s.reactionJSON)
	}
	return notFound()
}

func createRemarkReaction(c *call) reply {
	if o := c.remark(); o != nil {
		return c.react(&o.reactions)
	}
	return notFound()
}

// react adds a reaction; a second one of the same kind is the first one.
func (c *call) react(to *[]reaction) reply {
	var ask struct{ Content string }
	if bad := c.decode(&ask); bad != nil {
		return *bad
	}
	if !slices.Contains(contents, ask.Content) {
		return *invalid("Reaction", "content", "content is not a reaction")
	}
	for _, r := range *to {
		if r.by == c.user && r.content == ask.Content {
			return ok(c.s.reactionJSON(r))
		}
	}
	r := reaction{id: c.s.nextID(), by: c.user, content: ask.Content, created: c.s.now()}
	*to = append(*to, r)
	return created(c.s.reactionJSON(r))
}
