package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/outbound"
)

// script is a provider that answers by a function and keeps what it was asked.
type script struct {
	answer func(n int, r outbound.Request) (status int, body string)
	asked  []string
	parts  []string // of the definition
}

func (s *script) Do(ctx context.Context, r outbound.Request) (outbound.Response, error) {
	s.parts = append(s.parts, PartOf(ctx))
	var b strings.Builder
	b.WriteString(r.Method + " " + r.URL)
	for _, h := range r.Header {
		b.WriteString("\n" + h.Name + ": " + h.Value)
	}
	if len(r.Body) > 0 {
		b.WriteString("\n\n" + string(r.Body))
	}
	s.asked = append(s.asked, b.String())
	status, body := s.answer(len(s.asked), r)
	if status == 0 {
		return outbound.Response{}, &outbound.Error{Why: outbound.ErrFailed, Text: body}
	}
	return outbound.Response{Status: status, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}, Body: []byte(body)}, nil
}

// always answers every request in the same way.
func always(status int, body string) *script {
	return &script{answer: func(int, outbound.Request) (int, string) { return status, body }}
}

// functions runs no code: it gives the answer that the code stands for here.
type functions map[string]string

func (f functions) Call(_ context.Context, c FunctionCall) ([]byte, error) {
	if out, ok := f[c.Code]; ok {
		return []byte(strings.ReplaceAll(out, "ARGS", string(c.Args))), nil
	}
	return nil, errors.New(c.Code)
}

// define reads a definition from a few fields.
func define(t testing.TB, text string) *definition.Definition {
	t.Helper()
	doc, problems := jsondoc.Parse([]byte(text))
	if len(problems) > 0 {
		t.Fatalf("the definition of the test: %v", problems)
	}
	return definition.New(doc)
}

func machine(t testing.TB, text string, p Provider) *Machine {
	return &Machine{Definition: define(t, text), Provider: p, Random: bytes.NewReader(bytes.Repeat([]byte{7}, 1<<10)),
		Now:      func() time.Time { return time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC) },
		Platform: Platform{BaseURL: "https://tenant.example", Subdomain: "shop"}}
}

func connected(credentials map[string]string) *Install {
	i := NewInstall("u-1")
	i.Credentials, i.Connected = Texts(credentials), true
	return i
}

// values parses an object.
func values(t testing.TB, text string) Values {
	t.Helper()
	doc, problems := jsondoc.Parse([]byte(text))
	if len(problems) > 0 {
		t.Fatalf("the values of the test: %v", problems)
	}
	v := Values{}
	for _, m := range doc.Root.Members() {
		v[m.Key] = m
	}
	return v
}

// said are the diagnostics, one line each.
func said(r *Run) []string {
	var lines []string
	for _, d := range r.Diagnostics {
		if d.Choice != "" {
			lines = append(lines, d.Pointer+" choice "+d.Choice)
		} else {
			lines = append(lines, d.Pointer+" "+d.Message)
		}
	}
	return lines
}

// action is a definition with one action of these steps.
func action(parameters, steps string) string {
	return `{"ns": "acme", "auth": {"type": "apikey", "sensitiveKeys": ["accessToken"], "config": {"accessToken": "", "region": "eu", "empty": ""}},
	"actions": [{"name": "act", "parameters": {"type": "object", "properties": ` + parameters + `}, "requests": ` + steps + `}]}`
}

