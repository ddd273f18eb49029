package review

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/pull"
)

// masked is why a file that holds a credential is not in a recording.
const masked = "it holds a credential, which the recording leaves out"

// Recording returns the snapshot as it may be saved: the credentials that the
// review found in the submission are crossed out, character by character. masked
// is how many there were. A replay of such a recording cannot find them again.
func Recording(s *pull.Snapshot, r *Result) (saved *pull.Snapshot, masked int) {
	files := map[string]string{}
	for _, f := range s.HeadTree.Files {
		files[f.Path] = f.SHA
	}
	var secrets []string
	whole := map[string]bool{}
	for _, f := range r.Findings {
		if !f.Sensitive {
			continue
		}
		masked++
		blob, ok := s.Blobs[files[f.Path]]
		if !ok {
			continue
		}
		if f.Range == finding.WholeFile() {
			whole[files[f.Path]] = true
			continue
		}
		lines := jsondoc.NewLines(blob)
		if secret := string(blob[lines.Offset(f.Range.Start):lines.Offset(f.Range.End)]); secret != "" {
			secrets = append(secrets, secret)
			secrets = append(secrets, longWords(secret)...)
		}
	}
	if masked == 0 {
		return s, 0
	}
	return crossOut(s, secrets, whole), masked
}

// longWords returns the words of a marked text that can be a credential by
// themselves, since what is marked can be more than the credential.
func longWords(text string) []string {
	const shortest = 8
	words := strings.FieldsFunc(text, func(r rune) bool { return r <= ' ' || r == '"' || r == '\\' })
	return slices.DeleteFunc(words, func(w string) bool { return len(w) < shortest })
}

// crossOut copies a snapshot without some texts and some blobs.
func crossOut(s *pull.Snapshot, secrets []string, whole map[string]bool) *pull.Snapshot {
	c := *s
	c.Blobs, c.Unread = map[string]pull.Blob{}, maps.Clone(s.Unread)
	if c.Unread == nil {
		c.Unread = map[string]string{}
	}
	for sha, blob := range s.Blobs {
		if whole[sha] {
			c.Unread[sha] = masked
			continue
		}
		for _, secret := range secrets {
			blob = bytes.ReplaceAll(blob, []byte(secret), []byte(crosses(secret)))
		}
		c.Blobs[sha] = blob
	}
	text := func(t string) string {
		for _, secret := range secrets {
			t = strings.ReplaceAll(t, secret, crosses(secret))
		}
		return t
	}
	c.Comments = append([]pull.Comment(nil), s.Comments...)
	for i := range c.Comments {
		c.Comments[i].Body = text(c.Comments[i].Body)
	}
	c.Remarks = append([]pull.Remark(nil), s.Remarks...)
	for i := range c.Remarks {
		c.Remarks[i].Body = text(c.Remarks[i].Body)
	}
	c.Reviews = append([]pull.Review(nil), s.Reviews...)
	for i := range c.Reviews {
		c.Reviews[i].Body = text(c.Reviews[i].Body)
	}
	return &c
}

// crosses keeps the quotes around a string, so that the file stays JSON and
// every place in it stays where it was.
func crosses(secret string) string {
	inner, quoted := strings.CutPrefix(secret, `"`)
	if quoted && strings.HasSuffix(inner, `"`) {
		return `"` + strings.Repeat("x", len([]rune(inner))-1) + `"`
	}
	return strings.Repeat("x", len([]rune(secret)))
}
