// Package practice stands in for a provider where there is none yet: it answers
// each request of a definition with what the definition reads of the answer. The
// answers are made up, and nothing leaves the process.
//
// What it shows is whether a definition fits together: placeholders that nothing
// fills, mappings that contradict each other, functions that throw, tokens that
// are not renewed. Whether the provider answers like this, only the provider can
// tell.
package practice

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/outbound"
	"github.com/karzoun/miniapp-review/internal/sandbox"
)

// Provider answers the requests of one definition. It is for one install, whose
// requests come one after the other.
//
// Where the definition refreshes tokens by itself, the first request after
// connecting is refused with 401, as by a provider whose token has expired, and
// so is every later one that still has the old token.
type Provider struct {
	def *definition.Definition
	// expired is set once the token of connecting was refused, and old are its
	// texts.
	expired bool
	old     []string
	// tokens counts the answers to get_token and refresh_token.
	tokens int
}

// New returns the provider of a definition.
func New(def *definition.Definition) *Provider { return &Provider{def: def} }

// answersKey is the key of a context's answers, see WithAnswers.
type answersKey struct{}

// answers are given answers that are still to be used.
type answers struct{ bodies []*jsondoc.Node }

// WithAnswers returns a context in which the requests of an entry, those of auth
// excepted, are answered with these bodies in their order. One that is nil or
// null, and every further one, is made up.
func WithAnswers(ctx context.Context, bodies []*jsondoc.Node) context.Context {
	return context.WithValue(ctx, answersKey{}, &answers{bodies})
}

// next takes the next given answer, or returns nil.
func next(ctx context.Context) *jsondoc.Node {
	a, _ := ctx.Value(answersKey{}).(*answers)
	if a == nil || len(a.bodies) == 0 {
		return nil
	}
	body := a.bodies[0]
	a.bodies = a.bodies[1:]
	if body.Is(jsondoc.Null) {
		return nil
	}
	return body
}

