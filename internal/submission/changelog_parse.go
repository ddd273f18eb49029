package submission

import (
	"bytes"
	"strings"
	"sync"

	"github.com/Masterminds/semver/v3"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// ParseChangelog reads a changelog. It accepts any bytes and takes time and
// memory in proportion to them.
func ParseChangelog(data []byte) *Changelog {
	b := &changelogReader{c: &Changelog{text: data}}
	b.c.Links = jsondoc.Span{Start: len(data), End: len(data)}
	// A byte-order mark is no part of the first heading. Blanks take its place,
	// so that the offsets stay what they are.
	markdown := data
	if bytes.HasPrefix(data, []byte("\ufeff")) {
		markdown = append([]byte("   "), data[3:]...)
	}
	b.text = markdown
	for n := blocks(markdown).FirstChild(); n != nil; n = n.NextSibling() {
		b.block(n)
	}
	b.finish()
	return b.c
}

// maxDepth bounds how deep lists and quotations are looked into. The time that
// a line takes grows with the number of blocks that are open, so that without a
// bound a file of nothing but "- - - -" takes time in the square of its size.
const maxDepth = 12

// shallow is a parser of a block with children that opens none below maxDepth.
type shallow struct{ parser.BlockParser }

func (s shallow) Open(parent ast.Node, r text.Reader, pc parser.Context) (ast.Node, parser.State) {
	depth := 0
	for n := parent; n != nil; n = n.Parent() {
		if depth++; depth > maxDepth {
			return nil, parser.NoChildren
		}
	}
	return s.BlockParser.Open(parent, r, pc)
}

// blocks reads a Markdown text down to its blocks. What is inside a line is
// left as it is: reading that can take time in the square of its length, and
// nothing here depends on it. For the same reason link definitions stay
// paragraphs.
func blocks(markdown []byte) ast.Node { return blockParser().Parse(text.NewReader(markdown)) }

// blockParser is made once, holds no state of a text, and may be used by several
// goroutines.
var blockParser = sync.OnceValue(func() parser.Parser {
	return parser.NewParser(parser.WithBlockParsers(
		util.Prioritized(parser.NewSetextHeadingParser(), 100),
		util.Prioritized(parser.NewThematicBreakParser(), 200),
		util.Prioritized(shallow{parser.NewListParser()}, 300),
		util.Prioritized(parser.NewListItemParser(), 400),
		util.Prioritized(parser.NewCodeBlockParser(), 500),
		util.Prioritized(parser.NewATXHeadingParser(), 600),
		util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
		util.Prioritized(shallow{parser.NewBlockquoteParser()}, 800),
		util.Prioritized(parser.NewHTMLBlockParser(), 900),
		util.Prioritized(parser.NewParagraphParser(), 1000),
	))
})

// changelogReader puts the blocks of a file into sections.
type changelogReader struct {
	c    *Changelog
	text []byte
	// preamble is where the preamble starts; section and part are what is open.
	preamble int
	started  bool
	section  *Section
	part     *Part
}

func (b *changelogReader) block(n ast.Node) {
	start := b.lineStart(n.Pos())
	if p, ok := n.(*ast.Paragraph); ok && b.isLinkDefinitions(p) {
		if b.c.Links.Start == b.c.Links.End {
			b.c.Links.Start = start
		}
		return
	}
	b.c.Links.Start = b.c.Links.End
	h, ok := n.(*ast.Heading)
	switch {
	case ok && h.Level <= 2:
		b.heading(h, start)
	case b.section == nil:
		b.started = true
	case ok && h.Level == 3:
		span := b.headingSpan(h, start)
		b.openPart(&Part{Name: b.headingText(h), Span: jsondoc.Span{Start: start}, HeadingSpan: span}, start)
	case ok:
		// Deeper headings only group what a part says.
	default:
		b.content(n, start)
	}
}

// heading opens a section, unless it is the title.
func (b *changelogReader) heading(h *ast.Heading, start int) {
	s := &Section{Heading: b.headingText(h), Level: h.Level, Span: jsondoc.Span{Start: start}, HeadingSpan: b.headingSpan(h, start)}
	s.readHeading()
	if h.Level == 1 && s.Version == "" && !b.started {
		b.started = true
		b.c.Title, b.preamble = s.Heading, s.HeadingSpan.End
		return
	}
	b.close(start)
	b.started, b.section = true, s
	switch {
	case s.Version == "":
		b.c.Others = append(b.c.Others, s)
	case !strings.EqualFold(s.Version, "unreleased"):
		b.c.Sections = append(b.c.Sections, s)
	case b.c.Unreleased == nil:
		s.Version = ""
		b.c.Unreleased = s
	default:
		s.Version = ""
		b.c.Others = append(b.c.Others, s)
	}
}

func (b *changelogReader) content(n ast.Node, start int) {
	if b.part == nil {
		b.openPart(&Part{Span: jsondoc.Span{Start: start}, HeadingSpan: jsondoc.Span{Start: start, End: start}}, start)
	}
	if list, ok := n.(*ast.List); ok {
		for item := list.FirstChild(); item != nil; item = item.NextSibling() {
			if s := b.textOf(item); s != "" {
				b.part.Items = append(b.part.Items, s)
			}
		}
	} else if s := b.textOf(n); s != "" {
		b.part.Text = append(b.part.Text, s)
	}
}

func (b *changelogReader) openPart(p *Part, at int) {
	b.closePart(at)
	b.part = p
	b.section.Parts = append(b.section.Parts, p)
}

func (b *changelogReader) closePart(at int) {
	if b.part != nil {
		b.part.Span.End = max(at, b.part.HeadingSpan.End)
	}
	b.part = nil
}

// close ends the open section, or the preamble.
func (b *changelogReader) close(at int) {
	if b.section == nil {
		b.c.Preamble = strings.TrimSpace(string(b.text[min(b.preamble, at):at]))
		return
	}
	s := b.section
	b.closePart(at)
	s.Span.End = max(at, s.HeadingSpan.End)
	s.Body = b.trim(jsondoc.Span{Start: s.HeadingSpan.End, End: s.Span.End})
	s.Content = normalized(string(b.text[s.Body.Start:s.Body.End]))
	b.section = nil
}

func (b *changelogReader) finish() { b.close(b.c.Links.Start) }

// lineStart returns where the line of an offset starts.
func (b *changelogReader) lineStart(at int) int {
	at = max(0, min(at, len(b.text)))
	return bytes.LastIndexByte(b.text[:at], '\n') + 1
}

// trim takes blank lines from the start and white space from the end.
func (b *changelogReader) trim(s jsondoc.Span) jsondoc.Span {
	for s.End > s.Start && isSpace(b.text[s.End-1]) {
		s.End--
	}
	for i := s.Start; i < s.End && isSpace(b.text[i]); i++ {
		if b.text[i] == '\n' {
			s.Start = i + 1
		}
	}
	return s
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func (b *changelogReader) headingText(h *ast.Heading) string { return strings.TrimSpace(b.lines(h)) }

// headingSpan returns the heading with its marks: one line that starts with
// "#", or lines that are underlined.
func (b *changelogReader) headingSpan(h *ast.Heading, start int) jsondoc.Span {
	last := start
	lines := h.Lines()
	underlined := false
	if lines.Len() > 0 {
		first := lines.At(0)
		last = lines.At(lines.Len() - 1).Start
		// Before the text of a heading of one line stand its "#"; before that
		// of an underlined one there is nothing.
		underlined = !bytes.ContainsRune(b.text[start:max(start, first.Start)], '#')
	}
	end := b.lineEnd(last)
	if underlined {
		end = b.lineEnd(min(end+1, len(b.text)))
	}
	span := jsondoc.Span{Start: start, End: end}
	for span.Start < span.End && isSpace(b.text[span.Start]) {
		span.Start++
	}
	for span.End > span.Start && isSpace(b.text[span.End-1]) {
		span.End--
	}
	return span
}

// lineEnd returns where the line of an offset ends, before its line ending.
func (b *changelogReader) lineEnd(at int) int {
	if i := bytes.IndexByte(b.text[at:], '\n'); i >= 0 {
		return at + i
	}
	return len(b.text)
}

// lines returns the text of the lines of a block, without that of its children.
func (b *changelogReader) lines(n ast.Node) string {
	var out strings.Builder
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		out.Write(line.Value(b.text))
	}
	return out.String()
}

// textOf returns the text of a block and of those in it, a line for each of
// theirs, trimmed. Comments are no text.
func (b *changelogReader) textOf(n ast.Node) string {
	var out []string
	var visit func(ast.Node)
	visit = func(n ast.Node) {
		if n.Type() != ast.TypeBlock {
			return
		}
		html, ok := n.(*ast.HTMLBlock)
		if s := strings.TrimSpace(b.lines(n)); s != "" && (!ok || html.HTMLBlockType != ast.HTMLBlockType2) {
			out = append(out, s)
		}
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			visit(c)
		}
	}
	visit(n)
	return strings.Join(out, "\n")
}

