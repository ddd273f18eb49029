package rules

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

const groupFiles = "Files"

// pathRules are about what the entries of the folder are and what they are
// called. A repository is checked out on many systems, and read by reviewers.
func pathRules() []Spec {
	return []Spec{pathRegularFile(), pathNoTwins(), pathCharacters(), pathPortableName(), pathLength(), pathNoGitFiles(), fileNoLFSPointer(), folderDepth()}
}

func pathRegularFile() Spec {
	return Spec{
		ID: "path-regular-file", Group: groupFiles, Severity: finding.Error, Security: true,
		Title:   "Only plain files",
		Purpose: "Checks that the folder and everything in it are plain: no symbolic links, no submodules and no executable files.",
		Source:  "A symbolic link or a submodule shows a reviewer another content than the one that a reader gets, and a link may lead out of the repository. Nothing in a submission is run.",
		Help:    "Put the content itself where the link or submodule is. Take the executable bit away with `git update-index --chmod=-x FILE`.",
		Fires: []Example{
			{Name: "a link", Modes: map[string]source.Mode{submission.SetupFile: source.Symlink}},
			{Name: "a submodule", Modes: map[string]source.Mode{"webhooks/more": source.Submodule}},
			{Name: "an executable file", Modes: map[string]source.Mode{submission.ChangelogFile: source.Executable}},
		},
		Silent: []Example{{Name: "plain files", Files: map[string]string{"README.md": "# Acme Desk\n"}}},
		Check: func(p *Pass) {
			for _, f := range p.Head.Files {
				what := "this file"
				if f.Name == "" {
					what = "the folder of the submission"
				}
				switch f.Mode {
				case source.Regular:
				case source.Symlink:
					p.File(f.Name, "%s is a symbolic link", what).Hint("Put the content itself there; links are never followed.")
				case source.Submodule:
					p.File(f.Name, "%s is a Git submodule", what).Hint("Commit the content itself; other repositories are never read.")
				case source.Executable:
					p.File(f.Name, "this file is executable").
						Hint("Take the executable bit away: \"git update-index --chmod=-x\" and the name of the file.")
				default:
					p.File(f.Name, "%s is of no kind that Git knows", what).Hint("Put a plain file there.")
				}
			}
		},
	}
}

func pathNoTwins() Spec {
	return Spec{
		ID: "path-no-twins", Group: groupFiles, Severity: finding.Error, Security: true,
		Title:   "No two names are the same to another system",
		Purpose: "Checks that no two files or folders have names that differ only in the case of letters or in how accents are stored.",
		Source:  "Windows and macOS take such names for the same file, so that a checkout holds only one of the two, and not always the one that was reviewed.",
		Help:    "Rename one of the two, or take it out.",
		Fires: []Example{
			{Name: "another case", Files: map[string]string{"Miniapp.JSON": "{}\n"}},
			{Name: "another case of a folder", Files: map[string]string{"Webhooks/ticket-created.json": sampleOf("ticket.created")}},
			{Name: "an accent in one character and in two", Files: map[string]string{"caf\u00e9.md": "x\n", "cafe\u0301.md": "x\n"}},
			{Name: "letters of the same sound", Files: map[string]string{"STRASSE.md": "x\n", "straße.md": "x\n"}},
		},
		Silent: []Example{{Name: "the same name in two folders", Files: map[string]string{"webhooks/setup.md": "x\n"}}},
		Check: func(p *Pass) {
			first, told := map[string]string{}, map[string]bool{}
			for _, f := range p.Head.Files {
				for _, prefix := range prefixes(f.Name) {
					key := foldPath(prefix)
					before, known := first[key]
					if !known {
						first[key] = prefix
						continue
					}
					if before == prefix {
						continue
					}
					if told[prefix] {
						break
					}
					told[prefix] = true
					r := p.File(f.Name, "%s and %s are the same name on some systems", shown(prefix), shown(before)).
						Hint("Rename one of the two, or take it out.").Tell(prefix)
					if p.Head.File(before) != nil {
						r.SeeIn(p.Head, before, jsondoc.Span{}, "the other one")
					}
					break // what is below the folder needs no finding of its own
				}
			}
		},
	}
}

