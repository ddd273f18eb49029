package qafile

import (
	"maps"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/nearest"
)

// Check holds a file against the definition that it is for.
func (f *File) Check(def *definition.Definition) []Problem {
	c := &checker{def: def, before: map[string]Entry{}, unknown: map[string]bool{}}
	for _, e := range f.Entries {
		c.entry(e)
		c.before[e.Name] = e
	}
	return c.problems
}

// Untried returns the actions of a definition that no entry of the file tries.
func (f *File) Untried(def *definition.Definition) []definition.Action {
	var list []definition.Action
	for _, a := range def.Actions {
		if a.Name != "" && !slices.ContainsFunc(f.Entries, func(e Entry) bool { return e.Kind == Action && e.Target == a.Name }) {
			list = append(list, a)
		}
	}
	return list
}

// checker holds entries against a definition, one after the other.
type checker struct {
	parser
	def    *definition.Definition
	before map[string]Entry // by name
	// unknown are the targets that the definition does not have. Each is told
	// once.
	unknown map[string]bool
}

func (c *checker) entry(e Entry) {
	names, known := c.targets(e.Kind)
	if !known {
		return // the definition has a mistake of its own there
	}
	if !slices.Contains(names, e.Target) {
		if key := e.Kind.String() + ":" + e.Target; c.unknown[key] {
			return
		} else {
			c.unknown[key] = true
		}
		c.say(e.TargetAt, hint(e.Target, names), "the definition has no %s %s", e.Kind, shown(e.Target))
		return
	}
	requests := -1
	switch e.Kind {
	case Action:
		a, _ := c.action(e.Target)
		c.input(a, e)
		requests = 0
		for _, s := range a.Steps {
			if !s.IsFunction {
				requests++
			}
		}
	case Source:
		requests = 1
	}
	if requests >= 0 && len(e.Answers) > requests {
		c.say(e.Answers[requests], "Take it out: each request of the entry has one answer.", "the entry has more answers than requests")
	}
	c.references(e.Input)
	for _, has := range e.Expect.Has {
		c.output(e, has)
	}
	for _, eq := range e.Expect.Equals {
		c.output(e, eq.At)
		c.references(eq.Value)
	}
}

// targets are the names that entries of a kind can have, and false when the
// definition cannot be read there.
func (c *checker) targets(k Kind) (names []string, known bool) {
	root := c.def.Doc.Root
	switch k {
	case Action:
		for _, a := range c.def.Actions {
			names = append(names, a.Name)
		}
		return names, root.Get("actions") == nil || root.Get("actions").Is(jsondoc.Array)
	case Source:
		for _, s := range c.def.Sources {
			names = append(names, s.Key)
		}
		return names, root.Get("source") == nil || root.Get("source").Is(jsondoc.Object)
	}
	for _, r := range c.def.Sync.Resources {
		names = append(names, r.Key)
	}
	all := root.At("sync", "resources")
	return names, all == nil || all.Is(jsondoc.Object)
}

func (c *checker) action(name string) (definition.Action, bool) {
	for _, a := range c.def.Actions {
		if a.Name == name {
			return a, true
		}
	}
	return definition.Action{}, false
}

// input holds an action's input against its parameters.
func (c *checker) input(a definition.Action, e Entry) {
	if e.Expect.Failure == "VALIDATION_ERROR" {
		return // a wrong input is what the entry is about
	}
	var names []string
	for _, k := range a.ParameterKeys() {
		names = append(names, k.Name)
	}
	meant := map[string]bool{} // by names with a typing mistake
	for _, m := range e.Input.Members() {
		p := a.Parameters.At("properties", m.Key)
		if p == nil {
			near, _ := nearest.Word(m.Key, names)
			meant[near] = true
			c.add(Problem{Severity: finding.Error, Span: m.KeySpan, Pointer: m.Pointer(), Hint: hint(m.Key, names),
				Message: "the action " + shown(a.Name) + " has no parameter " + shown(m.Key)})
			continue
		}
		c.value(p, m)
	}
	for _, r := range a.Parameters.Get("required").Elements() {
		name := r.Text()
		p := a.Parameters.At("properties", name)
		if p != nil && e.Input.Get(name) == nil && p.Get("default") == nil && !meant[name] {
			at := e.At
			if e.Input != nil {
				at = e.Input
			}
			c.say(at, "Give it a value that works with the sandbox account.", "the input lacks %s, which the action %s requires", shown(name), shown(a.Name))
		}
	}
}

