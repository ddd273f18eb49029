package review_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/pull/pulltest"
	"github.com/karzoun/miniapp-review/internal/review"
	"github.com/karzoun/miniapp-review/internal/stage"
)

// life is a pull request to which things happen, a minute after each other.
type life struct {
	*testing.T
	s          *pull.Snapshot
	base, head pulltest.Files
	next       int64
}

// People of every kind, by what they may do.
func people() map[string]pull.User {
	list := map[string]pull.User{}
	for i, name := range []string{"rita", "walt", "mona", "tria", "read", "gone"} {
		list[name] = pull.User{ID: int64(2000 + i), Login: name}
	}
	list["robot"] = pull.User{ID: 3000, Login: "robot[bot]", Bot: true}
	list["author"] = pulltest.Partner()
	return list
}

func begin(t *testing.T, base, head pulltest.Files) *life {
	l := &life{T: t, s: pulltest.New(base, head), base: base, head: head, next: 1000}
	l.s.Permissions = map[string]string{"rita": "write", "walt": "write", "mona": "maintain", "tria": "triage", "read": "read", "gone": "none", "robot[bot]": "write", "parleo-partners": "write"}
	return l
}

// passes is the time until the next thing happens.
func (l *life) passes() time.Time {
	l.s.At = l.s.At.Add(time.Minute)
	return l.s.At
}

func (l *life) says(who, body string) *pull.Comment {
	l.next++
	at := l.passes()
	l.s.Comments = append(l.s.Comments, pull.Comment{ID: l.next, NodeID: fmt.Sprint("X", l.next), User: people()[who], Body: body, CreatedAt: at, UpdatedAt: at})
	return &l.s.Comments[len(l.s.Comments)-1]
}

func (l *life) reviews(who string, state pull.ReviewState) {
	l.next++
	l.s.Reviews = append(l.s.Reviews, pull.Review{ID: l.next, User: people()[who], State: state, CommitID: l.s.Head.SHA, SubmittedAt: l.passes()})
}

func (l *life) pushes(head pulltest.Files) {
	l.passes()
	l.head = head
	pulltest.Push(l.s, l.base, head)
}

// stands runs the review and checks where it leads.
func (l *life) stands(want stage.Stage, status stage.Status) *review.Result {
	l.Helper()
	l.passes()
	r := settle(l.T, l.s)
	if r.Decision.Stage != want || r.Decision.Status != status {
		l.Fatalf("stage %q, status %q (%s), want %q, %q", r.Decision.Stage, r.Decision.Status, r.Decision.Summary, want, status)
	}
	return r
}

// answered returns the text of the last comment of our own.
func (l *life) answered() string {
	for _, c := range slices.Backward(l.s.Comments) {
		if c.User.ID == pulltest.Bot().ID {
			return c.Body
		}
	}
	return ""
}

