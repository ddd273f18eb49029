// Command review runs the shipped workflow with act against a GitHub in memory,
// and checks what the Action left there: on a new submission with one mistake,
// again with nothing changed, and after the mistake was mended.
//
// The token may do what the workflow says that it needs, and no more.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/karzoun/miniapp-review/internal/githubtest"
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

	gh    *githubtest.Server
	repo  *githubtest.Repo
	token string
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
	definition := submitted + "miniapp.json"
	text := string(proposed[definition].Data)
	if strings.Count(text, good) != 1 {
		return fmt.Errorf("%s does not have %s once", definition, good)
	}
	proposed[definition] = githubtest.Text(strings.Replace(text, good, bad, 1))
	r.repo = r.gh.Repo("acme/definitions", base)
	fork := r.repo.Fork(partner)
	fork.Push("parleo", partner, proposed)
	pull := r.repo.Open(fork, "parleo", partner, githubtest.PullSpec{Title: "Add parleo"})
	permissions, err := r.permissions()
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
	return r.expect(pull, "pending", "stage: qa", 1, 1)
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

func (r *run) workflowFile() string {
	return filepath.Join(r.repository, ".github/workflows/review.yml")
}

// permissions are those that the workflow gives its job.
func (r *run) permissions() (githubtest.Permissions, error) {
	text, err := os.ReadFile(r.workflowFile())
	if err != nil {
		return nil, err
	}
	var w struct {
		Jobs struct {
			Review struct{ Permissions githubtest.Permissions }
		}
	}
	if err := yaml.Unmarshal(text, &w); err != nil {
		return nil, err
	}
	if len(w.Jobs.Review.Permissions) == 0 {
		return nil, errors.New("the workflow gives its job no permissions")
	}
	return w.Jobs.Review.Permissions, nil
}

// workflow runs the workflow for the latest event of the pull request.
func (r *run) workflow(what string) error {
	var payload map[string]any
	for _, e := range r.gh.Events() {
		if e.Name == "pull_request" || e.Name == "pull_request_target" {
			payload = e.Payload
		}
	}
	event, err := json.Marshal(payload)
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
	cmd := exec.CommandContext(ctx, r.act, "pull_request_target", "--eventpath", file, "--workflows", r.workflowFile(),
		"--secret", "GITHUB_TOKEN="+r.token, "--bind", fmt.Sprintf("--pull=%v", r.pull), "--container-daemon-socket", "-",
		"--platform", "ubuntu-latest="+r.runner, "--local-repository", "karzoun/miniapp-review@v1="+r.action,
		"--env", "GITHUB_API_URL="+r.gh.URL, "--env", "GITHUB_GRAPHQL_URL="+r.gh.URL+"/graphql", "--env", "GITHUB_REPOSITORY=acme/definitions")
	cmd.Dir = r.repository
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: act: %w\n%s", what, err, out)
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
