package config

import (
	"regexp"
	"strings"
	"time"
	_ "time/tzdata" // the Action's image holds nothing but the program

	"github.com/goccy/go-yaml/ast"

	"github.com/karzoun/miniapp-review/internal/turnaround"
)

// Turnaround says how long a review may take.
type Turnaround struct {
	// Simple and Complex are the targets in business days: Simple for actions
	// with a key, Complex for OAuth, webhooks and sync.
	Simple, Complex int
	Calendar        turnaround.Calendar
	// RemindAfter is how many days a partner may be silent before a reminder,
	// StaleAfter how many days after that the submission counts as stale. A
	// RemindAfter of 0 never reminds.
	RemindAfter, StaleAfter int
	// CloseAfter is how many days after it became stale it is closed; 0 never
	// closes.
	CloseAfter int
}

// Limits bound what can be waiting at once.
type Limits struct {
	// OpenPerAuthor is how many open submissions of one author are looked at; 0
	// means any number.
	OpenPerAuthor int
	// FirstNeedsOK holds first submissions until a maintainer lets them in.
	FirstNeedsOK bool
}

// Merging says whether what is approved is merged without a person.
type Merging struct {
	Auto bool
	// Method is "merge", "squash" or "rebase".
	Method string
}

// Team is a team of an organization, in lower case.
type Team struct{ Org, Slug string }

// String returns "ORG/TEAM".
func (t Team) String() string { return t.Org + "/" + t.Slug }

// maxTeams bounds the questions about who is in a team.
const maxTeams = 5

func (p *reader) readReviewers(n ast.Node) {
	for _, word := range p.texts(n, "reviewers", checkReviewer) {
		word = strings.ToLower(word)
		if org, slug, team := strings.Cut(word, "/"); team {
			p.config.Teams = append(p.config.Teams, Team{org, slug})
		} else {
			p.config.Reviewers = append(p.config.Reviewers, word)
		}
	}
	if len(p.config.Teams) > maxTeams {
		p.fail(n.GetToken(), "reviewers names %d teams: at most %d can be asked about", len(p.config.Teams), maxTeams)
	}
}

func checkReviewer(s string) string {
	org, slug, team := strings.Cut(s, "/")
	if checkLogin(org) == "" && (!team || regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`).MatchString(slug)) {
		return ""
	}
	return "a GitHub login such as octocat, without @, or a team such as acme/reviewers"
}

func (p *reader) readTurnaround(n ast.Node) {
	t := &p.config.Turnaround
	number := func(key string, least, most int, into *int) func(ast.Node) {
		return func(v ast.Node) { p.number(v, key, least, most, into) }
	}
	p.mapping(n, "turnaround", map[string]func(ast.Node){
		"simple":       number("simple", 1, 365, &t.Simple),
		"complex":      number("complex", 1, 365, &t.Complex),
		"remind_after": number("remind_after", 0, 3650, &t.RemindAfter),
		"stale_after":  number("stale_after", 1, 3650, &t.StaleAfter),
		"close_after":  number("close_after", 0, 3650, &t.CloseAfter),
		"holidays": func(v ast.Node) {
			if days := p.texts(v, "holidays", checkDate); days != nil {
				t.Calendar.Holidays = days
			}
		},
		"timezone": func(v ast.Node) {
			if _, null := v.(*ast.NullNode); null {
				return
			}
			name, ok := p.text(v, "timezone")
			if !ok {
				return
			}
			location, err := time.LoadLocation(name)
			if err != nil || name == "" || name == "Local" {
				p.fail(v.GetToken(), "%s is no time zone: expected one such as Europe/Berlin or UTC", shown(name))
				return
			}
			t.Calendar.Location = location
		},
	})
}

func checkDate(s string) string {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "a date such as 2026-12-25"
	}
	return ""
}

func (p *reader) readLimits(n ast.Node) {
	l := &p.config.Limits
	p.mapping(n, "limits", map[string]func(ast.Node){
		"open_per_author":           func(v ast.Node) { p.number(v, "open_per_author", 0, 1000, &l.OpenPerAuthor) },
		"first_submission_needs_ok": func(v ast.Node) { p.truth(v, "first_submission_needs_ok", &l.FirstNeedsOK) },
	})
}

func (p *reader) readAutoMerge(n ast.Node) { p.truth(n, "auto_merge", &p.config.Merging.Auto) }

func (p *reader) readMergeMethod(n ast.Node) {
	if _, null := n.(*ast.NullNode); null {
		return
	}
	if word, ok := p.word(n, "merge_method", []string{"merge", "squash", "rebase"}); ok {
		p.config.Merging.Method = word
	}
}

// truth reads true or false. No value at all leaves what is there.
func (p *reader) truth(n ast.Node, what string, into *bool) {
	switch v := n.(type) {
	case *ast.NullNode:
	case *ast.BoolNode:
		*into = v.Value
	default:
		p.fail(n.GetToken(), "%s must be true or false, not %s", what, kind(n))
	}
}

// Reviewing reports whether the configuration limits who reviews.
func (c *Config) Reviewing() bool { return len(c.Reviewers) > 0 || len(c.Teams) > 0 }

// Target is how many business days a review may take.
func (t Turnaround) Target(complex bool) time.Duration {
	days := t.Simple
	if complex {
		days = t.Complex
	}
	return time.Duration(days) * turnaround.Day
}

func defaultTurnaround() Turnaround {
	return Turnaround{Simple: 5, Complex: 10, RemindAfter: 30, StaleAfter: 7}
}
