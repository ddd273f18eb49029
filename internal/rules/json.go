package rules

import (
	"strings"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

const groupJSON = "JSON"

// jsonRules are about the text of the JSON files.
func jsonRules() []Spec {
	return []Spec{jsonStrict()}
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
				if !strings.HasSuffix(f.Name, ".json") {
					continue
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
