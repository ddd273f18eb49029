// Package changelog drafts the section of a CHANGELOG.md for a version of a
// definition from what the version changes.
package changelog

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/karzoun/miniapp-review/internal/compat"
	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/report"
)

// The parts of a section, in the order in which they are written.
const (
	added      = "Added"
	changed    = "Changed"
	deprecated = "Deprecated"
	removed    = "Removed"
	fixed      = "Fixed"
	security   = "Security"
	migration  = "Migration"
)

// Version returns the version that a section is drafted for: the one that the
// head has, if it covers the change, or else the smallest one that does. A new
// definition without a readable version starts at 0.1.0.
func Version(c *compat.Comparison) string {
	switch v := compat.Version(c.Head); {
	case v != nil && (c.Minimum == nil || c.Covered()):
		return v.String()
	case c.Minimum != nil:
		return c.Minimum.String()
	}
	return "0.1.0"
}

// Draft writes the section for a version: what the comparison found, in the
// words of Keep a Changelog, and for what breaks tenants the steps of a
// migration. For a new definition it lists what there is. The result is
// Markdown that ends with a line end; what the definition says is in it as
// plain words or in code spans. It is "" when there is nothing to tell.
func Draft(c *compat.Comparison, version string, date time.Time) string {
	parts := map[string][]string{}
	if c.Base == nil {
		parts[added] = first(c.Head)
	} else {
		parts = entries(c.Changes)
	}
	if steps := steps(c.Changes); len(steps) > 0 {
		parts[migration] = steps
	}
	var b strings.Builder
	for _, name := range []string{added, changed, deprecated, removed, fixed, security, migration} {
		if len(parts[name]) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n### %s\n\n", name)
		for i, line := range parts[name] {
			if i == longest {
				fmt.Fprintf(&b, "- And %d more.\n", len(parts[name])-i)
				break
			}
			if name == migration {
				fmt.Fprintf(&b, "%d. %s\n", i+1, line)
			} else {
				fmt.Fprintf(&b, "- %s\n", line)
			}
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return fmt.Sprintf("## [%s] - %s\n%s", version, date.UTC().Format(time.DateOnly), b.String())
}

// longest is how many entries a part has at most, so that a section stays one
// that somebody reads.
const longest = 200

// first lists what a new definition has.
func first(d *definition.Definition) []string {
	var lines []string
	for _, a := range d.Actions {
		lines = append(lines, labelled("Action", a.Name, a.Node.Get("title")))
	}
	for _, t := range d.Triggers {
		lines = append(lines, labelled("Trigger", t.Event, t.Label))
	}
	for _, r := range d.Doc.Root.At("sync", "resources").Members() {
		lines = append(lines, labelled("Sync of", r.Key, r.Get("displayName")))
	}
	for _, p := range d.Doc.Root.Get("dashboardApps").Elements() {
		lines = append(lines, labelled("Panel", p.Get("key").Text(), p.Get("name")))
	}
	if len(lines) == 0 {
		lines = []string{"The first version."}
	}
	return lines
}

// labelled names a thing, with its title if it has one.
func labelled(what, name string, title *jsondoc.Node) string {
	line := what + " " + report.Code(name)
	if text := strings.TrimSpace(title.Text()); text != "" {
		line += ": " + report.Prose(strings.TrimRight(text, ".!?"))
	}
	return line + "."
}

// most is how many changes of one kind are told one by one. Actions and
// triggers are always named: people look for them.
const most = 3

// entries writes changes into the parts that they belong to.
func entries(changes []compat.Change) map[string][]string {
	byKind := map[[2]string]int{}
	for _, c := range changes {
		byKind[[2]string{part(c), c.ID}]++
	}
	titles := map[string]string{}
	for _, k := range compat.Kinds() {
		titles[k.ID] = k.Title
	}
	parts := map[string][]string{}
	told := map[[2]string]bool{}
	for _, c := range changes {
		name := part(c)
		line := entry(c)
		if n := byKind[[2]string{name, c.ID}]; n > most && !named(c.ID) {
			line = fmt.Sprintf("%s, in %d places.", titles[c.ID], n)
		}
		if key := [2]string{name, line}; !told[key] {
			told[key] = true
			parts[name] = append(parts[name], line)
		}
	}
	return parts
}

// named reports whether a kind of change adds, removes or renames what people
// know by its name.
func named(id string) bool {
	what, verb, _ := strings.Cut(id, "-")
	return (what == "action" || what == "trigger") && (verb == "added" || verb == "removed" || verb == "renamed")
}

// entry writes one change as a sentence.
func entry(c compat.Change) string {
	switch c.ID {
	case "action-added":
		return labelled("Action", c.Head.Get("name").Text(), c.Head.Get("title"))
	case "trigger-added":
		return labelled("Trigger", c.Head.Get("event").Text(), c.Head.Get("label"))
	}
	message := c.Message
	if c.ID == "unknown-field-changed" {
		message, _, _ = strings.Cut(message, "; what this does")
	}
	return sentence(report.Prose(message))
}

func sentence(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[size:] + "."
}

// part returns the part of a section that a change belongs to.
func part(c compat.Change) string {
	switch c.ID {
	case "verification-added", "verification-changed", "verification-removed", "verification-settings-changed",
		"sensitive-key-added", "sensitive-key-removed", "credential-replaced":
		return security
	case "auth-added", "credential-added", "scope-added", "scope-removed", "step-added", "step-removed", "panel-action-removed":
		return changed
	case "sync-enabled":
		return added
	case "sync-disabled":
		return removed
	case "url-changed", "headers-changed", "request-changed", "output-path-changed", "step-value-changed", "function-changed",
		"webhook-answer-changed", "customer-place-changed", "resource-reading-changed", "record-field-changed", "handler-changed":
		return fixed
	}
	switch {
	case deprecates(c):
		return deprecated
	case strings.HasSuffix(c.ID, "-added"), c.ID == "unknown-field-changed" && c.Base == nil:
		return added
	case strings.HasSuffix(c.ID, "-removed"), c.ID == "unknown-field-changed" && c.Head == nil:
		return removed
	}
	return changed
}

// deprecates reports whether a text, or a field of its own, newly says that
// something is deprecated.
func deprecates(c compat.Change) bool {
	says := func(n *jsondoc.Node) bool {
		return strings.Contains(strings.ToLower(n.Text()), "deprecated") || n != nil && n.Key == "deprecated" && n.Literal() == "true"
	}
	return says(c.Head) && !says(c.Base)
}
