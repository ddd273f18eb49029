package tenant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/sandbox"
	"github.com/karzoun/miniapp-review/internal/submission"
	"github.com/karzoun/miniapp-review/internal/webtext"
)

func isSample(name string) bool {
	return strings.HasPrefix(name, submission.SamplesDir+"/") && strings.HasSuffix(name, ".json")
}

// outsideRoutes are what providers reach.
func (s *Server) outsideRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/miniapps/{ns}/webhooks", s.webhook)
	mux.HandleFunc("GET /miniapps/{ns}/oauth2", s.oauth)
	mux.HandleFunc("GET /miniapps/{ns}/oauth2/popup.js", s.file("popup.js"))
	mux.HandleFunc("GET /miniapps/{ns}/oauth2/popup.css", s.file("popup.css"))
	return mux
}

// deskRoutes are what the page needs.
func (s *Server) deskRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.index)
	mux.HandleFunc("GET /page.js", s.file("page.js"))
	mux.HandleFunc("GET /page.css", s.file("page.css"))
	mux.HandleFunc("GET /app/{name}", s.page)
	mux.HandleFunc("GET /app/{name}/live", s.at(s.live))
	for path, do := range map[string]func(http.ResponseWriter, *http.Request, *place){
		"connect": s.connect, "authorize": s.authorize, "refresh": s.refresh,
		"action": s.action, "options": s.options, "sample": s.sendSample, "import": s.importRecords,
	} {
		mux.HandleFunc("POST /app/{name}/"+path, s.at(trusting(s, do)))
	}
	mux.HandleFunc("POST /app/{name}/disconnect", s.at(s.disconnect))
	return mux
}

// trusting prepares a request that can send credentials.
func trusting(s *Server, do func(http.ResponseWriter, *http.Request, *place)) func(http.ResponseWriter, *http.Request, *place) {
	return func(w http.ResponseWriter, r *http.Request, p *place) {
		if err := p.t.elsewhere(p.l); err != nil {
			s.failed(w, err)
			return
		}
		do(w, r, p)
	}
}

// file serves one of the page's own files.
func (s *Server) file(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, files, "page/"+name) }
}

// place is what a request of the page is about.
type place struct {
	a    *app
	l    *loaded
	t    *tenant
	form url.Values
}

// at prepares a request that is about a MiniApp that can be used.
func (s *Server) at(do func(http.ResponseWriter, *http.Request, *place)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p := &place{}
		var err error
		for _, a := range s.apps {
			if a.Name == r.PathValue("name") {
				p.a = a
			}
		}
		if p.a == nil {
			http.NotFound(w, r)
			return
		}
		if p.l, err = p.a.load(); err == nil && p.l.machine == nil {
			err = errors.New(p.l.problem)
		}
		if err == nil {
			p.t, err = s.install(p.l)
		}
		if err == nil && r.Method == http.MethodPost {
			p.form, err = s.form(w, r)
		}
		if err != nil {
			s.failed(w, err)
			return
		}
		do(w, r, p)
	}
}

// failed shows an error in the place of a result.
func (s *Server) failed(w http.ResponseWriter, err error) {
	if errors.Is(err, context.Canceled) {
		err = errors.New("the request was given up")
	}
	s.show(w, "run", &runView{Verdict: sentence(err.Error())})
}

