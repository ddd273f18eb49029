// Package stage decides where a submission stands: its stage, whose turn it is
// and what comes next. It is a pure function of facts, so that anyone can ask
// why, and the same facts always give the same answer.
package stage

import (
	"fmt"
	"strings"
)

// Stage is where a submission is on its way.
type Stage string

// The stages. A pull request that is not on the way has none.
const (
	None      Stage = ""
	Intake    Stage = "intake"
	QA        Stage = "qa"
	Approval  Stage = "approval"
	Approved  Stage = "approved"
	Published Stage = "published"
)

// Stages returns the stages in their order.
func Stages() []Stage { return []Stage{Intake, QA, Approval, Approved, Published} }

// Waiting says whose turn it is.
type Waiting string

// Who can be waited for.
const (
	Nobody   Waiting = ""
	Partner  Waiting = "partner"
	Reviewer Waiting = "reviewer"
)

// Status is the state of the commit status that gates the merge.
type Status string

// The states, as GitHub spells them. Unchanged leaves the status alone.
const (
	Unchanged Status = ""
	Pending   Status = "pending"
	Success   Status = "success"
	Failure   Status = "failure"
	Error     Status = "error"
)

// Facts are all that the decision rests on.
type Facts struct {
	// Closed and Merged say how the pull request ended; Published is set when
	// the registry holds its versions.
	Closed    bool `json:"closed"`
	Merged    bool `json:"merged"`
	Published bool `json:"published"`
	Draft     bool `json:"draft"`
	// Nothing is set when the pull request touches no definition.
	Nothing bool `json:"nothing"`
	// CouldNotCheck says why there is no result, "" when there is one.
	CouldNotCheck string `json:"could_not_check"`
	// Conflict is set when it cannot be merged into its base. Behind is set when
	// the base has changed the same definition since it was made, so that what
	// would be merged is not what is seen.
	Conflict bool `json:"conflict"`
	Behind   bool `json:"behind,omitempty"`
	// SharedHead are the other open pull requests with the same head commit,
	// for which the one status of that commit would speak too.
	SharedHead []int `json:"shared_head,omitempty"`
	// Errors and Warnings count the findings.
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
	// Holds are the reasons for which a maintainer must look, each a part of a
	// sentence.
	Holds []string `json:"holds"`
	// QAItems is the length of the checklist, 0 when no QA is asked for. Of
	// them QAPassed have passed and QAFailed have failed.
	QAItems  int `json:"qa_items"`
	QAPassed int `json:"qa_passed"`
	QAFailed int `json:"qa_failed"`
	// Needed is how many approvals this change needs, Approvals how many count
	// for exactly this content, and Stale how many were given to other content.
	Needed    int `json:"needed"`
	Approvals int `json:"approvals"`
	Stale     int `json:"stale"`
	// Blockers is how many reviewers ask for changes.
	Blockers int `json:"blockers"`
	// AutoMerge is set when the review merges what is approved.
	AutoMerge bool `json:"auto_merge,omitempty"`
}

// Decision is the answer.
type Decision struct {
	Stage   Stage
	Waiting Waiting
	Status  Status
	// Summary says it in at most 140 characters, for the commit status.
	Summary string
	// Next are the steps to take, for the one whose turn it is, as sentences.
	Next []string
	// Reasons are the facts that led here, as sentences.
	Reasons []string
}

// Decide decides. The first fact that applies counts, in the order in which
// they stop a submission; a hold only stops what would otherwise be approved,
// and so does a commit that is the head of another pull request too.
func Decide(f Facts) Decision {
	d := decide(f)
	if d.Status != Success || len(f.SharedHead) == 0 {
		return d
	}
	d.Status = Pending
	d.Summary = clip("not passed: its head commit is also that of " + numbers(f.SharedHead))
	d.Next = []string{"Close the other pull request, or push a commit to this one. Then the comment /recheck looks again."}
	d.Reasons = append(d.Reasons, "Its head commit is also that of "+numbers(f.SharedHead)+", and the status of a commit would let both pass.")
	if !f.Merged && d.Stage == Approved {
		d.Stage, d.Waiting = Approval, Partner
	}
	return d
}

// numbers names pull requests, a few of them.
func numbers(list []int) string {
	const most = 3
	var names []string
	for i, n := range list {
		if i == most {
			names = append(names, fmt.Sprintf("%d more", len(list)-most))
			break
		}
		names = append(names, fmt.Sprintf("#%d", n))
	}
	return strings.Join(names, ", ")
}

