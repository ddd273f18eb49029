package actions_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/karzoun/miniapp-review/internal/actions"
)

// jwt makes a token of claims. Its signature is nobody's.
func jwt(claims string) string {
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"RS256"}`)) + "." + part([]byte(claims)) + "." + part([]byte("signature"))
}

// provider is GitHub's side of tokens of identity.
type provider struct {
	*httptest.Server
	asked  int
	answer func(n int) (status int, body string)
}

const requestToken = "request-token-of-the-runner"

func newProvider(t *testing.T, answer func(n int) (int, string)) *provider {
	p := &provider{answer: answer}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Bearer "+requestToken {
			t.Errorf("asked with %q", got)
		}
		if got := r.URL.Query(); got.Get("audience") != "https://market.example" || got.Get("api-version") != "2.0" || len(got["audience"]) != 1 {
			t.Errorf("asked for %v", got)
		}
		p.asked++
		status, body := p.answer(p.asked)
		w.Header().Set("Location", "https://elsewhere.example/")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(p.Close)
	return p
}

// clock is a clock that moves when somebody sleeps.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.now = c.now.Add(d)
	return ctx.Err()
}

func (p *provider) identity(clock *clock, masked *[]string) *actions.Identity {
	env := map[string]string{"ACTIONS_ID_TOKEN_REQUEST_URL": p.URL + "/token?api-version=2.0", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": requestToken}
	return actions.NewIdentity(actions.IdentityOptions{Audience: "https://market.example", Getenv: func(name string) string { return env[name] },
		Mask: func(s string) error { *masked = append(*masked, s); return nil }, Now: clock.Now, Sleep: clock.Sleep})
}

// numbered answers with the token of each request, which lives so many seconds.
func numbered(seconds int) func(int) (int, string) {
	return func(n int) (int, string) { return 200, fmt.Sprintf(`{"value": %q}`, tokenOf(n, seconds)) }
}

// tokenOf is issued by a clock that has nothing to do with that of the test.
func tokenOf(n, seconds int) string {
	return jwt(fmt.Sprintf(`{"jti": "%d", "iat": 1500000000, "exp": %d}`, n, 1500000000+seconds))
}

// TestIdentity asks for a token when it is needed, and again near its end and
// when it was refused.
func TestIdentity(t *testing.T) {
	p := newProvider(t, numbered(300))
	clock, masked := &clock{now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}, []string(nil)
	d := p.identity(clock, &masked)
	if p.asked != 0 {
		t.Error("a token was asked for before it was needed")
	}
	want := func(what, refused string, n int) {
		t.Helper()
		got, err := d.Token(t.Context(), refused)
		if err != nil || got != tokenOf(n, 300) || p.asked != n {
			t.Errorf("%s: %q, %v after %d requests, want the token %d", what, got, err, p.asked, n)
		}
		if len(masked) != n || !slices.Contains(masked, got) {
			t.Errorf("%s: %d tokens are masked", what, len(masked))
		}
	}
	want("first", "", 1)
	clock.now = clock.now.Add(239 * time.Second)
	want("a minute before its end", "", 1)
	clock.now = clock.now.Add(2 * time.Second)
	want("after that", "", 2)
	want("when it was refused", tokenOf(2, 300), 3)
	want("when one before it was refused", tokenOf(2, 300), 3)
}

// TestIdentityLifetime is about tokens that say something strange of their life.
func TestIdentityLifetime(t *testing.T) {
	for claims, want := range map[string]time.Duration{
		`{"iat": 100, "exp": 700}`:    9 * time.Minute,
		`{"iat": 100, "exp": 160}`:    30 * time.Second,
		`{"iat": 100, "exp": 100}`:    time.Minute,
		`{"iat": 100, "exp": 999999}`: time.Minute,
		`{"exp": 700}`:                time.Minute,
		`{"iat": "x"}`:                time.Minute,
		`no JSON`:                     time.Minute,
	} {
		p := newProvider(t, func(int) (int, string) { return 200, `{"value": "` + jwt(claims) + `"}` })
		clock, masked := &clock{now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}, []string(nil)
		d := p.identity(clock, &masked)
		for _, after := range []time.Duration{0, want - time.Second, 2 * time.Second} {
			clock.now = clock.now.Add(after)
			if _, err := d.Token(t.Context(), ""); err != nil {
				t.Fatal(err)
			}
		}
		if p.asked != 2 {
			t.Errorf("%s: asked %d times, want again after %v", claims, p.asked, want)
		}
	}
}

// TestIdentityFails says what is missing, and never a token.
func TestIdentityFails(t *testing.T) {
	good := `{"value": "` + tokenOf(1, 300) + `"}`
	for _, test := range []struct {
		name  string
		wants func(n int) (int, string)
		want  string
		asked int
	}{
		{"busy, and then not", func(n int) (int, string) {
			if n < 3 {
				return 503, "busy"
			}
			return 200, good
		}, "", 3},
		{"forbidden", func(int) (int, string) { return 403, "{\"message\": \"no \x1b[31m\"}\n::error::x" }, `no token for the audience "https://market.example": "non-successful`, 3},
		{"elsewhere", func(int) (int, string) { return 307, "" }, "no token for the audience", 3},
		{"a page", func(int) (int, string) { return 200, "<html>" }, "no token for the audience", 3},
		{"an answer without a token", func(int) (int, string) { return 200, `{"values": 1}` }, "holds none", 1},
		{"what is no token", func(int) (int, string) { return 200, `{"value": "a.b.c\n::error::x"}` }, "holds none", 1},
		{"too long", func(int) (int, string) { return 200, `{"value": "a.b.` + strings.Repeat("c", 16<<10) + `"}` }, "holds none", 1},
		{"endless", func(int) (int, string) { return 500, strings.Repeat("x", 1<<20) }, "no token for the audience", 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newProvider(t, test.wants)
			clock, masked := &clock{now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}, []string(nil)
			_, err := p.identity(clock, &masked).Token(t.Context(), "")
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if p.asked != test.asked {
				t.Errorf("asked %d times, want %d", p.asked, test.asked)
			}
			if text := fmt.Sprint(err); strings.ContainsAny(text, "\x1b\n") || strings.Contains(text, requestToken) || len(text) > 600 {
				t.Errorf("the error carries more than it should: %q", text)
			}
		})
	}
	for _, test := range []struct{ url, token, want string }{
		{"", "", `add "id-token: write" to the permissions of the job`},
		{"https://token.example/", "", `add "id-token: write" to the permissions of the job`},
		{"", "x", `add "id-token: write" to the permissions of the job`},
		{"http://token.example/", "x", "ACTIONS_ID_TOKEN_REQUEST_URL is no address"},
		{"file:///etc/passwd", "x", "ACTIONS_ID_TOKEN_REQUEST_URL is no address"},
		{"https://u:secret@token.example/", "x", "ACTIONS_ID_TOKEN_REQUEST_URL is no address"},
	} {
		env := map[string]string{"ACTIONS_ID_TOKEN_REQUEST_URL": test.url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": test.token}
		d := actions.NewIdentity(actions.IdentityOptions{Audience: "a", Getenv: func(name string) string { return env[name] }, Now: time.Now,
			Transport: tripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("a request was made") })})
		if _, err := d.Token(t.Context(), ""); err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q and %q give %v, want %q", test.url, test.token, err, test.want)
		}
	}
	p := newProvider(t, numbered(300))
	masked := []string(nil)
	clock := &clock{now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.identity(clock, &masked).Token(ctx, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("a run that ends gives %v", err)
	}
	// A token that cannot be masked is not used.
	env := map[string]string{"ACTIONS_ID_TOKEN_REQUEST_URL": p.URL + "?api-version=2.0", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": requestToken}
	d := actions.NewIdentity(actions.IdentityOptions{Audience: "https://market.example", Getenv: func(name string) string { return env[name] },
		Mask: func(string) error { return errors.New("disk full") }, Now: clock.Now, Sleep: clock.Sleep})
	if token, err := d.Token(t.Context(), ""); err == nil || token != "" {
		t.Errorf("a token that is not masked is used: %v", err)
	}
}

type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
