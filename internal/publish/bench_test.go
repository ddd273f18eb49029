package publish_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/karzoun/miniapp-review/internal/github"
	"github.com/karzoun/miniapp-review/internal/githubtest"
	"github.com/karzoun/miniapp-review/internal/publish"
	"github.com/karzoun/miniapp-review/internal/registry"
	"github.com/karzoun/miniapp-review/internal/registry/artifact"
	"github.com/karzoun/miniapp-review/internal/registry/branch"
	"github.com/karzoun/miniapp-review/internal/registry/endpoint"
	"github.com/karzoun/miniapp-review/internal/registry/folder"
	"github.com/karzoun/miniapp-review/internal/source"
)

// versionsEach is how many versions each namespace of the measured registry has.
const versionsEach = 20

// namespaces is how many namespaces it has: MINIAPP_BENCH_NAMESPACES, or few.
func namespaces(b *testing.B) int {
	text := os.Getenv("MINIAPP_BENCH_NAMESPACES")
	if text == "" {
		return 10
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		b.Fatalf("MINIAPP_BENCH_NAMESPACES is %q", text)
	}
	return n
}

// market is a branch, and the releases that it has had. The definitions are
// those of an example, with other names.
type market struct {
	tree  source.Memory
	model string
	n     int
	// past are the releases of each namespace, oldest first.
	past [][]*registry.Release
}

func newMarket(b *testing.B, n int) *market {
	model, err := os.ReadFile("../../examples/definitions-repo/definitions/taskhub/miniapp.json")
	if err != nil {
		b.Fatal(err)
	}
	m := &market{tree: source.Memory{}, model: string(model), n: n, past: make([][]*registry.Release, n)}
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		m.set(i, versionsEach-1)
		g.Go(func() (err error) { m.past[i], err = m.releases(i); return err })
	}
	if err := g.Wait(); err != nil {
		b.Fatal(err)
	}
	return m
}

// again is the same market with a branch of its own, which a measurement changes.
func (m *market) again() *market {
	return &market{tree: maps.Clone(m.tree), model: m.model, n: m.n, past: m.past}
}

func name(i int) string { return fmt.Sprintf("app-%04d", i) }

func (m *market) definition(i, minor int) string {
	return strings.Replace(strings.Replace(m.model, `"ns": "taskhub"`, fmt.Sprintf(`"ns": %q`, name(i)), 1), `"version": "1.1.0"`, fmt.Sprintf(`"version": "1.%d.0"`, minor), 1)
}

// set puts a version of a namespace on the branch.
func (m *market) set(i, minor int) {
	dir := "definitions/" + name(i) + "/"
	m.tree[dir+"miniapp.json"] = source.MemoryFile{Data: []byte(m.definition(i, minor))}
	m.tree[dir+"CHANGELOG.md"] = source.MemoryFile{Data: fmt.Appendf(nil, "# Changelog\n\n## [1.%d.0] - 2026-11-20\n\n### Added\n\n- Action \"Number %d\" of %s.\n", minor, minor, name(i))}
	m.tree[dir+"SETUP.md"] = source.MemoryFile{Data: []byte("1. Install\n2. Connect\n3. Use\n")}
}

// everyone sees everything.
func everyone(string, registry.Entry) (registry.Visibility, []string) { return registry.Public, nil }

// run reads the branch and reconciles a target, as the command does.
func (m *market) run(b *testing.B, target registry.Target, want map[publish.Action]int) {
	candidates, err := publish.Scan(m.tree)
	if err != nil {
		b.Fatal(err)
	}
	run := publish.Run{Candidates: candidates, Visible: everyone, Targets: []registry.Target{target}, Builder: m.builder()}
	out := run.Do(b.Context())[0]
	got := map[publish.Action]int{}
	for _, s := range out.Steps {
		got[s.Action]++
	}
	if out.Err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		b.Fatalf("%s: %v, %v, want %v", target, got, out.Err, want)
	}
}

