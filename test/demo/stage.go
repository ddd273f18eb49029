package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/karzoun/miniapp-review/internal/cli"
	"github.com/karzoun/miniapp-review/internal/githubtest"
)

// stage is a definitions repository on a GitHub in memory, with its people.
type stage struct {
	gh                            *githubtest.Server
	repo, fork                    *githubtest.Repo
	partner, reviewer, maintainer *githubtest.User
	// submission are the files that the partner submits, by path.
	submission map[string]string
	pull       *githubtest.Pull
	headBranch string
	acts       []*act
	step       int

	mu    sync.Mutex
	clock time.Time
}

// act is one pull request as the page tells of it.
type act struct {
	pull        *githubtest.Pull
	title, body string
	opened      time.Time
	notes       []note
	status      githubtest.Status
	// first is what the status comment said at first.
	first string
	// remarks are what the remarks said at first, by their ids.
	remarks map[int64]string
}

// note is something that happened and is no comment.
type note struct {
	at        time.Time
	who, what string
}

const demoConfig = `publish:
  to: [branch:registry]
  saas_api_url: https://api.marketplace.example/v1
  git_tags: true
approvals: {new: 1, update: 1, breaking: 2}
`

func newStage(examples string) (*stage, error) {
	s := &stage{submission: map[string]string{}, clock: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	s.gh = githubtest.New(githubtest.Options{Now: s.now})
	s.partner, s.reviewer, s.maintainer = s.gh.User("parleo-partners"), s.gh.User("rita"), s.gh.User("mona")
	base := githubtest.Files{}
	err := filepath.WalkDir(examples, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(examples, name)
		if rel = filepath.ToSlash(rel); strings.HasPrefix(rel, folder) {
			s.submission[rel] = string(data)
		} else {
			base[rel] = githubtest.Text(string(data))
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the example: %w", err)
	}
	s.submission[folder+"owners.json"] = fmt.Sprintf("[\n  {\n    \"login\": %q,\n    \"id\": %d\n  }\n]\n", s.partner.Login, s.partner.ID)
	base[".github/miniapp-review.yml"] = githubtest.Text(demoConfig)
	s.repo = s.gh.Repo("marketplace/definitions", base)
	s.repo.Set(func(r *githubtest.Repo) { r.Protected = map[string][]string{"main": {"miniapp-review"}} })
	s.repo.Permit(s.reviewer, githubtest.Write)
	s.repo.Permit(s.maintainer, githubtest.Maintain)
	s.fork = s.repo.Fork(s.partner)
	return s, nil
}

// now is the clock of everything; only wait moves it.
func (s *stage) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock
}

func (s *stage) wait(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock = s.clock.Add(d)
}

func (s *stage) say(text string) {
	s.step++
	fmt.Printf("\n%2d. %s\n", s.step, text)
}

func (s *stage) act() *act { return s.acts[len(s.acts)-1] }

func (s *stage) note(who, what string) {
	s.act().notes = append(s.act().notes, note{s.now(), who, what})
}

func (s *stage) open(branch, title, body string) {
	s.headBranch = branch
	s.pull = s.repo.Open(s.fork, branch, s.partner, githubtest.PullSpec{Title: title, Body: body})
	s.acts = append(s.acts, &act{pull: s.pull, title: title, body: body, opened: s.now(), remarks: map[int64]string{}})
}

// review runs the Action as the workflow "review" does.
func (s *stage) review() error {
	s.wait(time.Minute)
	payload := fmt.Sprintf(`{"action": "synchronize", "number": %[1]d, "pull_request": {"number": %[1]d}, "repository": {"id": 1, "full_name": "marketplace/definitions"}}`, s.pull.Number)
	return s.action("pull_request_target", payload, "review", githubtest.Permissions{"contents": "read", "pull-requests": "write", "statuses": "write"})
}

// publish runs the Action as the workflow "publish" does.
func (s *stage) publish() error {
	s.wait(time.Minute)
	tip := s.repo.Branch("main")
	payload := fmt.Sprintf(`{"ref": "refs/heads/main", "before": %[1]q, "after": %[1]q, "repository": {"id": 1, "full_name": "marketplace/definitions", "default_branch": "main"}}`, tip)
	return s.action("push", payload, "publish", githubtest.Permissions{"contents": "write", "pull-requests": "write", "statuses": "write"})
}

// action runs the Action as GitHub's runner does, and prints what came of it.
func (s *stage) action(event, payload, task string, may githubtest.Permissions) (err error) {
	dir, err := os.MkdirTemp("", "miniapp-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(file("event.json"), []byte(payload), 0o600); err != nil {
		return err
	}
	env := map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": event, "GITHUB_EVENT_PATH": file("event.json"), "GITHUB_REPOSITORY": "marketplace/definitions",
		"GITHUB_API_URL": s.gh.URL, "GITHUB_SERVER_URL": "https://github.example", "GITHUB_RUN_ID": "1",
		"GITHUB_OUTPUT": file("output"), "GITHUB_STEP_SUMMARY": file("summary"),
		"INPUT_TOKEN": s.repo.ActionsToken(may), "INPUT_TASK": task,
	}
	s.gh.ResetLog()
	var out, errs bytes.Buffer
	code := cli.Main(context.Background(), []string{"action"}, cli.Streams{In: strings.NewReader(""), Out: &out, Err: &errs,
		Getenv: func(name string) string { return env[name] }, Now: s.now})
	if code != cli.ExitClean {
		return fmt.Errorf("the Action ended with %d:\n%s%s", code, out.String(), errs.String())
	}
	if status := s.repo.Statuses(s.pull.Head()); len(status) > 0 {
		s.act().status = status[0]
	}
	if comments := s.pull.Comments(); s.act().first == "" && len(comments) > 0 {
		s.act().first = comments[0].Body
	}
	for _, r := range s.pull.Remarks() {
		if _, seen := s.act().remarks[r.ID]; !seen {
			s.act().remarks[r.ID] = r.Body
		}
	}
	labels := s.pull.Labels()
	slices.Sort(labels)
	fmt.Printf("      %s: %d requests, %d of them writes\n", task, len(s.gh.Requests()), len(s.gh.Writes()))
	fmt.Printf("      status %s: %s\n      labels %s\n", s.act().status.State, s.act().status.Description, strings.Join(labels, ", "))
	return nil
}

// writeRegistry writes the registry's branch into a folder, as a web server
// shows it.
func (s *stage) writeRegistry(out string) error {
	root := filepath.Join(out, "registry")
	if err := os.RemoveAll(root); err != nil {
		return err
	}
	files := s.repo.Read(s.repo.Branch("registry"))
	for name, f := range files {
		to := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(to, f.Data, 0o644); err != nil {
			return err
		}
	}
	fmt.Printf("\nThe registry has %d files, in %s.\n", len(files), root)
	return nil
}
