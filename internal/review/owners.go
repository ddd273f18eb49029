package review

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// owner is one entry of owners.json.
type owner struct {
	login string
	id    int64
}

// owners reads who may update a namespace at one state. ok is false when there
// is no list that can be read.
func (r *reviewer) owners(tree pull.Tree, ns string) (list []owner, ok bool) {
	data, err := r.snapshot.Source(tree).ReadFile(path.Join(submission.Dir(ns), submission.OwnersFile), submission.MaxFileBytes)
	if err != nil {
		return nil, false
	}
	doc, problems := jsondoc.Parse(data)
	if len(problems) > 0 || doc == nil || !doc.Root.Is(jsondoc.Array) {
		return nil, false
	}
	for _, n := range doc.Root.Elements() {
		id, err := strconv.ParseInt(n.Get("id").Literal(), 10, 64)
		if err != nil || id <= 0 {
			return nil, false
		}
		list = append(list, owner{n.Get("login").Text(), id})
	}
	return list, len(list) > 0
}

// ownership returns why the author may not submit a namespace without a
// maintainer. The list at the tip of the base branch decides; accounts are
// known by their numeric id, since logins change hands.
func (r *reviewer) ownership(ns, kind string) (holds []string) {
	author := r.snapshot.Author
	who := fmt.Sprintf("its author %q, id %d,", author.Login, author.ID)
	if author.ID == 0 {
		who = "its author, whose account is gone,"
	}
	if kind == "new" {
		list, ok := r.owners(r.snapshot.HeadTree, ns)
		if !ok {
			return nil // a rule says so
		}
		if !contains(list, author.ID) {
			holds = append(holds, who+" is not in the owners.json that it submits")
		}
		return holds
	}
	list, ok := r.owners(r.snapshot.BaseTree, ns)
	if !ok {
		// What the list was before says nothing of who owns it now.
		return []string{fmt.Sprintf("who owns %q cannot be read at the base", ns)}
	}
	if !contains(list, author.ID) {
		why := fmt.Sprintf("%s is not among the owners of %q", who, ns)
		for _, o := range list {
			if strings.EqualFold(o.login, author.Login) {
				why = fmt.Sprintf("the login %q now belongs to another account, id %d, than that of the owner, id %d", author.Login, author.ID, o.id)
			}
		}
		holds = append(holds, why)
	}
	file := path.Join(submission.Dir(ns), submission.OwnersFile)
	for _, c := range r.snapshot.Changes {
		if c.Path == file && kind != "removed" {
			holds = append(holds, fmt.Sprintf("it changes who owns %q", ns))
		}
	}
	return holds
}

func contains(list []owner, id int64) bool {
	for _, o := range list {
		if o.id == id && id != 0 {
			return true
		}
	}
	return false
}
