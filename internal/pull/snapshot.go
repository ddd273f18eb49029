// Package pull says what a pull request is, in the words of a review: what it
// changes, who is involved and what was said, as one value that is read once.
//
// A Snapshot is all that a review looks at. The same snapshot gives the same
// review, so a snapshot that was saved as JSON replays without a network.
// Nothing in it is trusted: every text comes from somebody.
package pull

import "time"

// Version is the version of a snapshot's JSON form.
const Version = 1

// Snapshot is what a run saw of one pull request.
type Snapshot struct {
	Version int `json:"version"`
	// At is when the reading began; it is the review's clock.
	At         time.Time  `json:"at"`
	Repository Repository `json:"repository"`
	// Self is who the token acts as. Its ID is 0 when that is not known.
	Self   User `json:"self"`
	Number int  `json:"number"`
	// Author opened the pull request. Its ID is 0 when the account is gone.
	Author    User      `json:"author"`
	CreatedAt time.Time `json:"created_at"`
	// Closed and Merged say how it ended, if it did.
	Closed bool `json:"closed,omitempty"`
	Merged bool `json:"merged,omitempty"`
	Draft  bool `json:"draft,omitempty"`
	// Conflict is set when GitHub says that it cannot be merged as it is. It is
	// false while GitHub has not found out.
	Conflict bool `json:"conflict,omitempty"`
	Base     Base `json:"base"`
	Head     Head `json:"head"`
	// MergeBase is the commit that the change is told from.
	MergeBase string `json:"merge_base"`
	// Incomplete says why the change could not be read in full, in words that
	// continue "could not check: ". When it is set, Changes and the trees
	// may miss things and no conclusion may be drawn from them.
	Incomplete string `json:"incomplete,omitempty"`
	// Commits are those of the pull request, oldest first, at most 250. More
	// is said in MoreCommits.
	Commits     []Commit `json:"commits"`
	MoreCommits bool     `json:"more_commits,omitempty"`
	// Labels are the names of the labels on the pull request, sorted.
	Labels []string `json:"labels"`
	// Changes are the paths that differ between MergeBase and Head, sorted by
	// path. A renamed file is a removed and an added one.
	Changes []Change `json:"changes"`
	// HeadTree, MergeBaseTree and BaseTree hold what is needed of the three
	// states: the configuration, the names of all namespaces, and the files of
	// the namespaces that Changes touches.
	HeadTree      Tree `json:"head_tree"`
	MergeBaseTree Tree `json:"merge_base_tree"`
	BaseTree      Tree `json:"base_tree"`
	// Blobs has the content of every file of the trees that was read, by its
	// Git object id. A file without its blob could not be read; Unread says why.
	Blobs  map[string]Blob   `json:"blobs"`
	Unread map[string]string `json:"unread,omitempty"`
	// Comments are the comments of the conversation, Remarks those on lines and
	// files, Reviews the reviews; each oldest first.
	Comments []Comment `json:"comments"`
	Remarks  []Remark  `json:"remarks"`
	Reviews  []Review  `json:"reviews"`
	// Contents has the Digest of the touched namespaces at the commits that
	// approvals were given to, by commit, as far as those commits can be read.
	// The head is not among them.
	Contents map[string]string `json:"contents,omitempty"`
	// Statuses has the latest commit status of each context on the head, sorted
	// by context.
	Statuses []Status `json:"statuses"`
	// Permissions says what the people of the conversation may do in the
	// repository now, by login in lower case: "admin", "maintain", "write",
	// "triage", "read" or "none". Somebody who was not asked about is missing.
	Permissions map[string]string `json:"permissions"`
	// Members are the people of the conversation who are in a team now, by team
	// ("org/team") and as logins, both in lower case. A team that the token may
	// not see, or that nobody asked about, is missing.
	Members map[string][]string `json:"members,omitempty"`
	// Others are the other open pull requests that touch the same namespaces.
	Others []Other `json:"others,omitempty"`
	// AuthorsOpen are the open pull requests that the author opened before this
	// one and that are no drafts, by their number.
	AuthorsOpen []int `json:"authors_open,omitempty"`
	// Queue is nil when it is not known.
	Queue *Queue `json:"queue,omitempty"`
	// SameHead are the numbers of the other open pull requests, whatever their
	// base and draft or not, with the same head commit. A commit has one status
	// of a context, so that it speaks for all of them.
	SameHead []int `json:"same_head,omitempty"`
	// Held are the versions that the registry holds of the touched namespaces,
	// by namespace. It is nil when no registry was asked.
	Held map[string][]Held `json:"held,omitempty"`
	// Published are the versions that a merged pull request brought and that the
	// registries hold with exactly that content, sorted by namespace. It is empty
	// when they were not asked.
	Published []Published `json:"published,omitempty"`
}

// Repository is the definitions repository.
type Repository struct {
	Owner string `json:"owner"`
	Name  string `json:"name"`
	// URL is its page, without a slash at the end.
	URL           string `json:"url"`
	DefaultBranch string `json:"default_branch"`
}

// User is an account. Logins change hands; the ID does not.
type User struct {
	ID    int64  `json:"id"`
	Login string `json:"login"`
	Bot   bool   `json:"bot,omitempty"`
}

// Base is the branch that a pull request goes to. SHA is its tip when the
// snapshot was read, which may be newer than the merge base.
type Base struct {
	Branch string `json:"branch"`
	SHA    string `json:"sha"`
}

