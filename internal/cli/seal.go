package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/nearest"
	"github.com/karzoun/miniapp-review/internal/report"
	"github.com/karzoun/miniapp-review/internal/sealed"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

type sealFlags struct {
	from, config    string
	recipients      []string
	template, check bool
}

func newSeal(s Streams) *cobra.Command {
	var flags sealFlags
	c := &cobra.Command{
		Use:   "seal [DIR]",
		Short: "Encrypt a test account for the reviewers",
		Long: `Seal encrypts the sandbox account that reviewers try a submission with, and
writes it to test-account.age in the folder of the submission. DIR is that
folder; without it, the current one.

The account is encrypted to the keys that the configuration names under
test_accounts.recipients, as it is at the base, or to those of --recipient. Only
who has the private half of one of them can open it; you cannot.

On a terminal, it asks for what the definition needs, and shows nothing of what
you type. Otherwise it reads the account as JSON from standard input, or from the
file of --from; --template prints the form to fill in. A file that Git could
commit is refused: keep it outside of the repository.

Exit codes: 0 sealed, or sealed to the keys of now; 1 with --check, not sealed to
them; 2 wrong use, or an account that lacks something; 3 could not read or write.`,
		Example: `  miniapp seal definitions/acme-desk
  miniapp seal --template definitions/acme-desk > ~/acme-account.json
  miniapp seal --from ~/acme-account.json definitions/acme-desk
  miniapp seal --check definitions/acme-desk    whom is it sealed to?`,
		Args: arguments(0, 1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := given(c, "from", "config"); err != nil {
				return err
			}
			if flags.template && (flags.check || flags.from != "") || flags.check && flags.from != "" {
				return usageError("use one of them at a time", "--template, --check and --from exclude each other")
			}
			at, err := submissionAt(args)
			if err != nil {
				return err
			}
			switch {
			case flags.template:
				return printTemplate(s, at)
			case flags.check:
				return checkSealed(s, flags, at)
			}
			return seal(c.Context(), s, flags, at)
		},
	}
	f := c.Flags()
	f.StringVar(&flags.from, "from", "", "read the account from the JSON `FILE`, which lies outside of the repository")
	f.StringArrayVar(&flags.recipients, "recipient", nil, "seal to this public `KEY` instead of those of the configuration; can be given several times")
	f.StringVar(&flags.config, "config", "", "use this configuration `FILE` instead of the repository's")
	f.BoolVar(&flags.template, "template", false, "print the form of an account of this definition, to be filled in")
	f.BoolVar(&flags.check, "check", false, "say whom the account is sealed to, which takes no key, and write nothing")
	_ = c.MarkFlagFilename("from", "json")
	_ = c.MarkFlagFilename("config", "yml", "yaml")
	return c
}

// submissionAt finds the one submission that the arguments name.
func submissionAt(args []string) (target, error) {
	arg := "."
	if len(args) > 0 {
		arg = args[0]
	}
	at, err := locate(arg)
	if err != nil {
		return target{}, err
	}
	if at.folder == "" {
		return target{}, usageError("name its folder, such as definitions/acme-desk", "%q is not the folder of one submission", arg)
	}
	return at, nil
}

// path is a file of the target's submission on disk.
func (t target) path(name string) string {
	if t.lone {
		return filepath.Join(t.root, t.folder, name)
	}
	return filepath.Join(t.root, filepath.FromSlash(submission.Dir(t.folder)), name)
}

// shown is such a file's path as messages name it, from the current folder.
func (t target) shown(name string) string {
	abs := t.path(name)
	return report.Visible(filepath.Join(filepath.FromSlash(fromWorkingDirectory(filepath.Dir(abs))), name))
}

// accountForm is what the definition of a submission says of its account.
type accountForm struct {
	ns string
	// needed are the keys that an account must have, known all that it may have.
	needed, known []string
}

