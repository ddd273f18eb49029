package secrets

import (
	"encoding/base64"
	"encoding/hex"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lucasjones/reggen"
	"github.com/zricethezav/gitleaks/v8/detect"

	"github.com/karzoun/miniapp-review/internal/rules"
)

var update = flag.Bool("update", false, "write keywords.txt from the engine's rules")

// TestFilterLosesNothing makes credentials from the regular expression of each
// of the engine's rules. Whatever the engine finds by itself, it must find
// behind the filter.
func TestFilterLosesNothing(t *testing.T) {
	s := New()
	d, err := s.detector()
	if err != nil {
		t.Fatal(err)
	}
	made, fired := 0, map[string]bool{}
	for id, rule := range d.Config.Rules {
		if rule.Regex == nil {
			continue
		}
		g, err := reggen.NewGenerator(rule.Regex.String())
		if err != nil {
			continue // reggen knows fewer constructs; see the count below
		}
		g.SetSeed(int64(len(id)))
		for range 8 {
			text := g.Generate(20)
			value := strings.TrimSpace(text)
			texts := []rules.SecretText{{Key: "token", Value: value}}
			found := false
			for _, f := range d.Detect(detect.Fragment{Raw: "token = \"" + value + "\"\n"}) {
				found = found || f.RuleID == id
			}
			if !found {
				continue
			}
			made++
			fired[id] = true
			leaks, err := s.Scan(texts)
			if err != nil {
				t.Fatal(err)
			}
			if len(leaks) == 0 {
				t.Errorf("rule %q: %q is lost", id, value)
				break
			}
		}
	}
	t.Logf("%d credentials of %d of %d rules", made, len(fired), len(d.Config.Rules))
	if len(fired) < 150 {
		t.Errorf("credentials of only %d rules were made; the test has lost its meaning", len(fired))
	}
}

// TestKeywords holds the list of keywords against the engine's rules, each of
// which must have one.
func TestKeywords(t *testing.T) {
	d, err := New().detector()
	if err != nil {
		t.Fatal(err)
	}
	special, general := map[string]bool{}, map[string]bool{}
	for id, rule := range d.Config.Rules {
		if rule.Regex != nil && len(rule.Keywords) == 0 {
			t.Errorf("rule %q has no keyword, so that no text may be left out", id)
		}
		if rule.Path != nil && !rule.Path.MatchString("") {
			continue // for files of certain names; what we scan has none
		}
		for _, k := range rule.Keywords {
			if id == "generic-api-key" {
				general[strings.ToLower(k)] = true
			} else {
				special[strings.ToLower(k)] = true
			}
		}
	}
	for k := range special {
		delete(general, k)
	}
	list := func(set map[string]bool) string { return strings.Join(slices.Sorted(maps.Keys(set)), "\n") + "\n" }
	want := list(special) + "\n" + list(general)
	if *update {
		if err := os.WriteFile("keywords.txt", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, keywords); diff != "" {
		t.Errorf("the engine's keywords are others; run: go test ./internal/secrets -run TestKeywords -update\n%s", diff)
	}
}

// TestRules checks that the rules that the filter knows more about are what it
// takes them for.
func TestRules(t *testing.T) {
	d, err := New().detector()
	if err != nil {
		t.Fatal(err)
	}
	rule := d.Config.Rules["generic-api-key"]
	const assignment = `(?:[ \t\w.-]{0,20})[\s'"]{0,3}(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[\x60'"\s=]{0,5}([\w.=-]{10,150}|[a-z0-9][a-z0-9+/]{11,}={0,3})`
	if got := rule.Regex.String(); !strings.Contains(got, assignment) {
		t.Errorf("the general rule is another: %s", got)
	}
	for id, want := range map[string]string{"jwt": `\b(ey[a-zA-Z0-9]{17,}\.`, "twilio-api-key": `SK[0-9a-fA-F]{32}`, "vault-service-token": `|s\.(?i:[a-z0-9]{24})`} {
		if got := d.Config.Rules[id].Regex.String(); !strings.Contains(got, want) {
			t.Errorf("rule %q is another, see follows: %s", id, got)
		}
	}
	users := map[string]int{}
	for _, r := range d.Config.Rules {
		for _, k := range r.Keywords {
			users[k]++
		}
	}
	for k := range follows {
		if users[k] != 1 {
			t.Errorf("%d rules have the keyword %q, see follows", users[k], k)
		}
	}
	wordsPass := false
	for _, list := range rule.Allowlists {
		for _, r := range list.Regexes {
			wordsPass = wordsPass || r.String() == `^[a-zA-Z_.-]+$`
		}
	}
	if !wordsPass {
		t.Error("the general rule takes mere words for credentials now")
	}
}

// TestGeneralShapes holds the filter against the engine for names and values as
// the general rule knows them.
func TestGeneralShapes(t *testing.T) {
	s := New()
	d, err := s.detector()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, name := range []string{"apiKey", "access_token", "my.secret", "Authorization", "password", "credentials", "X-Api-Key", "note"} {
		for _, join := range []string{": ", "=", " => ", ", ", "\": \"", "?=", "||", ":::=", " := '", " - ", " "} {
			for _, value := range []string{"a1B2c3D4e5F6g7H8", "qwertzuiopasdfghj", "abcDEFghiJKLmno=", "conversations/messagesXyz", "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "wordsOnlyWithoutAnyNumber"} {
				for _, text := range []rules.SecretText{{Value: name + join + value}, {Key: name, Value: value}, {Key: "text", Value: "see https://x.example/?" + name + join + value + " for more"}} {
					raw := "\"" + text.Value + "\"\n"
					if text.Key != "" {
						raw = text.Key + " = " + raw
					}
					if len(d.Detect(detect.Fragment{Raw: raw})) == 0 {
						continue
					}
					found++
					if leaks, err := s.Scan([]rules.SecretText{text}); err != nil || len(leaks) == 0 {
						t.Errorf("%q is lost (%v)", raw, err)
					}
				}
			}
		}
	}
	if found < 100 {
		t.Errorf("the engine found only %d; the test has lost its meaning", found)
	}
}

// TestEncoded checks that what the engine decodes gets to it, and that words do
// not.
func TestEncoded(t *testing.T) {
	inner := "token = " + credential("ghp")
	for name, text := range map[string]string{
		"base64":       base64.StdEncoding.EncodeToString([]byte(inner)),
		"base64url":    base64.RawURLEncoding.EncodeToString([]byte(inner)),
		"hex":          hex.EncodeToString([]byte(inner)),
		"percent":      "%" + hex.EncodeToString([]byte(inner[:1])) + inner[1:],
		"escapes":      `\u0074oken = ` + credential("ghp"),
		"in a text":    "set it to " + base64.StdEncoding.EncodeToString([]byte(inner)) + ", then go on",
		"twice base64": base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(inner)))),
	} {
		if !encoded(text) {
			t.Errorf("%s: %q is not taken for encoded", name, text)
		}
		if leaks, err := New().Scan([]rules.SecretText{{Value: text}}); err != nil || len(leaks) == 0 {
			t.Errorf("%s: got %v, %v, want a leak", name, leaks, err)
		}
	}
	for _, text := range []string{"createTicketComment2", "https://help.acme-desk.example/setup/2026", "{{step1.response.customerId}}", "organization-membership-changed"} {
		if encoded(text) {
			t.Errorf("%q is taken for encoded", text)
		}
	}
}

