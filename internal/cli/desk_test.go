package cli

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/karzoun/miniapp-review/internal/github"
	"github.com/karzoun/miniapp-review/internal/githubtest"
	"github.com/karzoun/miniapp-review/internal/pull"
)

// desk is a small definitions repository on a GitHub in memory in which all
// happens at times that are the same in each run, so that what a review sees of
// it can be kept as a recording.
type desk struct {
	testing.TB
	gh         *githubtest.Server
	repo, fork *githubtest.Repo
	pull       *githubtest.Pull
	client     github.Options
	// held is what the registry holds, nil without a registry.
	held map[string][]pull.Held

	// partner owns pingdesk and the fork. Rita and walt may write, mona
	// maintains, tria may triage, and otto may read.
	partner, rita, walt, mona, tria, otto, robot *githubtest.User

	mu  sync.Mutex
	now time.Time
}

// tick lets ten minutes pass. Within them the clock stands still, since requests
// that are made at the same time come in any order.
func (d *desk) tick() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(10 * time.Minute)
}

func (d *desk) clock() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

// pingdesk are the files of a small submission without a finding.
var pingdesk = sync.OnceValues(func() (map[string]string, error) {
	files := map[string]string{}
	root := filepath.Join("testdata", "pingdesk")
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		rel, _ := filepath.Rel(root, name)
		files[filepath.ToSlash(rel)] = string(data)
		return err
	})
	return files, err
})

const deskConfig = "namespaces:\n  reserved: [karzoun, official]\nmarketplace:\n  hosts: [karzoun.com]\n"

