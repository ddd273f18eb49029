package review_test

import (
	"testing"

	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/pull/pulltest"
	"github.com/karzoun/miniapp-review/internal/stage"
)

// TestAttack46ReplayedVersions submits versions that were there before: an older
// one, the present one with other content, and one that the registry deleted.
// None gets through intake.
func TestAttack46ReplayedVersions(t *testing.T) {
	repo := repository(t)
	for name, c := range map[string]struct {
		base, head pulltest.Files
		held       []pull.Held
	}{
		"an older version":     {repo, edited(t, repo, acme, `"version": "1.0.0"`, `"version": "0.9.0"`), nil},
		"edited in place":      {repo, edited(t, repo, acme, `"isCustom": false`, `"isCustom": true`), nil},
		"other build metadata": {repo, edited(t, repo, acme, `"version": "1.0.0"`, `"version": "1.0.0+2"`), nil},
		"deleted and re-added": {without(repo, "parleo"), repo, []pull.Held{{Version: "1.0.0", State: "deleted"}}},
		"yanked and re-added":  {without(repo, "parleo"), repo, []pull.Held{{Version: "1.0.0", State: "yanked"}}},
		"below what was there": {without(repo, "parleo"), repo, []pull.Held{{Version: "2.0.0", State: "yanked"}}},
	} {
		s := pulltest.New(c.base, c.head)
		s.Held = map[string][]pull.Held{"parleo": c.held}
		if r := settle(t, s); r.Decision.Stage != stage.Intake || r.Decision.Status != stage.Failure {
			t.Errorf("%s: %+v", name, r.Decision)
		}
	}
}
