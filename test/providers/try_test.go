package providers

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/qa"
)

// desk is a partner's desk: the built command, and accounts in files that nobody
// commits.
type desk struct {
	*testing.T
	program, home string
}

// TestCommand does with the built command what people do with it.
func TestCommand(t *testing.T) {
	if os.Getenv("MINIAPP_PEER") == "" {
		t.Skip("emulate is only asked by make test, or with MINIAPP_PEER=1 after npm ci --prefix test/peer")
	}
	program := filepath.Join(t.TempDir(), "miniapp")
	build := exec.Command("go", "build", "-o", program, "./cmd/miniapp")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	t.Run("try", func(t *testing.T) { testTry(&desk{t, program, t.TempDir()}) })
	t.Run("serve", func(t *testing.T) { testServe(&desk{t, program, t.TempDir()}) })
}

func (d *desk) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(d.Context(), d.program, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + d.home}
	return cmd
}

// must runs the command, which must do, and returns what it prints.
func (d *desk) must(args ...string) []byte {
	d.Helper()
	cmd := d.command(args...)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		d.Fatalf("miniapp %v: %v\n%s%s", args, err, problems.Bytes(), out)
	}
	return out
}

// account writes an account to a file.
func (d *desk) account(ns string, credentials obj) string {
	d.Helper()
	data, err := json.Marshal(obj{"credentials": credentials})
	if err != nil {
		d.Fatal(err)
	}
	file := filepath.Join(d.home, ns+".json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		d.Fatal(err)
	}
	return file
}