// show answers with a part of the page.
func (s *Server) show(w http.ResponseWriter, name string, data any) {
	out, err := s.render(name, data)
	if err != nil {
		http.Error(w, "This cannot be shown: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(out)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// index shows all MiniApps, or leads to the only one.
func (s *Server) index(w http.ResponseWriter, r *http.Request) {
	if len(s.apps) == 1 {
		http.Redirect(w, r, s.home()+"app/"+url.PathEscape(s.apps[0].Name), http.StatusSeeOther)
		return
	}
	var cards []cardView
	for _, a := range s.apps {
		l, err := a.load()
		if err != nil {
			cards = append(cards, cardView{Path: url.PathEscape(a.Name), Title: a.Name, Short: err.Error(), Unusable: true})
			continue
		}
		c := newCard(a, l)
		if l.machine != nil {
			if t, err := s.install(l); err == nil {
				t.mu.Lock()
				c.Connected = t.install.Connected
				t.mu.Unlock()
			}
		}
		cards = append(cards, c)
	}
	s.show(w, "index", struct {
		Home  string
		Cards []cardView
	}{s.home(), cards})
}

// page shows one MiniApp.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	for _, a := range s.apps {
		if a.Name != r.PathValue("name") {
			continue
		}
		v := pageView{Home: s.home(), Many: len(s.apps) > 1, File: a.Shown, Practice: s.o.Practice}
		l, err := a.load()
		if err != nil {
			v.Problem, v.Card = sentence(err.Error()), cardView{Path: url.PathEscape(a.Name), Title: a.Name}
			s.show(w, "page", v)
			return
		}
		l.check(r.Context(), a.Check)
		v.Problem, v.CheckFailed, v.Card = l.problem, l.failed, newCard(a, l)
		v.Findings, v.Warnings = newFindings(l.findings)
		if l.machine != nil {
			if err := s.fill(&v, l); err != nil {
				v.StateProblem = sentence(err.Error())
			}
		}
		s.show(w, "page", v)
		return
	}
	http.NotFound(w, r)
}

// fill adds what a definition that can be used has.
func (s *Server) fill(v *pageView, l *loaded) error {
	def := l.definition()
	v.Description = webtext.Markdown(l.field("description"))
	if f := l.files.File(submission.SetupFile); f != nil {
		v.Setup = webtext.Markdown(string(f.Data))
	}
	v.OAuth, v.CanRefresh = l.machine.OAuth(), def.Auth.RefreshToken.Node != nil
	v.HasWebhook, v.Webhook = def.Webhook.Node != nil, s.platform.WebhookURL(l.ns)
	for i, a := range def.Actions {
		v.Actions = append(v.Actions, actionView{Index: i, Name: a.Name, Title: orElse(a.Node.Get("title").Text(), a.Name), Description: a.Node.Get("description").Text(),
			Steps: len(a.Steps), Fields: parameterFields(a.Parameters, "a"+strconv.Itoa(i))})
	}
	for _, t := range def.Triggers {
		v.Triggers = append(v.Triggers, triggerView{t.Event, t.Label.Text()})
	}
	v.Samples = l.samples()
	for _, r := range def.Sync.Resources {
		v.Resources = append(v.Resources, resourceView{r.Key, r.Get("contentType").Text()})
	}
	for _, d := range def.DashboardApps {
		p := panelView{Key: d.Key.Text(), Name: d.Name.Text(), URL: d.URL.Text()}
		for _, n := range d.AllowedActions {
			p.Actions = append(p.Actions, n.Text())
		}
		v.Panels = append(v.Panels, p)
	}
	t, err := s.install(l)
	if err != nil {
		return err
	}
	if err := t.elsewhere(l); err != nil {
		v.MayDisconnect = true
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	v.Card.Connected, v.Connect, v.Number, v.State = t.install.Connected, t.connect, t.number, t.state
	v.Install = installFields(l.machine.Form(), t.install)
	v.Kept = l.machine.Kept(t.install)
	for i := len(t.log) - 1; i >= 0; i-- {
		v.Log = append(v.Log, t.log[i])
	}
	return nil
}

func orElse(text, other string) string {
	if strings.TrimSpace(text) == "" {
		return other
	}
	return text
}

// connect connects with what was typed into the form.
func (s *Server) connect(w http.ResponseWriter, r *http.Request, p *place) {
	s.connecting(w, r, p, func(install *sandbox.Install) *sandbox.Run {
		return p.l.machine.Connect(r.Context(), install, installForm(p.l.machine.Form(), p.form))
	})
}

// refresh renews the tokens.
func (s *Server) refresh(w http.ResponseWriter, r *http.Request, p *place) {
	s.connecting(w, r, p, func(install *sandbox.Install) *sandbox.Run { return p.l.machine.Refresh(r.Context(), install) })
}

// connecting runs what changes the connection. When it went through, the page is
// to be loaded again, and shows it then.
func (s *Server) connecting(w http.ResponseWriter, r *http.Request, p *place, do func(*sandbox.Install) *sandbox.Run) {
	var run *sandbox.Run
	if err := p.t.run(r.Context(), func(install *sandbox.Install) { run = do(install) }); err != nil {
		s.failed(w, err)
		return
	}
	v := newRunView(p.l, run)
	if run.OK() {
		p.t.connected(v)
		w.Header().Set("Miniapp-Reload", "true")
	}
	s.show(w, "run", v)
}

func (s *Server) disconnect(w http.ResponseWriter, r *http.Request, p *place) {
	if err := p.t.forget(); err != nil {
		s.failed(w, err)
		return
	}
	w.Header().Set("Miniapp-Reload", "true")
	s.show(w, "run", &runView{Verdict: "Disconnected."})
}

// actionOf returns the action that a request is about, with its fields.
func actionOf(p *place) (definition.Action, []field, error) {
	i, err := strconv.Atoi(p.form.Get("index"))
	actions := p.l.definition().Actions
	// The name must be the same, as the file may have changed meanwhile.
	if err != nil || i < 0 || i >= len(actions) || actions[i].Name != p.form.Get("action") {
		return definition.Action{}, nil, errors.New("the definition has changed: load the page again")
	}
	return actions[i], parameterFields(actions[i].Parameters, "a"), nil
}

func (s *Server) action(w http.ResponseWriter, r *http.Request, p *place) {
	a, fields, err := actionOf(p)
	var input sandbox.Values
	if err == nil {
		input, err = parameters(fields, p.form)
	}
	var run *sandbox.Run
	if err == nil {
		err = p.t.run(r.Context(), func(install *sandbox.Install) { run = p.l.machine.Action(r.Context(), install, a.Name, input) })
	}
	if err != nil {
		s.failed(w, err)
		return
	}
	s.show(w, "run", newRunView(p.l, run))
}

// options fills a dropdown.
func (s *Server) options(w http.ResponseWriter, r *http.Request, p *place) {
	_, fields, err := actionOf(p)
	var list []sandbox.Option
	var run *sandbox.Run
	if err == nil {
		// A field that is wrong is no reason to fill another one's dropdown not.
		params, bad := parameters(fields, p.form)
		if bad != nil {
			params = sandbox.Values{}
		}
		err = p.t.run(r.Context(), func(install *sandbox.Install) {
			list, run = p.l.machine.Source(r.Context(), install, p.form.Get("source"), "", params)
		})
	}
	answer := struct {
		Options []sandbox.Option `json:"options"`
		Said    string           `json:"said"`
		HTML    string           `json:"html"`
	}{Options: []sandbox.Option{}}
	if err != nil {
		answer.Said = sentence(err.Error())
		writeJSON(w, answer)
		return
	}
	if list != nil {
		answer.Options = list
	}
	v := newRunView(p.l, run)
	answer.Said = v.Verdict
	if run.OK() {
		answer.Said = plural(len(list), "choice")
	}
	out, err := s.render("run", v)
	if err != nil {
		s.failed(w, err)
		return
	}
	answer.HTML = string(out)
	writeJSON(w, answer)
}

// maxImport is how many records are imported at a time.
const maxImport = 100

// importRecords imports a few records of a resource.
func (s *Server) importRecords(w http.ResponseWriter, r *http.Request, p *place) {
	limit, err := strconv.Atoi(strings.TrimSpace(p.form.Get("limit")))
	if err != nil || limit < 1 || limit > maxImport {
		s.failed(w, fmt.Errorf("import between 1 and %d records", maxImport))
		return
	}
	var run *sandbox.Run
	if err := p.t.run(r.Context(), func(install *sandbox.Install) {
		_, run = p.l.machine.Sync(r.Context(), install, p.form.Get("resource"), limit)
	}); err != nil {
		s.failed(w, err)
		return
	}
	s.show(w, "run", newRunView(p.l, run))
}
