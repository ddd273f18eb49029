// Command review runs the shipped workflows with act against a GitHub in memory,
// and checks what the Action left there: on a new submission with one mistake,
// again with nothing changed, after the mistake was mended, after QA by machine,
// after QA and approval by people, and after the merge, when the registry must
// hold what was merged.
//
// The tokens may do what the workflows say that they need, and no more.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/goccy/go-yaml"

	"github.com/karzoun/miniapp-review/internal/githubtest"
	"github.com/karzoun/miniapp-review/internal/sealed"
)

func main() {
	var r run
	flag.StringVar(&r.act, "act", "act", "the command act")
	flag.StringVar(&r.repository, "repository", "", "a Git repository with the files of the definitions repository")
	flag.StringVar(&r.action, "action", "", "the folder with action.yml")
	flag.StringVar(&r.runner, "runner", "", "the image of the runner")
	flag.BoolVar(&r.pull, "pull", false, "pull images")
	flag.Parse()
	if err := r.all(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		os.Exit(1)
	}
}

type run struct {
	act, repository, action, runner string
	pull                            bool
	payload                         map[string]any

	gh    *githubtest.Server
	repo  *githubtest.Repo
	token string
	// key opens test accounts.
	key *age.X25519Identity
}

const (
	submitted = "definitions/parleo/"
	good      = `"status": "private"`
	bad       = `"status": "prvate"`
)

func (r *run) all() error {
	r.gh = githubtest.New(githubtest.Options{Now: time.Now})
	defer r.gh.Close()
	partner := r.gh.User("parleo-partners")
	base, proposed, err := r.files(partner)
	if err != nil {
		return err
	}
	if r.key, err = age.GenerateX25519Identity(); err != nil {
		return err
	}
	account, err := r.account()
	if err != nil {
		return err
	}
	proposed[submitted+"test-account.age"] = githubtest.Text(account)
	definition := submitted + "miniapp.json"
	text := string(proposed[definition].Data)
	if strings.Count(text, good) != 1 {
		return fmt.Errorf("%s does not have %s once", definition, good)
	}
	proposed[definition] = githubtest.Text(strings.Replace(text, good, bad, 1))
	config := ".github/miniapp-review.yml"
	base[config] = githubtest.Text(regexp.MustCompile(`age1[a-z0-9]+`).ReplaceAllString(string(base[config].Data), r.key.Recipient().String()) +
		"\nqa: machine\npublish:\n  to: [branch:registry]\n  saas_api_url: https://api.market.example/v1\n")
	r.repo = r.gh.Repo("acme/definitions", base)
	r.repo.Set(func(repo *githubtest.Repo) { repo.Protected = map[string][]string{"main": {"miniapp-review"}} })
	fork := r.repo.Fork(partner)
	fork.Push("parleo", partner, proposed)
	pull := r.repo.Open(fork, "parleo", partner, githubtest.PullSpec{Title: "Add parleo"})
	permissions, err := r.permissions("review")
	if err != nil {
		return err
	}
	r.token = r.repo.ActionsToken(permissions)

	if err := r.workflow("a new submission with a mistake"); err != nil {
		return err
	}
	if err := r.expect(pull, "failure", "stage: intake", 1, 1); err != nil {
		return err
	}
	r.gh.ResetLog()
	if err := r.workflow("the same again"); err != nil {
		return err
	}
	if writes := r.gh.Writes(); len(writes) > 0 {
		return fmt.Errorf("a run with nothing new wrote %d times, first %s %s", len(writes), writes[0].Method, writes[0].Path)
	}
	fork.Push("parleo", partner, githubtest.Files{definition: githubtest.Text(text)})
	if err := r.workflow("the mistake mended"); err != nil {
		return err
	}
	if err := r.expect(pull, "pending", "stage: qa", 1, 1); err != nil {
		return err
	}
	reviewer := r.gh.User("rita")
	r.repo.Permit(reviewer, githubtest.Write)
	if err := r.qa(pull, reviewer); err != nil {
		return err
	}
	pull.Comment(reviewer, "/qa pass")
	pull.Review(reviewer, githubtest.Approve, "")
	if err := r.workflow("QA and approval"); err != nil {
		return err
	}
	if err := r.expect(pull, "success", "stage: approved", 4, 1); err != nil {
		return err
	}
	pull.Merge(reviewer)
	if err := r.publish(); err != nil {
		return err
	}
	if err := r.expect(pull, "success", "stage: published", 5, 1); err != nil {
		return err
	}
	return r.registry(text)
}

