package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/karzoun/miniapp-review/internal/config"
	"github.com/karzoun/miniapp-review/internal/publish"
	"github.com/karzoun/miniapp-review/internal/registry"
	"github.com/karzoun/miniapp-review/internal/report"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

type publishFlags struct {
	to     []string
	dryRun bool
	format string
}

func newPublish(s Streams) *cobra.Command {
	var flags publishFlags
	c := &cobra.Command{
		Use:   "publish [DIR]",
		Short: "Bring the merged versions of a repository into registries",
		Long: `Publish compares what the default branch holds with what each registry holds,
and adds what is missing. What is there is verified by its digest, so that a run
that failed or was cut off heals on the next one, and one with nothing to do
changes nothing.

A published version never changes. Another content under a version that is there
is an error that stops its namespace, and no other: raise the version. A version
behind the newest one is not published; the run says so.

DIR is a clone of a definitions repository, by default the one around the current
folder. HEAD must be the tip of the default branch, and definitions must have no
changes that are not committed. A version is for partners only when the
configuration has its namespace in publish.partner_only; else it is visible as the
one before it; else as publish.visibility says.

A TARGET is one of:

  static:DIR             a folder of files, made when it is missing; any web
                         server can serve it, GitHub Pages too
  branch:NAME            a branch of the repository on GitHub, made when it is
                         missing; needs GITHUB_TOKEN
  http:URL               a platform's own endpoint, see docs/registry-http.md; the
                         token is taken from MINIAPP_REGISTRY_TOKEN
  oci:HOST/REPOSITORY    a registry of container images; signed in as with
                         "docker login", or by MINIAPP_OCI_USERNAME and
                         MINIAPP_OCI_PASSWORD

Several targets are reconciled each on its own: one that is down holds back no
other, and fails the run at its end.

Without --to, the targets are those of publish.to in the configuration; relative
folders there count from the repository.

Exit codes: 0 everything is published, 1 a version has another content or cannot
be published, 2 wrong use or configuration, 3 a target failed.`,
		Example: `  miniapp publish --to static:../registry --dry-run
  miniapp publish --to static:../registry
  miniapp publish --to http:https://platform.example/registry --to oci:ghcr.io/acme/miniapps
  miniapp registry verify static:../registry`,
		Args: arguments(0, 1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := oneOf("format", flags.format, "text", "json"); err != nil {
				return err
			}
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			run, err := newPublishRun(s, flags, dir)
			if err != nil {
				return err
			}
			return runPublish(c.Context(), s, run, flags.format)
		},
	}
	f := c.Flags()
	f.StringArrayVar(&flags.to, "to", nil, "publish to this `TARGET`; may be given several times")
	f.BoolVar(&flags.dryRun, "dry-run", false, "say what would be done, and write nothing")
	f.StringVar(&flags.format, "format", "text", "how to print: text, json")
	_ = c.RegisterFlagCompletionFunc("to", completeTargets)
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// oneOf refuses a value of a flag that is none of the known ones.
func oneOf(flag, value string, known ...string) error {
	for _, k := range known {
		if value == k {
			return nil
		}
	}
	return usageError("", "unknown %s %q: expected one of %s", flag, value, strings.Join(known, ", "))
}

// branchState is the default branch of a clone, ready to be published.
type branchState struct {
	root string
	repo *source.Repo
	// prefix is the root's path in the Git repository.
	prefix, commit string
	tree           source.Tree
	conf           *config.Config
}

// openBranch opens a clone for publishing. It refuses what is not merged.
func openBranch(dir string) (*branchState, error) {
	t, err := locate(dir)
	if err != nil {
		return nil, err
	}
	if t.lone || t.folder != "" || t.file != "" {
		return nil, usageError("name the definitions repository; what is merged there is published as a whole", "%q is not a definitions repository", dir)
	}
	w, err := openWorkspace(t.root, "", "")
	if err != nil {
		return nil, err
	}
	if w.repo == nil {
		return nil, usageError("run it in a clone: what is published comes from a commit", "%q is in no Git repository", t.root)
	}
	b := &branchState{root: t.root, repo: w.repo, prefix: w.prefix}
	if b.commit, err = w.repo.Resolve("HEAD"); err != nil {
		return nil, usageError("commit something first", "the repository has no commit yet")
	}
	if err := b.atDefault(); err != nil {
		return nil, err
	}
	changed, err := w.repo.Changed(b.commit, path.Join(w.prefix, submission.Root))
	if err != nil {
		return nil, &exitError{code: ExitFailed, err: err}
	}
	changed = append(changed, w.untracked...)
	slices.Sort(changed)
	if changed = slices.Compact(changed); len(changed) > 0 {
		return nil, usageError("commit it and have it merged, or put it away with \"git stash --include-untracked\"", "%q has changes that are not committed%s", changed[0], andMore(len(changed)-1))
	}
	tree, err := w.repo.Tree(b.commit)
	if err != nil {
		return nil, &exitError{code: ExitFailed, err: err}
	}
	b.tree = source.Sub(tree, w.prefix)
	b.conf, _, err = readConfig(b.tree)
	return b, err
}

func andMore(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return ", and so has one more file"
	}
	return fmt.Sprintf(", and so have %d more files", n)
}

