package jsrun

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// runner returns a Runner that gives functions far more time than they have, so
// that a machine with other things to do changes no result.
func runner(t testing.TB) *Runner {
	t.Helper()
	r := newRunner(t)
	r.maxTime = ceiling / 2
	return r
}

func newRunner(t testing.TB) *Runner {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return New(path, child)
}

func call(t testing.TB, code string) (json.RawMessage, *Error) {
	t.Helper()
	return callWith(t, Call{Name: "f", Code: code})
}

func callWith(t testing.TB, c Call) (json.RawMessage, *Error) {
	t.Helper()
	result, err := runner(t).Call(context.Background(), c)
	var failed *Error
	if err != nil && !errors.As(err, &failed) {
		t.Fatalf("%s: %v", c.Code, err)
	}
	return result, failed
}

func TestResults(t *testing.T) {
	for _, test := range []struct{ code, params, args, want string }{
		{"return {};", "", "", `{}`},
		{"return { z: 1, a: 'x', m: [true, null, 1.5] };", "", "", `{"z":1,"a":"x","m":[true,null,1.5]}`},
		{"return { b: 1, 10: 2, 9: 3 };", "", "", `{"9":3,"10":2,"b":1}`},
		{"return { sum: a + b };", "a b", `{"b": 2, "a": 40, "c": 1}`, `{"sum":42}`},
		{"return { got: typeof missing, more: typeof toString };", "missing toString", `{}`, `{"got":"undefined","more":"undefined"}`},
		{"return { rows: rows.filter(r => r.n > 1) };", "rows", `{"rows":[{"n":1},{"n":2,"t":"<b>\u2028&é😀"}]}`, `{"rows":[{"n":2,"t":"<b>` + "\u2028" + `&é😀"}]}`},
		{"return { a: a };", "a", `{"a":{"__proto__":{"x":1},"constructor":2}}`, `{"a":{"__proto__":{"x":1},"constructor":2}}`},
		{"return { u: undefined, n: NaN, f: function () {}, d: new Date(0), s: Symbol('x') };", "", "", `{"n":null,"d":"1970-01-01T00:00:00.000Z"}`},
		{"return { big: 9007199254740993, small: -0, e: 1e21 };", "", "", `{"big":9007199254740992,"small":0,"e":1e+21}`},
		{"return Object.create(null, { a: { value: 1, enumerable: true } });", "", "", `{"a":1}`},
		{"class P { constructor() { this.x = 1; } m() {} } return new P();", "", "", `{"x":1}`},
		{"return new Proxy({ a: 1 }, { get: (o, k) => k === 'toJSON' ? undefined : 7 });", "", "", `{"a":7}`},
		{"return { __proto__: { hidden: 1 }, own: 2 };", "", "", `{"own":2}`},
		{"return { toJSON: function () { return { other: 1 }; } };", "", "", `{"other":1}`},
		{"return { self: this === globalThis, n: arguments.length };", "a", `{"a":1}`, `{"self":true,"n":1}`},
		{"return { a: 1 } // no line after this", "", "", `{"a":1}`},
		{"if (true) { return { a: 1 } }\nreturn { b: 2 }", "", "", `{"a":1}`},
		{"return { a: eval('1 + 1'), b: new Function('x', 'return x * 2')(4) };", "", "", `{"a":2,"b":8}`},
		{"JSON.stringify = null; JSON = 0; Object.prototype.x = 1; return { a: 1 };", "", "", `{"a":1}`},
		{"try { null.x } catch (e) { return { m: e instanceof TypeError } }", "", "", `{"m":true}`},
		{"//# sourceMappingURL=/nowhere/at/all\nreturn { a: 1 };", "", "", `{"a":1}`},
		{"return { a: 1 };\n//# sourceMappingURL=/nowhere/at/all", "", "", `{"a":1}`},
		{"return eval('({ a: 1 });\\n//# sourceMappingURL=/nowhere/at/all');", "", "", `{"a":1}`},
		{"return { t: new Date().toString(), z: new Date().getTimezoneOffset(), n: Date.now() };", "", "", `{"t":"Mon Nov 23 2026 12:00:00 GMT+0000 (UTC)","z":0,"n":1795435200000}`},
		{"return { a: '\\ud800' };", "", "", `{"a":"\ud800"}`},
	} {
		c := Call{Name: "f", Code: test.code, Params: strings.Fields(test.params), Args: json.RawMessage(test.args),
			Now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.FixedZone("", 0))}
		if test.args == "" {
			c.Args = nil
		}
		got, failed := callWith(t, c)
		if failed != nil || string(got) != test.want {
			t.Errorf("%s:\n got %s (%v)\nwant %s", test.code, got, failed, test.want)
		}
	}
}

