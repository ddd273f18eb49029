package publish

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/karzoun/miniapp-review/internal/registry"
	"github.com/karzoun/miniapp-review/internal/registry/folder"
	"github.com/karzoun/miniapp-review/internal/source"
)

func definitionText(ns, version, title string) string {
	return fmt.Sprintf("{\n  \"ns\": %q,\n  \"version\": %q,\n  \"title\": %q,\n  \"status\": \"private\",\n  \"category\": \"support\"\n}\n", ns, version, title)
}

// branch is a tree with one definition for each namespace.
func branch(definitions map[string]string) source.Memory {
	m := source.Memory{}
	for ns, text := range definitions {
		m["definitions/"+ns+"/miniapp.json"] = source.MemoryFile{Data: []byte(text)}
		m["definitions/"+ns+"/CHANGELOG.md"] = source.MemoryFile{Data: []byte("# Changelog\r\n\r\n## [1.1.0] - 2026-11-20\r\n\r\n### Added\r\n\r\n- More\r\n\r\n## [1.0.0] - 2026-11-01\r\n\r\n- First\r\n")}
		m["definitions/"+ns+"/SETUP.md"] = source.MemoryFile{Data: []byte("1. Install\n")}
	}
	return m
}

func everyone(string, registry.Entry) (registry.Visibility, []string) { return registry.Public, nil }

func partners(string, registry.Entry) (registry.Visibility, []string) {
	return registry.Partner, []string{"acme-us", "acme-eu"}
}

func newRun(t *testing.T, tree source.Tree, visible Visible, targets ...registry.Target) *Run {
	t.Helper()
	candidates, err := Scan(tree)
	if err != nil {
		t.Fatal(err)
	}
	origin := func(string) (registry.Source, error) {
		return registry.Source{Commit: strings.Repeat("a", 40), Committed: "2026-11-20T10:00:00Z"}, nil
	}
	return &Run{Candidates: candidates, Visible: visible, Targets: targets, Builder: &Builder{Tree: tree, Origin: origin, Tool: "miniapp test"}}
}

// actions returns what a run did at its first target, by namespace.
func actions(outcomes []Outcome) map[string]Action {
	out := map[string]Action{}
	for _, s := range outcomes[0].Steps {
		out[s.NS] = s.Action
	}
	return out
}