func TestRequests(t *testing.T) {
	const p = `{"text": {"type": "string"}, "n": {"type": "number"}, "list": {"type": "array"}, "o": {"type": "object"}, "opt": {"type": "string"}}`
	const input = `{"text": "a b&c", "n": 12345678901234567890, "list": ["x", 1], "o": {"k": "v"}}`
	tests := []struct {
		name, step, want string
		said             []string
	}{
		{"types are preserved", `{"url": "https://api.example/x", "method": "POST", "bodyType": "json", "body": {"n": "{{n}}", "l": "{{list}}", "o": "{{o}}", "t": "{{text}}", "fix": [1.50, true, null]}, "mapping": {}}`,
			"POST https://api.example/x\nContent-Type: application/json\n\n" + `{"n":12345678901234567890,"l":["x",1],"o":{"k":"v"},"t":"a b&c","fix":[1.50,true,null]}`, nil},
		{"longer texts", `{"url": "https://api.example/x", "method": "POST", "bodyType": "json", "body": {"t": "n={{n}} o={{o}} [[accessToken]]!"}, "mapping": {}}`,
			"POST https://api.example/x\nContent-Type: application/json\n\n" + `{"t":"n=12345678901234567890 o={\"k\":\"v\"} s3cret!"}`, []string{"/actions/0/requests/0/body/t choice object-as-json"}},
		{"an optional parameter", `{"url": "https://api.example/x", "method": "POST", "bodyType": "json", "queryParams": {"q": "{{opt}}", "r": "a{{opt}}b"}, "body": {"t": "{{opt}}", "u": "{{text}}"}, "mapping": {}}`,
			"POST https://api.example/x?r=ab\nContent-Type: application/json\n\n" + `{"u":"a b&c"}`, []string{"/actions/0/requests/0/queryParams/q choice input-left-out"}},
		{"unresolved", `{"url": "https://api.example/{{nope}}", "method": "GET", "headers": {"X-A": "[[nix]]"}, "mapping": {}}`,
			"GET https://api.example/%7B%7Bnope%7D%7D\nX-A: [[nix]]", []string{
				`/actions/0/requests/0/url nothing fills "{{nope}}": it is no input, no output of an earlier step, not in auth.config, and no value of the platform`,
				"/actions/0/requests/0/url choice unresolved-stays",
				`/actions/0/requests/0/headers/X-A nothing fills "[[nix]]": it is neither among the credentials nor in the metadata`}},
		{"the URL", `{"url": "https://api.example/{{text}}?a={{text}}", "method": "GET", "queryParams": {"b": "{{text}}"}, "mapping": {}}`,
			"GET https://api.example/a%20b&c?a=a%20b&c&b=a+b%26c", []string{"/actions/0/requests/0/url choice url-value-raw"}},
		{"system and config", `{"url": "https://{{region}}.api.example/{{subdomain}}/{{uid}}", "method": "GET", "queryParams": {"hook": "{{webhookUrl}}"}, "mapping": {}}`,
			"GET https://eu.api.example/shop/u-1?hook=https%3A%2F%2Ftenant.example%2Fminiapps%2Facme%2Fwebhooks", nil},
		{"basic", `{"url": "https://api.example/x", "method": "GET", "headers": {"Authorization": "Basic [[accessToken]]:"}, "mapping": {}}`,
			"GET https://api.example/x\nAuthorization: Basic czNjcmV0Og==", nil},
		{"basic, encoded already", `{"url": "https://api.example/x", "method": "GET", "headers": {"Authorization": "Basic [[accessToken]]"}, "mapping": {}}`,
			"GET https://api.example/x\nAuthorization: Basic s3cret", nil},
		{"a form", `{"url": "https://api.example/x", "method": "POST", "bodyType": "x-www-form-urlencoded", "body": {"a": "{{text}}", "o": "{{o}}", "l": "{{list}}"}, "mapping": {}}`,
			"POST https://api.example/x\nContent-Type: application/x-www-form-urlencoded\n\na=a+b%26c&o%5Bk%5D=v&l%5B0%5D=x&l%5B1%5D=1", []string{"/actions/0/requests/0/body choice nested-form"}},
		{"a multipart form", `{"url": "https://api.example/x", "method": "POST", "bodyType": "formData", "headers": {"content-type": "multipart/form-data"}, "body": {"a": "{{text}}"}, "mapping": {}}`,
			"POST https://api.example/x\ncontent-type: multipart/form-data; boundary=07070707070707070707070707070707\n\n--07070707070707070707070707070707\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\na b&c\r\n--07070707070707070707070707070707--\r\n", nil},
		{"an empty body", `{"url": "https://api.example/x", "method": "DELETE", "bodyType": "json", "body": {}, "mapping": {}}`,
			"DELETE https://api.example/x", []string{"/actions/0/requests/0/body choice empty-body-not-sent"}},
		{"an empty body of a POST", `{"url": "https://api.example/x", "method": "POST", "bodyType": "json", "body": {}, "mapping": {}}`,
			"POST https://api.example/x\nContent-Type: application/json\n\n{}", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			provider := always(200, `{"id": 1}`)
			r := machine(t, action(p, "["+tt.step+"]"), provider).Action(t.Context(), connected(map[string]string{"accessToken": "s3cret"}), "act", values(t, input))
			if !r.OK() {
				t.Fatalf("failed: %v", r.Failure)
			}
			if diff := cmp.Diff([]string{tt.want}, provider.asked); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
			nothing := "/actions/0/requests/0 the action returns nothing"
			if diff := cmp.Diff(append(tt.said, nothing), said(r)); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
			for _, s := range r.Steps {
				if strings.Contains(s.Request.URL+s.Request.Body, "s3cret") {
					t.Errorf("the step shows the token: %+v", s.Request)
				}
				for _, h := range s.Request.Headers {
					if strings.Contains(h.Value, "s3cret") || strings.Contains(h.Value, "czNjcmV0") {
						t.Errorf("the step shows the token in %s: %s", h.Name, h.Value)
					}
				}
			}
		})
	}
}

