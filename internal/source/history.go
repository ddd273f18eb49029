package source

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Branch is a branch and the commit at its tip.
type Branch struct {
	// Name is how Git knows it here, such as "origin/main" or "main".
	Name, Tip string
}

// DefaultBranch returns the default branch as far as this clone knows it, that
// of a remote before a local one. ok is false when there is none.
func (r *Repo) DefaultBranch() (b Branch, ok bool) {
	for _, name := range defaultBranches() {
		if tip, err := r.Resolve(name); err == nil {
			return Branch{Name: name, Tip: tip}, true
		}
	}
	return Branch{}, false
}

// Contains reports whether a commit is in the history of another one, or is it.
func (r *Repo) Contains(history, commit string) (bool, error) {
	out, err := run(r.root, "rev-list", "--max-count=1", commit, "^"+history)
	if err != nil {
		return false, err
	}
	return len(out) == 0, nil
}

// Commit is what Git knows of a commit, seen from one folder.
type Commit struct {
	ID string
	// Tree is the id of the folder's tree.
	Tree string
	// Author is the author's name, as it was written.
	Author string
	// Time is when it was committed, in UTC.
	Time time.Time
}

// LastChange returns the commit that gave a folder the content that it has at a
// commit, along the first parents: on a branch that pull requests are merged
// into, that is the merge. A clone without all of the history cannot tell, which
// is an error.
func (r *Repo) LastChange(commit, dir string) (Commit, error) {
	shallow, err := run(r.root, "rev-parse", "--is-shallow-repository")
	if err != nil {
		return Commit{}, err
	}
	if strings.TrimSpace(string(shallow)) == "true" {
		return Commit{}, fmt.Errorf("the clone %q has only a part of the history, which does not tell where %q comes from: run \"git fetch --unshallow\"", r.root, dir)
	}
	out, err := run(r.root, "log", "-1", "--first-parent", "--no-show-signature", "--format=%H%x00%cI%x00%an", commit, "--", ":(top,literal)"+dir)
	if err != nil {
		return Commit{}, err
	}
	fields := strings.SplitN(strings.TrimSuffix(string(out), "\n"), "\x00", 3)
	if len(fields) != 3 {
		return Commit{}, fmt.Errorf("no commit up to %s changed %q", commit, dir)
	}
	at, err := time.Parse(time.RFC3339, fields[1])
	if err != nil {
		return Commit{}, fmt.Errorf("the time of commit %s: %w", fields[0], err)
	}
	tree, err := run(r.root, "rev-parse", "--verify", "--end-of-options", commit+":"+dir)
	if err != nil {
		return Commit{}, err
	}
	return Commit{ID: fields[0], Tree: strings.TrimSpace(string(tree)), Author: fields[2], Time: at.UTC()}, nil
}

// Remote returns the address that the clone comes from, by HTTPS where it is
// one of a forge, without user or password. It is "" when it is not known, or a
// path of this machine.
func (r *Repo) Remote() string {
	for _, name := range []string{"upstream", "origin"} {
		out, err := run(r.root, "config", "--get", "remote."+name+".url")
		if err == nil {
			return publicAddress(strings.TrimSpace(string(out)))
		}
	}
	return ""
}

// publicAddress writes the address of a repository so that anyone can open it.
func publicAddress(raw string) string {
	if host, path, ok := strings.Cut(raw, ":"); ok && !strings.Contains(raw, "://") && !strings.ContainsAny(host, "/\\") && len(host) > 1 {
		raw = "ssh://" + host + "/" + strings.TrimPrefix(path, "/")
	}
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	switch u.Scheme {
	case "ssh", "git", "git+ssh":
		u.Host = u.Hostname()
	case "https", "http":
	default:
		return ""
	}
	return "https://" + u.Host + strings.TrimSuffix(u.Path, ".git")
}
