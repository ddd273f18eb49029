package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/karzoun/miniapp-review/internal/publish"
	"github.com/karzoun/miniapp-review/internal/registry"
	"github.com/karzoun/miniapp-review/internal/report"
)

func newRegistry(s Streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "registry",
		Short: "Verify, compare and mend registries of published versions",
		Long: `Registry works on what "miniapp publish" has published. Its commands never change
or remove a version. docs/registry.md describes what a registry holds.

In a definitions repository, the registries need not be named: those of publish.to
in the configuration of the default branch are meant.`,
		Args: commands,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newRegistryVerify(s), newRegistryRebuild(s), newRegistryDiff(s), newRegistryYank(s), newRegistryServe(s))
	return c
}

// withFormat adds --format to a command.
func withFormat(c *cobra.Command, format *string) *cobra.Command {
	c.Flags().StringVar(format, "format", "text", "how to print: text, json")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	c.ValidArgsFunction = completeTargets
	return c
}

type faultJSON struct {
	NS      string `json:"ns,omitempty"`
	Version string `json:"version,omitempty"`
	Message string `json:"message"`
}

type verifiedJSON struct {
	Target   string      `json:"target"`
	Versions int         `json:"versions"`
	Faults   []faultJSON `json:"faults"`
	Error    string      `json:"error,omitempty"`
}

func newRegistryVerify(s Streams) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "verify [TARGET…]",
		Short: "Check every digest and every entry of the index",
		Long: `Verify reads every version of a registry, checks every digest, and holds the
index against what the versions say. It writes nothing. Without TARGET, it is every
registry of the configuration.

Exit codes: 0 all is whole, 1 something is damaged, 2 wrong use, 3 a registry
cannot be read.`,
		Example: `  miniapp registry verify static:../registry`,
		Args:    cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if err := oneOf("format", format, "text", "json"); err != nil {
				return err
			}
			to, err := someTargets(c, s, args)
			if err != nil {
				return err
			}
			return verify(c.Context(), s, to.targets, format)
		},
	}
	return withFormat(c, &format)
}

func verify(ctx context.Context, s Streams, targets []registry.Target, format string) error {
	out := struct {
		Version int            `json:"version"`
		Targets []verifiedJSON `json:"targets"`
	}{Version: 1}
	var text strings.Builder
	var failed []string
	damaged := false
	for _, t := range targets {
		r, err := publish.Verify(ctx, t)
		v := verifiedJSON{Target: t.String(), Faults: []faultJSON{}}
		fmt.Fprintf(&text, "%s\n", report.Visible(t.String()))
		if err != nil {
			v.Error = oneLine(err.Error())
			failed = append(failed, t.String())
			fmt.Fprintf(&text, "  error: %s\n", report.Visible(v.Error))
			out.Targets = append(out.Targets, v)
			continue
		}
		v.Versions = r.Versions
		for _, f := range r.Faults {
			damaged = true
			v.Faults = append(v.Faults, faultJSON{f.NS, f.Version, oneLine(f.Message)})
			fmt.Fprintf(&text, "  %s: %s\n", strings.TrimSpace(f.NS+" "+f.Version), report.Visible(oneLine(f.Message)))
		}
		fmt.Fprintf(&text, "  %d versions whole, %d faults\n", r.Versions, len(r.Faults))
		out.Targets = append(out.Targets, v)
	}
	err := error(nil)
	if format == "json" {
		err = printJSON(s.Out, out)
	} else {
		_, err = fmt.Fprint(s.Out, text.String())
	}
	switch {
	case err != nil:
		return err
	case len(failed) > 0:
		return &exitError{code: ExitFailed, err: fmt.Errorf("cannot read %s", strings.Join(failed, ", "))}
	case damaged:
		return &exitError{code: ExitFindings}
	}
	return nil
}

