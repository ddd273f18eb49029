package source

import (
	"bytes"
	"errors"
	"iter"
	"os/exec"
	"path"
	"strconv"
	"strings"
)

// WorkTree returns the working tree at and below dir without what Git ignores.
// Its paths are relative to the repository's root.
//
// For one folder of a large repository, the time is what git needs to read the
// index. So one command reads it for everything.
func (r *Repo) WorkTree(dir string) (*Dir, error) {
	d, err := OpenDir(r.root)
	if err != nil {
		return nil, err
	}
	outs, err := runAll(r.root,
		[]string{"ls-files", "-z", "-t", "--stage", "--others", "--", ":(top,literal)" + dir},
		[]string{"config", "--type=bool", "--default=true", "core.fileMode"})
	if err != nil {
		return nil, err
	}
	fromIndex := strings.TrimSpace(string(outs[1])) == "false"
	d.modes = map[string]Mode{}
	var untracked []string
	for mode, name := range listed(outs[0]) {
		switch {
		case mode == 0:
			untracked = append(untracked, string(name))
		case mode == Submodule || fromIndex && (mode == Regular || mode == Executable):
			d.modes[string(name)] = mode
		}
	}
	if d.ignored, err = r.ignored(untracked); err != nil {
		return nil, err
	}
	for _, p := range untracked {
		if !d.ignored[strings.TrimSuffix(p, "/")] {
			d.untracked = append(d.untracked, p)
		}
	}
	if len(d.ignored) > 0 {
		d.ignoreFolders(dir, outs[0])
	}
	return d, nil
}

// listed reads "H 100644 <id> 0\tname" and "? name", as ls-files prints what is
// tracked and what is not. The latter has no mode.
func listed(out []byte) iter.Seq2[Mode, []byte] {
	return func(yield func(Mode, []byte) bool) {
		for line := range bytes.SplitSeq(out, []byte{0}) {
			tag, rest, _ := bytes.Cut(line, []byte(" "))
			if string(tag) == "?" {
				if !yield(0, rest) {
					return
				}
				continue
			}
			octal, _, _ := bytes.Cut(rest, []byte(" "))
			_, name, ok := bytes.Cut(rest, []byte("\t"))
			mode, err := strconv.ParseUint(string(octal), 8, 32)
			if ok && err == nil && !yield(Mode(mode), name) {
				return
			}
		}
	}
}

// ignored returns those of some untracked paths that Git ignores. As they are
// not tracked, Git need not read the index to tell.
func (r *Repo) ignored(untracked []string) (map[string]bool, error) {
	found := map[string]bool{}
	if len(untracked) == 0 {
		return found, nil
	}
	var in strings.Builder
	for _, p := range untracked {
		// After "./" no character of a name has a meaning of its own.
		in.WriteString("./" + strings.TrimSuffix(p, "/") + "\x00")
	}
	out, err := feed(r.root, in.String(), "check-ignore", "-z", "--stdin", "--no-index")
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 {
		return found, nil // none of them
	}
	if err != nil {
		return nil, err
	}
	for _, p := range split(out) {
		found[strings.TrimPrefix(p, "./")] = true
	}
	return found, nil
}

// ignoreFolders leaves out the folders at and below dir in which everything is
// ignored. list is what ls-files printed.
func (d *Dir) ignoreFolders(dir string, list []byte) {
	kept, ignored := map[string]bool{}, []string{}
	for mode, raw := range listed(list) {
		name := strings.TrimSuffix(string(raw), "/")
		if mode == 0 && d.ignored[name] {
			ignored = append(ignored, name)
			continue
		}
		for p := path.Dir(name); !kept[p]; p = path.Dir(p) {
			kept[p] = true
		}
	}
	for _, name := range ignored {
		for p := path.Dir(name); !kept[p] && (p == dir || strings.HasPrefix(p, dir+"/")); p = path.Dir(p) {
			d.ignored[p] = true
		}
	}
}

// Untracked lists the files of a working tree that Git neither tracks nor
// ignores, sorted. A Git repository of its own among them is one entry, which
// ends with a slash.
func (d *Dir) Untracked() []string { return d.untracked }
