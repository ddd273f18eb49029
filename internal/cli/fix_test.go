package cli

import (
	"crypto/sha256"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/source"
)

// fixable is a folder with one file that was read, and a finding that replaces
// its first byte.
func fixable(t *testing.T, text string) (root string, read *recorder, f finding.Finding) {
	t.Helper()
	root = t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "a.json"), []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	dir, err := source.OpenDir(root)
	if err != nil {
		t.Fatal(err)
	}
	read = &recorder{Tree: dir, sums: map[string][sha256.Size]byte{}}
	if _, err := read.ReadFile("a.json", 100); err != nil {
		t.Fatal(err)
	}
	return root, read, finding.Finding{Path: "a.json", Fix: &finding.Fix{Title: "replace", Edits: []finding.Edit{{Path: "a.json", Span: jsondoc.Span{Start: 0, End: 1}, Text: "2"}}}}
}

// onlyFile checks that the folder has one file, with this text.
func onlyFile(t *testing.T, root, want string) {
	t.Helper()
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 {
		t.Errorf("the folder has %v, want one file", entries)
	}
	if got, err := os.ReadFile(filepath.Join(root, "a.json")); err != nil || string(got) != want {
		t.Errorf("the file is %q (%v), want %q", got, err, want)
	}
}

func TestApplyFixesKeepsTheMode(t *testing.T) {
	root, read, f := fixable(t, "1\n")
	applied, err := applyFixes(root, []finding.Finding{f}, read)
	if err != nil || len(applied) != 1 {
		t.Fatalf("applyFixes: %d fixes, %v", len(applied), err)
	}
	onlyFile(t, root, "2\n")
	info, err := os.Stat(filepath.Join(root, "a.json"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o640 {
		t.Errorf("the mode is %v, want that of before, 0640", info.Mode().Perm())
	}
}

// TestApplyFixesLeavesChangedFiles checks that a file that somebody saved while
// it was checked keeps what they saved.
func TestApplyFixesLeavesChangedFiles(t *testing.T) {
	root, read, f := fixable(t, "1\n")
	if err := os.WriteFile(filepath.Join(root, "a.json"), []byte("1 \n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := applyFixes(root, []finding.Finding{f}, read); err == nil || !strings.Contains(err.Error(), "changed while it was checked") {
		t.Errorf("applyFixes says %v, want that the file changed", err)
	}
	onlyFile(t, root, "1 \n")
}

// TestApplyFixesFollowsNoLink checks that nothing is written through a link
// that took the place of a file.
func TestApplyFixesFollowsNoLink(t *testing.T) {
	root, read, f := fixable(t, "1\n")
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(root, "a.json")
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, name); err != nil {
		t.Fatal(err)
	}
	if _, err := applyFixes(root, []finding.Finding{f}, read); err == nil {
		t.Error("applyFixes writes where a link is")
	}
	if got, err := os.ReadFile(outside); err != nil || string(got) != "1\n" {
		t.Errorf("the file outside is %q (%v)", got, err)
	}
}

func TestApplyFixesNeverOverwritesWhatItCreates(t *testing.T) {
	root, read, _ := fixable(t, "1\n")
	f := finding.Finding{Path: "a.json", Fix: &finding.Fix{Title: "create", Edits: []finding.Edit{{Path: "a.json", Text: "new", Create: true}}}}
	if _, err := applyFixes(root, []finding.Finding{f}, read); err == nil || !strings.Contains(err.Error(), "there already") {
		t.Errorf("applyFixes says %v, want that the file is there", err)
	}
	onlyFile(t, root, "1\n")
}

// TestApplyFixesTogether checks that fixes of the same bytes wait for the next
// pass, and that a fix is applied as a whole or not at all.
func TestApplyFixesTogether(t *testing.T) {
	root, read, first := fixable(t, "1 3\n")
	second := finding.Finding{Path: "a.json", Fix: &finding.Fix{Edits: []finding.Edit{
		{Path: "a.json", Span: jsondoc.Span{Start: 2, End: 3}, Text: "4"},
		{Path: "a.json", Span: jsondoc.Span{Start: 1, End: 1}, Text: ","},
	}}}
	applied, err := applyFixes(root, []finding.Finding{first, second}, read)
	if err != nil || len(applied) != 1 {
		t.Fatalf("applyFixes: %d fixes, %v; want 1", len(applied), err)
	}
	onlyFile(t, root, "2 3\n")
}

// TestReplaceFileCannotBeHalf checks that a folder that takes no new file
// leaves the old one whole.
func TestReplaceFileCannotBeHalf(t *testing.T) {
	root := t.TempDir()
	name := filepath.Join(root, "gone", "a.json")
	if err := replaceFile(name, []byte("2")); err == nil {
		t.Error("replaceFile wrote into a folder that is not there")
	}
	if _, err := os.Stat(name); err == nil || !os.IsNotExist(err) {
		t.Errorf("stat says %v, want %v", err, fs.ErrNotExist)
	}
}
