package rules

import (
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/submission"
)

const groupSamples = "Sample deliveries"

// sampleRules hold the definition against real deliveries. That there is one
// for each trigger is a rule of the package.
func sampleRules() []Spec {
	return []Spec{
		sampleShape(), sampleEventKnown(), sampleProducesEvent(),
		sampleTransactionID(), sampleIDOwn(), sampleCustomer(), sampleRecord(), sampleSignature(),
	}
}

// sample is a file of sample deliveries' folder.
type sample struct {
	file string
	definition.Sample
}

// samples returns the sample deliveries that are objects, in the order of their
// names. They are read once in a run.
func (p *Pass) samples() []sample {
	if p.memo.sampled {
		return p.memo.samples
	}
	p.memo.sampled = true
	for _, f := range p.Head.Files {
		if isSample(f) && f.JSON.Root.Is(jsondoc.Object) {
			p.memo.samples = append(p.memo.samples, sample{f.Name, definition.NewSample(f.JSON.Root)})
		}
	}
	return p.memo.samples
}

func isSample(f *submission.File) bool {
	return f.JSON != nil && strings.HasPrefix(f.Name, submission.SamplesDir+"/")
}

// at returns the node of a sample that stands for its body.
func (s sample) at() *jsondoc.Node {
	if s.BodyAt != nil {
		return s.BodyAt
	}
	return s.Root
}

func sampleShape() Spec {
	return Spec{
		ID: "sample-shape", Group: groupSamples, Severity: finding.Error,
		Title:   "Sample deliveries have their fields",
		Purpose: "Checks that a sample delivery is an object with event and body, and with headers and query as objects of texts, so that it can be tried out.",
		Source:  "A sample delivery records what the provider sends: event (that of the trigger), headers, query and body, which is a JSON value, or a text with the raw bytes.",
		Help:    "Write `{\"event\": \"…\", \"headers\": {…}, \"query\": {…}, \"body\": {…}}`. Headers and query may be left out.",
		Fires: []Example{
			{Name: "a body alone", Files: map[string]string{"webhooks/ticket-created.json": "{\"event\": \"ticket.created\", \"ticket\": {}}\n"}},
			{Name: "headers as a list", Files: map[string]string{"webhooks/ticket-created.json": "{\"event\": 1, \"headers\": [\"X-A: b\"], \"query\": {\"n\": 1}, \"body\": {}}\n"}},
			{Name: "several deliveries in one file", Files: map[string]string{"webhooks/ticket-created.json": "[]\n"}},
			{Name: "fields in other words", Files: map[string]string{"webhooks/ticket-created.json": "{\"event\": \"ticket.created\", \"header\": {}, \"body\": {}}\n"}},
		},
		Silent: []Example{{Name: "raw bytes without headers", Files: map[string]string{"webhooks/ticket-created.json": "{\"event\": \"ticket.created\", \"body\": \"{\\\"event\\\": \\\"ticket.created\\\"}\"}\n"}}},
		Check: func(p *Pass) {
			for _, f := range p.Head.Files {
				if isSample(f) {
					checkSampleShape(p, f)
				}
			}
		},
	}
}

func checkSampleShape(p *Pass, f *submission.File) {
	root := f.JSON.Root
	if !root.Is(jsondoc.Object) {
		p.NodeIn(f.Name, root, "the sample delivery is not an object").
			Hint("Write one delivery in each file, as an object with event, headers, query and body.")
		return
	}
	missing := func(key, hint string) {
		r := p.NodeIn(f.Name, root, "the sample delivery lacks %q", key).Hint("%s", hint)
		r.Pointer = "/" + key
	}
	const eventHint = "Give the event of the trigger that this delivery is for."
	switch event := root.Get("event"); {
	case event == nil && root.Get("body") == nil:
		p.NodeIn(f.Name, root, "the sample delivery lacks \"event\" and \"body\"").
			Hint("Write {\"event\": …, \"headers\": …, \"query\": …, \"body\": …}: what the provider sends goes under \"body\".")
		return
	case event == nil:
		missing("event", eventHint)
	case event.Text() == "":
		p.NodeIn(f.Name, event, "the event of the sample delivery is not a text, or empty").Hint(eventHint)
	}
	if root.Get("body") == nil {
		missing("body", "Put what the provider sends under \"body\": the JSON value, or a text with the raw bytes.")
	}
	for _, key := range []string{"headers", "query"} {
		n := root.Get(key)
		if n != nil && !n.Is(jsondoc.Object) {
			p.NodeIn(f.Name, n, "%q of the sample delivery is not an object", key).Hint("Write each name with its value, as in {\"X-Acme-Event\": \"ticket.created\"}.")
		}
		for _, m := range n.Members() {
			if !m.Is(jsondoc.String) {
				p.NodeIn(f.Name, m, "%s in %q of the sample delivery is not a text", shown(m.Key), key).Hint("Put the value in quotes; on the wire it is text.")
			}
		}
	}
	fields := []string{"event", "headers", "query", "body"}
	known := set(fields)
	for _, m := range root.Members() {
		if near := ""; !known[m.Key] {
			if near = p.nearest(m.Key, fields); near != "" && root.Get(near) == nil {
				p.NodeIn(f.Name, m, "%s is no field of a sample delivery", shown(m.Key)).As(finding.Warning).Hint("Write %q, if that is what you mean.", near)
			}
		}
	}
}

