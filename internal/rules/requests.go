package rules

import (
	"mime"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

const groupRequests = "Requests"

// requestRules are about the HTTP requests of auth and of actions.
func requestRules() []Spec {
	return []Spec{
		mappingPresent(), mappingFormFits(), mappingPathRooted(), mappingPathSupported(),
		requestBodyFits(), contentTypeAgrees(),
	}
}

// requests returns the requests of auth and of actions, in their order.
func requests(def *definition.Definition) []definition.Request {
	n := len(def.Auth.Steps())
	for _, a := range def.Actions {
		n += len(a.Steps)
	}
	all := make([]definition.Request, 0, n)
	for _, s := range def.Auth.Steps() {
		all = append(all, s.Request)
	}
	for _, a := range def.Actions {
		for _, s := range a.Steps {
			if !s.IsFunction {
				all = append(all, s.Request)
			}
		}
	}
	return all
}

func mappingPresent() Spec {
	return Spec{
		ID: "mapping-present", Group: groupRequests, Severity: finding.Error,
		Title:   "Steps say what they output",
		Purpose: "Checks that every HTTP step of an action has a mapping, without which nothing of the answer is kept.",
		Source:  "mapping is required for requests. What an action gives back is what its mapping selects, and nothing else.",
		Help:    "Add `mapping` with a name for each value that is needed: `{\"ticketId\": \"$.data.id\"}` on the last step.",
		Fires:   []Example{{Name: "no mapping", Edit: "/actions/0/requests/1/mapping delete"}},
		Silent:  []Example{{Name: "an empty mapping", Edit: "/actions/0/requests/1/mapping = {}"}, {Name: "function steps have none"}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, a := range def.Actions {
				for _, s := range a.Steps {
					if !s.IsFunction && s.Request.MappingAt == nil {
						p.Missing(s.Node, "mapping", "the step lacks \"mapping\", so that nothing of the answer is kept").
							Hint("Add it with a name and a path for each value that is needed.")
					}
				}
			}
		},
	}
}

func mappingFormFits() Spec {
	return Spec{
		ID: "mapping-form-fits", Group: groupRequests, Severity: finding.Warning,
		Title:   "A mapping has the form for its place",
		Purpose: "Checks that the last step of an action has an object as its mapping, and the steps before it an array.",
		Source:  "Best practice is an array on steps in between, whose outputs only later steps see, and an object on the last one, which is the action's result. One official example has an object in between, so that this is a warning.",
		Help:    "In between: `[{\"name\": \"id\", \"value\": \"$.data.id\"}]`. On the last step: `{\"id\": \"$.data.id\"}`.",
		Fires: []Example{
			{Name: "an array on the last step", Edit: `/actions/0/requests/1/mapping = [{"name": "ticketId", "value": "$.data.id"}]`},
			{Name: "an object in between", Edit: `/actions/0/requests/0/mapping = {"requesterId": "$.data.id"}`},
		},
		Silent: []Example{{Name: "an array before a function"}, {Name: "nothing is needed of an answer", Edit: `/actions/1/requests/0/mapping = {}` + "\n/actions/1/requests/1/args/list = []"}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, a := range def.Actions {
				for i, s := range a.Steps {
					m, last := s.Request.MappingAt, i == len(a.Steps)-1
					switch {
					case len(s.Request.Mapping) == 0:
					case last && m.Is(jsondoc.Array):
						p.Node(m, "the last step has an array as its mapping, which is not known to give the action a result").
							Hint("Write an object: each name with its path.").
							Fix("write the mapping as an object", objectMapping(def, s.Request))
					case !last && m.Is(jsondoc.Object):
						p.Node(m, "a step in between has an object as its mapping, which is the form for the action's result").
							Hint("Write an array of names and values, unless the action's result needs them too.")
					}
				}
			}
		},
	}
}

// literalValue reports whether a text of a mapping can be meant as it stands:
// official examples have "true".
func literalValue(s string) bool {
	if s == "true" || s == "false" {
		return true
	}
	return s != "" && strings.Trim(s, "0123456789.-") == ""
}

func mappingPathRooted() Spec {
	return Spec{
		ID: "mapping-path-rooted", Group: groupRequests, Severity: finding.Warning,
		Title:   "Mappings lead into the answer",
		Purpose: "Checks that the values of a mapping start with \"$\", unless they are true, false or a number.",
		Source:  "A path into the answer starts with \"$\". Other texts are read in three ways by official pages, so that this is a warning.",
		Help:    "Write `$.` before the path.",
		Fires: []Example{
			{Name: "a path without its root", Edit: `/actions/0/requests/1/mapping/ticketId = "data.id"`},
			{Name: "a single name", Edit: `/auth/userDetails/mapping/uid = "id"`},
			{Name: "a placeholder", Edit: `/actions/0/requests/1/mapping/ticketId = "{{requesterId}}"`},
		},
		Silent: []Example{{Name: "a literal", Edit: `/auth/test_token/mapping/connected = "true"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, r := range requests(def) {
				for _, o := range r.Mapping {
					text, ok := o.Value.Str()
					if !ok || strings.HasPrefix(text, "$") || literalValue(text) {
						continue
					}
					if len(definition.Placeholders(o.Value)) > 0 {
						p.Node(o.Value, "placeholders are not replaced in a mapping").
							Hint("A mapping selects values of the answer; a value that is there already can be used as it is.")
						continue
					}
					f := p.Node(o.Value, "the value %s of the mapping does not start with \"$\"", shown(text)).
						Hint("Write a path from the root of the answer, such as \"$.data.id\".")
					if path, err := definition.ParseBarePath(text); err == nil && text != "" && !strings.Contains(text, " ") {
						f.Hint("Write %s.", shown(path.String()))
						if path.Len() > 1 { // a single word could be meant as it stands
							f.Fix("write "+shown(path.String()), replaceText(def, o.Value, path.String()))
						}
					}
				}
			}
		},
	}
}

func mappingPathSupported() Spec {
	return Spec{
		ID: "mapping-path-supported", Group: groupRequests, Severity: finding.Warning,
		Title:   "Mappings use only names and numbers",
		Purpose: "Checks that the paths of a mapping have nothing but names after dots and numbers in brackets.",
		Source:  "Documented are dots and indices: `$.data.user.name`, `$.items[0].code`. Wildcards, filters, slices and quoted names are not.",
		Help:    "Select the whole list, and pick from it in a function.",
		Fires: []Example{
			{Name: "a wildcard", Edit: `/actions/0/requests/1/mapping/ticketId = "$.items[*].id"`},
			{Name: "a name in quotes", Edit: `/actions/1/requests/0/mapping/0/value = "$['data']"`},
		},
		Silent: []Example{{Name: "an index", Edit: `/actions/0/requests/1/mapping/ticketId = "$.items[0].id"`}, {Name: "the whole answer", Edit: `/actions/0/requests/1/mapping/all = "$"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, r := range requests(def) {
				for _, o := range r.Mapping {
					text := o.Value.Text()
					if !strings.HasPrefix(text, "$") {
						continue
					}
					if _, err := definition.ParsePath(text); err != nil {
						p.Node(o.Value, "the path %s", err).
							Hint("Select the whole list or object, such as \"$.items\", and pick from it in a function.")
					}
				}
			}
		},
	}
}

// hasBody reports whether a request sends something in its body.
func hasBody(r definition.Request) bool {
	switch {
	case r.Body == nil, r.Body.Is(jsondoc.Null):
		return false
	case r.Body.Is(jsondoc.Object), r.Body.Is(jsondoc.Array):
		return len(r.Body.Children) > 0
	case r.Body.Is(jsondoc.String):
		return r.Body.Text() != ""
	}
	return true
}

func requestBodyFits() Spec {
	return Spec{
		ID: "request-body-fits", Group: groupRequests, Severity: finding.Notice,
		Title:   "Bodies fit their method",
		Purpose: "Checks that GET and DELETE have no body, and that a body says how it is written.",
		Source:  "Many servers pass over the body of a GET or DELETE. How a body without bodyType is written is not documented.",
		Help:    "Move what a GET sends to `queryParams`. Add `\"bodyType\": \"json\"` where there is a body.",
		Fires: []Example{
			{Name: "a GET with a body", Edit: `/actions/1/requests/0/body = {"state": "open"}`},
			{Name: "a body of no type", Edit: `/actions/0/requests/0/bodyType delete`},
		},
		Silent: []Example{
			{Name: "an empty body", Edit: "/actions/1/requests/0/body = {}\n/auth/userDetails/body = null"},
			{Name: "a POST without a body", Edit: `/auth/userDetails/method = "POST"`},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, r := range requests(def) {
				method := r.Method.Text()
				switch {
				case !hasBody(r):
				case method == "GET" || method == "DELETE":
					p.Node(r.Body, "a %s has a body, which many servers pass over", method).
						Hint("Send the values as queryParams, unless the provider asks for a body.")
				case method != "" && r.Node.Get("bodyType") == nil:
					p.Missing(r.Node, "bodyType", "the body has no bodyType, and which one is assumed is not documented").
						Hint("Add \"bodyType\": \"json\", or the one that the provider takes.")
				}
			}
		},
	}
}

// bodyTypes are the media types that go with each bodyType.
var bodyTypes = map[string]string{
	"json": "application/json", "x-www-form-urlencoded": "application/x-www-form-urlencoded", "formData": "multipart/form-data",
}

func contentTypeAgrees() Spec {
	return Spec{
		ID: "content-type-agrees", Group: groupRequests, Severity: finding.Warning,
		Title:   "Content-Type agrees with bodyType",
		Purpose: "Checks that a Content-Type header names the form in which bodyType has the body written.",
		Source:  "bodyType decides how the body is written, and the header how the provider reads it. A multipart body needs a boundary that only the sender knows.",
		Help:    "Change the one that is wrong, or leave the header out.",
		Fires: []Example{
			{Name: "a form that says it is JSON", Edit: `/actions/0/requests/0/bodyType = "x-www-form-urlencoded"`},
			{Name: "JSON that says it is a form", Edit: `/actions/0/requests/0/headers/Content-Type = "application/x-www-form-urlencoded"`},
			{Name: "a multipart header without its boundary", Edit: "/actions/0/requests/0/bodyType = \"formData\"\n" + `/actions/0/requests/0/headers/Content-Type = "multipart/form-data"`},
		},
		Silent: []Example{
			{Name: "a character set", Edit: `/actions/0/requests/0/headers/Content-Type = "application/json; charset=utf-8"`},
			{Name: "a dialect of JSON", Edit: `/actions/0/requests/0/headers/Content-Type = "application/vnd.api+json"`},
			{Name: "no header", Edit: `/actions/0/requests/0/headers/Content-Type delete`},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, r := range requests(def) {
				want, known := bodyTypes[r.BodyType.Text()]
				// Without a body, nothing is written in either form.
				if !known || !hasBody(r) {
					continue
				}
				for _, h := range r.Headers.Members() {
					if !strings.EqualFold(h.Key, "Content-Type") || !h.Is(jsondoc.String) || len(definition.Placeholders(h)) > 0 {
						continue
					}
					media, _, err := mime.ParseMediaType(h.Text())
					switch {
					case err != nil && media == "":
						p.Node(h, "the Content-Type %s is no media type", shown(h.Text())).Hint("Write %q.", want)
					case want == "multipart/form-data":
						if media == want && !strings.Contains(h.Text(), "boundary") {
							p.Node(h, "a multipart header needs the boundary that only the sender of the body knows").
								Hint("Leave the header out; it is written with the body.").See(r.BodyType, "the bodyType")
						} else if media != want {
							disagree(p, h, r, want)
						}
					case media != want && !(want == "application/json" && jsonType(media)):
						disagree(p, h, r, want)
					}
				}
			}
		},
	}
}

func disagree(p *Pass, h *jsondoc.Node, r definition.Request, want string) {
	p.Node(h, "the header says %s, but bodyType is %s", shown(h.Text()), shown(r.BodyType.Text())).
		Hint("Write %q, or change bodyType.", want).See(r.BodyType, "the bodyType")
}

// jsonType reports whether a media type is JSON under another name.
func jsonType(media string) bool {
	return strings.HasSuffix(media, "+json") || slices.Contains([]string{"text/json", "application/x-json", "application/graphql-response+json"}, media)
}
