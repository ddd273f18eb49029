package github

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/githubtest"
	"github.com/karzoun/miniapp-review/internal/plan"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// The tests of this file are rows of the catalogue of attacks on tools that
// read pull requests, as far as they concern reading.

// modeOf returns the mode that a submission's file has at the head.
func modeOf(t *testing.T, s *pull.Snapshot, ns, name string) *submission.File {
	t.Helper()
	p, err := submission.Load(s.Source(s.HeadTree), submission.Dir(ns))
	if err != nil {
		t.Fatal(err)
	}
	f := p.File(name)
	if f == nil {
		t.Fatalf("%s is not listed", name)
	}
	return f
}

// A link in the place of a definition is seen as one: neither what it leads to
// nor its own text is read.
func TestAttack01SymlinkInPlaceOfDefinition(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	for _, target := range []string{"../../.github/miniapp-review.yml", "/proc/self/environ", "../zeta/miniapp.json"} {
		w.fork.Push("change", w.partner, githubtest.Files{"definitions/acme/miniapp.json": githubtest.Symlink(target)})
		p := w.repo.Open(w.fork, "change", w.partner, githubtest.PullSpec{})
		s := w.read(w.client("", nil), p)
		f := modeOf(t, s, "acme", "miniapp.json")
		if f.Mode != source.Symlink || f.Data != nil {
			t.Errorf("%s: mode %o, %q", target, f.Mode, f.Data)
		}
		if _, err := s.Source(s.HeadTree).ReadFile("definitions/acme/miniapp.json", 1000); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: reading gives %v", target, err)
		}
		if s.Blobs[blobID([]byte(target))] != nil {
			t.Errorf("%s: the link's text was read", target)
		}
		p.Close(w.partner)
	}
}

// A link in the place of a namespace's folder leads nowhere either.
func TestAttack01SymlinkInPlaceOfNamespace(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	s := w.read(w.client("", nil), w.open(githubtest.Files{"definitions/evil": githubtest.Symlink("acme")}))
	if paths(s.Changes) != "A definitions/evil" || source.Mode(s.Changes[0].HeadMode) != source.Symlink {
		t.Errorf("changes %s", paths(s.Changes))
	}
	if _, err := s.Source(s.HeadTree).ReadDir("definitions/evil"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("listing gives %v", err)
	}
}

func TestAttack02SubmoduleInPlaceOfFile(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	s := w.read(w.client("", nil), w.open(githubtest.Files{
		"definitions/acme/SETUP.md": githubtest.Submodule(strings.Repeat("ab", 20)),
		"definitions/module":        githubtest.Submodule(strings.Repeat("cd", 20)),
	}))
	if f := modeOf(t, s, "acme", "SETUP.md"); f.Mode != source.Submodule || f.Data != nil {
		t.Errorf("mode %o, %q", f.Mode, f.Data)
	}
	if s.Incomplete != "" || len(s.Changes) != 2 || source.Mode(s.Changes[1].HeadMode) != source.Submodule {
		t.Errorf("%q, %+v", s.Incomplete, s.Changes)
	}
}

// Paths arrive as they are, so that rules can refuse them: nothing is folded,
// decoded or cleaned on the way.
func TestAttack03StrangeNames(t *testing.T) {
	names := []string{"A.json", "a.json", "CON", "dot.", "space ", "tab\t.json", "\u202egnp.json", "e\u0301.json", "\u00e9.json", "%2e%2e", "a\\b.json", "b..c.json", "?x#y.json"}
	w := newWorld(t, githubtest.Options{})
	files := githubtest.Files{"definitions/acme/run.sh": githubtest.Executable("#!/bin/sh\n")}
	for _, n := range names {
		files["definitions/acme/"+n] = githubtest.Text("x\n")
	}
	s := w.read(w.client("", nil), w.open(files))
	for _, n := range names {
		if f := modeOf(t, s, "acme", n); string(f.Data) != "x\n" {
			t.Errorf("%q: %v", n, f.Err)
		}
	}
	if f := modeOf(t, s, "acme", "run.sh"); f.Mode != source.Executable {
		t.Errorf("mode %o", f.Mode)
	}
}

