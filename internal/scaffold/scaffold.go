// Package scaffold makes the files of a new submission. What only the partner
// can know is marked with TODO, and the rule "todo-resolved" finds each mark.
package scaffold

import (
	"bytes"
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// Options say what a new submission is to be like.
type Options struct {
	// NS is the namespace; it must be kebab-case.
	NS string
	// Title is the name that people see.
	Title string
	// Category is one of the marketplace's.
	Category string
	// Auth is "bearer_token", "apikey" or "oauth2".
	Auth string
	// Webhook adds a trigger, the webhook block and a sample delivery.
	Webhook bool
	// Login and ID are the GitHub account that may submit updates; 0 when not
	// known.
	Login string
	ID    int64
	// Date is the date of the first changelog section.
	Date time.Time
}

// AuthTypes are the values of Options.Auth.
func AuthTypes() []string { return []string{"bearer_token", "apikey", "oauth2"} }

// File is one file of the new folder.
type File struct {
	Name string
	Data []byte
}

//go:embed template
var templates embed.FS

// Files returns the files of the folder, sorted by name.
func Files(o Options) ([]File, error) {
	if o.Login == "" {
		o.Login, o.ID = "TODO-your-github-login", 1
	}
	funcs := template.FuncMap{
		"json": jsondoc.Quote,
		// bare is for text inside of a JSON string.
		"bare": func(s string) string { return strings.Trim(jsondoc.Quote(s), `"`) },
		"date": func() string { return o.Date.UTC().Format(time.DateOnly) },
	}
	all, err := template.New("").Funcs(funcs).ParseFS(templates, "template/*")
	if err != nil {
		return nil, err
	}
	var files []File
	for _, t := range all.Templates() {
		name := strings.TrimSuffix(strings.ReplaceAll(t.Name(), "__", "/"), ".tmpl")
		if t.Name() == "" || t.Name() == "header" || strings.HasPrefix(name, submission.SamplesDir+"/") && !o.Webhook {
			continue
		}
		var b bytes.Buffer
		if err := t.Execute(&b, o); err != nil {
			return nil, fmt.Errorf("making %q: %w", name, err)
		}
		data := b.Bytes()
		if path.Ext(name) == ".json" {
			doc, problems := jsondoc.Parse(data)
			if len(problems) > 0 {
				return nil, fmt.Errorf("making %q: %w", name, problems[0])
			}
			data = doc.Format()
		}
		files = append(files, File{name, data})
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files, nil
}
