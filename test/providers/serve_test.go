package providers

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// served is a running "miniapp serve", and the browser in which its page is open.
type served struct {
	*testing.T
	browser      *http.Client
	origin, home string // home has the token
	cmd          *exec.Cmd
	says         *bytes.Buffer
}

// serve starts the command at an address, with MiniApps and their state.
func (d *desk) serve(address, state string, dirs ...string) *served {
	d.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		d.Fatal(err)
	}
	s := &served{T: d.T, browser: browser(), origin: "http://" + address, says: &bytes.Buffer{}}
	s.browser.Jar = jar
	s.cmd = d.command(append([]string{"serve", "--allow-local", "--addr", address, "--state", state}, dirs...)...)
	s.cmd.Stderr = s.says
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		d.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		d.Fatal(err)
	}
	d.Cleanup(s.stop)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = s.cmd.Wait()
		d.Fatalf("miniapp serve did not start: %v\n%s", err, s.says)
	}
	s.home = strings.TrimSpace(line)
	return s
}

// stop ends the command as ctrl-C does.
func (s *served) stop() {
	if s.cmd.ProcessState != nil {
		return
	}
	_ = s.cmd.Process.Signal(os.Interrupt)
	_ = s.cmd.Wait()
}

// page reads the page of a MiniApp.
func (s *served) page(ns string) *html.Node {
	s.Helper()
	response, err := s.browser.Get(s.home + "app/" + ns)
	if err != nil {
		s.Fatal(err)
	}
	defer response.Body.Close()
	root, err := html.Parse(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		s.Fatalf("the page of %s answered %d (%v)", ns, response.StatusCode, err)
	}
	return root
}

// fill types into the fields of a form, by their labels, and returns what the form
// sends.
func (s *served) fill(page *html.Node, is func(form *html.Node) bool, typed map[string]string) url.Values {
	s.Helper()
	for form := range page.Descendants() {
		if form.Data != "form" || !is(form) {
			continue
		}
		fields, byID, done := url.Values{}, map[string]string{}, map[string]bool{}
		for n := range form.Descendants() {
			if name := attribute(n, "name"); name != "" {
				fields.Set(name, attribute(n, "value"))
				byID[attribute(n, "id")] = name
			}
		}
		for label := range form.Descendants() {
			text := strings.TrimSuffix(textOf(label), " required")
			if value, ok := typed[text]; ok && label.Data == "label" {
				fields.Set(byID[attribute(label, "for")], value)
				done[text] = true
			}
		}
		if len(done) != len(typed) {
			s.Fatalf("of %v, the form has only %v", typed, done)
		}
		return fields
	}
	s.Fatal("there is no such form")
	return nil
}

// post sends a form as the page's script does, and returns the answer's text.
func (s *served) post(ns, what string, fields url.Values) string {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), "POST", s.home+"app/"+ns+"/"+what, strings.NewReader(fields.Encode()))
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", s.origin)
	response, err := s.browser.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		s.Fatalf("%s answered %d: %s (%v)", what, response.StatusCode, data, err)
	}
	return string(data)
}

// connects fills in the form to install, and returns the result.
func (s *served) connects(ns string, typed map[string]string) string {
	s.Helper()
	install := func(form *html.Node) bool { return attribute(form, "data-post") == "connect" }
	return s.post(ns, "connect", s.fill(s.page(ns), install, typed))
}

// acts fills in the form of an action, and returns the result.
func (s *served) acts(ns, action string, typed map[string]string) string {
	s.Helper()
	return s.post(ns, "action", s.fill(s.page(ns), func(form *html.Node) bool {
		for n := range form.Descendants() {
			if attribute(n, "name") == "action" && attribute(n, "value") == action {
				return true
			}
		}
		return false
	}, typed))
}

// isConnected reports whether the page says so.
func (s *served) isConnected(ns string) bool {
	s.Helper()
	for n := range s.page(ns).Descendants() {
		if n.Data == "body" {
			return attribute(n, "data-connected") == "true"
		}
	}
	return false
}

// shows waits until the page has a number of deliveries, and returns the text of
// the latest.
func (s *served) shows(ns string, number int) string {
	s.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		for n := range s.page(ns).Descendants() {
			if n.Data == "li" && attribute(n, "data-number") == fmt.Sprint(number) {
				return textOf(n)
			}
		}
	}
	s.Fatalf("delivery %d has not come", number)
	return ""
}

