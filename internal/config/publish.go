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
		"to": func(v ast.Node) {
			if to := p.texts(v, "to", checkTarget); to != nil {
				p.config.Publish.To = to
			}
		},
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
