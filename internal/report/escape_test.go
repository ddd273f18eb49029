package report

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// harmless fails when a text holds something that acts on a terminal or hides.
func harmless(t *testing.T, format Format, out string) {
	t.Helper()
	if !utf8.ValidString(out) {
		t.Errorf("%s prints bytes that are no UTF-8: %q", format, out)
	}
	for i, r := range out {
		if r != '\n' && hidden(r) {
			t.Errorf("%s prints %q: %q", format, r, out[max(0, i-20):])
			return
		}
	}
	if strings.Contains(out, "##[") {
		t.Errorf("%s prints a command in the runner's older form: %q", format, out)
	}
}

// commandLines returns the lines that GitHub's runner takes for commands.
func commandLines(out string) []string {
	var found []string
	for _, line := range strings.FieldsFunc(out, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##[") {
			found = append(found, line)
		}
	}
	return found
}

// FuzzFormats checks that nothing submitted, wherever it ends up in a finding,
// becomes a second command or a terminal escape in any format, and that the
// machine formats stay JSON.
func FuzzFormats(f *testing.F) {
	f.Add(hostile, hostile, 1, 5)
	f.Add("::set-output name=a::b", "##[error]\x1b]8;;https://e\x07", 3, 1)
	f.Add("#", "#[", 1, 1)
	f.Add("a:b/../..//c?d#e", "\xff\xfe\u2028\u2029\u0085", 2, 9)
	f.Fuzz(func(t *testing.T, path, text string, line, column int) {
		line, column = 1+(line&0xff), 1+(column&0xff)
		r := Result{Definitions: 1, Fixed: []Fixed{{path, "a-b", text}},
			Sources: func(string) *jsondoc.Lines { return jsondoc.NewLines([]byte(text)) },
			Findings: []finding.Finding{{Rule: "a-b", Severity: finding.Error, Path: path, Pointer: "/" + text, Value: text,
				Range: at(line, column, line, column+3), Message: text, Hint: text,
				Related: []finding.Place{{Path: path, Range: at(line, column, line, column), Message: text}},
				Fix:     &finding.Fix{Title: text, Edits: []finding.Edit{{Path: path, Range: at(line, column, line, column), Text: text}}}}}}
		for _, format := range []Format{Text, JSON, SARIF, GitHub} {
			out := printed(t, format, r, Options{})
			harmless(t, format, out)
			want := 0
			if format == GitHub {
				want = 1
			}
			if got := commandLines(out); len(got) != want {
				t.Errorf("%s prints %d commands, want %d: %q", format, len(got), want, got)
			}
			if (format == JSON || format == SARIF) && !json.Valid([]byte(out)) {
				t.Errorf("%s prints no JSON: %q", format, out)
			}
		}
	})
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain, ünïcode 日本 😀": "plain, ünïcode 日本 😀",
		"a\nb\tc":             `a\u000ab\u0009c`,
		"\x1b[31m":            `\u001b[31m`,
		"\u202eabc\u200b":     `\u202eabc\u200b`,
		"\xff\u009b":          `\xff\u009b`,
		"\U000e0041":          `\U000e0041`,
		"##[error]x #[ok]":    `##\u005berror]x #[ok]`,
	} {
		if got := Visible(in); got != want {
			t.Errorf("Visible(%q) = %q, want %q", in, got, want)
		}
	}
}
