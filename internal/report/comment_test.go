package report_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/report"
	"github.com/karzoun/miniapp-review/internal/stage"
)

// madeUp is a text of up to a few thousand characters of the expensive kinds.
func madeUp(r *rand.Rand) string {
	pieces := []string{"a", "`", "\u202e", "\U000e0001", "é", "@", " ", "\"", "|", "\n", "\xff", "long word", "#1"}
	var b strings.Builder
	for range r.IntN(10) {
		b.WriteString(strings.Repeat(pieces[r.IntN(len(pieces))], 1+r.IntN(300)))
	}
	return b.String()
}

// anyComment is a status comment of any size, with up to thousands of findings.
func anyComment(r *rand.Rand) report.StatusComment {
	size := []int{0, 3, 50, 5000}
	many := func() int { return r.IntN(size[r.IntN(len(size))] + 1) }
	var texts []string
	for range 50 {
		texts = append(texts, madeUp(r))
	}
	anyText := func() string { return texts[r.IntN(len(texts))] }
	c := report.StatusComment{Page: "https://github.com/acme/definitions", Head: strings.Repeat("ab", 20), BaseBranch: anyText(), Version: anyText(), Waived: many(),
		Decision: stage.Decision{Stage: stage.Intake, Waiting: stage.Partner, Summary: "x" + anyText(), Next: []string{"Mend it."}}}
	for i := range many() {
		text := anyText()
		c.Findings = append(c.Findings, finding.Finding{Rule: "some-rule", Severity: finding.Error, Path: fmt.Sprintf("definitions/a/%d%.100s", i/7, text), Message: fmt.Sprintf("the value %.400q is wrong", text), Hint: fmt.Sprintf("Write %.400q.", text),
			Range: finding.Range{Start: jsondoc.Position{Line: i + 2, Column: 1}, End: jsondoc.Position{Line: i + 2, Column: 2}}})
	}
	for range many() % 200 {
		c.Holds = append(c.Holds, fmt.Sprintf("somebody holds it: %q", anyText()))
	}
	for range 1 + many()%200 {
		c.Namespaces = append(c.Namespaces, report.Namespace{NS: anyText(), Kind: "new", To: anyText(), Title: anyText(), Short: anyText(), Category: anyText(), Icon: anyText()})
	}
	var items []report.Item
	for range many() {
		items = append(items, report.Item{ID: anyText(), Text: fmt.Sprintf("try %q", anyText()), ItemState: report.ItemState{Failed: true, By: anyText(), Reason: anyText()}})
	}
	var verdicts []report.Verdict
	for range many() {
		verdicts = append(verdicts, report.Verdict{Login: anyText(), Says: "approves"})
	}
	c.Sections = []string{report.Checklist(items, "rita"), report.Verdicts(verdicts)}
	if r.IntN(5) == 0 {
		c.NotChecked = anyText()
	}
	return c
}

var moreFindings = regexp.MustCompile(`(?m)^(\d+) findings? more\.`)

// TestCommentFits makes comments of everything at any size. Each leaves room for
// the ledger and the marker, and the findings that it does not show are counted.
func TestCommentFits(t *testing.T) {
	cut := 0
	for seed := range uint64(40) {
		c := anyComment(rand.New(rand.NewPCG(seed, 1)))
		text := c.Markdown()
		if n := utf8.RuneCountInString(text); n > report.MaxComment-1500 {
			t.Fatalf("seed %d: %d characters", seed, n)
		}
		if c.NotChecked != "" {
			continue
		}
		shown := strings.Count(text, "- ❌ [line ")
		left := 0
		if m := moreFindings.FindStringSubmatch(text); m != nil {
			cut++
			left, _ = strconv.Atoi(m[1])
		}
		if shown+left != len(c.Findings) {
			t.Errorf("seed %d: %d findings are shown and %d counted, of %d", seed, shown, left, len(c.Findings))
		}
	}
	if cut < 5 {
		t.Errorf("only %d comments had to be cut", cut)
	}
}

// TestCommentCountsLeftOut checks the words for what does not fit.
func TestCommentCountsLeftOut(t *testing.T) {
	c := report.StatusComment{Decision: stage.Decision{Stage: stage.QA, Summary: "QA"}, Sections: []string{strings.Repeat("a", 60_000), strings.Repeat("b", 60_000), strings.Repeat("c", 60_000)}}
	if text := c.Markdown(); !strings.Contains(text, "\n2 parts of this comment did not fit and are left out.\n") || !strings.Contains(text, "How to run the same") && !strings.Contains(text, "how to run the same") {
		t.Errorf("%s", text[60_000:])
	}
}
