package sandbox

import (
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/url"
	"regexp"
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

// Limits on the secrets that are looked for: a provider may answer with a token
// of megabytes, or with millions of them.
const (
	maxSecrets     = 2000
	maxSecretBytes = 1 << 20
)

// redactor hides secrets in what a run shows: the values of sensitive keys in
// every spelling in which they can occur in a request or a response.
type redactor struct {
	keys    map[string]bool
	secrets map[string]bool // as they are
	values  map[string]bool // in all spellings
	bytes   int             // of secrets
	// all says that there are more secrets than can be looked for, so that
	// nothing at all is shown.
	all bool
}

func newRedactor(def *definition.Definition) *redactor {
	r := &redactor{keys: def.SecretKeys(), secrets: map[string]bool{}, values: map[string]bool{}}
	for _, c := range def.Auth.Config.Members() {
		if r.isSecret(c.Key) {
			r.addBelow(c) // a default, which an install need not have
		}
	}
	return r
}

// isSecret reports whether the value of a key is one.
func (r *redactor) isSecret(key string) bool { return r.keys[key] || definition.LooksSecret(key) }

// learn adds the secrets of an install.
func (r *redactor) learn(install *Install) {
	for _, bag := range []Values{install.Credentials, install.UserInput, install.Metadata} {
		for k, v := range bag {
			if r.isSecret(k) {
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
		return !r.all
	})
}

// Limits on what is learned from an answer by the names in it alone: a short
// text or a number under such a name may be none.
const (
	minLearned = 8
	maxLearned = 200
)

// learnAnswer adds what an answer calls a secret: it may repeat it elsewhere,
// under another name.
func (r *redactor) learnAnswer(n *jsondoc.Node) {
	n.Walk(func(n *jsondoc.Node) bool {
		if text, ok := n.Str(); ok && len(text) >= minLearned && len(r.secrets) < maxLearned && definition.LooksSecret(n.Key) {
			r.add(text)
		}
		return len(r.secrets) < maxLearned
	})
}

// add adds one secret, in the spellings that it can have.
func (r *redactor) add(secret string) {
	if len(secret) < minSecret || r.all || r.secrets[secret] {
		return
	}
	r.secrets[secret] = true
	if r.bytes += len(secret); r.bytes > maxSecretBytes || len(r.secrets) > maxSecrets {
		r.all = true
		return
	}
	for _, s := range Spellings(secret) {
		r.values[s] = true
	}
}

// Spellings returns the texts in which a secret can be recognised: as it is, as
// it stands in URLs and in JSON, in capital and small letters, in hexadecimal
// digits, and in base64, also as a part of what was encoded, such as the
// password of HTTP Basic.
func Spellings(secret string) []string {
	raw := []byte(secret)
	quoted := jsondoc.Quote(secret)
	list := []string{secret, url.QueryEscape(secret), url.PathEscape(secret), escapeURL(secret), quoted[1 : len(quoted)-1],
		strings.ToLower(secret), strings.ToUpper(secret), hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw)),
		base64.StdEncoding.EncodeToString(raw), base64.URLEncoding.EncodeToString(raw)}
	for before := range 3 {
		// Of the characters, those that depend on nothing but the secret.
		whole := append(make([]byte, before), raw...)
		from, to := (before*8+5)/6, len(whole)*8/6
		list = append(list, base64.RawStdEncoding.EncodeToString(whole)[from:to], base64.RawURLEncoding.EncodeToString(whole)[from:to])
	}
	return slices.DeleteFunc(list, func(s string) bool { return len(s) < minSecret })
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
	if r.all {
		return func(texts ...*string) {
			for _, t := range texts {
				if *t != "" {
					*t = mask
				}
			}
		}
	}
	replacer := r.replacer()
	return func(texts ...*string) {
		for _, t := range texts {
			*t = r.cutSecret(replacer.Replace(*t))
		}
	}
}

// namedValues find a name with its value in a text that need not be whole or
// right: in JSON, and in a form or the query of a URL.
var namedValues = [...]*regexp.Regexp{
	regexp.MustCompile(`"([^"\\]{1,80})"\s*:\s*"((?:[^"\\]|\\.)*)`),
	regexp.MustCompile(`(?:^|[&?\s])([A-Za-z0-9_.%\[\]-]{1,80})=([^&\s]*)`),
}

// hideNamed hides the values in a text whose names say that they are secrets. A
// placeholder that nothing has filled is none.
func hideNamed(text string) string {
	if !definition.MayNameSecret(text) {
		return text
	}
	for _, p := range namedValues {
		var b strings.Builder
		at := 0
		for _, m := range p.FindAllStringSubmatchIndex(text, -1) {
			name, value := text[m[2]:m[3]], text[m[4]:m[5]]
			if value == "" || strings.HasPrefix(value, "{{") || strings.HasPrefix(value, "[[") || !definition.LooksSecret(name) {
				continue
			}
			b.WriteString(text[at:m[4]] + mask)
			if strings.HasSuffix(value, cutMark) {
				b.WriteString(cutMark)
			}
			at = m[5]
		}
		text = b.String() + text[at:]
	}
	return text
}

// run hides the secrets in all texts of a run.
func (r *redactor) run(run *Run) {
	hide := r.hider()
	hideData := func(texts ...*string) {
		for _, t := range texts {
			hide(t)
			*t = hideNamed(*t)
		}
	}
	for i := range run.Steps {
		s := &run.Steps[i]
		if s.Request != nil {
			hideData(&s.Request.URL, &s.Request.Body)
			for j := range s.Request.Headers {
				h := &s.Request.Headers[j]
				hide(&h.Name, &h.Value)
				hideHeader(h)
			}
		}
		if s.Response != nil {
			hide(&s.Response.Type)
			hideData(&s.Response.Body)
		}
		for j := range s.Mapped {
			hide(&s.Mapped[j].Name)
			hideData(&s.Mapped[j].Value)
		}
		hide(&s.Error)
		hideData(&s.Args)
	}
	for i := range run.Records {
		hide(&run.Records[i].Code)
		hideData(&run.Records[i].Fields)
	}
	hideData(&run.Shown)
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

// schemes are the words before credentials in Authorization that are shown.
// Another first word may be a credential itself.
func schemes() []string {
	return []string{"apikey", "api-key", "aws4-hmac-sha256", "basic", "bearer", "bot", "digest", "hmac", "key", "oauth", "token"}
}

// hideHeader hides the value of a header that carries credentials whatever they
// are, and leaves the scheme.
func hideHeader(h *Header) {
	if !definition.CarriesSecret(h.Name) || h.Value == "" {
		return
	}
	scheme, _, ok := strings.Cut(h.Value, " ")
	if h.Value = mask; ok && slices.Contains(schemes(), strings.ToLower(scheme)) {
		h.Value = scheme + " " + mask
	}
}

// shownJSON is a value as compact JSON as it may be shown, cut after a while.
// Members whose keys name a secret are hidden: a response has tokens that no
// mapping takes.
func shownJSON(n *jsondoc.Node) string { return shownUpTo(appendHidden(nil, n, maxShown), maxShown) }

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
			if definition.LooksSecret(c.Key) && !c.Is(jsondoc.Bool) && !c.Is(jsondoc.Null) {
				b = append(b, jsondoc.Quote(mask)...)
				continue
			}
		}
		b = appendHidden(b, c, most)
	}
	return append(b, end)
}

func sortedKeys(v Values) []string { return slices.Sorted(maps.Keys(v)) }
