package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/karzoun/miniapp-review/internal/config"
	"github.com/karzoun/miniapp-review/internal/registry"
	"github.com/karzoun/miniapp-review/internal/report"
	"github.com/karzoun/miniapp-review/internal/source"
)

// chosen are the registries that a command works on.
type chosen struct {
	targets []registry.Target
	// configured is set when the configuration names them, and not the command
	// line.
	configured bool
}

// someTargets opens the registries that words name or, without any, those of the
// configuration. At least one is opened.
func someTargets(c *cobra.Command, s Streams, words []string) (chosen, error) {
	if len(words) > 0 {
		targets, err := openTargets(s, words, "")
		return chosen{targets: targets}, err
	}
	none := func(why string) error {
		return usageError(targetHint+", or run it in a definitions repository whose "+configFile+" has publish.to", "%q needs TARGET: %s", c.CommandPath(), why)
	}
	t, err := locate(".")
	if err != nil || t.lone {
		return chosen{}, none("there is no definitions repository here that would name registries")
	}
	conf, at, err := configurationHere(t.root)
	if err != nil {
		return chosen{}, err
	}
	if words = targetWords(conf); len(words) == 0 {
		return chosen{}, none("publish.to in " + configFile + " of " + at + " names no registry")
	}
	targets, err := openTargets(s, words, t.root)
	if err != nil {
		return chosen{}, err
	}
	fmt.Fprintf(s.Err, "note: no TARGET is given, so that it is what publish.to says in %s of %s\n", configFile, report.Visible(at))
	return chosen{targets, true}, nil
}

// configurationHere reads the configuration of a repository as publishing does:
// at the tip of the default branch, as far as this clone knows it. Outside of Git
// it is that of the folder. at says where it was read, for people.
func configurationHere(root string) (conf *config.Config, at string, err error) {
	w := &workspace{root: root}
	var tree source.Tree
	w.repo, err = source.Find(root)
	switch {
	case errors.Is(err, source.ErrNoRepository):
		at = "this folder"
		tree, err = source.OpenDir(root)
	case err == nil:
		branch, ok := w.repo.DefaultBranch()
		if !ok {
			return nil, "", usageError("name a registry, or tell Git which branch it is: \"git remote set-head origin --auto\"", "this clone knows no default branch, whose %s counts", configFile)
		}
		at = branch.Name
		if err = w.place(); err == nil {
			tree, err = w.repo.Tree(branch.Tip)
		}
		if err == nil {
			tree = source.Sub(tree, w.prefix)
		}
	}
	if err != nil {
		return nil, "", &exitError{code: ExitFailed, err: fmt.Errorf("looking for the configuration: %w", err)}
	}
	conf, _, err = readConfig(tree)
	return conf, at, err
}

// targetWords are the registries of a configuration, as a command line names
// them.
func targetWords(conf *config.Config) []string {
	var words []string
	for _, to := range conf.Publish.To {
		words = append(words, to.Target)
	}
	return words
}

// failures are what went wrong at some of several registries.
type failures struct {
	messages []string
	// missing is how many of them lack what was asked for.
	missing int
}

func (f *failures) add(format string, args ...any) {
	f.messages = append(f.messages, oneLine(fmt.Sprintf(format, args...)))
}

// err returns nothing, or an error that tells all. What every one of the
// registries lacks is a wrong use; anything else is a failure.
func (f *failures) err(of int) error {
	switch {
	case len(f.messages) == 0:
		return nil
	case f.missing == of:
		return &exitError{code: ExitUsage, err: errors.New(strings.Join(f.messages, "; "))}
	}
	return &exitError{code: ExitFailed, err: errors.New(strings.Join(f.messages, "; "))}
}
