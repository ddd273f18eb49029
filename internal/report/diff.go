package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/karzoun/miniapp-review/internal/compat"
	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// Diff is the comparison of one definition, and how its two sides are shown.
type Diff struct {
	*compat.Comparison
	// Name is the namespace, or whatever else tells the definition from others.
	Name string
	// BasePath and HeadPath are the paths of the two documents, as positions show them.
	BasePath, HeadPath string
}

// place returns where a node of a document is: at its key if it has one.
func place(d *definition.Definition, n *jsondoc.Node) jsondoc.Position {
	if n.Parent.Is(jsondoc.Object) {
		return d.Doc.Position(n.KeySpan.Start)
	}
	return d.Doc.Position(n.Span.Start)
}

// meaning says what an impact is to installed tenants.
func meaning(i compat.Impact) string {
	switch i {
	case compat.Breaking:
		return "installed tenants notice"
	case compat.Feature:
		return "new, or of unknown effect; installed tenants can ignore it"
	}
	return "nothing that installed tenants name is changed"
}

// ladder is the order in which impacts are shown.
func ladder() []compat.Impact {
	return []compat.Impact{compat.Breaking, compat.Feature, compat.Fix}
}

// number counts the changes of one impact.
func number(n int, i compat.Impact) string {
	switch {
	case i == compat.Breaking:
		return count(n, "breaking change")
	case i == compat.Fix && n > 1:
		return fmt.Sprintf("%d fixes", n)
	}
	return count(n, i.String())
}

// of returns the changes of one impact.
func of(changes []compat.Change, i compat.Impact) []compat.Change {
	var some []compat.Change
	for _, c := range changes {
		if c.Impact == i {
			some = append(some, c)
		}
	}
	return some
}

// versions writes the versions of both sides, such as "1.0.0 → 1.1.0".
func (d Diff) versions() string {
	text := func(d *definition.Definition) string {
		const limit = 40 // a version that is longer is none
		if d == nil || d.Version.Text() == "" {
			return "no version"
		}
		if v := []rune(d.Version.Text()); len(v) > limit {
			return string(v[:limit]) + "…"
		}
		return d.Version.Text()
	}
	was, is := text(d.Base), text(d.Head)
	switch {
	case d.Base == nil:
		return "new, " + is
	case d.Head == nil:
		return "removed"
	case was == is:
		return is
	}
	return was + " → " + is
}

// DiffText writes comparisons for people at a terminal.
func DiffText(diffs []Diff, o Options) string {
	p := &printer{options: o}
	if len(diffs) == 0 {
		p.WriteString("no definition is changed\n")
	}
	for i, d := range diffs {
		if i > 0 {
			p.WriteByte('\n')
		}
		p.comparison(d)
	}
	return p.String()
}

func impactStyle(i compat.Impact) string {
	switch i {
	case compat.Breaking:
		return red
	case compat.Feature:
		return blue
	}
	return bold
}

func (p *printer) comparison(d Diff) {
	fmt.Fprintf(p, "%s: %s\n", p.style(bold, Visible(d.Name)), Visible(d.versions()))
	for _, i := range ladder() {
		changes := of(d.Changes, i)
		if len(changes) == 0 {
			continue
		}
		fmt.Fprintf(p, "\n%s: %s\n", p.style(impactStyle(i), number(len(changes), i)), meaning(i))
		for _, c := range changes {
			p.change(d, c)
		}
	}
	if len(d.Changes) > 0 {
		p.WriteByte('\n')
	}
	p.WriteString(conclusion(d, Visible) + "\n")
}

func (p *printer) change(d Diff, c compat.Change) {
	path, doc, n := d.HeadPath, d.Head, c.Head
	if n == nil {
		path, doc, n = d.BasePath, d.Base, c.Base
	}
	at := place(doc, n)
	was := ""
	if c.Base != nil && c.Head != nil {
		was = p.style(faint, fmt.Sprintf(" (was line %d)", place(d.Base, c.Base).Line))
	}
	fmt.Fprintf(p, "  %s %s %s%s\n", p.style(bold, fmt.Sprintf("%s:%d:%d:", Visible(path), at.Line, at.Column)), Visible(c.Message), p.style(faint, "["+c.ID+"]"), was)
}

// conclusion says in a sentence what the changes come to. show writes a
// submitted text.
func conclusion(d Diff, show func(string) string) string {
	switch {
	case d.Base == nil:
		return "A new definition: no tenant has it installed, so nothing can break."
	case d.Head == nil:
		return "The definition is removed: everything that tenants use stops."
	case d.Impact == compat.None:
		return "Nothing that counts as a change: no new version is needed."
	}
	text := fmt.Sprintf("Impact: %s. The smallest version that covers it is %s (%s)", d.Impact, d.Minimum, d.Bump)
	switch {
	case compat.Version(d.Head) == nil:
		return text + "; the definition has no readable version."
	case !d.Covered():
		return text + "; the definition says " + show(d.Head.Version.Text()) + "."
	}
	return text + ", and the definition says " + show(d.Head.Version.Text()) + "."
}

