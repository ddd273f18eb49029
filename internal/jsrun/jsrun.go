// Package jsrun runs the JavaScript of a definition's functions, each call in a
// child process of its own with limits on time and memory and without input and
// output.
//
// The platform runs functions in isolated-vm with 128 MB of memory, 2 s of time,
// no network and no files. The language here is the one of goja: ECMAScript 5.1,
// most of what came later, and none of what Node.js or a browser add, so that
// require, process, fetch, setTimeout and console are not defined. Which of the
// later features the platform has is not documented.
//
// Nothing here is for intake: the code of a pull request is parsed by
// internal/jscode and never run.
package jsrun

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/karzoun/miniapp-review/internal/jscode"
)

// The limits of a call. Time and memory are those of the platform; the others
// are ours, since the platform's are not documented.
const (
	// MaxTime is how long a function may run, parsing and the writing of its
	// result included. The start of the child does not count.
	MaxTime = 2 * time.Second
	// MaxMemory is how many bytes a function may use at a time beyond those
	// that the child needs for itself. The values of goja have other sizes than
	// those of V8, so that what just fits here may not fit there.
	MaxMemory = 128 << 20
	// MaxCode is how long the code may be, in bytes: intake refuses more.
	MaxCode = jscode.MaxBytes
	// MaxArgs is how long the arguments may be as JSON, in bytes.
	MaxArgs = 1 << 20
	// MaxResult is how long the result may be as JSON, in bytes.
	MaxResult = 1 << 20
	// MaxDepth is how deep calls may nest. V8 goes about twice as deep, which
	// depends on the calls; here the way back out of natives that call functions
	// takes a time that grows with the square of the depth.
	MaxDepth = 5000
	// MaxText is how long the text of an error is, in characters. A longer one is
	// cut.
	MaxText = 1000
)

// Call is one call of a function.
type Call struct {
	// Name is the function's key in the definition. It is used in errors alone.
	Name string
	// Code is the body of the function, Params the names of its parameters.
	Code   string
	Params []string
	// Args is an object with a member for each parameter. One that is missing is
	// undefined in the function, other members are left out. Nil stands for {}.
	Args json.RawMessage
	// Now is the time that the function sees, for as long as it runs. It sees it
	// in UTC.
	Now time.Time
	// Seed determines what Math.random returns.
	Seed uint64
}

// Kind tells errors apart.
type Kind string

// The kinds of errors.
const (
	// Syntax: the code or a parameter is no JavaScript that goja reads.
	Syntax Kind = "syntax"
	// Thrown: the function has thrown something.
	Thrown Kind = "thrown"
	// NotObject: the function has returned something else than a plain object.
	NotObject Kind = "not-object"
	// NotJSON: the object that was returned cannot be written as JSON.
	NotJSON Kind = "not-json"
	// TooLarge: the result is longer than MaxResult.
	TooLarge Kind = "too-large"
	// TooDeep: calls nest deeper than MaxDepth, or something else so deep that the
	// stack is used up.
	TooDeep Kind = "too-deep"
	// TimeLimit: the function has run longer than MaxTime.
	TimeLimit Kind = "time-limit"
	// MemoryLimit: the function has needed more than MaxMemory.
	MemoryLimit Kind = "memory-limit"
	// Failed: the function could not be run, for a reason outside of it or in the
	// interpreter.
	Failed Kind = "failed"
)

// Error says why a call has no result.
type Error struct {
	// Function is the name of the function.
	Function string `json:"-"`
	Kind     Kind   `json:"kind"`
	// Text is what is wrong. For what the function has thrown it is the message
	// alone, as the caller of the action sees it. It has one line, without
	// control characters, and comes from the function: it is to be escaped.
	Text string `json:"text"`
	// Type is the name of the error that was thrown, such as "TypeError", or "".
	Type string `json:"type,omitempty"`
	// Line and Column are where in the code it happened, from 1, or 0 when that is
	// not known. Lines end as JavaScript says, and columns count characters.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
}

// Error implements error.
func (e *Error) Error() string {
	at := ""
	if e.Line > 0 {
		at = fmt.Sprintf(" (line %d, column %d of its code)", e.Line, e.Column)
	}
	switch e.Kind {
	case Thrown:
		name := e.Type
		if name == "" {
			name = "an error"
		}
		return fmt.Sprintf("function %q has thrown %s%s: %s", e.Function, name, at, e.Text)
	case Syntax:
		return fmt.Sprintf("function %q cannot be parsed%s: %s", e.Function, at, e.Text)
	case Failed:
		return fmt.Sprintf("function %q could not be run: %s", e.Function, e.Text)
	}
	return fmt.Sprintf("function %q %s%s", e.Function, e.Text, at)
}

// clean makes one line of a text that comes from a function: what is not to be
// seen becomes a blank, and what is longer than MaxText is cut.
func clean(text string) string {
	var b strings.Builder
	n := 0
	for _, r := range strings.ToValidUTF8(text, "\uFFFD") {
		if n++; n > MaxText {
			b.WriteRune('…')
			break
		}
		if !unicode.IsPrint(r) {
			r = ' '
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}
