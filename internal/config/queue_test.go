package config

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestQueueSettings(t *testing.T) {
	c, err := Parse([]byte(`reviewers: [Rita, Acme/Desk-Reviewers]
turnaround: {simple: 3, complex: 8, holidays: [2026-12-25, 2027-01-01], timezone: Asia/Ulaanbaatar, remind_after: 14, stale_after: 2, close_after: 60}
limits: {open_per_author: 2, first_submission_needs_ok: true}
auto_merge: true
merge_method: squash
`), testRules())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(c.Reviewers, []string{"rita"}) || !slices.Equal(c.Teams, []Team{{"acme", "desk-reviewers"}}) || !c.Reviewing() {
		t.Errorf("reviewers %q, teams %v", c.Reviewers, c.Teams)
	}
	r := c.Turnaround
	if r.Target(false) != 3*24*time.Hour || r.Target(true) != 8*24*time.Hour || r.RemindAfter != 14 || r.StaleAfter != 2 || r.CloseAfter != 60 {
		t.Errorf("turnaround %+v", r)
	}
	if !slices.Equal(r.Calendar.Holidays, []string{"2026-12-25", "2027-01-01"}) || r.Calendar.Location.String() != "Asia/Ulaanbaatar" {
		t.Errorf("calendar %+v", r.Calendar)
	}
	if c.Limits != (Limits{2, true}) || c.Merging != (Merging{true, "squash"}) {
		t.Errorf("%+v %+v", c.Limits, c.Merging)
	}
}

// TestQueueDefaults checks that nothing closes, merges or limits by itself.
func TestQueueDefaults(t *testing.T) {
	for _, text := range []string{"", "turnaround:\nlimits:\nauto_merge:\nmerge_method:\n"} {
		c, err := Parse([]byte(text), testRules())
		if err != nil {
			t.Fatal(err)
		}
		if c.Turnaround.CloseAfter != 0 || c.Merging != (Merging{false, "merge"}) || c.Limits != (Limits{}) || c.Reviewing() {
			t.Errorf("%q: %+v", text, c)
		}
		if c.Turnaround.Simple != 5 || c.Turnaround.Complex != 10 || c.Turnaround.RemindAfter != 30 || c.Turnaround.StaleAfter != 7 {
			t.Errorf("%q: %+v", text, c.Turnaround)
		}
	}
}

func TestQueueSettingsRefuse(t *testing.T) {
	for text, want := range map[string]string{
		"reviewers: [acme/]":                        `"acme/" cannot be in reviewers: expected a GitHub login such as octocat, without @, or a team such as acme/reviewers`,
		"reviewers: [\"@acme/desk\"]":               `"@acme/desk" cannot be in reviewers`,
		"reviewers: [a/b/c]":                        `"a/b/c" cannot be in reviewers`,
		"reviewers: [a/b, a/c, a/d, a/e, a/f, a/g]": `reviewers names 6 teams: at most 5 can be asked about`,
		"turnaround: {simple: 0}":                   `simple must be a whole number from 1 to 365, not 0`,
		"turnaround: {holidays: [25.12.]}":          `"25.12." cannot be in holidays: expected a date such as 2026-12-25`,
		"turnaround: {timezone: Mars/Olympus}":      `"Mars/Olympus" is no time zone: expected one such as Europe/Berlin or UTC`,
		"turnaround: {timezone: Local}":             `"Local" is no time zone`,
		"turnaround: {timezone: ../../etc/passwd}":  `is no time zone`,
		"turnaround: {close: 1}":                    `turnaround has no key "close"`,
		"limits: {open_per_author: -1}":             `open_per_author must be a whole number from 0 to 1000, not -1`,
		"limits: {first_submission_needs_ok: yes}":  `first_submission_needs_ok must be true or false, not "yes"`,
		"auto_merge: on":                            `auto_merge must be true or false, not "on"`,
		"merge_method: fast":                        `merge_method cannot be "fast"`,
	} {
		if _, err := Parse([]byte(text), testRules()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", text, err, want)
		}
	}
}
