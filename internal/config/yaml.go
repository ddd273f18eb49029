package config

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// MaxBytes is the largest configuration that is read.
const MaxBytes = 256 << 10

// What no configuration needs. The YAML library takes time and memory that grow
// with the square of these, or worse, so they are checked before it sees the
// text; together they keep it below a second.
const (
	maxTokens     = 20_000 // keys, values and marks; a waiver has 13
	maxDepth      = 20     // brackets within brackets
	maxIndent     = 60     // columns before a key or a dash
	maxKeyBytes   = 200
	maxBlankLines = 100 // in a row
)

// syntax reads the text as YAML and returns its one document, or nil when the
// text is empty or, with a failure, no YAML that a configuration may be.
func (p *reader) syntax(data []byte) ast.Node {
	if !p.plainText(data) {
		return nil
	}
	tokens := lexer.Tokenize(string(data))
	if !p.plainTokens(tokens) {
		return nil
	}
	// Keys that stand twice are found later, with a better message.
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		var at interface{ GetToken() *token.Token }
		var tk *token.Token
		if errors.As(err, &at) {
			tk = at.GetToken()
		}
		message := err.Error()
		var short interface{ GetMessage() string }
		if errors.As(err, &short) {
			message = short.GetMessage()
		}
		message, _, _ = strings.Cut(message, "\n")
		p.fail(tk, "this is not YAML: %s", message)
		return nil
	}
	for _, d := range file.Docs {
		if d.Body != nil {
			return d.Body
		}
	}
	return nil
}

// plainText refuses bytes that are no text, or that the lexer cannot take in
// quantity.
func (p *reader) plainText(data []byte) bool {
	if len(data) > MaxBytes {
		p.failAt(1, 1, "the file has %d bytes: at most %d are read", len(data), MaxBytes)
		return false
	}
	if bytes.HasPrefix(data, []byte("\ufeff")) {
		p.failAt(1, 1, "the file starts with a byte-order mark: save it as UTF-8 without one")
		return false
	}
	line, blank := 0, 0
	for text := range bytes.Lines(data) {
		line++
		text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
		column, indent := 0, true
		for rest := text; len(rest) > 0; {
			r, size := utf8.DecodeRune(rest)
			rest = rest[size:]
			column++
			switch {
			case r == utf8.RuneError && size == 1:
				p.failAt(line, column, "the byte 0x%02x is not UTF-8: save the file as UTF-8", text[len(text)-len(rest)-1])
				return false
			case r == '\t' && indent && len(bytes.TrimLeft(rest, " \t")) > 0:
				p.failAt(line, column, "a tab in the indentation: use spaces")
				return false
			case r < ' ' && r != '\t', r >= 0x7f && r < 0xa0:
				p.failAt(line, column, "the control character %U cannot be in a configuration: remove it", r)
				return false
			}
			indent = indent && r == ' '
		}
		if len(bytes.TrimLeft(text, " \t")) > 0 {
			blank = 0
		} else if blank++; blank > maxBlankLines {
			p.failAt(line, 1, "more than %d blank lines in a row: remove some", maxBlankLines)
			return false
		}
	}
	return true
}

// plainTokens refuses the parts of YAML that a configuration does without, and
// amounts that the parser cannot take.
func (p *reader) plainTokens(tokens token.Tokens) bool {
	var last *token.Token
	count, depth := 0, 0
	ended := false
	for _, tk := range tokens {
		if tk.Type == token.CommentType {
			continue
		}
		count++
		at, problem := tk, ""
		switch tk.Type {
		case token.InvalidType:
			p.fail(tk, "this is not YAML: %s", tk.Error)
			return false
		case token.AnchorType, token.AliasType, token.MergeKeyType:
			problem = "anchors, aliases and merge keys are not read: write the value out"
		case token.TagType:
			problem = "tags that start with \"!\" are not read: remove it, or write the text in quotes"
		case token.DirectiveType:
			problem = "directives that start with \"%\" are not read: remove the line"
		case token.MappingKeyType:
			problem = "keys that start with \"?\" are not read: write \"key: value\""
		case token.DocumentHeaderType:
			ended = count > 1
		case token.MappingStartType, token.SequenceStartType:
			depth++
		case token.MappingEndType, token.SequenceEndType:
			depth = max(depth-1, 0)
		case token.SequenceEntryType:
			if depth == 0 && tk.Position.Column > maxIndent {
				problem = "this is nested too deeply for a configuration"
			}
		case token.MappingValueType:
			switch {
			case last == nil:
			case depth == 0 && last.Position.Column > maxIndent:
				at, problem = last, "this is nested too deeply for a configuration"
			case len(last.Value) > maxKeyBytes:
				at, problem = last, "this key is too long for a configuration"
			}
		}
		switch {
		case problem != "":
		case ended:
			problem = "the file holds more than one document: keep one"
		case depth > maxDepth:
			problem = "this is nested too deeply for a configuration"
		case count > maxTokens:
			p.fail(tk, "the file has more than %d keys, values and marks, the most that are read", maxTokens)
			return false
		}
		if problem != "" {
			p.fail(at, "%s", problem)
			return false
		}
		ended = tk.Type == token.DocumentEndType
		last = tk
	}
	return true
}