// value holds one value against its parameter.
func (c *checker) value(p, v *jsondoc.Node) {
	kinds := map[string]jsondoc.Kind{"string": jsondoc.String, "number": jsondoc.Number, "boolean": jsondoc.Bool, "array": jsondoc.Array, "object": jsondoc.Object}
	want, known := kinds[p.Get("type").Text()]
	if len(References(v)) > 0 && v.Is(jsondoc.String) {
		return // what it will be is not known
	}
	if known && !v.Is(want) {
		c.say(v, "Write a value of the parameter's type.", "the parameter %s takes a value of the type %s, not %s", shown(v.Key), want, v.Kind)
		return
	}
	choices := p.Get("enum").Elements()
	if len(choices) == 0 {
		return
	}
	var words []string
	for _, ch := range choices {
		if ch.Kind == v.Kind && ch.Text() == v.Text() && ch.Literal() == v.Literal() {
			return
		}
		words = append(words, ch.Text())
	}
	c.say(v, hint(v.Text(), words), "the parameter %s takes one of %d values, and this is none of them", shown(v.Key), len(choices))
}

// references checks what the texts of a value refer to.
func (c *checker) references(n *jsondoc.Node) {
	names := append(slices.Sorted(maps.Keys(c.before)), runName)
	for _, r := range References(n) {
		e, known := c.before[r.Name]
		switch {
		case r.Err != nil:
			c.say(r.Node, "Use names, dots, and numbers in brackets, as in \"{{createTask.taskId}}\".", "the path in %s %v", shown("{{"+r.Key+"}}"), r.Err)
		case r.Name == runName:
			if !slices.Contains(runKeys(), r.Path.Bare()) {
				c.say(r.Node, "Use \"{{run.id}}\" or \"{{run.date}}\".", "a run has nothing that %s could mean", shown("{{"+r.Key+"}}"))
			}
		case !known:
			h := "Only what entries before this one gave can be used; sources run before actions."
			if near, ok := nearest.Word(r.Name, names); ok {
				h = "Write " + shown(near) + ", if that is what you mean."
			}
			if sources, _ := c.targets(Source); slices.Contains(sources, r.Name) {
				h = "Add {\"source\": " + shown(r.Name) + "} to \"sources\", which run before actions."
			}
			c.say(r.Node, h, "no earlier entry has the name %s", shown(r.Name))
		case e.Expect.Failure != "":
			c.say(r.Node, "Refer to an entry that goes through.", "the entry %s is expected to fail, so it gives nothing", shown(r.Name))
		default:
			c.output(e, At{r.Path, r.Node})
		}
	}
}

// output checks that a path can lead somewhere in what an entry gives.
func (c *checker) output(e Entry, at At) {
	first, _, _ := strings.Cut(at.Path.Bare(), ".")
	first, rest, _ := strings.Cut(first, "[")
	switch e.Kind {
	case Source:
		_, field, _ := strings.Cut(at.Path.Bare(), "].")
		if first != "" || rest != "" && field != "" && field != "value" && field != "label" {
			c.say(at.Node, "Write for example \"[0].value\": a source gives a list, and each entry has value and label.", "a source gives nothing at %s", shown(at.Path.Bare()))
		}
	case Action:
		a, ok := c.action(e.Target)
		names, known := outputs(a)
		if ok && known && first != "" && !slices.Contains(names, first) {
			c.say(at.Node, hint(first, names), "the action %s gives no %s", shown(a.Name), shown(first))
		}
	}
}

// outputs are the names of what an action gives, and false when only running it
// tells.
func outputs(a definition.Action) (names []string, known bool) {
	if len(a.Steps) == 0 {
		return nil, false
	}
	last := a.Steps[len(a.Steps)-1]
	if last.IsFunction || !last.Request.MappingAt.Is(jsondoc.Object) {
		return nil, false
	}
	for _, k := range last.OutputKeys() {
		names = append(names, k.Name)
	}
	return names, true
}