func newRegistryRebuild(s Streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "rebuild [TARGET…]",
		Short: "Make the index again out of the versions",
		Long: `Rebuild makes the index of a registry again, and its pages, out of the versions
that are stored. From the same versions it makes the same bytes. It changes no
version, and refuses when the present index names a version that is gone. Without
TARGET, it is every registry of the configuration, apart from servers, which keep
their own index.`,
		Example: `  miniapp registry rebuild static:../registry`,
		Args:    cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			to, err := someTargets(c, s, args)
			if err != nil {
				return err
			}
			return rebuild(c.Context(), s, to)
		},
		ValidArgsFunction: completeTargets,
	}
	return c
}

func rebuild(ctx context.Context, s Streams, to chosen) error {
	var failed failures
	for _, t := range to.targets {
		x, err := t.Rebuild(ctx)
		switch {
		case errors.Is(err, errors.ErrUnsupported) && to.configured:
			fmt.Fprintf(s.Out, "%s: left out, since a server keeps its own index\n", report.Visible(t.String()))
		case errors.Is(err, errors.ErrUnsupported):
			failed.missing++
			failed.add("%s cannot be rebuilt from here, since a server keeps its own index", t)
		case err != nil:
			failed.add("%v", err)
		default:
			fmt.Fprintf(s.Out, "%s: %d versions of %d namespaces\n", report.Visible(t.String()), x.Len(), len(x.Namespaces()))
		}
	}
	return failed.err(len(to.targets))
}

type differenceJSON struct {
	NS       string    `json:"ns"`
	Version  string    `json:"version"`
	Left     *sideJSON `json:"left"`
	Right    *sideJSON `json:"right"`
	Conflict bool      `json:"conflict"`
}

type sideJSON struct {
	State      registry.State      `json:"state"`
	SHA256     string              `json:"sha256"`
	Visibility registry.Visibility `json:"visibility,omitempty"`
}

func side(v *registry.Version) *sideJSON {
	if v == nil {
		return nil
	}
	return &sideJSON{v.State, v.SHA256, v.Visibility}
}

func newRegistryDiff(s Streams) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "diff [TARGET TARGET]",
		Short: "Say which versions two registries do not have alike",
		Long: `Diff compares the indexes of two registries. Lines start with "<" for a version
that only the first one has, ">" for one that only the second one has, "~" for one
whose state, visibility or record differs, and "!" for one that has another
content in each, which must not be. Without TARGET, it is the two registries of the
configuration.

What a repository holds against a registry is said by "miniapp publish --dry-run".

Exit codes: 0 no version has two contents, 1 one has, 2 wrong use, 3 a registry
cannot be read.`,
		Example: `  miniapp registry diff static:../registry static:/mnt/backup`,
		Args:    arguments(0, 2),
		RunE: func(c *cobra.Command, args []string) error {
			if err := oneOf("format", format, "text", "json"); err != nil {
				return err
			}
			if len(args) == 1 {
				return usageError(targetHint, "%q needs two registries to compare, and got %q alone", c.CommandPath(), args[0])
			}
			to, err := someTargets(c, s, args)
			if err != nil {
				return err
			}
			if n := len(to.targets); n != 2 {
				return usageError("name the two to compare: miniapp registry diff TARGET TARGET", "publish.to in %s names %d registries, and two are compared", configFile, n)
			}
			left, right := to.targets[0], to.targets[1]
			if to.configured {
				fmt.Fprintf(s.Err, "note: \"<\" is %s, and \">\" is %s\n", report.Visible(left.String()), report.Visible(right.String()))
			}
			return diffRegistries(c.Context(), s, left, right, format)
		},
	}
	return withFormat(c, &format)
}

