// Package actions is the side of the Action that faces GitHub's runner: what a
// workflow passes in, the event that started it, and the only writer through
// which anything goes back.
//
// The runner reads its instructions from the same streams that carry text of
// submissions. So nothing else in this program writes to them during a run of
// the Action, and Writer sees to it that no text can become an instruction.
package actions

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/report"
)

// Limits of the runner.
const (
	// MaxSummaryBytes is how much job summary the runner takes of one step. Of a
	// larger one it shows nothing.
	MaxSummaryBytes = 1 << 20
	// MaxAnnotations is how many errors, how many warnings and how many notices
	// of one step GitHub shows.
	MaxAnnotations = 10
	// MaxOutputBytes is the largest value of an output. The runner takes 1 MiB
	// for all outputs of a job.
	MaxOutputBytes = 64 << 10
)

// Writer writes to the runner. It writes workflow commands and log lines to the
// standard output, and outputs and the job summary to the runner's files; never
// to the files for the environment and the path, which would run code in later
// steps. It must not be used by several goroutines at once, apart from Mask.
type Writer struct {
	// mu is held while something is written to out, so that lines stay whole.
	mu     sync.Mutex
	out    io.Writer
	random io.Reader
	getenv func(string) string
	shown  map[finding.Severity]int
	full   bool // the job summary took its last note
}

// NewWriter returns a writer to the standard output out. Random is a source of
// unpredictable bytes; getenv finds the runner's files.
func NewWriter(out io.Writer, random io.Reader, getenv func(string) string) *Writer {
	return &Writer{out: out, random: random, getenv: getenv, shown: map[finding.Severity]int{}}
}

// Line writes a text to the log, one line for each of its lines. No line can
// become a command: characters that show nothing are written as escapes, and so
// is the start of what the runner would take for one.
func (w *Writer) Line(text string) error {
	var b strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		b.WriteString(inert(line))
		b.WriteByte('\n')
	}
	return w.write(b.String())
}

// inert returns a line that the runner takes for plain text. A command starts
// with two colons, after white space; the older form with "##[" may stand
// anywhere in a line.
func inert(line string) string {
	line = visible(line)
	// What is left of white space is the ordinary space, see report.Visible.
	if rest := strings.TrimLeft(line, " "); strings.HasPrefix(rest, "::") {
		line = line[:len(line)-len(rest)] + `\u003a` + rest[1:]
	}
	return line
}

// visible returns one line in which nothing is hidden, and no command of the
// older form.
func visible(line string) string {
	return strings.ReplaceAll(report.Visible(line), "##[", `##\u005b`)
}

// visibleLines does the same for a text, whose line feeds stay.
func visibleLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = visible(line)
	}
	return strings.Join(lines, "\n")
}

// Group starts a group of log lines that can be folded.
func (w *Writer) Group(title string) error {
	return w.write("::group::" + report.CommandData(visible(title)) + "\n")
}

// EndGroup ends the group.
func (w *Writer) EndGroup() error { return w.write("::endgroup::\n") }

// Mask makes the runner hide a secret in everything that is logged afterwards,
// line by line. It may be called at any time by any goroutine.
func (w *Writer) Mask(secret string) error {
	var b strings.Builder
	for line := range strings.FieldsFuncSeq(secret, func(r rune) bool { return r == '\r' || r == '\n' }) {
		if strings.TrimSpace(line) != "" {
			b.WriteString("::add-mask::" + report.CommandData(line) + "\n")
		}
	}
	return w.write(b.String())
}

// Annotate writes findings as annotations, errors first, and reports how many
// there was no room for. Findings of rules in shadow are left out.
func (w *Writer) Annotate(findings []finding.Finding) (left int, err error) {
	var b strings.Builder
	for _, severity := range []finding.Severity{finding.Error, finding.Warning, finding.Notice} {
		for _, f := range findings {
			switch {
			case f.Severity != severity || f.Shadow:
			case w.shown[severity] >= MaxAnnotations:
				left++
			default:
				w.shown[severity]++
				b.WriteString(report.WorkflowCommand(f))
			}
		}
	}
	return left, w.write(b.String())
}