// readAccountForm reads the definition of a submission for what an account needs.
func readAccountForm(t target) (accountForm, error) {
	dir, err := source.OpenDir(filepath.Dir(t.path(submission.DefinitionFile)))
	if err != nil {
		return accountForm{}, &exitError{code: ExitFailed, err: err}
	}
	data, err := dir.ReadFile(submission.DefinitionFile, submission.MaxFileBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return accountForm{}, usageError("write the definition first, since it says what an account needs", "there is no %s", t.shown(submission.DefinitionFile))
	}
	if err != nil {
		return accountForm{}, &exitError{code: ExitFailed, err: err}
	}
	doc, problems := jsondoc.Parse(data)
	if len(problems) > 0 || !doc.Root.Is(jsondoc.Object) {
		return accountForm{}, usageError("see \"miniapp check\", and mend it first, since it says what an account needs", "%s cannot be read as a definition", t.shown(submission.DefinitionFile))
	}
	def := definition.New(doc)
	form := accountForm{ns: def.NS.Text()}
	for _, k := range def.AccountKeys() {
		if k.Needed {
			form.needed = append(form.needed, k.Name)
		}
		form.known = append(form.known, k.Name)
	}
	return form, nil
}

// templateNotes stand in the form, and are not sealed.
const templateNotes = "How to sign in, and what there is to try."

func printTemplate(s Streams, at target) error {
	keys, err := readAccountForm(at)
	if err != nil {
		return err
	}
	form := sealed.Account{NS: keys.ns, Credentials: map[string]string{}, Login: map[string]string{"user": "", "password": ""}, Notes: templateNotes}
	for _, k := range keys.needed {
		form.Credentials[k] = ""
	}
	_, err = s.Out.Write(report.VisibleJSON(form.Encode()))
	return err
}

func seal(ctx context.Context, s Streams, flags sealFlags, at target) error {
	form, err := readAccountForm(at)
	if err != nil {
		return err
	}
	to, err := recipients(s, flags, at)
	if err != nil {
		return err
	}
	if len(to) == 0 {
		return usageError("the marketplace has to name them under test_accounts.recipients; to seal to a key that you were told: --recipient age1…", "the configuration names no keys of reviewers")
	}
	var account sealed.Account
	if flags.from == "" && s.InTerminal {
		account, err = askAccount(ctx, s, form.needed)
	} else {
		account, err = readAccount(s, flags.from)
	}
	if err != nil {
		return err
	}
	if account.NS == "" {
		account.NS = form.ns
	}
	if err := judgeAccount(s, account, form); err != nil {
		return err
	}
	data, err := sealed.Seal(account, to)
	if err != nil {
		return usageError("", "%w", err)
	}
	if err := replaceFile(at.path(submission.TestAccountFile), data); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "wrote %s, which these can open:\n", at.shown(submission.TestAccountFile))
	for _, r := range to {
		fmt.Fprintf(s.Out, "  %s\n", r.Short())
	}
	return nil
}

// recipients are the keys to seal to: those of the flags, or those that the
// configuration names. There may be none.
func recipients(s Streams, flags sealFlags, at target) ([]sealed.Recipient, error) {
	if len(flags.recipients) > 0 {
		to, err := sealed.ParseRecipients(flags.recipients)
		if err != nil {
			return nil, usageError("ask the marketplace for the public keys of its reviewers", "--recipient: %w", err)
		}
		return to, nil
	}
	r := &runner{streams: s, flags: checkFlags{config: flags.config}}
	w := &workspace{}
	switch {
	case flags.config != "":
	case at.lone:
		return nil, usageError("name the keys with --recipient age1…, or a configuration with --config FILE",
			"%s lies outside of a definitions repository, whose configuration would name the keys of reviewers", at.shown(submission.TestAccountFile))
	default:
		var err error
		if w, err = openWorkspace(at.root, "", at.folder); err != nil {
			return nil, err
		}
	}
	c, err := r.config(w)
	if err != nil {
		return nil, err
	}
	return c.TestAccounts.Recipients, nil
}

