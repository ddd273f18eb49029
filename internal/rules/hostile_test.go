package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/jscode"
)

// TestHostileDefinitions checks definitions in which comparing each thing with
// each other would take hours, or a finding for each pair would fill the
// memory. Each is as large as a file may be.
func TestHostileDefinitions(t *testing.T) {
	many := func(n int, format string) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = fmt.Sprintf(format, i, i)
		}
		return strings.Join(parts, ",")
	}
	unsupplied := strings.Repeat("[[a]]{{b}}{c}", 60_000)
	var mixed strings.Builder
	for i := range 30_000 {
		fmt.Fprintf(&mixed, "[[p%d]]", i)
	}
	for _, test := range []struct{ name, raw string }{
		{"steps and functions", `{"auth": {}, "actions": [{"name": "a", "requests": [` + many(8_000, `{"type": "function", "name": "f%d", "args": {"x": %d}}`) +
			`]}], "functions": {` + many(8_000, `"f%d": {"params": ["y%d"], "code": "return 1"}`) + `}}`},
		{"calls of a function of many parameters", `{"auth": {}, "actions": [{"name": "a", "requests": [` + strings.TrimSuffix(strings.Repeat(`{"type": "function", "name": "f"},`, 12_000), ",") +
			`]}], "functions": {"f": {"params": [` + many(20_000, `"p%d%d"`) + `], "code": "return {}"}}}`},
		{"many names in one text", `{"auth": {"type": "oauth2"}, "actions": [{"name": "a", "parameters": {"properties": {` + many(20_000, `"p%d": {"title": "%d"}`) +
			`}}, "requests": [{"url": "` + mixed.String() + `"}]}]}`},
		{"one name in a long text", `{"auth": {}, "actions": [{"name": "a", "requests": [{"url": "` + unsupplied + `"}]}]}`},
		{"many actions and keys", `{"auth": {"config": {` + many(20_000, `"k%d": "%d"`) + `}}, "actions": [` + many(9_000, `{"name": "a%d", "requests": [{"url": "[[u%d]]"}]}`) + `]}`},
		{"unknown names", `{"auth": {}, "dashboardApps": [{"key": "k", "allowedActions": [` + many(30_000, `"x%d%d"`) + `]}], "actions": [` + many(15_000, `{"name": "a%d-%d"}`) + `]}`},
		{"deep parameters", `{"auth": {}, "actions": [{"name": "a", "parameters": ` + strings.Repeat(`{"properties": {"p": `, 13) + `{}` + strings.Repeat(`}}`, 13) + `}]}`},
		{"code", `{"auth": {}, "functions": {` + many(30, `"f%d": {"params": [], "code": "/*%d*/`+strings.Repeat("(", jscode.MaxBytes-20)+`"}`) + `}}`},
	} {
		if len(test.raw) > 1<<20 {
			t.Errorf("%s: %d bytes are more than a file may have", test.name, len(test.raw))
		}
		specs := slices.Concat(authRules(), placeholderRules(), actionRules(), requestRules(), functionRules(), sourceRules(), panelRules())
		found := exampleFindings(t, specs, Example{Name: test.name, Raw: test.raw})
		size := 0
		for _, f := range found {
			size += len(f.Message) + len(f.Hint)
			if f.Fix != nil {
				for _, e := range f.Fix.Edits {
					size += len(e.Text)
				}
			}
		}
		if len(found) == 0 && test.name != "deep parameters" || size > 64<<20 {
			t.Errorf("%s: %d findings of %d bytes", test.name, len(found), size)
		}
	}
}
