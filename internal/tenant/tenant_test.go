package tenant

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/outbound"
	"github.com/karzoun/miniapp-review/internal/sandbox"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// provider is the outside service of the tests: an account, projects, tasks, and
// a page of OAuth that allows access at once.
type provider struct {
	*httptest.Server
	mu sync.Mutex
	// asked are the requests, as "METHOD path?query authorization body".
	asked []string
	// refuse lets the page of OAuth come back with an error.
	refuse bool
}

func newProvider(t testing.TB) *provider {
	p := &provider{}
	mux := http.NewServeMux()
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if auth := r.Header.Get("Authorization"); auth != "Bearer key-12345678" && auth != "Bearer token-of-oauth" && r.URL.Path != "/token" {
				status, body := http.StatusUnauthorized, `{"error": "unknown key"}`
				w.WriteHeader(status)
				_, _ = io.WriteString(w, body)
				return
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	mux.HandleFunc("GET /me", answer(200, `{"id": "acc-1", "name": "Harbour Café"}`))
	mux.HandleFunc("GET /projects", answer(200, `{"data": [{"id": "p1", "name": "Kitchen"}, {"id": "p2", "name": "Garden <b>"}]}`))
	mux.HandleFunc("POST /projects/{id}/tasks", answer(201, `{"id": "t-77", "link": "https://tasks.example/t-77"}`))
	mux.HandleFunc("GET /tasks", answer(200, `[{"id": "t-1", "title": "Paint"}, {"id": "t-2", "title": "Sand"}, {"id": "t-3", "title": "Oil"}]`))
	mux.HandleFunc("POST /token", answer(200, `{"access_token": "token-of-oauth", "refresh_token": "renew-me-please"}`))
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		back := url.Values{"state": {q.Get("state")}, "code": {"code-of-oauth"}}
		p.mu.Lock()
		if p.refuse {
			back = url.Values{"state": {q.Get("state")}, "error": {"access_denied"}, "error_description": {"<b>No</b>"}}
		}
		p.mu.Unlock()
		http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
	})
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		p.mu.Lock()
		p.asked = append(p.asked, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("Authorization")+" "+string(body)))
		p.mu.Unlock()
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *provider) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.asked...)
}

const keyAuth = `{"type": "apikey", "sensitiveKeys": ["accessToken", "webhookSecret"], "config": {"accessToken": "", "webhookSecret": ""},
	"form": {"accessToken": {"type": "password", "label": "Access token", "required": true}, "webhookSecret": {"type": "password", "label": "Webhook secret", "required": true},
		"region": {"type": "text", "label": "Region", "placeholder": "eu"}},
	"userDetails": {"url": "PROVIDER/me", "method": "GET", "headers": {"Authorization": "Bearer [[accessToken]]"}, "mapping": {"uid": "$.id", "name": "$.name"}}}`

const oauthAuth = `{"type": "oauth2", "sensitiveKeys": ["client_secret", "accessToken", "refreshToken"], "config": {"client_id": "", "client_secret": "", "accessToken": "", "refreshToken": ""},
	"form": {"client_id": {"type": "text", "label": "Client id", "required": true}, "client_secret": {"type": "password", "label": "Client secret", "required": true}},
	"auth_url": {"url": "PROVIDER/authorize?client_id={{client_id}}&redirect_uri={{redirect_uri}}", "method": "GET", "mapping": {}},
	"get_token": {"url": "PROVIDER/token", "method": "POST", "bodyType": "x-www-form-urlencoded", "body": {"code": "{{code}}", "client_id": "{{client_id}}", "client_secret": "{{client_secret}}"},
		"mapping": {"accessToken": "$.access_token", "refreshToken": "$.refresh_token"}},
	"userDetails": {"url": "PROVIDER/me", "method": "GET", "headers": {"Authorization": "Bearer [[accessToken]]"}, "mapping": {"uid": "$.id", "name": "$.name"}}}`

