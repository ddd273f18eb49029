package cli

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/github"
	"github.com/karzoun/miniapp-review/internal/githubtest"
	"github.com/karzoun/miniapp-review/internal/sandbox"
)

// world is a definitions repository on a GitHub in memory, with a partner who
// has a fork, and people who look after it.
type world struct {
	testing.TB
	gh                  *githubtest.Server
	repo, fork          *githubtest.Repo
	partner, rita, mona *githubtest.User
	examples            map[string]string
	pull                *githubtest.Pull
	permissions         githubtest.Permissions
	// provider answers the requests of definitions.
	provider func(*definition.Definition) sandbox.Provider
}

// ticking is a clock that goes on by a second each time it is asked.
func ticking(start time.Time) func() time.Time {
	var seconds atomic.Int64
	return func() time.Time { return start.Add(time.Duration(seconds.Add(1)) * time.Second) }
}

const parleo = "definitions/parleo/"

// exampleFiles are the files of the example repository, with the partner as an
// owner of what it submits.
func exampleFiles(t testing.TB, owner *githubtest.User) map[string]string {
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
	files[parleo+"owners.json"] = fmt.Sprintf("[\n  {\n    \"login\": %q,\n    \"id\": %d\n  }\n]\n", owner.Login, owner.ID)
	return files
}

// newWorld makes the world. Namespaces named without are not on the base yet.
func newWorld(t testing.TB, o githubtest.Options, without ...string) *world {
	t.Helper()
	if o.Now == nil {
		o.Now = ticking(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	}
	w := &world{TB: t, gh: githubtest.Start(t, o), permissions: githubtest.Full()}
	w.partner, w.rita, w.mona = w.gh.User("parleo-partners"), w.gh.User("rita"), w.gh.User("mona")
	w.examples = exampleFiles(t, w.partner)
	base := githubtest.Files{}
	for name, text := range w.examples {
		keep := true
		for _, ns := range without {
			keep = keep && !strings.HasPrefix(name, "definitions/"+ns+"/")
		}
		if keep {
			base[name] = githubtest.Text(text)
		}
	}
	w.repo = w.gh.Repo("acme/definitions", base)
	w.repo.Permit(w.rita, githubtest.Write)
	w.repo.Permit(w.mona, githubtest.Maintain)
	w.fork = w.repo.Fork(w.partner)
	return w
}

// namespace returns the files of one of the examples, with changes on top: a
// name below its folder, and its text.
func (w *world) namespace(ns string, changes map[string]string) githubtest.Files {
	files := githubtest.Files{}
	for name, text := range w.examples {
		if strings.HasPrefix(name, "definitions/"+ns+"/") {
			files[name] = githubtest.Text(text)
		}
	}
	for name, text := range changes {
		files["definitions/"+ns+"/"+name] = githubtest.Text(text)
	}
	return files
}

// definition returns the definition of an example with replacements.
func (w *world) definition(ns string, oldNew ...string) string {
	w.Helper()
	text := w.examples["definitions/"+ns+"/miniapp.json"]
	for i := 0; i < len(oldNew); i += 2 {
		if !strings.Contains(text, oldNew[i]) {
			w.Fatalf("the definition of %s does not contain %q", ns, oldNew[i])
		}
		text = strings.Replace(text, oldNew[i], oldNew[i+1], 1)
	}
	return text
}

// open opens a pull request of the partner with these files.
func (w *world) open(files githubtest.Files) *githubtest.Pull {
	w.fork.Push("work", w.partner, files)
	w.pull = w.repo.Open(w.fork, "work", w.partner, githubtest.PullSpec{Title: "Add a MiniApp"})
	return w.pull
}

func (w *world) push(files githubtest.Files) { w.fork.Push("work", w.partner, files) }

// client is a client as the Action has it.
func (w *world) client() *github.Client {
	w.Helper()
	c, err := github.New(github.Options{Owner: w.repo.Owner, Name: w.repo.Name, Token: w.repo.ActionsToken(w.permissions), API: w.gh.URL, Action: true,
		Now: w.gh.Now, Sleep: func(context.Context, time.Duration) error { return nil }})
	if err != nil {
		w.Fatal(err)
	}
	return c
}

// prepared is what reviews need beside GitHub, made once for all tests.
var prepared = sync.OnceValues(func() (*reviewing, error) { return newReviewing(nil) })

// reviewer reviews with that client.
func (w *world) reviewer() *reviewing {
	w.Helper()
	r, err := prepared()
	if err != nil {
		w.Fatal(err)
	}
	mine := *r
	mine.forge, mine.options.Version = w.client(), "test"
	return &mine
}

// review reviews the pull request, and fails the test when that fails.
func (w *world) review() *outcome {
	w.Helper()
	o, err := w.reviewer().pull(context.Background(), w.pull.Number)
	if err != nil {
		w.Fatal(err)
	}
	return o
}
