package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	gh "github.com/google/go-github/v60/github"

	"github.com/karzoun/miniapp-review/internal/plan"
	"github.com/karzoun/miniapp-review/internal/pull"
)

// ErrMoved is matched by the error for a pull request whose head is no longer
// the one that was reviewed. Nothing was written; the push started another run.
var ErrMoved = errors.New("the head has moved")

// MovedError is an ErrMoved.
type MovedError struct {
	Number       int
	Planned, Now string
}

// Error implements error.
func (e *MovedError) Error() string {
	return fmt.Sprintf("pull request %d was pushed to during the review: its head is %s and no longer %s; the run for that push reviews it", e.Number, short(e.Now), short(e.Planned))
}

// Is makes the error match ErrMoved.
func (e *MovedError) Is(target error) bool { return target == ErrMoved }

// ApplyError says that a plan was made in part.
type ApplyError struct {
	// Failed is the operation that failed. When the failure has the reason
	// Unreachable it may have been made all the same.
	Failed plan.Operation
	// Left are the operations after it, which were not tried.
	Left []plan.Operation
	Err  error
}

// Error implements error.
func (e *ApplyError) Error() string {
	text := fmt.Sprintf("operation %q failed: %v", e.Failed.Kind, e.Err)
	if len(e.Left) == 0 {
		return text
	}
	kinds := make([]string, len(e.Left))
	for i, op := range e.Left {
		kinds[i] = string(op.Kind)
	}
	return text + "; not tried: " + strings.Join(kinds, ", ")
}

// Unwrap returns the cause.
func (e *ApplyError) Unwrap() error { return e.Err }

// Apply makes the operations of a plan, one after the other. Before the first,
// the head is read again; when it has moved, nothing is written and the error
// matches ErrMoved. made is told of each operation that was made, unless it is
// nil. The first failure ends it with an *ApplyError: planning again from what
// is there then leads to the same end. An empty plan makes no request.
//
// A write whose answer was lost is not made again before GitHub was asked
// whether it has it.
func (c *Client) Apply(ctx context.Context, p plan.Plan, made func(plan.Made)) error {
	if len(p.Operations) == 0 {
		return nil
	}
	head, err := c.Head(ctx, p.Number)
	if err != nil {
		return err
	}
	if head.SHA != p.Head {
		return &MovedError{Number: p.Number, Planned: p.Head, Now: head.SHA}
	}
	for i := 0; i < len(p.Operations); {
		op, together := p.Operations[i], folded(p.Operations[i:])
		m := plan.Made{Operation: op}
		if len(together) > 1 {
			err = c.minimize(ctx, together)
		} else {
			err = c.make(ctx, p, op, &m)
		}
		if err != nil {
			return &ApplyError{Failed: op, Left: slices.Clone(p.Operations[i+1:]), Err: err}
		}
		for n := range max(1, len(together)) {
			if m.Operation = p.Operations[i+n]; made != nil {
				made(m)
			}
		}
		i += max(1, len(together))
	}
	return nil
}

// make makes one operation. What decorates a comment or remark that is gone
// meanwhile is not missed: whoever deletes a comment in the right moment must
// not keep the rest of the plan from being made.
func (c *Client) make(ctx context.Context, p plan.Plan, op plan.Operation, m *plan.Made) error {
	err := c.makeOne(ctx, p, op, m)
	switch op.Kind {
	case plan.UpdateRemark, plan.Minimize, plan.React:
		if ReasonOf(err) == NotFound {
			m.Notes = append(m.Notes, fmt.Sprintf("What %q is about was deleted meanwhile.", op.Kind))
			return nil
		}
	}
	return err
}

func (c *Client) makeOne(ctx context.Context, p plan.Plan, op plan.Operation, m *plan.Made) error {
	switch {
	case op.Kind == plan.SetStatus && op.Status != nil:
		return c.setStatus(ctx, p.Head, op.Status)
	case op.Kind == plan.AddLabels:
		return c.addLabels(ctx, p.Number, op.Labels, m)
	case op.Kind == plan.RemoveLabel && len(op.Labels) == 1:
		return c.removeLabel(ctx, p.Number, op.Labels[0].Name)
	case op.Kind == plan.CreateComment:
		return c.createComment(ctx, p.Number, op.Body, m)
	case op.Kind == plan.UpdateComment:
		return c.write(mayRepeat(ctx), "editing the comment", func(ctx context.Context) error {
			_, _, err := c.gh.Issues.EditComment(ctx, c.owner, c.name, op.ID, &gh.IssueComment{Body: &op.Body})
			return err
		})
	case op.Kind == plan.UpdateRemark:
		return c.write(mayRepeat(ctx), "editing a remark", func(ctx context.Context) error {
			_, _, err := c.gh.PullRequests.EditComment(ctx, c.owner, c.name, op.ID, &gh.PullRequestComment{Body: &op.Body})
			return err
		})
	case op.Kind == plan.DeletePending:
		return c.deletePending(ctx, p.Number, op.ID, m)
	case op.Kind == plan.CreateReview && op.Review != nil:
		return c.createReview(ctx, p, op.Review, m)
	case op.Kind == plan.Minimize:
		return c.minimize(ctx, []string{op.NodeID})
	case op.Kind == plan.Close:
		return c.closePull(ctx, p.Number)
	case op.Kind == plan.Merge:
		return c.mergePlanned(ctx, p, op.Method, m)
	case op.Kind == plan.React:
		return c.write(mayRepeat(ctx), "reacting to a comment", func(ctx context.Context) error {
			_, _, err := c.gh.Reactions.CreateIssueCommentReaction(ctx, c.owner, c.name, op.ID, op.Reaction)
			return err
		})
	}
	return fmt.Errorf("there is no way to make the operation %q", op.Kind)
}

