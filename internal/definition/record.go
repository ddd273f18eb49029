package definition

import "github.com/karzoun/miniapp-review/internal/jsondoc"

// FieldRule is one entry of an apiMapping, or of the mapping of a handler: a
// field of the platform's record, and where its value comes from.
type FieldRule struct {
	// Field is the name of the field.
	Field string
	// Node is the rule.
	Node *jsondoc.Node
	// Paths are the texts of the rule's paths, in the order in which they count:
	// the rule itself when it is a text, else its path and then its paths.
	Paths []*jsondoc.Node
	// Transform and Fn are texts, or nil.
	Transform, Fn *jsondoc.Node
	// Literal is the value of a rule that has no path: a number, boolean or null
	// that stands for itself, or the member "value" of an object. Which key
	// carries it is not documented.
	Literal *jsondoc.Node
}

// FieldRules returns the rules of a mapping in its order. Of equal keys the last
// counts.
func FieldRules(mapping *jsondoc.Node) []FieldRule {
	rules := make([]FieldRule, 0, len(mapping.Members()))
	for _, n := range mapping.Members() {
		if mapping.Get(n.Key) == n {
			rules = append(rules, NewFieldRule(n))
		}
	}
	return rules
}

// NewFieldRule reads one rule. What has the wrong type is absent from it.
func NewFieldRule(n *jsondoc.Node) FieldRule {
	f := FieldRule{Node: n}
	if n == nil {
		return f
	}
	f.Field = n.Key
	switch n.Kind {
	case jsondoc.String:
		f.Paths = []*jsondoc.Node{n}
	case jsondoc.Number, jsondoc.Bool, jsondoc.Null:
		f.Literal = n
	case jsondoc.Object:
		f.Transform, f.Fn = ofKind(n.Get("transform"), jsondoc.String), ofKind(n.Get("fn"), jsondoc.String)
		if p := n.Get("path"); p.Is(jsondoc.String) {
			f.Paths = append(f.Paths, p)
		}
		for _, p := range n.Get("paths").Elements() {
			if p.Is(jsondoc.String) {
				f.Paths = append(f.Paths, p)
			}
		}
		if len(f.Paths) == 0 && f.Transform == nil {
			f.Literal = n.Get("value")
		}
	}
	return f
}

// Transforms returns the transforms that the documentation names, as common
// ones: there may be others.
func Transforms() []string {
	return []string{"toString", "toNumberOrNull", "coalesce", "compute", "mapItems", "joinCodes"}
}
