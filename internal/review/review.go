// Package review turns what was seen of a pull request into what is to be done
// about it: findings, the stage, and a plan of writes. It is a pure function of
// the snapshot and does no I/O, so that a recorded pull request replays to the
// same plan.
package review

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/command"
	"github.com/karzoun/miniapp-review/internal/compat"
	"github.com/karzoun/miniapp-review/internal/config"
	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/intake"
	"github.com/karzoun/miniapp-review/internal/marker"
	"github.com/karzoun/miniapp-review/internal/plan"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/report"
	"github.com/karzoun/miniapp-review/internal/rules"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/stage"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// ConfigFile is where a definitions repository has its configuration.
const ConfigFile = ".github/miniapp-review.yml"

// StatusContext names the commit status that gates the merge.
const StatusContext = "miniapp-review"

// Options are what a review needs beside the snapshot.
type Options struct {
	Schema  *definition.Validator
	Secrets rules.SecretScanner
	// Version is that of the tool, for the comment.
	Version string
	// MarkerKey is a secret for the markers of comments, or empty.
	MarkerKey []byte
	// RunURL is where the status leads, or "".
	RunURL string
	// Sweep says that the run looks at all pull requests because time has
	// passed, and not because something happened. Only such a run reminds.
	Sweep bool
}

// Result is what a review came to.
type Result struct {
	// Findings are in their order, those in shadow included.
	Findings []finding.Finding
	Waived   int
	// Namespaces are those that the pull request touches.
	Namespaces []report.Namespace
	Facts      stage.Facts
	Decision   stage.Decision
	// QA is the checklist with what was recorded.
	QA []report.Item
	// Requests are the commands that ask for a machine to try it.
	Requests []Request
	// Approvers are those whose approvals count.
	Approvers []pull.User
	// Visibility is what a reviewer asked for with /visibility, or "".
	Visibility string
	// Labels are those of the review that the pull request should have.
	Labels []config.Role
	// Standing is what the review remembers of where it stands.
	Standing Standing
	// Comment is the status comment without its marker, "" when there should
	// be none.
	Comment string
	Plan    plan.Plan
}

// ErrNoIdentity is returned when it is not known who the token acts as, since
// comments of our own could then not be told from those of others.
var ErrNoIdentity = errors.New("it is not known which account the token belongs to: name it with the input \"bot\" as LOGIN:ID")

// Review reviews a pull request. Whatever keeps it from a result is part of the
// result, as something that could not be checked; the error is about the run
// itself: a context that ended, an unknown identity, or a mistake in here that
// some submission brings to light.
func Review(ctx context.Context, s *pull.Snapshot, o Options) (result *Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			result, err = nil, fmt.Errorf("the review panicked, which is a mistake of this program: %q", fmt.Sprint(p))
		}
	}()
	if s.Self.ID == 0 {
		return nil, ErrNoIdentity
	}
	r := &reviewer{snapshot: s, options: o, result: &Result{},
		signer: marker.Signer{Scope: fmt.Sprintf("%s/%s#%d", s.Repository.Owner, s.Repository.Name, s.Number), Key: o.MarkerKey}}
	r.ledger = readLedger(r.signer, s.Self, s.Comments)
	r.configure()
	if err := r.look(ctx); err != nil {
		return nil, err
	}
	r.result.Decision = stage.Decide(r.result.Facts)
	r.seeStage()
	r.seeTurn()
	r.result.Standing = r.ledger.standing(s.Number)
	r.result.Labels = r.roles()
	r.patience()
	r.plan()
	return r.result, nil
}

// reviewer holds one review while it is made.
type reviewer struct {
	snapshot *pull.Snapshot
	options  Options
	config   *config.Config
	signer   marker.Signer
	result   *Result
	// changes are the submissions, in the order of Result.Namespaces.
	changes []*submission.Change
	ledger  ledger
	// items are the QA checklist, state what was recorded of its items.
	items []command.Item
	state map[string]report.ItemState
	// heldBy are the holds that were set by command; letThrough is set when a
	// maintainer lifted those that the review found.
	heldBy []string
	// voided is set when QA was recorded for another content.
	voided     bool
	letThrough bool
	verdicts   []report.Verdict
	reactions  []plan.Operation
	replies    []reply
	// evidence is what a machine saw when it last tried the present content.
	evidence string
	// reminders are what the passing of time asks for.
	reminders []plan.Operation
}

