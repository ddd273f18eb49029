package github

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/githubtest"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// TestSnapshot reads a pull request of five files from a fork and counts what
// that takes: the time of a review is the round trips that it waits for.
func TestSnapshot(t *testing.T) {
	w := newWorld(t, githubtest.Options{Delay: 100 * time.Millisecond})
	p := w.open(fiveFiles())
	c := w.client("", nil)
	w.s.ResetLog()
	s := w.read(c, p)
	if reads := len(w.s.Requests()); reads != 10 {
		for _, r := range w.s.Requests() {
			t.Log(r.Method, r.Path, r.Status)
		}
		t.Errorf("%d requests, want 10", reads)
	}
	if trips := w.s.RoundTrips(); trips > 3 {
		t.Errorf("%d round trips, want 3", trips)
	}
	if len(w.s.Writes()) > 0 {
		t.Error("reading writes")
	}
	if want := "M definitions/acme/CHANGELOG.md, M definitions/acme/SETUP.md, M definitions/acme/miniapp.json, A definitions/acme/webhooks/gone.json, M definitions/acme/webhooks/made.json"; paths(s.Changes) != want {
		t.Errorf("changes: %s", paths(s.Changes))
	}
	if s.Incomplete != "" || s.Head.SHA != p.Head() || s.Base.SHA != w.repo.Branch("main") || s.MergeBase != w.repo.Branch("main") || s.Head.Repository != "partner/definitions" {
		t.Errorf("incomplete %q, head %+v, base %+v, merge base %s", s.Incomplete, s.Head, s.Base, s.MergeBase)
	}
	if s.Author.ID != w.partner.ID || len(s.Commits) != 1 || s.Commits[0].SHA != s.Head.SHA || s.Commits[0].People[0].ID != w.partner.ID {
		t.Errorf("author %+v, commits %+v", s.Author, s.Commits)
	}
	head, err := submission.Load(s.Source(s.HeadTree), submission.Dir("acme"))
	if err != nil || len(head.Files) != 6 || string(head.File("miniapp.json").Data) != "{\"version\": \"1.1.0\"}\n" {
		t.Errorf("head: %v, %+v", err, head)
	}
	base, err := submission.Load(s.Source(s.MergeBaseTree), submission.Dir("acme"))
	if err != nil || len(base.Files) != 5 || slices.ContainsFunc(base.Files, func(f *submission.File) bool { return f.Err != nil }) {
		t.Errorf("base: %v, %+v", err, base)
	}
	if config, err := s.Source(s.BaseTree).ReadFile(".github/miniapp-review.yml", 1<<20); err != nil || string(config) != configText {
		t.Errorf("configuration: %q, %v", config, err)
	}
	if diff := cmp.Diff([]string{".github/workflows", "definitions/zeta", "docs"}, s.HeadTree.Folders); diff != "" {
		t.Errorf("folders: %s", diff)
	}
	if len(s.Blobs) != 11 {
		t.Errorf("%d blobs, want 5 new, 4 replaced, the owners and the configuration", len(s.Blobs))
	}
}

// TestSnapshotOfMovedBase reads the tip of the base beside the merge base.
func TestSnapshotOfMovedBase(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	start := w.repo.Branch("main")
	p := w.open(githubtest.Texts(map[string]string{"definitions/acme/miniapp.json": "{\"version\": \"1.1.0\"}\n"}))
	tip := w.repo.Push("main", w.keeper, githubtest.Texts(map[string]string{
		"definitions/acme/owners.json": "[{\"login\": \"partner\", \"id\": 1}]\n", ".github/miniapp-review.yml": "rules: {}\n",
	}))
	s := w.read(w.client("", nil), p)
	if s.MergeBase != start || s.Base.SHA != tip || paths(s.Changes) != "M definitions/acme/miniapp.json" {
		t.Errorf("merge base %s of %s, base %s of %s, changes %s", s.MergeBase, start, s.Base.SHA, tip, paths(s.Changes))
	}
	owners, err := s.Source(s.BaseTree).ReadFile("definitions/acme/owners.json", 1000)
	if err != nil || !strings.Contains(string(owners), "partner") {
		t.Errorf("owners at the base: %q, %v", owners, err)
	}
	if config, err := s.Source(s.BaseTree).ReadFile(".github/miniapp-review.yml", 1000); string(config) != "rules: {}\n" {
		t.Errorf("configuration at the base: %q, %v", config, err)
	}
}

