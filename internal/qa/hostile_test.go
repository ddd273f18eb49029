package qa

import (
	"strings"
	"testing"
)

// These are attacks of a partner whose items are to pass although nothing works,
// or whose files are to take a reviewer's time and memory.

func TestConnectWithoutARequestDoesNotPass(t *testing.T) {
	const def = `{"ns": "a", "auth": {"type": "apikey", "config": {"token": ""}}, "actions": [{"name": "get", "requests": [{"url": "https://api.example/x", "method": "GET", "mapping": {"id": "$.id"}}]}]}`
	m := machine(t, def, provider{"GET /x": `{"id": 1}`})
	r, _ := Run(t.Context(), m, Input{Account: map[string]string{"token": "any-at-all"}, File: file(t, m, `{"actions": [{"action": "get"}]}`)})
	got := strings.Join(results(r), "\n")
	if want := "install: passed\nconnect: not-tried: connecting makes no request, so that nothing shows whether the account is good\naction:get: passed"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestActionWithoutARequestDoesNotPass(t *testing.T) {
	for _, steps := range []string{``, `, "requests": []`} {
		m := machine(t, `{"ns": "a", "auth": {"type": "apikey"}, "actions": [{"name": "get"`+steps+`}]}`, provider{})
		r, _ := Run(t.Context(), m, Input{Account: map[string]string{}, File: file(t, m, `{"actions": [{"action": "get"}]}`)})
		if got := results(r)[2]; got != "action:get: failed: the action does nothing: it has no request and no function" {
			t.Errorf("with %q: %s", steps, got)
		}
	}
}

// Each entry would make its input a thousand times as long as that of the one
// before.
func TestReferencesDoNotExpand(t *testing.T) {
	const def = `{"ns": "a", "auth": {"type": "apikey"}, "actions": [{"name": "echo", "parameters": {"type": "object", "properties": {"x": {"type": "string"}}},
		"requests": [{"url": "https://api.example/x", "method": "GET", "mapping": {"big": "$.big"}}]}]}`
	m := machine(t, def, provider{"GET /x": `{"big": "` + strings.Repeat("x", 200<<10) + `"}`})
	many := strings.Repeat("{{echo.big}} ", 30_000)
	r, _ := Run(t.Context(), m, Input{Account: map[string]string{}, File: file(t, m, `{"actions": [{"action": "echo"}, {"action": "echo", "as": "b", "input": {"x": "`+many+`"}},
		{"action": "echo", "as": "c", "expect": {"equals": {"big": "`+many+`"}}}]}`)})
	got := results(r)[2]
	if !strings.HasPrefix(got, `action:echo: failed: what is expected at "big" has more than 1 MiB`) {
		t.Error(got)
	}
	if a := r.Items[2].Attempts[1]; a.State != NotTried || !strings.Contains(a.Reason, "more than 1 MiB") {
		t.Errorf("%s: %s", a.State, a.Reason)
	}
}

func TestOutputsAreNotKept(t *testing.T) {
	m := machine(t, `{"ns": "a", "auth": {"type": "apikey"}, "actions": [{"name": "get", "requests": [{"url": "https://api.example/x", "method": "GET", "mapping": {"id": "$.id"}}]}]}`, provider{"GET /x": `{"id": 1}`})
	r, _ := Run(t.Context(), m, Input{Account: map[string]string{}, File: file(t, m, `{"actions": [{"action": "get"}]}`)})
	if run := r.Items[2].Attempts[0].Run; run.Output != nil || run.Shown != `{"id":1}` {
		t.Errorf("kept %v, shown %q", run.Output, run.Shown)
	}
}

func TestLongOutputsAreNotUsed(t *testing.T) {
	const def = `{"ns": "a", "auth": {"type": "apikey"}, "actions": [{"name": "get", "parameters": {"properties": {"x": {"type": "string"}}}, "requests": [{"url": "https://api.example/x", "method": "GET", "mapping": {"id": "$"}}]}]}`
	m := machine(t, def, provider{"GET /x": `["` + strings.Repeat("x", 300<<10) + `"]`})
	r, _ := Run(t.Context(), m, Input{Account: map[string]string{}, File: file(t, m, `{"actions": [{"action": "get"}, {"action": "get", "as": "b", "input": {"x": "{{get.id}}"}}]}`)})
	if got := results(r)[2]; got != "action:get: failed: the output has more than 256 KiB, which is too much for other entries to use" {
		t.Error(got)
	}
}
