package report

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/karzoun/miniapp-review/internal/compat"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/stage"
)

// MaxComment is how many characters GitHub takes for a comment.
const MaxComment = 65536

// What the parts of a status comment may take, in characters or in number. A
// part that would not fit in maxText all the same is left out and counted, so
// that the rest of MaxComment is there for what is added to the comment: what a
// review remembers, and the marker.
const (
	maxText     = MaxComment - 2_000
	maxFindings = 36_000
	maxChanges  = 10_000
	maxHolds    = 10
	maxUpdates  = 5
	maxListings = 3
	maxReason   = 1_000
)

// bounded is a text that takes parts as long as they fit.
type bounded struct {
	text    strings.Builder
	length  int
	omitted int
}

func (b *bounded) add(part string) {
	n := utf8.RuneCountInString(part)
	if b.length+n > maxText {
		b.omitted++
		return
	}
	b.length += n
	b.text.WriteString(part)
}

// rulesPage explains every rule under its id.
const rulesPage = "https://github.com/karzoun/miniapp-review/blob/main/docs/rules.md#"

// StatusComment is everything that the one comment on a pull request says.
type StatusComment struct {
	// Page is the repository's page, Head the commit that was reviewed.
	Page, Head string
	// BaseBranch is the branch that it goes to.
	BaseBranch string
	Decision   stage.Decision
	// NotChecked says why there is no result, "" when there is one.
	NotChecked string
	// Merged is set when it was merged: nothing is checked any more then.
	Merged bool
	// Holds are the reasons for which a maintainer must look.
	Holds      []string
	Namespaces []Namespace
	// Findings are in the order of finding.Sort, without those in shadow.
	Findings []finding.Finding
	// Remarked are the identities of the findings that have a remark on their
	// lines.
	Remarked map[string]bool
	Waived   int
	// Version is that of the tool.
	Version string
	// Sections are further parts of the comment, each with its own heading.
	Sections []string
	// Evidence is what a machine saw when it tried the submission, or "". It
	// stands last, folded, and is the first to be left out.
	Evidence string
}

// Namespace is one namespace that the pull request touches.
type Namespace struct {
	NS string
	// Kind is what happens to it: "new", "update", "removed", "renamed" or
	// "unchanged".
	Kind string
	// From and To are its versions, "" when there is none.
	From, To string
	// Title, Short, Category and Icon are its listing at the head.
	Title, Short, Category, Icon string
	// Diff compares its definition with that of the base. It is nil when there
	// is no definition on either side.
	Diff *Diff
}

// Impact is what the change of the namespace does to installed tenants.
func (n Namespace) Impact() compat.Impact {
	if n.Diff == nil {
		return compat.None
	}
	return n.Diff.Impact
}

// Markdown writes the comment, at most maxText characters and a line of it,
// without a marker. What is left out is counted.
func (c StatusComment) Markdown() string {
	var b bounded
	b.add("### MiniApp review" + c.names() + "\n\n" + c.way() + "\n\n")
	for _, n := range c.Decision.Next {
		b.add("- " + Prose(n) + "\n")
	}
	if c.NotChecked != "" {
		b.add("\nIt **could not be checked**: " + sentence(cut(c.NotChecked, maxReason)) + "\n")
	}
	for i, h := range c.Holds {
		if i == maxHolds {
			b.add("\nIt is held for " + count(len(c.Holds)-i, "more reason") + ".\n")
			break
		}
		b.add("\nIt is **held for a maintainer**: " + sentence(cut(h, maxReason)) + "\n")
	}
	if c.NotChecked == "" && len(c.Namespaces) > 0 && !c.Merged {
		b.add("\n" + c.findings())
	}
	for _, s := range c.Sections {
		b.add("\n" + strings.TrimSpace(s) + "\n")
	}
	c.updates(&b)
	shown := 0
	for _, n := range c.Namespaces {
		if n.Title != "" && shown < maxListings {
			shown++
			b.add(n.listing())
		}
	}
	if !c.Merged {
		b.add(c.colophon())
	}
	if c.Evidence != "" {
		b.add("\n<details>\n<summary>What the machine saw</summary>\n\n" + strings.TrimSpace(c.Evidence) + "\n\n</details>\n")
	}
	if b.omitted > 0 {
		fmt.Fprintf(&b.text, "\n%s of this comment did not fit and %s left out.\n", count(b.omitted, "part"), map[bool]string{true: "is", false: "are"}[b.omitted == 1])
	}
	return b.text.String()
}

