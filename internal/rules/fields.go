package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// fieldRules are about fields that the schema does not name.
func fieldRules() []Spec {
	return []Spec{fieldCase(), fieldFirstParty(), fieldUndocumented(), fieldKnown()}
}

// fieldKind says which of the rules speaks about a stray field.
type fieldKind uint8

const (
	unknownField      fieldKind = iota
	caseField                   // a known field in other letters
	firstPartyField             // reserved for the platform's own definitions
	undocumentedField           // the platform has it, its documentation does not
)

type strayField struct {
	definition.StrayField
	kind fieldKind
}

// strayFields returns the fields of the head's definition that the schema does
// not name. They are looked for once in a run.
func (p *Pass) strayFields(def *definition.Definition) []strayField {
	if p.Schema == nil || p.memo.strayFound {
		return p.memo.stray
	}
	p.memo.strayFound = true
	for _, s := range p.Schema.StrayFields(def.Doc) {
		p.memo.stray = append(p.memo.stray, strayField{s, classify(def.Doc.Root, s)})
	}
	return p.memo.stray
}

func classify(root *jsondoc.Node, s definition.StrayField) fieldKind {
	top := s.Node.Parent == root
	inWebhook := s.Node.Parent == root.Get("webhook")
	isAction := s.Node.Parent.Parent != nil && s.Node.Parent.Parent == root.Get("actions")
	is := func(names ...string) bool {
		// Whoever ignores the case of keys takes these as they are meant.
		return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, s.Node.Key) })
	}
	switch {
	case top && is("provisioning"), inWebhook && is("merchantExtraction", "uninstallEvents"):
		return firstPartyField
	case s.SameLetters != "":
		return caseField
	case top && is("userGuide", "features", "categories", "screenShots", "price", "author", "installationCount", "installStatus"),
		isAction && is("form", "source"):
		return undocumentedField
	}
	return unknownField
}

// ofObject names the object that a member is in.
func ofObject(n *jsondoc.Node) string {
	switch parent := n.Parent; {
	case parent.Parent == nil:
		return "a definition"
	case parent.Parent.Is(jsondoc.Array):
		return "an entry of " + shown(parent.Parent.Key)
	default:
		return shown(parent.Key)
	}
}

// rename is the edit that gives a stray field the name of a known one. There is
// none when the object has that field already, or another candidate for it.
func rename(fields []strayField) func(s strayField, name string) []jsondoc.Edit {
	type target struct {
		object *jsondoc.Node
		name   string
	}
	wanted := map[target]int{}
	for _, s := range fields {
		name := s.SameLetters
		if name == "" {
			name = s.Near
		}
		wanted[target{s.Node.Parent, name}]++
	}
	return func(s strayField, name string) []jsondoc.Edit {
		if s.Node.Parent.Get(name) != nil || wanted[target{s.Node.Parent, name}] > 1 {
			return nil
		}
		return keyEdit(s.Node, name)
	}
}