// TestLife follows a first submission to its approval.
func TestLife(t *testing.T) {
	repo := repository(t)
	l := begin(t, without(repo, "parleo"), edited(t, repo, acme, `"miniapps:parleo"`, `"miniapps:parle"`))
	l.stands(stage.Intake, stage.Failure)
	l.reviews("rita", pull.Approved)
	l.stands(stage.Intake, stage.Failure)
	l.pushes(repo)
	r := l.stands(stage.QA, stage.Pending)
	if r.Facts.Stale != 1 || r.Facts.Approvals != 0 {
		t.Errorf("the approval of other content: %+v", r.Facts)
	}
	c := l.says("rita", "/qa pass install connect")
	if r = l.stands(stage.QA, stage.Pending); r.Facts.QAPassed != 2 {
		t.Errorf("%+v", r.Facts)
	}
	if got := l.s.Comments[slices.IndexFunc(l.s.Comments, func(o pull.Comment) bool { return o.ID == c.ID })].Reactions; !slices.Equal(got, []string{"+1"}) {
		t.Errorf("reactions %q", got)
	}
	l.says("rita", "/qa fail event:message.received: nothing arrives")
	r = l.stands(stage.QA, stage.Pending)
	if r.Decision.Waiting != stage.Partner {
		t.Errorf("a failed item waits for the %s", r.Decision.Waiting)
	}
	l.says("rita", "It was me.\n\n/qa pass event:message.received\n/qa pass")
	l.stands(stage.Approval, stage.Pending)
	l.reviews("walt", pull.Approved)
	r = l.stands(stage.Approved, stage.Success)
	if len(r.Approvers) != 1 || r.Approvers[0].Login != "walt" {
		t.Errorf("approved by %+v", r.Approvers)
	}
	// A rebase changes the commit and not the content.
	l.s.Contents = map[string]string{l.s.Head.SHA: pull.Digest(l.s.HeadTree.Files, []string{"parleo"})}
	l.s.Head.SHA, l.s.Statuses = strings.Repeat("ab", 20), nil
	l.stands(stage.Approved, stage.Success)
	// Another content voids everything.
	l.s.Contents = nil
	l.pushes(edited(t, repo, "definitions/parleo/SETUP.md", "1.", "1. "))
	r = l.stands(stage.QA, stage.Pending)
	if r.Facts.QAPassed != 0 || r.Facts.Stale != 2 {
		t.Errorf("after a push: %+v", r.Facts)
	}
	// And the old one does not get it back.
	l.pushes(repo)
	if r = l.stands(stage.QA, stage.Pending); r.Facts.QAPassed != 0 || r.Facts.Approvals != 0 {
		t.Errorf("after the push was taken back: %+v", r.Facts)
	}
}

// TestWhoCounts lets people of every kind approve and command.
func TestWhoCounts(t *testing.T) {
	repo := repository(t)
	for who, counts := range map[string]bool{"rita": true, "mona": true, "tria": false, "read": false, "gone": false, "robot": false, "author": false} {
		l := begin(t, without(repo, "parleo"), repo)
		l.stands(stage.QA, stage.Pending)
		l.says(who, "/qa pass")
		l.reviews(who, pull.Approved)
		want, status := stage.QA, stage.Pending
		if counts {
			want, status = stage.Approved, stage.Success
		}
		l.stands(want, status)
		if !counts && !strings.Contains(l.answered(), "was not carried out") {
			t.Errorf("%s is not told why: %s", who, l.answered())
		}
	}
}

// TestContributorsDoNotCount checks committers and co-authors, and that nobody
// counts when not all commits are known.
func TestContributorsDoNotCount(t *testing.T) {
	repo := repository(t)
	for name, change := range map[string]func(*pull.Snapshot){
		"a committer or co-author": func(s *pull.Snapshot) {
			s.Commits = append(s.Commits, pull.Commit{SHA: "1", People: []pull.User{people()["rita"]}})
		},
		"too many commits": func(s *pull.Snapshot) { s.MoreCommits = true },
	} {
		l := begin(t, without(repo, "parleo"), repo)
		change(l.s)
		l.stands(stage.QA, stage.Pending)
		l.says("rita", "/qa pass")
		l.reviews("rita", pull.Approved)
		if r := l.stands(stage.QA, stage.Pending); r.Facts.Approvals != 0 {
			t.Errorf("%s: %+v", name, r.Facts)
		}
	}
}

// TestCommandsThatDoNotCount checks edited comments, quotes, and commands from
// before the content was seen.
func TestCommandsThatDoNotCount(t *testing.T) {
	repo := repository(t)
	for name, give := range map[string]func(*life){
		"edited": func(l *life) {
			c := l.says("rita", "/qa pass")
			c.UpdatedAt = c.UpdatedAt.Add(time.Minute)
		},
		"quoted": func(l *life) { l.says("rita", "> /qa pass") },
		"before the content was seen": func(l *life) {
			c := l.says("rita", "/qa pass")
			c.CreatedAt = c.CreatedAt.Add(-time.Hour)
			c.UpdatedAt = c.CreatedAt
		},
		"for an item that is not there": func(l *life) { l.says("rita", "/qa pass instal") },
	} {
		l := begin(t, without(repo, "parleo"), repo)
		l.stands(stage.QA, stage.Pending)
		give(l)
		r := l.stands(stage.QA, stage.Pending)
		if r.Facts.QAPassed != 0 {
			t.Errorf("%s: %+v", name, r.Facts)
		}
		if told := strings.Contains(l.answered(), "was not carried out"); told == (name == "quoted") {
			t.Errorf("%s: answered %q", name, l.answered())
		}
	}
}

