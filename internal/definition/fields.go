package definition

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/nearest"
)

// StrayField is a member of an object whose name the schema does not know.
type StrayField struct {
	// Node is the member.
	Node *jsondoc.Node
	// SameLetters is the known name that differs only in the case of letters,
	// or "". Readers that ignore case take the member for that field.
	SameLetters string
	// Near is the known name that is nearest, or "".
	Near string
}

// StrayFields returns the members of a document that the schema does not name,
// in the order of the text. Objects whose keys are free (configuration, headers,
// mappings, JSON Schemas of parameters) are only looked into.
func (v *Validator) StrayFields(doc *jsondoc.Document) []StrayField {
	return v.fields.stray(doc.Root, nil)
}

// fields are the names that the objects at one place of a definition may have.
// They are read from the schema, so that there is no second list to keep true.
type fields struct {
	names  map[string]*fields
	sorted []string
	folded map[string]string
	// open says that other names are no mistake.
	open bool
	// other is what members with other names are, items what elements are.
	other, items *fields
	// Where the schema has a condition, the member named by key decides which
	// fields there are: then if it is value, else otherwise.
	key, value string
	then, els  *fields
}

func (f *fields) stray(n *jsondoc.Node, found []StrayField) []StrayField {
	if f == nil {
		return found
	}
	for _, e := range n.Elements() {
		found = f.items.stray(e, found)
	}
	if !n.Is(jsondoc.Object) {
		return found
	}
	if f.key != "" {
		if n.Get(f.key).Text() == f.value {
			return f.then.stray(n, found)
		}
		return f.els.stray(n, found)
	}
	for _, m := range n.Children {
		next, known := f.names[m.Key]
		switch {
		case known:
			found = next.stray(m, found)
		case f.open:
			found = f.other.stray(m, found)
		default:
			s := StrayField{Node: m, SameLetters: f.folded[fold(m.Key)]}
			s.Near, _ = nearest.Word(m.Key, f.sorted)
			found = append(found, s)
		}
	}
	return found
}

// fold maps names that differ only in the case of letters to the same text, in
// the way of encoding/json: the long s and the Kelvin sign are letters too.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for o := unicode.SimpleFold(r); o != r; o = unicode.SimpleFold(o) {
			least = min(least, o)
		}
		return least
	}, s)
}

// fieldReader reads fields from a schema. It knows the keywords that the
// schema uses, and refuses others, so that no new one is passed over.
type fieldReader struct {
	definitions map[string]any
	done        map[string]*fields
}

func readFields(schema map[string]any) (*fields, error) {
	definitions, _ := schema["definitions"].(map[string]any)
	r := &fieldReader{definitions: definitions, done: map[string]*fields{}}
	f, err := r.read(schema)
	if err != nil {
		return nil, fmt.Errorf("reading the fields of the schema: %w", err)
	}
	return f, nil
}

func (r *fieldReader) read(value any) (*fields, error) {
	schema, ok := value.(map[string]any)
	if !ok {
		return nil, nil // true: anything goes
	}
	for _, keyword := range []string{"anyOf", "not", "patternProperties", "dependencies"} {
		if schema[keyword] != nil {
			return nil, fmt.Errorf("the keyword %q is not known here", keyword)
		}
	}
	if ref, ok := schema["$ref"].(string); ok {
		return r.definition(strings.TrimPrefix(ref, "#/definitions/"))
	}
	if schema["if"] != nil {
		return r.condition(schema)
	}
	f := &fields{names: map[string]*fields{}}
	return f, r.fill(f, schema)
}

func (r *fieldReader) definition(name string) (*fields, error) {
	if f, ok := r.done[name]; ok {
		return f, nil
	}
	schema, ok := r.definitions[name].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("there is no definition %q", name)
	}
	f := &fields{names: map[string]*fields{}}
	r.done[name] = f // before it is filled: definitions may hold themselves
	return f, r.fill(f, schema)
}

func (r *fieldReader) fill(f *fields, schema map[string]any) error {
	var err error
	properties, _ := schema["properties"].(map[string]any)
	for name, s := range properties {
		if f.names[name], err = r.read(s); err != nil {
			return err
		}
	}
	if f.items, err = r.read(schema["items"]); err != nil {
		return err
	}
	if f.other, err = r.read(schema["additionalProperties"]); err != nil {
		return err
	}
	parts, _ := schema["allOf"].([]any)
	choices, _ := schema["oneOf"].([]any)
	for _, s := range slices.Concat(parts, choices) {
		part, err := r.read(s)
		if err != nil {
			return err
		}
		if part != nil {
			maps.Copy(f.names, part.names)
		}
	}
	closed, isBool := schema["additionalProperties"].(bool)
	f.open = len(f.names) == 0 || f.other != nil || isBool && closed
	f.sorted = slices.Sorted(maps.Keys(f.names))
	f.folded = make(map[string]string, len(f.sorted))
	for _, name := range f.sorted {
		f.folded[fold(name)] = name
	}
	return nil
}

// condition reads if, then and else of the one form that the schema has: a
// member that must be there with a constant.
func (r *fieldReader) condition(schema map[string]any) (*fields, error) {
	condition, _ := schema["if"].(map[string]any)
	properties, _ := condition["properties"].(map[string]any)
	f := &fields{}
	for key, s := range properties {
		member, _ := s.(map[string]any)
		f.key = key
		f.value, _ = member["const"].(string)
	}
	if len(properties) != 1 || f.value == "" || schema["properties"] != nil {
		return nil, fmt.Errorf("a condition has a form that is not known here")
	}
	var err error
	if f.then, err = r.read(schema["then"]); err != nil {
		return nil, err
	}
	f.els, err = r.read(schema["else"])
	return f, err
}
