package doctor_test

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/config"
	"github.com/karzoun/miniapp-review/internal/doctor"
	"github.com/karzoun/miniapp-review/internal/github"
	"github.com/karzoun/miniapp-review/internal/sealed"
)

// healthy is a repository with nothing to change. Its workflow is the one that
// this project ships, pinned.
func healthy(t *testing.T) *github.Setup {
	t.Helper()
	text, err := os.ReadFile("../../examples/definitions-repo/.github/workflows/review.yml")
	if err != nil {
		t.Fatal(err)
	}
	yes := github.Fact[bool]{Value: true}
	s := &github.Setup{
		Token:      github.TokenFacts{Reads: map[string]github.Fact[bool]{"contents: read": yes, "pull-requests: read": yes, "statuses: read": yes}},
		Repository: github.Fact[github.RepositoryFacts]{Value: github.RepositoryFacts{DefaultBranch: "main"}},
		Required:   github.Fact[[]github.RequiredStatus]{Value: []github.RequiredStatus{{Context: "build"}, {Context: "miniapp-review", App: 15368}}},
		Protection: github.Fact[github.ProtectionFacts]{Value: github.ProtectionFacts{CodeOwners: true}},
		Workflow:   github.Fact[github.WorkflowDefaults]{Value: github.WorkflowDefaults{Permissions: "read"}},
		Workflows:  github.Fact[[]github.WorkflowFile]{Value: []github.WorkflowFile{{Path: ".github/workflows/review.yml", Content: string(text), Uses: []github.Use{{Line: 60, Name: "karzoun/miniapp-review", Pinned: true}}}}},
	}
	for _, l := range config.Default().Labels {
		s.Labels.Value = append(s.Labels.Value, github.LabelFacts{Name: l.Name})
	}
	return s
}

// state maps the checks that are not right to their states.
func state(checks []doctor.Check) map[string]doctor.State {
	out := map[string]doctor.State{}
	for _, c := range checks {
		if c.State != doctor.Right {
			out[c.Name] = c.State
		}
	}
	return out
}

func TestExamine(t *testing.T) {
	workflow := func(content string, uses ...github.Use) func(*github.Setup) {
		return func(s *github.Setup) {
			s.Workflows.Value = append(s.Workflows.Value, github.WorkflowFile{Path: "x.yml", Content: content, Uses: uses})
		}
	}
	for name, c := range map[string]struct {
		spoil  func(*github.Setup)
		broken error
		want   map[string]doctor.State
	}{
		"healthy":                   {func(*github.Setup) {}, nil, map[string]doctor.State{}},
		"labels to be made":         {func(s *github.Setup) { s.Labels.Value = nil }, nil, map[string]doctor.State{}},
		"archived":                  {func(s *github.Setup) { s.Repository.Value.Archived = true }, nil, map[string]doctor.State{"repository": doctor.Change}},
		"a fork":                    {func(s *github.Setup) { s.Repository.Value.Fork = true }, nil, map[string]doctor.State{"repository": doctor.Change}},
		"a token that reads little": {func(s *github.Setup) { s.Token.Reads["statuses: read"] = github.Fact[bool]{} }, nil, map[string]doctor.State{"token": doctor.Change}},
		"wrong configuration":       {func(*github.Setup) {}, errors.New("1:1: no key\n2:1: nor this"), map[string]doctor.State{"configuration": doctor.Change}},
		"not required":              {func(s *github.Setup) { s.Required.Value = s.Required.Value[:1] }, nil, map[string]doctor.State{"required status": doctor.Change}},
		"required of anybody":       {func(s *github.Setup) { s.Required.Value[1].App = 0 }, nil, map[string]doctor.State{"source of the status": doctor.Change}},
		"requirements in part":      {func(s *github.Setup) { s.Required.Unseen = "no" }, nil, map[string]doctor.State{}},
		"requirements unseen":       {func(s *github.Setup) { s.Required.Value, s.Required.Unseen = nil, "no" }, nil, map[string]doctor.State{"required status": doctor.Unseen}},
		"no code owners":            {func(s *github.Setup) { s.Protection.Value.CodeOwners = false }, nil, map[string]doctor.State{"code owners": doctor.Change}},
		"not an administrator": {func(s *github.Setup) { s.Protection.Unseen, s.Workflow.Unseen = "no", "no" }, nil,
			map[string]doctor.State{"code owners": doctor.Unseen, "tokens of workflows": doctor.Unseen}},
		"tokens that write":    {func(s *github.Setup) { s.Workflow.Value.Permissions = "write" }, nil, map[string]doctor.State{"tokens of workflows": doctor.Change}},
		"tokens that approve":  {func(s *github.Setup) { s.Workflow.Value.MayApprove = true }, nil, map[string]doctor.State{"tokens of workflows": doctor.Change}},
		"no workflow":          {func(s *github.Setup) { s.Workflows.Value = nil }, nil, map[string]doctor.State{"workflows": doctor.Change}},
		"few events":           {func(s *github.Setup) { s.Workflows.Value[0].Content = "on: [pull_request_target, issue_comment]" }, nil, map[string]doctor.State{"events": doctor.Change}},
		"not YAML":             {func(s *github.Setup) { s.Workflows.Value[0].Content = "on: [" }, nil, map[string]doctor.State{"events": doctor.Change}},
		"not pinned":           {func(s *github.Setup) { s.Workflows.Value[0].Uses[0].Pinned = false }, nil, map[string]doctor.State{"pinned actions": doctor.Change}},
		"a checkout":           {workflow("on: pull_request_target", github.Use{Name: "actions/checkout", Pinned: true}), nil, map[string]doctor.State{"checkouts": doctor.Change}},
		"a checkout of others": {workflow("on: {push: {}, pull_request: {}}", github.Use{Name: "actions/checkout", Ref: "v4"}), nil, map[string]doctor.State{}},
	} {
		s := healthy(t)
		c.spoil(s)
		set := config.Default()
		set.TestAccounts.Recipients = []sealed.Recipient{"age1g9twwjchx76t577qygteplcmqyq8dhuvzne9tmuexmmzmv6sf5lsnwrd39"}
		checks := doctor.Examine(s, set, c.broken)
		if diff := cmp.Diff(c.want, state(checks)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		for _, k := range checks {
			if k.State != doctor.Right && !regexp.MustCompile(`^\S.*$`).MatchString(k.How) || regexp.MustCompile(`\n|%!`).MatchString(k.Says) {
				t.Errorf("%s: %+v", name, k)
			}
		}
	}
}

// TestExamineKeys looks at configurations that name keys of reviewers, or none.
func TestExamineKeys(t *testing.T) {
	for n, want := range []doctor.State{doctor.Change, doctor.Right, doctor.Right} {
		set := config.Default()
		set.TestAccounts.Recipients = make([]sealed.Recipient, n)
		checks := doctor.Examine(healthy(t), set, nil)
		i := slices.IndexFunc(checks, func(c doctor.Check) bool { return c.Name == "keys of reviewers" })
		if i < 0 || checks[i].State != want {
			t.Errorf("%d keys: %+v", n, checks)
		}
	}
	for _, c := range doctor.Examine(healthy(t), config.Default(), errors.New("1:1: no key")) {
		if c.Name == "keys of reviewers" {
			t.Errorf("of a configuration that cannot be read: %+v", c)
		}
	}
}
