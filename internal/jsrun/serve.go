package jsrun

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// The exit codes of a child that has hit a limit, apart from those of the command;
// and the one of Go when it cannot go on.
const (
	exitTime   = 70
	exitMemory = 71
	exitFatal  = 2
)

const (
	// orphaned is how long after its time a child ends by itself. It matters when
	// the process that should end it is gone.
	orphaned = 500 * time.Millisecond
	// sample is how often the memory is looked at.
	sample = 2 * time.Millisecond
	// slack is how much more than MaxMemory the system gives, since it counts what
	// Go reserves, and not what it uses. What is between is caught by looking at the
	// memory.
	slack = 128 << 20
	// maxStack is how large the stack of Go may become. It bounds recursion inside
	// of the interpreter, as in a deeply nested value or expression.
	maxStack = 64 << 20
)

// request is what a child is asked: a call, and how long it may take.
type request struct {
	Call
	MaxTime time.Duration
}

// reply is what a child answers to a call: a result or an error.
type reply struct {
	Result json.RawMessage `json:"result,omitempty"`
	Error  *Error          `json:"error,omitempty"`
}

// Serve is the child's side: it reads one call and writes its result. It is for
// a process that does nothing else: it sets limits for the whole process, which
// cannot be taken back, and ends the process when one is hit. An error means
// that the call could not be read or answered.
//
// What it writes is an empty line when the function begins, and then the reply
// as one line of JSON.
func Serve(in io.Reader, out io.Writer) error {
	var asked request
	if err := json.NewDecoder(in).Decode(&asked); err != nil {
		return fmt.Errorf("reading the call of a function: %w", err)
	}
	// Nothing of the surroundings is to be seen in a result.
	time.Local = time.UTC
	// Two processors: one for the function, one for those that watch it.
	runtime.GOMAXPROCS(2)
	debug.SetTraceback("none")
	debug.SetMaxStack(maxStack)
	runtime.GC()
	base := memory()
	// Garbage must not make a function fail: near the limit it is collected often.
	debug.SetGCPercent(100)
	debug.SetMemoryLimit(base + MaxMemory*7/8)
	// Before the limits, since Go opens descriptors for its first timer.
	time.AfterFunc(asked.MaxTime+orphaned, func() { os.Exit(exitTime) })
	go watch(base + MaxMemory)
	if err := limitProcess(MaxMemory + slack); err != nil {
		return fmt.Errorf("limiting the process of a function: %w", err)
	}
	if _, err := io.WriteString(out, "\n"); err != nil {
		return fmt.Errorf("answering the call of a function: %w", err)
	}
	result, failed := run(asked.Call)
	// The encoder keeps the order of the keys and, told so, all characters.
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(reply{Result: result, Error: failed}); err != nil {
		return fmt.Errorf("answering the call of a function: %w", err)
	}
	return nil
}

// watch ends the process when it uses more than limit bytes.
func watch(limit int64) {
	for range time.Tick(sample) {
		if memory() > limit {
			os.Exit(exitMemory)
		}
	}
}

// memory returns how many bytes Go has from the system and has not given back.
func memory() int64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64()) - int64(samples[1].Value.Uint64())
}
