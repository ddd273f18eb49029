package compat

import (
	"cmp"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// blocks returns a top-level field of both sides when it has this kind, else
// nil. A null counts as absent, as in "webhook": null.
func (d *differ) blocks(key string, kind jsondoc.Kind) (base, head *jsondoc.Node) {
	return d.ofKind(quote(key), d.base.Doc.Root.Get(key), d.head.Doc.Root.Get(key), kind)
}

// ofKind returns each side when it has this kind, else nil, and reports a
// difference that is lost by this. where names the field.
func (d *differ) ofKind(where string, base, head *jsondoc.Node, kind jsondoc.Kind) (b, h *jsondoc.Node) {
	b, h = base, head
	if b.Is(jsondoc.Null) {
		b = nil
	}
	if h.Is(jsondoc.Null) {
		h = nil
	}
	badBase, badHead := b != nil && b.Kind != kind, h != nil && h.Kind != kind
	if (badBase || badHead) && !same(b, h) {
		d.unknownField(where, b, h)
	}
	if badBase {
		b = nil
	}
	if badHead {
		h = nil
	}
	return b, h
}

// rest reports elements of a list that should be objects and are not.
func (d *differ) rest(where string, base, head *jsondoc.Node, b, h []*jsondoc.Node) {
	if !slices.EqualFunc(b, h, same) {
		d.unknownField("an entry of "+where+" that is no object", base, head)
	}
}

// entries compares two lists of things that tenants name: what is gone or has
// another name breaks them, what is new does not. The ids are id-removed,
// id-renamed and id-added. both, when not nil, compares what goes on.
func (d *differ) entries(id, what, of string, base, head []named, both func(b, h named)) {
	for _, p := range match(base, head) {
		b, h := get(base, p.base), get(head, p.head)
		switch {
		case p.head < 0:
			d.breaking(id+"-removed", b.node, nil, "%s %s%s is removed", what, quote(b.name), of)
		case p.base < 0:
			d.feature(id+"-added", nil, h.node, "%s %s%s is added", what, quote(h.name), of)
		default:
			if p.renamed {
				d.breaking(id+"-renamed", b.node, h.node, "%s %s%s is now called %s", what, quote(b.name), of, quote(h.name))
			}
			if both != nil && !same(b.node, h.node) {
				both(b, h)
			}
		}
	}
}

// request compares what a request sends, without its mapping. where names it;
// credentials says that the install's credentials travel with it even when its
// own text does not show them.
func (d *differ) request(where string, b, h *jsondoc.Node, credentials bool, alsoKnown ...string) {
	d.url(where, b.Get("url"), h.Get("url"), "", "", func() bool {
		return credentials || d.usesCredentials(b) || d.usesCredentials(h)
	})
	fields(b, h, func(_ string, b, h *jsondoc.Node) {
		d.fix("headers-changed", b, h, "the headers of %s are changed", where)
	}, "headers")
	fields(b, h, func(key string, b, h *jsondoc.Node) {
		if key == "type" && (b == nil || b.Text() == "http") && (h == nil || h.Text() == "http") {
			return
		}
		d.fix("request-changed", b, h, "the field %s of %s is changed", quote(key), where)
	}, "type", "method", "queryParams", "bodyType", "body")
	d.unknownFields(where, b, h, append([]string{"url", "headers", "type", "method", "queryParams", "bodyType", "body", "mapping"}, alsoKnown...)...)
}

// url compares two URLs. homeB and homeH are the hosts to which they go when
// they are relative; credentials says whether credentials travel with them.
func (d *differ) url(where string, b, h *jsondoc.Node, homeB, homeH string, credentials func() bool) {
	if same(b, h) {
		return
	}
	before, after := cmp.Or(host(b.Text()), homeB), cmp.Or(host(h.Text()), homeH)
	switch {
	case before == after:
		d.fix("url-changed", b, h, "the URL of %s is changed", where)
	case before != "" && credentials():
		d.breaking("host-changed", b, h, "%s goes to the host %s instead of %s; the credentials that tenants have entered belong to the former", where, quote(after), quote(before))
	default:
		d.feature("request-host-changed", b, h, "%s goes to another host, to which it takes no credentials of tenants", where)
	}
}

// host returns the host of a URL in lower case, without port; placeholders
// stay as they are. It is "" for relative URLs.
func host(url string) string {
	rest := url
	if i := strings.Index(url, "://"); i > 0 && !strings.ContainsAny(url[:i], "/?#[]{}") {
		rest = url[i+3:]
	} else if strings.HasPrefix(url, "//") {
		rest = url[2:]
	} else if !strings.HasPrefix(url, "[[") && !strings.HasPrefix(url, "{{") {
		return ""
	}
	var b strings.Builder
	for rest != "" {
		if open := rest[:min(2, len(rest))]; open == "[[" || open == "{{" {
			end := strings.Index(rest, map[string]string{"[[": "]]", "{{": "}}"}[open])
			if end < 0 {
				end = len(rest) - 2
			}
			b.WriteString(rest[:end+2])
			rest = rest[end+2:]
			continue
		}
		c := rest[0]
		if strings.IndexByte("/?#:\\", c) >= 0 {
			break
		}
		if c == '@' {
			b.Reset()
		} else if 'A' <= c && c <= 'Z' {
			b.WriteByte(c + 'a' - 'A')
		} else {
			b.WriteByte(c)
		}
		rest = rest[1:]
	}
	return strings.TrimSuffix(b.String(), ".")
}

// usesCredentials reports whether a string at or below a node is filled from
// what the tenant has entered or the provider has granted.
func (d *differ) usesCredentials(n *jsondoc.Node) bool {
	if d.credentials == nil {
		d.credentials = map[string]bool{}
		for _, a := range []*jsondoc.Node{d.base.Doc.Root.Get("auth"), d.head.Doc.Root.Get("auth")} {
			for _, m := range a.Get("config").Members() {
				d.credentials[m.Key] = true
			}
			for _, m := range a.Get("form").Members() {
				d.credentials[m.Key] = true
			}
		}
	}
	for _, p := range definition.PlaceholdersBelow(n) {
		if p.Credential || d.credentials[p.Key] {
			return true
		}
	}
	return false
}

// mapped returns the outputs that a mapping names, in both of its shapes.
func mapped(mapping *jsondoc.Node) []named {
	if mapping.Is(jsondoc.Object) {
		return members(mapping, "")
	}
	var list []named
	for _, e := range mapping.Elements() {
		if e.Is(jsondoc.Object) {
			list = append(list, named{name: e.Get("name").Text(), node: e, content: e.Get("value")})
		}
	}
	return list
}

// outputs compares the outputs of an action or a request. of names it.
func (d *differ) outputs(of string, b, h []named) {
	d.entries("output", "output", of, b, h, func(b, h named) {
		if !same(b.content, h.content) {
			d.fix("output-path-changed", b.node, h.node, "output %s%s is read from another place", quote(h.name), of)
		}
		if b.node.Parent.Is(jsondoc.Array) && h.node.Parent.Is(jsondoc.Array) {
			d.unknownFields("output "+quote(h.name)+of, b.node, h.node, "name", "value")
		}
	})
}

// mapping compares what mapped leaves out: mappings of another type, and
// elements that are no objects.
func (d *differ) mapping(where string, b, h *jsondoc.Node) {
	if same(b, h) {
		return
	}
	odd := func(n *jsondoc.Node) bool {
		return n != nil && !n.Is(jsondoc.Object) &&
			(!n.Is(jsondoc.Array) || slices.ContainsFunc(n.Children, func(e *jsondoc.Node) bool { return !e.Is(jsondoc.Object) }))
	}
	if odd(b) || odd(h) {
		d.unknownField("the mapping of "+where, b, h)
	}
}
