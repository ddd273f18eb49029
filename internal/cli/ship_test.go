package cli

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/githubtest"
	"github.com/karzoun/miniapp-review/internal/registry"
)

const publishConfig = `publish:
  to: [branch:registry]
  saas_api_url: https://api.market.example/v1
  git_tags: true
  releases: true
`

// newShop makes a world whose default branch is protected and published, by a
// configuration.
func newShop(t *testing.T, conf string, without ...string) *world {
	w := newWorld(t, githubtest.Options{}, without...)
	w.repo.Set(func(r *githubtest.Repo) { r.Protected = map[string][]string{"main": {"miniapp-review"}} })
	w.repo.Push("main", w.mona, githubtest.Files{".github/miniapp-review.yml": githubtest.Text(conf)})
	w.fork.Move("main", w.partner, w.repo.Branch("main"))
	return w
}

// ship runs the Action as the publishing workflow does.
func (w *world) ship(event, payload string, more ...string) ran {
	w.Helper()
	return w.runner(event, payload, append([]string{"INPUT_TASK", "publish"}, more...)...)
}

// pushed is the payload of a push to the default branch.
const pushed = `{"ref": "refs/heads/main", "before": "1111111111111111111111111111111111111111", "after": "2222222222222222222222222222222222222222", "repository": {"id": 1, "full_name": "acme/definitions", "default_branch": "main"}}`

// mustShip publishes, which must do.
func (w *world) mustShip() ran {
	w.Helper()
	r := w.ship("push", pushed)
	if r.code != ExitClean {
		w.Fatalf("exit %d\n%s%s", r.code, r.log, r.err)
	}
	return r
}

// published returns the files of the registry's branch.
func (w *world) published() map[string]string {
	out := map[string]string{}
	for name, f := range w.repo.Read(w.repo.Branch("registry")) {
		out[name] = string(f.Data)
	}
	return out
}

// approve takes the open pull request through QA and approval.
func (w *world) approve() {
	w.Helper()
	w.pull.Comment(w.rita, "/qa pass")
	w.review()
	w.pull.Review(w.rita, githubtest.Approve, "")
	w.pull.Review(w.mona, githubtest.Approve, "")
	w.review()
}

// said returns the comments of the Action that contain a text.
func (w *world) said(text string) []string {
	var out []string
	for _, c := range w.pull.Comments() {
		if strings.Contains(c.Body, text) && c.By == w.gh.Actions().Login {
			out = append(out, c.Body)
		}
	}
	return out
}

