package cli

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/outbound"
	"github.com/karzoun/miniapp-review/internal/sandbox"
)

// tokenProvider gives a token for the code "code-1", and keeps what it was asked.
type tokenProvider struct{ asked []string }

func (p *tokenProvider) Do(_ context.Context, r outbound.Request) (outbound.Response, error) {
	p.asked = append(p.asked, string(r.Body))
	if !strings.Contains(string(r.Body), `"code-1"`) {
		return outbound.Response{Status: 400}, nil
	}
	return outbound.Response{Status: 200, Body: []byte(`{"t": "tok-s3cret-5"}`)}, nil
}

// browser is a writer that visits the address that it is told to open.
type browser struct {
	text  bytes.Buffer
	visit func(address *url.URL)
}

func (b *browser) Write(p []byte) (int, error) {
	b.text.Write(p)
	if m := regexp.MustCompile(`(?m)^  (https?://\S+)$`).FindSubmatch(p); m != nil {
		if u, err := url.Parse(string(m[1])); err == nil {
			go b.visit(u)
		}
	}
	return len(p), nil
}

func TestSignIn(t *testing.T) {
	const text = `{"ns": "acme", "auth": {"type": "oauth2", "sensitiveKeys": ["accessToken"], "config": {"client_id": "c1", "accessToken": ""},
		"auth_url": {"url": "https://login.example/a?client_id={{client_id}}&redirect_uri={{redirect_uri}}EXTRA"},
		"get_token": {"url": "https://login.example/t", "method": "POST", "bodyType": "json", "body": {"code": "{{code}}", "uri": "{{redirect_uri}}"}, "mapping": {"accessToken": "$.t"}}}}`
	get := func(t *testing.T, back *url.URL, query url.Values) (int, string) {
		u := *back
		u.RawQuery = query.Encode()
		res, err := http.Get(u.String())
		if err != nil {
			t.Error(err)
			return 0, ""
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(body)
	}
	tests := []struct {
		name, extra string
		query       func(state string) url.Values
		reason      string
	}{
		{"allowed", "", func(s string) url.Values { return url.Values{"code": {"code-1"}, "state": {s}} }, ""},
		{"a state of the definition's own", "&state=fix", func(string) url.Values { return url.Values{"code": {"code-1"}, "state": {"fix"}} }, ""},
		{"refused", "", func(s string) url.Values {
			return url.Values{"error": {"access_denied\x1b[2J"}, "state": {s}}
		}, `the provider did not allow access: "access_denied\x1b[2J"`},
		{"no code", "", func(s string) url.Values { return url.Values{"state": {s}} }, "the provider came back without a code"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc, problems := jsondoc.Parse([]byte(strings.Replace(text, "EXTRA", tt.extra, 1)))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			provider := &tokenProvider{}
			m := &sandbox.Machine{Definition: definition.New(doc), Provider: provider, Now: time.Now, Random: strings.NewReader(strings.Repeat("r", 64)), Platform: sandbox.Platform{BaseURL: "https://shop.example"}}
			done := make(chan struct{})
			b := &browser{visit: func(u *url.URL) {
				defer close(done)
				back, err := url.Parse(u.Query().Get("redirect_uri"))
				if err != nil || back.Path != "/miniapps/acme/oauth2" || back.Hostname() != "127.0.0.1" {
					t.Errorf("it leads back to %q", u.Query().Get("redirect_uri"))
					return
				}
				state := u.Query().Get("state")
				// Whatever does not have the state changes nothing.
				for _, q := range []url.Values{{"code": {"code-2"}}, {"code": {"code-2"}, "state": {"wrong"}}, {"error": {"x"}, "state": {state + "x"}}} {
					if status, _ := get(t, back, q); status != http.StatusBadRequest {
						t.Errorf("%v is answered with %d", q, status)
					}
				}
				status, page := get(t, back, tt.query(state))
				if status != http.StatusOK || strings.Contains(page, "code-1") || strings.Contains(page, "denied") {
					t.Errorf("the page after it: %d %q", status, page)
				}
			}}
			s := Streams{Err: b, Random: strings.NewReader(strings.Repeat("s", 64)), Now: time.Now}
			install := sandbox.NewInstall("u")
			run, reason := (&signIn{listen: "127.0.0.1:0"}).with(s)(t.Context(), m, install)
			<-done
			if reason != tt.reason {
				t.Fatalf("the reason is %q, want %q", reason, tt.reason)
			}
			if tt.reason != "" {
				if run != nil || len(provider.asked) > 0 {
					t.Errorf("a token was asked for: %q", provider.asked)
				}
				return
			}
			if !run.OK() || install.Credentials["accessToken"].Text() != "tok-s3cret-5" || len(provider.asked) != 1 || !strings.Contains(provider.asked[0], "127.0.0.1") {
				t.Errorf("%v after %q", run.Failure, provider.asked)
			}
			if strings.Contains(b.text.String(), "s3cret") {
				t.Errorf("the output has the token: %s", b.text.String())
			}
		})
	}
}

func TestSignInEnds(t *testing.T) {
	doc, _ := jsondoc.Parse([]byte(`{"ns": "acme", "auth": {"type": "oauth2", "auth_url": {"url": "https://login.example/"}}}`))
	m := &sandbox.Machine{Definition: definition.New(doc), Provider: &tokenProvider{}, Now: time.Now, Random: strings.NewReader("")}
	ctx, cancel := context.WithCancel(t.Context())
	b := &browser{visit: func(*url.URL) { cancel() }}
	s := Streams{Err: b, Random: strings.NewReader(strings.Repeat("s", 16)), Now: time.Now}
	if _, reason := (&signIn{listen: "127.0.0.1:0"}).with(s)(ctx, m, sandbox.NewInstall("u")); reason != "nobody allowed access in time" {
		t.Errorf("the reason is %q", reason)
	}
	if _, reason := (&signIn{listen: "127.0.0.1:0"}).with(s)(t.Context(), m, sandbox.NewInstall("u")); !strings.Contains(reason, "making the state") {
		t.Errorf("without randomness the reason is %q", reason)
	}
	if _, reason := (&signIn{listen: "no address"}).with(s)(t.Context(), m, sandbox.NewInstall("u")); !strings.Contains(reason, "listening") {
		t.Errorf("without an address the reason is %q", reason)
	}
	cancel()
}