// atDefault checks that HEAD is the tip of the default branch.
func (b *branchState) atDefault() error {
	branch, ok := b.repo.DefaultBranch()
	if !ok {
		return usageError("only the default branch is published; \"git remote set-head origin --auto\" tells Git which one it is", "this clone knows no default branch")
	}
	if branch.Tip == b.commit {
		return nil
	}
	behind, err := b.repo.Contains(branch.Tip, b.commit)
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	if behind {
		return usageError("only what the branch holds now is published: \"git pull\" brings you there", "HEAD is behind %s", branch.Name)
	}
	return usageError("only what is merged is published: check out the default branch, and pull", "HEAD has commits that %s does not have", branch.Name)
}

// visible returns who may see a namespace: what the configuration says of it,
// else what its newest version has, so that no update makes it public by
// itself, else what the configuration says of all.
func visible(conf *config.Config) publish.Visible {
	return func(ns string, held registry.Entry) (registry.Visibility, []string) {
		if tenants, ok := conf.Publish.PartnerOnly[ns]; ok {
			return registry.Partner, tenants
		}
		for _, v := range held.Versions {
			if v.Visibility != "" {
				return v.Visibility, v.Tenants
			}
		}
		if conf.Publish.PartnersByDefault {
			return registry.Partner, nil
		}
		return registry.Public, nil
	}
}

// origin returns where the folder of a namespace comes from, by Git.
func (b *branchState) origin(dir string) (registry.Source, error) {
	c, err := b.repo.LastChange(b.commit, path.Join(b.prefix, dir))
	if err != nil {
		return registry.Source{}, err
	}
	return registry.Source{Repository: b.repo.Remote(), Commit: c.ID, Tree: c.Tree, Author: c.Author, Committed: c.Time.Format(time.RFC3339)}, nil
}

// newPublishRun sets up a run.
func newPublishRun(s Streams, flags publishFlags, dir string) (*publish.Run, error) {
	b, err := openBranch(dir)
	if err != nil {
		return nil, err
	}
	words, base := flags.to, ""
	if len(words) == 0 {
		words, base = targetWords(b.conf), b.root
	}
	if len(words) == 0 {
		return nil, usageError(targetHint+", or set publish.to in "+configFile, "%q needs --to TARGET", "miniapp publish")
	}
	targets, err := openTargets(s, words, base)
	if err != nil {
		return nil, err
	}
	candidates, err := publish.Scan(b.tree)
	if err != nil {
		return nil, &exitError{code: ExitFailed, err: err}
	}
	return &publish.Run{
		Candidates: candidates, Visible: visible(b.conf), Targets: targets, DryRun: flags.dryRun,
		Builder: &publish.Builder{Tree: b.tree, Origin: b.origin, Tool: "miniapp " + version()},
	}, nil
}

func runPublish(ctx context.Context, s Streams, run *publish.Run, format string) error {
	outcomes := run.Do(ctx)
	var err error
	if format == "json" {
		err = publishJSON(s.Out, run.DryRun, outcomes)
	} else {
		err = publishText(s.Out, run.DryRun, outcomes)
	}
	if err != nil {
		return fmt.Errorf("printing what was published: %w", err)
	}
	return publishError(outcomes)
}

