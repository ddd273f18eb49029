// Package submission holds one namespace of a definitions repository at two
// states: the base that is compared with, and the head that is submitted. It
// reads the files, parses what has a format, and judges nothing.
package submission

import (
	"bytes"
	"path"
	"sort"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/source"
)

// Where the files of a submission are.
const (
	Root            = "definitions"
	DefinitionFile  = "miniapp.json"
	ChangelogFile   = "CHANGELOG.md"
	SetupFile       = "SETUP.md"
	OwnersFile      = "owners.json"
	TestAccountFile = "test-account.age"
	SamplesDir      = "webhooks"
	// QAFile says how the MiniApp is tried, and what is expected.
	QAFile = "qa.json"
	// TombstoneFile stands alone in the folder of a namespace that was taken
	// away, says why, and keeps the name from being taken again.
	TombstoneFile = "TOMBSTONE.md"
)

// Limits of what is read of one namespace. Beyond them a file is listed but its
// Data is nil and its Err says so.
const (
	MaxFiles     = 200
	MaxFileBytes = jsondoc.MaxBytes
)

// File is one entry of a namespace's folder, at any depth. Folders themselves
// are not listed.
type File struct {
	// Name is the path below the namespace's folder, with slashes.
	Name string
	Mode source.Mode
	// Data is nil when the file could not be read or is no regular file.
	Data []byte
	// Err says why the file could not be read.
	Err error
	// Lines maps offsets of Data to positions.
	Lines *jsondoc.Lines
	// JSON and Problems are what jsondoc.Parse made of a *.json file.
	JSON     *jsondoc.Document
	Problems []jsondoc.Problem
}

// Published reports whether a file of a submission is part of what a version
// publishes, so that it can only change with the version. Everything else is
// there for the review: owners, the test account, sample deliveries.
func Published(name string) bool {
	return name == DefinitionFile || name == ChangelogFile || name == SetupFile
}

// Package is the content of one namespace's folder at one state.
type Package struct {
	// Folder is the name of the folder, which should be the ns.
	Folder string
	// Dir is the path of the folder from the root that findings are told from.
	Dir string
	// definitionAs is the name under which the definition is shown, when it is
	// a file for itself that is called otherwise.
	definitionAs string
	// Files are sorted by name, at most MaxFiles of them.
	Files []*File
	// Truncated says that the folder has more than MaxFiles files.
	Truncated bool
	// Definition is the typed view of miniapp.json, or nil when there is none
	// or it could not be parsed.
	Definition *definition.Definition
	// Changelog is nil when there is no CHANGELOG.md.
	Changelog *Changelog
}

// File returns a file by its path below the folder, or nil.
func (p *Package) File(name string) *File {
	if p == nil {
		return nil
	}
	i := sort.Search(len(p.Files), func(i int) bool { return p.Files[i].Name >= name })
	if i < len(p.Files) && p.Files[i].Name == name {
		return p.Files[i]
	}
	return nil
}

// Whole reports whether Files are all the files of a folder, so that a file that
// is not among them is missing. It is false for a definition for itself, for a
// link or submodule in the place of the folder, and for a cut list.
func (p *Package) Whole() bool {
	return p.definitionAs == "" && !p.Truncated && (len(p.Files) != 1 || p.Files[0].Name != "")
}

// Path returns the path of a file from the root that findings are told from.
func (p *Package) Path(name string) string {
	if name == DefinitionFile && p.definitionAs != "" {
		name = p.definitionAs
	}
	return path.Join(p.Dir, name)
}

// Tombstone reports whether the folder only keeps a name that was given up.
func (p *Package) Tombstone() bool {
	return p != nil && p.File(TombstoneFile) != nil && p.File(DefinitionFile) == nil
}

// Kind says what a change does to its namespace.
type Kind uint8

// The kinds of change.
const (
	// Lint: there is nothing to compare with, as in a folder outside Git.
	Lint Kind = iota + 1
	// New: the base does not have the namespace.
	New
	// Update: the namespace is there at the base and at the head.
	Update
	// Unchanged: every file is the same at the base and at the head.
	Unchanged
	// Removed: the head does not have the namespace any more.
	Removed
	// Renamed: the head has the namespace of another folder of the base.
	Renamed
)

// Change is one namespace at base and head.
type Change struct {
	Kind Kind
	// Base is nil for Lint and New; Head is nil for Removed. For Renamed, Base
	// is the folder that the head no longer has.
	Base, Head *Package
	// Retired is set when the head of a removed namespace leaves a tombstone,
	// and when a new one stands where the base has a tombstone.
	Retired bool
}

// Package returns the head, or the base of a removed namespace.
func (c *Change) Package() *Package {
	if c.Head != nil {
		return c.Head
	}
	return c.Base
}

// Same reports whether two packages have the same files with the same modes
// and bytes. Files that could not be read are never the same.
func (p *Package) Same(other *Package) bool {
	if p.Truncated || other.Truncated || len(p.Files) != len(other.Files) {
		return false
	}
	for i, f := range p.Files {
		o := other.Files[i]
		if f.Name != o.Name || f.Mode != o.Mode || f.Err != nil || o.Err != nil || !bytes.Equal(f.Data, o.Data) {
			return false
		}
	}
	return true
}