// Names that no file can have, and two files with one name, stop the review: a
// checkout would not give what was looked at.
func TestAttack04ImpossiblePaths(t *testing.T) {
	id := strings.Repeat("a", 40)
	for _, list := range [][]string{
		{"../x"}, {"a/../b"}, {"/x"}, {"a//b"}, {"a/."}, {".git/config"}, {"a/.GIT"}, {"a\x00b"}, {""}, {"x", "x"}, {strings.Repeat("d/", maxDepth+1) + "f"},
	} {
		b := builder{root: &folder{}, recursive: true, folders: map[string]*folder{}}
		var err error
		for _, p := range list {
			for i := range p {
				if p[i] == '/' && i > 0 && b.folders[p[:i]] == nil {
					if err = errors.Join(err, b.add(p[:i], "040000", id, -1)); err != nil {
						break
					}
				}
			}
			err = errors.Join(err, b.add(p, "100644", id, 1))
		}
		err = errors.Join(err, b.finish())
		var why *unreadable
		if !errors.As(err, &why) {
			t.Errorf("%q: %v", list, err)
		}
	}
}

// A pointer to a large file stays the pointer; nothing follows it.
func TestAttack05LargeFilePointer(t *testing.T) {
	pointer := "version https://git-lfs.github.com/spec/v1\noid sha256:" + strings.Repeat("0", 64) + "\nsize 12345\n"
	w := newWorld(t, githubtest.Options{})
	s := w.read(w.client("", nil), w.open(githubtest.Texts(map[string]string{"definitions/acme/miniapp.json": pointer})))
	if f := modeOf(t, s, "acme", "miniapp.json"); string(f.Data) != pointer {
		t.Errorf("%q, %v", f.Data, f.Err)
	}
	for _, r := range w.s.Requests() {
		if !strings.HasPrefix(r.Path, "/repos/keeper/definitions/") && r.Path != "/graphql" {
			t.Errorf("%s was asked for", r.Path)
		}
	}
}

// Every path that differs is a change, whatever GitHub's list would call it.
func TestAttack06ChangeOutsideNamespace(t *testing.T) {
	zeta := "{\"version\": \"3.0.0\"}\n"
	for name, tc := range map[string]struct {
		files githubtest.Files
		want  string
	}{
		"rename across namespaces": {githubtest.Files{"definitions/zeta/miniapp.json": githubtest.Gone(), "definitions/acme/zeta.json": githubtest.Text(zeta)},
			"A definitions/acme/zeta.json, D definitions/zeta/miniapp.json"},
		"copy":      {githubtest.Files{"definitions/new/miniapp.json": githubtest.Text(zeta)}, "A definitions/new/miniapp.json"},
		"mode only": {githubtest.Files{"definitions/zeta/miniapp.json": githubtest.Executable(zeta)}, "M definitions/zeta/miniapp.json"},
		"delete":    {githubtest.Files{"definitions/zeta/miniapp.json": githubtest.Gone()}, "D definitions/zeta/miniapp.json"},
		"file becomes folder": {githubtest.Files{"README.md": githubtest.Gone(), "README.md/x": githubtest.Text("x")},
			"D README.md, A README.md/x"},
		"root": {githubtest.Texts(map[string]string{"CODEOWNERS": "* @x"}), "A CODEOWNERS"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, githubtest.Options{})
			if s := w.read(w.client("", nil), w.open(tc.files)); paths(s.Changes) != tc.want {
				t.Errorf("changes %s, want %s", paths(s.Changes), tc.want)
			}
		})
	}
}

// The configuration and the owners are those of the base, whatever the pull
// request makes of them.
func TestAttack07ConfigurationInPullRequest(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	s := w.read(w.client("", nil), w.open(githubtest.Texts(map[string]string{
		".github/miniapp-review.yml": "rules: {}\n", ".github/CODEOWNERS": "* @partner\n",
		"definitions/acme/owners.json": "[{\"login\": \"partner\"}]\n", "definitions/acme/SETUP.md": "1. x\n",
	})))
	base := s.Source(s.BaseTree)
	if config, err := base.ReadFile(".github/miniapp-review.yml", 1000); string(config) != configText {
		t.Errorf("configuration %q, %v", config, err)
	}
	if owners, err := base.ReadFile("definitions/acme/owners.json", 1000); string(owners) != "[]\n" {
		t.Errorf("owners %q, %v", owners, err)
	}
	if want := "A .github/CODEOWNERS, M .github/miniapp-review.yml"; !strings.HasPrefix(paths(s.Changes), want) {
		t.Errorf("changes %s", paths(s.Changes))
	}
}

