// Package qafile reads qa.json, the file in which a partner says how a MiniApp
// is to be tried: the inputs of its actions, the dropdowns to fill, the resources
// to import, and what is expected of each.
//
//	{
//	  "sources": [{ "source": "rpc_projects" }],
//	  "actions": [
//	    {
//	      "action": "createTask",
//	      "input": { "project": "{{rpc_projects[0].value}}", "title": "QA {{run.id}}" },
//	      "expect": { "has": ["taskId", "taskUrl"] }
//	    },
//	    {
//	      "action": "deleteTask",
//	      "input": { "taskId": "{{createTask.taskId}}" },
//	      "expect": { "equals": { "deletedTaskId": "{{createTask.taskId}}" } }
//	    }
//	  ],
//	  "sync": [{ "resource": "clients", "limit": 5 }]
//	}
//
// Entries run in the order of the file: sources, actions, resources. In texts of
// an input, and of what is expected, "{{NAME.path}}" stands for what an earlier
// entry gave; see Reference.
//
// The package does no I/O and runs nothing. It is strict, since a mistake in the
// file would let a test say less than its author thinks.
package qafile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/nearest"
)

// Limits of a file: nobody waits for more, and each entry is at least one
// request to a provider.
const (
	MaxEntries = 200
	MaxLimit   = 1000 // records of a resource
)

// DefaultLimit is how many records of a resource are imported when the entry
// does not say it.
const DefaultLimit = 10

// Kind is what an entry tries.
type Kind uint8

// The kinds of entries, in the order in which they run.
const (
	Source Kind = iota + 1
	Action
	Resource
)

// String returns the word of the kind, which is also the key that names what an
// entry tries.
func (k Kind) String() string { return [...]string{"", "source", "action", "resource"}[k] }

// list is the key of the list with the entries of a kind.
func (k Kind) list() string { return [...]string{"", "sources", "actions", "sync"}[k] }

// File is a qa.json.
type File struct {
	// Entries are sorted by kind, those of a kind in the order of the file.
	Entries []Entry
}

// Entry is one thing to try.
type Entry struct {
	Kind Kind
	// Target is the name of the action, or the key of the source or resource.
	Target string
	// Name is what later entries call this one: that of "as", else Target.
	Name string
	// At is the entry, and TargetAt the text that names the target.
	At, TargetAt *jsondoc.Node
	// Input is an object, or nil: an action's input, or what a source finds as
	// "{{key}}".
	Input *jsondoc.Node
	// Once marks an action that is only run when somebody asks for it by name:
	// each run costs money, or reaches a real person.
	Once bool
	// Limit is how many records of a resource are imported.
	Limit  int
	Expect Expect
	// Answers are what the provider answers in a practice run, without a
	// provider: to each request of the entry in its order. Null, and what is not
	// there, is made up.
	Answers []*jsondoc.Node
}

// Expect is what an entry must give. The zero value expects that it goes through,
// and gives something.
type Expect struct {
	// Has are paths that must lead to a value other than null and "".
	Has []At
	// Equals are paths that must lead to exactly this value.
	Equals []Equal
	// Failure is the code with which the run must fail, or "".
	Failure string
	// AtLeast is how many entries or records there must be, or -1 when the file
	// does not say it.
	AtLeast int
}

// At is a path into an output, with the text that has it.
type At struct {
	Path definition.Path
	Node *jsondoc.Node
}

// Equal is an expected value.
type Equal struct {
	At
	Value *jsondoc.Node
}

// Codes are the failures that can be expected.
func Codes() []string {
	return []string{"AUTH_EXPIRED", "RATE_LIMITED", "VALIDATION_ERROR", "EXTERNAL_API_ERROR", "INTERNAL_ERROR"}
}

// Problem is something that is wrong with a file.
type Problem struct {
	Severity finding.Severity
	// Span is where it is, and Pointer the value that it is about.
	Span    jsondoc.Span
	Pointer string
	Message string
	Hint    string
}

// Error makes a Problem usable as an error.
func (p Problem) Error() string { return p.Message }

