package review

import (
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/compat"
	"github.com/karzoun/miniapp-review/internal/config"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/marker"
	"github.com/karzoun/miniapp-review/internal/plan"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/report"
	"github.com/karzoun/miniapp-review/internal/stage"
)

// roles returns the labels that the pull request should have.
func (r *reviewer) roles() []config.Role {
	var roles []config.Role
	switch r.result.Decision.Stage {
	case stage.None:
		return nil
	case stage.Intake:
		roles = append(roles, config.RoleIntake)
	case stage.QA:
		roles = append(roles, config.RoleQA)
	case stage.Approval:
		roles = append(roles, config.RoleApproval)
	case stage.Approved:
		roles = append(roles, config.RoleApproved)
	case stage.Published:
		roles = append(roles, config.RolePublished)
	}
	switch r.result.Decision.Waiting {
	case stage.Partner:
		roles = append(roles, config.RoleWaitingPartner)
	case stage.Reviewer:
		roles = append(roles, config.RoleWaitingReviewer)
	}
	kind, impact := config.RoleNew, compat.None
	for _, n := range r.result.Namespaces {
		if n.Kind != "new" {
			kind = config.RoleUpdate
			impact = max(impact, n.Impact())
		}
	}
	if len(r.result.Namespaces) > 0 {
		roles = append(roles, kind)
	}
	switch impact {
	case compat.Breaking:
		roles = append(roles, config.RoleBreaking)
	case compat.Feature:
		roles = append(roles, config.RoleFeature)
	case compat.Fix:
		roles = append(roles, config.RoleFix)
	}
	return roles
}

// plan writes down what leads from the snapshot to the result, in the order in
// which a reader should see it happen: that something is going on, labels, the
// comment, the remarks, and at last the status that opens the gate.
func (r *reviewer) plan() {
	p := &r.result.Plan
	p.Number, p.Head = r.snapshot.Number, r.snapshot.Head.SHA
	remarks := r.remarks()
	labels := r.labels()
	var ops []plan.Operation
	if !r.result.Facts.Published {
		ops = labels
	}
	ops = append(ops, r.comment(remarks)...)
	ops = append(ops, r.publication()...)
	ops = append(ops, remarks.operations(r)...)
	ops = append(ops, r.answers()...)
	ops = append(ops, r.reminders...)
	status, changes := r.status()
	if changes && len(ops) > 0 && (status.State != string(stage.Pending) || r.passes()) {
		// A killed run must not leave an older status that lets the merge pass.
		p.Operations = append(p.Operations, plan.Operation{Kind: plan.SetStatus, Status: &plan.Status{
			Context: StatusContext, State: string(stage.Pending), Description: "the review is being written", URL: r.options.RunURL}})
	}
	p.Operations = append(p.Operations, ops...)
	if changes {
		p.Operations = append(p.Operations, plan.Operation{Kind: plan.SetStatus, Status: &status})
	}
	if r.result.Facts.Published {
		// The label says that nothing is left to do, so it comes after all else.
		slices.Reverse(labels)
		p.Operations = append(p.Operations, labels...)
	}
	if r.merges() {
		p.Operations = append(p.Operations, plan.Operation{Kind: plan.Merge, Method: r.config.Merging.Method})
	}
}

// merges reports whether the review is to merge the pull request: when it is
// approved at this very moment, and the configuration wants it.
func (r *reviewer) merges() bool {
	d := r.result.Decision
	return r.config.Merging.Auto && d.Stage == stage.Approved && d.Status == stage.Success && !r.snapshot.Merged && !r.snapshot.Closed
}

// status is the commit status that the head should have, and whether it has
// another one. Where it leads is no reason to write it again.
func (r *reviewer) status() (plan.Status, bool) {
	d := r.result.Decision
	want := plan.Status{Context: StatusContext, State: string(d.Status), Description: basic(d.Summary), URL: r.options.RunURL}
	if d.Status == stage.Unchanged {
		return want, false
	}
	for _, s := range r.snapshot.Statuses {
		if s.Context == StatusContext {
			return want, s.State != want.State || s.Description != want.Description
		}
	}
	return want, true
}

// passes reports whether the status of the head lets it pass now.
func (r *reviewer) passes() bool {
	return slices.ContainsFunc(r.snapshot.Statuses, func(s pull.Status) bool {
		return s.Context == StatusContext && s.State == string(stage.Success)
	})
}

// basic replaces the characters that GitHub does not take in the description of
// a status, those beyond the first 65,536, so that a name cannot keep the status
// from being set.
func basic(s string) string {
	return strings.Map(func(c rune) rune {
		if c > 0xffff {
			return '\ufffd'
		}
		return c
	}, s)
}

