package qa

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/practice"
	"github.com/karzoun/miniapp-review/internal/qafile"
	"github.com/karzoun/miniapp-review/internal/sandbox"
)

// Input is what is tried, and with what.
type Input struct {
	// Account has the credentials by the keys of the definition, as in
	// sealed.Account. Without any, nothing that needs the provider is tried. A
	// practice run makes them up where it is nil.
	Account map[string]string
	// File is the submission's qa.json, or nil when it has none.
	File *qafile.File
	// Samples are the sample deliveries, in the order in which they are sent.
	Samples []Sample
	// Only are the ids of the items that are asked for; nil asks for all. What
	// they need runs too.
	Only []string
	// Practice says that the machine's provider is one of internal/practice, so
	// that certain values cannot be expected of it.
	Practice bool
	// SignIn connects an install of OAuth through a person in a browser, where the
	// account has no tokens; nil where there is nobody. It returns the run, and
	// false when nobody signed in, with the reason.
	SignIn func(context.Context, *sandbox.Machine, *sandbox.Install) (run *sandbox.Run, reason string)
}

// Sample is a sample delivery.
type Sample struct {
	// Name is the name of its file below the folder of samples.
	Name string
	// Root is its JSON.
	Root *jsondoc.Node
}

// Run tries a definition and returns the report, with the install as it is in the
// end: its credentials may have been renewed. It stops early when ctx ends; what
// is left is not tried then.
func Run(ctx context.Context, m *sandbox.Machine, in Input) (Report, *sandbox.Install) {
	own := *m
	own.Secrets = append(slices.Clone(m.Secrets), secrets(m.Definition, in.Account)...)
	m = &own
	r := &runner{m: m, in: in, install: sandbox.NewInstall("qa"), gave: map[string]*jsondoc.Node{}, attempts: map[string][]Attempt{}}
	if in.File == nil {
		r.in.File = &qafile.File{}
	}
	start := m.Now()
	r.report = Report{Version: Version, Namespace: m.Definition.NS.Text(), DefinitionVersion: m.Definition.Version.Text(),
		Practice: in.Practice, Started: start.UTC(), Items: []Result{}, Extras: []Result{}}
	r.plan()
	r.connect(ctx)
	r.entries(ctx)
	r.deliveries(ctx)
	r.collect()
	r.report.Took = m.Now().Sub(start)
	r.report.count()
	return r.report, r.install
}

// runner is one run of QA.
type runner struct {
	m       *sandbox.Machine
	in      Input
	install *sandbox.Install
	report  Report
	items   []Item
	// wanted are the ids to be tried, and asked those that somebody asked for by
	// name.
	wanted, asked map[string]bool
	steps         []step
	// gave has the outputs of entries by their names, as far as others use them.
	gave map[string]*jsondoc.Node
	used map[string]bool
	// attempts are those of each item, by id.
	attempts map[string][]Attempt
	// others are the events of samples that the checklist has no item for.
	others []Result
	// blocked says why nothing that needs a connection can be tried, or is "".
	blocked, blockedHint string
}

// step is an entry that is to be run for an item.
type step struct {
	entry qafile.Entry
	id    string
	from  string // the pointer of the entry, "" when it is made up
}

// idOf is the id of the item that an entry is for.
func (r *runner) idOf(e qafile.Entry) string {
	if e.Kind == qafile.Action {
		for _, it := range r.items {
			if it.Action == e.Target {
				return it.ID
			}
		}
	}
	return e.Kind.String() + ":" + e.Target
}

// plan decides what is tried: the entries of the file, and for what it has no
// entry the ones that need none.
func (r *runner) plan() {
	def := r.m.Definition
	r.items = Checklist(def)
	r.asked = map[string]bool{}
	for _, id := range r.in.Only {
		r.asked[id] = true
	}
	var all []step
	for _, e := range r.in.File.Entries {
		all = append(all, step{e, r.idOf(e), e.At.Pointer()})
	}
	has := func(id string) bool { return slices.ContainsFunc(all, func(s step) bool { return s.id == id }) }
	// Reading is safe, so that dropdowns and imports need no entry.
	for _, s := range def.Sources {
		all = r.add(all, has, qafile.Entry{Kind: qafile.Source, Target: s.Key})
	}
	for _, s := range def.Sync.Resources {
		all = r.add(all, has, qafile.Entry{Kind: qafile.Resource, Target: s.Key, Limit: qafile.DefaultLimit})
	}
	if r.in.Practice {
		for _, a := range def.Actions {
			all = r.add(all, has, qafile.Entry{Kind: qafile.Action, Target: a.Name, Input: practice.Input(a)})
		}
	}
	slices.SortStableFunc(all, func(a, b step) int { return int(a.entry.Kind) - int(b.entry.Kind) })
	r.wanted = map[string]bool{"install": true}
	if r.in.Only == nil {
		r.steps = all
		for _, it := range r.items {
			r.wanted[it.ID] = true
		}
		for _, s := range all {
			r.wanted[s.id] = true
		}
		return
	}
	r.steps = needed(all, r.asked)
	for _, s := range r.steps {
		r.wanted[s.id] = true
		r.wanted["connect"] = true
	}
	for id := range r.asked {
		r.wanted[id] = true
		if !strings.HasPrefix(id, "event:") && id != "install" {
			r.wanted["connect"] = true
		}
	}
}

