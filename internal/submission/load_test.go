package submission

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/source"
)

const dir = "definitions/acme"

func load(t *testing.T, tree source.Tree) *Package {
	t.Helper()
	p, err := Load(tree, dir)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func names(p *Package) []string {
	var out []string
	for _, f := range p.Files {
		out = append(out, f.Name)
	}
	return out
}

func TestLoad(t *testing.T) {
	p := load(t, source.Memory{
		dir + "/miniapp.json":          {Data: []byte(`{"ns": "acme"}`)},
		dir + "/CHANGELOG.md":          {Data: []byte("# Changelog\n")},
		dir + "/webhooks/b.json":       {Data: []byte(`{`)},
		dir + "/webhooks.txt":          {Mode: source.Executable, Data: []byte("x")},
		dir + "/link":                  {Mode: source.Symlink, Data: []byte("/etc/passwd")},
		dir + "/module":                {Mode: source.Submodule},
		"definitions/acme2/other.json": {Data: []byte(`{}`)},
		"definitions/notes.md":         {Data: []byte("x")},
	})
	if p.Folder != "acme" || p.Dir != dir || p.Truncated {
		t.Errorf("got folder %q, dir %q, truncated %v", p.Folder, p.Dir, p.Truncated)
	}
	if got, want := names(p), []string{"CHANGELOG.md", "link", "miniapp.json", "module", "webhooks.txt", "webhooks/b.json"}; !slices.Equal(got, want) {
		t.Errorf("the files are %q, want %q", got, want)
	}
	if p.Definition == nil || p.Definition.NS.Text() != "acme" {
		t.Error("the definition was not read")
	}
	if p.Changelog == nil {
		t.Error("the changelog was not read")
	}
	if f := p.File("webhooks/b.json"); f == nil || len(f.Problems) == 0 || f.Err != nil || f.Lines == nil {
		t.Errorf("what is no JSON has no problem: %+v", f)
	}
	if f := p.File("webhooks.txt"); f.Mode != source.Executable || string(f.Data) != "x" {
		t.Errorf("an executable file is %+v", f)
	}
	for name, mode := range map[string]source.Mode{"link": source.Symlink, "module": source.Submodule} {
		if f := p.File(name); f.Mode != mode || f.Data != nil || f.Err != nil {
			t.Errorf("%s is %+v, want its mode and nothing else", name, f)
		}
	}
	if p.File("none") != nil || (*Package)(nil).File("miniapp.json") != nil {
		t.Error("a file that is not there was found")
	}
	if got := p.Path("SETUP.md"); got != dir+"/SETUP.md" {
		t.Errorf("Path gives %q", got)
	}
}

// TestLoadNoFolder checks the one error that callers tell apart.
func TestLoadNoFolder(t *testing.T) {
	if _, err := Load(source.Memory{"definitions/other/a": {}}, dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want an error that wraps fs.ErrNotExist", err)
	}
}

func TestLoadLimits(t *testing.T) {
	big := func(n int) source.MemoryFile { return source.MemoryFile{Data: []byte(strings.Repeat("x", n))} }

	p := load(t, source.Memory{dir + "/a": big(MaxFileBytes), dir + "/b": big(MaxFileBytes + 1)})
	if f := p.File("a"); f.Err != nil || len(f.Data) != MaxFileBytes {
		t.Errorf("a file of the allowed size gives %v", f.Err)
	}
	if f := p.File("b"); !errors.Is(f.Err, source.ErrTooLarge) || f.Data != nil {
		t.Errorf("a file above the limit gives %v and %d bytes", f.Err, len(f.Data))
	}

	many := source.Memory{}
	for i := range MaxPackageBytes/MaxFileBytes + 2 {
		many[fmt.Sprintf("%s/%02d", dir, i)] = big(MaxFileBytes)
	}
	total, refused := 0, 0
	for _, f := range load(t, many).Files {
		total += len(f.Data)
		if errors.Is(f.Err, source.ErrTooLarge) {
			refused++
		}
	}
	if total != MaxPackageBytes || refused != 2 {
		t.Errorf("%d bytes were read and %d files refused, want %d and 2", total, refused, MaxPackageBytes)
	}

	crowd := source.Memory{}
	for i := range MaxFiles + 1 {
		crowd[fmt.Sprintf("%s/%03d", dir, i)] = source.MemoryFile{}
	}
	if p := load(t, crowd); len(p.Files) != MaxFiles || !p.Truncated {
		t.Errorf("%d files, truncated %v; want %d, and true", len(p.Files), p.Truncated, MaxFiles)
	}
	delete(crowd, dir+"/000")
	if p := load(t, crowd); len(p.Files) != MaxFiles || p.Truncated {
		t.Errorf("%d files, truncated %v; want %d, and false", len(p.Files), p.Truncated, MaxFiles)
	}
	deep := source.Memory{dir + "/" + strings.Repeat("d/", 50) + "f": {}, dir + "/miniapp.json": {Data: []byte("{}")}}
	if p := load(t, deep); !p.Truncated {
		t.Error("a folder without end is not truncated")
	}
}

// faulty is a tree in which one file cannot be read.
type faulty struct {
	source.Tree
	name string
}

var errDisk = errors.New("the disk is tired")

func (f faulty) ReadFile(name string, limit int64) ([]byte, error) {
	if name == f.name {
		return nil, errDisk
	}
	return f.Tree.ReadFile(name, limit)
}

// TestLoadUnreadable checks that a file that cannot be read is part of the
// package, and that the others are read.
func TestLoadUnreadable(t *testing.T) {
	tree := source.Memory{dir + "/miniapp.json": {Data: []byte("{}")}, dir + "/owners.json": {Data: []byte("[]")}}
	p := load(t, faulty{tree, dir + "/miniapp.json"})
	if f := p.File(DefinitionFile); !errors.Is(f.Err, errDisk) || f.Data != nil || p.Definition != nil {
		t.Errorf("the unreadable file is %+v", f)
	}
	if f := p.File(OwnersFile); f.Err != nil || f.JSON == nil {
		t.Errorf("the other file is %+v", f)
	}
	if p.Same(p) {
		t.Error("what could not be read counts as the same")
	}
}

// TestLoadFromDisk checks modes, links and files without read permission as a
// file system has them.
func TestLoadFromDisk(t *testing.T) {
	root := t.TempDir()
	folder := filepath.Join(root, "definitions", "acme")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]fs.FileMode{"miniapp.json": 0o644, "run.sh": 0o755} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("{}"), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/hostname", filepath.Join(folder, "SETUP.md")); err != nil {
		t.Fatal(err)
	}
	tree, err := source.OpenDir(root)
	if err != nil {
		t.Fatal(err)
	}
	p := load(t, tree)
	for name, mode := range map[string]source.Mode{"miniapp.json": source.Regular, "run.sh": source.Executable, "SETUP.md": source.Symlink} {
		if f := p.File(name); f == nil || f.Mode != mode {
			t.Errorf("%s is %+v, want mode %o", name, f, mode)
		}
	}
	if f := p.File("SETUP.md"); f.Data != nil {
		t.Errorf("a link was followed: %q", f.Data)
	}
}

