package githubtest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-github/v60/github"
	"github.com/karzoun/miniapp-review/internal/githubtest"
)

// world is what most tests start from: a repository, a partner's fork with one
// changed file, and a pull request from it.
type world struct {
	*githubtest.Server
	t       *testing.T
	repo    *githubtest.Repo
	fork    *githubtest.Repo
	partner *githubtest.User
	writer  *githubtest.User
	pull    *githubtest.Pull
	action  *github.Client // by the Action's token, with all that a review needs
}

const owner, name = "acme", "definitions"

var ctx = context.Background()

func lines(from, to int) string {
	var b strings.Builder
	for i := from; i <= to; i++ {
		fmt.Fprintf(&b, "line %d\n", i)
	}
	return b.String()
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Server: githubtest.Start(t, githubtest.Options{}), t: t}
	w.repo = w.Repo(owner+"/"+name, githubtest.Texts(map[string]string{"README.md": "# Definitions\n", "long.txt": lines(1, 40)}))
	w.partner, w.writer = w.User("partner"), w.User("writer")
	w.repo.Permit(w.writer, githubtest.Write)
	w.fork = w.repo.Fork(w.partner)
	w.fork.Push("add", w.partner, githubtest.Files{
		"definitions/acme/miniapp.json": githubtest.Text("{\n  \"ns\": \"acme\"\n}\n"),
		"long.txt":                      githubtest.Text(strings.Replace(lines(1, 40), "line 20\n", "line twenty\n", 1)),
	})
	w.pull = w.repo.Open(w.fork, "add", w.partner, githubtest.PullSpec{Title: "Add acme"})
	w.action = w.client(w.repo.ActionsToken(githubtest.Full()))
	return w
}

func (w *world) client(token string) *github.Client {
	w.t.Helper()
	c := github.NewClient(nil).WithAuthToken(token)
	base, err := url.Parse(w.URL + "/")
	if err != nil {
		w.t.Fatal(err)
	}
	c.BaseURL = base
	return c
}

// must fails the test for an error and returns the value otherwise.
func must[T any](value T, _ *github.Response, err error) T {
	if err != nil {
		panic(err) // shown with the test's name and the line
	}
	return value
}

// refused asserts the status and that the answer says why.
func refused(t *testing.T, err error, status int, says string) {
	t.Helper()
	var answer *github.ErrorResponse
	if !errors.As(err, &answer) {
		t.Fatalf("got error %v, want an answer with status %d", err, status)
	}
	if answer.Response.StatusCode != status || !strings.Contains(err.Error(), says) {
		t.Errorf("got %v, want status %d that says %q", err, status, says)
	}
}

func TestWorldIsReadable(t *testing.T) {
	w := newWorld(t)
	c := w.action
	repo := must(c.Repositories.Get(ctx, owner, name))
	if repo.GetDefaultBranch() != "main" || repo.GetPrivate() {
		t.Errorf("repository is %v", repo)
	}
	pull := must(c.PullRequests.Get(ctx, owner, name, 1))
	if pull.GetHead().GetSHA() != w.pull.Head() || pull.GetBase().GetSHA() != w.pull.Base() || pull.GetHead().GetRepo().GetFullName() != "partner/definitions" {
		t.Errorf("pull request is %v", pull)
	}
	if pull.GetChangedFiles() != 2 || pull.GetAdditions() != 4 || pull.GetDeletions() != 1 || !pull.GetMergeable() {
		t.Errorf("counts are %d files, +%d -%d, mergeable %v", pull.GetChangedFiles(), pull.GetAdditions(), pull.GetDeletions(), pull.GetMergeable())
	}
	files := must(c.PullRequests.ListFiles(ctx, owner, name, 1, nil))
	if len(files) != 2 || files[0].GetStatus() != "added" || !strings.HasPrefix(files[0].GetPatch(), "@@ -0,0 +1,3 @@\n+{\n") {
		t.Errorf("files are %v", files)
	}
	if len(must(c.PullRequests.List(ctx, owner, name, &github.PullRequestListOptions{Head: "partner:add"}))) != 1 {
		t.Error("the pull request is not found by its head")
	}
	tree := must(c.Git.GetTree(ctx, owner, name, w.pull.Head(), true))
	if len(tree.Entries) != 5 || tree.GetTruncated() {
		t.Errorf("tree is %v", tree)
	}
	for _, e := range tree.Entries {
		if e.GetType() == "blob" {
			raw := must(c.Git.GetBlobRaw(ctx, owner, name, e.GetSHA()))
			if len(raw) != e.GetSize() {
				t.Errorf("%s has %d bytes, not %d", e.GetPath(), len(raw), e.GetSize())
			}
			must(c.Git.GetBlob(ctx, owner, name, e.GetSHA()))
		}
	}
	must(c.PullRequests.ListCommits(ctx, owner, name, 1, nil))
	must(c.Git.GetCommit(ctx, owner, name, w.pull.Head()))
	must(c.Git.GetRef(ctx, owner, name, "heads/main"))
	comparison := must(c.Repositories.CompareCommits(ctx, owner, name, "main", "partner:add", nil))
	if comparison.GetMergeBaseCommit().GetSHA() != w.pull.Base() || comparison.GetAheadBy() != 1 {
		t.Errorf("comparison is %v", comparison)
	}
	must(c.Repositories.GetBranch(ctx, owner, name, "main", 1))
	must(c.Repositories.GetCommit(ctx, owner, name, w.pull.Head(), nil))
	file, _, _, err := c.Repositories.GetContents(ctx, owner, name, "README.md", nil)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := file.GetContent(); err != nil || text != "# Definitions\n" {
		t.Errorf("README.md is %q, %v", text, err)
	}
	if _, dir, _, err := c.Repositories.GetContents(ctx, owner, name, "definitions/acme", &github.RepositoryContentGetOptions{Ref: w.pull.Head()}); err != nil || len(dir) != 1 {
		t.Errorf("folder is %v, %v", dir, err)
	}
}

