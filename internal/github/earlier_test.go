package github

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/githubtest"
	"github.com/karzoun/miniapp-review/internal/pull"
)

// TestEarlierContents checks what is known of the content that was approved,
// after the base was merged into the branch and after other changes.
func TestEarlierContents(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	p := w.open(fiveFiles())
	p.Review(w.keeper, githubtest.Approve, "")
	first := p.Head()
	c := w.client("", nil)
	if s := w.read(c, p); s.Contents != nil {
		t.Errorf("contents of the head: %v", s.Contents)
	}
	w.repo.Push("main", w.keeper, githubtest.Texts(map[string]string{"README.md": "# Changed\n"}))
	w.fork.MergeInto("change", w.partner, w.repo.Branch("main"))
	w.s.ResetLog()
	s := w.read(c, p)
	if diff := cmp.Diff(map[string]string{first: pull.Digest(s.HeadTree.Files, []string{"acme"})}, s.Contents); diff != "" {
		t.Errorf("after the base was merged in: %s", diff)
	}
	w.fork.Push("change", w.partner, githubtest.Texts(map[string]string{"definitions/acme/SETUP.md": "1. Changed\n"}))
	if s = w.read(c, p); len(s.Contents) != 1 || s.Contents[first] == pull.Digest(s.HeadTree.Files, []string{"acme"}) {
		t.Errorf("after a change: %v", s.Contents)
	}
}

// TestEarlierCommitGone checks that an approval of a commit that cannot be read
// any more is no reason to fail.
func TestEarlierCommitGone(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	p := w.open(fiveFiles())
	p.Review(w.keeper, githubtest.Approve, "")
	first := p.Head()
	w.fork.Push("change", w.partner, githubtest.Texts(map[string]string{"definitions/acme/SETUP.md": "1. Changed\n"}))
	w.s.Inject(githubtest.When{Path: "/repos/*/*/git/trees/" + first, Times: -1}, githubtest.Answer(404, "Not Found"))
	if s := w.read(w.client("", nil), p); s.Incomplete != "" || len(s.Contents) != 0 || len(s.Changes) == 0 {
		t.Errorf("%q, %v", s.Incomplete, s.Contents)
	}
}

func TestApprovedCommitsAreBounded(t *testing.T) {
	s := &pull.Snapshot{Head: pull.Head{SHA: strings.Repeat("0", 40)}}
	for i := range 50 {
		s.Reviews = append(s.Reviews, pull.Review{State: pull.Approved, CommitID: strings.Repeat(string("0123456789abcdef"[i%16]), 40)})
	}
	if got := approvedCommits(s); len(got) != maxEarlier || got[0] != strings.Repeat("1", 40) {
		t.Errorf("%q", got)
	}
}
