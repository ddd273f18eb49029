package actions_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/actions"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/report"
)

// runner is what a step writes to.
type runner struct {
	*actions.Writer
	log bytes.Buffer
	dir string
}

func newRunner(t testing.TB, random io.Reader) *runner {
	r := &runner{dir: t.TempDir()}
	r.Writer = actions.NewWriter(&r.log, random, func(name string) string {
		return filepath.Join(r.dir, name) // so that a write to any file is seen
	})
	return r
}

func (r *runner) file(t testing.TB, name string) string {
	text, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(text)
}

func unpredictable() io.Reader { return rand.NewChaCha8([32]byte{1}) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// hostile are texts that other writers of workflow commands let through.
var hostile = []string{
	"plain", "", " ", "::error::x", "  ::error file=a::x", "\t::add-mask::a", "\u00a0::warning::x", "\u2028::error::x",
	"::set-output name=approved::true", "a\n::error::x", "a\r::error::x", "a\r\n::error::x", "\r\n::stop-commands::x",
	"##[error]x", "see ##[error]x", "see ##[add-mask]a", "##[group]\n##[endgroup]", "%0A::error::x", "%250A", "a::b,c=d",
	"x\napproved=true", "x\nEOF\napproved=true", "_GitHubActionsFileCommandDelimeter_\napproved=true", "approved<<x\ntrue\nx",
	"end-00000000000000000000000000000000", "\x00\x1b[2J", "\xff\xfe::error::", "\u202egnp.exe", "::", ":::", ": :error::x", "ünïcode ✓",
}

func TestLinesAreNoCommands(t *testing.T) {
	for _, text := range hostile {
		r := newRunner(t, unpredictable())
		must(t, r.Line(text))
		commands, lines := readLog(r.log.String())
		if len(commands) > 0 {
			t.Errorf("the line %q became %+v", text, commands)
		}
		if want := strings.Count(text, "\n") + 1; len(lines) != want {
			t.Errorf("the text %q became the lines %q", text, lines)
		}
	}
	r := newRunner(t, unpredictable())
	must(t, r.Line("a ✓ 50% ::b\n  ::error::x\nsee ##[error]y\r\n::"))
	want := "a ✓ 50% ::b\n  \\u003a:error::x\nsee ##\\u005berror]y\\u000d\n\\u003a:\n"
	if d := cmp.Diff(want, r.log.String()); d != "" {
		t.Error(d)
	}
}

func TestCommands(t *testing.T) {
	r := newRunner(t, unpredictable())
	must(t, r.Group("pull request 12"))
	must(t, r.Mask("s3cr%t\nsecond line\n\n"))
	must(t, r.Mask(""))
	must(t, r.Fail("a,b:c", "first\nsecond\r::error::third"))
	must(t, r.Warn("t", "##[error]w"))
	must(t, r.EndGroup())
	want := []command{
		{"group", map[string]string{}, "pull request 12"},
		{"add-mask", map[string]string{}, "s3cr%t"},
		{"add-mask", map[string]string{}, "second line"},
		{"error", map[string]string{"title": "a,b:c"}, "first\nsecond\\u000d::error::third"},
		{"warning", map[string]string{"title": "t"}, `##\u005berror]w`},
		{"endgroup", map[string]string{}, ""},
	}
	got, text := readLog(r.log.String())
	if d := cmp.Diff(want, got, cmp.AllowUnexported(command{})); d != "" {
		t.Error(d)
	}
	if len(text) > 0 {
		t.Errorf("there is text as well: %q", text)
	}
}

func at(severity finding.Severity, line int, message string) finding.Finding {
	p := jsondoc.Position{Line: line, Column: 1}
	return finding.Finding{Rule: "some-rule", Severity: severity, Path: "definitions/a,b:c/miniapp.json", Range: finding.Range{Start: p, End: p}, Message: message}
}

func TestAnnotate(t *testing.T) {
	var findings []finding.Finding
	for i := range 13 {
		findings = append(findings, at(finding.Notice, i+1, "n"), at(finding.Warning, i+1, "w"), at(finding.Error, i+1, "e\n::error::x"))
	}
	shadow := at(finding.Error, 1, "shadow")
	shadow.Shadow = true
	r := newRunner(t, unpredictable())
	left, err := r.Annotate(append([]finding.Finding{shadow}, findings...))
	must(t, err)
	if left != 9 {
		t.Errorf("%d findings were left out, want 9", left)
	}
	more, err := r.Annotate(findings[:3])
	must(t, err)
	if more != 3 {
		t.Errorf("a second call shows %d of 3", 3-more)
	}
	commands, text := readLog(r.log.String())
	if len(commands) != 30 || len(text) != 0 {
		t.Fatalf("%d commands and the text %q", len(commands), text)
	}
	for i, c := range commands {
		if want := []string{"error", "warning", "notice"}[i/10]; c.name != want || c.properties["line"] != fmt.Sprint(i%10+1) {
			t.Errorf("the command %d is %+v, want %s", i, c, want)
		}
	}
	first := command{"error", map[string]string{"file": "definitions/a,b:c/miniapp.json", "line": "1", "endLine": "1", "title": "some-rule"}, `e\u000a::error::x`}
	if d := cmp.Diff(first, commands[0], cmp.AllowUnexported(command{})); d != "" {
		t.Error(d)
	}
}

func TestOutput(t *testing.T) {
	for _, value := range hostile {
		r := newRunner(t, unpredictable())
		must(t, r.Output("stage", value))
		must(t, r.Output("comment-url", "https://github.com/a/b/pull/1"))
		got, err := readOutputs(r.file(t, "GITHUB_OUTPUT"))
		if err != nil {
			t.Fatalf("%q: %v", value, err)
		}
		lines := strings.Split(value, "\n")
		for i := range lines {
			lines[i] = strings.ReplaceAll(report.Visible(lines[i]), "##[", `##\u005b`)
		}
		want := [][2]string{{"stage", strings.Join(lines, "\n")}, {"comment-url", "https://github.com/a/b/pull/1"}}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%q: %s", value, d)
		}
	}
}

