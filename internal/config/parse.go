package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/nearest"
)

// Error is one mistake in a configuration.
type Error struct {
	Line, Column int
	Message      string
}

// Error returns "line:column: message".
func (e *Error) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message) }

// Parse reads a configuration. rules are all rules that there are. The error
// joins an *Error for each mistake, in the order of the file.
func Parse(data []byte, rules []Rule) (*Config, error) {
	p := &reader{config: Default(), rules: map[string]Rule{}}
	for _, r := range rules {
		p.rules[r.ID] = r
		p.ids = append(p.ids, r.ID)
	}
	p.read(data)
	if len(p.errors) == 0 {
		return p.config, nil
	}
	slices.SortStableFunc(p.errors, func(a, b *Error) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
	var all []error
	for _, e := range p.errors {
		all = append(all, e)
	}
	return nil, errors.Join(all...)
}

type reader struct {
	config *Config
	rules  map[string]Rule
	ids    []string
	errors []*Error
}

func (p *reader) fail(at *token.Token, format string, args ...any) {
	e := &Error{Line: 1, Column: 1, Message: fmt.Sprintf(format, args...)}
	if at != nil && at.Position != nil {
		e.Line, e.Column = at.Position.Line, at.Position.Column
	}
	p.errors = append(p.errors, e)
}

// section is a top-level key of the file.
type section struct {
	key  string
	read func(*reader, ast.Node)
}

func sections() []section {
	return []section{
		{"rules", (*reader).readRules},
		{"waivers", (*reader).readWaivers},
		{"namespaces", (*reader).readNamespaces},
		{"marketplace", (*reader).readMarketplace},
	}
}

// maxDepth is the indentation and nesting beyond which no configuration goes;
// it bounds the YAML parser, which is recursive.
const maxDepth = 20

func (p *reader) read(data []byte) {
	if len(data) > MaxBytes {
		p.fail(nil, "the file has %d bytes, more than the %d that are read", len(data), MaxBytes)
		return
	}
	if line, deep := tooDeep(data); deep {
		p.errors = append(p.errors, &Error{Line: line, Column: 1, Message: "the file is nested too deeply for a configuration"})
		return
	}
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		p.syntax(err)
		return
	}
	var docs []*ast.DocumentNode
	for _, d := range file.Docs {
		if d.Body != nil && d.Body.Type() != ast.NullType {
			docs = append(docs, d)
		}
	}
	if len(docs) == 0 {
		return
	}
	if len(docs) > 1 {
		p.fail(docs[1].Body.GetToken(), "the file holds more than one document")
		return
	}
	keys := map[string]func(ast.Node){}
	for _, s := range sections() {
		keys[s.key] = func(n ast.Node) { s.read(p, n) }
	}
	p.mapping(docs[0].Body, "the configuration", keys)
}

// tooDeep looks for nesting that the parser should not see.
func tooDeep(data []byte) (line int, deep bool) {
	line = 1
	for text := range strings.Lines(string(data)) {
		open := 0
		for _, r := range text {
			switch r {
			case '[', '{', '?':
				open++
			}
		}
		indent := len(text) - len(strings.TrimLeft(text, " -\t?:"))
		if open > maxDepth || indent > 8*maxDepth {
			return line, true
		}
		line++
	}
	return 0, false
}

// syntax reports what the YAML parser says, in one line.
func (p *reader) syntax(err error) {
	var at interface{ GetToken() *token.Token }
	var message interface{ GetMessage() string }
	text := "this is no YAML"
	if errors.As(err, &message) {
		text += ": " + strings.SplitN(message.GetMessage(), "\n", 2)[0]
	}
	if errors.As(err, &at) {
		p.fail(at.GetToken(), "%s", text)
	} else {
		p.fail(nil, "%s", text)
	}
}

// mapping reads a mapping with known keys.
func (p *reader) mapping(n ast.Node, what string, keys map[string]func(ast.Node)) {
	var known []string
	for k := range keys {
		known = append(known, k)
	}
	slices.Sort(known)
	p.entries(n, what, func(key string, at *token.Token, value ast.Node) {
		if read, ok := keys[key]; ok {
			read(value)
			return
		}
		p.fail(at, "unknown key %q in %s: %s", key, what, didYouMean(key, known))
	})
}

// didYouMean names the nearest word, or all of them.
func didYouMean(word string, known []string) string {
	if near, ok := nearest.Word(word, known); ok {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "expected one of " + strings.Join(known, ", ")
}

// entries calls read for each entry of a mapping.
func (p *reader) entries(n ast.Node, what string, read func(key string, at *token.Token, value ast.Node)) {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	case *ast.NullNode:
		return
	default:
		p.fail(n.GetToken(), "%s must be a mapping of keys and values, not %s", what, kind(n))
		return
	}
	seen := map[string]bool{}
	for _, v := range values {
		key, ok := v.Key.(*ast.StringNode)
		if !ok {
			p.fail(v.Key.GetToken(), "keys in %s must be plain words", what)
			continue
		}
		if seen[key.Value] {
			p.fail(key.Token, "the key %q stands twice in %s", key.Value, what)
			continue
		}
		seen[key.Value] = true
		read(key.Value, key.Token, v.Value)
	}
}

