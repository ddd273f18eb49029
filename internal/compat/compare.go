package compat

import (
	"github.com/Masterminds/semver/v3"

	"github.com/karzoun/miniapp-review/internal/definition"
)

// Comparison is two versions of a definition, and what is to be said of them.
type Comparison struct {
	// Base is nil for a new definition, Head for a removed one.
	Base, Head *definition.Definition
	// Changes are those of Diff; a new definition, which no tenant has
	// installed, has none.
	Changes []Change
	// Impact is the greatest of the changes.
	Impact Impact
	// Bump and Minimum are the smallest version increase and the smallest
	// version that cover the impact. Minimum is nil for a new definition, which
	// may start at any version, and for a removed one.
	Bump    string
	Minimum *semver.Version
}

// Compare compares two versions of a definition.
func Compare(base, head *definition.Definition) *Comparison {
	c := &Comparison{Base: base, Head: head}
	if base != nil {
		c.Changes = Diff(base, head)
	}
	version := Version(base)
	c.Impact = Greatest(c.Changes)
	c.Bump = Bump(c.Impact, version)
	if base != nil && head != nil {
		c.Minimum = MinimumVersion(c.Impact, version)
	}
	return c
}

// Covered reports whether the version of the head covers the impact. A
// pre-release counts as the version that it leads to.
func (c *Comparison) Covered() bool {
	v := Version(c.Head)
	return v != nil && c.Minimum != nil && !semver.New(v.Major(), v.Minor(), v.Patch(), "", "").LessThan(c.Minimum)
}

// Version returns the version of a definition, or nil when it has none that is
// a semantic version. d may be nil.
func Version(d *definition.Definition) *semver.Version {
	if d == nil {
		return nil
	}
	v, err := semver.StrictNewVersion(d.Version.Text())
	if err != nil {
		return nil
	}
	return v
}
