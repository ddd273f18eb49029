package rules

import (
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/finding"
)

// shortestSecret is the length from which a credential is worth hiding; what is
// shorter would take common words out of messages.
const shortestSecret = 6

// redact takes credentials out of everything that a finding says. A fix that
// would write one is dropped: the credential has to go first.
func redact(f *finding.Finding, secrets []string) {
	for _, s := range secrets {
		if len(s) < shortestSecret {
			continue
		}
		f.Message, f.Hint, f.Pointer = hide(f.Message, s), hide(f.Hint, s), hide(f.Pointer, s)
		for i := range f.Related {
			f.Related[i].Message = hide(f.Related[i].Message, s)
		}
		if f.Fix == nil {
			continue
		}
		f.Fix.Title = hide(f.Fix.Title, s)
		if slices.ContainsFunc(f.Fix.Edits, func(e finding.Edit) bool { return strings.Contains(e.Text, s) }) {
			f.Fix = nil
		}
	}
}

// hide replaces a credential in a text, and also the beginning of one where a
// message cut it.
func hide(text, secret string) string {
	const mask = "[hidden]"
	start := min(max(len(secret)/2, shortestSecret), 12)
	var b strings.Builder
	for {
		at := strings.Index(text, secret[:start])
		if at < 0 {
			b.WriteString(text)
			return b.String()
		}
		end := at + start
		for end < len(text) && end-at < len(secret) && text[end] == secret[end-at] {
			end++
		}
		b.WriteString(text[:at] + mask)
		text = text[end:]
	}
}
