package cli

import (
	"fmt"
	"strings"

	"github.com/karzoun/miniapp-review/internal/githubtest"
	"github.com/karzoun/miniapp-review/internal/pull"
)

// leaked has the form of a credential and is none.
const leaked = "ghp_" + "k3BtX9wQz7LmR2pVn8YcF5hJd1GsA6uEo4Ti"

// opening is a scenario in which the partner opens a pull request and nothing
// else happens.
func opening(name string, base func(*desk) githubtest.Files, files func(d *desk) githubtest.Files) scenario {
	return scenario{name, base, func(d *desk) { d.opens(files(d)) }}
}

// firstScenarios are first submissions with findings of every family.
func firstScenarios() []scenario {
	first := func(name string, oldNew ...string) scenario {
		return opening("first-"+name, nil, func(d *desk) githubtest.Files { return d.ping(oldNew...) })
	}
	return []scenario{
		first("clean"),
		first("wrong-values", `"category": "productivity"`, `"category": "on-call"`, `"status": "private"`, `"status": "public"`, `"isCustom": false`, `"isCustom": "no"`),
		first("missing-fields", "  \"icon\": \"https://assets.pingdesk.example/icon.svg\",\n", "", "  \"label\": \"On-call alerts\",\n", ""),
		first("other-ns", `"ns": "pingdesk"`, `"ns": "pingdesks"`),
		first("version", `"version": "1.0.0"`, `"version": "v1"`),
		first("trigger", `"miniapps:pingdesk"`, `"miniapps:pingdeck"`, `"event": "page.answered"`, `"event": "page.taken"`),
		first("placeholder", `{{text}}`, `{{txet}}`, `"Bearer [[accessToken]]"`, `"Bearer [[acessToken]]"`),
		first("unsigned-webhook", `"type": "hmac-sha256"`, `"type": "none"`),
		first("private-hosts", `https://api.pingdesk.example/v1/team`, `http://169.254.169.254/latest/meta-data`, `https://api.pingdesk.example/v1/pages`, `https://[::ffff:10.0.0.1]/v1/pages`),
		first("warnings-only", `"docsUrl": "https://help.pingdesk.example/karzoun"`, `"docsUrl": "https://karzoun.com/pingdesk"`),
		first("todo", `What has happened, in one line.`, `TODO: say what goes here`),
		first("credential", `"accessToken": ""`, `"accessToken": "`+leaked+`"`),
		first("double-keys", `"status": "private"`, "\"status\": \"private\",\n  \"st\\u0061tus\": \"public\""),
		first("case-of-keys", `"ns": "pingdesk"`, "\"ns\": \"pingdesk\",\n  \"NS\": \"official\""),
		opening("first-reserved", nil, func(d *desk) githubtest.Files { return d.namespace("official") }),
		opening("first-confusable", nil, func(d *desk) githubtest.Files { return d.namespace("be11boy") }),
		opening("first-not-json", nil, func(d *desk) githubtest.Files {
			return d.with(d.ping(), map[string]string{"miniapp.json": "{\n  \"ns\": \"pingdesk\",\n  \"title\": 'Pingdesk',\n}\n"})
		}),
		opening("first-too-deep", nil, func(d *desk) githubtest.Files {
			return d.with(d.ping(), map[string]string{"miniapp.json": `{"ns": "pingdesk", "source": ` + strings.Repeat("[", 90) + strings.Repeat("]", 90) + "}\n"})
		}),
		opening("first-files-missing", nil, func(d *desk) githubtest.Files {
			return d.gone(d.ping(), "CHANGELOG.md", "SETUP.md", "owners.json", "test-account.age", "webhooks/page-answered.json")
		}),
		opening("first-account-in-the-clear", nil, func(d *desk) githubtest.Files {
			return d.with(d.ping(), map[string]string{"test-account.age": "login: qa@pingdesk.example\n", ".env": "COLOR=blue\n"})
		}),
		opening("first-setup-and-changelog", nil, func(d *desk) githubtest.Files {
			return d.with(d.ping(), map[string]string{"SETUP.md": "# Connect Pingdesk\n\nAsk us.\n", "CHANGELOG.md": "# Changelog\n\n## 1.0.0 (last week)\n\n- Initial release.\n"})
		}),
		opening("first-owners", nil, func(d *desk) githubtest.Files {
			return d.with(d.ping(), map[string]string{"owners.json": "{\"login\": \"pingdesk-team\"}\n"})
		}),
		opening("first-of-somebody-else", nil, func(d *desk) githubtest.Files {
			return d.with(d.ping(), map[string]string{"owners.json": ownedBy(d.otto)})
		}),
		opening("first-samples", nil, func(d *desk) githubtest.Files {
			return d.with(d.ping(), map[string]string{"webhooks/page-answered.json": "{\n  \"event\": \"page.answered\",\n  \"headers\": {},\n  \"query\": {},\n  \"body\": {\"kind\": \"page.answered\"}\n}\n"})
		}),
		opening("first-many-findings", nil, many),
	}
}

