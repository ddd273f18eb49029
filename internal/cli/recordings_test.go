package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/config"
	"github.com/karzoun/miniapp-review/internal/githubtest"
	"github.com/karzoun/miniapp-review/internal/plan"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/review"
	"github.com/karzoun/miniapp-review/internal/stage"
)

var update = flag.Bool("update", false, "record the pull requests of testdata/recordings anew")

// scenario is a pull request as it is when a review looks at it. A recording of
// what the review sees is kept, with what comes of it.
type scenario struct {
	name string
	// base is what the base has beside the namespace bellboy. It may be nil.
	base func(d *desk) githubtest.Files
	// happens brings the pull request about.
	happens func(d *desk)
}

// scenarios lists all of them.
func scenarios() []scenario {
	return slices.Concat(firstScenarios(), fixScenarios(), updateScenarios(), stateScenarios(), fileScenarios(), configScenarios(),
		commandScenarios(), approvalScenarios(), forgedScenarios(), hostileScenarios())
}

func published(d *desk) githubtest.Files { return d.ping() }

const recordings = "testdata/recordings"

// make lets the scenario happen.
func (s scenario) make(t testing.TB) *outcome {
	t.Helper()
	d := newDesk(t, s.base)
	s.happens(d)
	return d.looks()
}

// golden is what comes of a recording, beside the status comment.
type golden struct {
	Stage   string        `json:"stage"`
	Waiting string        `json:"waiting"`
	Status  string        `json:"status"`
	Summary string        `json:"summary"`
	Reasons []string      `json:"reasons"`
	Next    []string      `json:"next"`
	Labels  []config.Role `json:"labels"`
	Facts   stage.Facts   `json:"facts"`
	Plan    plan.Plan     `json:"plan"`
}

// conclusion returns the status comment, and all else as JSON. The body of the
// status comment is not told twice.
func conclusion(t testing.TB, r *review.Result) (comment, all string) {
	t.Helper()
	d := r.Decision
	g := golden{stageName(d.Stage), string(d.Waiting), string(d.Status), d.Summary, d.Reasons, d.Next, r.Labels, r.Facts, r.Plan}
	g.Plan.Operations = slices.Clone(g.Plan.Operations)
	for i, op := range g.Plan.Operations {
		if r.Comment != "" && strings.HasPrefix(op.Body, r.Comment) {
			g.Plan.Operations[i].Body = "(comment.md) " + strings.TrimSpace(strings.TrimPrefix(op.Body, r.Comment))
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(g); err != nil {
		t.Fatal(err)
	}
	return r.Comment, b.String()
}

func replay(t testing.TB, data []byte) (*pull.Snapshot, *review.Result) {
	t.Helper()
	s, err := pull.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	prepared, err := prepared()
	if err != nil {
		t.Fatal(err)
	}
	o := prepared.options
	o.Version = "test"
	r, err := review.Review(context.Background(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	return s, r
}

// TestRecordings replays what the client once saw of each scenario, without a
// network, and checks that the same comes of it. With -update everything is
// recorded anew: read what has changed before it is committed.
func TestRecordings(t *testing.T) {
	list := scenarios()
	if len(list) < 60 {
		t.Errorf("there are only %d scenarios", len(list))
	}
	names := map[string]bool{}
	for _, s := range list {
		if names[s.name] {
			t.Errorf("two scenarios have the name %s", s.name)
		}
		names[s.name] = true
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(recordings, s.name)
			file := func(name string) string { return filepath.Join(dir, name) }
			if *update {
				record(t, s, dir)
			}
			data, err := os.ReadFile(file("snapshot.json"))
			if err != nil {
				t.Fatalf("%v: run go test ./internal/cli -run TestRecordings -update", err)
			}
			_, result := replay(t, data)
			comment, all := conclusion(t, result)
			for name, got := range map[string]string{"comment.md": comment, "plan.json": all} {
				if *update {
					if err := os.WriteFile(file(name), []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file(name))
				if diff := cmp.Diff(string(want), got); err != nil || diff != "" {
					t.Errorf("%s: %v\n%s", name, err, diff)
				}
			}
		})
	}
	t.Cleanup(func() {
		entries, err := os.ReadDir(recordings)
		for _, e := range entries {
			if !names[e.Name()] {
				t.Errorf("%s is no scenario: remove its recording", e.Name())
			}
		}
		if err != nil {
			t.Error(err)
		}
	})
}

// recording encodes what was seen. Where reading failed, it depends on the order
// of requests whether the merge base was known already, and nothing depends on it.
func (o *outcome) recording(t testing.TB) (data []byte, masked int) {
	t.Helper()
	saved, masked := review.Recording(o.snapshot, o.result)
	if saved.Incomplete != "" {
		saved.MergeBase = ""
	}
	data, err := saved.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data, masked
}

// record makes the scenario and saves what the client saw.
func record(t *testing.T, s scenario, dir string) {
	t.Helper()
	data, _ := s.make(t).recording(t)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "snapshot.json"), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestRecordingsAreCurrent lets every scenario happen again: what the client sees
// of it is what was recorded, byte for byte, and what comes of it live is what
// comes of it in the replay, unless a credential was crossed out.
func TestRecordingsAreCurrent(t *testing.T) {
	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			o := s.make(t)
			got, masked := o.recording(t)
			want, err := os.ReadFile(filepath.Join(recordings, s.name, "snapshot.json"))
			if diff := cmp.Diff(string(want), string(got)); err != nil || diff != "" {
				t.Fatalf("%v: run go test ./internal/cli -run TestRecordings -update\n%s", err, diff)
			}
			if masked > 0 {
				return
			}
			_, again := replay(t, got)
			comment, all := conclusion(t, o.result)
			replayed, allAgain := conclusion(t, again)
			if diff := cmp.Diff(comment+all, replayed+allAgain); diff != "" {
				t.Errorf("live -, replayed +\n%s", diff)
			}
		})
	}
}
