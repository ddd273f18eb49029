package github

import (
	"context"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// maxEarlier is how many commits are read to find out what was approved. The
// latest approvals come first.
const maxEarlier = 5

// approvedCommits returns the commits beside the head that approvals were given
// to, those of the latest approvals first.
func approvedCommits(s *pull.Snapshot) []string {
	var list []string
	for _, v := range slices.Backward(s.Reviews) {
		if v.State == pull.Approved && v.CommitID != s.Head.SHA && isObjectID(v.CommitID) && !slices.Contains(list, v.CommitID) {
			if list = append(list, v.CommitID); len(list) == maxEarlier {
				break
			}
		}
	}
	return list
}

// earlier notes the content of the submitted namespaces at earlier commits. A
// commit whose folder is nil, or cannot be read, is left out.
func (c *Client) earlier(ctx context.Context, s *pull.Snapshot, commits []string, roots []*folder) {
	namespaces := submitted(s.Changes)
	for i, sha := range commits {
		if roots[i] == nil {
			continue
		}
		part, err := c.trees().part(ctx, roots[i], namespaces, &wanted{sizes: map[string]int64{}, unread: map[string]string{}})
		if err != nil {
			continue
		}
		if s.Contents == nil {
			s.Contents = map[string]string{}
		}
		s.Contents[sha] = pull.Digest(part.Files, namespaces)
	}
}

// submitted returns the namespaces that changes touch, with those in whose
// place something else than a folder stands, sorted.
func submitted(changes []pull.Change) []string {
	var list []string
	for _, c := range changes {
		rest, ok := strings.CutPrefix(c.Path, submission.Root+"/")
		name, _, below := strings.Cut(rest, "/")
		if ok && (below || !plain(c.BaseMode) || !plain(c.HeadMode)) && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// plain reports whether a mode is that of a file, or of nothing.
func plain(mode uint32) bool {
	m := source.Mode(mode)
	return mode == 0 || m == source.Regular || m == source.Executable
}