func TestPipeline(t *testing.T) {
	provider := &script{answer: func(n int, r outbound.Request) (int, string) {
		return 200, `{"items": [{"id": 7, "tags": ["a"]}], "step": ` + string(rune('0'+n)) + `}`
	}}
	m := machine(t, `{"ns": "acme", "auth": {"type": "apikey"},
		"functions": {"pick": {"params": ["items"], "code": "pick"}},
		"actions": [{"name": "act", "parameters": {"type": "object", "required": ["q"], "properties": {"q": {"type": "string", "default": "all"}}}, "requests": [
			{"url": "https://api.example/1?q={{q}}", "method": "GET", "mapping": [{"name": "first", "value": "$.items[0]"}, {"name": "none", "value": "$.nothing"}]},
			{"type": "function", "name": "pick", "args": {"items": "{{first}}", "lit": true, "cred": "[[accessToken]]"}},
			{"url": "https://api.example/{{picked}}", "method": "POST", "body": {"o": "{{first}}", "s": "{{step}}"}, "mapping": {"id": "$.items[0].id", "ok": "true", "bare": "items[0].tags"}}]}]}`, provider)
	m.Functions = functions{"pick": `{"picked": "p", "got": ARGS}`}
	r := m.Action(t.Context(), connected(nil), "act", nil)
	if !r.OK() {
		t.Fatal(r.Failure)
	}
	if got, want := r.Shown, `{"id":7,"ok":"true","bare":["a"]}`; got != want {
		t.Errorf("output %s, want %s", got, want)
	}
	want := []string{"GET https://api.example/1?q=all", "POST https://api.example/p\nContent-Type: application/json\n\n" + `{"o":{"id":7,"tags":["a"]},"s":"{{step}}"}`}
	if diff := cmp.Diff(want, provider.asked); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if got, want := r.Steps[1].Args, `{"items":{"id":7,"tags":["a"]},"lit":true,"cred":"[[accessToken]]"}`; got != want {
		t.Errorf("args %s, want %s", got, want)
	}
	wantSaid := []string{
		"/actions/0/parameters/properties/q/default choice parameter-defaults",
		`/actions/0/requests/0/mapping/1/value nothing is at "$.nothing" in the response, so "none" gets no value`,
		"/actions/0/requests/0/mapping choice array-mapping-stays",
		`/actions/0/requests/1/args/cred functions never get credentials, so "[[accessToken]]" stays as it is`,
		"/actions/0/requests/1/args/cred choice unresolved-stays",
		"/actions/0/requests/2 choice body-type-json",
		`/actions/0/requests/2/body/s nothing fills "{{step}}": it is no input, no output of an earlier step, not in auth.config, and no value of the platform`,
		"/actions/0/requests/2/mapping/ok choice bare-mapping",
	}
	if diff := cmp.Diff(wantSaid, said(r)); diff != "" {
		t.Errorf("diagnostics (-want +got):\n%s", diff)
	}
	if d := r.Diagnostics[1]; d.Line != 4 || d.Column != 142 {
		t.Errorf("the diagnostic is at %d:%d", d.Line, d.Column)
	}
}

