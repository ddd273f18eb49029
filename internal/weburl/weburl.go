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
		return privateAddress(addr)
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

// privateRanges are the networks that are not the public internet, with those
// that merely look public: 168.63.129.16 and 192.0.0.192 answer only inside a
// cloud, and the IPv6 transition prefixes carry an IPv4 address.
func privateRanges() []struct{ prefix, what string } {
	return []struct{ prefix, what string }{
		{"0.0.0.0/8", "the machine itself"},
		{"127.0.0.0/8", "the machine itself"},
		{"169.254.169.254/32", "a cloud's metadata service"},
		{"169.254.170.2/32", "a cloud's metadata service"},
		{"168.63.129.16/32", "a cloud's metadata service"},
		{"192.0.0.192/32", "a cloud's metadata service"},
		{"100.100.100.200/32", "a cloud's metadata service"},
		{"169.254.0.0/16", "a link-local network"},
		{"10.0.0.0/8", "a private network"},
		{"172.16.0.0/12", "a private network"},
		{"192.168.0.0/16", "a private network"},
		{"100.64.0.0/10", "a private network"},
		{"192.0.0.0/24", "a reserved network"},
		{"192.0.2.0/24", "a reserved network"},
		{"198.18.0.0/15", "a private network"},
		{"198.51.100.0/24", "a reserved network"},
		{"203.0.113.0/24", "a reserved network"},
		{"224.0.0.0/4", "a multicast network"},
		{"240.0.0.0/4", "a reserved network"},
		{"::/128", "the machine itself"},
		{"::1/128", "the machine itself"},
		{"fd00:ec2::/32", "a cloud's metadata service"},
		{"fc00::/7", "a private network"},
		{"fe80::/10", "a link-local network"},
		{"fec0::/10", "a private network"},
		{"ff00::/8", "a multicast network"},
		{"2001:db8::/32", "a reserved network"},
		{"100::/64", "a reserved network"},
	}
}

func privateAddress(a netip.Addr) string {
	if a.Is6() {
		if v4, ok := embedded(a); ok {
			if what := privateAddress(v4); what != "" {
				return what
			}
			return "an address that is written into another"
		}
	}
	for _, r := range privateRanges() {
		if netip.MustParsePrefix(r.prefix).Contains(a) {
			return r.what
		}
	}
	return ""
}

// embedded returns the IPv4 address in an address of NAT64, 6to4, Teredo or of
// the old compatible form.
func embedded(a netip.Addr) (netip.Addr, bool) {
	b := a.As16()
	four := func(at int) netip.Addr { return netip.AddrFrom4([4]byte(b[at : at+4])) }
	for _, p := range []struct {
		prefix string
		at     int
	}{{"64:ff9b::/96", 12}, {"64:ff9b:1::/48", 12}, {"2002::/16", 2}, {"2001::/32", 12}} {
		if netip.MustParsePrefix(p.prefix).Contains(a) {
			if p.prefix == "2001::/32" {
				for i := 12; i < 16; i++ {
					b[i] ^= 0xff // Teredo stores the client's address inverted
				}
			}
			return four(p.at), true
		}
	}
	if netip.MustParsePrefix("::/96").Contains(a) && a != netip.IPv6Unspecified() && a != netip.IPv6Loopback() {
		return four(12), true
	}
	return netip.Addr{}, false
}
