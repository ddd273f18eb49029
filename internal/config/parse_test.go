package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/sealed"
)

func testRules() []Rule {
	return []Rule{{ID: "icon-url"}, {ID: "url-https"}, {ID: "name-matches-ns"}, {ID: "no-credentials", Security: true}}
}

// exampleKey is the public key of the example repository.
const exampleKey = "age1g9twwjchx76t577qygteplcmqyq8dhuvzne9tmuexmmzmv6sf5lsnwrd39"

func TestParse(t *testing.T) {
	waiver := Waiver{Rule: "icon-url", Namespace: "acme-desk", Reason: "Their CDN moves in January.",
		Until: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC), Line: 2}
	with := func(change func(*Config)) *Config {
		c := Default()
		change(c)
		return c
	}
	for _, test := range []struct {
		name, text string
		want       *Config
	}{
		{"nothing", "", Default()},
		{"a comment", "# nothing\n", Default()},
		{"a document without content", "---\n", Default()},
		{"marks around a document", "# before\n---\nrules: {}\n...\n# after\n", Default()},
		{"keys without values", "rules:\nwaivers:\nnamespaces:\nmarketplace:\n", Default()},
		{"parts without values", "namespaces:\n  reserved:\nmarketplace:\n  hosts:\n", Default()},
		{"Windows lines", "namespaces:\r\n  reserved: [admin]\r\n",
			with(func(c *Config) { c.Namespaces.Reserved = []string{"admin"} })},
		{"rules", "rules:\n  icon-url: off\n  url-https: error\n  name-matches-ns: \"shadow\"\n  no-credentials: error\n",
			with(func(c *Config) {
				c.Rules = map[string]RuleSetting{"icon-url": {Off: true}, "url-https": {Severity: finding.Error},
					"name-matches-ns": {Shadow: true}, "no-credentials": {Severity: finding.Error}}
			})},
		{"milder rules in one line", "rules: {icon-url: notice, 'url-https': warning}",
			with(func(c *Config) {
				c.Rules = map[string]RuleSetting{"icon-url": {Severity: finding.Notice}, "url-https": {Severity: finding.Warning}}
			})},
		{"recipients", "test_accounts:\n  recipients:\n    - " + exampleKey + " # the reviewers\n",
			with(func(c *Config) { c.TestAccounts.Recipients = []sealed.Recipient{exampleKey} })},
		{"no recipients", "test_accounts: {recipients: []}\n", Default()},
		{"a waiver", "waivers:\n  - rule: icon-url\n    namespace: acme-desk\n    reason: Their CDN moves in January.\n    until: 2027-01-31\n",
			with(func(c *Config) { c.Waivers = []Waiver{waiver} })},
		{"waivers in one line each", `waivers:
- {rule: icon-url, namespace: acme-desk, reason: Their CDN moves in January., until: 2027-01-31}
- {until: "2020-02-29", rule: url-https, namespace: "2fa", reason: "é"}
`,
			with(func(c *Config) {
				c.Waivers = []Waiver{waiver, {Rule: "url-https", Namespace: "2fa", Reason: "é",
					Until: time.Date(2020, 2, 29, 0, 0, 0, 0, time.UTC), Line: 3}}
			})},
		{"a reason of several lines", "waivers:\n- rule: icon-url\n  namespace: acme-desk\n  reason: >\n    Their CDN\n    moves in January.\n  until: 2027-01-31\n",
			with(func(c *Config) { c.Waivers = []Waiver{waiver} })},
		{"hosts replace the default", "marketplace:\n  hosts:\n    - market.example\n    - xn--mrkt-5qa.example\n",
			with(func(c *Config) { c.Marketplace.Hosts = []string{"market.example", "xn--mrkt-5qa.example"} })},
		{"no hosts", "marketplace: {hosts: []}\n",
			with(func(c *Config) { c.Marketplace.Hosts = []string{} })},
		{"publishing", "publish:\n  to: [\"static:../registry\", \"oci:registry.example/apps\"]\n  partner_only:\n    acme-desk: [acme-eu, acme_us]\n    beta:\n",
			with(func(c *Config) {
				c.Publish = Publish{To: []Registry{{Target: "static:../registry"}, {Target: "oci:registry.example/apps"}}, PartnerOnly: map[string][]string{"acme-desk": {"acme-eu", "acme_us"}, "beta": nil}}
			})},
		{"a hundred blank lines", "rules:" + strings.Repeat("\n", 101) + "  icon-url: off\n",
			with(func(c *Config) { c.Rules["icon-url"] = RuleSetting{Off: true} })},
		{"a thousand waivers", "waivers:\n" + strings.Repeat("- {rule: icon-url, namespace: a, reason: b, until: 2027-01-01}\n", 1000),
			with(func(c *Config) {
				for i := range 1000 {
					c.Waivers = append(c.Waivers, Waiver{Rule: "icon-url", Namespace: "a", Reason: "b", Until: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), Line: 2 + i})
				}
			})},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Parse([]byte(test.text), testRules())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("configuration (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	waiver := func(part string) string {
		parts := []string{"rule: icon-url", "namespace: acme", "reason: why", "until: 2027-01-01"}
		key, _, _ := strings.Cut(part, ":")
		for i, p := range parts {
			if strings.HasPrefix(p, key+":") {
				parts[i] = part
			}
		}
		return "waivers:\n- " + strings.Join(parts, "\n  ") + "\n"
	}
	for _, test := range []struct{ name, text, want string }{
		// Keys.
		{"unknown key", "rule:\n  x: off\n", `1:1: the configuration has no key "rule": did you mean "rules"?`},
		{"far from any key", "colours: {}\n", `1:1: the configuration has no key "colours": expected one of approvals, auto_merge, labels, limits, marketplace, merge_method, namespaces, publish, qa, review, reviewers, rules, test_accounts, turnaround or waivers`},
		{"unknown key in a section", "namespaces:\n  reservd: []\n", `2:3: namespaces has no key "reservd": did you mean "reserved"?`},
		{"unknown host key", "marketplace: {host: [a.example]}\n", `1:15: marketplace has no key "host": did you mean "hosts"?`},
		{"key twice", "rules: {}\nwaivers: []\nrules: {}\n", `3:1: the configuration has the key "rules" twice, first on line 1: remove one of them`},
		{"rule twice", "rules:\n  icon-url: off\n  \"icon-url\": error\n", `3:3: rules has the key "icon-url" twice, first on line 2: remove one of them`},
		{"number as key", "1: x\n", `1:1: a key of the configuration must be a text, not a number`},
		{"truth value as key", "rules: {true: off}\n", `1:9: a key of rules must be a text, not true`},
		{"empty key", "rules: {\"\": off}\n", `1:9: there is no rule "": "miniapp rules" lists them`},
		{"long key", strings.Repeat("k", 201) + ": x\n", `1:1: this key is too long for a configuration`},

		// Rules.
		{"unknown rule", "rules:\n  name-match-ns: off\n", `2:3: there is no rule "name-match-ns": did you mean "name-matches-ns"?`},
		{"no such rule at all", "rules:\n  zzzzzzzz: off\n", `2:3: there is no rule "zzzzzzzz": "miniapp rules" lists them`},
		{"unknown setting", "rules:\n  icon-url: maybe\n", `2:13: the setting of a rule cannot be "maybe": expected one of off, notice, warning, error or shadow`},
		{"misspelt setting", "rules:\n  icon-url: wraning\n", `2:13: the setting of a rule cannot be "wraning": did you mean "warning"?`},
		{"truth value as setting", "rules:\n  icon-url: false\n", `2:13: the setting of a rule cannot be "false": expected one of off, notice, warning, error or shadow`},
		{"no setting", "rules:\n  icon-url:\n", `2:3: the setting of a rule must be one of off, notice, warning, error or shadow, not empty`},
		{"mapping as setting", "rules:\n  icon-url: {severity: off}\n", `2:13: the setting of a rule must be one of off, notice, warning, error or shadow, not a mapping`},
		{"security rule off", "rules:\n  no-credentials: off\n", `2:19: the rule "no-credentials" protects credentials or the platform: it cannot be turned off, made milder or run in shadow`},
		{"security rule in shadow", "rules:\n  no-credentials: shadow\n", `2:19: the rule "no-credentials" protects credentials or the platform: it cannot be turned off, made milder or run in shadow`},
		{"security rule made milder", "rules:\n  no-credentials: warning\n", `2:19: the rule "no-credentials" protects credentials or the platform: it cannot be turned off, made milder or run in shadow`},
		{"rules as list", "rules: [icon-url]\n", `1:8: rules must be a mapping of keys and values, not a list`},
		{"rules as word", "rules: off\n", `1:8: rules must be a mapping of keys and values, not "off"`},

		// Waivers.
		{"security rule waived", waiver("rule: no-credentials"), `2:9: the rule "no-credentials" protects credentials or the platform: it cannot be waived`},
		{"unknown rule waived", waiver("rule: icon-ur"), `2:9: there is no rule "icon-ur": did you mean "icon-url"?`},
		{"wrong namespace", waiver("namespace: Acme Desk"), `3:14: "Acme Desk" cannot be the namespace of a waiver: expected a namespace such as acme-desk: small letters, digits and single hyphens`},
		{"all namespaces", waiver(`namespace: "*"`), `3:14: "*" cannot be the namespace of a waiver: expected a namespace such as acme-desk: small letters, digits and single hyphens`},
		{"number as namespace", waiver("namespace: 365"), `3:14: namespace of a waiver must be a text, not a number: write it in quotes, "365"`},
		{"no reason", "waivers:\n- {rule: icon-url, namespace: a, until: 2027-01-01}\n", `2:4: a waiver needs rule, namespace, reason and until: this one has no reason`},
		{"blank reason", waiver(`reason: " "`), `4:11: a waiver needs a reason: say why, for those who read it later`},
		{"empty reason", waiver("reason:"), `4:3: reason of a waiver must be a text, not empty`},
		{"no end", "waivers:\n- rule: icon-url\n  namespace: a\n  reason: b\n", `2:3: a waiver needs rule, namespace, reason and until: this one has no until`},
		{"no such day", waiver("until: 2027-02-29"), `5:10: "2027-02-29" cannot be the last day of a waiver: expected a date such as 2027-01-31`},
		{"day with time", waiver("until: 2027-02-01T00:00:00Z"), `5:10: "2027-02-01T00:00:00Z" cannot be the last day of a waiver: expected a date such as 2027-01-31`},
		{"never", waiver("until: never"), `5:10: "never" cannot be the last day of a waiver: expected a date such as 2027-01-31`},
		{"misspelt key of a waiver", strings.Replace(waiver("reason: b"), "reason", "raeson", 1), `4:3: a waiver has no key "raeson": did you mean "reason"?`},
		{"empty waiver", "waivers:\n- {}\n", `2:3: a waiver needs rule, namespace, reason and until: this one has no rule, namespace, reason or until`},
		{"waiver as word", "waivers: [icon-url]\n", `1:11: a waiver must be a mapping of keys and values, not "icon-url"`},
		{"waivers as word", "waivers: none\n", `1:10: waivers must be a list, not "none"`},
		{"waivers as mapping", "waivers: {icon-url: acme}\n", `1:10: waivers must be a list, not a mapping`},

		// Lists of names and hosts.
		{"number as name", "namespaces:\n  reserved: [a, 1]\n", `2:17: an entry of reserved must be a text, not a number: write it in quotes, "1"`},
		{"truth value as name", "namespaces:\n  reserved: [true]\n", `2:14: an entry of reserved must be a text, not true: write it in quotes, "true"`},
		{"list in a list", "namespaces:\n  reserved:\n  - [a]\n", `3:5: an entry of reserved must be a text, not a list`},
		{"nothing in a list", "namespaces:\n  reserved:\n  -\n", `3:3: an entry of reserved must be a text, not empty`},
		{"no name", "namespaces:\n  reserved: [Admin]\n", `2:14: "Admin" cannot be in reserved: expected a namespace such as acme-desk: small letters, digits and single hyphens`},
		{"long name", "namespaces:\n  reserved: [" + strings.Repeat("a", 65) + "]\n",
			`2:14: "` + strings.Repeat("a", 60) + `…" cannot be in reserved: expected a namespace such as acme-desk: small letters, digits and single hyphens`},
		{"URL as host", "marketplace:\n  hosts: [\"https://karzoun.com\"]\n", `2:11: "https://karzoun.com" cannot be in hosts: expected a host such as karzoun.com, in small letters and without https:// or a path`},
		{"folder as registry", "publish:\n  to: [../registry]\n", `2:8: "../registry" cannot be in to: expected a registry such as branch:NAME, static:DIR, http:URL or oci:HOST/REPOSITORY`},
		{"tenants of a name that is none", "publish:\n  partner_only:\n    Acme: [a]\n", `3:5: "Acme" cannot be a namespace for partners: expected a namespace such as acme-desk: small letters, digits and single hyphens`},
		{"tenant that is an address", "publish:\n  partner_only:\n    acme: [a@b]\n", `3:12: "a@b" cannot be in the tenants of acme: expected a tenant such as acme-eu: letters, digits, dots, hyphens and underscores`},
		{"wildcard as host", "marketplace:\n  hosts: ['*.karzoun.com']\n", `2:11: "*.karzoun.com" cannot be in hosts: expected a host such as karzoun.com, in small letters and without https:// or a path`},
		{"host in capitals", "marketplace:\n  hosts: [Karzoun.com]\n", `2:11: "Karzoun.com" cannot be in hosts: expected a host such as karzoun.com, in small letters and without https:// or a path`},
		{"columns are characters", "marketplace: {hosts: [\"éé\", 1]}\n",
			"1:23: \"éé\" cannot be in hosts: expected a host such as karzoun.com, in small letters and without https:// or a path\n" +
				`1:29: an entry of hosts must be a text, not a number: write it in quotes, "1"`},

		{"a key of age with a slip", "test_accounts:\n  recipients:\n    - " + exampleKey[:40] + "q" + exampleKey[41:] + "\n",
			`3:7: this cannot be in recipients: the key is damaged, since its last characters do not fit the others: copy it again, all of it`},
		{"a key twice, and one of SSH", "test_accounts: {recipients: [" + exampleKey + ", " + exampleKey + ", ssh-ed25519 AAAA]}\n",
			"1:94: this cannot be in recipients: the same key is named before\n1:158: this cannot be in recipients: keys of SSH are for signing in, and are not taken: make a key with \"age-keygen\""},
		{"a key for a plugin", "test_accounts:\n  recipients: [age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t]\n",
			`2:16: this cannot be in recipients: keys that start with "age1yubikey1" need a plugin, which is another program to be run here and in the reviews' jobs: write a key as "age-keygen" makes it`},
		{"a private key", "test_accounts:\n  recipients: [AGE-SECRET-" + "KEY-1QQQQQQQQQQQQQQQQ]\n",
			`2:16: this cannot be in recipients: this is a private key, and whoever can read it here can open every account: make a new pair, and write the public key, which starts with "age1"`},
		{"a private key that is no list", "test_accounts:\n  recipients: AGE-SECRET-" + "KEY-1QQQQQQQQQQQQQQQQ\n",
			`2:15: recipients must be a list, not a text: write each key in a line of its own, after "- "`},
		{"recipients by another name", "test_accounts: {recipient: []}\n", `1:17: test_accounts has no key "recipient": did you mean "recipients"?`},

		// Parts of YAML that are not read.
		{"anchor and alias", "rules: {icon-url: &a off, url-https: *a}\n", `1:19: anchors, aliases and merge keys are not read: write the value out`},
		{"alias", "rules: *rules\n", `1:8: anchors, aliases and merge keys are not read: write the value out`},
		{"merge key", "rules:\n  <<: {icon-url: off}\n", `2:3: anchors, aliases and merge keys are not read: write the value out`},
		{"tag", "rules: {icon-url: !!str off}\n", `1:19: tags that start with "!" are not read: remove it, or write the text in quotes`},
		{"directive", "%YAML 1.2\n---\nrules: {}\n", `1:1: directives that start with "%" are not read: remove the line`},
		{"explicit key", "? rules\n: {}\n", `1:1: keys that start with "?" are not read: write "key: value"`},
		{"two documents", "rules: {}\n---\nrules: {}\n", `2:1: the file holds more than one document: keep one`},
		{"second document empty", "rules: {}\n---\n", `2:1: the file holds more than one document: keep one`},
		{"after the end", "rules: {}\n...\nrules: {}\n", `3:1: the file holds more than one document: keep one`},

		// What is no YAML, or no text.
		{"list at the top", "- a\n", `1:1: the configuration must be a mapping of keys and values, not a list`},
		{"word at the top", "off\n", `1:1: the configuration must be a mapping of keys and values, not "off"`},
		{"open bracket", "rules: [\n", `1:8: this is not YAML: sequence end token ']' not found`},
		{"open quote", "rules: \"\n", `1:8: this is not YAML: could not find end character of double-quoted text`},
		{"colon in a text", "rules: a: b\n", `1:8: this is not YAML: mapping value is not allowed in this context`},
		{"reserved character", "rules: @a\n", `1:8: this is not YAML: '@' is a reserved character`},
		{"tab", "rules:\n\ticon-url: off\n", `2:1: a tab in the indentation: use spaces`},
		{"tab after spaces", "rules: {\n  \ticon-url: off}\n", `2:3: a tab in the indentation: use spaces`},
		{"byte-order mark", "\ufeffrules: {}\n", `1:1: the file starts with a byte-order mark: save it as UTF-8 without one`},
		{"no UTF-8", "rules: {}\n# ca\xe9\n", `2:5: the byte 0xe9 is not UTF-8: save the file as UTF-8`},
		{"NUL", "rules: {\x00: off}\n", `1:9: the control character U+0000 cannot be in a configuration: remove it`},
		{"escape", "# \x1b[31m\n", `1:3: the control character U+001B cannot be in a configuration: remove it`},
		{"carriage returns", "rules:\r  icon-url: off\r", `1:7: the control character U+000D cannot be in a configuration: remove it`},

		// Amounts. Each of these kept the YAML library busy for seconds or
		// filled the memory before it was bounded.
		{"too large", strings.Repeat("#", MaxBytes+1), `1:1: the file has 262145 bytes: at most 262144 are read`},
		{"deep brackets", strings.Repeat("[", MaxBytes), `1:21: this is nested too deeply for a configuration`},
		{"deep brackets over lines", strings.Repeat("[\n", MaxBytes/2), `21:1: this is nested too deeply for a configuration`},
		{"deep braces over lines", strings.Repeat("{a: \n", MaxBytes/5), `21:1: this is nested too deeply for a configuration`},
		{"deep lists", strings.Repeat("- ", MaxBytes/2), `1:61: this is nested too deeply for a configuration`},
		{"deep keys", staircase(700), `61:61: this is nested too deeply for a configuration`},
		{"many keys", manyKeys(20_000), `6667:8: the file has more than 20000 keys, values and marks, the most that are read`},
		{"many names", "namespaces: {reserved: [" + strings.Repeat("a, ", 80_000) + "]}\n", `1:30016: the file has more than 20000 keys, values and marks, the most that are read`},
		{"blank lines", "a: |\n" + strings.Repeat("\n", 250_000), `102:1: more than 100 blank lines in a row: remove some`},
		{"lines of spaces", "a: >\n" + strings.Repeat("  \r\n", 60_000), `102:1: more than 100 blank lines in a row: remove some`},
		{"many documents", strings.Repeat("---\n", MaxBytes/4), `2:1: the file holds more than one document: keep one`},
		{"billion laughs", "a: &a [x]\nb: &b [*a, *a]\n", `1:4: anchors, aliases and merge keys are not read: write the value out`},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := Parse([]byte(test.text), testRules())
			if err == nil {
				t.Fatalf("it was read as %+v", c)
			}
			if c != nil {
				t.Error("there is a configuration beside the error")
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}

// staircase nests mappings, each one column further in.
func staircase(steps int) string {
	var b strings.Builder
	for i := range steps {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "k%d: x\n", i)
	}
	return b.String()
}

