package actions_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/actions"
)

func env(pairs ...string) func(string) string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return func(name string) string { return m[name] }
}

func TestReadInputs(t *testing.T) {
	secret := strings.Repeat("s", 32)
	got, err := actions.ReadInputs(env("INPUT_TOKEN", " t0ken ", "INPUT_MARKER-SECRET", secret, "INPUT_BOT", "my-app[bot]:1234", "INPUT_DRY-RUN", "true"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(actions.Inputs{Token: "t0ken", MarkerSecret: secret, Bot: actions.Account{ID: 1234, Login: "my-app[bot]", Bot: true}, DryRun: true, Task: actions.TaskReview}, got); d != "" {
		t.Error(d)
	}
	got, err = actions.ReadInputs(env("INPUT_TOKEN", "t0ken"))
	if d := cmp.Diff(actions.Inputs{Token: "t0ken", Task: actions.TaskReview}, got); d != "" || err != nil {
		t.Error(d, err)
	}
}

func TestReadInputsRefuses(t *testing.T) {
	_, err := actions.ReadInputs(env("INPUT_TOKEN", "a b", "INPUT_MARKER-SECRET", "hunter2", "INPUT_BOT", "my-app[bot]", "INPUT_DRY-RUN", "yes"))
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"token holds white space", "marker-secret has fewer", `bot is "my-app[bot]": it takes a login and a numeric id`, `dry-run is "yes"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %q", want, err)
		}
	}
	for _, secret := range []string{"hunter2", "a b"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("a secret is in %q", err)
		}
	}
	if _, err := actions.ReadInputs(env()); err == nil || !strings.Contains(err.Error(), "token is empty") {
		t.Error(err)
	}
	for _, bot := range []string{":1", "a:", "a:0", "a:-1", "a:1x", "a b:1", "a:9999999999999999999", "a\n:1"} {
		if in, err := actions.ReadInputs(env("INPUT_TOKEN", "t", "INPUT_BOT", bot)); err == nil {
			t.Errorf("took the bot %q as %+v", bot, in.Bot)
		}
	}
}

func TestTheKeyIsForQAAlone(t *testing.T) {
	got, err := actions.ReadInputs(env("INPUT_TOKEN", "t", "INPUT_TASK", "qa", "INPUT_AGE-IDENTITY", "AGE-SECRET-KEY-X"))
	if d := cmp.Diff(actions.Inputs{Token: "t", Task: actions.TaskQA, AgeIdentity: "AGE-SECRET-KEY-X"}, got); d != "" || err != nil {
		t.Error(d, err)
	}
	for _, wrong := range [][]string{{"INPUT_TASK", "qa"}, {"INPUT_AGE-IDENTITY", "AGE-SECRET-KEY-X"}, {"INPUT_TASK", "publish", "INPUT_AGE-IDENTITY", "AGE-SECRET-KEY-X"}} {
		if _, err := actions.ReadInputs(env(append(wrong, "INPUT_TOKEN", "t")...)); err == nil || !strings.Contains(err.Error(), "age-identity") || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%v: %v", wrong, err)
		}
	}
}

func TestReadRun(t *testing.T) {
	got, err := actions.ReadRun(env("GITHUB_EVENT_NAME", "push", "GITHUB_EVENT_PATH", "/e.json", "GITHUB_REPOSITORY", "octo-org/defs",
		"GITHUB_API_URL", "https://ghes.example/api/v3/", "GITHUB_GRAPHQL_URL", "https://ghes.example/api/graphql", "GITHUB_SERVER_URL", "https://ghes.example", "GITHUB_RUN_ID", "42"))
	if err != nil {
		t.Fatal(err)
	}
	want := actions.Run{EventName: "push", EventPath: "/e.json", Owner: "octo-org", Name: "defs", APIURL: "https://ghes.example/api/v3",
		GraphQLURL: "https://ghes.example/api/graphql", ServerURL: "https://ghes.example", URL: "https://ghes.example/octo-org/defs/actions/runs/42"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	got, err = actions.ReadRun(env("GITHUB_REPOSITORY", "a/b"))
	if d := cmp.Diff(actions.Run{Owner: "a", Name: "b", APIURL: "https://api.github.com", GraphQLURL: "https://api.github.com/graphql", ServerURL: "https://github.com"}, got); d != "" || err != nil {
		t.Error(d, err)
	}
	for _, wrong := range [][]string{
		{}, {"GITHUB_REPOSITORY", "a"}, {"GITHUB_REPOSITORY", "a/b/c"}, {"GITHUB_REPOSITORY", "a/b\n"},
		{"GITHUB_REPOSITORY", "a/b", "GITHUB_API_URL", "ghes"}, {"GITHUB_REPOSITORY", "a/b", "GITHUB_API_URL", "file:///etc"},
		{"GITHUB_REPOSITORY", "a/b", "GITHUB_SERVER_URL", "https://u:p@ghes"}, {"GITHUB_REPOSITORY", "a/b", "GITHUB_GRAPHQL_URL", "https://ghes?q"},
	} {
		if r, err := actions.ReadRun(env(wrong...)); err == nil {
			t.Errorf("%q gave %+v", wrong, r)
		}
	}
}

func TestTask(t *testing.T) {
	head := &actions.Head{SHA: shaA, Repository: "a/b"}
	tests := []struct {
		event actions.Event
		want  actions.Task
	}{
		{actions.Event{Name: "pull_request_target", PullRequest: 3}, actions.Task{Kind: actions.ReviewPull, Number: 3}},
		{actions.Event{Name: "issue_comment", PullRequest: 3}, actions.Task{Kind: actions.ReviewPull, Number: 3}},
		{actions.Event{Name: "workflow_run", Head: head}, actions.Task{Kind: actions.ReviewHead, Head: *head}},
		{actions.Event{Name: "workflow_dispatch", PullRequest: 3}, actions.Task{Kind: actions.ReviewPull, Number: 3}},
		{actions.Event{Name: "workflow_dispatch"}, actions.Task{Kind: actions.Sweep}},
		{actions.Event{Name: "schedule"}, actions.Task{Kind: actions.Sweep}},
		{actions.Event{Name: "merge_group", Group: &actions.Group{HeadSHA: shaA}}, actions.Task{Kind: actions.ReviewGroup, Group: actions.Group{HeadSHA: shaA}}},
	}
	for _, test := range tests {
		if d := cmp.Diff(test.want, test.event.Task()); d != "" {
			t.Errorf("%s: %s", test.event.Name, d)
		}
	}
	for _, event := range []actions.Event{{Name: "issue_comment"}, {Name: "workflow_run", Head: &actions.Head{SHA: shaA}}, {Name: "push"}, {Name: "gollum"}} {
		if task := event.Task(); task.Kind != actions.Nothing || task.Why == "" {
			t.Errorf("%s: %+v", event.Name, task)
		}
	}
}
