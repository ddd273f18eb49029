// Package registrytest holds what every registry.Target must do, as tests.
package registrytest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/publish"
	"github.com/karzoun/miniapp-review/internal/registry"
)

// Release makes a release. Other texts give other contents of the same version.
func Release(t testing.TB, ns, version, text string) *registry.Release {
	t.Helper()
	doc := fmt.Sprintf(`{"ns": %q, "version": %q, "title": "The %s", "category": "support", "shortDescription": %q, "status": "public"}`, ns, version, ns, text)
	def, err := registry.Canonical([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	l := registry.Listing{Visibility: registry.Public, Title: "The " + ns, Category: "support", ShortDescription: text, Setup: "1. Install\n"}
	p := registry.Provenance{Tool: "miniapp test", Source: registry.Source{
		Repository: "https://forge.example/acme/definitions", Commit: strings.Repeat("c", 40), Committed: "2026-11-20T10:00:00Z", SHA256: strings.Repeat("0", 64)}}
	r, err := registry.NewRelease(def, l, "### Added\n\n- "+text, p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Mark is a mark that never changes.
func Mark(reason string) registry.Mark {
	return registry.NewMark(reason, time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC))
}

// MustPublish publishes releases, all of which must be added.
func MustPublish(t testing.TB, target registry.Target, batch ...*registry.Release) {
	t.Helper()
	results, err := target.Publish(t.Context(), batch)
	if err != nil {
		t.Fatalf("publishing to %s: %v", target, err)
	}
	for _, r := range results {
		if r.Err != nil || !r.Added {
			t.Fatalf("publishing %s %s to %s: added %v, %v", r.NS, r.Version, target, r.Added, r.Err)
		}
	}
}

// Encoded returns the bytes of a target's index.
func Encoded(t testing.TB, target registry.Target) string {
	t.Helper()
	x, err := target.Index(t.Context())
	if err != nil {
		t.Fatalf("reading the index of %s: %v", target, err)
	}
	return string(x.Encode())
}

// MustVerify checks that a target is whole.
func MustVerify(t testing.TB, target registry.Target) {
	t.Helper()
	report, err := publish.Verify(t.Context(), target)
	if err != nil {
		t.Fatalf("verifying %s: %v", target, err)
	}
	for _, f := range report.Faults {
		t.Errorf("%s: %s %s: %s", target, f.NS, f.Version, f.Message)
	}
}

// Conform tests a kind of target. place makes an empty place and returns a
// function that opens it, as often as it is called.
func Conform(t *testing.T, place func(t *testing.T) (open func() registry.Target)) {
	tests := []struct {
		name string
		run  func(*testing.T, func() registry.Target)
	}{
		{"empty", testEmpty}, {"publish", testPublish}, {"again", testAgain}, {"conflict", testConflict}, {"older", testOlder},
		{"adds only", testAddsOnly}, {"missing", testMissing}, {"yank", testYank}, {"rebuild", testRebuild}, {"at once", testAtOnce}, {"others at once", testOthersAtOnce},
		{"canceled", testCanceled},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(t, place(t)) })
	}
}

func testEmpty(t *testing.T, open func() registry.Target) {
	x, err := open().Index(t.Context())
	if err != nil || x.Len() != 0 {
		t.Fatalf("an empty place has the index %v, %v", x, err)
	}
	if results, err := open().Publish(t.Context(), nil); err != nil || len(results) != 0 {
		t.Errorf("publishing nothing gives %v, %v", results, err)
	}
}

func testPublish(t *testing.T, open func() registry.Target) {
	first, second := Release(t, "acme-desk", "1.0.0", "First"), Release(t, "acme-desk", "1.1.0", "Second")
	other := Release(t, "taskhub", "0.1.0", "Task")
	MustPublish(t, open(), first, other, second)
	x, err := open().Index(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"acme-desk", "taskhub"}, x.Namespaces()); diff != "" {
		t.Errorf("namespaces (-want +got):\n%s", diff)
	}
	want := registry.Entry{
		Summary: registry.Summary{Title: "The acme-desk", Category: "support", ShortDescription: "Second"},
		Versions: []registry.Version{
			{Version: "1.1.0", State: registry.Published, SHA256: second.SHA256(), Provenance: registry.Digest(second.Provenance), Visibility: registry.Public, Committed: "2026-11-20T10:00:00Z"},
			{Version: "1.0.0", State: registry.Published, SHA256: first.SHA256(), Provenance: registry.Digest(first.Provenance), Visibility: registry.Public, Committed: "2026-11-20T10:00:00Z"},
		},
	}
	if diff := cmp.Diff(want, x.Entry("acme-desk")); diff != "" {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
	s, err := open().Read(t.Context(), "acme-desk", "1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&registry.Stored{Release: first, Version: "1.0.0"}, s); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	MustVerify(t, open())
}

func testAgain(t *testing.T, open func() registry.Target) {
	r := Release(t, "acme-desk", "1.0.0", "First")
	MustPublish(t, open(), r)
	before := Encoded(t, open())
	results, err := open().Publish(t.Context(), []*registry.Release{r})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]registry.Result{{NS: "acme-desk", Version: "1.0.0"}}, results); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, Encoded(t, open())); diff != "" {
		t.Errorf("the index changed (-before +after):\n%s", diff)
	}
}

