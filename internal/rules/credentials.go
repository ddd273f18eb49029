package rules

import (
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// authorizationHeaders returns the Authorization headers of all requests.
func authorizationHeaders(def *definition.Definition) []*jsondoc.Node {
	var all []*jsondoc.Node
	add := func(headers *jsondoc.Node) {
		for _, m := range headers.Members() {
			if strings.EqualFold(m.Key, "Authorization") && m.Is(jsondoc.String) {
				all = append(all, m)
			}
		}
	}
	for _, s := range def.Auth.Steps() {
		add(s.Request.Headers)
	}
	for _, a := range def.Actions {
		for _, s := range a.Steps {
			add(s.Request.Headers)
		}
	}
	for _, s := range def.Sources {
		add(s.Request.Headers)
	}
	add(def.Sync.Headers)
	return all
}

func basicHeaderColon() Spec {
	return Spec{
		ID: "basic-header-colon", Group: groupAuth, Severity: finding.Error,
		Title:   "Basic credentials have a colon",
		Purpose: "Checks that a Basic Authorization header of two values has the colon between them by which the platform knows that it has to encode them.",
		Source:  "The platform writes in Base64 what follows \"Basic \" when it contains a colon. Without one, the text is sent as it is.",
		Help:    "Write `Basic [[user]]:[[password]]`. With an empty password, keep the colon at the end: `Basic [[apiKey]]:`.",
		Fires: []Example{
			{Name: "two values without a colon", Edit: `/actions/0/requests/0/headers/Authorization = "Basic [[accessToken]][[webhookSecret]]"`},
			{Name: "a space in its place", Edit: `/source/rpc_queues/headers/Authorization = "Basic [[accessToken]] [[webhookSecret]]"`},
			{Name: "one value", Edit: `/sync/headers/Authorization = "Basic [[accessToken]]"`},
		},
		Silent: []Example{
			{Name: "a user and a password", Edit: `/actions/0/requests/0/headers/Authorization = "Basic [[accessToken]]:[[webhookSecret]]"`},
			{Name: "an empty password", Edit: `/sync/headers/Authorization = "Basic [[accessToken]]:"`},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, n := range authorizationHeaders(def) {
				scheme, rest, _ := strings.Cut(n.Text(), " ")
				if !strings.EqualFold(scheme, "Basic") || strings.Contains(rest, ":") {
					continue
				}
				switch len(definition.Placeholders(n)) {
				case 0: // a fixed text, which other rules look at
				case 1:
					p.Node(n, "the header has no colon, so that its value is sent as it is").As(finding.Notice).
						Hint("Leave it if the tenant types in the encoded text; for a key with an empty password, add \":\" at the end.")
				default:
					r := p.Node(n, "the header has no colon between its values, so that they are not encoded").
						Hint("Write \"Basic [[user]]:[[password]]\".")
					if strings.Count(rest, "][") == 1 && strings.HasPrefix(rest, "[[") && strings.HasSuffix(rest, "]]") {
						r.Fix("add the colon", def.Doc.Replace(n, jsondoc.Quote(strings.Replace(n.Text(), "][", "]:[", 1))))
					}
				}
			}
		},
	}
}

// keySet is the names of keys.
func keySet(keys []definition.Key) map[string]bool {
	set := make(map[string]bool, len(keys))
	for _, k := range keys {
		set[k.Name] = true
	}
	return set
}

// usedKeys returns the keys of all placeholders of a definition.
func usedKeys(def *definition.Definition) (credentials, values map[string]bool) {
	credentials, values = map[string]bool{}, map[string]bool{}
	for _, part := range def.RequestParts() {
		for _, ph := range part.Placeholders() {
			if key := strings.TrimSpace(ph.Key); ph.Credential {
				credentials[key] = true
			} else {
				values[key] = true
			}
		}
	}
	return credentials, values
}

func sensitiveKeysKnown() Spec {
	return Spec{
		ID: "sensitive-keys-known", Group: groupAuth, Severity: finding.Warning,
		Title:   "sensitiveKeys names keys that exist",
		Purpose: "Checks that every entry of auth.sensitiveKeys is a key of auth.config or auth.form, or is stored by a request of auth.",
		Source:  "sensitiveKeys holds the names of keys. A name that no key has protects nothing, and is often a typing mistake.",
		Help:    "Write the key exactly as it is declared, or take the entry out.",
		Fires: []Example{
			{Name: "a typing mistake", Edit: `/auth/sensitiveKeys = ["acessToken", "accessToken", "webhookSecret"]`},
			{Name: "a key that is gone", Edit: `/auth/sensitiveKeys/- = "password"`},
		},
		Silent: []Example{{Name: "a token that registration receives",
			Edit: "/auth/registrationRequests/0/mapping/hookToken = \"$.token\"\n" + `/auth/sensitiveKeys/- = "hookToken"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			keys := def.Auth.CredentialKeys()
			known := keySet(keys)
			for _, name := range unstored(&def.Auth) {
				known[name] = true
			}
			used, _ := usedKeys(def)
			secret := def.Webhook.Verification.Get("secretKey").Text()
			var names []string
			for _, k := range keys {
				names = append(names, k.Name)
			}
			for _, n := range def.Auth.SensitiveKeys.Elements() {
				// A key that is used but not supplied is the finding of the
				// place that uses it.
				name := n.Text()
				if name == "" || known[name] || used[name] || name == secret {
					continue
				}
				if meant := p.nearest(name, names); strings.EqualFold(name, meant) && definition.LooksSecret(meant) && !slices.Contains(def.Auth.Sensitive(), meant) {
					continue // that the key itself is not listed is an error
				}
				r := p.Node(n, "no key has the name %s", shown(name)).Hint("Take it out, unless a key is missing in auth.config or auth.form.")
				if near := p.nearest(name, names); near != "" {
					r.Hint("Write %s, or take it out.", shown(near))
				}
			}
		},
	}
}

// signingName reports whether a key is named like the secret of a webhook.
func signingName(key string) bool {
	return slices.ContainsFunc(definition.Words(key), func(w string) bool {
		return w == "webhook" || w == "hook" || w == "signing" || w == "signature" || w == "hmac"
	})
}

func credentialUsed() Spec {
	return Spec{
		ID: "credential-used", Group: groupAuth, Severity: finding.Notice,
		Title:   "What a tenant types in is used",
		Purpose: "Checks that every secret that a tenant has to supply is used by a request or by the webhook's verification.",
		Source:  "Empty values of auth.config and the fields of auth.form are what a tenant supplies. A secret that nothing uses should not be asked for.",
		Help:    "Take the key out, or use it: `[[key]]` in a header.",
		Fires: []Example{
			{Name: "a second token", Edit: "/auth/config/refreshToken = \"\"\n/auth/sensitiveKeys/- = \"refreshToken\""},
			{Name: "a field of the form", Edit: "/auth/form = {\"accessToken\": {\"type\": \"password\"}, \"password\": {\"type\": \"password\"}}\n/auth/sensitiveKeys/- = \"password\""},
		},
		Silent: []Example{
			{Name: "a key that is no secret", Edit: `/auth/config/region = ""`},
			{Name: "the tokens of an OAuth app", Edit: exampleOAuth},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			if def.Auth.Type == "oauth2" && def.Auth.GetToken.URL == nil {
				return // what is missing there would use them
			}
			credentials, values := usedKeys(def)
			secret := def.Webhook.Verification.Get("secretKey").Text()
			stored := map[string]bool{}
			for _, s := range def.Auth.Steps() {
				for _, name := range outputNames(s.Request) {
					stored[name] = true
				}
			}
			// A secret for deliveries is used once the verification is put right.
			waiting := len(def.Triggers) > 0 && !slices.Contains(signingKeys(def), secret)
			reported := map[string]bool{}
			for _, m := range slices.Concat(def.Auth.Form.Members(), def.Auth.Config.Members()) {
				text, isText := m.Str()
				field := m.Parent == def.Auth.Form
				if !field && (!isText || text != "") || !definition.LooksSecret(m.Key) && m.Get("type").Text() != "password" {
					continue
				}
				if waiting && signingName(m.Key) {
					continue // the finding is that of the verification
				}
				// Tokens that a request stores may stand empty in config.
				if credentials[m.Key] || values[m.Key] || m.Key == secret || stored[m.Key] || reported[m.Key] {
					continue
				}
				reported[m.Key] = true
				p.Key(m, "nothing uses %s, which a tenant has to supply", shown(m.Key)).
					Hint("Take it out, or use it in the request that needs it.")
			}
		},
	}
}