func fieldCase() Spec {
	return Spec{
		ID: "field-case", Group: groupSchema, Severity: finding.Error, Security: true,
		Title:   "Fields are written as documented",
		Purpose: "Checks that no field differs from a documented one only in the case of its letters, since some readers would take it for that one.",
		Source:  "Field names are case-sensitive. A reader that ignores case would let such a field replace the one that was reviewed.",
		Help:    "Write the field as it is documented. If both are there, take the other one out.",
		Fires: []Example{
			{Name: "a field in other letters", Edit: "/docsUrl delete\n" + `/docsURL = "https://acme.example/guides/karzoun"`},
			{Name: "a second namespace", Edit: `/NS = "other"`},
		},
		Silent: []Example{{Name: "keys that are free", Edit: `/auth/config/NS = ""` + "\n" + `/webhook/response/body/OK = true`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			fields := p.strayFields(def)
			renamed := rename(fields)
			for _, s := range fields {
				if s.kind != caseField {
					continue
				}
				r := p.Key(s.Node, "%s differs from the field %q only in the case of letters", shown(s.Node.Key), s.SameLetters)
				if right := s.Node.Parent.Get(s.SameLetters); right != nil {
					r.Hint("Take it out: some readers would take it for %q.", s.SameLetters).See(right, "the field itself")
					continue
				}
				r.Hint("Write %q.", s.SameLetters).Fix(fmt.Sprintf("write %q", s.SameLetters), renamed(s, s.SameLetters))
			}
		},
	}
}

func fieldFirstParty() Spec {
	return Spec{
		ID: "field-first-party", Group: groupSchema, Severity: finding.Error, Security: true,
		Title:   "No field of the platform's own definitions",
		Purpose: "Checks that provisioning, webhook.merchantExtraction and webhook.uninstallEvents are not used.",
		Source:  "These fields are kept for the platform's own definitions and must not be in a partner's submission.",
		Help:    "Take the field out. If the connector cannot work without it, ask the marketplace before you submit.",
		Fires: []Example{
			{Name: "provisioning", Edit: `/provisioning = {}`},
			{Name: "the platform's own parts of webhook", Edit: "/webhook/merchantExtraction = {}\n/webhook/uninstallEvents = []"},
		},
		Silent: []Example{{Name: "the same word as a free key", Edit: `/webhook/response/body/provisioning = true`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, s := range p.strayFields(def) {
				if s.kind == firstPartyField {
					p.Key(s.Node, "%s is kept for the platform's own definitions", shown(s.Node.Key)).
						Hint("Take it out.").Fix("take "+shown(s.Node.Key)+" out", def.Doc.Remove(s.Node))
				}
			}
		},
	}
}

func fieldUndocumented() Spec {
	return Spec{
		ID: "field-undocumented", Group: groupSchema, Severity: finding.Notice,
		Title:   "No field that only the platform fills",
		Purpose: "Checks that fields which the platform's listings show, but whose use in a submission is not documented, are noticed.",
		Source:  "Listings have fields such as userGuide, screenShots and price, and actions once had form and source. Whether a partner may set them is not documented.",
		Help:    "Leave the field out unless the marketplace has asked for it. Inputs of an action belong into `parameters`.",
		Fires: []Example{
			{Name: "a field of the listing", Edit: `/screenShots = ["https://assets.acme.example/1.png"]`},
			{Name: "an action's old form", Edit: `/actions/0/form = {}`},
		},
		Silent: []Example{{Name: "the documented fields", Edit: `/youtubeId = "dQw4w9WgXcQ"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, s := range p.strayFields(def) {
				if s.kind != undocumentedField {
					continue
				}
				r := p.Key(s.Node, "whether a submission may set %s is not documented", shown(s.Node.Key))
				if s.Node.Parent.Parent == nil {
					r.Hint("Leave it out unless the marketplace has asked for it.")
				} else {
					r.Hint("Describe the inputs in parameters, which the form is made from.")
				}
			}
		},
	}
}

func fieldKnown() Spec {
	return Spec{
		ID: "field-known", Group: groupSchema, Severity: finding.Warning,
		Title:   "Fields are documented",
		Purpose: "Checks that no field is there that the schema does not name, since it would be passed over without a word.",
		Source:  "What the platform does with fields that it does not document is unknown. Most of them are typing mistakes.",
		Help:    "Correct the name, or take the field out. Keys of configuration, headers, bodies, mappings and forms are free.",
		Fires: []Example{
			{Name: "a typing mistake", Edit: "/webhook/transactionId/fallbck = \"generate\""},
			{Name: "words joined in another way", Edit: "/short_description = \"x\"\n/shortDescription delete"},
			{Name: "a field of something else", Edit: "/triggers/0/outputs = {}"},
		},
		Silent: []Example{{Name: "free keys", Edit: "/auth/config/anything = \"\"\n/actions/0/parameters/properties/subject/minLength = 3\n/actions/0/requests/0/headers/X-Any = \"1\""}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			fields := p.strayFields(def)
			renamed := rename(fields)
			for _, s := range fields {
				if s.kind != unknownField {
					continue
				}
				r := p.Key(s.Node, "%s is no field of %s, and is passed over", shown(s.Node.Key), ofObject(s.Node))
				switch {
				case s.Near == "":
					r.Hint("Take it out; \"miniapp schema\" says which fields there are.")
				case s.Node.Parent.Get(s.Near) != nil:
					r.Hint("Take it out: %q is there already.", s.Near)
				default:
					r.Hint("Write %q, if that is what you mean.", s.Near)
					if sameWord(s.Node.Key, s.Near) {
						r.Fix(fmt.Sprintf("write %q", s.Near), renamed(s, s.Near))
					}
				}
			}
		},
	}
}
