package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOpenStatic(t *testing.T) {
	dir := "../../examples/registry"
	x, err := OpenStatic(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(x.Namespaces()) == 0 {
		t.Fatal("the example registry is empty")
	}
	for _, ns := range x.Namespaces() {
		for _, v := range x.Versions(ns) {
			data, err := os.ReadFile(filepath.Join(dir, ns, v.Version, "miniapp.json"))
			if v.State == Deleted {
				if err == nil {
					t.Errorf("%s %s is deleted, and there", ns, v.Version)
				}
				continue
			}
			if err != nil {
				t.Error(err)
				continue
			}
			sum := sha256.Sum256(data)
			if got := hex.EncodeToString(sum[:]); got != v.SHA256 {
				t.Errorf("%s %s has the digest %s, the index says %s", ns, v.Version, got, v.SHA256)
			}
		}
	}
	if _, err := OpenStatic(t.TempDir()); err == nil || !strings.Contains(err.Error(), "has no index.json") {
		t.Errorf("an empty folder: %v", err)
	}
}

func TestParseIndex(t *testing.T) {
	x, err := parseIndex([]byte(`{"version": 1, "miniapps": {"acme": {"latest": "1.10.0", "versions": {
		"1.9.0": {"sha256": "00", "state": "yanked"}, "1.10.0": {"sha256": "01", "state": "published"}, "1.10.0-rc.1": {"state": "deleted"}}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []Version{{"1.10.0", Published, "01"}, {"1.10.0-rc.1", Deleted, ""}, {"1.9.0", Yanked, "00"}}
	if diff := cmp.Diff(want, x.Versions("acme")); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	for text, want := range map[string]string{
		``:                                      "1:1: the index is damaged: the document ends where a value is expected",
		`{"version": 2}`:                        `1:1: the index is damaged: expected "version": 1`,
		`{"version": 1}`:                        `1:1: the index is damaged: expected an object "miniapps"`,
		`{"version": 1, "miniapps": {"a": {}}}`: `1:34: the index is damaged: "a" has no object "versions"`,
		`{"version": 1, "miniapps": {"a": {"versions": {"1.0": {"state": "published"}}}}}`: `"1.0" of "a" is no semantic version`,
		`{"version": 1, "miniapps": {"a": {"versions": {"1.0.0": {"state": "lost"}}}}}`:    `has the state "lost": expected published, yanked or deleted`,
		`{"version": 1, "miniapps": {"a": {"versions": {}}, "a": {"versions": {}}}}`:       `the key "a" is already in this object`,
	} {
		if _, err := parseIndex([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}
