package review_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/plan"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/pull/pulltest"
	"github.com/karzoun/miniapp-review/internal/review"
	"github.com/karzoun/miniapp-review/internal/stage"
)

// configured returns the files with a configuration.
func configured(files pulltest.Files, text string) pulltest.Files {
	return files.With(map[string]string{review.ConfigFile: text})
}

// first begins the first submission of parleo, with a configuration.
func first(t *testing.T, config string) (*life, pulltest.Files) {
	repo := configured(repository(t), config)
	return begin(t, without(repo, "parleo"), repo), repo
}

// later lets days pass, and then runs the sweep.
func (l *life) later(days int) *review.Result {
	l.Helper()
	l.s.At = l.s.At.AddDate(0, 0, days)
	return l.sweeps()
}

// sweeps runs the sweep, and checks that a second one has nothing to do.
func (l *life) sweeps() *review.Result {
	l.Helper()
	r := sweep(l.T, l.s)
	pulltest.Apply(l.s, r.Plan, -1)
	if again := sweep(l.T, l.s); len(again.Plan.Operations) > 0 {
		l.Fatalf("a second sweep plans %s", kinds(again.Plan))
	}
	return r
}

func sweep(t testing.TB, s *pull.Snapshot) *review.Result {
	t.Helper()
	schema, err := validator()
	if err != nil {
		t.Fatal(err)
	}
	r, err := review.Review(context.Background(), s, review.Options{Schema: schema, Version: "test", Sweep: true})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (l *life) labelled(name string) bool { return slices.Contains(l.s.Labels, name) }

// broken is the repository with an error in the submission.
func broken(t *testing.T, repo pulltest.Files) pulltest.Files {
	return edited(t, repo, acme, `"miniapps:parleo"`, `"miniapps:parle"`)
}

// TestDueDate checks that the reviewers' clock runs while they are waited for,
// and only then. 2026-11-23 is a Monday; the example has a webhook, so that it
// counts as complex.
func TestDueDate(t *testing.T) {
	l, repo := first(t, "turnaround: {simple: 2, complex: 4}\n")
	l.stands(stage.QA, stage.Pending)
	said := func(want string) {
		t.Helper()
		if r := run(t, l.s); !strings.Contains(r.Comment, want) {
			t.Errorf("want %q in\n%s", want, r.Comment)
		}
	}
	said("Reviewers have until **2026-11-27**.")
	l.s.At = time.Date(2026, 11, 25, 12, 1, 0, 0, time.UTC)
	l.pushes(broken(t, repo)) // two days are used up
	r := l.stands(stage.Intake, stage.Failure)
	if strings.Contains(r.Comment, "Reviewers have until") || !r.Standing.Due.IsZero() {
		t.Errorf("while the partner is waited for:\n%s", r.Comment)
	}
	l.s.At = time.Date(2026, 12, 14, 12, 0, 0, 0, time.UTC) // a Monday
	l.pushes(repo)
	r = l.stands(stage.QA, stage.Pending)
	said("Reviewers have until **2026-12-16**.")
	if !r.Standing.Ready.Equal(time.Date(2026, 11, 23, 12, 1, 0, 0, time.UTC)) {
		t.Errorf("ready since %v", r.Standing.Ready)
	}
}

// TestDueInTimezone checks holidays, and that days are those of the place.
func TestDueInTimezone(t *testing.T) {
	l, _ := first(t, "turnaround: {complex: 4, holidays: [2026-11-26], timezone: Pacific/Auckland}\n")
	if r := l.stands(stage.QA, stage.Pending); !strings.Contains(r.Comment, "until **2026-12-01**") {
		t.Errorf("the comment says\n%s", r.Comment)
	}
}

// TestOverdue checks the label and the one reminder of the sweep, and that they
// end with the turn.
func TestOverdue(t *testing.T) {
	l, repo := first(t, "turnaround: {complex: 2}\n")
	l.stands(stage.QA, stage.Pending)
	l.later(2) // the day itself is theirs
	if l.labelled("overdue") {
		t.Fatal("overdue on the day that it is due")
	}
	l.s.At = l.s.At.AddDate(0, 0, 1)
	if l.stands(stage.QA, stage.Pending); l.labelled("overdue") {
		t.Fatal("a run for an event adds the label")
	}
	before := len(l.s.Comments)
	l.sweeps()
	if !l.labelled("overdue") || len(l.s.Comments) != before+1 || !strings.Contains(l.answered(), "they should have been done by 2026-11-25") {
		t.Fatalf("labels %q, the last comment says %s", l.s.Labels, l.answered())
	}
	l.later(5)
	if l.stands(stage.QA, stage.Pending); len(l.s.Comments) != before+1 || !l.labelled("overdue") {
		t.Errorf("%d comments, labels %q", len(l.s.Comments)-before, l.s.Labels)
	}
	l.pushes(broken(t, repo))
	if l.stands(stage.Intake, stage.Failure); l.labelled("overdue") {
		t.Errorf("it waits for the partner, with the labels %q", l.s.Labels)
	}
}

// TestStale follows a partner who does not answer.
func TestStale(t *testing.T) {
	l, repo := first(t, "turnaround: {remind_after: 30, stale_after: 7}\n")
	l.pushes(broken(t, repo))
	l.stands(stage.Intake, stage.Failure)
	l.later(29)
	if len(l.s.Comments) != 1 {
		t.Fatal("a reminder after 29 days")
	}
	l.says("author", "I am on it.")
	l.later(29)
	if len(l.s.Comments) != 2 {
		t.Fatal("a reminder 29 days after an answer")
	}
	l.later(1)
	if len(l.s.Comments) != 3 || !strings.Contains(l.answered(), "It is the partner's turn since 2026-11-23") || strings.Contains(l.answered(), "closed") {
		t.Fatalf("%d comments, the last says %s", len(l.s.Comments), l.answered())
	}
	l.later(6)
	if l.labelled("stale") {
		t.Fatal("stale 6 days after the reminder")
	}
	l.later(1)
	if !l.labelled("stale") || len(l.s.Comments) != 3 {
		t.Fatalf("labels %q, %d comments", l.s.Labels, len(l.s.Comments))
	}
	l.later(400)
	if l.s.Closed || len(l.s.Comments) != 3 {
		t.Fatalf("closed %v, %d comments", l.s.Closed, len(l.s.Comments))
	}
	l.says("rita", "Are you there?") // not the partner's answer
	if l.sweeps(); !l.labelled("stale") {
		t.Error("a reviewer's question ended it")
	}
	l.says("author", "Sorry! Which error is it?")
	if l.stands(stage.Intake, stage.Failure); l.labelled("stale") {
		t.Error("an answer does not end it")
	}
	l.pushes(repo)
	l.stands(stage.QA, stage.Pending)
	l.later(400)
	if l.labelled("stale") || l.s.Closed || !l.labelled("overdue") {
		t.Errorf("it waits for us, with the labels %q", l.s.Labels)
	}
}

// TestCloseAfter checks that only what was called stale is closed, and only
// where the configuration says so.
func TestCloseAfter(t *testing.T) {
	l, repo := first(t, "turnaround: {remind_after: 3, stale_after: 2, close_after: 4}\n")
	l.pushes(broken(t, repo))
	l.stands(stage.Intake, stage.Failure)
	l.later(3)
	if !strings.Contains(l.answered(), "it will be closed after 6 days") {
		t.Errorf("the reminder says %s", l.answered())
	}
	l.later(5)
	if l.s.Closed || !l.labelled("stale") {
		t.Fatalf("closed %v, labels %q", l.s.Closed, l.s.Labels)
	}
	l.later(1)
	if !l.s.Closed || !l.labelled("stale") {
		t.Fatalf("closed %v, labels %q", l.s.Closed, l.s.Labels)
	}
	l.s.Closed = false // and opened again, with a word
	l.says("author", "Here I am.")
	if l.sweeps(); l.s.Closed || l.labelled("stale") {
		t.Errorf("closed %v, labels %q", l.s.Closed, l.s.Labels)
	}
}

// TestForgedReminder checks that nobody else's comment passes for a reminder.
func TestForgedReminder(t *testing.T) {
	l, repo := first(t, "turnaround: {remind_after: 3, stale_after: 2}\n")
	l.pushes(broken(t, repo))
	l.stands(stage.Intake, stage.Failure)
	other := pulltest.New(l.base, l.head)
	settle(t, other)
	other.At = other.At.AddDate(0, 0, 3)
	p := sweep(t, other)
	i := slices.IndexFunc(p.Plan.Operations, func(op plan.Operation) bool { return op.Kind == plan.CreateComment })
	if i < 0 {
		t.Fatal("no reminder to copy")
	}
	l.says("read", p.Plan.Operations[i].Body)
	before := len(l.s.Comments)
	l.later(3)
	if len(l.s.Comments) != before+1 {
		t.Errorf("%d comments", len(l.s.Comments)-before)
	}
}

// TestPlace checks the place in the queue, and that a fix keeps it.
func TestPlace(t *testing.T) {
	l, repo := first(t, "")
	at := func(minutes int) time.Time { return time.Date(2026, 11, 23, 12, minutes, 0, 0, time.UTC) }
	l.s.Queue = &pull.Queue{Waiting: []pull.Waiting{{Number: 3, Ready: at(-60)}, {Number: 9, Ready: at(1)}, {Number: 4, Ready: at(30)}, {Number: 7, Ready: at(-90)}}}
	r := l.stands(stage.QA, stage.Pending)
	if want := "it is number 2 of the 4 submissions that wait for them"; !strings.Contains(r.Comment, want) {
		t.Errorf("want %q in\n%s", want, r.Comment)
	}
	l.s.At = at(50)
	l.pushes(broken(t, repo))
	if r = l.stands(stage.Intake, stage.Failure); strings.Contains(r.Comment, "submissions that wait") {
		t.Errorf("a place while it waits for the partner:\n%s", r.Comment)
	}
	l.pushes(repo)
	if r = l.stands(stage.QA, stage.Pending); !strings.Contains(r.Comment, "it is number 2 of the 4 submissions") {
		t.Errorf("after a fix:\n%s", r.Comment)
	}
	l.s.Queue = nil
	if r = l.stands(stage.QA, stage.Pending); strings.Contains(r.Comment, "submissions that wait") {
		t.Errorf("a place that is not known:\n%s", r.Comment)
	}
}

// TestUsually checks what is told of past submissions: those of the same kind,
// and only when there are enough.
func TestUsually(t *testing.T) {
	l, _ := first(t, "")
	ready := time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC)
	l.s.Queue = &pull.Queue{}
	for i, days := range []int{1, 2, 3, 4, 9} {
		l.s.Queue.Past = append(l.s.Queue.Past, pull.Past{Number: 10 + i, Kind: "new", Ready: ready, Merged: ready.AddDate(0, 0, days)},
			pull.Past{Number: 30 + i, Kind: "update", Ready: ready, Merged: ready.AddDate(0, 0, 100)},
			pull.Past{Number: 50 + i, Kind: "new", Merged: ready})
	}
	want := "Of the last 5 first submissions, half were merged within 3 days of being ready, and nine of ten within 9 days."
	if r := l.stands(stage.QA, stage.Pending); !strings.Contains(r.Comment, want) {
		t.Errorf("want %q in\n%s", want, r.Comment)
	}
	l.s.Queue.Past = l.s.Queue.Past[3:]
	if r := l.stands(stage.QA, stage.Pending); strings.Contains(r.Comment, "half were merged") {
		t.Errorf("told of 4 submissions:\n%s", r.Comment)
	}
}

