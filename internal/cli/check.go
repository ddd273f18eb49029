package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/karzoun/miniapp-review/internal/config"
	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/intake"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/registry"
	"github.com/karzoun/miniapp-review/internal/report"
	"github.com/karzoun/miniapp-review/internal/rules"
	"github.com/karzoun/miniapp-review/internal/secrets"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

type checkFlags struct {
	base, format, registry, config, color, available string
	fix                                              bool
}

func newCheck(s Streams) *cobra.Command {
	var flags checkFlags
	c := &cobra.Command{
		Use:   "check [PATH…]",
		Short: "Check submissions: all, some, or one file",
		Long: `Check says what automated intake would say about submissions.

PATH is a definitions repository, the folder of one submission, or a JSON file;
without one, the definitions repository around the current folder is checked.
In a Git repository the files are compared with the base (the merge base with
the default branch), so that updates are checked as updates.

Exit codes: 0 no errors, 1 errors found, 2 wrong use or configuration,
3 could not check.`,
		Example: `  miniapp check                          all submissions of this repository
  miniapp check definitions/acme-desk    one submission
  miniapp check --fix                    mend what can be mended without a choice
  miniapp check --format sarif > out.sarif
  miniapp check --available acme-desk    is this name free?`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if err := given(c, "base", "registry", "config", "available"); err != nil {
				return err
			}
			if flags.available != "" {
				return available(s, flags, args)
			}
			return check(c.Context(), s, flags, args)
		},
	}
	f := c.Flags()
	f.StringVar(&flags.base, "base", "", "compare with this Git revision `REV` (default: the merge base with the default branch)")
	f.StringVar(&flags.format, "format", "text", "how to print findings, one `FORMAT` of "+strings.Join(report.FormatNames(), ", "))
	f.BoolVar(&flags.fix, "fix", false, "apply every fix that needs no choice, and say what was done")
	f.StringVar(&flags.registry, "registry", "", "a static registry in `DIR`, whose versions are taken too")
	f.StringVar(&flags.config, "config", "", "use this configuration `FILE` instead of the repository's")
	f.StringVar(&flags.available, "available", "", "say whether the namespace `NS` is free and far enough from others, and check nothing else")
	f.StringVar(&flags.color, "color", "auto", "use colour: auto, always or never (auto: on a terminal, unless NO_COLOR is set)")
	_ = c.MarkFlagDirname("registry")
	_ = c.MarkFlagFilename("config", "yml", "yaml")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(report.FormatNames(), cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("color", cobra.FixedCompletions([]string{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// check runs the command.
func check(ctx context.Context, s Streams, flags checkFlags, args []string) error {
	format, err := report.ParseFormat(flags.format)
	if err != nil {
		return usageError("", "%w", err)
	}
	color, err := s.color(flags.color, s.OutTerminal)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		args = []string{"."}
	}
	var targets []target
	for _, a := range args {
		t, err := locate(a)
		if err != nil {
			return err
		}
		targets = append(targets, t)
	}
	r, err := newRunner(s, flags)
	if err != nil {
		return err
	}
	start := s.Now()
	all := groups(targets)
	for _, group := range all {
		// The JSON format tells paths from the root, as its contract says; the
		// others tell them from here, where people and GitHub look for them.
		if err := r.group(ctx, group, len(all) > 1 || format != report.JSON); err != nil {
			r.tellFixed()
			return err
		}
	}
	if format == report.SARIF || format == report.GitHub {
		r.tellFixed()
	}
	r.result.Findings = finding.Sort(r.result.Findings)
	r.result.Elapsed = s.Now().Sub(start)
	r.result.Sources = r.sources()
	err = report.Print(s.Out, format, r.result, report.Options{Color: color, Width: s.Width, Version: version(), Rules: ruleInfo()})
	if err != nil {
		return fmt.Errorf("printing the findings: %w", err)
	}
	if errors, _, _ := finding.Count(r.result.Findings); errors > 0 {
		return &exitError{code: ExitFindings}
	}
	return nil
}

// runner holds what the groups of one run share.
type runner struct {
	streams Streams
	flags   checkFlags
	schema  *definition.Validator
	secrets rules.SecretScanner
	held    func(string) []rules.Held
	result  report.Result
	// files maps the paths of findings to files on disk.
	files map[string]string
}

func newRunner(s Streams, flags checkFlags) (*runner, error) {
	r := &runner{streams: s, flags: flags, files: map[string]string{}, secrets: secrets.New()}
	var err error
	if r.schema, err = definition.NewValidator(); err != nil {
		return nil, err
	}
	r.held, err = openRegistry(flags.registry)
	return r, err
}

// openRegistry returns what the rules ask of a registry; nil without one.
func openRegistry(dir string) (func(string) []rules.Held, error) {
	if dir == "" {
		return nil, nil
	}
	index, err := registry.OpenStatic(dir)
	if err != nil {
		return nil, usageError("--registry takes the folder that holds the registry's index.json", "%w", err)
	}
	return func(ns string) []rules.Held {
		var held []rules.Held
		for _, v := range index.Versions(ns) {
			held = append(held, rules.Held{Version: v.Version, State: string(v.State)})
		}
		return held
	}, nil
}

// group checks the targets of one root.
func (r *runner) group(ctx context.Context, targets []target, fromHere bool) error {
	in := intake.Input{Schema: r.schema, Secrets: r.secrets, Held: r.held, Now: r.streams.Now(), Config: config.Default()}
	root := targets[0].root
	var err error
	if targets[0].lone {
		err = r.openLone(&in, targets[0])
	} else {
		err = r.openRepository(&in, root, targets)
	}
	if err != nil {
		return err
	}
	prefix := ""
	if fromHere {
		prefix = fromWorkingDirectory(root)
	}
	progress := newProgress(r.streams)
	in.Progress = progress.update
	res, err := r.checkAndFix(ctx, in, root, prefix)
	progress.done()
	if err != nil {
		if errors.Is(err, context.Canceled) {
			return &exitError{code: ExitFailed, err: errors.New("interrupted before everything was checked")}
		}
		return err
	}
	keep := only(targets)
	for _, f := range res.Findings {
		if keep(f.Path) {
			r.result.Findings = append(r.result.Findings, r.place(f, root, prefix))
		}
	}
	for _, f := range res.Waived {
		if keep(f.Path) {
			r.result.Waived++
		}
	}
	r.result.Definitions += res.Definitions
	return nil
}

// only returns whether a path's findings are wanted: all of them, unless every
// target is a file.
func only(targets []target) func(string) bool {
	files := map[string]bool{}
	for _, t := range targets {
		if t.file == "" {
			return func(string) bool { return true }
		}
		files[t.file] = true
	}
	return func(p string) bool { return files[p] }
}

// place writes the paths of a finding as they are shown, and notes where the
// files are.
func (r *runner) place(f finding.Finding, root, prefix string) finding.Finding {
	show := func(p string) string {
		shown := path.Join(prefix, p)
		r.files[shown] = filepath.Join(root, filepath.FromSlash(p))
		return shown
	}
	f.Path = show(f.Path)
	f.Related = slices.Clone(f.Related)
	for i := range f.Related {
		f.Related[i].Path = show(f.Related[i].Path)
	}
	if f.Fix != nil {
		fix := *f.Fix
		fix.Edits = slices.Clone(fix.Edits)
		for i := range fix.Edits {
			fix.Edits[i].Path = show(fix.Edits[i].Path)
		}
		f.Fix = &fix
	}
	return f
}

// fromWorkingDirectory returns the way from the current folder to the root, so
// that a path in the output can be opened as it is printed.
func fromWorkingDirectory(root string) string {
	wd, err := os.Getwd()
	if err != nil {
		return ""
	}
	if real, err := filepath.EvalSymlinks(wd); err == nil {
		wd = real
	}
	if real, err := filepath.EvalSymlinks(root); err == nil {
		root = real
	}
	rel, err := filepath.Rel(wd, root)
	if err != nil {
		return ""
	}
	return filepath.ToSlash(rel)
}

// openRepository sets up the check of a definitions repository.
func (r *runner) openRepository(in *intake.Input, root string, targets []target) error {
	folder := ""
	if len(targets) == 1 {
		folder = targets[0].folder
	}
	w, err := openWorkspace(root, r.flags.base, folder)
	if err != nil {
		return err
	}
	in.Head, in.Base, in.Changed = w.head, w.base, w.changed
	if in.Config, err = r.config(w); err != nil {
		return err
	}
	in.Only = []string{}
	for _, t := range targets {
		if t.folder == "" {
			in.Only = nil
			break
		}
		dir := submission.Dir(t.folder)
		if !source.Exists(w.head, dir) && (w.base == nil || !source.Exists(w.base, dir)) {
			return usageError("name a folder of a submission, a definitions repository, or a JSON file",
				"%q does not exist, and the base does not have it either", filepath.Join(root, filepath.FromSlash(dir)))
		}
		in.Only = append(in.Only, t.folder)
	}
	return nil
}

// openLone sets up the check of a submission, or of one JSON file, that stands
// outside a definitions repository.
func (r *runner) openLone(in *intake.Input, t target) error {
	if r.flags.base != "" {
		return usageError("check the definitions repository instead", "--base needs a definitions repository, and %q is a submission for itself", filepath.Join(t.root, t.folder))
	}
	dir, err := source.OpenDir(t.root)
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	in.Head = dir
	if r.flags.config != "" {
		if in.Config, err = r.config(&workspace{head: dir}); err != nil {
			return err
		}
	}
	in.Lone = t.folder
	if t.folder == "" {
		in.LoneFile = t.file
	}
	return nil
}

// sources returns what reads the text of a file for excerpts. Findings come
// sorted by path, so that the last file is all that is kept.
func (r *runner) sources() func(string) *jsondoc.Lines {
	var last string
	var lines *jsondoc.Lines
	return func(p string) *jsondoc.Lines {
		if p == last {
			return lines
		}
		last, lines = p, nil
		file, ok := r.files[p]
		if !ok {
			return nil
		}
		dir, err := source.OpenDir(filepath.Dir(file))
		if err != nil {
			return nil // the excerpt is a help; the finding stands without it
		}
		if data, err := dir.ReadFile(filepath.Base(file), submission.MaxFileBytes); err == nil {
			lines = jsondoc.NewLines(data)
		}
		return lines
	}
}

func ruleInfo() func(string) (report.RuleInfo, bool) {
	byID := map[string]report.RuleInfo{}
	for _, s := range rules.All() {
		byID[s.ID] = report.RuleInfo{ID: s.ID, Title: s.Title, Purpose: s.Purpose}
	}
	return func(id string) (report.RuleInfo, bool) {
		info, ok := byID[id]
		return info, ok
	}
}
