package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// terminal returns streams as of a terminal, with a clock that the test sets.
func terminal() (s Streams, out *bytes.Buffer, now *time.Time) {
	out = &bytes.Buffer{}
	clock := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	s = Streams{In: strings.NewReader(""), Out: out, Err: out, ErrTerminal: true, OutTerminal: true,
		Getenv: func(string) string { return "" }, Now: func() time.Time { return clock }}
	return s, out, &clock
}

// TestProgress checks that a short run shows nothing, that a long one says how
// far it is, and that nothing of it stays on the terminal.
func TestProgress(t *testing.T) {
	s, out, now := terminal()
	p := newProgress(s)
	p.update(1, 10)
	*now = now.Add(999 * time.Millisecond)
	p.update(2, 10)
	if out.Len() > 0 {
		t.Errorf("within the first second it shows %q", out)
	}
	*now = now.Add(time.Millisecond)
	p.update(3, 10)
	if got, want := out.String(), "\r\x1b[Kchecked 3 of 10 submissions"; got != want {
		t.Errorf("after a second it shows %q, want %q", got, want)
	}
	p.update(4, 10)
	*now = now.Add(time.Second)
	p.update(5, 10)
	p.done()
	if got := out.String(); strings.Contains(got, "checked 4") || !strings.Contains(got, "checked 5") || !strings.HasSuffix(got, "\r\x1b[K") {
		t.Errorf("all in all it shows %q", got)
	}
}

func TestProgressWithoutTerminal(t *testing.T) {
	s, out, now := terminal()
	s.ErrTerminal = false
	p := newProgress(s)
	*now = now.Add(time.Minute)
	p.update(1, 10)
	p.done()
	if out.Len() > 0 {
		t.Errorf("it shows %q", out)
	}
}

func TestColor(t *testing.T) {
	for _, c := range []struct {
		mode     string
		terminal bool
		env      map[string]string
		want     bool
	}{
		{"auto", true, nil, true},
		{"auto", false, nil, false},
		{"auto", true, map[string]string{"NO_COLOR": "1"}, false},
		{"auto", true, map[string]string{"NO_COLOR": ""}, true},
		{"auto", true, map[string]string{"TERM": "dumb"}, false},
		{"always", false, map[string]string{"NO_COLOR": "1"}, true},
		{"never", true, nil, false},
	} {
		s := Streams{Getenv: func(name string) string { return c.env[name] }}
		if got, err := s.color(c.mode, c.terminal); got != c.want || err != nil {
			t.Errorf("--color %s, terminal %v, %v: got %v, %v", c.mode, c.terminal, c.env, got, err)
		}
	}
}

// TestInterrupt checks that an interrupted run says so, exits with 3, and prints
// no findings that could be taken for all of them.
func TestInterrupt(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "definitions", "acme")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s, _, _ := terminal()
	var out, errs bytes.Buffer
	s.Out, s.Err = &out, &errs
	if code := Main(ctx, []string{"check", root}, s); code != ExitFailed {
		t.Errorf("the exit code is %d, want %d", code, ExitFailed)
	}
	if got := errs.String(); !strings.HasPrefix(got, "miniapp: interrupted") || out.Len() > 0 {
		t.Errorf("it prints %q, and %q as output", got, out.String())
	}
}
