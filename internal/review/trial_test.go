package review_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/pull/pulltest"
	"github.com/karzoun/miniapp-review/internal/review"
	"github.com/karzoun/miniapp-review/internal/stage"
)

// withMachine is the example repository with QA by machine.
func withMachine(t *testing.T) pulltest.Files {
	repo := repository(t)
	return repo.With(map[string]string{review.ConfigFile: repo[review.ConfigFile].Data + "\nqa: machine\n"})
}

// tried adds the comment that the job writes for the command.
func (l *life) tried(command *pull.Comment, content string, items ...review.TrialItem) *pull.Comment {
	t := review.Trial{Content: content, Items: items}
	c := l.says("author", t.Comment(scope(l.s), l.s.Number, nil, command.ID, "What a machine saw."))
	c.User = l.s.Self
	return c
}

func scope(s *pull.Snapshot) string { return s.Repository.Owner + "/" + s.Repository.Name }

// request returns the only request of a review.
func request(t *testing.T, r *review.Result) review.Request {
	t.Helper()
	if len(r.Requests) != 1 {
		t.Fatalf("requests: %+v", r.Requests)
	}
	return r.Requests[0]
}

// states are the items that are not open, as ID, verdict and who.
func states(r *review.Result) []string {
	var list []string
	for _, it := range r.QA {
		if it.Passed || it.Failed {
			list = append(list, fmt.Sprintf("%s passed=%v by=%s machine=%v %s", it.ID, it.Passed, it.By, it.Machine, it.Reason))
		}
	}
	return list
}

func all(r *review.Result, failing ...string) []review.TrialItem {
	var items []review.TrialItem
	for _, it := range r.QA {
		reason := ""
		for _, f := range failing {
			if f == it.ID {
				reason = "the provider answered 403"
			}
		}
		items = append(items, review.TrialItem{ID: it.ID, Passed: reason == "", Reason: reason})
	}
	return items
}

func TestQAByMachine(t *testing.T) {
	repo := withMachine(t)
	l := begin(t, without(repo, "parleo"), repo)
	l.stands(stage.QA, stage.Pending)
	run := l.says("rita", "/qa run")
	r := l.stands(stage.QA, stage.Pending)
	asked := request(t, r)
	if asked.Comment != run.ID || asked.By != "rita" || asked.Content == "" || asked.Done {
		t.Errorf("the request is %+v", asked)
	}
	if !strings.Contains(r.Comment, "A machine is to try it for `rita`.") {
		t.Error("the status comment does not say that a machine is to try it")
	}
	evidence := l.tried(run, asked.Content, all(r, "action:sendMessage")...)
	r = l.stands(stage.QA, stage.Pending)
	if r.Facts.QAFailed != 1 || r.Facts.QAPassed != r.Facts.QAItems-1 {
		t.Errorf("facts: %+v", r.Facts)
	}
	want := fmt.Sprintf("a machine, for `rita`, %s ([evidence](#issuecomment-%d)): `the provider answered 403`", evidence.CreatedAt.Format("2006-01-02 15:04 MST"), evidence.ID)
	if !strings.Contains(r.Comment, want) || strings.Contains(r.Comment, "A machine is to try it") {
		t.Errorf("the status comment lacks %q:\n%s", want, r.Comment)
	}
	if !strings.Contains(r.Comment, "<summary>What the machine saw</summary>\n\nWhat a machine saw.\n\n</details>") {
		t.Errorf("the status comment lacks the evidence:\n%s", r.Comment)
	}
	if c := l.s.Comments[len(l.s.Comments)-1]; c.ID != evidence.ID || !c.Minimized {
		t.Errorf("the comment of the trial is not folded away: %+v", c)
	}
	// A person overrules it, with a reason only.
	l.says("walt", "/qa pass action:sendMessage")
	r = l.stands(stage.QA, stage.Pending)
	if !planned(r, "a machine found") {
		t.Error("nobody says that a reason is needed")
	}
	l.says("walt", "/qa pass")
	l.stands(stage.QA, stage.Pending)
	l.says("walt", "/qa pass action:sendMessage: the sandbox account may not send")
	r = l.stands(stage.Approval, stage.Pending)
	l.says("rita", "/qa fail connect: the scope is too wide")
	r = l.stands(stage.QA, stage.Pending)
	// And what a person found failing, no machine takes back.
	again := l.says("walt", "/qa run")
	l.stands(stage.QA, stage.Pending)
	l.tried(again, asked.Content, all(r)...)
	r = l.stands(stage.QA, stage.Pending)
	if got := states(r); !strings.Contains(strings.Join(got, "\n"), "connect passed=false by=rita machine=false the scope is too wide") {
		t.Errorf("states:\n%s", strings.Join(got, "\n"))
	}
}

