package submission

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

const changelogText = `# Changelog

What changes for people.

## [Unreleased]

## [1.1.0] - 2026-11-12

A word before.

### Added

- Action "Create a task",
  on two lines.
  - Nested
-

### Migration

1. Connect again.

` + "```" + `
## [9.9.9] - 2026-01-01
` + "```" + `

## [1.0.0] - 2026-08-03 [YANKED]

First release.

[1.1.0]: https://example.com/1.1.0
[1.0.0]: https://example.com/1.0.0
`

func TestChangelog(t *testing.T) {
	c := ParseChangelog([]byte(changelogText))
	if c.Title != "Changelog" || c.Preamble != "What changes for people." {
		t.Errorf("title %q, preamble %q", c.Title, c.Preamble)
	}
	if c.Unreleased == nil || !c.Unreleased.Empty() {
		t.Errorf("Unreleased is %+v, want an empty section", c.Unreleased)
	}
	if len(c.Sections) != 2 || len(c.Others) != 0 {
		t.Fatalf("%d sections and %d others, want 2 and 0", len(c.Sections), len(c.Others))
	}
	s := c.Find("1.1.0")
	if s != c.Sections[0] || s.Date != "2026-11-12" || !s.WellFormed || s.Yanked || s.Empty() {
		t.Errorf("section 1.1.0 is %+v", s)
	}
	if got := c.Source(s.HeadingSpan); got != "## [1.1.0] - 2026-11-12" {
		t.Errorf("heading is %q", got)
	}
	if got := c.Source(s.Body); !strings.HasPrefix(got, "A word before.\n") || !strings.HasSuffix(got, "\n```") {
		t.Errorf("body is %q", got)
	}
	type part struct {
		Name        string
		Items, Text []string
	}
	var parts []part
	for _, p := range s.Parts {
		parts = append(parts, part{p.Name, p.Items, p.Text})
	}
	want := []part{
		{"", nil, []string{"A word before."}},
		{"Added", []string{"Action \"Create a task\",\non two lines.\nNested"}, nil},
		{"Migration", []string{"Connect again."}, []string{"## [9.9.9] - 2026-01-01"}},
	}
	if diff := cmp.Diff(want, parts); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
	if s.Part("migration") != s.Parts[2] || s.Part("Removed") != nil {
		t.Error("Part does not find parts by name")
	}
	last := c.Find("1.0.0")
	if !last.Yanked || last.Date != "2026-08-03" || c.Source(last.Body) != "First release." {
		t.Errorf("section 1.0.0 is %+v", last)
	}
	if got := c.Source(c.Links); !strings.HasPrefix(got, "[1.1.0]: ") || !strings.HasSuffix(got, "1.0.0\n") {
		t.Errorf("links are %q", got)
	}
}

