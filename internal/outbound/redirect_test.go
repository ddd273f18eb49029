package outbound

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// redirector answers with the status and to the place that the query says.
func redirector(rw http.ResponseWriter, r *http.Request) {
	status, err := strconv.Atoi(r.URL.Query().Get("status"))
	to := r.URL.Query().Get("to")
	if err != nil || to == "" {
		fmt.Fprintf(rw, "arrived at %s", r.URL.Path)
		return
	}
	rw.Header().Set("Location", to)
	rw.Header().Set("Set-Cookie", "session=1")
	rw.WriteHeader(status)
	fmt.Fprint(rw, "moved")
}

// moving is a URL at host that redirects.
func moving(host string, status int, to string) string {
	return fmt.Sprintf("https://%s/start?token=hush&status=%d&to=%s", host, status, strings.NewReplacer("%", "%25", "&", "%26", "+", "%2B", "#", "%23").Replace(to))
}

func TestAttack20RedirectTargets(t *testing.T) {
	w := newWorld(t)
	w.host("api.acme.example", "1.1.1.1", redirector)
	w.host("cdn.other.example", "1.0.0.1", redirector)
	w.host("local.acme.example", "10.0.0.1", redirector)
	w.host("rebound.acme.example", "169.254.169.254", redirector)
	for _, test := range []struct {
		to   string
		want error
		says string // the body, or what is in the error
		log  int    // requests that arrive
	}{
		{"/there", nil, "arrived at /there", 2},
		{"there?x=1", nil, "arrived at /there", 2},
		{"https://api.acme.example:443/there", nil, "arrived at /there", 2},
		{"https://cdn.other.example/there", nil, "arrived at /there", 2},
		{"//cdn.other.example/there", nil, "arrived at /there", 2},
		{"http://api.acme.example/there?hush", ErrRefused, `host "api.acme.example": after a redirect: requests are sent over https only`, 1},
		{"https://api.acme.example:8443/hush", ErrRefused, `host "api.acme.example:8443": after a redirect: requests go to port 443 only`, 1},
		{"https://user:hush@api.acme.example/", ErrRefused, "user name or password", 1},
		{"http://169.254.169.254/latest/meta-data/hush", ErrRefused, `host "169.254.169.254": after a redirect: it leads to a cloud's metadata service`, 1},
		{"https://169.254.169.254/hush", ErrRefused, "a cloud's metadata service", 1},
		{"https://[::ffff:a9fe:a9fe]/hush", ErrRefused, "a cloud's metadata service", 1},
		{"https://127.0.0.1/hush", ErrRefused, "the machine itself", 1},
		{"https://localhost/hush", ErrRefused, "the machine itself", 1},
		{"https://rebound.acme.example/hush", ErrRefused, `host "rebound.acme.example": after a redirect: its address leads to a cloud's metadata service`, 1},
		{"https://local.acme.example/hush", ErrRefused, "a private network", 1},
		{"file:///etc/hush", ErrRefused, "not one of the web", 1},
		{"mailto:hush@acme.example", ErrRefused, "not one of the web", 1},
		{"https://%5b::1/hush", ErrFailed, "redirects to a URL that cannot be read", 1},
		{"https://api.acme.example\\@127.0.0.1/hush", ErrFailed, "redirects to a URL that cannot be read", 1},
	} {
		resp, err := w.client(Options{}).Do(context.Background(), get(moving("api.acme.example", 302, test.to)))
		log := w.requests()
		if len(log) != test.log {
			t.Errorf("%s: %d requests arrived, want %d", test.to, len(log), test.log)
		}
		if test.want == nil {
			if err != nil || string(resp.Body) != test.says || resp.Redirects != 1 {
				t.Errorf("%s: got %q after %d redirects, %v; want %q", test.to, resp.Body, resp.Redirects, err, test.says)
			}
			continue
		}
		wants(t, err, test.want)
		if !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: the error %q does not say %q", test.to, err, test.says)
		}
	}
}

