package cli

import (
	"fmt"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/githubtest"
)

// queue makes a group of the merge queue with these files on top of main, and
// returns its payload and its commit.
func (w *world) queue(files githubtest.Files) (payload, head string) {
	base := w.repo.Branch("main")
	head = w.repo.Push("gh-readonly-queue/main/pr-1", w.mona, files)
	return groupPayload(base, head), head
}

func groupPayload(base, head string) string {
	return fmt.Sprintf(`{"action": "checks_requested", "merge_group": {"head_sha": %q, "base_sha": %q, "head_ref": "refs/heads/gh-readonly-queue/main/pr-1", "base_ref": "refs/heads/main"}}`, head, base)
}

func (w *world) groupStatus(head string) string {
	list := w.repo.Statuses(head)
	if len(list) == 0 {
		return ""
	}
	return list[0].State + ": " + list[0].Description
}

// TestMergeGroup checks groups by the rules, and that nothing but the status is
// written, once.
func TestMergeGroup(t *testing.T) {
	for _, c := range []struct {
		name   string
		files  func(w *world) githubtest.Files
		status string
		code   int
	}{
		{"clean", func(w *world) githubtest.Files { return w.namespace("parleo", nil) }, "success: the merge group has no errors", ExitClean},
		{"wrong", func(w *world) githubtest.Files {
			return w.namespace("parleo", map[string]string{"miniapp.json": w.definition("parleo", `"category": "`, `"category": "x`)})
		}, "failure: the merge group has errors: 1", ExitClean},
		{"no definition", func(*world) githubtest.Files {
			return githubtest.Texts(map[string]string{"README.md": "x"})
		}, "success: the merge group has no errors", ExitClean},
		{"another version of what is there", func(w *world) githubtest.Files {
			return w.namespace("taskhub", map[string]string{"miniapp.json": w.definition("taskhub", `"label": "`, `"label": "New `)})
		}, "failure: the merge group has errors: 1", ExitClean},
		{"too much", func(*world) githubtest.Files {
			files := githubtest.Files{}
			for i := range 400 {
				files[fmt.Sprintf("notes/%d.txt", i)] = githubtest.Text("x")
			}
			return files
		}, "error: could not check the merge group, see the run", ExitFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, githubtest.Options{}, "parleo")
			payload, head := w.queue(c.files(w))
			r := w.runner("merge_group", payload)
			if got := w.groupStatus(head); got != c.status || r.code != c.code || r.written != 1 {
				t.Errorf("status %q, exit %d, %d writes\n%s%s", got, r.code, r.written, r.log, r.err)
			}
			if r = w.runner("merge_group", payload); r.written != 0 {
				t.Errorf("the second run writes %d times", r.written)
			}
		})
	}
}

// TestMergeGroupSeesTheBaseNow checks the version against what was merged since
// the group was made, and that a group that is gone is left alone.
func TestMergeGroupSeesTheBaseNow(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	log := w.examples["definitions/taskhub/CHANGELOG.md"]
	next := func(version string) githubtest.Files {
		return w.namespace("taskhub", map[string]string{
			"miniapp.json": w.definition("taskhub", `"version": "1.1.0"`, `"version": "`+version+`"`, `"label": "`, `"label": "New `),
			"CHANGELOG.md": strings.Replace(log, "## [1.1.0]", "## ["+version+"] - 2026-11-22\n\n### Fixed\n\n- The badge says what the app is for.\n\n## [1.1.0]", 1),
		})
	}
	payload, head := w.queue(next("1.1.1"))
	if w.runner("merge_group", payload); w.groupStatus(head) != "success: the merge group has no errors" {
		t.Errorf("the status is %q", w.groupStatus(head))
	}
	w.repo.Push("main", w.mona, next("1.2.0"))
	if r := w.runner("merge_group", payload); w.groupStatus(head) != "failure: the merge group has errors: 1" {
		t.Errorf("after 1.2.0 was merged, the status is %q\n%s", w.groupStatus(head), r.log)
	}
	w.repo.Push("gh-readonly-queue/main/pr-1", w.mona, githubtest.Texts(map[string]string{"README.md": "x"}))
	if r := w.runner("merge_group", payload); r.written != 0 || !strings.Contains(r.log, "not in the queue any more") {
		t.Errorf("%d writes, log %s", r.written, r.log)
	}
	if r := w.runner("merge_group", strings.ReplaceAll(payload, "pr-1", "pr-2")); r.written != 0 || r.code != ExitClean {
		t.Errorf("a queue that is not there: %d writes, exit %d, %s", r.written, r.code, r.log)
	}
}
