package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	gmtext "github.com/yuin/goldmark/text"

	"github.com/karzoun/miniapp-review/internal/compat"
	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

func diffOf(name, base, head string) Diff {
	parse := func(text string) *definition.Definition {
		if text == "" {
			return nil
		}
		doc, _ := jsondoc.Parse([]byte(text))
		return definition.New(doc)
	}
	path := "definitions/" + name + "/miniapp.json"
	return Diff{Comparison: compat.Compare(parse(base), parse(head)), Name: name, BasePath: "main:" + path, HeadPath: path}
}

// diffs are comparisons of every sort.
func diffs() []Diff {
	return []Diff{
		diffOf("shop", "{\n\"version\": \"1.2.0\",\n\"title\": \"Shop\",\n\"actions\": [{\"name\": \"send\"},\n{\"name\": \"drop\"}]\n}",
			"{\n\"version\": \"1.3.0\",\n\"title\": \"The Shop\",\n\"price\": 1,\n\"actions\": [\n{\"name\": \"deliver\"}]\n}"),
		diffOf("fresh", "", `{"version": "0.1.0", "auth": {"type": "apikey"}}`),
		diffOf("gone", `{"version": "1.0.0", "triggers": [{"event": "a"}]}`, ""),
		diffOf("same", `{"version": "1.0.0"}`, `{"version": "1.0.1"}`),
		diffOf("done", `{"version": "0.1.0", "source": {"rpc_a": {}}}`, `{"version": "0.2.0", "source": {}}`),
	}
}

// TestDiffGolden holds each format against a file that was read by a person.
func TestDiffGolden(t *testing.T) {
	for name, print := range map[string]func(*bytes.Buffer) error{
		"diff.txt": func(b *bytes.Buffer) error { _, err := b.WriteString(DiffText(diffs(), Options{})); return err },
		"diff-color.txt": func(b *bytes.Buffer) error {
			_, err := b.WriteString(DiffText(diffs()[:1], Options{Color: true}))
			return err
		},
		"diff.md":    func(b *bytes.Buffer) error { _, err := b.WriteString(DiffsMarkdown(diffs())); return err },
		"diff.json":  func(b *bytes.Buffer) error { return DiffJSON(b, diffs()[0]) },
		"diffs.json": func(b *bytes.Buffer) error { return DiffsJSON(b, diffs()) },
	} {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			if err := print(&got); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name)
			if *update {
				if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("read what differs, then run: go test ./internal/report -update\n%s", diff)
			}
		})
	}
}

// TestDiffFolds checks what a comparison with very many changes looks like in
// a comment.
func TestDiffFolds(t *testing.T) {
	var base []string
	for i := range 300 {
		base = append(base, fmt.Sprintf(`{"name": "a%d"}`, i))
	}
	d := diffOf("many", `{"version": "1.0.0", "actions": [`+strings.Join(base, ",")+`]}`, `{"version": "1.0.0", "title": "x"}`)
	out := DiffMarkdown(d, 50)
	if n := strings.Count(out, "\n- action"); n != 50 || !strings.Contains(out, "- and 250 more\n") {
		t.Errorf("%d of 300 changes are listed:\n%s", n, out)
	}
	if strings.Count(out, "<details>") != 2 || strings.Count(out, "</details>") != 2 {
		t.Errorf("not folded:\n%s", out)
	}
	if few := DiffMarkdown(diffs()[0], 50); strings.Contains(few, "<details>") {
		t.Errorf("folded although short:\n%s", few)
	}
}

// FuzzDiff checks that nothing in a definition acts on a terminal, becomes a
// command or stands as more than code in Markdown.
func FuzzDiff(f *testing.F) {
	f.Add(hostile, "@everyone", "`a`|b")
	f.Add("<img src=x onerror=alert(1)>", "[x](https://e.example)", "#1 </details>")
	f.Add("\u202e", "\xff", "a\r\nb")
	parser := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser()
	f.Fuzz(func(t *testing.T, a, b, c string) {
		quoted := func(s string) string { q, _ := json.Marshal(s); return string(q) }
		document := func(x, y string) string {
			return fmt.Sprintf(`{"version": %s, "actions": [{"name": %s, "parameters": {"properties": {%s: {"type": %s}}}}],
				"source": {%s: {"url": %s, "headers": {"A": "[[k]]"}}}, %s: 1}`,
				quoted(x), quoted(c), quoted("p"+c), quoted(x), quoted("s"+x), quoted("https://"+y), quoted("field"+y))
		}
		d := diffOf(a, document(a, b), document(b, a))
		d.HeadPath = a
		out := DiffText([]Diff{d}, Options{})
		harmless(t, Text, out)
		if len(commandLines(out)) > 0 {
			t.Errorf("prints commands: %q", out)
		}
		var j bytes.Buffer
		if err := DiffJSON(&j, d); err != nil || !json.Valid(j.Bytes()) {
			t.Errorf("prints no JSON: %v %q", err, j.String())
		}
		harmless(t, JSON, j.String())
		source := []byte(DiffsMarkdown([]Diff{d}))
		harmless(t, "markdown", string(source))
		_ = ast.Walk(parser.Parse(gmtext.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			switch n.Kind() {
			case ast.KindCodeSpan:
				return ast.WalkSkipChildren, nil
			case ast.KindLink, ast.KindAutoLink, ast.KindImage, ast.KindRawHTML, ast.KindFencedCodeBlock, ast.KindCodeBlock:
				t.Fatalf("becomes a %s: %q", n.Kind(), source)
			case ast.KindText:
				if entering && strings.ContainsAny(string(n.(*ast.Text).Value(source)), "@#<>[]`") {
					t.Fatalf("leaves text: %q", source)
				}
			}
			return ast.WalkContinue, nil
		})
	})
}
