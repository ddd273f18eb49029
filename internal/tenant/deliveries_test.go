package tenant

import (
	"bufio"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestWebhook(t *testing.T) {
	w := newWorld(t, "acme-tasks", keyAuth, nil)
	w.connect()
	const body = `{"event": "task.created", "id": "d-1"}`
	a := w.deliver(body, "hook-secret-1")
	if a.status != 202 || a.body != `{"ok":true}` || a.header.Get("Content-Type") != "application/json" || !strings.Contains(a.header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("a good delivery: %+v", a)
	}
	if a := w.deliver(body, "hook-secret-1"); a.status != 202 {
		t.Errorf("a repeated delivery: %d", a.status)
	}
	if a := w.deliver(body, "another-secret"); a.status != 401 || a.body != "" {
		t.Errorf("a forged delivery: %d %q", a.status, a.body)
	}
	if a := w.deliver(`{"type": "hello", "word": "<script>echo</script>"}`, "x"); a.status != 200 || a.body != "<script>echo</script>" || !strings.HasPrefix(a.header.Get("Content-Type"), "text/plain") {
		t.Errorf("a challenge: %+v", a)
	}
	if a := w.get(w.server.o.Desk.String() + "/miniapps/acme-tasks/webhooks"); a.status != 405 {
		t.Errorf("a delivery with GET: %d", a.status)
	}
	page := w.get(w.base).body
	has(t, "the page", page, "accepted", "duplicate", "refused", "challenge answered", "Task created", "d-1", "yes, by hmac-sha256", "&lt;script&gt;echo")
	hasNot(t, "the page", page, "hook-secret-1", "<script>echo")
	// What was seen is remembered over a restart.
	w.start()
	w.deliver(body, "hook-secret-1")
	has(t, "the page after a restart", w.get(w.base).body, "duplicate")
}

func TestSamples(t *testing.T) {
	w := newWorld(t, "acme-tasks", keyAuth, nil)
	// Without an install, the secret is made up.
	for range 2 {
		if a := w.post("sample", "sample", "webhooks/task-created.json"); a.status != http.StatusNoContent {
			t.Fatalf("a sample: %d %s", a.status, a.body)
		}
	}
	page := w.get(w.base).body
	has(t, "the page", page, "webhooks/task-created.json", "accepted", "duplicate")
	has(t, "a sample that is not there", w.post("sample", "sample", "webhooks/nope.json").body, "There is no sample", "nope")
}

// TestDeliveryDuringAction takes deliveries while an action waits for the
// provider: it may be what the provider waits for.
func TestDeliveryDuringAction(t *testing.T) {
	w := newWorld(t, "acme-tasks", keyAuth, nil)
	w.connect()
	inner := w.provider.Config.Handler
	w.provider.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/tasks") && r.Method == "POST" {
			if a := w.deliver(`{"event": "task.created", "id": "d-9"}`, "hook-secret-1"); a.status != 202 {
				t.Errorf("a delivery during an action: %d", a.status)
			}
		}
		inner.ServeHTTP(rw, r)
	})
	has(t, "the action", w.post("action", "index", "0", "action", "createTask", "p.0", "p1", "p.1", "x").body, "t-77")
	w.deliver(`{"event": "task.created", "id": "d-9"}`, "hook-secret-1")
	has(t, "the page", w.get(w.base).body, "duplicate")
}

// TestLive reads the stream as a browser does.
func TestLive(t *testing.T) {
	w := newWorld(t, "acme-tasks", keyAuth, nil)
	w.connect()
	w.deliver(`{"event": "task.created", "id": "old"}`, "hook-secret-1")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	res, err := http.DefaultClient.Do(w.request("GET", w.base+"/live?after=1&state=1", "").WithContext(ctx))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	next := func() string {
		for lines.Scan() {
			if text := lines.Text(); text != "" {
				return text
			}
		}
		return ""
	}
	w.deliver(`{"event": "task.created", "id": "new"}`, "hook-secret-1")
	if got := next() + "|" + next(); got != "id: 2|event: delivery" {
		t.Errorf("the stream begins with %q", got)
	}
	if data := next(); !strings.HasPrefix(data, `data: "\u003cli`) || strings.Contains(data, "old") {
		t.Errorf("the stream has %q", data)
	}
	w.post("disconnect")
	if got := next(); got != "event: connection" {
		t.Errorf("the stream goes on with %q", got)
	}
	next()
	w.server.endStreams()
	if got := next(); got != "" {
		t.Errorf("the stream does not end: %q", got)
	}
}

func TestStore(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have no modes there")
	}
	w := newWorld(t, "acme-tasks", keyAuth, nil)
	w.connect()
	file := filepath.Join(w.state, "acme-tasks.json")
	for path, want := range map[string]os.FileMode{w.state: 0o700, file: 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has the mode %v, want %v (%v)", path, info.Mode().Perm(), want, err)
		}
	}
	if names := w.files(); len(names) != 1 {
		t.Errorf("the folder has %v", names)
	}
	// A damaged file is told, and stays.
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	damaged := whole[:len(whole)-20]
	if err := os.WriteFile(file, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	w.start()
	has(t, "the page", w.get(w.base).body, "is damaged", "acme-tasks.json", "--fresh")
	has(t, "connecting", w.post("connect", "c.0", "key-12345678", "c.1", "x").body, "is damaged")
	if a := w.deliver(`{"event": "task.created", "id": "1"}`, "hook-secret-1"); a.status != http.StatusServiceUnavailable {
		t.Errorf("a delivery: %d", a.status)
	}
	if now, err := os.ReadFile(file); err != nil || string(now) != string(damaged) {
		t.Errorf("the damaged file was changed, %v", err)
	}
	// A link is not followed, neither when reading nor when writing.
	secret := filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(secret, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, file); err != nil {
		t.Fatal(err)
	}
	w.start()
	has(t, "the page", w.get(w.base).body, "is no regular file")
	// Others must not look into the folder.
	for _, mode := range []os.FileMode{0o750, 0o705, 0o701} {
		if err := os.Chmod(w.state, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenStore(w.state); err == nil || !strings.Contains(err.Error(), "other users can look into") {
			t.Errorf("a folder with the mode %v: %v", mode, err)
		}
	}
}
