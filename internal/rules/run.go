package rules

import (
	"strings"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// schemaPrefix starts the ids of the rules that report what the JSON Schema
// says. A rule that knows more about the same value speaks instead of them.
const schemaPrefix = "schema-"

// mostFindings bounds what one rule says of one submission. Nobody reads more,
// and a file of 1 MiB can break a rule a hundred thousand times.
const mostFindings = 200

// few returns the findings of the rule, of which there are no more than
// mostFindings and one that counts the others. It is as severe as they are, so
// that nothing is let through.
func (p *Pass) few() []*finding.Finding {
	if len(p.findings) <= mostFindings {
		return p.findings
	}
	shown, left := p.findings[:mostFindings:mostFindings], p.findings[mostFindings:]
	worst := finding.Notice
	for _, f := range left {
		worst = max(worst, f.Severity)
	}
	p.findings = nil
	p.File("", "there are %d more findings of this rule", len(left)).As(worst).Tell("more").
		Hint("Mend those that are shown, and check again.").Path = left[0].Path
	return append(shown, p.findings...)
}

// Run checks one submission by the rules and returns the findings in their
// order.
func Run(specs []Spec, change *submission.Change, env *Env) []finding.Finding {
	var all []*finding.Finding
	var secrets []string
	shared := &memo{}
	// One pass after the other: no rule keeps its own.
	p := &Pass{Env: env, Change: change, Head: change.Head, Base: change.Base, secrets: &secrets, memo: shared}
	for i := range specs {
		s := &specs[i]
		p.spec, p.findings = s, nil
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
		all = append(all, p.few()...)
	}
	if len(all) == 0 {
		return nil
	}
	type place struct{ path, pointer string }
	known := map[place]bool{}
	for _, f := range all {
		if f.Severity == finding.Error && f.Pointer != "" && !strings.HasPrefix(f.Rule, schemaPrefix) {
			known[place{f.Path, f.Pointer}] = true
		}
	}
	hide := newHider(secrets)
	out := make([]finding.Finding, 0, len(all))
	for _, f := range all {
		if !strings.HasPrefix(f.Rule, schemaPrefix) || !known[place{f.Path, f.Pointer}] {
			hide.redact(f)
			out = append(out, *f)
		}
	}
	return finding.Sort(out)
}
