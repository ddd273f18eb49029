package publish

import (
	"errors"
	"fmt"
	"slices"

	"github.com/karzoun/miniapp-review/internal/registry"
)

// Action is what a run does about one namespace.
type Action string

// The actions of a plan.
const (
	// Publish: the version is not there yet.
	Publish Action = "publish"
	// Verified: the version is there, with the content that the branch has.
	Verified Action = "verified"
	// Older: the registry has a newer version. Nothing is done.
	Older Action = "older"
	// Gone: the version was deleted from the registry. Nothing is done.
	Gone Action = "gone"
	// Conflict: the version is there with another content. The namespace stops
	// until somebody raises the version.
	Conflict Action = "conflict"
	// Invalid: the branch holds what cannot be published.
	Invalid Action = "invalid"
)

// The actions that only a run has, after its plan.
const (
	// Published: the version was added.
	Published Action = "published"
	// Failed: the target did not take the version.
	Failed Action = "failed"
	// Later: the run had enough to do, and the next one goes on.
	Later Action = "later"
)

// Step is what a run does about one namespace.
type Step struct {
	NS      string
	Version string
	Action  Action
	// SHA256 is the digest of the definition as the branch has it, or "".
	SHA256 string
	// Note says why, where the action does not say it all.
	Note string

	candidate *Candidate
}

// Plan compares what a branch holds with what a registry holds. It is a pure
// function; there is a step for every candidate, in their order.
func Plan(candidates []Candidate, index *registry.Index, visible Visible) []Step {
	steps := make([]Step, 0, len(candidates))
	for i := range candidates {
		steps = append(steps, planOne(&candidates[i], index, visible))
	}
	return steps
}

func planOne(c *Candidate, index *registry.Index, visible Visible) Step {
	step := Step{NS: c.NS, Version: c.Version, candidate: c}
	if c.Err != nil {
		step.Action, step.Note = Invalid, c.Err.Error()
		return step
	}
	entry := index.Entry(c.NS)
	visibility, tenants := visible(c.NS, entry)
	held, there := entry.Find(c.Version)
	// A version keeps the visibility that it was published with, so that it is
	// compared with that one.
	as := visibility
	if there && held.Visibility != "" {
		as = held.Visibility
	}
	def, err := c.Definition(as)
	if err != nil {
		step.Action, step.Note = Invalid, err.Error()
		return step
	}
	step.SHA256 = registry.Digest(def)
	if there && held.Provenance == "" && held.SHA256 == registry.Digest(c.raw) {
		// Before there were provenance records, files were published as they were.
		step.SHA256 = held.SHA256
	}
	present, err := entry.Admit(c.Version, step.SHA256)
	switch {
	case errors.Is(err, registry.ErrConflict):
		step.Action, step.Note = Conflict, err.Error()
	case errors.Is(err, registry.ErrOlder):
		step.Action, step.Note = Older, err.Error()
	case errors.Is(err, registry.ErrGone):
		step.Action, step.Note = Gone, err.Error()
	case err != nil:
		step.Action, step.Note = Invalid, err.Error()
	case !present:
		step.Action = Publish
	default:
		step.Action = Verified
		switch {
		case held.State == registry.Yanked:
			step.Note = fmt.Sprintf("version %s was yanked", c.Version)
		case held.Provenance != "" && (held.Visibility != visibility || !slices.Equal(held.Tenants, sorted(tenants))):
			step.Note = fmt.Sprintf("version %s keeps the visibility that it was published with; the configured one counts from the next version on", c.Version)
		}
	}
	return step
}

func sorted(tenants []string) []string {
	out := slices.Compact(slices.Sorted(slices.Values(tenants)))
	if len(out) == 0 {
		return nil
	}
	return out
}
