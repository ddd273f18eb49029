package sandbox

import (
	"fmt"
	"math"
	"mime"
	"net/http"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/nearest"
)

// Delivered is what became of a delivery. The first step of its run is what came
// and what was answered; the others are the records that were made. All texts
// that are shown are redacted.
type Delivered struct {
	*Run
	// Answer is what the provider gets. It does not depend on what is done with
	// the delivery, since it is sent before.
	Answer       Answer       `json:"-"`
	Verification Verification `json:"verification"`
	// Challenge says that it was no delivery but a question whether somebody is
	// there, and was answered as such.
	Challenge bool `json:"challenge"`
	// Event is the extracted event, or "". Triggers are those that it starts.
	Event    string  `json:"event,omitempty"`
	Triggers []Fired `json:"triggers"`
	// TransactionID is the delivery's id, or "". A Generated one is made up; a
	// Duplicate delivery was seen before, and nothing was done with it.
	TransactionID string `json:"transaction_id,omitempty"`
	Generated     bool   `json:"generated,omitempty"`
	Duplicate     bool   `json:"duplicate,omitempty"`
	// Customer is nil when no customer was looked for.
	Customer *FoundCustomer `json:"customer,omitempty"`
	// Handler is the JSON Pointer of the event's handler, or "". Made are the
	// records that it makes, as they are; the run has them as they may be shown.
	Handler string   `json:"handler,omitempty"`
	Made    []Record `json:"-"`
}

// Answer is a response to a provider. Who sends it should forbid browsers to
// guess its type: a challenge's text comes from whoever asked.
type Answer struct {
	Status int
	// Type is the media type, or "" without a body.
	Type string
	Body []byte
}

// Fired is a trigger that an event starts.
type Fired struct {
	Label   string `json:"label"`
	Pointer string `json:"pointer"`
}

// Refused is the code of deliveries that are not accepted. It is none of the
// codes that a dashboard panel gets.
const Refused Code = "DELIVERY_REFUSED"

// delivery is one run of a delivery.
type delivery struct {
	*recorder
	in    Incoming
	parts definition.Delivery
	out   *Delivered
	// event and id are as they are, however long.
	event, id string
	handler   *definition.Handler
}

// Deliver receives a delivery for an install: how the platform finds out whose
// it is, is not documented, so the caller says it. Only one delivery of an
// install is received at a time. Nothing of the install changes by a delivery
// that is not verified.
func (m *Machine) Deliver(install *Install, in Incoming) *Delivered {
	d := &delivery{recorder: m.record(install, "delivery", m.Definition.Webhook.Node), in: in}
	d.out = &Delivered{Run: d.run, Triggers: []Fired{}}
	d.receive()
	return d.close()
}

func (d *delivery) receive() {
	w := d.m.Definition.Webhook
	switch {
	case w.Node == nil:
		d.refuse(http.StatusNotFound, nil, "Add a webhook, if the provider sends events.", "the definition has no webhook")
		return
	case d.in.Method != http.MethodPost:
		d.refuse(http.StatusMethodNotAllowed, w.Node, "Let the provider send its deliveries, and challenges too, with POST.",
			"a delivery with the method %s does not reach the webhook: it is there for POST alone", d.in.Method)
		return
	case len(d.in.Body) > MaxDelivery:
		d.refuse(http.StatusRequestEntityTooLarge, w.Node, "Let the provider send less.", "the delivery is larger than 1 MiB")
		return
	}
	d.read()
	if d.challenge(w.ChallengeResponse) {
		return
	}
	if !d.verify() {
		return
	}
	d.answer(w.Response)
	if d.extract(w) && d.identify(w) {
		d.fire()
		d.customer(w)
		if d.handler != nil {
			d.out.Made = d.handle(*d.handler, d.parts.Body)
		}
	}
}

// refuse ends the run: the provider gets the status and nothing else, since
// reasons help whoever guesses secrets.
func (d *delivery) refuse(status int, at *jsondoc.Node, hint, format string, args ...any) {
	d.out.Answer = Answer{Status: status}
	d.fail(&Failure{Code: Refused, Pointer: at.Pointer(), Message: fmt.Sprintf(format, args...), Hint: hint})
}

// unverified refuses a delivery that does not prove where it comes from.
func (d *delivery) unverified(c Choice, at *jsondoc.Node, hint, format string, args ...any) bool {
	d.out.Verification.Reason = fmt.Sprintf(format, args...)
	if c.ID != "" {
		d.choose(c, at)
	}
	d.say(finding.Error, at, hint, "%s", d.out.Verification.Reason)
	d.refuse(http.StatusUnauthorized, at, hint, "the delivery is refused: %s", d.out.Verification.Reason)
	return false
}