// prefixes returns the folders that a path is in, outermost first, and the path.
func prefixes(name string) []string {
	var out []string
	for i := range len(name) {
		if name[i] == '/' {
			out = append(out, name[:i])
		}
	}
	return append(out, name)
}

// foldPath maps the names that some system takes for the same to one text.
func foldPath(name string) string {
	if isASCII(name) {
		return strings.ToLower(name)
	}
	return norm.NFC.String(cases.Fold().String(norm.NFD.String(name)))
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// pathNames calls check for each name that the paths are made of, once. The name
// of the folder comes with an empty file.
func pathNames(p *Pass, check func(name, file string)) {
	if p.Head.Whole() && p.Head.Folder != "." {
		check(p.Head.Folder, "")
	}
	seen := map[string]bool{}
	for _, f := range p.Head.Files {
		for _, prefix := range prefixes(f.Name) {
			if prefix != "" && !seen[prefix] {
				seen[prefix] = true
				check(path.Base(prefix), f.Name)
			}
		}
	}
}

func pathCharacters() Spec {
	return Spec{
		ID: "path-characters", Group: groupFiles, Severity: finding.Error, Security: true,
		Title:   "Names are made of characters that can be seen",
		Purpose: "Checks that names hold no control, invisible or bidirectional characters, no backslashes and nothing that Windows refuses.",
		Source:  "Such characters make a name look like another one, or split it at another place. Windows refuses the characters < > : \" | ? * in names.",
		Help:    "Use letters, digits, hyphens, underscores and full stops.",
		Fires: []Example{
			{Name: "a text direction that hides the ending", Files: map[string]string{"guide\u202egnp.md": "x\n"}},
			{Name: "an invisible character", Files: map[string]string{"SETUP\u200b.md": "x\n"}},
			{Name: "a line break", Files: map[string]string{"a\nb.md": "x\n"}},
			{Name: "a backslash", Files: map[string]string{`..\secrets.md`: "x\n"}},
			{Name: "what Windows refuses", Files: map[string]string{"what?.md": "x\n"}},
			{Name: "bytes that are no text", Files: map[string]string{"caf\xe9.md": "x\n"}},
		},
		Silent: []Example{{Name: "letters of all scripts", Files: map[string]string{"دليل.md": "x\n", "naïve_1.2-b.md": "x\n"}}},
		Check: func(p *Pass) {
			pathNames(p, func(name, file string) {
				if what := badCharacter(name); what != "" {
					p.File(file, "the name %s holds %s", shown(name), what).
						Hint("Rename it to letters, digits, hyphens, underscores and full stops.").Tell(name)
				}
			})
		},
	}
}

// badCharacter says what a name holds that it must not, or "".
func badCharacter(name string) string {
	if !utf8.ValidString(name) {
		return "bytes that are no text"
	}
	for _, c := range name {
		switch {
		case unicode.Is(unicode.Bidi_Control, c):
			return "a character that changes the direction of text"
		case unicode.IsControl(c), c == '\u2028', c == '\u2029':
			return "a control character"
		case c == '\\':
			return "a backslash"
		case strings.ContainsRune(`<>:"|?*`, c):
			return "a character that Windows refuses in names"
		case !unicode.IsPrint(c), unicode.Is(unicode.Variation_Selector, c), unicode.Is(unicode.Other_Default_Ignorable_Code_Point, c):
			return "an invisible character"
		}
	}
	return ""
}

func pathPortableName() Spec {
	return Spec{
		ID: "path-portable-name", Group: groupFiles, Severity: finding.Error, Security: true,
		Title:   "Names work on every system",
		Purpose: "Checks that no name is one of Windows' devices, ends with a full stop or a space, or starts with a space or a hyphen.",
		Source:  "Windows opens a device for names such as CON and NUL with any ending, and drops full stops and spaces at the end of a name. A command takes a name with a hyphen in front for an option.",
		Help:    "Give the file another name.",
		Fires: []Example{
			{Name: "a device of Windows", Files: map[string]string{"webhooks/aux.json": sampleOf("ticket.created")}},
			{Name: "a device with two endings", Files: map[string]string{"Com1.tar.gz": "x\n"}},
			{Name: "a folder that is a device", Files: map[string]string{"con/a.md": "x\n"}},
			{Name: "a full stop at the end", Files: map[string]string{"SETUP.md.": "x\n"}},
			{Name: "a space at the end", Files: map[string]string{"SETUP.md ": "x\n"}},
			{Name: "a hyphen in front", Files: map[string]string{"-rf.md": "x\n"}},
			{Name: "a namespace that is a device", Folder: "nul", Edit: `/ns = "nul"`},
		},
		Silent: []Example{{Name: "names that only start like devices", Files: map[string]string{"webhooks/console.json": sampleOf("ticket.created"), "com10.md": "x\n", "null.md": "x\n"}}},
		Check: func(p *Pass) {
			pathNames(p, func(name, file string) {
				stem, _, _ := strings.Cut(name, ".")
				switch {
				case windowsDevice(stem):
					p.File(file, "%s is the name of a device on Windows", shown(name)).Hint("Rename it; Windows cannot check the repository out.").Tell(name)
				case strings.HasSuffix(name, "."), strings.HasSuffix(name, " "):
					p.File(file, "the name %s ends with a full stop or a space, which Windows drops", shown(name)).Hint("Rename it without the last character.").Tell(name)
				case strings.HasPrefix(name, "-"), strings.HasPrefix(name, " "):
					p.File(file, "the name %s starts with a hyphen or a space", shown(name)).Hint("Rename it without the first character, which commands misread.").Tell(name)
				}
			})
		},
	}
}

// windowsDevice reports whether a name without its endings is a device. Windows
// takes superscript digits for digits, and drops spaces at the end.
func windowsDevice(stem string) bool {
	stem = strings.ToLower(strings.TrimRight(stem, " "))
	for digit, super := range []string{1: "¹", 2: "²", 3: "³"} {
		if super != "" {
			stem = strings.ReplaceAll(stem, super, string(rune('0'+digit)))
		}
	}
	if slices.Contains([]string{"con", "prn", "aux", "nul", "conin$", "conout$"}, stem) {
		return true
	}
	return len(stem) == 4 && (stem[:3] == "com" || stem[:3] == "lpt") && stem[3] >= '0' && stem[3] <= '9'
}

// Limits of names, in bytes as file systems count. Windows allows 260
// characters for a whole path, and the repository itself is in some folder.
const (
	longestName = 100
	longestPath = 160
)

func pathLength() Spec {
	return Spec{
		ID: "path-length", Group: groupFiles, Severity: finding.Error,
		Title:   "Names are short enough",
		Purpose: "Checks that a name has at most 100 bytes, and a path within the folder at most 160.",
		Source:  "Windows allows 260 characters for a whole path unless it is set up otherwise, and archives 100 bytes for a name.",
		Help:    "Shorten the name.",
		Fires: []Example{
			{Name: "a long name", Files: map[string]string{"webhooks/" + strings.Repeat("ticket-", 15) + "created.json": sampleOf("ticket.created")}},
			{Name: "a long path", Files: map[string]string{strings.Repeat("abcdefghi/", 16) + "a.md": "x\n"}},
		},
		Silent: []Example{{Name: "a name with 100 bytes", Files: map[string]string{strings.Repeat("a", 97) + ".md": "x\n"}}},
		Check: func(p *Pass) {
			for _, f := range p.Head.Files {
				if name := path.Base(f.Name); len(name) > longestName {
					p.File(f.Name, "the name has %d bytes, and %d are allowed", len(name), longestName).Hint("Shorten it.")
				} else if len(f.Name) > longestPath {
					p.File(f.Name, "the path has %d bytes within the folder, and %d are allowed", len(f.Name), longestPath).Hint("Use fewer folders, or shorter names.")
				}
			}
		},
	}
}

func pathNoGitFiles() Spec {
	return Spec{
		ID: "path-no-git-files", Group: groupFiles, Severity: finding.Error, Security: true,
		Title:   "No files that steer Git or GitHub",
		Purpose: "Checks that nothing in the folder is called .gitattributes, .gitignore or otherwise like a file that Git or GitHub obeys.",
		Source:  "A .gitattributes in a folder can fold the changes of its files away in a review, or replace them on checkout; a .gitignore hides files. Windows also finds such files by their short names, such as git~1.",
		Help:    "Take the file out. What the whole repository needs belongs to its maintainers.",
		Fires: []Example{
			{Name: "attributes that hide changes", Files: map[string]string{".gitattributes": "*.json linguist-generated\n"}},
			{Name: "a folder of Git in other letters", Files: map[string]string{".GIT/config": "[core]\n"}},
			{Name: "a short name of Windows", Files: map[string]string{"git~1/config": "[core]\n"}},
		},
		Silent: []Example{{Name: "a page about Git", Files: map[string]string{"git.md": "x\n"}}},
		Check: func(p *Pass) {
			pathNames(p, func(name, file string) {
				if file == "" {
					return
				}
				lower := foldPath(strings.TrimRight(name, ". "))
				short, _, tilde := strings.Cut(lower, "~")
				if strings.HasPrefix(lower, ".git") || tilde && strings.HasPrefix(short, "gi") && len(short) <= 6 {
					p.File(file, "%s steers Git or GitHub", shown(name)).
						Hint("Take it out; what the repository needs belongs to its maintainers.").Tell(name)
				}
			})
		},
	}
}

// isLFSPointer reports whether a file is a pointer of Git LFS, which has fewer
// than 1024 bytes and starts with the address of its specification.
func isLFSPointer(f *submission.File) bool {
	return len(f.Data) < 1024 && (bytes.HasPrefix(f.Data, []byte("version https://git-lfs.github.com/spec/")) ||
		bytes.HasPrefix(f.Data, []byte("version https://hawser.github.com/spec/")))
}

const lfsPointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"

func fileNoLFSPointer() Spec {
	return Spec{
		ID: "file-no-lfs-pointer", Group: groupFiles, Severity: finding.Error, Security: true,
		Title:   "Files are there themselves",
		Purpose: "Checks that no file is a pointer of Git LFS, whose content lies elsewhere and has not been reviewed.",
		Source:  "Git LFS replaces a file by a short text that names its content on another server; what is reviewed and published is what Git itself holds.",
		Help:    "Take the file out of Git LFS with `git lfs untrack`, and commit it again. The files of a submission are small texts.",
		Fires: []Example{
			{Name: "a pointer in the place of the definition", Raw: lfsPointer},
			{Name: "a pointer in the place of the test account", Files: map[string]string{submission.TestAccountFile: lfsPointer}},
		},
		Silent: []Example{{Name: "a text about Git LFS", Files: map[string]string{"README.md": "We use version https://git-lfs.github.com/spec/v1.\n"}}},
		Check: func(p *Pass) {
			for _, f := range p.Head.Files {
				if isLFSPointer(f) {
					p.File(f.Name, "this is a pointer of Git LFS and not the file itself").
						Hint("Take the file out of Git LFS with \"git lfs untrack\", and commit it again.")
				}
			}
		},
	}
}

func folderDepth() Spec {
	return Spec{
		ID: "folder-depth", Group: groupFiles, Severity: finding.Warning,
		Title:   "Folders are not nested",
		Purpose: "Checks that no folder is within another one, since a submission needs only one for its sample deliveries.",
		Source:  "The files of a submission are in its folder, and sample deliveries in `webhooks/`. Deep folders only hide files from reviewers.",
		Help:    "Move the files up.",
		Fires:   []Example{{Name: "folders for samples", Files: map[string]string{"webhooks/tickets/created.json": sampleOf("ticket.created"), "webhooks/tickets/closed.json": sampleOf("ticket.closed")}}},
		Silent:  []Example{{Name: "one folder", Files: map[string]string{"webhooks/tickets-created.json": sampleOf("ticket.created")}}},
		Check: func(p *Pass) {
			seen := map[string]bool{}
			for _, f := range p.Head.Files {
				dir := path.Dir(f.Name)
				if !strings.Contains(dir, "/") || seen[dir] {
					continue
				}
				seen[dir] = true
				p.File(f.Name, "the folder %s is deeper than needed", shown(dir)).Hint("Move its files up; sample deliveries go into \"webhooks/\" itself.").Tell(dir)
			}
		},
	}
}
