package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/karzoun/miniapp-review/internal/github"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/queue"
	"github.com/karzoun/miniapp-review/internal/review"
)

// markerVariable has the secret of the comments' markers, where one is used.
const markerVariable = "MINIAPP_MARKER_SECRET"

func newQueue(s Streams) *cobra.Command {
	var flags remoteFlags
	var format string
	c := &cobra.Command{
		Use:   "queue --repo OWNER/NAME",
		Short: "List the open submissions, and whose turn it is",
		Long: `Queue lists the open pull requests of a definitions repository: the stage, who is
waited for, the age, the due date and the findings. It reads what the reviews
noted in their status comments, with one request for fifty pull requests, and
writes nothing.

With --format html it prints one page that needs nothing else, for a screen in
the office or GitHub Pages.

The token is taken from GITHUB_TOKEN or GH_TOKEN. Name the account that reviews
with --bot when it is not github-actions[bot], and put the secret of its markers,
if it has one, into ` + markerVariable + `.`,
		Example: `  miniapp queue --repo acme/definitions
  miniapp queue --repo acme/definitions --format html > queue.html`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if flags.repo == "" {
				return usageError(`write "--repo OWNER/NAME"`, "it is not said which repository is meant")
			}
			if format != "text" && format != "json" && format != "html" {
				return usageError("", "unknown format %q: expected text, json or html", format)
			}
			if flags.bot == "" {
				bot := github.ActionsBot()
				flags.bot = fmt.Sprintf("%s:%d", bot.Login, bot.ID)
			}
			flags.maxFiles = github.DefaultMaxChanges
			r, err := flags.open(s)
			if err != nil {
				return err
			}
			self, err := account(flags.bot)
			if err != nil {
				return err
			}
			r.options.MarkerKey = []byte(s.Getenv(markerVariable))
			list, err := r.list(c.Context(), flags.repo, self)
			if err != nil {
				return err
			}
			list.At = s.Now().UTC()
			return printQueue(s.Out, list, format)
		},
	}
	f := c.Flags()
	f.StringVar(&flags.repo, "repo", "", "the definitions repository on GitHub, as `OWNER/NAME`")
	f.StringVar(&flags.apiURL, "api-url", "", "the `URL` of the API of a GitHub Enterprise Server (default: $GITHUB_API_URL, or github.com's)")
	f.StringVar(&flags.bot, "bot", "", "the account that reviews, as `LOGIN:ID` (default: github-actions[bot])")
	f.StringVar(&format, "format", "text", "how to print the list: text, json, html")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json", "html"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// list reads what is open. self is the account that reviews.
func (r *reviewing) list(ctx context.Context, repository string, self pull.User) (*queue.List, error) {
	open, err := r.forge.OpenPulls(ctx)
	if err != nil {
		return nil, err
	}
	standings, err := r.standings(ctx, repository, self, open)
	if err != nil {
		return nil, err
	}
	l := &queue.List{Version: 1, Repository: repository, Entries: []queue.Entry{}}
	for _, o := range open {
		e := queue.Entry{Number: o.Number, URL: o.URL, Author: o.Author.Login, Names: []string{}, Draft: o.Draft, Opened: o.CreatedAt}
		if st, ok := standings[o.Number]; ok && !o.Draft {
			fill(&e, st)
		}
		l.Entries = append(l.Entries, e)
	}
	l.Sort()
	return l, nil
}

// fill takes over what the last review noted.
func fill(e *queue.Entry, st review.Standing) {
	e.Stage, e.Waiting, e.Kind = string(st.Stage), string(st.Waiting), st.Kind
	e.Names = append(e.Names, st.Names...)
	e.Since, e.Ready, e.Due = st.Since, st.Ready, st.Due
	e.Errors, e.Warnings = st.Errors, st.Warnings
}

func printQueue(w io.Writer, l *queue.List, format string) error {
	switch format {
	case "json":
		return l.JSON(w)
	case "html":
		return l.HTML(w)
	}
	return l.Text(w)
}
