package folder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/registry"
	"github.com/karzoun/miniapp-review/internal/registry/registrytest"
	"github.com/karzoun/miniapp-review/internal/source"
)

// branch is a Store in memory, which moves like a branch: a writer who was
// overtaken is asked again.
type branch struct {
	mu      sync.Mutex
	files   source.Memory
	commits int
	// overtake is called between the question and the write.
	overtake func()
	fail     error
}

func (b *branch) at() (source.Memory, int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.files), b.commits
}

func (b *branch) Tree(context.Context) (source.Tree, error) {
	files, _ := b.at()
	if len(files) == 0 {
		return nil, fs.ErrNotExist
	}
	return files, nil
}

func (b *branch) Write(ctx context.Context, change func(source.Tree) (map[string][]byte, error)) error {
	for {
		files, at := b.at()
		if files == nil {
			files = source.Memory{}
		}
		written, err := change(files)
		if err != nil || len(written) == 0 {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if b.fail != nil {
			return b.fail
		}
		if b.overtake != nil {
			overtake := b.overtake
			b.overtake = nil
			overtake()
		}
		b.mu.Lock()
		if b.commits == at {
			for name, data := range written {
				files[name] = source.MemoryFile{Data: data}
			}
			b.files, b.commits = files, at+1
			b.mu.Unlock()
			return nil
		}
		b.mu.Unlock()
	}
}

func TestStoreConforms(t *testing.T) {
	registrytest.Conform(t, func(t *testing.T) func() registry.Target {
		b := &branch{}
		return func() registry.Target { return Over("branch:registry", b) }
	})
}

// TestStoreSame writes the same files to a branch and to a folder, in one commit
// for each call, and only what a call needs.
func TestStoreSame(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "registry")
	b := &branch{}
	for n, step := range life(t) {
		before := b.commits
		if err := errors.Join(step(Open(dir)), step(Over("static:"+dir, b))); err != nil {
			t.Fatal(err)
		}
		if b.commits > before+1 {
			t.Errorf("step %d makes %d commits", n, b.commits-before)
		}
	}
	want := files(t, dir)
	maps.DeleteFunc(want, func(name, sum string) bool { return name == lockFile || strings.HasPrefix(sum, "d") && len(sum) < 64 })
	got := map[string]string{}
	for name, f := range b.files {
		got[name] = digest(string(f.Data))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the branch has other files (-folder +branch):\n%s", diff)
	}
}

// TestStoreOvertaken has somebody else write between the question and the write:
// both versions are there, in one history.
func TestStoreOvertaken(t *testing.T) {
	b := &branch{}
	registrytest.MustPublish(t, Over("branch:registry", b), registrytest.Release(t, "acme", "1.0.0", "First"))
	b.overtake = func() {
		registrytest.MustPublish(t, Over("branch:registry", b), registrytest.Release(t, "beta", "1.0.0", "Overtaking"), registrytest.Release(t, "acme", "1.1.0", "The same"))
	}
	results, err := Over("branch:registry", b).Publish(t.Context(), []*registry.Release{registrytest.Release(t, "acme", "1.1.0", "The same"), registrytest.Release(t, "gamma", "1.0.0", "Own")})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]registry.Result{{NS: "acme", Version: "1.1.0"}, {NS: "gamma", Version: "1.0.0", Added: true}}, results); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	registrytest.MustVerify(t, Over("branch:registry", b))
	if got := fmt.Sprint(b.commits); got != "3" {
		t.Errorf("there are %s commits, want 3", got)
	}
	b.fail = os.ErrDeadlineExceeded
	results, err = Over("branch:registry", b).Publish(t.Context(), []*registry.Release{registrytest.Release(t, "acme", "1.2.0", "x")})
	if !errors.Is(err, os.ErrDeadlineExceeded) || results[0].Added || results[0].Err == nil {
		t.Errorf("a store that fails gives %+v, %v", results, err)
	}
}
