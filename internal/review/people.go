package review

import (
	"fmt"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/config"
	"github.com/karzoun/miniapp-review/internal/pull"
)

// refusal says why somebody may not decide about the pull request, as a part of
// a sentence; "" means that they may. Only what GitHub says of people now
// counts, never the association that it shows beside their names.
func (r *reviewer) refusal(u pull.User) string {
	why := r.refusalToStop(u)
	switch {
	case why != "":
		return why
	case r.contributed(u):
		return "those who contributed commits do not decide about the pull request"
	case !r.asked(u):
		return "too many people take part for all of them to be asked what they may do"
	}
	return ""
}

// refusalToStop is refusal for what can only stop the pull request: to ask for
// changes, to hold it, to record that an item failed. Its author must not get
// rid of an objection, so two things that the author can bring about do not
// count here: commits that name a reviewer as their author, and a crowd so large
// that the reviewer is not asked about.
func (r *reviewer) refusalToStop(u pull.User) string {
	switch {
	case u.ID == 0:
		return "the account is gone"
	case u.Bot:
		return "bots do not decide"
	case u.ID == r.snapshot.Author.ID:
		return "authors do not decide about their own pull request"
	case r.asked(u) && !canWrite(r.permission(u)):
		return "it needs write permission in this repository"
	case r.config.Reviewing() && !r.named(u) && (r.asked(u) || len(r.config.Teams) == 0):
		for _, t := range r.config.Teams {
			if _, seen := r.snapshot.Members[t.String()]; !seen {
				return fmt.Sprintf("the configuration names the team %q, and the token may not see who is in it", t)
			}
		}
		return "the configuration names other reviewers"
	}
	return ""
}

// named reports whether the configuration names somebody as a reviewer, or a
// team that they are in now.
func (r *reviewer) named(u pull.User) bool {
	login := strings.ToLower(u.Login)
	return slices.Contains(r.config.Reviewers, login) || slices.ContainsFunc(r.config.Teams, func(t config.Team) bool {
		return slices.Contains(r.snapshot.Members[t.String()], login)
	})
}

// Questions returns the teams that the configuration at the base names, and the
// people of the conversation of whom it matters whether they are in one of
// them. Permissions must have been read.
func Questions(s *pull.Snapshot) (teams []config.Team, people []pull.User) {
	r := &reviewer{snapshot: s, result: &Result{}}
	r.configure()
	if len(r.config.Teams) == 0 {
		return nil, nil
	}
	add := func(u pull.User) {
		if canWrite(r.permission(u)) && !slices.Contains(r.config.Reviewers, strings.ToLower(u.Login)) && !slices.Contains(people, u) {
			people = append(people, u)
		}
	}
	for _, v := range s.Reviews {
		add(v.User)
	}
	for _, c := range s.Comments {
		add(c.User)
	}
	return r.config.Teams, people
}

func (r *reviewer) permission(u pull.User) string {
	return r.snapshot.Permissions[strings.ToLower(u.Login)]
}

// asked reports whether GitHub was asked what somebody may do.
func (r *reviewer) asked(u pull.User) bool {
	_, ok := r.snapshot.Permissions[strings.ToLower(u.Login)]
	return ok
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
