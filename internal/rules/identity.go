package rules

import (
	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/submission"
)

const groupIdentity = "Identity"

// The ids of the rules that Refusals speaks for.
const (
	nsKebabCaseID = "ns-kebab-case"
	nsUniqueID    = "ns-unique"
	nsReservedID  = "ns-reserved"
	nsRetiredID   = "ns-retired"
)

// identityRules are about who a submission is: its ns, and what must equal it.
// Of one ns at most one of them says that it is wrong, the most specific.
func identityRules() []Spec {
	return []Spec{nsKebabCase(), nsUnchanged(), nsUnique(), nsMatchesFolder(), nsReserved(), nsRetired(),
		nsContested(), nsConfusable(), nameMatchesNS(), nsTombstone(), namespaceRemoved()}
}

// nsFault says what is wrong with the ns itself.
type nsFault uint8

const (
	nsGood nsFault = iota
	nsUnread
	nsMalformed
	nsRenamed // the folder has another name than at the base
	nsEdited  // the field has another value than at the base
	nsTaken
	nsElsewhere // it is not the name of the folder
)

// nsFault finds the most specific fault of the ns. Where the field is missing
// or no text, the schema has said so.
func (p *Pass) nsFault(def *definition.Definition) nsFault {
	ns, ok := def.NS.Str()
	switch {
	case p.Change.Kind == submission.Renamed:
		return nsRenamed
	case !ok:
		return nsUnread
	case !ValidNS(ns):
		return nsMalformed
	case ns == p.Head.Folder:
		return nsGood
	case p.wasOtherNS(ns):
		return nsEdited
	case p.Namespaces != nil && p.Namespaces.Taken(ns, p.Head.Folder):
		return nsTaken
	}
	return nsElsewhere
}

// wasOtherNS reports whether the ns of an update was another one at the base.
func (p *Pass) wasOtherNS(ns string) bool {
	if p.Change.Kind != submission.Update || p.Base.Definition == nil {
		return false
	}
	was, ok := p.Base.Definition.NS.Str()
	return ok && was != ns
}

// isNewcomer reports whether the submission takes a name that it did not have.
func (p *Pass) isNewcomer() bool { return p.Change.Kind == submission.New }

// refusal returns what a rule has to say about an ns, if anything.
func (p *Pass) refusal(ns string) (Refusal, bool) {
	for _, r := range Refusals(ns, p.Head.Folder, p.Namespaces, p.Held) {
		if r.Rule == p.spec.ID {
			return r, true
		}
	}
	return Refusal{}, false
}

// nsFix is the edit that writes the folder's name, when that is the same word
// in other letters or separators.
func nsFix(p *Pass, def *definition.Definition) []jsondoc.Edit {
	if !ValidNS(p.Head.Folder) || !sameWord(def.NS.Text(), p.Head.Folder) {
		return nil
	}
	return def.Doc.Replace(def.NS, jsondoc.Quote(p.Head.Folder))
}

func nsKebabCase() Spec {
	return Spec{
		ID: nsKebabCaseID, Group: groupIdentity, Severity: finding.Error, Security: true,
		Title:   "ns is in kebab-case",
		Purpose: "Checks that ns is made of lower-case letters, digits and single hyphens, since it becomes part of addresses and of file names.",
		Source:  "The platform documents ns as lower-case kebab-case. It gives no length; 64 characters are the most that is accepted here.",
		Help:    "Write a name like `acme-desk`: `a` to `z`, `0` to `9`, and `-` between words.",
		Fires: []Example{
			{Name: "capital letters and an underscore", Edit: `/ns = "Acme_Desk"`},
			{Name: "two hyphens", Edit: `/ns = "acme--desk"`},
			{Name: "a letter that only looks like one of a to z", Edit: `/ns = "acme-d` + "\u0435" + `sk"`},
			{Name: "too long", Edit: `/ns = "acme-desk-acme-desk-acme-desk-acme-desk-acme-desk-acme-desk-acme-desk"`},
		},
		Silent: []Example{
			{Name: "digits", Folder: "360-desk", Edit: "/ns = \"360-desk\"\n/name = \"360-desk\"\n/type = \"360-desk\""},
			{Name: "no text, which the schema says", Edit: "/ns = 7"},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			ns, ok := def.NS.Str()
			if !ok {
				return
			}
			if refused, ok := p.refusal(ns); ok {
				p.Node(def.NS, "the ns %s is not valid: %s", shown(ns), refused.Reason).Hint("%s", refused.Hint).
					Fix("write "+shown(p.Head.Folder), nsFix(p, def))
			}
		},
	}
}

