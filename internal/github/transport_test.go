package github

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/pull"
)

// clock is a time that only sleeping moves.
type clock struct {
	mu    sync.Mutex
	at    time.Time
	slept []time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.pass(d)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slept = append(c.slept, d)
	return nil
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)} }

// answers serves one answer after the other and repeats the last.
type answers struct {
	list []func(*http.Request) (*http.Response, error)
	asks int
	reqs []*http.Request
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	i := min(a.asks, len(a.list)-1)
	a.asks++
	a.reqs = append(a.reqs, r)
	if r.Body != nil {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, err
		}
	}
	return a.list[i](r)
}

func answer(status int, body string, header ...string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		h := http.Header{}
		for i := 0; i < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
}

func fails(err error) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

func testClient(t *testing.T, next http.RoundTripper, c *clock, change func(*Options)) *Client {
	t.Helper()
	o := Options{Owner: "o", Name: "r", Token: "secret-token", Transport: next, Now: c.now, Sleep: c.sleep, Self: pull.User{ID: 1, Login: "me"}}
	if change != nil {
		change(&o)
	}
	client, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

const (
	me        = `{"id": 7, "login": "me"}`
	secondary = `{"message": "You have exceeded a secondary rate limit.", "documentation_url": "https://docs.github.com/x#about-secondary-rate-limits"}`
	primary   = `{"message": "API rate limit exceeded for installation."}`
	denied    = `{"message": "Resource not accessible by integration"}`
)

// TestLimits goes through the shapes in which GitHub tells of a limit. A client
// that took a reset that means nothing would wait for most of an hour, or
// refuse by itself.
func TestLimits(t *testing.T) {
	start := newClock().at
	at := func(d time.Duration) string { return fmt.Sprint(start.Add(d).Unix()) }
	for _, tc := range []struct {
		name    string
		answers []func(*http.Request) (*http.Response, error)
		slept   []time.Duration
		reason  Reason
	}{
		{"Retry-After in seconds", []func(*http.Request) (*http.Response, error){
			answer(403, secondary, "Retry-After", "30"), answer(200, me)}, []time.Duration{30 * time.Second}, ""},
		{"Retry-After as a date", []func(*http.Request) (*http.Response, error){
			answer(429, secondary, "Retry-After", start.Add(20*time.Second).Format(http.TimeFormat)), answer(200, me)}, []time.Duration{20 * time.Second}, ""},
		{"Retry-After of nothing", []func(*http.Request) (*http.Response, error){
			answer(403, secondary, "Retry-After", "0"), answer(200, me)}, []time.Duration{time.Second}, ""},
		{"primary, reset near", []func(*http.Request) (*http.Response, error){
			answer(403, primary, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", at(40*time.Second)), answer(200, me)}, []time.Duration{41 * time.Second}, ""},
		{"primary as 429, by the server's clock", []func(*http.Request) (*http.Response, error){
			answer(429, primary, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", at(10*time.Minute), "Date", start.Add(9*time.Minute).Format(http.TimeFormat)),
			answer(200, me)}, []time.Duration{61 * time.Second}, ""},
		{"primary, reset in most of an hour", []func(*http.Request) (*http.Response, error){
			answer(403, primary, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", at(55*time.Minute))}, nil, Limited},
		{"primary, reset in the past", []func(*http.Request) (*http.Response, error){
			answer(403, primary, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", at(-time.Minute)), answer(200, me)}, []time.Duration{time.Minute}, ""},
		{"secondary with the reset of the primary limit", []func(*http.Request) (*http.Response, error){
			answer(403, secondary, "X-RateLimit-Remaining", "4771", "X-RateLimit-Reset", at(55*time.Minute)), answer(200, me)}, []time.Duration{time.Minute}, ""},
		{"secondary again and again grows, until the budget ends", []func(*http.Request) (*http.Response, error){
			answer(403, secondary, "X-RateLimit-Remaining", "4771", "X-RateLimit-Reset", at(55*time.Minute))}, []time.Duration{time.Minute, 2 * time.Minute}, Limited},
		{"429 without any header", []func(*http.Request) (*http.Response, error){
			answer(429, ""), answer(200, me)}, []time.Duration{time.Minute}, ""},
		{"longer than the budget", []func(*http.Request) (*http.Response, error){
			answer(403, secondary, "Retry-After", "3600")}, nil, Limited},
		{"a refusal that is none of them", []func(*http.Request) (*http.Response, error){
			answer(403, denied, "X-RateLimit-Remaining", "4771", "X-RateLimit-Reset", at(time.Minute))}, nil, Forbidden},
		{"a refusal with the last request of the hour", []func(*http.Request) (*http.Response, error){
			answer(403, denied, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", at(time.Minute))}, nil, Forbidden},
		{"success with the last request of the hour", []func(*http.Request) (*http.Response, error){
			answer(200, me, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", at(55*time.Minute), "X-RateLimit-Limit", "1000")}, nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newClock()
			next := &answers{list: tc.answers}
			client := testClient(t, next, c, nil)
			_, _, err := client.gh.Users.Get(context.Background(), "x")
			err = client.explain(err, "asking")
			if ReasonOf(err) != tc.reason || tc.reason == "" && err != nil {
				t.Errorf("got %v, want the reason %q", err, tc.reason)
			}
			if diff := cmp.Diff(tc.slept, c.slept); diff != "" {
				t.Errorf("waits: %s", diff)
			}
			// Whatever came, the next request is made: go-github is not locked.
			asked := next.asks
			next.list = []func(*http.Request) (*http.Response, error){answer(200, me)}
			if _, _, err := client.gh.Users.Get(context.Background(), "y"); err != nil || next.asks != asked+1 {
				t.Errorf("the next request: %v, %d requests", err, next.asks-asked)
			}
		})
	}
}

// TestLimitOfGraphQL checks that the error counts and the data does not: data
// is what people wrote.
func TestLimitOfGraphQL(t *testing.T) {
	for body, waits := range map[string]int{
		`{"data": null, "errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}`: 1,
		`{"data": {"text": "{\"errors\": [{\"type\": \"RATE_LIMITED\"}]}"}}`:                         0,
	} {
		c := newClock()
		client := testClient(t, &answers{list: []func(*http.Request) (*http.Response, error){answer(200, body), answer(200, `{"data": {}}`)}}, c, nil)
		if err := client.query(context.Background(), true, "query{x}", nil, new(any)); err != nil || len(c.slept) != waits {
			t.Errorf("%s: %v, waits %v", body, err, c.slept)
		}
	}
}

func TestRepeats(t *testing.T) {
	cut := errors.New("connection reset by peer")
	for _, tc := range []struct {
		name, method string
		ctx          context.Context
		answers      []func(*http.Request) (*http.Response, error)
		asks         int
		fails        bool
	}{
		{"a read after failures of the server", "GET", context.Background(), []func(*http.Request) (*http.Response, error){
			answer(502, ""), answer(503, ""), answer(200, me)}, 3, false},
		{"a read after a cut", "GET", context.Background(), []func(*http.Request) (*http.Response, error){fails(cut), answer(200, me)}, 2, false},
		{"a read, at most four times", "GET", context.Background(), []func(*http.Request) (*http.Response, error){answer(500, "")}, 4, true},
		{"a write is not repeated after a cut", "POST", context.Background(), []func(*http.Request) (*http.Response, error){fails(cut)}, 1, true},
		{"a write is not repeated after a failure", "PATCH", context.Background(), []func(*http.Request) (*http.Response, error){answer(502, "")}, 1, true},
		{"a write is repeated after a limit", "POST", context.Background(), []func(*http.Request) (*http.Response, error){
			answer(429, secondary, "Retry-After", "1"), answer(200, me)}, 2, false},
		{"a write that may be made twice is", "POST", mayRepeat(context.Background()), []func(*http.Request) (*http.Response, error){fails(cut), answer(200, me)}, 2, false},
		{"a deletion is repeated", "DELETE", context.Background(), []func(*http.Request) (*http.Response, error){answer(500, ""), answer(204, "")}, 2, false},
		{"what may come too early is asked again", "GET", mayBeEarly(context.Background()), []func(*http.Request) (*http.Response, error){
			answer(404, "{}"), answer(200, me)}, 2, false},
		{"twice", "GET", mayBeEarly(context.Background()), []func(*http.Request) (*http.Response, error){answer(404, "{}")}, 3, true},
		{"what is not there is not asked again", "GET", context.Background(), []func(*http.Request) (*http.Response, error){answer(404, "{}")}, 1, true},
		{"a refusal is final", "GET", context.Background(), []func(*http.Request) (*http.Response, error){answer(422, "{}")}, 1, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			next := &answers{list: tc.answers}
			client := testClient(t, next, newClock(), nil)
			var body any
			if tc.method != "GET" {
				body = map[string]string{"a": "b"}
			}
			req, err := client.gh.NewRequest(tc.method, "x", body)
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.gh.Do(tc.ctx, req, nil)
			if next.asks != tc.asks || (err != nil) != tc.fails {
				t.Errorf("%d requests and %v, want %d", next.asks, err, tc.asks)
			}
		})
	}
}

// TestAskedToWait waits at a failing server as long as it asks, and not longer
// than the budget has.
func TestAskedToWait(t *testing.T) {
	c := newClock()
	client := testClient(t, &answers{list: []func(*http.Request) (*http.Response, error){answer(503, "", "Retry-After", "7"), answer(200, me)}}, c, nil)
	if _, _, err := client.gh.Users.Get(context.Background(), "x"); err != nil || !cmp.Equal(c.slept, []time.Duration{7 * time.Second}) {
		t.Errorf("%v, waits %v", err, c.slept)
	}
	c = newClock()
	client = testClient(t, &answers{list: []func(*http.Request) (*http.Response, error){answer(503, "", "Retry-After", "700")}}, c, nil)
	if _, _, err := client.gh.Users.Get(context.Background(), "x"); err == nil || c.slept != nil {
		t.Errorf("%v, waits %v", err, c.slept)
	}
}

// TestBudget checks that failures cannot add up beyond the budget, and that
// requests which wait at the same time pay once.
func TestBudget(t *testing.T) {
	start := newClock().at
	b := &budget{left: time.Minute}
	for range 2 {
		if !b.close(start, start.Add(40*time.Second)) || b.left != 20*time.Second {
			t.Errorf("the same wait twice leaves %v of a minute", b.left)
		}
	}
	if b.take(start, start.Add(61*time.Second)) || !b.take(start, start.Add(time.Minute)) {
		t.Error("the budget is not what was given")
	}
	c := newClock()
	client := testClient(t, &answers{list: []func(*http.Request) (*http.Response, error){
		func(*http.Request) (*http.Response, error) {
			c.pass(30 * time.Second)
			return nil, errors.New("no route to host")
		}}}, c, func(o *Options) { o.Budget = 40 * time.Second })
	_, err := client.Head(context.Background(), 1)
	if lost := c.now().Sub(start); ReasonOf(err) != Unreachable || lost > 61*time.Second {
		t.Errorf("%v after %v", err, lost)
	}
}

// TestBodies checks that answers are bounded in size and time, errors too.
func TestBodies(t *testing.T) {
	endless := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			chunk := []byte(strings.Repeat("x", 1<<16))
			for r.Context().Err() == nil {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		}
	}
	trickle := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		reason  Reason
	}{
		"endless":       {endless(200), Unusable},
		"endless error": {endless(422), Refused},
		"never ends":    {trickle, Unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(tc.handler)
			defer server.Close()
			client := testClient(t, http.DefaultTransport, newClock(), func(o *Options) { o.API = server.URL; o.Attempt = 3 * time.Second })
			if name == "never ends" {
				client.transport.attempt = 20 * time.Millisecond
			}
			_, err := client.Head(context.Background(), 1)
			if ReasonOf(err) != tc.reason {
				t.Errorf("got %v, want the reason %q", err, tc.reason)
			}
		})
	}
}

// TestAttack22TokenLeak checks that no redirect and no address in an answer
// takes the token to another host, another port or another scheme.
func TestAttack22TokenLeak(t *testing.T) {
	var leaked []string
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		leaked = append(leaked, r.Header.Get("Authorization"))
		fmt.Fprint(w, "{}")
	}))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer secret-token" {
				t.Errorf("the API got %q", r.Header.Get("Authorization"))
			}
			http.Redirect(w, r, other.URL+"/stolen", status)
		}))
		client := testClient(t, http.DefaultTransport, newClock(), func(o *Options) { o.API = server.URL })
		_, err := client.Head(context.Background(), 1)
		if !errors.Is(err, errForeignHost) || strings.Contains(err.Error(), "secret-token") {
			t.Errorf("%d: %v", status, err)
		}
		req, err := client.gh.NewRequest("GET", other.URL+"/direct", nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.gh.Do(context.Background(), req, nil); !errors.Is(err, errForeignHost) {
			t.Errorf("another host asked for: %v", err)
		}
		server.Close()
	}
	if leaked != nil {
		t.Errorf("the token went to %q", leaked)
	}
}

// TestRenamedRepository follows the redirect that stays on the host.
func TestRenamedRepository(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/repos/o/r/pulls/1" {
			http.Redirect(w, r, "/repositories/9/pulls/1", http.StatusMovedPermanently)
			return
		}
		fmt.Fprintf(w, `{"number": 1, "head": {"sha": %q}}`, strings.Repeat("a", 40))
	}))
	defer server.Close()
	client := testClient(t, http.DefaultTransport, newClock(), func(o *Options) { o.API = server.URL })
	if head, err := client.Head(context.Background(), 1); err != nil || head.SHA != strings.Repeat("a", 40) {
		t.Errorf("%v, %v", head, err)
	}
}
