package rules

import (
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/submission"
)

const groupJSON = "JSON"

// jsonRules are about the text of the JSON files.
func jsonRules() []Spec {
	return []Spec{jsonStrict(), jsonFormatted()}
}

func jsonStrict() Spec {
	return Spec{
		ID: "json-strict", Group: groupJSON, Severity: finding.Error, Security: true,
		Title:   "JSON files are strict JSON",
		Purpose: "Checks that each JSON file of the submission is one JSON value in UTF-8 that every reader understands the same way.",
		Source:  "A submission is a plain JSON file. Of two equal keys some readers take the first and some the last, so that the file that was reviewed would not be the file that runs.",
		Help:    "Let the editor show JSON (not JSON5 or JavaScript), and mend what is marked. Comments and trailing commas can be fixed by `miniapp check --fix`.",
		Fires: []Example{
			{Name: "a key that stands twice", Raw: "{\n  \"ns\": \"acme-desk\",\n  \"\\u006es\": \"other\"\n}\n"},
		},
		Silent: []Example{{Name: "the model submission"}},
		Check: func(p *Pass) {
			for _, f := range p.Head.Files {
				if !strings.HasSuffix(f.Name, ".json") || isLFSPointer(f) {
					continue // a pointer is no JSON because it is no content at all
				}
				for _, problem := range f.Problems {
					r := p.Span(f.Name, problem.Span, "%s", problem.Message).Hint("%s", problem.Hint)
					r.Pointer = problem.Pointer
					r.Tell(string(problem.Code))
					if problem.Related != nil {
						r.SeeIn(p.Head, f.Name, *problem.Related, "the first one")
					}
					r.FixIn(f.Name, fixTitle(problem.Code), problem.Fix)
				}
			}
		},
	}
}

func fixTitle(c jsondoc.Code) string {
	switch c {
	case jsondoc.Comment:
		return "remove the comment"
	case jsondoc.TrailingComma:
		return "remove the comma"
	}
	return "remove the byte-order mark"
}

func jsonFormatted() Spec {
	return Spec{
		ID: "json-formatted", Group: groupJSON, Severity: finding.Warning,
		Title:   "The definition is pretty-printed",
		Purpose: "Checks that miniapp.json is in the canonical pretty form, so that a change shows as the lines that it changes.",
		Source:  "The definition is submitted as pretty-printed JSON. The form is that of most editors and of `jq`: two spaces of indentation, one entry on each line, one newline at the end.",
		Help:    "Run `miniapp fmt -w` or `miniapp check --fix`. Keys keep their order.",
		Fires: []Example{
			{Name: "all on one line", Raw: `{"ns": "acme-desk"}`},
			{Name: "another indentation", Raw: "{\n    \"ns\": \"acme-desk\"\n}\n"},
			{Name: "no newline at the end", Raw: "{\n  \"ns\": \"acme-desk\"\n}"},
		},
		Silent: []Example{
			{Name: "keys in another order", Raw: "{\n  \"version\": \"1.0.0\",\n  \"ns\": \"acme-desk\"\n}\n"},
			{Name: "a sample delivery in any form", Files: map[string]string{"webhooks/any.json": `{"event":"ticket.created", "body":{}}`}},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			f := p.Head.File(submission.DefinitionFile)
			if len(f.Problems) > 0 {
				return // first comes what json-strict says
			}
			if f.JSON.Formatted() {
				return
			}
			text, want := string(f.Data), string(f.JSON.Format())
			edit := difference(text, want)
			message := "the file is not in the pretty form from here on"
			if strings.ReplaceAll(text, "\r\n", "\n") == want {
				message = "the lines end as on Windows (CRLF)"
			}
			p.Span(f.Name, jsondoc.Span{Start: edit.Start, End: edit.Start}, "%s", message).
				Hint("Run \"miniapp fmt -w\"; it changes white space only.").
				Fix("pretty-print the file", []jsondoc.Edit{edit})
		},
	}
}

// difference is the edit from one text to another that leaves their common
// beginning and end alone.
func difference(from, to string) jsondoc.Edit {
	start := 0
	for start < len(from) && start < len(to) && from[start] == to[start] {
		start++
	}
	end := 0
	for end < len(from)-start && end < len(to)-start && from[len(from)-1-end] == to[len(to)-1-end] {
		end++
	}
	return jsondoc.Edit{Span: jsondoc.Span{Start: start, End: len(from) - end}, Text: to[start : len(to)-end]}
}
