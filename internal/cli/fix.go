package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

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
func (r *runner) checkAndFix(ctx context.Context, in intake.Input, root, prefix string) (*intake.Result, error) {
	var done []finding.Finding
	var read *recorder
	if r.flags.fix {
		read = &recorder{Tree: in.Head, sums: map[string][sha256.Size]byte{}}
		in.Head = read
	}
	for pass := 0; ; pass++ {
		res, err := intake.Check(ctx, in)
		if err != nil || !r.flags.fix || pass == maxPasses {
			r.noteFixed(done, root, prefix)
			return res, err
		}
		applied, err := applyFixes(root, res.Findings, read)
		done = append(done, applied...)
		if err != nil {
			r.noteFixed(done, root, prefix)
			return nil, err
		}
		if len(applied) == 0 {
			r.noteFixed(done, root, prefix)
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

// tellFixed says on standard error what was fixed, where the output has no
// place for it.
func (r *runner) tellFixed() {
	for _, f := range r.result.Fixed {
		fmt.Fprintf(r.streams.Err, "fixed %s: %s [%s]\n", report.Visible(f.Path), report.Visible(f.Title), f.Rule)
	}
}

func (r *runner) noteFixed(done []finding.Finding, root, prefix string) {
	for _, f := range done {
		f = r.place(f, root, prefix)
		r.result.Fixed = append(r.result.Fixed, report.Fixed{Path: f.Fix.Edits[0].Path, Rule: f.Rule, Title: f.Fix.Title})
	}
}

// applyFixes makes as many fixes at once as do not touch the same bytes, and
// returns the findings that they mend. Each file is replaced as a whole, so
// that no interruption leaves half of one.
//
// A file that is not what was checked any more is left alone, since the edits
// were made for other bytes.
func applyFixes(root string, findings []finding.Finding, read *recorder) ([]finding.Finding, error) {
	tree, err := source.OpenDir(root)
	if err != nil {
		return nil, err
	}
	applied, edits, created := choose(findings, false)
	if len(applied) == 0 {
		applied, edits, created = choose(findings, true)
	}
	texts := map[string][]byte{}
	for name, list := range edits {
		data, err := tree.ReadFile(name, submission.MaxFileBytes)
		if err != nil {
			return nil, fmt.Errorf("fixing %q: %w", name, err)
		}
		if !read.same(name, data) {
			return nil, fmt.Errorf("fixing %q: it changed while it was checked, and was left as it is; run the command again", name)
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

// choose returns the findings whose fixes can be made together, with their
// edits and the files that they create, by path. What is derived waits until
// nothing else is left to mend: a version or a changelog section that was made
// before would speak of mistakes that are gone by then.
func choose(findings []finding.Finding, derived bool) (chosen []finding.Finding, edits map[string][]jsondoc.Edit, created map[string]string) {
	edits, created = map[string][]jsondoc.Edit{}, map[string]string{}
	for _, f := range findings {
		if f.Fix == nil || f.Fix.Derived != derived || !fits(f.Fix, edits, created) {
			continue
		}
		for _, e := range f.Fix.Edits {
			if e.Create {
				created[e.Path] = e.Text
			} else {
				edits[e.Path] = append(edits[e.Path], jsondoc.Edit{Span: e.Span, Text: e.Text})
			}
		}
		chosen = append(chosen, f)
	}
	return chosen, edits, created
}

// recorder remembers what was read of a tree. It is safe for concurrent use.
type recorder struct {
	source.Tree
	mu   sync.Mutex
	sums map[string][sha256.Size]byte
}

// ReadFile reads a file and remembers its bytes by their hash.
func (r *recorder) ReadFile(name string, limit int64) ([]byte, error) {
	data, err := r.Tree.ReadFile(name, limit)
	if err == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.sums[name] = sha256.Sum256(data)
	}
	return data, err
}

// same reports whether a file was last read with these bytes.
func (r *recorder) same(name string, data []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	sum, ok := r.sums[name]
	return ok && sum == sha256.Sum256(data)
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
