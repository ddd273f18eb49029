// Package doctor says what is right about the set-up of a definitions repository
// and what is to be changed. It is a pure function of what was read of it.
package doctor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/karzoun/miniapp-review/internal/config"
	"github.com/karzoun/miniapp-review/internal/github"
)

// State is what became of a check.
type State string

// The states. Unseen is for what the token may not see.
const (
	Right  State = "right"
	Change State = "change"
	Unseen State = "unseen"
)

// Check is one thing that was looked at.
type Check struct {
	// Name tells it from the others, as a few words.
	Name  string `json:"name"`
	State State  `json:"state"`
	// Says is what was found, How how to change it, or what keeps it from being
	// seen.
	Says string `json:"says"`
	How  string `json:"how,omitempty"`
	// Needed is set when nothing can be said of the set-up without it.
	Needed bool `json:"-"`
}

// Context is the status that a branch has to require.
const Context = "miniapp-review"

// actionsApp is the id of the app that sets statuses for GitHub Actions.
const actionsApp = 15368

// Examine looks at everything. broken is why the configuration cannot be read,
// or nil.
func Examine(s *github.Setup, c *config.Config, broken error) []Check {
	checks := []Check{repository(s), token(s), configuration(broken)}
	if broken == nil {
		checks = append(checks, recipients(c))
	}
	checks = append(checks, labels(s, c))
	checks = append(checks, required(s)...)
	checks = append(checks, protection(s), defaults(s))
	checks = append(checks, workflows(s)...)
	if broken == nil {
		checks = append(checks, configured(s, c)...)
	}
	return checks
}

func right(name, format string, args ...any) Check {
	return Check{Name: name, State: Right, Says: fmt.Sprintf(format, args...)}
}

func change(name, says, how string) Check {
	return Check{Name: name, State: Change, Says: says, How: how}
}

func unseen(name, why string, needed bool) Check {
	return Check{Name: name, State: Unseen, Says: "it could not be seen", How: why, Needed: needed}
}

func repository(s *github.Setup) Check {
	const name = "repository"
	r := s.Repository.Value
	switch {
	case s.Repository.Unseen != "":
		return unseen(name, s.Repository.Unseen, true)
	case r.Archived:
		return change(name, "it is archived, so that nothing can be written", "Unarchive it under Settings > General.")
	case r.Fork:
		return change(name, "it is a fork of another repository, and Actions are off in forks until somebody turns them on", "Turn them on under the tab Actions, or use the original.")
	}
	return right(name, "the default branch is %q", r.DefaultBranch)
}

// token tells of what reading needs; writing is not tried.
func token(s *github.Setup) Check {
	const name = "token"
	var missing, unknown []string
	for _, key := range []string{"contents: read", "pull-requests: read", "statuses: read"} {
		fact, tried := s.Token.Reads[key]
		switch {
		case !tried || fact.Unseen != "":
			unknown = append(unknown, key)
		case !fact.Value:
			missing = append(missing, key)
		}
	}
	switch {
	case len(missing) > 0:
		return change(name, "this token lacks "+strings.Join(missing, ", "), "Give it to the token, or under \"permissions:\" to the job.")
	case len(unknown) > 0:
		return unseen(name, "it is not known whether this token has "+strings.Join(unknown, ", "), true)
	}
	return right(name, "it may read contents, pull requests and statuses; writing was not tried")
}

func configuration(broken error) Check {
	if github.ReasonOf(broken) != "" {
		return unseen("configuration", broken.Error(), true)
	}
	if broken != nil {
		return change("configuration", strings.ReplaceAll(broken.Error(), "\n", "; "), "Mend .github/miniapp-review.yml on the default branch; until then nothing can be checked.")
	}
	return right("configuration", "it can be read")
}

// recipients tells of the keys that test accounts are sealed to.
func recipients(c *config.Config) Check {
	const name = "keys of reviewers"
	switch n := len(c.TestAccounts.Recipients); n {
	case 0:
		return change(name, "the configuration names no key that partners can seal their test accounts to",
			"Make a pair of keys with \"age-keygen\", and name the public one under test_accounts.recipients.")
	case 1:
		return right(name, "test accounts are sealed to 1 key")
	default:
		return right(name, "test accounts are sealed to %d keys", n)
	}
}

// labels that are missing are no fault: a review makes those that it needs.
func labels(s *github.Setup, c *config.Config) Check {
	const name = "labels"
	if s.Labels.Unseen != "" {
		return unseen(name, s.Labels.Unseen, true)
	}
	var missing []string
	for _, role := range config.Roles() {
		want := c.Labels[role].Name
		if !slices.ContainsFunc(s.Labels.Value, func(l github.LabelFacts) bool { return strings.EqualFold(l.Name, want) }) {
			missing = append(missing, fmt.Sprintf("%q", want))
		}
	}
	if len(missing) > 0 {
		return right(name, "%d of %d are not there yet and are made when they are first needed: %s", len(missing), len(config.Roles()), strings.Join(missing, ", "))
	}
	return right(name, "all %d are there", len(config.Roles()))
}

