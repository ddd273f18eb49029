package compat

import (
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// spot is a schema within the parameters of an action.
type spot struct {
	action string // as messages name it
	path   string // parameter names joined by dots; "" for the parameters as a whole
	// needed says that base requires a value here.
	needed bool
}

func (s spot) String() string {
	switch outer, last := s.outer(); {
	case s.path == "":
		return "the parameters of " + s.action
	case last == "[]":
		return "the entries of " + outer.String()
	case last == "*" && outer.path == "":
		return "further parameters of " + s.action
	case last == "*":
		return "further fields of " + outer.String()
	}
	return "parameter " + quote(s.path) + " of " + s.action
}

// outer splits the last part off the path.
func (s spot) outer() (outer spot, last string) {
	at := strings.LastIndexByte(s.path, '.')
	return spot{action: s.action, path: s.path[:max(at, 0)]}, s.path[at+1:]
}

// child is the spot of a property, of the items ("[]") or of the additional
// properties ("*").
func (s spot) child(name string, needed bool) spot {
	if s.path != "" {
		name = s.path + "." + name
	}
	return spot{s.action, name, needed}
}

// parameters compares the parameters of an action. What base accepts and head
// refuses comes out as breaking, as far as values for named parameters go: a
// tenant sends no others.
func (d *differ) parameters(where string, actionB, actionH *jsondoc.Node) {
	b, h := actionB.Get("parameters"), actionH.Get("parameters")
	if same(b, h) {
		return
	}
	s := spot{action: where}
	if opaque(b) || opaque(h) {
		d.breaking("parameter-check-changed", b, h, "%s are changed and refer to themselves; what was accepted may be refused", s)
		return
	}
	d.schema(s, b, h)
}

// opaque reports whether a schema has references that lead to other places
// than its definitions, all changes of which count as breaking.
func opaque(n *jsondoc.Node) bool {
	found := false
	n.Walk(func(n *jsondoc.Node) bool {
		if n.Key == "$ref" && n.Is(jsondoc.String) &&
			!strings.HasPrefix(n.Text(), "#/definitions/") && !strings.HasPrefix(n.Text(), "#/$defs/") {
			found = true
		}
		return !found
	})
	return found
}

// open reports whether a schema accepts everything.
func open(n *jsondoc.Node) bool {
	return n == nil || n.Is(jsondoc.Object) && len(n.Children) == 0 || n.Is(jsondoc.Bool) && n.Literal() == "true"
}

// closed reports whether a schema accepts nothing.
func closed(n *jsondoc.Node) bool { return n.Is(jsondoc.Bool) && n.Literal() == "false" }

// schema compares two JSON Schemas. Nil is the schema that accepts everything.
func (d *differ) schema(s spot, b, h *jsondoc.Node) {
	valid := func(n *jsondoc.Node) bool { return n == nil || n.Is(jsondoc.Object) || n.Is(jsondoc.Bool) }
	switch {
	case same(b, h) || open(b) && open(h):
		return
	case !valid(b) || !valid(h):
		d.unknownField(s.String(), b, h)
		return
	case closed(h):
		d.breaking("parameter-type-narrowed", b, h, "%s accepts no value any more", s)
		return
	case closed(b):
		d.feature("parameter-type-widened", b, h, "%s accepted no value and does now", s)
		return
	}
	d.types(s, b, h)
	d.enum(s, b, h)
	d.bounds(s, b, h)
	d.checks(s, b, h)
	d.properties(s, b, h)
	for _, key := range []string{"items", "additionalProperties"} {
		name := "[]"
		if key == "additionalProperties" {
			name = "*"
		}
		ib, ih := b.Get(key), h.Get(key)
		if ib.Is(jsondoc.Array) || ih.Is(jsondoc.Array) {
			if !same(ib, ih) {
				d.breaking("parameter-check-changed", ib, ih, "the check %s of %s is changed; values that were accepted may be refused", quote(key), s)
			}
			continue
		}
		d.schema(s.child(name, false), ib, ih)
	}
	d.annotations(s, b, h)
}

// narrowed and widened report a keyword of a schema.
func (d *differ) narrowed(id string, s spot, b, h *jsondoc.Node, why string) {
	d.breaking(id+"-narrowed", b, h, "%s accepts fewer values: %s", s, why)
}

func (d *differ) widened(id string, s spot, b, h *jsondoc.Node, why string) {
	d.feature(id+"-widened", b, h, "%s accepts more values: %s", s, why)
}

// typeNames returns the types that a schema accepts, in a fixed order, and
// whether it names any. A whole set of parameters is always an object.
func typeNames(s spot, n *jsondoc.Node) []string {
	var names []string
	if text, ok := n.Str(); ok {
		names = []string{text}
	}
	for _, e := range n.Elements() {
		names = append(names, e.Text())
	}
	if n == nil {
		names = []string{"array", "boolean", "null", "number", "object", "string"}
		if s.path == "" {
			names = []string{"object"}
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if slices.Contains(names, "number") { // every integer is a number
		names = slices.DeleteFunc(names, func(t string) bool { return t == "integer" })
	}
	return names
}

func (d *differ) types(s spot, b, h *jsondoc.Node) {
	tb, th := b.Get("type"), h.Get("type")
	before, after := typeNames(s, tb), typeNames(s, th)
	if slices.Equal(before, after) {
		return
	}
	lost, _ := setDifference(before, after)
	lost = slices.DeleteFunc(lost, func(t string) bool { return t == "integer" && slices.Contains(after, "number") })
	word := func(n *jsondoc.Node, names []string) string {
		if n == nil {
			return "any"
		}
		return strings.Join(names, " or ")
	}
	why := "its type was " + cut(word(tb, before)) + " and is now " + cut(word(th, after))
	if len(lost) > 0 {
		d.narrowed("parameter-type", s, tb, th, why)
	} else {
		d.widened("parameter-type", s, tb, th, why)
	}
}

// cut shortens a text for a message.
func cut(text string) string { return strings.Trim(quote(text), `"`) }

// enum compares enum and const, which both list what is accepted.
func (d *differ) enum(s spot, b, h *jsondoc.Node) {
	fields(b, h, func(_ string, b, h *jsondoc.Node) {
		if b != nil && !b.Is(jsondoc.Array) || h != nil && !h.Is(jsondoc.Array) {
			d.breaking("parameter-check-changed", b, h, "the check \"enum\" of %s is changed; values that were accepted may be refused", s)
			return
		}
		if h == nil {
			d.widened("parameter-enum", s, b, h, "its list of values is gone")
			return
		}
		if b == nil {
			d.narrowed("parameter-enum", s, b, h, "it now has a list of values")
			return
		}
		lost, gained := false, false
		for _, p := range match(values(b), values(h)) {
			lost = lost || p.head < 0
			gained = gained || p.base < 0
		}
		switch {
		case lost:
			d.narrowed("parameter-enum", s, b, h, "values are gone from its list")
		case gained:
			d.widened("parameter-enum", s, b, h, "its list of values is longer")
		}
	}, "enum")
	fields(b, h, func(_ string, b, h *jsondoc.Node) {
		if h == nil {
			d.widened("parameter-constraint", s, b, h, "it is no longer fixed to one value")
			return
		}
		d.narrowed("parameter-constraint", s, b, h, "it is fixed to another value")
	}, "const")
}

// values returns the values of an enum, each once, named by themselves.
func values(n *jsondoc.Node) []named {
	var list []named
	seen := map[string]bool{}
	for _, e := range n.Elements() {
		key := canonical(e)
		if !seen[key] {
			seen[key] = true
			list = append(list, named{name: key, node: e, content: e}) // same content, same name: never renamed
		}
	}
	return list
}

// canonical writes a value so that the same values give the same text.
func canonical(n *jsondoc.Node) string {
	switch n.Kind {
	case jsondoc.String:
		return jsondoc.Quote(n.Text())
	case jsondoc.Number:
		if r := number(n.Literal()); r != nil {
			return r.RatString()
		}
		return n.Literal()
	case jsondoc.Array, jsondoc.Object:
		parts := make([]string, 0, len(n.Children))
		for _, c := range n.Children {
			switch {
			case n.Kind == jsondoc.Array:
				parts = append(parts, canonical(c))
			case n.Get(c.Key) == c:
				parts = append(parts, jsondoc.Quote(c.Key)+":"+canonical(c))
			}
		}
		if n.Kind == jsondoc.Object {
			slices.Sort(parts)
			return "{" + strings.Join(parts, ",") + "}"
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	return n.Literal()
}

// bounds compares the keywords whose value is a limit.
func (d *differ) bounds(s spot, b, h *jsondoc.Node) {
	limits := func(upper bool, keys ...string) {
		fields(b, h, func(key string, b, h *jsondoc.Node) {
			d.bound(s, key, upper, b, h)
		}, keys...)
	}
	limits(false, "minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
	limits(true, "maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
	fields(b, h, func(key string, b, h *jsondoc.Node) {
		why := "the limit \"multipleOf\" is changed"
		if h == nil {
			d.widened("parameter-constraint", s, b, h, why)
			return
		}
		old, is := number(b.Literal()), number(h.Literal())
		if b.Is(jsondoc.Number) && h.Is(jsondoc.Number) && old != nil && is != nil && is.Sign() > 0 && old.Quo(old, is).IsInt() {
			d.widened("parameter-constraint", s, b, h, why)
			return
		}
		d.narrowed("parameter-constraint", s, b, h, why)
	}, "multipleOf")
}

func (d *differ) bound(s spot, key string, upper bool, b, h *jsondoc.Node) {
	why := "the limit " + quote(key) + " is changed"
	bad := func(n *jsondoc.Node) bool { return n != nil && (!n.Is(jsondoc.Number) || number(n.Literal()) == nil) }
	switch {
	case bad(b) || bad(h): // such as the booleans of draft 4
		d.breaking("parameter-check-changed", b, h, "the check %s of %s is changed; values that were accepted may be refused", quote(key), s)
	case h == nil:
		d.widened("parameter-constraint", s, b, h, why)
	case b == nil || (number(h.Literal()).Cmp(number(b.Literal())) < 0) == upper:
		d.narrowed("parameter-constraint", s, b, h, why)
	default:
		d.widened("parameter-constraint", s, b, h, why)
	}
}

// checks compares the keywords of which this package only knows that they can
// refuse values.
func (d *differ) checks(s spot, b, h *jsondoc.Node) {
	fields(b, h, func(key string, kb, kh *jsondoc.Node) {
		// false is the default of uniqueItems, and as good as none.
		none := func(n *jsondoc.Node) bool { return n == nil || key == "uniqueItems" && n.Literal() == "false" }
		switch {
		case none(kb) && none(kh):
		case none(kh) && gone(key, h):
			d.widened("parameter-constraint", s, kb, kh, "the check "+quote(key)+" is gone")
		default:
			d.breaking("parameter-check-changed", kb, kh, "the check %s of %s is changed; values that were accepted may be refused", quote(key), s)
		}
	}, checkKeywords()...)
}

// gone reports whether a schema without this keyword accepts all that it did
// with it.
func gone(key string, h *jsondoc.Node) bool {
	switch key {
	case "$ref", "$id", "id", "$schema", "$anchor", "$dynamicRef", "definitions", "$defs", "prefixItems", "minContains":
		return false // others depend on it, or it hid its neighbours
	case "patternProperties":
		return open(h.Get("additionalProperties"))
	}
	return true
}

func checkKeywords() []string {
	return []string{
		"pattern", "format", "uniqueItems", "contains", "minContains", "maxContains", "additionalItems", "prefixItems",
		"patternProperties", "propertyNames", "dependencies", "dependentRequired", "dependentSchemas",
		"unevaluatedItems", "unevaluatedProperties", "if", "then", "else", "allOf", "anyOf", "oneOf", "not",
		"$ref", "$dynamicRef", "$anchor", "$id", "id", "$schema", "definitions", "$defs",
	}
}
