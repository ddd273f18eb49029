package jsondoc

import "bytes"

// Format returns the document in its canonical pretty form: two spaces of
// indentation, one entry on each line, the order of keys kept, strings and
// numbers as they were written, "\n" line ends and one at the end of the file.
// It is the layout of JSON.stringify(value, null, 2) and of jq. Formatting
// twice changes nothing more.
func (d *Document) Format() []byte {
	var b bytes.Buffer
	b.Grow(len(d.text) + len(d.text)/8)
	d.format(&b, d.Root, 0)
	b.WriteByte('\n')
	return b.Bytes()
}

// Formatted reports whether the text is in its canonical pretty form.
func (d *Document) Formatted() bool {
	return bytes.Equal(d.text, d.Format())
}

// Pretty returns one value of the document in the pretty form, as it would
// stand at the left margin and without a final newline.
func (d *Document) Pretty(n *Node) string {
	var b bytes.Buffer
	d.format(&b, n, 0)
	return b.String()
}

func (d *Document) format(b *bytes.Buffer, n *Node, level int) {
	if n.Kind != Object && n.Kind != Array {
		b.Write(d.text[n.Span.Start:n.Span.End])
		return
	}
	open, closing := byte('{'), byte('}')
	if n.Kind == Array {
		open, closing = '[', ']'
	}
	b.WriteByte(open)
	for i, c := range n.Children {
		if i > 0 {
			b.WriteByte(',')
		}
		newline(b, level+1)
		if n.Kind == Object {
			b.Write(d.text[c.KeySpan.Start:c.KeySpan.End])
			b.WriteString(": ")
		}
		d.format(b, c, level+1)
	}
	if len(n.Children) > 0 {
		newline(b, level)
	}
	b.WriteByte(closing)
}

func newline(b *bytes.Buffer, level int) {
	const spaces = "\n                                                                "
	b.WriteString(spaces[:1+2*level])
}