// TestLimits checks the holds against floods, and that /ok lifts them.
func TestLimits(t *testing.T) {
	l, _ := first(t, "limits: {open_per_author: 2, first_submission_needs_ok: true}\n")
	l.s.AuthorsOpen = []int{3, 5}
	l.stands(stage.QA, stage.Pending)
	l.says("rita", "/qa pass")
	l.reviews("walt", pull.Approved)
	r := l.stands(stage.Approval, stage.Pending)
	want := []string{"its author has 2 other open submissions that came first, and at most 2 of one author are looked at", "a first submission needs the /ok of a maintainer"}
	if !slices.Equal(r.Facts.Holds, want) {
		t.Errorf("held for %q", r.Facts.Holds)
	}
	l.s.AuthorsOpen = []int{3}
	if r = l.stands(stage.Approval, stage.Pending); !slices.Equal(r.Facts.Holds, want[1:]) {
		t.Errorf("held for %q", r.Facts.Holds)
	}
	l.says("mona", "/ok")
	l.stands(stage.Approved, stage.Success)
}

// TestTeams checks that members of a named team count as they are now, and that
// a team which cannot be seen lets nobody through.
func TestTeams(t *testing.T) {
	l, _ := first(t, "reviewers: [mona, acme/desk]\n")
	l.stands(stage.QA, stage.Pending)
	l.says("rita", "/qa pass")
	l.reviews("rita", pull.Approved)
	r := l.stands(stage.QA, stage.Pending)
	if want := "the configuration names the team `acme/desk`, and the token may not see who is in it"; !strings.Contains(r.Comment, want) || !strings.Contains(l.answered(), want) {
		t.Errorf("want %q in\n%s\nand in\n%s", want, r.Comment, l.answered())
	}
	l.s.Members = map[string][]string{"acme/desk": {}}
	if r = l.stands(stage.QA, stage.Pending); !strings.Contains(r.Comment, "the configuration names other reviewers") {
		t.Errorf("the comment says\n%s", r.Comment)
	}
	l.s.Members["acme/desk"] = []string{"rita", "read"}
	l.stands(stage.Approved, stage.Success)
	l.says("read", "/hold me") // a member, who may not write
	l.stands(stage.Approved, stage.Success)
	teams, people := review.Questions(l.s)
	if fmt.Sprint(teams) != "[acme/desk]" || len(people) != 1 || people[0].Login != "rita" {
		t.Errorf("it is asked about %v in %v", people, teams)
	}
}