func kind(n ast.Node) string {
	switch n.(type) {
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.AnchorNode, *ast.AliasNode:
		return "an anchor or alias, which are not read"
	}
	return fmt.Sprintf("%q", n.String())
}

// text reads a string. Words that YAML takes for booleans, such as off, count
// as they are written.
func (p *reader) text(n ast.Node, what string) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.BoolNode:
		return n.Token.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	}
	p.fail(n.GetToken(), "%s must be a text, not %s", what, kind(n))
	return "", false
}

// elements calls read for each element of a list.
func (p *reader) elements(n ast.Node, what string, read func(ast.Node)) {
	switch n := n.(type) {
	case *ast.SequenceNode:
		for _, v := range n.Values {
			read(v)
		}
	case *ast.NullNode:
	default:
		p.fail(n.GetToken(), "%s must be a list, not %s", what, kind(n))
	}
}

func (p *reader) texts(n ast.Node, what string) []string {
	var out []string
	p.elements(n, what, func(e ast.Node) {
		if s, ok := p.text(e, "an entry of "+what); ok {
			out = append(out, s)
		}
	})
	return out
}

// rule looks up a rule id.
func (p *reader) rule(id string, at *token.Token) (Rule, bool) {
	r, ok := p.rules[id]
	if !ok {
		hint := "\"miniapp rules\" lists them"
		if near, found := nearest.Word(id, p.ids); found {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		p.fail(at, "there is no rule %q: %s", id, hint)
	}
	return r, ok
}

func (p *reader) readRules(n ast.Node) {
	p.entries(n, "rules", func(id string, at *token.Token, value ast.Node) {
		rule, known := p.rule(id, at)
		word, ok := p.text(value, "the setting of a rule")
		if !ok {
			return
		}
		set, ok := settings()[word]
		if !ok {
			p.fail(value.GetToken(), "unknown setting %q of rule %q: expected off, notice, warning, error or shadow", word, id)
			return
		}
		if known && rule.Security && word != finding.Error.String() {
			p.fail(at, "the rule %q protects credentials or the platform and cannot be set to %q", id, word)
			return
		}
		p.config.Rules[id] = set
	})
}

func settings() map[string]RuleSetting {
	return map[string]RuleSetting{
		"off": {Off: true}, "shadow": {Shadow: true},
		"notice": {Severity: finding.Notice}, "warning": {Severity: finding.Warning}, "error": {Severity: finding.Error},
	}
}

func (p *reader) readWaivers(n ast.Node) {
	p.elements(n, "waivers", func(e ast.Node) {
		w := Waiver{}
		at := e.GetToken()
		if m, ok := e.(*ast.MappingNode); ok && len(m.Values) > 0 {
			at = m.Values[0].Key.GetToken()
		}
		if at != nil && at.Position != nil {
			w.Line = at.Position.Line
		}
		before := len(p.errors)
		p.mapping(e, "a waiver", map[string]func(ast.Node){
			"rule": func(v ast.Node) {
				w.Rule, _ = p.text(v, "rule")
				if r, ok := p.rule(w.Rule, v.GetToken()); ok && r.Security {
					p.fail(v.GetToken(), "the rule %q protects credentials or the platform and cannot be waived", w.Rule)
				}
			},
			"namespace": func(v ast.Node) { w.Namespace, _ = p.text(v, "namespace") },
			"reason":    func(v ast.Node) { w.Reason, _ = p.text(v, "reason") },
			"until": func(v ast.Node) {
				text, _ := p.text(v, "until")
				var err error
				if w.Until, err = time.Parse(time.DateOnly, text); err != nil {
					p.fail(v.GetToken(), "%q is no date: expected one such as 2027-01-31", text)
				}
			},
		})
		if len(p.errors) > before {
			return
		}
		for _, field := range []struct {
			name    string
			missing bool
		}{{"rule", w.Rule == ""}, {"namespace", w.Namespace == ""}, {"reason", strings.TrimSpace(w.Reason) == ""}, {"until", w.Until.IsZero()}} {
			if field.missing {
				p.fail(at, "this waiver has no %s; it needs rule, namespace, reason and until", field.name)
				return
			}
		}
		p.config.Waivers = append(p.config.Waivers, w)
	})
}

func (p *reader) readNamespaces(n ast.Node) {
	p.mapping(n, "namespaces", map[string]func(ast.Node){
		"reserved": func(v ast.Node) { p.config.Namespaces.Reserved = p.texts(v, "reserved") },
	})
}

func (p *reader) readMarketplace(n ast.Node) {
	p.mapping(n, "marketplace", map[string]func(ast.Node){
		"hosts": func(v ast.Node) { p.config.Marketplace.Hosts = p.texts(v, "hosts") },
	})
}
