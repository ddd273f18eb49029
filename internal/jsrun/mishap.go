package jsrun

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/parser"
)

// syntax makes an error of what the parser or the compiler says.
func syntax(err error, code string) *Error {
	out := &Error{Kind: Syntax, Text: clean(err.Error())}
	var list parser.ErrorList
	var compiler *goja.CompilerSyntaxError
	switch {
	case errors.As(err, &list) && len(list) > 0:
		out.Text = clean(list[0].Message)
		out.place(list[0].Position, code)
	case errors.As(err, &compiler):
		out.Text = clean(compiler.Message)
		if compiler.File != nil {
			out.place(compiler.File.Position(compiler.Offset), code)
		}
	}
	return out
}

// place sets where in the code something is, by the position in the program,
// whose columns count bytes. What the parser finds behind the code is missing at
// its end.
func (e *Error) place(at file.Position, code string) {
	line := at.Line - 1
	if line < 1 {
		return // among the parameters
	}
	// These end a line of JavaScript.
	ends := strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n")
	lines := strings.Split(ends.Replace(code), "\n")
	before := lines[len(lines)-1]
	if line <= len(lines) {
		before = lines[line-1]
		before = before[:min(max(at.Column-1, 0), len(before))]
	}
	e.Line, e.Column = min(line, len(lines)), utf8.RuneCountInString(before)+1
}

// thrown makes an error of what a call into the interpreter returns.
func thrown(vm *goja.Runtime, err error, code string) *Error {
	var deep *goja.StackOverflowError
	if errors.As(err, &deep) {
		return errDeep()
	}
	var exception *goja.Exception
	if !errors.As(err, &exception) {
		return internal(err)
	}
	out := &Error{Kind: Thrown, Text: "something that cannot be shown"}
	for _, frame := range exception.Stack() {
		if frame.SrcName() == script {
			out.place(frame.Position(), code)
			break
		}
	}
	// Reading what was thrown may run more of the function, which may throw again.
	_ = vm.Try(func() {
		value := exception.Value()
		object, ok := value.(*goja.Object)
		if !ok {
			out.Text = clean(value.String())
			return
		}
		message := object.Get("message")
		if object.ClassName() != "Error" && text(message) == "" {
			out.Text = clean(object.String())
			return
		}
		out.Text = clean(text(message))
		out.Type = clean(text(object.Get("name")))
	})
	return out
}

func text(v goja.Value) string {
	if v == nil || goja.IsUndefined(v) {
		return ""
	}
	return v.String()
}

// crashed makes an error of a panic in the interpreter. Asking for more memory
// than there can be is one.
func crashed(r any) *Error {
	err, ok := r.(error)
	if !ok {
		return internal(fmt.Errorf("%v", r))
	}
	var deep *goja.StackOverflowError
	if errors.As(err, &deep) {
		return errDeep()
	}
	var bug runtime.Error
	if errors.As(err, &bug) && strings.Contains(bug.Error(), "out of range") && strings.HasPrefix(strings.TrimPrefix(bug.Error(), "runtime error: "), "make") {
		return errMemory()
	}
	return internal(err)
}

// internal makes an error of a failure of the interpreter.
func internal(err error) *Error {
	return &Error{Kind: Failed, Text: clean("the interpreter has failed: " + err.Error())}
}
