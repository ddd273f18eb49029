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

func sampleIDOwn() Spec {
	return Spec{
		ID: "sample-id-own", Group: groupSamples, Severity: finding.Warning,
		Title:   "Each event has an id of its own",
		Purpose: "Checks that transactionId finds different ids in the sample deliveries of different events, since the second of two deliveries with one id is taken for a repetition.",
		Source:  "The platform acknowledges a delivery whose id it has seen, and does not work on it. The id of an order or a ticket is the same in all of its events, that of a delivery is not.",
		Help:    "Point `transactionId.paths` at the id of the delivery or event, or join the object's id with the time of the change. If the samples were copied, give each its own id.",
		Fires: []Example{
			{Name: "the id of the object", Edit: `/webhook/transactionId/paths = ["$.ticket.id"]`},
			{Name: "the id of the object in one event", Edit: `/webhook/transactionId/overrides = {"ticket.closed": {"paths": ["$.ticket.id"]}, "ticket.created": {"paths": ["$.ticket.id"]}}`},
		},
		Silent: []Example{{Name: "the object's id and the event", Edit: `/webhook/transactionId = {"paths": ["$.ticket.id", "$.event"], "separator": ":", "fallback": "generate"}`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			first := map[string]sample{}
			said := map[*jsondoc.Node]bool{}
			for _, s := range p.samples() {
				id := def.Webhook.DeliveryID(s.Event.Text(), s.Delivery.Body)
				if s.Event == nil || s.Delivery.Body == nil || id.Value == "" || id.Unreadable != nil {
					continue
				}
				earlier, taken := first[id.Value]
				if !taken {
					first[id.Value] = s
				}
				if !taken || earlier.Event.Text() == s.Event.Text() || said[id.At] {
					continue
				}
				said[id.At] = true
				p.Node(id.At, "the samples of %s and %s have the same id, so that whichever comes later is taken for a repetition", shown(earlier.Event.Text()), shown(s.Event.Text())).
					Hint("Point transactionId.paths at the id of the delivery; if one sample is a copy of the other, give it an id of its own.").
					SeeIn(p.Head, earlier.file, earlier.Event.Span, "the one").SeeIn(p.Head, s.file, s.Event.Span, "the other")
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
		Purpose: "Checks that the handler of a sample's event finds in it the record and the id of the record.",
		Source:  "A handler that names a resource reads the record at dataPath, and its id as the resource maps code; one that names a record type reads its id by mapping.code.",
		Help:    "Correct `dataPath` or `mapping.code` after a real delivery.",
		Fires: []Example{
			{Name: "nothing at dataPath", Edit: `/sync/webhooks/handlers/ticket.created/dataPath = "$.requester"`},
			{Name: "another form of the record than in the resource's list", Edit: "/sync/resources/customers/apiMapping = {\"code\": \"uuid\", \"primaryEmail\": \"contact.email\"}"},
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
				if h.Get("resource") != nil {
					p.sampleResource(def, s, h)
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

// sampleResource looks for the record of a handler that names a resource, and
// for the record's id.
func (p *Pass) sampleResource(def *definition.Definition, s sample, h *jsondoc.Node) {
	at := h.Get("dataPath")
	path, err := definition.ParseAnyPath(at.Text())
	if at.Text() == "" || err != nil {
		return
	}
	found := path.Eval(s.Delivery.Body)
	records := found.Elements()
	if found.Is(jsondoc.Object) {
		records = []*jsondoc.Node{found}
	} else if !found.Is(jsondoc.Array) {
		p.NodeIn(s.file, s.at(), "there is no record at %s in this delivery", shown(at.Text())).
			Hint("Correct the handler's dataPath, or the sample.").
			See(at, "the record's place")
		return
	}
	mapping, paths := resourceIdentity(def.Sync.Node.Get("resources").Get(h.Get("resource").Text()))
	for _, r := range records {
		if len(paths) > 0 && !anyFound(paths, r) {
			p.NodeIn(s.file, s.at(), "the mapping of the resource %s finds nothing in the record of this delivery by which the record is recognised", shown(h.Get("resource").Text())).
				Hint("Correct the handler's dataPath, the path of code, or the sample: deliveries and lists often hold a record in different forms.").
				See(mapping, "where the id is looked for")
			return
		}
	}
}

// resourceIdentity returns the paths of what the records of a resource are
// recognised by: their id, and for customers their address and phone too. It
// returns none when one of them is computed.
func resourceIdentity(resource *jsondoc.Node) (mapping *jsondoc.Node, paths []*jsondoc.Node) {
	mapping = resource.Get("apiMapping")
	keys := []string{"code"}
	if resource.Get("contentType").Text() == "core:customer" {
		keys = append(keys, "primaryEmail", "primaryPhone")
	}
	for _, key := range keys {
		rule := mapping.Get(key)
		found := codePaths(rule)
		if rule != nil && len(found) == 0 {
			return mapping, nil
		}
		paths = append(paths, found...)
	}
	return mapping, paths
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
