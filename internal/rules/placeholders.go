package rules

import (
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

const groupPlaceholders = "Placeholders"

// placeholderRules are about "[[key]]" and "{{key}}": how they are written, and
// that something fills them.
func placeholderRules() []Spec {
	return []Spec{
		placeholderClosed(), placeholderName(), placeholderBraces(),
		credentialSupplied(), authValueSupplied(), storedTokenBrackets(),
		stepValueSupplied(), stepOrder(), outputReachable(), sourceValueSupplied(),
	}
}

const placeholderSource = "[[key]] is replaced from the credentials and the metadata of an install, {{key}} from form input, earlier steps, auth.config and the system. "

// eachText calls visit for every string in which placeholders are replaced.
func (p *Pass) eachText(def *definition.Definition, visit func(scope, *jsondoc.Node)) {
	for _, s := range p.scopes(def) {
		for _, t := range s.Texts {
			t.Walk(func(n *jsondoc.Node) bool {
				if n.Is(jsondoc.String) {
					visit(s, n)
				}
				return true
			})
		}
	}
}

func placeholderClosed() Spec {
	return Spec{
		ID: "placeholder-closed", Group: groupPlaceholders, Severity: finding.Warning,
		Title:   "Placeholders are closed",
		Purpose: "Checks that brackets that begin a placeholder are closed by brackets of the same kind.",
		Source:  placeholderSource + "What is not closed is sent as it stands.",
		Help:    "Close `[[key` with `]]`, and `{{key` with `}}`.",
		Fires: []Example{
			{Name: "one bracket is missing", Edit: `/actions/0/requests/0/headers/Authorization = "Bearer [[accessToken]"`},
			{Name: "two kinds of brackets", Edit: `/source/rpc_queues/url = "https://api.acme.example/v1/queues?key=[[accessToken}}"`},
			{Name: "no closing bracket", Edit: `/actions/1/requests/0/url = "https://api.acme.example/v1/queues/{{queue/tickets"`},
		},
		Silent: []Example{{Name: "a list of lists", Edit: `/actions/0/requests/0/body/pairs = "[[1, 2], [3, 4]"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			p.eachText(def, func(s scope, n *jsondoc.Node) {
				text := n.Text()
				for _, u := range definition.UnclosedPlaceholders(n) {
					right := bracketed(u.Credential, u.Key)
					r := p.Node(n, "the placeholder %s is not closed", shown(text[u.Start:u.End])).Hint("Write %s.", shown(right)).Tell(u.Key)
					switch {
					case len(u.Closer) == 2:
						r.Hint("Write %s or %s.", shown(bracketed(true, u.Key)), shown(bracketed(false, u.Key)))
					case u.Closer == right[len(right)-1:]:
						r.Fix("write "+shown(right), replaceParts(def, n, []jsondoc.Span{{Start: u.Start, End: u.End}}, right))
					}
				}
			})
		},
	}
}

func placeholderName() Spec {
	return Spec{
		ID: "placeholder-name", Group: groupPlaceholders, Severity: finding.Warning,
		Title:   "Placeholders are plain names",
		Purpose: "Checks that the key of a placeholder is made of letters, digits and underscores.",
		Source:  "All keys in official examples are. Whether white space, dots or hyphens work is not documented.",
		Help:    "Name the key in camelCase or snake_case. For a part of an object, map that part in the step before.",
		Fires: []Example{
			{Name: "white space", Edit: `/actions/0/requests/0/body/email = "{{ email }}"`},
			{Name: "a part of an object", Edit: `/actions/0/requests/1/body/requester = "{{requester.id}}"`},
			{Name: "nothing", Edit: `/actions/0/requests/1/body/subject = "{{}}"`},
		},
		Silent: []Example{{Name: "both ways to join words", Edit: "/auth/config/account_id = \"\"\n" + `/actions/0/requests/0/body/account = "{{account_id}}"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			p.eachText(def, func(s scope, n *jsondoc.Node) {
				for _, ph := range definition.Placeholders(n) {
					whole, inner := bracketed(ph.Credential, ph.Key), strings.TrimSpace(ph.Key)
					switch {
					case definition.IsPlaceholderName(ph.Key),
						strings.Contains(ph.Key, "{{"), strings.Contains(ph.Key, "[["), // not closed
						ph.Credential && s.isCall(): // not replaced there
					case definition.IsPlaceholderName(inner):
						right := bracketed(ph.Credential, inner)
						p.Node(n, "%s has white space around the name", shown(whole)).Hint("Write %s.", shown(right)).Tell(ph.Key).
							Fix("write "+shown(right), replaceParts(def, n, []jsondoc.Span{{Start: ph.Start, End: ph.End()}}, right))
					case inner == "":
						p.Node(n, "%s has no name", shown(whole)).Hint("Write the name of the value between the brackets.")
					case strings.Contains(inner, "."):
						p.Node(n, "%s has a dot, and it is not documented that it leads into a value", shown(whole)).
							Hint("Map that part to a name of its own in the step before, and use that name.").Tell(ph.Key)
					default:
						p.Node(n, "%s is not a plain name", shown(whole)).Hint("Use a name of letters, digits and underscores.").Tell(ph.Key)
					}
				}
			})
		},
	}
}

func placeholderBraces() Spec {
	return Spec{
		ID: "placeholder-braces", Group: groupPlaceholders, Severity: finding.Warning,
		Title:   "Placeholders have two braces",
		Purpose: "Checks that no value is named in single braces, which are replaced only in the details endpoint of a synchronised resource.",
		Source:  placeholderSource + "A single pair of braces is known only as {id} in the address of a record of sync.",
		Help:    "Write `{{key}}`, or `[[key]]` for a credential.",
		Fires: []Example{
			{Name: "a parameter", Edit: `/actions/1/requests/0/url = "https://api.acme.example/v1/queues/{queue}/tickets"`},
			{Name: "as in a template of JavaScript", Edit: `/actions/0/requests/0/body/email = "${email}"`},
			{Name: "a credential", Edit: `/source/rpc_queues/headers/Authorization = "Bearer {accessToken}"`},
			{Name: "a name from the provider's guide", Edit: `/auth/userDetails/url = "https://api.acme.example/v1/users/{user_id}"`},
		},
		Silent: []Example{
			{Name: "a query of GraphQL", Edit: `/actions/0/requests/0/body/query = "query {queue{email}}"`},
			{Name: "the id of a record"},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			p.eachText(def, func(s scope, n *jsondoc.Node) {
				if s.Auth == "" && s.Action < 0 && s.Source < 0 {
					return // sync has single braces
				}
				text := n.Text()
				for _, b := range definition.SingleBraces(text) {
					value, credential := s.fills(b.Name), s.credentials[b.Name] && !s.isCall()
					whole := b.Start == 0 && b.End == len(text)
					inURL := n.Key == "url" && n == s.Texts[0]
					// In other texts than addresses, braces may mean something
					// to the provider.
					if !inURL && !(value || credential) || !inURL && !whole && inBody(s, n) {
						continue
					}
					r := p.Node(n, "%s has single braces, which are not replaced here", shown(text[b.Start:b.End])).
						Hint("Write %s, and say what fills it.", shown(bracketed(false, b.Name))).Tell(b.Name)
					if value || credential {
						right := bracketed(!value || s.credentials[b.Name] && !s.inputs[b.Name] && !s.made(b.Name) && !s.isCall(), b.Name)
						r.Hint("Write %s.", shown(right)).
							Fix("write "+shown(right), replaceParts(def, n, []jsondoc.Span{{Start: b.Start, End: b.End}}, right))
					}
				}
			})
		},
	}
}

// inBody reports whether a text is in neither the address, the headers nor the
// query parameters of a request.
func inBody(s scope, n *jsondoc.Node) bool {
	for n.Parent != nil && n.Parent.Parent != nil {
		if n.Key == "body" || n.Key == "args" {
			for _, t := range s.Texts {
				if t == n {
					return true
				}
			}
		}
		n = n.Parent
	}
	return false
}
