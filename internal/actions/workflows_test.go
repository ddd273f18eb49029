package actions_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/actions"
)

func readYAML(t *testing.T, path string, v any) string {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	if err := yaml.Unmarshal(text, v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return string(text)
}

// TestActionFile holds action.yml and the code together.
func TestActionFile(t *testing.T) {
	var file struct {
		Name, Description, Author string
		Branding                  struct{ Icon, Color string }
		Inputs                    yaml.MapSlice
		Outputs                   yaml.MapSlice
		Runs                      struct {
			Using, Image string
			Args         []string
			Env          map[string]string
		}
	}
	readYAML(t, "../../action.yml", &file)
	keys := func(m yaml.MapSlice) (names []string) {
		for _, item := range m {
			names = append(names, item.Key.(string))
			if d, _ := item.Value.(map[string]any)["description"].(string); d == "" {
				t.Errorf("%v has no description", item.Key)
			}
		}
		return names
	}
	if d := cmp.Diff(actions.InputNames(), keys(file.Inputs)); d != "" {
		t.Error("inputs:", d)
	}
	if d := cmp.Diff(actions.OutputNames(), keys(file.Outputs)); d != "" {
		t.Error("outputs:", d)
	}
	// Arguments and environment variables made of inputs would be a way in.
	if !slices.Equal(file.Runs.Args, []string{"action"}) || len(file.Runs.Env) > 0 || file.Runs.Using != "docker" || file.Runs.Image != "Dockerfile" {
		t.Errorf("runs: %+v", file.Runs)
	}
	// What the Marketplace takes.
	if n := len(file.Description); n == 0 || n > 125 {
		t.Errorf("the description has %d characters", n)
	}
	if file.Name == "" || file.Author == "" || file.Branding.Icon == "" || file.Branding.Color == "" {
		t.Errorf("the Marketplace wants more than %+v", file)
	}
	// The inputs are taken as the runner passes their defaults.
	in, err := actions.ReadInputs(env("INPUT_TOKEN", "t", "INPUT_BOT", "", "INPUT_MARKER-SECRET", "", "INPUT_DRY-RUN", "false", "INPUT_TASK", "review", "INPUT_AGE-IDENTITY", ""))
	if err != nil || in != (actions.Inputs{Token: "t", Task: actions.TaskReview}) {
		t.Errorf("the defaults give %+v, %v", in, err)
	}
}

// workflow is a workflow file.
type workflow struct {
	On          map[string]any
	Permissions any
	Concurrency struct {
		Group  string
		Cancel bool `yaml:"cancel-in-progress"`
	}
	Jobs map[string]struct {
		Permissions any
		Timeout     int `yaml:"timeout-minutes"`
		Steps       []struct {
			Uses, Run string
			With      map[string]any
		}
	}
}

func workflows(t *testing.T, dir string) map[string]workflow {
	files, err := filepath.Glob(filepath.Join(dir, "*.yml"))
	must(t, err)
	if len(files) < 2 {
		t.Fatalf("%d workflows in %s", len(files), dir)
	}
	out := map[string]workflow{}
	for _, file := range files {
		var w workflow
		text := readYAML(t, file, &w)
		out[filepath.Base(file)] = w
		for i, line := range strings.Split(text, "\n") {
			if uses := pinned.FindStringSubmatch(line); uses != nil && !third.MatchString(strings.TrimSpace(uses[1])) {
				t.Errorf("%s:%d: %q is not pinned to a commit with its version beside it", file, i+1, uses[1])
			}
		}
	}
	return out
}

var (
	pinned = regexp.MustCompile(`^\s*(?:- )?uses:(.*)$`)
	// A definitions repository names this Action by the release that it chose.
	third = regexp.MustCompile(`^(?:[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+|karzoun/miniapp-review@v1)$`)
	// An expression is put into a script before the shell reads it, and many hold
	// text of people outside.
	expression = regexp.MustCompile(`\$\{\{`)
)

// TestWorkflows holds every workflow to the rules for those that can write.
func TestWorkflows(t *testing.T) {
	for _, dir := range []string{"../../.github/workflows", "../../examples/definitions-repo/.github/workflows"} {
		for name, w := range workflows(t, dir) {
			if w.Permissions == nil || fmt.Sprint(w.Permissions) != "map[]" {
				t.Errorf("%s gives all its jobs the permissions %v", name, w.Permissions)
			}
			if w.Concurrency.Group == "" || strings.Contains(w.Concurrency.Group, "head_ref") || strings.Contains(w.Concurrency.Group, "head.ref") || strings.Contains(w.Concurrency.Group, "head_branch") {
				t.Errorf("%s has the concurrency group %q", name, w.Concurrency.Group)
			}
			for id, job := range w.Jobs {
				if job.Permissions == nil || job.Timeout == 0 {
					t.Errorf("%s: the job %s says nothing of its permissions or its time", name, id)
				}
				for _, step := range job.Steps {
					if expression.MatchString(step.Run) {
						t.Errorf("%s: the job %s writes an expression into a script: %q", name, id, step.Run)
					}
					if strings.HasPrefix(step.Uses, "actions/checkout@") && step.With["persist-credentials"] != false {
						t.Errorf("%s: the job %s leaves the token on the disk", name, id)
					}
				}
			}
		}
	}
}

// TestDefinitionsWorkflows holds the shipped workflows to what makes them safe
// with pull requests from forks.
func TestDefinitionsWorkflows(t *testing.T) {
	all := workflows(t, "../../examples/definitions-repo/.github/workflows")
	if names := slices.Sorted(maps.Keys(all)); !slices.Equal(names, []string{"publish.yml", "qa.yml", "review-relay.yml", "review.yml"}) {
		t.Errorf("the workflows are %q", names)
	}
	review, relay := all["review.yml"], all["review-relay.yml"]
	if d := cmp.Diff([]string{"issue_comment", "merge_group", "pull_request_target", "schedule", "workflow_dispatch", "workflow_run"}, slices.Sorted(maps.Keys(review.On))); d != "" {
		t.Error("events of the review:", d)
	}
	if d := cmp.Diff([]string{"pull_request_review"}, slices.Sorted(maps.Keys(relay.On))); d != "" {
		t.Error("events of the relay:", d)
	}
	if got := fmt.Sprint(review.On["workflow_run"].(map[string]any)["workflows"]); got != "[review-relay]" {
		t.Errorf("the review follows the workflows %s", got)
	}
	for _, types := range []string{"opened", "synchronize", "reopened", "ready_for_review", "edited"} {
		if !strings.Contains(fmt.Sprint(review.On["pull_request_target"]), types) {
			t.Errorf("the review does not start when a pull request is %s", types)
		}
	}
	if !strings.Contains(review.Concurrency.Group, "github.event.pull_request.number") || review.Concurrency.Cancel {
		t.Errorf("the concurrency of the review: %+v", review.Concurrency)
	}
	// Every event that starts the review is one that calls for something.
	for event := range review.On {
		e := actions.Event{Name: event, PullRequest: 1, Head: &actions.Head{Repository: "a/b"}, Group: &actions.Group{}}
		if task := e.Task(); task.Kind == actions.Nothing {
			t.Errorf("the event %s calls for nothing: %s", event, task.Why)
		}
	}
	job := review.Jobs["review"]
	if d := cmp.Diff(map[string]any{"contents": "read", "pull-requests": "write", "statuses": "write"}, job.Permissions); d != "" {
		t.Error("permissions of the review:", d)
	}
	// Nothing but this Action runs: no checkout, no script.
	if len(review.Jobs) != 1 || len(job.Steps) != 1 || !strings.HasPrefix(job.Steps[0].Uses, "karzoun/miniapp-review@") {
		t.Errorf("the review runs %+v", review.Jobs)
	}
	for input, value := range job.Steps[0].With {
		if !slices.Contains(actions.InputNames(), input) {
			t.Errorf("the Action has no input %q", input)
		}
		if strings.Contains(fmt.Sprint(value), "github.event") {
			t.Errorf("the input %s takes %v from the event", input, value)
		}
	}
	empty := relay.Jobs["relay"]
	if len(relay.Jobs) != 1 || len(empty.Steps) != 1 || empty.Steps[0].Run != "true" || fmt.Sprint(empty.Permissions) != "map[]" {
		t.Errorf("the relay is not empty: %+v", relay.Jobs)
	}
}

// TestPublishWorkflow holds the one workflow that may write to the repository to
// what makes that safe.
func TestPublishWorkflow(t *testing.T) {
	all := workflows(t, "../../examples/definitions-repo/.github/workflows")
	publish := all["publish.yml"]
	if d := cmp.Diff([]string{"pull_request_target", "push", "schedule", "workflow_dispatch"}, slices.Sorted(maps.Keys(publish.On))); d != "" {
		t.Error("events:", d)
	}
	for event := range publish.On {
		e := actions.Event{Name: event, Action: "closed", Push: &actions.Push{Ref: "refs/heads/main"}, Repository: actions.Repository{DefaultBranch: "main"}}
		if task := e.PublishTask(); task.Kind != actions.Publish {
			t.Errorf("the event %s calls for %q", event, task.Kind)
		}
	}
	// One publisher at a time, whatever starts it.
	if publish.Concurrency.Group != "publish" || publish.Concurrency.Cancel {
		t.Errorf("concurrency %+v", publish.Concurrency)
	}
	job := publish.Jobs["publish"]
	if d := cmp.Diff(map[string]any{"contents": "write", "pull-requests": "write", "statuses": "write", "id-token": "write", "attestations": "write"}, job.Permissions); d != "" {
		t.Error("permissions:", d)
	}
	var uses []string
	for _, s := range job.Steps {
		name, _, _ := strings.Cut(s.Uses, "@")
		uses = append(uses, name)
		if s.Run != "" || strings.Contains(fmt.Sprint(s.With), "github.event") {
			t.Errorf("a step runs %q with %v", s.Run, s.With)
		}
	}
	if len(publish.Jobs) != 1 || !slices.Equal(uses, []string{"karzoun/miniapp-review", "actions/attest"}) || job.Steps[0].With["task"] != "publish" {
		t.Errorf("it runs %q", uses)
	}
	// The action that attests is the one that the project's own releases use.
	releases, err := os.ReadFile("../../.github/workflows/release.yml")
	must(t, err)
	if !strings.Contains(string(releases), job.Steps[1].Uses) {
		t.Errorf("the release uses another commit than %s", job.Steps[1].Uses)
	}
	// Nobody else may write to the repository, or sign for it.
	for name, w := range all {
		for id, job := range w.Jobs {
			for _, key := range []string{"contents", "id-token", "attestations"} {
				if p, _ := job.Permissions.(map[string]any); name != "publish.yml" && p[key] == "write" {
					t.Errorf("%s: the job %s has %q: write", name, id, key)
				}
			}
		}
	}
}

// TestPublishTask lists what publishes nothing.
func TestPublishTask(t *testing.T) {
	main := actions.Repository{DefaultBranch: "main"}
	for name, e := range map[string]actions.Event{
		"a push to another branch": {Name: "push", Repository: main, Push: &actions.Push{Ref: "refs/heads/work"}},
		"a tag of that name":       {Name: "push", Repository: main, Push: &actions.Push{Ref: "refs/tags/main"}},
		"an open pull request":     {Name: "pull_request_target", Action: "opened", PullRequest: 1},
		"a comment":                {Name: "issue_comment", PullRequest: 1},
		"a merge group":            {Name: "merge_group", Group: &actions.Group{}},
	} {
		if task := e.PublishTask(); task.Kind != actions.Nothing || task.Why == "" {
			t.Errorf("%s calls for %+v", name, task)
		}
	}
}

// TestQAWorkflow holds the one workflow that has the key of test accounts to what
// makes that safe.
func TestQAWorkflow(t *testing.T) {
	all := workflows(t, "../../examples/definitions-repo/.github/workflows")
	qa := all["qa.yml"]
	if d := cmp.Diff(map[string]any{"issue_comment": map[string]any{"types": []any{"created"}}}, qa.On); d != "" {
		t.Error("events:", d)
	}
	job := qa.Jobs["qa"]
	if d := cmp.Diff(map[string]any{"contents": "read", "pull-requests": "write", "statuses": "write"}, job.Permissions); d != "" {
		t.Error("permissions:", d)
	}
	if len(qa.Jobs) != 1 || len(job.Steps) != 1 || job.Steps[0].Run != "" || job.Steps[0].With["task"] != "qa" || strings.Contains(fmt.Sprint(job.Steps[0].With), "github.event") {
		t.Errorf("jobs: %+v", qa.Jobs)
	}
	for name := range all {
		data, err := os.ReadFile("../../examples/definitions-repo/.github/workflows/" + name)
		must(t, err)
		if has := strings.Contains(string(data), "secrets.MINIAPP_AGE_IDENTITY"); has != (name == "qa.yml") {
			t.Errorf("%s uses the key: %v", name, has)
		}
		if has := strings.Contains(string(data), "environment: miniapp-qa\n"); has != (name == "qa.yml") {
			t.Errorf("%s runs in the environment: %v", name, has)
		}
	}
}

func TestQATask(t *testing.T) {
	e := actions.Event{Name: "issue_comment", Action: "created", PullRequest: 7, Comment: &actions.Comment{ID: 9}}
	if task := e.QATask(); task.Kind != actions.TryPull || task.Number != 7 || task.Comment != 9 {
		t.Errorf("a comment calls for %+v", task)
	}
	for name, e := range map[string]actions.Event{
		"an edited comment":      {Name: "issue_comment", Action: "edited", PullRequest: 7, Comment: &actions.Comment{ID: 9}},
		"a comment on an issue":  {Name: "issue_comment", Action: "created", Comment: &actions.Comment{ID: 9}},
		"an opened pull request": {Name: "pull_request_target", Action: "opened", PullRequest: 7},
		"the schedule":           {Name: "schedule"},
	} {
		if task := e.QATask(); task.Kind != actions.Nothing || task.Why == "" {
			t.Errorf("%s calls for %+v", name, task)
		}
	}
}
