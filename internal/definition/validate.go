package definition

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xeipuuv/gojsonschema"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/nearest"
)

// Kind is what a violation is about.
type Kind string

// The kinds of violation.
const (
	Required Kind = "required" // a field is missing
	Type     Kind = "type"     // a value has the wrong JSON type
	Value    Kind = "value"    // a value is none of those that are allowed
	Format   Kind = "format"   // a text or number has the wrong form or size
	Shape    Kind = "shape"    // an object is none of the possible ones
)

// Violation is one place where a definition breaks the schema.
type Violation struct {
	Kind Kind
	// Node is the value that it is about; for Required the object that lacks
	// the field.
	Node *jsondoc.Node
	// Pointer is Node's, or for Required that of the missing field, whose name
	// is Property.
	Pointer, Property string
	// Message and Hint are for the partner. No text of the library is in them.
	Message, Hint string
	// Suggest is the allowed value that is nearest to the one found, or "".
	Suggest string
}

// MaxValues is the number of values up to which a document is validated. The
// largest known definitions have some 3,000; what is far larger would only be
// made to keep the validator busy, which writes down every fault it finds.
const MaxValues = 10_000

// Validate returns the violations of a document, in the order of its text. A
// document with more than MaxValues values has this as its only violation.
func (v *Validator) Validate(doc *jsondoc.Document) []Violation {
	values := 0
	doc.Root.Walk(func(*jsondoc.Node) bool {
		values++
		return values <= MaxValues
	})
	if values > MaxValues {
		return []Violation{{Kind: Shape, Node: doc.Root,
			Message: fmt.Sprintf("the definition has more than %d values, and is not checked any further", MaxValues),
			Hint:    "Split it into several MiniApps, or let a source fill long lists."}}
	}
	if v.quick.check(doc.Root) == valid {
		return nil
	}
	e, err := v.engine()
	if err != nil {
		return unchecked(doc.Root)
	}
	found := e.check(e.schema, doc.Root)
	slices.SortStableFunc(found, func(a, b Violation) int {
		return cmp.Or(a.Node.Span.Start-b.Node.Span.Start, strings.Compare(a.Pointer, b.Pointer), strings.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(found, func(a, b Violation) bool { return a.Pointer == b.Pointer && a.Message == b.Message })
}

// check validates the value of one node, and translates what the library says.
func (e *engine) check(schema *gojsonschema.Schema, root *jsondoc.Node) []Violation {
	result, err := schema.Validate(loader{value: plain(root)})
	if err != nil {
		return unchecked(root)
	}
	errs := result.Errors()
	choices := map[string]*jsondoc.Node{} // contexts of oneOf errors
	for _, fault := range errs {
		if fault.Type() == "number_one_of" {
			choices[fault.Context().String("\x00")] = at(root, fault)
		}
	}
	var out []Violation
	for _, fault := range errs {
		context := fault.Context().String("\x00")
		if below(context, choices) {
			continue // the branch that was meant speaks instead
		}
		if _, ok := choices[context]; ok {
			continue
		}
		if t, ok := translate(fault, at(root, fault)); ok {
			out = append(out, t)
		}
	}
	for _, n := range choices {
		out = append(out, e.branch(n)...)
	}
	if len(out) == 0 && len(errs) > 0 {
		// Conditions alone failed; the schema has none whose branches do not
		// say why, but silence would be worse than a vague word.
		out = append(out, Violation{Kind: Shape, Node: root, Pointer: root.Pointer(),
			Message: "this does not have the shape that the schema asks for", Hint: "Compare it with the schema: \"miniapp schema\" prints it."})
	}
	return out
}

func unchecked(n *jsondoc.Node) []Violation {
	return []Violation{{Kind: Shape, Node: n, Pointer: n.Pointer(),
		Message: "this could not be checked against the schema", Hint: "This is a fault of the checker; please report it."}}
}

func below(context string, choices map[string]*jsondoc.Node) bool {
	for i, c := range context {
		if c == 0 && choices[context[:i]] != nil {
			return true
		}
	}
	return false
}

// at finds the node that an error of the library is about.
func at(root *jsondoc.Node, e gojsonschema.ResultError) *jsondoc.Node {
	n := root
	for _, token := range strings.Split(e.Context().String("\x00"), "\x00")[1:] {
		var next *jsondoc.Node
		if n.Is(jsondoc.Array) {
			if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(n.Children) {
				next = n.Children[i]
			}
		} else {
			next = n.Get(token)
		}
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

// branch says what is wrong with a handler of sync as the one that it is meant
// to be.
func (e *engine) branch(n *jsondoc.Node) []Violation {
	isRecord, isResource := n.Get("recordType") != nil, n.Get("resource") != nil
	switch {
	case !n.Is(jsondoc.Object):
		return []Violation{wrongType(n, "object")}
	case isRecord && isResource:
		return []Violation{{Kind: Shape, Node: n, Pointer: n.Pointer(),
			Message: "the handler has both \"recordType\" and \"resource\"",
			Hint:    "Keep \"recordType\" with a mapping, or \"resource\" with a dataPath."}}
	case !isRecord && !isResource:
		return []Violation{{Kind: Shape, Node: n, Pointer: n.Pointer(),
			Message: "the handler has neither \"recordType\" nor \"resource\"",
			Hint:    "Name a recordType and map its fields, or name a resource of sync.resources and the dataPath of its record."}}
	case isResource:
		return e.check(e.branches[resourceHandler], n)
	}
	return e.check(e.branches[recordHandler], n)
}

// translate makes a violation of an error of the library, and reports whether
// it says anything by itself.
func translate(e gojsonschema.ResultError, n *jsondoc.Node) (Violation, bool) {
	details := e.Details()
	out := Violation{Node: n, Pointer: n.Pointer()}
	switch e.Type() {
	case "number_all_of", "condition_then", "condition_else":
		return out, false // the part that failed is reported too
	case "required", "missing_dependency":
		out.Kind = Required
		out.Property, _ = details["property"].(string)
		if out.Property == "" {
			out.Property, _ = details["dependency"].(string)
		}
		out.Pointer += "/" + jsondoc.EscapePointer(out.Property)
		out.Message = fmt.Sprintf("%s lacks the field %q", name(n), out.Property)
		out.Hint = fmt.Sprintf("Add %q; \"miniapp schema\" says what it holds.", out.Property)
	case "invalid_type":
		expected, _ := details["expected"].(string)
		out = wrongType(n, expected)
	case "enum", "const":
		return oneOf(n, allowed(e)), true
	case "pattern":
		out.Kind = Format
		out.Message, out.Hint = pattern(n)
	case "string_gte", "array_min_items", "array_min_properties":
		out.Kind = Format
		out.Message = fmt.Sprintf("%s is empty", name(n))
		out.Hint = "Give it a value."
		if number(details["min"]) > 1 {
			out.Message = fmt.Sprintf("%s is too short", name(n))
			out.Hint = fmt.Sprintf("It needs at least %v.", details["min"])
		}
	case "string_lte", "array_max_items", "array_max_properties":
		out.Kind = Format
		out.Message = fmt.Sprintf("%s is too long", name(n))
		out.Hint = fmt.Sprintf("It may have at most %v.", details["max"])
	case "number_gte", "number_gt":
		out.Kind = Format
		out.Message = fmt.Sprintf("%s is %s, which is too small", name(n), shown(n))
		out.Hint = "Write a positive number."
	case "number_lte", "number_lt", "multiple_of":
		out.Kind = Format
		out.Message = fmt.Sprintf("%s is %s, which is not allowed", name(n), shown(n))
		out.Hint = "\"miniapp schema\" says which numbers are."
	case "additional_property_not_allowed", "invalid_property_name", "invalid_property_pattern":
		out.Kind = Shape
		out.Message = fmt.Sprintf("%s has a field that it cannot have", name(n))
		out.Hint = "Compare its fields with the schema: \"miniapp schema\" prints it."
	case "unique", "contains", "array_no_additional_items", "format", "number_any_of", "number_one_of", "number_not", "false", "internal":
		out.Kind = Shape
		out.Message = fmt.Sprintf("%s does not have the shape that the schema asks for", name(n))
		out.Hint = "Compare it with the schema: \"miniapp schema\" prints it."
	default:
		out.Kind = Shape
		out.Message = fmt.Sprintf("%s does not fit the schema", name(n))
		out.Hint = "Compare it with the schema: \"miniapp schema\" prints it."
	}
	return out, true
}

func number(v any) int {
	i, err := strconv.Atoi(fmt.Sprint(v))
	if err != nil {
		return 0
	}
	return i
}

// name says what a node is, for the beginning of a message.
func name(n *jsondoc.Node) string {
	switch {
	case n.Parent == nil:
		return "the definition"
	case n.Parent.Is(jsondoc.Array):
		of := "the array"
		if n.Parent.Key != "" {
			of = strconv.Quote(cut(n.Parent.Key))
		}
		return fmt.Sprintf("entry %d of %s", n.Index()+1, of)
	}
	return strconv.Quote(cut(n.Key))
}

// shown quotes a scalar, cut when it is long.
func shown(n *jsondoc.Node) string {
	switch n.Kind {
	case jsondoc.String:
		return strconv.Quote(cut(n.Text()))
	case jsondoc.Object:
		return "an object"
	case jsondoc.Array:
		return "an array"
	}
	return n.Literal()
}

func cut(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) > most {
		return string([]rune(s)[:most]) + "…"
	}
	return s
}

// article puts "a" or "an" before a JSON type, or the types of a list of them.
func article(types string) string {
	var words []string
	for _, t := range strings.Split(types, ",") {
		switch t = strings.Trim(t, " []"); {
		case t == "null":
			words = append(words, "null")
		case t == "boolean":
			words = append(words, "true or false")
		case t == "object" || t == "array" || t == "integer":
			words = append(words, "an "+t)
		default:
			words = append(words, "a "+t)
		}
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

func wrongType(n *jsondoc.Node, expected string) Violation {
	found := article(n.Kind.String())
	if n.Is(jsondoc.String) {
		found = "the text " + shown(n)
	}
	v := Violation{Kind: Type, Node: n, Pointer: n.Pointer(),
		Message: fmt.Sprintf("%s must be %s, not %s", name(n), article(expected), found),
		Hint:    fmt.Sprintf("Write %s.", article(expected))}
	text, isText := n.Str()
	switch {
	case expected == "boolean" && isText && (text == "true" || text == "false"):
		v.Hint, v.Suggest = "Leave the quotes out.", text
	case expected == "number" && isText && json.Valid([]byte(text)) && text != "" && strings.ContainsAny(text[:1], "-0123456789"):
		v.Hint, v.Suggest = "Leave the quotes out.", text
	case expected == "string" && (n.Is(jsondoc.Number) || n.Is(jsondoc.Bool)):
		v.Hint, v.Suggest = "Put it in quotes.", jsondoc.Quote(n.Literal())
	}
	return v
}

// allowed returns the values of an enum or const that are strings. The library
// gives them as JSON texts, separated by commas.
func allowed(e gojsonschema.ResultError) []string {
	text := fmt.Sprint(e.Details()["allowed"])
	var all []any
	if err := json.Unmarshal([]byte("["+text+"]"), &all); err != nil {
		return nil
	}
	var values []string
	for _, v := range all {
		if s, ok := v.(string); ok {
			values = append(values, s)
		}
	}
	return values
}

// oneOf says that a value is none of those that are allowed.
func oneOf(n *jsondoc.Node, values []string) Violation {
	v := Violation{Kind: Value, Node: n, Pointer: n.Pointer()}
	v.Message = fmt.Sprintf("%s is %s, which is not one of the allowed values", name(n), shown(n))
	var quoted []string
	for _, a := range values {
		quoted = append(quoted, strconv.Quote(a))
	}
	v.Hint = "Use " + list(quoted) + "."
	text, ok := n.Str()
	if !ok {
		return v
	}
	if near, ok := nearest.Word(text, values); ok {
		v.Suggest = jsondoc.Quote(near)
		if len(values) > 1 {
			v.Hint = fmt.Sprintf("Did you mean %q? Allowed are %s.", near, list(quoted))
		}
	}
	return v
}

func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// pattern explains the two patterns of the schema.
func pattern(n *jsondoc.Node) (message, hint string) {
	switch n.Key {
	case "ns":
		return fmt.Sprintf("the namespace %s is not in kebab-case", shown(n)), "Use lower-case letters, digits and single hyphens, such as \"acme-desk\"."
	case "version":
		return fmt.Sprintf("%s is no semantic version", shown(n)), "Write three numbers, such as \"1.4.2\"."
	}
	return fmt.Sprintf("%s is %s, which does not have the right form", name(n), shown(n)), "\"miniapp schema\" says what it looks like."
}