func TestAttack20ThirtyRedirects(t *testing.T) {
	w := newWorld(t)
	w.host("api.acme.example", "1.1.1.1", func(rw http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		if n > 0 {
			http.Redirect(rw, r, fmt.Sprintf("/%d", n-1), http.StatusFound)
		}
	})
	for _, test := range []struct {
		hops, allowed, requests int
		refused                 bool
	}{
		{0, 0, 1, false}, {3, 0, 4, false}, {4, 0, 4, true}, {30, 0, 4, true}, {1, 1, 2, false}, {2, 1, 2, true}, {0, -1, 1, false}, {1, -1, 1, true},
	} {
		resp, err := w.client(Options{MaxRedirects: test.allowed}).Do(context.Background(), get(fmt.Sprintf("https://api.acme.example/%d", test.hops)))
		if got := len(w.requests()); got != test.requests {
			t.Errorf("%d hops, %d allowed: %d requests, want %d", test.hops, test.allowed, got, test.requests)
		}
		if test.refused {
			wants(t, err, ErrRefused)
		} else if err != nil || resp.Redirects != test.hops {
			t.Errorf("%d hops, %d allowed: %d redirects, %v", test.hops, test.allowed, resp.Redirects, err)
		}
	}
}

// TestAnswersThatAreNoRedirects returns them as they are.
func TestAnswersThatAreNoRedirects(t *testing.T) {
	w := newWorld(t)
	w.host("api.acme.example", "1.1.1.1", func(rw http.ResponseWriter, r *http.Request) {
		status, _ := strconv.Atoi(r.URL.Query().Get("status"))
		if r.URL.Query().Get("to") != "" {
			rw.Header().Set("Location", r.URL.Query().Get("to"))
		}
		rw.WriteHeader(status)
	})
	for _, test := range []struct {
		status int
		to     string
	}{{300, "/x"}, {304, "/x"}, {305, "https://cdn.other.example/"}, {302, ""}, {201, "/x"}, {404, ""}, {500, "/x"}} {
		resp, err := w.client(Options{}).Do(context.Background(), get(fmt.Sprintf("https://api.acme.example/?status=%d&to=%s", test.status, test.to)))
		if err != nil || resp.Status != test.status || len(w.requests()) != 1 {
			t.Errorf("%d to %q: got %d, %v", test.status, test.to, resp.Status, err)
		}
	}
}

func secrets() []Header {
	return []Header{
		{"Authorization", "Bearer hush"}, {"Cookie", "session=hush"}, {"X-Shopify-Access-Token", "hush"}, {"access-token", "hush"},
		{"X-Api-Key", "hush"}, {"Content-Type", "application/json"}, {"User-Agent", "hush"}, {"Accept", "application/hush"}, {"Accept-Encoding", "hush"}, {"Referer", "https://hush.example/"},
	}
}

// TestAttack22HeadersStayAtTheirOrigin follows redirects within an origin, to another and
// back, and holds everything that arrives against what may.
func TestAttack22HeadersStayAtTheirOrigin(t *testing.T) {
	w := newWorld(t)
	w.host("api.acme.example", "1.1.1.1", redirector)
	w.host("cdn.other.example", "1.0.0.1", redirector)
	url := moving("api.acme.example", 302, moving("api.acme.example", 307, moving("cdn.other.example", 308, "https://api.acme.example/back")))
	resp, err := w.client(Options{}).Do(context.Background(), Request{Method: "GET", URL: url, Header: secrets()})
	if err != nil {
		t.Fatal(err)
	}
	if string(resp.Body) != "arrived at /back" || !resp.Elsewhere || resp.Redirects != 3 {
		t.Errorf("got %q, elsewhere %v, %d redirects", resp.Body, resp.Elsewhere, resp.Redirects)
	}
	all := http.Header{}
	for _, h := range secrets() {
		if h.Name != "Accept-Encoding" {
			all.Add(h.Name, h.Value)
		}
	}
	all.Set("Accept-Encoding", "gzip")
	bare := http.Header{"Accept-Encoding": {"gzip"}, "User-Agent": {"miniapp"}}
	log := w.requests()
	if len(log) != 4 {
		t.Fatalf("%d requests arrived, want 4", len(log))
	}
	for i, want := range []struct {
		host   string
		header http.Header
	}{{"api.acme.example", all}, {"api.acme.example", all}, {"cdn.other.example", bare}, {"api.acme.example", bare}} {
		if diff := cmp.Diff(want.header, log[i].header); log[i].host != want.host || diff != "" {
			t.Errorf("request %d, at %s: -want +got\n%s", i, log[i].host, diff)
		}
	}
	if resp, err := w.client(Options{}).Do(context.Background(), get(moving("api.acme.example", 302, "/there"))); err != nil || resp.Elsewhere {
		t.Errorf("within an origin: elsewhere %v, %v", resp.Elsewhere, err)
	}
}