// write makes one request that writes, in its turn.
func (c *Client) write(ctx context.Context, doing string, request func(context.Context) error) error {
	done, err := c.writes.turn(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	defer done()
	return c.explain(request(ctx), doing)
}

// once makes a write that must not be made twice. When its answer is lost, find
// says whether it was made.
func (c *Client) once(ctx context.Context, doing string, request func(context.Context) error, find func(context.Context) (bool, error)) error {
	for attempt := 1; ; attempt++ {
		err := c.write(ctx, doing, request)
		if ReasonOf(err) != Unreachable {
			return err
		}
		// What was written is not always there to be read at once.
		now, wait := c.options.Now(), 500*time.Millisecond<<attempt
		if !c.transport.budget.take(now, now.Add(wait)) {
			return err
		}
		if slept := c.options.Sleep(ctx, wait); slept != nil {
			return errors.Join(err, slept)
		}
		found, failed := find(ctx)
		if failed != nil {
			return errors.Join(err, failed)
		}
		if found || attempt == 3 {
			if found {
				return nil
			}
			return err
		}
	}
}

func (c *Client) setStatus(ctx context.Context, head string, s *plan.Status) error {
	status := &gh.RepoStatus{State: &s.State, Context: &s.Context, Description: &s.Description}
	if s.URL != "" {
		status.TargetURL = &s.URL
	}
	return c.write(mayRepeat(ctx), fmt.Sprintf("setting the status %q to %s", s.Context, s.State), func(ctx context.Context) error {
		_, _, err := c.gh.Repositories.CreateStatus(ctx, c.owner, c.name, head, status)
		return err
	})
}

// defaultColor is what GitHub gives to a label that it makes because it was
// added to something.
const defaultColor = "ededed"

func (c *Client) addLabels(ctx context.Context, number int, labels []plan.Label, m *plan.Made) error {
	names := make([]string, len(labels))
	for i, l := range labels {
		names[i] = l.Name
	}
	var there []*gh.Label
	err := c.write(mayRepeat(ctx), fmt.Sprintf("adding the labels %q", names), func(ctx context.Context) (err error) {
		there, _, err = c.gh.Issues.AddLabelsToIssue(ctx, c.owner, c.name, number, names)
		return err
	})
	if err != nil {
		return err
	}
	for _, l := range labels {
		i := slices.IndexFunc(there, func(t *gh.Label) bool { return strings.EqualFold(t.GetName(), l.Name) })
		if i < 0 {
			m.Notes = append(m.Notes, fmt.Sprintf("GitHub did not add the label %q.", l.Name))
			continue
		}
		fresh := there[i].GetColor() == defaultColor && there[i].GetDescription() == "" && !there[i].GetDefault()
		if !fresh || l.Color == "" || strings.EqualFold(l.Color, defaultColor) && l.Description == "" {
			continue
		}
		if err := c.dressLabel(ctx, l); err != nil {
			if r := ReasonOf(err); r != Forbidden && r != NotFound && r != Refused {
				return err
			}
			m.Notes = append(m.Notes, fmt.Sprintf("The label %q keeps GitHub's grey: %v.", l.Name, err))
		}
	}
	return nil
}

// dressLabel gives a label that is new in the repository its color and
// description.
func (c *Client) dressLabel(ctx context.Context, l plan.Label) error {
	body := map[string]string{"color": l.Color, "description": l.Description}
	return c.write(mayRepeat(ctx), fmt.Sprintf("giving the label %q its color", l.Name), func(ctx context.Context) error {
		req, err := c.gh.NewRequest(http.MethodPatch, fmt.Sprintf("repos/%s/%s/labels/%s", c.owner, c.name, pathPart(l.Name)), body)
		if err != nil {
			return err
		}
		_, err = c.gh.Do(ctx, req, nil)
		return err
	})
}

func (c *Client) removeLabel(ctx context.Context, number int, name string) error {
	err := c.write(ctx, fmt.Sprintf("removing the label %q", name), func(ctx context.Context) error {
		req, err := c.gh.NewRequest(http.MethodDelete, fmt.Sprintf("repos/%s/%s/issues/%d/labels/%s", c.owner, c.name, number, pathPart(name)), nil)
		if err != nil {
			return err
		}
		_, err = c.gh.Do(ctx, req, nil)
		return err
	})
	if ReasonOf(err) == NotFound {
		return nil // somebody was faster
	}
	return err
}

func (c *Client) createComment(ctx context.Context, number int, body string, m *plan.Made) error {
	err := c.once(ctx, "writing the comment", func(ctx context.Context) error {
		made, _, err := c.gh.Issues.CreateComment(ctx, c.owner, c.name, number, &gh.IssueComment{Body: &body})
		m.ID = made.GetID()
		return err
	}, func(ctx context.Context) (bool, error) {
		list, _, err := c.comments(ctx, number)
		for _, there := range slices.Backward(list) {
			if c.mine(there.User) && !c.wrote(there.ID) && sameText(there.Body, body) {
				m.ID = there.ID
				return true, nil
			}
		}
		return false, err
	})
	if err == nil {
		c.mu.Lock()
		c.written = append(c.written, m.ID)
		c.mu.Unlock()
	}
	return err
}

// wrote reports whether this client made a comment and knows of it, so that it
// is not the one whose answer was lost.
func (c *Client) wrote(id int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.written, id)
}

// mine reports whether an account can be the token's. When that is not known,
// every bot can; what it wrote is compared too.
func (c *Client) mine(u pull.User) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.self.ID == 0 {
		return u.Bot
	}
	return u.ID == c.self.ID
}
