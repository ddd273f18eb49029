// Package cli is the command miniapp: its subcommands, flags and exit codes.
//
// What it says to people follows a few rules. Results go to standard output,
// everything else to standard error. An error is one line that starts with
// "miniapp: ", in lower case, says what was expected, and is followed by a
// "hint: " line where there is something to do. Colour and progress are for
// terminals only.
package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/sandbox"
)

// The exit codes. They are a contract: scripts rely on them.
const (
	ExitClean    = 0 // no findings of severity error
	ExitFindings = 1 // findings of severity error
	ExitUsage    = 2 // wrong use or configuration
	ExitFailed   = 3 // could not check: input and output, network
)

// Streams are the standard streams and what is known of the surroundings.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	// InTerminal, OutTerminal and ErrTerminal say whether the streams are
	// terminals, Width how many columns the one of Out has (0 when unknown).
	InTerminal, OutTerminal, ErrTerminal bool
	Width                                int
	Getenv                               func(string) string
	// Secret reads a line from the terminal of In without showing it; it is used
	// when InTerminal is set.
	Secret func(context.Context) (string, error)
	Now    func() time.Time
	// Random is a source of randomness that nobody can predict.
	Random io.Reader
	// Executable returns the path of this program, which runs functions in a
	// process of its own. Without it functions cannot be run.
	Executable func() (string, error)

	// provider makes what is asked instead of the network; nil outside of tests.
	provider func(*definition.Definition) sandbox.Provider
}

// System returns the streams of the process.
func System() Streams {
	s := Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv, Now: time.Now, Random: rand.Reader, Secret: readSecret, Executable: os.Executable,
		InTerminal: term.IsTerminal(int(os.Stdin.Fd())), OutTerminal: term.IsTerminal(int(os.Stdout.Fd())), ErrTerminal: term.IsTerminal(int(os.Stderr.Fd()))}
	if s.OutTerminal {
		s.Width, _, _ = term.GetSize(int(os.Stdout.Fd()))
	}
	return s
}

// exitError is an error with the exit code that it stands for. A nil err ends
// the command without a message, since the findings have been printed.
type exitError struct {
	code int
	err  error
	hint string
}

func (e *exitError) Error() string {
	if e.err == nil {
		return "findings of severity error"
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usageError makes an error for wrong use, with a hint.
func usageError(hint, format string, args ...any) error {
	return &exitError{code: ExitUsage, err: fmt.Errorf(format, args...), hint: hint}
}

// Main runs the command and returns its exit code.
func Main(ctx context.Context, args []string, s Streams) int {
	root := newRoot(s)
	root.SetArgs(args)
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return ExitClean
	}
	var e *exitError
	if !errors.As(err, &e) {
		e = &exitError{code: ExitFailed, err: err}
	}
	if e.err != nil {
		fmt.Fprintf(s.Err, "miniapp: %s\n", strings.TrimSpace(e.err.Error()))
		if e.hint != "" {
			fmt.Fprintf(s.Err, "hint: %s\n", e.hint)
		}
	}
	return e.code
}

func newRoot(s Streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "miniapp",
		Short: "Check MiniApp submissions before anyone reviews them",
		Long: `miniapp checks MiniApp submissions: the definition, its changelog, setup guide,
sample deliveries and owners. It says what automated intake would say about a
pull request, on the right line, with what to do about it.

Start with one of:

  miniapp init acme-desk     make the folder of a new submission
  miniapp check              check the submissions below this folder
  miniapp try --practice     run one, with answers that are made up
  miniapp serve --practice   install and try them on a page, as a tenant would
  miniapp diff               see what an update breaks
  miniapp changelog --write  draft its changelog section
  miniapp seal               encrypt the test account for the reviewers
  miniapp rules              list what is checked, and why
  miniapp publish --dry-run  see what a merge publishes, and where`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          commands,
	}
	root.SetVersionTemplate(versionLine())
	root.Version = version()
	root.SetFlagErrorFunc(flagError)
	root.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	root.AddCommand(
		newAction(s), newChangelog(s), newCheck(s), newDiff(s), newDoctor(s), newExplain(s), newFmt(s), newInit(s), newPublish(s), newQA(s), newRegistry(s), newQueue(s), newReview(s), newRules(s), newSchema(s), newSeal(s), newServe(s), newTry(s),
		newUnseal(s), newVersion(s), newCompletion(s), newRunFunction(s),
	)
	root.SetHelpCommand(newHelp(root))
	return root
}

// color decides on colour for a stream.
func (s Streams) color(mode string, terminal bool) (bool, error) {
	switch mode {
	case "always":
		return true, nil
	case "never":
		return false, nil
	case "auto":
		return terminal && s.Getenv("NO_COLOR") == "" && s.Getenv("TERM") != "dumb", nil
	}
	return false, usageError("", "unknown value %q of --color: use \"auto\", \"always\" or \"never\"", mode)
}