// testServe goes the whole way: the page, the provider, and the deliveries that
// the provider sends to the command by itself.
func testServe(d *desk) {
	t := d.T
	address := freeAddress(t)
	seed := githubSeed()
	seed["github"].(obj)["oauth_apps"] = []obj{oauthApp("github-projects", "http://"+address, nil)}
	github := start(t, map[string]any{"github": seed})["github"]
	issues := open(t, "github-issues", map[string]string{"https://api.github.com": github})
	projects := open(t, "github-projects", map[string]string{"https://api.github.com": github, "https://github.com": github})
	state := filepath.Join(d.home, "state")
	s := d.serve(address, state, issues.dir, projects.dir)
	repo := github + "/repos/mona/menu"

	wrong := s.connects("github-issues", map[string]string{"Access token": wrongToken, "Repository": "mona/menu", "Webhook secret": hookSecret})
	if !strings.Contains(wrong, "AUTH_EXPIRED") || s.isConnected("github-issues") || len(ask[[]obj](t, "GET", repo+"/hooks", monasToken, nil)) != 0 {
		t.Fatalf("a wrong token:\n%s", wrong)
	}
	right := s.connects("github-issues", map[string]string{"Access token": monasToken, "Repository": "mona/menu", "Webhook secret": hookSecret})
	if !s.isConnected("github-issues") {
		t.Fatalf("not connected:\n%s", right)
	}
	if strings.Contains(wrong+right, hookSecret) || strings.Contains(right, monasToken) {
		t.Error("the page shows a secret")
	}

	made := s.acts("github-issues", "createIssue", map[string]string{"Repository": "mona/menu", "Title": "Ümlauts & <b>", "Labels": "qa, from inbox"})
	if !strings.Contains(made, "issueNumber") {
		t.Fatalf("the action:\n%s", made)
	}
	first := ask[issue](t, "GET", repo+"/issues/1", monasToken, nil)
	if first.Title != "Ümlauts & <b>" || len(first.Labels) != 2 {
		t.Errorf("the issue is %+v", first)
	}
	log := s.shows("github-issues", 1)
	for _, want := range []string{"issues.opened accepted", "Verified yes, by hmac-sha256", "Answer 200", "Triggers Issue opened", "Transaction " + first.NodeID} {
		if !strings.Contains(log, want) {
			t.Errorf("the page does not show %q: %s", want, log)
		}
	}
	if listed := s.acts("github-issues", "listOpenIssues", map[string]string{"Repository": "mona/menu"}); !strings.Contains(listed, "#1 Ümlauts") {
		t.Errorf("the function:\n%s", listed)
	}

	// Somebody signs in to GitHub in a window.
	asked := s.post("github-projects", "authorize", s.fill(s.page("github-projects"), func(form *html.Node) bool {
		for _, a := range form.Attr {
			if a.Key == "data-oauth" {
				return true
			}
		}
		return false
	}, map[string]string{"client_id": "made-up-client", "client_secret": clientSecret}))
	var window struct{ Popup string }
	if err := json.Unmarshal([]byte(asked), &window); err != nil {
		t.Fatalf("%v: %s", err, asked)
	}
	begun, err := s.browser.Get(window.Popup)
	if err != nil {
		t.Fatal(err)
	}
	begun.Body.Close()
	to, err := begun.Location()
	if err != nil {
		t.Fatalf("the window answered %d: %v", begun.StatusCode, err)
	}
	back, err := s.browser.Get(allow(t, to.String(), "mona").String())
	if err != nil {
		t.Fatal(err)
	}
	back.Body.Close()
	if back.StatusCode != http.StatusOK || !s.isConnected("github-projects") {
		t.Errorf("coming back answered %d", back.StatusCode)
	}
	s.acts("github-projects", "describeProject", map[string]string{"Repository": "mona/menu", "Description": "What we cook"})
	if got := ask[obj](t, "GET", repo, monasToken, nil); got["description"] != "What we cook" {
		t.Errorf("described as %v", got["description"])
	}

	// It ends and begins again: what is installed is still there, and GitHub's
	// deliveries are still verified.
	s.stop()
	s = d.serve(address, state, issues.dir, projects.dir)
	if !s.isConnected("github-issues") || !s.isConnected("github-projects") {
		t.Fatal("the installs are forgotten")
	}
	ask[issue](t, "POST", repo+"/issues/1/comments", monasToken, obj{"body": "Still there?"})
	if log := s.shows("github-issues", 1); !strings.Contains(log, "issue_comment.created accepted") {
		t.Errorf("the page shows %s", log)
	}

	// Another secret at GitHub: it is told that nobody believes it.
	hook := ask[[]obj](t, "GET", repo+"/hooks", monasToken, nil)[0]
	at := fmt.Sprintf("%s/hooks/%v", repo, hook["id"])
	ask[obj](t, "PATCH", at, monasToken, obj{"config": obj{"url": hook["config"].(obj)["url"], "content_type": "json", "secret": "another"}})
	ask[issue](t, "POST", repo+"/issues", monasToken, obj{"title": "Who is there?"})
	if log := s.shows("github-issues", 2); !strings.Contains(log, "refused") || !strings.Contains(log, "Answer 401") {
		t.Errorf("the page shows %s", log)
	}
	var codes []any
	for end := time.Now().Add(20 * time.Second); len(codes) < 3 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		codes = nil
		for _, delivery := range ask[[]obj](t, "GET", at+"/deliveries", monasToken, nil) {
			codes = append(codes, delivery["status_code"])
		}
	}
	counted := map[any]int{}
	for _, c := range codes {
		counted[c]++
	}
	if counted[200.0] != 2 || counted[401.0] != 1 || len(codes) != 3 {
		t.Errorf("GitHub was answered %v", codes)
	}
}
