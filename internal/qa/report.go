// Package qa tries a MiniApp as reviewers do: it installs and connects it, runs
// its actions, fills its dropdowns, imports a few records and delivers the sample
// webhooks, all in the sandbox of internal/sandbox, and says what came of each
// item of the checklist.
package qa

import (
	"time"

	"github.com/karzoun/miniapp-review/internal/sandbox"
)

// Version is that of the JSON form of a Report. It grows when a field changes its
// meaning or goes away; fields that are added do not change it.
const Version = 1

// Report is what came of trying one definition. It is a contract: its JSON form
// is what "miniapp try --format json" prints for each submission. All of its
// texts are redacted, as those of sandbox.Run. The same definition, account,
// answers, time and randomness give the same report.
type Report struct {
	// Version is the package's Version.
	Version int `json:"version"`
	// Namespace and DefinitionVersion are those of the definition.
	Namespace         string `json:"namespace"`
	DefinitionVersion string `json:"definition_version"`
	// Practice says that no provider was asked: what it would answer was made up
	// from the definition.
	Practice bool      `json:"practice"`
	Started  time.Time `json:"started"`
	// Items are those of the checklist, in its order: Checklist returns the same
	// ids. When only some were asked for, they are the ones that were, with
	// install and connect, which the others need.
	Items []Result `json:"items"`
	// Extras are what the checklist has no item for: dropdowns as "source:KEY",
	// imports as "resource:KEY", both in the order of the definition, and events
	// of samples that no trigger has.
	Extras  []Result      `json:"extras"`
	Summary Summary       `json:"summary"`
	Took    time.Duration `json:"took_ns"`
}

// Summary counts the results of a report, extras included.
type Summary struct {
	Passed   int `json:"passed"`
	Failed   int `json:"failed"`
	NoAnswer int `json:"no_answer"`
	NotTried int `json:"not_tried"`
}

// State says what came of an item.
type State string

// The states of an item.
const (
	// Passed: it was tried, and did what is expected.
	Passed State = "passed"
	// Failed: it was tried, and the definition, the account or the provider's
	// answer is not as it should be.
	Failed State = "failed"
	// NoAnswer: the provider could not be reached or did not answer in time,
	// which tells nothing about the definition.
	NoAnswer State = "no-answer"
	// NotTried: nothing was tried; the reason says why.
	NotTried State = "not-tried"
)

// Result is what came of one item.
type Result struct {
	// ID is "install", "connect", "action:NAME", "event:EVENT", "source:KEY" or
	// "resource:KEY".
	ID string `json:"id"`
	// Text says what was to be tried, such as `run the action "createTask"`.
	Text  string `json:"text"`
	State State  `json:"state"`
	// Reason says why the item is not passed, or what is to be known although it
	// is; Hint says what to do.
	Reason string `json:"reason,omitempty"`
	Hint   string `json:"hint,omitempty"`
	// Attempts are the evidence: what was run, in its order.
	Attempts []Attempt `json:"attempts,omitempty"`
}

// Attempt is one run for an item.
type Attempt struct {
	// From says where the run comes from: the JSON Pointer of an entry of
	// qa.json, the file name of a sample delivery, or "" for what needs neither.
	From  string `json:"from,omitempty"`
	State State  `json:"state"`
	// Reason says what is not as expected, or why the attempt was not made.
	Reason string `json:"reason,omitempty"`
	Hint   string `json:"hint,omitempty"`
	// Run is nil when the attempt was not made, and for a delivery, which has
	// Delivery instead.
	Run      *sandbox.Run       `json:"run,omitempty"`
	Delivery *sandbox.Delivered `json:"delivery,omitempty"`
}

// OK reports whether nothing failed, nothing was left without an answer, and at
// least one item passed.
func (r Report) OK() bool {
	return r.Summary.Failed == 0 && r.Summary.NoAnswer == 0 && r.Summary.Passed > 0
}

// count fills in the summary.
func (r *Report) count() {
	r.Summary = Summary{}
	for _, list := range [][]Result{r.Items, r.Extras} {
		for _, x := range list {
			switch x.State {
			case Passed:
				r.Summary.Passed++
			case Failed:
				r.Summary.Failed++
			case NoAnswer:
				r.Summary.NoAnswer++
			default:
				r.Summary.NotTried++
			}
		}
	}
}
