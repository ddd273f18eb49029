// Package config reads the configuration of a definitions repository,
// .github/miniapp-review.yml. It is strict: what it does not know is an error
// with its line, since a setting that silently means nothing is worse.
package config

import (
	"slices"
	"strings"
	"time"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/sealed"
)

// Config is what a configuration says.
type Config struct {
	// Rules has the settings of rules by their id.
	Rules map[string]RuleSetting
	// Waivers are in the order of the file.
	Waivers     []Waiver
	Namespaces  Namespaces
	Marketplace Marketplace
	Review      Review
	// QA says whether reviewers work through a checklist before they approve.
	QA bool
	// QAMachine says that reviewers can let a machine try a submission, with the
	// command "/qa run": a workflow for it is set up.
	QAMachine bool
	// Approvals says how many approvals a pull request needs.
	Approvals Approvals
	// Reviewers and Teams limit whose approvals and commands count: to logins
	// in lower case, and to the members of teams. When both are empty,
	// everybody's with write permission count.
	Reviewers  []string
	Teams      []Team
	Turnaround Turnaround
	Limits     Limits
	Merging    Merging
	Publish    Publish
	// TestAccounts is about the accounts that submissions bring for reviewers.
	TestAccounts TestAccounts
	// Labels are the labels of the review by their role.
	Labels map[Role]Label
}

// Approvals is how many approvals are needed, by what a pull request does.
type Approvals struct{ New, Update, Breaking int }

// Review bounds what a review of a pull request writes.
type Review struct {
	// MaxRemarks is how many open remarks on lines there are at most.
	MaxRemarks int
}

// Publish is about what a merge publishes.
type Publish struct {
	// To are the registries.
	To []Registry
	// PartnersByDefault says that a first version is for partners only, when
	// nothing else is said of it.
	PartnersByDefault bool
	// SaaSAPIURL is the address of the platform's API without a slash at its end,
	// or "".
	SaaSAPIURL string
	// GitTags and Releases say that a published version gets a Git tag, and a
	// release on GitHub with its section of the changelog.
	GitTags, Releases bool
	// PartnerOnly are the namespaces that are not for everyone, with the tenants
	// who may install them.
	PartnerOnly map[string][]string
}

// Registry is one place that merged versions are published to.
type Registry struct {
	// Target names it, such as "static:../registry" and "branch:registry".
	Target string
	// Audience is who the Action asks GitHub's OpenID Connect provider for a token
	// for, which an endpoint over HTTP takes; "" for no such token.
	Audience string
}

// TestAccounts is about the sealed accounts of submissions.
type TestAccounts struct {
	// Recipients are the public keys of those who may open them, in the order of
	// the file; they can stand beside each other. Nil or empty means that nobody
	// is named.
	Recipients []sealed.Recipient
}

// RuleSetting changes what a rule's findings do.
type RuleSetting struct {
	// Off drops them.
	Off bool
	// Shadow reports them to maintainers only.
	Shadow bool
	// Severity replaces the rule's; 0 leaves it.
	Severity finding.Severity
}

// Waiver drops the findings of one rule in one namespace for a while.
type Waiver struct {
	Rule, Namespace, Reason string
	// Until is the start, in UTC, of the last day on which it holds.
	Until time.Time
	// Line is where it stands.
	Line int
}

// Namespaces is about names.
type Namespaces struct {
	// Reserved are names that nobody may take.
	Reserved []string
}

// Marketplace is about the marketplace itself.
type Marketplace struct {
	// Hosts are the marketplace's own, in small letters; a host below one of
	// them counts too.
	Hosts []string
}

// Rule is what the configuration needs to know of a rule.
type Rule struct {
	ID string
	// Security rules can be neither turned off nor made milder, run in shadow
	// or waived.
	Security bool
}

// Default is the configuration of a repository that has none.
func Default() *Config {
	return &Config{
		Rules:       map[string]RuleSetting{},
		Marketplace: Marketplace{Hosts: []string{"karzoun.com", "karzoun.chat"}},
		Review:      Review{MaxRemarks: 25},
		QA:          true,
		Approvals:   Approvals{New: 1, Update: 1, Breaking: 2},
		Labels:      defaultLabels(),
		Turnaround:  defaultTurnaround(),
		Merging:     Merging{Method: "merge"},
	}
}

// Apply gives findings what the configuration says of their rules, and takes
// out those that a waiver covers on the day of now. namespaceOf names the
// namespace that a path belongs to, "" for none. Order is kept; findings of
// rules that are off are in neither list.
func (c *Config) Apply(findings []finding.Finding, namespaceOf func(path string) string, now time.Time) (kept, waived []finding.Finding) {
	type scope struct{ rule, namespace string }
	today := now.UTC().Truncate(24 * time.Hour)
	holding := map[scope]bool{}
	for _, w := range c.Waivers {
		if !w.Until.Before(today) {
			holding[scope{w.Rule, w.Namespace}] = true
		}
	}
	kept = make([]finding.Finding, 0, len(findings))
	for _, f := range findings {
		set := c.Rules[f.Rule]
		if set.Off {
			continue
		}
		f.Shadow = f.Shadow || set.Shadow
		if set.Severity != 0 {
			f.Severity = set.Severity
		}
		if holding[scope{f.Rule, namespaceOf(f.Path)}] {
			waived = append(waived, f)
		} else {
			kept = append(kept, f)
		}
	}
	return kept, waived
}

// Below reports whether a host is in the list or below a host of it. All are in
// small letters and without a final dot.
func Below(host string, hosts []string) bool {
	return slices.ContainsFunc(hosts, func(h string) bool { return host == h || strings.HasSuffix(host, "."+h) })
}
