package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// idsOf checks a package by all rules and returns the ids that fire on a path,
// or on any when it is "*".
func idsOf(pkg *submission.Package, path string) []string {
	change := &submission.Change{Kind: submission.New, Head: pkg}
	var ids []string
	for _, f := range Run(All(), change, &Env{Now: exampleNow()}) {
		if path == "*" || f.Path == path {
			ids = append(ids, f.Rule)
		}
	}
	return slices.Compact(ids)
}

// TestNames holds names that are easily let through, or refused, by mistake.
func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"webhooks/order.json": "", "README.md": "", "دليل.json": "", "naïve.md": "", "日本.md": "",
		"CON": "path-portable-name", "con.json": "path-portable-name", "LPT9.a.b": "path-portable-name", "com¹.md": "path-portable-name",
		"COM0": "path-portable-name", "nul .json": "path-portable-name", "conin$": "path-portable-name",
		"console.md": "", "com.md": "", "com12.md": "", "aux-1.md": "", "auxiliary.json": "",
		"a.": "path-portable-name", "a ": "path-portable-name", " a": "path-portable-name", "--help": "path-portable-name", "x /a.md": "path-portable-name",
		"a\u0000b": "path-characters", "a\u007fb": "path-characters", "a\u0085b": "path-characters", "a\u2028b": "path-characters",
		"a\u202eb": "path-characters", "a\u2066b": "path-characters", "a\u061cb": "path-characters", "a\u200fb": "path-characters",
		"a\u00adb": "path-characters", "a\ufeffb": "path-characters", "a\u3164b": "path-characters", "a\U000e0041b": "path-characters", "a\ufe0fb": "path-characters",
		"a\\b": "path-characters", "a:b": "path-characters", "a\xffb": "path-characters", "a\u00a0b": "path-characters",
		".git": "path-no-git-files", ".GIT/x": "path-no-git-files", ".gitattributes": "path-no-git-files", "GIT~1": "path-no-git-files",
		".gıt": "", "gitattributes": "", "GI7EBA~1": "path-no-git-files", ".git ": "path-no-git-files", "webhooks/.gitignore": "path-no-git-files", "git~1/x": "path-no-git-files",
		"digits~1": "", "gi.md": "",
	} {
		pkg := submission.FromFiles("definitions/acme", []*submission.File{{Name: name, Mode: source.Regular, Data: []byte("x\n")}})
		var got []string
		for _, id := range idsOf(pkg, "*") {
			if strings.HasPrefix(id, "path-") {
				got = append(got, id)
			}
		}
		if want == "" && len(got) > 0 || want != "" && !slices.Contains(got, want) {
			t.Errorf("%q: got %v, want %q", name, got, want)
		}
	}
}

// TestTwins holds that each pair is reported once, however many files are below.
func TestTwins(t *testing.T) {
	for _, c := range []struct {
		names []string
		want  int
	}{
		{[]string{"A.json", "a.json"}, 1},
		{[]string{"A.json", "a.json", "a.JSON"}, 2},
		{[]string{"Dir/a", "Dir/b", "dir/a", "dir/b", "dir/c"}, 1},
		{[]string{"x/Dir/a", "x/dir/b"}, 1},
		{[]string{"\u212b.md", "\u00e5.md"}, 1}, // Angstrom, and a with a ring
		{[]string{"\u1e9e.md", "ss.md"}, 1},
		{[]string{"ΣΑΣ", "σας"}, 1},
		{[]string{"x/a", "y/a", "a"}, 0},
		{[]string{"a.json", "b.json"}, 0},
	} {
		var files []*submission.File
		for _, n := range c.names {
			files = append(files, &submission.File{Name: n, Mode: source.Regular, Data: []byte("{}")})
		}
		n := 0
		for _, f := range Run([]Spec{pathNoTwins()}, &submission.Change{Kind: submission.New, Head: submission.FromFiles("definitions/acme", files)}, &Env{}) {
			n++
			if len(f.Message) == 0 {
				t.Errorf("%q: no message", c.names)
			}
		}
		if n != c.want {
			t.Errorf("%q: %d findings, want %d", c.names, n, c.want)
		}
	}
}

// TestNoFolder holds that a link or submodule in the place of the folder is one
// finding, and that nothing is said to be missing from it.
func TestNoFolder(t *testing.T) {
	for mode, want := range map[source.Mode]string{
		source.Symlink:   "the folder of the submission is a symbolic link",
		source.Submodule: "the folder of the submission is a Git submodule",
	} {
		pkg := submission.FromFiles("definitions/acme", []*submission.File{{Mode: mode}})
		found := Run(All(), &submission.Change{Kind: submission.New, Head: pkg}, &Env{Now: exampleNow()})
		if len(found) != 1 || found[0].Message != want || found[0].Path != "definitions/acme" || found[0].Severity != finding.Error {
			t.Errorf("%o: got %+v", mode, found)
		}
	}
}

// TestNothingMissing holds that no rule calls for files where it does not see
// them all: of a definition for itself, and of a folder with too many files.
func TestNothingMissing(t *testing.T) {
	files, err := model()
	if err != nil {
		t.Fatal(err)
	}
	alone := submission.FromDefinition("desk.json", []byte(files[submission.DefinitionFile]), nil)
	if got := idsOf(alone, "*"); len(got) > 0 {
		t.Errorf("a definition for itself: %v", got)
	}
	tree := source.Memory{"definitions/acme-desk/miniapp.json": {Data: []byte(files[submission.DefinitionFile])}}
	for i := range submission.MaxFiles + 1 {
		tree[fmt.Sprintf("definitions/acme-desk/a%03d.md", i)] = source.MemoryFile{Data: []byte("x\n")}
	}
	cut, err := submission.Load(tree, "definitions/acme-desk")
	if err != nil {
		t.Fatal(err)
	}
	got := idsOf(cut, "*")
	if !cut.Truncated || !slices.Contains(got, "file-readable") {
		t.Errorf("a folder with too many files: cut %v, %v", cut.Truncated, got)
	}
	for _, id := range []string{"owners-present", "test-account-present", "setup-steps", "event-has-sample", "webhook-address-documented"} {
		if slices.Contains(got, id) {
			t.Errorf("a folder with too many files: %s", id)
		}
	}
}