// TestTrialsThatDoNotCount checks that only the machine's own comment for the
// present content and for a command that counts fills the checklist.
func TestTrialsThatDoNotCount(t *testing.T) {
	repo := withMachine(t)
	tests := []struct {
		name string
		do   func(l *life, run *pull.Comment, content string, items []review.TrialItem)
	}{
		{"another content", func(l *life, run *pull.Comment, _ string, items []review.TrialItem) {
			l.tried(run, "0123", items...)
		}},
		{"another command", func(l *life, run *pull.Comment, content string, items []review.TrialItem) {
			other := *run
			other.ID++
			l.tried(&other, content, items...)
		}},
		{"somebody else's comment", func(l *life, run *pull.Comment, content string, items []review.TrialItem) {
			l.tried(run, content, items...).User = people()["author"]
		}},
		{"an edited comment", func(l *life, run *pull.Comment, content string, items []review.TrialItem) {
			c := l.tried(run, content, review.TrialItem{ID: "connect"})
			c.Body = strings.Replace(c.Body, `"passed":false`, `"passed":true`, 1)
		}},
		{"a comment of another pull request", func(l *life, run *pull.Comment, content string, items []review.TrialItem) {
			c := l.tried(run, content, items...)
			c.Body = review.Trial{Content: content, Items: items}.Comment(scope(l.s), l.s.Number+1, nil, run.ID, "")
		}},
		{"items that there are not", func(l *life, run *pull.Comment, content string, items []review.TrialItem) {
			l.tried(run, content, review.TrialItem{ID: "action:other", Passed: true})
		}},
		{"a push in between", func(l *life, run *pull.Comment, content string, items []review.TrialItem) {
			l.pushes(repo.With(map[string]string{"definitions/parleo/SETUP.md": repo["definitions/parleo/SETUP.md"].Data + "\nMore.\n"}))
			l.tried(run, content, items...)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := begin(t, without(repo, "parleo"), repo)
			l.stands(stage.QA, stage.Pending)
			run := l.says("rita", "/qa run")
			r := l.stands(stage.QA, stage.Pending)
			tt.do(l, run, request(t, r).Content, all(r))
			r = l.stands(stage.QA, stage.Pending)
			if diff := cmp.Diff([]string(nil), states(r)); diff != "" {
				t.Errorf("it counts:\n%s", diff)
			}
		})
	}
}

func TestWhoMayLetAMachineTry(t *testing.T) {
	repo := withMachine(t)
	for _, who := range []string{"author", "read", "tria", "robot"} {
		l := begin(t, without(repo, "parleo"), repo)
		l.stands(stage.QA, stage.Pending)
		l.says(who, "/qa run")
		if r := l.stands(stage.QA, stage.Pending); len(r.Requests) > 0 {
			t.Errorf("%s may: %+v", who, r.Requests)
		}
	}
	plain := repository(t)
	l := begin(t, without(plain, "parleo"), plain)
	l.stands(stage.QA, stage.Pending)
	l.says("rita", "/qa run")
	if r := l.stands(stage.QA, stage.Pending); len(r.Requests) > 0 || !planned(r, "QA by machine is not set up") {
		t.Errorf("where it is not set up: %+v", r.Requests)
	}
	before := begin(t, without(repo, "parleo"), repo)
	before.says("rita", "/qa run")
	if r := before.stands(stage.QA, stage.Pending); len(r.Requests) > 0 {
		t.Errorf("before anything was seen: %+v", r.Requests)
	}
}

// TestContestedNamespaces checks that nobody gets somebody else's test account by
// submitting the same new namespace with a copy of it.
func TestContestedNamespaces(t *testing.T) {
	repo := withMachine(t)
	l := begin(t, without(repo, "parleo"), repo)
	l.s.Others = []pull.Other{{Number: 3, Claims: map[string]string{"parleo": "1.0.0"}}}
	l.stands(stage.QA, stage.Pending)
	l.says("rita", "/qa run")
	if r := l.stands(stage.QA, stage.Pending); len(r.Requests) > 0 || !planned(r, "another open pull request submits the same new MiniApp") {
		t.Errorf("contested: %+v", r.Requests)
	}
	l.s.Others[0].Claims = map[string]string{"else": "1.0.0"}
	l.says("rita", "/qa run")
	if r := l.stands(stage.QA, stage.Pending); len(r.Requests) == 0 {
		t.Error("another namespace is in the way")
	}
}

func TestTrialsFit(t *testing.T) {
	trial := review.Trial{Content: "c"}
	for i := range 5000 {
		trial.Items = append(trial.Items, review.TrialItem{ID: fmt.Sprintf("action:%d", i), Passed: i != 4999, Reason: strings.Repeat("<", 100_000*(i/4999))})
	}
	text := trial.Comment("a/b", 1, nil, 2, "Text.")
	if len(text) > 25_000 || !strings.Contains(text, `"action:4999"`) || !strings.Contains(text, `"action:100"`) {
		t.Errorf("%d bytes: %.300s", len(text), text)
	}
}

// TestItemsOfSeveralNamespaces checks that each item has a name of its own.
func TestItemsOfSeveralNamespaces(t *testing.T) {
	repo := repository(t)
	l := begin(t, without(without(repo, "parleo"), "taskhub"), repo)
	r := settle(t, l.s)
	seen := map[string]bool{}
	for _, it := range r.QA {
		if seen[it.ID] {
			t.Errorf("two items are called %s", it.ID)
		}
		seen[it.ID] = true
	}
	if !seen["parleo/connect"] || !seen["taskhub/connect"] {
		t.Errorf("items: %v", seen)
	}
}

// planned reports whether the plan writes a comment with this text.
func planned(r *review.Result, text string) bool {
	for _, op := range r.Plan.Operations {
		if strings.Contains(op.Body, text) {
			return true
		}
	}
	return false
}
