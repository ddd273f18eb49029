package branch

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/github"
	"github.com/karzoun/miniapp-review/internal/githubtest"
	"github.com/karzoun/miniapp-review/internal/registry"
	"github.com/karzoun/miniapp-review/internal/registry/folder"
	"github.com/karzoun/miniapp-review/internal/registry/registrytest"
)

// world is a repository on a GitHub in memory.
type world struct {
	*testing.T
	gh   *githubtest.Server
	repo *githubtest.Repo
}

func newWorld(t *testing.T) *world {
	gh := githubtest.Start(t, githubtest.Options{})
	return &world{t, gh, gh.Repo("acme/definitions", githubtest.Texts(map[string]string{"README.md": "# Definitions\n"}))}
}

// open returns the registry as a run of its own sees it.
func (w *world) open() registry.Target {
	w.Helper()
	c, err := github.New(github.Options{Owner: "acme", Name: "definitions", API: w.gh.URL, Action: true, Now: w.gh.Now,
		Token: w.repo.ActionsToken(githubtest.Permissions{"contents": "write"}), Sleep: func(context.Context, time.Duration) error { return nil }})
	if err != nil {
		w.Fatal(err)
	}
	return Open(c, "registry")
}

func TestConform(t *testing.T) {
	registrytest.Conform(t, func(t *testing.T) func() registry.Target { return newWorld(t).open })
}

// files returns what the branch holds.
func (w *world) files() map[string]string {
	out := map[string]string{}
	for name, f := range w.repo.Read(w.repo.Branch("registry")) {
		out[name] = string(f.Data)
	}
	return out
}

func batch(t *testing.T) []*registry.Release {
	return []*registry.Release{registrytest.Release(t, "acme-desk", "1.0.0", "First"), registrytest.Release(t, "acme-desk", "1.1.0", "Second"), registrytest.Release(t, "taskhub", "0.1.0", "Task")}
}

// TestSameAsFolder checks that the branch holds, byte for byte, what a folder
// would.
func TestSameAsFolder(t *testing.T) {
	w := newWorld(t)
	dir := folder.Open(t.TempDir())
	registrytest.MustPublish(t, dir, batch(t)...)
	registrytest.MustPublish(t, w.open(), batch(t)...)
	if diff := cmp.Diff(registrytest.Encoded(t, dir), w.files()["index.json"]); diff != "" {
		t.Errorf("index (-folder +branch):\n%s", diff)
	}
	got := w.files()
	for _, name := range []string{"index.html", ".nojekyll", "acme-desk/index.html", "acme-desk/1.0.0/miniapp.json", "acme-desk/1.0.0/provenance.json", "taskhub/0.1.0/CHANGELOG.md"} {
		if _, ok := got[name]; !ok {
			t.Errorf("the branch has no %s", name)
		}
	}
	for name := range got {
		if strings.Contains(name, ".new") || name == "README.md" {
			t.Errorf("the branch has %s", name)
		}
	}
	want := registrytest.Release(t, "acme-desk", "1.0.0", "First")
	if sum := fmt.Sprintf("%x", sha256.Sum256([]byte(got["acme-desk/1.0.0/miniapp.json"]))); sum != want.SHA256() {
		t.Errorf("the definition has the SHA-256 %s, want %s", sum, want.SHA256())
	}
}

