package rules

import (
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/finding"
)

func TestRedact(t *testing.T) {
	for _, test := range []struct{ text, secret, want string }{
		{`the value "s3cr3t-value-1" is odd`, "s3cr3t-value-1", `the value "[hidden]" is odd`},
		{`twice s3cr3t-value-1 s3cr3t-value-1`, "s3cr3t-value-1", `twice [hidden] [hidden]`},
		{`cut "s3cr3t-val…"`, "s3cr3t-value-1", `cut "[hidden]…"`},
		{"hidden hidden", "hidden", "[hidden] [hidden]"},
		{"[hidden] x", "[hidden]", "[hidden] x"},
		{"short abc", "abc", "short abc"},
	} {
		f := finding.Finding{Message: test.text}
		newHider([]string{test.secret}).redact(&f)
		if f.Message != test.want {
			t.Errorf("redact(%q, %q) = %q, want %q", test.text, test.secret, f.Message, test.want)
		}
	}
	f := finding.Finding{Fix: &finding.Fix{Edits: []finding.Edit{{Text: `{"a":"s3cr3t-value-1"}`}}}}
	if newHider([]string{"s3cr3t-value-1"}).redact(&f); f.Fix != nil {
		t.Errorf("a fix that writes the credential is kept: %s", strings.TrimSpace(f.Fix.Edits[0].Text))
	}
}

// TestHideMany checks that of several credentials the one that goes furthest is
// hidden, and that a fix is dropped for a whole credential alone.
func TestHideMany(t *testing.T) {
	h := newHider([]string{"password-1", "password-1-and-more", "password-2", "pass", "token-of-somebody"})
	for text, want := range map[string]string{
		"is password-1-and-more": "is [hidden]",
		"is password-1-and-less": "is [hidden]less",
		"is password-2.":         "is [hidden].",
		// What a message may have cut is hidden too.
		"a password field":     "a [hidden] field",
		"passw":                "passw",
		"token-of-… and token": "[hidden]… and token",
		"":                     "",
	} {
		if got := h.hide(text); got != want {
			t.Errorf("hide(%q) = %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]bool{
		"x password-1 y": true, "password-1-and-less": true, "password-3": false, "token-of-": false, "password": false, "": false,
	} {
		if got := h.holds(text); got != want {
			t.Errorf("holds(%q) = %v, want %v", text, got, want)
		}
	}
}
