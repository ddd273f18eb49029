package rules

import (
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
	named []definition.Placeholder
}

// scopes returns all parts of a definition in which placeholders are replaced.
// They are made once in a run.
func (p *Pass) scopes(def *definition.Definition) []scope {
	if p.memo.scoped {
		return p.memo.scopes
	}
	p.memo.scoped = true
	credentials, values := keySet(def.Auth.CredentialKeys()), keySet(def.Auth.ValueKeys())
	connect := values
	if def.Auth.Type == "oauth2" {
		connect = keySet(def.Auth.ValueKeys())
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
	if s.Auth != "" {
		names = append(names, definition.ConnectKeys()...)
	}
	return names
}

// findNamed returns the placeholders of the part whose keys are names, each node
// and key once, without white space around the key. What is no name is the
// finding of another rule.
func (s scope) findNamed() []definition.Placeholder {
	type place struct {
		node       *jsondoc.Node
		credential bool
		key        string
	}
	seen := map[place]bool{}
	var found []definition.Placeholder
	for _, ph := range s.Placeholders() {
		ph.Key = strings.TrimSpace(ph.Key)
		at := place{ph.Node, ph.Credential, ph.Key}
		known := ph.Credential && s.credentials[ph.Key] || !ph.Credential && s.fills(ph.Key)
		if (definition.IsPlaceholderName(ph.Key) || known) && !seen[at] {
			seen[at] = true
			found = append(found, ph)
		}
	}
	return found
}

// swap is the edit that writes a placeholder with another key or in the other
// brackets, wherever it stands in its text.
func swap(def *definition.Definition, ph definition.Placeholder, credential bool, key string) []jsondoc.Edit {
	var edit []jsondoc.Edit
	text := ph.Node.Text()
	for _, p := range definition.Placeholders(ph.Node) {
		if p.Credential == ph.Credential && strings.TrimSpace(p.Key) == ph.Key {
			text = strings.ReplaceAll(text, bracketed(p.Credential, p.Key), bracketed(credential, key))
		}
	}
	if text != ph.Node.Text() {
		edit = replaceText(def, ph.Node, text)
	}
	return edit
}

// bracketed writes a placeholder.
func bracketed(credential bool, key string) string {
	if credential {
		return "[[" + key + "]]"
	}
	return "{{" + key + "}}"
}
