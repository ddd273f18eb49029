package rules

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// ModelNS is the namespace of the model submission that examples change.
const ModelNS = "acme-desk"

// modelVersion is the version of the model, updateVersion that of an update's
// head, with the changelog section that goes with it.
const (
	modelVersion    = "1.0.0"
	updateVersion   = "1.1.0"
	updateChangelog = "# Changelog\n\n## [1.1.0] - 2026-11-02\n\n### Changed\n\n- The trigger labels say who acts.\n"
)

// modelChangelog is the changelog of the model.
//
//go:embed model/CHANGELOG.md
var modelChangelog string

//go:embed model
var modelFiles embed.FS

// exampleNow is the time at which examples are checked.
func exampleNow() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// Change builds the submission that the example describes.
func (e Example) Change() (*submission.Change, error) {
	folder := e.Folder
	if folder == "" {
		folder = ModelNS
	}
	c := &submission.Change{Kind: e.Kind, Retired: e.Retired}
	if c.Kind == 0 {
		c.Kind = submission.New
	}
	needsBase := c.Kind == submission.Update || c.Kind == submission.Removed || c.Kind == submission.Renamed || c.Kind == submission.Unchanged
	if needsBase {
		files, err := model()
		if err != nil {
			return nil, err
		}
		baseFolder := folder
		if e.RenamedFrom != "" {
			baseFolder = e.RenamedFrom
		}
		if c.Base, err = build(baseFolder, files, e.BaseEdit, "", e.BaseFiles, nil, nil); err != nil {
			return nil, fmt.Errorf("building the base: %w", err)
		}
	}
	if c.Kind == submission.Removed {
		return c, nil
	}
	files, err := model()
	if err != nil {
		return nil, err
	}
	if needsBase {
		for name, text := range e.BaseFiles {
			files[name] = text
		}
		if e.BaseEdit != "" {
			if files[submission.DefinitionFile], err = EditJSON(files[submission.DefinitionFile], e.BaseEdit); err != nil {
				return nil, err
			}
		}
	}
	if c.Kind == submission.Update || c.Kind == submission.Renamed {
		if files[submission.DefinitionFile], err = EditJSON(files[submission.DefinitionFile], `/version = "`+updateVersion+`"`); err != nil {
			return nil, err
		}
		files[submission.ChangelogFile] = updateChangelog + strings.TrimPrefix(files[submission.ChangelogFile], "# Changelog\n")
	}
	if c.Head, err = build(folder, files, e.Edit, e.Raw, e.Files, e.Modes, e.Errs); err != nil {
		return nil, fmt.Errorf("building the head: %w", err)
	}
	return c, nil
}

// Env is what the rules know when they check the example.
func (e Example) Env(schema *definition.Validator, secrets SecretScanner) *Env {
	return &Env{
		Now: exampleNow(), Schema: schema, Secrets: secrets,
		Namespaces:       NewNames(append(slices.Clone(e.Others), ModelNS), e.Reserved),
		Held:             func(string) []Held { return e.Held },
		Claims:           func(string) []Claim { return e.Claims },
		MarketplaceHosts: []string{"karzoun.com", "karzoun.chat"},
		Recipients:       e.Recipients,
	}
}

// model returns the files of the model submission.
func model() (map[string]string, error) {
	files := map[string]string{}
	err := fs.WalkDir(modelFiles, "model", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := modelFiles.ReadFile(path)
		files[strings.TrimPrefix(path, "model/")] = string(data)
		return err
	})
	return files, err
}

func build(folder string, files map[string]string, edits, raw string, more map[string]string, modes map[string]source.Mode, errs map[string]error) (*submission.Package, error) {
	var err error
	if edits != "" {
		if files[submission.DefinitionFile], err = EditJSON(files[submission.DefinitionFile], edits); err != nil {
			return nil, err
		}
	}
	if raw != "" {
		files[submission.DefinitionFile] = raw
	}
	for name, text := range more {
		if text == "" {
			delete(files, name)
		} else {
			files[name] = text
		}
	}
	for name := range modes {
		if _, ok := files[name]; !ok {
			files[name] = ""
		}
	}
	var list []*submission.File
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f := &submission.File{Name: name, Mode: source.Regular, Data: []byte(files[name])}
		if m, ok := modes[name]; ok {
			f.Mode = m
			if m != source.Regular && m != source.Executable {
				f.Data = nil
			}
		}
		if f.Err = errs[name]; f.Err != nil {
			f.Data = nil
		}
		list = append(list, f)
	}
	return submission.FromFiles(submission.Dir(folder), list), nil
}

// EditJSON changes a JSON text as the lines of Example.Edit say, and lays it
// out in the canonical pretty form.
func EditJSON(text, lines string) (string, error) {
	for _, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		doc, problems := jsondoc.Parse([]byte(text))
		if len(problems) > 0 {
			return "", fmt.Errorf("before %q: %w", line, problems[0])
		}
		edits, err := editLine(doc, line)
		if err != nil {
			return "", fmt.Errorf("edit %q: %w", line, err)
		}
		out, err := jsondoc.Apply(doc.Bytes(), edits)
		if err != nil {
			return "", fmt.Errorf("edit %q: %w", line, err)
		}
		doc, problems = jsondoc.Parse(out)
		if len(problems) > 0 {
			return "", fmt.Errorf("after %q: %w", line, problems[0])
		}
		text = string(doc.Format())
	}
	return text, nil
}

func editLine(doc *jsondoc.Document, line string) ([]jsondoc.Edit, error) {
	if pointer, ok := strings.CutSuffix(line, " delete"); ok {
		n := doc.Find(pointer)
		if n == nil {
			return nil, fmt.Errorf("there is nothing at %q", pointer)
		}
		return doc.Remove(n), nil
	}
	pointer, value, ok := strings.Cut(line, " = ")
	if !ok {
		return nil, fmt.Errorf("expected \"/pointer = JSON\" or \"/pointer delete\"")
	}
	if n := doc.Find(pointer); n != nil {
		return doc.Replace(n, value), nil
	}
	i := strings.LastIndexByte(pointer, '/')
	if i < 0 {
		return nil, fmt.Errorf("%q is no JSON Pointer", pointer)
	}
	parent := doc.Find(pointer[:i])
	key := strings.ReplaceAll(strings.ReplaceAll(pointer[i+1:], "~1", "/"), "~0", "~")
	switch {
	case parent.Is(jsondoc.Array) && key == "-":
		return doc.Append(parent, value), nil
	case parent.Is(jsondoc.Object):
		return doc.SetMember(parent, key, value, ""), nil
	}
	return nil, fmt.Errorf("there is no object or array at %q", pointer[:i])
}
