package jsondoc

import (
	"bytes"
	"fmt"
	"strconv"
)

// Parse reads a document.
//
// Without problems, the document is valid JSON and has one meaning. With
// problems it must be refused; the tree is then nil, or, where reading could go
// on with one obvious meaning (comments, trailing commas, duplicate keys of
// which the last counts, long numbers, lone surrogates), a tree that serves to
// report everything else that is wrong in one go. Problems are in the order of
// the text, at most 100 of them.
//
// Time and memory are linear in the size of the text.
func Parse(text []byte) (*Document, []Problem) { return ParseLimited(text, MaxBytes) }

// ParseLimited is Parse with another limit on the size, in bytes.
func ParseLimited(text []byte, maxBytes int) (*Document, []Problem) {
	doc := &Document{text: text, Lines: NewLines(text)}
	p := &parser{text: text, maxBytes: maxBytes}
	if !p.readable() {
		return nil, p.problems
	}
	p.copied = string(text)
	p.space()
	root := p.value(Node{}, 0)
	if root == nil {
		p.sort()
		return nil, p.problems
	}
	p.space()
	if !p.dead && p.at < len(text) {
		p.fail(TrailingData, Span{p.at, len(text)},
			"there is text after the end of the document",
			"A definition is one JSON value; remove everything after its closing bracket.")
	}
	if p.dead {
		p.sort()
		return nil, p.problems
	}
	doc.Root = root
	p.sort()
	return doc, p.problems
}

type parser struct {
	text     []byte
	copied   string // the text once more, of which strings are parts
	maxBytes int
	at       int
	problems []Problem
	dead     bool // a problem after which the text has no obvious meaning
	slab     []Node
	lists    []*Node // from which Children are taken
	path     []*Node // the containers around the current position
	stack    []*Node // children of open containers
}

// node takes a node from a slab, so that a document costs few allocations.
func (p *parser) node() *Node {
	if len(p.slab) == 0 {
		// An average value takes some thirty bytes of pretty text.
		p.slab = make([]Node, min(max((len(p.text)-p.at)/32, 8), 256))
	}
	n := &p.slab[0]
	p.slab = p.slab[1:]
	return n
}

// list copies the children of a node, into a slab as well.
func (p *parser) list(children []*Node) []*Node {
	if len(children) == 0 {
		return nil
	}
	if len(p.lists) < len(children) {
		p.lists = make([]*Node, max(len(children), min(max((len(p.text)-p.at)/32, 8), 256)))
	}
	list := p.lists[:len(children):len(children)]
	p.lists = p.lists[len(children):]
	copy(list, children)
	return list
}

// value reads one value. place holds what is known of the node before it is
// read, so that problems inside it can be told by their pointer. It returns nil
// after a failure.
func (p *parser) value(place Node, depth int) *Node {
	if p.dead {
		return nil
	}
	if p.at >= len(p.text) {
		p.fail(Syntax, Span{p.at, p.at}, "the document ends where a value is expected", p.unclosedHint())
		return nil
	}
	n := p.node()
	*n = place
	n.Span.Start = p.at
	switch c := p.text[p.at]; {
	case c == '{' || c == '[':
		if depth == MaxDepth {
			p.fail(TooDeep, Span{p.at, p.at + 1},
				fmt.Sprintf("objects and arrays are nested more than %d levels deep", MaxDepth),
				"Flatten this part; the platform reads no deeper.")
			return nil
		}
		p.container(n, depth+1)
	case c == '"':
		n.Kind = String
		n.text = p.str()
	case c == '-' || c >= '0' && c <= '9':
		n.Kind = Number
		n.text = p.number()
	default:
		p.word(n)
	}
	if p.dead {
		return nil
	}
	n.Span.End = p.at
	return n
}

