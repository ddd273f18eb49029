package github

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	gh "github.com/google/go-github/v60/github"

	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/source"
)

// Branch is a branch as it is now.
type Branch struct {
	Name, Tip string
	// Protected is set when GitHub says that a rule protects it.
	Protected bool
	// Repository is the repository that it is in.
	Repository pull.Repository
}

// DefaultBranch reads the default branch. Nothing but the API is asked, so that
// an event of long ago leads to what the branch holds now.
func (c *Client) DefaultBranch(ctx context.Context) (Branch, error) {
	repo, _, err := c.gh.Repositories.Get(ctx, c.owner, c.name)
	if err != nil {
		return Branch{}, c.explain(err, "reading the repository")
	}
	b := Branch{Name: repo.GetDefaultBranch(), Repository: pull.Repository{
		Owner: c.owner, Name: c.name, URL: strings.TrimSuffix(repo.GetHTMLURL(), "/"), DefaultBranch: repo.GetDefaultBranch()}}
	doing := fmt.Sprintf("reading the branch %q", b.Name)
	branch, _, err := c.gh.Repositories.GetBranch(ctx, c.owner, c.name, b.Name, 1)
	if err != nil {
		return Branch{}, c.explain(err, doing)
	}
	b.Tip, b.Protected = branch.GetCommit().GetSHA(), branch.GetProtected()
	if !isObjectID(b.Tip) {
		return Branch{}, &Error{Reason: Unusable, Doing: doing, Err: fmt.Errorf("the answer has the commit %q", b.Tip)}
	}
	return b, nil
}

// BranchTree returns the files of a branch as they are now; none, when there is
// no such branch.
func (c *Client) BranchTree(ctx context.Context, branch string) (source.Tree, error) {
	tip, err := c.branchTip(ctx, branch)
	if err != nil {
		return nil, err
	}
	if tip == "" {
		return source.Memory{}, nil
	}
	return c.branchTree(ctx, tip), nil
}

// Change is the commit that last changed something.
type Change struct {
	ID string
	// Author is the name in the commit, which anybody can choose.
	Author string
	Time   time.Time
}

// LastChange returns the newest commit up to a commit that changed a path.
func (c *Client) LastChange(ctx context.Context, commit, path string) (Change, error) {
	doing := fmt.Sprintf("looking for the last change of %q", path)
	list, _, err := c.gh.Repositories.ListCommits(ctx, c.owner, c.name, &gh.CommitsListOptions{SHA: commit, Path: path, ListOptions: gh.ListOptions{PerPage: 1}})
	if err != nil {
		return Change{}, c.explain(err, doing)
	}
	if len(list) == 0 || !isObjectID(list[0].GetSHA()) {
		return Change{}, &Error{Reason: Unusable, Doing: doing, Err: errors.New("the answer names no commit")}
	}
	made := list[0].GetCommit()
	return Change{ID: list[0].GetSHA(), Author: made.GetAuthor().GetName(), Time: made.GetCommitter().GetDate().UTC()}, nil
}

