package config

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/finding"
)

func testRules() []Rule {
	return []Rule{{ID: "icon-url"}, {ID: "url-https"}, {ID: "name-matches-ns"}, {ID: "no-credentials", Security: true}}
}

func TestParse(t *testing.T) {
	got, err := Parse([]byte(`# a comment
rules:
  icon-url: off
  url-https: error
  name-matches-ns: "shadow"
  no-credentials: error
waivers:
  - rule: icon-url
    namespace: acme-desk
    reason: Their CDN moves in January.
    until: 2027-01-31
namespaces:
  reserved: [karzoun, admin]
marketplace:
  hosts:
    - market.example
`), testRules())
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		Rules: map[string]RuleSetting{"icon-url": {Off: true}, "url-https": {Severity: finding.Error},
			"name-matches-ns": {Shadow: true}, "no-credentials": {Severity: finding.Error}},
		Waivers: []Waiver{{Rule: "icon-url", Namespace: "acme-desk", Reason: "Their CDN moves in January.",
			Until: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC), Line: 8}},
		Namespaces:  Namespaces{Reserved: []string{"karzoun", "admin"}},
		Marketplace: Marketplace{Hosts: []string{"market.example"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
	for _, empty := range []string{"", "# nothing\n", "---\n", "rules:\nwaivers: []\n"} {
		got, err := Parse([]byte(empty), nil)
		if err != nil {
			t.Errorf("%q: %v", empty, err)
			continue
		}
		if diff := cmp.Diff(Default(), got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", empty, diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"unknown key", "rule:\n  x: off\n", `1:1: unknown key "rule" in the configuration: did you mean "rules"?`},
		{"far from any key", "labels: {}\n", `1:1: unknown key "labels" in the configuration: expected one of marketplace, namespaces, rules, waivers`},
		{"unknown rule", "rules:\n  name-match-ns: off\n", `2:3: there is no rule "name-match-ns": did you mean "name-matches-ns"?`},
		{"no such rule at all", "rules:\n  zzzzzzzz: off\n", `2:3: there is no rule "zzzzzzzz": "miniapp rules" lists them`},
		{"unknown setting", "rules:\n  icon-url: maybe\n", `2:13: unknown setting "maybe" of rule "icon-url": expected off, notice, warning, error or shadow`},
		{"security rule off", "rules:\n  no-credentials: off\n", `2:3: the rule "no-credentials" protects credentials or the platform and cannot be set to "off"`},
		{"security rule in shadow", "rules:\n  no-credentials: shadow\n", `2:3: the rule "no-credentials" protects credentials or the platform and cannot be set to "shadow"`},
		{"twice", "rules:\n  icon-url: off\n  icon-url: error\n", `mapping key "icon-url" already defined`},
		{"security rule waived", "waivers:\n- {rule: no-credentials, namespace: a, reason: b, until: 2027-01-01}\n", `2:10: the rule "no-credentials" protects credentials or the platform and cannot be waived`},
		{"waiver without reason", "waivers:\n- {rule: icon-url, namespace: a, until: 2027-01-01}\n", `this waiver has no reason; it needs rule, namespace, reason and until`},
		{"waiver without end", "waivers:\n- rule: icon-url\n  namespace: a\n  reason: b\n", `2:3: this waiver has no until; it needs rule, namespace, reason and until`},
		{"bad date", "waivers:\n- {rule: icon-url, namespace: a, reason: b, until: 2027-02-30}\n", `"2027-02-30" is no date: expected one such as 2027-01-31`},
		{"a list for a mapping", "rules: [icon-url]\n", `rules must be a mapping of keys and values, not a list`},
		{"a text for a list", "waivers: none\n", `waivers must be a list, not "none"`},
		{"a number for a text", "namespaces:\n  reserved: [1]\n", `2:14: an entry of reserved must be a text, not "1"`},
		{"alias", "rules: &r\n  icon-url: off\n", `an anchor or alias, which are not read`},
		{"two documents", "rules: {}\n---\nrules: {}\n", `the file holds more than one document`},
		{"no YAML", "rules: [\n", `this is no YAML`},
		{"top level", "- a\n", `the configuration must be a mapping of keys and values, not a list`},
		{"deep", strings.Repeat("[", 100_000), `1:1: the file is nested too deeply for a configuration`},
		{"large", strings.Repeat("#", MaxBytes+1), `1:1: the file has 262145 bytes, more than the 262144 that are read`},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := Parse([]byte(test.text), testRules())
			if err == nil || !strings.Contains(err.Error(), test.want) || c != nil {
				t.Errorf("got %v, %v, want an error with %q", c, err, test.want)
			}
		})
	}
}

func TestParseTellsAll(t *testing.T) {
	_, err := Parse([]byte("rules:\n  icon-ur: off\n  url-https: loud\nextra: 1\n"), testRules())
	want := `2:3: there is no rule "icon-ur": did you mean "icon-url"?
3:14: unknown setting "loud" of rule "url-https": expected off, notice, warning, error or shadow
4:1: unknown key "extra" in the configuration: expected one of marketplace, namespaces, rules, waivers`
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

func TestApply(t *testing.T) {
	c := &Config{
		Rules: map[string]RuleSetting{"off-rule": {Off: true}, "shadow-rule": {Shadow: true}, "mild-rule": {Severity: finding.Notice}},
		Waivers: []Waiver{
			{Rule: "waived-rule", Namespace: "a", Until: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)},
			{Rule: "late-rule", Namespace: "a", Until: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)},
		},
	}
	var in []finding.Finding
	for _, rule := range []string{"off-rule", "shadow-rule", "mild-rule", "waived-rule", "late-rule", "plain-rule"} {
		in = append(in, finding.Finding{Rule: rule, Path: "a", Severity: finding.Error})
	}
	in = append(in, finding.Finding{Rule: "waived-rule", Path: "b", Severity: finding.Error})
	kept, waived := c.Apply(in, func(p string) string { return p }, time.Date(2026, 11, 23, 23, 59, 0, 0, time.UTC))
	wantKept := []finding.Finding{
		{Rule: "shadow-rule", Path: "a", Severity: finding.Error, Shadow: true}, {Rule: "mild-rule", Path: "a", Severity: finding.Notice},
		{Rule: "late-rule", Path: "a", Severity: finding.Error}, {Rule: "plain-rule", Path: "a", Severity: finding.Error},
		{Rule: "waived-rule", Path: "b", Severity: finding.Error},
	}
	if diff := cmp.Diff(wantKept, kept); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]finding.Finding{{Rule: "waived-rule", Path: "a", Severity: finding.Error}}, waived); diff != "" {
		t.Errorf("waived (-want +got):\n%s", diff)
	}
}

// TestDocs reads the example of the documentation.
func TestDocs(t *testing.T) {
	doc, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(doc), "```yaml\n")
	example, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("docs/configuration.md has no ```yaml block")
	}
	c, err := Parse([]byte(example), testRules())
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Rules) == 0 || len(c.Waivers) == 0 || len(c.Namespaces.Reserved) == 0 || len(c.Marketplace.Hosts) == 0 {
		t.Errorf("the example does not show every section: %+v", c)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("rules: {icon-url: off}\nwaivers: [{rule: icon-url}]\n"))
	f.Add([]byte("a: &a [*a]\n---\n? x\n: - y\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data, testRules())
		if (c == nil) == (err == nil) {
			t.Fatalf("got %v and %v", c, err)
		}
	})
}
