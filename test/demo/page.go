package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"html"
	"html/template"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"

	"github.com/karzoun/miniapp-review/internal/config"
)

//go:embed page.tmpl.html
var pageText string

//go:embed page.css
var pageStyle string

// The page, as its template takes it.
type (
	pageView struct {
		Style template.CSS
		Pulls []pullView
	}
	pullView struct {
		Number              int
		Title, State        string
		Labels              []labelView
		Status, Description string
		Items               []itemView
		first               int
	}
	labelView struct{ Name, Color string }
	itemView  struct {
		At      time.Time
		When    string
		Who     string
		Initial string
		Bot     bool
		What    string // of what is no comment
		Place   string // of a remark
		Folded  bool
		Open    bool
		First   template.HTML // what it said before it was edited
		Body    template.HTML
	}
)

// writePage writes the page of the conversations.
func (s *stage) writePage(out string) error {
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		return fmt.Errorf("reading the template: %w", err)
	}
	view := pageView{Style: template.CSS(pageStyle)}
	for _, a := range slices.Backward(s.acts) {
		v, err := s.view(a)
		if err != nil {
			return err
		}
		view.Pulls = append(view.Pulls, v)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, view); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return os.WriteFile(filepath.Join(out, "index.html"), b.Bytes(), 0o644)
}

func (s *stage) view(a *act) (pullView, error) {
	v := pullView{Number: a.pull.Number, Title: a.title, State: a.pull.State(), Status: a.status.State, Description: a.status.Description}
	colors := map[string]string{}
	for _, l := range config.Default().Labels {
		colors[l.Name] = l.Color
	}
	for _, name := range a.pull.Labels() {
		v.Labels = append(v.Labels, labelView{name, colors[name]})
	}
	bot := s.gh.Actions().Login
	add := func(at time.Time, who, what, place, body string, folded bool) error {
		text, err := render(body)
		v.Items = append(v.Items, itemView{At: at, When: at.Format("2 Jan 2006, 15:04"), Who: who, Initial: strings.ToUpper(who[:1]), Bot: who == bot,
			What: what, Place: place, Folded: folded, Body: text})
		return err
	}
	if err := add(a.opened, s.partner.Login, "", "", a.body, false); err != nil {
		return v, err
	}
	for _, c := range a.pull.Comments() {
		if err := add(c.At, c.By, "", "", c.Body, c.Minimized); err != nil {
			return v, err
		}
	}
	for _, r := range a.pull.Remarks() {
		if err := add(r.At, r.By, "", fmt.Sprintf("%s, line %d", r.Path, max(r.Line, r.FirstLine)), a.remarks[r.ID], r.Minimized); err != nil {
			return v, err
		}
	}
	for _, r := range a.pull.Reviews() {
		if r.State == "APPROVED" {
			if err := add(r.At, r.By, "approved these changes", "", "", false); err != nil {
				return v, err
			}
		}
	}
	for _, n := range a.notes {
		if err := add(n.at, n.who, n.what, "", "", false); err != nil {
			return v, err
		}
	}
	opened := false
	for i := range v.Items {
		item := &v.Items[i]
		// The first suggestion that was applied is left open, to be seen.
		item.Open = item.Folded && !opened && strings.HasPrefix(item.Place, definition) && strings.Contains(string(item.Body), "language-suggestion")
		opened = opened || item.Open
		if item.Bot && item.Place == "" && v.first == 0 {
			v.first = i + 1
			var err error
			if item.First, err = render(a.first); err != nil {
				return v, err
			}
		}
	}
	slices.SortStableFunc(v.Items, func(x, y itemView) int { return x.At.Compare(y.At) })
	return v, nil
}

// render renders a comment as GitHub does, as far as our comments use it.
func render(body string) (template.HTML, error) {
	md := goldmark.New(goldmark.WithExtensions(extension.GFM),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(folds{}, 1))))
	var b bytes.Buffer
	if err := md.Convert([]byte(body), &b); err != nil {
		return "", fmt.Errorf("rendering a comment: %w", err)
	}
	return template.HTML(b.String()), nil
}

// folds renders HTML in comments: what folds a part away, and nothing else.
// Everything else is shown as text, and HTML comments are left out.
type folds struct{}

// RegisterFuncs implements renderer.NodeRenderer.
func (folds) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindHTMLBlock, func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		var lines strings.Builder
		for i := range n.Lines().Len() {
			at := n.Lines().At(i)
			lines.Write(at.Value(source))
		}
		if block := n.(*ast.HTMLBlock); block.HasClosure() {
			lines.Write(block.ClosureLine.Value(source))
		}
		_, err := w.WriteString(tame(lines.String()))
		return ast.WalkContinue, err
	})
	r.Register(ast.KindRawHTML, func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkSkipChildren, nil
		}
		var text strings.Builder
		segments := n.(*ast.RawHTML).Segments
		for i := range segments.Len() {
			at := segments.At(i)
			text.Write(at.Value(source))
		}
		_, err := w.WriteString(tame(text.String()))
		return ast.WalkSkipChildren, err
	})
}

// tame keeps the tags of folds in a piece of HTML.
func tame(text string) string {
	text = regexp.MustCompile(`(?s)<!--.*?-->`).ReplaceAllString(text, "")
	text = html.EscapeString(text)
	for _, tag := range []string{"<details>", "</details>", "<summary>", "</summary>"} {
		text = strings.ReplaceAll(text, html.EscapeString(tag), tag)
	}
	return text
}
