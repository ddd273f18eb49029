package githubtest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-github/v60/github"
	"github.com/karzoun/miniapp-review/internal/githubtest"
)

func remarkAt(line int) *github.PullRequestReviewRequest {
	return &github.PullRequestReviewRequest{
		Event: github.String("COMMENT"), Body: github.String("body"),
		Comments: []*github.DraftReviewComment{{Path: github.String("long.txt"), Side: github.String("RIGHT"), Line: github.Int(line), Body: github.String("here")}},
	}
}

func verdict(event, body string) *github.PullRequestReviewRequest {
	return &github.PullRequestReviewRequest{Event: &event, Body: &body}
}

// TestRefusals has one row for everything that GitHub refuses and a review may
// run into. Nothing of a refused request may have an effect.
func TestRefusals(t *testing.T) {
	long := strings.Repeat("é", 65537)
	review := func(r *github.PullRequestReviewRequest) func(w *world, c *github.Client) error {
		return func(_ *world, c *github.Client) error {
			_, _, err := c.PullRequests.CreateReview(ctx, owner, name, 1, r)
			return err
		}
	}
	ranged := remarkAt(20)
	ranged.Comments[0].StartLine, ranged.Comments[0].StartSide = github.Int(20), github.String("RIGHT")
	two := remarkAt(20)
	two.Comments = append(two.Comments, remarkAt(2).Comments...)
	elsewhere := remarkAt(20)
	elsewhere.Comments[0].Path = github.String("README.md")
	oldCommit := remarkAt(20)
	oldCommit.CommitID = github.String(strings.Repeat("a", 40))
	for _, c := range []struct {
		name   string
		do     func(w *world, c *github.Client) error
		status int
		says   string
	}{
		{"a line outside the diff", review(remarkAt(2)), 422, "Line could not be resolved"},
		{"one of two lines outside the diff", review(two), 422, "Line could not be resolved"},
		{"a file outside the diff", review(elsewhere), 422, "Path could not be resolved"},
		{"a range that starts where it ends", review(ranged), 422, "must precede"},
		{"a commit of another branch", review(oldCommit), 422, "not part of the pull request"},
		{"a review's body too long", review(verdict("COMMENT", long)), 422, "too long"},
		{"a review without body or remarks", review(verdict("COMMENT", "")), 422, "can't be blank"},
		{"a refusal without body", review(verdict("REQUEST_CHANGES", "")), 422, "can't be blank"},
		{"an approval by the Action", review(verdict("APPROVE", "")), 422, "not permitted to approve"},
		{"a second pending review", func(w *world, c *github.Client) error {
			must(c.PullRequests.CreateReview(ctx, owner, name, 1, &github.PullRequestReviewRequest{}))
			_, _, err := c.PullRequests.CreateReview(ctx, owner, name, 1, &github.PullRequestReviewRequest{})
			return err
		}, 422, "one pending review"},
		{"a review beside a pending one", func(w *world, c *github.Client) error {
			must(c.PullRequests.CreateReview(ctx, owner, name, 1, &github.PullRequestReviewRequest{}))
			_, _, err := c.PullRequests.CreateReview(ctx, owner, name, 1, remarkAt(20))
			return err
		}, 422, "one pending review"},
		{"a remark beside a pending review", func(w *world, c *github.Client) error {
			must(c.PullRequests.CreateReview(ctx, owner, name, 1, &github.PullRequestReviewRequest{}))
			_, _, err := c.PullRequests.CreateComment(ctx, owner, name, 1, &github.PullRequestComment{
				CommitID: github.String(w.pull.Head()), Path: github.String("long.txt"), Line: github.Int(20), Body: github.String("b"),
			})
			return err
		}, 422, "one pending review"},
		{"deleting a submitted review", func(_ *world, c *github.Client) error {
			made := must(c.PullRequests.CreateReview(ctx, owner, name, 1, remarkAt(20)))
			_, _, err := c.PullRequests.DeletePendingReview(ctx, owner, name, 1, made.GetID())
			return err
		}, 422, "non-pending"},
		{"dismissing remarks", func(_ *world, c *github.Client) error {
			made := must(c.PullRequests.CreateReview(ctx, owner, name, 1, remarkAt(20)))
			_, _, err := c.PullRequests.DismissReview(ctx, owner, name, 1, made.GetID(), &github.PullRequestReviewDismissalRequest{Message: github.String("m")})
			return err
		}, 422, "Can not dismiss"},
		{"approving one's own", func(w *world, _ *github.Client) error {
			_, _, err := w.client(w.partner.Token()).PullRequests.CreateReview(ctx, owner, name, 1, verdict("APPROVE", ""))
			return err
		}, 422, "your own"},
		{"refusing one's own", func(w *world, _ *github.Client) error {
			_, _, err := w.client(w.partner.Token()).PullRequests.CreateReview(ctx, owner, name, 1, verdict("REQUEST_CHANGES", "no"))
			return err
		}, 422, "your own"},
		{"a remark on a line outside the diff", func(w *world, c *github.Client) error {
			_, _, err := c.PullRequests.CreateComment(ctx, owner, name, 1, &github.PullRequestComment{
				CommitID: github.String(w.pull.Head()), Path: github.String("long.txt"), Line: github.Int(2), Body: github.String("b"),
			})
			return err
		}, 422, "could not be resolved"},
		{"a comment too long", func(_ *world, c *github.Client) error {
			_, _, err := c.Issues.CreateComment(ctx, owner, name, 1, &github.IssueComment{Body: &long})
			return err
		}, 422, "too long"},
		{"an empty comment", func(_ *world, c *github.Client) error {
			_, _, err := c.Issues.CreateComment(ctx, owner, name, 1, &github.IssueComment{Body: github.String("")})
			return err
		}, 422, "can't be blank"},
		{"a label's name too long", func(_ *world, c *github.Client) error {
			_, _, err := c.Issues.CreateLabel(ctx, owner, name, &github.Label{Name: github.String(strings.Repeat("é", 51)), Color: github.String("ffffff")})
			return err
		}, 422, "50 characters"},
		{"a label's description too long", func(_ *world, c *github.Client) error {
			_, _, err := c.Issues.CreateLabel(ctx, owner, name, &github.Label{Name: github.String("x"), Color: github.String("ffffff"), Description: github.String(strings.Repeat("d", 101))})
			return err
		}, 422, "100 characters"},
		{"a label that exists", func(_ *world, c *github.Client) error {
			_, _, err := c.Issues.CreateLabel(ctx, owner, name, &github.Label{Name: github.String("BUG"), Color: github.String("ffffff")})
			return err
		}, 422, "already_exists"},
		{"adding a label's name too long", func(_ *world, c *github.Client) error {
			_, _, err := c.Issues.AddLabelsToIssue(ctx, owner, name, 1, []string{strings.Repeat("x", 51)})
			return err
		}, 422, "50 characters"},
		{"101 labels, doubles included", func(w *world, c *github.Client) error {
			labels := []string{}
			for i := range 51 {
				labels = append(labels, fmt.Sprint("label ", i))
			}
			must(c.Issues.AddLabelsToIssue(ctx, owner, name, 1, labels))
			w.pull.Unlabel(w.writer, "label 50")
			_, _, err := c.Issues.AddLabelsToIssue(ctx, owner, name, 1, labels)
			w.pull.Label(w.writer, "label 50")
			return err
		}, 422, "100"},
		{"a label that is not there", func(_ *world, c *github.Client) error {
			_, err := c.Issues.RemoveLabelForIssue(ctx, owner, name, 1, "bug")
			return err
		}, 404, "Label does not exist"},
		{"a status's description too long", func(w *world, c *github.Client) error {
			_, _, err := c.Repositories.CreateStatus(ctx, owner, name, w.pull.Head(), &github.RepoStatus{State: github.String("success"), Description: github.String(strings.Repeat("d", 141))})
			return err
		}, 422, "140 characters"},
		{"a status of an unknown commit", func(_ *world, c *github.Client) error {
			_, _, err := c.Repositories.CreateStatus(ctx, owner, name, strings.Repeat("a", 40), &github.RepoStatus{State: github.String("success")})
			return err
		}, 422, "No commit found"},
		{"a merge of another head", func(w *world, c *github.Client) error {
			_, _, err := c.PullRequests.Merge(ctx, owner, name, 1, "", &github.PullRequestOptions{SHA: w.pull.Base()})
			return err
		}, 409, "Head branch was modified"},
		{"a merge without the required status", func(w *world, c *github.Client) error {
			w.repo.Set(func(r *githubtest.Repo) { r.Protected["main"] = []string{"miniapp-review"} })
			_, _, err := c.PullRequests.Merge(ctx, owner, name, 1, "", nil)
			return err
		}, 405, "miniapp-review"},
		{"a merge without approval", func(w *world, c *github.Client) error {
			w.repo.Set(func(r *githubtest.Repo) { r.Protected["main"], r.Approvals = nil, 1 })
			_, _, err := c.PullRequests.Merge(ctx, owner, name, 1, "", nil)
			return err
		}, 405, "approving review"},
		{"moving a branch back", func(w *world, c *github.Client) error {
			w.repo.Push("main", w.writer, githubtest.Files{"x": githubtest.Text("x")})
			_, _, err := c.Git.UpdateRef(ctx, owner, name, &github.Reference{Ref: github.String("refs/heads/main"), Object: &github.GitObject{SHA: github.String(w.pull.Base())}}, false)
			return err
		}, 422, "not a fast forward"},
		{"a branch that exists", func(w *world, c *github.Client) error {
			_, _, err := c.Git.CreateRef(ctx, owner, name, &github.Reference{Ref: github.String("refs/heads/main"), Object: &github.GitObject{SHA: github.String(w.pull.Base())}})
			return err
		}, 422, "already exists"},
		{"who am I, by the Action's token", func(_ *world, c *github.Client) error {
			_, _, err := c.Users.Get(ctx, "")
			return err
		}, 403, "Resource not accessible by integration"},
		{"a branch's protection, by the Action's token", func(_ *world, c *github.Client) error {
			_, _, err := c.Repositories.GetBranchProtection(ctx, owner, name, "main")
			return err
		}, 403, "Resource not accessible by integration"},
		{"the workflows' settings, by the Action's token", func(_ *world, c *github.Client) error {
			_, _, err := c.Repositories.GetDefaultWorkflowPermissions(ctx, owner, name)
			return err
		}, 403, "Resource not accessible by integration"},
		{"a team's members, by the Action's token", func(w *world, c *github.Client) error {
			w.Org("acme-org").Team("reviewers", w.writer)
			_, _, err := c.Teams.ListTeamMembersBySlug(ctx, "acme-org", "reviewers", nil)
			return err
		}, 403, "Resource not accessible by integration"},
		{"an unknown token", func(w *world, _ *github.Client) error {
			_, _, err := w.client("ghs_other").PullRequests.Get(ctx, owner, name, 1)
			return err
		}, 401, "Bad credentials"},
		{"a pull request that is not there", func(_ *world, c *github.Client) error {
			_, _, err := c.PullRequests.Get(ctx, owner, name, 99)
			return err
		}, 404, "Not Found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			err := c.do(w, w.action)
			refused(t, err, c.status, c.says)
			if n := len(w.pull.Comments()) + len(w.repo.Statuses(w.pull.Head())); n != 0 || w.pull.State() != "open" {
				t.Errorf("the refused request left something: %v, %v", w.pull.Comments(), w.repo.Statuses(w.pull.Head()))
			}
			for _, r := range w.pull.Remarks() {
				if r.Line != 20 {
					t.Errorf("a remark was left: %v", r)
				}
			}
		})
	}
}

