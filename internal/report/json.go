package report

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/karzoun/miniapp-review/internal/finding"
)

// The JSON format is a contract: keys are added, and never change their
// meaning while "version" is 1.
type jsonResult struct {
	Version  int           `json:"version"`
	Fixed    []jsonFixed   `json:"fixed,omitempty"`
	Findings []jsonFinding `json:"findings"`
	Summary  jsonSummary   `json:"summary"`
}

type jsonFixed struct {
	Path  string `json:"path"`
	Rule  string `json:"rule"`
	Title string `json:"title"`
}

type jsonFinding struct {
	Rule      string      `json:"rule"`
	Severity  string      `json:"severity"`
	Path      string      `json:"path"`
	Line      int         `json:"line"`
	Column    int         `json:"column"`
	EndLine   int         `json:"end_line"`
	EndColumn int         `json:"end_column"`
	Pointer   string      `json:"pointer"`
	Message   string      `json:"message"`
	Hint      string      `json:"hint"`
	Shadow    bool        `json:"shadow,omitempty"`
	Related   []jsonPlace `json:"related,omitempty"`
	Fix       *jsonFix    `json:"fix,omitempty"`
}

type jsonPlace struct {
	Path      string `json:"path"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"end_line"`
	EndColumn int    `json:"end_column"`
	Message   string `json:"message"`
}

type jsonFix struct {
	Title string     `json:"title"`
	Edits []jsonEdit `json:"edits"`
}

type jsonEdit struct {
	Path        string `json:"path"`
	StartLine   int    `json:"start_line"`
	StartColumn int    `json:"start_column"`
	EndLine     int    `json:"end_line"`
	EndColumn   int    `json:"end_column"`
	Text        string `json:"text"`
	Create      bool   `json:"create,omitempty"`
}

type jsonSummary struct {
	Definitions int `json:"definitions"`
	Errors      int `json:"errors"`
	Warnings    int `json:"warnings"`
	Notices     int `json:"notices"`
}

func printJSON(w io.Writer, r Result) error {
	out := jsonResult{Version: 1, Findings: []jsonFinding{}}
	out.Summary.Definitions = r.Definitions
	out.Summary.Errors, out.Summary.Warnings, out.Summary.Notices = finding.Count(r.Findings)
	for _, f := range r.Fixed {
		out.Fixed = append(out.Fixed, jsonFixed(f))
	}
	for _, f := range r.Findings {
		j := jsonFinding{Rule: f.Rule, Severity: f.Severity.String(), Path: f.Path,
			Line: f.Range.Start.Line, Column: f.Range.Start.Column, EndLine: f.Range.End.Line, EndColumn: f.Range.End.Column,
			Pointer: f.Pointer, Message: f.Message, Hint: f.Hint, Shadow: f.Shadow}
		for _, p := range f.Related {
			j.Related = append(j.Related, jsonPlace{p.Path, p.Range.Start.Line, p.Range.Start.Column, p.Range.End.Line, p.Range.End.Column, p.Message})
		}
		if f.Fix != nil {
			j.Fix = &jsonFix{Title: f.Fix.Title}
			for _, e := range f.Fix.Edits {
				j.Fix.Edits = append(j.Fix.Edits, jsonEdit{e.Path, e.Range.Start.Line, e.Range.Start.Column, e.Range.End.Line, e.Range.End.Column, e.Text, e.Create})
			}
		}
		out.Findings = append(out.Findings, j)
	}
	return encode(w, out)
}

// encode writes a value as JSON in which nothing acts on a terminal.
func encode(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(VisibleJSON(b.Bytes()))
	return err
}
