// Package outbound sends the requests of a definition to providers.
//
// The URL, the headers and the body of such a request are chosen by strangers,
// and so are the answer and whatever it redirects to. Meanwhile the request
// carries somebody's credentials, and leaves from a partner's desk or from a
// reviewer's job, whose networks are not the stranger's to see. Therefore
//
//   - requests go to public addresses only, over HTTPS and port 443, and the
//     address of each connection is judged when it is made: what a name
//     resolved to before proves nothing;
//   - nothing that the definition set is sent to another origin than the one that
//     it named;
//   - size and time of every exchange are bounded;
//   - errors name a host, and repeat nothing else of a request or an answer.
//
// Options.AllowLocal opens the first of these for a provider on the desk.
package outbound

import (
	"context"
	"crypto/x509"
	"net"
	"net/http"
	"time"
)

// Header is one header of a request.
type Header struct{ Name, Value string }

// Request is one request to a provider, ready to be sent: no placeholder is
// left in it.
type Request struct {
	// Method is one of those that definitions know: GET, POST, PUT, PATCH and
	// DELETE.
	Method string
	// URL is absolute. Its fragment is not sent.
	URL string
	// Header is sent as it is. Headers that frame the message or belong to one
	// connection, such as Host and Content-Length, are an error; Accept-Encoding
	// is replaced, since the client reads gzip and nothing else.
	Header []Header
	// Body is sent as it is, at most 8 MiB, and with any method.
	Body []byte
	// Timeout bounds this exchange where it is shorter than Options.Timeout; zero
	// leaves it at that.
	Timeout time.Duration
}

// Response is what came back.
type Response struct {
	Status int
	// Header is as received, at most 64 KiB, and without Content-Encoding and
	// Content-Length when the body was compressed.
	Header http.Header
	// Body is the decompressed body, whole unless there was an error.
	Body []byte
	// Took is the time of the whole exchange, redirects and body included; zero
	// without a clock.
	Took time.Duration
	// Redirects is how many redirects were followed.
	Redirects int
	// Elsewhere says that a redirect led to another origin, and that the answer
	// is to a request without the headers of this one.
	Elsewhere bool
}

// Options say what a client may do. The zero value is the strict one.
type Options struct {
	// AllowLocal lets requests go to loopback and private addresses too, over
	// HTTP or HTTPS and on any port. Public addresses are still reached over HTTPS
	// and port 443 only, and a public one cannot redirect to a local one.
	// Metadata services, and link-local and reserved networks, stay closed.
	AllowLocal bool
	// RootCAs are the authorities that certificates are held against; nil takes
	// the system's.
	RootCAs *x509.CertPool
	// Resolver looks up names; nil takes the system's.
	Resolver *net.Resolver
	// MaxBody is how many bytes of an answer's body are read, after
	// decompression; zero means 8 MiB, and more than 1 GiB means 1 GiB.
	MaxBody int64
	// Timeout bounds an exchange as a whole, from looking up the name to the
	// last byte of the body after the last redirect; zero means 30 seconds.
	Timeout time.Duration
	// MaxRedirects is how many redirects are followed; zero means 3, and with a
	// negative number each one is refused.
	MaxRedirects int
	// UserAgent is sent where the request has none; "" means "miniapp".
	UserAgent string
	// Now is the clock for Response.Took; without one it is zero.
	Now func() time.Time
}

// Limits that have no option.
const (
	maxRequestBody   = 8 << 20
	maxRequestHeader = 64 << 10
	maxURL           = 16 << 10
	maxHeader        = 64 << 10
)

// Client sends requests. It keeps connections, whose addresses were judged when
// they were made, and nothing else from one request to the next. It is safe for
// concurrent use.
type Client struct {
	o Options
	// public reaches what anybody may reach. tls and plain reach local addresses
	// too, and are nil unless the options allow it.
	public, tls, plain *http.Transport
}

// New returns a client. It opens no connection.
func New(o Options) *Client { return newClient(o, dialing) }

// newClient returns a client whose connections are made by what dial returns.
func newClient(o Options, dial func(Options, judge) dialFunc) *Client {
	if o.MaxBody <= 0 {
		o.MaxBody = 8 << 20
	}
	o.MaxBody = min(o.MaxBody, 1<<30)
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	if o.MaxRedirects == 0 {
		o.MaxRedirects = 3
	}
	if o.UserAgent == "" {
		o.UserAgent = "miniapp"
	}
	if o.Now == nil {
		o.Now = func() time.Time { return time.Time{} }
	}
	c := &Client{o: o, public: transport(o, dial(o, onlyPublic))}
	if o.AllowLocal {
		c.tls = transport(o, dial(o, publicOrLocal))
		c.plain = transport(o, dial(o, onlyLocal))
	}
	return c
}

// Close closes the connections that are kept for further requests. The client
// can still be used.
func (c *Client) Close() {
	for _, t := range []*http.Transport{c.public, c.tls, c.plain} {
		if t != nil {
			t.CloseIdleConnections()
		}
	}
}

// Do sends a request, follows redirects and reads the answer in full. Any status
// is an answer, and no error.
//
// Redirects are followed as browsers do: 303 turns every request into a GET
// without body, 301 and 302 only a POST, and 307 and 308 none. Each URL is
// checked anew, and never leads from HTTPS to HTTP. To another origin (scheme,
// host and port) only a GET without body goes on, and without any header of the
// request, whatever its name; it stays so after coming back. Anything else would
// carry a body somewhere that the definition does not name, and is refused.
//
// An error is a *Error and wraps one of ErrRefused, ErrInvalid, ErrFailed,
// ErrTooLarge and ErrTimeout, or the context's own error when that has ended.
// With ErrTooLarge for a body, the response has what was read up to the limit;
// with all others it is empty.
func (c *Client) Do(ctx context.Context, r Request) (Response, error) {
	start := c.o.Now()
	timeout := c.o.Timeout
	if r.Timeout > 0 {
		timeout = min(timeout, r.Timeout)
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	resp, err := c.follow(limited, r)
	if err != nil {
		err = explain(ctx, limited, err)
	}
	if resp.Status != 0 {
		resp.Took = c.o.Now().Sub(start)
	}
	return resp, err
}