func TestChangelogHeadings(t *testing.T) {
	tests := []struct {
		heading, version, date string
		wellFormed             bool
	}{
		{"## [1.2.0] - 2026-11-23", "1.2.0", "2026-11-23", true},
		{"## [1.2.0] - 2026-11-23 ##", "1.2.0", "2026-11-23", true},
		{"   ##  [1.2.0] - 2026-11-23  ", "1.2.0", "2026-11-23", true},
		{"## [1.2.0](https://example.com/a) - 2026-11-23", "1.2.0", "2026-11-23", true},
		{"## [1.2.0] - 2026-11-23 [YANKED]", "1.2.0", "2026-11-23", true},
		{"[1.2.0] - 2026-11-23\n---", "1.2.0", "2026-11-23", true},
		{"## [1.2.0] - soon", "1.2.0", "soon", true},
		{"## 1.2.0 - 2026-11-23", "1.2.0", "2026-11-23", false},
		{"## v1.2.0 (2026-11-23)", "v1.2.0", "2026-11-23", false},
		{"## [1.2.0] – 2026-11-23", "1.2.0", "2026-11-23", false},
		{"## [1.2.0]", "1.2.0", "", false},
		{"## [1.2.0] - ", "1.2.0", "", false},
		{"## [1.2.0] - 23 Nov 2026", "1.2.0", "23 Nov 2026", false},
		{"# [1.2.0] - 2026-11-23", "1.2.0", "2026-11-23", false},
		{"## [1.2.0-rc.1+build] - 2026-11-23", "1.2.0-rc.1+build", "2026-11-23", true},
	}
	for _, test := range tests {
		c := ParseChangelog([]byte(test.heading + "\n\n- Text\n"))
		if len(c.Sections) != 1 {
			t.Errorf("%q: %d sections", test.heading, len(c.Sections))
			continue
		}
		s := c.Sections[0]
		if s.Version != test.version || s.Date != test.date || s.WellFormed != test.wellFormed {
			t.Errorf("%q: version %q, date %q, well-formed %v", test.heading, s.Version, s.Date, s.WellFormed)
		}
		if got := c.Source(s.HeadingSpan); got != strings.TrimSpace(test.heading) {
			t.Errorf("%q: the heading span is %q", test.heading, got)
		}
		if got := c.Source(s.Body); got != "- Text" {
			t.Errorf("%q: the body is %q", test.heading, got)
		}
	}
}

// TestChangelogNoSection is about what looks like a section and is none.
func TestChangelogNoSection(t *testing.T) {
	for _, text := range []string{
		"", "\n\n", "## Notes\n", "##\n", "> ## [1.0.0] - 2026-01-01\n", "- ## [1.0.0] - 2026-01-01\n",
		"    ## [1.0.0] - 2026-01-01\n", "~~~\n## [1.0.0] - 2026-01-01\n", "<!--\n## [1.0.0] - 2026-01-01\n-->\n",
		"### [1.0.0] - 2026-01-01\n", "##[1.0.0] - 2026-01-01\n", "## [] - 2026-01-01\n", "## [1.x] - 2026-01-01\n",
	} {
		if c := ParseChangelog([]byte(text)); len(c.Sections) != 0 {
			t.Errorf("%q has the section %q", text, c.Sections[0].Version)
		}
	}
}

func TestChangelogEmptySection(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, "### Added\n": true, "### Added\n\n-\n- \n": true, "<!-- text -->\n": true, "[a]: b\n": true, "---\n": true,
		"text\n": false, "### Added\n\n- a\n": false, "> a\n": false, "```\na\n```\n": false, "### Added\n\n- - a\n": false,
	} {
		c := ParseChangelog([]byte("## [1.0.0] - 2026-01-01\n\n" + text + "\n## [0.1.0] - 2025-01-01\n"))
		if got := c.Sections[0].Empty(); got != want {
			t.Errorf("%q: empty is %v, want %v", text, got, want)
		}
	}
}

// TestChangelogContent checks what makes no difference in comparisons.
func TestChangelogContent(t *testing.T) {
	content := func(text string) string { return ParseChangelog([]byte(text)).Sections[0].Content }
	want := content("## [1.0.0] - 2026-01-01\n\n- a\n- b\n")
	for _, text := range []string{
		"\ufeff## [1.0.0] - 2026-01-01\n- a\n- b",
		"## [1.0.0] - 2026-01-01\r\n\r\n- a  \r\n- b\r\n\r\n",
		"## [1.0.0] - 2026-01-01\n\n- a\n- b\n\n[1.0.0]: https://example.com\n",
		"## [1.0.0] - 2026-01-01\n\n- a\n- b\n[1.0.0]: https://example.com\n",
	} {
		if got := content(text); got != want {
			t.Errorf("%q: content %q, want %q", text, got, want)
		}
	}
	if got := content("## [1.0.0] - 2026-01-01\n\n- a\n- c\n"); got == want {
		t.Errorf("another text has the same content %q", got)
	}
}

