package actions

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/sethvargo/go-githubactions"
)

// The runner's variables for tokens of identity. A job without the permission
// has neither.
const (
	identityURL   = "ACTIONS_ID_TOKEN_REQUEST_URL"
	identityToken = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
)

const (
	// identityTimeout bounds one request for a token.
	identityTimeout = 15 * time.Second
	// identityTries is how often a token is asked for at most, since GitHub's
	// service is sometimes busy.
	identityTries = 3
	// maxIdentity is the longest token that is taken, in bytes.
	maxIdentity = 16 << 10
	// identityMargin is how long before its end a token is not used any more:
	// what it opens must still see it.
	identityMargin = time.Minute
	// maxIdentityLife bounds what a token may say of its own lifetime.
	maxIdentityLife = time.Hour
)

// IdentityOptions are what an Identity needs.
type IdentityOptions struct {
	// Audience is who the tokens are for. Nobody else should take them.
	Audience string
	// Getenv finds what the runner says.
	Getenv func(string) string
	// Mask hides a token in the log. It is called before the token is used.
	Mask func(secret string) error
	// Now and Sleep are the clock.
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error
	// Transport makes requests; nil takes http.DefaultTransport.
	Transport http.RoundTripper
}

// Identity gets tokens of GitHub's OpenID Connect provider. They say to somebody
// else which repository and which workflow this run belongs to, and live for
// minutes. It may be used by several goroutines at once.
type Identity struct {
	o      IdentityOptions
	action *githubactions.Action

	mu    sync.Mutex
	token string
	// until is when the token is not used any more.
	until time.Time
}

// NewIdentity returns the identity for an audience. It makes no request.
func NewIdentity(o IdentityOptions) *Identity {
	client := &http.Client{Transport: o.Transport, Timeout: identityTimeout, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // the token of the request must not go elsewhere
	}}
	return &Identity{o: o, action: githubactions.New(githubactions.WithGetenv(o.Getenv), githubactions.WithWriter(io.Discard), githubactions.WithHTTPClient(client))}
}

// Token returns a token that is good for a while. It is asked for when it is
// needed first, when the last one is near its end, and when the last one is the
// one that was refused. The error says which permission is missing, if it is
// that, and never holds a token.
func (d *Identity) Token(ctx context.Context, refused string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.token != "" && d.token != refused && d.o.Now().Before(d.until) {
		return d.token, nil
	}
	if err := d.permitted(); err != nil {
		return "", err
	}
	for try := 1; ; try++ {
		asked := d.o.Now()
		token, err := d.action.GetIDToken(ctx, d.o.Audience)
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if err == nil {
			return d.take(token, asked)
		}
		if try == identityTries {
			return "", fmt.Errorf("GitHub gives no token for the audience %q: %.300q; does the job have the permission \"id-token: write\"?", d.o.Audience, err.Error())
		}
		if err := d.o.Sleep(ctx, time.Duration(try)*time.Second); err != nil {
			return "", err
		}
	}
}

// permitted checks what the runner says before anything is sent there.
func (d *Identity) permitted() error {
	address := d.o.Getenv(identityURL)
	if address == "" || d.o.Getenv(identityToken) == "" {
		return fmt.Errorf("the job may not ask GitHub for a token for the audience %q: add \"id-token: write\" to the permissions of the job", d.o.Audience)
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return fmt.Errorf("%s is no address that a token can be asked for at: expected https://HOST/PATH", identityURL)
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// take keeps a token that was asked for at a time.
func (d *Identity) take(token string, asked time.Time) (string, error) {
	if len(token) > maxIdentity || !regexp.MustCompile(`^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$`).MatchString(token) {
		return "", errors.New("GitHub's answer to the request for a token holds none: expected a JSON Web Token")
	}
	if err := d.o.Mask(token); err != nil {
		return "", err
	}
	d.token, d.until = token, asked.Add(lifetime(token))
	return token, nil
}

// lifetime returns how long a token may be used. The clock of this machine is
// not held against that of GitHub: what counts is how long it lives. Whether the
// token is genuine is for others to check; here it came from GitHub.
func lifetime(token string) time.Duration {
	var claims struct {
		Issued  int64 `json:"iat"`
		Expires int64 `json:"exp"`
	}
	data, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil || json.Unmarshal(data, &claims) != nil || claims.Issued <= 0 || claims.Expires <= claims.Issued || claims.Expires-claims.Issued > int64(maxIdentityLife/time.Second) {
		return identityMargin // of one that does not say it, the least
	}
	life := time.Duration(claims.Expires-claims.Issued) * time.Second
	return max(life-identityMargin, life/2)
}
