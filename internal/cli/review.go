package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/karzoun/miniapp-review/internal/github"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/review"
)

// remoteFlags say which pull request of which repository, or which recording.
type remoteFlags struct {
	repo, apiURL, bot, replay, registry string
	number, maxFiles                    int
}

// addRepository adds the flags that name the repository.
func (f *remoteFlags) addRepository(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.repo, "repo", "", "the definitions repository on GitHub, as `OWNER/NAME`")
	flags.StringVar(&f.apiURL, "api-url", "", "the `URL` of the API of a GitHub Enterprise Server (default: $GITHUB_API_URL, or github.com's)")
	flags.StringVar(&f.bot, "bot", "", "the account that the token acts as, as `LOGIN:ID`, where GitHub does not tell")
}

func (f *remoteFlags) add(c *cobra.Command) {
	f.addRepository(c)
	flags := c.Flags()
	flags.IntVar(&f.number, "pr", 0, "the `NUMBER` of the pull request")
	flags.StringVar(&f.replay, "replay", "", "look at the recording in `FILE` instead of GitHub")
	flags.StringVar(&f.registry, "registry", "", "a static registry in `DIR`, whose versions are taken too")
	flags.IntVar(&f.maxFiles, "max-changed-files", github.DefaultMaxChanges, "look at pull requests of at most `N` changed files")
	_ = c.MarkFlagFilename("replay", "json")
	_ = c.MarkFlagDirname("registry")
}

// check refuses what cannot be meant.
func (f *remoteFlags) check() error {
	const hint = `write "--repo OWNER/NAME --pr NUMBER" for a pull request, or "--replay FILE" for a recording`
	switch {
	case f.replay != "" && (f.repo != "" || f.number != 0):
		return usageError(hint, "--replay looks at a recording; leave --repo and --pr out")
	case f.replay != "":
		return nil
	case f.repo == "" || f.number == 0:
		return usageError(hint, "it is not said which pull request is meant")
	case f.number < 0:
		return usageError(hint, "%d is no number of a pull request", f.number)
	case f.maxFiles < 1 || f.maxFiles > 3000:
		return usageError("", "--max-changed-files takes a number from 1 to 3000, not %d", f.maxFiles)
	}
	return nil
}

// open prepares reviews of the repository on GitHub.
func (f *remoteFlags) open(s Streams) (*reviewing, error) {
	client, err := f.client(s)
	if err != nil {
		return nil, err
	}
	return f.prepare(client)
}

// client makes a client for the repository, as whoever the environment's token
// is of.
func (f *remoteFlags) client(s Streams) (*github.Client, error) {
	if f.repo == "" {
		return nil, usageError(`write "--repo OWNER/NAME"`, "it is not said which repository is meant")
	}
	owner, name, ok := strings.Cut(f.repo, "/")
	if !ok {
		return nil, usageError("write it as OWNER/NAME", "%q is no repository", f.repo)
	}
	o := github.Options{Owner: owner, Name: name, API: f.apiURL, MaxChanges: f.maxFiles, UserAgent: "miniapp-review/" + version(), Now: s.Now}
	if o.API == "" {
		o.API = s.Getenv("GITHUB_API_URL")
	}
	for _, variable := range []string{"GITHUB_TOKEN", "GH_TOKEN"} {
		if o.Token == "" {
			o.Token = s.Getenv(variable)
		}
	}
	if o.Token == "" {
		return nil, usageError(`a token with read access is enough for --dry-run; "gh auth token" prints the one of the GitHub command line`,
			"there is no token for GitHub: set GITHUB_TOKEN or GH_TOKEN")
	}
	var err error
	if o.Self, err = account(f.bot); err != nil {
		return nil, err
	}
	client, err := github.New(o)
	if err != nil {
		return nil, usageError("", "%w", err)
	}
	return client, nil
}

// prepare loads what reviews need beside GitHub. client may be nil for replays.
func (f *remoteFlags) prepare(client forge) (*reviewing, error) {
	r, err := newReviewing(client)
	if err != nil {
		return nil, err
	}
	held, err := openRegistry(f.registry)
	if err != nil || held == nil {
		return r, err
	}
	r.held = func(ns string) []pull.Held {
		var list []pull.Held
		for _, h := range held(ns) {
			list = append(list, pull.Held{Version: h.Version, State: h.State})
		}
		return list
	}
	return r, nil
}

// account reads LOGIN:ID.
func account(text string) (pull.User, error) {
	if text == "" {
		return pull.User{}, nil
	}
	login, id, _ := strings.Cut(text, ":")
	n, err := strconv.ParseInt(id, 10, 64)
	if login == "" || err != nil || n <= 0 {
		return pull.User{}, usageError("write it as in github-actions[bot]:41898282", "%q is no LOGIN:ID", text)
	}
	return pull.User{ID: n, Login: login, Bot: strings.HasSuffix(login, "[bot]")}, nil
}

