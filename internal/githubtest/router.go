package githubtest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// router finds endpoints by path. The standard library's mux cannot hold
// GitHub's: "/pulls/comments/{comment_id}" and "/pulls/{pull_number}/files"
// match one path both, which it refuses.
type router struct{ routes []route }

// find returns the endpoint for the method and path, with the parameters set
// on the request. Literal names win over parameters, from left to right.
func (t router) find(r *http.Request) (route, bool) {
	path := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	var best []string
	var found route
	for _, each := range t.routes {
		pattern := strings.Split(strings.TrimPrefix(each.pattern, "/"), "/")
		if each.method == r.Method && fits(pattern, path) && (best == nil || moreLiteral(pattern, best)) {
			best, found = pattern, each
		}
	}
	for i, part := range best {
		if name := parameter(part); name != "" {
			value := path[i]
			if i == len(best)-1 {
				value = strings.Join(path[i:], "/")
			}
			if plain, err := url.PathUnescape(value); err == nil {
				value = plain
			}
			r.SetPathValue(name, value)
		}
	}
	return found, best != nil
}

// parameter returns the name of a parameter, or "" of a literal part.
func parameter(part string) string {
	if !strings.HasPrefix(part, "{") {
		return ""
	}
	return strings.Trim(part, "{}")
}

// long are the parameters that may hold slashes, where they come last.
var long = []string{"ref", "basehead", "path", "tag"}

func fits(pattern, path []string) bool {
	last := parameter(pattern[len(pattern)-1])
	if len(path) != len(pattern) && (len(path) < len(pattern) || !slices.Contains(long, last)) {
		return false
	}
	for i, part := range pattern {
		name := parameter(part)
		if name == "" && part != path[i] || name != "" && path[i] == "" && name != "path" {
			return false
		}
		if (strings.HasSuffix(name, "_number") || strings.HasSuffix(name, "_id")) && strings.Trim(path[i], "0123456789") != "" {
			return false
		}
	}
	return true
}

func moreLiteral(a, b []string) bool {
	for i := range min(len(a), len(b)) {
		if x, y := parameter(a[i]) == "", parameter(b[i]) == ""; x != y {
			return x
		}
	}
	return len(a) > len(b)
}
