package command_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/command"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       []command.Command
	}{
		{"alone", "/qa pass", []command.Command{{Verb: command.QAPass, Text: "/qa pass"}}},
		{"below text", "Looks good.\n\n/qa pass\r\n/hold  for Ann ", []command.Command{{Verb: command.QAPass, Text: "/qa pass"}, {Verb: command.Hold, Reason: "for Ann", Text: "/hold  for Ann"}}},
		{"on the next line", "Looks good.\n/recheck", []command.Command{{Verb: command.Recheck, Text: "/recheck"}}},
		{"items", "/qa pass connect, action:send event:a.b", []command.Command{{Verb: command.QAPass, Items: []string{"connect", "action:send", "event:a.b"}, Text: "/qa pass connect, action:send event:a.b"}}},
		{"a pass with a reason", "/qa pass action:send: tried: by hand", []command.Command{{Verb: command.QAPass, Items: []string{"action:send"}, Reason: "tried: by hand", Text: "/qa pass action:send: tried: by hand"}}},
		{"two items with a reason", "/qa pass connect install: both", []command.Command{{Verb: command.QAPass, Reason: "both", Wrong: "write one item, a colon, a space and the reason, as in /qa pass connect: tried by hand", Text: "/qa pass connect install: both"}}},
		{"a run", "/qa run", []command.Command{{Verb: command.QARun, Text: "/qa run"}}},
		{"a run of something", "/qa run connect", []command.Command{{Verb: command.QARun, Wrong: "/qa run stands alone on its line", Text: "/qa run connect"}}},
		{"a failure", "/qa fail action:send: it says: no", []command.Command{{Verb: command.QAFail, Items: []string{"action:send"}, Reason: "it says: no", Text: "/qa fail action:send: it says: no"}}},
		{"a failure without a reason", "/qa fail connect:", []command.Command{{Verb: command.QAFail, Wrong: "write the item, a colon, a space and the reason, as in /qa fail connect: the token is refused", Text: "/qa fail connect:"}}},
		{"a hold without a reason", "/hold", []command.Command{{Verb: command.Hold, Wrong: "a hold needs a reason, as in /hold waiting for the provider", Text: "/hold"}}},
		{"a typing error", "/qa pas", []command.Command{{Wrong: "after /qa comes pass, fail, reset or run; did you mean /qa pass?", Text: "/qa pas"}}},
		{"visibility", "/visibility partner-only", []command.Command{{Verb: command.Visibility, Value: "partner-only", Text: "/visibility partner-only"}}},
		{"too much", "/unhold please", []command.Command{{Verb: command.Unhold, Wrong: "/unhold stands alone on its line", Text: "/unhold please"}}},
		{"quoted", "> /qa pass", nil},
		{"quoted and continued", "> he wrote\n/qa pass", nil},
		{"in a fence", "```\n/qa pass\n```", nil},
		{"in an open fence", "```\n/qa pass", nil},
		{"indented code", "    /qa pass", nil},
		{"in a list", "- /qa pass\n- /recheck", nil},
		{"in a comment of HTML", "<!--\n/qa pass\n-->", nil},
		{"in details", "<details>\n/qa pass\n</details>", nil},
		{"in a heading", "# /qa pass", nil},
		{"not at the start", "please /qa pass", nil},
		{"in code", "`/qa pass`", nil},
		{"of another bot", "/approve\n/lgtm\n/qapass", nil},
		{"far too long", "/hold " + strings.Repeat("x", 600), nil},
		{"other letters", "/QA pass", nil},
		{"nothing", "", nil},
	} {
		if diff := cmp.Diff(c.want, command.Parse(c.body)); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
	if got := command.Parse(strings.Repeat("/recheck\n", 1000)); len(got) != 20 {
		t.Errorf("%d commands of one comment", len(got))
	}
}

func TestMatch(t *testing.T) {
	items := []command.Item{{ID: "connect"}, {ID: "action:send"}, {ID: "action:list"}, {ID: "event:list"}}
	for word, want := range map[string]string{"connect": "connect", "send": "action:send", "action:list": "action:list", "`send`": "action:send"} {
		if id, err := command.Match(items, word); err != nil || id != want {
			t.Errorf("%s: %q, %v", word, id, err)
		}
	}
	for word, want := range map[string]string{
		"list":    `"list" could be action:list or event:list: write the whole of it`,
		"conect":  `the checklist has no item "conect"; did you mean "connect"?`,
		"":        `the checklist has no item ""`,
		"deploys": `the checklist has no item "deploys"`,
	} {
		if _, err := command.Match(items, word); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", word, err, want)
		}
	}
}

// FuzzParse checks that every command is a line of the comment.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"/qa pass a b", "> /hold x", "```\n/qa", "/qa fail a: b\n/help", "\t/ok", "1. /ok", "<b>\n/ok"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, c := range command.Parse(body) {
			if !strings.HasPrefix(c.Text, "/") || !strings.Contains(strings.ReplaceAll(body, "\r\n", "\n"), c.Text) {
				t.Fatalf("%q is no line of %q", c.Text, body)
			}
		}
	})
}