// parser reads a file.
type parser struct{ problems []Problem }

// Parse reads a file whose JSON could be read. What is wrong is left out of the
// result and said in the problems.
func Parse(doc *jsondoc.Document) (*File, []Problem) {
	p := &parser{}
	f := &File{}
	root := doc.Root
	if !root.Is(jsondoc.Object) {
		p.say(root, "Write {\"actions\": [{\"action\": \"NAME\", \"input\": {}}]}.", "the file is no object")
		return f, p.problems
	}
	p.keys(root, "actions", "sources", "sync")
	for _, k := range []Kind{Source, Action, Resource} {
		list := root.Get(k.list())
		if list != nil && !list.Is(jsondoc.Array) {
			p.say(list, "Write a list of objects.", "%q is no list", k.list())
		}
		for _, n := range list.Elements() {
			if len(f.Entries) == MaxEntries {
				p.say(n, "Keep those that reviewers need.", "the file has more than %d entries", MaxEntries)
				return f, p.problems
			}
			if e, ok := p.entry(k, n); ok {
				f.Entries = append(f.Entries, e)
			}
		}
	}
	return f, p.problems
}

func (p *parser) entry(k Kind, n *jsondoc.Node) (Entry, bool) {
	e := Entry{Kind: k, At: n, Limit: DefaultLimit, Expect: Expect{AtLeast: -1}}
	if !n.Is(jsondoc.Object) {
		p.say(n, fmt.Sprintf("Write {%q: \"NAME\"}.", k.String()), "this entry is no object")
		return e, false
	}
	known := []string{k.String(), "as", "expect", "answers"}
	switch k {
	case Action:
		known = append(known, "input", "once")
	case Source:
		known = append(known, "input")
	case Resource:
		known = append(known, "limit")
	}
	p.keys(n, known...)
	e.TargetAt = n.Get(k.String())
	e.Target = e.TargetAt.Text()
	if e.Target == "" {
		at := n
		if e.TargetAt != nil {
			at = e.TargetAt
		}
		p.say(at, fmt.Sprintf("Write {%q: \"NAME\"}.", k.String()), "the entry does not name its %s", k)
		return e, false
	}
	e.Name = e.Target
	if as := n.Get("as"); as != nil {
		if name := as.Text(); definition.IsPlaceholderName(name) && name != runName {
			e.Name = name
		} else {
			p.say(as, "Use letters, digits and underscores, with no digit first, and not \"run\".", "this is no name that a later entry could use")
		}
	}
	if e.Input = n.Get("input"); e.Input != nil && !e.Input.Is(jsondoc.Object) {
		p.say(e.Input, "Write one field for each parameter.", "the input is no object")
		e.Input = nil
	}
	if once := n.Get("once"); once != nil {
		var ok bool
		if e.Once, ok = once.Bool(); !ok {
			p.say(once, "Write true or false.", "\"once\" is neither true nor false")
		}
	}
	if at := n.Get("limit"); at != nil {
		e.Limit = p.count(at, 1, MaxLimit, DefaultLimit)
	}
	if at := n.Get("answers"); at != nil {
		if !at.Is(jsondoc.Array) {
			p.say(at, "Write the body of one answer for each request of the entry, and null for one that is made up.", "\"answers\" is no list")
		}
		e.Answers = at.Elements()
	}
	e.Expect = p.expect(k, n.Get("expect"))
	return e, true
}

