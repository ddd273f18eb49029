package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Masterminds/semver/v3"
	"github.com/google/go-cmp/cmp"
)

const (
	exampleRegistry    = "../../examples/registry"
	exampleDefinitions = "../../examples/definitions-repo/definitions"
)

// head is the start of a definition.
type head struct{ NS, Version string }

func readHead(t *testing.T, name string) (head, []byte) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var h head
	if err := json.Unmarshal(data, &h); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return h, data
}

// TestExample shows that the example registry is what it says, and that the
// example repository goes on from there.
func TestExample(t *testing.T) {
	x, err := OpenStatic(exampleRegistry)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"mailbeam", "sheetwise", "shopkeep", "taskhub"}, x.Namespaces()); diff != "" {
		t.Errorf("namespaces (-want +got):\n%s", diff)
	}
	states := map[State]int{}
	for _, ns := range x.Namespaces() {
		for _, v := range x.Versions(ns) {
			states[v.State]++
			if v.State == Deleted {
				continue
			}
			name := filepath.Join(exampleRegistry, ns, v.Version, "miniapp.json")
			h, data := readHead(t, name)
			if diff := cmp.Diff(head{ns, v.Version}, h); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
			sum := sha256.Sum256(data)
			if got := hex.EncodeToString(sum[:]); got != v.SHA256 {
				t.Errorf("%s has the digest %s, the index says %s", name, got, v.SHA256)
			}
		}
		next, _ := readHead(t, filepath.Join(exampleDefinitions, ns, "miniapp.json"))
		newest := x.Versions(ns)[0].Version
		if !semver.MustParse(next.Version).GreaterThan(semver.MustParse(newest)) {
			t.Errorf("the example repository has %s %s, which is not above %s in the registry", ns, next.Version, newest)
		}
	}
	if states[Published] == 0 || states[Yanked] == 0 || states[Deleted] == 0 {
		t.Errorf("the example does not show every state: %v", states)
	}
}

func TestOpenStatic(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return filepath.Dir(path)
	}
	empty := write("empty/README.md", "nothing")
	damaged := write("damaged/index.json", "{\n  \"version\": 1,\n}")
	folder := filepath.Dir(write("folder/index.json/x", ""))
	for _, test := range []struct {
		dir, want string
		missing   bool
	}{
		{dir + "/none", fmt.Sprintf("there is no registry %q: stat %s: no such file or directory", dir+"/none", dir+"/none"), true},
		{empty, fmt.Sprintf("%q is not a static registry, since it has no index.json: stat %s: no such file or directory", empty, empty+"/index.json"), true},
		{folder, fmt.Sprintf("reading the registry %q: index.json is not a regular file", folder), false},
		{empty + "/README.md", fmt.Sprintf("reading the registry %q: stat %s: not a directory", empty+"/README.md", empty+"/README.md/index.json"), false},
		{damaged, damaged + "/index.json:2:15: the index is damaged: there is a comma before the closing \"}\"", false},
	} {
		x, err := OpenStatic(test.dir)
		if err == nil || x != nil {
			t.Errorf("%s: got %v, %v", test.dir, x, err)
			continue
		}
		if diff := cmp.Diff(test.want, err.Error()); diff != "" {
			t.Errorf("%s: message (-want +got):\n%s", test.dir, diff)
		}
		if got := errors.Is(err, fs.ErrNotExist); got != test.missing {
			t.Errorf("%s: errors.Is(%v, fs.ErrNotExist) = %v", test.dir, err, got)
		}
	}
}

func digest(c string) string { return strings.Repeat(c, 64) }

