package outbound

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func zipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

// endless writes until the client hangs up.
func endless(w io.Writer, b []byte) {
	for {
		if _, err := w.Write(b); err != nil {
			return
		}
	}
}

func TestAttack23Bodies(t *testing.T) {
	const limit = 64 << 10
	full := bytes.Repeat([]byte("0123456789abcdef"), limit/16)
	for _, test := range []struct {
		name     string
		encoding string
		serve    func(http.ResponseWriter)
		want     []byte
		err      error
	}{
		{"plain", "", func(rw http.ResponseWriter) { rw.Write(full) }, full, nil},
		{"one byte too many", "", func(rw http.ResponseWriter) { rw.Write(full); rw.Write([]byte{1}) }, full, ErrTooLarge},
		{"a length that says too much", "", func(rw http.ResponseWriter) {
			rw.Header().Set("Content-Length", "1000000000000")
			endless(rw, full)
		}, full, ErrTooLarge},
		{"endless", "", func(rw http.ResponseWriter) { endless(rw, full) }, full, ErrTooLarge},
		{"identity", "identity", func(rw http.ResponseWriter) { rw.Write(full) }, full, nil},
		{"gzip", "gzip", func(rw http.ResponseWriter) { rw.Write(zipped(full)) }, full, nil},
		{"gzip by its old name", "X-GZIP", func(rw http.ResponseWriter) { rw.Write(zipped(full)) }, full, nil},
		{"two members", "gzip", func(rw http.ResponseWriter) { rw.Write(zipped([]byte("a"))); rw.Write(zipped([]byte("b"))) }, []byte("ab"), nil},
		{"one byte too many in gzip", "gzip", func(rw http.ResponseWriter) { rw.Write(zipped(append(full[:limit:limit], 1))) }, full, ErrTooLarge},
		{"a bomb", "gzip", func(rw http.ResponseWriter) {
			z := gzip.NewWriter(rw)
			endless(z, make([]byte, 1<<20))
		}, make([]byte, limit), ErrTooLarge},
		{"endless empty members", "gzip", func(rw http.ResponseWriter) { endless(rw, bytes.Repeat(zipped(nil), 1000)) }, nil, ErrTooLarge},
		{"an empty body", "gzip", func(rw http.ResponseWriter) {}, nil, nil},
		{"no content", "gzip", func(rw http.ResponseWriter) { rw.WriteHeader(204) }, nil, nil},
		{"not gzip", "gzip", func(rw http.ResponseWriter) { rw.Write(full) }, nil, ErrFailed},
		{"damaged", "gzip", func(rw http.ResponseWriter) { z := zipped(full); z[len(z)-5] ^= 1; rw.Write(z) }, nil, ErrFailed},
		{"damaged inside", "gzip", func(rw http.ResponseWriter) { z := zipped(full); z[10] = 0xff; rw.Write(z) }, nil, ErrFailed},
		{"cut", "gzip", func(rw http.ResponseWriter) { z := zipped(full); rw.Write(z[:len(z)/2]) }, nil, ErrFailed},
		{"gzip in gzip", "gzip, gzip", func(rw http.ResponseWriter) { rw.Write(zipped(zipped(full))) }, nil, ErrFailed},
		{"another encoding", "br", func(rw http.ResponseWriter) { rw.Write(full) }, nil, ErrFailed},
		{"a broken connection", "", func(rw http.ResponseWriter) {
			rw.Header().Set("Content-Length", "100")
			rw.Write(full[:50])
			panic(http.ErrAbortHandler)
		}, nil, ErrFailed},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.host("api.acme.example", "1.1.1.1", func(rw http.ResponseWriter, r *http.Request) {
				if test.encoding != "" {
					rw.Header().Set("Content-Encoding", test.encoding)
				}
				rw.Header().Set("X-Kept", "yes")
				test.serve(rw)
			})
			resp, err := w.client(Options{MaxBody: limit}).Do(context.Background(), get("https://api.acme.example/?hush"))
			wants(t, err, test.err)
			if !bytes.Equal(resp.Body, test.want) {
				t.Errorf("got %d bytes, want %d", len(resp.Body), len(test.want))
			}
			if err == nil || test.err == ErrTooLarge {
				if resp.Header.Get("X-Kept") != "yes" || resp.Status == 0 {
					t.Errorf("status %d, headers %v", resp.Status, resp.Header)
				}
			} else if resp.Status != 0 || resp.Header != nil {
				t.Errorf("status %d, headers %v beside an error", resp.Status, resp.Header)
			}
			if strings.HasSuffix(strings.ToLower(test.encoding), "gzip") && resp.Header.Get("Content-Encoding") != "" {
				t.Errorf("the body is decompressed, and the headers say %q", resp.Header.Get("Content-Encoding"))
			}
		})
	}
}

