package pull

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/karzoun/miniapp-review/internal/source"
)

// Tree is the part of a commit's tree that a review needs.
type Tree struct {
	// Folders are directories whose content was not read, sorted; what is
	// known of them is that they are there.
	Folders []string `json:"folders"`
	// Files are all entries of the directories that were read, sorted by path.
	Files []File `json:"files"`
}

// File is an entry of a tree that is no directory.
type File struct {
	Path string `json:"path"`
	Mode uint32 `json:"mode"`
	// SHA is the Git object id, the key of Snapshot.Blobs.
	SHA string `json:"sha"`
	// Size is in bytes, -1 when it is not known.
	Size int64 `json:"size"`
}

// Blob is the content of a file. In JSON it is a string when it is UTF-8, else
// {"base64": "..."}.
type Blob []byte

// MarshalJSON implements json.Marshaler.
func (b Blob) MarshalJSON() ([]byte, error) {
	if !utf8.Valid(b) {
		return json.Marshal(map[string]string{"base64": base64.StdEncoding.EncodeToString(b)})
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err := e.Encode(string(b))
	return out.Bytes(), err
}

// UnmarshalJSON implements json.Unmarshaler.
func (b *Blob) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err == nil {
		*b = Blob(text)
		return nil
	}
	var object struct {
		Base64 *string `json:"base64"`
	}
	if err := json.Unmarshal(data, &object); err != nil || object.Base64 == nil {
		return errors.New(`a blob must be a string or {"base64": "..."}`)
	}
	decoded, err := base64.StdEncoding.DecodeString(*object.Base64)
	*b = decoded
	return err
}

// Source returns the tree as one that rules can read. Reading a file whose blob
// was not read fails with the reason in Unread.
func (s *Snapshot) Source(t Tree) source.Tree { return &treeSource{snapshot: s, tree: t} }

type treeSource struct {
	snapshot *Snapshot
	tree     Tree
}

// ReadDir implements source.Tree.
func (t *treeSource) ReadDir(dir string) ([]source.Entry, error) {
	prefix := path.Clean(dir) + "/"
	if prefix == "./" {
		prefix = ""
	}
	var list []source.Entry
	add := func(e source.Entry) {
		if n := len(list); n == 0 || list[n-1].Name != e.Name || e.Mode != source.Directory {
			list = append(list, e)
		}
	}
	files := t.tree.Files
	for i := sort.Search(len(files), func(i int) bool { return files[i].Path >= prefix }); i < len(files) && strings.HasPrefix(files[i].Path, prefix); i++ {
		name, _, below := strings.Cut(files[i].Path[len(prefix):], "/")
		if below {
			add(source.Entry{Name: name, Mode: source.Directory, Size: -1})
		} else {
			add(source.Entry{Name: name, Mode: source.Mode(files[i].Mode), Size: files[i].Size})
		}
	}
	folders := t.tree.Folders
	for i := sort.SearchStrings(folders, prefix); i < len(folders) && strings.HasPrefix(folders[i], prefix); i++ {
		name, _, _ := strings.Cut(folders[i][len(prefix):], "/")
		add(source.Entry{Name: name, Mode: source.Directory, Size: -1})
	}
	if len(list) == 0 && prefix != "" && !slices.Contains(folders, path.Clean(dir)) {
		return nil, fmt.Errorf("folder %q: %w", dir, fs.ErrNotExist)
	}
	slices.SortFunc(list, func(a, b source.Entry) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(list, func(a, b source.Entry) bool { return a.Name == b.Name }), nil
}

// ReadFile implements source.Tree.
func (t *treeSource) ReadFile(name string, limit int64) ([]byte, error) {
	files := t.tree.Files
	name = path.Clean(name)
	i := sort.Search(len(files), func(i int) bool { return files[i].Path >= name })
	if i == len(files) || files[i].Path != name {
		return nil, fmt.Errorf("file %q: %w", name, fs.ErrNotExist)
	}
	f := files[i]
	if m := source.Mode(f.Mode); m != source.Regular && m != source.Executable {
		return nil, fmt.Errorf("file %q: %w", name, fs.ErrNotExist)
	}
	blob, ok := t.snapshot.Blobs[f.SHA]
	size := max(f.Size, int64(len(blob)))
	switch {
	case size > limit:
		return nil, fmt.Errorf("file %q has %d bytes, more than %d: %w", name, size, limit, source.ErrTooLarge)
	case !ok:
		reason := t.snapshot.Unread[f.SHA]
		if reason == "" {
			reason = "its content was not read"
		}
		return nil, fmt.Errorf("file %q: %s", name, reason)
	}
	return bytes.Clone(blob), nil
}
