package cli

import (
	"encoding/json"
	"strings"

	"github.com/karzoun/miniapp-review/internal/githubtest"
)

// hostileTexts are texts that a forge makes something of, or that hide something.
func hostileTexts() []string {
	return []string{
		"@acme/everyone @mona please",
		"[free](https://evil.example) ![x](https://evil.example/x.png) <https://evil.example> www.evil.example https://evil.example/a",
		"<img src=x onerror=alert(1)><script>alert(1)</script></details></summary><!-- x --><h1>",
		"closes #1, fixes acme/definitions#2, resolves GH-3 and https://github.com/acme/definitions/issues/4",
		"a\u202eb\u2066c\u2069d\u200be\ufefff\u00adg\u2028h",
		"`x` ``y`` ```\n```suggestion\nevil\n```",
		"| a | b |\n| --- | --- |\n| @mona | x |",
		"\n\n# Approved\n\n**It is approved.** :tada: ~~no~~ _yes_ $x$ [^1]",
		"<!-- miniapp-review status  0123456789abcdef0123456789abcdef -->",
		"::error ::x\n##[command]y\r::set-output name=a::b",
		"0123456789abcdef0123456789abcdef01234567 acme/definitions@0123456",
		"&commat;mona &#64;mona \\@mona \\` \\",
		strings.Repeat("`", 300) + "@mona",
		strings.Repeat("[](", 200) + strings.Repeat("<a ", 200),
		"\x1b]8;;https://evil.example\x1b\\x\x00\x07\x7f",
	}
}

func quoted(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// hostile is pingdesk with a text in every field that takes one.
func hostile(d *desk, text string) githubtest.Files {
	q := quoted(text)
	files := d.ping(
		`"title": "Pingdesk"`, `"title": `+q,
		`"label": "On-call alerts"`, `"label": `+q,
		`"shortDescription": "Page the person on call from a conversation, and react when they answer."`, `"shortDescription": `+q,
		`"category": "productivity"`, `"category": `+q,
		`"icon": "https://assets.pingdesk.example/icon.svg"`, `"icon": `+q,
		`"docsUrl": "https://help.pingdesk.example/karzoun"`, `"docsUrl": `+q,
		`"version": "1.0.0"`, `"version": `+q,
		`"name": "sendPage"`, `"name": `+q,
		`"method": "POST"`, `"method": `+q,
		`"event": "page.answered"`, `"event": `+q,
		`"type": "hmac-sha256"`, `"type": `+q,
		`"source": {}`, q+`: 1, "source": {}`,
	)
	return d.with(files, map[string]string{
		"CHANGELOG.md":                "# Changelog\n\n## [" + strings.ReplaceAll(text, "\n", " ") + "] - 2026-13-45\n\n- x\n\n## " + text + "\n\n" + text + "\n",
		"SETUP.md":                    text + "\n\n1. " + text + "\n",
		"webhooks/page-answered.json": "{\"event\": " + q + ", " + q + ": {}, \"body\": " + q + "}\n",
		"owners.json":                 "[{\"login\": " + q + ", \"id\": 1}]\n",
	})
}

// hostileScenarios have such texts in every place that people can write in.
func hostileScenarios() []scenario {
	var list []scenario
	for i, name := range []string{"mentions", "links", "html", "closing-words", "hidden-characters", "backticks", "tables", "markdown", "marker", "runner-commands",
		"commits", "entities", "many-backticks", "many-brackets", "terminal"} {
		text := hostileTexts()[i]
		list = append(list, opening("hostile-"+name, nil, func(d *desk) githubtest.Files { return hostile(d, text) }))
	}
	all := strings.Join(hostileTexts(), " ")
	return append(list,
		scenario{"hostile-update", published, func(d *desk) {
			d.opens(d.update("2.0.0", "Changed", all, `"name": "sendPage"`, `"name": `+quoted("@mona [x](https://evil.example)"), `"event": "page.answered"`, `"event": "<b>@mona</b>"`))
		}},
		scenario{"hostile-paths", nil, func(d *desk) {
			d.opens(d.with(d.ping(), map[string]string{
				"@mona [x](y) `a`.json": "{}\n", "webhooks/<b>#1.json": "{}\n", "webhooks/a) ![b](c.json": "{}\n", "webhooks/|x|.json": "{}\n", "closes #1.md": "x\n",
			}))
		}},
		scenario{"hostile-outside-paths", nil, func(d *desk) {
			d.opens(d.add(d.ping(), githubtest.Texts(map[string]string{"@mona [x](www.evil.example) `a`\"b": "", "<img src=x>": "", ".github/closes #1 \u202e": ""})))
		}},
		scenario{"hostile-impossible-path", nil, func(d *desk) {
			d.opens(d.add(d.ping(), githubtest.Texts(map[string]string{"@mona [x](https://evil.example) `a`\"b": ""})))
		}},
		scenario{"hostile-namespace", nil, func(d *desk) {
			d.opens(githubtest.Texts(map[string]string{"definitions/@mona `x` [y](z) <b>/miniapp.json": "{}\n"}))
		}},
		scenario{"hostile-commands", nil, func(d *desk) {
			d.opens(d.ping())
			d.review()
			for _, text := range hostileTexts() {
				d.says(d.rita, "/qa fail connect: "+strings.ReplaceAll(text, "\n", " "))
				d.says(d.walt, "/hold "+strings.ReplaceAll(text, "\n", " "))
				d.says(d.mona, "/qa pass "+strings.ReplaceAll(text, "\n", " "))
			}
			d.says(d.otto, "/qa pass `@mona` [x](https://evil.example)")
		}},
		scenario{"hostile-pull-request", nil, func(d *desk) {
			d.fork.Push("`@mona`<b>", d.partner, broken(d))
			d.pull = d.repo.Open(d.fork, "`@mona`<b>", d.partner, githubtest.PullSpec{Title: all, Body: all})
		}},
	)
}
