package githubtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

// When says which requests a fault is for. The zero value is every request.
type When struct {
	// Method is exact, such as "POST"; empty is any.
	Method string
	// Path is a pattern of path.Match, such as "/repos/*/*/pulls/*/reviews";
	// with "/**" at its end it covers everything below.
	Path string
	// Contains is text in the request's body, such as a GraphQL field.
	Contains string
	// Writes is for requests that ask for a change only.
	Writes bool
	// Nth is the first matching request that fails, counted from 1 since
	// Inject; 0 is the first one.
	Nth int
	// Times is how many fail from there; 0 is one, and a negative number all.
	Times int
}

// Fault answers in the place of the endpoint. Calling answer lets the request
// take effect. It returns the status that the caller got to see, or 0.
type Fault func(s *Server, w http.ResponseWriter, r *http.Request, answer func() *httptest.ResponseRecorder)

type planned struct {
	when  When
	fault Fault
	seen  int
}

type faults struct {
	mu   sync.Mutex
	list []*planned
}

// Inject plans a fault. Where several are for one request, the first planned
// one has it; each counts the requests that it matches.
func (s *Server) Inject(when When, fault Fault) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.list = append(s.faults.list, &planned{when: when, fault: fault})
}

// Heal forgets all faults.
func (s *Server) Heal() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.list = nil
}

func (f *faults) pick(r *http.Request, body []byte) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	var picked Fault
	for _, p := range f.list {
		if !p.when.matches(r, body) {
			continue
		}
		p.seen++
		first := max(p.when.Nth, 1)
		due := p.seen >= first && (p.when.Times < 0 || p.seen < first+max(p.when.Times, 1))
		if due && picked == nil {
			picked = p.fault
		}
	}
	return picked
}

func (w When) matches(r *http.Request, body []byte) bool {
	if w.Method != "" && w.Method != r.Method || w.Writes && !isWrite(r, body) || !strings.Contains(string(body), w.Contains) {
		return false
	}
	if below, is := strings.CutSuffix(w.Path, "/**"); is {
		depth := strings.Count(below, "/")
		parts := strings.SplitN(r.URL.Path, "/", depth+2)
		matched, _ := path.Match(below, strings.Join(parts[:min(depth+1, len(parts))], "/"))
		return matched && len(parts) > depth+1
	}
	if w.Path == "" {
		return true
	}
	matched, err := path.Match(w.Path, r.URL.Path)
	if err != nil {
		panic(fmt.Sprintf("githubtest: %q is no pattern: %v", w.Path, err))
	}
	return matched
}

// Answer gives a status and a JSON object with the message, and does nothing.
func Answer(status int, message string) Fault {
	body, err := json.Marshal(map[string]string{"message": message, "documentation_url": documentation})
	if err != nil {
		panic(err) // strings always encode
	}
	return Raw(status, http.Header{"Content-Type": {"application/json; charset=utf-8"}}, string(body))
}

