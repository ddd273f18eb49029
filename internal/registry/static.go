// Package registry reads what a registry of published versions holds.
package registry

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/Masterminds/semver/v3"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// State is what became of a published version.
type State string

// The states. A version in any of them is taken for good.
const (
	Published State = "published"
	Yanked    State = "yanked"
	Deleted   State = "deleted"
)

// Version is one version that a registry holds.
type Version struct {
	Version string
	State   State
	// SHA256 is the digest of the definition as it was published, in
	// hexadecimal.
	SHA256 string
}

// Index is the index of a registry.
type Index struct {
	versions map[string][]Version
}

// IndexFile is the name of a static registry's index.
const IndexFile = "index.json"

// maxIndexBytes is the largest index that is read: room for some hundred
// thousand versions.
const maxIndexBytes = 64 << 20

// OpenStatic reads the index of a static registry, a folder. docs/registry.md
// describes its layout.
func OpenStatic(dir string) (*Index, error) {
	name := filepath.Join(dir, IndexFile)
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("the registry %q has no %s that can be read: %w", dir, IndexFile, err)
	}
	if info.Size() > maxIndexBytes {
		return nil, fmt.Errorf("%q has %d bytes, more than the %d that are read", name, info.Size(), maxIndexBytes)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("reading the registry: %w", err)
	}
	index, err := parseIndex(data)
	if err != nil {
		return nil, fmt.Errorf("%s:%w", name, err)
	}
	return index, nil
}

// parseIndex reads an index. Errors start with "line:column: ".
func parseIndex(data []byte) (*Index, error) {
	doc, problems := jsondoc.ParseLimited(data, maxIndexBytes)
	if len(problems) > 0 {
		at := jsondoc.NewLines(data).Position(problems[0].Span.Start)
		return nil, fmt.Errorf("%d:%d: the index is damaged: %s", at.Line, at.Column, problems[0].Message)
	}
	fail := func(n *jsondoc.Node, format string, args ...any) error {
		at := doc.Position(n.Span.Start)
		return fmt.Errorf("%d:%d: the index is damaged: %s", at.Line, at.Column, fmt.Sprintf(format, args...))
	}
	if v := doc.Root.Get("version"); v.Literal() != "1" {
		return nil, fail(doc.Root, `expected "version": 1`)
	}
	apps := doc.Root.Get("miniapps")
	if !apps.Is(jsondoc.Object) {
		return nil, fail(doc.Root, `expected an object "miniapps"`)
	}
	x := &Index{versions: map[string][]Version{}}
	for _, app := range apps.Members() {
		versions := app.Get("versions")
		if !versions.Is(jsondoc.Object) {
			return nil, fail(app, "%q has no object \"versions\"", app.Key)
		}
		for _, v := range versions.Members() {
			if _, err := semver.StrictNewVersion(v.Key); err != nil {
				return nil, fail(v, "%q of %q is no semantic version", v.Key, app.Key)
			}
			state := State(v.Get("state").Text())
			if state != Published && state != Yanked && state != Deleted {
				return nil, fail(v, "version %q of %q has the state %q: expected published, yanked or deleted", v.Key, app.Key, state)
			}
			x.versions[app.Key] = append(x.versions[app.Key], Version{Version: v.Key, State: state, SHA256: v.Get("sha256").Text()})
		}
		slices.SortFunc(x.versions[app.Key], newestFirst)
	}
	return x, nil
}

func newestFirst(a, b Version) int {
	va, errA := semver.StrictNewVersion(a.Version)
	vb, errB := semver.StrictNewVersion(b.Version)
	if errA != nil || errB != nil {
		return 0 // parseIndex lets only semantic versions in
	}
	return vb.Compare(va)
}

// Versions returns the versions of a namespace, newest first by semantic
// versioning.
func (x *Index) Versions(ns string) []Version { return x.versions[ns] }

// Namespaces returns the namespaces that the registry holds versions of, sorted.
func (x *Index) Namespaces() []string {
	var names []string
	for ns := range x.versions {
		names = append(names, ns)
	}
	slices.Sort(names)
	return names
}
