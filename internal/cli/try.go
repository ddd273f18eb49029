package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/qa"
	"github.com/karzoun/miniapp-review/internal/qafile"
)

type tryFlags struct {
	machineFlags
	dir, account, identity, save string
	format, color                string
	verbose                      bool
}

func newTry(s Streams) *cobra.Command {
	var flags tryFlags
	c := &cobra.Command{
		Use:   "try [PATH…]",
		Short: "Run a MiniApp: connect, actions, dropdowns, imports and webhooks",
		Long: `Try runs a definition as the platform would: it connects an account, runs the
actions, fills the dropdowns, imports a few records and delivers the samples.

PATH is the folder of a submission; without one, the current folder. What is tried
with which input, and what is expected, is in the submission's qa.json, see
docs/try.md. One thing alone is tried by the commands below.

With --practice nothing leaves this machine: what the provider would answer is made
up from the definition. It shows what does not fit together, before there is an
account. Otherwise it takes the sandbox account of --account, of the variable
MINIAPP_ACCOUNT (the same JSON), or the sealed one with the key of --identity.
"miniapp seal --template" prints the form. Secrets are in no output.

Nothing is kept from one command to the next: each one connects first. With OAuth,
"try connect" leads through the browser once, and --save keeps the tokens.

Exit codes: 0 all that was tried passed, 1 something failed, 2 wrong use, 3 the
provider gave no answer, or nothing could be tried.`,
		Example: `  miniapp try --practice definitions/acme-desk
  miniapp try --account ~/acme.json definitions/acme-desk
  miniapp try connect --dir definitions/acme-desk --account ~/acme.json
  miniapp try action createTicket --input subject=Hello --input priority=high
  miniapp try webhook ticket-created`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if c.Flags().Changed("dir") {
				return usageError("write it without --dir: miniapp try "+flags.dir, "--dir is for the commands below \"miniapp try\"")
			}
			if len(args) == 0 {
				args = []string{"."}
			}
			if _, err := os.Stat(args[0]); errors.Is(err, fs.ErrNotExist) {
				if near, ok := nearCommand(c, args[0]); ok {
					return usageError(fmt.Sprintf("did you mean %q? see \"miniapp try --help\"", near), "%q is neither a folder nor a command", args[0])
				}
			}
			return runTry(c.Context(), s, c, flags, args, false, func(*trial) error { return nil })
		},
	}
	p := c.PersistentFlags()
	flags.machineFlags.add(p)
	p.StringVar(&flags.dir, "dir", ".", "the `FOLDER` of the submission")
	p.BoolVar(&flags.practice, "practice", false, "ask no provider: make up what it would answer")
	p.StringVar(&flags.account, "account", "", "the sandbox account, a JSON `FILE` outside of the repository, or - for standard input")
	p.StringVar(&flags.identity, "identity", "", "open the sealed test account with the private key in `FILE`")
	p.StringVar(&flags.save, "save", "", "write the account with the credentials that it has in the end to `FILE`, which Git must not see")
	p.BoolVarP(&flags.verbose, "verbose", "v", false, "show headers and bodies, and what the platform leaves open")
	p.StringVar(&flags.format, "format", "text", "how to print what came of it, text or json")
	p.StringVar(&flags.color, "color", "auto", "use colour: auto, always or never (auto: on a terminal, unless NO_COLOR is set)")
	for _, name := range []string{"account", "identity", "save"} {
		_ = c.MarkPersistentFlagFilename(name)
	}
	_ = c.MarkPersistentFlagDirname("dir")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("color", cobra.FixedCompletions([]string{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp))
	c.AddCommand(newTryConnect(s, &flags), newTryAction(s, &flags), newTrySource(s, &flags), newTryWebhook(s, &flags), newTrySync(s, &flags))
	return c
}

