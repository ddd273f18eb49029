package doctor_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/config"
	"github.com/karzoun/miniapp-review/internal/doctor"
	"github.com/karzoun/miniapp-review/internal/github"
)

// TestExamineJobs holds the workflows against what the configuration wants. "-"
// is for a check that is not made.
func TestExamineJobs(t *testing.T) {
	shipped := func(name string, oldNew ...string) string {
		data, err := os.ReadFile("../../examples/definitions-repo/.github/workflows/" + name)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.NewReplacer(oldNew...).Replace(string(data))
		if len(oldNew) > 0 && text == string(data) {
			t.Fatalf("%s does not contain %q", name, oldNew)
		}
		return text
	}
	const step = "\n    steps: [{uses: karzoun/miniapp-review@v1, with: {task: publish}}]\n"
	for name, c := range map[string]struct {
		audience, machine bool
		workflow          string
		identity, qa      doctor.State
		says              string
	}{
		"nothing wanted":           {false, false, "", "-", "-", ""},
		"shipped":                  {true, false, shipped("publish.yml"), doctor.Right, "-", ""},
		"not wanted":               {false, false, shipped("publish.yml", "      id-token: write", "      checks: read"), "-", "-", ""},
		"without id-token":         {true, false, shipped("publish.yml", "      id-token: write", "      checks: read"), doctor.Change, "-", `x.yml job "publish"`},
		"id-token that reads":      {true, false, shipped("publish.yml", "id-token: write", "id-token: none"), doctor.Change, "-", `x.yml job "publish"`},
		"nobody publishes":         {true, false, shipped("qa.yml"), doctor.Change, "-", `no workflow runs the task "publish"`},
		"of the workflow":          {true, false, "permissions: {id-token: write}\njobs:\n  a:" + step, doctor.Right, "-", ""},
		"of the workflow, in vain": {true, false, "permissions: {id-token: write}\njobs:\n  a:\n    permissions: {}" + step, doctor.Change, "-", `job "a"`},
		"all":                      {true, false, "permissions: write-all\njobs:\n  a:" + step, doctor.Right, "-", ""},
		"read all":                 {true, false, "permissions: read-all\njobs:\n  a:" + step, doctor.Change, "-", `job "a"`},
		"by default":               {true, false, "jobs:\n  a:" + step, doctor.Change, "-", `job "a"`},
		"one of two":               {true, false, "jobs:\n  b:" + step + "  a:" + step + "  c:\n    permissions: {id-token: write}" + step, doctor.Change, "-", `x.yml job "a", x.yml job "b"`},
		"another job has it":       {true, false, "jobs:\n  a:\n    permissions: {id-token: write}\n    steps: [{run: make}]\n  b:" + step, doctor.Change, "-", `: x.yml job "b"`},
		"another action":           {true, false, "jobs:\n  a:" + strings.Replace(step, "karzoun", "someone", 1), doctor.Change, "-", `no workflow runs the task "publish"`},
		"not YAML":                 {true, true, "jobs: [", doctor.Change, doctor.Change, ""},
		"jobs of another kind":     {true, true, "jobs: [a]", doctor.Change, doctor.Change, ""},
		"machine":                  {false, true, shipped("qa.yml"), "-", doctor.Right, ""},
		"machine without workflow": {false, true, shipped("publish.yml"), "-", doctor.Change, `no workflow runs the task "qa"`},
	} {
		s, set := healthy(t), config.Default()
		if set.QAMachine = c.machine; c.audience {
			set.Publish.To = []config.Registry{{Target: "branch:registry"}, {Target: "http:https://platform.example/registry", Audience: "https://platform.example"}}
		} else {
			set.Publish.To = []config.Registry{{Target: "http:https://platform.example/registry"}}
		}
		s.Workflows.Value = append(s.Workflows.Value, github.WorkflowFile{Path: "x.yml", Content: c.workflow})
		got, says := map[string]doctor.State{"token of identity": "-", "QA by machine": "-"}, ""
		for _, k := range doctor.Examine(s, set, nil) {
			if _, ours := got[k.Name]; ours {
				got[k.Name] = k.State
				says += k.Says
				if k.State == doctor.Change && k.How == "" {
					t.Errorf("%s: %+v does not say how", name, k)
				}
			}
		}
		if diff := cmp.Diff(map[string]doctor.State{"token of identity": c.identity, "QA by machine": c.qa}, got); diff != "" || !strings.Contains(says, c.says) {
			t.Errorf("%s: %q\n%s", name, says, diff)
		}
		s.Workflows.Unseen = "no"
		for _, k := range doctor.Examine(s, set, nil) {
			if _, ours := got[k.Name]; ours {
				t.Errorf("%s: of workflows that are unseen: %+v", name, k)
			}
		}
	}
}
