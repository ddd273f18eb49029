package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

var update = flag.Bool("update", false, "write the golden files")

func at(line, column, endLine, endColumn int) finding.Range {
	return finding.Range{Start: jsondoc.Position{Line: line, Column: column}, End: jsondoc.Position{Line: endLine, Column: endColumn}}
}

// hostile is what a submission may try: a second command, a terminal escape, a
// text that runs backwards, bytes that are no UTF-8.
const hostile = "a%\r\n::error::b ##[add-mask]c \x1b[31md \u202ee\u200b \x9b1m \u009b2m,f:g"

const example = `{
  "name": "acme",
	"title": "Größe 日本語 x",
  "token": "s3cr3t-value", "next": 1,
  "cmd": "##[group]::warning::\u009b\u202e",
  "long": "` + longText + `END` + longText + `"
}
`

const longText = "0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 "

// everything is a result with one finding for each thing that a format has to
// cope with.
func everything() Result {
	const file = "definitions/acme/miniapp.json"
	findings := []finding.Finding{
		{Rule: "setup-present", Severity: finding.Warning, Path: "definitions/acme/SETUP.md", Range: finding.WholeFile(),
			Message: "there is no SETUP.md", Hint: "Add 3 to 5 numbered steps.",
			Fix: &finding.Fix{Title: "create it", Edits: []finding.Edit{{Path: "definitions/acme/SETUP.md", Range: finding.WholeFile(), Text: "1. Install\n", Create: true}}}},
		{Rule: "name-matches-ns", Severity: finding.Error, Path: file, Range: at(2, 11, 2, 17), Pointer: "/name",
			Message: `"name" is "acme" and not the namespace`, Hint: `Write "acme-desk".`,
			Related: []finding.Place{{Path: file, Range: at(3, 2, 3, 9), Message: "the title is here"}},
			Fix: &finding.Fix{Title: `write "acme-desk"`, Edits: []finding.Edit{{Path: file, Span: jsondoc.Span{Start: 12, End: 18},
				Range: at(2, 11, 2, 17), Text: `"acme-desk"`}}}},
		{Rule: "title-plain", Severity: finding.Notice, Path: file, Range: at(3, 18, 3, 21), Pointer: "/title", Message: "wide characters"},
		{Rule: "no-credentials", Severity: finding.Error, Path: file, Range: at(4, 13, 4, 25), Pointer: "/token", Sensitive: true,
			Message: "this looks like a token", Hint: "Take it out."},
		{Rule: "next-known", Severity: finding.Warning, Path: file, Range: at(4, 28, 4, 34), Pointer: "/next", Message: "beside a secret", Shadow: true},
		{Rule: "cmd-plain", Severity: finding.Error, Path: file, Range: at(5, 10, 5, 40), Pointer: "/cmd", Message: "commands " + hostile, Hint: "hint " + hostile,
			Related: []finding.Place{{Path: hostile, Range: finding.WholeFile(), Message: hostile}},
			Fix:     &finding.Fix{Title: "fix " + hostile, Edits: []finding.Edit{{Path: file, Range: at(5, 10, 5, 40), Text: hostile}}}},
		{Rule: "long-line", Severity: finding.Error, Path: file, Range: at(6, 101, 6, 104), Message: "far to the right"},
		{Rule: "many-lines", Severity: finding.Error, Path: file, Range: at(2, 3, 4, 5), Message: "several lines"},
		{Rule: "path-plain", Severity: finding.Error, Path: "::error::" + hostile, Range: finding.WholeFile(), Message: "a name"},
	}
	return Result{Findings: findings, Definitions: 2, Waived: 1, Elapsed: 1234 * time.Microsecond,
		Fixed: []Fixed{{Path: file, Rule: "status-private", Title: `write "private"`}, {Path: hostile, Rule: "x-y", Title: hostile}},
		Sources: func(path string) *jsondoc.Lines {
			if path != file {
				return nil
			}
			return jsondoc.NewLines([]byte(example))
		}}
}

