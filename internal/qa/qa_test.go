package qa

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/outbound"
	"github.com/karzoun/miniapp-review/internal/qafile"
	"github.com/karzoun/miniapp-review/internal/sandbox"
)

var update = flag.Bool("update", false, "write testdata/report.json")

// provider answers by method and path; what it does not know it refuses with 404.
// The answer "-" is none at all.
type provider map[string]string

func (p provider) Do(_ context.Context, r outbound.Request) (outbound.Response, error) {
	path := strings.TrimPrefix(r.URL, "https://api.example")
	body, ok := p[r.Method+" "+path]
	switch {
	case body == "-":
		return outbound.Response{}, &outbound.Error{Why: outbound.ErrTimeout, Host: "api.example", Text: "too slow"}
	case !ok:
		return outbound.Response{Status: 404, Header: http.Header{}, Body: []byte(`{"error": "no ` + path + `"}`)}, nil
	}
	return outbound.Response{Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}, nil
}

func parse(t testing.TB, text string) *jsondoc.Document {
	t.Helper()
	doc, problems := jsondoc.Parse([]byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return doc
}

func machine(t testing.TB, def string, p sandbox.Provider) *sandbox.Machine {
	return &sandbox.Machine{Definition: definition.New(parse(t, def)), Provider: p, Random: bytes.NewReader(bytes.Repeat([]byte{0xab}, 1<<12)),
		Now:      func() time.Time { return time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC) },
		Platform: sandbox.Platform{BaseURL: "https://shop.example", Subdomain: "shop"}}
}

// file reads a qa.json that has no problem.
func file(t testing.TB, m *sandbox.Machine, text string) *qafile.File {
	t.Helper()
	f, problems := qafile.Parse(parse(t, text))
	if problems = append(problems, f.Check(m.Definition)...); len(problems) > 0 {
		t.Fatal(problems)
	}
	return f
}

// results are the results of a report, one line each, with their reasons.
func results(r Report) (lines []string) {
	for _, x := range slices.Concat(r.Items, r.Extras) {
		line := x.ID + ": " + string(x.State)
		if x.Reason != "" {
			line += ": " + x.Reason
		}
		lines = append(lines, line)
	}
	return lines
}

const desk = `{"ns": "desk", "version": "1.2.0", "auth": {"type": "bearer_token", "sensitiveKeys": ["accessToken"], "config": {"accessToken": ""},
	"userDetails": {"url": "https://api.example/me", "method": "GET", "headers": {"Authorization": "Bearer [[accessToken]]"}, "mapping": {"uid": "$.id"}}},
"actions": [
	{"name": "create", "parameters": {"type": "object", "required": ["subject"], "properties": {"subject": {"type": "string"}, "queue": {"type": "string"}}},
		"requests": [{"url": "https://api.example/tickets", "method": "POST", "bodyType": "json", "body": {"s": "{{subject}}", "q": "{{queue}}"}, "mapping": {"ticketId": "$.id", "state": "$.state"}}]},
	{"name": "get", "parameters": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
		"requests": [{"url": "https://api.example/tickets/{{id}}", "method": "GET", "mapping": {"ticketId": "$.id"}}]},
	{"name": "odd name!", "requests": [{"url": "https://api.example/odd/{{nothing}}", "method": "GET", "mapping": {"x": "$.x"}}]},
	{"name": "left"}],
"source": {"rpc_queues": {"url": "https://api.example/queues", "method": "GET", "dataPath": "queues", "valueField": "id", "labelField": "name"}},
"sync": {"baseUrl": "https://api.example", "resources": {"people": {"contentType": "core:customer", "endpoints": {"list": {"url": "/people", "method": "GET"}}, "apiMapping": {"code": "id"}}}},
"webhook": {"eventExtraction": {"source": "body", "path": "$.event"}, "transactionId": {"paths": ["$.id"], "fallback": "generate"}, "verification": {"type": "hmac-sha256", "headerName": "X-Sign", "secretKey": "hookSecret"}},
"triggers": [{"event": "ticket.created", "label": "New"}, {"event": "ticket.closed", "label": "Closed"}, {"event": "ticket.gone", "label": "Gone"}]}`