// TestPermissions asks for one request of each kind what each token may do.
func TestPermissions(t *testing.T) {
	requests := []struct {
		name string
		do   func(w *world, c *github.Client) error
	}{
		{"status", func(w *world, c *github.Client) error {
			_, _, err := c.Repositories.CreateStatus(ctx, owner, name, w.pull.Head(), &github.RepoStatus{State: github.String("success")})
			return err
		}},
		{"comment", func(_ *world, c *github.Client) error {
			_, _, err := c.Issues.CreateComment(ctx, owner, name, 1, &github.IssueComment{Body: github.String("b")})
			return err
		}},
		{"label", func(_ *world, c *github.Client) error {
			_, _, err := c.Issues.AddLabelsToIssue(ctx, owner, name, 1, []string{"bug"})
			return err
		}},
		{"review", func(_ *world, c *github.Client) error {
			_, _, err := c.PullRequests.CreateReview(ctx, owner, name, 1, remarkAt(20))
			return err
		}},
		{"edit", func(w *world, c *github.Client) error {
			theirs := w.pull.Comment(w.User("somebody"), "said")
			_, _, err := c.Issues.EditComment(ctx, owner, name, theirs.ID, &github.IssueComment{Body: github.String("changed")})
			return err
		}},
		{"blob", func(_ *world, c *github.Client) error {
			_, _, err := c.Git.CreateBlob(ctx, owner, name, &github.Blob{Content: github.String("x"), Encoding: github.String("utf-8")})
			return err
		}},
		{"protection", func(w *world, c *github.Client) error {
			w.repo.Set(func(r *githubtest.Repo) { r.Protected["main"] = []string{"miniapp-review"} })
			_, _, err := c.Repositories.GetBranchProtection(ctx, owner, name, "main")
			return err
		}},
	}
	person := func(role githubtest.Permission) func(w *world) string {
		return func(w *world) string {
			u := w.User("person")
			w.repo.Permit(u, role)
			return u.Token()
		}
	}
	action := func(p githubtest.Permissions) func(w *world) string {
		return func(w *world) string { return w.repo.ActionsToken(p) }
	}
	for _, c := range []struct {
		who   string
		token func(w *world) string
		may   string
	}{
		{"stranger", person(githubtest.None), "comment review"},
		{"reader", person(githubtest.Read), "comment review"},
		{"triage", person(githubtest.Triage), "comment label review"},
		{"writer", person(githubtest.Write), "status comment label review edit blob"},
		{"maintainer", person(githubtest.Maintain), "status comment label review edit blob"},
		{"admin", person(githubtest.Admin), "status comment label review edit blob protection"},
		{"Action", action(githubtest.Full()), "status comment label review edit blob"},
		{"Action for a review", action(githubtest.Permissions{"contents": "read", "pull-requests": "write", "statuses": "write"}), "status comment label review edit"},
		{"Action with issues only", action(githubtest.Permissions{"issues": "write"}), "comment label edit"},
		{"writer, by a token for issues", func(w *world) string {
			return w.repo.FineGrainedToken(w.writer, githubtest.Permissions{"issues": "write"})
		}, "comment label edit"},
		{"reader, by a token for everything", func(w *world) string {
			return w.repo.FineGrainedToken(w.User("reader"), githubtest.Full())
		}, "comment review"},
		{"Action for a fork", action(githubtest.ReadOnly()), ""},
		{"Action of another repository", func(w *world) string { return w.fork.ActionsToken(githubtest.Full()) }, ""},
	} {
		t.Run(c.who, func(t *testing.T) {
			may := []string{}
			for _, request := range requests {
				w := newWorld(t)
				err := request.do(w, w.client(c.token(w)))
				if err == nil {
					may = append(may, request.name)
					continue
				}
				refused(t, err, 403, "")
			}
			if got := strings.Join(may, " "); got != c.may {
				t.Errorf("may %q, want %q", got, c.may)
			}
		})
	}
}
