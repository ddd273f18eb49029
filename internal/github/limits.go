package github

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Waits that GitHub's documentation asks for.
const (
	// blindWait is how long to wait at a secondary limit that does not say how
	// long; it grows with each refusal in a row.
	blindWait = time.Minute
	// leastWait keeps a reset in the past, or a Retry-After of 0, from using up
	// all attempts at once.
	leastWait = time.Second
)

// limited reports whether a response is a refusal because of a rate limit, and
// how long to wait then; refusals is how many came before it. GitHub tells of
// limits with 403 and 429 alike, in four shapes: with Retry-After; with no
// requests remaining and the time of the reset; with requests remaining, where
// the reset is that of another limit and means nothing; and with no header at
// all. GraphQL says it in a 200.
func limited(resp *http.Response, body []byte, refusals int, now time.Time) (wait time.Duration, is bool) {
	exhausted := resp.Header.Get("X-RateLimit-Remaining") == "0"
	switch resp.StatusCode {
	case http.StatusOK:
		if !graphQLLimited(resp, body) {
			return 0, false
		}
	case http.StatusTooManyRequests:
	case http.StatusForbidden:
		said := errorMessage(body)
		about := strings.Contains(said, "rate limit") || strings.Contains(said, "abuse") || said == ""
		if resp.Header.Get("Retry-After") == "" && !about {
			return 0, false
		}
		if said == "" && !exhausted && resp.Header.Get("Retry-After") == "" {
			return 0, false // an empty refusal says nothing of limits
		}
	default:
		return 0, false
	}
	if d, ok := retryAfter(resp, now); ok {
		return max(d, leastWait), true
	}
	if reset, err := strconv.ParseInt(resp.Header.Get("X-RateLimit-Reset"), 10, 64); exhausted && err == nil {
		// The server's own clock makes the difference right where ours is wrong.
		if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
			now = date
		}
		if d := time.Unix(reset, 0).Sub(now); d > 0 {
			return d + leastWait, true
		}
	}
	return blindWait << min(refusals, 4), true
}

// retryAfter reads the header of that name, in seconds or as a date.
func retryAfter(resp *http.Response, now time.Time) (time.Duration, bool) {
	text := resp.Header.Get("Retry-After")
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil && seconds >= 0 {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(text); err == nil {
		return at.Sub(now), true
	}
	return 0, false
}

// graphQLLimited looks for the error type, not for the word: the data of an
// answer holds what people wrote.
func graphQLLimited(resp *http.Response, body []byte) bool {
	if resp.Request == nil || !strings.HasSuffix(resp.Request.URL.Path, "/graphql") || !bytes.Contains(body, []byte("RATE_LIMIT")) {
		return false
	}
	var answer struct {
		Errors []graphQLError `json:"errors"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return false
	}
	for _, e := range answer.Errors {
		if e.Type == "RATE_LIMITED" || e.Type == "RATE_LIMIT" {
			return true
		}
	}
	return false
}

// errorMessage returns what GitHub says in the body of an error, in lower case.
func errorMessage(body []byte) string {
	var said struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &said) != nil {
		return strings.ToLower(string(body))
	}
	return strings.ToLower(said.Message)
}

// hideLimits takes away what go-github would keep a tally of: it refuses later
// requests by itself, for up to an hour, on headers that may be about another
// limit. Limits are the transport's business alone.
func hideLimits(h http.Header) {
	for _, name := range []string{"Limit", "Remaining", "Reset", "Used", "Resource"} {
		h.Del("X-RateLimit-" + name)
	}
	h.Del("Retry-After")
}
