package rules

import "regexp"

// testScanner knows one kind of credential. The real scanner needs this
// package, and has its own test over the examples.
func testScanner() SecretScanner {
	return patScanner{regexp.MustCompile(`ghp_[0-9a-zA-Z]{36}`)}
}

type patScanner struct{ pattern *regexp.Regexp }

func (s patScanner) Scan(texts []SecretText) ([]Leak, error) {
	var leaks []Leak
	for i, t := range texts {
		if at := s.pattern.FindStringIndex(t.Value); at != nil {
			leaks = append(leaks, Leak{Text: i, Start: at[0], End: at[1], Kind: "github pat"})
		}
	}
	return leaks, nil
}