// answers are those of a provider with which all of desk works, but for the action
// that sends a placeholder.
func answers() provider {
	return provider{"GET /me": `{"id": "a1"}`, "POST /tickets": `{"id": 7, "state": "open"}`, "GET /tickets/7": `{"id": "7"}`,
		"GET /queues": `{"queues": [{"id": "q1", "name": "Support"}]}`, "GET /people": `[{"id": "p1"}, {"id": "p2"}]`, "GET /odd/%7B%7Bnothing%7D%7D": `{"x": 1}`}
}

const deskFile = `{"sources": [{"source": "rpc_queues"}], "actions": [
	{"action": "create", "input": {"subject": "QA {{run.id}} of {{run.date}}", "queue": "{{rpc_queues[0].value}}"}, "expect": {"has": ["ticketId"], "equals": {"state": "open"}}},
	{"action": "get", "input": {"id": "{{create.ticketId}}"}},
	{"action": "get", "as": "again", "input": {"id": "99"}, "expect": {"failure": "EXTERNAL_API_ERROR"}},
	{"action": "odd name!"}]}`

func samples(t testing.TB) []Sample {
	return []Sample{
		{"webhooks/closed.json", parse(t, `{"event": "ticket.closed", "body": {"event": "ticket.close", "id": "d1"}}`).Root},
		{"webhooks/created.json", parse(t, `{"event": "ticket.created", "body": "{\"event\": \"ticket.created\", \"id\": \"d2\"}"}`).Root},
		{"webhooks/other.json", parse(t, `{"event": "ticket.merged", "body": {"event": "ticket.merged", "id": "d3"}}`).Root},
	}
}

func token() map[string]string { return map[string]string{"accessToken": "tok-s3cret-1"} }

