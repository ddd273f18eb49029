package config

import (
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
	if ok && at != "" && (kind == "static" || kind == "oci" || kind == "http" || kind == "https") {
		return ""
	}
	return "a registry such as static:DIR, http:URL or oci:HOST/REPOSITORY"
}

func checkTenant(text string) string {
	if regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`).MatchString(text) {
		return ""
	}
	return "a tenant such as acme-eu: letters, digits, dots, hyphens and underscores"
}
