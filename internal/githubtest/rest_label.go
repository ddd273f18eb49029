package githubtest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

type label struct {
	id                       int64
	name, color, description string
	standard                 bool
}

// defaultLabels are what a new repository has.
var defaultLabels = []label{
	{name: "bug", color: "d73a4a", description: "Something isn't working"},
	{name: "documentation", color: "0075ca", description: "Improvements or additions to documentation"},
	{name: "duplicate", color: "cfd3d7", description: "This issue or pull request already exists"},
	{name: "enhancement", color: "a2eeef", description: "New feature or request"},
	{name: "good first issue", color: "7057ff", description: "Good for newcomers"},
	{name: "help wanted", color: "008672", description: "Extra attention is needed"},
	{name: "invalid", color: "e4e669", description: "This doesn't seem right"},
	{name: "question", color: "d876e3", description: "Further information is requested"},
	{name: "wontfix", color: "ffffff", description: "This will not be worked on"},
}

// Label puts labels on the pull request; missing ones are created.
func (p *Pull) Label(by *User, names ...string) {
	p.do(func(s *Server) { s.addLabels(p, by, names) })
}

// Unlabel takes a label off the pull request.
func (p *Pull) Unlabel(by *User, name string) {
	p.do(func(s *Server) { s.dropLabel(p, by, name) })
}

func (r *Repo) label(name string) *label {
	for _, l := range r.labels {
		if strings.EqualFold(l.name, name) {
			return l
		}
	}
	return nil
}

func (s *Server) addLabels(p *Pull, by *User, names []string) {
	for _, name := range names {
		l := p.repo.label(name)
		if l == nil {
			l = &label{id: s.nextID(), name: name, color: "ededed"}
			p.repo.labels = append(p.repo.labels, l)
		}
		if slices.Contains(p.labels, l) {
			continue
		}
		p.labels = append(p.labels, l)
		p.updated = s.now()
		s.emitAbout(p, "pull_request", "labeled", by, map[string]any{"label": s.labelJSON(p.repo, l)})
	}
}

func (s *Server) dropLabel(p *Pull, by *User, name string) bool {
	l := p.repo.label(name)
	if l == nil || !slices.Contains(p.labels, l) {
		return false
	}
	p.labels = slices.DeleteFunc(p.labels, func(o *label) bool { return o == l })
	p.updated = s.now()
	s.emitAbout(p, "pull_request", "unlabeled", by, map[string]any{"label": s.labelJSON(p.repo, l)})
	return true
}

func (c *call) labelJSON(l *label) any { return c.s.labelJSON(c.repo, l) }

func listLabels(c *call) reply     { return list(c, c.repo.labels, c.labelJSON) }
func listPullLabels(c *call) reply { return list(c, c.pull.labels, c.labelJSON) }

func getLabel(c *call) reply {
	if l := c.repo.label(c.param("name")); l != nil {
		return ok(c.labelJSON(l))
	}
	return notFound()
}

type labelRequest struct {
	Name, Color, Description *string
	NewName                  *string `json:"new_name"`
}

func (ask labelRequest) problem(r *Repo, itself *label) *reply {
	if name := ask.Name; name != nil {
		switch other := r.label(*name); {
		case *name == "":
			return invalid("Label", "name", "name can't be blank")
		case utf8.RuneCountInString(*name) > maxLabelName:
			return invalid("Label", "name", "name is too long (maximum is 50 characters)")
		case other != nil && other != itself:
			return coded("Label", "name", "already_exists")
		}
	}
	if ask.Color != nil && (len(*ask.Color) != 6 || strings.Trim(strings.ToLower(*ask.Color), "0123456789abcdef") != "") {
		return coded("Label", "color", "invalid")
	}
	if ask.Description != nil && utf8.RuneCountInString(*ask.Description) > maxLabelText {
		return invalid("Label", "description", "description is too long (maximum is 100 characters)")
	}
	return nil
}

