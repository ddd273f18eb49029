package rules

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/nearest"
)

const groupTriggers = "Triggers"

// triggerRules are about the events that start automations.
func triggerRules() []Spec {
	return []Spec{
		triggerTypeNamespace(), triggerEventUnique(), triggerWebhookDeclared(),
		triggerTextPresent(), triggerImageName(), iconNameKnown(),
	}
}

// comparisons is how many words are compared in a run to find the nearest one.
// Beyond it, findings go without a guess: a submission with so many mistakes is
// not helped by another one.
const comparisons = 100_000

// nearest returns the candidate that was probably meant, or "".
func (p *Pass) nearest(word string, candidates []string) string {
	if p.memo.compared += len(candidates); p.memo.compared > comparisons {
		return ""
	}
	near, _ := nearest.Word(word, candidates)
	return near
}

// triggerEvents returns the events that triggers name, in their order.
func triggerEvents(def *definition.Definition) (list []string, set map[string]bool) {
	set = make(map[string]bool, len(def.Triggers))
	for _, t := range def.Triggers {
		if t.Event != "" && !set[t.Event] {
			set[t.Event] = true
			list = append(list, t.Event)
		}
	}
	return list, set
}

func triggerTypeNamespace() Spec {
	return Spec{
		ID: "trigger-type-namespace", Group: groupTriggers, Severity: finding.Error,
		Title:   "Triggers carry the namespace",
		Purpose: "Checks that the type of every trigger is \"miniapps:\" and the ns, by which the platform finds the app.",
		Source:  "The type of a trigger is exactly `miniapps:{ns}`.",
		Help:    "Write `miniapps:` and the ns. `miniapp check --fix` does it.",
		Fires: []Example{
			{Name: "the type of another app", Edit: `/triggers/0/type = "miniapps:other"`},
			{Name: "the type that automations show", Edit: `/triggers/1/type = "miniapps:payload:acme-desk"`},
		},
		Silent: []Example{
			{Name: "no triggers", Edit: `/triggers = []`},
			{Name: "the ns itself is wrong", Edit: `/ns = "acme"`},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			if p.nsFault(def) != nsGood {
				return // first comes what is wrong with the ns
			}
			ns := def.NS.Text()
			for _, t := range def.Triggers {
				if text, ok := t.Type.Str(); ok && text != "" && text != "miniapps:"+ns {
					p.Node(t.Type, "the trigger's type is %s, so that it does not belong to this app", shown(text)).
						Hint("Write %s.", shown("miniapps:"+ns)).
						Fix("write "+shown("miniapps:"+ns), def.Doc.Replace(t.Type, jsondoc.Quote("miniapps:"+ns)))
				}
			}
		},
	}
}

