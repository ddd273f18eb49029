package actions

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
)

// The events that call for something here, by the names that GitHub gives them.
const (
	EventPullRequest       = "pull_request"
	EventPullRequestTarget = "pull_request_target"
	EventPullRequestReview = "pull_request_review"
	EventIssueComment      = "issue_comment"
	EventWorkflowRun       = "workflow_run"
	EventWorkflowDispatch  = "workflow_dispatch"
	EventMergeGroup        = "merge_group"
	EventSchedule          = "schedule"
	EventPush              = "push"
)

// MaxEventBytes is the largest payload that is read, in bytes. GitHub delivers
// none of more than 25 MB.
const MaxEventBytes = 25 << 20

// Event is what is taken from the payload of an event. It only says where to
// look: everything that a decision rests on is read from the API afterwards, so
// that an event which is old, repeated or lost costs nothing.
type Event struct {
	Name string
	// Action says what happened, such as "synchronize". Not every event has one.
	Action     string
	Repository Repository
	// Sender caused the event. For events of people's runs it says nothing about
	// what they may do.
	Sender Account
	// PullRequest is the number of the pull request, 0 when the event names none.
	PullRequest int
	// Comment is the comment of an issue_comment event, or nil.
	Comment *Comment
	// Head is what the run of a workflow_run event was for, or nil.
	Head *Head
	// Group is the group of a merge_group event, or nil.
	Group *Group
	// Push is what a push event changed, or nil.
	Push *Push
}

// Repository is the repository of an event. Its ID is 0 and its name "" when
// the event has none.
type Repository struct {
	ID int64
	// Name is the full name, owner and repository.
	Name          string
	DefaultBranch string
}

// Account is an account that an event names.
type Account struct {
	ID    int64
	Login string
	Bot   bool
}

// Comment is a comment on an issue or a pull request.
type Comment struct {
	ID     int64
	Author Account
}

// Head is the commit that a workflow ran for. The pull request is looked up by
// it: a number in the payload or in an artifact of that run is chosen by the
// person who opened the pull request.
type Head struct {
	SHA string
	// Repository is the full name of the repository that the commit is in, ""
	// when it was deleted since.
	Repository string
	// Event is what started that run.
	Event string
}

// Group is a group of the merge queue.
type Group struct {
	HeadSHA, BaseSHA string
	// HeadRef and BaseRef are full names of references, as in refs/heads/main.
	HeadRef, BaseRef string
}

// Push is a push.
type Push struct {
	// Ref is the full name of the reference. Before and After are its commits,
	// forty zeros where it did not exist.
	Ref, Before, After string
}