// foldFrom is the number of changes from which Markdown folds them.
const foldFrom = 10

// DiffMarkdown writes a comparison as Markdown, without a heading: what it
// comes to, and the changes by impact, folded when they are many. Of each
// impact at most the given number is listed, 0 for all. What was submitted is
// in code spans.
func DiffMarkdown(d Diff, most int) string {
	var b strings.Builder
	b.WriteString(conclusion(d, Code) + "\n")
	fold := len(d.Changes) > foldFrom
	for _, i := range ladder() {
		changes := of(d.Changes, i)
		if len(changes) == 0 {
			continue
		}
		title := number(len(changes), i)
		if fold {
			fmt.Fprintf(&b, "\n<details><summary>%s: %s</summary>\n\n", title, meaning(i))
		} else {
			fmt.Fprintf(&b, "\n**%s**: %s\n\n", title, meaning(i))
		}
		for n, c := range changes {
			if n == most && most > 0 {
				fmt.Fprintf(&b, "- and %d more\n", len(changes)-n)
				break
			}
			fmt.Fprintf(&b, "- %s (`%s`, %s)\n", Prose(c.Message), c.ID, linesOf(d, c))
		}
		if fold {
			b.WriteString("\n</details>\n")
		}
	}
	return b.String()
}

// linesOf says on which lines a change is.
func linesOf(d Diff, c compat.Change) string {
	switch {
	case c.Head == nil:
		return fmt.Sprintf("was line %d", place(d.Base, c.Base).Line)
	case c.Base == nil:
		return fmt.Sprintf("line %d", place(d.Head, c.Head).Line)
	}
	return fmt.Sprintf("line %d, was %d", place(d.Head, c.Head).Line, place(d.Base, c.Base).Line)
}

// DiffsMarkdown writes comparisons as Markdown, each under a heading.
func DiffsMarkdown(diffs []Diff) string {
	if len(diffs) == 0 {
		return "No definition is changed.\n"
	}
	var b strings.Builder
	for i, d := range diffs {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "### %s: %s\n\n%s", Code(d.Name), Code(d.versions()), DiffMarkdown(d, 0))
	}
	return b.String()
}

// The JSON form of comparisons is a contract, as that of findings is.
type (
	jsonDiff struct {
		Version int `json:"version"`
		jsonComparison
	}
	jsonComparison struct {
		Impact         string       `json:"impact"`
		Bump           string       `json:"bump"`
		MinimumVersion string       `json:"minimum_version"`
		Changes        []jsonChange `json:"changes"`
	}
	jsonChange struct {
		ID      string     `json:"id"`
		Impact  string     `json:"impact"`
		Message string     `json:"message"`
		Base    *jsonPoint `json:"base"`
		Head    *jsonPoint `json:"head"`
	}
	jsonPoint struct {
		Pointer string `json:"pointer"`
		Line    int    `json:"line"`
	}
	jsonDiffs struct {
		Version     int         `json:"version"`
		Impact      string      `json:"impact"`
		Definitions []jsonNamed `json:"definitions"`
	}
	jsonNamed struct {
		Name string `json:"name"`
		jsonComparison
	}
)

// DiffJSON writes one comparison as JSON.
func DiffJSON(w io.Writer, d Diff) error {
	return encode(w, jsonDiff{1, comparisonJSON(d)})
}

// DiffsJSON writes any number of comparisons as JSON, each with its name, and
// the greatest impact of all.
func DiffsJSON(w io.Writer, diffs []Diff) error {
	greatest := compat.None
	out := jsonDiffs{Version: 1, Definitions: []jsonNamed{}}
	for _, d := range diffs {
		greatest = max(greatest, d.Impact)
		out.Definitions = append(out.Definitions, jsonNamed{d.Name, comparisonJSON(d)})
	}
	out.Impact = greatest.String()
	return encode(w, out)
}

func comparisonJSON(d Diff) jsonComparison {
	out := jsonComparison{Impact: d.Impact.String(), Bump: d.Bump, Changes: []jsonChange{}}
	if d.Minimum != nil {
		out.MinimumVersion = d.Minimum.String()
	}
	point := func(doc *definition.Definition, n *jsondoc.Node) *jsonPoint {
		if n == nil {
			return nil
		}
		return &jsonPoint{n.Pointer(), place(doc, n).Line}
	}
	for _, c := range d.Changes {
		out.Changes = append(out.Changes, jsonChange{c.ID, c.Impact.String(), c.Message, point(d.Base, c.Base), point(d.Head, c.Head)})
	}
	return out
}
