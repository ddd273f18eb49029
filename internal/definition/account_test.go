package definition

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// accountKeys writes keys as "a b?", those with a mark being no need.
func accountKeys(d *Definition) string {
	text := ""
	for _, k := range d.AccountKeys() {
		if text != "" {
			text += " "
		}
		text += k.Name
		if !k.Needed {
			text += "?"
		}
	}
	return text
}

func TestAccountKeys(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no auth":                {`{}`, ""},
		"a token":                {`{"auth": {"type": "bearer_token", "config": {"accessToken": "", "region": "eu", "limit": 1}}}`, "accessToken region? limit?"},
		"a form":                 {`{"auth": {"type": "apikey", "form": {"a": {"required": true}, "b": {"required": false}, "c": {}}}}`, "a b? c"},
		"a form over the config": {`{"auth": {"type": "apikey", "config": {"a": "", "b": ""}, "form": {"a": {"required": false}}}}`, "a? b"},
		"OAuth": {`{"auth": {"type": "oauth2", "config": {"client_id": "", "client_secret": "", "scope": "x", "accessToken": "", "refreshToken": ""},
			"get_token": {"body": {"id": "{{client_id}}"}, "mapping": {"accessToken": "$.a", "refreshToken": "$.r", "expiresIn": "$.e", "shop": "$.s"}},
			"refresh_token": {"body": {"t": "[[refreshToken]]"}, "mapping": {"accessToken": "$.a"}}},
			"actions": [{"requests": [{"url": "https://[[shop]].example", "headers": {"A": "[[accessToken]]"}}]}]}`,
			"client_id client_secret scope? accessToken refreshToken expiresIn? shop"},
		"OAuth without a refresh": {`{"auth": {"type": "oauth2", "config": {"accessToken": "", "refreshToken": ""},
			"get_token": {"mapping": {"accessToken": "$.a", "refreshToken": "$.r"}}, "userDetails": {"headers": {"A": "[[accessToken]]"}, "mapping": {"uid": "$.id"}}}}`,
			"accessToken refreshToken? uid?"},
		"a key that is exchanged": {`{"auth": {"type": "apikey", "config": {"user": "", "accessToken": ""},
			"get_token": {"body": {"u": "{{user}}"}, "mapping": {"accessToken": "$.a"}}, "test_token": {"headers": {"A": "[[accessToken]]"}}}}`,
			"user accessToken?"},
		"a key that is only confirmed": {`{"auth": {"type": "apikey", "config": {"key": ""}, "get_token": {"headers": {"A": "[[key]]"}, "mapping": {"key": "$.key"}}}}`, "key"},
		"what registration stores": {`{"auth": {"type": "bearer_token", "config": {"accessToken": "", "webhookSecret": ""},
			"registrationRequests": [{"mapping": {"webhookSecret": "$.s", "hookId": "$.id"}}]}}`, "accessToken webhookSecret? hookId?"},
		"a secret that stands nowhere else": {`{"auth": {"type": "bearer_token", "sensitiveKeys": ["webhookSecret"], "config": {"accessToken": ""}}}`, "accessToken webhookSecret?"},
	} {
		if got := accountKeys(New(parse(t, []byte(c.text)))); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestAccountKeysOfExamples reads the keys of the example repository.
func TestAccountKeysOfExamples(t *testing.T) {
	want := map[string]string{
		"mailbeam":  "client_id client_secret scope? response_type? grant_type? accessToken refreshToken expiresIn? uid? name? dataCenter? timezone? webhookId? webhookSecret?",
		"parleo":    "client_id client_secret scope? response_type? grant_type? accessToken refreshToken expiresIn? uid? name? accountId? region? webhookId? webhookSecret? integrationId?",
		"sheetwise": "apiKey uid? name?",
		"shopkeep":  "storeUrl consumerKey consumerSecret uid? name? shopCurrency? shopTimezone? webhookId? webhookSecret?",
		"taskhub":   "accessToken webhookSecret uid? name? workspaceId? memberId?",
	}
	got := map[string]string{}
	for ns := range want {
		data, err := os.ReadFile(filepath.Join("../../examples/definitions-repo/definitions", ns, "miniapp.json"))
		if err != nil {
			t.Fatal(err)
		}
		got[ns] = accountKeys(New(parse(t, data)))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}
