package sandbox

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/outbound"
)

// What a step keeps to be shown: the bytes of a body or another text, and how
// many headers and outputs.
const (
	maxShown        = 4 << 10
	maxShownHeaders = 100
	maxShownOutputs = 100
)

// answer is what a request brought.
type answer struct {
	// body is the JSON of the response, its text as a string when it is no
	// JSON, or nil when it is empty.
	body   *jsondoc.Node
	values []jsondoc.Member // what the mapping gave, in its order
	// found says that a path of the mapping led to something other than null.
	found bool
}

// authorized sends a request of auth. Services such as Slack, and GitHub where it
// exchanges a code, refuse with the status 200 and say so in the body alone: an
// answer with nothing of what the mapping looks for is no success.
func (r *recorder) authorized(ctx context.Context, name string, req definition.Request, s *scope) (answer, bool) {
	a, ok := r.exchange(ctx, name, req, s, false)
	if !ok || a.found || !looks(req.Mapping) {
		return a, ok
	}
	r.choose(emptyIsRefusal, req.MappingAt)
	r.fail(&Failure{Code: ExternalAPI, Pointer: req.MappingAt.Pointer(),
		Message: fmt.Sprintf("the provider answered %q with success, but with nothing of what its mapping looks for", name),
		Hint:    "Look at the response: it may say why it refuses, or have another form."})
	return answer{}, false
}

// looks reports whether a mapping looks for anything in a response.
func looks(mapping []definition.Output) bool {
	return slices.ContainsFunc(mapping, func(o definition.Output) bool { return strings.HasPrefix(o.Value.Text(), "$") })
}

// exchange sends a request and maps its response. With refresh, a 401 leads to
// refresh_token and one more try. It reports false when the run has failed.
func (r *recorder) exchange(ctx context.Context, name string, req definition.Request, s *scope, refresh bool) (answer, bool) {
	status, a, ok := r.try(ctx, name, req, s)
	if !ok {
		return a, false
	}
	auth := r.m.Definition.Auth
	if may, _ := auth.AutoRefresh.Bool(); status == http.StatusUnauthorized && refresh && may && auth.RefreshToken.Node != nil {
		if !r.refresh(ctx) {
			return answer{}, false
		}
		if status, a, ok = r.try(ctx, name+", again", req, s); !ok {
			return a, false
		}
	}
	if status >= 200 && status < 300 {
		return a, true
	}
	r.refused(name, req, status)
	return answer{}, false
}

// refused ends the run with the class that the status belongs to.
func (r *recorder) refused(name string, req definition.Request, status int) {
	r.choose(failureStops, req.Node)
	f := &Failure{Code: ExternalAPI, Pointer: req.Node.Pointer(),
		Message: fmt.Sprintf("the provider answered %q with %d %s", name, status, http.StatusText(status)),
		Hint:    "Look at what it says in the response, and at the request above it."}
	switch {
	case status == http.StatusUnauthorized:
		f.Code, f.Hint = AuthExpired, "Look whether the credentials are right and where the request puts them."
	case status == http.StatusTooManyRequests:
		f.Code, f.Hint = RateLimited, "Wait a while, then try again."
	}
	r.fail(f)
}

// refresh runs refresh_token and stores what it gives at once: an old refresh
// token may be void from now on.
func (r *recorder) refresh(ctx context.Context) bool {
	req := r.m.Definition.Auth.RefreshToken
	a, ok := r.authorized(ctx, "refresh_token", req, r.connectScope(nil))
	if !ok {
		if f := r.run.Failure; f != nil {
			f.Code = AuthExpired
		}
		return false
	}
	r.store(r.install.Credentials, a.values)
	return true
}

// store puts mapped values into a bag of the install.
func (r *recorder) store(bag Values, values []jsondoc.Member) {
	r.hide.learn(r.install) // what is replaced now was sent before
	for _, v := range values {
		bag[v.Key] = v.Value
	}
}

