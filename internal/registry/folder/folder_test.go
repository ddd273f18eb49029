package folder

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/registry"
	"github.com/karzoun/miniapp-review/internal/registry/registrytest"
)

func TestConform(t *testing.T) {
	registrytest.Conform(t, func(t *testing.T) func() registry.Target {
		dir := filepath.Join(t.TempDir(), "registry")
		return func() registry.Target { return Open(dir) }
	})
}

// errKilled is what every step gives after the moment of a crash.
var errKilled = errors.New("killed")

// failing is a disk on which everything fails from one step on.
type failing struct {
	disk
	// left is how many writing steps work; with half set, the next one that
	// creates a file leaves the first half of it.
	left *int
	half bool
	err  error
}

func (f failing) step() error {
	if *f.left == 0 {
		return f.err
	}
	*f.left--
	return nil
}

func (f failing) Create(name string, data []byte) error {
	if *f.left == 0 && f.half {
		f.disk.Create(name, data[:len(data)/2])
	}
	if err := f.step(); err != nil {
		return err
	}
	return f.disk.Create(name, data)
}

func (f failing) MakeDir(name string) error {
	if err := f.step(); err != nil {
		return err
	}
	return f.disk.MakeDir(name)
}

func (f failing) Rename(from, to string) error {
	if err := f.step(); err != nil {
		return err
	}
	return f.disk.Rename(from, to)
}

func (f failing) Remove(name string) error {
	if err := f.step(); err != nil {
		return err
	}
	return f.disk.Remove(name)
}

func (f failing) Sync(name string) error {
	if err := f.step(); err != nil {
		return err
	}
	return f.disk.Sync(name)
}

// openFailing opens a folder on which everything fails with err after steps.
func openFailing(dir string, steps int, half bool, err error) (*Target, *int) {
	t := open(dir, false)
	inner := t.open
	left := steps
	t.open = func(ctx context.Context, create bool) (disk, func() error, error) {
		d, done, openErr := inner(ctx, create)
		if openErr != nil {
			return nil, nil, openErr
		}
		return failing{d, &left, half, err}, done, nil
	}
	return t, &left
}

// files returns the digests of all files below a folder by their paths; folders
// are there too.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || name == dir {
			return err
		}
		rel, _ := filepath.Rel(dir, name)
		if !e.Type().IsRegular() {
			out[rel] = e.Type().String()
			return nil
		}
		data, err := os.ReadFile(name)
		out[rel] = fmt.Sprintf("%x", sha256.Sum256(data))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// life is what happens to a registry, step by step.
func life(t *testing.T) []func(*Target) error {
	publish := func(batch ...*registry.Release) func(*Target) error {
		return func(target *Target) error {
			results, err := target.Publish(t.Context(), batch)
			for _, r := range results {
				err = errors.Join(err, r.Err)
			}
			return err
		}
	}
	return []func(*Target) error{
		publish(registrytest.Release(t, "acme-desk", "1.0.0", "First"), registrytest.Release(t, "taskhub", "0.1.0", "Task")),
		publish(registrytest.Release(t, "acme-desk", "1.1.0", "Second"), registrytest.Release(t, "taskhub", "0.1.0", "Task")),
		func(target *Target) error {
			return target.Yank(t.Context(), "acme-desk", "1.1.0", registrytest.Mark("bad"))
		},
		func(target *Target) error { _, err := target.Rebuild(t.Context()); return err },
	}
}

// TestKilled cuts each step of a registry's life off after every single write,
// before it and in its middle, and runs it again: the bytes are those of a life
// without a crash, and versions that were there are whole in between.
func TestKilled(t *testing.T) {
	whole := t.TempDir()
	for n, step := range life(t) {
		before := filepath.Join(t.TempDir(), "before")
		if err := os.CopyFS(before, os.DirFS(whole)); err != nil {
			t.Fatal(err)
		}
		if err := step(open(whole, false)); err != nil {
			t.Fatal(err)
		}
		want := files(t, whole)
		cuts := 0
		for _, half := range []bool{false, true} {
			for steps := 0; ; steps++ {
				dir := filepath.Join(t.TempDir(), "registry")
				if err := os.CopyFS(dir, os.DirFS(before)); err != nil {
					t.Fatal(err)
				}
				target, left := openFailing(dir, steps, half, errKilled)
				err := step(target)
				if err == nil && *left > 0 {
					break
				}
				if err != nil && !errors.Is(err, errKilled) {
					t.Errorf("step %d, cut after %d writes: %v", n, steps, err)
				}
				if x, err := open(dir, false).Index(t.Context()); err != nil {
					t.Errorf("step %d, cut after %d writes: the index cannot be read: %v", n, steps, err)
				} else {
					for _, ns := range x.Namespaces() {
						for _, v := range x.Versions(ns) {
							if s, err := open(dir, false).Read(t.Context(), ns, v.Version); err != nil || s.Release.SHA256() != v.SHA256 {
								t.Errorf("step %d, cut after %d writes: %s %s is %v", n, steps, ns, v.Version, err)
							}
						}
					}
				}
				if err := step(open(dir, false)); err != nil {
					t.Errorf("step %d, cut after %d writes and run again: %v", n, steps, err)
				}
				if diff := cmp.Diff(want, files(t, dir)); diff != "" {
					t.Errorf("step %d, cut after %d writes and run again (-whole +again):\n%s", n, steps, diff)
				}
				cuts++
			}
		}
		if cuts < 4 {
			t.Errorf("step %d was cut %d times only", n, cuts)
		}
	}
}

