package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/karzoun/miniapp-review/internal/sealed"
)

// sealAtTerminal seals the account of a definition on a terminal where somebody
// types answers; secrets are those that are not shown.
func sealAtTerminal(t *testing.T, secrets []string, typed string) (code int, out string, opened sealed.Account, asked int) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	text := `{"auth": {"type": "apikey", "form": {"storeUrl": {"required": true}, "apiKey": {"required": true}, "region": {"required": false}}}}`
	if err := os.WriteFile(filepath.Join(dir, "miniapp.json"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	s, shown, _ := terminal()
	s.InTerminal, s.In = true, strings.NewReader(typed)
	s.Secret = func(context.Context) (string, error) {
		if asked++; asked > len(secrets) {
			return "", errors.New("interrupted")
		}
		return secrets[asked-1], nil
	}
	code = Main(context.Background(), []string{"seal", "--recipient", id.Recipient().String(), dir}, s)
	data, err := os.ReadFile(filepath.Join(dir, "test-account.age"))
	if err == nil {
		if opened, err = sealed.Open(data, []age.Identity{id}); err != nil {
			t.Fatal(err)
		}
	}
	return code, shown.String(), opened, asked
}

// TestSealAsks answers the questions of seal on a terminal.
func TestSealAsks(t *testing.T) {
	code, out, got, _ := sealAtTerminal(t, []string{" https://shop.example ", "hunter2", "hunter3 "}, "sam\nTry the orders.\n")
	if code != ExitClean || got.Credentials["storeUrl"] != "https://shop.example" || got.Credentials["apiKey"] != "hunter2" || len(got.Credentials) != 2 ||
		got.Login["user"] != "sam" || got.Login["password"] != "hunter3 " || got.Notes != "Try the orders." {
		t.Errorf("exit %d, %+v\n%s", code, got, out)
	}
	for _, want := range []string{`"storeUrl": `, `"apiKey": `, "not shown", "Password: ", "wrote "} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	if strings.Contains(out, "hunter") || strings.Contains(out, "region") {
		t.Errorf("it shows\n%s", out)
	}
	code, out, got, asked := sealAtTerminal(t, []string{"a", "b"}, "\n\n")
	if code != ExitClean || asked != 2 || got.Login != nil || got.Notes != "" {
		t.Errorf("nobody to sign in: exit %d, asked %d times, %+v\n%s", code, asked, got, out)
	}
	for name, c := range map[string]struct {
		secrets []string
		typed   string
		want    string
	}{
		"an empty answer":          {[]string{"a", ""}, "\n\n", `the account lacks "apiKey"`},
		"interrupted":              {[]string{"a"}, "\n\n", "nothing was written"},
		"interrupted at the login": {[]string{"a", "b"}, "sam\n\n", "nothing was written"},
		"the input ends":           {[]string{"a", "b"}, "\n", "nothing was written"},
	} {
		code, out, got, _ := sealAtTerminal(t, c.secrets, c.typed)
		if code != ExitUsage || got.Credentials != nil || !strings.Contains(out, c.want) {
			t.Errorf("%s: exit %d, %+v\n%s", name, code, got, out)
		}
	}
}

// TestUnsealOnTerminal checks that a terminal shows values only when somebody
// asks for them.
func TestUnsealOnTerminal(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	data, err := sealed.Seal(sealed.Account{Credentials: map[string]string{"apiKey": "hunter2", "x\x1b[31m": ""}, Notes: "\x1b[31mred"},
		[]sealed.Recipient{sealed.Recipient(id.Recipient().String())})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"miniapp.json": `{"auth": {"type": "apikey", "config": {"apiKey": "", "shop": ""}}}`, "test-account.age": string(data)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, show := range []bool{false, true} {
		s, out, _ := terminal()
		s.Getenv = func(name string) string {
			if name == identityVariable {
				return id.String()
			}
			return ""
		}
		args := []string{"unseal", dir}
		if show {
			args = append(args, "--show")
		}
		code := Main(context.Background(), args, s)
		if code != ExitClean || strings.Contains(out.String(), "hunter2") != show || bytes.ContainsRune(out.Bytes(), 0x1b) ||
			!strings.Contains(out.String(), `warning: the account lacks "shop", which the definition needs`) {
			t.Errorf("show %v: exit %d\n%s", show, code, out)
		}
	}
}
