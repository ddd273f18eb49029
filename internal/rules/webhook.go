package rules

import (
	"math"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

const groupWebhook = "Webhook"

// webhookRules are about how deliveries are read and answered; how they are
// verified is in verificationRules.
func webhookRules() []Spec {
	return []Spec{
		eventExtractionComplete(), eventPartsSeveral(), eventSeparatorGiven(), eventSeparatorConsistent(),
		transactionIDPresent(), transactionIDPaths(), transactionIDFallback(), transactionIDJoined(),
		challengeComplete(), customerIdentified(), customerFieldKnown(), overrideEventKnown(),
		responseStatusSuccess(), headerNameValid(), webhookEcommerceReplaced(), webhookRegistered(),
	}
}

// lacks reports a member of an object that is missing or an empty text, and
// returns nil when it is there. A value of another type is the schema's matter.
func (p *Pass) lacks(object *jsondoc.Node, key, what string) *Report {
	n := object.Get(key)
	if n == nil {
		return p.Missing(object, key, "%s lacks %q", what, key)
	}
	if s, ok := n.Str(); ok && s == "" {
		return p.Node(n, "%s has an empty %q", what, key)
	}
	return nil
}

func eventExtractionComplete() Spec {
	return Spec{
		ID: "event-extraction-complete", Group: groupWebhook, Severity: finding.Error,
		Title:   "The event's place is complete",
		Purpose: "Checks that eventExtraction and its fallback have both a source and a path, unless the event is built of several parts.",
		Source:  "An event is read from a source (body, header or query) at a path; with compositeStrategy its parts say so instead.",
		Help:    "Add what is missing, for example `\"source\": \"body\", \"path\": \"$.event\"`.",
		Fires: []Example{
			{Name: "no path", Edit: "/webhook/eventExtraction/path delete"},
			{Name: "an empty extraction", Edit: "/webhook/eventExtraction = {}"},
			{Name: "a fallback without a source", Edit: `/webhook/eventExtraction/fallback = {"path": "$.type"}`},
		},
		Silent: []Example{{Name: "an event of two parts",
			Edit: `/webhook/eventExtraction = {"compositeStrategy": {"parts": [{"source": "header", "path": "X-Acme-Object"}, {"source": "body", "path": "$.action"}], "separator": "."}}`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			e := def.Webhook.EventExtraction
			check := func(place *jsondoc.Node, what string) {
				if !place.Is(jsondoc.Object) {
					return
				}
				if r := p.lacks(place, "source", what); r != nil {
					r.Hint("Say where the event is: \"body\", \"header\" or \"query\".")
				}
				if r := p.lacks(place, "path", what); r != nil {
					r.Hint("Give the path in the body, such as \"$.event\", or the name of the header or query parameter.")
				}
			}
			if !e.Get("compositeStrategy").Is(jsondoc.Object) {
				check(e, "the extraction")
			}
			check(e.Get("fallback"), "the fallback")
		},
	}
}

// parts returns the parts of an event that is built of several, and its
// separator, which may be nil.
func parts(def *definition.Definition) (list []*jsondoc.Node, composite, separator *jsondoc.Node) {
	composite = def.Webhook.EventExtraction.Get("compositeStrategy")
	return composite.Get("parts").Elements(), composite, composite.Get("separator")
}

func eventPartsSeveral() Spec {
	return Spec{
		ID: "event-parts-several", Group: groupWebhook, Severity: finding.Warning,
		Title:   "A composite event has several parts",
		Purpose: "Checks that compositeStrategy has two or more parts, since with fewer there is nothing to join.",
		Source:  "compositeStrategy joins the values of its parts to one event.",
		Help:    "Add the missing part, or give `source` and `path` directly in `eventExtraction`.",
		Fires: []Example{
			{Name: "one part", Edit: `/webhook/eventExtraction = {"compositeStrategy": {"parts": [{"source": "body", "path": "$.event"}], "separator": "."}}`},
			{Name: "no parts", Edit: `/webhook/eventExtraction = {"compositeStrategy": {"parts": [], "separator": "."}}`},
		},
		Silent: []Example{{Name: "no composite event"}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			list, composite, _ := parts(def)
			at := composite.Get("parts")
			if !at.Is(jsondoc.Array) || len(list) > 1 {
				return
			}
			if len(list) == 0 {
				p.Node(at, "the composite event has no parts").Hint("Add its parts, each with a source and a path.")
				return
			}
			p.Node(at, "the composite event has only one part").
				Hint("Add the other part, or write source and path directly in eventExtraction.")
		},
	}
}

func eventSeparatorGiven() Spec {
	return Spec{
		ID: "event-separator-given", Group: groupWebhook, Severity: finding.Warning,
		Title:   "The separator of a composite event is given",
		Purpose: "Checks that compositeStrategy says what stands between its parts.",
		Source:  "The parts are joined with the separator. Which one is used when none is given is not documented.",
		Help:    "Add `\"separator\"`, usually `\".\"`.",
		Fires: []Example{{Name: "two parts and no separator",
			Edit: `/webhook/eventExtraction = {"compositeStrategy": {"parts": [{"source": "body", "path": "$.object"}, {"source": "body", "path": "$.action"}]}}`}},
		Silent: []Example{{Name: "an empty separator",
			Edit: `/webhook/eventExtraction = {"compositeStrategy": {"parts": [{"source": "body", "path": "$.object"}, {"source": "body", "path": "$.action"}], "separator": ""}}`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			if list, composite, separator := parts(def); len(list) > 1 && separator == nil {
				p.Missing(composite, "separator", "the composite event has no separator, and which one is used then is not known").
					Hint("Add \"separator\" with what stands between the parts in the triggers' events, usually \".\".")
			}
		},
	}
}

func eventSeparatorConsistent() Spec {
	return Spec{
		ID: "event-separator-consistent", Group: groupWebhook, Severity: finding.Warning,
		Title:   "Events have the parts that are joined",
		Purpose: "Checks that the event of every trigger and handler holds the separator as often as the parts of a composite event need it.",
		Source:  "A composite event is the values of its parts, joined with the separator; an event with fewer separators cannot come out.",
		Help:    "Compare the event with a real delivery: `object.action` for two parts with the separator `.`.",
		Fires: []Example{{Name: "an event of one word where two parts are joined",
			Edit: `/webhook/eventExtraction = {"compositeStrategy": {"parts": [{"source": "body", "path": "$.object"}, {"source": "body", "path": "$.action"}], "separator": "."}}` + "\n" + `/triggers/0/event = "ticket_created"`}},
		Silent: []Example{{Name: "a part that holds the separator itself",
			Edit: `/webhook/eventExtraction = {"compositeStrategy": {"parts": [{"source": "body", "path": "$.object"}, {"source": "body", "path": "$.action"}], "separator": "."}}` + "\n" + `/triggers/0/event = "ticket.reply.created"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			list, _, at := parts(def)
			separator := at.Text()
			if separator == "" || len(list) < 2 {
				return
			}
			check := func(event string, report func(format string, args ...any) *Report) {
				if n := strings.Count(event, separator); event != "" && n < len(list)-1 {
					report("the event %s has too few parts: eventExtraction joins %d with %s", shown(event), len(list), shown(separator)).
						Hint("Write the event as the delivery gives it, or correct the parts.").See(at, "the separator")
				}
			}
			for _, t := range def.Triggers {
				check(t.Event, func(f string, a ...any) *Report { return p.Node(t.EventAt, f, a...) })
			}
			for _, h := range def.Sync.Handlers {
				check(h.Event, func(f string, a ...any) *Report { return p.Key(h.Node, f, a...) })
			}
		},
	}
}

func challengeComplete() Spec {
	return Spec{
		ID: "challenge-complete", Group: groupWebhook, Severity: finding.Error,
		Title:   "The challenge can be answered",
		Purpose: "Checks that challengeResponse has the field and the value that mark a challenge, and the path of what to answer with.",
		Source:  "When the body's identifyField equals identifyValue, the platform answers with what stands at challengePath. responseField is optional.",
		Help:    "Add the missing field. Providers describe the challenge where they describe how a webhook URL is verified.",
		Fires: []Example{
			{Name: "no value and no path", Edit: `/webhook/challengeResponse = {"identifyField": "type"}`},
			{Name: "an empty field", Edit: `/webhook/challengeResponse = {"identifyField": "", "identifyValue": "url_verification", "challengePath": "$.challenge"}`},
		},
		Silent: []Example{{Name: "without a field for the answer",
			Edit: `/webhook/challengeResponse = {"identifyField": "type", "identifyValue": "url_verification", "challengePath": "$.challenge"}`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			c := def.Webhook.ChallengeResponse
			if c == nil {
				return
			}
			for _, key := range []string{"identifyField", "identifyValue", "challengePath"} {
				if r := p.lacks(c, key, "the challenge"); r != nil {
					r.Hint("It needs identifyField, identifyValue and challengePath.")
				}
			}
		},
	}
}

func responseStatusSuccess() Spec {
	return Spec{
		ID: "response-status-success", Group: groupWebhook, Severity: finding.Warning,
		Title:   "Deliveries are answered with success",
		Purpose: "Checks that response.statusCode is a whole number from 200 to 299, since providers repeat what is answered otherwise.",
		Source:  "The answer is sent at once, before the delivery is worked on; 200 and 202 are the documented values.",
		Help:    "Set `\"statusCode\": 200`, or what the provider asks for.",
		Fires: []Example{
			{Name: "a redirect", Edit: `/webhook/response/statusCode = 302`},
			{Name: "half a status", Edit: `/webhook/response/statusCode = 200.5`},
			{Name: "no status", Edit: `/webhook/response/statusCode delete`},
		},
		Silent: []Example{{Name: "accepted", Edit: `/webhook/response/statusCode = 202`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			if def.Webhook.Response == nil {
				return
			}
			n := def.Webhook.Response.Get("statusCode")
			if n == nil {
				p.Missing(def.Webhook.Response, "statusCode", "the answer has no statusCode").Hint("Add \"statusCode\": 200.")
				return
			}
			if status, ok := n.Float(); ok && (status < 200 || status > 299 || status != math.Trunc(status)) {
				p.Node(n, "deliveries are answered with the status %s, which says that they failed", n.Literal()).
					Hint("Use 200, or another whole number from 200 to 299 that the provider asks for.")
			}
		},
	}
}

func headerNameValid() Spec {
	return Spec{
		ID: "header-name-valid", Group: groupWebhook, Severity: finding.Error,
		Title:   "Header names can be names of headers",
		Purpose: "Checks that the headers that events and signatures are read from have names that HTTP allows.",
		Source:  "The name of an HTTP header is made of letters, digits and some signs (RFC 9110); no delivery can carry another one.",
		Help:    "Write the name alone, such as `X-Acme-Signature`, without colon and value.",
		Fires: []Example{
			{Name: "a colon after the name", Edit: `/webhook/verification/headerName = "X-Acme-Signature:"`},
			{Name: "two words", Edit: `/webhook/eventExtraction = {"source": "header", "path": "X Acme Event"}`},
		},
		Silent: []Example{{Name: "a name in lower case", Edit: `/webhook/verification/headerName = "x_acme.signature"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			check := func(n *jsondoc.Node) {
				name := n.Text()
				// A path in the place of a name has a rule of its own.
				if name != "" && !strings.HasPrefix(name, "$") && !headerName(name) {
					p.Node(n, "%s cannot be the name of a header", shown(name)).
						Hint("Write the name alone, such as \"X-Acme-Signature\".")
				}
			}
			check(def.Webhook.Verification.Get("headerName"))
			check(def.Webhook.Verification.Get("timestampHeader"))
			for _, place := range eventPlaces(def) {
				if place.Get("source").Text() == "header" {
					check(place.Get("path"))
				}
			}
		},
	}
}

// eventPlaces returns the objects of eventExtraction that have a source and a
// path, except a primary one that a composite event makes idle.
func eventPlaces(def *definition.Definition) []*jsondoc.Node {
	e := def.Webhook.EventExtraction
	list, composite, _ := parts(def)
	if !composite.Is(jsondoc.Object) && e != nil {
		list = []*jsondoc.Node{e}
	}
	if f := e.Get("fallback"); f.Is(jsondoc.Object) {
		list = append(list[:len(list):len(list)], f)
	}
	return list
}

// headerName reports whether a text is a token in the sense of RFC 9110.
func headerName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return s != ""
}

func webhookEcommerceReplaced() Spec {
	return Spec{
		ID: "webhook-ecommerce-replaced", Group: groupWebhook, Severity: finding.Warning,
		Title:   "The old webhook.ecommerce is gone",
		Purpose: "Checks that webhook.ecommerce is not used; without a sync block beside it, the submission may be refused.",
		Source:  "webhook.ecommerce is deprecated; new submissions use sync with its handlers. A definition that has nothing else may be rejected.",
		Help:    "Describe the events in `sync.webhooks.handlers` and what is imported in `sync.resources`, then take `webhook.ecommerce` out.",
		Fires: []Example{
			{Name: "the old block beside sync", Edit: `/webhook/ecommerce = {}`},
			{Name: "the old block alone", Edit: "/webhook/ecommerce = {}\n/sync delete"},
		},
		Silent: []Example{{Name: "the category of that name", Edit: `/category = "ecommerce"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			if def.Webhook.Old == nil {
				return
			}
			if def.Sync.Node == nil {
				p.Key(def.Webhook.Old, "webhook.ecommerce is out of date, and nothing replaces it here").As(finding.Error).
					Hint("Describe the events in sync.webhooks.handlers, then take it out.")
				return
			}
			p.Key(def.Webhook.Old, "webhook.ecommerce is out of date").Hint("Take it out once sync.webhooks.handlers covers its events.")
		},
	}
}

func webhookRegistered() Spec {
	return Spec{
		ID: "webhook-registered", Group: groupWebhook, Severity: finding.Notice,
		Title:   "The provider learns the webhook's address",
		Purpose: "Checks that a request of auth registers {{webhookUrl}}, or that the guide tells people to enter it at the provider.",
		Source:  "A webhook is registered by a request that carries `{{webhookUrl}}`, or by hand. Official examples with webhooks do neither in sight, so that this is a notice.",
		Help:    "Add a request to `auth.registrationRequests` that sends `{{webhookUrl}}`, or a step to `description` or `SETUP.md` that says where the webhook's address goes.",
		Fires: []Example{{Name: "nothing says where the address goes",
			Edit: "/auth/registrationRequests = []\n/description = \"1. Install\\n2. Connect\\n3. Done\"", Files: map[string]string{"SETUP.md": "1. Install\n2. Connect\n3. Done\n"}}},
		Silent: []Example{
			{Name: "a step by hand", Edit: "/auth/registrationRequests = []\n/description = \"1. Enter the webhook's address.\""},
			{Name: "no webhook", Edit: "/webhook = null\n/auth/registrationRequests = []\n/description = \"x\""},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			if def.Webhook.Node == nil || strings.Contains(strings.ToLower(def.Field("description").Text()), "webhook") {
				return
			}
			for _, ph := range definition.PlaceholdersBelow(def.Auth.Node) {
				if strings.TrimSpace(ph.Key) == "webhookUrl" {
					return
				}
			}
			for _, f := range p.Head.Files {
				if strings.HasSuffix(f.Name, ".md") && strings.Contains(strings.ToLower(string(f.Data)), "webhook") {
					return
				}
			}
			p.Key(def.Webhook.Node, "nothing registers the webhook at the provider").
				Hint("Send {{webhookUrl}} in auth.registrationRequests, or say in the setup steps where people enter the webhook's address.")
		},
	}
}
