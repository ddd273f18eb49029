// Package plan says what a review does to a pull request: the operations that
// lead from what is there to what should be. A plan is a value that can be
// printed, compared and applied; planning again after it was applied gives an
// empty one.
package plan

// Plan is a list of operations, in the order in which they are made.
type Plan struct {
	// Number is the pull request, Head the commit that was reviewed. Before
	// anything is written, the head must still be that commit.
	Number     int         `json:"number"`
	Head       string      `json:"head"`
	Operations []Operation `json:"operations"`
}

// Kind names what an operation does.
type Kind string

// The kinds of operations. Beside each is the field of Operation that it uses.
const (
	SetStatus     Kind = "set-status"     // Status
	AddLabels     Kind = "add-labels"     // Labels; missing ones are created
	RemoveLabel   Kind = "remove-label"   // Labels, one of them
	CreateComment Kind = "create-comment" // Body
	UpdateComment Kind = "update-comment" // ID, Body
	DeletePending Kind = "delete-pending" // ID of a review that was never submitted
	CreateReview  Kind = "create-review"  // Review
	UpdateRemark  Kind = "update-remark"  // ID, Body
	Minimize      Kind = "minimize"       // NodeID, of a comment or a remark
	React         Kind = "react"          // ID of a comment, Reaction
	Close         Kind = "close"          // nothing
	Merge         Kind = "merge"          // Method; only as long as the head is the plan's
)

// Operation is one write.
type Operation struct {
	Kind     Kind   `json:"kind"`
	ID       int64  `json:"id,omitempty"`
	NodeID   string `json:"node_id,omitempty"`
	Body     string `json:"body,omitempty"`
	Reaction string `json:"reaction,omitempty"`
	// Method is "merge", "squash" or "rebase".
	Method string  `json:"method,omitempty"`
	Status *Status `json:"status,omitempty"`
	Labels []Label `json:"labels,omitempty"`
	Review *Review `json:"review,omitempty"`
}

// Status is a commit status on the plan's head.
type Status struct {
	Context string `json:"context"`
	// State is "pending", "success", "failure" or "error".
	State string `json:"state"`
	// Description has at most 140 characters.
	Description string `json:"description"`
	// URL is where the status leads, or "".
	URL string `json:"url,omitempty"`
}

// Label is a label with what it is created with when it is missing.
type Label struct {
	Name string `json:"name"`
	// Color is six hexadecimal digits.
	Color       string `json:"color,omitempty"`
	Description string `json:"description,omitempty"`
}

// Review is a review that comments, and neither approves nor blocks.
type Review struct {
	Body    string   `json:"body"`
	Remarks []Remark `json:"remarks"`
}

// Remark is a comment on lines of the head's side of a file. Start is 0, or a
// line before Line.
type Remark struct {
	Path  string `json:"path"`
	Start int    `json:"start,omitempty"`
	Line  int    `json:"line"`
	Body  string `json:"body"`
}

// Made is an operation that was made, with what came of it.
type Made struct {
	Operation Operation `json:"operation"`
	// ID is that of the comment or review that was made, 0 for others.
	ID int64 `json:"id,omitempty"`
	// Merged is the commit on the base branch, "" unless it was merged.
	Merged string `json:"merged,omitempty"`
	// Refused are the remarks of a review that GitHub did not accept, in the
	// order of the review. The others were made.
	Refused []Refused `json:"refused,omitempty"`
	// Notes say in a sentence what did not turn out as planned and does no harm.
	Notes []string `json:"notes,omitempty"`
}

// Refused is a remark that was not accepted, and why.
type Refused struct {
	Remark Remark `json:"remark"`
	Reason string `json:"reason"`
}