// freeAddress is an address of this machine at which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// testTry does what partners and reviewers do: check a submission, seal its
// account, sign in, and try everything on its checklist.
func testTry(d *desk) {
	t := d.T
	back := freeAddress(t) // OAuth leads back there
	const stripeKey, slackToken, twilioSID, twilioToken = "rk_test_made-up", "xoxb-made-up-token", "AC00000000000000000000000000000001", "made-up-auth-token"
	seeds := githubSeed()
	seeds["github"].(obj)["oauth_apps"] = []obj{oauthApp("github-projects", "http://"+back, nil)}
	addresses := start(t, map[string]any{
		"github": seeds,
		"linear": linearSeed("http://" + back),
		"slack":  obj{"tokens": obj{slackToken: obj{"login": "U000000001"}}, "slack": obj{"users": []obj{{"name": "lena", "real_name": "Lena Berg"}}}},
		"stripe": obj{"stripe": obj{}},
		"twilio": obj{"twilio": obj{"account": obj{"sid": twilioSID, "auth_token": twilioToken, "friendly_name": "Harbour Café"},
			"phone_numbers": []obj{{"phone_number": "+15550123", "friendly_name": "The counter"}}}},
	})
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(d.home, "reviewer.key")
	if err := os.WriteFile(key, []byte(identity.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	oauth := obj{"client_id": "made-up-client", "client_secret": clientSecret, "accessToken": "made-up-access", "refreshToken": "made-up-refresh", "webhookSecret": hookSecret}
	for _, test := range []struct {
		ns      string
		origins map[string]string
		account obj
		person  string // who signs in, with OAuth
		items   int
	}{
		{"github-issues", map[string]string{"https://api.github.com": addresses["github"]},
			obj{"accessToken": monasToken, "repository": "mona/menu", "webhookSecret": hookSecret}, "", 11},
		{"github-projects", map[string]string{"https://api.github.com": addresses["github"], "https://github.com": addresses["github"]}, oauth, "mona", 6},
		{"linear-issues", map[string]string{"https://api.linear.app": addresses["linear"], "https://linear.app/oauth": addresses["linear"] + "/oauth"}, oauth, "Lena", 10},
		{"slack-messages", map[string]string{"https://slack.com": addresses["slack"]}, obj{"accessToken": slackToken}, "", 7},
		{"stripe-payments", map[string]string{"https://api.stripe.com": addresses["stripe"]}, obj{"secretKey": stripeKey}, "", 8},
		{"twilio-sms", map[string]string{"https://api.twilio.com": addresses["twilio"]}, obj{"accountSid": twilioSID, "authToken": twilioToken}, "", 6},
	} {
		t.Run(test.ns, func(t *testing.T) {
			d := &desk{t, d.program, d.home}
			// As it would be submitted, it passes.
			submitted := open(t, test.ns, nil)
			account := d.account(test.ns, only(submitted.machine.Definition, test.account))
			d.must("seal", "--recipient", identity.Recipient().String(), "--from", account, submitted.dir)
			d.must("check", submitted.dir)

			here := open(t, test.ns, test.origins)
			if err := os.CopyFS(here.dir+"/sealed", os.DirFS(submitted.dir)); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(here.dir+"/sealed/test-account.age", here.dir+"/test-account.age"); err != nil {
				t.Fatal(err)
			}
			if err := os.RemoveAll(here.dir + "/sealed"); err != nil {
				t.Fatal(err)
			}
			flags := []string{"try", "--allow-local", "--platform", here.hook.url, "--format", "json"}
			how := []string{"--identity", key}
			if test.person != "" {
				saved := filepath.Join(d.home, test.ns+"-saved.json")
				d.signIn(append(flags, "connect", "--dir", here.dir, "--account", d.account(test.ns, client(clientSecret)), "--save", saved, "--listen", back), back, test.person)
				kept := decode[struct{ Credentials obj }](t, read(t, saved)).Credentials
				if test.ns == "linear-issues" {
					kept["webhookSecret"] = hookSecret
				}
				how = []string{"--account", d.account(test.ns, kept)}
			}
			out := d.must(append(append(flags, how...), here.dir)...)
			for _, secret := range []string{clientSecret, hookSecret, monasToken, slackToken, stripeKey, twilioToken} {
				if bytes.Contains(out, []byte(secret)) {
					t.Errorf("the report has the secret %q", secret)
				}
			}
			reports := decode[struct{ Reports []qa.Report }](t, out).Reports
			if len(reports) != 1 {
				t.Fatalf("there are %d reports", len(reports))
			}
			results := append(reports[0].Items, reports[0].Extras...)
			if len(results) != test.items {
				t.Errorf("there are %d results, not %d", len(results), test.items)
			}
			for _, r := range results {
				if r.State != qa.Passed || strings.Contains(r.Reason, "not tried") {
					t.Errorf("%s %s: %s\n%s", r.ID, r.State, r.Reason, shown(r.Attempts))
				}
			}
		})
	}
}

// only returns what an account of a definition can have.
func only(def *definition.Definition, account obj) obj {
	list := obj{}
	for _, k := range def.AccountKeys() {
		if v, ok := account[k.Name]; ok {
			list[k.Name] = v
		}
	}
	return list
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// signIn runs the command that waits for somebody to allow access, and is that
// person.
func (d *desk) signIn(args []string, back, person string) {
	d.Helper()
	cmd := d.command(args...)
	says, err := cmd.StderrPipe()
	if err != nil {
		d.Fatal(err)
	}
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		d.Fatal(err)
	}
	lines := bufio.NewScanner(says)
	for lines.Scan() {
		if line := strings.TrimSpace(lines.Text()); strings.HasPrefix(line, "http://") {
			to := allow(d.T, line, person)
			if to.Host != back {
				d.Fatalf("the provider leads back to %s", to)
			}
			response, err := http.Get(to.String())
			if err != nil {
				d.Fatal(err)
			}
			response.Body.Close()
			if response.StatusCode != http.StatusOK {
				d.Fatalf("coming back answered %d", response.StatusCode)
			}
			break
		}
	}
	rest, _ := io.ReadAll(says)
	if err := cmd.Wait(); err != nil {
		d.Fatalf("miniapp %v: %v\n%s\n%s", args, err, rest, out.Bytes())
	}
}
