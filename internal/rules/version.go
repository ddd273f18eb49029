package rules

import (
	"fmt"

	"github.com/Masterminds/semver/v3"

	"github.com/karzoun/miniapp-review/internal/compat"
	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/submission"
)

const groupVersion = "Version"

// versionRules are about the version. Of one version at most one of them says
// that it is wrong, the most specific, and it names the version to use.
func versionRules() []Spec {
	return []Spec{versionValid(), versionIsRelease(), versionFirst(), versionIncreased(), versionCoversImpact(),
		versionAboveRegistry(), versionAboveClaims(), versionConsecutive()}
}

// setVersion is the fix that writes another version, and into the heading of
// the section that is meant for it too.
func (r *Report) setVersion(def *definition.Definition, v *semver.Version) *Report {
	r.Fix("set the version to "+v.String(), def.Doc.Replace(def.Version, jsondoc.Quote(v.String())))
	if s := r.pass.newSection(); s != nil && sectionKey(s) != v.String() {
		r.AlsoFixIn(submission.ChangelogFile, headingEdit(r.pass, s, v.String()))
	}
	return r.derived()
}

func versionValid() Spec {
	return Spec{
		ID: "version-valid", Group: groupVersion, Severity: finding.Error, Security: true,
		Title:   "The version is a semantic version",
		Purpose: "Checks that the version is written strictly as Semantic Versioning 2.0.0 says, since readers that are lenient do not agree on the rest.",
		Source:  "The platform documents the version as a semantic version such as 1.0.0. Here each of the three numbers has at most nine digits.",
		Help:    "Write three numbers with dots between them, without a `v` and without leading zeros: `1.4.2`.",
		Fires: []Example{
			{Name: "two numbers", Edit: `/version = "1.0"`},
			{Name: "a letter in front", Edit: `/version = "v1.0.0"`},
			{Name: "a leading zero", Edit: `/version = "1.0.00"`},
			{Name: "a word", Edit: `/version = "latest"`},
			{Name: "a number that is too large", Edit: `/version = "1.0.20261123120000"`},
		},
		Silent: []Example{
			{Name: "three numbers"},
			{Name: "no text, which the schema says", Edit: "/version = 1.0"},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			text, ok := def.Version.Str()
			if !ok || strictVersion(text) != nil {
				return
			}
			r := p.Node(def.Version, "the version %s is no semantic version", shown(text)).
				Hint("Write three numbers of at most nine digits, with dots between them and without leading zeros, such as \"1.4.2\".")
			if lenient, err := semver.NewVersion(text); err == nil && strictVersion(lenient.String()) != nil {
				r.setVersion(def, lenient)
			}
		},
	}
}

func versionIsRelease() Spec {
	return Spec{
		ID: "version-is-release", Group: groupVersion, Severity: finding.Warning,
		Title:   "The version is that of a release",
		Purpose: "Checks that the version has no pre-release part and no build part, since every version that is merged is published to tenants.",
		Source:  "The platform does not say what it does with such parts. By semantic precedence `1.2.0-rc.1` is lower than `1.2.0`, and `1.2.0+7` is the same version as `1.2.0`: build metadata alone is no increase.",
		Help:    "Use the plain version. Pre-releases are accepted and ordered by semantic precedence. What a change needs is judged by the version that they lead to, before and after: a new action after `1.1.0-rc.1` needs `1.2.0`, a fix `1.1.0-rc.2` or `1.1.0`.",
		Fires: []Example{
			{Name: "a release candidate", Edit: `/version = "1.0.0-rc.1"`},
			{Name: "build metadata", Edit: `/version = "1.0.0+7"`},
		},
		Silent: []Example{
			{Name: "a plain version"},
			{Name: "one that is published already", Kind: submission.Unchanged, BaseEdit: `/version = "1.0.0-rc.1"`},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			v := strictVersion(def.Version.Text())
			switch {
			case v == nil || p.Change.Kind == submission.Unchanged:
			case p.update().fault == versionSame: // version-increased speaks of it
			case v.Prerelease() != "":
				p.Node(def.Version, "%s is a pre-release, and whatever is merged is published to tenants", shown(v.String())).
					Hint("Use %q, unless a pre-release was agreed with the reviewers.", core(v).String())
			case v.Metadata() != "":
				p.Node(def.Version, "%s is the same version as %s, since what follows the \"+\" does not count", shown(v.String()), core(v)).
					Hint("Leave the \"+\" and what follows it out.").setVersion(def, core(v))
			}
		},
	}
}

