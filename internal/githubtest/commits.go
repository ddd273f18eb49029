package githubtest

import (
	"cmp"
	"fmt"
)

// CommitSpec describes a commit for Repo.Commit.
type CommitSpec struct {
	// Parents are commits; the files go on top of the first one's.
	Parents []string
	Files   Files
	// Author and Committer wrote and committed it; the committer is the author
	// when nil. Their signatures win where they are set, as anyone may forge.
	Author, Committer                   *User
	AuthorSignature, CommitterSignature Signature
	// Message may hold "Co-authored-by:" lines.
	Message string
}

// Commit makes a commit that no branch leads to yet, and returns its id.
func (r *Repo) Commit(spec CommitSpec) string {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	return r.commit(spec)
}

func (r *Repo) commit(spec CommitSpec) string {
	base := map[string]leaf{}
	for i, parent := range spec.Parents {
		c, ok := r.git.commit(parent)
		if !ok {
			panic(fmt.Sprintf("githubtest: there is no commit %q", parent))
		}
		if i == 0 {
			base = r.git.leaves(c.tree)
		}
	}
	now := r.server.now()
	sign := func(u *User, s Signature) Signature {
		if s == (Signature{}) && u != nil {
			return Signature{u.Login, u.Email(), now}
		}
		if s.When.IsZero() {
			s.When = now
		}
		return s
	}
	author := sign(spec.Author, spec.AuthorSignature)
	committer := author
	if spec.Committer != nil || spec.CommitterSignature != (Signature{}) {
		committer = sign(spec.Committer, spec.CommitterSignature)
	}
	return r.git.putCommit(commit{
		tree: r.git.writeTree(r.git.change(base, spec.Files)), parents: spec.Parents,
		author: author, committer: committer, message: cmp.Or(spec.Message, "Change files"),
	})
}

// Push commits the files on top of the branch and returns the commit. A branch
// that is not there starts at the default branch.
func (r *Repo) Push(branch string, by *User, files Files) string {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	tip, ok := r.refs["heads/"+branch]
	if !ok {
		tip = r.mustRef("heads/" + r.DefaultBranch)
	}
	id := r.commit(CommitSpec{Parents: []string{tip}, Files: files, Author: by})
	r.server.moveRef(r, "heads/"+branch, id, by)
	return id
}

// ForcePush commits the files on top of another commit than the branch's own,
// and moves the branch there.
func (r *Repo) ForcePush(branch string, by *User, onto string, files Files) string {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	id := r.commit(CommitSpec{Parents: []string{onto}, Files: files, Author: by})
	r.server.moveRef(r, "heads/"+branch, id, by)
	return id
}

// Move points the branch at a commit, made by Commit or found in history.
func (r *Repo) Move(branch string, by *User, to string) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	if _, ok := r.git.commit(to); !ok {
		panic(fmt.Sprintf("githubtest: there is no commit %q", to))
	}
	r.server.moveRef(r, "heads/"+branch, to, by)
}

// MergeInto merges one commit into a branch, as "Update branch" does with the
// base, and returns the merge commit. It panics on a conflict.
func (r *Repo) MergeInto(branch string, by *User, from string) string {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	tip := r.mustRef("heads/" + branch)
	tree, ok := r.git.merge(tip, from)
	if !ok {
		panic(fmt.Sprintf("githubtest: merging %s into %s conflicts", from, branch))
	}
	sign := Signature{by.Login, by.Email(), r.server.now()}
	id := r.git.putCommit(commit{tree: tree, parents: []string{tip, from}, author: sign, committer: sign, message: "Merge " + from + " into " + branch})
	r.server.moveRef(r, "heads/"+branch, id, by)
	return id
}

// merge returns the tree that merging two commits gives.
func (st *store) merge(ours, theirs string) (string, bool) {
	base, ok := st.mergeBase(ours, theirs)
	if !ok {
		return "", false
	}
	was, _ := st.treeOf(base)
	a, _ := st.treeOf(ours)
	b, _ := st.treeOf(theirs)
	return st.mergeTrees(was, a, b)
}

// DeleteBranch removes a branch. Pull requests from it close.
func (r *Repo) DeleteBranch(name string, by *User) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	r.server.dropRef(r, "heads/"+name, by)
}

func (s *Server) dropRef(r *Repo, ref string, by *User) {
	s.emitPush(r, ref, r.refs[ref], noCommit, by)
	delete(r.refs, ref)
	for _, p := range s.pullsFrom(r, ref) {
		s.setState(p, "closed", by)
	}
}

// moveRef points a ref at a commit, with everything that follows from it: open
// pull requests from the branch show the new commits, and those into it that it
// now contains are merged.
func (s *Server) moveRef(r *Repo, ref, to string, by *User) {
	from := r.refs[ref]
	r.refs[ref] = to
	r.pushed = s.now()
	s.emitPush(r, ref, cmp.Or(from, noCommit), to, by)
	for _, p := range s.pullsFrom(r, ref) {
		s.synchronize(p, from, to, by)
	}
	for _, base := range s.repos {
		for _, p := range base.pulls {
			if p.state == "open" && p.repo == r && "heads/"+p.base == ref && r.git.contains(to, p.headSHA) {
				s.markMerged(p, to, by)
			}
		}
	}
}

func (s *Server) pullsFrom(r *Repo, ref string) []*Pull {
	var list []*Pull
	for _, base := range s.repos {
		for _, p := range base.pulls {
			if p.state == "open" && p.headRepo == r && "heads/"+p.head == ref {
				list = append(list, p)
			}
		}
	}
	return list
}
