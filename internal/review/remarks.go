package review

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/anchor"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/marker"
	"github.com/karzoun/miniapp-review/internal/plan"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/report"
	"github.com/karzoun/miniapp-review/internal/source"
)

// What a suggestion may take: how many lines it replaces, and how many bytes it
// brings. Longer ones are better made by the command.
const (
	maxSuggestion      = 20
	maxSuggestionBytes = 8 << 10
)

// remarks are what is said on lines: what is there, and what is to come.
type remarks struct {
	// fresh are the remarks that this review adds.
	fresh []plan.Remark
	// settled are our remarks whose finding is gone, and folded those of them
	// that nobody answered and that are not folded away yet.
	settled, folded []pull.Remark
	// remarked has the identities of the findings that have a remark, old or
	// fresh.
	remarked map[string]bool
	// pending are reviews of our own that were never submitted; they keep every
	// further review from being made.
	pending []int64
	// offers are texts that mend a finding and that no suggestion could bring.
	offers []report.Offer
}

// remarks finds out which remarks are to be made and which are settled. A
// finding that has a remark gets no other one, wherever its line has moved.
func (r *reviewer) remarks() *remarks {
	out := &remarks{remarked: map[string]bool{}}
	for _, v := range r.snapshot.Reviews {
		if v.State == pull.Pending && v.User.ID == r.snapshot.Self.ID {
			out.pending = append(out.pending, v.ID)
		}
	}
	d := r.result.Facts
	if d.CouldNotCheck != "" || d.Closed || d.Merged || d.Draft {
		return out // nothing is known about the findings
	}
	wanted := map[string]bool{}
	for _, f := range r.result.Findings {
		if !f.Shadow {
			wanted[f.Identity()] = true
		}
	}
	answered := map[int64]bool{}
	for _, m := range r.snapshot.Remarks {
		if m.InReplyTo != 0 && m.User.ID != r.snapshot.Self.ID {
			answered[m.InReplyTo] = true
		}
	}
	open := 0
	for _, m := range r.snapshot.Remarks {
		if id, ok := r.own(m.User, m.Body, marker.Remark); ok {
			if wanted[id] && !out.remarked[id] {
				out.remarked[id] = true
				open++
				continue
			}
			out.settled = append(out.settled, m)
		} else if _, ok := r.own(m.User, m.Body, marker.Settled); !ok {
			continue
		}
		if !m.Minimized && !answered[m.ID] {
			out.folded = append(out.folded, m)
		}
	}
	r.fresh(out, r.config.Review.MaxRemarks-open)
	return out
}

// fresh adds remarks for findings that have none, errors first, while there is
// room.
func (r *reviewer) fresh(out *remarks, room int) {
	lines := r.commentable()
	out.offers = lines.offers(r.result.Findings)
	todo := slices.Clone(r.result.Findings)
	slices.SortStableFunc(todo, func(a, b finding.Finding) int { return cmp.Compare(b.Severity, a.Severity) })
	for _, f := range todo {
		id := f.Identity()
		if room <= 0 {
			break
		}
		if f.Shadow || out.remarked[id] {
			continue
		}
		remark, ok := lines.remark(f)
		if !ok {
			continue
		}
		remark.Body = r.signer.Sign(marker.Remark, id, remark.Body)
		out.fresh = append(out.fresh, remark)
		out.remarked[id] = true
		room--
	}
	slices.SortStableFunc(out.fresh, func(a, b plan.Remark) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line))
	})
}

// operations makes the plan's part about remarks.
func (m *remarks) operations(r *reviewer) []plan.Operation {
	var ops []plan.Operation
	for _, id := range m.pending {
		ops = append(ops, plan.Operation{Kind: plan.DeletePending, ID: id})
	}
	if len(m.fresh) > 0 {
		word := "remarks"
		if len(m.fresh) == 1 {
			word = "remark"
		}
		ops = append(ops, plan.Operation{Kind: plan.CreateReview, Review: &plan.Review{
			Body:    fmt.Sprintf("%d new %s on lines. The status comment of this pull request has the whole picture.", len(m.fresh), word),
			Remarks: m.fresh}})
	}
	for _, old := range m.settled {
		_, id, _ := r.signer.Read(old.Body)
		body := r.signer.Sign(marker.Settled, id, report.Settled(r.snapshot.Head.SHA, ruleOf(old.Body)))
		ops = append(ops, plan.Operation{Kind: plan.UpdateRemark, ID: old.ID, Body: body})
	}
	for _, old := range m.folded {
		ops = append(ops, plan.Operation{Kind: plan.Minimize, NodeID: old.NodeID})
	}
	return ops
}

// ruleOf finds the rule that a remark of our own is about: the text of its last
// link.
func ruleOf(body string) string {
	i := strings.LastIndex(body, "[`")
	if i < 0 {
		return ""
	}
	id, _, _ := strings.Cut(body[i+2:], "`")
	return id
}

// changedFile is a file of the head on whose lines remarks can stand.
type changedFile struct {
	hunks anchor.Hunks
	text  []byte
	lines *jsondoc.Lines
}

