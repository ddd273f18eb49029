package config

import (
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/nearest"
	"github.com/karzoun/miniapp-review/internal/sealed"
)

// file reads the whole configuration. A new section is a line here and a
// function below.
func (p *reader) file(root ast.Node) {
	p.mapping(root, "the configuration", map[string]func(ast.Node){
		"rules":         p.readRules,
		"waivers":       p.readWaivers,
		"namespaces":    p.readNamespaces,
		"marketplace":   p.readMarketplace,
		"review":        p.readReview,
		"publish":       p.readPublish,
		"labels":        p.readLabels,
		"qa":            p.readQA,
		"approvals":     p.readApprovals,
		"reviewers":     p.readReviewers,
		"turnaround":    p.readTurnaround,
		"limits":        p.readLimits,
		"auto_merge":    p.readAutoMerge,
		"merge_method":  p.readMergeMethod,
		"test_accounts": p.readTestAccounts,
	})
}

// settings are the words that a rule can be set to, in the order in which
// messages list them.
func settings() []string { return []string{"off", "notice", "warning", "error", "shadow"} }

func (p *reader) readRules(n ast.Node) {
	p.entries(n, "rules", func(id string, at *token.Token, value ast.Node) {
		rule, known := p.rule(id, at)
		word, ok := p.word(value, "the setting of a rule", settings())
		if !known || !ok {
			return
		}
		// A rule may tell single findings with another severity than its own,
		// so only the strictest one is sure to make none of them milder.
		if rule.Security && word != finding.Error.String() {
			p.fail(value.GetToken(), "the rule %q protects credentials or the platform: it cannot be turned off, made milder or run in shadow", id)
			return
		}
		var set RuleSetting
		switch word {
		case "off":
			set.Off = true
		case "shadow":
			set.Shadow = true
		default:
			set.Severity, _ = finding.ParseSeverity(word) // settings has only these
		}
		p.config.Rules[id] = set
	})
}

// rule looks up a rule by its id.
func (p *reader) rule(id string, at *token.Token) (Rule, bool) {
	r, ok := p.rules[id]
	if !ok {
		hint := `"miniapp rules" lists them`
		if near, found := nearest.Word(id, p.ids); found {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		p.fail(at, "there is no rule %s: %s", shown(id), hint)
	}
	return r, ok
}

func (p *reader) readWaivers(n ast.Node) {
	p.elements(n, "waivers", func(e ast.Node) {
		at := start(e)
		w := Waiver{Line: at.Position.Line}
		given := map[string]bool{}
		before := len(p.errors)
		field := func(key string, read func(text string, at *token.Token)) func(ast.Node) {
			return func(v ast.Node) {
				given[key] = true
				if text, ok := p.text(v, key+" of a waiver"); ok {
					read(text, v.GetToken())
				}
			}
		}
		shaped := p.mapping(e, "a waiver", map[string]func(ast.Node){
			"rule": field("rule", func(text string, at *token.Token) {
				w.Rule = text
				if r, ok := p.rule(text, at); ok && r.Security {
					p.fail(at, "the rule %q protects credentials or the platform: it cannot be waived", text)
				}
			}),
			"namespace": field("namespace", func(text string, at *token.Token) {
				w.Namespace = text
				if expected := checkNamespace(text); expected != "" {
					p.fail(at, "%s cannot be the namespace of a waiver: expected %s", shown(text), expected)
				}
			}),
			"reason": field("reason", func(text string, at *token.Token) {
				w.Reason = strings.TrimSpace(text)
				if w.Reason == "" {
					p.fail(at, "a waiver needs a reason: say why, for those who read it later")
				}
			}),
			"until": field("until", func(text string, at *token.Token) {
				var err error
				if w.Until, err = time.Parse(time.DateOnly, text); err != nil {
					p.fail(at, "%s cannot be the last day of a waiver: expected a date such as 2027-01-31", shown(text))
				}
			}),
		})
		if !shaped {
			return // a misspelt key is why another one is missing
		}
		var missing []string
		for _, key := range []string{"rule", "namespace", "reason", "until"} {
			if !given[key] {
				missing = append(missing, key)
			}
		}
		if len(missing) > 0 {
			p.fail(at, "a waiver needs rule, namespace, reason and until: this one has no %s", list(missing))
		}
		if len(p.errors) == before {
			p.config.Waivers = append(p.config.Waivers, w)
		}
	})
}

// start returns the first token of an element of a list.
func start(n ast.Node) *token.Token {
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 {
		return m.Values[0].Key.GetToken()
	}
	if m, ok := n.(*ast.MappingValueNode); ok {
		return m.Key.GetToken()
	}
	return n.GetToken()
}

func (p *reader) readNamespaces(n ast.Node) {
	p.mapping(n, "namespaces", map[string]func(ast.Node){
		"reserved": func(v ast.Node) {
			if names := p.texts(v, "reserved", checkNamespace); names != nil {
				p.config.Namespaces.Reserved = names
			}
		},
	})
}

func (p *reader) readMarketplace(n ast.Node) {
	p.mapping(n, "marketplace", map[string]func(ast.Node){
		"hosts": func(v ast.Node) {
			if hosts := p.texts(v, "hosts", checkHost); hosts != nil {
				p.config.Marketplace.Hosts = hosts
			}
		},
	})
}

func (p *reader) readTestAccounts(n ast.Node) {
	p.mapping(n, "test_accounts", map[string]func(ast.Node){
		"recipients": func(v ast.Node) {
			if _, isText := v.(*ast.StringNode); isText {
				p.fail(v.GetToken(), "recipients must be a list, not a text: write each key in a line of its own, after \"- \"")
				return
			}
			var list []sealed.Recipient
			p.elements(v, "recipients", func(e ast.Node) {
				s, ok := p.text(e, "an entry of recipients")
				if !ok {
					return
				}
				// The text is not shown: it may be a private key.
				r, err := sealed.ParseRecipient(s)
				if err == nil {
					err = r.Beside(list)
				}
				if err != nil {
					p.fail(e.GetToken(), "this cannot be in recipients: %s", err)
					return
				}
				list = append(list, r)
			})
			p.config.TestAccounts.Recipients = list
		},
	})
}
