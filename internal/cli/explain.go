package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/karzoun/miniapp-review/internal/stage"
)

func stageName(s stage.Stage) string {
	if s == stage.None {
		return "none"
	}
	return string(s)
}

// explanation is what "explain --format json" prints.
type explanation struct {
	Version int         `json:"version"`
	Number  int         `json:"number"`
	Head    string      `json:"head"`
	Stage   string      `json:"stage"`
	Waiting string      `json:"waiting"`
	Status  string      `json:"status"`
	Summary string      `json:"summary"`
	Reasons []string    `json:"reasons"`
	Next    []string    `json:"next"`
	Labels  []string    `json:"labels"`
	Facts   stage.Facts `json:"facts"`
}

func newExplain(s Streams) *cobra.Command {
	var flags remoteFlags
	var format string
	c := &cobra.Command{
		Use:   "explain --repo OWNER/NAME --pr NUMBER",
		Short: "Say why a pull request stands where it stands",
		Long: `Explain says in which stage a pull request is, whose turn it is, and which facts
led there. It writes nothing. It works on a pull request, and on the recording
of one.`,
		Example: `  miniapp explain --repo acme/definitions --pr 12
  miniapp explain --replay pr12.json --format json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if format != "text" && format != "json" {
				return usageError("", "unknown format %q: expected text or json", format)
			}
			o, err := flags.look(c.Context(), s, func(r *reviewing) { r.dryRun = true })
			if err != nil {
				return err
			}
			e := explain(o)
			if format == "json" {
				enc := json.NewEncoder(s.Out)
				enc.SetEscapeHTML(false)
				enc.SetIndent("", "  ")
				return enc.Encode(e)
			}
			_, err = fmt.Fprint(s.Out, e.text())
			return err
		},
	}
	flags.add(c)
	c.Flags().StringVar(&format, "format", "text", "how to print it: text, json")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func explain(o *outcome) explanation {
	d := o.result.Decision
	e := explanation{Version: 1, Number: o.number, Head: o.snapshot.Head.SHA, Stage: stageName(d.Stage), Waiting: string(d.Waiting),
		Status: string(d.Status), Summary: d.Summary, Reasons: append([]string{}, d.Reasons...), Next: append([]string{}, d.Next...), Labels: []string{}, Facts: o.result.Facts}
	if e.Facts.Holds == nil {
		e.Facts.Holds = []string{}
	}
	for _, l := range o.result.Labels {
		e.Labels = append(e.Labels, string(l))
	}
	return e
}

func (e explanation) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "pull request %d at %s\n", e.Number, e.Head[:min(len(e.Head), 12)])
	fmt.Fprintf(&b, "stage:   %s\n", e.Stage)
	if e.Waiting != "" {
		fmt.Fprintf(&b, "waiting: for the %s\n", e.Waiting)
	}
	if e.Status != "" {
		fmt.Fprintf(&b, "status:  %s, %q\n", e.Status, e.Summary)
	}
	for _, part := range []struct {
		name  string
		lines []string
	}{{"because", e.Reasons}, {"next", e.Next}} {
		if len(part.lines) > 0 {
			fmt.Fprintf(&b, "%s:\n", part.name)
		}
		for _, l := range part.lines {
			fmt.Fprintf(&b, "  - %s\n", l)
		}
	}
	return b.String()
}