// document is a definition for the provider of the tests.
func document(ns, auth, provider string) string {
	return strings.ReplaceAll(fmt.Sprintf(`{
  "ns": %q, "name": %[1]q, "type": %[1]q, "title": "Tasks & more", "label": "Tasks", "shortDescription": "Make tasks <from> a conversation.",
  "description": "Makes **tasks**.\n\n1. [Sign up](https://tasks.example)\n2. Copy the key\n\n<script>window.hit = 1</script>",
  "status": "private", "version": "1.0.0", "category": "productivity", "icon": "https://spy.example/i.svg", "logo": "https://spy.example/l.svg", "docsUrl": "https://help.example/x",
  "auth": %s,
  "source": {"rpc_projects": {"url": "PROVIDER/projects", "method": "GET", "headers": {"Authorization": "Bearer [[accessToken]]"}, "dataPath": "data", "valueField": "id", "labelField": "name"}},
  "actions": [{"name": "createTask", "title": "Create a task", "description": "Adds a task to a project.", "parameters": {"type": "object", "required": ["project", "title"], "properties": {
      "project": {"type": "string", "title": "Project", "description": "Where it is kept.", "x-source": "rpc_projects", "x-fallback": "input"},
      "title": {"type": "string", "title": "Title"},
      "notes": {"type": "string", "title": "Notes"},
      "priority": {"type": "string", "title": "Priority", "enum": ["low", "high"], "default": "low"},
      "weight": {"type": "number", "title": "Weight"},
      "tell": {"type": "boolean", "title": "Tell everybody", "default": true},
      "labels": {"type": "array", "title": "Labels", "x-source": "rpc_projects"},
      "place": {"type": "object", "title": "Place", "properties": {"city": {"type": "string", "title": "City"}}}}},
    "requests": [{"url": "PROVIDER/projects/{{project}}/tasks", "method": "POST", "headers": {"Authorization": "Bearer [[accessToken]]"}, "bodyType": "json",
      "body": {"title": "{{title}}", "notes": "{{notes}}", "priority": "{{priority}}", "weight": "{{weight}}", "tell": "{{tell}}", "labels": "{{labels}}", "place": "{{place}}"},
      "mapping": {"taskId": "$.id", "nothing": "$.not.there"}}]}],
  "triggers": [{"type": "miniapps:%[1]s", "event": "task.created", "label": "Task created"}],
  "webhook": {"eventExtraction": {"source": "body", "path": "$.event"}, "transactionId": {"paths": ["$.id"]},
    "verification": {"type": "hmac-sha256", "headerName": "X-Signature", "secretKey": "webhookSecret"}, "response": {"statusCode": 202, "body": {"ok": true}},
    "challengeResponse": {"identifyField": "type", "identifyValue": "hello", "challengePath": "word"}},
  "sync": {"baseUrl": "PROVIDER", "headers": {"Authorization": "Bearer [[accessToken]]"}, "syncConfiguration": {"enabled": true},
    "resources": {"tasks": {"contentType": "core:task", "endpoints": {"list": {"url": "/tasks", "method": "GET"}}, "apiMapping": {"code": "id", "name": "title"}}}},
  "dashboardApps": [{"key": "board", "name": "Board", "iframeUrl": "https://panel.example/board", "allowedActions": ["createTask"]}]
}`, ns, auth), "PROVIDER", provider)
}

const sampleFile = `{"event": "task.created", "headers": {"X-Signature": ""}, "query": {}, "body": {"event": "task.created", "id": "d-1"}}`

// folder is a submission in memory, which a test may change.
type folder struct {
	mu    sync.Mutex
	files source.Memory
}

func (f *folder) set(name, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	next := source.Memory{}
	for k, v := range f.files {
		next[k] = v
	}
	next["app/"+name] = source.MemoryFile{Data: []byte(text)}
	f.files = next
}

func (f *folder) load() (*submission.Package, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return submission.Load(f.files, "app")
}

// world is a server with one MiniApp, as a browser finds it.
type world struct {
	t        testing.TB
	server   *Server
	provider *provider
	folder   *folder
	state    string
	ns       string
	// base is the address of the MiniApp's page.
	base    string
	options Options
}

func newWorld(t testing.TB, ns, auth string, change func(*Options)) *world {
	t.Helper()
	p := newProvider(t)
	w := &world{t: t, provider: p, folder: &folder{}, state: filepath.Join(t.TempDir(), "state"), ns: ns}
	w.folder.set("miniapp.json", document(ns, auth, p.URL))
	w.folder.set("webhooks/task-created.json", sampleFile)
	w.folder.set("SETUP.md", "1. Do this\n2. Do that\n")
	w.options = Options{
		Machine: func(def *definition.Definition, at sandbox.Platform) (*sandbox.Machine, func()) {
			c := outbound.New(outbound.Options{AllowLocal: true, Now: time.Now})
			return &sandbox.Machine{Definition: def, Provider: c, Platform: at, Now: time.Now, Random: rand.Reader}, c.Close
		},
		Sources:    []Source{{Name: ns, Shown: "definitions/" + ns + "/miniapp.json", Load: w.folder.load}},
		AllowLocal: true, Now: time.Now, Random: rand.Reader,
	}
	if change != nil {
		change(&w.options)
	}
	w.start()
	return w
}