// counted counts what is read of an endless body.
type counted int64

func (c *counted) Read(p []byte) (int, error) { *c += counted(len(p)); return len(p), nil }
func (c *counted) Close() error               { return nil }

func TestNothingIsReadBeyondTheLimit(t *testing.T) {
	var body counted
	got, err := decode(&http.Response{Body: &body}, 1000)
	wants(t, err, ErrTooLarge)
	if len(got) != 1000 || body > 1001 {
		t.Errorf("%d bytes were read for %d", body, len(got))
	}
}

func TestDefaultLimit(t *testing.T) {
	w := newWorld(t)
	w.host("api.acme.example", "1.1.1.1", func(rw http.ResponseWriter, r *http.Request) { endless(rw, make([]byte, 1<<20)) })
	resp, err := w.client(Options{}).Do(context.Background(), get("https://api.acme.example/"))
	wants(t, err, ErrTooLarge)
	if len(resp.Body) != 8<<20 {
		t.Errorf("got %d bytes, want 8 MiB", len(resp.Body))
	}
}

// tlsServe returns a raw server that has shaken hands and read the request.
func (w *world) tlsServe(answer func(c net.Conn, request []byte)) func(net.Conn) {
	return func(raw net.Conn) {
		c := tls.Server(raw, &tls.Config{Certificates: []tls.Certificate{w.cert}})
		b := make([]byte, 64<<10)
		n, err := c.Read(b)
		if err != nil {
			return
		}
		answer(c, b[:n])
	}
}

// hang waits until the other side closes the connection.
func hang(c net.Conn) { io.Copy(io.Discard, c) }

