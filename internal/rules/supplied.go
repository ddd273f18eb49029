package rules

import (
	"slices"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// eachPlaceholder calls visit for the placeholders that are names, of one of
// the two kinds.
func (p *Pass) eachPlaceholder(def *definition.Definition, credential bool, visit func(scope, placeholder)) {
	for _, s := range p.scopes(def) {
		for _, ph := range s.named {
			if ph.Credential == credential {
				visit(s, ph)
			}
		}
	}
}

// mend adds to a finding of a placeholder that nothing fills what was probably
// meant: the other brackets, or a similar name.
func (r *Report) mend(s scope, ph placeholder, similar string) *Report {
	r.Tell(bracketed(ph.Credential, ph.Key))
	other := s.fills(ph.Key)
	if !ph.Credential {
		other = s.credentials[ph.Key] && !s.isCall()
	}
	switch {
	case other:
		right := bracketed(!ph.Credential, ph.Key)
		r.Hint("Write %s: that is where this value is.", shown(right)).
			Fix("write "+shown(right), s.swap(ph, !ph.Credential, ph.Key))
	case similar != "":
		right := bracketed(ph.Credential, similar)
		r.Hint("Write %s, if that is what you mean.", shown(right))
		if sameWord(ph.Key, similar) {
			r.Fix("write "+shown(right), s.swap(ph, ph.Credential, similar))
		}
	}
	return r
}

// keyNames returns the names of keys, in their order.
func keyNames(keys []definition.Key) []string {
	var names []string
	for _, k := range keys {
		names = append(names, k.Name)
	}
	return names
}

// undecided reports whether auth could supply credentials that the definition
// does not name: a request that stores something does not say what, or a key is
// listed as sensitive that nothing declares.
func undecided(a *definition.Auth, key string) bool {
	if slices.Contains(a.Sensitive(), key) {
		return true
	}
	for _, s := range a.Steps() {
		if (s.Name == "get_token" || s.Name == "refresh_token" || s.Name == "registrationRequests") &&
			!s.Request.MappingAt.Is(jsondoc.Object) {
			return true
		}
	}
	return a.Type == "oauth2" && a.GetToken.Node == nil
}

func credentialSupplied() Spec {
	return Spec{
		ID: "credential-supplied", Group: groupPlaceholders, Severity: finding.Error,
		Title:   "Credentials are supplied",
		Purpose: "Checks that every [[key]] is a key of auth.config or auth.form, or is stored by a request of auth.",
		Source:  "[[key]] is replaced from the credentials, then from the metadata of an install: what the tenant types in, and what get_token, refresh_token, registrationRequests and userDetails map. Where auth leaves open what it stores, this is a warning.",
		Help:    "Declare the key in `auth.config` with the value `\"\"`, or map it in the request that receives it. A parameter or an output of a step is written `{{key}}`.",
		Fires: []Example{
			{Name: "a typing mistake", Edit: `/actions/0/requests/0/headers/Authorization = "Bearer [[acessToken]]"`},
			{Name: "the key in other letters", Edit: `/source/rpc_queues/headers/Authorization = "Bearer [[access_token]]"`},
			{Name: "a parameter in the wrong brackets", Edit: `/actions/1/requests/0/url = "https://api.acme.example/v1/queues/[[queue]]/tickets"`},
			{Name: "a key that is listed, but not declared", Edit: "/auth/sensitiveKeys/- = \"apiKey\"\n" + `/sync/headers/Authorization = "Bearer [[apiKey]]"`},
		},
		Silent: []Example{
			{Name: "what userDetails stores", Edit: "/auth/userDetails/mapping/storeId = \"$.store\"\n" + `/actions/0/requests/0/body/store = "[[storeId]]"`},
			{Name: "a field of the form", Edit: "/auth/form = {\"storeUrl\": {\"type\": \"text\"}}\n" + `/actions/0/requests/0/url = "[[storeUrl]]/requesters"`},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			if def.Auth.Node == nil {
				return
			}
			names := keyNames(def.Auth.CredentialKeys())
			p.eachPlaceholder(def, true, func(s scope, ph placeholder) {
				if s.credentials[ph.Key] || s.isCall() {
					return
				}
				if def.Auth.Type == "oauth2" && ph.Key == "accessToken" {
					return // that get_token stores none is one finding
				}
				r := p.Node(ph.Node, "nothing supplies the credential %s", shown(ph.Key)).
					Hint("Declare %s in auth.config with the value \"\", or map it in the request that receives it.", shown(ph.Key))
				if undecided(&def.Auth, ph.Key) {
					r.As(finding.Warning)
				}
				r.mend(s, ph, p.nearest(ph.Key, names))
			})
		},
	}
}

func authValueSupplied() Spec {
	return Spec{
		ID: "auth-value-supplied", Group: groupPlaceholders, Severity: finding.Warning,
		Title:   "Values of auth requests are supplied",
		Purpose: "Checks that every {{key}} in a request of auth is a key of auth.config, of the form or of the account's details, or a value that the platform knows.",
		Source:  "While a tenant connects there are the keys of auth.config, and {{webhookUrl}}, {{subdomain}} and {{uid}}; with OAuth also {{redirect_uri}} and {{code}}.",
		Help:    "Declare the key in `auth.config`, or use one of the values that the platform knows.",
		Fires: []Example{
			{Name: "a key that is not declared", Edit: exampleOAuth + `/auth/get_token/body/audience = "{{audience}}"`},
			{Name: "a typing mistake", Edit: `/auth/registrationRequests/0/body/target = "{{webhookURL}}"`},
			{Name: "a code without OAuth", Edit: `/auth/userDetails/queryParams = {"code": "{{code}}"}`},
		},
		Silent: []Example{
			{Name: "a complete OAuth app", Edit: exampleOAuth},
			{Name: "values of the platform", Edit: `/auth/registrationRequests/0/body/label = "Karzoun {{subdomain}} {{uid}}"`},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			p.eachPlaceholder(def, false, func(s scope, ph placeholder) {
				if s.Auth == "" || s.fills(ph.Key) {
					return
				}
				p.Node(ph.Node, "nothing fills %s while a tenant connects", shown(bracketed(false, ph.Key))).
					Hint("Declare %s in auth.config, or use a value that is there.", shown(ph.Key)).
					mend(s, ph, p.nearestIn(s, ph.Key))
			})
		},
	}
}

func storedTokenBrackets() Spec {
	return Spec{
		ID: "stored-token-brackets", Group: groupPlaceholders, Severity: finding.Warning,
		Title:   "Stored tokens are read as credentials",
		Purpose: "Checks that a token that an OAuth request stores is written [[key]], since {{key}} would give the empty value of auth.config.",
		Source:  "What get_token and refresh_token map is stored among the credentials, which only [[key]] reads; {{key}} reads auth.config, where the same key stands empty.",
		Help:    "Write `[[key]]`. `miniapp check --fix` does it.",
		Fires: []Example{
			{Name: "an access token", Edit: exampleOAuth + `/actions/0/requests/0/headers/Authorization = "Bearer {{accessToken}}"`},
			{Name: "a refresh token", Edit: exampleOAuth + `/auth/refresh_token/body/refresh_token = "{{refreshToken}}"`},
		},
		Silent: []Example{
			{Name: "a complete OAuth app", Edit: exampleOAuth},
			{Name: "a token that is typed in", Edit: `/actions/0/requests/0/headers/Authorization = "Bearer {{accessToken}}"`},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			if def.Auth.Type != "oauth2" {
				return
			}
			stored := map[string]bool{}
			for _, r := range []definition.Request{def.Auth.GetToken, def.Auth.RefreshToken} {
				for _, o := range r.Mapping {
					stored[o.Name] = def.Auth.Form.Get(o.Name) == nil
				}
			}
			p.eachPlaceholder(def, false, func(s scope, ph placeholder) {
				value, _ := def.Auth.Config.Get(ph.Key).Str()
				if !stored[ph.Key] || def.Auth.Config.Get(ph.Key) == nil || value != "" || s.inputs[ph.Key] || s.made(ph.Key) || s.isCall() {
					return
				}
				p.Node(ph.Node, "%s is empty, since the token is stored among the credentials", shown(bracketed(false, ph.Key))).mend(s, ph, "")
			})
		},
	}
}

func stepValueSupplied() Spec {
	return Spec{
		ID: "step-value-supplied", Group: groupPlaceholders, Severity: finding.Error,
		Title:   "Values of steps are supplied",
		Purpose: "Checks that every {{key}} in a step is a parameter of the action, an output of an earlier step, a key of auth, or a value that the platform knows.",
		Source:  placeholderSource + "Metadata and what the tenant typed in at install are there as well.",
		Help:    "Add the parameter to `parameters.properties`, or map the value in an earlier step. A credential is written `[[key]]`.",
		Fires: []Example{
			{Name: "a typing mistake", Edit: `/actions/0/requests/1/body/subject = "{{subjct}}"`},
			{Name: "a parameter that is gone", Edit: `/actions/0/parameters/properties/email delete`},
			{Name: "a stored id in the wrong brackets", Edit: `/actions/0/requests/0/body/hook = "{{hookId}}"`},
			{Name: "an argument that nothing outputs", Edit: `/actions/1/requests/1/args/list = "{{ticketList}}"`},
		},
		Silent: []Example{
			{Name: "what the account is called", Edit: "/auth/userDetails/mapping/storeId = \"$.store\"\n" + `/actions/0/requests/0/body/store = "{{storeId}}"`},
			{Name: "what a function returns", Edit: `/actions/1/requests/- = {"url": "https://api.acme.example/v1/totals", "method": "POST", "bodyType": "json", "body": {"total": "{{total}}"}, "mapping": {"id": "$.id"}}`},
			{Name: "what a function may return", Edit: "/functions/count/code = \"var out = {}; out.sum = list.length; return out;\"\n" +
				`/actions/1/requests/- = {"url": "https://api.acme.example/v1/totals", "method": "POST", "bodyType": "json", "body": {"sum": "{{sum}}"}, "mapping": {"id": "$.id"}}`},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			if def.Auth.Node == nil {
				return
			}
			p.eachPlaceholder(def, false, func(s scope, ph placeholder) {
				if s.Action < 0 || s.fills(ph.Key) || s.madeLater(ph.Key) || s.unsure() {
					return
				}
				r := p.Node(ph.Node, "nothing fills %s in this step", shown(bracketed(false, ph.Key))).
					Hint("Add a parameter %s, or map the value in an earlier step.", shown(ph.Key))
				if slices.Contains(definition.ConnectKeys(), ph.Key) {
					r.Hint("It is there only while a tenant connects with OAuth; add a parameter, or map the value in an earlier step.")
				}
				if def.Auth.Config == nil && def.Auth.Form == nil && def.Auth.Type != "oauth2" {
					// What the install form asks for is not known.
					r.As(finding.Warning)
				}
				r.mend(s, ph, p.nearestIn(s, ph.Key))
			})
		},
	}
}

func stepOrder() Spec {
	return Spec{
		ID: "step-order", Group: groupPlaceholders, Severity: finding.Error,
		Title:   "Steps use what earlier steps output",
		Purpose: "Checks that no step uses a value that only it or a later step outputs.",
		Source:  "Steps run one after another. What a step outputs is there for later steps, not for earlier ones.",
		Help:    "Put the step that outputs the value first.",
		Fires: []Example{
			{Name: "the output of a later step", Edit: `/actions/0/requests/0/body/ticket = "{{ticketId}}"`},
			{Name: "the step's own output", Edit: `/actions/0/requests/1/body/ticket = "{{ticketId}}"`},
			{Name: "what a function returns later", Edit: `/actions/1/requests/0/queryParams/limit = "{{total}}"`},
		},
		Silent: []Example{{Name: "a parameter of the same name", Edit: "/actions/0/parameters/properties/ticketId = {\"type\": \"string\", \"title\": \"Ticket\"}\n" +
			`/actions/0/requests/0/body/ticket = "{{ticketId}}"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			p.eachPlaceholder(def, false, func(s scope, ph placeholder) {
				if s.Action < 0 || s.fills(ph.Key) || !s.madeLater(ph.Key) || s.unsure() {
					return
				}
				makes := s.steps[ph.Key][0]
				what, hint := "only a later step outputs", "Put the step that outputs it before this one."
				if makes == s.Step {
					what, hint = "only this step's own answer gives", "Use it in a later step, or map it in an earlier one."
				}
				p.Node(ph.Node, "the step uses %s, which %s", shown(bracketed(false, ph.Key)), what).
					Hint("%s", hint).Tell(ph.Key).
					See(def.Actions[s.Action].Steps[makes].Node, "the step that outputs it")
			})
		},
	}
}

func outputReachable() Spec {
	return Spec{
		ID: "output-reachable", Group: groupPlaceholders, Severity: finding.Warning,
		Title:   "No parameter hides an output",
		Purpose: "Checks that no step uses a name that is both a parameter and an output of an earlier step, of which it would get the parameter.",
		Source:  "{{key}} is looked for in the form's input first, and in the outputs of earlier steps after that.",
		Help:    "Give the output a name of its own, and use that one.",
		Fires: []Example{{Name: "an output with the name of a parameter",
			Edit: "/actions/0/requests/0/mapping = [{\"name\": \"email\", \"value\": \"$.data.id\"}]\n" + `/actions/0/requests/1/body/requester = "{{email}}"`}},
		Silent: []Example{{Name: "an output that only the caller sees", Edit: `/actions/0/requests/1/mapping/subject = "$.data.subject"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			p.eachPlaceholder(def, false, func(s scope, ph placeholder) {
				if s.Action < 0 || !s.inputs[ph.Key] || !s.made(ph.Key) {
					return
				}
				p.Node(ph.Node, "%s is the parameter here, and not the output of the earlier step", shown(bracketed(false, ph.Key))).
					Hint("Give the output another name than the parameter's.").Tell(ph.Key).
					See(def.Actions[s.Action].Steps[s.steps[ph.Key][0]].Node, "the step with that output")
			})
		},
	}
}

func sourceValueSupplied() Spec {
	return Spec{
		ID: "source-value-supplied", Group: groupPlaceholders, Severity: finding.Warning,
		Title:   "Values of sources and sync are supplied",
		Purpose: "Checks that every {{key}} in source and sync is a key of auth, or a value that the platform knows; in source also a parameter of an action.",
		Source:  placeholderSource + "For sources only [[key]] is documented, so that this is a warning.",
		Help:    "Declare the key in `auth.config` or `auth.form`. A credential is written `[[key]]`.",
		Fires: []Example{
			{Name: "a base that nothing supplies", Edit: `/sync/baseUrl = "{{storeUrl}}/v1"`},
			{Name: "a stored id in the wrong brackets", Edit: `/source/rpc_queues/url = "https://api.acme.example/v1/queues?hook={{hookId}}"`},
		},
		Silent: []Example{
			{Name: "a field of the form", Edit: "/auth/form = {\"storeUrl\": {\"type\": \"text\"}}\n" + `/sync/baseUrl = "{{storeUrl}}/v1"`},
			{Name: "another field of the action", Edit: `/source/rpc_queues/url = "https://api.acme.example/v1/queues?for={{email}}"`},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			if def.Auth.Node == nil {
				return
			}
			p.eachPlaceholder(def, false, func(s scope, ph placeholder) {
				if s.Action >= 0 || s.Auth != "" || s.fills(ph.Key) {
					return
				}
				p.Node(ph.Node, "nothing fills %s here", shown(bracketed(false, ph.Key))).
					Hint("Declare %s in auth.config or auth.form.", shown(ph.Key)).
					mend(s, ph, p.nearestIn(s, ph.Key))
			})
		},
	}
}
