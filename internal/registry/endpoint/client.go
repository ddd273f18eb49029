package endpoint

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/karzoun/miniapp-review/internal/registry"
)

// Options are what a client needs beside its address.
type Options struct {
	// Token returns the bearer token, or "" for none. It is asked before every
	// request, so that one that lives for minutes can be used. refused is "", or
	// the token that the server has just answered 401 to: a source that has no
	// other one returns it again.
	Token func(ctx context.Context, refused string) (string, error)
	// Transport makes requests; nil takes one of its own with limits on time.
	Transport http.RoundTripper
	// Now and Sleep are the clock.
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error
	// Timeout bounds one request in time, the reading of its answer included;
	// zero means five minutes.
	Timeout time.Duration
	// Budget is how long all requests of the client wait and repeat in all.
	Budget time.Duration
}

// DefaultBudget is how long a run waits for a server that fails, in all.
const DefaultBudget = 2 * time.Minute

// maxAttempts is how often one request is made at most.
const maxAttempts = 5

// Sleep waits, or until the context ends.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Client is a registry behind HTTP.
type Client struct {
	base *url.URL
	http *http.Client
	o    Options
	// deadline is when the budget ends; it starts with the first failure.
	mu       sync.Mutex
	deadline time.Time
}

// Dial returns the registry at an address. It makes no request. Tokens are sent
// over HTTPS, and over HTTP to this machine only.
func Dial(address string, o Options) (*Client, error) {
	base, err := url.Parse(address)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return nil, fmt.Errorf("%q is not the address of a registry: expected https://HOST/PATH", address)
	}
	if base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("the address of a registry has no user, query or fragment: give the token in the environment")
	}
	if base.Scheme == "http" && !local(base.Hostname()) {
		return nil, fmt.Errorf("%q is not encrypted: use https", address)
	}
	base.Path = strings.TrimSuffix(base.Path, "/") + "/"
	if o.Budget == 0 {
		o.Budget = DefaultBudget
	}
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Minute
	}
	if o.Transport == nil {
		o.Transport = &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 15 * time.Second}).DialContext,
			TLSHandshakeTimeout:   15 * time.Second,
			ResponseHeaderTimeout: time.Minute,
			MaxIdleConnsPerHost:   4,
			ForceAttemptHTTP2:     true,
		}
	}
	client := &http.Client{Transport: o.Transport, Timeout: o.Timeout, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // a token must not go elsewhere
	}}
	return &Client{base: base, http: client, o: o}, nil
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// String implements registry.Target.
func (c *Client) String() string { return "http:" + strings.TrimSuffix(c.base.String(), "/") }

// reply is an answer in full.
type reply struct {
	status int
	body   []byte
	// token is the one that was sent, or "".
	token string
}

