package definition

import (
	"fmt"
	"strings"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// Delivery is one delivery of a webhook. Headers and Query are objects of
// texts. Each field may be nil; a Body that is nil is no JSON.
type Delivery struct{ Headers, Query, Body *jsondoc.Node }

// Header returns the header with this name, whatever the case of its letters,
// or nil.
func (d Delivery) Header(name string) *jsondoc.Node {
	for _, m := range d.Headers.Members() {
		if strings.EqualFold(m.Key, name) {
			return m
		}
	}
	return nil
}

// Extraction is what eventExtraction makes of a delivery.
type Extraction struct {
	// Event is the event, or "" when none is found or Doubt or Incomplete is
	// set.
	Event string
	// Doubt says why the platform's documentation does not decide which event
	// it is.
	Doubt string
	// Incomplete says that the extraction itself cannot be used as it is
	// written, whatever the delivery.
	Incomplete bool
}

// Extract finds the event of a delivery by the documented steps: the joined
// parts of a composite event, else the primary place, else the fallback.
func (w Webhook) Extract(d Delivery) Extraction {
	e := w.EventExtraction
	composite := e.Get("compositeStrategy")
	if composite == nil {
		first := readPlace(e, d)
		if first != (Extraction{}) || e.Get("fallback") == nil {
			return first
		}
		return readPlace(e.Get("fallback"), d)
	}
	parts := composite.Get("parts").Elements()
	separator, ok := composite.Get("separator").Str()
	if len(parts) == 0 || !ok && len(parts) > 1 {
		return Extraction{Incomplete: true}
	}
	var values []string
	var missing *jsondoc.Node
	for _, part := range parts {
		x := readPlace(part, d)
		switch {
		case x.Incomplete || x.Doubt != "":
			return x
		case x.Event == "" && missing == nil:
			missing = part
		}
		values = append(values, x.Event)
	}
	if missing != nil {
		return Extraction{Doubt: fmt.Sprintf("it has nothing for part %d, the %s %q, of the composite event",
			missing.Index()+1, placeName(missing), cut(missing.Get("path").Text()))}
	}
	return Extraction{Event: strings.Join(values, separator)}
}

// placeName says what the path of a place names.
func placeName(place *jsondoc.Node) string {
	switch place.Get("source").Text() {
	case "header":
		return "header"
	case "query":
		return "query parameter"
	}
	return "path"
}

// readPlace reads the text at a source and a path.
func readPlace(place *jsondoc.Node, d Delivery) Extraction {
	path := place.Get("path").Text()
	if path == "" {
		return Extraction{Incomplete: true}
	}
	switch place.Get("source").Text() {
	case "header":
		return Extraction{Event: d.Header(path).Text()}
	case "query":
		return Extraction{Event: d.Query.Get(path).Text()}
	case "body":
	default:
		return Extraction{Incomplete: true}
	}
	parsed, err := ParseAnyPath(path)
	switch {
	case err != nil:
		return Extraction{Incomplete: true}
	case d.Body == nil:
		return Extraction{Doubt: "its body is no JSON"}
	}
	text, ok := Scalar(parsed.Eval(d.Body))
	if !ok {
		return Extraction{Doubt: fmt.Sprintf("%q leads to an object or array in it", cut(path))}
	}
	return Extraction{Event: text}
}

// ParseAnyPath reads a path with or without "$", where both are accepted.
func ParseAnyPath(text string) (Path, error) {
	if strings.HasPrefix(text, "$") {
		return ParsePath(text)
	}
	return ParseBarePath(text)
}

// Scalar returns a value as a text: strings as they are, numbers and booleans
// as they are written, and "" for null and for nothing. It reports false for
// objects and arrays, of which no text is documented.
func Scalar(n *jsondoc.Node) (string, bool) {
	switch {
	case n == nil || n.Kind == jsondoc.Null:
		return "", true
	case n.Kind == jsondoc.String:
		return n.Text(), true
	}
	return n.Literal(), n.Kind == jsondoc.Number || n.Kind == jsondoc.Bool
}