// TestApprovalRebound checks that an approval which GitHub moved to a later
// commit counts for nothing: it is older than the content.
func TestApprovalRebound(t *testing.T) {
	repo := repository(t)
	l := begin(t, without(repo, "parleo"), repo)
	l.stands(stage.QA, stage.Pending)
	l.says("rita", "/qa pass")
	l.reviews("rita", pull.Approved)
	l.stands(stage.Approved, stage.Success)
	l.pushes(edited(t, repo, "definitions/parleo/SETUP.md", "1.", "1. "))
	l.s.Reviews[0].CommitID = l.s.Head.SHA
	if r := l.stands(stage.QA, stage.Pending); r.Facts.Approvals != 0 || r.Facts.Stale != 1 {
		t.Errorf("%+v", r.Facts)
	}
}

func TestChangesRequested(t *testing.T) {
	repo := repository(t)
	l := begin(t, without(repo, "parleo"), repo)
	l.stands(stage.QA, stage.Pending)
	l.says("rita", "/qa pass")
	l.reviews("rita", pull.Approved)
	l.reviews("walt", pull.ChangesRequested)
	l.stands(stage.Approval, stage.Pending)
	l.reviews("walt", pull.Commented)
	l.stands(stage.Approval, stage.Pending)
	l.s.Reviews[1].State = pull.Dismissed
	l.stands(stage.Approved, stage.Success)
	l.reviews("read", pull.ChangesRequested) // a stranger cannot block
	l.stands(stage.Approved, stage.Success)
}

func TestHoldAndUnhold(t *testing.T) {
	repo := repository(t)
	l := begin(t, without(repo, "parleo"), repo)
	l.stands(stage.QA, stage.Pending)
	l.says("rita", "/qa pass")
	l.reviews("rita", pull.Approved)
	l.says("walt", "/hold waiting for @legal <b>")
	r := l.stands(stage.Approval, stage.Pending)
	if !strings.Contains(r.Comment, "`walt` holds it: `waiting for @legal <b>`") {
		t.Errorf("the comment says\n%s", r.Comment)
	}
	l.says("read", "/unhold")
	l.stands(stage.Approval, stage.Pending)
	l.says("rita", "/unhold")
	l.stands(stage.Approved, stage.Success)
}

// TestOwners checks who may submit what.
func TestOwners(t *testing.T) {
	repo := repository(t)
	update := edited(t, repo, acme, `"version": "1.0.0"`, `"version": "1.0.1"`).With(map[string]string{
		"definitions/parleo/CHANGELOG.md": strings.Replace(repo["definitions/parleo/CHANGELOG.md"].Data, "## [", "## [1.0.1] - 2026-11-22\n\n### Fixed\n\n- The setup guide names the right menu.\n\n## [", 1)})
	for _, c := range []struct {
		name   string
		author pull.User
		base   pulltest.Files
		head   pulltest.Files
		want   string
	}{
		{"an owner", pulltest.Partner(), repo, update, ""},
		{"a stranger", pull.User{ID: 5, Login: "stranger"}, repo, update, `its author "stranger", id 5, is not among the owners of "parleo"`},
		{"a login that changed hands", pull.User{ID: 6, Login: "Parleo-Partners"}, repo, update, `the login "Parleo-Partners" now belongs to another account, id 6, than that of the owner, id 910000201`},
		{"a renamed owner", pull.User{ID: 910000201, Login: "new-name"}, repo, update, ""},
		{"a ghost", pull.User{}, repo, update, `its author, whose account is gone, is not among the owners of "parleo"`},
		{"somebody else's first submission", pull.User{ID: 5, Login: "stranger"}, without(repo, "parleo"), repo, `its author "stranger", id 5, is not in the owners.json that it submits`},
		{"new owners", pulltest.Partner(), repo, update.With(map[string]string{"definitions/parleo/owners.json": "[{\"login\": \"x\", \"id\": 910000201}]\n"}), `it changes who owns "parleo"`},
	} {
		s := pulltest.New(c.base, c.head)
		s.Author = c.author
		r := settle(t, s)
		got := strings.Join(r.Facts.Holds, "; ")
		if got != c.want {
			t.Errorf("%s: held for %q, want %q", c.name, got, c.want)
		}
	}
}