// TestFullDisk says what could not be written, and overwrites nothing.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	registrytest.MustPublish(t, Open(dir), registrytest.Release(t, "acme-desk", "1.0.0", "First"))
	before := files(t, dir)
	// Removing works on a full disk, and the rest does not.
	target, _ := openFailing(dir, 2, true, &fs.PathError{Op: "write", Path: "CHANGELOG.md", Err: syscall.ENOSPC})
	results, err := target.Publish(t.Context(), []*registry.Release{registrytest.Release(t, "acme-desk", "1.1.0", "Second")})
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "acme-desk 1.1.0") {
		t.Errorf("a full disk gives %v", err)
	}
	if len(results) != 1 || results[0].Added || results[0].Err == nil {
		t.Errorf("a full disk gives the results %+v", results)
	}
	after := files(t, dir)
	for name, sum := range before {
		if after[name] != sum {
			t.Errorf("%s changed", name)
		}
	}
	registrytest.MustVerify(t, Open(dir))
}

// TestReadOnlyDisk says that it is one, and that nothing was published.
func TestReadOnlyDisk(t *testing.T) {
	dir := t.TempDir()
	registrytest.MustPublish(t, Open(dir), registrytest.Release(t, "acme-desk", "1.0.0", "First"))
	before := files(t, dir)
	target, _ := openFailing(dir, 0, false, &fs.PathError{Op: "mkdir", Path: ".new", Err: syscall.EROFS})
	results, err := target.Publish(t.Context(), []*registry.Release{registrytest.Release(t, "acme-desk", "1.1.0", "Second")})
	if !errors.Is(err, syscall.EROFS) || !strings.Contains(err.Error(), target.String()) || results[0].Added || results[0].Err == nil {
		t.Errorf("a read-only disk gives %+v, %v", results, err)
	}
	if diff := cmp.Diff(before, files(t, dir)); diff != "" {
		t.Errorf("files changed (-before +after):\n%s", diff)
	}
}

