package anchor_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/anchor"
)

func numbered(n int) []string {
	var l []string
	for i := range n {
		l = append(l, fmt.Sprintf("line %d\n", i+1))
	}
	return l
}

func TestContains(t *testing.T) {
	base := numbered(30)
	head := numbered(30)
	head[9] = "changed\n"                  // line 10
	head = append(head[:20], head[21:]...) // line 21 of the base is gone
	h := anchor.Diff([]byte(strings.Join(base, "")), []byte(strings.Join(head, "")))
	for _, c := range []struct {
		first, last int
		want        bool
	}{
		{7, 7, true}, {6, 6, false}, {13, 13, true}, {14, 14, false}, {7, 13, true}, {6, 8, false},
		{17, 17, false}, {18, 23, true}, {24, 24, false}, {13, 18, false}, {0, 0, false}, {10, 9, false},
	} {
		if got := h.Contains(c.first, c.last); got != c.want {
			t.Errorf("%d to %d: %v", c.first, c.last, got)
		}
	}
	if h := anchor.Diff([]byte("a\n"), []byte("a\n")); h.Contains(1, 1) {
		t.Error("a file that is the same has a hunk")
	}
	if h := anchor.Diff([]byte("a\n"), nil); h.Contains(1, 1) {
		t.Error("a file that is empty has a line")
	}
	if h := anchor.Added(); !h.Contains(1, 100) {
		t.Error("not every line of a new file can be commented on")
	}
}

// TestAgainstGit compares with the hunks of git diff on random edits of lines
// that are all different, where every diff must agree.
func TestAgainstGit(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(3, 4))
	header := regexp.MustCompile(`(?m)^@@ -\S+ \+(\d+)(?:,(\d+))? @@`)
	for round := range 25 {
		base := numbered(60)
		var head []string
		for i, l := range base {
			switch r.IntN(14) {
			case 0:
			case 1:
				head = append(head, l, fmt.Sprintf("new %d %d\n", round, i))
			case 2:
				head = append(head, fmt.Sprintf("other %d %d\n", round, i))
			default:
				head = append(head, l)
			}
		}
		a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
		for name, l := range map[string][]string{a: base, b: head} {
			if err := os.WriteFile(name, []byte(strings.Join(l, "")), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		out, err := exec.Command("git", "diff", "--no-index", "--no-color", a, b).Output()
		if err != nil && len(out) == 0 {
			t.Fatal(err)
		}
		inGit := map[int]int{} // line to hunk
		for i, m := range header.FindAllStringSubmatch(string(out), -1) {
			start, _ := strconv.Atoi(m[1])
			n := 1
			if m[2] != "" {
				n, _ = strconv.Atoi(m[2])
			}
			for line := start; line < start+n; line++ {
				inGit[line] = i + 1
			}
		}
		h := anchor.Diff([]byte(strings.Join(base, "")), []byte(strings.Join(head, "")))
		for line := 1; line <= len(head); line++ {
			if got := h.Contains(line, line); got != (inGit[line] > 0) {
				t.Fatalf("round %d, line %d: %v, git says %v\n%s", round, line, got, inGit[line] > 0, out)
			}
			if line > 1 {
				same := inGit[line] > 0 && inGit[line] == inGit[line-1]
				if got := h.Contains(line-1, line); got != same {
					t.Fatalf("round %d, lines %d and %d: %v, git says %v\n%s", round, line-1, line, got, same, out)
				}
			}
		}
	}
}
