package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Error is one mistake in a configuration.
type Error struct {
	// Line and Column are counted from 1; columns count code points.
	Line, Column int
	// Message says what is wrong and what is expected, in one line.
	Message string
}

// Error returns "line:column: message".
func (e *Error) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message) }

// maxErrors is how many mistakes are told.
const maxErrors = 100

// Parse reads a configuration. rules are all rules that there are. An empty
// file gives Default. The error joins an *Error for each mistake, in the order
// of the file; beyond the first hundred, the last one says that there are more.
// What is no YAML is one mistake, since nothing after it can be trusted.
func Parse(data []byte, rules []Rule) (*Config, error) {
	p := &reader{config: Default(), rules: map[string]Rule{}}
	for _, r := range rules {
		p.rules[r.ID] = r
		p.ids = append(p.ids, r.ID)
	}
	if root := p.syntax(data); root != nil {
		p.file(root)
	}
	if len(p.errors) == 0 {
		return p.config, nil
	}
	slices.SortStableFunc(p.errors, func(a, b *Error) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
	if len(p.errors) > maxErrors {
		p.errors = p.errors[:maxErrors]
		last := p.errors[maxErrors-1]
		p.errors = append(p.errors, &Error{last.Line, last.Column, fmt.Sprintf("there are more mistakes; these are the first %d", maxErrors)})
	}
	all := make([]error, len(p.errors))
	for i, e := range p.errors {
		all[i] = e
	}
	return nil, errors.Join(all...)
}

// reader fills a configuration, and collects mistakes instead of stopping at
// the first one.
type reader struct {
	config *Config
	rules  map[string]Rule
	ids    []string
	errors []*Error
}

// fail notes a mistake at a token; nil is the start of the file.
func (p *reader) fail(at *token.Token, format string, args ...any) {
	if at == nil || at.Position == nil {
		p.failAt(1, 1, format, args...)
		return
	}
	p.failAt(at.Position.Line, at.Position.Column, format, args...)
}

func (p *reader) failAt(line, column int, format string, args ...any) {
	p.errors = append(p.errors, &Error{Line: max(line, 1), Column: max(column, 1), Message: fmt.Sprintf(format, args...)})
}

// full reports that there are enough mistakes. Loops over the file stop then.
func (p *reader) full() bool { return len(p.errors) > maxErrors }

// entries calls read for each entry of a mapping, and reports whether n is one
// whose keys are texts. No value at all counts as an empty mapping.
func (p *reader) entries(n ast.Node, what string, read func(key string, at *token.Token, value ast.Node)) (ok bool) {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	case *ast.NullNode:
		return true
	default:
		p.fail(n.GetToken(), "%s must be a mapping of keys and values, not %s", what, kind(n))
		return false
	}
	ok = true
	lines := map[string]int{}
	for _, v := range values {
		if p.full() {
			return false
		}
		at := v.Key.GetToken()
		key, isText := v.Key.(*ast.StringNode)
		if !isText {
			p.fail(at, "a key of %s must be a text, not %s", what, kind(v.Key))
			ok = false
			continue
		}
		if line, twice := lines[key.Value]; twice {
			p.fail(at, "%s has the key %s twice, first on line %d: remove one of them", what, shown(key.Value), line)
			continue
		}
		lines[key.Value] = at.Position.Line
		placeEmpty(v.Value, at)
		read(key.Value, at, v.Value)
	}
	return ok
}

// placeEmpty moves a value that is not there to the key or dash before it. The
// library places it behind the end of the line, where nothing can be shown.
func placeEmpty(n ast.Node, before *token.Token) {
	if null, ok := n.(*ast.NullNode); ok && null.Token.Type == token.ImplicitNullType {
		null.Token.Position = before.Position
	}
}

// mapping reads a mapping whose keys are known. It reports whether n is one, or
// nothing, and has no other keys; mistakes in values do not count.
func (p *reader) mapping(n ast.Node, what string, keys map[string]func(ast.Node)) (ok bool) {
	known := make([]string, 0, len(keys))
	for k := range keys {
		known = append(known, k)
	}
	slices.Sort(known)
	ok = true
	return p.entries(n, what, func(key string, at *token.Token, value ast.Node) {
		if read, is := keys[key]; is {
			read(value)
			return
		}
		ok = false
		p.fail(at, "%s has no key %s: %s", what, shown(key), didYouMean(key, known))
	}) && ok
}

// elements calls read for each element of a list. No value at all counts as an
// empty list.
func (p *reader) elements(n ast.Node, what string, read func(ast.Node)) {
	switch n := n.(type) {
	case *ast.SequenceNode:
		for i, v := range n.Values {
			if p.full() {
				return
			}
			if !n.IsFlowStyle && i < len(n.Entries) {
				placeEmpty(v, n.Entries[i].Start)
			}
			read(v)
		}
	case *ast.NullNode:
	default:
		p.fail(n.GetToken(), "%s must be a list, not %s", what, kind(n))
	}
}

// text reads a text. What YAML takes for a number or a truth value is none,
// since its value may not be what was written.
func (p *reader) text(n ast.Node, what string) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	}
	hint := ""
	if word, ok := scalar(n); ok {
		hint = ": write it in quotes, \"" + word + "\""
	}
	p.fail(n.GetToken(), "%s must be a text, not %s%s", what, kind(n), hint)
	return "", false
}

// word reads one of the words that a key may have.
func (p *reader) word(n ast.Node, what string, known []string) (string, bool) {
	word, ok := scalar(n)
	if s, isText := n.(*ast.StringNode); isText {
		word, ok = s.Value, true
	}
	switch {
	case !ok:
		p.fail(n.GetToken(), "%s must be one of %s, not %s", what, list(known), kind(n))
	case !slices.Contains(known, word):
		p.fail(n.GetToken(), "%s cannot be %s: %s", what, shown(word), didYouMean(word, known))
		ok = false
	}
	return word, ok
}

// texts reads a list of texts that each pass a check, which returns what is
// expected of them, or "". No value at all gives nil, an empty list does not.
func (p *reader) texts(n ast.Node, what string, check func(string) string) []string {
	if _, null := n.(*ast.NullNode); null {
		return nil
	}
	out := []string{}
	p.elements(n, what, func(e ast.Node) {
		s, ok := p.text(e, "an entry of "+what)
		if !ok {
			return
		}
		if expected := check(s); expected != "" {
			p.fail(e.GetToken(), "%s cannot be in %s: expected %s", shown(s), what, expected)
			return
		}
		out = append(out, s)
	})
	return out
}
