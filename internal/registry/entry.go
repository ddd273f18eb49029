package registry

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"

	"github.com/Masterminds/semver/v3"
)

// Visibility says who may see and install a version.
type Visibility string

// The visibilities. The platform's definitions know the statuses "public" and
// "private" only: a version for partners is private, and its listing names the
// tenants who have it.
const (
	Public  Visibility = "public"
	Partner Visibility = "partner"
)

// Version is what the index says of one version.
type Version struct {
	// Version is a strict semantic version.
	Version string
	State   State
	// SHA256 is the digest of the definition as it was published: 64 lower-case
	// hexadecimal digits. It may be empty for a deleted version.
	SHA256 string
	// Provenance is the digest of the provenance record, which has those of the
	// other files. It is empty for versions from before there were such records.
	Provenance string
	// Visibility may be empty where it is not known.
	Visibility Visibility
	// Tenants are those who may install a version for partners.
	Tenants []string
	// Reason is why the version was yanked or deleted.
	Reason string
	// Committed is the time of the commit that it was published from, by
	// RFC 3339 in UTC, or "".
	Committed string
}

// Summary is what a catalogue says of a namespace.
type Summary struct{ Title, Category, ShortDescription string }

// Entry is what an index says of one namespace.
type Entry struct {
	// Summary is that of the latest version, or of the newest one without a
	// latest.
	Summary Summary
	// Versions are sorted, newest first by semantic versioning.
	Versions []Version
}

// Latest returns the version that new installs get: the greatest published one
// that is no pre-release, or "". Pre-releases are installed by who asks for
// them.
func (e Entry) Latest() string {
	for _, v := range e.Versions {
		if v.State == Published && semver.MustParse(v.Version).Prerelease() == "" {
			return v.Version
		}
	}
	return ""
}

// Shown returns the version that stands for the namespace: the latest, or the
// newest one with a content when there is no latest, or "".
func (e Entry) Shown() string {
	if v := e.Latest(); v != "" {
		return v
	}
	for _, v := range e.Versions {
		if v.State != Deleted {
			return v.Version
		}
	}
	return ""
}

// Find returns a version by its exact name.
func (e Entry) Find(version string) (Version, bool) {
	for _, v := range e.Versions {
		if v.Version == version {
			return v, true
		}
	}
	return Version{}, false
}

// With returns the entry with one more version.
func (e Entry) With(v Version) Entry {
	x := NewIndex()
	x.Set("", Entry{Summary: e.Summary, Versions: append(slices.Clip(e.Versions), v)})
	return x.Entry("")
}

// Index names all versions of a registry. The zero Index is not usable; see
// NewIndex.
type Index struct{ entries map[string]Entry }

// NewIndex returns an index without versions.
func NewIndex() *Index { return &Index{entries: map[string]Entry{}} }

// Set replaces what the index says of a namespace. Versions must be strict
// semantic versions; an entry without any takes the namespace out.
func (x *Index) Set(ns string, e Entry) {
	if len(e.Versions) == 0 {
		delete(x.entries, ns)
		return
	}
	e.Versions = slices.Clone(e.Versions)
	order := make(map[string]*semver.Version, len(e.Versions))
	for _, v := range e.Versions {
		order[v.Version] = semver.MustParse(v.Version)
	}
	// Versions that differ in build metadata only are equal in precedence.
	slices.SortFunc(e.Versions, func(a, b Version) int {
		return cmp.Or(order[b.Version].Compare(order[a.Version]), cmp.Compare(b.Version, a.Version))
	})
	x.entries[ns] = e
}

// Clone returns an index that can be changed for itself.
func (x *Index) Clone() *Index { return &Index{entries: maps.Clone(x.entries)} }

// Entry returns what the index says of a namespace; nothing, for one that it
// does not have. The caller must not change it.
func (x *Index) Entry(ns string) Entry { return x.entries[ns] }

// Versions returns the versions of a namespace in every state, newest first by
// semantic versioning. It is nil for a namespace that the registry does not
// have.
func (x *Index) Versions(ns string) []Version { return slices.Clone(x.entries[ns].Versions) }

// Namespaces returns the namespaces that the registry holds versions of, sorted.
func (x *Index) Namespaces() []string { return slices.Sorted(maps.Keys(x.entries)) }

// Len returns how many versions the index names.
func (x *Index) Len() int {
	n := 0
	for _, e := range x.entries {
		n += len(e.Versions)
	}
	return n
}

// The form of an index. Members are written in the order of the fields, keys of
// maps sorted.
type (
	indexJSON struct {
		Version  int                  `json:"version"`
		MiniApps map[string]entryJSON `json:"miniapps"`
	}
	entryJSON struct {
		Latest   string                 `json:"latest,omitempty"`
		Listing  *summaryJSON           `json:"listing,omitempty"`
		Versions map[string]versionJSON `json:"versions"`
	}
	summaryJSON struct {
		Title            string `json:"title"`
		Category         string `json:"category"`
		ShortDescription string `json:"shortDescription"`
	}
	versionJSON struct {
		SHA256     string     `json:"sha256"`
		State      State      `json:"state"`
		Provenance string     `json:"provenance,omitempty"`
		Visibility Visibility `json:"visibility,omitempty"`
		Tenants    []string   `json:"tenants,omitempty"`
		Committed  string     `json:"committed,omitempty"`
		Reason     string     `json:"reason,omitempty"`
	}
)

// Encode writes the index. Equal indexes give equal bytes.
func (x *Index) Encode() []byte {
	out := indexJSON{Version: 1, MiniApps: make(map[string]entryJSON, len(x.entries))}
	for ns, e := range x.entries {
		entry := entryJSON{Latest: e.Latest(), Versions: make(map[string]versionJSON, len(e.Versions))}
		if e.Summary != (Summary{}) {
			s := summaryJSON(e.Summary)
			entry.Listing = &s
		}
		for _, v := range e.Versions {
			entry.Versions[v.Version] = versionJSON{v.SHA256, v.State, v.Provenance, v.Visibility, v.Tenants, v.Committed, v.Reason}
		}
		out.MiniApps[ns] = entry
	}
	data, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		panic(err) // texts and lists of texts always have a form
	}
	return append(data, '\n')
}

// ParseIndex reads an index strictly. Errors start with "line:column: ".
func ParseIndex(data []byte) (*Index, error) { return parseIndex(data) }