// look reviews the pull request or the recording that the flags name.
func (f *remoteFlags) look(ctx context.Context, s Streams, prepare func(*reviewing)) (*outcome, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if f.replay == "" {
		r, err := f.open(s)
		if err != nil {
			return nil, err
		}
		prepare(r)
		return r.pull(ctx, f.number)
	}
	data, err := os.ReadFile(f.replay)
	if err != nil {
		return nil, usageError("name the file that --record wrote", "reading the recording: %w", err)
	}
	snapshot, err := pull.Decode(data)
	if err != nil {
		return nil, usageError("name a file that --record wrote", "%q: %w", f.replay, err)
	}
	r, err := f.prepare(nil)
	if err != nil {
		return nil, err
	}
	prepare(r)
	result, err := review.Review(ctx, snapshot, r.options)
	if err != nil {
		return nil, err
	}
	return &outcome{number: snapshot.Number, snapshot: snapshot, result: result}, nil
}

func newReview(s Streams) *cobra.Command {
	var flags remoteFlags
	var dryRun bool
	var record, format string
	c := &cobra.Command{
		Use:   "review --repo OWNER/NAME --pr NUMBER",
		Short: "Review a pull request on GitHub as the Action does",
		Long: `Review reads a pull request of a definitions repository from GitHub's API, and
writes what the Action would write: remarks on lines, the status comment, labels
and the commit status. Nothing of the pull request is checked out or run.

The token is taken from GITHUB_TOKEN or GH_TOKEN. With --dry-run nothing is
written, and a token that may read is enough.

Exit codes: 0 no errors, 1 errors found, 2 wrong use, 3 could not check.`,
		Example: `  miniapp review --repo acme/definitions --pr 12 --dry-run
  miniapp review --repo acme/definitions --pr 12 --dry-run --record pr12.json
  miniapp review --replay pr12.json --format json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if format != "text" && format != "json" {
				return usageError("", "unknown format %q: expected text or json", format)
			}
			if record != "" && flags.replay != "" {
				return usageError("", "--record saves what is on GitHub; leave --replay out")
			}
			o, err := flags.look(c.Context(), s, func(r *reviewing) {
				r.dryRun = dryRun
				if record != "" {
					r.record = recordTo(s, record)
				}
			})
			if err != nil {
				return err
			}
			if err := printReview(s.Out, o, format, dryRun || flags.replay != ""); err != nil {
				return err
			}
			return o.exit()
		},
	}
	flags.add(c)
	f := c.Flags()
	f.BoolVar(&dryRun, "dry-run", false, "print the plan and write nothing")
	f.StringVar(&record, "record", "", "save what the review saw in `FILE`, without tokens")
	f.StringVar(&format, "format", "text", "how to print the plan: text, json")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// exit is the error for the exit code of a review.
func (o *outcome) exit() error {
	f := o.result.Facts
	switch {
	case f.CouldNotCheck != "":
		return &exitError{code: ExitFailed, err: errors.New("could not check: " + f.CouldNotCheck)}
	case f.Errors > 0:
		return &exitError{code: ExitFindings}
	}
	return nil
}

// printReview says what was done, or what would be.
func printReview(w io.Writer, o *outcome, format string, planned bool) error {
	if format == "json" {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(o.result.Plan)
	}
	var b strings.Builder
	switch {
	case o.moved:
		fmt.Fprintf(&b, "pull request %d was pushed to during the review, and nothing was written; review it again\n", o.number)
	case o.failed:
		done := o.result.Plan
		done.Operations = nil
		for _, m := range o.made {
			done.Operations = append(done.Operations, m.Operation)
		}
		fmt.Fprintf(&b, "%d of %d operations were made before one failed\n%s", len(o.made), len(o.result.Plan.Operations), done.Text())
	default:
		if !planned && len(o.result.Plan.Operations) > 0 {
			b.WriteString("done on ")
		}
		b.WriteString(o.result.Plan.Text())
	}
	for _, n := range o.notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	for _, m := range o.made {
		for _, n := range m.Notes {
			fmt.Fprintf(&b, "note: %s\n", n)
		}
		for _, r := range m.Refused {
			fmt.Fprintf(&b, "note: GitHub did not take the remark on %q line %d; the status comment has it\n", r.Remark.Path, r.Remark.Line)
		}
	}
	if d := o.result.Decision; d.Summary != "" {
		fmt.Fprintf(&b, "stage: %s, %s\n", stageName(d.Stage), d.Summary)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
