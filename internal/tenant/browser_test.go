package tenant

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/karzoun/miniapp-review/internal/browsertest"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
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

// run runs actions in the browser, each part of a story with a name.
func run(t *testing.T, ctx context.Context, what string, actions ...chromedp.Action) {
	t.Helper()
	within, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Run(within, actions...); err != nil {
		var page string
		_ = chromedp.Run(ctx, chromedp.Evaluate("document.body.innerText", &page))
		t.Fatalf("%s: %v\n%s", what, err, page)
	}
}

// until waits until something is true, over pages that are loaded meanwhile.
func until(expression string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		for {
			var is bool
			err := chromedp.Evaluate("Boolean("+expression+")", &is).Do(ctx)
			if err == nil && is {
				return nil
			}
			select {
			case <-ctx.Done():
				return errors.Join(fmt.Errorf("waiting for %s: %w", expression, ctx.Err()), err)
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
}

// says waits until an element has a text.
func says(selector, text string) chromedp.Action {
	return until(fmt.Sprintf("[...document.querySelectorAll(%q)].some(e => e.innerText.includes(%q))", selector, text))
}

// focused waits until an element has the focus.
func focused(selector string) chromedp.Action {
	return until(fmt.Sprintf("document.activeElement && document.activeElement.matches(%q)", selector))
}

// TestBrowser installs with a key, fills a form with a dropdown, runs it, imports,
// and sees webhooks arrive, all of it with real clicks.
func TestBrowser(t *testing.T) {
	allocator := browsertest.Start(t)
	w := newWorld(t, "acme-tasks", keyAuth, nil)
	ctx, watch := tab(t, allocator)
	run(t, ctx, "a wrong key", chromedp.Navigate(w.server.StartURL()), says("h1", "Tasks & more"),
		chromedp.SendKeys("#c-0", "wrong-key-99"), chromedp.SendKeys("#c-1", "hook-secret-1"), chromedp.Click("#connection button.main"),
		says("#connection-r", "401"), says("#connection-s", "401"))
	run(t, ctx, "the right key", chromedp.Evaluate(`document.querySelector("#c-0").value = ""`, nil), chromedp.SendKeys("#c-0", "key-12345678"), chromedp.Click("#connection button.main"),
		says(".meta", "Connected"), says("#connection-r", "Done."), focused("#connection-r"))
	run(t, ctx, "an action", chromedp.Click("details.action > summary"),
		until(`document.querySelectorAll("#a0-0 option").length === 3`),
		chromedp.SetValue("#a0-0", "p2"), chromedp.SendKeys("#a0-1", "Water the plants"), chromedp.SendKeys("#a0-7-0", "Oslo"), chromedp.SendKeys("#a0-6", "one"),
		until(`document.querySelectorAll("[data-into] option").length === 3`), chromedp.Evaluate(`(() => { const e = document.querySelector("[data-into] select"); e.value = "p2"; e.dispatchEvent(new Event("change", {bubbles: true})) })()`, nil), chromedp.Click("details.action button.main"),
		says("#action-0-r .output", `"taskId": "t-77"`), says("#action-0-r", "nothing is at"), says("#action-0-r", "miniapp.json:"))
	if got, want := w.last(), `POST /projects/p2/tasks Bearer key-12345678 {"title":"Water the plants","priority":"low","tell":true,"labels":["one","p2"],"place":{"city":"Oslo"}}`; got != want {
		t.Errorf("sent\n%s\nwant\n%s", got, want)
	}
	run(t, ctx, "typing in the place of the dropdown", chromedp.Click("[data-type]"), focused("input#a0-0"), chromedp.SetValue("input#a0-0", "own-id"), chromedp.Click("details.action button.main"),
		says("#action-0-r code", "own-id"), chromedp.Click("[data-type]"), focused("select#a0-0"))
	run(t, ctx, "an import", chromedp.SetValue("#import-0", "2"), chromedp.Click("#imports button.main"), says("#import-0-r", "2 records"))
	run(t, ctx, "a sample", chromedp.Click(".samples button"), says("#log", "task.created"), says("#log", "accepted"), says("#live-s", "task.created: accepted"))
	w.deliver(`{"event": "task.created", "id": "d-1"}`, "hook-secret-1")
	run(t, ctx, "a repeated delivery", says("#log", "duplicate"))
	w.deliver(`{"event": "task.created", "id": "d-2"}`, "wrong")
	run(t, ctx, "a forged delivery", says("#log li:first-child", "refused"), chromedp.Click("#log li:first-child summary"), says("#log li:first-child dd", "no:"))
	run(t, ctx, "loaded again", chromedp.Reload(), says("#log", "duplicate"), until(`document.querySelectorAll("#log > li").length === 3`))
	run(t, ctx, "disconnecting", chromedp.Click("[data-post=disconnect]"), says(".meta", "Not connected"))
	watch.quiet(t, w.server.o.Desk.String())
}

// TestBrowserKeyboard does the same with nothing but keys.
func TestBrowserKeyboard(t *testing.T) {
	allocator := browsertest.Start(t)
	w := newWorld(t, "acme-tasks", keyAuth, nil)
	ctx, watch := tab(t, allocator)
	to := func(selector string) chromedp.Action {
		return chromedp.ActionFunc(func(ctx context.Context) error {
			for range 60 {
				var there bool
				if err := chromedp.Evaluate(fmt.Sprintf("document.activeElement.matches(%q)", selector), &there).Do(ctx); err != nil || there {
					return err
				}
				if err := chromedp.KeyEvent(kb.Tab).Do(ctx); err != nil {
					return err
				}
			}
			return fmt.Errorf("the Tab key does not lead to %s", selector)
		})
	}
	run(t, ctx, "connecting", chromedp.Navigate(w.base), to(".skip"), chromedp.KeyEvent(kb.Enter), to("#c-0"), chromedp.KeyEvent("key-12345678"), to("#c-1"), chromedp.KeyEvent("hook-secret-1"), chromedp.KeyEvent(kb.Enter),
		says(".meta", "Connected"), focused("#connection-r"))
	run(t, ctx, "an action", to("details.action > summary"), chromedp.KeyEvent(kb.Enter), until(`document.querySelectorAll("#a0-0 option").length === 3`),
		to("#a0-0"), chromedp.KeyEvent("Kit"), to("#a0-1"), chromedp.KeyEvent("Cook"), to("details.action button.main"), chromedp.KeyEvent(" "), says("#action-0-r", "t-77"))
	if got := w.last(); !strings.HasPrefix(got, "POST /projects/p1/tasks ") {
		t.Errorf("sent %s", got)
	}
	run(t, ctx, "looking at a step", to("#action-0-r .step summary"), chromedp.KeyEvent(kb.Enter), says("#action-0-r .step .inside", "Response"))
	watch.quiet(t, w.server.o.Desk.String())
}

// TestBrowserOAuth signs in through a window of the provider.
func TestBrowserOAuth(t *testing.T) {
	allocator := browsertest.Start(t)
	w := newWorld(t, "acme-tasks", oauthAuth, nil)
	ctx, watch := tab(t, allocator)
	w.provider.refuse = true
	run(t, ctx, "refused", chromedp.Navigate(w.base), chromedp.SendKeys("#c-0", "client-1"), chromedp.SendKeys("#c-1", "client-secret-1"), chromedp.Click("#connection button.main"),
		says("#connection-r", "access_denied"), says(".meta", "Not connected"))
	w.provider.mu.Lock()
	w.provider.refuse = false
	w.provider.mu.Unlock()
	run(t, ctx, "allowed", chromedp.SendKeys("#c-0", "client-1"), chromedp.SendKeys("#c-1", "client-secret-1"), chromedp.Click("#connection button.main"),
		says(".meta", "Connected"), says("#connection-r", "get_token"), focused("#connection-r"), chromedp.ActionFunc(func(ctx context.Context) error {
			for { // the window closes by itself
				targets, err := chromedp.Targets(ctx)
				if err != nil {
					return err
				}
				if !slices.ContainsFunc(targets, func(i *target.Info) bool {
					return strings.Contains(i.URL, "/oauth2?") && strings.Contains(i.URL, "code=")
				}) {
					return nil
				}
				select {
				case <-ctx.Done():
					return fmt.Errorf("the window stays open: %w", ctx.Err())
				case <-time.After(50 * time.Millisecond):
				}
			}
		}))
	run(t, ctx, "an action", chromedp.Click("details.action > summary"), until(`document.querySelectorAll("#a0-0 option").length === 3`),
		chromedp.SetValue("#a0-0", "p1"), chromedp.SendKeys("#a0-1", "x"), chromedp.Click("details.action button.main"), says("#action-0-r", "t-77"))
	if got := w.last(); !strings.Contains(got, "Bearer token-of-oauth") {
		t.Errorf("sent %s", got)
	}
	watch.quiet(t, w.server.o.Desk.String())
}

// TestBrowserHostile opens a page of which every text is hostile: nothing runs,
// nothing is loaded, and the policy has nothing to stop.
func TestBrowserHostile(t *testing.T) {
	allocator := browsertest.Start(t)
	w := newWorld(t, "acme-tasks", keyAuth, nil)
	evil := `</title></script><script>window.hit=1</script><img src=https://spy.example/x onerror=window.hit=1>\" onfocus=window.hit=1 autofocus x=\" [a](javascript:window.hit=1) ![b](https://spy.example/y)`
	text := document("acme-tasks", keyAuth, w.provider.URL)
	for _, part := range []string{"Tasks & more", "Make tasks <from> a conversation.", "Create a task", "Adds a task to a project.", "Where it is kept.", "Access token", "Task created", "task.created", "https://panel.example/board", "productivity", "eu", "Makes **tasks**."} {
		text = strings.ReplaceAll(text, part, evil)
	}
	w.folder.set("miniapp.json", text)
	w.folder.set("SETUP.md", strings.ReplaceAll(evil, `\"`, `"`))
	w.folder.set("webhooks/task-created.json", strings.ReplaceAll(sampleFile, "task.created", evil))
	ctx, watch := tab(t, allocator)
	w.connect()
	run(t, ctx, "the page", chromedp.Navigate(w.base), says("h1", "window.hit"), chromedp.Click(".samples button"), says("#log", "window.hit"), chromedp.Click("#log summary"),
		chromedp.Click("details.action > summary"), chromedp.SendKeys("#a0-1", "x"), until(`document.querySelectorAll("#a0-0 option").length === 3`), chromedp.SetValue("#a0-0", "p1"),
		chromedp.Click("details.action button.main"), says("#action-0-r", "t-77"))
	var hit bool
	var links []string
	run(t, ctx, "looking", chromedp.Evaluate("window.hit === 1", &hit), chromedp.Evaluate(`[...document.querySelectorAll("img, iframe, object, script:not([src]), style, [style], a[href^=javascript]")].map(e => e.outerHTML)`, &links))
	if hit || len(links) > 0 {
		t.Errorf("hit %v, %v", hit, links)
	}
	watch.quiet(t, w.server.o.Desk.String())
	// The policy itself: a script that gets in does not run.
	var ran bool
	run(t, ctx, "a script that gets in", chromedp.Evaluate(`(() => { const s = document.createElement("script"); s.textContent = "window.hit = 1"; document.body.append(s); return window.hit === 1 })()`, &ran))
	if ran {
		t.Error("a script that was not in the page ran")
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
		if (!walk.currentNode.textContent.trim() || !e.getClientRects().length) continue;
		const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
		if ((a + .05) / (b + .05) < 4.5) low.push(e.tagName + " " + walk.currentNode.textContent.trim().slice(0, 30) + " " + ((a + .05) / (b + .05)).toFixed(2));
	}
	return low;
})()`

// faults returns what keeps people from using a page: controls without a name,
// a jump in the levels of headings, an id that is there twice, a reference to
// none, a page wider than its window, and controls too small for a finger.
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
	for (const e of document.querySelectorAll("[aria-describedby], [aria-labelledby], label[for], [data-result]"))
		for (const id of (e.getAttribute("aria-describedby") || e.getAttribute("aria-labelledby") || e.htmlFor || e.dataset.result).split(" ")) if (!document.getElementById(id)) out.push("no element " + id);
	for (const e of document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a, summary")) {
		if (!(e.labels && e.labels.length) && !e.textContent.trim() && !e.ariaLabel) out.push("no name: " + e.outerHTML);
		if (e.tagName !== "A" && e.getClientRects().length && e.getBoundingClientRect().height < 40) out.push("too small: " + e.outerHTML.slice(0, 100) + " " + e.getBoundingClientRect().height);
	}
	if (document.documentElement.scrollWidth > innerWidth) out.push("wider than the window: " + document.documentElement.scrollWidth + " > " + innerWidth);
	return out;
})()`

// TestBrowserLooks checks colors, names and widths in light and dark, on a desk
// and on a phone. With MINIAPP_SHOTS it leaves pictures in that folder.
func TestBrowserLooks(t *testing.T) {
	allocator := browsertest.Start(t)
	w := newWorld(t, "acme-tasks", keyAuth, func(o *Options) {
		more := &folder{}
		more.set("miniapp.json", document("acme-more", keyAuth, "https://tasks.example"))
		o.Sources = append(o.Sources, Source{Name: "acme-more", Shown: "definitions/acme-more/miniapp.json", Load: more.load})
		o.Sources[0].Check = func(context.Context) ([]finding.Finding, error) {
			at := finding.Range{Start: jsondoc.Position{Line: 2, Column: 9}}
			return []finding.Finding{{Rule: "ns-format", Severity: finding.Error, Path: "definitions/acme-tasks/miniapp.json", Range: at, Message: `"ns" is "Acme Tasks", which is not lower case.`, Hint: `Write "acme-tasks".`}}, nil
		}
	})
	ctx, watch := tab(t, allocator)
	run(t, ctx, "before anything", chromedp.Navigate(w.base), says("h1", "Tasks"))
	shoot(t, ctx, "start")
	w.connect()
	w.deliver(`{"event": "task.created", "id": "d-2"}`, "wrong")
	w.deliver(`{"event": "task.created", "id": "d-3"}`, "hook-secret-1")
	run(t, ctx, "in use", chromedp.Navigate(w.base), chromedp.Click("details.action > summary"), until(`document.querySelectorAll("#a0-0 option").length === 3`),
		chromedp.SetValue("#a0-0", "p1"), chromedp.SendKeys("#a0-1", "Paint the door"), chromedp.Click("details.action button.main"), says("#action-0-r", "t-77"),
		chromedp.Click("#imports button.main"), says("#import-0-r", "3 records"), chromedp.Click("#action-0-r .step summary"), chromedp.Click("#log li:last-child summary"))
	shoot(t, ctx, "in-use")
	w.folder.set("miniapp.json", strings.Replace(document("acme-tasks", keyAuth, w.provider.URL), `"ns": "acme-tasks"`, `"ns": "Acme Tasks"`, 1))
	run(t, ctx, "a mistake", chromedp.Navigate(w.base), says("h2", "no usable"))
	shoot(t, ctx, "mistake")
	run(t, ctx, "several MiniApps", chromedp.Navigate(w.server.StartURL()), says("h1", "MiniApps"))
	shoot(t, ctx, "index")
	watch.quiet(t, w.server.o.Desk.String())
}

// shoot looks at a page in every way.
func shoot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		for size, at := range map[string][2]int64{"desk": {1280, 900}, "phone": {360, 740}} {
			what := fmt.Sprintf("%s, %s, %s", name, scheme, size)
			var low, found []string
			var picture []byte
			run(t, ctx, what, emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
				chromedp.EmulateViewport(at[0], at[1]), chromedp.Evaluate(contrasts, &low), chromedp.Evaluate(faults, &found), chromedp.FullScreenshot(&picture, 100))
			if len(low) > 0 || len(found) > 0 {
				t.Errorf("%s: contrast %v, faults %v", what, low, found)
			}
			if shots := os.Getenv("MINIAPP_SHOTS"); shots != "" {
				file := filepath.Join(shots, name+"-"+scheme+"-"+size+".png")
				if err := errors.Join(os.MkdirAll(shots, 0o755), os.WriteFile(file, picture, 0o644)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