func (m *market) builder() *publish.Builder {
	origin := func(string) (registry.Source, error) {
		return registry.Source{Repository: "https://forge.example/market/definitions", Commit: strings.Repeat("a", 40), Committed: "2026-11-20T10:00:00Z", Author: "Partner"}, nil
	}
	return &publish.Builder{Tree: m.tree, Origin: origin, Tool: "miniapp bench"}
}

// releases makes every release of a namespace.
func (m *market) releases(i int) ([]*registry.Release, error) {
	var out []*registry.Release
	for minor := range versionsEach {
		one := &market{tree: source.Memory{}, model: m.model}
		one.set(i, minor)
		candidates, err := publish.Scan(one.tree)
		if err != nil {
			return nil, err
		}
		r, err := one.builder().Release(&candidates[0], registry.Public, nil)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func write(b *testing.B, name string, data []byte) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		b.Fatal(err)
	}
}

// measure measures a target that has all versions, and no index yet. asked
// counts requests; nil where there are none.
func (m *market) measure(b *testing.B, target registry.Target, asked *atomic.Int64, rebuild bool) {
	report := func(b *testing.B) {
		if asked != nil {
			b.ReportMetric(float64(asked.Load())/float64(b.N), "requests/op")
		}
	}
	start := func() {
		if asked != nil {
			asked.Store(0)
		}
	}
	if rebuild {
		b.Run("rebuild", func(b *testing.B) {
			start()
			for b.Loop() {
				x, err := target.Rebuild(b.Context())
				if err != nil || x.Len() < m.n*versionsEach {
					b.Fatal(err)
				}
			}
			report(b)
		})
	}
	b.Run("nothing", func(b *testing.B) {
		start()
		for b.Loop() {
			m.run(b, target, map[publish.Action]int{publish.Verified: m.n})
		}
		report(b)
	})
	minor := versionsEach
	b.Run("one", func(b *testing.B) {
		start()
		for b.Loop() {
			m.set(m.n/2, minor)
			minor++
			m.run(b, target, map[publish.Action]int{publish.Verified: m.n - 1, publish.Published: 1})
		}
		report(b)
	})
}

func (m *market) fill(b *testing.B, dir string) {
	for _, past := range m.past {
		for _, r := range past {
			for file, data := range r.Files() {
				write(b, filepath.Join(dir, r.NS, r.Version, file), data)
			}
		}
	}
}

// listed is how many entries GitHub lists of a tree and all below it: up to
// 100,000, but no more than 7 MB of its JSON, which takes about 270 bytes for an
// entry.
const listed = 26_000

// branch returns a registry on a branch of a GitHub in memory, which has all
// versions. What that GitHub does itself is in the times; that it asks for a
// second between writes is not.
func (m *market) branch(b *testing.B) (registry.Target, *atomic.Int64) {
	gh := githubtest.New(githubtest.Options{Now: time.Now})
	b.Cleanup(gh.Close)
	repo := gh.Repo("market/definitions", githubtest.Texts(map[string]string{"README.md": "# Definitions\n"}))
	repo.Set(func(r *githubtest.Repo) { r.TreeLimit = listed })
	files := githubtest.Files{".nojekyll": githubtest.Text("")}
	index := registry.NewIndex()
	for i, past := range m.past {
		var versions []registry.Stored
		for _, r := range past {
			versions = append(versions, registry.Stored{Release: r, Version: r.Version})
			for file, data := range r.Files() {
				files[r.NS+"/"+r.Version+"/"+file] = githubtest.File{Data: data}
			}
		}
		entry, err := registry.EntryOf(versions)
		if err != nil {
			b.Fatal(err)
		}
		index.Set(name(i), entry)
	}
	files[registry.IndexFile] = githubtest.File{Data: index.Encode()}
	repo.Move("registry", gh.User("market"), repo.Commit(githubtest.CommitSpec{Files: files, Author: gh.User("market")}))
	asked := &atomic.Int64{}
	client, err := github.New(github.Options{Owner: "market", Name: "definitions", API: gh.URL, Action: true, Now: time.Now, Transport: counting{http.DefaultTransport, asked},
		Token: repo.ActionsToken(githubtest.Permissions{"contents": "write"}), Sleep: func(context.Context, time.Duration) error { return nil }})
	if err != nil {
		b.Fatal(err)
	}
	return branch.Open(client, "registry"), asked
}

