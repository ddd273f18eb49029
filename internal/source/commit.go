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

// commitTree is the Tree of a commit. One git process serves all of its files.
type commitTree struct {
	repo   *Repo
	commit string

	mu    sync.Mutex
	dirs  map[string][]Entry
	blobs *blobReader
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
	kind, data, err := t.object(object, 64<<20)
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
	t.mu.Lock()
	defer t.mu.Unlock()
	_, data, err := t.object(t.commit+":"+name, limit)
	return data, err
}

// object asks git for an object; t.mu is held.
func (t *commitTree) object(name string, limit int64) (kind string, data []byte, err error) {
	if strings.ContainsAny(name, "\n") {
		return "", nil, fmt.Errorf("file %q: names with line breaks are not read: %w", name, fs.ErrNotExist)
	}
	if t.blobs == nil {
		if t.blobs, err = startBlobs(t.repo.root); err != nil {
			return "", nil, err
		}
	}
	return t.blobs.read(name, limit)
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

func (b *blobReader) header(verb, name string) (kind string, size int64, err error) {
	if _, err := fmt.Fprintf(b.in, "%s %s\n", verb, name); err != nil {
		return "", 0, fmt.Errorf("asking git for %q: %w", name, err)
	}
	line, err := b.out.ReadString('\n')
	if err != nil {
		return "", 0, fmt.Errorf("asking git for %q: %w", name, err)
	}
	line = strings.TrimSuffix(line, "\n")
	if strings.HasSuffix(line, " missing") {
		return "", 0, fmt.Errorf("%q: %w", name, fs.ErrNotExist)
	}
	fields := strings.Fields(line)
	if len(fields) != 3 {
		return "", 0, fmt.Errorf("asking git for %q: unexpected answer %q", name, line)
	}
	size, err = strconv.ParseInt(fields[2], 10, 64)
	return fields[1], size, err
}

// read returns an object. Its size is asked for first, so that a large one is
// never transferred.
func (b *blobReader) read(name string, limit int64) (string, []byte, error) {
	kind, size, err := b.header("info", name)
	if err != nil {
		return "", nil, err
	}
	if size > limit {
		return kind, nil, fmt.Errorf("%q has %d bytes, more than %d: %w", name, size, limit, ErrTooLarge)
	}
	if _, _, err = b.header("contents", name); err != nil {
		return "", nil, err
	}
	data := make([]byte, size+1) // a line feed follows the object
	if _, err := io.ReadFull(b.out, data); err != nil {
		return "", nil, fmt.Errorf("reading %q from git: %w", name, err)
	}
	return kind, data[:size], nil
}
