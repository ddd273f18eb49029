// Package markdown reads what the review needs of a partner's Markdown: the
// numbered steps and the tables. Texts are hostile, so that it reads blocks and
// code spans only, and refuses what would cost out of proportion.
package markdown

import (
	"bytes"
	"errors"
	"strings"
	"sync"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	tables "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Limits of what is read. A guide of a few steps is far below them; beyond
// them a short text could still make a very large tree, since each row of a
// table gets as many cells as its header.
const (
	MaxBytes   = 64 << 10
	maxLines   = 2000
	maxPipes   = 32 // "|" in a line, which bounds the columns of a table
	maxMarkers = 16 // that open a block each, at the start of a line
)

// ErrTooMuch is wrapped by the error for a text beyond a limit. The error says
// in words for a message what there is too much of: it follows "the text".
var ErrTooMuch = errors.New("text is too much to be read")

type tooMuch string

func (t tooMuch) Error() string        { return string(t) }
func (t tooMuch) Is(target error) bool { return target == ErrTooMuch }

// Document is what a text says, in its order.
type Document struct {
	// Guides are the runs of numbered steps. Steps of lists that a picture or a
	// paragraph parts belong together when their numbers go on.
	Guides [][]Step
	Tables []Table
}

// Step is one numbered step that says something.
type Step struct {
	Number int
	// Start and End are the byte offsets of its first line.
	Start, End int
}

// Table is a table with the words of its cells.
type Table struct {
	Header []string
	Rows   [][]string
}

// Steps returns the longest run of numbered steps; of equal ones the first.
func (d *Document) Steps() []Step {
	var longest []Step
	if d != nil {
		for _, g := range d.Guides {
			if len(g) > len(longest) {
				longest = g
			}
		}
	}
	return longest
}

// blocks is the parser. It is made once, holds no state of a text, and may be
// used by several goroutines.
var blocks = sync.OnceValue(func() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(parser.DefaultBlockParsers()...),
		parser.WithInlineParsers(util.Prioritized(parser.NewCodeSpanParser(), 100)),
		parser.WithParagraphTransformers(util.Prioritized(extension.NewTableParagraphTransformer(), 200)),
	)
})

// Parse reads a text. The only error is one that wraps ErrTooMuch.
func Parse(source []byte) (*Document, error) {
	if err := measure(source); err != nil {
		return nil, err
	}
	r := &reader{source: source, doc: &Document{}}
	r.children(blocks().Parse(text.NewReader(source)))
	return r.doc, nil
}

// measure refuses texts beyond the limits, before the parser sees them.
func measure(source []byte) error {
	if len(source) > MaxBytes {
		return tooMuch("has more than 64 KiB")
	}
	lines := 0
	for line := range bytes.Lines(source) {
		if lines++; lines > maxLines {
			return tooMuch("has more than 2,000 lines")
		}
		if bytes.Count(line, []byte("|")) > maxPipes {
			return tooMuch("has a table with too many columns")
		}
		if markers(line) > maxMarkers {
			return tooMuch("has lists or quotes that are nested too deep")
		}
	}
	return nil
}

// markers counts what could open a list or a quote at the start of a line. A
// line of hyphens without spaces, which is a rule or a table's, opens nothing.
func markers(line []byte) int {
	n := 0
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == ' ', c == '\t', c >= '0' && c <= '9':
		case c == '>':
			n++
		case bytes.IndexByte([]byte("-*+.)"), c) >= 0:
			if i+1 == len(line) || line[i+1] == ' ' || line[i+1] == '\t' || line[i+1] == '\n' {
				n++
			}
		default:
			return n
		}
	}
	return n
}

// reader collects steps and tables from a tree, whose depth measure has
// bounded.
type reader struct {
	source []byte
	doc    *Document
	last   int // the number of the latest step
}

func (r *reader) children(n ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.List:
			if c.IsOrdered() {
				r.list(c)
			} else {
				r.children(c) // of a bulleted list, whose points may have tables
			}
		case *ast.Heading:
			r.numbered(c.Lines())
		case *ast.Paragraph:
			r.numbered(c.Lines())
		case *tables.Table:
			r.table(c)
		case *ast.Blockquote, *ast.ListItem:
			r.children(c)
		}
	}
}

