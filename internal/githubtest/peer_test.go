package githubtest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-github/v60/github"
	"github.com/karzoun/miniapp-review/internal/githubtest"
	"github.com/karzoun/miniapp-review/test/peer"
)

// answer is what a server gave for one step: status and JSON.
type answer struct {
	status int
	body   any
}

// recorder keeps the answers of the requests that go through it.
type recorder struct{ answers []answer }

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	got, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(got.Body)
	if err != nil {
		return nil, err
	}
	got.Body = io.NopCloser(bytes.NewReader(data))
	var body any
	if len(data) > 0 {
		if err := json.Unmarshal(data, &body); err != nil {
			return nil, fmt.Errorf("%s %s answered %q: %w", request.Method, request.URL.Path, data, err)
		}
	}
	r.answers = append(r.answers, answer{got.StatusCode, body})
	return got, nil
}

// TestPeer runs the flows that both support against emulate, a GitHub that
// nobody here wrote, and compares what the two answer: the status, the type of
// every field that both have, and every value that does not depend on the
// server.
func TestPeer(t *testing.T) {
	emulate := peer.Emulate(t, "emulate.mjs")
	gh := githubtest.Start(t, githubtest.Options{})
	gh.Repo(owner+"/"+name, githubtest.Texts(map[string]string{"README.md": "# definitions\n"}))
	ours, ourSteps := play(t, gh.URL, gh.User(owner).Token())
	theirs, theirSteps := play(t, emulate, "peer")
	if !slices.Equal(ourSteps, theirSteps) {
		t.Fatalf("the steps went\n%v\nthere\n%v", ourSteps, theirSteps)
	}
	seen := map[int]bool{}
	for i, step := range ourSteps {
		for _, found := range compare(ours[i], theirs[i]) {
			known := slices.IndexFunc(differences, func(d difference) bool {
				return (d.step == "" || d.step == step) && strings.HasSuffix(found, d.text)
			})
			if seen[known] = true; known < 0 {
				t.Errorf("%s: %s", step, found)
			}
		}
	}
	for i, d := range differences {
		if !seen[i] {
			t.Errorf("the difference is gone, and so should its line here be: %v", d)
		}
	}
}

// difference is one between the two that is emulate's doing.
type difference struct{ step, text, reason string }

const (
	shortForm = "lists have the short form of a pull request"
	notThere  = "GitHub's description has no such field here"
)

var differences = []difference{
	{"create a blob", "/node_id is missing", notThere},
	{"create a blob", "/size is missing", notThere},
	{"", "/repo/permissions is missing", "what the caller may do is shown of the repository itself only"},
	{"list pull requests", "/0/additions is missing", shortForm},
	{"list pull requests", "/0/changed_files is missing", shortForm},
	{"list pull requests", "/0/comments is missing", shortForm},
	{"list pull requests", "/0/commits is missing", shortForm},
	{"list pull requests", "/0/deletions is missing", shortForm},
	{"list pull requests", "/0/maintainer_can_modify is missing", shortForm},
	{"list pull requests", "/0/mergeable is missing", shortForm},
	{"list pull requests", "/0/mergeable_state is missing", shortForm},
	{"list pull requests", "/0/merged is missing", shortForm},
	{"list pull requests", "/0/merged_by is missing", shortForm},
	{"list pull requests", "/0/rebaseable is missing", shortForm},
	{"list pull requests", "/0/review_comments is missing", shortForm},
	{"list its commits", "is a list of 1, there of 2", "the commit of the base is none of the pull request's"},
	{"review", "status 200, there 201", "GitHub's description says 200"},
	{"review", "/created_at is missing", notThere},
	{"list reviews", "/0/created_at is missing", notThere},
	{"edit the review", "status 200, there 422", "GitHub lets the summary of a submitted review be edited"},
	{"list remarks", "/0/in_reply_to_id is missing", "only answers in a thread have it"},
	{"merge another head", "status 409, there 422", "GitHub's description says 409"},
	{"merge again", "status 405, there 422", "GitHub's description says 405"},
}

