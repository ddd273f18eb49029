package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func get(url string) Request { return Request{Method: "GET", URL: url} }

// closed are addresses that nobody reaches, with or without AllowLocal, and
// local those that are reached with it.
func closed() []string {
	return []string{
		"169.254.169.254", "169.254.170.2", "168.63.129.16", "192.0.0.192", "100.100.100.200", "fd00:ec2::254", "fd20:ce::254",
		"::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe", "2002:a9fe:a9fe::1", "2001:0:4136:e378:8000:63bf:5601:5601",
		"64:ff9b::7f00:1", "2002:7f00:1::1", "64:ff9b::101:101", "::127.0.0.2",
		"169.254.1.1", "fe80::1", "192.0.0.8", "192.0.2.1", "198.51.100.1", "203.0.113.1", "192.88.99.1",
		"224.0.0.1", "255.255.255.255", "240.0.0.1", "ff02::1", "fec0::1", "100::1", "2001:db8::1", "3fff::1", "2001:20::1",
	}
}

func local() []string {
	return []string{
		"127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "::", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "198.18.0.1",
		"fc00::1", "fd12::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
	}
}

// TestAttack18NamesOfPrivateAddresses looks every name up and lets the real dialer judge
// what it would connect to.
func TestAttack18NamesOfPrivateAddresses(t *testing.T) {
	n := &names{answers: map[string][][]string{}}
	addresses := append(closed(), local()...)
	for i, a := range addresses {
		n.answers[fmt.Sprintf("h%d.acme.example.", i)] = [][]string{{a}}
	}
	c := New(Options{Resolver: n.resolver()})
	for i, a := range addresses {
		_, err := c.Do(context.Background(), get(fmt.Sprintf("https://h%d.acme.example/?key=hush", i)))
		if !errors.Is(err, ErrRefused) {
			t.Errorf("%s: got %v, want a refusal", a, err)
			continue
		}
		wants(t, err, ErrRefused)
		if strings.Contains(err.Error(), a) || !strings.Contains(err.Error(), fmt.Sprintf("host \"h%d.acme.example\": its address leads to", i)) {
			t.Errorf("%s: the error must name the host and not the address: %v", a, err)
		}
	}
}

func TestAttack18PrivateAddresses(t *testing.T) {
	c := New(Options{})
	for _, a := range append(closed(), local()...) {
		_, err := c.Do(context.Background(), get("https://"+net.JoinHostPort(a, "443")+"/"))
		if !errors.Is(err, ErrRefused) {
			t.Errorf("%s: got %v, want a refusal", a, err)
		}
	}
}

// TestAttack18ClosedEvenLocally lets the real dialer of a client that may reach local
// addresses judge those that stay closed, by name and as they are.
func TestAttack18ClosedEvenLocally(t *testing.T) {
	n := &names{answers: map[string][][]string{}}
	for i, a := range closed() {
		n.answers[fmt.Sprintf("h%d.acme.example.", i)] = [][]string{{a}}
	}
	c := New(Options{AllowLocal: true, Resolver: n.resolver()})
	for i, a := range closed() {
		for _, url := range []string{
			fmt.Sprintf("https://h%d.acme.example/", i), fmt.Sprintf("http://h%d.acme.example/", i),
			"http://" + net.JoinHostPort(a, "80") + "/latest", "https://" + net.JoinHostPort(a, "443") + "/",
		} {
			if _, err := c.Do(context.Background(), get(url)); !errors.Is(err, ErrRefused) {
				t.Errorf("%s (%s): got %v, want a refusal", url, a, err)
			}
		}
	}
}

