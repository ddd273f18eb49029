package cli

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"github.com/karzoun/miniapp-review/internal/config"
	"github.com/karzoun/miniapp-review/internal/plan"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/qa"
	"github.com/karzoun/miniapp-review/internal/report"
	"github.com/karzoun/miniapp-review/internal/review"
	"github.com/karzoun/miniapp-review/internal/sandbox"
	"github.com/karzoun/miniapp-review/internal/sealed"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// maxQA is how long trying the submissions of one pull request may take.
const maxQA = 10 * time.Minute

func newQA(s Streams) *cobra.Command {
	var flags remoteFlags
	var run machineFlags
	var identity, format, color string
	var verbose bool
	c := &cobra.Command{
		Use:   "qa --repo OWNER/NAME --pr NUMBER",
		Short: "Try what a pull request submits, with its sealed test account",
		Long: `QA reads the submissions of a pull request from GitHub's API, opens their test
accounts with a reviewer's private key, and tries every item of the checklist as
"miniapp try" does. Nothing is checked out, and nothing is written to the pull
request. The job that "/qa run" starts does the same, and writes what it found.

It sends the credentials of the test account to the hosts that the submission
names. Look at those first.

Exit codes: 0 all that was tried passed, 1 something failed, 2 wrong use, 3 the
provider gave no answer, or nothing could be tried.`,
		Example: `  miniapp qa --repo acme/definitions --pr 12 --identity ~/age-key.txt`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			style, err := tryStyleOf(s, format, color, verbose)
			if err != nil {
				return err
			}
			if err := given(c, "identity"); err != nil {
				return err
			}
			ids, err := identities(s, identity)
			if err != nil {
				return err
			}
			o, err := flags.look(c.Context(), s, func(r *reviewing) { r.dryRun = true })
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(c.Context(), maxQA)
			defer cancel()
			t, err := tryPull(ctx, s, run, o, ids)
			if err != nil {
				return err
			}
			for _, n := range t.notes {
				fmt.Fprintf(s.Err, "note: %s\n", report.Visible(n))
			}
			return tellReports(s, t.reports, format, style)
		},
	}
	flags.add(c)
	f := c.Flags()
	run.add(f)
	f.StringVar(&identity, "identity", "", "open the test accounts with the private key in `FILE` (default: the content of "+identityVariable+")")
	f.BoolVarP(&verbose, "verbose", "v", false, "show headers and bodies, and what the platform leaves open")
	f.StringVar(&format, "format", "text", "how to print what came of it, text or json")
	f.StringVar(&color, "color", "auto", "use colour: auto, always or never (auto: on a terminal, unless NO_COLOR is set)")
	_ = c.MarkFlagFilename("identity")
	return c
}

// pullTrial is what came of trying the submissions of a pull request.
type pullTrial struct {
	reports []qa.Report
	// items are what is known of the checklist's items now.
	items []review.TrialItem
	// notes say what kept something from being tried.
	notes []string
	// secrets are all texts of the accounts that were opened.
	secrets []string
}

// tryPull tries the submissions of a pull request as they are at its head.
func tryPull(ctx context.Context, s Streams, flags machineFlags, o *outcome, ids []age.Identity) (*pullTrial, error) {
	snapshot := o.snapshot
	if o.result.Facts.Errors > 0 || o.result.Facts.CouldNotCheck != "" || snapshot.Closed {
		return nil, &exitError{code: ExitFailed, err: errors.New("there is nothing to try: the pull request has errors, could not be checked, or is closed"), hint: "\"miniapp review --dry-run\" says more"}
	}
	if holds := o.result.Facts.Holds; len(holds) > 0 {
		return nil, &exitError{code: ExitFailed, err: fmt.Errorf("the pull request is held, so that no account is opened for it: %s", strings.Join(holds, "; ")), hint: "look at the hosts of its requests; then try a checkout of it with \"miniapp try --identity FILE\""}
	}
	if flags.platform == defaultPlatform {
		if base := platformOf(snapshot); base != "" {
			flags.platform = base
		}
	}
	tree := snapshot.Source(snapshot.HeadTree)
	var heads []*submission.Package
	for _, ns := range review.Touched(snapshot.Changes) {
		pkg, err := submission.Load(tree, submission.Dir(ns))
		if err == nil && pkg.Definition != nil {
			heads = append(heads, pkg)
		}
	}
	t := &pullTrial{}
	for i, pkg := range heads {
		prefix := ""
		if len(heads) > 1 {
			prefix = review.ItemPrefix(pkg.Folder, i)
		}
		if err := t.try(ctx, s, flags, pkg, prefix, ids); err != nil {
			return nil, err
		}
	}
	if len(heads) == 0 {
		return nil, &exitError{code: ExitFailed, err: errors.New("there is nothing to try: the pull request has no definition")}
	}
	return t, nil
}

// platformOf is the address of the platform's API, as the configuration at the
// base names it, or "".
func platformOf(s *pull.Snapshot) string {
	data, err := s.Source(s.BaseTree).ReadFile(review.ConfigFile, config.MaxBytes)
	if err != nil {
		return ""
	}
	c, err := config.Parse(data, review.ConfigRules())
	if err != nil {
		return ""
	}
	return c.Publish.SaaSAPIURL
}

