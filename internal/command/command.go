// Package command reads the commands that people write in comments of a pull
// request, such as "/qa pass".
//
// A command is a line of its own, outside of quotes, lists, code and HTML: what
// the reader of the comment sees as a plain line. Who may give it, and whether
// it still counts, is not decided here.
package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/karzoun/miniapp-review/internal/markdown"
	"github.com/karzoun/miniapp-review/internal/nearest"
)

// Verb is what a command asks for.
type Verb string

// The verbs.
const (
	QAPass     Verb = "qa pass"    // Items, or all of them; Reason where it overrules a machine
	QAFail     Verb = "qa fail"    // one of Items, and Reason
	QAReset    Verb = "qa reset"   // forget what was recorded
	QARun      Verb = "qa run"     // let a machine try the submission
	Recheck    Verb = "recheck"    // look again
	Hold       Verb = "hold"       // Reason
	Unhold     Verb = "unhold"     // lift every hold that was set by command
	Visibility Verb = "visibility" // Value: "public" or "partner-only"
	OK         Verb = "ok"         // let a first submission in
	Help       Verb = "help"       // list the commands
)

// Command is one command of a comment.
type Command struct {
	Verb Verb
	// Items are the items of the checklist that it names, as written.
	Items []string
	// Reason is free text, Value one of a few words.
	Reason, Value string
	// Wrong says what is wrong with it, as a part of a sentence, "" when it can
	// be carried out. A wrong command has the verb that was meant, if any.
	Wrong string
	// Text is the line as it was written.
	Text string
}

// Usage is how a command is written, and what it does.
type Usage struct{ Form, Does string }

// Usages lists the commands for people.
func Usages() []Usage {
	return []Usage{
		{"/qa pass", "every open item of the QA checklist has passed"},
		{"/qa pass ITEM…", "these items have passed"},
		{"/qa pass ITEM: reason", "this item has passed although a machine found it failing, and why"},
		{"/qa fail ITEM: reason", "this item has failed, and why"},
		{"/qa run", "a machine tries the submission with its test account, where that is set up"},
		{"/qa reset", "forget what was recorded of QA"},
		{"/recheck", "look at the pull request again"},
		{"/hold reason", "keep it from being approved, and say why"},
		{"/unhold", "lift the holds that were set with /hold"},
		{"/visibility public", "publish it for everybody (or: partner-only)"},
		{"/ok", "let the first submission of an account in"},
		{"/help", "list the commands"},
	}
}

const (
	maxLine     = 500 // characters of a command that are looked at
	maxCommands = 20  // commands of one comment that are looked at
	maxItems    = 100
)

// maxDepth is how deep lists and quotes are looked into. No command stands in
// one, so that it does not matter what is deeper.
const maxDepth = 8

// blocks is the parser of a comment. Link definitions stay paragraphs: looking
// for them can take time in the square of the text.
func blocks() parser.Parser {
	return parser.NewParser(parser.WithBlockParsers(
		util.Prioritized(parser.NewSetextHeadingParser(), 100),
		util.Prioritized(parser.NewThematicBreakParser(), 200),
		util.Prioritized(markdown.Shallow{BlockParser: parser.NewListParser(), Depth: maxDepth}, 300),
		util.Prioritized(parser.NewListItemParser(), 400),
		util.Prioritized(parser.NewCodeBlockParser(), 500),
		util.Prioritized(parser.NewATXHeadingParser(), 600),
		util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
		util.Prioritized(markdown.Shallow{BlockParser: parser.NewBlockquoteParser(), Depth: maxDepth}, 800),
		util.Prioritized(parser.NewHTMLBlockParser(), 900),
		util.Prioritized(parser.NewParagraphParser(), 1000),
	))
}

// Parse returns the commands of a comment, in its order.
func Parse(body string) []Command {
	source := []byte(strings.ReplaceAll(body, "\r\n", "\n"))
	if !strings.Contains(string(source), "/") {
		return nil
	}
	doc := blocks().Parse(text.NewReader(source))
	var found []Command
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		if n.Kind() != ast.KindParagraph {
			continue
		}
		for i := range n.Lines().Len() {
			segment := n.Lines().At(i)
			line := strings.TrimRight(string(segment.Value(source)), " \t\n")
			if c, ok := parseLine(line); ok {
				if found = append(found, c); len(found) == maxCommands {
					return found
				}
			}
		}
	}
	return found
}

