package sandbox

import (
	"context"
	"fmt"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/nearest"
)

// Action runs an action of a connected install. The run's Output is an object:
// what the last step's mapping selects, or what its function returns.
func (m *Machine) Action(ctx context.Context, install *Install, name string, input Values) *Run {
	var names []string
	for _, a := range m.Definition.Actions {
		if a.Name == name {
			return m.action(ctx, install, a, input)
		}
		names = append(names, a.Name)
	}
	r := m.record(install, "action "+name, m.Definition.Doc.Root.Get("actions"))
	f := &Failure{Code: ActionNotFound, Message: fmt.Sprintf("there is no action %q", name), Pointer: "/actions"}
	if near, ok := nearest.Word(name, names); ok {
		f.Hint = fmt.Sprintf("Perhaps you mean %q.", near)
	}
	r.fail(f)
	return r.done()
}

func (m *Machine) action(ctx context.Context, install *Install, a definition.Action, input Values) *Run {
	r := m.record(install, "action "+a.Name, a.Node)
	if !install.Connected {
		r.fail(&Failure{Code: NotInstalled, Message: "the install is not connected", Hint: "Connect first."})
		return r.done()
	}
	s := r.newScope()
	s.outputs = Values{}
	s.input, s.declared = r.input(a, input)
	var last []jsondoc.Member
	for i, step := range a.Steps {
		if !r.run.OK() {
			break
		}
		s.size = 0
		name := fmt.Sprintf("step %d", i+1)
		if step.IsFunction {
			last = r.function(ctx, name, step, s)
		} else {
			got, ok := r.exchange(ctx, name, step.Request, s, true)
			if !ok {
				break
			}
			last = got.values
			if step.Request.MappingAt.Is(jsondoc.Array) {
				if i == len(a.Steps)-1 {
					r.choose(lastArrayMapping, step.Request.MappingAt)
					last = nil
				} else if i < len(a.Steps)-2 && len(got.values) > 0 {
					r.choose(arrayMappingStays, step.Request.MappingAt)
				}
			}
			for _, v := range got.values {
				s.outputs[v.Key] = v.Value
			}
			continue
		}
		for _, v := range last {
			s.outputs[v.Key] = v.Value
		}
	}
	if r.run.OK() {
		r.run.Output = jsondoc.NewObject(last...)
		if len(last) == 0 {
			at := a.Node
			if n := len(a.Steps); n > 0 {
				at = a.Steps[n-1].Node
			}
			r.say(finding.Notice, at, "Map what automations can use, such as the id of what was made.", "the action returns nothing")
		}
	}
	return r.done()
}

// input checks the input of an action by its parameters and fills in defaults.
// declared are the parameters: they may come without a value.
func (r *recorder) input(a definition.Action, given Values) (input Values, declared map[string]bool) {
	input, declared = Values{}, map[string]bool{}
	var names []string
	for _, p := range a.Parameters.Get("properties").Members() {
		declared[p.Key] = true
		names = append(names, p.Key)
		if v, ok := given[p.Key]; ok {
			input[p.Key] = v
			r.checkInput(p, v)
		} else if d := p.Get("default"); d != nil {
			r.choose(parameterDefaults, d)
			input[p.Key] = d
		}
	}
	for _, k := range sortedKeys(given) {
		if !declared[k] {
			f := &Failure{Code: Validation, Message: fmt.Sprintf("the action has no parameter %q", k), Pointer: a.Node.Pointer()}
			if near, ok := nearest.Word(k, names); ok {
				f.Hint = fmt.Sprintf("Perhaps you mean %q.", near)
			}
			r.fail(f)
		}
	}
	for _, req := range a.Parameters.Get("required").Elements() {
		if v := input[req.Text()]; v == nil || v.Is(jsondoc.Null) || v.Is(jsondoc.String) && v.Text() == "" {
			r.fail(&Failure{Code: Validation, Message: fmt.Sprintf("the input lacks %q, which is required", req.Text()),
				Pointer: a.Parameters.Pointer(), Hint: "Give it a value."})
		}
	}
	return input, declared
}

// checkInput says when a value is none that the form could send.
func (r *recorder) checkInput(p, v *jsondoc.Node) {
	kinds := map[string]jsondoc.Kind{"string": jsondoc.String, "number": jsondoc.Number, "boolean": jsondoc.Bool, "array": jsondoc.Array, "object": jsondoc.Object}
	if k, ok := kinds[p.Get("type").Text()]; ok && !v.Is(k) {
		r.say(finding.Warning, p, "Give a value of the parameter's type.", "the input %q is of the type %s, where the parameter has %s", p.Key, v.Kind, k)
	}
	if choices := p.Get("enum").Elements(); len(choices) > 0 {
		for _, c := range choices {
			if c.Text() == v.Text() && c.Literal() == v.Literal() {
				return
			}
		}
		r.say(finding.Warning, p, "Give one of the values in enum.", "the input %q is none of the %d values of the parameter", p.Key, len(choices))
	}
}

// function runs a function step.
func (r *recorder) function(ctx context.Context, name string, step definition.Step, s *scope) []jsondoc.Member {
	shown := Step{Name: name, Pointer: step.Node.Pointer(), Function: step.Function}
	stop := func(code Code, message, hint string) []jsondoc.Member {
		shown.Error = message
		r.step(shown)
		r.fail(&Failure{Code: code, Message: fmt.Sprintf("%s: %s", name, message), Pointer: step.Node.Pointer(), Hint: hint})
		return nil
	}
	f, ok := r.m.Definition.Function(step.Function)
	if !ok {
		return stop(Internal, fmt.Sprintf("there is no function %q", step.Function), "Add it under functions.")
	}
	if r.m.Functions == nil {
		return stop(Internal, "functions cannot be run here", "Use the miniapp command.")
	}
	inner := *s
	inner.noCredentials = true
	args := jsondoc.NewObject()
	if step.Args != nil {
		if args = inner.value(step.Args); !r.run.OK() {
			return nil
		}
	}
	call := FunctionCall{Name: f.Name, Code: f.Code.Text(), Args: jsondoc.AppendJSON(nil, args)}
	for _, p := range f.Params.Elements() {
		call.Params = append(call.Params, p.Text())
	}
	shown.Args = shownBody(call.Args)
	start := r.m.Now()
	result, err := r.m.Functions.Call(ctx, call)
	shown.Took = r.m.Now().Sub(start)
	if err != nil {
		return stop(Internal, err.Error(), "Look at the code of the function and at its arguments.")
	}
	doc, problems := jsondoc.ParseLimited(result, len(result))
	if doc == nil || !doc.Root.Is(jsondoc.Object) {
		reason := "it returned no object"
		if len(problems) > 0 {
			reason = "its result cannot be read: " + problems[0].Message
		}
		return stop(Internal, reason, "Return a plain object.")
	}
	var values []jsondoc.Member
	for _, v := range doc.Root.Children {
		values = append(values, jsondoc.Member{Key: v.Key, Value: v})
		shown.show(r.hide, v.Key, "", v)
	}
	r.step(shown)
	return values
}
