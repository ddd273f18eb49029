package githubtest

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
)

func loadOrSkip(t *testing.T) *description {
	t.Helper()
	if os.Getenv("MINIAPP_PEER") == "" {
		t.Skip("GitHub's description is only read by make test, or with MINIAPP_PEER=1 after npm ci --prefix test/peer")
	}
	api, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return api
}

func TestEveryEndpointIsDescribed(t *testing.T) {
	api := loadOrSkip(t)
	for _, each := range (*Server)(nil).endpoints() {
		if each.pattern == "/graphql" {
			continue // by its own schema
		}
		if item := api.rest.Paths.Value(each.pattern); item == nil || item.GetOperation(each.method) == nil {
			t.Errorf("%s %s is not described", each.method, each.pattern)
		}
	}
}

// TestCheckSeesDifferences: a check that lets everything pass proves nothing.
func TestCheckSeesDifferences(t *testing.T) {
	api := loadOrSkip(t)
	label := map[string]any{"id": 1, "node_id": "x", "url": "https://example.com", "name": "n", "description": nil, "color": "ffffff", "default": false}
	with := func(field string, value any) map[string]any {
		body := map[string]any{}
		for k, v := range label {
			body[k] = v
		}
		if body[field] = value; value == nil {
			delete(body, field)
		}
		return body
	}
	for _, c := range []struct {
		name          string
		method, path  string
		request, body any
		status        int
		says          string
	}{
		{"right", "POST", "/labels", map[string]any{"name": "n"}, label, 201, ""},
		{"a field missing", "POST", "/labels", map[string]any{"name": "n"}, with("color", nil), 201, `the answer: response body doesn't match schema #/components/schemas/label: /color: property "color" is missing`},
		{"a field of another type", "POST", "/labels", map[string]any{"name": "n"}, with("id", "one"), 201, "/id: value must be an integer"},
		{"another status", "POST", "/labels", map[string]any{"name": "n"}, label, 200, "the answer: status is not supported"},
		{"a wrong request", "POST", "/labels", map[string]any{"color": "ffffff"}, label, 201, `the request: request body has an error: doesn't match schema: /name: property "name" is missing`},
		{"a wrong request that was refused", "POST", "/labels", map[string]any{}, map[string]any{"message": "m", "documentation_url": "d", "errors": []any{map[string]any{"code": "missing_field"}}}, 422, ""},
		{"null where it is excused", "GET", "/pulls/comments/{comment_id}", nil, map[string]any{"line": nil}, 200, "is missing"},
		{"an unknown endpoint", "GET", "/nothing", nil, label, 200, "is not described"},
	} {
		t.Run(c.name, func(t *testing.T) {
			request, err := http.NewRequest(c.method, "https://api.github.com/repos/o/r"+strings.ReplaceAll(c.path, "{comment_id}", "1"), nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", "application/json")
			e := Exchange{
				Request: request, Pattern: inRepo + c.path, Status: c.status, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}},
				Params: map[string]string{"owner": "o", "repo": "r", "comment_id": "1"},
			}
			if c.request != nil {
				e.ReqBody, _ = json.Marshal(c.request)
			}
			e.RespBody, _ = json.Marshal(c.body)
			err = api.check(e)
			if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

func TestCheckSeesDifferencesInGraphQL(t *testing.T) {
	api := loadOrSkip(t)
	for _, c := range []struct{ query, answer, says string }{
		{`query { repository(owner: "o", name: "n") { nonsense } }`, `{"data": {}}`, "nonsense"},
		{`query { viewer { login } }`, `{"data": {"viewer": {"login": "me"}}}`, ""},
		{`query { viewer { login } }`, `{"data": {"viewer": {}}}`, "/viewer/login is missing"},
		{`query { viewer { login } }`, `{"data": {"viewer": {"login": null}}}`, "/viewer/login is null"},
		{`query { viewer { login } }`, `{"data": {"viewer": null}, "errors": [{"message": "m"}]}`, ""},
		{`query { viewer { me: databaseId } }`, `{"data": {"viewer": {"me": "7"}}}`, "/viewer/me is 7 and is to be Int"},
		{`query { viewer { ...f } } fragment f on User { isViewer }`, `{"data": {"viewer": {"isViewer": "yes"}}}`, "/viewer/isViewer is yes"},
		{`query { node(id: "x") { ... on PullRequest { state } } }`, `{"data": {"node": {"state": "Open"}}}`, "/node/state is Open and is to be PullRequestState!"},
		{`query { node(id: "x") { ... on PullRequest { labels(first: 1) { nodes { name } } } } }`, `{"data": {"node": {"labels": {"nodes": {}}}}}`, "is to be [Label]"},
	} {
		body, err := json.Marshal(map[string]string{"query": c.query})
		if err != nil {
			t.Fatal(err)
		}
		err = api.check(Exchange{Request: &http.Request{Method: "POST"}, Pattern: "/graphql", ReqBody: body, RespBody: []byte(c.answer)})
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s with %s gave %v, want %q", c.query, c.answer, err, c.says)
		}
	}
}

func TestMoreLiteralPathsWin(t *testing.T) {
	find := router{(*Server)(nil).endpoints()}
	for path, want := range map[string]string{
		"GET /repos/o/r/pulls/comments/7":               "/pulls/comments/{comment_id}",
		"GET /repos/o/r/pulls/7/comments":               "/pulls/{pull_number}/comments",
		"GET /repos/o/r/issues/comments/7/reactions":    "/issues/comments/{comment_id}/reactions",
		"GET /repos/o/r/commits/feature/x":              "/commits/{ref}",
		"GET /repos/o/r/commits/abc/status":             "/commits/{ref}/status",
		"GET /repos/o/r/contents/":                      "/contents/{path}",
		"GET /repos/o/r/contents/a/b%20c.json":          "/contents/{path}",
		"GET /repos/o/r/git/ref/heads/feature/x":        "/git/ref/{ref}",
		"DELETE /repos/o/r/issues/7/labels/stage:%20qa": "/issues/{issue_number}/labels/{name}",
		"GET /repos/o/r/pulls/x":                        "",
		"GET /repos/o/r/labels/a/b":                     "",
		"PUT /repos/o/r":                                "",
	} {
		method, rest, _ := strings.Cut(path, " ")
		request, err := http.NewRequest(method, "http://localhost"+rest, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := find.find(request)
		if got.pattern != want && got.pattern != inRepo+want {
			t.Errorf("%s is %s, want %s", path, got.pattern, want)
		}
	}
}
