package outbound

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"

	"github.com/karzoun/miniapp-review/internal/ipspace"
)

// leg is a request on its way, which redirects change.
type leg struct {
	method string
	url    *url.URL
	header http.Header
	body   []byte
	// foreign says that another origin was on the way, and that no header of the
	// request is sent any more.
	foreign bool
	// public says that a public address has answered, so that no local one may
	// follow.
	public    bool
	redirects int
}

// follow makes a request and those that it is redirected to.
func (c *Client) follow(ctx context.Context, r Request) (Response, error) {
	u, err := target(r.URL, c.o.AllowLocal)
	if err != nil {
		return Response{}, err
	}
	l := &leg{method: r.Method, url: u, body: r.Body}
	if l.header, err = r.check(); err != nil {
		return Response{}, l.at(err)
	}
	for {
		resp, err := c.send(ctx, l)
		if err != nil {
			return Response{}, l.at(err)
		}
		location := resp.Header.Get("Location")
		if !redirects(resp.StatusCode) || location == "" {
			out := Response{Status: resp.StatusCode, Header: resp.Header, Redirects: l.redirects, Elsewhere: l.foreign}
			out.Body, err = decode(resp, c.o.MaxBody)
			if err == nil {
				// Where a body ends with its connection, hanging up at the time limit
				// can look like its end.
				err = ctx.Err()
			}
			if err != nil {
				err = l.at(err)
				if !errors.Is(err, ErrTooLarge) {
					out = Response{}
				}
			}
			return out, err
		}
		// What a redirect says beside its target is not read.
		resp.Body.Close()
		if err := c.redirect(l, resp.StatusCode, location); err != nil {
			return Response{}, err
		}
	}
}

// at adds the place to an error.
func (l *leg) at(err error) error {
	return &place{host: shown(l.url), redirects: l.redirects, err: err}
}

// send makes one request of an exchange.
func (c *Client) send(ctx context.Context, l *leg) (*http.Response, error) {
	var reached ipspace.Kind
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		a, err := netip.ParseAddrPort(i.Conn.RemoteAddr().String())
		if err == nil {
			reached, _ = ipspace.Of(a.Addr())
		}
	}})
	req, err := http.NewRequestWithContext(ctx, l.method, l.url.String(), bytes.NewReader(l.body))
	if err != nil {
		return nil, fail(ErrInvalid, "the URL cannot be read")
	}
	req.Header = l.header.Clone()
	req.Header.Set("Accept-Encoding", "gzip") // all that decode reads, whatever the request has
	if _, set := req.Header["User-Agent"]; !set {
		req.Header.Set("User-Agent", c.o.UserAgent)
	}
	t := c.public
	if c.o.AllowLocal && !l.public {
		if t = c.tls; l.url.Scheme == "http" {
			t = c.plain
		}
	}
	// Not http.Client: it would add a Referer, which repeats the query of the URL
	// before, and would keep headers of unknown names at other origins.
	resp, err := t.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode < 200 {
		resp.Body.Close()
		return nil, fail(ErrFailed, "it answers with another protocol than HTTP")
	}
	if reached == ipspace.Public {
		l.public = true
	}
	return resp, nil
}

func redirects(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// redirect turns a leg into the one that an answer asks for.
func (c *Client) redirect(l *leg, status int, location string) error {
	if l.redirects >= c.o.MaxRedirects {
		return l.at(fail(ErrRefused, "it redirects, and at most %d redirects are followed: use the final URL", max(0, c.o.MaxRedirects)))
	}
	there, err := l.url.Parse(location)
	if err != nil {
		return l.at(fail(ErrFailed, "it redirects to a URL that cannot be read"))
	}
	next, err := target(there.String(), c.o.AllowLocal && !l.public)
	if err == nil && l.url.Scheme == "https" && next.Scheme != "https" {
		err = fail(ErrRefused, "https redirects to http, which is not encrypted")
	}
	if err != nil {
		return &place{host: shown(there), redirects: l.redirects + 1, err: err}
	}
	if status == http.StatusSeeOther || l.method == http.MethodPost && (status == http.StatusMovedPermanently || status == http.StatusFound) {
		l.method, l.body = http.MethodGet, nil
		for name := range l.header {
			if contentHeader(name) {
				l.header.Del(name)
			}
		}
	}
	if origin(next) != origin(l.url) {
		if l.method != http.MethodGet || len(l.body) > 0 {
			return l.at(fail(ErrRefused, "it redirects a %s to another origin, which would get what the request carries: use the final URL", l.method))
		}
		l.header, l.foreign = http.Header{}, true
	}
	l.url = next
	l.redirects++
	return nil
}

// contentHeader reports whether a header describes a body.
func contentHeader(name string) bool {
	switch name {
	case "Content-Type", "Content-Encoding", "Content-Language", "Content-Location":
		return true
	}
	return false
}