func TestSame(t *testing.T) {
	one := func() *Package {
		return FromFiles(dir, []*File{{Name: "b", Mode: source.Regular, Data: []byte("b")}, {Name: "a", Mode: source.Regular, Data: []byte("a")}})
	}
	if !one().Same(one()) {
		t.Error("equal packages differ")
	}
	for name, change := range map[string]func(*Package){
		"bytes": func(p *Package) { p.Files[0].Data = []byte("x") },
		"mode":  func(p *Package) { p.Files[0].Mode = source.Executable },
		"name":  func(p *Package) { p.Files[0].Name = "aa" },
		"fewer": func(p *Package) { p.Files = p.Files[1:] },
		"more":  func(p *Package) { p.Truncated = true },
	} {
		other := one()
		change(other)
		if one().Same(other) || other.Same(one()) {
			t.Errorf("packages of different %s are the same", name)
		}
	}
}

// TestFromDefinition checks a definition that stands for itself under any name.
func TestFromDefinition(t *testing.T) {
	p := FromDefinition("drafts/mine.json", []byte(`{"ns": "acme"}`), nil)
	if p.Folder != "acme" || p.Path(DefinitionFile) != "drafts/mine.json" || p.Path("SETUP.md") != "drafts/SETUP.md" {
		t.Errorf("folder %q, paths %q and %q", p.Folder, p.Path(DefinitionFile), p.Path("SETUP.md"))
	}
	p = FromDefinition("mine.json", nil, errDisk)
	if f := p.File(DefinitionFile); !errors.Is(f.Err, errDisk) || p.Definition != nil {
		t.Errorf("an unreadable definition is %+v", f)
	}
}
