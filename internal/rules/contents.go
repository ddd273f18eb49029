package rules

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// contentRules are about which files a submission has.
func contentRules() []Spec {
	return []Spec{eventHasSample(), fileExpected(), todoResolved()}
}

func eventHasSample() Spec {
	return Spec{
		ID: "event-has-sample", Group: groupPackage, Severity: finding.Error,
		Title:   "Every event has a sample delivery",
		Purpose: "Checks that a definition with a webhook comes with a sample delivery for the event of each trigger, by which reviewers try it out.",
		Source:  "A submission with a webhook comes with the list of its events and a sample of each one's payload.",
		Help:    "Save a delivery of the provider's sandbox as `webhooks/NAME.json`, with `event`, `headers`, `query` and `body`. Replace what is about real people.",
		Fires: []Example{
			{Name: "an event without a sample", Files: map[string]string{"webhooks/ticket-closed.json": ""}},
			{Name: "no samples at all", Files: map[string]string{"webhooks/ticket-closed.json": "", "webhooks/ticket-created.json": ""}},
			{Name: "a sample in another folder", Files: map[string]string{"webhooks/ticket-closed.json": "", "samples/ticket-closed.json": sampleOf("ticket.closed")}},
		},
		Silent: []Example{
			{Name: "no webhook", Edit: "/webhook = null\n/sync delete", Files: map[string]string{"webhooks/ticket-closed.json": ""}},
			{Name: "no triggers", Edit: "/triggers = []", Files: map[string]string{"webhooks/ticket-closed.json": ""}},
			{Name: "a sample that cannot be read, which has a rule of its own", Files: map[string]string{"webhooks/ticket-closed.json": "{"}},
			{Name: "a sample for an event with a typing mistake, which has one too", Files: map[string]string{"webhooks/ticket-closed.json": sampleOf("ticket.close")}},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			if def.Webhook.Node == nil || !p.Head.Whole() {
				return
			}
			has := map[string]bool{}
			for _, s := range p.samples() {
				has[s.Event.Text()] = true
			}
			_, known := knownEvents(def)
			unread := 0 // any of these may be the one that is missing
			for _, f := range p.Head.Files {
				if strings.HasPrefix(f.Name, submission.SamplesDir+"/") && path.Ext(f.Name) == ".json" && (f.JSON == nil || len(f.Problems) > 0 || !f.JSON.Root.Is(jsondoc.Object)) {
					unread++
				}
			}
			for _, s := range p.samples() {
				if !known[s.Event.Text()] {
					unread++
				}
			}
			var lacks []definition.Trigger
			for _, t := range def.Triggers {
				if t.Event != "" && !has[t.Event] {
					has[t.Event] = true
					lacks = append(lacks, t)
				}
			}
			if len(lacks) <= unread {
				return
			}
			for _, t := range lacks {
				p.Node(t.EventAt, "there is no sample delivery for the event %s", shown(t.Event)).
					Hint("Save a delivery as a file in %s/, with event, headers, query and body.", submission.SamplesDir)
			}
		},
	}
}

// neighbourFiles are the names that people give to the files of a submission.
func neighbourFiles() map[string]string {
	return map[string]string{
		"changes.md": submission.ChangelogFile, "changelog": submission.ChangelogFile, "changelog.txt": submission.ChangelogFile, "history.md": submission.ChangelogFile,
		"setup": submission.SetupFile, "setup.txt": submission.SetupFile, "install.md": submission.SetupFile, "guide.md": submission.SetupFile, "setup-guide.md": submission.SetupFile,
		"owner.json": submission.OwnersFile, "owners.yml": submission.OwnersFile, "owners.yaml": submission.OwnersFile, "owners": submission.OwnersFile,
		"test_account.age": submission.TestAccountFile, "testaccount.age": submission.TestAccountFile, "account.age": submission.TestAccountFile, "credentials.age": submission.TestAccountFile,
		"qa.yml": submission.QAFile, "qa.yaml": submission.QAFile, "qa-file.json": submission.QAFile, "try.json": submission.QAFile,
		"test-account.txt.age": submission.TestAccountFile, "test-account.json.age": submission.TestAccountFile,
	}
}

