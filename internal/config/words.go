package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"github.com/karzoun/miniapp-review/internal/nearest"
)

// didYouMean names the nearest word, or all of them.
func didYouMean(word string, known []string) string {
	if near, ok := nearest.Word(word, known); ok {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "expected one of " + list(known)
}

// list joins words for people: "a, b or c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// shown quotes a text for a message, and cuts a long one.
func shown(text string) string {
	const most = 60
	if utf8.RuneCountInString(text) > most {
		text = string([]rune(text)[:most]) + "…"
	}
	return strconv.Quote(text)
}

// scalar returns a number or a truth value as it is written.
func scalar(n ast.Node) (string, bool) {
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// kind says what a node is, for messages.
func kind(n ast.Node) string {
	switch n := n.(type) {
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.NullNode:
		return "empty"
	case *ast.StringNode:
		return shown(n.Value)
	case *ast.LiteralNode:
		return shown(n.Value.Value)
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.BoolNode:
		return n.Token.Value
	}
	return "this"
}

// Checks of texts return what is expected of the text, or "" when it is right.

// maxNamespace is the longest name that a namespace can have.
const maxNamespace = 64

func checkNamespace(text string) string {
	if len(text) <= maxNamespace && regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`).MatchString(text) {
		return ""
	}
	return "a namespace such as acme-desk: small letters, digits and single hyphens"
}

func checkHost(text string) string {
	const label = `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`
	if len(text) <= 253 && regexp.MustCompile(`^`+label+`(\.`+label+`)+$`).MatchString(text) {
		return ""
	}
	return "a host such as karzoun.com, in small letters and without https:// or a path"
}
