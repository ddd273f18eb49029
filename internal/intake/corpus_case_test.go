package intake

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/karzoun/miniapp-review/internal/rules"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// corpusCase is one broken submission: a good one of the examples with a
// defect. Cases are txtar archives; testdata/corpus/README.md describes them.
type corpusCase struct {
	name, about string
	// good is the example that is broken, folder that of the head.
	good, folder string
	kind         string
	others       []string
	held         []rules.Held
	claims       []rules.Claim
	base, head   map[string]source.MemoryFile
	// want are the findings as describe writes them; also are the rules whose
	// findings are not for the defect itself.
	want []string
	also map[string]bool
}

const goodRoot = "../../examples/definitions-repo/definitions"

func readCase(path string) (*corpusCase, error) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		return nil, err
	}
	c := &corpusCase{name: strings.TrimSuffix(filepath.Base(path), ".txt"), kind: "new", also: map[string]bool{}}
	version := ""
	for line := range strings.Lines(string(archive.Comment)) {
		line = strings.TrimSuffix(line, "\n")
		key, value, _ := strings.Cut(line, ": ")
		switch key {
		case "good":
			c.good = value
			if c.folder == "" {
				c.folder = value
			}
		case "folder":
			c.folder = value
		case "as":
			c.kind, version, _ = strings.Cut(value, " ")
		case "others":
			c.others = strings.Fields(value)
		case "held":
			v, state, _ := strings.Cut(value, " ")
			c.held = append(c.held, rules.Held{Version: v, State: state})
		case "claim":
			v, ref, _ := strings.Cut(value, " ")
			c.claims = append(c.claims, rules.Claim{Version: v, Ref: ref})
		case "want":
			c.want = append(c.want, value)
		case "also":
			c.want = append(c.want, "also "+value)
			c.also[strings.Fields(value)[1]] = true
		default:
			c.about = strings.TrimSpace(c.about + " " + line)
		}
	}
	if c.about == "" || c.good == "" {
		return nil, fmt.Errorf("a case says what it is about, and which good submission it breaks")
	}
	if c.base, err = readGood(c.good); err != nil {
		return nil, err
	}
	c.head = maps.Clone(c.base)
	if version != "" {
		if err := c.release(version); err != nil {
			return nil, err
		}
	}
	for _, section := range archive.Files {
		verb, file, _ := strings.Cut(section.Name, " ")
		if file == "" {
			file = submission.DefinitionFile
		}
		if err := c.change(verb, file, string(section.Data)); err != nil {
			return nil, fmt.Errorf("%s %s: %w", verb, file, err)
		}
	}
	return c, nil
}

// defects is the number of findings that are for the defect.
func (c *corpusCase) defects() int {
	n := 0
	for _, w := range c.want {
		if !strings.HasPrefix(w, "also ") {
			n++
		}
	}
	return n
}

// pristine returns the files of the good submission.
func (c *corpusCase) pristine(t *testing.T) map[string]source.MemoryFile {
	t.Helper()
	files, err := readGood(c.good)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func readGood(ns string) (map[string]source.MemoryFile, error) {
	files := map[string]source.MemoryFile{}
	root := os.DirFS(filepath.Join(goodRoot, ns))
	err := fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(root, p)
		files[p] = source.MemoryFile{Data: data}
		return err
	})
	return files, err
}

// release makes the head an update: it gets a version, and a section for it.
func (c *corpusCase) release(version string) error {
	if err := c.change("edit", submission.DefinitionFile, "/version = "+strconv.Quote(version)); err != nil {
		return err
	}
	log := submission.ParseChangelog(c.head[submission.ChangelogFile].Data)
	section := "## [" + version + "] - 2026-11-24\n\n### Fixed\n\n- Names with an apostrophe arrive as they were typed.\n"
	edit := log.Insert(version, section)
	text := string(c.head[submission.ChangelogFile].Data)
	return c.change("file", submission.ChangelogFile, text[:edit.Start]+edit.Text+text[edit.End:])
}

// change carries out one section of a case on the head.
func (c *corpusCase) change(verb, name, text string) error {
	f, ok := c.head[name]
	switch verb {
	case "edit":
		out, err := rules.EditJSON(string(f.Data), text)
		if err != nil {
			return err
		}
		f.Data = []byte(out)
	case "replace":
		for line := range strings.Lines(text) {
			out, err := replaceOnce(string(f.Data), strings.TrimSuffix(line, "\n"))
			if err != nil {
				return err
			}
			f.Data = []byte(out)
		}
	case "file":
		f.Data = []byte(text)
	case "remove":
		if !ok {
			return fmt.Errorf("there is no such file")
		}
		delete(c.head, name)
		return nil
	case "mode":
		modes := map[string]source.Mode{"executable": source.Executable, "symlink": source.Symlink, "submodule": source.Submodule}
		f.Mode = modes[strings.TrimSpace(text)]
	case "crlf":
		f.Data = bytes.ReplaceAll(f.Data, []byte("\n"), []byte("\r\n"))
	case "fill":
		size, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			return err
		}
		f.Data = append(bytes.TrimSuffix(f.Data, []byte("\n")), bytes.Repeat([]byte{'\n'}, size-len(f.Data)+1)...)
	default:
		return fmt.Errorf("no such change")
	}
	c.head[name] = f
	return nil
}

// replaceOnce carries out a line such as `"old" => "new"`. The two are Go
// strings, so that any byte can be written.
func replaceOnce(text, line string) (string, error) {
	from, to, ok := strings.Cut(line, " => ")
	if !ok {
		return "", fmt.Errorf("expected OLD => NEW, got %q", line)
	}
	from, err := strconv.Unquote(from)
	if err != nil {
		return "", fmt.Errorf("the text to replace: %w", err)
	}
	if to, err = strconv.Unquote(to); err != nil {
		return "", fmt.Errorf("the text to replace it by: %w", err)
	}
	if n := strings.Count(text, from); n != 1 {
		return "", fmt.Errorf("%q stands there %d times, not once", from, n)
	}
	return strings.Replace(text, from, to, 1), nil
}
