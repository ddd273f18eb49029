package compat

import (
	"sync"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

func (d *differ) sync() {
	b, h := d.blocks("sync", jsondoc.Object)
	switch {
	case same(b, h):
		return
	case b == nil:
		d.feature("sync-added", nil, h, "the sync of records is added")
		return
	case h == nil:
		d.breaking("sync-removed", b, nil, "the sync of records is removed")
		return
	}
	credentials := sync.OnceValue(func() bool {
		for _, n := range []*jsondoc.Node{b, h} {
			for _, key := range []string{"baseUrl", "headers", "resources"} {
				if d.usesCredentials(n.Get(key)) {
					return true
				}
			}
		}
		return false
	})
	d.url("sync.baseUrl", b.Get("baseUrl"), h.Get("baseUrl"), "", "", credentials)
	fields(b, h, func(_ string, b, h *jsondoc.Node) {
		d.fix("headers-changed", b, h, "the headers of sync are changed")
	}, "headers")
	d.syncSettings(b.Get("syncConfiguration"), h.Get("syncConfiguration"))
	d.resources(b, h, endpointHosts{host(b.Get("baseUrl").Text()), host(h.Get("baseUrl").Text()), credentials})
	d.handlers(b.Get("webhooks"), h.Get("webhooks"))
	d.unknownFields("sync", b, h, "baseUrl", "headers", "syncConfiguration", "resources", "webhooks")
}

func (d *differ) syncSettings(b, h *jsondoc.Node) {
	b, h = d.ofKind("sync.syncConfiguration", b, h, jsondoc.Object)
	was, is := b.Get("enabled").Literal(), h.Get("enabled").Literal()
	switch {
	case was == is && same(b.Get("enabled"), h.Get("enabled")):
	case was == "true" && is == "false":
		d.breaking("sync-disabled", b.Get("enabled"), h.Get("enabled"), "the sync of records is switched off")
	case was == "false" && is == "true":
		d.feature("sync-enabled", b.Get("enabled"), h.Get("enabled"), "the sync of records is switched on")
	default:
		d.unknownField("the field \"enabled\" of sync.syncConfiguration", b.Get("enabled"), h.Get("enabled"))
	}
	fields(b, h, func(key string, b, h *jsondoc.Node) {
		d.fix("sync-settings-changed", b, h, "the field %s of sync.syncConfiguration is changed", quote(key))
	}, "batchSize", "rateLimitPerSecond", "timeout")
	d.unknownFields("sync.syncConfiguration", b, h, "enabled", "batchSize", "rateLimitPerSecond", "timeout")
}

// endpointHosts is what the sync block says for all of its endpoints: the
// hosts of baseUrl, and whether credentials travel there.
type endpointHosts struct {
	base, head  string
	credentials func() bool
}

func (d *differ) resources(syncB, syncH *jsondoc.Node, hosts endpointHosts) {
	b, h := d.ofKind("sync.resources", syncB.Get("resources"), syncH.Get("resources"), jsondoc.Object)
	d.entries("resource", "resource", "", members(b, "name"), members(h, "name"), func(b, h named) {
		where := "resource " + quote(h.name)
		if !b.node.Is(jsondoc.Object) || !h.node.Is(jsondoc.Object) {
			d.unknownField(where, b.node, h.node)
			return
		}
		fields(b.node, h.node, func(_ string, b, h *jsondoc.Node) {
			d.breaking("resource-type-changed", b, h, "%s fills another kind of record", where)
		}, "contentType")
		fields(b.node, h.node, func(key string, b, h *jsondoc.Node) {
			d.fix("resource-display-changed", b, h, "the field %s of %s is changed", quote(key), where)
		}, "name", "displayName", "description", "icon")
		fields(b.node, h.node, func(key string, b, h *jsondoc.Node) {
			d.fix("resource-reading-changed", b, h, "the field %s of %s is changed", quote(key), where)
		}, "expandDetails", "pagination", "responseMapping")
		d.endpoints(where, b.node.Get("endpoints"), h.node.Get("endpoints"), hosts)
		d.records(where, b.node.Get("apiMapping"), h.node.Get("apiMapping"), false)
		d.unknownFields(where, b.node, h.node, "name", "displayName", "description", "icon", "contentType",
			"expandDetails", "pagination", "responseMapping", "endpoints", "apiMapping")
	})
}

func (d *differ) endpoints(where string, b, h *jsondoc.Node, hosts endpointHosts) {
	where = "the endpoints of " + where
	b, h = d.ofKind(where, b, h, jsondoc.Object)
	fields(b, h, func(key string, b, h *jsondoc.Node) {
		if !b.Is(jsondoc.Object) || !h.Is(jsondoc.Object) {
			d.fix("resource-reading-changed", b, h, "the entry %s of %s is changed", quote(key), where)
			return
		}
		d.url("the endpoint "+quote(key)+" of "+where, b.Get("url"), h.Get("url"), hosts.base, hosts.head, hosts.credentials)
		fields(b, h, func(_ string, b, h *jsondoc.Node) {
			d.fix("request-changed", b, h, "the method of the entry %s of %s is changed", quote(key), where)
		}, "method")
		d.unknownFields("the entry "+quote(key)+" of "+where, b, h, "url", "method")
	}, "list", "details")
	d.unknownFields(where, b, h, "list", "details")
}

func (d *differ) handlers(webhooksB, webhooksH *jsondoc.Node) {
	webhooksB, webhooksH = d.ofKind("sync.webhooks", webhooksB, webhooksH, jsondoc.Object)
	d.unknownFields("sync.webhooks", webhooksB, webhooksH, "handlers")
	b, h := d.ofKind("sync.webhooks.handlers", webhooksB.Get("handlers"), webhooksH.Get("handlers"), jsondoc.Object)
	d.entries("handler", "sync handler", "", members(b, ""), members(h, ""), func(b, h named) {
		where := "sync handler " + quote(h.name)
		if !b.node.Is(jsondoc.Object) || !h.node.Is(jsondoc.Object) {
			d.unknownField(where, b.node, h.node)
			return
		}
		fields(b.node, h.node, func(key string, b, h *jsondoc.Node) {
			d.breaking("handler-target-changed", b, h, "the field %s of %s is changed, so that events reach other records", quote(key), where)
		}, "resource", "recordType")
		fields(b.node, h.node, func(key string, b, h *jsondoc.Node) {
			d.fix("handler-changed", b, h, "the field %s of %s is changed", quote(key), where)
		}, "operation", "dataPath")
		d.records(where, b.node.Get("mapping"), h.node.Get("mapping"), false)
		d.unknownFields(where, b.node, h.node, "resource", "recordType", "operation", "dataPath", "mapping")
	})
}

// rule writes a mapping rule in one spelling: a bare path and an object with
// only a path are the same. below is put before a bare path.
func rule(n *jsondoc.Node, below string) string {
	if p := n.Get("path"); n.Is(jsondoc.Object) && len(n.Children) == 1 && p.Is(jsondoc.String) {
		n = p
	}
	if path, ok := n.Str(); ok {
		return below + path
	}
	return below + canonical(n)
}

// records compares how the fields of a record are filled. The names of the
// fields are Karzoun's, so that nothing is ever renamed. elsewhere says that
// the code is compared by the caller when both sides have one.
func (d *differ) records(of string, b, h *jsondoc.Node, elsewhere bool) {
	b, h = d.ofKind("the mapping of "+of, b, h, jsondoc.Object)
	for _, n := range members(b, "") {
		field := "the field " + quote(n.name) + " of " + of
		switch is := h.Get(n.name); {
		case is == nil:
			d.breaking("record-field-removed", n.node, nil, "%s is no longer filled", field)
		case rule(n.node, "") == rule(is, "") || elsewhere && n.name == "code":
		case n.name == "code":
			d.breaking("code-mapping-changed", n.node, is, "%s is read from another place, so that records would be made twice", field)
		default:
			d.fix("record-field-changed", n.node, is, "%s is read from another place", field)
		}
	}
	for _, n := range members(h, "") {
		if b.Get(n.name) == nil {
			d.feature("record-field-added", nil, n.node, "the field %s of %s is now filled", quote(n.name), of)
		}
	}
}
