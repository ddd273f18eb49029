package tenant

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/sandbox"
)

// field is one field of a form, made from a JSON Schema.
type field struct {
	// Name is the name in the form, ID that of the element.
	Name, ID    string
	Key         string
	Label, Help string
	Kind        fieldKind
	Required    bool
	Secret      bool
	// Value is what stands in it at first.
	Value, Placeholder string
	// Options are those of a choice.
	Options []option
	// Source is the source of a dropdown, and Free says that something else can
	// be typed. That of a list adds to what is typed.
	Source string
	Free   bool
	Fields []field // of a group

	schema *jsondoc.Node
}

type fieldKind string

// The kinds of fields.
const (
	textField   fieldKind = "text"
	longField   fieldKind = "long"
	numberField fieldKind = "number"
	choiceField fieldKind = "choice"
	sourceField fieldKind = "source"
	listField   fieldKind = "list"
	jsonField   fieldKind = "json"
	groupField  fieldKind = "group"
)

type option struct {
	Value, Label string
	Selected     bool
}

// parameterFields makes the fields of an action's parameters. prefix makes the
// ids of elements unique in the page.
func parameterFields(schema *jsondoc.Node, prefix string) []field {
	return fieldsBelow(schema, prefix, "p")
}

func fieldsBelow(schema *jsondoc.Node, id, name string) []field {
	required := map[string]bool{}
	for _, r := range schema.Get("required").Elements() {
		required[r.Text()] = true
	}
	var list []field
	for i, p := range schema.Get("properties").Members() {
		if schema.Get("properties").Get(p.Key) != p {
			continue // an earlier one of two equal keys
		}
		n := strconv.Itoa(i)
		list = append(list, newField(p, id+"-"+n, name+"."+n, required[p.Key]))
	}
	return list
}

func newField(p *jsondoc.Node, id, name string, required bool) field {
	f := field{Name: name, ID: id, Key: p.Key, Label: p.Get("title").Text(), Help: p.Get("description").Text(), Required: required, schema: p}
	if f.Label == "" {
		f.Label = p.Key
	}
	byDefault := p.Get("default")
	if text, ok := definition.Scalar(byDefault); ok {
		f.Value = text
	} else if byDefault != nil {
		f.Value = string(jsondoc.AppendJSON(nil, byDefault))
	}
	kind := p.Get("type").Text()
	switch {
	case p.Get("x-source").Text() != "" && kind != "array" && kind != "object":
		f.Kind, f.Source, f.Free = sourceField, p.Get("x-source").Text(), p.Get("x-fallback").Text() == "input"
	case len(p.Get("enum").Elements()) > 0:
		f.Kind = choiceField
		f.Options = choices(p.Get("enum").Elements(), byDefault, required)
	case kind == "boolean":
		f.Kind = choiceField
		f.Options = truth(byDefault, required)
	case kind == "number" || kind == "integer":
		f.Kind = numberField
	case kind == "array":
		f.Kind, f.Placeholder, f.Source = listField, "one, two, three", p.Get("x-source").Text()
	case kind == "object" && len(p.Get("properties").Members()) > 0:
		f.Kind, f.Fields = groupField, fieldsBelow(p, id, name)
	case kind == "object":
		f.Kind, f.Placeholder = jsonField, `{"key": "value"}`
	case isLong(p.Key):
		f.Kind = longField
	default:
		f.Kind = textField
	}
	return f
}

// isLong reports whether a name is one of those under which people write more
// than a line.
func isLong(key string) bool {
	words := definition.Words(key)
	if len(words) == 0 {
		return false
	}
	return slices.Contains([]string{"body", "comment", "content", "description", "html", "message", "note", "notes", "text"}, words[len(words)-1])
}

// choices are the options of an enum: their values are positions, since an entry
// can be of any type.
func choices(values []*jsondoc.Node, byDefault *jsondoc.Node, required bool) []option {
	var list []option
	if !required || byDefault == nil {
		list = append(list, option{Label: "–"})
	}
	for i, v := range values {
		label, ok := definition.Scalar(v)
		if !ok {
			label = string(jsondoc.AppendJSON(nil, v))
		}
		list = append(list, option{Value: strconv.Itoa(i), Label: label, Selected: byDefault != nil && same(v, byDefault)})
	}
	return list
}

func truth(byDefault *jsondoc.Node, required bool) []option {
	yes, is := byDefault.Bool()
	list := []option{{Value: "true", Label: "Yes", Selected: is && yes}, {Value: "false", Label: "No", Selected: is && !yes || required && !is}}
	if !required && !is {
		list = append([]option{{Label: "–"}}, list...)
	}
	return list
}

func same(a, b *jsondoc.Node) bool {
	return string(jsondoc.AppendJSON(nil, a)) == string(jsondoc.AppendJSON(nil, b))
}

