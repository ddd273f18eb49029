package compat

import (
	"strings"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// requirement is the required list of a schema, by name.
type requirement map[string]*jsondoc.Node

func required(schema *jsondoc.Node) requirement {
	r := requirement{}
	for _, e := range schema.Get("required").Elements() {
		if name, ok := e.Str(); ok && r[name] == nil {
			r[name] = e
		}
	}
	return r
}

// properties compares the named parameters of a schema and which of them are
// required.
func (d *differ) properties(s spot, b, h *jsondoc.Node) {
	for _, side := range []*jsondoc.Node{b.Get("required"), h.Get("required")} {
		if side != nil && !side.Is(jsondoc.Array) {
			fields(b, h, func(_ string, b, h *jsondoc.Node) {
				d.breaking("parameter-check-changed", b, h, "the check \"required\" of %s is changed; values that were accepted may be refused", s)
			}, "required")
			break
		}
	}
	pb, ph := d.ofKind("the field \"properties\" of "+s.String(), b.Get("properties"), h.Get("properties"), jsondoc.Object)
	needB, needH := required(b), required(h)
	base, head := members(pb, ""), members(ph, "")
	told := map[string]bool{} // names whose requirement is not to be told apart
	for _, p := range match(base, head) {
		ob, oh := get(base, p.base), get(head, p.head)
		told[ob.name], told[oh.name] = true, true // "" at worst, which no form can show
		switch {
		case p.head < 0:
			d.breaking("parameter-removed", ob.node, nil, "%s is removed", s.child(ob.name, false))
			continue
		case p.base < 0:
			d.newProperty(s, b, oh, needB[oh.name] != nil, needH[oh.name] != nil)
			continue
		case p.renamed:
			d.breaking("parameter-renamed", ob.node, oh.node, "%s is now called %s", s.child(ob.name, false), quote(oh.name))
		}
		inner := s.child(oh.name, needB[ob.name] != nil)
		switch was, is := needB[ob.name] != nil, needH[oh.name] != nil; {
		case !was && is:
			d.breaking("parameter-required", ob.node, oh.node, "%s is now required, and automations may leave it empty", inner)
		case was && !is:
			d.feature("parameter-optional", ob.node, oh.node, "%s is no longer required", inner)
		}
		d.schema(inner, ob.node, oh.node)
	}
	d.bareRequirements(s, b, h, needB, needH, told)
}

// newProperty reports a parameter that only head names.
func (d *differ) newProperty(s spot, b *jsondoc.Node, p named, was, is bool) {
	inner := s.child(p.name, false)
	switch {
	case is && !was:
		d.breaking("parameter-required", nil, p.node, "the new %s is required, and automations do not fill it in", inner)
	case !open(p.node) && (was || b.Get("additionalProperties") != nil && !closed(b.Get("additionalProperties")) || b.Get("patternProperties") != nil):
		// Base invites values under this name, of any kind.
		d.breaking("parameter-check-changed", nil, p.node, "%s could have any value before and is now checked", inner)
	default:
		d.feature("parameter-added", nil, p.node, "%s is added", inner)
	}
}

// bareRequirements compares the required names that are no properties. It goes
// through the lists themselves, for the order.
func (d *differ) bareRequirements(s spot, b, h *jsondoc.Node, needB, needH requirement, told map[string]bool) {
	for _, e := range h.Get("required").Elements() {
		if name, ok := e.Str(); ok && !told[name] && needB[name] == nil && needH[name] == e {
			d.breaking("parameter-required", nil, e, "%s is now required, and automations may leave it empty", s.child(name, false))
		}
	}
	for _, e := range b.Get("required").Elements() {
		if name, ok := e.Str(); ok && !told[name] && needH[name] == nil && needB[name] == e {
			d.feature("parameter-optional", e, nil, "%s is no longer required", s.child(name, false))
		}
	}
}

// annotations compares what a schema says beside what it accepts.
func (d *differ) annotations(s spot, b, h *jsondoc.Node) {
	fields(b, h, func(_ string, b, h *jsondoc.Node) {
		if s.needed && b != nil {
			d.breaking("required-default-changed", b, h, "the default value of the required %s is changed; automations that rely on it send another value", s)
			return
		}
		d.feature("parameter-default-changed", b, h, "the default value of %s is changed", s)
	}, "default")
	fields(b, h, func(key string, b, h *jsondoc.Node) {
		d.fix("parameter-display-changed", b, h, "the field %s of %s is changed", quote(key), s)
	}, "title", "description", "examples", "$comment")
	fields(b, h, func(key string, b, h *jsondoc.Node) {
		d.feature("parameter-source-changed", b, h, "the field %s of %s is changed: tenants get other values to choose from", quote(key), s)
	}, "x-source", "x-fallback")
	d.unknownFields(s.String(), b, h, append(checkKeywords(), strings.Fields(
		"type enum const minimum exclusiveMinimum minLength minItems minProperties "+
			"maximum exclusiveMaximum maxLength maxItems maxProperties multipleOf required properties items additionalProperties "+
			"default title description examples $comment x-source x-fallback")...)...)
}
