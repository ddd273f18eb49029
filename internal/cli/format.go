package cli

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"github.com/spf13/cobra"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/submission"
)

func newFmt(s Streams) *cobra.Command {
	var write, diff bool
	c := &cobra.Command{
		Use:   "fmt [-w | -d] [PATH…]",
		Short: "Lay out definitions in the canonical pretty form",
		Long: `Fmt lays out JSON files with two spaces of indentation and one entry on each
line, and changes nothing else: keys keep their order, values their spelling.

PATH is a JSON file, or a folder, below which every miniapp.json is meant. The
result goes to standard output, unless -w writes it back or -d shows the
difference. With -d the exit code is 1 when a file would change.

Without PATH, -w and -d mean the current folder; without them, or with "-",
standard input is read.`,
		Example: `  miniapp fmt -w
  miniapp fmt -d definitions/acme-desk
  miniapp fmt < miniapp.json`,
		RunE: func(c *cobra.Command, args []string) error {
			if write && diff {
				return usageError("", "-w and -d exclude each other")
			}
			if len(args) == 0 && (write || diff) {
				args = []string{"."}
			}
			if len(args) == 0 || len(args) == 1 && args[0] == "-" {
				if write || diff {
					return usageError("name a file or a folder", "-w and -d do not work on standard input")
				}
				return formatInput(s)
			}
			f := formatter{streams: s, write: write, diff: diff}
			for _, a := range args {
				if err := f.path(a); err != nil {
					return err
				}
			}
			return f.result()
		},
	}
	c.Flags().BoolVarP(&write, "write", "w", false, "write the result back to the file")
	c.Flags().BoolVarP(&diff, "diff", "d", false, "show what would change")
	return c
}

func formatInput(s Streams) error {
	data, err := io.ReadAll(io.LimitReader(s.In, jsondoc.MaxBytes+1))
	if err != nil {
		return fmt.Errorf("reading standard input: %w", err)
	}
	doc, err := parseForFormat("standard input", data)
	if err != nil {
		return err
	}
	_, err = s.Out.Write(doc.Format())
	return err
}

// parseForFormat reads a document; it must be strict JSON, since formatting
// something else would decide what it means.
func parseForFormat(name string, data []byte) (*jsondoc.Document, error) {
	doc, problems := jsondoc.Parse(data)
	if len(problems) == 0 {
		return doc, nil
	}
	p := problems[0]
	at := jsondoc.NewLines(data).Position(p.Span.Start)
	return nil, &exitError{code: ExitFindings, err: fmt.Errorf("%s:%d:%d: %s", name, at.Line, at.Column, p.Message), hint: p.Hint}
}

type formatter struct {
	streams     Streams
	write, diff bool
	changed     int
	failed      error
}

// path formats a file, or every definition below a folder. A file that is not
// strict JSON does not keep the others from being formatted.
func (f *formatter) path(arg string) error {
	info, err := os.Stat(arg)
	if err != nil {
		return usageError("name a JSON file or a folder", "%q does not exist", arg)
	}
	if !info.IsDir() {
		return f.file(arg)
	}
	return filepath.WalkDir(arg, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("listing %q: %w", p, err)
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if d.Type().IsRegular() && d.Name() == submission.DefinitionFile {
			return f.file(p)
		}
		return nil
	})
}

func (f *formatter) file(name string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("reading %q: %w", name, err)
	}
	doc, err := parseForFormat(name, data)
	if err != nil {
		if f.failed != nil {
			fmt.Fprintf(f.streams.Err, "miniapp: %s\n", f.failed)
		}
		f.failed = err
		return nil
	}
	out := doc.Format()
	switch {
	case f.diff:
		if !bytes.Equal(data, out) {
			f.changed++
			shown := visibleName(name)
			fmt.Fprint(f.streams.Out, udiff.Unified(shown, shown, string(data), string(out)))
		}
	case f.write:
		if !bytes.Equal(data, out) {
			f.changed++
			fmt.Fprintln(f.streams.Out, name)
			return replaceFile(name, out)
		}
	default:
		_, err = f.streams.Out.Write(out)
		return err
	}
	return nil
}

func (f *formatter) result() error {
	if f.failed != nil {
		return f.failed
	}
	if f.diff && f.changed > 0 {
		return &exitError{code: ExitFindings}
	}
	return nil
}

// visibleName keeps a file's name on one line of a diff's header.
func visibleName(name string) string {
	return strings.NewReplacer("\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(name)
}