// many is a submission with dozens of findings.
func many(d *desk) githubtest.Files {
	var actions []string
	for i := range 30 {
		actions = append(actions, fmt.Sprintf(`    {
      "name": "do it %d",
      "title": "Do it",
      "renderStrategy": "whatever",
      "requests": [{"url": "http://api.pingdesk.example/{{nothing%d}}", "method": "FETCH"}]
    }`, i, i))
	}
	return d.ping("\"actions\": [\n", "\"actions\": [\n"+strings.Join(actions, ",\n")+",\n")
}

const typo, otherTypo = `"miniapps:pingdeck"`, `"category": "on-call"`

// broken is pingdesk with two mistakes.
func broken(d *desk) githubtest.Files {
	return d.ping(`"miniapps:pingdesk"`, typo, `"category": "productivity"`, otherTypo)
}

// fixScenarios are what becomes of remarks.
func fixScenarios() []scenario {
	after := func(name string, happens func(d *desk)) scenario {
		return scenario{"fix-" + name, nil, func(d *desk) {
			d.opens(broken(d))
			d.review()
			happens(d)
		}}
	}
	return []scenario{
		after("nothing-changed", func(*desk) {}),
		after("pushed", func(d *desk) { d.pushes(d.ping()) }),
		after("of-one", func(d *desk) { d.pushes(d.ping(`"category": "productivity"`, otherTypo)) }),
		after("settled", func(d *desk) { d.pushes(d.ping()); d.review() }),
		after("answered", func(d *desk) {
			d.pull.Remark(d.otto, "definitions/pingdesk/SETUP.md", 3, "Which access?")
			reply(d, "It is a new category of ours.")
			d.pushes(d.ping())
		}),
		after("outdated", func(d *desk) {
			d.pushes(d.ping(`"miniapps:pingdesk"`, typo, "  \"category\": \"productivity\",\n", "", `"ns": "pingdesk"`, "\"category\": \"on-call\",\n  \"ns\": \"pingdesk\""))
		}),
		after("came-back", func(d *desk) { d.pushes(d.ping()); d.review(); d.pushes(broken(d)) }),
		after("worse", func(d *desk) {
			d.pushes(d.ping(`"miniapps:pingdesk"`, typo, `"category": "productivity"`, otherTypo, `"status": "private"`, `"status": "public"`))
		}),
		after("of-the-setup-only", func(d *desk) {
			d.pushes(d.with(broken(d), map[string]string{"SETUP.md": string(d.ping()["definitions/pingdesk/SETUP.md"].Data) + "\nThat is all.\n"}))
		}),
	}
}

// reply answers the first remark of the review.
func reply(d *desk, text string) {
	d.Helper()
	for _, m := range d.pull.Remarks() {
		if m.By == "github-actions[bot]" {
			d.pull.RemarkWith(m.ID).Reply(d.partner, text)
			d.tick()
			return
		}
	}
	d.Fatal("there is no remark to answer")
}