func TestJudges(t *testing.T) {
	for _, test := range []struct {
		addr                              string
		onlyPublic, publicOrLocal, onlyLo bool
	}{
		{"1.1.1.1:443", true, true, false},
		{"[2606:4700::1111]:443", true, true, false},
		{"[::ffff:1.1.1.1]:443", true, true, false},
		{"1.1.1.1:80", false, false, false},
		{"1.1.1.1:8443", false, false, false},
		{"127.0.0.1:443", false, true, true},
		{"127.0.0.1:8080", false, true, true},
		{"[::1]:8080", false, true, true},
		{"[::ffff:127.0.0.1]:8080", false, true, true},
		{"[::1%lo]:8080", false, true, true},
		{"169.254.169.254:80", false, false, false},
		{"[fe80::1%eth0]:443", false, false, false},
	} {
		a := netip.MustParseAddrPort(test.addr)
		for _, j := range []struct {
			name string
			j    judge
			want bool
		}{{"onlyPublic", onlyPublic, test.onlyPublic}, {"publicOrLocal", publicOrLocal, test.publicOrLocal}, {"onlyLocal", onlyLocal, test.onlyLo}} {
			if got := j.j(a) == nil; got != j.want {
				t.Errorf("%s(%s) lets through: %v, want %v", j.name, a, got, j.want)
			}
		}
	}
}

var errNoNetwork = errors.New("no packet leaves a test")

// judged returns a client with the real dialer that goes nowhere, and what its
// judge said of each address.
func judged(n *names) (c *Client, refused, passed *[]string) {
	refused, passed = new([]string), new([]string)
	var mu = make(chan struct{}, 1) // the dialer may try two addresses at a time
	dial := func(o Options, j judge) dialFunc {
		return dialing(o, func(a netip.AddrPort) error {
			mu <- struct{}{}
			defer func() { <-mu }()
			if err := j(a); err != nil {
				*refused = append(*refused, a.Addr().String())
				return err
			}
			*passed = append(*passed, a.Addr().String())
			return errNoNetwork
		})
	}
	return newClient(Options{Resolver: n.resolver()}, dial), refused, passed
}

// TestAttack19Rebinding answers with a public address first and a private one later.
func TestAttack19Rebinding(t *testing.T) {
	n := &names{answers: map[string][][]string{"api.acme.example.": {{"1.1.1.1"}, {"127.0.0.1"}, {"1.1.1.1"}, {"169.254.169.254"}}}}
	c, refused, passed := judged(n)
	for i := range 4 {
		_, err := c.Do(context.Background(), get("https://api.acme.example/"))
		want := ErrFailed
		if i%2 == 1 {
			want = ErrRefused
		}
		wants(t, err, want)
	}
	if !slices.Equal(*passed, []string{"1.1.1.1", "1.1.1.1"}) || !slices.Equal(*refused, []string{"127.0.0.1", "169.254.169.254"}) {
		t.Errorf("let through %q, refused %q", *passed, *refused)
	}
}

// TestAttack19SeveralAddresses hides private addresses behind public ones, in both
// families, so that the dialer comes to them when the public ones fail.
func TestAttack19SeveralAddresses(t *testing.T) {
	n := &names{answers: map[string][][]string{"api.acme.example.": {{"1.1.1.1", "127.0.0.1", "10.0.0.1", "::1", "fd00:ec2::254", "64:ff9b::a9fe:a9fe"}}}}
	c, refused, passed := judged(n)
	_, err := c.Do(context.Background(), get("https://api.acme.example/"))
	if err == nil {
		t.Error("want an error")
	}
	if !slices.Equal(*passed, []string{"1.1.1.1"}) {
		t.Errorf("let through %q, want the public address alone", *passed)
	}
	for _, want := range []string{"127.0.0.1", "10.0.0.1"} {
		if !slices.Contains(*refused, want) {
			t.Errorf("%s was never judged: %q", want, *refused)
		}
	}
}

