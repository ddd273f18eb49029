// Package jscode reads the JavaScript of functions without running it: whether
// it can be parsed, what it returns, and which names it takes from outside.
package jscode

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/js"
)

// MaxBytes is how long a function's code may be. What is longer could not be
// reviewed, and would make the parser use memory out of proportion.
const MaxBytes = 32 << 10

// ErrTooLong says that the code is longer than MaxBytes.
var ErrTooLong = fmt.Errorf("the code is longer than %d bytes", MaxBytes)

// SyntaxError says where the code cannot be read. Line and Column start at 1;
// Column counts bytes.
type SyntaxError struct {
	Line, Column int
	Message      string
}

// Error implements error.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// Code is what is known of a function's code.
type Code struct {
	// Returns says that the code has a return statement of its own, with a
	// value; those of functions inside of it do not count.
	Returns bool
	// NoObject describes the first returned value that can be no plain object,
	// such as "an array", or is "".
	NoObject string
	// Keys are the keys of the objects that are returned, sorted. KeysKnown is
	// false when there may be others, since a returned value is computed.
	Keys      []string
	KeysKnown bool
	// Free are the names that the code uses and does not declare, sorted. Names
	// that it assigns to are left out: they declare themselves.
	Free []string
	// Imports says that the code has an import, which a function cannot have.
	Imports bool
}

// Read reads the body of a function. Its errors are ErrTooLong and
// *SyntaxError. It takes time and memory in proportion to the code; nesting
// beyond a fixed depth is a syntax error.
func Read(body string) (*Code, error) {
	if len(body) > MaxBytes {
		return nil, ErrTooLong
	}
	// Inline code may return, as the body of a function may.
	ast, err := js.Parse(parse.NewInputString(body), js.Options{Inline: true})
	if err != nil {
		return nil, syntaxError(err)
	}
	code := &Code{KeysKnown: true}
	js.Walk(&returns{code: code}, ast)
	all := &everywhere{code: code, assigned: map[string]bool{}}
	js.Walk(all, ast)
	for _, v := range ast.Undeclared {
		if name := string(v.Data); !all.assigned[name] {
			code.Free = append(code.Free, name)
		}
	}
	slices.Sort(code.Free)
	code.Free = slices.Compact(code.Free)
	slices.Sort(code.Keys)
	code.Keys = slices.Compact(code.Keys)
	return code, nil
}

func syntaxError(err error) error {
	var at *parse.Error
	if !errors.As(err, &at) {
		return &SyntaxError{Line: 1, Column: 1, Message: firstLine(err.Error())}
	}
	return &SyntaxError{Line: at.Line, Column: at.Column, Message: firstLine(at.Message)}
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// returns visits the statements of the function itself, not of those inside.
type returns struct{ code *Code }

// Exit implements js.IVisitor.
func (r *returns) Exit(js.INode) {}

// Enter implements js.IVisitor.
func (r *returns) Enter(n js.INode) js.IVisitor {
	switch n := n.(type) {
	case *js.FuncDecl, *js.ArrowFunc, *js.MethodDecl, *js.ClassDecl:
		return nil
	case *js.ReturnStmt:
		if n.Value == nil {
			r.noObject("nothing")
			return nil
		}
		r.code.Returns = true
		r.value(n.Value)
		return nil
	}
	return r
}

func (r *returns) noObject(what string) {
	if r.code.NoObject == "" {
		r.code.NoObject = what
	}
}

// value looks at a returned value.
func (r *returns) value(e js.IExpr) {
	switch e := e.(type) {
	case *js.GroupExpr:
		r.value(e.X)
	case *js.CondExpr:
		r.value(e.X)
		r.value(e.Y)
	case *js.ObjectExpr:
		for _, p := range e.List {
			key, ok := propertyKey(p)
			if !ok {
				r.code.KeysKnown = false
				continue
			}
			r.code.Keys = append(r.code.Keys, key)
		}
	case *js.ArrayExpr:
		r.noObject("an array")
	case *js.TemplateExpr:
		if e.Tag == nil {
			r.noObject("a text")
		}
	case *js.FuncDecl, *js.ArrowFunc, *js.ClassDecl:
		r.noObject("a function")
	case *js.LiteralExpr:
		r.literal(e.TokenType)
	case *js.Var:
		if string(e.Data) == "undefined" {
			r.noObject("nothing")
			return
		}
		r.code.KeysKnown = false
	default:
		r.code.KeysKnown = false
	}
}

func (r *returns) literal(t js.TokenType) {
	switch t {
	case js.StringToken:
		r.noObject("a text")
	case js.TrueToken, js.FalseToken:
		r.noObject("true or false")
	case js.NullToken:
		r.noObject("null")
	default:
		if js.IsNumeric(t) {
			r.noObject("a number")
		} else {
			r.code.KeysKnown = false
		}
	}
}

// propertyKey returns the key of a member of an object, when it is a plain
// name.
func propertyKey(p js.Property) (string, bool) {
	if p.Spread || p.Name == nil || p.Name.IsComputed() {
		return "", false
	}
	text := string(p.Name.Literal.Data)
	if p.Name.Literal.TokenType == js.StringToken {
		text = strings.Trim(text, `"'`)
	}
	return text, text != "" && !strings.ContainsAny(text, "\\\"'")
}

// everywhere visits the whole code.
type everywhere struct {
	code     *Code
	assigned map[string]bool
}

// Exit implements js.IVisitor.
func (v *everywhere) Exit(js.INode) {}

// Enter implements js.IVisitor.
func (v *everywhere) Enter(n js.INode) js.IVisitor {
	switch n := n.(type) {
	case *js.ImportStmt, *js.ExportStmt:
		v.code.Imports = true
	case *js.LiteralExpr:
		if n.TokenType == js.ImportToken {
			v.code.Imports = true
		}
	case *js.BinaryExpr:
		if n.Op == js.EqToken {
			v.assign(n.X)
		}
	case *js.ForInStmt:
		v.assign(n.Init)
	case *js.ForOfStmt:
		v.assign(n.Init)
	}
	return v
}

func (v *everywhere) assign(e js.INode) {
	if name, ok := e.(*js.Var); ok {
		v.assigned[string(name.Data)] = true
	}
}