func versionFirst() Spec {
	return Spec{
		ID: "version-first", Group: groupVersion, Severity: finding.Error,
		Title:   "The first version is at least 0.1.0",
		Purpose: "Checks that a first submission starts at 0.1.0 or above, so that fixes of it have lower numbers to count with.",
		Source:  "Semantic Versioning starts development at 0.1.0; what is ready for tenants usually starts at 1.0.0.",
		Help:    "Use `1.0.0`, or `0.1.0` while actions and triggers may still change.",
		Fires:   []Example{{Name: "0.0.1", Edit: `/version = "0.0.1"`}},
		Silent: []Example{
			{Name: "0.1.0", Edit: `/version = "0.1.0"`},
			{Name: "an update", Kind: submission.Update, BaseEdit: `/version = "0.0.1"`, Edit: `/version = "0.0.2"`},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			if p.update().fault == versionTooSmall {
				p.Node(def.Version, "the first version is %s, and must be at least 0.1.0", shown(def.Version.Text())).
					Hint("Use \"1.0.0\", or \"0.1.0\" while actions and triggers may still change.")
			}
		},
	}
}

func versionIncreased() Spec {
	return Spec{
		ID: "version-increased", Group: groupVersion, Severity: finding.Error, Security: true,
		Title:   "A change has a higher version",
		Purpose: "Checks that the version is higher than at the base when the definition, the changelog or the setup guide changed, since a published version never changes.",
		Source:  "Updates are submitted with a higher version. Higher is meant as Semantic Versioning defines it, so that build metadata alone is no increase.",
		Help:    "Set the version that the message names; it also covers what the change does to installed tenants. Owners, the test account and sample deliveries are not published and need no version.",
		Fires: []Example{
			{Name: "the same version", Kind: submission.Update, Edit: "/version = \"1.0.0\"\n/title = \"Acme Desk Pro\""},
			{Name: "a lower version", Kind: submission.Update, Edit: `/version = "0.9.0"`},
			{Name: "other build metadata", Kind: submission.Update, Edit: `/version = "1.0.0+1"`},
			{Name: "only the setup guide", Kind: submission.Update, Edit: `/version = "1.0.0"`,
				Files: map[string]string{submission.SetupFile: "1. Create a token.\n2. Install.\n3. Connect.\n"}},
			{Name: "something is removed", Kind: submission.Update, Edit: "/version = \"1.0.0\"\n/actions/1 delete"},
		},
		Silent: []Example{
			{Name: "the next version", Kind: submission.Update},
			{Name: "a first submission"},
			{Name: "only the owners", Kind: submission.Update, Edit: `/version = "1.0.0"`,
				BaseFiles: map[string]string{submission.ChangelogFile: modelChangelog},
				Files: map[string]string{submission.ChangelogFile: modelChangelog,
					submission.OwnersFile: "[\n  {\n    \"login\": \"octocat\",\n    \"id\": 583231\n  }\n]\n"}},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			u := p.update()
			var r *Report
			switch u.fault {
			case versionSame:
				if def.Version.Text() != p.Base.Definition.Version.Text() {
					r = p.Node(def.Version, "the version %s is no higher than %s, since what follows the \"+\" does not count; use %s",
						shown(def.Version.Text()), shown(u.base.String()), u.advised)
				} else {
					r = p.Node(def.Version, "%s changed, but the version is still %s; use %s", u.changed, shown(u.base.String()), u.advised)
				}
			case versionLower:
				r = p.Node(def.Version, "the version goes back from %s to %s; use %s", shown(u.base.String()), shown(def.Version.Text()), u.advised)
			default:
				return
			}
			r.Hint("Set the version to %q: %s.", u.advised, u.why()).
				SeeIn(p.Base, submission.DefinitionFile, p.Base.Definition.Version.Span, "the version at the base")
			if u.impact == compat.Breaking {
				r.seeChanges(u)
			}
			r.setVersion(def, u.advised)
		},
	}
}

// why says what the next version is made of.
func (u *update) why() string {
	switch {
	case u.impact == compat.Breaking:
		return fmt.Sprintf("the change breaks what installed tenants use, which needs a %s increase", compat.Bump(u.impact, u.base))
	case u.impact == compat.Feature:
		return "the change adds something, which needs a minor increase"
	}
	return "it is the next one that is free"
}