// try sends a request once. It reports false when the run has failed: nothing
// came back that could be looked at.
func (r *recorder) try(ctx context.Context, name string, req definition.Request, s *scope) (status int, a answer, ok bool) {
	step := Step{Name: name, Pointer: req.Node.Pointer()}
	if r.sent++; r.sent > maxSent {
		r.fail(&Failure{Code: Internal, Pointer: step.Pointer, Message: fmt.Sprintf("the run ends here: it has made %d requests", maxSent), Hint: "Take fewer steps."})
		return 0, answer{}, false
	}
	out, ok := s.build(req)
	if !ok {
		return 0, answer{}, false
	}
	step.Request = shownRequest(out)
	response, err := r.provider.Do(context.WithValue(ctx, partKey{}, step.Pointer), out)
	step.Took = response.Took
	if err != nil {
		step.Error = err.Error()
		r.step(step)
		r.fail(&Failure{Code: ExternalAPI, Message: fmt.Sprintf("%s: %v", name, err), Pointer: req.Node.Pointer(), Hint: hintOf(err), NoAnswer: noAnswer(err)})
		return 0, answer{}, false
	}
	a.body = r.read(req, response)
	if !r.run.OK() {
		r.step(step)
		return 0, answer{}, false
	}
	r.hide.learnAnswer(a.body)
	step.Response = r.shownResponse(response, a.body)
	if response.Status >= 200 && response.Status < 300 {
		a.values = r.mapped(req, a.body, &step)
		a.found = slices.ContainsFunc(a.values, func(v jsondoc.Member) bool {
			fromPath := slices.ContainsFunc(step.Mapped, func(m Mapped) bool { return m.Name == v.Key && m.Path != "" })
			return fromPath && !v.Value.Is(jsondoc.Null)
		})
	}
	r.step(step)
	return response.Status, a, true
}

// hintOf says what can be done about a request that brought nothing.
func hintOf(err error) string {
	if errors.Is(err, outbound.ErrRefused) {
		return "Requests go to public hosts with HTTPS. A provider at your desk needs --allow-local."
	}
	if errors.Is(err, context.Canceled) {
		return "Run it again: it was stopped, which says nothing about the provider."
	}
	return "Look whether the host is right and can be reached from here."
}

// noAnswer reports whether an error is about the way to the provider, and not
// about the request.
func noAnswer(err error) bool {
	return errors.Is(err, outbound.ErrFailed) || errors.Is(err, outbound.ErrTimeout) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// read makes a value of a response's body.
func (r *recorder) read(req definition.Request, response outbound.Response) *jsondoc.Node {
	if len(response.Body) == 0 {
		return nil
	}
	n, err := definition.ReadBody(response.Body)
	if len(req.Mapping) > 0 {
		r.values += definition.CountValues(response.Body) // they may be kept to the end of the run
	}
	switch {
	case errors.Is(err, definition.ErrManyValues) || r.values > maxRunValues:
		r.fail(&Failure{Code: ExternalAPI, Pointer: req.Node.Pointer(), Message: "the answers have more values than are kept here: at most 500,000 in one, and 2,000,000 in a run", Hint: "Ask for less."})
		return nil
	case err == nil:
		return n
	}
	if response.Status >= 200 && response.Status < 300 && len(req.Mapping) > 0 {
		r.say(finding.Warning, req.MappingAt, "Ask the provider for JSON, for example with the header Accept.", "the response is no JSON, so the mapping finds nothing below \"$\"")
		r.choose(textResponse, req.MappingAt)
	}
	if !utf8.Valid(response.Body) {
		return nil
	}
	return jsondoc.NewString(string(response.Body))
}

func shownRequest(out outbound.Request) *Sent {
	sent := &Sent{Method: out.Method, URL: shownBody([]byte(out.URL)), Body: shownBody(out.Body)}
	for _, h := range out.Header[:min(len(out.Header), maxShownHeaders)] {
		sent.Headers = append(sent.Headers, Header{h.Name, shownBody([]byte(h.Value))})
	}
	return sent
}

func (r *recorder) shownResponse(response outbound.Response, body *jsondoc.Node) *Received {
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	shown := shownBody(response.Body)
	if body.Is(jsondoc.Object) || body.Is(jsondoc.Array) {
		shown = shownJSON(body)
	}
	return &Received{Status: response.Status, Type: kind, Body: shown, Bytes: len(response.Body)}
}

// shownBody is a body as it is shown, cut after a while.
func shownBody(body []byte) string { return shownUpTo(body, maxShown) }

// shownUpTo cuts a text after most bytes. The cut may fall into a secret, so
// redaction looks at the beginning of secrets at the end of a cut text too.
func shownUpTo(body []byte, most int) string {
	if len(body) <= most {
		if !utf8.Valid(body) {
			return fmt.Sprintf("(%d bytes that are no text)", len(body))
		}
		return string(body)
	}
	cut := most
	for cut > most-utf8.UTFMax && !utf8.RuneStart(body[cut]) {
		cut--
	}
	if !utf8.Valid(body[:cut]) {
		return fmt.Sprintf("(%d bytes that are no text)", len(body))
	}
	return string(body[:cut]) + cutMark
}

// cutMark ends a text that was cut.
const cutMark = " …"
