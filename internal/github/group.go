package github

import (
	"context"
	"fmt"
	"strings"

	"github.com/karzoun/miniapp-review/internal/plan"
	"github.com/karzoun/miniapp-review/internal/pull"
)

// BranchTip returns the commit that a branch is at now. A full name such as
// "refs/heads/main" does too. The reason is NotFound when there is no such
// branch.
func (c *Client) BranchTip(ctx context.Context, branch string) (string, error) {
	branch = strings.TrimPrefix(branch, "refs/heads/")
	doing := fmt.Sprintf("reading the branch %q", branch)
	ref, _, err := c.gh.Git.GetRef(ctx, c.owner, c.name, "heads/"+branch)
	if err := c.explain(err, doing); err != nil {
		return "", err
	}
	sha := ref.GetObject().GetSHA()
	if !isObjectID(sha) {
		return "", &Error{Reason: Unusable, Doing: doing, Err: fmt.Errorf("the answer has the commit %q", sha)}
	}
	return sha, nil
}

// Changes lists what differs between two commits. When that is more than is
// read at most, or a tree cannot be read in full, the error says so.
func (c *Client) Changes(ctx context.Context, base, head string) ([]pull.Change, error) {
	t, from, to := c.trees(), &folder{id: base}, &folder{id: head}
	for _, f := range []*folder{from, to} {
		if err := t.load(ctx, f, false); err != nil {
			return nil, err
		}
	}
	differences, err := t.compare(ctx, from, to, c.options.MaxChanges)
	if err == errEnough {
		err = &unreadable{fmt.Sprintf("more than %d files differ, the most that are read", c.options.MaxChanges)}
	}
	if err != nil {
		return nil, err
	}
	return changesOf(differences), nil
}

// changesOf says in domain words what a comparison found.
func changesOf(differences []difference) []pull.Change {
	list := []pull.Change{}
	for _, d := range differences {
		change := pull.Change{Path: d.path}
		if d.base != nil {
			change.BaseMode, change.BaseSHA = uint32(d.base.mode), d.base.id
		}
		if d.head != nil {
			change.HeadMode, change.HeadSHA = uint32(d.head.mode), d.head.id
		}
		list = append(list, change)
	}
	return list
}

// SetStatus sets a status of a commit, unless it is there already. Where it
// leads is no reason to set it again.
func (c *Client) SetStatus(ctx context.Context, commit string, s plan.Status) error {
	list, err := c.statuses(ctx, commit)
	if err != nil {
		return err
	}
	for _, is := range list {
		if is.Context == s.Context && is.State == s.State && is.Description == s.Description {
			return nil
		}
	}
	return c.setStatus(ctx, commit, &s)
}
