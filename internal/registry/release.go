package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// The files of a version.
const (
	DefinitionFile = "miniapp.json"
	ListingFile    = "listing.json"
	ChangelogFile  = "CHANGELOG.md"
	ProvenanceFile = "provenance.json"
	// YankedFile and DeletedFile say what became of the version later.
	YankedFile  = "yanked.json"
	DeletedFile = "deleted.json"
)

// MaxFileBytes is the largest file of a version that is read or published.
const MaxFileBytes = 2 << 20

// Listing is what a marketplace shows of a version.
type Listing struct {
	NS               string     `json:"ns"`
	Version          string     `json:"version"`
	Visibility       Visibility `json:"visibility"`
	Tenants          []string   `json:"tenants,omitempty"`
	Name             string     `json:"name,omitempty"`
	Title            string     `json:"title,omitempty"`
	Label            string     `json:"label,omitempty"`
	Category         string     `json:"category,omitempty"`
	ShortDescription string     `json:"shortDescription,omitempty"`
	Description      string     `json:"description,omitempty"`
	Icon             string     `json:"icon,omitempty"`
	Logo             string     `json:"logo,omitempty"`
	DocsURL          string     `json:"docsUrl,omitempty"`
	// Setup is the setup guide, in Markdown.
	Setup string `json:"setup,omitempty"`
}

// Provenance says where a version comes from. What is not known is left out.
type Provenance struct {
	// Version is the version of this form: 1.
	Version int    `json:"version"`
	NS      string `json:"ns"`
	// Release is the version that was published.
	Release string `json:"release"`
	// Files are the SHA-256 digests of the other files of the version.
	Files  map[string]string `json:"files"`
	Source Source            `json:"source"`
	// PullRequest is what was merged; nil when it was published from a clone.
	PullRequest *PullRequest `json:"pullRequest,omitempty"`
	// Unknown says why there is no pull request where one was looked for.
	Unknown string `json:"pullRequestUnknown,omitempty"`
	// Tool is the program that published it, with its version.
	Tool string `json:"tool"`
}

// Source is the state of a repository that a version was made from.
type Source struct {
	// Repository is its address without credentials, or "".
	Repository string `json:"repository,omitempty"`
	// Commit is the one that last changed the namespace's folder, Tree is the Git
	// tree of that folder.
	Commit string `json:"commit,omitempty"`
	Tree   string `json:"tree,omitempty"`
	// Committed is the time of the commit, by RFC 3339 in UTC.
	Committed string `json:"committed,omitempty"`
	// Author is the commit's author by name.
	Author string `json:"author,omitempty"`
	// SHA256 is the digest of what sha256sum prints for the files of the folder,
	// sorted by their paths in it.
	SHA256 string `json:"sha256"`
}

// PullRequest is the way a version came in.
type PullRequest struct {
	Number    int       `json:"number"`
	Author    Person    `json:"author"`
	Approvers []Person  `json:"approvers"`
	QA        []QACheck `json:"qa"`
}

// Person is an account of the forge.
type Person struct {
	Login string `json:"login"`
	ID    int64  `json:"id"`
}

// QACheck is the result of one item of the QA checklist.
type QACheck struct {
	Item   string `json:"item"`
	Result string `json:"result"`
	By     Person `json:"by"`
}

// Release is one version as it is published. It never changes.
type Release struct {
	NS, Version string
	// Definition is canonical JSON. Versions from before there were provenance
	// records have it as it was written.
	Definition []byte
	// Listing is canonical JSON, and empty where Provenance is.
	Listing []byte
	// Changelog is the section of the version in Markdown, without its heading.
	Changelog []byte
	// Provenance is canonical JSON. It is empty for versions from before there
	// were such records.
	Provenance []byte
}

// NewRelease makes a release. Definition must be what Canonical gives; NS,
// Version and Files of the listing and the provenance are filled in.
func NewRelease(def []byte, l Listing, changelog string, p Provenance) (*Release, error) {
	ns, version, err := identity(def)
	if err != nil {
		return nil, err
	}
	r := &Release{NS: ns, Version: version, Definition: def, Changelog: []byte(changelog)}
	l.NS, l.Version, l.Tenants = ns, version, slices.Compact(slices.Sorted(slices.Values(l.Tenants)))
	if r.Listing, err = canonicalOf(l); err != nil {
		return nil, fmt.Errorf("writing the listing of %s %s: %w", ns, version, err)
	}
	p.Version, p.NS, p.Release = 1, ns, version
	p.Files = map[string]string{DefinitionFile: Digest(r.Definition), ListingFile: Digest(r.Listing), ChangelogFile: Digest(r.Changelog)}
	if r.Provenance, err = canonicalOf(p); err != nil {
		return nil, fmt.Errorf("writing the provenance of %s %s: %w", ns, version, err)
	}
	for name, data := range r.Files() {
		if len(data) > MaxFileBytes {
			return nil, fmt.Errorf("%s of %s %s has %d bytes, more than the %d that are published", name, ns, version, len(data), MaxFileBytes)
		}
	}
	return r, nil
}

