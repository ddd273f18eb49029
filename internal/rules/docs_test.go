package rules

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/report"
	"github.com/karzoun/miniapp-review/internal/submission"
)

var updateDocs = flag.Bool("update", false, "write docs/rules.md")

// docsPage is the page that describes every rule.
const docsPage = "../../docs/rules.md"

// TestDocs checks that docs/rules.md says what the rules are and what they
// print.
func TestDocs(t *testing.T) {
	want := docs(t, All())
	if *updateDocs {
		if err := os.WriteFile(docsPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(docsPage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/rules.md is stale. Run this, and commit what it writes:\n\n\tgo test ./internal/rules -run TestDocs -update\n\n%s", diff)
	}
}

// docs writes the page: a table of contents, and a section for each rule.
func docs(t *testing.T, all []Spec) string {
	var b strings.Builder
	b.WriteString(`# Rules

<!-- Written by "go test ./internal/rules -run TestDocs -update" from the rules themselves. Do not edit. -->

Errors keep a submission in intake; warnings and notices block nobody. Rules marked with 🔒 protect tenants or the review
itself, and no configuration can turn them off, make them milder or waive them. [Configuration](configuration.md) says what
can be done with the others.

The output below each rule is that of an example that the tests run: a small change of a model submission, and what ` + "`miniapp check`" + `
says about it. ` + "`miniapp rules ID`" + ` prints the rest of a section.

`)
	for _, group := range groupsOf(all) {
		fmt.Fprintf(&b, "**%s**\n\n", group)
		for _, s := range all {
			if s.Group == group {
				fmt.Fprintf(&b, "- [`%s`](#%s) (%s%s): %s\n", s.ID, s.ID, s.Severity, lock(s), s.Title)
			}
		}
		b.WriteString("\n")
	}
	for _, group := range groupsOf(all) {
		fmt.Fprintf(&b, "## %s\n\n", group)
		for _, s := range all {
			if s.Group == group {
				docsRule(t, &b, s)
			}
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func docsRule(t *testing.T, b *strings.Builder, s Spec) {
	fmt.Fprintf(b, "### %s\n\n**%s**%s: %s\n\n", s.ID, s.Severity, lock(s), s.Purpose)
	example := s.Fires[0]
	output := exampleOutput(t, s, example)
	fence := "```"
	for strings.Contains(output, fence) {
		fence += "`"
	}
	fmt.Fprintf(b, "**Example**, %s:\n\n%stext\n%s%s\n\n", example.Name, fence, output, fence)
	fmt.Fprintf(b, "**How to fix it:** %s\n\n**Why:** %s\n\n", strings.TrimSpace(s.Help), strings.TrimSpace(s.Source))
}

func lock(s Spec) string {
	if s.Security {
		return " 🔒"
	}
	return ""
}

func groupsOf(all []Spec) []string {
	var groups []string
	for _, s := range all {
		if !slices.Contains(groups, s.Group) {
			groups = append(groups, s.Group)
		}
	}
	return groups
}

// exampleOutput is what the command prints for an example, without the summary,
// and with the first findings only when there are many.
func exampleOutput(t *testing.T, s Spec, e Example) string {
	t.Helper()
	const most = 3
	found := exampleFindings(t, []Spec{s}, e)
	rest := len(found) - most
	found = found[:min(len(found), most)]
	change, err := e.Change()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := report.Print(&out, report.Text, report.Result{Findings: found, Sources: func(p string) *jsondoc.Lines { return linesOf(change, p) }}, report.Options{}); err != nil {
		t.Fatal(err)
	}
	text, _, ok := cutLast(out.String(), "\n\n")
	if !ok {
		t.Fatalf("%s: example %q prints nothing", s.ID, e.Name)
	}
	text += "\n"
	if rest > 0 {
		text += fmt.Sprintf("\n… and %d more\n", rest)
	}
	return text
}

// linesOf returns the text of a file of the head, as the command finds it.
func linesOf(c *submission.Change, p string) *jsondoc.Lines {
	if c.Head == nil {
		return nil
	}
	for _, f := range c.Head.Files {
		if c.Head.Path(f.Name) == p {
			return f.Lines
		}
	}
	return nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