func nsUnchanged() Spec {
	return Spec{
		ID: "ns-unchanged", Group: groupIdentity, Severity: finding.Error, Security: true,
		Title:   "The ns of a MiniApp never changes",
		Purpose: "Checks that an update has the ns and the folder that it had, since tenants' installs and addresses hold the old name.",
		Source:  "The ns is frozen after approval; another one means a new submission.",
		Help:    "Change the name back. To offer the MiniApp under another name, submit it as a new one and leave the old folder as it is.",
		Fires: []Example{
			{Name: "another ns", Kind: submission.Update, Edit: `/ns = "acme-helpdesk"`},
			{Name: "a renamed folder", Kind: submission.Renamed, RenamedFrom: ModelNS, Folder: "acme-helpdesk",
				Edit: "/ns = \"acme-helpdesk\"\n/name = \"acme-helpdesk\"\n/type = \"acme-helpdesk\""},
			{Name: "a renamed folder with the old ns", Kind: submission.Renamed, RenamedFrom: ModelNS, Folder: "acme-helpdesk"},
		},
		Silent: []Example{
			{Name: "an update", Kind: submission.Update},
			{Name: "an ns that is put right", Kind: submission.Update, BaseEdit: `/ns = "acme"`, Edit: `/ns = "acme-desk"`},
		},
		Check: func(p *Pass) {
			def := p.Head.Definition
			if p.Change.Kind == submission.Renamed {
				var r *Report
				if def != nil && def.NS != nil {
					r = p.Node(def.NS, "the folder %s was renamed to %s, but the name of a MiniApp never changes", shown(p.Base.Folder), shown(p.Head.Folder))
				} else {
					r = p.File(submission.DefinitionFile, "the folder %s was renamed to %s, but the name of a MiniApp never changes", shown(p.Base.Folder), shown(p.Head.Folder))
				}
				r.Hint("Rename the folder back: tenants have installed it under the old name. Another name is a new submission, beside the old one.")
				return
			}
			if def == nil || p.nsFault(def) != nsEdited {
				return
			}
			old := p.Base.Definition.NS
			p.Node(def.NS, "the ns was %s and is now %s, but it never changes", shown(old.Text()), shown(def.NS.Text())).
				Hint("Change it back: tenants have installed the MiniApp under the old name. Another name is a new submission, in a folder of its own.").
				SeeIn(p.Base, submission.DefinitionFile, old.Span, "the ns at the base").
				Fix("write "+shown(old.Text()), def.Doc.Replace(def.NS, jsondoc.Quote(old.Text())))
		},
	}
}

func nsUnique() Spec {
	return Spec{
		ID: nsUniqueID, Group: groupIdentity, Severity: finding.Error, Security: true,
		Title:   "No other submission has this ns",
		Purpose: "Checks that ns is not that of another folder of the repository.",
		Source:  "The ns is the unique name of a MiniApp.",
		Help:    "Take another name. `miniapp check --available NS` tells beforehand whether a name is free.",
		Fires:   []Example{{Name: "the ns of another folder", Others: []string{"taskhub"}, Edit: `/ns = "taskhub"`}},
		Silent:  []Example{{Name: "other folders with other names", Others: []string{"taskhub"}}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			if p.nsFault(def) != nsTaken {
				return
			}
			if refused, ok := p.refusal(def.NS.Text()); ok {
				p.Node(def.NS, "the ns %s is not available: %s", shown(def.NS.Text()), refused.Reason).Hint("%s", refused.Hint)
			}
		},
	}
}

func nsMatchesFolder() Spec {
	return Spec{
		ID: "ns-matches-folder", Group: groupIdentity, Severity: finding.Error, Security: true,
		Title:   "The folder is called like the ns",
		Purpose: "Checks that ns equals the name of the folder, which keeps every ns unique.",
		Source:  "A folder can exist only once, so that two submissions with one ns are impossible while folders are called like it.",
		Help:    "Rename the folder to the ns, or write the folder's name into `ns`.",
		Fires: []Example{
			{Name: "another folder", Edit: `/ns = "acme-support"`},
			{Name: "the same word with another separator", Edit: `/ns = "acmedesk"`},
		},
		Silent: []Example{{Name: "the same name"}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			if p.nsFault(def) != nsElsewhere {
				return
			}
			ns := def.NS.Text()
			r := p.Node(def.NS, "the ns is %s, but the folder is called %s", shown(ns), shown(p.Head.Folder))
			if p.isNewcomer() || p.Change.Kind == submission.Lint {
				r.Hint("Rename the folder to %s, or change the ns.", shown(ns)).Fix("write "+shown(p.Head.Folder), nsFix(p, def))
			} else {
				r.Hint("Ask a maintainer which of the two was published; neither can be changed by an update.")
			}
		},
	}
}

