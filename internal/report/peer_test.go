package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/test/peer"
)

// sarifSchema is the official JSON Schema of SARIF 2.1.0, as Microsoft's npm
// package ships it under the MIT licence.
const sarifSchema = "../../test/peer/node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"

// TestSARIFSchema has ajv check SARIF against its official schema.
func TestSARIFSchema(t *testing.T) {
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
	for path, verdict := range peer.Ajv(t, sarifSchema, paths) {
		if want := filepath.Base(path) != "wrong"; want != verdict {
			t.Errorf("%s: ajv says valid=%v", filepath.Base(path), verdict)
		}
	}
}
