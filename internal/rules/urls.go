package rules

import (
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/weburl"
)

// outboundURL is a URL that the platform or a tenant's browser will call. err
// says what is wrong with it.
type outboundURL struct {
	*jsondoc.Node
	url weburl.URL
	err error
}

// outbound returns these URLs in the order of the document's blocks. They are
// read once in a run.
func (p *Pass) outbound(def *definition.Definition) []outboundURL {
	if p.memo.urls == nil {
		p.memo.urls = []outboundURL{}
		for _, n := range outboundNodes(def) {
			u, err := weburl.Parse(n.Text())
			p.memo.urls = append(p.memo.urls, outboundURL{n, u, err})
		}
	}
	return p.memo.urls
}

func outboundNodes(def *definition.Definition) []*jsondoc.Node {
	var urls []*jsondoc.Node
	add := func(n *jsondoc.Node) {
		if n.Is(jsondoc.String) {
			urls = append(urls, n)
		}
	}
	root := def.Doc.Root
	for _, key := range []string{"icon", "logo", "docsUrl"} {
		add(root.Get(key))
	}
	for _, s := range def.Auth.Steps() {
		add(s.Request.URL)
	}
	for _, a := range def.Actions {
		for _, s := range a.Steps {
			add(s.Request.URL)
		}
	}
	add(def.Sync.BaseURL)
	for _, r := range def.Sync.Resources {
		for _, e := range r.Get("endpoints").Members() {
			add(e.Get("url"))
		}
	}
	for _, s := range def.Sources {
		add(s.Request.URL)
	}
	for _, d := range def.DashboardApps {
		add(d.URL)
	}
	return urls
}

const urlSource = "The platform calls these URLs from its own network, with tenants' credentials."

func urlWellFormed() Spec {
	return Spec{
		ID: "url-well-formed", Group: groupSecurity, Severity: finding.Error, Security: true,
		Title:   "URLs read the same everywhere",
		Purpose: "Checks that URLs are HTTP URLs without user names, backslashes or white space, which clients read differently.",
		Source:  urlSource + " Where two readers of a URL disagree on its host, a check of the host proves nothing.",
		Help:    "Write a plain `https://host/path`. Credentials belong into `headers` or `queryParams`, as placeholders.",
		Fires: []Example{
			{Name: "a password in the URL", Edit: `/actions/0/requests/0/url = "https://user:pass@api.acme.example/v1"`},
			{Name: "another scheme", Edit: `/docsUrl = "javascript:alert(1)"`},
			{Name: "a scheme that is no web address", Edit: `/dashboardApps/0/iframeUrl = "ftp://panel.acme.example/x"`},
		},
		Silent: []Example{
			{Name: "a base that the tenant supplies", Edit: `/sync/baseUrl = "{{storeUrl}}/v1"`},
			{Name: "a placeholder in the path", Edit: `/actions/0/requests/0/url = "https://api.acme.example/v1/[[accountId]]/x"`},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, n := range p.outbound(def) {
				if n.Text() == "" {
					continue
				}
				u, err := n.url, n.err
				switch {
				case strings.HasPrefix(strings.ToLower(n.Text()), "data:"):
					p.Node(n.Node, "the URL holds the data itself, and no address").Hint("Put the file on a host of your own, and write its address, such as \"https://assets.example.com/icon.svg\".")
				case u.Scheme != "" && u.Scheme != "https" && u.Scheme != "http":
					p.Node(n.Node, "the URL has the scheme %s; only https is called", shown(u.Scheme)).Hint("Write a URL that starts with \"https://\".")
				case err != nil:
					p.Node(n.Node, "the URL %s", err.Error()).Hint("Write a plain URL such as \"https://api.example.com/v1\", with credentials in headers or queryParams.")
				}
			}
		},
	}
}

func urlPublicHost() Spec {
	return Spec{
		ID: "url-public-host", Group: groupSecurity, Severity: finding.Error, Security: true,
		Title:   "URLs lead to the public internet",
		Purpose: "Checks that no URL leads to a private, loopback, link-local or cloud-metadata address, in any spelling.",
		Source:  urlSource + " A private address would let a definition reach into it.",
		Help:    "Use the provider's public host. For a test on your own machine, keep the private address out of what you submit.",
		Fires: []Example{
			{Name: "a loopback address", Edit: `/actions/0/requests/0/url = "https://127.0.0.1/v1"`},
			{Name: "a metadata address in another spelling", Edit: `/source/rpc_queues/url = "https://0xa9fea9fe/latest"`},
			{Name: "a name of a private network", Edit: `/sync/baseUrl = "https://shop.internal/api"`},
		},
		Silent: []Example{{Name: "a host that the tenant names a part of", Edit: `/sync/baseUrl = "https://{{shop}}.acme.example/v1"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, n := range p.outbound(def) {
				u := n.url
				if n.err != nil || u.Host == "" {
					continue
				}
				if what := weburl.Private(u.Host); what != "" {
					host := "the host " + shown(u.Host)
					if u.Templated {
						host = "the host, whatever fills its placeholder," // no placeholder is in u.Host
					}
					p.Node(n.Node, "%s leads to %s", host, what).Hint("Use the provider's public host name.")
				}
			}
		},
	}
}

func urlHTTPS() Spec {
	return Spec{
		ID: "url-https", Group: groupSecurity, Severity: finding.Warning,
		Title:   "URLs use HTTPS",
		Purpose: "Checks that every URL starts with https://, so that credentials do not travel in the clear.",
		Source:  "Credentials travel in headers and query parameters of these requests. No page of the platform demands HTTPS for every request, so that this is a warning; icons and logos have a rule of their own.",
		Help:    "Write `https://`. If the provider really has no HTTPS, say so in the pull request.",
		Fires:   []Example{{Name: "plain HTTP", Edit: `/actions/0/requests/0/url = "http://api.acme.example/v1"`}},
		Silent: []Example{
			{Name: "a path below the base", Edit: `/sync/resources/customers/endpoints/list/url = "/people"`},
			{Name: "a base that the tenant supplies", Edit: `/sync/baseUrl = "[[storeUrl]]/v1"`},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			root := def.Doc.Root
			for _, n := range p.outbound(def) {
				if n.Node == root.Get("icon") || n.Node == root.Get("logo") || n.err != nil || n.url.Scheme != "http" {
					continue
				}
				text := n.Text()
				p.Node(n.Node, "the URL does not use HTTPS, so that credentials travel in the clear").
					Hint("Start it with \"https://\".").
					Fix("use https", def.Doc.Replace(n.Node, jsondoc.Quote("https"+text[len("http"):])))
			}
		},
	}
}
