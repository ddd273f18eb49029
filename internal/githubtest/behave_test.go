package githubtest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-github/v60/github"
	"github.com/karzoun/miniapp-review/internal/githubtest"
)

// remark leaves one remark on line 20 of long.txt and returns it.
func (w *world) remark() *github.PullRequestComment {
	w.t.Helper()
	must(w.action.PullRequests.CreateReview(ctx, owner, name, 1, remarkAt(20)))
	return must(w.action.PullRequests.ListComments(ctx, owner, name, 1, nil))[0]
}

func (w *world) reread(id int64) *github.PullRequestComment {
	w.t.Helper()
	return must(w.action.PullRequests.GetComment(ctx, owner, name, id))
}

func TestRemarkFollowsItsLine(t *testing.T) {
	w := newWorld(t)
	made := w.remark()
	if made.GetPosition() != 5 || !strings.HasSuffix(made.GetDiffHunk(), "+line twenty") || made.GetOriginalLine() != 20 {
		t.Errorf("the remark is %v", made)
	}
	first := w.pull.Head()
	text := string(w.repo.Read(first)["long.txt"].Data)
	head := w.fork.Push("add", w.partner, githubtest.Files{"long.txt": githubtest.Text("new first\n" + text)})
	moved := w.reread(made.GetID())
	if moved.GetLine() != 21 || moved.GetCommitID() != head || moved.GetOriginalLine() != 20 || moved.GetOriginalCommitID() != first {
		t.Errorf("the remark is %v", moved)
	}
}

func TestRemarkOnChangedLineLosesItsLine(t *testing.T) {
	w := newWorld(t)
	made := w.remark()
	first := w.pull.Head()
	text := string(w.repo.Read(first)["long.txt"].Data)
	w.fork.Push("add", w.partner, githubtest.Files{"long.txt": githubtest.Text(strings.Replace(text, "line twenty", "line 20!", 1))})
	outdated := w.reread(made.GetID())
	if outdated.Line != nil || outdated.Position != nil || outdated.GetOriginalLine() != 20 || outdated.GetCommitID() != first {
		t.Errorf("the remark is %v", outdated)
	}
	// The line as it was comes back: what is outdated stays so.
	w.fork.Push("add", w.partner, githubtest.Files{"long.txt": githubtest.Text(text)})
	if again := w.reread(made.GetID()); again.Line != nil {
		t.Errorf("the remark is %v", again)
	}
}

func TestRemarkOnARevertedFileLosesItsLine(t *testing.T) {
	w := newWorld(t)
	made := w.remark()
	w.fork.Push("add", w.partner, githubtest.Files{"long.txt": githubtest.Text(lines(1, 40))})
	if outdated := w.reread(made.GetID()); outdated.Line != nil {
		t.Errorf("the remark is %v", outdated)
	}
}

func TestFileRemarkHasNoLine(t *testing.T) {
	w := newWorld(t)
	made := must(w.action.PullRequests.CreateComment(ctx, owner, name, 1, &github.PullRequestComment{
		CommitID: github.String(w.pull.Head()), Path: github.String("long.txt"), SubjectType: github.String("file"), Body: github.String("all of it"),
	}))
	if made.Line != nil || made.GetSubjectType() != "file" {
		t.Errorf("the remark is %v", made)
	}
	if got := w.pull.Remarks()[0]; got.Outdated {
		t.Errorf("the remark is outdated: %v", got)
	}
}

func TestRangeAndLeftSide(t *testing.T) {
	w := newWorld(t)
	request := remarkAt(21)
	request.Comments[0].StartLine, request.Comments[0].StartSide = github.Int(19), github.String("RIGHT")
	deleted := remarkAt(20).Comments[0]
	deleted.Side = github.String("LEFT")
	request.Comments = append(request.Comments, deleted)
	must(w.action.PullRequests.CreateReview(ctx, owner, name, 1, request))
	got := must(w.action.PullRequests.ListComments(ctx, owner, name, 1, nil))
	if len(got) != 2 || got[0].GetStartLine() != 19 || got[0].GetLine() != 21 || got[1].GetSide() != "LEFT" || !strings.HasSuffix(got[1].GetDiffHunk(), "-line 20") {
		t.Errorf("remarks are %v", got)
	}
}