// TestConversation reads what was said and asks about those who count only.
func TestConversation(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	p := w.open(fiveFiles())
	reviewer, stranger, talker := w.s.User("reviewer"), w.s.User("stranger"), w.s.User("talker")
	w.repo.Permit(reviewer, githubtest.Maintain)
	p.Comment(w.partner, "/qa pass")
	p.Comment(stranger, "please\n/qa pass install\n")
	p.Comment(talker, "nice, see a/b or http://x/y")
	p.Comment(w.s.Actions(), "own")
	p.Review(reviewer, "APPROVE", "fine")
	p.Remark(reviewer, "definitions/acme/miniapp.json", 1, "why?")
	s := w.read(w.client("", nil), p)
	if diff := cmp.Diff(map[string]string{"reviewer": "maintain", "stranger": "read"}, s.Permissions); diff != "" {
		t.Errorf("permissions: %s", diff)
	}
	if len(s.Comments) != 4 || s.Comments[0].User.Login != "partner" || !s.Comments[3].User.Bot {
		t.Errorf("comments: %+v", s.Comments)
	}
	if len(s.Reviews) == 0 || s.Reviews[0].State != pull.Approved || s.Reviews[0].User.ID != reviewer.ID {
		t.Errorf("reviews: %+v", s.Reviews)
	}
	if len(s.Remarks) != 1 || s.Remarks[0].Line != 1 || s.Remarks[0].Body != "why?" {
		t.Errorf("remarks: %+v", s.Remarks)
	}
}

// TestStrangersToken reads with a token that may not ask about people.
func TestStrangersToken(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	p := w.open(fiveFiles())
	p.Review(w.keeper, "APPROVE", "")
	w.s.Inject(githubtest.When{Path: "/repos/*/*/collaborators/*/permission", Times: -1}, githubtest.Answer(403, "Must have push access to view collaborator permission."))
	s := w.read(w.client(w.s.User("stranger").Token(), nil), p)
	if len(s.Permissions) != 0 || s.Incomplete != "" || s.Self.Login != "stranger" {
		t.Errorf("%v, %q, %+v", s.Permissions, s.Incomplete, s.Self)
	}
}

// TestOwn reads what was minimized, resolved and reacted to, and only of the
// own comments.
func TestOwn(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	p := w.open(fiveFiles())
	c := w.client("", nil)
	w.repo.Permit(w.keeper, githubtest.Admin)
	p.Comment(w.s.Actions(), "own")
	mine := p.Remark(w.s.Actions(), "definitions/acme/miniapp.json", 1, "own remark")
	p.Remark(w.keeper, "definitions/acme/SETUP.md", 1, "not own")
	mine.Resolve(w.keeper)
	s := w.read(c, p)
	for _, r := range s.Remarks {
		if r.Resolved != (r.Body == "own remark") {
			t.Errorf("%q resolved: %v", r.Body, r.Resolved)
		}
	}
}

// TestPushWhileReading checks that a push in the middle of the reading gives a
// snapshot of one state.
func TestPushWhileReading(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	p := w.open(fiveFiles())
	w.s.Inject(githubtest.When{Path: "/repos/*/*/pulls/*/commits"}, githubtest.Before(func() {
		w.fork.ForcePush("change", w.partner, w.repo.Branch("main"), githubtest.Texts(map[string]string{"definitions/acme/SETUP.md": "new\n"}))
	}))
	s := w.read(w.client("", nil), p)
	if s.Head.SHA != p.Head() || s.Incomplete != "" || paths(s.Changes) != "M definitions/acme/SETUP.md" {
		t.Errorf("head %s of %s, %q, changes %s", s.Head.SHA, p.Head(), s.Incomplete, paths(s.Changes))
	}
}

// TestTruncatedTree reads a repository that is too large to be listed at once.
func TestTruncatedTree(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	w.repo.TreeLimit = 4
	p := w.open(githubtest.Files{
		"definitions/acme/miniapp.json": githubtest.Text("{}\n"),
		"docs/guide/start.md":           githubtest.Gone(),
		"docs/new.md":                   githubtest.Text("x\n"),
	})
	s := w.read(w.client("", nil), p)
	// What head and base have alike is listed once.
	listings := 0
	for _, r := range w.s.Requests() {
		if strings.Contains(r.Path, "/git/trees/") {
			listings++
		}
	}
	if listings != 14 {
		t.Errorf("%d listings, want 14", listings)
	}
	if want := "M definitions/acme/miniapp.json, D docs/guide/start.md, A docs/new.md"; s.Incomplete != "" || paths(s.Changes) != want {
		t.Errorf("%q, changes %s", s.Incomplete, paths(s.Changes))
	}
}

// TestFailures tells reading that failed from a pull request that is fine.
func TestFailures(t *testing.T) {
	for name, tc := range map[string]struct {
		when       githubtest.When
		fault      githubtest.Fault
		reason     Reason // of an error
		incomplete string
	}{
		"no pull request": {githubtest.When{Path: "/repos/*/*/pulls/1", Times: -1}, githubtest.Answer(404, "Not Found"), NotFound, ""},
		"no comments":     {githubtest.When{Path: "/repos/*/*/issues/*/comments", Times: -1}, githubtest.Answer(502, "Bad Gateway"), Unreachable, ""},
		"no permissions":  {githubtest.When{Path: "/repos/*/*/commits/*/statuses", Times: -1}, githubtest.Answer(403, "Resource not accessible by integration"), Forbidden, ""},
		"no comparison":   {githubtest.When{Path: "/repos/*/*/compare/**", Times: -1}, githubtest.Answer(500, "x"), "", "comparing the pull request"},
		"no trees":        {githubtest.When{Path: "/repos/*/*/git/trees/**", Times: -1}, githubtest.CutBefore(), "", "listing the files"},
		"no blobs":        {githubtest.When{Path: "/repos/*/*/git/blobs/*", Times: -1}, githubtest.Answer(502, "x"), "", "reading the file"},
		"garbage":         {githubtest.When{Path: "/repos/*/*/git/trees/**", Times: -1}, githubtest.Raw(200, http.Header{}, "<html>"), "", "listing the files"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, githubtest.Options{})
			p := w.open(fiveFiles())
			w.s.Inject(tc.when, tc.fault)
			w.s.Inject(githubtest.When{Path: "/graphql", Times: -1}, githubtest.Answer(502, "Bad Gateway"))
			s, err := w.client("", nil).Snapshot(context.Background(), p.Number)
			if ReasonOf(err) != tc.reason || tc.reason == "" && err != nil {
				t.Fatalf("got %v, want the reason %q", err, tc.reason)
			}
			if tc.reason == "" && !strings.HasPrefix(s.Incomplete, tc.incomplete) {
				t.Errorf("incomplete: %q, want %q", s.Incomplete, tc.incomplete)
			}
			if tc.reason != "" && tc.reason != NotFound && (s == nil || s.Head.SHA != p.Head()) {
				t.Error("the snapshot beside the error has no head for a status")
			}
		})
	}
}

