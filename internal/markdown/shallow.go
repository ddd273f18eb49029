package markdown

import (
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// Shallow is the parser of a block with children that opens none below a depth.
// The time that a line takes grows with the number of blocks that are open, so
// that without a bound a text of nothing but "> > > >" takes time in the square
// of its size.
type Shallow struct {
	parser.BlockParser
	// Depth is how deep blocks may be, that of the document being one.
	Depth int
}

// Open implements parser.BlockParser.
func (s Shallow) Open(parent ast.Node, r text.Reader, pc parser.Context) (ast.Node, parser.State) {
	depth := 0
	for n := parent; n != nil; n = n.Parent() {
		if depth++; depth > s.Depth {
			return nil, parser.NoChildren
		}
	}
	return s.BlockParser.Open(parent, r, pc)
}
