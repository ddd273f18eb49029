package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/config"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/registry"
	"github.com/karzoun/miniapp-review/internal/registry/branch"
)

// heldOnBranches returns which versions the registries hold that are branches of
// the repository itself. Others are not asked: they can need credentials, which
// a run for somebody's pull request should not have. It is nil when none is
// configured; a registry that cannot be read is an error, since a version that
// it holds would otherwise look free.
func (a *actionRun) heldOnBranches(ctx context.Context, conf *config.Config) (func(ns string) []pull.Held, error) {
	var indexes []*registry.Index
	for _, to := range conf.Publish.To {
		name, ok := strings.CutPrefix(to.Target, "branch:")
		if !ok {
			continue
		}
		index, err := branch.Open(a.client, name).Index(ctx)
		if err != nil {
			return nil, err
		}
		indexes = append(indexes, index)
	}
	if len(indexes) == 0 {
		return nil, nil
	}
	return func(ns string) []pull.Held {
		var list []pull.Held
		for _, index := range indexes {
			for _, v := range index.Entry(ns).Versions {
				if !slices.ContainsFunc(list, func(h pull.Held) bool { return h.Version == v.Version }) {
					list = append(list, pull.Held{Version: v.Version, State: string(v.State)})
				}
			}
		}
		return list
	}, nil
}

// heldAt is heldOnBranches by the configuration that a snapshot has.
func (a *actionRun) heldAt(ctx context.Context, s *pull.Snapshot) (func(ns string) []pull.Held, error) {
	conf, err := configuration(s.Source(s.BaseTree))
	if err != nil {
		return nil, nil // the review says that the configuration is wrong
	}
	return a.heldOnBranches(ctx, conf)
}
