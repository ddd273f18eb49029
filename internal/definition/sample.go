package definition

import (
	"bytes"
	"errors"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// Sample is a sample delivery: a file that records what the provider sends for
// an event. Like the definition it is read leniently.
type Sample struct {
	Root *jsondoc.Node
	// Event is that of the trigger that the sample is for, or nil.
	Event *jsondoc.Node
	// BodyAt is the field with the body, or nil. A text holds the raw bytes.
	BodyAt *jsondoc.Node
	// Delivery is what is delivered.
	Delivery Delivery
}

// NewSample makes the view of a sample delivery, which is an object.
func NewSample(root *jsondoc.Node) Sample {
	s := Sample{Root: root, BodyAt: root.Get("body")}
	if e := root.Get("event"); e.Text() != "" {
		s.Event = e
	}
	s.Delivery = Delivery{Headers: root.Get("headers"), Query: root.Get("query"), Body: s.BodyAt}
	if text, ok := s.BodyAt.Str(); ok {
		s.Delivery.Body, _ = ReadBody([]byte(text))
	}
	return s
}

// Raw returns the bytes of the body: those of a text, else the value as compact
// JSON, which is how most providers write it.
func (s Sample) Raw() []byte {
	if text, ok := s.BodyAt.Str(); ok {
		return []byte(text)
	}
	if s.BodyAt == nil {
		return nil
	}
	return jsondoc.AppendJSON(nil, s.BodyAt)
}

// ReadBody reads a JSON value that a provider sent. Providers are not held to
// the strictness that a definition is held to: what all readers take, with one
// meaning, is taken, such as equal keys, of which the last one counts. The
// caller limits the size. The error says what is wrong in a text that is no
// JSON, or none that can be read here; ErrManyValues is for more values than are
// kept in memory.
func ReadBody(raw []byte) (*jsondoc.Node, error) {
	if CountValues(raw) > maxValues {
		return nil, ErrManyValues
	}
	doc, problems := jsondoc.ParseLimited(raw, len(raw))
	for _, p := range problems {
		// The first two are no JSON. A number that is too large would be read as
		// another one, and may be among the problems that are not reported.
		if doc == nil || len(problems) >= jsondoc.MaxProblems || p.Code == jsondoc.Comment || p.Code == jsondoc.TrailingComma || p.Code == jsondoc.NumberTooLarge {
			return nil, p
		}
	}
	return doc.Root, nil
}

// maxValues is how many values a body can have: each takes about 150 bytes.
const maxValues = 500_000

// ErrManyValues says that a body has more values than are read.
var ErrManyValues = errors.New("has more than 500,000 values")

// CountValues returns how many values a JSON text has, or somewhat more: what
// stands in texts counts, too.
func CountValues(raw []byte) int {
	return 1 + bytes.Count(raw, []byte(",")) + bytes.Count(raw, []byte("[")) + bytes.Count(raw, []byte("{"))
}
