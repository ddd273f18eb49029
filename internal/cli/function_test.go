package cli

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/karzoun/miniapp-review/internal/jsrun"
	"github.com/karzoun/miniapp-review/internal/sandbox"
)

// TestFunctions runs functions in processes of the command, which the test
// binary is for the argument run-function.
func TestFunctions(t *testing.T) {
	f := newFunctions(Streams{Executable: os.Executable, Now: func() time.Time { return time.UnixMilli(1234) },
		Random: bytes.NewReader(bytes.Repeat([]byte{7}, 24))})
	add := sandbox.FunctionCall{Name: "add", Code: "return { sum: a + b, at: Date.now(), r: Math.random() };", Params: []string{"a", "b"}, Args: []byte(`{"a":1,"b":2}`)}
	got, err := f.Call(t.Context(), add)
	if err != nil || !strings.HasPrefix(string(got), `{"sum":3,"at":1234,"r":0.`) {
		t.Errorf("got %s, %v", got, err)
	}
	if again, err := f.Call(t.Context(), add); err != nil || !bytes.Equal(got, again) {
		t.Errorf("got %s, then, with the same seed, %s, %v", got, again, err)
	}
	var failed *jsrun.Error
	if _, err := f.Call(t.Context(), sandbox.FunctionCall{Name: "loop", Code: "for (;;) {}"}); !errors.As(err, &failed) || failed.Kind != jsrun.TimeLimit {
		t.Errorf("got %v from a function that does not end", err)
	}
	if _, err := f.Call(t.Context(), add); err == nil || !strings.Contains(err.Error(), "random number") {
		t.Errorf("got %v without random numbers", err)
	}
	lost := newFunctions(Streams{Executable: func() (string, error) { return "", os.ErrNotExist }})
	if _, err := lost.Call(t.Context(), add); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v without the path of the program", err)
	}
	if f := newFunctions(Streams{}); f != nil {
		t.Errorf("got %v where functions cannot be run", f)
	}
}

// BenchmarkFunction measures one call with a child of this size: the test binary
// holds all that the command does.
func BenchmarkFunction(b *testing.B) {
	r := jsrun.New(os.Args[0], runFunction)
	for b.Loop() {
		if _, err := r.Call(b.Context(), jsrun.Call{Name: "f", Code: "return { a: 1 };"}); err != nil {
			b.Fatal(err)
		}
	}
}
