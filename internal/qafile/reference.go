package qafile

import (
	"errors"
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

// ErrTooLong says that the values of references make a text too long.
var ErrTooLong = errors.New("is longer than an input may become")

// maxResolved is how many bytes values may add to texts: one can be megabytes
// long, and stand in a text many times.
const maxResolved = 1 << 20

// Resolve replaces the references at or below a value. Values returns what an
// entry, or the run, gave, and false when it gave nothing. The first reference
// that leads nowhere is returned as missing, and so is one whose value makes the
// texts more than 1 MiB longer, with ErrTooLong.
func Resolve(n *jsondoc.Node, values func(name string) (*jsondoc.Node, bool)) (resolved *jsondoc.Node, missing *Reference) {
	r := resolver{values: values, left: maxResolved}
	return r.resolve(n)
}

type resolver struct {
	values func(name string) (*jsondoc.Node, bool)
	left   int // bytes that texts may still grow by
}

func (r *resolver) resolve(n *jsondoc.Node) (resolved *jsondoc.Node, missing *Reference) {
	switch {
	case n.Is(jsondoc.Object):
		members := make([]jsondoc.Member, 0, len(n.Children))
		for _, c := range n.Members() {
			v, missing := r.resolve(c)
			if missing != nil {
				return nil, missing
			}
			members = append(members, jsondoc.Member{Key: c.Key, Value: v})
		}
		return jsondoc.NewObject(members...), nil
	case n.Is(jsondoc.Array):
		elements := make([]*jsondoc.Node, 0, len(n.Children))
		for _, c := range n.Elements() {
			v, missing := r.resolve(c)
			if missing != nil {
				return nil, missing
			}
			elements = append(elements, v)
		}
		return jsondoc.NewArray(elements...), nil
	case !n.Is(jsondoc.String):
		return n, nil
	}
	return r.text(n)
}

func (r *resolver) text(n *jsondoc.Node) (*jsondoc.Node, *Reference) {
	text := n.Text()
	var b strings.Builder
	at := 0
	for _, ref := range References(n) {
		var v *jsondoc.Node
		if from, ok := r.values(ref.Name); ok && ref.Err == nil {
			v = ref.Path.Eval(from)
		}
		if v == nil {
			return nil, &ref
		}
		if ref.Start == 0 && ref.End() == len(text) {
			return v, nil
		}
		b.WriteString(text[at:ref.Start])
		at = ref.End()
		t, ok := definition.Scalar(v)
		if !ok {
			t = string(jsondoc.AppendJSON(nil, v))
		}
		if r.left -= len(t); r.left < 0 {
			ref.Err = ErrTooLong
			return nil, &ref
		}
		b.WriteString(t)
	}
	if at == 0 {
		return n, nil
	}
	b.WriteString(text[at:])
	return jsondoc.NewString(b.String()), nil
}
