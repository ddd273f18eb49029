package compat_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/compat"
	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

var update = flag.Bool("update", false, "write docs/compatibility.md anew")

func parse(t testing.TB, text string) *definition.Definition {
	t.Helper()
	doc, problems := jsondoc.Parse([]byte(text))
	if len(problems) > 0 {
		t.Fatalf("%s\n%v", text, problems[0])
	}
	return definition.New(doc)
}

func impacts() map[string]compat.Impact {
	m := map[string]compat.Impact{}
	for _, k := range compat.Kinds() {
		m[k.ID] = k.Impact
	}
	return m
}

// check holds what must be true of the changes of any two documents.
func check(t testing.TB, changes []compat.Change) {
	t.Helper()
	known := impacts()
	for _, c := range changes {
		if i, ok := known[c.ID]; !ok || i != c.Impact {
			t.Errorf("%s (%s) is not as Kinds says: %v, %v", c.ID, c.Impact, ok, i)
		}
		if c.Base == nil && c.Head == nil {
			t.Errorf("%s: %s is nowhere", c.ID, c.Message)
		}
		if c.Message == "" || strings.HasSuffix(c.Message, ".") || strings.Contains(c.Message, "%!") {
			t.Errorf("%s: message %q", c.ID, c.Message)
		}
	}
}

func TestKinds(t *testing.T) {
	seen := map[string]bool{}
	last := compat.Breaking
	for _, k := range compat.Kinds() {
		if seen[k.ID] {
			t.Errorf("%s is listed twice", k.ID)
		}
		seen[k.ID] = true
		if k.Impact > last || k.Impact == compat.None {
			t.Errorf("%s (%s) is out of order", k.ID, k.Impact)
		}
		last = k.Impact
		changes := compat.Diff(parse(t, k.Before), parse(t, k.After))
		check(t, changes)
		var ids []string
		for _, c := range changes {
			ids = append(ids, c.ID)
		}
		if diff := cmp.Diff([]string{k.ID}, ids); diff != "" {
			t.Errorf("%s: the example shows other changes:\n%s", k.ID, diff)
		}
	}
}

// commands is the end of the documentation.
const commands = `
## See it, and write it down

` + "`miniapp diff`" + ` prints the changes between the base and the files on disk, between two revisions (` + "`miniapp diff v1 v2`" + `), or between two files (` + "`miniapp diff OLD.json NEW.json`" + `).
With ` + "`--format markdown`" + ` it writes what the review says in its comment, with ` + "`--format json`" + ` one object:

` + "```json" + `
{
  "version": 1,
  "impact": "breaking",
  "bump": "major",
  "minimum_version": "2.0.0",
  "changes": [
    {
      "id": "action-removed",
      "impact": "breaking",
      "message": "action \"send\" is removed",
      "base": { "pointer": "/actions/0", "line": 12 },
      "head": null
    }
  ]
}
` + "```" + `

- ` + "`impact`" + ` is ` + "`breaking`, `feature`, `fix` or `none`" + `, at the top the greatest of all changes. ` + "`bump`" + ` is ` + "`major`, `minor`, `patch` or `none`" + `.
- ` + "`minimum_version`" + ` is the smallest version that covers the impact: the one at the base when nothing is changed, and ` + "`\"\"`" + ` for a definition that is new or removed. A base without a readable version counts as 0.0.0. A new definition has no changes, since nobody has it installed.
- ` + "`base` and `head`" + ` say where the change is: a JSON Pointer (RFC 6901) and a line, from 1. One of them is ` + "`null`" + ` when the thing is missing on that side. The pointer of the document as a whole is ` + "`\"\"`" + `.
- The changes are in the order of the blocks of a definition, and in each block by place. The same two definitions always give the same bytes.
- When a folder or two files are named, or a single definition is changed, the object is as above. When none or several are, it is ` + "`{\"version\": 1, \"impact\": …, \"definitions\": […]}`" + `: each entry has a ` + "`name`" + `, the namespace, and the fields ` + "`impact`" + ` to ` + "`changes`" + `, and ` + "`impact`" + ` at the top is the greatest of all. The entries are sorted by name.

The exit code is 0 whatever changed, 2 for wrong use, and 3 when a definition cannot be read.

` + "`miniapp changelog`" + ` drafts the section of the changelog from the same changes, with the steps of a migration where something breaks, and ` + "`--write`" + ` puts it into ` + "`CHANGELOG.md`" + `.
`

func TestDocumentation(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(`# What an update breaks

<!-- Written by go test ./internal/compat -update from the list in internal/compat. -->

Tenants have the older version installed: their automations name its actions, parameters, outputs and events, and their stored credentials fit its ` + "`auth`" + `.
The review compares the definition before and after, and gives every change an impact:

| Impact | Meaning | Smallest version increase |
| --- | --- | --- |
| breaking | something that installed tenants use stops or differs | major; minor before 1.0.0 |
| feature | something that they can ignore is new, or the effect is not known | minor |
| fix | nothing that they name is changed | patch |

Things are compared by meaning: actions are found again by their name, triggers by their event, sources, resources and fields by their key, parameters by their property, steps by their position.
A thing that is gone while another with the same content is new counts as renamed. Order and formatting are no change, nor are the fields ` + "`ns`, `version` and `status`" + `.
`)
	last := compat.None
	for _, k := range compat.Kinds() {
		if k.Impact != last {
			last = k.Impact
			fmt.Fprintf(&b, "\n## %s%s\n", strings.ToUpper(last.String()[:1]), last.String()[1:])
		}
		fmt.Fprintf(&b, "\n### `%s`\n\n%s. %s\n\n```diff\n%s```\n", k.ID, k.Title, k.Why, lines(t, k.Before, k.After))
	}
	b.WriteString(commands)
	const name = "../../docs/compatibility.md"
	if *update {
		if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.String(), string(have)); diff != "" {
		t.Errorf("docs/compatibility.md is stale; run go test ./internal/compat -run TestDocumentation -update\n%s", diff)
	}
}

// lines shows two documents as a diff in lines. What is equal at the start and
// at the end is shown once.
func lines(t *testing.T, before, after string) string {
	indent := func(s string) []string {
		var b bytes.Buffer
		if err := json.Indent(&b, []byte(s), "", "  "); err != nil {
			t.Fatal(err)
		}
		return strings.Split(b.String(), "\n")
	}
	x, y := indent(before), indent(after)
	start, end := 0, 0
	for start < min(len(x), len(y)) && x[start] == y[start] {
		start++
	}
	for end < min(len(x), len(y))-start && x[len(x)-1-end] == y[len(y)-1-end] {
		end++
	}
	var b strings.Builder
	for _, part := range []struct {
		mark  string
		lines []string
	}{{" ", x[:start]}, {"-", x[start : len(x)-end]}, {"+", y[start : len(y)-end]}, {" ", x[len(x)-end:]}} {
		for _, l := range part.lines {
			b.WriteString(part.mark + " " + l + "\n")
		}
	}
	return b.String()
}
