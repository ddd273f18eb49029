package rules

import (
	"fmt"
	"slices"
	"testing"
)

// TestNamesIndex checks that the answers are the same before and after the
// index is made.
func TestNamesIndex(t *testing.T) {
	var all []string
	for _, stem := range []string{"acme", "taskhub", "mailbeam", "parleo", "x"} {
		for _, change := range []string{"%s", "%ss", "1%s", "%s-app", "%sapp", "a%s1", "%sl"} {
			all = append(all, fmt.Sprintf(change, stem))
		}
	}
	names := NewNames(all, nil)
	var before [][]string
	for _, ns := range all[:30] {
		before = append(before, names.Similar(ns, ""))
	}
	for range 10 {
		names.Similar("anything", "")
	}
	similar := 0
	for i, ns := range all[:30] {
		after := names.Similar(ns, "")
		similar += len(after)
		if !slices.Equal(before[i], after) {
			t.Errorf("%q is similar to %q at first, and to %q later", ns, before[i], after)
		}
	}
	if similar < 20 {
		t.Errorf("only %d names are similar; the test has lost its meaning", similar)
	}
}
