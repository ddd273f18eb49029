package providers

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/karzoun/miniapp-review/internal/sandbox"
)

const state = "made-up-state-of-the-platform"

// browser is a person in front of the provider's page. It follows no redirect:
// where it is led is looked at.
func browser() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// allow opens the provider's page of OAuth, chooses the person of a name there,
// and returns the URL that the provider leads back to.
func allow(t *testing.T, address, person string) *url.URL {
	t.Helper()
	page, err := browser().Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer page.Body.Close()
	data, err := io.ReadAll(page.Body)
	if err != nil || page.StatusCode != http.StatusOK {
		t.Fatalf("the provider's page answered %d: %s (%v)", page.StatusCode, data, err)
	}
	root, err := html.Parse(strings.NewReader(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	for form := range root.Descendants() {
		if form.Data != "form" || !strings.Contains(textOf(form), person) {
			continue
		}
		fields := url.Values{}
		for input := range form.Descendants() {
			if input.Data == "input" {
				fields.Set(attribute(input, "name"), attribute(input, "value"))
			}
		}
		to, err := page.Request.URL.Parse(attribute(form, "action"))
		if err != nil {
			t.Fatal(err)
		}
		back, err := browser().PostForm(to.String(), fields)
		if err != nil {
			t.Fatal(err)
		}
		defer back.Body.Close()
		location, err := back.Location()
		if err != nil {
			t.Fatalf("the provider leads nowhere: %d, %v", back.StatusCode, err)
		}
		return location
	}
	t.Fatalf("the provider's page has nobody called %q:\n%s", person, data)
	return nil
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// textOf returns the text of an element, with one space between its parts.
func textOf(n *html.Node) string {
	var words []string
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			words = append(words, strings.Fields(c.Data)...)
		}
	}
	return strings.Join(words, " ")
}

// signsIn goes the way of OAuth until the provider leads back, and returns the
// code that it brings.
func (s *shop) signsIn(install *sandbox.Install, form obj, person string) string {
	s.Helper()
	address, run := s.machine.Authorize(install, values(form), state)
	s.passes(run)
	back := allow(s.T, address, person)
	want := s.machine.Platform.RedirectURL(s.machine.Definition.NS.Text())
	if got, _, _ := strings.Cut(back.String(), "?"); got != want || back.Query().Get("state") != state || back.Query().Get("code") == "" {
		s.Fatalf("the provider leads back to %s, and not to %s with the state and a code", back, want)
	}
	return back.Query().Get("code")
}

// client is the MiniApp's client of OAuth at a provider.
func client(secret string) obj { return obj{"client_id": "made-up-client", "client_secret": secret} }

const clientSecret = "made-up-secret-of-the-client"

func oauthApp(ns, platform string, more obj) obj {
	app := obj{"client_id": "made-up-client", "client_secret": clientSecret, "name": "Karzoun", "redirect_uris": []string{platform + "/miniapps/" + ns + "/oauth2"}}
	for k, v := range more {
		app[k] = v
	}
	return app
}

// TestGitHubOAuth signs in to GitHub, whose tokens do not expire.
func TestGitHubOAuth(t *testing.T) {
	hook := newHook(t)
	seed := githubSeed()
	seed["github"].(obj)["oauth_apps"] = []obj{oauthApp("github-projects", hook.url, nil)}
	address := start(t, map[string]any{"github": seed})["github"]
	s := open(t, "github-projects", map[string]string{"https://api.github.com": address, "https://github.com": address})
	s.machine.Platform.BaseURL = hook.url

	// GitHub refuses a wrong secret, and a code for the second time, with success.
	wrong := sandbox.NewInstall("install-0")
	code := s.signsIn(wrong, client("another"), "mona")
	run := s.machine.Finish(t.Context(), wrong, code)
	if run.OK() || run.Failure.Code != sandbox.ExternalAPI || wrong.Connected || len(run.Steps) != 1 || run.Steps[0].Response.Status != http.StatusOK ||
		!strings.Contains(run.Steps[0].Response.Body, "incorrect_client_credentials") || wrong.Credentials["accessToken"] != nil {
		t.Errorf("a wrong secret of the client:\n%s", shown(run))
	}
	install := sandbox.NewInstall("install-1")
	code = s.signsIn(install, client(clientSecret), "mona")
	s.passes(s.machine.Finish(t.Context(), install, code))
	again := s.machine.Finish(t.Context(), sandbox.NewInstall("install-2"), code)
	if again.OK() {
		t.Errorf("a code that was used:\n%s", shown(again))
	}

	token := install.Credentials["accessToken"].Text()
	if !strings.HasPrefix(token, "gho_") || install.Metadata["name"].Text() != "mona" || install.Credentials["grantedScope"].Text() != "repo read:user" {
		t.Errorf("stored %v and %v", install.Credentials, install.Metadata)
	}
	if strings.Contains(string(shown(run))+string(shown(again)), clientSecret) {
		t.Error("a run shows the secret of the client")
	}
	made := s.act(install, "startProject", obj{"name": "soups", "description": "What we cook", "firstTask": "Buy leeks"})
	repo := ask[obj](t, "GET", address+"/repos/mona/soups", monasToken, nil)
	task := ask[issue](t, "GET", address+"/repos/mona/soups/issues/1", monasToken, nil)
	if made["issueNumber"] != 1.0 || repo["private"] != true || repo["description"] != "What we cook" || task.Title != "Buy leeks" {
		t.Errorf("made %v: %v with %+v", made, repo, task)
	}
	s.act(install, "describeProject", obj{"repository": "mona/soups", "description": "What we cooked"})
	if repo = ask[obj](t, "GET", address+"/repos/mona/soups", monasToken, nil); repo["description"] != "What we cooked" {
		t.Errorf("described as %v", repo["description"])
	}
	if got := s.act(install, "addTask", obj{"repository": "mona/soups", "title": "Buy salt"}); got["author"] != "mona" || got["issueNumber"] != 2.0 {
		t.Errorf("added %v", got)
	}
	if list := s.options(install, "rpc_repositories", nil); len(list) != 2 {
		t.Errorf("the repositories are %v", list)
	}
}
