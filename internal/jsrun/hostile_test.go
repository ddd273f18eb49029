package jsrun

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// ceiling is when a call has to be over, whatever the function does. It is far
// above the limits, for machines that have other things to do.
const ceiling = time.Minute

// TestHostile runs functions that take what they can get.
func TestHostile(t *testing.T) {
	if raced {
		t.Skip("the race detector needs more memory than functions may have")
	}
	bomb := strings.Repeat("(a=", 30) + "1" + strings.Repeat(")=>1", 30)
	for _, test := range []struct {
		name, code string
		kinds      []Kind
	}{
		// Time.
		{"loop", "for (;;) {}", []Kind{TimeLimit}},
		{"loop that catches", "for (;;) { try { for (;;) {} } catch (e) {} finally { continue; } }", []Kind{TimeLimit}},
		{"waiting for the clock", "var t = Date.now(); while (Date.now() - t < 10) {} return {};", []Kind{TimeLimit}},
		{"regular expression", "return { a: /^(?!x)(a|aa)+$/.test('a'.repeat(60) + 'b') };", []Kind{TimeLimit}},
		{"back reference", "return { a: /^(.*)*\\1x$/.test('a'.repeat(60) + 'b') };", []Kind{TimeLimit}},
		{"comparator", "[3, 2, 1].sort(function () { for (;;) {} });", []Kind{TimeLimit}},
		{"native loop", "var a = []; a.length = 4294967295; a.indexOf(1); Array.prototype.indexOf.call({ length: 9007199254740991 }, 1);", []Kind{TimeLimit, MemoryLimit}},
		{"sparse array", "return { a: new Array(1e9).fill(0).length };", []Kind{TimeLimit, MemoryLimit}},
		{"joining a long array", "return { a: new Array(4e9).join('').length };", []Kind{TimeLimit, MemoryLimit}},
		{"power", "return { a: String(3n ** (2n ** 40n)).length };", []Kind{TimeLimit, MemoryLimit, Thrown, Failed}},
		{"parser", "return " + bomb + ";", []Kind{TimeLimit, MemoryLimit}},
		{"parser in eval", "return { a: eval(" + quote(bomb) + ") };", []Kind{TimeLimit, MemoryLimit}},
		{"getter", "return { get a() { for (;;) {} } };", []Kind{TimeLimit}},
		{"toJSON", "return { toJSON() { for (;;) {} } };", []Kind{TimeLimit}},
		{"proxy", "return new Proxy({}, { ownKeys() { for (;;) {} } });", []Kind{TimeLimit}},
		{"message of an error", "throw { get message() { for (;;) {} } };", []Kind{TimeLimit}},
		{"promise", "Promise.resolve().then(() => { for (;;) {} }); return {};", []Kind{TimeLimit}},
		{"shared values", "var a = 'x'; for (var i = 0; i < 60; i++) { a = [a, a]; } return { a: a };", []Kind{TimeLimit, MemoryLimit}},

		// Memory.
		{"text", "return { a: 'a'.repeat(1e9).length };", []Kind{MemoryLimit}},
		{"doubled text", "var a = 'aé'; for (;;) { a += a; }", []Kind{MemoryLimit, Thrown, Failed}},
		{"longest text", "return { a: 'a'.repeat(9007199254740991).length };", []Kind{MemoryLimit, Thrown}},
		{"padding", "return { a: ''.padStart(1e10, 'x').length };", []Kind{MemoryLimit, Thrown}},
		{"texts", "var a = []; for (var i = 0; ; i++) { a.push('x'.repeat(1000) + i); }", []Kind{MemoryLimit}},
		{"array", "var a = []; for (;;) { a.push({}); }", []Kind{MemoryLimit}},
		{"buffer", "return { a: new ArrayBuffer(1e9).byteLength };", []Kind{MemoryLimit}},
		{"buffers", "var a = []; for (;;) { a.push(new Uint8Array(1 << 20).fill(1)); }", []Kind{MemoryLimit}},
		{"longest buffer", "return { a: new ArrayBuffer(9007199254740991).byteLength };", []Kind{MemoryLimit, Thrown}},
		{"map", "var m = new Map(); for (var i = 0; ; i++) { m.set(i, { i: i }); }", []Kind{MemoryLimit}},
		{"closures", "var f = null; for (;;) { f = (function (g) { return () => g; })(f); }", []Kind{MemoryLimit}},
		{"split", "return { a: 'ab'.repeat(2e7).split('').length };", []Kind{MemoryLimit}},
		{"JSON", "var a = []; for (var i = 0; i < 100; i++) { a.push('x'.repeat(1e6)); } return { a: JSON.stringify([a, a, a, a]).length };", []Kind{MemoryLimit}},
		{"result", "var a = []; for (var i = 0; i < 100; i++) { a.push('x'.repeat(1e6)); } return { a: [a, a, a, a] };", []Kind{MemoryLimit}},

		// Depth.
		{"recursion", "function f() { return f() + 1; } return f();", []Kind{TooDeep}},
		{"recursion that catches", "function f() { try { return f(); } catch (e) { return f(); } } return f();", []Kind{TooDeep}},
		{"recursion through natives", "function f() { return [1].map(f); } return f();", []Kind{TooDeep, TimeLimit}},
		{"recursion through getters", "var a = { get b() { return this.b; } }; return a.b;", []Kind{TooDeep, TimeLimit}},
		{"recursion through a proxy", "var p = new Proxy({}, { get(t, k, r) { return r[k]; } }); return p.x;", []Kind{TooDeep, TimeLimit}},
		{"recursion in a toString", "var a = { toString() { return '' + this; } }; return { a: '' + a };", []Kind{TooDeep, TimeLimit}},
		{"recursion while an error is read", "throw { get message() { return this.message; } };", []Kind{TooDeep, TimeLimit}},
		{"recursion while a result is written", "return { toJSON() { return JSON.stringify(this); } };", []Kind{TooDeep, TimeLimit}},
		{"deep array", "var a = []; for (var i = 0; i < 1e6; i++) { a = [a]; } return { a: String(a).length };", []Kind{TooDeep, MemoryLimit, TimeLimit}},
		{"deep result", "var a = {}; for (var i = 0; i < 1e5; i++) { a = { a: a }; } return a;", []Kind{TimeLimit, MemoryLimit, NotJSON}},
		{"deep code", "return { a: eval('('.repeat(1e6) + ')'.repeat(1e6)) };", []Kind{TooDeep, MemoryLimit, TimeLimit}},
		{"deep expression", "return { a: eval('1' + '+1'.repeat(1e6)) };", []Kind{TooDeep, MemoryLimit, TimeLimit}},
		{"deep pattern", "return { a: new RegExp('('.repeat(1e6) + ')'.repeat(1e6)).test('') };", []Kind{TooDeep, MemoryLimit, TimeLimit, Thrown}},

		// Output.
		{"large result", "return { a: 'x'.repeat(1 << 21) };", []Kind{TooLarge}},
		{"large error", "throw new Error('x'.repeat(1e7));", []Kind{Thrown}},
		{"large name of an error", "var e = new Error('x'); e.name = 'x'.repeat(1e7); throw e;", []Kind{Thrown}},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), ceiling)
			defer cancel()
			r := runner(t)
			if test.kinds[0] == TimeLimit {
				r.maxTime = MaxTime / 4
			}
			got, err := r.Call(ctx, Call{Name: "f", Code: test.code})
			var failed *Error
			if !errors.As(err, &failed) {
				t.Fatalf("got %.100s, %v", got, err)
			}
			if !slices.Contains(test.kinds, failed.Kind) {
				t.Errorf("got the kind %q (%.300s), want one of %q", failed.Kind, failed.Text, test.kinds)
			}
			if n := len([]rune(failed.Text)); n > MaxText+1 || strings.ContainsAny(failed.Text, "\n\r\x1b") {
				t.Errorf("the text has %d characters, or such that are not to be shown: %.100q", n, failed.Text)
			}
		})
	}
}