func (r *runner) add(all []step, has func(string) bool, e qafile.Entry) []step {
	e.Name, e.Expect.AtLeast = e.Target, -1
	if id := r.idOf(e); !has(id) {
		all = append(all, step{entry: e, id: id})
	}
	return all
}

// needed returns the steps of the items that are asked for, and those before
// them whose outputs they use.
func needed(all []step, asked map[string]bool) []step {
	keep := make([]bool, len(all))
	for i := len(all) - 1; i >= 0; i-- {
		if asked[all[i].id] {
			keep[i] = true
		}
		if !keep[i] {
			continue
		}
		for _, ref := range references(all[i].entry) {
			for j := i - 1; j >= 0; j-- {
				if all[j].entry.Name == ref.Name {
					keep[j] = true
					break
				}
			}
		}
	}
	var list []step
	for i, s := range all {
		if keep[i] {
			list = append(list, s)
		}
	}
	return list
}

// references are those of an entry to others.
func references(e qafile.Entry) []qafile.Reference {
	refs := qafile.References(e.Input)
	for _, eq := range e.Expect.Equals {
		refs = append(refs, qafile.References(eq.Value)...)
	}
	return refs
}

// entries runs the entries.
func (r *runner) entries(ctx context.Context) {
	var id [4]byte
	if _, err := io.ReadFull(r.m.Random, id[:]); err != nil {
		r.blocked = fmt.Sprintf("there is no randomness: %v", err)
	}
	r.gave["run"] = jsondoc.NewObject(
		jsondoc.Member{Key: "id", Value: jsondoc.NewString(fmt.Sprintf("%x", id))},
		jsondoc.Member{Key: "date", Value: jsondoc.NewString(r.m.Now().UTC().Format("2006-01-02"))})
	r.used = map[string]bool{}
	for _, s := range r.steps {
		for _, ref := range references(s.entry) {
			r.used[ref.Name] = true
		}
	}
	for _, s := range r.steps {
		a := r.try(ctx, s)
		a.From = s.from
		r.attempts[s.id] = append(r.attempts[s.id], a)
	}
}

// notTried makes an attempt that was not made.
func notTried(hint, format string, args ...any) Attempt {
	return Attempt{State: NotTried, Reason: fmt.Sprintf(format, args...), Hint: hint}
}

// try runs one entry, unless something stands in its way.
func (r *runner) try(ctx context.Context, s step) Attempt {
	e := s.entry
	delete(r.gave, e.Name)
	switch {
	case r.blocked != "":
		return notTried(r.blockedHint, "%s", r.blocked)
	case ctx.Err() != nil:
		return notTried("Run it again.", "the run was stopped before it")
	case e.Once && !r.asked[s.id] && !r.in.Practice:
		return notTried("Ask for it by name: miniapp try action "+e.Target, "it is marked with \"once\", and is only run when somebody asks for it")
	case e.Kind == qafile.Resource && !r.imports():
		return notTried("Set sync.syncConfiguration.enabled to true to try it.", "imports are switched off in the definition")
	case r.in.Practice && !r.canFail(e):
		return notTried("Try it with an account.", "it expects a failure of the provider, which practice does not make up")
	}
	input, missing := qafile.Resolve(e.Input, func(name string) (*jsondoc.Node, bool) { v, ok := r.gave[name]; return v, ok })
	switch {
	case missing != nil && errors.Is(missing.Err, qafile.ErrTooLong):
		return notTried("Refer to a part of it.", "with %q, its input has more than 1 MiB", "{{"+missing.Key+"}}")
	case missing != nil:
		return notTried("Look at what the entry that it refers to gave.", "it needs %q, which has no value", "{{"+missing.Key+"}}")
	}
	values := sandbox.Values{}
	for _, m := range input.Members() {
		values[m.Key] = r.typed(e, m)
	}
	ctx = practice.WithAnswers(ctx, e.Answers)
	var run *sandbox.Run
	switch e.Kind {
	case qafile.Action:
		run = r.m.Action(ctx, r.install, e.Target, values)
	case qafile.Source:
		_, run = r.m.Source(ctx, r.install, e.Target, "", values)
	case qafile.Resource:
		var records []sandbox.Record
		records, run = r.m.Sync(ctx, r.install, e.Target, e.Limit)
		run.Output = sandbox.RecordsJSON(records)
	}
	a := r.judge(e, run)
	if a.State == Passed && run.Output != nil && r.used[e.Name] {
		if len(jsondoc.AppendJSON(nil, run.Output)) > maxGave {
			a.State, a.Reason, a.Hint = Failed, "the output has more than 256 KiB, which is too much for other entries to use", "Map less."
		} else {
			r.gave[e.Name] = run.Output
		}
	}
	run.Output = nil // it can be megabytes, and nobody looks at it any more
	return a
}

