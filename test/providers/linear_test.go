package providers

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/sandbox"
)

// linearSeed has a workspace with a team and an issue. admin reads all of it.
func linearSeed(platform string) obj {
	return obj{"linear": obj{
		"organization": obj{"name": "Harbour Café", "url_key": "harbour"},
		"users":        []obj{{"email": "lena@harbourcafe.example", "name": "Lena", "admin": true}},
		"teams": []obj{{"key": "MENU", "name": "Menu", "states": []obj{
			{"name": "Todo", "type": "unstarted"}, {"name": "Cooking", "type": "started"}, {"name": "Served", "type": "completed"}}}},
		"issues":     []obj{{"team": "MENU", "title": "Wash the pots", "state": "Todo"}},
		"oauth_apps": []obj{oauthApp("linear-issues", platform, obj{"scopes": []string{"read", "write", "admin"}})},
		"tokens":     []obj{{"token": "lin_admin", "user": "lena@harbourcafe.example", "scopes": []string{"read", "write", "admin"}}},
		// What a token may not do is refused.
		"strict_scopes": true,
	}}
}

// TestLinear signs in with OAuth, goes on when the token is void, and receives
// deliveries of a webhook that it has registered with GraphQL.
func TestLinear(t *testing.T) {
	hook := newHook(t)
	address := start(t, map[string]any{"linear": linearSeed(hook.url)})["linear"]
	s := open(t, "linear-issues", map[string]string{"https://api.linear.app": address, "https://linear.app/oauth": address + "/oauth"})
	s.hook, s.machine.Platform.BaseURL = hook, hook.url
	query := func(text string) obj {
		t.Helper()
		return ask[struct{ Data obj }](t, "POST", address+"/graphql", "lin_admin", obj{"query": text}).Data
	}
	form := client(clientSecret)
	form["webhookSecret"] = hookSecret

	wrong := sandbox.NewInstall("install-0")
	bad := client("another")
	if run := s.machine.Finish(t.Context(), wrong, s.signsIn(wrong, bad, "Lena")); run.OK() || wrong.Connected || run.Steps[0].Response.Status != http.StatusBadRequest {
		t.Errorf("a wrong secret of the client:\n%s", shown(run))
	}
	install := sandbox.NewInstall("install-1")
	s.passes(s.machine.Finish(t.Context(), install, s.signsIn(install, form, "Lena")))
	organization := query("{ organization { id name } }")["organization"].(obj)
	if install.Metadata["uid"].Text() != organization["id"] || install.Metadata["name"].Text() != "Harbour Café" {
		t.Errorf("the metadata are %v", install.Metadata)
	}
	hooks := query("{ webhooks { nodes { id url } } }")["webhooks"].(obj)["nodes"].([]any)
	if len(hooks) != 1 || hooks[0].(obj)["url"] != s.machine.Platform.WebhookURL("linear-issues") || hooks[0].(obj)["id"] != install.Credentials["webhookId"].Text() {
		t.Fatalf("the hooks are %v", hooks)
	}

	s.receives(install)
	team := s.options(install, "rpc_teams", nil)
	menu := team[slices.IndexFunc(team, func(o sandbox.Option) bool { return o.Label == "Menu" })].Value
	made := s.act(install, "createIssue", obj{"team": menu, "title": "Peel “leeks”", "text": "Two\nlines", "priority": 2})
	id := made["issueId"].(string)
	read := func() obj {
		return query(`{ issue(id: "` + id + `") { title description priority createdAt state { name type } } }`)["issue"].(obj)
	}
	if got := read(); got["title"] != "Peel “leeks”" || got["description"] != "Two\nlines" || got["priority"] != 2.0 {
		t.Errorf("the issue is %v", got)
	}
	came := s.delivered("Issue.create")
	body := decode[struct{ CreatedAt string }](t, came.in.Body)
	if came.TransactionID != id+":"+body.CreatedAt || !came.Verification.OK || len(came.Triggers) != 1 || came.Triggers[0].Label != "Issue added" {
		t.Errorf("delivered %s", shown(came.Delivered))
	}
	if again := s.machine.Deliver(install, came.in); !again.Duplicate || again.Answer.Status != http.StatusOK {
		t.Errorf("a repetition:\n%s", shown(again))
	}
	other := sandbox.NewInstall("install-2")
	other.Connected, other.Credentials["webhookSecret"] = true, jsondoc.NewString("another")
	if refused := s.machine.Deliver(other, came.in); refused.Answer.Status != http.StatusUnauthorized || len(refused.Triggers) != 0 {
		t.Errorf("another secret:\n%s", shown(refused))
	}

	// The token is void: it is renewed, once, and what it was for is done.
	revoke := func(token string) {
		response, err := http.PostForm(address+"/oauth/revoke", url.Values{"token": {token}})
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("revoking: %v", err)
		}
		response.Body.Close()
	}
	oldAccess, oldRefresh := install.Credentials["accessToken"].Text(), install.Credentials["refreshToken"].Text()
	revoke(oldAccess)
	run := s.machine.Action(t.Context(), install, "commentOnIssue", values(obj{"issue": id, "text": "On it"}))
	s.passes(run)
	var names []string
	for _, step := range run.Steps {
		names = append(names, step.Name)
	}
	if !slices.Equal(names, []string{"step 1", "refresh_token", "step 1, again"}) {
		t.Errorf("the steps are %q", names)
	}
	if got := install.Credentials["accessToken"].Text(); got == oldAccess || got == "" || install.Credentials["refreshToken"].Text() == oldRefresh {
		t.Error("the tokens are not renewed")
	}
	comment := s.delivered("Comment.create")
	if len(comment.Triggers) != 1 || comment.Duplicate {
		t.Errorf("delivered %s", shown(comment.Delivered))
	}

	// A dropdown renews it too.
	revoke(install.Credentials["accessToken"].Text())
	if list := s.options(install, "rpc_issues", nil); !slices.Contains(list, sandbox.Option{Value: id, Label: "Peel “leeks”"}) {
		t.Errorf("the issues are %v", list)
	}

	// A pipeline with a function between two requests.
	if done := s.act(install, "finishIssue", obj{"issue": id}); done["state"] != "completed" {
		t.Errorf("finishing gave %v", done)
	}
	if got := read()["state"].(obj); got["type"] != "completed" {
		t.Errorf("the state is %v", got)
	}
	changed := s.delivered("Issue.update")
	if !changed.Verification.OK || changed.Duplicate || len(changed.Triggers) != 1 {
		t.Errorf("delivered %s", shown(changed.Delivered))
	}

	// When the refresh token is void as well, only a person can help.
	revoke(install.Credentials["accessToken"].Text())
	revoke(install.Credentials["refreshToken"].Text())
	last := s.machine.Action(t.Context(), install, "commentOnIssue", values(obj{"issue": id, "text": "Anyone?"}))
	if last.OK() || last.Failure.Code != sandbox.AuthExpired {
		t.Errorf("without any token:\n%s", shown(last))
	}
}
