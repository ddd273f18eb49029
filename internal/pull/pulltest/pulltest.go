// Package pulltest makes snapshots of pull requests without a forge, and applies
// plans to them, for tests of what is decided from snapshots.
package pulltest

import (
	"cmp"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/karzoun/miniapp-review/internal/plan"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/source"
)

// Files are the files of a state by path. Use Mode for other modes than that of
// a regular file.
type Files map[string]File

// File is one file. A zero Mode means a regular file.
type File struct {
	Mode source.Mode
	Data string
}

// Texts makes regular files.
func Texts(files map[string]string) Files {
	out := Files{}
	for name, data := range files {
		out[name] = File{Data: data}
	}
	return out
}

// With returns the files with others on top; an empty text removes a file.
func (f Files) With(more map[string]string) Files {
	out := maps.Clone(f)
	for name, data := range more {
		if data == "" {
			delete(out, name)
		} else {
			out[name] = File{Data: data}
		}
	}
	return out
}

// Bot is who the review acts as in these snapshots, Partner the author.
func Bot() pull.User     { return pull.User{ID: 41898282, Login: "github-actions[bot]", Bot: true} }
func Partner() pull.User { return pull.User{ID: 910000201, Login: "parleo-partners"} }

// New makes the snapshot of an open pull request that leads from base to head.
func New(base, head Files) *pull.Snapshot {
	s := &pull.Snapshot{
		Version: pull.Version, At: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
		Repository: pull.Repository{Owner: "karzoun", Name: "definitions", URL: "https://github.com/karzoun/definitions", DefaultBranch: "main"},
		Self:       Bot(), Number: 7, Author: Partner(), CreatedAt: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC),
		Base:   pull.Base{Branch: "main"},
		Head:   pull.Head{Repository: "partner/definitions", Branch: "acme"},
		Labels: []string{}, Permissions: map[string]string{},
	}
	s.MergeBase = commit(base)
	s.Base.SHA = s.MergeBase
	Push(s, base, head)
	return s
}

// Push gives a snapshot another head.
func Push(s *pull.Snapshot, base, head Files) {
	s.Blobs = map[string]pull.Blob{}
	s.MergeBaseTree, s.BaseTree, s.HeadTree = tree(s, base), tree(s, base), tree(s, head)
	if sha := commit(head); sha != s.Head.SHA {
		s.Head.SHA = sha
		s.Statuses = nil // statuses belong to a commit
	}
	s.Commits = []pull.Commit{{SHA: s.Head.SHA, People: []pull.User{s.Author}}}
	s.Changes = nil
	names := slices.Concat(slices.Collect(maps.Keys(base)), slices.Collect(maps.Keys(head)))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		c := pull.Change{Path: name}
		if f, ok := base[name]; ok {
			c.BaseMode, c.BaseSHA = uint32(f.mode()), blob(f.Data)
		}
		if f, ok := head[name]; ok {
			c.HeadMode, c.HeadSHA = uint32(f.mode()), blob(f.Data)
		}
		if c.BaseSHA != c.HeadSHA || c.BaseMode != c.HeadMode {
			s.Changes = append(s.Changes, c)
		}
	}
}

func (f File) mode() source.Mode { return cmp.Or(f.Mode, source.Regular) }

func tree(s *pull.Snapshot, files Files) pull.Tree {
	t := pull.Tree{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f := files[name]
		t.Files = append(t.Files, pull.File{Path: name, Mode: uint32(f.mode()), SHA: blob(f.Data), Size: int64(len(f.Data))})
		s.Blobs[blob(f.Data)] = pull.Blob(f.Data)
	}
	return t
}

// blob is the object id that Git gives to a content.
func blob(data string) string {
	sum := sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(data), data))
	return hex.EncodeToString(sum[:])
}

func commit(files Files) string {
	h := sha1.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%q %o %s\n", name, files[name].mode(), blob(files[name].Data))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Apply does to a snapshot what the first operations of a plan do to a pull
// request, and what a later snapshot would then show. most < 0 means all.
func Apply(s *pull.Snapshot, p plan.Plan, most int) {
	for i, op := range p.Operations {
		if most >= 0 && i >= most {
			return
		}
		apply(s, op)
	}
}

func apply(s *pull.Snapshot, op plan.Operation) {
	next := int64(100 + len(s.Comments) + len(s.Remarks) + len(s.Reviews))
	switch op.Kind {
	case plan.SetStatus:
		s.Statuses = slices.DeleteFunc(s.Statuses, func(o pull.Status) bool { return o.Context == op.Status.Context })
		s.Statuses = append(s.Statuses, pull.Status{Context: op.Status.Context, State: op.Status.State, Description: op.Status.Description, Creator: s.Self})
	case plan.AddLabels:
		for _, l := range op.Labels {
			s.Labels = append(s.Labels, l.Name)
		}
		slices.Sort(s.Labels)
	case plan.RemoveLabel:
		s.Labels = slices.DeleteFunc(s.Labels, func(l string) bool { return strings.EqualFold(l, op.Labels[0].Name) })
	case plan.CreateComment:
		s.Comments = append(s.Comments, pull.Comment{ID: next, NodeID: fmt.Sprint("C", next), User: s.Self, Body: op.Body, CreatedAt: s.At, UpdatedAt: s.At})
	case plan.UpdateComment:
		for i := range s.Comments {
			if s.Comments[i].ID == op.ID {
				s.Comments[i].Body, s.Comments[i].UpdatedAt = op.Body, s.At
			}
		}
	case plan.DeletePending:
		s.Reviews = slices.DeleteFunc(s.Reviews, func(r pull.Review) bool { return r.ID == op.ID })
	case plan.CreateReview:
		s.Reviews = append(s.Reviews, pull.Review{ID: next, User: s.Self, State: pull.Commented, CommitID: s.Head.SHA, Body: op.Review.Body, SubmittedAt: s.At})
		for i, r := range op.Review.Remarks {
			id := next + 1 + int64(i)
			s.Remarks = append(s.Remarks, pull.Remark{ID: id, NodeID: fmt.Sprint("R", id), ReviewID: next, User: s.Self, Path: r.Path, Line: r.Line, Body: r.Body, CreatedAt: s.At, UpdatedAt: s.At})
		}
	case plan.UpdateRemark:
		for i := range s.Remarks {
			if s.Remarks[i].ID == op.ID {
				s.Remarks[i].Body, s.Remarks[i].UpdatedAt = op.Body, s.At
			}
		}
	case plan.Minimize:
		for i := range s.Remarks {
			if s.Remarks[i].NodeID == op.NodeID {
				s.Remarks[i].Minimized = true
			}
		}
		for i := range s.Comments {
			if s.Comments[i].NodeID == op.NodeID {
				s.Comments[i].Minimized = true
			}
		}
	case plan.Close:
		s.Closed = true
	case plan.Merge:
		s.Closed, s.Merged = true, true
	case plan.React:
		for i := range s.Comments {
			if s.Comments[i].ID == op.ID {
				s.Comments[i].Reactions = append(s.Comments[i].Reactions, op.Reaction)
			}
		}
	}
}
