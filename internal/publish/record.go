package publish

import (
	"bytes"
	"context"
	"regexp"

	"github.com/karzoun/miniapp-review/internal/registry"
)

// maxTool is the longest name of a program that is taken over, in bytes.
const maxTool = 100

// recorded returns a release with the record that another registry has of it,
// when the two differ in nothing but the version of the program that wrote them:
// a registry that heals after an update of the program then has the same bytes
// as the others.
//
// A registry is a place that others can write to, so that its word counts for
// nothing else. Nothing of it is copied: the record is made here, with that name
// of a program, and must then be theirs byte for byte. In particular nobody can
// bring in another commit, an approval that was none, or another listing. A
// registry that cannot be read changes nothing.
func recorded(ctx context.Context, r *registry.Release, targets []registry.Target, indexes []*registry.Index) *registry.Release {
	for i, x := range indexes {
		if x == nil {
			continue
		}
		held, ok := x.Entry(r.NS).Find(r.Version)
		if !ok || held.SHA256 != r.SHA256() || held.Provenance == "" {
			continue
		}
		if held.Provenance == registry.Digest(r.Provenance) {
			return r
		}
		s, err := targets[i].Read(ctx, r.NS, r.Version)
		if err != nil || s.Release == nil || registry.Digest(s.Release.Provenance) != held.Provenance {
			continue
		}
		p, err := s.Release.ReadProvenance()
		if err != nil || len(p.Tool) > maxTool || !regexp.MustCompile(`^miniapp [A-Za-z0-9][A-Za-z0-9.+_-]*$`).MatchString(p.Tool) {
			continue
		}
		if same, err := r.RecordedBy(p.Tool); err == nil && bytes.Equal(same.Provenance, s.Release.Provenance) {
			return same
		}
	}
	return r
}
