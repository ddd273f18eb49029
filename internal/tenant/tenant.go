// Package tenant is a tenant of the platform in one process: it serves a page on
// which MiniApps are installed and tried, and the two addresses at which a
// platform waits for providers, webhooks and OAuth.
//
// Everything that it shows was written by strangers: definitions, the answers of
// providers, deliveries. The page runs no script and loads no picture of theirs,
// and a content security policy stands behind that. Whoever wants to act on the
// page needs the token in its address, which no other page and no other user of
// the machine knows.
package tenant

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/sandbox"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// Source is where one MiniApp comes from.
type Source struct {
	// Name is the name of its folder, and Shown how its definition is called for
	// people, such as "definitions/acme/miniapp.json".
	Name, Shown string
	// Load reads the folder as it is now.
	Load func() (*submission.Package, error)
	// Check returns what "miniapp check" finds in it.
	Check func(context.Context) ([]finding.Finding, error)
}

// Options are what a server needs.
type Options struct {
	Sources []Source
	// Machine makes what runs a definition, for this platform. The second result
	// is called when it is of no more use.
	Machine func(*definition.Definition, sandbox.Platform) (*sandbox.Machine, func())
	Store   *Store
	// Desk is the URL that the server listens at, without a path: the scheme http,
	// a loopback address and a port.
	Desk *url.URL
	// Public is the URL under which a tunnel leads to it from outside, or nil.
	// Nothing but webhooks and the way back of OAuth can be reached there.
	Public *url.URL
	// Practice says that providers are made up, so that nobody can sign in there.
	Practice bool
	// AllowLocal says that providers may be on this machine, with HTTP.
	AllowLocal bool
	// Now is the clock, and Random gives tokens and ids. Both are used by several
	// goroutines at a time.
	Now    func() time.Time
	Random io.Reader
}

// Server is the tenant. It is an http.Handler.
type Server struct {
	o         Options
	token     string
	apps      []*app
	platform  sandbox.Platform
	templates *template.Template
	desk      http.Handler // below the token
	outside   http.Handler // below /miniapps/
	slots     chan struct{}
	bodyTime  time.Duration

	mu      sync.Mutex
	tenants map[string]*tenant // by ns
	signIns map[string]*signIn // by cookie

	ending     context.Context // ends what streams are open
	endStreams context.CancelFunc
}

// maxDeliveries is how many deliveries are received at a time.
const maxDeliveries = 8

// New makes a server. It reads no definition yet.
func New(o Options) (*Server, error) {
	s := &Server{o: o, tenants: map[string]*tenant{}, signIns: map[string]*signIn{}, slots: make(chan struct{}, maxDeliveries), bodyTime: bodyTime}
	s.ending, s.endStreams = context.WithCancel(context.Background())
	base := o.Desk
	if o.Public != nil {
		base = o.Public
	}
	s.platform = sandbox.Platform{BaseURL: strings.TrimSuffix(base.String(), "/"), Subdomain: "tenant"}
	names := map[string]bool{}
	for _, src := range o.Sources {
		if names[src.Name] {
			return nil, fmt.Errorf("there are two folders named %q", src.Name)
		}
		names[src.Name] = true
		s.apps = append(s.apps, &app{Source: src, server: s})
	}
	var err error
	if s.token, err = s.random(); err != nil {
		return nil, err
	}
	if s.templates, err = parseTemplates(); err != nil {
		return nil, err
	}
	s.desk, s.outside = s.deskRoutes(), s.outsideRoutes()
	return s, nil
}

// StartURL is the address of the page, with the token that opens it.
func (s *Server) StartURL() string { return s.o.Desk.String() + s.home() }

func (s *Server) home() string { return "/" + s.token + "/" }

// WebhookURL is where providers deliver to; "{ns}" stands for the namespace.
func (s *Server) WebhookURL() string { return s.platform.WebhookURL("{ns}") }

// HTTPServer returns the server with its limits.
func (s *Server) HTTPServer() *http.Server {
	h := &http.Server{Handler: s, ReadHeaderTimeout: headerTime, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: maxHeader}
	h.RegisterOnShutdown(s.endStreams)
	return h
}

// Close gives back what the machines hold.
func (s *Server) Close() {
	s.endStreams()
	for _, a := range s.apps {
		a.mu.Lock()
		if a.now != nil && a.now.release != nil {
			a.now.release()
		}
		a.now = nil
		a.mu.Unlock()
	}
}

// random makes a secret of 128 bits.
func (s *Server) random() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(s.o.Random, b[:]); err != nil {
		return "", fmt.Errorf("making a random number: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}

// tenant returns the state of a namespace, which is read at the first time.
func (s *Server) tenant(ns string) (*tenant, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tenants[ns]; t != nil {
		return t, nil
	}
	install, err := s.o.Store.Load(ns)
	if err != nil {
		return nil, err
	}
	t := &tenant{ns: ns, server: s, running: make(chan struct{}, 1), changed: make(chan struct{})}
	if t.install = install; install == nil {
		if err := t.empty(); err != nil {
			return nil, err
		}
	}
	s.tenants[ns] = t
	return t, nil
}

// tenant is what is kept for one namespace.
type tenant struct {
	ns     string
	server *Server
	// running is held by what asks the provider: of one install one run after the
	// other, since two would renew a token twice. Deliveries do not wait for it.
	running chan struct{}

	mu      sync.Mutex
	install *sandbox.Install
	saved   []byte // the install as it needs not be written again
	// age counts the installs: what was begun for an older one changes nothing.
	age int
	// state counts the changes of the connection, for pages that show it.
	state   int
	connect *runView // the last one
	log     []*delivered
	number  int           // of the last delivery
	changed chan struct{} // closed at each change
}

// empty makes a new install. The caller holds the lock, or is the only one.
func (t *tenant) empty() error {
	uid, err := t.server.random()
	if err != nil {
		return err
	}
	t.install = sandbox.NewInstall(uid)
	t.saved, err = t.install.Encode() // nothing that would have to be written down
	return err
}

// tell wakes up who waits for changes. The caller holds the lock.
func (t *tenant) tell() {
	close(t.changed)
	t.changed = make(chan struct{})
}

// errForgotten says that the install has gone while something ran for it.
var errForgotten = errors.New("the MiniApp was disconnected or connected again meanwhile, so nothing was kept")

// run runs something that may ask the provider, on a copy of the install. What
// it changes there is kept and written down. It waits while another one runs.
func (t *tenant) run(ctx context.Context, do func(*sandbox.Install)) error {
	select {
	case t.running <- struct{}{}:
		defer func() { <-t.running }()
	case <-ctx.Done():
		return ctx.Err()
	}
	t.mu.Lock()
	work, age := t.install.Clone(), t.age
	t.mu.Unlock()
	do(work)
	t.mu.Lock()
	defer t.mu.Unlock()
	if age != t.age {
		return errForgotten
	}
	return t.keep(work)
}

// keep takes a new state of the install over. The caller holds the lock.
func (t *tenant) keep(install *sandbox.Install) error {
	t.install = install
	data, err := install.Encode()
	if err != nil || bytes.Equal(data, t.saved) {
		return err
	}
	if err := t.server.o.Store.Save(t.ns, data); err != nil {
		return err
	}
	t.saved = data
	return nil
}

// forget ends the install.
func (t *tenant) forget() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.empty(); err != nil {
		return err
	}
	t.age++
	t.state++
	t.connect = nil
	t.tell()
	return t.server.o.Store.Forget(t.ns)
}
