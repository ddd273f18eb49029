package rules

import (
	"slices"
	"strings"
	"unicode"

	"github.com/Masterminds/semver/v3"

	"github.com/karzoun/miniapp-review/internal/compat"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// lenientVersion reads a version as people write it, "v1.2" too, or returns
// nil.
func lenientVersion(s string) *semver.Version {
	v, err := semver.NewVersion(s)
	if err != nil {
		return nil
	}
	return v
}

func changelogOrder() Spec {
	return Spec{
		ID: "changelog-order", Group: groupChangelog, Severity: finding.Error,
		Title:   "The newest version stands first",
		Purpose: "Checks that the sections go from the newest version to the oldest, with what is not released above them.",
		Source:  "Keep a Changelog: the latest version comes first.",
		Help:    "Move the section to its place; what it says stays as it is.",
		Fires: []Example{
			{Name: "the new section is at the end", Kind: submission.Update,
				Files: map[string]string{submission.ChangelogFile: modelChangelog + "\n## [1.1.0] - 2026-11-02\n\n- Labels.\n"}},
			{Name: "what is not released is at the end",
				Files: map[string]string{submission.ChangelogFile: modelChangelog + "\n## [Unreleased]\n"}},
		},
		Silent: []Example{
			{Name: "newest first", Kind: submission.Update},
			{Name: "ten is more than nine", Files: map[string]string{submission.ChangelogFile: "# Changelog\n\n## [1.10.0] - 2026-11-02\n\n- b\n\n## [1.9.0] - 2026-11-01\n\n- a\n"}},
		},
		Check: func(p *Pass) {
			c := p.Head.Changelog
			if c == nil || len(c.Sections) == 0 {
				return
			}
			if u := c.Unreleased; u != nil && u.Span.Start > c.Sections[0].Span.Start {
				p.Span(submission.ChangelogFile, u.HeadingSpan, "\"Unreleased\" stands below a version").Tell("unreleased").
					Hint("Move it above the versions.")
			}
			// Only the first one is told: moving it can put all others right.
			for i, s := range c.Sections[1:] {
				above, v := lenientVersion(c.Sections[i].Version), lenientVersion(s.Version)
				if above != nil && v != nil && v.GreaterThan(above) {
					p.Span(submission.ChangelogFile, s.HeadingSpan, "%s stands below %s, which is older", shown(s.Version), shown(c.Sections[i].Version)).
						Hint("Put the newest version first.").
						SeeIn(p.Head, submission.ChangelogFile, c.Sections[i].HeadingSpan, "the older version")
					return
				}
			}
		},
	}
}

func changelogSectionUnique() Spec {
	return Spec{
		ID: "changelog-section-unique", Group: groupChangelog, Severity: finding.Error,
		Title:   "Each version has one section",
		Purpose: "Checks that no version has two sections, since a reader finds only one of them.",
		Source:  "Keep a Changelog: one section for each version.",
		Help:    "Bring the two together, or give the newer one its own version.",
		Fires: []Example{{Name: "a version twice",
			Files: map[string]string{submission.ChangelogFile: modelChangelog + "\n## [1.0.0] - 2026-09-01\n\n- More.\n"}}},
		Silent: []Example{{Name: "two versions", Kind: submission.Update}},
		Check: func(p *Pass) {
			if p.Head.Changelog == nil {
				return
			}
			first := sections(p.Head.Changelog)
			for _, s := range p.Head.Changelog.Sections {
				if one := first[sectionKey(s)]; one != s {
					p.Span(submission.ChangelogFile, s.HeadingSpan, "version %s has another section already", shown(s.Version)).Tell(sectionKey(s)).
						Hint("Bring the two together.").SeeIn(p.Head, submission.ChangelogFile, one.HeadingSpan, "the first one")
				}
			}
		},
	}
}

func changelogNotEmpty() Spec {
	return Spec{
		ID: "changelog-not-empty", Group: groupChangelog, Severity: finding.Error,
		Title:   "The section says something",
		Purpose: "Checks that the section of the submitted version has text, not only headings.",
		Source:  "A changelog is there to tell tenants what changes for them.",
		Help:    "Say in a list what is added, changed, fixed or removed. `miniapp changelog` drafts it from the change.",
		Fires: []Example{
			{Name: "no text", Files: map[string]string{submission.ChangelogFile: "# Changelog\n\n## [1.0.0] - 2026-10-01\n"}},
			{Name: "only headings and a comment", Files: map[string]string{submission.ChangelogFile: "# Changelog\n\n## [1.0.0] - 2026-10-01\n\n### Added\n\n-\n\n<!-- later -->\n"}},
		},
		Silent: []Example{{Name: "an entry", Files: map[string]string{submission.ChangelogFile: "# Changelog\n\n## [1.0.0] - 2026-10-01\n\n- Tickets.\n"}}},
		Check: func(p *Pass) {
			if s := p.section(); s != nil && s.Empty() {
				p.Span(submission.ChangelogFile, s.HeadingSpan, "the section for version %s is empty", shown(s.Version)).Tell(s.Version).
					Hint("Say below it what changes for tenants.")
			}
		},
	}
}

// emptyWords are words that say nothing of what changed, sorted.
func emptyWords() []string {
	return strings.Fields(`a added adjusted adjustment adjustments all an and bug bugfix bugfixes bugs change changed changelog changes
		cleanup cleanups code corrections definition enhancement enhancements few file first fix fixed fixes for general
		hotfix improve improved improvement improvements in initial internal internals issue issues json latest
		maintenance many miniapp minor misc miscellaneous more n na new none of on optimisation optimisations
		optimization optimizations other our performance polish polishing problem problems refactor refactored
		refactoring release released several small smaller some stability stuff tbd the things this to todo tweak tweaks
		typo typos update updated updates updating upgrade upgraded v various version versions we wip with`)
}

// saysNothing reports whether every word of a text is an empty one.
func saysNothing(text string, empty []string) bool {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
	for _, w := range words {
		if _, found := slices.BinarySearch(empty, w); !found {
			return false
		}
	}
	return true
}

func changelogBoilerplate() Spec {
	return Spec{
		ID: "changelog-boilerplate", Group: groupChangelog, Severity: finding.Warning,
		Title:   "The section says what changed",
		Purpose: "Checks that the section of the submitted version is more than words like \"update\" or \"bug fixes\", which tell tenants nothing.",
		Source:  "Tenants decide by the changelog whether an update concerns them.",
		Help:    "Name the action, trigger or behaviour that is different now, and what people notice of it.",
		Fires: []Example{
			{Name: "one word", Kind: submission.Update, Files: map[string]string{submission.ChangelogFile: changelogOf("1.1.0", "- Update")}},
			{Name: "many words", Kind: submission.Update, Files: map[string]string{submission.ChangelogFile: changelogOf("1.1.0", "### Fixed\n\n- Various bug fixes\n- Performance improvements.")}},
			{Name: "the version again", Kind: submission.Update, Files: map[string]string{submission.ChangelogFile: changelogOf("1.1.0", "Release of version 1.1.0")}},
		},
		Silent: []Example{
			{Name: "what changed", Kind: submission.Update, Files: map[string]string{submission.ChangelogFile: changelogOf("1.1.0", "- Update: labels say who acts.")}},
			{Name: "another language", Kind: submission.Update, Files: map[string]string{submission.ChangelogFile: changelogOf("1.1.0", "- إصلاح التذاكر")}},
		},
		Check: func(p *Pass) {
			s := p.newSection()
			if s == nil || s.Empty() || p.Change.Kind == submission.Unchanged {
				return
			}
			empty := emptyWords()
			for _, part := range s.Parts {
				for _, text := range slices.Concat(part.Items, part.Text) {
					if !saysNothing(text, empty) {
						return
					}
				}
			}
			p.Span(submission.ChangelogFile, s.Body, "the section for version %s does not say what changed", shown(s.Version)).Tell(s.Version).
				Hint("Name what is different now, and what people notice of it.")
		},
	}
}

func changelogHistory() Spec {
	return Spec{
		ID: "changelog-history", Group: groupChangelog, Severity: finding.Error,
		Title:   "Sections of earlier versions stay as they are",
		Purpose: "Checks that an update leaves the sections of earlier versions alone, since they describe what is published.",
		Source:  "A published version never changes, and neither does what was said of it. A heading may be brought into the usual form or marked \"[YANKED]\".",
		Help:    "Take the change back, and say what is to be said in the section of the new version.",
		Fires: []Example{
			{Name: "another text", Kind: submission.Update, Files: map[string]string{submission.ChangelogFile: strings.Replace(changelogOf("1.1.0", "- Labels."), "closed tickets", "deleted tickets", 1)}},
			{Name: "another date", Kind: submission.Update, Files: map[string]string{submission.ChangelogFile: strings.Replace(changelogOf("1.1.0", "- Labels."), "2026-10-01", "2026-10-02", 1)}},
			{Name: "a section is gone", Kind: submission.Update, Files: map[string]string{submission.ChangelogFile: "# Changelog\n\n## [1.1.0] - 2026-11-02\n\n- Labels.\n"}},
		},
		Silent: []Example{
			{Name: "a new section", Kind: submission.Update},
			{Name: "other line endings", Kind: submission.Update, Files: map[string]string{submission.ChangelogFile: strings.ReplaceAll(changelogOf("1.1.0", "- Labels."), "\n", "\r\n")}},
			{Name: "taken back", Kind: submission.Update, Files: map[string]string{submission.ChangelogFile: strings.Replace(changelogOf("1.1.0", "- Labels."), "2026-10-01", "2026-10-01 [YANKED]", 1)}},
		},
		Check: func(p *Pass) {
			if p.Change.Kind != submission.Update || p.Base.Changelog == nil || p.Head.Changelog == nil {
				return
			}
			head := sections(p.Head.Changelog)
			first := sections(p.Base.Changelog)
			current := p.headVersion()
			for _, old := range p.Base.Changelog.Sections {
				version := sectionKey(old)
				if version == current || first[version] != old {
					continue
				}
				p.compareSection(old, head[version], version)
			}
		},
	}
}

// compareSection reports a section of an earlier version that is not as it was.
func (p *Pass) compareSection(old, s *submission.Section, version string) {
	const file = submission.ChangelogFile
	base, head := p.Base.Changelog, p.Head.Changelog
	var r *Report
	switch {
	case s == nil:
		edit := head.Insert(version, strings.ReplaceAll(strings.TrimRight(base.Source(old.Span), " \t\r\n"), "\r\n", "\n"))
		r = p.Span(file, jsondoc.Span{Start: edit.Start, End: edit.Start}, "the section for version %s is gone", shown(version)).
			FixIn(file, "put the section back", []jsondoc.Edit{edit})
	case s.Content != old.Content:
		text := base.Source(old.Body)
		if s.Body.Start == s.Body.End {
			text = "\n\n" + text
		}
		r = p.Span(file, s.HeadingSpan, "the section for version %s is not what it was", shown(version)).
			FixIn(file, "write what the section said", []jsondoc.Edit{{Span: s.Body, Text: text}})
	case s.Date != old.Date && old.Date != "":
		r = p.Span(file, dateSpan(head, s), "the date of version %s was %s", shown(version), shown(old.Date)).
			FixIn(file, "write the date that it had", []jsondoc.Edit{{Span: dateSpan(head, s), Text: old.Date}})
	default:
		return
	}
	r.Tell(version).Hint("Take the change back: it describes what is published. What is new belongs into the section of the new version.").
		SeeIn(p.Base, file, old.HeadingSpan, "the section at the base")
}

func changelogFitsChange() Spec {
	return Spec{
		ID: "changelog-fits-change", Group: groupChangelog, Severity: finding.Warning,
		Title:   "The section is under the right headings",
		Purpose: "Checks that a section does not stand under \"Fixed\" or \"Security\" alone when the definition loses or renames something that tenants use.",
		Source:  "Keep a Changelog: \"Fixed\" is for bugs, \"Removed\" for what is gone. Who reads \"Fixed\" expects that automations go on as before.",
		Help:    "Say under `### Removed` or `### Changed` what is gone or has another name.",
		Fires: []Example{{Name: "a removed action as a fix", Kind: submission.Update, Edit: "/version = \"2.0.0\"\n/actions/1 delete",
			Files: map[string]string{submission.ChangelogFile: changelogOf("2.0.0", "### Fixed\n\n- The action \"countOpen\" is no longer wrong.")}}},
		Silent: []Example{
			{Name: "as removed", Kind: submission.Update, Edit: "/version = \"2.0.0\"\n/actions/1 delete",
				Files: map[string]string{submission.ChangelogFile: changelogOf("2.0.0", "### Removed\n\n- The action \"countOpen\".")}},
			{Name: "a real fix", Kind: submission.Update, Edit: `/label = "Help"`,
				Files: map[string]string{submission.ChangelogFile: changelogOf("1.1.0", "### Fixed\n\n- The label.")}},
			{Name: "no headings", Kind: submission.Update, Edit: "/version = \"2.0.0\"\n/actions/1 delete",
				Files: map[string]string{submission.ChangelogFile: changelogOf("2.0.0", "- The action \"countOpen\" is gone.")}},
		},
		Check: func(p *Pass) {
			u, s := p.update(), p.newSection()
			if u.impact != compat.Breaking || s == nil || !onlyFixes(s) {
				return
			}
			var gone []compat.Change
			for _, c := range u.worst() {
				if strings.HasSuffix(c.ID, "-removed") || strings.HasSuffix(c.ID, "-renamed") {
					gone = append(gone, c)
				}
			}
			if len(gone) == 0 {
				return
			}
			r := p.Span(submission.ChangelogFile, s.HeadingSpan, "the section tells of fixes only, but %s", inWords(messagesOf(gone))).Tell(s.Version).
				Hint("Say it below \"### Removed\" or \"### Changed\".")
			for _, c := range gone[:min(len(gone), maxPlaces)] {
				r.seeChange(c)
			}
		},
	}
}

// onlyFixes reports whether everything that a section says is called a fix.
func onlyFixes(s *submission.Section) bool {
	for _, part := range s.Parts {
		told := slices.ContainsFunc([]string{"Fixed", "Security", "Migration"}, func(name string) bool { return strings.EqualFold(part.Name, name) })
		if !part.Empty() && !told {
			return false
		}
	}
	return !s.Empty()
}
