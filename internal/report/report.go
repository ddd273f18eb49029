// Package report prints findings: for people, for machines, and for GitHub. All
// printers are pure functions of a Result. What comes from a submission is
// escaped here, for each format in its own way.
package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/nearest"
)

// Result is everything that a run has to say.
type Result struct {
	// Findings are in the order of finding.Sort.
	Findings []finding.Finding
	// Definitions is how many submissions were checked.
	Definitions int
	// Waived is how many findings a waiver took away.
	Waived int
	// Fixed is what was fixed before.
	Fixed []Fixed
	// Sources returns the text of a file for excerpts, or nil. It may be nil.
	Sources func(path string) *jsondoc.Lines
	// Elapsed is how long the run took; 0 is not shown.
	Elapsed time.Duration
}

// Fixed is one fix that was made.
type Fixed struct{ Path, Rule, Title string }

// RuleInfo is what SARIF says of a rule.
type RuleInfo struct{ ID, Title, Purpose string }

// Options say how to print.
type Options struct {
	// Color uses the colours of a terminal, in the text format.
	Color bool
	// Width is the number of columns of the terminal; 0 when unknown.
	Width int
	// Version is the version of the tool.
	Version string
	// Rules returns what is known of a rule. It may be nil.
	Rules func(id string) (RuleInfo, bool)
}

// Format is an output format.
type Format string

// The formats.
const (
	Text   Format = "text"
	JSON   Format = "json"
	SARIF  Format = "sarif"
	GitHub Format = "github"
)

// FormatNames returns the names of all formats.
func FormatNames() []string {
	return []string{string(Text), string(JSON), string(SARIF), string(GitHub)}
}

// ParseFormat reads the name of a format.
func ParseFormat(name string) (Format, error) {
	for _, n := range FormatNames() {
		if n == name {
			return Format(n), nil
		}
	}
	hint := ""
	if near, ok := nearest.Word(name, FormatNames()); ok {
		hint = fmt.Sprintf("did you mean %q? ", near)
	}
	return "", fmt.Errorf("unknown format %q: %sexpected one of %s", name, hint, strings.Join(FormatNames(), ", "))
}

// Print writes a result in a format.
func Print(w io.Writer, format Format, r Result, o Options) error {
	var err error
	switch format {
	case JSON:
		err = printJSON(w, r)
	case SARIF:
		err = printSARIF(w, r, o)
	case GitHub:
		_, err = io.WriteString(w, workflowCommands(r))
	default:
		_, err = io.WriteString(w, text(r, o))
	}
	return err
}
