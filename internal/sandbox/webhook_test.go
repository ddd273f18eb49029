package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const open = `"verification": {"type": "none"}`

// plain is said without what is said about every delivery that is not verified.
func plain(r *Run) []string {
	var lines []string
	for _, l := range said(r) {
		if !strings.Contains(l, "the delivery is not verified") {
			lines = append(lines, l)
		}
	}
	return lines
}

func TestEvents(t *testing.T) {
	const composite = `"eventExtraction": {"compositeStrategy": {"parts": [{"source": "header", "path": "x-object"}, {"source": "body", "path": "$.action"}], "separator": "."}`
	tests := []struct {
		name, fields, body, want string
		said                     []string
	}{
		{"in the body", `"eventExtraction": {"source": "body", "path": "$.event.name"}`, `{"event": {"name": "a.made"}}`, "a.made", nil},
		{"at a bare path", `"eventExtraction": {"source": "body", "path": "event"}`, `{"event": "a.made"}`, "a.made", nil},
		{"in a header", `"eventExtraction": {"source": "header", "path": "x-event"}`, `{}`, "a.made", nil},
		{"in the query", `"eventExtraction": {"source": "query", "path": "event"}`, `no JSON`, "a.made", []string{
			"/webhook choice unreadable-answered", `/webhook the body of the delivery is no JSON, so nothing is found in it: expected a value, found "n"`}},
		{"by the fallback", `"eventExtraction": {"source": "body", "path": "$.no", "fallback": {"source": "header", "path": "X-Event"}}`, `{}`, "a.made", nil},
		{"of parts", composite + "}", `{"action": "made"}`, "a.made", nil},
		{"a part is missing", composite + `, "fallback": {"source": "header", "path": "X-Event"}}`, `{}`, "", []string{
			"/webhook/eventExtraction/compositeStrategy choice part-missing", "/webhook/eventExtraction/fallback choice fallback-alone",
			`/webhook/eventExtraction the delivery has no event: it has nothing for part 2, the path "$.action", of the composite event`, "/webhook/eventExtraction choice no-event-answered"}},
		{"parts without a separator", `"eventExtraction": {"compositeStrategy": {"parts": [{"source": "header", "path": "x-object"}, {"source": "body", "path": "$.action"}]}}`, `{"action": "made"}`, "", []string{
			"/webhook/eventExtraction/compositeStrategy choice separator-missing", "/webhook/eventExtraction the event cannot be found by this", "/webhook/eventExtraction choice no-event-answered"}},
		{"nothing there", `"eventExtraction": {"source": "body", "path": "$.event"}`, `{"event": null}`, "", []string{
			"/webhook/eventExtraction the delivery has no event: nothing is where it is looked for", "/webhook/eventExtraction choice no-event-answered"}},
		{"an object", `"eventExtraction": {"source": "body", "path": "$.event"}`, `{"event": {}}`, "", []string{
			`/webhook/eventExtraction the delivery has no event: "$.event" leads to an object or array in it`, "/webhook/eventExtraction choice no-event-answered"}},
		{"no extraction", `"eventExtraction": null`, `{}`, "", []string{"/webhook choice no-event-answered", "/webhook nothing says which event the delivery is for"}},
		{"an event that nobody waits for", `"eventExtraction": {"source": "body", "path": "$.event"}`, `{"event": "a.mad"}`, "a.mad", []string{
			`/webhook/eventExtraction no trigger and no handler has the event "a.mad"`}},
		{"equal keys, of which the last counts", `"eventExtraction": {"source": "body", "path": "$.event"}`, `{"event": "x", "event": "a.made"}`, "a.made", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := machine(t, hook(open+`, "transactionId": {"paths": ["$.id"], "fallback": "generate"}, "response": {"statusCode": 200}, `+tt.fields), nil)
			in := post("X-Event", "a.made", tt.body)
			in.Header.Set("X-Object", "a")
			in.Query = map[string][]string{"event": {"a.made", "second"}}
			d := m.Deliver(NewInstall("u-1"), in)
			if d.Event != tt.want || d.Answer.Status != 200 {
				t.Errorf("event %q with status %d, want %q with 200", d.Event, d.Answer.Status, tt.want)
			}
			fired := []Fired{}
			if tt.want == "a.made" {
				fired = []Fired{{"A made", "/triggers/0"}}
			}
			if diff := cmp.Diff(fired, d.Triggers); diff != "" {
				t.Errorf("triggers (-want +got):\n%s", diff)
			}
			var got []string
			for _, l := range plain(d.Run) {
				if !strings.Contains(l, "no path of transactionId") {
					got = append(got, l)
				}
			}
			if diff := cmp.Diff(tt.said, got); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
		})
	}
}

