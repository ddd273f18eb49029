package registry

import (
	"context"
	"errors"
	"fmt"

	"github.com/Masterminds/semver/v3"
)

// Target is one place that keeps published versions. Its implementations pass
// the tests of package registrytest.
//
// A target never changes or loses a version. After a call that was cut off at
// any moment, the same call again ends as if nothing had happened. Calls of
// several programs at once end well, and so do those of several goroutines.
type Target interface {
	// String is how the target is named on a command line, such as "static:DIR".
	// It holds no credentials.
	String() string
	// Index returns the index. A target that holds nothing yet gives an index
	// without versions. It takes a number of requests that does not depend on how
	// many versions there are.
	Index(ctx context.Context) (*Index, error)
	// Publish adds releases, and says for each what became of it, in their order.
	// A release that cannot be added does not hold back those of other
	// namespaces. The error says what held back the rest; results are then those
	// of which something is known.
	Publish(ctx context.Context, batch []*Release) ([]Result, error)
	// Read returns one version with its marks, and checks that its files belong
	// together. The error wraps fs.ErrNotExist when there is none.
	Read(ctx context.Context, ns, version string) (*Stored, error)
	// List returns the versions that are stored, by namespace, whether or not the
	// index names them. It may wrap errors.ErrUnsupported.
	List(ctx context.Context) (map[string][]string, error)
	// Yank marks a version. Marking it again changes nothing, the first mark
	// counts. The error wraps fs.ErrNotExist when there is no such version.
	Yank(ctx context.Context, ns, version string, mark Mark) error
	// Rebuild makes the index again out of the versions that are stored, and
	// returns it. It fails, and changes nothing, when the present index names a
	// version that is not there any more. It may wrap errors.ErrUnsupported.
	Rebuild(ctx context.Context) (*Index, error)
}

// Result says what became of a release.
type Result struct {
	NS, Version string
	// Added is set when the release was not there before.
	Added bool
	// Err is why it is not there now, or nil.
	Err error
}

// The reasons why a release cannot be added. Errors wrap them.
var (
	// ErrConflict: the version is there with another content.
	ErrConflict = errors.New("published with another content")
	// ErrOlder: a newer version is there.
	ErrOlder = errors.New("older than what is published")
	// ErrGone: the version was deleted.
	ErrGone = errors.New("deleted")
)

// Admit decides whether a version with a digest can be added to what the index
// says of its namespace. present is set when it is there, with this content.
// The error wraps ErrConflict, ErrOlder or ErrGone.
func (e Entry) Admit(version, digest string) (present bool, err error) {
	order, err := semver.StrictNewVersion(version)
	if err != nil {
		return false, fmt.Errorf("%.80q is not a semantic version: %w", version, err)
	}
	if v, ok := e.Find(version); ok {
		switch {
		case v.State == Deleted && (v.SHA256 == "" || v.SHA256 == digest):
			return false, fmt.Errorf("version %s was %w, and its number stays taken", version, ErrGone)
		case v.SHA256 != digest:
			return false, fmt.Errorf("version %s is %w: its SHA-256 is %s there, and %s here; a published version never changes, so raise the version", version, ErrConflict, v.SHA256, digest)
		}
		return true, nil
	}
	for _, v := range e.Versions {
		other := semver.MustParse(v.Version)
		switch c := order.Compare(other); {
		case c == 0:
			return false, fmt.Errorf("version %s is %w: %s is there, and build metadata makes no other version", version, ErrConflict, v.Version)
		case c < 0 && v.State == Published && (order.Prerelease() != "" || other.Prerelease() == ""):
			return false, fmt.Errorf("version %s is %w: %s is there, and a run never publishes behind it", version, ErrOlder, v.Version)
		}
	}
	return false, nil
}