// TestLife follows a submission from the pull request to the registry.
func TestLife(t *testing.T) {
	w := newShop(t, publishConfig, "parleo")
	w.open(w.namespace("parleo", map[string]string{"miniapp.json": w.definition("parleo", `"miniapps:parleo"`, `"miniapps:parle"`)}))
	if r := w.runner("pull_request_target", pullPayload(w.pull.Number)); r.code != ExitClean || !slices.Contains(w.pull.Labels(), "stage: intake") {
		t.Fatalf("exit %d, labels %v", r.code, w.pull.Labels())
	}
	w.push(w.namespace("parleo", nil))
	w.review()
	w.approve()
	if !slices.Contains(w.pull.Labels(), "stage: approved") {
		t.Fatalf("labels %v", w.pull.Labels())
	}
	w.pull.Merge(w.mona)
	// The review sees the merge before the registry does.
	w.runner("pull_request_target", strings.Replace(pullPayload(w.pull.Number), "opened", "closed", 1))
	r := w.mustShip()
	files := w.published()
	var version string
	for name := range files {
		if v, ok := strings.CutPrefix(name, "parleo/"); ok && strings.HasSuffix(v, "/miniapp.json") {
			version = strings.TrimSuffix(v, "/miniapp.json")
		}
	}
	verifyPublished(t, files)
	if got := strings.Join(w.pull.Labels(), ", "); got != "kind: new, stage: published" {
		t.Errorf("labels %s", got)
	}
	digest := fmt.Sprintf("%x", sha256.Sum256([]byte(files["parleo/"+version+"/miniapp.json"])))
	comments := w.said("### Published:")
	if len(comments) != 1 {
		t.Fatalf("%d comments tell it: %+v\n%s", len(comments), w.pull.Comments(), r.log)
	}
	for _, want := range []string{"`https://api.market.example/v1/miniapps/parleo/oauth2`", "`https://api.market.example/v1/miniapps/parleo/webhooks`", digest,
		"/acme/definitions/tree/registry/parleo/" + version + ")", "git show FETCH_HEAD:parleo/" + version + "/miniapp.json | sha256sum", "gh attestation verify index.json --repo acme/definitions", "miniapp registry verify branch:registry"} {
		if !strings.Contains(comments[0], want) {
			t.Errorf("the comment does not have %q:\n%s", want, comments[0])
		}
	}
	var p registry.Provenance
	if err := json.Unmarshal([]byte(files["parleo/"+version+"/provenance.json"]), &p); err != nil {
		t.Fatal(err)
	}
	person := func(u *githubtest.User) registry.Person { return registry.Person{Login: u.Login, ID: u.ID} }
	if p.PullRequest == nil || p.PullRequest.Number != w.pull.Number || p.PullRequest.Author != person(w.partner) {
		t.Fatalf("provenance %+v", p)
	}
	if diff := cmp.Diff([]registry.Person{person(w.rita), person(w.mona)}, p.PullRequest.Approvers); diff != "" {
		t.Errorf("approvers (-want +got):\n%s", diff)
	}
	if len(p.PullRequest.QA) < 3 || p.PullRequest.QA[0] != (registry.QACheck{Item: "install", Result: "passed", By: person(w.rita)}) {
		t.Errorf("QA %+v", p.PullRequest.QA)
	}
	if p.Source.Tree == "" || p.Source.Commit == "" || p.Source.SHA256 == "" || p.Source.Repository == "" {
		t.Errorf("source %+v", p.Source)
	}
	if got := outputs(t, r.outputs)["index-digest"]; got != fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(files["index.json"]))) {
		t.Errorf("index-digest %s", got)
	}
	tags, releases := w.marks(version, w.pull.Head(), w.parleoNotes())
	w.mustMark("published", tags, releases)
	if p.Source.Commit != w.pull.Head() {
		t.Errorf("published from %s, not %s", p.Source.Commit, w.pull.Head())
	}
	if r = w.mustShip(); r.written != 0 || r.requests > 14 {
		t.Errorf("a run with nothing to do makes %d requests, %d of them writes", r.requests, r.written)
	}
	// What came in without a pull request says so.
	if err := json.Unmarshal([]byte(files["taskhub/"+versionIn(t, files, "taskhub")+"/provenance.json"]), &p); err != nil || p.Unknown == "" {
		t.Errorf("provenance of the first commit: %+v, %v", p, err)
	}
}

// versionIn returns the version of a namespace in a registry's files.
func versionIn(t *testing.T, files map[string]string, ns string) string {
	t.Helper()
	for name := range files {
		if v, ok := strings.CutPrefix(name, ns+"/"); ok && strings.HasSuffix(v, "/miniapp.json") {
			return strings.TrimSuffix(v, "/miniapp.json")
		}
	}
	t.Fatalf("no version of %s is published", ns)
	return ""
}

// verifyPublished holds a registry's files against each other as anybody can who
// knows the layout, without the code that wrote them.
func verifyPublished(t *testing.T, files map[string]string) {
	t.Helper()
	sum := func(name string) string {
		if _, ok := files[name]; !ok {
			t.Errorf("%s is missing", name)
		}
		return fmt.Sprintf("%x", sha256.Sum256([]byte(files[name])))
	}
	var index struct {
		MiniApps map[string]struct {
			Versions map[string]struct{ SHA256, Provenance string }
		}
	}
	if err := json.Unmarshal([]byte(files["index.json"]), &index); err != nil || len(index.MiniApps) == 0 {
		t.Fatalf("the index: %v", err)
	}
	for ns, app := range index.MiniApps {
		for version, v := range app.Versions {
			dir := ns + "/" + version + "/"
			if sum(dir+"miniapp.json") != v.SHA256 || sum(dir+"provenance.json") != v.Provenance {
				t.Errorf("%s has other digests than the index says", dir)
			}
			var p struct{ Files map[string]string }
			if err := json.Unmarshal([]byte(files[dir+"provenance.json"]), &p); err != nil {
				t.Error(err)
			}
			for _, name := range []string{"miniapp.json", "listing.json", "CHANGELOG.md"} {
				if sum(dir+name) != p.Files[name] {
					t.Errorf("%s%s has another digest than the provenance says", dir, name)
				}
			}
		}
	}
}

