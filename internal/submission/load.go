package submission

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/source"
)

// MaxPackageBytes bounds what is read of one namespace in all, so that many
// files of the allowed size do not add up to a burden.
const MaxPackageBytes = 8 << 20

// Dir returns where a namespace's folder is in a definitions repository.
func Dir(folder string) string { return path.Join(Root, folder) }

// Load reads the folder of a submission: dir is its path in the tree. A file
// that cannot be read is part of the package with its Err set; Load itself
// fails only when the folder cannot be listed, and with an error that wraps
// fs.ErrNotExist when there is none.
func Load(tree source.Tree, dir string) (*Package, error) {
	p := &Package{Folder: path.Base(dir), Dir: dir}
	var total int64
	err := source.Walk(tree, dir, MaxFiles, func(name string, e source.Entry) error {
		f := &File{Name: strings.TrimPrefix(name, dir+"/"), Mode: e.Mode}
		if dir == "." {
			f.Name = name
		}
		p.Files = append(p.Files, f)
		if e.Mode != source.Regular && e.Mode != source.Executable {
			return nil
		}
		if total >= MaxPackageBytes {
			f.Err = fmt.Errorf("the files before it have %d bytes in all, and no more is read: %w", total, source.ErrTooLarge)
			return nil
		}
		f.Data, f.Err = tree.ReadFile(name, MaxFileBytes)
		total += int64(len(f.Data))
		return nil
	})
	if errors.Is(err, source.ErrTooMany) {
		p.Truncated = true
	} else if err != nil {
		return nil, fmt.Errorf("listing the submission in %q: %w", dir, err)
	}
	if len(p.Files) == 0 && !p.Truncated {
		return nil, fmt.Errorf("listing the submission in %q: %w", dir, fs.ErrNotExist)
	}
	slices.SortFunc(p.Files, func(a, b *File) int { return strings.Compare(a.Name, b.Name) })
	p.parse()
	return p, nil
}

// FromFiles makes a package of files that are in memory. Their names are below
// the folder; dir is its path.
func FromFiles(dir string, files []*File) *Package {
	p := &Package{Folder: path.Base(dir), Dir: dir, Files: files}
	slices.SortFunc(p.Files, func(a, b *File) int { return strings.Compare(a.Name, b.Name) })
	p.parse()
	return p
}

// FromDefinition makes a package of nothing but a definition, whatever its file
// is called. Its folder is taken to be the ns. data and err are what reading
// the file gave.
func FromDefinition(name string, data []byte, err error) *Package {
	p := &Package{Dir: path.Dir(name), definitionAs: path.Base(name)}
	p.Files = []*File{{Name: DefinitionFile, Mode: source.Regular, Data: data, Err: err}}
	p.parse()
	if p.Definition != nil {
		p.Folder = p.Definition.NS.Text()
	}
	return p
}

// parse reads the formats of the files.
func (p *Package) parse() {
	for _, f := range p.Files {
		if f.Data == nil {
			continue
		}
		if strings.HasSuffix(f.Name, ".json") {
			f.JSON, f.Problems = jsondoc.Parse(f.Data)
		}
		if f.JSON != nil {
			f.Lines = f.JSON.Lines
		} else {
			f.Lines = jsondoc.NewLines(f.Data)
		}
	}
	if f := p.File(DefinitionFile); f != nil && f.JSON != nil && f.JSON.Root.Is(jsondoc.Object) {
		p.Definition = definition.New(f.JSON)
	}
	if f := p.File(ChangelogFile); f != nil && f.Data != nil {
		p.Changelog = ParseChangelog(f.Data)
	}
}
