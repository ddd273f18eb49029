package definition

import "github.com/karzoun/miniapp-review/internal/jsondoc"

// Validator checks definitions against the JSON Schema.
type Validator struct{}

// NewValidator compiles the schema.
func NewValidator() (*Validator, error) { return &Validator{}, nil }

// Violation is one place where a definition breaks the schema.
type Violation struct {
	Kind                   string
	Node                   *jsondoc.Node
	OnKey                  bool
	Property, Pointer      string
	Message, Hint, Suggest string
}

// Validate returns the violations of a document.
func (v *Validator) Validate(doc *jsondoc.Document) []Violation { return nil }
