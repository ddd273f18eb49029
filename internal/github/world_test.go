package github

import (
	"context"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/githubtest"
	"github.com/karzoun/miniapp-review/internal/pull"
)

// world is a definitions repository on the fake server, with a fork and a
// client that acts as the Action's job.
type world struct {
	t       *testing.T
	s       *githubtest.Server
	repo    *githubtest.Repo
	fork    *githubtest.Repo
	keeper  *githubtest.User // owns the repository
	partner *githubtest.User // owns the fork
	clock   *clock
}

const configText = "namespaces:\n  reserved: [karzoun]\n"

func newWorld(t *testing.T, options githubtest.Options) *world {
	t.Helper()
	s := githubtest.Start(t, options)
	w := &world{t: t, s: s, clock: newClock(), keeper: s.User("keeper"), partner: s.User("partner")}
	w.repo = s.Repo("keeper/definitions", githubtest.Texts(map[string]string{
		"README.md":                           "# Definitions\n",
		"docs/guide/start.md":                 "Start\n",
		".github/miniapp-review.yml":          configText,
		".github/workflows/review.yml":        "on: push\n",
		"definitions/acme/miniapp.json":       "{\"version\": \"1.0.0\"}\n",
		"definitions/acme/CHANGELOG.md":       "# Changelog\n",
		"definitions/acme/SETUP.md":           "1. Go\n",
		"definitions/acme/owners.json":        "[]\n",
		"definitions/acme/webhooks/made.json": "{}\n",
		"definitions/zeta/miniapp.json":       "{\"version\": \"3.0.0\"}\n",
	}))
	w.fork = w.repo.Fork(w.partner)
	return w
}

// client makes a client with the token; "" is the Action's.
func (w *world) client(token string, change func(*Options)) *Client {
	w.t.Helper()
	o := Options{
		Owner: "keeper", Name: "definitions", API: w.s.URL, Token: token, Now: w.clock.now, Sleep: w.clock.sleep,
		Self: pull.User{ID: w.s.Actions().ID, Login: w.s.Actions().Login, Bot: true},
	}
	if token == "" {
		o.Token = w.repo.ActionsToken(githubtest.Full())
	} else {
		o.Self = pull.User{}
	}
	if change != nil {
		change(&o)
	}
	c, err := New(o)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// open pushes files to a branch of the fork and opens a pull request.
func (w *world) open(files githubtest.Files) *githubtest.Pull {
	w.t.Helper()
	w.fork.Push("change", w.partner, files)
	return w.repo.Open(w.fork, "change", w.partner, githubtest.PullSpec{Title: "Change"})
}

// read takes a snapshot that must succeed.
func (w *world) read(c *Client, p *githubtest.Pull) *pull.Snapshot {
	w.t.Helper()
	s, err := c.Snapshot(context.Background(), p.Number)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// fiveFiles changes five files of one namespace.
func fiveFiles() githubtest.Files {
	return githubtest.Texts(map[string]string{
		"definitions/acme/miniapp.json":       "{\"version\": \"1.1.0\"}\n",
		"definitions/acme/CHANGELOG.md":       "# Changelog\n\n## 1.1.0\n",
		"definitions/acme/SETUP.md":           "1. Go\n2. On\n",
		"definitions/acme/webhooks/made.json": "{\"event\": \"made\"}\n",
		"definitions/acme/webhooks/gone.json": "{\"event\": \"gone\"}\n",
	})
}

func paths(changes []pull.Change) string {
	var list []string
	for _, c := range changes {
		sign := "M"
		switch {
		case c.BaseMode == 0:
			sign = "A"
		case c.HeadMode == 0:
			sign = "D"
		}
		list = append(list, sign+" "+c.Path)
	}
	return strings.Join(list, ", ")
}
