package artifact

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"
	"golang.org/x/sync/errgroup"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/karzoun/miniapp-review/internal/registry"
)

// Target is a registry in an OCI registry.
type Target struct {
	host, path string
	// plain speaks HTTP without encryption, with this machine only.
	plain  bool
	client *auth.Client
	sleep  func(context.Context, time.Duration) error
}

// Open returns the registry at HOST/REPOSITORY. It makes no request.
func Open(name string, o Options) (*Target, error) {
	host, path, ok := strings.Cut(name, "/")
	t := &Target{host: host, path: strings.Trim(path, "/"), plain: local(host), sleep: o.Sleep}
	if _, err := remote.NewRepository(t.host + "/" + t.path); err != nil || !ok || host == "" || strings.HasSuffix(host, ":") || strings.ContainsAny(t.path, ":@") {
		return nil, fmt.Errorf("%q is no place in an OCI registry: expected HOST/REPOSITORY in small letters, such as registry.example/acme/miniapps", name)
	}
	t.client = client(o, t.plain)
	return t, nil
}

// String implements registry.Target.
func (t *Target) String() string { return "oci:" + t.host + "/" + t.path }

// failed says what was done when an error came. Answers of the server are told
// in short, since they can be pages.
func (t *Target) failed(doing string, err error) error {
	var answer *errcode.ErrorResponse
	status := 0
	if errors.As(err, &answer) {
		status = answer.StatusCode
	} else if errors.Is(err, auth.ErrBasicCredentialNotFound) {
		status = http.StatusUnauthorized
	}
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		return fmt.Errorf("%s at %s: it answers %d: sign in with \"docker login %s\", or set MINIAPP_OCI_USERNAME and MINIAPP_OCI_PASSWORD", doing, t, status, t.host)
	}
	return fmt.Errorf("%s at %s: %w", doing, t, err)
}

// Index implements registry.Target.
func (t *Target) Index(ctx context.Context) (*registry.Index, error) {
	r, err := t.repository(t.path)
	if err != nil {
		return nil, err
	}
	x, err := t.readIndex(ctx, r)
	if errors.Is(err, fs.ErrNotExist) {
		return registry.NewIndex(), nil
	}
	return x, err
}

func (t *Target) readIndex(ctx context.Context, r repository) (*registry.Index, error) {
	_, data, err := r.manifest(ctx, indexTag)
	if err != nil {
		return nil, t.failed("reading the index", err)
	}
	layers, err := parseManifest(data, typeIndex)
	if err != nil {
		return nil, t.failed("reading the index", err)
	}
	if data, err = r.blob(ctx, registry.IndexFile, layers[registry.IndexFile], maxIndex); err != nil {
		// What is gone here is the index's content: it is no new registry.
		return nil, t.failed("reading the index", errors.New(err.Error()))
	}
	x, err := registry.ParseIndex(data)
	if err != nil {
		return nil, fmt.Errorf("the index of %s:%w; \"miniapp registry rebuild %s\" makes it again from the versions", t, err, t)
	}
	return x, nil
}

// moveTags points the tags that stand for a range with a version in it to the
// greatest one that is published: 1.4, 1 and latest. Pre-releases have none.
func (t *Target) moveTags(ctx context.Context, r repository, entry registry.Entry, version string) error {
	v := semver.MustParse(version)
	for _, tag := range []string{fmt.Sprintf("%d.%d", v.Major(), v.Minor()), fmt.Sprint(v.Major()), "latest"} {
		greatest := ""
		for _, other := range entry.Versions {
			o := semver.MustParse(other.Version)
			inside := tag == "latest" || o.Major() == v.Major() && (!strings.Contains(tag, ".") || o.Minor() == v.Minor())
			if other.State == registry.Published && o.Prerelease() == "" && inside {
				greatest = other.Version
				break
			}
		}
		if greatest == "" {
			continue // a tag that has nothing to stand for stays where it is
		}
		want, data, err := r.manifest(ctx, versionTag(greatest))
		if err != nil {
			return err
		}
		is, err := r.Resolve(ctx, tag)
		if err == nil && is.Digest == want.Digest {
			continue
		}
		if err != nil && !errors.Is(missing(err), fs.ErrNotExist) {
			return err
		}
		if err := r.push(ctx, &packed{manifest: blob{want, data}}, tag); err != nil {
			return err
		}
	}
	return nil
}

// maxIndexTries is how often the index is written when others write it too.
const maxIndexTries = 5

