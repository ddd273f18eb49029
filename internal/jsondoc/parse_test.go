package jsondoc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// describe writes a problem as "line:col-line:col code: message".
func describe(text string, p Problem) string {
	l := NewLines([]byte(text))
	a, b := l.Position(p.Span.Start), l.Position(p.Span.End)
	return fmt.Sprintf("%d:%d-%d:%d %s %s: %s", a.Line, a.Column, b.Line, b.Column, p.Pointer, p.Code, p.Message)
}

func TestParseRefuses(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"empty", "", []string{`1:1-1:1  syntax: the document ends where a value is expected`}},
		{"second document", "{}\n{}", []string{`2:1-2:3  trailing-data: there is text after the end of the document`}},
		{"trailing bytes", `{"a": 1} x`, []string{`1:10-1:11  trailing-data: there is text after the end of the document`}},
		{"duplicate key", "{\n  \"a\": 1,\n  \"a\": 2\n}", []string{`3:3-3:6  duplicate-key: the key "a" is already in this object, on line 2`}},
		{"escaped twin", `{"b": {"ns": 1, "\u006es": 2}}`, []string{`1:17-1:26 /b duplicate-key: the key "ns" is already in this object, on line 1`}},
		{"three of a key", `{"a":1,"a":2,"a":3}`, []string{
			`1:8-1:11  duplicate-key: the key "a" is already in this object, on line 1`,
			`1:14-1:17  duplicate-key: the key "a" is already in this object, on line 1`}},
		{"byte-order mark", "\ufeff{}", []string{`1:1-1:2  byte-order-mark: the file starts with a byte-order mark`}},
		{"UTF-16", "\xff\xfe{\x00}\x00", []string{`1:1-1:3  byte-order-mark: the file is UTF-16, not UTF-8`}},
		{"invalid UTF-8", "{\n\"a\": \"x\xff\"}", []string{`2:8-2:9  encoding: the byte 0xff is not valid UTF-8`}},
		{"overlong", "\"\xc0\xaf\"", []string{`1:2-1:3  encoding: the byte 0xc0 is not valid UTF-8`}},
		{"surrogate in UTF-8", "\"\xed\xa0\x80\"", []string{`1:2-1:3  encoding: the byte 0xed is not valid UTF-8`}},
		{"lone high surrogate", `["\ud800x"]`, []string{`1:3-1:9  lone-surrogate: "\\ud800" is half of a surrogate pair and stands for no character`}},
		{"lone low surrogate", `["\udc00"]`, []string{`1:3-1:9  lone-surrogate: "\\udc00" is half of a surrogate pair and stands for no character`}},
		{"line comment", "{\n  // why\n  \"a\": 1\n}", []string{`2:3-2:9  comment: JSON has no comments`}},
		{"block comment", `{"a": /* b */ 1}`, []string{`1:7-1:14  comment: JSON has no comments`}},
		{"open comment", `{"a": 1} /* b`, []string{`1:10-1:12  comment: the comment that starts here has no end`}},
		{"trailing comma in object", `{"a": 1,}`, []string{`1:8-1:9  trailing-comma: there is a comma before the closing "}"`}},
		{"trailing comma in array", "[1,\n]", []string{`1:3-1:4  trailing-comma: there is a comma before the closing "]"`}},
		{"two commas", `[1,,2]`, []string{`1:4-1:5  syntax: expected a value, found ","`}},
		{"first comma", `{,"a":1}`, []string{`1:2-1:3  syntax: expected a key in double quotes, found ","`}},
		{"missing comma", "{\n  \"a\": 1\n  \"b\": 2\n}", []string{`2:9-3:1  syntax: expected a comma or "}" after this entry, found "\""`}},
		{"missing colon", `{"a" 1}`, []string{`1:2-1:5  syntax: expected a colon after the key "a", found "1"`}},
		{"bare key", `{a: 1}`, []string{`1:2-1:3  syntax: expected a key in double quotes, found "a"`}},
		{"single quotes", `{"a": 'x'}`, []string{`1:7-1:8  syntax: expected a value, found "'"`}},
		{"unclosed object", "{\n  \"a\": {\n    \"b\": 1\n", []string{`2:8-2:9 /a syntax: the object that starts here has no closing "}"`}},
		{"unclosed string", "{\"a\": \"x\n}", []string{`1:7-1:9  syntax: the string that starts here is not closed on its line`}},
		{"string to the end", `{"a": "x`, []string{`1:7-1:8  syntax: the string that starts here has no end`}},
		{"raw tab", "[\"a\tb\"]", []string{"1:4-1:5  syntax: the control character U+0009 stands in a string as it is"}},
		{"bad escape", `["\x41"]`, []string{`1:3-1:5  syntax: "\\x" is not an escape of JSON`}},
		{"bad unicode escape", `["\u12"]`, []string{`1:3-1:9  syntax: "\u" is not followed by four hexadecimal digits`}},
		{"leading zero", `[01]`, []string{`1:2-1:4  syntax: numbers must not start with a zero`}},
		{"plus", `[+1]`, []string{`1:2-1:3  syntax: expected a value, found "+"`}},
		{"minus alone", `[-]`, []string{`1:2-1:3  syntax: a minus sign without a number`}},
		{"no fraction", `[1.]`, []string{`1:2-1:4  syntax: there is no digit after the decimal point`}},
		{"no exponent", `[1e]`, []string{`1:2-1:4  syntax: there is no digit in the exponent`}},
		{"huge exponent", `{"n": 1e1000000}`, []string{`1:7-1:16  number: the exponent of the number is beyond 308`}},
		{"exponent that is no int", `[1e99999999999999999999]`, []string{`1:2-1:24  number: the exponent of the number is beyond 308`}},
		{"infinite", `[99e308]`, []string{`1:2-1:8  number: the number is too large to be computed with`}},
		{"long number", "[" + strings.Repeat("9", 41) + "]", []string{`1:2-1:43  number: the number has 41 characters, more than the 40 that are read`}},
		{"NaN", `[NaN]`, []string{`1:2-1:3  syntax: expected a value, found "N"`}},
		{"too deep", strings.Repeat("[", 33), []string{`1:33-1:34 ` + strings.Repeat("/0", 31) + ` too-deep: objects and arrays are nested more than 32 levels deep`}},
		{"very deep", strings.Repeat("[", 500_000), []string{`1:33-1:34 ` + strings.Repeat("/0", 31) + ` too-deep: objects and arrays are nested more than 32 levels deep`}},
		{"too large", strings.Repeat(" ", MaxBytes+1), []string{`1:1-1:1  too-large: the file has 1048577 bytes, more than the 1048576 that are read`}},
		{"several at once", "{\n  // x\n  \"a\": [1,],\n  \"a\": 1e999\n}", []string{
			`2:3-2:7  comment: JSON has no comments`,
			`3:10-3:11 /a trailing-comma: there is a comma before the closing "]"`,
			`4:3-4:6  duplicate-key: the key "a" is already in this object, on line 3`,
			`4:8-4:13  number: the exponent of the number is beyond 308`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, problems := Parse([]byte(test.text))
			var got []string
			for _, p := range problems {
				got = append(got, describe(test.text, p))
				if p.Hint == "" || !strings.HasSuffix(p.Hint, ".") {
					t.Errorf("hint %q is no sentence", p.Hint)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// TestManyProblems checks that problems are counted to an end.
func TestManyProblems(t *testing.T) {
	text := "[" + strings.Repeat("{\"a\":1,\"a\":1},", 40_000) + "0]"
	if _, problems := Parse([]byte(text)); len(problems) != MaxProblems {
		t.Errorf("got %d problems, want %d", len(problems), MaxProblems)
	}
}

// TestFixes checks that the fixes of problems make strict JSON.
func TestFixes(t *testing.T) {
	text := "\ufeff{ // one\n  \"a\": [1, 2,], /* two */\n}"
	_, problems := Parse([]byte(text))
	var edits []Edit
	for _, p := range problems {
		edits = append(edits, p.Fix...)
	}
	got, err := Apply([]byte(text), edits)
	if err != nil {
		t.Fatal(err)
	}
	// The comma after the array is last once the comment is gone.
	if _, problems = Parse(got); len(problems) != 0 {
		t.Errorf("%q still has problems: %v", got, problems)
	}
}

func TestPositions(t *testing.T) {
	text := "{\n  \"é😀\": [true, null],\n  \"a/b~c\": {\"x\": -1.5e2}\n}"
	doc, problems := Parse([]byte(text))
	if len(problems) != 0 {
		t.Fatal(problems)
	}
	var got []string
	doc.Root.Walk(func(n *Node) bool {
		a, b := doc.Position(n.Span.Start), doc.Position(n.Span.End)
		k := doc.Position(n.KeySpan.Start)
		got = append(got, fmt.Sprintf("%s %s key %d:%d value %d:%d-%d:%d", n.Pointer(), n.Kind, k.Line, k.Column, a.Line, a.Column, b.Line, b.Column))
		if doc.Find(n.Pointer()) != n {
			t.Errorf("Find(%q) is not the node itself", n.Pointer())
		}
		return true
	})
	want := []string{
		" object key 1:1 value 1:1-4:2",
		"/é😀 array key 2:3 value 2:9-2:21",
		"/é😀/0 boolean key 1:1 value 2:10-2:14",
		"/é😀/1 null key 1:1 value 2:16-2:20",
		"/a~1b~0c object key 3:3 value 3:12-3:25",
		"/a~1b~0c/x number key 3:13 value 3:18-3:24",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("positions (-want +got):\n%s", diff)
	}
	for _, pointer := range []string{"/é😀/2", "/é😀/-1", "/é😀/00", "/é😀/x", "/none", "/a~1b~0c/x/y"} {
		if n := doc.Find(pointer); n != nil {
			t.Errorf("Find(%q) = %s, want nothing", pointer, n.Pointer())
		}
	}
}

// TestLongLine checks positions on a line that has marks against counting from
// its start, among code points of all sizes and bytes that are none.
func TestLongLine(t *testing.T) {
	text := []byte("first\n" + strings.Repeat("aé日😀\xff\xe6\x97\x00", 3*markDistance) + "\nlast")
	l := NewLines(text)
	end := bytes.LastIndexByte(text, '\n')
	for offset := len("first\n"); offset <= end; offset += 7 {
		want := Position{Line: 2, Column: utf8.RuneCount(text[len("first\n"):offset]) + 1}
		if got := l.Position(offset); got != want {
			t.Fatalf("offset %d is at %v, want %v", offset, got, want)
		}
	}
	if got := l.Position(len(text)); got != (Position{Line: 3, Column: 5}) {
		t.Errorf("the end is at %v", got)
	}
}

func TestOffset(t *testing.T) {
	text := []byte("aé\r\n\nxyz")
	l := NewLines(text)
	for offset := 0; offset <= len(text); offset++ {
		if offset == 2 {
			continue // inside é
		}
		if got := l.Offset(l.Position(offset)); got != offset {
			t.Errorf("Offset(Position(%d)) = %d", offset, got)
		}
	}
	if got := l.Line(1); got != "aé" {
		t.Errorf("Line(1) = %q", got)
	}
	if got := l.Count(); got != 3 {
		t.Errorf("Count() = %d", got)
	}
}

// value turns a tree into what encoding/json makes of the same text.
func value(n *Node) any {
	switch n.Kind {
	case Object:
		m := map[string]any{}
		for _, c := range n.Children {
			m[c.Key] = value(c)
		}
		return m
	case Array:
		a := []any{}
		for _, c := range n.Children {
			a = append(a, value(c))
		}
		return a
	case String:
		return n.Text()
	case Number:
		return json.Number(n.Literal())
	case Bool:
		b, _ := n.Bool()
		return b
	}
	return nil
}

func decode(t *testing.T, text []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("encoding/json refuses %q, which was accepted: %v", text, err)
	}
	if d.More() {
		t.Fatalf("encoding/json finds more in %q", text)
	}
	return v
}

// FuzzParse holds the reader against encoding/json: what it accepts has the
// same value there, and formatting changes no value and is idempotent.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`{"a":[1,2.5e-3,true,false,null,"x\u00e9\ud83d\ude00\n"],"b":{}}`, "{\n  // c\n  \"a\": 1,\n}", `[[[[]]]]`, `"\ud800"`, "\ufeff{}", `{"a":1,"\u0061":2}`, `[1e999,-0]`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		doc, problems := Parse(text)
		for _, p := range problems {
			if p.Span.Start < 0 || p.Span.End < p.Span.Start || p.Span.End > len(text)+1 {
				t.Fatalf("problem %q has the span %v in %d bytes", p.Message, p.Span, len(text))
			}
		}
		if len(problems) > 0 {
			return
		}
		want := decode(t, text)
		if got := value(doc.Root); !reflect.DeepEqual(got, want) {
			t.Fatalf("%q is read as %v, by encoding/json as %v", text, got, want)
		}
		once := doc.Format()
		if got := decode(t, once); !reflect.DeepEqual(got, want) {
			t.Fatalf("formatting %q changes the value: %q", text, once)
		}
		again, problems := Parse(once)
		if len(once) <= MaxBytes {
			if len(problems) > 0 {
				t.Fatalf("formatting %q gives %q, which is refused: %v", text, once, problems[0])
			}
			if !bytes.Equal(again.Format(), once) {
				t.Fatalf("formatting %q twice differs from once", text)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	text := []byte("[" + strings.Repeat(`{"name": "createTicket", "url": "https://api.acme.example/v1/tickets", "n": 12, "ok": true, "list": ["a", "b"]},`+"\n", 90) + "null]")
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, problems := Parse(text); len(problems) > 0 {
			b.Fatal(problems)
		}
	}
}
