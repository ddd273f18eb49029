package definition

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// Path is a path into a JSON value. The platform's documentation knows two
// kinds of steps, ".name" and "[number]", and two ways to write a path: with a
// leading "$", and bare. Which one a field takes depends on the field.
//
// The zero Path leads to the value itself.
type Path struct{ steps []pathStep }

// pathStep is a member of an object, or an element of an array.
type pathStep struct {
	key   string
	index int
	array bool
}

// ParsePath reads a path that starts with "$", such as "$.data.items[0].id".
// Its errors continue the words "the path".
func ParsePath(text string) (Path, error) {
	rest, ok := strings.CutPrefix(text, "$")
	if !ok {
		return Path{}, errors.New("does not start with \"$\"")
	}
	return parseSteps(rest)
}

// ParseBarePath reads a path without "$", such as "data.items[0].id". Its
// errors continue the words "the path".
func ParseBarePath(text string) (Path, error) {
	if strings.HasPrefix(text, "$") {
		return Path{}, errors.New("starts with \"$\"")
	}
	if strings.HasPrefix(text, "[") {
		return parseSteps(text)
	}
	return parseSteps("." + text)
}

func parseSteps(text string) (Path, error) {
	var p Path
	for text != "" {
		var step pathStep
		var err error
		switch text[0] {
		case '.':
			step, text, err = nameStep(text[1:])
		case '[':
			step, text, err = indexStep(text[1:])
		default:
			return Path{}, fmt.Errorf("needs \".\" or \"[\" before %q", cut(text))
		}
		if err != nil {
			return Path{}, err
		}
		p.steps = append(p.steps, step)
	}
	return p, nil
}

// nameStep reads the name of a member, and returns what follows it.
func nameStep(text string) (pathStep, string, error) {
	end := strings.IndexAny(text, ".[")
	if end < 0 {
		end = len(text)
	}
	name := text[:end]
	switch {
	case name == "" && strings.HasPrefix(text, "."):
		return pathStep{}, "", errors.New("uses \"..\", which the platform does not know")
	case name == "":
		return pathStep{}, "", errors.New("has a dot without a name")
	case strings.Contains(name, "*"):
		return pathStep{}, "", errors.New("uses \"*\", which the platform does not know")
	case strings.ContainsAny(name, "]()'\"?"):
		return pathStep{}, "", fmt.Errorf("has the name %q, which only quotes or a function could mean", cut(name))
	case strings.TrimSpace(name) != name || strings.ContainsFunc(name, func(r rune) bool { return r < 0x20 || r == 0x7f }):
		return pathStep{}, "", fmt.Errorf("has white space around the name %q", cut(name))
	}
	return pathStep{key: name}, text[end:], nil
}

// indexStep reads the number of an element and its closing bracket, and returns
// what follows them.
func indexStep(text string) (pathStep, string, error) {
	inner, rest, ok := strings.Cut(text, "]")
	switch {
	case !ok:
		return pathStep{}, "", errors.New("has a \"[\" that is not closed")
	case inner == "*":
		return pathStep{}, "", errors.New("uses \"[*]\", which the platform does not know")
	case strings.HasPrefix(inner, "?"):
		return pathStep{}, "", errors.New("uses a filter, which the platform does not know")
	case strings.HasPrefix(inner, "'") || strings.HasPrefix(inner, "\""):
		return pathStep{}, "", errors.New("has a name in brackets and quotes, which the platform does not know")
	case strings.Contains(inner, ":"):
		return pathStep{}, "", errors.New("uses a slice, which the platform does not know")
	}
	i, err := strconv.Atoi(inner)
	if err != nil || i < 0 || inner[0] == '+' || inner[0] == '-' {
		return pathStep{}, "", fmt.Errorf("has the index %q, which is no number from 0", cut(inner))
	}
	return pathStep{index: i, array: true}, rest, nil
}

// Eval follows the path from a value. It returns nil when a member or element
// is missing.
func (p Path) Eval(n *jsondoc.Node) *jsondoc.Node {
	for _, s := range p.steps {
		switch {
		case !s.array:
			n = n.Get(s.key)
		case s.index < len(n.Elements()):
			n = n.Children[s.index]
		default:
			return nil
		}
	}
	return n
}

// maxElements is how many elements With makes on the way to an index.
const maxElements = 100

// With returns a value like n in which v stands at the path, with the objects and
// arrays that lead there, made of copies. What n has is kept: an object or array
// that stands where v should is not replaced. It reports false when n has
// something else on the way, so that the path cannot lead there.
func (p Path) With(n, v *jsondoc.Node) (*jsondoc.Node, bool) {
	if len(p.steps) > jsondoc.MaxDepth {
		return n, false // no document is so deep
	}
	return with(n, v, p.steps)
}

func with(n, v *jsondoc.Node, steps []pathStep) (*jsondoc.Node, bool) {
	if len(steps) == 0 {
		if n.Is(jsondoc.Object) || n.Is(jsondoc.Array) {
			return n, true
		}
		return v, true
	}
	s := steps[0]
	if s.array {
		if n != nil && !n.Is(jsondoc.Array) || s.index >= maxElements {
			return n, false
		}
		list := slices.Clone(n.Elements())
		for len(list) <= s.index {
			list = append(list, jsondoc.NewObject())
		}
		var at *jsondoc.Node
		if s.index < len(n.Elements()) {
			at = list[s.index]
		}
		below, ok := with(at, v, steps[1:])
		if ok {
			list[s.index] = below
		}
		return jsondoc.NewArray(list...), ok
	}
	if n != nil && !n.Is(jsondoc.Object) {
		return n, false
	}
	below, ok := with(n.Get(s.key), v, steps[1:])
	if !ok {
		return n, false
	}
	var members []jsondoc.Member
	there := false
	for _, m := range n.Members() {
		if m.Key == s.key {
			there = true
			members = append(members, jsondoc.Member{Key: m.Key, Value: below})
		} else {
			members = append(members, jsondoc.Member{Key: m.Key, Value: m})
		}
	}
	if !there {
		members = append(members, jsondoc.Member{Key: s.key, Value: below})
	}
	return jsondoc.NewObject(members...), true
}

// Last returns the name of the last member on the way, or "".
func (p Path) Last() string {
	for _, s := range slices.Backward(p.steps) {
		if !s.array {
			return s.key
		}
	}
	return ""
}

// Len returns the number of steps; it is 0 for "$" itself.
func (p Path) Len() int { return len(p.steps) }

// Below returns the steps after those of base, and whether the path starts
// with all of them.
func (p Path) Below(base Path) (Path, bool) {
	if len(p.steps) < len(base.steps) {
		return Path{}, false
	}
	for i, s := range base.steps {
		if p.steps[i] != s {
			return Path{}, false
		}
	}
	return Path{steps: p.steps[len(base.steps):]}, true
}

// String writes the path with its leading "$".
func (p Path) String() string { return "$" + p.write() }

// Bare writes the path without "$"; it is "" for the value itself.
func (p Path) Bare() string { return strings.TrimPrefix(p.write(), ".") }

func (p Path) write() string {
	var b strings.Builder
	for _, s := range p.steps {
		if s.array {
			fmt.Fprintf(&b, "[%d]", s.index)
		} else {
			b.WriteString("." + s.key)
		}
	}
	return b.String()
}
