package endpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/registry"
	"github.com/karzoun/miniapp-review/internal/registry/folder"
	"github.com/karzoun/miniapp-review/internal/registry/registrytest"
)

const token = "s3cret-token"

// clock is a clock that moves when somebody sleeps.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.slept = c.now.Add(d), append(c.slept, d)
	return ctx.Err()
}

// serve starts a server on a folder.
func serve(t *testing.T, dir string) (*Server, *httptest.Server) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s := &Server{Target: folder.Open(dir), Files: os.DirFS(dir), Tokens: []string{"another", token}}
	h := httptest.NewServer(s.Handler())
	t.Cleanup(h.Close)
	return s, h
}

func withToken(string) func(context.Context, string) (string, error) {
	return func(context.Context, string) (string, error) { return token, nil }
}

func dial(t *testing.T, url string, transport http.RoundTripper) (*Client, *clock) {
	t.Helper()
	clock := newClock()
	c, err := Dial(url, Options{Token: withToken(token), Transport: transport, Now: clock.Now, Sleep: clock.Sleep})
	if err != nil {
		t.Fatal(err)
	}
	return c, clock
}

func TestConform(t *testing.T) {
	registrytest.Conform(t, func(t *testing.T) func() registry.Target {
		_, h := serve(t, t.TempDir())
		return func() registry.Target {
			c, _ := dial(t, h.URL, nil)
			return c
		}
	})
}

// tripper makes a round tripper of a function.
type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

var errCut = errors.New("connection reset")

// TestKilled cuts the connection before and after every single request, and runs
// again: nothing is lost, nothing is there twice, and the bytes are the same.
func TestKilled(t *testing.T) {
	batch := []*registry.Release{registrytest.Release(t, "acme", "1.0.0", "First"), registrytest.Release(t, "beta", "1.0.0", "Second"), registrytest.Release(t, "acme", "1.1.0", "Third")}
	run := func(c *Client) error {
		if _, err := c.Index(t.Context()); err != nil {
			return err
		}
		results, err := c.Publish(t.Context(), batch)
		for _, r := range results {
			err = errors.Join(err, r.Err)
		}
		if err == nil {
			err = c.Yank(t.Context(), "acme", "1.1.0", registrytest.Mark("bad"))
		}
		return err
	}
	want := ""
	for _, after := range []bool{false, true} {
		for left := 0; ; left++ {
			_, h := serve(t, t.TempDir())
			n := 0
			c, _ := dial(t, h.URL, tripper(func(r *http.Request) (*http.Response, error) {
				if n++; n <= left {
					return http.DefaultTransport.RoundTrip(r)
				}
				if after {
					if resp, err := http.DefaultTransport.RoundTrip(r); err == nil {
						resp.Body.Close()
					}
				}
				return nil, errCut
			}))
			err := run(c)
			again, _ := dial(t, h.URL, nil)
			if err := run(again); err != nil {
				t.Errorf("cut after %d requests and run again: %v", left, err)
			}
			registrytest.MustVerify(t, again)
			got := registrytest.Encoded(t, again)
			if want == "" {
				want = got
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("cut after %d requests and run again (-want +got):\n%s", left, diff)
			}
			if err == nil {
				if left < 4 {
					t.Errorf("a run has %d requests only", left)
				}
				break
			}
			if !errors.Is(err, errCut) {
				t.Errorf("cut after %d requests: %v", left, err)
			}
		}
	}
}

// TestRepeats is about servers that fail for a while.
func TestRepeats(t *testing.T) {
	release := registrytest.Release(t, "acme", "1.0.0", "First")
	for _, test := range []struct {
		name   string
		status int
		header string
		fails  int
		slept  []time.Duration
		want   string
	}{
		{"once", 503, "", 1, []time.Duration{time.Second}, ""},
		{"several times", 500, "", 4, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}, ""},
		{"too often", 502, "", 5, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}, "tried 5 times: it answers 502 Bad Gateway"},
		{"a limit", 429, "7", 2, []time.Duration{7 * time.Second, 7 * time.Second}, ""},
		{"beyond the budget", 429, "3600", 2, nil, "tried 1 times: it answers 429 Too Many Requests"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, _ := serve(t, t.TempDir())
			var keys []string
			h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				keys = append(keys, r.Header.Get("Idempotency-Key"))
				if len(keys) <= test.fails {
					w.Header().Set("Retry-After", test.header)
					w.WriteHeader(test.status)
					return
				}
				s.Handler().ServeHTTP(w, r)
			}))
			defer h.Close()
			c, clock := dial(t, h.URL, nil)
			results, err := c.Publish(t.Context(), []*registry.Release{release})
			if test.want == "" && (err != nil || !results[0].Added) || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %+v, %v, want %q", results, err, test.want)
			}
			if diff := cmp.Diff(test.slept, clock.slept); diff != "" {
				t.Errorf("slept (-want +got):\n%s", diff)
			}
			for _, k := range keys {
				if k != keys[0] || len(k) != 66 {
					t.Errorf("the keys of one request are %q", keys)
				}
			}
		})
	}
}

