// Command miniapp checks MiniApp submissions at a partner's desk and in CI.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/karzoun/miniapp-review/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // so that a second interrupt ends it at once
	code := cli.Main(ctx, os.Args[1:], cli.System())
	stop()
	os.Exit(code)
}