// TestContested checks the link to another pull request that wants the same.
func TestContested(t *testing.T) {
	l, _ := first(t, "")
	l.s.Others = []pull.Other{{Number: 12, Claims: map[string]string{"parleo": "1.0.0` @all"}}, {Number: 13, Claims: map[string]string{"else": "1.0.0"}}}
	r := l.stands(stage.QA, stage.Pending)
	want := "- [pull request 12](https://github.com/karzoun/definitions/pull/12): `parleo` ``1.0.0` @all``\n"
	if !strings.Contains(r.Comment, want) || strings.Contains(r.Comment, "/pull/13") {
		t.Errorf("want %q in\n%s", want, r.Comment)
	}
}

// TestNameTakenSince checks a namespace that was merged after the pull request
// was made.
func TestNameTakenSince(t *testing.T) {
	l, repo := first(t, "")
	l.s.Base.SHA = strings.Repeat("c", 40)
	tip := pulltest.New(repo, repo)
	l.s.BaseTree = tip.BaseTree
	for sha, b := range tip.Blobs {
		l.s.Blobs[sha] = b
	}
	r := run(t, l.s)
	if want := `the base branch has had a namespace "parleo" since the pull request was made`; !slices.Contains(r.Facts.Holds, want) {
		t.Errorf("held for %q", r.Facts.Holds)
	}
}

