package githubtest_test

import (
	"testing"

	"github.com/google/go-github/v60/github"
	"github.com/karzoun/miniapp-review/internal/githubtest"
)

// TestPeople asks for the permission of people of every kind, and shows that
// the association beside a name tells something else.
func TestPeople(t *testing.T) {
	for _, c := range []struct {
		name                          string
		make                          func(w *world, u *githubtest.User)
		permission, role, association string
		collaborator                  bool
	}{
		{"admin", permit(githubtest.Admin), "admin", "admin", "COLLABORATOR", true},
		{"maintainer", permit(githubtest.Maintain), "write", "maintain", "COLLABORATOR", true},
		{"writer", permit(githubtest.Write), "write", "write", "COLLABORATOR", true},
		{"triage", permit(githubtest.Triage), "read", "triage", "COLLABORATOR", true},
		{"reader", permit(githubtest.Read), "read", "read", "COLLABORATOR", true},
		{"private member", func(w *world, u *githubtest.User) {
			w.repo.Permit(u, githubtest.Write)
			w.repo.HideMembership(u)
		}, "write", "write", "NONE", true},
		{"stranger", func(*world, *githubtest.User) {}, "read", "read", "NONE", false},
		{"removed since", func(w *world, u *githubtest.User) {
			w.repo.Permit(u, githubtest.Admin)
			w.repo.Permit(u, githubtest.None)
		}, "read", "read", "NONE", false},
		{"stranger to a private repository", func(w *world, _ *githubtest.User) {
			w.repo.Set(func(r *githubtest.Repo) { r.Private = true })
		}, "none", "none", "NONE", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			u := w.User("person")
			c.make(w, u)
			level := must(w.action.Repositories.GetPermissionLevel(ctx, owner, name, "person"))
			if level.GetPermission() != c.permission || level.GetUser().GetID() != u.ID || level.GetUser().GetRoleName() != c.role {
				t.Errorf("permission is %s, role %s", level.GetPermission(), level.GetUser().GetRoleName())
			}
			said := w.pull.Comment(u, "b")
			if got := must(w.action.Issues.GetComment(ctx, owner, name, said.ID)).GetAuthorAssociation(); got != c.association {
				t.Errorf("association is %s, want %s", got, c.association)
			}
			is, _, err := w.client(w.User("acme").Token()).Repositories.IsCollaborator(ctx, owner, name, "person")
			if err != nil || is != c.collaborator {
				t.Errorf("collaborator is %v, %v", is, err)
			}
		})
	}
}

func permit(role githubtest.Permission) func(w *world, u *githubtest.User) {
	return func(w *world, u *githubtest.User) { w.repo.Permit(u, role) }
}

func TestUnknownPeople(t *testing.T) {
	w := newWorld(t)
	_, _, err := w.action.Repositories.GetPermissionLevel(ctx, owner, name, "nobody")
	refused(t, err, 404, "is not a user")
	w.repo.Set(func(r *githubtest.Repo) { r.StrangersUnknown = true })
	w.User("stranger")
	_, _, err = w.action.Repositories.GetPermissionLevel(ctx, owner, name, "stranger")
	refused(t, err, 404, "Not Found")
}

// TestFreedLogin: a login that its owner gave up belongs to somebody else then,
// and the old name's permission does not go with it.
func TestFreedLogin(t *testing.T) {
	w := newWorld(t)
	w.writer.Rename("renamed")
	other := w.User("writer")
	level := must(w.action.Repositories.GetPermissionLevel(ctx, owner, name, "writer"))
	if level.GetUser().GetID() != other.ID || level.GetPermission() != "read" {
		t.Errorf("the login is %d's, with %s", level.GetUser().GetID(), level.GetPermission())
	}
	if level = must(w.action.Repositories.GetPermissionLevel(ctx, owner, name, "renamed")); level.GetPermission() != "write" {
		t.Errorf("the renamed account has %s", level.GetPermission())
	}
	if got := must(w.action.Users.GetByID(ctx, other.ID)); got.GetLogin() != "writer" {
		t.Errorf("%d is %s", other.ID, got.GetLogin())
	}
}

func TestPrivateRepositoryIsHidden(t *testing.T) {
	w := newWorld(t)
	w.repo.Set(func(r *githubtest.Repo) { r.Private = true })
	for _, token := range []string{w.User("stranger").Token(), w.fork.ActionsToken(githubtest.Full())} {
		_, _, err := w.client(token).Repositories.Get(ctx, owner, name)
		refused(t, err, 404, "Not Found")
	}
	must(w.client(w.writer.Token()).Repositories.Get(ctx, owner, name))
	_, _, err := w.client(w.repo.ActionsToken(githubtest.Permissions{"issues": "write"})).PullRequests.Get(ctx, owner, name, 1)
	refused(t, err, 403, "Resource not accessible by integration")
}