// More files than are read is said, and no list that GitHub cuts off is used.
func TestAttack08TooManyFiles(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	files := githubtest.Files{}
	for i := range 320 {
		files[fmt.Sprintf("definitions/acme/webhooks/%03d.json", i)] = githubtest.Text(fmt.Sprint(i))
	}
	p := w.open(files)
	s := w.read(w.client("", nil), p)
	if s.Incomplete != "the pull request changes more than 300 files, the most that are read: split it up" || len(s.Changes) != 300 {
		t.Errorf("%q, %d changes", s.Incomplete, len(s.Changes))
	}
	for _, r := range w.s.Requests() {
		if strings.HasSuffix(r.Path, "/files") {
			t.Error("GitHub's list of files was read")
		}
	}
	if s = w.read(w.client("", func(o *Options) { o.MaxChanges = 320 }), p); s.Incomplete != "" || len(s.Changes) != 320 {
		t.Errorf("with a higher limit: %q, %d changes", s.Incomplete, len(s.Changes))
	}
	if head, err := submission.Load(s.Source(s.HeadTree), "definitions/acme"); err != nil || !head.Truncated {
		t.Errorf("a namespace of 325 files: %v", err)
	}
}

// A push between reading and writing stops everything.
func TestAttack29PushBeforeWriting(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	p := w.open(fiveFiles())
	c := w.client("", nil)
	s := w.read(c, p)
	w.fork.Push("change", w.partner, githubtest.Texts(map[string]string{"definitions/acme/SETUP.md": "evil\n"}))
	w.s.ResetLog()
	err := c.Apply(context.Background(), plan.Plan{Number: p.Number, Head: s.Head.SHA, Operations: everyOperation(s)}, func(plan.Made) { t.Error("something was made") })
	if !errors.Is(err, ErrMoved) || len(w.s.Writes()) != 0 {
		t.Errorf("%v, %d writes", err, len(w.s.Writes()))
	}
}

// What a hint says is looked up: only an open pull request of this repository
// with just this head is found.
func TestAttack41ForgedHint(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	p := w.open(fiveFiles())
	c := w.client("", nil)
	if number, err := c.FindPull(context.Background(), "Partner/definitions", p.Head()); err != nil || number != p.Number {
		t.Errorf("got %d, %v", number, err)
	}
	for _, hint := range [][2]string{
		{"stranger/definitions", p.Head()}, {"partner/definitions", w.repo.Branch("main")}, {"", p.Head()},
		{"partner/definitions", ""}, {"../x", "1\n::set-output"},
	} {
		if number, err := c.FindPull(context.Background(), hint[0], hint[1]); ReasonOf(err) != NotFound || number != 0 || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %d, %v", hint, number, err)
		}
	}
	p.Close(w.partner)
	if _, err := c.FindPull(context.Background(), "partner/definitions", p.Head()); ReasonOf(err) != NotFound {
		t.Errorf("a closed one: %v", err)
	}
}

// States that are rare and real have a defined meaning.
func TestAttack42RareStates(t *testing.T) {
	for name, tc := range map[string]struct {
		do    func(*world, *githubtest.Pull)
		check func(*world, *pull.Snapshot) bool
	}{
		"fork deleted": {func(w *world, _ *githubtest.Pull) { w.fork.Delete() }, func(_ *world, s *pull.Snapshot) bool {
			return s.Head.Repository == "" && len(s.Changes) == 5
		}},
		"author gone": {func(w *world, _ *githubtest.Pull) { w.partner.Delete() }, func(_ *world, s *pull.Snapshot) bool {
			return s.Author == pull.User{} && len(s.Changes) == 5
		}},
		"locked": {func(w *world, p *githubtest.Pull) { p.Lock(w.keeper) }, func(_ *world, s *pull.Snapshot) bool { return len(s.Changes) == 5 }},
		"draft":  {func(w *world, p *githubtest.Pull) { p.ToDraft(w.partner) }, func(_ *world, s *pull.Snapshot) bool { return s.Draft }},
		"closed": {func(w *world, p *githubtest.Pull) { p.Close(w.partner) }, func(_ *world, s *pull.Snapshot) bool {
			return s.Closed && !s.Merged && len(s.Changes) == 5
		}},
		"reopened": {func(w *world, p *githubtest.Pull) { p.Close(w.partner); p.Reopen(w.partner) }, func(_ *world, s *pull.Snapshot) bool {
			return !s.Closed && len(s.Changes) == 5
		}},
		"base retargeted": {func(w *world, p *githubtest.Pull) {
			w.repo.Push("next", w.keeper, githubtest.Texts(map[string]string{"definitions/acme/miniapp.json": "{\"version\": \"1.0.5\"}\n"}))
			p.Retarget(w.keeper, "next")
		}, func(w *world, s *pull.Snapshot) bool {
			return s.Base.Branch == "next" && s.Base.SHA == w.repo.Branch("next") && s.MergeBase == w.repo.Branch("main") && s.Repository.DefaultBranch == "main"
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, githubtest.Options{})
			p := w.open(fiveFiles())
			tc.do(w, p)
			if s := w.read(w.client("", nil), p); s.Incomplete != "" || !tc.check(w, s) {
				t.Errorf("%q, %+v %+v %+v, changes %s", s.Incomplete, s.Author, s.Base, s.Head, paths(s.Changes))
			}
		})
	}
}