// tryOne runs one of the commands below try, on the one submission of --dir.
func tryOne(s Streams, c *cobra.Command, flags tryFlags, choose func(*trial) error) error {
	return runTry(c.Context(), s, c, flags, []string{flags.dir}, true, func(t *trial) error {
		t.lone = true
		return choose(t)
	})
}

func newTryConnect(s Streams, flags *tryFlags) *cobra.Command {
	var o signIn
	c := &cobra.Command{
		Use:   "connect",
		Short: "Connect the account, and say what is stored",
		Long: `Connect runs get_token, test_token, userDetails and the registration requests, as
far as the definition has them.

With OAuth and without tokens in the account, it prints the address of the
provider's page, and waits until you have allowed access there. The provider has to
know the address that it leads back to: http://ADDRESS/miniapps/NS/oauth2 with the
ADDRESS of --listen, or the one of --redirect that leads there.`,
		Example: `  miniapp try connect --dir definitions/acme-desk --account ~/acme.json
  miniapp try connect --account ~/client.json --save ~/acme.json    OAuth, in the browser`,
		Args: arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := given(c, "listen", "redirect"); err != nil {
				return err
			}
			return tryOne(s, c, *flags, func(t *trial) error {
				t.only = []string{"connect"}
				t.signIn = &o
				return nil
			})
		},
	}
	c.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8400", "the `ADDRESS` of this machine that OAuth leads back to")
	c.Flags().StringVar(&o.redirect, "redirect", "", "the `URL` that the provider leads back to, when it is another one that ends up there")
	return c
}

func newTryAction(s Streams, flags *tryFlags) *cobra.Command {
	var inputs []string
	var file string
	c := &cobra.Command{
		Use:   "action NAME",
		Short: "Run one action",
		Long: `Action connects, then runs an action. Values of --input are read by the types of
the action's parameters: a list as "a, b" or as JSON, an object as JSON.

Without any input, what qa.json has for the action is run, with the entries whose
values it uses.`,
		Example: `  miniapp try action createTicket --input subject=Hello --input 'labels=new, urgent'
  miniapp try action createTicket --input-file ticket.json --practice
  miniapp try action createTicket                   as qa.json says`,
		Args: arguments(1, 1),
		ValidArgsFunction: completeFrom(flags, func(def *definition.Definition) (words []string) {
			for _, a := range def.Actions {
				words = append(words, a.Name+"\t"+a.Node.Get("title").Text())
			}
			return words
		}),
		RunE: func(c *cobra.Command, args []string) error {
			if err := given(c, "input-file"); err != nil {
				return err
			}
			return tryOne(s, c, *flags, func(t *trial) error {
				var names []string
				for _, it := range qa.Checklist(t.def) {
					if it.Action == args[0] && it.Action != "" {
						t.only = append(t.only, it.ID)
					}
					names = append(names, it.Action)
				}
				if len(t.only) == 0 {
					return unknownWord("action", args[0], names)
				}
				if len(inputs) == 0 && file == "" && hasEntry(t.file, args[0]) {
					return nil
				}
				action := t.def.Actions[slices.IndexFunc(t.def.Actions, func(a definition.Action) bool { return a.Name == args[0] })]
				input, err := actionInput(s, action, inputs, file)
				if err != nil {
					return err
				}
				t.file = &qafile.File{Entries: []qafile.Entry{{Kind: qafile.Action, Target: action.Name, Name: action.Name,
					At: action.Node, Input: input, Expect: qafile.Expect{AtLeast: -1}}}}
				if len(inputs) == 0 && file == "" && flags.practice {
					t.file = nil // makes the input up too
				}
				return nil
			})
		},
	}
	c.Flags().StringArrayVar(&inputs, "input", nil, "the value of a parameter, as `NAME=VALUE`; can be given several times")
	c.Flags().StringVar(&file, "input-file", "", "a JSON `FILE` with the input as an object, or - for standard input")
	_ = c.MarkFlagFilename("input-file", "json")
	_ = c.RegisterFlagCompletionFunc("input", func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		var words []string
		if t, err := loadTrial(flags.dir); err == nil && len(args) > 0 {
			for _, a := range t.def.Actions {
				for _, k := range a.ParameterKeys() {
					if a.Name == args[0] {
						words = append(words, k.Name+"=\t"+k.At.Get("title").Text())
					}
				}
			}
		}
		return words, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	})
	return c
}

