package tenant

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/karzoun/miniapp-review/internal/sandbox"
)

// Limits on signing in.
const (
	signInTime = 10 * time.Minute // how long somebody may take at the provider
	maxSignIns = 50               // that are going on at a time
)

// cookie is the name of what binds the way back from a provider to the browser
// in which it began.
const cookie = "miniapp_sign_in"

// signIn is somebody who has gone to a provider to allow access.
type signIn struct {
	ns, state, ticket, address string
	form                       sandbox.Values // what was typed, such as the client's id
	age                        int
	// reach is where the definition could send what was typed, as it was then.
	reach []string
	until time.Time
}

// authorize begins to sign in: it answers with the address for a popup. The
// popup goes through an address of the server's own first, where it gets a
// cookie: that is the host that the provider leads back to, which need not be
// that of the page.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request, p *place) {
	in := &signIn{ns: p.l.ns, until: s.o.Now().Add(signInTime), reach: p.l.machine.Reach()}
	var secret string
	for _, to := range []*string{&in.state, &in.ticket, &secret} {
		var err error
		if *to, err = s.random(); err != nil {
			s.failed(w, err)
			return
		}
	}
	p.t.mu.Lock()
	install := p.t.install.Clone()
	in.age = p.t.age
	p.t.mu.Unlock()
	in.form = installForm(p.l.machine.Form(), p.form)
	address, run := p.l.machine.Authorize(install, in.form, in.state)
	if !run.OK() {
		s.show(w, "run", newRunView(p.l, run))
		return
	}
	back := s.platform.RedirectURL(p.l.ns)
	if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && s.o.AllowLocal) {
		s.failed(w, fmt.Errorf("auth.auth_url leads to no page of the web with HTTPS; with --allow-local HTTP is taken too"))
		return
	} else if own := u.Query().Get("state"); own != "" {
		in.state = own // the definition may have one of its own
	}
	if in.address = address; s.o.Practice {
		in.address = back + "?" + url.Values{"code": {"practice"}, "state": {in.state}}.Encode()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, other := range s.signIns {
		if s.o.Now().After(other.until) {
			delete(s.signIns, k)
		}
	}
	if len(s.signIns) >= maxSignIns {
		s.failed(w, fmt.Errorf("%d sign-ins have begun and not ended: wait a few minutes", maxSignIns))
		return
	}
	s.signIns[secret] = in
	writeJSON(w, map[string]string{"popup": back + "?" + url.Values{"start": {in.ticket}}.Encode()})
}

// oauth is where a popup begins, and where the provider leads back to.
func (s *Server) oauth(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	switch {
	case q.Get("start") != "":
		s.begin(w, r, q.Get("start"))
	case q.Has("code") || q.Has("error") || q.Has("state"):
		s.comeBack(w, r, q)
	default:
		s.ended(w, http.StatusBadRequest, ending{Problem: "Begin on the page of miniapp serve: choose Connect there."})
	}
}

// begin sends a popup to the provider.
func (s *Server) begin(w http.ResponseWriter, r *http.Request, ticket string) {
	ns := r.PathValue("ns")
	s.mu.Lock()
	defer s.mu.Unlock()
	for secret, in := range s.signIns {
		if in.ns != ns || subtle.ConstantTimeCompare([]byte(in.ticket), []byte(ticket)) != 1 || s.o.Now().After(in.until) {
			continue
		}
		in.ticket = "" // it counts once
		// The way back begins at the provider, so that Strict would keep it away.
		http.SetCookie(w, &http.Cookie{Name: cookie, Value: secret, Path: "/miniapps/" + ns + "/oauth2", MaxAge: int(signInTime / time.Second),
			HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.o.Public != nil && s.o.Public.Scheme == "https"})
		http.Redirect(w, r, in.address, http.StatusSeeOther)
		return
	}
	s.ended(w, http.StatusBadRequest, ending{Problem: "This address was used before, or is too old. Choose Connect on the page once more."})
}

// comeBack ends a sign-in. Only the browser that began it can end it, once, and
// with the state that it began with.
func (s *Server) comeBack(w http.ResponseWriter, r *http.Request, q url.Values) {
	ns := r.PathValue("ns")
	in := s.take(r, ns, q.Get("state"))
	if in == nil {
		s.ended(w, http.StatusBadRequest, ending{Problem: "This does not belong to a sign-in that began in this browser, or that sign-in has ended. Nothing was changed."})
		return
	}
	http.SetCookie(w, &http.Cookie{Name: cookie, Path: "/miniapps/" + ns + "/oauth2", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	end := ending{}
	_, l := s.find(ns)
	switch {
	case l == nil:
		end.Problem = "The definition cannot be used any more."
	case !slices.Equal(l.machine.Reach(), in.reach):
		end.Problem = "The definition has changed meanwhile. Nothing was stored: connect once more."
	case q.Has("error"):
		end.Problem = fmt.Sprintf("The provider did not allow access: it says %q. Nothing was stored.", cut(q.Get("error"), 100))
		end.Detail = cut(q.Get("error_description"), 300)
	case q.Get("code") == "":
		end.Problem = "The provider came back without a code. Nothing was stored."
	}
	if end.Problem == "" {
		run, err := s.exchange(r, l, in, q.Get("code"))
		switch {
		case err != nil:
			end.Problem = err.Error()
		case !run.OK():
			end.Problem = "Access was allowed, but connecting failed: " + run.Failure.Message
		}
	} else {
		s.tellFailed(ns, end.Problem)
	}
	status := http.StatusOK
	if end.Problem != "" {
		status = http.StatusBadRequest
	}
	s.ended(w, status, end)
}

// take returns the sign-in that a way back belongs to, and ends it.
func (s *Server) take(r *http.Request, ns, state string) *signIn {
	c, err := r.Cookie(cookie)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	in := s.signIns[c.Value]
	if in == nil || in.ns != ns || in.ticket != "" || subtle.ConstantTimeCompare([]byte(in.state), []byte(state)) != 1 {
		return nil
	}
	delete(s.signIns, c.Value)
	if s.o.Now().After(in.until) {
		return nil
	}
	return in
}

// exchange gets tokens for a code, and does what follows.
func (s *Server) exchange(r *http.Request, l *loaded, in *signIn, code string) (*sandbox.Run, error) {
	t, err := s.tenant(in.ns)
	if err != nil {
		return nil, err
	}
	var run *sandbox.Run
	err = t.run(r.Context(), func(install *sandbox.Install) {
		if t.ageIs(in.age) {
			next := install.Clone()
			l.machine.Authorize(next, in.form, in.state) // takes the form over
			if run = l.machine.Finish(r.Context(), next, code); run.OK() {
				*install = *next
			}
		}
	})
	if run == nil && err == nil {
		err = errForgotten
	}
	if err != nil {
		return nil, err
	}
	t.connected(newRunView(l, run))
	return run, nil
}

func (t *tenant) ageIs(age int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.age == age
}

// connected keeps the last try to connect, for the page.
func (t *tenant) connected(v *runView) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.connect = v
	t.state++
	t.tell()
}

// tellFailed tells the page about a sign-in that failed before any request.
func (s *Server) tellFailed(ns, problem string) {
	if t, err := s.tenant(ns); err == nil {
		t.connected(&runView{Verdict: problem})
	}
}

// ending is what a popup shows in the end.
type ending struct{ Problem, Detail string }

func (s *Server) ended(w http.ResponseWriter, status int, e ending) {
	page, err := s.render("ended", e)
	if err != nil {
		http.Error(w, "The page cannot be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(page)
}

func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