func (p *parser) expect(k Kind, n *jsondoc.Node) Expect {
	e := Expect{AtLeast: -1}
	if n == nil {
		return e
	}
	if !n.Is(jsondoc.Object) {
		p.say(n, "Write an object such as {\"has\": [\"id\"]}.", "\"expect\" is no object")
		return e
	}
	known := []string{"has", "equals", "failure"}
	if k != Action {
		known = append(known, "atLeast")
	}
	p.keys(n, known...)
	if has := n.Get("has"); has != nil {
		if !has.Is(jsondoc.Array) {
			p.say(has, "Write a list of names, such as [\"id\"].", "\"has\" is no list")
		}
		for _, c := range has.Elements() {
			text, ok := c.Str()
			if path, good := p.path(c, text, ok); good {
				e.Has = append(e.Has, At{path, c})
			}
		}
	}
	if equals := n.Get("equals"); equals != nil {
		if !equals.Is(jsondoc.Object) {
			p.say(equals, "Write an object such as {\"status\": \"open\"}.", "\"equals\" is no object")
		}
		for _, m := range equals.Members() {
			if path, good := p.path(m, m.Key, true); good {
				e.Equals = append(e.Equals, Equal{At{path, m}, m})
			}
		}
	}
	if at := n.Get("failure"); at != nil {
		if e.Failure = at.Text(); !slices.Contains(Codes(), e.Failure) {
			p.say(at, hint(e.Failure, Codes()), "%s is no code of a failure", shown(e.Failure))
			e.Failure = ""
		}
		if len(e.Has)+len(e.Equals) > 0 {
			p.say(at, "Take the one or the other out.", "a run that fails gives nothing, so \"has\" and \"equals\" cannot be expected of it")
		}
	}
	if at := n.Get("atLeast"); at != nil {
		e.AtLeast = p.count(at, 0, MaxLimit, -1)
	}
	return e
}

// path reads the path of an expectation.
func (p *parser) path(at *jsondoc.Node, text string, isText bool) (definition.Path, bool) {
	if !isText || text == "" {
		p.say(at, "Write the name of an output, or a path such as \"items[0].id\".", "this is no path")
		return definition.Path{}, false
	}
	path, err := definition.ParseBarePath(text)
	if err != nil {
		p.say(at, "Use names, dots, and numbers in brackets, as in \"items[0].id\".", "the path %s %v", strconv.Quote(text), err)
	}
	return path, err == nil
}

// count reads a whole number.
func (p *parser) count(at *jsondoc.Node, least, most, otherwise int) int {
	n, err := strconv.Atoi(at.Literal())
	if !at.Is(jsondoc.Number) || err != nil || n < least || n > most {
		p.say(at, "", "%q must be a whole number from %d to %d", at.Key, least, most)
		return otherwise
	}
	return n
}

// keys reports the members of an object that are not known.
func (p *parser) keys(n *jsondoc.Node, known ...string) {
	for _, m := range n.Members() {
		if !slices.Contains(known, m.Key) {
			p.add(Problem{Severity: finding.Error, Span: m.KeySpan, Pointer: m.Pointer(), Message: fmt.Sprintf("there is no field %s here", shown(m.Key)), Hint: hint(m.Key, known)})
		}
	}
}

// say reports a value. Of an object or array, which may be long, the key or the
// bracket is marked.
func (p *parser) say(n *jsondoc.Node, hint, format string, args ...any) {
	p.add(Problem{Severity: finding.Error, Span: span(n), Pointer: n.Pointer(), Message: fmt.Sprintf(format, args...), Hint: hint})
}

func (p *parser) add(pr Problem) { p.problems = append(p.problems, pr) }

func span(n *jsondoc.Node) jsondoc.Span {
	switch {
	case !n.Is(jsondoc.Object) && !n.Is(jsondoc.Array):
		return n.Span
	case n.KeySpan.End > 0:
		return n.KeySpan
	}
	return jsondoc.Span{Start: n.Span.Start, End: n.Span.Start + 1}
}

// hint names what was meant, or what there is.
func hint(word string, known []string) string {
	if near, ok := nearest.Word(word, known); ok {
		return fmt.Sprintf("Write %s, if that is what you mean.", shown(near))
	}
	if len(known) == 0 || len(known) > 12 {
		return ""
	}
	quoted := make([]string, len(known))
	for i, k := range known {
		quoted[i] = shown(k)
	}
	return "Use one of " + strings.Join(quoted, ", ") + "."
}

// shown quotes a submitted text, cut when it is long.
func shown(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return strconv.Quote(s)
}
