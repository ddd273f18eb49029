package tenant

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/url"
	"strings"
	"time"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/sandbox"
	"github.com/karzoun/miniapp-review/internal/webtext"
)

//go:embed page/*.html page/*.css page/*.js
var files embed.FS

func parseTemplates() (*template.Template, error) {
	t, err := template.New("").Funcs(template.FuncMap{
		"plain": webtext.Plain, "markdown": webtext.Markdown, "initial": webtext.Initial, "pretty": pretty, "took": took, "plural": plural,
	}).ParseFS(files, "page/*.html")
	if err != nil {
		return nil, fmt.Errorf("reading the templates of the page: %w", err)
	}
	return t, nil
}

func (s *Server) render(name string, data any) ([]byte, error) {
	var b bytes.Buffer
	if err := s.templates.ExecuteTemplate(&b, name, data); err != nil {
		return nil, fmt.Errorf("filling the template %q: %w", name, err)
	}
	return b.Bytes(), nil
}

// pretty lays JSON out; other texts stay as they are.
func pretty(text string) string {
	doc, problems := jsondoc.Parse([]byte(text))
	if doc == nil || len(problems) > 0 {
		return webtext.Plain(text)
	}
	return webtext.Plain(string(doc.Format()))
}

func took(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < time.Millisecond:
		return "under 1 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// runView is a run as it is shown.
type runView struct {
	*sandbox.Run
	// Verdict says in a sentence how it went.
	Verdict string
	// At is where the failure is in the definition, or "".
	At string
	// Said are the diagnostics, and Open those that are about what the platform's
	// documentation leaves open.
	Said, Open []sandbox.Diagnostic
	// Options are those of a dropdown.
	Options []sandbox.Option
}

// newRunView prepares a run that was made with a definition.
func newRunView(l *loaded, run *sandbox.Run) *runView {
	v := &runView{Run: run, Verdict: "Done."}
	if f := run.Failure; f != nil {
		v.Verdict = sentence(f.Message)
		if n := l.definition().Doc.Find(f.Pointer); n != nil && f.Pointer != "" {
			p := l.definition().Doc.Position(n.Span.Start)
			v.At = fmt.Sprintf("miniapp.json:%d:%d", p.Line, p.Column)
		}
	}
	for _, d := range run.Diagnostics {
		switch {
		case d.Choice != "":
			v.Open = append(v.Open, d)
		case v.Other(d.Message):
			v.Said = append(v.Said, d)
		}
	}
	return v
}

// Other reports whether a message says something that the failure does not.
func (v *runView) Other(message string) bool {
	return v.Failure == nil || !strings.Contains(v.Failure.Message, message)
}

// sentence begins with a capital letter, unless that would change a name, and
// ends with a full stop.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	if first, _, _ := strings.Cut(s, " "); !strings.ContainsFunc(first, func(r rune) bool { return r < 'a' || r > 'z' }) {
		s = strings.ToUpper(s[:1]) + s[1:]
	}
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

// Good reports whether the run went through.
func (v *runView) Good() bool { return v.Run != nil && v.OK() }

// Bad reports whether a step failed.
func (v *runView) Bad(s sandbox.Step) bool {
	return s.Error != "" || s.Response != nil && (s.Response.Status < 200 || s.Response.Status > 299)
}

// cardView is a MiniApp as the marketplace shows it.
type cardView struct {
	// Path is the name of the folder as a part of an address.
	Path, Title, Label, Short, Category, Version string
	Connected, Unusable                          bool
}

func newCard(a *app, l *loaded) cardView {
	c := cardView{Path: url.PathEscape(a.Name), Title: l.field("title"), Label: l.field("label"), Short: l.field("shortDescription"), Category: l.field("category"),
		Version: l.field("version"), Unusable: l.machine == nil}
	if strings.TrimSpace(c.Title) == "" {
		c.Title = a.Name
	}
	return c
}

// pageView is what the page of a MiniApp shows.
type pageView struct {
	Home string // below which everything is
	Many bool   // there are other MiniApps
	Card cardView
	File string
	// Problem is why the definition cannot be used, Findings are the errors of
	// the check, and CheckFailed is why there are none.
	Problem, CheckFailed string
	Findings             []findingView
	Warnings             int
	// StateProblem is why the install is not used; MayDisconnect says that it can
	// be given up here.
	StateProblem       string
	MayDisconnect      bool
	OAuth, CanRefresh  bool
	Connect            *runView
	Install            []field
	Kept               []sandbox.Kept
	Actions            []actionView
	Webhook            string
	HasWebhook         bool
	Triggers           []triggerView
	Samples            []sample
	Log                []*delivered
	Number, State      int
	Resources          []resourceView
	Panels             []panelView
	Description, Setup template.HTML
	Practice           bool
}

type findingView struct{ Rule, Severity, At, Message, Hint string }

func newFindings(found []finding.Finding) (errors []findingView, warnings int) {
	for _, f := range found {
		if f.Severity != finding.Error {
			warnings++
			continue
		}
		errors = append(errors, findingView{f.Rule, f.Severity.String(), fmt.Sprintf("%s:%d:%d", f.Path, f.Range.Start.Line, f.Range.Start.Column), f.Message, f.Hint})
	}
	return errors, warnings
}

type actionView struct {
	Index                    int
	Name, Title, Description string
	Steps                    int
	Fields                   []field
}

type triggerView struct{ Event, Label string }

type resourceView struct{ Key, Type string }

type panelView struct {
	Key, Name, URL string
	Actions        []string
}
