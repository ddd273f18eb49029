package definition

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// verdict is what is known of a value before the library is asked.
type verdict int8

const (
	unsure verdict = iota
	valid
	invalid
)

// quick is a part of the schema in a form in which valid values are recognised
// without making other values of them first. Nearly all definitions are valid,
// and need no more; only the library says what is wrong with one. It is made of
// the schema itself, and a test holds it against the library.
type quick struct {
	kinds      []jsondoc.Kind // nil for any
	integer    bool           // numbers must be integers
	words      []string       // of enum and const, nil for any
	minLength  int
	minimum    int
	bounded    bool // minimum counts
	pattern    *regexp.Regexp
	required   []string
	properties map[string]*quick
	others     *quick // of additionalProperties, nil for any
	items      *quick
	all, one   []*quick
	cond       *quick // if
	then, or   *quick // nil for any
	never      bool   // the schema false
}

// quickReader makes a quick of a schema.
type quickReader struct {
	definitions map[string]any
	known       map[string]*quick // by reference
}

// newQuick reads the decoded schema. A keyword that it does not know is an
// error: what is not looked at could not be called valid.
func newQuick(schema map[string]any) (*quick, error) {
	definitions, _ := schema["definitions"].(map[string]any)
	r := &quickReader{definitions: definitions, known: map[string]*quick{}}
	return r.read(schema)
}

func (r *quickReader) read(schema any) (*quick, error) {
	if yes, ok := schema.(bool); ok {
		return &quick{never: !yes}, nil
	}
	object, ok := schema.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("a schema is %T, expected an object", schema)
	}
	if ref, ok := object["$ref"].(string); ok {
		return r.reference(ref) // draft-07 looks at nothing beside it
	}
	q := &quick{}
	return q, r.fill(q, object)
}

func (r *quickReader) reference(ref string) (*quick, error) {
	if q := r.known[ref]; q != nil {
		return q, nil
	}
	object, ok := r.definitions[strings.TrimPrefix(ref, "#/definitions/")].(map[string]any)
	if !ok || object["$ref"] != nil {
		return nil, fmt.Errorf("the reference %q does not lead to a definition", ref)
	}
	q := &quick{}
	r.known[ref] = q // before it is filled, since it can refer to itself
	return q, r.fill(q, object)
}

func (r *quickReader) fill(q *quick, object map[string]any) (err error) {
	for keyword, value := range object {
		ok := true
		switch keyword {
		case "$schema", "$id", "title", "description", "definitions":
		case "type":
			ok = q.readTypes(value)
		case "enum":
			q.words, ok = wordsOf(value)
		case "const":
			q.words, ok = wordsOf([]any{value})
		case "required":
			q.required, ok = wordsOf(value)
		case "minLength":
			q.minLength, err = strconv.Atoi(fmt.Sprint(value))
		case "minimum":
			q.bounded = true
			q.minimum, err = strconv.Atoi(fmt.Sprint(value))
		case "pattern":
			q.pattern, err = regexp.Compile(fmt.Sprint(value))
		case "properties":
			var members map[string]any
			members, ok = value.(map[string]any)
			q.properties = map[string]*quick{}
			for key, m := range members {
				if q.properties[key], err = r.read(m); err != nil {
					return err
				}
			}
		case "additionalProperties":
			q.others, err = r.read(value)
		case "items":
			q.items, err = r.read(value)
		case "allOf":
			q.all, err = r.list(value)
		case "oneOf":
			q.one, err = r.list(value)
		case "if":
			q.cond, err = r.read(value)
		case "then":
			q.then, err = r.read(value)
		case "else":
			q.or, err = r.read(value)
		default:
			return fmt.Errorf("the keyword %q is not known here", keyword)
		}
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("the keyword %q has an unexpected value", keyword)
		}
	}
	if object["enum"] != nil && object["const"] != nil {
		return fmt.Errorf("enum and const stand beside each other")
	}
	return nil
}

func (r *quickReader) list(value any) ([]*quick, error) {
	schemas, _ := value.([]any)
	list := make([]*quick, len(schemas))
	for i, s := range schemas {
		var err error
		if list[i], err = r.read(s); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func wordsOf(value any) ([]string, bool) {
	list, ok := value.([]any)
	words := make([]string, 0, len(list))
	for _, v := range list {
		word, isText := v.(string)
		words, ok = append(words, word), ok && isText
	}
	return words, ok
}

func (q *quick) readTypes(value any) bool {
	if one, ok := value.(string); ok {
		value = []any{one}
	}
	names, ok := wordsOf(value)
	for _, name := range names {
		kind := map[string]jsondoc.Kind{"object": jsondoc.Object, "array": jsondoc.Array, "string": jsondoc.String,
			"number": jsondoc.Number, "integer": jsondoc.Number, "boolean": jsondoc.Bool, "null": jsondoc.Null}[name]
		q.kinds, q.integer, ok = append(q.kinds, kind), q.integer || name == "integer", ok && kind != 0
	}
	// A list with both would make the one for integers count for all numbers.
	return ok && !(q.integer && slices.Contains(names, "number"))
}

// check says what is known of a value. Numbers that are not written as plain
// digits are left to the library.
func (q *quick) check(n *jsondoc.Node) verdict {
	if q == nil {
		return valid
	}
	if q.never || q.kinds != nil && !slices.Contains(q.kinds, n.Kind) {
		return invalid
	}
	if q.words != nil && (n.Kind != jsondoc.String || !slices.Contains(q.words, n.Text())) {
		return invalid
	}
	v := valid
	switch n.Kind {
	case jsondoc.String:
		if text := n.Text(); q.minLength > 0 && utf8.RuneCountInString(text) < q.minLength || q.pattern != nil && !q.pattern.MatchString(text) {
			return invalid
		}
	case jsondoc.Number:
		if q.integer || q.bounded {
			value, err := strconv.Atoi(n.Literal())
			if err != nil {
				v = unsure
			} else if q.bounded && value < q.minimum {
				return invalid
			}
		}
	case jsondoc.Array:
		if q.items != nil {
			for _, e := range n.Children {
				v = both(v, q.items.check(e))
			}
		}
	case jsondoc.Object:
		v = q.checkMembers(n)
	}
	for _, s := range q.all {
		v = both(v, s.check(n))
	}
	if q.one != nil {
		v = both(v, exactlyOne(q.one, n))
	}
	if q.cond != nil {
		switch q.cond.check(n) {
		case valid:
			v = both(v, q.then.check(n))
		case invalid:
			v = both(v, q.or.check(n))
		default:
			v = both(v, unsure)
		}
	}
	return v
}

func (q *quick) checkMembers(n *jsondoc.Node) verdict {
	for _, key := range q.required {
		if n.Get(key) == nil {
			return invalid
		}
	}
	if q.properties == nil && q.others == nil {
		return valid
	}
	v := valid
	for _, m := range n.Children {
		if n.Get(m.Key) != m {
			continue // of equal keys the last counts
		}
		s, declared := q.properties[m.Key]
		if !declared {
			s = q.others
		}
		v = both(v, s.check(m))
	}
	return v
}

// both is the verdict of two parts, both of which have to hold.
func both(a, b verdict) verdict {
	switch {
	case a == invalid || b == invalid:
		return invalid
	case a == valid && b == valid:
		return valid
	}
	return unsure
}

func exactlyOne(schemas []*quick, n *jsondoc.Node) verdict {
	held := 0
	for _, s := range schemas {
		switch s.check(n) {
		case valid:
			held++
		case unsure:
			return unsure
		}
	}
	if held == 1 {
		return valid
	}
	return invalid
}
