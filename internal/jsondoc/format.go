package jsondoc

import (
	"bytes"
	"io"
)

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
	same := &comparison{rest: d.text}
	d.format(same, d.Root, 0)
	_ = same.WriteByte('\n')
	return !same.differs && len(same.rest) == 0
}

// writer is what a document is formatted into. Errors are not looked at: those
// that are used have none.
type writer interface {
	io.Writer
	io.ByteWriter
	io.StringWriter
}

// comparison takes a text and finds out whether it is another one, which costs
// less than writing it down and comparing it then.
type comparison struct {
	rest    []byte
	differs bool
}

func (c *comparison) Write(b []byte) (int, error) {
	if c.differs = c.differs || !bytes.HasPrefix(c.rest, b); !c.differs {
		c.rest = c.rest[len(b):]
	}
	return len(b), nil
}

func (c *comparison) WriteString(s string) (int, error) {
	if c.differs = c.differs || len(c.rest) < len(s) || string(c.rest[:len(s)]) != s; !c.differs {
		c.rest = c.rest[len(s):]
	}
	return len(s), nil
}

func (c *comparison) WriteByte(b byte) error {
	if c.differs = c.differs || len(c.rest) == 0 || c.rest[0] != b; !c.differs {
		c.rest = c.rest[1:]
	}
	return nil
}

// Pretty returns one value of the document in the pretty form, as it would
// stand at the left margin and without a final newline.
func (d *Document) Pretty(n *Node) string {
	var b bytes.Buffer
	d.format(&b, n, 0)
	return b.String()
}

func (d *Document) format(b writer, n *Node, level int) {
	if n.Kind != Object && n.Kind != Array {
		_, _ = b.Write(d.text[n.Span.Start:n.Span.End])
		return
	}
	open, closing := byte('{'), byte('}')
	if n.Kind == Array {
		open, closing = '[', ']'
	}
	_ = b.WriteByte(open)
	for i, c := range n.Children {
		if i > 0 {
			_ = b.WriteByte(',')
		}
		newline(b, level+1)
		if n.Kind == Object {
			_, _ = b.Write(d.text[c.KeySpan.Start:c.KeySpan.End])
			_, _ = b.WriteString(": ")
		}
		d.format(b, c, level+1)
	}
	if len(n.Children) > 0 {
		newline(b, level)
	}
	_ = b.WriteByte(closing)
}

func newline(b writer, level int) {
	const spaces = "\n                                                                "
	_, _ = b.WriteString(spaces[:1+2*level])
}
