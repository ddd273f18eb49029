package rules

import (
	"fmt"
	"strings"
	"time"

	"github.com/karzoun/miniapp-review/internal/changelog"
	"github.com/karzoun/miniapp-review/internal/compat"
	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/submission"
)

const groupChangelog = "Changelog"

// changelogRules are about CHANGELOG.md.
func changelogRules() []Spec {
	return []Spec{changelogHasSection(), changelogHeading(), changelogDate(), changelogOrder(), changelogSectionUnique(),
		changelogNotEmpty(), changelogBoilerplate(), changelogHistory(), changelogFitsChange(),
		breakingNeedsMigration(), changelogNamesChange()}
}

// changelogOf is the changelog of an example: the model's with a section for
// another version above.
func changelogOf(version, body string) string {
	return "# Changelog\n\n## [" + version + "] - 2026-11-02\n\n" + body + "\n" + strings.TrimPrefix(modelChangelog, "# Changelog\n")
}

// headVersion returns the version of the head as it is written, or "" when it
// is no semantic version, which another rule has said.
func (p *Pass) headVersion() string {
	if p.Head.Definition == nil {
		return ""
	}
	text := p.Head.Definition.Version.Text()
	if strictVersion(text) == nil {
		return ""
	}
	return text
}

// section returns the section for the head's version, also when its heading
// writes the version in another way, or nil.
func (p *Pass) section() *submission.Section {
	version := p.headVersion()
	if version == "" || p.Head.Changelog == nil {
		return nil
	}
	if s := p.Head.Changelog.Find(version); s != nil {
		return s
	}
	for _, s := range p.Head.Changelog.Sections {
		if v := lenientVersion(s.Version); v != nil && v.String() == version {
			return s
		}
	}
	return nil
}

// newSection returns the section that describes what is submitted: that for the
// head's version, or, when there is none or it is that of the published
// version, the one that the update added. It may be nil.
func (p *Pass) newSection() *submission.Section {
	if u := p.update(); u.fault == versionSame || u.fault == versionLower {
		return p.otherNewSection()
	}
	if s := p.section(); s != nil {
		return s
	}
	return p.otherNewSection()
}

// sections returns the first section for each version.
func sections(c *submission.Changelog) map[string]*submission.Section {
	all := map[string]*submission.Section{}
	if c == nil {
		return all
	}
	for _, s := range c.Sections {
		if key := sectionKey(s); all[key] == nil {
			all[key] = s
		}
	}
	return all
}

// sectionKey is the same for all ways to write one version.
func sectionKey(s *submission.Section) string {
	if v := lenientVersion(s.Version); v != nil {
		return v.String()
	}
	return s.Version
}

// baseSections returns the sections at the base, none when there is no base
// that counts.
func (p *Pass) baseSections() map[string]*submission.Section {
	if p.Change.Kind != submission.Update && p.Change.Kind != submission.Unchanged {
		return nil
	}
	return sections(p.Base.Changelog)
}

// isOld reports whether a section is as it was at the base and not that of the
// version that is submitted, so that nobody can be asked to change it.
func (p *Pass) isOld(s *submission.Section, base map[string]*submission.Section) bool {
	old := base[sectionKey(s)]
	return old != nil && old.Heading == s.Heading && s.Version != p.headVersion()
}

