package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karzoun/miniapp-review/internal/nearest"
)

// flagError is the error for a flag that a command does not know, or that lacks
// its value.
func flagError(c *cobra.Command, err error) error {
	hint := fmt.Sprintf("see %q", c.CommandPath()+" --help")
	var wrong *pflag.InvalidValueError
	if errors.As(err, &wrong) {
		// pflag's own message for these names functions of Go's library.
		switch wrong.GetFlag().Value.Type() {
		case "int", "int64":
			return usageError(hint, "--%s takes a whole number, and got %q", wrong.GetFlag().Name, wrong.GetValue())
		case "bool":
			return usageError(hint, "--%s takes true or false, and got %q", wrong.GetFlag().Name, wrong.GetValue())
		}
	}
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		var names []string
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if near, ok := nearest.Word(unknown.GetSpecifiedName(), names); ok {
			hint = fmt.Sprintf("did you mean %q? %s", "--"+near, hint)
		}
	}
	return usageError(hint, "%w", err)
}

// commands refuses the arguments of the root command: a word there is a
// command that does not exist.
func commands(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := fmt.Sprintf("see %q", c.CommandPath()+" --help")
	if near, ok := nearCommand(c, args[0]); ok {
		hint = fmt.Sprintf("did you mean %q? %s", near, hint)
	}
	return usageError(hint, "unknown command %q", args[0])
}

// nearCommand returns the command below c that a word was meant for, as one
// writes it.
func nearCommand(c *cobra.Command, word string) (string, bool) {
	var names []string
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			names = append(names, sub.Name())
		}
	}
	near, ok := nearest.Word(word, names)
	return c.CommandPath() + " " + near, ok
}

// arguments returns a check that a command gets from least to most arguments.
// Its message names those that the usage line names.
func arguments(least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		hint := fmt.Sprintf("see %q", c.CommandPath()+" --help")
		switch {
		case len(args) < least:
			_, names, _ := strings.Cut(c.Use, " ")
			return usageError(hint, "%q needs %s", c.CommandPath(), names)
		case len(args) > most && most == 0:
			return usageError(hint, "%q takes no arguments, and got %q", c.CommandPath(), args[0])
		case len(args) > most:
			return usageError(hint, "%q takes %s, and got %q too", c.CommandPath(), atMost(most), args[most])
		}
		return nil
	}
}

func atMost(n int) string {
	if n == 1 {
		return "one argument"
	}
	return fmt.Sprintf("%d arguments", n)
}

// given refuses flags that were given an empty value, as by a script whose
// variable is not set: they would be taken for flags that were left out.
func given(c *cobra.Command, names ...string) error {
	for _, name := range names {
		if f := c.Flags().Lookup(name); f.Changed && f.Value.String() == "" {
			return usageError("leave it out, or give it a value", "--%s is empty", name)
		}
	}
	return nil
}

func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Explain a command",
		Args:  arguments(0, 1),
		ValidArgsFunction: func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, sub := range root.Commands() {
				if len(args) == 0 && !sub.Hidden {
					names = append(names, sub.Name()+"\t"+sub.Short)
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return root.Help()
			}
			for _, sub := range root.Commands() {
				if sub.Name() == args[0] {
					return sub.Help()
				}
			}
			return commands(root, args)
		},
	}
}

func newCompletion(s Streams) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a script that completes commands, flags and rules",
		Long: `Completion prints a script for bash, zsh, fish or powershell, with which the
shell completes commands, flags, their values, and the ids of rules.`,
		Example: `  source <(miniapp completion bash)
  miniapp completion zsh > "${fpath[1]}/_miniapp"
  miniapp completion fish > ~/.config/fish/completions/miniapp.fish`,
		Args:      arguments(1, 1),
		ValidArgs: shells,
		RunE: func(c *cobra.Command, args []string) error {
			root := c.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(s.Out, true)
			case "zsh":
				return root.GenZshCompletion(s.Out)
			case "fish":
				return root.GenFishCompletion(s.Out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(s.Out)
			}
			return usageError("", "unknown shell %q: use one of %s", args[0], strings.Join(shells, ", "))
		},
	}
}