// TestApprovalFollowsTheSamePatch: a force-push that leaves the diff as it is
// makes the approval name a commit that its author never saw.
func TestApprovalFollowsTheSamePatch(t *testing.T) {
	for _, c := range []struct {
		name string
		push func(w *world, files githubtest.Files) string
		moves,
		dismissed bool
	}{
		{"rebased", func(w *world, files githubtest.Files) string {
			onto := w.repo.Push("main", w.writer, githubtest.Files{"other": githubtest.Text("o")})
			return w.fork.ForcePush("add", w.partner, onto, files)
		}, true, false},
		{"amended with another patch", func(w *world, files githubtest.Files) string {
			files["more"] = githubtest.Text("m")
			return w.fork.ForcePush("add", w.partner, w.pull.Base(), files)
		}, false, true},
		{"pushed on top", func(w *world, _ githubtest.Files) string {
			return w.fork.Push("add", w.partner, githubtest.Files{"more": githubtest.Text("m")})
		}, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.repo.Set(func(r *githubtest.Repo) { r.DismissStale = true })
			first := w.pull.Head()
			w.pull.Review(w.writer, githubtest.Approve, "")
			files := githubtest.Files{}
			for _, path := range []string{"definitions/acme/miniapp.json", "long.txt"} {
				files[path] = w.repo.Read(first)[path]
			}
			head := c.push(w, files)
			review := must(w.action.PullRequests.ListReviews(ctx, owner, name, 1, nil))[0]
			want := map[bool]string{true: head, false: first}[c.moves]
			if review.GetCommitID() != want || (review.GetState() == "DISMISSED") != c.dismissed {
				t.Errorf("the review is %s of %s, want %s", review.GetState(), review.GetCommitID(), want)
			}
		})
	}
}

func TestPendingReviewIsSeenByItsAuthorOnly(t *testing.T) {
	w := newWorld(t)
	c := w.client(w.writer.Token())
	made := must(c.PullRequests.CreateReview(ctx, owner, name, 1, &github.PullRequestReviewRequest{Comments: remarkAt(20).Comments}))
	if made.GetState() != "PENDING" || made.SubmittedAt != nil {
		t.Errorf("the review is %v", made)
	}
	if n := len(must(w.action.PullRequests.ListReviews(ctx, owner, name, 1, nil))) + len(must(w.action.PullRequests.ListComments(ctx, owner, name, 1, nil))); n != 0 {
		t.Errorf("others see %d parts of it", n)
	}
	must(c.PullRequests.SubmitReview(ctx, owner, name, 1, made.GetID(), verdict("COMMENT", "")))
	if got := must(w.action.PullRequests.ListReviews(ctx, owner, name, 1, nil)); len(got) != 1 || got[0].GetState() != "COMMENTED" {
		t.Errorf("reviews are %v", got)
	}
	second := must(c.PullRequests.CreateReview(ctx, owner, name, 1, &github.PullRequestReviewRequest{}))
	must(c.PullRequests.DeletePendingReview(ctx, owner, name, 1, second.GetID()))
	if got := w.pull.Reviews(); len(got) != 1 {
		t.Errorf("reviews are %v", got)
	}
}

func TestOnlyPeopleStartWorkflows(t *testing.T) {
	w := newWorld(t)
	start := len(w.Events())
	must(w.action.Issues.CreateComment(ctx, owner, name, 1, &github.IssueComment{Body: github.String("by the Action")}))
	must(w.action.Issues.AddLabelsToIssue(ctx, owner, name, 1, []string{"bug"}))
	must(w.action.PullRequests.CreateReview(ctx, owner, name, 1, remarkAt(20)))
	must(w.action.PullRequests.Merge(ctx, owner, name, 1, "", &github.PullRequestOptions{SHA: w.pull.Head()}))
	if got := w.Events()[start:]; len(got) != 0 {
		t.Errorf("the Action's token started %v", got)
	}
	w.pull.Comment(w.writer, "by a person")
	if got := w.Events()[start:]; len(got) != 1 || got[0].Name != "issue_comment" || got[0].Action != "created" || got[0].Pull != 1 {
		t.Errorf("a person started %v", got)
	}
}

func TestMerges(t *testing.T) {
	for _, c := range []struct {
		method  string
		parents int
	}{{"merge", 2}, {"squash", 1}, {"rebase", 1}} {
		t.Run(c.method, func(t *testing.T) {
			w := newWorld(t)
			w.repo.Push("main", w.writer, githubtest.Files{"other": githubtest.Text("o")})
			merged := must(w.action.PullRequests.Merge(ctx, owner, name, 1, "", &github.PullRequestOptions{SHA: w.pull.Head(), MergeMethod: c.method}))
			commit := must(w.action.Git.GetCommit(ctx, owner, name, merged.GetSHA()))
			if len(commit.Parents) != c.parents || w.repo.Branch("main") != merged.GetSHA() || w.pull.State() != "merged" {
				t.Errorf("the merge is %v", commit)
			}
			if files := w.repo.Read(merged.GetSHA()); len(files) != 4 {
				t.Errorf("after the merge there are %v", files)
			}
			pull := must(w.action.PullRequests.Get(ctx, owner, name, 1))
			if !pull.GetMerged() || pull.GetChangedFiles() != 2 {
				t.Errorf("merged is %v, with %d files", pull.GetMerged(), pull.GetChangedFiles())
			}
			found := must(w.action.PullRequests.ListPullRequestsWithCommit(ctx, owner, name, merged.GetSHA(), nil))
			if len(found) != 1 {
				t.Errorf("the merge's pull request is not found: %v", found)
			}
		})
	}
}

func TestConflictIsNotMerged(t *testing.T) {
	w := newWorld(t)
	w.repo.Push("main", w.writer, githubtest.Files{"long.txt": githubtest.Text("other\n")})
	if pull := must(w.action.PullRequests.Get(ctx, owner, name, 1)); pull.GetMergeable() || pull.GetMergeableState() != "dirty" {
		t.Errorf("mergeable is %v, %s", pull.GetMergeable(), pull.GetMergeableState())
	}
	_, _, err := w.action.PullRequests.Merge(ctx, owner, name, 1, "", nil)
	refused(t, err, 405, "not mergeable")
}

