package report

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxCode is how many characters of a submitted text a code span shows.
const maxCode = 200

// Code writes a submitted text as a code span of Markdown, the one place in
// which a forge makes no mention, link, image, HTML or emoji of it. It is one
// line, cut when it is long, with what is invisible written as escapes.
func Code(s string) string {
	s = cut(s, maxCode)
	s = cut(Visible(s), maxCode) // escapes can be ten times as long
	if s == "" {
		return `""`
	}
	if strings.Trim(s, " ") == "" {
		s = strconv.Quote(s)
	}
	fence := strings.Repeat("`", longestRun(s, '`')+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || strings.HasPrefix(s, " ") && strings.HasSuffix(s, " ") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// Cell makes a piece of Markdown of one line fit for a cell of a table, where a
// bar ends the cell even within a code span.
func Cell(markdown string) string { return strings.ReplaceAll(markdown, "|", `\|`) }

// Fence returns the fence of a code block that can hold the text.
func Fence(text string) string { return strings.Repeat("`", max(3, longestRun(text, '`')+1)) }

// longestRun returns the length of the longest run of a byte.
func longestRun(s string, c byte) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] == c {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	return longest
}

// Prose writes a message or a hint as Markdown of one line. What stands in
// quotes or backticks, which is where messages repeat what was submitted,
// becomes a code span, and so does all else that a forge could make something
// of.
func Prose(s string) string {
	var out []byte
	var plain strings.Builder
	write := func(piece string) {
		if len(out) > 0 && out[len(out)-1] == '`' && strings.HasPrefix(piece, "`") {
			out = append(out, ' ') // or two spans would share their fences
		}
		out = append(out, piece...)
	}
	flush := func() {
		text := plain.String()
		plain.Reset()
		if calm(text) {
			write(text)
			return
		}
		// Words that mean nothing else stay as they are, and white space stays
		// outside, so that words stay apart.
		var restless []string
		close := func() {
			if len(restless) > 0 {
				word, after := trailing(strings.Join(restless, " "))
				write(Code(word))
				write(after)
				restless = nil
			}
		}
		for i, word := range strings.Split(text, " ") {
			switch {
			case !calm(word):
				if len(restless) == 0 && i > 0 {
					write(" ")
				}
				restless = append(restless, word)
				continue
			case i > 0:
				close()
				write(" ")
			}
			write(word)
		}
		close()
	}
	for s != "" {
		if quoted, err := strconv.QuotedPrefix(s); err == nil && quoted[0] != '\'' {
			inner, err := strconv.Unquote(quoted)
			if err == nil {
				flush()
				write(Code(inner))
				s = s[len(quoted):]
				continue
			}
		}
		_, size := utf8.DecodeRuneInString(s)
		plain.WriteString(s[:size])
		s = s[size:]
	}
	flush()
	return string(out)
}

// trailing cuts the punctuation off the end of a text.
func trailing(s string) (text, punctuation string) {
	text = strings.TrimRight(s, ".,;:")
	if text == "" {
		return s, ""
	}
	return text, s[len(text):]
}

// restless is what a forge turns into something although its characters are
// harmless: addresses, commit ids, numbers of issues, emoji.
var restless = regexp.MustCompile(`://|(?i:www\.)|\b[0-9a-fA-F]{7,}\b|(?i:\bgh-[0-9])|:[A-Za-z0-9_+-]+:|(?:^|[^A-Za-z0-9])_|_(?:$|[^A-Za-z0-9])|\S\.(?i:com|org|net|io|dev|app)\b`)

// calm reports whether a text reads the same in Markdown as it does plain.
func calm(s string) bool {
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" .,;:()'\"-/+%=?…–→_", r) {
			return false
		}
	}
	return !restless.MatchString(s)
}
