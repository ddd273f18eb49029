// Command generate makes a definitions repository for measurements: many
// submissions, each clean by every rule, of realistic sizes (10 KB in the
// median, up to 40 KB). The same arguments give the same bytes.
//
// Usage: go run ./test/bench/generate -n 10000 -out DIR
package main

import (
	"flag"
	"fmt"
	"log"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/submission"
)

func main() {
	n := flag.Int("n", 10_000, "how many submissions")
	out := flag.String("out", "", "the folder to make")
	seeds := flag.String("seeds", "examples/definitions-repo/definitions", "a folder of clean submissions to vary")
	flag.Parse()
	if *out == "" {
		log.Fatal("generate: -out DIR is needed")
	}
	if err := generate(*out, *seeds, *n); err != nil {
		log.Fatalf("generate: %v", err)
	}
}

// seed is a submission that others are made of.
type seed struct {
	ns    string
	files map[string]string
	// floor is the size of the definition with as few actions as it can have.
	floor int
}

// fitting returns one of the seeds that can be made as small as the target, or
// the smallest one.
func fitting(seeds []seed, target, i int) seed {
	smallest := seeds[0]
	var fit []seed
	for _, s := range seeds {
		if s.floor <= target {
			fit = append(fit, s)
		}
		if s.floor < smallest.floor {
			smallest = s
		}
	}
	if len(fit) == 0 {
		return smallest
	}
	return fit[i%len(fit)]
}

func generate(out, dir string, n int) error {
	seeds, err := readSeeds(dir)
	if err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(20261124, 1))
	names := names(random)
	for i := range n {
		target := size(random)
		files, err := fitting(seeds, target, i).vary(random, names(), target)
		if err != nil {
			return err
		}
		for name, text := range files {
			file := filepath.Join(out, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

func readSeeds(dir string) ([]seed, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var seeds []seed
	for _, e := range entries {
		s := seed{ns: e.Name(), files: map[string]string{}}
		root := filepath.Join(dir, e.Name())
		err := filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
			// What qa.json tries is by the names of actions, which vary.
			if err != nil || d.IsDir() || d.Name() == submission.QAFile {
				return err
			}
			data, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, p)
			s.files[filepath.ToSlash(rel)] = string(data)
			return err
		})
		if err != nil {
			return nil, err
		}
		least, err := resize(s.files[submission.DefinitionFile], 0, nil)
		if err != nil {
			return nil, err
		}
		s.floor = len(least)
		seeds = append(seeds, s)
	}
	return seeds, nil
}

// names returns a source of namespaces of which no two are close to each other.
func names(random *rand.Rand) func() string {
	const consonants, vowels = "bcdfghjklmnpqrstvwxz", "aeiou"
	taken := map[string]bool{}
	return func() string {
		for {
			var b strings.Builder
			for range 6 {
				b.WriteByte(consonants[random.IntN(len(consonants))])
				b.WriteByte(vowels[random.IntN(len(vowels))])
			}
			if name := b.String(); !taken[name] {
				taken[name] = true
				return name
			}
		}
	}
}

// vary makes another submission of a seed: another name, and fewer or more
// actions, so that sizes differ as they do in life.
func (s seed) vary(random *rand.Rand, ns string, target int) (map[string]string, error) {
	files := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(s.files)) {
		text := s.files[name]
		if name == submission.DefinitionFile {
			var err error
			if text, err = resize(text, target, random); err != nil {
				return nil, fmt.Errorf("varying %q: %w", s.ns, err)
			}
		}
		if name != submission.TestAccountFile {
			text = rename(text, s.ns, ns)
		}
		files[submission.Dir(ns)+"/"+name] = text
	}
	return files, nil
}

// rename writes the new namespace where the old one names the submission, and
// leaves hosts alone.
func rename(text, from, to string) string {
	for _, form := range []string{`"%s"`, `"miniapps:%s"`, "/miniapps/%s/"} {
		text = strings.ReplaceAll(text, fmt.Sprintf(form, from), fmt.Sprintf(form, to))
	}
	return text
}

// size draws the bytes of a definition: half are below 10 KB, few reach 40 KB.
func size(random *rand.Rand) int {
	v := 11_200.0 // taking out an action goes below it
	if g := random.NormFloat64() * 0.45; g > 0 {
		v *= 1 + 2*g
	} else {
		v /= 1 - g
	}
	return int(min(v, 40_000))
}

// resize takes actions out of a definition, or adds copies of them under other
// names, until it has about the wanted size.
func resize(text string, target int, random *rand.Rand) (string, error) {
	grow := len(text) < target
	for copies := 0; ; copies++ {
		doc, problems := jsondoc.Parse([]byte(text))
		if len(problems) > 0 {
			return "", problems[0]
		}
		actions := doc.Root.Get("actions")
		switch {
		case grow && len(text) < target && len(actions.Elements()) > 0:
			source := actions.Elements()[random.IntN(len(actions.Elements()))]
			name := source.Get("name").Text()
			copied := strings.Replace(doc.Pretty(source), jsondoc.Quote(name), jsondoc.Quote(fmt.Sprintf("%sCopy%c%c", name, 'A'+copies%26, 'A'+copies/26)), 1)
			out, err := jsondoc.Apply(doc.Bytes(), doc.Append(actions, copied))
			if err != nil {
				return "", err
			}
			text = string(out)
		case !grow && len(text) > target:
			smaller, ok, err := shrink(doc, text)
			if err != nil || !ok {
				return text, err
			}
			text = smaller
		default:
			return text, nil
		}
	}
}

// shrink takes out the last action that no panel names, if there are two.
func shrink(doc *jsondoc.Document, text string) (string, bool, error) {
	used := map[string]bool{}
	for _, app := range doc.Root.Get("dashboardApps").Elements() {
		for _, a := range app.Get("allowedActions").Elements() {
			used[a.Text()] = true
		}
	}
	actions := doc.Root.Get("actions").Elements()
	for i := len(actions) - 1; i >= 0 && len(actions) > 1; i-- {
		if !used[actions[i].Get("name").Text()] {
			out, err := jsondoc.Apply([]byte(text), doc.Remove(actions[i]))
			return string(out), true, err
		}
	}
	return text, false, nil
}
