package tenant

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/karzoun/miniapp-review/internal/sandbox"
)

// maxLog is how many deliveries of a MiniApp are kept to be shown.
const maxLog = 100

// delivered is a delivery that was received.
type delivered struct {
	Number int
	At     string
	// Sample is the file that it was made of, or "" when a provider sent it.
	Sample string
	// Note is why a sample could not be signed, or "".
	Note string
	*sandbox.Delivered
	Run *runView
}

// Outcome says in a word what became of the delivery, and Fine whether that is
// what it should be.
func (d *delivered) Outcome() string {
	switch {
	case d.Challenge:
		return "challenge answered"
	case d.Failure != nil:
		return "refused"
	case d.Duplicate:
		return "duplicate"
	case d.Event == "":
		return "no event"
	case len(d.Triggers) == 0 && d.Handler == "":
		return "nothing waits for it"
	}
	return "accepted"
}

// Fine reports whether the delivery did what deliveries are for.
func (d *delivered) Fine() bool {
	o := d.Outcome()
	return o == "accepted" || o == "challenge answered"
}

// deliver receives a delivery for the install of a namespace.
func (t *tenant) deliver(l *loaded, in sandbox.Incoming, sample, note string) (sandbox.Answer, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := l.machine.Deliver(t.install, in)
	t.number++
	d := &delivered{Number: t.number, At: t.server.o.Now().Format(time.TimeOnly), Sample: sample, Note: note, Delivered: out, Run: newRunView(l, out.Run)}
	if t.log = append(t.log, d); len(t.log) > maxLog {
		t.log = t.log[1:]
	}
	t.tell()
	return out.Answer, t.keep(t.install)
}

// ofBrowser reports whether a page sent a request: any page that somebody on
// this machine looks at can, and could have true deliveries taken for
// repetitions. Providers send none of these headers.
func ofBrowser(h http.Header) bool { return h.Get("Origin") != "" || h.Get("Sec-Fetch-Site") != "" }

// webhook answers a delivery of a provider.
func (s *Server) webhook(w http.ResponseWriter, r *http.Request) {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		w.Header().Set("Retry-After", "1")
		http.Error(w, "Too many deliveries at a time.", http.StatusServiceUnavailable)
		return
	}
	if ofBrowser(r.Header) {
		http.Error(w, "A page of another site cannot deliver anything here.", http.StatusForbidden)
		return
	}
	a, l := s.find(r.PathValue("ns"))
	if a == nil {
		http.NotFound(w, r)
		return
	}
	t, err := s.tenant(l.ns)
	if err != nil {
		http.Error(w, "The install cannot be read.", http.StatusServiceUnavailable)
		return
	}
	in := sandbox.Incoming{Method: r.Method, Header: r.Header.Clone(), Query: r.URL.Query()}
	err = s.within(w, func() (err error) {
		// One byte more says that there would be more.
		in.Body, err = io.ReadAll(io.LimitReader(r.Body, sandbox.MaxDelivery+1))
		return err
	})
	if err != nil {
		http.Error(w, "The delivery did not arrive in full.", http.StatusBadRequest)
		return
	}
	// An install that could not be written down is no reason for the provider
	// to deliver again; the page tells it at the next thing that is done there.
	answer, _ := t.deliver(l, in, "", "")
	// A challenge's text comes from whoever asked.
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
	if answer.Type != "" {
		w.Header().Set("Content-Type", answer.Type)
	}
	w.WriteHeader(answer.Status)
	_, _ = w.Write(answer.Body)
}

// sendSample delivers a sample of the package, signed.
func (s *Server) sendSample(w http.ResponseWriter, r *http.Request, p *place) {
	name := p.form.Get("sample")
	for _, sm := range p.l.samples() {
		if sm.Name != name {
			continue
		}
		var in sandbox.Incoming
		var note string
		// The secret may be made up here, and then belongs to the install.
		err := p.t.run(r.Context(), func(install *sandbox.Install) {
			var err error
			if in, err = p.l.machine.Sample(install, sm.sample); err != nil {
				note = err.Error()
			}
		})
		if err == nil {
			_, err = p.t.deliver(p.l, in, name, note)
		}
		if err != nil {
			s.failed(w, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
		return
	}
	s.failed(w, fmt.Errorf("there is no sample %q that can be read", name))
}

// keepAlive is how often an idle stream says that it is there.
const keepAlive = 20 * time.Second

// live streams what happens: deliveries, and changes of the connection.
func (s *Server) live(w http.ResponseWriter, r *http.Request, p *place) {
	after, _ := strconv.Atoi(r.URL.Query().Get("after"))
	if n, err := strconv.Atoi(r.Header.Get("Last-Event-ID")); err == nil {
		after = n
	}
	state, _ := strconv.Atoi(r.URL.Query().Get("state"))
	w.Header().Set("Content-Type", "text/event-stream")
	c := http.NewResponseController(w)
	tick := time.NewTicker(keepAlive)
	defer tick.Stop()
	for {
		p.t.mu.Lock()
		changed, log, now := p.t.changed, p.t.log, p.t.state
		p.t.mu.Unlock()
		for _, d := range log {
			if d.Number <= after {
				continue
			}
			after = d.Number
			html, err := s.render("delivery", d)
			if err != nil {
				return
			}
			data, err := json.Marshal(string(html))
			if err != nil {
				return
			}
			fmt.Fprintf(w, "id: %d\nevent: delivery\ndata: %s\n\n", d.Number, data)
		}
		if now != state {
			state = now
			fmt.Fprintf(w, "event: connection\ndata: %d\n\n", now)
		}
		if c.Flush() != nil {
			return
		}
		select {
		case <-changed:
		case <-tick.C:
			fmt.Fprint(w, ":\n\n")
		case <-r.Context().Done():
			return
		case <-s.ending.Done():
			return
		}
	}
}
