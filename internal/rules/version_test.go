package rules

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// about returns the findings of a group's rules over an example as "rule:
// message", in order.
func about(t *testing.T, specs []Spec, e Example) []string {
	t.Helper()
	var out []string
	for _, f := range exampleFindings(t, specs, e) {
		out = append(out, f.Rule+": "+f.Message)
	}
	return out
}

// TestVersionFloors holds every floor against every impact: which rule speaks,
// and which version it names. There is never more than one finding.
func TestVersionFloors(t *testing.T) {
	const fix, feature, breaking = "fix", "feature", "breaking"
	change := map[string]string{fix: `/label = "Help"`, breaking: "/actions/1 delete",
		feature: `/triggers/- = {"type": "miniapps:acme-desk", "event": "ticket.merged", "icon": "merge", "label": "Tickets are merged"}`}
	held := func(versions ...string) (out []Held) {
		for _, v := range versions {
			out = append(out, Held{Version: v, State: "published"})
		}
		return out
	}
	claims := func(versions ...string) (out []Claim) {
		for i, v := range versions {
			out = append(out, Claim{Version: v, Ref: fmt.Sprintf("#%d", i+1)})
		}
		return out
	}
	later := []Claim{{Version: "1.1.0", Ref: "#9", Later: true}}
	tests := []struct {
		base, head, impact string
		held               []Held
		claims             []Claim
		rule, next         string
	}{
		{"1.0.0", "1.0.0", fix, nil, nil, "version-increased", "1.0.1"},
		{"1.0.0", "1.0.0", feature, nil, nil, "version-increased", "1.1.0"},
		{"1.0.0", "1.0.0", breaking, nil, nil, "version-increased", "2.0.0"},
		{"0.3.2", "0.3.2", breaking, nil, nil, "version-increased", "0.4.0"},
		{"1.0.0", "1.0.0+2", fix, nil, nil, "version-increased", "1.0.1"},
		{"1.0.0", "1.0.0-rc.1", fix, nil, nil, "version-increased", "1.0.1"},
		{"1.2.0", "1.1.9", fix, nil, nil, "version-increased", "1.2.1"},
		{"1.0.0", "1.0.0", fix, held("1.0.0", "1.0.1", "bad"), nil, "version-increased", "1.0.2"},
		{"1.0.0", "1.0.0", fix, held("1.0.1"), claims("1.0.2"), "version-increased", "1.0.3"},
		{"1.0.0", "1.0.0", breaking, held("2.0.0"), nil, "version-increased", "2.0.1"},
		{"1.0.0", "1.0.0", breaking, nil, claims("2.0.0"), "version-increased", "3.0.0"},
		{"1.0.0", "1.0.1", breaking, nil, nil, "version-covers-impact", "2.0.0"},
		{"1.0.0", "1.9.0", breaking, held("1.9.0"), nil, "version-covers-impact", "2.0.0"},
		{"1.0.0", "1.0.1", feature, held("1.1.4"), nil, "version-covers-impact", "1.1.5"},
		{"0.3.2", "0.3.3", breaking, nil, nil, "version-covers-impact", "0.4.0"},
		{"0.3.2", "1.0.0", breaking, nil, nil, "", ""},
		{"1.0.0", "1.1.0-rc.1", feature, nil, nil, "", ""},
		{"1.1.0-rc.1", "1.1.0-rc.2", fix, nil, nil, "", ""},
		{"1.1.0-rc.1", "1.1.0", fix, nil, nil, "", ""},
		{"1.1.0-rc.1", "1.1.0", feature, nil, nil, "version-covers-impact", "1.2.0"},
		{"1.1.0-rc.2", "1.1.0-rc.1", fix, nil, nil, "version-increased", "1.1.0"},
		{"1.0.0", "1.0.1", fix, held("1.0.1"), nil, "version-above-registry", "1.0.2"},
		{"1.0.0", "1.0.1+5", fix, held("1.0.1"), nil, "version-above-registry", "1.0.2"},
		{"1.0.0", "1.0.1", fix, held("1.0.3", "1.0.2"), nil, "version-above-registry", "1.0.4"},
		{"1.0.0", "1.0.1", fix, nil, claims("1.0.1"), "version-above-claims", "1.0.2"},
		{"1.0.0", "1.1.0", feature, nil, claims("1.0.1", "1.2.0", "1.1.0"), "version-above-claims", "1.3.0"},
		{"1.0.0", "1.1.0", feature, nil, claims("v1.1", ""), "", ""},
		{"1.0.0", "1.1.0", feature, nil, later, "version-above-claims", "1.2.0"},
		{"1.0.0", "1.1.0", feature, nil, append(later, claims("1.1.0")...), "version-above-claims", "1.2.0"},
		{"1.0.0", "1.3.0", fix, nil, nil, "version-consecutive", "1.0.1"},
		{"1.0.0", "1.0.2", fix, held("1.0.1"), nil, "", ""},
		{"1.0.0", "1.0.2", fix, nil, claims("1.0.1"), "", ""},
		{"1.0.0", "3.0.0", breaking, nil, nil, "version-consecutive", "2.0.0"},
	}
	for _, test := range tests {
		name := fmt.Sprintf("%s to %s, %s, held %v, claims %v", test.base, test.head, test.impact, test.held, test.claims)
		e := Example{Kind: submission.Update, BaseEdit: `/version = "` + test.base + `"`,
			Edit: `/version = "` + test.head + "\"\n" + change[test.impact], Held: test.held, Claims: test.claims,
			Files: map[string]string{submission.ChangelogFile: "# Changelog\n"}}
		var found []finding.Finding
		for _, f := range exampleFindings(t, versionRules(), e) {
			if f.Rule != "version-is-release" {
				found = append(found, f)
			}
		}
		switch {
		case test.rule == "" && len(found) == 0:
		case test.rule == "" || len(found) != 1:
			t.Errorf("%s: got %v", name, found)
		case found[0].Rule != test.rule || !strings.Contains(found[0].Message+found[0].Hint, test.next):
			t.Errorf("%s: got %s: %s (%s), want %s with %s", name, found[0].Rule, found[0].Message, found[0].Hint, test.rule, test.next)
		case found[0].Pointer != "/version":
			t.Errorf("%s: it is at %q", name, found[0].Pointer)
		case found[0].Fix != nil && found[0].Fix.Edits[0].Text != `"`+test.next+`"`:
			t.Errorf("%s: the fix writes %s", name, found[0].Fix.Edits[0].Text)
		}
	}
}

