package github

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/karzoun/miniapp-review/internal/pull"
)

// own reads what only GraphQL tells: which of the token's own comments are
// minimized, which of its threads are resolved, and its reactions to commands.
// Nothing is asked when there is nothing of its own.
func (c *Client) own(ctx context.Context, s *pull.Snapshot, reacted map[int64]bool) error {
	comments, remarks := map[string]*pull.Comment{}, map[string]*pull.Remark{}
	var ids []string
	mine := func(u pull.User) bool { return u.ID != 0 && u.ID == s.Self.ID }
	for i := range s.Comments {
		if m := &s.Comments[i]; mine(m.User) || reacted[m.ID] && hasCommand(m.Body) {
			comments[m.NodeID] = m
			ids = append(ids, m.NodeID)
		}
	}
	threads := false
	for i := range s.Remarks {
		if r := &s.Remarks[i]; mine(r.User) {
			remarks[r.NodeID] = r
			ids = append(ids, r.NodeID)
			threads = threads || r.InReplyTo == 0
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for start := 0; start < len(ids); start += perPage {
		batch := ids[start:min(start+perPage, len(ids))]
		g.Go(func() error { return c.nodes(ctx, batch, comments, remarks) })
	}
	var resolved map[int64]bool
	if threads {
		g.Go(func() (err error) {
			resolved, err = c.resolved(ctx, s.Number)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return c.explain(err, fmt.Sprintf("reading the state of the own comments on pull request %d", s.Number))
	}
	for _, r := range remarks {
		r.Resolved = resolved[r.ID] || resolved[r.InReplyTo] && r.InReplyTo != 0
	}
	return nil
}

const nodesQuery = `query($ids:[ID!]!){nodes(ids:$ids){
... on IssueComment{id isMinimized reactionGroups{content viewerHasReacted}}
... on PullRequestReviewComment{id isMinimized}}}`

// nodes fills in a batch of comments and remarks. Each is written by one batch
// only.
func (c *Client) nodes(ctx context.Context, ids []string, comments map[string]*pull.Comment, remarks map[string]*pull.Remark) error {
	var answer struct {
		Nodes []*struct {
			ID             string `json:"id"`
			IsMinimized    bool   `json:"isMinimized"`
			ReactionGroups []struct {
				Content          string `json:"content"`
				ViewerHasReacted bool   `json:"viewerHasReacted"`
			} `json:"reactionGroups"`
		} `json:"nodes"`
	}
	if err := c.query(ctx, true, nodesQuery, map[string]any{"ids": ids}, &answer); err != nil {
		return err
	}
	for _, n := range answer.Nodes {
		if n == nil {
			continue // deleted since
		}
		if m := comments[n.ID]; m != nil {
			m.Minimized = n.IsMinimized
			for _, r := range n.ReactionGroups {
				if r.ViewerHasReacted {
					m.Reactions = append(m.Reactions, reactionName(r.Content))
				}
			}
		}
		if r := remarks[n.ID]; r != nil {
			r.Minimized = n.IsMinimized
		}
	}
	return nil
}

// reactionName turns GraphQL's name of a reaction into that of REST, which
// plans use.
func reactionName(content string) string {
	switch content {
	case "THUMBS_UP":
		return "+1"
	case "THUMBS_DOWN":
		return "-1"
	}
	return strings.ToLower(content)
}

const threadsQuery = `query($owner:String!,$name:String!,$number:Int!,$after:String){repository(owner:$owner,name:$name){
pullRequest(number:$number){reviewThreads(first:100,after:$after){pageInfo{hasNextPage endCursor}
nodes{isResolved comments(first:1){nodes{databaseId}}}}}}}`

// resolved returns the first remarks of the threads that are resolved.
func (c *Client) resolved(ctx context.Context, number int) (map[int64]bool, error) {
	out := map[int64]bool{}
	variables := map[string]any{"owner": c.owner, "name": c.name, "number": number}
	for page := 0; page < maxPages; page++ {
		var answer struct {
			Repository struct {
				PullRequest struct {
					ReviewThreads struct {
						PageInfo struct {
							HasNextPage bool   `json:"hasNextPage"`
							EndCursor   string `json:"endCursor"`
						} `json:"pageInfo"`
						Nodes []struct {
							IsResolved bool `json:"isResolved"`
							Comments   struct {
								Nodes []struct {
									DatabaseID int64 `json:"databaseId"`
								} `json:"nodes"`
							} `json:"comments"`
						} `json:"nodes"`
					} `json:"reviewThreads"`
				} `json:"pullRequest"`
			} `json:"repository"`
		}
		if err := c.query(ctx, true, threadsQuery, variables, &answer); err != nil {
			return nil, err
		}
		threads := answer.Repository.PullRequest.ReviewThreads
		for _, t := range threads.Nodes {
			if t.IsResolved && len(t.Comments.Nodes) > 0 {
				out[t.Comments.Nodes[0].DatabaseID] = true
			}
		}
		if !threads.PageInfo.HasNextPage {
			return out, nil
		}
		variables["after"] = threads.PageInfo.EndCursor
	}
	return nil, tooLong("threads of remarks")
}
