package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/karzoun/miniapp-review/internal/registry"
	"github.com/karzoun/miniapp-review/internal/registry/registrytest"
)

func open(t testing.TB, name string, o Options) *Target {
	t.Helper()
	if o.MaxWait == 0 {
		o.MinWait, o.MaxWait = time.Millisecond, 2*time.Millisecond
	}
	target, err := Open(name, o)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func TestConform(t *testing.T) {
	host := registrytest.DockerRegistry(t, "")
	var n atomic.Int32
	registrytest.Conform(t, func(t *testing.T) func() registry.Target {
		name := fmt.Sprintf("%s/market-%d/miniapps", host, n.Add(1))
		w := &windows{}
		return func() registry.Target { return open(t, name, Options{Transport: tripper(w.roundTrip), Sleep: w.sleep}) }
	})
}

// tags returns what the tags of a namespace point to: the versions of the
// manifests by the tags.
func tags(t *testing.T, target *Target, ns string) map[string]string {
	t.Helper()
	r, err := target.repository(target.path + "/" + ns)
	if err != nil {
		t.Fatal(err)
	}
	all, err := r.tags(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	byDigest, out := map[string]string{}, map[string]string{}
	for _, pass := range []bool{true, false} {
		for _, tag := range all {
			desc, err := r.Resolve(t.Context(), tag)
			if err != nil {
				t.Fatal(err)
			}
			if version := versionOf(ns, tag); pass && version != "" {
				byDigest[desc.Digest.String()] = version
			} else if !pass && version == "" {
				out[tag] = byDigest[desc.Digest.String()]
			}
		}
	}
	return out
}

func TestTags(t *testing.T) {
	target := open(t, registrytest.DockerRegistry(t, "")+"/apps", Options{})
	expect := func(what string, want map[string]string) {
		t.Helper()
		if diff := cmp.Diff(want, tags(t, target, "acme")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	publish := func(version string) {
		registrytest.MustPublish(t, target, registrytest.Release(t, "acme", version, version))
	}
	publish("1.4.1")
	expect("first", map[string]string{"1.4": "1.4.1", "1": "1.4.1", "latest": "1.4.1"})
	publish("1.4.2")
	publish("1.5.0-rc.1")
	expect("a fix and a pre-release", map[string]string{"1.4": "1.4.2", "1": "1.4.2", "latest": "1.4.2"})
	publish("1.5.0")
	publish("2.0.0")
	all := map[string]string{"1.4": "1.4.2", "1.5": "1.5.0", "1": "1.5.0", "2.0": "2.0.0", "2": "2.0.0", "latest": "2.0.0"}
	expect("a new major version", all)
	if err := target.Yank(t.Context(), "acme", "1.5.0", registrytest.Mark("bad")); err != nil {
		t.Fatal(err)
	}
	all["1"], all["yanked-1.5.0"] = "1.4.2", ""
	expect("yanked", all) // 1.5 has nothing else to stand for
	if err := target.Yank(t.Context(), "acme", "2.0.0", registrytest.Mark("bad")); err != nil {
		t.Fatal(err)
	}
	all["latest"], all["yanked-2.0.0"] = "1.4.2", ""
	expect("the newest yanked", all)
	registrytest.MustVerify(t, target)
}

// TestSame has the same manifest for the same release, wherever it is published.
func TestSame(t *testing.T) {
	r := registrytest.Release(t, "acme", "1.4.2", "First")
	a, err := packRelease(r)
	if err != nil {
		t.Fatal(err)
	}
	b, err := packRelease(r)
	if err != nil || string(a.manifest.data) != string(b.manifest.data) {
		t.Errorf("two manifests of a release differ: %v", err)
	}
	want := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/vnd.karzoun.miniapp.release.v1+json","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[{"mediaType":"application/vnd.karzoun.miniapp.definition.v1+json","digest":"sha256:` + r.SHA256()
	if !strings.HasPrefix(string(a.manifest.data), want) {
		t.Errorf("the manifest is %s", a.manifest.data)
	}
}

type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

var errCut = errors.New("connection reset")

// TestKilled cuts the connection before and after every single request that
// writes, and runs again: nothing is lost, nothing is there twice, and the bytes
// are the same.
func TestKilled(t *testing.T) {
	host := registrytest.DockerRegistry(t, "")
	batch := []*registry.Release{registrytest.Release(t, "acme", "1.0.0", "First"), registrytest.Release(t, "acme", "1.1.0", "Second")}
	run := func(target *Target) error {
		results, err := target.Publish(t.Context(), batch)
		for _, r := range results {
			err = errors.Join(err, r.Err)
		}
		if err == nil {
			err = target.Yank(t.Context(), "acme", "1.1.0", registrytest.Mark("bad"))
		}
		return err
	}
	want, wantTags := "", map[string]string(nil)
	for _, after := range []bool{false, true} {
		for left := 0; ; left++ {
			name := fmt.Sprintf("%s/cut-%v-%d/apps", host, after, left)
			n := 0
			target := open(t, name, Options{MinWait: time.Microsecond, MaxWait: time.Microsecond, Transport: tripper(func(r *http.Request) (*http.Response, error) {
				if r.Method == http.MethodGet || r.Method == http.MethodHead {
					if n > left {
						return nil, errCut
					}
					return http.DefaultTransport.RoundTrip(r)
				}
				if n++; n <= left {
					return http.DefaultTransport.RoundTrip(r)
				}
				if n == left+1 && after {
					if resp, err := http.DefaultTransport.RoundTrip(r); err == nil {
						resp.Body.Close()
					}
				}
				return nil, errCut
			})})
			err := run(target)
			again := open(t, name, Options{})
			if err := run(again); err != nil {
				t.Errorf("cut after %d writes and run again: %v", left, err)
			}
			got := registrytest.Encoded(t, again)
			if want == "" {
				want, wantTags = got, tags(t, again, "acme")
				registrytest.MustVerify(t, again)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("cut after %d writes and run again (-want +got):\n%s", left, diff)
			}
			if diff := cmp.Diff(wantTags, tags(t, again, "acme")); diff != "" {
				t.Errorf("cut after %d writes and run again, tags (-want +got):\n%s", left, diff)
			}
			if err == nil {
				if left < 20 {
					t.Errorf("a run has %d writes only", left)
				}
				break
			}
			if !errors.Is(err, errCut) {
				t.Errorf("cut after %d writes: %v", left, err)
			}
		}
	}
}

// TestLostIndex makes the index again, and goes on without it.
func TestLostIndex(t *testing.T) {
	host := registrytest.DockerRegistry(t, "")
	target := open(t, host+"/apps", Options{})
	registrytest.MustPublish(t, target, registrytest.Release(t, "acme", "1.0.0", "First"), registrytest.Release(t, "beta", "1.0.0", "Second"))
	want := registrytest.Encoded(t, target)
	r, err := target.repository("apps")
	if err != nil {
		t.Fatal(err)
	}
	for _, damage := range []func() error{
		func() error { return target.pushIndex(t.Context(), r, registry.NewIndex()) },
		func() error {
			p, err := pack(typeIndex, nil, layer(registry.IndexFile, typeIndex, []byte("garbage")))
			if err != nil {
				return err
			}
			return r.push(t.Context(), p, indexTag)
		},
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		if _, err := target.Rebuild(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, registrytest.Encoded(t, target)); diff != "" {
			t.Errorf("made again (-want +got):\n%s", diff)
		}
	}
	// An artifact of another kind at the index's tag is not written over.
	p, err := pack("application/vnd.example.other", nil)
	if err == nil {
		err = r.push(t.Context(), p, indexTag)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = target.Publish(t.Context(), []*registry.Release{registrytest.Release(t, "acme", "1.1.0", "x")})
	if err == nil || !strings.Contains(err.Error(), `is of type "application/vnd.example.other"`) {
		t.Errorf("another artifact gives %v", err)
	}
}

// TestSignIn signs in with a name and a password, and says what to do without.
func TestSignIn(t *testing.T) {
	users := filepath.Join(t.TempDir(), "users")
	// The password is "right", hashed by bcrypt with the smallest cost.
	if err := os.WriteFile(users, []byte("robot:"+rightHash+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	host := registrytest.DockerRegistry(t, "auth:\n  htpasswd: {realm: test, path: "+users+"}\n")
	release := registrytest.Release(t, "acme", "1.0.0", "First")
	credential := func(password string) auth.CredentialFunc {
		return func(_ context.Context, at string) (auth.Credential, error) {
			if at != host {
				t.Errorf("asked for the credentials of %q", at)
			}
			return auth.Credential{Username: "robot", Password: password}, nil
		}
	}
	for _, o := range []Options{{}, {Credential: credential("wrong")}} {
		_, err := open(t, host+"/apps", o).Publish(t.Context(), []*registry.Release{release})
		if err == nil || !strings.Contains(err.Error(), "it answers 401: sign in with \"docker login "+host+"\"") || strings.Contains(err.Error(), "wrong") {
			t.Errorf("without good credentials: %v", err)
		}
	}
	registrytest.MustPublish(t, open(t, host+"/apps", Options{Credential: credential("right")}), release)
}

// TestBadServers is about servers that are none, or fail.
func TestBadServers(t *testing.T) {
	release := registrytest.Release(t, "acme", "1.0.0", "First")
	for _, test := range []struct {
		name, body string
		status     int
		want       string
	}{
		{"garbage", "<!doctype html>", 200, "reading the index"},
		{"forbidden", "", 403, "it answers 403: sign in"},
		{"failing", "<html>oops</html>", 500, "500"},
		{"busy", "", 429, "429"},
	} {
		t.Run(test.name, func(t *testing.T) {
			asked := 0
			h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked++
				w.WriteHeader(test.status)
				io.WriteString(w, test.body)
			}))
			defer h.Close()
			target := open(t, strings.TrimPrefix(h.URL, "http://")+"/apps", Options{})
			_, err := target.Publish(t.Context(), []*registry.Release{release})
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v", err)
			}
			if limit := 2 * (maxRetries + 1); asked > limit {
				t.Errorf("asked %d times, more than %d", asked, limit)
			}
		})
	}
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer h.Close()
	if _, err := open(t, strings.TrimPrefix(h.URL, "http://")+"/apps", Options{Timeout: 50 * time.Millisecond}).Index(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a server that does not answer gives %v", err)
	}
	for _, name := range []string{"", "host", "host/", "/x", "host/UPPER", "host/a:tag", "host/a@sha256:0", "ho st/a", "https://host/a"} {
		if target, err := Open(name, Options{}); err == nil {
			t.Errorf("%q is taken for a place: %s", name, target)
		}
	}
	if target := open(t, "registry.example/a/b", Options{}); target.plain || target.String() != "oci:registry.example/a/b" {
		t.Errorf("%s is spoken to in plain: %v", target, target.plain)
	}
}

// TestRequests bounds what a run asks for.
func TestRequests(t *testing.T) {
	host := registrytest.DockerRegistry(t, "")
	asked := 0
	count := tripper(func(r *http.Request) (*http.Response, error) { asked++; return http.DefaultTransport.RoundTrip(r) })
	var batch []*registry.Release
	for i := range 20 {
		batch = append(batch, registrytest.Release(t, fmt.Sprintf("app-%02d", i), "1.0.0", "x"))
	}
	registrytest.MustPublish(t, open(t, host+"/apps", Options{}), batch...)
	target := open(t, host+"/apps", Options{Transport: count})
	if _, err := target.Index(t.Context()); err != nil || asked > 3 {
		t.Errorf("the index takes %d requests, %v", asked, err)
	}
	asked = 0
	registrytest.MustPublish(t, target, registrytest.Release(t, "app-07", "1.1.0", "y"))
	if asked > 60 {
		t.Errorf("one version takes %d requests", asked)
	}
	t.Logf("one version: %d requests", asked)
}

// rightHash is what htpasswd stores for the password "right".
const rightHash = "$2y$04$abcdefghijklmnopqrstuuFmEfrkTQnczNzw475xE2VhDrK1uwJiC"
