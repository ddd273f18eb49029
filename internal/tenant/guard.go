package tenant

import (
	"crypto/subtle"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Limits on requests.
const (
	headerTime = 10 * time.Second // until all headers of a request are there
	bodyTime   = 20 * time.Second // and then its body
	maxHeader  = 64 << 10
	maxForm    = 2 << 20
)

// policy is the content security policy of the page: its own script and style,
// requests to where it came from, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// ServeHTTP answers a request by the host and the path that it asks for.
//
// A name that resolves to this machine is not enough to get in, as it is in the
// hands of whoever owns it: only the names of the listening address lead to the
// page, and that of the tunnel to webhooks and OAuth.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy)
	desk, public := s.isDesk(r.Host), s.isPublic(r.Host)
	rest, outside := strings.CutPrefix(r.URL.Path, "/miniapps/")
	switch {
	case !desk && !public:
		http.Error(w, "This server does not answer for that host. Behind a tunnel, start it with --public-url.", http.StatusMisdirectedRequest)
	case outside && rest != "":
		s.outside.ServeHTTP(w, r)
	case !desk || forwarded(r.Header):
		http.Error(w, "Only webhooks and OAuth can be reached from outside.", http.StatusForbidden)
	case r.URL.Path == "/favicon.ico":
		w.WriteHeader(http.StatusNoContent)
	default:
		s.guarded(w, r)
	}
}

// guarded answers those who know the token.
func (s *Server) guarded(w http.ResponseWriter, r *http.Request) {
	token, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if subtle.ConstantTimeCompare([]byte(token), []byte(s.token)) != 1 {
		http.Error(w, "Open the address that miniapp serve printed: it has a token that this one lacks.", http.StatusForbidden)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		site := r.Header.Get("Sec-Fetch-Site")
		if r.Header.Get("Origin") != s.o.Desk.Scheme+"://"+r.Host || site != "" && site != "same-origin" {
			http.Error(w, "Only the page itself can ask for this.", http.StatusForbidden)
			return
		}
	}
	r.URL.Path = strings.TrimPrefix(r.URL.Path, "/"+s.token)
	r.URL.RawPath = ""
	w.Header().Set("Cross-Origin-Opener-Policy", "same-origin-allow-popups")
	s.desk.ServeHTTP(w, r)
}

// isDesk reports whether a Host header names the address that is listened at.
func (s *Server) isDesk(host string) bool {
	if strings.EqualFold(host, s.o.Desk.Host) {
		return true
	}
	name, port, err := net.SplitHostPort(host)
	return err == nil && strings.EqualFold(name, "localhost") && port == s.o.Desk.Port()
}

// isPublic reports whether a Host header names the tunnel.
func (s *Server) isPublic(host string) bool {
	return s.o.Public != nil && strings.EqualFold(withoutDefault(host, s.o.Public.Scheme), withoutDefault(s.o.Public.Host, s.o.Public.Scheme))
}

// withoutDefault takes the port away that a scheme has by itself.
func withoutDefault(host, scheme string) string {
	return strings.TrimSuffix(host, map[string]string{"https": ":443", "http": ":80"}[scheme])
}

// forwarded reports whether a request came through a proxy, and so perhaps from
// outside, although it names the desk's host: some tunnels rewrite it.
func forwarded(h http.Header) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Cf-Connecting-Ip", "Via"} {
		if h.Get(name) != "" {
			return true
		}
	}
	return false
}

// within bounds the time that reading the body of a request may take.
func (s *Server) within(w http.ResponseWriter, read func() error) error {
	c := http.NewResponseController(w)
	// A deadline long ago ends a read that is going on. Tests record answers
	// without a connection, which have no deadlines.
	stop := time.AfterFunc(s.bodyTime, func() { _ = c.SetReadDeadline(time.Unix(1, 0)) })
	defer stop.Stop()
	return read()
}

// form reads the fields that the page sent.
func (s *Server) form(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := s.within(w, r.ParseForm); err != nil {
		return nil, err
	}
	return r.PostForm, nil
}
