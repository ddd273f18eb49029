package compat

import (
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

func (d *differ) webhook() {
	b, h := d.blocks("webhook", jsondoc.Object)
	switch {
	case same(b, h):
		return
	case b == nil:
		d.feature("webhook-added", nil, h, "the webhook is added")
		return
	case h == nil:
		d.breaking("webhook-removed", b, nil, "the webhook is removed, and no event arrives any more")
		return
	}
	d.part("eventExtraction", b, h, d.eventExtraction)
	d.part("transactionId", b, h, d.transactionID)
	d.verification(b.Get("verification"), h.Get("verification"))
	d.part("customerExtraction", b, h, d.customerExtraction)
	fields(b, h, func(key string, b, h *jsondoc.Node) {
		d.fix("webhook-answer-changed", b, h, "the field %s of the webhook is changed", quote(key))
	}, "challengeResponse", "response")
	d.unknownFields("webhook", b, h, "eventExtraction", "transactionId", "verification", "customerExtraction", "challengeResponse", "response")
}

// part compares a block of the webhook, without which known events come out
// differently. both gets the objects that differ.
func (d *differ) part(key string, webhookB, webhookH *jsondoc.Node, both func(b, h *jsondoc.Node)) {
	b, h := d.ofKind("webhook."+key, webhookB.Get(key), webhookH.Get(key), jsondoc.Object)
	switch {
	case same(b, h):
	case b == nil:
		d.feature("webhook-part-added", nil, h, "the block %s is added to the webhook", quote(key))
	case h == nil:
		d.breaking("webhook-part-removed", b, nil, "the block %s is removed from the webhook; known events come out differently", quote(key))
	default:
		both(b, h)
	}
}

// place is where a value of an event is read, in one spelling: body paths with
// or without "$." and header names in any case are the same place.
func place(n *jsondoc.Node) [2]string {
	from, path := n.Get("source").Text(), n.Get("path").Text()
	switch from {
	case "body":
		path = strings.TrimPrefix(path, "$.")
	case "header":
		path = strings.ToLower(path)
	}
	return [2]string{from, path}
}

func (d *differ) eventExtraction(b, h *jsondoc.Node) {
	d.unknownFields("webhook.eventExtraction", b, h, "source", "path", "fallback", "compositeStrategy")
	compositeB, compositeH := b.Get("compositeStrategy"), h.Get("compositeStrategy")
	changed := func(b, h *jsondoc.Node) {
		d.breaking("event-extraction-changed", b, h, "events are named in another way; automations that wait for the old names no longer start")
	}
	parts := func(n *jsondoc.Node) (list [][2]string) {
		for _, p := range n.Get("parts").Elements() {
			list = append(list, place(p))
		}
		return list
	}
	switch {
	case compositeB != nil && compositeH != nil: // the path counts for nothing
		if !slices.Equal(parts(compositeB), parts(compositeH)) || !same(compositeB.Get("separator"), compositeH.Get("separator")) {
			changed(compositeB, compositeH)
		}
	case compositeB != nil || compositeH != nil || place(b) != place(h):
		changed(b, h)
	}
	fb, fh := b.Get("fallback"), h.Get("fallback")
	switch {
	case same(fb, fh):
	case fb == nil:
		d.feature("event-fallback-added", nil, fh, "events that had no name get one from another place")
	case fh == nil || place(fb) != place(fh):
		changed(fb, fh)
	}
}

// idPaths returns the paths of a transaction id, in its older shape too.
func idPaths(n *jsondoc.Node) []string {
	if p, ok := n.Get("path").Str(); ok && n.Get("paths") == nil {
		return []string{p}
	}
	var paths []string
	for _, e := range n.Get("paths").Elements() {
		paths = append(paths, e.Text())
	}
	return paths
}

func (d *differ) transactionID(b, h *jsondoc.Node) {
	changed := func(b, h *jsondoc.Node) {
		d.breaking("transaction-id-changed", b, h, "known events get another transaction id, so that repeated deliveries may count twice or new ones not at all")
	}
	if !slices.Equal(idPaths(b), idPaths(h)) || !same(b.Get("separator"), h.Get("separator")) {
		changed(b, h)
	}
	fields(b, h, func(_ string, b, h *jsondoc.Node) {
		if b == nil {
			d.feature("transaction-id-added", nil, h, "events without a transaction id get one")
			return
		}
		changed(b, h)
	}, "fallback")
	ob, oh := d.ofKind("webhook.transactionId.overrides", b.Get("overrides"), h.Get("overrides"), jsondoc.Object)
	known := d.events()
	base, head := members(ob, ""), members(oh, "")
	for _, p := range match(base, head) {
		eb, eh := get(base, p.base), get(head, p.head)
		switch {
		case p.base < 0 && !known[eh.name]:
			d.feature("transaction-id-added", nil, eh.node, "the new event %s has a transaction id of its own", quote(eh.name))
		case p.renamed || !same(eb.node, eh.node):
			changed(eb.node, eh.node)
		}
	}
	d.unknownFields("webhook.transactionId", b, h, "path", "paths", "separator", "fallback", "overrides")
}

// events returns the events that base knows: of its triggers and handlers.
func (d *differ) events() map[string]bool {
	known := map[string]bool{}
	for _, t := range d.base.Triggers {
		known[t.Event] = true
	}
	for _, h := range d.base.Sync.Handlers {
		known[h.Event] = true
	}
	return known
}

// verification compares how deliveries are verified. None at all and the type
// "none" are the same.
func (d *differ) verification(b, h *jsondoc.Node) {
	b, h = d.ofKind("webhook.verification", b, h, jsondoc.Object)
	on := func(n *jsondoc.Node) bool { return n != nil && n.Get("type").Text() != "none" }
	switch {
	case same(b, h) || !on(b) && !on(h):
		return
	case !on(b):
		d.breaking("verification-added", b, h, "deliveries are now verified, with a secret that installed tenants have not set up")
		return
	case !on(h):
		d.feature("verification-removed", b, h, "deliveries are no longer verified")
		return
	}
	if !same(b.Get("type"), h.Get("type")) || !same(b.Get("secretKey"), h.Get("secretKey")) {
		d.breaking("verification-changed", b, h, "deliveries are verified in another way or with another secret, which installed tenants have not set up")
	}
	fields(b, h, func(key string, b, h *jsondoc.Node) {
		d.fix("verification-settings-changed", b, h, "the field %s of webhook.verification is changed", quote(key))
	}, "headerName", "timestampHeader", "encoding")
	d.unknownFields("webhook.verification", b, h, "type", "secretKey", "headerName", "timestampHeader", "encoding")
}

func (d *differ) customerExtraction(b, h *jsondoc.Node) {
	d.records("customers", b.Get("mapping"), h.Get("mapping"), true)
	fields(b, h, func(key string, kb, kh *jsondoc.Node) {
		d.fix("customer-place-changed", kb, kh, "the field %s of webhook.customerExtraction is changed", quote(key))
	}, "basePath", "overrides")
	d.customerCode(b, h)
	d.unknownFields("webhook.customerExtraction", b, h, "mapping", "basePath", "overrides")
}

// customerCode compares the place from which the code of a customer is read
// in the end, for every event that has its own.
func (d *differ) customerCode(b, h *jsondoc.Node) {
	codeAt := func(n *jsondoc.Node, event string) string {
		base, path := n.Get("basePath"), n.At("mapping", "code")
		if o := n.Get("overrides").Get(event); o != nil {
			if own := o.Get("basePath"); own != nil {
				base = own
			}
			if own := o.At("mapping", "code"); own != nil {
				path = own
			}
		}
		if path == nil {
			return ""
		}
		return rule(path, strings.TrimPrefix(base.Text(), "$.")+".")
	}
	tell := func(event, what string) {
		if was, is := codeAt(b, event), codeAt(h, event); was != "" && is != "" && was != is {
			d.breaking("code-mapping-changed", b, h, "the code of customers%s is read from another place, so that customers would be recorded twice", what)
		}
	}
	if codeAt(b, "") != codeAt(h, "") {
		tell("", "")
		return
	}
	for _, m := range b.Get("overrides").Members() {
		tell(m.Key, " of the event "+quote(m.Key))
	}
	known := d.events()
	for _, m := range h.Get("overrides").Members() {
		if b.Get("overrides").Get(m.Key) == nil && known[m.Key] {
			tell(m.Key, " of the event "+quote(m.Key))
		}
	}
}