// newDesk makes the repository with the namespace bellboy, and whatever else the
// base shall have; base may be nil.
func newDesk(t testing.TB, base func(d *desk) githubtest.Files) *desk {
	t.Helper()
	d := &desk{TB: t, now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	d.gh = githubtest.Start(t, githubtest.Options{Now: d.clock})
	for _, u := range []struct {
		into  **githubtest.User
		login string
	}{{&d.partner, "pingdesk-team"}, {&d.rita, "rita"}, {&d.walt, "walt"}, {&d.mona, "mona"}, {&d.tria, "tria"}, {&d.otto, "otto"}} {
		*u.into = d.gh.User(u.login)
	}
	d.robot = d.gh.Bot("robot[bot]")
	files := githubtest.Files{".github/miniapp-review.yml": githubtest.Text(deskConfig), "README.md": githubtest.Text("# Definitions\n")}
	d.add(files, d.namespace("bellboy"))
	if base != nil {
		d.add(files, base(d))
	}
	d.repo = d.gh.Repo("acme/definitions", files)
	for u, p := range map[*githubtest.User]githubtest.Permission{d.rita: githubtest.Write, d.walt: githubtest.Write, d.mona: githubtest.Maintain, d.tria: githubtest.Triage, d.robot: githubtest.Write} {
		d.repo.Permit(u, p)
	}
	d.fork = d.repo.Fork(d.partner)
	d.client = github.Options{Owner: "acme", Name: "definitions", Token: d.repo.ActionsToken(githubtest.Full()), API: d.gh.URL, Action: true,
		Now: d.clock, Sleep: func(context.Context, time.Duration) error { return nil }}
	d.tick()
	return d
}

func (d *desk) add(files, more githubtest.Files) githubtest.Files {
	for name, f := range more {
		files[name] = f
	}
	return files
}

// ownedBy is a list of owners.
func ownedBy(users ...*githubtest.User) string {
	var list []string
	for _, u := range users {
		list = append(list, fmt.Sprintf("  {\n    \"login\": %q,\n    \"id\": %d\n  }", u.Login, u.ID))
	}
	return "[\n" + strings.Join(list, ",\n") + "\n]\n"
}

// namespace returns the files of pingdesk under another name, with replacements
// in its definition.
func (d *desk) namespace(ns string, oldNew ...string) githubtest.Files {
	d.Helper()
	texts, err := pingdesk()
	if err != nil {
		d.Fatal(err)
	}
	title := strings.ToUpper(ns[:1]) + ns[1:]
	files := githubtest.Files{}
	for name, text := range texts {
		if strings.HasSuffix(name, ".age") {
			files["definitions/"+ns+"/"+name] = githubtest.Text(text)
			continue
		}
		text = strings.NewReplacer("pingdesk", ns, "Pingdesk", title).Replace(text)
		if name == "miniapp.json" {
			text = d.replace(text, oldNew...)
		}
		files["definitions/"+ns+"/"+name] = githubtest.Text(text)
	}
	files["definitions/"+ns+"/owners.json"] = githubtest.Text(ownedBy(d.partner))
	return files
}

// ping is the definition of pingdesk with replacements.
func (d *desk) ping(oldNew ...string) githubtest.Files {
	d.Helper()
	return d.namespace("pingdesk", oldNew...)
}

// with returns files of pingdesk by their names in its folder, on top of others.
func (d *desk) with(files githubtest.Files, more map[string]string) githubtest.Files {
	for name, text := range more {
		files["definitions/pingdesk/"+name] = githubtest.Text(text)
	}
	return files
}

// gone removes files of pingdesk.
func (d *desk) gone(files githubtest.Files, names ...string) githubtest.Files {
	for _, name := range names {
		delete(files, "definitions/pingdesk/"+name)
	}
	return files
}

func (d *desk) replace(text string, oldNew ...string) string {
	d.Helper()
	for i := 0; i < len(oldNew); i += 2 {
		if !strings.Contains(text, oldNew[i]) {
			d.Fatalf("there is no %q to replace", oldNew[i])
		}
		text = strings.Replace(text, oldNew[i], oldNew[i+1], 1)
	}
	return text
}

// update is pingdesk in another version, with an entry in its changelog and
// replacements in its definition.
func (d *desk) update(version, heading, entry string, oldNew ...string) githubtest.Files {
	d.Helper()
	files := d.ping(append([]string{`"version": "1.0.0"`, fmt.Sprintf(`"version": %q`, version)}, oldNew...)...)
	log := string(files["definitions/pingdesk/CHANGELOG.md"].Data)
	return d.with(files, map[string]string{"CHANGELOG.md": d.replace(log, "## [1.0.0]",
		fmt.Sprintf("## [%s] - 2026-11-23\n\n### %s\n\n- %s\n\n## [1.0.0]", version, heading, entry))})
}

// opens opens a pull request of the partner with these files.
func (d *desk) opens(files githubtest.Files) *githubtest.Pull {
	d.fork.Push("work", d.partner, files)
	d.pull = d.repo.Open(d.fork, "work", d.partner, githubtest.PullSpec{Title: "Submit Pingdesk"})
	d.tick()
	return d.pull
}

func (d *desk) pushes(files githubtest.Files) {
	d.fork.Push("work", d.partner, files)
	d.tick()
}

func (d *desk) says(who *githubtest.User, lines ...string) *githubtest.Comment {
	c := d.pull.Comment(who, strings.Join(lines, "\n"))
	d.tick()
	return c
}

func (d *desk) judges(who *githubtest.User, verdict string) *githubtest.Review {
	body := ""
	if verdict == githubtest.RequestChanges {
		body = "Please name the scopes of the key."
	}
	r := d.pull.Review(who, verdict, body)
	d.tick()
	return r
}

// reviewer reviews as the Action does.
func (d *desk) reviewer() *reviewing {
	d.Helper()
	r, err := prepared()
	if err != nil {
		d.Fatal(err)
	}
	client, err := github.New(d.client)
	if err != nil {
		d.Fatal(err)
	}
	mine := *r
	mine.forge, mine.options.Version = client, "test"
	if d.held != nil {
		mine.held = func(ns string) []pull.Held { return d.held[ns] }
	}
	return &mine
}

// review reviews the pull request and writes what comes of it.
func (d *desk) review() *outcome {
	d.Helper()
	o, err := d.reviewer().pull(context.Background(), d.pull.Number)
	if err != nil {
		d.Fatal(err)
	}
	d.tick()
	return o
}

// looks reviews the pull request and writes nothing.
func (d *desk) looks() *outcome {
	d.Helper()
	r := d.reviewer()
	r.dryRun = true
	o, err := r.pull(context.Background(), d.pull.Number)
	if err != nil {
		d.Fatal(err)
	}
	return o
}
