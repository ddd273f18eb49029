package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/qa"
	"github.com/karzoun/miniapp-review/internal/report"
	"github.com/karzoun/miniapp-review/internal/sandbox"
)

// tryStyle says how what came of a trial is shown.
type tryStyle struct{ color, verbose bool }

// tryVersion is the version of what --format json prints.
const tryVersion = 1

// printReports prints the contract of "miniapp try --format json".
func printReports(s Streams, reports []qa.Report) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	out := struct {
		Version int         `json:"version"`
		Reports []qa.Report `json:"reports"`
	}{tryVersion, reports}
	if err := e.Encode(out); err != nil {
		return err
	}
	_, err := s.Out.Write(report.VisibleJSON(b.Bytes()))
	return err
}

// trialPrinter writes reports for people.
type trialPrinter struct {
	strings.Builder
	tryStyle
}

func tryText(reports []qa.Report, style tryStyle) string {
	p := &trialPrinter{tryStyle: style}
	var all qa.Summary
	for i, r := range reports {
		if i > 0 {
			p.WriteByte('\n')
		}
		p.report(r)
		all.Passed += r.Summary.Passed
		all.Failed += r.Summary.Failed
		all.NoAnswer += r.Summary.NoAnswer
		all.NotTried += r.Summary.NotTried
	}
	p.summary(all)
	if len(reports) > 0 && reports[0].Practice {
		fmt.Fprintf(p, "%s no provider was asked: its answers were made up from the definition\n", p.paint("1;33", "practice:"))
	}
	return p.String()
}

