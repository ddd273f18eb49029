package github

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	gh "github.com/google/go-github/v60/github"

	"github.com/karzoun/miniapp-review/internal/pull"
)

// commits reads the commits, of which GitHub lists at most 250.
func (c *Client) commits(ctx context.Context, number int) ([]pull.Commit, error) {
	raw, _, err := pages(ctx, 3, func(ctx context.Context, o gh.ListOptions) ([]*gh.RepositoryCommit, *gh.Response, error) {
		return c.gh.PullRequests.ListCommits(ctx, c.owner, c.name, number, &o)
	})
	if err != nil {
		return nil, c.explain(err, fmt.Sprintf("reading the commits of pull request %d", number))
	}
	list := []pull.Commit{}
	for _, r := range raw {
		list = append(list, commit(r))
	}
	return list, nil
}

// commit converts a commit. An account that GitHub found for an address is one
// of the people; an address without one is told as it is.
func commit(r *gh.RepositoryCommit) pull.Commit {
	out := pull.Commit{SHA: r.GetSHA(), People: []pull.User{}}
	add := func(account *gh.User, address string) {
		u := user(account)
		if u.ID == 0 {
			u = noreply(address)
		}
		switch {
		case u != pull.User{}:
			if !slices.Contains(out.People, u) {
				out.People = append(out.People, u)
			}
		case address != "" && !slices.Contains(out.Unknown, address):
			out.Unknown = append(out.Unknown, address)
		}
	}
	git := r.GetCommit()
	add(r.Author, git.GetAuthor().GetEmail())
	add(r.Committer, git.GetCommitter().GetEmail())
	for _, address := range coAuthors(git.GetMessage()) {
		add(nil, address)
	}
	return out
}

// coAuthors returns the addresses of the trailers that GitHub takes for
// co-authors.
func coAuthors(message string) []string {
	var list []string
	for line := range strings.Lines(message) {
		key, value, ok := strings.Cut(line, ":")
		if !ok || !strings.EqualFold(strings.TrimSpace(key), "co-authored-by") {
			continue
		}
		start, end := strings.LastIndexByte(value, '<'), strings.LastIndexByte(value, '>')
		if start >= 0 && end > start+1 {
			list = append(list, strings.TrimSpace(value[start+1:end]))
		}
	}
	return list
}

// noreply reads the addresses that GitHub gives to accounts: ID+LOGIN, or LOGIN
// alone for old ones, at users.noreply.github.com.
func noreply(address string) pull.User {
	local, domain, _ := strings.Cut(address, "@")
	if !strings.EqualFold(domain, "users.noreply.github.com") || local == "" {
		return pull.User{}
	}
	id, login, ok := strings.Cut(local, "+")
	if !ok {
		return pull.User{Login: local}
	}
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n <= 0 || login == "" {
		return pull.User{}
	}
	return pull.User{ID: n, Login: login, Bot: strings.HasSuffix(login, "[bot]")}
}

const authorsQuery = `query($owner:String!,$name:String!,$number:Int!,$after:String){repository(owner:$owner,name:$name){
pullRequest(number:$number){commits(first:100,after:$after){pageInfo{hasNextPage endCursor}
nodes{commit{oid authors(first:20){nodes{email user{databaseId login}}}}}}}}}`

// authors asks who is behind addresses that no account was found for: GitHub
// knows the accounts of co-authors, and tells them in GraphQL only. Nothing is
// asked when there are no such addresses.
func (c *Client) authors(ctx context.Context, number int, commits []pull.Commit) error {
	open := func(k pull.Commit) bool {
		return len(k.Unknown) > 0 || slices.ContainsFunc(k.People, func(u pull.User) bool { return u.ID == 0 })
	}
	if !slices.ContainsFunc(commits, open) {
		return nil
	}
	variables := map[string]any{"owner": c.owner, "name": c.name, "number": number}
	for page := 0; page < 3; page++ {
		var answer struct {
			Repository struct {
				PullRequest struct {
					Commits struct {
						PageInfo struct {
							HasNextPage bool   `json:"hasNextPage"`
							EndCursor   string `json:"endCursor"`
						} `json:"pageInfo"`
						Nodes []struct {
							Commit struct {
								OID     string `json:"oid"`
								Authors struct {
									Nodes []author `json:"nodes"`
								} `json:"authors"`
							} `json:"commit"`
						} `json:"nodes"`
					} `json:"commits"`
				} `json:"pullRequest"`
			} `json:"repository"`
		}
		if err := c.query(ctx, true, authorsQuery, variables, &answer); err != nil {
			return c.explain(err, fmt.Sprintf("asking who wrote the commits of pull request %d", number))
		}
		list := answer.Repository.PullRequest.Commits
		for _, n := range list.Nodes {
			i := slices.IndexFunc(commits, func(k pull.Commit) bool { return k.SHA == n.Commit.OID })
			if i < 0 {
				continue
			}
			for _, a := range n.Commit.Authors.Nodes {
				a.join(&commits[i])
			}
		}
		if !list.PageInfo.HasNextPage {
			return nil
		}
		variables["after"] = list.PageInfo.EndCursor
	}
	return nil
}

// author is one of the authors of a commit, with its account if there is one.
type author struct {
	Email string `json:"email"`
	User  *struct {
		DatabaseID int64  `json:"databaseId"`
		Login      string `json:"login"`
	} `json:"user"`
}

// join makes the account one of the people, and takes its address out of those
// that nobody is known for.
func (a author) join(k *pull.Commit) {
	if a.User == nil || a.User.DatabaseID == 0 {
		return
	}
	k.People = slices.DeleteFunc(k.People, func(u pull.User) bool { return u.ID == 0 && strings.EqualFold(u.Login, a.User.Login) })
	if !slices.ContainsFunc(k.People, func(u pull.User) bool { return u.ID == a.User.DatabaseID }) {
		k.People = append(k.People, pull.User{ID: a.User.DatabaseID, Login: a.User.Login})
	}
	k.Unknown = slices.DeleteFunc(k.Unknown, func(address string) bool { return strings.EqualFold(address, a.Email) })
	if len(k.Unknown) == 0 {
		k.Unknown = nil
	}
}