// isLinkDefinitions reports whether every line of a paragraph defines a link.
func (b *changelogReader) isLinkDefinitions(p *ast.Paragraph) bool {
	for i := range p.Lines().Len() {
		line := p.Lines().At(i)
		if !isLinkDefinition(string(line.Value(b.text))) {
			return false
		}
	}
	return p.Lines().Len() > 0
}

// isLinkDefinition reports whether a line is "[label]: target".
func isLinkDefinition(line string) bool {
	label, target, ok := strings.Cut(strings.TrimSpace(line), "]:")
	return ok && len(label) > 1 && label[0] == '[' && label[1] != '^' &&
		!strings.ContainsAny(label[1:], "[]") && strings.TrimSpace(target) != ""
}

// normalized brings a text into the form in which only what it says counts.
func normalized(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " \t\r")
	}
	for len(lines) > 0 {
		last := lines[len(lines)-1]
		if last != "" && !isLinkDefinition(last) {
			break
		}
		lines = lines[:len(lines)-1]
	}
	return strings.Join(lines, "\n")
}

// readHeading takes the version and the date out of the heading, however it is
// written. Whether it is written as it should be goes into WellFormed.
func (s *Section) readHeading() {
	rest := strings.TrimSpace(s.Heading)
	if before, ok := strings.CutSuffix(rest, "[YANKED]"); ok {
		s.Yanked, rest = true, strings.TrimSpace(before)
	}
	s.WellFormed = s.Level == 2
	var version string
	if strings.HasPrefix(rest, "[") {
		inside, after, ok := strings.Cut(rest[1:], "]")
		if !ok {
			return
		}
		version, rest = inside, after
		if target, ok := strings.CutPrefix(rest, "("); ok {
			if _, after, ok := strings.Cut(target, ")"); ok {
				rest = after
			}
		}
	} else {
		s.WellFormed = false
		version = rest
		if i := strings.IndexAny(rest, " \t\n"); i >= 0 {
			version = rest[:i]
		}
		rest = rest[len(version):]
	}
	if !isVersion(version) && !strings.EqualFold(version, "unreleased") {
		s.WellFormed = false
		return
	}
	s.Version = version
	date, ok := strings.CutPrefix(rest, " - ")
	if !ok || date == "" || strings.ContainsAny(date, " \t\n") {
		s.WellFormed = false
	}
	s.Date = strings.Trim(rest, " \t\r\n-–—:(),")
}

// isVersion reports whether a text is meant as a version, however loosely.
func isVersion(s string) bool {
	const longest = 64
	if len(s) > longest {
		return false
	}
	_, err := semver.NewVersion(s)
	return err == nil
}