// SHA256 is the digest of the definition, which names the release.
func (r *Release) SHA256() string { return Digest(r.Definition) }

// RecordedBy returns the release with another program in its provenance record.
func (r *Release) RecordedBy(tool string) (*Release, error) {
	p, err := r.ReadProvenance()
	if err != nil {
		return nil, err
	}
	p.Tool = tool
	same := *r
	if same.Provenance, err = canonicalOf(p); err != nil {
		return nil, fmt.Errorf("writing the provenance of %s %s: %w", r.NS, r.Version, err)
	}
	return &same, nil
}

// Files returns the files of the release by name.
func (r *Release) Files() map[string][]byte {
	if len(r.Provenance) == 0 {
		return map[string][]byte{DefinitionFile: r.Definition}
	}
	return map[string][]byte{DefinitionFile: r.Definition, ListingFile: r.Listing, ChangelogFile: r.Changelog, ProvenanceFile: r.Provenance}
}

// ParseRelease makes a release of its files, and checks that they belong
// together: every digest in the provenance, every name and version.
func ParseRelease(files map[string][]byte) (*Release, error) {
	r := &Release{Definition: files[DefinitionFile], Listing: files[ListingFile], Changelog: files[ChangelogFile], Provenance: files[ProvenanceFile]}
	var err error
	if r.NS, r.Version, err = identity(r.Definition); err != nil {
		return nil, err
	}
	if len(r.Provenance) == 0 {
		if len(r.Listing)+len(r.Changelog) > 0 {
			return nil, fmt.Errorf("%s is missing", ProvenanceFile)
		}
		return r, nil
	}
	p, err := r.ReadProvenance()
	if err != nil {
		return nil, err
	}
	if p.Version != 1 || p.NS != r.NS || p.Release != r.Version {
		return nil, fmt.Errorf("%s is of %.80q %.80q in form %d: expected %s %s in form 1", ProvenanceFile, p.NS, p.Release, p.Version, r.NS, r.Version)
	}
	for _, name := range []string{DefinitionFile, ListingFile, ChangelogFile} {
		if got, want := Digest(files[name]), p.Files[name]; got != want {
			return nil, fmt.Errorf("%s has the SHA-256 %s, and %s says %.80q", name, got, ProvenanceFile, want)
		}
	}
	l, err := r.ReadListing()
	if err != nil {
		return nil, err
	}
	if l.NS != r.NS || l.Version != r.Version || l.Visibility != Public && l.Visibility != Partner {
		return nil, fmt.Errorf("%s is of %.80q %.80q with visibility %.20q: expected %s %s, public or partner", ListingFile, l.NS, l.Version, l.Visibility, r.NS, r.Version)
	}
	return r, nil
}

// ReadListing returns the listing; for a release without one, what its
// definition says.
func (r *Release) ReadListing() (Listing, error) {
	if len(r.Listing) == 0 {
		doc, problems := jsondoc.ParseLimited(r.Definition, MaxFileBytes)
		if len(problems) > 0 {
			return Listing{}, fmt.Errorf("%s: %s", DefinitionFile, problems[0].Message)
		}
		l := ListingOf(definition.New(doc))
		l.NS, l.Version = r.NS, r.Version
		return l, nil
	}
	var l Listing
	err := strict(ListingFile, r.Listing, &l)
	return l, err
}

// ReadProvenance returns the provenance record.
func (r *Release) ReadProvenance() (Provenance, error) {
	var p Provenance
	err := strict(ProvenanceFile, r.Provenance, &p)
	return p, err
}

// ListingOf takes the listing out of a definition. Its visibility is what the
// status says.
func ListingOf(d *definition.Definition) Listing {
	text := func(name string) string { return d.Field(name).Text() }
	l := Listing{
		Visibility: Partner, Name: text("name"), Title: text("title"), Label: text("label"), Category: text("category"),
		ShortDescription: text("shortDescription"), Description: text("description"),
		Icon: text("icon"), Logo: text("logo"), DocsURL: text("docsUrl"),
	}
	if text("status") == "public" {
		l.Visibility = Public
	}
	return l
}

// identity returns the namespace and the version of a definition.
func identity(def []byte) (ns, version string, err error) {
	doc, problems := jsondoc.ParseLimited(def, MaxFileBytes)
	if len(problems) > 0 {
		return "", "", fmt.Errorf("%s is damaged: %s", DefinitionFile, problems[0].Message)
	}
	ns, version = doc.Root.Get("ns").Text(), doc.Root.Get("version").Text()
	if err := CheckName(ns, version); err != nil {
		return "", "", fmt.Errorf("%s: %w", DefinitionFile, err)
	}
	return ns, version, nil
}

// CheckName checks that a namespace and a version are what they must be, which
// makes them safe as names of folders, and in addresses.
func CheckName(ns, version string) error {
	if len(ns) > 100 || !regexp.MustCompile(namespacePattern).MatchString(ns) {
		return fmt.Errorf("%.120q cannot be a namespace: expected small letters, digits and single hyphens", ns)
	}
	if _, err := semver.StrictNewVersion(version); err != nil || len(version) > 100 {
		return fmt.Errorf("%.120q is not a semantic version such as 1.4.2", version)
	}
	return nil
}

