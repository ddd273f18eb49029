package rules

import (
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

const groupPaths = "Paths into data"

// dialectRules are about the two ways to write a path: with "$" from the root
// of a body, and bare from a place that is known. Each field takes one of them.
// The mappings of requests are the business of other rules.
func dialectRules() []Spec {
	return []Spec{eventPathDialect(), webhookPathDialect(), handlerPathDialect(), barePathDialect(), pathSyntaxSupported()}
}

const dialectSource = "Fields that lead into a whole body take a path with \"$\"; fields that are relative to a known place take a bare path."

// rootedPaths returns the texts of webhook and of handlers that name a resource
// that must be paths with "$".
func rootedPaths(def *definition.Definition) []*jsondoc.Node {
	var list []*jsondoc.Node
	add := func(n *jsondoc.Node) {
		if n.Is(jsondoc.String) {
			list = append(list, n)
		}
	}
	id := def.Webhook.TransactionID
	add(id.Get("path"))
	for _, n := range id.Get("paths").Elements() {
		add(n)
	}
	for _, o := range id.Get("overrides").Members() {
		add(o.Get("path"))
		for _, n := range o.Get("paths").Elements() {
			add(n)
		}
	}
	add(def.Webhook.ChallengeResponse.Get("challengePath"))
	c := def.Webhook.CustomerExtraction
	add(c.Get("basePath"))
	for _, o := range c.Get("overrides").Members() {
		add(o.Get("basePath"))
	}
	for _, h := range def.Sync.Handlers {
		if h.ByResource {
			add(h.Node.Get("dataPath"))
		}
	}
	return list
}

// rulePaths returns the paths in the rules of an apiMapping or of a handler's
// mapping.
func rulePaths(mapping *jsondoc.Node) []*jsondoc.Node {
	var list []*jsondoc.Node
	for _, f := range definition.FieldRules(mapping) {
		list = append(list, f.Paths...)
	}
	return list
}

// handlerPaths returns the paths in the mappings of handlers that name a record
// type.
func handlerPaths(def *definition.Definition) []*jsondoc.Node {
	var list []*jsondoc.Node
	for _, h := range def.Sync.Handlers {
		if !h.ByResource {
			list = append(list, rulePaths(h.Node.Get("mapping"))...)
		}
	}
	return list
}

// barePaths returns the texts that must be bare paths, except those of
// customerExtraction.
func barePaths(def *definition.Definition) []*jsondoc.Node {
	var list []*jsondoc.Node
	add := func(n *jsondoc.Node) {
		if n.Is(jsondoc.String) {
			list = append(list, n)
		}
	}
	for _, r := range def.Sync.Resources {
		add(r.At("responseMapping", "dataProperty"))
		add(r.At("responseMapping", "totalProperty"))
		list = append(list, rulePaths(r.Get("apiMapping"))...)
	}
	for _, s := range def.Sources {
		add(s.DataPath)
		add(s.ValueField)
		add(s.LabelField)
	}
	return list
}

// replaceText is the edit that gives a string another text.
func replaceText(def *definition.Definition, n *jsondoc.Node, text string) []jsondoc.Edit {
	return def.Doc.Replace(n, jsondoc.Quote(text))
}

func eventPathDialect() Spec {
	return Spec{
		ID: "event-path-dialect", Group: groupPaths, Severity: finding.Warning,
		Title:   "The event's path fits its source",
		Purpose: "Checks that the event's path starts with \"$\" where it leads into the body, and is a plain name where it names a header or query parameter.",
		Source:  "With the source body, path is a path with \"$\"; with header and query it is the name. An official fallback has a bare name for the body, so that a fallback may.",
		Help:    "Write `$.event` for the body, and the name alone for a header or query parameter.",
		Fires: []Example{
			{Name: "a bare path into the body", Edit: `/webhook/eventExtraction/path = "event"`},
			{Name: "a path for a header", Edit: `/webhook/eventExtraction = {"source": "header", "path": "$.X-Acme-Event"}`},
			{Name: "a path into all headers", Edit: `/webhook/eventExtraction = {"source": "header", "path": "$.headers[0]"}`},
		},
		Silent: []Example{{Name: "a bare fallback", Edit: `/webhook/eventExtraction/fallback = {"source": "body", "path": "type"}`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			fallback := def.Webhook.EventExtraction.Get("fallback")
			for _, place := range eventPlaces(def) {
				n := place.Get("path")
				path, source := n.Text(), place.Get("source").Text()
				rooted := strings.HasPrefix(path, "$")
				switch {
				case path == "":
				case source == "body" && !rooted && place != fallback:
					r := p.Node(n, "the path %s into the body does not start with \"$\"", shown(path)).Hint("Write \"$.\" before it.")
					if bare, err := definition.ParseBarePath(path); err == nil {
						r.Hint("Write %s.", shown(bare.String())).Fix("write "+shown(bare.String()), replaceText(def, n, bare.String()))
					}
				case (source == "header" || source == "query") && rooted:
					what := "header"
					if source == "query" {
						what = "query parameter"
					}
					r := p.Node(n, "%s is a path, but a %s is found by its name", shown(path), what).
						Hint("Write the name of the %s alone.", what)
					if name, ok := strings.CutPrefix(path, "$."); ok && headerName(name) && !strings.Contains(name, ".") {
						r.Hint("Write %s.", shown(name)).Fix("write "+shown(name), replaceText(def, n, name))
					}
				}
			}
		},
	}
}

func webhookPathDialect() Spec {
	return Spec{
		ID: "webhook-path-dialect", Group: groupPaths, Severity: finding.Warning,
		Title:   "Paths into a delivery start with $",
		Purpose: "Checks that transactionId.paths, challengePath, basePath and a handler's dataPath start with \"$\".",
		Source:  dialectSource + " These lead into the body of a delivery.",
		Help:    "Write `$.` before the path. `miniapp check --fix` does it.",
		Fires: []Example{
			{Name: "bare paths", Edit: "/webhook/transactionId/paths = [\"delivery\"]\n/webhook/customerExtraction/basePath = \"ticket.requester\"\n/sync/webhooks/handlers/ticket.created/dataPath = \"ticket.requester\""},
			{Name: "what is no path at all", Edit: `/webhook/transactionId/paths = ["header:X-Delivery"]`},
		},
		Silent: []Example{{Name: "the whole body", Edit: `/webhook/customerExtraction/basePath = "$"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, n := range rootedPaths(def) {
				path := n.Text()
				if strings.HasPrefix(path, "$") {
					continue
				}
				r := p.Node(n, "the path %s into a delivery does not start with \"$\"", shown(path)).
					Hint("Write a path from the root of the body, such as \"$.data.id\".")
				if bare, err := definition.ParseBarePath(path); err == nil && !strings.Contains(path, ":") {
					r.Hint("Write %s.", shown(bare.String())).Fix("write "+shown(bare.String()), replaceText(def, n, bare.String()))
				}
			}
		},
	}
}

func handlerPathDialect() Spec {
	return Spec{
		ID: "handler-path-dialect", Group: groupPaths, Severity: finding.Warning,
		Title:   "A handler's mapping leads into the delivery",
		Purpose: "Checks that the mapping of a handler with a record type has paths that start with \"$\".",
		Source:  dialectSource + " The mapping of a handler with a record type is absolute on the body of the delivery, other than apiMapping. How a fixed text would be written is not documented.",
		Help:    "Write the path from the root of the body: `$.data.order.id`.",
		Fires: []Example{{Name: "a path as in apiMapping",
			Edit: `/sync/webhooks/handlers/ticket.created = {"recordType": "order", "operation": "create", "mapping": {"code": {"path": "id", "transform": "toString"}, "status": "status"}}`}},
		Silent: []Example{{Name: "paths from the root",
			Edit: `/sync/webhooks/handlers/ticket.created = {"recordType": "order", "operation": "create", "mapping": {"code": {"paths": ["$.id", "$.ticket.id"], "transform": "coalesce"}}}`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, n := range handlerPaths(def) {
				if path := n.Text(); !strings.HasPrefix(path, "$") {
					p.Node(n, "%s does not start with \"$\", so that nothing is found in the delivery", shown(path)).
						Hint("Write the path from the root of the body, such as \"$.data.order.id\".")
				}
			}
		},
	}
}

func barePathDialect() Spec {
	return Spec{
		ID: "bare-path-dialect", Group: groupPaths, Severity: finding.Warning,
		Title:   "Relative paths have no $",
		Purpose: "Checks that customerExtraction.mapping, apiMapping, responseMapping and the fields of sources have bare paths.",
		Source:  dialectSource + " These are relative to basePath, to a record, or to the answer of a request.",
		Help:    "Leave `$.` out. `miniapp check --fix` does it where nothing else can be meant.",
		Fires: []Example{
			{Name: "a source's fields", Edit: "/source/rpc_queues/dataPath = \"$.data\"\n/source/rpc_queues/valueField = \"$.id\""},
			{Name: "a resource's mapping", Edit: "/sync/resources/customers/apiMapping/firstName = \"$.first_name\"\n/sync/resources/customers/responseMapping/dataProperty = \"$.data\""},
			{Name: "an absolute path below basePath", Edit: `/webhook/customerExtraction/mapping/code = "$.ticket.requester.id"`},
			{Name: "an absolute path elsewhere", Edit: `/webhook/customerExtraction/mapping/code = "$.id"`},
		},
		Silent: []Example{{Name: "nested bare paths", Edit: "/source/rpc_queues/labelField = \"profile.real_name\"\n/webhook/customerExtraction/mapping/primaryPhone = \"phones[0].number\""}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			report := func(n *jsondoc.Node, bare string) {
				r := p.Node(n, "%s starts with \"$\", but is relative already", shown(n.Text()))
				if bare == "" {
					r.Hint("Write the path from the place that it is relative to, without \"$\".")
					return
				}
				r.Hint("Write %s.", shown(bare)).Fix("write "+shown(bare), replaceText(def, n, bare))
			}
			for _, n := range barePaths(def) {
				if path, err := definition.ParsePath(n.Text()); err == nil {
					report(n, path.Bare())
				} else if strings.HasPrefix(n.Text(), "$") {
					report(n, "")
				}
			}
			for _, mapping := range customerMappings(def) {
				base, baseErr := definition.ParsePath(mapping.Parent.Get("basePath").Text())
				for _, n := range mapping.Members() {
					if !strings.HasPrefix(n.Text(), "$") {
						continue
					}
					// A path that starts with basePath is meant from the root;
					// any other could be meant from either place.
					rest := ""
					if path, err := definition.ParsePath(n.Text()); err == nil && baseErr == nil {
						if below, ok := path.Below(base); ok {
							rest = below.Bare()
						}
					}
					report(n, rest)
				}
			}
		},
	}
}

func pathSyntaxSupported() Spec {
	return Spec{
		ID: "path-syntax-supported", Group: groupPaths, Severity: finding.Warning,
		Title:   "Paths have only names and numbers",
		Purpose: "Checks that the paths of webhook, sync and source use nothing but names after dots and numbers in brackets.",
		Source:  "Documented are dots and indices: `$.data.user.name`, `$.items[0].code`. Wildcards, filters, slices and quoted names are not.",
		Help:    "Name one place, such as `$.items[0].id`. What needs more than that has to be asked of the provider in another form.",
		Fires: []Example{
			{Name: "a wildcard", Edit: `/webhook/transactionId/paths = ["$.items[*].id"]`},
			{Name: "a name in quotes", Edit: `/webhook/eventExtraction/path = "$['event']"`},
			{Name: "two dots", Edit: `/source/rpc_queues/dataPath = "data..items"`},
		},
		Silent: []Example{{Name: "an index", Edit: `/webhook/eventExtraction/path = "$.events[0].type"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			check := func(n *jsondoc.Node) {
				text := n.Text()
				_, err := definition.ParseBarePath(text)
				if strings.HasPrefix(text, "$") {
					_, err = definition.ParsePath(text)
				}
				if text != "" && err != nil {
					p.Node(n, "the path %s", err).Hint("Use names after dots and numbers in brackets, such as \"$.items[0].id\".")
				}
			}
			for _, place := range eventPlaces(def) {
				if place.Get("source").Text() == "body" {
					check(place.Get("path"))
				}
			}
			for _, list := range [][]*jsondoc.Node{rootedPaths(def), handlerPaths(def), barePaths(def)} {
				for _, n := range list {
					check(n)
				}
			}
			for _, mapping := range customerMappings(def) {
				for _, n := range mapping.Members() {
					check(n)
				}
			}
		},
	}
}
