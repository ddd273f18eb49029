package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/report"
	"github.com/karzoun/miniapp-review/internal/sandbox"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
	"github.com/karzoun/miniapp-review/internal/tenant"
)

type tenantFlags struct {
	addr, publicURL, state      string
	fresh, allowLocal, practice bool
}

func newServe(s Streams) *cobra.Command {
	var flags tenantFlags
	c := &cobra.Command{
		Use:   "serve [DIR…]",
		Short: "Install and try MiniApps on a page, as a tenant would",
		Long: `Serve is a tenant of the platform on this machine. It prints the address of a page
on which you install the MiniApps of the folders, run their actions, import records,
and see webhooks as they arrive. Edit a definition and load the page again: it is
read anew.

DIR is the folder of a submission, or a definitions repository; without one, the
repository around the current folder is meant.

Only this machine can reach it. For webhooks from outside, lead a tunnel here and
name its address with --public-url: nothing but webhooks and the way back of OAuth
can be reached through it.

What is installed is kept in the folder of --state, with its secrets, for you alone
to read. --fresh forgets it first.`,
		Example: `  miniapp serve definitions/acme-desk
  miniapp serve --practice                       without an account: answers are made up
  miniapp serve --allow-local definitions/acme   with a provider on this machine
  miniapp serve --public-url https://x.tunnel.example definitions/acme`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if err := given(c, "addr", "public-url", "state"); err != nil {
				return err
			}
			if len(args) == 0 {
				args = []string{"."}
			}
			return serveTenant(c.Context(), s, flags, args)
		},
	}
	f := c.Flags()
	f.StringVar(&flags.addr, "addr", "127.0.0.1:8400", "the `ADDRESS` of this machine to listen at; port 0 takes a free one")
	f.StringVar(&flags.publicURL, "public-url", "", "the `URL` of a tunnel that leads here")
	f.StringVar(&flags.state, "state", "", "keep what is installed in `DIR` (default: a folder of your own outside of the repository)")
	f.BoolVar(&flags.fresh, "fresh", false, "forget what is installed of these MiniApps first")
	f.BoolVar(&flags.allowLocal, "allow-local", false, "let requests go to this machine and private networks too, over HTTP as well")
	f.BoolVar(&flags.practice, "practice", false, "ask no provider: make up what it would answer")
	_ = c.MarkFlagDirname("state")
	return c
}

// maxServed is how many MiniApps one page has.
const maxServed = 200

func serveTenant(ctx context.Context, s Streams, flags tenantFlags, args []string) error {
	public, err := flags.public()
	if err != nil {
		return err
	}
	sources, err := tenantSources(s, args)
	if err != nil {
		return err
	}
	store, err := flags.store(s)
	if err != nil {
		return err
	}
	defer store.Close()
	if flags.fresh {
		for _, src := range sources {
			if p, err := src.Load(); err == nil && p.Definition != nil {
				if err := store.Forget(p.Definition.NS.Text()); err != nil {
					return &exitError{code: ExitFailed, err: err}
				}
			}
		}
	}
	listener, err := flags.listen()
	if err != nil {
		return err
	}
	defer listener.Close()
	server, err := tenant.New(tenant.Options{
		Sources: sources, Store: store, Desk: &url.URL{Scheme: "http", Host: listener.Addr().String()}, Public: public,
		Machine: func(def *definition.Definition, p sandbox.Platform) (*sandbox.Machine, func()) {
			m, done := machineFlags{allowLocal: flags.allowLocal, practice: flags.practice, platform: p.BaseURL}.machine(s, def)
			m.Platform = p
			return m, done
		},
		Practice: flags.practice, AllowLocal: flags.allowLocal, Now: s.Now, Random: s.Random,
	})
	if err != nil {
		return usageError("name the folders that you want", "%w", err)
	}
	defer server.Close()
	fmt.Fprintf(s.Out, "%s\n", server.StartURL())
	fmt.Fprintf(s.Err, "open that address; it is for you alone\nwebhooks: %s\ninstalls: %s\nend with ctrl-C\n", report.Visible(server.WebhookURL()), report.Visible(store.Dir()))
	h := server.HTTPServer()
	stop := context.AfterFunc(ctx, func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), tenantEnd)
		defer cancel()
		if h.Shutdown(ending) != nil {
			_ = h.Close() // what still runs is given up
		}
	})
	defer stop()
	if err := h.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return &exitError{code: ExitFailed, err: fmt.Errorf("serving: %w", err)}
	}
	return nil
}

// tenantEnd is how long what runs may take to end.
const tenantEnd = 3 * time.Second

