package queue_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/karzoun/miniapp-review/internal/browsertest"
)

// lowContrasts are the texts whose color stands against the background with less
// than the 4.5 to 1 of WCAG AA.
const lowContrasts = `(() => {
	const parse = (c) => (c.match(/[\d.]+/g) || []).map(Number);
	const light = ([r, g, b]) => { const f = (v) => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; return .2126 * f(r) + .7152 * f(g) + .0722 * f(b) };
	const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] === 1) return c } return [255, 255, 255] };
	return [...document.querySelectorAll("h1, p, td, th, a, span, small")].filter(e => {
		const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
		return (a + .05) / (b + .05) < 4.5;
	}).map(e => e.outerHTML) })()`

// TestPageInBrowser looks at the page on a desk and on a phone, in light and
// dark: nothing is wider than the window, everything can be read, and nothing of
// a submission runs. With MINIAPP_SHOTS it leaves pictures in that folder.
func TestPageInBrowser(t *testing.T) {
	allocator := browsertest.Start(t)
	var page bytes.Buffer
	if err := list().HTML(&page); err != nil {
		t.Fatal(err)
	}
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" && r.URL.Path != "/favicon.ico" {
			asked = append(asked, r.URL.Path)
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write(page.Bytes())
	}))
	defer server.Close()
	ctx, cancel := chromedp.NewContext(allocator)
	defer cancel()
	for _, scheme := range []string{"light", "dark"} {
		for _, size := range []struct {
			name          string
			width, height int64
		}{{"desk", 1280, 900}, {"phone", 360, 740}} {
			what := scheme + "-" + size.name
			var wide, hit, dark bool
			var rows int
			var low []string
			var picture []byte
			err := chromedp.Run(ctx,
				emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
				chromedp.EmulateViewport(size.width, size.height), chromedp.Navigate(server.URL+"/"),
				chromedp.Evaluate(`document.documentElement.scrollWidth > innerWidth`, &wide),
				chromedp.Evaluate(`window.hit === 1`, &hit),
				chromedp.Evaluate(`parseInt(getComputedStyle(document.body).backgroundColor.slice(4)) < 128`, &dark),
				chromedp.Evaluate(`[...document.querySelectorAll("tbody tr")].filter(r => r.getClientRects().length).length`, &rows),
				chromedp.Evaluate(lowContrasts, &low), chromedp.FullScreenshot(&picture, 100))
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			if wide || hit || rows != 5 || dark != (scheme == "dark") || len(low) > 0 {
				t.Errorf("%s: wider than the window %v, hit %v, %d rows, dark %v, hard to read %q", what, wide, hit, rows, dark, low)
			}
			if shots := os.Getenv("MINIAPP_SHOTS"); shots != "" {
				file := filepath.Join(shots, fmt.Sprintf("queue-%s.png", what))
				if err := errors.Join(os.MkdirAll(shots, 0o755), os.WriteFile(file, picture, 0o644)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if len(asked) > 0 {
		t.Errorf("the page asks for %q", asked)
	}
}
