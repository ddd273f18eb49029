package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
)

// Why a request has no answer; see Error.
var (
	// ErrRefused: the rules do not let the request go where it wants to.
	ErrRefused = errors.New("refused")
	// ErrInvalid: the request is not one that can be sent.
	ErrInvalid = errors.New("not a request that can be sent")
	// ErrFailed: there was no answer, or none that is HTTP.
	ErrFailed = errors.New("no answer")
	// ErrTooLarge: the answer is larger than the limit.
	ErrTooLarge = errors.New("the answer is too large")
	// ErrTimeout: the exchange took longer than the limit.
	ErrTimeout = errors.New("timed out")
)

// Error says why a request has no answer. Its text names the host and nothing
// else of the request or the answer, since both can hold credentials.
type Error struct {
	// Why is one of the errors of this package, or context.Canceled or
	// context.DeadlineExceeded when the caller's context has ended.
	Why error
	// Host is the host at fault, with its port when the URL has one; "" when
	// the URL could not be read, or when the fault is not about a host.
	Host string
	// Redirects is how many redirects had led there.
	Redirects int
	// Local says that the request was refused because it goes to a local address,
	// and that Options.AllowLocal could let it.
	Local bool
	// Text says what is wrong, and what to do.
	Text string
}

// Error implements error.
func (e *Error) Error() string {
	text := e.Text
	if e.Redirects > 0 {
		text = "after a redirect: " + text
	}
	if e.Host != "" {
		text = fmt.Sprintf("host %q: %s", e.Host, text)
	}
	return text
}

// Unwrap returns Why.
func (e *Error) Unwrap() error { return e.Why }

func fail(why error, format string, args ...any) *Error {
	return &Error{Why: why, Text: fmt.Sprintf(format, args...)}
}

// explain puts what an exchange ended with into our own words. The texts of
// net/http are not repeated: some quote the answer, which may quote the request.
func explain(caller, limited context.Context, err error) error {
	var e *Error
	if !errors.As(err, &e) {
		e = fail(ErrFailed, "%s", reason(err))
	}
	// A copy, since errors of a dial that several requests wait for are shared.
	out := *e
	var at *place
	if errors.As(err, &at) {
		out.Host, out.Redirects = at.host, at.redirects
	}
	out.Local = out.Local && out.Redirects == 0
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.Is(out.Why, ErrRefused) || errors.Is(out.Why, ErrInvalid) || errors.Is(out.Why, ErrTooLarge):
	case caller.Err() != nil:
		out.Why, out.Text = caller.Err(), "stopped before there was an answer"
	case limited.Err() != nil || errors.As(err, &timeout) && timeout.Timeout() && !errors.As(err, &dns):
		out.Why, out.Text = ErrTimeout, "the answer was not complete within the time limit"
	case strings.Contains(err.Error(), "response headers exceeded"): // net/http has no error value for it
		out.Why, out.Text = ErrTooLarge, fmt.Sprintf("the headers of the answer have more than %d KiB", maxHeader>>10)
	}
	return &out
}

// place says where an exchange failed.
type place struct {
	host      string
	redirects int
	err       error
}

func (p *place) Error() string { return p.err.Error() }
func (p *place) Unwrap() error { return p.err }

// reason says in fixed words what is wrong with a connection.
func reason(err error) string {
	var (
		dns      *net.DNSError
		unknown  x509.UnknownAuthorityError
		name     x509.HostnameError
		invalid  x509.CertificateInvalidError
		verify   *tls.CertificateVerificationError
		notTLS   tls.RecordHeaderError
		received *net.OpError
	)
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "there is no such host: check its spelling"
	case errors.As(err, &dns):
		return "the name could not be looked up: check the connection, and try again"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "it refuses connections on this port"
	case errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EHOSTUNREACH):
		return "there is no route to it"
	case errors.As(err, &name):
		return "its certificate is for another name"
	case errors.As(err, &unknown):
		return "its certificate is from an authority that is not known here"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate has expired or is not valid yet"
	case errors.As(err, &invalid) || errors.As(err, &verify):
		return "its certificate is not valid"
	case errors.As(err, &notTLS) || errors.Is(err, http.ErrSchemeMismatch):
		return "it does not speak HTTPS on this port"
	case errors.As(err, &received) && received.Op == "remote error":
		return "it broke off the TLS handshake"
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE):
		return "the connection ended before the answer did"
	}
	return "the answer is not HTTP that can be read, or the connection broke"
}