func (p *parser) container(n *Node, depth int) {
	n.Kind = Array
	closing := byte(']')
	if p.text[p.at] == '{' {
		n.Kind = Object
		closing = '}'
	}
	p.at++
	p.path = append(p.path, n)
	base := len(p.stack)
	comma := -1 // offset of the comma before the current position, if any
	for {
		p.space()
		if p.dead {
			return
		}
		if p.at >= len(p.text) {
			p.fail(Syntax, Span{n.Span.Start, n.Span.Start + 1},
				fmt.Sprintf("the %s that starts here has no closing %q", n.Kind, string(closing)), p.unclosedHint())
			return
		}
		if p.text[p.at] == closing {
			if comma >= 0 {
				span := Span{comma, comma + 1}
				p.report(Problem{Code: TrailingComma, Span: span,
					Message: fmt.Sprintf("there is a comma before the closing %q", string(closing)),
					Hint:    "Remove the comma: JSON has none after the last entry.",
					Fix:     []Edit{{Span: span}}})
			}
			p.at++
			break
		}
		if len(p.stack) > base && comma < 0 {
			p.missingComma(n, closing)
			return
		}
		child := p.member(Node{Parent: n, index: len(p.stack) - base}, depth)
		if child == nil {
			return
		}
		p.stack = append(p.stack, child)
		p.space()
		comma = -1
		if p.at < len(p.text) && p.text[p.at] == ',' {
			comma = p.at
			p.at++
		}
	}
	n.Children = p.list(p.stack[base:])
	p.stack = p.stack[:base]
	p.path = p.path[:len(p.path)-1]
	if n.Kind == Object {
		p.duplicates(n)
	}
}

func (p *parser) missingComma(n *Node, closing byte) {
	last := p.stack[len(p.stack)-1]
	found := p.describe()
	// The end of the entry before is where the comma belongs.
	at := last.Span.End
	p.fail(Syntax, Span{at, at + 1},
		fmt.Sprintf("expected a comma or %q after this entry, found %s", string(closing), found),
		"Put a comma between two entries.")
}

// member reads a key and value of an object, or an element of an array.
func (p *parser) member(place Node, depth int) *Node {
	if place.Parent.Kind == Array {
		return p.value(place, depth)
	}
	if p.text[p.at] != '"' {
		hint := "Keys are written in double quotes."
		if p.text[p.at] == ',' {
			hint = "Remove the extra comma."
		}
		p.fail(Syntax, Span{p.at, p.at + 1}, fmt.Sprintf("expected a key in double quotes, found %s", p.describe()), hint)
		return nil
	}
	start := p.at
	place.Key = p.str()
	place.KeySpan = Span{start, p.at}
	p.space()
	if p.dead {
		return nil
	}
	if p.at >= len(p.text) || p.text[p.at] != ':' {
		p.fail(Syntax, place.KeySpan, fmt.Sprintf("expected a colon after the key %s, found %s", quote(place.Key), p.describe()),
			"Put a colon between a key and its value.")
		return nil
	}
	p.at++
	p.space()
	return p.value(place, depth)
}

// duplicates reports each key that stands again in the object.
func (p *parser) duplicates(n *Node) {
	if len(n.Children) < indexedMembers {
		for i, c := range n.Children {
			for _, earlier := range n.Children[:i] {
				if earlier.Key == c.Key {
					p.duplicate(n, earlier, c)
					break
				}
			}
		}
		return
	}
	n.keys = make(map[string]*Node, len(n.Children))
	var first map[string]*Node // of the keys that stand more than once
	for _, c := range n.Children {
		if earlier, ok := n.keys[c.Key]; ok {
			if f, ok := first[c.Key]; ok {
				earlier = f
			} else if first == nil {
				first = map[string]*Node{}
			}
			first[c.Key] = earlier
			p.duplicate(n, earlier, c)
		}
		n.keys[c.Key] = c
	}
}

func (p *parser) duplicate(n, earlier, later *Node) {
	if len(p.problems) >= MaxProblems {
		return
	}
	line := bytes.Count(p.text[:earlier.KeySpan.Start], []byte("\n")) + 1
	related := earlier.KeySpan
	p.report(Problem{Code: DuplicateKey, Span: later.KeySpan, Related: &related,
		Message: fmt.Sprintf("the key %s is already in this object, on line %d", quote(later.Key), line),
		Hint:    "Keep one of the two: readers disagree on which one counts."})
	p.problems[len(p.problems)-1].Pointer = n.Pointer()
}

