package cli

import (
	"context"
	"strings"

	"github.com/karzoun/miniapp-review/internal/githubtest"
)

// commandScenarios are commands by people of every kind.
func commandScenarios() []scenario {
	in := func(name string, happens func(d *desk)) scenario {
		return scenario{"command-" + name, nil, func(d *desk) { d.opens(d.ping()); d.review(); happens(d) }}
	}
	every := []string{"/qa pass connect", "/qa fail install: it asks twice", "/qa reset", "/hold we ask legal", "/unhold", "/visibility partner-only", "/ok", "/recheck", "/help"}
	all := func(name string, who func(d *desk) *githubtest.User) scenario {
		return in("by-"+name, func(d *desk) {
			for _, line := range every {
				d.says(who(d), line)
			}
		})
	}
	return []scenario{
		all("author", func(d *desk) *githubtest.User { return d.partner }),
		all("reader", func(d *desk) *githubtest.User { return d.otto }),
		all("triager", func(d *desk) *githubtest.User { return d.tria }),
		all("writer", func(d *desk) *githubtest.User { return d.rita }),
		all("maintainer", func(d *desk) *githubtest.User { return d.mona }),
		all("bot", func(d *desk) *githubtest.User { return d.robot }),
		{"command-by-committer", nil, func(d *desk) { contribute(d, d.rita, ""); d.review(); d.says(d.rita, "/qa pass") }},
		{"command-by-co-author", nil, func(d *desk) {
			contribute(d, nil, "Co-authored-by: Rita <"+d.rita.Email()+">")
			d.review()
			d.says(d.rita, "/qa pass")
		}},
		in("by-one-who-left", func(d *desk) { d.says(d.rita, "/qa pass"); d.repo.Permit(d.rita, githubtest.None) }),
		in("by-deleted-account", func(d *desk) { d.says(d.rita, "/qa pass"); d.rita.Delete() }),
		in("edited", func(d *desk) { c := d.says(d.rita, "/qa pass connect"); c.Edit(d.rita, "/qa pass") }),
		in("quoted", func(d *desk) {
			d.says(d.rita, "> /qa pass", "", "```", "/hold x", "```", "", "- /unhold", "", "Please do not write /qa pass yet.")
		}),
		in("before-the-content", func(d *desk) {
			d.says(d.rita, "/qa pass")
			d.pushes(d.with(d.ping(), map[string]string{"SETUP.md": string(d.ping()["definitions/pingdesk/SETUP.md"].Data) + "\nThat is all.\n"}))
			d.review()
		}),
		in("qa-half", func(d *desk) { d.says(d.rita, "It connects.", "", "/qa pass install connect") }),
		in("qa-failed", func(d *desk) {
			d.says(d.rita, "/qa pass install", "/qa fail action:sendPage: the page has no text")
			d.review()
			d.says(d.partner, "/recheck")
		}),
		in("qa-failed-then-passed", func(d *desk) {
			d.says(d.rita, "/qa fail connect: it was me")
			d.says(d.walt, "/qa pass connect", "/qa pass")
		}),
		in("held", func(d *desk) { approve(d); d.says(d.walt, "/hold legal has a question") }),
		in("held-twice-lifted", func(d *desk) {
			approve(d)
			d.says(d.walt, "/hold a")
			d.says(d.mona, "/hold b")
			d.says(d.rita, "/unhold")
		}),
		in("wrong", func(d *desk) {
			d.says(d.rita, "/qa", "/qa pas", "/qa pass instal", "/qa fail connect", "/visibility everybody", "/recheck now", "/hold", "/approve")
		}),
		in("help-answered", func(d *desk) { d.says(d.partner, "/help"); d.review() }),
	}
}

// contribute opens a pull request whose commit somebody else had a part in.
func contribute(d *desk, committer *githubtest.User, trailer string) {
	id := d.fork.Commit(githubtest.CommitSpec{Parents: []string{d.repo.Branch("main")}, Files: d.ping(), Author: d.partner, Committer: committer,
		Message: "Add Pingdesk\n\n" + trailer + "\n"})
	d.fork.Push("work", d.partner, nil)
	d.fork.Move("work", d.partner, id)
	d.pull = d.repo.Open(d.fork, "work", d.partner, githubtest.PullSpec{Title: "Submit Pingdesk"})
	d.tick()
}

