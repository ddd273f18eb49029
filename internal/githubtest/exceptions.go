package githubtest

import (
	"bytes"
	"slices"
	"strings"
)

// exception is a place where GitHub's description and GitHub differ. What an
// answer or a request may then have is the text of the error, as the library
// words it, and nothing else.
type exception struct {
	patterns []string // paths below a repository
	errors   []string
	reply    bool // for answers in a thread only
	reason   string
}

var exceptions = []exception{
	{
		patterns: []string{"/statuses/{sha}"},
		errors:   []string{"status is not supported"},
		reason:   "lists no answer but 201, yet GitHub refuses unknown commits and long texts with 422 as everywhere",
	},
	{
		patterns: []string{"/pulls", "/pulls/{pull_number}", "/commits/{commit_sha}/pulls"},
		errors:   []string{"/head/repo: Value is not nullable"},
		reason:   "a pull request outlives the fork that it came from, and its head then has null for a repository",
	},
	{
		patterns: []string{"/pulls", "/commits/{commit_sha}/pulls"},
		errors:   []string{"/labels/description: Value is not nullable"},
		reason:   "a label without a description has null for it: the description of a label says so, and that of a list of pull requests does not",
	},
	{
		patterns: []string{"/search/issues"},
		errors:   []string{"/items/body: Value is not nullable"},
		reason:   "a pull request without a description has null for its body, here as everywhere",
	},
	{
		patterns: []string{"/pulls/{pull_number}/comments"},
		errors:   []string{`/commit_id: property "commit_id" is missing`, `/path: property "path" is missing`},
		reply:    true,
		reason:   "a reply by in_reply_to needs neither, the prose says: all parameters other than body are then ignored",
	},
	{
		patterns: []string{"/pulls/{pull_number}/comments", "/pulls/comments/{comment_id}", "/pulls/{pull_number}/comments/{comment_id}/replies"},
		errors: []string{
			"/line: Value is not nullable", "/original_line: Value is not nullable", "/position: Value is not nullable",
			"/original_position: Value is not nullable",
		},
		reason: "remarks about a file have no line, and outdated ones have neither line nor position: GitHub answers null",
	},
}

// excused reports that all that is wrong is known to be the description's fault.
func excused(e Exchange, err error) bool {
	text := err.Error()
	if i := strings.Index(text, ": /"); i >= 0 {
		text = text[i+2:]
	}
	for part := range strings.SplitSeq(text, " | ") {
		if !slices.ContainsFunc(exceptions, func(x exception) bool {
			return (!x.reply || bytes.Contains(e.ReqBody, []byte("in_reply_to"))) && slices.Contains(x.patterns, strings.TrimPrefix(e.Pattern, inRepo)) &&
				slices.ContainsFunc(x.errors, func(allowed string) bool { return withoutIndex(part) == allowed })
		}) {
			return false
		}
	}
	return true
}

// withoutIndex takes the places in lists off an error: "/items/3/body: …" is
// "/items/body: …".
func withoutIndex(text string) string {
	pointer, problem, found := strings.Cut(text, ": ")
	if !found {
		return text
	}
	parts := slices.DeleteFunc(strings.Split(pointer, "/"), func(part string) bool {
		return part != "" && strings.Trim(part, "0123456789") == ""
	})
	return strings.Join(parts, "/") + ": " + problem
}

// bodyAsDescribed returns the body of a request in the form that the
// description knows. Labels may be sent as a list by itself, its prose says,
// and go-github does so; its schema has only the object with that list. An
// empty list, which takes all labels off, is missing from the schema as well.
func bodyAsDescribed(e Exchange) []byte {
	body := bytes.TrimSpace(e.ReqBody)
	if strings.HasSuffix(e.Pattern, "/issues/{issue_number}/labels") && bytes.HasPrefix(body, []byte("[")) {
		if string(body) == "[]" {
			return []byte("{}")
		}
		return slices.Concat([]byte(`{"labels":`), body, []byte("}"))
	}
	return e.ReqBody
}
