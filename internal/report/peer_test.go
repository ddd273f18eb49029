package report

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// sarifSchema is the official JSON Schema of SARIF 2.1.0, as Microsoft's npm
// package ships it under the MIT licence.
const sarifSchema = "../../test/peer/node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"

// TestSARIFSchema has ajv check SARIF against its official schema.
func TestSARIFSchema(t *testing.T) {
	if os.Getenv("MINIAPP_PEER") == "" {
		t.Skip("ajv is only asked by make test, or with MINIAPP_PEER=1 after npm ci --prefix test/peer")
	}
	dir := t.TempDir()
	bare := everything()
	for i := range bare.Findings {
		bare.Findings[i].Fix, bare.Findings[i].Related, bare.Findings[i].Hint = nil, nil, ""
	}
	var paths []string
	for name, text := range map[string]string{
		"everything": printed(t, SARIF, everything(), options(false)),
		"nothing":    printed(t, SARIF, Result{}, Options{}),
		"bare":       printed(t, SARIF, bare, Options{}),
		// The check itself must be able to fail.
		"wrong": strings.Replace(printed(t, SARIF, everything(), options(false)), `"level": "error"`, `"level": "fatal"`, 1),
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	cmd := exec.Command("node", "../../test/peer/ajv.mjs", sarifSchema)
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\n"))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("asking ajv: %v", err)
	}
	asked := 0
	for line := range strings.Lines(string(out)) {
		verdict, path, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		asked++
		if want := filepath.Base(path) != "wrong"; want != (verdict == "valid") {
			t.Errorf("%s: ajv says %s", filepath.Base(path), verdict)
		}
	}
	if asked != len(paths) {
		t.Errorf("ajv answered for %d of %d logs", asked, len(paths))
	}
}
