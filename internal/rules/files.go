package rules

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// readingRules are about whether there is anything to check at all.
func readingRules() []Spec {
	return []Spec{definitionPresent(), fileReadable()}
}

func definitionPresent() Spec {
	return Spec{
		ID: "definition-present", Group: groupPackage, Severity: finding.Error, Security: true,
		Title:   "There is a miniapp.json",
		Purpose: "Checks that the folder has a miniapp.json, and that it holds one JSON object.",
		Source:  "A MiniApp is one JSON document; without it there is nothing to review.",
		Help:    "Call the definition `miniapp.json`. `miniapp init NS` makes a folder to start from.",
		Fires: []Example{
			{Name: "no definition", Files: map[string]string{submission.DefinitionFile: ""}},
			{Name: "a list of definitions", Raw: "[]\n"},
			{Name: "a definition that is called otherwise",
				Files: map[string]string{submission.DefinitionFile: "", "MiniApp.json": "{}\n"}},
		},
		Silent: []Example{{Name: "an empty object", Raw: "{}\n"}},
		Check: func(p *Pass) {
			f := p.Head.File(submission.DefinitionFile)
			if f != nil {
				if f.JSON != nil && !f.JSON.Root.Is(jsondoc.Object) {
					p.Node(f.JSON.Root, "the definition is not an object").
						Hint("A miniapp.json holds one definition, and starts with \"{\".")
				}
				return
			}
			if len(p.Head.Files) == 1 && p.Head.Files[0].Name == "" {
				return // a link or submodule in the place of the folder
			}
			for _, other := range p.Head.Files {
				if strings.EqualFold(other.Name, submission.DefinitionFile) {
					p.File(other.Name, "the definition must be called %q", submission.DefinitionFile).
						Hint("Rename the file; the case of letters counts.")
					return
				}
			}
			p.File(submission.DefinitionFile, "the folder has no %s", submission.DefinitionFile).
				Hint("Add the definition; \"miniapp init %s\" makes a folder to start from.", p.Head.Folder)
		},
	}
}

func fileReadable() Spec {
	return Spec{
		ID: "file-readable", Group: groupPackage, Severity: finding.Error, Security: true,
		Title:   "Files can be read",
		Purpose: "Checks that every file of the folder could be read, so that nothing goes unchecked.",
		Source:  "What could not be read has not been reviewed. A file may have 1 MiB, a folder 8 MiB in all and 200 files.",
		Help:    "Take out what the submission does not need. A definition has some 10 KB; images belong on the publisher's own host.",
		Fires: []Example{
			{Name: "a file that is too large", Files: map[string]string{"webhooks/big.json": "{}"},
				Errs: map[string]error{"webhooks/big.json": source.ErrTooLarge}},
			{Name: "a file without permission", Errs: map[string]error{submission.SetupFile: &fs.PathError{Op: "open", Path: "SETUP.md", Err: fs.ErrPermission}}},
		},
		Silent: []Example{{Name: "files of all kinds", Files: map[string]string{"NOTES.md": "x\n", "webhooks/empty.json": " "}}},
		Check: func(p *Pass) {
			for _, f := range p.Head.Files {
				switch {
				case f.Err == nil:
				case errors.Is(f.Err, source.ErrTooLarge):
					p.File(f.Name, "the file is too large to be checked").
						Hint("Take it out or make it smaller: a file may have 1 MiB, and the folder 8 MiB in all.")
				default:
					p.File(f.Name, "the file could not be read: %s", reason(f.Err)).
						Hint("Make it a plain file that everybody may read.")
				}
			}
			if p.Head.Truncated {
				p.File(submission.DefinitionFile, "the folder has more than %d files, or folders that are nested too deep, and the rest is not checked", submission.MaxFiles).
					Hint("Take out what the submission does not need.").Tell("count")
			}
		},
	}
}

// reason returns the innermost words of an error, which hold no path of the
// machine that the check runs on.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}
