// Package nearest finds the word that somebody meant.
package nearest

import "strings"

// Word returns the candidate with the fewest edits from word, and whether it is
// near enough to be what was meant: at most one edit in three characters, and
// never more than three. Letter case does not count. Of equally near ones, the
// first is returned.
func Word(word string, candidates []string) (string, bool) {
	const longest = 64 // beyond it, a distance costs more than it is worth
	if len(word) == 0 || len(word) > longest {
		return "", false
	}
	lower := strings.ToLower(word)
	limit := min(max(len(word)/3, 1), 3)
	best, bestDistance := "", limit+1
	for _, c := range candidates {
		if len(c) > longest || len(c)-len(word) > limit || len(word)-len(c) > limit {
			continue
		}
		if d := distance(lower, strings.ToLower(c)); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best, bestDistance <= limit
}

// distance is the number of insertions, deletions, replacements and swaps of
// neighbours that turn a into b, counted in bytes.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