// TestAttack46PublishedVersionChanged: other content under a published
// version stops its namespace and no other, and shouts.
func TestAttack46PublishedVersionChanged(t *testing.T) {
	w := newShop(t, publishConfig)
	w.mustShip()
	before := w.published()
	next := w.definition("taskhub", `"version": "`+versionIn(t, before, "taskhub")+`"`, `"version": "9.0.0"`)
	w.repo.Push("main", w.mona, githubtest.Files{
		parleo + "miniapp.json":            githubtest.Text(w.definition("parleo", `"title": "`, `"title": "Not `)),
		"definitions/taskhub/miniapp.json": githubtest.Text(next),
	})
	r := w.ship("push", pushed)
	if r.code != ExitFindings || !strings.Contains(r.log, "::error title=branch%3Aregistry::parleo is not published") {
		t.Errorf("exit %d\n%s%s", r.code, r.log, r.err)
	}
	after := w.published()
	for name, text := range before {
		if strings.HasPrefix(name, "parleo/") && after[name] != text {
			t.Errorf("%s changed", name)
		}
	}
	if after["taskhub/9.0.0/miniapp.json"] == "" {
		t.Error("the other namespace was held back")
	}
	verifyPublished(t, after)
}

// TestAttack36TwoPullsOneVersion: of two merged pull requests with one
// version, the registry keeps the first; the second one is not called published.
func TestAttack36TwoPullsOneVersion(t *testing.T) {
	w := newShop(t, publishConfig, "parleo")
	w.open(w.namespace("parleo", nil))
	w.review()
	w.approve()
	first := w.pull
	first.Merge(w.mona)
	w.mustShip()
	before := w.published()
	w.fork.Move("work", w.partner, w.repo.Branch("main"))
	w.open(githubtest.Files{parleo + "miniapp.json": githubtest.Text(w.definition("parleo", `"title": "`, `"title": "Not `))})
	w.review()
	w.pull.Merge(w.mona)
	if r := w.ship("push", pushed); r.code != ExitFindings {
		t.Errorf("exit %d\n%s", r.code, r.log)
	}
	if diff := cmp.Diff(before, w.published()); diff != "" {
		t.Errorf("the registry changed (-before +after):\n%s", diff)
	}
	if slices.Contains(w.pull.Labels(), "stage: published") || len(w.said("### Published:")) > 0 {
		t.Errorf("the second pull request has the labels %v", w.pull.Labels())
	}
}

// TestAttack45OldRunPublishes: an old run that is run again publishes what the
// branch holds now, and nothing older.
func TestAttack45OldRunPublishes(t *testing.T) {
	w := newShop(t, publishConfig)
	old := w.repo.Branch("main")
	version := versionOf([]byte(w.examples[parleo+"miniapp.json"]))
	w.repo.Push("main", w.mona, githubtest.Files{parleo + "miniapp.json": githubtest.Text(w.definition("parleo", `"version": "`+version+`"`, `"version": "9.0.0"`))})
	event := strings.Replace(pushed, strings.Repeat("2", 40), old, 1)
	if r := w.ship("push", event); r.code != ExitClean {
		t.Fatalf("exit %d\n%s", r.code, r.log)
	}
	files := w.published()
	if files["parleo/9.0.0/miniapp.json"] == "" || files["parleo/"+version+"/miniapp.json"] != "" {
		t.Errorf("published: %v", slices.Sorted(maps.Keys(files)))
	}
	for name, event := range map[string]string{
		"a push to another branch": strings.Replace(pushed, "refs/heads/main", "refs/heads/work", 1),
		"a push of a tag":          strings.Replace(pushed, "refs/heads/main", "refs/tags/main", 1),
	} {
		if r := w.ship("push", event); r.code != ExitClean || r.requests != 0 {
			t.Errorf("%s: exit %d after %d requests", name, r.code, r.requests)
		}
	}
}

