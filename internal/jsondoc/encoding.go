package jsondoc

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// conflictAt reports whether a line that Git writes around a conflict starts
// here.
func (p *parser) conflictAt(at int) bool {
	if at > 0 && p.text[at-1] != '\n' {
		return false
	}
	for _, mark := range []string{"<<<<<<< ", "=======\n", "=======\r\n", ">>>>>>> "} {
		if bytes.HasPrefix(p.text[at:], []byte(mark)) {
			return true
		}
	}
	return false
}

// readable checks what must hold for the text as a whole.
func (p *parser) readable() bool {
	if len(p.text) > p.maxBytes {
		p.fail(TooLarge, Span{0, 0},
			fmt.Sprintf("the file has %d bytes, more than the %d that are read", len(p.text), p.maxBytes),
			"Make the file smaller: long texts belong into SETUP.md, images behind a URL.")
		return false
	}
	if bytes.HasPrefix(p.text, []byte("\xef\xbb\xbf")) {
		p.report(Problem{Code: ByteOrderMark, Span: Span{0, 3},
			Message: "the file starts with a byte-order mark",
			Hint:    "Save it as UTF-8 without a byte-order mark.",
			Fix:     []Edit{{Span: Span{0, 3}}}})
		p.at = 3
	}
	if bytes.HasPrefix(p.text, []byte("\xff\xfe")) || bytes.HasPrefix(p.text, []byte("\xfe\xff")) {
		p.fail(ByteOrderMark, Span{0, 2}, "the file is UTF-16, not UTF-8", "Save it as UTF-8 without a byte-order mark.")
		return false
	}
	if !utf8.Valid(p.text) {
		at := 0
		for at < len(p.text) {
			r, size := utf8.DecodeRune(p.text[at:])
			if r == utf8.RuneError && size == 1 {
				break
			}
			at += size
		}
		p.fail(Encoding, Span{at, at + 1},
			fmt.Sprintf("the byte 0x%02x is not valid UTF-8", p.text[at]),
			"Save the file as UTF-8.")
		return false
	}
	return true
}
