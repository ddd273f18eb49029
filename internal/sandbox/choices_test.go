package sandbox

import (
	"regexp"
	"testing"
)

func TestChoicesAreWellFormed(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Choices() {
		if !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(c.ID) || seen[c.ID] || c.Text == "" {
			t.Errorf("choice %+v: the id is not unique kebab-case, or the text is empty", c)
		}
		seen[c.ID] = true
	}
}
