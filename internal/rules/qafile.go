package rules

import (
	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/qafile"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// qaRules are about qa.json, by which the MiniApp is tried.
func qaRules() []Spec { return []Spec{qaFile(), qaCoversActions()} }

// qa reads the head's qa.json. It is nil when there is none, or none that is
// JSON, which other rules speak of.
func (p *Pass) qa() (*qafile.File, []qafile.Problem) {
	f := p.Head.File(submission.QAFile)
	if f == nil || f.JSON == nil || len(f.Problems) > 0 {
		return nil, nil
	}
	return qafile.Parse(f.JSON)
}

func qaFile() Spec {
	return Spec{
		ID: "qa-file", Group: groupPackage, Severity: finding.Error,
		Title:   "qa.json can be carried out",
		Purpose: "Checks that qa.json has known fields alone, and that its actions, parameters, outputs and references are those of the definition, since a mistake in it would let a test say less than its author thinks.",
		Source:  "`miniapp try` and QA run what qa.json says. The file may be missing: reviewers then try the actions by hand.",
		Help:    "[Trying](try.md) describes the file. `miniapp try --practice` carries it out without a provider.",
		Fires: []Example{
			{Name: "an action that the definition does not have", Files: map[string]string{submission.QAFile: `{"actions": [{"action": "createTiket", "input": {"queue": "q1", "subject": "Hello"}}]}`}},
			{Name: "a parameter that is missing", Files: map[string]string{submission.QAFile: `{"actions": [{"action": "createTicket", "input": {"subject": "Hello"}}]}`}},
			{Name: "a field with a typing mistake", Files: map[string]string{submission.QAFile: `{"actions": [{"action": "countOpen", "input": {"queue": "q1"}, "expects": {}}]}`}},
			{Name: "a value that nothing gives", Files: map[string]string{submission.QAFile: `{"actions": [{"action": "countOpen", "input": {"queue": "{{createTicket.ticketId}}"}}]}`}},
			{Name: "a list", Files: map[string]string{submission.QAFile: `[]`}},
			{Name: "outputs that the action does not give", Files: map[string]string{submission.QAFile: `{"actions": [{"action": "createTicket", "input": {"queue": "q1", "subject": "x"}, "expect": {"has": ["ticketID"]}}]}`}},
		},
		Silent: []Example{
			{Name: "a whole file", Files: map[string]string{submission.QAFile: `{"sources": [{"source": "rpc_queues"}], "actions": [{"action": "createTicket", "input": {"queue": "{{rpc_queues[0].value}}", "subject": "QA {{run.id}}"}, "expect": {"has": ["ticketId"]}}, {"action": "countOpen", "input": {"queue": "{{rpc_queues[0].value}}"}}]}`}},
			{Name: "no JSON, which has a rule of its own", Files: map[string]string{submission.QAFile: `{`}},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			f, problems := p.qa()
			if f == nil {
				return
			}
			for _, pr := range append(problems, f.Check(def)...) {
				r := p.Span(submission.QAFile, pr.Span, "%s", pr.Message).As(pr.Severity).Tell(pr.Message)
				r.Pointer = pr.Pointer
				if pr.Hint != "" {
					r.Hint("%s", pr.Hint)
				}
			}
		},
	}
}

func qaCoversActions() Spec {
	return Spec{
		ID: "qa-covers-actions", Group: groupPackage, Severity: finding.Notice,
		Title:   "qa.json tries every action",
		Purpose: "Checks that a submission with a qa.json tries each action in it, since what is left is tried by hand.",
		Source:  "QA runs each action of the definition once at least.",
		Help:    "Add an entry with an input that works with the sandbox account. One that costs money, or reaches a real person, has `\"once\": true`.",
		Fires:   []Example{{Name: "one of two actions", Files: map[string]string{submission.QAFile: `{"actions": [{"action": "countOpen", "input": {"queue": "q1"}}]}`}}},
		Silent:  []Example{{Name: "no qa.json"}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			f, problems := p.qa()
			if f == nil || len(problems) > 0 {
				return // an entry that could not be read may be the one
			}
			for _, a := range f.Untried(def) {
				r := p.File(submission.QAFile, "no entry of qa.json tries the action %s", shown(a.Name)).
					Hint("Add {\"action\": %s, \"input\": {…}} to its actions.", shown(a.Name)).Tell(a.Name)
				r.See(a.NameAt, "the action")
			}
		},
	}
}
