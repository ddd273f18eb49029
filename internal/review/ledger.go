package review

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/karzoun/miniapp-review/internal/marker"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/stage"
)

// ledger is what a review has to remember between runs: when it first saw what
// it sees. It is kept in the status comment, under the comment's own marker, so
// that it counts only as long as nobody else edits the comment. When it is lost,
// the clock starts again, which costs approvals and never gives any.
type ledger struct {
	// Content identifies what is submitted, and Since is when a run first saw
	// it. Approvals and QA count from then on.
	Content string    `json:"content"`
	Since   time.Time `json:"since"`
	// Stage is the stage that the last run found, StageSince when it began.
	Stage      stage.Stage `json:"stage"`
	StageSince time.Time   `json:"stage_since"`
	// Ready is when the submission first got through intake. A later fix does
	// not change it, so that nobody loses the place in the queue.
	Ready *time.Time `json:"ready,omitempty"`
	// Turn is whose turn it is since TurnSince. Used are the seconds of business
	// time that reviewers took before, and Due is when they should be done.
	Turn      stage.Waiting `json:"turn,omitempty"`
	TurnSince time.Time     `json:"turn_since,omitzero"`
	Used      int64         `json:"used,omitempty"`
	Due       *time.Time    `json:"due,omitempty"`
	// Names, Kind, Errors and Warnings are for the list of all submissions, and
	// for telling how long such submissions take.
	Names    []string `json:"names,omitempty"`
	Kind     string   `json:"kind,omitempty"`
	Errors   int      `json:"errors,omitempty"`
	Warnings int      `json:"warnings,omitempty"`
}

// Standing is where a submission stands, as its status comment remembers it.
type Standing struct {
	Number int
	Stage  stage.Stage
	// Since is when the stage began, TurnSince when it became somebody's turn.
	Since, TurnSince time.Time
	Waiting          stage.Waiting
	// Ready is when it first got through intake, Due when reviewers should be
	// done; both are zero when there is no such time.
	Ready, Due time.Time
	// Names are the namespaces, a few of them: such as are well formed.
	Names []string
	// Kind is "new" or "update", or "" when that was never seen.
	Kind             string
	Errors, Warnings int
}

func (l ledger) standing(number int) Standing {
	s := Standing{Number: number, Stage: l.Stage, Since: l.StageSince, TurnSince: l.TurnSince, Waiting: l.Turn,
		Names: l.Names, Kind: l.Kind, Errors: l.Errors, Warnings: l.Warnings}
	if l.Ready != nil {
		s.Ready = *l.Ready
	}
	if l.Due != nil {
		s.Due = *l.Due
	}
	return s
}

// ReadStanding finds where a pull request of a repository ("owner/name") stands
// in its comments, as the last review that self made of it noted. A comment
// that somebody else wrote or edited tells nothing.
func ReadStanding(repository string, number int, self pull.User, key []byte, comments []pull.Comment) (s Standing, ok bool) {
	l := readLedger(marker.Signer{Scope: fmt.Sprintf("%s#%d", repository, number), Key: key}, self, comments)
	return l.standing(number), !l.StageSince.IsZero()
}

const (
	ledgerStart = "<!-- miniapp-review ledger "
	ledgerEnd   = " -->"
)

// line writes the ledger as a line of the comment that nobody sees.
func (l ledger) line() string {
	text, err := json.Marshal(l)
	if err != nil {
		panic(fmt.Sprintf("writing the ledger: %v", err)) // times and digests can always be written
	}
	return ledgerStart + string(text) + ledgerEnd
}

// readLedger finds the ledger in the newest status comment of our own.
func readLedger(signer marker.Signer, self pull.User, comments []pull.Comment) ledger {
	var l ledger
	for _, c := range comments {
		if _, ok := own(signer, self, c.User, c.Body, marker.Status); !ok {
			continue
		}
		l = ledger{}
		for line := range strings.SplitSeq(c.Body, "\n") {
			text, ok := strings.CutPrefix(strings.TrimSpace(line), ledgerStart)
			if text, end := strings.CutSuffix(text, ledgerEnd); ok && end {
				// The last one is ours; another can be repeated from a submission.
				l = ledger{}
				if err := json.Unmarshal([]byte(text), &l); err != nil {
					l = ledger{} // written by another version: the clock starts again
				}
			}
		}
	}
	return l
}

// content identifies what the pull request submits: the touched namespaces as
// they are at the head, and every other path that it changes.
func (r *reviewer) content(touched []string) string {
	h := sha256.New()
	fmt.Fprintln(h, pull.Digest(r.snapshot.HeadTree.Files, touched))
	for _, c := range r.snapshot.Changes {
		if namespaceOf(c) == "" {
			fmt.Fprintf(h, "%06o %s %q\n", c.HeadMode, c.HeadSHA, c.Path)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// seeContent notes what is seen now. What this very run reads for the first time
// beside a new content cannot be about it: it was said while the content before
// was there, or in the moment of the push.
func (r *reviewer) seeContent(touched []string) {
	content := r.content(touched)
	if content == r.ledger.Content {
		return
	}
	since := r.now()
	said := func(u pull.User, at time.Time) {
		if u.ID != r.snapshot.Self.ID && !at.Before(since) {
			since = at.UTC().Truncate(time.Second).Add(time.Second)
		}
	}
	for _, c := range r.snapshot.Comments {
		said(c.User, c.CreatedAt)
	}
	for _, v := range r.snapshot.Reviews {
		said(v.User, v.SubmittedAt)
	}
	r.ledger.Content, r.ledger.Since = content, since
}

// seeStage notes the stage that was decided on.
func (r *reviewer) seeStage() {
	if s := r.result.Decision.Stage; s != r.ledger.Stage {
		r.ledger.Stage, r.ledger.StageSince = s, r.now()
		if s != stage.Intake && s != stage.None && r.ledger.Ready == nil {
			now := r.now()
			r.ledger.Ready = &now
		}
	}
}

// now is the review's clock, in the whole seconds that GitHub's times have.
func (r *reviewer) now() time.Time { return r.snapshot.At.UTC().Truncate(time.Second) }

// afterSeen reports whether something was said after the present content was
// first seen.
func (r *reviewer) afterSeen(t time.Time) bool { return !t.Before(r.ledger.Since) }
