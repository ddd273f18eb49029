package report_test

import (
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"

	"github.com/karzoun/miniapp-review/internal/report"
)

func TestCode(t *testing.T) {
	for in, want := range map[string]string{
		"":             `""`,
		"  ":           "`\"  \"`",
		"a":            "`a`",
		"a`b":          "``a`b``",
		"`":            "`` ` ``",
		" a ":          "`  a  `",
		"a\nb":         "`a\\u000ab`",
		"\u202etxt":    "`\\u202etxt`",
		"@team/all":    "`@team/all`",
		"\xff":         "`\\xff`",
		"a|b":          "`a|b`",
		"zero\u200bwd": "`zero\\u200bwd`",
	} {
		if got := report.Code(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
	if long := report.Code(strings.Repeat("é", 500)); strings.Count(long, "é") != 200 || !strings.HasSuffix(long, "…`") {
		t.Errorf("a long text is not cut: %s", long)
	}
}

func TestProse(t *testing.T) {
	for in, want := range map[string]string{
		`the version "1.0" is no version`:           "the version `1.0` is no version",
		"add `@all` to test_token":                  "add `@all` to test_token",
		`say "it's \"@x\" <b>" (twice)`:             "say `it's \"@x\" <b>` (twice)",
		`ping @octocat about #12`:                   "ping `@octocat` about `#12`",
		`"a" and @b`:                                "`a` and `@b`",
		`see https://evil.example/x`:                "see `https://evil.example/x`",
		`an unclosed "quote`:                        `an unclosed "quote`,
		`commit deadbeefcafe is odd`:                "commit `deadbeefcafe` is odd",
		`write :tada: and _this_`:                   "write `:tada`: and `_this_`",
		`12 items; use 'x', not y = 50%… (or none)`: `12 items; use 'x', not y = 50%… (or none)`,
		`<img src=x>`:                               "`<img src=x>`",
		"costs $x$ and * y":                         "costs `$x$` and `*` y",
		`visit karzoun.com now`:                     "visit `karzoun.com` now",
	} {
		if got := report.Prose(in); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
}

// FuzzProse checks that no text becomes anything but words and code: no link,
// image, HTML, emphasis, heading, list or mention.
func FuzzProse(f *testing.F) {
	for _, s := range []string{`a "b" c`, "`x`", "@all", "#1", "<b>", "[x](y)", "![x](y)", "\"\\\"`", "``", "a\n# b", "www.x.com", "**b**", "\u202e", "\"a`b``c\""} {
		f.Add(s)
	}
	parser := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser()
	f.Fuzz(func(t *testing.T, s string) {
		for _, out := range []string{"x " + report.Prose(s), "x " + report.Code(s)} {
			if strings.ContainsAny(out, "\n\r") {
				t.Fatalf("%q gives two lines: %q", s, out)
			}
			source := []byte(out)
			_ = ast.Walk(parser.Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
				switch n.Kind() {
				case ast.KindDocument, ast.KindParagraph:
				case ast.KindText:
					if entering && strings.ContainsAny(string(n.Text(source)), "@#<>[]`") {
						t.Fatalf("%q leaves %q as text in %q", s, n.Text(source), out)
					}
				case ast.KindCodeSpan:
					return ast.WalkSkipChildren, nil
				default:
					t.Fatalf("%q becomes a %s: %q", s, n.Kind(), out)
				}
				return ast.WalkContinue, nil
			})
		}
	})
}