func TestAttack22BodiesStayAtTheirOrigin(t *testing.T) {
	w := newWorld(t)
	w.host("api.acme.example", "1.1.1.1", redirector)
	w.host("cdn.other.example", "1.0.0.1", redirector)
	for _, test := range []struct {
		method string
		body   string
		status int
		// What arrives within the origin and at another one: a method and a body,
		// or "" when the redirect is refused.
		same, other string
	}{
		{"GET", "", 301, "GET ", "GET "},
		{"GET", "", 307, "GET ", "GET "},
		{"GET", "hush", 302, "GET hush", ""},
		{"GET", "hush", 303, "GET ", "GET "},
		{"POST", "hush", 301, "GET ", "GET "},
		{"POST", "hush", 302, "GET ", "GET "},
		{"POST", "hush", 303, "GET ", "GET "},
		{"POST", "hush", 307, "POST hush", ""},
		{"POST", "hush", 308, "POST hush", ""},
		{"POST", "", 308, "POST ", ""},
		{"PUT", "hush", 301, "PUT hush", ""},
		{"PUT", "hush", 303, "GET ", "GET "},
		{"PATCH", "hush", 302, "PATCH hush", ""},
		{"DELETE", "", 302, "DELETE ", ""},
		{"DELETE", "", 307, "DELETE ", ""},
		{"DELETE", "", 303, "GET ", "GET "},
	} {
		for host, want := range map[string]string{"api.acme.example": test.same, "cdn.other.example": test.other} {
			r := Request{Method: test.method, URL: moving("api.acme.example", test.status, "https://"+host+"/there"), Body: []byte(test.body), Header: []Header{{"Content-Type", "text/plain"}, {"X-Key", "hush"}}}
			resp, err := w.client(Options{}).Do(context.Background(), r)
			log := w.requests()
			if want == "" {
				wants(t, err, ErrRefused)
				if len(log) != 1 {
					t.Errorf("%s %d to %s: %d requests arrived, want 1", test.method, test.status, host, len(log))
				}
				continue
			}
			if err != nil || string(resp.Body) != "arrived at /there" || len(log) != 2 {
				t.Errorf("%s %d to %s: got %q, %v", test.method, test.status, host, resp.Body, err)
				continue
			}
			got := log[1]
			arrived := got.method + " " + got.body
			if arrived != want {
				t.Errorf("%s %d to %s: %q arrived, want %q", test.method, test.status, host, arrived, want)
			}
			// Content-Type goes with the body, and no header goes elsewhere.
			typed := test.status != 303 && arrived == test.method+" "+test.body && host == "api.acme.example"
			if (got.header.Get("Content-Type") != "") != typed {
				t.Errorf("%s %d to %s: Content-Type arrives: %v, want %v", test.method, test.status, host, !typed, typed)
			}
		}
	}
}

