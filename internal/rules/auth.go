package rules

import (
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

const groupAuth = "Authentication"

// authRules are about how a tenant connects and what is stored of it. What must
// be kept secret is in securityRules, which key fills what in placeholderRules.
func authRules() []Spec {
	return []Spec{
		oauthRequestsComplete(), oauthCodeExchanged(), tokenRefreshConsistent(), credentialsTested(),
		accountIdentified(), authMappingObject(), basicHeaderColon(), sensitiveKeysKnown(), credentialUsed(),
	}
}

// exampleOAuth turns the model into an OAuth app.
const exampleOAuth = `/auth/type = "oauth2"
/auth/sensitiveKeys = ["accessToken", "refreshToken", "client_secret", "webhookSecret"]
/auth/config = {"client_id": "", "client_secret": "", "scope": "tickets", "accessToken": "", "refreshToken": "", "webhookSecret": ""}
/auth/auth_url = {"url": "https://acme.example/oauth/authorize?client_id={{client_id}}&scope={{scope}}&redirect_uri={{redirect_uri}}", "method": "GET", "mapping": {}}
/auth/get_token = {"url": "https://acme.example/oauth/token", "method": "POST", "bodyType": "json", "body": {"grant_type": "authorization_code", "code": "{{code}}", "client_id": "{{client_id}}", "client_secret": "{{client_secret}}"}, "mapping": {"accessToken": "$.access_token", "refreshToken": "$.refresh_token"}}
/auth/refresh_token = {"url": "https://acme.example/oauth/token", "method": "POST", "bodyType": "json", "body": {"grant_type": "refresh_token", "refresh_token": "[[refreshToken]]"}, "mapping": {"accessToken": "$.access_token"}}
/auth/auto_refresh = true
`

// outputNames returns the names that a mapping gives to outputs.
func outputNames(r definition.Request) []string {
	var names []string
	for _, o := range r.Mapping {
		names = append(names, o.Name)
	}
	return names
}

// uses reports whether a request has the placeholder "{{key}}".
func uses(r definition.Request, key string) bool {
	for _, t := range r.Texts() {
		for _, ph := range definition.PlaceholdersBelow(t) {
			if !ph.Credential && strings.TrimSpace(ph.Key) == key {
				return true
			}
		}
	}
	return false
}

func oauthRequestsComplete() Spec {
	return Spec{
		ID: "oauth-requests-complete", Group: groupAuth, Severity: finding.Error,
		Title:   "OAuth has its requests",
		Purpose: "Checks that an OAuth app says where a tenant gives consent and where the code is exchanged, and that the access token is stored.",
		Source:  "With the type oauth2, the platform opens auth_url in a popup, and get_token exchanges the code that comes back. Its object mapping fills the credentials that every later request uses.",
		Help:    "Add `auth_url` and `get_token` with their `url` and `method`, and map the token: `\"accessToken\": \"$.access_token\"`.",
		Fires: []Example{
			{Name: "neither request", Edit: exampleOAuth + "/auth/auth_url delete\n/auth/get_token delete"},
			{Name: "a request without its address", Edit: exampleOAuth + "/auth/auth_url/url delete"},
			{Name: "no token is stored", Edit: exampleOAuth + "/auth/get_token/mapping = {\"expiresIn\": \"$.expires_in\"}"},
			{Name: "the token has another name", Edit: exampleOAuth + "/auth/get_token/mapping = {\"sessionToken\": \"$.access_token\"}\n/auth/sensitiveKeys/- = \"sessionToken\""},
		},
		Silent: []Example{
			{Name: "a complete OAuth app", Edit: exampleOAuth},
			{Name: "a key that is typed in", Edit: `/auth/type = "apikey"`},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			a := def.Auth
			if a.Type != "oauth2" {
				return
			}
			for _, s := range []struct {
				name, what string
				request    definition.Request
			}{
				{"auth_url", "where the tenant gives consent", a.AuthURL},
				{"get_token", "where the code is exchanged for a token", a.GetToken},
			} {
				if s.request.Node == nil {
					if a.Node.Get(s.name) == nil {
						p.Missing(a.Node, s.name, "%q is missing, which says %s", s.name, s.what).
							Hint("Add %q with its url and method.", s.name)
					}
					continue
				}
				if r := p.lacks(s.request.Node, "url", s.name); r != nil {
					r.Hint("Give the provider's address: it says %s.", s.what)
				}
			}
			tokenStored(p, a.GetToken)
		},
	}
}

// tokenStored reports a get_token that does not store the access token.
func tokenStored(p *Pass, get definition.Request) {
	names := outputNames(get)
	if get.Node == nil || slices.Contains(names, "accessToken") {
		return
	}
	const hint = "Add \"accessToken\": \"$.access_token\", with the path of the token in the provider's answer."
	var r *Report
	if get.MappingAt.Is(jsondoc.Object) {
		r = p.Missing(get.MappingAt, "accessToken", "get_token stores no \"accessToken\", so that no later request can use it")
	} else if get.MappingAt == nil {
		r = p.Missing(get.Node, "mapping", "get_token stores no token, so that no later request can use it")
	} else {
		return // the form of the mapping has to be mended first
	}
	if r.Hint(hint); slices.ContainsFunc(names, definition.LooksSecret) {
		// A token by another name works where every request uses that name.
		r.As(finding.Warning)
	}
}

func oauthCodeExchanged() Spec {
	return Spec{
		ID: "oauth-code-exchanged", Group: groupAuth, Severity: finding.Warning,
		Title:   "The OAuth code comes back and is used",
		Purpose: "Checks that auth_url tells the provider where to return to, and that get_token sends the code that comes back.",
		Source:  "The platform supplies {{redirect_uri}} and, after consent, {{code}}. A provider returns only to an address that the request names, and gives a token only for a code.",
		Help:    "Write `redirect_uri={{redirect_uri}}` into the address of `auth_url`, and send `{{code}}` in the body of `get_token`.",
		Fires: []Example{
			{Name: "no address to return to", Edit: exampleOAuth + `/auth/auth_url/url = "https://acme.example/oauth/authorize?client_id={{client_id}}&scope={{scope}}"`},
			{Name: "a fixed code", Edit: exampleOAuth + `/auth/get_token/body/code = "code"`},
		},
		Silent: []Example{
			{Name: "both are there", Edit: exampleOAuth},
			{Name: "the address among the query parameters", Edit: exampleOAuth + "/auth/auth_url/url = \"https://acme.example/oauth/authorize\"\n" +
				`/auth/auth_url/queryParams = {"client_id": "{{client_id}}", "scope": "{{scope}}", "redirect_uri": "{{redirect_uri}}"}`},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			if def.Auth.Type != "oauth2" {
				return
			}
			check := func(r definition.Request, key, format, hint string) {
				if r.URL.Text() != "" && !uses(r, key) {
					p.Node(r.URL, format, "{{"+key+"}}").Hint("%s", hint)
				}
			}
			check(def.Auth.AuthURL, "redirect_uri", "auth_url does not use %s, so that the provider does not know where to return to",
				"Add redirect_uri={{redirect_uri}} to the address.")
			check(def.Auth.GetToken, "code", "get_token does not use %s, which is what the provider exchanges for a token",
				"Send \"code\": \"{{code}}\" in the body.")
		},
	}
}

func tokenRefreshConsistent() Spec {
	return Spec{
		ID: "token-refresh-consistent", Group: groupAuth, Severity: finding.Error,
		Title:   "Tokens can be refreshed",
		Purpose: "Checks that auto_refresh goes with a refresh_token request that stores a new token, and the request with auto_refresh.",
		Source:  "With auto_refresh true, an answer of 401 runs refresh_token, stores what it maps, and repeats the request once. Without it, nothing is documented to run the request by itself.",
		Help:    "Add `refresh_token` with a mapping of the new token, and set `auto_refresh` to true.",
		Fires: []Example{
			{Name: "nothing to refresh with", Edit: exampleOAuth + "/auth/refresh_token delete"},
			{Name: "a request that nothing runs", Edit: exampleOAuth + "/auth/auto_refresh = false"},
			{Name: "auto_refresh left out", Edit: exampleOAuth + "/auth/auto_refresh delete"},
			{Name: "a refresh that stores nothing", Edit: exampleOAuth + "/auth/refresh_token/mapping = {}"},
			{Name: "a refresh without an address", Edit: exampleOAuth + "/auth/refresh_token/url delete"},
		},
		Silent: []Example{
			{Name: "a complete OAuth app", Edit: exampleOAuth},
			{Name: "no refresh at all", Edit: `/auth/auto_refresh = false`},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			a := def.Auth
			auto, _ := a.AutoRefresh.Bool()
			switch {
			case a.RefreshToken.Node == nil:
				if auto && a.Node.Get("refresh_token") == nil {
					p.Node(a.AutoRefresh, "auto_refresh is true, but there is no refresh_token request").
						Hint("Add refresh_token, or set auto_refresh to false if the provider's tokens do not expire.")
				}
				return
			case auto:
				if r := p.lacks(a.RefreshToken.Node, "url", "refresh_token"); r != nil {
					r.Hint("Give the address at which the provider gives a new token.")
				}
			case a.AutoRefresh != nil:
				p.Node(a.AutoRefresh, "auto_refresh is false, so that nothing runs refresh_token").As(finding.Warning).
					Hint("Set it to true, so that an expired token is replaced without the tenant.").
					Fix("set auto_refresh to true", def.Doc.Replace(a.AutoRefresh, "true"))
			case a.Node.Get("auto_refresh") == nil:
				p.Missing(a.Node, "auto_refresh", "auto_refresh is missing, so that nothing runs refresh_token").As(finding.Warning).
					Hint("Add \"auto_refresh\": true, so that an expired token is replaced without the tenant.").
					Fix("add \"auto_refresh\": true", def.Doc.SetMember(a.Node, "auto_refresh", "true", "refresh_token"))
			}
			if len(a.RefreshToken.Mapping) == 0 {
				p.Key(a.RefreshToken.Node, "refresh_token stores nothing, so that the old token stays").As(finding.Warning).
					Hint("Map the new token: \"accessToken\": \"$.access_token\".")
			}
		},
	}
}

func credentialsTested() Spec {
	return Spec{
		ID: "credentials-tested", Group: groupAuth, Severity: finding.Warning,
		Title:   "Typed credentials are tested",
		Purpose: "Checks that an app whose credentials are typed in has test_token or userDetails, without which a mistyped key is found out much later.",
		Source:  "test_token runs before an install counts as connected, and userDetails asks whose account it is. Either shows that the credentials are right.",
		Help:    "Add `test_token` with a cheap request that needs the credentials, such as that for the own account.",
		Fires: []Example{
			{Name: "neither request", Edit: "/auth/test_token delete\n/auth/userDetails delete"},
		},
		Silent: []Example{
			{Name: "only one of them", Edit: "/auth/test_token delete"},
			{Name: "a request without an address, which the schema says", Edit: "/auth/test_token = {}\n/auth/userDetails delete"},
			{Name: "an OAuth app", Edit: exampleOAuth + "/auth/test_token delete\n/auth/userDetails delete"},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			a := def.Auth
			if a.Node == nil || a.Type == "oauth2" || a.TestToken.Node != nil || a.UserDetails.Node != nil {
				return
			}
			p.Missing(a.Node, "test_token", "nothing tests the credentials that a tenant types in").
				Hint("Add \"test_token\", a cheap request that fails when the credentials are wrong.")
		},
	}
}

func accountIdentified() Spec {
	return Spec{
		ID: "account-identified", Group: groupAuth, Severity: finding.Warning,
		Title:   "The account has an id and a name",
		Purpose: "Checks that userDetails maps uid and name, by which the platform knows and shows the connected account.",
		Source:  "Every official example maps uid and name. One account can be connected to one organisation only, which takes an id that stays the same.",
		Help:    "Map the account's id as `uid` and a name that people know as `name`.",
		Fires: []Example{
			{Name: "neither of them", Edit: "/auth/userDetails/mapping = {}"},
			{Name: "another name for the id", Edit: `/auth/userDetails/mapping = {"id": "$.id", "name": "$.name"}`},
			{Name: "an OAuth app that does not ask", Edit: exampleOAuth + "/auth/userDetails delete"},
		},
		Silent: []Example{{Name: "further details", Edit: `/auth/userDetails/mapping/storeId = "$.store.id"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			u := def.Auth.UserDetails
			if u.Node == nil {
				if def.Auth.Type == "oauth2" && def.Auth.Node.Get("userDetails") == nil {
					p.Missing(def.Auth.Node, "userDetails", "nothing asks whose account is connected").
						Hint("Add \"userDetails\" with a mapping of uid and name.")
				}
				return
			}
			names := outputNames(u)
			at := u.Node
			if u.MappingAt.Is(jsondoc.Object) || u.MappingAt.Is(jsondoc.Array) {
				at = u.MappingAt
			} else if u.MappingAt != nil {
				return
			}
			for _, key := range []string{"uid", "name"} {
				if !slices.Contains(names, key) {
					p.Missing(at, key, "userDetails does not map %q", key).
						Hint("Add \"%s\" with the path of the account's %s.", key, map[string]string{"uid": "id", "name": "name"}[key])
				}
			}
		},
	}
}

func authMappingObject() Spec {
	return Spec{
		ID: "auth-mapping-object", Group: groupAuth, Severity: finding.Error,
		Title:   "Mappings of auth are objects",
		Purpose: "Checks that the requests of auth have the object form of a mapping, which is the one that is stored.",
		Source:  "An object mapping is stored: among the credentials, or as metadata. An array mapping is only for the next request, so that nothing would be kept.",
		Help:    "Write `{\"name\": \"$.path\"}` instead of `[{\"name\": \"name\", \"value\": \"$.path\"}]`. `miniapp check --fix` does it.",
		Fires: []Example{
			{Name: "details in the form of a step", Edit: `/auth/userDetails/mapping = [{"name": "uid", "value": "$.id"}, {"name": "name", "value": "$.name"}]`},
			{Name: "an empty array", Edit: exampleOAuth + `/auth/auth_url/mapping = []`},
		},
		Silent: []Example{{Name: "an empty object", Edit: exampleOAuth + `/auth/auth_url/mapping = {}`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, s := range def.Auth.Steps() {
				if m := s.Request.MappingAt; m.Is(jsondoc.Array) {
					p.Node(m, "the mapping of %s is an array, so that nothing of it is stored", s.Name).
						Hint("Write an object: each name with its path.").
						Fix("write the mapping as an object", objectMapping(def, s.Request))
				}
			}
		},
	}
}

// objectMapping is the edit that gives an array mapping the form of an object.
// There is none when an entry is incomplete or a name stands twice.
func objectMapping(def *definition.Definition, r definition.Request) []jsondoc.Edit {
	if len(r.Mapping) != len(r.MappingAt.Elements()) {
		return nil
	}
	seen := map[string]bool{}
	var members []string
	for _, o := range r.Mapping {
		if o.Value == nil || o.Value.Is(jsondoc.Object) || o.Value.Is(jsondoc.Array) || seen[o.Name] {
			return nil
		}
		seen[o.Name] = true
		members = append(members, "  "+jsondoc.Quote(o.Name)+": "+def.Doc.Source(o.Value.Span))
	}
	if len(members) == 0 {
		return def.Doc.Replace(r.MappingAt, "{}")
	}
	return def.Doc.Replace(r.MappingAt, "{\n"+strings.Join(members, ",\n")+"\n}")
}
