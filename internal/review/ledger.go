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
func (r *reviewer) readLedger() ledger {
	var l ledger
	for _, c := range r.snapshot.Comments {
		if _, ok := r.own(c.User, c.Body, marker.Status); !ok {
			continue
		}
		l = ledger{}
		for line := range strings.SplitSeq(c.Body, "\n") {
			text, ok := strings.CutPrefix(strings.TrimSpace(line), ledgerStart)
			if text, end := strings.CutSuffix(text, ledgerEnd); ok && end {
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

// seeContent notes what is seen now.
func (r *reviewer) seeContent(touched []string) {
	if content := r.content(touched); content != r.ledger.Content {
		r.ledger.Content, r.ledger.Since = content, r.now()
	}
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
