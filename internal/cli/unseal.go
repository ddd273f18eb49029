package cli

import (
	"errors"
	"fmt"
	"os"
	"unicode/utf8"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"github.com/karzoun/miniapp-review/internal/report"
	"github.com/karzoun/miniapp-review/internal/sealed"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// identityVariable is the variable of the environment with a private key.
const identityVariable = "MINIAPP_AGE_IDENTITY"

func newUnseal(s Streams) *cobra.Command {
	var identity string
	var show bool
	c := &cobra.Command{
		Use:   "unseal [DIR]",
		Short: "Open the test account of a submission, for reviewers",
		Long: `Unseal decrypts the test-account.age of a submission with a private key of a
reviewer: the one in the file of --identity, as age-keygen writes it, or the
one that MINIAPP_AGE_IDENTITY holds. DIR is the folder of the submission; without
it, the current one.

The account goes to standard output as JSON, into a file or another program. On a
terminal, and where the variable CI is set, since others read what a job prints,
only the names of its keys are told, unless --show is given.

Exit codes: 0 opened, 1 not what a sealed account should be, 2 wrong use, 3 no key
opens it, or it could not be read.`,
		Example: `  miniapp unseal --identity ~/age-key.txt definitions/acme-desk
  miniapp unseal --identity ~/age-key.txt definitions/acme-desk | jq -r .login.password`,
		Args: arguments(0, 1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := given(c, "identity"); err != nil {
				return err
			}
			at, err := submissionAt(args)
			if err != nil {
				return err
			}
			ids, err := identities(s, identity)
			if err != nil {
				return err
			}
			return unseal(s, at, ids, show || !s.OutTerminal && s.Getenv("CI") == "")
		},
	}
	f := c.Flags()
	f.StringVar(&identity, "identity", "", "open it with the private key in `FILE` (default: the content of "+identityVariable+")")
	f.BoolVar(&show, "show", false, "print the values wherever the output goes")
	_ = c.MarkFlagFilename("identity")
	return c
}

// identities reads the private keys from a file, or from the environment.
func identities(s Streams, file string) ([]age.Identity, error) {
	text, name := s.Getenv(identityVariable), identityVariable
	if file != "" {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, usageError("name the file that age-keygen wrote", "reading the key: %w", err)
		}
		text, name = string(data), report.Visible(file)
	}
	if text == "" {
		return nil, usageError("--identity FILE names a file of age-keygen; a job can hold the key in "+identityVariable, "there is no private key to open it with")
	}
	ids, err := sealed.ParseIdentities(text)
	if err != nil {
		return nil, usageError("", "%s: %w", name, err)
	}
	return ids, nil
}

func unseal(s Streams, at target, ids []age.Identity, values bool) error {
	data, err := readSealed(at)
	if err != nil {
		return err
	}
	name := at.shown(submission.TestAccountFile)
	account, err := sealed.Open(data, ids)
	var mistake *sealed.AccountError
	switch {
	case errors.Is(err, sealed.ErrIdentity):
		return &exitError{code: ExitFailed, err: fmt.Errorf("%s %w", name, err), hint: "\"miniapp seal --check\" says whom it is sealed to"}
	case errors.As(err, &mistake):
		return &exitError{code: ExitFindings, err: fmt.Errorf("%s opens, but what is in it is no account: %w", name, mistake),
			hint: "the partner has to seal it again with \"miniapp seal\"; \"age -d\" shows what is in it"}
	case errors.Is(err, sealed.ErrPlain):
		return &exitError{code: ExitFindings, err: fmt.Errorf("%s %w", name, err), hint: "the partner has to seal an account with \"miniapp seal\""}
	case err != nil:
		return &exitError{code: ExitFindings, err: fmt.Errorf("%s %w", name, err)}
	}
	if form, err := readAccountForm(at); err != nil {
		fmt.Fprintf(s.Err, "note: what the definition needs is not known: %s\n", err)
	} else {
		if err := account.For(form.ns); err != nil {
			fmt.Fprintf(s.Err, "warning: %s\n", err)
		}
		if lacks := lacking(account, form.needed); len(lacks) > 0 {
			fmt.Fprintf(s.Err, "warning: the account lacks %s, which the definition needs\n", quotedList(lacks))
		}
	}
	if values {
		_, err := s.Out.Write(report.VisibleJSON(account.Encode()))
		return err
	}
	fmt.Fprintf(s.Out, "%s opens. It has:\n", name)
	fmt.Fprintf(s.Out, "  credentials  %s\n", quotedList(sortedKeys(account.Credentials)))
	if len(account.Login) > 0 {
		fmt.Fprintf(s.Out, "  login        %s\n", quotedList(sortedKeys(account.Login)))
	}
	if account.Notes != "" {
		fmt.Fprintf(s.Out, "  notes        %d characters\n", utf8.RuneCountInString(account.Notes))
	}
	fmt.Fprintln(s.Out, "To see the values: --show")
	return nil
}