func TestRefusals(t *testing.T) {
	release := registrytest.Release(t, "acme-desk", "1.1.0", "Second")
	for _, test := range []struct {
		name   string
		change func(dir string) error
		want   string
		// one is set when only the namespace is held back.
		one bool
	}{
		{"damaged index", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "index.json"), []byte("{\n  \"version\": 1,\n}"), 0o644)
		}, `index.json:2:15: the index is damaged: there is a comma before the closing "}"; "miniapp registry rebuild`, false},
		{"lost index", func(dir string) error { return os.Remove(filepath.Join(dir, "index.json")) }, `has no index.json, but "acme-desk"`, false},
		{"index is a folder", func(dir string) error {
			os.Remove(filepath.Join(dir, "index.json"))
			return os.Mkdir(filepath.Join(dir, "index.json"), 0o755)
		}, "index.json is not a regular file", false},
		{"truncated definition", func(dir string) error {
			return os.Truncate(filepath.Join(dir, "acme-desk/1.0.0/miniapp.json"), 20)
		}, "acme-desk/1.0.0 is damaged: miniapp.json is damaged", true},
		{"truncated changelog", func(dir string) error {
			return os.Truncate(filepath.Join(dir, "acme-desk/1.0.0/CHANGELOG.md"), 5)
		}, "acme-desk/1.0.0 is damaged: CHANGELOG.md has the SHA-256", true},
		{"empty provenance", func(dir string) error {
			return os.Truncate(filepath.Join(dir, "acme-desk/1.0.0/provenance.json"), 0)
		}, "acme-desk/1.0.0 is damaged: provenance.json is missing", true},
		{"lost definition", func(dir string) error {
			return os.Remove(filepath.Join(dir, "acme-desk/1.0.0/miniapp.json"))
		}, "acme-desk/1.0.0 has no miniapp.json", true},
		{"version of another", func(dir string) error {
			return os.Rename(filepath.Join(dir, "acme-desk/1.0.0"), filepath.Join(dir, "acme-desk/0.9.0"))
		}, "acme-desk/0.9.0 is damaged: it holds acme-desk 1.0.0", true},
		{"definition is a link", func(dir string) error {
			name := filepath.Join(dir, "acme-desk/1.0.0/miniapp.json")
			os.Remove(name)
			return os.Symlink("/etc/hostname", name)
		}, "acme-desk/1.0.0/miniapp.json is not a regular file", true},
		{"namespace is a link", func(dir string) error {
			os.RemoveAll(filepath.Join(dir, "acme-desk"))
			return os.Symlink(t.TempDir(), filepath.Join(dir, "acme-desk"))
		}, "escapes", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			registrytest.MustPublish(t, Open(dir), registrytest.Release(t, "acme-desk", "1.0.0", "First"), registrytest.Release(t, "taskhub", "0.1.0", "Task"))
			if err := test.change(dir); err != nil {
				t.Fatal(err)
			}
			before := files(t, dir)
			results, err := Open(dir).Publish(t.Context(), []*registry.Release{release})
			if test.one && err == nil {
				err = results[0].Err
			} else if err == nil || test.one {
				t.Errorf("got %v", err)
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want %q in it", err, test.want)
			}
			if diff := cmp.Diff(before, files(t, dir)); diff != "" {
				t.Errorf("files changed (-before +after):\n%s", diff)
			}
			if test.one {
				results, err := Open(dir).Publish(t.Context(), []*registry.Release{release, registrytest.Release(t, "taskhub", "0.2.0", "Task")})
				if err != nil || results[0].Err == nil || !results[1].Added {
					t.Errorf("the other namespace was held back: %+v, %v", results, err)
				}
			}
		})
	}
}

// TestForeign leaves alone what is not the registry's, and does not take another
// folder for one.
func digest(text string) string { return registry.Digest([]byte(text)) }

func TestForeign(t *testing.T) {
	dir := t.TempDir()
	release := registrytest.Release(t, "acme-desk", "1.0.0", "First")
	if err := os.WriteFile(filepath.Join(dir, "thesis.txt"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Open(dir).Publish(t.Context(), []*registry.Release{release})
	if err == nil || !strings.Contains(err.Error(), `but "thesis.txt"`) {
		t.Errorf("a folder that is something else gives %v", err)
	}
	if diff := cmp.Diff([]string{"thesis.txt"}, sortedKeys(files(t, dir))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	os.Rename(filepath.Join(dir, "thesis.txt"), filepath.Join(dir, ".hidden"))
	registrytest.MustPublish(t, Open(dir), release)
	for name, text := range map[string]string{"CNAME": "apps.example", "acme-desk/notes.txt": "x", "assets/1.0.0/a": "y"} {
		os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(dir).Publish(t.Context(), []*registry.Release{registrytest.Release(t, "acme-desk", "1.1.0", "Second")}); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "CNAME")); string(text) != "apps.example" {
		t.Errorf("CNAME is %q, %v", text, err)
	}
}

// TestRebuildKeeps does not make an index that forgets a version.
func TestRebuildKeeps(t *testing.T) {
	dir := t.TempDir()
	registrytest.MustPublish(t, Open(dir), registrytest.Release(t, "acme-desk", "1.0.0", "First"), registrytest.Release(t, "acme-desk", "1.1.0", "Second"))
	whole := files(t, dir)
	lost := filepath.Join(dir, "acme-desk/1.0.0")
	if err := os.Rename(lost, filepath.Join(dir, ".aside")); err != nil {
		t.Fatal(err)
	}
	_, err := Open(dir).Rebuild(t.Context())
	if err == nil || !strings.Contains(err.Error(), "names acme-desk 1.0.0, and its folder is gone") {
		t.Errorf("rebuilding gives %v", err)
	}
	if err := os.Rename(filepath.Join(dir, ".aside"), lost); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "index.json"), []byte("garbage"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "acme-desk/index.html")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir).Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(whole, files(t, dir)); diff != "" {
		t.Errorf("made again (-before +after):\n%s", diff)
	}
	if _, err := Open(t.TempDir()).Rebuild(t.Context()); err == nil {
		t.Error("an empty folder is made a registry")
	}
}
