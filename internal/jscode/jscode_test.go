package jscode

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	for _, test := range []struct {
		body     string
		keys     string
		known    bool
		noObject string
		free     string
	}{
		{"return { total: list.length };", "total", true, "", "list"},
		{"return { total };", "total", true, "", "total"},
		{"if (a) { return { 'one': 1 }; } return { \"two\": 2, one: 3 };", "one two", true, "", "a"},
		{"return ok ? { a: 1 } : ({ b: 2 });", "a b", true, "", "ok"},
		{"var out = {}; out.x = 1; return out;", "", false, "", ""},
		{"return { ...rest, a: 1 };", "a", false, "", "rest"},
		{"return { [name]: 1 };", "", false, "", "name"},
		{"return { 'a\\u0062': 1 };", "", false, "", ""},
		{"return rows.map(function (r) { return r.id; });", "", false, "", "rows"},
		{"return [1, 2];", "", true, "an array", ""},
		{"return 'text';", "", true, "a text", ""},
		{"return `text`;", "", true, "a text", ""},
		{"return 3;", "", true, "a number", ""},
		{"return null;", "", true, "null", ""},
		{"return;", "", true, "nothing", ""},
		{"return () => ({ a: 1 });", "", true, "a function", ""},
		{"if (x) { return; } return { a: 1 };", "a", true, "nothing", "x"},
		{"total = 0; for (i in rows) { total++; } return { total: total };", "total", true, "", "rows"},
		{"function helper(a) { return [a]; } return { a: helper(b) };", "a", true, "", "b"},
		{"try { return { a: 1 }; } catch (e) { return { b: String(e) }; }", "a b", true, "", "String"},
		{"class A { m() { return 1; } } return { a: new A().m() };", "a", true, "", ""},
		{"var a = 1; { let b = a; return { b }; }", "b", true, "", ""},
	} {
		code, err := Read(test.body)
		if err != nil {
			t.Errorf("%s: %v", test.body, err)
			continue
		}
		got := fmt.Sprintf("%s|%v|%s|%s", strings.Join(code.Keys, " "), code.KeysKnown, code.NoObject, strings.Join(code.Free, " "))
		want := fmt.Sprintf("%s|%v|%s|%s", test.keys, test.known, test.noObject, test.free)
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", test.body, got, want)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, test := range []struct {
		body         string
		line, column int
	}{
		{"return { a: 1 ;", 1, 15},
		{"var a = 1;\nreturn a +;", 2, 11},
		{"if (a) { return { b: 1 };", 1, 26},
		{"return 'text;", 1, 14},
	} {
		_, err := Read(test.body)
		var at *SyntaxError
		if !errors.As(err, &at) || at.Line != test.line || at.Column != test.column || strings.Contains(at.Message, "\n") {
			t.Errorf("%q: got %v, want an error at line %d, column %d", test.body, err, test.line, test.column)
		}
	}
	if _, err := Read("return {};" + strings.Repeat(" ", MaxBytes)); !errors.Is(err, ErrTooLong) {
		t.Errorf("got %v for code that is too long", err)
	}
}

func TestImports(t *testing.T) {
	code, err := Read("var f = import('fs'); return {};")
	if err != nil || !code.Imports {
		t.Errorf("the import is not seen: %v, %v", code, err)
	}
}

// TestHostile reads code that nests in every way that the grammar allows. It
// must come to an end without running out of stack: a parser that tries a
// parenthesis twice would need longer than the universe has.
func TestHostile(t *testing.T) {
	units := []string{"(", "[", "{", "!", "a?", "a=", "a=>", "(a=", "var [", "var {a:", "`${", "if(x)", "for(;;)", "a:", "new ",
		"function f(){", "class A{x=", "a?.", "- ", "typeof ", "do ", "async(", "...", "/", "a,", "a+", "a**", "x=[", "yield ", "await ",
		"switch(x){case ", "try{", "a[", "a(", "a`${", "({[", "x=>{", "class extends ", "else ", "import(", "\"", "/*", "<!--", "return "}
	for _, unit := range units {
		for _, before := range []string{"", "var ", "let ", "(", "x=", "function f(", "({"} {
			body := before + strings.Repeat(unit, (MaxBytes-len(before))/len(unit))
			if code, err := Read(body); err == nil && code == nil {
				t.Errorf("%q after %q: neither code nor an error", unit, before)
			}
		}
	}
	for _, depth := range []int{20, 200, 900} {
		Read("return {a: " + strings.Repeat("(a=", depth) + "1" + strings.Repeat(")=>1", depth) + "};")
	}
	deep := "return {a: " + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + "};"
	if _, err := Read(deep); err == nil {
		t.Error("nesting of 2000 levels is accepted")
	}
}

func FuzzRead(f *testing.F) {
	f.Add("return { total: list.length };")
	f.Add("var [a, {b = (c) => c}] = x; for (const y of z) { return {...y}; }")
	f.Add("class A extends B { static #x = `${1}`; async *m() { yield* n?.[0] ?? /a[/]b/g; } }")
	f.Fuzz(func(t *testing.T, body string) {
		code, err := Read(body)
		if (code == nil) == (err == nil) {
			t.Fatalf("got %v and %v", code, err)
		}
		if err == nil && (!slices.IsSorted(code.Keys) || !slices.IsSorted(code.Free)) {
			t.Fatalf("keys or names are not sorted: %v", code)
		}
	})
}