// TestAttack46Downgrade: the branch goes back to an older version; the
// registry stays, and build metadata makes no new version.
func TestAttack46Downgrade(t *testing.T) {
	w := newShop(t, publishConfig)
	w.mustShip()
	before := w.published()
	version := versionIn(t, before, "parleo")
	for _, c := range []struct{ version, log string }{{"0.0.1", "older"}, {version + "+1", "conflict"}} {
		w.repo.Push("main", w.mona, githubtest.Files{parleo + "miniapp.json": githubtest.Text(w.definition("parleo", `"version": "`+version+`"`, `"version": "`+c.version+`"`))})
		if r := w.ship("push", pushed); !strings.Contains(r.log, c.log) || r.written > 0 {
			t.Errorf("%s: exit %d, %d writes\n%s", c.version, r.code, r.written, r.log)
		}
	}
	if diff := cmp.Diff(before, w.published()); diff != "" {
		t.Errorf("the registry changed:\n%s", diff)
	}
}

// TestAttack48KilledPublishing: the run ends at each of its requests, and the
// next one makes up for it: one commit, one comment, one tag, one release.
func TestAttack48KilledPublishing(t *testing.T) {
	arrange := func() *world {
		w := newShop(t, publishConfig, "parleo", "mailbeam", "taskhub", "shopkeep", "sheetwise")
		w.open(w.namespace("parleo", nil))
		w.review()
		w.approve()
		w.pull.Merge(w.mona)
		return w
	}
	calm := arrange()
	calm.mustShip()
	writes := len(calm.gh.Writes())
	if writes < 7 {
		t.Fatalf("a run makes %d writes", writes)
	}
	for n := 1; n <= writes; n++ {
		for name, fault := range map[string]githubtest.Fault{"before": githubtest.Answer(401, "Bad credentials"), "after": githubtest.CutAfter()} {
			w := arrange()
			w.gh.Inject(githubtest.When{Writes: true, Nth: n}, fault)
			if name == "before" {
				// From there on nothing works any more, as in a job that was killed.
				w.gh.Inject(githubtest.When{Writes: true, Nth: n, Times: -1}, fault)
			}
			w.ship("push", pushed)
			w.gh.Heal()
			w.mustShip()
			verifyPublished(t, w.published())
			if !slices.Contains(w.pull.Labels(), "stage: published") || len(w.said("### Published:")) != 1 {
				t.Errorf("killed %s write %d: labels %v, %d comments", name, n, w.pull.Labels(), len(w.said("### Published:")))
			}
			tags, releases := w.marks("1.0.0", w.pull.Head(), w.parleoNotes())
			w.mustMark(fmt.Sprintf("killed %s write %d", name, n), tags, releases)
			if r := w.mustShip(); r.written > 0 {
				t.Errorf("killed %s write %d: a third run writes %d times", name, n, r.written)
			}
		}
	}
}

// TestAttack24ChangedAfterPublishing: what was published is what the registry gives,
// whatever becomes of the branch afterwards, and its digest is told.
func TestAttack24ChangedAfterPublishing(t *testing.T) {
	w := newShop(t, publishConfig)
	w.mustShip()
	before := w.published()
	w.repo.Push("main", w.mona, githubtest.Files{parleo + "SETUP.md": githubtest.Text("1. Send your password to evil.example\n")})
	r := w.mustShip()
	if diff := cmp.Diff(before, w.published()); diff != "" || r.written > 0 {
		t.Errorf("the registry changed:\n%s", diff)
	}
}