// FolderID returns the Git object of a folder in a tree of this client, "" for
// other trees.
func FolderID(tree source.Tree, dir string) (string, error) {
	t, ok := tree.(*commitTree)
	if !ok {
		return "", nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	f, err := t.folder(dir)
	if err != nil {
		return "", err
	}
	return f.id, nil
}

// PullOf returns the number of the merged pull request that brought a commit to
// a branch, 0 when GitHub knows of none. Of several it is the newest.
func (c *Client) PullOf(ctx context.Context, commit, branch string) (int, error) {
	list, _, err := c.gh.PullRequests.ListPullRequestsWithCommit(ctx, c.owner, c.name, commit, &gh.ListOptions{PerPage: perPage})
	if err != nil {
		return 0, c.explain(err, fmt.Sprintf("looking for the pull request of the commit %s", short(commit)))
	}
	newest := 0
	for _, p := range list {
		// The list has pull requests of other repositories and branches too.
		ours := strings.EqualFold(p.GetBase().GetRepo().GetFullName(), c.owner+"/"+c.name)
		if ours && p.GetBase().GetRef() == branch && !p.GetMergedAt().IsZero() {
			newest = max(newest, p.GetNumber())
		}
	}
	return newest, nil
}

// Ended is a closed pull request in a list of them.
type Ended struct {
	Number int
	Merged bool
	Labels []string
}

// LastClosed lists the pull requests to a branch that were closed, those first
// that something happened to last, in one request and at most a hundred.
func (c *Client) LastClosed(ctx context.Context, branch string) ([]Ended, error) {
	raw, _, err := c.gh.PullRequests.List(ctx, c.owner, c.name, &gh.PullRequestListOptions{
		State: "closed", Base: branch, Sort: "updated", Direction: "desc", ListOptions: gh.ListOptions{PerPage: perPage}})
	if err != nil {
		return nil, c.explain(err, "listing the closed pull requests")
	}
	var list []Ended
	for _, p := range raw {
		e := Ended{Number: p.GetNumber(), Merged: !p.GetMergedAt().IsZero()}
		for _, l := range p.Labels {
			e.Labels = append(e.Labels, l.GetName())
		}
		slices.Sort(e.Labels)
		list = append(list, e)
	}
	return list, nil
}

// EnsureTag makes a tag of a commit, unless there is one of that name: tags are
// never moved. It returns the commit that the tag is at.
func (c *Client) EnsureTag(ctx context.Context, tag, commit string) (at string, err error) {
	doing := fmt.Sprintf("making the tag %q", tag)
	read := func(ctx context.Context) (string, error) {
		ref, _, err := c.gh.Git.GetRef(ctx, c.owner, c.name, "tags/"+tag)
		err = c.explain(err, fmt.Sprintf("reading the tag %q", tag))
		if ReasonOf(err) == NotFound {
			return "", nil
		}
		return ref.GetObject().GetSHA(), err
	}
	if at, err = read(ctx); err != nil || at != "" {
		return at, err
	}
	name := "refs/tags/" + tag
	err = c.write(ctx, doing, func(ctx context.Context) error {
		_, _, err := c.gh.Git.CreateRef(ctx, c.owner, c.name, &gh.Reference{Ref: &name, Object: &gh.GitObject{SHA: &commit}})
		return err
	})
	if err == nil {
		return commit, nil
	}
	// Somebody else was first, or the answer was lost.
	if r := ReasonOf(err); r == Refused || r == Unreachable {
		if at, failed := read(ctx); failed == nil && at != "" {
			return at, nil
		}
	}
	return "", err
}

// Release is a release on a tag.
type Release struct {
	Tag, Commit string
	// Name is its title; Body is Markdown.
	Name, Body string
	Prerelease bool
}

// EnsureRelease makes a release, unless there is one on that tag.
func (c *Client) EnsureRelease(ctx context.Context, r Release) error {
	there := func(ctx context.Context) (bool, error) {
		_, _, err := c.gh.Repositories.GetReleaseByTag(ctx, c.owner, c.name, r.Tag)
		err = c.explain(err, fmt.Sprintf("reading the release %q", r.Tag))
		if ReasonOf(err) == NotFound {
			return false, nil
		}
		return err == nil, err
	}
	if found, err := there(ctx); err != nil || found {
		return err
	}
	// A namespace's release is never the newest one of the repository.
	latest := "false"
	return c.once(ctx, fmt.Sprintf("making the release %q", r.Tag), func(ctx context.Context) error {
		_, _, err := c.gh.Repositories.CreateRelease(ctx, c.owner, c.name, &gh.RepositoryRelease{
			TagName: &r.Tag, TargetCommitish: &r.Commit, Name: &r.Name, Body: &r.Body, Prerelease: &r.Prerelease, MakeLatest: &latest})
		return err
	}, there)
}
