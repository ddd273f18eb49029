// Package endpoint speaks the HTTP contract between a publisher and a platform's
// registration endpoint: a client that is a registry.Target, and a server that
// keeps another target. docs/registry-http.md describes the contract.
package endpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/registry"
)

// Limits of bodies, in bytes.
const (
	// maxRelease is the largest release: four files, and what JSON escapes.
	maxRelease = 8 * registry.MaxFileBytes
	maxIndex   = 64 << 20
	maxAnswer  = 64 << 10
)

// release is the body of a PUT. Parts that are canonical JSON are in it as they
// are, so that their digests can be taken of what stands there.
type release struct {
	Definition json.RawMessage `json:"definition"`
	Listing    json.RawMessage `json:"listing"`
	Changelog  string          `json:"changelog"`
	Provenance json.RawMessage `json:"provenance"`
}

// encodeRelease writes the body of a PUT. Equal releases give equal bytes.
func encodeRelease(r *registry.Release) ([]byte, error) {
	if len(r.Provenance) == 0 {
		return nil, fmt.Errorf("%s %s has no provenance record", r.NS, r.Version)
	}
	var out bytes.Buffer
	changelog := jsondoc.Quote(string(r.Changelog))
	for _, part := range []string{`{"changelog":`, changelog, `,"definition":`, string(r.Definition), `,"listing":`, string(r.Listing), `,"provenance":`, string(r.Provenance), `}`} {
		out.WriteString(part)
	}
	return out.Bytes(), nil
}

// decodeRelease reads the body of a PUT, and checks that its parts belong
// together.
func decodeRelease(body []byte) (*registry.Release, error) {
	var in release
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return nil, fmt.Errorf("reading the release: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("reading the release: there is more after its end")
	}
	if in.Definition == nil || in.Listing == nil || in.Provenance == nil {
		return nil, errors.New("the release needs definition, listing, changelog and provenance")
	}
	r, err := registry.ParseRelease(map[string][]byte{
		registry.DefinitionFile: in.Definition, registry.ListingFile: in.Listing,
		registry.ChangelogFile: []byte(in.Changelog), registry.ProvenanceFile: in.Provenance,
	})
	if err != nil {
		return nil, err
	}
	for name, part := range map[string][]byte{registry.DefinitionFile: in.Definition, registry.ListingFile: in.Listing, registry.ProvenanceFile: in.Provenance} {
		if canonical, err := registry.Canonical(part); err != nil || !bytes.Equal(canonical, part) {
			return nil, fmt.Errorf("%s is not in the canonical form of RFC 8785", name)
		}
	}
	return r, nil
}

// contentDigest is the Content-Digest header (RFC 9530) of a body.
func contentDigest(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

// answer is the body of an answer to a PUT or to a yank, and of every error.
type answer struct {
	NS      string `json:"ns,omitempty"`
	Version string `json:"version,omitempty"`
	// SHA256 is the digest of the definition that the registry holds.
	SHA256 string `json:"sha256,omitempty"`
	// Code says what kind of error it is, Error says it to people.
	Code  string `json:"code,omitempty"`
	Error string `json:"error,omitempty"`
}

// The codes of errors.
const (
	codeConflict = "conflict"
	codeOlder    = "older"
	codeGone     = "gone"
	codeMissing  = "missing"
	codeInvalid  = "invalid"
	codeToken    = "token"
	codeFailed   = "failed"
)

// say writes an answer.
func say(w http.ResponseWriter, status int, a answer) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	data, err := json.Marshal(a)
	if err != nil {
		return // an answer is texts only
	}
	_, _ = w.Write(append(data, '\n'))
}

// versionPath is the path of a version below the base.
func versionPath(ns, version string) string {
	return "miniapps/" + url.PathEscape(ns) + "/versions/" + url.PathEscape(version)
}

// bearer returns the token of an Authorization header.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
