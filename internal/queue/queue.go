// Package queue lists the open submissions of a definitions repository: where
// each stands, whose turn it is, and since when.
package queue

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/karzoun/miniapp-review/internal/report"
)

// Entry is one open pull request. Texts in it come from anybody.
type Entry struct {
	Number int    `json:"number"`
	URL    string `json:"url"`
	Author string `json:"author"`
	// Names are the namespaces, Kind is "new", "update" or "".
	Names []string `json:"names"`
	Kind  string   `json:"kind"`
	// Stage is "" when no review has looked at it, or when it is not on the way,
	// as a draft. Waiting is "partner", "reviewer" or "".
	Stage   string `json:"stage"`
	Waiting string `json:"waiting"`
	// Draft pull requests are not reviewed.
	Draft bool `json:"draft"`
	// Opened is when it was opened, Since when the stage began, Ready when it
	// first was ready for reviewers, Due when they should be done. All but the
	// first can be zero.
	Opened   time.Time `json:"opened"`
	Since    time.Time `json:"since,omitzero"`
	Ready    time.Time `json:"ready,omitzero"`
	Due      time.Time `json:"due,omitzero"`
	Errors   int       `json:"errors"`
	Warnings int       `json:"warnings"`
}

// List is what is open in a repository at one moment.
type List struct {
	Version    int       `json:"version"`
	Repository string    `json:"repository"`
	At         time.Time `json:"at"`
	Entries    []Entry   `json:"pull_requests"`
}

// Sort puts first what waits for reviewers, by when it was first ready, then
// what waits for partners, then the rest, each oldest first.
func (l *List) Sort() {
	rank := map[string]int{"reviewer": 0, "partner": 1}
	slices.SortFunc(l.Entries, func(a, b Entry) int {
		ra, known := rank[a.Waiting]
		if !known {
			ra = 2
		}
		rb, known := rank[b.Waiting]
		if !known {
			rb = 2
		}
		if ra != rb {
			return ra - rb
		}
		if c := a.ready().Compare(b.ready()); c != 0 {
			return c
		}
		return a.Number - b.Number
	})
}

func (e Entry) ready() time.Time {
	if e.Ready.IsZero() {
		return e.Opened
	}
	return e.Ready
}

// Overdue reports whether reviewers should have been done before the day of at.
func (e Entry) Overdue(at time.Time) bool {
	return e.Waiting == "reviewer" && !e.Due.IsZero() && day(at) > day(e.Due)
}

// Age is for how long it is open.
func (e Entry) Age(at time.Time) string {
	switch n := int(at.Sub(e.Opened) / (24 * time.Hour)); n {
	case 0:
		return "today"
	case 1:
		return "1 day"
	default:
		return fmt.Sprintf("%d days", n)
	}
}

// Standing is the stage in a word.
func (e Entry) Standing() string {
	switch {
	case e.Draft:
		return "draft"
	case e.Stage == "":
		return "not reviewed"
	}
	return e.Stage
}

// What is the submission, in a few words.
func (e Entry) What() string {
	if len(e.Names) == 0 {
		return "unknown"
	}
	return strings.Join(e.Names, ", ")
}

// Findings counts them in words.
func (e Entry) Findings() string {
	if e.Stage == "" {
		return "-"
	}
	if e.Errors+e.Warnings == 0 {
		return "none"
	}
	var parts []string
	for _, p := range []struct {
		n    int
		word string
	}{{e.Errors, "error"}, {e.Warnings, "warning"}} {
		if p.n == 1 {
			parts = append(parts, "1 "+p.word)
		} else if p.n > 1 {
			parts = append(parts, fmt.Sprintf("%d %ss", p.n, p.word))
		}
	}
	return strings.Join(parts, ", ")
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// JSON writes the list as JSON.
func (l List) JSON(w io.Writer) error {
	if l.Entries == nil {
		l.Entries = []Entry{}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(l)
}

// Text writes the list as a table for a terminal.
func (l List) Text(w io.Writer) error {
	if len(l.Entries) == 0 {
		_, err := fmt.Fprintf(w, "no pull request is open in %s\n", report.Visible(l.Repository))
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "PR\tSUBMISSION\tKIND\tSTAGE\tWAITING FOR\tOPEN\tDUE\tFINDINGS\tAUTHOR")
	for _, e := range l.Entries {
		due := dash(day(e.Due))
		if e.Overdue(l.At) {
			due += " (overdue)"
		}
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", e.Number, report.Visible(e.What()), dash(e.Kind), e.Standing(), dash(e.Waiting),
			e.Age(l.At), due, e.Findings(), report.Visible(dash(e.Author)))
	}
	return t.Flush()
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

//go:embed page.tmpl.html
var pageText string

// HTML writes the list as one page that needs nothing else.
func (l List) HTML(w io.Writer) error {
	page, err := template.New("page").Funcs(template.FuncMap{"day": day, "dash": dash, "visible": report.Visible}).Parse(pageText)
	if err != nil {
		return fmt.Errorf("reading the page's template: %w", err)
	}
	counts := map[string]int{}
	for _, e := range l.Entries {
		counts[e.Waiting]++
	}
	var b bytes.Buffer
	if err := page.Execute(&b, struct {
		List
		Reviewers, Partners int
	}{l, counts["reviewer"], counts["partner"]}); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}
