package tenant

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/sandbox"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// app is one MiniApp on the desk.
type app struct {
	Source
	server *Server

	mu  sync.Mutex
	now *loaded
}

// loaded is a MiniApp as its files are.
type loaded struct {
	files *submission.Package
	// machine is nil when the definition cannot be used; problem says why.
	machine *sandbox.Machine
	release func()
	ns      string
	problem string

	checking sync.Mutex
	checked  bool
	findings []finding.Finding
	failed   string // why it could not be checked
}

// isNS is what a namespace looks like. It becomes a part of addresses and the
// name of a file.
var isNS = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

const maxNS = 64

// load returns the MiniApp as its files are now.
func (a *app) load() (*loaded, error) {
	files, err := a.Load()
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", a.Shown, err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.now != nil && a.now.files.Same(files) {
		return a.now, nil
	}
	next := &loaded{files: files}
	switch def := files.Definition; {
	case def == nil:
		next.problem = "The definition cannot be read."
	case !isNS.MatchString(def.NS.Text()) || len(def.NS.Text()) > maxNS:
		next.problem = "The definition has no usable \"ns\", so there is no address for its webhooks."
	default:
		next.ns = def.NS.Text()
		next.machine, next.release = a.server.o.Machine(def, a.server.platform)
	}
	if a.now != nil && a.now.release != nil {
		a.now.release()
	}
	a.now = next
	return next, nil
}

// check finds out what miniapp check says, once for the same files.
func (l *loaded) check(ctx context.Context, with func(context.Context) ([]finding.Finding, error)) {
	l.checking.Lock()
	defer l.checking.Unlock()
	if l.checked || with == nil {
		return
	}
	found, err := with(ctx)
	if err != nil {
		l.failed = err.Error()
		return
	}
	l.findings, l.checked, l.failed = found, true, ""
}

func (l *loaded) definition() *definition.Definition {
	if l.machine == nil {
		return nil
	}
	return l.machine.Definition
}

// field returns a top-level text of the definition.
func (l *loaded) field(name string) string {
	if d := l.files.Definition; d != nil {
		return d.Field(name).Text()
	}
	return ""
}

// sample is a sample delivery of the package.
type sample struct {
	Name, Event string
	sample      definition.Sample
}

// samples returns the sample deliveries that can be read.
func (l *loaded) samples() []sample {
	var list []sample
	for _, f := range l.files.Files {
		if !isSample(f.Name) || f.JSON == nil || !f.JSON.Root.Is(jsondoc.Object) {
			continue
		}
		s := definition.NewSample(f.JSON.Root)
		list = append(list, sample{Name: f.Name, Event: s.Event.Text(), sample: s})
	}
	return list
}

// find returns the app whose definition has a namespace. Providers decide how
// often they ask: of apps that are known to have another one, nothing is read.
func (s *Server) find(ns string) (*app, *loaded) {
	for _, a := range s.apps {
		a.mu.Lock()
		other := a.now != nil && a.now.ns != ns
		a.mu.Unlock()
		if other {
			continue
		}
		if l, err := a.load(); err == nil && l.machine != nil && l.ns == ns {
			if s.shared(l) {
				return nil, nil
			}
			return a, l
		}
	}
	return nil, nil
}

// shared reports whether another MiniApp has the same namespace.
func (s *Server) shared(l *loaded) bool {
	n := 0
	for _, a := range s.apps {
		a.mu.Lock()
		now := a.now
		a.mu.Unlock()
		if now == nil {
			now, _ = a.load()
		}
		if now != nil && now.machine != nil && now.ns == l.ns {
			n++
		}
	}
	return n > 1
}

// errShared says that an install cannot be told to be of one MiniApp.
var errShared = errors.New("another folder has the same \"ns\", and one would get the credentials of the other: leave one of them out")

// install returns the state of a MiniApp whose namespace is its own.
func (s *Server) install(l *loaded) (*tenant, error) {
	if s.shared(l) {
		return nil, errShared
	}
	return s.tenant(l.ns)
}

// elsewhere says why the install is not used with a definition: it was made when
// requests went to other hosts, and would send them its credentials now. The
// files may be those of somebody else since then.
func (t *tenant) elsewhere(l *loaded) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.install.Connected { // nothing typed or given is kept then
		return nil
	}
	there := l.machine.Elsewhere(t.install)
	if len(there) == 0 {
		return nil
	}
	var hosts []string
	for _, h := range there {
		if !strings.HasPrefix(h, "sha256:") {
			hosts = append(hosts, strconv.Quote(cut(h, 100)))
		}
	}
	const most = 5
	switch {
	case len(hosts) == 0:
		return errors.New("the definition has changed since this was connected, and with it what fills the hosts of its requests: disconnect, and connect again if they may have the credentials")
	case len(hosts) > most:
		hosts = append(hosts[:most], "…")
	}
	return fmt.Errorf("the definition has requests to %s, and had none when this was connected: disconnect, and connect again if they may have the credentials", strings.Join(hosts, ", "))
}
