package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/githubtest"
)

// marks are the tags and the releases that the world should have, for a version
// of parleo that was published from a commit.
func (w *world) marks(version, commit, notes string) (map[string]string, []githubtest.Release) {
	tag := "parleo/v" + version
	return map[string]string{tag: commit}, []githubtest.Release{{Tag: tag, Target: commit, Name: "parleo " + version, Body: notes,
		Prerelease: strings.Contains(version, "-"), Latest: "false", By: w.gh.Actions().Login}}
}

// mustMark compares the tags and releases with those.
func (w *world) mustMark(when string, tags map[string]string, releases []githubtest.Release) {
	w.Helper()
	if diff := cmp.Diff(tags, w.repo.Tags()); diff != "" {
		w.Errorf("%s: tags (-want +got):\n%s", when, diff)
	}
	if diff := cmp.Diff(releases, w.repo.Releases()); diff != "" {
		w.Errorf("%s: releases (-want +got):\n%s", when, diff)
	}
}

// parleoNotes is the release of the example as GitHub shows it: the section of
// its changelog, quoted.
func (w *world) parleoNotes() string {
	_, section, _ := strings.Cut(w.examples[parleo+"CHANGELOG.md"], "## [1.0.0] - 2026-11-04\n")
	return "```markdown\n" + strings.TrimSpace(section) + "\n```\n"
}

// mergeParleo brings parleo in by a pull request, with changes of its files.
func (w *world) mergeParleo(changes map[string]string) {
	w.Helper()
	w.open(w.namespace("parleo", changes))
	w.review()
	w.pull.Merge(w.mona)
}

// TestMarks: the configuration says whether a published version gets a tag and a
// release. Each is made once, and never for other content.
func TestMarks(t *testing.T) {
	for name, c := range map[string]struct {
		conf     string
		tag, rel bool
	}{
		"neither":  {`publish: {to: ["branch:registry"]}`, false, false},
		"tags":     {`publish: {to: ["branch:registry"], git_tags: true}`, true, false},
		"releases": {`publish: {to: ["branch:registry"], releases: true}`, true, true},
		"both":     {publishConfig, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newShop(t, c.conf, "parleo")
			w.mergeParleo(nil)
			commit := w.pull.Head()
			w.mustShip()
			tags, releases := w.marks("1.0.0", commit, w.parleoNotes())
			if !c.tag {
				tags = map[string]string{}
			}
			if !c.rel {
				releases = nil
			}
			w.mustMark("after one run", tags, releases)
			w.mustShip()
			w.mustMark("after two runs", tags, releases)

			w.fork.Move("work", w.partner, w.repo.Branch("main"))
			w.mergeParleo(map[string]string{"miniapp.json": w.definition("parleo", `"title": "`, `"title": "Not `)})
			if r := w.ship("push", pushed); r.code != ExitFindings {
				t.Fatalf("exit %d\n%s", r.code, r.log)
			}
			w.mustMark("after other content under the same version", tags, releases)
		})
	}
}

// TestMarksOtherContent: a pull request that was merged with other content under
// a published version gets neither, though there is no tag yet.
func TestMarksOtherContent(t *testing.T) {
	w := newShop(t, publishConfig)
	w.mustShip() // published from a push, of which no pull request is told
	w.mergeParleo(map[string]string{"miniapp.json": w.definition("parleo", `"title": "`, `"title": "Not `)})
	if r := w.ship("push", pushed); r.code != ExitFindings {
		t.Fatalf("exit %d\n%s", r.code, r.log)
	}
	w.mustMark("other content", map[string]string{}, nil)
}

// TestMarksSquashed: a squashed pull request leaves one commit on the branch,
// which the tag is at.
func TestMarksSquashed(t *testing.T) {
	w := newShop(t, publishConfig+"auto_merge: true\nmerge_method: squash\n", "parleo")
	w.open(w.namespace("parleo", nil))
	w.review()
	w.pull.Comment(w.rita, "/qa pass")
	w.review()
	w.pull.Review(w.rita, githubtest.Approve, "")
	if r := w.runner("pull_request_target", pullPayload(w.pull.Number)); r.code != ExitClean || w.pull.State() != "merged" {
		t.Fatalf("exit %d, %s\n%s", r.code, w.pull.State(), r.log)
	}
	tags, releases := w.marks("1.0.0", w.repo.Branch("main"), w.parleoNotes())
	w.mustMark("squashed", tags, releases)
}

// TestMarksHostileChangelog: a changelog cannot leave the quotation that it
// stands in, address anybody, or hide something.
func TestMarksHostileChangelog(t *testing.T) {
	w := newShop(t, publishConfig, "parleo")
	const section = "### Fixed\n\n- Thanks to @mona\n\n```\n````\n~~~~~\n<!-- --> ![x](https://evil.example/x.png)\n\u202egnp.exe\u200b ##[error]\x1b[31m\n"
	w.mergeParleo(map[string]string{"CHANGELOG.md": "# Changelog\n\n## [1.0.0] - 2026-11-04\n\n" + section})
	commit := w.pull.Head()
	w.mustShip()
	tags, releases := w.marks("1.0.0", commit, "`````markdown\n### Fixed\n\n- Thanks to @mona\n\n```\n````\n~~~~~\n<!-- --> ![x](https://evil.example/x.png)\n"+
		`\u202egnp.exe\u200b ##\u005berror]\u001b[31m`+"\n`````\n")
	w.mustMark("hostile", tags, releases)
}

// TestMarksLeaveTags: a tag that somebody put on another commit stays there, has
// no release, and keeps nobody from being told.
func TestMarksLeaveTags(t *testing.T) {
	w := newShop(t, publishConfig, "parleo")
	before := w.repo.Branch("main")
	w.repo.Tag("parleo/v1.0.0", w.mona, before)
	w.mergeParleo(nil)
	r := w.mustShip()
	w.mustMark("taken", map[string]string{"parleo/v1.0.0": before}, nil)
	if !strings.Contains(r.log, `::warning title=miniapp-review::The tag "parleo/v1.0.0" is at `+before) || len(w.said("### Published:")) != 1 {
		t.Errorf("the log is\n%s", r.log)
	}
}

// TestReleaseNotes: what a release says is bounded, and says when there is
// nothing.
func TestReleaseNotes(t *testing.T) {
	const none = "The changelog has no section for this version.\n"
	for _, text := range []string{"", " \n\n"} {
		if got := releaseNotes(text); got != none {
			t.Errorf("%q gives %q", text, got)
		}
	}
	got := releaseNotes("a" + strings.Repeat("é", 100_000))
	if want := "```markdown\na" + strings.Repeat("é", 49_999) + "\n…\n```\n"; got != want {
		t.Errorf("a long one has %d bytes, and ends in %q", len(got), got[len(got)-20:])
	}
}

// TestUnprotectedBranch: publishing from a branch that anybody may push to is
// warned of, each time, and only then.
func TestUnprotectedBranch(t *testing.T) {
	const warning = `::warning title=miniapp-review::The branch "main" is not protected, so that anybody who can push to it can publish.`
	w := newShop(t, publishConfig)
	if r := w.mustShip(); strings.Contains(r.log, "not protected") {
		t.Errorf("a protected branch is warned of:\n%s", r.log)
	}
	w.repo.Set(func(r *githubtest.Repo) { r.Protected = map[string][]string{"registry": nil} })
	for range 2 {
		if r := w.mustShip(); strings.Count(r.log, warning) != 1 {
			t.Errorf("the log is\n%s", r.log)
		}
	}
}
