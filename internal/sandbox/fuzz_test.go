package sandbox

import (
	"slices"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// FuzzAction runs whatever a definition and a provider may be made of.
func FuzzAction(f *testing.F) {
	f.Add(action(`{"q": {"type": "string"}}`, `[{"url": "https://a.example/{{q}}", "method": "POST", "body": {"a": "[[accessToken]]{{q}}"}, "mapping": {"x": "$.a[0].b"}}]`), `{"a": [{"b": 1}]}`, "v")
	f.Add(oauth, `{"access_token": "at", "id": {"a": [[1]]}}`, "")
	f.Add(keyAuth, `[{"token": "x"}]`, "{{q}}")
	f.Fuzz(func(t *testing.T, def, response, input string) {
		doc, _ := jsondoc.Parse([]byte(def))
		if doc == nil || doc.Root == nil {
			return
		}
		m := machine(t, `{"ns": "acme"}`, always(200, response))
		m.Definition = definition.New(doc)
		install := connected(map[string]string{"accessToken": "s3cret-value"})
		m.Connect(t.Context(), install, Texts(map[string]string{"shop": input, "apiKey": "s3cret-value"}))
		install.Connected = true
		for _, a := range m.Definition.Actions {
			r := m.Action(t.Context(), install, a.Name, Texts(map[string]string{"q": input}))
			if len(r.Diagnostics) > maxDiagnostics {
				t.Errorf("%d diagnostics", len(r.Diagnostics))
			}
		}
		for _, s := range m.Definition.Sources {
			m.Source(t.Context(), install, s.Key, input, nil)
		}
		m.Authorize(install, nil, input)
	})
}

// FuzzRedaction holds that a secret never shows, wherever it stands in a request
// and however it is written there.
func FuzzRedaction(f *testing.F) {
	f.Add("s3cret", "https://a.example/[[accessToken]]?x={{q}}", "a [[accessToken]] b")
	f.Add("a b&\"c\\", "https://[[accessToken]].example/", "[[accessToken]]")
	f.Add("πάσσ", "https://a.example/?[[accessToken]]=[[accessToken]][[accessToken]]", "{{q}}")
	f.Fuzz(func(t *testing.T, secret, address, text string) {
		if len(secret) < minSecret || strings.Contains(address+text, secret) || strings.Contains(secret, mask[:3]) {
			return
		}
		steps := `[{"url": ` + jsondoc.Quote(address) + `, "method": "POST", "bodyType": "json", "headers": {"X-A": ` + jsondoc.Quote(text) + `}, "queryParams": {"p": ` + jsondoc.Quote(text) + `}, "body": {"t": ` + jsondoc.Quote(text) + `}, "mapping": {"same": "$.echo"}}]`
		doc, problems := jsondoc.Parse([]byte(action(`{"q": {"type": "string"}}`, steps)))
		if len(problems) > 0 {
			return
		}
		m := machine(t, `{"ns": "acme"}`, always(200, `{"echo": `+jsondoc.Quote(secret)+`, "token": "other"}`))
		m.Definition = definition.New(doc)
		install := NewInstall("u-1")
		install.Connected = true
		install.Credentials["accessToken"] = jsondoc.NewString(secret)
		r := m.Action(t.Context(), install, "act", Texts(map[string]string{"q": secret}))
		var shown []string
		for _, s := range r.Steps {
			shown = append(shown, s.Request.URL, s.Request.Body, s.Response.Body, s.Error, s.Args)
			for _, h := range s.Request.Headers {
				shown = append(shown, h.Value)
			}
			for _, o := range s.Mapped {
				shown = append(shown, o.Value)
			}
		}
		shown = append(shown, r.Shown)
		for _, d := range r.Diagnostics {
			shown = append(shown, d.Message, d.Hint)
		}
		for _, s := range shown {
			if strings.Contains(s, secret) {
				t.Errorf("the secret %q shows in %q", secret, s)
			}
		}
	})
}

// FuzzDeliver delivers whatever comes to whatever definition. Nothing may come
// of a delivery that is not verified, and what is shown has an end.
func FuzzDeliver(f *testing.F) {
	f.Add(hook(signing("hmac-sha256", "X-S", "hex")+`, "eventExtraction": {"source": "body", "path": "$.event"}, "transactionId": {"paths": ["$.id"], "fallback": "generate"}`), "X-S", "sha256=00", "application/json", []byte(`{"event": "a.made", "id": 1}`))
	f.Add(hook(open+`, "eventExtraction": {"compositeStrategy": {"parts": [{"source": "header", "path": "x-a"}, {"source": "query", "path": "q"}], "separator": "."}},
		"customerExtraction": {"basePath": "$.c[0]", "mapping": {"code": "id"}, "overrides": {"a.b": {"mapping": {"sex": "$"}}}}`), "X-A", "a", "", []byte(`{"c": [{"id": {}}]}`))
	f.Add(hook(`"challengeResponse": {"identifyField": "type", "identifyValue": true, "challengePath": "$.type", "responseField": "r"}`), "", "", "application/x-www-form-urlencoded", []byte("type=true&%"))
	f.Add(strings.Replace(hook(open+`, "eventExtraction": {"source": "body", "path": "e"}`), `"webhook"`, `"sync": {"resources": {"r": {"contentType": "core:product", "apiMapping": {"code": "id"}}},
		"webhooks": {"handlers": {"a.made": {"resource": "r", "operation": "upsert", "dataPath": "$.r"}}}}, "webhook"`, 1), "", "", "", []byte(`{"e": "a.made", "r": [{"id": 1}, 2, []]}`))
	f.Fuzz(func(t *testing.T, def, header, value, kind string, body []byte) {
		const secret = "s3cret-value"
		doc, _ := jsondoc.Parse([]byte(def))
		if doc == nil || doc.Root == nil || strings.Contains(def+header, secret) {
			return
		}
		m := machine(t, `{"ns": "acme"}`, nil)
		m.Definition = definition.New(doc)
		install := connected(map[string]string{"secret": secret})
		in := Incoming{Method: "POST", Header: map[string][]string{"Content-Type": {kind}, header: {value}}, Query: map[string][]string{"q": {value}}, Body: body}
		for range 2 {
			d := m.Deliver(install, in)
			if d.Answer.Status < 200 || d.Answer.Status > 599 {
				t.Errorf("answered with %d", d.Answer.Status)
			}
			if !d.Verification.OK && (len(d.Triggers) > 0 || d.Customer != nil || len(d.Made) > 0 || install.Seen.Len() > 0) {
				t.Errorf("something came of a delivery that is not verified: %s", marshal(t, d))
			}
			shown := string(marshal(t, d))
			if strings.Contains(shown, secret) {
				t.Errorf("the secret shows in %s", shown)
			}
			if len(shown) > 8<<20 {
				t.Errorf("what is shown has %d bytes", len(shown))
			}
		}
	})
}

// FuzzSignature holds that a sample that is signed is taken, and that one with
// any byte changed is not.
func FuzzSignature(f *testing.F) {
	f.Add("hmac-sha256", "hex", "k", "{}", uint(0), byte(1))
	f.Add("hmac-sha1", "base64", "It's a Secret", `{"event": "ü"}`, uint(7), byte(0x80))
	f.Add("header-token", "", "tok", "x", uint(0), byte(2))
	f.Fuzz(func(t *testing.T, kind, encoding, secret, body string, at uint, flip byte) {
		doc, problems := jsondoc.Parse([]byte(`{"body": ` + jsondoc.Quote(body) + `}`))
		def, wrong := jsondoc.Parse([]byte(hook(signing(strings.Trim(kind, `"\\`), "X-S", strings.Trim(encoding, `"\\`)))))
		if len(problems) > 0 || len(wrong) > 0 || secret == "" {
			return
		}
		m := machine(t, `{"ns": "acme"}`, nil)
		m.Definition = definition.New(def)
		install := NewInstall("u-1")
		install.Credentials["secret"] = jsondoc.NewString(secret)
		in, err := m.Sample(install, definition.NewSample(doc.Root))
		if err != nil {
			return
		}
		v := readVerification(m.Definition.Webhook.Verification)
		if d := m.Deliver(install, in); v.signed() && !d.Verification.OK {
			t.Fatalf("the signed sample is refused: %s", d.Verification.Reason)
		}
		if v.method != hmacSHA256 && v.method != hmacSHA1 || flip == 0 || len(in.Body) == 0 {
			return
		}
		changed := slices.Clone(in.Body)
		changed[at%uint(len(changed))] ^= flip
		for _, other := range [][]byte{changed, append(slices.Clone(in.Body), flip), in.Body[1:]} {
			if d := m.Deliver(install, Incoming{Method: "POST", Header: in.Header, Body: other}); d.Verification.OK {
				t.Errorf("the signature of %q is taken for %q", in.Body, other)
			}
		}
	})
}
