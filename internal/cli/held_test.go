package cli

import (
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/githubtest"
)

// TestReviewAsksTheRegistry checks that a review of the Action knows what a
// registry on a branch holds, although the base branch has gone back since, and
// that one that cannot be read is never taken for an empty one.
func TestReviewAsksTheRegistry(t *testing.T) {
	w := newShop(t, publishConfig)
	w.mustShip()
	held := versionIn(t, w.published(), "parleo")
	// The base goes back to before the version that was published.
	w.repo.Push("main", w.mona, githubtest.Files{parleo + "miniapp.json": githubtest.Text(w.definition("parleo", `"version": "`+held+`"`, `"version": "0.9.0"`))})
	w.fork.Move("main", w.partner, w.repo.Branch("main"))
	w.open(githubtest.Files{parleo + "miniapp.json": githubtest.Text(w.definition("parleo", `"label": "`, `"label": "New `))})
	r := w.runner("pull_request_target", pullPayload(w.pull.Number))
	if r.code != ExitClean || !strings.Contains(r.log, "title=version-above-registry") {
		t.Errorf("exit %d, and the log says\n%s%s", r.code, r.log, r.err)
	}
	w.gh.Inject(githubtest.When{Path: "/repos/*/*/git/ref/heads/registry", Times: -1}, githubtest.Answer(403, "Resource not accessible by integration"))
	r = w.runner("pull_request_target", pullPayload(w.pull.Number))
	if s := w.repo.Statuses(w.pull.Head()); r.code != ExitFailed || s[0].State != "error" {
		t.Errorf("exit %d, statuses %+v\n%s", r.code, s, r.log)
	}
}
