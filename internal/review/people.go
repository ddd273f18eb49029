package review

import (
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/pull"
)

// refusal says why somebody may not decide about the pull request, as a part of
// a sentence; "" means that they may. Only what GitHub says of people now
// counts, never the association that it shows beside their names.
func (r *reviewer) refusal(u pull.User) string {
	switch {
	case u.ID == 0:
		return "the account is gone"
	case u.Bot:
		return "bots do not decide"
	case u.ID == r.snapshot.Author.ID:
		return "authors do not decide about their own pull request"
	case r.contributed(u):
		return "those who contributed commits do not decide about the pull request"
	case !canWrite(r.permission(u)):
		return "it needs write permission in this repository"
	case len(r.config.Reviewers) > 0 && !slices.Contains(r.config.Reviewers, strings.ToLower(u.Login)):
		return "the configuration names other reviewers"
	}
	return ""
}

func (r *reviewer) permission(u pull.User) string {
	return r.snapshot.Permissions[strings.ToLower(u.Login)]
}

func canWrite(permission string) bool {
	return slices.Contains([]string{"admin", "maintain", "write"}, permission)
}

// maintains reports whether somebody looks after the repository.
func (r *reviewer) maintains(u pull.User) bool {
	return slices.Contains([]string{"admin", "maintain"}, r.permission(u))
}

// contributed reports whether somebody is author, committer or co-author of a
// commit. When not all commits are known, everybody could be.
func (r *reviewer) contributed(u pull.User) bool {
	if r.snapshot.MoreCommits {
		return true
	}
	return slices.ContainsFunc(r.snapshot.Commits, func(c pull.Commit) bool {
		return slices.ContainsFunc(c.People, func(p pull.User) bool {
			return p.ID == u.ID || p.ID == 0 && strings.EqualFold(p.Login, u.Login)
		})
	})
}