// configure reads the configuration at the tip of the base branch.
func (r *reviewer) configure() {
	r.config = config.Default()
	data, err := r.snapshot.Source(r.snapshot.BaseTree).ReadFile(ConfigFile, config.MaxBytes)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		r.notChecked("the configuration of the base branch could not be read")
	default:
		c, err := config.Parse(data, ConfigRules())
		if err != nil {
			first, _, _ := strings.Cut(err.Error(), "\n")
			r.notChecked(fmt.Sprintf("the configuration of the base branch, %s, is wrong: %s", ConfigFile, first))
			return
		}
		r.config = c
	}
}

// ConfigRules tells the configuration which rules there are.
func ConfigRules() []config.Rule {
	var out []config.Rule
	for _, s := range rules.All() {
		out = append(out, config.Rule{ID: s.ID, Security: s.Security})
	}
	return out
}

// notChecked notes why there is no result. The first reason counts.
func (r *reviewer) notChecked(reason string) {
	if r.result.Facts.CouldNotCheck == "" {
		r.result.Facts.CouldNotCheck = reason
	}
}

// look gathers the facts.
func (r *reviewer) look(ctx context.Context) error {
	s, f := r.snapshot, &r.result.Facts
	f.Closed, f.Merged, f.Draft, f.Conflict = s.Closed, s.Merged, s.Draft, s.Conflict
	f.SharedHead = s.SameHead
	if s.Incomplete != "" {
		r.notChecked(s.Incomplete)
	}
	if f.CouldNotCheck != "" || f.Closed && !f.Merged || f.Draft && !f.Merged {
		return nil
	}
	touched := Touched(s.Changes)
	f.Nothing = len(touched) == 0
	if f.Merged {
		r.lookBack(touched)
		return nil
	}
	if f.Nothing {
		return nil
	}
	if err := r.check(ctx, touched); err != nil {
		return err
	}
	f.Behind = pull.Digest(s.BaseTree.Files, touched) != pull.Digest(s.MergeBaseTree.Files, touched)
	f.Errors, f.Warnings, _ = finding.Count(r.result.Findings)
	f.AutoMerge = r.config.Merging.Auto
	r.seeContent(touched)
	r.judge(touched)
	r.commands()
	if !r.letThrough {
		f.Holds = r.holds(touched)
	}
	f.Holds = append(f.Holds, r.heldBy...)
	return nil
}

// Touched returns the namespaces that changes touch, sorted.
func Touched(changes []pull.Change) []string {
	var list []string
	for _, c := range changes {
		if ns := namespaceOf(c); ns != "" && !slices.Contains(list, ns) {
			list = append(list, ns)
		}
	}
	slices.Sort(list)
	return list
}

// namespaceOf returns the namespace that a change is in, or "". A plain file
// beside the folders of namespaces is in none; a link or submodule in the place
// of a folder is.
func namespaceOf(c pull.Change) string {
	ns := intake.NamespaceOf(c.Path)
	if path.Dir(c.Path) == submission.Root {
		plain := func(m uint32) bool {
			return m == 0 || source.Mode(m) == source.Regular || source.Mode(m) == source.Executable
		}
		if plain(c.BaseMode) && plain(c.HeadMode) {
			return ""
		}
	}
	return ns
}

// check runs the rules over the touched namespaces.
func (r *reviewer) check(ctx context.Context, touched []string) error {
	s := r.snapshot
	changed := map[string]bool{}
	for _, ns := range touched {
		changed[ns] = true
	}
	head, base := s.Source(s.HeadTree), s.Source(s.MergeBaseTree)
	in := intake.Input{Head: head, Base: base, Changed: changed, Only: touched, Config: r.config,
		Schema: r.options.Schema, Secrets: r.options.Secrets, Now: s.At, Held: r.held, Claims: r.claims, Names: r.namesSince()}
	res, err := intake.Check(ctx, in)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		r.notChecked("the submission could not be read")
		return nil
	}
	r.result.Findings, r.result.Waived = res.Findings, len(res.Waived)
	for _, ns := range touched {
		c, err := load(head, base, ns)
		if err != nil {
			r.notChecked("the submission could not be read")
			return nil
		}
		r.changes = append(r.changes, c)
		r.result.Namespaces = append(r.result.Namespaces, view(ns, c))
	}
	return nil
}

