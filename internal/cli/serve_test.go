package cli

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestServe publishes a clone through a server that runs, and verifies what is
// there.
func TestServe(t *testing.T) {
	dir := t.TempDir()
	repo := filepath.Join(dir, "repo")
	if err := os.CopyFS(repo, os.DirFS("../../examples/definitions-repo")); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "-A"}, {"commit", "-q", "-m", "first"}} {
		cmd := exec.Command("git", append([]string{"-c", "user.name=P", "-c", "user.email=p@acme.example"}, args...)...)
		cmd.Dir = repo
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	tokens := filepath.Join(dir, "tokens")
	if err := os.WriteFile(tokens, []byte("# of the platform\n\n0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	served := make(chan int, 1)
	go func() {
		s := Streams{In: strings.NewReader(""), Out: io.Discard, Err: w, Getenv: func(string) string { return "" }, Now: time.Now}
		served <- Main(ctx, []string{"registry", "serve", filepath.Join(dir, "registry"), "--listen", "127.0.0.1:0", "--tokens", tokens, "--quiet"}, s)
		w.Close()
	}()
	line := make([]byte, 1000)
	n, err := r.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, r)
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(string(line[:n]))
	run := func(token string, want int, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		s := Streams{In: strings.NewReader(""), Out: &out, Err: &errs, Now: time.Now, Getenv: func(name string) string {
			if name == tokenVariable {
				return token
			}
			return ""
		}}
		if got := Main(t.Context(), args, s); got != want {
			t.Errorf("%v exits with %d, want %d:\n%s%s", args, got, want, out.String(), errs.String())
		}
		return out.String() + errs.String()
	}
	if got := run("", ExitFailed, "publish", "--to", "http:"+address, repo); !strings.Contains(got, "answers 401: the token is missing") {
		t.Errorf("without a token: %s", got)
	}
	if got := run("0123456789abcdef", ExitClean, "publish", "--to", address, "--to", "static:"+filepath.Join(dir, "mirror"), repo); strings.Count(got, "5 published") != 2 {
		t.Errorf("publishing: %s", got)
	}
	if got := run("0123456789abcdef", ExitClean, "publish", "--to", address, repo); !strings.Contains(got, "5 verified") {
		t.Errorf("publishing again: %s", got)
	}
	if got := run("", ExitClean, "registry", "verify", address, "static:"+filepath.Join(dir, "registry")); strings.Count(got, "5 versions whole, 0 faults") != 2 {
		t.Errorf("verifying: %s", got)
	}
	if got := run("", ExitClean, "registry", "diff", address, "static:"+filepath.Join(dir, "mirror")); !strings.Contains(got, "no differences") {
		t.Errorf("comparing: %s", got)
	}
	run("0123456789abcdef", ExitClean, "registry", "yank", "taskhub", "1.1.0", "--reason", "bad", "--to", address)
	if got := run("", ExitClean, "registry", "diff", address, "static:"+filepath.Join(dir, "mirror")); got != "~ taskhub 1.1.0  yanked and published\n" {
		t.Errorf("comparing after a yank: %s", got)
	}
	run("", ExitUsage, "registry", "rebuild", address)
	stop()
	if code := <-served; code != ExitClean {
		t.Errorf("the server ends with %d", code)
	}
}
