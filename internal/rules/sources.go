package rules

import (
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/weburl"
)

const (
	groupSources = "Sources"
	groupPanels  = "Dashboard panels"
)

// sourceRules are about the requests that fill the lists of forms.
func sourceRules() []Spec {
	return []Spec{sourceKeyPrefix(), sourceDataPath(), sourceUsed()}
}

// sourcePrefix starts the keys of sources.
const sourcePrefix = "rpc_"

func sourceKeyPrefix() Spec {
	return Spec{
		ID: "source-key-prefix", Group: groupSources, Severity: finding.Error,
		Title:   "Sources start with rpc_",
		Purpose: "Checks that every key of source starts with \"rpc_\", by which the platform knows that the list has to be fetched.",
		Source:  "Every key of source must start with rpc_.",
		Help:    "Write `rpc_` before the key, here and in every `x-source`. `miniapp check --fix` does both.",
		Fires: []Example{{Name: "a key without the prefix",
			Edit: "/source = {\"queues\": {\"url\": \"https://api.acme.example/v1/queues\", \"method\": \"GET\", \"dataPath\": \"data\", \"valueField\": \"id\", \"labelField\": \"name\"}}\n" +
				"/actions/0/parameters/properties/queue/x-source = \"queues\"\n/actions/1/parameters/properties/queue/x-source = \"queues\""}},
		Silent: []Example{{Name: "no sources", Edit: "/source = {}"}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			users := map[string][]*jsondoc.Node{}
			for _, n := range properties(def) {
				if at := n.Get("x-source"); at.Is(jsondoc.String) {
					users[at.Text()] = append(users[at.Text()], at)
				}
			}
			for _, s := range def.Sources {
				if strings.HasPrefix(s.Key, sourcePrefix) {
					continue
				}
				full := sourcePrefix + s.Key
				r := p.Key(s.Request.Node, "the source %s does not start with \"rpc_\"", shown(s.Key)).Hint("Write %s.", shown(full))
				if s.Key == "" || def.Doc.Root.Get("source").Get(full) != nil {
					continue
				}
				edits := keyEdit(s.Request.Node, full)
				for _, at := range users[s.Key] {
					edits = append(edits, replaceText(def, at, full)...)
				}
				r.Fix("write "+shown(full), edits)
			}
		},
	}
}

