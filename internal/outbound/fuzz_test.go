package outbound

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/weburl"
)

// FuzzTarget holds that a URL which passes is read the same when it is written
// and read again, and has what the rules ask for.
func FuzzTarget(f *testing.F) {
	for _, s := range []string{"https://api.acme.example/a?b#c", "https://[64:ff9b::a9fe:a9fe]:443/", "HTTPS://a.b.:443", "https://a.example\\@b/", "https://u@a.example", "https:///x", "https://a.example?@b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := target(text, false)
		if err != nil {
			return
		}
		again, err := url.Parse(u.String())
		if err != nil {
			t.Fatalf("%q is written as %q: %v", text, u, err)
		}
		for _, u := range []*url.URL{u, again} {
			if u.Scheme != "https" || u.User != nil || u.Port() != "" && u.Port() != "443" || !hostname(u.Hostname()) || u.Hostname() == "" || weburl.Private(u.Hostname()) != "" && !strings.HasSuffix(u.Hostname(), ".") {
				t.Errorf("%q passes and leads to %q", text, u)
			}
		}
		if again.Host != u.Host || again.RequestURI() != u.RequestURI() {
			t.Errorf("%q is read as %q at %q, then as %q at %q", text, u.RequestURI(), u.Host, again.RequestURI(), again.Host)
		}
		if strings.ContainsAny(u.RequestURI(), " \r\n") {
			t.Errorf("%q breaks the request line: %q", text, u.RequestURI())
		}
	})
}

// FuzzHeaders holds that headers which pass arrive as one request with these
// headers, and nothing after it.
func FuzzHeaders(f *testing.F) {
	f.Add("X-Key", "value", "Authorization", "Bearer x")
	f.Add("Content-Length", "3", "Transfer-Encoding", "chunked")
	f.Add("X", "a\r\n\r\nGET / HTTP/1.1", "Host", "b")
	f.Add("x-key", " padded\t", "X-Key", "é")
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2 string) {
		h, err := headers([]Header{{name1, value1}, {name2, value2}})
		if err != nil {
			return
		}
		req, err := http.NewRequest("POST", "https://api.acme.example/", strings.NewReader("body"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = h
		if _, set := h["User-Agent"]; !set {
			h.Set("User-Agent", "miniapp")
		}
		var wire bytes.Buffer
		if err := req.Write(&wire); err != nil {
			t.Fatalf("%q passes and cannot be sent: %v", h, err)
		}
		r := bufio.NewReader(&wire)
		got, err := http.ReadRequest(r)
		if err != nil {
			t.Fatalf("%q passes and cannot be read: %v", h, err)
		}
		body, err := io.ReadAll(got.Body)
		if rest, _ := io.ReadAll(r); err != nil || string(body) != "body" || len(rest) > 0 || got.Host != "api.acme.example" {
			t.Errorf("%q: host %q, body %q, then %q, %v", h, got.Host, body, rest, err)
		}
		want := http.Header{"Content-Length": {"4"}}
		for name, values := range h {
			for _, v := range values {
				want[name] = append(want[name], strings.Trim(v, " \t"))
			}
		}
		if v := h.Get("User-Agent"); v == "" {
			delete(want, "User-Agent") // net/http sends none then
		}
		if diff := cmp.Diff(want, got.Header); diff != "" {
			t.Errorf("-sent +arrived\n%s", diff)
		}
	})
}