func TestForms(t *testing.T) {
	m := machine(t, hook(open+`, "eventExtraction": {"source": "body", "path": "$.event"}, "transactionId": {"paths": ["$.id"]}`), nil)
	in := post("", "", "event=a.made&id=7&id=8&payload=%7B%7D")
	in.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	d := m.Deliver(NewInstall("u-1"), in)
	if d.Event != "a.made" || d.TransactionID != "7" {
		t.Errorf("event %q, id %q", d.Event, d.TransactionID)
	}
	if got := strings.Join(plain(d.Run), "\n"); !strings.Contains(got, "choice form-is-object") || !strings.Contains(got, `JSON in its field "payload"`) {
		t.Errorf("said:\n%s", got)
	}
}

func TestTransactionIDs(t *testing.T) {
	const event = `"eventExtraction": {"source": "body", "path": "$.event"}, `
	tests := []struct {
		name, fields, body, want string
		said                     []string
	}{
		{"the first one", `"transactionId": {"paths": ["$.none", "$.id", "$.n"]}`, `{"event": "a.made", "id": "x", "n": 1}`, "x", nil},
		{"a number", `"transactionId": {"paths": ["$.n"]}`, `{"event": "a.made", "n": 12345678901234567890}`, "12345678901234567890", nil},
		{"the old form", `"transactionId": {"path": "$.n"}`, `{"event": "a.made", "n": 1}`, "1", nil},
		{"joined", `"transactionId": {"paths": ["$.id", "$.n"], "separator": "-"}`, `{"event": "a.made", "id": "x", "n": 1}`, "x-1", nil},
		{"joined, and one is missing", `"transactionId": {"paths": ["$.id", "$.n"], "separator": "-"}`, `{"event": "a.made", "id": "x"}`, "x", []string{
			`/webhook/transactionId/paths/1 nothing is at "$.n" in the delivery, so that its id is made of the other values alone`}},
		{"an override", `"transactionId": {"paths": ["$.id"], "separator": "/", "overrides": {"a.made": {"paths": ["$.n", "$.id"]}}}`, `{"event": "a.made", "id": "x", "n": 1}`, "1/x", nil},
		{"an override without a separator", `"transactionId": {"paths": ["$.id"], "overrides": {"a.made": {"paths": ["$.n", "$.id"]}}}`, `{"event": "a.made", "id": "x", "n": 1}`, "1:x", []string{
			"/webhook/transactionId/overrides/a.made/paths choice ids-joined"}},
		{"generated", `"transactionId": {"paths": ["$.id"], "fallback": "generate"}`, `{"event": "a.made", "id": {}}`, "07070707070707070707070707070707", []string{
			"/webhook/transactionId/paths no path of transactionId finds an id in the delivery, so that a repetition is not recognised"}},
		{"none", `"transactionId": {"paths": ["$.id"]}`, `{"event": "a.made"}`, "", []string{
			"/webhook/transactionId/paths no path of transactionId finds an id in the delivery, so that a repetition is not recognised", "/webhook/transactionId choice no-id-processed"}},
		{"a path of another kind", `"transactionId": {"paths": ["$..id", "$.n"]}`, `{"event": "a.made", "n": 1}`, "1", []string{
			`/webhook/transactionId/paths/0 the path "$..id" uses "..", which the platform does not know`}},
		{"no transactionId", `"transactionId": null`, `{"event": "a.made"}`, "", []string{
			"/webhook a repetition of this delivery is not recognised, since transactionId is missing"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := machine(t, hook(open+`, "response": {"statusCode": 202}, `+event+tt.fields), nil)
			install := NewInstall("u-1")
			d := m.Deliver(install, post("", "", tt.body))
			if d.TransactionID != tt.want || d.Generated != strings.HasPrefix(tt.want, "0707") || d.Duplicate || len(d.Triggers) != 1 {
				t.Errorf("id %q, generated %t, duplicate %t, %d triggers; want %q", d.TransactionID, d.Generated, d.Duplicate, len(d.Triggers), tt.want)
			}
			if diff := cmp.Diff(tt.said, plain(d.Run)); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
			again := m.Deliver(install, post("", "", tt.body))
			known := tt.want != "" && !d.Generated
			if again.Duplicate != known || (len(again.Triggers) == 0) != known || again.Answer.Status != 202 {
				t.Errorf("again: duplicate %t, %d triggers, status %d; want duplicate %t and 202", again.Duplicate, len(again.Triggers), again.Answer.Status, known)
			}
			if other := m.Deliver(NewInstall("u-2"), post("", "", tt.body)); other.Duplicate {
				t.Error("another install has seen the delivery")
			}
		})
	}
}

