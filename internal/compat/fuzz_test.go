package compat_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/compat"
	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// FuzzDiff compares any two documents, however malformed: nothing panics, the
// laws hold, and what is told is as Kinds says.
func FuzzDiff(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txt")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, paragraph := range strings.Split(string(text), "\n\n") {
			if l := strings.Split(paragraph, "\n"); len(l) > 2 && strings.HasPrefix(l[2], "+ ") {
				f.Add(l[1], l[2][2:])
			}
		}
	}
	f.Fuzz(func(t *testing.T, base, head string) {
		var parsed [2]*definition.Definition
		for i, text := range []string{base, head} {
			doc, _ := jsondoc.Parse([]byte(text))
			if doc == nil {
				return
			}
			parsed[i] = definition.New(doc)
		}
		b, h := parsed[0], parsed[1]
		forth, back := compat.Diff(b, h), compat.Diff(h, b)
		check(t, forth)
		removed, added := sides(forth)
		added2, removed2 := sides(back)
		if diff := cmp.Diff(removed, removed2) + cmp.Diff(added, added2); diff != "" {
			t.Errorf("swapped: %s\nforth %v\nback %v", diff, report(forth), report(back))
		}
		if changes := compat.Diff(b, b); len(changes) > 0 {
			t.Errorf("with itself: %v", report(changes))
		}
		compat.Diff(nil, h)
		compat.Diff(b, nil)
	})
}
