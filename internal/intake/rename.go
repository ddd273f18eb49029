package intake

import (
	"path"
	"strings"

	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// maxRenames bounds how many removed and added folders are compared; beyond
// it, as when a repository is filled for the first time, nothing is a rename.
const maxRenames = 50

// renames returns, by the new folder, the old folder whose definition it holds.
func (in Input) renames(gone, added []string) (map[string]string, error) {
	out := map[string]string{}
	if len(gone) == 0 || len(added) == 0 || len(gone) > maxRenames || len(added) > maxRenames {
		return out, nil
	}
	text := func(t source.Tree, ns string) []byte {
		data, err := t.ReadFile(path.Join(submission.Dir(ns), submission.DefinitionFile), submission.MaxFileBytes)
		if err != nil {
			return nil // an unreadable definition is reported when it is checked
		}
		return data
	}
	old := map[string][]byte{}
	for _, ns := range gone {
		old[ns] = text(in.Base, ns)
	}
	used := map[string]bool{}
	for _, ns := range added {
		data := text(in.Head, ns)
		best, bestShare := "", 0.5
		for _, g := range gone {
			if share := common(old[g], data); !used[g] && share > bestShare {
				best, bestShare = g, share
			}
		}
		if best != "" {
			out[ns] = best
			used[best] = true
		}
	}
	return out, nil
}

// common returns the share of lines that two texts have in common, of the
// longer one.
func common(a, b []byte) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	count := map[string]int{}
	la, lb := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
	for _, l := range la {
		count[strings.TrimSpace(l)]++
	}
	same := 0
	for _, l := range lb {
		if l = strings.TrimSpace(l); count[l] > 0 {
			count[l]--
			same++
		}
	}
	return float64(same) / float64(max(len(la), len(lb)))
}
