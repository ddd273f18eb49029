package providers

import (
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/sandbox"
)

// TestSlack is about a provider that answers everything with 200, refusals too.
func TestSlack(t *testing.T) {
	const token, gone = "xoxb-made-up-token", "xoxb-made-up-token-of-nobody"
	address := start(t, map[string]any{"slack": obj{
		"tokens": obj{token: obj{"login": "U000000001"}, gone: obj{"login": "U0GONE"}},
		"slack": obj{
			"team":     obj{"name": "Harbour Café", "domain": "harbour"},
			"users":    []obj{{"name": "lena", "real_name": "Lena Berg"}},
			"channels": []obj{{"name": "kitchen"}},
		},
	}})["slack"]
	s := open(t, "slack-messages", map[string]string{"https://slack.com": address})

	// A token of somebody who has left. Slack refuses it with 200 and ok: false.
	run := s.refuses(obj{"accessToken": gone}, "userDetails", sandbox.ExternalAPI)
	if r := run.Steps[0].Response; r.Status != 200 || !strings.Contains(r.Body, `"invalid_auth"`) {
		t.Errorf("Slack answered %s", shown(r))
	}
	install := s.connected(obj{"accessToken": token})
	if install.Metadata["name"].Text() != "Harbour Café" || install.Metadata["uid"].Text() != "T000000001" {
		t.Errorf("the metadata are %v", install.Metadata)
	}

	value := func(key, label string) string {
		for _, o := range s.options(install, key, nil) {
			if o.Label == label {
				return o.Value
			}
		}
		t.Fatalf("%s has no %q", key, label)
		return ""
	}
	history := func(channel string) []obj {
		got := ask[struct{ Messages []obj }](t, "POST", address+"/api/conversations.history", token, obj{"channel": channel})
		return got.Messages
	}
	kitchen := value("rpc_channels", "kitchen")
	const text = "Zoë says: <no> soup & \"no\" {{bread}} 🍲"
	sent := s.act(install, "postMessage", obj{"channel": kitchen, "text": text})
	s.act(install, "postMessage", obj{"channel": kitchen, "text": "Why?", "thread": sent["messageTs"]})
	replies := ask[struct{ Messages []obj }](t, "POST", address+"/api/conversations.replies", token, obj{"channel": kitchen, "ts": sent["messageTs"]}).Messages
	if len(replies) != 2 || replies[0]["text"] != text || replies[1]["text"] != "Why?" {
		t.Errorf("the thread is %v", replies)
	}

	lena := value("rpc_people", "Lena Berg")
	direct := s.act(install, "messagePerson", obj{"person": lena, "text": "Hello\nLena"})
	got := history(direct["channelId"].(string))
	if len(got) != 1 || got[0]["text"] != "Hello\nLena" || len(got[0]["blocks"].([]any)) != 1 || direct["channelId"] == lena {
		t.Errorf("Lena has %v", got)
	}
	if made := s.act(install, "createChannel", obj{"name": "soups", "topic": "What we cook"}); made["topic"] != "What we cook" {
		t.Errorf("made %v", made)
	}

	// A refusal of an action has the status 200 as well. What the platform takes
	// it for is not documented: it is no failure here, and gives nothing.
	none := s.machine.Action(t.Context(), install, "postMessage", values(obj{"channel": "C0NONE", "text": "Hello"}))
	if !none.OK() || none.Shown != "{}" || !strings.Contains(none.Steps[0].Response.Body, "channel_not_found") || len(none.Diagnostics) == 0 {
		t.Errorf("a channel that is missing:\n%s", shown(none))
	}
}
