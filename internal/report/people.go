package report

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	commands "github.com/karzoun/miniapp-review/internal/command"
)

// ItemState is what was recorded of an item of the checklist. By decided it, At
// is when; the zero value is an open item.
//
// Machine says that it was tried by a machine, which By had asked for, and
// Evidence is the comment with what it saw.
type ItemState struct {
	Passed bool      `json:"passed,omitempty"`
	Failed bool      `json:"failed,omitempty"`
	By     string    `json:"by,omitempty"`
	At     time.Time `json:"at,omitzero"`
	Reason string    `json:"reason,omitempty"`

	Machine  bool  `json:"machine,omitempty"`
	Evidence int64 `json:"evidence,omitempty"`
}

// Item is one item of the QA checklist.
type Item struct {
	ID   string `json:"id"`
	Text string `json:"text"`
	ItemState
}

// What a checklist may take: how many items, and how many characters. Open and
// failed ones come first in importance, but the order of the definition is what
// people expect.
const (
	maxItems     = 150
	maxChecklist = 8_000
)

// Checklist writes the QA checklist, "" when there is none. machineFor is who
// waits for a machine to try it, or "".
func Checklist(items []Item, machineFor string) string {
	if len(items) == 0 {
		return ""
	}
	passed, shown, length := 0, 0, 0
	var b strings.Builder
	for i, it := range items {
		if it.Passed {
			passed++
		}
		if i >= maxItems || length > maxChecklist {
			continue
		}
		shown++
		mark, who := "⬜", ""
		switch {
		case it.Passed:
			mark = "✅"
		case it.Failed:
			mark = "❌"
		}
		if it.By != "" {
			who = fmt.Sprintf("%s, %s", Code(it.By), day(it.At))
		}
		if it.Machine {
			who = fmt.Sprintf("a machine, for %s ([evidence](#issuecomment-%d))", who, it.Evidence)
		}
		if it.Reason != "" {
			who += ": " + Code(it.Reason)
		}
		row := fmt.Sprintf("| %s | %s | %s | %s |\n", mark, Cell(Code(it.ID)), Cell(Prose(it.Text)), Cell(who))
		length += utf8.RuneCountInString(row)
		b.WriteString(row)
	}
	if more := len(items) - shown; more > 0 {
		fmt.Fprintf(&b, "| | | and %d more | |\n", more)
	}
	machine := ""
	if machineFor != "" {
		machine = fmt.Sprintf("A machine is to try it for %s. What it finds will be here; if its job does not start or fails, ask again.\n\n", Code(machineFor))
	}
	return fmt.Sprintf("<details>\n<summary>QA checklist: %d of %s passed</summary>\n\n| | Item | What to try | Who |\n| --- | --- | --- | --- |\n%s\n%s"+
		"`/qa pass`, `/qa pass ITEM…` and `/qa fail ITEM: reason` in a comment record what was tried; `/help` lists all commands.\n\n</details>\n",
		passed, count(len(items), "item"), b.String(), machine)
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

// Verdict is what somebody's review comes to.
type Verdict struct {
	Login string
	At    time.Time
	// Says is what the review says, Why why it does not count, or "".
	Says, Why string
}

// Verdicts lists the reviews, "" when there are none.
func Verdicts(list []Verdict) string {
	if len(list) == 0 {
		return ""
	}
	const most = 50
	var b strings.Builder
	b.WriteString("#### Reviews\n\n")
	for i, v := range list {
		if i == most {
			fmt.Fprintf(&b, "- and %d more\n", len(list)-most)
			break
		}
		why := ""
		if v.Why != "" {
			why = ": " + Prose(v.Why)
		}
		fmt.Fprintf(&b, "- %s %s%s (%s)\n", Code(v.Login), Prose(v.Says), why, day(v.At))
	}
	return b.String()
}

// Commands lists the commands of comments.
func Commands(usages []commands.Usage) string {
	var b strings.Builder
	b.WriteString("| Command | What it does |\n| --- | --- |\n")
	for _, u := range usages {
		fmt.Fprintf(&b, "| %s | %s |\n", Cell(Code(u.Form)), Prose(u.Does))
	}
	return b.String()
}
