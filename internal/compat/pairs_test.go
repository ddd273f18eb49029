package compat_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/Masterminds/semver/v3"
	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/compat"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

const examples = "../../examples/definitions-repo/definitions"

func example(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(examples, name, "miniapp.json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func decode(t testing.TB, text string) any {
	t.Helper()
	var v any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber() // floats would lose digits
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

func encode(t testing.TB, v any) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// edit changes a decoded document as one line of testdata says:
//
//	/pointer = JSON     sets a value; /- at the end of a list appends
//	/pointer -          removes it
//	/pointer > name     gives a member another key
//	/pointer ^          moves an element to the start of its list
func edit(v any, line string) (any, error) {
	pointer, rest, _ := strings.Cut(line, " ")
	tokens := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	var err error
	var walk func(v any, tokens []string) any
	walk = func(v any, tokens []string) any {
		key := strings.NewReplacer("~1", "/", "~0", "~").Replace(tokens[0])
		last := len(tokens) == 1
		op, arg, _ := strings.Cut(rest, " ")
		var value any
		if last && op == "=" {
			err = json.Unmarshal([]byte(arg), &value)
		}
		switch v := v.(type) {
		case map[string]any:
			old, there := v[key]
			switch {
			case !there && (!last || op != "="):
				err = fmt.Errorf("no member %q", key)
			case !last:
				v[key] = walk(old, tokens[1:])
			case op == "=":
				v[key] = value
			case op == "-":
				delete(v, key)
			case op == ">":
				delete(v, key)
				v[arg] = old
			}
			return v
		case []any:
			if key == "-" && op == "=" {
				return append(v, value)
			}
			i, e := strconv.Atoi(key)
			switch {
			case e != nil || i < 0 || i >= len(v):
				err = fmt.Errorf("no element %q", key)
			case !last:
				v[i] = walk(v[i], tokens[1:])
			case op == "=":
				v[i] = value
			case op == "-":
				return slices.Delete(v, i, i+1)
			case op == "^":
				first := v[i]
				return append([]any{first}, slices.Delete(v, i, i+1)...)
			}
			return v
		}
		err = fmt.Errorf("nothing below %q", key)
		return v
	}
	v = walk(v, tokens)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", line, err)
	}
	return v, nil
}

// TestPairs reads testdata/*.txt. A pair is a paragraph:
//
//	# name
//	@example, or the base document in JSON
//	edits, or the head document in JSON after "+ "
//	=> bump
//	id base head: a change in the order of Diff, with the pointers to it; "-"
//	where it is not there, "." for the whole document
func TestPairs(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.txt")
	count, used := 0, map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, paragraph := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
			l := strings.Split(paragraph, "\n")
			arrow := slices.IndexFunc(l, func(s string) bool { return strings.HasPrefix(s, "=> ") })
			if arrow < 3 || !strings.HasPrefix(l[0], "# ") {
				t.Fatalf("%s: not a pair:\n%s", file, paragraph)
			}
			name := strings.TrimPrefix(l[0], "# ")
			if used[name] {
				t.Errorf("%q stands twice", name)
			}
			used[name] = true
			count++
			t.Run(name, func(t *testing.T) {
				testPair(t, l[1], l[2:arrow], l[arrow:])
			})
		}
	}
	if count < 100 {
		t.Errorf("only %d pairs", count)
	}
	t.Logf("%d pairs", count)
}

func testPair(t *testing.T, first string, edits, want []string) {
	base := first
	if strings.HasPrefix(first, "@") {
		base = example(t, first[1:])
	}
	head, whole := strings.CutPrefix(edits[0], "+ ")
	if !whole {
		v := decode(t, base)
		for _, line := range edits {
			var err error
			if v, err = edit(v, line); err != nil {
				t.Fatal(err)
			}
		}
		head = encode(t, v)
	}
	b, h := parse(t, base), parse(t, head)
	changes := compat.Diff(b, h)
	check(t, changes)
	version, err := semver.NewVersion(b.Version.Text())
	if err != nil {
		version = semver.MustParse("1.0.0")
	}
	pairLaws(t, base, head)
	got := []string{"=> " + compat.Bump(compat.Greatest(changes), version)}
	for _, c := range changes {
		got = append(got, fmt.Sprintf("%s %s %s", c.ID, shownPointer(c.Base), shownPointer(c.Head)))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		for _, c := range changes {
			t.Log(c.Message)
		}
		t.Errorf("want -, got +\n%s", diff)
	}
}

// pairLaws holds the laws that are held against generated definitions
// against the pairs too, which have odder documents.
func pairLaws(t *testing.T, base, head string) {
	g := newGenerator(1)
	b, h := parse(t, base), parse(t, head)
	forth, back := compat.Diff(b, h), compat.Diff(h, b)
	removed, added := sides(forth)
	added2, removed2 := sides(back)
	if diff := cmp.Diff(removed, removed2) + cmp.Diff(added, added2); diff != "" {
		t.Errorf("swapped: %s", diff)
	}
	if diff := cmp.Diff(report(forth), report(compat.Diff(parse(t, g.shuffled(decode(t, base))), parse(t, g.shuffled(decode(t, head)))))); diff != "" {
		t.Errorf("shuffled: %s", diff)
	}
	for _, same := range []string{base, head} {
		if changes := compat.Diff(parse(t, same), parse(t, same)); len(changes) > 0 {
			t.Errorf("with itself: %v", report(changes))
		}
	}
}

func shownPointer(n *jsondoc.Node) string {
	switch {
	case n == nil:
		return "-"
	case n.Parent == nil:
		return "."
	}
	return n.Pointer()
}

func TestVersions(t *testing.T) {
	for _, c := range []struct {
		impact       compat.Impact
		base         string
		bump, lowest string
	}{
		{compat.None, "1.2.3", "none", "1.2.3"},
		{compat.Fix, "1.2.3", "patch", "1.2.4"},
		{compat.Feature, "1.2.3", "minor", "1.3.0"},
		{compat.Breaking, "1.2.3", "major", "2.0.0"},
		{compat.Fix, "0.4.1", "patch", "0.4.2"},
		{compat.Feature, "0.4.1", "minor", "0.5.0"},
		{compat.Breaking, "0.4.1", "minor", "0.5.0"},
		{compat.Fix, "2.0.0-rc.1", "patch", "2.0.0"},
		{compat.Breaking, "", "minor", "0.1.0"},
	} {
		var base *semver.Version
		if c.base != "" {
			base = semver.MustParse(c.base)
		}
		bump, lowest := compat.Bump(c.impact, base), compat.MinimumVersion(c.impact, base).String()
		if bump != c.bump || lowest != c.lowest {
			t.Errorf("%s after %q: %s, %s; want %s, %s", c.impact, c.base, bump, lowest, c.bump, c.lowest)
		}
	}
}
