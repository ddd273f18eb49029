package ipspace

import (
	"net/netip"
	"testing"
)

func TestOf(t *testing.T) {
	for _, test := range []struct {
		addr string
		kind Kind
		what string
	}{
		{"1.1.1.1", Public, ""},
		{"172.15.255.255", Public, ""},
		{"172.32.0.0", Public, ""},
		{"100.63.255.255", Public, ""},
		{"100.128.0.0", Public, ""},
		{"168.63.129.15", Public, ""},
		{"192.0.1.0", Public, ""},
		{"198.17.255.255", Public, ""},
		{"223.255.255.255", Public, ""},
		{"2606:4700::1111", Public, ""},
		{"2001:200::1", Public, ""},
		{"2606:4700::1111%eth0", Public, ""},
		{"::ffff:1.1.1.1", Public, ""},

		{"127.0.0.1", Local, "the machine itself"},
		{"127.255.255.255", Local, "the machine itself"},
		{"0.0.0.0", Local, "the machine itself"},
		{"::", Local, "the machine itself"},
		{"::1", Local, "the machine itself"},
		{"::1%lo", Local, "the machine itself"},
		{"::ffff:127.0.0.1", Local, "the machine itself"},
		{"::ffff:127.0.0.1%eth0", Local, "the machine itself"},
		{"10.255.255.255", Local, "a private network"},
		{"172.16.0.0", Local, "a private network"},
		{"172.31.255.255", Local, "a private network"},
		{"192.168.0.1", Local, "a private network"},
		{"100.64.0.0", Local, "a private network"},
		{"100.127.255.255", Local, "a private network"},
		{"198.19.255.255", Local, "a private network"},
		{"fc00::", Local, "a private network"},
		{"fdff::1%eth0", Local, "a private network"},

		{"169.254.169.254", Metadata, "a cloud's metadata service"},
		{"169.254.170.2", Metadata, "a cloud's metadata service"},
		{"168.63.129.16", Metadata, "a cloud's metadata service"},
		{"192.0.0.192", Metadata, "a cloud's metadata service"},
		{"100.100.100.200", Metadata, "a cloud's metadata service"},
		{"fd00:ec2::254", Metadata, "a cloud's metadata service"},
		{"fd00:ec2::23", Metadata, "a cloud's metadata service"},
		{"fd20:ce::254", Metadata, "a cloud's metadata service"},
		{"fd00:c1::a9fe:a9fe", Metadata, "a cloud's metadata service"},
		{"fd00:42::42", Metadata, "a cloud's metadata service"},
		{"::ffff:169.254.169.254", Metadata, "a cloud's metadata service"},
		{"::169.254.169.254", Metadata, "a cloud's metadata service"},
		{"64:ff9b::169.254.169.254", Metadata, "a cloud's metadata service"},
		{"64:ff9b:1::169.254.169.254", Metadata, "a cloud's metadata service"},
		{"::ffff:0:169.254.169.254", Metadata, "a cloud's metadata service"},
		{"2002:a9fe:a9fe::1", Metadata, "a cloud's metadata service"},
		{"2001:0:4136:e378:8000:63bf:5601:5601", Metadata, "a cloud's metadata service"},
		{"2002:a83f:8110::", Metadata, "a cloud's metadata service"},

		{"169.254.0.1", Reserved, "a link-local network"},
		{"fe80::a9fe:a9fe", Reserved, "a link-local network"},
		{"fe80::1%eth0", Reserved, "a link-local network"},
		{"fec0::1", Reserved, "a private network"},
		{"192.0.0.1", Reserved, "a reserved network"},
		{"192.0.2.1", Reserved, "a reserved network"},
		{"192.88.99.1", Reserved, "a reserved network"},
		{"198.51.100.1", Reserved, "a reserved network"},
		{"203.0.113.1", Reserved, "a reserved network"},
		{"224.0.0.1", Reserved, "a multicast network"},
		{"240.0.0.1", Reserved, "a reserved network"},
		{"255.255.255.255", Reserved, "a reserved network"},
		{"ff02::1", Reserved, "a multicast network"},
		{"100::1", Reserved, "a reserved network"},
		{"2001:2::1", Reserved, "a reserved network"},
		{"2001:20::1", Reserved, "a reserved network"},
		{"2001:db8::1", Reserved, "a reserved network"},
		{"3fff::1", Reserved, "a reserved network"},
		{"4000::1", Reserved, "a reserved network"},
		{"5f00::1", Reserved, "a reserved network"},
		{"64:ff9b::127.0.0.1", Reserved, "the machine itself"},
		{"64:ff9b::10.0.0.1", Reserved, "a private network"},
		{"64:ff9b::1.1.1.1", Reserved, "an address that is written into another"},
		{"2002:101:101::1", Reserved, "an address that is written into another"},
		{"::1.1.1.1", Reserved, "an address that is written into another"},
	} {
		kind, what := Of(netip.MustParseAddr(test.addr))
		if kind != test.kind || what != test.what {
			t.Errorf("Of(%s) = %d, %q; want %d, %q", test.addr, kind, what, test.kind, test.what)
		}
	}
	if kind, _ := Of(netip.Addr{}); kind != Reserved {
		t.Errorf("Of(no address) = %d, want Reserved", kind)
	}
}