// TestAnswers is about answers that are none of the contract.
func TestAnswers(t *testing.T) {
	release := registrytest.Release(t, "acme", "1.0.0", "First")
	held := fmt.Sprintf(`{"sha256": %q}`, release.SHA256())
	for _, test := range []struct {
		name, body string
		status     int
		want       string
		is         error
	}{
		{"conflict with the same digest", held, 409, "", nil},
		{"conflict with another digest", `{"sha256": "00", "error": "it is there"}`, 409, `published with another content there: "it is there"`, registry.ErrConflict},
		{"conflict without a digest", "", 409, "published with another content there", registry.ErrConflict},
		{"older", `{"code": "older", "error": "1.1.0 is there"}`, 409, `older than what is published: "1.1.0 is there"`, registry.ErrOlder},
		{"gone", `{}`, 410, "deleted", registry.ErrGone},
		{"success with another digest", `{"sha256": "00"}`, 201, `it says that it has "00"`, registry.ErrConflict},
		{"a page instead", "<!doctype html><title>Sign in</title>", 200, "the answer is not one of a registry", errAnswer},
		{"nothing", "", 204, "", nil},
		{"no token", `{"error": "send \u001b[31m one"}`, 401, `answers 401: the token is missing or not good for this: "send \x1b[31m one"`, nil},
		{"the token again", `{"error": "not known: \u0073` + token[1:] + `"}`, 403, `answers 403: the token is missing or not good for this: "not known: ***"`, nil},
		{"not found", "", 404, "answers 404", nil},
		{"refused", `{"error": "the title is too long"}`, 422, `answers 422 Unprocessable Entity: "the title is too long"`, errRefused},
		{"elsewhere", "", 307, "it leads elsewhere", errAnswer},
		{"endless", strings.Repeat("x", maxAnswer+1), 200, "it has more than 65536 bytes", errAnswer},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", "https://elsewhere.example/")
				w.WriteHeader(test.status)
				io.WriteString(w, test.body)
			}))
			defer h.Close()
			c, _ := dial(t, h.URL, nil)
			results, err := c.Publish(t.Context(), []*registry.Release{release})
			if err == nil {
				err = results[0].Err
			}
			if test.want == "" {
				if err != nil {
					t.Errorf("got %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if strings.ContainsAny(fmt.Sprint(err), "\x1b\n") || strings.Contains(fmt.Sprint(err), token) {
				t.Errorf("the error carries more than it should: %q", err)
			}
		})
	}
	for body, want := range map[string]string{"": "1:1: the index is damaged", "<html>": "1:1: the index is damaged", `{"version": 2}`: "the index has the version 2"} {
		h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, body) }))
		c, _ := dial(t, h.URL, nil)
		if x, err := c.Index(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("an index %q gives %v, %v", body, x, err)
		}
		h.Close()
	}
}

// TestSlow gives up on a server that does not answer, and on one whose answer
// never ends.
func TestSlow(t *testing.T) {
	for _, first := range []string{"", `{"version": 1,`} {
		h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, first)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}))
		clock := newClock()
		c, err := Dial(h.URL, Options{Now: clock.Now, Sleep: clock.Sleep, Timeout: 20 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		if x, err := c.Index(t.Context()); err == nil || !strings.Contains(err.Error(), "tried 5 times") || !strings.Contains(err.Error(), "Timeout") {
			t.Errorf("an answer that starts with %q gives %v, %v", first, x, err)
		}
		h.Close()
	}
}

