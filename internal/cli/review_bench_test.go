package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/karzoun/miniapp-review/internal/config"
	"github.com/karzoun/miniapp-review/internal/githubtest"
)

// fiveFiles is an update that changes five files and has twelve findings, and
// its correction.
func fiveFiles(w *world) (wrong, mended githubtest.Files) {
	in := func(definition string) githubtest.Files {
		files := githubtest.Files{}
		for name, text := range map[string]string{
			"miniapp.json":                      definition,
			"CHANGELOG.md":                      strings.Replace(w.examples[parleo+"CHANGELOG.md"], "## [1.0.0]", "## [1.0.1] - 2026-11-22\n\n### Fixed\n\n- The badge says what the app is for.\n\n## [1.0.0]", 1),
			"SETUP.md":                          w.examples[parleo+"SETUP.md"] + "\nThat is all.\n",
			"webhooks/contact-tagged.json":      w.examples[parleo+"webhooks/contact-tagged.json"] + "\n",
			"webhooks/conversation-closed.json": w.examples[parleo+"webhooks/conversation-closed.json"] + "\n",
		} {
			files[parleo+name] = githubtest.Text(text)
		}
		return files
	}
	next := w.definition("parleo", `"version": "1.0.0"`, `"version": "1.0.1"`, `"label": "`, `"label": "The `)
	bad := strings.NewReplacer(`"isCustom": false`, `"isCustom": "no"`, `"type": "miniapps:parleo"`, `"type": "miniapps:other"`).Replace(next)
	bad = strings.Replace(bad, `"category": "`, `"category": "x`, 1)
	return in(strings.Replace(bad, `"status": "private"`, `"status": "public"`, 1)), in(next)
}

// forty is a definition with at least forty findings.
func forty(w *world) string {
	text := twelve(w)
	text = strings.ReplaceAll(text, `"method": "`, `"method": "X`)
	text = strings.ReplaceAll(text, `"title": "`, `"titel": "`)
	text = strings.ReplaceAll(text, `"bodyType": "json"`, `"bodyType": "yaml"`)
	return strings.ReplaceAll(text, `"renderStrategy": "auto"`, `"renderStrategy": "maybe"`)
}

// BenchmarkReview measures reviews on a server that answers after 100 ms, with
// all that a run has to load first.
func BenchmarkReview(b *testing.B) {
	delayed := func(b *testing.B, without ...string) *world {
		return newWorld(b, githubtest.Options{Delay: 100 * time.Millisecond}, without...)
	}
	labeled := func(b *testing.B, without ...string) *world {
		w := delayed(b, without...)
		for _, l := range config.Default().Labels {
			body, _ := json.Marshal(map[string]string{"name": l.Name, "color": l.Color, "description": l.Description})
			ask, err := http.NewRequest(http.MethodPost, w.gh.URL+"/repos/acme/definitions/labels", bytes.NewReader(body))
			if err != nil {
				b.Fatal(err)
			}
			ask.Header.Set("Authorization", "Bearer "+w.rita.Token())
			answer, err := http.DefaultClient.Do(ask)
			if err != nil || answer.StatusCode != http.StatusCreated {
				b.Fatal(answer, err)
			}
			answer.Body.Close()
		}
		return w
	}
	updated := func(b *testing.B) *world {
		w := labeled(b)
		wrong, _ := fiveFiles(w)
		w.open(wrong)
		return w
	}
	for _, c := range []struct {
		name string
		make func(b *testing.B) *world
	}{
		{"first review", updated},
		{"fix pushed", func(b *testing.B) *world {
			w := updated(b)
			w.review()
			_, mended := fiveFiles(w)
			w.push(mended)
			return w
		}},
		{"nothing changed", func(b *testing.B) *world { w := updated(b); w.review(); return w }},
		{"first of the repository", func(b *testing.B) *world {
			w := delayed(b)
			wrong, _ := fiveFiles(w)
			w.open(wrong)
			return w
		}},
		{"40 findings", func(b *testing.B) *world {
			w := labeled(b, "parleo")
			w.open(w.namespace("parleo", map[string]string{"miniapp.json": forty(w)}))
			return w
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var requests, writes, trips, findings int
			var took time.Duration
			for range b.N {
				b.StopTimer()
				w := c.make(b)
				w.gh.ResetLog()
				b.StartTimer()
				start := time.Now()
				r, err := newReviewing(w.client())
				if err != nil {
					b.Fatal(err)
				}
				r.options.Version = "test"
				o, err := r.pull(context.Background(), w.pull.Number)
				if err != nil {
					b.Fatal(err)
				}
				took += time.Since(start)
				requests, writes, trips, findings = len(w.gh.Requests()), len(w.gh.Writes()), w.gh.RoundTrips(), len(o.result.Findings)
			}
			b.ReportMetric(float64(took.Milliseconds())/float64(b.N), "ms")
			b.ReportMetric(float64(requests), "requests")
			b.ReportMetric(float64(writes), "writes")
			b.ReportMetric(float64(trips), "trips")
			b.ReportMetric(float64(findings), "findings")
			b.ReportMetric(0, "ns/op")
		})
	}
}
