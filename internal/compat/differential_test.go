package compat_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/xeipuuv/gojsonschema"

	"github.com/karzoun/miniapp-review/internal/compat"
)

// TestWhatIsRefusedNowIsBreaking samples values for the parameters of an
// action. What an independent validator accepts by the old schema and refuses
// by the new one must have been called breaking.
func TestWhatIsRefusedNowIsBreaking(t *testing.T) {
	var compared, told, refused, accepted int
	for seed := range uint64(1200) {
		g := &schemas{generator: newGenerator(seed)}
		before := g.root()
		after := clone(t, before)
		for range 1 + g.IntN(3) {
			g.mutate(after)
		}
		was, err := gojsonschema.NewSchema(gojsonschema.NewGoLoader(before))
		if err != nil {
			continue // the validator does not take every schema that is made here
		}
		is, err := gojsonschema.NewSchema(gojsonschema.NewGoLoader(after))
		if err != nil {
			continue
		}
		compared++
		action := func(parameters object) string {
			return encode(t, object{"actions": list{object{"name": "a", "parameters": parameters}}})
		}
		changes := compat.Diff(parse(t, action(before)), parse(t, action(after)))
		breaking := compat.Greatest(changes) == compat.Breaking
		if breaking {
			told++
		}
		for range 30 {
			value := g.value(pick(g.generator, before, after), before, 0)
			if !accepts(t, was, value) {
				continue
			}
			accepted++
			if accepts(t, is, value) {
				continue
			}
			if !breaking {
				t.Fatalf("seed %d: refuses %s now, which is %v\nbefore %s\nafter %s", seed, encode(t, value), report(changes), encode(t, before), encode(t, after))
			}
			refused++
			break
		}
	}
	t.Logf("%d pairs, of which %d are told to be breaking; %d values were accepted before, and %d pairs refuse one now", compared, told, accepted, refused)
	// The samples must be able to find what they look for.
	if compared < 1000 || told > compared*9/10 || refused < 400 || accepted < 5000 {
		t.Error("too little is tried")
	}
}

func accepts(t *testing.T, s *gojsonschema.Schema, value any) bool {
	t.Helper()
	result, err := s.Validate(gojsonschema.NewGoLoader(value))
	if err != nil {
		t.Fatal(err)
	}
	return result.Valid()
}

// schemas makes JSON Schemas for parameters, edits of them, and values.
type schemas struct{ *generator }

func (g *schemas) root() object {
	s := object{"type": "object", "properties": object{}}
	for _, name := range []string{"a", "b", "c"} {
		if g.chance(70) {
			s["properties"].(object)[name] = g.schema(0)
		}
	}
	g.requireSome(s)
	if g.chance(20) {
		s["definitions"] = object{"d": g.schema(2)}
		s["properties"].(object)["b"] = object{"$ref": "#/definitions/d"}
	}
	return s
}