func nsReserved() Spec {
	return Spec{
		ID: nsReservedID, Group: groupIdentity, Severity: finding.Error, Security: true,
		Title:   "The ns is not reserved",
		Purpose: "Checks that a new ns is none of the names that the marketplace keeps for itself, and does not look like one.",
		Source:  "The configuration lists the reserved names, such as those of the marketplace's own services. A name under which people expect the marketplace would let a submission pass for a part of it.",
		Help:    "Take a name that says who the publisher is.",
		Fires: []Example{
			{Name: "a reserved name", Reserved: []string{ModelNS}},
			{Name: "a name that looks like a reserved one", Reserved: []string{"acmede5k", "acme_desk"}},
		},
		Silent: []Example{
			{Name: "other names are reserved", Reserved: []string{"admin", "acme-desks"}},
			{Name: "a name that was reserved later", Kind: submission.Update, Reserved: []string{ModelNS}},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			if ns := def.NS.Text(); p.isNewcomer() || p.Change.Kind == submission.Lint {
				if refused, ok := p.refusal(ns); ok {
					p.Node(def.NS, "the ns %s is not available: %s", shown(ns), refused.Reason).Hint("%s", refused.Hint)
				}
			}
		},
	}
}

func nsRetired() Spec {
	return Spec{
		ID: nsRetiredID, Group: groupIdentity, Severity: finding.Error, Security: true,
		Title:   "A new ns was never published",
		Purpose: "Checks that the registry holds no version of a new ns, not even a yanked or deleted one.",
		Source:  "A removed MiniApp keeps its name: whoever took it would inherit the trust, the installs and the stored credentials of another publisher's tenants.",
		Help:    "Take another name. When the publisher of the removed MiniApp brings it back, a maintainer restores the folder first, and the submission is an update.",
		Fires: []Example{
			{Name: "a published name", Held: []Held{{Version: "1.2.0", State: "published"}}},
			{Name: "all versions are deleted", Held: []Held{{Version: "1.2.0", State: "deleted"}}},
		},
		Silent: []Example{
			{Name: "a name that was never published"},
			{Name: "an update", Kind: submission.Update, Held: []Held{{Version: "1.0.0", State: "published"}}},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			if !p.isNewcomer() || def.NS == nil {
				return
			}
			if refused, ok := p.refusal(def.NS.Text()); ok {
				p.Node(def.NS, "the ns %s is not available: %s", shown(def.NS.Text()), refused.Reason).Hint("%s", refused.Hint)
			}
		},
	}
}

func nsContested() Spec {
	return Spec{
		ID: "ns-contested", Group: groupIdentity, Severity: finding.Warning,
		Title:   "No other pull request adds this ns",
		Purpose: "Checks that no other open pull request wants to add the same ns, since only one of them can have it.",
		Source:  "The pull request that is merged first has the name; the other one becomes an update of a MiniApp that is not its own.",
		Help:    "Agree with the other submitter and the reviewers who takes the name, before both do the work.",
		Fires:   []Example{{Name: "two pull requests with one ns", Claims: []Claim{{Version: "1.0.0", Ref: "#12"}}}},
		Silent: []Example{
			{Name: "nobody else wants it"},
			{Name: "an update", Kind: submission.Update, Claims: []Claim{{Version: "1.0.1", Ref: "#12"}}},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			if !p.isNewcomer() || p.Claims == nil || p.nsFault(def) != nsGood {
				return
			}
			for _, c := range p.Claims(p.Head.Folder) {
				p.Node(def.NS, "the pull request %s adds the ns %s too, and whichever is merged first has it", plain(c.Ref), shown(p.Head.Folder)).
					Hint("Agree with its author and the reviewers who takes the name.").Tell(c.Ref)
			}
		},
	}
}