// TestTokenStays sends the token to its server over a safe connection only.
func TestTokenStays(t *testing.T) {
	for address, want := range map[string]string{
		"http://registry.example":           "is not encrypted",
		"https://user:pw@registry.example":  "has no user",
		"https://registry.example/?token=x": "has no user, query or fragment",
		"ftp://registry.example":            "is not the address of a registry",
		"registry.example":                  "is not the address of a registry",
		"https:///path":                     "is not the address of a registry",
	} {
		if _, err := Dial(address, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives %v", address, err)
		}
	}
	for _, address := range []string{"http://localhost:80", "http://127.0.0.1/x/", "http://[::1]", "https://registry.example/api"} {
		c, err := Dial(address, Options{})
		if err != nil || c.String() != "http:"+strings.TrimSuffix(address, "/") {
			t.Errorf("%s gives %v, %v", address, c, err)
		}
	}
	clock := newClock()
	c, err := Dial("http://127.0.0.1:1", Options{Now: clock.Now, Sleep: clock.Sleep, Token: func(context.Context, string) (string, error) { return "", errors.New("no identity") }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Index(t.Context()); !errors.Is(err, errToken) || len(clock.slept) > 0 {
		t.Errorf("without a token: %v after %v", err, clock.slept)
	}
}

// TestRefusedToken asks for another token once when one is refused, for each
// request anew, and not when there is no other.
func TestRefusedToken(t *testing.T) {
	for _, test := range []struct {
		name string
		// tokens are those that the source has, one after the other; good ones the
		// server takes.
		tokens   []string
		good     []string
		requests int
		want     string
	}{
		{"good", []string{"one"}, []string{"one"}, 1, ""},
		{"ended", []string{"one", "two"}, []string{"two"}, 2, ""},
		{"ended twice", []string{"one", "two", "three"}, []string{"three"}, 2, "answers 401"},
		{"no other", []string{"one"}, nil, 1, "answers 401"},
		{"none", []string{""}, nil, 1, "answers 401"},
		{"none after the first", []string{"one", "fail"}, nil, 1, "no token for http:"},
	} {
		t.Run(test.name, func(t *testing.T) {
			requests := 0
			h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests++
				if !slices.Contains(test.good, bearer(r)) {
					w.WriteHeader(401)
					return
				}
				w.Write(registry.NewIndex().Encode())
			}))
			defer h.Close()
			clock, left := newClock(), test.tokens
			c, err := Dial(h.URL, Options{Now: clock.Now, Sleep: clock.Sleep, Token: func(_ context.Context, refused string) (string, error) {
				if refused != "" && refused == left[0] && len(left) > 1 {
					left = left[1:]
				}
				if left[0] == "fail" {
					return "", errors.New("nobody gives one")
				}
				return left[0], nil
			}})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Index(t.Context())
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if requests != test.requests || len(clock.slept) > 0 {
				t.Errorf("%d requests with waits of %v, want %d", requests, clock.slept, test.requests)
			}
		})
	}
}

