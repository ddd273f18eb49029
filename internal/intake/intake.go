// Package intake checks the submissions of a definitions repository: it finds
// out which namespaces there are and how each differs from the base, runs the
// rules over them, and applies the configuration to what they find.
//
// It is what the command runs at a partner's desk and what automated intake
// runs on a pull request; only the trees that it is given differ.
package intake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/karzoun/miniapp-review/internal/config"
	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/rules"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// Input is what a run looks at. Only Head, Config, Schema and Now are needed.
type Input struct {
	// Head is the state that is checked, Base the one that it is compared
	// with. Without a Base, submissions are checked for themselves.
	Head, Base source.Tree
	// Changed says which namespaces differ between Base and Head. When it is
	// nil, all are compared by their bytes.
	Changed map[string]bool
	// Only limits the run to these namespaces; nil means all.
	Only []string
	// Lone is the folder of a submission, or LoneFile a definition, that
	// stands outside a definitions repository. Then nothing else is looked at.
	Lone, LoneFile string

	Config  *config.Config
	Schema  *definition.Validator
	Secrets rules.SecretScanner
	Held    func(ns string) []rules.Held
	Claims  func(ns string) []rules.Claim
	Now     time.Time
	// Names are namespaces that are taken beside those of Head and Base.
	Names []string

	// Progress is told from time to time how many of all namespaces are done.
	// It may be called by several goroutines.
	Progress func(done, total int)
	// Workers is the number of namespaces checked at once; 0 means two for each
	// processor, since one of them often waits for the disk.
	Workers int
}

// Result is what a run found.
type Result struct {
	// Findings are in their order, without those that a waiver took away.
	Findings, Waived []finding.Finding
	// Definitions is the number of namespaces that were checked.
	Definitions int
}

// Check checks the namespaces. The error is about the run itself: trees that
// cannot be listed, or a context that ended. A file that cannot be read is a
// finding on that file.
func Check(ctx context.Context, in Input) (*Result, error) {
	if in.Lone != "" || in.LoneFile != "" {
		return in.checkLone()
	}
	heads, bases, err := bothFolders(in.Head, in.Base)
	if err != nil {
		return nil, err
	}
	heads = in.withoutEmpty(heads, bases)
	names := union(heads, bases)
	env := in.env(union(names, in.Names))
	work := names
	if in.Only != nil {
		work = slices.Clone(in.Only)
		slices.Sort(work)
		work = slices.Compact(work)
	}
	plan, err := in.plan(work, heads, bases)
	if err != nil {
		return nil, err
	}
	found, err := in.run(ctx, plan, env)
	if err != nil {
		return nil, err
	}
	res := &Result{Definitions: len(plan)}
	res.Findings, res.Waived = in.Config.Apply(found, NamespaceOf, in.Now)
	return res, nil
}

func (in Input) env(names []string) *rules.Env {
	return &rules.Env{
		Now: in.Now, Schema: in.Schema, Secrets: in.Secrets, Held: in.Held, Claims: in.Claims,
		Namespaces:       rules.NewNames(names, in.Config.Namespaces.Reserved),
		MarketplaceHosts: in.Config.Marketplace.Hosts,
		Recipients:       in.Config.TestAccounts.Recipients,
	}
}

// checkLone checks one submission or definition for itself.
func (in Input) checkLone() (*Result, error) {
	var pkg *submission.Package
	if in.LoneFile == "" {
		var err error
		if pkg, err = submission.Load(in.Head, in.Lone); err != nil {
			return nil, err
		}
	} else {
		data, err := in.Head.ReadFile(in.LoneFile, submission.MaxFileBytes)
		pkg = submission.FromDefinition(in.LoneFile, data, err)
	}
	found := rules.Run(rules.All(), &submission.Change{Kind: submission.Lint, Head: pkg}, in.env([]string{pkg.Folder}))
	res := &Result{Definitions: 1}
	res.Findings, res.Waived = in.Config.Apply(found, func(string) string { return pkg.Folder }, in.Now)
	return res, nil
}

// NamespaceOf returns the namespace that a path of a definitions repository
// belongs to, or "".
func NamespaceOf(p string) string {
	rest, ok := strings.CutPrefix(p, submission.Root+"/")
	if !ok {
		return ""
	}
	ns, _, _ := strings.Cut(rest, "/")
	return ns
}

// Namespaces lists the namespaces of a repository, at the head and at the base.
// base may be nil.
func Namespaces(head, base source.Tree) ([]string, error) {
	heads, bases, err := bothFolders(head, base)
	return union(heads, bases), err
}

func bothFolders(head, base source.Tree) (heads, bases []string, err error) {
	if heads, err = folders(head); err != nil || base == nil {
		return heads, nil, err
	}
	if bases, err = folders(base); err != nil {
		return nil, nil, fmt.Errorf("at the base: %w", err)
	}
	return heads, bases, nil
}

// folders lists the namespaces of a tree. Links and submodules in the place of
// a folder count, so that they are seen; plain files do not.
func folders(t source.Tree) ([]string, error) {
	entries, err := t.ReadDir(submission.Root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing %q: %w", submission.Root, err)
	}
	var names []string
	for _, e := range entries {
		if e.Mode != source.Regular && e.Mode != source.Executable {
			names = append(names, e.Name)
		}
	}
	return names, nil
}

// withoutEmpty takes out the folders of the head that hold no file. Git knows
// no empty folders, but a working tree can keep one when its files are removed.
// Only folders that can be empty are looked into.
func (in Input) withoutEmpty(heads, bases []string) []string {
	if in.Base == nil {
		return heads
	}
	isBase := set(bases)
	return slices.DeleteFunc(heads, func(ns string) bool {
		if isBase[ns] && in.Changed != nil && !in.Changed[ns] {
			return false
		}
		dir := submission.Dir(ns)
		if _, err := in.Head.ReadDir(dir); err != nil {
			return false // a link in its place, or unreadable: its check says so
		}
		found := errors.New("found")
		return source.Walk(in.Head, dir, 1, func(string, source.Entry) error { return found }) == nil
	})
}

