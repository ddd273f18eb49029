package githubtest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-github/v60/github"
	"github.com/karzoun/miniapp-review/internal/githubtest"
)

var anyComment = githubtest.When{Method: "POST", Path: "/repos/*/*/issues/*/comments"}

func (w *world) say(body string) error {
	_, _, err := w.action.Issues.CreateComment(ctx, owner, name, 1, &github.IssueComment{Body: &body})
	return err
}

// TestFaults has one row for every fault: what the client gets to see, and
// whether the comment was made all the same.
func TestFaults(t *testing.T) {
	soon := time.Now().Add(55 * time.Minute)
	for _, c := range []struct {
		name  string
		fault githubtest.Fault
		seen  func(err error) bool
		made  int
	}{
		{"500", githubtest.Answer(500, "boom"), status(500), 0},
		{"502 with a page", githubtest.Raw(502, http.Header{"Content-Type": {"text/html"}}, "<html>Unicorn!</html>"), status(502), 0},
		{"403", githubtest.Answer(403, "Resource not accessible by integration"), status(403), 0},
		{"404", githubtest.Answer(404, "Not Found"), status(404), 0},
		{"401", githubtest.Answer(401, "Bad credentials"), status(401), 0},
		{"primary limit", githubtest.PrimaryLimit(soon), func(err error) bool {
			var limit *github.RateLimitError
			return errors.As(err, &limit)
		}, 0},
		{"secondary limit", githubtest.SecondaryLimit(time.Minute), func(err error) bool {
			var limit *github.AbuseRateLimitError
			return errors.As(err, &limit) && limit.GetRetryAfter() == time.Minute
		}, 0},
		{"secondary limit without a time, reset ahead", githubtest.SecondaryLimitUnsaid(soon), func(err error) bool {
			var limit *github.AbuseRateLimitError
			return errors.As(err, &limit) && limit.GetRetryAfter() > 50*time.Minute // the client's well-known mistake
		}, 0},
		{"secondary limit without a time, reset past", githubtest.SecondaryLimitUnsaid(time.Unix(1, 0)), func(err error) bool {
			var limit *github.AbuseRateLimitError
			return errors.As(err, &limit) && limit.GetRetryAfter() <= 0
		}, 0},
		{"429", githubtest.TooManyRequests(time.Minute), status(429), 0},
		{"cut before", githubtest.CutBefore(), broken, 0},
		{"cut after", githubtest.CutAfter(), broken, 1},
		{"garbage", githubtest.Raw(201, http.Header{"Content-Type": {"application/json"}}, `{"id": 1,,}`), broken, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.Inject(anyComment, c.fault)
			if err := w.say("hello"); err == nil || !c.seen(err) {
				t.Errorf("the client saw %v (%T)", err, err)
			}
			if got := w.pull.Comments(); len(got) != c.made {
				t.Errorf("%d comments were made, want %d", len(got), c.made)
			}
			requests := w.Requests()
			if len(requests) != 1 || !requests[0].Fault {
				t.Errorf("the log is %v", requests)
			}
			// A new client, as those of the limits refuse to ask again.
			w.action = w.client(w.repo.ActionsToken(githubtest.Full()))
			if err := w.say("again"); err != nil {
				t.Errorf("the fault stays: %v", err)
			}
		})
	}
}

func status(code int) func(error) bool {
	return func(err error) bool {
		var answer *github.ErrorResponse
		return errors.As(err, &answer) && answer.Response.StatusCode == code
	}
}

func broken(err error) bool {
	var answer *github.ErrorResponse
	return !errors.As(err, &answer)
}

func TestNthRequestFails(t *testing.T) {
	w := newWorld(t)
	twice := anyComment
	twice.Nth, twice.Times = 2, 2
	w.Inject(twice, githubtest.Answer(500, "boom"))
	got := ""
	for range 5 {
		if w.say("hello") == nil {
			got += "."
		} else {
			got += "x"
		}
	}
	if got != ".xx.." {
		t.Errorf("the requests went %s", got)
	}
	always := githubtest.When{Path: "/repos/**", Times: -1}
	w.Inject(always, githubtest.Answer(503, "down"))
	for range 3 {
		if w.say("hello") == nil {
			t.Error("a request went through")
		}
	}
	w.Heal()
	if err := w.say("hello"); err != nil {
		t.Error(err)
	}
}

func TestWhen(t *testing.T) {
	for _, c := range []struct {
		when githubtest.When
		hit  bool
	}{
		{githubtest.When{}, true},
		{githubtest.When{Writes: true}, true},
		{githubtest.When{Method: "GET"}, false},
		{githubtest.When{Path: "/repos/acme/definitions/issues/1/comments"}, true},
		{githubtest.When{Path: "/repos/acme/definitions/**"}, true},
		{githubtest.When{Path: "/repos/*/*/issues/**"}, true},
		{githubtest.When{Path: "/repos/*/*/pulls/**"}, false},
		{githubtest.When{Path: "/repos/*/*/issues/1/comments/**"}, false},
		{githubtest.When{Contains: "hello"}, true},
		{githubtest.When{Contains: "goodbye"}, false},
		{githubtest.When{Nth: 2}, false},
	} {
		w := newWorld(t)
		w.Inject(c.when, githubtest.Answer(500, "boom"))
		if hit := w.say("hello") != nil; hit != c.hit {
			t.Errorf("%+v: hit is %v", c.when, hit)
		}
	}
}