func changelogHasSection() Spec {
	return Spec{
		ID: "changelog-has-section", Group: groupChangelog, Severity: finding.Error,
		Title:   "The changelog has a section for the version",
		Purpose: "Checks that CHANGELOG.md has a section for exactly the version of the definition, so that tenants learn what they get.",
		Source:  "A changelog is part of every update; a first submission starts it.",
		Help:    "Add a section like `## [1.2.0] - 2026-11-23` above the older ones, as Keep a Changelog describes. `miniapp changelog --write` drafts it.",
		Fires: []Example{
			{Name: "no changelog", Files: map[string]string{submission.ChangelogFile: ""}},
			{Name: "no section for the version", Kind: submission.Update, Edit: `/version = "2.0.0"`, Files: map[string]string{submission.ChangelogFile: modelChangelog}},
			{Name: "an update that breaks tenants, without its section", Kind: submission.Update, Edit: "/version = \"2.0.0\"\n/actions/1 delete",
				Files: map[string]string{submission.ChangelogFile: modelChangelog}},
			{Name: "the new section is for another version", Kind: submission.Update, Edit: `/version = "1.0.1"`},
			{Name: "only what is not released", Files: map[string]string{submission.ChangelogFile: "# Changelog\n\n## [Unreleased]\n\n- Tickets.\n"}},
		},
		Silent: []Example{
			{Name: "a first section"},
			{Name: "a new section", Kind: submission.Update},
			{Name: "a version that is written wrongly, which another rule says", Edit: `/version = "v1"`},
		},
		Check: func(p *Pass) {
			version := p.headVersion()
			if version == "" || p.section() != nil {
				return
			}
			c := p.Head.Changelog
			if c == nil {
				if p.Head.File(submission.ChangelogFile) == nil && p.Head.Whole() {
					p.File(submission.ChangelogFile, "there is no %s", submission.ChangelogFile).Tell(version).
						Hint("Add the file with a first section, \"## [%s] - %s\", that says what the MiniApp does.", version, p.today()).
						draftSection(version)
				}
				return
			}
			if s := p.otherNewSection(); s != nil {
				r := p.Span(submission.ChangelogFile, s.HeadingSpan, "the new section is for %s, but the version is %s", shown(s.Version), shown(version)).
					Tell(version).Hint("Let the two be the same.")
				if p.versionFits() {
					// Where it does not, the version has to follow, and two
					// suggestions would chase each other.
					r.FixIn(submission.ChangelogFile, "write the version into the heading", headingEdit(p, s, version))
				}
				return
			}
			at := c.InsertAt(version)
			place, unreleased := jsondoc.Span{Start: at, End: at}, c.Unreleased != nil && !c.Unreleased.Empty()
			if unreleased {
				place = c.Unreleased.HeadingSpan
			}
			r := p.Span(submission.ChangelogFile, place, "there is no section for version %s", shown(version)).Tell(version)
			if unreleased {
				r.Hint("Give the section \"Unreleased\" the heading \"## [%s] - %s\".", version, p.today())
			} else {
				r.Hint("Add it here: a heading \"## [%s] - %s\", and below it what changes for tenants.", version, p.today()).
					draftSection(version)
			}
		},
	}
}

// versionFits reports whether nothing is wrong with the version that keeps it
// from being the one of the section.
func (p *Pass) versionFits() bool {
	fault := p.update().fault
	return fault == versionGood || fault == versionSkipping
}

// draftSection offers the section for a version as it can be told from the
// change. There is none when the version is not the right one yet, or when it is
// not known what is new.
func (r *Report) draftSection(version string) *Report {
	p := r.pass
	if !p.versionFits() {
		return r
	}
	var base *definition.Definition
	switch c := p.Head.Changelog; p.Change.Kind {
	case submission.Update:
		if base = p.Base.Definition; base == nil {
			return r
		}
	case submission.New, submission.Lint:
		if c != nil && len(c.Sections) > 0 {
			return r // there have been versions before, of which nothing is known
		}
	default:
		return r
	}
	draft := changelog.Draft(compat.Compare(base, p.Head.Definition), version, p.Now)
	if draft == "" {
		return r
	}
	const title = "add a section that is drafted from the change"
	if p.Head.Changelog == nil {
		return r.FixCreate(submission.ChangelogFile, title, "# Changelog\n\n"+draft).derived()
	}
	return r.FixIn(submission.ChangelogFile, title, []jsondoc.Edit{p.Head.Changelog.Insert(version, draft)}).derived()
}

// otherNewSection returns the one section that the update added, when it is
// above all that were there: it is then meant for this version.
func (p *Pass) otherNewSection() *submission.Section {
	if p.Change.Kind != submission.Update || p.Base.Changelog == nil || p.Head.Changelog == nil {
		return nil
	}
	base := p.baseSections()
	var found *submission.Section
	for i, s := range p.Head.Changelog.Sections {
		if base[sectionKey(s)] != nil {
			continue
		}
		if found != nil || i > 0 {
			return nil
		}
		found = s
	}
	return found
}

