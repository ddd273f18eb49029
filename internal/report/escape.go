package report

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Visible writes a text so that it cannot act on a terminal or hide anything:
// control characters, bidirectional and zero-width ones and bytes that are no
// UTF-8 become escapes such as \u202e. So does the bracket of "##[", which
// GitHub's runner takes for a command wherever it stands in a line. Other text
// stays as it is.
func Visible(s string) string {
	s = visibleRunes(s)
	return strings.ReplaceAll(s, command, commandShown)
}

const (
	command      = "##["
	commandShown = `##\u005b`
)

func visibleRunes(s string) string {
	plain := true
	for _, r := range s {
		if hidden(r) {
			plain = false
			break
		}
	}
	if plain && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		b.WriteString(visible(r, s[i:i+size]))
		i += size
	}
	return b.String()
}

// visible returns how one rune is shown; raw are its bytes.
func visible(r rune, raw string) string {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		return fmt.Sprintf(`\x%02x`, raw[0])
	case !hidden(r):
		return raw
	case r > 0xffff:
		return fmt.Sprintf(`\U%08x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// hidden reports whether a rune shows nothing by itself: controls, format
// characters (which hold the bidirectional and zero-width ones), separators of
// lines, variation selectors, private and unassigned code points.
func hidden(r rune) bool {
	return r != ' ' && !unicode.IsPrint(r) || unicode.Is(unicode.Variation_Selector, r) || r == 0x115f || r == 0x1160 || r == 0x3164 || r == 0xffa0
}

// VisibleJSON writes the hidden characters of a JSON text as escapes. They can
// stand in strings only, so that the values stay the same.
func VisibleJSON(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == '\n' || !hidden(r) {
			out = append(out, text[i:i+size]...)
		} else if a, b := utf16.EncodeRune(r); a != unicode.ReplacementChar {
			out = fmt.Appendf(out, `\u%04x\u%04x`, a, b)
		} else {
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		i += size
	}
	return bytes.ReplaceAll(out, []byte(command), []byte(commandShown))
}