func versionAboveRegistry() Spec {
	return Spec{
		ID: "version-above-registry", Group: groupVersion, Severity: finding.Error, Security: true,
		Title:   "The registry does not hold the version",
		Purpose: "Checks that the version is higher than any that the registry holds, yanked and deleted ones too, since a version is never used twice.",
		Source:  "Published versions are immutable. A number that was taken back stays taken, or one number would stand for two contents.",
		Help:    "Set the version that the message names.",
		Fires: []Example{
			{Name: "a version that was yanked", Kind: submission.Update, Held: []Held{{Version: "1.1.0", State: "yanked"}, {Version: "1.0.0", State: "published"}}},
			{Name: "below a deleted version", Kind: submission.Update, Held: []Held{{Version: "1.3.0", State: "deleted"}}},
		},
		Silent: []Example{
			{Name: "above all of them", Kind: submission.Update, Held: []Held{{Version: "1.0.0", State: "published"}, {Version: "0.9.0", State: "deleted"}}},
			{Name: "nothing changed", Kind: submission.Unchanged, Held: []Held{{Version: "1.0.0", State: "published"}}},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			u := p.update()
			if u.fault != versionHeld {
				return
			}
			state := ""
			if u.held.State == "yanked" || u.held.State == "deleted" {
				state = ", which was " + u.held.State
			}
			r := p.Node(def.Version, "the registry holds %s%s; use %s", shown(u.held.Version), state, u.next).
				Hint("Set the version to %q: versions that were ever published are not used again.", u.next)
			if p.Change.Kind == submission.Update {
				r.setVersion(def, u.next)
			}
		},
	}
}

func versionAboveClaims() Spec {
	return Spec{
		ID: "version-above-claims", Group: groupVersion, Severity: finding.Error,
		Title:   "No other pull request claims the version",
		Purpose: "Checks that the version is higher than those that other open pull requests for the same MiniApp claim, so that no two changes are published as one version.",
		Source:  "The pull request that was opened first keeps its version. When the later one is merged first all the same, the earlier one has to move on.",
		Help:    "Set the version that the message names, or wait until the other pull request is merged or closed.",
		Fires: []Example{
			{Name: "a version that is claimed", Kind: submission.Update, Claims: []Claim{{Version: "1.1.0", Ref: "#12"}}},
			{Name: "below a version that is claimed", Kind: submission.Update, Claims: []Claim{{Version: "1.2.0", Ref: "#12"}, {Version: "1.1.1", Ref: "#14"}}},
			{Name: "a later pull request claims it too", Kind: submission.Update, Claims: []Claim{{Version: "1.1.0", Ref: "#15", Later: true}}},
		},
		Silent: []Example{
			{Name: "nobody claims it", Kind: submission.Update},
			{Name: "others claim lower ones", Kind: submission.Update, Claims: []Claim{{Version: "1.0.1", Ref: "#12"}}},
			{Name: "a later pull request claims the next one", Kind: submission.Update, Claims: []Claim{{Version: "1.2.0", Ref: "#15", Later: true}}},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			u := p.update()
			switch u.fault {
			case versionClaimed:
				p.Node(def.Version, "the pull request %s claims %s already; use %s", plain(u.claim.Ref), shown(u.claim.Version), u.next).
					Hint("Set the version to %q, or wait until the other pull request is merged or closed.", u.next).
					Tell(u.claim.Ref).setVersion(def, u.next)
			case versionClaimedToo:
				after := compat.MinimumVersion(max(u.impact, compat.Fix), u.head)
				p.Node(def.Version, "the pull request %s, which was opened later, claims %s too", plain(u.claim.Ref), shown(u.claim.Version)).
					As(finding.Warning).Tell(u.claim.Ref).
					Hint("It is the other one that must take a higher version. If it is merged first all the same, use %q here.", after)
			}
		},
	}
}

func versionConsecutive() Spec {
	return Spec{
		ID: "version-consecutive", Group: groupVersion, Severity: finding.Warning,
		Title:   "No version is left out",
		Purpose: "Checks that an update takes one of the versions that follow on the last one, since a gap makes people look for a version that never was.",
		Source:  "Semantic Versioning increases one number by one and sets those after it to 0.",
		Help:    "Use one of the versions that the message names. Versions that are taken elsewhere may be left out.",
		Fires: []Example{
			{Name: "two minor versions at once", Kind: submission.Update, Edit: `/version = "1.2.0"`},
			{Name: "numbers that do not start over", Kind: submission.Update, Edit: `/version = "2.1.0"`},
		},
		Silent: []Example{
			{Name: "the next patch", Kind: submission.Update, Edit: `/version = "1.0.1"`},
			{Name: "the next major version", Kind: submission.Update, Edit: `/version = "2.0.0"`},
			{Name: "one that is taken is left out", Kind: submission.Update, Edit: `/version = "1.2.0"`, Held: []Held{{Version: "1.1.0", State: "yanked"}}},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			u := p.update()
			if u.fault != versionSkipping {
				return
			}
			patch, minor, major := u.base.IncPatch(), u.base.IncMinor(), u.base.IncMajor()
			p.Node(def.Version, "the version goes from %s to %s; what follows is %s, %s or %s", shown(u.base.String()), shown(def.Version.Text()), &patch, &minor, &major).
				Hint("For this change, %q is enough.", u.next)
		},
	}
}
