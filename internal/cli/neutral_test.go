package cli

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"github.com/karzoun/miniapp-review/internal/githubtest"
	"github.com/karzoun/miniapp-review/internal/plan"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/pull/pulltest"
	"github.com/karzoun/miniapp-review/internal/report"
	"github.com/karzoun/miniapp-review/internal/review"
	"github.com/karzoun/miniapp-review/internal/source"
)

var (
	ourHTML = regexp.MustCompile(`^(?:</?details>|<details><summary>[A-Za-z0-9 :,;.]+</summary>|<summary>[A-Za-z0-9 :,;.]+</summary>|` +
		`<!-- miniapp-review (?:status|remark|settled|answer|reminder|ledger) [A-Za-z0-9 ._{}[\]":,-]* ?-->)$`)
	ourLink = regexp.MustCompile(`^(?:https://github\.com/karzoun/miniapp-review/blob/main/docs/rules\.md(?:#[a-z0-9-]+)?|` +
		`(?:https?://[a-z0-9.:]+)/(?:acme|karzoun)/definitions/(?:pull/[0-9]+|blob/[0-9a-f]{40}/[^\s()]*))$`)
	// alive is what a forge makes something of although Markdown does not: names,
	// numbers of issues, commits and emoji.
	alive = regexp.MustCompile(`@[A-Za-z0-9]|#[0-9]|(?i:\bgh-[0-9])|\b[0-9a-f]{7,64}\b|://|(?i:www\.)|:[a-z0-9_+-]+:`)
)

// neutral checks that a body is made of nothing but our own Markdown: whatever
// else is in it can neither act nor hide. It returns what is wrong.
func neutral(body string) (wrong []string) {
	fail := func(what, piece string) { wrong = append(wrong, what+": "+report.Visible(piece)) }
	if utf8.RuneCountInString(body) >= report.MaxComment {
		fail("too long", body[:100])
	}
	for _, r := range strings.NewReplacer("⚠️", "", "ℹ️", "", "\n", "").Replace(body) {
		if r != ' ' && !unicode.IsPrint(r) || r == utf8.RuneError && !strings.ContainsRune(body, '\ufffd') {
			fail("a hidden character", string(r))
		}
	}
	src := []byte(body)
	doc := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(src))
	html := func(lines *text.Segments) {
		for i := range lines.Len() {
			line := lines.At(i)
			if s := strings.TrimSpace(string(line.Value(src))); s != "" && !ourHTML.MatchString(s) {
				fail("HTML", s)
			}
		}
	}
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Document, *ast.Heading, *ast.Paragraph, *ast.TextBlock, *ast.List, *ast.ListItem, *ast.Emphasis, *ast.FencedCodeBlock,
			*east.Table, *east.TableHeader, *east.TableRow, *east.TableCell:
		case *ast.CodeSpan:
			return ast.WalkSkipChildren, nil
		case *ast.Text:
			if s := string(n.Segment.Value(src)); alive.MatchString(s) {
				fail("text that acts", s)
			}
		case *ast.Link:
			if !ourLink.Match(n.Destination) {
				fail("a link", string(n.Destination))
			}
		case *ast.HTMLBlock:
			html(n.Lines())
		case *ast.RawHTML:
			html(n.Segments)
		default:
			fail("a "+n.Kind().String(), string(body))
		}
		return ast.WalkContinue, nil
	})
	return wrong
}

// bodies are all texts that a plan writes.
func bodies(p plan.Plan) []string {
	var list []string
	for _, op := range p.Operations {
		if op.Body != "" {
			list = append(list, op.Body)
		}
		if op.Review != nil {
			list = append(list, op.Review.Body)
			for _, m := range op.Review.Remarks {
				list = append(list, m.Body)
			}
		}
	}
	return list
}

func checkNeutral(t *testing.T, r *review.Result) {
	t.Helper()
	for _, body := range append(bodies(r.Plan), r.Comment+shadowed(r.Findings)) {
		if wrong := neutral(body); len(wrong) > 0 {
			t.Fatalf("%s\nin\n%s", strings.Join(wrong, "\n"), body)
		}
	}
	for _, op := range r.Plan.Operations {
		if op.Status != nil && (utf8.RuneCountInString(op.Status.Description) > 140 || strings.ContainsAny(op.Status.Description, "\r\n")) {
			t.Fatalf("the status says %q", op.Status.Description)
		}
	}
}

