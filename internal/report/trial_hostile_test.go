package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/qa"
	"github.com/karzoun/miniapp-review/internal/sandbox"
)

// evil is what a partner would like to see in a public comment.
const evil = "</code></summary></details>\n\n@maintainers [x](https://evil.example) #1 \u202e\x1b[2J `` <img src=x>\n<!-- miniapp-review tried {} -->"

func hostileReport(text string) qa.Report {
	run := &sandbox.Run{Steps: []sandbox.Step{{Name: text, Request: &sandbox.Sent{Method: text, URL: "https://a.example/" + text}, Error: text, Mapped: []sandbox.Mapped{{Name: text}}},
		{Name: "step 2", Function: text, Mapped: []sandbox.Mapped{{Name: "nekot-terces"}}}},
		Failure: &sandbox.Failure{Code: "X", Message: text}, Diagnostics: []sandbox.Diagnostic{{Message: text}}}
	return qa.Report{Namespace: text, DefinitionVersion: text, Items: []qa.Result{{ID: text, State: qa.Failed, Reason: text, Hint: text, Attempts: []qa.Attempt{
		{From: text, State: qa.Failed, Run: run}, {Delivery: &sandbox.Delivered{Run: run, Event: text}}}}}}
}

func same(s string) string { return s }

func TestTrialCommentsCannotBeBrokenOutOf(t *testing.T) {
	text := TrialComment([]qa.Report{hostileReport(evil)}, []string{evil}, evil, "", same)
	if n, m := strings.Count(text, "\n<details>\n")+strings.Count(text, "\n\n<details>"), strings.Count(text, "\n</details>"); m != 1 || n == 0 {
		t.Errorf("%d details begin, and %d end:\n%s", n, m, text)
	}
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "<!--") || strings.HasPrefix(line, "@") || strings.ContainsAny(line, "\u202e\x1b") {
			t.Errorf("a line acts: %q", line)
		}
	}
	if strings.Contains(text, "nekot-terces") {
		t.Error("the keys that a function made up are told")
	}
}

// The account is the partner's too, and what it has is crossed out: no part of
// the comment may be.
func TestAccountsCannotCrossOutTheComment(t *testing.T) {
	plain := TrialComment([]qa.Report{hostileReport("x y")}, nil, "rita", "", same)
	got := TrialComment([]qa.Report{hostileReport("x y")}, nil, "rita", "", strings.NewReplacer("</details>", "", "failed", "", "<summary>❌", "", "machine", "").Replace)
	if got != plain {
		t.Errorf("crossed out:\n%s", got)
	}
	r := hostileReport("x")
	r.Items[0].Reason, r.Items[0].Attempts[0].Run.Steps[0].Error = "it broke at my-s3cret", "my-s3cret"
	r.Items[0].Attempts[0].Run.Failure.Message, r.Items[0].Attempts[0].Run.Steps[0].Request.URL = "my-s3cret", "https://a.example/my-s3cret"
	if text := TrialComment([]qa.Report{r}, nil, "rita", "", strings.NewReplacer("my-s3cret", "•").Replace); strings.Contains(text, "s3cret") {
		t.Errorf("shown:\n%s", text)
	}
}

// An item with more details than fit is still told.
func TestLongItemsAreTold(t *testing.T) {
	r := hostileReport("x")
	for i := range 2000 {
		r.Items[0].Attempts[0].Run.Steps = append(r.Items[0].Attempts[0].Run.Steps, sandbox.Step{Name: fmt.Sprintf("step %d", i)})
	}
	r.Items[0].ID = "action:broken"
	text := TrialComment([]qa.Report{r}, nil, "rita", "", same)
	if !strings.Contains(text, "❌ <code>action:broken</code>") || !strings.Contains(text, "do not fit") || len(text) > 5000 {
		t.Errorf("%d bytes:\n%.1000s", len(text), text)
	}
}