// TestURLs holds URLs against the rules that need no address.
func TestURLs(t *testing.T) {
	const hush = "/?token=hush"
	for _, test := range []struct {
		url           string
		strict, local error // nil: goes on to the network
	}{
		{"https://api.acme.example" + hush, nil, nil},
		{"https://api.acme.example:443" + hush, nil, nil},
		{"HTTPS://API.acme.example" + hush, nil, nil},
		{"https://api.acme.example.:443" + hush, nil, nil},
		{"https://a_b.acme.example" + hush, nil, nil},
		{"https://api.acme.example/a%20b?q=%0d%0a#hush", nil, nil},
		{"https://1.1.1.1" + hush, nil, nil},
		{"https://[2606:4700::1111]" + hush, nil, nil},
		{"http://api.acme.example" + hush, ErrRefused, nil},
		{"http://api.acme.example:443" + hush, ErrRefused, nil},
		{"https://api.acme.example:8443" + hush, ErrRefused, nil},
		{"https://api.acme.example:80" + hush, ErrRefused, nil},
		{"https://localhost:8443" + hush, ErrRefused, nil},
		{"https://localhost" + hush, ErrRefused, nil},
		{"https://printer.local" + hush, ErrRefused, nil},
		{"https://metadata.google.internal" + hush, ErrRefused, nil},
		{"https://127.1" + hush, ErrRefused, nil},
		{"https://0x7f.0.0.1" + hush, ErrRefused, nil},
		{"https://2130706433" + hush, ErrRefused, nil},
		{"https://127.0.0.1.nip.io" + hush, ErrRefused, nil},
		{"https://user:hush@api.acme.example/", ErrRefused, ErrRefused},
		{"https://hush@api.acme.example/", ErrRefused, ErrRefused},
		{"https://@api.acme.example/", ErrRefused, ErrRefused},
		{"ftp://api.acme.example" + hush, ErrRefused, ErrRefused},
		{"file:///etc/hush", ErrRefused, ErrRefused},
		{"hush:token", ErrRefused, ErrRefused},
		{"//api.acme.example" + hush, ErrRefused, ErrRefused},
		{"/v1" + hush, ErrRefused, ErrRefused},
		{"", ErrRefused, ErrRefused},
		{"https:" + hush, ErrInvalid, ErrInvalid},
		{"https:api.acme.example", ErrInvalid, ErrInvalid},
		{"https://" + hush, ErrInvalid, ErrInvalid},
		{"https://api.acme.example:" + hush, ErrInvalid, ErrInvalid},
		{"https://api.acme.example:0" + hush, ErrInvalid, ErrInvalid},
		{"https://api.acme.example:65536" + hush, ErrInvalid, ErrInvalid},
		{"https://api.acme.example:hush/", ErrInvalid, ErrInvalid},
		{"https://api.acme.example/a b" + hush, ErrInvalid, ErrInvalid},
		{"https://api.acme.example/\r\nX-Key:hush", ErrInvalid, ErrInvalid},
		{"https://api.acme.example/\x7fhush", ErrInvalid, ErrInvalid},
		{"https://api.acme.example\\@127.0.0.1" + hush, ErrInvalid, ErrInvalid},
		{"https://{{shop}}.acme.example" + hush, ErrInvalid, ErrInvalid},
		{"https://[[shop]].acme.example" + hush, ErrInvalid, ErrInvalid},
		{"https://bücher.example" + hush, ErrInvalid, ErrInvalid},
		{"https://１２７.0.0.1" + hush, ErrInvalid, ErrInvalid},
		{"https://api%2eacme.example" + hush, ErrInvalid, ErrInvalid},
		{"https://[fe80::1%25eth0]" + hush, ErrInvalid, ErrInvalid},
		{"https://[::1" + hush, ErrInvalid, ErrInvalid},
		{"https://api.acme.example/?hush=" + strings.Repeat("a", maxURL), ErrInvalid, ErrInvalid},
		{"https://" + strings.Repeat("a.", 127) + "example" + hush, ErrInvalid, ErrInvalid},
	} {
		for _, allow := range []bool{false, true} {
			want := test.strict
			if allow {
				want = test.local
			}
			dialed := 0
			c := newClient(Options{AllowLocal: allow}, func(Options, judge) dialFunc {
				return func(context.Context, string, string) (net.Conn, error) { dialed++; return nil, errNoNetwork }
			})
			_, err := c.Do(context.Background(), get(test.url))
			if want == nil {
				if dialed != 1 {
					t.Errorf("%q, local %v: got %v, want a connection", test.url, allow, err)
				}
				want = ErrFailed
			} else if dialed != 0 {
				t.Errorf("%q, local %v: %d connections, want none", test.url, allow, dialed)
			}
			if !errors.Is(err, want) {
				t.Errorf("%q, local %v: got %v, want %v", test.url, allow, err, want)
				continue
			}
			wants(t, err, want)
		}
	}
}

