package githubtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// GraphQL answers the part of GitHub's schema that a review needs: threads with
// their remarks, comments and reviews of a pull request, and the mutations that
// minimize comments and resolve threads.

// fields are an object's values by name. A value that takes arguments, or that
// is work to make, is a lazy one.
type fields map[string]any

type lazy func(args map[string]any) (any, *problem)

// problem is an error of GraphQL's, which is answered with status 200.
type problem struct{ kind, message string }

type graphRequest struct {
	Query     string
	Variables map[string]any
}

func parseGraph(body []byte) (graphRequest, *ast.OperationDefinition, *ast.QueryDocument, error) {
	var ask graphRequest
	if err := json.Unmarshal(body, &ask); err != nil {
		return ask, nil, nil, fmt.Errorf("reading the request: %w", err)
	}
	doc, err := parser.ParseQuery(&ast.Source{Input: ask.Query})
	if err != nil {
		return ask, nil, nil, fmt.Errorf("reading the query: %w", err)
	}
	if len(doc.Operations) != 1 {
		return ask, nil, nil, fmt.Errorf("the request has %d operations, not one", len(doc.Operations))
	}
	if ask.Variables == nil {
		ask.Variables = map[string]any{}
	}
	op := doc.Operations[0]
	for _, v := range op.VariableDefinitions {
		if _, given := ask.Variables[v.Variable]; !given && v.DefaultValue != nil {
			if value, err := v.DefaultValue.Value(nil); err == nil {
				ask.Variables[v.Variable] = value
			}
		}
	}
	return ask, op, doc, nil
}

// mutation reports whether the request asks for a change.
func mutation(body []byte) bool {
	_, op, _, err := parseGraph(body)
	return err == nil && op.Operation == ast.Mutation
}

func graphQL(c *call) reply {
	if c.user == nil {
		return *refuse(http.StatusUnauthorized, "This endpoint requires you to be authenticated.")
	}
	ask, op, doc, err := parseGraph(c.body)
	if err != nil {
		return ok(map[string]any{"errors": []any{map[string]any{"message": err.Error()}}})
	}
	root := c.graphQuery()
	if op.Operation == ast.Mutation {
		root = c.graphMutation()
	}
	run := &execution{vars: ask.Variables, doc: doc}
	body := map[string]any{"data": run.object(root, op.SelectionSet, nil)}
	if len(run.problems) > 0 {
		body["errors"] = run.problems
	}
	return ok(body)
}

type execution struct {
	vars     map[string]any
	doc      *ast.QueryDocument
	problems []any
}

func (e *execution) object(from fields, set ast.SelectionSet, path []string) map[string]any {
	out := map[string]any{}
	for _, selection := range set {
		switch one := selection.(type) {
		case *ast.Field:
			name := one.Alias
			at := append(path[:len(path):len(path)], name)
			value, known := from[one.Name]
			if !known {
				e.fail(at, problem{"undefinedField", fmt.Sprintf("Field '%s' doesn't exist on type '%v'", one.Name, from["__typename"])})
				continue
			}
			if make, is := value.(lazy); is {
				args := map[string]any{}
				for _, arg := range one.Arguments {
					args[arg.Name], _ = arg.Value.Value(e.vars)
				}
				var failed *problem
				if value, failed = make(args); failed != nil {
					e.fail(at, *failed)
				}
			}
			out[name] = e.value(value, one.SelectionSet, at)
		case *ast.InlineFragment:
			if one.TypeCondition == "" || applies(one.TypeCondition, from) {
				merge(out, e.object(from, one.SelectionSet, path))
			}
		case *ast.FragmentSpread:
			if def := e.doc.Fragments.ForName(one.Name); def != nil && applies(def.TypeCondition, from) {
				merge(out, e.object(from, def.SelectionSet, path))
			}
		}
	}
	return out
}

func merge(into, from map[string]any) {
	for k, v := range from {
		into[k] = v
	}
}

// applies reports whether a fragment is for the object. Interfaces are few.
func applies(condition string, object fields) bool {
	kind, _ := object["__typename"].(string)
	switch condition {
	case kind, "Node":
		return true
	case "Actor":
		return kind == "User" || kind == "Bot"
	case "Minimizable", "Comment":
		return kind == "IssueComment" || kind == "PullRequestReviewComment"
	}
	return false
}

func (e *execution) value(value any, set ast.SelectionSet, path []string) any {
	switch v := value.(type) {
	case fields:
		if v == nil {
			return nil
		}
		return e.object(v, set, path)
	case []fields:
		list := []any{}
		for _, each := range v {
			list = append(list, e.value(each, set, path))
		}
		return list
	}
	return value
}

func (e *execution) fail(path []string, p problem) {
	e.problems = append(e.problems, map[string]any{"type": p.kind, "path": path, "message": p.message})
}

// connection is a list that is read in pages.
func connection(name string, nodes []fields) lazy {
	return func(args map[string]any) (any, *problem) {
		first, err := whole(args["first"])
		if err != nil {
			return nil, &problem{"MISSING_PAGINATION_BOUNDARIES", "You must provide a `first` or `last` value to properly paginate the `" + name + "` connection."}
		}
		if first > 100 {
			return nil, &problem{"EXCESSIVE_PAGINATION", fmt.Sprintf("Requesting %d records on the `%s` connection exceeds the `first` limit of 100 records.", first, name)}
		}
		start := 0
		if after, ok := args["after"].(string); ok && after != "" {
			if _, err := fmt.Sscanf(after, "cursor:%d", &start); err != nil || start < 0 || start > len(nodes) {
				return nil, &problem{"INVALID_CURSOR_ARGUMENTS", fmt.Sprintf("`%s` does not appear to be a valid cursor.", after)}
			}
		}
		end := min(start+first, len(nodes))
		page, edges := append([]fields{}, nodes[start:end]...), []fields{}
		for i, node := range page {
			edges = append(edges, fields{"cursor": fmt.Sprintf("cursor:%d", start+i+1), "node": node})
		}
		info := fields{"__typename": "PageInfo", "hasNextPage": end < len(nodes), "hasPreviousPage": start > 0, "endCursor": nil, "startCursor": nil}
		if len(page) > 0 {
			info["endCursor"], info["startCursor"] = fmt.Sprintf("cursor:%d", end), fmt.Sprintf("cursor:%d", start+1)
		}
		return fields{"__typename": "Connection", "nodes": page, "edges": edges, "totalCount": len(nodes), "pageInfo": info}, nil
	}
}

func whole(value any) (int, error) {
	switch n := value.(type) {
	case float64:
		return int(n), nil
	case int64:
		return int(n), nil
	}
	return 0, fmt.Errorf("%v is no whole number", value)
}

// graphActor is an account. A bot's login lacks the "[bot]" that REST shows.
func (c *call) graphActor(u *User) fields {
	if u == nil || u.deleted {
		return nil
	}
	return fields{
		"__typename": u.Type, "id": nodeID("U", u.ID), "databaseId": u.ID, "login": strings.TrimSuffix(u.Login, "[bot]"),
		"url": web + "/" + u.Login,
	}
}