// maxGave is the largest output that other entries can use, in bytes of JSON.
const maxGave = 256 << 10

// imports reports whether the definition has its imports switched on.
func (r *runner) imports() bool {
	on, given := r.m.Definition.Sync.Config.Get("enabled").Bool()
	return on || !given
}

// typed is a value as the form of an action would send it: a number that an
// earlier entry gave is text in a field for texts.
func (r *runner) typed(e qafile.Entry, v *jsondoc.Node) *jsondoc.Node {
	if e.Kind == qafile.Action && v.Is(jsondoc.Number) {
		for _, a := range r.m.Definition.Actions {
			if a.Name == e.Target && a.Parameters.At("properties", v.Key, "type").Text() == "string" {
				return jsondoc.NewString(v.Literal())
			}
		}
	}
	return v
}

// collect makes the results of what was attempted.
func (r *runner) collect() {
	for _, it := range r.items {
		if r.wanted[it.ID] {
			r.report.Items = append(r.report.Items, r.result(it.ID, it.Text))
		}
	}
	def := r.m.Definition
	for _, s := range def.Sources {
		if id := "source:" + s.Key; r.wanted[id] {
			r.report.Extras = append(r.report.Extras, r.result(id, fmt.Sprintf("fill the dropdown %q", s.Key)))
		}
	}
	for _, s := range def.Sync.Resources {
		if id := "resource:" + s.Key; r.wanted[id] {
			r.report.Extras = append(r.report.Extras, r.result(id, fmt.Sprintf("import a few of %q", s.Key)))
		}
	}
	for _, x := range r.others {
		r.report.Extras = append(r.report.Extras, r.result(x.ID, x.Text))
	}
}

// result brings the attempts of an item together: the worst counts, but one that
// passed is not undone by another that was not made.
func (r *runner) result(id, about string) Result {
	res := Result{ID: id, Text: about, State: NotTried, Attempts: r.attempts[id]}
	rank := []State{NotTried, Passed, NoAnswer, Failed}
	var reasons []string
	refused := 0
	for _, a := range res.Attempts {
		if a.State == Passed && a.Run != nil && a.Run.Failure != nil {
			refused++ // as expected, which does not show that it works
			continue
		}
		if slices.Index(rank, a.State) > slices.Index(rank, res.State) {
			res.State, res.Reason, res.Hint = a.State, a.Reason, a.Hint
		} else if res.Reason == "" && a.State == res.State {
			res.Reason, res.Hint = a.Reason, a.Hint
		}
		if a.State == NotTried {
			reasons = append(reasons, a.Reason)
		}
	}
	if res.State == Passed && res.Reason == "" && len(reasons) > 0 {
		res.Reason = fmt.Sprintf("%d of %d entries were not tried: %s", len(reasons), len(res.Attempts), reasons[0])
		if slices.ContainsFunc(reasons, func(s string) bool { return s != reasons[0] }) {
			res.Reason += "; others have other reasons"
		}
	}
	switch {
	case len(res.Attempts) == 0:
		res.Reason, res.Hint = r.unattempted(id)
	case refused == len(res.Attempts):
		res.Reason, res.Hint = "it was tried only with what is to fail", "Add an entry to qa.json that goes through."
	}
	return res
}

// unattempted says why nothing was attempted for an item.
func (r *runner) unattempted(id string) (reason, hint string) {
	switch kind, name, _ := strings.Cut(id, ":"); kind {
	case "action":
		if r.blocked != "" {
			return r.blocked, r.blockedHint
		}
		return "qa.json has no entry for it", fmt.Sprintf("Add {\"action\": %q, \"input\": {…}} to its actions.", name)
	case "event":
		return "there is no sample delivery for it", "Save a delivery of the provider as webhooks/NAME.json."
	}
	return "nothing was tried", ""
}