func coded(resource, field, code string) *reply {
	r := refuse(http.StatusUnprocessableEntity, "Validation Failed")
	r.body.(map[string]any)["errors"] = []map[string]any{{"resource": resource, "field": field, "code": code}}
	return r
}

func (l *label) take(ask labelRequest) {
	for _, each := range []struct{ to, from *string }{{&l.name, ask.Name}, {&l.color, ask.Color}, {&l.description, ask.Description}} {
		if each.from != nil {
			*each.to = *each.from
		}
	}
	l.color = strings.ToLower(l.color)
}

func createLabel(c *call) reply {
	var ask labelRequest
	if bad := c.decode(&ask); bad != nil {
		return *bad
	}
	if ask.Name == nil {
		return *coded("Label", "name", "missing_field")
	}
	if refused := ask.problem(c.repo, nil); refused != nil {
		return *refused
	}
	l := &label{id: c.s.nextID(), color: "ededed"}
	l.take(ask)
	c.repo.labels = append(c.repo.labels, l)
	return created(c.labelJSON(l))
}

func updateLabel(c *call) reply {
	l := c.repo.label(c.param("name"))
	if l == nil {
		return notFound()
	}
	var ask labelRequest
	if bad := c.decode(&ask); bad != nil {
		return *bad
	}
	// The description has new_name; clients send name, which works as well.
	if ask.NewName != nil {
		ask.Name = ask.NewName
	}
	if refused := ask.problem(c.repo, l); refused != nil {
		return *refused
	}
	l.take(ask)
	return ok(c.labelJSON(l))
}

// labelNames reads the body of the requests that put labels on a pull request:
// {"labels": […]} or a list, of names or of objects with a name.
func (c *call) labelNames() ([]string, *reply) {
	var ask struct{ Labels json.RawMessage }
	raw := json.RawMessage(c.body)
	if json.Unmarshal(c.body, &ask) == nil && ask.Labels != nil {
		raw = ask.Labels
	}
	var names []string
	if json.Unmarshal(raw, &names) == nil {
		return names, nil
	}
	var objects []struct{ Name string }
	if err := json.Unmarshal(raw, &objects); err != nil {
		return nil, refuse(http.StatusBadRequest, "Problems parsing JSON")
	}
	for _, o := range objects {
		names = append(names, o.Name)
	}
	return names, nil
}

// labelProblem counts before it takes doubles out, as GitHub does.
func labelProblem(count int, names []string) *reply {
	if count > maxLabels {
		return invalid("Issue", "labels", "labels may not exceed 100")
	}
	for _, name := range names {
		if name == "" || utf8.RuneCountInString(name) > maxLabelName {
			return invalid("Label", "name", "name is too long (maximum is 50 characters)")
		}
	}
	return nil
}

func addLabels(c *call) reply {
	names, bad := c.labelNames()
	if bad != nil {
		return *bad
	}
	if refused := labelProblem(len(c.pull.labels)+len(names), names); refused != nil {
		return *refused
	}
	c.s.addLabels(c.pull, c.user, names)
	return ok(c.s.labelsJSON(c.pull))
}

func setLabels(c *call) reply {
	names, bad := c.labelNames()
	if bad != nil {
		return *bad
	}
	if refused := labelProblem(len(names), names); refused != nil {
		return *refused
	}
	for _, l := range slices.Clone(c.pull.labels) {
		if !slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, l.name) }) {
			c.s.dropLabel(c.pull, c.user, l.name)
		}
	}
	c.s.addLabels(c.pull, c.user, names)
	return ok(c.s.labelsJSON(c.pull))
}

func removeLabel(c *call) reply {
	if !c.s.dropLabel(c.pull, c.user, c.param("name")) {
		return *refuse(http.StatusNotFound, "Label does not exist")
	}
	return ok(c.s.labelsJSON(c.pull))
}
