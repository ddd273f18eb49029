package sandbox

import (
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// mapped evaluates a request's mapping on a response. Outputs whose path leads
// nowhere are not there, which is said.
func (r *recorder) mapped(req definition.Request, body *jsondoc.Node, step *Step) []jsondoc.Member {
	var values []jsondoc.Member
	seen := map[string]int{}
	for _, o := range req.Mapping {
		v, path := r.output(o, body)
		if v == nil {
			continue
		}
		if i, twice := seen[o.Name]; twice {
			values[i].Value = v
		} else {
			seen[o.Name] = len(values)
			values = append(values, jsondoc.Member{Key: o.Name, Value: v})
		}
		step.show(r.hide, o.Name, path, v)
	}
	return values
}

// show keeps a value that a step gave. One that is called a secret, by its name
// or where it was found, is hidden wherever else it comes.
func (s *Step) show(hide *redactor, name, path string, v *jsondoc.Node) {
	if definition.LooksSecret(name) || definition.LooksSecret(lastKey(path)) {
		hide.addBelow(v)
		if len(s.Mapped) < maxShownOutputs {
			s.Mapped = append(s.Mapped, Mapped{Name: name, Path: path, Value: jsondoc.Quote(mask)})
		}
		return
	}
	if len(s.Mapped) < maxShownOutputs {
		s.Mapped = append(s.Mapped, Mapped{Name: name, Path: path, Value: shownValue(name, v)})
	}
}

// lastKey is the name at the end of a path.
func lastKey(path string) string { return path[strings.LastIndexAny(path, ".$]")+1:] }

// shownValue is a mapped value as it may be shown, cut after a while.
func shownValue(name string, v *jsondoc.Node) string {
	if definition.LooksSecret(name) {
		return jsondoc.Quote(mask)
	}
	return shownJSON(v)
}

// output evaluates one entry of a mapping.
func (r *recorder) output(o definition.Output, body *jsondoc.Node) (value *jsondoc.Node, path string) {
	text, isText := o.Value.Str()
	switch {
	case o.Value == nil:
		return nil, ""
	case !isText:
		return o.Value, "" // a literal
	case strings.HasPrefix(text, "$"):
		p, err := definition.ParsePath(text)
		if err != nil {
			r.say(finding.Warning, o.Value, "Use only dots and numbers in brackets, as in \"$.items[0].id\".", "the path %q %v", text, err)
			return nil, text
		}
		if v := p.Eval(body); v != nil {
			return v, text
		}
		r.say(finding.Warning, o.Value, "Compare the path with the response.", "nothing is at %q in the response, so %q gets no value", text, o.Name)
		return nil, text
	}
	r.choose(bareMapping, o.Value)
	if p, err := definition.ParseBarePath(text); err == nil {
		if v := p.Eval(body); v != nil {
			return v, text
		}
	}
	return o.Value, ""
}
