package cli

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/rogpeppe/go-internal/testscript"
)

// asCommand is the variable with which the test binary is the command.
const asCommand = "MINIAPP_TEST_COMMAND"

// TestMain registers the command for the scripts. Its clock is fixed, so that
// the dates of scaffolds and the checks of dates never change. The test binary is
// also what tests in this process run functions with.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == runFunction {
		os.Exit(Main(context.Background(), os.Args[1:], System()))
	}
	if os.Getenv(asCommand) != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		code := Main(ctx, os.Args[1:], System())
		stop()
		os.Exit(code)
	}
	testscript.Main(m, map[string]func(){
		"miniapp": func() {
			s := System()
			s.Now = func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }
			os.Exit(Main(context.Background(), os.Args[1:], s))
		},
	})
}

// TestScripts runs the command as people do. $EXAMPLES is the project's folder
// of examples, and $PROVIDER the URL of a provider on this machine,
// and $TAKEN an address at which something listens.
func TestScripts(t *testing.T) {
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	provider := deskProvider()
	t.Cleanup(provider.Close)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("EXAMPLES", examples)
			e.Setenv("PROVIDER", provider.URL)
			e.Setenv("TAKEN", taken.Addr().String())
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("GIT_CONFIG_NOSYSTEM", "1")
			e.Setenv("GIT_AUTHOR_NAME", "Partner")
			e.Setenv("GIT_AUTHOR_EMAIL", "partner@acme.example")
			e.Setenv("GIT_COMMITTER_NAME", "Partner")
			e.Setenv("GIT_COMMITTER_EMAIL", "partner@acme.example")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"copytree": copyTree,
			"exits":    exits,
			"agekey":   ageKey,
		},
	})
}

// ageKey makes a pair of keys, writes the private one to a file as age-keygen
// does, and the public one to a variable: agekey FILE VARIABLE.
func ageKey(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: agekey FILE VARIABLE")
	}
	id, err := age.GenerateX25519Identity()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte("# public key: "+id.Recipient().String()+"\n"+id.String()+"\n"), 0o600))
	ts.Setenv(args[1], id.Recipient().String())
}

// copyTree copies a folder: copytree FROM TO.
func copyTree(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: copytree FROM TO")
	}
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), os.DirFS(ts.MkAbs(args[0]))))
}

// exits runs the command and checks its exit code: exits CODE ARGS…
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: exits CODE [ARGS]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec("miniapp", args[1:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("running miniapp: %v", err)
	}
	if got != want {
		ts.Fatalf("miniapp %v exits with %d, want %d", args[1:], got, want)
	}
}