// TestNothingNew checks that a run with nothing to do takes few requests,
// whatever the registry holds.
func TestNothingNew(t *testing.T) {
	w := newWorld(t)
	var all []*registry.Release
	for i := range 40 {
		all = append(all, registrytest.Release(t, fmt.Sprintf("ns-%d", i), "1.0.0", "Text"))
	}
	registrytest.MustPublish(t, w.open(), all...)
	w.gh.ResetLog()
	if _, err := w.open().Index(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(w.gh.Requests()); n > 4 || len(w.gh.Writes()) > 0 {
		t.Errorf("reading the index takes %d requests and %d writes", n, len(w.gh.Writes()))
	}
	w.gh.ResetLog()
	registrytest.MustPublish(t, w.open(), registrytest.Release(t, "ns-7", "1.1.0", "Next"))
	if n, writes := len(w.gh.Requests()), len(w.gh.Writes()); n > 14 || writes != 3 {
		t.Errorf("one version more takes %d requests, %d of them writes: expected a tree, a commit and the reference", n, writes)
	}
}

// TestManyVersions checks that what a run asks for does not grow with the
// versions that a namespace has.
func TestManyVersions(t *testing.T) {
	asked := func(versions int) int {
		w := newWorld(t)
		var all []*registry.Release
		for i := range versions {
			all = append(all, registrytest.Release(t, "acme-desk", fmt.Sprintf("1.%d.0", i), fmt.Sprintf("Text %d", i)))
		}
		registrytest.MustPublish(t, w.open(), all...)
		w.gh.ResetLog()
		registrytest.MustPublish(t, w.open(), registrytest.Release(t, "acme-desk", "2.0.0", "Next"))
		n := len(w.gh.Requests())
		registrytest.MustVerify(t, w.open())
		return n
	}
	few, many := asked(2), asked(12)
	if many > few+1 {
		t.Errorf("one version more takes %d requests beside 2 others, and %d beside 12", few, many)
	}
}

// TestLarge makes the index of a registry again that has more files than GitHub
// lists at once, in more namespaces than a review ever looks into.
func TestLarge(t *testing.T) {
	w := newWorld(t)
	w.repo.Set(func(r *githubtest.Repo) { r.TreeLimit = 300 })
	var all []*registry.Release
	for i := range 220 {
		all = append(all, registrytest.Release(t, fmt.Sprintf("ns-%d", i), "1.0.0", fmt.Sprintf("Text %d", i)))
	}
	registrytest.MustPublish(t, w.open(), all...)
	want := w.files()["index.json"]
	w.repo.Push("registry", w.gh.User("acme"), githubtest.Files{"index.json": githubtest.Text("{\"version\": 1, \"miniapps\": {}}\n")})
	w.gh.ResetLog()
	if x, err := w.open().Rebuild(t.Context()); err != nil || x.Len() != 220 {
		t.Fatalf("made again: %v, %v", x, err)
	}
	if diff := cmp.Diff(want, w.files()["index.json"]); diff != "" {
		t.Errorf("made again (-want +got):\n%s", diff)
	}
	if n := len(w.gh.Requests()); n > 3*220+10 {
		t.Errorf("%d requests for 220 namespaces", n)
	}
}

// TestKilled ends the run at each of its requests, before and after it took
// effect, and runs it again: nothing is lost, nothing is there twice, and the
// bytes are those of a run that was let be.
func TestKilled(t *testing.T) {
	calm := newWorld(t)
	registrytest.MustPublish(t, calm.open(), registrytest.Release(t, "acme-desk", "0.9.0", "Old"))
	calm.gh.ResetLog()
	registrytest.MustPublish(t, calm.open(), batch(t)...)
	want := calm.files()
	for n := 1; n <= len(calm.gh.Requests()); n++ {
		for _, effect := range []bool{false, true} {
			w := newWorld(t)
			registrytest.MustPublish(t, w.open(), registrytest.Release(t, "acme-desk", "0.9.0", "Old"))
			before := w.repo.Branch("registry")
			ctx, kill := context.WithCancel(t.Context())
			fault := githubtest.Before(kill)
			if effect {
				fault = githubtest.After(kill)
			}
			w.gh.Inject(githubtest.When{Nth: n}, fault)
			_, _ = w.open().Publish(ctx, batch(t))
			kill()
			w.gh.Heal()
			if half := w.files(); w.repo.Branch("registry") != before && cmp.Diff(want, half) != "" {
				t.Errorf("killed at request %d, the branch is left with a part", n)
			}
			results, err := w.open().Publish(t.Context(), batch(t))
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range results {
				if r.Err != nil {
					t.Errorf("killed at request %d: %s %s: %v", n, r.NS, r.Version, r.Err)
				}
			}
			if diff := cmp.Diff(want, w.files()); diff != "" {
				t.Errorf("killed at request %d and run again (-want +got):\n%s", n, diff)
			}
		}
	}
}

// TestForeignBranch checks that a branch that holds something else is left
// alone.
func TestForeignBranch(t *testing.T) {
	w := newWorld(t)
	w.repo.Move("registry", w.gh.User("acme"), w.repo.Branch("main"))
	before := w.repo.Branch("registry")
	if _, err := w.open().Publish(t.Context(), batch(t)); err == nil || !strings.Contains(err.Error(), "README.md") {
		t.Errorf("publishing over something else gives %v", err)
	}
	if w.repo.Branch("registry") != before {
		t.Error("the branch was written to")
	}
}

// TestDamaged checks that a registry with a damaged index or a missing version
// gets nothing written.
func TestDamaged(t *testing.T) {
	for name, files := range map[string]githubtest.Files{
		"a damaged index":     {"index.json": githubtest.Text("{\"version\": 1, ")},
		"a truncated version": {"acme-desk/1.0.0/miniapp.json": githubtest.Text("{\"ns\": ")},
	} {
		w := newWorld(t)
		registrytest.MustPublish(t, w.open(), batch(t)...)
		w.repo.Push("registry", w.gh.User("acme"), files)
		before := w.repo.Branch("registry")
		results, err := w.open().Publish(t.Context(), []*registry.Release{registrytest.Release(t, "acme-desk", "2.0.0", "Next")})
		if err == nil && (len(results) != 1 || results[0].Err == nil) {
			t.Errorf("%s: publishing gives %+v", name, results)
		}
		if w.repo.Branch("registry") != before {
			t.Errorf("%s: the branch was written to", name)
		}
	}
}
