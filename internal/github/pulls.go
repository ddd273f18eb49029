package github

import (
	"context"
	"fmt"
	"slices"
	"strings"

	gh "github.com/google/go-github/v60/github"
	"golang.org/x/sync/errgroup"

	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// Head reads the head of a pull request as it is now.
func (c *Client) Head(ctx context.Context, number int) (pull.Head, error) {
	doing := fmt.Sprintf("reading the head of pull request %d", number)
	p, _, err := c.gh.PullRequests.Get(ctx, c.owner, c.name, number)
	if err != nil {
		return pull.Head{}, c.explain(err, doing)
	}
	head := headOf(p)
	if !isObjectID(head.SHA) {
		return pull.Head{}, &Error{Reason: Unusable, Doing: doing, Err: fmt.Errorf("the answer has the head %q", head.SHA)}
	}
	return head, nil
}

// OpenPulls lists the open pull requests, the oldest first.
func (c *Client) OpenPulls(ctx context.Context) ([]pull.Open, error) {
	const doing = "listing the open pull requests"
	raw, more, err := pages(ctx, maxPages, func(ctx context.Context, o gh.ListOptions) ([]*gh.PullRequest, *gh.Response, error) {
		return c.gh.PullRequests.List(ctx, c.owner, c.name, &gh.PullRequestListOptions{State: "open", Sort: "created", Direction: "asc", ListOptions: o})
	})
	if err != nil {
		return nil, c.explain(err, doing)
	}
	if more {
		return nil, &Error{Reason: Unusable, Doing: doing, Err: fmt.Errorf("there are more than %d", maxPages*perPage)}
	}
	list := []pull.Open{}
	for _, p := range raw {
		o := pull.Open{
			Number: p.GetNumber(), URL: p.GetHTMLURL(), Author: user(p.User), CreatedAt: moment(p.GetCreatedAt()), UpdatedAt: moment(p.GetUpdatedAt()),
			Draft: p.GetDraft(), Base: p.GetBase().GetRef(), Head: headOf(p), Labels: []string{},
		}
		for _, l := range p.Labels {
			o.Labels = append(o.Labels, l.GetName())
		}
		slices.Sort(o.Labels)
		list = append(list, o)
	}
	slices.SortFunc(list, func(a, b pull.Open) int { return a.Number - b.Number })
	return slices.CompactFunc(list, func(a, b pull.Open) bool { return a.Number == b.Number }), nil
}

// FindPull returns the open pull request whose head is a commit of a repository
// ("owner/name"), as the hint of a run that may not be trusted with a number:
// whatever the hint says, what is returned is a pull request of this
// repository. Of several it is the newest. When there is none, the error has
// the reason NotFound.
func (c *Client) FindPull(ctx context.Context, headRepository, headSHA string) (int, error) {
	open, err := c.OpenPulls(ctx)
	if err != nil {
		return 0, err
	}
	for _, p := range slices.Backward(open) {
		if p.Head.SHA == headSHA && strings.EqualFold(p.Head.Repository, headRepository) {
			return p.Number, nil
		}
	}
	return 0, &Error{Reason: NotFound, Doing: fmt.Sprintf("finding the pull request with the commit %q of %q", cut(headSHA, 50), cut(headRepository, 150)),
		Err: fmt.Errorf("no open pull request has it as its head: it was closed, or pushed to since")}
}

// Claims tells which of the open pull requests change the definition of one of
// the namespaces: those whose definition at the head is another one than at
// base, which is a commit, and whose own change has it. version reads the
// version out of a definition; "" is what cannot be read.
func (c *Client) Claims(ctx context.Context, open []pull.Open, base string, namespaces []string, version func(definition []byte) string) ([]pull.Other, error) {
	const doing = "looking for other pull requests of the same namespace"
	type place struct {
		number int
		commit string
		ns     string
	}
	var places []place
	for _, ns := range namespaces {
		places = append(places, place{0, base, ns})
		for _, o := range open {
			places = append(places, place{o.Number, o.Head.SHA, ns})
		}
	}
	texts := make([]string, len(places))
	ids := make([]string, len(places))
	g, during := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for start := 0; start < len(places); start += maxQueryBlobs {
		g.Go(func() error {
			end := min(start+maxQueryBlobs, len(places))
			var q strings.Builder
			variables := map[string]any{"owner": c.owner, "name": c.name}
			q.WriteString("query($owner:String!,$name:String!")
			for i := start; i < end; i++ {
				fmt.Fprintf(&q, ",$e%d:String!", i)
				path := submission.Dir(places[i].ns) + "/" + submission.DefinitionFile
				variables[fmt.Sprintf("e%d", i)] = places[i].commit + ":" + path
			}
			q.WriteString("){repository(owner:$owner,name:$name){")
			for i := start; i < end; i++ {
				fmt.Fprintf(&q, "b%d:object(expression:$e%d){... on Blob{oid byteSize isBinary isTruncated text}}", i, i)
			}
			q.WriteString("}}")
			var answer struct {
				Repository map[string]*struct {
					OID  string  `json:"oid"`
					Text *string `json:"text"`
				} `json:"repository"`
			}
			if err := c.query(during, true, q.String(), variables, &answer); err != nil {
				return err
			}
			for i := start; i < end; i++ {
				if b := answer.Repository[fmt.Sprintf("b%d", i)]; b != nil {
					ids[i] = b.OID
					if b.Text != nil {
						texts[i] = *b.Text
					}
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, c.explain(err, doing)
	}
	claims := map[int]map[string]string{}
	for _, ns := range namespaces {
		atBase := ids[slices.Index(places, place{0, base, ns})]
		for i, p := range places {
			if p.number == 0 || p.ns != ns || ids[i] == "" || ids[i] == atBase {
				continue
			}
			changes, err := c.changesDefinition(ctx, p.number, ns)
			if err != nil {
				return nil, err
			}
			if !changes {
				continue // it only started from an older base
			}
			if claims[p.number] == nil {
				claims[p.number] = map[string]string{}
			}
			claims[p.number][ns] = version([]byte(texts[i]))
		}
	}
	list := []pull.Other{}
	for number, c := range claims {
		list = append(list, pull.Other{Number: number, Claims: c})
	}
	slices.SortFunc(list, func(a, b pull.Other) int { return a.Number - b.Number })
	return list, nil
}

// changesDefinition asks GitHub's list of changed files whether a definition is
// one of them. A list that is cut off counts as a change: a warning too many
// is better than two claims that do not see each other.
func (c *Client) changesDefinition(ctx context.Context, number int, ns string) (bool, error) {
	files, more, err := pages(ctx, maxPages, func(ctx context.Context, o gh.ListOptions) ([]*gh.CommitFile, *gh.Response, error) {
		return c.gh.PullRequests.ListFiles(ctx, c.owner, c.name, number, &o)
	})
	if err != nil {
		return false, c.explain(err, fmt.Sprintf("listing the files of pull request %d", number))
	}
	path := submission.Dir(ns) + "/" + submission.DefinitionFile
	return more || len(files) >= 3000 || slices.ContainsFunc(files, func(f *gh.CommitFile) bool { return f.GetFilename() == path }), nil
}