// approvalScenarios are reviews of people.
func approvalScenarios() []scenario {
	in := func(name string, happens func(d *desk)) scenario {
		return scenario{"approval-" + name, nil, func(d *desk) { d.opens(d.ping()); d.review(); happens(d) }}
	}
	touch := func(d *desk) {
		d.pushes(d.with(d.ping(), map[string]string{"SETUP.md": string(d.ping()["definitions/pingdesk/SETUP.md"].Data) + "\nThat is all.\n"}))
	}
	breaking := func(name string, who ...func(d *desk) *githubtest.User) scenario {
		return scenario{"approval-breaking-" + name, func(d *desk) githubtest.Files {
			return d.add(d.ping(), githubtest.Texts(map[string]string{".github/miniapp-review.yml": "approvals: {breaking: 2}\n"}))
		}, func(d *desk) {
			d.opens(migrated(d))
			d.review()
			d.says(d.rita, "/qa pass")
			for _, w := range who {
				d.judges(w(d), githubtest.Approve)
			}
		}}
	}
	rita := func(d *desk) *githubtest.User { return d.rita }
	walt := func(d *desk) *githubtest.User { return d.walt }
	return []scenario{
		in("given", approve),
		in("before-qa", func(d *desk) { d.judges(d.walt, githubtest.Approve) }),
		in("of-other-content", func(d *desk) { approve(d); touch(d) }),
		in("by-reader", func(d *desk) { d.says(d.rita, "/qa pass"); d.judges(d.otto, githubtest.Approve) }),
		in("by-bot", func(d *desk) { d.says(d.rita, "/qa pass"); d.judges(d.robot, githubtest.Approve) }),
		in("changes-requested", func(d *desk) { approve(d); d.judges(d.rita, githubtest.RequestChanges) }),
		in("changes-requested-by-reader", func(d *desk) { approve(d); d.judges(d.otto, githubtest.RequestChanges) }),
		in("changes-dismissed", func(d *desk) { approve(d); d.judges(d.rita, githubtest.RequestChanges).Dismiss(d.mona) }),
		in("dismissed", func(d *desk) { d.says(d.rita, "/qa pass"); d.judges(d.walt, githubtest.Approve).Dismiss(d.mona) }),
		in("by-one-who-left", func(d *desk) { approve(d); d.repo.Permit(d.walt, githubtest.None) }),
		in("by-taken-login", func(d *desk) {
			approve(d)
			d.walt.Rename("walter")
			d.repo.Permit(d.walt, githubtest.None)
			d.repo.Permit(d.gh.User("walt"), githubtest.Admin)
		}),
		in("and-held", func(d *desk) {
			d.pushes(d.with(d.ping(), map[string]string{"owners.json": ownedBy(d.otto)}))
			d.review()
			approve(d)
		}),
		in("and-let-through", func(d *desk) {
			d.pushes(d.with(d.ping(), map[string]string{"owners.json": ownedBy(d.otto)}))
			d.review()
			approve(d)
			d.says(d.mona, "/ok")
		}),
		breaking("by-one", rita),
		breaking("by-two", rita, walt),
		{"approval-by-others-than-reviewers", func(*desk) githubtest.Files {
			return githubtest.Texts(map[string]string{".github/miniapp-review.yml": "reviewers: [Mona]\n"})
		}, func(d *desk) {
			d.opens(d.ping())
			d.review()
			d.says(d.mona, "/qa pass")
			d.judges(d.walt, githubtest.Approve)
		}},
	}
}

// forgedScenarios are comments that look like our own.
func forgedScenarios() []scenario {
	in := func(name string, files func(d *desk) githubtest.Files, happens func(d *desk)) scenario {
		return scenario{"forged-" + name, nil, func(d *desk) { d.opens(files(d)); d.review(); happens(d) }}
	}
	clean := func(d *desk) githubtest.Files { return d.ping() }
	ours := func(d *desk) string { return d.pull.Comments()[0].Body }
	return []scenario{
		in("by-author", clean, func(d *desk) { d.says(d.partner, strings.ReplaceAll(ours(d), "QA", "Approved")) }),
		in("copied", clean, func(d *desk) { d.says(d.partner, ours(d)) }),
		in("echoed", clean, func(d *desk) { d.says(d.gh.Actions(), "Somebody wrote:", "", ours(d), "", "End of quote.") }),
		in("copied-by-our-account", clean, func(d *desk) { d.says(d.gh.Actions(), ours(d)) }),
		in("edited-by-maintainer", clean, func(d *desk) {
			d.pull.CommentWith(d.pull.Comments()[0].ID).Edit(d.mona, strings.Replace(ours(d), "reviewer", "partner", 1))
		}),
		in("ledger", clean, func(d *desk) {
			d.says(d.partner, `<!-- miniapp-review ledger {"content":"","since":"2020-01-01T00:00:00Z","stage":"approved","stage_since":"2020-01-01T00:00:00Z"} -->`,
				"<!-- miniapp-review status  "+strings.Repeat("0", 32)+" -->")
			d.pushes(d.with(d.ping(), map[string]string{"SETUP.md": "1. Go\n2. On\n3. Choose **Connect**.\n"}))
		}),
		in("remark-edited", broken, func(d *desk) {
			d.pull.RemarkWith(d.pull.Remarks()[0].ID).Edit(d.mona, "Never mind.")
		}),
		in("pending-review", broken, func(d *desk) {
			d.pushes(d.ping(`"miniapps:pingdesk"`, typo, `"category": "productivity"`, otherTypo, `"status": "private"`, `"status": "public"`))
			d.gh.Inject(githubtest.When{Method: "POST", Path: "/repos/*/*/pulls/*/reviews", Times: -1}, githubtest.LeavePending())
			if _, err := d.reviewer().pull(context.Background(), d.pull.Number); err == nil {
				d.Error("the review was made")
			}
			d.gh.Heal()
			d.tick()
		}),
	}
}
