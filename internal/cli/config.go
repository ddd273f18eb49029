package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/karzoun/miniapp-review/internal/config"
	"github.com/karzoun/miniapp-review/internal/review"
	"github.com/karzoun/miniapp-review/internal/source"
)

// configFile is where a definitions repository has its configuration.
const configFile = ".github/miniapp-review.yml"

// config reads the configuration as automated intake does: at the base, so
// that a pull request cannot change the rules that it is judged by.
func (r *runner) config(w *workspace) (*config.Config, error) {
	if r.flags.config != "" {
		data, err := os.ReadFile(r.flags.config)
		if err != nil {
			return nil, usageError("--config takes a YAML file", "reading the configuration: %w", err)
		}
		return parseConfig(data, r.flags.config)
	}
	here, hereData, err := readConfig(w.head)
	if err != nil || w.base == nil {
		return here, err
	}
	atBase, baseData, err := readConfig(w.base)
	if err != nil {
		return nil, fmt.Errorf("at the base %s: %w", w.baseName, err)
	}
	if string(hereData) != string(baseData) {
		fmt.Fprintf(r.streams.Err, "note: %s is another one than at the base (%s), which counts, as it does in a review; to try yours: --config %s\n",
			configFile, w.baseName, configFile)
	}
	return atBase, nil
}

func readConfig(t source.Tree) (*config.Config, []byte, error) {
	data, err := t.ReadFile(configFile, config.MaxBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return config.Default(), nil, nil
	}
	if err != nil {
		return nil, nil, &exitError{code: ExitFailed, err: fmt.Errorf("reading the configuration: %w", err)}
	}
	c, err := parseConfig(data, configFile)
	return c, data, err
}

func parseConfig(data []byte, name string) (*config.Config, error) {
	c, err := config.Parse(data, review.ConfigRules())
	if err == nil {
		return c, nil
	}
	var lines []string
	for _, l := range strings.Split(err.Error(), "\n") {
		lines = append(lines, name+":"+l)
	}
	return nil, usageError("docs/configuration.md describes the file", "wrong configuration\n%s", strings.Join(lines, "\n"))
}
