package intake

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/config"
	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/rules"
	"github.com/karzoun/miniapp-review/internal/sealed"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// corpusTime is when the cases are checked.
var corpusTime = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// newValidator compiles the schema once for all tests.
var newValidator = sync.OnceValues(definition.NewValidator)

// TestCorpus checks broken submissions, each with one defect, as the command
// does: exactly what a case names is found, at exactly the place where a
// partner would look.
func TestCorpus(t *testing.T) {
	for _, c := range corpus(t) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, c.describe(c.check(t))); diff != "" {
				t.Errorf("%s\n(-want +got):\n%s", c.about, diff)
			}
		})
	}
}

// TestCorpusGood checks that nothing is found in the submissions that the cases
// break, so that whatever is found in a case comes from its defect.
func TestCorpusGood(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range corpus(t) {
		if seen[c.good] {
			continue
		}
		seen[c.good] = true
		whole := &corpusCase{name: c.good, good: c.good, folder: c.good, kind: "new"}
		whole.base, whole.head = whole.pristine(t), whole.pristine(t)
		for _, f := range whole.describe(whole.check(t)) {
			t.Errorf("%s: %s", c.good, f)
		}
	}
	if len(seen) < 5 {
		t.Errorf("the cases break %d submissions only", len(seen))
	}
}

// TestCorpusCoversRules checks that the corpus has a case for every rule, and
// enough cases in all.
func TestCorpusCoversRules(t *testing.T) {
	cases := corpus(t)
	covered := map[string]bool{}
	for _, c := range cases {
		if c.defects() == 0 {
			t.Errorf("%s names no finding for its defect", c.name)
		}
		for _, w := range c.want {
			if !strings.HasPrefix(w, "also") {
				covered[strings.Fields(w)[1]] = true
			}
		}
	}
	for _, s := range rules.All() {
		if !covered[s.ID] {
			t.Errorf("no case of the corpus is for the rule %s", s.ID)
		}
	}
	if len(cases) < 120 {
		t.Errorf("the corpus has %d cases", len(cases))
	}
}

// TestCorpusOneFinding checks that one defect gives one finding, but for the
// cases that name others in so many words. They are few.
func TestCorpusOneFinding(t *testing.T) {
	others := 0
	cases := corpus(t)
	for _, c := range cases {
		if len(c.want) > c.defects() {
			others++
		}
	}
	if others*10 > len(cases) {
		t.Errorf("%d of %d cases have findings that are not for their defect", others, len(cases))
	}
}

// check runs the rules over the case.
func (c *corpusCase) check(t *testing.T) []finding.Finding {
	t.Helper()
	schema, err := newValidator()
	if err != nil {
		t.Fatal(err)
	}
	in := Input{
		Schema: schema, Secrets: scanner, Now: corpusTime, Config: config.Default(), Workers: 1,
		Head: c.tree(c.head, c.folder), Only: []string{c.folder},
		Held:   func(string) []rules.Held { return c.held },
		Claims: func(string) []rules.Claim { return c.claims },
	}
	in.Config.Namespaces.Reserved = []string{"karzoun"}
	in.Config.TestAccounts.Recipients = []sealed.Recipient{"age1g9twwjchx76t577qygteplcmqyq8dhuvzne9tmuexmmzmv6sf5lsnwrd39"}
	in.Config.Marketplace.Hosts = []string{"karzoun.com", "karzoun.chat"}
	switch c.kind {
	case "new":
		in.Base = c.tree(nil, "")
	case "lint":
	case "renamed":
		in.Base, in.Only = c.tree(c.base, c.good), []string{c.good, c.folder}
	case "retired":
		in.Base = c.tree(map[string]source.MemoryFile{submission.TombstoneFile: {Data: []byte("# Given up\n")}}, c.good)
	case "removed":
		in.Head, in.Base = c.tree(nil, ""), c.tree(c.base, c.good)
	default:
		in.Base = c.tree(c.base, c.good)
	}
	res, err := Check(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	return res.Findings
}

// tree makes a repository of one submission, beside the other folders.
func (c *corpusCase) tree(files map[string]source.MemoryFile, folder string) source.Memory {
	m := source.Memory{}
	for _, ns := range c.others {
		m[submission.Dir(ns)+"/"+submission.DefinitionFile] = source.MemoryFile{Data: []byte("{}\n")}
	}
	for name, f := range files {
		m[submission.Dir(folder)+"/"+name] = f
	}
	return m
}

// describe writes findings as cases name them: severity, rule, place and the
// text that is marked.
func (c *corpusCase) describe(found []finding.Finding) []string {
	var out []string
	for _, f := range found {
		name := strings.TrimPrefix(f.Path, submission.Root+"/")
		if rest, ok := strings.CutPrefix(name, c.folder+"/"); ok {
			name = rest
		}
		line := fmt.Sprintf("%s %s %s:%d:%d", f.Severity, f.Rule, name, f.Range.Start.Line, f.Range.Start.Column)
		if f.Sensitive {
			line += " (a credential)"
		} else if marked := c.marked(name, f.Range); marked != "" {
			line += " " + marked
		}
		if c.also[f.Rule] {
			line = "also " + line
		}
		out = append(out, line)
	}
	return out
}

// marked returns what a range of a file of the head holds, up to the end of its
// first line, and no more than fits on one.
func (c *corpusCase) marked(name string, r finding.Range) string {
	f, ok := c.head[name]
	if !ok || r == finding.WholeFile() {
		return ""
	}
	lines := jsondoc.NewLines(f.Data)
	text := string(f.Data[lines.Offset(r.Start):lines.Offset(r.End)])
	text, _, more := strings.Cut(text, "\n")
	const most = 50
	if runes := []rune(text); len(runes) > most {
		text, more = string(runes[:most]), true
	}
	if more {
		text += "…"
	}
	text = strings.TrimSpace(text)
	if strings.ContainsFunc(text, func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }) {
		return strconv.QuoteToASCII(text)
	}
	return text
}

// corpus reads the cases.
func corpus(t *testing.T) []*corpusCase {
	t.Helper()
	paths, err := filepath.Glob("testdata/corpus/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	var cases []*corpusCase
	for _, p := range paths {
		c, err := readCase(p)
		if err != nil {
			t.Fatalf("%s: %v", p, err)
		}
		cases = append(cases, c)
	}
	return cases
}
