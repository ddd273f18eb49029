package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/githubtest"
)

// ran is what a run of the Action left.
type ran struct {
	code              int
	log, err          string
	outputs, summary  string
	requests, written int
}

// runner runs the Action in the world as GitHub's runner does.
func (w *world) runner(event, payload string, more ...string) ran {
	w.Helper()
	dir := w.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(file("event.json"), []byte(payload), 0o600); err != nil {
		w.Fatal(err)
	}
	env := map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": event, "GITHUB_EVENT_PATH": file("event.json"),
		"GITHUB_REPOSITORY": w.repo.Owner + "/" + w.repo.Name, "GITHUB_API_URL": w.gh.URL, "GITHUB_SERVER_URL": "https://github.example", "GITHUB_RUN_ID": "42",
		"GITHUB_OUTPUT": file("output"), "GITHUB_STEP_SUMMARY": file("summary"),
		"INPUT_TOKEN": w.repo.ActionsToken(w.permissions),
	}
	for i := 0; i < len(more); i += 2 {
		env[more[i]] = more[i+1]
	}
	var out, errs bytes.Buffer
	w.gh.ResetLog()
	code := Main(context.Background(), []string{"action"}, Streams{In: strings.NewReader(""), Out: &out, Err: &errs,
		Getenv: func(name string) string { return env[name] }, Now: w.gh.Now, Random: rand.Reader, provider: w.provider})
	read := func(name string) string {
		text, _ := os.ReadFile(file(name))
		return string(text)
	}
	return ran{code, out.String(), errs.String(), read("output"), read("summary"), len(w.gh.Requests()), len(w.gh.Writes())}
}

func pullPayload(n int) string {
	return fmt.Sprintf(`{"action": "opened", "number": %d, "pull_request": {"number": %d}, "repository": {"id": 1, "full_name": "acme/definitions"}}`, n, n)
}

// outputs reads what the runner would take for outputs.
func outputs(t *testing.T, text string) map[string]string {
	t.Helper()
	out := map[string]string{}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i := 0; i < len(lines); {
		name, delimiter, ok := strings.Cut(lines[i], "<<")
		if !ok {
			t.Fatalf("no output starts with %q", lines[i])
		}
		var value []string
		for i++; i < len(lines) && lines[i] != delimiter; i++ {
			value = append(value, lines[i])
		}
		out[name] = strings.Join(value, "\n")
		i++
	}
	return out
}

func TestActionReviews(t *testing.T) {
	w := newWorld(t, githubtest.Options{}, "parleo")
	w.open(w.namespace("parleo", map[string]string{"miniapp.json": twelve(w)}))
	r := w.runner("pull_request_target", pullPayload(w.pull.Number))
	if r.code != ExitClean || r.err != "" {
		t.Fatalf("exit %d: %s\n%s", r.code, r.err, r.log)
	}
	out := outputs(t, r.outputs)
	if out["pull-request"] != fmt.Sprint(w.pull.Number) || out["stage"] != "intake" || out["status"] != "failure" || out["errors"] == "0" {
		t.Errorf("outputs %v", out)
	}
	if !strings.Contains(r.summary, "### MiniApp review: `parleo`") || strings.Contains(r.summary, "@") {
		t.Errorf("summary\n%s", r.summary)
	}
	if n := strings.Count(r.log, "\n::error "); n != 10 {
		t.Errorf("%d annotations\n%s", n, r.log)
	}
	if s := w.repo.Statuses(w.pull.Head()); len(s) != 1 || s[0].TargetURL != "https://github.example/acme/definitions/actions/runs/42" {
		t.Errorf("statuses %+v", s)
	}
	if r = w.runner("pull_request_target", pullPayload(w.pull.Number)); r.written != 0 || r.code != ExitClean {
		t.Errorf("the second run writes %d times, exit %d", r.written, r.code)
	}
}

