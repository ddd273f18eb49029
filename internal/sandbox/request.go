package sandbox

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"mime/multipart"
	"net/url"
	"strconv"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/outbound"
)

// build makes the request that a definition describes. It returns false when
// the run has failed.
func (s *scope) build(req definition.Request) (outbound.Request, bool) {
	out := outbound.Request{Method: strings.ToUpper(req.Method.Text())}
	if out.Method == "" {
		out.Method = "GET"
	}
	if s.endpoint == nil {
		out.URL, _ = s.url(req.URL)
		out.URL = addQuery(out.URL, s.pairs(req.QueryParams))
		out.Header = s.headers(req.Headers)
	} else {
		out.URL = s.endpoint.url(s, req)
		out.Header = s.endpoint.header(s, req)
	}
	var contentType string
	out.Body, contentType = s.body(req, out.Method)
	if contentType != "" {
		out.Header = setType(out.Header, contentType)
	}
	return out, s.r.run.Failure == nil
}

// url resolves a URL. Only characters that no URL may have are encoded.
func (s *scope) url(n *jsondoc.Node) (string, bool) {
	text, ok := s.text(n)
	return s.escaped(n, text), ok
}

// escaped makes a URL of the resolved text of a node.
func (s *scope) escaped(n *jsondoc.Node, text string) string {
	for _, p := range definition.Placeholders(n) {
		if v, how := s.peek(p); how == found && p.Start > 0 && strings.ContainsAny(v.Text(), "&#?+% ") {
			s.r.choose(urlValueRaw, n)
		}
	}
	return escapeURL(text)
}

// peek is find without a word about what it does not find.
func (s *scope) peek(p definition.Placeholder) (*jsondoc.Node, verdict) {
	silent := *s
	r := *s.r
	run := *s.r.run
	r.run, r.chosen, r.said = &run, map[string]bool{}, map[string]bool{}
	silent.r = &r
	return silent.find(p)
}

// escapeURL percent-encodes what may not stand in a URL, and lets everything
// else be, as browsers do.
func escapeURL(text string) string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0,
			c == '%' && !(i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2])):
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func isHex(c byte) bool { _, err := hex.DecodeString(string([]byte{'0', c})); return err == nil }

// pair is one name with its text, in the order of the definition.
type pair struct{ name, text string }

// pairs resolves an object of texts. Members that are left out are not there.
func (s *scope) pairs(n *jsondoc.Node) []pair {
	var list []pair
	for _, m := range n.Members() {
		if text, ok := s.text(m); ok {
			list = append(list, pair{m.Key, text})
		}
	}
	return list
}

// addQuery appends parameters to a URL that may have some already.
func addQuery(address string, params []pair) string {
	if len(params) == 0 {
		return address
	}
	address, fragment, hasFragment := strings.Cut(address, "#")
	var b strings.Builder
	b.WriteString(address)
	separator := byte('?')
	if strings.Contains(address, "?") {
		separator = '&'
	}
	for _, p := range params {
		b.WriteByte(separator)
		b.WriteString(url.QueryEscape(p.name) + "=" + url.QueryEscape(p.text))
		separator = '&'
	}
	if hasFragment {
		b.WriteString("#" + fragment)
	}
	return b.String()
}

func (s *scope) headers(n *jsondoc.Node) []outbound.Header {
	var list []outbound.Header
	for _, m := range n.Members() {
		text, ok := s.text(m)
		if !ok {
			continue
		}
		if strings.EqualFold(m.Key, "Authorization") {
			text = s.basic(m, text)
		}
		list = append(list, outbound.Header{Name: m.Key, Value: text})
	}
	return list
}

// basic encodes the user and password of HTTP Basic: what follows "Basic " is
// encoded when it has a colon, and is encoded already when it has none.
func (s *scope) basic(n *jsondoc.Node, text string) string {
	scheme, rest, ok := strings.Cut(text, " ")
	if !ok || !strings.EqualFold(scheme, "Basic") || !strings.Contains(rest, ":") {
		return text
	}
	if scheme != "Basic" || n.Key != "Authorization" {
		s.r.choose(basicCase, n)
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(rest))
	s.r.hide.add(rest)
	s.r.hide.add(encoded)
	return scheme + " " + encoded
}

