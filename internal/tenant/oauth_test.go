package tenant

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// hands is somebody's browser, as far as OAuth goes.
type hands struct {
	w      *world
	cookie string
}

// start chooses Connect on the page, and returns the address of the popup.
func (h *hands) start(t *testing.T) string {
	t.Helper()
	a := h.w.post("authorize", "c.0", "client-1", "c.1", "client-secret-1")
	var got struct{ Popup string }
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || got.Popup == "" {
		t.Fatalf("starting: %v: %s", err, a.body)
	}
	return got.Popup
}

// open opens an address in the popup, and keeps the cookie.
func (h *hands) open(to string) answer {
	var headers []string
	if h.cookie != "" {
		headers = []string{"Cookie", h.cookie}
	}
	a := h.w.get(to, headers...)
	if c := a.header.Get("Set-Cookie"); c != "" {
		h.cookie, _, _ = strings.Cut(c, ";")
	}
	return a
}

// allow goes all the way to the provider, and returns where it leads back to.
func (h *hands) allow(t *testing.T) string {
	t.Helper()
	a := h.open(h.start(t))
	if a.status != http.StatusSeeOther {
		t.Fatalf("the popup begins with %d: %s", a.status, a.body)
	}
	return h.w.get(a.header.Get("Location")).header.Get("Location")
}

func TestOAuth(t *testing.T) {
	w := newWorld(t, "acme-tasks", oauthAuth, nil)
	h := &hands{w: w}
	popup := h.start(t)
	a := h.open(popup)
	has(t, "the cookie", a.header.Get("Set-Cookie"), "; Path=/miniapps/acme-tasks/oauth2;", "HttpOnly", "SameSite=Lax")
	authorize, err := url.Parse(a.header.Get("Location"))
	if err != nil || len(authorize.Query().Get("state")) != 32 || authorize.Query().Get("client_id") != "client-1" {
		t.Fatalf("the provider's page is at %q, %v", a.header.Get("Location"), err)
	}
	if strings.Contains(authorize.RawQuery, strings.TrimPrefix(h.cookie, cookie+"=")) {
		t.Error("the provider learns the secret of the cookie")
	}
	if again := h.w.get(popup); again.status != http.StatusBadRequest {
		t.Errorf("the popup's address counts twice: %d", again.status)
	}
	if files := w.files(); len(files) > 0 {
		t.Errorf("something is stored before anybody allowed it: %v", files)
	}
	back := w.get(authorize.String()).header.Get("Location")
	a = h.open(back)
	if a.status != http.StatusOK || !strings.Contains(a.body, `data-close="true"`) {
		t.Fatalf("coming back: %d: %s", a.status, a.body)
	}
	page := w.get(w.base).body
	has(t, "the page", page, `data-connected="true"`, "get_token", "Harbour Café")
	hasNot(t, "the page", page, "token-of-oauth", "renew-me-please", "client-secret-1", "code-of-oauth")
	has(t, "the action", w.post("action", "index", "0", "action", "createTask", "p.0", "p1", "p.1", "x").body, "t-77")
	// The same way back once more does nothing.
	n := len(w.provider.requests())
	if a = h.open(back); a.status != http.StatusBadRequest || len(w.provider.requests()) != n {
		t.Errorf("a way back that was used: %d, %d requests", a.status, len(w.provider.requests())-n)
	}
}

