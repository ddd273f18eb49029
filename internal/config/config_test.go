package config

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/finding"
)

func TestApply(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC) }
	c := &Config{
		Rules: map[string]RuleSetting{"off-rule": {Off: true}, "shadow-rule": {Shadow: true},
			"mild-rule": {Severity: finding.Notice}, "strict-rule": {Severity: finding.Error}},
		Waivers: []Waiver{
			{Rule: "waived-rule", Namespace: "acme", Until: day(23)},
			{Rule: "past-rule", Namespace: "acme", Until: day(22)},
			{Rule: "again-rule", Namespace: "acme", Until: day(22)},
			{Rule: "again-rule", Namespace: "acme", Until: day(24)},
			{Rule: "mild-rule", Namespace: "beta", Until: day(24)},
		},
	}
	find := func(rule, path string, s finding.Severity) finding.Finding {
		return finding.Finding{Rule: rule, Path: path, Severity: s}
	}
	in := []finding.Finding{
		find("off-rule", "acme", finding.Error),
		find("shadow-rule", "acme", finding.Error),
		find("mild-rule", "acme", finding.Error),
		find("mild-rule", "beta", finding.Error),
		find("strict-rule", "acme", finding.Warning),
		find("waived-rule", "acme", finding.Error),
		find("waived-rule", "beta", finding.Error),
		find("waived-rule", "", finding.Error),
		find("past-rule", "acme", finding.Error),
		find("again-rule", "acme", finding.Error),
		find("plain-rule", "acme", finding.Warning),
	}
	before := append([]finding.Finding(nil), in...)
	shadow := find("shadow-rule", "acme", finding.Error)
	shadow.Shadow = true
	wantKept := []finding.Finding{
		shadow,
		find("mild-rule", "acme", finding.Notice),
		find("strict-rule", "acme", finding.Error),
		find("waived-rule", "beta", finding.Error),
		find("waived-rule", "", finding.Error),
		find("past-rule", "acme", finding.Error),
		find("plain-rule", "acme", finding.Warning),
	}
	wantWaived := []finding.Finding{
		find("mild-rule", "beta", finding.Notice),
		find("waived-rule", "acme", finding.Error),
		find("again-rule", "acme", finding.Error),
	}
	namespaceOf := func(path string) string { return path }
	for _, now := range []time.Time{
		day(23),
		day(24).Add(-time.Nanosecond),
		time.Date(2026, 11, 24, 8, 0, 0, 0, time.FixedZone("east", 9*60*60)), // still the 23rd in UTC
	} {
		kept, waived := c.Apply(in, namespaceOf, now)
		if diff := cmp.Diff(wantKept, kept); diff != "" {
			t.Errorf("%v: kept (-want +got):\n%s", now, diff)
		}
		if diff := cmp.Diff(wantWaived, waived); diff != "" {
			t.Errorf("%v: waived (-want +got):\n%s", now, diff)
		}
	}
	if diff := cmp.Diff(before, in); diff != "" {
		t.Errorf("Apply changed what it was given (-want +got):\n%s", diff)
	}
	if _, waived := c.Apply(in, namespaceOf, day(25)); len(waived) != 0 {
		t.Errorf("waived after the last day: %v", waived)
	}
	if kept, waived := Default().Apply(in, namespaceOf, day(23)); len(waived) != 0 || !cmp.Equal(kept, in) {
		t.Errorf("the default configuration changed something: %v, %v", kept, waived)
	}
}

func TestBelow(t *testing.T) {
	hosts := Default().Marketplace.Hosts
	for host, want := range map[string]bool{
		"karzoun.com": true, "cdn.karzoun.com": true, "a.b.karzoun.chat": true,
		"notkarzoun.com": false, "karzoun.com.example": false, "com": false, "": false,
	} {
		if got := Below(host, hosts); got != want {
			t.Errorf("Below(%q) = %v, want %v", host, got, want)
		}
	}
}
