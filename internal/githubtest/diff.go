package githubtest

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// side says which of the two files of a diff a line number counts in.
type side string

const (
	left  side = "LEFT"
	right side = "RIGHT"
)

// fileDiff is what happened to one file, as the files of a pull request show it.
type fileDiff struct {
	path, previous       string
	status               string // added, removed, modified, renamed, changed
	before, after        leaf
	additions, deletions int
	patch                string
	lines                []diffLine // the patch, line by line
}

// diffLine is one line of a patch. Its place in the slice, counted from 1, is
// what GitHub calls the position; headers of later hunks count too.
type diffLine struct {
	hunk        int
	left, right int // 0 where the line is not in that file
	text        string
}

// at finds the line of the patch that shows a line of one of the files.
func (d *fileDiff) at(s side, line int) (position int, found bool) {
	for i, l := range d.lines {
		if line > 0 && (s == left && l.left == line || s == right && l.right == line) {
			return i + 1, true
		}
	}
	return 0, false
}

// hunkUntil returns the patch from the start of the hunk to the position.
func (d *fileDiff) hunkUntil(position int) string {
	if position < 1 || position > len(d.lines) {
		return d.patch
	}
	all := strings.Split(d.patch, "\n")
	start := 0
	for i := 0; i <= position && i < len(all); i++ {
		if strings.HasPrefix(all[i], "@@") {
			start = i
		}
	}
	return strings.Join(all[start:min(position+1, len(all))], "\n")
}

// diff compares two trees. A file that disappeared and one of the same or mostly
// the same content that appeared are one renamed file.
func (st *store) diff(baseTree, headTree string) []*fileDiff {
	key := [2]string{baseTree, headTree}
	if known, ok := st.diffs[key]; ok {
		return known
	}
	before, after := st.leaves(baseTree), st.leaves(headTree)
	paths := maps.Clone(before)
	maps.Copy(paths, after)
	list := []*fileDiff{}
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		a, b := before[path], after[path]
		if a == b {
			continue
		}
		d := &fileDiff{path: path, before: a, after: b, status: "modified"}
		switch {
		case a == (leaf{}):
			d.status = "added"
		case b == (leaf{}):
			d.status = "removed"
		case a.id == b.id:
			d.status = "changed" // only its mode
		}
		list = append(list, d)
	}
	list = st.renames(list)
	for _, d := range list {
		st.describe(d)
	}
	st.diffs[key] = list
	return list
}

// renames joins removed files with the added files that continue them.
func (st *store) renames(list []*fileDiff) []*fileDiff {
	joined := map[*fileDiff]bool{}
	for _, exact := range []bool{true, false} {
		for _, added := range list {
			if added.status != "added" {
				continue
			}
			for _, removed := range list {
				if removed.status != "removed" || joined[removed] || removed.before.mode != added.after.mode {
					continue
				}
				if removed.before.id == added.after.id || !exact && st.similar(removed.before, added.after) {
					joined[removed] = true
					added.status, added.previous, added.before = "renamed", removed.path, removed.before
					break
				}
			}
		}
	}
	return slices.DeleteFunc(list, func(d *fileDiff) bool { return joined[d] })
}

// similar reports that at least half of the lines survive, Git's own threshold.
func (st *store) similar(a, b leaf) bool {
	before, after := st.text(a), st.text(b)
	if before == "" || after == "" {
		return false
	}
	count := map[string]int{}
	for line := range strings.Lines(before) {
		count[line] += len(line)
	}
	kept := 0
	for line := range strings.Lines(after) {
		if count[line] >= len(line) {
			count[line] -= len(line)
			kept += len(line)
		}
	}
	return 2*kept >= max(len(before), len(after))
}

// text is what a patch compares; a submodule shows as one line.
func (st *store) text(l leaf) string {
	if l.mode == ModeSubmodule {
		return "Subproject commit " + l.id + "\n"
	}
	data, _ := st.get(l.id, "blob")
	return string(data)
}

// describe fills in the patch and the counts. Binary files have neither.
func (st *store) describe(d *fileDiff) {
	before, after := st.text(d.before), st.text(d.after)
	if before == after || binary(before) || binary(after) {
		return
	}
	unified, err := udiff.ToUnifiedDiff("a", "b", before, udiff.Lines(before, after), udiff.DefaultContextLines)
	if err != nil {
		panic(fmt.Sprintf("githubtest: comparing %q: %v", d.path, err))
	}
	var patch []string
	for n, hunk := range unified.Hunks {
		from, to := hunk.FromLine, hunk.ToLine
		var body []diffLine
		olds, news := 0, 0
		for _, line := range hunk.Lines {
			shown := diffLine{hunk: n, text: strings.TrimSuffix(line.Content, "\n")}
			switch line.Kind {
			case udiff.Delete:
				shown.left, shown.text = from+olds, "-"+shown.text
				olds++
				d.deletions++
			case udiff.Insert:
				shown.right, shown.text = to+news, "+"+shown.text
				news++
				d.additions++
			default:
				shown.left, shown.right, shown.text = from+olds, to+news, " "+shown.text
				olds++
				news++
			}
			body = append(body, shown)
			if !strings.HasSuffix(line.Content, "\n") {
				body = append(body, diffLine{hunk: n, text: `\ No newline at end of file`})
			}
		}
		header := fmt.Sprintf("@@ -%s +%s @@", span(from, olds), span(to, news))
		if n > 0 {
			d.lines = append(d.lines, diffLine{hunk: n, text: header})
		}
		patch = append(patch, header)
		for _, line := range body {
			patch = append(patch, line.text)
		}
		d.lines = append(d.lines, body...)
	}
	d.patch = strings.Join(patch, "\n")
}

// span writes a hunk's lines the way Git does: no count for a single line, and
// the line before for none.
func span(from, count int) string {
	switch count {
	case 0:
		return fmt.Sprintf("%d,0", max(from-1, 0))
	case 1:
		return fmt.Sprint(from)
	}
	return fmt.Sprintf("%d,%d", from, count)
}

func binary(content string) bool {
	return bytes.IndexByte([]byte(content[:min(len(content), 8000)]), 0) >= 0
}
