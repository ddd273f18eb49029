package catalogue_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/karzoun/miniapp-review/internal/browsertest"
	"github.com/karzoun/miniapp-review/internal/registry/folder"
	"github.com/karzoun/miniapp-review/internal/registry/registrytest"
)

// watch notes what a page complains about, and whom it asks.
type watch struct {
	mu       sync.Mutex
	messages []string
	asked    []string
}

func (w *watch) note(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		w.messages = append(w.messages, e.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		w.messages = append(w.messages, string(e.Type))
	case *cdplog.EventEntryAdded:
		w.messages = append(w.messages, e.Entry.Text+" "+e.Entry.URL)
	case *network.EventRequestWillBeSent:
		w.asked = append(w.asked, e.Request.URL)
	}
}

func tab(t *testing.T, allocator context.Context) (context.Context, *watch) {
	t.Helper()
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil { // waits until the browser has ended
			cancel()
		}
	})
	w := &watch{}
	chromedp.ListenTarget(ctx, w.note)
	if err := chromedp.Run(ctx, network.Enable(), runtime.Enable(), cdplog.Enable()); err != nil {
		t.Fatalf("starting chromium: %v", err)
	}
	return ctx, w
}

// serve serves a folder. The browser asks for an icon by itself.
func serve(t *testing.T, dir string) string {
	t.Helper()
	files := http.FileServer(http.Dir(dir))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/favicon.ico" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// quiet checks that a page complained of nothing and asked nobody else.
func (w *watch) quiet(t *testing.T, server string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.messages) > 0 {
		t.Errorf("the page complains: %s", strings.Join(w.messages, "\n"))
	}
	for _, u := range w.asked {
		if !strings.HasPrefix(u, server+"/") {
			t.Errorf("the page asks %s", u)
		}
	}
}

// visibleCards are the namespaces of the cards that can be seen.
const visibleCards = `[...document.querySelectorAll(".card")].filter(c => c.getClientRects().length).map(c => c.dataset.ns)`