func quote(s string) string {
	data, _ := json.Marshal(s)
	return string(data)
}

// TestWithinLimits runs functions that use much, and not too much: a limit that
// hits those would be no use.
func TestWithinLimits(t *testing.T) {
	for _, code := range []string{
		"var a = []; for (var i = 0; i < 60; i++) { a.push(new Uint8Array(1 << 20).fill(1)); } return { n: a.length };",
		"var s = 'x'.repeat(100000), n = 0; for (var i = 0; i < 4000; i++) { n += (s + i).length; } return { n: n };",
		"function f(n) { return n === 0 ? 0 : 1 + f(n - 1); } return { n: f(4000) };",
		"var a = 'x'; for (var i = 0; i < 2000; i++) { a = [a]; } return { n: JSON.stringify(a).length };",
		"return { n: 'x'.repeat(1000000) };",
		"return { n: /^(a+)+$/.test('a'.repeat(40) + 'b') };", // needs no backtracking
	} {
		if got, failed := call(t, code); failed != nil || !strings.HasPrefix(string(got), `{"n":`) {
			t.Errorf("%s:\n got %.100s, %v", code, got, failed)
		}
	}
}

// TestNothingOutside looks for names by which a function could reach something.
func TestNothingOutside(t *testing.T) {
	got, failed := call(t, `var found = {};
		for (var name of ["require", "process", "module", "exports", "global", "window", "self", "console", "print", "fetch",
			"XMLHttpRequest", "WebSocket", "setTimeout", "setInterval", "setImmediate", "queueMicrotask", "Buffer", "Deno", "Bun", "load",
			"readFile", "WebAssembly", "URL", "crypto", "performance", "navigator", "importScripts", "isolate", "ivm", "__dirname"]) {
			try { found[name] = String(eval(name + "('fs')")); } catch (e) { if (!(e instanceof ReferenceError)) found[name] = String(e); }
			if (eval("typeof " + name) !== "undefined") found[name] = "is there";
		}
		return found;`)
	if failed != nil || string(got) != "{}" {
		t.Errorf("got %s, %v", got, failed)
	}
	for _, code := range []string{"return import('fs');", "import 'fs'; return {};", "return { a: import.meta.url };", "return eval('import(\"fs\")');"} {
		if got, failed := call(t, code); failed == nil || failed.Kind != Syntax && failed.Type != "SyntaxError" {
			t.Errorf("%s: %s, %v", code, got, failed)
		}
	}
	// What is there is of ECMAScript: a name that is new in goja is to be looked at.
	got, failed = call(t, "return { names: Object.getOwnPropertyNames(globalThis).sort() };")
	var found struct{ Names []string }
	if failed != nil || json.Unmarshal(got, &found) != nil {
		t.Fatalf("%s, %v", got, failed)
	}
	known := strings.Fields(`AggregateError Array ArrayBuffer BigInt BigInt64Array BigUint64Array Boolean DataView Date Error EvalError
		FinalizationRegistry Float32Array Float64Array Function GoError Infinity Int16Array Int32Array Int8Array JSON Map Math NaN Number Object
		Promise Proxy RangeError ReferenceError Reflect RegExp Set String Symbol SyntaxError TypeError URIError Uint16Array Uint32Array
		Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet decodeURI decodeURIComponent encodeURI encodeURIComponent escape eval
		globalThis isFinite isNaN parseFloat parseInt undefined unescape`)
	for _, name := range found.Names {
		if !slices.Contains(known, name) {
			t.Errorf("%s is defined", name)
		}
	}
}