// TestServer is about requests that the client would not make.
func TestServer(t *testing.T) {
	dir := t.TempDir()
	s, h := serve(t, dir)
	var logged []string
	s.Log = func(line string) { logged = append(logged, line) }
	release := registrytest.Release(t, "acme", "1.0.0", "First")
	body, err := encodeRelease(release)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/.env", []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	const at = "/miniapps/acme/versions/1.0.0"
	ask := func(method, path, token string, body []byte, digest string) (*http.Response, string) {
		t.Helper()
		req, err := http.NewRequest(method, h.URL+path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if token != "" {
			req.Header.Set("Authorization", token)
		}
		if digest != "" {
			req.Header.Set("Content-Digest", digest)
		}
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		data, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp, string(data)
	}
	good := "Bearer " + token
	edited := bytes.Replace(body, []byte(`"changelog"`), []byte(` "changelog"`), 1)
	spaced := bytes.Replace(body, []byte(`"definition":{`), []byte(`"definition":{ `), 1)
	more := append(bytes.TrimSuffix(bytes.Clone(body), []byte("}")), `,"extra":1}`...)
	for _, test := range []struct {
		name, method, path, token string
		body                      []byte
		digest                    string
		status                    int
		want                      string
	}{
		{"no token", "PUT", at, "", body, contentDigest(body), 401, `"code":"token"`},
		{"wrong token", "PUT", at, "Bearer nope", body, contentDigest(body), 401, `"code":"token"`},
		{"empty token", "PUT", at, "Bearer ", body, contentDigest(body), 401, `"code":"token"`},
		{"other scheme", "PUT", at, "Basic " + token, body, contentDigest(body), 401, `"code":"token"`},
		{"no digest", "PUT", at, good, body, "", 400, "Content-Digest"},
		{"cut body", "PUT", at, good, body[:len(body)-1], contentDigest(body), 400, "Content-Digest"},
		{"garbage", "PUT", at, good, []byte("x"), contentDigest([]byte("x")), 422, "reading the release"},
		{"unknown member", "PUT", at, good, more, contentDigest(more), 422, "unknown field"},
		{"not canonical", "PUT", at, good, spaced, contentDigest(spaced), 422, "miniapp.json has the SHA-256"},
		{"another version", "PUT", "/miniapps/acme/versions/1.0.1", good, body, contentDigest(body), 422, "the address is of acme 1.0.1"},
		{"bad version", "PUT", "/miniapps/acme/versions/1.0", good, body, contentDigest(body), 400, "is not a semantic version"},
		{"bad namespace", "PUT", "/miniapps/..%2Fx/versions/1.0.0", good, body, contentDigest(body), 400, "cannot be a namespace"},
		{"too large", "PUT", at, good, bytes.Repeat([]byte(" "), maxRelease+1), "x", 413, "has more than"},
		{"wrong method", "POST", at, good, body, "", 405, ""},
		{"published", "PUT", at, good, edited, contentDigest(edited), 201, `"sha256":"` + release.SHA256()},
		{"again", "PUT", at, good, body, contentDigest(body), 200, release.SHA256()},
		{"yank without a token", "PUT", at + "/yank", "", nil, "", 401, "token"},
		{"yank without a reason", "PUT", at + "/yank", good, []byte(`{}`), contentDigest([]byte(`{}`)), 422, "a reason is needed"},
		{"held", "GET", at, "", nil, "", 200, release.SHA256()},
		{"not held", "GET", "/miniapps/acme/versions/9.0.0", "", nil, "", 404, "missing"},
		{"index", "GET", "/index.json", "", nil, "", 200, `"latest": "1.0.0"`},
		{"page", "GET", "/", "", nil, "", 200, "<h1>MiniApps</h1>"},
		{"page of a namespace", "GET", "/acme/index.html", "", nil, "", 200, "The acme"},
		{"definition", "GET", "/acme/1.0.0/miniapp.json", "", nil, "", 200, string(release.Definition)},
		{"hidden file", "GET", "/.env", "", nil, "", 404, "missing"},
		{"lock", "GET", "/.lock", "", nil, "", 404, "missing"},
		{"out of the folder", "GET", "/acme/..%2f..%2fetc/miniapp.json", "", nil, "", 404, "missing"},
		{"listing of a folder", "GET", "/acme/", "", nil, "", 404, ""},
	} {
		resp, got := ask(test.method, test.path, test.token, test.body, test.digest)
		if resp.StatusCode != test.status || !strings.Contains(got, test.want) {
			t.Errorf("%s: %d %s, want %d with %q", test.name, resp.StatusCode, got, test.status, test.want)
		}
		if resp.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: no nosniff", test.name)
		}
	}
	if err := os.WriteFile(dir+"/index.json", []byte("garbage"), 0o644); err != nil {
		t.Fatal(err)
	}
	other, err := encodeRelease(registrytest.Release(t, "beta", "1.0.0", "x"))
	if err != nil {
		t.Fatal(err)
	}
	resp, got := ask("PUT", "/miniapps/beta/versions/1.0.0", good, other, contentDigest(other))
	if resp.StatusCode != 500 || strings.Contains(got, dir) {
		t.Errorf("a damaged index gives %d %s", resp.StatusCode, got)
	}
	if log := strings.Join(logged, "\n"); strings.Contains(log, token) || !strings.Contains(log, "the index is damaged") {
		t.Errorf("the log is %s", log)
	}
	s.Private = true
	if resp, _ := ask("GET", "/index.json", "", nil, ""); resp.StatusCode != 401 {
		t.Errorf("a private registry is read without a token: %d", resp.StatusCode)
	}
	if resp, _ := ask("GET", "/acme/1.0.0/miniapp.json", good, nil, ""); resp.StatusCode != 200 {
		t.Errorf("a private registry is not read with a token: %d", resp.StatusCode)
	}
	s.Tokens, s.Private = nil, false
	if resp, _ := ask("PUT", at, "Bearer ", body, contentDigest(body)); resp.StatusCode != 401 {
		t.Errorf("without tokens somebody may write: %d", resp.StatusCode)
	}
}
