package registry

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sample(t *testing.T) *Release {
	t.Helper()
	def, err := Canonical([]byte(`{"version": "1.4.2", "ns": "acme-desk", "title": "Acme <Desk>"}`))
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewRelease(def, Listing{Visibility: Partner, Tenants: []string{"b", "a", "b"}, Title: "Acme <Desk>"}, "- Text\n", Provenance{Tool: "miniapp test"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRelease(t *testing.T) {
	r := sample(t)
	for name, want := range map[string]string{
		DefinitionFile: `{"ns":"acme-desk","title":"Acme <Desk>","version":"1.4.2"}`,
		ListingFile:    `{"ns":"acme-desk","tenants":["a","b"],"title":"Acme <Desk>","version":"1.4.2","visibility":"partner"}`,
		ChangelogFile:  "- Text\n",
		ProvenanceFile: `{"files":{"CHANGELOG.md":"` + Digest(r.Changelog) + `","listing.json":"` + Digest(r.Listing) + `","miniapp.json":"` + r.SHA256() +
			`"},"ns":"acme-desk","release":"1.4.2","source":{"sha256":""},"tool":"miniapp test","version":1}`,
	} {
		if diff := cmp.Diff(want, string(r.Files()[name])); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	again, err := ParseRelease(r.Files())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, again); diff != "" {
		t.Errorf("read again (-made +read):\n%s", diff)
	}
}

// TestParseReleaseRefuses changes every byte of every file, and cuts every file
// off everywhere: none of it goes unnoticed.
func TestParseReleaseRefuses(t *testing.T) {
	whole := sample(t).Files()
	for name, data := range whole {
		for i := range data {
			changed := maps.Clone(whole)
			flipped := []byte(string(data))
			flipped[i] ^= 1
			changed[name] = flipped
			// The record itself is held by the index: its digests, names and form
			// are what is checked here.
			if r, err := ParseRelease(changed); err == nil && (name != ProvenanceFile || Digest(r.Provenance) == Digest(whole[ProvenanceFile])) {
				t.Errorf("%s with its byte %d changed is read", name, i)
			}
			changed[name] = data[:i]
			if _, err := ParseRelease(changed); err == nil {
				t.Errorf("%s cut off at %d is read", name, i)
			}
		}
	}
	for _, ns := range []string{"", ".", "..", "a/b", "A", "a--b", "-a", "a\n", strings.Repeat("a", 101)} {
		if CheckName(ns, "1.0.0") == nil {
			t.Errorf("%q passes as a namespace", ns)
		}
	}
	for _, v := range []string{"", "1", "1.0", "v1.0.0", "01.0.0", "1.0.0/..", "1.0.0-", "../1.0.0", "1.0.0\n", "1.0.0-" + strings.Repeat("a", 100)} {
		if CheckName("a", v) == nil {
			t.Errorf("%q passes as a version", v)
		}
	}
}

// TestAdmit is about versions that were edited, reused or come late.
func TestAdmit(t *testing.T) {
	sum := func(c string) string { return strings.Repeat(c, 64) }
	x := NewIndex()
	x.Set("acme", Entry{Versions: []Version{
		{Version: "1.0.0", State: Published, SHA256: sum("1")},
		{Version: "1.2.0", State: Published, SHA256: sum("2")},
		{Version: "1.3.0", State: Deleted, SHA256: sum("3")},
		{Version: "1.4.0", State: Deleted},
		{Version: "1.9.0", State: Yanked, SHA256: sum("9")},
		{Version: "2.0.0-rc.2", State: Published, SHA256: sum("a")},
	}})
	e := x.Entry("acme")
	if e.Latest() != "1.2.0" {
		t.Errorf("the latest is %q", e.Latest())
	}
	for _, test := range []struct {
		version, sum string
		present      bool
		want         error
	}{
		{"1.2.0", sum("2"), true, nil},
		{"1.0.0", sum("1"), true, nil},
		{"1.2.0", sum("f"), false, ErrConflict},
		{"1.9.0", sum("9"), true, nil},
		{"1.9.0", sum("f"), false, ErrConflict},
		{"1.3.0", sum("3"), false, ErrGone},
		{"1.3.0", sum("f"), false, ErrConflict},
		{"1.4.0", sum("f"), false, ErrGone},
		{"1.2.0+1", sum("2"), false, ErrConflict},
		{"1.1.0", sum("f"), false, ErrOlder},
		{"1.2.0-rc.1", sum("f"), false, ErrOlder},
		{"1.2.1", sum("f"), false, nil},
		{"1.8.0", sum("f"), false, nil},
		{"2.0.0-rc.1", sum("f"), false, ErrOlder},
		{"2.0.0-rc.3", sum("f"), false, nil},
		{"2.0.0", sum("f"), false, nil},
	} {
		present, err := e.Admit(test.version, test.sum)
		if present != test.present || !errors.Is(err, test.want) || test.want == nil && err != nil {
			t.Errorf("%s: present %v, %v; want %v, %v", test.version, present, err, test.present, test.want)
		}
	}
	if present, err := (Entry{}).Admit("0.1.0", sum("1")); present || err != nil {
		t.Errorf("a first version: %v, %v", present, err)
	}
	if _, err := (Entry{}).Admit("new", sum("1")); err == nil {
		t.Error("a version that is none is admitted")
	}
}

// TestEncode reads what it writes, and writes the same for the same versions in
// any order.
func TestEncode(t *testing.T) {
	versions := []Version{
		{Version: "1.0.0", State: Published, SHA256: strings.Repeat("1", 64), Provenance: strings.Repeat("2", 64), Visibility: Partner, Tenants: []string{"a", "b"}, Committed: "2026-11-20T10:00:00Z"},
		{Version: "1.10.0", State: Yanked, SHA256: strings.Repeat("3", 64), Reason: "<bad>"},
		{Version: "1.9.0", State: Deleted},
	}
	x := NewIndex()
	x.Set("acme", Entry{Summary: Summary{"</script>", "support", "Short"}, Versions: versions})
	x.Set("gone", Entry{Versions: versions[2:]})
	again, err := ParseIndex(x.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(x.entries, again.entries); diff != "" {
		t.Errorf("read again (-written +read):\n%s", diff)
	}
	other := NewIndex()
	other.Set("gone", Entry{Versions: versions[2:]})
	other.Set("never", Entry{})
	other.Set("acme", Entry{Summary: Summary{"</script>", "support", "Short"}, Versions: []Version{versions[2], versions[0], versions[1]}})
	if diff := cmp.Diff(string(x.Encode()), string(other.Encode())); diff != "" {
		t.Errorf("another order gives other bytes:\n%s", diff)
	}
}
