package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"unicode/utf8"

	"github.com/Masterminds/semver/v3"
	"github.com/spf13/cobra"

	"github.com/karzoun/miniapp-review/internal/changelog"
	"github.com/karzoun/miniapp-review/internal/compat"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/report"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

func newChangelog(s Streams) *cobra.Command {
	var write bool
	var base string
	c := &cobra.Command{
		Use:   "changelog [--write] [DIR]",
		Short: "Draft the changelog section of an update from what it changes",
		Long: `Changelog compares the definition with the base (the merge base with the default
branch) and drafts the section of its CHANGELOG.md: what is added, changed,
deprecated, removed, fixed or safer, and what tenants have to do where the update
breaks something for them. A first version gets a list of what there is.

The section is for the version that the definition has, or for the smallest one
that covers the change when that is higher; its date is today's. It is a draft:
read it, and say in your own words what people notice.

DIR is the folder of a submission. Without it, the one whose definition changed
is meant. The section is printed, or with --write put at its place in
CHANGELOG.md, which is created if it is not there. A section that is there
already is never overwritten.`,
		Example: `  miniapp changelog
  miniapp changelog --write definitions/acme-desk`,
		Args: arguments(0, 1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := given(c, "base"); err != nil {
				return err
			}
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			d, err := findDraft(dir, base)
			if err != nil {
				return err
			}
			return d.run(s, write)
		},
	}
	c.Flags().BoolVar(&write, "write", false, "put the section into CHANGELOG.md")
	c.Flags().StringVar(&base, "base", "", "compare with this Git revision `REV` (default: the merge base with the default branch)")
	return c
}

// draft is what a section is made from, and the file that it is for.
type draft struct {
	comparison *compat.Comparison
	// root is the folder that file, a path with slashes, is below.
	root, file string
	// baseName says what was compared with, "" for nothing.
	baseName string
}

// findDraft finds the submission that a section is wanted for.
func findDraft(dir, base string) (*draft, error) {
	t, err := locate(dir)
	if err != nil {
		return nil, err
	}
	if t.lone {
		return loneDraft(t, base)
	}
	w, err := openWorkspace(t.root, base, t.folder)
	if err != nil {
		return nil, err
	}
	r := &span{base: w.base, head: w.head, changed: w.changed, baseAt: w.baseName + ":", headAt: slashed(fromWorkingDirectory(t.root))}
	if w.base == nil {
		r.base = source.Memory{}
	}
	if t.folder == "" {
		if t.folder, err = r.onlyChanged(w.base != nil); err != nil {
			return nil, err
		}
	}
	d, _, err := r.compare(t.folder)
	if err != nil {
		return nil, err
	}
	if d.Head == nil {
		return nil, usageError("name the folder of a submission", "%q has no %s", submission.Dir(t.folder), submission.DefinitionFile)
	}
	return &draft{comparison: d.Comparison, root: t.root, file: path.Join(submission.Dir(t.folder), submission.ChangelogFile), baseName: w.baseName}, nil
}

// loneDraft is for a submission outside a definitions repository, of which no
// older version is known.
func loneDraft(t target, base string) (*draft, error) {
	if base != "" {
		return nil, usageError("name a folder of a definitions repository instead", "--base needs a definitions repository, and %q is a submission for itself", filepath.Join(t.root, t.folder))
	}
	if t.folder == "" {
		return nil, usageError("name the folder of a submission", "%q is a file", t.file)
	}
	dir, err := source.OpenDir(t.root)
	if err != nil {
		return nil, &exitError{code: ExitFailed, err: err}
	}
	name := path.Join(t.folder, submission.DefinitionFile)
	data, err := dir.ReadFile(name, submission.MaxFileBytes)
	if err != nil {
		return nil, &exitError{code: ExitFailed, err: fmt.Errorf("reading %q: %w", name, err)}
	}
	head, err := parseDefinition(name, data)
	if err != nil {
		return nil, err
	}
	return &draft{comparison: compat.Compare(nil, head), root: t.root, file: path.Join(t.folder, submission.ChangelogFile)}, nil
}

// onlyChanged returns the one namespace whose definition changed.
func (r *span) onlyChanged(known bool) (string, error) {
	const hint = "name the folder of a submission"
	if !known {
		return "", usageError(hint, "there is no base to tell which submission changed")
	}
	var names []string
	for _, ns := range slices.Sorted(maps.Keys(r.changed)) {
		d, changed, err := r.compare(ns)
		if err != nil {
			return "", err
		}
		if changed && d.Head != nil {
			names = append(names, ns)
		}
	}
	switch len(names) {
	case 0:
		return "", usageError(hint, "no definition is changed")
	case 1:
		return names[0], nil
	}
	return "", usageError(hint, "%d definitions are changed, %q and %q among them", len(names), names[0], names[1])
}

// run drafts the section, and prints or writes it.
func (d *draft) run(s Streams, write bool) error {
	version := changelog.Version(d.comparison)
	section := changelog.Draft(d.comparison, version, s.Now())
	if section == "" {
		fmt.Fprintf(s.Err, "note: nothing is changed, compared with %s, so that there is no section to draft\n", d.baseName)
		return nil
	}
	if has := d.comparison.Head.Version.Text(); has != version {
		fmt.Fprintf(s.Err, "note: the section is for %s, which the change needs, and the definition says %q\n", version, has)
	}
	if !write {
		_, err := fmt.Fprint(s.Out, section)
		return err
	}
	return d.write(s, version, section)
}

// write puts the section into the changelog.
func (d *draft) write(s Streams, version, section string) error {
	shown := report.Visible(path.Join(fromWorkingDirectory(d.root), d.file))
	dir, err := source.OpenDir(d.root)
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	data, err := dir.ReadFile(d.file, submission.MaxFileBytes)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &exitError{code: ExitFailed, err: fmt.Errorf("reading %q: %w", shown, err)}
	}
	if !utf8.Valid(data) {
		return &exitError{code: ExitFailed, err: fmt.Errorf("%s is not written in UTF-8, and was left as it is", shown), hint: "save it as UTF-8 first"}
	}
	log := submission.ParseChangelog(data)
	if hasSection(log, version) {
		return usageError("edit it by hand; without --write the draft is printed", "%s has a section for %s already, and it was left as it is", shown, version)
	}
	text, err := jsondoc.Apply(data, []jsondoc.Edit{log.Insert(version, section)})
	if err != nil {
		return fmt.Errorf("writing %q: %w", shown, err)
	}
	if err := replaceFile(filepath.Join(d.root, filepath.FromSlash(d.file)), text); err != nil {
		return &exitError{code: ExitFailed, err: fmt.Errorf("writing %q: %w", shown, err)}
	}
	_, err = fmt.Fprintf(s.Out, "wrote the section for %s to %s; read it, and say it in your own words\n", version, shown)
	return err
}

// hasSection reports whether a changelog has a section for a version, however
// its heading spells it.
func hasSection(log *submission.Changelog, version string) bool {
	return slices.ContainsFunc(log.Sections, func(s *submission.Section) bool {
		v, err := semver.NewVersion(s.Version)
		return s.Version == version || err == nil && v.String() == version
	})
}
