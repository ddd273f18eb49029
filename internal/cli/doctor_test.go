package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/doctor"
	"github.com/karzoun/miniapp-review/internal/githubtest"
)

// doctor runs the command with a token.
func (w *world) doctor(token string, args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	env := map[string]string{"GITHUB_TOKEN": token, "GITHUB_API_URL": w.gh.URL}
	code = Main(context.Background(), append([]string{"doctor", "--repo", "acme/definitions"}, args...), Streams{In: strings.NewReader(""), Out: &o, Err: &e,
		Getenv: func(name string) string { return env[name] }, Now: w.gh.Now})
	return code, o.String(), e.String()
}

// TestDoctor examines a repository before and after somebody set it up.
func TestDoctor(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	keeper := w.gh.User("keeper")
	w.repo.Permit(keeper, githubtest.Admin)
	w.repo.Set(func(r *githubtest.Repo) { r.WorkflowPermissions = "write" })
	code, out, errs := w.doctor(keeper.Token())
	for _, want := range []string{
		`ok     repository: the default branch is "main"`, "ok     configuration: it can be read", `change required status: the default branch can be merged into without the status "miniapp-review"`,
		"change tokens of workflows: every workflow that does not say otherwise may write", "change pinned actions: ", "ok     events: ", "ok     checkouts: ", "ok     labels: ",
	} {
		if code != ExitFindings || errs != "" || !strings.Contains(out, want) {
			t.Fatalf("exit %d, %q is not in\n%s%s", code, want, out, errs)
		}
	}
	w.repo.Set(func(r *githubtest.Repo) {
		r.WorkflowPermissions = "read"
		r.Protected = map[string][]string{"main": {"miniapp-review"}}
	})
	pinned := map[string]string{}
	for _, name := range []string{".github/workflows/review.yml", ".github/workflows/publish.yml", ".github/workflows/qa.yml"} {
		pinned[name] = strings.Replace(w.examples[name], "miniapp-review@v1", "miniapp-review@"+strings.Repeat("0a", 20), 1)
	}
	const conf = ".github/miniapp-review.yml"
	pinned[conf] = w.examples[conf] + "qa: machine\npublish:\n  to: [{http: \"https://platform.example/registry\", audience: \"https://platform.example\"}]\n"
	w.repo.Push("main", w.mona, githubtest.Texts(pinned))
	w.gh.ResetLog()
	_, out, _ = w.doctor(keeper.Token(), "--format", "json")
	var got struct {
		Version int
		Checks  []doctor.Check
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || got.Version != 1 {
		t.Fatalf("%v in %s", err, out)
	}
	for _, name := range []string{"token of identity", "QA by machine"} {
		if !slices.ContainsFunc(got.Checks, func(c doctor.Check) bool { return c.Name == name }) {
			t.Errorf("%q is not checked", name)
		}
	}
	// What is left is what the server in memory cannot be told.
	for _, c := range got.Checks {
		if c.State != doctor.Right && c.Name != "source of the status" && c.Name != "code owners" {
			t.Errorf("%+v", c)
		}
	}
	if len(w.gh.Writes()) > 0 {
		t.Error("looking writes")
	}
}

// TestDoctorSeesLittle checks what is said when a token may see little or nothing.
func TestDoctorSeesLittle(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	if code, out, _ := w.doctor(w.repo.ActionsToken(githubtest.ReadOnly())); code != ExitFindings || !strings.Contains(out, "unseen tokens of workflows: it could not be seen") {
		t.Errorf("the Action's token: exit %d\n%s", code, out)
	}
	w.repo.Push("main", w.mona, githubtest.Texts(map[string]string{".github/miniapp-review.yml": "aprovals: 1\n"}))
	if _, out, _ := w.doctor(w.mona.Token()); !strings.Contains(out, "change configuration: ") || !strings.Contains(out, `did you mean "approvals"?`) {
		t.Errorf("a wrong configuration\n%s", out)
	}
	w.gh.Inject(githubtest.When{Times: -1}, githubtest.Answer(401, "Bad credentials"))
	if code, out, errs := w.doctor("ghp_x"); code != ExitFailed || out != "" || !strings.Contains(errs, "Bad credentials") {
		t.Errorf("a wrong token: exit %d, %s%s", code, out, errs)
	}
	if code, _, errs := w.doctor(""); code != ExitUsage || !strings.Contains(errs, "there is no token") {
		t.Errorf("no token: exit %d, %s", code, errs)
	}
}
