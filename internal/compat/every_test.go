package compat_test

import (
	"testing"

	"github.com/karzoun/miniapp-review/internal/compat"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// TestNothingIsOverlooked changes or replaces, and moves, every value of the examples in
// turn. Each must come out as a change.
func TestNothingIsOverlooked(t *testing.T) {
	tried := 0
	var all []compat.Change
	for _, name := range []string{"mailbeam", "shopkeep", "taskhub"} {
		text := example(t, name)
		base := parse(t, text)
		base.Doc.Root.Walk(func(n *jsondoc.Node) bool {
			pointer := n.Pointer()
			switch {
			case n.Parent == nil:
				return true
			case pointer == "/ns" || pointer == "/version" || pointer == "/status":
				return false
			}
			edits := map[string]jsondoc.Edit{}
			switch n.Kind {
			case jsondoc.String:
				edits["changed"] = jsondoc.Edit{Span: n.Span, Text: jsondoc.Quote("other " + n.Text())}
			case jsondoc.Number:
				edits["changed"] = jsondoc.Edit{Span: n.Span, Text: "1" + n.Literal()}
			case jsondoc.Bool:
				edits["changed"] = jsondoc.Edit{Span: n.Span, Text: map[string]string{"true": "false", "false": "true"}[n.Literal()]}
			default:
				edits["replaced"] = jsondoc.Edit{Span: n.Span, Text: "1"}
			}
			// The value under another key.
			if n.Parent.Is(jsondoc.Object) {
				edits["moved"] = jsondoc.Edit{Span: n.KeySpan, Text: jsondoc.Quote("other" + n.Key)}
			}
			for what, e := range edits {
				tried++
				after, err := jsondoc.Apply([]byte(text), []jsondoc.Edit{e})
				if err != nil {
					t.Fatal(err)
				}
				changes := compat.Diff(base, parse(t, string(after)))
				all = append(all, changes...)
				// Where an event is joined of parts, its own place counts for nothing.
				unused := base.Doc.Root.At("webhook", "eventExtraction", "compositeStrategy") != nil && n.Parent.Key == "eventExtraction"
				if len(changes) == 0 && !unused {
					t.Errorf("%s %s: %s is overlooked", name, pointer, what)
				}
			}
			return true
		})
	}
	check(t, all)
	t.Logf("%d edits", tried)
}
