package outbound

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// world is an internet in which hosts have the addresses that a test gives
// them, while their servers listen on loopback. Its dial judges the addresses
// that hosts are said to have, as the real one does.
type world struct {
	t     *testing.T
	roots *x509.CertPool
	cert  tls.Certificate

	mu     sync.Mutex
	hosts  map[string]claimed
	dialed []string
	log    []seen
}

// claimed is where a host is said to be, and where it is.
type claimed struct {
	addr netip.Addr
	real string
}

// seen is a request that arrived.
type seen struct {
	host, proto string
	method      string
	uri         string
	header      http.Header
	body        string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		DNSNames:    []string{"api.acme.example", "cdn.other.example", "local.acme.example"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, roots: x509.NewCertPool(), cert: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, hosts: map[string]claimed{}}
	w.roots.AddCert(cert)
	return w
}

// server starts a server and returns its address.
func (w *world) server(host string, secure bool, h http.HandlerFunc) string {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		w.mu.Lock()
		w.log = append(w.log, seen{host, r.Proto, r.Method, r.RequestURI, r.Header.Clone(), string(body)})
		w.mu.Unlock()
		h(rw, r)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	if secure {
		s.TLS = &tls.Config{Certificates: []tls.Certificate{w.cert}}
		s.EnableHTTP2 = true
		s.StartTLS()
	} else {
		s.Start()
	}
	w.t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// host puts a host with a server for HTTPS into the world.
func (w *world) host(name, addr string, h http.HandlerFunc) {
	w.hosts[name] = claimed{netip.MustParseAddr(addr), w.server(name, true, h)}
}

// raw puts a host into the world that speaks no HTTP of its own accord.
func (w *world) raw(name, addr string, serve func(net.Conn)) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				serve(c)
			}()
		}
	}()
	w.hosts[name] = claimed{netip.MustParseAddr(addr), l.Addr().String()}
}

type claimedConn struct {
	net.Conn
	addr netip.AddrPort
}

func (c claimedConn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.addr) }

func (w *world) dial(_ Options, j judge) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, p, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		w.mu.Lock()
		w.dialed = append(w.dialed, address)
		h, ok := w.hosts[host]
		w.mu.Unlock()
		if !ok {
			if h.addr, err = netip.ParseAddr(host); err != nil {
				return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
			}
		}
		at := netip.AddrPortFrom(h.addr, netip.MustParseAddrPort("0.0.0.0:"+p).Port())
		if err := j(at); err != nil {
			return nil, &net.OpError{Op: "dial", Net: network, Err: err}
		}
		var d net.Dialer
		c, err := d.DialContext(ctx, network, h.real)
		if err != nil {
			return nil, err
		}
		return claimedConn{c, at}, nil
	}
}

// client returns a client in this world.
func (w *world) client(o Options) *Client {
	o.RootCAs = w.roots
	c := newClient(o, w.dial)
	w.t.Cleanup(c.Close)
	return c
}

// requests returns what arrived since it was last called.
func (w *world) requests() []seen {
	w.mu.Lock()
	defer w.mu.Unlock()
	log := w.log
	w.log = nil
	return log
}

// names is a resolver with fixed answers: the first for the first query of a
// kind, and so on, the last one for all further ones.
type names struct {
	mu      sync.Mutex
	answers map[string][][]string
	asked   map[dnsmessage.Question]int
}

func (n *names) resolver() *net.Resolver {
	n.asked = map[dnsmessage.Question]int{}
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			defer far.Close()
			for n.answer(far) == nil {
			}
		}()
		return near, nil
	}}
}

// answer reads one query, in the form that DNS has over TCP, and answers it.
func (n *names) answer(c net.Conn) error {
	var size uint16
	if err := binary.Read(c, binary.BigEndian, &size); err != nil {
		return err
	}
	query := make([]byte, size)
	if _, err := io.ReadFull(c, query); err != nil {
		return err
	}
	var p dnsmessage.Parser
	head, err := p.Start(query)
	if err != nil {
		return err
	}
	q, err := p.Question()
	if err != nil {
		return err
	}
	n.mu.Lock()
	var records []string
	rounds, known := n.answers[q.Name.String()]
	if known {
		records = rounds[min(n.asked[q], len(rounds)-1)]
	}
	n.asked[q]++
	n.mu.Unlock()
	m := dnsmessage.Message{Header: dnsmessage.Header{ID: head.ID, Response: true, RecursionAvailable: true}, Questions: []dnsmessage.Question{q}}
	if !known {
		m.RCode = dnsmessage.RCodeNameError
	}
	for _, r := range records {
		a := netip.MustParseAddr(r)
		h := dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET}
		switch {
		case a.Is4() && q.Type == dnsmessage.TypeA:
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.AResource{A: a.As4()}})
		case a.Is6() && q.Type == dnsmessage.TypeAAAA:
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}})
		}
	}
	out, err := m.Pack()
	if err != nil {
		return err
	}
	_, err = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(out))), out...))
	return err
}

// wants fails the test unless an error wraps want and has a text without any of
// the secrets that tests put into URLs, headers and bodies.
func wants(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got the error %v, want one that is %q", err, want)
	}
	var e *Error
	if want != nil && !errors.As(err, &e) {
		t.Errorf("%T is no *Error", err)
	}
	if want != nil && bytes.Contains([]byte(err.Error()), []byte("hush")) {
		t.Errorf("the error repeats a secret: %v", err)
	}
}
