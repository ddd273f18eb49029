package github

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"

	gh "github.com/google/go-github/v60/github"
	"golang.org/x/sync/errgroup"

	"github.com/karzoun/miniapp-review/internal/pull"
)

// Fact is something about a repository's settings, or why it could not be seen.
// What a token may not see is no fault of the repository.
type Fact[T any] struct {
	Value T `json:"value"`
	// Unseen says why it could not be seen, "" when it was.
	Unseen string `json:"unseen,omitempty"`
}

func seen[T any](value T, err error) Fact[T] {
	if err != nil {
		return Fact[T]{Unseen: err.Error()}
	}
	return Fact[T]{Value: value}
}

// Setup is how a repository is set up for reviews, as far as the token sees it.
type Setup struct {
	Self       Fact[pull.User]       `json:"self"`
	Token      TokenFacts            `json:"token"`
	Repository Fact[RepositoryFacts] `json:"repository"`
	// Labels are all labels of the repository.
	Labels Fact[[]LabelFacts] `json:"labels"`
	// Required are the statuses that the default branch requires, from branch
	// protection and from rulesets. Those that were seen are there even if
	// others could not be.
	Required Fact[[]RequiredStatus] `json:"required"`
	// Protection says more of the default branch's protection. Only
	// administrators see it.
	Protection Fact[ProtectionFacts] `json:"protection"`
	// Workflow are the defaults for the tokens of Actions.
	Workflow Fact[WorkflowDefaults] `json:"workflow"`
	// ForkApproval says whose pull requests from forks need an approval before
	// "pull_request" workflows run, as GitHub spells it.
	ForkApproval Fact[string] `json:"fork_approval"`
	// Workflows are the workflow files of the default branch.
	Workflows Fact[[]WorkflowFile] `json:"workflows"`
}

// TokenFacts is what can be told of the token without its value.
type TokenFacts struct {
	// Kind is "action", "app", "fine-grained", "classic", "oauth" or "".
	Kind string `json:"kind"`
	// Scopes are those of a classic token; others do not tell theirs.
	Scopes Fact[[]string] `json:"scopes"`
	// Reads has what was tried: a permission such as "pull-requests: read", and
	// whether it is there. Writing is not tried.
	Reads map[string]Fact[bool] `json:"reads"`
}

// RepositoryFacts is what a repository says of itself.
type RepositoryFacts struct {
	DefaultBranch string `json:"default_branch"`
	Private       bool   `json:"private"`
	Archived      bool   `json:"archived"`
	Fork          bool   `json:"fork"`
	// Role is what the token's account may do, "" where GitHub does not say.
	Role string `json:"role,omitempty"`
}

// LabelFacts is a label.
type LabelFacts struct {
	Name        string `json:"name"`
	Color       string `json:"color"`
	Description string `json:"description"`
}

// RequiredStatus is a status that a branch requires before a merge.
type RequiredStatus struct {
	Context string `json:"context"`
	// App is the id of the only app that may set it, 0 for any.
	App int64 `json:"app,omitempty"`
	// From is "protection" or "ruleset".
	From string `json:"from"`
	// Strict says that the branch must be up to date.
	Strict bool `json:"strict,omitempty"`
}

// ProtectionFacts is about the protection of a branch.
type ProtectionFacts struct {
	DismissStale  bool `json:"dismiss_stale"`
	CodeOwners    bool `json:"code_owners"`
	Approvals     int  `json:"approvals"`
	EnforceAdmins bool `json:"enforce_admins"`
}

// WorkflowDefaults are the defaults for the tokens of Actions.
type WorkflowDefaults struct {
	// Permissions is "read" or "write".
	Permissions string `json:"permissions"`
	MayApprove  bool   `json:"may_approve"`
}

// WorkflowFile is a workflow.
type WorkflowFile struct {
	Path string `json:"path"`
	// Uses are the actions and reusable workflows that it uses, in order.
	Uses []Use `json:"uses"`
	// Content is the file itself.
	Content string `json:"-"`
}

// Use is one "uses:" of a workflow.
type Use struct {
	Line int    `json:"line"`
	Name string `json:"name"`
	Ref  string `json:"ref"`
	// Pinned says that the ref is a full commit id or an image's digest, which
	// nobody can move.
	Pinned bool `json:"pinned"`
}

