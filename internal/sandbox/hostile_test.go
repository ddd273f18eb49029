package sandbox

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/outbound"
)

// These are attacks of a partner who wrote the definition, and whose server
// answers its requests.

const stolen = "tok/s3cret+77ZZ"

// everything is everything that a run shows.
func everything(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// readable are texts in which people or programs would recognise a secret, each
// with the part of it that tells.
func readable(secret string) map[string]string {
	m := map[string]string{}
	for _, s := range []string{secret, url.QueryEscape(secret), strings.ToUpper(secret), strings.ToLower(secret), hex.EncodeToString([]byte(secret))} {
		m["<"+s+">"] = s
	}
	for _, before := range []string{"", "u", "us", "user:"} {
		text := base64.StdEncoding.EncodeToString([]byte(before + secret + "!"))
		m[text] = text[8:24]
	}
	text := base64.URLEncoding.EncodeToString([]byte("user:" + secret + "\xff"))
	m[text] = text[8:24]
	return m
}

func TestFunctionsCannotSpellASecretDifferently(t *testing.T) {
	for spelled, tells := range readable(stolen) {
		for _, result := range []string{`{"x": "%s"}`, `{"x": ["a", {"b": "%s"}]}`, `{"%s": 1}`, `{"x": {"%s": 1}}`} {
			def := action(`{}`, `[{"type": "function", "name": "f", "args": {"t": "{{accessToken}}"}}, {"url": "https://a.example/{{x}}", "method": "GET", "headers": {"X-Trace": "{{x}}"}}]`)
			m := machine(t, strings.Replace(def, `{"ns"`, `{"functions": {"f": {"code": "code"}}, "ns"`, 1), always(200, `{}`))
			m.Functions = functions{"code": fmt.Sprintf(result, spelled)}
			if text := everything(t, m.Action(context.Background(), connected(map[string]string{"accessToken": stolen}), "act", Values{})); strings.Contains(text, tells) {
				t.Errorf("%s as %s is shown: %s", spelled, result, text)
			}
		}
		def := action(`{}`, `[{"type": "function", "name": "f"}]`)
		m := machine(t, strings.Replace(def, `{"ns"`, `{"functions": {"f": {"code": "it broke at `+spelled+`"}}, "ns"`, 1), always(200, `{}`))
		m.Functions = functions{}
		if text := everything(t, m.Action(context.Background(), connected(map[string]string{"accessToken": stolen}), "act", Values{})); strings.Contains(text, tells) {
			t.Errorf("%s is shown as an error: %s", spelled, text)
		}
	}
}

// typed is a provider whose answers have a type of their own.
type typed struct{ kind, body string }

func (p typed) Do(context.Context, outbound.Request) (outbound.Response, error) {
	return outbound.Response{Status: 200, Header: http.Header{"Content-Type": {p.kind}}, Body: []byte(p.body)}, nil
}

func TestAnswersCannotShowASecret(t *testing.T) {
	tests := []struct {
		name, steps string
		p           typed
	}{
		{"as the type of a body", `[{"url": "https://a.example", "method": "GET"}]`, typed{"application/" + stolen, "{}"}},
		{"below a name that says it", `[{"url": "https://a.example", "method": "GET"}]`, typed{"application/json", `{"token": {"value": "new-s3cret"}, "tokens": ["new-s3cret"], "pin": 777}`}},
		{"as a form", `[{"url": "https://a.example", "method": "GET"}]`, typed{"text/plain", `access_token=new-s3cret&scope=x`}},
		{"in broken JSON", `[{"url": "https://a.example", "method": "GET"}]`, typed{"application/json", `{"access_token": "new-s3cret\"x", oops`}},
		{"mapped to another name, then sent", `[{"url": "https://a.example", "method": "GET", "mapping": {"x": "$.access_token"}}, {"url": "https://a.example/?y={{x}}", "method": "POST", "body": {"z": "{{x}}"}}]`,
			typed{"application/json", `{"access_token": "new-s3cret"}`}},
		{"repeated under another name", `[{"url": "https://a.example", "method": "GET", "mapping": {"x": "$.echo"}}]`, typed{"application/json", `{"access_token": "new-s3cret", "echo": "new-s3cret"}`}},
		{"as a list", `[{"url": "https://a.example", "method": "GET", "mapping": {"x": "$.echo", "apiTokens": "$.list"}}]`, typed{"application/json", `{"list": ["new-s3cret"], "echo": "new-s3cret"}`}},
		{"in Authorization without a scheme", `[{"url": "https://a.example", "method": "GET", "mapping": {"x": "$.echo"}}, {"url": "https://a.example", "method": "GET", "headers": {"Authorization": "{{x}} v1"}}]`,
			typed{"application/json", `{"echo": "s3cret-unknown"}`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := machine(t, action(`{}`, tt.steps), tt.p).Action(context.Background(), connected(map[string]string{"accessToken": stolen}), "act", Values{})
			if !r.OK() {
				t.Fatal(r.Failure)
			}
			text := everything(t, r)
			if tt.name == "in Authorization without a scheme" {
				text = everything(t, r.Steps[1].Request)
			}
			for _, s := range []string{"s3cret", "777"} {
				if strings.Contains(text, s) {
					t.Errorf("%s is shown: %s", s, text)
				}
			}
		})
	}
}

// A value is a credential when requests send it as one, whatever it is called.
func TestWhatIsSentAsACredentialIsHidden(t *testing.T) {
	const def = `{"ns": "acme", "auth": {"type": "apikey", "config": {"sid": "", "cs": "literal-s3cret"}, "userDetails": {"url": "https://a.example", "method": "POST",
		"headers": {"authorization": "Basic [[sid]]:x"}, "body": {"client_secret": "{{cs}}"}, "mapping": {"who": "$.who", "again": "$.again"}}}}`
	m := machine(t, def, always(200, `{"who": "sid-s3cret", "again": "literal-s3cret"}`))
	if text := everything(t, m.Connect(context.Background(), NewInstall("u"), Texts(map[string]string{"sid": "sid-s3cret"}))); strings.Contains(text, "s3cret") {
		t.Errorf("shown: %s", text)
	}
}

func TestLargeAnswersAreNotKept(t *testing.T) {
	var mapping []string
	for i := range 2000 {
		mapping = append(mapping, fmt.Sprintf(`"o%d": "$"`, i))
	}
	step := `{"url": "https://a.example", "method": "GET", "mapping": {` + strings.Join(mapping, ", ") + `}}`
	p := always(200, `{"list": ["`+strings.Repeat("x", 1<<20)+`"]}`)
	r := machine(t, action(`{}`, "["+step+", "+step+"]"), p).Action(context.Background(), connected(nil), "act", Values{})
	if !r.OK() {
		t.Fatal(r.Failure)
	}
	if text := everything(t, r); len(text) > 2<<20 {
		t.Errorf("the run shows %d bytes", len(text))
	}
}

func TestManySecretsHideEverything(t *testing.T) {
	var list []string
	for i := range 300_000 {
		list = append(list, fmt.Sprintf(`"s3cret-%d"`, i))
	}
	const def = `{"ns": "acme", "auth": {"type": "apikey", "get_token": {"url": "https://a.example", "method": "POST", "mapping": {"token": "$"}}, "test_token": {"url": "https://a.example/[[token]]", "method": "GET"}}}`
	for name, body := range map[string]string{"many": "[" + strings.Join(list, ",") + "]", "long": `["` + strings.Repeat("s3cret", 1<<19) + `"]`} {
		r := machine(t, def, always(200, body)).Connect(context.Background(), NewInstall("u"), Values{})
		if text := everything(t, r); strings.Contains(text, "s3cret") || len(text) > 1<<16 {
			t.Errorf("%s: %d bytes are shown: %.500s", name, len(text), text)
		}
	}
}

func TestARunEnds(t *testing.T) {
	steps := strings.Repeat(`{"url": "https://a.example", "method": "GET"}, `, 3*maxSent)
	p := always(200, `{}`)
	r := machine(t, action(`{}`, "["+strings.TrimSuffix(steps, ", ")+"]"), p).Action(context.Background(), connected(nil), "act", Values{})
	if r.OK() || len(p.asked) != maxSent || !strings.Contains(r.Failure.Message, "400 requests") {
		t.Errorf("%d requests, %+v", len(p.asked), r.Failure)
	}
}

func TestReachTellsWhatFillsAHost(t *testing.T) {
	const before = `{"ns": "acme", "auth": {"config": {"home": "a.example", "x": "1"}, "form": {"home": {"type": "text"}}}, "functions": {"f": {"code": "1"}},
		"actions": [{"name": "a", "requests": [{"type": "function", "name": "f", "args": {"y": 1}}, {"url": "https://{{home}}/x?u={{other}}", "method": "GET", "mapping": {"id": "$.id"}}]}]}`
	install := NewInstall("u")
	install.Reach = machine(t, before, nil).Reach()
	if got := strings.Join(install.Reach, " "); !strings.HasPrefix(got, "https://{{home}} sha256:") {
		t.Errorf("the reach is %q", got)
	}
	for _, c := range []struct {
		from, to string
		same     bool
	}{
		{`"GET"`, `"POST"`, true}, {`"x": "1"`, `"x": "2"`, true}, {`{{other}}`, `{{another}}`, true}, {`"id": "$.id"`, `"id": "$.x"`, true},
		{`"home": "a.example"`, `"home": "evil.example"`, false}, {`"id": "$.id"`, `"home": "evil.example"`, false}, {`{"id": "$.id"}`, `[{"name": "home", "value": "evil.example"}]`, false},
		{`"code": "1"`, `"code": "2"`, false}, {`{"y": 1}`, `{"y": 2}`, false}, {`https://{{home}}/x`, `https://{{home}}.evil.example/x`, false}, {`https://{{home}}/x`, `{{x}}/x`, false},
		{`https://{{home}}/x`, `https://evil.example\\{{home}}`, false}, {`https://{{home}}/x`, `//evil.example/x`, false},
	} {
		after := strings.Replace(before, c.from, c.to, 1)
		if after == before {
			t.Fatalf("there is no %s", c.from)
		}
		if got := machine(t, after, nil).Elsewhere(install); (len(got) == 0) != c.same {
			t.Errorf("with %s it also reaches %q", c.to, got)
		}
	}
}

func TestManyValuesAreNotKept(t *testing.T) {
	step := `{"url": "https://a.example", "method": "GET", "mapping": {"oN": "$"}}`
	steps := func(n int) (list []string) {
		for i := range n {
			list = append(list, strings.Replace(step, "oN", fmt.Sprintf("o%d", i), 1))
		}
		return list
	}
	for _, tt := range []struct{ steps, values, asked int }{{1, 600_000, 1}, {20, 200_000, 10}} {
		p := always(200, `[`+strings.Repeat("0,", tt.values)+`0]`)
		r := machine(t, action(`{}`, "["+strings.Join(steps(tt.steps), ", ")+"]"), p).Action(context.Background(), connected(nil), "act", Values{})
		if r.OK() || !strings.Contains(r.Failure.Message, "more values than are kept") || len(p.asked) != tt.asked {
			t.Errorf("%d requests, %+v", len(p.asked), r.Failure)
		}
	}
}

func TestSecretsInTheAddressOfSigningInAreTold(t *testing.T) {
	for address, want := range map[string]bool{"https://a.example/?client_id={{client_id}}": false, "https://a.example/?client_id={{client_id}}&s={{client_secret}}": true} {
		m := machine(t, `{"ns": "acme", "auth": {"type": "oauth2", "config": {"client_id": "id-123456", "client_secret": ""}, "auth_url": {"url": "`+address+`"}}}`, nil)
		got, r := m.Authorize(NewInstall("u"), Texts(map[string]string{"client_secret": "s3cret/1"}), "state-1")
		if told := strings.Contains(strings.Join(said(r), "\n"), "has a secret in it"); told != want || !r.OK() || !strings.HasSuffix(got, "state=state-1") {
			t.Errorf("%s: told %t, %q, %+v", address, told, got, r.Failure)
		}
	}
}