func TestParseTellsAll(t *testing.T) {
	_, err := Parse([]byte(`rules:
  icon-ur: off
  url-https: loud
waivers:
  - rule: no-credentials
    namespace: A
    until: soon
extra: 1
`), testRules())
	want := `2:3: there is no rule "icon-ur": did you mean "icon-url"?
3:14: the setting of a rule cannot be "loud": expected one of off, notice, warning, error or shadow
5:5: a waiver needs rule, namespace, reason and until: this one has no reason
5:11: the rule "no-credentials" protects credentials or the platform: it cannot be waived
6:16: "A" cannot be the namespace of a waiver: expected a namespace such as acme-desk: small letters, digits and single hyphens
7:12: "soon" cannot be the last day of a waiver: expected a date such as 2027-01-31
8:1: the configuration has no key "extra": expected one of approvals, auto_merge, labels, limits, marketplace, merge_method, namespaces, publish, qa, review, reviewers, rules, test_accounts, turnaround or waivers`
	if err == nil {
		t.Fatal("no error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	var first *Error
	if !errors.As(err, &first) || first.Line != 2 || first.Column != 3 {
		t.Errorf("errors.As gives %+v, want the first mistake", first)
	}
}

func TestParseStopsTelling(t *testing.T) {
	_, err := Parse([]byte("namespaces:\n  reserved:\n"+strings.Repeat("  - A\n", 500)), testRules())
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	if want := "102:5: there are more mistakes; these are the first 100"; len(lines) != 101 || lines[100] != want {
		t.Errorf("%d lines, the last is %q, want 101 and %q", len(lines), lines[len(lines)-1], want)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"rules: {icon-url: off}\nwaivers: [{rule: icon-url, namespace: a, reason: b, until: 2027-01-01}]\n",
		"---\n# a comment\nnamespaces:\n  reserved: [a, 'b', \"\\u0063\"]\nmarketplace:\n  hosts:\n  - a.example\n...\n",
		"waivers:\n- rule: icon-url\n  namespace: a\n  reason: |-\n    x\n\n    y\n  until: 2027-01-01\n",
		"a: &a [*a]\n---\n? x\n: - y\n!!map {<<: *b}\n",
		"rules:\n  ? [a]\n  : >+2\n    b\n  - c: {d, e: }\n",
		"- - - a: b: c\n\t'",
		"rules: {1: 0x1, 2: .inf, 3: ~, 4: 1e9, 5: 0o7, 6: .nan}\n",
	} {
		f.Add([]byte(seed))
	}
	settings := settings()
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data, testRules())
		if (c == nil) == (err == nil) {
			t.Fatalf("got %v and %v", c, err)
		}
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				var at, column int
				if n, _ := fmt.Sscanf(line, "%d:%d: ", &at, &column); n != 2 || at < 1 || column < 1 || at > len(data)+1 {
					t.Fatalf("a line without its place: %q", line)
				}
			}
			return
		}
		for id, set := range c.Rules {
			known := slices.ContainsFunc(testRules(), func(r Rule) bool { return r.ID == id })
			if !known || id == "no-credentials" && set != (RuleSetting{Severity: finding.Error}) {
				t.Errorf("rule %q is set to %+v; settings are %v", id, set, settings)
			}
		}
		for _, w := range c.Waivers {
			if w.Rule == "no-credentials" || w.Namespace == "" || strings.TrimSpace(w.Reason) == "" || w.Until.IsZero() || w.Line < 1 {
				t.Errorf("waiver %+v", w)
			}
		}
	})
}
