package githubtest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Limits that GitHub sets.
const (
	maxBody        = 65536 // characters of a comment, a review, a pull request
	maxFiles       = 3000  // files listed of a pull request
	maxCommits     = 250   // commits listed of a pull request
	maxPatchLines  = 20000 // lines of patches on one page
	maxLabels      = 100   // labels on a pull request
	maxLabelName   = 50
	maxLabelText   = 100
	maxStatusText  = 140
	maxTreeEntries = 100000
	maxRequest     = 25 << 20 // bytes of a request
)

func tooLong(body string) bool { return utf8.RuneCountInString(body) > maxBody }

// call is one request on its way through the server.
type call struct {
	s     *Server
	r     *http.Request
	body  []byte
	token *token // nil without one
	bad   bool   // the token is unknown
	user  *User
	repo  *Repo
	pull  *Pull
}

// reply is an answer: a status with what is encoded as JSON, or raw bytes.
type reply struct {
	status int
	body   any
	raw    []byte
	header http.Header
}

func ok(body any) reply      { return reply{status: http.StatusOK, body: body} }
func created(body any) reply { return reply{status: http.StatusCreated, body: body} }

var noContent = reply{status: http.StatusNoContent}

const documentation = "https://docs.github.com/rest"

func refuse(status int, message string) *reply {
	return &reply{status: status, body: map[string]any{
		"message": message, "documentation_url": documentation, "status": strconv.Itoa(status),
	}}
}

// unprocessable is the refusal of endpoints that list errors as sentences.
func unprocessable(problem string) *reply {
	r := refuse(http.StatusUnprocessableEntity, "Unprocessable Entity")
	r.body.(map[string]any)["errors"] = []string{problem}
	return r
}

// invalid is the refusal of endpoints that list errors by field.
func invalid(resource, field, problem string) *reply {
	r := refuse(http.StatusUnprocessableEntity, "Validation Failed")
	r.body.(map[string]any)["errors"] = []map[string]any{
		{"resource": resource, "field": field, "code": "custom", "message": problem},
	}
	return r
}

func notFound() reply { return *refuse(http.StatusNotFound, "Not Found") }

// route is one endpoint, by the path that GitHub's description gives it.
type route struct {
	method, pattern string
	need            need
	handle          func(*call) reply
}

// serve is the way in: log, delay, faults, and then the endpoint.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest))
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	for prefix, by := range map[string]string{"/api/v3/": "/", "/api/graphql": "/graphql"} {
		if rest, found := strings.CutPrefix(r.URL.Path, prefix); found {
			r.URL.Path = by + rest
			r.URL.RawPath = strings.Replace(r.URL.RawPath, prefix, by, 1)
		}
	}
	entry := s.log.begin(Request{Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(), Write: isWrite(r, body)})
	if s.options.Delay > 0 {
		time.Sleep(s.options.Delay)
	}
	answer := httptest.NewRecorder()
	fault := s.faults.pick(r, body)
	watched := &watchedWriter{ResponseWriter: w, begun: func(status int) { s.log.end(entry, status, name(s.caller(r)), fault != nil) }}
	defer watched.begin(0)
	if fault == nil {
		s.route(answer, r)
		copyAnswer(watched, answer)
		return
	}
	fault(s, watched, r, func() *httptest.ResponseRecorder {
		s.route(answer, r)
		return answer
	})
}

// watchedWriter tells when an answer begins, so that the log is complete before
// the client can know anything of it.
type watchedWriter struct {
	http.ResponseWriter
	begun func(status int)
	once  sync.Once
}

func (w *watchedWriter) begin(status int) { w.once.Do(func() { w.begun(status) }) }

// WriteHeader implements http.ResponseWriter.
func (w *watchedWriter) WriteHeader(status int) {
	w.begin(status)
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *watchedWriter) Write(data []byte) (int, error) {
	w.begin(http.StatusOK)
	return w.ResponseWriter.Write(data)
}

// Hijack implements http.Hijacker, for cutting the connection.
func (w *watchedWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.begin(0)
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

func copyAnswer(w http.ResponseWriter, answer *httptest.ResponseRecorder) {
	for key, values := range answer.Header() {
		w.Header()[key] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes()) // a client that went away needs no answer
}

func isWrite(r *http.Request, body []byte) bool {
	if r.URL.Path == "/graphql" {
		return mutation(body)
	}
	return r.Method != http.MethodGet && r.Method != http.MethodHead
}

func name(u *User) string {
	if u == nil {
		return ""
	}
	return u.Login
}

func (s *Server) caller(r *http.Request) *User {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tokens[bearer(r)]; t != nil {
		return t.user
	}
	return nil
}

func bearer(r *http.Request) string {
	_, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return value
}

// route answers by the endpoint, under the lock.
func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	to, found := s.router.find(r)
	if !found {
		write(w, notFound())
		return
	}
	body, _ := io.ReadAll(r.Body) // from memory: see serve
	s.mu.Lock()
	answer := s.answer(r, body, to)
	header := s.rateHeaders()
	s.mu.Unlock()
	for key, values := range header {
		w.Header()[key] = values
	}
	data := write(w, answer)
	if s.options.Check == nil {
		return
	}
	params := map[string]string{}
	for part := range strings.SplitSeq(to.pattern, "/") {
		if name := parameter(part); name != "" {
			params[name] = r.PathValue(name)
		}
	}
	s.options.Check(Exchange{
		Request: r, Pattern: to.pattern, Params: params, Status: answer.status,
		Header: w.Header(), ReqBody: body, RespBody: data,
	})
}