func TestLocalProvider(t *testing.T) {
	w := newWorld(t)
	ok := func(rw http.ResponseWriter, r *http.Request) { fmt.Fprint(rw, "here") }
	plain, secure := w.server("plain", false, ok), w.server("secure", true, ok)
	strict := New(Options{RootCAs: w.roots})
	desk := New(Options{RootCAs: w.roots, AllowLocal: true})
	for _, url := range []string{"http://" + plain + "/", "https://" + secure + "/"} {
		_, err := strict.Do(context.Background(), get(url))
		wants(t, err, ErrRefused)
		if got := w.requests(); len(got) > 0 {
			t.Errorf("%s: %v arrived without AllowLocal", url, got)
		}
		resp, err := desk.Do(context.Background(), get(url))
		if err != nil || string(resp.Body) != "here" {
			t.Errorf("%s: got %q, %v", url, resp.Body, err)
		}
		if got := w.requests(); len(got) != 1 {
			t.Errorf("%s: %v arrived, want one request", url, got)
		}
	}
}

// TestLocalIsSaid holds that an error names AllowLocal where it would help.
func TestLocalIsSaid(t *testing.T) {
	n := &names{answers: map[string][][]string{"desk.acme.example.": {{"192.168.1.7"}}, "cloud.acme.example.": {{"169.254.169.254"}}}}
	for url, want := range map[string]bool{
		"http://localhost:8080/": true, "https://127.0.0.1/": true, "http://10.0.0.1/": true, "https://desk.acme.example/": true, "http://provider:8080/": true,
		"http://169.254.169.254/": false, "https://cloud.acme.example/": false, "https://[fe80::1]/": false,
		"http://api.acme.example/": false, "https://api.acme.example:8443/": false,
	} {
		for _, allow := range []bool{false, true} {
			if allow && want {
				continue
			}
			_, err := New(Options{Resolver: n.resolver(), AllowLocal: allow}).Do(context.Background(), get(url))
			var e *Error
			if !errors.As(err, &e) || e.Local != want {
				t.Errorf("%s: got %v, which says %v of AllowLocal, want %v", url, err, e.Local, want)
			}
		}
	}
	w := newWorld(t)
	w.host("api.acme.example", "1.1.1.1", redirector)
	_, err := w.client(Options{}).Do(context.Background(), get(moving("api.acme.example", 302, "https://127.0.0.1/")))
	var e *Error
	if !errors.As(err, &e) || e.Local {
		t.Errorf("a redirect to a local address: got %v, which must not speak of AllowLocal", err)
	}
}

// TestPublicStaysStrict holds a client that may reach local addresses against
// public hosts.
func TestPublicStaysStrict(t *testing.T) {
	w := newWorld(t)
	w.host("api.acme.example", "1.1.1.1", func(rw http.ResponseWriter, r *http.Request) {})
	c := w.client(Options{AllowLocal: true})
	for _, url := range []string{"http://api.acme.example/", "http://api.acme.example:443/", "https://api.acme.example:8443/"} {
		_, err := c.Do(context.Background(), get(url))
		wants(t, err, ErrRefused)
	}
	if got := w.requests(); len(got) > 0 {
		t.Errorf("%v arrived", got)
	}
	if _, err := c.Do(context.Background(), get("https://api.acme.example/")); err != nil {
		t.Error(err)
	}
}