// start starts a server on the state as it is.
func (w *world) start() {
	w.t.Helper()
	store, err := OpenStore(w.state)
	if err != nil {
		w.t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	o := w.options
	o.Store, o.Desk = store, &url.URL{Scheme: "http", Host: listener.Addr().String()}
	if w.server, err = New(o); err != nil {
		w.t.Fatal(err)
	}
	h := w.server.HTTPServer()
	go func() { _ = h.Serve(listener) }()
	w.t.Cleanup(func() { _ = h.Close(); w.server.Close(); _ = store.Close() })
	w.base = w.server.StartURL() + "app/" + w.ns
}

// answer is what came back, as far as tests look at it.
type answer struct {
	status int
	header http.Header
	body   string
}

// do sends a request; redirects are not followed.
func (w *world) do(r *http.Request) answer {
	w.t.Helper()
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Timeout: 30 * time.Second}
	res, err := c.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(body)}
}

func (w *world) request(method, to, body string, headers ...string) *http.Request {
	w.t.Helper()
	r, err := http.NewRequest(method, to, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		} else {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	return r
}

func (w *world) get(to string, headers ...string) answer {
	w.t.Helper()
	return w.do(w.request("GET", to, "", headers...))
}

// post does what the page does.
func (w *world) post(what string, fields ...string) answer {
	w.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return w.do(w.request("POST", w.base+"/"+what, form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Origin", w.server.o.Desk.String(), "Sec-Fetch-Site", "same-origin"))
}

func (w *world) connect() {
	w.t.Helper()
	if a := w.post("connect", "c.0", "key-12345678", "c.1", "hook-secret-1"); a.header.Get("Miniapp-Reload") == "" {
		w.t.Fatalf("connecting: %s", a.body)
	}
}

// deliver sends a delivery as the provider would.
func (w *world) deliver(body, secret string, headers ...string) answer {
	w.t.Helper()
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return w.do(w.request("POST", w.server.o.Desk.String()+"/miniapps/"+w.ns+"/webhooks", body,
		append([]string{"Content-Type", "application/json", "X-Signature", hex.EncodeToString(mac.Sum(nil))}, headers...)...))
}

func has(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%s lacks %q:\n%s", what, p, text)
		}
	}
}

func hasNot(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if strings.Contains(text, p) {
			t.Errorf("%s has %q:\n%s", what, p, text)
		}
	}
}

