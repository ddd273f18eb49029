package command

import (
	"strings"
	"testing"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// TestDepthIsBounded checks that the blocks of a hostile comment do not nest as
// deep as it asks for, which would take time in the square of its length.
func TestDepthIsBounded(t *testing.T) {
	for _, body := range []string{strings.Repeat(">", 60_000) + "/qa pass", strings.Repeat("- ", 30_000) + "/qa pass", strings.Repeat("1. > ", 10_000) + "/hold x"} {
		deepest, depth := 0, 0
		err := ast.Walk(blocks().Parse(text.NewReader([]byte(body))), func(_ ast.Node, entering bool) (ast.WalkStatus, error) {
			if !entering {
				depth--
				return ast.WalkContinue, nil
			}
			depth++
			deepest = max(deepest, depth)
			return ast.WalkContinue, nil
		})
		if err != nil || deepest > 2*maxDepth+3 {
			t.Errorf("%q nests %d deep, %v", body[:10], deepest, err)
		}
		if got := Parse(body); len(got) != 0 {
			t.Errorf("commands %+v", got)
		}
	}
}