// TestNothingStays checks that a call leaves nothing to the next.
func TestNothingStays(t *testing.T) {
	r := runner(t)
	for _, code := range []string{
		"Object.prototype.polluted = 1; Array.prototype.map = null; JSON.stringify = () => '{\"polluted\":1}'; globalThis.polluted = 1; return {};",
		"return { a: typeof polluted, b: typeof ({}).polluted, c: typeof [].map, d: JSON.stringify({}) };",
	} {
		got, err := r.Call(t.Context(), Call{Name: "f", Code: code})
		if err != nil || strings.Contains(string(got), "polluted") {
			t.Fatalf("got %s, %v", got, err)
		}
		if strings.HasPrefix(code, "return") && string(got) != `{"a":"undefined","b":"undefined","c":"function","d":"{}"}` {
			t.Errorf("got %s", got)
		}
	}
}

// TestTimeLimit checks the time that functions have.
func TestTimeLimit(t *testing.T) {
	start := time.Now()
	_, err := newRunner(t).Call(t.Context(), Call{Name: "f", Code: "for (;;) {}"})
	var failed *Error
	if !errors.As(err, &failed) || failed.Kind != TimeLimit {
		t.Errorf("got %v", err)
	}
	if took := time.Since(start); took < MaxTime || took > ceiling {
		t.Errorf("it took %v", took)
	}
}