// writeIndex brings entries into the index, reads it back and returns it.
func (t *Target) writeIndex(ctx context.Context, changed map[string]registry.Entry) (*registry.Index, error) {
	r, err := t.repository(t.path)
	if err != nil {
		return nil, err
	}
	for range maxIndexTries {
		is, err := t.readIndex(ctx, r)
		if errors.Is(err, fs.ErrNotExist) {
			is, err = registry.NewIndex(), nil
		}
		if err != nil {
			return nil, err
		}
		merged, same := merge(is, changed)
		if same {
			return is, nil
		}
		if err := t.pushIndex(ctx, r, merged); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("the index of %s was changed by others each time that it was written: run it again", t)
}

func (t *Target) pushIndex(ctx context.Context, r repository, x *registry.Index) error {
	p, err := pack(typeIndex, map[string]string{"org.opencontainers.image.title": "index"}, layer(registry.IndexFile, typeIndex, x.Encode()))
	if err == nil {
		err = r.push(ctx, p, indexTag)
	}
	if err != nil {
		return t.failed("writing the index", err)
	}
	return nil
}

// merge brings entries into an index. Versions that only the index names stay,
// and so does a version that it knows as yanked or deleted, and the digests of
// one that it knows with another content: a published version never changes.
// same is set when the index has all of it.
func merge(is *registry.Index, changed map[string]registry.Entry) (merged *registry.Index, same bool) {
	merged = is.Clone()
	for ns, entry := range changed {
		entry.Versions = slices.Clone(entry.Versions)
		for _, v := range is.Entry(ns).Versions {
			i := slices.IndexFunc(entry.Versions, func(o registry.Version) bool { return o.Version == v.Version })
			if i < 0 {
				entry = entry.With(v)
				if entry.Shown() == v.Version {
					entry.Summary = is.Entry(ns).Summary
				}
				continue
			}
			mine := entry.Versions[i]
			switch {
			case v.State != registry.Published && mine.State == registry.Published:
				entry.Versions[i] = v
			case v.State != registry.Deleted && v.SHA256 != mine.SHA256:
				if mine.State != registry.Published {
					v.State, v.Reason = mine.State, mine.Reason
				}
				entry.Versions[i] = v
				if entry.Shown() == v.Version && is.Entry(ns).Shown() == v.Version {
					entry.Summary = is.Entry(ns).Summary
				}
			}
		}
		merged.Set(ns, entry)
	}
	return merged, string(merged.Encode()) == string(is.Encode())
}

// Read implements registry.Target.
func (t *Target) Read(ctx context.Context, ns, version string) (*registry.Stored, error) {
	if err := registry.CheckName(ns, version); err != nil {
		return nil, err
	}
	r, err := t.repository(t.path + "/" + ns)
	if err != nil {
		return nil, err
	}
	s, err := r.read(ctx, ns, version, true)
	if err != nil {
		return nil, t.failed("reading", err)
	}
	return s, nil
}

// Yank implements registry.Target.
func (t *Target) Yank(ctx context.Context, ns, version string, mark registry.Mark) error {
	s, err := t.Read(ctx, ns, version)
	if err != nil {
		return err
	}
	r, err := t.repository(t.path + "/" + ns)
	if err != nil {
		return err
	}
	if s.Yanked == nil {
		data, err := mark.Encode()
		if err != nil {
			return err
		}
		p, err := pack(typeMark, map[string]string{"org.opencontainers.image.title": ns, "org.opencontainers.image.version": version}, layer(registry.YankedFile, typeMark, data))
		if err == nil {
			err = r.push(ctx, p, markTag(version))
		}
		if err != nil {
			return t.failed("yanking "+ns+" "+version, err)
		}
	}
	stored, err := t.stored(ctx, r, ns)
	if err != nil {
		return t.failed("yanking "+ns+" "+version, err)
	}
	entry, err := registry.EntryOf(stored)
	if err != nil {
		return err
	}
	if err := t.moveTags(ctx, r, entry, version); err != nil {
		return t.failed("setting the tags of "+ns, err)
	}
	_, err = t.writeIndex(ctx, map[string]registry.Entry{ns: entry})
	return err
}

// atOnce is how many versions are read at the same time.
const atOnce = 6

// stored reads all versions of a namespace.
func (t *Target) stored(ctx context.Context, r repository, ns string) ([]registry.Stored, error) {
	tags, err := r.tags(ctx)
	if err != nil {
		return nil, err
	}
	var versions []string
	for _, tag := range tags {
		if version := versionOf(ns, tag); version != "" {
			versions = append(versions, version)
		}
	}
	out := make([]registry.Stored, len(versions))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i, version := range versions {
		g.Go(func() error {
			s, err := r.read(ctx, ns, version, slices.Contains(tags, markTag(version)))
			if err == nil {
				out[i] = *s
			}
			return err
		})
	}
	return out, g.Wait()
}
