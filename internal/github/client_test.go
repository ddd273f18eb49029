package github

import (
	"context"
	"net/http"
	"strings"
	"testing"
)

func TestNewRefuses(t *testing.T) {
	for name, o := range map[string]Options{
		"no token":            {Owner: "o", Name: "r"},
		"line break in token": {Owner: "o", Name: "r", Token: "a\nb"},
		"path as owner":       {Owner: "o/x", Name: "r", Token: "t"},
		"dots":                {Owner: "o", Name: "..", Token: "t"},
		"http":                {Owner: "o", Name: "r", Token: "t", API: "http://example.com/api/v3"},
		"password":            {Owner: "o", Name: "r", Token: "t", API: "https://a:b@example.com"},
		"no host":             {Owner: "o", Name: "r", Token: "t", API: "api.github.com"},
		"query":               {Owner: "o", Name: "r", Token: "t", API: "https://example.com/?x=y"},
	} {
		if _, err := New(o); err == nil || strings.Contains(err.Error(), "a\nb") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAddresses(t *testing.T) {
	for api, want := range map[string][2]string{
		"":                               {"https://api.github.com/", "https://api.github.com/graphql"},
		"https://git.example.com/api/v3": {"https://git.example.com/api/v3/", "https://git.example.com/api/graphql"},
		"http://127.0.0.1:8080":          {"http://127.0.0.1:8080/", "http://127.0.0.1:8080/graphql"},
		"http://localhost/api/v3/":       {"http://localhost/api/v3/", "http://localhost/api/graphql"},
	} {
		c, err := New(Options{Owner: "o", Name: "r", Token: "t", API: api})
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]string{c.gh.BaseURL.String(), c.graphQL}; got != want {
			t.Errorf("%q: %v, want %v", api, got, want)
		}
	}
}

// TestHints checks that a refusal says which permission is missing.
func TestHints(t *testing.T) {
	for _, tc := range []struct {
		method, path string
		answer       func(*http.Request) (*http.Response, error)
		reason       Reason
		want         string
	}{
		{"GET", "repos/o/r/pulls/1", answer(403, denied), Forbidden, `"pull-requests: read"`},
		{"POST", "repos/o/r/issues/1/comments", answer(403, denied), Forbidden, `"pull-requests: write"`},
		{"POST", "repos/o/r/issues/1/comments", answer(403, denied), Forbidden, `"pull_request_target"`},
		{"POST", "repos/o/r/statuses/abc", answer(403, denied), Forbidden, `"statuses: write"`},
		{"GET", "repos/o/r/commits/abc/statuses", answer(403, denied), Forbidden, `"statuses: read"`},
		{"GET", "repos/o/r/git/trees/abc", answer(403, denied), Forbidden, `"contents: read"`},
		{"PUT", "repos/o/r/pulls/1/merge", answer(403, denied), Forbidden, `"contents: write"`},
		{"GET", "repos/o/r/branches/main/protection", answer(403, denied), Forbidden, `administrator`},
		{"GET", "repos/o/r/pulls/1", answer(401, `{"message": "Bad credentials"}`), Unauthorized, "expired"},
		{"GET", "repos/o/r/pulls/1", answer(404, `{"message": "Not Found"}`), NotFound, "private repository"},
		{"GET", "repos/o/r/pulls/1", answer(403, `{"message": "Resource protected by organization SAML enforcement."}`, "X-GitHub-SSO", "required; url=https://github.com/x"), Forbidden, "single sign-on"},
	} {
		client := testClient(t, &answers{list: []func(*http.Request) (*http.Response, error){tc.answer}}, newClock(), nil)
		req, err := client.gh.NewRequest(tc.method, tc.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.gh.Do(context.Background(), req, nil)
		err = client.explain(err, "doing it")
		if ReasonOf(err) != tc.reason || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s %s: %v, want %q", tc.method, tc.path, err, tc.want)
		}
	}
}
