package cli

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/githubtest"
)

// situation is a pull request that a review is due for.
type situation struct {
	name string
	make func(t *testing.T) *world
}

func situations() []situation {
	broken := func(w *world) githubtest.Files {
		return w.namespace("parleo", map[string]string{"miniapp.json": w.definition("parleo", `"miniapps:parleo"`, `"miniapps:parle"`, `"category": "`, `"category": "x`)})
	}
	return []situation{
		{"clean", func(t *testing.T) *world {
			w := newWorld(t, githubtest.Options{}, "parleo")
			w.open(w.namespace("parleo", nil))
			return w
		}},
		{"findings", func(t *testing.T) *world {
			w := newWorld(t, githubtest.Options{}, "parleo")
			w.open(broken(w))
			return w
		}},
		{"a fix", func(t *testing.T) *world {
			w := newWorld(t, githubtest.Options{}, "parleo")
			w.open(broken(w))
			w.review()
			w.push(w.namespace("parleo", nil))
			return w
		}},
		{"a command", func(t *testing.T) *world {
			w := newWorld(t, githubtest.Options{}, "parleo")
			w.open(w.namespace("parleo", nil))
			w.review()
			w.pull.Comment(w.rita, "/qa pass connect")
			w.pull.Comment(w.partner, "/qa pass")
			return w
		}},
	}
}

var (
	times   = regexp.MustCompile(`\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}Z)?( UTC)?`)
	markers = regexp.MustCompile(`<!-- miniapp-review [a-z]+ \S* ?[0-9a-f]{32} -->`)
)

// state is what people see, without the times and what depends on them.
func (w *world) state() string {
	var b strings.Builder
	fmt.Fprintf(&b, "labels %q\n", w.pull.Labels())
	for _, list := range [][]githubtest.Said{w.pull.Comments(), w.pull.Reviews(), w.pull.Remarks()} {
		for _, s := range list {
			fmt.Fprintf(&b, "%s %s %d minimized=%v %s: %s\n", s.By, s.Path, s.Line, s.Minimized, s.State, markers.ReplaceAllString(times.ReplaceAllString(s.Body, "TIME"), "MARKER"))
		}
	}
	for _, s := range w.repo.Statuses(w.pull.Head()) {
		fmt.Fprintf(&b, "status %s %s %q\n", s.Context, s.State, s.Description)
	}
	return b.String()
}

// TestConvergesAfterEachRequest kills the run after each of its requests. The
// next run ends in the state of an undisturbed one, and the one after it has
// nothing to do.
func TestConvergesAfterEachRequest(t *testing.T) {
	for _, s := range situations() {
		t.Run(s.name, func(t *testing.T) {
			undisturbed := s.make(t)
			undisturbed.gh.ResetLog()
			undisturbed.review()
			requests := len(undisturbed.gh.Requests())
			want := undisturbed.state()
			if requests < 10 {
				t.Fatalf("only %d requests", requests)
			}
			for n := range requests {
				t.Run(fmt.Sprint("after request ", n+1), func(t *testing.T) {
					t.Parallel()
					w := s.make(t)
					r := w.reviewer()
					ctx, kill := context.WithCancel(context.Background())
					defer kill()
					w.gh.Inject(githubtest.When{Nth: n + 1}, githubtest.After(kill))
					_, _ = r.pull(ctx, w.pull.Number)
					if ctx.Err() == nil {
						t.Fatal("the run was not killed")
					}
					w.gh.Heal()
					w.review()
					if diff := cmp.Diff(want, w.state()); diff != "" {
						t.Errorf("the next run ends elsewhere:\n%s", diff)
					}
					w.gh.ResetLog()
					if o := w.review(); len(o.result.Plan.Operations) > 0 || len(w.gh.Writes()) > 0 {
						t.Errorf("and the one after it plans\n%s", o.result.Plan.Text())
					}
				})
			}
		})
	}
}

// TestRequests bounds what a review asks of GitHub.
func TestRequests(t *testing.T) {
	w := newWorld(t, githubtest.Options{Delay: 100 * time.Millisecond}, "parleo")
	w.open(w.namespace("parleo", map[string]string{"miniapp.json": twelve(w)}))
	w.gh.ResetLog()
	o := w.review()
	if n := len(o.result.Findings); n < 12 {
		t.Errorf("only %d findings", n)
	}
	if n := len(w.gh.Requests()); n > 20 {
		t.Errorf("the first review makes %d requests", n)
	}
	if n := w.gh.RoundTrips(); n > 14 {
		t.Errorf("the first review waits for %d answers one after the other", n)
	}
	w.gh.ResetLog()
	w.review()
	if n, trips := len(w.gh.Writes()), w.gh.RoundTrips(); n > 0 || trips > 7 {
		t.Errorf("a review that changes nothing makes %d writes and waits for %d answers", n, trips)
	}
}

// twelve is a definition with at least twelve findings.
func twelve(w *world) string {
	text := w.definition("parleo", `"category": "`, `"category": "x`, `"status": "private"`, `"status": "public"`)
	for range 4 {
		text = strings.Replace(text, `"type": "miniapps:parleo"`, `"type": "miniapps:other"`, 1)
	}
	text = strings.ReplaceAll(text, `"x-fallback": "input"`, `"x-fallback": "select"`)
	text = strings.ReplaceAll(text, `"isCustom": false`, `"isCustom": "no"`)
	return text
}
