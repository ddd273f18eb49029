package jsondoc

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Edit replaces the bytes of Span by Text. An empty span inserts.
type Edit struct {
	Span
	Text string
}

// Apply makes all edits at once. Spans refer to the text as it was; edits that
// overlap, or lie outside the text, are an error and change nothing.
func Apply(text []byte, edits []Edit) ([]byte, error) {
	sorted := slices.Clone(edits)
	slices.SortStableFunc(sorted, func(a, b Edit) int {
		if a.Start != b.Start {
			return a.Start - b.Start
		}
		return a.End - b.End
	})
	var out bytes.Buffer
	at := 0
	for _, e := range sorted {
		if e.Start < at || e.End < e.Start || e.End > len(text) {
			return nil, fmt.Errorf("edit of bytes %d to %d overlaps another or lies outside the text of %d bytes", e.Start, e.End, len(text))
		}
		out.Write(text[at:e.Start])
		out.WriteString(e.Text)
		at = e.End
	}
	out.Write(text[at:])
	return out.Bytes(), nil
}

// Replace is the edit that gives a node another value, written as JSON. Further
// lines of it get the indentation of the line that the value starts on.
func (d *Document) Replace(n *Node, json string) []Edit {
	if strings.Contains(json, "\n") {
		json = reindent(json, d.indent(n.Span.Start))
	}
	return []Edit{{Span: n.Span, Text: json}}
}

// SetMember is the smallest edit after which the object has this member: the
// value is replaced, or a new member is added after the one named by after, or
// last. New members take the place and the indentation of their neighbours.
func (d *Document) SetMember(object *Node, key, json, after string) []Edit {
	if m := object.Get(key); m != nil {
		return d.Replace(m, json)
	}
	return d.insert(object, object.Get(after), Quote(key)+": "+json)
}

// Append is the edit that adds a last element to an array.
func (d *Document) Append(array *Node, json string) []Edit {
	return d.insert(array, nil, json)
}

func (d *Document) insert(parent, after *Node, entry string) []Edit {
	if len(parent.Children) == 0 {
		outer := d.indent(parent.Span.Start)
		inner := outer + "  "
		return []Edit{{Span: parent.Span,
			Text: string(d.text[parent.Span.Start]) + "\n" + inner + reindent(entry, inner) + "\n" + outer + string(d.text[parent.Span.End-1])}}
	}
	if after == nil || after.Parent != parent {
		after = parent.Children[len(parent.Children)-1]
	}
	at := Span{after.Span.End, after.Span.End}
	start := after.Span.Start
	if parent.Kind == Object {
		start = after.KeySpan.Start
	}
	if indent, own := d.ownLine(start); own {
		return []Edit{{Span: at, Text: ",\n" + indent + reindent(entry, indent)}}
	}
	return []Edit{{Span: at, Text: ", " + entry}}
}

// Remove is the edit that takes a node out of its parent together with the
// comma that goes with it.
func (d *Document) Remove(n *Node) []Edit {
	if n.Parent == nil {
		return nil
	}
	start := n.Span.Start
	if n.Parent.Kind == Object {
		start = n.KeySpan.Start
	}
	siblings := n.Parent.Children
	switch {
	case len(siblings) == 1:
		return []Edit{{Span: Span{n.Parent.Span.Start + 1, n.Parent.Span.End - 1}}}
	case n.index > 0:
		return []Edit{{Span: Span{siblings[n.index-1].Span.End, n.Span.End}}}
	default:
		next := siblings[1]
		end := next.Span.Start
		if n.Parent.Kind == Object {
			end = next.KeySpan.Start
		}
		return []Edit{{Span: Span{start, end}}}
	}
}

// indent returns the white space at the start of the line of an offset.
func (d *Document) indent(offset int) string {
	start := d.start(offset)
	end := start
	for end < offset && (d.text[end] == ' ' || d.text[end] == '\t') {
		end++
	}
	return string(d.text[start:end])
}

// ownLine reports whether only white space stands before an offset on its line.
func (d *Document) ownLine(offset int) (string, bool) {
	start := d.start(offset)
	indent := d.indent(offset)
	return indent, start > 0 && start+len(indent) == offset
}

func reindent(s, indent string) string {
	return strings.ReplaceAll(s, "\n", "\n"+indent)
}

// Quote writes a string as a JSON string literal. Only what JSON demands is
// escaped; bytes that are no UTF-8 become U+FFFD.
func Quote(s string) string { return string(appendQuoted(make([]byte, 0, len(s)+2), s)) }

func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\r':
			b = append(b, '\\', 'r')
		case r == '\t':
			b = append(b, '\\', 't')
		case r < 0x20 || r == 0x2028 || r == 0x2029:
			b = fmt.Appendf(b, "\\u%04x", r)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
