package sandbox

import (
	"fmt"
	"time"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// Run is what happened when a part of a definition was run. All of its texts
// are redacted: they have none of the install's secrets. Output alone is raw.
type Run struct {
	// Name says what was run, such as "connect" or "action createTicket".
	Name string `json:"name"`
	// Pointer is the JSON Pointer of what was run in the definition.
	Pointer string `json:"pointer"`
	Steps   []Step `json:"steps"`
	// MoreSteps is how many further steps there were that are not kept.
	MoreSteps int `json:"more_steps,omitempty"`
	// Records are the first records that were made, as they may be shown, and
	// RecordCount is how many there were in all.
	Records     []Record `json:"records,omitempty"`
	RecordCount int      `json:"record_count,omitempty"`
	// Failure is nil when everything went through.
	Failure     *Failure     `json:"failure,omitempty"`
	Diagnostics []Diagnostic `json:"diagnostics"`
	// Took is the time of the whole run.
	Took time.Duration `json:"took_ns"`
	// Shown is Output as it may be shown, as compact JSON, cut after 64 KiB, or "".
	Shown string `json:"output,omitempty"`

	// Output is what the caller gets: an action's result. It is not redacted.
	Output *jsondoc.Node `json:"-"`
}

// OK reports whether the run went through.
func (r *Run) OK() bool { return r.Failure == nil }

// Step is one request, or one call of a function.
type Step struct {
	// Name is the field or step, such as "get_token" or "step 2".
	Name    string `json:"name"`
	Pointer string `json:"pointer"`
	// Request and Response are nil where there was none.
	Request  *Sent     `json:"request,omitempty"`
	Response *Received `json:"response,omitempty"`
	// Function is the name of the function that was called, or "".
	Function string `json:"function,omitempty"`
	Args     string `json:"args,omitempty"`
	// Mapped are the first values that the step gave, at most 100.
	Mapped []Mapped `json:"mapped,omitempty"`
	// Error is why it failed, or "".
	Error string        `json:"error,omitempty"`
	Took  time.Duration `json:"took_ns"`
}

// Sent is a request as it was sent.
type Sent struct {
	Method  string   `json:"method"`
	URL     string   `json:"url"`
	Headers []Header `json:"headers,omitempty"`
	Body    string   `json:"body,omitempty"`
}

// Header is one header field.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Received is what came back. Body is cut after a few thousand bytes.
type Received struct {
	Status int    `json:"status"`
	Type   string `json:"content_type,omitempty"`
	Body   string `json:"body,omitempty"`
	Bytes  int    `json:"bytes"`
}

// Mapped is one value that a step gave.
type Mapped struct {
	Name string `json:"name"`
	// Path is where it was found, or "" for what a function returned.
	Path string `json:"path,omitempty"`
	// Value is JSON.
	Value string `json:"value"`
}

// Code is the class of a failure, in the words that a dashboard panel gets.
type Code string

// The classes of failures.
const (
	AuthExpired    Code = "AUTH_EXPIRED"
	RateLimited    Code = "RATE_LIMITED"
	ActionNotFound Code = "ACTION_NOT_FOUND"
	Validation     Code = "VALIDATION_ERROR"
	ExternalAPI    Code = "EXTERNAL_API_ERROR"
	Internal       Code = "INTERNAL_ERROR"
	NotInstalled   Code = "NOT_INSTALLED"
)

// Failure is why a run stopped.
type Failure struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
	// Pointer is the place in the definition, "" when it is not about one.
	Pointer string `json:"pointer,omitempty"`
	// NoAnswer says that the provider gave no answer at all: it may be down, or
	// cannot be reached from here, which tells nothing about the definition.
	NoAnswer bool `json:"no_answer,omitempty"`
}

// Error makes a Failure usable as an error.
func (f *Failure) Error() string { return f.Message }

// Diagnostic is what a run has to say about a place in the definition.
type Diagnostic struct {
	Severity finding.Severity `json:"severity"`
	Pointer  string           `json:"pointer"`
	Line     int              `json:"line"`
	Column   int              `json:"column"`
	Message  string           `json:"message"`
	Hint     string           `json:"hint,omitempty"`
	// Choice is the id of the choice that a notice is about, or "".
	Choice string `json:"choice,omitempty"`
}

