package report

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// The styles of the text format, as SGR parameters.
const (
	bold    = "1"
	red     = "1;31"
	yellow  = "1;33"
	blue    = "1;34"
	cyan    = "36"
	faint   = "2"
	excerpt = 100 // columns of a source line that are shown when the width is unknown
)

// printer writes the text format: a block for each finding, and a summary.
type printer struct {
	strings.Builder
	options Options
	// secret has the ranges of each file that must not be shown.
	secret map[string][]finding.Range
}

func text(r Result, o Options) string {
	p := &printer{options: o, secret: map[string][]finding.Range{}}
	for _, f := range r.Findings {
		if f.Sensitive {
			p.secret[f.Path] = append(p.secret[f.Path], f.Range)
		}
	}
	for _, f := range r.Fixed {
		fmt.Fprintf(p, "%s %s: %s %s\n", p.style(cyan, "fixed"), Visible(f.Path), Visible(f.Title), p.style(faint, "["+f.Rule+"]"))
	}
	if len(r.Fixed) > 0 {
		p.WriteByte('\n')
	}
	for _, f := range r.Findings {
		p.finding(f, r.Sources)
	}
	p.summary(r)
	return p.String()
}

func (p *printer) style(code, s string) string {
	if !p.options.Color {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func severityStyle(s finding.Severity) string {
	switch s {
	case finding.Error:
		return red
	case finding.Warning:
		return yellow
	}
	return blue
}

func (p *printer) finding(f finding.Finding, sources func(string) *jsondoc.Lines) {
	word := f.Severity.String()
	if f.Shadow {
		word = "shadow " + word
	}
	fmt.Fprintf(p, "%s %s: %s %s\n", p.style(bold, fmt.Sprintf("%s:%d:%d:", startOfLine(f.Path), f.Range.Start.Line, f.Range.Start.Column)),
		p.style(severityStyle(f.Severity), word), Visible(f.Message), p.style(faint, "["+f.Rule+"]"))
	if f.Range != finding.WholeFile() && sources != nil {
		if lines := sources(f.Path); lines != nil {
			p.excerpt(f, lines)
		}
	}
	if f.Hint != "" {
		fmt.Fprintf(p, "      %s %s\n", p.style(cyan, "help:"), Visible(f.Hint))
	}
	for _, r := range f.Related {
		fmt.Fprintf(p, "      %s %s:%d:%d: %s\n", p.style(cyan, "see:"), Visible(r.Path), r.Range.Start.Line, r.Range.Start.Column, Visible(r.Message))
	}
	p.WriteByte('\n')
}

// startOfLine shows a path where a line starts. GitHub's runner takes a line
// that starts with "::" for a command.
func startOfLine(path string) string {
	if trimmed := strings.TrimLeft(path, " "); strings.HasPrefix(trimmed, "::") {
		path = "./" + path
	}
	return Visible(path)
}

// cell is one rune of a source line as it is shown.
type cell struct {
	shown  string
	marked bool
}

// excerpt prints the first line of a finding's range, with the range underlined.
func (p *printer) excerpt(f finding.Finding, lines *jsondoc.Lines) {
	number := f.Range.Start.Line
	line := lines.Line(number)
	if line == "" {
		return
	}
	end := f.Range.End.Column
	if f.Range.End.Line > number {
		end = utf8.RuneCountInString(line) + 1
	}
	if end <= f.Range.Start.Column {
		end = f.Range.Start.Column + 1
	}
	cells := p.cells(f.Path, number, line, f.Range.Start.Column, end)
	cells, before, after := p.window(cells)
	var shown, under strings.Builder
	shown.WriteString(before)
	under.WriteString(strings.Repeat(" ", uniseg.StringWidth(before)))
	// Combining characters belong to the cell before, so that widths are taken
	// of whole runs.
	for i := 0; i < len(cells); {
		j, run := i, ""
		for j < len(cells) && cells[j].marked == cells[i].marked {
			run += cells[j].shown
			j++
		}
		shown.WriteString(run)
		mark := " "
		if cells[i].marked {
			mark = "^"
		}
		under.WriteString(strings.Repeat(mark, max(uniseg.StringWidth(run), 1)))
		i = j
	}
	shown.WriteString(after)
	gutter := fmt.Sprintf("%5d", number)
	fmt.Fprintf(p, "%s %s %s\n", p.style(faint, gutter), p.style(faint, "|"), strings.TrimRight(shown.String(), " "))
	fmt.Fprintf(p, "%s %s %s\n", strings.Repeat(" ", len(gutter)), p.style(faint, "|"), p.style(severityStyle(f.Severity), strings.TrimRight(under.String(), " ")))
}

// cells splits a line into what is shown of each of its runes. What is secret
// is shown as dots.
func (p *printer) cells(path string, number int, line string, start, end int) []cell {
	var cells []cell
	column := 1
	for i := 0; i < len(line); {
		r, size := utf8.DecodeRuneInString(line[i:])
		c := cell{shown: visible(r, line[i:i+size]), marked: column >= start && column < end}
		switch {
		case p.isSecret(path, number, column):
			c.shown = "•"
		case r == '[' && strings.HasSuffix(line[:i], "##"):
			c.shown = `\u005b`
		case r == '\t':
			c.shown = "  "
		}
		cells = append(cells, c)
		i += size
		column++
	}
	if start >= column {
		cells = append(cells, cell{shown: " ", marked: true})
	}
	return cells
}

// isSecret reports whether a position lies in a credential. Where a credential
// is in a file is not always known; then all of the file counts.
func (p *printer) isSecret(path string, line, column int) bool {
	for _, r := range p.secret[path] {
		if r == finding.WholeFile() {
			return true
		}
		at := jsondoc.Position{Line: line, Column: column}
		if !less(at, r.Start) && less(at, r.End) {
			return true
		}
	}
	return false
}

func less(a, b jsondoc.Position) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
}

// window cuts a long line around its marked part.
func (p *printer) window(cells []cell) (cut []cell, before, after string) {
	most := excerpt
	if p.options.Width > 40 {
		most = p.options.Width - 10
	}
	if len(cells) <= most {
		return cells, "", ""
	}
	first := 0
	for first < len(cells) && !cells[first].marked {
		first++
	}
	from := max(min(first-most/4, len(cells)-most), 0)
	to := min(from+most, len(cells))
	if from > 0 {
		before = "…"
	}
	if to < len(cells) {
		after = "…"
	}
	return cells[from:to], before, after
}

// summary says in a line or two what the run came to.
func (p *printer) summary(r Result) {
	errors, warnings, notices := finding.Count(r.Findings)
	var parts []string
	for _, c := range []struct {
		n     int
		word  string
		style string
	}{{errors, "error", red}, {warnings, "warning", yellow}, {notices, "notice", blue}} {
		if c.n > 0 {
			parts = append(parts, p.style(c.style, count(c.n, c.word)))
		}
	}
	took := ""
	if r.Elapsed > 0 {
		took = fmt.Sprintf(" (%s)", r.Elapsed.Round(time.Millisecond))
	}
	definitions := count(r.Definitions, "definition")
	if len(parts) == 0 {
		fmt.Fprintf(p, "%s, no findings%s\n", definitions, took)
	} else {
		fmt.Fprintf(p, "%s in %s%s\n", strings.Join(parts, ", "), definitions, took)
	}
	shadow, fixable := 0, 0
	for _, f := range r.Findings {
		if f.Shadow {
			shadow++
		}
		if f.Fix != nil {
			fixable++
		}
	}
	if shadow > 0 {
		fmt.Fprintf(p, "%s from rules in shadow, which block nobody\n", count(shadow, "finding"))
	}
	if r.Waived > 0 {
		fmt.Fprintf(p, "%s waived by the configuration\n", count(r.Waived, "finding"))
	}
	if fixable > 0 {
		fmt.Fprintf(p, "%d can be mended without a choice: miniapp check --fix\n", fixable)
	}
}

func count(n int, word string) string {
	if n != 1 {
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, word)
}
