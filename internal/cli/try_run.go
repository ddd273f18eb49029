package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/nearest"
	"github.com/karzoun/miniapp-review/internal/qa"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// unknownWord is the error for a name that the definition does not have.
func unknownWord(kind, word string, names []string) error {
	hint := "the definition has none"
	if names = slices.DeleteFunc(names, func(n string) bool { return n == "" }); len(names) > 0 {
		hint = "use one of: " + strings.Join(names, ", ")
	}
	if near, ok := nearest.Word(word, names); ok {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return usageError(hint, "there is no %s %q in the definition", kind, word)
}

// completeFrom completes a word of the definition in --dir.
func completeFrom(flags *tryFlags, words func(*definition.Definition) []string) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		t, err := loadTrial(flags.dir)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return words(t.def), cobra.ShellCompDirectiveNoFileComp
	}
}

// runTry tries submissions, each as choose says, and prints what came of it.
func runTry(ctx context.Context, s Streams, c *cobra.Command, flags tryFlags, paths []string, lone bool, choose func(*trial) error) error {
	if err := given(c, "dir", "account", "identity", "save", "platform"); err != nil {
		return err
	}
	if err := flags.check(); err != nil {
		return err
	}
	style, err := tryStyleOf(s, flags.format, flags.color, flags.verbose)
	if err != nil {
		return err
	}
	var trials []*trial
	for _, p := range paths {
		list, err := loadTrials(p)
		if err != nil {
			return err
		}
		trials = append(trials, list...)
	}
	if len(trials) > 1 && lone {
		return usageError("name its folder with --dir, such as --dir definitions/acme-desk", "there are %d submissions in %q, and this tries one", len(trials), paths[0])
	}
	if len(trials) > 1 && !flags.practice {
		return usageError("name one of them, or try them all with --practice", "there are %d submissions, and an account is for one", len(trials))
	}
	for _, t := range trials {
		if err := choose(t); err != nil {
			return err
		}
	}
	var reports []qa.Report
	for _, t := range trials {
		r, err := t.run(ctx, s, flags)
		if err != nil {
			return err
		}
		reports = append(reports, r)
	}
	return tellReports(s, reports, flags.format, style)
}

// tryStyleOf reads the flags that say how reports are shown.
func tryStyleOf(s Streams, format, color string, verbose bool) (tryStyle, error) {
	if format != "text" && format != "json" {
		return tryStyle{}, usageError("", "unknown value %q of --format: use \"text\" or \"json\"", format)
	}
	on, err := s.color(color, s.OutTerminal)
	return tryStyle{color: on, verbose: verbose}, err
}

// tellReports prints reports. Its error is their exit code.
func tellReports(s Streams, reports []qa.Report, format string, style tryStyle) error {
	var err error
	if format == "json" {
		err = printReports(s, reports)
	} else {
		_, err = fmt.Fprint(s.Out, tryText(reports, style))
	}
	if err != nil {
		return fmt.Errorf("printing what came of it: %w", err)
	}
	return verdict(reports)
}

// verdict is the exit code of reports, as an error.
func verdict(reports []qa.Report) error {
	var failed, silent, tried bool
	for _, r := range reports {
		failed = failed || r.Summary.Failed > 0
		silent = silent || r.Summary.NoAnswer > 0
		for _, list := range [][]qa.Result{r.Items, r.Extras} {
			for _, x := range list {
				tried = tried || x.State == qa.Passed && x.ID != "install"
			}
		}
	}
	switch {
	case failed:
		return &exitError{code: ExitFindings}
	case silent || !tried:
		return &exitError{code: ExitFailed}
	}
	return nil
}

// check refuses flags that do not go together.
func (f tryFlags) check() error {
	switch {
	case f.practice && (f.account != "" || f.identity != "" || f.save != ""):
		return usageError("leave one of them out", "--practice makes up the account, so --account, --identity and --save mean nothing with it")
	case f.account != "" && f.identity != "":
		return usageError("leave one of them out", "--account and --identity both give an account")
	case !strings.HasPrefix(f.platform, "https://") && !strings.HasPrefix(f.platform, "http://"):
		return usageError("write it as in https://acme.api.example.com", "--platform %q is no URL", f.platform)
	}
	return nil
}

// sampleName is the short name of a sample file.
func sampleName(file string) string {
	return strings.TrimSuffix(strings.TrimPrefix(file, submission.SamplesDir+"/"), ".json")
}
