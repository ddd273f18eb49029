package tenant

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestWhoGetsIn asks for the same things by the wrong name, from the wrong page,
// through a tunnel and without the token.
func TestWhoGetsIn(t *testing.T) {
	public := &url.URL{Scheme: "https", Host: "x.tunnel.example"}
	w := newWorld(t, "acme-tasks", keyAuth, func(o *Options) { o.Public = public })
	desk := w.server.o.Desk
	port := desk.Port()
	path := strings.TrimPrefix(w.base, desk.String())
	hook := "/miniapps/acme-tasks/webhooks"
	origin := []string{"Origin", desk.String()}
	tests := []struct {
		name, method, path string
		headers            []string
		want               int
	}{
		{"the page", "GET", path, nil, 200},
		{"by the name localhost", "GET", path, []string{"Host", "localhost:" + port}, 200},
		{"by a name that somebody owns", "GET", path, []string{"Host", "rebound.evil.example:" + port}, 421},
		{"by the address at another port", "GET", path, []string{"Host", "127.0.0.1:1"}, 421},
		{"without a port", "GET", path, []string{"Host", "127.0.0.1"}, 421},
		{"a webhook by a name that somebody owns", "POST", hook, []string{"Host", "rebound.evil.example"}, 421},
		{"without the token", "GET", "/", nil, 403},
		{"without the token, deeper", "GET", "/app/acme-tasks", nil, 403},
		{"with a wrong token", "GET", "/" + strings.Repeat("0", 32) + "/app/acme-tasks", nil, 403},
		{"the style without the token", "GET", "/page.css", nil, 403},
		{"the page through the tunnel", "GET", path, []string{"Host", "x.tunnel.example"}, 403},
		{"the page through the tunnel with its port", "GET", path, []string{"Host", "X.tunnel.example:443"}, 403},
		{"the page through a tunnel that rewrites the host", "GET", path, []string{"X-Forwarded-For", "203.0.113.9"}, 403},
		{"an action through a tunnel that rewrites the host", "POST", path + "/disconnect", append([]string{"X-Forwarded-Host", "x.tunnel.example"}, origin...), 403},
		{"a webhook through the tunnel", "POST", hook, []string{"Host", "x.tunnel.example", "X-Forwarded-For", "203.0.113.9"}, 401},
		{"OAuth through the tunnel", "GET", "/miniapps/acme-tasks/oauth2", []string{"Host", "x.tunnel.example"}, 400},
		{"the page's icon", "GET", "/favicon.ico", nil, 204},
		{"an action", "POST", path + "/disconnect", origin, 200},
		{"an action from the page at localhost", "POST", path + "/disconnect", []string{"Host", "localhost:" + port, "Origin", "http://localhost:" + port}, 200},
		{"an action without an origin", "POST", path + "/disconnect", nil, 403},
		{"an action from another site", "POST", path + "/disconnect", []string{"Origin", "https://evil.example"}, 403},
		{"an action from another port", "POST", path + "/disconnect", []string{"Origin", "http://127.0.0.1:1"}, 403},
		{"an action from a page without an origin", "POST", path + "/disconnect", []string{"Origin", "null"}, 403},
		{"an action that the browser calls cross-site", "POST", path + "/disconnect", append([]string{"Sec-Fetch-Site", "cross-site"}, origin...), 403},
		{"an action that the browser calls same-site", "POST", path + "/disconnect", append([]string{"Sec-Fetch-Site", "same-site"}, origin...), 403},
		{"an action with GET", "GET", path + "/disconnect", nil, 405},
		{"an action without the token", "POST", "/app/acme-tasks/disconnect", origin, 403},
		{"another MiniApp", "GET", strings.Replace(path, "acme-tasks", "other", 1), nil, 404},
		{"another namespace", "POST", "/miniapps/other/webhooks", nil, 404},
	}
	for _, tt := range tests {
		a := w.do(w.request(tt.method, desk.String()+tt.path, "", tt.headers...))
		if a.status != tt.want {
			t.Errorf("%s: %d, want %d: %.200s", tt.name, a.status, tt.want, a.body)
		}
		if tt.want >= 400 && strings.Contains(a.body, w.server.token) {
			t.Errorf("%s: the answer has the token", tt.name)
		}
		if a.header.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(a.header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: the headers are %v", tt.name, a.header)
		}
	}
}

// TestLimits sends more than there is room for.
func TestLimits(t *testing.T) {
	w := newWorld(t, "acme-tasks", keyAuth, nil)
	big := strings.Repeat("x", 1<<20)
	if a := w.deliver(big+"y", "s"); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a delivery of more than 1 MiB: %d", a.status)
	}
	if a := w.get(w.base, "X-Long", big[:80<<10]); a.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("headers of 80 KiB: %d", a.status)
	}
	has(t, "a form of 3 MB", w.post("action", "p.1", big+big+big).body, "too large")
}

// TestSlowDelivery sends a body that does not end.
func TestSlowDelivery(t *testing.T) {
	w := newWorld(t, "acme-tasks", keyAuth, nil)
	w.server.bodyTime = 50 * time.Millisecond
	c, err := net.Dial("tcp", w.server.o.Desk.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST /miniapps/acme-tasks/webhooks HTTP/1.1\r\nHost: %s\r\nContent-Length: 100\r\n\r\n{", w.server.o.Desk.Host)
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	got, err := io.ReadAll(c) // to the end: the connection is closed too
	if err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 400 ") {
		t.Errorf("%v: %q", err, got)
	}
	has(t, "the page", w.get(w.base).body, "No delivery yet")
}

// BenchmarkWebhook is a delivery from its first to its last byte, with the
// install written down in between.
func BenchmarkWebhook(b *testing.B) {
	w := newWorld(b, "acme-tasks", keyAuth, nil)
	w.connect()
	for n := range b.N {
		if a := w.deliver(fmt.Sprintf(`{"event": "task.created", "id": "d-%d"}`, n), "hook-secret-1"); a.status != 202 {
			b.Fatalf("%+v", a)
		}
	}
}
