package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/intake"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/report"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// maxPasses bounds how often fixes are applied and the result checked again. A
// fix can uncover another finding, but not without end.
const maxPasses = 10

// checkAndFix checks, and with --fix applies fixes until there are none left.
func (r *runner) checkAndFix(ctx context.Context, in intake.Input, root string) (*intake.Result, error) {
	var done []finding.Finding
	for pass := 0; ; pass++ {
		res, err := intake.Check(ctx, in)
		if err != nil || !r.flags.fix || pass == maxPasses {
			r.noteFixed(done, root)
			return res, err
		}
		applied, err := applyFixes(root, res.Findings)
		done = append(done, applied...)
		if err != nil {
			r.noteFixed(done, root)
			return nil, err
		}
		if len(applied) == 0 {
			r.noteFixed(done, root)
			return res, nil
		}
		// What was written may differ from the base now.
		for _, f := range applied {
			if in.Changed != nil {
				in.Changed[intake.NamespaceOf(f.Path)] = true
			}
		}
	}
}

func (r *runner) noteFixed(done []finding.Finding, root string) {
	prefix := fromWorkingDirectory(root)
	for _, f := range done {
		f = r.place(f, root, prefix)
		r.result.Fixed = append(r.result.Fixed, report.Fixed{Path: f.Fix.Edits[0].Path, Rule: f.Rule, Title: f.Fix.Title})
	}
}

// applyFixes makes as many fixes at once as do not touch the same bytes, and
// returns the findings that they mend. Each file is replaced as a whole, so
// that no interruption leaves half of one.
func applyFixes(root string, findings []finding.Finding) ([]finding.Finding, error) {
	tree, err := source.OpenDir(root)
	if err != nil {
		return nil, err
	}
	edits := map[string][]jsondoc.Edit{}
	created := map[string]string{}
	var applied []finding.Finding
	for _, f := range findings {
		if f.Fix == nil || !fits(f.Fix, edits, created) {
			continue
		}
		for _, e := range f.Fix.Edits {
			if e.Create {
				created[e.Path] = e.Text
			} else {
				edits[e.Path] = append(edits[e.Path], jsondoc.Edit{Span: e.Span, Text: e.Text})
			}
		}
		applied = append(applied, f)
	}
	texts := map[string][]byte{}
	for name, list := range edits {
		data, err := tree.ReadFile(name, submission.MaxFileBytes)
		if err != nil {
			return nil, fmt.Errorf("fixing %q: %w", name, err)
		}
		if texts[name], err = jsondoc.Apply(data, list); err != nil {
			return nil, fmt.Errorf("fixing %q: %w", name, err)
		}
		if bytes.Equal(texts[name], data) {
			return nil, fmt.Errorf("fixing %q: a fix changed nothing; please report this", name)
		}
	}
	for name, text := range created {
		if _, err := tree.ReadFile(name, 0); !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("fixing %q: the file is there already", name)
		}
		texts[name] = []byte(text)
	}
	names := make([]string, 0, len(texts))
	for name := range texts {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := replaceFile(filepath.Join(root, filepath.FromSlash(name)), texts[name]); err != nil {
			return nil, fmt.Errorf("fixing %q: %w", name, err)
		}
	}
	return applied, nil
}

// fits reports whether a fix touches none of the bytes of the fixes before it.
func fits(fix *finding.Fix, edits map[string][]jsondoc.Edit, created map[string]string) bool {
	for _, e := range fix.Edits {
		if _, ok := created[e.Path]; ok {
			return false
		}
		for _, o := range edits[e.Path] {
			// Insertions at the same place touch too: their order would be a
			// choice. They get their turn in the next pass.
			if e.Span.Start <= o.End && o.Start <= e.Span.End {
				return false
			}
		}
	}
	return true
}

// replaceFile writes a file by renaming a new one over it, and keeps its mode.
func replaceFile(name string, data []byte) (err error) {
	mode := fs.FileMode(0o644)
	if info, err := os.Lstat(name); err == nil {
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%q is no regular file, so that it is not written to", name)
		}
		mode = info.Mode().Perm()
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), ".miniapp-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(tmp.Name()))
		}
	}()
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Chmod(mode), tmp.Close())
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), name)
}
