package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/karzoun/miniapp-review/internal/config"
	"github.com/karzoun/miniapp-review/internal/doctor"
	"github.com/karzoun/miniapp-review/internal/github"
	"github.com/karzoun/miniapp-review/internal/report"
)

func newDoctor(s Streams) *cobra.Command {
	var flags remoteFlags
	var format string
	c := &cobra.Command{
		Use:   "doctor --repo OWNER/NAME",
		Short: "Say what is to be changed about the set-up of a repository",
		Long: `Doctor looks at how a definitions repository on GitHub is set up for reviews: the
token, the labels, the required status and who may set it, the settings of
Actions, and the workflows, which must be able to do what the configuration asks
for: sign in at a registry with an audience, try submissions by machine. It says
what is right, what is not, and how to change that. It writes nothing.

The token is taken from GITHUB_TOKEN or GH_TOKEN. One of an administrator sees
more; what a token may not see is said.

Exit codes: 0 nothing to change, 1 something to change, 2 wrong use, 3 could not
check.`,
		Example: `  miniapp doctor --repo acme/definitions
  miniapp doctor --repo acme/definitions --format json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if format != "text" && format != "json" {
				return usageError("", "unknown format %q: expected text or json", format)
			}
			client, err := flags.client(s)
			if err != nil {
				return err
			}
			checks, err := examine(c.Context(), client)
			if err != nil {
				return err
			}
			if err := printChecks(s, checks, format); err != nil {
				return err
			}
			return examined(checks)
		},
	}
	flags.addRepository(c)
	c.Flags().StringVar(&format, "format", "text", "how to print it: text, json")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func examine(ctx context.Context, client *github.Client) ([]doctor.Check, error) {
	facts, err := client.Setup(ctx)
	if err != nil {
		return nil, err
	}
	c, broken := configuration(client.Tree(ctx, facts.Repository.Value.DefaultBranch))
	if broken != nil {
		c = config.Default()
	}
	return doctor.Examine(facts, c, broken), nil
}

// examined is the error for the exit code.
func examined(checks []doctor.Check) error {
	worst := error(nil)
	for _, c := range checks {
		switch {
		case c.State == doctor.Change:
			return &exitError{code: ExitFindings}
		case c.State == doctor.Unseen && c.Needed:
			worst = &exitError{code: ExitFailed, err: errors.New("some of what counts could not be seen")}
		}
	}
	return worst
}

func printChecks(s Streams, checks []doctor.Check, format string) error {
	if format == "json" {
		e := json.NewEncoder(s.Out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(struct {
			Version int            `json:"version"`
			Checks  []doctor.Check `json:"checks"`
		}{1, checks})
	}
	var b strings.Builder
	signs := map[doctor.State]string{doctor.Right: "ok     ", doctor.Change: "change ", doctor.Unseen: "unseen "}
	changes, hidden := 0, 0
	for _, c := range checks {
		fmt.Fprintf(&b, "%s%s: %s\n", signs[c.State], c.Name, report.Visible(c.Says))
		if c.How != "" {
			fmt.Fprintf(&b, "       %s\n", report.Visible(c.How))
		}
		switch c.State {
		case doctor.Change:
			changes++
		case doctor.Unseen:
			hidden++
		}
	}
	fmt.Fprintf(&b, "\n%d checks, %d to change, %d unseen\n", len(checks), changes, hidden)
	_, err := fmt.Fprint(s.Out, b.String())
	return err
}
