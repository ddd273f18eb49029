package artifact

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"strings"

	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/karzoun/miniapp-review/internal/registry"
)

// namespaces returns the namespaces that have a repository. Registries that list
// no repositories know those that the index names only.
func (t *Target) namespaces(ctx context.Context) ([]string, error) {
	found := map[string]bool{}
	x, indexErr := t.Index(ctx)
	if indexErr == nil {
		for _, ns := range x.Namespaces() {
			found[ns] = true
		}
	}
	host, err := remote.NewRegistry(t.host)
	if err != nil {
		return nil, err
	}
	host.Client, host.PlainHTTP = t.client, t.plain
	err = host.Repositories(ctx, "", func(names []string) error {
		for _, name := range names {
			if ns, ok := strings.CutPrefix(name, t.path+"/"); ok && registry.CheckName(ns, "1.0.0") == nil {
				found[ns] = true
			}
		}
		return nil
	})
	var answer *errcode.ErrorResponse
	if errors.As(err, &answer) && answer.StatusCode < 500 && answer.StatusCode != http.StatusTooManyRequests && indexErr == nil {
		err = nil
	}
	if err != nil {
		return nil, t.failed("listing the repositories", err)
	}
	return sortedKeys(found), nil
}

// List implements registry.Target.
func (t *Target) List(ctx context.Context) (map[string][]string, error) {
	names, err := t.namespaces(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for _, ns := range names {
		r, err := t.repository(t.path + "/" + ns)
		if err != nil {
			return nil, err
		}
		tags, err := r.tags(ctx)
		if err != nil {
			return nil, t.failed("listing the versions of "+ns, err)
		}
		for _, tag := range tags {
			if version := versionOf(ns, tag); version != "" {
				out[ns] = append(out[ns], version)
			}
		}
	}
	return out, nil
}

// Rebuild implements registry.Target.
func (t *Target) Rebuild(ctx context.Context) (*registry.Index, error) {
	names, err := t.namespaces(ctx)
	if err != nil {
		return nil, err
	}
	made := registry.NewIndex()
	for _, ns := range names {
		r, err := t.repository(t.path + "/" + ns)
		if err != nil {
			return nil, err
		}
		versions, err := t.stored(ctx, r, ns)
		if err != nil {
			return nil, t.failed("reading the versions of "+ns, err)
		}
		entry, err := registry.EntryOf(versions)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", ns, err)
		}
		made.Set(ns, entry)
	}
	r, err := t.repository(t.path)
	if err != nil {
		return nil, err
	}
	is, err := t.readIndex(ctx, r)
	switch {
	case err == nil:
		for _, ns := range is.Namespaces() {
			for _, v := range is.Versions(ns) {
				if _, ok := made.Entry(ns).Find(v.Version); !ok {
					return nil, fmt.Errorf("the index of %s names %s %s, and its manifest is gone: bring it back first", t, ns, v.Version)
				}
			}
		}
		if string(is.Encode()) == string(made.Encode()) {
			return made, nil
		}
	case made.Len() == 0:
		return nil, fmt.Errorf("%s holds no versions to make an index of: %w", t, fs.ErrNotExist)
	}
	return made, t.pushIndex(ctx, r, made)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
