package practice

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/outbound"
	"github.com/karzoun/miniapp-review/internal/sandbox"
)

func parse(t testing.TB, text string) *jsondoc.Document {
	t.Helper()
	doc, problems := jsondoc.Parse([]byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return doc
}

func machine(t testing.TB, text string) *sandbox.Machine {
	def := definition.New(parse(t, text))
	return &sandbox.Machine{Definition: def, Provider: New(def), Random: bytes.NewReader(bytes.Repeat([]byte{3}, 1<<12)),
		Now: func() time.Time { return time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC) }, Platform: sandbox.Platform{BaseURL: "https://shop.example"}}
}

const keyed = `{"ns": "k", "auth": {"type": "apikey", "config": {"apiKey": "", "shopUrl": ""}, "sensitiveKeys": ["apiKey"],
	"userDetails": {"url": "{{shopUrl}}/me", "method": "GET", "headers": {"X-Key": "[[apiKey]]"}, "mapping": {"uid": "$.data.id", "name": "$.data.name"}}},
"actions": [{"name": "act", "parameters": {"type": "object", "properties": {"email": {"type": "string"}, "n": {"type": "number"}, "yes": {"type": "boolean"}, "tags": {"type": "array"}, "o": {"type": "object"},
		"kind": {"type": "string", "enum": ["b", "a"]}, "project": {"type": "string", "x-source": "rpc_p"}, "preset": {"type": "string", "default": "x"}}},
	"requests": [{"url": "{{shopUrl}}/a/{{project}}", "method": "GET", "mapping": {"all": "$.items", "first": "$.items[1].display_name", "total": "$.meta.total_count", "createdAt": "$.created_at",
		"isOpen": "$.is_open", "link": "$.links.web", "literal": "true", "whole": "$", "secret": "$.client_secret", "clash": "$.items.x"}}]}],
"source": {"rpc_p": {"url": "{{shopUrl}}/p", "method": "GET", "dataPath": "data.list", "valueField": "id", "labelField": "profile.name"}, "rpc_root": {"url": "{{shopUrl}}/r", "method": "GET", "valueField": "id", "labelField": "id"}},
"sync": {"baseUrl": "{{shopUrl}}", "resources": {
	"people": {"contentType": "core:customer", "endpoints": {"list": {"url": "/people", "method": "GET"}}, "pagination": {"paramName": "limit", "defaultLimit": 3}, "responseMapping": {"dataProperty": "data", "totalProperty": "meta.total"},
		"apiMapping": {"code": {"path": "id", "transform": "toString"}, "primaryEmail": {"paths": ["mail.work", "mail.home"], "transform": "coalesce"}}},
	"orders": {"contentType": "ecommerce:orders", "expandDetails": true, "endpoints": {"list": {"url": "/orders", "method": "GET"}, "details": {"url": "/orders/{id}", "method": "GET"}}, "pagination": {"paramName": "limit", "defaultLimit": 3},
		"apiMapping": {"code": "id", "items": {"path": "lines", "transform": "mapItems"}, "coupons": {"path": "codes", "transform": "joinCodes"}, "total": {"path": "sum", "transform": "toNumberOrNull"}}}}}}`