// account is a test account that the key opens.
func (r *run) account() (string, error) {
	to, err := sealed.ParseRecipient(r.key.Recipient().String())
	if err != nil {
		return "", err
	}
	data, err := sealed.Seal(sealed.Account{NS: "parleo", Credentials: map[string]string{"accessToken": secret, "refreshToken": secret, "client_id": "client", "client_secret": secret}}, []sealed.Recipient{to})
	return string(data), err
}

// secret is in the test account, and must be nowhere else.
const secret = "t0ken-of-the-sandbox"

// qa runs the workflow that a reviewer's comment starts. There is no provider, so
// that only what needs none can pass: the deliveries of samples.
func (r *run) qa(pull *githubtest.Pull, reviewer *githubtest.User) error {
	permissions, err := r.permissions("qa")
	if err != nil {
		return err
	}
	before := r.token
	r.token = r.repo.ActionsToken(permissions)
	pull.Comment(reviewer, "/qa run")
	r.payload = nil
	for _, e := range r.gh.Events() {
		if e.Name == "issue_comment" {
			r.payload = e.Payload
		}
	}
	if r.payload == nil {
		return errors.New("the command was no event")
	}
	r.gh.ResetLog()
	if err := r.runWorkflow("QA by machine", "qa", "issue_comment"); err != nil {
		return err
	}
	r.token = before
	status := ""
	for _, c := range pull.Comments() {
		if strings.HasPrefix(c.Body, "### MiniApp review") {
			status = c.Body
		}
		if strings.Contains(c.Body, secret) {
			return errors.New("a comment shows the test account")
		}
	}
	for _, want := range []string{"✅ | `event:message.received`", "⬜ | `connect`"} {
		if !strings.Contains(status, want) {
			return fmt.Errorf("the status comment lacks %q:\n%s", want, status)
		}
	}
	return r.expect(pull, "pending", "stage: qa", 3, 1)
}

// publish runs the publishing workflow, as the push of the merge does.
func (r *run) publish() error {
	permissions, err := r.permissions("publish")
	if err != nil {
		return err
	}
	r.token = r.repo.ActionsToken(permissions)
	for _, e := range r.gh.Events() {
		if e.Name == "push" && e.Repo == "acme/definitions" {
			r.payload = e.Payload
		}
	}
	if r.payload == nil {
		return errors.New("the merge was no push")
	}
	r.gh.ResetLog()
	return r.runWorkflow("the merge, published", "publish", "push")
}

// registry holds what was published against what was merged, with a program of
// its own for the digests.
func (r *run) registry(definition string) error {
	files := r.repo.Read(r.repo.Branch("registry"))
	const folder = "parleo/1.0.0/"
	var provenance struct{ Files map[string]string }
	if err := json.Unmarshal(files[folder+"provenance.json"].Data, &provenance); err != nil {
		return fmt.Errorf("the provenance record: %w", err)
	}
	if len(provenance.Files) < 3 {
		return fmt.Errorf("the provenance record names %d files", len(provenance.Files))
	}
	for name, want := range provenance.Files {
		sum := exec.Command("sha256sum")
		sum.Stdin = bytes.NewReader(files[folder+name].Data)
		out, err := sum.Output()
		if got, _, _ := strings.Cut(string(out), " "); err != nil || got != want {
			return fmt.Errorf("%s has the digest %s by sha256sum, %s by its record: %w", name, got, want, err)
		}
	}
	var merged, published map[string]any
	if err := errors.Join(json.Unmarshal([]byte(definition), &merged), json.Unmarshal(files[folder+"miniapp.json"].Data, &published)); err != nil {
		return err
	}
	merged["status"] = "public" // as the platform sets it
	if !reflect.DeepEqual(merged, published) {
		return errors.New("what was published is not what was merged")
	}
	fmt.Printf("published: %d files, each with its digest\n", len(provenance.Files))
	return nil
}

