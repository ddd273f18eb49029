package githubtest_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/githubtest"
)

// ask sends a GraphQL request and returns the answer, whatever it says.
func (w *world) ask(token, query string, variables map[string]any) (data map[string]any, problems string) {
	w.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		w.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL+"/graphql", bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	var got struct {
		Data   map[string]any
		Errors json.RawMessage
	}
	if err := json.NewDecoder(answer.Body).Decode(&got); err != nil || answer.StatusCode != http.StatusOK {
		w.t.Fatalf("status %d: %v", answer.StatusCode, err)
	}
	return got.Data, string(got.Errors)
}

// at walks into an answer by names and places.
func at(value any, path ...any) any {
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, _ := value.(map[string]any)
			value = m[s]
		case int:
			list, _ := value.([]any)
			if s >= len(list) {
				return nil
			}
			value = list[s]
		}
	}
	return value
}

const threadsQuery = `query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      headRefOid
      reviewThreads(first: 2, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes {
          id isResolved isOutdated path line
          comments(first: 100) { nodes { id databaseId body isMinimized author { __typename login ... on Bot { databaseId } } } }
        }
      }
    }
  }
}`

func TestThreads(t *testing.T) {
	w := newWorld(t)
	token := w.repo.ActionsToken(githubtest.Full())
	w.action = w.client(token)
	first := w.remark()
	for range 2 {
		w.remark()
	}
	must(w.action.PullRequests.CreateCommentInReplyTo(ctx, owner, name, 1, "a reply", first.GetID()))
	variables := map[string]any{"owner": owner, "name": name, "number": 1}
	var nodes []any
	for pages := 0; pages < 3; pages++ {
		data, problems := w.ask(token, threadsQuery, variables)
		if problems != "" {
			t.Fatal(problems)
		}
		threads := at(data, "repository", "pullRequest", "reviewThreads")
		nodes = append(nodes, at(threads, "nodes").([]any)...)
		if at(threads, "pageInfo", "hasNextPage") == false {
			break
		}
		variables["after"] = at(threads, "pageInfo", "endCursor")
	}
	if len(nodes) != 3 || len(at(nodes[0], "comments", "nodes").([]any)) != 2 {
		t.Fatalf("threads are %v", nodes)
	}
	comment := at(nodes[0], "comments", "nodes", 0)
	if at(comment, "databaseId") != float64(first.GetID()) || at(comment, "author", "login") != "github-actions" || at(comment, "author", "databaseId") != 41898282.0 || at(nodes[0], "line") != 20.0 {
		t.Errorf("the first thread is %v", nodes[0])
	}
	w.ResetLog()
	const minimize = `mutation($id: ID!, $why: ReportedContentClassifiers = RESOLVED) { minimizeComment(input: {subjectId: $id, classifier: $why}) { minimizedComment { isMinimized minimizedReason } } }`
	data, problems := w.ask(token, minimize, map[string]any{"id": at(comment, "id")})
	if at(data, "minimizeComment", "minimizedComment", "minimizedReason") != "resolved" || problems != "" {
		t.Errorf("minimizing gave %v %s", data, problems)
	}
	if !w.pull.Remarks()[0].Minimized || len(w.Writes()) != 1 {
		t.Errorf("remarks are %v after %d writes", w.pull.Remarks(), len(w.Writes()))
	}
	const show = `mutation($id: ID!) { unminimizeComment(input: {subjectId: $id}) { unminimizedComment { isMinimized } } }`
	if data, _ = w.ask(token, show, map[string]any{"id": at(comment, "id")}); at(data, "unminimizeComment", "unminimizedComment", "isMinimized") != false {
		t.Errorf("showing again gave %v", data)
	}
}

// TestResolvingNeedsContents: permission to write pull requests is not enough,
// and the refusal comes with status 200.
func TestResolvingNeedsContents(t *testing.T) {
	w := newWorld(t)
	made := w.pull.Remark(w.writer, "long.txt", 20, "here")
	data, _ := w.ask(w.writer.Token(), threadsQuery, map[string]any{"owner": owner, "name": name, "number": 1})
	id := at(data, "repository", "pullRequest", "reviewThreads", "nodes", 0, "id")
	const resolve = `mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { isResolved resolvedBy { login } } } }`
	weak := w.repo.ActionsToken(githubtest.Permissions{"contents": "read", "pull-requests": "write"})
	data, problems := w.ask(weak, resolve, map[string]any{"id": id})
	if at(data, "resolveReviewThread") != nil || !strings.Contains(problems, `"FORBIDDEN"`) || !strings.Contains(problems, "Resource not accessible by integration") {
		t.Errorf("resolving gave %v %s", data, problems)
	}
	data, problems = w.ask(w.repo.ActionsToken(githubtest.Full()), resolve, map[string]any{"id": id})
	if at(data, "resolveReviewThread", "thread", "isResolved") != true || problems != "" {
		t.Errorf("resolving gave %v %s", data, problems)
	}
	if got := w.pull.Remarks(); got[0].ID != made.ID || !got[0].Resolved {
		t.Errorf("remarks are %v", got)
	}
}

func TestGraphQLRefusals(t *testing.T) {
	w := newWorld(t)
	stranger := w.User("stranger").Token()
	comment := w.pull.Comment(w.writer, "said")
	data, _ := w.ask(stranger, `query { repository(owner: "acme", name: "definitions") { pullRequest(number: 1) { comments(first: 1) { nodes { id databaseId body } } } } }`, nil)
	node := at(data, "repository", "pullRequest", "comments", "nodes", 0)
	if at(node, "databaseId") != float64(comment.ID) {
		t.Fatalf("comments are %v", data)
	}
	for _, c := range []struct{ query, says string }{
		{`query { repository(owner: "acme", name: "definitions") { pullRequest(number: 1) { comments { totalCount } } } }`, "MISSING_PAGINATION_BOUNDARIES"},
		{`query { repository(owner: "acme", name: "definitions") { pullRequest(number: 1) { comments(first: 101) { totalCount } } } }`, "EXCESSIVE_PAGINATION"},
		{`query { repository(owner: "acme", name: "definitions") { pullRequest(number: 9) { id } } }`, "NOT_FOUND"},
		{`query { repository(owner: "acme", name: "other") { id } }`, "NOT_FOUND"},
		{`query { node(id: "IC_none") { id } }`, "NOT_FOUND"},
		{`mutation { minimizeComment(input: {subjectId: "` + at(node, "id").(string) + `", classifier: SPAM}) { clientMutationId } }`, "FORBIDDEN"},
	} {
		if _, problems := w.ask(stranger, c.query, nil); !strings.Contains(problems, c.says) {
			t.Errorf("%s gave %s, want %s", c.query, problems, c.says)
		}
	}
}