// strict reads a JSON file of a version. Unknown members are left alone, so
// that they can be added.
func strict(name string, data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%s is damaged: %w", name, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s is damaged: there is more after its end", name)
	}
	return nil
}

// Mark says why and when a version was yanked or deleted.
type Mark struct {
	Reason string `json:"reason"`
	// At is the time, by RFC 3339 in UTC.
	At string `json:"at"`
	// SHA256 is the digest of what was deleted.
	SHA256 string `json:"sha256,omitempty"`
}

// NewMark makes a mark of the time.
func NewMark(reason string, at time.Time) Mark {
	return Mark{Reason: reason, At: at.UTC().Format(time.RFC3339)}
}

// maxReason is the longest reason for yanking a version, in bytes.
const maxReason = 500

// Check checks that the mark has a reason of one line and a time.
func (m Mark) Check() error {
	switch {
	case strings.TrimSpace(m.Reason) == "":
		return errors.New("a reason is needed")
	case strings.ContainsAny(m.Reason, "\r\n"):
		return errors.New("the reason has several lines: write one")
	case len(m.Reason) > maxReason:
		return fmt.Errorf("the reason has %d bytes: at most %d are kept", len(m.Reason), maxReason)
	}
	if _, err := time.Parse(time.RFC3339, m.At); err != nil {
		return fmt.Errorf("%.40q is no time such as 2026-11-21T08:00:00Z", m.At)
	}
	return nil
}

// Encode writes the mark in canonical JSON.
func (m Mark) Encode() ([]byte, error) { return canonicalOf(m) }

// ParseMark reads a mark; name is its file, for errors.
func ParseMark(name string, data []byte) (*Mark, error) {
	m := &Mark{}
	return m, strict(name, data, m)
}

// Stored is one version as a registry keeps it.
type Stored struct {
	// Release is nil when the version was deleted.
	Release         *Release
	Version         string
	Yanked, Deleted *Mark
}

// VersionFiles are the names of the files that a version can have.
func VersionFiles() []string {
	return []string{DefinitionFile, ListingFile, ChangelogFile, ProvenanceFile, YankedFile, DeletedFile}
}

// Fill takes the files of the version of a namespace, by name, and checks that
// they belong together and to it. The error wraps fs.ErrNotExist when there is
// no definition.
func (s *Stored) Fill(ns string, files map[string][]byte) error {
	dir := ns + "/" + s.Version
	var err error
	if data, ok := files[YankedFile]; ok {
		if s.Yanked, err = ParseMark(YankedFile, data); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
	}
	if data, ok := files[DeletedFile]; ok {
		if s.Deleted, err = ParseMark(DeletedFile, data); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		return nil
	}
	if files[DefinitionFile] == nil {
		return fmt.Errorf("%s has no %s: %w", dir, DefinitionFile, fs.ErrNotExist)
	}
	if s.Release, err = ParseRelease(files); err != nil {
		return fmt.Errorf("%s is damaged: %w", dir, err)
	}
	if s.Release.NS != ns || s.Release.Version != s.Version {
		return fmt.Errorf("%s is damaged: it holds %s %s", dir, s.Release.NS, s.Release.Version)
	}
	return nil
}

// EntryOf makes what the index says of a namespace out of its versions.
func EntryOf(versions []Stored) (Entry, error) {
	x := NewIndex()
	var e Entry
	listings := map[string]Listing{}
	for _, s := range versions {
		v := Version{Version: s.Version, State: Published}
		if s.Release != nil {
			l, err := s.Release.ReadListing()
			if err != nil {
				return e, fmt.Errorf("version %s: %w", s.Version, err)
			}
			listings[s.Version] = l
			v.SHA256, v.Visibility, v.Tenants = s.Release.SHA256(), l.Visibility, l.Tenants
			if len(s.Release.Provenance) > 0 {
				p, err := s.Release.ReadProvenance()
				if err != nil {
					return e, fmt.Errorf("version %s: %w", s.Version, err)
				}
				v.Provenance, v.Committed = Digest(s.Release.Provenance), p.Source.Committed
			}
		}
		switch {
		case s.Deleted != nil:
			v.State, v.Reason, v.SHA256 = Deleted, s.Deleted.Reason, s.Deleted.SHA256
		case s.Yanked != nil:
			v.State, v.Reason = Yanked, s.Yanked.Reason
		}
		e.Versions = append(e.Versions, v)
	}
	x.Set("", e)
	e = x.Entry("")
	e.Summary = SummaryOf(listings[e.Shown()])
	return e, nil
}

// SummaryOf is what an index says of a namespace whose shown version has a
// listing.
func SummaryOf(l Listing) Summary {
	return Summary{Title: l.Title, Category: l.Category, ShortDescription: l.ShortDescription}
}
