package github

import (
	"context"
	"fmt"
	"strings"

	"github.com/karzoun/miniapp-review/internal/plan"
)

// maxFolded is how many comments one request folds away.
const maxFolded = 50

// folded returns the comments that the first operations fold away, as far as one
// request can.
func folded(operations []plan.Operation) []string {
	var ids []string
	for _, op := range operations {
		if op.Kind != plan.Minimize || len(ids) == maxFolded {
			break
		}
		ids = append(ids, op.NodeID)
	}
	return ids
}

// minimize folds comments away in one request. GitHub asks clients that write a
// lot to wait between writes, so that one by one would take as many seconds.
func (c *Client) minimize(ctx context.Context, ids []string) error {
	var variables, fields strings.Builder
	values := map[string]any{}
	for i, id := range ids {
		fmt.Fprintf(&variables, "$i%d:ID!,", i)
		fmt.Fprintf(&fields, "m%d:minimizeComment(input:{subjectId:$i%d,classifier:RESOLVED}){minimizedComment{isMinimized}}", i, i)
		values[fmt.Sprintf("i%d", i)] = id
	}
	mutation := fmt.Sprintf("mutation(%s){%s}", strings.TrimSuffix(variables.String(), ","), fields.String())
	return c.write(ctx, "minimizing comments", func(ctx context.Context) error {
		return c.query(ctx, false, mutation, values, new(any))
	})
}