func testConflict(t *testing.T, open func() registry.Target) {
	r := Release(t, "acme-desk", "1.0.0", "First")
	MustPublish(t, open(), r)
	results, err := open().Publish(t.Context(), []*registry.Release{Release(t, "acme-desk", "1.0.0", "Changed"), Release(t, "zeta", "1.0.0", "Fine")})
	if err != nil || len(results) != 2 {
		t.Fatalf("results %v, %v", results, err)
	}
	if !errors.Is(results[0].Err, registry.ErrConflict) {
		t.Errorf("other content gives %v", results[0].Err)
	}
	if results[1].Err != nil || !results[1].Added {
		t.Errorf("the other namespace was held back: %+v", results[1])
	}
	results, err = open().Publish(t.Context(), []*registry.Release{Release(t, "acme-desk", "1.0.0+7", "Build")})
	if err != nil || len(results) != 1 || !errors.Is(results[0].Err, registry.ErrConflict) {
		t.Errorf("build metadata alone gives %v, %v", results, err)
	}
	s, err := open().Read(t.Context(), "acme-desk", "1.0.0")
	if err != nil || cmp.Diff(r, s.Release) != "" {
		t.Errorf("the version changed: %+v, %v", s, err)
	}
	MustVerify(t, open())
}

func testOlder(t *testing.T, open func() registry.Target) {
	MustPublish(t, open(), Release(t, "acme-desk", "1.1.0", "First"))
	results, err := open().Publish(t.Context(), []*registry.Release{Release(t, "acme-desk", "1.0.9", "Late")})
	if err != nil || len(results) != 1 || !errors.Is(results[0].Err, registry.ErrOlder) {
		t.Errorf("an older version gives %v, %v", results, err)
	}
}

// testAddsOnly publishes one version after another: the earlier ones stay what
// they were.
func testAddsOnly(t *testing.T, open func() registry.Target) {
	var all []*registry.Release
	for _, v := range []string{"0.9.0", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.10.0", "2.0.0-beta.1"} {
		all = append(all, Release(t, "acme-desk", v, "Version "+v))
		MustPublish(t, open(), all[len(all)-1])
	}
	for _, r := range all {
		s, err := open().Read(t.Context(), r.NS, r.Version)
		if err != nil || cmp.Diff(r, s.Release) != "" {
			t.Errorf("%s changed: %v", r.Version, err)
		}
	}
	x, err := open().Index(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := x.Entry("acme-desk").Latest(); got != "1.10.0" {
		t.Errorf("the latest is %q, want 1.10.0: a pre-release is never the latest", got)
	}
}

func testMissing(t *testing.T, open func() registry.Target) {
	MustPublish(t, open(), Release(t, "acme-desk", "1.0.0", "First"))
	for _, at := range [][2]string{{"acme-desk", "2.0.0"}, {"never", "1.0.0"}} {
		if s, err := open().Read(t.Context(), at[0], at[1]); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("reading %v gives %v, %v", at, s, err)
		}
		if err := open().Yank(t.Context(), at[0], at[1], Mark("bad")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("yanking %v gives %v", at, err)
		}
	}
	for _, at := range [][2]string{{"../x", "1.0.0"}, {"acme-desk", "../1.0.0"}, {"", ""}, {"acme-desk", "v1"}} {
		if _, err := open().Read(t.Context(), at[0], at[1]); err == nil {
			t.Errorf("reading %v is no error", at)
		}
		if err := open().Yank(t.Context(), at[0], at[1], Mark("bad")); err == nil {
			t.Errorf("yanking %v is no error", at)
		}
	}
}

