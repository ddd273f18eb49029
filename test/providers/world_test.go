// Package providers takes whole MiniApps through their life at providers that
// nobody here wrote: the emulations of GitHub, Slack, Stripe, Linear and Twilio
// that the npm package emulate has. They are no recordings: what an action makes
// is there afterwards, tokens are issued and void, and deliveries are signed.
//
// The definitions are written for the real services, and only the origins of
// their URLs are replaced by those on this machine, in a copy.
package providers

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/outbound"
	"github.com/karzoun/miniapp-review/internal/sandbox"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
	"github.com/karzoun/miniapp-review/test/peer"
)

// start starts services with their seeds, and returns their addresses by name.
func start(t *testing.T, seeds map[string]any) map[string]string {
	t.Helper()
	data, err := json.Marshal(seeds)
	if err != nil {
		t.Fatal(err)
	}
	var addresses map[string]string
	if err := json.Unmarshal([]byte(peer.Emulate(t, "providers.mjs", string(data))), &addresses); err != nil {
		t.Fatal(err)
	}
	return addresses
}

// shop is a MiniApp that is about to be installed.
type shop struct {
	*testing.T
	// dir is the copy of the submission, in a folder of definitions.
	dir     string
	machine *sandbox.Machine
	// hook takes what the provider delivers, and early has what came before
	// anybody waited for it.
	hook  *hook
	early []arrival
}

// obj is a JSON object.
type obj = map[string]any

// open copies a submission, puts the origins of this machine into it, and makes
// a machine for it that goes all the way through the client of requests.
func open(t *testing.T, ns string, origins map[string]string) *shop {
	t.Helper()
	dir := filepath.Join(t.TempDir(), submission.Root, ns)
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("definitions", ns))); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, submission.DefinitionFile)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for public, local := range origins {
		if !bytes.Contains(data, []byte(public)) {
			t.Fatalf("%s has nothing at %s", file, public)
		}
		data = bytes.ReplaceAll(data, []byte(public), []byte(local))
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	tree, err := source.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	pkg, err := submission.Load(tree, ".")
	if err != nil {
		t.Fatal(err)
	}
	if pkg.Definition == nil {
		t.Fatalf("%s is no definition", file)
	}
	client := outbound.New(outbound.Options{AllowLocal: true, Now: time.Now})
	t.Cleanup(client.Close)
	s := &shop{T: t, dir: dir, hook: newHook(t)}
	s.machine = &sandbox.Machine{Definition: pkg.Definition, Provider: client, Functions: newFunctions(t), Now: time.Now, Random: rand.Reader,
		Platform: sandbox.Platform{BaseURL: s.hook.url, Subdomain: "acme"}}
	return s
}

// connected installs and connects, which must do.
func (s *shop) connected(form obj) *sandbox.Install {
	s.Helper()
	install := sandbox.NewInstall("install-1")
	s.passes(s.machine.Connect(s.Context(), install, values(form)))
	return install
}

// refuses connects with what is wrong, and checks that it fails at a step with a
// code, and that nothing is stored.
func (s *shop) refuses(form obj, step string, code sandbox.Code) *sandbox.Run {
	s.Helper()
	install := sandbox.NewInstall("install-0")
	run := s.machine.Connect(s.Context(), install, values(form))
	s.refused(run, install, step, code)
	return run
}

func (s *shop) refused(run *sandbox.Run, install *sandbox.Install, step string, code sandbox.Code) {
	s.Helper()
	if run.OK() || run.Failure.Code != code || install.Connected || len(install.Credentials)+len(install.Metadata)+len(install.UserInput) > 0 {
		s.Fatalf("expected %s, and nothing stored:\n%s", code, shown(run))
	}
	if n := len(run.Steps); step != "" && (n == 0 || run.Steps[n-1].Name != step) {
		s.Errorf("expected it to fail at %q:\n%s", step, shown(run))
	}
}

// options fills a dropdown.
func (s *shop) options(install *sandbox.Install, key string, params obj) []sandbox.Option {
	s.Helper()
	list, run := s.machine.Source(s.Context(), install, key, "", values(params))
	s.passes(run)
	return list
}

