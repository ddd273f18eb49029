package artifact

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"

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
}

// Open returns the registry at HOST/REPOSITORY. It makes no request.
func Open(name string, o Options) (*Target, error) {
	host, path, ok := strings.Cut(name, "/")
	t := &Target{host: host, path: strings.Trim(path, "/"), plain: local(host)}
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

// Publish implements registry.Target.
func (t *Target) Publish(ctx context.Context, batch []*registry.Release) ([]registry.Result, error) {
	results := make([]registry.Result, len(batch))
	groups := map[string][]int{}
	for i, r := range batch {
		results[i] = registry.Result{NS: r.NS, Version: r.Version, Err: errNotTried}
		groups[r.NS] = append(groups[r.NS], i)
	}
	if len(batch) == 0 {
		return results, nil
	}
	index, err := t.Index(ctx)
	if err != nil {
		return results, err
	}
	changed := map[string]registry.Entry{}
	for _, ns := range sortedKeys(groups) {
		if err = t.publish(ctx, index.Entry(ns), batch, groups[ns], results, changed); err != nil {
			break
		}
	}
	if len(changed) > 0 {
		if indexErr := t.writeIndex(context.WithoutCancel(ctx), changed); indexErr != nil {
			for i := range results {
				if results[i].Err == nil {
					results[i].Err = indexErr
				}
			}
			err = errors.Join(err, indexErr)
		}
	}
	return results, err
}

var errNotTried = errors.New("not tried, since the run ended before")

// publish adds the releases of one namespace. The error is one that ends the
// run; what is wrong with a namespace goes into its results.
func (t *Target) publish(ctx context.Context, entry registry.Entry, batch []*registry.Release, group []int, results []registry.Result, changed map[string]registry.Entry) error {
	ns := batch[group[0]].NS
	r, err := t.repository(t.path + "/" + ns)
	if err != nil {
		return err
	}
	known := entry
	entry, err = t.adopt(ctx, r, ns, entry)
	if err != nil {
		return t.failed("looking at what is there of "+ns, err)
	}
	for _, i := range group {
		rel := batch[i]
		present, err := entry.Admit(rel.Version, rel.SHA256())
		results[i].Err = err
		if err != nil {
			continue
		}
		if _, indexed := known.Find(rel.Version); present && indexed {
			continue
		}
		if !present {
			one, err := registry.EntryOf([]registry.Stored{{Release: rel, Version: rel.Version}})
			if err != nil {
				results[i].Err = err
				continue
			}
			p, err := packRelease(rel)
			if err == nil {
				err = r.push(ctx, p, versionTag(rel.Version))
			}
			if err != nil {
				err = t.failed("publishing "+ns+" "+rel.Version, err)
				results[i].Err = err
				return err
			}
			entry = entry.With(one.Versions[0])
			if entry.Shown() == rel.Version {
				entry.Summary = one.Summary
			}
		}
		if err := t.moveTags(ctx, r, entry, rel.Version); err != nil {
			err = t.failed("setting the tags of "+ns+" "+rel.Version, err)
			results[i].Err = err
			return err
		}
		results[i].Added = true
		changed[ns] = entry
	}
	return nil
}

// adopt takes in what is stored and not named by the index, as after a run that
// was cut off.
func (t *Target) adopt(ctx context.Context, r repository, ns string, entry registry.Entry) (registry.Entry, error) {
	tags, err := r.tags(ctx)
	if err != nil {
		return entry, err
	}
	for _, tag := range tags {
		version := versionOf(ns, tag)
		if _, ok := entry.Find(version); ok || version == "" {
			continue
		}
		s, err := r.read(ctx, ns, version, slices.Contains(tags, markTag(version)))
		if err != nil {
			return entry, err
		}
		one, err := registry.EntryOf([]registry.Stored{*s})
		if err != nil {
			return entry, err
		}
		entry = entry.With(one.Versions[0])
		if entry.Shown() == version {
			entry.Summary = one.Summary
		}
	}
	return entry, nil
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

// writeIndex brings entries into the index, and reads it back.
func (t *Target) writeIndex(ctx context.Context, changed map[string]registry.Entry) error {
	r, err := t.repository(t.path)
	if err != nil {
		return err
	}
	for range maxIndexTries {
		is, err := t.readIndex(ctx, r)
		if errors.Is(err, fs.ErrNotExist) {
			is, err = registry.NewIndex(), nil
		}
		if err != nil {
			return err
		}
		merged, same := merge(is, changed)
		if same {
			return nil
		}
		if err := t.pushIndex(ctx, r, merged); err != nil {
			return err
		}
	}
	return fmt.Errorf("the index of %s was changed by others each time that it was written: run it again", t)
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
// and so does a version that it knows as yanked or deleted. same is set when the
// index has all of it.
func merge(is *registry.Index, changed map[string]registry.Entry) (merged *registry.Index, same bool) {
	merged = is.Clone()
	for ns, entry := range changed {
		for _, v := range is.Entry(ns).Versions {
			mine, ok := entry.Find(v.Version)
			if !ok {
				entry = entry.With(v)
				if entry.Shown() == v.Version {
					entry.Summary = is.Entry(ns).Summary
				}
			} else if v.State != registry.Published && mine.State == registry.Published {
				entry.Versions = slices.Clone(entry.Versions)
				entry.Versions[slices.IndexFunc(entry.Versions, func(o registry.Version) bool { return o.Version == v.Version })] = v
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
	return t.writeIndex(ctx, map[string]registry.Entry{ns: entry})
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
