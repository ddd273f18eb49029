package cli

import (
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/karzoun/miniapp-review/internal/registry"
	"github.com/karzoun/miniapp-review/internal/registry/folder"
)

// targetHint says how registries are named.
const targetHint = "name a registry as static:DIR"

// openTarget opens the registry that a word of the command line names. Relative
// folders are below base.
func openTarget(_ Streams, word, base string) (registry.Target, error) {
	kind, at, ok := strings.Cut(word, ":")
	switch {
	case !ok || at == "":
		return nil, usageError(targetHint, "%q does not name a registry", word)
	case kind == "static":
		if !filepath.IsAbs(at) {
			at = filepath.Join(base, at)
		}
		return folder.Open(at), nil
	}
	return nil, usageError(targetHint, "%q is no kind of registry", kind)
}

// openTargets opens several registries, each of which is named once.
func openTargets(s Streams, words []string, base string) ([]registry.Target, error) {
	var out []registry.Target
	seen := map[string]bool{}
	for _, w := range words {
		t, err := openTarget(s, w, base)
		if err != nil {
			return nil, err
		}
		if seen[t.String()] {
			return nil, usageError("name each registry once", "%q is named twice", w)
		}
		seen[t.String()] = true
		out = append(out, t)
	}
	return out, nil
}

// completeTargets completes the words that name registries.
func completeTargets(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{
		"static:\ta folder of files",
	}, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
}