// TestWithoutGraphQL reads the contents one by one where the other way fails.
func TestWithoutGraphQL(t *testing.T) {
	for name, fault := range map[string]githubtest.Fault{
		"failing":   githubtest.Answer(502, "Bad Gateway"),
		"forbidden": githubtest.Answer(403, "Resource not accessible by integration"),
		"too much":  githubtest.Raw(200, http.Header{}, `{"errors": [{"type": "RESOURCE_LIMITS_EXCEEDED", "message": "x"}]}`),
		"empty":     githubtest.Raw(200, http.Header{}, `{"data": {"repository": null}}`),
		"no JSON":   githubtest.Raw(200, http.Header{}, `<html>`),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, githubtest.Options{})
			w.s.Inject(githubtest.When{Path: "/graphql", Times: -1}, fault)
			if s := w.read(w.client("", nil), w.open(fiveFiles())); s.Incomplete != "" || len(s.Blobs) != 11 {
				t.Errorf("%q, %d blobs", s.Incomplete, len(s.Blobs))
			}
		})
	}
}

// TestCancelled ends at once.
func TestCancelled(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	p := w.open(fiveFiles())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := w.client("", nil).Snapshot(ctx, p.Number); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestMerged reads what a merged pull request changed, though its commits are
// part of the base now.
func TestMerged(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	p := w.open(fiveFiles())
	p.Merge(w.keeper)
	s := w.read(w.client("", nil), p)
	if !s.Merged || !s.Closed || len(s.Changes) != 5 || s.Base.SHA != w.repo.Branch("main") {
		t.Errorf("merged %v, closed %v, changes %s, base %s", s.Merged, s.Closed, paths(s.Changes), s.Base.SHA)
	}
}

// TestBinary reads what is no text byte for byte, through the other door.
func TestBinary(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	files := fiveFiles()
	want := []byte("\x89PNG\x00\xff\xfe")
	files["definitions/acme/miniapp.json"] = githubtest.File{Mode: githubtest.ModeFile, Data: want}
	files["definitions/acme/SETUP.md"] = githubtest.File{Mode: githubtest.ModeFile, Data: []byte("caf\xe9\r\n")}
	s := w.read(w.client("", nil), w.open(files))
	if got := s.Blobs[blobID(want)]; string(got) != string(want) || s.Incomplete != "" {
		t.Errorf("%q, %q", got, s.Incomplete)
	}
	if got := s.Blobs[blobID([]byte("caf\xe9\r\n"))]; string(got) != "caf\xe9\r\n" {
		t.Errorf("%q", got)
	}
}

// TestWrongBlob checks that content which is not that of its id is no content.
func TestWrongBlob(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	p := w.open(githubtest.Texts(map[string]string{"definitions/acme/miniapp.json": "{\"version\": \"1.1.0\"}\n"}))
	w.s.Inject(githubtest.When{Path: "/repos/*/*/git/blobs/*", Times: -1}, githubtest.Raw(200, http.Header{}, "{\"version\": \"9.9.9\"}\n"))
	w.s.Inject(githubtest.When{Path: "/graphql", Times: -1}, githubtest.Raw(200, http.Header{}, `{"data": {"repository": {"b0": {"oid": "x", "text": "{}"}}}}`))
	s := w.read(w.client("", nil), p)
	if !strings.Contains(s.Incomplete, "not those of this id") {
		t.Errorf("incomplete: %q", s.Incomplete)
	}
}

// TestLarge lists a file that is too large, and does not read it.
func TestLarge(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	large := strings.Repeat("x", submission.MaxFileBytes+1)
	s := w.read(w.client("", nil), w.open(githubtest.Texts(map[string]string{"definitions/acme/miniapp.json": large})))
	id := blobID([]byte(large))
	if s.Blobs[id] != nil || s.Unread[id] != "it has 1048577 bytes, more than 1048576" || s.Incomplete != "" {
		t.Errorf("%q, %q", s.Unread, s.Incomplete)
	}
}