// updates tells what the namespaces change for tenants.
func (c StatusComment) updates(b *bounded) {
	budget, shown, left := maxChanges, 0, 0
	for _, n := range c.Namespaces {
		section := n.changes(budget)
		switch {
		case section == "":
		case shown == maxUpdates:
			left++
		default:
			shown++
			budget -= utf8.RuneCountInString(section)
			b.add(section)
		}
	}
	if left > 0 {
		b.add("\n" + count(left, "more namespace") + " changed; `miniapp diff` shows them.\n")
	}
}

// sentence ends a text as a sentence.
func sentence(s string) string {
	if s = Prose(s); strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}

// cut cuts a text at a number of characters.
func cut(s string, most int) string {
	if utf8.RuneCountInString(s) > most {
		return string([]rune(s)[:most]) + "…"
	}
	return s
}

// names lists the namespaces for the heading.
func (c StatusComment) names() string {
	var names []string
	for i, n := range c.Namespaces {
		if i == 3 {
			names = append(names, fmt.Sprintf("%d more", len(c.Namespaces)-i))
			break
		}
		names = append(names, Code(n.NS))
	}
	if len(names) == 0 {
		return ""
	}
	return ": " + strings.Join(names, ", ")
}

// way draws the stages with the present one, and says whose turn it is.
func (c StatusComment) way() string {
	d := c.Decision
	if d.Stage == stage.None {
		if d.Summary == "" {
			return strings.Join(d.Reasons, " ")
		}
		return strings.ToUpper(d.Summary[:1]) + d.Summary[1:] + "."
	}
	steps := []struct {
		stage stage.Stage
		name  string
	}{{stage.Intake, "Intake"}, {stage.QA, "QA"}, {stage.Approval, "Approval"}, {stage.Approved, "Merge"}, {stage.Published, "Published"}}
	var parts []string
	passed := true
	for _, s := range steps {
		switch {
		case s.stage == d.Stage && d.Stage == stage.Published:
			parts, passed = append(parts, "✅ **"+s.name+"**"), false
		case s.stage == d.Stage:
			parts, passed = append(parts, "🔵 **"+s.name+"**"), false
		case passed:
			parts = append(parts, "✅ "+s.name)
		default:
			parts = append(parts, "⚪ "+s.name)
		}
	}
	line := strings.Join(parts, " → ")
	turn := map[stage.Waiting]string{stage.Partner: "**It is the partner's turn.**", stage.Reviewer: "**It is a reviewer's turn.**"}[d.Waiting]
	if turn != "" {
		turn += " "
	}
	summary := d.Summary
	if what, _, ok := strings.Cut(summary, ": "); ok && (what == "could not check" || what == "held for a maintainer") {
		summary = what // the reason stands below in full
	}
	return line + "\n\n" + turn + Prose(strings.ToUpper(summary[:1])+summary[1:]) + "."
}

// findings lists the findings by file.
func (c StatusComment) findings() string {
	errors, warnings, notices := finding.Count(c.Findings)
	if errors+warnings+notices == 0 {
		return "#### No findings\n" + c.waived()
	}
	var counts []string
	for _, n := range []struct {
		n    int
		word string
	}{{errors, "error"}, {warnings, "warning"}, {notices, "notice"}} {
		if n.n > 0 {
			counts = append(counts, count(n.n, n.word))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "#### %s\n%s", strings.Join(counts, ", "), c.waived())
	length, fixable, file := 0, 0, ""
	for _, f := range c.Findings {
		if f.Fix != nil {
			fixable++
		}
	}
	for i, f := range c.Findings {
		entry := c.entry(f)
		if f.Path != file {
			entry = "\n" + c.link(Code(f.Path), f.Path, 0) + "\n\n" + entry
			file = f.Path
		}
		if length += utf8.RuneCountInString(entry); length > maxFindings {
			fmt.Fprintf(&b, "\n%s more. The command below shows all of them.\n", count(len(c.Findings)-i, "finding"))
			break
		}
		b.WriteString(entry)
	}
	if fixable > 0 {
		fmt.Fprintf(&b, "\n`miniapp check --fix` mends %d of them.\n", fixable)
	}
	return b.String()
}

func (c StatusComment) waived() string {
	if c.Waived == 0 {
		return ""
	}
	return "\n" + count(c.Waived, "finding") + " waived by the configuration.\n"
}

// entry is a finding's line in the list.
func (c StatusComment) entry(f finding.Finding) string {
	place := ""
	if f.Range != finding.WholeFile() {
		place = c.link(fmt.Sprintf("line %d", f.Range.Start.Line), f.Path, f.Range.Start.Line) + ": "
	}
	hint := ""
	if f.Hint != "" && !c.Remarked[f.Identity()] {
		hint = ". " + Prose(f.Hint)
	}
	return fmt.Sprintf("- %s %s%s%s %s\n", icon(f.Severity), place, Prose(f.Message), hint, RuleLink(f.Rule))
}

func icon(s finding.Severity) string {
	switch s {
	case finding.Error:
		return "❌"
	case finding.Warning:
		return "⚠️"
	}
	return "ℹ️"
}

// RuleLink links a rule's id to what explains it.
func RuleLink(id string) string { return "[`" + id + "`](" + rulesPage + id + ")" }

// link links to a file at the reviewed commit, and to one of its lines.
func (c StatusComment) link(text, path string, line int) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		// Parentheses would end the link.
		segments[i] = strings.NewReplacer("(", "%28", ")", "%29").Replace(url.PathEscape(s))
	}
	target := c.Page + "/blob/" + c.Head + "/" + strings.Join(segments, "/")
	if line > 0 {
		target += fmt.Sprintf("#L%d", line)
	}
	return "[" + text + "](" + target + ")"
}

