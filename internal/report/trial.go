package report

import (
	"fmt"
	"html"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/karzoun/miniapp-review/internal/qa"
	"github.com/karzoun/miniapp-review/internal/sandbox"
)

// What the comment of a trial may take, in characters: all of it, and one text
// that comes from outside.
const (
	maxTrial     = 40_000
	maxTrialItem = 8_000
	maxTrialText = 200
	// maxTrialNames is how many names of a step are told.
	maxTrialNames = 10
)

// TrialComment tells people what a machine found when it tried the submissions
// of a pull request. by is who had asked for it, run the page of the job or "".
//
// Texts that come from a run go through hide first, which crosses out what is
// secret; the comment itself is not touched by it.
//
// The comment is public. It shows which requests were made, what was answered
// and which names were filled, and no header, no body and no value: those are
// the sandbox account's.
func TrialComment(reports []qa.Report, notes []string, by, run string, hide func(string) string) string {
	p := trialPrinter{hide}
	var b strings.Builder
	fmt.Fprintf(&b, "### A machine tried it, for %s\n\n", Code(by))
	for _, n := range notes {
		fmt.Fprintf(&b, "- %s\n", Prose(n))
	}
	if len(notes) > 0 {
		b.WriteByte('\n')
	}
	left := 0
	for _, r := range reports {
		s := r.Summary
		fmt.Fprintf(&b, "**%s %s**: %d passed, %d failed, %d without an answer, %d not tried.\n\n", Code(r.Namespace), Code(r.DefinitionVersion), s.Passed, s.Failed, s.NoAnswer, s.NotTried)
		for _, x := range append(append([]qa.Result{}, r.Items...), r.Extras...) {
			text := p.item(x, true)
			if utf8.RuneCountInString(text) > maxTrialItem {
				text = p.item(x, false)
			}
			if utf8.RuneCountInString(b.String())+utf8.RuneCountInString(text) > maxTrial {
				left++
				continue
			}
			b.WriteString(text)
		}
		b.WriteByte('\n')
	}
	if left > 0 {
		fmt.Fprintf(&b, "%s more did not fit in here.\n\n", count(left, "item"))
	}
	b.WriteString("What passed and what failed is in the checklist of the status comment. A person can overrule an item: `/qa pass ITEM: reason` or `/qa fail ITEM: reason`.\n")
	if run != "" {
		fmt.Fprintf(&b, "\n<sub>[the job](%s)</sub>\n", run)
	}
	return strings.TrimRight(b.String(), "\n")
}

// trialPrinter writes the parts of a trial's comment.
type trialPrinter struct{ hide func(string) string }

// text is a text of a run on its way into the comment.
func (p trialPrinter) text(s string) string { return cut(p.hide(s), maxTrialText) }

// item tells of one item. Without its details it says so.
func (p trialPrinter) item(x qa.Result, details bool) string {
	mark := map[qa.State]string{qa.Passed: "✅", qa.Failed: "❌", qa.NoAnswer: "⚠️", qa.NotTried: "⬜"}[x.State]
	var b strings.Builder
	fmt.Fprintf(&b, "<details>\n<summary>%s %s", mark, htmlCode(x.ID))
	if x.Reason != "" {
		fmt.Fprintf(&b, ": %s", htmlCode(p.text(x.Reason)))
	}
	b.WriteString("</summary>\n\n")
	if x.Hint != "" {
		fmt.Fprintf(&b, "%s\n\n", Prose(p.text(x.Hint)))
	}
	if !details {
		b.WriteString("The details do not fit in here.\n\n")
		x.Attempts = nil
	}
	for _, a := range x.Attempts {
		if a.From != "" {
			fmt.Fprintf(&b, "From %s: %s\n\n", Code(a.From), strings.ReplaceAll(string(a.State), "-", " "))
		}
		switch {
		case a.Run != nil:
			p.run(&b, a.Run)
		case a.Delivery != nil:
			p.delivery(&b, a.Delivery)
		}
	}
	b.WriteString("</details>\n")
	return b.String()
}

// htmlCode writes a text as code in HTML. GitHub makes no links and no mentions
// of what stands in it.
func htmlCode(s string) string { return "<code>" + html.EscapeString(Visible(s)) + "</code>" }

func (p trialPrinter) run(b *strings.Builder, r *sandbox.Run) {
	for _, s := range r.Steps {
		fmt.Fprintf(b, "- %s", Code(s.Name))
		if s.Request != nil {
			address, _, _ := strings.Cut(s.Request.URL, "?")
			fmt.Fprintf(b, ": %s %s", Code(s.Request.Method), Code(p.text(address)))
		}
		if s.Function != "" {
			fmt.Fprintf(b, ": the function %s", Code(s.Function))
		}
		if s.Response != nil {
			fmt.Fprintf(b, " → %d", s.Response.Status)
		}
		if s.Error != "" {
			fmt.Fprintf(b, ": %s", Prose(p.text(s.Error)))
		}
		for i, m := range s.Mapped {
			if s.Function != "" {
				break // names that a function made up, and perhaps of values
			}
			if i == 0 {
				b.WriteString(", gave")
			}
			if i == maxTrialNames {
				fmt.Fprintf(b, " and %d more", len(s.Mapped)-i)
				break
			}
			fmt.Fprintf(b, " %s", Code(m.Name))
		}
		fmt.Fprintf(b, " (%d ms)\n", s.Took.Round(time.Millisecond).Milliseconds())
	}
	if r.Failure != nil {
		fmt.Fprintf(b, "- %s %s\n", Code(string(r.Failure.Code)), Prose(p.text(r.Failure.Message)))
	}
	p.diagnostics(b, r.Diagnostics)
}

func (p trialPrinter) delivery(b *strings.Builder, d *sandbox.Delivered) {
	fmt.Fprintf(b, "- answered with %d, event %s\n", d.Answer.Status, Code(p.text(d.Event)))
	p.diagnostics(b, d.Diagnostics)
}

// diagnostics lists what a run has to say about the definition. What rests
// on a choice of the interpreter is left to the desk.
func (p trialPrinter) diagnostics(b *strings.Builder, list []sandbox.Diagnostic) {
	const most = 10
	n := 0
	for _, d := range list {
		if d.Choice != "" {
			continue
		}
		if n++; n <= most {
			fmt.Fprintf(b, "- line %d: %s\n", d.Line, Prose(p.text(d.Message)))
		}
	}
	if n > most {
		fmt.Fprintf(b, "- and %d more\n", n-most)
	}
	b.WriteByte('\n')
}
