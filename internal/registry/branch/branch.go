// Package branch keeps a registry on a branch of a repository on GitHub, fit for
// GitHub Pages.
//
// What a run publishes is one commit that one update of the branch leads to, so
// that the branch always holds a whole registry, and the history of the branch
// is that of the registry. The branch is never moved backwards.
package branch

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/github"
	"github.com/karzoun/miniapp-review/internal/registry"
	"github.com/karzoun/miniapp-review/internal/registry/folder"
	"github.com/karzoun/miniapp-review/internal/source"
)

// Open returns the registry on a branch, which need not be there yet.
func Open(c *github.Client, name string) *folder.Target {
	return folder.Over("branch:"+name, store{c, name})
}

type store struct {
	client *github.Client
	branch string
}

// Tree implements folder.Store.
func (s store) Tree(ctx context.Context) (source.Tree, error) {
	return s.client.BranchTree(ctx, s.branch)
}

// Write implements folder.Store.
func (s store) Write(ctx context.Context, change func(source.Tree) (map[string][]byte, error)) error {
	_, err := s.client.WriteBranch(ctx, s.branch, func(tree source.Tree) (github.BranchChange, error) {
		if err := ctx.Err(); err != nil {
			return github.BranchChange{}, err
		}
		files, err := change(tree)
		for name, data := range files {
			if data == nil {
				files[name] = []byte{} // an empty file, which nil would take away
			}
		}
		return github.BranchChange{Files: files, Message: message(files)}, err
	})
	return err
}

// message says what a change brings, for the history of the branch.
func message(files map[string][]byte) string {
	const most = 5
	var published, yanked []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		dir, file := path.Split(name)
		version := strings.ReplaceAll(strings.TrimSuffix(dir, "/"), "/", " ")
		switch {
		case strings.Count(name, "/") != 2:
		case file == registry.DefinitionFile:
			published = append(published, version)
		case file == registry.YankedFile:
			yanked = append(yanked, version)
		}
	}
	say := func(verb string, list []string) string {
		if len(list) > most {
			return fmt.Sprintf("%s %s and %d more versions", verb, strings.Join(list[:most], ", "), len(list)-most)
		}
		return verb + " " + strings.Join(list, ", ")
	}
	switch {
	case len(published) > 0:
		return say("Publish", published)
	case len(yanked) > 0:
		return say("Yank", yanked)
	}
	return "Write the index and the pages"
}
