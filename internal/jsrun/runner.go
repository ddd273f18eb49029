package jsrun

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	// maxStart is how long a child may take to begin with a function.
	maxStart = 20 * time.Second
	// maxReply is how much of an answer is read: a result or an error, and what
	// stands around it.
	maxReply = MaxResult + 64<<10
	// maxErrors is how much of the standard error of a child is kept.
	maxErrors = 4 << 10
	// maxChildren is how many children a Runner has at a time.
	maxChildren = 4
)

// Runner runs calls, each in a child process of its own. It is safe for
// concurrent use; of many calls at the same time some wait for others.
type Runner struct {
	path    string
	args    []string
	slots   chan struct{}
	maxTime time.Duration // MaxTime, but for tests
}

// New returns a Runner whose children are the executable at path, started with
// args: a program that does nothing but call Serve then. The path should be
// absolute.
func New(path string, args ...string) *Runner {
	return &Runner{path: path, args: slices.Clone(args), slots: make(chan struct{}, maxChildren), maxTime: MaxTime}
}

// Call runs a function and returns the object that it returns as JSON, with the
// keys in the order of the function. It is valid JSON; as JavaScript has texts
// that are no Unicode, it may have escapes of lone surrogates.
//
// An error is an *Error, except when the call itself is wrong, or when ctx ends
// first: then it wraps the error of ctx.
func (r *Runner) Call(ctx context.Context, c Call) (json.RawMessage, error) {
	message, err := r.encode(c)
	if err != nil {
		return nil, err
	}
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return nil, stopped(ctx, c.Name)
	}
	answer, err := r.child(ctx, message)
	if err != nil {
		if ctx.Err() != nil {
			return nil, stopped(ctx, c.Name)
		}
		var failed *Error
		if !errors.As(err, &failed) {
			failed = &Error{Kind: Failed, Text: err.Error()}
		}
		failed.Function = c.Name
		return nil, failed
	}
	return answer, nil
}

func stopped(ctx context.Context, name string) error {
	return fmt.Errorf("running function %q: %w", name, ctx.Err())
}

// encode checks a call and writes it for a child.
func (r *Runner) encode(c Call) ([]byte, error) {
	if len(c.Code) > MaxCode {
		return nil, &Error{Function: c.Name, Kind: Syntax, Text: fmt.Sprintf("the code is longer than %d bytes", MaxCode)}
	}
	if len(c.Args) > MaxArgs {
		return nil, fmt.Errorf("the arguments of function %q are longer than %d bytes", c.Name, MaxArgs)
	}
	if c.Args == nil {
		c.Args = json.RawMessage("{}")
	}
	if !isObject(c.Args) {
		return nil, fmt.Errorf("the arguments of function %q are no JSON object", c.Name)
	}
	message, err := json.Marshal(request{Call: c, MaxTime: r.maxTime})
	if err != nil {
		return nil, fmt.Errorf("writing the call of function %q: %w", c.Name, err)
	}
	return message, nil
}

func isObject(data []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) && json.Valid(data)
}

// The errors of the limits that are seen from outside.
func errTime() *Error {
	return &Error{Kind: TimeLimit, Text: fmt.Sprintf("runs longer than %v, which is all the time that a function has", MaxTime)}
}

func errMemory() *Error {
	return &Error{Kind: MemoryLimit, Text: fmt.Sprintf("needs more than %d MB of memory, which is all that a function has", MaxMemory>>20)}
}

func errDeep() *Error {
	return &Error{Kind: TooDeep, Text: fmt.Sprintf("nests too deep: calls may be %d deep", MaxDepth)}
}

// child runs one child from its start to its end.
func (r *Runner) child(ctx context.Context, message []byte) (json.RawMessage, error) {
	ctx, kill := context.WithCancelCause(ctx)
	defer kill(nil)
	cmd := exec.CommandContext(ctx, r.path, r.args...)
	ownGroup(cmd)
	cmd.Env = []string{}
	cmd.Dir = filepath.VolumeName(r.path) + string(filepath.Separator)
	cmd.Stdin = bytes.NewReader(message)
	stderr := &head{left: maxErrors}
	cmd.Stderr = stderr
	cmd.WaitDelay = time.Second
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting a process for it: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting a process for it: %w", err)
	}
	starting := time.AfterFunc(maxStart, func() { kill(errors.New("its process did not begin in time")) })
	defer starting.Stop()

	out := bufio.NewReader(io.LimitReader(stdout, maxReply))
	first, err := out.ReadByte()
	switch {
	case err == nil && first != '\n':
		kill(errors.New("its process answers with something else"))
	case err == nil:
		starting.Stop()
		running := time.AfterFunc(r.maxTime, func() { kill(errTime()) })
		defer running.Stop()
		answer, err := out.ReadBytes('\n')
		switch {
		case err == nil:
			// The answer is complete: how the process ends does not matter.
			kill(nil)
			_ = cmd.Wait()
			return decode(answer)
		case len(answer)+1 == maxReply:
			kill(errors.New("its answer is too long"))
		}
	}
	err = cmd.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	return nil, ending(err, stderr.String())
}

// decode reads the answer of a child.
func decode(answer []byte) (json.RawMessage, error) {
	var got reply
	if err := json.Unmarshal(answer, &got); err != nil {
		return nil, fmt.Errorf("reading the answer of its process: %w", err)
	}
	if got.Error != nil {
		got.Error.Text, got.Error.Type = clean(got.Error.Text), clean(got.Error.Type)
		return nil, got.Error
	}
	if len(got.Result) > MaxResult || !isObject(got.Result) {
		return nil, errors.New("its process answers with something else than an object")
	}
	return got.Result, nil
}

// ending makes an error of how a child has ended without an answer, and of what
// it has written to its standard error: there Go says what it has run out of.
func ending(err error, stderr string) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		switch code := exit.ExitCode(); {
		case code == exitTime:
			return errTime()
		case code == exitMemory:
			return errMemory()
		case code == exitFatal && strings.Contains(stderr, "stack overflow"):
			return errDeep()
		case code == exitFatal && containsAny(stderr, "out of memory", "cannot allocate memory", "cannot map pages"):
			return errMemory()
		}
	}
	said, _, _ := strings.Cut(stderr, "\n")
	if err == nil {
		err = errors.New("no answer")
	}
	if said = clean(said); said == "" {
		return fmt.Errorf("its process has ended early: %w", err)
	}
	return fmt.Errorf("its process has ended early: %w: %s", err, said)
}

func containsAny(text string, words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}

// head keeps the beginning of what is written to it.
type head struct {
	strings.Builder
	left int
}

// Write implements io.Writer.
func (h *head) Write(p []byte) (int, error) {
	n := min(len(p), h.left)
	h.left -= n
	h.Builder.Write(p[:n])
	return len(p), nil
}