func TestChangelogInsert(t *testing.T) {
	const older, newer = "## [1.0.0] - 2026-01-01\n\n- a\n", "## [3.0.0] - 2026-03-01\n\n- c\n"
	const section = "## [2.0.0] - 2026-02-01\n\n- b\n"
	tests := []struct{ name, text, want string }{
		{"an empty file", "", "# Changelog\n\n" + section},
		{"a title alone", "# Changelog\n", "# Changelog\n\n" + section},
		{"a title without a line ending", "# Changelog", "# Changelog\n\n" + section},
		{"before an older one", "# Changelog\n\n" + older, "# Changelog\n\n" + section + "\n" + older},
		{"right below the title", "# Changelog\n" + older, "# Changelog\n\n" + section + "\n" + older},
		{"after a newer one", "# Changelog\n\n" + newer, "# Changelog\n\n" + newer + "\n" + section},
		{"between", "# Changelog\n\n" + newer + "\n" + older, "# Changelog\n\n" + newer + "\n" + section + "\n" + older},
		{"after what is not released", "## [Unreleased]\n\n- x\n\n" + older, "## [Unreleased]\n\n- x\n\n" + section + "\n" + older},
		{"only what is not released", "## [Unreleased]\n", "## [Unreleased]\n\n" + section},
		{"before links", "# Changelog\n\n[a]: b\n", "# Changelog\n\n" + section + "\n[a]: b\n"},
		{"other line endings", "# Changelog\r\n\r\n" + strings.ReplaceAll(older, "\n", "\r\n"),
			strings.ReplaceAll("# Changelog\n\n"+section+"\n"+older, "\n", "\r\n")},
	}
	for _, test := range tests {
		c := ParseChangelog([]byte(test.text))
		out, err := jsondoc.Apply([]byte(test.text), []jsondoc.Edit{c.Insert("2.0.0", section)})
		if err != nil || string(out) != test.want {
			t.Errorf("%s: got %q, %v; want %q", test.name, out, err, test.want)
		}
		if again := ParseChangelog(out); again.Find("2.0.0") == nil || again.Find("2.0.0").Content != "- b" {
			t.Errorf("%s: the section is not found in %q", test.name, out)
		}
	}
}

func FuzzParseChangelog(f *testing.F) {
	for _, s := range []string{changelogText, "", "##", "## [1.0.0]\n#\n===\n", "\ufeff## [1.0.0] - x\n[a]: b\n", "a\n---\n- - - -\n\tb\n> c\n", "## 1\r\n\r\n[a]: b\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := ParseChangelog(data)
		at := 0
		inside := func(what string, outer, s jsondoc.Span) {
			if s.Start < outer.Start || s.End < s.Start || s.End > outer.End {
				t.Fatalf("%s %v is not inside %v in %q", what, s, outer, data)
			}
		}
		all := jsondoc.Span{End: len(data)}
		inside("links", all, c.Links)
		for _, s := range c.Sections {
			inside("section", all, s.Span)
			if s.Span.Start < at || s.Version == "" {
				t.Fatalf("section %q at %v starts before %d in %q", s.Version, s.Span, at, data)
			}
			at = s.Span.End
			inside("heading", s.Span, s.HeadingSpan)
			inside("body", jsondoc.Span{Start: s.HeadingSpan.End, End: s.Span.End}, s.Body)
			from := s.HeadingSpan.End
			for _, p := range s.Parts {
				inside("part", jsondoc.Span{Start: from, End: s.Span.End}, p.Span)
				inside("heading of a part", p.Span, p.HeadingSpan)
				from = p.Span.End
			}
		}
		if at > c.Links.Start {
			t.Fatalf("links at %v start inside a section that ends at %d in %q", c.Links, at, data)
		}
		edit := c.Insert("1.0.0", "## [1.0.0] - 2026-01-01\n\n- a\n")
		inside("edit", all, edit.Span)
		if at := c.InsertAt("1.0.0"); at < edit.Start || at > len(data) {
			t.Fatalf("the place %d is not at the edit %v in %q", at, edit.Span, data)
		}
	})
}