func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// task is one namespace to check. base and head are folders, or "" for none.
type task struct{ base, head string }

// plan pairs heads with bases and recognises renamed folders.
func (in Input) plan(work, heads, bases []string) ([]task, error) {
	isHead, isBase := set(heads), set(bases)
	var tasks []task
	for _, ns := range work {
		t := task{}
		if isHead[ns] {
			t.head = ns
		}
		if isBase[ns] {
			t.base = ns
		}
		if t != (task{}) {
			tasks = append(tasks, t)
		}
	}
	if in.Base == nil {
		return tasks, nil
	}
	// A renamed folder is one that is gone and one that is new. Those that are
	// not in the work themselves still count as the other half.
	var gone, added []string
	for _, ns := range bases {
		if !isHead[ns] {
			gone = append(gone, ns)
		}
	}
	for _, ns := range heads {
		if !isBase[ns] {
			added = append(added, ns)
		}
	}
	renamed, err := in.renames(gone, added)
	if err != nil {
		return nil, err
	}
	taken := map[string]bool{}
	for i, t := range tasks {
		if t.base == "" && renamed[t.head] != "" {
			tasks[i].base = renamed[t.head]
			taken[tasks[i].base] = true
		}
	}
	return slices.DeleteFunc(tasks, func(t task) bool { return t.head == "" && taken[t.base] }), nil
}

func set(list []string) map[string]bool {
	m := make(map[string]bool, len(list))
	for _, s := range list {
		m[s] = true
	}
	return m
}

// run checks the tasks with several workers. Findings come out in one order
// whatever the number of workers.
func (in Input) run(ctx context.Context, tasks []task, env *rules.Env) ([]finding.Finding, error) {
	workers := in.Workers
	if workers <= 0 {
		workers = 2 * runtime.GOMAXPROCS(0)
	}
	workers = min(workers, max(len(tasks), 1))
	specs := rules.All()
	found := make([][]finding.Finding, len(tasks))
	errs := make([]error, len(tasks))
	var next, done atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(tasks) {
					return
				}
				found[i], errs[i] = in.check(tasks[i], specs, env)
				if n := int(done.Add(1)); in.Progress != nil {
					in.Progress(n, len(tasks))
				}
			}
		})
	}
	wg.Wait()
	if err := errors.Join(append(errs, ctx.Err())...); err != nil {
		return nil, err
	}
	return finding.Sort(slices.Concat(found...)), nil
}

// check runs the rules over one namespace. A panic is an error of the run: where
// somebody found a mistake in a rule, the rest of the program has to go on and
// say that this submission could not be checked.
func (in Input) check(t task, specs []rules.Spec, env *rules.Env) (found []finding.Finding, err error) {
	defer func() {
		if p := recover(); p != nil {
			found, err = nil, fmt.Errorf("checking the namespace %q panicked, which is a mistake of this program: %q", cmp.Or(t.head, t.base), fmt.Sprint(p))
		}
	}()
	change, err := in.load(t)
	if err != nil || change == nil {
		return nil, err
	}
	return rules.Run(specs, change, env), nil
}

// load reads a namespace at the base and at the head. It returns nil for one
// that is not there but for a tombstone.
func (in Input) load(t task) (*submission.Change, error) {
	c := &submission.Change{}
	var err error
	if t.head != "" {
		if c.Head, err = loadFolder(in.Head, t.head); err != nil {
			return nil, err
		}
	}
	switch {
	case c.Head.Tombstone() && (in.Base == nil || t.base == ""):
		return nil, nil
	case in.Base == nil:
		c.Kind = submission.Lint
		return c, nil
	case t.base == "":
		c.Kind = submission.New
		return c, nil
	case t.base == t.head && in.Changed != nil && !in.Changed[t.head]:
		// The base need not be read twice: it has the bytes of the head.
		c.Kind, c.Base = submission.Unchanged, c.Head
		if c.Head.Tombstone() {
			return nil, nil
		}
		return c, nil
	}
	if c.Base, err = loadFolder(in.Base, t.base); err != nil {
		return nil, fmt.Errorf("at the base: %w", err)
	}
	switch {
	case c.Base.Tombstone() && (t.head == "" || c.Head.Tombstone()):
		return nil, nil
	case c.Base.Tombstone():
		c.Kind, c.Base, c.Retired = submission.New, nil, true
	case c.Head.Tombstone():
		c.Kind, c.Head, c.Retired = submission.Removed, nil, true
	case t.head == "":
		c.Kind = submission.Removed
	case t.base != t.head:
		c.Kind = submission.Renamed
	case c.Head.Same(c.Base):
		c.Kind = submission.Unchanged
	default:
		c.Kind = submission.Update
	}
	return c, nil
}

// loadFolder reads the folder of a namespace. A link or submodule in its place
// is a package of that one entry.
func loadFolder(t source.Tree, ns string) (*submission.Package, error) {
	pkg, err := submission.Load(t, submission.Dir(ns))
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return pkg, err
	}
	entries, listErr := t.ReadDir(submission.Root)
	if listErr != nil {
		return nil, fmt.Errorf("listing %q: %w", submission.Root, listErr)
	}
	for _, e := range entries {
		if e.Name == ns {
			if e.Mode == source.Directory {
				return submission.FromFiles(submission.Dir(ns), nil), nil
			}
			return submission.FromFiles(submission.Dir(ns), []*submission.File{{Mode: e.Mode}}), nil
		}
	}
	return nil, err
}