func TestReconcile(t *testing.T) {
	target := folder.Open(t.TempDir())
	expect := func(what string, tree source.Tree, visible Visible, want map[string]Action) {
		t.Helper()
		run := newRun(t, tree, visible, target)
		run.DryRun = true
		before := ""
		if x, err := target.Index(t.Context()); err == nil {
			before = string(x.Encode())
		}
		planned := run.Do(t.Context())
		if x, _ := target.Index(t.Context()); string(x.Encode()) != before {
			t.Errorf("%s: planning wrote", what)
		}
		run.DryRun = false
		outcomes := run.Do(t.Context())
		if outcomes[0].Err != nil {
			t.Fatalf("%s: %v", what, outcomes[0].Err)
		}
		if diff := cmp.Diff(want, actions(outcomes)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
		for i, s := range planned[0].Steps {
			if s.Action == Publish {
				s.Action = Published
			}
			if diff := cmp.Diff(s, outcomes[0].Steps[i], cmpopts.IgnoreFields(Step{}, "candidate")); diff != "" {
				t.Errorf("%s: the run does not follow its plan (-planned +done):\n%s", what, diff)
			}
		}
		for _, s := range newRun(t, tree, visible, target).Do(t.Context())[0].Steps {
			if s.Action == Publish || s.Action == Published {
				t.Errorf("%s: a second run does %s %s again", what, s.Action, s.NS)
			}
		}
	}
	acme, beta := definitionText("acme", "1.0.0", "Acme"), definitionText("beta", "1.0.0", "Beta")
	expect("first", branch(map[string]string{"acme": acme, "beta": beta}), everyone, map[string]Action{"acme": Published, "beta": Published})
	expect("other layout and status", branch(map[string]string{"acme": strings.ReplaceAll(strings.ReplaceAll(acme, "\n ", ""), "private", "public"), "beta": beta}),
		everyone, map[string]Action{"acme": Verified, "beta": Verified})
	expect("other content", branch(map[string]string{"acme": definitionText("acme", "1.0.0", "Changed"), "beta": definitionText("beta", "1.1.0", "Beta")}),
		everyone, map[string]Action{"acme": Conflict, "beta": Published})
	expect("an old run again", branch(map[string]string{"acme": acme, "beta": beta}), everyone, map[string]Action{"acme": Verified, "beta": Verified})
	expect("an old run of what was never there", branch(map[string]string{"beta": definitionText("beta", "1.0.1", "Beta")}), everyone, map[string]Action{"beta": Older})
	expect("bad ones", branch(map[string]string{"acme": "{", "beta": definitionText("other", "1.0.0", "Beta"), "delta": definitionText("delta", "1.0", "x"),
		"eta": `{"ns": "eta", "version": "1.0.0", "id": 9007199254740993}`, "zeta": definitionText("zeta", "1.0.0", "Zeta")}),
		everyone, map[string]Action{"acme": Invalid, "beta": Invalid, "delta": Invalid, "eta": Invalid, "zeta": Published})
	expect("visibility changed", branch(map[string]string{"acme": acme}), partners, map[string]Action{"acme": Verified})
	expect("for partners", branch(map[string]string{"acme": definitionText("acme", "1.1.0", "Acme")}), partners, map[string]Action{"acme": Published})

	s, err := target.Read(t.Context(), "acme", "1.1.0")
	if err != nil {
		t.Fatal(err)
	}
	if got := string(s.Release.Definition); got != `{"category":"support","ns":"acme","status":"private","title":"Acme","version":"1.1.0"}` {
		t.Errorf("the definition is %s", got)
	}
	if got := string(s.Release.Listing); got != `{"category":"support","ns":"acme","setup":"1. Install\n","tenants":["acme-eu","acme-us"],"title":"Acme","version":"1.1.0","visibility":"partner"}` {
		t.Errorf("the listing is %s", got)
	}
	if got := string(s.Release.Changelog); got != "### Added\n\n- More" {
		t.Errorf("the changelog is %q", got)
	}
	p, err := s.Release.ReadProvenance()
	if err != nil {
		t.Fatal(err)
	}
	// printf '%s  %s\n' of each digest and name, sorted by name.
	if got, want := p.Source.SHA256, registry.Digest([]byte(
		registry.Digest([]byte(branch(map[string]string{"acme": ""})["definitions/acme/CHANGELOG.md"].Data))+"  CHANGELOG.md\n"+
			registry.Digest([]byte("1. Install\n"))+"  SETUP.md\n"+
			registry.Digest([]byte(definitionText("acme", "1.1.0", "Acme")))+"  miniapp.json\n")); got != want {
		t.Errorf("the source tree has the digest %s, want %s", got, want)
	}
	x, err := target.Index(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := x.Versions("acme"); got[0].Visibility != registry.Partner || cmp.Diff([]string{"acme-eu", "acme-us"}, got[0].Tenants) != "" || got[1].Visibility != registry.Public {
		t.Errorf("the index says %+v", got)
	}
}

// down is a target that cannot be reached.
type down struct {
	registry.Target
	stage string
}

var errDown = errors.New("connection refused")

func (d down) String() string { return "down:" + d.stage }

func (d down) Index(ctx context.Context) (*registry.Index, error) {
	if d.stage == "index" {
		return nil, errDown
	}
	return registry.NewIndex(), nil
}

func (d down) Publish(_ context.Context, batch []*registry.Release) ([]registry.Result, error) {
	if d.stage == "half" {
		return []registry.Result{{NS: batch[0].NS, Version: batch[0].Version, Added: true}, {Err: errDown}}, errDown
	}
	return nil, errDown
}

// TestDown has targets that fail beside one that works.
func TestDown(t *testing.T) {
	target := folder.Open(t.TempDir())
	tree := branch(map[string]string{"acme": definitionText("acme", "1.0.0", "Acme"), "beta": definitionText("beta", "1.0.0", "Beta")})
	outcomes := newRun(t, tree, everyone, down{stage: "index"}, target, down{stage: "publish"}, down{stage: "half"}).Do(t.Context())
	var got []string
	for _, o := range outcomes {
		line := o.Target + ":"
		if strings.HasPrefix(o.Target, "static:") {
			line = "static:"
		}
		for _, s := range o.Steps {
			line += " " + string(s.Action)
		}
		got = append(got, fmt.Sprintf("%s %v", line, o.Err))
	}
	want := []string{"down:index: connection refused", "static: published published <nil>", "down:publish: failed failed connection refused", "down:half: published failed connection refused"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

// TestDiff compares indexes.
func TestDiff(t *testing.T) {
	version := func(v, sum string, state registry.State) registry.Version {
		return registry.Version{Version: v, State: state, SHA256: strings.Repeat(sum, 64)}
	}
	left, right := registry.NewIndex(), registry.NewIndex()
	left.Set("a", registry.Entry{Versions: []registry.Version{version("1.0.0", "1", registry.Published), version("1.1.0", "2", registry.Published), version("2.0.0", "3", registry.Published)}})
	right.Set("a", registry.Entry{Versions: []registry.Version{version("1.0.0", "1", registry.Published), version("1.1.0", "2", registry.Yanked), version("1.2.0", "4", registry.Published), version("2.0.0", "5", registry.Published)}})
	right.Set("b", registry.Entry{Versions: []registry.Version{version("0.1.0", "6", registry.Published)}})
	var got []string
	for _, d := range Diff(left, right) {
		got = append(got, fmt.Sprint(d.NS, " ", d.Version, " ", d.Left != nil, " ", d.Right != nil, " ", d.Conflict()))
	}
	want := []string{"a 2.0.0 true true true", "a 1.2.0 false true false", "a 1.1.0 true true false", "b 0.1.0 false true false"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
	if d := Diff(left, left); len(d) != 0 {
		t.Errorf("an index differs from itself: %v", d)
	}
}