// TestRepeats checks that a call gives the same twice, and something else with
// another seed.
func TestRepeats(t *testing.T) {
	c := Call{Name: "f", Code: "return { a: Math.random(), b: Math.random() };", Seed: 7}
	first, _ := callWith(t, c)
	second, _ := callWith(t, c)
	c.Seed = 8
	third, _ := callWith(t, c)
	if first == nil || string(first) != string(second) || string(first) == string(third) {
		t.Errorf("got %s, %s and, with another seed, %s", first, second, third)
	}
}

// TestErrors runs functions that end within the limits in this process.
func TestErrors(t *testing.T) {
	for _, test := range []struct {
		code string
		want Error
	}{
		{"throw new Error('no such row');", Error{Kind: Thrown, Type: "Error", Text: "no such row", Line: 1, Column: 7}},
		{"var a = 1;\n  null.x;", Error{Kind: Thrown, Type: "TypeError", Text: "Cannot read property 'x' of undefined", Line: 2, Column: 8}},
		{"\n\nmissing();", Error{Kind: Thrown, Type: "ReferenceError", Text: "missing is not defined", Line: 3, Column: 8}},
		{"function g() {\n  throw new RangeError('x');\n}\ng();", Error{Kind: Thrown, Type: "RangeError", Text: "x", Line: 2, Column: 9}},
		{"throw 'a\\u0007\\n\\u202eb';", Error{Kind: Thrown, Text: "a   b", Line: 1, Column: 1}},
		{"throw { message: 'm', name: 'N' };", Error{Kind: Thrown, Text: "m", Type: "N", Line: 1, Column: 1}},
		{"throw { a: 1 };", Error{Kind: Thrown, Text: "[object Object]", Line: 1, Column: 1}},
		{"throw undefined;", Error{Kind: Thrown, Text: "undefined", Line: 1, Column: 1}},
		{"throw Symbol('s');", Error{Kind: Thrown, Text: "s", Line: 1, Column: 1}},
		{"throw { get message() { throw 1; } };", Error{Kind: Thrown, Text: "something that cannot be shown", Line: 1, Column: 1}},
		{"throw new Proxy({}, { get() { throw 1; } });", Error{Kind: Thrown, Text: "something that cannot be shown", Line: 1, Column: 1}},
		{"throw 'é'.repeat(5000);", Error{Kind: Thrown, Text: strings.Repeat("é", MaxText) + "…", Line: 1, Column: 1}},
		{"eval('throw 1');", Error{Kind: Thrown, Text: "1", Line: 1, Column: 5}},
		{"eval('1 +');", Error{Kind: Thrown, Type: "SyntaxError", Text: "SyntaxError: <eval>: Line 1:4 Unexpected end of input", Line: 1, Column: 5}},

		{"return { a: 1 ;", Error{Kind: Syntax, Text: "Unexpected token ;", Line: 1, Column: 15}},
		{"var é = 1;\nreturn 'é' +;", Error{Kind: Syntax, Text: "Unexpected token ;", Line: 2, Column: 13}},
		{"if (a) {\n  return {};", Error{Kind: Syntax, Text: "Unexpected token )", Line: 2, Column: 13}},
		{"var a = 1;\r\nvar b = 2;\u2028return 'é😀' +;", Error{Kind: Syntax, Text: "Unexpected token ;", Line: 3, Column: 14}},
		{"let a; let a; return {};", Error{Kind: Syntax, Text: "Identifier 'a' has already been declared", Line: 1, Column: 12}},
		{"import fs from 'fs'; return {};", Error{Kind: Syntax, Text: "Unexpected reserved word", Line: 1, Column: 1}},
		{"return import('fs');", Error{Kind: Syntax, Text: "Unexpected reserved word", Line: 1, Column: 8}},
		{"return {}; }); (function () {", Error{Kind: Syntax, Text: "the code ends its own function: there is a closing brace too many"}},
		{"return {}; }, function () {", Error{Kind: Syntax, Text: "the code ends its own function: there is a closing brace too many"}},
		{"} + function () {", Error{Kind: Syntax, Text: "the code ends its own function: there is a closing brace too many"}},

		{"return;", Error{Kind: NotObject, Text: "returns nothing: it must return a plain object"}},
		{"", Error{Kind: NotObject, Text: "returns nothing: it must return a plain object"}},
		{"return null;", Error{Kind: NotObject, Text: "returns null: it must return a plain object"}},
		{"return [1];", Error{Kind: NotObject, Text: "returns an array: it must return a plain object"}},
		{"return 'a';", Error{Kind: NotObject, Text: "returns a text: it must return a plain object"}},
		{"return 1;", Error{Kind: NotObject, Text: "returns a number: it must return a plain object"}},
		{"return 1n;", Error{Kind: NotObject, Text: "returns a BigInt: it must return a plain object"}},
		{"return false;", Error{Kind: NotObject, Text: "returns true or false: it must return a plain object"}},
		{"return Symbol();", Error{Kind: NotObject, Text: "returns a symbol: it must return a plain object"}},
		{"return () => 1;", Error{Kind: NotObject, Text: "returns a function: it must return a plain object"}},
		{"return new Date(0);", Error{Kind: NotObject, Text: "returns an object of the kind Date: it must return a plain object"}},
		{"return new Map([[1, 2]]);", Error{Kind: NotObject, Text: "returns an object of the kind Map: it must return a plain object"}},
		{"return new Error('x');", Error{Kind: NotObject, Text: "returns an error that it has not thrown: it must return a plain object"}},
		{"return new Set([1]);", Error{Kind: NotObject, Text: "returns an object of the kind Set: it must return a plain object"}},
		{"return new Uint8Array(1);", Error{Kind: NotObject, Text: "returns bytes or a typed array: it must return a plain object"}},
		{"return new Proxy([], {});", Error{Kind: NotObject, Text: "returns an object that is none any more as JSON: it must return a plain object"}},
		{"return (async () => ({ a: 1 }))();", Error{Kind: NotObject, Text: "returns a promise, and nothing says that functions may be asynchronous: it must return a plain object"}},
		{"return { toJSON: () => [1] };", Error{Kind: NotObject, Text: "returns an object that is none any more as JSON: it must return a plain object"}},
		{"return { toJSON: () => undefined };", Error{Kind: NotObject, Text: "returns an object that is none any more as JSON: it must return a plain object"}},

		{"var a = {}; a.a = a; return a;", Error{Kind: NotJSON, Type: "TypeError", Text: "returns an object that cannot be written as JSON: Converting circular structure to JSON"}},
		{"return { a: 1n };", Error{Kind: NotJSON, Type: "TypeError", Text: "returns an object that cannot be written as JSON: Do not know how to serialize a BigInt"}},
		{"return { toJSON: () => { throw new Error('no'); } };", Error{Kind: NotJSON, Type: "Error", Text: "returns an object that cannot be written as JSON: no", Line: 1, Column: 32}},
		{"return { get a() { throw new Error('no'); } };", Error{Kind: NotJSON, Type: "Error", Text: "returns an object that cannot be written as JSON: no", Line: 1, Column: 26}},
		{"return { a: new Proxy({}, { ownKeys() { throw 'no'; } }) };", Error{Kind: NotJSON, Text: "returns an object that cannot be written as JSON: no", Line: 1, Column: 41}},
		{"var a = {}; for (var i = 0; i < 10500; i++) { a = { a: a }; } return a;", Error{Kind: NotJSON, Text: "returns an object that nests too deep to be written as JSON"}},
		{"return { a: 'x'.repeat(1100000) };", Error{Kind: TooLarge, Text: "returns 1100008 bytes of JSON: at most 1048576 are read"}},
	} {
		got, failed := run(Call{Code: test.code, Args: json.RawMessage("{}")})
		want := test.want
		if failed == nil {
			t.Errorf("%.100s:\n got %.100s\nwant %+v", test.code, got, want)
		} else if *failed != want {
			t.Errorf("%.100s:\n got %.300s\nwant %.300s", test.code, fmt.Sprintf("%+v", *failed), fmt.Sprintf("%+v", want))
		}
	}
}

