package githubtest

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // Git's object ids are SHA-1
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Git's modes of tree entries.
const (
	ModeFile       = "100644"
	ModeExecutable = "100755"
	ModeSymlink    = "120000"
	ModeSubmodule  = "160000"
	modeTree       = "040000"
)

// File is what stands at a path: a blob's bytes, a link's target, or the commit
// that a submodule points to.
type File struct {
	Mode string // ModeFile when empty
	Data []byte // the content; a link's target; of a submodule the commit's id
	gone bool
}

// Files maps slash-separated paths to what stands there.
type Files map[string]File

// Text is an ordinary file.
func Text(content string) File { return File{Mode: ModeFile, Data: []byte(content)} }

// Executable is a file with the executable bit.
func Executable(content string) File { return File{Mode: ModeExecutable, Data: []byte(content)} }

// Symlink is a symbolic link.
func Symlink(target string) File { return File{Mode: ModeSymlink, Data: []byte(target)} }

// Submodule is an entry that points to a commit of another repository.
func Submodule(commit string) File { return File{Mode: ModeSubmodule, Data: []byte(commit)} }

// Gone removes the file that stands at the path.
func Gone() File { return File{gone: true} }

// Texts makes Files of ordinary files.
func Texts(content map[string]string) Files {
	files := Files{}
	for path, text := range content {
		files[path] = Text(text)
	}
	return files
}

// leaf is an entry of a tree that is not itself a tree.
type leaf struct{ mode, id string }

type treeEntry struct{ name, mode, id string }

type object struct {
	kind string
	data []byte
}

// store holds the Git objects of a repository and its forks, by their real ids.
type store struct {
	objects map[string]object
	diffs   map[[2]string][]*fileDiff
}

func newStore() *store {
	return &store{objects: map[string]object{}, diffs: map[[2]string][]*fileDiff{}}
}

func (st *store) put(kind string, data []byte) string {
	sum := sha1.New() //nolint:gosec // Git's object ids are SHA-1
	fmt.Fprintf(sum, "%s %d\x00", kind, len(data))
	sum.Write(data)
	id := hex.EncodeToString(sum.Sum(nil))
	st.objects[id] = object{kind, data}
	return id
}

func (st *store) get(id, kind string) ([]byte, bool) {
	found, ok := st.objects[id]
	return found.data, ok && found.kind == kind
}

func (st *store) putTree(entries []treeEntry) string {
	// Git sorts a folder as if its name ended with a slash.
	slices.SortFunc(entries, func(a, b treeEntry) int { return strings.Compare(sortName(a), sortName(b)) })
	var data bytes.Buffer
	for _, e := range entries {
		raw, err := hex.DecodeString(e.id)
		if err != nil || len(raw) != sha1.Size {
			panic(fmt.Sprintf("githubtest: %q is not the id of an object", e.id))
		}
		fmt.Fprintf(&data, "%s %s\x00", strings.TrimPrefix(e.mode, "0"), e.name)
		data.Write(raw)
	}
	return st.put("tree", data.Bytes())
}

func sortName(e treeEntry) string {
	if e.mode == modeTree {
		return e.name + "/"
	}
	return e.name
}

func (st *store) tree(id string) ([]treeEntry, bool) {
	data, ok := st.get(id, "tree")
	if !ok {
		return nil, false
	}
	entries := []treeEntry{}
	for len(data) > 0 {
		head, rest, _ := bytes.Cut(data, []byte{0})
		mode, name, _ := strings.Cut(string(head), " ")
		entries = append(entries, treeEntry{name, fmt.Sprintf("%06s", mode), hex.EncodeToString(rest[:sha1.Size])})
		data = rest[sha1.Size:]
	}
	return entries, true
}

// leaves lists the tree with everything below it, by full path.
func (st *store) leaves(id string) map[string]leaf {
	all := map[string]leaf{}
	st.walk(id, "", func(path string, e treeEntry) {
		if e.mode != modeTree {
			all[path] = leaf{e.mode, e.id}
		}
	})
	return all
}