// TestInterruptedReviewBlocks: a review whose request broke off is left pending
// and empty, and no other can be made before it is gone.
func TestInterruptedReviewBlocks(t *testing.T) {
	w := newWorld(t)
	w.Inject(githubtest.When{Method: "POST", Path: "/repos/*/*/pulls/*/reviews"}, githubtest.LeavePending())
	if _, _, err := w.action.PullRequests.CreateReview(ctx, owner, name, 1, remarkAt(20)); err == nil {
		t.Fatal("the review went through")
	}
	_, _, err := w.action.PullRequests.CreateReview(ctx, owner, name, 1, remarkAt(20))
	refused(t, err, 422, "one pending review")
	left := must(w.action.PullRequests.ListReviews(ctx, owner, name, 1, nil))
	if len(left) != 1 || left[0].GetState() != "PENDING" {
		t.Fatalf("reviews are %v", left)
	}
	must(w.action.PullRequests.DeletePendingReview(ctx, owner, name, 1, left[0].GetID()))
	must(w.action.PullRequests.CreateReview(ctx, owner, name, 1, remarkAt(20)))
}

// TestCutsAreNotRepeated: the standard library repeats a request that broke
// off on a kept connection by itself. A cut reaches the caller all the same.
func TestCutsAreNotRepeated(t *testing.T) {
	w := newWorld(t)
	must(w.action.PullRequests.Get(ctx, owner, name, 1)) // the connection is kept
	w.ResetLog()
	w.Inject(githubtest.When{Method: "GET"}, githubtest.CutBefore())
	if _, _, err := w.action.PullRequests.Get(ctx, owner, name, 1); err == nil {
		t.Error("the cut was not seen")
	}
	if n := len(w.Requests()); n != 1 {
		t.Errorf("%d requests came, want 1", n)
	}
}

func TestHang(t *testing.T) {
	w := newWorld(t)
	w.Inject(anyComment, githubtest.Hang())
	short, cancel := context.WithCancel(ctx)
	w.Inject(githubtest.When{Method: "GET"}, githubtest.Before(cancel))
	done := make(chan error)
	go func() {
		_, _, err := w.action.Issues.CreateComment(short, owner, name, 1, &github.IssueComment{Body: github.String("b")})
		done <- err
	}()
	_, _, err := w.action.PullRequests.Get(ctx, owner, name, 1)
	if err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the request that hangs ended with %v", err)
	}
}

func TestRedirect(t *testing.T) {
	var got *http.Request
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r }))
	defer other.Close()
	w := newWorld(t)
	w.Inject(githubtest.When{Method: "GET"}, githubtest.RedirectTo(other.URL))
	_, _, _ = w.action.PullRequests.Get(ctx, owner, name, 1)
	if got == nil || got.URL.Path != "/repos/acme/definitions/pulls/1" {
		t.Errorf("the other host got %v", got)
	}
}

func TestEndless(t *testing.T) {
	w := newWorld(t)
	w.Inject(githubtest.When{Method: "GET"}, githubtest.Endless())
	answer, err := http.Get(w.URL + "/repos/acme/definitions")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	n, err := io.CopyN(io.Discard, answer.Body, 3<<20)
	if n != 3<<20 || err != nil {
		t.Errorf("%d bytes came, %v", n, err)
	}
}

func TestHeadMovesBetweenRequests(t *testing.T) {
	w := newWorld(t)
	first := w.pull.Head()
	w.Inject(githubtest.When{Path: "/repos/*/*/pulls/1"}, githubtest.After(func() {
		w.fork.Push("add", w.partner, githubtest.Files{"more": githubtest.Text("m")})
	}))
	if got := must(w.action.PullRequests.Get(ctx, owner, name, 1)).GetHead().GetSHA(); got != first {
		t.Errorf("head is %s, want %s", got, first)
	}
	if got := must(w.action.PullRequests.Get(ctx, owner, name, 1)).GetHead().GetSHA(); got == first {
		t.Error("the head did not move")
	}
}

func TestRateLimit(t *testing.T) {
	w := newWorld(t)
	limited := githubtest.Start(t, githubtest.Options{RateLimit: 2})
	repo := limited.Repo(owner+"/"+name, nil)
	w.Server = limited
	c := w.client(repo.ActionsToken(githubtest.Full()))
	for range 2 {
		must(c.Repositories.Get(ctx, owner, name))
	}
	_, _, err := c.Repositories.Get(ctx, owner, name)
	var limit *github.RateLimitError
	if !strings.Contains(err.Error(), "rate limit") || !errors.As(err, &limit) {
		t.Errorf("got %v", err)
	}
}

// TestRoundTrips: requests under way together are waited for once.
func TestRoundTrips(t *testing.T) {
	w := newWorld(t)
	must(w.action.PullRequests.Get(ctx, owner, name, 1))
	both := make(chan struct{})
	meet := githubtest.Before(func() {
		select {
		case both <- struct{}{}:
		case <-both:
		}
	})
	w.Inject(githubtest.When{Method: "GET", Times: 2}, meet)
	done := make(chan error)
	for range 2 {
		go func() {
			_, _, err := w.action.PullRequests.ListFiles(ctx, owner, name, 1, nil)
			done <- err
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	must(w.action.PullRequests.ListCommits(ctx, owner, name, 1, nil))
	if n, trips := len(w.Requests()), w.RoundTrips(); n != 4 || trips != 3 {
		t.Errorf("%d requests in %d round trips, want 4 in 3", n, trips)
	}
}