// TestFailedTargetHeals: one registry that fails holds back no other, fails the
// run by its name, and gets everything on the next run.
func TestFailedTargetHeals(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "registry")
	w := newShop(t, "publish: {to: [\"branch:registry\", \"static:"+dir+"\"]}\n", "parleo")
	w.open(w.namespace("parleo", nil))
	w.review()
	w.approve()
	w.pull.Merge(w.mona)
	w.gh.Inject(githubtest.When{Method: "POST", Path: "/repos/*/*/git/trees", Times: -1}, githubtest.Answer(403, "Resource not accessible by integration"))
	r := w.ship("push", pushed)
	if r.code != ExitFailed || !strings.Contains(r.log, "publishing failed at branch:registry") || !strings.Contains(r.log, "contents: write") {
		t.Errorf("exit %d\n%s%s", r.code, r.log, r.err)
	}
	if slices.Contains(w.pull.Labels(), "stage: published") {
		t.Error("it is called published before every registry has it")
	}
	w.gh.Heal()
	w.mustShip()
	files := w.published()
	verifyPublished(t, files)
	if !slices.Contains(w.pull.Labels(), "stage: published") {
		t.Errorf("labels %v", w.pull.Labels())
	}
}

// TestVisibilityOfPull: /visibility decides, and later updates keep it.
func TestVisibilityOfPull(t *testing.T) {
	w := newShop(t, publishConfig, "parleo")
	w.open(w.namespace("parleo", nil))
	w.review()
	w.pull.Comment(w.rita, "/visibility partner-only")
	w.approve()
	w.pull.Merge(w.mona)
	w.mustShip()
	version := versionIn(t, w.published(), "parleo")
	if text := w.published()["parleo/"+version+"/miniapp.json"]; !strings.Contains(text, `"status":"private"`) {
		t.Errorf("the definition is %s", text)
	}
	if comments := w.said("| Visible to | partners |"); len(comments) != 1 {
		t.Errorf("%d comments tell it", len(comments))
	}
	// The command takes no tenants: they come from the configuration.
	if listing := w.published()["parleo/"+version+"/listing.json"]; !strings.Contains(listing, `"visibility"`) || strings.Contains(listing, `"tenants"`) {
		t.Errorf("the listing is %s", listing)
	}
	w.repo.Push("main", w.mona, githubtest.Files{parleo + "miniapp.json": githubtest.Text(w.definition("parleo", `"version": "`+version+`"`, `"version": "9.0.0"`))})
	w.mustShip()
	if text := w.published()["parleo/9.0.0/miniapp.json"]; !strings.Contains(text, `"status":"private"`) {
		t.Errorf("an update became public by itself: %s", text)
	}
	w.repo.Push("main", w.mona, githubtest.Files{".github/miniapp-review.yml": githubtest.Text(publishConfig + "  partner_only: {parleo: [acme-us, acme-eu]}\n")})
	if r := w.mustShip(); r.written > 0 {
		t.Errorf("a version got other tenants than it was published with:\n%s", r.log)
	}
	w.repo.Push("main", w.mona, githubtest.Files{parleo + "miniapp.json": githubtest.Text(w.definition("parleo", `"version": "`+version+`"`, `"version": "9.1.0"`))})
	w.mustShip()
	var listing struct {
		Visibility registry.Visibility
		Tenants    []string
	}
	if err := json.Unmarshal([]byte(w.published()["parleo/9.1.0/listing.json"]), &listing); err != nil || listing.Visibility != registry.Partner || !slices.Equal(listing.Tenants, []string{"acme-eu", "acme-us"}) {
		t.Errorf("the listing has %+v, %v", listing, err)
	}
}

// TestAutoMergePublishes: what the review merges itself is published by the same
// run, since no other one starts.
func TestAutoMergePublishes(t *testing.T) {
	w := newShop(t, publishConfig+"auto_merge: true\n", "parleo")
	w.open(w.namespace("parleo", nil))
	w.review()
	w.pull.Comment(w.rita, "/qa pass")
	w.review()
	w.pull.Review(w.rita, githubtest.Approve, "")
	r := w.runner("pull_request_target", pullPayload(w.pull.Number))
	if r.code != ExitClean || w.pull.State() != "merged" {
		t.Fatalf("exit %d, %s\n%s", r.code, w.pull.State(), r.log)
	}
	if !slices.Contains(w.pull.Labels(), "stage: published") || len(w.said("### Published:")) != 1 {
		t.Errorf("labels %v\n%s", w.pull.Labels(), r.log)
	}
	verifyPublished(t, w.published())
}
