package providers

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/sandbox"
)

// The account of GitHub. An unknown token acts as the first user, unless it
// looks like one of an app: then it is refused, as GitHub refuses any.
const (
	monasToken = "ghp_made-up-token-of-mona"
	wrongToken = "eyJ-made-up.token.of-nobody"
	hookSecret = "made-up-secret-of-the-hook"
)

func githubSeed() obj {
	return obj{
		"tokens": obj{monasToken: obj{"login": "mona", "scopes": []string{"repo", "admin:repo_hook"}}},
		"github": obj{
			"users": []obj{{"login": "mona", "name": "Mona", "email": "mona@harbourcafe.example"}},
			"repos": []obj{{"owner": "mona", "name": "menu", "auto_init": true}},
		},
	}
}

// issue is what GitHub says about an issue.
type issue struct {
	NodeID   string `json:"node_id"`
	Number   int
	Title    string
	Body     string
	State    string
	Comments int
	Labels   []struct{ Name string }
	ClosedAt string `json:"closed_at"`
}

func TestGitHub(t *testing.T) {
	address := start(t, map[string]any{"github": githubSeed()})["github"]
	s := open(t, "github-issues", map[string]string{"https://api.github.com": address})
	repo := address + "/repos/mona/menu"
	form := obj{"accessToken": monasToken, "repository": "mona/menu", "webhookSecret": hookSecret}

	// What is wrong is refused, and nothing is kept, here or there.
	for _, run := range []*sandbox.Run{
		s.refuses(obj{"accessToken": wrongToken, "repository": "mona/menu", "webhookSecret": hookSecret}, "userDetails", sandbox.AuthExpired),
		s.refuses(obj{"accessToken": monasToken, "repository": "mona/none", "webhookSecret": hookSecret}, "test_token", sandbox.ExternalAPI),
		s.refuses(obj{"accessToken": monasToken, "repository": "mona/menu"}, "", sandbox.Validation),
	} {
		for _, secret := range []string{wrongToken, monasToken, hookSecret} {
			if strings.Contains(string(shown(run)), secret) {
				t.Errorf("the run shows %q:\n%s", secret, shown(run))
			}
		}
	}
	if hooks := ask[[]obj](t, "GET", repo+"/hooks", monasToken, nil); len(hooks) != 0 {
		t.Fatalf("there are hooks already: %v", hooks)
	}

	install := s.connected(form)
	user := ask[obj](t, "GET", address+"/user", monasToken, nil)
	if got, _ := install.Metadata["uid"].Float(); got != user["id"] || install.Metadata["name"].Text() != "mona" {
		t.Errorf("the metadata are %v, where the user is %v", install.Metadata, user)
	}
	hooks := ask[[]struct {
		ID     float64
		Events []string
		Config struct{ URL string }
	}](t, "GET", repo+"/hooks", monasToken, nil)
	if len(hooks) != 1 || hooks[0].Config.URL != s.machine.Platform.WebhookURL("github-issues") || !cmp.Equal(hooks[0].Events, []string{"issues", "issue_comment"}) {
		t.Fatalf("the hooks are %v", hooks)
	}
	if got, _ := install.Credentials["hookId"].Float(); got != hooks[0].ID {
		t.Errorf("the hook's id is stored as %v", got)
	}

	// What an action makes is there, and GitHub tells of it, signed.
	s.receives(install)
	title := "Ümlauts, “quotes”, {{braces}} & 100 %"
	made := s.act(install, "createIssue", obj{"repository": "mona/menu", "title": title, "text": "Two\nlines\t\"here\"", "labels": []string{"qa", "from inbox"}})
	if made["issueNumber"] != 1.0 {
		t.Fatalf("the action gave %v", made)
	}
	first := ask[issue](t, "GET", repo+"/issues/1", monasToken, nil)
	if first.Title != title || first.Body != "Two\nlines\t\"here\"" || len(first.Labels) != 2 || first.Labels[1].Name != "from inbox" || first.State != "open" {
		t.Errorf("the issue is %+v", first)
	}
	opened := s.starts("issues.opened", first.NodeID, "Issue opened")
	if opened.path != "/miniapps/github-issues/webhooks" || opened.Customer == nil || !opened.Customer.Identity || len(opened.Customer.Fields) != 3 {
		t.Errorf("delivered to %s, with the customer %s", opened.path, shown(opened.Customer))
	}

	// The same again is a repetition; with another secret it is nobody's.
	if again := s.machine.Deliver(install, opened.in); !again.OK() || !again.Duplicate || len(again.Triggers) != 0 || again.Answer.Status != http.StatusOK {
		t.Errorf("a repetition:\n%s", shown(again))
	}
	changed := opened.in
	changed.Body = []byte(strings.Replace(string(changed.Body), `"opened"`, `"closed"`, 1))
	if forged := s.machine.Deliver(install, changed); forged.OK() || forged.Answer.Status != http.StatusUnauthorized || forged.Event != "" {
		t.Errorf("a forged delivery:\n%s", shown(forged))
	}

	// A pipeline, whose second request uses what the first one gave.
	s.act(install, "reportConversation", obj{"repository": "mona/menu", "title": "No soup", "conversationLink": "https://inbox.example/c/1?a=1&b=2"})
	second := ask[issue](t, "GET", repo+"/issues/2", monasToken, nil)
	s.starts("issues.opened", second.NodeID, "Issue opened")
	comments := ask[[]struct {
		NodeID string `json:"node_id"`
		Body   string
	}](t, "GET", repo+"/issues/2/comments", monasToken, nil)
	if len(comments) != 1 || comments[0].Body != "Issue #2 comes from https://inbox.example/c/1?a=1&b=2" {
		t.Fatalf("the comments are %v", comments)
	}
	s.starts("issue_comment.created", comments[0].NodeID, "Comment on an issue")

	// Dropdowns, one of them with what was typed into the form before it.
	if got := s.options(install, "rpc_repositories", nil); !cmp.Equal(got, []sandbox.Option{{Value: "mona/menu", Label: "mona/menu"}}) {
		t.Errorf("the repositories are %v", got)
	}
	open := s.options(install, "rpc_open_issues", obj{"repository": "mona/menu"})
	if len(open) != 2 || !cmp.Equal(open, s.options(install, "rpc_open_issues", nil)) {
		t.Errorf("the open issues are %v", open)
	}

	// A function makes something of a whole response.
	listed := s.act(install, "listOpenIssues", obj{"repository": "mona/menu", "label": "from inbox"})
	if !cmp.Equal(listed, obj{"count": 1.0, "text": "#1 " + title}) {
		t.Errorf("the list is %v", listed)
	}

	done := s.act(install, "closeIssue", obj{"repository": "mona/menu", "issue": "1"})
	if done["state"] != "closed" {
		t.Errorf("closing gave %v", done)
	}
	first = ask[issue](t, "GET", repo+"/issues/1", monasToken, nil)
	if first.State != "closed" {
		t.Errorf("the issue is %+v", first)
	}
	s.starts("issues.closed", first.NodeID+":"+first.ClosedAt, "Issue closed")

	// A failure of the provider is one of the action.
	missing := s.machine.Action(t.Context(), install, "closeIssue", values(obj{"repository": "mona/menu", "issue": "99"}))
	if missing.OK() || missing.Failure.Code != sandbox.ExternalAPI || !strings.Contains(missing.Failure.Message, "404") {
		t.Errorf("an issue that is missing:\n%s", shown(missing))
	}

	// Somebody changes the secret at GitHub: what it delivers is refused, and it
	// is told so.
	ask[obj](t, "PATCH", fmt.Sprintf("%s/hooks/%v", repo, hooks[0].ID), monasToken,
		obj{"config": obj{"url": hooks[0].Config.URL, "content_type": "json", "secret": "another"}})
	ask[issue](t, "POST", repo+"/issues", monasToken, obj{"title": "Who is there?"})
	refused := s.delivered("")
	if refused.OK() || refused.Verification.OK || refused.Answer.Status != http.StatusUnauthorized || len(refused.Triggers) != 0 || refused.Event != "" {
		t.Errorf("a wrong secret:\n%s", shown(refused.Delivered))
	}
}
