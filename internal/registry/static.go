// Package registry reads what a registry of published versions holds.
package registry

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/Masterminds/semver/v3"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// State is what became of a published version.
type State string

// The states. A version in any of them is taken for good.
const (
	// Published versions can be installed.
	Published State = "published"
	// Yanked versions are still there, but not offered any more.
	Yanked State = "yanked"
	// Deleted versions are known by their number only.
	Deleted State = "deleted"
)

// Version is one version that a registry holds.
type Version struct {
	// Version is a strict semantic version.
	Version string
	State   State
	// SHA256 is the digest of the definition as it was published: 64 lower-case
	// hexadecimal digits. It may be empty for a deleted version.
	SHA256 string
}

// Index is the index of a registry. It does not change after it was read.
type Index struct {
	versions map[string][]Version
}

// IndexFile is the name of a static registry's index.
const IndexFile = "index.json"

// indexVersion is the version of the index's form that is read.
const indexVersion = "1"

// maxIndexBytes is the largest index that is read: room for some hundred
// thousand versions.
const maxIndexBytes = 64 << 20

// OpenStatic reads the index of a static registry, a folder. docs/registry.md
// describes its layout. Errors name the file and, when it is damaged, the place
// in it; a folder or index that does not exist gives an error that wraps
// fs.ErrNotExist.
func OpenStatic(dir string) (*Index, error) {
	name := filepath.Join(dir, IndexFile)
	data, err := readIndex(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, dirErr := os.Stat(dir); dirErr != nil {
			return nil, fmt.Errorf("there is no registry %q: %w", dir, dirErr)
		}
		return nil, fmt.Errorf("%q is not a static registry, since it has no %s: %w", dir, IndexFile, err)
	case err != nil:
		return nil, fmt.Errorf("reading the registry %q: %w", dir, err)
	}
	index, err := parseIndex(data)
	if err != nil {
		return nil, fmt.Errorf("%s:%w", name, err)
	}
	return index, nil
}

// readIndex reads a regular file within the limit.
func readIndex(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", IndexFile)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxIndexBytes+1))
	if err == nil && len(data) > maxIndexBytes {
		err = fmt.Errorf("%s has more than %d bytes, the most that are read", IndexFile, maxIndexBytes)
	}
	return data, err
}

// parseIndex reads an index. Errors start with "line:column: ".
func parseIndex(data []byte) (*Index, error) {
	doc, problems := jsondoc.ParseLimited(data, maxIndexBytes)
	if len(problems) > 0 {
		at := jsondoc.NewLines(data).Position(problems[0].Span.Start)
		return nil, fmt.Errorf("%d:%d: the index is damaged: %s", at.Line, at.Column, problems[0].Message)
	}
	r := indexReader{doc: doc,
		namespace: regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`),
		digest:    regexp.MustCompile(`^[0-9a-f]{64}$`),
	}
	return r.read()
}

type indexReader struct {
	doc               *jsondoc.Document
	namespace, digest *regexp.Regexp
}

func (r *indexReader) fail(n *jsondoc.Node, format string, args ...any) error {
	at := r.doc.Position(n.Span.Start)
	return fmt.Errorf("%d:%d: %s", at.Line, at.Column, fmt.Sprintf(format, args...))
}

func (r *indexReader) damaged(n *jsondoc.Node, format string, args ...any) error {
	return r.fail(n, "the index is damaged: "+format, args...)
}

func (r *indexReader) read() (*Index, error) {
	root := r.doc.Root
	version, apps := root.Get("version"), root.Get("miniapps")
	if !version.Is(jsondoc.Number) {
		return nil, r.fail(root, `this is not the index of a registry: expected an object with "version": %s and "miniapps"`, indexVersion)
	}
	if v := version.Literal(); v != indexVersion {
		return nil, r.fail(version, "the index has the version %.20s, and this program reads version %s: use the program that wrote it, or a newer one", v, indexVersion)
	}
	if !apps.Is(jsondoc.Object) {
		return nil, r.damaged(cmp.Or(apps, root), `expected an object "miniapps"`)
	}
	x := &Index{versions: map[string][]Version{}}
	for _, app := range apps.Members() {
		if !r.namespace.MatchString(app.Key) {
			return nil, r.damaged(app, "%.80q cannot be a namespace: expected small letters, digits and single hyphens", app.Key)
		}
		versions, err := r.versions(app)
		if err != nil {
			return nil, err
		}
		if len(versions) > 0 {
			x.versions[app.Key] = versions
		}
	}
	return x, nil
}

// versions reads the versions of a namespace, newest first.
func (r *indexReader) versions(app *jsondoc.Node) ([]Version, error) {
	list := app.Get("versions")
	if !list.Is(jsondoc.Object) {
		return nil, r.damaged(app, `%q has no object "versions"`, app.Key)
	}
	type parsed struct {
		Version
		order *semver.Version
	}
	var all []parsed
	published := map[string]bool{}
	for _, n := range list.Members() {
		order, err := semver.StrictNewVersion(n.Key)
		if err != nil {
			return nil, r.damaged(n, "%.80q of %q is not a semantic version such as 1.4.2", n.Key, app.Key)
		}
		v := Version{Version: n.Key, State: State(n.Get("state").Text()), SHA256: n.Get("sha256").Text()}
		switch v.State {
		case Published, Yanked, Deleted:
		default:
			return nil, r.damaged(n, "version %s of %q has the state %.20q: expected published, yanked or deleted", v.Version, app.Key, v.State)
		}
		if !r.digest.MatchString(v.SHA256) && (v.State != Deleted || v.SHA256 != "") {
			return nil, r.damaged(n, "version %s of %q has the sha256 %.80q: expected 64 lower-case hexadecimal digits", v.Version, app.Key, v.SHA256)
		}
		published[v.Version] = v.State == Published
		all = append(all, parsed{v, order})
	}
	if latest := app.Get("latest"); latest != nil && !published[latest.Text()] {
		return nil, r.damaged(latest, "the latest version of %q is %.80q: expected a published one of its versions", app.Key, latest.Text())
	}
	// Versions that differ in build metadata only are equal in precedence.
	slices.SortFunc(all, func(a, b parsed) int {
		return cmp.Or(b.order.Compare(a.order), cmp.Compare(b.Version.Version, a.Version.Version))
	})
	out := make([]Version, len(all))
	for i, v := range all {
		out[i] = v.Version
	}
	return out, nil
}

// Versions returns the versions of a namespace in every state, newest first by
// semantic versioning. It is nil for a namespace that the registry does not
// have.
func (x *Index) Versions(ns string) []Version { return slices.Clone(x.versions[ns]) }

// Namespaces returns the namespaces that the registry holds versions of, sorted.
func (x *Index) Namespaces() []string { return slices.Sorted(maps.Keys(x.versions)) }
