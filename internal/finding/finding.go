// Package finding defines what the checks say: findings, their fixes, and sets
// of them in one fixed order.
package finding

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// Severity says what a finding does to a submission.
type Severity uint8

// The severities, mildest first, so that they can be compared.
const (
	// Notice informs and blocks nobody.
	Notice Severity = iota + 1
	// Warning asks the partner or the reviewer to look; it blocks nobody.
	Warning
	// Error keeps a submission in intake.
	Error
)

// String returns the word that configuration and output use.
func (s Severity) String() string {
	switch s {
	case Notice:
		return "notice"
	case Warning:
		return "warning"
	case Error:
		return "error"
	}
	return "none"
}

// ParseSeverity reads the word of a severity.
func ParseSeverity(word string) (Severity, error) {
	for _, s := range []Severity{Notice, Warning, Error} {
		if word == s.String() {
			return s, nil
		}
	}
	return 0, fmt.Errorf("unknown severity %q: use \"error\", \"warning\" or \"notice\"", word)
}

// MarshalText writes the word of the severity.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the word of a severity.
func (s *Severity) UnmarshalText(text []byte) error {
	v, err := ParseSeverity(string(text))
	*s = v
	return err
}

// Range is a half-open range of a file: End is the position after the last
// character. The zero Range is not valid; a finding about a whole file has
// WholeFile.
type Range struct{ Start, End jsondoc.Position }

// WholeFile is the range of a finding that is about a file as a whole.
func WholeFile() Range {
	p := jsondoc.Position{Line: 1, Column: 1}
	return Range{Start: p, End: p}
}

// Place is a second location that belongs to a finding.
type Place struct {
	Path    string
	Range   Range
	Message string
}

// Finding is one thing that a rule has to say about one place.
type Finding struct {
	// Rule is the permanent id of the rule, in kebab-case.
	Rule     string
	Severity Severity
	// Path is relative to the root of the definitions repository, with slashes.
	Path  string
	Range Range
	// Pointer is the JSON Pointer (RFC 6901) of the value, if Path is JSON.
	Pointer string
	// Message says what is wrong, Hint how to mend it.
	Message, Hint string
	// Value tells findings of one rule at one pointer apart, and only that. It
	// is part of the identity and never shown.
	Value string
	// Related are other places that belong to the finding.
	Related []Place
	// Fix mends the finding, if there is a way without a choice.
	Fix *Fix
	// Sensitive says that Range holds a credential: no output may repeat what
	// stands there.
	Sensitive bool
	// Shadow marks a finding that is told to maintainers only and blocks nobody.
	Shadow bool
}

// Fix is a change of files that mends a finding.
type Fix struct {
	// Title says what the change does, as an imperative sentence part.
	Title string
	// Edits are non-overlapping, and made together or not at all.
	Edits []Edit
	// Derived says that the text follows from all that the submission changes,
	// so that it is only right when other fixes are made: a version, or the
	// section of a changelog.
	Derived bool
}

// Edit replaces a range of one file. When Create is set, the file does not
// exist yet and Text is all of it.
type Edit struct {
	Path   string
	Span   jsondoc.Span // byte offsets in the file as it was read
	Range  Range        // the same as positions
	Text   string
	Create bool
}

// Identity names the finding across runs. It holds no line, so that a finding
// that only moved stays the same one.
func (f Finding) Identity() string {
	h := sha256.New()
	for _, part := range []string{f.Rule, f.Path, f.Pointer, f.Value} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))[:24]
}

// Compare orders findings by path, line, column, rule and then everything else
// that is visible, so that equal sets have equal bytes.
func Compare(a, b Finding) int {
	return cmp.Or(
		strings.Compare(a.Path, b.Path),
		cmp.Compare(a.Range.Start.Line, b.Range.Start.Line),
		cmp.Compare(a.Range.Start.Column, b.Range.Start.Column),
		strings.Compare(a.Rule, b.Rule),
		strings.Compare(a.Pointer, b.Pointer),
		strings.Compare(a.Message, b.Message),
		strings.Compare(a.Value, b.Value),
	)
}

// Sort brings findings into their order and drops those that say the same
// about the same place.
func Sort(findings []Finding) []Finding {
	slices.SortStableFunc(findings, Compare)
	return slices.CompactFunc(findings, func(a, b Finding) bool { return Compare(a, b) == 0 })
}

// Count returns how many findings block, warn and inform. Findings of rules in
// shadow count as nothing.
func Count(findings []Finding) (errors, warnings, notices int) {
	for _, f := range findings {
		switch {
		case f.Shadow:
		case f.Severity == Error:
			errors++
		case f.Severity == Warning:
			warnings++
		default:
			notices++
		}
	}
	return errors, warnings, notices
}
