package rules

import (
	"errors"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jscode"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

const groupFunctions = "Functions"

// functionRules are about App Functions and the steps that call them. Code is
// read, never run.
func functionRules() []Spec {
	return []Spec{
		functionNameKnown(), functionArgsMatch(), functionArgsNoCredentials(), functionCodeNoCredentials(),
		functionCodeParses(), functionReturnsObject(), functionNamesDefined(), functionNoEval(), functionUsed(),
	}
}

// functionCode is the code of one function, read once in a run.
type functionCode struct {
	function definition.Function
	params   []string
	takes    map[string]bool // the params
	code     *jscode.Code    // nil when err is set or there is no code
	err      error
}

// functions returns the functions of a definition with their code.
func (p *Pass) functions(def *definition.Definition) []functionCode {
	if p.memo.functionsRead {
		return p.memo.functions
	}
	p.memo.functionsRead = true
	p.memo.byName = make(map[string]functionCode, len(def.Functions))
	for _, f := range def.Functions {
		c := functionCode{function: f, params: params(f), takes: map[string]bool{}}
		for _, name := range c.params {
			c.takes[name] = true
		}
		if body, ok := f.Code.Str(); ok && body != "" {
			c.code, c.err = jscode.Read(body)
		}
		p.memo.functions = append(p.memo.functions, c)
		p.memo.byName[f.Name] = c
	}
	return p.memo.functions
}

// outputsOf returns the keys of the object that a function returns, and whether
// these are all of them.
func (p *Pass) outputsOf(def *definition.Definition, name string) (keys []string, all bool) {
	p.functions(def)
	if f, ok := p.memo.byName[name]; ok && f.code != nil {
		return f.code.Keys, f.code.KeysKnown
	}
	return nil, false
}

// calls returns the function steps of a definition.
func calls(def *definition.Definition) []definition.Step {
	var steps []definition.Step
	for _, a := range def.Actions {
		for _, s := range a.Steps {
			if s.IsFunction {
				steps = append(steps, s)
			}
		}
	}
	return steps
}

// unreadable reports whether a top-level field is there in another form than it
// has, which the schema reports; nothing can be said of what is in it.
func unreadable(def *definition.Definition, field string, kind jsondoc.Kind) bool {
	n := def.Doc.Root.Get(field)
	return n != nil && !n.Is(kind)
}

// functionNames returns the names of all functions, in their order.
func functionNames(def *definition.Definition) []string {
	var names []string
	for _, f := range def.Functions {
		names = append(names, f.Name)
	}
	return names
}

// params returns the names of a function's parameters.
func params(f definition.Function) []string {
	var names []string
	for _, n := range f.Params.Elements() {
		if s, ok := n.Str(); ok {
			names = append(names, s)
		}
	}
	return names
}

// rewrite offers to write another text when it is only another spelling of the
// same word, and otherwise only names it.
func (r *Report) rewrite(def *definition.Definition, n *jsondoc.Node, near string) {
	r.Hint("Write %s, if that is what you mean.", shown(near))
	if sameWord(n.Text(), near) {
		r.Hint("Write %s.", shown(near)).Fix("write "+shown(near), replaceText(def, n, near))
	}
}

const functionSource = "A function step names an entry of functions, whose code gets the values of args under the names of params. "

func functionNameKnown() Spec {
	return Spec{
		ID: "function-name-known", Group: groupFunctions, Severity: finding.Error,
		Title:   "Function steps call functions that exist",
		Purpose: "Checks that the name of every function step is a key of functions.",
		Source:  functionSource,
		Help:    "Write the key exactly as it stands in `functions`, or add the function.",
		Fires: []Example{
			{Name: "a typing mistake", Edit: `/actions/1/requests/1/name = "cuont"`},
			{Name: "other letters", Edit: `/actions/1/requests/1/name = "Count"`},
			{Name: "no functions at all", Edit: `/functions delete`},
		},
		Silent: []Example{{Name: "no function steps", Edit: "/actions/1 delete\n/dashboardApps delete"}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			names := functionNames(def)
			for _, s := range calls(def) {
				// An entry that is no object is the schema's matter.
				if s.Function == "" || def.Doc.Root.Get("functions").Get(s.Function) != nil {
					continue
				}
				r := p.Node(s.FunctionAt, "there is no function %s", shown(s.Function)).
					Hint("Add it to functions with its params and code.")
				if near := p.nearest(s.Function, names); near != "" {
					r.rewrite(def, s.FunctionAt, near)
				}
			}
		},
	}
}

func functionArgsMatch() Spec {
	return Spec{
		ID: "function-args-match", Group: groupFunctions, Severity: finding.Warning,
		Title:   "A step gives what its function takes",
		Purpose: "Checks that the keys of args are the params of the function that the step calls.",
		Source:  functionSource + "That both must agree follows from this, and is not stated.",
		Help:    "Give every parameter of the function a value in `args`, and nothing else.",
		Fires: []Example{
			{Name: "a value that is missing", Edit: `/functions/count/params/- = "limit"`},
			{Name: "a value that nothing takes", Edit: `/actions/1/requests/1/args/limit = 10`},
			{Name: "no values at all", Edit: `/actions/1/requests/1/args delete`},
			{Name: "a typing mistake", Edit: `/actions/1/requests/1/args = {"lsit": "{{tickets}}"}`},
		},
		Silent: []Example{{Name: "a function without parameters",
			Edit: "/functions/count/params = []\n/functions/count/code = \"return { total: 1 };\"\n/actions/1/requests/1/args delete"}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			p.functions(def)
			for _, s := range calls(def) {
				f := p.memo.byName[s.Function].function
				if f.Params == nil || s.Args == nil && s.Node.Get("args") != nil {
					continue
				}
				matchArgs(p, s, p.memo.byName[s.Function].params, p.memo.byName[s.Function].takes)
			}
		},
	}
}

// matchArgs reports the arguments of a step that are missing or too many. A
// misspelt one is both, and is told once.
func matchArgs(p *Pass, s definition.Step, names []string, taken map[string]bool) {
	const most = 10 // of the missing ones; many steps can call a function of many parameters
	var missing []string
	for _, name := range names {
		if s.Args.Get(name) != nil {
			continue
		}
		if missing = append(missing, name); len(missing) == most {
			break
		}
	}
	for _, m := range s.Args.Members() {
		if taken[m.Key] {
			continue
		}
		r := p.Key(m, "the function %s has no parameter %s", shown(s.Function), shown(m.Key)).
			Hint("Take it out, or add %s to the function's params.", shown(m.Key))
		if near := p.nearest(m.Key, missing); near != "" {
			missing = slices.DeleteFunc(missing, func(s string) bool { return s == near })
			r.Hint("Write %s, if that is what you mean.", shown(near))
			if sameWord(m.Key, near) {
				r.Fix("write "+shown(near), keyEdit(m, near))
			}
		}
	}
	for _, name := range missing {
		object, pointer := s.Args, name
		if object == nil {
			object, pointer = s.Node, "args"
		}
		p.Missing(object, pointer, "the function %s gets no value for %s", shown(s.Function), shown(name)).
			Hint("Add %s to args.", shown(name)).Tell(name)
	}
}

func functionArgsNoCredentials() Spec {
	return Spec{
		ID: "function-args-no-credentials", Group: groupFunctions, Severity: finding.Error, Security: true,
		Title:   "Functions get no credentials",
		Purpose: "Checks that no argument of a function step has a placeholder in square brackets.",
		Source:  "Credentials are never available to functions: [[key]] is not replaced in args.",
		Help:    "Leave credentials to HTTP steps. A value that is not secret can come from a parameter, from `userDetails` or from an earlier step, as `{{key}}`.",
		Fires:   []Example{{Name: "a token as an argument", Edit: `/actions/1/requests/1/args/list = "[[accessToken]]"`}},
		Silent: []Example{
			{Name: "values of other steps"},
			{Name: "a list of lists", Edit: `/actions/1/requests/1/args/list = "[[1, 2], [3, 4]]"`},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, s := range calls(def) {
				for _, ph := range definition.PlaceholdersBelow(s.Args) {
					if ph.Credential && keyName(strings.TrimSpace(ph.Key)) {
						p.Node(ph.Node, "functions get no credentials, so that %s is not replaced", shown("[["+ph.Key+"]]")).
							Hint("Use the credential in an HTTP step, and give the function that step's output.").Tell(ph.Key)
					}
				}
			}
		},
	}
}

func functionCodeNoCredentials() Spec {
	return Spec{
		ID: "function-code-no-credentials", Group: groupFunctions, Severity: finding.Warning, Security: true,
		Title:   "Code has no placeholders for credentials",
		Purpose: "Checks that no code of a function has the placeholder of a key that auth supplies.",
		Source:  "Credentials are never available to functions. In code, [[key]] is a list of lists.",
		Help:    "Leave credentials to HTTP steps, and take the placeholder out of the code.",
		Fires:   []Example{{Name: "a token in the code", Edit: `/functions/count/code = "var t = '[[accessToken]]'; return { total: list.length, t: t };"`}},
		Silent:  []Example{{Name: "a list of lists", Edit: `/functions/count/code = "var pair = [[list]]; return { total: pair.length };"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			known := keySet(def.Auth.CredentialKeys())
			for _, f := range p.functions(def) {
				seen := map[string]bool{}
				for _, ph := range definition.Placeholders(f.function.Code) {
					key := strings.TrimSpace(ph.Key)
					if ph.Credential && known[key] && !f.takes[key] && !seen[key] {
						seen[key] = true
						p.Node(f.function.Code, "the code has %s, but functions get no credentials", shown("[["+key+"]]")).
							Hint("Use the credential in an HTTP step.").Tell(key)
					}
				}
			}
		},
	}
}

func functionCodeParses() Spec {
	return Spec{
		ID: "function-code-parses", Group: groupFunctions, Severity: finding.Warning,
		Title:   "Code can be read",
		Purpose: "Checks that the code of a function is JavaScript, and short enough to be reviewed.",
		Source:  "code is the body of a JavaScript function. Which edition of the language is not documented, so that this is a warning.",
		Help:    "Mend the code where the message says. Lines are those of the code, once `\\n` is a line break.",
		Fires: []Example{
			{Name: "a bracket that is not closed", Edit: `/functions/count/code = "return { total: list.length ;"`},
			{Name: "far too much of it", Edit: `/functions/count/code = "return { total: list.length };` + strings.Repeat(" ", jscode.MaxBytes) + `"`},
		},
		Silent: []Example{{Name: "newer JavaScript", Edit: `/functions/count/code = "const { length: total } = list ?? [];\nreturn { total };"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, f := range p.functions(def) {
				var at *jscode.SyntaxError
				switch {
				case errors.As(f.err, &at):
					p.Node(f.function.Code, "the code of %s cannot be read: line %d, column %d: %s", shown(f.function.Name), at.Line, at.Column, shown(at.Message)).
						Hint("Mend it there; a bracket or quotation mark before it may not be closed.")
				case f.err != nil:
					p.Node(f.function.Code, "the code of %s is longer than %d bytes, so that nobody could review it", shown(f.function.Name), jscode.MaxBytes).
						Hint("Split it into several functions.")
				}
			}
		},
	}
}

func functionReturnsObject() Spec {
	return Spec{
		ID: "function-returns-object", Group: groupFunctions, Severity: finding.Warning,
		Title:   "Functions return an object",
		Purpose: "Checks that the code of a function returns a plain object, whose keys later steps use.",
		Source:  "The code must return a plain object; arrays and single values are invalid. Each of its keys becomes a {{key}} for the steps after it.",
		Help:    "Return an object that names each value: `return { total: list.length };`.",
		Fires: []Example{
			{Name: "nothing is returned", Edit: `/functions/count/code = "var total = list.length;"`},
			{Name: "a list", Edit: `/functions/count/code = "return [list.length];"`},
		},
		Silent: []Example{{Name: "an object that is built up", Edit: `/functions/count/code = "var out = {};\nout.total = list.length;\nreturn out;"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, f := range p.functions(def) {
				const hint = "Return an object that names each value, such as \"return { total: total };\"."
				switch {
				case f.code == nil:
				case f.code.NoObject != "":
					p.Node(f.function.Code, "the code of %s returns %s, and not an object", shown(f.function.Name), f.code.NoObject).Hint(hint)
				case !f.code.Returns:
					p.Node(f.function.Code, "the code of %s returns nothing", shown(f.function.Name)).Hint(hint)
				}
			}
		},
	}
}

func functionUsed() Spec {
	return Spec{
		ID: "function-used", Group: groupFunctions, Severity: finding.Notice,
		Title:   "Functions are used",
		Purpose: "Checks that every function is called by a step.",
		Source:  "Code is trusted only because it is reviewed; what nothing calls need not be.",
		Help:    "Take the function out, or call it in a step.",
		Fires:   []Example{{Name: "a function that nothing calls", Edit: `/functions/sum = {"params": [], "code": "return { sum: 0 };"}`}},
		Silent: []Example{
			{Name: "one that is called"},
			{Name: "one that was meant", Edit: `/actions/1/requests/1/name = "cuont"`},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			if actions := def.Doc.Root.Get("actions"); actions != nil && !actions.Is(jsondoc.Array) {
				return // it is not known which steps there are
			}
			if unreadable(def, "actions", jsondoc.Array) {
				return
			}
			names := functionNames(def)
			used := map[string]bool{}
			for _, s := range calls(def) {
				if def.Doc.Root.Get("functions").Get(s.Function) != nil {
					used[s.Function] = true
				} else if near := p.nearest(s.Function, names); near != "" {
					used[near] = true // the finding is that of the step
				}
			}
			for _, f := range def.Functions {
				if !used[f.Name] {
					p.Key(f.Node, "no step calls the function %s", shown(f.Name)).Hint("Take it out, or call it in a step.")
				}
			}
		},
	}
}
