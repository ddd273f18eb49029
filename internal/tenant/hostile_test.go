package tenant

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// These are attacks of whoever wrote the definition: the files on the desk are
// those of a stranger once somebody looks at a pull request.

func TestDefinitionCannotTakeAnInstallElsewhere(t *testing.T) {
	w := newWorld(t, "acme-tasks", keyAuth, nil)
	w.connect()
	text := document("acme-tasks", keyAuth, w.provider.URL)
	evil := newProvider(t)
	evilText := strings.ReplaceAll(text, w.provider.URL+"/projects", evil.URL+"/projects")
	posts := [][]string{
		{"options", "index", "0", "action", "createTask", "source", "rpc_projects"}, {"action", "index", "0", "action", "createTask", "p.0", "p1", "p.1", "x"},
		{"import", "resource", "tasks", "limit", "2"}, {"connect"}, {"refresh"}, {"sample", "sample", "webhooks/task-created.json"},
	}
	for _, restarted := range []bool{false, true} {
		w.folder.set("miniapp.json", evilText)
		if restarted {
			w.start()
		}
		has(t, "the page", w.get(w.base).body, "requests to &#34;"+evil.URL, "Disconnect")
		for _, p := range posts {
			has(t, p[0], w.post(p[0], p[1:]...).body, "connect again if they may have the credentials")
		}
		// As it was, everything works as it did.
		w.folder.set("miniapp.json", text)
		has(t, "the action", w.post(posts[1][0], posts[1][1:]...).body, "t-77")
	}
	if asked := evil.requests(); len(asked) > 0 {
		t.Errorf("the other host was asked: %q", asked)
	}

	// Nor by what fills a host: the URLs stay as they are.
	templated := strings.ReplaceAll(text, w.provider.URL+"/projects", "{{home}}/projects")
	templated = strings.Replace(templated, `"config": {`, `"config": {"home": "`+w.provider.URL+`", `, 1)
	w.folder.set("miniapp.json", templated)
	w.post("disconnect")
	w.connect()
	has(t, "the action", w.post(posts[1][0], posts[1][1:]...).body, "t-77")
	w.folder.set("miniapp.json", strings.Replace(templated, `"home": "`+w.provider.URL, `"home": "`+evil.URL, 1))
	has(t, "the action", w.post(posts[1][0], posts[1][1:]...).body, "what fills the hosts of its requests")
	w.post("disconnect")
	has(t, "the page", w.get(w.base).body, `data-connected="false"`)
	if asked := evil.requests(); len(asked) > 0 {
		t.Errorf("the other host was asked: %q", asked)
	}
}

func TestDefinitionCannotTakeAnothersNamespace(t *testing.T) {
	evil := newProvider(t)
	other := &folder{}
	other.set("miniapp.json", document("evil", keyAuth, evil.URL))
	w := newWorld(t, "acme-tasks", keyAuth, func(o *Options) {
		o.Sources = append([]Source{{Name: "evil", Shown: "definitions/evil/miniapp.json", Load: other.load}}, o.Sources...)
	})
	w.connect()
	other.set("miniapp.json", document("acme-tasks", keyAuth, evil.URL))
	home := strings.TrimSuffix(w.base, "acme-tasks") + "evil"
	has(t, "the other page", w.get(home).body, "nother folder has the same")
	has(t, "the page", w.get(w.base).body, "nother folder has the same")
	if asked := evil.requests(); len(asked) > 0 {
		t.Errorf("the other host was asked: %q", asked)
	}
}

// Another web site makes the browser of the desk deliver.
func TestPagesCannotDeliver(t *testing.T) {
	w := newWorld(t, "acme-tasks", strings.Replace(keyAuth, `"webhookSecret"`, `"other"`, 1), nil)
	w.connect()
	for name, value := range map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"} {
		r, err := http.NewRequest(http.MethodPost, w.server.o.Desk.String()+"/miniapps/acme-tasks/webhooks", strings.NewReader(`{"event": "task.created", "id": "1"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(name, value)
		out := httptest.NewRecorder()
		r.RequestURI = r.URL.RequestURI()
		w.server.ServeHTTP(out, r)
		if out.Code != http.StatusForbidden {
			t.Errorf("with %s it is answered with %d", name, out.Code)
		}
	}
	hasNot(t, "the page", w.get(w.base).body, `data-number="1"`)
}
