package github

import (
	"context"
	"fmt"
	"net/http"

	gh "github.com/google/go-github/v60/github"
)

// Merge merges a pull request, if its head is still the commit that was
// approved; when it is not, the error matches ErrMoved. method is "merge",
// "squash" or "rebase"; title is that of the commit, "" for GitHub's own. It
// returns the commit on the base branch, "" where GitHub does not say it.
//
// A merge with the token of an Action's job starts no workflows: what must
// follow has to be done in the same run.
func (c *Client) Merge(ctx context.Context, number int, head, method, title string) (commit string, err error) {
	// Merging twice is refused, and then it is not clear that the first succeeded.
	onlyOnce := context.WithValue(ctx, onceKey{}, true)
	err = c.once(onlyOnce, fmt.Sprintf("merging pull request %d", number), func(ctx context.Context) error {
		merged, _, err := c.gh.PullRequests.Merge(ctx, c.owner, c.name, number, "", &gh.PullRequestOptions{
			SHA: head, MergeMethod: method, CommitTitle: title,
		})
		commit = merged.GetSHA()
		return err
	}, func(ctx context.Context) (bool, error) {
		p, _, err := c.gh.PullRequests.Get(ctx, c.owner, c.name, number)
		if err != nil {
			return false, c.explain(err, fmt.Sprintf("looking whether pull request %d was merged", number))
		}
		commit = p.GetMergeCommitSHA()
		return p.GetMerged(), nil
	})
	if e, ok := err.(*Error); ok && e.Status == http.StatusConflict {
		now, failed := c.Head(ctx, number)
		if failed != nil {
			return "", failed
		}
		if now.SHA != head {
			return "", &MovedError{Number: number, Planned: head, Now: now.SHA}
		}
	}
	if err != nil {
		return "", err
	}
	return commit, nil
}