// TestAnswers runs every part of a definition, and checks that each finds what it
// reads.
func TestAnswers(t *testing.T) {
	m := machine(t, keyed)
	install := sandbox.NewInstall("u")
	run := m.Connect(t.Context(), install, sandbox.Texts(Credentials(m.Definition)))
	if !run.OK() {
		t.Fatal(run.Failure)
	}
	values := sandbox.Values{}
	for _, v := range Input(m.Definition.Actions[0]).Members() {
		values[v.Key] = v
	}
	if _, given := values["preset"]; given {
		t.Error("a parameter with a default has a value")
	}
	run = m.Action(t.Context(), install, "act", values)
	for _, d := range run.Diagnostics {
		if d.Choice == "" && !strings.Contains(d.Message, "$.items.x") {
			t.Errorf("%s: %s", d.Pointer, d.Message)
		}
	}
	want := `{"all":[{},{"display_name":"Made up display name"}],"first":"Made up display name","total":42,"createdAt":"2026-01-01T09:00:00Z","isOpen":true,"link":"https://example.com/link","literal":"true"}`
	got := jsondoc.NewObject()
	for _, v := range run.Output.Members() {
		if v.Key != "whole" && v.Key != "secret" {
			got = jsondoc.NewObject(append(members(got), jsondoc.Member{Key: v.Key, Value: v})...)
		}
	}
	if diff := cmp.Diff(want, string(jsondoc.AppendJSON(nil, got))); diff != "" {
		t.Errorf("the output (-want +got):\n%s", diff)
	}
	for _, key := range []string{"rpc_p", "rpc_root"} {
		options, run := m.Source(t.Context(), install, key, "", nil)
		if len(options) != entries || !run.OK() || options[0] == options[1] {
			t.Errorf("%s gives %v, %v", key, options, run.Failure)
		}
	}
	for _, key := range []string{"people", "orders"} {
		records, run := m.Sync(t.Context(), install, key, 0)
		if len(records) != entries || !run.OK() || records[0].Code == records[2].Code {
			t.Errorf("%s gives %v, %v", key, records, run.Failure)
		}
		for _, d := range run.Diagnostics {
			if d.Choice == "" {
				t.Errorf("%s: %s: %s", key, d.Pointer, d.Message)
			}
		}
	}
}

func members(n *jsondoc.Node) (list []jsondoc.Member) {
	for _, m := range n.Members() {
		list = append(list, jsondoc.Member{Key: m.Key, Value: m})
	}
	return list
}

const refreshing = `{"ns": "o", "auth": {"type": "oauth2", "auto_refresh": true, "config": {"client_id": "", "accessToken": "", "refreshToken": ""}, "sensitiveKeys": ["accessToken", "refreshToken"],
	"auth_url": {"url": "https://a.example/?redirect_uri={{redirect_uri}}"},
	"get_token": {"url": "https://a.example/t", "method": "POST", "bodyType": "json", "body": {"code": "{{code}}"}, "mapping": {"accessToken": "$.access_token", "refreshToken": "$.refresh_token"}},
	"refresh_token": {"url": "https://a.example/t", "method": "POST", "bodyType": "json", "body": {"r": "[[refreshToken]]"}, "mapping": REFRESH}},
"actions": [{"name": "act", "requests": [{"url": "https://a.example/x", "method": "GET", "headers": {"Authorization": "Bearer [[accessToken]]"}, "mapping": {"id": "$.id"}}]}]}`

// TestExpiry checks that a token expires once, and that a definition which does
// not take the new one over fails.
func TestExpiry(t *testing.T) {
	tests := []struct {
		refresh string
		ok      bool
	}{
		{`{"accessToken": "$.access_token"}`, true},
		{`{"accessToken": "$.token"}`, true},
		{`{"access": "$.access_token"}`, false},
	}
	for _, tt := range tests {
		m := machine(t, strings.Replace(refreshing, "REFRESH", tt.refresh, 1))
		install := sandbox.NewInstall("u")
		if run := m.Finish(t.Context(), install, "c"); !run.OK() {
			t.Fatal(run.Failure)
		}
		run := m.Action(t.Context(), install, "act", nil)
		var statuses []int
		for _, s := range run.Steps {
			statuses = append(statuses, s.Response.Status)
		}
		want := []int{401, 200, 200}
		if !tt.ok {
			want = []int{401, 200, 401}
		}
		if diff := cmp.Diff(want, statuses); diff != "" || run.OK() != tt.ok {
			t.Errorf("%s: %v (-want +got):\n%s", tt.refresh, run.Failure, diff)
		}
		if again := m.Action(t.Context(), install, "act", nil); tt.ok && (!again.OK() || len(again.Steps) != 1) {
			t.Errorf("%s: the second time: %v", tt.refresh, again.Failure)
		}
	}
}