// updateScenarios are changes of what is published.
func updateScenarios() []scenario {
	update := func(name string, files func(d *desk) githubtest.Files) scenario {
		return opening("update-"+name, published, files)
	}
	fix := func(d *desk) githubtest.Files {
		return d.update("1.0.1", "Fixed", "The card names the page and not the alert.", `"label": "On-call alerts"`, `"label": "On-call pages"`)
	}
	held := func(name string, versions map[string][]pull.Held) scenario {
		return scenario{"update-" + name, published, func(d *desk) { d.held = versions; d.opens(fix(d)) }}
	}
	newField := "          \"text\": {\n            \"type\": \"string\",\n            \"title\": \"Text\""
	return []scenario{
		update("fix", fix),
		update("feature", func(d *desk) githubtest.Files {
			return d.update("1.1.0", "Added", "Field `urgency` of \"Page the person on call\".", newField, "          \"urgency\": {\n            \"type\": \"string\",\n            \"title\": \"Urgency\"\n          },\n"+newField,
				`"text": "{{text}}"`, `"text": "{{text}}", "urgency": "{{urgency}}"`)
		}),
		update("breaking", func(d *desk) githubtest.Files {
			return migrated(d)
		}),
		update("breaking-as-fix", func(d *desk) githubtest.Files {
			return d.update("1.0.1", "Fixed", "The page's number is called `id`.", `"pageId": "$.page.id"`, `"id": "$.page.id"`)
		}),
		update("without-version", func(d *desk) githubtest.Files {
			return d.ping(`"label": "On-call alerts"`, `"label": "On-call pages"`)
		}),
		update("lower-version", func(d *desk) githubtest.Files { return d.ping(`"version": "1.0.0"`, `"version": "0.9.0"`) }),
		update("changelog-only", func(d *desk) githubtest.Files {
			return d.with(d.ping(), map[string]string{"SETUP.md": string(d.ping()["definitions/pingdesk/SETUP.md"].Data) + "\nThat is all.\n"})
		}),
		update("of-owners", func(d *desk) githubtest.Files {
			return d.with(fix(d), map[string]string{"owners.json": ownedBy(d.partner, d.otto)})
		}),
		update("removed", func(d *desk) githubtest.Files {
			files := githubtest.Files{}
			for name := range d.ping() {
				files[name] = githubtest.Gone()
			}
			return files
		}),
		update("renamed", func(d *desk) githubtest.Files {
			files := d.namespace("pingcenter")
			for name := range d.ping() {
				files[name] = githubtest.Gone()
			}
			return files
		}),
		update("of-two-namespaces", func(d *desk) githubtest.Files {
			return d.add(fix(d), d.namespace("bellboy", `"version": "1.0.0"`, `"version": "1.0.1"`))
		}),
		update("and-workflow", func(d *desk) githubtest.Files {
			return d.add(fix(d), githubtest.Texts(map[string]string{".github/workflows/x.yml": "on: push\n", ".github/miniapp-review.yml": "qa: none\n"}))
		}),
		update("and-readme", func(d *desk) githubtest.Files {
			return d.add(fix(d), githubtest.Texts(map[string]string{"README.md": "# Pingdesk\n", "definitions/notes.txt": "notes\n", ".DS_Store": "x"}))
		}),
		held("held-lower", map[string][]pull.Held{"pingdesk": {{Version: "1.0.0", State: "published"}}, "bellboy": nil}),
		held("held-same", map[string][]pull.Held{"pingdesk": {{Version: "1.0.0", State: "published"}, {Version: "1.0.1", State: "yanked"}}}),
		held("held-higher", map[string][]pull.Held{"pingdesk": {{Version: "1.0.0", State: "published"}, {Version: "1.2.0", State: "deleted"}}}),
		{"first-held", nil, func(d *desk) {
			d.held = map[string][]pull.Held{"pingdesk": {{Version: "1.0.0", State: "deleted"}}}
			d.opens(d.ping())
		}},
		{"update-overtaken", published, func(d *desk) {
			d.opens(fix(d))
			d.repo.Push("main", d.mona, d.update("1.1.0", "Fixed", "The card names the page.", `"label": "On-call alerts"`, `"label": "Paging"`))
		}},
		{"update-claimed", published, func(d *desk) {
			d.claims(fix(d))
			d.opens(fix(d))
		}},
		{"first-claimed", nil, func(d *desk) {
			d.claims(d.ping())
			d.opens(d.ping())
		}},
		{"first-claimed-later", nil, func(d *desk) {
			p := d.opens(d.ping())
			d.claims(d.ping())
			d.pull = p
		}},
		{"update-by-stranger", published, func(d *desk) {
			files := fix(d)
			d.fork, d.partner = d.repo.Fork(d.otto), d.otto
			d.opens(files)
		}},
		{"update-by-taken-login", published, func(d *desk) {
			files := fix(d)
			d.partner.Rename("pingdesk-inc")
			d.partner = d.gh.User("pingdesk-team")
			d.opens(files)
		}},
		{"update-by-renamed-owner", published, func(d *desk) { d.opens(fix(d)); d.partner.Rename("pingdesk-inc") }},
	}
}

// migrated is a breaking update that says how to migrate.
func migrated(d *desk) githubtest.Files {
	d.Helper()
	return d.update("2.0.0", "Changed", "The action `sendPage` is now called `page`.\n\n### Migration\n\n- Choose the action again in your automations.", `"name": "sendPage"`, `"name": "page"`)
}

// claims opens another pull request with these files, by somebody else.
func (d *desk) claims(files githubtest.Files) {
	d.Helper()
	fork := d.repo.Fork(d.otto)
	fork.Push("claim", d.otto, files)
	d.repo.Open(fork, "claim", d.otto, githubtest.PullSpec{Title: "Mine"})
	d.tick()
}