// setType sets the Content-Type unless the definition has one. A multipart type
// without its boundary cannot be read by anybody, so it is replaced.
func setType(list []outbound.Header, value string) []outbound.Header {
	for i, h := range list {
		if strings.EqualFold(h.Name, "Content-Type") {
			if strings.HasPrefix(value, "multipart/") && !strings.Contains(h.Value, "boundary=") {
				list[i].Value = value
			}
			return list
		}
	}
	return append(list, outbound.Header{Name: "Content-Type", Value: value})
}

// body makes the body of a request, and the type that goes with it.
func (s *scope) body(req definition.Request, method string) (body []byte, contentType string) {
	n := req.Body
	if n == nil || n.Is(jsondoc.Null) {
		return nil, ""
	}
	if (method == "GET" || method == "DELETE") && len(n.Children) == 0 && !n.Is(jsondoc.String) {
		if method == "DELETE" || req.BodyType != nil {
			s.r.choose(emptyBodyNotSent, n)
		}
		return nil, ""
	}
	switch kind := req.BodyType.Text(); kind {
	case "x-www-form-urlencoded":
		var parts []string
		for _, p := range s.formPairs(n) {
			parts = append(parts, url.QueryEscape(p.name)+"="+url.QueryEscape(p.text))
		}
		return []byte(strings.Join(parts, "&")), kind2type(kind)
	case "formData":
		return s.multipart(n)
	default:
		if kind == "" {
			s.r.choose(bodyTypeJSON, req.Node)
		} else if kind != "json" {
			s.r.say(finding.Warning, req.BodyType, "Use json, x-www-form-urlencoded or formData.", "the platform knows no bodyType %q; the body is sent as JSON", kind)
		}
		v := s.value(n)
		if v == nil {
			return nil, ""
		}
		if t, ok := v.Str(); ok && n.Is(jsondoc.String) {
			return []byte(t), "" // a raw body: its type is that of the headers
		}
		return jsondoc.AppendJSON(nil, v), kind2type("json")
	}
}

func kind2type(kind string) string { return "application/" + kind }

// formPairs flattens a body into the fields of a form.
func (s *scope) formPairs(n *jsondoc.Node) []pair {
	v := s.value(n)
	var list []pair
	var add func(name string, v *jsondoc.Node)
	add = func(name string, v *jsondoc.Node) {
		switch {
		case v.Is(jsondoc.Object):
			s.r.choose(nestedForm, n)
			for _, c := range v.Children {
				add(name+"["+c.Key+"]", c)
			}
		case v.Is(jsondoc.Array):
			s.r.choose(nestedForm, n)
			for i, c := range v.Children {
				add(name+"["+strconv.Itoa(i)+"]", c)
			}
		default:
			text, _ := definition.Scalar(v)
			list = append(list, pair{name, text})
		}
	}
	for _, m := range v.Members() {
		add(m.Key, m)
	}
	return list
}

func (s *scope) multipart(n *jsondoc.Node) ([]byte, string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	boundary, err := s.r.m.id(16)
	if err == nil {
		err = w.SetBoundary(boundary)
	}
	for _, p := range s.formPairs(n) {
		if err == nil {
			err = w.WriteField(p.name, p.text)
		}
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		s.r.fail(&Failure{Code: Internal, Message: fmt.Sprintf("writing the form: %v", err), Pointer: n.Pointer()})
		return nil, ""
	}
	return b.Bytes(), w.FormDataContentType()
}

// id makes a random id of n bytes in hexadecimal digits.
func (m *Machine) id(n int) (string, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(m.Random, b); err != nil {
		return "", fmt.Errorf("no randomness: %w", err)
	}
	return hex.EncodeToString(b), nil
}
