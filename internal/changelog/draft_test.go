package changelog_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/changelog"
	"github.com/karzoun/miniapp-review/internal/compat"
	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/submission"
)

var update = flag.Bool("update", false, "write the golden files anew")

func date() time.Time { return time.Date(2026, 11, 24, 23, 30, 0, 0, time.UTC) }

func parse(text string) *definition.Definition {
	if text == "" {
		return nil
	}
	doc, _ := jsondoc.Parse([]byte(text))
	return definition.New(doc)
}

func draft(base, head string) string {
	c := compat.Compare(parse(base), parse(head))
	return changelog.Draft(c, changelog.Version(c), date())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("read what differs, then run: go test ./internal/changelog -update\n%s", diff)
	}
}

// TestKinds drafts the section for each kind of change alone. Every breaking
// one has a step of migration that says what to do.
func TestKinds(t *testing.T) {
	var b strings.Builder
	for _, k := range compat.Kinds() {
		text := draft(k.Before, k.After)
		if text == "" {
			t.Errorf("nothing is drafted for %s", k.ID)
		}
		_, body, _ := strings.Cut(text, "\n")
		fmt.Fprintf(&b, "%s (%s)\n%s\n", k.ID, k.Impact, body)
		if has := strings.Contains(text, "### Migration"); has != (k.Impact == compat.Breaking) {
			t.Errorf("%s: migration %v:\n%s", k.ID, has, text)
		}
		if strings.Contains(text, "Look through the automations") {
			t.Errorf("%s has no step of its own", k.ID)
		}
		if strings.Contains(text, "``") {
			t.Errorf("%s names nothing:\n%s", k.ID, text)
		}
	}
	golden(t, "kinds.md", b.String())
}

func TestFirstVersion(t *testing.T) {
	text, err := os.ReadFile("../../examples/definitions-repo/definitions/shopkeep/miniapp.json")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "first.md", draft("", string(text)))
	if got := draft("", `{"version": "1.0.0"}`); got != "## [1.0.0] - 2026-11-24\n\n### Added\n\n- The first version.\n" {
		t.Errorf("a definition with nothing in it gives %q", got)
	}
}

func TestManyChanges(t *testing.T) {
	request := func(v string) string {
		var actions []string
		for i := range 5 {
			actions = append(actions, fmt.Sprintf(`{"name": "a%d", "requests": [{"url": "https://api.example/%s/%d"}]}`, i, v, i))
		}
		return strings.Join(actions, ",")
	}
	base := `{"version": "1.0.0", "actions": [` + request("v1") + `, {"name": "b1"}, {"name": "b2"}, {"name": "b3"}, {"name": "b4"}]}`
	head := `{"version": "1.1.0", "actions": [` + request("v2") + `], "triggers": [{"event": "x", "label": "It happens."}]}`
	golden(t, "many.md", draft(base, head))
}

func TestVersion(t *testing.T) {
	for _, c := range []struct{ base, head, want string }{
		{`{"version": "1.0.0", "title": "a"}`, `{"version": "1.0.0", "title": "b"}`, "1.0.1"},
		{`{"version": "1.0.0", "title": "a"}`, `{"version": "1.2.0", "title": "b"}`, "1.2.0"},
		{`{"version": "1.0.0", "triggers": [{"event": "a"}]}`, `{"version": "1.2.0"}`, "2.0.0"},
		{`{"version": "1.0.0", "triggers": [{"event": "a"}]}`, `{"version": "2.0.0-rc.1"}`, "2.0.0-rc.1"},
		{`{"version": "1.0.0", "title": "a"}`, `{"title": "b"}`, "1.0.1"},
		{`{"version": "x", "title": "a"}`, `{"version": "y", "title": "b"}`, "0.0.1"},
		{"", `{"version": "0.3.0"}`, "0.3.0"},
		{"", `{"version": "three"}`, "0.1.0"},
	} {
		if got := changelog.Version(compat.Compare(parse(c.base), parse(c.head))); got != c.want {
			t.Errorf("from %s to %s: %s, want %s", c.base, c.head, got, c.want)
		}
	}
}

// TestNothing checks that no section is made of nothing.
func TestNothing(t *testing.T) {
	if got := draft(`{"version": "1.0.0"}`, `{"version": "1.0.1"}`); got != "" {
		t.Errorf("drafted %q", got)
	}
}

// FuzzDraft checks that whatever a definition says, the draft is one section
// with the parts of Keep a Changelog in it.
func FuzzDraft(f *testing.F) {
	f.Add("## [9.9.9] - 2026-01-01", "a\n\n### Injected\n\n- x", "`<!--`")
	f.Add("```", "[x]: https://e.example", "\u202e\r\n# h")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		quoted := func(s string) string { q, _ := json.Marshal(s); return string(q) }
		document := func(x, y string) string {
			return fmt.Sprintf(`{"version": "1.0.0", "title": %s, "actions": [{"name": %s, "title": %s, "parameters": {"properties": {%s: {"type": "string"}}, "required": [%s]}}],
				"triggers": [{"event": %s, "label": %s}], "source": {%s: {}}, "sync": {"resources": {%s: {"displayName": %s}}}, %s: 1}`,
				quoted(x), quoted(y), quoted(x), quoted("p"+y), quoted("p"+x), quoted(x), quoted(y), quoted("s"+x), quoted("r"+y), quoted(x), quoted("field"+y))
		}
		for _, base := range []string{"", document(c, b)} {
			text := draft(base, document(a, c))
			log := submission.ParseChangelog([]byte("# Changelog\n\n" + text))
			if len(log.Sections) != 1 || log.Unreleased != nil || len(log.Others) != 0 || !log.Sections[0].WellFormed {
				t.Fatalf("%d sections: %q", len(log.Sections), text)
			}
			for _, p := range log.Sections[0].Parts {
				if !strings.Contains(" Added Changed Deprecated Removed Fixed Security Migration ", " "+p.Name+" ") || len(p.Items) == 0 || len(p.Text) > 0 {
					t.Fatalf("the part %q has %d items: %q", p.Name, len(p.Items), text)
				}
			}
		}
	})
}