func testYank(t *testing.T, open func() registry.Target) {
	old, bad := Release(t, "acme-desk", "1.0.0", "First"), Release(t, "acme-desk", "1.1.0", "Bad")
	MustPublish(t, open(), old, bad)
	for _, reason := range []string{"It loses orders.", "Another reason."} {
		if err := open().Yank(t.Context(), "acme-desk", "1.1.0", Mark(reason)); err != nil {
			t.Fatal(err)
		}
	}
	x, err := open().Index(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e := x.Entry("acme-desk")
	if v, _ := e.Find("1.1.0"); v.State != registry.Yanked || v.Reason != "It loses orders." || v.SHA256 != bad.SHA256() {
		t.Errorf("the yanked version is %+v", v)
	}
	if e.Latest() != "1.0.0" || e.Summary.ShortDescription != "First" {
		t.Errorf("the latest is %q, %+v", e.Latest(), e.Summary)
	}
	s, err := open().Read(t.Context(), "acme-desk", "1.1.0")
	if err != nil || s.Yanked == nil || cmp.Diff(bad, s.Release) != "" {
		t.Errorf("the content did not stay: %+v, %v", s, err)
	}
	results, err := open().Publish(t.Context(), []*registry.Release{bad})
	if err != nil || results[0].Added || results[0].Err != nil {
		t.Errorf("publishing a yanked version again gives %v, %v", results, err)
	}
	MustVerify(t, open())
	MustPublish(t, open(), Release(t, "acme-desk", "1.1.1", "Mended"))
	MustVerify(t, open())
}

func testRebuild(t *testing.T, open func() registry.Target) {
	MustPublish(t, open(), Release(t, "acme-desk", "1.0.0", "First"), Release(t, "acme-desk", "1.1.0", "Bad"), Release(t, "taskhub", "0.1.0", "Task"))
	if err := open().Yank(t.Context(), "acme-desk", "1.1.0", Mark("bad")); err != nil {
		t.Fatal(err)
	}
	before := Encoded(t, open())
	x, err := open().Rebuild(t.Context())
	if errors.Is(err, errors.ErrUnsupported) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, string(x.Encode())); diff != "" {
		t.Errorf("the index that was made again (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(before, Encoded(t, open())); diff != "" {
		t.Errorf("the index that is there (-before +after):\n%s", diff)
	}
}

// testAtOnce has publishers of the same and of other versions at once. Whatever
// one of them did not get in, its next run does.
func testAtOnce(t *testing.T, open func() registry.Target) {
	const publishers = 4
	batches := make([][]*registry.Release, publishers)
	for i := range batches {
		batches[i] = []*registry.Release{Release(t, "shared", "1.0.0", "The same"), Release(t, fmt.Sprintf("own-%d", i), "1.0.0", "Own")}
	}
	var wg sync.WaitGroup
	for _, batch := range batches {
		target := open()
		wg.Go(func() {
			results, err := target.Publish(context.WithoutCancel(t.Context()), batch)
			if err != nil {
				t.Errorf("publishing at once: %v", err)
			}
			for _, r := range results {
				if r.Err != nil {
					t.Errorf("publishing %s at once: %v", r.NS, r.Err)
				}
			}
		})
	}
	wg.Wait()
	for _, batch := range batches {
		if _, err := open().Publish(t.Context(), batch); err != nil {
			t.Errorf("publishing again: %v", err)
		}
	}
	x, err := open().Index(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if x.Len() != publishers+1 {
		t.Errorf("the index names %d versions in %v, want %d", x.Len(), x.Namespaces(), publishers+1)
	}
	MustVerify(t, open())
}

// testOthersAtOnce has publishers with other contents of the same version at
// once. One of them has it added, every other one has a conflict, and what holds
// in the end is what was reported as added, in the next runs too.
func testOthersAtOnce(t *testing.T, open func() registry.Target) {
	const publishers = 4
	batches, results := make([][]*registry.Release, publishers), make([][]registry.Result, publishers)
	var wg sync.WaitGroup
	for i := range batches {
		batches[i] = []*registry.Release{Release(t, "shared", "1.0.0", fmt.Sprintf("Text %d", i)), Release(t, fmt.Sprintf("own-%d", i), "1.0.0", "Own")}
		target := open()
		wg.Go(func() {
			var err error
			if results[i], err = target.Publish(context.WithoutCancel(t.Context()), batches[i]); err != nil {
				t.Errorf("publishing at once: %v", err)
			}
		})
	}
	wg.Wait()
	var winner *registry.Release
	for i, got := range results {
		if len(got) != 2 {
			t.Fatalf("publisher %d has the results %v", i, got)
		}
		switch {
		case got[0].Added && got[0].Err == nil && winner == nil:
			winner = batches[i][0]
		case got[0].Added || !errors.Is(got[0].Err, registry.ErrConflict):
			t.Errorf("publisher %d has %+v, want one that is added and conflicts", i, got[0])
		}
		if got[1].Err != nil || !got[1].Added {
			t.Errorf("its own namespace was held back: %+v", got[1])
		}
	}
	if winner == nil {
		t.Fatal("no publisher has added the version")
	}
	for i, batch := range batches {
		got, err := open().Publish(t.Context(), batch)
		if err != nil {
			t.Fatalf("publishing again: %v", err)
		}
		if won := batch[0] == winner; won && got[0].Err != nil || !won && !errors.Is(got[0].Err, registry.ErrConflict) {
			t.Errorf("publisher %d, who won: %v, has %+v in its next run", i, won, got[0])
		}
	}
	s, err := open().Read(t.Context(), "shared", "1.0.0")
	if err != nil || cmp.Diff(winner, s.Release) != "" {
		t.Errorf("what was reported as added does not hold: %+v, %v", s, err)
	}
	MustVerify(t, open())
}

func testCanceled(t *testing.T, open func() registry.Target) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := Release(t, "acme-desk", "1.0.0", "First")
	if _, err := open().Publish(ctx, []*registry.Release{r}); !errors.Is(err, context.Canceled) {
		t.Errorf("publishing after the end gives %v", err)
	}
	if _, err := open().Publish(t.Context(), []*registry.Release{r}); err != nil {
		t.Error(err)
	}
	MustVerify(t, open())
}