// Head is what is submitted.
type Head struct {
	SHA string `json:"sha"`
	// Repository is the full name of the repository that the commits are in, ""
	// when that fork was deleted.
	Repository string `json:"repository"`
	// Branch is chosen by the author.
	Branch string `json:"branch"`
}

// Commit is one commit of a pull request. The accounts are those that GitHub
// found for the addresses; an address can be forged, so they only take rights
// away and never give any.
type Commit struct {
	SHA string `json:"sha"`
	// People are the accounts of author, committer and co-authors, without
	// repetition. An address of GitHub's own that holds a login alone gives an
	// account with an ID of 0.
	People []User `json:"people"`
	// Unknown are the addresses of people that no account is known for.
	Unknown []string `json:"unknown,omitempty"`
}

// Change is one path that differs. A mode of 0 means that it is not there.
type Change struct {
	Path     string `json:"path"`
	BaseMode uint32 `json:"base_mode,omitempty"`
	BaseSHA  string `json:"base_sha,omitempty"`
	HeadMode uint32 `json:"head_mode,omitempty"`
	HeadSHA  string `json:"head_sha,omitempty"`
}

// Comment is one comment of the conversation.
type Comment struct {
	ID        int64     `json:"id"`
	NodeID    string    `json:"node_id"`
	User      User      `json:"user"`
	Body      string    `json:"body"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	// Reactions are those of Self, sorted; others are not read.
	Reactions []string `json:"reactions,omitempty"`
	Minimized bool     `json:"minimized,omitempty"`
}

// Remark is one comment on a line or on a file.
type Remark struct {
	ID       int64  `json:"id"`
	NodeID   string `json:"node_id"`
	ReviewID int64  `json:"review_id"`
	User     User   `json:"user"`
	Path     string `json:"path"`
	// Line is 0 once a push has moved or removed what the remark is about.
	Line int `json:"line,omitempty"`
	// InReplyTo is the remark that started the thread, 0 for that one itself.
	InReplyTo int64     `json:"in_reply_to,omitempty"`
	Body      string    `json:"body"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	// Minimized and Resolved are known only of threads that Self started.
	Minimized bool `json:"minimized,omitempty"`
	Resolved  bool `json:"resolved,omitempty"`
}

// ReviewState is the state of a review, as GitHub spells it.
type ReviewState string

// The states of reviews.
const (
	Approved         ReviewState = "APPROVED"
	ChangesRequested ReviewState = "CHANGES_REQUESTED"
	Commented        ReviewState = "COMMENTED"
	Dismissed        ReviewState = "DISMISSED"
	Pending          ReviewState = "PENDING"
)

// Review is one review. CommitID is the commit that GitHub says it is about;
// after a force-push with the same patch that can be a later one, so it decides
// nothing by itself. Only Self's own reviews can be Pending.
type Review struct {
	ID          int64       `json:"id"`
	NodeID      string      `json:"node_id"`
	User        User        `json:"user"`
	State       ReviewState `json:"state"`
	CommitID    string      `json:"commit_id"`
	Body        string      `json:"body"`
	SubmittedAt time.Time   `json:"submitted_at"`
}

// Status is a commit status.
type Status struct {
	Context     string `json:"context"`
	State       string `json:"state"`
	Description string `json:"description"`
	URL         string `json:"url,omitempty"`
	// Creator is who set it. Anyone with write permission can set any context.
	Creator User `json:"creator"`
}

// Open is an open pull request in a list of all of them.
type Open struct {
	Number int `json:"number"`
	// URL is its page.
	URL       string    `json:"url"`
	Author    User      `json:"author"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	Draft     bool      `json:"draft,omitempty"`
	// Base is the branch that it goes to.
	Base   string   `json:"base"`
	Head   Head     `json:"head"`
	Labels []string `json:"labels"`
}

// Other is another open pull request.
type Other struct {
	Number int `json:"number"`
	// Claims are the versions that it wants to publish, by namespace.
	Claims map[string]string `json:"claims"`
}

// Queue is what the review remembers of other pull requests.
type Queue struct {
	// Waiting are the other open pull requests that wait for reviewers.
	Waiting []Waiting `json:"waiting"`
	// Past are submissions that were merged.
	Past []Past `json:"past"`
}

// Waiting is a pull request that waits for reviewers, and when it first became
// ready for them.
type Waiting struct {
	Number int       `json:"number"`
	Ready  time.Time `json:"ready"`
}

// Past is a submission that was merged. Kind is "new" or "update".
type Past struct {
	Number int       `json:"number"`
	Kind   string    `json:"kind"`
	Ready  time.Time `json:"ready"`
	Merged time.Time `json:"merged"`
}

// Merged is a pull request that was merged.
type Merged struct {
	Number int
	At     time.Time
	// Comments are the first of its conversation.
	Comments []Comment
}

// Published is a version in the registry, with what it was published as.
type Published struct {
	NS      string `json:"ns"`
	Version string `json:"version"`
	// SHA256 is the digest of the published definition.
	SHA256 string `json:"sha256"`
	// Visibility is "public" or "partner", Tenants are the partners' tenants.
	Visibility string   `json:"visibility"`
	Tenants    []string `json:"tenants,omitempty"`
}

// Held is a version in the registry. State is "published", "yanked" or
// "deleted".
type Held struct {
	Version string `json:"version"`
	State   string `json:"state"`
}