// parseLine reads one line. ok is false when it is no command of this tool.
func parseLine(line string) (Command, bool) {
	rest, ok := strings.CutPrefix(line, "/")
	if !ok || len(line) > maxLine {
		return Command{}, false
	}
	word, args, _ := strings.Cut(rest, " ")
	args = strings.TrimSpace(args)
	c := Command{Text: line}
	none := func(v Verb) (Command, bool) {
		c.Verb = v
		if args != "" {
			c.Wrong = fmt.Sprintf("/%s stands alone on its line", v)
		}
		return c, true
	}
	switch word {
	case "qa":
		c.qa(args)
		return c, true
	case "recheck":
		return none(Recheck)
	case "unhold":
		return none(Unhold)
	case "ok":
		return none(OK)
	case "help":
		return none(Help)
	case "hold":
		c.Verb, c.Reason = Hold, args
		if args == "" {
			c.Wrong = "a hold needs a reason, as in /hold waiting for the provider"
		}
		return c, true
	case "visibility":
		c.Verb, c.Value = Visibility, args
		if args != "public" && args != "partner-only" {
			c.Wrong = "the visibility is public or partner-only"
		}
		return c, true
	}
	return Command{}, false
}

// qa reads what follows "/qa".
func (c *Command) qa(args string) {
	verb, rest, _ := strings.Cut(args, " ")
	rest = strings.TrimSpace(rest)
	switch verb {
	case "pass":
		c.Verb = QAPass
		if rest == "" {
			return
		}
		if item, reason, found := cutReason(rest); found {
			c.Items, c.Reason = []string{item}, reason
			if item == "" || reason == "" || strings.ContainsAny(item, " \t,") {
				c.Items = nil
				c.Wrong = "write one item, a colon, a space and the reason, as in /qa pass connect: tried by hand"
			}
			return
		}
		c.Items = strings.FieldsFunc(rest, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' })
		if len(c.Items) > maxItems {
			c.Wrong = fmt.Sprintf("it names more than %d items", maxItems)
		}
	case "fail":
		c.Verb = QAFail
		item, reason, found := cutReason(rest)
		c.Items, c.Reason = []string{item}, reason
		if item == "" || !found || reason == "" || strings.ContainsAny(item, " \t") {
			c.Items = nil
			c.Wrong = "write the item, a colon, a space and the reason, as in /qa fail connect: the token is refused"
		}
	case "reset", "run":
		c.Verb = Verb("qa " + verb)
		if rest != "" {
			c.Wrong = fmt.Sprintf("/%s stands alone on its line", c.Verb)
		}
	default:
		c.Wrong = "after /qa comes pass, fail, reset or run"
		if near, ok := nearest.Word(verb, []string{"pass", "fail", "reset", "run"}); ok {
			c.Wrong += fmt.Sprintf("; did you mean /qa %s?", near)
		}
	}
}

// cutReason cuts "ITEM: reason" at the first colon that a space or the end
// follows, since items have colons themselves.
func cutReason(s string) (item, reason string, found bool) {
	if item, reason, found = strings.Cut(s, ": "); found {
		return item, strings.TrimSpace(reason), true
	}
	item, found = strings.CutSuffix(s, ":")
	return item, "", found
}

// Item is one item of a QA checklist.
type Item struct {
	// ID names the item in commands: "install", "connect", "action:NAME" or
	// "event:NAME".
	ID string
	// Text says what is to be tried. It may repeat submitted names, in quotes.
	Text string
}

// Match returns the items that a word of a command means: the one with this id,
// or the only one whose name after the colon it is.
func Match(items []Item, word string) (id string, err error) {
	word = strings.Trim(word, "`\"'")
	var named []string
	for _, it := range items {
		if it.ID == word {
			return it.ID, nil
		}
		if _, name, ok := strings.Cut(it.ID, ":"); ok && name == word {
			named = append(named, it.ID)
		}
	}
	switch len(named) {
	case 1:
		return named[0], nil
	case 0:
		ids := make([]string, len(items))
		for i, it := range items {
			ids[i] = it.ID
		}
		hint := ""
		if near, ok := nearest.Word(word, ids); ok {
			hint = fmt.Sprintf("; did you mean %q?", near)
		}
		return "", fmt.Errorf("the checklist has no item %q%s", word, hint)
	}
	slices.Sort(named)
	return "", fmt.Errorf("%q could be %s: write the whole of it", word, strings.Join(named, " or "))
}
