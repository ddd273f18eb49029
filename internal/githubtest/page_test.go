package githubtest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-github/v60/github"
	"github.com/karzoun/miniapp-review/internal/githubtest"
)

// TestPages reads a list in pages of several sizes, by the links.
func TestPages(t *testing.T) {
	w := newWorld(t)
	for i := range 65 {
		w.pull.Comment(w.partner, fmt.Sprint("comment ", i))
	}
	for _, c := range []struct{ size, pages int }{{0, 3}, {1, 65}, {30, 3}, {65, 1}, {100, 1}, {200, 1}} {
		seen, pages := 0, 0
		opts := &github.IssueListCommentsOptions{ListOptions: github.ListOptions{PerPage: c.size}}
		for {
			comments, answer, err := w.action.Issues.ListComments(ctx, owner, name, 1, opts)
			if err != nil {
				t.Fatal(err)
			}
			for _, comment := range comments {
				if want := fmt.Sprint("comment ", seen); comment.GetBody() != want {
					t.Fatalf("got %q, want %q", comment.GetBody(), want)
				}
				seen++
			}
			pages++
			if answer.NextPage == 0 {
				break
			}
			opts.Page = answer.NextPage
		}
		if seen != 65 || pages != c.pages {
			t.Errorf("pages of %d: %d comments on %d pages, want 65 on %d", c.size, seen, pages, c.pages)
		}
	}
}

// TestClockAndAddress: times are the caller's, and so are name and address.
func TestClockAndAddress(t *testing.T) {
	at := time.Date(2026, 5, 4, 3, 2, 1, 999, time.UTC)
	gh := githubtest.Start(t, githubtest.Options{Now: func() time.Time { return at }, Listen: "127.0.0.1:0", Host: "localhost"})
	w := &world{Server: gh, t: t}
	repo := gh.Repo(owner+"/"+name, nil)
	repo.Push("change", gh.User(owner), githubtest.Files{"x": githubtest.Text("x")})
	repo.Open(repo, "change", gh.User(owner), githubtest.PullSpec{}).Comment(gh.User(owner), "now")
	got := must(w.client(gh.User(owner).Token()).Issues.ListComments(ctx, owner, name, 1, nil))
	if len(got) != 1 || !got[0].GetCreatedAt().Time.Equal(at.Truncate(time.Second)) || !strings.HasPrefix(got[0].GetURL(), "http://localhost:") {
		t.Errorf("comments are %v", got)
	}
}

func TestSince(t *testing.T) {
	w := newWorld(t)
	w.pull.Comment(w.partner, "old")
	edited := w.pull.Comment(w.partner, "edited")
	then := w.Now()
	w.pull.Comment(w.partner, "new")
	edited.Edit(w.partner, "edited since")
	got := must(w.action.Issues.ListComments(ctx, owner, name, 1, &github.IssueListCommentsOptions{Since: &then}))
	if len(got) != 2 || got[0].GetBody() != "edited since" || got[1].GetBody() != "new" {
		t.Errorf("comments are %v", got)
	}
	for range 2 {
		w.pull.Remark(w.writer, "long.txt", 20, "here")
	}
	remarks := must(w.action.PullRequests.ListComments(ctx, owner, name, 1, &github.PullRequestListCommentsOptions{Sort: "created", Direction: "desc"}))
	if len(remarks) != 2 || remarks[0].GetID() < remarks[1].GetID() {
		t.Errorf("remarks are %v", remarks)
	}
}

// TestListedFilesEnd: after 3,000 files nothing is listed, and nothing says so.
func TestListedFilesEnd(t *testing.T) {
	w := newWorld(t)
	files := githubtest.Files{}
	for i := range 3005 {
		files[fmt.Sprintf("many/%04d", i)] = githubtest.Text("x\n")
	}
	w.fork.Push("add", w.partner, files)
	seen := 0
	opts := &github.ListOptions{PerPage: 100}
	for {
		page, answer, err := w.action.PullRequests.ListFiles(ctx, owner, name, 1, opts)
		if err != nil {
			t.Fatal(err)
		}
		seen += len(page)
		if opts.Page = answer.NextPage; opts.Page == 0 {
			break
		}
	}
	if pull := must(w.action.PullRequests.Get(ctx, owner, name, 1)); seen != 3000 || pull.GetChangedFiles() != 3007 {
		t.Errorf("%d of %d files are listed, want 3000 of 3007", seen, pull.GetChangedFiles())
	}
	tree := must(w.action.Git.GetTree(ctx, owner, name, w.pull.Head(), true))
	if tree.GetTruncated() {
		t.Error("the tree is truncated")
	}
	w.repo.Set(func(r *githubtest.Repo) { r.TreeLimit = 100 })
	if tree = must(w.action.Git.GetTree(ctx, owner, name, w.pull.Head(), true)); !tree.GetTruncated() || len(tree.Entries) != 100 {
		t.Errorf("truncated is %v, with %d entries", tree.GetTruncated(), len(tree.Entries))
	}
	if direct := must(w.action.Git.GetTree(ctx, owner, name, w.pull.Head(), false)); direct.GetTruncated() || len(direct.Entries) != 4 {
		t.Errorf("truncated is %v, with %d entries", direct.GetTruncated(), len(direct.Entries))
	}
}