func (p *trialPrinter) paint(code, s string) string {
	if !p.color {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p *trialPrinter) faint(s string) string { return p.paint("2", s) }

func (p *trialPrinter) report(r qa.Report) {
	fmt.Fprintln(p, p.paint("1", report.Visible(strings.TrimSpace(r.Namespace+" "+r.DefinitionVersion))))
	for _, list := range [][]qa.Result{r.Items, r.Extras} {
		for _, x := range list {
			p.result(x)
		}
	}
	p.WriteByte('\n')
}

// indent is before what belongs to an item.
const indent = "             "

func (p *trialPrinter) result(x qa.Result) {
	fmt.Fprintf(p, "  %s  %s\n", p.state(x.State), report.Visible(x.Text))
	if x.Reason != "" {
		p.line("", report.Visible(x.Reason))
		p.help(x.Hint)
	}
	for _, a := range x.Attempts {
		if len(x.Attempts) > 1 {
			p.attempt(x, a)
		}
		switch {
		case a.Run != nil:
			p.run(a)
		case a.Delivery != nil:
			p.delivery(a.Delivery)
		}
	}
}

// attempt begins one of several attempts.
func (p *trialPrinter) attempt(x qa.Result, a qa.Attempt) {
	from := a.From
	if strings.HasPrefix(from, "/") {
		from = "qa.json " + from
	}
	if from == "" {
		return
	}
	p.line("", p.faint(report.Visible(from)+": "+strings.ReplaceAll(string(a.State), "-", " ")))
	if a.Reason != "" && a.Reason != x.Reason {
		p.line("  ", report.Visible(a.Reason))
		p.help(a.Hint)
	}
}

// state is the word of a state, as wide as the longest.
func (p *trialPrinter) state(s qa.State) string {
	word := fmt.Sprintf("%-9s", strings.ReplaceAll(string(s), "-", " "))
	switch s {
	case qa.Passed:
		return p.paint("1;32", word)
	case qa.Failed:
		return p.paint("1;31", word)
	case qa.NoAnswer:
		return p.paint("1;33", word)
	}
	return p.faint(word)
}

// line writes a line that belongs to an item. Texts that come from outside go
// through plain first.
func (p *trialPrinter) line(more, text string) { fmt.Fprintf(p, "%s%s%s\n", indent, more, text) }

func (p *trialPrinter) help(hint string) {
	if hint != "" {
		p.line("", p.paint("36", "help:")+" "+report.Visible(hint))
	}
}

func (p *trialPrinter) run(a qa.Attempt) {
	r := a.Run
	for _, s := range r.Steps {
		p.step(s)
	}
	if f := r.Failure; f != nil && a.State == qa.Passed {
		p.line("", p.faint("failed with "+string(f.Code)+", as expected: ")+report.Visible(f.Message))
	}
	if len(r.Records) > 0 {
		p.line("", p.faint(fmt.Sprintf("records %d, the first one ", r.RecordCount))+report.Visible(p.cut(r.Records[0].Fields, 120)))
	}
	p.diagnostics(r)
	if p.verbose && r.Shown != "" {
		p.line("", p.faint("output: ")+report.Visible(r.Shown))
	}
}

// delivery shows what became of a sample.
func (p *trialPrinter) delivery(d *sandbox.Delivered) {
	verified := "not verified"
	switch {
	case d.Verification.OK && d.Verification.Method != "none":
		verified = "verified by " + d.Verification.Method
	case d.Verification.Reason != "":
		verified = d.Verification.Reason
	}
	p.line("", fmt.Sprintf("%s  %s  %s", p.paint("36", "delivery"), report.Visible(verified), p.faint(fmt.Sprintf("answered with %d", d.Answer.Status))))
	if p.verbose {
		for _, s := range d.Steps {
			p.bodies(s)
		}
	}
	id := d.TransactionID
	if d.Generated {
		id += " (made up)"
	}
	for _, x := range []struct{ name, value string }{{"event", d.Event}, {"id", id}, {"handler", d.Handler}} {
		if x.value != "" {
			p.line("  ", p.faint(x.name+" ")+report.Visible(cutText(x.value, 120)))
		}
	}
	for _, t := range d.Triggers {
		p.line("  ", p.faint("starts ")+report.Visible(fmt.Sprintf("%q", t.Label)))
	}
	if d.Customer != nil {
		p.line("  ", p.faint("customer"))
		for _, m := range d.Customer.Fields {
			p.line("    ", report.Visible(m.Name+" = "+cutText(m.Value, 80)))
		}
	}
	p.diagnostics(d.Run)
}

// cut cuts a text unless all of it is to be seen.
func (p *trialPrinter) cut(text string, most int) string {
	if p.verbose {
		return text
	}
	return cutText(text, most)
}

func (p *trialPrinter) step(s sandbox.Step) {
	what := ""
	switch {
	case s.Request != nil:
		what = p.cut(s.Request.Method+" "+s.Request.URL, 100)
	case s.Function != "":
		what = "function " + s.Function
	}
	came := "no answer"
	switch {
	case s.Response != nil:
		came = fmt.Sprintf("%d", s.Response.Status)
	case s.Function != "" && s.Error == "":
		came = "returned"
	case s.Function != "":
		came = "failed"
	}
	p.line("", fmt.Sprintf("%s  %s  %s", p.paint("36", report.Visible(s.Name)), report.Visible(what), p.faint(came+", "+shownTime(s.Took))))
	if p.verbose {
		p.bodies(s)
	}
	for _, m := range s.Mapped {
		value := p.cut(m.Value, 80)
		from := ""
		if m.Path != "" {
			from = p.faint("  from " + report.Visible(m.Path))
		}
		p.line("  ", fmt.Sprintf("%s = %s%s", report.Visible(m.Name), report.Visible(value), from))
	}
	if s.Response != nil && s.Response.Status >= 300 && !p.verbose && s.Response.Body != "" {
		p.line("  ", p.faint(report.Visible(cutText(s.Response.Body, 300))))
	}
}

// bodies shows the whole of a request and its response.
func (p *trialPrinter) bodies(s sandbox.Step) {
	if q := s.Request; q != nil {
		for _, h := range q.Headers {
			p.line("  > ", report.Visible(h.Name+": "+h.Value))
		}
		p.block("  > ", q.Body)
	}
	if s.Args != "" {
		p.block("  > ", s.Args)
	}
	if a := s.Response; a != nil {
		if a.Type != "" {
			p.line("  < ", report.Visible("Content-Type: "+a.Type))
		}
		p.block("  < ", a.Body)
	}
}

func (p *trialPrinter) block(mark, text string) {
	if text == "" {
		return
	}
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		p.line(mark, report.Visible(line))
	}
}

// diagnostics shows what a run says of the definition. What the platform leaves
// open is for those who ask.
func (p *trialPrinter) diagnostics(r *sandbox.Run) {
	for _, d := range r.Diagnostics {
		if d.Choice != "" && !p.verbose {
			continue
		}
		color := map[finding.Severity]string{finding.Error: "1;31", finding.Warning: "1;33", finding.Notice: "1;34"}[d.Severity]
		p.line("", fmt.Sprintf("%s miniapp.json:%d:%d: %s", p.paint(color, d.Severity.String()+":"), d.Line, d.Column, report.Visible(d.Message)))
		p.help(d.Hint)
	}
}

func shownTime(d time.Duration) string {
	if d >= 10*time.Second {
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

func (p *trialPrinter) summary(s qa.Summary) {
	parts := []string{fmt.Sprintf("%d passed", s.Passed)}
	for _, x := range []struct {
		n    int
		word string
	}{{s.Failed, "failed"}, {s.NoAnswer, "without an answer"}, {s.NotTried, "not tried"}} {
		if x.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", x.n, x.word))
		}
	}
	fmt.Fprintln(p, strings.Join(parts, ", "))
}