// try tries one submission, whose items are told with a prefix.
func (t *pullTrial) try(ctx context.Context, s Streams, flags machineFlags, pkg *submission.Package, prefix string, ids []age.Identity) error {
	in := qa.Input{Samples: samplesOf(pkg)}
	account, err := accountOf(pkg, ids)
	if err != nil {
		t.notes = append(t.notes, fmt.Sprintf("%s: %s; what needs an account was not tried", pkg.Folder, err))
	} else {
		in.Account = account.Credentials
		t.secrets = append(t.secrets, account.Notes)
		for _, m := range []map[string]string{account.Credentials, account.Login} {
			for _, k := range sortedKeys(m) {
				t.secrets = append(t.secrets, m[k])
			}
		}
	}
	if in.File, err = readQAFile(path.Join(submission.Dir(pkg.Folder), submission.QAFile), pkg); err != nil {
		t.notes = append(t.notes, fmt.Sprintf("%s: %s", pkg.Folder, strings.ReplaceAll(err.Error(), "\n", "; ")))
	}
	m, done := flags.machine(s, pkg.Definition)
	defer done()
	r, _ := qa.Run(ctx, m, in)
	if err := ctx.Err(); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	t.reports = append(t.reports, r)
	for _, x := range r.Items {
		if x.State == qa.Passed || x.State == qa.Failed {
			reason := x.Reason
			if x.State == qa.Passed {
				reason = ""
			}
			t.items = append(t.items, review.TrialItem{ID: prefix + x.ID, Passed: x.State == qa.Passed, Reason: reason})
		}
	}
	return nil
}

// accountOf opens the test account of a submission. It must be for this very
// namespace: a copy of somebody else's would carry their credentials wherever
// this submission's requests go.
func accountOf(pkg *submission.Package, ids []age.Identity) (sealed.Account, error) {
	f := pkg.File(submission.TestAccountFile)
	if f == nil || f.Err != nil {
		return sealed.Account{}, fmt.Errorf("there is no %s that can be read", submission.TestAccountFile)
	}
	a, err := sealed.Open(f.Data, ids)
	if err != nil {
		return sealed.Account{}, fmt.Errorf("%s %w", submission.TestAccountFile, err)
	}
	if err := a.For(pkg.Definition.NS.Text()); err != nil {
		return sealed.Account{}, fmt.Errorf("%s: %w", submission.TestAccountFile, err)
	}
	if pkg.Definition.NS.Text() != pkg.Folder {
		return sealed.Account{}, errors.New("the folder has another name than the ns")
	}
	return a, nil
}

// minHidden is the length from which a text of an account is crossed out of a
// public comment.
const minHidden = 4

// hider crosses every text of the accounts out of what is told in public, in all
// spellings. The reports are redacted already; this also covers what a definition
// does not call a secret. It is for single texts, and not for a comment as a
// whole: whoever wrote the account could cross out any part of that.
func (t *pullTrial) hider() func(string) string {
	var list []string
	for _, s := range t.secrets {
		if len(s) >= minHidden {
			list = append(list, sandbox.Spellings(s)...)
		}
	}
	slices.Sort(list)
	slices.SortStableFunc(list, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, s := range slices.Compact(list) {
		pairs = append(pairs, s, "••••••")
	}
	return strings.NewReplacer(pairs...).Replace
}

// tryFor tries what a pull request submits, for the command in a comment, and
// writes what it found. Then it reviews the pull request.
func (a *actionRun) tryFor(ctx context.Context, number int, comment int64, identity string) error {
	ids, err := sealed.ParseIdentities(identity)
	if err != nil {
		return &exitError{code: ExitUsage, err: fmt.Errorf("the input age-identity: %w", err)}
	}
	look := *a.reviewing
	look.dryRun = true
	o, err := look.once(ctx, number)
	if err != nil {
		return err
	}
	asked, why := requestOf(o.result, comment)
	if why != "" {
		return a.writer.Line("nothing to do: " + why)
	}
	limited, cancel := context.WithTimeout(ctx, maxQA)
	defer cancel()
	t, err := tryPull(limited, a.streams, a.run, o, ids)
	if err != nil {
		return err
	}
	for _, s := range t.secrets {
		if len(s) < minHidden {
			continue
		}
		if err := a.writer.Mask(s); err != nil {
			return err
		}
	}
	hide := t.hider()
	trial := review.Trial{Content: asked.Content, Items: t.items}
	for i := range trial.Items {
		trial.Items[i].Reason = hide(trial.Items[i].Reason)
	}
	repository := o.snapshot.Repository
	body := trial.Comment(repository.Owner+"/"+repository.Name, number, a.options.MarkerKey, comment,
		report.TrialComment(t.reports, t.notes, asked.By, a.options.RunURL, hide))
	if a.dryRun {
		return a.writer.Line(body)
	}
	err = a.forge.Apply(ctx, plan.Plan{Number: number, Head: o.snapshot.Head.SHA, Operations: []plan.Operation{{Kind: plan.CreateComment, Body: body}}}, nil)
	if err != nil {
		return fmt.Errorf("writing what was found: %w", err)
	}
	return a.review(ctx, number, true)
}

// requestOf finds the command of a comment among those that count, or says why
// there is nothing to do.
func requestOf(r *review.Result, comment int64) (review.Request, string) {
	for _, q := range r.Requests {
		if q.Comment == comment {
			switch {
			case q.Done:
				return q, "it was tried for this comment already"
			case len(r.Facts.Holds) > 0:
				return q, "the pull request is held since then"
			}
			return q, ""
		}
	}
	return review.Request{}, "the comment has no \"/qa run\" that counts; the pull request says why"
}
