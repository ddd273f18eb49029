package qafile

import (
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// runName is the name that stands for the run itself in references.
const runName = "run"

// runKeys are what a run gives: an id that differs from run to run, so that what
// is made has a name of its own, and the day.
func runKeys() []string { return []string{"id", "date"} }

// Reference is one "{{NAME.path}}" in a text: what an earlier entry gave. NAME is
// the name of the entry; of several with this name the last one before counts.
// The path leads into the output: an action's result, or the list of a source's
// entries, each with value and label, as in "{{rpc_projects[0].value}}".
//
// "{{run.id}}" is a short text that differs in each run, and "{{run.date}}" the
// day as in 2026-12-31.
//
// A text that is exactly one reference becomes the value with its type; in a
// longer text it becomes part of the text.
type Reference struct {
	Name string
	Path definition.Path
	// Err says why the text is no reference, or is nil.
	Err error
	// Placeholder is where it stands.
	definition.Placeholder
}

// References returns the references at or below a value, in their order.
func References(n *jsondoc.Node) []Reference {
	var list []Reference
	for _, p := range definition.PlaceholdersBelow(n) {
		if p.Credential {
			continue // double brackets mean nothing here
		}
		list = append(list, readReference(p))
	}
	return list
}

func readReference(p definition.Placeholder) Reference {
	r := Reference{Placeholder: p}
	cut := strings.IndexAny(p.Key, ".[")
	if cut < 0 {
		cut = len(p.Key)
	}
	r.Name = p.Key[:cut]
	if rest := p.Key[cut:]; rest != "" {
		r.Path, r.Err = definition.ParsePath("$" + rest)
	}
	return r
}

// Resolve replaces the references at or below a value. Values returns what an
// entry, or the run, gave, and false when it gave nothing. The first reference
// that leads nowhere is returned as missing.
func Resolve(n *jsondoc.Node, values func(name string) (*jsondoc.Node, bool)) (resolved *jsondoc.Node, missing *Reference) {
	switch {
	case n.Is(jsondoc.Object):
		members := make([]jsondoc.Member, 0, len(n.Children))
		for _, c := range n.Members() {
			v, missing := Resolve(c, values)
			if missing != nil {
				return nil, missing
			}
			members = append(members, jsondoc.Member{Key: c.Key, Value: v})
		}
		return jsondoc.NewObject(members...), nil
	case n.Is(jsondoc.Array):
		elements := make([]*jsondoc.Node, 0, len(n.Children))
		for _, c := range n.Elements() {
			v, missing := Resolve(c, values)
			if missing != nil {
				return nil, missing
			}
			elements = append(elements, v)
		}
		return jsondoc.NewArray(elements...), nil
	case !n.Is(jsondoc.String):
		return n, nil
	}
	return resolveText(n, values)
}

func resolveText(n *jsondoc.Node, values func(string) (*jsondoc.Node, bool)) (*jsondoc.Node, *Reference) {
	text := n.Text()
	var b strings.Builder
	at := 0
	for _, r := range References(n) {
		var v *jsondoc.Node
		if from, ok := values(r.Name); ok && r.Err == nil {
			v = r.Path.Eval(from)
		}
		if v == nil {
			return nil, &r
		}
		if r.Start == 0 && r.End() == len(text) {
			return v, nil
		}
		b.WriteString(text[at:r.Start])
		at = r.End()
		if t, ok := definition.Scalar(v); ok {
			b.WriteString(t)
		} else {
			b.Write(jsondoc.AppendJSON(nil, v))
		}
	}
	if at == 0 {
		return n, nil
	}
	b.WriteString(text[at:])
	return jsondoc.NewString(b.String()), nil
}
