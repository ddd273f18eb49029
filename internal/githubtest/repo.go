package githubtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Permission is what a person may do in a repository: its role name.
type Permission string

// The roles, weakest first.
const (
	None     Permission = "none"
	Read     Permission = "read"
	Triage   Permission = "triage"
	Write    Permission = "write"
	Maintain Permission = "maintain"
	Admin    Permission = "admin"
)

var roles = []Permission{None, Read, Triage, Write, Maintain, Admin}

func (p Permission) atLeast(other Permission) bool {
	return slices.Index(roles, p) >= slices.Index(roles, other)
}

// Repo is a repository. Its settings are fields; a test that has sent requests
// already changes them by Set.
type Repo struct {
	ID            int64
	Owner, Name   string
	DefaultBranch string

	// Private hides the repository from who has no permission in it.
	Private bool
	// ActionsMayApprove is "Allow GitHub Actions to create and approve pull
	// requests". It is off in new repositories.
	ActionsMayApprove bool
	// WorkflowPermissions is the default of the Action's token: "read" or "write".
	WorkflowPermissions string
	// DismissStale withdraws approvals when a push changes the diff.
	DismissStale bool
	// Protected lists protected branches with their required status contexts.
	Protected map[string][]string
	// StrangersUnknown answers 404 for the permission of people who have none,
	// rather than "read" in a public and "none" in a private repository. Both
	// have been seen.
	StrangersUnknown bool
	// Approvals is how many approvals by people with write permission a merge
	// into a protected branch takes.
	Approvals int
	// TreeLimit is how many entries a recursive listing of a tree holds before
	// it says truncated; 0 is GitHub's 100,000.
	TreeLimit int

	server   *Server
	owner    *User // nil where an organization owns it
	org      *Org
	parent   *Repo
	deleted  bool
	git      *store
	refs     map[string]string // "heads/main" to an object's id
	roles    map[*User]Permission
	private  map[*User]bool // members whose membership nobody sees
	pulls    []*Pull
	labels   []*label
	statuses []*status
	releases []*release
	merged   map[*User]bool // who had a pull request merged here
	lastPull int
	created  time.Time
	pushed   time.Time
}

// Repo makes the repository "owner/name", public, with one commit on main that
// holds the files. The owner is an organization where one of that name exists;
// otherwise a user, who becomes its admin.
func (s *Server) Repo(fullName string, files Files) *Repo {
	owner, name, ok := strings.Cut(fullName, "/")
	if !ok {
		panic(fmt.Sprintf("githubtest: %q is not owner/name", fullName))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var person *User
	org := s.org(owner)
	if org == nil {
		person = s.accountNamed(owner, "User")
	}
	r := s.newRepo(owner, name, person, newStore())
	r.org = org
	for _, l := range defaultLabels {
		r.labels = append(r.labels, &label{id: s.nextID(), name: l.name, color: l.color, description: l.description, standard: true})
	}
	by := Signature{owner, owner + "@users.noreply.github.com", s.now()}
	if person != nil {
		by.Email = person.Email()
	}
	tree := r.git.writeTree(r.git.change(map[string]leaf{}, files))
	r.refs["heads/main"] = r.git.putCommit(commit{tree: tree, author: by, committer: by, message: "Initial commit"})
	return r
}

func (s *Server) newRepo(owner, name string, person *User, git *store) *Repo {
	if s.findRepo(owner, name) != nil {
		panic(fmt.Sprintf("githubtest: there is a repository %s/%s already", owner, name))
	}
	r := &Repo{
		ID: s.nextID(), Owner: owner, Name: name, DefaultBranch: "main", WorkflowPermissions: "read",
		Protected: map[string][]string{}, server: s, owner: person, git: git, refs: map[string]string{},
		roles: map[*User]Permission{}, private: map[*User]bool{}, merged: map[*User]bool{},
	}
	r.created = s.now()
	r.pushed = r.created
	if person != nil {
		r.roles[person] = Admin
	}
	s.repos = append(s.repos, r)
	return r
}

func (s *Server) findRepo(owner, name string) *Repo {
	for _, r := range s.repos {
		if strings.EqualFold(r.Owner, owner) && strings.EqualFold(r.Name, name) && !r.deleted {
			return r
		}
	}
	return nil
}

// Fork makes by's fork, with the branches as they are now.
func (r *Repo) Fork(by *User) *Repo {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	fork := r.server.newRepo(by.Login, r.Name, by, r.git)
	fork.parent, fork.DefaultBranch, fork.Private = r, r.DefaultBranch, r.Private
	maps.Copy(fork.refs, r.refs)
	return fork
}

// Delete removes the repository. Pull requests from it stay, with a head that
// has no repository.
func (r *Repo) Delete() {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	r.deleted = true
}

// Permit gives a person a role; None takes it away.
func (r *Repo) Permit(u *User, role Permission) {
	if !slices.Contains(roles, role) {
		panic(fmt.Sprintf("githubtest: there is no role %q", role))
	}
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	if r.roles[u] = role; role == None {
		delete(r.roles, u)
	}
}

// Set changes settings between requests.
func (r *Repo) Set(change func(r *Repo)) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	change(r)
}

// HideMembership makes a person one of those whose author_association says
// NONE or CONTRIBUTOR though they have a role, as for private members of an
// organization.
func (r *Repo) HideMembership(u *User) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	r.private[u] = true
}

// role is what the person may do, public reading included.
func (r *Repo) role(u *User) Permission {
	if role, ok := r.roles[u]; ok {
		return role
	}
	if r.Private {
		return None
	}
	return Read
}

// association is what GitHub shows beside a name. It follows neither from what
// the person may do nor the other way round.
func (r *Repo) association(u *User) string {
	_, collaborates := r.roles[u]
	switch {
	case u == nil:
		return "NONE"
	case u == r.owner:
		return "OWNER"
	case collaborates && !r.private[u]:
		return "COLLABORATOR"
	case r.merged[u]:
		return "CONTRIBUTOR"
	}
	return "NONE"
}

// Branch returns the commit that the branch is at.
func (r *Repo) Branch(name string) string {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	return r.mustRef("heads/" + name)
}

func (r *Repo) mustRef(ref string) string {
	id, ok := r.refs[ref]
	if !ok {
		panic(fmt.Sprintf("githubtest: %s/%s has no %q", r.Owner, r.Name, ref))
	}
	return id
}

// Read returns the files at a commit, or at a tree.
func (r *Repo) Read(id string) Files {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	tree, ok := r.git.treeOf(id)
	if !ok {
		panic(fmt.Sprintf("githubtest: there is no commit or tree %q", id))
	}
	files := Files{}
	for path, l := range r.git.leaves(tree) {
		data, _ := r.git.get(l.id, "blob")
		if l.mode == ModeSubmodule {
			data = []byte(l.id)
		}
		files[path] = File{Mode: l.mode, Data: slices.Clone(data)}
	}
	return files
}