func options(color bool) Options {
	return Options{Color: color, Version: "v1.2.3", Rules: func(id string) (RuleInfo, bool) {
		return RuleInfo{ID: id, Title: "Title of " + id, Purpose: "Checks that it is so."}, id != "long-line"
	}}
}

func printed(t *testing.T, f Format, r Result, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Print(&b, f, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestGolden holds each format against a file that was read by a person.
func TestGolden(t *testing.T) {
	for _, c := range []struct {
		file   string
		format Format
		color  bool
	}{
		{"everything.txt", Text, false}, {"color.txt", Text, true}, {"everything.json", JSON, false},
		{"everything.sarif", SARIF, false}, {"everything.commands", GitHub, false},
	} {
		t.Run(c.file, func(t *testing.T) {
			got := printed(t, c.format, everything(), options(c.color))
			name := filepath.Join("testdata", c.file)
			if *update {
				if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("read what differs, then run: go test ./internal/report -update\n%s", diff)
			}
		})
	}
}

// TestNothingFound checks what a run without findings prints.
func TestNothingFound(t *testing.T) {
	r := Result{Definitions: 1}
	for format, want := range map[Format]string{
		Text:   "1 definition, no findings\n",
		GitHub: "0 errors, 0 warnings and 0 notices in 1 definition\n",
		JSON: `{
  "version": 1,
  "findings": [],
  "summary": {
    "definitions": 1,
    "errors": 0,
    "warnings": 0,
    "notices": 0
  }
}
`,
	} {
		if got := printed(t, format, r, Options{}); got != want {
			t.Errorf("%s: got %q, want %q", format, got, want)
		}
	}
}

// TestSecretNeverShown checks that no format repeats what a finding marks as a
// credential, in its own excerpt or in a neighbour's.
func TestSecretNeverShown(t *testing.T) {
	for _, format := range []Format{Text, JSON, SARIF, GitHub} {
		if got := printed(t, format, everything(), options(true)); strings.Contains(got, "s3cr3t") {
			t.Errorf("%s repeats the secret:\n%s", format, got)
		}
	}
}

func TestWidth(t *testing.T) {
	o := options(false)
	o.Width = 60
	for line := range strings.Lines(printed(t, Text, everything(), o)) {
		if strings.Contains(line, " | ") && len([]rune(line)) > 61 {
			t.Errorf("the excerpt %q is wider than the terminal", line)
		}
	}
}

func TestParseFormat(t *testing.T) {
	for _, n := range FormatNames() {
		if f, err := ParseFormat(n); err != nil || string(f) != n {
			t.Errorf("ParseFormat(%q) = %q, %v", n, f, err)
		}
	}
	_, err := ParseFormat("jsn")
	if err == nil || !strings.Contains(err.Error(), `did you mean "json"?`) {
		t.Errorf("ParseFormat(\"jsn\") says %v", err)
	}
}

// TestJSONRoundTrip checks that escaping what hides does not change any value.
func TestJSONRoundTrip(t *testing.T) {
	valid := strings.ToValidUTF8(hostile, "\ufffd") + "\U000e0001\U0001f600"
	r := Result{Findings: []finding.Finding{{Rule: "a-b", Severity: finding.Error, Path: valid, Range: finding.WholeFile(), Message: valid, Hint: valid, Pointer: "/" + valid}}}
	var back jsonResult
	if err := json.Unmarshal([]byte(printed(t, JSON, r, Options{})), &back); err != nil {
		t.Fatal(err)
	}
	f := back.Findings[0]
	if f.Path != valid || f.Message != valid || f.Hint != valid || f.Pointer != "/"+valid {
		t.Errorf("the values changed: path %q, message %q, hint %q, pointer %q", f.Path, f.Message, f.Hint, f.Pointer)
	}
}
