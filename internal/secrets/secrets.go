// Package secrets finds credentials in the texts of a submission with the
// detection engine and the rules of gitleaks.
//
// The engine is built when the first text that could hold a credential is
// scanned: it costs some 30 ms, which most submissions never pay.
package secrets

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/rs/zerolog"
	"github.com/zricethezav/gitleaks/v8/detect"
	"github.com/zricethezav/gitleaks/v8/logging"

	"github.com/karzoun/miniapp-review/internal/rules"
)

// Scanner finds credentials. It may be used by several goroutines.
type Scanner struct {
	detector func() (*detect.Detector, error)
}

// New returns a scanner. The engine is not built yet.
func New() *Scanner {
	return &Scanner{detector: sync.OnceValues(func() (*detect.Detector, error) {
		// The engine logs what it finds, secrets included.
		logging.Logger = zerolog.New(io.Discard).Level(zerolog.Disabled)
		d, err := detect.NewDetectorDefaultConfig()
		if err != nil {
			return nil, fmt.Errorf("building the secret detector: %w", err)
		}
		// A submission must not be able to excuse itself with a comment, nor
		// to hide a credential in base64.
		d.IgnoreGitleaksAllow = true
		d.MaxDecodeDepth = 2
		return d, nil
	})}
}

// Scan implements rules.SecretScanner.
func (s *Scanner) Scan(texts []rules.SecretText) ([]rules.Leak, error) {
	var b strings.Builder
	var lines []int // for each line of the fragment, the index of its text
	for i, t := range texts {
		if !couldHold(t.Value) {
			continue
		}
		start := b.Len()
		// The engine's general rule looks for a name, a sign and a value.
		if t.Key != "" {
			fmt.Fprintf(&b, "%s = ", strings.Map(oneLine, t.Key))
		}
		fmt.Fprintf(&b, "\"%s\"\n", t.Value)
		for range strings.Count(b.String()[start:], "\n") {
			lines = append(lines, i)
		}
	}
	if b.Len() == 0 {
		return nil, nil
	}
	d, err := s.detector()
	if err != nil {
		return nil, err
	}
	var leaks []rules.Leak
	for _, f := range d.Detect(detect.Fragment{Raw: b.String()}) {
		if f.StartLine < 0 || f.StartLine >= len(lines) {
			continue
		}
		leak := rules.Leak{Text: lines[f.StartLine], Kind: kind(f.RuleID)}
		if at := strings.Index(texts[leak.Text].Value, f.Secret); at >= 0 && f.Secret != "" {
			leak.Start, leak.End = at, at+len(f.Secret)
		}
		leaks = append(leaks, leak)
	}
	slices.SortFunc(leaks, func(a, b rules.Leak) int {
		if a.Text != b.Text {
			return a.Text - b.Text
		}
		if a.Start != b.Start {
			return a.Start - b.Start
		}
		return strings.Compare(a.Kind, b.Kind)
	})
	// One credential can match several of the engine's rules.
	return slices.CompactFunc(leaks, func(a, b rules.Leak) bool { return a.Text == b.Text && a.Start == b.Start }), nil
}

func oneLine(r rune) rune {
	if r < ' ' {
		return ' '
	}
	return r
}

// kind makes words of the id of one of the engine's rules.
func kind(id string) string {
	return strings.ReplaceAll(id, "-", " ")
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
	run, digit, lower, upper := 0, false, false, false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c >= '0' && c <= '9':
			digit = true
		case c >= 'a' && c <= 'z', c >= 0x80:
			// The engine's case-insensitive rules take U+017F for an s.
			lower = true
		case c >= 'A' && c <= 'Z':
			upper = true
		case c == '_' || c == '-' || c == '+' || c == '=':
		default:
			run, digit, lower, upper = 0, false, false, false
			continue
		}
		run++
		if digit && (lower || upper) && run >= shortestWithDigit || digit && run >= shortestNumber ||
			lower && upper && run >= shortestMixed || run >= shortestAny {
			return true
		}
	}
	for _, m := range marks {
		if strings.Contains(text, m) {
			return true
		}
	}
	return false
}