// held is what the registry holds of a namespace, and what its base branch has
// merged since the pull request was made.
func (r *reviewer) held(ns string) []rules.Held {
	var list []rules.Held
	for _, h := range r.snapshot.Held[ns] {
		list = append(list, rules.Held{Version: h.Version, State: h.State})
	}
	if r.snapshot.Base.SHA != r.snapshot.MergeBase {
		pkg, err := submission.Load(r.snapshot.Source(r.snapshot.BaseTree), submission.Dir(ns))
		before, _ := submission.Load(r.snapshot.Source(r.snapshot.MergeBaseTree), submission.Dir(ns))
		if err == nil && pkg.Definition != nil {
			version := pkg.Definition.Version.Text()
			same := before != nil && before.Definition != nil && before.Definition.Version.Text() == version
			if !same && version != "" && !slices.ContainsFunc(list, func(h rules.Held) bool { return h.Version == version }) {
				list = append(list, rules.Held{Version: version, State: "published"})
			}
		}
	}
	return list
}

func (r *reviewer) claims(ns string) []rules.Claim {
	var list []rules.Claim
	for _, o := range r.snapshot.Others {
		if v := o.Claims[ns]; v != "" {
			list = append(list, rules.Claim{Version: v, Ref: fmt.Sprintf("#%d", o.Number), Later: o.Number > r.snapshot.Number})
		}
	}
	return list
}

// load reads one namespace at both states. Either may be missing.
func load(head, base source.Tree, ns string) (*submission.Change, error) {
	c := &submission.Change{}
	for _, side := range []struct {
		tree source.Tree
		into **submission.Package
	}{{head, &c.Head}, {base, &c.Base}} {
		pkg, err := submission.Load(side.tree, submission.Dir(ns))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if !pkg.Tombstone() {
			*side.into = pkg
		}
	}
	return c, nil
}

// view makes of a namespace what the comment shows of it.
func view(ns string, c *submission.Change) report.Namespace {
	n := report.Namespace{NS: ns}
	var base, head *definition.Definition
	if c.Base != nil {
		base = c.Base.Definition
	}
	if c.Head != nil {
		head = c.Head.Definition
	}
	switch {
	case c.Head == nil:
		n.Kind = "removed"
	case c.Base == nil:
		n.Kind = "new"
	default:
		n.Kind = "update"
	}
	if base != nil {
		n.From = base.Version.Text()
	}
	if head != nil {
		n.To = head.Version.Text()
		n.Title, n.Short = head.Field("title").Text(), head.Field("shortDescription").Text()
		n.Category, n.Icon = head.Category.Text(), head.Field("icon").Text()
	}
	if base != nil || head != nil {
		file := path.Join(submission.Dir(ns), submission.DefinitionFile)
		n.Diff = &report.Diff{Comparison: compat.Compare(base, head), Name: ns, BasePath: file, HeadPath: file}
	}
	return n
}

// holds returns why a maintainer must look, as parts of sentences that name no
// submitted text other than in quotes.
func (r *reviewer) holds(touched []string) []string {
	var holds []string
	if len(touched) > 1 {
		holds = append(holds, fmt.Sprintf("it touches %d namespaces, %s, and a submission is about one", len(touched), quotedList(touched)))
	}
	var outside, github []string
	for _, c := range r.snapshot.Changes {
		switch {
		case namespaceOf(c) != "":
		case strings.HasPrefix(c.Path, ".github/"):
			github = append(github, c.Path)
		default:
			outside = append(outside, c.Path)
		}
	}
	if len(github) > 0 {
		holds = append(holds, "it changes how the repository itself works: "+quotedList(github))
	}
	if len(outside) > 0 {
		holds = append(holds, "it changes files outside the folder of a namespace: "+quotedList(outside))
	}
	holds = append(holds, r.limits()...)
	for _, n := range r.result.Namespaces {
		if n.Kind == "new" && slices.Contains(r.namesSince(), n.NS) {
			holds = append(holds, fmt.Sprintf("the base branch has had a namespace %q since the pull request was made", n.NS))
		}
		if n.Kind == "removed" {
			holds = append(holds, fmt.Sprintf("it removes the namespace %q", n.NS))
		}
		holds = append(holds, r.ownership(n.NS, n.Kind)...)
	}
	return holds
}

// quotedList joins the first few names.
func quotedList(names []string) string {
	const most = 5
	var quoted []string
	for i, n := range names {
		if i == most {
			quoted = append(quoted, fmt.Sprintf("and %d more", len(names)-most))
			break
		}
		quoted = append(quoted, fmt.Sprintf("%q", n))
	}
	return strings.Join(quoted, ", ")
}
