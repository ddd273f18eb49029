package markdown

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestSteps(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string // the first lines of the steps
	}{
		{"a list", "# Connect\n\n1. Open\n2. Paste\n3. Done\n", []string{"Open", "Paste", "Done"}},
		{"brackets and equal numbers", "1) Open\n1) Paste\n", []string{"Open", "Paste"}},
		{"a picture between steps", "1. Open\n\n![](a.png)\n\n2. Paste\n\nText.\n\n3. Done\n", []string{"Open", "Paste", "Done"}},
		{"numbers that start again are another list", "1. Open\n2. Paste\n\nOr:\n\n1. Call us\n", []string{"Open", "Paste"}},
		{"the longest list", "1. Open\n\nThen:\n\n1. A\n2. B\n", []string{"A", "B"}},
		{"details of a step", "1. Open\n   1. The menu\n   2. The page\n   3. The tab\n2. Paste\n", []string{"Open", "Paste"}},
		{"steps without words", "1.\n2. Paste\n3.\n", []string{"Paste"}},
		{"a step that starts with code", "1.     code\n2. Paste\n", []string{"code", "Paste"}},
		{"headings", "## 1. Open\n\nText.\n\n## 2. Paste\n\nText.\n", []string{"1. Open", "2. Paste"}},
		{"headings with the word", "### Step 1: Open\n\n### Step 2 - Paste\n", []string{"Step 1: Open", "Step 2 - Paste"}},
		{"bold lines", "**Step 1:** Open\n\n**Step 2:** Paste\n", []string{"**Step 1:** Open", "**Step 2:** Paste"}},
		{"Arabic digits", "١. افتح\n٢. الصق\n٣. تم\n", []string{"١. افتح", "٢. الصق", "٣. تم"}},
		{"in a quote", "> 1. Open\n> 2. Paste\n", []string{"Open", "Paste"}},
		{"a quote in a step", "1. > Open\n2. Paste\n", []string{"Open", "Paste"}},
		{"Windows line ends", "1. Open\r\n2. Paste\r\n", []string{"Open", "Paste"}},
		{"bullets", "- Open\n- Paste\n", nil},
		{"in code", "```\n1. Open\n2. Paste\n```\n", nil},
		{"a year at the start of a line", "2026 was good.\n", nil},
		{"a version at the start of a heading", "## 1.2.0\n", []string{"1.2.0"}},
		{"nothing", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := Parse([]byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range d.Steps() {
				got = append(got, c.text[s.Start:s.End])
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTables(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []Table
	}{
		{"a table", "| Event | When |\n| --- | :-: |\n| `a.b` | **Now** |\n|c|d\n", []Table{
			{[]string{"Event", "When"}, [][]string{{"a.b", "Now"}, {"c", "d"}}}}},
		{"without outer pipes", "Event | When\n--- | ---\n`a` x | y\n", []Table{{[]string{"Event", "When"}, [][]string{{"a x", "y"}}}}},
		{"short and long rows", "|A|B|\n|-|-|\n|1|\n|1|2|3|\n", []Table{{[]string{"A", "B"}, [][]string{{"1", ""}, {"1", "2"}}}}},
		{"right after a paragraph", "Events:\n|A|\n|-|\n|1|\n", []Table{{[]string{"A"}, [][]string{{"1"}}}}},
		{"in a step and in a point", "1. See\n\n   |A|\n   |-|\n   |1|\n\n- |B|\n  |-|\n", []Table{
			{[]string{"A"}, [][]string{{"1"}}}, {Header: []string{"B"}}}},
		{"in code", "    |A|\n    |-|\n", nil},
		{"columns that do not agree", "|A|B|\n|-|\n", nil},
		{"underscores stay", "|A|\n|-|\n|order_paid_|\n", []Table{{[]string{"A"}, [][]string{{"order_paid_"}}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := Parse([]byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, d.Tables); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestTooMuch refuses the texts that would make the parser slow or its tree
// large, and lets plain long texts through.
func TestTooMuch(t *testing.T) {
	for name, s := range map[string]string{
		"bytes":        strings.Repeat("a", MaxBytes+1),
		"lines":        strings.Repeat("\n", maxLines+1),
		"columns":      strings.Repeat("a|", 8000) + "\n" + strings.Repeat("-|", 8000) + strings.Repeat("\na", 1000),
		"quotes":       strings.Repeat(">", 30000) + "\n",
		"bullets":      strings.Repeat("- ", 30000) + strings.Repeat("\n", 1000),
		"numbers":      strings.Repeat("1. ", 20000),
		"mixed blocks": strings.Repeat("> 1) * ", 9000),
	} {
		if _, err := Parse([]byte(s)); !errors.Is(err, ErrTooMuch) {
			t.Errorf("%s: got error %v", name, err)
		}
	}
	for name, s := range map[string]string{
		"a long rule":         strings.Repeat("-", 1000) + "\n",
		"a rule with spaces":  "* * * * *\n",
		"a wide table":        "|" + strings.Repeat("a|", 20) + "\n",
		"emphasis":            strings.Repeat("*a **b ", 5000),
		"brackets":            strings.Repeat("[", 60000),
		"code spans":          strings.Repeat("`a``b", 10000),
		"deep by indentation": indented(200),
	} {
		if _, err := Parse([]byte(s)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func indented(levels int) string {
	var b strings.Builder
	for i := range levels {
		fmt.Fprintf(&b, "%s- a\n", strings.Repeat(" ", 2*i))
	}
	return b.String()
}

func FuzzParse(f *testing.F) {
	f.Add("1. a\n\n|A|B|\n|-|-|\n|`x\\|y`|2|\n\n## 2. b\n> 1) c\n")
	f.Add("- a\n\n  | b\n  | -\n  |\n٢- x")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := Parse([]byte(s))
		if err != nil {
			return
		}
		for _, g := range d.Guides {
			for _, step := range g {
				if step.Start < 0 || step.Start > step.End || step.End > len(s) {
					t.Fatalf("step %+v is outside of %d bytes", step, len(s))
				}
			}
		}
		for _, tab := range d.Tables {
			for _, row := range tab.Rows {
				if len(row) != len(tab.Header) {
					t.Fatalf("a row has %d cells, the header %d", len(row), len(tab.Header))
				}
				for _, cell := range row {
					if utf8.ValidString(s) && !utf8.ValidString(cell) {
						t.Fatalf("cell %q", cell)
					}
				}
			}
		}
	})
}
