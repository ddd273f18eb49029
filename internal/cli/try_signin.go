package cli

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/karzoun/miniapp-review/internal/report"
	"github.com/karzoun/miniapp-review/internal/sandbox"
)

// signIn leads a person through the provider's page of OAuth, and waits on this
// machine for the provider to lead back.
type signIn struct{ listen, redirect string }

// signInTime is how long somebody may take to allow access.
const signInTime = 10 * time.Minute

// came is what the provider came back with.
type came struct{ code, problem string }

// with returns what qa.Input.SignIn is.
func (o *signIn) with(s Streams) func(context.Context, *sandbox.Machine, *sandbox.Install) (*sandbox.Run, string) {
	return func(ctx context.Context, m *sandbox.Machine, install *sandbox.Install) (*sandbox.Run, string) {
		run, err := o.do(ctx, s, m, install)
		if err != nil {
			return nil, err.Error()
		}
		return run, ""
	}
}

func (o *signIn) do(ctx context.Context, s Streams, m *sandbox.Machine, install *sandbox.Install) (*sandbox.Run, error) {
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return nil, fmt.Errorf("listening for the provider to lead back: %w", err)
	}
	defer listener.Close() // where the server has not taken it over
	own := *m
	own.Platform.Redirect = o.redirect
	if o.redirect == "" {
		own.Platform.Redirect = "http://" + listener.Addr().String() + "/miniapps/" + m.Definition.NS.Text() + "/oauth2"
	}
	var secret [16]byte
	if _, err := io.ReadFull(s.Random, secret[:]); err != nil {
		return nil, fmt.Errorf("making the state: %w", err)
	}
	state := hex.EncodeToString(secret[:])
	address, run := own.Authorize(install, install.UserInput, state)
	if !run.OK() {
		return run, nil
	}
	if u, err := url.Parse(address); err == nil && u.Query().Get("state") != "" {
		state = u.Query().Get("state") // the definition has one of its own
	}
	back := make(chan came, 1)
	server := &http.Server{Handler: comingBack(state, back), ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10}
	go func() { _ = server.Serve(listener) }()
	defer func() {
		// The browser gets its page to the end.
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		_ = server.Shutdown(ending)
	}()
	fmt.Fprintf(s.Err, "open this address in a browser, and allow access:\n\n  %s\n\nwaiting for the provider to lead back to %s\n",
		report.Visible(address), report.Visible(own.Platform.Redirect))
	waiting, cancel := context.WithTimeout(ctx, signInTime)
	defer cancel()
	select {
	case c := <-back:
		if c.problem != "" {
			return nil, errors.New(c.problem)
		}
		return own.Finish(ctx, install, c.code), nil
	case <-waiting.Done():
		return nil, errors.New("nobody allowed access in time")
	}
}

// comingBack answers the browser that the provider sends back. What does not have
// the state is not from this sign-in, and changes nothing.
func comingBack(state string, back chan<- came) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		q := r.URL.Query()
		if !q.Has("state") || subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(state)) != 1 {
			http.Error(w, "This does not belong to the sign-in that miniapp waits for.", http.StatusBadRequest)
			return
		}
		c := came{code: q.Get("code")}
		switch {
		case q.Get("error") != "":
			c = came{problem: fmt.Sprintf("the provider did not allow access: %q", cutText(q.Get("error"), 100))}
		case c.code == "":
			c = came{problem: "the provider came back without a code"}
		}
		select {
		case back <- c:
		default: // it came back twice
		}
		fmt.Fprintln(w, "Done. You can close this window and go back to miniapp.")
	})
}

func cutText(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
