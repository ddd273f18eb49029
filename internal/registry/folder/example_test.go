package folder

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/registry/registrytest"
)

// TestExample holds the example registry against what is made of its versions.
func TestExample(t *testing.T) {
	const example = "../../../examples/registry"
	if update() {
		if _, err := Open(example).Rebuild(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(example, lockFile)); err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(t.TempDir(), "registry")
	if err := os.CopyFS(dir, os.DirFS(example)); err != nil {
		t.Fatal(err)
	}
	registrytest.MustVerify(t, Open(dir))
	if _, err := Open(dir).Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, lockFile)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(files(t, example), files(t, dir)); diff != "" {
		t.Errorf("the example is not what is made of its versions, see -update (-example +made):\n%s", diff)
	}
}

// update reports whether the example is to be written again: go test -update.
func update() bool { return flag.Lookup("update").Value.String() == "true" }

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write the pages and the index of the example registry")
	flag.Parse()
	os.Exit(m.Run())
}

// TestOldForm reads and goes on with a registry from before there were records.
func TestOldForm(t *testing.T) {
	dir := t.TempDir()
	definition := "{\n  \"ns\": \"acme-desk\",\n  \"version\": \"1.0.0\",\n  \"title\": \"Acme\",\n  \"status\": \"public\"\n}\n"
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("acme-desk/1.0.0/miniapp.json", definition)
	write("index.json", `{"version": 1, "miniapps": {"acme-desk": {"latest": "1.0.0", "versions": {"1.0.0": {"sha256": "`+digest(definition)+`", "state": "published"}}}}}`)
	registrytest.MustPublish(t, Open(dir), registrytest.Release(t, "acme-desk", "1.1.0", "Second"))
	registrytest.MustVerify(t, Open(dir))
	s, err := Open(dir).Read(t.Context(), "acme-desk", "1.0.0")
	if err != nil || string(s.Release.Definition) != definition {
		t.Errorf("the old version is %+v, %v", s, err)
	}
}