func decide(f Facts) Decision {
	switch {
	case f.Merged:
		return merged(f)
	case f.Closed:
		return Decision{Reasons: []string{"It was closed without being merged."}}
	case f.CouldNotCheck != "":
		return Decision{Stage: Intake, Waiting: Reviewer, Status: Error,
			Summary: clip("could not check: " + f.CouldNotCheck),
			Next:    []string{"A maintainer looks at why it could not be checked; the comment `/recheck` tries again."},
			Reasons: []string{"It could not be checked, which is never taken for passed."}}
	case f.Nothing:
		return Decision{Status: Success, Summary: "nothing to review: no definition is touched",
			Reasons: []string{"It touches no definition."}}
	case f.Draft:
		// A draft cannot be merged. The status of its commit must not say that
		// it passed, or it would be there when the draft becomes ready.
		return Decision{Status: Pending, Summary: "nothing to review yet: this is a draft",
			Next:    []string{"Mark the pull request as ready for review when it is."},
			Reasons: []string{"It is a draft, and drafts are not reviewed."}}
	case f.Errors > 0:
		return Decision{Stage: Intake, Waiting: Partner, Status: Failure,
			Summary: count(f.Errors, "error") + " to mend" + also(f.Warnings),
			Next:    []string{"Mend the errors and push. Where a remark has a suggestion, one click applies it."},
			Reasons: []string{"The findings have " + count(f.Errors, "error") + "."}}
	case f.Conflict:
		return Decision{Stage: Intake, Waiting: Partner, Status: Failure,
			Summary: "it conflicts with its base branch",
			Next:    []string{"Merge the base branch into yours, or rebase on it, and push."},
			Reasons: []string{"It cannot be merged into its base branch as it is."}}
	case f.Behind:
		return Decision{Stage: Intake, Waiting: Partner, Status: Failure,
			Summary: "its base branch has changed the same definition since",
			Next:    []string{"Merge the base branch into yours, or rebase on it, and push."},
			Reasons: []string{"Its base branch has changed the same definition since, so that what would be merged is not what is seen here."}}
	}
	return reviewed(f)
}

// merged decides for what was merged.
func merged(f Facts) Decision {
	if f.Published {
		return Decision{Stage: Published, Status: Success, Summary: "published", Reasons: []string{"It was merged, and the registry holds it."}}
	}
	return Decision{Stage: Approved, Waiting: Reviewer, Status: Success, Summary: "merged; the registry follows",
		Next:    []string{"The next publishing run brings it to the registry."},
		Reasons: []string{"It was merged, and the registry does not hold it yet."}}
}

// reviewed decides for what has passed intake.
func reviewed(f Facts) Decision {
	d := Decision{Status: Pending, Waiting: Reviewer, Reasons: []string{"Intake is clean: the findings have no error."}}
	switch {
	case f.QAFailed > 0:
		d.Stage, d.Waiting = QA, Partner
		d.Summary = fmt.Sprintf("QA: %d of %s failed", f.QAFailed, count(f.QAItems, "item"))
		d.Next = []string{"Mend what failed and push; a new content is tested again."}
		d.Reasons = append(d.Reasons, count(f.QAFailed, "item")+" of the QA checklist failed.")
	case f.QAPassed < f.QAItems:
		d.Stage = QA
		d.Summary = fmt.Sprintf("QA: %d of %s passed", f.QAPassed, count(f.QAItems, "item"))
		d.Next = []string{"A reviewer works through the QA checklist; `/qa pass` records what passed, `/help` lists the commands."}
		d.Reasons = append(d.Reasons, count(f.QAItems-f.QAPassed, "item")+" of the QA checklist are open.")
	case f.Blockers > 0:
		d.Stage, d.Waiting = Approval, Partner
		d.Summary = "changes are requested by " + count(f.Blockers, "reviewer")
		d.Next = []string{"Make the changes that were asked for, and ask for another review."}
		d.Reasons = append(d.Reasons, count(f.Blockers, "reviewer")+" asked for changes and did not withdraw it.")
	case f.Approvals < f.Needed:
		d.Stage = Approval
		d.Summary = fmt.Sprintf("%d of %s for this content", f.Approvals, count(f.Needed, "approval"))
		d.Next = []string{"A reviewer approves the pull request in GitHub."}
		d.Reasons = append(d.Reasons, fmt.Sprintf("%d of %s for exactly this content.", f.Approvals, count(f.Needed, "approval")))
		if f.Stale > 0 {
			d.Reasons = append(d.Reasons, count(f.Stale, "approval")+" was given before the content changed, and does not count for it.")
		}
	case len(f.Holds) > 0:
		d.Stage = Approval
		d.Summary = clip("held for a maintainer: " + f.Holds[0])
	default:
		d.Stage, d.Status = Approved, Success
		d.Summary = "approved" + also(f.Warnings)
		d.Next = []string{"A maintainer merges it."}
		if f.AutoMerge {
			d.Next = []string{"It is merged without anybody's doing."}
		}
		d.Reasons = append(d.Reasons, "All approvals that it needs were given for exactly this content.")
	}
	for _, h := range f.Holds {
		d.Reasons = append(d.Reasons, "It is held for a maintainer: "+h+".")
	}
	if len(f.Holds) > 0 {
		d.Next = append(d.Next, "A maintainer looks at why it is held, and decides.")
	}
	return d
}

func also(warnings int) string {
	if warnings == 0 {
		return ""
	}
	return ", " + count(warnings, "warning")
}

func count(n int, word string) string {
	if n != 1 {
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, word)
}

// maxSummary is how many characters GitHub takes for the description of a
// commit status.
const maxSummary = 140

// clip cuts a text for the commit status.
func clip(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > maxSummary {
		return string(runes[:maxSummary-1]) + "…"
	}
	return s
}