// today is the date of the run as headings write it.
func (p *Pass) today() string { return p.Now.UTC().Format(time.DateOnly) }

// headingEdit gives a section the heading that it should have. There is none
// when its date is not known.
func headingEdit(p *Pass, s *submission.Section, version string) []jsondoc.Edit {
	if _, err := time.Parse(time.DateOnly, s.Date); err != nil {
		return nil
	}
	text := fmt.Sprintf("## [%s] - %s", version, s.Date)
	if s.Yanked {
		text += " [YANKED]"
	}
	return []jsondoc.Edit{{Span: s.HeadingSpan, Text: text}}
}

func changelogHeading() Spec {
	return Spec{
		ID: "changelog-heading", Group: groupChangelog, Severity: finding.Error,
		Title:   "Sections have the usual heading",
		Purpose: "Checks that the heading of a section is written as Keep a Changelog describes, with the version in brackets and the date, so that programs find it too.",
		Source:  "Keep a Changelog, 1.1.0: a heading of level two for each version, with its date. For sections of other versions than the one that is submitted this is a warning.",
		Help:    "Write `## [1.2.0] - 2026-11-23`. `## [Unreleased]` may stand above all versions.",
		Fires: []Example{
			{Name: "no brackets", Files: map[string]string{submission.ChangelogFile: "# Changelog\n\n## 1.0.0 - 2026-10-01\n\n- Tickets.\n"}},
			{Name: "a letter before the version", Files: map[string]string{submission.ChangelogFile: "# Changelog\n\n## [v1.0.0] - 2026-10-01\n\n- Tickets.\n"}},
			{Name: "no date", Files: map[string]string{submission.ChangelogFile: "# Changelog\n\n## [1.0.0]\n\n- Tickets.\n"}},
			{Name: "another level", Files: map[string]string{submission.ChangelogFile: "# Changelog\n\n# [1.0.0] - 2026-10-01\n\n- Tickets.\n"}},
			{Name: "a section for no version", Files: map[string]string{submission.ChangelogFile: modelChangelog + "\n## Notes\n\n- More.\n"}},
		},
		Silent: []Example{
			{Name: "the usual heading"},
			{Name: "a section that was taken back", Files: map[string]string{submission.ChangelogFile: modelChangelog + "\n## [0.9.0] - 2026-09-01 [YANKED]\n\n- Tickets.\n"}},
			{Name: "an old one that cannot be changed any more", Kind: submission.Update,
				BaseFiles: map[string]string{submission.ChangelogFile: "# Changelog\n\n## 1.0.0 (October)\n\n- Tickets.\n"}},
		},
		Check: func(p *Pass) {
			c := p.Head.Changelog
			if c == nil {
				return
			}
			current, base := p.section(), p.baseSections()
			for _, s := range c.Sections {
				version := sectionKey(s)
				strict := strictVersion(s.Version) != nil
				if s.WellFormed && strict || s != current && p.isOld(s, base) {
					continue
				}
				r := p.Span(submission.ChangelogFile, s.HeadingSpan, "the heading of %s is not in the form \"## [version] - date\"", shown(version)).Tell(version).
					FixIn(submission.ChangelogFile, "write the heading in the usual form", headingEdit(p, s, version))
				if s.Date == "" {
					r.Hint("Add the date of the version, as in \"## [%s] - %s\".", version, p.today())
				} else {
					date := s.Date
					if _, err := time.Parse(time.DateOnly, date); err != nil {
						date = p.today()
					}
					r.Hint("Write it like \"## [%s] - %s\".", version, date)
				}
				if s != current {
					r.As(finding.Warning)
				}
			}
			p.nameless(c)
		},
	}
}

