package source

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// commitTree is the Tree of a commit.
type commitTree struct {
	repo   *Repo
	commit string

	mu   sync.Mutex
	dirs map[string][]Entry
}

// ReadDir implements Tree.
func (t *commitTree) ReadDir(dir string) ([]Entry, error) {
	dir = path.Clean(dir)
	t.mu.Lock()
	defer t.mu.Unlock()
	if list, ok := t.dirs[dir]; ok {
		return list, nil
	}
	object := t.commit + ":"
	if dir != "." {
		object += dir
	}
	kind, data, err := t.repo.objects.read(object, 64<<20)
	if err != nil {
		return nil, err
	}
	if kind != "tree" {
		return nil, errNoFolder(dir)
	}
	list, err := parseTree(data)
	if err != nil {
		return nil, fmt.Errorf("listing folder %q at %s: %w", dir, t.commit, err)
	}
	t.dirs[dir] = list
	return list, nil
}

// parseTree reads a Git tree object: "mode name NUL id" for each entry, where
// an id has 20 bytes, or 32 in a SHA-256 repository.
func parseTree(data []byte) ([]Entry, error) {
	for _, size := range []int{20, 32} {
		if list, ok := parseTreeOf(data, size); ok {
			return list, nil
		}
	}
	return nil, fmt.Errorf("the tree object is damaged")
}

func parseTreeOf(data []byte, idSize int) ([]Entry, bool) {
	list := []Entry{}
	for len(data) > 0 {
		meta, rest, ok := bytes.Cut(data, []byte{0})
		mode, name, found := strings.Cut(string(meta), " ")
		octal, err := strconv.ParseUint(mode, 8, 32)
		if !ok || !found || err != nil || len(rest) < idSize {
			return nil, false
		}
		list = append(list, Entry{Name: name, Mode: Mode(octal), Size: -1})
		data = rest[idSize:]
	}
	slices.SortFunc(list, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return list, true
}

// ReadFile implements Tree.
func (t *commitTree) ReadFile(name string, limit int64) ([]byte, error) {
	name = path.Clean(name)
	entries, err := t.ReadDir(path.Dir(name))
	if err != nil {
		return nil, err
	}
	i, ok := slices.BinarySearchFunc(entries, path.Base(name), func(e Entry, s string) int { return strings.Compare(e.Name, s) })
	if !ok || entries[i].Mode != Regular && entries[i].Mode != Executable {
		return nil, fmt.Errorf("file %q: %w", name, fs.ErrNotExist)
	}
	_, data, err := t.repo.objects.read(t.commit+":"+name, limit)
	return data, err
}

// objects answers what a repository is asked about objects and revisions. One
// git process, which is started by the first question, serves them all.
type objects struct {
	dir     string
	mu      sync.Mutex
	started *blobReader
}

// reader returns the process; o.mu is held.
func (o *objects) reader(name string) (*blobReader, error) {
	if strings.ContainsAny(name, "\n") {
		return nil, fmt.Errorf("%q: names with line breaks are not read: %w", name, fs.ErrNotExist)
	}
	var err error
	if o.started == nil {
		o.started, err = startBlobs(o.dir)
	}
	return o.started, err
}

// read returns an object.
func (o *objects) read(name string, limit int64) (kind string, data []byte, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	r, err := o.reader(name)
	if err != nil {
		return "", nil, err
	}
	return r.read(name, limit)
}

// id returns the id of the object that a revision names.
func (o *objects) id(revision string) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	r, err := o.reader(revision)
	if err != nil {
		return "", err
	}
	h, err := r.header("info", revision)
	return h.id, err
}

// blobReader is a running "git cat-file --batch-command". It ends when its
// standard input does, with the process at the latest.
type blobReader struct {
	in  io.WriteCloser
	out *bufio.Reader
	cmd *exec.Cmd
}

func startBlobs(dir string) (*blobReader, error) {
	cmd := command(dir, "cat-file", "--batch-command")
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting git cat-file: %w", err)
	}
	return &blobReader{in: in, out: bufio.NewReaderSize(out, 64<<10), cmd: cmd}, nil
}

// header is the first line of an answer.
type header struct {
	id, kind string
	size     int64
}

func (b *blobReader) header(verb, name string) (header, error) {
	if _, err := fmt.Fprintf(b.in, "%s %s\n", verb, name); err != nil {
		return header{}, fmt.Errorf("asking git for %q: %w", name, err)
	}
	line, err := b.out.ReadString('\n')
	if err != nil {
		return header{}, fmt.Errorf("asking git for %q: %w", name, err)
	}
	line = strings.TrimSuffix(line, "\n")
	if strings.HasSuffix(line, " missing") {
		return header{}, fmt.Errorf("%q: %w", name, fs.ErrNotExist)
	}
	fields := strings.Fields(line)
	if len(fields) != 3 {
		return header{}, fmt.Errorf("asking git for %q: unexpected answer %q", name, line)
	}
	size, err := strconv.ParseInt(fields[2], 10, 64)
	return header{fields[0], fields[1], size}, err
}

// read returns an object. Its size is asked for first, so that a large one is
// never transferred.
func (b *blobReader) read(name string, limit int64) (string, []byte, error) {
	h, err := b.header("info", name)
	if err != nil {
		return "", nil, err
	}
	if h.size > limit {
		return h.kind, nil, fmt.Errorf("%q has %d bytes, more than %d: %w", name, h.size, limit, ErrTooLarge)
	}
	if _, err = b.header("contents", name); err != nil {
		return "", nil, err
	}
	data := make([]byte, h.size+1) // a line feed follows the object
	if _, err := io.ReadFull(b.out, data); err != nil {
		return "", nil, fmt.Errorf("reading %q from git: %w", name, err)
	}
	return h.kind, data[:h.size], nil
}