// hasEntry reports whether a qa.json tries an action.
func hasEntry(f *qafile.File, action string) bool {
	return f != nil && slices.ContainsFunc(f.Entries, func(e qafile.Entry) bool { return e.Kind == qafile.Action && e.Target == action })
}

func newTrySource(s Streams, flags *tryFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "source KEY",
		Short:   "Fill one dropdown",
		Example: `  miniapp try source rpc_projects --account ~/acme.json`,
		Args:    arguments(1, 1),
		ValidArgsFunction: completeFrom(flags, func(def *definition.Definition) (words []string) {
			for _, src := range def.Sources {
				words = append(words, src.Key)
			}
			return words
		}),
		RunE: func(c *cobra.Command, args []string) error {
			return tryOne(s, c, *flags, func(t *trial) error {
				var names []string
				for _, src := range t.def.Sources {
					names = append(names, src.Key)
				}
				if !slices.Contains(names, args[0]) {
					return unknownWord("source", args[0], names)
				}
				t.only = []string{"source:" + args[0]}
				return nil
			})
		},
	}
}

func newTryWebhook(s Streams, flags *tryFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "webhook [SAMPLE…]",
		Short: "Deliver samples, signed, and say what they start",
		Long: `Webhook delivers sample files of the submission's folder webhooks, all or some of
them, and needs no account: each is signed anew with a secret that is made up.`,
		Example: `  miniapp try webhook
  miniapp try webhook ticket-created --verbose`,
		Args: cobra.ArbitraryArgs,
		ValidArgsFunction: func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			var words []string
			if t, err := loadTrial(flags.dir); err == nil {
				for _, sample := range t.samples {
					words = append(words, sampleName(sample.Name))
				}
			}
			return words, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			return tryOne(s, c, *flags, func(t *trial) error {
				if err := t.keepSamples(args); err != nil {
					return err
				}
				t.events = true
				return nil
			})
		},
	}
}

func newTrySync(s Streams, flags *tryFlags) *cobra.Command {
	var limit int
	c := &cobra.Command{
		Use:     "sync RESOURCE",
		Short:   "Import a few records of a resource",
		Example: `  miniapp try sync products --limit 3 --account ~/acme.json`,
		Args:    arguments(1, 1),
		ValidArgsFunction: completeFrom(flags, func(def *definition.Definition) (words []string) {
			for _, r := range def.Sync.Resources {
				words = append(words, r.Key+"\t"+r.Get("displayName").Text())
			}
			return words
		}),
		RunE: func(c *cobra.Command, args []string) error {
			if limit < 1 || limit > qafile.MaxLimit {
				return usageError(fmt.Sprintf("use a number from 1 to %d", qafile.MaxLimit), "--limit is %d", limit)
			}
			return tryOne(s, c, *flags, func(t *trial) error {
				var names []string
				var at *trialResource
				for _, r := range t.def.Sync.Resources {
					names = append(names, r.Key)
					if r.Key == args[0] {
						at = &trialResource{r.Key, r}
					}
				}
				if at == nil {
					return unknownWord("resource", args[0], names)
				}
				t.only = []string{"resource:" + at.key}
				if t.file == nil || c.Flags().Changed("limit") {
					t.file = &qafile.File{Entries: []qafile.Entry{{Kind: qafile.Resource, Target: at.key, Name: at.key, At: at.node,
						Limit: limit, Expect: qafile.Expect{AtLeast: -1}}}}
				}
				return nil
			})
		},
	}
	c.Flags().IntVar(&limit, "limit", qafile.DefaultLimit, "import at most `N` records")
	return c
}
