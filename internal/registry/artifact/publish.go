package artifact

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/karzoun/miniapp-review/internal/registry"
)

// settleTime is how long is waited, once in a run, before the tags of added
// versions are read again. Two publishers who set one within it end with the
// same winner.
const settleTime = 2 * time.Second

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
	p := &publisher{t: t, batch: batch, results: results}
	for _, ns := range sortedKeys(groups) {
		if err = p.add(ctx, ns, index.Entry(ns), groups[ns]); err != nil {
			break
		}
	}
	// What has its tag is brought to its end, also when the run is over.
	return results, errors.Join(err, p.finish(context.WithoutCancel(ctx)))
}

var errNotTried = errors.New("not tried, since the run ended before")

// publisher is one call of Publish.
type publisher struct {
	t       *Target
	batch   []*registry.Release
	results []registry.Result
	groups  []*group
}

// group is what happens to one namespace.
type group struct {
	ns    string
	r     repository
	entry registry.Entry
	// tagged are the releases that have their tag and are not in the index yet,
	// by their place in the batch; pushed has the digests of the manifests of
	// those that were not there before.
	tagged []int
	pushed map[int]digest.Digest
}

// add sets the tags of the releases of one namespace that can be added. The
// error is one that ends the run; what is wrong with a release goes into its
// result.
func (p *publisher) add(ctx context.Context, ns string, entry registry.Entry, places []int) error {
	r, err := p.t.repository(p.t.path + "/" + ns)
	if err != nil {
		return err
	}
	g := &group{ns: ns, r: r, entry: entry, pushed: map[int]digest.Digest{}}
	if err := g.adopt(ctx); err != nil {
		return p.t.failed("looking at what is there of "+ns, err)
	}
	p.groups = append(p.groups, g)
	for _, i := range places {
		rel := p.batch[i]
		present, err := g.entry.Admit(rel.Version, rel.SHA256())
		p.results[i].Err = err
		if err != nil {
			continue
		}
		if _, indexed := entry.Find(rel.Version); present && indexed {
			continue
		}
		if !present {
			pushed, err := g.push(ctx, rel)
			if errors.Is(err, registry.ErrConflict) {
				p.results[i].Err = err
				continue
			}
			if err != nil {
				err = p.t.failed("publishing "+ns+" "+rel.Version, err)
				p.results[i].Err = err
				return err
			}
			if pushed != "" {
				g.pushed[i] = pushed
			}
		}
		g.tagged = append(g.tagged, i)
	}
	return nil
}

// push sets the tag of a release, unless it is set by now, and reads it back. It
// returns the digest of the manifest that it pushed, or "".
func (g *group) push(ctx context.Context, rel *registry.Release) (digest.Digest, error) {
	made, err := packRelease(rel)
	if err != nil {
		return "", err
	}
	if err := g.r.pushBlobs(ctx, made); err != nil {
		return "", err
	}
	_, err = g.r.Resolve(ctx, versionTag(rel.Version))
	if err == nil {
		_, err = g.check(ctx, rel, "")
		return "", err
	}
	if err = missing(err); !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if err := g.r.pushManifest(ctx, made, versionTag(rel.Version)); err != nil {
		return "", err
	}
	own, err := g.check(ctx, rel, made.manifest.desc.Digest)
	if err != nil || !own {
		return "", err
	}
	return made.manifest.desc.Digest, g.take(registry.Stored{Release: rel, Version: rel.Version})
}

// check reads the tag of a release. own is set when it holds the manifest that
// was pushed. Otherwise the entry takes what it holds, and the error wraps
// registry.ErrConflict when that is another content.
func (g *group) check(ctx context.Context, rel *registry.Release, pushed digest.Digest) (own bool, err error) {
	is, err := g.r.Resolve(ctx, versionTag(rel.Version))
	if err != nil {
		return false, err
	}
	if is.Digest == pushed {
		return true, nil
	}
	s, err := g.r.read(ctx, g.ns, rel.Version, false)
	if err != nil {
		return false, err
	}
	if err := g.take(*s); err != nil {
		return false, err
	}
	_, err = g.entry.Admit(rel.Version, rel.SHA256())
	return false, err
}

