package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
)

// Role is what a label stands for.
type Role string

// The roles. A pull request has at most one label of each group: the five
// stages, the two kinds, the three impacts, the two who can be waited for, and the
// two who can keep others waiting too long.
const (
	RoleIntake          Role = "intake"
	RoleQA              Role = "qa"
	RoleApproval        Role = "approval"
	RoleApproved        Role = "approved"
	RolePublished       Role = "published"
	RoleNew             Role = "new"
	RoleUpdate          Role = "update"
	RoleBreaking        Role = "breaking"
	RoleFeature         Role = "feature"
	RoleFix             Role = "fix"
	RoleWaitingPartner  Role = "waiting_partner"
	RoleWaitingReviewer Role = "waiting_reviewer"
	RoleOverdue         Role = "overdue"
	RoleStale           Role = "stale"
)

// Roles returns all roles, in the order in which documentation lists them.
func Roles() []Role {
	return []Role{RoleIntake, RoleQA, RoleApproval, RoleApproved, RolePublished, RoleNew, RoleUpdate,
		RoleBreaking, RoleFeature, RoleFix, RoleWaitingPartner, RoleWaitingReviewer, RoleOverdue, RoleStale}
}

// Label is how a label looks.
type Label struct {
	// Name has at most 50 characters, which is what GitHub takes.
	Name string
	// Color is six hexadecimal digits in lower case.
	Color string
	// Description has at most 100 characters.
	Description string
}

func defaultLabels() map[Role]Label {
	return map[Role]Label{
		RoleIntake:          {"stage: intake", "d93f0b", "The automated checks found errors, or could not check"},
		RoleQA:              {"stage: qa", "fbca04", "A reviewer works through the QA checklist"},
		RoleApproval:        {"stage: approval", "1d76db", "QA is complete, approvals are missing"},
		RoleApproved:        {"stage: approved", "0e8a16", "Approved for exactly this content"},
		RolePublished:       {"stage: published", "5319e7", "Merged, and the registry holds this version"},
		RoleNew:             {"kind: new", "c2e0c6", "A first submission"},
		RoleUpdate:          {"kind: update", "bfdadc", "An update of a published MiniApp"},
		RoleBreaking:        {"impact: breaking", "b60205", "Something that installed tenants use stops or differs"},
		RoleFeature:         {"impact: feature", "a2eeef", "Something new that installed tenants can ignore"},
		RoleFix:             {"impact: fix", "d4c5f9", "Nothing that tenants name is changed"},
		RoleWaitingPartner:  {"waiting: partner", "fef2c0", "The next step is the partner's"},
		RoleWaitingReviewer: {"waiting: reviewer", "c5def5", "The next step is a reviewer's"},
		RoleOverdue:         {"overdue", "e99695", "It waits for reviewers longer than planned"},
		RoleStale:           {"stale", "cccccc", "The partner has not answered for a long time"},
	}
}

func (p *reader) readReview(n ast.Node) {
	p.mapping(n, "review", map[string]func(ast.Node){
		"max_remarks": func(v ast.Node) { p.number(v, "max_remarks", 0, 100, &p.config.Review.MaxRemarks) },
	})
}

func (p *reader) readQA(n ast.Node) {
	if _, null := n.(*ast.NullNode); null {
		return
	}
	if word, ok := p.word(n, "qa", []string{"none", "commands", "machine"}); ok {
		p.config.QA, p.config.QAMachine = word != "none", word == "machine"
	}
}

func (p *reader) readApprovals(n ast.Node) {
	a := &p.config.Approvals
	p.mapping(n, "approvals", map[string]func(ast.Node){
		"new":      func(v ast.Node) { p.number(v, "new", 0, 10, &a.New) },
		"update":   func(v ast.Node) { p.number(v, "update", 0, 10, &a.Update) },
		"breaking": func(v ast.Node) { p.number(v, "breaking", 0, 10, &a.Breaking) },
	})
}

func checkLogin(s string) string {
	if !regexp.MustCompile(`^[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}$`).MatchString(s) {
		return "a GitHub login such as octocat, without @"
	}
	return ""
}

// number reads a whole number within bounds. No value keeps the default.
func (p *reader) number(n ast.Node, what string, least, most int, into *int) {
	if _, null := n.(*ast.NullNode); null {
		return
	}
	word, _ := scalar(n)
	i, err := strconv.Atoi(word)
	if _, whole := n.(*ast.IntegerNode); !whole || err != nil || i < least || i > most {
		p.fail(n.GetToken(), "%s must be a whole number from %d to %d, not %s", what, least, most, kindOrNumber(n))
		return
	}
	*into = i
}

func kindOrNumber(n ast.Node) string {
	if word, ok := scalar(n); ok {
		return word
	}
	return kind(n)
}

func (p *reader) readLabels(n ast.Node) {
	keys := map[string]func(ast.Node){}
	for _, role := range Roles() {
		keys[string(role)] = func(v ast.Node) { p.readLabel(role, v) }
	}
	p.mapping(n, "labels", keys)
	p.distinctLabels(n)
}

func (p *reader) readLabel(role Role, n ast.Node) {
	label := p.config.Labels[role]
	field := func(key string, into *string, check func(string) string) func(ast.Node) {
		return func(v ast.Node) {
			if _, null := v.(*ast.NullNode); null {
				return
			}
			s, isText := "", false
			if word, isScalar := scalar(v); isScalar && key == "color" {
				s, isText = word, true // 006b75 is a number to YAML
			} else {
				s, isText = p.text(v, key+" of a label")
			}
			if !isText {
				return
			}
			if expected := check(s); expected != "" {
				p.fail(v.GetToken(), "%s cannot be the %s of a label: expected %s", shown(s), key, expected)
				return
			}
			*into = s
		}
	}
	p.mapping(n, "the label "+string(role), map[string]func(ast.Node){
		"name":        field("name", &label.Name, checkLabelName),
		"color":       field("color", &label.Color, checkColor),
		"description": field("description", &label.Description, checkLabelDescription),
	})
	p.config.Labels[role] = label
}

// distinctLabels refuses two roles with one name, since removing one of them
// would remove the other. GitHub does not tell letters' case apart.
func (p *reader) distinctLabels(n ast.Node) {
	taken := map[string]Role{}
	for _, role := range Roles() {
		name := strings.ToLower(p.config.Labels[role].Name)
		if other, twice := taken[name]; twice {
			p.fail(n.GetToken(), "the labels %s and %s have the same name %s: give each its own", other, role, shown(p.config.Labels[role].Name))
		}
		taken[name] = role
	}
}

func checkLabelName(s string) string {
	if n := utf8.RuneCountInString(s); n == 0 || n > 50 || strings.TrimSpace(s) != s || strings.ContainsAny(s, ",\n") {
		return "1 to 50 characters without commas, and no space at its ends"
	}
	return ""
}

func checkLabelDescription(s string) string {
	if utf8.RuneCountInString(s) > 100 || strings.Contains(s, "\n") {
		return "at most 100 characters on one line"
	}
	return ""
}

func checkColor(s string) string {
	if !regexp.MustCompile(`^[0-9a-f]{6}$`).MatchString(s) {
		return fmt.Sprintf("six hexadecimal digits in small letters such as %q", "1d76db")
	}
	return ""
}
