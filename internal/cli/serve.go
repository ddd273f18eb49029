package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/karzoun/miniapp-review/internal/registry/endpoint"
	"github.com/karzoun/miniapp-review/internal/registry/folder"
	"github.com/karzoun/miniapp-review/internal/report"
)

type serveFlags struct {
	listen, tokens string
	private, quiet bool
}

func newRegistryServe(s Streams) *cobra.Command {
	var flags serveFlags
	c := &cobra.Command{
		Use:   "serve DIR",
		Short: "Serve a folder as a registry over HTTP",
		Long: `Serve answers the HTTP contract of docs/registry-http.md from a static registry:
publishers PUT versions with a token, and everybody reads the index, the versions
and the catalogue. DIR is made when it is missing; "static:DIR" means the same.

FILE has one token on each line; blank lines and those that start with "#" are
left out. Without --tokens nobody can publish. The server speaks plain HTTP: put it
behind one that speaks HTTPS before it leaves this machine.`,
		Example: `  miniapp registry serve ../registry
  miniapp registry serve ../registry --tokens tokens.txt --listen 127.0.0.1:8080
  MINIAPP_REGISTRY_TOKEN=… miniapp publish --to http:http://127.0.0.1:8080`,
		Args: arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			dir := strings.TrimPrefix(args[0], "static:")
			if dir == "" || strings.HasPrefix(dir, "http:") || strings.HasPrefix(dir, "oci:") {
				return usageError("name a folder", "%q is no folder to serve", args[0])
			}
			return serve(c.Context(), s, dir, flags)
		},
	}
	f := c.Flags()
	f.StringVar(&flags.listen, "listen", "127.0.0.1:8080", "the `ADDRESS` and port to listen at; port 0 takes a free one")
	f.StringVar(&flags.tokens, "tokens", "", "the `FILE` with the tokens of publishers")
	f.BoolVar(&flags.private, "private", false, "let nobody read without a token either")
	f.BoolVar(&flags.quiet, "quiet", false, "do not print each request")
	_ = c.MarkFlagFilename("tokens")
	return c
}

// minToken is the shortest token that is taken: shorter ones are guessed.
const minToken = 16

// readTokens reads a file of tokens.
func readTokens(name string) ([]string, error) {
	if name == "" {
		return nil, nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, usageError("--tokens takes a file with one token on each line", "reading the tokens: %w", err)
	}
	var out []string
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		token := strings.TrimSpace(lines.Text())
		switch {
		case token == "" || strings.HasPrefix(token, "#"):
		case len(token) < minToken || strings.ContainsAny(token, " \t"):
			return nil, usageError("make one with \"openssl rand -hex 32\"", "%s:%d: a token has at least %d characters, and no blanks", name, n, minToken)
		default:
			out = append(out, token)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, usageError("--tokens takes a file with one token on each line", "reading the tokens: %w", err)
	}
	if len(out) == 0 {
		return nil, usageError("write one token on each line", "%s has no tokens", name)
	}
	return out, nil
}

// shutdownTime is how long requests may take to end when the server stops.
const shutdownTime = 20 * time.Second

func serve(ctx context.Context, s Streams, dir string, flags serveFlags) error {
	tokens, err := readTokens(flags.tokens)
	if err != nil {
		return err
	}
	if flags.private && len(tokens) == 0 {
		return usageError("give it tokens: --tokens FILE", "nobody could read a private registry without tokens")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return &exitError{code: ExitFailed, err: fmt.Errorf("making the folder: %w", err)}
	}
	target := folder.Open(dir)
	if _, err := target.Index(ctx); err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return &exitError{code: ExitFailed, err: fmt.Errorf("opening the folder: %w", err)}
	}
	defer root.Close()
	listener, err := net.Listen("tcp", flags.listen)
	if err != nil {
		return usageError("name a free port of this machine, such as 127.0.0.1:0", "listening: %w", err)
	}
	server := &endpoint.Server{Target: target, Files: root.FS(), Tokens: tokens, Private: flags.private}
	if !flags.quiet {
		var mu sync.Mutex
		server.Log = func(line string) {
			mu.Lock()
			defer mu.Unlock()
			fmt.Fprintln(s.Err, report.Visible(line))
		}
	}
	h := server.HTTPServer()
	fmt.Fprintf(s.Err, "serving %s at http://%s\n", report.Visible(target.String()), listener.Addr())
	if host, _, err := net.SplitHostPort(listener.Addr().String()); err == nil && !net.ParseIP(host).IsLoopback() {
		fmt.Fprintln(s.Err, "note: tokens come in plain HTTP here, so put it behind a server that speaks HTTPS")
	}
	stop := context.AfterFunc(ctx, func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer cancel()
		_ = h.Shutdown(ending)
	})
	defer stop()
	if err := h.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return &exitError{code: ExitFailed, err: fmt.Errorf("serving: %w", err)}
	}
	return nil
}
