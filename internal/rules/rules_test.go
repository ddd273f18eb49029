package rules

import (
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// TestSpecs checks what every rule must have.
func TestSpecs(t *testing.T) {
	kebab := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)+$`)
	seen := map[string]bool{}
	for _, s := range All() {
		if !kebab.MatchString(s.ID) {
			t.Errorf("%q is no kebab-case id of two or more words", s.ID)
		}
		if seen[s.ID] {
			t.Errorf("two rules have the id %q", s.ID)
		}
		seen[s.ID] = true
		checks := 0
		for _, set := range []bool{s.Check != nil, s.CheckDefinition != nil, s.CheckRemoved != nil && s.Check == nil && s.CheckDefinition == nil} {
			if set {
				checks++
			}
		}
		if checks != 1 {
			t.Errorf("%s: want exactly one of Check and CheckDefinition, or only CheckRemoved", s.ID)
		}
		if s.Group == "" || s.Title == "" || s.Source == "" || s.Help == "" || s.Severity == 0 {
			t.Errorf("%s: Group, Title, Source, Help and Severity must be set", s.ID)
		}
		if !strings.HasPrefix(s.Purpose, "Checks that ") || !strings.HasSuffix(s.Purpose, ".") {
			t.Errorf("%s: the purpose %q must be a sentence that starts with \"Checks that\"", s.ID, s.Purpose)
		}
		if len(s.Fires) == 0 || len(s.Silent) == 0 {
			t.Errorf("%s: at least one example that fires and one that stays silent are needed", s.ID)
		}
	}
}

// newValidator compiles the schema once for all tests.
var newValidator = sync.OnceValues(definition.NewValidator)

// exampleFindings runs rules over an example.
func exampleFindings(t *testing.T, specs []Spec, e Example) []finding.Finding {
	t.Helper()
	validator, err := newValidator()
	if err != nil {
		t.Fatal(err)
	}
	c, err := e.Change()
	if err != nil {
		t.Fatalf("example %q: %v", e.Name, err)
	}
	return Run(specs, c, e.Env(validator, testScanner()))
}

// TestExamples checks that each rule fires on its firing examples, with an
// acceptable message, and says nothing on its silent ones.
func TestExamples(t *testing.T) {
	for _, s := range All() {
		t.Run(s.ID, func(t *testing.T) {
			for _, e := range s.Fires {
				found := exampleFindings(t, []Spec{s}, e)
				if len(found) == 0 {
					t.Errorf("example %q does not fire", e.Name)
				}
				for _, f := range found {
					t.Logf("%s:%d:%d %s: %s (%s) fix=%v", f.Path, f.Range.Start.Line, f.Range.Start.Column, f.Severity, f.Message, f.Hint, f.Fix != nil)
					if strings.HasSuffix(f.Message, ".") || f.Message == "" || strings.ContainsAny(f.Message, "\n\r") {
						t.Errorf("example %q: message %q must be one line without a final full stop", e.Name, f.Message)
					}
					if f.Hint == "" || !strings.HasSuffix(f.Hint, ".") {
						t.Errorf("example %q: the hint %q must be a sentence", e.Name, f.Hint)
					}
				}
			}
			for _, e := range s.Silent {
				for _, f := range exampleFindings(t, []Spec{s}, e) {
					t.Errorf("silent example %q fires: %s:%d:%d %s", e.Name, f.Path, f.Range.Start.Line, f.Range.Start.Column, f.Message)
				}
			}
		})
	}
}

// TestModel checks that no rule has anything to say about the model
// submission, as a first submission and as an update.
func TestModel(t *testing.T) {
	for _, e := range []Example{{Name: "new"}, {Name: "update", Kind: submission.Update, Edit: `/triggers/0/label = "Customer opens a ticket"`}} {
		for _, f := range exampleFindings(t, All(), e) {
			t.Errorf("%s: %s:%d:%d %s [%s]", e.Name, f.Path, f.Range.Start.Line, f.Range.Start.Column, f.Message, f.Rule)
		}
	}
}