func TestSeenForgetsTheOldest(t *testing.T) {
	var s Seen
	for i := range maxSeen + 5 {
		if !s.Add(fmt.Sprint(i)) {
			t.Fatalf("%d was there before", i)
		}
	}
	if s.Len() != maxSeen {
		t.Errorf("%d ids are remembered, want %d", s.Len(), maxSeen)
	}
	if s.Add("5") || s.Add(fmt.Sprint(maxSeen+4)) {
		t.Error("one of the last ids is forgotten")
	}
	if !s.Add("4") || s.Add("4") || !s.Add("5") {
		t.Error("not the oldest id is forgotten")
	}
}

// TestRefusedDeliveriesChangeNothing: who cannot sign must not be able to make
// an install forget ids, or know them.
func TestRefusedDeliveriesChangeNothing(t *testing.T) {
	m := machine(t, hook(signing("hmac-sha256", "X-S", "")+`, "eventExtraction": {"source": "body", "path": "$.event"}, "transactionId": {"paths": ["$.id"]},
		"challengeResponse": {"identifyField": "type", "identifyValue": "check", "challengePath": "$.challenge"}`), nil)
	install := connected(map[string]string{"secret": "k"})
	const body = `{"event": "a.made", "id": "x"}`
	for range 3 {
		if d := m.Deliver(install, post("X-S", "00", body)); d.Answer.Status != 401 || d.Event != "" || len(d.Triggers) > 0 || d.TransactionID != "" {
			t.Fatalf("a wrong signature: %s", marshal(t, d))
		}
	}
	m.Deliver(install, post("", "", `{"type": "check", "challenge": "c", "event": "a.made", "id": "x"}`))
	if install.Seen.Len() != 0 {
		t.Error("a delivery that is not verified is remembered")
	}
	if d := m.Deliver(install, post("X-S", verification{method: hmacSHA256}.sign([]byte(body), "k"), body)); d.Duplicate || len(d.Triggers) != 1 {
		t.Errorf("the true delivery starts nothing: %s", marshal(t, d))
	}
}

