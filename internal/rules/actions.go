package rules

import (
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

const groupActions = "Actions"

// actionRules are about actions and their parameters; their steps are in
// requestRules.
func actionRules() []Spec {
	return []Spec{
		actionComplete(), actionNameUnique(), parametersObject(), parameterRequiredExists(),
		parameterTypeDocumented(), parameterUsed(), parameterSourceKnown(), parameterFallbackGiven(),
	}
}

func actionComplete() Spec {
	return Spec{
		ID: "action-complete", Group: groupActions, Severity: finding.Error,
		Title:   "Actions have a name and steps",
		Purpose: "Checks that every action has a name, by which it is called, and at least one step.",
		Source:  "An action is called by its name and runs its requests one after another. That both are required follows from this; that a title is, too, is not stated.",
		Help:    "Add the name, in camelCase, a title that people choose it by, and a step.",
		Fires: []Example{
			{Name: "no name", Edit: "/actions/1/name delete"},
			{Name: "no steps", Edit: "/actions/1/requests = []"},
			{Name: "no steps and no title", Edit: "/actions/1/requests delete\n/actions/1/title delete"},
		},
		Silent: []Example{
			{Name: "no actions", Edit: "/actions = []\n/dashboardApps delete"},
			{Name: "no description", Edit: "/actions/1/description delete"},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, a := range def.Actions {
				if a.Node.Get("name") == nil {
					p.Missing(a.Node, "name", "the action lacks a name, so that nothing can call it").Hint("Add \"name\", such as \"createTicket\".")
				}
				if title := a.Node.Get("title"); title == nil {
					p.Missing(a.Node, "title", "the action lacks a title, which people choose it by").As(finding.Warning).
						Hint("Add \"title\", such as \"Create a ticket\".")
				} else if s, ok := title.Str(); ok && strings.TrimSpace(s) == "" {
					p.Node(title, "the action has an empty title").As(finding.Warning).Hint("Say in a few words what it does.")
				}
				steps := a.Node.Get("requests")
				if steps == nil {
					p.Missing(a.Node, "requests", "the action has no steps, so that it does nothing").Hint("Add \"requests\" with the request that it makes.")
				} else if steps.Is(jsondoc.Array) && len(steps.Children) == 0 {
					p.Node(steps, "the action has no steps, so that it does nothing").Hint("Add the request that it makes, or take the action out.")
				}
			}
		},
	}
}

func actionNameUnique() Spec {
	return Spec{
		ID: "action-name-unique", Group: groupActions, Severity: finding.Error,
		Title:   "Action names are unique",
		Purpose: "Checks that no two actions have the same name, since a call could not tell them apart.",
		Source:  "The name of an action is unique inside of the app; automations and panels call an action by it.",
		Help:    "Give one of the two another name.",
		Fires:   []Example{{Name: "a name that stands twice", Edit: `/actions/1/name = "createTicket"`}},
		Silent:  []Example{{Name: "similar names", Edit: `/actions/1/name = "createTickets"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			first := map[string]*jsondoc.Node{}
			for _, a := range def.Actions {
				if a.Name == "" {
					continue
				}
				if before := first[a.Name]; before != nil {
					p.Node(a.NameAt, "another action has the name %s already", shown(a.Name)).
						Hint("Give one of the two another name.").See(before, "the first one")
					continue
				}
				first[a.Name] = a.NameAt
			}
		},
	}
}

// schemas returns the parameters of all actions that are objects with
// properties, nested ones after those that they are in.
func schemas(def *definition.Definition) []*jsondoc.Node {
	var all []*jsondoc.Node
	var add func(n *jsondoc.Node)
	add = func(n *jsondoc.Node) { // no deeper than the document
		all = append(all, n)
		for _, m := range n.Get("properties").Members() {
			if m.Is(jsondoc.Object) && (m.Get("properties") != nil || m.Get("required") != nil) {
				add(m)
			}
		}
	}
	for _, a := range def.Actions {
		if a.Parameters != nil {
			add(a.Parameters)
		}
	}
	return all
}

// properties returns the parameters of all actions, nested ones too.
func properties(def *definition.Definition) []*jsondoc.Node {
	var all []*jsondoc.Node
	for _, s := range schemas(def) {
		for _, m := range s.Get("properties").Members() {
			if m.Is(jsondoc.Object) {
				all = append(all, m)
			}
		}
	}
	return all
}

func parametersObject() Spec {
	return Spec{
		ID: "parameters-object", Group: groupActions, Severity: finding.Error,
		Title:   "Parameters are an object",
		Purpose: "Checks that the parameters of an action say that they are an object, as the root of their JSON Schema.",
		Source:  "parameters is a JSON Schema whose root has the type object.",
		Help:    "Add `\"type\": \"object\"`. `miniapp check --fix` does it.",
		Fires:   []Example{{Name: "no type", Edit: "/actions/0/parameters/type delete"}},
		Silent:  []Example{{Name: "no parameters", Edit: "/actions/1/parameters delete\n/actions/1/requests/0/url = \"https://api.acme.example/v1/tickets\""}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, a := range def.Actions {
				// Another type is what the schema reports.
				if a.Parameters != nil && a.Parameters.Get("type") == nil && len(a.Parameters.Children) > 0 {
					p.Missing(a.Parameters, "type", "the parameters lack \"type\": \"object\"").Hint("Add it.").
						Fix("add \"type\": \"object\"", def.Doc.SetMember(a.Parameters, "type", `"object"`, ""))
				}
			}
		},
	}
}

func parameterRequiredExists() Spec {
	return Spec{
		ID: "parameter-required-exists", Group: groupActions, Severity: finding.Error,
		Title:   "Required parameters exist",
		Purpose: "Checks that every name in required is a property beside it, since a form without that field could never be sent.",
		Source:  "The platform checks required fields before it runs an action.",
		Help:    "Write the name as it stands in `properties`, or add the property.",
		Fires: []Example{
			{Name: "a typing mistake", Edit: `/actions/0/parameters/required = ["queue", "subjct"]`},
			{Name: "other letters", Edit: `/actions/0/parameters/required = ["queue", "Subject"]`},
			{Name: "inside of another parameter", Edit: `/actions/0/parameters/properties/email = {"type": "object", "title": "Requester", "required": ["mail"], "properties": {"phone": {"type": "string"}}}`},
		},
		Silent: []Example{{Name: "nothing is required", Edit: "/actions/0/parameters/required = []"}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, s := range schemas(def) {
				properties := s.Get("properties")
				var names []string
				for _, m := range properties.Members() {
					names = append(names, m.Key)
				}
				for _, n := range s.Get("required").Elements() {
					name, ok := n.Str()
					if !ok || properties.Get(name) != nil || properties != nil && !properties.Is(jsondoc.Object) {
						continue
					}
					r := p.Node(n, "%s is required, but is no parameter", shown(name)).Hint("Add it to properties, or take it out of required.")
					if near := p.nearest(name, names); near != "" {
						r.rewrite(def, n, near)
					}
				}
			}
		},
	}
}

// parameterTypes are the types for which forms have an input.
var parameterTypes = []string{"string", "number", "boolean", "array", "object"}

func parameterTypeDocumented() Spec {
	return Spec{
		ID: "parameter-type-documented", Group: groupActions, Severity: finding.Warning,
		Title:   "Parameters have a type that forms know",
		Purpose: "Checks that the type of every parameter is string, number, boolean, array or object, which a form has an input for.",
		Source:  "The platform documents how these five are shown. What it makes of others, such as integer, is not documented.",
		Help:    "Use one of the five types. For whole numbers use `number`, and say so in the description.",
		Fires: []Example{
			{Name: "a whole number", Edit: `/actions/0/parameters/properties/email/type = "integer"`},
			{Name: "other letters", Edit: `/actions/0/parameters/properties/email/type = "String"`},
			{Name: "several types", Edit: `/actions/0/parameters/properties/email/type = ["string", "null"]`},
			{Name: "no type", Edit: `/actions/0/parameters/properties/email/type delete`},
		},
		Silent: []Example{{Name: "a list without the type of its entries", Edit: `/actions/0/parameters/properties/email/type = "array"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			const hint = "Use \"string\", \"number\", \"boolean\", \"array\" or \"object\"."
			for _, n := range properties(def) {
				at := n.Get("type")
				switch name, isText := at.Str(); {
				case at == nil:
					p.Missing(n, "type", "the parameter %s has no type", shown(n.Key)).Hint("%s", hint)
				case at.Is(jsondoc.Array):
					p.Node(at, "the parameter %s has several types", shown(n.Key)).Hint("%s", hint)
				case isText && !slices.Contains(parameterTypes, name):
					r := p.Node(at, "forms have no input for the type %s", shown(name)).Hint("%s", hint)
					if near := p.nearest(name, parameterTypes); name == "integer" {
						r.Hint("Use \"number\", and say in the description that it is whole.")
					} else if near != "" {
						r.rewrite(def, at, near)
					}
				}
			}
		},
	}
}

func parameterUsed() Spec {
	return Spec{
		ID: "parameter-used", Group: groupActions, Severity: finding.Notice,
		Title:   "Parameters are used",
		Purpose: "Checks that every parameter of an action is used by one of its steps, since people fill in the form for nothing otherwise.",
		Source:  "A parameter reaches the provider only where a step has {{name}}.",
		Help:    "Use it in a step as `{{name}}`, or take it out.",
		Fires:   []Example{{Name: "a parameter that nothing uses", Edit: `/actions/0/parameters/properties/note = {"type": "string", "title": "Note"}`}},
		Silent: []Example{
			{Name: "one that a list depends on", Edit: "/actions/0/parameters/properties/team = {\"type\": \"string\", \"title\": \"Team\"}\n" +
				`/source/rpc_queues/url = "https://api.acme.example/v1/queues?team={{team}}"`},
			{Name: "one that was meant", Edit: `/actions/0/requests/1/body/subject = "{{subjct}}"`},
		},
		CheckDefinition: checkParameterUsed,
	}
}

func checkParameterUsed(p *Pass, def *definition.Definition) {
	used := make([]map[string]bool, len(def.Actions))
	for i := range used {
		used[i] = map[string]bool{}
	}
	inSources := map[string]bool{}
	nameless := make([]bool, len(def.Actions)) // a placeholder without its name could mean any
	for _, s := range p.scopes(def) {
		for _, ph := range s.Placeholders() {
			// A dotted key may lead into a parameter.
			key, _, _ := strings.Cut(strings.TrimSpace(ph.Key), ".")
			switch {
			case s.Source >= 0:
				inSources[key] = true
			case s.Action < 0:
			case key == "":
				nameless[s.Action] = true
			case s.inputs[key]:
				used[s.Action][key] = true // in any brackets: another rule speaks of those
			case !ph.Credential && !s.fills(key):
				if near := p.nearestIn(s, key); near != "" {
					used[s.Action][near] = true // the finding is that of the step
				}
			}
		}
		if s.Action >= 0 {
			markMalformed(s, used[s.Action])
		}
	}
	for i, a := range def.Actions {
		if len(a.Steps) == 0 || nameless[i] {
			continue
		}
		for _, k := range a.ParameterKeys() {
			if !used[i][k.Name] && !inSources[k.Name] {
				p.Key(k.At, "no step uses the parameter %s", shown(k.Name)).
					Hint("Use it as {{%s}}, or take it out.", plain(k.Name))
			}
		}
	}
}

// markMalformed marks the names in placeholders that are not closed or have the
// wrong braces, which other rules report.
func markMalformed(s scope, used map[string]bool) {
	for _, t := range s.Texts {
		t.Walk(func(n *jsondoc.Node) bool {
			for _, u := range definition.UnclosedPlaceholders(n) {
				used[u.Key] = true
			}
			for _, b := range definition.SingleBraces(n.Text()) {
				used[b.Name] = true
			}
			return true
		})
	}
}

const lists = "A parameter with x-source is a list that the entry of source with this key fills. "

func parameterSourceKnown() Spec {
	return Spec{
		ID: "parameter-source-known", Group: groupActions, Severity: finding.Error,
		Title:   "Lists have their source",
		Purpose: "Checks that every x-source is a key of source.",
		Source:  lists + "Keys of source start with rpc_.",
		Help:    "Write the key exactly as it stands in `source`, or add the source.",
		Fires: []Example{
			{Name: "a typing mistake", Edit: `/actions/0/parameters/properties/queue/x-source = "rpc_queue"`},
			{Name: "the prefix is missing", Edit: `/actions/0/parameters/properties/queue/x-source = "queues"`},
			{Name: "no sources at all", Edit: `/source = {}`},
		},
		Silent: []Example{
			{Name: "a parameter without a list", Edit: "/actions/0/parameters/properties/email/minLength = 3"},
			{Name: "a source whose key has to be mended", Edit: "/source/queues = {\"url\": \"https://api.acme.example/v1/queues\", \"method\": \"GET\", \"dataPath\": \"data\", \"valueField\": \"id\", \"labelField\": \"name\"}\n" +
				`/actions/0/parameters/properties/queue/x-source = "queues"`},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			var names []string
			for _, s := range def.Sources {
				names = append(names, s.Key)
			}
			sources := def.Doc.Root.Get("source")
			for _, n := range properties(def) {
				at := n.Get("x-source")
				// A source without the prefix is the finding of that source.
				key, ok := at.Str()
				if !ok || sources.Get(key) != nil {
					continue
				}
				r := p.Node(at, "there is no source %s", shown(key)).Hint("Add it to source, with a key that starts with \"rpc_\".")
				if full := "rpc_" + key; sources.Get(full) != nil {
					r.Hint("Write %s.", shown(full)).Fix("write "+shown(full), replaceText(def, at, full))
				} else if near := p.nearest(key, names); near != "" {
					r.rewrite(def, at, near)
				}
			}
		},
	}
}

func parameterFallbackGiven() Spec {
	return Spec{
		ID: "parameter-fallback-given", Group: groupActions, Severity: finding.Warning,
		Title:   "Lists can be typed into",
		Purpose: "Checks that every parameter with x-source has x-fallback, so that the form can be used when the list cannot be filled.",
		Source:  "Best practice is x-fallback: input on every x-source; it turns the list into a text field when the request fails.",
		Help:    "Add `\"x-fallback\": \"input\"`. `miniapp check --fix` does it.",
		Fires:   []Example{{Name: "a list without a fallback", Edit: `/actions/0/parameters/properties/queue/x-fallback delete`}},
		Silent:  []Example{{Name: "a parameter without a list"}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, n := range properties(def) {
				if n.Get("x-source").Is(jsondoc.String) && n.Get("x-fallback") == nil {
					p.Missing(n, "x-fallback", "the list %s has no \"x-fallback\"", shown(n.Key)).
						Hint("Add \"x-fallback\": \"input\".").
						Fix("add \"x-fallback\": \"input\"", def.Doc.SetMember(n, "x-fallback", `"input"`, "x-source"))
				}
			}
		},
	}
}