func triggerEventUnique() Spec {
	return Spec{
		ID: "trigger-event-unique", Group: groupTriggers, Severity: finding.Warning,
		Title:   "Events are named once",
		Purpose: "Checks that no two triggers have the same event, which a delivery could not tell apart.",
		Source:  "A trigger is found by its exact event. That events are unique is not documented, so that this is a warning.",
		Help:    "Give each event one trigger. To tell cases of an event apart, build the event of several parts with `compositeStrategy`.",
		Fires:   []Example{{Name: "an event that stands twice", Edit: `/triggers/1/event = "ticket.created"`}},
		Silent:  []Example{{Name: "events in other letters", Edit: `/triggers/1/event = "Ticket.Created"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			first := map[string]*jsondoc.Node{}
			for _, t := range def.Triggers {
				if t.Event == "" {
					continue
				}
				if before := first[t.Event]; before != nil {
					p.Node(t.EventAt, "another trigger has the event %s already", shown(t.Event)).
						Hint("Name another event, or take one of the two triggers out.").See(before, "the first one")
					continue
				}
				first[t.Event] = t.EventAt
			}
		},
	}
}

func triggerWebhookDeclared() Spec {
	return Spec{
		ID: "trigger-webhook-declared", Group: groupTriggers, Severity: finding.Warning,
		Title:   "Triggers have a webhook",
		Purpose: "Checks that a definition with triggers says in webhook.eventExtraction how deliveries name their event.",
		Source:  "A trigger's event is the string that the webhook's extraction gives. One official example has triggers and no webhook, so that this is a warning.",
		Help:    "Add `webhook.eventExtraction`, or take the triggers out until there is a webhook.",
		Fires: []Example{
			{Name: "triggers without a webhook", Edit: "/webhook = null\n/sync delete"},
			{Name: "a webhook without an extraction", Edit: "/webhook/eventExtraction delete\n/sync delete"},
		},
		Silent: []Example{
			{Name: "neither triggers nor a webhook", Edit: "/triggers = []\n/webhook = null"},
			{Name: "handlers, which need it even more", Edit: "/webhook = null"},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			if len(def.Triggers) == 0 || def.Webhook.EventExtraction != nil || handlersNode(def) != nil {
				return // handler-event-extraction asks for the same, as an error
			}
			const message, hint = "no delivery can start these triggers, since nothing says which event it is", "Add webhook.eventExtraction with the place of the event's name."
			switch at := def.Doc.Root.Get("triggers"); {
			case def.Webhook.Node == nil:
				p.Key(at, message).Hint(hint)
			case def.Webhook.Node.Get("eventExtraction") == nil:
				p.Missing(def.Webhook.Node, "eventExtraction", message).Hint(hint).See(at, "the triggers")
			}
		},
	}
}

func triggerTextPresent() Spec {
	return Spec{
		ID: "trigger-text-present", Group: groupTriggers, Severity: finding.Warning,
		Title:   "Triggers have words",
		Purpose: "Checks that the label and the description of a trigger are not empty, since people choose a trigger by them.",
		Source:  "The automation builder shows the label, and the description as help; both are required.",
		Help:    "Write what happens: a few words as the label, a sentence as the description.",
		Fires:   []Example{{Name: "no words at all", Edit: "/triggers/0/label = \"\"\n/triggers/0/description = \" \""}},
		Silent:  []Example{{Name: "one word", Edit: `/triggers/0/label = "Ticket"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, t := range def.Triggers {
				if t.Label != nil && strings.TrimSpace(t.Label.Text()) == "" {
					p.Node(t.Label, "the trigger has an empty label").Hint("Say in a few words what happens, such as \"Ticket created\".")
				}
				if t.Description != nil && strings.TrimSpace(t.Description.Text()) == "" {
					p.Node(t.Description, "the trigger has an empty description").Hint("Say in a sentence when the event happens.")
				}
			}
		},
	}
}

func triggerImageName() Spec {
	return Spec{
		ID: "trigger-image-name", Group: groupTriggers, Severity: finding.Error, Security: true,
		Title:   "A trigger's image is a file name",
		Purpose: "Checks that img is a plain file name, since the platform looks it up among its own files.",
		Source:  "img names an image of the automation builder, such as automation3.svg. A path in its place could leave the folder of these images.",
		Help:    "Use the name of a builder image, such as `automation3.svg` or `automation4.svg`.",
		Fires: []Example{
			{Name: "an address", Edit: `/triggers/0/img = "https://assets.acme.example/ticket.svg"`},
			{Name: "a path", Edit: `/triggers/0/img = "..\\..\\logo.svg"`},
			{Name: "an encoded path", Edit: `/triggers/0/img = "%2e%2e%2flogo.svg"`},
			{Name: "nothing", Edit: `/triggers/0/img = ""`},
		},
		Silent: []Example{{Name: "another image of the builder", Edit: `/triggers/0/img = "automation4.svg"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, t := range def.Triggers {
				if t.Image != nil && !plainFileName(t.Image.Text()) {
					p.Node(t.Image, "%s is not a plain file name", shown(t.Image.Text())).
						Hint("Name an image of the automation builder, such as \"automation3.svg\".")
				}
			}
		},
	}
}

// plainFileName reports whether a text is a file name in letters, digits, dots,
// hyphens and underscores that starts with none of the signs.
func plainFileName(s string) bool {
	letter := func(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' }
	if s == "" || !letter(s[0]) {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !letter(c) && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

//go:embed lucide.txt
var lucideText string

// lucideNames returns the names of lucide.txt, which are sorted. They are read
// once and never change.
var lucideNames = sync.OnceValue(func() []string {
	var names []string
	for line := range strings.Lines(lucideText) {
		if !strings.HasPrefix(line, "#") {
			names = append(names, strings.TrimSpace(line))
		}
	}
	return names
})

// isLucide reports whether an icon has this name.
func isLucide(name string) bool {
	_, found := slices.BinarySearch(lucideNames(), name)
	return found
}

func iconNameKnown() Spec {
	return Spec{
		ID: "icon-name-known", Group: groupTriggers, Severity: finding.Warning,
		Title:   "Icons are Lucide icons",
		Purpose: "Checks that the icons of triggers and of synchronised resources are names of Lucide icons.",
		Source:  "The icon of a trigger is the name of a Lucide icon. Some official examples use names that Lucide does not have, so that this is a warning. The list is that of Lucide 1.62.0.",
		Help:    "Choose an icon at <https://lucide.dev/icons> and write its name as it stands there.",
		Fires: []Example{
			{Name: "a name of another set", Edit: `/triggers/0/icon = "users-alt"`},
			{Name: "the name of the component", Edit: `/triggers/0/icon = "ShoppingCart"`},
			{Name: "a resource's icon", Edit: `/sync/resources/customers/icon = "pakage"`},
		},
		Silent: []Example{{Name: "icons by old and new names", Edit: "/triggers/0/icon = \"home\"\n/triggers/1/icon = \"house\""}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			check := func(n *jsondoc.Node) {
				name, ok := n.Str()
				if !ok || isLucide(name) {
					return
				}
				r := p.Node(n, "Lucide has no icon %s", shown(name))
				if kebab := strings.Join(definition.Words(name), "-"); isLucide(kebab) {
					r.Hint("Write %q.", kebab).Fix("write "+shown(kebab), def.Doc.Replace(n, jsondoc.Quote(kebab)))
				} else if near := p.nearest(name, lucideNames()); near != "" {
					r.Hint("Choose another name at https://lucide.dev/icons; the nearest one is %q.", near)
				} else {
					r.Hint("Choose a name at https://lucide.dev/icons.")
				}
			}
			for _, t := range def.Triggers {
				check(t.Icon)
			}
			for _, r := range def.Sync.Resources {
				check(r.Get("icon"))
			}
		},
	}
}