// TestClaimedTwice checks two pull requests with one version: each is told
// which version to use, and only the later one must.
func TestClaimedTwice(t *testing.T) {
	first := exampleFindings(t, versionRules(), Example{Kind: submission.Update, Claims: []Claim{{Version: "1.1.0", Ref: "#12", Later: true}}})
	second := exampleFindings(t, versionRules(), Example{Kind: submission.Update, Claims: []Claim{{Version: "1.1.0", Ref: "#11"}}})
	if len(first) != 1 || first[0].Severity != finding.Warning || !strings.Contains(first[0].Message, "#12") || !strings.Contains(first[0].Hint, `"1.1.1"`) {
		t.Errorf("the first is told %v", first)
	}
	if len(second) != 1 || second[0].Severity != finding.Error || !strings.Contains(second[0].Message, "#11 claims \"1.1.0\" already; use 1.1.1") {
		t.Errorf("the second is told %v", second)
	}
}

// TestImpactPlaces checks that each breaking change is listed with its place on
// both sides.
func TestImpactPlaces(t *testing.T) {
	found := exampleFindings(t, versionRules(), Example{Kind: submission.Update,
		Edit: "/actions/1 delete\n/triggers/0/event = \"ticket.opened\""})
	if len(found) != 1 {
		t.Fatalf("got %v", found)
	}
	var places []string
	for _, p := range found[0].Related {
		places = append(places, fmt.Sprintf("%s:%d %s", p.Path, p.Range.Start.Line, p.Message))
	}
	want := []string{
		`definitions/acme-desk/miniapp.json:131 at the base: action "countOpen" is removed`,
		`definitions/acme-desk/miniapp.json:186 at the base: trigger "ticket.created" is now called "ticket.opened"`,
		`definitions/acme-desk/miniapp.json:141 trigger "ticket.created" is now called "ticket.opened"`,
	}
	if diff := cmp.Diff(want, places); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
	if !strings.Contains(found[0].Message, `action "countOpen" is removed, trigger "ticket.created" is now called "ticket.opened"; the smallest version allowed is 2.0.0`) {
		t.Errorf("message is %q", found[0].Message)
	}
}

// TestOneIdentityFinding checks that of one wrong ns one rule speaks.
func TestOneIdentityFinding(t *testing.T) {
	tests := []struct {
		name string
		e    Example
		want string
	}{
		{"malformed and another folder", Example{Edit: `/ns = "Other"`}, "ns-kebab-case"},
		{"a line ending at the end", Example{Edit: `/ns = "acme-desk\n"`}, "ns-kebab-case"},
		{"malformed in an update", Example{Kind: submission.Update, Edit: `/ns = "Acme-Desk"`}, "ns-kebab-case"},
		{"changed to a name that is taken", Example{Kind: submission.Update, Others: []string{"taskhub"}, Edit: `/ns = "taskhub"`}, "ns-unchanged"},
		{"taken and close to others", Example{Others: []string{"taskhub", "taskhubs"}, Edit: `/ns = "taskhub"`}, "ns-unique"},
		{"another folder at the base already", Example{Kind: submission.Update, BaseEdit: `/ns = "acme"`}, "ns-matches-folder"},
		{"renamed and changed", Example{Kind: submission.Renamed, RenamedFrom: "acme", Edit: `/ns = "other"`}, "ns-unchanged"},
		{"renamed, and the ns is gone", Example{Kind: submission.Renamed, RenamedFrom: "acme", Edit: `/ns delete`}, "ns-unchanged"},
		{"new, published before and close to another", Example{Held: []Held{{Version: "1.0.0"}}}, "ns-retired"},
		{"missing", Example{Edit: "/ns delete"}, ""},
	}
	for _, test := range tests {
		got := about(t, identityRules(), test.e)
		if test.want == "" && len(got) == 0 || len(got) == 1 && strings.HasPrefix(got[0], test.want+": ") {
			continue
		}
		t.Errorf("%s: got %q, want one of %s", test.name, got, test.want)
	}
}

func TestValidNS(t *testing.T) {
	for ns, want := range map[string]bool{
		"a": true, "acme": true, "acme-desk": true, "3cx": true, "a-1-b": true, strings.Repeat("a", 64): true,
		"": false, "-a": false, "a-": false, "a--b": false, "A": false, "a_b": false, "a.b": false, "a b": false,
		"a\n": false, "\u0430cme": false, "a\u200bb": false, strings.Repeat("a", 65): false,
	} {
		if got := ValidNS(ns); got != want {
			t.Errorf("ValidNS(%q) is %v", ns, got)
		}
	}
}