func nsConfusable() Spec {
	return Spec{
		ID: "ns-confusable", Group: groupIdentity, Severity: finding.Warning,
		Title:   "The ns is far enough from others",
		Purpose: "Checks that people cannot take a new ns for an existing one: the same without separators or with l and 1, o and 0 swapped, or one letter away.",
		Source:  "Names that look alike are how people are led to install the wrong thing. Whether two names are too close only a person can say.",
		Help:    "Take a name that nobody mixes up with the other one, or tell the reviewer why both are needed.",
		Fires: []Example{
			{Name: "another separator", Others: []string{"acmedesk"}},
			{Name: "a digit for a letter", Others: []string{"taskhu1"}, Folder: "taskhul", Edit: "/ns = \"taskhul\"\n/name = \"taskhul\"\n/type = \"taskhul\""},
			{Name: "one letter away", Others: []string{"acme-desks"}},
			{Name: "two letters swapped", Others: []string{"amce-desk"}},
		},
		Silent: []Example{
			{Name: "other names", Others: []string{"acme-shop", "desk"}},
			{Name: "an update", Kind: submission.Update, Others: []string{"acme-desks"}},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			if !p.isNewcomer() && p.Change.Kind != submission.Lint || p.Namespaces == nil || p.nsFault(def) != nsGood {
				return
			}
			if similar := p.Namespaces.Similar(def.NS.Text(), p.Head.Folder); len(similar) > 0 {
				p.Node(def.NS, "the ns %s is %s", shown(def.NS.Text()), CloseTo(similar)).
					Hint("Take a name that nobody mixes up with it, or tell the reviewer why both are needed.")
			}
		},
	}
}

func nameMatchesNS() Spec {
	return Spec{
		ID: "name-matches-ns", Group: groupIdentity, Severity: finding.Warning,
		Title:   "name and type are the ns",
		Purpose: "Checks that name and type equal ns, as they do in nearly every definition, so that nothing is known under two names.",
		Source:  "The platform documents name and type as usually equal to ns.",
		Help:    "Write the ns into `name` and `type`, unless the platform's team has asked for another value.",
		Fires: []Example{
			{Name: "another name", Edit: `/name = "acme"`},
			{Name: "another type", Edit: `/type = "AcmeDesk"`},
		},
		Silent: []Example{
			{Name: "all three are equal"},
			{Name: "the ns itself is wrong", Edit: `/ns = "Acme Desk"`},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			if p.nsFault(def) != nsGood {
				return // first comes what is wrong with the ns
			}
			ns := def.NS.Text()
			for _, key := range []string{"name", "type"} {
				n := def.Doc.Root.Get(key)
				if got, ok := n.Str(); ok && got != ns {
					p.Node(n, "%q is %s, where the ns is %s", key, shown(got), shown(ns)).
						Hint("Write the ns, unless another value was agreed.").
						Fix("write "+shown(ns), def.Doc.Replace(n, jsondoc.Quote(ns)))
				}
			}
		},
	}
}

func nsTombstone() Spec {
	return Spec{
		ID: "ns-tombstone", Group: groupIdentity, Severity: finding.Error, Security: true,
		Title:   "A name that was given up is not taken again",
		Purpose: "Checks that no submission takes the name of one that was taken away, since tenants could have that one installed.",
		Source:  "A folder with nothing but TOMBSTONE.md keeps the name of a MiniApp that is no longer offered.",
		Help:    "Choose another name. Only a maintainer can take the tombstone away, by a change of its own.",
		Fires:   []Example{{Name: "the base has a tombstone", Retired: true}},
		Silent:  []Example{{Name: "a new name"}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			if p.Change.Retired && def.NS != nil {
				p.Node(def.NS, "the name %s belonged to a MiniApp that was given up", shown(p.Head.Folder)).
					Hint("Choose another name; tenants may still have the old MiniApp installed under this one.")
			}
		},
	}
}

func namespaceRemoved() Spec {
	return Spec{
		ID: "namespace-removed", Group: groupIdentity, Severity: finding.Warning,
		Title:   "No submission is taken away unnoticed",
		Purpose: "Checks that a namespace whose folder is gone is seen by a person, since no further version can be reviewed without it.",
		Source:  "Tenants keep what they have installed, and the registry keeps what was published. The name stays taken, so that nobody else can step into the place of the publisher.",
		Help:    "Leave a `TOMBSTONE.md` as the only file of the folder, which says why and keeps the name; a maintainer confirms the removal. To bring the MiniApp back, restore the folder. To stop offering one version, yank it in the registry instead.",
		Fires:   []Example{{Name: "the folder is gone", Kind: submission.Removed}},
		Silent:  []Example{{Name: "an update", Kind: submission.Update}},
		CheckRemoved: func(p *Pass) {
			if !p.Change.Retired {
				p.File(submission.TombstoneFile, "the submission %s is removed, and nothing keeps its name", shown(p.Base.Folder)).As(finding.Error).
					Hint("Leave a TOMBSTONE.md as the only file of the folder, with a sentence that says why.")
				return
			}
			p.File(submission.DefinitionFile, "the submission %s is removed", shown(p.Base.Folder)).
				Hint("If this is meant, a maintainer must confirm it: tenants keep what they have installed, published versions stay in the registry, and nobody can take the name again.")
		},
	}
}