type commentable map[string]*changedFile

// commentable returns the changed files that a diff shows as text.
func (r *reviewer) commentable() commentable {
	files := commentable{}
	for _, c := range r.snapshot.Changes {
		if m := source.Mode(c.HeadMode); m != source.Regular && m != source.Executable {
			continue
		}
		head, ok := r.snapshot.Blobs[c.HeadSHA]
		if !ok || c.HeadSHA == c.BaseSHA || bytes.IndexByte(head, 0) >= 0 {
			continue // a file with a zero byte is binary to Git, and has no lines
		}
		file := &changedFile{text: head, lines: jsondoc.NewLines(head), hunks: anchor.Added()}
		if c.BaseMode != 0 {
			base, ok := r.snapshot.Blobs[c.BaseSHA]
			if !ok || bytes.IndexByte(base, 0) >= 0 {
				continue
			}
			file.hunks = anchor.Diff(base, head)
		}
		files[c.Path] = file
	}
	return files
}

// remark places a finding on lines, with a suggestion when there is a fix that
// fits on lines of the diff. ok is false when it can stand nowhere.
func (files commentable) remark(f finding.Finding) (remark plan.Remark, ok bool) {
	file := files[f.Path]
	if file == nil {
		return plan.Remark{}, false
	}
	if first, last, lines, ok := file.suggestion(f); ok {
		return place(f.Path, first, last, report.Remark(f, lines)), true
	}
	first, last := f.Range.Start.Line, f.Range.End.Line
	if last > first && f.Range.End.Column == 1 {
		last-- // the end is exclusive
	}
	if f.Range == finding.WholeFile() {
		last = 1
	}
	if !file.hunks.Contains(first, last) {
		last = first
	}
	if !file.hunks.Contains(first, last) {
		return plan.Remark{}, false
	}
	return place(f.Path, first, last, report.Remark(f, nil)), true
}

// maxOffers is how many texts the status comment offers, and maxOffer how long
// each may be, in bytes.
const (
	maxOffers = 3
	maxOffer  = 6000
)

// offers returns the texts of several lines that fixes would write where no
// suggestion can stand, such as a section of a changelog that is not part of
// the change.
func (files commentable) offers(findings []finding.Finding) []report.Offer {
	var offers []report.Offer
	for _, f := range findings {
		if f.Fix == nil || f.Shadow || f.Sensitive || len(f.Fix.Edits) != 1 || len(offers) == maxOffers {
			continue
		}
		if file := files[f.Path]; file != nil {
			if _, _, _, ok := file.suggestion(f); ok {
				continue
			}
		}
		e := f.Fix.Edits[0]
		text := strings.TrimSpace(e.Text)
		plain := !strings.ContainsFunc(text, func(c rune) bool { return c != '\n' && c != '\t' && report.Visible(string(c)) != string(c) })
		if strings.Count(text, "\n") >= 2 && len(text) <= maxOffer && plain {
			offers = append(offers, report.Offer{Path: e.Path, Title: f.Fix.Title, Text: text})
		}
	}
	return offers
}

func place(path string, first, last int, body string) plan.Remark {
	r := plan.Remark{Path: path, Line: last, Body: body}
	if first < last {
		r.Start = first
	}
	return r
}

// suggestion returns the lines that the finding's fix replaces and what they
// are replaced by. A suggestion shows what would be committed, so there is none
// where something invisible would hide in it.
func (c *changedFile) suggestion(f finding.Finding) (first, last int, lines []string, ok bool) {
	if f.Fix == nil || f.Sensitive || len(f.Fix.Edits) == 0 {
		return 0, 0, nil, false
	}
	var edits []jsondoc.Edit
	first, last = f.Fix.Edits[0].Range.Start.Line, 0
	for _, e := range f.Fix.Edits {
		if e.Path != f.Path || e.Create {
			return 0, 0, nil, false
		}
		first, last = min(first, e.Range.Start.Line), max(last, e.Range.End.Line)
		edits = append(edits, jsondoc.Edit{Span: e.Span, Text: e.Text})
	}
	if last-first >= maxSuggestion || !c.hunks.Contains(first, last) {
		return 0, 0, nil, false
	}
	start := c.lines.Offset(jsondoc.Position{Line: first, Column: 1})
	end := len(c.text)
	if last < c.lines.Count() {
		end = c.lines.Offset(jsondoc.Position{Line: last + 1, Column: 1}) - 1
	}
	for i := range edits {
		edits[i].Start -= start
		edits[i].End -= start
	}
	text, err := jsondoc.Apply(c.text[start:end], edits)
	if err != nil || len(text) > maxSuggestionBytes {
		return 0, 0, nil, false
	}
	lines = strings.Split(string(text), "\n")
	for _, l := range lines {
		if l = strings.ReplaceAll(l, "\t", " "); report.Visible(l) != l {
			return 0, 0, nil, false
		}
	}
	return first, last, lines, true
}
