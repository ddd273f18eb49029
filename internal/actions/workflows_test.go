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
	in, err := actions.ReadInputs(env("INPUT_TOKEN", "t", "INPUT_BOT", "", "INPUT_MARKER-SECRET", "", "INPUT_DRY-RUN", "false", "INPUT_TASK", "review"))
	if err != nil || in != (actions.Inputs{Token: "t"}) {
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
	if names := slices.Sorted(maps.Keys(all)); !slices.Equal(names, []string{"review-relay.yml", "review.yml"}) {
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
