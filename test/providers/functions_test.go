package providers

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/karzoun/miniapp-review/internal/jsrun"
	"github.com/karzoun/miniapp-review/internal/sandbox"
)

// runFunction is the argument with which the program of the tests starts itself
// to run a function, as the command does.
const runFunction = "run-function"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == runFunction {
		if err := jsrun.Serve(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// functions runs App Functions in a process of their own.
type functions struct{ *jsrun.Runner }

func newFunctions(t *testing.T) functions {
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return functions{jsrun.New(path, runFunction)}
}

func (f functions) Call(ctx context.Context, c sandbox.FunctionCall) ([]byte, error) {
	return f.Runner.Call(ctx, jsrun.Call{Name: c.Name, Code: c.Code, Params: c.Params, Args: c.Args, Now: time.Now()})
}
