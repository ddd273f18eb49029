package rules

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/submission"
)

func TestSampleRules(t *testing.T) {
	const file = "webhooks/ticket-created.json"
	body := func(body string) string {
		return `{"event": "ticket.created", "headers": {"X-Acme-Signature": "x"}, "body": ` + body + "}"
	}
	const good = `{"event": "ticket.created", "delivery": 7, "ticket": {"requester": {"email": "a@b.example"}}}`
	for _, c := range []struct {
		name, edit, text string
		want             []string
	}{
		{"a number is an id, an email a customer", "", body(good), nil},
		{"raw bytes are read", "", body(fmt.Sprintf("%q", good)), nil},
		{"raw bytes that are no JSON", "", body(`"event=ticket.created&delivery=7"`), []string{
			`1:11 /event warning sample-produces-event: whether this delivery gives the event "ticket.created" is not certain: its body is no JSON`,
		}},
		{"an object in the place of the event", "", body(strings.Replace(good, `"ticket.created"`, `{"name": "ticket.created"}`, 1)), []string{
			`1:11 /event warning sample-produces-event: whether this delivery gives the event "ticket.created" is not certain: "$.event" leads to an object or array in it`,
		}},
		{"empty and null are no ids", "/webhook/transactionId/paths/- = \"$.ticket.id\"", body(strings.Replace(strings.Replace(good, "7", "null", 1), `{"requester"`, `{"id": "", "requester"`, 1)), []string{
			`1:67 /body warning sample-transaction-id: no path of transactionId finds an id in this delivery, so that a repetition is not recognised`,
		}},
		{"a path that cannot be read could lead anywhere", `/webhook/transactionId/paths = ["$..id"]`, body(good), nil},
		{"an override takes the place of the paths", `/webhook/transactionId/overrides = {"ticket.created": {"paths": ["$.id"]}, "ticket.closed": {"path": "$.ticket.id"}}`, body(good), []string{
			`1:67 /body warning sample-transaction-id: no path of transactionId finds an id in this delivery, so that a repetition is not recognised`,
		}},
		{"a customer that is a list", `/webhook/customerExtraction/basePath = "$.customers"`, body(strings.Replace(good, "{", `{"customers": [{"id": 1}], `, 1)), []string{
			`1:67 /body notice sample-customer: there is no customer at "$.customers" in this delivery`,
		}},
		{"the handler's id may be a number, or computed", `/sync/webhooks/handlers/ticket.created = {"recordType": "order", "operation": "create", "mapping": {"code": "$.delivery"}}`, body(good), nil},
		{"a computed id is not looked for", `/sync/webhooks/handlers/ticket.created = {"recordType": "order", "operation": "create", "mapping": {"code": {"transform": "compute", "fn": "x", "path": "$.none"}}}`, body(good), nil},
		{"no headers, then the sample itself is marked", "", strings.Replace(body(good), `"headers": {"X-Acme-Signature": "x"}, `, "", 1), []string{
			`1:1  notice sample-signature: this delivery lacks the header "X-Acme-Signature", by which it is verified`,
		}},
		{"no webhook, no findings but the event's", "/webhook = null\n/sync delete\n/triggers delete", body(good), []string{
			`1:11 /event warning sample-event-known: no trigger and no handler has the event "ticket.created"`,
		}},
		{"a sample without an event is only misshapen", "", `{"body": {}}`, []string{
			`1:1 /event error sample-shape: the sample delivery lacks "event"`,
			`1:1  notice sample-signature: this delivery lacks the header "X-Acme-Signature", by which it is verified`,
		}},
		{"a list of deliveries is not looked into", "", "[" + body(good) + "]", []string{
			`1:1  error sample-shape: the sample delivery is not an object`,
		}},
	} {
		e := Example{Edit: c.edit, Files: map[string]string{file: c.text, "webhooks/ticket-closed.json": "", "other/x.json": "[]"}}
		got := []string{}
		for _, f := range exampleFindings(t, sampleRules(), e) {
			if f.Path != submission.Dir(ModelNS)+"/"+file {
				t.Errorf("%s: finding on %s", c.name, f.Path)
			}
			got = append(got, fmt.Sprintf("%d:%d %s %s %s: %s", f.Range.Start.Line, f.Range.Start.Column, f.Pointer, f.Severity, f.Rule, f.Message))
		}
		if c.want == nil {
			c.want = []string{}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestOfficialTraps shows that samples bring to light what static reading of
// the platform's own examples does not.
func TestOfficialTraps(t *testing.T) {
	const github = `/webhook/eventExtraction = {"compositeStrategy": {"parts": [{"source": "header", "path": "X-GitHub-Event"}, {"source": "body", "path": "$.action"}], "separator": "."}}` + "\n"
	for _, c := range []struct{ event, header, body, want string }{
		{"issue.opened", "issues", `{"action": "opened"}`, `error this delivery gives the event "issues.opened", where "issue.opened" is expected`},
		{"push.received", "push", `{"ref": "refs/heads/main"}`, `warning whether this delivery gives the event "push.received" is not certain: it has nothing for part 2, the path "$.action", of the composite event`},
		{"pull_request.opened", "pull_request", `{"action": "opened"}`, ""},
	} {
		e := Example{Edit: github + `/triggers/0/event = "` + c.event + `"`, Files: map[string]string{
			"webhooks/ticket-created.json": `{"event": "` + c.event + `", "headers": {"X-GitHub-Event": "` + c.header + `"}, "body": ` + c.body + `}`,
			"webhooks/ticket-closed.json":  ""}}
		got := ""
		for _, f := range exampleFindings(t, []Spec{sampleProducesEvent()}, e) {
			got += f.Severity.String() + " " + f.Message
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.event, got, c.want)
		}
	}
}
