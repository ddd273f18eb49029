package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/karzoun/miniapp-review/internal/compat"
	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/report"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// diffFormats are the values of --format.
func diffFormats() []string { return []string{"text", "markdown", "json"} }

func newDiff(s Streams) *cobra.Command {
	var format, color string
	c := &cobra.Command{
		Use:   "diff [BASE [HEAD]] [PATH]",
		Short: "Say what an update changes for tenants, and which version it needs",
		Long: `Diff compares definitions by meaning and says what changed, how much each change
disturbs the tenants who have the older version installed, and the smallest
version that covers it: a breaking change needs a new major version (a minor one
before 1.0.0), a feature a minor one, a fix a patch. Order and formatting are no
change. docs/compatibility.md explains every kind of change with an example.

BASE and HEAD are Git revisions. Without HEAD the files on disk are meant,
without BASE the merge base with the default branch. PATH is the folder of one
submission, or a definitions repository; all definitions that changed are shown.
Where a name is both a revision and a path, put "--" before the path.

Two files need no repository: miniapp diff OLD.json NEW.json

The exit code is 0 whatever changed, 2 for wrong use, and 3 when a definition
cannot be read.`,
		Example: `  miniapp diff                           what this branch changes
  miniapp diff definitions/acme-desk     the same, of one submission
  miniapp diff v1 v2                     what changed between two tags
  miniapp diff --format json old.json new.json`,
		Args: arguments(0, 3),
		RunE: func(c *cobra.Command, args []string) error {
			if !slices.Contains(diffFormats(), format) {
				return usageError("", "unknown format %q: expected one of %s", format, strings.Join(diffFormats(), ", "))
			}
			colored, err := s.color(color, s.OutTerminal)
			if err != nil {
				return err
			}
			diffs, one, err := compareArguments(args, c.ArgsLenAtDash())
			if err != nil {
				return err
			}
			if err := printDiffs(s.Out, format, diffs, one, report.Options{Color: colored, Width: s.Width}); err != nil {
				return fmt.Errorf("printing the changes: %w", err)
			}
			return nil
		},
	}
	c.Flags().StringVar(&format, "format", "text", "how to print changes: "+strings.Join(diffFormats(), ", "))
	c.Flags().StringVar(&color, "color", "auto", "use colour: auto, always, never")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(diffFormats(), cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("color", cobra.FixedCompletions([]string{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// printDiffs prints comparisons. one says that a single definition was asked
// for, so that JSON has no list.
func printDiffs(w io.Writer, format string, diffs []report.Diff, one bool, o report.Options) error {
	var err error
	switch {
	case format == "json" && (one || len(diffs) == 1):
		err = report.DiffJSON(w, diffs[0])
	case format == "json":
		err = report.DiffsJSON(w, diffs)
	case format == "markdown" && one:
		_, err = io.WriteString(w, report.DiffMarkdown(diffs[0], 0))
	case format == "markdown":
		_, err = io.WriteString(w, report.DiffsMarkdown(diffs))
	default:
		_, err = io.WriteString(w, report.DiffText(diffs, o))
	}
	return err
}

// compareArguments compares what the arguments name. dash is the number of
// those before "--", or -1. one says that they name a single definition.
func compareArguments(args []string, dash int) (diffs []report.Diff, one bool, err error) {
	if len(args) == 2 && dash < 0 && areFiles(args[0], args[1]) {
		d, err := compareFiles(args[0], args[1])
		return []report.Diff{d}, true, err
	}
	revisions, t, err := revisionsAndPath(args, dash)
	if err != nil {
		return nil, false, err
	}
	r, err := openRange(t, revisions)
	if err != nil {
		return nil, false, err
	}
	if t.folder != "" {
		d, _, err := r.compare(t.folder)
		if err == nil && d.Base == nil && d.Head == nil {
			err = usageError("name the folder of a submission", "%q has no %s on either side", submission.Dir(t.folder), submission.DefinitionFile)
		}
		return []report.Diff{d}, true, err
	}
	for _, ns := range slices.Sorted(maps.Keys(r.changed)) {
		d, changed, err := r.compare(ns)
		if err != nil {
			return nil, false, err
		}
		if changed {
			diffs = append(diffs, d)
		}
	}
	return diffs, false, nil
}

// areFiles reports whether two arguments are files and no revisions: both are
// there, or called so.
func areFiles(a, b string) bool {
	there := func(name string) bool {
		info, err := os.Stat(name)
		return err == nil && !info.IsDir()
	}
	called := func(name string) bool { return strings.HasSuffix(strings.ToLower(name), ".json") }
	return (there(a) || called(a)) && (there(b) || called(b))
}

func compareFiles(base, head string) (report.Diff, error) {
	read := func(name string) (*definition.Definition, error) {
		f, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, usageError("name two JSON files, or revisions and a folder", "%q does not exist", name)
		}
		if err != nil {
			return nil, &exitError{code: ExitFailed, err: fmt.Errorf("reading %q: %w", name, err)}
		}
		defer f.Close()
		data, err := io.ReadAll(io.LimitReader(f, submission.MaxFileBytes+1))
		if err != nil {
			return nil, &exitError{code: ExitFailed, err: fmt.Errorf("reading %q: %w", name, err)}
		}
		return parseDefinition(name, data)
	}
	b, err := read(base)
	if err != nil {
		return report.Diff{}, err
	}
	h, err := read(head)
	if err != nil {
		return report.Diff{}, err
	}
	name := h.NS.Text()
	if name == "" {
		name = path.Base(head)
	}
	return report.Diff{Comparison: compat.Compare(b, h), Name: name, BasePath: base, HeadPath: head}, nil
}

// parseDefinition reads a definition for a comparison. It must be strict JSON,
// since two readers of other text can come to two meanings.
func parseDefinition(name string, data []byte) (*definition.Definition, error) {
	doc, problems := jsondoc.Parse(data)
	if len(problems) > 0 {
		at := jsondoc.NewLines(data).Position(problems[0].Span.Start)
		return nil, &exitError{code: ExitFailed, err: fmt.Errorf("%s:%d:%d: %s", report.Visible(name), at.Line, at.Column, report.Visible(problems[0].Message)),
			hint: "mend the JSON first; \"miniapp check\" says all that is wrong with it"}
	}
	if !doc.Root.Is(jsondoc.Object) {
		return nil, &exitError{code: ExitFailed, err: fmt.Errorf("%s:1:1: a definition is a JSON object, and this is of type %s", report.Visible(name), doc.Root.Kind)}
	}
	return definition.New(doc), nil
}

// revisionsAndPath tells the revisions from the path among the arguments: the
// path comes last.
func revisionsAndPath(args []string, dash int) ([]string, target, error) {
	const hint = "BASE and HEAD are what \"git log\" knows, PATH is the folder of a submission or a definitions repository"
	arg, explicit := "", dash >= 0
	switch {
	case explicit && len(args)-dash > 1:
		return nil, target{}, usageError(hint, "%q takes one PATH, and got %q too", "miniapp diff", args[dash+1])
	case explicit && len(args) > dash:
		arg, args = args[dash], args[:dash]
	case !explicit && len(args) > 0:
		arg = args[len(args)-1]
	}
	t, err := target{}, error(nil)
	if arg != "" {
		t, err = locate(arg)
	}
	if explicit && err != nil {
		return nil, target{}, err
	}
	isPath := arg != "" && err == nil
	if !isPath {
		if t, err = locate("."); err != nil {
			return nil, target{}, err
		}
	}
	if t.lone {
		return nil, target{}, usageError("compare two files instead: miniapp diff OLD.json NEW.json", "%q is in no definitions repository", cmp.Or(arg, "."))
	}
	repo, err := source.Find(t.root)
	if errors.Is(err, source.ErrNoRepository) {
		return nil, target{}, usageError("compare two files instead: miniapp diff OLD.json NEW.json", "%q is in no Git repository, so that there is nothing to compare with", t.root)
	}
	if err != nil {
		return nil, target{}, &exitError{code: ExitFailed, err: err}
	}
	if !explicit && arg != "" {
		_, err := repo.Resolve(arg)
		switch {
		case isPath && err == nil && arg != ".":
			return nil, target{}, usageError("put \"--\" before it when the path is meant, or write the revision as refs/heads/… or refs/tags/…", "%q is both a revision and a path", arg)
		case isPath:
			args = args[:len(args)-1]
		case err != nil:
			return nil, target{}, usageError(hint, "%q is neither a revision nor a folder of a submission", arg)
		}
	}
	if len(args) > 2 {
		return nil, target{}, usageError(hint, "%q takes two revisions, and got %q too", "miniapp diff", args[2])
	}
	return args, t, nil
}

// span is a definitions repository at two states.
type span struct {
	base, head source.Tree
	// baseAt and headAt come before the paths of files of each side.
	baseAt, headAt string
	// changed are the namespaces of which some file differs.
	changed map[string]bool
}

// openRange opens the two states that revisions name; at most two are given.
func openRange(t target, revisions []string) (*span, error) {
	base := ""
	if len(revisions) > 0 {
		base = revisions[0]
	}
	w, err := openWorkspace(t.root, base, t.folder)
	if err != nil {
		return nil, err
	}
	if w.base == nil {
		return nil, usageError("name the revision to compare with, such as \"miniapp diff HEAD\"", "there is no default branch to compare with")
	}
	if base == "" {
		base = w.baseRev[:12]
	}
	r := &span{base: w.base, head: w.head, changed: w.changed, baseAt: base + ":" + w.prefixed(), headAt: slashed(fromWorkingDirectory(t.root))}
	if len(revisions) < 2 {
		return r, nil
	}
	commit, err := w.repo.Resolve(revisions[1])
	if err != nil {
		return nil, usageError("name a commit, branch or tag that \"git log\" knows", "%w", err)
	}
	tree, err := w.repo.Tree(commit)
	if err != nil {
		return nil, &exitError{code: ExitFailed, err: err}
	}
	files, err := w.repo.Between(w.baseRev, commit, path.Join(w.prefix, submission.Root, t.folder))
	if err != nil {
		return nil, &exitError{code: ExitFailed, err: err}
	}
	r.head, r.changed, r.headAt = source.Sub(tree, w.prefix), w.namespaces(files), revisions[1]+":"+w.prefixed()
	return r, nil
}

// prefixed is the path of the root in its Git repository, with a slash at its
// end unless it is empty.
func (w *workspace) prefixed() string { return slashed(w.prefix) }

func slashed(dir string) string {
	if dir == "" || dir == "." {
		return ""
	}
	return dir + "/"
}

// compare compares one namespace. changed is false when its definition has the
// same bytes on both sides, or is on neither.
func (r *span) compare(ns string) (d report.Diff, changed bool, err error) {
	name := path.Join(submission.Dir(ns), submission.DefinitionFile)
	d = report.Diff{Name: ns, BasePath: r.baseAt + name, HeadPath: r.headAt + name}
	read := func(t source.Tree, shown string) ([]byte, *definition.Definition, error) {
		data, err := t.ReadFile(name, submission.MaxFileBytes)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil, nil
		}
		if err != nil {
			return nil, nil, &exitError{code: ExitFailed, err: fmt.Errorf("reading %q: %w", shown, err)}
		}
		def, err := parseDefinition(shown, data)
		return data, def, err
	}
	was, base, err := read(r.base, d.BasePath)
	if err != nil {
		return d, false, err
	}
	is, head, err := read(r.head, d.HeadPath)
	if err != nil {
		return d, false, err
	}
	d.Comparison = compat.Compare(base, head)
	return d, string(was) != string(is), nil
}
