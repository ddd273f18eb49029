// Package ipspace tells the addresses of the public internet from all others.
package ipspace

import "net/netip"

// Kind is what an address is for, as far as it matters to somebody who is about
// to connect to it.
type Kind uint8

// The kinds of addresses.
const (
	// Public is an address of the internet.
	Public Kind = iota
	// Local is somebody's own machine or network: loopback and private use.
	Local
	// Metadata is where a cloud hands out the credentials of a machine.
	Metadata
	// Reserved is everything else that no public host has: link-local,
	// multicast, documentation, and IPv6 addresses that carry an IPv4 address.
	Reserved
)

// Of returns the kind of an address, and in words what it leads to ("a private
// network"), "" for a public one. A zone says nothing about either, and an IPv4
// address that is mapped into IPv6 is taken for what it is in IPv4.
func Of(a netip.Addr) (Kind, string) {
	a = a.WithZone("").Unmap()
	if a.Is6() {
		if v4, ok := embedded(a); ok {
			kind, what := Of(v4)
			switch kind {
			case Metadata:
				return Metadata, what
			case Public:
				what = "an address that is written into another"
			}
			return Reserved, what
		}
	}
	for _, r := range ranges() {
		if netip.MustParsePrefix(r.prefix).Contains(a) {
			return r.kind, r.what
		}
	}
	// IPv6 has given out nothing else for the internet.
	if !a.IsValid() || a.Is6() && !netip.MustParsePrefix("2000::/3").Contains(a) {
		return Reserved, "a reserved network"
	}
	return Public, ""
}

type span struct {
	prefix string
	kind   Kind
	what   string
}

// ranges are the networks that are not the public internet, by IANA's registries
// of special-purpose addresses, with those that merely look public: 168.63.129.16
// and 192.0.0.192 answer only inside a cloud. The first that holds an address
// counts.
func ranges() []span {
	const (
		machine   = "the machine itself"
		metadata  = "a cloud's metadata service"
		private   = "a private network"
		linkLocal = "a link-local network"
		reserved  = "a reserved network"
		multicast = "a multicast network"
	)
	return []span{
		{"169.254.169.254/32", Metadata, metadata},
		{"169.254.170.2/32", Metadata, metadata},
		{"168.63.129.16/32", Metadata, metadata},
		{"192.0.0.192/32", Metadata, metadata},
		{"100.100.100.200/32", Metadata, metadata},
		{"fd00:ec2::/32", Metadata, metadata},
		{"fd00:c1::a9fe:a9fe/128", Metadata, metadata},
		{"fd00:42::42/128", Metadata, metadata},
		{"fd20:ce::254/128", Metadata, metadata},

		{"0.0.0.0/8", Local, machine},
		{"127.0.0.0/8", Local, machine},
		{"10.0.0.0/8", Local, private},
		{"172.16.0.0/12", Local, private},
		{"192.168.0.0/16", Local, private},
		{"100.64.0.0/10", Local, private},
		{"198.18.0.0/15", Local, private},
		{"169.254.0.0/16", Reserved, linkLocal},
		{"192.0.0.0/24", Reserved, reserved},
		{"192.0.2.0/24", Reserved, reserved},
		{"192.88.99.0/24", Reserved, reserved},
		{"198.51.100.0/24", Reserved, reserved},
		{"203.0.113.0/24", Reserved, reserved},
		{"224.0.0.0/4", Reserved, multicast},
		{"240.0.0.0/4", Reserved, reserved},

		{"::/128", Local, machine},
		{"::1/128", Local, machine},
		{"fc00::/7", Local, private},
		{"fe80::/10", Reserved, linkLocal},
		{"fec0::/10", Reserved, private},
		{"ff00::/8", Reserved, multicast},
		{"2001::/23", Reserved, reserved},
		{"2001:db8::/32", Reserved, reserved},
		{"3fff::/20", Reserved, reserved},
	}
}

// embedded returns the IPv4 address in an address of NAT64, 6to4, Teredo, of
// stateless translation, or of the old compatible form.
func embedded(a netip.Addr) (netip.Addr, bool) {
	b := a.As16()
	for _, p := range []struct {
		prefix string
		at     int
	}{{"64:ff9b::/96", 12}, {"64:ff9b:1::/48", 12}, {"2002::/16", 2}, {"2001::/32", 12}, {"::ffff:0:0:0/96", 12}, {"::/96", 12}} {
		if !netip.MustParsePrefix(p.prefix).Contains(a) || a == netip.IPv6Unspecified() || a == netip.IPv6Loopback() {
			continue
		}
		four := [4]byte(b[p.at : p.at+4])
		if p.prefix == "2001::/32" {
			for i := range four {
				four[i] ^= 0xff // Teredo stores the client's address inverted
			}
		}
		return netip.AddrFrom4(four), true
	}
	return netip.Addr{}, false
}
