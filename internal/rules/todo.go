package rules

import (
	"bytes"
	"strings"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/submission"
)

const groupPackage = "Package"

// todoMark is what `miniapp init` writes where only the partner knows more.
const todoMark = "TODO"

// mostTodos is how many marks of a file are reported. Whoever has more left to
// do sees the next ones when these are done.
const mostTodos = 100

func todoResolved() Spec {
	return Spec{
		ID: "todo-resolved", Group: groupPackage, Severity: finding.Error, Security: true,
		Title:   "No TODO is left",
		Purpose: "Checks that nothing marked TODO is left in the files of the submission.",
		Source:  "`miniapp init` marks with TODO what only the partner can fill in; a submission with open marks is not finished.",
		Help:    "Replace the text, mark and all. Each mark is reported, so that `miniapp check` works as the list of what is left to do.",
		Fires: []Example{
			{Name: "a mark in a text", Edit: `/label = "TODO: two or three words"`},
			{Name: "a mark in the setup guide", Files: map[string]string{submission.SetupFile: "1. TODO\n2. Install\n3. Connect\n"}},
		},
		Silent: []Example{{Name: "the word in other letters", Edit: `/label = "Todo lists"`}},
		Check: func(p *Pass) {
			for _, f := range p.Head.Files {
				if f.Data == nil || !bytes.Contains(f.Data, []byte(todoMark)) {
					continue
				}
				if f.JSON == nil {
					todoLines(p, f)
					continue
				}
				found := 0
				f.JSON.Root.Walk(func(n *jsondoc.Node) bool {
					if s, ok := n.Str(); ok && found < mostTodos && hasTodo(s) {
						found++
						p.NodeIn(f.Name, n, "this is marked TODO").Hint("%s", todoHint(f.Name))
					}
					return true
				})
			}
		},
	}
}

// todoLines reports the lines of a text file that have the mark.
func todoLines(p *Pass, f *submission.File) {
	at, found := 0, 0
	for line := range strings.Lines(string(f.Data)) {
		if i := strings.Index(line, todoMark); found < mostTodos && hasTodo(line) {
			found++
			end := at + len(strings.TrimRight(line, "\r\n"))
			p.Span(f.Name, jsondoc.Span{Start: at + i, End: end}, "this is marked TODO").
				Hint("%s", todoHint(f.Name)).Tell(line)
		}
		at += len(line)
	}
}

// todoHint says how to fill in a mark of a file. The account is not written by
// hand, so that taking the mark away would not help there.
func todoHint(name string) string {
	if name == submission.TestAccountFile {
		return "Run \"miniapp seal\" in the folder of the submission when the definition is written."
	}
	return "Fill it in, and take the mark away."
}

// hasTodo reports whether the mark stands in a text as a word of its own.
func hasTodo(s string) bool {
	letter := func(c byte) bool { return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' }
	for at := 0; ; {
		i := strings.Index(s[at:], todoMark)
		if i < 0 {
			return false
		}
		i += at
		end := i + len(todoMark)
		if (i == 0 || !letter(s[i-1])) && (end == len(s) || !letter(s[end])) {
			return true
		}
		at = end
	}
}