func (g *schemas) requireSome(s object) {
	names := list{}
	for _, name := range []string{"a", "b", "c"} {
		if g.chance(30) {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		s["required"] = names
	}
}

func (g *schemas) schema(depth int) any {
	s := object{}
	for range g.IntN(4) {
		g.keyword(s, depth)
	}
	return s
}

func (g *schemas) scalar() any {
	return pick[any](g.generator, "", "x", "one", "two", "2026-11-24", "ünï", 0, 1, -3, 7, 2.5, 12, 100, true, false, nil)
}

func (g *schemas) types() any {
	word := func() any {
		return pick[any](g.generator, "string", "number", "integer", "boolean", "array", "object", "null")
	}
	if g.chance(70) {
		return word()
	}
	return times(1+g.IntN(3), word)
}

// keyword sets one keyword of a schema.
func (g *schemas) keyword(s object, depth int) {
	small := func() any { return pick[any](g.generator, 0, 1, 2, 3, 5, 2.0) }
	inner := func() any {
		if depth > 1 {
			return pick[any](g.generator, object{}, object{"type": "string"}, true, false)
		}
		return g.schema(depth + 1)
	}
	switch g.IntN(24) {
	case 0, 1, 2, 3:
		s["type"] = g.types()
		if l, ok := s["type"].(list); ok {
			s["type"] = unique(l)
		}
	case 4, 5:
		s["enum"] = unique(times(1+g.IntN(4), g.scalar))
	case 6:
		s["const"] = g.scalar()
	case 7:
		s[pick(g.generator, "minLength", "maxLength")] = small()
	case 8, 9:
		s[pick(g.generator, "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")] = pick[any](g.generator, -1, 0, 1, 2.5, 7, 10)
	case 10:
		s[pick(g.generator, "minItems", "maxItems", "minProperties", "maxProperties")] = small()
	case 11:
		s["multipleOf"] = pick[any](g.generator, 0.5, 1, 2, 3, 6)
	case 12:
		s["pattern"] = pick(g.generator, "^x", "o", "^[a-z]*$")
	case 13:
		s["uniqueItems"] = g.chance(50)
	case 14, 15:
		s["items"] = inner()
	case 16, 17:
		p := object{}
		for _, name := range []string{"a", "b"} {
			if g.chance(60) {
				p[name] = inner()
			}
		}
		s["properties"] = p
		g.requireSome(s)
	case 18:
		s["additionalProperties"] = inner()
	case 19:
		s[pick(g.generator, "anyOf", "allOf", "oneOf")] = times(1+g.IntN(2), inner)
	case 20:
		s["not"] = object{"type": g.types()}
		s["not"].(object)["type"] = "string"
	case 21:
		s["format"] = pick(g.generator, "date", "email")
	case 22:
		s["patternProperties"] = object{"^a": inner()}
	case 23:
		s[pick(g.generator, "contains", "propertyNames")] = inner()
	}
}

func unique(l list) list {
	seen := map[string]bool{}
	return slices.DeleteFunc(l, func(v any) bool {
		text, _ := json.Marshal(v)
		known := seen[string(text)]
		seen[string(text)] = true
		return known
	})
}

// mutate changes one keyword somewhere in a schema.
func (g *schemas) mutate(s object) {
	keys := []string{}
	for key := range s {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	if len(keys) > 0 && g.chance(80) {
		switch key := pick(g.generator, keys...); v := s[key].(type) {
		case object:
			if key == "properties" || key == "definitions" || key == "patternProperties" {
				names := []string{}
				for name := range v {
					names = append(names, name)
				}
				slices.Sort(names)
				if len(names) == 0 || g.chance(20) {
					v[pick(g.generator, "a", "b", "c")] = g.schema(1)
					return
				}
				name := pick(g.generator, names...)
				if inner, ok := v[name].(object); ok && !g.chance(10) {
					g.mutate(inner)
					return
				}
				delete(v, name)
				return
			}
			g.mutate(v)
			return
		case list:
			switch {
			case g.chance(40) && len(v) > 1:
				s[key] = v[:len(v)-1]
			case key == "enum":
				s[key] = unique(append(slices.Clone(v), g.scalar()))
			case key == "required":
				s[key] = unique(append(slices.Clone(v), pick(g.generator, "a", "b", "c")))
			case key == "type":
				s[key] = unique(append(slices.Clone(v), "string"))
			default:
				delete(s, key)
			}
			return
		default:
			if g.chance(50) {
				delete(s, key)
				return
			}
		}
	}
	g.keyword(s, 1)
}

// value makes a value that has a chance to fit a schema. Below properties it
// uses the names that base knows: tenants send no others.
func (g *schemas) value(schema, base any, depth int) any {
	s, _ := schema.(object)
	b, _ := base.(object)
	if depth == 0 {
		return g.object(s, b, depth)
	}
	if e, ok := s["enum"].(list); ok && g.chance(60) {
		return e[g.IntN(len(e))]
	}
	if c, ok := s["const"]; ok && g.chance(60) {
		return c
	}
	types := []any{"string", "number", "boolean", "array", "object", "null"}
	switch v := s["type"].(type) {
	case string:
		types = list{v}
	case list:
		types = v
	}
	if g.chance(15) || depth > 3 {
		return g.scalar()
	}
	switch pick(g.generator, types...) {
	case "string":
		return pick[any](g.generator, "", "x", "one", "two", "xox", "2026-11-24", "a@b.example", "longer text", "ünï")
	case "number", "integer":
		return pick[any](g.generator, -3, -1, 0, 1, 2, 3, 6, 7, 10, 12, 2.5, 0.25, 100)
	case "boolean":
		return g.chance(50)
	case "null":
		return nil
	case "array":
		return times(g.IntN(4), func() any { return g.value(s["items"], b["items"], depth+1) })
	}
	return g.object(s, b, depth)
}

func (g *schemas) object(s, b object, depth int) any {
	o := object{}
	known, _ := b["properties"].(object)
	properties, _ := s["properties"].(object)
	for _, name := range []string{"a", "b", "c", "other"} {
		_, named := known[name]
		if !named && b["additionalProperties"] == nil && b["patternProperties"] == nil && !strings.Contains(asText(b["required"]), `"`+name+`"`) {
			continue
		}
		if g.chance(70) {
			o[name] = g.value(properties[name], known[name], depth+1)
		}
	}
	return o
}

func asText(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}
