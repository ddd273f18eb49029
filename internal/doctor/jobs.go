package doctor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/karzoun/miniapp-review/internal/config"
	"github.com/karzoun/miniapp-review/internal/github"
)

// job is one that runs the Action.
type job struct {
	path, name, task string
	// identity says that it can ask for tokens of identity.
	identity bool
}

// jobs returns the jobs that run the Action with a task that is written out, in
// the order of the files and of their names. A file that is no workflow has none.
func jobs(files []github.WorkflowFile) []job {
	var list []job
	for _, f := range files {
		var w struct {
			Permissions any `yaml:"permissions"`
			Jobs        map[string]struct {
				Permissions any `yaml:"permissions"`
				Steps       []struct {
					Uses string         `yaml:"uses"`
					With map[string]any `yaml:"with"`
				} `yaml:"steps"`
			} `yaml:"jobs"`
		}
		if yaml.Unmarshal([]byte(f.Content), &w) != nil {
			continue
		}
		var found []job
		for name, j := range w.Jobs {
			granted := j.Permissions
			if granted == nil {
				granted = w.Permissions // a job's own replace all of the workflow's
			}
			for _, s := range j.Steps {
				task, written := s.With["task"].(string)
				if uses, _, _ := strings.Cut(s.Uses, "@"); uses == action && written {
					found = append(found, job{path: f.Path, name: name, task: task, identity: identifies(granted)})
				}
			}
		}
		slices.SortStableFunc(found, func(a, b job) int { return strings.Compare(a.name, b.name) })
		list = append(list, found...)
	}
	return list
}

// identifies reports whether permissions have id-token. No default gives it.
func identifies(permissions any) bool {
	switch p := permissions.(type) {
	case string:
		return p == "write-all"
	case map[string]any:
		return p["id-token"] == "write"
	}
	return false
}

// configured holds the workflows against what the configuration wants of them.
func configured(s *github.Setup, c *config.Config) []Check {
	audience := slices.ContainsFunc(c.Publish.To, func(r config.Registry) bool { return r.Audience != "" })
	if s.Workflows.Unseen != "" || !audience && !c.QAMachine {
		return nil // that they are unseen is said elsewhere
	}
	all := jobs(s.Workflows.Value)
	with := func(task string) []job {
		return slices.DeleteFunc(slices.Clone(all), func(j job) bool { return j.task != task })
	}
	var checks []Check
	if audience {
		checks = append(checks, identity(with("publish")))
	}
	if c.QAMachine {
		const name = "QA by machine"
		if len(with("qa")) > 0 {
			checks = append(checks, right(name, "%s", "a workflow runs the task \"qa\""))
		} else {
			checks = append(checks, change(name, "the configuration says \"qa: machine\", and no workflow runs the task \"qa\", so that \"/qa run\" does nothing",
				"Copy examples/definitions-repo/.github/workflows/qa.yml, or say \"qa: commands\"."))
		}
	}
	return checks
}

// identity looks at the jobs that publish to an endpoint with an audience.
func identity(publishing []job) Check {
	const name = "token of identity"
	var without []string
	for _, j := range publishing {
		if !j.identity {
			without = append(without, fmt.Sprintf("%s job %q", j.path, j.name))
		}
	}
	switch {
	case len(publishing) == 0:
		return change(name, "a registry has an \"audience\", and no workflow runs the task \"publish\"", "Copy examples/definitions-repo/.github/workflows/publish.yml.")
	case len(without) > 0:
		return change(name, "a registry has an \"audience\", and these cannot sign in there: "+strings.Join(without, ", "),
			"Add \"id-token: write\" to the \"permissions:\" of the job, as in examples/definitions-repo/.github/workflows/publish.yml.")
	}
	return right(name, "%s", "the job that publishes can sign in at a registry with an \"audience\"")
}
