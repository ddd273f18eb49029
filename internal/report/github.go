package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/finding"
)

// workflowCommands writes findings as workflow commands, which GitHub shows as
// annotations. It shows ten of each severity for a step, so that errors come
// first.
func workflowCommands(r Result) string {
	var b strings.Builder
	sorted := slices.Clone(r.Findings)
	slices.SortStableFunc(sorted, func(a, b finding.Finding) int { return int(b.Severity) - int(a.Severity) })
	for _, f := range sorted {
		if f.Shadow {
			continue
		}
		b.WriteString(WorkflowCommand(f))
	}
	errors, warnings, notices := finding.Count(r.Findings)
	fmt.Fprintf(&b, "%s, %s and %s in %s\n", count(errors, "error"), count(warnings, "warning"), count(notices, "notice"), count(r.Definitions, "definition"))
	return b.String()
}

// WorkflowCommand writes one finding as a workflow command, with a line feed at
// the end.
func WorkflowCommand(f finding.Finding) string {
	properties := fmt.Sprintf("file=%s,line=%d,endLine=%d", CommandProperty(Visible(f.Path)), f.Range.Start.Line, max(f.Range.End.Line, f.Range.Start.Line))
	if f.Range.Start.Line == f.Range.End.Line && f.Range.End.Column > f.Range.Start.Column {
		// GitHub's end column is the last one of the range, ours is behind it.
		properties += fmt.Sprintf(",col=%d,endColumn=%d", f.Range.Start.Column, f.Range.End.Column-1)
	}
	message := Visible(f.Message)
	if f.Hint != "" {
		message += "\n" + Visible(f.Hint)
	}
	return fmt.Sprintf("::%s %s,title=%s::%s\n", f.Severity, properties, CommandProperty(f.Rule), CommandData(message))
}

// CommandData escapes the message of a workflow command, so that it ends where
// it should.
func CommandData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// CommandProperty escapes a property of a workflow command, so that it adds no
// other one.
func CommandProperty(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(CommandData(s))
}