// TestAttack23Time has servers that never come to an end, each in another place.
func TestAttack23Time(t *testing.T) {
	for name, serve := range map[string]func(w *world) func(net.Conn){
		"in the handshake":   func(w *world) func(net.Conn) { return hang },
		"before the headers": func(w *world) func(net.Conn) { return w.tlsServe(func(c net.Conn, _ []byte) { hang(c) }) },
		"within the headers": func(w *world) func(net.Conn) {
			return w.tlsServe(func(c net.Conn, _ []byte) { fmt.Fprint(c, "HTTP/1.1 200 OK\r\nX-A: "); hang(c) })
		},
		"within the body": func(w *world) func(net.Conn) {
			return w.tlsServe(func(c net.Conn, _ []byte) { fmt.Fprint(c, "HTTP/1.1 200 OK\r\n\r\nbegin"); hang(c) })
		},
		"one byte at a time": func(w *world) func(net.Conn) {
			return w.tlsServe(func(c net.Conn, _ []byte) {
				fmt.Fprint(c, "HTTP/1.1 200 OK\r\n\r\n")
				for {
					if _, err := c.Write([]byte{'a'}); err != nil {
						return
					}
					time.Sleep(time.Millisecond)
				}
			})
		},
		"within the members of gzip": func(w *world) func(net.Conn) {
			return w.tlsServe(func(c net.Conn, _ []byte) {
				fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
				c.Write(zipped([]byte("a"))[:15])
				hang(c)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.raw("api.acme.example", "1.1.1.1", serve(w))
			request := Request{Method: "POST", URL: "https://api.acme.example/?hush", Body: []byte("hush")}
			resp, err := w.client(Options{Timeout: 200 * time.Millisecond}).Do(context.Background(), request)
			wants(t, err, ErrTimeout)
			if resp.Status != 0 || resp.Body != nil {
				t.Errorf("got %d, %q", resp.Status, resp.Body)
			}
			hurried := request
			hurried.Timeout = 50 * time.Millisecond
			_, err = w.client(Options{}).Do(context.Background(), hurried)
			wants(t, err, ErrTimeout)
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(50*time.Millisecond, cancel)
			_, err = w.client(Options{}).Do(ctx, request)
			wants(t, err, context.Canceled)
			ctx, cancel = context.WithTimeout(context.Background(), 50*time.Millisecond)
			defer cancel()
			_, err = w.client(Options{}).Do(ctx, request)
			wants(t, err, context.DeadlineExceeded)
		})
	}
}

// TestAttack23TimeOfAllHops has redirects that are each fast enough.
func TestAttack23TimeOfAllHops(t *testing.T) {
	w := newWorld(t)
	w.host("api.acme.example", "1.1.1.1", func(rw http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(150 * time.Millisecond):
		case <-r.Context().Done():
		}
		http.Redirect(rw, r, "/"+strings.Repeat("a", len(r.URL.Path)), http.StatusFound)
	})
	_, err := w.client(Options{Timeout: 250 * time.Millisecond}).Do(context.Background(), get("https://api.acme.example/"))
	wants(t, err, ErrTimeout)
}

