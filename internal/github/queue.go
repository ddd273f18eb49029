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
	"golang.org/x/sync/errgroup"

	"github.com/karzoun/miniapp-review/internal/plan"
	"github.com/karzoun/miniapp-review/internal/pull"
)

// Bounds of what is read of other pull requests.
const (
	// maxTalks is how many pull requests one query asks about.
	maxTalks = 50
	// maxQueue is how many open pull requests are asked about in all.
	maxQueue = 500
)

// commentFields are the first ten comments. The status comment is written by the
// first run, so that it is among them unless people were faster than it.
const commentFields = `comments(first:10){nodes{databaseId id body createdAt lastEditedAt author{login __typename ... on User{databaseId} ... on Bot{databaseId}}}}`

// talk is the beginning of a conversation.
type talk struct {
	Comments struct {
		Nodes []struct {
			DatabaseID int64      `json:"databaseId"`
			ID         string     `json:"id"`
			Body       string     `json:"body"`
			CreatedAt  time.Time  `json:"createdAt"`
			EditedAt   *time.Time `json:"lastEditedAt"`
			Author     *struct {
				Login      string `json:"login"`
				Kind       string `json:"__typename"`
				DatabaseID int64  `json:"databaseId"`
			} `json:"author"`
		} `json:"nodes"`
	} `json:"comments"`
}

func (t talk) comments() []pull.Comment {
	list := []pull.Comment{}
	for _, n := range t.Comments.Nodes {
		c := pull.Comment{ID: n.DatabaseID, NodeID: n.ID, Body: n.Body, CreatedAt: n.CreatedAt.UTC(), UpdatedAt: n.CreatedAt.UTC()}
		if n.EditedAt != nil {
			c.UpdatedAt = n.EditedAt.UTC()
		}
		if a := n.Author; a != nil && a.DatabaseID != ghostID {
			c.User = pull.User{ID: a.DatabaseID, Login: a.Login, Bot: a.Kind == "Bot"}
			if c.User.Bot {
				c.User.Login += "[bot]" // which GraphQL leaves out
			}
		}
		list = append(list, c)
	}
	return list
}

// Talks reads the first comments of pull requests, by their numbers: fifty of
// them with one request, and at most 500 in all, those that come first. One that
// is not there is missing in the answer.
func (c *Client) Talks(ctx context.Context, numbers []int) (map[int][]pull.Comment, error) {
	numbers = numbers[:min(len(numbers), maxQueue)]
	chunks := slices.Collect(slices.Chunk(numbers, maxTalks))
	answers := make([]map[string]*talk, len(chunks))
	g, during := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for i, chunk := range chunks {
		g.Go(func() error {
			var q strings.Builder
			q.WriteString("query($owner:String!,$name:String!){repository(owner:$owner,name:$name){")
			for _, n := range chunk {
				fmt.Fprintf(&q, "p%d:pullRequest(number:%d){%s}", n, n, commentFields)
			}
			q.WriteString("}}")
			var answer struct {
				Repository map[string]*talk `json:"repository"`
			}
			err := c.query(during, true, q.String(), map[string]any{"owner": c.owner, "name": c.name}, &answer)
			answers[i] = answer.Repository
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, c.explain(err, "reading what was said on other pull requests")
	}
	out := map[int][]pull.Comment{}
	for i, chunk := range chunks {
		for _, n := range chunk {
			if t := answers[i][fmt.Sprintf("p%d", n)]; t != nil {
				out[n] = t.comments()
			}
		}
	}
	return out, nil
}

const mergedQuery = `query($owner:String!,$name:String!){repository(owner:$owner,name:$name){
pullRequests(states:[MERGED],first:50,orderBy:{field:UPDATED_AT,direction:DESC}){nodes{number mergedAt ` + commentFields + `}}}}`

// MergedPulls reads those of the merged pull requests that something happened to
// last, at most fifty, the newest number first.
func (c *Client) MergedPulls(ctx context.Context) ([]pull.Merged, error) {
	var answer struct {
		Repository struct {
			PullRequests struct {
				Nodes []struct {
					talk
					Number   int        `json:"number"`
					MergedAt *time.Time `json:"mergedAt"`
				} `json:"nodes"`
			} `json:"pullRequests"`
		} `json:"repository"`
	}
	if err := c.query(ctx, true, mergedQuery, map[string]any{"owner": c.owner, "name": c.name}, &answer); err != nil {
		return nil, c.explain(err, "reading the merged pull requests")
	}
	list := []pull.Merged{}
	for _, n := range answer.Repository.PullRequests.Nodes {
		if n.MergedAt != nil {
			list = append(list, pull.Merged{Number: n.Number, At: n.MergedAt.UTC(), Comments: n.comments()})
		}
	}
	slices.SortFunc(list, func(a, b pull.Merged) int { return b.Number - a.Number })
	return list, nil
}

// Members asks who of some people is in a team now, and returns their logins in
// lower case. seen is false when the token may not ask; that of an Action's job
// never may. GitHub does not tell a team that is not there from one that
// somebody is not in.
func (c *Client) Members(ctx context.Context, org, slug string, ask []pull.User) (logins []string, seen bool, err error) {
	ask = ask[:min(len(ask), maxAsked)]
	in := make([]bool, len(ask))
	g, during := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for i, u := range ask {
		g.Go(func() error {
			req, err := c.gh.NewRequest(http.MethodGet, fmt.Sprintf("orgs/%s/teams/%s/memberships/%s", pathPart(org), pathPart(slug), pathPart(u.Login)), nil)
			if err != nil {
				return err
			}
			var answer struct {
				State string `json:"state"`
			}
			_, err = c.gh.Do(during, req, &answer)
			if err = c.explain(err, fmt.Sprintf("asking whether %q is in the team %q", u.Login, org+"/"+slug)); ReasonOf(err) == NotFound {
				return nil
			}
			in[i] = answer.State == "active" // an invitation is none
			return err
		})
	}
	if err := g.Wait(); err != nil {
		if ReasonOf(err) == Forbidden {
			return nil, false, nil
		}
		return nil, false, err
	}
	logins = []string{}
	for i, u := range ask {
		if in[i] {
			logins = append(logins, strings.ToLower(u.Login))
		}
	}
	return logins, true, nil
}

// closePull closes a pull request.
func (c *Client) closePull(ctx context.Context, number int) error {
	return c.write(mayRepeat(ctx), fmt.Sprintf("closing pull request %d", number), func(ctx context.Context) error {
		closed := "closed"
		_, _, err := c.gh.PullRequests.Edit(ctx, c.owner, c.name, number, &gh.PullRequest{State: &closed})
		return err
	})
}

// mergePlanned merges the head of a plan. That it cannot be merged just now,
// since it was pushed to, conflicts or waits for something else that the branch
// asks for, is no failure: the next run looks again.
func (c *Client) mergePlanned(ctx context.Context, p plan.Plan, method string, m *plan.Made) error {
	commit, err := c.Merge(ctx, p.Number, p.Head, method, "")
	switch {
	case err == nil:
		m.Notes = append(m.Notes, fmt.Sprintf("It was merged as %s.", commit))
		m.Merged = commit
		return nil
	case ReasonOf(err) == Refused, errors.Is(err, ErrMoved):
		m.Notes = append(m.Notes, fmt.Sprintf("It was not merged: %v.", err))
		return nil
	}
	return err
}
