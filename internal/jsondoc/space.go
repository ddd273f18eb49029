package jsondoc

import "bytes"

// space skips white space, and comments after reporting them.
func (p *parser) space() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		case '/':
			if !p.comment() {
				return
			}
		default:
			return
		}
	}
}

func (p *parser) comment() bool {
	rest := p.text[p.at:]
	var end int
	switch {
	case bytes.HasPrefix(rest, []byte("//")):
		if end = bytes.IndexByte(rest, '\n'); end < 0 {
			end = len(rest)
		} else if end > 0 && rest[end-1] == '\r' {
			end--
		}
	case bytes.HasPrefix(rest, []byte("/*")):
		if end = bytes.Index(rest, []byte("*/")); end < 0 {
			p.fail(Comment, Span{p.at, p.at + 2}, "the comment that starts here has no end", "JSON has no comments; remove it.")
			return false
		}
		end += 2
	default:
		return false
	}
	span := Span{p.at, p.at + end}
	p.report(Problem{Code: Comment, Span: span, Message: "JSON has no comments",
		Hint: "Remove the comment; explain things in a description or in SETUP.md.",
		Fix:  []Edit{{Span: p.wholeLines(span)}}})
	p.at += end
	return true
}

// wholeLines extends a span to the ends of its lines, and the line ending after
// it, when nothing else stands there.
func (p *parser) wholeLines(s Span) Span {
	start, end := s.Start, s.End
	for start > 0 && isBlank(p.text[start-1]) {
		start--
	}
	for end < len(p.text) && (isBlank(p.text[end]) || p.text[end] == '\r') {
		end++
	}
	if start > 0 && p.text[start-1] != '\n' || end == len(p.text) || p.text[end] != '\n' {
		return s
	}
	return Span{start, end + 1}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
