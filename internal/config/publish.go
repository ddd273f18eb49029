package config

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

func (p *reader) readPublish(n ast.Node) {
	p.mapping(n, "publish", map[string]func(ast.Node){
		"to": p.readRegistries,
		"visibility": func(v ast.Node) {
			if _, null := v.(*ast.NullNode); null {
				return
			}
			if word, ok := p.word(v, "visibility", []string{"public", "partner-only"}); ok {
				p.config.Publish.PartnersByDefault = word == "partner-only"
			}
		},
		"saas_api_url": func(v ast.Node) {
			if _, null := v.(*ast.NullNode); null {
				return
			}
			text, ok := p.text(v, "saas_api_url")
			if !ok {
				return
			}
			if expected := checkAddress(text); expected != "" {
				p.fail(v.GetToken(), "%s cannot be saas_api_url: expected %s", shown(text), expected)
				return
			}
			p.config.Publish.SaaSAPIURL = strings.TrimRight(text, "/")
		},
		"git_tags": func(v ast.Node) { p.boolean(v, "git_tags", &p.config.Publish.GitTags) },
		"releases": func(v ast.Node) { p.boolean(v, "releases", &p.config.Publish.Releases) },
		"partner_only": func(v ast.Node) {
			p.entries(v, "partner_only", func(ns string, at *token.Token, tenants ast.Node) {
				if expected := checkNamespace(ns); expected != "" {
					p.fail(at, "%s cannot be a namespace for partners: expected %s", shown(ns), expected)
					return
				}
				if p.config.Publish.PartnerOnly == nil {
					p.config.Publish.PartnerOnly = map[string][]string{}
				}
				p.config.Publish.PartnerOnly[ns] = p.texts(tenants, "the tenants of "+ns, checkTenant)
			})
		},
	})
}

// readRegistries reads a list of registries. Each is a text, or a mapping that
// says whom an endpoint wants its tokens for.
func (p *reader) readRegistries(n ast.Node) {
	p.elements(n, "to", func(e ast.Node) {
		switch e.(type) {
		case *ast.MappingNode, *ast.MappingValueNode:
			p.readEndpoint(e)
			return
		}
		text, ok := p.text(e, "an entry of to")
		if !ok {
			return
		}
		if expected := checkTarget(text); expected != "" {
			p.fail(e.GetToken(), "%s cannot be in to: expected %s", shown(text), expected)
			return
		}
		p.config.Publish.To = append(p.config.Publish.To, Registry{Target: text})
	})
}

// readEndpoint reads an endpoint with its audience. Both are needed: without an
// audience, the short form says the same.
func (p *reader) readEndpoint(n ast.Node) {
	var r Registry
	given, before := map[string]bool{}, len(p.errors)
	field := func(key string, check func(string) string, set func(string)) func(ast.Node) {
		return func(v ast.Node) {
			given[key] = true
			text, ok := p.text(v, key+" of a registry")
			if !ok {
				return
			}
			if expected := check(text); expected != "" {
				p.fail(v.GetToken(), "%s cannot be %s of a registry: expected %s", shown(text), key, expected)
				return
			}
			set(text)
		}
	}
	shaped := p.mapping(n, "a registry", map[string]func(ast.Node){
		"http":     field("http", checkEndpoint, func(text string) { r.Target = "http:" + text }),
		"audience": field("audience", checkAudience, func(text string) { r.Audience = text }),
	})
	if shaped && (!given["http"] || !given["audience"]) {
		p.fail(start(n), "a registry with keys needs http, the address of an endpoint, and audience, which its tokens are for; others are texts, such as branch:registry")
	}
	if len(p.errors) == before {
		p.config.Publish.To = append(p.config.Publish.To, r)
	}
}

func checkEndpoint(text string) string {
	u, err := url.Parse(text)
	if err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil && u.RawQuery == "" && u.Fragment == "" {
		return ""
	}
	return "the address of an endpoint such as https://platform.example/registry"
}

// checkAudience takes what stands for one party, such as its address.
func checkAudience(text string) string {
	if regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.:/_~@-]{0,199}$`).MatchString(text) {
		return ""
	}
	return "what the platform calls itself, such as https://platform.example"
}

// checkTarget checks the form of a registry only: opening it says the rest.
func checkTarget(text string) string {
	kind, at, ok := strings.Cut(text, ":")
	if ok && kind == "branch" {
		if regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$`).MatchString(at) && len(at) <= 200 &&
			!strings.Contains(at, "..") && !strings.HasSuffix(at, ".lock") && !strings.HasSuffix(at, ".") {
			return ""
		}
		return "the name of a branch after branch:, such as branch:registry"
	}
	if ok && at != "" && (kind == "static" || kind == "oci" || kind == "http" || kind == "https") {
		return ""
	}
	return "a registry such as branch:NAME, static:DIR, http:URL or oci:HOST/REPOSITORY"
}

func checkTenant(text string) string {
	if regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`).MatchString(text) {
		return ""
	}
	return "a tenant such as acme-eu: letters, digits, dots, hyphens and underscores"
}

// checkAddress takes plain addresses only: they are shown to people, and parts
// are put behind them.
func checkAddress(text string) string {
	u, err := url.Parse(text)
	if err == nil && u.Scheme == "https" && u.Hostname() != "" && u.User == nil && u.RawQuery == "" && u.Fragment == "" && len(text) <= 300 &&
		regexp.MustCompile(`^[A-Za-z0-9.:/_~-]+$`).MatchString(text) {
		return ""
	}
	return "an address such as https://api.marketplace.example/v1"
}

// boolean reads a switch. No value keeps the default.
func (p *reader) boolean(n ast.Node, what string, into *bool) {
	if _, null := n.(*ast.NullNode); null {
		return
	}
	b, ok := n.(*ast.BoolNode)
	if !ok {
		p.fail(n.GetToken(), "%s must be true or false, not %s", what, kindOrNumber(n))
		return
	}
	*into = b.Value
}
