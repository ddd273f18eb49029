package artifact

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"
	"oras.land/oras-go/v2/registry/remote/retry"

	"github.com/karzoun/miniapp-review/internal/registry"
)

// Options are what a target needs beside its name.
type Options struct {
	// Credential returns what to sign in with, by host.
	Credential auth.CredentialFunc
	// Transport makes requests; nil takes one of its own with limits on time.
	Transport http.RoundTripper
	// Timeout bounds one request with its repetitions in time; zero means two
	// minutes.
	Timeout time.Duration
	// MinWait and MaxWait are how long is waited at least and at most before a request is
	// repeated, when the server does not say; zero takes the usual times.
	MinWait, MaxWait time.Duration
	// Sleep waits before the tags of added versions are read a second time, see
	// the package; nil reads them at once.
	Sleep func(context.Context, time.Duration) error
}

const (
	maxRetries  = 4
	maxIndex    = 64 << 20
	maxManifest = 1 << 20
	maxPages    = 1000
)

// client makes the requests of all repositories of a target, and shares what
// was signed in.
func client(o Options, plain bool) *auth.Client {
	if o.Transport == nil {
		o.Transport = &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: 15 * time.Second}).DialContext,
			TLSHandshakeTimeout: 15 * time.Second, ResponseHeaderTimeout: time.Minute, MaxIdleConnsPerHost: 8, ForceAttemptHTTP2: true,
		}
	}
	if o.MaxWait == 0 {
		o.MinWait, o.MaxWait = 500*time.Millisecond, 8*time.Second
	}
	if o.Timeout == 0 {
		o.Timeout = 2 * time.Minute
	}
	again := retry.NewTransport(o.Transport)
	again.Policy = func() retry.Policy {
		return &retry.GenericPolicy{Retryable: retry.DefaultPredicate, Backoff: retry.DefaultBackoff, MinWait: o.MinWait, MaxWait: o.MaxWait, MaxRetry: maxRetries}
	}
	c := &auth.Client{Client: &http.Client{Transport: again, Timeout: o.Timeout}, Credential: o.Credential, Cache: auth.NewCache()}
	c.SetUserAgent("miniapp")
	if plain {
		c.BlockedRealmPrefixes = []netip.Prefix{} // a registry on this machine signs in on this machine
	}
	return c
}

// repository is one repository of the OCI registry.
type repository struct{ *remote.Repository }

func (t *Target) repository(path string) (repository, error) {
	r, err := remote.NewRepository(t.host + "/" + path)
	if err != nil {
		return repository{}, err
	}
	r.Client, r.PlainHTTP, r.TagListMaxPages = t.client, t.plain, maxPages
	r.ManifestMediaTypes = []string{ocispec.MediaTypeImageManifest}
	return repository{r}, nil
}

// missing makes an error of the library for what does not exist recognisable.
func missing(err error) error {
	var answer *errcode.ErrorResponse
	if errors.Is(err, errdef.ErrNotFound) || errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound {
		return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return err
}

// manifest reads the manifest at a tag; an error that wraps fs.ErrNotExist when
// there is none.
func (r repository) manifest(ctx context.Context, tag string) (ocispec.Descriptor, []byte, error) {
	desc, body, err := r.Manifests().FetchReference(ctx, tag)
	if err != nil {
		return desc, nil, missing(err)
	}
	defer body.Close()
	if desc.Size > maxManifest {
		return desc, nil, fmt.Errorf("the manifest has %d bytes, more than %d", desc.Size, maxManifest)
	}
	data, err := content.ReadAll(io.LimitReader(body, desc.Size+1), desc)
	if err != nil {
		return desc, nil, fmt.Errorf("reading the manifest %s: %w", tag, err)
	}
	return desc, data, nil
}

// blob reads a layer, and checks its digest.
func (r repository) blob(ctx context.Context, name string, desc ocispec.Descriptor, limit int64) ([]byte, error) {
	if desc.Size > limit {
		return nil, fmt.Errorf("%s has %d bytes, more than %d", name, desc.Size, limit)
	}
	data, err := content.FetchAll(ctx, r.Blobs(), desc)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, missing(err))
	}
	return data, nil
}

// push uploads an artifact, blobs first, and then sets its tag.
func (r repository) push(ctx context.Context, p *packed, tag string) error {
	if err := r.pushBlobs(ctx, p); err != nil {
		return err
	}
	return r.pushManifest(ctx, p, tag)
}

func (r repository) pushBlobs(ctx context.Context, p *packed) error {
	for _, b := range p.blobs {
		there, err := r.Blobs().Exists(ctx, b.desc)
		if err != nil {
			return err
		}
		if there {
			continue
		}
		if err := r.Blobs().Push(ctx, b.desc, bytes.NewReader(b.data)); err != nil && !errors.Is(err, errdef.ErrAlreadyExists) {
			return err
		}
	}
	return nil
}

func (r repository) pushManifest(ctx context.Context, p *packed, tag string) error {
	return r.Manifests().PushReference(ctx, p.manifest.desc, bytes.NewReader(p.manifest.data), tag)
}

// tags lists the tags; none, when the repository is not there yet.
func (r repository) tags(ctx context.Context) ([]string, error) {
	var out []string
	err := r.Tags(ctx, "", func(tags []string) error {
		out = append(out, tags...)
		return nil
	})
	if err = missing(err); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return out, err
}

// read reads a version with its mark.
func (r repository) read(ctx context.Context, ns, version string, marked bool) (*registry.Stored, error) {
	s := &registry.Stored{Version: version}
	_, data, err := r.manifest(ctx, versionTag(version))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", ns, version, err)
	}
	files := map[string][]byte{}
	if err := r.files(ctx, data, typeRelease, files); err != nil {
		return nil, fmt.Errorf("%s %s: %w", ns, version, err)
	}
	if marked {
		_, data, err := r.manifest(ctx, markTag(version))
		if err == nil {
			err = r.files(ctx, data, typeMark, files)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("the mark of %s %s: %w", ns, version, err)
		}
	}
	if err := s.Fill(ns, files); err != nil {
		return nil, err
	}
	return s, nil
}

// files reads the layers of an artifact that are files of a version.
func (r repository) files(ctx context.Context, manifest []byte, artifactType string, into map[string][]byte) error {
	layers, err := parseManifest(manifest, artifactType)
	if err != nil {
		return err
	}
	for _, name := range registry.VersionFiles() {
		desc, ok := layers[name]
		if !ok {
			continue
		}
		data, err := r.blob(ctx, name, desc, registry.MaxFileBytes)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is gone, though its manifest is there", name)
		}
		if err != nil {
			return err
		}
		into[name] = data
	}
	return nil
}

// local reports whether a host, with or without a port, is this machine.
func local(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
