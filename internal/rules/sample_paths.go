package rules

import (
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

func sampleTransactionID() Spec {
	return Spec{
		ID: "sample-transaction-id", Group: groupSamples, Severity: finding.Warning,
		Title:   "Samples have the delivery's id",
		Purpose: "Checks that a path of transactionId finds something in each sample delivery, since an id that is made up tells no repetition.",
		Source:  "Paths lead into the body. One official example names a header's value in them, so that an id is made up for every delivery.",
		Help:    "Point `transactionId.paths` at the id in the body; use `overrides` where single events have it elsewhere.",
		Fires:   []Example{{Name: "an id that is in a header", Edit: `/webhook/transactionId/paths = ["$.X-Delivery"]`}},
		Silent: []Example{{Name: "an id elsewhere in one event", Edit: "/webhook/transactionId/overrides = {\"ticket.closed\": {\"paths\": [\"$.ticket.id\"]}}",
			Files: map[string]string{"webhooks/ticket-closed.json": strings.Replace(sampleOf("ticket.closed"), `"delivery": "d-1", `, "", 1)}}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, s := range p.samples() {
				id := def.Webhook.DeliveryID(s.Event.Text(), s.Delivery.Body)
				if len(id.Paths) == 0 || s.Delivery.Body == nil || s.Event == nil || id.Value != "" || id.Unreadable != nil {
					continue
				}
				p.NodeIn(s.file, s.at(), "no path of transactionId finds an id in this delivery, so that a repetition is not recognised").
					Hint("Point transactionId.paths at the id in the body, or add an override for %s.", shown(s.Event.Text())).
					See(id.At, "the paths")
			}
		},
	}
}

// anyFound reports whether one of the paths leads to a text or number that is
// not empty. A path that cannot be read could lead anywhere.
func anyFound(paths []*jsondoc.Node, body *jsondoc.Node) bool {
	for _, n := range paths {
		path, err := definition.ParseAnyPath(n.Text())
		if err != nil {
			return true
		}
		if text, ok := definition.Scalar(path.Eval(body)); ok && text != "" {
			return true
		}
	}
	return false
}

func sampleCustomer() Spec {
	return Spec{
		ID: "sample-customer", Group: groupSamples, Severity: finding.Notice,
		Title:   "Samples have the customer",
		Purpose: "Checks that customerExtraction finds in each sample delivery something that a customer is recognised by.",
		Source:  "The customer is read at basePath, or that of an override for the event. Providers often put it elsewhere in single events.",
		Help:    "Add an override with the customer's place for this event. If the event has no customer, there is nothing to do.",
		Fires: []Example{
			{Name: "nothing at basePath", Edit: `/webhook/customerExtraction/basePath = "$.customer"`},
			{Name: "other names there", Edit: `/webhook/customerExtraction/mapping = {"code": "uuid", "primaryEmail": "mail"}`},
		},
		Silent: []Example{{Name: "an override", Edit: "/webhook/customerExtraction/basePath = \"$.customer\"\n/webhook/customerExtraction/overrides = {\"ticket.created\": {\"basePath\": \"$.ticket.requester\"}, \"ticket.closed\": {\"basePath\": \"$.ticket.requester\"}}"}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, s := range p.samples() {
				if def.Webhook.CustomerExtraction == nil || s.Delivery.Body == nil || s.Event == nil {
					continue
				}
				c := def.Webhook.Customer(s.Event.Text(), s.Delivery.Body)
				if c.BaseAt == nil || c.Unreadable != nil {
					continue // other rules speak of it
				}
				hint := "Add an override with the place of the customer, unless " + shown(s.Event.Text()) + " is about no customer."
				if !c.Base.Is(jsondoc.Object) {
					p.NodeIn(s.file, s.at(), "there is no customer at %s in this delivery", shown(c.BaseAt.Text())).
						Hint("%s", hint).See(c.BaseAt, "the customer's place")
					continue
				}
				if mapped, found := c.Identity(); mapped && !found {
					p.NodeIn(s.file, s.at(), "the customer of this delivery has nothing to be recognised by").
						Hint("Correct the paths of code, primaryEmail and primaryPhone, which start at %s.", shown(c.BaseAt.Text())).
						See(c.Mapping, "the paths")
				}
			}
		},
	}
}

func sampleRecord() Spec {
	return Spec{
		ID: "sample-record", Group: groupSamples, Severity: finding.Warning,
		Title:   "Samples have the record",
		Purpose: "Checks that the handler of a sample's event finds in it the record, or the id of the record.",
		Source:  "A handler that names a resource reads the record at dataPath; one that names a record type reads its id by mapping.code.",
		Help:    "Correct `dataPath` or `mapping.code` after a real delivery.",
		Fires: []Example{
			{Name: "nothing at dataPath", Edit: `/sync/webhooks/handlers/ticket.created/dataPath = "$.requester"`},
			{Name: "no id", Edit: `/sync/webhooks/handlers/ticket.created = {"recordType": "order", "operation": "create", "mapping": {"code": {"path": "$.order.id", "transform": "toString"}}}`},
		},
		Silent: []Example{{Name: "one of several paths", Edit: `/sync/webhooks/handlers/ticket.created = {"recordType": "order", "operation": "create", "mapping": {"code": {"paths": ["$.order.id", "$.ticket.id"], "transform": "coalesce"}}}`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			handlers := def.Doc.Root.At("sync", "webhooks", "handlers")
			for _, s := range p.samples() {
				h := handlers.Get(s.Event.Text())
				if s.Event == nil || s.Delivery.Body == nil || h == nil {
					continue
				}
				if at := h.Get("dataPath"); h.Get("resource") != nil && at.Text() != "" {
					path, err := definition.ParseAnyPath(at.Text())
					if err != nil {
						continue
					}
					if n := path.Eval(s.Delivery.Body); !n.Is(jsondoc.Object) && !n.Is(jsondoc.Array) {
						p.NodeIn(s.file, s.at(), "there is no record at %s in this delivery", shown(at.Text())).
							Hint("Correct the handler's dataPath, or the sample.").
							See(at, "the record's place")
					}
					continue
				}
				code := h.At("mapping", "code")
				if h.Get("recordType") == nil || code == nil {
					continue
				}
				if paths := codePaths(code); len(paths) > 0 && !anyFound(paths, s.Delivery.Body) {
					p.NodeIn(s.file, s.at(), "the mapping of the handler finds no \"code\" in this delivery").
						Hint("Correct the path of code, the record's id at the provider, or the sample.").
						See(code, "where the id is looked for")
				}
			}
		},
	}
}

// codePaths returns the paths of one mapping rule, or nothing when it computes
// its value.
func codePaths(rule *jsondoc.Node) []*jsondoc.Node {
	f := definition.NewFieldRule(rule)
	if f.Transform.Text() == "compute" {
		return nil
	}
	return f.Paths
}

func sampleSignature() Spec {
	return Spec{
		ID: "sample-signature", Group: groupSamples, Severity: finding.Notice,
		Title:   "Samples have the signature's header",
		Purpose: "Checks that a sample delivery has the header that the webhook is verified by, so that its name is seen to be right.",
		Source:  "The signature is read from the header that verification.headerName names.",
		Help:    "Add the header as the provider sends it. The signature need not be valid; do not sign with a secret that is in use.",
		Fires:   []Example{{Name: "another header", Edit: `/webhook/verification/headerName = "X-Signature"`}},
		Silent:  []Example{{Name: "the header in other letters", Edit: `/webhook/verification/headerName = "x-acme-signature"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			v := def.Webhook.Verification
			name := v.Get("headerName")
			if name.Text() == "" || !signed(v) {
				return
			}
			if !headerName(name.Text()) {
				return // header-name-valid speaks of it
			}
			var without []sample
			has := 0
			for _, s := range p.samples() {
				switch {
				case s.Delivery.Header(name.Text()) != nil:
					has++
				case s.Event != nil || s.BodyAt != nil: // else it is that of sample-shape
					without = append(without, s)
				}
			}
			if has == 0 && len(without) > 1 {
				p.Node(name, "none of the %d sample deliveries has the header %s, by which they are verified", len(without), shown(name.Text())).
					Hint("Write the header's name as the provider does, or add it to the samples, with any value.")
				return
			}
			for _, s := range without {
				at := s.Delivery.Headers
				if at == nil {
					at = s.Root
				}
				p.NodeIn(s.file, at, "this delivery lacks the header %s, by which it is verified", shown(name.Text())).
					Hint("Add the header as the provider sends it, with any value.").
					See(name, "the header's name")
			}
		},
	}
}