// Do answers a request. An error is a *outbound.Error, for a request that no
// client could send.
func (p *Provider) Do(ctx context.Context, r outbound.Request) (outbound.Response, error) {
	part := sandbox.PartOf(ctx)
	u, err := url.Parse(r.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.ContainsAny(u.Host, "{}[]") && !strings.HasPrefix(u.Host, "[") {
		return outbound.Response{}, &outbound.Error{Why: outbound.ErrInvalid, Text: "the URL is not absolute: it needs a scheme and a host, as in \"https://api.example.com/items\""}
	}
	if reason := p.unauthorized(part, r); reason != "" {
		return respond(http.StatusUnauthorized, object("error", text(reason))), nil
	}
	if !inAuth(part) {
		if body := next(ctx); body != nil {
			return respond(http.StatusOK, body), nil
		}
	}
	return respond(http.StatusOK, p.body(part, r)), nil
}

func inAuth(part string) bool { return strings.HasPrefix(part, "/auth/") }

// unauthorized says why a provider would not accept the credentials of a
// request, or "".
func (p *Provider) unauthorized(part string, r outbound.Request) string {
	all := []string{r.URL, string(r.Body)}
	for _, h := range r.Header {
		if strings.EqualFold(h.Name, "Authorization") && (strings.Contains(h.Value, "[[") || strings.Contains(h.Value, "{{")) {
			return "the Authorization header still has a placeholder"
		}
		all = append(all, h.Value)
	}
	if inAuth(part) || !p.refreshes() {
		return ""
	}
	if !p.expired {
		p.expired = true
		return "made up: the token has expired, so that refresh_token is tried"
	}
	for _, a := range all {
		for _, old := range p.old {
			if strings.Contains(a, old) {
				return "the request has the old token although refresh_token gave a new one"
			}
		}
	}
	return ""
}

// refreshes reports whether the definition renews tokens that have expired.
func (p *Provider) refreshes() bool {
	auto, _ := p.def.Auth.AutoRefresh.Bool()
	return auto && p.def.Auth.RefreshToken.Node != nil && p.def.Auth.GetToken.Node != nil
}

// body makes up the body of an answer from what the part of the definition reads
// of it.
func (p *Provider) body(part string, r outbound.Request) *jsondoc.Node {
	for _, s := range p.def.Auth.Steps() {
		if s.Request.Node.Pointer() == part {
			return p.authBody(s)
		}
	}
	for _, a := range p.def.Actions {
		for _, s := range a.Steps {
			if !s.IsFunction && s.Request.Node.Pointer() == part {
				return mapped(s.Request, "")
			}
		}
	}
	for _, s := range p.def.Sources {
		if s.Request.Node.Pointer() == part {
			return source(s)
		}
	}
	if body := p.syncBody(part, r); body != nil {
		return body
	}
	return jsondoc.NewObject()
}

// authBody answers a request of auth. Each answer with tokens has new ones.
func (p *Provider) authBody(s definition.NamedRequest) *jsondoc.Node {
	if s.Name != "get_token" && s.Name != "refresh_token" {
		return mapped(s.Request, "")
	}
	p.tokens++
	body := mapped(s.Request, fmt.Sprintf("-%d", p.tokens))
	if s.Name == "get_token" {
		p.old = nil
		for _, o := range s.Request.Mapping {
			path, err := definition.ParsePath(o.Value.Text())
			if v := path.Eval(body); err == nil && v.Is(jsondoc.String) && definition.LooksSecret(o.Name) && slices.Contains(words(o.Name), "token") {
				p.old = append(p.old, v.Text())
			}
		}
	}
	return body
}

// maxOutputs is how many outputs of a mapping are looked at: each of them copies
// what is there.
const maxOutputs = 200

// mapped makes a body in which every path of a mapping leads somewhere. Tokens
// end in suffix.
func mapped(r definition.Request, suffix string) *jsondoc.Node {
	body := jsondoc.NewObject()
	if len(r.Mapping) > 0 && r.Mapping[0].Value != nil && strings.HasPrefix(r.Mapping[0].Value.Text(), "$[") {
		body = jsondoc.NewArray()
	}
	type output struct {
		name string
		path definition.Path
	}
	var outputs []output
	for _, o := range r.Mapping[:min(len(r.Mapping), maxOutputs)] {
		path, err := definition.ParsePath(o.Value.Text())
		if err == nil && path.Len() > 0 { // else a literal, or the whole body
			outputs = append(outputs, output{o.Name, path})
		}
	}
	// What is deeper comes first: a value that something is read from is an object
	// or an array.
	slices.SortStableFunc(outputs, func(a, b output) int { return b.path.Len() - a.path.Len() })
	for _, o := range outputs {
		if with, ok := o.path.With(body, value(o.name, o.path.Last(), suffix)); ok {
			body = with
		}
	}
	return body
}

// entries is how many entries a made-up list has.
const entries = 3

// source makes a list in which every entry has what a source reads of it.
func source(s definition.Source) *jsondoc.Node {
	list := make([]*jsondoc.Node, entries)
	for i := range list {
		item := jsondoc.NewObject()
		put(&item, s.LabelField, fmt.Sprintf("Made up %d", i+1))
		put(&item, s.ValueField, fmt.Sprintf("made-up-%d", i+1))
		for _, f := range s.Request.Node.Get("valueFields").Members() {
			put(&item, f, fmt.Sprintf("made-up-%s-%d", f.Key, i+1))
		}
		list[i] = item
	}
	return below(s.DataPath, jsondoc.NewArray(list...))
}

// put sets a text at a path without "$" that stands in the definition, where
// nothing is yet.
func put(body **jsondoc.Node, at *jsondoc.Node, value string) {
	path, err := definition.ParseAnyPath(at.Text())
	if err != nil || at.Text() == "" || path.Eval(*body) != nil {
		return
	}
	if with, ok := path.With(*body, text(value)); ok {
		*body = with
	}
}

// below returns a body in which a value stands at a path, or the value itself
// when there is no path.
func below(at, v *jsondoc.Node) *jsondoc.Node {
	path, err := definition.ParseAnyPath(at.Text())
	if err != nil || at.Text() == "" {
		return v
	}
	body, _ := path.With(nil, v)
	return body
}

// respond makes a response of JSON.
func respond(status int, body *jsondoc.Node) outbound.Response {
	return outbound.Response{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: jsondoc.AppendJSON(nil, body)}
}

func object(key string, v *jsondoc.Node) *jsondoc.Node {
	return jsondoc.NewObject(jsondoc.Member{Key: key, Value: v})
}
