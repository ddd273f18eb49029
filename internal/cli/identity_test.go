package cli

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/registry/endpoint"
	"github.com/karzoun/miniapp-review/internal/registry/folder"
)

// platform is an endpoint that takes tokens of GitHub's OpenID Connect provider
// only, and that provider. A token names its audience and its number.
type platform struct {
	*testing.T
	dir                string
	endpoint, provider *httptest.Server
	issued             []string
	// refuses are the numbers of tokens that the endpoint does not take, as if they
	// had ended.
	refuses map[int]bool
	// got are the requests to the endpoint, with the number of their token.
	got []string
}

func newPlatform(t *testing.T) *platform {
	p := &platform{T: t, dir: t.TempDir(), refuses: map[int]bool{}}
	p.provider = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer of-the-job" {
			w.WriteHeader(401)
			return
		}
		part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
		token := part(`{"alg":"RS256"}`) + "." + part(fmt.Sprintf(`{"aud":%q,"jti":"%d","iat":1000,"exp":1300}`, r.URL.Query().Get("audience"), len(p.issued)+1)) + "." + part("signed")
		p.issued = append(p.issued, token)
		fmt.Fprintf(w, `{"value": %q}`, token)
	}))
	t.Cleanup(p.provider.Close)
	kept := &endpoint.Server{Target: folder.Open(p.dir), Files: os.DirFS(p.dir), Tokens: []string{"kept-by-the-server"}}
	p.endpoint = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		n := 0
		for i, issued := range p.issued {
			if token == issued {
				n = i + 1
			}
		}
		p.got = append(p.got, fmt.Sprintf("%s %d", r.Method, n))
		claims, _ := base64.RawURLEncoding.DecodeString(strings.Split(token+"..", ".")[1])
		if n == 0 || p.refuses[n] || !strings.Contains(string(claims), `"aud":"https://market.example"`) {
			w.WriteHeader(401)
			fmt.Fprintf(w, `{"code": "token", "error": "not %s"}`, token)
			return
		}
		r.Header.Set("Authorization", "Bearer kept-by-the-server")
		kept.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(p.endpoint.Close)
	return p
}

// config is a configuration that publishes there, and to a branch.
func (p *platform) config() string {
	return fmt.Sprintf("publish:\n  to:\n    - branch:registry\n    - http: %s\n      audience: https://market.example\n", p.endpoint.URL)
}

// env is what the runner says to a job with id-token: write.
func (p *platform) env() []string {
	return []string{"ACTIONS_ID_TOKEN_REQUEST_URL", p.provider.URL + "/?api-version=2.0", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "of-the-job", tokenVariable, "of-another-registry"}
}

// hidden checks that no token stands anywhere but in the command that hides it.
func (p *platform) hidden(r ran) {
	p.Helper()
	log := r.log
	for _, token := range p.issued {
		command := "::add-mask::" + token + "\n"
		if strings.Count(log, command) != 1 {
			p.Errorf("a token is not hidden once:\n%s", r.log)
		}
		log = strings.Replace(log, command, "", 1)
	}
	for _, secret := range append(p.issued, "of-the-job", "of-another-registry") {
		if strings.Contains(log+r.err+r.outputs+r.summary, secret) {
			p.Errorf("%q is told:\n%s%s%s%s", secret, log, r.err, r.outputs, r.summary)
		}
	}
}

// TestIdentityOfRun publishes to an endpoint that takes the identity of the run
// instead of a token that somebody keeps.
func TestIdentityOfRun(t *testing.T) {
	p := newPlatform(t)
	w := newShop(t, p.config())
	r := w.ship("push", pushed, p.env()...)
	p.hidden(r)
	if r.code != ExitClean || strings.Count(r.log, "5 published") != 2 {
		t.Fatalf("exit %d\n%s%s", r.code, r.log, r.err)
	}
	if _, err := os.Stat(filepath.Join(p.dir, "parleo", versionIn(t, w.published(), "parleo"), "miniapp.json")); err != nil {
		t.Error(err)
	}
	// The clock of the world goes on by a second at each look; a run is shorter
	// than a token lives.
	if len(p.issued) != 1 || strings.Contains(strings.Join(p.got, ","), " 0") {
		t.Errorf("%d tokens for the requests %v", len(p.issued), p.got)
	}
}

// TestIdentityRefused gets another token when the platform refuses one, and
// gives up when it refuses that too.
func TestIdentityRefused(t *testing.T) {
	p := newPlatform(t)
	w := newShop(t, p.config())
	p.refuses[1] = true
	r := w.ship("push", pushed, p.env()...)
	p.hidden(r)
	if r.code != ExitClean || len(p.issued) != 2 || p.got[0] != "GET 1" || p.got[1] != "GET 2" || p.got[2] != "PUT 2" {
		t.Errorf("exit %d, %d tokens for the requests %v\n%s%s", r.code, len(p.issued), p.got, r.log, r.err)
	}
	p = newPlatform(t)
	w = newShop(t, p.config())
	p.refuses[1], p.refuses[2] = true, true
	r = w.ship("push", pushed, p.env()...)
	p.hidden(r)
	if r.code != ExitFailed || !strings.Contains(r.log, "answers 401: the token is missing or not good for this: \"not ***\"") || !strings.Contains(r.log, "5 published") {
		t.Errorf("exit %d\n%s%s", r.code, r.log, r.err)
	}
}

// TestIdentityMissing says which permission the job lacks, and sends the endpoint
// no other token instead.
func TestIdentityMissing(t *testing.T) {
	p := newPlatform(t)
	w := newShop(t, p.config())
	r := w.ship("push", pushed, tokenVariable, "of-another-registry")
	p.hidden(r)
	if r.code != ExitFailed || !strings.Contains(r.log, `no token for http:`+p.endpoint.URL) || !strings.Contains(r.log, `add "id-token: write" to the permissions of the job`) || !strings.Contains(r.log, "5 published") {
		t.Errorf("exit %d\n%s%s", r.code, r.log, r.err)
	}
	if len(p.got) > 0 {
		t.Errorf("the endpoint was asked: %v", p.got)
	}
}
