package qa

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/karzoun/miniapp-review/internal/definition"
)

// Item is one item of the checklist of a definition.
type Item struct {
	// ID is "install", "connect", "action:NAME" or "event:EVENT". A name that no
	// command in a comment could say is replaced by its place in the definition,
	// counted from 1.
	ID string
	// Text says what is to be tried. It may repeat submitted names, in quotes.
	Text string
	// Action or Event is what the item is about, as the definition has it; both
	// are "" for install and connect.
	Action, Event string
}

// itemName is what can be the name of an item in a command.
var itemName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/:-]{0,79}$`)

// Checklist makes the items of QA from a definition: to install and connect it,
// each action, and each event of its webhook.
func Checklist(def *definition.Definition) []Item {
	if def == nil {
		return nil
	}
	items := []Item{
		{ID: "install", Text: "install it in the sandbox tenant"},
		{ID: "connect", Text: "connect an account"},
	}
	add := func(kind, name, text string, i int) *Item {
		id := kind + ":" + name
		if !itemName.MatchString(name) || slices.ContainsFunc(items, func(it Item) bool { return it.ID == id }) {
			id = fmt.Sprintf("%s:%d", kind, i+1)
		}
		items = append(items, Item{ID: id, Text: fmt.Sprintf("%s %q", text, name)})
		return &items[len(items)-1]
	}
	for i, a := range def.Actions {
		add("action", a.Name, "run the action", i).Action = a.Name
	}
	if def.Webhook.Node != nil {
		for i, t := range def.Triggers {
			add("event", t.Event, "send the event", i).Event = t.Event
		}
	}
	return items
}

// EventID is the id of the item for an event, or "event:EVENT" when the checklist
// has none.
func EventID(def *definition.Definition, event string) string {
	for _, it := range Checklist(def) {
		if it.Event == event && event != "" {
			return it.ID
		}
	}
	return "event:" + event
}
