package github

import (
	"context"
	"fmt"
	"strings"
)

// graphQLError is one error in the answer to a query.
type graphQLError struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	Path    []any  `json:"path"`
}

// graphQLRead is the value of repeatKey for queries that only read.
const graphQLRead = "read"

// query asks GitHub's GraphQL interface. data is what the answer is read into.
// An answer with errors is an error, even if it has data beside them, except
// for errors of type NOT_FOUND, which leave a null where something is gone.
// Every query here may be made twice with the same result, mutations too.
func (c *Client) query(ctx context.Context, read bool, text string, variables map[string]any, data any) error {
	if read {
		ctx = context.WithValue(ctx, repeatKey{}, graphQLRead)
	} else {
		ctx = mayRepeat(ctx)
	}
	body := map[string]any{"query": text}
	if len(variables) > 0 {
		body["variables"] = variables
	}
	req, err := c.gh.NewRequest("POST", c.graphQL, body)
	if err != nil {
		return err
	}
	answer := struct {
		Data   any            `json:"data"`
		Errors []graphQLError `json:"errors"`
	}{Data: data}
	if _, err := c.gh.Do(ctx, req, &answer); err != nil {
		return err
	}
	for _, e := range answer.Errors {
		switch e.Type {
		case "NOT_FOUND":
			if read {
				continue
			}
			return &Error{Reason: NotFound, Doing: "asking GitHub", Said: e.Message, Status: 200}
		case "FORBIDDEN", "INSUFFICIENT_SCOPES":
			key := "pull-requests: write"
			if read {
				key = "contents: read"
			}
			return &Error{Reason: Forbidden, Doing: "asking GitHub", Said: e.Message, Status: 200,
				Hint: fmt.Sprintf("Give the job %q under \"permissions:\" in the workflow, or the personal token that permission", key)}
		}
		return &Error{Reason: Refused, Doing: "asking GitHub", Said: strings.TrimSpace(e.Type + " " + e.Message), Status: 200}
	}
	return nil
}
