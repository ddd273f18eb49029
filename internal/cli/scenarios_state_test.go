package cli

import (
	"strings"

	"github.com/karzoun/miniapp-review/internal/githubtest"
)

// stateScenarios are the states that a pull request can be in.
func stateScenarios() []scenario {
	state := func(name string, happens func(d *desk)) scenario {
		return scenario{"state-" + name, nil, happens}
	}
	reviewed := func(name string, happens func(d *desk)) scenario {
		return state(name, func(d *desk) { d.opens(d.ping()); d.review(); happens(d) })
	}
	return []scenario{
		state("no-definition", func(d *desk) {
			d.opens(githubtest.Texts(map[string]string{"README.md": "# Hello\n", "definitions/README.md": "Hello\n"}))
		}),
		state("draft", func(d *desk) {
			d.fork.Push("work", d.partner, broken(d))
			d.pull = d.repo.Open(d.fork, "work", d.partner, githubtest.PullSpec{Draft: true})
		}),
		state("draft-made-ready", func(d *desk) {
			d.fork.Push("work", d.partner, broken(d))
			d.pull = d.repo.Open(d.fork, "work", d.partner, githubtest.PullSpec{Draft: true})
			d.review()
			d.pull.Ready(d.partner)
		}),
		reviewed("made-draft", func(d *desk) { d.pull.ToDraft(d.partner) }),
		reviewed("closed", func(d *desk) { d.pull.Close(d.partner) }),
		reviewed("reopened", func(d *desk) { d.pull.Close(d.partner); d.review(); d.pull.Reopen(d.partner) }),
		reviewed("merged", func(d *desk) { approve(d); d.review(); d.pull.Merge(d.mona) }),
		reviewed("conflict", func(d *desk) {
			d.repo.Push("main", d.mona, githubtest.Texts(map[string]string{"definitions/pingdesk/miniapp.json": "{}\n"}))
		}),
		reviewed("base-merged-in", func(d *desk) {
			approve(d)
			d.review()
			d.repo.Push("main", d.mona, githubtest.Texts(map[string]string{"README.md": "# Changed\n"}))
			d.fork.MergeInto("work", d.partner, d.repo.Branch("main"))
		}),
		reviewed("rebased", func(d *desk) {
			approve(d)
			d.review()
			d.repo.Push("main", d.mona, githubtest.Texts(map[string]string{"README.md": "# Changed\n"}))
			d.fork.ForcePush("work", d.partner, d.repo.Branch("main"), d.ping())
		}),
		reviewed("nothing-left", func(d *desk) {
			d.fork.ForcePush("work", d.partner, d.repo.Branch("main"), githubtest.Texts(map[string]string{"README.md": "# Hello\n"}))
		}),
		reviewed("locked", func(d *desk) { d.pull.Lock(d.mona) }),
		reviewed("fork-deleted", func(d *desk) { d.fork.Delete() }),
		reviewed("ghost-author", func(d *desk) { d.partner.Delete() }),
		reviewed("retargeted", func(d *desk) { d.repo.Push("next", d.mona, nil); d.pull.Retarget(d.mona, "next") }),
		state("too-many-files", func(d *desk) { d.client.MaxChanges = 5; d.opens(d.ping()) }),
		state("truncated-tree", func(d *desk) { d.repo.Set(func(r *githubtest.Repo) { r.TreeLimit = 8 }); d.opens(d.ping()) }),
		state("moved-head", func(d *desk) {
			d.opens(d.ping())
			list := d.repo.Branch("main")
			d.gh.Inject(githubtest.When{Method: "GET", Path: "/repos/*/*/pulls/*/commits", Times: -1},
				githubtest.Raw(200, nil, `[{"sha": "`+list+`", "commit": {"message": "x"}, "parents": []}]`))
		}),
		state("unreadable-tree", func(d *desk) {
			p := d.opens(d.ping())
			d.gh.Inject(githubtest.When{Method: "GET", Path: "/repos/*/*/git/trees/" + p.Head(), Times: -1}, githubtest.Answer(403, "Resource not accessible by integration"))
		}),
		state("no-common-start", func(d *desk) {
			root := d.fork.Commit(githubtest.CommitSpec{Files: d.ping(), Author: d.partner, Message: "Start"})
			d.fork.Push("work", d.partner, nil)
			d.fork.Move("work", d.partner, root)
			d.pull = d.repo.Open(d.fork, "work", d.partner, githubtest.PullSpec{})
		}),
	}
}

// approve lets rita pass QA, and walt approve.
func approve(d *desk) {
	d.says(d.rita, "/qa pass")
	d.judges(d.walt, githubtest.Approve)
}