func TestChallenges(t *testing.T) {
	challenge := func(fields string) string {
		return hook(signing("hmac-sha256", "X-S", "") + `, "challengeResponse": {` + fields + `}`)
	}
	const field = `"identifyField": "type", "identifyValue": "check", "challengePath": "$.challenge"`
	tests := []struct {
		name, fields, body string
		status             int
		kind, want         string
		said               string
	}{
		{"a field", field + `, "responseField": "challenge"`, `{"type": "check", "challenge": "abc"}`, 200, "application/json", `{"challenge":"abc"}`, "choice challenge-first"},
		{"a number", field + `, "responseField": "n"`, `{"type": "check", "challenge": 7}`, 200, "application/json", `{"n":7}`, "choice challenge-first"},
		{"the text itself", field, `{"type": "check", "challenge": "<b>"}`, 200, "text/plain; charset=utf-8", `<b>`, "choice challenge-first"},
		{"another value", field, `{"type": "event", "challenge": "abc"}`, 401, "", "", "the delivery has no header"},
		{"another type", `"identifyField": "n", "identifyValue": 1, "challengePath": "$.challenge"`, `{"n": "1", "challenge": "abc"}`, 401, "", "", "the delivery has no header"},
		{"a number that is equal", `"identifyField": "n", "identifyValue": 1, "challengePath": "$.challenge"`, `{"n": 1.0, "challenge": "abc"}`, 200, "text/plain; charset=utf-8", "abc", "choice challenge-first"},
		{"no text", field, `{"type": "check"}`, 401, "", "", "there is no text at challengePath to answer the challenge with"},
		{"a path", `"identifyField": "$.type", "identifyValue": "check", "challengePath": "$.challenge"`, `{"type": "check", "challenge": "abc"}`, 401, "", "", "choice challenge-field"},
		{"no JSON", field, `type=check`, 401, "", "", "the body of the delivery is no JSON"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// The install has no secret yet.
			d := machine(t, challenge(tt.fields), nil).Deliver(NewInstall("u-1"), post("", "", tt.body))
			if diff := cmp.Diff(Answer{tt.status, tt.kind, []byte(tt.want)}, d.Answer, cmp.Transformer("text", func(b []byte) string { return string(b) })); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if d.Challenge != (tt.status == 200) {
				t.Errorf("a challenge: %t", d.Challenge)
			}
			if got := strings.Join(said(d.Run), "\n"); !strings.Contains(got, tt.said) {
				t.Errorf("nothing says %q:\n%s", tt.said, got)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	tests := []struct {
		name, response string
		want           Answer
		said           []string
	}{
		{"as the definition says", `{"statusCode": 202, "body": {"ok": true}}`, Answer{202, "application/json", []byte(`{"ok":true}`)}, nil},
		{"no body", `{"statusCode": 200}`, Answer{200, "", nil}, nil},
		{"no body is allowed", `{"statusCode": 204, "body": {}}`, Answer{204, "", nil}, nil},
		{"none", `null`, Answer{200, "", nil}, []string{"/webhook choice default-response"}},
		{"no status", `{"body": {}}`, Answer{200, "application/json", []byte(`{}`)}, []string{"/webhook/response choice default-response"}},
		{"no status of HTTP", `{"statusCode": 99}`, Answer{200, "", nil}, []string{"/webhook/response/statusCode no delivery can be answered with this status; it is answered with 200"}},
		{"half a status", `{"statusCode": 200.5}`, Answer{200, "", nil}, []string{"/webhook/response/statusCode no delivery can be answered with this status; it is answered with 200"}},
		{"a failure", `{"statusCode": 500}`, Answer{500, "", nil}, []string{"/webhook/response/statusCode the provider takes the status 500 for a failure, and delivers again"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := machine(t, hook(open+`, "response": `+tt.response+`, "eventExtraction": {"source": "body", "path": "$.event"}, "transactionId": {"paths": ["$.id"]}`), nil)
			d := m.Deliver(NewInstall("u-1"), post("", "", `{"event": "a.made", "id": 1}`))
			if diff := cmp.Diff(tt.want, d.Answer); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.said, plain(d.Run)); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsNoDelivery(t *testing.T) {
	m := machine(t, hook(open), nil)
	tests := []struct {
		name string
		m    *Machine
		in   Incoming
		want int
	}{
		{"no webhook", machine(t, `{"ns": "acme", "webhook": null}`, nil), post("", "", "{}"), 404},
		{"GET", m, Incoming{Method: http.MethodGet, Query: map[string][]string{"hub.challenge": {"1"}}}, 405},
		{"too large", m, post("", "", strings.Repeat(" ", MaxDelivery+1)), 413},
		{"as deep as can be", m, post("", "", strings.Repeat("[", MaxDelivery)), 200},
		{"as large as can be", m, post("", "", `"`+strings.Repeat("x", MaxDelivery-2)+`"`), 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := tt.m.Deliver(NewInstall("u-1"), tt.in)
			if d.Answer.Status != tt.want || d.OK() != (tt.want == 200) {
				t.Errorf("answered with %d, want %d: %v", d.Answer.Status, tt.want, d.Failure)
			}
			if n := len(marshal(t, d)); n > 16<<10 {
				t.Errorf("what is shown has %d bytes", n)
			}
		})
	}
}

func TestCustomers(t *testing.T) {
	const mapping = `"mapping": {"lastName": "names[1]", "firstName": "names[0]", "code": "id", "primaryEmail": "mail"}`
	tests := []struct {
		name, fields, body string
		want               string // the fields that are found
		identity           bool
		said               []string
	}{
		{"in the mapping's order", `"basePath": "$.c", ` + mapping, `{"c": {"names": ["A", "B"], "id": 7, "mail": "a@b.example"}}`,
			`lastName="B" firstName="A" code=7 primaryEmail="a@b.example"`, true, nil},
		{"nothing there", `"basePath": "$.c", ` + mapping, `{"c": null}`, "", false, []string{`/webhook/customerExtraction/basePath there is no customer at "$.c" in the delivery`}},
		{"nobody to be recognised", `"basePath": "$.c", ` + mapping, `{"c": {"names": ["A"], "mail": ""}}`, `firstName="A"`, false, []string{
			"/webhook/customerExtraction/mapping the customer has nothing to be recognised by, so that every delivery would make a new one"}},
		{"an override", `"basePath": "$.c", ` + mapping + `, "overrides": {"a.made": {"basePath": "$.o"}}`, `{"c": {"id": 1}, "o": {"id": 2}}`, "code=2", true, nil},
		{"an override with a mapping", `"basePath": "$.c", ` + mapping + `, "overrides": {"a.made": {"mapping": {"code": "no"}}}`, `{"c": {"id": 1, "no": 2}}`, "code=2", true, []string{
			"/webhook/customerExtraction/overrides/a.made/mapping choice customer-mapping"}},
		{"no basePath", `"mapping": {"code": "id"}`, `{"id": 1}`, "code=1", true, []string{"/webhook/customerExtraction choice customer-at-root"}},
		{"types", `"basePath": "$.c", "mapping": {"code": "id", "sex": "sex", "birthDate": "born", "state": "state", "avatar": "face", "primaryEmail": "mail", "primaryPhone": "phone"}`,
			`{"c": {"id": true, "sex": "f", "born": "31.12.1990", "state": "vip", "face": "face.png", "mail": "a@", "phone": "none"}}`,
			`code=true sex="f" birthDate="31.12.1990" state="vip" avatar="face.png" primaryEmail="a@" primaryPhone="none"`, true, []string{
				"/webhook/customerExtraction/mapping/code the customer's code is true or false",
				"/webhook/customerExtraction/mapping/sex the customer's sex is no number",
				"/webhook/customerExtraction/mapping/birthDate the customer's birthDate is no date, such as 1990-12-31",
				"/webhook/customerExtraction/mapping/state the customer's state is none of visitor, lead and customer",
				"/webhook/customerExtraction/mapping/avatar the customer's avatar is no URL",
				"/webhook/customerExtraction/mapping/primaryEmail the customer's primaryEmail is no email address",
				"/webhook/customerExtraction/mapping/primaryPhone the customer's primaryPhone is no phone number"}},
		{"types that fit", `"basePath": "$.c", "mapping": {"code": "id", "sex": "sex", "birthDate": "born", "state": "state", "avatar": "face"}`,
			`{"c": {"id": "1", "sex": 1, "born": "1990-12-31T00:00:00Z", "state": "lead", "face": "https://a.example/f.png"}}`,
			`code="1" sex=1 birthDate="1990-12-31T00:00:00Z" state="lead" avatar="https://a.example/f.png"`, true, nil},
		{"an unknown field and an object", `"basePath": "$.c", "mapping": {"email": "mail", "code": "o", "primaryPhone": "tel"}`, `{"c": {"mail": "x", "o": {}, "tel": "+1"}}`, `primaryPhone="+1"`, true, []string{
			`/webhook/customerExtraction/mapping/email customers have no field "email", so it is left out`,
			`/webhook/customerExtraction/mapping/code "o" leads to an object or array, so the customer gets no code`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := machine(t, hook(open+`, "response": {"statusCode": 200}, "eventExtraction": {"source": "query", "path": "e"}, "transactionId": {"paths": ["$"], "fallback": "generate"}, "customerExtraction": {`+tt.fields+`}`), nil)
			in := post("", "", tt.body)
			in.Query = map[string][]string{"e": {"a.made"}}
			d := m.Deliver(NewInstall("u-1"), in)
			var got []string
			for i, f := range d.Customer.Fields {
				got = append(got, f.Name+"="+f.Value)
				if raw := d.Customer.Values[i]; raw.Key != f.Name || string(jsondoc.AppendJSON(nil, raw.Value)) != f.Value {
					t.Errorf("the value of %s is %s", f.Name, jsondoc.AppendJSON(nil, raw.Value))
				}
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" || d.Customer.Identity != tt.identity {
				t.Errorf("identity %t, fields (-want +got):\n%s", d.Customer.Identity, diff)
			}
			var lines []string
			for _, l := range plain(d.Run) {
				if !strings.Contains(l, "no path of transactionId") {
					lines = append(lines, l)
				}
			}
			if diff := cmp.Diff(tt.said, lines); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSamples(t *testing.T) {
	sample := func(text string) definition.Sample {
		doc, problems := jsondoc.Parse([]byte(text))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return definition.NewSample(doc.Root)
	}
	m := machine(t, hook(signing("hmac-sha256", "X-S", "hex")+`, "eventExtraction": {"source": "body", "path": "$.event"}`), nil)
	install := NewInstall("u-1")
	in, err := m.Sample(install, sample(`{"event": "a.made", "headers": {"x-s": "sha256=example"}, "query": {"a": "b"}, "body": {"event": "a.made", "n": 1.50}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(in.Body), `{"event":"a.made","n":1.50}`; got != want {
		t.Errorf("body %s, want %s", got, want)
	}
	if got := in.Header.Get("X-S"); !strings.HasPrefix(got, "sha256=") || len(got) != 71 || in.Query.Get("a") != "b" {
		t.Errorf("signature %q, query %v", got, in.Query)
	}
	if got := install.Credentials["secret"].Text(); got != "made-up-07070707070707070707070707070707" {
		t.Errorf("the made-up secret is %q", got)
	}
	if d := m.Deliver(install, in); !d.Verification.OK || d.Event != "a.made" {
		t.Errorf("the sample is not taken: %s", marshal(t, d))
	}
	raw, err := m.Sample(install, sample(`{"event": "a.made", "body": "{ \"event\" : \"a.made\" }\n"}`))
	if d := m.Deliver(install, raw); err != nil || string(raw.Body) != "{ \"event\" : \"a.made\" }\n" || d.Event != "a.made" {
		t.Errorf("raw bytes: %q, %v", raw.Body, err)
	}
	if _, err := machine(t, hook(`"verification": {"type": "hmac-sha256", "headerName": "X-S"}`), nil).Sample(install, sample(`{"body": {}}`)); err == nil {
		t.Error("a delivery is signed without the name of a secret")
	}
}

// TestExampleDeliveries: what becomes of each sample delivery of the examples.
func TestExampleDeliveries(t *testing.T) {
	want := []string{
		"mailbeam/link-clicked.json: 200, link.clicked with 1 trigger, id wh_7004, 5 customer fields (identity true)",
		"mailbeam/subscriber-created.json: 200, subscriber.created with 1 trigger, id wh_7001, 5 customer fields (identity true), upsert of the core:customer sub_20418",
		"mailbeam/subscriber-unsubscribed.json: 200, subscriber.unsubscribed with 1 trigger, id wh_7003, 5 customer fields (identity true), upsert of the core:customer sub_20418",
		"mailbeam/subscriber-updated.json: 200, subscriber.updated with 1 trigger, id wh_7002, 5 customer fields (identity true), upsert of the core:customer sub_20418",
		"parleo/contact-tagged.json: 202, contact.tagged with 1 trigger, id del_9104, 5 customer fields (identity true)",
		"parleo/conversation-closed.json: 202, conversation.closed with 1 trigger, id evt_9103, 6 customer fields (identity true)",
		"parleo/conversation-opened.json: 202, conversation.opened with 1 trigger, id evt_9102, 6 customer fields (identity true)",
		"parleo/message-received.json: 202, message.received with 1 trigger, id evt_9101, 6 customer fields (identity true)",
		"shopkeep/cart-abandoned.json: 200, cart.abandoned with 1 trigger, id whd-5540, 6 customer fields (identity true), create of the abandonedCart crt-18aa",
		"shopkeep/order-cancelled.json: 200, order.cancelled with 1 trigger, id whd-5533, 6 customer fields (identity true), update of the order 90418",
		"shopkeep/order-created.json: 200, order.created with 1 trigger, id whd-5501, 6 customer fields (identity true), create of the order 90418",
		"shopkeep/order-updated.json: 200, order.updated with 1 trigger, id 90418:2026-11-09T09:12:40Z, 6 customer fields (identity true), update of the order 90418",
		"taskhub/comment-created.json: 200, comment.created with 1 trigger, id dlv_01JD5A0004, 6 customer fields (identity true)",
		"taskhub/task-completed.json: 200, task.completed with 1 trigger, id dlv_01JD5A0002, 6 customer fields (identity true)",
		"taskhub/task-created.json: 200, task.created with 1 trigger, id dlv_01JD5A0001, 6 customer fields (identity true)",
		"taskhub/task-overdue.json: 200, task.overdue with 1 trigger, id dlv_01JD5A0003, 6 customer fields (identity true)",
	}
	var got []string
	for _, e := range exampleDeliveries(t) {
		d := e.m.Deliver(e.install, e.in)
		line := fmt.Sprintf("%s: %d, %s with %d trigger, id %s, %d customer fields (identity %t)", e.name, d.Answer.Status, d.Event, len(d.Triggers), d.TransactionID, len(d.Customer.Fields), d.Customer.Identity)
		for _, r := range d.Made {
			line += fmt.Sprintf(", %s of the %s %s", r.Operation, r.Type, r.Code)
		}
		if d.Event != e.event {
			t.Errorf("%s: event %q, want %q", e.name, d.Event, e.event)
		}
		for _, x := range d.Diagnostics {
			if x.Choice == "" {
				line += "; " + x.Pointer + " " + x.Message
			}
		}
		got = append(got, line)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSampleOfAToken(t *testing.T) {
	m := machine(t, hook(signing("header-token", "X-T", "")), nil)
	doc, _ := jsondoc.Parse([]byte(`{"headers": {"X-T": "sha256=example"}, "body": {}}`))
	install := connected(map[string]string{"secret": "tok-12345"})
	in, err := m.Sample(install, definition.NewSample(doc.Root))
	if d := m.Deliver(install, in); err != nil || !d.Verification.OK {
		t.Errorf("the sample is refused: %v, %s", err, d.Verification.Reason)
	}
}

// TestDeliveriesAtOnce: different installs receive at the same time. The race
// detector is what looks at it.
func TestDeliveriesAtOnce(t *testing.T) {
	m := machine(t, hook(open+`, "eventExtraction": {"source": "body", "path": "$.event"}, "transactionId": {"paths": ["$.id"]}, "customerExtraction": {"basePath": "$.c", "mapping": {"code": "id"}}`), nil)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			install := NewInstall(fmt.Sprint(i))
			for n := range 20 {
				d := m.Deliver(install, post("", "", fmt.Sprintf(`{"event": "a.made", "id": %d}`, n)))
				if d.Duplicate || len(d.Triggers) != 1 {
					t.Errorf("delivery %d of install %d: duplicate %t", n, i, d.Duplicate)
				}
			}
		})
	}
	all.Wait()
}