func TestAttack23Headers(t *testing.T) {
	for name, test := range map[string]struct {
		answer func(c net.Conn)
		want   error
	}{
		"one large header": {func(c net.Conn) { fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nX-A: %s\r\n\r\n", strings.Repeat("a", maxHeader)) }, ErrTooLarge},
		"endless headers":  {func(c net.Conn) { fmt.Fprint(c, "HTTP/1.1 200 OK\r\n"); endless(c, []byte("X-A: b\r\n")) }, ErrTooLarge},
		"endless interim":  {func(c net.Conn) { endless(c, []byte("HTTP/1.1 103 Early Hints\r\nX-A: b\r\n\r\n")) }, ErrTooLarge},
		"large, but enough": {func(c net.Conn) {
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nX-A: %s\r\n\r\n", strings.Repeat("a", maxHeader/2))
		}, nil},
		"another protocol": {func(c net.Conn) {
			fmt.Fprint(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
			hang(c)
		}, ErrFailed},
		"HTTP/2": {func(c net.Conn) { c.Write([]byte("\x00\x00\x00\x04\x00\x00\x00\x00\x00")) }, ErrFailed},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.raw("api.acme.example", "1.1.1.1", w.tlsServe(func(c net.Conn, _ []byte) { test.answer(c) }))
			_, err := w.client(Options{}).Do(context.Background(), get("https://api.acme.example/?hush"))
			wants(t, err, test.want)
		})
	}
}

// TestFailures holds what errors say of a broken exchange; wants looks for the
// secrets, which one of the servers sends back where HTTP/1.1 has its status.
func TestFailures(t *testing.T) {
	w := newWorld(t)
	w.raw("api.acme.example", "1.1.1.1", w.tlsServe(func(c net.Conn, request []byte) { c.Write(request) }))
	w.raw("cdn.other.example", "1.0.0.1", w.tlsServe(func(c net.Conn, request []byte) {
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\n%s", bytes.ReplaceAll(request, []byte(":"), nil))
	}))
	w.raw("local.acme.example", "1.0.0.2", w.tlsServe(func(net.Conn, []byte) {}))
	w.raw("plain.acme.example", "1.0.0.3", func(c net.Conn) { fmt.Fprint(c, "HTTP/1.1 200 OK\r\n\r\nhush") })
	w.host("misnamed.acme.example", "1.0.0.4", redirector)
	w.hosts["closed.acme.example"] = claimed{w.hosts["api.acme.example"].addr, "127.0.0.1:1"}
	for host, says := range map[string]string{
		"api.acme.example":      "the answer is not HTTP that can be read",
		"cdn.other.example":     "the answer is not HTTP that can be read",
		"local.acme.example":    "the connection ended before the answer did",
		"plain.acme.example":    "it does not speak HTTPS on this port",
		"misnamed.acme.example": "its certificate is for another name",
		"closed.acme.example":   "it refuses connections on this port",
		"nobody.acme.example":   "there is no such host",
	} {
		r := Request{Method: "POST", URL: "https://" + host + "/hush?token=hush", Header: []Header{{"Authorization", "Bearer hush"}, {"X-Key", "hush"}}, Body: []byte("hush")}
		_, err := w.client(Options{}).Do(context.Background(), r)
		wants(t, err, ErrFailed)
		if !strings.HasPrefix(err.Error(), fmt.Sprintf("host %q: %s", host, says)) {
			t.Errorf("%s: %v, want %q", host, err, says)
		}
	}
	c := newClient(Options{RootCAs: x509.NewCertPool()}, w.dial)
	if _, err := c.Do(context.Background(), get("https://api.acme.example/hush")); err == nil || !strings.Contains(err.Error(), "an authority that is not known") {
		t.Errorf("got %v, want a certificate of nobody", err)
	}
}

func TestRequests(t *testing.T) {
	w := newWorld(t)
	w.host("api.acme.example", "1.1.1.1", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Add("X-Two", "a")
		rw.Header().Add("X-Two", "b")
		rw.WriteHeader(http.StatusTeapot)
		fmt.Fprint(rw, "short and stout")
	})
	at := time.Unix(0, 0)
	c := w.client(Options{UserAgent: "miniapp/test", Now: func() time.Time { at = at.Add(time.Second); return at }})
	for _, method := range methods() {
		resp, err := c.Do(context.Background(), Request{Method: method, URL: "https://api.acme.example/a%2Fb?q=1&r=%20#fragment", Header: []Header{{"x-one", "1"}, {"X-One", "2"}, {"X-Empty", ""}}, Body: []byte("body")})
		if err != nil {
			t.Fatal(err)
		}
		if resp.Status != http.StatusTeapot || string(resp.Body) != "short and stout" || fmt.Sprint(resp.Header["X-Two"]) != "[a b]" || resp.Took != time.Second || resp.Redirects != 0 || resp.Elsewhere {
			t.Errorf("%s: got %+v", method, resp)
		}
		log := w.requests()
		if len(log) != 1 {
			t.Fatalf("%d requests arrived", len(log))
		}
		r := log[0]
		if r.proto != "HTTP/1.1" || r.method != method || r.uri != "/a%2Fb?q=1&r=%20" || r.body != "body" || fmt.Sprint(r.header) != "map[Accept-Encoding:[gzip] Content-Length:[4] User-Agent:[miniapp/test] X-Empty:[] X-One:[1 2]]" {
			t.Errorf("%s: %+v arrived", method, r)
		}
	}
	if _, err := c.Do(context.Background(), Request{Method: "POST", URL: "https://api.acme.example"}); err != nil {
		t.Error(err)
	} else if r := w.requests()[0]; r.header.Get("Content-Length") != "0" || r.uri != "/" {
		t.Errorf("an empty POST arrived as %+v", r)
	}
}

