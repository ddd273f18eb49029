package report

import (
	"io"
	"net/url"

	"github.com/karzoun/miniapp-review/internal/finding"
)

// The part of SARIF 2.1.0 that findings need.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Version        string      `json:"version,omitempty"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string       `json:"id"`
		ShortDescription sarifMessage `json:"shortDescription"`
		FullDescription  sarifMessage `json:"fullDescription"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID              string            `json:"ruleId"`
		RuleIndex           int               `json:"ruleIndex"`
		Level               string            `json:"level"`
		Message             sarifMessage      `json:"message"`
		Locations           []sarifLocation   `json:"locations"`
		RelatedLocations    []sarifLocation   `json:"relatedLocations,omitempty"`
		PartialFingerprints map[string]string `json:"partialFingerprints"`
		Fixes               []sarifFix        `json:"fixes,omitempty"`
	}
	sarifLocation struct {
		PhysicalLocation sarifPhysical `json:"physicalLocation"`
		Message          *sarifMessage `json:"message,omitempty"`
	}
	sarifPhysical struct {
		ArtifactLocation sarifArtifact `json:"artifactLocation"`
		Region           sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
		EndLine     int `json:"endLine"`
		EndColumn   int `json:"endColumn"`
	}
	sarifFix struct {
		Description     sarifMessage  `json:"description"`
		ArtifactChanges []sarifChange `json:"artifactChanges"`
	}
	sarifChange struct {
		ArtifactLocation sarifArtifact      `json:"artifactLocation"`
		Replacements     []sarifReplacement `json:"replacements"`
	}
	sarifReplacement struct {
		DeletedRegion   sarifRegion  `json:"deletedRegion"`
		InsertedContent sarifMessage `json:"insertedContent"`
	}
)

func printSARIF(w io.Writer, r Result, o Options) error {
	run := sarifRun{ColumnKind: "unicodeCodePoints", Results: []sarifResult{},
		Tool: sarifTool{Driver: sarifDriver{Name: "miniapp", InformationURI: "https://github.com/karzoun/miniapp-review",
			Version: o.Version, Rules: []sarifRule{}}}}
	index := map[string]int{}
	for _, f := range r.Findings {
		i, ok := index[f.Rule]
		if !ok {
			i = len(run.Tool.Driver.Rules)
			index[f.Rule] = i
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, ruleOf(f.Rule, o))
		}
		run.Results = append(run.Results, resultOf(f, i))
	}
	return encode(w, sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}})
}

func ruleOf(id string, o Options) sarifRule {
	rule := sarifRule{ID: id, ShortDescription: sarifMessage{id}, FullDescription: sarifMessage{id}}
	if o.Rules != nil {
		if info, ok := o.Rules(id); ok {
			rule.ShortDescription.Text, rule.FullDescription.Text = info.Title, info.Purpose
		}
	}
	return rule
}

func resultOf(f finding.Finding, rule int) sarifResult {
	level := "note"
	switch {
	case f.Shadow:
	case f.Severity == finding.Error:
		level = "error"
	case f.Severity == finding.Warning:
		level = "warning"
	}
	message := f.Message
	if f.Hint != "" {
		message += ". " + f.Hint
	}
	out := sarifResult{RuleID: f.Rule, RuleIndex: rule, Level: level, Message: sarifMessage{Visible(message)},
		Locations:           []sarifLocation{{PhysicalLocation: physical(f.Path, f.Range)}},
		PartialFingerprints: map[string]string{"miniappIdentity/v1": f.Identity()}}
	for _, p := range f.Related {
		out.RelatedLocations = append(out.RelatedLocations, sarifLocation{physical(p.Path, p.Range), &sarifMessage{Visible(p.Message)}})
	}
	if f.Fix != nil {
		out.Fixes = []sarifFix{fixOf(f.Fix)}
	}
	return out
}

// fixOf brings the edits of each file together, in the order of the files'
// first edits.
func fixOf(fix *finding.Fix) sarifFix {
	out := sarifFix{Description: sarifMessage{Visible(fix.Title)}}
	at := map[string]int{}
	for _, e := range fix.Edits {
		i, ok := at[e.Path]
		if !ok {
			i = len(out.ArtifactChanges)
			at[e.Path] = i
			out.ArtifactChanges = append(out.ArtifactChanges, sarifChange{ArtifactLocation: sarifArtifact{uri(e.Path)}})
		}
		c := &out.ArtifactChanges[i]
		c.Replacements = append(c.Replacements, sarifReplacement{region(e.Range), sarifMessage{e.Text}})
	}
	return out
}

func physical(path string, r finding.Range) sarifPhysical {
	return sarifPhysical{sarifArtifact{uri(path)}, region(r)}
}

func region(r finding.Range) sarifRegion {
	return sarifRegion{r.Start.Line, r.Start.Column, r.End.Line, r.End.Column}
}

// uri writes a path as a relative URI.
func uri(path string) string {
	return (&url.URL{Path: path}).String() // "a:b" becomes "./a:b", since "a" is no scheme
}
