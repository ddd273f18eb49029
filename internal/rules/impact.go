package rules

import (
	"fmt"
	"strings"

	"github.com/karzoun/miniapp-review/internal/compat"
	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// maxPlaces bounds how many places are listed beside a finding.
const maxPlaces = 20

// worst returns the changes of the greatest impact.
func (u *update) worst() []compat.Change {
	var out []compat.Change
	for _, c := range u.changes {
		if c.Impact == u.impact {
			out = append(out, c)
		}
	}
	return out
}

// seeChanges lists the changes of the greatest impact with their places, at
// the base and at the head.
func (r *Report) seeChanges(u *update) *Report {
	for i, c := range u.worst() {
		if i == maxPlaces {
			break
		}
		r.seeChange(c)
	}
	return r
}

func (r *Report) seeChange(c compat.Change) {
	if c.Base != nil {
		r.SeeIn(r.pass.Base, submission.DefinitionFile, keyOrValue(c.Base), "at the base: %s", c.Message)
	}
	if c.Head != nil {
		r.See(c.Head, "%s", c.Message)
	}
}

// inWords lists a few messages of changes in one line.
func inWords(messages []string) string {
	const most = 3
	list := strings.Join(messages[:min(len(messages), most)], ", ")
	if more := len(messages) - most; more > 0 {
		list += fmt.Sprintf(", and %d more", more)
	}
	return list
}

func messagesOf(changes []compat.Change) []string {
	var out []string
	for _, c := range changes {
		out = append(out, c.Message)
	}
	return out
}

func versionCoversImpact() Spec {
	return Spec{
		ID: "version-covers-impact", Group: groupVersion, Severity: finding.Error,
		Title:   "The version says how much the change disturbs",
		Purpose: "Checks that the version increases by as much as the change disturbs installed tenants: what breaks them needs a major increase, or a minor one before 1.0.0, and what is new a minor one.",
		Source:  "Tenants' automations name actions, parameters, outputs and events, and their credentials fit the definition that they connected with. docs/compatibility.md explains every kind of change.",
		Help:    "Set the version that the message names, or take back what breaks tenants. `miniapp diff` lists every change with its impact.",
		Fires: []Example{
			{Name: "a removed action", Kind: submission.Update, Edit: "/actions/1 delete"},
			{Name: "a new trigger in a patch", Kind: submission.Update, Edit: "/version = \"1.0.1\"\n" +
				`/triggers/- = {"type": "miniapps:acme-desk", "event": "ticket.merged", "icon": "merge", "label": "Tickets are merged"}`},
			{Name: "a removed action before 1.0.0", Kind: submission.Update, BaseEdit: `/version = "0.1.0"`, Edit: "/version = \"0.1.1\"\n/actions/1 delete",
				BaseFiles: map[string]string{submission.ChangelogFile: strings.Replace(modelChangelog, "1.0.0", "0.1.0", 1)}},
		},
		Silent: []Example{
			{Name: "a removed action in a major version", Kind: submission.Update, Edit: "/version = \"2.0.0\"\n/actions/1 delete"},
			{Name: "a removed action before 1.0.0", Kind: submission.Update, BaseEdit: `/version = "0.1.0"`, Edit: "/version = \"0.2.0\"\n/actions/1 delete"},
			{Name: "another label in a patch", Kind: submission.Update, Edit: "/version = \"1.0.1\"\n/label = \"Help\""},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			u := p.update()
			if u.fault != versionUncovering {
				return
			}
			p.Node(def.Version, "%s does not cover this change: %s; the smallest version allowed is %s",
				shown(def.Version.Text()), inWords(messagesOf(u.worst())), u.next).
				Hint("Set the version to %q: %s. Or take back what needs it.", u.next, u.why()).
				seeChanges(u).setVersion(def, u.next)
		},
	}
}

func breakingNeedsMigration() Spec {
	return Spec{
		ID: "breaking-needs-migration", Group: groupChangelog, Severity: finding.Error,
		Title:   "A breaking version says how to migrate",
		Purpose: "Checks that the changelog section of a version that breaks installed tenants has a part \"### Migration\" with steps.",
		Source:  "Old installs keep working only if the steps of their migration are documented.",
		Help:    "Add `### Migration` to the section, and below it a list of what a tenant has to do, such as \"Connect again\" or \"Replace the action in your automations\".",
		Fires: []Example{
			{Name: "no part for it", Kind: submission.Update, Edit: "/version = \"2.0.0\"\n/actions/1 delete",
				Files: map[string]string{submission.ChangelogFile: changelogOf("2.0.0", "### Removed\n\n- The action \"countOpen\".")}},
			{Name: "a part without steps", Kind: submission.Update, Edit: "/version = \"2.0.0\"\n/actions/1 delete",
				Files: map[string]string{submission.ChangelogFile: changelogOf("2.0.0", "### Removed\n\n- The action \"countOpen\".\n\n### Migration\n\nNone.")}},
		},
		Silent: []Example{
			{Name: "with steps", Kind: submission.Update, Edit: "/version = \"2.0.0\"\n/actions/1 delete",
				Files: map[string]string{submission.ChangelogFile: changelogOf("2.0.0", "### Removed\n\n- The action \"countOpen\".\n\n### Migration\n\n1. Use \"createTicket\" instead.")}},
			{Name: "nothing breaks", Kind: submission.Update},
		},
		Check: func(p *Pass) {
			u, s := p.update(), p.newSection()
			if u.impact != compat.Breaking || s == nil || s.Empty() {
				return
			}
			span, message := s.HeadingSpan, "the section has no part \"### Migration\", though the change breaks what tenants use"
			if part := s.Part("Migration"); part != nil {
				if len(part.Items) > 0 {
					return
				}
				span, message = part.HeadingSpan, "the part \"### Migration\" has no list of steps, though the change breaks what tenants use"
			}
			p.Span(submission.ChangelogFile, span, "%s: %s", message, inWords(messagesOf(u.worst()))).Tell(s.Version).
				Hint("Say below \"### Migration\", step by step in a list, what a tenant has to do after the update.").seeChanges(u)
		},
	}
}

// thing is an action or trigger that was added, removed or renamed, with the
// names under which a changelog may speak of it.
type thing struct {
	change compat.Change
	what   string
	names  []string
}

// What is looked for, and where, is bounded: no honest changelog comes near.
const (
	maxThings    = 200
	maxNameBytes = 200
	maxSearched  = 256 << 10
)

// things picks the changes that a changelog should name.
func things(changes []compat.Change) []thing {
	var out []thing
	for _, c := range changes {
		what, verb, ok := strings.Cut(c.ID, "-")
		if !ok || what != "action" && what != "trigger" || verb != "added" && verb != "removed" && verb != "renamed" {
			continue
		}
		t := thing{change: c, what: what}
		for _, n := range []*jsondoc.Node{c.Base, c.Head} {
			for _, key := range []string{"name", "title", "event", "label"} {
				// The node is the entry, or its name.
				for _, entry := range []*jsondoc.Node{n, parentOf(n)} {
					if s, ok := entry.Get(key).Str(); ok && s != "" && len(s) <= maxNameBytes {
						t.names = append(t.names, s)
					}
				}
			}
		}
		out = append(out, t)
	}
	return out
}

func parentOf(n *jsondoc.Node) *jsondoc.Node {
	if n == nil || n.Is(jsondoc.Object) {
		return nil
	}
	return n.Parent
}

func changelogNamesChange() Spec {
	return Spec{
		ID: "changelog-names-change", Group: groupChangelog, Severity: finding.Warning,
		Title:   "The changelog names what is new or gone",
		Purpose: "Checks that the section names each action and trigger that is added, removed or renamed, by its name or by what people see of it.",
		Source:  "People read the changelog to find out which steps and events they gain or lose.",
		Help:    "Add a line for each, with its name or title. `miniapp changelog` drafts the section from the change.",
		Fires: []Example{{Name: "a removed action that is not named", Kind: submission.Update, Edit: "/version = \"2.0.0\"\n/actions/1 delete",
			Files: map[string]string{submission.ChangelogFile: changelogOf("2.0.0", "### Removed\n\n- What nobody used.\n\n### Migration\n\n- Nothing to do.")}}},
		Silent: []Example{
			{Name: "named", Kind: submission.Update, Edit: "/version = \"2.0.0\"\n/actions/1 delete",
				Files: map[string]string{submission.ChangelogFile: changelogOf("2.0.0", "### Removed\n\n- The action `countOpen`.\n\n### Migration\n\n- Nothing to do.")}},
			{Name: "nothing is new or gone", Kind: submission.Update},
		},
		Check: func(p *Pass) {
			u, s := p.update(), p.newSection()
			if s == nil || s.Empty() {
				return
			}
			text := strings.ToLower(s.Content)
			if len(text) > maxSearched {
				return
			}
			var missing []thing
			var messages []string
			all := things(u.changes)
			for _, t := range all[:min(len(all), maxThings)] {
				if len(t.names) > 0 && !namesOneOf(text, t.names) {
					missing = append(missing, t)
					messages = append(messages, t.change.Message)
				}
			}
			if len(missing) == 0 {
				return
			}
			r := p.Span(submission.ChangelogFile, s.HeadingSpan, "the section does not say that %s", inWords(messages)).Tell(s.Version).
				Hint("Add a line that names it, so that tenants find out.")
			for _, t := range missing[:min(len(missing), maxPlaces)] {
				r.seeChange(t.change)
			}
		},
	}
}

// namesOneOf reports whether a text in lower case has one of the names at the
// start of a word.
func namesOneOf(text string, names []string) bool {
	for _, name := range names {
		name = strings.ToLower(name)
		for at := 0; at < len(text); {
			i := strings.Index(text[at:], name)
			if i < 0 {
				break
			}
			if at += i; at == 0 || !isWordByte(text[at-1]) {
				return true
			}
			at++
		}
	}
	return false
}

// isWordByte reports whether a byte is part of a letter or digit. Bytes of
// letters beyond ASCII count as such.
func isWordByte(c byte) bool {
	return c >= 0x80 || c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
}