// walk visits every entry below the tree, a folder before what it holds.
func (st *store) walk(id, prefix string, visit func(path string, e treeEntry)) {
	entries, _ := st.tree(id)
	for _, e := range entries {
		visit(prefix+e.name, e)
		if e.mode == modeTree {
			st.walk(e.id, prefix+e.name+"/", visit)
		}
	}
}

// writeTree stores the folders that hold the leaves and returns the root's id.
func (st *store) writeTree(all map[string]leaf) string {
	type folder struct {
		entries []treeEntry
		below   map[string]map[string]leaf
	}
	here := folder{below: map[string]map[string]leaf{}}
	for path, l := range all {
		name, rest, nested := strings.Cut(path, "/")
		if !nested {
			here.entries = append(here.entries, treeEntry{name, l.mode, l.id})
			continue
		}
		if here.below[name] == nil {
			here.below[name] = map[string]leaf{}
		}
		here.below[name][rest] = l
	}
	for name, below := range here.below {
		here.entries = append(here.entries, treeEntry{name, modeTree, st.writeTree(below)})
	}
	return st.putTree(here.entries)
}

// change returns the leaves with the files put in, or taken out, on top.
func (st *store) change(base map[string]leaf, files Files) map[string]leaf {
	all := maps.Clone(base)
	for _, path := range slices.Sorted(maps.Keys(files)) {
		file := files[path]
		if file.gone {
			delete(all, path)
			continue
		}
		mode := file.Mode
		if mode == "" {
			mode = ModeFile
		}
		if mode == ModeSubmodule {
			all[path] = leaf{mode, string(file.Data)}
			continue
		}
		all[path] = leaf{mode, st.put("blob", file.Data)}
	}
	return all
}

// Signature names who wrote or committed, and when.
type Signature struct {
	Name, Email string
	When        time.Time
}

type commit struct {
	tree              string
	parents           []string
	author, committer Signature
	message           string
}

func (st *store) putCommit(c commit) string {
	var data bytes.Buffer
	fmt.Fprintf(&data, "tree %s\n", c.tree)
	for _, parent := range c.parents {
		fmt.Fprintf(&data, "parent %s\n", parent)
	}
	fmt.Fprintf(&data, "author %s <%s> %d +0000\n", c.author.Name, c.author.Email, c.author.When.Unix())
	fmt.Fprintf(&data, "committer %s <%s> %d +0000\n\n%s", c.committer.Name, c.committer.Email, c.committer.When.Unix(), c.message)
	return st.put("commit", data.Bytes())
}

func (st *store) commit(id string) (commit, bool) {
	data, ok := st.get(id, "commit")
	if !ok {
		return commit{}, false
	}
	head, message, _ := strings.Cut(string(data), "\n\n")
	c := commit{message: message}
	for line := range strings.SplitSeq(head, "\n") {
		key, value, _ := strings.Cut(line, " ")
		switch key {
		case "tree":
			c.tree = value
		case "parent":
			c.parents = append(c.parents, value)
		case "author":
			c.author = parseSignature(value)
		case "committer":
			c.committer = parseSignature(value)
		}
	}
	return c, true
}

func parseSignature(s string) Signature {
	name, rest, _ := strings.Cut(s, " <")
	email, when, _ := strings.Cut(rest, "> ")
	seconds, _, _ := strings.Cut(when, " ")
	unix, _ := strconv.ParseInt(seconds, 10, 64)
	return Signature{Name: name, Email: email, When: time.Unix(unix, 0).UTC()}
}

// treeOf returns the id of the commit's tree; a tree's own id stands for itself.
func (st *store) treeOf(id string) (string, bool) {
	if c, ok := st.commit(id); ok {
		return c.tree, true
	}
	_, ok := st.tree(id)
	return id, ok
}