// read makes values of the delivery's parts.
func (d *delivery) read() {
	w := d.m.Definition.Webhook.Node
	kind, _, _ := mime.ParseMediaType(d.in.Header.Get("Content-Type"))
	var body *jsondoc.Node
	var err error
	if kind == "application/x-www-form-urlencoded" {
		d.choose(formIsObject, w)
		body, err = formBody(d.in.Body)
		if strings.HasPrefix(body.Get("payload").Text(), "{") {
			d.say(finding.Warning, w, "Let the provider send application/json.", "the form has JSON in its field \"payload\", in which nothing is found")
		}
	} else {
		body, err = definition.ReadBody(d.in.Body)
	}
	if err != nil {
		d.choose(unreadableAnswered, w)
		d.say(finding.Warning, w, "Let the provider send JSON.", "the body of the delivery is no JSON, so nothing is found in it: %v", err)
	}
	d.parts = d.in.delivery(body)
}

// challenge answers the question whether somebody is there. Whoever asks gets
// back what he sent, and nothing else happens.
func (d *delivery) challenge(c *jsondoc.Node) bool {
	field, want := c.Get("identifyField"), c.Get("identifyValue")
	if field.Text() == "" || want == nil {
		return false
	}
	got := d.parts.Body.Get(field.Text())
	if got == nil && strings.ContainsAny(field.Text(), ".[$") {
		d.choose(challengeField, field)
	}
	if !equal(got, want) {
		return false
	}
	at := c.Get("challengePath")
	token := d.bare(at, d.parts.Body)
	text, ok := definition.Scalar(token)
	if !ok || text == "" {
		if at == nil {
			at = c
		}
		d.choose(challengeEmpty, at)
		d.say(finding.Error, at, "Compare challengePath with what the provider sends.", "there is no text at challengePath to answer the challenge with")
		return false
	}
	d.choose(challengeFirst, c)
	d.out.Challenge = true
	d.out.Answer = Answer{http.StatusOK, "text/plain; charset=utf-8", []byte(text)}
	if key := c.Get("responseField").Text(); key != "" {
		d.out.Answer.Type = "application/json"
		d.out.Answer.Body = jsondoc.AppendJSON(nil, jsondoc.NewObject(jsondoc.Member{Key: key, Value: token}))
	}
	return true
}

// equal reports whether two scalars are the same value of the same type.
func equal(a, b *jsondoc.Node) bool {
	if a == nil || b == nil || a.Kind != b.Kind {
		return false
	}
	if x, ok := a.Float(); ok {
		y, _ := b.Float()
		return x == y
	}
	switch a.Kind {
	case jsondoc.String, jsondoc.Bool, jsondoc.Null:
		return a.Text() == b.Text() && a.Literal() == b.Literal()
	}
	return false
}

// answer makes what the provider gets for a delivery that is accepted.
func (d *delivery) answer(response *jsondoc.Node) {
	d.out.Answer = Answer{Status: http.StatusOK}
	status, ok := response.Get("statusCode").Float()
	switch {
	case response == nil || response.Get("statusCode") == nil:
		at := response
		if at == nil {
			at = d.m.Definition.Webhook.Node
		}
		d.choose(defaultResponse, at)
	case !ok || status != math.Trunc(status) || status < 200 || status > 599:
		d.say(finding.Error, response.Get("statusCode"), "Use 200 or 202.", "no delivery can be answered with this status; it is answered with 200")
	default:
		d.out.Answer.Status = int(status)
		if status >= 300 {
			d.say(finding.Warning, response.Get("statusCode"), "Use 200 or 202.", "the provider takes the status %d for a failure, and delivers again", int(status))
		}
	}
	body := response.Get("body")
	if s := d.out.Answer.Status; body == nil || body.Is(jsondoc.Null) || s == http.StatusNoContent || s == http.StatusNotModified {
		return
	}
	d.out.Answer.Type, d.out.Answer.Body = "application/json", jsondoc.AppendJSON(nil, body)
}

// extract finds the event. Without one nothing more is done.
func (d *delivery) extract(w definition.Webhook) bool {
	at := w.EventExtraction
	if at == nil {
		d.choose(noEventAnswered, w.Node)
		d.say(finding.Warning, w.Node, "Add webhook.eventExtraction with the place of the event's name.", "nothing says which event the delivery is for")
		return false
	}
	composite := at.Get("compositeStrategy")
	x := w.Extract(d.parts)
	d.event = x.Event
	if x.Event != "" {
		return true
	}
	const hint = "Compare eventExtraction with the delivery."
	switch {
	case x.Incomplete:
		if composite != nil && composite.Get("separator") == nil {
			d.choose(separatorMissing, composite)
		}
		d.say(finding.Error, at, "Give a source and a path, and a separator to several parts.", "the event cannot be found by this")
	case x.Doubt != "":
		if composite != nil {
			d.choose(partMissing, composite)
			if f := at.Get("fallback"); f != nil {
				d.choose(fallbackAlone, f)
			}
		}
		d.say(finding.Warning, at, hint, "the delivery has no event: %s", x.Doubt)
	default:
		d.say(finding.Warning, at, hint, "the delivery has no event: nothing is where it is looked for")
	}
	d.choose(noEventAnswered, at)
	return false
}

