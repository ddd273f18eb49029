// Package catalogue writes the pages on which people look through a registry.
//
// A page is one file without anything from elsewhere: no picture, font or script
// of another host, so that looking at a MiniApp tells nobody. What was submitted
// is in it as text, or as Markdown without HTML; a content security policy
// stands behind that. The same registry gives the same bytes.
package catalogue

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/registry"
	"github.com/karzoun/miniapp-review/internal/webtext"
)

//go:embed page.css
var style string

//go:embed filter.js
var script string

//go:embed index.tmpl.html
var indexPage string

//go:embed namespace.tmpl.html
var namespacePage string

// page is what both pages have.
type page struct {
	Policy string
	Style  template.CSS
	Script template.JS
}

// newPage makes the parts of a page; script may be "".
func newPage(script string) page {
	p := page{Policy: "default-src 'none'; base-uri 'none'; form-action 'none'; style-src " + hash(style), Style: template.CSS(style), Script: template.JS(script)}
	if script != "" {
		p.Policy += "; script-src " + hash(script)
	}
	return p
}

// hash is the source of a content security policy that allows exactly a text.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// app is a namespace as a page shows it.
type app struct {
	NS, Title, Category, ShortDescription, Letter, Latest, Date string
	Partners                                                    bool
}

func newApp(ns string, e registry.Entry) app {
	a := app{NS: ns, Title: webtext.Plain(e.Summary.Title), Category: webtext.Plain(e.Summary.Category), ShortDescription: webtext.Plain(e.Summary.ShortDescription), Latest: e.Latest()}
	if strings.TrimSpace(a.Title) == "" {
		a.Title = ns
	}
	a.Letter = webtext.Initial(a.Title)
	if v, ok := e.Find(a.Latest); ok {
		a.Date, a.Partners = day(v.Committed), v.Visibility == registry.Partner
	}
	return a
}

// Index writes the page of all namespaces.
func Index(x *registry.Index) ([]byte, error) {
	data := struct {
		page
		Apps       []app
		Categories []string
	}{page: newPage(script)}
	for _, ns := range x.Namespaces() {
		a := newApp(ns, x.Entry(ns))
		data.Apps = append(data.Apps, a)
		if a.Category != "" {
			data.Categories = append(data.Categories, a.Category)
		}
	}
	slices.Sort(data.Categories)
	data.Categories = slices.Compact(data.Categories)
	slices.SortStableFunc(data.Apps, func(a, b app) int { return strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)) })
	return render("index", indexPage, data)
}

// version is a version as its namespace's page shows it.
type version struct {
	Version, Date, Reason             string
	Repository, Commit, Tool          string
	Latest, Partners, Yanked, Deleted bool
	Changelog                         template.HTML
	Files                             []file
}

type file struct{ Version, Name, SHA256 string }

// namespace is the data of a namespace's page.
type namespace struct {
	page
	app
	Description, Setup template.HTML
	Versions           []version
	// Example is a version for the example of a command.
	Example string
}

// Escape writes a version as a part of an address.
func (namespace) Escape(version string) string { return url.PathEscape(version) }

// Namespace writes the page of one namespace.
func Namespace(ns string, e registry.Entry, versions []registry.Stored) ([]byte, error) {
	data := namespace{page: newPage(""), app: newApp(ns, e)}
	byName := map[string]registry.Stored{}
	for _, s := range versions {
		byName[s.Version] = s
	}
	for _, v := range e.Versions {
		shown, err := newVersion(v, byName[v.Version], data.Latest)
		if err != nil {
			return nil, err
		}
		data.Versions = append(data.Versions, shown)
		if s := byName[v.Version]; s.Release != nil && (data.Example == "" || v.Version == data.Latest) {
			l, err := s.Release.ReadListing()
			if err != nil {
				return nil, err
			}
			data.Example, data.Description, data.Setup = v.Version, webtext.Markdown(l.Description), webtext.Markdown(l.Setup)
		}
	}
	return render("namespace", namespacePage, data)
}

func newVersion(v registry.Version, s registry.Stored, latest string) (version, error) {
	out := version{
		Version: v.Version, Date: day(v.Committed), Reason: webtext.Plain(v.Reason), Latest: v.Version == latest,
		Partners: v.Visibility == registry.Partner, Yanked: v.State == registry.Yanked, Deleted: v.State == registry.Deleted,
	}
	if s.Release == nil {
		return out, nil
	}
	out.Changelog = webtext.Markdown(string(s.Release.Changelog))
	files := s.Release.Files()
	for _, name := range []string{registry.DefinitionFile, registry.ListingFile, registry.ChangelogFile, registry.ProvenanceFile} {
		if text, ok := files[name]; ok {
			out.Files = append(out.Files, file{v.Version, name, registry.Digest(text)})
		}
	}
	if len(s.Release.Provenance) > 0 {
		p, err := s.Release.ReadProvenance()
		if err != nil {
			return out, err
		}
		out.Repository, out.Commit, out.Tool = webtext.Plain(p.Source.Repository), webtext.Plain(p.Source.Commit), webtext.Plain(p.Tool)
	}
	return out, nil
}

func render(name, text string, data any) ([]byte, error) {
	t, err := template.New(name).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("reading the template %s: %w", name, err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, data); err != nil {
		return nil, fmt.Errorf("filling the template %s: %w", name, err)
	}
	return out.Bytes(), nil
}

// day returns the day of a time by RFC 3339.
func day(at string) string {
	if len(at) < len("2006-01-02") {
		return ""
	}
	return webtext.Plain(at[:len("2006-01-02")])
}