// TestErrorOfChild checks that an error comes through as it is.
func TestErrorOfChild(t *testing.T) {
	_, failed := call(t, "\nthrow new TypeError('<é>\\u202e' + 'x'.repeat(2000));")
	want := Error{Function: "f", Kind: Thrown, Type: "TypeError", Text: "<é> " + strings.Repeat("x", MaxText-4) + "…", Line: 2, Column: 7}
	if failed == nil || *failed != want {
		t.Errorf("got %+v, want %+v", failed, want)
	}
}

func TestParameters(t *testing.T) {
	for _, params := range []string{"a b", "class", "a=1", "...a", "{a}", "a,b", "a){}/*", "", "a/**/", "1"} {
		_, failed := callWith(t, Call{Name: "f", Code: "return {};", Params: []string{params}})
		if failed == nil || failed.Kind != Syntax || failed.Line != 0 {
			t.Errorf("the parameter %q gives %v, want a syntax error without a place in the code", params, failed)
		}
	}
	got, failed := callWith(t, Call{Name: "f", Code: "return { $a: $a, é: é };", Params: []string{"$a", "é"}, Args: json.RawMessage(`{"$a":1,"é":2}`)})
	if failed != nil || string(got) != `{"$a":1,"é":2}` {
		t.Errorf("got %s, %v", got, failed)
	}
}