func fileExpected() Spec {
	return Spec{
		ID: "file-expected", Group: groupPackage, Severity: finding.Notice,
		Title:   "Files belong to a submission",
		Purpose: "Checks that every file is one that a submission has, since others are read by nobody and may be there by mistake.",
		Source:  "A submission has miniapp.json, CHANGELOG.md, SETUP.md, owners.json, test-account.age and webhooks/*.json; a qa.json and a README.md are welcome. What a tool left behind, and what has almost the right name, is a warning.",
		Help:    "Take the file out, or give it the name that it should have. Images belong on the publisher's own host.",
		Fires: []Example{
			{Name: "a page of notes", Files: map[string]string{"NOTES.md": "x\n"}},
			{Name: "other letters", Files: map[string]string{submission.SetupFile: "", "Setup.md": "1. a\n2. b\n3. c\n"}},
			{Name: "a name that is almost right", Files: map[string]string{submission.OwnersFile: "", "owner.json": "[]\n"}},
			{Name: "samples in another folder", Files: map[string]string{"samples/a.json": "{}\n", "samples/b.json": "{}\n"}},
			{Name: "a sample that is no JSON", Files: map[string]string{"webhooks/ticket.xml": "<a/>\n"}},
			{Name: "what a tool left behind", Files: map[string]string{".DS_Store": "x", "miniapp.json.orig": "{}", "node_modules/a/b.js": "x"}},
		},
		Silent: []Example{{Name: "a page for reviewers", Files: map[string]string{"README.md": "# Acme Desk\n"}}},
		Check: func(p *Pass) {
			count := map[string]int{}
			for _, f := range p.Head.Files {
				top, _, _ := strings.Cut(f.Name, "/")
				count[top]++
			}
			told := map[string]bool{}
			for _, f := range p.Head.Files {
				// What is no file, or has a name that nobody can read, has a rule of
				// its own.
				plainFile := f.Mode == source.Regular || f.Mode == source.Executable
				if f.Name != "" && plainFile && !expectedFile(f.Name) && !credentialFile(f.Name) && badCharacter(f.Name) == "" {
					unexpectedFile(p, f.Name, count, told)
				}
			}
		},
	}
}

func expectedFile(name string) bool {
	if dir, base := path.Split(name); dir != "" {
		// Folders within it are a matter of folder-depth.
		return strings.HasPrefix(dir, submission.SamplesDir+"/") && path.Ext(base) == ".json"
	}
	return slices.Contains([]string{submission.DefinitionFile, submission.ChangelogFile, submission.SetupFile,
		submission.OwnersFile, submission.TestAccountFile, submission.QAFile, "README.md"}, name)
}

// unexpectedFile reports a file, or the folder that it is in as a whole.
func unexpectedFile(p *Pass, name string, count map[string]int, told map[string]bool) {
	top, _, inFolder := strings.Cut(name, "/")
	base := strings.ToLower(path.Base(name))
	switch {
	case leftBehind(strings.ToLower(top)) || leftBehind(base):
		if inFolder && leftBehind(strings.ToLower(top)) {
			if told[top] {
				return
			}
			told[top] = true
		}
		p.File(name, "this was left behind by a tool and does not belong to the submission").As(finding.Warning).
			Hint("Take it out, and let a .gitignore of your own computer keep it out.")
	case top == submission.SamplesDir:
		p.File(name, "sample deliveries end in \".json\", so that this one is passed over").As(finding.Warning).
			Hint("Write the delivery as JSON with event, headers, query and body; a body that is no JSON goes in as a text.")
	case inFolder:
		if told[top] {
			return
		}
		told[top] = true
		r := p.File(name, "the folder %s, with %s, is no part of a submission", shown(top), files(count[top])).Tell(top)
		if strings.HasSuffix(base, ".json") {
			r.As(finding.Warning).Hint("Take it out; if these are sample deliveries, move them to %q.", submission.SamplesDir+"/")
		} else {
			r.Hint("Take it out unless reviewers need it.")
		}
	default:
		meant := neighbourFiles()[base]
		for _, right := range []string{submission.ChangelogFile, submission.SetupFile, submission.OwnersFile, submission.TestAccountFile, submission.QAFile} {
			if strings.EqualFold(base, right) {
				meant = right
			}
		}
		if meant != "" && p.Head.File(meant) == nil {
			p.File(name, "this file is passed over; its name would have to be %q", meant).As(finding.Warning).
				Hint("Rename it to %q; the case of letters counts.", meant)
			return
		}
		// definition-present, path-no-twins and path-no-git-files speak of these.
		if !strings.EqualFold(base, submission.DefinitionFile) && !strings.HasPrefix(base, ".git") {
			p.File(name, "this file is no part of a submission").Hint("Take it out unless reviewers need it.")
		}
	}
}

func files(n int) string {
	if n == 1 {
		return "1 file"
	}
	return strconv.Itoa(n) + " files"
}

// leftBehind reports whether a file or folder has the name of what systems,
// editors and package managers leave behind.
func leftBehind(base string) bool {
	if slices.Contains([]string{".ds_store", "thumbs.db", "desktop.ini", "__macosx", ".idea", ".vscode", "node_modules", "__pycache__", ".venv", ".cache", ".directory"}, base) {
		return true
	}
	for _, ending := range []string{"~", ".swp", ".swo", ".orig", ".rej", ".bak", ".tmp", ".old", ".pyc", ".log"} {
		if strings.HasSuffix(base, ending) {
			return true
		}
	}
	return strings.HasPrefix(base, "._") || strings.HasPrefix(base, "~$")
}
