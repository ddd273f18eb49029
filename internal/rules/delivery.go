package rules

import (
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

func transactionIDPresent() Spec {
	return Spec{
		ID: "transaction-id-present", Group: groupWebhook, Severity: finding.Warning,
		Title:   "Repeated deliveries are recognised",
		Purpose: "Checks that a webhook has transactionId with at least one path, since providers deliver some events twice.",
		Source:  "The platform remembers the id of a delivery and does not work on the same one again; the id comes from transactionId.paths.",
		Help:    "Add the path of the provider's delivery or event id, such as `\"paths\": [\"$.id\"]`.",
		Fires: []Example{
			{Name: "no transactionId", Edit: "/webhook/transactionId delete"},
			{Name: "no path in it", Edit: "/webhook/transactionId/paths = []"},
			{Name: "only a fallback", Edit: "/webhook/transactionId/paths delete"},
		},
		Silent: []Example{{Name: "no webhook", Edit: "/webhook = null"}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			const hint = "Add the path of the provider's id of the delivery, such as \"paths\": [\"$.id\"]."
			w, id := def.Webhook.Node, def.Webhook.TransactionID
			switch {
			case w == nil:
			case w.Get("transactionId") == nil:
				p.Missing(w, "transactionId", "a delivery that comes twice is worked on twice, since transactionId is missing").Hint(hint)
			case id == nil || id.Get("path") != nil:
			case id.Get("paths") == nil:
				p.Missing(id, "paths", "a delivery that comes twice is worked on twice, since transactionId has no paths").Hint(hint)
			case id.Get("paths").Is(jsondoc.Array) && len(id.Get("paths").Children) == 0:
				p.Node(id.Get("paths"), "a delivery that comes twice is worked on twice, since transactionId has no paths").Hint(hint)
			}
		},
	}
}

func transactionIDPaths() Spec {
	return Spec{
		ID: "transaction-id-paths", Group: groupWebhook, Severity: finding.Warning,
		Title:   "transactionId has paths",
		Purpose: "Checks that transactionId and its overrides use paths, a list, and not the old path.",
		Source:  "The platform's documentation of June 2026 had path, a text; since August 2026 it has paths, a list.",
		Help:    "Write `\"paths\": [\"$.id\"]` for `\"path\": \"$.id\"`. `miniapp check --fix` does it.",
		Fires: []Example{
			{Name: "the old form", Edit: `/webhook/transactionId = {"path": "$.delivery", "fallback": "generate"}`},
			{Name: "both forms", Edit: `/webhook/transactionId/path = "$.id"`},
			{Name: "the old form in an override", Edit: `/webhook/transactionId/overrides = {"ticket.closed": {"path": "$.ticket.id"}}`},
		},
		Silent: []Example{{Name: "the new form"}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			check := func(object *jsondoc.Node) {
				old := object.Get("path")
				if old == nil {
					return
				}
				r := p.Key(old, "\"path\" is the old form of \"paths\"")
				if object.Get("paths") != nil {
					r.Hint("Take it out: \"paths\" is there already.")
					return
				}
				r.Hint("Write \"paths\", and the path as the one entry of a list.")
				if text, ok := old.Str(); ok && text != "" {
					r.Fix("write it as \"paths\"", append(keyEdit(old, "paths"), def.Doc.Replace(old, "[\n  "+jsondoc.Quote(text)+"\n]")...))
				}
			}
			check(def.Webhook.TransactionID)
			for _, o := range def.Webhook.TransactionID.Get("overrides").Members() {
				check(o)
			}
		},
	}
}

func transactionIDFallback() Spec {
	return Spec{
		ID: "transaction-id-fallback", Group: groupWebhook, Severity: finding.Warning,
		Title:   "transactionId has a fallback",
		Purpose: "Checks that transactionId says what happens to a delivery without an id.",
		Source:  "The one documented fallback is \"generate\", which makes an id; the platform's advice is to set it.",
		Help:    "Add `\"fallback\": \"generate\"`. `miniapp check --fix` does it.",
		Fires:   []Example{{Name: "no fallback", Edit: "/webhook/transactionId/fallback delete"}},
		Silent:  []Example{{Name: "no transactionId", Edit: "/webhook/transactionId delete"}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			if id := def.Webhook.TransactionID; id != nil && id.Get("fallback") == nil {
				p.Missing(id, "fallback", "transactionId does not say what happens to a delivery without an id").
					Hint("Add \"fallback\": \"generate\".").
					Fix("add the fallback", def.Doc.SetMember(id, "fallback", `"generate"`, "paths"))
			}
		},
	}
}

func transactionIDJoined() Spec {
	return Spec{
		ID: "transaction-id-joined", Group: groupWebhook, Severity: finding.Notice,
		Title:   "Ids of several values have a separator",
		Purpose: "Checks that an override of transactionId with several paths says with a separator that they are joined.",
		Source:  "Of several paths the first with a value counts; a separator joins their values. Whether an override joins them without one is not documented, and official examples rely on it.",
		Help:    "Add `\"separator\": \":\"` to `transactionId` if the id is made of all values.",
		Fires:   []Example{{Name: "an id and the time of the change", Edit: `/webhook/transactionId/overrides = {"ticket.closed": {"paths": ["$.ticket.id", "$.ticket.closed_at"]}}`}},
		Silent: []Example{
			{Name: "with a separator", Edit: `/webhook/transactionId = {"paths": ["$.delivery"], "separator": ":", "fallback": "generate", "overrides": {"ticket.closed": {"paths": ["$.ticket.id", "$.ticket.closed_at"]}}}`},
			{Name: "two places of one id", Edit: `/webhook/transactionId/paths/- = "$.id"`},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			id := def.Webhook.TransactionID
			if id.Get("separator") != nil {
				return
			}
			for _, o := range id.Get("overrides").Members() {
				if list := o.Get("paths"); len(list.Elements()) > 1 && o.Get("separator") == nil {
					p.Node(list, "whether these paths are joined, or only the first one counts, is not known").
						Hint("Add a separator to transactionId if the id is made of all of them, else leave one path.")
				}
			}
		},
	}
}

// customerMappings returns the mappings of customerExtraction: its own, and
// those of overrides.
func customerMappings(def *definition.Definition) []*jsondoc.Node {
	var list []*jsondoc.Node
	c := def.Webhook.CustomerExtraction
	if m := c.Get("mapping"); m.Is(jsondoc.Object) {
		list = append(list, m)
	}
	for _, o := range c.Get("overrides").Members() {
		if m := o.Get("mapping"); m.Is(jsondoc.Object) {
			list = append(list, m)
		}
	}
	return list
}

func customerFieldKnown() Spec {
	return Spec{
		ID: "customer-field-known", Group: groupWebhook, Severity: finding.Warning,
		Title:   "Customer fields are the platform's",
		Purpose: "Checks that customerExtraction.mapping fills fields that the platform's customers have.",
		Source:  "Customers have 11 documented fields: " + strings.Join(definition.CustomerFields(), ", ") + ".",
		Help:    "The platform's field stands on the left, the provider's on the right: `\"primaryEmail\": \"email\"`.",
		Fires: []Example{
			{Name: "the provider's name on the left", Edit: `/webhook/customerExtraction/mapping/email = "email"`},
			{Name: "a typing mistake", Edit: `/webhook/customerExtraction/mapping/fistName = "name"`},
		},
		Silent: []Example{{Name: "further documented fields", Edit: `/webhook/customerExtraction/mapping/avatar = "photo"` + "\n" + `/webhook/customerExtraction/mapping/state = "stage"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			known := set(definition.CustomerFields())
			for _, mapping := range customerMappings(def) {
				taken := map[string]bool{}
				for _, m := range mapping.Members() {
					if known[m.Key] {
						continue
					}
					r := p.Key(m, "customers have no field %s", shown(m.Key))
					near := p.nearest(m.Key, definition.CustomerFields())
					for _, contact := range []string{"email", "phone"} {
						if strings.EqualFold(m.Key, contact) {
							near = "primary" + strings.ToUpper(contact[:1]) + contact[1:]
						}
					}
					if near == "" {
						r.Hint("Use one of %s.", strings.Join(definition.CustomerFields(), ", "))
						continue
					}
					r.Hint("Write %q, if that is what you mean.", near)
					if sameWord(m.Key, near) && mapping.Get(near) == nil && !taken[near] {
						taken[near] = true
						r.Fix("write "+shown(near), keyEdit(m, near))
					}
				}
			}
		},
	}
}

// set makes a set of words.
func set(words []string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}

func customerIdentified() Spec {
	return Spec{
		ID: "customer-identified", Group: groupWebhook, Severity: finding.Warning,
		Title:   "Customers can be matched",
		Purpose: "Checks that customerExtraction maps at least one of code, primaryEmail and primaryPhone, by which a customer is found again.",
		Source:  "The platform looks for an existing customer and else creates one. Without an id, an email address or a phone number, every event would make a new one.",
		Help:    "Map `code` to the provider's id of the customer; add `primaryEmail` and `primaryPhone` where the provider has them.",
		Fires: []Example{
			{Name: "only a name", Edit: `/webhook/customerExtraction/mapping = {"firstName": "first_name"}`},
			{Name: "no mapping", Edit: `/webhook/customerExtraction/mapping delete`},
		},
		Silent: []Example{{Name: "only a phone number", Edit: `/webhook/customerExtraction/mapping = {"primaryPhone": "phone"}`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			const hint = "Map code to the provider's id of the customer, or primaryEmail or primaryPhone."
			c := def.Webhook.CustomerExtraction
			m := c.Get("mapping")
			switch {
			case c == nil:
			case m == nil:
				p.Missing(c, "mapping", "customerExtraction maps no fields").Hint(hint)
			case m.Is(jsondoc.Object) && m.Get("code") == nil && m.Get("primaryEmail") == nil && m.Get("primaryPhone") == nil:
				p.Node(m, "no field that a customer is found by is mapped").Hint(hint)
			}
		},
	}
}

// knownEvents returns the events of triggers and handlers, as a list and as a
// set.
func knownEvents(def *definition.Definition) (list []string, known map[string]bool) {
	list, known = triggerEvents(def)
	for _, h := range def.Sync.Handlers {
		if !known[h.Event] {
			known[h.Event] = true
			list = append(list, h.Event)
		}
	}
	return list, known
}

func overrideEventKnown() Spec {
	return Spec{
		ID: "override-event-known", Group: groupWebhook, Severity: finding.Warning,
		Title:   "Overrides are for known events",
		Purpose: "Checks that the keys of overrides in transactionId and customerExtraction are events of a trigger or a handler.",
		Source:  "An override counts for the event that is its key, exactly as it is extracted.",
		Help:    "Write the event as the trigger has it.",
		Fires: []Example{
			{Name: "a typing mistake", Edit: `/webhook/transactionId/overrides = {"ticket.close": {"paths": ["$.id"]}}`},
			{Name: "an event without trigger and handler", Edit: `/webhook/customerExtraction/overrides = {"invoice.paid": {"basePath": "$.invoice.payer"}}`},
		},
		Silent: []Example{{Name: "the event of a handler", Edit: "/triggers/0 delete\n" + `/webhook/transactionId/overrides = {"ticket.created": {"paths": ["$.id"]}}`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			list, known := knownEvents(def)
			for _, block := range []*jsondoc.Node{def.Webhook.TransactionID, def.Webhook.CustomerExtraction} {
				for _, o := range block.Get("overrides").Members() {
					if known[o.Key] {
						continue
					}
					r := p.Key(o, "no trigger and no handler has the event %s", shown(o.Key))
					if near := p.nearest(o.Key, list); near != "" {
						r.Hint("Write %s, if that is what you mean.", shown(near))
					} else {
						r.Hint("Take the override out, or add a trigger for the event.")
					}
				}
			}
		},
	}
}
