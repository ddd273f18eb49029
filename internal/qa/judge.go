package qa

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/qafile"
	"github.com/karzoun/miniapp-review/internal/sandbox"
)

// judge holds what happened against what is expected.
func (r *runner) judge(e qafile.Entry, run *sandbox.Run) Attempt {
	a := Attempt{State: Passed, Run: run}
	fail := func(hint, format string, args ...any) Attempt {
		a.State, a.Reason, a.Hint = Failed, fmt.Sprintf(format, args...), hint
		return a
	}
	wrong, isWrong := firstError(run)
	if f := run.Failure; f != nil {
		switch {
		case f.NoAnswer:
			a.State, a.Reason, a.Hint = NoAnswer, f.Message, f.Hint
			return a
		case e.Expect.Failure == string(f.Code):
			return a
		case e.Expect.Failure != "":
			return fail(f.Hint, "it failed with %s, where %s is expected: %s", f.Code, e.Expect.Failure, f.Message)
		case isWrong && wrong.Message != f.Message:
			// What was sent was wrong already, so that the failure follows from it.
			return fail(wrong.Hint, "%s; then: %s", placed(wrong), f.Message)
		}
		return fail(f.Hint, "%s", f.Message)
	}
	if e.Expect.Failure != "" {
		return fail("Look whether the input is wrong in the way that it should be.", "it went through, where the failure %s is expected", e.Expect.Failure)
	}
	if isWrong {
		return fail(wrong.Hint, "%s", placed(wrong))
	}
	if e.Kind == qafile.Action && run.Pointer != r.m.Definition.Auth.Node.Pointer() && len(run.Steps) == 0 {
		return fail("Add the request that it is about.", "the action does nothing: it has no request and no function")
	}
	if reason, hint := r.expected(e, run.Output); reason != "" {
		return fail(hint, "%s", reason)
	}
	return a
}

func firstError(run *sandbox.Run) (sandbox.Diagnostic, bool) {
	for _, d := range run.Diagnostics {
		if d.Severity == finding.Error {
			return d, true
		}
	}
	return sandbox.Diagnostic{}, false
}

// placed is a diagnostic with its place.
func placed(d sandbox.Diagnostic) string {
	return fmt.Sprintf("%s (line %d of miniapp.json)", d.Message, d.Line)
}

// quoted quotes a text that comes from a submission, cut when it is long.
func quoted(s string) string {
	const most = 80
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return strconv.Quote(s)
}

// expected says how an output differs from what is expected, or "". It repeats
// no value of it, since any may be a secret.
func (r *runner) expected(e qafile.Entry, output *jsondoc.Node) (reason, hint string) {
	const look = "Compare it with the output and the response."
	for _, has := range e.Expect.Has {
		if empty(has.Path.Eval(output)) {
			return fmt.Sprintf("the output has nothing at %q", has.Path.Bare()), look
		}
	}
	if e.Kind != qafile.Action {
		least := e.Expect.AtLeast
		if least < 0 {
			least = 1
		}
		if n := len(output.Elements()); n < least && !(r.in.Practice && n > 0 && !answered(r.m.Definition, e)) {
			return fmt.Sprintf("it gave %d entries, where at least %d are expected", n, least), "If the account may have none of them, expect \"atLeast\": 0."
		}
	}
	if r.in.Practice && !answered(r.m.Definition, e) {
		return "", ""
	}
	for _, eq := range e.Expect.Equals {
		want, missing := qafile.Resolve(eq.Value, func(name string) (*jsondoc.Node, bool) { v, ok := r.gave[name]; return v, ok })
		if missing != nil && errors.Is(missing.Err, qafile.ErrTooLong) {
			return fmt.Sprintf("what is expected at %q has more than 1 MiB", eq.Path.Bare()), ""
		}
		if missing != nil {
			return fmt.Sprintf("what is expected at %q needs %q, which has no value", eq.Path.Bare(), "{{"+missing.Key+"}}"), ""
		}
		got := eq.Path.Eval(output)
		switch {
		case got == nil:
			return fmt.Sprintf("the output has nothing at %q", eq.Path.Bare()), look
		case !equal(got, want):
			return fmt.Sprintf("the output has another value at %q than is expected", eq.Path.Bare()), look
		}
	}
	if e.Kind == qafile.Action && len(output.Members()) == 0 && mapsSomething(r.m.Definition, e.Target) {
		return "nothing that the last step maps was in the response", look
	}
	return "", ""
}

// empty reports whether there is no value, null, or one with nothing in it.
func empty(n *jsondoc.Node) bool {
	text, isText := definition.Scalar(n)
	return isText && text == "" || !isText && len(n.Children) == 0
}

// canFail reports whether a practice run can bring about what an entry expects.
func (r *runner) canFail(e qafile.Entry) bool {
	switch e.Expect.Failure {
	case "", "VALIDATION_ERROR":
		return true
	case "INTERNAL_ERROR":
		return answered(r.m.Definition, e)
	}
	return false
}

// answered reports whether the file says what the provider answers to every
// request of an entry.
func answered(def *definition.Definition, e qafile.Entry) bool {
	requests := 1
	if e.Kind == qafile.Action {
		requests = 0
		for _, a := range def.Actions {
			if a.Name != e.Target {
				continue
			}
			for _, s := range a.Steps {
				if !s.IsFunction {
					requests++
				}
			}
			break
		}
	}
	return len(e.Answers) >= requests && !slices.ContainsFunc(e.Answers, func(n *jsondoc.Node) bool { return n.Is(jsondoc.Null) })
}

// mapsSomething reports whether the last step of an action says what it gives.
func mapsSomething(def *definition.Definition, name string) bool {
	for _, a := range def.Actions {
		if a.Name == name && len(a.Steps) > 0 {
			last := a.Steps[len(a.Steps)-1]
			return last.IsFunction || last.Request.MappingAt.Is(jsondoc.Object) && len(last.Request.Mapping) > 0
		}
	}
	return false
}

// equal reports whether two values are the same JSON, whatever the order of keys
// and the spelling of numbers.
func equal(a, b *jsondoc.Node) bool {
	if a.Kind != b.Kind {
		return false
	}
	if a.Is(jsondoc.Number) {
		x, okX := new(big.Rat).SetString(a.Literal())
		y, okY := new(big.Rat).SetString(b.Literal())
		return okX && okY && x.Cmp(y) == 0
	}
	if len(a.Children) != len(b.Children) || a.Text() != b.Text() || a.Literal() != b.Literal() {
		return false
	}
	byKey := map[string]*jsondoc.Node{}
	if a.Is(jsondoc.Object) {
		for _, c := range b.Children {
			byKey[c.Key] = c // of equal keys the last one counts
		}
	}
	for i, c := range a.Children {
		other := b.Children[i]
		if a.Is(jsondoc.Object) {
			if other = byKey[c.Key]; other == nil {
				return false
			}
		}
		if !equal(c, other) {
			return false
		}
	}
	return true
}
