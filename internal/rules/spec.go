// Package rules holds every rule that a submission is checked by. A rule is a
// value: what it is called, what it is for, the fact that it rests on, examples
// that fire and that stay silent, and the check itself.
//
// Rules do no I/O and know nothing of GitHub. What they need beside the
// submission is in Env. The same submission and the same Env give the same
// findings, which is why the command and the Action agree.
package rules

import (
	"time"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/sealed"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// Spec is one rule.
type Spec struct {
	// ID is permanent and in kebab-case: a rule that changes its meaning gets
	// another id.
	ID string
	// Group is the heading that the rule stands under in lists.
	Group string
	// Title names the rule in a few words; Purpose says in one sentence what it
	// checks and why.
	Title, Purpose string
	// Severity is that of the rule's findings, unless a finding says otherwise.
	Severity finding.Severity
	// Security marks a rule that no configuration can turn off, make milder or
	// waive.
	Security bool
	// Source is the fact that the rule rests on.
	Source string
	// Help says how to mend a finding, in Markdown.
	Help string
	// Fires and Silent have at least one example each.
	Fires, Silent []Example

	// Exactly one of the checks is set. CheckDefinition is called when
	// miniapp.json could be read as an object, Check always when there is a
	// head, and CheckRemoved when a base has no head any more.
	Check           func(*Pass)
	CheckDefinition func(*Pass, *definition.Definition)
	CheckRemoved    func(*Pass)
}

// Env is what rules know beside the submission. Fields that are nil are
// unknown, and rules that need them stay silent.
type Env struct {
	// Now is the time of the run, for dates in changelogs.
	Now time.Time
	// Schema validates definitions.
	Schema *definition.Validator
	// Secrets finds credentials in texts.
	Secrets SecretScanner
	// Namespaces are the namespaces of the repository at the base and at the
	// head, and those that nobody may take.
	Namespaces Namespaces
	// Held returns the versions that the registry holds for a namespace, yanked
	// and deleted ones too.
	Held func(ns string) []Held
	// Claims returns the versions that other open pull requests claim for a
	// namespace.
	Claims func(ns string) []Claim
	// MarketplaceHosts are the marketplace's own hosts; a submission's images
	// and guides must be elsewhere.
	MarketplaceHosts []string
	// Recipients are the public keys of those who may open test accounts.
	Recipients []sealed.Recipient
}

// Namespaces answers questions about names. It must be safe for concurrent use.
type Namespaces interface {
	// Taken reports whether a folder of this name exists, other than the one
	// that is asked about.
	Taken(ns, except string) bool
	// Similar returns existing names that people could take for ns, in order,
	// without ns and except.
	Similar(ns, except string) []string
	// Reserved reports whether nobody may take the name.
	Reserved(ns string) bool
}

// Held is a version in the registry.
type Held struct {
	Version string
	// State is "published", "yanked" or "deleted".
	State string
}

// Claim is a version that another open pull request wants to publish.
type Claim struct {
	Version string
	// Ref names the pull request for people, such as "#12".
	Ref string
	// Later says that it was opened after the one that is checked, so that it
	// is the other one that gives way when both claim the same.
	Later bool
}

// SecretScanner finds credentials. It must be safe for concurrent use.
type SecretScanner interface {
	// Scan returns the credentials in the texts, in order. It never returns a
	// secret itself.
	Scan(texts []SecretText) ([]Leak, error)
}

// SecretText is one text to look through: the decoded value of a JSON string
// with its key, or a piece of a text file with an empty key.
type SecretText struct{ Key, Value string }

// Leak is one credential.
type Leak struct {
	// Text is the index of the text that it is in, Start and End are the byte
	// offsets in its Value. Start and End are 0 when it is not known where in
	// the text it is.
	Text, Start, End int
	// Kind says in words what it looks like, such as "GitHub personal access
	// token".
	Kind string
}

// Example is a submission that shows what a rule does. It is the model
// submission of this package with changes.
type Example struct {
	// Name says what the example shows.
	Name string
	// Edit changes the definition, a line for each change: "/pointer = JSON"
	// sets a value or adds a member ("-" appends to an array), "/pointer
	// delete" takes one out.
	Edit string
	// Raw is the whole text of miniapp.json instead of the model's.
	Raw string
	// Files replaces or adds files by name; an empty text removes the file.
	Files map[string]string
	// Modes sets the modes of files; others are regular.
	Modes map[string]source.Mode
	// Errs are files that cannot be read, with the reason.
	Errs map[string]error
	// Folder is the name of the folder; "" means the model's own.
	Folder string
	// Kind is what the change does; 0 means a first submission. For
	// submission.Update the base is the model, and the head is the model with
	// the next version and its changelog section, changed as said above. For
	// submission.Removed there is only the base.
	Kind submission.Kind
	// BaseEdit and BaseFiles change the base of an update.
	BaseEdit  string
	BaseFiles map[string]string
	// RenamedFrom is the folder of the base, when it is another one.
	RenamedFrom string
	// Retired is submission.Change's field of that name.
	Retired bool
	// Others are further namespaces of the repository, Reserved those that
	// nobody may take.
	Others, Reserved []string
	Held             []Held
	Claims           []Claim
	// Recipients are the keys that the configuration names.
	Recipients []sealed.Recipient
}