// Fail writes an error of the run itself.
func (w *Writer) Fail(title, message string) error { return w.say("error", title, message) }

// Warn writes a warning of the run itself.
func (w *Writer) Warn(title, message string) error { return w.say("warning", title, message) }

func (w *Writer) say(command, title, message string) error {
	return w.write("::" + command + " title=" + report.CommandProperty(visible(title)) + "::" + report.CommandData(visibleLines(message)) + "\n")
}

var outputName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,63}$`)

// Output sets an output of the step. The name consists of lower case letters,
// digits and hyphens. The value may be any text of at most MaxOutputBytes;
// characters that show nothing are written as escapes, except for line feeds.
func (w *Writer) Output(name, value string) error {
	if !outputName.MatchString(name) {
		return fmt.Errorf("%q is no name of an output: use lower case letters, digits and hyphens", name)
	}
	value = visibleLines(value)
	if len(value) > MaxOutputBytes {
		return fmt.Errorf("the output %q has %d bytes, more than %d", name, len(value), MaxOutputBytes)
	}
	delimiter, err := w.delimiter(value)
	if err != nil {
		return fmt.Errorf("writing the output %q: %w", name, err)
	}
	return w.appendTo("GITHUB_OUTPUT", name+"<<"+delimiter+"\n"+value+"\n"+delimiter+"\n")
}

// delimiter returns a line that no value can know beforehand, and that this one
// does not hold.
func (w *Writer) delimiter(value string) (string, error) {
	for range 4 {
		var random [16]byte
		if _, err := io.ReadFull(w.random, random[:]); err != nil {
			return "", fmt.Errorf("reading random bytes: %w", err)
		}
		d := "end-" + hex.EncodeToString(random[:])
		if !strings.Contains(value, d) {
			return d, nil
		}
	}
	return "", errors.New("the value holds every delimiter that was drawn: the source of random bytes is broken")
}

// summaryFull is what the job summary ends with when there is more.
const summaryFull = "\n> [!NOTE]\n> The job summary is full. What is missing here stands on the pull requests.\n"

// Summary adds Markdown to the job summary, and reports whether there was room
// for it. The Markdown must be safe to show; it is not looked at here.
func (w *Writer) Summary(markdown string) (added bool, err error) {
	if w.full {
		return false, nil
	}
	size, err := w.size("GITHUB_STEP_SUMMARY")
	if err != nil {
		return false, err
	}
	if !strings.HasSuffix(markdown, "\n") {
		markdown += "\n"
	}
	if size+int64(len(markdown)+len(summaryFull)) > MaxSummaryBytes {
		w.full = true
		if size+int64(len(summaryFull)) > MaxSummaryBytes {
			return false, nil
		}
		return false, w.appendTo("GITHUB_STEP_SUMMARY", summaryFull)
	}
	return true, w.appendTo("GITHUB_STEP_SUMMARY", markdown)
}

func (w *Writer) size(variable string) (int64, error) {
	path := w.getenv(variable)
	if path == "" {
		return 0, unset(variable)
	}
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("the file that %s names: %w", variable, err)
	}
	return info.Size(), nil
}

// appendTo writes to the end of one of the runner's files.
func (w *Writer) appendTo(variable, text string) error {
	path := w.getenv(variable)
	if path == "" {
		return unset(variable)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("the file that %s names: %w", variable, err)
	}
	_, err = io.WriteString(f, text)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("the file that %s names: %w", variable, err)
	}
	return nil
}

func unset(variable string) error {
	return fmt.Errorf("%s is not set: run this as a step of a workflow", variable)
}

func (w *Writer) write(text string) error {
	if text == "" {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := io.WriteString(w.out, text); err != nil {
		return fmt.Errorf("writing the log: %w", err)
	}
	return nil
}
