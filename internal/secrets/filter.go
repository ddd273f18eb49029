package secrets

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"iter"
	"strings"

	ahocorasick "github.com/BobuSumisu/aho-corasick"

	"github.com/karzoun/miniapp-review/internal/rules"
)

// suspects returns the lines in which the engine could find something, and for
// each of them the index of its text. A line is left out when nothing around it
// has a run of characters that is long enough for a credential, or when neither
// it nor what is encoded in it has a word that the engine's rules ask for first.
func (s *Scanner) suspects(texts []rules.SecretText) (fragment string, lines []int) {
	var b strings.Builder
	all := privateKey(texts) // a private key fills any number of lines
	carry := 0               // how many texts to come belong to a name above them
	for i, t := range texts {
		if !all && !couldHold(t.Value) {
			continue
		}
		// The engine's general rule looks for a name, a sign and a value.
		text := "\"" + t.Value + "\"\n"
		if t.Key != "" {
			text = strings.Map(oneLine, t.Key) + " = " + text
		}
		if all || carry > 0 || s.concerned(text) || encoded(text) {
			if strings.IndexByte(text, '\n') == len(text)-1 {
				b.WriteString(text) // one line, which is all that there is to choose from
				lines = append(lines, i)
			} else {
				for line := range s.suspectLines(text, all || carry > 0) {
					b.WriteString(line)
					lines = append(lines, i)
				}
			}
		}
		carry = max(carry-1, below(text))
	}
	return b.String(), lines
}

// suspectLines yields the lines of a text that matter; see suspects.
func (s *Scanner) suspectLines(text string, all bool) iter.Seq[string] {
	lines := strings.SplitAfter(text, "\n")
	lines = lines[:len(lines)-1]
	keep := make([]bool, len(lines))
	last := -1 // the last line that can hold a credential
	for i := len(lines) - 1; i >= 0; i-- {
		if couldHold(lines[i]) {
			last = i
		}
		if last >= 0 && last-i <= reach && s.concerned(strings.Join(lines[i:min(i+reach+1, len(lines))], "")) {
			for j := i; j < min(i+reach+1, len(lines)); j++ {
				keep[j] = true
			}
		}
		keep[i] = keep[i] || all || encoded(lines[i])
	}
	return func(yield func(string) bool) {
		for i, line := range lines {
			if keep[i] && !yield(line) {
				return
			}
		}
	}
}

// reach is how many lines below a keyword the engine's rules look for the value,
// which is most for the lines of a command.
const reach = 6

// below returns how many further texts can belong to one: those with the lines
// of a command, or the one with the value when the text ends in the sign that
// stands before a value.
func below(text string) int {
	if strings.Contains(text, marks[1]) {
		return reach
	}
	if end := strings.TrimRight(text, " \t\r\n\"'`"); end != "" && strings.IndexByte("=>:|,", end[len(end)-1]) >= 0 {
		return 1
	}
	return 0
}

func oneLine(r rune) rune {
	if r < ' ' {
		return ' '
	}
	return r
}

// keywords are the words of which each of the engine's rules asks for one,
// before it looks closer, one on each line. Below the empty line are those that
// only the general rule asks for, "key" and the like, which many harmless texts
// have. A test holds the list against the engine.
//
//go:embed keywords.txt
var keywords string

// finder finds keywords. Those before general are of special rules, the others
// of the general one.
type finder struct {
	trie    *ahocorasick.Trie
	words   []string
	general int64
}

func newFinder() finder {
	special, general, _ := strings.Cut(strings.Trim(keywords, "\n"), "\n\n")
	words := strings.Split(special, "\n")
	f := finder{general: int64(len(words))}
	f.words = append(words, strings.Split(general, "\n")...)
	f.trie = ahocorasick.NewTrieBuilder().AddStrings(f.words).Build()
	return f
}

// concerned reports whether one of the engine's rules would look closer at a
// text. The general rule wants a sign of assignment within some characters after
// its keyword, and does not take words of letters, dots and dashes for a value.
// The value can also stand in the next text.
func (s *Scanner) concerned(text string) (yes bool) {
	f, folded := s.keywords(), lowered(text)
	f.trie.Walk(folded, func(end, _, word int64) bool {
		rest := folded[end+1:]
		if word < f.general {
			need, ok := follows[f.words[word]]
			yes = !ok || letters(rest) >= need
		} else if i := assigned(rest); i >= 0 {
			yes = couldBeValue(rest[i:])
		}
		return !yes
	})
	return yes
}

// couldBeValue reports whether the general rule could take what follows a sign
// of assignment for a value, or nothing follows.
func couldBeValue(rest []byte) bool {
	const shortest = 10 // characters, of which as many must differ
	rest = bytes.TrimLeft(rest, " \t\r\n\f\v\"'`=")
	n := 0
	for n < len(rest) && (letters(rest[n:n+1]) == 1 || strings.IndexByte("_.=+/-", rest[n]) >= 0) {
		n++
	}
	return len(rest) == 0 || n >= shortest && bytes.ContainsAny(rest[:n], "0123456789=+/")
}