// TestRun tries everything, and holds the JSON form of the report against a file,
// since others read it.
func TestRun(t *testing.T) {
	m := machine(t, desk, answers())
	r, install := Run(t.Context(), m, Input{Account: token(), File: file(t, m, deskFile), Samples: samples(t)})
	want := []string{
		"install: passed",
		"connect: passed",
		"action:create: passed",
		"action:get: passed",
		`action:3: failed: nothing fills "{{nothing}}": it is no input, no output of an earlier step, not in auth.config, and no value of the platform (line 8 of miniapp.json)`,
		"action:left: not-tried: qa.json has no entry for it",
		"event:ticket.created: passed",
		`event:ticket.closed: failed: it gives the event "ticket.close", and not "ticket.closed"`,
		"event:ticket.gone: not-tried: there is no sample delivery for it",
		"source:rpc_queues: passed",
		"resource:people: passed",
		`event:ticket.merged: failed: no trigger and no handler has the event "ticket.merged"`,
	}
	if diff := cmp.Diff(want, results(r)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Summary{Passed: 7, Failed: 3, NotTried: 2}, r.Summary); diff != "" || r.OK() {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	if !install.Connected || install.Credentials["accessToken"].Text() != "tok-s3cret-1" {
		t.Errorf("the install is %+v", install)
	}
	got, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join("testdata", "report.json")
	if *update {
		if err := os.WriteFile(name, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(golden), string(got)+"\n"); diff != "" {
		t.Errorf("the report (-want +got), to be written anew with -update:\n%s", diff)
	}
	if strings.Contains(string(got), "s3cret") {
		t.Error("the report has a secret")
	}
	// The same again, so that nothing depends on the order of a map.
	for range 5 {
		m := machine(t, desk, answers())
		again, _ := Run(t.Context(), m, Input{Account: token(), File: file(t, m, deskFile), Samples: samples(t)})
		if b, _ := json.MarshalIndent(again, "", "  "); !bytes.Equal(b, got) {
			t.Fatal("another run has another report")
		}
	}
}

// TestIDs checks that the report has the items of the checklist, in its order.
func TestIDs(t *testing.T) {
	m := machine(t, desk, answers())
	r, _ := Run(t.Context(), m, Input{})
	var want, got []string
	for _, it := range Checklist(m.Definition) {
		want = append(want, it.ID)
	}
	for _, x := range r.Items {
		got = append(got, x.ID)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, id := range []string{"install", "connect", "action:3", "event:ticket.gone"} {
		if !slices.Contains(got, id) {
			t.Errorf("there is no item %q among %q", id, got)
		}
	}
	if got := EventID(m.Definition, "ticket.gone"); got != "event:ticket.gone" {
		t.Errorf("the id of an event is %q", got)
	}
}

func TestExpectations(t *testing.T) {
	const create = `"action": "create", "input": {"subject": "x"}`
	tests := []struct{ name, entries, want string }{
		{"has nothing", `{` + create + `, "expect": {"has": ["state.x"]}}`, `failed: the output has nothing at "state.x"`},
		{"another value", `{` + create + `, "expect": {"equals": {"state": "closed"}}}`, `failed: the output has another value at "state" than is expected`},
		{"another spelling of a number", `{` + create + `, "expect": {"equals": {"ticketId": 7.0}}}`, `passed`},
		{"a large number that floats cannot tell apart", `{` + create + `, "expect": {"equals": {"ticketId": 7.00000000000000000001}}}`, `failed: the output has another value at "ticketId" than is expected`},
		{"another type", `{` + create + `, "expect": {"equals": {"ticketId": "7"}}}`, `failed: the output has another value at "ticketId" than is expected`},
		{"went through", `{` + create + `, "expect": {"failure": "EXTERNAL_API_ERROR"}}`, `failed: it went through, where the failure EXTERNAL_API_ERROR is expected`},
		{"another failure", `{"action": "create", "expect": {"failure": "VALIDATION_ERROR"}}`, `not-tried: it was tried only with what is to fail`},
		{"a failure beside a success", `{` + create + `}, {"action": "create", "as": "b", "expect": {"failure": "VALIDATION_ERROR"}}`, `passed`},
		{"once", `{` + create + `, "once": true}`, `not-tried: it is marked with "once", and is only run when somebody asks for it`},
		{"once beside another", `{` + create + `}, {` + create + `, "as": "b", "once": true}`, `passed: 1 of 2 entries were not tried: it is marked with "once", and is only run when somebody asks for it`},
		{"not tried for two reasons", `{` + create + `}, {` + create + `, "as": "b", "once": true}, {"action": "create", "as": "c", "input": {"subject": "{{b.ticketId}}"}}`, `passed: 2 of 3 entries were not tried: it is marked with "once", and is only run when somebody asks for it; others have other reasons`},
		{"one of two fails", `{` + create + `}, {` + create + `, "as": "b", "expect": {"equals": {"state": 1}}}`, `failed: the output has another value at "state" than is expected`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := machine(t, desk, answers())
			r, _ := Run(t.Context(), m, Input{Account: token(), File: file(t, m, `{"actions": [`+tt.entries+`]}`)})
			if got := results(r)[2]; got != "action:create: "+tt.want {
				t.Errorf("got  %s\nwant action:create: %s", got, tt.want)
			}
		})
	}
}

func TestFailures(t *testing.T) {
	tests := []struct {
		name, key, answer string
		want              []string // of some items
	}{
		{"no access", "GET /me", "", []string{`connect: failed: the provider answered "userDetails" with 404 Not Found`, "action:create: not-tried: the install is not connected", "source:rpc_queues: not-tried: the install is not connected", "event:ticket.created: passed"}},
		{"no answer", "GET /me", "-", []string{`connect: no-answer: userDetails: host "api.example": too slow`, "resource:people: not-tried: the install is not connected"}},
		{"an action without an answer", "POST /tickets", "-", []string{`action:create: no-answer: step 1: host "api.example": too slow`, `action:get: not-tried: it needs "{{create.ticketId}}", which has no value`}},
		{"nothing that is mapped", "GET /tickets/7", "{}", []string{"action:get: failed: nothing that the last step maps was in the response"}},
		{"a dropdown without entries", "GET /queues", `{"queues": []}`, []string{"source:rpc_queues: failed: it gave 0 entries, where at least 1 are expected", `action:create: not-tried: it needs "{{rpc_queues[0].value}}", which has no value`}},
		{"an import without records", "GET /people", `[]`, []string{"resource:people: failed: it gave 0 entries, where at least 1 are expected"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := answers()
			if p[tt.key] = tt.answer; tt.answer == "" {
				delete(p, tt.key)
			}
			m := machine(t, desk, p)
			text := strings.Replace(deskFile, `{"action": "get", "as": "again", "input": {"id": "99"}, "expect": {"failure": "EXTERNAL_API_ERROR"}},`, "", 1)
			r, _ := Run(t.Context(), m, Input{Account: token(), File: file(t, m, text), Samples: samples(t)})
			got := results(r)
			for _, w := range tt.want {
				if !slices.Contains(got, w) {
					t.Errorf("no result is\n%s\nbut there are\n%s", w, strings.Join(got, "\n"))
				}
			}
			if r.OK() {
				t.Error("the report is OK")
			}
		})
	}
}

func TestOnly(t *testing.T) {
	tests := []struct {
		only []string
		want []string
	}{
		{[]string{"connect"}, []string{"install: passed", "connect: passed"}},
		{[]string{"action:get"}, []string{"install: passed", "connect: passed", "action:create: passed", "action:get: passed", "source:rpc_queues: passed"}},
		{[]string{"resource:people"}, []string{"install: passed", "connect: passed", "resource:people: passed"}},
		{[]string{"event:ticket.created"}, []string{"install: passed", "event:ticket.created: passed"}},
		{[]string{"action:left"}, []string{"install: passed", "connect: passed", "action:left: not-tried: qa.json has no entry for it"}},
	}
	for _, tt := range tests {
		m := machine(t, desk, answers())
		r, _ := Run(t.Context(), m, Input{Account: token(), File: file(t, m, deskFile), Samples: samples(t), Only: tt.only})
		if diff := cmp.Diff(tt.want, results(r)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.only, diff)
		}
	}
	m := machine(t, desk, answers())
	r, _ := Run(t.Context(), m, Input{Account: token(), File: file(t, m, `{"actions": [{"action": "create", "once": true, "input": {"subject": "x"}}]}`), Only: []string{"action:create"}})
	if got := results(r)[2]; got != "action:create: passed" {
		t.Errorf("asked for by name: %s", got)
	}
}

func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := stopping{answers(), cancel}
	m := machine(t, desk, p)
	r, _ := Run(ctx, m, Input{Account: token(), File: file(t, m, deskFile), Samples: samples(t)})
	got := results(r)
	if got[1] != "connect: passed" || got[2] != "action:create: not-tried: the run was stopped before it" || got[6] != "event:ticket.created: not-tried: the run was stopped before it" {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

// stopping ends the run with the first answer.
type stopping struct {
	provider
	stop context.CancelFunc
}

func (s stopping) Do(ctx context.Context, r outbound.Request) (outbound.Response, error) {
	defer s.stop()
	return s.provider.Do(ctx, r)
}

const oauthDesk = `{"ns": "desk", "auth": {"type": "oauth2", "sensitiveKeys": ["client_secret", "accessToken"], "config": {"client_id": "", "client_secret": "", "accessToken": ""},
	"auth_url": {"url": "https://login.example/a?client_id={{client_id}}&redirect_uri={{redirect_uri}}", "method": "GET", "mapping": {}},
	"get_token": {"url": "https://api.example/token", "method": "POST", "bodyType": "json", "body": {"code": "{{code}}", "secret": "{{client_secret}}"}, "mapping": {"accessToken": "$.t"}},
	"userDetails": {"url": "https://api.example/me", "method": "GET", "headers": {"Authorization": "Bearer [[accessToken]]"}, "mapping": {"uid": "$.id"}}}}`

func TestOAuth(t *testing.T) {
	p := provider{"GET /me": `{"id": "a1"}`, "POST /token": `{"t": "tok-new-1"}`}
	client := map[string]string{"client_id": "c1", "client_secret": "cs-12345"}
	if diff := cmp.Diff([]string{"accessToken"}, Tokens(machine(t, oauthDesk, p).Definition)); diff != "" {
		t.Errorf("tokens (-want +got):\n%s", diff)
	}
	r, install := Run(t.Context(), machine(t, oauthDesk, p), Input{Account: client})
	if got := results(r)[1]; got != `connect: not-tried: OAuth needs a person in a browser: the account has no "accessToken"` || install.Connected {
		t.Errorf("without a person: %s", got)
	}
	r, install = Run(t.Context(), machine(t, oauthDesk, p), Input{Account: map[string]string{"client_id": "c1", "client_secret": "cs-12345", "accessToken": "tok-old-1"}})
	if got := results(r)[1]; got != "connect: passed" || install.Credentials["accessToken"].Text() != "tok-old-1" {
		t.Errorf("with a token: %s", got)
	}
	signIn := func(ctx context.Context, m *sandbox.Machine, i *sandbox.Install) (*sandbox.Run, string) {
		address, run := m.Authorize(i, i.UserInput, "st")
		if !run.OK() || address != "https://login.example/a?client_id=c1&redirect_uri=https://shop.example/miniapps/desk/oauth2&state=st" {
			t.Errorf("the address is %q", address)
		}
		return m.Finish(ctx, i, "code-1"), ""
	}
	r, install = Run(t.Context(), machine(t, oauthDesk, p), Input{Account: client, SignIn: signIn})
	if got := results(r)[1]; got != "connect: passed" || install.Credentials["accessToken"].Text() != "tok-new-1" {
		t.Errorf("with a person: %s", got)
	}
	nobody := func(context.Context, *sandbox.Machine, *sandbox.Install) (*sandbox.Run, string) {
		return nil, "nobody came"
	}
	r, _ = Run(t.Context(), machine(t, oauthDesk, p), Input{Account: client, SignIn: nobody})
	if got := results(r)[1]; got != "connect: not-tried: nobody came" {
		t.Errorf("when nobody comes: %s", got)
	}
}

func TestNothingToTryWith(t *testing.T) {
	r, _ := Run(t.Context(), machine(t, `{"ns": "x"}`, answers()), Input{Account: token()})
	if diff := cmp.Diff([]string{"install: failed: the definition has no auth, so that nobody can connect", "connect: not-tried: nothing was tried"}, results(r)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	m := machine(t, desk, answers())
	m.Random = strings.NewReader("")
	r, _ = Run(t.Context(), m, Input{Account: token(), File: file(t, m, deskFile)})
	if got := results(r)[2]; !strings.HasPrefix(got, "action:create: not-tried: there is no randomness") {
		t.Errorf("without randomness: %s", got)
	}
}

// TestForgottenSecrets checks that what a definition forgets to call sensitive is
// in no report, and that what is no secret can be read.
func TestForgottenSecrets(t *testing.T) {
	const text = `{"ns": "x", "auth": {"type": "apikey", "config": {"pat": "", "base": ""}, "form": {"team": {"type": "text"}, "pat": {"type": "text"}, "code": {"type": "number"}},
		"userDetails": {"url": "https://api.example/me/{{team}}", "method": "GET", "headers": {"X-Team": "{{team}}", "X-Code": "[[code]]", "X-Pin": "[[pin]]", "X-Base": "[[base]]"}, "mapping": {"uid": "$.id", "echo": "$.echo"}}}}`
	m := machine(t, text, provider{"GET /me/lantern": `{"id": "a1", "echo": "c0de-99 and pin-4321 for https://shop.example/x"}`})
	r, install := Run(t.Context(), m, Input{Account: map[string]string{"team": "lantern", "code": "c0de-99", "pin": "pin-4321", "base": "https://shop.example/x"}})
	got, err := json.Marshal(r)
	if err != nil || !install.Connected {
		t.Fatal(err, results(r))
	}
	for _, secret := range []string{"c0de-99", "pin-4321"} {
		if strings.Contains(string(got), secret) {
			t.Errorf("the report shows %q", secret)
		}
	}
	for _, plain := range []string{"https://api.example/me/lantern", "https://shop.example/x"} {
		if !strings.Contains(string(got), plain) {
			t.Errorf("the report hides %q", plain)
		}
	}
	if want := []string{"c", "p"}; !slices.Equal(secrets(m.Definition, map[string]string{"z": "p", "a": "c", "b": "https://x.example", "team": "t"}), want) {
		t.Errorf("the secrets are not %q", want)
	}
	if len(m.Secrets) > 0 {
		t.Error("the caller's machine was changed")
	}
}
