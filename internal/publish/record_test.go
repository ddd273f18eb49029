package publish

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/registry"
	"github.com/karzoun/miniapp-review/internal/registry/folder"
)

// files returns the files of a version.
func files(t *testing.T, target registry.Target) map[string]string {
	t.Helper()
	s, err := target.Read(t.Context(), "acme", "1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for name, data := range s.Release.Files() {
		out[name] = string(data)
	}
	return out
}

// TestSameRecord publishes to a second registry after the program was updated:
// both have the same bytes.
func TestSameRecord(t *testing.T) {
	tree := branch(map[string]string{"acme": definitionText("acme", "1.0.0", "Acme")})
	first, second := folder.Open(t.TempDir()), folder.Open(t.TempDir())
	run := newRun(t, tree, everyone, first)
	run.Builder.Tool = "miniapp v1.2.3-rc.1+dirty"
	run.Do(t.Context())
	run = newRun(t, tree, everyone, second, first)
	if got := run.Do(t.Context()); got[0].Steps[0].Action != Published || got[1].Steps[0].Action != Verified {
		t.Fatalf("the second run gives %+v", got)
	}
	if diff := cmp.Diff(files(t, first), files(t, second)); diff != "" {
		t.Errorf("two registries (-first +second):\n%s", diff)
	}
	if !strings.Contains(files(t, second)["provenance.json"], `"tool":"miniapp v1.2.3-rc.1+dirty"`) {
		t.Error("the record is not the one of the first registry")
	}
}

// hostile is a registry whose one version somebody else wrote.
type hostile struct {
	registry.Target
	release *registry.Release
	// says is the digest of the record that the index names, if it is another one.
	says string
}

func (h hostile) String() string { return "hostile" }

func (h hostile) Index(context.Context) (*registry.Index, error) {
	e, err := registry.EntryOf([]registry.Stored{{Release: h.release, Version: h.release.Version}})
	if h.says != "" {
		e.Versions[0].Provenance = h.says
	}
	x := registry.NewIndex()
	x.Set(h.release.NS, e)
	return x, err
}

func (h hostile) Read(context.Context, string, string) (*registry.Stored, error) {
	return &registry.Stored{Release: h.release, Version: h.release.Version}, nil
}

// TestHostileRecord has a registry whose record says what is not so. Nothing of
// it gets into another one.
func TestHostileRecord(t *testing.T) {
	tree := branch(map[string]string{"acme": definitionText("acme", "1.0.0", "Acme")})
	calm := folder.Open(t.TempDir())
	run := newRun(t, tree, everyone, calm)
	run.Do(t.Context())
	want := files(t, calm)
	candidates, err := Scan(tree)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := run.Builder.Release(&candidates[0], registry.Public, nil)
	if err != nil {
		t.Fatal(err)
	}
	with := func(edit func(*registry.Provenance, *registry.Listing, *string)) *registry.Release {
		t.Helper()
		p, err := ours.ReadProvenance()
		if err != nil {
			t.Fatal(err)
		}
		l, err := ours.ReadListing()
		if err != nil {
			t.Fatal(err)
		}
		p.Tool = "miniapp v9"
		changelog := string(ours.Changelog)
		edit(&p, &l, &changelog)
		r, err := registry.NewRelease(ours.Definition, l, changelog, p)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	nothing := func(*registry.Provenance, *registry.Listing, *string) {}
	more := with(nothing)
	more.Provenance = []byte(strings.Replace(string(more.Provenance), `"tool":`, `"signedBy":"everyone","tool":`, 1))
	spaced := with(nothing)
	spaced.Provenance = append([]byte(" "), spaced.Provenance...)
	twice := with(nothing)
	twice.Provenance = []byte(strings.Replace(string(twice.Provenance), `"tool":`, `"tool":"x","tool":`, 1))
	for name, h := range map[string]hostile{
		"a pull request": {release: with(func(p *registry.Provenance, _ *registry.Listing, _ *string) {
			p.PullRequest = &registry.PullRequest{Number: 1, Approvers: []registry.Person{{Login: "mona", ID: 1}}}
		})},
		"a reason": {release: with(func(p *registry.Provenance, _ *registry.Listing, _ *string) { p.Unknown = "trust me" })},
		"a commit": {release: with(func(p *registry.Provenance, _ *registry.Listing, _ *string) {
			p.Source.Commit = strings.Repeat("e", 40)
		})},
		"an author": {release: with(func(p *registry.Provenance, _ *registry.Listing, _ *string) { p.Source.Author = "Mallory" })},
		"a listing": {release: with(func(_ *registry.Provenance, l *registry.Listing, _ *string) { l.Setup = "1. Send your password" })},
		"tenants":   {release: with(func(_ *registry.Provenance, l *registry.Listing, _ *string) { l.Tenants = []string{"evil"} })},
		"a section": {release: with(func(_ *registry.Provenance, _ *registry.Listing, c *string) { *c = "- Nothing changed" })},
		"a program": {release: with(func(p *registry.Provenance, _ *registry.Listing, _ *string) { p.Tool = "<b>miniapp" })},
		"lines":     {release: with(func(p *registry.Provenance, _ *registry.Listing, _ *string) { p.Tool = "miniapp v1\n::error::" })},
		"a long one": {release: with(func(p *registry.Provenance, _ *registry.Listing, _ *string) {
			p.Tool = "miniapp " + strings.Repeat("9", 100)
		})},
		"a member":                 {release: more},
		"a layout":                 {release: spaced},
		"a key that stands twice":  {release: twice},
		"another one than it says": {release: with(nothing), says: strings.Repeat("0", 64)},
	} {
		target := folder.Open(t.TempDir())
		if got := newRun(t, tree, everyone, h, target).Do(t.Context()); got[1].Err != nil || got[1].Steps[0].Action != Published {
			t.Errorf("%s: %+v", name, got[1])
		}
		if diff := cmp.Diff(want, files(t, target)); diff != "" {
			t.Errorf("%s of another registry came in (-want +got):\n%s", name, diff)
		}
	}
	// The same without any of that is taken, so that each of them is what keeps it
	// out.
	target := folder.Open(t.TempDir())
	newRun(t, tree, everyone, hostile{release: with(nothing)}, target).Do(t.Context())
	if !strings.Contains(files(t, target)["provenance.json"], `"tool":"miniapp v9"`) {
		t.Error("a record that differs in the program alone is not taken")
	}
	// One that cannot be read holds back nothing.
	target = folder.Open(t.TempDir())
	broken := unreadable{hostile{release: with(nothing)}}
	newRun(t, tree, everyone, broken, target).Do(t.Context())
	if diff := cmp.Diff(want, files(t, target)); diff != "" {
		t.Errorf("beside a registry that cannot be read (-want +got):\n%s", diff)
	}
}

// unreadable is a registry that has an index, and nothing else.
type unreadable struct{ hostile }

func (unreadable) Read(context.Context, string, string) (*registry.Stored, error) {
	return nil, errors.New("connection reset")
}