// TestOAuthRefused comes back in every way that must not connect.
func TestOAuthRefused(t *testing.T) {
	replaced := func(back, key, value string) string {
		u, _ := url.Parse(back)
		q := u.Query()
		q.Set(key, value)
		if value == "" {
			q.Del(key)
		}
		u.RawQuery = q.Encode()
		return u.String()
	}
	tests := []struct {
		name string
		do   func(t *testing.T, h *hands) answer
		want string
	}{
		{"another state", func(t *testing.T, h *hands) answer {
			return h.open(replaced(h.allow(t), "state", strings.Repeat("0", 32)))
		}, "does not belong"},
		{"no state", func(t *testing.T, h *hands) answer { return h.open(replaced(h.allow(t), "state", "")) }, "does not belong"},
		{"another browser", func(t *testing.T, h *hands) answer { return h.w.get(h.allow(t)) }, "does not belong"},
		{"a made-up cookie", func(t *testing.T, h *hands) answer {
			return h.w.get(h.allow(t), "Cookie", cookie+"="+strings.Repeat("0", 32))
		}, "does not belong"},
		{"the state of another sign-in", func(t *testing.T, h *hands) answer {
			first := &hands{w: h.w}
			back := first.allow(t)
			h.allow(t)
			return h.open(back)
		}, "does not belong"},
		{"another namespace", func(t *testing.T, h *hands) answer {
			return h.open(strings.Replace(h.allow(t), "/acme-tasks/", "/other/", 1))
		}, "does not belong"},
		{"before the popup has begun", func(t *testing.T, h *hands) answer {
			h.start(t)
			var secret, state string
			for k, in := range h.w.server.signIns {
				secret, state = k, in.state
			}
			return h.w.get(h.w.server.platform.RedirectURL("acme-tasks")+"?code=x&state="+state, "Cookie", cookie+"="+secret)
		}, "does not belong"},
		{"no code", func(t *testing.T, h *hands) answer { return h.open(replaced(h.allow(t), "code", "")) }, "without a code"},
		{"nothing at all", func(t *testing.T, h *hands) answer {
			return h.open(h.w.server.platform.RedirectURL("acme-tasks"))
		}, "Begin on the page"},
		{"a made-up start", func(t *testing.T, h *hands) answer {
			h.start(t)
			return h.open(h.w.server.platform.RedirectURL("acme-tasks") + "?start=" + strings.Repeat("0", 32))
		}, "was used before, or is too old"},
		{"refused by the person", func(t *testing.T, h *hands) answer {
			h.w.provider.refuse = true
			return h.open(h.allow(t))
		}, "it says &#34;access_denied&#34;"},
		{"disconnected meanwhile", func(t *testing.T, h *hands) answer {
			back := h.allow(t)
			h.w.post("disconnect")
			return h.open(back)
		}, "nothing was kept"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, "acme-tasks", oauthAuth, nil)
			a := tt.do(t, &hands{w: w})
			if a.status != http.StatusBadRequest || !strings.Contains(a.body, tt.want) {
				t.Errorf("%d, want 400 and %q: %s", a.status, tt.want, a.body)
			}
			hasNot(t, "the popup", a.body, "<b>No", `data-close="true"`)
			for _, r := range w.provider.requests() {
				if strings.HasPrefix(r, "POST /token") {
					t.Errorf("a code was exchanged: %s", r)
				}
			}
			has(t, "the page", w.get(w.base).body, `data-connected="false"`)
			if files := w.files(); len(files) > 0 {
				t.Errorf("something was stored: %v", files)
			}
		})
	}
}

// TestOAuthTooLate waits for longer than signing in may take.
func TestOAuthTooLate(t *testing.T) {
	var mu sync.Mutex
	late := time.Duration(0)
	w := newWorld(t, "acme-tasks", oauthAuth, func(o *Options) {
		o.Now = func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC).Add(late)
		}
	})
	h := &hands{w: w}
	back := h.allow(t)
	mu.Lock()
	late = signInTime + time.Second
	mu.Unlock()
	if a := h.open(back); a.status != http.StatusBadRequest || !strings.Contains(a.body, "does not belong") {
		t.Errorf("after 10 minutes: %d %s", a.status, a.body)
	}
	h.start(t)
	if n := len(w.server.signIns); n != 1 {
		t.Errorf("%d sign-ins are kept, want the new one", n)
	}
}

// TestOAuthLeadsNowhere refuses addresses that no browser should be sent to.
func TestOAuthLeadsNowhere(t *testing.T) {
	for _, address := range []string{"javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//provider.example/x", "http://provider.example/x"} {
		w := newWorld(t, "acme-tasks", strings.Replace(oauthAuth, "PROVIDER/authorize?client_id={{client_id}}&redirect_uri={{redirect_uri}}", address, 1), func(o *Options) { o.AllowLocal = false })
		a := w.post("authorize", "c.0", "x", "c.1", "y")
		has(t, address, a.body, "leads to no page of the web")
		hasNot(t, address, a.body, `"popup"`)
	}
}

// TestOAuthThroughTunnel begins on the host that the provider leads back to.
func TestOAuthThroughTunnel(t *testing.T) {
	w := newWorld(t, "acme-tasks", oauthAuth, func(o *Options) { o.Public = &url.URL{Scheme: "https", Host: "x.tunnel.example"} })
	h := &hands{w: w}
	popup := h.start(t)
	rest, ok := strings.CutPrefix(popup, "https://x.tunnel.example/")
	if !ok {
		t.Fatalf("the popup begins at %q", popup)
	}
	a := w.get(w.server.o.Desk.String()+"/"+rest, "Host", "x.tunnel.example")
	has(t, "the cookie", a.header.Get("Set-Cookie"), "; Secure", "HttpOnly")
	has(t, "the provider's page", a.header.Get("Location"), "redirect_uri=https://x.tunnel.example/miniapps/acme-tasks/oauth2&state=")
	has(t, "the style of the popup", w.get(w.server.o.Desk.String()+"/miniapps/acme-tasks/oauth2/popup.css", "Host", "x.tunnel.example").body, "color-scheme")
}

// TestOAuthInPractice signs in nowhere.
func TestOAuthInPractice(t *testing.T) {
	w := newWorld(t, "acme-tasks", oauthAuth, func(o *Options) { o.Practice = true })
	h := &hands{w: w}
	a := h.open(h.start(t))
	back, err := url.Parse(a.header.Get("Location"))
	if err != nil || back.Host != w.server.o.Desk.Host || back.Query().Get("code") == "" {
		t.Fatalf("practice leads to %q", a.header.Get("Location"))
	}
	if a = h.open(back.String()); a.status != http.StatusOK {
		t.Errorf("coming back: %d %s", a.status, a.body)
	}
}