// changes lists what an update changes for tenants, as much of it as fits.
func (n Namespace) changes(budget int) string {
	if n.Kind != "update" || n.Diff == nil || len(n.Diff.Changes) == 0 {
		return ""
	}
	for _, most := range []int{20, 5, 1} {
		text := fmt.Sprintf("\n<details>\n<summary>What the update changes: %s, %s</summary>\n\n%s: %s\n\n</details>\n",
			count(len(n.Diff.Changes), "change"), n.Diff.Impact, Code(n.NS), DiffMarkdown(*n.Diff, most))
		if utf8.RuneCountInString(text) <= budget {
			return text
		}
	}
	return fmt.Sprintf("\n%s changes %s for tenants; `miniapp diff` lists them.\n", Code(n.NS), count(len(n.Diff.Changes), "thing"))
}

// listing previews the entry in the marketplace. The icon is not shown, since
// an image of a submission could be any image.
func (n Namespace) listing() string {
	var b strings.Builder
	b.WriteString("\n<details>\n<summary>How the marketplace will show it</summary>\n\n| | |\n| --- | --- |\n")
	for _, row := range [][2]string{{"Title", n.Title}, {"Short description", n.Short}, {"Category", n.Category}, {"Icon", n.Icon}, {"Version", n.To}} {
		if row[1] != "" {
			b.WriteString("| " + row[0] + " | " + Cell(Code(row[1])) + " |\n")
		}
	}
	b.WriteString("\n</details>\n")
	return b.String()
}

// plainName is what can stand in a command as it is.
var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$`)

// colophon says what ran, and how to run the same.
func (c StatusComment) colophon() string {
	var b strings.Builder
	b.WriteString("\n<details>\n<summary>What was checked, and how to run the same</summary>\n\n")
	fmt.Fprintf(&b, "[Every rule](%s) of miniapp-review %s, over commit %s, with the configuration of the base branch.\n\n", strings.TrimSuffix(rulesPage, "#"), Code(c.Version), Code(short(c.Head)))
	base, paths := "BASE", ""
	if plainName.MatchString(c.BaseBranch) {
		base = "origin/" + c.BaseBranch
	}
	if len(c.Namespaces) == 1 && plainName.MatchString(c.Namespaces[0].NS) {
		paths = " definitions/" + c.Namespaces[0].NS
	}
	b.WriteString("```sh\ngit fetch origin\nminiapp check --base " + base + paths + "\n```\n\n</details>\n")
	return b.String()
}

func short(sha string) string { return sha[:min(len(sha), 12)] }

// Remark writes a finding as a comment on its line, without a marker.
// suggestion is the text that replaces the lines of the comment, and nil when
// there is none; its lines have no end.
func Remark(f finding.Finding, suggestion []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s **%s**: %s", icon(f.Severity), f.Severity, Prose(f.Message))
	if f.Hint != "" {
		b.WriteString("\n\n" + Prose(f.Hint))
	}
	if suggestion != nil {
		text := strings.Join(suggestion, "\n")
		fence := Fence(text)
		b.WriteString("\n\n" + fence + "suggestion\n" + text + "\n" + fence)
	}
	b.WriteString("\n\n" + RuleLink(f.Rule))
	return b.String()
}

// Offer is a text that would mend a finding.
type Offer struct{ Path, Title, Text string }

// Offers writes texts that people can copy, "" when there are none.
func Offers(offers []Offer) string {
	var b strings.Builder
	for _, o := range offers {
		fence := Fence(o.Text)
		fmt.Fprintf(&b, "<details>\n<summary>A draft to copy</summary>\n\nTo %s in %s:\n\n%smarkdown\n%s\n%s\n\n</details>\n\n", Prose(o.Title), Code(o.Path), fence, o.Text, fence)
	}
	return b.String()
}

// Settled writes what replaces the remark of a finding that is gone: at which
// commit that was seen, and the rule.
func Settled(head, rule string) string {
	return "✅ Mended in " + Code(short(head)) + ". " + RuleLink(rule)
}