func TestGivenAnswers(t *testing.T) {
	m := machine(t, keyed)
	install := sandbox.NewInstall("u")
	install.Connected = true
	install.Credentials["shopUrl"] = jsondoc.NewString("https://x.example")
	install.UserInput = install.Credentials
	ctx := WithAnswers(t.Context(), parse(t, `[{"data": {"list": [{"id": 1, "profile": {"name": "Real"}}]}}, null]`).Root.Elements())
	options, _ := m.Source(ctx, install, "rpc_p", "", nil)
	if diff := cmp.Diff([]sandbox.Option{{Value: "1", Label: "Real"}}, options); diff != "" {
		t.Errorf("the given answer (-want +got):\n%s", diff)
	}
	for range 2 { // null, and nothing
		if options, _ = m.Source(ctx, install, "rpc_p", "", nil); len(options) != entries {
			t.Errorf("what is made up: %v", options)
		}
	}
}

func TestWrongURLs(t *testing.T) {
	p := New(definition.New(parse(t, keyed)))
	for _, u := range []string{"/me", "ftp://x.example/a", "https:///a", "https://%zz", "https://[[host]]/a", "https://{{host}}.example/", ""} {
		var failed *outbound.Error
		if _, err := p.Do(t.Context(), outbound.Request{Method: "GET", URL: u}); !errors.As(err, &failed) || !errors.Is(err, outbound.ErrInvalid) {
			t.Errorf("%q: %v", u, err)
		}
	}
	r, err := p.Do(t.Context(), outbound.Request{Method: "GET", URL: "https://[2001:db8::1]/a", Header: []outbound.Header{{Name: "authorization", Value: "Bearer [[token]]"}}})
	if err != nil || r.Status != 401 {
		t.Errorf("a placeholder in the header: %d, %v", r.Status, err)
	}
}

func TestWords(t *testing.T) {
	for in, want := range map[string]string{"display_name": "display name", "displayName": "display name", "orderID": "order id", "URL": "url", "a-b.c": "a b c", "": "", "line2Text": "line2 text"} {
		if got := strings.Join(words(in), " "); got != want {
			t.Errorf("%q has the words %q, want %q", in, got, want)
		}
	}
}

// FuzzAnswers checks that whatever a definition says, each of its requests gets
// an answer that is JSON and not much larger than the definition.
func FuzzAnswers(f *testing.F) {
	f.Add(keyed)
	f.Add(strings.Replace(refreshing, "REFRESH", `{"accessToken": "$.a[99].b[99].c[99]"}`, 1))
	f.Add(`{"auth": {"get_token": {"mapping": {"a": "$[0]", "b": "$.x", "c": "$[100000]"}}}, "sync": {"resources": {"r": {"endpoints": {}, "apiMapping": {"": [], "a": {"paths": [1]}}}}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		doc, problems := jsondoc.Parse([]byte(text))
		if len(problems) > 0 || !doc.Root.Is(jsondoc.Object) {
			return
		}
		def := definition.New(doc)
		p := New(def)
		Credentials(def)
		for _, a := range def.Actions {
			Input(a)
		}
		var bodies []*jsondoc.Node
		for _, s := range def.Auth.Steps() {
			bodies = append(bodies, p.body(s.Request.Node.Pointer(), outbound.Request{}))
		}
		for _, a := range def.Actions {
			for _, s := range a.Steps {
				if !s.IsFunction {
					bodies = append(bodies, p.body(s.Request.Node.Pointer(), outbound.Request{}))
				}
			}
		}
		for _, s := range def.Sources {
			bodies = append(bodies, p.body(s.Request.Node.Pointer(), outbound.Request{}))
		}
		for _, r := range def.Sync.Resources {
			for _, part := range []string{"list", "details"} {
				bodies = append(bodies, p.body(r.At("endpoints", part).Pointer(), outbound.Request{}))
			}
		}
		for _, b := range bodies {
			if out := jsondoc.AppendJSON(nil, b); !json.Valid(out) {
				t.Errorf("no JSON: %s", out)
			}
		}
	})
}
