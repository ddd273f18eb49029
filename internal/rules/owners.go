package rules

import (
	"strconv"
	"strings"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// ownerRules are about who may submit updates.
func ownerRules() []Spec {
	return []Spec{ownersPresent(), ownersShape(), ownersUnchanged()}
}

const ownersHelp = "`owners.json` is a list such as `[{\"login\": \"octocat\", \"id\": 583231}]`. The id of an account is at `https://api.github.com/users/LOGIN`."

func ownersPresent() Spec {
	return Spec{
		ID: "owners-present", Group: groupPackage, Severity: finding.Error, Security: true,
		Title:   "There are owners",
		Purpose: "Checks that the submission has an owners.json, since only the accounts in it may submit updates.",
		Source:  "Updates are accepted from the owners whom the reviewed state names, so that the first submission has to name them.",
		Help:    ownersHelp,
		Fires:   []Example{{Name: "no owners", Files: map[string]string{submission.OwnersFile: ""}}},
		Silent:  []Example{{Name: "two owners", Files: map[string]string{submission.OwnersFile: `[{"login": "a", "id": 1}, {"login": "b", "id": 2}]`}}},
		Check: func(p *Pass) {
			if p.Head.Whole() && p.Head.File(submission.OwnersFile) == nil {
				p.File(submission.OwnersFile, "nothing says who may submit updates").
					Hint("Add %s with your GitHub accounts, such as `[{\"login\": \"octocat\", \"id\": 583231}]`.", submission.OwnersFile)
			}
		},
	}
}

// owner is an entry of owners.json that has a login and an id.
type owner struct {
	login    string
	id       int64
	at, idAt *jsondoc.Node
}

// readOwners returns the owners of a package. Entries that are not as they
// should be are left out.
func readOwners(pkg *submission.Package) []owner {
	f := pkg.File(submission.OwnersFile)
	if f == nil || f.JSON == nil || len(f.JSON.Root.Elements()) > mostOwners {
		return nil
	}
	var all []owner
	for _, n := range f.JSON.Root.Elements() {
		login, id := n.Get("login"), n.Get("id")
		number, ok := ownerID(id)
		if login.Text() != "" && ok {
			all = append(all, owner{login.Text(), number, n, id})
		}
	}
	return all
}

// ownerID reads a positive whole number that is written without point and
// exponent.
func ownerID(n *jsondoc.Node) (int64, bool) {
	if !n.Is(jsondoc.Number) {
		return 0, false
	}
	id, err := strconv.ParseInt(n.Literal(), 10, 64)
	return id, err == nil && id > 0
}

// mostOwners is more than any team needs who submits a connector.
const mostOwners = 50

func ownersShape() Spec {
	return Spec{
		ID: "owners-shape", Group: groupPackage, Severity: finding.Error, Security: true,
		Title:   "Owners are GitHub accounts",
		Purpose: "Checks that owners.json is a list of accounts, each once, with the login that people know and the id that stays when the login changes.",
		Source:  "A login can be given up and taken by somebody else, so that accounts are recognised by their id. Logins have up to 39 letters, digits and hyphens.",
		Help:    ownersHelp,
		Fires: []Example{
			{Name: "an object", Files: map[string]string{submission.OwnersFile: `{"login": "octocat", "id": 583231}`}},
			{Name: "nobody", Files: map[string]string{submission.OwnersFile: `[]`}},
			{Name: "far too many", Files: map[string]string{submission.OwnersFile: `[` + strings.Repeat("0, ", mostOwners) + `0]`}},
			{Name: "logins alone", Files: map[string]string{submission.OwnersFile: `["octocat", {"login": "hubot"}]`}},
			{Name: "ids that are none", Files: map[string]string{submission.OwnersFile: `[{"login": "a", "id": 0}, {"login": "b", "id": 1.5}, {"login": "c", "id": -2}, {"login": "d", "id": 1e3}, {"login": "e", "id": null}]`}},
			{Name: "an id in quotes", Files: map[string]string{submission.OwnersFile: `[{"login": "octocat", "id": "583231"}]`}},
			{Name: "logins that are none", Files: map[string]string{submission.OwnersFile: `[{"login": "@octocat", "id": 1}, {"login": "-a", "id": 2}, {"login": "a b", "id": 3}, {"login": "https://github.com/x", "id": 4}, {"login": "bot[bot]", "id": 5}, {"login": "", "id": 6}]`}},
			{Name: "an account that stands twice", Files: map[string]string{submission.OwnersFile: `[{"login": "octocat", "id": 1}, {"login": "Octocat", "id": 2}, {"login": "hubot", "id": 1}]`}},
			{Name: "a field that is not known", Files: map[string]string{submission.OwnersFile: `[{"login": "octocat", "id": 1, "role": "admin"}]`}},
		},
		Silent: []Example{
			{Name: "logins of all kinds", Files: map[string]string{submission.OwnersFile: `[{"login": "a", "id": 1}, {"login": "Acme-Dev-2", "id": 9007199254740993}, {"login": "sam_acme", "id": 3}]`}},
			{Name: "no file, which has a rule of its own", Files: map[string]string{submission.OwnersFile: ""}},
		},
		Check: func(p *Pass) {
			f := p.Head.File(submission.OwnersFile)
			if f == nil || f.JSON == nil {
				return
			}
			root := f.JSON.Root
			if !root.Is(jsondoc.Array) {
				p.NodeIn(f.Name, root, "the owners are not a list").Hint("Write a list of accounts, such as `[{\"login\": \"octocat\", \"id\": 583231}]`.")
				return
			}
			if len(root.Elements()) == 0 {
				p.NodeIn(f.Name, root, "the list of owners is empty").Hint("Name at least one account; nobody else can submit updates.")
			}
			if n := len(root.Elements()); n > mostOwners {
				p.NodeIn(f.Name, root, "the list has %d owners, and %d are allowed", n, mostOwners).Hint("Keep the accounts that submit updates.")
				return
			}
			logins, ids := map[string]*jsondoc.Node{}, map[string]*jsondoc.Node{}
			for _, n := range root.Elements() {
				checkOwner(p, f, n)
				twice(p, f, logins, n.Get("login"), strings.ToLower(n.Get("login").Text()))
				twice(p, f, ids, n.Get("id"), n.Get("id").Literal())
			}
		},
	}
}

// twice reports a login or an id that an entry before had.
func twice(p *Pass, f *submission.File, first map[string]*jsondoc.Node, n *jsondoc.Node, key string) {
	if n == nil || key == "" {
		return
	}
	if before := first[key]; before != nil {
		p.NodeIn(f.Name, n, "this account is in the list already").Hint("Take one of the two entries out.").
			SeeIn(p.Head, f.Name, before.Span, "the first one")
		return
	}
	first[key] = n
}

func checkOwner(p *Pass, f *submission.File, n *jsondoc.Node) {
	if !n.Is(jsondoc.Object) {
		p.NodeIn(f.Name, n, "this owner is not an object").Hint("Write it with login and id, such as `{\"login\": \"octocat\", \"id\": 583231}`.")
		return
	}
	for _, m := range n.Members() {
		if m.Key != "login" && m.Key != "id" {
			p.NodeIn(f.Name, m, "%s is no field of an owner", shown(m.Key)).Hint("An owner has a login and an id; take the field out.")
		}
	}
	missing := func(key, hint string) {
		r := p.NodeIn(f.Name, n, "this owner has no %s", key).Hint("%s", hint)
		r.Pointer = n.Pointer() + "/" + key
	}
	const idHint = "Write the number that https://api.github.com/users/ and the login shows as \"id\"."
	switch login := n.Get("login"); {
	case login == nil:
		missing("login", "Add the name of the GitHub account.")
	case !gitHubLogin(login.Text()):
		r := p.NodeIn(f.Name, login, "the login of this owner is not the name of a GitHub account").
			Hint("Write the name as it stands in the address of the profile: letters, digits and hyphens.")
		if bare := strings.TrimPrefix(login.Text(), "@"); bare != login.Text() && gitHubLogin(bare) {
			r.FixIn(f.Name, "write "+shown(bare), f.JSON.Replace(login, jsondoc.Quote(bare)))
		}
	}
	id := n.Get("id")
	if id == nil {
		missing("id", idHint)
	} else if _, ok := ownerID(id); !ok {
		r := p.NodeIn(f.Name, id, "the id of this owner is not a positive whole number").Hint("%s", idHint)
		if number, err := strconv.ParseInt(id.Text(), 10, 64); err == nil && number > 0 {
			r.FixIn(f.Name, "write the id without quotes", f.JSON.Replace(id, strconv.FormatInt(number, 10)))
		}
	}
}

// gitHubLogin reports whether a text can be the login of a person's account.
// Old accounts may have hyphens where new ones may not, and accounts that a
// company manages end with an underscore and its short name.
func gitHubLogin(s string) bool {
	if s == "" || len(s) > 39 || s[0] == '-' || s[0] == '_' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

func ownersUnchanged() Spec {
	return Spec{
		ID: "owners-unchanged", Group: groupPackage, Severity: finding.Warning, Security: true,
		Title:   "A change of owners is noticed",
		Purpose: "Checks that an update leaves the owners as they are, since whoever is on the list decides on all later updates; a change asks a human.",
		Source:  "The owners at the base decide who may submit. An account that is added can submit the next update, and one with the login of an owner but another id is somebody else.",
		Help:    "Nothing needs mending if the change is meant: a reviewer asks an owner whom the reviewed state names. Otherwise put the list back as it was.",
		Fires: []Example{
			{Name: "another owner", Kind: submission.Update, Files: map[string]string{submission.OwnersFile: `[{"login": "acme-partner", "id": 1000001}, {"login": "eve", "id": 666}]`}},
			{Name: "the same login with another id", Kind: submission.Update, Files: map[string]string{submission.OwnersFile: `[{"login": "acme-partner", "id": 666}]`}},
		},
		Silent: []Example{
			{Name: "a login that was changed", Kind: submission.Update, Files: map[string]string{submission.OwnersFile: `[{"login": "acme", "id": 1000001}]`}},
			{Name: "a first submission", Files: map[string]string{submission.OwnersFile: `[{"login": "eve", "id": 666}]`}},
		},
		Check: func(p *Pass) {
			before := readOwners(p.Base)
			if len(before) == 0 {
				return
			}
			known, logins := map[int64]bool{}, map[string]bool{}
			for _, o := range before {
				known[o.id], logins[strings.ToLower(o.login)] = true, true
			}
			const hint = "If this is meant, a reviewer asks one of the owners so far; otherwise put the list back as it was."
			now := map[int64]bool{}
			for _, o := range readOwners(p.Head) {
				now[o.id] = true
				switch {
				case known[o.id]:
				case logins[strings.ToLower(o.login)]:
					p.NodeIn(submission.OwnersFile, o.idAt, "the owner %s has another id than before, and is another account", shown(o.login)).Hint(hint)
				default:
					p.NodeIn(submission.OwnersFile, o.at, "the account %s becomes an owner", shown(o.login)).Hint(hint)
				}
			}
			f := p.Head.File(submission.OwnersFile)
			if f == nil || f.JSON == nil || !f.JSON.Root.Is(jsondoc.Array) || len(now) < len(f.JSON.Root.Children) {
				return // other rules ask for the list, and who is missing is seen then
			}
			for _, o := range before {
				if !now[o.id] {
					p.File(submission.OwnersFile, "the account %s is no owner any more", shown(o.login)).Hint(hint).Tell(strconv.FormatInt(o.id, 10))
				}
			}
		},
	}
}