// nameless reports sections whose heading names no version, apart from those
// that the base has too.
func (p *Pass) nameless(c *submission.Changelog) {
	old := map[string]bool{}
	if p.baseSections() != nil && p.Base.Changelog != nil {
		for _, s := range p.Base.Changelog.Others {
			old[s.Heading] = true
		}
	}
	for _, s := range c.Others {
		if !old[s.Heading] {
			p.Span(submission.ChangelogFile, s.HeadingSpan, "the heading %s names no version", shown(s.Heading)).As(finding.Warning).Tell(s.Heading).
				Hint("Write it like \"## [1.2.0] - %s\", or as a heading of level three when it is a part of a section.", p.today())
		}
	}
}

func changelogDate() Spec {
	return Spec{
		ID: "changelog-date", Group: groupChangelog, Severity: finding.Error,
		Title:   "Dates are real",
		Purpose: "Checks that the date of a section is a day of the calendar, not in the future, and not before that of the section below.",
		Source:  "Keep a Changelog: dates are written as year, month and day. A day ahead is accepted, since it is tomorrow already somewhere.",
		Help:    "Write the day on which the version is submitted, such as `2026-11-23`.",
		Fires: []Example{
			{Name: "no such day", Files: map[string]string{submission.ChangelogFile: "# Changelog\n\n## [1.0.0] - 2026-02-30\n\n- Tickets.\n"}},
			{Name: "not written as a date", Files: map[string]string{submission.ChangelogFile: "# Changelog\n\n## [1.0.0] - YYYY-MM-DD\n\n- Tickets.\n"}},
			{Name: "in the future", Files: map[string]string{submission.ChangelogFile: "# Changelog\n\n## [1.0.0] - 2026-11-25\n\n- Tickets.\n"}},
			{Name: "before the version below", Kind: submission.Update,
				Files: map[string]string{submission.ChangelogFile: strings.Replace(changelogOf("1.1.0", "- Labels."), "2026-11-02", "2026-09-30", 1)}},
		},
		Silent: []Example{
			{Name: "tomorrow", Files: map[string]string{submission.ChangelogFile: "# Changelog\n\n## [1.0.0] - 2026-11-24\n\n- Tickets.\n"}},
			{Name: "two versions on one day", Kind: submission.Update,
				Files: map[string]string{submission.ChangelogFile: strings.Replace(changelogOf("1.1.0", "- Labels."), "2026-11-02", "2026-10-01", 1)}},
		},
		Check: func(p *Pass) {
			if p.Head.Changelog == nil {
				return
			}
			current, base := p.section(), p.baseSections()
			list := p.Head.Changelog.Sections
			for i, s := range list {
				if !s.WellFormed || s != current && p.isOld(s, base) {
					continue
				}
				span := dateSpan(p.Head.Changelog, s)
				date, err := time.Parse(time.DateOnly, s.Date)
				switch {
				case err != nil:
					p.Span(submission.ChangelogFile, span, "%s is no date", shown(s.Date)).Tell(s.Version).
						Hint("Write year, month and day, such as \"%s\".", p.today())
				case !p.Now.IsZero() && date.After(p.Now.Add(24*time.Hour)):
					p.Span(submission.ChangelogFile, span, "the date %s is in the future", shown(s.Date)).Tell(s.Version).
						Hint("Write the day on which the version is submitted; today is %s.", p.today())
				case i+1 < len(list):
					below := list[i+1]
					if before, err := time.Parse(time.DateOnly, below.Date); err == nil && date.Before(before) {
						p.Span(submission.ChangelogFile, span, "the date %s is before %s, that of version %s below", shown(s.Date), shown(below.Date), shown(below.Version)).
							Tell(s.Version).As(finding.Warning).Hint("Put one of the two dates right, unless the older version was really published later.").
							SeeIn(p.Head, submission.ChangelogFile, dateSpan(p.Head.Changelog, below), "the version below")
					}
				}
			}
		},
	}
}

// dateSpan returns where the date stands in a heading.
func dateSpan(c *submission.Changelog, s *submission.Section) jsondoc.Span {
	i := strings.LastIndex(c.Source(s.HeadingSpan), s.Date)
	if s.Date == "" || i < 0 {
		return s.HeadingSpan
	}
	start := s.HeadingSpan.Start + i
	return jsondoc.Span{Start: start, End: start + len(s.Date)}
}