// TestFunctionsGetNoSecrets checks that no way of naming a secret of the install
// leads into a function, while input and outputs may have any name.
func TestFunctionsGetNoSecrets(t *testing.T) {
	const def = `{"ns": "acme", "auth": {"type": "apikey", "sensitiveKeys": ["apiKey", "token"], "form": {"apiKey": {"type": "password"}, "shop": {"type": "text"}}, "config": {"client_secret": "cs-12345"}},
		"functions": {"f": {"params": [], "code": "f"}},
		"actions": [{"name": "act", "parameters": {"type": "object", "properties": {"token": {"type": "string"}}}, "requests": [
			{"type": "function", "name": "f", "args": {"a": "{{apiKey}}", "b": "{{client_secret}} {{shop}}", "c": "[[apiKey]]", "d": "{{token}}"}}]}]}`
	m := machine(t, def, always(200, `{}`))
	m.Functions = functions{"f": `{"got": ARGS}`}
	install := connected(map[string]string{"apiKey": "key-12345"})
	install.UserInput = Texts(map[string]string{"apiKey": "key-12345", "shop": "s1"})
	r := m.Action(t.Context(), install, "act", Texts(map[string]string{"token": "typed"}))
	if !r.OK() {
		t.Fatal(r.Failure)
	}
	want := `{"got":{"a":"{{apiKey}}","b":"{{client_secret}} s1","c":"[[apiKey]]","d":"typed"}}`
	if got := string(jsondoc.AppendJSON(nil, r.Output)); got != want {
		t.Errorf("the function got %s, want %s", got, want)
	}
}

func TestActionFailures(t *testing.T) {
	const parameters = `{"q": {"type": "string"}}`
	const step = `[{"url": "https://api.example/x", "method": "GET", "mapping": {"id": "$.id"}}]`
	tests := []struct {
		name, action, input string
		status              int
		body                string
		want                Failure
	}{
		{"an unknown action", "akt", `{}`, 200, `{}`, Failure{Code: ActionNotFound, Message: `there is no action "akt"`, Hint: `Perhaps you mean "act".`, Pointer: "/actions"}},
		{"an unknown parameter", "act", `{"other": ""}`, 200, `{}`, Failure{Code: Validation, Message: `the action has no parameter "other"`, Hint: "", Pointer: "/actions/0"}},
		{"a server's error", "act", `{}`, 500, `oops`, Failure{Code: ExternalAPI, Message: `the provider answered "step 1" with 500 Internal Server Error`, Hint: "Look at what it says in the response, and at the request above it.", Pointer: "/actions/0/requests/0"}},
		{"no access", "act", `{}`, 401, `{}`, Failure{Code: AuthExpired, Message: `the provider answered "step 1" with 401 Unauthorized`, Hint: "Look whether the credentials are right and where the request puts them.", Pointer: "/actions/0/requests/0"}},
		{"too many", "act", `{}`, 429, `{}`, Failure{Code: RateLimited, Message: `the provider answered "step 1" with 429 Too Many Requests`, Hint: "Wait a while, then try again.", Pointer: "/actions/0/requests/0"}},
		{"no answer", "act", `{}`, 0, `no route to "api.example"`, Failure{Code: ExternalAPI, Message: `step 1: no route to "api.example"`, Hint: "Look whether the host is right and can be reached from here.", Pointer: "/actions/0/requests/0", NoAnswer: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := machine(t, action(parameters, step), always(tt.status, tt.body)).Action(t.Context(), connected(nil), tt.action, values(t, tt.input))
			if r.OK() {
				t.Fatal("went through")
			}
			if diff := cmp.Diff(tt.want, *r.Failure); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if r.Output != nil {
				t.Errorf("there is an output: %s", r.Shown)
			}
		})
	}
}

const keyAuth = `{"ns": "acme", "auth": {"type": "bearer_token", "sensitiveKeys": ["apiKey", "token"],
	"form": {"shop": {"type": "text", "required": true}, "apiKey": {"type": "password", "required": true}},
	"config": {"apiKey": "", "region": "eu"},
	"get_token": {"url": "https://{{shop}}.example/token", "method": "POST", "bodyType": "json", "body": {"key": "[[apiKey]]"}, "mapping": {"token": "$.token"}},
	"test_token": {"url": "https://{{shop}}.example/ping", "method": "GET", "headers": {"Authorization": "Bearer [[token]]"}, "mapping": {"connected": "true"}},
	"userDetails": {"url": "https://{{shop}}.example/me", "method": "GET", "headers": {"Authorization": "Bearer [[token]]"}, "mapping": {"uid": "$.id", "name": "$.name"}},
	"registrationRequests": [{"url": "https://{{shop}}.example/hooks", "method": "POST", "bodyType": "json", "body": {"url": "{{webhookUrl}}", "for": "[[uid]]", "in": "[[region]]"}, "mapping": {"hookSecret": "$.secret"}}]}}`