// labels adds and removes labels of the review. Others are not touched.
func (r *reviewer) labels() []plan.Operation {
	wanted := map[string]bool{}
	var add []plan.Label
	has := func(name string) bool {
		return slices.ContainsFunc(r.snapshot.Labels, func(l string) bool { return strings.EqualFold(l, name) })
	}
	for _, role := range r.result.Labels {
		l := r.config.Labels[role]
		wanted[strings.ToLower(l.Name)] = true
		if !has(l.Name) {
			add = append(add, plan.Label{Name: l.Name, Color: l.Color, Description: l.Description})
		}
	}
	var ops []plan.Operation
	if len(add) > 0 {
		ops = append(ops, plan.Operation{Kind: plan.AddLabels, Labels: add})
	}
	if r.result.Decision.Stage == stage.None && r.result.Decision.Status == stage.Unchanged {
		return ops // closed: what it was stays to be seen
	}
	for _, role := range config.Roles() {
		if r.unknown(role) {
			continue
		}
		if name := r.config.Labels[role].Name; has(name) && !wanted[strings.ToLower(name)] {
			ops = append(ops, plan.Operation{Kind: plan.RemoveLabel, Labels: []plan.Label{{Name: name}}})
		}
	}
	return ops
}

// unknown reports whether the review did not look at what a label is about, so
// that the label stays.
func (r *reviewer) unknown(role config.Role) bool {
	switch role {
	case config.RoleNew, config.RoleUpdate, config.RoleBreaking, config.RoleFeature, config.RoleFix:
		return len(r.result.Namespaces) == 0 && !r.result.Facts.Nothing
	case config.RoleOverdue, config.RoleStale:
		return r.result.Facts.CouldNotCheck != ""
	}
	return false
}

// own reports whether a body that this account wrote carries a valid marker of
// a kind, and returns its id.
func (r *reviewer) own(u pull.User, body string, kind marker.Kind) (id string, ok bool) {
	return own(r.signer, r.snapshot.Self, u, body, kind)
}

func own(signer marker.Signer, self, u pull.User, body string, kind marker.Kind) (id string, ok bool) {
	if u.ID != self.ID {
		return "", false
	}
	k, id, ok := signer.Read(body)
	return id, ok && k == kind
}

// comment writes the status comment, edits the one that is there, and folds
// away older ones.
func (r *reviewer) comment(remarks *remarks) []plan.Operation {
	var ours []pull.Comment
	for _, c := range r.snapshot.Comments {
		if _, ok := r.own(c.User, c.Body, marker.Status); ok {
			ours = append(ours, c)
		}
	}
	r.result.Comment = r.commentText(remarks, len(ours) > 0)
	var ops []plan.Operation
	if r.result.Comment != "" {
		body := r.signer.Sign(marker.Status, "", r.result.Comment)
		switch {
		case len(ours) == 0:
			ops = append(ops, plan.Operation{Kind: plan.CreateComment, Body: body})
		case ours[len(ours)-1].Body != body:
			ops = append(ops, plan.Operation{Kind: plan.UpdateComment, ID: ours[len(ours)-1].ID, Body: body})
		}
	}
	for i, c := range ours {
		if i < len(ours)-1 && !c.Minimized {
			ops = append(ops, plan.Operation{Kind: plan.Minimize, NodeID: c.NodeID})
		}
	}
	return append(ops, r.foldTrials()...)
}

// commentText is the text of the status comment. Where nothing is to be said
// and nothing was said before, there is none.
func (r *reviewer) commentText(remarks *remarks, before bool) string {
	d := r.result.Decision
	if d.Stage == stage.None && !before || d.Status == stage.Unchanged {
		return ""
	}
	visible := slices.DeleteFunc(slices.Clone(r.result.Findings), func(f finding.Finding) bool { return f.Shadow })
	var sections []string
	for _, text := range []string{r.waiting(), r.contested(), report.Offers(remarks.offers), report.Checklist(r.result.QA, r.waitsForMachine()), r.voids(), report.Verdicts(r.verdicts)} {
		if text != "" {
			sections = append(sections, text)
		}
	}
	return report.StatusComment{
		Page: r.snapshot.Repository.URL, Head: r.snapshot.Head.SHA, BaseBranch: r.snapshot.Base.Branch,
		Decision: d, NotChecked: r.result.Facts.CouldNotCheck, Merged: r.result.Facts.Merged, Holds: r.result.Facts.Holds,
		Namespaces: r.result.Namespaces, Findings: visible, Remarked: remarks.remarked,
		Waived: r.result.Waived, Version: r.options.Version, Sections: sections, Evidence: r.evidence,
	}.Markdown() + "\n" + r.ledger.line()
}