// fileScenarios are things in the place of plain files.
func fileScenarios() []scenario {
	file := func(name, path string, f githubtest.File) scenario {
		return opening("file-"+name, nil, func(d *desk) githubtest.Files {
			return d.add(d.ping(), githubtest.Files{"definitions/pingdesk/" + path: f})
		})
	}
	text := githubtest.Text
	return []scenario{
		file("symlink", "miniapp.json", githubtest.Symlink("../../.github/miniapp-review.yml")),
		file("submodule", "webhooks/more", githubtest.Submodule(strings.Repeat("12", 20))),
		file("executable", "SETUP.md", githubtest.Executable("# Connect\n")),
		file("lfs-pointer", "miniapp.json", text("version https://git-lfs.github.com/spec/v1\noid sha256:"+strings.Repeat("ab", 32)+"\nsize 1234\n")),
		file("binary", "logo.png", text("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff\xfe\x00")),
		file("not-utf-8", "miniapp.json", text("{\"ns\": \"ping\xffdesk\"}\n")),
		file("bom", "miniapp.json", text("\xef\xbb\xbf{\"ns\": \"pingdesk\"}\n")),
		file("huge", "webhooks/huge.json", text("\""+strings.Repeat("a", 2<<20)+"\"")),
		file("git-files", ".gitattributes", text("* filter=x\n")),
		file("windows-name", "webhooks/con.json", text("{}\n")),
		opening("file-twins", nil, func(d *desk) githubtest.Files {
			return d.with(d.ping(), map[string]string{"webhooks/Page-Answered.json": "{}\n", "webhooks/caf\u00e9.json": "{}\n", "webhooks/cafe\u0301.json": "{}\n"})
		}),
		opening("file-hidden-characters", nil, func(d *desk) githubtest.Files {
			return d.with(d.ping(), map[string]string{"webhooks/a\u202etxt.json": "{}\n", "webhooks/b\nc.json": "{}\n", "webhooks/d\x1b[31m.json": "{}\n"})
		}),
		{"file-folder-is-link", nil, func(d *desk) { d.opens(githubtest.Files{"definitions/pingdesk": githubtest.Symlink("bellboy")}) }},
		{"file-became-link", published, func(d *desk) {
			d.opens(githubtest.Files{"definitions/pingdesk/miniapp.json": githubtest.Symlink("../bellboy/miniapp.json")})
		}},
		{"file-mode-only", published, func(d *desk) {
			files := d.ping()
			files["definitions/pingdesk/SETUP.md"] = githubtest.Executable(string(files["definitions/pingdesk/SETUP.md"].Data))
			d.opens(files)
		}},
	}
}

// configScenarios are configurations of the base branch.
func configScenarios() []scenario {
	with := func(name, text string, files func(d *desk) githubtest.Files) scenario {
		return opening("config-"+name, func(*desk) githubtest.Files {
			return githubtest.Texts(map[string]string{".github/miniapp-review.yml": text})
		}, files)
	}
	clean := func(d *desk) githubtest.Files { return d.ping() }
	return []scenario{
		with("none-at-all", "", clean),
		with("wrong", "rules: [\n", clean),
		with("unknown-setting", "aprovals: {new: 2}\n", clean),
		with("shadow", "rules: {schema-value: shadow}\n", broken),
		with("severity", "rules: {schema-value: notice, trigger-type-namespace: warning}\n", broken),
		with("off", "rules: {schema-value: off}\n", broken),
		with("waiver", "waivers:\n  - {namespace: pingdesk, rule: schema-value, reason: agreed, until: 2026-12-31}\n", broken),
		with("waiver-over", "waivers:\n  - {namespace: pingdesk, rule: schema-value, reason: agreed, until: 2026-11-01}\n", broken),
		with("few-remarks", "review: {max_remarks: 3}\n", many),
		with("no-remarks", "review: {max_remarks: 0}\n", broken),
		with("no-qa", "qa: none\n", clean),
		with("no-qa-no-approvals", "qa: none\napprovals: {new: 0, update: 0, breaking: 1}\n", clean),
		with("other-labels", "labels:\n  qa: {name: Testing, color: abcdef}\n  waiting_reviewer: {name: 'on: us'}\n", clean),
		{"config-in-pull-request", nil, func(d *desk) {
			d.opens(d.add(broken(d), githubtest.Texts(map[string]string{".github/miniapp-review.yml": "rules: {schema-value: off}\nqa: none\napprovals: {new: 0}\n"})))
		}},
	}
}