func sourceDataPath() Spec {
	return Spec{
		ID: "source-data-path", Group: groupSources, Severity: finding.Warning,
		Title:   "Sources say where their list is",
		Purpose: "Checks that every source has a dataPath, without which a list inside of an object is not found.",
		Source:  "dataPath is required, and leads to the array. One official example has none, since its answer is the array itself, so that this is a warning.",
		Help:    "Add `dataPath` with the path of the array, such as `data.items`. Where the answer is the array itself, say so in the pull request.",
		Fires: []Example{
			{Name: "no path", Edit: "/source/rpc_queues/dataPath delete"},
			{Name: "an empty path", Edit: `/source/rpc_queues/dataPath = ""`},
		},
		Silent: []Example{{Name: "a path", Edit: `/source/rpc_queues/dataPath = "data.queues"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, s := range def.Sources {
				if r := p.lacks(s.Request.Node, "dataPath", "the source"); r != nil {
					r.Hint("Add the path of the array in the answer, such as \"data\"; only an answer that is an array itself needs none.")
				}
			}
		},
	}
}

func sourceUsed() Spec {
	return Spec{
		ID: "source-used", Group: groupSources, Severity: finding.Notice,
		Title:   "Sources are used",
		Purpose: "Checks that every source fills a list of some action, unless there are dashboard panels, which can ask for any.",
		Source:  lists + "Panels can ask for sources by their key, too.",
		Help:    "Take the source out, or name it in the `x-source` of a parameter.",
		Fires: []Example{{Name: "a source that nothing names",
			Edit: "/dashboardApps delete\n" + `/source/rpc_agents = {"url": "https://api.acme.example/v1/agents", "method": "GET", "headers": {"Authorization": "Bearer [[accessToken]]"}, "dataPath": "data", "valueField": "id", "labelField": "name"}`}},
		Silent: []Example{
			{Name: "a panel may ask for it", Edit: `/source/rpc_agents = {"url": "https://api.acme.example/v1/agents", "method": "GET", "dataPath": "data", "valueField": "id", "labelField": "name"}`},
			{Name: "the one that was meant", Edit: "/dashboardApps delete\n/actions/0/parameters/properties/queue/x-source = \"rpc_queue\"\n/actions/1/parameters/properties/queue/x-source = \"rpc_queue\""},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			if len(def.DashboardApps) > 0 || unreadable(def, "actions", jsondoc.Array) {
				return
			}
			var names []string
			for _, s := range def.Sources {
				names = append(names, s.Key)
			}
			used := map[string]bool{}
			for _, n := range properties(def) {
				key, ok := n.Get("x-source").Str()
				if !ok {
					continue
				}
				used[key], used[sourcePrefix+key] = true, true
				if def.Doc.Root.Get("source").Get(key) == nil {
					used[p.nearest(key, names)] = true // the finding is that of the parameter
				}
			}
			for _, s := range def.Sources {
				if !used[s.Key] {
					p.Key(s.Request.Node, "no parameter uses the source %s", shown(s.Key)).
						Hint("Take it out, or name it in the x-source of a parameter.")
				}
			}
		},
	}
}

// panelRules are about dashboard panels.
func panelRules() []Spec {
	return []Spec{panelKeyUnique(), panelActionKnown(), panelAddressAbsolute()}
}

func panelKeyUnique() Spec {
	return Spec{
		ID: "panel-key-unique", Group: groupPanels, Severity: finding.Error,
		Title:   "Panels have keys of their own",
		Purpose: "Checks that no two dashboard panels have the same key.",
		Source:  "Tenants choose panels one by one; each is known by its key.",
		Help:    "Give one of the two another key.",
		Fires:   []Example{{Name: "a key that stands twice", Edit: `/dashboardApps/- = {"key": "tickets", "name": "All tickets", "iframeUrl": "https://panel.acme.example/all"}`}},
		Silent:  []Example{{Name: "two panels", Edit: `/dashboardApps/- = {"key": "all-tickets", "name": "All tickets", "iframeUrl": "https://panel.acme.example/all"}`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			first := map[string]*jsondoc.Node{}
			for _, d := range def.DashboardApps {
				key := d.Key.Text()
				if key == "" {
					continue
				}
				if before := first[key]; before != nil {
					p.Node(d.Key, "another panel has the key %s already", shown(key)).
						Hint("Give one of the two another key.").See(before, "the first one")
					continue
				}
				first[key] = d.Key
			}
		},
	}
}

func panelActionKnown() Spec {
	return Spec{
		ID: "panel-action-known", Group: groupPanels, Severity: finding.Error,
		Title:   "Panels may call actions that exist",
		Purpose: "Checks that every name in a panel's allowedActions is that of an action, and that the list says what it means when it is empty.",
		Source:  "allowedActions lists the names of the actions that a panel may call; a list that is empty or absent allows all.",
		Help:    "Write the action's name exactly. To allow all actions, leave the list out.",
		Fires: []Example{
			{Name: "a typing mistake", Edit: `/dashboardApps/0/allowedActions = ["createTiket"]`},
			{Name: "joined in another way", Edit: `/dashboardApps/0/allowedActions = ["create_ticket"]`},
			{Name: "an empty list", Edit: `/dashboardApps/0/allowedActions = []`},
		},
		Silent: []Example{{Name: "no list", Edit: "/dashboardApps/0/allowedActions delete"}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			known := map[string]bool{}
			var names []string
			for _, a := range def.Actions {
				if a.Name != "" && !known[a.Name] {
					known[a.Name] = true
					names = append(names, a.Name)
				}
			}
			for _, d := range def.DashboardApps {
				if list := d.Node.Get("allowedActions"); list.Is(jsondoc.Array) && len(list.Children) == 0 {
					p.Node(list, "an empty list allows the panel all actions, and not none").As(finding.Notice).
						Hint("Name the actions that it needs, or leave the list out to allow all.")
				}
				for _, n := range d.AllowedActions {
					name, ok := n.Str()
					if !ok || known[name] {
						continue
					}
					r := p.Node(n, "there is no action %s", shown(name)).Hint("Name an action, or take it out.")
					if near := p.nearest(name, names); near != "" {
						r.rewrite(def, n, near)
					}
				}
			}
		},
	}
}

func panelAddressAbsolute() Spec {
	return Spec{
		ID: "panel-address-absolute", Group: groupPanels, Severity: finding.Warning,
		Title:   "Panels have a fixed address",
		Purpose: "Checks that iframeUrl is a whole address without placeholders.",
		Source:  "A panel is a page that its publisher hosts. Placeholders are documented for requests, and not for this address.",
		Help:    "Write the whole address: `https://panel.example.com/karzoun`. The panel learns about the tenant by messages.",
		Fires: []Example{
			{Name: "an address without a scheme", Edit: `/dashboardApps/0/iframeUrl = "panel.acme.example/tickets"`},
			{Name: "a placeholder", Edit: `/dashboardApps/0/iframeUrl = "https://panel.acme.example/{{subdomain}}"`},
		},
		Silent: []Example{{Name: "a port and a query", Edit: `/dashboardApps/0/iframeUrl = "https://panel.acme.example:8443/tickets?v=2"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, d := range def.DashboardApps {
				text := d.URL.Text()
				if text == "" {
					continue
				}
				if len(definition.Placeholders(d.URL)) > 0 {
					p.Node(d.URL, "placeholders are not known to be replaced in a panel's address").
						Hint("Write a fixed address; the panel learns about the tenant by messages.")
				} else if u, err := weburl.Parse(text); err == nil && u.Scheme == "" {
					p.Node(d.URL, "the panel's address %s does not start with \"https://\"", shown(text)).Hint("Write the whole address.")
				}
			}
		},
	}
}
