package rules

import (
	"slices"
	"strconv"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/markdown"
)

func descriptionSteps() Spec {
	return Spec{
		ID: "description-steps", Group: groupListing, Severity: finding.Warning,
		Title:   "The description says how to set up",
		Purpose: "Checks that the description has numbered setup steps, which people read before they install.",
		Source:  "A description is Markdown with numbered setup steps. Official examples leave them out, so that this is a warning.",
		Help:    "Add a section such as `## Setup` with a numbered list. It may be the same as that of SETUP.md.",
		Fires: []Example{
			{Name: "a sentence", Edit: `/description = "Work on tickets."`},
			{Name: "one step", Edit: `/description = "1. Connect."`},
			{Name: "far too much", Edit: `/description = "` + strings.Repeat(`1. a\n`, 3000) + `"`},
		},
		Silent: []Example{{Name: "steps in Arabic digits", Edit: `/description = "١. افتح الإعدادات\n٢. الصق المفتاح\n٣. اتصل"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			n := def.Field("description")
			if n.Text() == "" {
				return
			}
			doc, err := p.description(def)
			switch {
			case err != nil:
				p.Node(n, "the description %s", err).Hint("Keep it to what people read before they install; the rest belongs to your own guide at docsUrl.")
			case len(doc.Steps()) < 2:
				p.Node(n, "the description has no numbered setup steps").
					Hint("Add them as a list: \"1.\", \"2.\", \"3.\", each on a line of its own.")
			}
		},
	}
}

func descriptionEventTable() Spec {
	const withEvents = "# Desk\n\n1. a\n2. b\n\n"
	table := func(rows string) string {
		text := strings.ReplaceAll(withEvents+"| Event | When |\n| --- | --- |\n"+rows, "\n", `\n`)
		return `/description = "` + text + `"`
	}
	return Spec{
		ID: "description-event-table", Group: groupListing, Severity: finding.Warning,
		Title:   "The description lists the events",
		Purpose: "Checks that the description of an app with triggers has a table of its events, with every trigger's event and no other.",
		Source:  "A description has a table of events. It makes sense with triggers only, and official examples leave it out, so that this is a warning.",
		Help:    "Add a table with a column of events, written as the triggers have them, and one that says when each happens.",
		Fires: []Example{
			{Name: "no table", Edit: `/description = "1. a\n2. b\n\nEvents: ticket.created, ticket.closed"`},
			{Name: "an event that is left out", Edit: table("| `ticket.created` | Now |\n")},
			{Name: "an event that no trigger has", Edit: table("| `ticket.created` | Now |\n| `ticket.closd` | Then |\n")},
			{Name: "a table of something else", Edit: `/description = "| Plan | Price |\n| --- | --- |\n| Free | 0 |\n"`},
		},
		Silent: []Example{
			{Name: "labels in the place of events", Edit: table("| Ticket created | Now |\n| **ticket closed** | Then |\n")},
			{Name: "events in the second column, with notes", Edit: `/description = "| When | Event |\n|-|-|\n| Now | ticket.created |\n| Then | ` + "`ticket.closed`" + ` (agents) |\n| | |\n"`},
			{Name: "two tables", Edit: `/description = "| Event |\n|-|\n| ticket.created |\n\nLater:\n\n| Event |\n|-|\n| ticket.closed |\n"`},
			{Name: "no triggers", Edit: "/triggers = []\n/description = \"x\""},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			n := def.Field("description")
			list, _ := triggerEvents(def)
			doc, err := p.description(def)
			if n.Text() == "" || len(list) == 0 || err != nil {
				return
			}
			events := namesOfEvents(def)
			told := map[string]bool{} // the events that some table tells
			var strays []string
			for _, t := range doc.Tables {
				column := eventColumn(t, events)
				if column < 0 {
					continue
				}
				for _, row := range t.Rows {
					if event := events.find(row[column]); event != "" {
						told[event] = true
					} else if row[column] != "" {
						strays = append(strays, row[column])
					}
				}
			}
			if len(told) == 0 {
				p.Node(n, "the description has no table of the events").
					Hint("Add a table with the event of each trigger and when it happens.")
				return
			}
			var missing []string
			for _, e := range list {
				if !told[e] {
					missing = append(missing, e)
				}
			}
			// A row with a typing mistake is one finding, and not two.
			for _, s := range strays {
				if near := p.nearest(s, missing); near != "" {
					missing = slices.DeleteFunc(missing, func(e string) bool { return e == near })
				}
			}
			if len(missing) > 0 {
				p.Node(n, "the description's table of events leaves out %s", few(missing)).
					Hint("Add a row for each event.").Tell("missing")
			}
			if len(strays) > 0 {
				r := p.Node(n, "the description's table of events has %s, which no trigger has", few(strays)).Tell("stray")
				if near := p.nearest(strays[0], list); near != "" {
					r.Hint("Write %s, if that is what you mean, or take the row out.", shown(near))
				} else {
					r.Hint("Write the event as the trigger has it, or take the row out.")
				}
			}
		},
	}
}

// eventNames are the words that tables may use for events: the event itself and
// the label of its trigger.
type eventNames struct{ exact, folded map[string]string }

func namesOfEvents(def *definition.Definition) eventNames {
	names := eventNames{map[string]string{}, map[string]string{}}
	for _, t := range def.Triggers {
		if t.Event == "" {
			continue
		}
		names.exact[t.Event] = t.Event
		if label := strings.ToLower(strings.TrimSpace(t.Label.Text())); label != "" && names.folded[label] == "" {
			names.folded[label] = t.Event
		}
	}
	return names
}

// find returns the event that a cell is about, or "". A note may follow the
// event.
func (e eventNames) find(cell string) string {
	if event := e.exact[cell]; event != "" {
		return event
	}
	if event := e.folded[strings.ToLower(cell)]; event != "" {
		return event
	}
	first, _, _ := strings.Cut(cell, " ")
	return e.exact[strings.TrimRight(first, ",:;")]
}

// eventColumn returns the column of a table that has the most events, or -1.
func eventColumn(t markdown.Table, events eventNames) int {
	best, most := -1, 0
	for column := range t.Header {
		n := 0
		for _, row := range t.Rows {
			if events.find(row[column]) != "" {
				n++
			}
		}
		if n > most {
			best, most = column, n
		}
	}
	return best
}

// few names the first of a list for a message.
func few(list []string) string {
	const most = 3
	var quoted []string
	for _, s := range list[:min(len(list), most)] {
		quoted = append(quoted, shown(s))
	}
	text := strings.Join(quoted, ", ")
	if more := len(list) - most; more > 0 {
		return text + " and " + strconv.Itoa(more) + " more"
	}
	return text
}