// files returns the files of the base and those that the pull request adds.
func (r *run) files(owner *githubtest.User) (base, proposed githubtest.Files, err error) {
	base, proposed = githubtest.Files{}, githubtest.Files{}
	err = filepath.WalkDir(r.repository, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == ".git" {
				return fs.SkipDir
			}
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(r.repository, name)
		if rel = filepath.ToSlash(rel); strings.HasPrefix(rel, submitted) {
			proposed[rel] = githubtest.Text(string(data))
		} else {
			base[rel] = githubtest.Text(string(data))
		}
		return err
	})
	proposed[submitted+"owners.json"] = githubtest.Text(fmt.Sprintf("[\n  {\n    \"login\": %q,\n    \"id\": %d\n  }\n]\n", owner.Login, owner.ID))
	return base, proposed, err
}

func (r *run) workflowFile(name string) string {
	return filepath.Join(r.repository, ".github/workflows", name+".yml")
}

// permissions are those that a workflow gives its job of the same name.
func (r *run) permissions(name string) (githubtest.Permissions, error) {
	text, err := os.ReadFile(r.workflowFile(name))
	if err != nil {
		return nil, err
	}
	var w struct {
		Jobs map[string]struct{ Permissions githubtest.Permissions }
	}
	if err := yaml.Unmarshal(text, &w); err != nil {
		return nil, err
	}
	if len(w.Jobs[name].Permissions) == 0 {
		return nil, fmt.Errorf("the workflow %s gives its job no permissions", name)
	}
	return w.Jobs[name].Permissions, nil
}

// workflow runs the workflow of reviews for the latest event of the pull request.
func (r *run) workflow(what string) error {
	for _, e := range r.gh.Events() {
		if e.Name == "pull_request" || e.Name == "pull_request_target" {
			r.payload = e.Payload
		}
	}
	return r.runWorkflow(what, "review", "pull_request_target")
}

// runWorkflow runs one workflow for one event, with the payload.
func (r *run) runWorkflow(what, workflow, name string) error {
	event, err := json.Marshal(r.payload)
	if err != nil {
		return err
	}
	file := filepath.Join(r.action, "event.json")
	if err := os.WriteFile(file, event, 0o600); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	start := time.Now()
	// Attesting needs GitHub itself, so that an action that does nothing stands in
	// for it.
	attest := filepath.Join(r.action, "attest")
	if err := errors.Join(os.MkdirAll(attest, 0o755), os.WriteFile(filepath.Join(attest, "action.yml"), []byte("name: attest\nruns:\n  using: composite\n  steps:\n    - run: \"true\"\n      shell: sh\n"), 0o600)); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, r.act, name, "--eventpath", file, "--workflows", r.workflowFile(workflow),
		"--local-repository", "actions/attest@59d89421af93a897026c735860bf21b6eb4f7b26="+attest,
		"--secret", "GITHUB_TOKEN="+r.token, "--secret", "MINIAPP_AGE_IDENTITY="+r.key.String(), "--bind", fmt.Sprintf("--pull=%v", r.pull), "--container-daemon-socket", "-",
		"--platform", "ubuntu-latest="+r.runner, "--local-repository", "karzoun/miniapp-review@v1="+r.action,
		"--env", "GITHUB_API_URL="+r.gh.URL, "--env", "GITHUB_GRAPHQL_URL="+r.gh.URL+"/graphql", "--env", "GITHUB_REPOSITORY=acme/definitions")
	cmd.Dir = r.repository
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: act: %w\n%s", what, err, out)
	}
	if strings.Contains(string(out), secret) {
		return fmt.Errorf("%s: the log shows the test account", what)
	}
	fmt.Printf("%s: %d requests, %.1f s with act\n", what, len(r.gh.Requests()), time.Since(start).Seconds())
	return nil
}

// expect checks what the review left on the pull request.
func (r *run) expect(p *githubtest.Pull, state, label string, comments, remarks int) error {
	var problems []error
	statuses := r.repo.Statuses(p.Head())
	if len(statuses) == 0 || statuses[0].Context != "miniapp-review" || statuses[0].State != state {
		problems = append(problems, fmt.Errorf("the statuses are %+v, want %q", statuses, state))
	}
	if labels := p.Labels(); !slices.Contains(labels, label) {
		problems = append(problems, fmt.Errorf("the labels are %q, without %q", labels, label))
	}
	if n := len(p.Comments()); n != comments {
		problems = append(problems, fmt.Errorf("there are %d comments, want %d", n, comments))
	}
	if n := len(p.Remarks()); n != remarks {
		problems = append(problems, fmt.Errorf("there are %d remarks on lines, want %d", n, remarks))
	}
	return errors.Join(problems...)
}
