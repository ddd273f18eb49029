package actions_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/actions"
)

const (
	shaA = "5779607b49aab1200488439f02372c57b4f75444"
	shaB = "380387fbc80638b734a49e1be1c4dfec1c01b33c"
	repo = `"repository":{"id":7,"full_name":"octo-org/definitions","default_branch":"main"},"sender":{"id":3,"login":"mona","type":"User"}`
)

func TestDecodeEvent(t *testing.T) {
	repository := actions.Repository{ID: 7, Name: "octo-org/definitions", DefaultBranch: "main"}
	mona := actions.Account{ID: 3, Login: "mona"}
	tests := map[string]struct {
		event, payload string
		want           actions.Event
	}{
		"a pull request": {
			"pull_request_target", `{"action":"synchronize","number":12,"pull_request":{"number":12},` + repo + `}`,
			actions.Event{Action: "synchronize", PullRequest: 12},
		},
		"a review": {
			"pull_request_review", `{"action":"submitted","pull_request":{"number":12},` + repo + `}`,
			actions.Event{Action: "submitted", PullRequest: 12},
		},
		"a comment on a pull request": {
			"issue_comment", `{"action":"edited","issue":{"number":12,"pull_request":{"url":"…"}},"comment":{"id":99,"user":{"id":5,"login":"bot[bot]","type":"Bot"}},` + repo + `}`,
			actions.Event{Action: "edited", PullRequest: 12, Comment: &actions.Comment{ID: 99, Author: actions.Account{ID: 5, Login: "bot[bot]", Bot: true}}},
		},
		"a comment on an issue": {
			"issue_comment", `{"action":"created","issue":{"number":12,"pull_request":null},"comment":{"id":99,"user":null},` + repo + `}`,
			actions.Event{Action: "created", Comment: &actions.Comment{ID: 99}},
		},
		"a run of the relay, whose number is not believed": {
			"workflow_run", `{"action":"completed","number":1,"workflow_run":{"head_sha":"` + shaA + `","event":"pull_request_review","head_repository":{"full_name":"partner/definitions"},"pull_requests":[{"number":666}]},` + repo + `}`,
			actions.Event{Action: "completed", Head: &actions.Head{SHA: shaA, Repository: "partner/definitions", Event: "pull_request_review"}},
		},
		"a run for a fork that was deleted": {
			"workflow_run", `{"action":"completed","workflow_run":{"head_sha":"` + shaA + `","head_repository":null},` + repo + `}`,
			actions.Event{Action: "completed", Head: &actions.Head{SHA: shaA}},
		},
		"a start by hand": {
			"workflow_dispatch", `{"inputs":{"pull_request":"12"},"ref":"refs/heads/main",` + repo + `}`,
			actions.Event{PullRequest: 12},
		},
		"a start by hand with a typed input": {
			"workflow_dispatch", `{"inputs":{"pull_request":12},` + repo + `}`,
			actions.Event{PullRequest: 12},
		},
		"a start by hand for all": {
			"workflow_dispatch", `{"inputs":{"pull_request":""},` + repo + `}`,
			actions.Event{},
		},
		"a start by hand without inputs": {"workflow_dispatch", `{"inputs":null,` + repo + `}`, actions.Event{}},
		"a merge group": {
			"merge_group", `{"action":"checks_requested","merge_group":{"head_sha":"` + shaA + `","head_ref":"refs/heads/gh-readonly-queue/main/pr-104-x","base_sha":"` + shaB + `","base_ref":"refs/heads/main"},` + repo + `}`,
			actions.Event{Action: "checks_requested", Group: &actions.Group{HeadSHA: shaA, BaseSHA: shaB, HeadRef: "refs/heads/gh-readonly-queue/main/pr-104-x", BaseRef: "refs/heads/main"}},
		},
		"a schedule": {"schedule", `{"schedule":"0 4 * * *",` + repo + `}`, actions.Event{}},
		"a push": {
			"push", `{"ref":"refs/heads/main","before":"` + shaA + `","after":"` + shaB + `",` + repo + `}`,
			actions.Event{Push: &actions.Push{Ref: "refs/heads/main", Before: shaA, After: shaB}},
		},
		"an event that calls for nothing, with members of other kinds": {
			"deployment", `{"action":"created","number":"x","ref":5,"workflow_run":[],` + repo + `}`,
			actions.Event{Action: "created"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			want := test.want
			want.Name, want.Repository, want.Sender = test.event, repository, mona
			got, err := actions.DecodeEvent(test.event, []byte(test.payload))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestDecodeEventRefuses(t *testing.T) {
	tests := map[string]struct{ event, payload, want string }{
		"no object":                 {"push", `[]`, "cannot unmarshal"},
		"cut off":                   {"push", `{"ref":`, "unexpected end"},
		"something behind it":       {"schedule", `{} {}`, "invalid character"},
		"a pull request in words":   {"pull_request", `{"pull_request":{"number":"12"}}`, "cannot unmarshal"},
		"a fraction":                {"pull_request", `{"pull_request":{"number":1.5}}`, "cannot unmarshal"},
		"the number 0":              {"pull_request", `{"pull_request":{"number":0}}`, "number 0"},
		"a negative number":         {"pull_request", `{"pull_request":{"number":-1}}`, "number -1"},
		"two numbers":               {"pull_request_target", `{"number":1,"pull_request":{"number":2}}`, "two pull requests"},
		"no pull request":           {"pull_request_target", `{"number":1}`, "no pull_request"},
		"a comment without an id":   {"issue_comment", `{"issue":{"number":1},"comment":{}}`, "the id 0"},
		"a branch for a commit":     {"workflow_run", `{"workflow_run":{"head_sha":"refs/heads/x"}}`, "no commit id"},
		"a way out of a path":       {"workflow_run", `{"workflow_run":{"head_sha":"` + shaA + `","head_repository":{"full_name":"../x"}}}`, "no name of a repository"},
		"a name with a question":    {"schedule", `{"repository":{"full_name":"a/b?c"}}`, "no name of a repository"},
		"a name with a second line": {"schedule", `{"repository":{"full_name":"a/b\n"}}`, "no name of a repository"},
		"an input with a word":      {"workflow_dispatch", `{"inputs":{"pull_request":"12; rm"}}`, "takes the number"},
		"an input with a sign":      {"workflow_dispatch", `{"inputs":{"pull_request":"+12"}}`, "takes the number"},
		"an input that is too long": {"workflow_dispatch", `{"inputs":{"pull_request":"99999999999999999999"}}`, "takes the number"},
		"an input that is a list":   {"workflow_dispatch", `{"inputs":{"pull_request":[1]}}`, "takes the number"},
		"an input with a fraction":  {"workflow_dispatch", `{"inputs":{"pull_request":1.5}}`, "takes the number"},
		"an input beyond numbers":   {"workflow_dispatch", `{"inputs":{"pull_request":1e300}}`, "number"},
		"a group without commits":   {"merge_group", `{"merge_group":{}}`, "no commit id"},
		"a push without a ref":      {"push", `{"before":"` + shaA + `","after":"` + shaB + `"}`, "unexpected end"},
		"too large":                 {"push", strings.Repeat(" ", actions.MaxEventBytes+1), "bytes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e, err := actions.DecodeEvent(test.event, []byte(test.payload))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %+v and the error %v, want an error with %q", e, err, test.want)
			}
		})
	}
}

func TestReadEvent(t *testing.T) {
	file := filepath.Join(t.TempDir(), "event.json")
	if err := os.WriteFile(file, []byte(`{"pull_request":{"number":4}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := actions.ReadEvent("pull_request", file)
	if err != nil || e.PullRequest != 4 {
		t.Errorf("got %+v, %v", e, err)
	}
	for _, args := range [][2]string{{"", file}, {"push", ""}, {"push", file + "-not"}} {
		if _, err := actions.ReadEvent(args[0], args[1]); err == nil {
			t.Errorf("no error for the event %q in %q", args[0], args[1])
		}
	}
}

// TestExampleDeliveries decodes every example delivery that GitHub's own
// client library is tested with.
func TestExampleDeliveries(t *testing.T) {
	if os.Getenv("MINIAPP_PEER") == "" {
		t.Skip("GitHub's examples are only read by make test, or with MINIAPP_PEER=1 after npm ci --prefix test/peer")
	}
	files, err := filepath.Glob("../../test/peer/node_modules/@octokit/webhooks-examples/*/index.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples (%v): run npm ci --prefix test/peer", err)
	}
	decoded, numbered := 0, 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var events []struct {
			Name     string            `json:"name"`
			Examples []json.RawMessage `json:"examples"`
		}
		if err := json.Unmarshal(text, &events); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, event := range events {
			for i, example := range event.Examples {
				e, err := actions.DecodeEvent(event.Name, example)
				if err != nil {
					t.Errorf("%s, %s %d: %v", file, event.Name, i, err)
				}
				decoded++
				if strings.HasPrefix(event.Name, "pull_request") && e.Task().Number > 0 {
					numbered++
				}
				if event.Name == "workflow_run" && (e.Head == nil || e.Head.Repository == "") {
					t.Errorf("%s: no head in the example %d of workflow_run", file, i)
				}
			}
		}
	}
	if decoded < 726 || numbered < 57 {
		t.Errorf("decoded %d examples, %d of them named a pull request", decoded, numbered)
	}
}

func FuzzDecodeEvent(f *testing.F) {
	f.Add("pull_request", `{"pull_request":{"number":12},`+repo+`}`)
	f.Add("workflow_run", `{"workflow_run":{"head_sha":"`+shaA+`","head_repository":{"full_name":"a/b"}}}`)
	f.Add("workflow_dispatch", `{"inputs":{"pull_request":"12"}}`)
	f.Fuzz(func(t *testing.T, name, payload string) {
		e, err := actions.DecodeEvent(name, []byte(payload))
		if err != nil {
			return
		}
		if e.PullRequest < 0 || strings.ContainsAny(e.Repository.Name, " ?#%\n\r\\") {
			t.Errorf("took %+v", e)
		}
		if h := e.Head; h != nil && (len(h.SHA) != 40 && len(h.SHA) != 64 || strings.ContainsAny(h.Repository, " ?#%\n\r\\")) {
			t.Errorf("took %+v", *h)
		}
	})
}