// TestMaintainerLetsThrough checks /ok, and that it counts for one content.
func TestMaintainerLetsThrough(t *testing.T) {
	repo := repository(t)
	l := begin(t, without(repo, "parleo"), repo.With(map[string]string{"README.md": "changed"}))
	l.stands(stage.QA, stage.Pending)
	l.says("rita", "/qa pass")
	l.reviews("rita", pull.Approved)
	l.stands(stage.Approval, stage.Pending)
	l.says("rita", "/ok")
	l.stands(stage.Approval, stage.Pending)
	l.says("mona", "/ok")
	l.stands(stage.Approved, stage.Success)
	l.pushes(repo.With(map[string]string{"README.md": "changed again"}))
	if r := l.stands(stage.QA, stage.Pending); len(r.Facts.Holds) != 1 {
		t.Errorf("held for %q", r.Facts.Holds)
	}
}

// TestStrangersCannotMakeUsTalk floods a pull request with commands.
func TestStrangersCannotMakeUsTalk(t *testing.T) {
	repo := repository(t)
	l := begin(t, without(repo, "parleo"), repo)
	l.stands(stage.QA, stage.Pending)
	for range 300 {
		l.says("read", "/qa pass\n/hold x\n/help")
	}
	before := len(l.s.Comments)
	l.stands(stage.QA, stage.Pending)
	if written := len(l.s.Comments) - before; written != 1 {
		t.Errorf("%d answers", written)
	}
}

// TestVisibility checks what is noted for publishing.
func TestVisibility(t *testing.T) {
	repo := repository(t)
	l := begin(t, without(repo, "parleo"), repo)
	l.stands(stage.QA, stage.Pending)
	l.says("rita", "/visibility partner-only")
	l.says("read", "/visibility public")
	if r := l.stands(stage.QA, stage.Pending); r.Visibility != "partner-only" {
		t.Errorf("visibility %q", r.Visibility)
	}
}

// TestPlaceIsKept checks that a fix does not lose the place in the queue.
func TestPlaceIsKept(t *testing.T) {
	repo := repository(t)
	l := begin(t, without(repo, "parleo"), repo)
	l.stands(stage.QA, stage.Pending)
	ready := "ready for reviewers since 2026-11-23 12:01 UTC"
	l.pushes(edited(t, repo, acme, `"miniapps:parleo"`, `"miniapps:parle"`))
	l.stands(stage.Intake, stage.Failure)
	l.pushes(repo)
	if r := l.stands(stage.QA, stage.Pending); !strings.Contains(r.Comment, ready) {
		t.Errorf("want %q in\n%s", ready, r.Comment)
	}
}

// TestDraftOffered checks that a missing section of the changelog is offered
// although no suggestion can stand in a file that is not part of the change.
func TestDraftOffered(t *testing.T) {
	repo := repository(t)
	s := pulltest.New(repo, edited(t, repo, acme, `"version": "1.0.0"`, `"version": "1.1.0"`, `"isCustom": false`, `"isCustom": true`))
	r := settle(t, s)
	if !strings.Contains(r.Comment, "<summary>A draft to copy</summary>") || !strings.Contains(r.Comment, "\n## [1.1.0] - 2026-11-23\n") {
		t.Errorf("no draft in\n%s", r.Comment)
	}
}