// public reads the address of the tunnel.
func (f tenantFlags) public() (*url.URL, error) {
	if f.publicURL == "" {
		return nil, nil
	}
	u, err := url.Parse(strings.TrimSuffix(f.publicURL, "/"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil || u.Fragment != "" {
		return nil, usageError("write it as in https://name.tunnel.example", "--public-url %q is not the address of a tunnel: a scheme and a host, without a path", f.publicURL)
	}
	if ip := net.ParseIP(u.Hostname()); ip != nil && ip.IsLoopback() || strings.EqualFold(u.Hostname(), "localhost") {
		return nil, usageError("leave it out without a tunnel", "--public-url %q is this machine itself", f.publicURL)
	}
	return u, nil
}

// listen opens the port, on this machine only.
func (f tenantFlags) listen() (net.Listener, error) {
	const hint = "name a free port of this machine, such as 127.0.0.1:8401, or 127.0.0.1:0 for any"
	host, port, err := net.SplitHostPort(f.addr)
	if err != nil {
		return nil, usageError(hint, "--addr %q is no address with a port", f.addr)
	}
	if strings.EqualFold(host, "localhost") {
		host = "127.0.0.1"
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, usageError("use 127.0.0.1, and lead a tunnel there for webhooks from outside", "--addr %q can be reached from other machines, and whoever reaches the page acts with your credentials", f.addr)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, usageError(hint, "listening: %w", err)
	}
	return listener, nil
}

// store opens the folder for installs. It must not be one that Git would commit.
func (f tenantFlags) store(s Streams) (*tenant.Store, error) {
	dir := f.state
	if dir == "" {
		base := s.Getenv("XDG_STATE_HOME")
		if base == "" {
			var err error
			if base, err = os.UserCacheDir(); err != nil {
				return nil, usageError("name a folder for what is installed: --state DIR", "there is no folder of yours to keep it in: %w", err)
			}
		}
		dir = filepath.Join(base, "miniapp", "serve")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, &exitError{code: ExitFailed, err: err}
	}
	store, err := tenant.OpenStore(dir)
	if err != nil {
		return nil, usageError("name a folder of your own with --state DIR, or chmod 700 it if nobody else needs it", "%w", err)
	}
	if err := mayWrite(filepath.Join(dir, "probe.json")); err != nil {
		_ = store.Close()
		_ = os.Remove(dir) // only when it is empty
		return nil, err
	}
	return store, nil
}

// tenantSources finds the MiniApps that paths stand for.
func tenantSources(s Streams, args []string) ([]tenant.Source, error) {
	var targets []target
	for _, a := range args {
		at, err := locate(a)
		if err != nil {
			return nil, err
		}
		switch {
		case at.folder != "":
			at.file = ""
			targets = append(targets, at)
			continue
		case at.file != "":
			return nil, usageError("name its folder, such as definitions/acme-desk", "%q is not the folder of a submission", a)
		}
		entries, err := os.ReadDir(filepath.Join(at.root, submission.Root))
		if err != nil {
			return nil, &exitError{code: ExitFailed, err: err}
		}
		for _, e := range entries {
			if e.IsDir() && isFile(filepath.Join(at.root, submission.Root, e.Name(), submission.DefinitionFile)) {
				targets = append(targets, target{root: at.root, folder: e.Name()})
			}
		}
	}
	if len(targets) == 0 {
		return nil, usageError("start one with \"miniapp init NS\"", "there is no submission here")
	}
	if len(targets) > maxServed {
		return nil, usageError("name the folders that you want", "there are %d submissions, and one page has at most %d", len(targets), maxServed)
	}
	var list []tenant.Source
	for _, at := range targets {
		list = append(list, tenantSource(s, at))
	}
	return list, nil
}

// tenantSource reads and checks one submission whenever it is asked to.
func tenantSource(s Streams, at target) tenant.Source {
	dir := submission.Dir(at.folder)
	if at.lone {
		dir = at.folder
	}
	quiet := s
	quiet.ErrTerminal = false
	return tenant.Source{
		Name: at.folder, Shown: path.Join(fromWorkingDirectory(at.root), dir, submission.DefinitionFile),
		Load: func() (*submission.Package, error) {
			tree, err := source.OpenDir(at.root)
			if err != nil {
				return nil, err
			}
			return submission.Load(tree, dir)
		},
		Check: func(ctx context.Context) ([]finding.Finding, error) {
			r, err := newRunner(quiet, checkFlags{})
			if err == nil {
				err = r.group(ctx, []target{at}, true)
			}
			if err != nil {
				return nil, err
			}
			return finding.Sort(r.result.Findings), nil
		},
	}
}
