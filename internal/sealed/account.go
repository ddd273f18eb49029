package sealed

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/nearest"
)

// MaxAccountBytes is the largest account, as JSON. One has a few hundred bytes.
const MaxAccountBytes = 64 << 10

// Account is what a reviewer needs to try a MiniApp in the provider's sandbox.
// Its values are secrets: they belong into requests to the provider, and into no
// message, log or file that others read.
type Account struct {
	// NS is the namespace that the account is for. It is sealed with the rest:
	// else somebody could copy a sealed account into a submission of their own,
	// whose requests would carry the credentials to them.
	NS string `json:"ns,omitempty"`
	// Credentials are those of an install: what the tenant types at install, and
	// for OAuth what connecting stores, by the keys that the definition uses.
	Credentials map[string]string `json:"credentials"`
	// Login is what a person needs to sign in at the provider, by names that the
	// partner chose.
	Login map[string]string `json:"login,omitempty"`
	// Notes are for people.
	Notes string `json:"notes,omitempty"`
}

// Encode writes the account as JSON: equal accounts give equal bytes.
func (a Account) Encode() []byte {
	if a.Credentials == nil {
		a.Credentials = map[string]string{}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	_ = e.Encode(a) // maps of texts can always be written
	return b.Bytes()
}

// For reports why the account is not one for a namespace. An account that names
// none is for nobody.
func (a Account) For(ns string) error {
	switch a.NS {
	case ns:
		return nil
	case "":
		return errors.New("the account does not say which MiniApp it is for: seal it again with \"miniapp seal\"")
	}
	return fmt.Errorf("the account is for %s, and not for %q", shownKey(a.NS), ns)
}

// AccountError is one reason why a document is no account. It names keys, and
// never a value.
type AccountError struct {
	// Line and Column are counted from 1; columns count code points.
	Line, Column int
	Message      string
}

// Error returns "line:column: message".
func (e *AccountError) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message) }

// maxAccountErrors is how many reasons are told.
const maxAccountErrors = 20

// ParseAccount reads an account. It is strict: what it does not know is an
// error. The error joins an *AccountError for each mistake, or is ErrLarge.
func ParseAccount(data []byte) (Account, error) {
	if len(data) > MaxAccountBytes {
		return Account{}, ErrLarge
	}
	p := accountParser{lines: jsondoc.NewLines(data)}
	doc, problems := jsondoc.Parse(data)
	for _, pr := range problems {
		p.fail(pr.Span.Start, "%s", problemText(pr))
	}
	if len(problems) > 0 {
		return Account{}, errors.Join(p.errors...)
	}
	a := p.account(doc.Root)
	if len(p.errors) > 0 {
		return Account{}, errors.Join(p.errors...)
	}
	return a, nil
}

// problemText says what keeps a text from being JSON. Messages about the syntax
// can quote a character of what may be a secret, so that they are replaced.
func problemText(p jsondoc.Problem) string {
	if p.Code == jsondoc.Syntax || p.Code == jsondoc.TrailingData {
		return "this is not JSON: every key and every value stands in double quotes, with a comma between two entries"
	}
	return p.Message
}

type accountParser struct {
	lines  *jsondoc.Lines
	errors []error
}

func (p *accountParser) fail(offset int, format string, args ...any) {
	if len(p.errors) < maxAccountErrors {
		at := p.lines.Position(offset)
		p.errors = append(p.errors, &AccountError{at.Line, at.Column, fmt.Sprintf(format, args...)})
	}
}

func (p *accountParser) account(root *jsondoc.Node) (a Account) {
	if !root.Is(jsondoc.Object) {
		p.fail(root.Span.Start, "an account is an object with \"credentials\", and \"ns\", \"login\" and \"notes\" if need be, not %s", kind(root))
		return a
	}
	for _, m := range root.Members() {
		switch m.Key {
		case "ns":
			a.NS, _ = p.text(m)
		case "credentials":
			a.Credentials = p.texts(m)
		case "login":
			a.Login = p.texts(m)
		case "notes":
			a.Notes, _ = p.text(m)
		default:
			expected := "expected \"ns\", \"credentials\", \"login\" or \"notes\""
			if near, ok := nearest.Word(m.Key, []string{"ns", "credentials", "login", "notes"}); ok {
				expected = fmt.Sprintf("did you mean %q?", near)
			}
			p.fail(m.KeySpan.Start, "an account has no key %s: %s", shownKey(m.Key), expected)
		}
	}
	if root.Get("credentials") == nil {
		p.fail(root.Span.Start, "the account has no \"credentials\", the values that the definition needs")
	}
	return a
}

func (p *accountParser) texts(n *jsondoc.Node) map[string]string {
	out := map[string]string{}
	if !n.Is(jsondoc.Object) {
		p.fail(n.Span.Start, "%s must be an object of texts, not %s", shownKey(n.Key), kind(n))
		return out
	}
	for _, m := range n.Members() {
		if m.Key == "" {
			p.fail(m.KeySpan.Start, "a key of %s is empty", shownKey(n.Key))
		} else if s, ok := p.text(m); ok {
			out[m.Key] = s
		}
	}
	return out
}

func (p *accountParser) text(n *jsondoc.Node) (string, bool) {
	s, ok := n.Str()
	if !ok {
		p.fail(n.Span.Start, "the value of %s must be a text in double quotes, not %s", shownKey(n.Key), kind(n))
	}
	return s, ok
}

// kind names what a node is, without what it holds.
func kind(n *jsondoc.Node) string {
	switch n.Kind {
	case jsondoc.Object, jsondoc.Array:
		return "an " + n.Kind.String()
	case jsondoc.Null:
		return "null"
	}
	return "a " + n.Kind.String()
}

// shownKey quotes a key, cut when it is long.
func shownKey(s string) string {
	const most = 40
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	return strconv.Quote(s)
}
