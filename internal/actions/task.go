package actions

import "fmt"

// TaskKind is a kind of work that an event calls for.
type TaskKind string

// The kinds of work.
const (
	// ReviewPull reviews the pull request Number.
	ReviewPull TaskKind = "review-pull"
	// ReviewHead reviews the open pull requests whose head is Head.
	ReviewHead TaskKind = "review-head"
	// ReviewGroup reviews the tree of the merge group Group.
	ReviewGroup TaskKind = "review-group"
	// Sweep reviews every open pull request.
	Sweep TaskKind = "sweep"
	// Publish brings what the default branch holds now into the registries.
	Publish TaskKind = "publish"
	// TryPull tries the submission of the pull request Number, for the command in
	// the comment Comment.
	TryPull TaskKind = "try-pull"
	// Nothing is to be done; Why says the reason.
	Nothing TaskKind = "nothing"
)

// Task is what an event calls for. The fields beside Kind are those that the
// kind names.
type Task struct {
	Kind   TaskKind
	Number int
	// Comment is the id of a comment.
	Comment int64
	Head    Head
	Group   Group
	Why     string
}

// Task returns what the event calls for.
func (e Event) Task() Task {
	switch e.Name {
	case EventPullRequest, EventPullRequestTarget, EventPullRequestReview:
		return Task{Kind: ReviewPull, Number: e.PullRequest}
	case EventIssueComment:
		if e.PullRequest == 0 {
			return Task{Kind: Nothing, Why: "the comment is on an issue, not on a pull request"}
		}
		return Task{Kind: ReviewPull, Number: e.PullRequest}
	case EventWorkflowRun:
		if e.Head.Repository == "" {
			return Task{Kind: Nothing, Why: "the repository that the run was for does not exist any more"}
		}
		return Task{Kind: ReviewHead, Head: *e.Head}
	case EventWorkflowDispatch:
		if e.PullRequest != 0 {
			return Task{Kind: ReviewPull, Number: e.PullRequest}
		}
		return Task{Kind: Sweep}
	case EventMergeGroup:
		return Task{Kind: ReviewGroup, Group: *e.Group}
	case EventSchedule:
		return Task{Kind: Sweep}
	case EventPush:
		return Task{Kind: Nothing, Why: "a push changes nothing about a review"}
	}
	return Task{Kind: Nothing, Why: fmt.Sprintf("the event %q calls for nothing", e.Name)}
}

// PublishTask returns what the event calls for in a workflow that publishes.
// Whatever it is about, what is published is what the default branch holds when
// the run looks.
func (e Event) PublishTask() Task {
	switch e.Name {
	case EventPush:
		if b := e.Repository.DefaultBranch; b != "" && e.Push.Ref != "refs/heads/"+b {
			return Task{Kind: Nothing, Why: "the push is to another branch than the default one"}
		}
		return Task{Kind: Publish}
	case EventPullRequest, EventPullRequestTarget:
		if e.Action != "closed" {
			return Task{Kind: Nothing, Why: "the pull request is not merged yet"}
		}
		return Task{Kind: Publish}
	case EventSchedule, EventWorkflowDispatch, EventWorkflowRun:
		return Task{Kind: Publish}
	}
	return Task{Kind: Nothing, Why: fmt.Sprintf("the event %q publishes nothing", e.Name)}
}

// QATask returns what the event calls for in the workflow that tries
// submissions. Whether the comment asks for it, and whether its author may, is
// read from the API.
func (e Event) QATask() Task {
	switch {
	case e.Name != EventIssueComment || e.Comment == nil:
		return Task{Kind: Nothing, Why: fmt.Sprintf("the event %q asks for no QA: a comment does", e.Name)}
	case e.PullRequest == 0:
		return Task{Kind: Nothing, Why: "the comment is on an issue, not on a pull request"}
	case e.Action != "created":
		return Task{Kind: Nothing, Why: "only a new comment can ask for QA"}
	}
	return Task{Kind: TryPull, Number: e.PullRequest, Comment: e.Comment.ID}
}
