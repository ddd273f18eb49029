package outbound

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/karzoun/miniapp-review/internal/ipspace"
	"github.com/karzoun/miniapp-review/internal/weburl"
)

// target reads a URL and says whether a request may go there, as far as its text
// tells. The host that it returns is the one that is connected to.
func target(text string, allowLocal bool) (*url.URL, error) {
	if len(text) > maxURL {
		return nil, fail(ErrInvalid, "the URL has more than %d KiB: send long values in the body", maxURL>>10)
	}
	if i := strings.IndexFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f }); i >= 0 {
		return nil, fail(ErrInvalid, "the URL holds white space or a control character: encode the values that are put into it")
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, fail(ErrInvalid, "the URL cannot be read: expected https://HOST/PATH, with all placeholders filled in")
	}
	host := strings.ToLower(u.Hostname())
	refuse := func(why error, format string, args ...any) *Error {
		e := fail(why, format, args...)
		e.Host = shown(u)
		return e
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fail(ErrRefused, "the URL is not one of the web: write one that starts with \"https://\"")
	case u.Opaque != "" || host == "":
		return nil, fail(ErrInvalid, "the URL has no host: expected https://HOST/PATH, with all placeholders filled in")
	case !hostname(host):
		return nil, fail(ErrInvalid, "the URL has a host that cannot be a name or an address: write names of other scripts in their ASCII form (\"xn--\")")
	case u.User != nil:
		return nil, refuse(ErrRefused, "the URL has a user name or password before the host: put credentials into headers")
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return nil, refuse(ErrInvalid, "the URL has a port that does not exist")
		}
	} else if strings.HasSuffix(u.Host, ":") {
		return nil, refuse(ErrInvalid, "the URL has a colon after the host, and no port: leave it out")
	}
	u.Fragment, u.RawFragment = "", ""
	u.Host = strings.ToLower(u.Host)
	if allowLocal {
		return u, nil
	}
	if what := weburl.Private(strings.TrimSuffix(host, ".")); what != "" {
		e := refuse(ErrRefused, "it leads to %s: requests go to public hosts only", what)
		a, err := netip.ParseAddr(host)
		kind, _ := ipspace.Of(a)
		e.Local = err != nil || kind == ipspace.Local
		return nil, e
	}
	if u.Scheme != "https" {
		return nil, refuse(ErrRefused, "requests are sent over https only: write a URL that starts with \"https://\"")
	}
	if p := u.Port(); p != "" && p != "443" {
		return nil, refuse(ErrRefused, "requests go to port 443 only: leave the port out of the URL")
	}
	return u, nil
}

// shown is a host for a message, with its port.
func shown(u *url.URL) string { return clip(strings.ToLower(u.Host)) }

// clip keeps messages short, whatever strangers write.
func clip(s string) string {
	if len(s) > 100 {
		return s[:100] + "…"
	}
	return s
}

// hostname reports whether a host is an address or a name in ASCII. Clients
// disagree on all others, percent signs and zones included.
func hostname(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Zone() == ""
	}
	return len(host) <= 253 && !strings.ContainsFunc(host, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '-' && r != '_'
	})
}

// methods are those that definitions know.
func methods() []string { return []string{"GET", "POST", "PUT", "PATCH", "DELETE"} }

// headers returns the headers of a request as they are sent.
func headers(list []Header) (http.Header, error) {
	out := http.Header{}
	size := 0
	for i, h := range list {
		if !httpguts.ValidHeaderFieldName(h.Name) {
			// It may be a whole header that was written as a name, value included.
			return nil, fail(ErrInvalid, "the name of header %d is empty or has a character that names of headers cannot have, such as a space or a colon", i+1)
		}
		if !httpguts.ValidHeaderFieldValue(h.Value) {
			return nil, fail(ErrInvalid, "the value of the header %q has a line break or another control character: check what is filled into it", clip(h.Name))
		}
		if size += len(h.Name) + len(h.Value) + len(": \r\n"); size > maxRequestHeader {
			return nil, fail(ErrInvalid, "the headers have more than %d KiB: send long values in the body", maxRequestHeader>>10)
		}
		name := textproto.CanonicalMIMEHeaderKey(h.Name)
		if why := reserved(name); why != "" {
			return nil, fail(ErrInvalid, "the header %q %s: leave it out", clip(h.Name), why)
		}
		out[name] = append(out[name], h.Value)
	}
	return out, nil
}

// reserved says why a header is not for a definition to set, or "".
func reserved(name string) string {
	switch {
	case name == "Host":
		return "follows from the URL"
	case slices.Contains([]string{"Content-Length", "Transfer-Encoding", "Trailer", "Expect"}, name):
		return "is set by the client, from the body"
	case slices.Contains([]string{"Connection", "Keep-Alive", "Te", "Upgrade", "Http2-Settings"}, name) || strings.HasPrefix(name, "Proxy-"):
		return "belongs to one connection, and not to a request"
	}
	return ""
}

// check returns the headers of a request that can be sent.
func (r Request) check() (http.Header, error) {
	if !slices.Contains(methods(), r.Method) {
		return nil, fail(ErrInvalid, "the method %q is none of %s", clip(r.Method), strings.Join(methods(), ", "))
	}
	if len(r.Body) > maxRequestBody {
		return nil, fail(ErrInvalid, "the body has %d bytes, and at most %d MiB are sent", len(r.Body), maxRequestBody>>20)
	}
	return headers(r.Header)
}

// origin is what browsers call one: scheme, host and port.
func origin(u *url.URL) string {
	p := u.Port()
	if p == "" {
		p = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return fmt.Sprintf("%s://%s:%s", u.Scheme, u.Hostname(), p)
}