// required looks for the status that gates the merge, and who may set it.
func required(s *github.Setup) []Check {
	const name, source = "required status", "source of the status"
	i := slices.IndexFunc(s.Required.Value, func(r github.RequiredStatus) bool { return r.Context == Context })
	switch {
	case i < 0 && s.Required.Unseen != "":
		return []Check{unseen(name, s.Required.Unseen, true)}
	case i < 0:
		return []Check{change(name, fmt.Sprintf("the default branch can be merged into without the status %q", Context),
			fmt.Sprintf("Make a ruleset for the branch under Settings > Rules, with \"Require status checks to pass\" and %q.", Context))}
	}
	found := s.Required.Value[i]
	checks := []Check{right(name, "a merge into the default branch takes the status %q", Context)}
	if found.App != actionsApp {
		return append(checks, change(source, "anybody with write permission can set that status by hand", "Choose \"GitHub Actions\" as the source of the status where it is required."))
	}
	return append(checks, right(source, "only GitHub Actions can set it"))
}

func protection(s *github.Setup) Check {
	const name = "code owners"
	switch {
	case s.Protection.Unseen != "":
		return unseen(name, s.Protection.Unseen, false)
	case !s.Protection.Value.CodeOwners:
		return change(name, "the protection of the default branch asks no code owner, who would look at changes of the configuration and the workflows",
			"Name owners of /.github/ in .github/CODEOWNERS, and choose \"Require review from Code Owners\".")
	}
	return right(name, "code owners look at what they own before a merge")
}

func defaults(s *github.Setup) Check {
	const name = "tokens of workflows"
	d := s.Workflow.Value
	const where = "Under Settings > Actions > General > Workflow permissions: "
	switch {
	case s.Workflow.Unseen != "":
		return unseen(name, s.Workflow.Unseen, false)
	case d.Permissions != "read":
		return change(name, "every workflow that does not say otherwise may write", where+"choose \"Read repository contents and packages permissions\".")
	case d.MayApprove:
		return change(name, "workflows may approve pull requests", where+"leave \"Allow GitHub Actions to create and approve pull requests\" off.")
	}
	return right(name, "they may read by default, and approve nothing")
}

// action is the Action's name in "uses:".
const action = "karzoun/miniapp-review"

// events are those that a review needs to be started by, with what is lost
// without each.
func events() [][2]string {
	return [][2]string{
		{"pull_request_target", "pull requests are not reviewed when they are opened or pushed to"},
		{"issue_comment", "commands in comments are only seen by the next run"},
		{"workflow_run", "approvals are only seen by the next run"},
		{"schedule", "a lost event is made up for by nobody"},
	}
}

func workflows(s *github.Setup) []Check {
	if s.Workflows.Unseen != "" {
		return []Check{unseen("workflows", s.Workflows.Unseen, true)}
	}
	var ours []github.WorkflowFile
	var loose []string
	for _, f := range s.Workflows.Value {
		uses := slices.ContainsFunc(f.Uses, func(u github.Use) bool { return u.Name == action })
		if uses {
			ours = append(ours, f)
		}
		for _, u := range f.Uses {
			if !u.Pinned && (uses || starts(f.Content)["pull_request_target"]) {
				loose = append(loose, fmt.Sprintf("%s line %d: %q", f.Path, u.Line, u.Name+"@"+u.Ref))
			}
		}
	}
	if len(ours) == 0 {
		return []Check{change("workflows", "no workflow uses "+action, "Copy the workflows of examples/definitions-repo/.github/workflows into the repository.")}
	}
	var checks []Check
	var missing []string
	have := map[string]bool{}
	for _, f := range ours {
		for event := range starts(f.Content) {
			have[event] = true
		}
	}
	for _, e := range events() {
		if !have[e[0]] {
			missing = append(missing, fmt.Sprintf("%s (%s)", e[0], e[1]))
		}
	}
	if len(missing) > 0 {
		checks = append(checks, change("events", "the review is not started by "+strings.Join(missing, ", "), "Add them under \"on:\", as in examples/definitions-repo/.github/workflows/review.yml."))
	} else {
		checks = append(checks, right("events", "%s", "the review is started by all that it has to look at"))
	}
	if len(loose) > 0 {
		checks = append(checks, change("pinned actions", "whoever owns these can change what runs with a token that writes: "+strings.Join(loose, "; "), "Name the full commit id of a release behind the @."))
	} else {
		checks = append(checks, right("pinned actions", "%s", "actions that run with a token that writes are named by their commit"))
	}
	return append(checks, checkouts(s))
}

// checkouts looks for workflows that can write and take the files of a pull
// request.
func checkouts(s *github.Setup) Check {
	var bad []string
	for _, f := range s.Workflows.Value {
		on := starts(f.Content)
		if !on["pull_request_target"] && !on["workflow_run"] && !on["issue_comment"] {
			continue
		}
		for _, u := range f.Uses {
			if u.Name == "actions/checkout" {
				bad = append(bad, fmt.Sprintf("%s line %d", f.Path, u.Line))
			}
		}
	}
	if len(bad) > 0 {
		return change("checkouts", "a workflow with rights to write checks files out: "+strings.Join(bad, ", "), "Take the step out: the review reads what it needs through the API. Where another job needs it, move that job to a workflow for \"pull_request\".")
	}
	return right("checkouts", "%s", "no workflow that may write for a pull request checks files out")
}

// starts returns the events that start a workflow; none when it cannot be read.
func starts(content string) map[string]bool {
	var w struct {
		On any `yaml:"on"`
	}
	out := map[string]bool{}
	if yaml.Unmarshal([]byte(content), &w) != nil {
		return out
	}
	switch on := w.On.(type) {
	case string:
		out[on] = true
	case []any:
		for _, e := range on {
			out[fmt.Sprint(e)] = true
		}
	case map[string]any:
		for e := range on {
			out[e] = true
		}
	}
	return out
}