func sampleEventKnown() Spec {
	return Spec{
		ID: "sample-event-known", Group: groupSamples, Severity: finding.Warning,
		Title:   "Samples are for known events",
		Purpose: "Checks that the event of a sample delivery is that of a trigger or a handler.",
		Source:  "Samples show reviewers how each event is delivered; events are compared exactly.",
		Help:    "Write the event as the trigger has it, or take the sample out.",
		Fires:   []Example{{Name: "a typing mistake", Files: map[string]string{"webhooks/ticket-closed.json": sampleOf("ticket.close")}}},
		Silent:  []Example{{Name: "the event of a handler alone", Edit: "/triggers/0 delete"}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			list, known := knownEvents(def)
			for _, s := range p.samples() {
				if s.Event == nil || known[s.Event.Text()] {
					continue
				}
				r := p.NodeIn(s.file, s.Event, "no trigger and no handler has the event %s", shown(s.Event.Text()))
				if near := p.nearest(s.Event.Text(), list); near != "" {
					r.Hint("Write %s, if that is what you mean.", shown(near))
				} else {
					r.Hint("Add a trigger for the event, or take the sample out.")
				}
			}
		},
	}
}

// sampleOf is a sample delivery of the model for an event.
func sampleOf(event string) string {
	return `{"event": "` + event + `", "headers": {"X-Acme-Signature": "sha256=example"}, "query": {},
  "body": {"event": "` + event + `", "delivery": "d-1", "ticket": {"id": "t-1", "requester": {"id": "r-7"}}}}` + "\n"
}

func sampleProducesEvent() Spec {
	return Spec{
		ID: "sample-produces-event", Group: groupSamples, Severity: finding.Error,
		Title:   "Samples give their event",
		Purpose: "Checks that webhook.eventExtraction finds in each sample delivery the event that the sample is for; otherwise no automation would ever start.",
		Source:  "A trigger starts when the extracted event equals its own, with no mapping between them. Several official examples would not match what the provider really sends.",
		Help:    "Compare the sample with a real delivery. Then correct the place in `eventExtraction`, or the event of trigger and sample.",
		Fires: []Example{
			{Name: "another spelling in the delivery", Files: map[string]string{"webhooks/ticket-created.json": strings.Replace(sampleOf("ticket.created"), `"body": {"event": "ticket.created"`, `"body": {"event": "ticket_created"`, 1)}},
			{Name: "nothing at the path", Edit: `/webhook/eventExtraction/path = "$.type"`},
			{Name: "a part that is missing", Edit: `/webhook/eventExtraction = {"compositeStrategy": {"parts": [{"source": "header", "path": "X-Acme-Object"}, {"source": "body", "path": "$.event"}], "separator": "."}}`},
		},
		Silent: []Example{
			{Name: "the event in a header", Edit: `/webhook/eventExtraction = {"source": "header", "path": "x-acme-event"}`,
				Files: map[string]string{
					"webhooks/ticket-created.json": `{"event": "ticket.created", "headers": {"X-Acme-Event": "ticket.created"}, "body": {}}`,
					"webhooks/ticket-closed.json":  `{"event": "ticket.closed", "headers": {"X-Acme-Event": "ticket.closed"}, "body": {}}`}},
			{Name: "raw bytes", Files: map[string]string{"webhooks/ticket-created.json": `{"event": "ticket.created", "body": "{\"event\": \"ticket.created\"}"}`}},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			at := def.Webhook.EventExtraction
			if at == nil {
				return
			}
			_, known := knownEvents(def)
			right := 0
			var wrong []wrongEvent
			for _, s := range p.samples() {
				x := def.Webhook.Extract(s.Delivery)
				switch {
				case s.Event == nil || x.Incomplete || known[x.Event] && !known[s.Event.Text()]:
					// An event that no trigger has is that of sample-event-known.
				case x.Event == s.Event.Text():
					right++
				default:
					wrong = append(wrong, wrongEvent{s, x})
				}
			}
			if right == 0 && len(wrong) > 1 {
				// It is not all of the samples that are wrong.
				first := wrong[0]
				what := "the first gives " + shown(first.got.Event)
				switch {
				case first.got.Doubt != "":
					what = first.got.Doubt
				case first.got.Event == "":
					what = "the first gives none"
				}
				r := p.Node(at, "none of the %d sample deliveries gives its event: %s, where %s is expected", len(wrong), what, shown(first.Event.Text())).
					Hint("Compare them with real deliveries, then correct the place of the event here, or the samples.").
					SeeIn(p.Head, first.file, first.Event.Span, "the first")
				if first.got.Doubt != "" {
					r.As(finding.Warning)
				}
				return
			}
			for _, w := range wrong {
				w.report(p, at)
			}
		},
	}
}

// wrongEvent is a sample from which another event is extracted than its own.
type wrongEvent struct {
	sample
	got definition.Extraction
}

func (w wrongEvent) report(p *Pass, at *jsondoc.Node) {
	event := shown(w.Event.Text())
	var r *Report
	switch {
	case w.got.Doubt != "":
		r = p.NodeIn(w.file, w.Event, "whether this delivery gives the event %s is not certain: %s", event, w.got.Doubt).As(finding.Warning)
	case w.got.Event == "":
		r = p.NodeIn(w.file, w.Event, "this delivery gives no event, where %s is expected", event)
	default:
		r = p.NodeIn(w.file, w.Event, "this delivery gives the event %s, where %s is expected", shown(w.got.Event), event)
	}
	r.Hint("Compare it with a real delivery, then correct eventExtraction, or the event of the trigger and of this sample.").
		See(at, "what finds the event")
}