func TestBrowser(t *testing.T) {
	allocator := browsertest.Start(t)
	url := serve(t, "../../examples/registry")
	ctx, w := tab(t, allocator)
	var got []string
	expect := func(what string, want ...string) chromedp.Action {
		return chromedp.ActionFunc(func(ctx context.Context) error {
			got = nil
			if err := chromedp.Evaluate(visibleCards, &got).Do(ctx); err != nil {
				return err
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
			return nil
		})
	}
	text := func(selector, want string) chromedp.Action {
		return chromedp.ActionFunc(func(ctx context.Context) error {
			var got string
			err := chromedp.Text(selector, &got, chromedp.ByQuery).Do(ctx)
			if !strings.Contains(got, want) {
				t.Errorf("%s says %q, want %q in it", selector, got, want)
			}
			return err
		})
	}
	err := chromedp.Run(ctx,
		chromedp.Navigate(url+"/index.html"),
		expect("at first", "mailbeam", "sheetwise", "shopkeep", "taskhub"),
		text("#count", "4 MiniApps"),
		// The slash key leads to the search.
		input.DispatchKeyEvent(input.KeyDown).WithKey("/").WithText("/"),
		input.DispatchKeyEvent(input.KeyUp).WithKey("/"),
		chromedp.KeyEvent("ORDERS shop"),
		expect("after typing", "shopkeep"),
		text("#count", "1 of 4 MiniApps"),
		chromedp.SetValue("#words", "nothing like this", chromedp.ByQuery),
		chromedp.SendKeys("#words", kb.End+"!", chromedp.ByQuery),
		expect("with no match"),
		text("#none", "No MiniApp matches"),
		chromedp.Click("#clear", chromedp.ByQuery),
		expect("cleared", "mailbeam", "sheetwise", "shopkeep", "taskhub"),
		chromedp.SendKeys("#category", "productivity", chromedp.ByQuery),
		expect("in a category", "sheetwise", "taskhub"),
		// The address keeps the search, and one with a search shows it.
		chromedp.ActionFunc(func(ctx context.Context) error {
			var hash string
			err := chromedp.Evaluate("location.hash", &hash).Do(ctx)
			if hash != "#category=productivity" {
				t.Errorf("the address ends in %q", hash)
			}
			return err
		}),
		chromedp.Navigate("about:blank"),
		chromedp.Navigate(url+"/index.html#q=task&category=productivity"),
		expect("from an address", "taskhub"),
		// A card leads to its page, and back.
		chromedp.Click(`.card[data-ns=taskhub] a`, chromedp.ByQuery),
		chromedp.WaitVisible("#versions", chromedp.ByQuery),
		text("h1", "Taskhub"),
		text(`#v1\.0\.0 h3`, "1.0.0"),
		chromedp.Click("nav a", chromedp.ByQuery),
		chromedp.WaitVisible("#list", chromedp.ByQuery),
		chromedp.Navigate(url+"/mailbeam/index.html"),
		text(`#v1\.1\.0`, "It adds subscribers twice."),
		text(`#v1\.1\.0`, "Yanked"),
		chromedp.Click(`#v1\.1\.0 summary`, chromedp.ByQuery),
		text(`#v1\.1\.0 dl`, "sha256:"),
		chromedp.Click(`#v1\.1\.0 dl a`, chromedp.ByQuery),
	)
	if err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	w.messages = nil // Chromium complains of its own page for JSON
	w.mu.Unlock()
	w.quiet(t, url)
}

// TestBrowserWithoutScript shows everything without a script, and no form that
// would do nothing.
func TestBrowserWithoutScript(t *testing.T) {
	allocator := browsertest.Start(t)
	url := serve(t, "../../examples/registry")
	ctx, w := tab(t, allocator)
	var shown, form int
	err := chromedp.Run(ctx, emulation.SetScriptExecutionDisabled(true), chromedp.Navigate(url+"/index.html"),
		chromedp.EvaluateAsDevTools(`[...document.querySelectorAll(".card")].filter(c => c.getClientRects().length).length`, &shown),
		chromedp.EvaluateAsDevTools(`document.getElementById("find").getClientRects().length`, &form))
	if err != nil || shown != 4 || form != 0 {
		t.Errorf("%d cards and %d forms, %v", shown, form, err)
	}
	w.quiet(t, url)
}

// TestBrowserHostile opens pages of which every text is hostile: nothing runs,
// nothing is loaded, and the policy has nothing to stop.
func TestBrowserHostile(t *testing.T) {
	allocator := browsertest.Start(t)
	dir := t.TempDir()
	text := `</title></style></script><script>window.hit=1</script><img src="https://spy.example/x" onerror="window.hit=1"> [a](javascript:window.hit=1) ![b](https://spy.example/y)`
	registrytest.MustPublish(t, folder.Open(dir), registrytest.Release(t, "acme", "1.0.0", text))
	url := serve(t, dir)
	ctx, w := tab(t, allocator)
	for _, page := range []string{"/index.html", "/acme/index.html"} {
		var hit bool
		var links []string
		err := chromedp.Run(ctx, chromedp.Navigate(url+page), chromedp.Evaluate("window.hit === 1", &hit),
			chromedp.Evaluate(`[...document.querySelectorAll("img, iframe, object, a[href^=javascript]")].map(e => e.outerHTML)`, &links))
		if err != nil || hit || len(links) > 0 {
			t.Errorf("%s: hit %v, %v, %v", page, hit, links, err)
		}
	}
	w.quiet(t, url)
	// The policy itself: a script that gets in does not run.
	var ran bool
	err := chromedp.Run(ctx, chromedp.Navigate(url+"/index.html"), chromedp.Evaluate(`(() => {
		const s = document.createElement("script"); s.textContent = "window.hit = 1"; document.body.append(s); return window.hit === 1 })()`, &ran))
	if err != nil || ran {
		t.Errorf("a script that was not in the page ran: %v, %v", ran, err)
	}
}

// contrasts returns, for every text that can be seen, how its color stands
// against the background, where that is below the 4.5 to 1 of WCAG AA.
const contrasts = `(() => {
	const parse = (c) => (c.match(/[\d.]+/g) || []).map(Number);
	const light = ([r, g, b]) => { const f = (v) => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; return .2126 * f(r) + .7152 * f(g) + .0722 * f(b) };
	const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] === 1) return c } return [255, 255, 255] };
	const low = [];
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walk.nextNode()) {
		const e = walk.currentNode.parentElement;
		if (!walk.currentNode.textContent.trim() || !e.getClientRects().length || ["SCRIPT", "STYLE"].includes(e.tagName)) continue;
		const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
		if ((a + .05) / (b + .05) < 4.5) low.push(e.tagName + " " + walk.currentNode.textContent.trim().slice(0, 30) + " " + ((a + .05) / (b + .05)).toFixed(2));
	}
	return low;
})()`

// faults returns what keeps people from using a page: controls without a name,
// a jump in the levels of headings, an id that is there twice, no language, no
// title, a page wider than its window, and controls too small for a finger.
const faults = `(() => {
	const out = [];
	if (!document.documentElement.lang) out.push("no language");
	if (!document.title) out.push("no title");
	if (document.querySelectorAll("h1").length !== 1) out.push("not one h1");
	if (document.querySelectorAll("main").length !== 1) out.push("not one main");
	let level = 0;
	for (const h of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
		const n = +h.tagName[1];
		if (n > level + 1) out.push("heading " + h.textContent.trim() + " jumps from " + level + " to " + n);
		level = n;
	}
	const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
	ids.filter((id, i) => ids.indexOf(id) !== i).forEach(id => out.push("twice: " + id));
	for (const e of document.querySelectorAll("input, select, button, a")) {
		if (!(e.labels && e.labels.length) && !e.textContent.trim() && !e.ariaLabel) out.push("no name: " + e.outerHTML);
		if (e.tagName !== "A" && e.getClientRects().length && e.getBoundingClientRect().height < 40) out.push("too small: " + e.outerHTML);
	}
	if (document.documentElement.scrollWidth > innerWidth) out.push("wider than the window: " + document.documentElement.scrollWidth + " > " + innerWidth);
	return out;
})()`

// TestBrowserLooks checks colors, names and widths in light and dark, on a desk
// and on a phone. With MINIAPP_SHOTS it leaves pictures in that folder.
func TestBrowserLooks(t *testing.T) {
	allocator := browsertest.Start(t)
	url := serve(t, "../../examples/registry")
	ctx, w := tab(t, allocator)
	for _, page := range []string{"index", "mailbeam/index", "shopkeep/index"} {
		for _, scheme := range []string{"light", "dark"} {
			for name, size := range map[string][2]int64{"desk": {1280, 900}, "phone": {360, 740}} {
				what := fmt.Sprintf("%s, %s, %s", page, scheme, name)
				var low, found []string
				var dark bool
				var picture []byte
				err := chromedp.Run(ctx,
					emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
					chromedp.EmulateViewport(size[0], size[1]),
					chromedp.Navigate(url+"/"+page+".html"),
					chromedp.Evaluate(contrasts, &low), chromedp.Evaluate(faults, &found),
					chromedp.Evaluate(`parseInt(getComputedStyle(document.body).backgroundColor.slice(4)) < 128`, &dark),
					chromedp.FullScreenshot(&picture, 100))
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				if len(low) > 0 || len(found) > 0 || dark != (scheme == "dark") {
					t.Errorf("%s: contrast %v, faults %v, dark %v", what, low, found, dark)
				}
				if shots := os.Getenv("MINIAPP_SHOTS"); shots != "" {
					file := filepath.Join(shots, strings.ReplaceAll(page, "/", "-")+"-"+scheme+"-"+name+".png")
					if err := errors.Join(os.MkdirAll(shots, 0o755), os.WriteFile(file, picture, 0o644)); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
	w.quiet(t, url)
}