func TestAdministratorsReadSettings(t *testing.T) {
	w := newWorld(t)
	w.repo.Set(func(r *githubtest.Repo) { r.Protected["main"] = []string{"miniapp-review"} })
	c := w.client(w.User("acme").Token())
	protection := must(c.Repositories.GetBranchProtection(ctx, owner, name, "main"))
	if got := protection.GetRequiredStatusChecks(); got == nil || got.Contexts == nil || len(*got.Contexts) != 1 {
		t.Errorf("protection is %v", protection)
	}
	if settings := must(c.Repositories.GetDefaultWorkflowPermissions(ctx, owner, name)); settings.GetDefaultWorkflowPermissions() != "read" || settings.GetCanApprovePullRequestReviews() {
		t.Errorf("settings are %v", settings)
	}
	if branch := must(w.action.Repositories.GetBranch(ctx, owner, name, "main", 1)); !branch.GetProtected() {
		t.Error("the branch is not protected")
	}
	w.repo.Push("other", w.writer, nil)
	if _, _, err := c.Repositories.GetBranchProtection(ctx, owner, name, "other"); err == nil {
		t.Error("the other branch is protected")
	}
	must(w.action.Repositories.GetRulesForBranch(ctx, owner, name, "main"))
	w.Org("acme-org").Team("reviewers", w.writer)
	if members := must(c.Teams.ListTeamMembersBySlug(ctx, "acme-org", "reviewers", nil)); len(members) != 1 || members[0].GetID() != w.writer.ID {
		t.Errorf("members are %v", members)
	}
	must(c.Teams.GetTeamMembershipBySlug(ctx, "acme-org", "reviewers", "writer"))
	if me := must(c.Users.Get(ctx, "")); me.GetLogin() != "acme" {
		t.Errorf("the token is %s's", me.GetLogin())
	}
}

func TestSearch(t *testing.T) {
	w := newWorld(t)
	w.repo.Push("second", w.writer, githubtest.Files{"x": githubtest.Text("x")})
	w.repo.Open(w.repo, "second", w.writer, githubtest.PullSpec{Title: "Second"})
	w.pull.Label(w.writer, "stage: qa")
	must(w.action.PullRequests.List(ctx, owner, name, nil))
	for query, want := range map[string]int{
		"repo:acme/definitions is:pr is:open":              2,
		"repo:acme/definitions is:open author:partner":     1,
		"is:pr " + w.pull.Head():                           1,
		`repo:acme/definitions label:"bug" is:open`:        0,
		"repo:acme/definitions is:merged":                  0,
		"repo:acme/definitions head:second base:main":      1,
		"repo:acme/other is:open":                          0,
		"repo:acme/definitions is:pr sha:" + w.pull.Head(): 1,
	} {
		if got := must(w.action.Search.Issues(ctx, query, nil)); got.GetTotal() != want {
			t.Errorf("%s found %d, want %d", query, got.GetTotal(), want)
		}
	}
	must(w.action.Issues.Get(ctx, owner, name, 1))
}

func TestWritingHistory(t *testing.T) {
	w := newWorld(t)
	c := w.action
	blob := must(c.Git.CreateBlob(ctx, owner, name, &github.Blob{Content: github.String("aGk="), Encoding: github.String("base64")}))
	tree := must(c.Git.CreateTree(ctx, owner, name, w.repo.Branch("main"), []*github.TreeEntry{
		{Path: github.String("index/a.txt"), Mode: github.String("100644"), Type: github.String("blob"), SHA: blob.SHA},
		{Path: github.String("index/b.txt"), Mode: github.String("100644"), Type: github.String("blob"), Content: github.String("b")},
		{Path: github.String("README.md"), Mode: github.String("100644"), Type: github.String("blob")},
	}))
	commit := must(c.Git.CreateCommit(ctx, owner, name, &github.Commit{Message: github.String("Publish"), Tree: tree, Parents: []*github.Commit{{SHA: github.String(w.repo.Branch("main"))}}}, nil))
	must(c.Git.UpdateRef(ctx, owner, name, &github.Reference{Ref: github.String("refs/heads/main"), Object: &github.GitObject{SHA: commit.SHA}}, false))
	files := w.repo.Read(w.repo.Branch("main"))
	if len(files) != 3 || string(files["index/a.txt"].Data) != "hi" || string(files["index/b.txt"].Data) != "b" {
		t.Errorf("the branch holds %v", files)
	}
	tag := must(c.Git.CreateTag(ctx, owner, name, &github.Tag{Tag: github.String("acme/v1.0.0"), Message: github.String("m"), Object: &github.GitObject{SHA: commit.SHA, Type: github.String("commit")}}))
	must(c.Git.CreateRef(ctx, owner, name, &github.Reference{Ref: github.String("refs/tags/acme/v1.0.0"), Object: &github.GitObject{SHA: tag.SHA}}))
	must(c.Repositories.CreateRelease(ctx, owner, name, &github.RepositoryRelease{TagName: github.String("acme/v1.0.0"), Name: github.String("Acme 1.0.0"), Body: github.String("Notes")}))
	must(c.Repositories.GetReleaseByTag(ctx, owner, name, "acme/v1.0.0"))
	must(c.Repositories.ListReleases(ctx, owner, name, nil))
	if refs := must(c.Git.ListMatchingRefs(ctx, owner, name, &github.ReferenceListOptions{Ref: "tags/acme"})); len(refs) != 1 {
		t.Errorf("tags are %v", refs)
	}
	if commits := must(c.Repositories.ListCommits(ctx, owner, name, &github.CommitsListOptions{Path: "index"})); len(commits) != 1 {
		t.Errorf("commits are %v", commits)
	}
	_, _, err := c.Repositories.CreateRelease(ctx, owner, name, &github.RepositoryRelease{TagName: github.String("acme/v1.0.0")})
	refused(t, err, 422, "already_exists")
	if _, err := c.Git.DeleteRef(ctx, owner, name, "tags/acme/v1.0.0"); err != nil {
		t.Error(err)
	}
}
