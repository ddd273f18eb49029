// Package publish brings what the default branch of a definitions repository
// holds into registries.
//
// It reconciles: each run looks at what is there, plans what is missing, and
// adds that. A run that failed, was repeated or was cut off costs nothing, since
// the next one goes on from what is there.
package publish

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/registry"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// Visible says who may see a namespace, and which tenants when it is for
// partners. held is what the registry has of it.
type Visible func(ns string, held registry.Entry) (registry.Visibility, []string)

// Candidate is the version of a namespace that the branch holds.
type Candidate struct {
	NS string
	// Version is "" where it cannot be read.
	Version string
	// Err is why it cannot be published.
	Err error

	raw []byte
	doc *jsondoc.Document
	// public is the definition as it is published for everyone.
	public []byte
}

// Scan reads the candidates of a tree, sorted by namespace. What cannot be
// published is a candidate with its Err set; the error is one of reading.
func Scan(tree source.Tree) ([]Candidate, error) {
	entries, err := tree.ReadDir(submission.Root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing the submissions: %w", err)
	}
	if p, ok := tree.(source.Prefetcher); ok {
		var names []string
		for _, e := range entries {
			names = append(names, path.Join(submission.Dir(e.Name), submission.DefinitionFile))
		}
		if err := p.Prefetch(names); err != nil {
			return nil, fmt.Errorf("reading the definitions: %w", err)
		}
	}
	var out []Candidate
	for _, e := range entries {
		if e.Mode != source.Directory {
			continue
		}
		c := Candidate{NS: e.Name}
		name := path.Join(submission.Dir(e.Name), submission.DefinitionFile)
		c.raw, err = tree.ReadFile(name, submission.MaxFileBytes)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, source.ErrTooLarge):
			c.Err = err
		case err != nil:
			return nil, fmt.Errorf("reading %q: %w", name, err)
		default:
			c.parse()
		}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Candidate) int { return strings.Compare(a.NS, b.NS) })
	return out, nil
}

func (c *Candidate) parse() {
	doc, problems := jsondoc.Parse(c.raw)
	if len(problems) > 0 {
		at := jsondoc.NewLines(c.raw).Position(problems[0].Span.Start)
		c.Err = fmt.Errorf("%s:%d:%d: %s", submission.DefinitionFile, at.Line, at.Column, problems[0].Message)
		return
	}
	ns, version := doc.Root.Get("ns").Text(), doc.Root.Get("version").Text()
	if c.Err = registry.CheckName(ns, version); c.Err != nil {
		return
	}
	if ns != c.NS {
		c.Err = fmt.Errorf("the definition is of %q, and its folder is named %q", ns, c.NS)
		return
	}
	c.Version, c.doc = version, doc
	c.public, c.Err = c.withStatus("public")
}

// Definition returns the definition as it is published: in canonical JSON, with
// the status that the platform gives it, "public" for everyone and "private" for
// partners. It is an error for a candidate that has one.
func (c *Candidate) Definition(v registry.Visibility) ([]byte, error) {
	if c.doc == nil {
		return nil, c.Err
	}
	if v == registry.Public {
		return c.public, c.Err
	}
	return c.withStatus("private")
}

func (c *Candidate) withStatus(status string) ([]byte, error) {
	text, err := jsondoc.Apply(c.raw, c.doc.SetMember(c.doc.Root, "status", jsondoc.Quote(status), "version"))
	if err != nil {
		return nil, fmt.Errorf("setting the status: %w", err)
	}
	return registry.Canonical(text)
}

// Review is what is known of how a version came in.
type Review struct {
	// PullRequest is what was merged; nil when Unknown says why it is not known.
	PullRequest *registry.PullRequest
	Unknown     string
	// Visibility is what a reviewer asked for, or "". It goes before everything
	// else.
	Visibility registry.Visibility
}

// Builder makes releases of candidates.
type Builder struct {
	Tree source.Tree
	// Origin says where the folder of a namespace, a path in the tree, comes from.
	// Its SHA256 is filled in here.
	Origin func(dir string) (registry.Source, error)
	// Review says how a version came in; nil for what is published from a clone.
	Review func(ns string, from registry.Source) (Review, error)
	// Tool is the program that publishes, with its version.
	Tool string
}

// Release makes the release of a candidate with a visibility, unless the review
// gave it another one.
func (b *Builder) Release(c *Candidate, visibility registry.Visibility, tenants []string) (*registry.Release, error) {
	if c.doc == nil {
		return nil, c.Err
	}
	dir := submission.Dir(c.NS)
	files, err := submission.Load(b.Tree, dir)
	if err != nil {
		return nil, err
	}
	p := registry.Provenance{Tool: b.Tool}
	if p.Source, err = b.Origin(dir); err != nil {
		return nil, err
	}
	if p.Source.SHA256, err = TreeDigest(files); err != nil {
		return nil, err
	}
	if b.Review != nil {
		r, err := b.Review(c.NS, p.Source)
		if err != nil {
			return nil, err
		}
		p.PullRequest, p.Unknown = r.PullRequest, r.Unknown
		switch r.Visibility {
		case registry.Public:
			visibility, tenants = registry.Public, nil
		case registry.Partner:
			visibility = registry.Partner
		}
	}
	def, err := c.Definition(visibility)
	if err != nil {
		return nil, err
	}
	l := registry.ListingOf(definition.New(c.doc))
	l.Visibility, l.Tenants = visibility, tenants
	if f := files.File(submission.SetupFile); f != nil {
		l.Setup = strings.ToValidUTF8(string(f.Data), "\ufffd")
	}
	changelog := ""
	if s := files.Changelog.Find(c.Version); s != nil {
		changelog = strings.ReplaceAll(files.Changelog.Source(s.Body), "\r\n", "\n")
	}
	return registry.NewRelease(def, l, changelog, p)
}

// TreeDigest is the SHA-256 of what sha256sum prints for the files of a folder,
// sorted by their paths.
func TreeDigest(p *submission.Package) (string, error) {
	if p.Truncated {
		return "", fmt.Errorf("%q has more than %d files", p.Dir, submission.MaxFiles)
	}
	var lines strings.Builder
	for _, f := range p.Files {
		if f.Err != nil {
			return "", fmt.Errorf("reading %q: %w", p.Path(f.Name), f.Err)
		}
		if f.Mode != source.Regular && f.Mode != source.Executable {
			return "", fmt.Errorf("%q is no plain file", p.Path(f.Name))
		}
		fmt.Fprintf(&lines, "%s  %s\n", registry.Digest(f.Data), f.Name)
	}
	return registry.Digest([]byte(lines.String())), nil
}
