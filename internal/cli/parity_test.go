package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/githubtest"
	"github.com/karzoun/miniapp-review/internal/report"
)

// submissions are changes of the example repository, each with the namespaces
// that the base lacks and the files of the head; an empty text takes a file away.
func submissions(w *world) map[string]struct {
	without []string
	files   map[string]string
} {
	type change = struct {
		without []string
		files   map[string]string
	}
	def := func(ns string, oldNew ...string) map[string]string {
		return map[string]string{"definitions/" + ns + "/miniapp.json": w.definition(ns, oldNew...)}
	}
	return map[string]change{
		"first, clean":          {[]string{"parleo"}, nil},
		"first, wrong category": {[]string{"parleo"}, def("parleo", `"category": "`, `"category": "x`)},
		"first, many mistakes":  {[]string{"parleo"}, map[string]string{parleo + "miniapp.json": twelve(w)}},
		"no version":            {nil, def("taskhub", `"label": "`, `"label": "New `)},
		"a lower version":       {nil, def("taskhub", `"version": "`, `"version": "0.`)},
		"not JSON":              {nil, map[string]string{"definitions/taskhub/miniapp.json": "{\n  \"ns\": \"taskhub\",\n}\n"}},
		"duplicate keys":        {nil, def("taskhub", `"status": "private"`, "\"status\": \"private\",\n  \"\\u006es\": \"other\"")},
		"a credential":          {nil, def("taskhub", `"label": "`, `"label": "ghp_k3BtX9wQz7LmR2pVn8YcF5hJd1GsA6uEo4Ti `)},
		"no changelog":          {nil, map[string]string{"definitions/taskhub/CHANGELOG.md": ""}},
		"no setup guide":        {[]string{"parleo"}, map[string]string{parleo + "SETUP.md": ""}},
		"wrong owners":          {nil, map[string]string{"definitions/taskhub/owners.json": "{}\n"}},
		"a text file":           {nil, map[string]string{"definitions/taskhub/.env": "TOKEN=1\n"}},
		"sealed to another": {nil, map[string]string{"definitions/taskhub/test-account.age": sealedToAnother(w),
			// A configuration that names that key counts once it is merged.
			".github/miniapp-review.yml": "test_accounts: {recipients: [" + strangeKey + "]}\n"}},
		"removed": {nil, func() map[string]string {
			gone := map[string]string{}
			for name := range w.examples {
				if strings.HasPrefix(name, "definitions/taskhub/") {
					gone[name] = ""
				}
			}
			return gone
		}()},
		"renamed": {nil, func() map[string]string {
			moved := map[string]string{}
			for name, text := range w.examples {
				if rest, ok := strings.CutPrefix(name, "definitions/taskhub/"); ok {
					moved[name], moved["definitions/taskhub-pro/"+rest] = "", strings.ReplaceAll(text, "taskhub", "taskhub-pro")
				}
			}
			return moved
		}()},
		"two namespaces": {nil, func() map[string]string {
			both := def("taskhub", `"label": "`, `"label": "New `)
			maps.Copy(both, def("parleo", `"label": "`, `"label": "New `))
			return both
		}()},
	}
}

// strangeKey is a key that the example repository does not name.
const strangeKey = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"

// sealedToAnother is a test account that is sealed to strangeKey alone.
func sealedToAnother(w *world) string {
	w.Helper()
	data, err := os.ReadFile("../intake/testdata/corpus/test-account-recipients-former.txt")
	if err != nil {
		w.Fatal(err)
	}
	_, text, _ := strings.Cut(string(data), "-- file test-account.age --\n")
	return text
}

// TestParity checks that the command in a local clone and the review on GitHub
// find the same, byte for byte.
func TestParity(t *testing.T) {
	names := slices.Sorted(maps.Keys(submissions(newWorld(t, githubtest.Options{}))))
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			probe := newWorld(t, githubtest.Options{})
			change := submissions(probe)[name]
			w := newWorld(t, githubtest.Options{}, change.without...)
			head := githubtest.Files{}
			local := map[string]string{}
			for _, ns := range change.without {
				for file, f := range w.namespace(ns, nil) {
					head[file], local[file] = f, string(f.Data)
				}
			}
			for file, text := range change.files {
				local[file] = text
				if head[file] = githubtest.Text(text); text == "" {
					head[file] = githubtest.Gone()
				}
			}
			// A file that the head lacks and the base never had cannot be removed.
			for file, text := range local {
				if onBase := len(change.without) == 0 || !strings.HasPrefix(file, "definitions/"+change.without[0]+"/"); text == "" && !onBase {
					delete(head, file)
				}
			}
			w.open(head)
			o := w.review()
			here := findingsHere(t, w, change.without, local)
			if diff := cmp.Diff(here, jsonOf(t, o)); diff != "" {
				t.Errorf("the command -, the review +\n%s", diff)
			}
			if name == "sealed to another" && !strings.Contains(here, `"rule": "test-account-recipients"`) {
				t.Errorf("nothing is said of the keys:\n%s", here)
			}
		})
	}
}

// jsonOf prints the findings of a review as the command prints its own.
func jsonOf(t *testing.T, o *outcome) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Print(&b, report.JSON, report.Result{Findings: o.result.Findings}, report.Options{}); err != nil {
		t.Fatal(err)
	}
	return onlyFindings(t, b.Bytes())
}

func onlyFindings(t *testing.T, text []byte) string {
	t.Helper()
	var out struct {
		Findings json.RawMessage `json:"findings"`
	}
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, out.Findings, "", " "); err != nil {
		t.Fatal(err)
	}
	return indented.String()
}

// findingsHere makes a clone with the same base and head, and runs the command
// in it, with the clock of the review.
func findingsHere(t *testing.T, w *world, without []string, changes map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		c := exec.Command("git", args...)
		c.Dir = dir
		c.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "HOME="+dir, "GIT_AUTHOR_NAME=p", "GIT_AUTHOR_EMAIL=p@e.example", "GIT_COMMITTER_NAME=p", "GIT_COMMITTER_EMAIL=p@e.example")
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, filepath.FromSlash(name))
		if text == "" {
			_ = os.Remove(path)
			return
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	git("init", "-q", "-b", "main")
	for name, text := range w.examples {
		if !slices.ContainsFunc(without, func(ns string) bool { return strings.HasPrefix(name, "definitions/"+ns+"/") }) {
			write(name, text)
		}
	}
	git("add", "-A")
	git("commit", "-q", "-m", "base")
	git("checkout", "-q", "-b", "work")
	for name, text := range changes {
		write(name, text)
	}
	git("add", "-A")
	git("commit", "-q", "-m", "head")
	var out, errs bytes.Buffer
	s := Streams{In: strings.NewReader(""), Out: &out, Err: &errs, Getenv: func(string) string { return "" }, Now: w.gh.Now}
	// The paths are those of the repository, as they are in a review.
	code := Main(context.Background(), []string{"check", "--format", "json", "--base", "main", dir}, s)
	if code != ExitClean && code != ExitFindings {
		t.Fatalf("the command exits with %d: %s", code, errs.String())
	}
	return onlyFindings(t, out.Bytes())
}