// identify finds the delivery's id, and reports whether it is new.
func (d *delivery) identify(w definition.Webhook) bool {
	at := w.TransactionID
	if at == nil {
		d.say(finding.Notice, w.Node, "Add transactionId with the path of the provider's id.", "a repetition of this delivery is not recognised, since transactionId is missing")
		return true
	}
	found := w.DeliveryID(d.event, d.parts.Body)
	if n := found.Unreadable; n != nil {
		d.bare(n, d.parts.Body) // says what is wrong with it
	}
	if found.Value == "" {
		return d.withoutID(at, found)
	}
	if found.Doubtful {
		d.choose(idsJoined, found.At)
	}
	if found.Joined {
		for _, n := range found.Missing {
			d.say(finding.Warning, n, "Name values that every delivery has.", "nothing is at %q in the delivery, so that its id is made of the other values alone", n.Text())
		}
	}
	d.id = found.Value
	if d.install.Seen == nil {
		d.install.Seen = &Seen{}
	}
	if d.install.Seen.Add(d.id) {
		return true
	}
	d.out.Duplicate = true
	d.choose(seenPerInstall, at)
	return false
}

// withoutID goes on with a delivery of which no repetition can be recognised.
func (d *delivery) withoutID(at *jsondoc.Node, found definition.DeliveryID) bool {
	place := found.At
	if place == nil {
		place = at
	}
	d.say(finding.Warning, place, "Point transactionId.paths at the id in the body, or add an override for the event.",
		"no path of transactionId finds an id in the delivery, so that a repetition is not recognised")
	if at.Get("fallback").Text() != "generate" {
		d.choose(noIDProcessed, at)
		return true
	}
	id, err := d.m.id(16)
	if err != nil {
		d.say(finding.Error, at, "Try again.", "no id could be made: %v", err)
		return true
	}
	d.id, d.out.Generated = id, true
	return true
}

// fire starts what waits for the event.
func (d *delivery) fire() {
	def := d.m.Definition
	var events []string
	for _, t := range def.Triggers {
		events = append(events, t.Event)
		if t.Event == d.event {
			d.out.Triggers = append(d.out.Triggers, Fired{t.Label.Text(), t.Node.Pointer()})
		}
	}
	for _, h := range def.Sync.Handlers {
		events = append(events, h.Event)
		if h.Event == d.event {
			d.handler, d.out.Handler = &h, h.Node.Pointer()
		}
	}
	if len(d.out.Triggers) > 0 || d.handler != nil {
		return
	}
	hint := "Add a trigger for the event, or let the provider not send it."
	if near, ok := nearest.Word(d.event, events); ok {
		hint = fmt.Sprintf("Perhaps it should be %q: events are compared exactly.", near)
	}
	d.say(finding.Warning, def.Webhook.EventExtraction, hint, "no trigger and no handler has the event %q", shownBody([]byte(d.event)))
}

// close ends the run and redacts what is shown.
func (d *delivery) close() *Delivered {
	out, a := d.out, d.out.Answer
	step := Step{Name: "delivery", Pointer: d.run.Pointer, Request: d.shownDelivery(),
		Response: &Received{Status: a.Status, Type: a.Type, Body: shownBody(a.Body), Bytes: len(a.Body)}}
	if f := d.run.Failure; f != nil {
		step.Error = f.Message
	}
	if out.Customer != nil {
		step.Mapped = out.Customer.Fields
	}
	d.run.Steps = append([]Step{step}, d.run.Steps...)
	out.Event, out.TransactionID = shownBody([]byte(d.event)), shownBody([]byte(d.id))
	d.done()
	hide := d.hide.hider()
	hide(&out.Event, &out.TransactionID, &out.Verification.Reason)
	return out
}

// shownDelivery is what came, as it may be shown.
func (d *delivery) shownDelivery() *Sent {
	address := d.m.Platform.WebhookURL(d.m.ns())
	if len(d.in.Query) > 0 {
		address += "?" + d.in.Query.Encode()
	}
	sent := &Sent{Method: d.in.Method, URL: address, Headers: d.in.header(), Body: shownBody(d.in.Body)}
	if b := d.parts.Body; b.Is(jsondoc.Object) || b.Is(jsondoc.Array) {
		sent.Body = shownJSON(b)
	}
	v := readVerification(d.m.Definition.Webhook.Verification)
	for i := range sent.Headers {
		if h := &sent.Headers[i]; v.method == headerToken && strings.EqualFold(h.Name, v.header) {
			h.Value = mask // a wrong token may be the right one elsewhere
		}
	}
	return sent
}
