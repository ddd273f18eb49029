package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/rules"
	"github.com/karzoun/miniapp-review/internal/scaffold"
	"github.com/karzoun/miniapp-review/internal/submission"
)

type initFlags struct {
	title, category, auth, owner, dir string
	webhook                           bool
}

func newInit(s Streams) *cobra.Command {
	var flags initFlags
	c := &cobra.Command{
		Use:   "init NS",
		Short: "Make the folder of a new submission",
		Long: `Init makes definitions/NS with everything that a submission needs. What only you
can know is marked TODO; "miniapp check" lists what is left.

On a terminal it asks for what the flags leave open. With any flag, or without
a terminal, it asks nothing and takes the defaults.`,
		Example: `  miniapp init acme-desk
  miniapp init acme-desk --title "Acme Desk" --auth oauth2 --webhook --owner octocat:583231`,
		Args: arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			o := scaffold.Options{NS: args[0], Title: flags.title, Category: flags.category, Auth: flags.auth, Webhook: flags.webhook, Date: s.Now()}
			if c.Flags().NFlag() == 0 && s.InTerminal {
				if err := ask(s, &o); err != nil {
					return err
				}
			}
			return runInit(s, flags, o)
		},
	}
	c.ValidArgsFunction = cobra.NoFileCompletions
	f := c.Flags()
	f.StringVar(&flags.title, "title", "", "the name that people see (default: made from NS)")
	f.StringVar(&flags.category, "category", "productivity", "the marketplace category: "+strings.Join(definition.Categories(), ", "))
	f.StringVar(&flags.auth, "auth", "bearer_token", "how tenants connect: "+strings.Join(scaffold.AuthTypes(), ", "))
	f.BoolVar(&flags.webhook, "webhook", false, "with a trigger, a webhook and a sample delivery")
	f.StringVar(&flags.owner, "owner", "", "the GitHub account that may submit updates, as `LOGIN:ID` with its numeric id")
	f.StringVar(&flags.dir, "dir", ".", "the definitions repository")
	_ = c.RegisterFlagCompletionFunc("category", cobra.FixedCompletions(definition.Categories(), cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("auth", cobra.FixedCompletions(scaffold.AuthTypes(), cobra.ShellCompDirectiveNoFileComp))
	_ = c.MarkFlagDirname("dir")
	return c
}

// ask fills in the options from answers on the terminal. An empty answer takes
// the default.
func ask(s Streams, o *scaffold.Options) error {
	in := bufio.NewScanner(s.In)
	question := func(text, normal string) (string, error) {
		fmt.Fprintf(s.Err, "%s [%s]: ", text, normal)
		if !in.Scan() {
			return "", &exitError{code: ExitUsage, err: errors.Join(errors.New("the input ended before every question was answered; nothing was written"), in.Err())}
		}
		if answer := strings.TrimSpace(in.Text()); answer != "" {
			return answer, nil
		}
		return normal, nil
	}
	var err error
	if o.Title, err = question("Title", titleOf(o.NS)); err != nil {
		return err
	}
	if o.Category, err = question("Category ("+strings.Join(definition.Categories(), ", ")+")", o.Category); err != nil {
		return err
	}
	if o.Auth, err = question("Auth ("+strings.Join(scaffold.AuthTypes(), ", ")+")", o.Auth); err != nil {
		return err
	}
	webhook, err := question("Does the provider send webhooks? (yes, no)", "no")
	o.Webhook = strings.HasPrefix(strings.ToLower(webhook), "y")
	return err
}

// titleOf makes a title of a namespace: "acme-desk" gives "Acme Desk".
func titleOf(ns string) string {
	words := strings.Split(ns, "-")
	for i, w := range words {
		if w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, " ")
}

func runInit(s Streams, flags initFlags, o scaffold.Options) error {
	switch {
	case !rules.ValidNS(o.NS):
		return usageError("use lower-case letters, digits and single hyphens, such as \"acme-desk\"", "%q is no namespace", o.NS)
	case !slices.Contains(scaffold.AuthTypes(), o.Auth):
		return usageError("use one of: "+strings.Join(scaffold.AuthTypes(), ", "), "unknown way to connect %q", o.Auth)
	case !slices.Contains(definition.Categories(), o.Category):
		return usageError("use one of: "+strings.Join(definition.Categories(), ", "), "unknown category %q", o.Category)
	}
	if o.Title == "" {
		o.Title = titleOf(o.NS)
	}
	if flags.owner != "" {
		login, id, _ := strings.Cut(flags.owner, ":")
		n, err := strconv.ParseInt(id, 10, 64)
		if login == "" || err != nil || n <= 0 {
			return usageError("write it as in octocat:583231; the numeric id is in the answer of the GitHub API to /users/LOGIN", "%q is no LOGIN:ID", flags.owner)
		}
		o.Login, o.ID = login, n
	}
	if !isDir(flags.dir) {
		return usageError("name the folder of the definitions repository", "%q is no folder", flags.dir)
	}
	dir := filepath.Join(flags.dir, submission.Root, o.NS)
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		return usageError("choose another namespace, or work on that folder", "%q is there already; nothing was written", dir)
	}
	files, err := scaffold.Files(o)
	if err != nil {
		return err
	}
	if err := writeFolder(dir, files); err != nil {
		return err
	}
	for _, f := range files {
		fmt.Fprintf(s.Out, "wrote %s\n", filepath.Join(dir, filepath.FromSlash(f.Name)))
	}
	fmt.Fprintf(s.Out, "\nNext: fill in what is marked TODO, with \"miniapp check %s\" as the list of what is left.\n", dir)
	return nil
}

// writeFolder writes the files beside their place first and moves the folder
// there as a whole, so that no interruption leaves half of one.
func writeFolder(dir string, files []scaffold.File) (err error) {
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(parent), ".miniapp-init-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	fresh := filepath.Join(tmp, filepath.Base(dir))
	for _, f := range files {
		name := filepath.Join(fresh, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			return err
		}
	}
	return os.Rename(fresh, dir)
}