// A pull request with conflicts is reviewed, and says so.
func TestAttack43Conflict(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	p := w.open(fiveFiles())
	w.repo.Push("main", w.keeper, githubtest.Texts(map[string]string{"definitions/acme/miniapp.json": "{\"version\": \"2.0.0\"}\n"}))
	if s := w.read(w.client("", nil), p); !s.Conflict || len(s.Changes) != 5 {
		t.Errorf("conflict %v, changes %s", s.Conflict, paths(s.Changes))
	}
}

// A flood of comments by one account, and of commands by many, costs a bounded
// number of requests.
func TestAttack44Flood(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	p := w.open(fiveFiles())
	for range 1000 {
		p.Comment(w.partner, "/recheck\n/qa pass")
	}
	for i := range 100 {
		p.Comment(w.s.User(fmt.Sprintf("user%d", i)), "/qa pass")
	}
	w.s.ResetLog()
	s := w.read(w.client("", nil), p)
	if n := len(w.s.Requests()); n > 20+maxAsked || len(s.Comments) != 1100 || len(s.Permissions) != maxAsked {
		t.Errorf("%d requests, %d comments, %d people asked", n, len(s.Comments), len(s.Permissions))
	}
	if s.Permissions["user99"] != "read" {
		t.Error("those who spoke last are not asked first")
	}
}

// An old run reads what is there now, and its plan is not made.
func TestAttack45RerunOfOldRun(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	p := w.open(fiveFiles())
	old := p.Head()
	head := w.fork.Push("change", w.partner, githubtest.Texts(map[string]string{"definitions/acme/SETUP.md": "1. New\n"}))
	c := w.client("", nil)
	if s := w.read(c, p); s.Head.SHA != head {
		t.Errorf("head %s, want %s", s.Head.SHA, head)
	}
	status := plan.Operation{Kind: plan.SetStatus, Status: &plan.Status{Context: "miniapp-review", State: "success"}}
	err := c.Apply(context.Background(), plan.Plan{Number: p.Number, Head: old, Operations: []plan.Operation{status}}, nil)
	if !errors.Is(err, ErrMoved) || len(w.s.Writes()) != 0 {
		t.Errorf("%v, %d writes", err, len(w.s.Writes()))
	}
}

// A login that now belongs to somebody else has no rights from before.
func TestAttack34TakenLogin(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	p := w.open(fiveFiles())
	old := w.s.User("reviewer")
	p.Review(old, "APPROVE", "")
	old.Rename("renamed")
	w.repo.Permit(w.s.User("reviewer"), githubtest.Admin)
	c := w.client("", nil)
	right, err := c.Permission(context.Background(), pull.User{ID: old.ID, Login: "reviewer"})
	if right != "none" || err != nil {
		t.Errorf("got %q, %v", right, err)
	}
}

// TestCommitPeople reads who had a part in a commit. All of it can be forged.
func TestCommitPeople(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	friend, other, private := w.s.User("friend"), w.s.User("other"), w.s.User("private")
	private.Address = "private@example.com"
	commit := w.fork.Commit(githubtest.CommitSpec{
		Parents: []string{w.repo.Branch("main")}, Files: fiveFiles(), Author: w.partner, Committer: friend,
		Message: "Change\n\nco-authored-by: Other <" + other.Email() + ">\nCo-Authored-By: X <x@example.com>\nCo-authored-by: P <private@example.com>\nCo-authored-by: no address\n",
	})
	w.fork.Push("change", w.partner, nil)
	w.fork.Move("change", w.partner, commit)
	p := w.repo.Open(w.fork, "change", w.partner, githubtest.PullSpec{})
	s := w.read(w.client("", nil), p)
	var logins []string
	for _, u := range s.Commits[0].People {
		logins = append(logins, u.Login)
	}
	if diff := cmp.Diff([]string{"partner", "friend", "other", "private"}, logins); diff != "" {
		t.Errorf("people: %s", diff)
	}
	if !slices.Equal(s.Commits[0].Unknown, []string{"x@example.com"}) || s.Commits[0].People[2].ID != other.ID || s.Commits[0].People[3].ID != private.ID {
		t.Errorf("%+v", s.Commits[0])
	}
}
