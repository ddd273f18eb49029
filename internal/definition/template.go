package definition

import (
	"strings"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// Placeholder is one "[[key]]" or "{{key}}" in a string of a definition.
type Placeholder struct {
	// Credential is true for "[[key]]", which the platform fills from the
	// install's credentials and then its metadata, and false for "{{key}}",
	// which it fills from form input, earlier steps, auth.config and the
	// system, in this order.
	Credential bool
	// Key is the text between the brackets, as written.
	Key string
	// Node is the string that the placeholder stands in, from the byte offset
	// Start of its text on.
	Node  *jsondoc.Node
	Start int
}

// Placeholders returns the placeholders of a text, in its order.
func Placeholders(n *jsondoc.Node) []Placeholder { return placeholders(nil, n) }

// placeholders appends the placeholders of a text to those found before.
func placeholders(found []Placeholder, n *jsondoc.Node) []Placeholder {
	text, ok := n.Str()
	if !ok {
		return found
	}
	c := closings{text: text}
	for at := 0; ; {
		start, credential, ok := nextOpening(text, at)
		if !ok {
			return found
		}
		at = start + 2
		if end := c.next(credential, at); end >= 0 {
			found = append(found, Placeholder{Credential: credential, Key: text[at:end], Node: n, Start: start})
			at = end + 2
		}
	}
}

// closings finds closing brackets from offsets that only grow. All searches in
// a text together cost no more than reading it once.
type closings struct {
	text          string
	square, curly int // the last answers, or 0 before the first
}

// next returns the offset of the next "]]" or "}}" from an offset, or -1.
func (c *closings) next(credential bool, from int) int {
	last, closing := &c.curly, "}}"
	if credential {
		last, closing = &c.square, "]]"
	}
	if *last >= 0 && *last < from {
		*last = strings.Index(c.text[from:], closing)
		if *last >= 0 {
			*last += from
		}
	}
	return *last
}

// End is the offset after the closing brackets.
func (p Placeholder) End() int { return p.Start + len("[[]]") + len(p.Key) }

// PlaceholdersBelow returns the placeholders of every string at or below a
// node, in the order of the text. Keys of objects are not looked at.
func PlaceholdersBelow(n *jsondoc.Node) []Placeholder { return appendPlaceholders(nil, n) }

func appendPlaceholders(found []Placeholder, n *jsondoc.Node) []Placeholder {
	if n == nil {
		return found
	}
	found = placeholders(found, n)
	for _, c := range n.Children {
		found = appendPlaceholders(found, c)
	}
	return found
}

// Unclosed is a "[[" or "{{" that begins a placeholder and has no closing
// brackets of its kind before the next one begins.
type Unclosed struct {
	Credential bool
	// Key is the name that follows the brackets.
	Key string
	// Closer is what follows the name and looks like a closing bracket: "]",
	// "}", "]]", "}}" or "".
	Closer string
	// Start and End are the byte offsets in the text of everything that was
	// meant as the placeholder.
	Start, End int
}

// UnclosedPlaceholders returns the placeholders of a text that are not closed.
// Brackets that no name follows are none: they begin lists and objects.
func UnclosedPlaceholders(n *jsondoc.Node) []Unclosed {
	text, _ := n.Str()
	var found []Unclosed
	c := closings{text: text}
	for at := 0; ; {
		start, credential, ok := nextOpening(text, at)
		if !ok {
			return found
		}
		at = start + 2
		end := c.next(credential, at)
		if next, _, more := nextOpening(text, at); end >= 0 && (!more || end < next) {
			at = end + 2
			continue
		}
		length := nameLength(text[at:])
		if length == 0 {
			continue
		}
		u := Unclosed{Credential: credential, Key: text[at : at+length], Start: start, End: at + length}
		for _, c := range []string{"]]", "}}", "]", "}"} {
			if strings.HasPrefix(text[u.End:], c) {
				u.Closer = c
				u.End += len(c)
				break
			}
		}
		found = append(found, u)
	}
}

// nextOpening finds the next "[[" or "{{" from an offset.
func nextOpening(text string, from int) (at int, credential, ok bool) {
	for i := from; i+1 < len(text); i++ {
		if text[i] == text[i+1] && (text[i] == '[' || text[i] == '{') {
			return i, text[i] == '[', true
		}
	}
	return 0, false, false
}

// nameLength returns how many bytes at the start of a text are a name as
// IsPlaceholderName knows it.
func nameLength(text string) int {
	n := 0
	for n < len(text) && nameByte(text[n], n == 0) {
		n++
	}
	return n
}

func nameByte(c byte, first bool) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || !first && c >= '0' && c <= '9'
}

// IsPlaceholderName reports whether a key is made as those in official examples
// are: of letters, digits and underscores, with no digit first.
func IsPlaceholderName(key string) bool { return key != "" && nameLength(key) == len(key) }

// SingleBraces returns the names in "{name}", single braces as other tools have
// them, with the offsets of the whole. A "$" before the brace is part of it.
func SingleBraces(text string) []Braced {
	var found []Braced
	for at := 0; at < len(text); at++ {
		if text[at] != '{' {
			continue
		}
		if at+1 < len(text) && text[at+1] == '{' {
			at++ // a placeholder
			continue
		}
		n := nameLength(text[at+1:])
		end := at + 1 + n
		if n == 0 || end >= len(text) || text[end] != '}' || strings.HasPrefix(text[end:], "}}") {
			continue
		}
		b := Braced{Name: text[at+1 : end], Start: at, End: end + 1}
		if at > 0 && text[at-1] == '$' {
			b.Start--
		}
		found = append(found, b)
		at = end
	}
	return found
}

// Braced is one name in single braces.
type Braced struct {
	Name       string
	Start, End int
}
