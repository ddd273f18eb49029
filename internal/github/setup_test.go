package github

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/githubtest"
)

const workflowText = `on: pull_request_target
jobs:
  review:
    steps:
      - uses: karzoun/miniapp-review@0123456789012345678901234567890123456789 # v1
      - name: other
        uses: "actions/cache@v4"
      - uses: ./local
      - uses: docker://ghcr.io/x/y@sha256:` + "0123456789012345678901234567890123456789012345678901234567890123" + `
# - uses: not/this@v1
`

// TestSetup reads what an administrator sees, and says what others do not.
func TestSetup(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	w.repo.Protected["main"] = []string{"miniapp-review"}
	w.repo.Push("main", w.keeper, githubtest.Texts(map[string]string{".github/workflows/review.yml": workflowText, ".github/workflows/notes.md": "uses: a@b"}))
	admin, err := w.client(w.keeper.Token(), nil).Setup(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if admin.Self.Value.ID != w.keeper.ID || admin.Token.Kind != "classic" || admin.Repository.Value.DefaultBranch != "main" {
		t.Errorf("%+v %+v %+v", admin.Self, admin.Token, admin.Repository)
	}
	if admin.Workflow.Unseen != "" || admin.Workflow.Value.Permissions != "read" || admin.Workflow.Value.MayApprove {
		t.Errorf("workflow: %+v", admin.Workflow)
	}
	if admin.Required.Unseen != "" || !slices.ContainsFunc(admin.Required.Value, func(r RequiredStatus) bool { return r.Context == "miniapp-review" }) {
		t.Errorf("required: %+v", admin.Required)
	}
	if admin.Labels.Unseen != "" || len(admin.Labels.Value) == 0 || admin.Token.Reads["statuses: read"] != (Fact[bool]{Value: true}) {
		t.Errorf("labels: %+v, reads %+v", admin.Labels, admin.Token.Reads)
	}
	want := []WorkflowFile{{Path: ".github/workflows/review.yml", Content: workflowText, Uses: []Use{
		{5, "karzoun/miniapp-review", "0123456789012345678901234567890123456789", true},
		{7, "actions/cache", "v4", false},
		{9, "docker://ghcr.io/x/y", "sha256:0123456789012345678901234567890123456789012345678901234567890123", true},
	}}}
	if diff := cmp.Diff(want, admin.Workflows.Value); diff != "" {
		t.Errorf("workflows: %s", diff)
	}
	w.s.ResetLog()
	action, err := w.client("", func(o *Options) { o.Action = true }).Setup(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if action.Token.Kind != "action" || !strings.Contains(action.Workflow.Unseen, "administrator") || !strings.Contains(action.Protection.Unseen, "administrator") {
		t.Errorf("%+v, %+v, %+v", action.Token, action.Workflow, action.Protection)
	}
	if len(w.s.Writes()) != 0 {
		t.Error("looking writes")
	}
	if _, err := w.client(w.s.User("stranger").Token(), func(o *Options) { o.Name = "none" }).Setup(context.Background()); ReasonOf(err) != NotFound {
		t.Errorf("no repository: %v", err)
	}
}