// TestActionEvents checks what each event leads to.
func TestActionEvents(t *testing.T) {
	w := newWorld(t, githubtest.Options{}, "parleo")
	w.open(w.namespace("parleo", nil))
	head := w.pull.Head()
	for _, c := range []struct{ name, event, payload, log string }{
		{"a review, relayed", "workflow_run", `{"action": "completed", "workflow_run": {"head_sha": "` + head + `", "event": "pull_request_review", "head_repository": {"full_name": "parleo-partners/definitions"}}}`, "done on pull request 1"},
		{"a run for another commit", "workflow_run", `{"workflow_run": {"head_sha": "` + strings.Repeat("0", 40) + `", "head_repository": {"full_name": "parleo-partners/definitions"}}}`, "no open pull request has the commit"},
		{"the right commit in another repository", "workflow_run", `{"workflow_run": {"head_sha": "` + head + `", "head_repository": {"full_name": "evil/definitions"}}}`, "no open pull request has the commit"},
		{"a comment", "issue_comment", `{"issue": {"number": 1, "pull_request": {}}, "comment": {"id": 5}}`, "pull request 1: nothing to do"},
		{"a comment on an issue", "issue_comment", `{"issue": {"number": 3}, "comment": {"id": 5}}`, "nothing to do: the comment is on an issue"},
		{"the sweep", "schedule", `{"schedule": "0 * * * *"}`, "1 open pull requests were looked at"},
		{"by hand", "workflow_dispatch", `{"inputs": {"pull_request": "1"}}`, "pull request 1: nothing to do"},
		{"something else", "watch", `{"action": "started"}`, "nothing to do: the event \"watch\" calls for nothing"},
	} {
		if r := w.runner(c.event, c.payload); r.code != ExitClean || !strings.Contains(r.log, c.log) {
			t.Errorf("%s: exit %d, log %s%s", c.name, r.code, r.log, r.err)
		}
	}
}

// TestActionFailsAloud checks that a run that cannot do its work says why in the
// log, with what to do, and never with text that GitHub could take for a command.
func TestActionFailsAloud(t *testing.T) {
	for name, c := range map[string]struct {
		arrange func(w *world)
		more    []string
		code    int
		want    string
	}{
		"no permission to write": {func(w *world) { w.permissions = githubtest.ReadOnly() }, nil, ExitFailed, `give the job "pull-requests: write" under "permissions:"`},
		"no token":               {func(*world) {}, []string{"INPUT_TOKEN", ""}, ExitUsage, "the input token is empty"},
		"GitHub is down": {func(w *world) {
			w.gh.Inject(githubtest.When{Times: -1}, githubtest.Answer(401, "Bad credentials\n::set-output name=x::y"))
		}, nil, ExitFailed, "Bad credentials"},
	} {
		w := newWorld(t, githubtest.Options{}, "parleo")
		w.open(w.namespace("parleo", nil))
		c.arrange(w)
		r := w.runner("pull_request_target", pullPayload(w.pull.Number), c.more...)
		if r.code != c.code || !strings.Contains(r.log, c.want) || !strings.Contains(r.log, "::error ") {
			t.Errorf("%s: exit %d\n%s%s", name, r.code, r.log, r.err)
		}
		if strings.Contains(r.log, "\n::set-output") {
			t.Errorf("%s: a command of somebody else\n%s", name, r.log)
		}
	}
}

// TestUnfinishedReviewIsNoSuccess checks that a review which could not be written
// ends in a status that says so, and that the next one heals it.
func TestUnfinishedReviewIsNoSuccess(t *testing.T) {
	w := newWorld(t, githubtest.Options{}, "parleo")
	w.open(w.namespace("parleo", nil))
	w.gh.Inject(githubtest.When{Method: "POST", Path: "/repos/*/*/issues/*/comments", Times: -1}, githubtest.Answer(403, "Resource not accessible by integration"))
	r := w.runner("pull_request_target", pullPayload(w.pull.Number))
	if s := w.repo.Statuses(w.pull.Head()); r.code != ExitFailed || len(s) != 1 || s[0].State != "error" {
		t.Errorf("exit %d, statuses %+v\n%s", r.code, s, r.log)
	}
	w.gh.Heal()
	w.runner("pull_request_target", pullPayload(w.pull.Number))
	if s := w.repo.Statuses(w.pull.Head()); s[0].State != "pending" || len(w.pull.Comments()) != 1 {
		t.Errorf("statuses %+v, %d comments", s, len(w.pull.Comments()))
	}
}

func TestActionDryRun(t *testing.T) {
	w := newWorld(t, githubtest.Options{}, "parleo")
	w.open(w.namespace("parleo", nil))
	if r := w.runner("pull_request_target", pullPayload(w.pull.Number), "INPUT_DRY-RUN", "true"); r.code != ExitClean || r.written != 0 || !strings.Contains(r.log, "add the labels") {
		t.Errorf("exit %d, %d writes\n%s", r.code, r.written, r.log)
	}
}