// publishError is what a run ends with: the targets that failed by name, or the
// namespaces that stopped.
func publishError(outcomes []publish.Outcome) error {
	var failed, stopped []string
	for _, o := range outcomes {
		bad := o.Err != nil
		for _, step := range o.Steps {
			switch step.Action {
			case publish.Failed:
				bad = true
			case publish.Conflict, publish.Invalid:
				stopped = append(stopped, report.Visible(step.NS))
			}
		}
		if bad {
			failed = append(failed, o.Target)
		}
	}
	switch {
	case len(failed) > 0:
		return &exitError{code: ExitFailed, err: fmt.Errorf("publishing failed at %s", strings.Join(failed, ", ")),
			hint: "run it again when the cause is gone: what is there is found, and nothing is lost or doubled"}
	case len(stopped) > 0:
		return &exitError{code: ExitFindings, err: fmt.Errorf("not published: %s", strings.Join(unique(stopped), ", "))}
	}
	return nil
}

func unique(words []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, w := range words {
		if !seen[w] {
			seen[w] = true
			out = append(out, w)
		}
	}
	return out
}

// publishText prints what a run did, target by target. Versions that are there
// as they should be are counted only.
func publishText(w io.Writer, dryRun bool, outcomes []publish.Outcome) error {
	var b strings.Builder
	for _, o := range outcomes {
		fmt.Fprintf(&b, "%s\n", report.Visible(o.Target))
		counts := map[publish.Action]int{}
		for _, step := range o.Steps {
			counts[step.Action]++
			switch {
			case step.Note != "":
				fmt.Fprintf(&b, "  %-9s %s: %s\n", step.Action, report.Visible(step.NS), report.Visible(oneLine(step.Note)))
			case step.Action != publish.Verified:
				fmt.Fprintf(&b, "  %-9s %s %s  sha256:%s\n", step.Action, report.Visible(step.NS), report.Visible(step.Version), step.SHA256)
			}
		}
		if o.Err != nil {
			fmt.Fprintf(&b, "  error: %s\n", report.Visible(oneLine(o.Err.Error())))
		}
		if o.Steps != nil {
			fmt.Fprintf(&b, "  %s\n", publishSummary(dryRun, counts))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func publishSummary(dryRun bool, counts map[publish.Action]int) string {
	var parts []string
	for _, a := range []struct {
		action publish.Action
		say    string
	}{
		{publish.Publish, "to publish"}, {publish.Published, "published"}, {publish.Verified, "verified"}, {publish.Older, "older"},
		{publish.Gone, "deleted"}, {publish.Later, "left for the next run"}, {publish.Conflict, "with another content"}, {publish.Invalid, "not publishable"}, {publish.Failed, "failed"},
	} {
		if n := counts[a.action]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, a.say))
		}
	}
	if len(parts) == 0 {
		parts = []string{"nothing to publish"}
	}
	if dryRun {
		parts = append(parts, "nothing written: --dry-run")
	}
	return strings.Join(parts, ", ")
}

// The JSON form of what a run did.
type (
	publishedJSON struct {
		Version int             `json:"version"`
		DryRun  bool            `json:"dry_run"`
		Targets []publishTarget `json:"targets"`
	}
	publishTarget struct {
		Target string                 `json:"target"`
		Error  string                 `json:"error,omitempty"`
		Steps  []publishStep          `json:"steps"`
		Counts map[publish.Action]int `json:"summary"`
	}
	publishStep struct {
		NS      string         `json:"ns"`
		Version string         `json:"version,omitempty"`
		Action  publish.Action `json:"action"`
		SHA256  string         `json:"sha256,omitempty"`
		Note    string         `json:"note,omitempty"`
	}
)

func publishJSON(w io.Writer, dryRun bool, outcomes []publish.Outcome) error {
	out := publishedJSON{Version: 1, DryRun: dryRun, Targets: []publishTarget{}}
	for _, o := range outcomes {
		t := publishTarget{Target: o.Target, Steps: []publishStep{}, Counts: map[publish.Action]int{}}
		if o.Err != nil {
			t.Error = oneLine(o.Err.Error())
		}
		for _, step := range o.Steps {
			t.Counts[step.Action]++
			t.Steps = append(t.Steps, publishStep{step.NS, step.Version, step.Action, step.SHA256, oneLine(step.Note)})
		}
		out.Targets = append(out.Targets, t)
	}
	return printJSON(w, out)
}

// printJSON prints a value as indented JSON.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// isMissing reports whether an error says that something does not exist.
func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