func TestRequestsThatAreNotSent(t *testing.T) {
	w := newWorld(t)
	w.host("api.acme.example", "1.1.1.1", redirector)
	c := w.client(Options{})
	with := func(name, value string) Request {
		return Request{Method: "GET", URL: "https://api.acme.example/?hush", Header: []Header{{"X-Fine", "hush"}, {name, value}}}
	}
	for _, test := range []struct {
		r    Request
		says string
	}{
		{Request{Method: "get", URL: "https://api.acme.example/"}, `the method "get" is none of GET, POST, PUT, PATCH, DELETE`},
		{Request{Method: "", URL: "https://api.acme.example/"}, `the method "" is none of`},
		{Request{Method: "CONNECT", URL: "https://api.acme.example/"}, `the method "CONNECT" is none of`},
		{Request{Method: "GET / HTTP/1.1\r\nX: y\r\n\r\nGET", URL: "https://api.acme.example/"}, `is none of`},
		{Request{Method: "POST", URL: "https://api.acme.example/", Body: make([]byte, maxRequestBody+1)}, "the body has 8388609 bytes, and at most 8 MiB are sent"},
		{with("X-Key", "hush\r\nX-Other: hush"), `the value of the header "X-Key" has a line break or another control character`},
		{with("X-Key", "hush\n"), `the value of the header "X-Key" has a line break`},
		{with("X-Key", "hush\r"), `the value of the header "X-Key" has a line break`},
		{with("X-Key", "hush\x00"), `the value of the header "X-Key" has a line break or another control`},
		{with("Authorization: Bearer hush", ""), "the name of header 2 is empty or has a character"},
		{with("X-Key\r\nhush", ""), "the name of header 2 is empty or has a character"},
		{with("X Key", "hush"), "the name of header 2"},
		{with("", "hush"), "the name of header 2"},
		{with("Ключ", "hush"), "the name of header 2"},
		{with("X-Key", strings.Repeat("hush", maxRequestHeader/4)), "the headers have more than 64 KiB"},
		{with("Host", "hush.example"), `the header "Host" follows from the URL: leave it out`},
		{with("hOST", "hush.example"), `the header "hOST" follows from the URL`},
		{with("Content-Length", "3"), `the header "Content-Length" is set by the client`},
		{with("Transfer-Encoding", "chunked"), `the header "Transfer-Encoding" is set by the client`},
		{with("Trailer", "X-Key"), `"Trailer" is set by the client`},
		{with("Expect", "100-continue"), `"Expect" is set by the client`},
		{with("Connection", "X-Key"), `the header "Connection" belongs to one connection`},
		{with("keep-alive", "1"), `"keep-alive" belongs to one connection`},
		{with("TE", "trailers"), `"TE" belongs to one connection`},
		{with("Upgrade", "h2c"), `"Upgrade" belongs to one connection`},
		{with("HTTP2-Settings", "hush"), `"HTTP2-Settings" belongs to one connection`},
		{with("Proxy-Authorization", "hush"), `"Proxy-Authorization" belongs to one connection`},
		{with("proxy-connection", "hush"), `"proxy-connection" belongs to one connection`},
	} {
		_, err := c.Do(context.Background(), test.r)
		wants(t, err, ErrInvalid)
		if !strings.HasPrefix(err.Error(), `host "api.acme.example": `) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("got %v, want %q", err, test.says)
		}
	}
	if len(w.dialed) > 0 {
		t.Errorf("connections to %q", w.dialed)
	}
}

// TestConcurrentUse sends requests at the same time; the race detector is what
// looks.
func TestConcurrentUse(t *testing.T) {
	w := newWorld(t)
	var served atomic.Int32
	w.host("api.acme.example", "1.1.1.1", func(rw http.ResponseWriter, r *http.Request) {
		served.Add(1)
		redirector(rw, r)
	})
	c := w.client(Options{})
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			path := fmt.Sprintf("/%d", i)
			resp, err := c.Do(context.Background(), get(moving("api.acme.example", 302, path)))
			if err != nil || string(resp.Body) != "arrived at "+path {
				t.Errorf("got %q, %v", resp.Body, err)
			}
		})
	}
	group.Wait()
	if served.Load() != 32 {
		t.Errorf("%d requests arrived, want 32", served.Load())
	}
}