// play runs the flow and returns the answers with the names of their steps.
func play(t *testing.T, root, token string) ([]answer, []string) {
	t.Helper()
	seen := &recorder{}
	c := github.NewClient(&http.Client{Transport: seen}).WithAuthToken(token)
	base, err := url.Parse(root + "/")
	if err != nil {
		t.Fatal(err)
	}
	c.BaseURL = base
	var steps []string
	step := func(what string) {
		if len(seen.answers) != len(steps)+1 {
			t.Fatalf("step %q made %d requests, not one", what, len(seen.answers)-len(steps))
		}
		steps = append(steps, what)
	}
	text := github.String

	c.Repositories.Get(ctx, owner, name)
	step("get the repository")
	main, _, err := c.Git.GetRef(ctx, owner, name, "heads/main")
	if err != nil {
		t.Fatal(err)
	}
	step("get a ref")
	start, _, err := c.Git.GetCommit(ctx, owner, name, main.GetObject().GetSHA())
	if err != nil {
		t.Fatal(err)
	}
	step("get the first commit")
	blob, _, _ := c.Git.CreateBlob(ctx, owner, name, &github.Blob{Content: text(lines(1, 5)), Encoding: text("utf-8")})
	step("create a blob")
	c.Git.GetBlob(ctx, owner, name, blob.GetSHA())
	step("get a blob")
	tree, _, _ := c.Git.CreateTree(ctx, owner, name, start.GetTree().GetSHA(), []*github.TreeEntry{
		{Path: text("definitions/acme/miniapp.json"), Mode: text("100644"), Type: text("blob"), SHA: blob.SHA},
	})
	step("create a tree")
	commit, _, _ := c.Git.CreateCommit(ctx, owner, name, &github.Commit{
		Message: text("Add acme"), Tree: &github.Tree{SHA: tree.SHA}, Parents: []*github.Commit{{SHA: main.GetObject().SHA}},
	}, nil)
	step("create a commit")
	c.Git.CreateRef(ctx, owner, name, &github.Reference{Ref: text("refs/heads/change"), Object: &github.GitObject{SHA: commit.SHA}})
	step("create a ref")
	c.Git.CreateRef(ctx, owner, name, &github.Reference{Ref: text("refs/heads/change"), Object: &github.GitObject{SHA: commit.SHA}})
	step("create a ref that exists")
	c.Git.GetTree(ctx, owner, name, commit.GetSHA(), true)
	step("get a tree with all below it")
	c.Git.GetTree(ctx, owner, name, "change", false)
	step("get a tree by a branch")
	c.Git.GetCommit(ctx, owner, name, commit.GetSHA())
	step("get a commit")
	c.Git.UpdateRef(ctx, owner, name, &github.Reference{Ref: text("refs/heads/change"), Object: &github.GitObject{SHA: main.GetObject().SHA}}, false)
	step("move a ref back")
	pull, _, _ := c.PullRequests.Create(ctx, owner, name, &github.NewPullRequest{Title: text("Add acme"), Head: text("change"), Base: text("main"), Body: text("Please")})
	step("open a pull request")
	n := pull.GetNumber()
	c.PullRequests.Get(ctx, owner, name, n)
	step("get the pull request")
	c.PullRequests.List(ctx, owner, name, nil)
	step("list pull requests")
	c.PullRequests.ListCommits(ctx, owner, name, n, nil)
	step("list its commits")
	c.Repositories.CompareCommits(ctx, owner, name, "main", "change", nil)
	step("compare")
	c.Issues.CreateLabel(ctx, owner, name, &github.Label{Name: text("stage: qa"), Color: text("0e8a16"), Description: text("QA")})
	step("create a label")
	c.Issues.CreateLabel(ctx, owner, name, &github.Label{Name: text("stage: qa"), Color: text("0e8a16")})
	step("create a label that exists")
	c.Issues.AddLabelsToIssue(ctx, owner, name, n, []string{"stage: qa"})
	step("add a label")
	c.Issues.ListLabelsByIssue(ctx, owner, name, n, nil)
	step("list its labels")
	c.Issues.RemoveLabelForIssue(ctx, owner, name, n, "stage: qa")
	step("remove a label")
	c.Issues.RemoveLabelForIssue(ctx, owner, name, n, "stage: qa")
	step("remove a label that is not there")
	comment, _, _ := c.Issues.CreateComment(ctx, owner, name, n, &github.IssueComment{Body: text("hello")})
	step("comment")
	c.Issues.EditComment(ctx, owner, name, comment.GetID(), &github.IssueComment{Body: text("hello again")})
	step("edit the comment")
	c.Issues.ListComments(ctx, owner, name, n, nil)
	step("list comments")
	c.Issues.DeleteComment(ctx, owner, name, comment.GetID())
	step("delete the comment")
	c.Issues.GetComment(ctx, owner, name, comment.GetID())
	step("get a deleted comment")
	review, _, _ := c.PullRequests.CreateReview(ctx, owner, name, n, &github.PullRequestReviewRequest{
		Event: text("COMMENT"), Body: text("Remarks"), CommitID: commit.SHA,
		Comments: []*github.DraftReviewComment{{Path: text("definitions/acme/miniapp.json"), Position: github.Int(2), Body: text("here")}},
	})
	step("review")
	c.PullRequests.ListReviews(ctx, owner, name, n, nil)
	step("list reviews")
	c.PullRequests.UpdateReview(ctx, owner, name, n, review.GetID(), "Other words")
	step("edit the review")
	c.PullRequests.ListComments(ctx, owner, name, n, nil)
	step("list remarks")
	c.Repositories.GetPermissionLevel(ctx, owner, name, owner)
	step("get a permission")
	c.Repositories.GetBranch(ctx, owner, name, "main", 0)
	step("get a branch")
	c.PullRequests.Merge(ctx, owner, name, n, "", &github.PullRequestOptions{SHA: main.GetObject().GetSHA()})
	step("merge another head")
	c.PullRequests.Merge(ctx, owner, name, n, "", &github.PullRequestOptions{SHA: commit.GetSHA()})
	step("merge")
	c.PullRequests.Merge(ctx, owner, name, n, "", nil)
	step("merge again")
	c.PullRequests.Get(ctx, owner, name, n)
	step("get the merged pull request")
	return seen.answers, steps
}