// lowered is the text in lower case, as the engine compares it with keywords.
func lowered(text string) []byte {
	folded := make([]byte, len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c >= 0x80 {
			return bytes.ToLower([]byte(text))
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		folded[i] = c
	}
	return folded
}

// follows has the keywords that are parts of common words, such as "task" and
// "key", with the letters and digits that must come right behind them.
var follows = map[string]int{"ey": 17, "s.": 24, "sk": 32}

// letters counts the letters and digits at the start of a text.
func letters(text []byte) int {
	n := 0
	for n < len(text) && (text[n] >= '0' && text[n] <= '9' || text[n] >= 'a' && text[n] <= 'z' || text[n] >= 0x80) {
		n++
	}
	return n
}

// assigned returns the offset behind the sign of assignment that follows a
// keyword, or -1.
func assigned(rest []byte) int {
	const most = 20 + 3 // characters of a name, quotes and spaces
	for i := 0; i < len(rest) && i <= most; i++ {
		switch c := rest[i]; {
		case strings.IndexByte("=>:|?,", c) >= 0:
			for i < len(rest) && strings.IndexByte("=>:|?,", rest[i]) >= 0 {
				i++
			}
			return i
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c == '_', strings.IndexByte(" \t\r\n\f\v.-'\"", c) >= 0:
		default:
			return -1
		}
	}
	return -1
}

func privateKey(texts []rules.SecretText) bool {
	for _, t := range texts {
		if strings.Contains(t.Value, marks[0]) {
			return true
		}
	}
	return false
}

// encoded reports whether the engine could decode a part of a text: percent and
// Unicode escapes, long runs of hexadecimal digits, and base64 of printable
// characters.
func encoded(text string) bool {
	if strings.Contains(text, "%") || strings.Contains(text, "U+") || strings.Contains(text, `\u`) || strings.Contains(text, `\U`) {
		return true
	}
	start := 0
	for i := 0; i <= len(text); i++ {
		if i < len(text) && base64Char(text[i]) {
			continue
		}
		if i-start >= shortestBase64 && decodes(text[start:i]) {
			return true
		}
		start = i + 1
	}
	return false
}

// The shortest runs that the engine decodes.
const (
	shortestHex    = 32
	shortestBase64 = 16
)

// decodes reports whether a run of base64 characters, or of hexadecimal digits
// at its start, decodes to printable characters.
func decodes(run string) bool {
	digits := 0
	for digits < len(run) && hexDigit(run[digits]) {
		digits++
	}
	if digits >= shortestHex {
		if out, err := hex.DecodeString(run[:digits&^1]); err == nil && printable(out) {
			return true
		}
		run = run[digits:]
	}
	return len(run) >= shortestBase64 && printableBase64(run)
}

func base64Char(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '+' || c == '/' || c == '-' || c == '_'
}

func hexDigit(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'F' || c >= 'a' && c <= 'f'
}

// printableBase64 reports whether a run, without its padding, decodes to
// printable ASCII in one of the two alphabets.
func printableBase64(run string) bool {
	var buffer [256]byte
	for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		// The first characters decide nearly always, and cost no memory.
		head := run[:min(len(run), shortestBase64)]
		if n, err := alphabet.Decode(buffer[:], []byte(head)); err != nil || !printable(buffer[:n]) {
			continue
		}
		if out, err := alphabet.DecodeString(run); err == nil && printable(out) {
			return true
		}
	}
	return false
}

func printable(text []byte) bool {
	for _, c := range text {
		if c <= 8 || c >= 0x7f {
			return false
		}
	}
	return true
}

// The shortest runs of token characters that a credential of the engine's rules
// has: with letters and digits, of digits, with letters of both cases, or of any
// kind.
const (
	shortestWithDigit = 8
	shortestNumber    = 16
	shortestMixed     = 14
	shortestAny       = 24
)

// marks are texts whose presence is enough: what follows them may be short.
var marks = [...]string{"-----BEGIN", "curl"}

// couldHold reports whether a text has the shape that every credential of the
// engine's rules has somewhere: a long enough run of token characters. It is a
// hundred times faster than the engine, and most texts of a definition need no
// more. A test holds it against credentials made from the engine's own rules.
func couldHold(text string) bool {
	run, kinds := 0, kind(0)
	for i := 0; i < len(text); i++ {
		k := kindOf[text[i]]
		if k == 0 {
			run, kinds = 0, 0
			continue
		}
		run++
		kinds |= k
		if k&marking != 0 && (strings.HasSuffix(text[:i+1], marks[0]) || strings.HasSuffix(text[:i+1], marks[1])) {
			return true
		}
		if run < shortestWithDigit {
			continue
		}
		digit, lower, upper := kinds&digit != 0, kinds&lower != 0, kinds&upper != 0
		if digit && (lower || upper) || digit && run >= shortestNumber ||
			lower && upper && run >= shortestMixed || run >= shortestAny {
			return true
		}
	}
	return false
}

// kind is what a byte of a text is, as a set; 0 is no token character.
type kind uint8

const (
	digit kind = 1 << iota
	lower
	upper
	sign
	marking // may be the last one of a mark
)

// kindOf has the kind of each byte.
var kindOf = func() (kinds [256]kind) {
	for c := range 256 {
		switch {
		case c >= '0' && c <= '9':
			kinds[c] = digit
		case c >= 'a' && c <= 'z', c >= 0x80:
			// The engine's case-insensitive rules take U+017F for an s.
			kinds[c] = lower
		case c >= 'A' && c <= 'Z':
			kinds[c] = upper
		case c == '_' || c == '-' || c == '+' || c == '=':
			kinds[c] = sign
		}
	}
	for _, m := range marks {
		kinds[m[len(m)-1]] |= marking
	}
	return kinds
}()
