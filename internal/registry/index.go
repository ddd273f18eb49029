// Package registry is about published versions: what a release consists of, the
// index that names all of them, and what every place that keeps them must do.
//
// A release never changes. The index is a function of the releases and of what
// became of them, so that it can be made again and comes out the same.
package registry

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

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

// IndexFile is the name of a static registry's index.
const IndexFile = "index.json"

// namespacePattern is what a namespace looks like.
const namespacePattern = `^[a-z0-9]+(-[a-z0-9]+)*$`

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
		namespace: regexp.MustCompile(namespacePattern),
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
	x := NewIndex()
	for _, app := range apps.Members() {
		if !r.namespace.MatchString(app.Key) {
			return nil, r.damaged(app, "%.80q cannot be a namespace: expected small letters, digits and single hyphens", app.Key)
		}
		versions, err := r.versions(app)
		if err != nil {
			return nil, err
		}
		x.Set(app.Key, Entry{Summary: summary(app.Get("listing")), Versions: versions})
	}
	return x, nil
}

// summary reads what an index says of a namespace for people. Members that are
// missing or no text are "".
func summary(n *jsondoc.Node) Summary {
	return Summary{Title: n.Get("title").Text(), Category: n.Get("category").Text(), ShortDescription: n.Get("shortDescription").Text()}
}

// versions reads the versions of a namespace.
func (r *indexReader) versions(app *jsondoc.Node) ([]Version, error) {
	list := app.Get("versions")
	if !list.Is(jsondoc.Object) {
		return nil, r.damaged(app, `%q has no object "versions"`, app.Key)
	}
	var all []Version
	published := map[string]bool{}
	for _, n := range list.Members() {
		v, err := r.version(app, n)
		if err != nil {
			return nil, err
		}
		published[v.Version] = v.State == Published
		all = append(all, v)
	}
	if latest := app.Get("latest"); latest != nil && !published[latest.Text()] {
		return nil, r.damaged(latest, "the latest version of %q is %.80q: expected a published one of its versions", app.Key, latest.Text())
	}
	return all, nil
}

func (r *indexReader) version(app, n *jsondoc.Node) (Version, error) {
	if _, err := semver.StrictNewVersion(n.Key); err != nil {
		return Version{}, r.damaged(n, "%.80q of %q is not a semantic version such as 1.4.2", n.Key, app.Key)
	}
	v := Version{
		Version: n.Key, State: State(n.Get("state").Text()), SHA256: n.Get("sha256").Text(), Provenance: n.Get("provenance").Text(),
		Visibility: Visibility(n.Get("visibility").Text()), Reason: n.Get("reason").Text(), Committed: n.Get("committed").Text(),
	}
	switch v.State {
	case Published, Yanked, Deleted:
	default:
		return v, r.damaged(n, "version %s of %q has the state %.20q: expected published, yanked or deleted", v.Version, app.Key, v.State)
	}
	if !r.digest.MatchString(v.SHA256) && (v.State != Deleted || v.SHA256 != "") {
		return v, r.damaged(n, "version %s of %q has the sha256 %.80q: expected 64 lower-case hexadecimal digits", v.Version, app.Key, v.SHA256)
	}
	if v.Provenance != "" && !r.digest.MatchString(v.Provenance) {
		return v, r.damaged(n, "version %s of %q has the provenance %.80q: expected 64 lower-case hexadecimal digits", v.Version, app.Key, v.Provenance)
	}
	switch v.Visibility {
	case "", Public, Partner:
	default:
		return v, r.damaged(n, "version %s of %q has the visibility %.20q: expected public or partner", v.Version, app.Key, v.Visibility)
	}
	for _, tenant := range n.Get("tenants").Elements() {
		v.Tenants = append(v.Tenants, tenant.Text())
	}
	return v, nil
}
