package githubtest

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// Options sets up a Server. The zero value is ready to use.
type Options struct {
	// Now is the clock that all times come from. Without one, every question
	// is answered one second later than the one before, from a fixed start.
	Now func() time.Time
	// Delay is how long every answer waits, as a distant server does. Requests
	// made at the same time wait at the same time.
	Delay time.Duration
	// Listen is the address to listen on, such as "0.0.0.0:8080"; any free port
	// of this machine alone when empty.
	Listen string
	// Host is this machine's name in URL, for callers in a container.
	Host string
	// RateLimit is how many requests are answered before the primary rate limit
	// refuses all further ones; 0 is no limit.
	RateLimit int
	// Check, when set, is told of every request that was not answered by a
	// fault, with its answer. It may be called by several goroutines at once.
	Check func(Exchange)
}

// Exchange is one request with its answer, for Options.Check.
type Exchange struct {
	Request  *http.Request // its body has been read: see RequestBody
	Pattern  string        // the path's template in GitHub's description
	Params   map[string]string
	Status   int
	Header   http.Header
	ReqBody  []byte
	RespBody []byte
}

// Server is a GitHub in memory. All its methods may be called from several
// goroutines. The methods that build the world panic when they are misused.
type Server struct {
	// URL is the root of the REST API, without a slash at its end. It answers
	// under URL, and under URL/api/v3 and URL/api/graphql like GitHub
	// Enterprise Server.
	URL string

	options Options
	http    *httptest.Server
	router  router
	log     log
	faults  faults
	done    chan struct{}

	mu      sync.Mutex
	lastID  int64
	clock   time.Time
	users   []*User
	orgs    []*Org
	repos   []*Repo
	tokens  map[string]*token
	actions *User
	events  []Event
	left    int // requests that the rate limit still allows
}

// New starts a server. Close stops it.
func New(options Options) *Server {
	s := &Server{
		options: options,
		lastID:  1000,
		clock:   time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
		tokens:  map[string]*token{},
		done:    make(chan struct{}),
		left:    1000,
	}
	if options.RateLimit > 0 {
		s.left = options.RateLimit
	}
	s.actions = &User{ID: actionsUserID, Login: "github-actions[bot]", Type: "Bot", server: s}
	s.users = append(s.users, s.actions)
	s.router = router{s.endpoints()}
	s.http = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	if options.Listen != "" {
		listener, err := net.Listen("tcp", options.Listen)
		if err != nil {
			panic(fmt.Sprintf("githubtest: listening on %q: %v", options.Listen, err))
		}
		_ = s.http.Listener.Close() // the one that it came with
		s.http.Listener = listener
	}
	address := s.http.Listener.Addr().String()
	if options.Host != "" {
		_, port, _ := net.SplitHostPort(address)
		address = net.JoinHostPort(options.Host, port)
	}
	s.URL = "http://" + address
	s.http.Start()
	return s
}

// actionsUserID is the id of github-actions[bot], the same in every repository.
const actionsUserID = 41898282

// Close stops the server, with the requests that hang on it.
func (s *Server) Close() {
	close(s.done)
	s.http.CloseClientConnections()
	s.http.Close()
}

// TB is the part of testing.TB that Start needs.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// Start starts a server for the time of a test. With MINIAPP_PEER set, as make
// test does, every request and answer is held against GitHub's own description
// of its API, and a difference fails the test.
func Start(t TB, options Options) *Server {
	t.Helper()
	check := describedBy(t)
	if also := options.Check; also != nil {
		options.Check = func(e Exchange) { check(e); also(e) }
	} else {
		options.Check = check
	}
	s := New(options)
	t.Cleanup(s.Close)
	return s
}

// Now asks the server's clock.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

func (s *Server) now() time.Time {
	if s.options.Now != nil {
		return s.options.Now().UTC().Truncate(time.Second)
	}
	s.clock = s.clock.Add(time.Second)
	return s.clock
}

func (s *Server) nextID() int64 {
	s.lastID++
	return s.lastID
}

// User is an account: a person, or a bot.
type User struct {
	ID    int64
	Login string // see Rename
	Type  string // "User" or "Bot"
	// Address is an address of the account's own, beside the one that GitHub
	// gives it. Commits with it are the account's.
	Address string

	server  *Server
	deleted bool
}

// User returns the account of that name, made when there is none.
func (s *Server) User(login string) *User { return s.account(login, "User") }

// Bot returns the bot account of that name, made when there is none.
func (s *Server) Bot(login string) *User { return s.account(login, "Bot") }

func (s *Server) account(login, kind string) *User {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accountNamed(login, kind)
}

func (s *Server) accountNamed(login, kind string) *User {
	if u := s.userNamed(login); u != nil {
		return u
	}
	u := &User{ID: s.nextID(), Login: login, Type: kind, server: s}
	s.users = append(s.users, u)
	return u
}

func (s *Server) userNamed(login string) *User {
	for _, u := range s.users {
		if strings.EqualFold(u.Login, login) && !u.deleted {
			return u
		}
	}
	return nil
}

// Rename gives the account another login. The old one is free for others.
func (u *User) Rename(login string) {
	u.server.mu.Lock()
	defer u.server.mu.Unlock()
	if u.server.userNamed(login) != nil {
		panic(fmt.Sprintf("githubtest: there is an account %q already", login))
	}
	u.Login = login
}

// Delete removes the account. What it wrote stays, by nobody.
func (u *User) Delete() {
	u.server.mu.Lock()
	defer u.server.mu.Unlock()
	u.deleted = true
}

// Email is the address that GitHub gives the account's commits.
func (u *User) Email() string {
	return fmt.Sprintf("%d+%s@users.noreply.github.com", u.ID, u.Login)
}

// Org is an organization, with its teams.
type Org struct {
	ID     int64
	Login  string
	server *Server
	teams  map[string][]*User
}

// Org returns the organization of that name, made when there is none.
func (s *Server) Org(login string) *Org {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.org(login); o != nil {
		return o
	}
	o := &Org{ID: s.nextID(), Login: login, server: s, teams: map[string][]*User{}}
	s.orgs = append(s.orgs, o)
	return o
}

func (s *Server) org(login string) *Org {
	for _, o := range s.orgs {
		if strings.EqualFold(o.Login, login) {
			return o
		}
	}
	return nil
}

// Team sets who is in a team, by its slug.
func (o *Org) Team(slug string, members ...*User) {
	o.server.mu.Lock()
	defer o.server.mu.Unlock()
	o.teams[slug] = members
}
