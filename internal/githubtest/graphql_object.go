package githubtest

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxBlobText is the size in bytes from which GitHub cuts the text of a blob.
const maxBlobText = 512 << 10

// graphObject answers Repository.object, by an object's id or by an expression
// such as "COMMIT:path/to/file". What is not there is null and no error.
func (c *call) graphObject(args map[string]any) (any, *problem) {
	if refused := c.forbidden(reads("contents"), false); refused != nil {
		return fields(nil), refused
	}
	id, _ := args["oid"].(string)
	if expression, _ := args["expression"].(string); expression != "" {
		revision, path, _ := strings.Cut(expression, ":")
		if tip, ok := c.repo.refs["heads/"+revision]; ok {
			revision = tip
		}
		tree, ok := c.repo.git.treeOf(revision)
		if !ok {
			return fields(nil), nil
		}
		id = c.repo.git.leaves(tree)[path].id
	}
	data, ok := c.repo.git.get(id, "blob")
	if !ok {
		return fields(nil), nil
	}
	return graphBlob(id, data), nil
}

// graphBlob is a blob. Its text is null when it is binary, and is made UTF-8
// when it is not, so that it is no longer what was stored.
func graphBlob(id string, data []byte) fields {
	binary := bytes.IndexByte(data[:min(len(data), 8000)], 0) >= 0
	blob := fields{"__typename": "Blob", "oid": id, "byteSize": len(data), "isBinary": binary, "isTruncated": false, "text": nil}
	if binary {
		return blob
	}
	if len(data) > maxBlobText {
		data, blob["isTruncated"] = data[:maxBlobText], true
	}
	text := string(data)
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\ufffd")
	}
	blob["text"] = text
	return blob
}

// graphNodes answers Query.nodes: null for what is not there, beside an error.
func (c *call) graphNodes(args map[string]any) (any, *problem) {
	ids, _ := args["ids"].([]any)
	if len(ids) > 100 {
		return []fields(nil), &problem{"ARGUMENT_LIMIT", "You may not provide more than 100 node ids; you provided too many."}
	}
	list := []fields{}
	var missing *problem
	for _, each := range ids {
		id, _ := each.(string)
		found := c.graphNode(id)
		if found == nil {
			missing = unresolvable(id)
		}
		list = append(list, found)
	}
	return list, missing
}

// graphReactions are the eight groups, whoever reacted.
func (c *call) graphReactions(reactions []reaction) []fields {
	names := map[string]string{"+1": "THUMBS_UP", "-1": "THUMBS_DOWN"}
	groups := []fields{}
	for _, content := range contents {
		name := names[content]
		if name == "" {
			name = strings.ToUpper(content)
		}
		mine := false
		for _, r := range reactions {
			mine = mine || r.content == content && r.by == c.user
		}
		groups = append(groups, fields{"__typename": "ReactionGroup", "content": name, "viewerHasReacted": mine})
	}
	return groups
}

// graphCommits are the commits of a pull request, with the accounts of their
// authors: the author, and those that trailers of the message name.
func (c *call) graphCommits(p *Pull) []fields {
	var nodes []fields
	ids := p.commits()
	for _, id := range ids[:min(len(ids), maxCommits)] {
		made, _ := c.repo.git.commit(id)
		addresses := []string{made.author.Email}
		for line := range strings.Lines(made.message) {
			if key, value, _ := strings.Cut(line, ":"); strings.EqualFold(key, "co-authored-by") {
				_, address, _ := strings.Cut(value, "<")
				address, _, closed := strings.Cut(address, ">")
				if closed && !slices.Contains(addresses, address) {
					addresses = append(addresses, address)
				}
			}
		}
		var authors []fields
		for _, address := range addresses {
			author := fields{"__typename": "GitActor", "email": address, "user": fields(nil)}
			if u := c.s.byEmail(address); u != nil && u.Type == "User" {
				author["user"] = c.graphActor(u)
			}
			authors = append(authors, author)
		}
		nodes = append(nodes, fields{"__typename": "PullRequestCommit", "commit": fields{
			"__typename": "Commit", "oid": id, "authors": connection("authors", authors),
		}})
	}
	return nodes
}