func TestWrongCalls(t *testing.T) {
	r := runner(t)
	for _, args := range []string{"[]", "null", "1", "", "{", `{"a":1} 2`} {
		_, err := r.Call(context.Background(), Call{Name: "f", Code: "return {};", Args: json.RawMessage(args)})
		if err == nil || !strings.Contains(err.Error(), "no JSON object") {
			t.Errorf("the arguments %q give %v", args, err)
		}
	}
	if _, err := r.Call(context.Background(), Call{Name: "f", Args: json.RawMessage(`{"a":"` + strings.Repeat("a", MaxArgs) + `"}`)}); err == nil {
		t.Error("arguments that are too long are taken")
	}
	if _, failed := call(t, "return {};"+strings.Repeat(" ", MaxCode)); failed == nil || failed.Kind != Syntax {
		t.Errorf("code that is too long gives %v", failed)
	}
}

func TestMessages(t *testing.T) {
	for _, test := range []struct {
		err  Error
		want string
	}{
		{Error{Function: "f", Kind: Thrown, Type: "TypeError", Text: "x", Line: 2, Column: 3}, `function "f" has thrown TypeError (line 2, column 3 of its code): x`},
		{Error{Function: "f", Kind: Thrown, Text: "x"}, `function "f" has thrown an error: x`},
		{Error{Function: "f\x1b", Kind: Syntax, Text: "x", Line: 2, Column: 3}, `function "f\x1b" cannot be parsed (line 2, column 3 of its code): x`},
		{Error{Function: "f", Kind: TimeLimit, Text: errTime().Text}, `function "f" runs longer than 2s, which is all the time that a function has`},
		{Error{Function: "f", Kind: MemoryLimit, Text: errMemory().Text}, `function "f" needs more than 128 MB of memory, which is all that a function has`},
		{Error{Function: "f", Kind: Failed, Text: "x"}, `function "f" could not be run: x`},
	} {
		if got := test.err.Error(); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

func BenchmarkCall(b *testing.B) {
	r := newRunner(b)
	for b.Loop() {
		if _, err := r.Call(b.Context(), Call{Name: "f", Code: "return { a: 1 };"}); err != nil {
			b.Fatal(err)
		}
	}
}
