package jsondoc

// Values that are made stand in no document: they have no position, and their
// JSON Pointers mean nothing.

// NewString makes a string that stands in no document.
func NewString(s string) *Node { return &Node{Kind: String, text: s} }

// NewNull makes a null that stands in no document.
func NewNull() *Node { return &Node{Kind: Null, text: "null"} }

// NewArray makes an array of values, whatever documents they come from. The
// elements are copies; what is below them is shared.
func NewArray(elements ...*Node) *Node {
	n := &Node{Kind: Array, Children: make([]*Node, len(elements))}
	for i, e := range elements {
		c := *e
		c.Parent, c.index, c.Key = n, i, ""
		n.Children[i] = &c
	}
	return n
}

// Member is one member of an object to be made.
type Member struct {
	Key   string
	Value *Node
}

// NewObject makes an object of values, whatever documents they come from. The
// values are copies; what is below them is shared. Keys must differ.
func NewObject(members ...Member) *Node {
	n := &Node{Kind: Object, Children: make([]*Node, len(members))}
	for i, m := range members {
		c := *m.Value
		c.Parent, c.index, c.Key = n, i, m.Key
		n.Children[i] = &c
	}
	if len(members) >= indexedMembers {
		n.keys = make(map[string]*Node, len(members))
		for _, c := range n.Children {
			n.keys[c.Key] = c
		}
	}
	return n
}

// AppendJSON appends a value as JSON without white space. Keys keep their
// order, and numbers are written as they were.
func AppendJSON(b []byte, n *Node) []byte {
	if n == nil {
		return append(b, "null"...)
	}
	switch n.Kind {
	case String:
		return appendQuoted(b, n.text)
	case Array, Object:
		open, end := byte('['), byte(']')
		if n.Kind == Object {
			open, end = '{', '}'
		}
		b = append(b, open)
		for i, c := range n.Children {
			if i > 0 {
				b = append(b, ',')
			}
			if n.Kind == Object {
				b = append(appendQuoted(b, c.Key), ':')
			}
			b = AppendJSON(b, c)
		}
		return append(b, end)
	}
	return append(b, n.text...)
}