// same are fields whose values must be equal: what Git or the caller decides.
var same = []string{
	"body", "content", "encoding", "mode", "path", "size", "truncated", "state", "name", "color", "title", "draft", "locked", "merged",
	"ahead_by", "behind_by", "status", "number", "full_name", "default_branch", "login", "message", "permission", "role_name", "ref", "position",
}

func compare(ours, theirs answer) []string {
	var list []string
	if ours.status != theirs.status {
		list = append(list, fmt.Sprintf("status %d, there %d", ours.status, theirs.status))
	}
	if ours.status >= 400 || theirs.status >= 400 {
		return list // the words of a refusal are everyone's own
	}
	walk("", ours.body, theirs.body, func(path, format string, args ...any) {
		list = append(list, path+" "+fmt.Sprintf(format, args...))
	})
	return list
}

func walk(path string, ours, theirs any, say func(path, format string, args ...any)) {
	if ours == nil || theirs == nil {
		return // where null may stand is for GitHub's description to say
	}
	switch a := ours.(type) {
	case map[string]any:
		b, is := theirs.(map[string]any)
		if !is {
			say(path, "is an object, there %T", theirs)
			return
		}
		for _, key := range slices.Sorted(maps.Keys(b)) {
			if _, has := a[key]; !has {
				say(path+"/"+key, "is missing")
				continue
			}
			if slices.Contains(same, key) && !isList(a[key]) && plain(a[key]) != plain(b[key]) {
				say(path+"/"+key, "is %v, there %v", a[key], b[key])
			}
			walk(path+"/"+key, a[key], b[key], say)
		}
	case []any:
		b, _ := theirs.([]any)
		if len(a) != len(b) {
			say(path, "is a list of %d, there of %d", len(a), len(b))
			return
		}
		byPath(a)
		byPath(b)
		for i := range a {
			walk(fmt.Sprint(path, "/", i), a[i], b[i], say)
		}
	default:
		if fmt.Sprintf("%T", ours) != fmt.Sprintf("%T", theirs) {
			say(path, "is %T, there %T", ours, theirs)
		}
	}
}

// byPath sorts the entries of a tree: emulate does not sort them as Git does.
func byPath(list []any) {
	path := func(item any) string {
		entry, _ := item.(map[string]any)
		path, _ := entry["path"].(string)
		return path
	}
	slices.SortStableFunc(list, func(a, b any) int { return strings.Compare(path(a), path(b)) })
}

// plain drops the line breaks with which GitHub wraps Base64.
func plain(value any) string { return strings.ReplaceAll(fmt.Sprint(value), "\n", "") }

func isList(v any) bool {
	switch v.(type) {
	case []any, map[string]any:
		return true
	}
	return false
}
