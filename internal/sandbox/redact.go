package sandbox

import (
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// mask stands for a secret.
const mask = "••••••"

// minSecret is the length below which a value is not looked for in texts: every
// text would have it somewhere. It is still hidden where its key says what it is.
const minSecret = 4

// redactor hides secrets in what a run shows: the values of sensitive keys in
// every spelling in which they can occur in a request or a response.
type redactor struct {
	keys   map[string]bool
	values map[string]bool
}

func newRedactor(def *definition.Definition) *redactor {
	return &redactor{keys: secretKeys(def), values: map[string]bool{}}
}

// secretKeys are the keys of an install whose values are secrets: those that
// the definition calls sensitive, and those whose names or kinds say so.
func secretKeys(def *definition.Definition) map[string]bool {
	keys := map[string]bool{}
	for _, k := range def.Auth.Sensitive() {
		keys[k] = true
	}
	if k := def.Webhook.Verification.Get("secretKey").Text(); k != "" {
		keys[k] = true
	}
	for _, f := range def.Auth.Form.Members() {
		if f.Get("type").Text() == "password" {
			keys[f.Key] = true
		}
	}
	for _, k := range append(def.Auth.CredentialKeys(), def.Auth.ValueKeys()...) {
		if definition.LooksSecret(k.Name) {
			keys[k.Name] = true
		}
	}
	return keys
}

// learn adds the secrets of an install.
func (r *redactor) learn(install *Install) {
	for _, bag := range []Values{install.Credentials, install.UserInput, install.Metadata} {
		for k, v := range bag {
			if r.keys[k] || definition.LooksSecret(k) {
				r.addBelow(v)
			}
		}
	}
}

func (r *redactor) addBelow(v *jsondoc.Node) {
	v.Walk(func(n *jsondoc.Node) bool {
		if text, ok := definition.Scalar(n); ok && !n.Is(jsondoc.Bool) {
			r.add(text)
		}
		return true
	})
}

// add adds one secret, with the spellings that it has in URLs, in JSON and in
// HTTP Basic.
func (r *redactor) add(secret string) {
	if len(secret) < minSecret {
		return
	}
	quoted := jsondoc.Quote(secret)
	for _, s := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret), escapeURL(secret), quoted[1 : len(quoted)-1],
		base64.StdEncoding.EncodeToString([]byte(secret))} {
		r.values[s] = true
	}
}

// replacer hides all secrets that are known, the longest first, so that one that
// is part of another leaves no rest.
func (r *redactor) replacer() *strings.Replacer {
	secrets := slices.Sorted(maps.Keys(r.values))
	slices.SortStableFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(secrets))
	for _, s := range secrets {
		pairs = append(pairs, s, mask)
	}
	return strings.NewReplacer(pairs...)
}

// hider returns what hides the secrets that are known by now in texts.
func (r *redactor) hider() func(texts ...*string) {
	replacer := r.replacer()
	return func(texts ...*string) {
		for _, t := range texts {
			*t = r.cutSecret(replacer.Replace(*t))
		}
	}
}

// run hides the secrets in all texts of a run.
func (r *redactor) run(run *Run) {
	hide := r.hider()
	for i := range run.Steps {
		s := &run.Steps[i]
		if s.Request != nil {
			hide(&s.Request.URL, &s.Request.Body)
			for j := range s.Request.Headers {
				h := &s.Request.Headers[j]
				hide(&h.Value)
				hideHeader(h)
			}
		}
		if s.Response != nil {
			hide(&s.Response.Body)
		}
		for j := range s.Mapped {
			hide(&s.Mapped[j].Value)
		}
		hide(&s.Args, &s.Error)
	}
	for i := range run.Records {
		hide(&run.Records[i].Code, &run.Records[i].Fields)
	}
	hide(&run.Shown)
	if f := run.Failure; f != nil {
		hide(&f.Message, &f.Hint)
	}
	for i := range run.Diagnostics {
		hide(&run.Diagnostics[i].Message, &run.Diagnostics[i].Hint)
	}
}

// cutSecret takes the beginning of a secret from the end of a text that was cut
// there.
func (r *redactor) cutSecret(text string) string {
	body, ok := strings.CutSuffix(text, cutMark)
	if !ok {
		return text
	}
	end := len(body)
	for s := range r.values {
		for n := min(len(s)-1, len(body)); n > 0; n-- {
			if strings.HasSuffix(body, s[:n]) {
				end = min(end, len(body)-n)
				break
			}
		}
	}
	return body[:end] + cutMark
}

// hideHeader hides the value of a header that carries credentials whatever they
// are, and leaves the scheme.
func hideHeader(h *Header) {
	switch {
	case strings.EqualFold(h.Name, "Authorization") || strings.EqualFold(h.Name, "Proxy-Authorization"):
		if scheme, _, ok := strings.Cut(h.Value, " "); ok {
			h.Value = scheme + " " + mask
			return
		}
		h.Value = mask
	case strings.EqualFold(h.Name, "Cookie") || definition.LooksSecret(h.Name):
		h.Value = mask
	}
}

// shownJSON is a value as compact JSON as it may be shown, cut after a while.
// Members whose keys name a secret are hidden: a response has tokens that no
// mapping takes.
func shownJSON(n *jsondoc.Node) string { return shownBody(appendHidden(nil, n, maxShown)) }

// appendHidden appends a value as compact JSON without the members whose keys
// name a secret. It ends soon after most bytes, since a value can be megabytes
// long of which only the beginning is shown.
func appendHidden(b []byte, n *jsondoc.Node, most int) []byte {
	if !n.Is(jsondoc.Object) && !n.Is(jsondoc.Array) {
		return jsondoc.AppendJSON(b, n)
	}
	open, end := byte('['), byte(']')
	if n.Is(jsondoc.Object) {
		open, end = '{', '}'
	}
	b = append(b, open)
	for i, c := range n.Children {
		if len(b) > most {
			break
		}
		if i > 0 {
			b = append(b, ',')
		}
		if n.Is(jsondoc.Object) {
			b = append(append(b, jsondoc.Quote(c.Key)...), ':')
			if definition.LooksSecret(c.Key) && (c.Is(jsondoc.String) || c.Is(jsondoc.Number)) {
				b = append(b, jsondoc.Quote(mask)...)
				continue
			}
		}
		b = appendHidden(b, c, most)
	}
	return append(b, end)
}

func sortedKeys(v Values) []string { return slices.Sorted(maps.Keys(v)) }
