package rules

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// Pass is one run of one rule over one submission.
type Pass struct {
	*Env
	// Change is the submission; Head and Base are its two states, either of
	// which may be nil where Spec allows it.
	Change     *submission.Change
	Head, Base *submission.Package

	spec     *Spec
	findings []*finding.Finding
	secrets  *[]string // what no output may repeat
	memo     *memo     // shared by all rules of the run
}

// Report is a finding that is still being described.
type Report struct {
	pass *Pass
	pkg  *submission.Package
	*finding.Finding
}

// Node reports a value of the head's definition. The value itself is marked
// when it is a string, number, boolean or null; of an object or array, which
// may be long, the key is.
func (p *Pass) Node(n *jsondoc.Node, format string, args ...any) *Report {
	return p.NodeIn(submission.DefinitionFile, n, format, args...)
}

// NodeIn is Node for another JSON file of the head.
func (p *Pass) NodeIn(file string, n *jsondoc.Node, format string, args ...any) *Report {
	span := n.Span
	if n.Kind == jsondoc.Object || n.Kind == jsondoc.Array {
		span = keyOrBracket(n)
	}
	r := p.Span(file, span, format, args...)
	r.Pointer = n.Pointer()
	return r
}

// Key reports the key of a member of the head's definition.
func (p *Pass) Key(n *jsondoc.Node, format string, args ...any) *Report {
	r := p.Span(submission.DefinitionFile, keyOrBracket(n), format, args...)
	r.Pointer = n.Pointer()
	return r
}

// Missing reports that an object of the head's definition lacks a member. The
// object's key is marked; the pointer is that of the missing member.
func (p *Pass) Missing(object *jsondoc.Node, key, format string, args ...any) *Report {
	r := p.Span(submission.DefinitionFile, keyOrBracket(object), format, args...)
	r.Pointer = object.Pointer() + "/" + jsondoc.EscapePointer(key)
	return r
}

func keyOrBracket(n *jsondoc.Node) jsondoc.Span {
	if n.KeySpan.End > 0 {
		return n.KeySpan
	}
	return jsondoc.Span{Start: n.Span.Start, End: n.Span.Start + 1}
}

// Span reports a range of bytes of a file of the head.
func (p *Pass) Span(file string, span jsondoc.Span, format string, args ...any) *Report {
	r := p.File(file, format, args...)
	r.Range = rangeOf(p.pkg().File(file), span)
	return r
}

// File reports a file of the head as a whole; it need not exist.
func (p *Pass) File(file, format string, args ...any) *Report {
	f := &finding.Finding{
		Rule: p.spec.ID, Severity: p.spec.Severity,
		Path: p.pkg().Path(file), Range: finding.WholeFile(),
		Message: fmt.Sprintf(format, args...),
	}
	p.findings = append(p.findings, f)
	return &Report{pass: p, pkg: p.pkg(), Finding: f}
}

func (p *Pass) pkg() *submission.Package {
	if p.Head != nil {
		return p.Head
	}
	return p.Base
}

func rangeOf(f *submission.File, span jsondoc.Span) finding.Range {
	if f == nil || f.Lines == nil {
		return finding.WholeFile()
	}
	return finding.Range{Start: f.Lines.Position(span.Start), End: f.Lines.Position(span.End)}
}

// Hint says how to mend the finding.
func (r *Report) Hint(format string, args ...any) *Report {
	r.Finding.Hint = fmt.Sprintf(format, args...)
	return r
}

// As gives the finding another severity than the rule's.
func (r *Report) As(s finding.Severity) *Report {
	r.Severity = s
	return r
}

// Tell sets what tells the finding apart from others of its rule at its
// pointer. It is never shown.
func (r *Report) Tell(value string) *Report {
	r.Value = value
	return r
}

// Hide says that the marked range holds this credential: no output repeats it,
// this finding's or another's.
func (r *Report) Hide(secret string) *Report {
	r.Sensitive = true
	*r.pass.secrets = append(*r.pass.secrets, secret)
	return r
}

// See adds a second place in the head's definition.
func (r *Report) See(n *jsondoc.Node, format string, args ...any) *Report {
	return r.SeeIn(r.pkg, submission.DefinitionFile, keyOrValue(n), format, args...)
}

// SeeIn adds a second place in any file of a package, such as the base.
func (r *Report) SeeIn(pkg *submission.Package, file string, span jsondoc.Span, format string, args ...any) *Report {
	r.Related = append(r.Related, finding.Place{Path: pkg.Path(file),
		Range: rangeOf(pkg.File(file), span), Message: fmt.Sprintf(format, args...)})
	return r
}

func keyOrValue(n *jsondoc.Node) jsondoc.Span {
	if n.Kind == jsondoc.Object || n.Kind == jsondoc.Array {
		return keyOrBracket(n)
	}
	return n.Span
}

// Fix offers edits of the head's definition that mend the finding. Only
// changes that need no choice may be offered.
func (r *Report) Fix(title string, edits []jsondoc.Edit) *Report {
	return r.FixIn(submission.DefinitionFile, title, edits)
}

// FixIn offers edits of a file of the head.
func (r *Report) FixIn(file, title string, edits []jsondoc.Edit) *Report {
	if len(edits) == 0 {
		return r
	}
	r.Finding.Fix = &finding.Fix{Title: title}
	return r.AlsoFixIn(file, edits)
}

// AlsoFixIn adds edits of another file to the fix that was offered, where the
// one without the other would only move the fault.
func (r *Report) AlsoFixIn(file string, edits []jsondoc.Edit) *Report {
	f := r.pkg.File(file)
	for _, e := range edits {
		r.Finding.Fix.Edits = append(r.Finding.Fix.Edits, finding.Edit{Path: r.pkg.Path(file),
			Span: e.Span, Range: rangeOf(f, e.Span), Text: e.Text})
	}
	return r
}

// FixCreate offers to create a file of the head.
func (r *Report) FixCreate(file, title, text string) *Report {
	r.Finding.Fix = &finding.Fix{Title: title, Edits: []finding.Edit{{
		Path: r.pkg.Path(file), Range: finding.WholeFile(), Text: text, Create: true}}}
	return r
}

// derived says that the fix that was offered, if there is one, comes after all
// others.
func (r *Report) derived() *Report {
	if r.Finding.Fix != nil {
		r.Finding.Fix.Derived = true
	}
	return r
}

// shown quotes a submitted text for a message, cut when it is long.
func shown(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	return strconv.Quote(s)
}

// plain returns a short text of ours or of the platform, such as "#12", without
// anything that could end the line.
func plain(s string) string { return strings.Trim(shown(s), `"`) }