// inputError is about one field of a form.
type inputError struct{ label, problem string }

func (e *inputError) Error() string { return fmt.Sprintf("%q %s", e.label, e.problem) }

// parameters reads what was typed into the fields of an action. A field without
// a value is left out.
func parameters(fields []field, form url.Values) (sandbox.Values, error) {
	members, err := read(fields, form)
	if err != nil {
		return nil, err
	}
	values := sandbox.Values{}
	for _, m := range members {
		values[m.Key] = m.Value
	}
	return values, nil
}

func read(fields []field, form url.Values) ([]jsondoc.Member, error) {
	var members []jsondoc.Member
	for _, f := range fields {
		v, err := f.read(form)
		if err != nil {
			return nil, err
		}
		if v != nil {
			members = append(members, jsondoc.Member{Key: f.Key, Value: v})
		}
	}
	return members, nil
}

// read returns the value of a field, or nil when it has none.
func (f field) read(form url.Values) (*jsondoc.Node, error) {
	if f.Kind == groupField {
		members, err := read(f.Fields, form)
		if err != nil || len(members) == 0 {
			return nil, err
		}
		return jsondoc.NewObject(members...), nil
	}
	text := form.Get(f.Name)
	if text == "" {
		return nil, nil
	}
	fail := func(problem string) (*jsondoc.Node, error) { return nil, &inputError{f.Label, problem} }
	switch f.Kind {
	case choiceField:
		if values := f.schema.Get("enum").Elements(); len(values) > 0 {
			i, err := strconv.Atoi(text)
			if err != nil || i < 0 || i >= len(values) {
				return fail("is none of the choices")
			}
			return values[i], nil
		}
		if text != "true" && text != "false" {
			return fail("is neither yes nor no")
		}
		return jsonOf(text), nil
	case numberField:
		n := jsonOf(strings.TrimSpace(text))
		if !n.Is(jsondoc.Number) {
			return fail("is no number, such as 12 or 0.5")
		}
		return n, nil
	case listField:
		return f.list(text)
	case jsonField:
		n := jsonOf(text)
		if !n.Is(jsondoc.Object) {
			return fail(`is no JSON object, such as {"key": "value"}`)
		}
		return n, nil
	}
	if kind := f.schema.Get("type").Text(); f.Kind == sourceField && kind == "number" {
		if n := jsonOf(text); n.Is(jsondoc.Number) {
			return n, nil
		}
	}
	return jsondoc.NewString(text), nil
}

// list reads a list: JSON, or texts with commas between them.
func (f field) list(text string) (*jsondoc.Node, error) {
	if text = strings.TrimSpace(text); strings.HasPrefix(text, "[") {
		if n := jsonOf(text); n.Is(jsondoc.Array) {
			return n, nil
		}
		return nil, &inputError{f.Label, `starts like a JSON list and is none, such as ["one", "two"]`}
	}
	kind := f.schema.At("items", "type").Text()
	var items []*jsondoc.Node
	for _, item := range strings.Split(text, ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		n := jsondoc.NewString(item)
		if kind == "number" || kind == "integer" {
			if n = jsonOf(item); !n.Is(jsondoc.Number) {
				return nil, &inputError{f.Label, fmt.Sprintf("takes numbers, and %q is none", item)}
			}
		}
		items = append(items, n)
	}
	return jsondoc.NewArray(items...), nil
}

// jsonOf reads a JSON value, or returns nil.
func jsonOf(text string) *jsondoc.Node {
	doc, problems := jsondoc.Parse([]byte(text))
	if doc == nil || len(problems) > 0 {
		return nil
	}
	return doc.Root
}

// installFields makes the fields of an install form. What was typed before is
// shown again, unless it is a secret.
func installFields(form []sandbox.Field, install *sandbox.Install) []field {
	var list []field
	for i, f := range form {
		n := strconv.Itoa(i)
		out := field{Name: "c." + n, ID: "c-" + n, Key: f.Name, Label: f.Label, Kind: textField, Required: f.Required && f.Default == "", Secret: f.Secret, Placeholder: f.Placeholder, Value: f.Default}
		if out.Label == "" {
			out.Label = f.Name
		}
		if typed, ok := definition.Scalar(install.UserInput[f.Name]); ok && typed != "" {
			out.Value = typed
		}
		if f.Secret {
			out.Value = ""
		}
		list = append(list, out)
	}
	return list
}

// installForm reads what was typed into an install form. An empty field counts
// as none, so that a default or what is known already stays.
func installForm(form []sandbox.Field, values url.Values) sandbox.Values {
	typed := map[string]string{}
	for i, f := range form {
		if text := values.Get("c." + strconv.Itoa(i)); text != "" {
			typed[f.Name] = text
		}
	}
	return sandbox.Texts(typed)
}
