package rules

import (
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/submission"
)

const groupSync = "Sync"

// syncRules are about the import of records; handlerRules about the events that
// keep them up to date.
func syncRules() []Spec {
	return []Spec{
		syncBaseAbsolute(), syncEndpointRelative(), resourceComplete(), resourceDetailsID(),
		resourceContentTypeKnown(), paginationLimitsOrdered(), transformKnown(), transformComplete(), computeExplained(),
	}
}

func syncBaseAbsolute() Spec {
	return Spec{
		ID: "sync-base-absolute", Group: groupSync, Severity: finding.Warning,
		Title:   "baseUrl is a whole URL",
		Purpose: "Checks that sync.baseUrl starts with https:// or with a placeholder, since every request of sync starts with it.",
		Source:  "baseUrl is put before every URL of sync. Shops that run on their own hosts need a placeholder there.",
		Help:    "Write the URL up to the part that all requests share, such as `https://api.example.com/v1`.",
		Fires: []Example{
			{Name: "a host without a scheme", Edit: `/sync/baseUrl = "api.acme.example/v1"`},
			{Name: "no base for relative URLs", Edit: `/sync/baseUrl delete`},
		},
		Silent: []Example{{Name: "a base that the tenant supplies", Edit: `/sync/baseUrl = "[[storeUrl]]/v1"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			const hint = "Write a URL such as \"https://api.example.com/v1\", or start it with a placeholder."
			if n := def.Sync.BaseURL; n != nil {
				if !absolute(n.Text()) {
					p.Node(n, "the base %s is not a whole URL", shown(n.Text())).Hint(hint)
				}
				return
			}
			if def.Sync.Node == nil || def.Sync.Node.Get("baseUrl") != nil {
				return
			}
			for _, n := range endpoints(def) {
				if text := n.Get("url").Text(); text != "" && !absolute(text) {
					p.Missing(def.Sync.Node, "baseUrl", "sync has relative URLs, but no baseUrl").Hint(hint).See(n.Get("url"), "the first of them")
					return
				}
			}
		},
	}
}

// absolute reports whether a URL is whole, or could be when its placeholders
// are filled in.
func absolute(url string) bool {
	lower := strings.ToLower(url)
	for _, start := range []string{"https://", "http://", "[[", "{{"} {
		if strings.HasPrefix(lower, start) {
			return true
		}
	}
	return false
}

// endpoints returns the objects of all resources' endpoints.
func endpoints(def *definition.Definition) []*jsondoc.Node {
	var list []*jsondoc.Node
	for _, r := range def.Sync.Resources {
		list = append(list, r.Get("endpoints").Members()...)
	}
	return list
}

func syncEndpointRelative() Spec {
	return Spec{
		ID: "sync-endpoint-relative", Group: groupSync, Severity: finding.Warning,
		Title:   "Endpoints are relative",
		Purpose: "Checks that the URLs of a resource's endpoints start with a slash, since baseUrl is put before them.",
		Source:  "The URLs of endpoints are relative to baseUrl.",
		Help:    "Leave out what `baseUrl` says already: `/orders`.",
		Fires: []Example{
			{Name: "a whole URL below the base", Edit: `/sync/resources/customers/endpoints/list/url = "https://api.acme.example/v1/requesters"`},
			{Name: "another host", Edit: `/sync/resources/customers/endpoints/list/url = "https://data.acme.example/requesters"`},
			{Name: "no slash", Edit: `/sync/resources/customers/endpoints/list/url = "requesters"`},
		},
		Silent: []Example{{Name: "a query", Edit: `/sync/resources/customers/endpoints/list/url = "/requesters?state=open"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			base := strings.TrimSuffix(def.Sync.BaseURL.Text(), "/")
			for _, e := range endpoints(def) {
				n := e.Get("url")
				text := n.Text()
				switch rest, below := strings.CutPrefix(text, base); {
				case text == "" || strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//"):
				case base != "" && below && strings.HasPrefix(rest, "/"):
					p.Node(n, "%s repeats baseUrl, which is put before it", shown(text)).Hint("Write %s.", shown(rest)).
						Fix("write "+shown(rest), replaceText(def, n, rest))
				case strings.HasPrefix(text, "[[") || strings.HasPrefix(text, "{{"):
					// What the placeholder holds is not known.
				case absolute(text) || strings.HasPrefix(text, "//"):
					p.Node(n, "%s is a whole URL, but baseUrl is put before it", shown(text)).
						Hint("Write the path below baseUrl, such as \"/orders\".")
				case !strings.HasSuffix(def.Sync.BaseURL.Text(), "/"):
					p.Node(n, "%s does not start with a slash, and baseUrl is put right before it", shown(text)).
						Hint("Write %s.", shown("/"+text)).Fix("write "+shown("/"+text), replaceText(def, n, "/"+text))
				}
			}
		},
	}
}

func resourceComplete() Spec {
	return Spec{
		ID: "resource-complete", Group: groupSync, Severity: finding.Error,
		Title:   "Resources are complete",
		Purpose: "Checks that a resource of sync says what its records become (contentType), where they are listed (endpoints.list), and how they are mapped (apiMapping).",
		Source:  "A resource is imported by listing its records, mapping each by apiMapping, and storing it as the content type.",
		Help:    "Add what is missing.",
		Fires: []Example{
			{Name: "nothing but a name", Edit: `/sync/resources/customers = {"name": "customers"}`},
			{Name: "an empty mapping", Edit: `/sync/resources/customers/apiMapping = {}`},
		},
		Silent: []Example{{Name: "no resources", Edit: "/sync/resources = {}\n/sync/webhooks delete"}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, r := range def.Sync.Resources {
				what := "the resource " + shown(r.Key)
				if rep := p.lacks(r, "contentType", what); rep != nil {
					rep.Hint("Say what its records become, such as \"core:product\".")
				}
				const list = "Add endpoints.list with the URL that lists the records."
				switch e := r.Get("endpoints"); {
				case e == nil:
					p.Missing(r, "endpoints", "%s lacks \"endpoints\"", what).Hint(list)
				case e.Is(jsondoc.Object) && e.Get("list") == nil:
					p.Missing(e, "list", "%s lacks \"endpoints.list\"", what).Hint(list)
				}
				const mapping = "Map the platform's fields to those of a record, such as \"code\": \"id\"."
				switch m := r.Get("apiMapping"); {
				case m == nil:
					p.Missing(r, "apiMapping", "%s lacks \"apiMapping\"", what).Hint(mapping)
				case m.Is(jsondoc.Object) && len(m.Children) == 0:
					p.Node(m, "%s maps no fields", what).Hint(mapping)
				}
			}
		},
	}
}

func resourceDetailsID() Spec {
	return Spec{
		ID: "resource-details-id", Group: groupSync, Severity: finding.Warning,
		Title:   "Details are fetched by id",
		Purpose: "Checks that a resource with expandDetails has endpoints.details, and that its URL holds {id} in single braces.",
		Source:  "With expandDetails, endpoints.details is called for each record; {id}, in single braces, stands for the record's id there and nowhere else.",
		Help:    "Add `endpoints.details` with a URL such as `/orders/{id}`, or set `expandDetails` to `false`.",
		Fires: []Example{
			{Name: "no details", Edit: "/sync/resources/customers/endpoints/details delete"},
			{Name: "no id", Edit: `/sync/resources/customers/endpoints/details/url = "/requesters"`},
			{Name: "two braces", Edit: `/sync/resources/customers/endpoints/details/url = "/requesters/{{id}}"`},
			{Name: "an id in the list", Edit: `/sync/resources/customers/endpoints/list/url = "/requesters/{id}"`},
		},
		Silent: []Example{{Name: "no details wanted", Edit: "/sync/resources/customers/endpoints/details delete\n/sync/resources/customers/expandDetails = false"}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, r := range def.Sync.Resources {
				e := r.Get("endpoints")
				if list := e.At("list", "url"); hasID(list.Text()) {
					p.Node(list, "{id} stands for the id of a record, which a list does not have").
						Hint("Use {id} in endpoints.details alone.")
				}
				details := e.Get("details")
				wanted, _ := r.Get("expandDetails").Bool()
				if wanted && e.Is(jsondoc.Object) && details == nil {
					p.Missing(e, "details", "expandDetails is true, but the resource %s has no endpoints.details", shown(r.Key)).As(finding.Error).
						Hint("Add endpoints.details with a URL such as \"/orders/{id}\", or set expandDetails to false.").See(r.Get("expandDetails"), "what asks for details")
				}
				url := details.Get("url")
				text := url.Text()
				if text == "" || hasID(text) {
					continue
				}
				if single := strings.ReplaceAll(text, "{{id}}", "{id}"); single != text {
					p.Node(url, "{{id}} is a placeholder; the id of a record is {id}").Hint("Write %s.", shown(single)).
						Fix("write "+shown(single), replaceText(def, url, single))
					continue
				}
				p.Node(url, "the URL of the details does not hold {id}, so that every record gets the same").
					Hint("Put {id} where the provider expects the id of the record, as in \"/orders/{id}\".")
			}
		},
	}
}

// hasID reports whether a URL holds {id} in single braces.
func hasID(url string) bool {
	return strings.Contains(strings.ReplaceAll(url, "{{id}}", ""), "{id}")
}

func resourceContentTypeKnown() Spec {
	types := []string{"core:product", "core:customer", "ecommerce:orders"}
	return Spec{
		ID: "resource-content-type-known", Group: groupSync, Severity: finding.Notice,
		Title:   "Content types are documented",
		Purpose: "Checks that the contentType of a resource is a documented one.",
		Source:  "Documented are " + strings.Join(types, ", ") + "; the list is open, so that this is a notice.",
		Help:    "Use a documented type, or say in the pull request where the other one comes from.",
		Fires:   []Example{{Name: "the plural of a type", Edit: `/sync/resources/customers/contentType = "core:customers"`}},
		Silent:  []Example{{Name: "orders", Edit: `/sync/resources/customers/contentType = "ecommerce:orders"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, r := range def.Sync.Resources {
				n := r.Get("contentType")
				if n.Text() == "" || slices.Contains(types, n.Text()) {
					continue
				}
				rep := p.Node(n, "the content type %s is not documented", shown(n.Text()))
				if near := p.nearest(n.Text(), types); near != "" {
					rep.Hint("Write %q, if that is what you mean.", near)
				} else {
					rep.Hint("Documented are %s; say in the pull request where another one comes from.", strings.Join(types, ", "))
				}
			}
		},
	}
}

func paginationLimitsOrdered() Spec {
	return Spec{
		ID: "pagination-limits-ordered", Group: groupSync, Severity: finding.Warning,
		Title:   "Page sizes are in order",
		Purpose: "Checks that pagination.defaultLimit is not larger than maxLimit.",
		Source:  "maxLimit is the largest page that the provider gives.",
		Help:    "Make `defaultLimit` smaller, or `maxLimit` larger if the provider allows it.",
		Fires:   []Example{{Name: "a default above the limit", Edit: `/sync/resources/customers/pagination/defaultLimit = 500`}},
		Silent:  []Example{{Name: "both the same", Edit: `/sync/resources/customers/pagination/defaultLimit = 200`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, r := range def.Sync.Resources {
				n, limit := r.At("pagination", "defaultLimit"), r.At("pagination", "maxLimit")
				size, ok := n.Float()
				most, both := limit.Float()
				if ok && both && size > most {
					p.Node(n, "defaultLimit is %s, which is more than maxLimit", n.Literal()).
						Hint("Make it at most %s.", limit.Literal()).See(limit, "the limit")
				}
			}
		},
	}
}

// mappingRules returns the rules of apiMappings and of handlers' mappings that
// are objects.
func mappingRules(def *definition.Definition) []*jsondoc.Node {
	var list []*jsondoc.Node
	add := func(mapping *jsondoc.Node) {
		for _, m := range mapping.Members() {
			if m.Is(jsondoc.Object) {
				list = append(list, m)
			}
		}
	}
	for _, r := range def.Sync.Resources {
		add(r.Get("apiMapping"))
	}
	for _, h := range def.Sync.Handlers {
		if !h.ByResource {
			add(h.Node.Get("mapping"))
		}
	}
	return list
}

func transformKnown() Spec {
	return Spec{
		ID: "transform-known", Group: groupSync, Severity: finding.Warning,
		Title:   "Transforms are documented",
		Purpose: "Checks that the transform of a mapping is a documented one.",
		Source:  "Documented as common are " + strings.Join(definition.Transforms(), ", ") + ". There may be others, so that this is a warning.",
		Help:    "Use a documented transform, or say in the pull request where the other one comes from.",
		Fires: []Example{
			{Name: "another case", Edit: `/sync/resources/customers/apiMapping/code/transform = "tostring"`},
			{Name: "a name of another library", Edit: `/sync/resources/customers/apiMapping/code/transform = "parseInt"`},
		},
		Silent: []Example{{Name: "another documented one", Edit: `/sync/resources/customers/apiMapping/code/transform = "toNumberOrNull"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, m := range mappingRules(def) {
				n := m.Get("transform")
				text, ok := n.Str()
				if !ok || slices.Contains(definition.Transforms(), text) {
					continue
				}
				r := p.Node(n, "the transform %s is not documented", shown(text))
				near := p.nearest(text, definition.Transforms())
				if near == "" {
					r.Hint("Documented are %s.", strings.Join(definition.Transforms(), ", "))
					continue
				}
				r.Hint("Write %q, if that is what you mean.", near)
				if sameWord(text, near) {
					r.Fix("write "+shown(near), replaceText(def, n, near))
				}
			}
		},
	}
}

func transformComplete() Spec {
	return Spec{
		ID: "transform-complete", Group: groupSync, Severity: finding.Error,
		Title:   "Transforms have what they work on",
		Purpose: "Checks that coalesce has paths, compute has fn, and the other transforms have a path.",
		Source:  "coalesce takes the first of several paths that has a value; compute calls the platform's helper named by fn; the others change the value at one path.",
		Help:    "Add what the message names.",
		Fires: []Example{
			{Name: "coalesce with one path", Edit: `/sync/resources/customers/apiMapping/code = {"path": "id", "transform": "coalesce"}`},
			{Name: "compute without a function", Edit: `/sync/resources/customers/apiMapping/state = {"path": "orders", "transform": "compute"}`},
			{Name: "nothing to make a text of", Edit: `/sync/resources/customers/apiMapping/code = {"transform": "toString"}`},
			{Name: "several paths and no transform", Edit: `/sync/resources/customers/apiMapping/primaryEmail/transform delete`},
		},
		Silent: []Example{{Name: "a helper without a path", Edit: `/sync/resources/customers/apiMapping/state = {"transform": "compute", "fn": "stateOf"}`},
			{Name: "an object that is no transform", Edit: `/sync/resources/customers/apiMapping/state = {"value": "customer"}`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, m := range mappingRules(def) {
				paths := m.Get("paths")
				switch transform := m.Get("transform"); {
				case transform.Text() == "coalesce" && paths == nil:
					p.Missing(m, "paths", "coalesce chooses among several paths, and here are none").
						Hint("Add \"paths\" with the paths in the order in which they count.")
				case transform.Text() == "coalesce" && paths.Is(jsondoc.Array) && len(paths.Children) == 0:
					p.Node(paths, "coalesce chooses among several paths, and here are none").
						Hint("Add the paths in the order in which they count.")
				case transform.Text() == "compute":
					if r := p.lacks(m, "fn", "compute"); r != nil {
						r.Hint("Name the platform's helper in \"fn\".")
					}
				case transform == nil && paths.Is(jsondoc.Array):
					p.Missing(m, "transform", "several paths need the transform \"coalesce\"").As(finding.Warning).
						Hint("Add \"transform\": \"coalesce\".").
						Fix("add the transform \"coalesce\"", def.Doc.SetMember(m, "transform", `"coalesce"`, "paths"))
				case slices.Contains([]string{"toString", "toNumberOrNull", "mapItems", "joinCodes"}, transform.Text()) && m.Get("path") == nil && paths == nil:
					p.Missing(m, "path", "the transform %q has no path to take a value from", transform.Text()).As(finding.Warning).
						Hint("Add \"path\" with the place of the value in the record.")
				}
			}
		},
	}
}

func computeExplained() Spec {
	return Spec{
		ID: "compute-explained", Group: groupSync, Severity: finding.Notice,
		Title:   "Helpers are explained",
		Purpose: "Checks that every helper that compute calls is mentioned in the description or in a Markdown file, so that a reviewer knows what it must do.",
		Source:  "Names of helpers of the partner's own must be explained in the submission. Which names the platform has already is not documented.",
		Help:    "Say in `CHANGELOG.md` or `SETUP.md` what the helper computes from what, and name it.",
		Fires:   []Example{{Name: "a helper without a word", Edit: `/sync/resources/customers/apiMapping/state = {"path": "orders", "transform": "compute", "fn": "stateFromOrders"}`}},
		Silent: []Example{{Name: "a helper that is explained", Edit: `/sync/resources/customers/apiMapping/state = {"path": "orders", "transform": "compute", "fn": "stateFromOrders"}`,
			Files: map[string]string{"NOTES.md": "`stateFromOrders` makes a customer of whoever has ordered.\n"}}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			seen := map[string]bool{}
			for _, m := range mappingRules(def) {
				fn := m.Get("fn")
				name := fn.Text()
				if name == "" || m.Get("transform").Text() != "compute" || seen[name] {
					continue
				}
				seen[name] = true
				if len(seen) <= explained && !p.mentioned(def, name) {
					p.Node(fn, "what the helper %s computes is said nowhere", shown(name)).
						Hint("Name it in CHANGELOG.md or SETUP.md, and say what it computes from what.")
				}
			}
		},
	}
}

// explained is the number of helpers that are looked for in the texts. Nobody
// needs as many, and each costs a search.
const explained = 50

// mentioned reports whether a word stands in the description or in a Markdown
// file of the head.
func (p *Pass) mentioned(def *definition.Definition, word string) bool {
	if strings.Contains(def.Field("description").Text(), word) {
		return true
	}
	return slices.ContainsFunc(p.Head.Files, func(f *submission.File) bool {
		return strings.HasSuffix(f.Name, ".md") && strings.Contains(string(f.Data), word)
	})
}