// ReadEvent reads the payload of an event from the file that the runner wrote.
func ReadEvent(name, path string) (Event, error) {
	if name == "" {
		return Event{}, errors.New("GITHUB_EVENT_NAME is not set: run this as a step of a workflow")
	}
	if path == "" {
		return Event{}, errors.New("GITHUB_EVENT_PATH is not set: run this as a step of a workflow")
	}
	f, err := os.Open(path)
	if err != nil {
		return Event{}, fmt.Errorf("reading the event: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxEventBytes+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return Event{}, fmt.Errorf("reading the event: %w", err)
	}
	return DecodeEvent(name, data)
}

// payload has the members of payloads that are looked at. A pointer tells a
// member that is missing or null from one that is there.
type payload struct {
	Action      string          `json:"action"`
	Repository  *repositoryJSON `json:"repository"`
	Sender      *accountJSON    `json:"sender"`
	Number      int64           `json:"number"`
	PullRequest *struct {
		Number int64 `json:"number"`
	} `json:"pull_request"`
	Issue *struct {
		Number      int64           `json:"number"`
		PullRequest json.RawMessage `json:"pull_request"`
	} `json:"issue"`
	Comment *struct {
		ID   int64        `json:"id"`
		User *accountJSON `json:"user"`
	} `json:"comment"`
	WorkflowRun *struct {
		HeadSHA        string          `json:"head_sha"`
		HeadRepository *repositoryJSON `json:"head_repository"`
		Event          string          `json:"event"`
	} `json:"workflow_run"`
	MergeGroup *struct {
		HeadSHA string `json:"head_sha"`
		HeadRef string `json:"head_ref"`
		BaseSHA string `json:"base_sha"`
		BaseRef string `json:"base_ref"`
	} `json:"merge_group"`
	Inputs map[string]any  `json:"inputs"`
	Ref    json.RawMessage `json:"ref"`
	Before string          `json:"before"`
	After  string          `json:"after"`
}

type repositoryJSON struct {
	ID            int64  `json:"id"`
	FullName      string `json:"full_name"`
	DefaultBranch string `json:"default_branch"`
}

type accountJSON struct {
	ID    int64  `json:"id"`
	Login string `json:"login"`
	Type  string `json:"type"`
}

func (a *accountJSON) account() Account {
	if a == nil {
		return Account{} // a deleted account
	}
	return Account{ID: a.ID, Login: a.Login, Bot: a.Type == "Bot"}
}

// The shapes of the values that lead anywhere. They become parts of paths of
// the API.
var (
	commitID       = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)
	repositoryName = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}/[A-Za-z0-9_.-]{1,100}$`)
	decimal        = regexp.MustCompile(`^[1-9][0-9]{0,8}$`)
)

// DecodeEvent reads the payload of an event. It takes any event that GitHub
// has; of one that calls for nothing here only the common members are read.
func DecodeEvent(name string, data []byte) (Event, error) {
	if len(data) > MaxEventBytes {
		return Event{}, fmt.Errorf("the payload of the event has more than %d bytes", MaxEventBytes)
	}
	common := payload{}
	if wanted(name) {
		if err := json.Unmarshal(data, &common); err != nil {
			return Event{}, fmt.Errorf("the payload of the event %q: %w", name, err)
		}
	} else {
		// The members that other events have may be of any kind.
		var few struct {
			Action     string          `json:"action"`
			Repository *repositoryJSON `json:"repository"`
			Sender     *accountJSON    `json:"sender"`
		}
		if err := json.Unmarshal(data, &few); err != nil {
			return Event{}, fmt.Errorf("the payload of the event %q: %w", name, err)
		}
		common.Action, common.Repository, common.Sender = few.Action, few.Repository, few.Sender
	}
	e := Event{Name: name, Action: common.Action, Sender: common.Sender.account()}
	if r := common.Repository; r != nil {
		if err := checkName(r.FullName); err != nil {
			return Event{}, fmt.Errorf("the payload of the event %q: %w", name, err)
		}
		e.Repository = Repository{ID: r.ID, Name: r.FullName, DefaultBranch: r.DefaultBranch}
	}
	if err := e.take(&common); err != nil {
		return Event{}, fmt.Errorf("the payload of the event %q: %w", name, err)
	}
	return e, nil
}

func wanted(name string) bool {
	switch name {
	case EventPullRequest, EventPullRequestTarget, EventPullRequestReview, EventIssueComment, EventWorkflowRun,
		EventWorkflowDispatch, EventMergeGroup, EventSchedule, EventPush:
		return true
	}
	return false
}

// take reads what the event's own members say.
func (e *Event) take(p *payload) error {
	var err error
	switch e.Name {
	case EventPullRequest, EventPullRequestTarget, EventPullRequestReview:
		if p.PullRequest == nil {
			return errors.New("it has no pull_request")
		}
		if p.Number != 0 && p.Number != p.PullRequest.Number {
			return fmt.Errorf("it names two pull requests, %d and %d", p.Number, p.PullRequest.Number)
		}
		e.PullRequest, err = number(p.PullRequest.Number)
	case EventIssueComment:
		if p.Issue == nil || p.Comment == nil {
			return errors.New("it has no issue or no comment")
		}
		if p.Comment.ID <= 0 {
			return fmt.Errorf("a comment has the id %d", p.Comment.ID)
		}
		e.Comment = &Comment{ID: p.Comment.ID, Author: p.Comment.User.account()}
		if raw := p.Issue.PullRequest; len(raw) > 0 && string(raw) != "null" {
			e.PullRequest, err = number(p.Issue.Number)
		}
	case EventWorkflowRun:
		if p.WorkflowRun == nil {
			return errors.New("it has no workflow_run")
		}
		e.Head = &Head{SHA: p.WorkflowRun.HeadSHA, Event: p.WorkflowRun.Event}
		if err := checkCommit(e.Head.SHA); err != nil {
			return err
		}
		if r := p.WorkflowRun.HeadRepository; r != nil {
			e.Head.Repository, err = r.FullName, checkName(r.FullName)
		}
	case EventWorkflowDispatch:
		e.PullRequest, err = dispatched(p.Inputs)
	case EventMergeGroup:
		if p.MergeGroup == nil {
			return errors.New("it has no merge_group")
		}
		g := p.MergeGroup
		e.Group = &Group{HeadSHA: g.HeadSHA, BaseSHA: g.BaseSHA, HeadRef: g.HeadRef, BaseRef: g.BaseRef}
		err = errors.Join(checkCommit(g.HeadSHA), checkCommit(g.BaseSHA))
	case EventPush:
		e.Push = &Push{Before: p.Before, After: p.After}
		err = errors.Join(json.Unmarshal(p.Ref, &e.Push.Ref), checkCommit(p.Before), checkCommit(p.After))
	}
	return err
}

// dispatched reads the input pull_request of a workflow that was started by
// hand. Without it, the event means all open pull requests.
func dispatched(inputs map[string]any) (int, error) {
	switch v := inputs["pull_request"].(type) {
	case nil:
		return 0, nil
	case string:
		if v == "" {
			return 0, nil
		}
		if !decimal.MatchString(v) {
			return 0, fmt.Errorf("the input pull_request is %q: it takes the number of a pull request", v)
		}
		return strconv.Atoi(v)
	case float64:
		if v != float64(int64(v)) {
			return 0, fmt.Errorf("the input pull_request is %v: it takes the number of a pull request", v)
		}
		return number(int64(v))
	default:
		return 0, errors.New("the input pull_request takes the number of a pull request")
	}
}

func number(n int64) (int, error) {
	if n <= 0 || n > 999_999_999 {
		return 0, fmt.Errorf("a pull request has the number %d", n)
	}
	return int(n), nil
}

func checkCommit(sha string) error {
	if !commitID.MatchString(sha) {
		return fmt.Errorf("%q is no commit id: it has 40 or 64 hexadecimal digits", sha)
	}
	return nil
}

func checkName(name string) error {
	if !repositoryName.MatchString(name) {
		return fmt.Errorf("%q is no name of a repository: it has the form OWNER/NAME", name)
	}
	return nil
}
