// Package marker signs the comments that a review writes, so that a later run
// finds them again.
//
// A marker is a cache key and never an authority: what it says is only used to
// find a comment that the review may edit. It covers the text that it stands
// in, so that a marker copied into another comment, and a comment that somebody
// edited, are not taken for our own. Without a key everybody can compute it, and
// the author of the comment must be checked as well; with one, nobody else can.
package marker

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
)

// Kind says what a comment is for.
type Kind string

// The kinds of comments.
const (
	// Status is the one comment that tells where the submission stands.
	Status Kind = "status"
	// Remark is a remark on a line that still applies; its id is the identity
	// of the finding.
	Remark Kind = "remark"
	// Settled is a remark whose finding is gone.
	Settled Kind = "settled"
	// Answer is the answer to a command; its id is that of the comment.
	Answer Kind = "answer"
	// Reminder tells somebody that others wait for them; its id says for what.
	Reminder Kind = "reminder"
	// Trial tells what a machine found when it tried the submission; its id is
	// that of the comment that asked for it.
	Trial Kind = "trial"
	// Published tells what was published of a merged pull request, and where.
	Published Kind = "published"
)

// Signer signs for one pull request.
type Signer struct {
	// Scope names the pull request, such as "owner/name#12": a marker from
	// another one is not valid.
	Scope string
	// Key is secret, or empty.
	Key []byte
}

// The marker is the last line of a body.
var form = regexp.MustCompile(`\n<!-- miniapp-review ([a-z]+) ([A-Za-z0-9._-]*) ([0-9a-f]{32}) -->$`)

// Sign returns the body with its marker. id may have letters, digits, dots,
// hyphens and underscores; Sign panics on another one, which is a mistake of
// the caller.
func (s Signer) Sign(kind Kind, id, body string) string {
	body = normal(body)
	line := fmt.Sprintf("\n<!-- miniapp-review %s %s %s -->", kind, id, s.sum(string(kind), id, body))
	if !form.MatchString(line) {
		panic(fmt.Sprintf("marker: kind %q and id %q cannot be written", kind, id))
	}
	return body + line
}

// Read returns the kind and the id of a body that carries a valid marker as its
// last line and was not changed since it was signed.
func (s Signer) Read(body string) (kind Kind, id string, ok bool) {
	body = normal(body)
	m := form.FindStringSubmatch(body)
	if m == nil {
		return "", "", false
	}
	text := body[:len(body)-len(m[0])]
	if !hmac.Equal([]byte(m[3]), []byte(s.sum(m[1], m[2], normal(text)))) {
		return "", "", false
	}
	return Kind(m[1]), m[2], true
}

func (s Signer) sum(kind, id, body string) string {
	h := hmac.New(sha256.New, s.Key)
	for _, part := range []string{"miniapp-review comment 1", s.Scope, kind, id, body} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// normal undoes what a forge may do to a text that it stores.
func normal(body string) string {
	return strings.TrimSpace(strings.ReplaceAll(body, "\r\n", "\n"))
}
