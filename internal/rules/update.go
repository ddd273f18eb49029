package rules

import (
	"bytes"

	"github.com/Masterminds/semver/v3"

	"github.com/karzoun/miniapp-review/internal/compat"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// versionFault says what is wrong with the version, the most specific first:
// of several, only one is reported.
type versionFault uint8

const (
	versionGood       versionFault = iota
	versionUnread                  // missing, or no semantic version
	versionTooSmall                // the first version is below 0.1.0
	versionSame                    // published files changed, the version did not increase
	versionLower                   // the version is lower than at the base
	versionUncovering              // it increased by less than the change needs
	versionHeld                    // the registry holds it or a higher one
	versionClaimed                 // another pull request claims it or a higher one
	versionClaimedToo              // another pull request claims it and must give way
	versionSkipping                // numbers are left out
)

// update is what is known of a submission's version and of what it changes. It
// is worked out once in a run.
type update struct {
	// head and base are the versions; base is nil when there is nothing to
	// compare with or its version cannot be read.
	head, base *semver.Version
	// changed is the first published file that differs from the base, or "".
	changed string
	changes []compat.Change
	impact  compat.Impact
	fault   versionFault
	// held is the highest version in the registry, claim the highest that
	// another pull request claims; of both only what stands in the way.
	held  *Held
	claim *Claim
	// next is the smallest version that no floor and no impact speaks against.
	// advised is the one that the changelog's newest section is for, when that
	// is as good, since then the partner has chosen; else it is next.
	next, advised *semver.Version
}

// update returns what is known of the submission's version.
func (p *Pass) update() *update {
	if p.memo.update == nil {
		p.memo.update = p.newUpdate()
	}
	return p.memo.update
}

func (p *Pass) newUpdate() *update {
	u := &update{fault: versionUnread}
	def := p.Head.Definition
	if def == nil {
		return u
	}
	isUpdate := p.Change.Kind == submission.Update
	if isUpdate {
		u.changed = changedFile(p.Base, p.Head)
		if b := p.Base.Definition; b != nil {
			u.base = strictVersion(b.Version.Text())
			u.changes = compat.Diff(b, def)
			u.impact = compat.Greatest(u.changes)
		}
	}
	if u.head = strictVersion(def.Version.Text()); u.head == nil || p.Change.Kind == submission.Renamed {
		return u
	}
	held, claim := p.highest(u)
	u.next = u.smallest(held, claim)
	u.advised = u.next
	if c := p.Head.Changelog; c != nil && len(c.Sections) > 0 {
		v := strictVersion(c.Sections[0].Version)
		if v != nil && v.Prerelease() == "" && !v.LessThan(u.next) && !skips(v, u.base, held, claim) {
			u.advised = v
		}
	}
	u.fault = p.versionFault(u, held, claim)
	return u
}

// maxVersionNumber bounds each number of a version, so that the next one can
// always be written.
const maxVersionNumber = 999_999_999

// strictVersion reads a semantic version, or returns nil.
func strictVersion(s string) *semver.Version {
	v, err := semver.StrictNewVersion(s)
	if err != nil || max(v.Major(), v.Minor(), v.Patch()) > maxVersionNumber {
		return nil
	}
	return v
}

// core returns a version without its pre-release and build parts. A
// pre-release counts as the version that it leads to where the size of a step
// is judged; semantic precedence alone decides which of two is higher.
func core(v *semver.Version) *semver.Version {
	return semver.New(v.Major(), v.Minor(), v.Patch(), "", "")
}

// changedFile returns the first published file that differs, or "".
func changedFile(base, head *submission.Package) string {
	// The definition first: it is what a change is about, if it changed.
	for _, name := range []string{submission.DefinitionFile, submission.SetupFile, submission.ChangelogFile} {
		b, h := base.File(name), head.File(name)
		switch {
		case b == nil && h == nil:
		case b == nil || h == nil || b.Err != nil || h.Err != nil || !bytes.Equal(b.Data, h.Data):
			return name
		}
	}
	return ""
}

// highest returns the highest version of the registry and the highest that
// another pull request claims, each as its version, and notes both in u.
func (p *Pass) highest(u *update) (held, claim *semver.Version) {
	if p.Held != nil {
		for _, h := range p.Held(p.Head.Folder) {
			if v := strictVersion(h.Version); v != nil && (held == nil || v.GreaterThan(held)) {
				held, u.held = v, &h
			}
		}
	}
	if p.Claims != nil && p.Change.Kind == submission.Update {
		for _, c := range p.Claims(p.Head.Folder) {
			v := strictVersion(c.Version)
			// One that was opened later stands in nobody's way, but is told
			// of when it claims the same version.
			if v == nil || c.Later && !v.Equal(u.head) {
				continue
			}
			if claim == nil || u.claim.Later && !c.Later || u.claim.Later == c.Later && v.GreaterThan(claim) {
				claim, u.claim = v, &c
			}
		}
	}
	return held, claim
}

// smallest returns the smallest version that covers the impact and is above
// every floor. A claim counts as if it were merged, since it may be.
func (u *update) smallest(held, claim *semver.Version) *semver.Version {
	impact := max(u.impact, compat.Fix)
	next := semver.New(0, 1, 0, "", "")
	if u.base != nil {
		next = compat.MinimumVersion(impact, u.base)
	}
	if claim != nil && !u.claim.Later && !next.GreaterThan(claim) {
		next = compat.MinimumVersion(impact, claim)
	}
	if held != nil && !next.GreaterThan(held) {
		patch := held.IncPatch()
		next = &patch
	}
	return next
}

func (p *Pass) versionFault(u *update, held, claim *semver.Version) versionFault {
	kind := p.Change.Kind
	if (kind == submission.New || kind == submission.Lint) && core(u.head).LessThan(semver.New(0, 1, 0, "", "")) {
		return versionTooSmall
	}
	switch {
	case kind == submission.Lint && held != nil && u.head.LessThan(held):
		return versionHeld // the same version could be the published one, unchanged
	case kind != submission.Update:
		return versionGood
	case u.base != nil && u.head.LessThan(u.base):
		return versionLower
	case u.base != nil && u.head.Equal(u.base):
		if u.changed == "" {
			return versionGood
		}
		return versionSame
	case u.base != nil && core(u.head).LessThan(compat.MinimumVersion(u.impact, u.base)):
		return versionUncovering
	case held != nil && !u.head.GreaterThan(held):
		return versionHeld
	case claim != nil && !u.claim.Later && !u.head.GreaterThan(claim):
		return versionClaimed
	case claim != nil && u.claim.Later:
		return versionClaimedToo
	case u.base != nil && skips(u.head, u.base, held, claim):
		return versionSkipping
	}
	return versionGood
}

// skips reports whether a version is none of those that follow on one of the
// floors.
func skips(head *semver.Version, floors ...*semver.Version) bool {
	c := core(head)
	for _, f := range floors {
		if f == nil {
			continue
		}
		patch, minor, major := f.IncPatch(), f.IncMinor(), f.IncMajor()
		// What follows on a pre-release includes another one of the same.
		if c.Equal(&patch) || c.Equal(&minor) || c.Equal(&major) || c.Equal(core(f)) {
			return false
		}
	}
	return true
}