// take brings a version into the entry, in place of what it said of it.
func (g *group) take(s registry.Stored) error {
	one, err := registry.EntryOf([]registry.Stored{s})
	if err != nil {
		return err
	}
	g.entry.Versions = slices.DeleteFunc(slices.Clone(g.entry.Versions), func(v registry.Version) bool { return v.Version == s.Version })
	g.entry = g.entry.With(one.Versions[0])
	if g.entry.Shown() == s.Version {
		g.entry.Summary = one.Summary
	}
	return nil
}

// adopt takes in what is stored and not named by the index, as after a run that
// was cut off.
func (g *group) adopt(ctx context.Context) error {
	tags, err := g.r.tags(ctx)
	if err != nil {
		return err
	}
	for _, tag := range tags {
		version := versionOf(g.ns, tag)
		if _, ok := g.entry.Find(version); ok || version == "" {
			continue
		}
		s, err := g.r.read(ctx, g.ns, version, slices.Contains(tags, markTag(version)))
		if err != nil {
			return err
		}
		if err := g.take(*s); err != nil {
			return err
		}
	}
	return nil
}

// finish looks whether the tags stayed what was pushed, moves those that stand
// for ranges, and writes the index.
func (p *publisher) finish(ctx context.Context) error {
	if p.t.sleep != nil && slices.ContainsFunc(p.groups, func(g *group) bool { return len(g.pushed) > 0 }) {
		if err := p.t.sleep(ctx, settleTime); err != nil {
			return err
		}
	}
	var all error
	changed := map[string]registry.Entry{}
	for _, g := range p.groups {
		if err := p.settle(ctx, g, changed); err != nil {
			all = errors.Join(all, err)
		}
	}
	if len(changed) == 0 {
		return all
	}
	index, err := p.t.writeIndex(ctx, changed)
	for i := range p.results {
		r := &p.results[i]
		if r.Err != nil {
			continue
		}
		if r.Err = err; err == nil && r.Added {
			r.Err = replaced(index.Entry(r.NS), r.Version, p.batch[i].SHA256())
		}
		r.Added = r.Added && !errors.Is(r.Err, registry.ErrConflict)
	}
	return errors.Join(all, err)
}

// replaced is the error of a release whose version came into the index with
// another content, though the tag held this one.
func replaced(entry registry.Entry, version, own string) error {
	v, ok := entry.Find(version)
	if !ok || v.State == registry.Deleted || v.SHA256 == own {
		return nil
	}
	return fmt.Errorf("version %s is %w: another publisher brought it into the index with the SHA-256 %s at the same time, and its tag may hold the one that was refused here, %s; check with \"miniapp registry verify\", and raise the version",
		version, registry.ErrConflict, v.SHA256, own)
}

// settle ends the releases of a group that have their tag.
func (p *publisher) settle(ctx context.Context, g *group, changed map[string]registry.Entry) error {
	for n, i := range g.tagged {
		rel, result := p.batch[i], &p.results[i]
		var err error
		own := true
		if pushed, ok := g.pushed[i]; ok {
			own, err = g.check(ctx, rel, pushed)
		}
		if errors.Is(err, registry.ErrConflict) {
			result.Err = err
			continue
		}
		if err == nil {
			err = p.t.moveTags(ctx, g.r, g.entry, rel.Version)
		}
		if err != nil {
			err = p.t.failed("publishing "+g.ns+" "+rel.Version, err)
			for _, rest := range g.tagged[n:] {
				p.results[rest].Err = err
			}
			return err
		}
		result.Added = own
		changed[g.ns] = g.entry
	}
	return nil
}