// recorder collects what happens in one run.
type recorder struct {
	m       *Machine
	install *Install
	run     *Run
	chosen  map[string]bool
	said    map[string]bool
	start   time.Time
	hide    *redactor
	// sent is the number of requests, kept the bytes of the steps, and values the
	// number of values in answers that are mapped.
	sent, kept, values int
	// provider is that of the machine, unless requests are to be paced.
	provider Provider
}

func (m *Machine) record(install *Install, name string, at *jsondoc.Node) *recorder {
	r := &recorder{m: m, install: install, start: m.Now(), chosen: map[string]bool{}, said: map[string]bool{},
		run: &Run{Name: name, Pointer: at.Pointer(), Steps: []Step{}, Diagnostics: []Diagnostic{}}, hide: newRedactor(m.Definition), provider: m.Provider}
	for _, secret := range m.Secrets {
		r.hide.add(secret)
	}
	return r
}

// Limits on what a run keeps: what a provider answers decides about it.
const (
	maxDiagnostics = 200
	maxSteps       = 100
	maxKept        = 4 << 20 // bytes of steps
	maxOutput      = 64 << 10
	maxRunValues   = 2_000_000
	// maxSent is how many requests a run makes; an import has a limit of its own
	// below it.
	maxSent = 400
)

// step adds a step. A failed one is kept even when there were too many before.
func (r *recorder) step(s Step) {
	r.kept += s.size()
	full := len(r.run.Steps) >= maxSteps || r.kept > maxKept && len(r.run.Steps) > 0
	if full && (!s.failed() || len(r.run.Steps) >= maxSteps+10) {
		r.run.MoreSteps++
		return
	}
	r.run.Steps = append(r.run.Steps, s)
}

// size is about how many bytes a step takes.
func (s *Step) size() int {
	n := len(s.Args) + len(s.Error)
	if s.Request != nil {
		n += len(s.Request.URL) + len(s.Request.Body)
		for _, h := range s.Request.Headers {
			n += len(h.Name) + len(h.Value)
		}
	}
	if s.Response != nil {
		n += len(s.Response.Body)
	}
	for _, m := range s.Mapped {
		n += len(m.Name) + len(m.Path) + len(m.Value)
	}
	return n
}

func (s *Step) failed() bool {
	return s.Error != "" || s.Response != nil && (s.Response.Status < 200 || s.Response.Status > 299)
}

// say adds a diagnostic; the same one about the same place is said once.
func (r *recorder) say(s finding.Severity, at *jsondoc.Node, hint, format string, args ...any) {
	r.add(Diagnostic{Severity: s, Message: fmt.Sprintf(format, args...), Hint: hint}, at)
}

// choose says that the run depends on a choice; each is said once in a run.
func (r *recorder) choose(c Choice, at *jsondoc.Node) {
	if !r.chosen[c.ID] {
		r.chosen[c.ID] = true
		r.add(Diagnostic{Severity: finding.Notice, Message: c.Text, Choice: c.ID}, at)
	}
}

func (r *recorder) add(d Diagnostic, at *jsondoc.Node) {
	d.Pointer = at.Pointer()
	if key := d.Pointer + "\x00" + d.Message; r.said[key] || len(r.run.Diagnostics) >= maxDiagnostics {
		return
	} else {
		r.said[key] = true
	}
	d.Line, d.Column = 1, 1
	if at != nil {
		p := r.m.Definition.Doc.Position(at.Span.Start)
		d.Line, d.Column = p.Line, p.Column
	}
	r.run.Diagnostics = append(r.run.Diagnostics, d)
}

// fail ends the run with a failure; the first one stays.
func (r *recorder) fail(f *Failure) {
	if r.run.Failure == nil {
		r.run.Failure = f
	}
}

// done closes the run. Every secret that the install has, or was about to get,
// is known by now.
func (r *recorder) done() *Run {
	r.run.Took = r.m.Now().Sub(r.start)
	r.hide.learn(r.install)
	if r.run.Output != nil {
		r.run.Shown = shownUpTo(appendHidden(nil, r.run.Output, maxOutput), maxOutput)
	}
	r.hide.run(r.run)
	return r.run
}