func (s *Server) answer(r *http.Request, body []byte, to route) reply {
	c := &call{s: s, r: r, body: body}
	if name := bearer(r); name != "" {
		c.token = s.tokens[name]
		if c.bad = c.token == nil; !c.bad {
			c.user = c.token.user
		}
	}
	if s.left <= 0 && s.options.RateLimit > 0 {
		return *refuse(http.StatusForbidden, "API rate limit exceeded for installation ID 1.")
	}
	s.left--
	if owner := r.PathValue("owner"); owner != "" {
		if c.repo = s.findRepo(owner, r.PathValue("repo")); c.repo == nil {
			return notFound()
		}
	}
	if refused := s.admits(c, to.need); refused != nil {
		return *refused
	}
	for _, name := range []string{"pull_number", "issue_number"} {
		if value := r.PathValue(name); value != "" {
			number, _ := strconv.ParseInt(value, 10, 64)
			if c.pull = c.repo.pull(number); c.pull == nil {
				return notFound()
			}
		}
	}
	return to.handle(c)
}

// write sends the answer and returns the bytes of its body.
func write(w http.ResponseWriter, answer reply) []byte {
	for key, values := range answer.header {
		w.Header()[key] = values
	}
	data := answer.raw
	if data == nil && answer.body != nil {
		var err error
		if data, err = json.Marshal(answer.body); err != nil {
			panic(fmt.Sprintf("githubtest: writing an answer: %v", err))
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	w.WriteHeader(answer.status)
	_, _ = w.Write(data)
	return data
}

func (c *call) param(name string) string { return c.r.PathValue(name) }

func (c *call) id(name string) int64 {
	id, _ := strconv.ParseInt(c.param(name), 10, 64)
	return id
}

func (c *call) query(name string) string { return c.r.URL.Query().Get(name) }

// decode reads the request's body.
func (c *call) decode(into any) *reply {
	if len(bytes.TrimSpace(c.body)) == 0 {
		return nil
	}
	if err := json.Unmarshal(c.body, into); err != nil {
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	}
	return nil
}

// pages returns where the asked page of a list starts and ends, with the links
// to the others.
func (c *call) pages(total int) (from, to int, header http.Header) {
	query := c.r.URL.Query()
	size, page := 30, 1
	if n, err := strconv.Atoi(query.Get("per_page")); err == nil && n > 0 {
		size = min(n, 100)
	}
	if n, err := strconv.Atoi(query.Get("page")); err == nil && n > 0 {
		page = n
	}
	last := max(1, (total+size-1)/size)
	var links []string
	link := func(rel string, n int) {
		q, _ := url.ParseQuery(c.r.URL.RawQuery)
		q.Set("page", strconv.Itoa(n))
		links = append(links, fmt.Sprintf("<%s%s?%s>; rel=%q", c.s.URL, c.r.URL.EscapedPath(), q.Encode(), rel))
	}
	if page > 1 {
		link("prev", min(page-1, last))
	}
	if page < last {
		link("next", page+1)
		link("last", last)
	}
	if page > 1 {
		link("first", 1)
	}
	header = http.Header{}
	if len(links) > 0 {
		header.Set("Link", strings.Join(links, ", "))
	}
	from = min((page-1)*size, total)
	return from, min(from+size, total), header
}

// list answers with a page of what render makes of the items.
func list[T any](c *call, items []T, render func(T) any) reply {
	from, to, header := c.pages(len(items))
	page := []any{}
	for _, item := range items[from:to] {
		page = append(page, render(item))
	}
	return reply{status: http.StatusOK, body: page, header: header}
}

func (s *Server) rateHeaders() http.Header {
	limit := 1000
	if s.options.RateLimit > 0 {
		limit = s.options.RateLimit
	}
	return http.Header{
		"X-Ratelimit-Limit":     {strconv.Itoa(limit)},
		"X-Ratelimit-Remaining": {strconv.Itoa(max(s.left, 0))},
		"X-Ratelimit-Used":      {strconv.Itoa(limit - max(s.left, 0))},
		"X-Ratelimit-Reset":     {strconv.FormatInt(s.now().Add(55*time.Minute).Unix(), 10)},
		"X-Ratelimit-Resource":  {"core"},
	}
}