// act runs an action, which must do, and returns what it gives.
func (s *shop) act(install *sandbox.Install, name string, input obj) obj {
	s.Helper()
	run := s.machine.Action(s.Context(), install, name, values(input))
	s.passes(run)
	return decode[obj](s.T, jsondoc.AppendJSON(nil, run.Output))
}

// passes fails the test when a run did not go through, or said that something
// is wrong.
func (s *shop) passes(run *sandbox.Run) {
	s.Helper()
	if f := run.Failure; f != nil {
		s.Fatalf("%s failed with %s: %s\n%s", run.Name, f.Code, f.Message, shown(run))
	}
	for _, d := range run.Diagnostics {
		if d.Choice == "" {
			s.Errorf("%s says at %s: %s", run.Name, d.Pointer, d.Message)
		}
	}
}

func shown(v any) []byte {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return []byte(err.Error())
	}
	return data
}

// values are JSON values as a machine takes them.
func values(v obj) sandbox.Values {
	list := sandbox.Values{}
	for k, x := range v {
		data, err := json.Marshal(x)
		if err != nil {
			panic(err)
		}
		doc, problems := jsondoc.Parse(data)
		if len(problems) > 0 {
			panic(problems[0])
		}
		list[k] = doc.Root
	}
	return list
}

func decode[T any](t *testing.T, data []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	return v
}

// ask asks a provider by itself, past everything that is tested, and returns its
// answer. The status has to be one of 2xx.
func ask[T any](t *testing.T, method, address, token string, body any) T {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, address, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode/100 != 2 {
		t.Fatalf("%s %s answered %d: %s", method, address, response.StatusCode, got)
	}
	if len(got) == 0 {
		var none T
		return none
	}
	return decode[T](t, got)
}

// hook is the platform's side of webhooks: it hands what comes to an install,
// and answers what the machine answers.
type hook struct {
	url string

	mu      sync.Mutex
	deliver func(sandbox.Incoming) *sandbox.Delivered
	came    chan arrival
}

// arrival is a delivery as it came, and what became of it.
type arrival struct {
	path string
	in   sandbox.Incoming
	*sandbox.Delivered
}

func newHook(t *testing.T) *hook {
	h := &hook{came: make(chan arrival, 100)}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil || h.deliver == nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	in := sandbox.Incoming{Method: r.Method, Header: r.Header, Query: r.URL.Query(), Body: body}
	d := h.deliver(in)
	w.Header().Set("Content-Type", d.Answer.Type)
	w.WriteHeader(d.Answer.Status)
	_, _ = w.Write(d.Answer.Body)
	h.came <- arrival{r.URL.Path, in, d}
}

// receives makes the machine take what is delivered for an install.
func (s *shop) receives(install *sandbox.Install) {
	s.hook.mu.Lock()
	defer s.hook.mu.Unlock()
	s.hook.deliver = func(in sandbox.Incoming) *sandbox.Delivered { return s.machine.Deliver(install, in) }
}

// delivered waits for the next delivery of an event; "" is one without any, such
// as one that is refused. Deliveries of different events can overtake each other.
func (s *shop) delivered(event string) arrival {
	s.Helper()
	late := time.After(20 * time.Second)
	for {
		for i, a := range s.early {
			if a.Event == event {
				s.early = slices.Delete(s.early, i, i+1)
				return a
			}
		}
		select {
		case a := <-s.hook.came:
			s.early = append(s.early, a)
		case <-late:
			s.Fatalf("%q was not delivered, but\n%s", event, shown(s.early))
		}
	}
}

// starts waits for the next delivery of an event, and checks that it was
// verified, has the id, and starts the trigger of the label alone.
func (s *shop) starts(event, id, label string) arrival {
	s.Helper()
	a := s.delivered(event)
	s.passes(a.Run)
	if !a.Verification.OK || a.TransactionID != id || a.Duplicate || len(a.Triggers) != 1 || a.Triggers[0].Label != label {
		s.Fatalf("expected %q with the id %q to start %q:\n%s", event, id, label, shown(a.Delivered))
	}
	return a
}
