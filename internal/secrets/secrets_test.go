package secrets

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lucasjones/reggen"
	"github.com/zricethezav/gitleaks/v8/detect"

	"github.com/karzoun/miniapp-review/internal/rules"
)

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
		for range 40 {
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