// do makes a request, and repeats it when the server fails or asks to wait. All
// requests of the contract are the same when made twice.
func (c *Client) do(ctx context.Context, method, path string, body []byte, limit int64) (*reply, error) {
	refused := ""
	for attempt := 1; ; attempt++ {
		token, err := c.token(ctx, refused)
		if err != nil {
			return nil, err
		}
		r, wait, err := c.once(ctx, method, path, body, limit, token)
		if err == nil && r.status == http.StatusUnauthorized && token != "" && refused == "" {
			// A token can end before its time. Another one is tried, once.
			refused = token
			other, err := c.token(ctx, refused)
			if err != nil {
				return nil, err
			}
			if other != refused {
				continue
			}
		}
		if err == nil && r.status != http.StatusTooManyRequests && r.status < 500 {
			return r, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil {
			err = fmt.Errorf("it answers %d %s", r.status, http.StatusText(r.status))
		} else if errors.Is(err, errAnswer) {
			return nil, err
		}
		if wait == 0 {
			wait = time.Second << (attempt - 1)
		}
		if attempt >= maxAttempts || !c.affords(wait) {
			return nil, fmt.Errorf("%s %s at %s, tried %d times: %w", method, path, c, attempt, err)
		}
		if err := c.o.Sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// affords reports whether the budget has time left for a wait.
func (c *Client) affords(wait time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.o.Now()
	if c.deadline.IsZero() {
		c.deadline = now.Add(c.o.Budget)
	}
	return !now.Add(wait).After(c.deadline)
}

var (
	// errAnswer is wrapped when an answer is none of the contract.
	errAnswer = errors.New("the answer is not one of a registry")
	// errToken is wrapped when there is no token to send.
	errToken = errors.New("no token")
)

// token returns what to send, see Options.
func (c *Client) token(ctx context.Context, refused string) (string, error) {
	if c.o.Token == nil {
		return "", nil
	}
	token, err := c.o.Token(ctx, refused)
	if err != nil {
		return "", fmt.Errorf("%w for %s: %w", errToken, c, err)
	}
	return token, nil
}

// once makes a request once. wait is what the server asks for.
func (c *Client) once(ctx context.Context, method, path string, body []byte, limit int64, token string) (r *reply, wait time.Duration, err error) {
	at, err := c.base.Parse(path)
	if err != nil {
		return nil, 0, err
	}
	req, err := http.NewRequestWithContext(ctx, method, at.String(), bytes.NewReader(body))
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("User-Agent", "miniapp")
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Content-Digest", contentDigest(body))
		req.Header.Set("Idempotency-Key", `"`+registry.Digest([]byte(method+" "+path+"\n"+string(body)))+`"`)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, 0, fmt.Errorf("reading the answer: %w", err)
	}
	if int64(len(data)) > limit {
		return nil, 0, fmt.Errorf("%s %s at %s: %w: it has more than %d bytes", method, path, c, errAnswer, limit)
	}
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		return nil, 0, fmt.Errorf("%s %s at %s: %w: it leads elsewhere, and a token is never sent there", method, path, c, errAnswer)
	}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 && seconds < 1<<20 {
		wait = time.Duration(seconds) * time.Second
	}
	return &reply{resp.StatusCode, data, token}, wait, nil
}

// refusal makes an error of an answer that is none of success.
func (c *Client) refusal(doing string, r *reply) error {
	var a answer
	if err := json.Unmarshal(r.body, &a); err != nil {
		a = answer{}
	}
	if r.token != "" {
		// A server that repeats the token would bring it into a log.
		a.Error = strings.ReplaceAll(a.Error, r.token, "***")
	}
	said := ""
	if a.Error != "" {
		said = fmt.Sprintf(": %.300q", a.Error)
	}
	switch {
	case r.status == http.StatusUnauthorized || r.status == http.StatusForbidden:
		return fmt.Errorf("%s: %s answers %d: the token is missing or not good for this%s", doing, c, r.status, said)
	case a.Code == codeOlder:
		return fmt.Errorf("%s: %w%s", doing, registry.ErrOlder, said)
	case a.Code == codeGone || r.status == http.StatusGone:
		return fmt.Errorf("%s: %w%s", doing, registry.ErrGone, said)
	case r.status == http.StatusConflict:
		return fmt.Errorf("%s: %w there%s", doing, registry.ErrConflict, said)
	case r.status == http.StatusNotFound:
		return fmt.Errorf("%s: %s answers 404%s: %w", doing, c, said, fs.ErrNotExist)
	}
	return fmt.Errorf("%s: %s answers %d %s%s", doing, c, r.status, http.StatusText(r.status), said)
}

// Index implements registry.Target.
func (c *Client) Index(ctx context.Context) (*registry.Index, error) {
	r, err := c.do(ctx, http.MethodGet, registry.IndexFile, nil, maxIndex)
	if err != nil {
		return nil, err
	}
	if r.status != http.StatusOK {
		return nil, c.refusal("reading the index", r)
	}
	x, err := registry.ParseIndex(r.body)
	if err != nil {
		return nil, fmt.Errorf("reading the index of %s: %w", c, err)
	}
	return x, nil
}

// Publish implements registry.Target.
func (c *Client) Publish(ctx context.Context, batch []*registry.Release) ([]registry.Result, error) {
	results := make([]registry.Result, len(batch))
	for i, r := range batch {
		results[i] = registry.Result{NS: r.NS, Version: r.Version, Err: errNotTried}
	}
	for i, r := range batch {
		added, err := c.put(ctx, r)
		results[i].Added, results[i].Err = added, err
		if err != nil && !errors.Is(err, registry.ErrConflict) && !errors.Is(err, registry.ErrOlder) && !errors.Is(err, registry.ErrGone) && !errors.Is(err, errRefused) {
			return results, err
		}
	}
	return results, nil
}

var (
	errNotTried = errors.New("not tried, since the run ended before")
	// errRefused is wrapped when a server refuses one release, and may take others.
	errRefused = errors.New("refused")
)

// put publishes one release.
func (c *Client) put(ctx context.Context, rel *registry.Release) (added bool, err error) {
	body, err := encodeRelease(rel)
	if err != nil {
		return false, err
	}
	doing := fmt.Sprintf("publishing %s %s", rel.NS, rel.Version)
	r, err := c.do(ctx, http.MethodPut, versionPath(rel.NS, rel.Version), body, maxAnswer)
	if err != nil {
		return false, err
	}
	var a answer
	known := json.Unmarshal(r.body, &a) == nil
	switch {
	case r.status == http.StatusCreated || r.status == http.StatusOK || r.status == http.StatusNoContent:
		if r.status != http.StatusNoContent && known && a.SHA256 != "" && a.SHA256 != rel.SHA256() {
			return false, fmt.Errorf("%s: %w there: it says that it has %.80q, and %s was sent", doing, registry.ErrConflict, a.SHA256, rel.SHA256())
		}
		if r.status != http.StatusNoContent && !known {
			return false, fmt.Errorf("%s: %w", doing, errAnswer)
		}
		return r.status == http.StatusCreated, nil
	case r.status == http.StatusConflict && known && a.Code != codeOlder && a.Code != codeGone && a.SHA256 == rel.SHA256():
		return false, nil // an earlier try got through, or another publisher's
	case r.status == http.StatusUnprocessableEntity || r.status == http.StatusBadRequest || r.status == http.StatusRequestEntityTooLarge:
		return false, fmt.Errorf("%w: %w", errRefused, c.refusal(doing, r))
	}
	return false, c.refusal(doing, r)
}

// Read implements registry.Target.
func (c *Client) Read(ctx context.Context, ns, version string) (*registry.Stored, error) {
	if err := registry.CheckName(ns, version); err != nil {
		return nil, err
	}
	s := &registry.Stored{Version: version}
	files := map[string][]byte{}
	dir := url.PathEscape(ns) + "/" + url.PathEscape(version) + "/"
	for _, name := range registry.VersionFiles() {
		r, err := c.do(ctx, http.MethodGet, dir+name, nil, registry.MaxFileBytes)
		if err != nil {
			return nil, err
		}
		switch r.status {
		case http.StatusOK:
			files[name] = r.body
		case http.StatusNotFound:
		default:
			return nil, c.refusal("reading "+dir+name, r)
		}
	}
	if err := s.Fill(ns, files); err != nil {
		return nil, err
	}
	return s, nil
}

// List implements registry.Target. A server keeps its index by itself, so that
// only what it names is known.
func (c *Client) List(context.Context) (map[string][]string, error) {
	return nil, fmt.Errorf("listing what %s stores: %w", c, errors.ErrUnsupported)
}

// Yank implements registry.Target.
func (c *Client) Yank(ctx context.Context, ns, version string, mark registry.Mark) error {
	if err := registry.CheckName(ns, version); err != nil {
		return err
	}
	body, err := mark.Encode()
	if err != nil {
		return err
	}
	r, err := c.do(ctx, http.MethodPut, versionPath(ns, version)+"/yank", body, maxAnswer)
	if err != nil {
		return err
	}
	if r.status != http.StatusOK && r.status != http.StatusCreated && r.status != http.StatusNoContent {
		return c.refusal(fmt.Sprintf("yanking %s %s", ns, version), r)
	}
	return nil
}

// Rebuild implements registry.Target. A server keeps its index by itself.
func (c *Client) Rebuild(context.Context) (*registry.Index, error) {
	return nil, fmt.Errorf("making the index of %s again: %w", c, errors.ErrUnsupported)
}
