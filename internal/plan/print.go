package plan

import (
	"fmt"
	"strings"
)

// Text says in plain lines what the plan does. Bodies are told by their length;
// they are Markdown, which the JSON form of the plan has in full.
func (p Plan) Text() string {
	if len(p.Operations) == 0 {
		return fmt.Sprintf("pull request %d: nothing to do\n", p.Number)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "pull request %d at %s:\n", p.Number, p.Head[:min(len(p.Head), 12)])
	for _, op := range p.Operations {
		fmt.Fprintf(&b, "  %s\n", op)
	}
	return b.String()
}

// String says in one line what the operation does.
func (op Operation) String() string {
	switch op.Kind {
	case SetStatus:
		return fmt.Sprintf("set the status %q to %s: %q", op.Status.Context, op.Status.State, op.Status.Description)
	case AddLabels:
		return "add the labels " + labelNames(op.Labels)
	case RemoveLabel:
		return "remove the label " + labelNames(op.Labels)
	case CreateComment:
		return fmt.Sprintf("write a comment of %d characters", len([]rune(op.Body)))
	case UpdateComment:
		return fmt.Sprintf("edit comment %d, which then has %d characters", op.ID, len([]rune(op.Body)))
	case DeletePending:
		return fmt.Sprintf("delete review %d, which was never submitted", op.ID)
	case CreateReview:
		var places []string
		for _, r := range op.Review.Remarks {
			places = append(places, fmt.Sprintf("%q line %d", r.Path, r.Line))
		}
		return fmt.Sprintf("make a review with %d remarks: %s", len(places), strings.Join(places, ", "))
	case UpdateRemark:
		return fmt.Sprintf("edit remark %d", op.ID)
	case Minimize:
		return fmt.Sprintf("fold away %q", op.NodeID)
	case React:
		return fmt.Sprintf("react to comment %d with %q", op.ID, op.Reaction)
	case Close:
		return "close the pull request"
	case Merge:
		return fmt.Sprintf("merge the pull request (%s)", op.Method)
	}
	return string(op.Kind)
}

func labelNames(labels []Label) string {
	var names []string
	for _, l := range labels {
		names = append(names, fmt.Sprintf("%q", l.Name))
	}
	return strings.Join(names, ", ")
}
