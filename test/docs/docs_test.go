// Package docs tests that the documentation is true where a program can tell.
package docs

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/cli"
	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/qafile"
)

// root is the project's root folder.
const root = "../.."

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// run runs the command in the project's root and returns what it prints.
func run(t *testing.T, args ...string) string {
	t.Helper()
	t.Chdir(root)
	var out bytes.Buffer
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	cli.Main(context.Background(), args, cli.Streams{In: strings.NewReader(""), Out: &out, Err: os.Stderr,
		Getenv: func(string) string { return "" }, Now: func() time.Time { return now }, Random: bytes.NewReader(make([]byte, 1<<10))})
	return out.String()
}

// blocks returns the fenced code blocks of a page with the given language.
func blocks(page, language string) []string {
	var out []string
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(page, -1) {
		out = append(out, m[1])
	}
	return out
}

// TestReadme runs the README's first command and checks that it prints what
// the README shows. A line with "…" stands for lines that are left out.
func TestReadme(t *testing.T) {
	page := read(t, "README.md")
	line := regexp.MustCompile(`(?m)^go run ./cmd/miniapp (.*)$`).FindStringSubmatch(page)
	shown := blocks(page, "text")
	if line == nil || len(shown) != 1 {
		t.Fatalf("README.md has %d transcripts, and the command %q", len(shown), line)
	}
	transcript(t, shown[0], run(t, strings.Fields(line[1])...))
}

// transcript checks that a command prints what a page shows. A line with "…"
// stands for lines that are left out.
func transcript(t *testing.T, shown, got string) {
	t.Helper()
	rest := got
	for part := range strings.SplitSeq(shown, "\n…\n") {
		_, after, found := strings.Cut(rest, strings.TrimSpace(part))
		if !found {
			t.Fatalf("the command does not print this, or not in this order:\n%s\nIt prints:\n%s", part, got)
		}
		rest = after
	}
	if strings.TrimSpace(rest) != "" {
		t.Errorf("the transcript leaves out the end:\n%s", rest)
	}
}

// TestTry runs the first run of docs/try.md, and holds its qa.json against the
// definition that it is about.
func TestTry(t *testing.T) {
	page := read(t, "docs/try.md")
	line := regexp.MustCompile(`(?m)^miniapp (try --practice .*)$`).FindStringSubmatch(page)
	shown := blocks(page, "text")
	if line == nil || len(shown) != 1 {
		t.Fatalf("docs/try.md has %d transcripts, and the command %q", len(shown), line)
	}
	definitionText := read(t, "examples/definitions-repo/definitions/taskhub/miniapp.json")
	transcript(t, shown[0], run(t, strings.Fields(line[1])...))

	def, problems := jsondoc.Parse([]byte(definitionText))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	example, problems := jsondoc.Parse([]byte(blocks(page, "json")[0]))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	file, wrong := qafile.Parse(example)
	for _, p := range append(wrong, file.Check(definition.New(def))...) {
		t.Errorf("the qa.json of docs/try.md: %s: %s", p.Pointer, p.Message)
	}
	if len(file.Entries) != 4 {
		t.Errorf("the qa.json of docs/try.md has %d entries", len(file.Entries))
	}
}

// TestJSONExample checks that the finding in docs/check.md is one that the
// command prints.
func TestJSONExample(t *testing.T) {
	type output struct {
		Findings []map[string]any `json:"findings"`
	}
	var shown, got output
	for text, into := range map[string]*output{blocks(read(t, "docs/check.md"), "json")[0]: &shown, run(t, "check", "--format", "json", "examples/broken"): &got} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range shown.Findings {
		if !slices.ContainsFunc(got.Findings, func(f map[string]any) bool { return cmp.Equal(f, want) }) {
			t.Errorf("the command does not print this finding: %v", want)
		}
	}
	if len(shown.Findings) == 0 {
		t.Error("docs/check.md shows no finding")
	}
}

// TestDependencies holds docs/dependencies.md against go.mod.
func TestDependencies(t *testing.T) {
	var required, listed []string
	for _, m := range regexp.MustCompile(`(?m)^\t(\S+) v\S+$`).FindAllStringSubmatch(read(t, "go.mod"), -1) {
		required = append(required, m[1])
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(read(t, "docs/dependencies.md"), -1) {
		listed = append(listed, m[1])
	}
	slices.Sort(required)
	slices.Sort(listed)
	if diff := cmp.Diff(required, listed); diff != "" {
		t.Errorf("docs/dependencies.md must have one row for each direct dependency in go.mod (-go.mod +docs):\n%s", diff)
	}
}

// TestLinks checks that every link from one page to another leads to a file.
func TestLinks(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	pages = append(pages, filepath.Join(root, "README.md"), filepath.Join(root, "ARCHITECTURE.md"))
	link := regexp.MustCompile(`\]\(([^)#\s]+)(#[^)]*)?\)`)
	checked := 0
	for _, page := range pages {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(data), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			checked++
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s links to %q: %v", page, m[1], err)
			}
		}
	}
	if checked < 10 {
		t.Errorf("only %d links were checked", checked)
	}
}
