package intake

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/config"
	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// repo makes a tree of "path: text" pairs below definitions/.
func repo(files map[string]string) source.Memory {
	m := source.Memory{}
	for name, text := range files {
		f := source.MemoryFile{Data: []byte(text)}
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			f = source.MemoryFile{Mode: source.Symlink, Data: []byte(target)}
		}
		m[submission.Root+"/"+name] = f
	}
	return m
}

// long is a definition of some lines, so that a rename can be told by them.
func long(ns string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "{\n  \"ns\": %q,\n", ns)
	for i := range 20 {
		fmt.Fprintf(&b, "  \"field%d\": %q,\n", i, fmt.Sprint(ns[0], i))
	}
	return b.String() + "  \"end\": true\n}\n"
}

func TestPlanAndLoad(t *testing.T) {
	same := long("same")
	base := repo(map[string]string{
		"same/miniapp.json": same, "edited/miniapp.json": long("edited"), "gone/miniapp.json": long("zone"),
		"old/miniapp.json": long("old"), "mode/miniapp.json": long("mode"),
	})
	head := repo(map[string]string{
		"same/miniapp.json": same, "edited/miniapp.json": long("edited") + "\n", "fresh/miniapp.json": long("fresh"),
		"renamed/miniapp.json": strings.Replace(long("old"), `"old"`, `"renamed"`, 1), "mode/miniapp.json": long("mode"),
		"link": "-> ../../etc", "notes.md": "no submission",
	})
	head["definitions/mode/miniapp.json"] = source.MemoryFile{Mode: source.Executable, Data: []byte(long("mode"))}
	in := Input{Head: head, Base: base}
	heads, bases, err := bothFolders(head, base)
	if err != nil {
		t.Fatal(err)
	}
	tasks, err := in.plan(union(heads, bases), heads, bases)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]submission.Kind{}
	for _, task := range tasks {
		c, err := in.load(task)
		if err != nil {
			t.Fatal(err)
		}
		name := c.Package().Folder
		if c.Kind == submission.Renamed {
			name = c.Base.Folder + " to " + name
		}
		got[name] = c.Kind
	}
	want := map[string]submission.Kind{
		"same": submission.Unchanged, "edited": submission.Update, "mode": submission.Update, "gone": submission.Removed,
		"fresh": submission.New, "old to renamed": submission.Renamed, "link": submission.New,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}

	// Only one of a renamed pair is asked for: the other half is still seen.
	for _, only := range []string{"renamed", "old"} {
		tasks, err = in.plan([]string{only}, heads, bases)
		if err != nil {
			t.Fatal(err)
		}
		want := task{base: "old", head: map[string]string{"renamed": "renamed"}[only]}
		if len(tasks) != 1 || tasks[0] != want {
			t.Errorf("plan of %q = %v, want %v", only, tasks, want)
		}
	}

	// Without a base, everything is checked for itself.
	in.Base = nil
	if c, err := in.load(task{head: "edited"}); err != nil || c.Kind != submission.Lint {
		t.Errorf("without a base: kind %v, %v", c.Kind, err)
	}
}

func TestCheckIsDeterministic(t *testing.T) {
	files := map[string]string{}
	for i := range 40 {
		ns := fmt.Sprintf("app-%c%c", 'a'+i%26, 'a'+i/26)
		files[ns+"/miniapp.json"] = long(ns)
	}
	schema, err := definition.NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	var first *Result
	for _, workers := range []int{1, 3, 8} {
		res, err := Check(context.Background(), Input{Head: repo(files), Schema: schema, Config: config.Default(),
			Now: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		if res.Definitions != 40 || len(res.Findings) == 0 {
			t.Fatalf("%d definitions, %d findings", res.Definitions, len(res.Findings))
		}
		if first == nil {
			first = res
		} else if diff := cmp.Diff(first, res); diff != "" {
			t.Errorf("%d workers (-first +this):\n%s", workers, diff)
		}
	}
}

func TestCheckStops(t *testing.T) {
	schema, err := definition.NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Check(ctx, Input{Head: repo(map[string]string{"a/miniapp.json": "{}"}), Schema: schema, Config: config.Default()}); err == nil {
		t.Error("an ended context is no error")
	}
}

// TestEmpty checks that a repository without submissions is clean.
func TestEmpty(t *testing.T) {
	res, err := Check(context.Background(), Input{Head: source.Memory{}, Base: source.Memory{}, Config: config.Default()})
	if err != nil || res.Definitions != 0 || len(res.Findings) != 0 {
		t.Errorf("got %+v, %v", res, err)
	}
}

// TestTombstones checks that a name that was given up needs nothing more, keeps
// others out, and is asked for when a folder goes away.
func TestTombstones(t *testing.T) {
	stone := source.MemoryFile{Data: []byte("# Given up\n")}
	old := source.MemoryFile{Data: []byte("{\n  \"ns\": \"old\"\n}\n")}
	const stonePath, definitionPath = "definitions/old/TOMBSTONE.md", "definitions/old/miniapp.json"
	validator, err := definition.NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name       string
		base, head source.Memory
		want       string
	}{
		{"it stays", source.Memory{stonePath: stone}, source.Memory{stonePath: stone}, ""},
		{"it comes", source.Memory{definitionPath: old}, source.Memory{stonePath: stone}, "namespace-removed warning"},
		{"it is missing", source.Memory{definitionPath: old}, source.Memory{}, "namespace-removed error"},
		{"it is ignored", source.Memory{stonePath: stone}, source.Memory{definitionPath: old}, "ns-tombstone error"},
	} {
		res, err := Check(context.Background(), Input{Head: c.head, Base: c.base, Config: config.Default(), Now: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), Schema: validator})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, f := range res.Findings {
			if f.Rule == "namespace-removed" || f.Rule == "ns-tombstone" {
				got += f.Rule + " " + f.Severity.String()
			}
		}
		if got != c.want || c.want == "" && len(res.Findings) > 0 {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
