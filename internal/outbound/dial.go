package outbound

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"github.com/karzoun/miniapp-review/internal/ipspace"
)

// judge says whether a connection to an address may be made.
type judge func(netip.AddrPort) error

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// dialing returns the way to the network. The judge gets the real address of
// every attempt, after the name was looked up and just before the first packet.
func dialing(o Options, j judge) dialFunc {
	d := &net.Dialer{Timeout: o.Timeout, Resolver: o.Resolver}
	d.Control = func(_, address string, _ syscall.RawConn) error {
		a, err := netip.ParseAddrPort(address)
		if err != nil {
			return fail(ErrRefused, "it has an address that cannot be judged")
		}
		return j(a)
	}
	return d.DialContext
}

// transport returns a transport that makes connections with dial.
func transport(o Options, dial dialFunc) *http.Transport {
	// HTTP/2 would bring limits, retries and pings of its own, and providers
	// need none of it.
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Transport{
		// A proxy of the environment would make the connection in our place,
		// and judge nothing.
		Proxy:                  nil,
		DialContext:            dial,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.RootCAs},
		TLSHandshakeTimeout:    o.Timeout,
		Protocols:              &protocols,
		DisableCompression:     true, // see decode
		MaxResponseHeaderBytes: maxHeader,
		MaxIdleConns:           16,
		MaxIdleConnsPerHost:    4,
		IdleConnTimeout:        30 * time.Second,
	}
}

// onlyPublic is the judge of connections to public hosts.
func onlyPublic(a netip.AddrPort) error {
	kind, what := ipspace.Of(a.Addr())
	if kind != ipspace.Public {
		e := fail(ErrRefused, "its address leads to %s: requests go to public addresses only", what)
		e.Local = kind == ipspace.Local
		return e
	}
	return port(a.Port())
}

// onlyLocal is the judge of connections without TLS.
func onlyLocal(a netip.AddrPort) error {
	switch kind, what := ipspace.Of(a.Addr()); kind {
	case ipspace.Local:
		return nil
	case ipspace.Public:
		return fail(ErrRefused, "its address is public, where only https is used: write a URL that starts with \"https://\"")
	default:
		return fail(ErrRefused, "its address leads to %s, which is never reached", what)
	}
}

// publicOrLocal is the judge of connections with TLS where local ones are allowed.
func publicOrLocal(a netip.AddrPort) error {
	switch kind, what := ipspace.Of(a.Addr()); kind {
	case ipspace.Local:
		return nil
	case ipspace.Public:
		return port(a.Port())
	default:
		return fail(ErrRefused, "its address leads to %s, which is never reached", what)
	}
}

func port(p uint16) error {
	if p != 443 {
		return fail(ErrRefused, "requests go to port 443 only: leave the port out of the URL")
	}
	return nil
}
