// Package secrets finds credentials in the texts of a submission with the
// detection engine and the rules of gitleaks.
//
// The engine takes milliseconds for a submission, so that it sees only what
// passes two filters that cost next to nothing; see suspects. It is built when
// the first such text comes up, which costs some 30 ms.
package secrets

import (
	"fmt"
	"io"
	"iter"
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
	keywords func() finder
}

// building is held while an engine is built. The library reads its rules
// through a configuration that all of the process shares; of two engines that
// were built at once, one could get no rules and find nothing.
var building sync.Mutex

// silence keeps the engine from logging what it finds, secrets included. Its
// logger is a variable of the whole process, so that it is set once, and before
// any engine runs.
var silence = sync.OnceFunc(func() {
	logging.Logger = zerolog.New(io.Discard).Level(zerolog.Disabled)
})

// New returns a scanner. The engine is not built yet.
func New() *Scanner {
	return &Scanner{keywords: sync.OnceValue(newFinder), detector: sync.OnceValues(func() (*detect.Detector, error) {
		building.Lock()
		defer building.Unlock()
		silence()
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
	fragment, lines := s.suspects(texts)
	if fragment == "" {
		return nil, nil
	}
	d, err := s.detector()
	if err != nil {
		return nil, err
	}
	var leaks []rules.Leak
	for first, piece := range pieces(fragment) {
		for _, f := range d.Detect(detect.Fragment{Raw: piece}) {
			line := first + f.StartLine
			if f.StartLine < 0 || line >= len(lines) {
				continue
			}
			leak := rules.Leak{Text: lines[line], Kind: describe(f.RuleID)}
			if at := strings.Index(texts[leak.Text].Value, f.Secret); at >= 0 && f.Secret != "" {
				leak.Start, leak.End = at, at+len(f.Secret)
			}
			leaks = append(leaks, leak)
		}
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

// The engine counts the lines before every match, so that a long text would take
// time in the square of its length. It gets pieces of so many lines, of which so
// many are in the next one too: no private key is longer.
const pieceLines, sharedLines = 1000, 250

// pieces yields the pieces of a text, with the number of their first line.
func pieces(text string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		lines := strings.SplitAfter(text, "\n")
		for first := 0; ; first += pieceLines - sharedLines {
			end := min(first+pieceLines, len(lines))
			if !yield(first, strings.Join(lines[first:end], "")) || end == len(lines) {
				return
			}
		}
	}
}

// describe makes words of the id of one of the engine's rules.
func describe(id string) string {
	return strings.ReplaceAll(id, "-", " ")
}