// str reads a string, the opening quote being the current byte.
func (p *parser) str() string {
	start := p.at
	p.at++
	plain := p.at
	var b []byte // decoded so far, once there was an escape
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == '"':
			s := p.copied[plain:p.at]
			p.at++
			if b == nil {
				return s
			}
			return string(append(b, s...))
		case c == '\\':
			if b == nil {
				b = make([]byte, 0, p.at-plain+32)
			}
			b = append(b, p.text[plain:p.at]...)
			b = p.escape(b)
			if p.dead {
				return ""
			}
			plain = p.at
		case c < 0x20:
			hint := `Write it as an escape, such as "\n" for a line break.`
			if c == '\n' || c == '\r' {
				p.fail(Syntax, Span{start, p.at}, "the string that starts here is not closed on its line",
					`Close it with a double quote, or write line breaks as "\n".`)
			} else {
				p.fail(Syntax, Span{p.at, p.at + 1}, fmt.Sprintf("the control character U+%04X stands in a string as it is", c), hint)
			}
			return ""
		default:
			p.at++
		}
	}
	p.fail(Syntax, Span{start, start + 1}, "the string that starts here has no end", "Close it with a double quote.")
	return ""
}

func (p *parser) digits() int {
	start := p.at
	for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
		p.at++
	}
	return p.at - start
}

// number reads a number. Its value is not computed: "1e1000000" is cheap to
// read, but costs whoever computes with it tens of milliseconds.
func (p *parser) number() string {
	start := p.at
	bad := func(what string) string {
		p.fail(Syntax, Span{start, max(p.at, start+1)}, what, "Write numbers as in 12, -0.5 or 1e3.")
		return ""
	}
	if p.text[p.at] == '-' {
		p.at++
	}
	first := p.at
	switch n := p.digits(); {
	case n == 0:
		return bad("a minus sign without a number")
	case n > 1 && p.text[first] == '0':
		return bad("numbers must not start with a zero")
	}
	if p.at < len(p.text) && p.text[p.at] == '.' {
		p.at++
		if p.digits() == 0 {
			return bad("there is no digit after the decimal point")
		}
	}
	exponent := "0"
	if p.at < len(p.text) && (p.text[p.at] == 'e' || p.text[p.at] == 'E') {
		p.at++
		if p.at < len(p.text) && (p.text[p.at] == '+' || p.text[p.at] == '-') {
			p.at++
		}
		from := p.at
		if p.digits() == 0 {
			return bad("there is no digit in the exponent")
		}
		exponent = p.copied[from:p.at]
	}
	span := Span{start, p.at}
	e, err := strconv.Atoi(exponent)
	switch {
	case p.at-start > MaxNumberLength:
		p.report(Problem{Code: NumberTooLarge, Span: span,
			Message: fmt.Sprintf("the number has %d characters, more than the %d that are read", p.at-start, MaxNumberLength),
			Hint:    "Write long identifiers as strings."})
		return "0"
	case err != nil || e > MaxExponent:
		p.report(Problem{Code: NumberTooLarge, Span: span,
			Message: fmt.Sprintf("the exponent of the number is beyond %d", MaxExponent),
			Hint:    "Write a smaller number."})
		return "0"
	}
	lit := p.copied[start:p.at]
	if _, err := strconv.ParseFloat(lit, 64); err != nil {
		p.report(Problem{Code: NumberTooLarge, Span: span,
			Message: "the number is too large to be computed with",
			Hint:    "Write a smaller number."})
		return "0"
	}
	return lit
}

func (p *parser) word(n *Node) {
	for _, w := range []struct {
		text string
		kind Kind
	}{{"true", Bool}, {"false", Bool}, {"null", Null}} {
		if bytes.HasPrefix(p.text[p.at:], []byte(w.text)) {
			n.Kind, n.text = w.kind, w.text
			p.at += len(w.text)
			return
		}
	}
	hint := "A value is an object, an array, a string in double quotes, a number, true, false or null."
	if c := p.text[p.at]; c == '\'' || c == '`' {
		hint = "Strings are written in double quotes."
	}
	for _, w := range [][2]string{{"True", "true"}, {"TRUE", "true"}, {"False", "false"}, {"FALSE", "false"}, {"None", "null"}, {"NULL", "null"}, {"undefined", "null"}} {
		if bytes.HasPrefix(p.text[p.at:], []byte(w[0])) {
			p.fail(Syntax, Span{p.at, p.at + len(w[0])}, "\""+w[0]+"\" is no value of JSON", "Write "+w[1]+".")
			return
		}
	}
	p.fail(Syntax, Span{p.at, p.at + 1}, "expected a value, found "+p.describe(), hint)
}
