package jsondoc

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// escape decodes the escape at the current backslash.
func (p *parser) escape(b []byte) []byte {
	start := p.at
	if p.at+1 >= len(p.text) {
		p.fail(Syntax, Span{start, len(p.text)}, "the document ends inside a string", "Close the string with a double quote.")
		return b
	}
	c := p.text[p.at+1]
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		p.at += 2
		return append(b, "\"\\/\b\f\n\r\t"[i])
	}
	if c != 'u' {
		_, size := utf8.DecodeRune(p.text[p.at+1:])
		p.fail(Syntax, Span{start, start + 1 + size}, fmt.Sprintf("%s is not an escape of JSON", quote(string(p.text[start:start+1+size]))),
			`Write a backslash as "\\".`)
		return b
	}
	r, ok := p.hex(start)
	if !ok {
		p.fail(Syntax, Span{start, min(start+6, len(p.text))}, `"\u" is not followed by four hexadecimal digits`, `Write a character such as "\u00e9" with four digits.`)
		return b
	}
	p.at += 6
	if r < 0xd800 || r > 0xdfff {
		return utf8.AppendRune(b, r)
	}
	if low, ok := p.hex(p.at); ok && r < 0xdc00 && low >= 0xdc00 && low <= 0xdfff {
		p.at += 6
		return utf8.AppendRune(b, (r-0xd800)<<10|(low-0xdc00)+0x10000)
	}
	p.report(Problem{Code: LoneSurrogate, Span: Span{start, start + 6},
		Message: fmt.Sprintf("%s is half of a surrogate pair and stands for no character", quote(string(p.text[start:start+6]))),
		Hint:    "Write the character itself in UTF-8."})
	return utf8.AppendRune(b, utf8.RuneError)
}

// hex reads `\uXXXX` at an offset.
func (p *parser) hex(at int) (rune, bool) {
	if at+6 > len(p.text) || p.text[at] != '\\' || p.text[at+1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range p.text[at+2 : at+6] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
