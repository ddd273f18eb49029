// Package jsondoc reads JSON that nobody vouches for, and remembers where
// everything stood.
//
// It is stricter than encoding/json: what it accepts without a problem,
// encoding/json accepts with the same value, but not the other way round.
// Duplicate keys, invalid UTF-8, lone surrogates, bytes after the document,
// deep nesting and numbers that are costly to compute with are refused, since
// two readers of such a document can come to two different values.
//
// It knows nothing about MiniApps.
package jsondoc

import (
	"sort"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// Kind is the JSON type of a node.
type Kind uint8

// The JSON types. The zero Kind belongs to no node.
const (
	Object Kind = iota + 1
	Array
	String
	Number
	Bool
	Null
)

// String returns the word that messages use for the type.
func (k Kind) String() string {
	switch k {
	case Object:
		return "object"
	case Array:
		return "array"
	case String:
		return "string"
	case Number:
		return "number"
	case Bool:
		return "boolean"
	case Null:
		return "null"
	}
	return "nothing"
}

// Span is a half-open range of byte offsets in a document's text.
type Span struct{ Start, End int }

// Position is a place in a text for people: both numbers count from 1, and
// columns count Unicode code points.
type Position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Node is one value of a document. Nodes are read-only after Parse.
type Node struct {
	Kind Kind
	// Span is where the value stands, quotes and brackets included.
	Span Span
	// Key is the decoded key when the node is a member of an object, and
	// KeySpan is where that key stands, quotes included.
	Key     string
	KeySpan Span
	// Parent is nil for the root.
	Parent *Node
	// Children are the members of an object or the elements of an array, in
	// the order of the text.
	Children []*Node

	index int    // position among the parent's children
	text  string // decoded string, or the literal of a number, true, false
	keys  map[string]*Node
}

// indexedMembers is the number of members from which an object carries a map,
// so that an object with very many members costs no quadratic time.
const indexedMembers = 16

// Get returns the member with this key, or nil when the node is nil, is no
// object or has no such member. Of duplicate keys it returns the last, as
// encoding/json does.
func (n *Node) Get(key string) *Node {
	if n == nil || n.Kind != Object {
		return nil
	}
	if n.keys != nil {
		return n.keys[key]
	}
	for i := len(n.Children) - 1; i >= 0; i-- {
		if n.Children[i].Key == key {
			return n.Children[i]
		}
	}
	return nil
}

// At follows keys downwards. It returns nil as soon as one is missing.
func (n *Node) At(keys ...string) *Node {
	for _, k := range keys {
		n = n.Get(k)
	}
	return n
}

// Elements returns the elements of an array, and nothing for other nodes.
func (n *Node) Elements() []*Node {
	if n == nil || n.Kind != Array {
		return nil
	}
	return n.Children
}

// Members returns the members of an object, and nothing for other nodes.
func (n *Node) Members() []*Node {
	if n == nil || n.Kind != Object {
		return nil
	}
	return n.Children
}

// Is reports whether the node exists and has this kind.
func (n *Node) Is(k Kind) bool { return n != nil && n.Kind == k }

// Str returns the decoded text of a string, and whether the node is one.
func (n *Node) Str() (string, bool) {
	if n == nil || n.Kind != String {
		return "", false
	}
	return n.text, true
}

// Text returns the decoded text of a string, and "" for other nodes.
func (n *Node) Text() string {
	s, _ := n.Str()
	return s
}

// Literal returns the text of a number, boolean or null as it was written.
func (n *Node) Literal() string {
	if n == nil || n.Kind == String || n.Kind == Object || n.Kind == Array {
		return ""
	}
	return n.text
}

// Float returns the value of a number, and whether the node is one. The
// reader's limits on numbers make it finite.
func (n *Node) Float() (float64, bool) {
	if n == nil || n.Kind != Number {
		return 0, false
	}
	f, err := strconv.ParseFloat(n.text, 64)
	return f, err == nil
}

// Bool returns the value of a boolean, and whether the node is one.
func (n *Node) Bool() (value, ok bool) {
	if n == nil || n.Kind != Bool {
		return false, false
	}
	return n.text == "true", true
}

// Index is the node's position among its parent's children, from 0.
func (n *Node) Index() int { return n.index }

// Pointer returns the node's JSON Pointer (RFC 6901); the root has "".
func (n *Node) Pointer() string {
	if n == nil || n.Parent == nil {
		return ""
	}
	var parts []string
	for ; n.Parent != nil; n = n.Parent {
		if n.Parent.Kind == Array {
			parts = append(parts, strconv.Itoa(n.index))
		} else {
			parts = append(parts, EscapePointer(n.Key))
		}
	}
	var b strings.Builder
	for i := len(parts) - 1; i >= 0; i-- {
		b.WriteByte('/')
		b.WriteString(parts[i])
	}
	return b.String()
}

// EscapePointer writes a key as one reference token of a JSON Pointer.
func EscapePointer(key string) string {
	if !strings.ContainsAny(key, "~/") {
		return key
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

// Walk calls visit for the node and everything below it, in the order of the
// text. When visit returns false, the node's children are left out.
func (n *Node) Walk(visit func(*Node) bool) {
	if n == nil || !visit(n) {
		return
	}
	for _, c := range n.Children {
		c.Walk(visit)
	}
}

// Document is a text and the tree that was read from it.
type Document struct {
	// Root is the one value of the document.
	Root *Node
	text []byte
	*Lines
}

// Bytes returns the document's text. The caller must not change it.
func (d *Document) Bytes() []byte { return d.text }

// Source returns the text of a span.
func (d *Document) Source(s Span) string { return string(d.text[s.Start:s.End]) }

// Find returns the node at a JSON Pointer, or nil.
func (d *Document) Find(pointer string) *Node {
	n := d.Root
	if pointer == "" {
		return n
	}
	for _, token := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		token = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
		if n.Is(Array) {
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(n.Children) || (len(token) > 1 && token[0] == '0') || token[0] == '+' || token[0] == '-' {
				return nil
			}
			n = n.Children[i]
			continue
		}
		if n = n.Get(token); n == nil {
			return nil
		}
	}
	return n
}

// Lines maps byte offsets of a text to positions. It is safe for concurrent use.
type Lines struct {
	text   []byte
	starts []int
	marks  []mark
	// The indexes are made when they are first needed.
	indexed, marked sync.Once
}

// mark is a place at which it is known how many code points come before it. A
// text has one about every markDistance bytes, so that a position on a very
// long line costs no more than one on a short line.
type mark struct{ offset, runes int }

const markDistance = 1024

// NewLines indexes a text. A line ends at "\n"; the "\r" of a "\r\n" counts
// as the last column of its line.
func NewLines(text []byte) *Lines {
	return &Lines{text: text}
}

func (l *Lines) makeIndex() {
	n := 1
	for _, c := range l.text {
		if c == '\n' {
			n++
		}
	}
	l.starts = make([]int, 1, n)
	for i, c := range l.text {
		if c == '\n' {
			l.starts = append(l.starts, i+1)
		}
	}
}

func (l *Lines) makeMarks() {
	l.marks = make([]mark, 1, len(l.text)/markDistance+1)
	for at, runes := 0, 0; at < len(l.text); runes++ {
		if last := l.marks[len(l.marks)-1]; at >= last.offset+markDistance {
			l.marks = append(l.marks, mark{at, runes})
		}
		_, size := utf8.DecodeRune(l.text[at:])
		at += size
	}
}

// runes counts the code points before an offset.
func (l *Lines) runes(offset int) int {
	l.marked.Do(l.makeMarks)
	m := l.marks[sort.Search(len(l.marks), func(i int) bool { return l.marks[i].offset > offset })-1]
	return m.runes + utf8.RuneCount(l.text[m.offset:offset])
}

// start returns the offset at which the line of an offset starts.
func (l *Lines) start(offset int) int {
	l.indexed.Do(l.makeIndex)
	return l.starts[sort.SearchInts(l.starts, offset+1)-1]
}

// Position returns the position of a byte offset. Offsets outside the text
// are moved to its nearer end.
func (l *Lines) Position(offset int) Position {
	l.indexed.Do(l.makeIndex)
	offset = min(max(offset, 0), len(l.text))
	line := sort.SearchInts(l.starts, offset+1) - 1
	start := l.starts[line]
	if offset-start <= markDistance {
		return Position{Line: line + 1, Column: utf8.RuneCount(l.text[start:offset]) + 1}
	}
	return Position{Line: line + 1, Column: l.runes(offset) - l.runes(start) + 1}
}

// Line returns the text of a line, counted from 1, without its line ending.
// It returns "" for a line that does not exist.
func (l *Lines) Line(number int) string {
	l.indexed.Do(l.makeIndex)
	if number < 1 || number > len(l.starts) {
		return ""
	}
	end := len(l.text)
	if number < len(l.starts) {
		end = l.starts[number] - 1
	}
	return strings.TrimSuffix(string(l.text[l.starts[number-1]:end]), "\r")
}

// Count returns the number of lines; an empty text has one.
func (l *Lines) Count() int {
	l.indexed.Do(l.makeIndex)
	return len(l.starts)
}

// Offset returns the byte offset of a position. Positions outside the text
// are moved to the nearer end of the text or of the line.
func (l *Lines) Offset(p Position) int {
	l.indexed.Do(l.makeIndex)
	if p.Line < 1 {
		return 0
	}
	if p.Line > len(l.starts) {
		return len(l.text)
	}
	end := len(l.text)
	if p.Line < len(l.starts) {
		end = l.starts[p.Line] - 1
	}
	at := l.starts[p.Line-1]
	for c := 1; c < p.Column && at < end; c++ {
		_, size := utf8.DecodeRune(l.text[at:end])
		at += size
	}
	return at
}