func TestConnectWithAKey(t *testing.T) {
	answers := map[string]string{"/token": `{"token": "tok-12345"}`, "/ping": `{}`, "/me": `{"id": 9, "name": "Acme"}`, "/hooks": `{"secret": "hook-secret-1"}`}
	provider := &script{answer: func(_ int, r outbound.Request) (int, string) {
		return 200, answers[strings.TrimPrefix(r.URL, "https://acme.example")]
	}}
	m := machine(t, keyAuth, provider)
	install := NewInstall("u-1")
	r := m.Connect(t.Context(), install, Texts(map[string]string{"shop": "acme", "apiKey": "key-12345"}))
	if !r.OK() || !install.Connected {
		t.Fatalf("not connected: %v", r.Failure)
	}
	want := []string{
		"POST https://acme.example/token\nContent-Type: application/json\n\n" + `{"key":"key-12345"}`,
		"GET https://acme.example/ping\nAuthorization: Bearer tok-12345",
		"GET https://acme.example/me\nAuthorization: Bearer tok-12345",
		"POST https://acme.example/hooks\nContent-Type: application/json\n\n" + `{"url":"https://tenant.example/miniapps/acme/webhooks","for":9,"in":"eu"}`,
	}
	if diff := cmp.Diff(want, provider.asked); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/auth/get_token", "/auth/test_token", "/auth/userDetails", "/auth/registrationRequests/0"}, provider.parts); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
	if got := install.Credentials["hookSecret"].Text(); got != "hook-secret-1" {
		t.Errorf("hookSecret is %q", got)
	}
	if got := string(jsondoc.AppendJSON(nil, install.Metadata["uid"])); got != "9" {
		t.Errorf("uid is %s", got)
	}
	for _, secret := range []string{"tok-12345", "key-12345", "hook-secret-1"} {
		if all := shownText(t, r); strings.Contains(all, secret) {
			t.Errorf("the run shows %q", secret)
		}
	}
}

func TestRegistrationCanBeSkipped(t *testing.T) {
	provider := always(200, `{"token": "tok-12345", "id": 9, "name": "Acme", "secret": "hook-secret-1"}`)
	m := machine(t, keyAuth, provider)
	m.SkipRegistration = true
	r := m.Connect(t.Context(), NewInstall("u-1"), Texts(map[string]string{"shop": "acme", "apiKey": "key-12345"}))
	if !r.OK() || len(provider.parts) != 3 || provider.parts[2] != "/auth/userDetails" {
		t.Errorf("%+v after the requests of %q", r.Failure, provider.parts)
	}
}

func TestAFailedConnectStoresNothing(t *testing.T) {
	for n := 1; n <= 4; n++ {
		provider := &script{answer: func(i int, r outbound.Request) (int, string) {
			if i == n {
				return 403, `{"error": "no"}`
			}
			return 200, `{"token": "tok-12345", "id": 9, "name": "Acme", "secret": "hook-secret-1"}`
		}}
		install := NewInstall("u-1")
		r := machine(t, keyAuth, provider).Connect(t.Context(), install, Texts(map[string]string{"shop": "acme", "apiKey": "key-12345"}))
		if r.OK() || install.Connected || len(install.Credentials)+len(install.Metadata)+len(install.UserInput) > 0 {
			t.Errorf("request %d failed, and the install has %+v", n, install)
		}
		if len(provider.asked) != n {
			t.Errorf("request %d failed, and %d were made", n, len(provider.asked))
		}
	}
	r := machine(t, keyAuth, always(200, `{}`)).Connect(t.Context(), NewInstall("u-1"), Texts(map[string]string{"shop": "acme"}))
	if r.OK() || r.Failure.Code != Validation {
		t.Errorf("a form without its key: %+v", r.Failure)
	}
}

