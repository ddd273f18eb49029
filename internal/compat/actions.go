package compat

import (
	"slices"
	"strconv"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// named compares a top-level list of objects that tenants know by a name.
func (d *differ) named(key, by, id, what string, both func(b, h named)) {
	b, h := d.blocks(key, jsondoc.Array)
	base, restB := elements(b, by)
	head, restH := elements(h, by)
	d.rest(quote(key), b, h, restB, restH)
	d.entries(id, what, "", base, head, func(b, h named) {
		// The name itself is compared by entries, when it is a string.
		if !b.node.Get(by).Is(jsondoc.String) || !h.node.Get(by).Is(jsondoc.String) {
			fields(b.node, h.node, func(key string, b, h *jsondoc.Node) {
				d.unknownField("the field "+quote(key)+" of "+what+" "+strconv.Itoa(at(b, h)), b, h)
			}, by)
		}
		both(b, h)
	})
}

// at returns the number, from 1, of the entry that holds a field.
func at(b, h *jsondoc.Node) int {
	if h == nil {
		h = b
	}
	return h.Parent.Index() + 1
}

func (d *differ) actions() {
	d.named("actions", "name", "action", "action", func(b, h named) {
		where := "action " + quote(h.name)
		fields(b.node, h.node, func(key string, b, h *jsondoc.Node) {
			d.fix("action-display-changed", b, h, "the field %s of %s is changed", quote(key), where)
		}, "title", "description", "renderStrategy")
		d.parameters(where, b.node, h.node)
		d.pipeline(where, b.node.Get("requests"), h.node.Get("requests"))
		d.unknownFields(where, b.node, h.node, "name", "title", "description", "renderStrategy", "parameters", "requests")
	})
}

// align pairs the steps of two lists by position, after what is equal at the
// start and at the end of both: a step put between others is one addition.
func align(base, head []*jsondoc.Node) []pair {
	start := 0
	for start < min(len(base), len(head)) && same(base[start], head[start]) {
		start++
	}
	end := 0
	for end < min(len(base), len(head))-start && same(base[len(base)-1-end], head[len(head)-1-end]) {
		end++
	}
	var pairs []pair
	for i := start; i < max(len(base), len(head))-end; i++ {
		p := pair{base: i, head: i}
		if i >= len(base)-end {
			p.base = -1
		}
		if i >= len(head)-end {
			p.head = -1
		}
		pairs = append(pairs, p)
	}
	return pairs
}

// ordinal is the number of a step for people.
func ordinal(p pair) string { return strconv.Itoa(max(p.base, p.head) + 1) }

// pipeline compares the requests of an action. Tenants know the outputs of an
// action as a whole, so these are compared apart from the steps.
func (d *differ) pipeline(where string, b, h *jsondoc.Node) {
	b, h = d.ofKind("the field \"requests\" of "+where, b, h, jsondoc.Array)
	if same(b, h) {
		return
	}
	base, head := b.Elements(), h.Elements()
	for _, p := range align(base, head) {
		step := "step " + ordinal(p) + " of " + where
		switch {
		case p.head < 0:
			d.fix("step-removed", base[p.base], nil, "%s is removed", step)
		case p.base < 0:
			d.feature("step-added", nil, head[p.head], "%s is added", step)
		default:
			d.step(step, base[p.base], head[p.head])
			lastB, lastH := p.base == len(base)-1, p.head == len(head)-1
			d.passedOn(step, base[p.base].Get("mapping"), head[p.head].Get("mapping"), lastB, lastH)
		}
	}
	d.outputs(" of "+where, results(base), results(head))
}

func (d *differ) step(where string, b, h *jsondoc.Node) {
	if !b.Is(jsondoc.Object) || !h.Is(jsondoc.Object) {
		if !same(b, h) {
			d.unknownField(where, b, h)
		}
		return
	}
	d.request(where, b, h, false, "name", "args")
	d.mapping(where, b.Get("mapping"), h.Get("mapping"))
	fields(b, h, func(key string, b, h *jsondoc.Node) {
		d.fix("request-changed", b, h, "the field %s of %s is changed", quote(key), where)
	}, "name", "args")
}

// passedOn compares the values that a step only hands to later steps.
func (d *differ) passedOn(where string, b, h *jsondoc.Node, lastB, lastH bool) {
	var base, head []named
	if b.Is(jsondoc.Array) && !lastB {
		base = mapped(b)
	}
	if h.Is(jsondoc.Array) && !lastH {
		head = mapped(h)
	}
	for _, p := range match(base, head) {
		vb, vh := get(base, p.base), get(head, p.head)
		if same(vb.node, vh.node) && !p.renamed {
			continue
		}
		name := vh.name
		if vh.node == nil {
			name = vb.name
		}
		d.fix("step-value-changed", vb.node, vh.node, "the value %s that %s hands to later steps is changed", quote(name), where)
	}
}

// results returns the outputs of a pipeline: what its steps map as an object,
// and what its last step maps in any shape. Of equal names the last counts.
func results(steps []*jsondoc.Node) []named {
	var all []named
	for i, s := range steps {
		if m := s.Get("mapping"); m.Is(jsondoc.Object) || i == len(steps)-1 {
			all = append(all, mapped(m)...)
		}
	}
	last := make(map[string]int, len(all))
	for i, o := range all {
		last[o.name] = i
	}
	var kept []named
	for i, o := range all {
		if last[o.name] == i {
			kept = append(kept, o)
		}
	}
	return kept
}

// functions compares the App Functions. Tenants do not know them; what they
// return is no more visible to this package than it is to a schema.
func (d *differ) functions() {
	b, h := d.blocks("functions", jsondoc.Object)
	base, head := members(b, ""), members(h, "")
	for _, p := range match(base, head) {
		fb, fh := get(base, p.base), get(head, p.head)
		switch {
		case p.head < 0:
			d.fix("function-removed", fb.node, nil, "function %s is removed", quote(fb.name))
		case p.base < 0:
			d.feature("function-added", nil, fh.node, "function %s is added", quote(fh.name))
		case p.renamed:
			d.feature("function-renamed", fb.node, fh.node, "function %s is now called %s", quote(fb.name), quote(fh.name))
		case !fb.node.Is(jsondoc.Object) || !fh.node.Is(jsondoc.Object):
			if !same(fb.node, fh.node) {
				d.unknownField("function "+quote(fh.name), fb.node, fh.node)
			}
		default:
			fields(fb.node, fh.node, func(key string, b, h *jsondoc.Node) {
				d.fix("function-changed", b, h, "the %s of function %s is changed", key, quote(fh.name))
			}, "params", "code")
			d.unknownFields("function "+quote(fh.name), fb.node, fh.node, "params", "code")
		}
	}
}

func (d *differ) triggers() {
	d.named("triggers", "event", "trigger", "trigger", func(b, h named) {
		where := "trigger " + quote(h.name)
		fields(b.node, h.node, func(_ string, b, h *jsondoc.Node) {
			d.breaking("trigger-type-changed", b, h, "the type of %s is changed; automations that wait for the old one no longer start", where)
		}, "type")
		fields(b.node, h.node, func(key string, b, h *jsondoc.Node) {
			d.fix("trigger-display-changed", b, h, "the field %s of %s is changed", quote(key), where)
		}, "img", "icon", "label", "description")
		d.unknownFields(where, b.node, h.node, "event", "type", "img", "icon", "label", "description")
	})
}

func (d *differ) sources() {
	b, h := d.blocks("source", jsondoc.Object)
	d.entries("source", "source", "", members(b, ""), members(h, ""), func(b, h named) {
		where := "source " + quote(h.name)
		if !b.node.Is(jsondoc.Object) || !h.node.Is(jsondoc.Object) {
			d.unknownField(where, b.node, h.node)
			return
		}
		d.request(where, b.node, h.node, false, "dataPath", "valueField", "labelField")
		fields(b.node, h.node, func(_ string, b, h *jsondoc.Node) {
			d.breaking("source-value-changed", b, h, "%s takes its values from another field; automations keep the old values", where)
		}, "valueField")
		fields(b.node, h.node, func(key string, b, h *jsondoc.Node) {
			d.fix("source-display-changed", b, h, "the field %s of %s is changed", quote(key), where)
		}, "dataPath", "labelField", "mapping")
	})
}

func (d *differ) panels() {
	d.named("dashboardApps", "key", "panel", "panel", func(b, h named) {
		where := "panel " + quote(h.name)
		fields(b.node, h.node, func(_ string, b, h *jsondoc.Node) {
			d.fix("panel-display-changed", b, h, "the name of %s is changed", where)
		}, "name")
		fields(b.node, h.node, func(_ string, b, h *jsondoc.Node) {
			if host(b.Text()) != host(h.Text()) {
				d.feature("panel-host-changed", b, h, "the page of %s moves to another host", where)
				return
			}
			d.fix("panel-url-changed", b, h, "the page of %s moves on its host", where)
		}, "iframeUrl")
		d.allowed(where, b.node.Get("allowedActions"), h.node.Get("allowedActions"))
		d.unknownFields(where, b.node, h.node, "key", "name", "iframeUrl", "allowedActions")
	})
}

func (d *differ) allowed(where string, b, h *jsondoc.Node) {
	b, h = d.ofKind("the field \"allowedActions\" of "+where, b, h, jsondoc.Array)
	inBase, inHead := map[string]bool{}, map[string]bool{}
	for _, e := range b.Elements() {
		inBase[e.Text()+e.Literal()] = true
	}
	for _, e := range h.Elements() {
		inHead[e.Text()+e.Literal()] = true
	}
	for _, e := range slices.Concat(b.Elements(), h.Elements()) {
		switch name := e.Text() + e.Literal(); {
		case !inHead[name]:
			d.fix("panel-action-removed", e, nil, "%s may no longer run the action %s", where, quote(name))
			inHead[name] = true
		case !inBase[name]:
			d.feature("panel-action-added", nil, e, "%s may now run the action %s", where, quote(name))
			inBase[name] = true
		}
	}
}