func diffRegistries(ctx context.Context, s Streams, left, right registry.Target, format string) error {
	l, err := left.Index(ctx)
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	r, err := right.Index(ctx)
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	out := struct {
		Version     int              `json:"version"`
		Left        string           `json:"left"`
		Right       string           `json:"right"`
		Differences []differenceJSON `json:"differences"`
	}{1, left.String(), right.String(), []differenceJSON{}}
	var text strings.Builder
	conflict := false
	for _, d := range publish.Diff(l, r) {
		conflict = conflict || d.Conflict()
		out.Differences = append(out.Differences, differenceJSON{d.NS, d.Version, side(d.Left), side(d.Right), d.Conflict()})
		text.WriteString(differenceLine(d))
	}
	if format == "json" {
		err = printJSON(s.Out, out)
	} else {
		if len(out.Differences) == 0 {
			text.WriteString("no differences\n")
		}
		_, err = fmt.Fprint(s.Out, text.String())
	}
	if err == nil && conflict {
		err = &exitError{code: ExitFindings}
	}
	return err
}

func differenceLine(d publish.Difference) string {
	switch {
	case d.Right == nil:
		return fmt.Sprintf("< %s %s  %s sha256:%s\n", d.NS, d.Version, d.Left.State, d.Left.SHA256)
	case d.Left == nil:
		return fmt.Sprintf("> %s %s  %s sha256:%s\n", d.NS, d.Version, d.Right.State, d.Right.SHA256)
	case d.Conflict():
		return fmt.Sprintf("! %s %s  sha256:%s and sha256:%s\n", d.NS, d.Version, d.Left.SHA256, d.Right.SHA256)
	case d.Left.State != d.Right.State:
		return fmt.Sprintf("~ %s %s  %s and %s\n", d.NS, d.Version, d.Left.State, d.Right.State)
	}
	return fmt.Sprintf("~ %s %s  the same content with another record\n", d.NS, d.Version)
}

func newRegistryYank(s Streams) *cobra.Command {
	var reason string
	var to []string
	c := &cobra.Command{
		Use:   "yank NS VERSION --reason TEXT [--to TARGET…]",
		Short: "Take a version out of the offer, with a reason",
		Long: `Yank marks a version as yanked: the index lists it so, with the reason, and it is
no latest version any more. Its content stays, for those who have it installed,
and its number stays taken. Yanking twice changes nothing; the first reason
counts. Without --to, it is yanked in every registry of the configuration. One that
cannot be reached holds back no other: run it again for that one.

Exit codes: 0 it is yanked everywhere, 2 wrong use, or no registry has the version,
3 a registry failed, or lacks the version that others have.`,
		Example: `  miniapp registry yank acme-desk 1.4.2 --reason "It loses orders." --to static:../registry`,
		Args:    arguments(2, 2),
		RunE: func(c *cobra.Command, args []string) error {
			mark := registry.NewMark(strings.TrimSpace(reason), s.Now())
			if err := mark.Check(); err != nil {
				return usageError("say why in one sentence, for those who have it installed: --reason \"It loses orders.\"", "yanking %s %s: %w", args[0], args[1], err)
			}
			if err := registry.CheckName(args[0], args[1]); err != nil {
				return usageError("", "%w", err)
			}
			where, err := someTargets(c, s, to)
			if err != nil {
				return err
			}
			return yank(c.Context(), s, where.targets, args[0], args[1], mark)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	c.Flags().StringVar(&reason, "reason", "", "why, for those who have it installed: one `TEXT` of a line")
	c.Flags().StringArrayVar(&to, "to", nil, "the `TARGET` to yank it in; may be given several times; without it, those of the configuration")
	_ = c.RegisterFlagCompletionFunc("to", completeTargets)
	return c
}

func yank(ctx context.Context, s Streams, targets []registry.Target, ns, version string, mark registry.Mark) error {
	var failed failures
	for _, t := range targets {
		err := t.Yank(ctx, ns, version, mark)
		switch {
		case isMissing(err):
			failed.missing++
			failed.add("%s has no %s %s", t, ns, version)
		case err != nil:
			failed.add("%s: %v", t, err)
		default:
			fmt.Fprintf(s.Out, "%s: %s %s is yanked\n", report.Visible(t.String()), ns, version)
		}
	}
	return failed.err(len(targets))
}