// counting counts the requests that go through it.
type counting struct {
	next  http.RoundTripper
	asked *atomic.Int64
}

func (c counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.asked.Add(1)
	return c.next.RoundTrip(r)
}

// BenchmarkRegistry measures runs against a registry of many versions: one that
// makes the index again, one that has nothing to do, and one with a new version.
func BenchmarkRegistry(b *testing.B) {
	all := newMarket(b, namespaces(b))
	b.Run("static", func(b *testing.B) {
		m, dir := all.again(), b.TempDir()
		m.fill(b, dir)
		m.measure(b, folder.Open(dir), nil, true)
	})
	b.Run("branch", func(b *testing.B) {
		m := all.again()
		target, asked := m.branch(b)
		m.measure(b, target, asked, true)
	})
	b.Run("http", func(b *testing.B) {
		m, dir := all.again(), b.TempDir()
		m.fill(b, dir)
		if _, err := folder.Open(dir).Rebuild(b.Context()); err != nil {
			b.Fatal(err)
		}
		server := httptest.NewServer((&endpoint.Server{Target: folder.Open(dir), Files: os.DirFS(dir), Tokens: []string{"token"}}).Handler())
		defer server.Close()
		asked := &atomic.Int64{}
		target, err := endpoint.Dial(server.URL, endpoint.Options{Now: time.Now, Sleep: endpoint.Sleep, Transport: counting{http.DefaultTransport, asked},
			Token: func(context.Context, string) (string, error) { return "token", nil }})
		if err != nil {
			b.Fatal(err)
		}
		m.measure(b, target, asked, false)
	})
	b.Run("oci", func(b *testing.B) {
		m := all.again()
		host := ociServer(b, m)
		asked := &atomic.Int64{}
		target, err := artifact.Open(host+"/apps", artifact.Options{Transport: counting{http.DefaultTransport, asked}})
		if err != nil {
			b.Fatal(err)
		}
		m.measure(b, target, asked, true)
	})
}

// ociServer starts a docker-registry on a store that has all versions. The store
// is written as the server itself does: that is what takes the time otherwise.
func ociServer(b *testing.B, m *market) string {
	program, err := exec.LookPath("docker-registry")
	if err != nil {
		b.Fatal("there is no docker-registry: install it (apt-get install docker-registry)")
	}
	dir := b.TempDir()
	store := filepath.Join(dir, "docker", "registry", "v2")
	link := func(digest string, at ...string) {
		write(b, filepath.Join(append([]string{store, "repositories", "apps"}, at...)...), []byte(digest))
	}
	put := func(ns string, data []byte) string {
		sum := registry.Digest(data)
		write(b, filepath.Join(store, "blobs", "sha256", sum[:2], sum, "data"), data)
		link("sha256:"+sum, ns, "_layers", "sha256", sum, "link")
		return sum
	}
	for _, past := range m.past {
		for _, r := range past {
			put(r.NS, []byte("{}"))
			for _, data := range r.Files() {
				put(r.NS, data)
			}
			manifest, err := artifact.Manifest(r)
			if err != nil || !json.Valid(manifest) {
				b.Fatal(err)
			}
			sum := put(r.NS, manifest)
			link("sha256:"+sum, r.NS, "_manifests", "revisions", "sha256", sum, "link")
			link("sha256:"+sum, r.NS, "_manifests", "tags", r.Version, "current", "link")
			link("sha256:"+sum, r.NS, "_manifests", "tags", r.Version, "index", "sha256", sum, "link")
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	host := l.Addr().String()
	l.Close()
	config := filepath.Join(dir, "config.yml")
	write(b, config, fmt.Appendf(nil, "version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage:\n  filesystem: {rootdirectory: %s}\nhttp: {addr: %s}\n", dir, host))
	cmd := exec.Command(program, "serve", config)
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 1000 {
		if resp, err := http.Get("http://" + host + "/v2/"); err == nil {
			resp.Body.Close()
			return host
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.Fatal("docker-registry does not answer")
	return ""
}
