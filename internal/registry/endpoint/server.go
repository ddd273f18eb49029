package endpoint

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/karzoun/miniapp-review/internal/registry"
)

// Server is the contract's side of a platform, on top of another target.
type Server struct {
	// Target keeps the versions.
	Target registry.Target
	// Files are the files of the target, in the layout of a static registry.
	Files fs.FS
	// Tokens are those with which one may write; without any, nobody may.
	Tokens []string
	// Private needs a token for reading too.
	Private bool
	// Log is told of every request, and of what failed, in one line; nil drops it.
	Log func(line string)
}

// Limits of the server's connections.
const (
	headerTimeout = 10 * time.Second
	bodyTimeout   = time.Minute
	idleTimeout   = 2 * time.Minute
	maxHeader     = 16 << 10
)

// HTTPServer returns a server with limits on time and size.
func (s *Server) HTTPServer() *http.Server {
	return &http.Server{Handler: s.Handler(), ReadHeaderTimeout: headerTimeout, ReadTimeout: bodyTimeout, WriteTimeout: 2 * bodyTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader}
}

// Handler returns the handler of all requests.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /miniapps/{ns}/versions/{version}", s.writing(s.put))
	mux.HandleFunc("PUT /miniapps/{ns}/versions/{version}/yank", s.writing(s.yank))
	mux.HandleFunc("GET /miniapps/{ns}/versions/{version}", s.reading(s.get))
	mux.HandleFunc("GET /{$}", s.reading(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, "index.html") }))
	mux.HandleFunc("GET /{name}", s.reading(func(w http.ResponseWriter, r *http.Request) { s.file(w, r, r.PathValue("name")) }))
	mux.HandleFunc("GET /{ns}/{name}", s.reading(func(w http.ResponseWriter, r *http.Request) {
		s.file(w, r, path.Join(r.PathValue("ns"), r.PathValue("name")))
	}))
	mux.HandleFunc("GET /{ns}/{version}/{name}", s.reading(func(w http.ResponseWriter, r *http.Request) {
		s.file(w, r, path.Join(r.PathValue("ns"), r.PathValue("version"), r.PathValue("name")))
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		mux.ServeHTTP(w, r)
		s.log("%s %q", r.Method, r.URL.EscapedPath())
	})
}

func (s *Server) log(format string, args ...any) {
	if s.Log != nil {
		s.Log(fmt.Sprintf(format, args...))
	}
}

// allowed reports whether a request carries one of the tokens. The time it takes
// tells nothing of them.
func (s *Server) allowed(r *http.Request) bool {
	got := sha256.Sum256([]byte(bearer(r)))
	found := 0
	for _, t := range s.Tokens {
		want := sha256.Sum256([]byte(t))
		found |= subtle.ConstantTimeCompare(got[:], want[:])
	}
	return found == 1 && bearer(r) != ""
}

