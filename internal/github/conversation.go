package github

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	gh "github.com/google/go-github/v60/github"
	"golang.org/x/sync/errgroup"

	"github.com/karzoun/miniapp-review/internal/pull"
)

// Limits of what is read of a conversation, in pages of a hundred. Beyond them
// the review cannot tell what was said.
const (
	maxPages       = 30
	maxStatusPages = 10
	// maxAsked is about how many people GitHub is asked what they may do.
	maxAsked = 40
)

// ghostID is the account that stands for those that were deleted.
const ghostID = 10137

// user converts an account; nil and the ghost are the zero User.
func user(u *gh.User) pull.User {
	if u == nil || u.GetID() == ghostID {
		return pull.User{}
	}
	return pull.User{ID: u.GetID(), Login: u.GetLogin(), Bot: u.GetType() == "Bot"}
}

// moment converts a time; a missing one is the zero Time.
func moment(t gh.Timestamp) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}

// byAge sorts oldest first and takes out what came twice, since a page can
// shift while the next one is read.
func byAge[T any](list []T, at func(T) time.Time, id func(T) int64) []T {
	slices.SortStableFunc(list, func(a, b T) int { return cmp.Or(at(a).Compare(at(b)), cmp.Compare(id(a), id(b))) })
	return slices.CompactFunc(list, func(a, b T) bool { return id(a) == id(b) })
}

func tooLong(what string) error {
	return &unreadable{fmt.Sprintf("the pull request has more than %d %s: close it and open a new one", maxPages*perPage, what)}
}

// comments reads the conversation. mentioned are the ids of comments that have
// reactions.
func (c *Client) comments(ctx context.Context, number int) (list []pull.Comment, reacted map[int64]bool, err error) {
	raw, more, err := pages(ctx, maxPages, func(ctx context.Context, o gh.ListOptions) ([]*gh.IssueComment, *gh.Response, error) {
		return c.gh.Issues.ListComments(ctx, c.owner, c.name, number, &gh.IssueListCommentsOptions{ListOptions: o})
	})
	if err != nil {
		return nil, nil, c.explain(err, fmt.Sprintf("reading the comments of pull request %d", number))
	}
	if more {
		return nil, nil, tooLong("comments")
	}
	list, reacted = []pull.Comment{}, map[int64]bool{}
	for _, r := range raw {
		list = append(list, pull.Comment{
			ID: r.GetID(), NodeID: r.GetNodeID(), User: user(r.User), Body: r.GetBody(),
			CreatedAt: moment(r.GetCreatedAt()), UpdatedAt: moment(r.GetUpdatedAt()),
		})
		if r.GetReactions().GetTotalCount() > 0 {
			reacted[r.GetID()] = true
		}
	}
	return byAge(list, func(c pull.Comment) time.Time { return c.CreatedAt }, func(c pull.Comment) int64 { return c.ID }), reacted, nil
}

// remarks reads the comments on lines and files.
func (c *Client) remarks(ctx context.Context, number int) ([]pull.Remark, error) {
	raw, more, err := pages(ctx, maxPages, func(ctx context.Context, o gh.ListOptions) ([]*gh.PullRequestComment, *gh.Response, error) {
		return c.gh.PullRequests.ListComments(ctx, c.owner, c.name, number, &gh.PullRequestListCommentsOptions{ListOptions: o})
	})
	if err != nil {
		return nil, c.explain(err, fmt.Sprintf("reading the remarks on pull request %d", number))
	}
	if more {
		return nil, tooLong("remarks")
	}
	list := []pull.Remark{}
	for _, r := range raw {
		list = append(list, pull.Remark{
			ID: r.GetID(), NodeID: r.GetNodeID(), ReviewID: r.GetPullRequestReviewID(), User: user(r.User),
			Path: r.GetPath(), Line: r.GetLine(), InReplyTo: r.GetInReplyTo(), Body: r.GetBody(),
			CreatedAt: moment(r.GetCreatedAt()), UpdatedAt: moment(r.GetUpdatedAt()),
		})
	}
	return byAge(list, func(r pull.Remark) time.Time { return r.CreatedAt }, func(r pull.Remark) int64 { return r.ID }), nil
}

// reviews reads the reviews, a pending one of the token's own included.
func (c *Client) reviews(ctx context.Context, number int) ([]pull.Review, error) {
	raw, more, err := pages(ctx, maxPages, func(ctx context.Context, o gh.ListOptions) ([]*gh.PullRequestReview, *gh.Response, error) {
		return c.gh.PullRequests.ListReviews(ctx, c.owner, c.name, number, &o)
	})
	if err != nil {
		return nil, c.explain(err, fmt.Sprintf("reading the reviews of pull request %d", number))
	}
	if more {
		return nil, tooLong("reviews")
	}
	list := []pull.Review{}
	for _, r := range raw {
		list = append(list, pull.Review{
			ID: r.GetID(), NodeID: r.GetNodeID(), User: user(r.User), State: pull.ReviewState(strings.ToUpper(r.GetState())),
			CommitID: r.GetCommitID(), Body: r.GetBody(), SubmittedAt: moment(r.GetSubmittedAt()),
		})
	}
	// A pending review has no time yet; ids grow with time.
	return byAge(list, func(pull.Review) time.Time { return time.Time{} }, func(r pull.Review) int64 { return r.ID }), nil
}

