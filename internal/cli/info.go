package cli

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/nearest"
	"github.com/karzoun/miniapp-review/internal/rules"
)

func newSchema(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of definitions",
		Long: `Schema prints the JSON Schema (draft-07) of miniapp.json. Editors that know it
complete keys and explain them. It says what a definition may look like; what
its parts have to do with each other is checked by "miniapp check".`,
		Example: `  miniapp schema > miniapp.schema.json`,
		Args:    arguments(0, 0),
		RunE: func(*cobra.Command, []string) error {
			_, err := s.Out.Write(definition.Schema())
			return err
		},
	}
}

func newRules(s Streams) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "rules [ID]",
		Short: "List the rules, or explain one",
		Example: `  miniapp rules
  miniapp rules version-increased
  miniapp rules --format json`,
		Args: arguments(0, 1),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completeRules(rules.All()), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			all := rules.All()
			if len(args) == 1 {
				spec, err := findRule(all, args[0])
				if err != nil {
					return err
				}
				all = []rules.Spec{spec}
			}
			switch {
			case format == "json":
				return printRulesJSON(s, all)
			case format != "text":
				return usageError("", "unknown format %q: use \"text\" or \"json\"", format)
			case len(args) == 1:
				return explainRule(s, all[0])
			}
			return listRules(s, all)
		},
	}
	c.Flags().StringVar(&format, "format", "text", "how to print: text, json")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// completeRules returns the ids with their titles, as shells show them.
func completeRules(all []rules.Spec) []string {
	var words []string
	for _, r := range all {
		words = append(words, r.ID+"\t"+r.Title)
	}
	return words
}

func ruleIDs(all []rules.Spec) []string {
	var ids []string
	for _, r := range all {
		ids = append(ids, r.ID)
	}
	return ids
}

func findRule(all []rules.Spec, id string) (rules.Spec, error) {
	for _, r := range all {
		if r.ID == id {
			return r, nil
		}
	}
	hint := `"miniapp rules" lists them`
	if near, ok := nearest.Word(id, ruleIDs(all)); ok {
		hint = fmt.Sprintf("did you mean %q? %s", near, hint)
	}
	return rules.Spec{}, usageError(hint, "there is no rule %q", id)
}

func listRules(s Streams, all []rules.Spec) error {
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	var groups []string
	for _, r := range all {
		if !slices.Contains(groups, r.Group) {
			groups = append(groups, r.Group)
		}
	}
	for i, group := range groups {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, group)
		for _, r := range all {
			if r.Group != group {
				continue
			}
			mark := ""
			if r.Security {
				mark = " (security)"
			}
			fmt.Fprintf(w, "  %s\t%s\t%s%s\n", r.ID, r.Severity, r.Title, mark)
		}
	}
	return w.Flush()
}

func explainRule(s Streams, r rules.Spec) error {
	fixed := ""
	if r.Security {
		fixed = ", security: no configuration can turn it off or make it milder"
	}
	_, err := fmt.Fprintf(s.Out, "%s (%s%s)\n\n%s\n\nWhy: %s\n\nWhat to do: %s\n", r.ID, r.Severity, fixed, r.Purpose, r.Source, strings.TrimSpace(r.Help))
	return err
}

func printRulesJSON(s Streams, all []rules.Spec) error {
	type rule struct {
		ID       string `json:"id"`
		Group    string `json:"group"`
		Title    string `json:"title"`
		Purpose  string `json:"purpose"`
		Severity string `json:"severity"`
		Security bool   `json:"security"`
		Source   string `json:"source"`
		Help     string `json:"help"`
	}
	out := struct {
		Version int    `json:"version"`
		Rules   []rule `json:"rules"`
	}{Version: 1, Rules: []rule{}}
	for _, r := range all {
		out.Rules = append(out.Rules, rule{r.ID, r.Group, r.Title, r.Purpose, r.Severity.String(), r.Security, r.Source, r.Help})
	}
	e := json.NewEncoder(s.Out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(out)
}
