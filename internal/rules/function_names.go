package rules

import (
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
)

// languageNames are the names that JavaScript itself defines, sorted.
var languageNames = []string{
	"AggregateError", "Array", "ArrayBuffer", "Atomics", "BigInt", "BigInt64Array", "BigUint64Array", "Boolean", "DataView", "Date",
	"Error", "EvalError", "FinalizationRegistry", "Float32Array", "Float64Array", "Function", "Infinity", "Int16Array", "Int32Array",
	"Int8Array", "Intl", "Iterator", "JSON", "Map", "Math", "NaN", "Number", "Object", "Promise", "Proxy", "RangeError",
	"ReferenceError", "Reflect", "RegExp", "Set", "SharedArrayBuffer", "String", "Symbol", "SyntaxError", "TypeError", "URIError",
	"Uint16Array", "Uint32Array", "Uint8Array", "Uint8ClampedArray", "WeakMap", "WeakRef", "WeakSet", "arguments", "decodeURI",
	"decodeURIComponent", "encodeURI", "encodeURIComponent", "escape", "eval", "globalThis", "isFinite", "isNaN", "parseFloat",
	"parseInt", "undefined", "unescape",
}

// hostNames are names that browsers and servers define, with what a function
// does not have.
var hostNames = map[string]string{
	"fetch": "network", "XMLHttpRequest": "network", "WebSocket": "network", "EventSource": "network", "axios": "network",
	"require": "modules", "module": "modules", "exports": "modules", "importScripts": "modules",
	"fs": "files", "__dirname": "files", "__filename": "files", "File": "files", "FileReader": "files",
	"process": "process", "Deno": "process", "Bun": "process", "global": "process",
	"setTimeout": "timers", "setInterval": "timers", "setImmediate": "timers", "clearTimeout": "timers", "clearInterval": "timers",
	"window": "browser", "document": "browser", "navigator": "browser", "localStorage": "browser", "sessionStorage": "browser",
	"location": "browser", "alert": "browser", "console": "console",
	"Buffer": "parts of Node.js or of browsers", "URL": "parts of Node.js or of browsers", "URLSearchParams": "parts of Node.js or of browsers",
	"TextEncoder": "parts of Node.js or of browsers", "TextDecoder": "parts of Node.js or of browsers", "atob": "parts of Node.js or of browsers",
	"btoa": "parts of Node.js or of browsers", "crypto": "parts of Node.js or of browsers", "structuredClone": "parts of Node.js or of browsers",
	"queueMicrotask": "parts of Node.js or of browsers", "performance": "parts of Node.js or of browsers",
}

func functionNamesDefined() Spec {
	return Spec{
		ID: "function-names-defined", Group: groupFunctions, Severity: finding.Warning,
		Title:   "Code uses only what it has",
		Purpose: "Checks that the code of a function uses nothing but its parameters, its own names and JavaScript itself: no network, no files, no modules.",
		Source:  "Functions run in an isolated engine, with 128 MB and two seconds, without network and files. Only params and the language are there.",
		Help:    "Fetch what is needed in an HTTP step before, and give it to the function in `args`.",
		Fires: []Example{
			{Name: "the network", Edit: `/functions/count/code = "fetch('https://acme.example/' + list.length); return { total: 1 };"`},
			{Name: "a module", Edit: `/functions/count/code = "var _ = require('lodash'); return { total: _.size(list) };"`},
			{Name: "a typing mistake", Edit: `/functions/count/code = "return { total: lits.length };"`},
			{Name: "a name from nowhere", Edit: `/functions/count/code = "return { total: list.length, at: today };"`},
			{Name: "an import", Edit: `/functions/count/code = "import('fs'); return { total: list.length };"`},
		},
		Silent: []Example{
			{Name: "the language itself", Edit: `/functions/count/code = "var n = Math.max(0, Number(list.length)); return { total: JSON.stringify(n) };"`},
			{Name: "names of its own", Edit: `/functions/count/code = "function size(x) { return x.length; }\nvar fetch = size(list); return { total: fetch };"`},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, f := range p.functions(def) {
				if f.code == nil {
					continue
				}
				const hint = "Fetch what is needed in an HTTP step before, and give it to the function in args."
				name := f.function.Name
				if f.code.Imports {
					p.Node(f.function.Code, "the code of %s imports a module, but a function has none", shown(name)).
						Hint("Write what it needs into the code itself.").Tell("import")
				}
				for _, free := range f.code.Free {
					if _, known := slices.BinarySearch(languageNames, free); known || f.takes[free] {
						continue
					}
					if lacking := hostNames[free]; lacking != "" {
						p.Node(f.function.Code, "the code of %s uses %s, but a function has no %s", shown(name), shown(free), lacking).Hint(hint).Tell(free)
						continue
					}
					r := p.Node(f.function.Code, "the code of %s uses %s, which nothing defines", shown(name), shown(free)).
						Hint("Add it to params and to the args of the steps, or declare it in the code.").Tell(free)
					if near := p.nearest(free, f.params); near != "" {
						r.Hint("Write %s, if that is what you mean.", shown(near))
					}
				}
			}
		},
	}
}

func functionNoEval() Spec {
	return Spec{
		ID: "function-no-eval", Group: groupFunctions, Severity: finding.Warning, Security: true,
		Title:   "Code makes no code",
		Purpose: "Checks that the code of a function does not use eval or Function, which run code that no reviewer has seen.",
		Source:  "Code is trusted only because it is reviewed.",
		Help:    "Write out what the code does. To read data, use `JSON.parse`.",
		Fires: []Example{
			{Name: "eval", Edit: `/functions/count/code = "return { total: eval(list).length };"`},
			{Name: "Function", Edit: `/functions/count/code = "return { total: new Function('return 1')() };"`},
		},
		Silent: []Example{{Name: "reading data", Edit: `/functions/count/code = "return { total: JSON.parse(list).length };"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, f := range p.functions(def) {
				if f.code == nil {
					continue
				}
				var found []string
				for _, free := range f.code.Free {
					if (free == "eval" || free == "Function") && !f.takes[free] {
						found = append(found, shown(free))
					}
				}
				if len(found) > 0 {
					p.Node(f.function.Code, "the code of %s uses %s, which can run code that nobody has reviewed", shown(f.function.Name), strings.Join(found, " and ")).
						Hint("Write out what the code does; to read data, use JSON.parse.")
				}
			}
		},
	}
}
