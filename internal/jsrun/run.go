package jsrun

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"time"
	"unicode"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/parser"
)

// script is the name that the code has in positions.
const script = "function"

// run runs a call in this process. It has no limits but MaxDepth and
// MaxResult: the process around it has them.
func run(c Call) (result json.RawMessage, failed *Error) {
	defer func() {
		if r := recover(); r != nil {
			result, failed = nil, crashed(r)
		}
	}()
	program, failed := compile(c.Params, c.Code)
	if failed != nil {
		return nil, failed
	}
	vm := goja.New()
	// Without this the parser, which eval has too, would read files that the code
	// names in comments.
	vm.SetParserOptions(parser.WithDisableSourceMaps)
	vm.SetMaxCallStackSize(MaxDepth)
	vm.SetTimeSource(func() time.Time { return c.Now })
	vm.SetRandSource(rand.New(rand.NewPCG(c.Seed, 0)).Float64)

	// Taken before the function can replace them.
	parse, err := builtin(vm, "parse")
	if err != nil {
		return nil, internal(err)
	}
	stringify, err := builtin(vm, "stringify")
	if err != nil {
		return nil, internal(err)
	}
	args, err := arguments(vm, parse, c)
	if err != nil {
		return nil, internal(err)
	}
	made, err := vm.RunProgram(program)
	if err != nil {
		return nil, thrown(vm, err, c.Code)
	}
	function, ok := goja.AssertFunction(made)
	if !ok {
		return nil, internal(errors.New("the code makes no function"))
	}
	value, err := function(goja.Undefined(), args...)
	if err != nil {
		return nil, thrown(vm, err, c.Code)
	}
	if what := notObject(value); what != "" {
		return nil, &Error{Kind: NotObject, Text: "returns " + what + ": it must return a plain object"}
	}
	return write(vm, stringify, value, c.Code)
}

// before is what stands before the code: one line, so that the lines of the code
// are one more than they should be.
func before(params []string) string { return "(function (" + strings.Join(params, ", ") + ") {\n" }

// compile makes a program whose value is the function. The code must be the body
// of a function on its own: what closes it early and opens another would run
// here, and not where bodies are parsed for themselves.
func compile(params []string, code string) (*goja.Program, *Error) {
	for _, p := range params {
		if !name(p) {
			return nil, &Error{Kind: Syntax, Text: clean(fmt.Sprintf("the parameter %q is no name", p))}
		}
	}
	source := before(params) + code + "\n})"
	tree, err := parser.ParseFile(nil, script, source, 0, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, syntax(err, code)
	}
	function := only(tree)
	if function == nil || int(function.Idx1()) != len(source) {
		return nil, &Error{Kind: Syntax, Text: "the code ends its own function: there is a closing brace too many"}
	}
	program, err := goja.CompileAST(tree, false)
	if err != nil {
		return nil, syntax(err, code)
	}
	return program, nil
}

// only returns the function that is all of a program, or nil.
func only(tree *ast.Program) *ast.FunctionLiteral {
	if len(tree.Body) != 1 {
		return nil
	}
	statement, ok := tree.Body[0].(*ast.ExpressionStatement)
	if !ok {
		return nil
	}
	function, _ := statement.Expression.(*ast.FunctionLiteral)
	return function
}

// name tells whether a parameter has the characters of a name, so that it cannot
// end the list of parameters. Words that are reserved are left to the parser.
func name(param string) bool {
	for i, r := range param {
		if r != '$' && r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return param != ""
}

// builtin returns a function of the JSON object.
func builtin(vm *goja.Runtime, name string) (goja.Callable, error) {
	f, ok := goja.AssertFunction(vm.Get("JSON").ToObject(vm).Get(name))
	if !ok {
		return nil, fmt.Errorf("JSON.%s is missing", name)
	}
	return f, nil
}

// arguments returns the values of the parameters, in their order.
func arguments(vm *goja.Runtime, parse goja.Callable, c Call) ([]goja.Value, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(c.Args, &members); err != nil {
		return nil, fmt.Errorf("reading the arguments: %w", err)
	}
	values := make([]goja.Value, len(c.Params))
	for i, p := range c.Params {
		values[i] = goja.Undefined()
		text, ok := members[p]
		if !ok {
			continue
		}
		value, err := parse(goja.Undefined(), vm.ToValue(string(text)))
		if err != nil {
			return nil, fmt.Errorf("reading the argument %q: %w", p, err)
		}
		values[i] = value
	}
	return values, nil
}

// notObject says what a value is that is no plain object, or "".
func notObject(v goja.Value) string {
	if v == nil || goja.IsUndefined(v) {
		return "nothing"
	}
	if goja.IsNull(v) {
		return "null"
	}
	object, ok := v.(*goja.Object)
	if !ok {
		return primitive(v)
	}
	if _, ok := goja.AssertFunction(object); ok {
		return "a function"
	}
	switch class := object.ClassName(); class {
	case "Object":
	case "Array":
		return "an array"
	case "Error":
		return "an error that it has not thrown"
	default:
		return "an object of the kind " + class
	}
	// What goja gives no class of its own has a Go type of its own. A proxy counts
	// as what it is written as.
	switch object.ExportType() {
	case reflect.TypeFor[*goja.Promise]():
		return "a promise, and nothing says that functions may be asynchronous"
	case reflect.TypeFor[[][2]any]():
		return "an object of the kind Map"
	case reflect.TypeFor[[]any]():
		return "an object of the kind Set"
	case reflect.TypeFor[map[string]any](), reflect.TypeFor[goja.Proxy]():
		return ""
	}
	return "bytes or a typed array"
}

func primitive(v goja.Value) string {
	switch {
	case goja.IsString(v):
		return "a text"
	case goja.IsBigInt(v):
		return "a BigInt"
	case goja.IsNumber(v):
		return "a number"
	}
	if _, ok := v.(*goja.Symbol); ok {
		return "a symbol"
	}
	return "true or false"
}

// write writes a value as JSON.
func write(vm *goja.Runtime, stringify goja.Callable, value goja.Value, code string) (json.RawMessage, *Error) {
	text, err := stringify(goja.Undefined(), value)
	if err != nil {
		failed := thrown(vm, err, code)
		if failed.Kind == Thrown {
			failed.Kind = NotJSON
			failed.Text = clean("returns an object that cannot be written as JSON: " + failed.Text)
		}
		return nil, failed
	}
	result := text.String()
	switch {
	case len(result) > MaxResult:
		return nil, &Error{Kind: TooLarge, Text: fmt.Sprintf("returns %d bytes of JSON: at most %d are read", len(result), MaxResult)}
	case !strings.HasPrefix(result, "{"):
		return nil, &Error{Kind: NotObject, Text: "returns an object that is none any more as JSON: it must return a plain object"}
	case !json.Valid([]byte(result)):
		return nil, &Error{Kind: NotJSON, Text: "returns an object that nests too deep to be written as JSON"}
	}
	return json.RawMessage(result), nil
}
