// Package github is where GitHub is: it reads a pull request as a value of
// package pull, and makes the operations of a package plan. Nothing outside it
// knows GitHub's interface or a client library for it.
//
// Every request goes through one transport, which sends the token to the API's
// host only, waits at rate limits within a budget, and repeats what is safe to
// repeat. A proxy named by the usual environment variables is used, as runners
// in closed networks need; to it, requests are encrypted all the way to the API.
package github

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	gh "github.com/google/go-github/v60/github"

	"github.com/karzoun/miniapp-review/internal/pull"
)

// Defaults of Options.
const (
	DefaultAPI        = "https://api.github.com"
	DefaultBudget     = 3 * time.Minute
	DefaultMaxChanges = 300
	defaultAttempt    = 30 * time.Second
)

// ActionsBot is the account that the token of an Action's job acts as on
// github.com. Such a token may not ask who it is.
func ActionsBot() pull.User {
	return pull.User{ID: 41898282, Login: "github-actions[bot]", Bot: true}
}

// Options say which repository, as whom, and within which limits. Owner, Name
// and Token are needed; the zero value of the others means the default.
type Options struct {
	Owner, Name string
	Token       string
	// API is the address of the REST interface: DefaultAPI, or
	// https://HOST/api/v3 for GitHub Enterprise Server. It must be https,
	// except on the machine itself.
	API string
	// Self is who the token acts as. When it is not known, GitHub is asked.
	Self pull.User
	// Action says that the token is that of an Action's job, which acts as
	// ActionsBot unless Self says otherwise.
	Action bool
	// MaxChanges is how many changed files are read at most.
	MaxChanges int
	// ConfigFile is the path of the configuration. It is read at the tip of the
	// base branch, together with BaseFiles.
	ConfigFile string
	BaseFiles  []string
	// Budget is the wall time that may be lost to limits and failures, in the
	// life of the client. Attempt bounds each single request.
	Budget, Attempt time.Duration
	UserAgent       string
	// Now and Sleep are the clock; Transport makes the requests.
	Now       func() time.Time
	Sleep     func(context.Context, time.Duration) error
	Transport http.RoundTripper
}

// Client reads and writes one repository. It may be used by several goroutines.
type Client struct {
	gh          *gh.Client
	graphQL     string
	owner, name string
	options     Options
	transport   *transport
	writes      pace

	mu     sync.Mutex
	self   pull.User
	asked  bool
	rights map[string]string
	// written are the comments that Apply made.
	written []int64
}

var repositoryPart = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)

// New makes a client. It makes no request.
func New(o Options) (*Client, error) {
	for _, part := range []string{o.Owner, o.Name} {
		if !repositoryPart.MatchString(part) || part == "." || part == ".." {
			return nil, fmt.Errorf("repository %q: expected OWNER/NAME", o.Owner+"/"+o.Name)
		}
	}
	o.Token = strings.TrimSpace(o.Token)
	if o.Token == "" {
		return nil, errors.New("there is no token for GitHub: set GITHUB_TOKEN, or the input \"token\" of the Action")
	}
	if strings.ContainsFunc(o.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("the token for GitHub holds characters that no token has: set it again, without quotes and line breaks")
	}
	if o.API == "" {
		o.API = DefaultAPI
	}
	api, err := parseAPI(o.API)
	if err != nil {
		return nil, err
	}
	if o.MaxChanges <= 0 {
		o.MaxChanges = DefaultMaxChanges
	}
	if o.ConfigFile == "" {
		o.ConfigFile = ".github/miniapp-review.yml"
	}
	if o.Budget <= 0 {
		o.Budget = DefaultBudget
	}
	if o.Attempt <= 0 {
		o.Attempt = defaultAttempt
	}
	if o.UserAgent == "" {
		o.UserAgent = "miniapp-review"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleepFor
	}
	if o.Transport == nil {
		o.Transport = newBase()
	}
	t := &transport{
		next: o.Transport, api: api, token: o.Token, userAgent: o.UserAgent, attempt: o.Attempt,
		budget: &budget{left: o.Budget}, now: o.Now, sleep: o.Sleep,
	}
	c := &Client{owner: o.Owner, name: o.Name, options: o, transport: t, self: o.Self, rights: map[string]string{}}
	if c.self.ID == 0 && o.Action {
		c.self = ActionsBot()
	}
	c.gh = gh.NewClient(&http.Client{Transport: t, CheckRedirect: t.redirect})
	c.gh.BaseURL = api
	c.graphQL = graphQLAddress(api)
	c.writes = pace{now: o.Now, sleep: o.Sleep}
	return c, nil
}

// newBase is net/http's transport with the defaults that it has, apart from
// those that concern many connections to one host.
func newBase() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 16
	return t
}

// parseAPI checks the API's address and ends it with a slash.
func parseAPI(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("the API's address %q: expected one such as %s or https://HOST/api/v3", text, DefaultAPI)
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil, fmt.Errorf("the API's address %q: expected https, since the token is sent to it", text)
	}
	u.Path = strings.TrimSuffix(u.Path, "/") + "/"
	return u, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// graphQLAddress is beside the REST interface: /graphql on github.com, and
// /api/graphql where that is at /api/v3.
func graphQLAddress(api *url.URL) string {
	u := *api
	if base, ok := strings.CutSuffix(u.Path, "/api/v3/"); ok {
		u.Path = base + "/api/graphql"
	} else {
		u.Path += "graphql"
	}
	return u.String()
}

// Self returns who the token acts as. When GitHub does not tell, the ID is 0.
func (c *Client) Self(ctx context.Context) (pull.User, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.self.ID != 0 || c.asked {
		return c.self, nil
	}
	u, _, err := c.gh.Users.Get(ctx, "")
	if err := c.explain(err, "asking who the token acts as"); err != nil && ReasonOf(err) != Forbidden {
		return pull.User{}, err
	}
	c.asked = true
	if err == nil {
		c.self = user(u)
	}
	return c.self, nil
}
