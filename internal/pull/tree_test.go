package pull_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/source"
)

func snapshot() *pull.Snapshot {
	return &pull.Snapshot{
		HeadTree: pull.Tree{
			Folders: []string{"definitions/a", "definitions/a-b", "definitions/z"},
			Files: []pull.File{
				{Path: ".github/miniapp-review.yml", Mode: uint32(source.Regular), SHA: "1", Size: 2},
				{Path: "definitions/link", Mode: uint32(source.Symlink), SHA: "2", Size: 3},
				{Path: "definitions/m/miniapp.json", Mode: uint32(source.Regular), SHA: "3", Size: -1},
				{Path: "definitions/m/webhooks/x.json", Mode: uint32(source.Regular), SHA: "4", Size: 9},
			},
		},
		Blobs:  map[string]pull.Blob{"1": pull.Blob("a\n"), "3": pull.Blob("{}"), "2": pull.Blob("../x")},
		Unread: map[string]string{"4": "the server answered 502 three times"},
	}
}

func TestSourceLists(t *testing.T) {
	tree := snapshot().Source(snapshot().HeadTree)
	for dir, want := range map[string][]string{
		".":                      {".github", "definitions"},
		"definitions":            {"a", "a-b", "link", "m", "z"},
		"definitions/m":          {"miniapp.json", "webhooks"},
		"definitions/m/webhooks": {"x.json"},
		"definitions/a":          nil,
	} {
		list, err := tree.ReadDir(dir)
		var names []string
		for _, e := range list {
			names = append(names, e.Name)
		}
		if diff := cmp.Diff(want, names); err != nil || diff != "" {
			t.Errorf("%s: %v %s", dir, err, diff)
		}
	}
	for _, dir := range []string{"definitions/b", "definitions/m/miniapp.json", "definitions/link", "definition"} {
		if _, err := tree.ReadDir(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, want fs.ErrNotExist", dir, err)
		}
	}
}

func TestSourceReads(t *testing.T) {
	tree := snapshot().Source(snapshot().HeadTree)
	if data, err := tree.ReadFile("definitions/m/miniapp.json", 2); err != nil || string(data) != "{}" {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := tree.ReadFile("definitions/m/miniapp.json", 1); !errors.Is(err, source.ErrTooLarge) {
		t.Errorf("a blob of unknown size beyond the limit: %v", err)
	}
	for _, name := range []string{"definitions/link", "definitions/m", "definitions/none"} {
		if _, err := tree.ReadFile(name, 100); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, want fs.ErrNotExist", name, err)
		}
	}
	_, err := tree.ReadFile("definitions/m/webhooks/x.json", 100)
	if want := `file "definitions/m/webhooks/x.json": the server answered 502 three times`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestBlobs checks that content survives a recording byte for byte.
func TestBlobs(t *testing.T) {
	for _, content := range []string{"", "plain\n", "<a> & \u2028", "\xff\xfe", "\ufffd", "\xef\xbb\xbf{}", "a\x00b"} {
		text, err := json.Marshal(map[string]pull.Blob{"x": pull.Blob(content)})
		if err != nil {
			t.Fatal(err)
		}
		var back map[string]pull.Blob
		if err := json.Unmarshal(text, &back); err != nil || string(back["x"]) != content {
			t.Errorf("%q comes back as %q, %v", content, back["x"], err)
		}
	}
	for _, wrong := range []string{`1`, `{}`, `{"base64": "*"}`, `null`} {
		var b pull.Blob
		if err := b.UnmarshalJSON([]byte(wrong)); err == nil && wrong != `null` {
			t.Errorf("%s is taken for a blob", wrong)
		}
	}
}