// TestPatchesGoMissing: once a page holds 20,000 lines of patches, later files
// say that they did not change at all. A smaller page shows them.
func TestPatchesGoMissing(t *testing.T) {
	w := newWorld(t)
	w.fork.Push("add", w.partner, githubtest.Files{"a-big": githubtest.Text(strings.Repeat("x\n", 19990)), "z-last": githubtest.Text("changed\n")})
	all := must(w.action.PullRequests.ListFiles(ctx, owner, name, 1, nil))
	last := all[len(all)-1]
	if last.GetFilename() != "z-last" || last.Patch != nil || last.GetAdditions() != 0 || last.GetStatus() != "added" {
		t.Errorf("the last file is %v", last)
	}
	one := must(w.action.PullRequests.ListFiles(ctx, owner, name, 1, &github.ListOptions{PerPage: 1, Page: len(all)}))
	if len(one) != 1 || one[0].GetAdditions() != 1 || one[0].GetPatch() != "@@ -0,0 +1 @@\n+changed" {
		t.Errorf("the last file is %v", one)
	}
}

func TestListedCommitsEnd(t *testing.T) {
	w := newWorld(t)
	for i := range 251 {
		w.fork.Push("add", w.partner, githubtest.Files{"count": githubtest.Text(fmt.Sprint(i))})
	}
	last := must(w.action.PullRequests.ListCommits(ctx, owner, name, 1, &github.ListOptions{PerPage: 100, Page: 3}))
	if pull := must(w.action.PullRequests.Get(ctx, owner, name, 1)); len(last) != 50 || pull.GetCommits() != 252 {
		t.Errorf("the third page has %d of %d commits", len(last), pull.GetCommits())
	}
}

// TestFileStatuses shows each way in which a file can change.
func TestFileStatuses(t *testing.T) {
	gh := githubtest.Start(t, githubtest.Options{})
	w := &world{Server: gh, t: t}
	repo := gh.Repo(owner+"/"+name, githubtest.Files{
		"gone": githubtest.Text("1\n"), "mode": githubtest.Text("2\n"), "old-name": githubtest.Text(lines(1, 9)), "linked": githubtest.Text("3\n"),
		"moved": githubtest.Text(lines(20, 40)), "bin": githubtest.Text("\x00a"), "module": githubtest.Submodule(strings.Repeat("a", 40)),
	})
	u := gh.User("partner")
	repo.Push("change", u, githubtest.Files{
		"gone": githubtest.Gone(), "mode": githubtest.Executable("2\n"), "old-name": githubtest.Gone(), "new-name": githubtest.Text(lines(1, 9)),
		"moved": githubtest.Gone(), "moved-and-changed": githubtest.Text(lines(20, 41)), "linked": githubtest.Symlink("gone"),
		"bin": githubtest.Text("\x00b"), "module": githubtest.Submodule(strings.Repeat("b", 40)), "added": githubtest.Text("4\n"),
	})
	repo.Open(repo, "change", u, githubtest.PullSpec{})
	got := []string{}
	for _, f := range must(w.client(u.Token()).PullRequests.ListFiles(ctx, owner, name, 1, nil)) {
		got = append(got, fmt.Sprintf("%s %s %s +%d-%d", f.GetFilename(), f.GetStatus(), f.GetPreviousFilename(), f.GetAdditions(), f.GetDeletions()))
	}
	want := []string{
		"added added  +1-0", "bin modified  +0-0", "gone removed  +0-1", "linked modified  +1-1", "mode changed  +0-0", "module modified  +1-1",
		"moved-and-changed renamed moved +1-0", "new-name renamed old-name +0-0",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("files are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