func TestPage(t *testing.T) {
	w := newWorld(t, "acme-tasks", keyAuth, nil)
	a := w.get(w.base)
	has(t, "the page", a.body, "<h1>Tasks &amp; more</h1>", "Make tasks &lt;from&gt; a conversation.", "Not connected", "Access token", "Create a task", "task.created",
		w.server.o.Desk.String()+"/miniapps/acme-tasks/webhooks", "<strong>tasks</strong>", "https://panel.example/board", "Do this")
	hasNot(t, "the page", a.body, "<script>window", "<img", "spy.example")
	if got := a.header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'none';") || strings.Contains(got, "unsafe") {
		t.Errorf("the policy is %q", got)
	}
	if a := w.get(w.server.StartURL()); a.status != http.StatusSeeOther || !strings.HasSuffix(a.header.Get("Location"), "/app/acme-tasks") {
		t.Errorf("the start leads to %d %q", a.status, a.header.Get("Location"))
	}

	a = w.post("connect", "c.0", "wrong-key-99", "c.1", "hook-secret-1")
	has(t, "a wrong key", a.body, "AUTH_EXPIRED", "401", "miniapp.json:")
	hasNot(t, "a wrong key", a.body, "wrong-key-99")
	if a.header.Get("Miniapp-Reload") != "" || len(w.files()) > 0 {
		t.Errorf("something was kept: %v", w.files())
	}
	w.connect()
	a = w.get(w.base)
	has(t, "the page", a.body, `data-connected="true"`, "Harbour Café", "metadata")
	hasNot(t, "the page", a.body, "key-12345678", "hook-secret-1")

	a = w.post("options", "index", "0", "action", "createTask", "source", "rpc_projects")
	has(t, "the dropdown", a.body, `{"value":"p1","label":"Kitchen"}`, `"said":"2 choices"`)
	a = w.post("action", "index", "0", "action", "createTask", "p.0", "p1", "p.1", "Paint <it>", "p.3", "1", "p.4", "2.50", "p.5", "false", "p.6", "a, b", "p.7.0", "Oslo")
	has(t, "the action", a.body, "&#34;taskId&#34;: &#34;t-77&#34;", "Paint &lt;it&gt;", "nothing is at", "miniapp.json:")
	if got, want := w.last(), `POST /projects/p1/tasks Bearer key-12345678 {"title":"Paint <it>","priority":"high","weight":2.50,"tell":false,"labels":["a","b"],"place":{"city":"Oslo"}}`; got != want {
		t.Errorf("sent\n%s\nwant\n%s", got, want)
	}
	a = w.post("action", "index", "0", "action", "createTask", "p.0", "p1", "p.1", "x", "p.4", "many")
	has(t, "a wrong number", a.body, "is no number")
	a = w.post("import", "resource", "tasks", "limit", "2")
	has(t, "the import", a.body, "2 records", "t-1", "Sand")
	hasNot(t, "the import", a.body, `<span class="name">t-3`)
	has(t, "a wrong limit", w.post("import", "resource", "tasks", "limit", "0").body, "between 1 and 100")

	// A restart keeps the install, and disconnecting forgets it.
	w.start()
	has(t, "the page after a restart", w.get(w.base).body, `data-connected="true"`)
	has(t, "the action after a restart", w.post("action", "index", "0", "action", "createTask", "p.0", "p1", "p.1", "x").body, "t-77")
	w.post("disconnect")
	has(t, "the page", w.get(w.base).body, `data-connected="false"`)
	if files := w.files(); len(files) > 0 {
		t.Errorf("left in the folder: %v", files)
	}
}

// last is the last request that the provider got.
func (w *world) last() string {
	all := w.provider.requests()
	return all[len(all)-1]
}

// files are those of the state's folder.
func (w *world) files() []string {
	w.t.Helper()
	entries, err := os.ReadDir(w.state)
	if err != nil {
		w.t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestReload(t *testing.T) {
	checks := 0
	w := newWorld(t, "acme-tasks", keyAuth, func(o *Options) {
		o.Sources[0].Check = func(context.Context) ([]finding.Finding, error) {
			checks++
			return []finding.Finding{{Rule: "some-rule", Severity: finding.Error, Path: "definitions/acme-tasks/miniapp.json", Range: finding.WholeFile(), Message: "a <fault>", Hint: "mend it"},
				{Rule: "other", Severity: finding.Warning, Range: finding.WholeFile(), Message: "mild"}}, nil
		}
	})
	w.connect()
	has(t, "the page", w.get(w.base).body, "1 error in this submission", "a &lt;fault&gt;", "definitions/acme-tasks/miniapp.json:1:1", "some-rule", "1 further finding")
	w.get(w.base)
	if checks != 1 {
		t.Errorf("the same files were checked %d times", checks)
	}
	text := document("acme-tasks", keyAuth, w.provider.URL)
	w.folder.set("miniapp.json", strings.Replace(text, "Create a task", "Make a task", 1))
	has(t, "the page", w.get(w.base).body, "Make a task", `data-connected="true"`)
	if checks != 2 {
		t.Errorf("changed files were checked %d times", checks-1)
	}
	w.folder.set("miniapp.json", strings.Replace(text, "createTask", "newTask", 1))
	has(t, "an old form", w.post("action", "index", "0", "action", "createTask", "p.0", "p1", "p.1", "x").body, "load the page again")

	for what, broken := range map[string]string{"no JSON": text[:200], "no ns": strings.Replace(text, `"ns": "acme-tasks"`, `"ns": "../x"`, 1)} {
		w.folder.set("miniapp.json", broken)
		page := w.get(w.base).body
		has(t, what, page, "class=\"box bad\"", "a &lt;fault&gt;")
		hasNot(t, what, page, `id="connection"`)
		if a := w.deliver(`{"event": "task.created", "id": "1"}`, "hook-secret-1"); a.status != http.StatusNotFound {
			t.Errorf("%s: a delivery gets %d", what, a.status)
		}
		has(t, what, w.post("action").body, "The definition")
	}
	w.folder.set("miniapp.json", text)
	has(t, "the page", w.get(w.base).body, "Create a task", `data-connected="true"`)
}