func TestParseIndex(t *testing.T) {
	version := func(v, state, sum string) string {
		return fmt.Sprintf("%q: {\"sha256\": %q, \"state\": %q}", v, sum, state)
	}
	text := `{"version": 1, "generated": "later members are left alone", "miniapps": {
		"zeta": {"latest": "1.10.0", "note": 1, "versions": {` + strings.Join([]string{
		version("1.9.0", "yanked", digest("1")),
		version("1.10.0", "published", digest("2")),
		version("2.0.0-rc.1", "deleted", ""),
		version("2.0.0-rc.2", "deleted", digest("3")),
		version("2.0.0-beta.11", "yanked", digest("4")),
		version("1.9.0+b", "yanked", digest("5")),
		version("1.9.0+c", "yanked", digest("6")),
	}, ", ") + `}},
		"none": {"versions": {}},
		"2fa": {"versions": {` + version("0.1.0", "yanked", digest("a")) + `}}}}`
	x, err := parseIndex([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []Version{
		{Version: "2.0.0-rc.2", State: Deleted, SHA256: digest("3")},
		{Version: "2.0.0-rc.1", State: Deleted, SHA256: ""},
		{Version: "2.0.0-beta.11", State: Yanked, SHA256: digest("4")},
		{Version: "1.10.0", State: Published, SHA256: digest("2")},
		{Version: "1.9.0+c", State: Yanked, SHA256: digest("6")},
		{Version: "1.9.0+b", State: Yanked, SHA256: digest("5")},
		{Version: "1.9.0", State: Yanked, SHA256: digest("1")},
	}
	if diff := cmp.Diff(want, x.Versions("zeta")); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	x.Versions("zeta")[0].State = Published
	if diff := cmp.Diff(want, x.Versions("zeta")); diff != "" {
		t.Errorf("the caller changed the index (-want +got):\n%s", diff)
	}
	for _, ns := range []string{"none", "other"} {
		if got := x.Versions(ns); got != nil {
			t.Errorf("Versions(%q) = %v, want none", ns, got)
		}
	}
	if diff := cmp.Diff([]string{"2fa", "zeta"}, x.Namespaces()); diff != "" {
		t.Errorf("namespaces (-want +got):\n%s", diff)
	}
}

func TestParseIndexRefuses(t *testing.T) {
	app := func(inner string) string { return `{"version": 1, "miniapps": {"acme": ` + inner + `}}` }
	one := func(version, state, sum string) string {
		return app(fmt.Sprintf(`{"versions": {%q: {"sha256": %q, "state": %q}}}`, version, sum, state))
	}
	for _, test := range []struct{ name, text, want string }{
		{"nothing", ``, "1:1: the index is damaged: the document ends where a value is expected"},
		{"cut off", `{"version": 1, "miniapps": {`, `1:28: the index is damaged: the object that starts here has no closing "}"`},
		{"a web page", "<!doctype html>", `1:1: the index is damaged: expected a value, found "<"`},
		{"a list", `[]`, `1:1: this is not the index of a registry: expected an object with "version": 1 and "miniapps"`},
		{"another file", "{\n  \"name\": \"web\", \"version\": \"1.0.0\"\n}", `1:1: this is not the index of a registry: expected an object with "version": 1 and "miniapps"`},
		{"a newer one", `{"version": 2, "apps": []}`, `1:13: the index has the version 2, and this program reads version 1: use the program that wrote it, or a newer one`},
		{"a number like 1", `{"version": 1.0, "miniapps": {}}`, `1:13: the index has the version 1.0, and this program reads version 1: use the program that wrote it, or a newer one`},
		{"no miniapps", `{"version": 1}`, `1:1: the index is damaged: expected an object "miniapps"`},
		{"miniapps as list", `{"version": 1, "miniapps": []}`, `1:28: the index is damaged: expected an object "miniapps"`},
		{"no versions", app(`{}`), `1:37: the index is damaged: "acme" has no object "versions"`},
		{"app as text", app(`"1.0.0"`), `1:37: the index is damaged: "acme" has no object "versions"`},
		{"a path as namespace", `{"version": 1, "miniapps": {"../x": {"versions": {}}}}`, `1:37: the index is damaged: "../x" cannot be a namespace: expected small letters, digits and single hyphens`},
		{"short version", one("1.0", "published", digest("0")), `1:58: the index is damaged: "1.0" of "acme" is not a semantic version such as 1.4.2`},
		{"version with v", one("v1.0.0", "published", digest("0")), `1:61: the index is damaged: "v1.0.0" of "acme" is not a semantic version such as 1.4.2`},
		{"leading zero", one("1.02.0", "published", digest("0")), `1:61: the index is damaged: "1.02.0" of "acme" is not a semantic version such as 1.4.2`},
		{"unknown state", one("1.0.0", "lost", digest("0")), `1:60: the index is damaged: version 1.0.0 of "acme" has the state "lost": expected published, yanked or deleted`},
		{"no state", app(`{"versions": {"1.0.0": {"sha256": "00"}}}`), `1:60: the index is damaged: version 1.0.0 of "acme" has the state "": expected published, yanked or deleted`},
		{"no digest", one("1.0.0", "published", ""), `1:60: the index is damaged: version 1.0.0 of "acme" has the sha256 "": expected 64 lower-case hexadecimal digits`},
		{"short digest", one("1.0.0", "yanked", "abc"), `1:60: the index is damaged: version 1.0.0 of "acme" has the sha256 "abc": expected 64 lower-case hexadecimal digits`},
		{"digest in capitals", one("1.0.0", "deleted", digest("A")), `1:60: the index is damaged: version 1.0.0 of "acme" has the sha256 "` + digest("A") + `": expected 64 lower-case hexadecimal digits`},
		{"latest unknown", app(`{"latest": "2.0.0", "versions": {}}`), `1:48: the index is damaged: the latest version of "acme" is "2.0.0": expected a published one of its versions`},
		{"latest yanked", app(`{"latest": "1.0.0", "versions": {"1.0.0": {"sha256": "` + digest("0") + `", "state": "yanked"}}}`),
			`1:48: the index is damaged: the latest version of "acme" is "1.0.0": expected a published one of its versions`},
		{"namespace twice", `{"version": 1, "miniapps": {"a": {"versions": {}}, "a": {"versions": {}}}}`, `1:52: the index is damaged: the key "a" is already in this object, on line 1`},
		{"version twice", app(`{"versions": {"1.0.0": {}, "1.0.0": {}}}`), `1:64: the index is damaged: the key "1.0.0" is already in this object, on line 1`},
	} {
		t.Run(test.name, func(t *testing.T) {
			x, err := parseIndex([]byte(test.text))
			if err == nil || x != nil {
				t.Fatalf("got %v, %v", x, err)
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzParseIndex(f *testing.F) {
	example, err := os.ReadFile(filepath.Join(exampleRegistry, IndexFile))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	f.Add([]byte(`{"version": 1, "miniapps": {"a": {"latest": 1, "versions": {"1.0.0-a.1+b": {"state": null}}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := parseIndex(data)
		if (x == nil) == (err == nil) {
			t.Fatalf("got %v and %v", x, err)
		}
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("an error of several lines: %q", err)
			}
			return
		}
		for _, ns := range x.Namespaces() {
			all := x.Versions(ns)
			for i, v := range all {
				// What is read names folders, so it must never lead elsewhere.
				if p := filepath.Join(ns, v.Version); !fs.ValidPath(p) || strings.Count(p, "/") != 1 {
					t.Errorf("%q is no folder of a version", p)
				}
				if i > 0 && semver.MustParse(v.Version).GreaterThan(semver.MustParse(all[i-1].Version)) {
					t.Errorf("%s stands after %s", v.Version, all[i-1].Version)
				}
			}
		}
	})
}