// TestLookalikeTakenSince checks a name that only looks like one that was merged
// since.
func TestLookalikeTakenSince(t *testing.T) {
	l, _ := first(t, "")
	l.s.Base.SHA = strings.Repeat("c", 40)
	l.s.BaseTree.Folders = append(slices.Clone(l.s.BaseTree.Folders), "definitions/par1eo")
	r := run(t, l.s)
	if !slices.ContainsFunc(r.Findings, func(f finding.Finding) bool { return f.Rule == "ns-available" || f.Rule == "ns-confusable" }) {
		t.Errorf("no finding tells of it: %+v", r.Findings)
	}
}

// TestAutoMerge checks that only what is approved at this moment is merged, and
// only where the configuration says so.
func TestAutoMerge(t *testing.T) {
	merges := func(p plan.Plan) bool {
		return slices.ContainsFunc(p.Operations, func(op plan.Operation) bool { return op.Kind == plan.Merge })
	}
	for _, on := range []bool{false, true} {
		l, _ := first(t, fmt.Sprintf("auto_merge: %v\nmerge_method: squash\n", on))
		if r := l.stands(stage.QA, stage.Pending); merges(r.Plan) {
			t.Fatal("it is merged without QA")
		}
		l.says("rita", "/qa pass")
		if r := l.stands(stage.Approval, stage.Pending); merges(r.Plan) {
			t.Fatal("it is merged without an approval")
		}
		l.reviews("walt", pull.Approved)
		l.passes()
		r := run(t, l.s)
		if r.Decision.Status != stage.Success || merges(r.Plan) != on {
			t.Fatalf("auto_merge %v: %+v, plans %s", on, r.Decision, kinds(r.Plan))
		}
		if !on {
			continue
		}
		last := r.Plan.Operations[len(r.Plan.Operations)-1]
		if last.Kind != plan.Merge || last.Method != "squash" {
			t.Errorf("the last operation is %+v", last)
		}
		pulltest.Apply(l.s, r.Plan, -1)
		r = l.stands(stage.Approved, stage.Success)
		if !l.labelled("kind: new") || merges(r.Plan) || r.Standing.Kind != "new" || r.Standing.Ready.IsZero() {
			t.Errorf("after the merge: labels %q, %+v", l.s.Labels, r.Standing)
		}
	}
}

