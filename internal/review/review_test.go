package review_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/plan"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/pull/pulltest"
	"github.com/karzoun/miniapp-review/internal/report"
	"github.com/karzoun/miniapp-review/internal/review"
	"github.com/karzoun/miniapp-review/internal/stage"
)

// repository returns the files of the example definitions repository.
func repository(t testing.TB) pulltest.Files {
	t.Helper()
	files := map[string]string{}
	root := "../../examples/definitions-repo"
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		rel, _ := filepath.Rel(root, name)
		files[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pulltest.Texts(files)
}

// without returns the files without a namespace.
func without(files pulltest.Files, ns string) pulltest.Files {
	out := pulltest.Files{}
	for name, f := range files {
		if !strings.HasPrefix(name, "definitions/"+ns+"/") {
			out[name] = f
		}
	}
	return out
}

// edited returns the files with replacements in one of them.
func edited(t testing.TB, files pulltest.Files, name string, oldNew ...string) pulltest.Files {
	t.Helper()
	text := files[name].Data
	for i := 0; i < len(oldNew); i += 2 {
		if !strings.Contains(text, oldNew[i]) {
			t.Fatalf("%s does not contain %q", name, oldNew[i])
		}
		text = strings.Replace(text, oldNew[i], oldNew[i+1], 1)
	}
	return files.With(map[string]string{name: text})
}

// validator compiles the schema once for all tests.
var validator = sync.OnceValues(definition.NewValidator)

func run(t testing.TB, s *pull.Snapshot) *review.Result {
	t.Helper()
	schema, err := validator()
	if err != nil {
		t.Fatal(err)
	}
	r, err := review.Review(context.Background(), s, review.Options{Schema: schema, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if n := utf8.RuneCountInString(r.Comment); n > report.MaxComment-200 {
		t.Fatalf("the comment has %d characters", n)
	}
	return r
}

// settle applies a plan and checks that nothing is left to do.
func settle(t testing.TB, s *pull.Snapshot) *review.Result {
	t.Helper()
	first := run(t, s)
	pulltest.Apply(s, first.Plan, -1)
	if again := run(t, s); len(again.Plan.Operations) > 0 {
		t.Fatalf("after the plan was applied, this is planned: %s", kinds(again.Plan))
	}
	return first
}

func kinds(p plan.Plan) string {
	var list []string
	for _, op := range p.Operations {
		list = append(list, string(op.Kind))
	}
	return strings.Join(list, " ")
}

const acme = "definitions/parleo/miniapp.json"

func TestCleanSubmission(t *testing.T) {
	repo := repository(t)
	s := pulltest.New(without(repo, "parleo"), repo)
	r := settle(t, s)
	if r.Decision.Stage != stage.QA || r.Decision.Status != stage.Pending {
		t.Errorf("%+v", r.Decision)
	}
	if got := kinds(r.Plan); got != "add-labels create-comment set-status" {
		t.Errorf("plans %s", got)
	}
	if want := []string{"kind: new", "stage: qa", "waiting: reviewer"}; !slices.Equal(s.Labels, want) {
		t.Errorf("labels %q", s.Labels)
	}
}

// TestFindingsAndFix follows a submission with an error and its correction.
func TestFindingsAndFix(t *testing.T) {
	repo := repository(t)
	base := without(repo, "parleo")
	broken := edited(t, repo, acme, `"miniapps:parleo"`, `"miniapps:parle"`)
	s := pulltest.New(base, broken)
	r := settle(t, s)
	if r.Decision.Stage != stage.Intake || r.Decision.Status != stage.Failure || len(s.Remarks) == 0 {
		t.Fatalf("%+v with %d remarks, findings %+v", r.Decision, len(s.Remarks), r.Findings)
	}
	if got := kinds(r.Plan); got != "set-status add-labels create-comment create-review set-status" {
		t.Errorf("plans %s", got)
	}
	if body := s.Remarks[0].Body; !strings.Contains(body, "```suggestion\n      \"type\": \"miniapps:parleo\",\n```") {
		t.Errorf("no suggestion in\n%s", body)
	}
	pulltest.Push(s, base, repo)
	settle(t, s)
	if !s.Remarks[0].Minimized || !strings.HasPrefix(s.Remarks[0].Body, "✅ Mended in ") {
		t.Errorf("the remark is %+v", s.Remarks[0])
	}
	if len(s.Comments) != 1 {
		t.Errorf("%d status comments", len(s.Comments))
	}
	// The mistake comes back: it gets a new remark.
	pulltest.Push(s, base, broken)
	settle(t, s)
	if len(s.Remarks) != 2 {
		t.Errorf("%d remarks after the mistake came back", len(s.Remarks))
	}
}

// TestAnsweredRemarkStays checks that what people talk about is not folded away.
func TestAnsweredRemarkStays(t *testing.T) {
	repo := repository(t)
	base := without(repo, "parleo")
	s := pulltest.New(base, edited(t, repo, acme, `"miniapps:parleo"`, `"miniapps:parle"`))
	settle(t, s)
	s.Remarks = append(s.Remarks, pull.Remark{ID: 900, User: s.Author, InReplyTo: s.Remarks[0].ID, Body: "Why?"})
	pulltest.Push(s, base, repo)
	settle(t, s)
	if s.Remarks[0].Minimized || !strings.HasPrefix(s.Remarks[0].Body, "✅") {
		t.Errorf("the remark is %+v", s.Remarks[0])
	}
}

// TestConverges kills the run after each operation. The next run ends where an
// undisturbed one does, with one status comment and no remark twice.
func TestConverges(t *testing.T) {
	repo := repository(t)
	base := without(repo, "parleo")
	broken := edited(t, repo, acme, `"miniapps:parleo"`, `"miniapps:parle"`, `"category": "`, `"category": "x`)
	for _, c := range []struct {
		name   string
		before func() *pull.Snapshot
	}{
		{"clean", func() *pull.Snapshot { return pulltest.New(base, repo) }},
		{"findings", func() *pull.Snapshot { return pulltest.New(base, broken) }},
		{"a fix", func() *pull.Snapshot {
			s := pulltest.New(base, broken)
			settle(t, s)
			pulltest.Push(s, base, repo)
			return s
		}},
	} {
		undisturbed := c.before()
		total := len(run(t, undisturbed).Plan.Operations)
		settle(t, undisturbed)
		for n := range total + 1 {
			s := c.before()
			pulltest.Apply(s, run(t, s).Plan, n)
			settle(t, s)
			if !slices.Equal(s.Labels, undisturbed.Labels) || len(s.Comments) != len(undisturbed.Comments) || len(s.Remarks) != len(undisturbed.Remarks) ||
				s.Comments[0].Body != undisturbed.Comments[0].Body || s.Statuses[0].State != undisturbed.Statuses[0].State {
				t.Errorf("%s, killed after %d of %d operations: labels %q, %d comments, %d remarks", c.name, n, total, s.Labels, len(s.Comments), len(s.Remarks))
			}
		}
	}
}

func TestEarlyEnds(t *testing.T) {
	repo := repository(t)
	for _, c := range []struct {
		name   string
		change func(*pull.Snapshot)
		ops    string
		status stage.Status
	}{
		{"draft", func(s *pull.Snapshot) { s.Draft = true }, "set-status", stage.Pending},
		{"closed", func(s *pull.Snapshot) { s.Closed = true }, "", stage.Unchanged},
		{"not complete", func(s *pull.Snapshot) { s.Incomplete = "it changes 4000 files, and at most 300 are looked at" }, "set-status add-labels create-comment set-status", stage.Error},
		{"conflict", func(s *pull.Snapshot) { s.Conflict = true }, "set-status add-labels create-comment set-status", stage.Failure},
		{"wrong configuration", func(s *pull.Snapshot) {
			s.BaseTree.Files = slices.Clone(s.BaseTree.Files)
			for i, f := range s.BaseTree.Files {
				if f.Path == review.ConfigFile {
					s.BaseTree.Files[i].SHA = "bad"
				}
			}
			s.Blobs["bad"] = pull.Blob("rules: [")
		}, "set-status add-labels create-comment set-status", stage.Error},
	} {
		s := pulltest.New(without(repo, "parleo"), repo)
		c.change(s)
		r := settle(t, s)
		if kinds(r.Plan) != c.ops || r.Decision.Status != c.status {
			t.Errorf("%s: plans %q, status %q", c.name, kinds(r.Plan), r.Decision.Status)
		}
	}
	s := pulltest.New(repo, repo.With(map[string]string{"README.md": "hello", "definitions/README.md": "hello"}))
	if r := settle(t, s); kinds(r.Plan) != "set-status" || r.Decision.Status != stage.Success || !r.Facts.Nothing {
		t.Errorf("no definition: %s, %+v", kinds(r.Plan), r.Decision)
	}
}

func TestHolds(t *testing.T) {
	repo := repository(t)
	base := without(repo, "parleo")
	for _, c := range []struct {
		name string
		head pulltest.Files
		want string
	}{
		{"a workflow", repo.With(map[string]string{".github/workflows/x.yml": "on: push"}), `it changes how the repository itself works: ".github/workflows/x.yml"`},
		{"another file", repo.With(map[string]string{"README.md": "`@all` [x](y)"}), `it changes files outside the folder of a namespace: "README.md"`},
		{"another namespace", edited(t, repo, "definitions/taskhub/SETUP.md", "1.", "1. "), `it touches 2 namespaces, "parleo", "taskhub", and a submission is about one`},
		{"a removal", without(base, "taskhub"), `it removes the namespace "taskhub"`},
	} {
		s := pulltest.New(base, c.head)
		r := settle(t, s)
		if !slices.Contains(r.Facts.Holds, c.want) {
			t.Errorf("%s: held for %q", c.name, r.Facts.Holds)
		}
		if r.Decision.Status == stage.Success || !strings.Contains(r.Comment, "held for a maintainer") {
			t.Errorf("%s: %+v", c.name, r.Decision)
		}
	}
}

// TestForgedComments checks that comments of others, and such that were edited
// or copied, are not touched.
func TestForgedComments(t *testing.T) {
	repo := repository(t)
	base := without(repo, "parleo")
	clean := pulltest.New(base, repo)
	settle(t, clean)
	body := clean.Comments[0].Body
	for name, c := range map[string]pull.Comment{
		"a stranger's copy":            {ID: 1, User: pulltest.Partner(), Body: body},
		"edited by a maintainer":       {ID: 2, User: pulltest.Bot(), Body: strings.Replace(body, "review", "REVIEW", 1)},
		"echoed by another workflow":   {ID: 3, User: pulltest.Bot(), Body: "Somebody wrote:\n" + body},
		"a marker in the middle":       {ID: 4, User: pulltest.Bot(), Body: body + "\nmore"},
		"a lookalike without a digest": {ID: 5, User: pulltest.Bot(), Body: "<!-- miniapp-review status -->"},
	} {
		s := pulltest.New(base, repo)
		s.Comments = []pull.Comment{c}
		r := settle(t, s)
		if s.Comments[0].Body != c.Body || s.Comments[0].Minimized || len(s.Comments) != 2 {
			t.Errorf("%s: %s", name, kinds(r.Plan))
		}
	}
}

// TestCap checks the bound of remarks, and that what is left out stays so.
func TestCap(t *testing.T) {
	repo := repository(t)
	base := without(repo, "parleo").With(map[string]string{review.ConfigFile: "review: {max_remarks: 2}\n"})
	head := edited(t, repo, acme, `"miniapps:parleo"`, `"miniapps:parle"`, `"category": "`, `"category": "x`, `"miniapps:parleo"`, `"miniapps:parl"`).
		With(map[string]string{review.ConfigFile: "review: {max_remarks: 2}\n"})
	s := pulltest.New(base, head)
	if r := settle(t, s); len(s.Remarks) != 2 || len(r.Findings) < 3 {
		t.Errorf("%d remarks of %d findings", len(s.Remarks), len(r.Findings))
	}
}

// TestPendingReview checks that a review that an interrupted run left is thrown
// away first.
func TestPendingReview(t *testing.T) {
	repo := repository(t)
	s := pulltest.New(without(repo, "parleo"), edited(t, repo, acme, `"miniapps:parleo"`, `"miniapps:parle"`))
	s.Reviews = []pull.Review{{ID: 3, User: pulltest.Bot(), State: pull.Pending}, {ID: 4, User: pulltest.Partner(), State: pull.Pending}}
	if got := kinds(settle(t, s).Plan); got != "set-status add-labels create-comment delete-pending create-review set-status" {
		t.Errorf("plans %s", got)
	}
}

func TestUnknownIdentity(t *testing.T) {
	s := pulltest.New(pulltest.Files{}, pulltest.Files{})
	s.Self = pull.User{}
	if _, err := review.Review(context.Background(), s, review.Options{}); err == nil {
		t.Error("a review without an identity is made")
	}
}
