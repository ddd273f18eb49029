// Package peer asks validators that nobody here wrote.
package peer

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Ajv returns by its path whether each JSON file is valid by the schema, as ajv
// sees it. It is for tests of packages that are two folders below the root, and
// skips them unless MINIAPP_PEER is set: ajv has to be installed first.
func Ajv(t testing.TB, schema string, paths []string) map[string]bool {
	t.Helper()
	if os.Getenv("MINIAPP_PEER") == "" {
		t.Skip("ajv is only asked by make test, or with MINIAPP_PEER=1 after npm ci --prefix test/peer")
	}
	cmd := exec.Command("node", "../../test/peer/ajv.mjs", schema)
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\n"))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("asking ajv: %v", err)
	}
	verdicts := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		verdict, path, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		verdicts[path] = verdict == "valid"
	}
	if len(verdicts) != len(paths) {
		t.Fatalf("ajv answered for %d of %d files", len(verdicts), len(paths))
	}
	return verdicts
}