// TestLinesBelow checks credentials that need more than their own line.
func TestLinesBelow(t *testing.T) {
	secret := credential("x")
	leaks, err := New().Scan([]rules.SecretText{{Value: "my_long_secret_token_0123456789:"}, {Value: secret}})
	if err != nil || len(leaks) == 0 {
		t.Errorf("a value below its name: got %v, %v", leaks, err)
	}
	body := strings.Repeat("MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", 2)
	key := []rules.SecretText{{Value: "-----BEGIN RSA PRIVATE " + "KEY-----"}, {Value: body}, {Value: body}, {Value: body}, {Value: "-----END RSA PRIVATE " + "KEY-----"}}
	leaks, err = New().Scan(key)
	if err != nil || len(leaks) == 0 {
		t.Errorf("a private key: got %v, %v", leaks, err)
	}
}

// credential assembles a made-up credential, so that the repository does not
// hold one itself.
func credential(prefix string) string {
	return prefix + "_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
}

func TestScan(t *testing.T) {
	pat := credential("ghp")
	for _, test := range []struct {
		name  string
		texts []rules.SecretText
		want  []rules.Leak
	}{
		{"nothing", nil, nil},
		{"placeholders", []rules.SecretText{{Key: "Authorization", Value: "Bearer [[accessToken]]"}, {Key: "api_key", Value: "{{apiKey}}"}}, nil},
		{"a token", []rules.SecretText{{Key: "x", Value: "nothing here"}, {Key: "Authorization", Value: "Bearer " + pat}},
			[]rules.Leak{{Text: 1, Start: 7, End: 47, Kind: "github pat"}}},
		{"after a text of several lines", []rules.SecretText{{Key: "code", Value: "const version20261124 = 1;\nreturn {};\n"}, {Key: "token", Value: pat}},
			[]rules.Leak{{Text: 1, Start: 0, End: 40, Kind: "github pat"}}},
		{"an excuse in a comment", []rules.SecretText{{Key: "code", Value: "var t = '" + pat + "'; // gitleaks:allow"}},
			[]rules.Leak{{Text: 0, Start: 9, End: 49, Kind: "github pat"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := New().Scan(test.texts)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("leaks (-want +got):\n%s", diff)
			}
		})
	}
}

// TestBase64 checks that encoding hides nothing.
func TestBase64(t *testing.T) {
	encoded := "Z2hwX0ExYjJDM2Q0RTVmNkc3aDhJOWowSzFsMk0zbjRPNXA2UTdyOA=="
	leaks, err := New().Scan([]rules.SecretText{{Key: "setup", Value: encoded}})
	if err != nil || len(leaks) != 1 || leaks[0].Text != 0 {
		t.Errorf("got %v, %v, want one leak in text 0", leaks, err)
	}
}

// TestNewAtOnce checks that scanners that are built at the same time all know
// their rules.
func TestNewAtOnce(t *testing.T) {
	token := "ghp" + "_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
	var wg sync.WaitGroup
	found := make([]int, 8)
	for i := range found {
		wg.Go(func() {
			leaks, err := New().Scan([]rules.SecretText{{Value: token}})
			if err == nil {
				found[i] = len(leaks)
			}
		})
	}
	wg.Wait()
	for i, n := range found {
		if n != 1 {
			t.Errorf("scanner %d finds %d credentials, want 1", i, n)
		}
	}
}

// TestPieces checks that credentials are found wherever a long text is cut, and
// once.
func TestPieces(t *testing.T) {
	var texts []rules.SecretText
	var want []int
	for i := range 3 * pieceLines {
		value := fmt.Sprintf("password %d", i) + strings.Repeat("x", 40)
		if i%(pieceLines/8) == 0 || i%pieceLines == pieceLines-1 {
			value = fmt.Sprintf("ghp"+"_"+"A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p%05d", i)
			want = append(want, i)
		}
		texts = append(texts, rules.SecretText{Value: value})
	}
	leaks, err := New().Scan(texts)
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, l := range leaks {
		got = append(got, l.Text)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("texts with a credential (-want +got):\n%s", diff)
	}
}
