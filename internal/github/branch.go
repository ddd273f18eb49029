package github

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	gh "github.com/google/go-github/v60/github"

	"github.com/karzoun/miniapp-review/internal/source"
)

// maxBranchAttempts is how often a change of a branch is made again because
// somebody else moved the branch meanwhile.
const maxBranchAttempts = 5

// maxInline is how many bytes of text one request carries for new files. Larger
// changes take several trees, one on top of the other.
const maxInline = 4 << 20

// BranchChange is what is to be written to a branch in one commit.
type BranchChange struct {
	// Files are the new contents by path; nil takes a file away.
	Files map[string][]byte
	// Message is the commit's.
	Message string
}

// WriteBranch changes files of a branch in one commit: all of them or none, by
// one update of the reference. make is told what the branch holds and says what
// to change; it is asked again when the branch was moved meanwhile, so that two
// writers end in one history. A branch that is not there is started without
// history. It returns the branch's commit, which is the old one when there is
// nothing to change, and "" when there is no branch and nothing to write.
//
// No reference is ever moved backwards.
func (c *Client) WriteBranch(ctx context.Context, branch string, make func(tree source.Tree) (BranchChange, error)) (commit string, err error) {
	doing := fmt.Sprintf("writing the branch %q", branch)
	for range maxBranchAttempts {
		tip, err := c.branchTip(ctx, branch)
		if err != nil {
			return "", err
		}
		var tree source.Tree = source.Memory{}
		if tip != "" {
			tree = c.branchTree(ctx, tip)
		}
		change, err := make(tree)
		if err != nil || len(change.Files) == 0 {
			return tip, err
		}
		fresh, err := c.commitOn(ctx, tip, change)
		if err != nil {
			return "", c.explain(err, doing)
		}
		moved, err := c.moveBranch(ctx, branch, tip, fresh)
		if err != nil {
			return "", c.explain(err, doing)
		}
		if !moved {
			return fresh, nil
		}
	}
	return "", &Error{Reason: Refused, Doing: doing, Err: fmt.Errorf("it was moved by somebody else %d times in a row", maxBranchAttempts),
		Hint: "Give the publishing workflow one concurrency group, so that its runs wait for each other."}
}

// branchTip returns the commit of a branch, "" when there is none.
func (c *Client) branchTip(ctx context.Context, branch string) (string, error) {
	ref, _, err := c.gh.Git.GetRef(ctx, c.owner, c.name, "heads/"+branch)
	err = c.explain(err, fmt.Sprintf("reading the branch %q", branch))
	if ReasonOf(err) == NotFound {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	sha := ref.GetObject().GetSHA()
	if !isObjectID(sha) {
		return "", &Error{Reason: Unusable, Doing: fmt.Sprintf("reading the branch %q", branch), Err: fmt.Errorf("the answer has the commit %q", sha)}
	}
	return sha, nil
}

// commitOn makes a commit on top of another one, or one without a parent. What
// is made is not visible before a reference leads to it, so that making it
// twice does no harm.
func (c *Client) commitOn(ctx context.Context, parent string, change BranchChange) (string, error) {
	tree := ""
	if parent != "" {
		old, _, err := c.gh.Git.GetCommit(ctx, c.owner, c.name, parent)
		if err != nil {
			return "", err
		}
		tree = old.GetTree().GetSHA()
	}
	names := slices.Sorted(maps.Keys(change.Files))
	for len(names) > 0 {
		var entries []*gh.TreeEntry
		size := 0
		for len(names) > 0 && (len(entries) == 0 || size+len(change.Files[names[0]]) <= maxInline) {
			entry, err := c.treeEntry(ctx, names[0], change.Files[names[0]])
			if err != nil {
				return "", err
			}
			size += len(change.Files[names[0]])
			entries, names = append(entries, entry), names[1:]
		}
		made, _, err := c.gh.Git.CreateTree(mayRepeat(ctx), c.owner, c.name, tree, entries)
		if err != nil {
			return "", err
		}
		tree = made.GetSHA()
	}
	commit := &gh.Commit{Message: &change.Message, Tree: &gh.Tree{SHA: &tree}}
	if parent != "" {
		commit.Parents = []*gh.Commit{{SHA: &parent}}
	}
	made, _, err := c.gh.Git.CreateCommit(mayRepeat(ctx), c.owner, c.name, commit, nil)
	if err != nil {
		return "", err
	}
	if !isObjectID(made.GetSHA()) {
		return "", errors.New("the answer names no commit")
	}
	return made.GetSHA(), nil
}

// treeEntry makes the entry of a file. Text goes along with the tree; other
// bytes need a blob of their own.
func (c *Client) treeEntry(ctx context.Context, name string, data []byte) (*gh.TreeEntry, error) {
	mode, kind := "100644", "blob"
	entry := &gh.TreeEntry{Path: &name, Mode: &mode, Type: &kind}
	switch {
	case data == nil:
		// Neither content nor id means that the file goes away.
	case utf8.Valid(data) && len(data) > 0:
		text := string(data)
		entry.Content = &text
	default:
		blob, _, err := c.gh.Git.CreateBlob(mayRepeat(ctx), c.owner, c.name, &gh.Blob{Content: gh.String(base64.StdEncoding.EncodeToString(data)), Encoding: gh.String("base64")})
		if err != nil {
			return nil, err
		}
		entry.SHA = blob.SHA
	}
	return entry, nil
}

// moveBranch moves a branch from one commit to the next. moved is set when it
// was no longer at the first one. An answer that was lost is asked for.
func (c *Client) moveBranch(ctx context.Context, branch, from, to string) (moved bool, err error) {
	name := "refs/heads/" + branch
	ref := &gh.Reference{Ref: &name, Object: &gh.GitObject{SHA: &to}}
	done, err := c.writes.turn(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	if from == "" {
		_, _, err = c.gh.Git.CreateRef(ctx, c.owner, c.name, ref)
	} else {
		_, _, err = c.gh.Git.UpdateRef(ctx, c.owner, c.name, ref, false)
	}
	explained := c.explain(err, fmt.Sprintf("moving the branch %q", branch))
	switch ReasonOf(explained) {
	case "":
		return false, explained
	case Refused, Unreachable:
		// Either somebody else was first, or the answer was lost.
		tip, failed := c.branchTip(ctx, branch)
		if failed != nil {
			return false, errors.Join(explained, failed)
		}
		if tip == to {
			return false, nil
		}
		if tip != from || ReasonOf(explained) == Unreachable {
			return true, nil
		}
	}
	return false, explained
}
