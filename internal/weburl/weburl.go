// Package weburl judges the URLs of a definition by their text alone: whether
// they are URLs at all, and whether they could lead into a private network. It
// looks nothing up.
package weburl

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/karzoun/miniapp-review/internal/ipspace"
)

// URL is what the text of a URL says. Placeholders of the form [[key]] and
// {{key}} stand for text that is not known.
type URL struct {
	// Scheme is in lower case, and "" when the URL starts with a placeholder
	// or is relative.
	Scheme string
	// Host is the host in lower case without port, brackets or a final dot. It
	// is "" when a placeholder stands for all of it, and when there is none.
	Host string
	// Templated says that a placeholder is part of the host or stands for it.
	Templated bool
	// Path is the path without query and fragment, as written.
	Path string
}

// stand is what placeholders become for parsing; it is a label of no known
// host.
const stand = "placeholder-of-miniapp"

// Parse reads a URL as browsers and HTTP clients do, and is strict where they
// disagree. The error says what is wrong, for a message: it follows "the URL".
func Parse(text string) (URL, error) {
	for _, r := range text {
		if r <= ' ' || r == 0x7f || r == '\\' {
			return URL{}, problem("holds white space, a control character or a backslash")
		}
	}
	plain := unplaceholder(text)
	if strings.HasPrefix(plain, stand) {
		// "{{storeUrl}}/orders": all of the base comes from the tenant.
		return URL{Templated: true}, nil
	}
	u, err := url.Parse(plain)
	if err != nil {
		return URL{}, problem("cannot be read")
	}
	out := URL{Scheme: strings.ToLower(u.Scheme), Path: u.Path}
	if u.Opaque != "" {
		return out, problem("has no host")
	}
	if u.User != nil {
		return out, problem("holds a user name or password before the host")
	}
	// Clients fold full-width digits and the full stops of other scripts.
	host := norm.NFKC.String(u.Hostname())
	host = strings.ReplaceAll(strings.ReplaceAll(host, "\u3002", "."), "\uff61", ".")
	out.Host = strings.TrimSuffix(strings.ToLower(host), ".")
	if strings.Contains(out.Host, stand) {
		out.Templated = true
		if out.Host == stand {
			out.Host = ""
		} else {
			out.Host = strings.ReplaceAll(out.Host, stand, "x")
		}
	}
	if out.Scheme != "" && out.Host == "" && !out.Templated {
		return out, problem("has no host")
	}
	return out, nil
}

type problem string

func (p problem) Error() string { return string(p) }

func unplaceholder(text string) string {
	for _, pair := range [][2]string{{"[[", "]]"}, {"{{", "}}"}} {
		var b strings.Builder
		for {
			before, rest, ok := strings.Cut(text, pair[0])
			b.WriteString(before)
			if !ok {
				break
			}
			_, after, ok := strings.Cut(rest, pair[1])
			if !ok {
				b.WriteString(pair[0] + rest)
				break
			}
			b.WriteString(stand)
			text = after
		}
		text = b.String()
	}
	return text
}

// Private says why a host must not be called from the platform's network, or
// "" when nothing in its text speaks against it. The address of a name is not
// looked up: whoever calls it must check again.
func Private(host string) string {
	if addr, ok := address(host); ok {
		_, what := ipspace.Of(addr)
		return what
	}
	for _, d := range []struct{ name, what string }{
		{"localhost", "the machine itself"},
		{"localdomain", "the machine itself"},
		{"local", "a local network"},
		{"internal", "a private network"},
		{"intranet", "a private network"},
		{"lan", "a local network"},
		{"home.arpa", "a local network"},
		{"localtest.me", "the machine itself"},
		{"lvh.me", "the machine itself"},
		{"nip.io", "an address that is written into the name"},
		{"sslip.io", "an address that is written into the name"},
		{"xip.io", "an address that is written into the name"},
		{"instance-data", "a cloud's metadata service"},
	} {
		if host == d.name || strings.HasSuffix(host, "."+d.name) {
			return d.what
		}
	}
	if host != "" && !strings.Contains(host, ".") {
		return "a private network, since the name has no dot"
	}
	return ""
}

// address reads an IP address in every spelling that some client accepts:
// dotted, short ("127.1"), decimal, octal and hexadecimal.
func address(host string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.WithZone("").Unmap(), true
	}
	parts := strings.Split(host, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var value uint64
	for i, p := range parts {
		n, ok := number(p)
		if !ok {
			return netip.Addr{}, false
		}
		if i < len(parts)-1 {
			if n > 255 {
				return netip.Addr{}, false
			}
			value = value<<8 | n
			continue
		}
		bits := 8 * (5 - len(parts))
		if n >= 1<<bits {
			return netip.Addr{}, false
		}
		value = value<<bits | n
	}
	return netip.AddrFrom4([4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}), true
}

func number(p string) (uint64, bool) {
	base := 10
	switch {
	case strings.HasPrefix(p, "0x"):
		base, p = 16, p[2:]
		if p == "" {
			return 0, true
		}
	case len(p) > 1 && p[0] == '0':
		base, p = 8, p[1:]
	}
	n, err := strconv.ParseUint(p, base, 32)
	return n, err == nil
}
