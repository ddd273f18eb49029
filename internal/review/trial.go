package review

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/command"
	"github.com/karzoun/miniapp-review/internal/marker"
	"github.com/karzoun/miniapp-review/internal/plan"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/report"
)

// Request is a command "/qa run" that counts: somebody who may decide asked for
// the present content to be tried by a machine.
type Request struct {
	// Comment is the id of the comment, By who wrote it.
	Comment int64
	By      string
	// Content identifies what is to be tried.
	Content string
	// Done says that a trial has answered it.
	Done bool
}

// Trial is what a machine found when it tried a content. It is kept in a comment
// of its own first: the job that tries takes minutes, and a review that runs
// meanwhile would write over the status comment. The next review takes it in
// there, with its evidence, and folds this comment away.
type Trial struct {
	Content string      `json:"content"`
	Items   []TrialItem `json:"items"`
}

// TrialItem is one item of the checklist that was tried.
type TrialItem struct {
	ID     string `json:"id"`
	Passed bool   `json:"passed"`
	// Reason says why it failed. It can repeat what a provider said.
	Reason string `json:"reason,omitempty"`
}

const (
	trialStart = "<!-- miniapp-review tried "
	trialEnd   = " -->"
	// maxTrialReason is how many bytes of a reason the checklist repeats.
	maxTrialReason = 200
)

// Comment writes the comment of a trial for the command in the comment with this
// id. text is what people read.
func (t Trial) Comment(repository string, number int, key []byte, command int64, text string) string {
	data, err := json.Marshal(t.fitting()) // escapes "<" and ">", so that nothing ends the line before its end
	if err != nil {
		panic(fmt.Sprintf("writing a trial: %v", err)) // texts can always be written
	}
	signer := marker.Signer{Scope: fmt.Sprintf("%s#%d", repository, number), Key: key}
	return signer.Sign(marker.Trial, fmt.Sprint(command), text+"\n\n"+trialStart+string(data)+trialEnd)
}

// maxTrialBytes is how many bytes of a comment the items of a trial take.
const maxTrialBytes = 20_000

// fitting is a trial that fits into a comment. Of too many items, those that
// failed stay, and the others count as not tried.
func (t Trial) fitting() Trial {
	out := Trial{Content: t.Content}
	left := maxTrialBytes
	for _, passed := range []bool{false, true} {
		for _, item := range t.Items {
			item.Reason = shorten(item.Reason)
			text, err := json.Marshal(item)
			if item.Passed != passed || err != nil || left < len(text) {
				continue
			}
			left -= len(text) + len(",")
			out.Items = append(out.Items, item)
		}
	}
	return out
}

// request notes a command "/qa run". The reason says why it does not count.
func (r *reviewer) request(c pull.Comment) (why string) {
	switch {
	case !r.config.QAMachine:
		return "QA by machine is not set up in this repository (\"qa: machine\" in its configuration); try the items by hand"
	case len(r.items) == 0:
		return "there is nothing to try"
	case r.result.Facts.Errors > 0:
		return "the submission has errors, which come first"
	case len(r.heldBy) > 0 || !r.letThrough && len(r.holds(Touched(r.snapshot.Changes))) > 0:
		// Above all: somebody who does not own the MiniApp submits it. The test
		// account would go wherever their requests go.
		return "the pull request is held; that comes first"
	case !r.letThrough && r.isContested():
		// A sealed account can be copied, with the name that it is for, from one of
		// them to the other.
		return "another open pull request submits the same new MiniApp, and the test account may be theirs: close one of them, or let a maintainer say /ok first"
	}
	r.result.Requests = append(r.result.Requests, Request{Comment: c.ID, By: c.User.Login, Content: r.ledger.Content})
	return ""
}

// isContested reports whether another open pull request claims a namespace that
// is new here: nobody owns it yet.
func (r *reviewer) isContested() bool {
	return slices.ContainsFunc(r.result.Namespaces, func(n report.Namespace) bool {
		return n.Kind == "new" && slices.ContainsFunc(r.snapshot.Others, func(o pull.Other) bool { _, claims := o.Claims[n.NS]; return claims })
	})
}

// trial takes what a machine found into the checklist. It counts for the content
// that was tried, and for a command that counts. What a person found failing
// stays so: only a person can take that back.
func (r *reviewer) trial(c pull.Comment) {
	id, ok := r.own(c.User, c.Body, marker.Trial)
	if !ok {
		return
	}
	i := slices.IndexFunc(r.result.Requests, func(q Request) bool { return fmt.Sprint(q.Comment) == id })
	t, ok := readTrial(c.Body)
	if i < 0 || !ok || t.Content != r.ledger.Content {
		return
	}
	asked := &r.result.Requests[i]
	asked.Done = true
	r.evidence, _, _ = strings.Cut(c.Body, "\n"+trialStart)
	for _, item := range t.Items {
		known := slices.ContainsFunc(r.items, func(it command.Item) bool { return it.ID == item.ID })
		if before := r.state[item.ID]; !known || before.Failed && !before.Machine {
			continue
		}
		r.state[item.ID] = report.ItemState{Passed: item.Passed, Failed: !item.Passed, By: asked.By, At: c.CreatedAt,
			Reason: shorten(item.Reason), Machine: true, Evidence: c.ID}
	}
}

// foldTrials folds the comments of trials away: the status comment has what
// counts of them.
func (r *reviewer) foldTrials() (ops []plan.Operation) {
	for _, c := range r.snapshot.Comments {
		if _, ok := r.own(c.User, c.Body, marker.Trial); ok && !c.Minimized {
			ops = append(ops, plan.Operation{Kind: plan.Minimize, NodeID: c.NodeID})
		}
	}
	return ops
}

// readTrial finds the trial in a comment. The last one is ours; another can be
// repeated from a submission.
func readTrial(body string) (t Trial, ok bool) {
	for line := range strings.SplitSeq(body, "\n") {
		text, start := strings.CutPrefix(strings.TrimSpace(line), trialStart)
		if text, end := strings.CutSuffix(text, trialEnd); start && end {
			t = Trial{}
			ok = json.Unmarshal([]byte(text), &t) == nil
		}
	}
	return t, ok
}

func shorten(s string) string {
	if len(s) <= maxTrialReason {
		return s
	}
	return strings.ToValidUTF8(s[:maxTrialReason], "") + "…"
}

// overruled says why a person's verdict on an item needs a reason, or "".
func (r *reviewer) overruled(id string, cmd command.Command) string {
	if s := r.state[id]; cmd.Verb == command.QAPass && s.Machine && s.Failed && cmd.Reason == "" {
		return fmt.Sprintf("a machine found %q failing; say why it passes all the same, as in /qa pass %s: reason", id, id)
	}
	return ""
}

// waitsForMachine says whom a machine still tries the submission for, or "".
func (r *reviewer) waitsForMachine() string {
	for _, q := range slices.Backward(r.result.Requests) {
		if q.Done {
			return ""
		}
		return q.By
	}
	return ""
}
