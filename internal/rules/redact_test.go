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
		redact(&f, []string{test.secret})
		if f.Message != test.want {
			t.Errorf("redact(%q, %q) = %q, want %q", test.text, test.secret, f.Message, test.want)
		}
	}
	f := finding.Finding{Fix: &finding.Fix{Edits: []finding.Edit{{Text: `{"a":"s3cr3t-value-1"}`}}}}
	if redact(&f, []string{"s3cr3t-value-1"}); f.Fix != nil {
		t.Errorf("a fix that writes the credential is kept: %s", strings.TrimSpace(f.Fix.Edits[0].Text))
	}
}
