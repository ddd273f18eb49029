package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/gowebpki/jcs"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// Digest returns the SHA-256 of bytes as 64 lower-case hexadecimal digits.
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Canonical writes a JSON document in the canonical form of RFC 8785.
//
// That form has the numbers of ECMAScript, which are doubles. A number that a
// double cannot hold would come out as another one, without a word; here it is
// an error that names the number and its place.
func Canonical(data []byte) ([]byte, error) {
	doc, problems := jsondoc.Parse(data)
	if len(problems) > 0 {
		at := jsondoc.NewLines(data).Position(problems[0].Span.Start)
		return nil, fmt.Errorf("%d:%d: %s", at.Line, at.Column, problems[0].Message)
	}
	var inexact error
	doc.Root.Walk(func(n *jsondoc.Node) bool {
		if inexact == nil && n.Is(jsondoc.Number) {
			inexact = exact(doc, n)
		}
		return inexact == nil
	})
	if inexact != nil {
		return nil, inexact
	}
	out, err := jcs.Transform(data)
	if err != nil {
		return nil, fmt.Errorf("writing canonical JSON: %w", err)
	}
	return out, nil
}

// exact checks that a number's canonical form has its value.
func exact(doc *jsondoc.Document, n *jsondoc.Node) error {
	f, _ := n.Float()
	form, err := jcs.NumberToJSON(f)
	if err == nil && form == n.Literal() {
		return nil
	}
	if err == nil {
		was, ok := new(big.Rat).SetString(n.Literal())
		is, okToo := new(big.Rat).SetString(form)
		if ok && okToo && was.Cmp(is) == 0 {
			return nil
		}
	}
	at := doc.Position(n.Span.Start)
	return fmt.Errorf("%d:%d: the number %s at %q is not one that JSON readers agree on: a double would make %s of it; write it as a text",
		at.Line, at.Column, n.Literal(), n.Pointer(), form)
}

// canonicalOf writes a value of this package in the canonical form.
func canonicalOf(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return jcs.Transform(data)
}
