package review

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/marker"
	"github.com/karzoun/miniapp-review/internal/plan"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/report"
)

// lookBack gathers the facts of a merged pull request: how it came in, and
// whether the registry holds what it brought. Nothing is checked again.
func (r *reviewer) lookBack(touched []string) {
	s, f := r.snapshot, &r.result.Facts
	head, base := s.Source(s.HeadTree), s.Source(s.MergeBaseTree)
	for _, ns := range touched {
		c, err := load(head, base, ns)
		if err != nil {
			r.notChecked("the submission could not be read")
			return
		}
		r.changes = append(r.changes, c)
		r.result.Namespaces = append(r.result.Namespaces, view(ns, c))
	}
	r.judge(touched)
	r.commands()
	// What is said to a merged pull request is answered by nobody.
	r.reactions, r.replies = nil, nil
	f.Published = len(s.Published) > 0 && r.allPublished() || len(s.Published) == 0 && r.saidPublished()
}

// allPublished reports whether the registry holds all that was brought.
func (r *reviewer) allPublished() bool {
	for _, n := range r.result.Namespaces {
		is := func(p pull.Published) bool { return p.NS == n.NS && p.Version == n.To }
		if n.Kind != "removed" && !slices.ContainsFunc(r.snapshot.Published, is) {
			return false
		}
	}
	return true
}

// saidPublished reports whether an earlier run found that the registry holds
// it. Published versions stay, so that it need not be asked again.
func (r *reviewer) saidPublished() bool {
	return slices.ContainsFunc(r.snapshot.Comments, func(c pull.Comment) bool {
		_, ok := r.own(c.User, c.Body, marker.Published)
		return ok
	})
}

// publication writes the one comment that tells what was published, or edits
// the one that is there.
func (r *reviewer) publication() []plan.Operation {
	if !r.result.Facts.Merged || !r.result.Facts.Published || len(r.snapshot.Published) == 0 {
		return nil
	}
	body := r.signer.Sign(marker.Published, "", r.publicationText())
	var ours *pull.Comment
	for i, c := range r.snapshot.Comments {
		if _, ok := r.own(c.User, c.Body, marker.Published); ok {
			ours = &r.snapshot.Comments[i]
		}
	}
	switch {
	case ours == nil:
		return []plan.Operation{{Kind: plan.CreateComment, Body: body}}
	case ours.Body != body:
		return []plan.Operation{{Kind: plan.UpdateComment, ID: ours.ID, Body: body}}
	}
	return nil
}

// publicationText tells a partner all that they need from now on.
func (r *reviewer) publicationText() string {
	var b strings.Builder
	for i, p := range r.snapshot.Published {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "### Published: %s %s\n\n", report.Code(p.NS), report.Code(p.Version))
		b.WriteString("| | |\n| --- | --- |\n")
		row := func(name, value string) {
			if value != "" {
				fmt.Fprintf(&b, "| %s | %s |\n", name, report.Cell(value))
			}
		}
		if api := r.config.Publish.SaaSAPIURL; api != "" {
			row("OAuth redirect URI", report.Code(api+"/miniapps/"+p.NS+"/oauth2"))
			row("Webhook URL", report.Code(api+"/miniapps/"+p.NS+"/webhooks"))
		}
		row("Visible to", visibleTo(p))
		row("SHA-256", report.Code(p.SHA256))
		for _, to := range r.config.Publish.To {
			row("Registry", r.location(to.Target, p))
		}
	}
	b.WriteString("\nSet the addresses above in your own service, where it asks for them. A published version never changes; the next one is another pull request.\n")
	b.WriteString("\n<details>\n<summary>How to verify it</summary>\n\n")
	b.WriteString(r.verifying())
	b.WriteString("\n</details>\n")
	return b.String()
}

func visibleTo(p pull.Published) string {
	switch {
	case p.Visibility == "public":
		return "everyone"
	case len(p.Tenants) == 0:
		return "partners"
	}
	var names []string
	for _, t := range p.Tenants {
		names = append(names, report.Code(t))
	}
	return "partners: " + strings.Join(names, ", ")
}

// location says where a registry has a version, with a link where there is a
// page.
func (r *reviewer) location(to string, p pull.Published) string {
	if branch, ok := strings.CutPrefix(to, "branch:"); ok && r.snapshot.Repository.URL != "" {
		return fmt.Sprintf("[%s](%s/tree/%s/%s/%s)", report.Code(to), r.snapshot.Repository.URL, branch, url.PathEscape(p.NS), url.PathEscape(p.Version))
	}
	return report.Code(to)
}

// verifying are the commands with which anybody checks what was published.
func (r *reviewer) verifying() string {
	// What can stand in a command as it is. Names of branches, namespaces and
	// versions always can.
	plain := regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.:/_@-]*$`)
	var b strings.Builder
	b.WriteString("```sh\n")
	for _, to := range r.config.Publish.To {
		branch, ok := strings.CutPrefix(to.Target, "branch:")
		if !ok {
			continue
		}
		fmt.Fprintf(&b, "git fetch origin %s\n", branch)
		for _, p := range r.snapshot.Published {
			fmt.Fprintf(&b, "git show FETCH_HEAD:%s/%s/miniapp.json | sha256sum\n", p.NS, p.Version)
		}
		fmt.Fprintf(&b, "git show FETCH_HEAD:index.json > index.json\ngh attestation verify index.json --repo %s/%s\n", r.snapshot.Repository.Owner, r.snapshot.Repository.Name)
		break
	}
	for _, to := range r.config.Publish.To {
		if plain.MatchString(to.Target) {
			fmt.Fprintf(&b, "miniapp registry verify %s\n", to.Target)
		}
	}
	b.WriteString("```\n\nThe digest must be the one above. The attestation, where the workflow makes one, says which workflow of which repository wrote the index, and the last command checks every version.\n")
	return b.String()
}
