package rules

import (
	"slices"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// handlerRules are about sync.webhooks.handlers. Which of the two shapes a
// handler has is the schema's matter.
func handlerRules() []Spec {
	return []Spec{
		handlerEventExtraction(), handlerHasTrigger(), commerceTriggerHandled(), handlerResourceKnown(),
		handlerOperationDocumented(), handlerDataPath(), handlerCodeMapped(), commerceComplete(),
	}
}

// handlersNode returns sync.webhooks.handlers when there are handlers in it.
func handlersNode(def *definition.Definition) *jsondoc.Node {
	if n := def.Doc.Root.At("sync", "webhooks", "handlers"); len(n.Members()) > 0 {
		return n
	}
	return nil
}

func handlerEventExtraction() Spec {
	return Spec{
		ID: "handler-event-extraction", Group: groupSync, Severity: finding.Error,
		Title:   "Handlers have a webhook",
		Purpose: "Checks that a definition with handlers says in webhook.eventExtraction how deliveries name their event, by which a handler is found.",
		Source:  "A handler is found by the event of a delivery, which webhook.eventExtraction gives.",
		Help:    "Add `webhook.eventExtraction`.",
		Fires: []Example{
			{Name: "handlers without a webhook", Edit: `/webhook = null`},
			{Name: "a webhook without an extraction", Edit: `/webhook/eventExtraction delete`},
		},
		Silent: []Example{{Name: "no handlers", Edit: "/webhook = null\n/sync/webhooks/handlers = {}"}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			at := handlersNode(def)
			if at == nil || def.Webhook.EventExtraction != nil || def.Webhook.Node.Get("eventExtraction") != nil {
				return
			}
			p.Key(at, "no delivery reaches these handlers, since there is no webhook.eventExtraction").
				Hint("Add webhook.eventExtraction with the place of the event's name.")
		},
	}
}

func handlerHasTrigger() Spec {
	return Spec{
		ID: "handler-has-trigger", Group: groupSync, Severity: finding.Warning,
		Title:   "Handlers have a trigger",
		Purpose: "Checks that there is a trigger for the event of every handler, so that automations can react to it too.",
		Source:  "Handlers and triggers should cover the same events. An official example has a handler without a trigger in sight, so that this is a warning.",
		Help:    "Add a trigger for the event, or correct the handler's key: events are compared exactly.",
		Fires: []Example{
			{Name: "a typing mistake", Edit: `/sync/webhooks/handlers/ticket.create = {"resource": "customers", "operation": "upsert", "dataPath": "$.ticket"}`},
			{Name: "an event of its own", Edit: `/sync/webhooks/handlers/agent.joined = {"resource": "customers", "operation": "upsert", "dataPath": "$.agent"}`},
		},
		Silent: []Example{{Name: "no handlers", Edit: "/sync delete\n/triggers = []"}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			list, known := triggerEvents(def)
			for _, h := range def.Sync.Handlers {
				if known[h.Event] {
					continue
				}
				r := p.Key(h.Node, "no trigger has the event %s", shown(h.Event))
				if near := p.nearest(h.Event, list); near != "" {
					r.Hint("Write %s, if that is what you mean, or add a trigger.", shown(near))
				} else {
					r.Hint("Add a trigger for it, unless automations must not react to it.")
				}
			}
		},
	}
}

// commerceEvent reports whether an event is about an order or a cart.
func commerceEvent(event string) bool {
	return slices.ContainsFunc(definition.Words(event), func(w string) bool {
		switch w {
		case "order", "orders", "cart", "carts", "checkout", "checkouts":
			return true
		}
		return false
	})
}

func commerceTriggerHandled() Spec {
	return Spec{
		ID: "commerce-trigger-handled", Group: groupSync, Severity: finding.Warning,
		Title:   "Order events reach the records",
		Purpose: "Checks that triggers for orders and carts have a handler where there are handlers at all; without one the platform's record stays as it was.",
		Source:  "After the first import, records change by handlers alone. Triggers and handlers should cover the same commerce events.",
		Help:    "Add a handler for the event. If it changes no record, say so in the pull request.",
		Fires:   []Example{{Name: "an order event without a handler", Edit: `/triggers/1/event = "order.cancelled"`}},
		Silent: []Example{
			{Name: "no handlers at all", Edit: "/triggers/1/event = \"order.cancelled\"\n/sync/webhooks/handlers = {}"},
			{Name: "an event about something else", Edit: `/triggers/1/event = "border.crossed"`},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			handlers := handlersNode(def)
			if handlers == nil {
				return
			}
			for _, t := range def.Triggers {
				if t.EventAt != nil && commerceEvent(t.Event) && handlers.Get(t.Event) == nil {
					p.Node(t.EventAt, "no handler keeps the records up to date on %s", shown(t.Event)).
						Hint("Add a handler for the event to sync.webhooks.handlers, unless it changes no record.").
						See(handlers, "the handlers")
				}
			}
		},
	}
}

func handlerResourceKnown() Spec {
	return Spec{
		ID: "handler-resource-known", Group: groupSync, Severity: finding.Error,
		Title:   "A handler's resource exists",
		Purpose: "Checks that the resource that a handler names is a key of sync.resources.",
		Source:  "A handler that names a resource uses that resource's mapping.",
		Help:    "Correct the name, or add the resource to `sync.resources`.",
		Fires: []Example{
			{Name: "a typing mistake", Edit: `/sync/webhooks/handlers/ticket.created/resource = "customer"`},
			{Name: "no resources", Edit: `/sync/resources delete`},
		},
		Silent: []Example{{Name: "a handler with a record type", Edit: "/sync/resources delete\n" + `/sync/webhooks/handlers/ticket.created = {"recordType": "order", "operation": "create", "mapping": {"code": "$.ticket.id"}}`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			resources := def.Sync.Node.Get("resources")
			var names []string
			for _, r := range resources.Members() {
				names = append(names, r.Key)
			}
			for _, h := range def.Sync.Handlers {
				n := h.Node.Get("resource")
				if n.Text() == "" || resources.Get(n.Text()) != nil || resources != nil && !resources.Is(jsondoc.Object) {
					continue
				}
				r := p.Node(n, "there is no resource %s in sync.resources", shown(n.Text()))
				if near := p.nearest(n.Text(), names); near != "" {
					r.Hint("Write %s, if that is what you mean.", shown(near))
				} else {
					r.Hint("Add the resource, or map the record in the handler itself with recordType and mapping.")
				}
			}
		},
	}
}

// bothShapes reports whether a handler mixes the two shapes, so that it is not
// known which one is meant.
func bothShapes(h definition.Handler) bool {
	return h.Node.Get("resource") != nil && h.Node.Get("recordType") != nil
}

func handlerOperationDocumented() Spec {
	return Spec{
		ID: "handler-operation-documented", Group: groupSync, Severity: finding.Warning,
		Title:   "Operations fit the handler's shape",
		Purpose: "Checks that a handler with a record type creates or updates, and that one with a resource upserts.",
		Source:  "Documented are create and update for handlers that name a record type, and upsert for those that name a resource. Whether the others work too is unknown.",
		Help:    "Use the operation that is documented for this shape of handler.",
		Fires: []Example{
			{Name: "an upsert of a record type", Edit: `/sync/webhooks/handlers/ticket.created = {"recordType": "order", "operation": "upsert", "mapping": {"code": "$.ticket.id"}}`},
			{Name: "an update of a resource", Edit: `/sync/webhooks/handlers/ticket.created/operation = "update"`},
		},
		Silent: []Example{{Name: "an update of a record type", Edit: `/sync/webhooks/handlers/ticket.created = {"recordType": "order", "operation": "update", "mapping": {"code": "$.ticket.id"}}`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, h := range def.Sync.Handlers {
				n := h.Node.Get("operation")
				operation := n.Text()
				switch {
				case bothShapes(h): // schema-shape speaks of it
				case h.ByResource && (operation == "create" || operation == "update"):
					p.Node(n, "%q is not documented for a handler that names a resource", operation).
						Hint("Use \"upsert\", which creates the record or updates it.")
				case !h.ByResource && h.Node.Get("recordType") != nil && operation == "upsert":
					p.Node(n, "%q is not documented for a handler that names a record type", operation).
						Hint("Use \"create\" or \"update\".")
				}
			}
		},
	}
}

func handlerDataPath() Spec {
	return Spec{
		ID: "handler-data-path", Group: groupSync, Severity: finding.Warning,
		Title:   "A handler says where the record is",
		Purpose: "Checks that a handler that names a resource has dataPath.",
		Source:  "dataPath leads to the record in the body of the delivery, which is then mapped as the resource says.",
		Help:    "Add `\"dataPath\": \"$.data\"`, or `\"$\"` if the body is the record itself.",
		Fires:   []Example{{Name: "no dataPath", Edit: "/sync/webhooks/handlers/ticket.created/dataPath delete"}},
		Silent:  []Example{{Name: "the body itself", Edit: "/sync/webhooks/handlers/ticket.created/dataPath = \"$\""}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, h := range def.Sync.Handlers {
				if !h.ByResource || bothShapes(h) {
					continue
				}
				if r := p.lacks(h.Node, "dataPath", "the handler"); r != nil {
					r.Hint("Add the path of the record in the delivery, such as \"$.data\", or \"$\" for the whole body.")
				}
			}
		},
	}
}

func handlerCodeMapped() Spec {
	return Spec{
		ID: "handler-code-mapped", Group: groupSync, Severity: finding.Error,
		Title:   "Records have a stable id",
		Purpose: "Checks that a handler with a record type maps code, the provider's id of the record, by which later events find it again.",
		Source:  "mapping.code must yield a stable external id; where it is missing, orders do not show up. For updates this is a warning.",
		Help:    "Add `\"code\": \"$.data.id\"` to the mapping.",
		Fires: []Example{
			{Name: "a record without an id", Edit: `/sync/webhooks/handlers/ticket.created = {"recordType": "order", "operation": "create", "mapping": {"status": "$.ticket.state"}}`},
			{Name: "no mapping at all", Edit: `/sync/webhooks/handlers/ticket.created = {"recordType": "order", "operation": "create"}`},
			{Name: "an update without an id", Edit: `/sync/webhooks/handlers/ticket.created = {"recordType": "order", "operation": "update", "mapping": {"status": "$.ticket.state"}}`},
		},
		Silent: []Example{{Name: "a handler that names a resource"}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, h := range def.Sync.Handlers {
				if h.ByResource || h.Node.Get("recordType") == nil {
					continue
				}
				var r *Report
				switch m := h.Node.Get("mapping"); {
				case m == nil:
					r = p.Missing(h.Node, "mapping", "the handler maps no fields, not even the record's id")
				case m.Is(jsondoc.Object) && m.Get("code") == nil:
					r = p.Missing(m, "code", "the record has no id, by which later events could find it")
				default:
					continue
				}
				r.Hint("Map \"code\" to the provider's id of the record, such as \"$.data.id\".")
				if op := h.Node.Get("operation").Text(); op == "update" || op == "upsert" {
					r.As(finding.Warning)
				}
			}
		},
	}
}

func commerceComplete() Spec {
	return Spec{
		ID: "commerce-complete", Group: groupSync, Severity: finding.Notice,
		Title:   "Shops tell of customers and orders",
		Purpose: "Checks that an e-commerce definition with handlers extracts customers, and has a trigger for orders.",
		Source:  "E-commerce connectors are expected to match customers and to start automations on orders.",
		Help:    "Add `webhook.customerExtraction`, and triggers for the events of orders.",
		Fires: []Example{
			{Name: "no customers", Edit: "/category = \"ecommerce\"\n/webhook/customerExtraction delete\n/triggers/0/event = \"order.created\""},
			{Name: "no orders", Edit: "/category = \"ecommerce\""},
		},
		Silent: []Example{
			{Name: "another category", Edit: "/webhook/customerExtraction delete"},
			{Name: "both", Edit: "/category = \"ecommerce\"\n/triggers/0/event = \"order.created\""},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			at := handlersNode(def)
			if def.Category.Text() != "ecommerce" || at == nil || def.Webhook.Node == nil {
				return
			}
			if def.Webhook.Node.Get("customerExtraction") == nil {
				p.Missing(def.Webhook.Node, "customerExtraction", "events of this shop are not matched with customers").
					Hint("Add webhook.customerExtraction with the place and the fields of the customer.")
			}
			if !slices.ContainsFunc(def.Triggers, func(t definition.Trigger) bool { return commerceEvent(t.Event) }) {
				p.Key(at, "the shop has handlers, but no trigger for orders").
					Hint("Add triggers for the events of orders, so that automations can react to them.")
			}
		},
	}
}