// TestCancelled checks that a call ends with its context, before and while it
// runs, and while it waits for others.
func TestCancelled(t *testing.T) {
	r := runner(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Call(ctx, Call{Name: "f", Code: "return {};"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v with a context that has ended", err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	var calls sync.WaitGroup
	for range 2 * maxChildren {
		calls.Go(func() {
			if _, err := r.Call(ctx, Call{Name: "f", Code: "for (;;) {}"}); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v from a call whose context has ended", err)
			}
		})
	}
	calls.Wait()
}

// TestManyAtATime runs more calls than there may be children.
func TestManyAtATime(t *testing.T) {
	r := runner(t)
	var calls sync.WaitGroup
	for i := range 3 * maxChildren {
		calls.Go(func() {
			args, _ := json.Marshal(map[string]int{"i": i})
			got, err := r.Call(t.Context(), Call{Name: "f", Code: "return { i: i };", Params: []string{"i"}, Args: args})
			if err != nil || string(got) != string(args) {
				t.Errorf("got %s, %v, want %s", got, err, args)
			}
		})
	}
	calls.Wait()
}

// TestOtherChildren starts processes that are no children as they should be.
func TestOtherChildren(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ does, says string }{
		{"ends", "ended early: exit status 3: it has ended"},
		{"dies", "ended early: signal: killed"},
		{"silent", "ended early: no answer"},
		{"half", "ended early: no answer"},
		{"babbles", "its answer is too long"},
		{"chats", "answers with something else"},
		{"array", "something else than an object"},
		{"garbage", "reading the answer"},
		{"huge", "something else than an object"},
		{"panics", "ended early: exit status 2: panic: out of"},
		{"hangs", "runs longer than 2s"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), ceiling)
		got, err := New(self, wrongChild, test.does).Call(ctx, Call{Name: "f", Code: "return {};"})
		cancel()
		var failed *Error
		if !errors.As(err, &failed) || !strings.Contains(err.Error(), test.says) || strings.ContainsAny(err.Error(), "\x1b\n") {
			t.Errorf("a child that %s: got %.100s, %v, want an error with %q", test.does, got, err, test.says)
		}
	}
	if _, err := New(self+"-missing").Call(t.Context(), Call{Name: "f"}); err == nil || !strings.Contains(err.Error(), "starting a process") {
		t.Errorf("got %v without an executable", err)
	}
}

// TestOrphan checks that a child that nobody kills ends by itself.
func TestOrphan(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), ceiling)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, child)
	cmd.Stdin = strings.NewReader(`{"Code": "for (;;) {}", "Args": {}, "MaxTime": 1000000}`)
	err = cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitTime {
		t.Errorf("got %v, want exit code %d", err, exitTime)
	}
}

// FuzzCall runs any code: it ends, with an object or with an error whose text is
// fit for one line.
func FuzzCall(f *testing.F) {
	f.Add("return { a: a };", "a")
	f.Add("throw new Error('x');", "")
	f.Add("for (;;) {}", "")
	f.Add("class A { static #x = 1; static get y() { return A.#x; } } return { y: A.y, ...{ b: [..`é`] } };", "_")
	f.Add("var a = []; a.length = 1e9; a.sort(); return new Proxy({}, Reflect);", "$")
	f.Add("}) + (function () {", "a){")
	f.Fuzz(func(t *testing.T, code, param string) {
		r := runner(t)
		r.maxTime = 200 * time.Millisecond
		got, err := r.Call(t.Context(), Call{Name: "f", Code: code, Params: []string{param}, Args: json.RawMessage(`{"a":[{"b":"\ud800"}]}`)})
		var failed *Error
		switch {
		case err == nil && !isObject(got):
			t.Errorf("got %q", got)
		case errors.As(err, &failed) && failed.Text != clean(failed.Text):
			t.Errorf("the text is not clean: %q", failed.Text)
		case errors.As(err, &failed) && (failed.Line < 0 || failed.Column < 0 || failed.Line > strings.Count(code, "")):
			t.Errorf("the place is not in the code: line %d, column %d", failed.Line, failed.Column)
		}
	})
}
