package rules

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/submission"
)

// TestDraftedSection checks the section that is offered where one is missing.
func TestDraftedSection(t *testing.T) {
	without := map[string]string{submission.ChangelogFile: modelChangelog}
	for _, c := range []struct {
		example Example
		want    string
	}{
		{Example{Name: "breaking", Kind: submission.Update, Edit: "/version = \"2.0.0\"\n/actions/1 delete", Files: without},
			"## [2.0.0] - 2026-11-23\n\n### Removed\n\n- Action `countOpen` is removed.\n\n### Migration\n\n1. Replace the action `countOpen` in automations that run it.\n\n"},
		{Example{Name: "a text", Kind: submission.Update, Edit: "/version = \"1.0.1\"\n/label = \"Help\"", Files: without},
			"## [1.0.1] - 2026-11-23\n\n### Changed\n\n- The field `label` of the listing is changed.\n\n"},
		// The version has to be mended first, and with it what the section is for.
		{Example{Name: "a version that does not cover the change", Kind: submission.Update, Edit: "/version = \"1.0.1\"\n/actions/1 delete", Files: without}, ""},
		{Example{Name: "nothing that the definition shows", Kind: submission.Update, Edit: `/version = "1.0.1"`, Files: without}, ""},
		// What came before is not known.
		{Example{Name: "nothing to compare with", Kind: submission.Lint, Edit: `/version = "1.0.1"`, Files: without}, ""},
		{Example{Name: "what is not released", Kind: submission.Update, Edit: "/version = \"1.0.1\"\n/label = \"Help\"",
			Files: map[string]string{submission.ChangelogFile: strings.Replace(modelChangelog, "## [", "## [Unreleased]\n\n- Help.\n\n## [", 1)}}, ""},
	} {
		t.Run(c.example.Name, func(t *testing.T) {
			findings := exampleFindings(t, []Spec{changelogHasSection()}, c.example)
			if len(findings) != 1 {
				t.Fatalf("%d findings", len(findings))
			}
			got := ""
			if f := findings[0].Fix; f != nil {
				got = f.Edits[0].Text
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestDraftedChangelog checks the file that is offered where there is none.
func TestDraftedChangelog(t *testing.T) {
	findings := exampleFindings(t, []Spec{changelogHasSection()}, Example{Files: map[string]string{submission.ChangelogFile: ""}})
	if len(findings) != 1 || findings[0].Fix == nil || !findings[0].Fix.Edits[0].Create {
		t.Fatalf("no file is offered: %+v", findings)
	}
	text := findings[0].Fix.Edits[0].Text
	if !strings.HasPrefix(text, "# Changelog\n\n## [1.0.0] - 2026-11-23\n\n### Added\n\n- Action `") {
		t.Errorf("offered %q", text)
	}
}