func unauthorized(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="miniapp registry"`)
	say(w, http.StatusUnauthorized, answer{Code: codeToken, Error: "send a token of this registry as \"Authorization: Bearer TOKEN\""})
}

// reading lets through what may read.
func (s *Server) reading(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.Private && !s.allowed(r) {
			unauthorized(w)
			return
		}
		next(w, r)
	}
}

// writing lets through what may write, with a body that is whole.
func (s *Server) writing(next func(w http.ResponseWriter, r *http.Request, ns, version string, body []byte)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.allowed(r) {
			unauthorized(w)
			return
		}
		ns, version := r.PathValue("ns"), r.PathValue("version")
		if err := registry.CheckName(ns, version); err != nil {
			say(w, http.StatusBadRequest, answer{Code: codeInvalid, Error: err.Error()})
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRelease))
		var large *http.MaxBytesError
		switch {
		case errors.As(err, &large):
			say(w, http.StatusRequestEntityTooLarge, answer{Code: codeInvalid, Error: fmt.Sprintf("the body has more than %d bytes", large.Limit)})
			return
		case err != nil:
			say(w, http.StatusBadRequest, answer{Code: codeInvalid, Error: "the body did not come in full"})
			return
		case r.Header.Get("Content-Digest") != contentDigest(body):
			say(w, http.StatusBadRequest, answer{Code: codeInvalid, Error: "the body is not what Content-Digest says: send sha-256=:BASE64: of exactly these bytes"})
			return
		}
		next(w, r, ns, version, body)
	}
}

func (s *Server) put(w http.ResponseWriter, r *http.Request, ns, version string, body []byte) {
	rel, err := decodeRelease(body)
	if err == nil && (rel.NS != ns || rel.Version != version) {
		err = fmt.Errorf("the release is %s %s, and the address is of %s %s", rel.NS, rel.Version, ns, version)
	}
	if err != nil {
		say(w, http.StatusUnprocessableEntity, answer{Code: codeInvalid, Error: err.Error()})
		return
	}
	// A publisher who gives up does not leave half of a version: the target
	// survives that, but the next one would have to wait for it.
	ctx := context.WithoutCancel(r.Context())
	results, err := s.Target.Publish(ctx, []*registry.Release{rel})
	if err != nil || len(results) != 1 {
		s.fail(w, "publishing "+ns+" "+version, err)
		return
	}
	a := answer{NS: ns, Version: version, SHA256: rel.SHA256()}
	switch err := results[0].Err; {
	case err == nil && results[0].Added:
		say(w, http.StatusCreated, a)
	case err == nil:
		say(w, http.StatusOK, a)
	case errors.Is(err, registry.ErrConflict), errors.Is(err, registry.ErrOlder), errors.Is(err, registry.ErrGone):
		s.refuse(ctx, w, a, err)
	default:
		s.fail(w, "publishing "+ns+" "+version, err)
	}
}

// refuse answers that a version cannot be added, with the digest that is held.
func (s *Server) refuse(ctx context.Context, w http.ResponseWriter, a answer, err error) {
	a.SHA256, a.Error = "", err.Error()
	if x, err := s.Target.Index(ctx); err == nil {
		v, _ := x.Entry(a.NS).Find(a.Version)
		a.SHA256 = v.SHA256
	}
	switch {
	case errors.Is(err, registry.ErrOlder):
		a.Code = codeOlder
		say(w, http.StatusConflict, a)
	case errors.Is(err, registry.ErrGone):
		a.Code = codeGone
		say(w, http.StatusGone, a)
	default:
		a.Code = codeConflict
		say(w, http.StatusConflict, a)
	}
}

func (s *Server) yank(w http.ResponseWriter, r *http.Request, ns, version string, body []byte) {
	mark, err := registry.ParseMark("the mark", body)
	if err == nil {
		err = mark.Check()
	}
	if err != nil {
		say(w, http.StatusUnprocessableEntity, answer{Code: codeInvalid, Error: err.Error()})
		return
	}
	err = s.Target.Yank(context.WithoutCancel(r.Context()), ns, version, *mark)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		say(w, http.StatusNotFound, answer{NS: ns, Version: version, Code: codeMissing, Error: "there is no such version"})
	case err != nil:
		s.fail(w, "yanking "+ns+" "+version, err)
	default:
		say(w, http.StatusOK, answer{NS: ns, Version: version})
	}
}

// get says what the registry holds of a version.
func (s *Server) get(w http.ResponseWriter, r *http.Request) {
	ns, version := r.PathValue("ns"), r.PathValue("version")
	x, err := s.Target.Index(r.Context())
	if err != nil {
		s.fail(w, "reading the index", err)
		return
	}
	v, ok := x.Entry(ns).Find(version)
	if !ok {
		say(w, http.StatusNotFound, answer{Code: codeMissing, Error: "there is no such version"})
		return
	}
	say(w, http.StatusOK, answer{NS: ns, Version: version, SHA256: v.SHA256})
}

// fail answers that something here is wrong. What it is stands in the log, since
// it may name places that are nobody's business.
func (s *Server) fail(w http.ResponseWriter, doing string, err error) {
	s.log("%s: %v", doing, err)
	say(w, http.StatusInternalServerError, answer{Code: codeFailed, Error: doing + " failed; the server's log says why"})
}

// file serves a file of the layout, and nothing else that lies in the folder.
func (s *Server) file(w http.ResponseWriter, r *http.Request, name string) {
	parts := strings.Split(name, "/")
	known := false
	switch len(parts) {
	case 1:
		known = name == registry.IndexFile || name == "index.html"
	case 2:
		known = parts[1] == "index.html" && registry.CheckName(parts[0], "1.0.0") == nil
	case 3:
		known = registry.CheckName(parts[0], parts[1]) == nil && slices.Contains(registry.VersionFiles(), parts[2])
	}
	if !known {
		say(w, http.StatusNotFound, answer{Code: codeMissing, Error: "there is no such file"})
		return
	}
	s.serve(w, r, name)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, name string) {
	data, err := fs.ReadFile(s.Files, name)
	if errors.Is(err, fs.ErrNotExist) && name == registry.IndexFile {
		// A registry that holds nothing yet has an index all the same.
		data, err = registry.NewIndex().Encode(), nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		say(w, http.StatusNotFound, answer{Code: codeMissing, Error: "there is no such file"})
		return
	}
	if err != nil {
		s.fail(w, "reading "+name, err)
		return
	}
	kind := "application/json"
	switch path.Ext(name) {
	case ".html":
		kind = "text/html; charset=utf-8"
	case ".md":
		kind = "text/markdown; charset=utf-8"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("ETag", `"`+registry.Digest(data)+`"`)
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
}
