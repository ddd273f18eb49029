package githubtest

import (
	"net/url"
	"slices"
	"sync"
)

// Request is one request that the server got.
type Request struct {
	Method string
	Path   string // without the query, and without the prefix of an Enterprise server
	Query  url.Values
	Status int    // 0 when the connection was cut before an answer
	Write  bool   // asks for a change; of GraphQL, mutations only
	Fault  bool   // a fault had a part in the answer
	User   string // whose token it was; empty without one

	from, to int // when it came and when it was answered, in steps
}

type log struct {
	mu   sync.Mutex
	step int
	list []*Request
}

func (l *log) begin(r Request) *Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.step++
	r.from = l.step
	l.list = append(l.list, &r)
	return &r
}

func (l *log) end(r *Request, status int, user string, faulty bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.step++
	r.to, r.Status, r.User, r.Fault = l.step, status, user, faulty
}

// Requests lists what the server was asked since the start or the last
// ResetLog, in the order in which the requests came.
func (s *Server) Requests() []Request {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	list := []Request{}
	for _, r := range s.log.list {
		list = append(list, *r)
	}
	return list
}

// Writes lists the requests that asked for a change.
func (s *Server) Writes() []Request {
	return slices.DeleteFunc(s.Requests(), func(r Request) bool { return !r.Write })
}

// ResetLog forgets the requests so far.
func (s *Server) ResetLog() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.list = nil
}

// RoundTrips is how many answers had to be waited for one after the other:
// requests that were under way at the same time count once. So that those that
// were made together also are under way together, the server needs a Delay far
// above the time by which a busy machine scatters them: 100 ms will do.
func (s *Server) RoundTrips() int {
	list := s.Requests()
	slices.SortFunc(list, func(a, b Request) int { return a.to - b.to })
	trips, last := 0, 0
	for _, r := range list {
		if r.from > last {
			trips++
			last = r.to
		}
	}
	return trips
}
