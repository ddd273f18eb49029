package submission

import (
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// Changelog is what a CHANGELOG.md says, in the form of Keep a Changelog: a
// title, and below it a section with a level-two heading for each version. All
// spans are byte offsets in the text that it was read from.
type Changelog struct {
	// Title is the text of the first heading when that is of level one, and
	// Preamble what stands between it and the first section.
	Title, Preamble string
	// Sections are the sections whose heading names a version, in the order of
	// the file.
	Sections []*Section
	// Unreleased is the section for what has no version yet, or nil.
	Unreleased *Section
	// Others are sections whose heading names no version.
	Others []*Section
	// Links are the link definitions at the end of the file; the span is empty
	// and at the end of the text when there are none. They belong to no section.
	Links jsondoc.Span

	text []byte
}

// Section is one section of a changelog.
type Section struct {
	// Heading is the text of the heading without its marks.
	Heading string
	// Level is that of the heading: two, or one where it should be two.
	Level int
	// Version is the version as it is written, such as "1.2.0" or "v1.2", and
	// Date what is written after it. Both can be anything but what they should
	// be; Date is "" when there is none.
	Version, Date string
	// Yanked says that the heading is marked "[YANKED]".
	Yanked bool
	// WellFormed says that the heading has the form "[version] - date", apart
	// from whether the two are any good.
	WellFormed bool
	// Span is all of the section: from the start of the line of its heading to
	// the next section, the link definitions or the end. HeadingSpan is the
	// heading with its marks, and Body what follows, without blank lines before
	// and after it.
	Span, HeadingSpan, Body jsondoc.Span
	// Parts are what the section is divided into, in order. What stands before
	// the first heading is a part without a name.
	Parts []*Part
	// Content is the body for comparisons: line endings, blank space at the
	// ends of lines, and link definitions at the end make no difference.
	Content string
}

// Part is what stands under one level-three heading of a section, such as
// "### Added".
type Part struct {
	// Name is the text of the heading, "" for what stands before the first one.
	Name string
	// Span is all of the part, HeadingSpan its heading, which is empty when the
	// part has no name.
	Span, HeadingSpan jsondoc.Span
	// Items are the entries of the part's lists, with what is nested in them;
	// Text are its other blocks: paragraphs, code and so on. None is blank.
	Items, Text []string
}

// Empty reports whether the section says nothing: headings, blank entries and
// comments alone are nothing.
func (s *Section) Empty() bool {
	for _, p := range s.Parts {
		if !p.Empty() {
			return false
		}
	}
	return true
}

// Empty reports whether there is no text under the heading.
func (p *Part) Empty() bool { return len(p.Items) == 0 && len(p.Text) == 0 }

// Part returns the first part of this name, whatever the case of its letters,
// or nil.
func (s *Section) Part(name string) *Part {
	for _, p := range s.Parts {
		if strings.EqualFold(p.Name, name) {
			return p
		}
	}
	return nil
}

// Find returns the first section that is for exactly this version, or nil. A
// nil changelog has none.
func (c *Changelog) Find(version string) *Section {
	if c == nil {
		return nil
	}
	for _, s := range c.Sections {
		if s.Version == version {
			return s
		}
	}
	return nil
}

// Source returns the text of a span.
func (c *Changelog) Source(s jsondoc.Span) string { return string(c.text[s.Start:s.End]) }

// InsertAt returns the byte offset at which the section for a version belongs:
// at the heading of the newest section that is older, so that the file stays
// newest first, or else after the last section.
func (c *Changelog) InsertAt(version string) int {
	at, _ := c.place(version)
	return at
}

// place is InsertAt, and whether a section follows there.
func (c *Changelog) place(version string) (at int, follows bool) {
	v, err := semver.StrictNewVersion(version)
	for _, s := range c.Sections {
		other, otherErr := semver.NewVersion(s.Version)
		if err != nil || otherErr != nil || other.LessThan(v) {
			return s.Span.Start, true
		}
	}
	return c.Links.Start, false
}

// Insert is the edit that adds a section for a version at its place, with one
// blank line before and after it. section is Markdown with "\n" at the end of
// lines; it gets the line ending of the file.
func (c *Changelog) Insert(version, section string) jsondoc.Edit {
	section = strings.Trim(section, "\n")
	at, follows := c.place(version)
	before := len(strings.TrimRight(string(c.text[:at]), " \t\r\n"))
	edit := jsondoc.Edit{Span: jsondoc.Span{Start: at, End: at}, Text: section + "\n\n"}
	switch {
	case follows && (before == 0 || blankLineIn(c.text[before:at])):
	case follows:
		edit.Text = "\n" + edit.Text
	default:
		// Nothing, or link definitions, follow. What blank lines there are
		// before the place are replaced by the one that is needed.
		edit.Start, edit.Text = before, "\n\n"+section+"\n"
		if before == 0 {
			edit.Text = "# Changelog\n\n" + section + "\n"
		}
		if at < len(c.text) {
			edit.Text += "\n"
		}
	}
	if strings.Contains(string(c.text), "\r\n") {
		edit.Text = strings.ReplaceAll(edit.Text, "\n", "\r\n")
	}
	return edit
}

// blankLineIn reports whether white space between two blocks has a blank line.
func blankLineIn(space []byte) bool { return strings.Count(string(space), "\n") >= 2 }
