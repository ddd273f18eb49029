package cli

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/karzoun/miniapp-review/internal/browsertest"
)

// served is a miniapp serve in a process of its own.
type served struct {
	t     testing.TB
	cmd   *exec.Cmd
	start string // the address of the page
	took  time.Duration
}

// serveProcess starts the command in a folder and waits for the first answer of the page.
func serveProcess(t testing.TB, dir, state string, args ...string) *served {
	t.Helper()
	s := &served{t: t, cmd: exec.Command(os.Args[0], append([]string{"serve", "--addr", "127.0.0.1:0", "--state", state}, args...)...)}
	s.cmd.Dir = dir
	s.cmd.Env = append(os.Environ(), asCommand+"=1")
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.cmd.Process.Kill(); _ = s.cmd.Wait() })
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("miniapp serve prints no address")
	}
	s.start = lines.Text()
	s.get("")
	s.took = time.Since(begin)
	return s
}

func (s *served) get(path string) string {
	s.t.Helper()
	res, err := http.Get(s.start + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(body)
}

func (s *served) post(path string, form url.Values) string {
	s.t.Helper()
	u, err := url.Parse(s.start)
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(context.Background(), "POST", s.start+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", u.Scheme+"://"+u.Host)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(body)
}

// interrupt ends the process as ctrl-C does.
func (s *served) interrupt() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		s.t.Errorf("after ctrl-C: %v", err)
	}
}

// TestServeTenant tries the examples on the page without a provider, edits one,
// and ends and starts the command meanwhile.
func TestServeTenant(t *testing.T) {
	repo, state := t.TempDir(), filepath.Join(t.TempDir(), "state")
	if err := os.CopyFS(repo, os.DirFS("../../examples/definitions-repo")); err != nil {
		t.Fatal(err)
	}
	s := serveProcess(t, "", state, "--practice", repo)
	t.Logf("the first answer came %v after the start", s.took)
	for _, want := range []string{"Taskhub", "Shopkeep", "Sheetwise", "Mailbeam", "Parleo"} {
		if page := s.get(""); !strings.Contains(page, want) {
			t.Errorf("the first page lacks %q: %s", want, page)
		}
	}
	if got := s.post("app/taskhub/connect", url.Values{"c.0": {"key-12345678"}, "c.1": {"hook-12345678"}}); !strings.Contains(got, "Done.") {
		t.Fatalf("connecting: %s", got)
	}
	if got := s.post("app/taskhub/action", url.Values{"index": {"0"}, "action": {"createTask"}, "p.0": {"x"}, "p.1": {"y"}}); !strings.Contains(got, "made-up-taskId") {
		t.Errorf("an action: %s", got)
	}
	// The page waits for what happens; ending does not wait for the page.
	live, err := http.Get(s.start + "app/taskhub/live?after=0&state=1")
	if err != nil {
		t.Fatal(err)
	}
	defer live.Body.Close()
	s.interrupt()

	file := filepath.Join(repo, "definitions", "taskhub", "miniapp.json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s = serveProcess(t, "", state, "--practice", filepath.Join(repo, "definitions", "taskhub"))
	if page := s.get("app/taskhub"); !strings.Contains(page, `data-connected="true"`) || strings.Contains(page, "in this submission") {
		t.Errorf("after a restart: %s", page)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), `"method": "PATCH"`, `"method": "PTACH"`, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if page := s.get("app/taskhub"); !strings.Contains(page, "1 error in this submission") || !strings.Contains(page, "schema-value") || !strings.Contains(page, "taskhub/miniapp.json:") {
		t.Errorf("after a mistake: %s", page)
	}
	s.interrupt()
	s = serveProcess(t, "", state, "--practice", "--fresh", filepath.Join(repo, "definitions", "taskhub"))
	if page := s.get("app/taskhub"); !strings.Contains(page, `data-connected="false"`) {
		t.Errorf("with --fresh: %s", page)
	}
	s.interrupt()
}

// BenchmarkServeStart is the time from the start of the process to the first
// answer of the page.
func BenchmarkServeStart(b *testing.B) {
	var took time.Duration
	for range b.N {
		s := serveProcess(b, "", filepath.Join(b.TempDir(), "state"), "../../examples/definitions-repo/definitions/taskhub")
		took += s.took
		s.interrupt()
	}
	b.ReportMetric(float64(took.Microseconds())/1000/float64(b.N), "ms/answer")
}

// TestServePicture makes the picture of docs/serve.md: "make serve-picture".
func TestServePicture(t *testing.T) {
	file := os.Getenv("MINIAPP_PICTURE")
	if file == "" {
		t.Skip("MINIAPP_PICTURE names the file of the picture")
	}
	allocator := browsertest.Start(t)
	s := serveProcess(t, "../../examples/definitions-repo", filepath.Join(t.TempDir(), "state"), "--practice", "--addr", "127.0.0.1:8400", "definitions/taskhub")
	s.post("app/taskhub/connect", url.Values{"c.0": {"key-12345678"}, "c.1": {"hook-12345678"}})
	s.post("app/taskhub/sample", url.Values{"sample": {"webhooks/task-overdue.json"}})
	ctx, cancel := chromedp.NewContext(allocator)
	defer cancel()
	const loaded = `document.querySelectorAll("#a3-1 option").length > 1`
	var picture []byte
	err := chromedp.Run(ctx, chromedp.EmulateViewport(1180, 1240, chromedp.EmulateScale(.9)), chromedp.Navigate(s.start+"app/taskhub"),
		// The way there is not what the picture is about.
		chromedp.Evaluate(`document.querySelector("#connection-r").replaceChildren(); document.querySelectorAll("details.action")[3].querySelector("summary").click(); document.querySelectorAll("details.action").forEach((e, i) => { if (i < 3) e.remove() })`, nil),
		chromedp.Poll(loaded, nil), chromedp.SendKeys("#a3-0", "tsk_40127"),
		chromedp.Evaluate(`document.querySelector("#a3-1").selectedIndex = 1`, nil), chromedp.Click(`form:has(#a3-0) button.main`),
		chromedp.WaitVisible("#action-3-r .run"), chromedp.Click("#action-3-r .step summary"),
		chromedp.Click(".samples li:nth-child(2) button"), chromedp.WaitVisible("#log li:nth-child(2)"), chromedp.Click("#log li:first-child summary"),
		chromedp.Evaluate("document.activeElement.blur(); scrollTo(0, 0)", nil), chromedp.Sleep(time.Second), chromedp.CaptureScreenshot(&picture))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, picture, 0o644); err != nil {
		t.Fatal(err)
	}
	s.interrupt()
}