// list takes the entries of a numbered list as steps. Lists within them are
// details of a step.
func (r *reader) list(l *ast.List) {
	number := l.Start
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		if span, ok := r.firstLine(item); ok {
			r.step(number, span)
		}
		for c := item.FirstChild(); c != nil; c = c.NextSibling() {
			if t, ok := c.(*tables.Table); ok {
				r.table(t)
			}
		}
		number++
	}
}

// firstLine returns the first line of a block that is not blank.
func (r *reader) firstLine(n ast.Node) (text.Segment, bool) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if c.Type() != ast.TypeBlock {
			continue
		}
		for i := range c.Lines().Len() {
			if s := c.Lines().At(i); len(bytes.TrimSpace(s.Value(r.source))) > 0 {
				return s, true
			}
		}
		if s, ok := r.firstLine(c); ok {
			return s, true
		}
	}
	return text.Segment{}, false
}

// numbered takes steps that are no list for Markdown: headings such as
// "2. Connect" and "Step 2: Connect", and lines that are numbered in the digits
// of another script.
func (r *reader) numbered(lines *text.Segments) {
	for i := range lines.Len() {
		s := lines.At(i)
		if number, ok := stepNumber(string(s.Value(r.source))); ok {
			r.step(number, s)
		}
	}
}

func (r *reader) step(number int, at text.Segment) {
	end := at.Start + len(bytes.TrimRight(r.source[at.Start:at.Stop], " \t\r\n"))
	step := Step{Number: number, Start: at.Start, End: end}
	g := len(r.doc.Guides)
	if g == 0 || number != r.last+1 || number == 1 {
		r.doc.Guides = append(r.doc.Guides, nil)
		g++
	}
	r.doc.Guides[g-1] = append(r.doc.Guides[g-1], step)
	r.last = number
}

// stepNumber reads the number that a heading or a line starts with, when words
// follow it.
func stepNumber(line string) (int, bool) {
	line = strings.TrimLeft(line, " \t*_#")
	for _, word := range []string{"step ", "Step ", "STEP ", "الخطوة "} {
		line = strings.TrimPrefix(line, word)
	}
	number, size := 0, 0
	for _, c := range line {
		digit, ok := digitOf(c)
		if !ok || number > 1000 {
			break
		}
		number = number*10 + digit
		size += len(string(c))
	}
	if size == 0 {
		return 0, false
	}
	rest := strings.TrimLeft(line[size:], " ")
	after := strings.TrimLeft(rest, ".):-–—*_ ")
	return number, after != rest && strings.TrimSpace(after) != ""
}

// digitOf reads an ASCII, Arabic or Persian digit.
func digitOf(c rune) (int, bool) {
	for _, zero := range []rune{'0', '٠', '۰'} {
		if c >= zero && c <= zero+9 {
			return int(c - zero), true
		}
	}
	return 0, false
}

func (r *reader) table(t *tables.Table) {
	var out Table
	for row := t.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []string
		for c := row.FirstChild(); c != nil; c = c.NextSibling() {
			cells = append(cells, r.words(c))
		}
		if _, ok := row.(*tables.TableHeader); ok {
			out.Header = cells
		} else {
			out.Rows = append(out.Rows, cells)
		}
	}
	r.doc.Tables = append(r.doc.Tables, out)
}

// words returns the text of a cell, without the signs of code and emphasis.
func (r *reader) words(cell ast.Node) string {
	var b strings.Builder
	for c := cell.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Text:
			b.Write(bytes.Trim(c.Segment.Value(r.source), "*"))
		case *ast.CodeSpan:
			for t := c.FirstChild(); t != nil; t = t.NextSibling() {
				if t, ok := t.(*ast.Text); ok {
					b.Write(t.Segment.Value(r.source))
				}
			}
		}
	}
	return strings.TrimSpace(b.String())
}
