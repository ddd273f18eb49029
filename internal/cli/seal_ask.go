package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/karzoun/miniapp-review/internal/sealed"
)

// askAccount asks on the terminal for what the definition needs, and for what a
// person needs to sign in. What may be a secret is not shown.
func askAccount(ctx context.Context, s Streams, needed []string) (sealed.Account, error) {
	a := sealed.Account{Credentials: map[string]string{}}
	ended := func(err error) (sealed.Account, error) {
		return sealed.Account{}, &exitError{code: ExitUsage, err: errors.Join(errors.New("the input ended before every question was answered; nothing was written"), err)}
	}
	fmt.Fprintln(s.Err, "What you type for credentials and the password is not shown.")
	for _, k := range needed {
		fmt.Fprintf(s.Err, "%q: ", k)
		value, err := s.Secret(ctx)
		fmt.Fprintln(s.Err)
		if err != nil {
			return ended(err)
		}
		a.Credentials[k] = strings.TrimSpace(value)
	}
	in := bufio.NewScanner(s.In)
	fmt.Fprint(s.Err, "User to sign in with at the provider (empty for none): ")
	if !in.Scan() {
		return ended(in.Err())
	}
	if user := strings.TrimSpace(in.Text()); user != "" {
		fmt.Fprint(s.Err, "Password: ")
		password, err := s.Secret(ctx)
		fmt.Fprintln(s.Err)
		if err != nil {
			return ended(err)
		}
		a.Login = map[string]string{"user": user, "password": password}
	}
	fmt.Fprint(s.Err, "Notes for reviewers, on one line (empty for none): ")
	if !in.Scan() {
		return ended(in.Err())
	}
	a.Notes = strings.TrimSpace(in.Text())
	return a, nil
}

// readSecret reads a line from the terminal without showing it. When the context
// ends, the terminal shows again what is typed.
func readSecret(ctx context.Context) (string, error) {
	fd := int(os.Stdin.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	type line struct {
		text string
		err  error
	}
	read := make(chan line, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		read <- line{string(text), err}
	}()
	select {
	case l := <-read:
		return l.text, l.err
	case <-ctx.Done():
		return "", errors.Join(errors.New("interrupted"), term.Restore(fd, before))
	}
}