// TestVoidedOnce checks that a push says what it took away.
func TestVoidedOnce(t *testing.T) {
	l, repo := first(t, "")
	l.stands(stage.QA, stage.Pending)
	l.says("rita", "/qa pass install")
	l.stands(stage.QA, stage.Pending)
	l.pushes(edited(t, repo, "definitions/parleo/SETUP.md", "1.", "1. "))
	r := l.stands(stage.QA, stage.Pending)
	if n := strings.Count(r.Comment, "was about other content, and does not count for this one"); n != 1 {
		t.Errorf("told %d times in\n%s", n, r.Comment)
	}
	if len(l.s.Comments) != 2 {
		t.Errorf("%d comments", len(l.s.Comments))
	}
}

// TestReadStanding checks that what other pull requests say of themselves is
// believed from our own, unedited comments only, and of that pull request.
func TestReadStanding(t *testing.T) {
	l, _ := first(t, "")
	l.stands(stage.QA, stage.Pending)
	self, comments := l.s.Self, l.s.Comments
	s, ok := review.ReadStanding("karzoun/definitions", 7, self, nil, comments)
	if !ok || s.Stage != stage.QA || s.Waiting != stage.Reviewer || s.Kind != "new" || !slices.Equal(s.Names, []string{"parleo"}) || s.Ready.IsZero() || s.Due.IsZero() {
		t.Errorf("%v, %+v", ok, s)
	}
	edit := slices.Clone(comments)
	edit[0].Body = strings.Replace(edit[0].Body, `"stage":"qa"`, `"stage":"approved"`, 1)
	stranger := slices.Clone(comments)
	stranger[0].User = people()["read"]
	for name, read := range map[string]func() bool{
		"another pull request": func() bool { _, ok := review.ReadStanding("karzoun/definitions", 8, self, nil, comments); return ok },
		"another repository":   func() bool { _, ok := review.ReadStanding("other/definitions", 7, self, nil, comments); return ok },
		"another key": func() bool {
			_, ok := review.ReadStanding("karzoun/definitions", 7, self, []byte("k"), comments)
			return ok
		},
		"edited":       func() bool { _, ok := review.ReadStanding("karzoun/definitions", 7, self, nil, edit); return ok },
		"a stranger's": func() bool { _, ok := review.ReadStanding("karzoun/definitions", 7, self, nil, stranger); return ok },
	} {
		if read() {
			t.Errorf("%s: it is believed", name)
		}
	}
}
