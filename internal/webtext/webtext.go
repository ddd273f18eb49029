// Package webtext makes what strangers wrote fit to stand in a page: as text, as
// Markdown without HTML, or as a letter in the place of an icon.
package webtext

import (
	"strings"
	"unicode"
)

// Initial stands for a MiniApp where others have an icon: the first letter or
// digit of its title.
func Initial(title string) string {
	for _, r := range title {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return string(unicode.ToUpper(r))
		}
	}
	return "·"
}

// Plain takes out what would act on the text around it: controls and marks of
// direction.
func Plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r),
			r == 0x061c, r == 0x200e, r == 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x2028, r == 0x2029:
			return -1
		}
		return r
	}, s)
}
