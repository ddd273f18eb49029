package rules

import (
	"strings"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// schemaPrefix starts the ids of the rules that report what the JSON Schema
// says. A rule that knows more about the same value speaks instead of them.
const schemaPrefix = "schema-"

// Run checks one submission by the rules and returns the findings in their
// order.
func Run(specs []Spec, change *submission.Change, env *Env) []finding.Finding {
	var all []*finding.Finding
	var secrets []string
	shared := &memo{}
	for i := range specs {
		s := &specs[i]
		p := &Pass{Env: env, Change: change, Head: change.Head, Base: change.Base, spec: s, secrets: &secrets, memo: shared}
		switch {
		case change.Head == nil:
			if s.CheckRemoved != nil {
				s.CheckRemoved(p)
			}
		case s.Check != nil:
			s.Check(p)
		case s.CheckDefinition != nil && change.Head.Definition != nil:
			s.CheckDefinition(p, change.Head.Definition)
		}
		all = append(all, p.findings...)
	}
	type place struct{ path, pointer string }
	known := map[place]bool{}
	for _, f := range all {
		if f.Severity == finding.Error && f.Pointer != "" && !strings.HasPrefix(f.Rule, schemaPrefix) {
			known[place{f.Path, f.Pointer}] = true
		}
	}
	out := make([]finding.Finding, 0, len(all))
	for _, f := range all {
		if !strings.HasPrefix(f.Rule, schemaPrefix) || !known[place{f.Path, f.Pointer}] {
			redact(f, secrets)
			out = append(out, *f)
		}
	}
	return finding.Sort(out)
}