func TestPushedMergeClosesThePullRequest(t *testing.T) {
	w := newWorld(t)
	w.repo.MergeInto("main", w.writer, w.pull.Head())
	if pull := must(w.action.PullRequests.Get(ctx, owner, name, 1)); w.pull.State() != "merged" || pull.GetMergedBy().GetLogin() != "writer" || pull.GetChangedFiles() != 2 {
		t.Errorf("the pull request is %s, by %v, %d files", w.pull.State(), pull.GetMergedBy(), pull.GetChangedFiles())
	}
}

func TestDeletedForkAndGhost(t *testing.T) {
	w := newWorld(t)
	comment := w.pull.Comment(w.partner, "said")
	w.fork.Delete()
	w.partner.Delete()
	pull := must(w.action.PullRequests.Get(ctx, owner, name, 1))
	if pull.GetHead().Repo != nil || pull.GetHead().GetSHA() != w.pull.Head() || pull.GetUser().GetLogin() != "ghost" {
		t.Errorf("head is %v, user %v", pull.GetHead(), pull.GetUser())
	}
	if got := must(w.action.Issues.GetComment(ctx, owner, name, comment.ID)); got.User != nil {
		t.Errorf("the comment is by %v", got.User)
	}
}

func TestOthersEditsLeaveATrace(t *testing.T) {
	w := newWorld(t)
	comment := w.pull.Comment(w.partner, "before")
	comment.Edit(w.writer, "after")
	got := must(w.action.Issues.GetComment(ctx, owner, name, comment.ID))
	if got.GetBody() != "after" || got.GetCreatedAt().Equal(got.GetUpdatedAt()) || got.GetUser().GetLogin() != "partner" {
		t.Errorf("the comment is %v", got)
	}
}

func TestLockedConversation(t *testing.T) {
	w := newWorld(t)
	w.pull.Lock(w.writer)
	_, _, err := w.client(w.partner.Token()).Issues.CreateComment(ctx, owner, name, 1, &github.IssueComment{Body: github.String("b")})
	refused(t, err, 403, "locked")
	must(w.action.Issues.CreateComment(ctx, owner, name, 1, &github.IssueComment{Body: github.String("b")}))
}

// TestHistoryOfAPath: of a path, a merge that took it over from one side is no
// part of the history, as in Git; one that joined both sides is.
func TestHistoryOfAPath(t *testing.T) {
	w := newWorld(t)
	ids := func(path string) []string {
		t.Helper()
		var list []string
		for _, c := range must(w.action.Repositories.ListCommits(ctx, owner, name, &github.CommitsListOptions{SHA: "main", Path: path})) {
			list = append(list, c.GetSHA())
		}
		return list
	}
	first := w.repo.Branch("main")
	other := w.repo.Push("main", w.writer, githubtest.Texts(map[string]string{"other.txt": "x\n", "definitions/acme-desk/miniapp.json": "{}\n"}))
	merge := w.pull.Merge(w.writer)
	for path, want := range map[string][]string{
		"definitions/acme": {w.pull.Head()}, "long.txt": {w.pull.Head(), first}, "other.txt": {other}, "definitions": {merge, other, w.pull.Head()}, "none": nil,
	} {
		if got := ids(path); !slices.Equal(got, want) {
			t.Errorf("%s: %v, not %v", path, got, want)
		}
	}
	gone := w.repo.Push("main", w.writer, githubtest.Files{"other.txt": githubtest.Gone()})
	if got := ids("other.txt"); !slices.Equal(got, []string{gone, other}) {
		t.Errorf("of a file that was taken out: %v", got)
	}
}

// TestTagsAndReleases: a release makes its tag, once.
func TestTagsAndReleases(t *testing.T) {
	w := newWorld(t)
	first := w.repo.Branch("main")
	w.repo.Tag("acme/v1", w.writer, first)
	next := w.repo.Push("main", w.writer, githubtest.Texts(map[string]string{"x": "x\n"}))
	ask := &github.RepositoryRelease{TagName: github.String("acme/v2"), TargetCommitish: &next, Name: github.String("Two"), Body: github.String("b"), MakeLatest: github.String("false")}
	must(w.action.Repositories.CreateRelease(ctx, owner, name, ask))
	if _, _, err := w.action.Repositories.CreateRelease(ctx, owner, name, ask); err == nil {
		t.Error("a second one is made")
	}
	if tags := w.repo.Tags(); len(tags) != 2 || tags["acme/v1"] != first || tags["acme/v2"] != next {
		t.Errorf("tags %v", tags)
	}
	want := githubtest.Release{Tag: "acme/v2", Target: next, Name: "Two", Body: "b", Latest: "false", By: w.Actions().Login}
	if got := w.repo.Releases(); len(got) != 1 || got[0] != want {
		t.Errorf("releases %+v", got)
	}
}