// readAccount reads an account from a file, or from standard input.
func readAccount(s Streams, name string) (sealed.Account, error) {
	in, shown := s.In, "standard input"
	if name != "" && name != "-" {
		if err := uncommitted(name); err != nil {
			return sealed.Account{}, err
		}
		f, err := os.Open(name)
		if err != nil {
			return sealed.Account{}, usageError("\"miniapp seal --template\" prints a form", "reading the account: %w", err)
		}
		defer f.Close()
		in, shown = f, report.Visible(name)
	}
	data, err := io.ReadAll(io.LimitReader(in, sealed.MaxAccountBytes+1))
	if err != nil {
		return sealed.Account{}, &exitError{code: ExitFailed, err: fmt.Errorf("reading the account: %w", err)}
	}
	account, err := sealed.ParseAccount(data)
	if errors.Is(err, sealed.ErrLarge) {
		return sealed.Account{}, usageError("\"miniapp seal --template\" prints a form", "%s %w", shown, err)
	}
	if err != nil {
		return sealed.Account{}, usageError("\"miniapp seal --template\" prints a form", "this is no account\n%s:%s", shown, strings.ReplaceAll(err.Error(), "\n", "\n"+shown+":"))
	}
	// What of the form was left as it is.
	maps.DeleteFunc(account.Login, func(_, value string) bool { return value == "" })
	if account.Notes == templateNotes {
		account.Notes = ""
	}
	return account, nil
}

// uncommitted refuses a file that Git could commit: a slip of the hand would
// show the account to everybody who can read the repository, for good.
func uncommitted(name string) error {
	real, err := filepath.Abs(name)
	if err == nil {
		real, err = filepath.EvalSymlinks(real)
	}
	if err != nil {
		return usageError("\"miniapp seal --template\" prints a form", "reading the account: %w", err)
	}
	const hint = "keep it outside of the repository, or let a .gitignore name it: once pushed, everybody who can read the repository can read it"
	repo, err := source.Find(filepath.Dir(real))
	switch {
	case errors.Is(err, source.ErrNoRepository):
		// Without git to ask, a folder that looks like a repository counts as one.
		for dir := filepath.Dir(real); dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
				return usageError(hint, "%q lies in a Git repository", name)
			}
		}
		return nil
	case err != nil:
		return &exitError{code: ExitFailed, err: err, hint: hint}
	}
	rel, err := filepath.Rel(repo.Root(), real)
	if err != nil || !repo.Ignores(filepath.ToSlash(rel)) {
		return usageError(hint, "%q lies in a Git repository, and Git does not ignore it", name)
	}
	return nil
}

// judgeAccount warns of what the definition does not know, and refuses an
// account that lacks what it needs: a key with a typo is the reason of both.
func judgeAccount(s Streams, a sealed.Account, form accountForm) error {
	needed, known := form.needed, form.known
	if err := a.For(form.ns); err != nil {
		return usageError("take the \"ns\" out of it if that is a mistake", "%w", err)
	}
	isKnown := map[string]bool{}
	for _, k := range known {
		isKnown[k] = true
	}
	for _, k := range sortedKeys(a.Credentials) {
		if isKnown[k] {
			continue
		}
		help := "put what is for people under \"login\" or \"notes\""
		if near, ok := nearest.Word(k, known); ok {
			help = fmt.Sprintf("did you mean %q?", near)
		}
		fmt.Fprintf(s.Err, "warning: the definition does not use the credential %q: %s\n", k, help)
	}
	if lacks := lacking(a, needed); len(lacks) > 0 {
		return usageError("fill them in; \"miniapp seal --template\" prints the form", "the account lacks %s", quotedList(lacks))
	}
	return nil
}

// lacking returns those of the keys that an account has no value for.
func lacking(a sealed.Account, needed []string) (lacks []string) {
	for _, k := range needed {
		if strings.TrimSpace(a.Credentials[k]) == "" {
			lacks = append(lacks, k)
		}
	}
	return lacks
}
