package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/qa"
	"github.com/karzoun/miniapp-review/internal/qafile"
	"github.com/karzoun/miniapp-review/internal/report"
	"github.com/karzoun/miniapp-review/internal/sealed"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// accountVariable is the variable of the environment with an account as JSON.
const accountVariable = "MINIAPP_ACCOUNT"

// trial is one submission that is tried.
type trial struct {
	at      target
	def     *definition.Definition
	file    *qafile.File // nil when there is none
	samples []qa.Sample
	// lone says that one thing is tried, and only what it needs.
	lone bool
	// only are the ids of what is tried; nil is all. events adds the events of
	// the samples.
	only   []string
	events bool
	// signIn is set where a person may sign in with OAuth.
	signIn *signIn
}

// trialResource is a resource of sync.
type trialResource struct {
	key  string
	node *jsondoc.Node
}

// loadTrials reads the submissions that a path stands for.
func loadTrials(arg string) ([]*trial, error) {
	at, err := locate(arg)
	if err != nil {
		return nil, err
	}
	if at.folder != "" {
		t, err := readTrial(at)
		if err != nil {
			return nil, err
		}
		return []*trial{t}, nil
	}
	if at.file != "" {
		return nil, usageError("name its folder, such as definitions/acme-desk", "%q is not the folder of a submission", arg)
	}
	entries, err := os.ReadDir(filepath.Join(at.root, submission.Root))
	if err != nil {
		return nil, &exitError{code: ExitFailed, err: err}
	}
	var list []*trial
	for _, e := range entries {
		if !isFile(filepath.Join(at.root, submission.Root, e.Name(), submission.DefinitionFile)) {
			continue
		}
		t, err := readTrial(target{root: at.root, folder: e.Name()})
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	if len(list) == 0 {
		return nil, usageError("start one with \"miniapp init NS\"", "there is no submission in %q", arg)
	}
	return list, nil
}

// loadTrial reads the one submission that a path stands for.
func loadTrial(arg string) (*trial, error) {
	at, err := submissionAt([]string{arg})
	if err != nil {
		return nil, err
	}
	return readTrial(at)
}

// readTrial reads a submission. What cannot be run as it is, is wrong use.
func readTrial(at target) (*trial, error) {
	tree, err := source.OpenDir(filepath.Dir(at.path(submission.DefinitionFile)))
	if err != nil {
		return nil, &exitError{code: ExitFailed, err: err}
	}
	pkg, err := submission.Load(tree, ".")
	if err != nil {
		return nil, &exitError{code: ExitFailed, err: err}
	}
	name := at.shown(submission.DefinitionFile)
	f := pkg.File(submission.DefinitionFile)
	switch {
	case f == nil:
		return nil, usageError("write the definition first", "there is no %s", name)
	case pkg.Definition == nil || len(f.Problems) > 0:
		return nil, usageError("see \"miniapp check\"", "%s cannot be read as a definition", name)
	}
	t := &trial{at: at, def: pkg.Definition, samples: samplesOf(pkg)}
	if t.file, err = readQAFile(at.shown(submission.QAFile), pkg); err != nil {
		return nil, err
	}
	return t, nil
}

// samplesOf are the sample deliveries of a submission.
func samplesOf(pkg *submission.Package) (list []qa.Sample) {
	for _, f := range pkg.Files {
		if strings.HasPrefix(f.Name, submission.SamplesDir+"/") && f.JSON != nil && f.JSON.Root.Is(jsondoc.Object) {
			list = append(list, qa.Sample{Name: f.Name, Root: f.JSON.Root})
		}
	}
	return list
}

// readQAFile reads the qa.json of a submission, which messages call shown. A mistake in it would let the run
// say less than its author thinks, so it is an error.
func readQAFile(shown string, pkg *submission.Package) (*qafile.File, error) {
	f := pkg.File(submission.QAFile)
	if f == nil {
		return nil, nil
	}
	type mistake struct {
		start int
		line  string
	}
	var found []mistake
	say := func(span jsondoc.Span, message, hint string) {
		p := f.Lines.Position(span.Start)
		found = append(found, mistake{span.Start, report.Visible(fmt.Sprintf("%s:%d:%d: %s", shown, p.Line, p.Column, strings.TrimSpace(message+". "+hint)))})
	}
	if f.JSON == nil || f.Err != nil {
		return nil, usageError("\"miniapp check\" says where", "%s is not JSON that can be read", shown)
	}
	for _, p := range f.Problems {
		say(p.Span, p.Message, p.Hint)
	}
	file, problems := qafile.Parse(f.JSON)
	problems = append(problems, file.Check(pkg.Definition)...)
	for _, p := range problems {
		say(p.Span, p.Message, p.Hint)
	}
	if len(found) > 0 {
		const most = 10
		slices.SortStableFunc(found, func(a, b mistake) int { return cmp.Compare(a.start, b.start) })
		var lines []string
		for _, m := range found[:min(most, len(found))] {
			lines = append(lines, m.line)
		}
		hint := ""
		if len(found) > most {
			hint = fmt.Sprintf("there are %d more: \"miniapp check\" lists all", len(found)-most)
		}
		return nil, usageError(hint, "%s has mistakes\n%s", submission.QAFile, strings.Join(lines, "\n"))
	}
	return file, nil
}

// keepSamples keeps the samples with these names; none means all.
func (t *trial) keepSamples(names []string) error {
	var all []string
	for _, s := range t.samples {
		all = append(all, sampleName(s.Name))
	}
	if len(names) == 0 {
		if len(all) == 0 {
			return usageError("save a delivery of the provider as webhooks/NAME.json", "the submission has no sample delivery")
		}
		return nil
	}
	keep := map[string]bool{}
	for _, n := range names {
		short := sampleName(filepath.ToSlash(n))
		if !slices.Contains(all, short) {
			return unknownSample(n, all)
		}
		keep[short] = true
	}
	t.samples = slices.DeleteFunc(t.samples, func(s qa.Sample) bool { return !keep[sampleName(s.Name)] })
	return nil
}

func unknownSample(word string, names []string) error {
	var e *exitError
	if err := unknownWord("sample", word, names); errors.As(err, &e) {
		return usageError(e.hint, "there is no sample delivery %q", word)
	}
	return nil
}

// run tries the submission.
func (t *trial) run(ctx context.Context, s Streams, flags tryFlags) (qa.Report, error) {
	account, err := flags.credentials(s, t)
	if err != nil {
		return qa.Report{}, err
	}
	if flags.save != "" {
		if err := mayWrite(flags.save); err != nil {
			return qa.Report{}, err
		}
	}
	m, done := flags.machine(s, t.def)
	defer done()
	in := qa.Input{File: t.file, Samples: t.samples, Only: t.only, Practice: flags.practice}
	if account != nil {
		in.Account = account.Credentials
	}
	if t.events {
		in.Only = append([]string{}, t.eventIDs()...)
	}
	if t.lone && t.signIn == nil && !t.events {
		m.SkipRegistration = !usesRegistered(t.def)
	}
	if t.signIn != nil && !flags.practice {
		in.SignIn = t.signIn.with(s)
	}
	r, install := qa.Run(ctx, m, in)
	if flags.save != "" && install.Connected {
		if err := saveAccount(flags.save, t.def, account, install); err != nil {
			return qa.Report{}, err
		}
		fmt.Fprintf(s.Err, "wrote the account to %s\n", report.Visible(flags.save))
	}
	return r, nil
}

// eventIDs are the ids of what the samples are for.
func (t *trial) eventIDs() []string {
	var ids []string
	for _, s := range t.samples {
		ids = append(ids, qa.EventID(t.def, s.Root.Get("event").Text()))
	}
	return ids
}

// usesRegistered reports whether requests outside of auth use what registration
// stores: then an install that was not registered is of no use.
func usesRegistered(def *definition.Definition) bool {
	stored := map[string]bool{}
	for _, r := range def.Auth.Registration {
		for _, o := range r.Mapping {
			stored[o.Name] = true
		}
	}
	for _, root := range []string{"actions", "source", "sync"} {
		for _, p := range definition.PlaceholdersBelow(def.Doc.Root.Get(root)) {
			if stored[p.Key] {
				return true
			}
		}
	}
	return false
}

// credentials finds the account, which must be for this very MiniApp. Samples
// alone need none.
func (f tryFlags) credentials(s Streams, t *trial) (*sealed.Account, error) {
	a, err := f.anyAccount(s, t)
	if err != nil || a == nil {
		return nil, err
	}
	ns := t.def.NS.Text()
	// What lies sealed in the folder comes from whoever submitted it: they may
	// have copied somebody else's. An account in the clear is the user's own, and
	// may leave the MiniApp open.
	if err := a.For(ns); err != nil && (a.NS != "" || f.opensSealed(s)) {
		return nil, usageError("its credentials would go to another MiniApp's hosts", "%w", err)
	}
	return a, nil
}

// opensSealed reports whether the account is the sealed one of the submission.
func (f tryFlags) opensSealed(s Streams) bool {
	return f.account == "" && (f.identity != "" || strings.TrimSpace(s.Getenv(accountVariable)) == "")
}

// anyAccount finds the account, whatever it is for.
func (f tryFlags) anyAccount(s Streams, t *trial) (*sealed.Account, error) {
	text := strings.TrimSpace(s.Getenv(accountVariable))
	switch {
	case f.practice:
		return nil, nil
	case f.account != "":
		a, err := readAccount(s, f.account)
		if err != nil {
			return nil, err
		}
		return &a, nil
	case f.identity != "":
		return openSealed(s, f.identity, t.at)
	case text != "":
		a, err := sealed.ParseAccount([]byte(text))
		if err != nil {
			return nil, usageError("it holds the JSON that \"miniapp seal --template\" prints the form of", "%s: this is no account: %s", accountVariable, strings.ReplaceAll(err.Error(), "\n", "; "))
		}
		return &a, nil
	case s.Getenv(identityVariable) != "":
		return openSealed(s, "", t.at)
	case t.events:
		return nil, nil
	}
	return nil, usageError("--practice tries it without one; else give --account FILE or --identity FILE", "there is no account to try it with")
}

// openSealed opens the submission's test account.
func openSealed(s Streams, identity string, at target) (*sealed.Account, error) {
	ids, err := identities(s, identity)
	if err != nil {
		return nil, err
	}
	data, err := readSealed(at)
	if err != nil {
		return nil, err
	}
	a, err := sealed.Open(data, ids)
	if err != nil {
		return nil, usageError("\"miniapp unseal\" says more", "%s %w", at.shown(submission.TestAccountFile), err)
	}
	return &a, nil
}
