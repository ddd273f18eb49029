package finding

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// some returns findings of few different values, so that many are equal in
// some respect.
func some(random *rand.Rand, n int) []Finding {
	out := make([]Finding, n)
	for i := range out {
		word := func(words string) string { return strings.Fields(words)[random.IntN(len(strings.Fields(words)))] }
		p := jsondoc.Position{Line: 1 + random.IntN(3), Column: 1 + random.IntN(3)}
		out[i] = Finding{Rule: word("a-rule b-rule"), Severity: Severity(1 + random.IntN(3)), Path: word("a.json b.json"),
			Range: Range{p, p}, Pointer: word("/a /b"), Message: word("one two"), Value: word("x y")}
	}
	return out
}

// TestSortLaws checks that the order of what comes in decides nothing: sorting
// gives one sequence, without twins, and sorting that again changes nothing.
func TestSortLaws(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		in := some(random, random.IntN(40))
		shuffled := slices.Clone(in)
		random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		a, b := Sort(slices.Clone(in)), Sort(shuffled)
		if !slices.EqualFunc(a, b, func(x, y Finding) bool { return Compare(x, y) == 0 }) {
			t.Fatalf("the order of the input shows:\n%v\n%v", a, b)
		}
		for i := 1; i < len(a); i++ {
			if Compare(a[i-1], a[i]) >= 0 {
				t.Fatalf("%v stands before %v", a[i-1], a[i])
			}
		}
		if again := Sort(slices.Clone(a)); !reflect.DeepEqual(again, a) {
			t.Fatalf("sorting twice is not sorting once:\n%v\n%v", a, again)
		}
		for _, f := range in {
			if !slices.ContainsFunc(a, func(g Finding) bool { return Compare(f, g) == 0 }) {
				t.Fatalf("%v is lost", f)
			}
		}
	}
}

// TestCompareOrders checks that Compare is an order: of opposite sign when its
// arguments change places, and transitive.
func TestCompareOrders(t *testing.T) {
	all := some(rand.New(rand.NewPCG(3, 4)), 60)
	for _, a := range all {
		for _, b := range all {
			if Compare(a, b) != -Compare(b, a) {
				t.Fatalf("Compare is not antisymmetric for %v and %v", a, b)
			}
			for _, c := range all {
				if Compare(a, b) <= 0 && Compare(b, c) <= 0 && Compare(a, c) > 0 {
					t.Fatalf("Compare is not transitive for %v, %v and %v", a, b, c)
				}
			}
		}
	}
}

// TestSortKeys checks the documented order: path, line, column, rule.
func TestSortKeys(t *testing.T) {
	place := func(path string, line, column int, rule string) Finding {
		p := jsondoc.Position{Line: line, Column: column}
		return Finding{Path: path, Range: Range{p, p}, Rule: rule}
	}
	want := []Finding{
		place("a", 2, 9, "z"), place("a", 10, 1, "a"), place("a", 10, 2, "a"), place("a", 10, 2, "b"), place("b", 1, 1, "a"),
	}
	got := slices.Clone(want)
	slices.Reverse(got)
	if got = Sort(got); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestIdentity checks what makes a finding the same one in another run: rule,
// path, pointer and value, and nothing else, least of all the line.
func TestIdentity(t *testing.T) {
	f := Finding{Rule: "a-b", Severity: Error, Path: "p", Range: WholeFile(), Pointer: "/x", Message: "m", Hint: "h", Value: "v"}
	same := map[string]func(*Finding){
		"line":     func(f *Finding) { f.Range.Start.Line, f.Range.End.Line = 99, 99 },
		"column":   func(f *Finding) { f.Range.Start.Column = 99 },
		"message":  func(f *Finding) { f.Message = "other" },
		"hint":     func(f *Finding) { f.Hint = "other" },
		"severity": func(f *Finding) { f.Severity = Notice },
		"related":  func(f *Finding) { f.Related = []Place{{Path: "q"}} },
		"fix":      func(f *Finding) { f.Fix = &Fix{Title: "t"} },
		"shadow":   func(f *Finding) { f.Shadow = true },
		"secret":   func(f *Finding) { f.Sensitive = true },
	}
	for name, change := range same {
		g := f
		change(&g)
		if g.Identity() != f.Identity() {
			t.Errorf("the identity depends on the %s", name)
		}
	}
	seen := map[string]string{f.Identity(): "the finding itself"}
	for name, g := range map[string]Finding{
		"rule": {Rule: "a-c", Path: "p", Pointer: "/x", Value: "v"}, "path": {Rule: "a-b", Path: "q", Pointer: "/x", Value: "v"},
		"pointer": {Rule: "a-b", Path: "p", Pointer: "/y", Value: "v"}, "value": {Rule: "a-b", Path: "p", Pointer: "/x", Value: "w"},
		// Parts that run into each other are different parts.
		"border": {Rule: "a-b", Path: "p/", Pointer: "x", Value: "v"}, "shift": {Rule: "a-b", Path: "p", Pointer: "/", Value: "xv"},
	} {
		if other, ok := seen[g.Identity()]; ok {
			t.Errorf("another %s has the identity of %s", name, other)
		}
		seen[g.Identity()] = "another " + name
	}
}

func TestSeverityText(t *testing.T) {
	for word, s := range map[string]Severity{"notice": Notice, "warning": Warning, "error": Error} {
		text, err := json.Marshal(s)
		if err != nil || string(text) != `"`+word+`"` {
			t.Errorf("%v is written as %s (%v), want %q", s, text, err, word)
		}
		var back Severity
		if err := json.Unmarshal(text, &back); err != nil || back != s {
			t.Errorf("%s is read as %v (%v)", text, back, err)
		}
	}
	if !(Notice < Warning && Warning < Error) {
		t.Error("severities do not compare, mildest first")
	}
	for _, wrong := range []string{"", "Error", "none", "info", "error "} {
		var s Severity
		if err := s.UnmarshalText([]byte(wrong)); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", wrong)) {
			t.Errorf("%q is read as %v (%v)", wrong, s, err)
		}
	}
}

// TestCount checks that findings in shadow count as nothing.
func TestCount(t *testing.T) {
	errors, warnings, notices := Count([]Finding{{Severity: Error}, {Severity: Error, Shadow: true}, {Severity: Warning},
		{Severity: Warning}, {Severity: Notice}, {Severity: Notice}, {Severity: Notice}})
	if errors != 1 || warnings != 2 || notices != 3 {
		t.Errorf("got %d, %d and %d, want 1, 2 and 3", errors, warnings, notices)
	}
}