// TestAttack20PublicNeverRedirectsToLocal holds redirects in a client that may reach
// local addresses.
func TestAttack20PublicNeverRedirectsToLocal(t *testing.T) {
	w := newWorld(t)
	w.host("api.acme.example", "1.1.1.1", redirector)
	w.host("local.acme.example", "10.0.0.1", redirector)
	plain := w.server("plain", false, redirector)
	w.hosts["127.0.0.1"] = claimed{w.hosts["local.acme.example"].addr, plain}
	c := w.client(Options{AllowLocal: true})

	// The connection to the local host is kept, so that a redirect to it would
	// need no new one.
	if _, err := c.Do(context.Background(), get("https://local.acme.example/")); err != nil {
		t.Fatal(err)
	}
	w.requests()
	for _, to := range []string{"https://local.acme.example/", "https://127.0.0.1/", "http://local.acme.example/", moving("api.acme.example", 302, "https://local.acme.example/")} {
		_, err := c.Do(context.Background(), get(moving("api.acme.example", 302, to)))
		wants(t, err, ErrRefused)
		for _, r := range w.requests() {
			if r.host != "api.acme.example" {
				t.Errorf("%s: a request arrived at %s", to, r.host)
			}
		}
	}
	// From a local one, local and public ones are reached.
	for _, to := range []string{"https://api.acme.example/there", "https://local.acme.example/there"} {
		resp, err := c.Do(context.Background(), get(moving("local.acme.example", 302, to)))
		if err != nil || string(resp.Body) != "arrived at /there" {
			t.Errorf("%s: got %q, %v", to, resp.Body, err)
		}
	}
	// HTTPS never leads to HTTP, even there; HTTP to HTTPS does.
	w.requests()
	_, err := c.Do(context.Background(), get(moving("local.acme.example", 302, "http://127.0.0.1/there")))
	wants(t, err, ErrRefused)
	if got := w.requests(); len(got) != 1 {
		t.Errorf("%v arrived", got)
	}
	up := "http://127.0.0.1/?status=302&to=https://local.acme.example/there"
	if resp, err := c.Do(context.Background(), get(up)); err != nil || string(resp.Body) != "arrived at /there" {
		t.Errorf("got %q, %v", resp.Body, err)
	}
}

// TestOtherPortIsAnotherOrigin redirects to another server on the same address.
func TestOtherPortIsAnotherOrigin(t *testing.T) {
	w := newWorld(t)
	here, there := w.server("here", false, redirector), w.server("there", false, redirector)
	c := New(Options{AllowLocal: true})
	resp, err := c.Do(context.Background(), Request{Method: "GET", URL: "http://" + here + "/?status=302&to=http://" + there + "/x", Header: secrets()})
	log := w.requests()
	if err != nil || !resp.Elsewhere || len(log) != 2 || log[1].host != "there" || len(log[1].header) != 2 {
		t.Errorf("elsewhere %v, %v; %+v arrived", resp.Elsewhere, err, log)
	}
}

// noProxy is a proxy that must never be called.
const noProxy = "https://proxy.acme.example:443"

// TestAttack21NoProxy sets proxies that must never be called. It runs in a process
// of its own, since net/http reads the environment once.
func TestAttack21NoProxy(t *testing.T) {
	if os.Getenv("HTTPS_PROXY") != noProxy {
		cmd := exec.Command(os.Args[0], "-test.run=^TestAttack21NoProxy$", "-test.v")
		cmd.Env = append(os.Environ(), "NO_PROXY=")
		for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"} {
			cmd.Env = append(cmd.Env, name+"="+noProxy)
		}
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: TestAttack21NoProxy") {
			t.Errorf("%v:\n%s", err, out)
		}
		return
	}
	w := newWorld(t)
	w.raw("proxy.acme.example", "1.0.0.2", func(net.Conn) { t.Error("the proxy was called") })
	w.host("api.acme.example", "1.1.1.1", redirector)
	if _, err := w.client(Options{}).Do(context.Background(), get("https://api.acme.example/")); err != nil {
		t.Error(err)
	}
	w.client(Options{AllowLocal: true}).Do(context.Background(), get("http://api.acme.example/"))
	if !slices.Equal(w.dialed, []string{"api.acme.example:443", "api.acme.example:80"}) {
		t.Errorf("connections to %q, want the host alone", w.dialed)
	}
}
