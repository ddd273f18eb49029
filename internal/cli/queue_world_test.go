package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/karzoun/miniapp-review/internal/github"
	"github.com/karzoun/miniapp-review/internal/githubtest"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/stage"
)

// clock is a clock that a test moves; each question takes a second.
type clock struct{ at time.Time }

func (c *clock) now() time.Time {
	c.at = c.at.Add(time.Second)
	return c.at
}

// at makes a world with a clock and a configuration.
func at(t *testing.T, config string, without ...string) (*world, *clock) {
	c := &clock{time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	w := newWorld(t, githubtest.Options{Now: c.now}, without...)
	if config != "" {
		w.repo.Push("main", w.mona, githubtest.Files{".github/miniapp-review.yml": githubtest.Text(config)})
	}
	return w, c
}

// openAs opens a pull request of a branch of its own.
func (w *world) openAs(branch string, files githubtest.Files) *githubtest.Pull {
	w.fork.Push(branch, w.partner, files)
	w.pull = w.repo.Open(w.fork, branch, w.partner, githubtest.PullSpec{Title: "Add a MiniApp"})
	return w.pull
}

// comment returns the status comment.
func (w *world) comment() string {
	w.Helper()
	for _, c := range w.pull.Comments() {
		if strings.HasPrefix(c.Body, "### MiniApp review") {
			return c.Body
		}
	}
	w.Fatalf("no status comment on %d", w.pull.Number)
	return ""
}

// reviewOf reviews one of several pull requests.
func (w *world) reviewOf(p *githubtest.Pull) *outcome {
	w.pull = p
	return w.review()
}

// TestPlaceOnGitHub checks the place of two submissions, told from each other's
// status comments, and that a forged comment gives no place.
func TestPlaceOnGitHub(t *testing.T) {
	w, _ := at(t, "", "parleo", "taskhub")
	a := w.openAs("a", w.namespace("parleo", nil))
	b := w.openAs("b", w.namespace("taskhub", nil))
	w.reviewOf(b)
	w.reviewOf(a)
	if got := w.comment(); !strings.Contains(got, "it is number 2 of the 2 submissions that wait for them") {
		t.Errorf("the later one says\n%s", got)
	}
	w.reviewOf(b)
	ours := w.comment()
	if !strings.Contains(ours, "it is number 1 of the 2 submissions") {
		t.Errorf("the first one says\n%s", ours)
	}
	w.gh.ResetLog()
	if w.reviewOf(a); len(w.gh.Writes()) > 0 {
		t.Errorf("a run that changes nothing writes %d times", len(w.gh.Writes()))
	}
	c := w.openAs("c", w.namespace("mailbeam", map[string]string{"SETUP.md": "x\n"}))
	c.Comment(w.partner, ours)
	w.reviewOf(a)
	if got := w.comment(); !strings.Contains(got, "number 2 of the 2 submissions") {
		t.Errorf("with a forged one:\n%s", got)
	}
}

// TestUsuallyOnGitHub checks what is told from the comments of merged pull
// requests.
func TestUsuallyOnGitHub(t *testing.T) {
	w, c := at(t, "qa: none\n", "parleo", "taskhub", "mailbeam", "shopkeep", "sheetwise")
	for i, ns := range []string{"taskhub", "mailbeam", "shopkeep", "sheetwise"} {
		w.openAs(ns, w.namespace(ns, nil))
		w.review()
		c.at = c.at.AddDate(0, 0, i+1)
		w.pull.Merge(w.mona)
		w.review()
	}
	w.openAs("second", w.namespace("taskhub", map[string]string{"SETUP.md": "x\n"})) // an update, which does not count here
	w.openAs("parleo", w.namespace("parleo", nil))
	if w.review(); strings.Contains(w.comment(), "half were merged") {
		t.Errorf("four are enough:\n%s", w.comment())
	}
	c.at = c.at.AddDate(0, 0, 8)
	w.pull.Merge(w.mona)
	w.review()
	again := githubtest.Files{}
	for name, f := range w.namespace("parleo", nil) {
		again[strings.Replace(name, "/parleo/", "/parley-two/", 1)] = f
	}
	w.openAs("sixth", again)
	past, err := w.reviewer().past(t.Context(), w.review().snapshot)
	if err != nil || len(past) != 5 {
		t.Fatalf("%d submissions of the past, %v", len(past), err)
	}
	for _, p := range past {
		if p.Kind != "new" || p.Merged.Sub(p.Ready) < 23*time.Hour {
			t.Errorf("%+v", p)
		}
	}
}

// TestTeamOnGitHub checks that a team which the Action's token may not see lets
// nobody through, and that a person's token which may sees who is in it now.
func TestTeamOnGitHub(t *testing.T) {
	w, _ := at(t, "qa: none\nreviewers: [acme/desk]\n", "parleo")
	w.gh.Org("acme").Team("desk", w.rita)
	w.open(w.namespace("parleo", nil))
	w.review()
	w.pull.Review(w.rita, githubtest.Approve, "")
	if o := w.review(); o.result.Facts.Approvals != 0 || !strings.Contains(w.comment(), "the token may not see who is in it") {
		t.Errorf("%+v\n%s", o.result.Facts, w.comment())
	}
	for _, c := range []struct {
		name    string
		members []*githubtest.User
		want    int
	}{{"in the team", []*githubtest.User{w.rita}, 1}, {"out of it since", nil, 0}} {
		w.gh.Org("acme").Team("desk", c.members...)
		r := w.reviewer()
		r.forge, r.dryRun = w.seeing(w.mona.Token()), true
		o, err := r.pull(t.Context(), w.pull.Number)
		if err != nil || o.result.Facts.Approvals != c.want {
			t.Errorf("%s: %v, %+v", c.name, err, o.result.Facts)
		}
	}
}

// seeing is a client with a person's token that acts for the Action's account.
func (w *world) seeing(token string) *github.Client {
	w.Helper()
	c, err := github.New(github.Options{Owner: w.repo.Owner, Name: w.repo.Name, Token: token, API: w.gh.URL, Self: github.ActionsBot(),
		Now: w.gh.Now, Sleep: func(context.Context, time.Duration) error { return nil }})
	if err != nil {
		w.Fatal(err)
	}
	return c
}

// TestAutoMergeOnGitHub checks that the Action merges what is approved, says so
// in its outputs, and tells it on the pull request in the same run.
func TestAutoMergeOnGitHub(t *testing.T) {
	w, _ := at(t, "qa: none\nauto_merge: true\nmerge_method: squash\n", "parleo")
	w.open(w.namespace("parleo", nil))
	event := pullPayload(w.pull.Number)
	if r := w.runner("pull_request_target", event); r.code != ExitClean || w.pull.State() != "open" {
		t.Fatalf("exit %d, it is %s\n%s", r.code, w.pull.State(), r.log)
	}
	w.pull.Review(w.rita, githubtest.Approve, "")
	r := w.runner("pull_request_target", event)
	if r.code != ExitClean || w.pull.State() != "merged" || outputs(t, r.outputs)["merged"] != w.repo.Branch("main") {
		t.Fatalf("exit %d, it is %s, outputs %s\n%s%s", r.code, w.pull.State(), r.outputs, r.log, r.err)
	}
	if got := w.comment(); !strings.Contains(got, "Merged; the registry follows") {
		t.Errorf("the comment says\n%s", got)
	}
	if r = w.runner("pull_request_target", event); r.code != ExitClean || r.written != 0 {
		t.Errorf("exit %d, another run writes %d times\n%s", r.code, r.written, r.log)
	}
}

// TestAutoMergeRefused checks that a merge which GitHub refuses is no failure,
// and that one without the permission is.
func TestAutoMergeRefused(t *testing.T) {
	for name, c := range map[string]struct {
		fault githubtest.Fault
		code  int
		want  string
	}{
		"something else is missing": {githubtest.Answer(405, `Required status check "build" is expected.`), ExitClean, "It was not merged"},
		"a conflict":                {githubtest.Answer(405, "Pull Request is not mergeable"), ExitClean, "It was not merged"},
		"a moved head":              {githubtest.Answer(409, "Head branch was modified. Review and try the merge again."), ExitClean, "It was not merged"},
		"no permission":             {githubtest.Answer(403, "Resource not accessible by integration"), ExitFailed, "contents: write"},
	} {
		w, _ := at(t, "qa: none\nauto_merge: true\n", "parleo")
		w.open(w.namespace("parleo", nil))
		w.review()
		w.pull.Review(w.rita, githubtest.Approve, "")
		w.gh.Inject(githubtest.When{Method: "PUT", Path: "/repos/*/*/pulls/*/merge", Times: -1}, c.fault)
		r := w.runner("pull_request_target", pullPayload(w.pull.Number))
		if r.code != c.code || !strings.Contains(r.log, c.want) || w.pull.State() != "open" {
			t.Errorf("%s: exit %d, it is %s\n%s%s", name, r.code, w.pull.State(), r.log, r.err)
		}
		if s := w.repo.Statuses(w.pull.Head()); s[0].State != "success" {
			t.Errorf("%s: the status is %s", name, s[0].State)
		}
	}
}

// TestSweepReminds checks that the sweep reminds and a run for an event does not.
func TestSweepReminds(t *testing.T) {
	w, c := at(t, "turnaround: {complex: 2}\n", "parleo")
	w.open(w.namespace("parleo", nil))
	event := pullPayload(w.pull.Number)
	w.runner("pull_request_target", event)
	c.at = c.at.AddDate(0, 0, 4)
	w.runner("pull_request_target", event)
	if len(w.pull.Comments()) != 1 {
		t.Fatalf("%d comments", len(w.pull.Comments()))
	}
	r := w.runner("schedule", `{"schedule": "0 * * * *"}`)
	if n := len(w.pull.Comments()); n != 2 || !strings.Contains(fmt.Sprint(w.pull.Labels()), "overdue") {
		t.Errorf("%d comments, labels %q\n%s%s", n, w.pull.Labels(), r.log, r.err)
	}
	if r = w.runner("schedule", `{"schedule": "0 * * * *"}`); r.written != 0 {
		t.Errorf("the next sweep writes %d times\n%s", r.written, r.log)
	}
}

// TestContestedOnGitHub opens two pull requests for one namespace: both say so,
// with a link to the other.
func TestContestedOnGitHub(t *testing.T) {
	w, _ := at(t, "", "parleo")
	a := w.openAs("a", w.namespace("parleo", nil))
	b := w.openAs("b", w.namespace("parleo", map[string]string{"SETUP.md": w.examples[parleo+"SETUP.md"] + "\n"}))
	for _, each := range [][2]*githubtest.Pull{{a, b}, {b, a}} {
		o := w.reviewOf(each[0])
		link := fmt.Sprintf("[pull request %d](", each[1].Number)
		if got := w.comment(); !strings.Contains(got, link) || !strings.Contains(got, "(https://") {
			t.Errorf("%d: want %q in\n%s", each[0].Number, link, got)
		}
		if o.result.Decision.Stage != stage.QA {
			t.Errorf("%d: %+v", each[0].Number, o.result.Decision)
		}
	}
}

// TestFloodOnGitHub checks the limit of open submissions: the first ones are
// looked at, the others held.
func TestFloodOnGitHub(t *testing.T) {
	w, _ := at(t, "limits: {open_per_author: 1}\n", "parleo", "taskhub")
	a := w.openAs("a", w.namespace("parleo", nil))
	b := w.openAs("b", w.namespace("taskhub", map[string]string{"owners.json": w.examples[parleo+"owners.json"]}))
	if o := w.reviewOf(a); len(o.result.Facts.Holds) != 0 {
		t.Errorf("the first is held for %q", o.result.Facts.Holds)
	}
	if o := w.reviewOf(b); len(o.result.Facts.Holds) != 1 {
		t.Errorf("the second is held for %q", o.result.Facts.Holds)
	}
	a.Close(w.partner)
	if o := w.reviewOf(b); len(o.result.Facts.Holds) != 0 {
		t.Errorf("when the first is closed, the second is held for %q", o.result.Facts.Holds)
	}
}

// TestQueueUnknown checks that a review is made when the queue cannot be read.
func TestQueueUnknown(t *testing.T) {
	w, _ := at(t, "", "parleo")
	w.open(w.namespace("parleo", nil))
	r := w.reviewer()
	r.forge = noQueue{r.forge}
	o, err := r.pull(t.Context(), w.pull.Number)
	if err != nil || o.result.Decision.Stage != stage.QA || len(o.notes) != 1 || !strings.Contains(o.notes[0], "The place in the queue is not told") {
		t.Errorf("%v, %+v", err, o)
	}
}

// noQueue is a GitHub that does not tell of merged pull requests.
type noQueue struct{ forge }

func (noQueue) MergedPulls(context.Context) ([]pull.Merged, error) {
	return nil, errors.New("not today")
}

// TestQueueCommand lists what is open, from the status comments alone.
func TestQueueCommand(t *testing.T) {
	w, _ := at(t, "", "parleo", "taskhub", "mailbeam")
	w.reviewOf(w.openAs("a", w.namespace("parleo", nil)))
	w.reviewOf(w.openAs("b", w.namespace("taskhub", map[string]string{"miniapp.json": "{}\n"})))
	w.openAs("c", w.namespace("mailbeam", nil))
	queue := func(args ...string) (string, string, int) {
		var out, errs bytes.Buffer
		env := map[string]string{"GITHUB_TOKEN": w.rita.Token(), "GITHUB_API_URL": w.gh.URL}
		w.gh.ResetLog()
		code := Main(t.Context(), append([]string{"queue"}, args...), Streams{In: strings.NewReader(""), Out: &out, Err: &errs, Getenv: func(n string) string { return env[n] }, Now: w.gh.Now})
		return out.String(), errs.String(), code
	}
	text, errs, code := queue("--repo", "acme/definitions")
	if code != ExitClean || len(w.gh.Requests()) != 2 || len(w.gh.Writes()) != 0 {
		t.Fatalf("exit %d, %d requests\n%s", code, len(w.gh.Requests()), errs)
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) != 4 || !strings.Contains(lines[1], "parleo") || !strings.Contains(lines[1], "qa") || !strings.Contains(lines[1], "2026-12-07") ||
		!strings.Contains(lines[2], "intake") || !strings.Contains(lines[2], "partner") || !strings.Contains(lines[3], "not reviewed") {
		t.Errorf("the table is\n%s", text)
	}
	if page, _, _ := queue("--repo", "acme/definitions", "--format", "html"); !strings.Contains(page, "<!DOCTYPE html>") || !strings.Contains(page, "/pull/1\">1</a>") {
		t.Errorf("the page is\n%s", page)
	}
	for _, args := range [][]string{{}, {"--repo", "acme/definitions", "--format", "xml"}, {"--repo", "acme"}, {"--repo", "acme/definitions", "--bot", "x"}} {
		if _, errs, code := queue(args...); code != ExitUsage || !strings.HasPrefix(errs, "miniapp: ") {
			t.Errorf("%q: exit %d, %s", args, code, errs)
		}
	}
}