// TestEverythingIsNeutral reads every text that the review of any recording
// writes as GitHub would.
func TestEverythingIsNeutral(t *testing.T) {
	for _, s := range scenarios() {
		data, err := os.ReadFile(filepath.Join(recordings, s.name, "snapshot.json"))
		if err != nil {
			t.Fatal(err)
		}
		_, result := replay(t, data)
		checkNeutral(t, result)
	}
}

// TestNeutralSees checks that the check above would see what it is there for.
func TestNeutralSees(t *testing.T) {
	for _, body := range []string{"@mona", "see #1", "fixes GH-2", "<b>x</b>", "<img src=x>", "a\n\n<div>\n", "![x](https://github.com/acme/definitions/blob/x)", "[x](https://evil.example)", "https://evil.example", "www.evil.example",
		"0123456789abcdef", ":tada:", "~~x~~", "> x", "- [ ] x", "---", "a\u202eb", "<details><summary><b>x</b></summary>", "<!-- evil -->", strings.Repeat("a", 70_000)} {
		if len(neutral(body)) == 0 {
			t.Errorf("%.100q is taken for neutral", body)
		}
	}
}

// everywhere is a pull request with a text in every place that people write in.
func everywhere(t testing.TB, hostileText string) *pull.Snapshot {
	d := &desk{TB: t, partner: &githubtest.User{ID: pulltest.Partner().ID, Login: pulltest.Partner().Login}}
	files := func(from githubtest.Files) pulltest.Files {
		out := pulltest.Files{}
		for name, f := range from {
			out[name] = pulltest.File{Mode: source.Regular, Data: string(f.Data)}
		}
		return out
	}
	head := hostile(d, hostileText)
	name := strings.NewReplacer("/", "_", "\x00", "_", "..", "_").Replace(hostileText)
	if name = strings.TrimSpace(name); name != "" && name != "." && utf8.ValidString(name) && len(name) < 200 {
		head["definitions/pingdesk/webhooks/"+name+".json"] = githubtest.Text("{}\n")
		head[name] = githubtest.Text("x")
	}
	s := pulltest.New(files(d.ping()), files(head))
	s.Base.Branch, s.Head.Branch, s.Labels = hostileText, hostileText, []string{hostileText}
	s.Author.Login = hostileText
	rita := pull.User{ID: 7, Login: "rita"}
	s.Permissions = map[string]string{"rita": "write"}
	line := strings.NewReplacer("\n", " ", "\r", " ").Replace(hostileText)
	for i, body := range []string{"/hold " + line, "/qa fail connect: " + line, "/qa pass " + line, "/visibility " + line, hostileText} {
		at := s.At.Add(0)
		s.Comments = append(s.Comments, pull.Comment{ID: int64(50 + i), User: rita, Body: body, CreatedAt: at, UpdatedAt: at},
			pull.Comment{ID: int64(150 + i), User: pull.User{ID: 8, Login: hostileText}, Body: body, CreatedAt: at, UpdatedAt: at})
	}
	s.Reviews = []pull.Review{{ID: 1, User: pull.User{ID: 9, Login: hostileText}, State: pull.Approved, Body: hostileText, SubmittedAt: s.At, CommitID: s.Head.SHA}}
	s.Remarks = []pull.Remark{{ID: 1, User: rita, Path: hostileText, Line: 1, Body: hostileText}}
	s.Others = []pull.Other{{Number: 3, Claims: map[string]string{"pingdesk": hostileText}}}
	s.Held = map[string][]pull.Held{"pingdesk": {{Version: hostileText, State: hostileText}}}
	return s
}

// FuzzReviewIsNeutral puts a text everywhere, and reads all that the review
// writes; and so it does when the text is why nothing could be checked.
func FuzzReviewIsNeutral(f *testing.F) {
	for _, s := range hostileTexts() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, hostileText string) {
		if len(hostileText) > 4000 {
			return
		}
		prepared, err := prepared()
		if err != nil {
			t.Fatal(err)
		}
		s := everywhere(t, hostileText)
		for range 2 {
			r, err := review.Review(context.Background(), s, prepared.options)
			if err != nil {
				t.Fatal(err)
			}
			checkNeutral(t, r)
			s.Incomplete = "reading failed: " + hostileText
		}
	})
}