func TestWorldIsWritable(t *testing.T) {
	w := newWorld(t)
	c := w.action
	must(c.Repositories.CreateStatus(ctx, owner, name, w.pull.Head(), &github.RepoStatus{State: github.String("pending"), Context: github.String("miniapp-review"), Description: github.String("Looking")}))
	if status := must(c.Repositories.GetCombinedStatus(ctx, owner, name, w.pull.Head(), nil)); status.GetState() != "pending" || len(status.Statuses) != 1 {
		t.Errorf("status is %v", status)
	}
	must(c.Repositories.ListStatuses(ctx, owner, name, w.pull.Head(), nil))
	must(c.Issues.CreateLabel(ctx, owner, name, &github.Label{Name: github.String("stage: qa"), Color: github.String("0e8a16"), Description: github.String("QA")}))
	must(c.Issues.AddLabelsToIssue(ctx, owner, name, 1, []string{"stage: qa", "bug"}))
	if _, err := c.Issues.RemoveLabelForIssue(ctx, owner, name, 1, "bug"); err != nil {
		t.Error(err)
	}
	must(c.Issues.ReplaceLabelsForIssue(ctx, owner, name, 1, []string{"stage: qa", "new one"}))
	must(c.Issues.ListLabelsByIssue(ctx, owner, name, 1, nil))
	must(c.Issues.EditLabel(ctx, owner, name, "stage: qa", &github.Label{Name: github.String("stage: qa"), Color: github.String("0e8a17")}))
	must(c.Issues.ListLabels(ctx, owner, name, nil))
	if got := strings.Join(w.pull.Labels(), ","); got != "stage: qa,new one" {
		t.Errorf("labels are %s", got)
	}
	comment := must(c.Issues.CreateComment(ctx, owner, name, 1, &github.IssueComment{Body: github.String("hello")}))
	if comment.GetUser().GetID() != 41898282 || !comment.GetCreatedAt().Equal(comment.GetUpdatedAt()) {
		t.Errorf("comment is %v", comment)
	}
	edited := must(c.Issues.EditComment(ctx, owner, name, comment.GetID(), &github.IssueComment{Body: github.String("hello again")}))
	if edited.GetCreatedAt().Equal(edited.GetUpdatedAt()) {
		t.Error("an edit leaves no trace")
	}
	must(c.Issues.ListComments(ctx, owner, name, 1, nil))
	must(c.Reactions.CreateIssueCommentReaction(ctx, owner, name, comment.GetID(), "eyes"))
	review := must(c.PullRequests.CreateReview(ctx, owner, name, 1, &github.PullRequestReviewRequest{
		CommitID: github.String(w.pull.Head()), Event: github.String("COMMENT"), Body: github.String("Some remarks"),
		Comments: []*github.DraftReviewComment{{Path: github.String("long.txt"), Line: github.Int(20), Side: github.String("RIGHT"), Body: github.String("twenty?")}},
	}))
	remarks := must(c.PullRequests.ListComments(ctx, owner, name, 1, nil))
	if len(remarks) != 1 || remarks[0].GetLine() != 20 || remarks[0].GetPullRequestReviewID() != review.GetID() {
		t.Errorf("remarks are %v", remarks)
	}
	must(c.PullRequests.ListReviews(ctx, owner, name, 1, nil))
	must(c.PullRequests.ListReviewComments(ctx, owner, name, 1, review.GetID(), nil))
	must(c.PullRequests.CreateCommentInReplyTo(ctx, owner, name, 1, "a reply", remarks[0].GetID()))
	must(c.PullRequests.EditComment(ctx, owner, name, remarks[0].GetID(), &github.PullRequestComment{Body: github.String("fixed")}))
	must(c.PullRequests.CreateComment(ctx, owner, name, 1, &github.PullRequestComment{Path: github.String("long.txt"), SubjectType: github.String("file"), CommitID: github.String(w.pull.Head()), Body: github.String("whole file")}))
	must(c.PullRequests.UpdateReview(ctx, owner, name, 1, review.GetID(), "Other words"))
	if got := w.Writes(); len(got) != 14 || got[0].Method != http.MethodPost || got[0].Status != http.StatusCreated {
		t.Errorf("%d writes: %v", len(got), got)
	}
}
