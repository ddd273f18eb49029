package sandbox

import (
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
