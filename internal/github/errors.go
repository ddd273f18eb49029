package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	gh "github.com/google/go-github/v60/github"
)

// Reason says in one word why something could not be read or written.
type Reason string

// The reasons.
const (
	// Unreachable: no answer, or only failures of the server, in the time given.
	Unreachable Reason = "unreachable"
	// Limited: GitHub's rate limits ask for a longer wait than the budget has.
	Limited Reason = "limited"
	// Unauthorized: there is something wrong with the token itself.
	Unauthorized Reason = "unauthorized"
	// Forbidden: the token may not do this. The hint says what it lacks.
	Forbidden Reason = "forbidden"
	// NotFound: it is not there, or the token may not see it.
	NotFound Reason = "not found"
	// Refused: GitHub understood the request and does not accept it.
	Refused Reason = "refused"
	// Unusable: the answer is no answer to the question.
	Unusable Reason = "unusable answer"
)

// Error says what could not be done on GitHub, why, and what to do about it.
type Error struct {
	Reason Reason
	// Doing says what was tried, such as "reading pull request 7".
	Doing string
	// Status is the HTTP status, 0 when there was no answer.
	Status int
	// Said is what GitHub said, if anything. It may hold any characters.
	Said string
	// Hint is a sentence that says what to do, or "".
	Hint string
	Err  error
}

// Error implements error, in one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Doing + ": ")
	switch {
	case e.Status != 0 && e.Said != "":
		fmt.Fprintf(&b, "GitHub answers %d %q", e.Status, cut(e.Said, 300))
	case e.Status != 0:
		fmt.Fprintf(&b, "GitHub answers %d (%s)", e.Status, http.StatusText(e.Status))
	case e.Err != nil:
		b.WriteString(e.Err.Error())
	default:
		b.WriteString(string(e.Reason))
	}
	if e.Hint != "" {
		b.WriteString(": " + strings.TrimSuffix(lowerFirst(e.Hint), "."))
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ReasonOf returns the reason of an error of this package, or "".
func ReasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

func lowerFirst(s string) string {
	if s == "" || strings.HasPrefix(s, "GitHub") {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// limitError is what the transport gives up with at a rate limit.
type limitError struct {
	wait time.Duration
	said string
}

func (e *limitError) Error() string {
	return fmt.Sprintf("GitHub's rate limit asks to wait for %v, longer than this run may", e.wait.Round(time.Second))
}

// explain turns an error of go-github or the transport into an *Error. nil and
// the end of the context stay what they are.
func (c *Client) explain(err error, doing string) error {
	var already *Error
	var limit *limitError
	var answer *gh.ErrorResponse
	var typ *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &already):
		return err
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: %w", doing, err)
	case errors.As(err, &limit):
		return &Error{Reason: Limited, Doing: doing, Err: limit, Hint: "Run it again later; the next run starts from what is there"}
	case errors.As(err, &answer):
		return c.answered(answer, doing)
	case errors.Is(err, errForeignHost):
		return &Error{Reason: Unusable, Doing: doing, Err: inner(err), Hint: "Check the API's address; the token is not sent anywhere else"}
	case errors.Is(err, errTooLong), errors.As(err, &typ), errors.As(err, &syntax):
		return &Error{Reason: Unusable, Doing: doing, Err: inner(err)}
	}
	return &Error{Reason: Unreachable, Doing: doing, Err: inner(err), Hint: "Run it again; https://www.githubstatus.com says whether GitHub has a problem"}
}

// inner drops the method and address that net/http puts before an error.
func inner(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// answered explains an answer that is an error.
func (c *Client) answered(answer *gh.ErrorResponse, doing string) error {
	e := &Error{Doing: doing, Err: answer, Said: answer.Message}
	var request *http.Request
	header := http.Header{}
	if r := answer.Response; r != nil {
		e.Status, request, header = r.StatusCode, r.Request, r.Header
	}
	for _, detail := range answer.Errors {
		if detail.Message != "" {
			e.Said += ": " + detail.Message
		}
	}
	switch {
	case e.Status == http.StatusUnauthorized:
		e.Reason = Unauthorized
		e.Hint = "The token is wrong, expired or revoked; make a new one. The token of an Action's job ends with the job"
	case header.Get("X-GitHub-SSO") != "":
		e.Reason = Forbidden
		e.Hint = "The organization wants single sign-on; authorize the token for it under Settings, Developer settings, Personal access tokens, Configure SSO"
	case e.Status == http.StatusForbidden:
		e.Reason, e.Hint = Forbidden, c.lacking(request, e.Said)
	case e.Status == http.StatusNotFound, e.Status == http.StatusGone:
		e.Reason = NotFound
		e.Hint = fmt.Sprintf("Check that it exists in %s/%s; for a private repository the token needs access to it, and GitHub tells nobody else that it is there", c.owner, c.name)
		if key := permissionFor(request); key != "" {
			e.Hint += fmt.Sprintf(" (%q)", key)
		}
	case e.Status >= 500:
		e.Reason = Unreachable
		e.Hint = "Run it again; https://www.githubstatus.com says whether GitHub has a problem"
	default:
		e.Reason = Refused
	}
	return e
}

// lacking says what the token of a refused request lacks.
func (c *Client) lacking(request *http.Request, said string) string {
	key := permissionFor(request)
	switch {
	case strings.Contains(said, "not accessible by integration"), strings.Contains(said, "not accessible by personal access token"):
	case strings.Contains(said, "IP allow list"):
		return "The organization's IP allow list does not have this machine's address; add it, or run on a runner that it has"
	case strings.Contains(said, "archived"):
		return "The repository is archived; nothing can be written to it"
	}
	switch {
	case key == "":
		return "The token may not do this; it needs more permissions"
	case strings.HasPrefix(key, "administration"):
		return fmt.Sprintf("Only a token of an administrator with %q can do this; an Action's own token never can", key)
	case strings.HasSuffix(key, "write"):
		return fmt.Sprintf("Give the job %q under \"permissions:\" in the workflow, or the personal token that permission; a run that \"pull_request\" starts for a fork can only read, so start it by \"pull_request_target\"", key)
	}
	return fmt.Sprintf("Give the job %q under \"permissions:\" in the workflow, or the personal token that permission", key)
}

// permissionFor returns the key and value below "permissions:" that a request
// needs, or "".
func permissionFor(request *http.Request) string {
	if request == nil {
		return ""
	}
	level := "write"
	if request.Method == http.MethodGet || request.Method == http.MethodHead {
		level = "read"
	}
	_, rest, ok := strings.Cut(request.URL.Path, "/repos/")
	parts := strings.Split(rest, "/")
	if !ok || len(parts) < 3 {
		if strings.HasSuffix(request.URL.Path, "/graphql") {
			if request.Context().Value(repeatKey{}) == graphQLRead {
				return "contents: read"
			}
			return "pull-requests: write"
		}
		return ""
	}
	last := parts[len(parts)-1]
	switch parts[2] {
	case "pulls", "issues", "labels":
		if last == "merge" {
			return "contents: write"
		}
		return "pull-requests: " + level
	case "statuses":
		return "statuses: " + level
	case "commits":
		if last == "statuses" || last == "status" {
			return "statuses: read"
		}
		if last == "pulls" {
			return "pull-requests: read"
		}
		return "contents: read"
	case "git", "compare", "contents", "releases":
		return "contents: " + level
	case "branches":
		if len(parts) > 4 {
			return "administration: read"
		}
		return "contents: read"
	case "actions":
		return "administration: read"
	}
	return ""
}
