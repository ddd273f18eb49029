package githubtest

import (
	"fmt"
	"slices"
	"strings"
)

// Permissions are what a token may do, by the name that a workflow gives it:
// "contents", "pull-requests", "issues", "statuses" … to "read" or "write".
type Permissions map[string]string

// Full is what a review needs of the Action's token, and what resolving
// threads and publishing need beside.
func Full() Permissions {
	return Permissions{"contents": "write", "pull-requests": "write", "issues": "write", "statuses": "write"}
}

// ReadOnly is what the Action's token may do in a run for a fork.
func ReadOnly() Permissions {
	return Permissions{"contents": "read", "pull-requests": "read", "issues": "read", "statuses": "read"}
}

type token struct {
	user *User
	// permissions limit the token to what they name, of one repository. A
	// person's token without them may do what the person may.
	permissions Permissions
	repo        *Repo
}

// app reports that the token is a workflow's: nobody's role counts.
func (c *call) app() bool { return c.user == c.s.actions }

// ActionsToken makes a token as a workflow run of the repository gets it. Its
// user is github-actions[bot].
func (r *Repo) ActionsToken(may Permissions) string {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	return r.server.newToken(&token{user: r.server.actions, permissions: may, repo: r})
}

// Token makes a token of a person, who may do with it what they may do.
func (u *User) Token() string {
	u.server.mu.Lock()
	defer u.server.mu.Unlock()
	return u.server.newToken(&token{user: u})
}

// FineGrainedToken makes a token of a person for this repository only, with
// these permissions; what the person may not do, it may not either.
func (r *Repo) FineGrainedToken(u *User, may Permissions) string {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	return r.server.newToken(&token{user: u, permissions: may, repo: r})
}

func (s *Server) newToken(t *token) string {
	kind := "ghp"
	switch {
	case t.user == s.actions:
		kind = "ghs"
	case t.repo != nil:
		kind = "github_pat"
	}
	name := fmt.Sprintf("%s_test%d", kind, s.nextID())
	s.tokens[name] = t
	return name
}

// Actions is the account of every workflow's token, github-actions[bot].
func (s *Server) Actions() *User { return s.actions }

// Revoke makes a token unknown.
func (s *Server) Revoke(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tokens, name)
}

// need says what a request takes: one of the token's permissions, and of a
// person a role in the repository.
type need struct {
	scopes []string // any of them is enough; none: no permission is needed
	write  bool
	role   Permission
	user   bool // no workflow's token will do
}

func reads(scopes ...string) need  { return need{scopes: scopes, role: Read} }
func writes(scopes ...string) need { return need{scopes: scopes, write: true, role: Write} }
func (n need) by(role Permission) need {
	n.role = role
	return n
}

// admits decides whether the caller may make the request, as GitHub words it
// when not. A repository that the caller may not see is not found.
func (s *Server) admits(c *call, n need) *reply {
	if c.bad {
		return refuse(401, "Bad credentials")
	}
	if c.repo != nil && c.repo.Private && !c.sees() {
		return refuse(404, "Not Found")
	}
	if c.token == nil {
		if n.write || n.user || n.role.atLeast(Triage) {
			return refuse(401, "Requires authentication")
		}
		return nil
	}
	if !c.app() && c.repo != nil && !c.repo.role(c.user).atLeast(n.role) {
		if n.role == Admin {
			return refuse(403, "Must have admin rights to Repository.")
		}
		return refuse(403, "Must have push access to repository")
	}
	switch {
	case c.token.permissions == nil:
	case c.app() && n.user || c.repo != nil && n.write && c.token.repo != c.repo || !c.token.allows(c.repo, n):
		return refuse(403, c.notAccessible())
	}
	return nil
}

func (c *call) notAccessible() string {
	if c.app() {
		return "Resource not accessible by integration"
	}
	return "Resource not accessible by personal access token"
}

func (c *call) sees() bool {
	if c.token != nil && c.token.repo != nil && c.token.repo != c.repo {
		return false
	}
	if c.app() {
		return true
	}
	return c.user != nil && c.repo.role(c.user).atLeast(Read)
}

// allows asks the permissions. Everyone may read what is public, and every
// token the metadata of its repository.
func (t *token) allows(r *Repo, n need) bool {
	if !n.write && n.role == Read && slices.Contains(n.scopes, "metadata") {
		return true
	}
	if len(n.scopes) == 0 || !n.write && r != nil && !r.Private && n.role == Read {
		return true
	}
	for _, scope := range n.scopes {
		level := t.permissions[strings.ReplaceAll(scope, "_", "-")]
		if level == "write" || level == "read" && !n.write {
			return true
		}
	}
	return false
}