// Setup reads how the repository is set up. It writes nothing. An error means
// that nothing could be seen at all; what a token may not see is in the facts.
func (c *Client) Setup(ctx context.Context) (*Setup, error) {
	repo, resp, err := c.gh.Repositories.Get(ctx, c.owner, c.name)
	if err := c.explain(err, fmt.Sprintf("reading the repository %s/%s", c.owner, c.name)); err != nil {
		return nil, err
	}
	s := &Setup{Repository: seen(RepositoryFacts{
		DefaultBranch: repo.GetDefaultBranch(), Private: repo.GetPrivate(), Archived: repo.GetArchived(), Fork: repo.GetFork(), Role: strongest(repo.GetPermissions()),
	}, nil)}
	s.Token = TokenFacts{Kind: tokenKind(c.options.Token, c.options.Action), Reads: map[string]Fact[bool]{}}
	if scopes, ok := resp.Header["X-Oauth-Scopes"]; ok {
		s.Token.Scopes.Value = strings.FieldsFunc(strings.Join(scopes, ","), func(r rune) bool { return r == ',' || r == ' ' })
	} else {
		s.Token.Scopes.Unseen = "only classic tokens tell their scopes"
	}
	branch := repo.GetDefaultBranch()
	var reads [3]error
	var g errgroup.Group
	g.SetLimit(parallel)
	g.Go(func() error { s.Self = seen(c.Self(ctx)); return nil })
	g.Go(func() error {
		labels, err := c.labels(ctx)
		s.Labels, reads[0] = seen(labels, err), err
		return nil
	})
	g.Go(func() error {
		list, err := c.required(ctx, branch)
		s.Required = seen(list, err)
		s.Required.Value = list // one of the two places may be all that is needed
		return nil
	})
	g.Go(func() error { s.Protection = seen(c.protection(ctx, branch)); return nil })
	g.Go(func() error { s.Workflow = seen(c.workflowDefaults(ctx)); return nil })
	g.Go(func() error { s.ForkApproval = seen(c.forkApproval(ctx)); return nil })
	g.Go(func() error {
		files, err := c.workflows(ctx, branch)
		s.Workflows, reads[1] = seen(files, err), err
		return nil
	})
	g.Go(func() error {
		_, _, err := c.gh.Repositories.ListStatuses(ctx, c.owner, c.name, branch, &gh.ListOptions{PerPage: 1})
		reads[2] = c.explain(err, "reading the statuses of "+branch)
		return nil
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if s.Self.Unseen == "" && s.Self.Value.ID == 0 {
		s.Self.Unseen = "GitHub does not tell who this token acts as"
	}
	for i, key := range []string{"pull-requests: read", "contents: read", "statuses: read"} {
		if r := ReasonOf(reads[i]); r == Forbidden || r == NotFound {
			s.Token.Reads[key] = Fact[bool]{}
		} else {
			s.Token.Reads[key] = seen(true, reads[i])
		}
	}
	return s, nil
}

// strongest returns the name of the strongest of a repository's permissions.
func strongest(p map[string]bool) string {
	for _, pair := range [][2]string{{"admin", "admin"}, {"maintain", "maintain"}, {"push", "write"}, {"triage", "triage"}, {"pull", "read"}} {
		if p[pair[0]] {
			return pair[1]
		}
	}
	return ""
}

// tokenKind tells the kind of a token by the prefix that GitHub gives it.
func tokenKind(token string, action bool) string {
	for _, kind := range [][2]string{{"github_pat_", "fine-grained"}, {"ghp_", "classic"}, {"gho_", "oauth"}, {"ghu_", "app"}, {"ghs_", "app"}} {
		if strings.HasPrefix(token, kind[0]) {
			if kind[0] == "ghs_" && action {
				return "action"
			}
			return kind[1]
		}
	}
	return ""
}

func (c *Client) labels(ctx context.Context) ([]LabelFacts, error) {
	raw, _, err := pages(ctx, maxPages, func(ctx context.Context, o gh.ListOptions) ([]*gh.Label, *gh.Response, error) {
		return c.gh.Issues.ListLabels(ctx, c.owner, c.name, &o)
	})
	list := []LabelFacts{}
	for _, l := range raw {
		list = append(list, LabelFacts{l.GetName(), l.GetColor(), l.GetDescription()})
	}
	return list, c.explain(err, "listing the labels")
}

// required reads the required statuses from the two places that can ask for
// them. Both can be read without being an administrator.
func (c *Client) required(ctx context.Context, branch string) ([]RequiredStatus, error) {
	list := []RequiredStatus{}
	var b struct {
		Protection struct {
			Checks struct {
				Contexts []string `json:"contexts"`
				Checks   []struct {
					Context string `json:"context"`
					AppID   *int64 `json:"app_id"`
				} `json:"checks"`
			} `json:"required_status_checks"`
		} `json:"protection"`
	}
	if err := c.get(ctx, "branches/"+pathPart(branch), &b); err != nil {
		return list, c.explain(err, fmt.Sprintf("reading the branch %q", branch))
	}
	apps := map[string]int64{}
	for _, check := range b.Protection.Checks.Checks {
		if check.AppID != nil && *check.AppID > 0 {
			apps[check.Context] = *check.AppID
		}
	}
	for _, context := range b.Protection.Checks.Contexts {
		list = append(list, RequiredStatus{Context: context, App: apps[context], From: "protection"})
	}
	var rules []struct {
		Type       string          `json:"type"`
		Parameters json.RawMessage `json:"parameters"`
	}
	if err := c.get(ctx, "rules/branches/"+pathPart(branch)+"?per_page=100", &rules); err != nil {
		return list, c.explain(err, fmt.Sprintf("reading the rules for the branch %q", branch))
	}
	for _, r := range rules {
		if r.Type != "required_status_checks" {
			continue
		}
		var p struct {
			Checks []struct {
				Context     string `json:"context"`
				Integration int64  `json:"integration_id"`
			} `json:"required_status_checks"`
			Strict bool `json:"strict_required_status_checks_policy"`
		}
		if err := json.Unmarshal(r.Parameters, &p); err != nil {
			return list, c.explain(err, "reading a rule")
		}
		for _, check := range p.Checks {
			list = append(list, RequiredStatus{Context: check.Context, App: check.Integration, From: "ruleset", Strict: p.Strict})
		}
	}
	return list, nil
}

// protection reads what only administrators see. An unprotected branch has
// nothing set.
func (c *Client) protection(ctx context.Context, branch string) (ProtectionFacts, error) {
	p, _, err := c.gh.Repositories.GetBranchProtection(ctx, c.owner, c.name, branch)
	if err == gh.ErrBranchNotProtected {
		return ProtectionFacts{}, nil
	}
	if err != nil {
		return ProtectionFacts{}, c.explain(err, fmt.Sprintf("reading the protection of %q", branch))
	}
	out := ProtectionFacts{EnforceAdmins: p.GetEnforceAdmins() != nil && p.GetEnforceAdmins().Enabled}
	if r := p.GetRequiredPullRequestReviews(); r != nil {
		out.DismissStale, out.CodeOwners, out.Approvals = r.DismissStaleReviews, r.RequireCodeOwnerReviews, r.RequiredApprovingReviewCount
	}
	return out, nil
}

func (c *Client) workflowDefaults(ctx context.Context) (WorkflowDefaults, error) {
	var answer struct {
		Default    string `json:"default_workflow_permissions"`
		MayApprove bool   `json:"can_approve_pull_request_reviews"`
	}
	err := c.get(ctx, "actions/permissions/workflow", &answer)
	return WorkflowDefaults{answer.Default, answer.MayApprove}, c.explain(err, "reading the settings of Actions")
}

func (c *Client) forkApproval(ctx context.Context) (string, error) {
	var answer struct {
		Policy string `json:"approval_policy"`
	}
	err := c.get(ctx, "actions/permissions/fork-pr-contributor-approval", &answer)
	return answer.Policy, c.explain(err, "reading whose workflows need an approval")
}

// get reads a path below the repository that go-github has no method for, or
// whose method leaves something out.
func (c *Client) get(ctx context.Context, below string, into any) error {
	req, err := c.gh.NewRequest(http.MethodGet, fmt.Sprintf("repos/%s/%s/%s", c.owner, c.name, below), nil)
	if err != nil {
		return err
	}
	_, err = c.gh.Do(ctx, req, into)
	return err
}

// maxWorkflow is the size in bytes up to which a workflow is read.
const maxWorkflow = 256 << 10

// workflows reads the workflow files of a branch.
func (c *Client) workflows(ctx context.Context, branch string) ([]WorkflowFile, error) {
	t, root := c.trees(), &folder{id: pathPart(branch)}
	if err := t.load(ctx, root, false); err != nil {
		return nil, err
	}
	list := []WorkflowFile{}
	w := &wanted{sizes: map[string]int64{}}
	var files []entry
	for _, dir := range []string{".github", "workflows"} {
		e := root.find(dir)
		if e == nil || e.dir == nil {
			return list, nil
		}
		if root = e.dir; !root.loaded {
			if err := t.load(ctx, root, false); err != nil {
				return nil, err
			}
		}
	}
	for _, e := range root.entries {
		if ext := path.Ext(e.name); isFile(&e) && (ext == ".yml" || ext == ".yaml") && e.size <= maxWorkflow {
			files = append(files, e)
			w.add(e.id, e.size)
		}
	}
	blobs, err := c.blobs(ctx, w)
	if err != nil {
		return nil, err
	}
	for _, e := range files {
		text := string(blobs[e.id])
		list = append(list, WorkflowFile{Path: ".github/workflows/" + e.name, Uses: uses(text), Content: text})
	}
	return list, nil
}

var (
	usesLine = regexp.MustCompile(`^\s*(?:-\s+)?["']?uses["']?\s*:\s*["']?([^\s"'#]+)`)
	pinned   = regexp.MustCompile(`^(?:[0-9a-f]{40}|sha256:[0-9a-f]{64})$`)
)

// uses finds what a workflow uses. It goes by lines, as people write them.
func uses(text string) []Use {
	list := []Use{}
	line := 0
	for l := range strings.Lines(text) {
		line++
		m := usesLine.FindStringSubmatch(l)
		if m == nil || strings.HasPrefix(m[1], "./") {
			continue
		}
		name, ref, _ := strings.Cut(m[1], "@")
		list = append(list, Use{Line: line, Name: name, Ref: ref, Pinned: pinned.MatchString(ref)})
	}
	return slices.Clip(list)
}