// Raw gives exactly this answer, and does nothing. A body that is not JSON is
// garbage.
func Raw(status int, header http.Header, body string) Fault {
	return func(_ *Server, w http.ResponseWriter, _ *http.Request, _ func() *httptest.ResponseRecorder) {
		for key, values := range header {
			w.Header()[http.CanonicalHeaderKey(key)] = values
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

const secondary = `{"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",` +
	`"documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`

func limited(status int, body string, pairs ...string) Fault {
	header := http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	for i := 0; i < len(pairs); i += 2 {
		header.Set(pairs[i], pairs[i+1])
	}
	return Raw(status, header, body)
}

// PrimaryLimit is the hour's limit: nothing remains until the reset.
func PrimaryLimit(reset time.Time) Fault {
	return limited(http.StatusForbidden, `{"message":"API rate limit exceeded for installation ID 1.","documentation_url":"`+documentation+`"}`,
		"X-RateLimit-Limit", "1000", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", strconv.FormatInt(reset.Unix(), 10))
}

// SecondaryLimit is the limit on bursts, with the time to wait.
func SecondaryLimit(wait time.Duration) Fault {
	return limited(http.StatusForbidden, secondary,
		"X-RateLimit-Limit", "1000", "X-RateLimit-Remaining", "900", "Retry-After", strconv.Itoa(int(wait.Seconds())))
}

// SecondaryLimitUnsaid is the limit on bursts without Retry-After. The reset is
// the primary limit's, in the past or most of an hour ahead, and no time to wait.
func SecondaryLimitUnsaid(reset time.Time) Fault {
	return limited(http.StatusForbidden, secondary,
		"X-RateLimit-Limit", "5000", "X-RateLimit-Remaining", "4771", "X-RateLimit-Reset", strconv.FormatInt(reset.Unix(), 10))
}

// TooManyRequests is either limit by its other status.
func TooManyRequests(wait time.Duration) Fault {
	return limited(http.StatusTooManyRequests, secondary, "Retry-After", strconv.Itoa(int(wait.Seconds())))
}

// CutBefore breaks the connection off; the request has no effect.
func CutBefore() Fault {
	return func(_ *Server, w http.ResponseWriter, _ *http.Request, _ func() *httptest.ResponseRecorder) {
		cut(w)
	}
}

// CutAfter lets the request take effect and breaks the connection off before
// its answer.
func CutAfter() Fault {
	return func(_ *Server, w http.ResponseWriter, _ *http.Request, answer func() *httptest.ResponseRecorder) {
		answer()
		cut(w)
	}
}

// cut sends the first bytes of an answer: a client's library tries again by
// itself where a kept connection closes without any.
func cut(w http.ResponseWriter) {
	conn, out, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(fmt.Sprintf("githubtest: cutting the connection: %v", err))
	}
	_, _ = out.WriteString("HTTP/1.1 2")
	_ = out.Flush()
	_ = conn.Close()
}

// LeavePending is what GitHub did to interrupted reviews: one that is pending
// and empty is left, and the connection breaks off. For POST …/reviews.
func LeavePending() Fault {
	return func(s *Server, w http.ResponseWriter, r *http.Request, _ func() *httptest.ResponseRecorder) {
		parts := strings.Split(r.URL.Path, "/") // /repos/owner/name/pulls/7/reviews
		if by := s.caller(r); by != nil && len(parts) == 7 {
			s.mu.Lock()
			number, _ := strconv.ParseInt(parts[5], 10, 64)
			if repo := s.findRepo(parts[2], parts[3]); repo != nil && repo.pull(number) != nil {
				p := repo.pull(number)
				p.reviews = append(p.reviews, &Review{ID: s.nextID(), pull: p, author: by, state: "PENDING", commit: p.headSHA})
			}
			s.mu.Unlock()
		}
		cut(w)
	}
}

// Hang never answers; it ends with the request or the server.
func Hang() Fault {
	return func(s *Server, _ http.ResponseWriter, r *http.Request, _ func() *httptest.ResponseRecorder) {
		select {
		case <-r.Context().Done():
		case <-s.done:
		}
	}
}

// RedirectTo sends the caller somewhere else, with the path and query kept.
func RedirectTo(root string) Fault {
	return func(_ *Server, w http.ResponseWriter, r *http.Request, _ func() *httptest.ResponseRecorder) {
		w.Header().Set("Location", root+r.URL.RequestURI())
		w.WriteHeader(http.StatusTemporaryRedirect)
	}
}

// Endless sends a JSON string that does not end before the client hangs up.
func Endless() Fault {
	return func(s *Server, w http.ResponseWriter, r *http.Request, _ func() *httptest.ResponseRecorder) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		chunk := []byte(`{"message":"` + strings.Repeat("a", 64<<10))
		for r.Context().Err() == nil {
			if _, err := w.Write(chunk); err != nil {
				break
			}
			chunk = chunk[12:]
			chunk = append(chunk, strings.Repeat("a", 12)...)
			select {
			case <-s.done:
				return
			default:
			}
		}
	}
}

// Before does something and answers as if nothing had happened: a push between
// two requests, for example.
func Before(do func()) Fault {
	return func(_ *Server, w http.ResponseWriter, _ *http.Request, answer func() *httptest.ResponseRecorder) {
		do()
		copyAnswer(w, answer())
	}
}

// After answers as ever, and does something just before the answer is sent.
func After(do func()) Fault {
	return func(_ *Server, w http.ResponseWriter, _ *http.Request, answer func() *httptest.ResponseRecorder) {
		got := answer()
		do()
		copyAnswer(w, got)
	}
}