func TestOutputRefuses(t *testing.T) {
	r := newRunner(t, unpredictable())
	for _, name := range []string{"", "a=b", "a<<b", "a\nb", "a\x00", "A", "a b", "1a", strings.Repeat("a", 65)} {
		if err := r.Output(name, "v"); err == nil {
			t.Errorf("took the name %q", name)
		}
	}
	if err := r.Output("a", strings.Repeat("x", actions.MaxOutputBytes+1)); err == nil {
		t.Error("took a value that is too large")
	}
	// A source that always gives the same, and a value that knows it.
	known := newRunner(t, bytes.NewReader(make([]byte, 16*64)))
	if err := known.Output("a", "x\nend-"+strings.Repeat("0", 32)+"\nb=c"); err == nil || !strings.Contains(err.Error(), "source of random bytes") {
		t.Errorf("a known delimiter: %v", err)
	}
	if err := newRunner(t, strings.NewReader("short")).Output("a", "b"); err == nil {
		t.Error("wrote without random bytes")
	}
	for _, r := range []*runner{r, known} {
		if text := r.file(t, "GITHUB_OUTPUT"); text != "" {
			t.Errorf("a refused output wrote %q", text)
		}
	}
}

func TestDelimiterIsNeverUsedTwice(t *testing.T) {
	r := newRunner(t, unpredictable())
	for range 50 {
		must(t, r.Output("a", "b"))
	}
	seen := map[string]bool{}
	for line := range strings.SplitSeq(r.file(t, "GITHUB_OUTPUT"), "\n") {
		if _, d, ok := strings.Cut(line, "<<"); ok {
			if seen[d] || len(d) < 36 {
				t.Errorf("the delimiter %q", d)
			}
			seen[d] = true
		}
	}
	if len(seen) != 50 {
		t.Errorf("%d delimiters", len(seen))
	}
}

func TestSummary(t *testing.T) {
	r := newRunner(t, unpredictable())
	page := strings.Repeat("x", 400_000)
	for i, want := range []bool{true, true, false, false} {
		got, err := r.Summary(page)
		must(t, err)
		if got != want {
			t.Errorf("the page %d: added=%v", i+1, got)
		}
	}
	text := r.file(t, "GITHUB_STEP_SUMMARY")
	if len(text) > actions.MaxSummaryBytes || strings.Count(text, "summary is full") != 1 {
		t.Errorf("%d bytes, %d notes", len(text), strings.Count(text, "summary is full"))
	}
	whole := newRunner(t, unpredictable())
	if added, err := whole.Summary(strings.Repeat("x", actions.MaxSummaryBytes)); added || err != nil {
		t.Errorf("a page of the full size: %v, %v", added, err)
	}
}

func TestFilesThatAreNotThere(t *testing.T) {
	w := actions.NewWriter(io.Discard, unpredictable(), func(string) string { return "" })
	if err := w.Output("a", "b"); err == nil || !strings.Contains(err.Error(), "GITHUB_OUTPUT is not set") {
		t.Error(err)
	}
	if _, err := w.Summary("a"); err == nil || !strings.Contains(err.Error(), "GITHUB_STEP_SUMMARY is not set") {
		t.Error(err)
	}
	gone := actions.NewWriter(io.Discard, unpredictable(), func(string) string { return filepath.Join(t.TempDir(), "no", "file") })
	if err := gone.Output("a", "b"); err == nil {
		t.Error("wrote an output to a folder that is not there")
	}
}

// FuzzWriter holds that a text, wherever it is written, adds no command and no
// output, and touches no other file of the runner.
func FuzzWriter(f *testing.F) {
	for _, text := range hostile {
		f.Add(text, text, uint64(1))
	}
	f.Fuzz(func(t *testing.T, a, b string, seed uint64) {
		r := newRunner(t, rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)}))
		one := at(finding.Error, 1, a)
		one.Hint, one.Path, one.Rule = b, b, "a-rule"
		must(t, r.Line(a))
		must(t, r.Group(a))
		must(t, r.Fail(a, b))
		_, err := r.Annotate([]finding.Finding{one})
		must(t, err)
		must(t, r.Warn(b, a))
		must(t, r.EndGroup())
		must(t, r.Line(b))
		commands, _ := readLog(r.log.String())
		var names []string
		for _, c := range commands {
			names = append(names, c.name)
			for key := range c.properties {
				if !slices.Contains([]string{"title", "file", "line", "endLine"}, key) {
					t.Errorf("the property %q in %+v", key, c)
				}
			}
		}
		if d := cmp.Diff([]string{"group", "error", "error", "warning", "endgroup"}, names); d != "" {
			t.Errorf("%q: %s", r.log.String(), d)
		}
		if len(a) < 10_000 && len(b) < 10_000 {
			must(t, r.Output("one", a))
			must(t, r.Output("two", b))
			outputs, err := readOutputs(r.file(t, "GITHUB_OUTPUT"))
			if err != nil || len(outputs) != 2 || outputs[0][0] != "one" || outputs[1][0] != "two" {
				t.Errorf("outputs %q, %v", outputs, err)
			}
		}
		files, err := os.ReadDir(r.dir)
		must(t, err)
		for _, file := range files {
			if file.Name() != "GITHUB_OUTPUT" {
				t.Errorf("wrote to %s", file.Name())
			}
		}
	})
}
