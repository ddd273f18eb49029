package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/submission"
)

func TestEmptyWords(t *testing.T) {
	if !slices.IsSorted(emptyWords()) {
		t.Error("the words are not sorted, so that some are not found")
	}
	for text, want := range map[string]bool{
		"Update": true, "updates.": true, "Bug fixes & improvements": true, "**Misc.** changes": true, "v1.2.0": true, "-": true,
		"Fixed a typo in the title": false, "Update the API to v2": false, "Ok": false, "更新": false,
	} {
		if got := saysNothing(text, emptyWords()); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// TestChangelogOneFinding checks that one defect of a changelog is told once,
// and where.
func TestChangelogOneFinding(t *testing.T) {
	const head = "# Changelog\n\n"
	one := func(text string) Example {
		return Example{Files: map[string]string{submission.ChangelogFile: text}}
	}
	two := func(text string) Example {
		e := one(text)
		e.Kind = submission.Update
		return e
	}
	tests := []struct {
		name string
		e    Example
		want string // line:column rule
	}{
		{"only a title", one("# Changelog\n"), "2:1 changelog-has-section"},
		{"nothing", one("\n"), "2:1 changelog-has-section"},
		{"the heading is in a list", one(head + "- ## [1.0.0] - 2026-10-01\n"), "4:1 changelog-has-section"},
		{"the heading is in code", one(head + "```\n## [1.0.0] - 2026-10-01\n```\n"), "6:1 changelog-has-section"},
		{"loosely written and no date", one(head + "## v1.0\n\n- Tickets.\n"), "3:1 changelog-heading"},
		{"an empty section without brackets", one(head + "## 1.0.0 - 2026-10-01\n"), "3:1 changelog-heading 3:1 changelog-not-empty"},
		{"the section of another version", one(head + "## [2.0.0] - 2026-10-01\n\n- Tickets.\n"), "6:1 changelog-has-section"},
		{"a changed and misdated history", two(strings.NewReplacer("2026-10-01", "2026-10-03", "closed", "lost").Replace(changelogOf("1.1.0", "- Labels."))), "7:1 changelog-history"},
		{"a heading of the history in another form", two(strings.Replace(changelogOf("1.1.0", "- Labels."), "[1.0.0]", "v1.0.0", 1)), "7:1 changelog-heading"},
		{"the second section twice", two(changelogOf("1.1.0", "- Labels.") + "\n## [1.0.0] - 2026-10-01\n\n- a\n"), "14:1 changelog-section-unique"},
	}
	for _, test := range tests {
		var got []string
		for _, f := range exampleFindings(t, changelogRules(), test.e) {
			got = append(got, fmt.Sprintf("%d:%d %s", f.Range.Start.Line, f.Range.Start.Column, f.Rule))
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// TestChangelogAlone checks that a definition for itself needs no changelog.
func TestChangelogAlone(t *testing.T) {
	files, err := model()
	if err != nil {
		t.Fatal(err)
	}
	c := &submission.Change{Kind: submission.Lint, Head: submission.FromDefinition("draft.json", []byte(files[submission.DefinitionFile]), nil)}
	if got := Run(slices.Concat(identityRules(), versionRules(), changelogRules()), c, Example{}.Env(nil, nil)); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

// TestHistoryIsRestored checks that the fix gives back what was there, byte for
// byte but for the ends of lines.
func TestHistoryIsRestored(t *testing.T) {
	whole := changelogOf("1.1.0", "- Labels.")
	for name, text := range map[string]string{
		"changed": strings.Replace(whole, "closed", "lost", 1),
		"emptied": whole[:strings.Index(whole, "### Added")],
		"dated":   strings.Replace(whole, "2026-10-01", "2026-10-02", 1),
		"gone":    whole[:strings.Index(whole, "## [1.0.0]")],
	} {
		found := exampleFindings(t, []Spec{changelogHistory()}, Example{Kind: submission.Update, Files: map[string]string{submission.ChangelogFile: text}})
		if len(found) != 1 || found[0].Fix == nil {
			t.Errorf("%s: got %v", name, found)
			continue
		}
		var edits []jsondoc.Edit
		for _, e := range found[0].Fix.Edits {
			edits = append(edits, jsondoc.Edit{Span: e.Span, Text: e.Text})
		}
		out, err := jsondoc.Apply([]byte(text), edits)
		if err != nil || strings.TrimSpace(string(out)) != strings.TrimSpace(whole) {
			t.Errorf("%s: got %q, %v, want %q", name, out, err, whole)
		}
	}
}

// TestHostileChangelog checks that text from a changelog cannot end a message's
// line, nor hide in it.
func TestHostileChangelog(t *testing.T) {
	const evil = "\u202e\x1b[31m::error::`"
	e := Example{Files: map[string]string{submission.ChangelogFile: "# Changelog\n\n## [1.0.0] - " + strings.ReplaceAll(evil, " ", "") + "\n\n- a\n\n## " + evil + "\n\n- b\n"}}
	found := exampleFindings(t, changelogRules(), e)
	if len(found) == 0 {
		t.Fatal("nothing is found")
	}
	for _, f := range found {
		if strings.ContainsAny(f.Message+f.Hint, "\u202e\x1b\n\r") {
			t.Errorf("raw text in %q", f.Message)
		}
	}
}
