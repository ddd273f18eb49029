package cli

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/karzoun/miniapp-review/internal/jsrun"
	"github.com/karzoun/miniapp-review/internal/sandbox"
)

// runFunction is the command with which miniapp starts itself to run a function.
const runFunction = "run-function"

// newRunFunction is for newFunctions alone: it reads a call that this program has
// written, and not people.
func newRunFunction(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:    runFunction,
		Short:  "Run one call of a function, as miniapp asks itself to",
		Hidden: true,
		Args:   arguments(0, 0),
		RunE:   func(*cobra.Command, []string) error { return jsrun.Serve(s.In, s.Out) },
	}
}

// functions runs App Functions for a sandbox: each call in a process of this
// program, apart from this one.
type functions struct {
	runner *jsrun.Runner
	now    func() time.Time
	random io.Reader
	broken error // why there is no runner
}

// newFunctions returns what runs App Functions, or nil where the path of this
// program is not known.
func newFunctions(s Streams) sandbox.Functions {
	if s.Executable == nil {
		return nil
	}
	path, err := s.Executable()
	if err != nil {
		return functions{broken: fmt.Errorf("functions cannot be run: finding the path of this program: %w", err)}
	}
	return functions{runner: jsrun.New(path, runFunction), now: s.Now, random: s.Random}
}

// Call implements sandbox.Functions.
func (f functions) Call(ctx context.Context, c sandbox.FunctionCall) ([]byte, error) {
	if f.broken != nil {
		return nil, f.broken
	}
	var seed [8]byte
	if _, err := io.ReadFull(f.random, seed[:]); err != nil {
		return nil, fmt.Errorf("making a random number for function %q: %w", c.Name, err)
	}
	return f.runner.Call(ctx, jsrun.Call{Name: c.Name, Code: c.Code, Params: c.Params, Args: c.Args,
		Now: f.now(), Seed: binary.LittleEndian.Uint64(seed[:])})
}