// TestEveryCommandByEveryPerson gives each command by each kind of person, and
// checks who can stop a submission, let it through, or neither.
func TestEveryCommandByEveryPerson(t *testing.T) {
	repo := repository(t)
	for _, c := range []struct {
		command string
		// counts says for whom the command is carried out.
		counts []string
		// did reports whether it was.
		did func(*review.Result) bool
	}{
		{"/qa pass", []string{"rita", "walt", "mona"}, func(r *review.Result) bool { return r.Facts.QAPassed == r.Facts.QAItems }},
		{"/qa pass install", []string{"rita", "walt", "mona"}, func(r *review.Result) bool { return r.Facts.QAPassed == 1 }},
		{"/qa fail install: no", []string{"rita", "walt", "mona"}, func(r *review.Result) bool { return r.Facts.QAFailed == 1 }},
		{"/hold wait", []string{"rita", "walt", "mona"}, func(r *review.Result) bool { return len(r.Facts.Holds) > 0 }},
		{"/visibility partner-only", []string{"rita", "walt", "mona"}, func(r *review.Result) bool { return r.Visibility == "partner-only" }},
	} {
		for who := range people() {
			l := begin(t, without(repo, "parleo"), repo)
			l.stands(stage.QA, stage.Pending)
			l.says(who, c.command)
			r := l.settled()
			if want := slices.Contains(c.counts, who); c.did(r) != want {
				t.Errorf("%s by %s: carried out %v, want %v", c.command, who, c.did(r), want)
			}
		}
	}
	// What undoes something needs the same rights.
	for who := range people() {
		l := begin(t, without(repo, "parleo"), repo)
		l.stands(stage.QA, stage.Pending)
		l.says("rita", "/qa pass")
		l.says("walt", "/hold wait")
		l.settled()
		l.says(who, "/unhold\n/qa reset")
		r := l.settled()
		may := slices.Contains([]string{"rita", "walt", "mona"}, who)
		if lifted := len(r.Facts.Holds) == 0 && r.Facts.QAPassed == 0; lifted != may {
			t.Errorf("/unhold and /qa reset by %s: carried out %v, want %v", who, lifted, may)
		}
	}
}

// TestPushBetweenAnySteps pushes another content between any two steps of the
// way to an approval. Nothing from before the push counts after it.
func TestPushBetweenAnySteps(t *testing.T) {
	repo := repository(t)
	other := edited(t, repo, "definitions/parleo/SETUP.md", "1.", "1. ")
	steps := []func(*life){
		func(l *life) { l.says("rita", "/qa pass install") },
		func(l *life) { l.reviews("rita", pull.Approved) },
		func(l *life) { l.says("walt", "/qa pass") },
		func(l *life) { l.reviews("walt", pull.Approved) },
	}
	for at := range len(steps) + 1 {
		for _, seen := range []bool{true, false} {
			l := begin(t, without(repo, "parleo"), repo)
			l.stands(stage.QA, stage.Pending)
			for i, step := range steps {
				if i == at {
					l.pushes(other)
					if seen {
						l.settled()
					}
				}
				step(l)
				if seen {
					l.settled()
				}
			}
			if at == len(steps) {
				l.pushes(other)
			}
			r := l.settled()
			// Of the four steps, only those after the push count: to be approved,
			// the whole checklist must have been passed after it.
			approvals := []int{2, 2, 1, 1, 0}[at]
			if approved := r.Decision.Status == stage.Success; seen && (approved != (at <= 2) || r.Facts.Approvals != approvals) || !seen && approved {
				t.Errorf("a push before step %d, seen %v: %+v", at, seen, r.Facts)
			}
			if !seen && (r.Facts.QAPassed > 0 || r.Facts.Approvals > 0) {
				t.Errorf("a push before step %d that no run saw before the end: %+v", at, r.Facts)
			}
		}
	}
}

// settled runs the review, applies its plan, and checks that nothing is left.
func (l *life) settled() *review.Result {
	l.Helper()
	l.passes()
	return settle(l.T, l.s)
}
