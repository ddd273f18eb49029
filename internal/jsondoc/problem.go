package jsondoc

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// The limits of the reader. They are far above what a definition needs (the
// largest known ones are around 40 KB and 12 levels) and far below what could
// hurt: see Problem for what happens beyond them.
const (
	MaxBytes        = 1 << 20 // size of a document
	MaxDepth        = 32      // nesting of objects and arrays
	MaxNumberLength = 40      // characters of a number
	MaxExponent     = 308     // absolute value of a number's exponent
)

// Code says which promise of the reader a text breaks.
type Code string

// The codes of problems.
const (
	TooLarge       Code = "too-large"
	Encoding       Code = "encoding"
	ByteOrderMark  Code = "byte-order-mark"
	Syntax         Code = "syntax"
	Comment        Code = "comment"
	TrailingComma  Code = "trailing-comma"
	DuplicateKey   Code = "duplicate-key"
	LoneSurrogate  Code = "lone-surrogate"
	TooDeep        Code = "too-deep"
	NumberTooLarge Code = "number"
	TrailingData   Code = "trailing-data"
)

// Problem is one reason why a text is not an acceptable document.
type Problem struct {
	Code Code
	// Span is where the problem is, Related where its other half is (the first
	// of two equal keys), if it has one.
	Span    Span
	Related *Span
	// Pointer is the JSON Pointer of the value that the problem is in.
	Pointer string
	Message string
	Hint    string
	// Fix is a set of edits that mends the problem without a choice, or nil.
	Fix []Edit
}

// Error makes a Problem usable as an error.
func (p Problem) Error() string { return p.Message }

// MaxProblems is how many problems are reported at most.
const MaxProblems = 100

func (p *parser) report(pr Problem) {
	if len(p.path) > 0 {
		pr.Pointer = p.path[len(p.path)-1].Pointer()
	}
	if len(p.problems) < MaxProblems {
		p.problems = append(p.problems, pr)
	}
}

// sort brings problems into the order of the text: a duplicate key is only
// found when its object has been read.
func (p *parser) sort() {
	slices.SortStableFunc(p.problems, func(a, b Problem) int { return a.Span.Start - b.Span.Start })
}

// fail reports a problem that ends the reading.
func (p *parser) fail(code Code, span Span, message, hint string) {
	if p.dead {
		return
	}
	p.dead = true
	if code == Syntax && p.conflictAt(span.Start) {
		span.End = span.Start + len("<<<<<<<")
		message = "this is a mark of a merge conflict"
		hint = "Settle the conflict: keep one of the two sides, and take the lines with <<<<<<<, ======= and >>>>>>> out."
	}
	p.report(Problem{Code: code, Span: span, Message: message, Hint: hint})
}

// describe names what stands at the current position.
func (p *parser) describe() string {
	if p.at >= len(p.text) {
		return "the end of the document"
	}
	r, _ := utf8.DecodeRune(p.text[p.at:])
	return quote(string(r))
}

// unclosedHint names the innermost container that is still open.
func (p *parser) unclosedHint() string {
	if len(p.path) == 0 {
		return "The file must hold one JSON value."
	}
	n := p.path[len(p.path)-1]
	line := bytes.Count(p.text[:n.Span.Start], []byte("\n")) + 1
	return fmt.Sprintf("Close the %s that starts on line %d.", n.Kind, line)
}

// quote shows a submitted text in a message: escaped, and cut when it is long.
func quote(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	return strconv.Quote(s)
}