// statuses reads the latest status of each context. The list of all is read and
// not the combined one, since only it tells who set them.
func (c *Client) statuses(ctx context.Context, sha string) ([]pull.Status, error) {
	raw, _, err := pages(ctx, maxStatusPages, func(ctx context.Context, o gh.ListOptions) ([]*gh.RepoStatus, *gh.Response, error) {
		return c.gh.Repositories.ListStatuses(ctx, c.owner, c.name, sha, &o)
	})
	if err != nil {
		return nil, c.explain(err, "reading the statuses of "+short(sha))
	}
	list, seen := []pull.Status{}, map[string]bool{}
	for _, r := range raw { // newest first
		if !seen[r.GetContext()] {
			seen[r.GetContext()] = true
			list = append(list, pull.Status{
				Context: r.GetContext(), State: r.GetState(), Description: r.GetDescription(), URL: r.GetTargetURL(), Creator: user(r.Creator),
			})
		}
	}
	slices.SortFunc(list, func(a, b pull.Status) int { return strings.Compare(a.Context, b.Context) })
	return list, nil
}

// counting returns those whose approval, objection or command could count, and
// nobody else: people, not bots, and not the author, who can neither approve
// nor command. When there are too many, they are those who spoke last,
// approvals before commands.
func counting(s *pull.Snapshot) []pull.User {
	var list []pull.User
	add := func(u pull.User) {
		if u.ID != 0 && !u.Bot && u.ID != s.Author.ID && u.ID != s.Self.ID && len(list) < maxAsked && !slices.Contains(list, u) {
			list = append(list, u)
		}
	}
	for _, r := range slices.Backward(s.Reviews) {
		if r.State == pull.Approved || r.State == pull.ChangesRequested {
			add(r.User)
		}
	}
	for _, m := range slices.Backward(s.Comments) {
		if hasCommand(m.Body) {
			add(m.User)
		}
	}
	return list
}

// permissions asks what people may do now, by login in lower case. GitHub tells
// it only to those who may write themselves; others get no answers, and may
// look but could not write the status either.
func (c *Client) permissions(ctx context.Context, ask []pull.User) (map[string]string, error) {
	out := map[string]string{}
	answers := make([]string, len(ask))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for i, u := range ask {
		g.Go(func() (err error) {
			answers[i], err = c.Permission(ctx, u)
			if ReasonOf(err) == Forbidden {
				return nil
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for i, u := range ask {
		if answers[i] != "" {
			out[strings.ToLower(u.Login)] = answers[i]
		}
	}
	return out, nil
}

// hasCommand reports whether a line starts as a command does.
func hasCommand(body string) bool {
	for line := range strings.Lines(body) {
		if line = strings.TrimLeft(line, " "); len(line) > 1 && line[0] == '/' && line[1] >= 'a' && line[1] <= 'z' {
			return true
		}
	}
	return false
}

// Permission says what somebody may do in the repository now: "admin",
// "maintain", "write", "triage", "read" or "none". A login that belongs to
// another account than it did may do nothing. An answer holds for the life of
// the client.
func (c *Client) Permission(ctx context.Context, u pull.User) (string, error) {
	key := strconv.FormatInt(u.ID, 10) + "/" + strings.ToLower(u.Login)
	c.mu.Lock()
	known, ok := c.rights[key]
	c.mu.Unlock()
	if ok {
		return known, nil
	}
	req, err := c.gh.NewRequest(http.MethodGet, fmt.Sprintf("repos/%s/%s/collaborators/%s/permission", c.owner, c.name, pathPart(u.Login)), nil)
	if err != nil {
		return "", err
	}
	var answer struct {
		Permission string   `json:"permission"`
		RoleName   string   `json:"role_name"`
		User       *gh.User `json:"user"`
	}
	_, err = c.gh.Do(ctx, req, &answer)
	err = c.explain(err, fmt.Sprintf("asking what %q may do", u.Login))
	right := "none"
	switch {
	case ReasonOf(err) == NotFound: // the account is gone
	case err != nil:
		return "", err
	case answer.User != nil && u.ID != 0 && answer.User.GetID() != u.ID:
	default:
		right = role(answer.Permission, answer.RoleName)
	}
	c.mu.Lock()
	c.rights[key] = right
	c.mu.Unlock()
	return right, nil
}

// role prefers the role's own name; one that an organization made counts as the
// permission that it is based on.
func role(permission, name string) string {
	for _, known := range []string{name, permission} {
		switch known {
		case "admin", "maintain", "write", "triage", "read", "none":
			return known
		}
	}
	return "none"
}