// shownText is everything that a run shows.
func shownText(t *testing.T, r *Run) string {
	t.Helper()
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const oauth = `{"ns": "acme", "auth": {"type": "oauth2", "sensitiveKeys": ["client_secret", "accessToken", "refreshToken"], "auto_refresh": true,
	"config": {"client_id": "c1", "client_secret": "cs-12345", "scope": "read write", "response_type": "code", "grant_type": "authorization_code", "accessToken": "", "refreshToken": ""},
	"auth_url": {"url": "https://login.example/authorize?client_id={{client_id}}&redirect_uri={{redirect_uri}}&scope={{scope}}", "method": "GET", "mapping": {}},
	"get_token": {"url": "https://login.example/token", "method": "POST", "bodyType": "x-www-form-urlencoded", "body": {"grant_type": "{{grant_type}}", "code": "{{code}}", "client_secret": "{{client_secret}}"}, "mapping": {"accessToken": "$.access_token", "refreshToken": "$.refresh_token"}},
	"refresh_token": {"url": "https://login.example/token", "method": "POST", "bodyType": "x-www-form-urlencoded", "body": {"grant_type": "refresh_token", "refresh_token": "[[refreshToken]]"}, "mapping": {"accessToken": "$.access_token", "refreshToken": "$.refresh_token"}},
	"userDetails": {"url": "https://api.example/me", "method": "GET", "headers": {"Authorization": "Bearer [[accessToken]]"}, "mapping": {"uid": "$.id"}}},
	"actions": [{"name": "act", "requests": [{"url": "https://api.example/act", "method": "GET", "headers": {"Authorization": "Bearer [[accessToken]]"}, "mapping": {"id": "$.id"}}]}]}`

// TestARefusalWithSuccess is about services that refuse with the status 200.
func TestARefusalWithSuccess(t *testing.T) {
	const all = `{"token": "tok-12345", "id": 9, "name": "Acme", "secret": "hook-secret-1"}`
	for name, test := range map[string]struct {
		n    int
		body string
		ok   bool
	}{
		"a token that is missing":       {1, `{"error": "bad_verification_code"}`, false},
		"a token that is null":          {1, `{"token": null}`, false},
		"no details":                    {3, `{"ok": false, "error": "invalid_auth"}`, false},
		"details that are no JSON":      {3, `no`, false},
		"a part of the details":         {3, `{"id": 9}`, true},
		"a test that looks for nothing": {2, `{"ok": false}`, true},
		"an empty registration":         {4, `{}`, false},
	} {
		provider := &script{answer: func(i int, r outbound.Request) (int, string) {
			if i == test.n {
				return 200, test.body
			}
			return 200, all
		}}
		install := NewInstall("u-1")
		r := machine(t, keyAuth, provider).Connect(t.Context(), install, Texts(map[string]string{"shop": "acme", "apiKey": "key-12345"}))
		if r.OK() != test.ok || install.Connected != test.ok {
			t.Errorf("%s: %+v, connected %t", name, r.Failure, install.Connected)
		}
		if !r.OK() && (r.Failure.Code != ExternalAPI || len(provider.asked) != test.n || len(install.Credentials) > 0) {
			t.Errorf("%s: %+v after %d requests, stored %v", name, r.Failure, len(provider.asked), install.Credentials)
		}
	}
}

func TestOAuth(t *testing.T) {
	expired := false
	provider := &script{answer: func(n int, r outbound.Request) (int, string) {
		switch {
		case strings.HasSuffix(r.URL, "/token") && strings.Contains(string(r.Body), "authorization_code"):
			return 200, `{"access_token": "at-00001", "refresh_token": "rt-00001"}`
		case strings.HasSuffix(r.URL, "/token"):
			return 200, `{"access_token": "at-00002", "refresh_token": "rt-00002"}`
		case expired && r.Header[0].Value == "Bearer at-00001":
			return 401, `{"error": "at-00001 expired"}`
		}
		return 200, `{"id": "x"}`
	}}
	m := machine(t, oauth, provider)
	install := NewInstall("u-1")
	address, r := m.Authorize(install, nil, "st4te")
	if !r.OK() {
		t.Fatal(r.Failure)
	}
	if want := "https://login.example/authorize?client_id=c1&redirect_uri=https://tenant.example/miniapps/acme/oauth2&scope=read%20write&state=st4te"; address != want {
		t.Errorf("the page for consent is\n%s, want\n%s", address, want)
	}
	if r := m.Finish(t.Context(), install, "c0de-1234"); !r.OK() || !install.Connected {
		t.Fatal(r.Failure)
	}
	expired = true
	provider.asked = nil
	r = m.Action(t.Context(), install, "act", nil)
	if !r.OK() {
		t.Fatal(r.Failure)
	}
	want := []string{
		"GET https://api.example/act\nAuthorization: Bearer at-00001",
		"POST https://login.example/token\nContent-Type: application/x-www-form-urlencoded\n\ngrant_type=refresh_token&refresh_token=rt-00001",
		"GET https://api.example/act\nAuthorization: Bearer at-00002",
	}
	if diff := cmp.Diff(want, provider.asked); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if got := install.Credentials["refreshToken"].Text(); got != "rt-00002" {
		t.Errorf("the new refresh token is not kept: %q", got)
	}
	for _, secret := range []string{"at-0000", "rt-0000", "cs-12345"} {
		if all := shownText(t, r); strings.Contains(all, secret) {
			t.Errorf("the run shows %q:\n%s", secret, all)
		}
	}
}

func TestOneRetryAfterRefresh(t *testing.T) {
	provider := &script{answer: func(n int, r outbound.Request) (int, string) {
		if strings.HasSuffix(r.URL, "/token") {
			return 200, `{"access_token": "at-00002"}`
		}
		return 401, `{}`
	}}
	r := machine(t, oauth, provider).Action(t.Context(), connected(map[string]string{"accessToken": "at-00001", "refreshToken": "rt-00001"}), "act", nil)
	if r.OK() || r.Failure.Code != AuthExpired || len(provider.asked) != 3 {
		t.Errorf("failure %+v after %d requests, want AUTH_EXPIRED after 3", r.Failure, len(provider.asked))
	}
}

// TestStoppedHint checks that whoever stopped a run is not sent to the provider.
func TestStoppedHint(t *testing.T) {
	got := hintOf(fmt.Errorf("at the provider: %w", context.Canceled))
	if !strings.HasPrefix(got, "Run it again") || got == hintOf(context.DeadlineExceeded) {
		t.Errorf("hint %q, want to run it again", got)
	}
}

// TestSourceFieldMissing checks that a source without valueField is reported at
// the source, and not at the start of the file.
func TestSourceFieldMissing(t *testing.T) {
	m := machine(t, "{\"ns\": \"acme\",\n \"source\": {\"rpc_x\": {\"url\": \"https://api.example/x\", \"method\": \"GET\", \"labelField\": \"id\"}}}", always(200, `[{"id": "a"}]`))
	_, r := m.Source(t.Context(), connected(nil), "rpc_x", "", nil)
	if i := slices.IndexFunc(r.Diagnostics, func(d Diagnostic) bool { return strings.Contains(d.Message, "no text at valueField") }); i < 0 ||
		r.Diagnostics[i].Pointer != "/source/rpc_x" || r.Diagnostics[i].Line != 2 {
		t.Errorf("diagnostics %+v, want the missing field at /source/rpc_x in line 2", r.Diagnostics)
	}
}

func TestSources(t *testing.T) {
	tests := []struct {
		name, source, body string
		want               []Option
		code               Code
	}{
		{"a path", `{"url": "https://api.example/x", "method": "GET", "dataPath": "data.list", "valueField": "id", "labelField": "profile.name", "mapping": {}}`,
			`{"data": {"list": [{"id": 1, "profile": {"name": "One"}}, {"id": "2", "profile": {}}, {"profile": {"name": "none"}}]}}`, []Option{{"1", "One"}, {"2", "2"}}, ""},
		{"the root", `{"url": "https://api.example/x", "method": "GET", "valueField": "id", "labelField": "id"}`, `[{"id": "a"}]`, []Option{{"a", "a"}}, ""},
		{"no list", `{"url": "https://api.example/x", "method": "GET", "dataPath": "data", "valueField": "id", "labelField": "id"}`, `{"data": {}}`, nil, ExternalAPI},
		{"no JSON", `{"url": "https://api.example/x", "method": "GET", "dataPath": "data", "valueField": "id", "labelField": "id"}`, `<html>`, nil, ExternalAPI},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := machine(t, `{"ns": "acme", "source": {"rpc_x": `+tt.source+`}}`, always(200, tt.body))
			got, r := m.Source(t.Context(), connected(nil), "rpc_x", "", nil)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if tt.code != "" && (r.OK() || r.Failure.Code != tt.code) {
				t.Errorf("failure %+v, want %s", r.Failure, tt.code)
			}
		})
	}
}
