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
	// Node is the string that the placeholder stands in.
	Node *jsondoc.Node
}

// Placeholders returns the placeholders of a text, in its order.
func Placeholders(n *jsondoc.Node) []Placeholder {
	text, ok := n.Str()
	if !ok {
		return nil
	}
	var found []Placeholder
	for {
		square, curly := strings.Index(text, "[["), strings.Index(text, "{{")
		at, closing, credential := square, "]]", true
		if square < 0 || curly >= 0 && curly < square {
			at, closing, credential = curly, "}}", false
		}
		if at < 0 {
			return found
		}
		end := strings.Index(text[at+2:], closing)
		if end < 0 {
			text = text[at+2:]
			continue
		}
		found = append(found, Placeholder{Credential: credential, Key: text[at+2 : at+2+end], Node: n})
		text = text[at+2+end+2:]
	}
}

// PlaceholdersBelow returns the placeholders of every string at or below a
// node, in the order of the text. Keys of objects are not looked at.
func PlaceholdersBelow(n *jsondoc.Node) []Placeholder {
	var found []Placeholder
	n.Walk(func(n *jsondoc.Node) bool {
		found = append(found, Placeholders(n)...)
		return true
	})
	return found
}
