package rules

import (
	"maps"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// scope is what can fill the placeholders of one part of a definition.
type scope struct {
	definition.RequestPart
	def *definition.Definition
	// credentials and values are the keys that "[[key]]" and "{{key}}" find
	// everywhere in the definition.
	credentials, values map[string]bool
	// inputs are the parameters that are in reach; steps says for each output
	// of the action in which steps it is made, in their order.
	inputs map[string]bool
	steps  map[string][]int
	// open is the first step that may output more than can be told from the
	// definition, or -1.
	open int
	// named are the placeholders of the part, see findNamed.
	named []placeholder
}

// placeholder is one key in one text, with the places where it stands in it.
type placeholder struct {
	definition.Placeholder
	places []jsondoc.Span // offsets in the text
}

// scopes returns all parts of a definition in which placeholders are replaced.
// They are made once in a run.
func (p *Pass) scopes(def *definition.Definition) []scope {
	if p.memo.scoped {
		return p.memo.scopes
	}
	p.memo.scoped = true
	credentials, values := keySet(def.Auth.CredentialKeys()), keySet(def.Auth.ValueKeys())
	for _, name := range unstored(&def.Auth) {
		credentials[name], values[name] = true, true
	}
	connect := values
	if def.Auth.Type == "oauth2" {
		connect = maps.Clone(values)
		for _, k := range definition.ConnectKeys() {
			connect[k] = true
		}
	}
	actions := make([]scope, len(def.Actions))
	anyInput := map[string]bool{}
	for i, a := range def.Actions {
		actions[i] = p.actionScope(def, a)
		for k := range actions[i].inputs {
			anyInput[k] = true
		}
	}
	for _, part := range def.RequestParts() {
		s := scope{open: -1}
		if part.Action >= 0 {
			s = actions[part.Action]
		}
		s.RequestPart, s.def, s.credentials, s.values = part, def, credentials, values
		switch {
		case part.Auth != "":
			s.values = connect
		case part.Source >= 0:
			// The form's other fields are sent along when a list is filled.
			s.inputs = anyInput
		}
		s.named = s.findNamed()
		p.memo.scopes = append(p.memo.scopes, s)
	}
	return p.memo.scopes
}

// unstored returns the outputs of auth whose mapping has the wrong form. That is
// one finding, and not another one wherever they are used.
func unstored(a *definition.Auth) []string {
	var names []string
	for _, s := range a.Steps() {
		if s.Request.MappingAt.Is(jsondoc.Array) {
			names = append(names, outputNames(s.Request)...)
		}
	}
	return names
}

// actionScope returns what the parameters and steps of an action make.
func (p *Pass) actionScope(def *definition.Definition, a definition.Action) scope {
	s := scope{inputs: keySet(a.ParameterKeys()), steps: map[string][]int{}, open: -1}
	for i, step := range a.Steps {
		var names []string
		if step.IsFunction {
			keys, all := p.outputsOf(def, step.Function)
			if names = keys; !all && s.open < 0 {
				s.open = i
			}
		} else {
			names = outputNames(step.Request)
		}
		for _, name := range names {
			s.steps[name] = append(s.steps[name], i)
		}
	}
	return s
}

// made reports whether a step before the part's own makes an output.
func (s scope) made(key string) bool {
	return len(s.steps[key]) > 0 && s.steps[key][0] < s.Step
}

// madeLater reports whether the part's own step, or a later one, is the first
// to make an output.
func (s scope) madeLater(key string) bool {
	return len(s.steps[key]) > 0 && s.steps[key][0] >= s.Step
}

// fills reports whether something fills "{{key}}" here.
func (s scope) fills(key string) bool {
	return s.inputs[key] || s.values[key] || s.made(key)
}

// unsure reports whether a step before this one may make outputs that cannot be
// told from the definition.
func (s scope) unsure() bool { return s.open >= 0 && s.open < s.Step }

// isCall reports whether the part is the arguments of a function.
func (s scope) isCall() bool {
	return s.Action >= 0 && s.def.Actions[s.Action].Steps[s.Step].IsFunction
}

// nearestIn returns the name that was probably meant by a "{{key}}", or "".
func (p *Pass) nearestIn(s scope, key string) string {
	if p.memo.compared > comparisons {
		return "" // before the names are put together
	}
	return p.nearest(key, s.names())
}

// names returns the names that "{{key}}" may have here, in the order of the
// document.
func (s scope) names() []string {
	var names []string
	add := func(keys []definition.Key) {
		for _, k := range keys {
			names = append(names, k.Name)
		}
	}
	if s.Action >= 0 {
		a := s.def.Actions[s.Action]
		add(a.ParameterKeys())
		for _, step := range a.Steps[:s.Step] {
			add(step.OutputKeys())
		}
	}
	add(s.def.Auth.ValueKeys())
	if s.Auth != "" && s.def.Auth.Type == "oauth2" {
		names = append(names, definition.ConnectKeys()...)
	}
	return names
}

// findNamed returns the placeholders of the part whose keys are names, each node
// and key once, without white space around the key. What is no name is the
// finding of another rule.
func (s scope) findNamed() []placeholder {
	type place struct {
		node       *jsondoc.Node
		credential bool
		key        string
	}
	seen := map[place]int{} // index in found
	var found []placeholder
	for _, ph := range s.Placeholders() {
		span := jsondoc.Span{Start: ph.Start, End: ph.End()}
		ph.Key = strings.TrimSpace(ph.Key)
		at := place{ph.Node, ph.Credential, ph.Key}
		known := ph.Credential && s.credentials[ph.Key] || !ph.Credential && s.fills(ph.Key)
		if !definition.IsPlaceholderName(ph.Key) && !known {
			continue
		}
		i, before := seen[at]
		if !before {
			i = len(found)
			seen[at] = i
			found = append(found, placeholder{Placeholder: ph})
		}
		found[i].places = append(found[i].places, span)
	}
	return found
}

// swap is the edits that write a placeholder with another key or in the other
// brackets, wherever it stands in its text.
func (s scope) swap(ph placeholder, credential bool, key string) []jsondoc.Edit {
	return replaceParts(s.def, ph.Node, ph.places, bracketed(credential, key))
}

// replaceParts is the edits that write another text in place of parts of a
// string. Only these parts are edited, so that other findings in the same
// string can be mended as well, and so that findings in a long string do not
// each hold all of it. Offsets are those of the decoded text; there are no edits
// where escapes make them others in the document.
func replaceParts(def *definition.Definition, n *jsondoc.Node, parts []jsondoc.Span, text string) []jsondoc.Edit {
	if n.Span.End-n.Span.Start != len(n.Text())+2 {
		return nil
	}
	inner := jsondoc.Quote(text)
	inner = inner[1 : len(inner)-1]
	var edits []jsondoc.Edit
	for _, part := range parts {
		at := jsondoc.Span{Start: n.Span.Start + 1 + part.Start, End: n.Span.Start + 1 + part.End}
		edits = append(edits, jsondoc.Edit{Span: at, Text: inner})
	}
	return edits
}

// bracketed writes a placeholder.
func bracketed(credential bool, key string) string {
	if credential {
		return "[[" + key + "]]"
	}
	return "{{" + key + "}}"
}
