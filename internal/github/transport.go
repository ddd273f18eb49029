package github

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Limits of what is read of one response, in bytes after decompression. A tree
// of a hundred thousand files, the most that GitHub lists, has about 20 MB.
const (
	maxBody      = 32 << 20
	maxErrorBody = 64 << 10
)

// maxAttempts is how often a request is made at most when the server fails.
const maxAttempts = 4

// transport is the one way to GitHub. It lies below go-github and
//
//   - sends the token to the API's own host and nowhere else;
//   - waits at rate limits, and repeats what may be repeated, as long as the
//     budget lasts;
//   - reads each response in full, bounded in size and time, so that a cut or
//     endless body is a failure of the request like any other.
//
// Reads and writes that are the same when made twice are repeated after
// failures of the server or the connection. Other writes are repeated only
// when a limit refused them, since they may have been made; see ambiguous.
type transport struct {
	next      http.RoundTripper
	api       *url.URL
	token     string
	userAgent string
	// attempt bounds one attempt in time, the reading of its body included.
	attempt time.Duration
	budget  *budget
	now     func() time.Time
	sleep   func(context.Context, time.Duration) error
}

// repeatKey marks requests that may be made twice although they are a POST or
// a PATCH, onceKey those that may not although they are a PUT, and earlyKey
// those whose 404 may come because they are too early.
type (
	repeatKey struct{}
	onceKey   struct{}
	earlyKey  struct{}
)

func mayRepeat(ctx context.Context) context.Context { return context.WithValue(ctx, repeatKey{}, true) }
func mayBeEarly(ctx context.Context) context.Context {
	return context.WithValue(ctx, earlyKey{}, true)
}

func repeatable(req *http.Request) bool {
	if req.Context().Value(onceKey{}) != nil {
		return false
	}
	switch req.Method {
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete:
		return true
	}
	return req.Context().Value(repeatKey{}) != nil
}

// sameHost reports whether a URL leads to the API, over the same scheme.
func sameHost(a, b *url.URL) bool { return a.Scheme == b.Scheme && a.Host == b.Host }

// errForeignHost is wrapped when a request or a redirect leads elsewhere.
var errForeignHost = errors.New("not the host of the API")

// errTooLong is wrapped when an answer is larger than any that is expected.
var errTooLong = errors.New("the answer is too long")

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	if !sameHost(req.URL, t.api) {
		return nil, fmt.Errorf("host %q: %w", req.URL.Host, errForeignHost)
	}
	ctx := req.Context()
	refusals, failures, early := 0, 0, 0
	for {
		for d := t.budget.closedFor(t.now()); d > 0; d = t.budget.closedFor(t.now()) {
			if err := t.sleep(ctx, d); err != nil {
				return nil, err
			}
		}
		start := t.now()
		resp, body, err := t.once(req)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var asked time.Duration
		if err == nil {
			asked, _ = retryAfter(resp, t.now())
			if wait, is := limited(resp, body, refusals, t.now()); is {
				refusals++
				now := t.now()
				if refusals > maxAttempts || !t.budget.close(now, now.Add(wait)) {
					return nil, &limitError{wait: wait, said: errorMessage(body)}
				}
				continue
			}
			hideLimits(resp.Header)
		}
		var wait time.Duration
		switch {
		case err != nil && (errors.Is(err, errTooLong) || !repeatable(req)):
			return nil, err
		case err != nil || failedServer(resp.StatusCode) && repeatable(req):
			if failures++; failures >= maxAttempts || !t.budget.take(start, t.now()) {
				return resp, err
			}
			wait = max(500*time.Millisecond<<(failures-1), asked)
		case resp.StatusCode == http.StatusNotFound && early < 2 && ctx.Value(earlyKey{}) != nil:
			early++
			wait = 400 * time.Millisecond * time.Duration(early)
		default:
			return resp, nil
		}
		now := t.now()
		if !t.budget.take(now, now.Add(wait)) {
			return resp, err
		}
		if err := t.sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// failedServer reports whether a status says that the server had a problem that
// another attempt may not have.
func failedServer(status int) bool {
	switch status {
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// once makes one attempt and reads the whole answer, which is in the response
// too. The error of a failed attempt is never a response's status.
func (t *transport) once(req *http.Request) (*http.Response, []byte, error) {
	ctx, cancel := context.WithTimeout(req.Context(), t.attempt)
	defer cancel()
	attempt := req.Clone(ctx)
	if req.Body != nil {
		if req.GetBody == nil {
			return nil, nil, errors.New("the body of the request cannot be read twice")
		}
		body, err := req.GetBody()
		if err != nil {
			return nil, nil, err
		}
		attempt.Body = body
	}
	attempt.Header.Set("Authorization", "Bearer "+t.token)
	attempt.Header.Set("User-Agent", t.userAgent)
	resp, err := t.next.RoundTrip(attempt)
	if err != nil {
		return nil, nil, t.late(req, err)
	}
	defer resp.Body.Close()
	most := int64(maxBody)
	if resp.StatusCode >= 300 {
		most = maxErrorBody
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	switch tooLong := int64(len(body)) > most; {
	case err != nil && !tooLong:
		return nil, nil, fmt.Errorf("reading the answer: %w", t.late(req, err))
	case tooLong && resp.StatusCode < 300:
		return nil, nil, fmt.Errorf("more than %d bytes: %w", most, errTooLong)
	case tooLong:
		body = body[:most] // what an error says is in its first bytes, if anywhere
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	resp.Request = req
	return resp, body, nil
}

// late says of an attempt that took too long that it did.
func (t *transport) late(req *http.Request, err error) error {
	if errors.Is(err, context.DeadlineExceeded) && req.Context().Err() == nil {
		return fmt.Errorf("no whole answer within %v", t.attempt)
	}
	return err
}

// redirect is the http.Client's CheckRedirect: a renamed repository answers with
// a redirect on the same host, and nothing else is followed.
func (t *transport) redirect(req *http.Request, via []*http.Request) error {
	if !sameHost(req.URL, t.api) {
		return fmt.Errorf("redirect to %q: %w", req.URL.Host, errForeignHost)
	}
	if len(via) >= 3 {
		return errors.New("more than 3 redirects")
	}
	return nil
}

// sleepFor is the real sleep.
func sleepFor(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
