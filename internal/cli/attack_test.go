package cli

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf16"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/githubtest"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/stage"
)

// The tests of this file are rows of the catalogue of attacks on tools that
// read pull requests, each against a whole review on a GitHub in memory. Rows
// about reading alone are in internal/github. docs/security.md lists all.

// finds reviews a pull request with these files and checks that it does not
// pass, with a finding of the rule.
func finds(t *testing.T, rule string, files func(d *desk) githubtest.Files) []finding.Finding {
	t.Helper()
	d := newDesk(t, nil)
	d.opens(files(d))
	o := d.review()
	var found []finding.Finding
	for _, f := range o.result.Findings {
		if f.Rule == rule {
			found = append(found, f)
		}
	}
	if len(found) == 0 || o.result.Decision.Status != stage.Failure {
		t.Errorf("no finding of %s, status %q, findings %v", rule, o.result.Decision.Status, rulesOf(o))
	}
	checkNeutral(t, o.result)
	return found
}

func rulesOf(o *outcome) []string {
	var list []string
	for _, f := range o.result.Findings {
		list = append(list, f.Rule)
	}
	return list
}

// document makes a text the definition.
func document(text string) func(d *desk) githubtest.Files {
	return func(d *desk) githubtest.Files { return d.with(d.ping(), map[string]string{"miniapp.json": text}) }
}

// A reader that takes the last of two equal keys and one that takes the first
// would see two documents.
func TestAttack09DuplicateKeys(t *testing.T) {
	for _, twin := range []string{`"status"`, `"\u0073tatus"`, `"st\u0061t\u0075s"`} {
		found := finds(t, "json-strict", func(d *desk) githubtest.Files {
			return d.ping(`"status": "private"`, `"status": "private", `+twin+`: "public"`)
		})
		if len(found) > 0 && !strings.Contains(found[0].Message, "line 9") {
			t.Errorf("%s: the first place is not told: %s", twin, found[0].Message)
		}
	}
}

func TestAttack10KeysInOtherCase(t *testing.T) {
	for _, key := range []string{"NS", "Ns", "VERSION"} {
		finds(t, "field-case", func(d *desk) githubtest.Files { return d.ping(`"source": {}`, `"`+key+`": "official", "source": {}`) })
	}
}

func TestAttack11SecondDocument(t *testing.T) {
	for _, after := range []string{`{"ns": "official"}`, "x", "]", "\x00"} {
		finds(t, "json-strict", func(d *desk) githubtest.Files {
			return document(string(d.ping()["definitions/pingdesk/miniapp.json"].Data) + after)(d)
		})
	}
}

func TestAttack12Encodings(t *testing.T) {
	var wide bytes.Buffer
	for _, u := range utf16.Encode([]rune("\ufeff{\"ns\": \"pingdesk\"}")) {
		wide.Write([]byte{byte(u), byte(u >> 8)})
	}
	for name, text := range map[string]string{"byte-order mark": "\xef\xbb\xbf{}", "UTF-16": wide.String(), "not UTF-8": "{\"ns\": \"\xff\"}", "overlong": "{\"ns\": \"\xc0\xaf\"}", "a lone surrogate": `{"ns": "\ud800"}`} {
		t.Run(name, func(t *testing.T) { finds(t, "json-strict", document(text)) })
	}
}

func TestAttack13Nesting(t *testing.T) {
	for _, open := range []string{"[", `{"a":`} {
		finds(t, "json-strict", document(strings.Repeat(open, 150_000)))
	}
}

func TestAttack14Numbers(t *testing.T) {
	for _, n := range []string{"1e1000000", "-1E-99999999", strings.Repeat("9", 500_000), "0." + strings.Repeat("1", 100_000)} {
		finds(t, "json-strict", func(d *desk) githubtest.Files { return d.ping(`"source": {}`, `"source": {"n": `+n+`}`) })
	}
}

// What is huge costs a bounded review, and never passes.
func TestAttack15Huge(t *testing.T) {
	finds(t, "file-readable", document(`{"ns": "`+strings.Repeat("a", 2<<20)+`"}`))
	finds(t, "schema-shape", document(`{"ns": "pingdesk", "actions": [`+strings.Repeat("1,", 100_000)+`1]}`))
	finds(t, "ns-kebab-case", document(`{"ns": "`+strings.Repeat("a", 1<<19)+`"}`))
}

func TestAttack16Lookalikes(t *testing.T) {
	for _, ns := range []string{"pіngdesk", "ping\u200bdesk", "Pingdesk", "ping_desk", "ｐingdesk", "pingdesk ", "ping\ndesk", "-pingdesk", "ping--desk"} {
		finds(t, "ns-kebab-case", func(d *desk) githubtest.Files { return d.ping(`"ns": "pingdesk"`, `"ns": `+quoted(ns)) })
	}
	d := newDesk(t, nil)
	d.opens(d.namespace("be11boy"))
	if o := d.review(); !slices.Contains(rulesOf(o), "ns-confusable") {
		t.Errorf("a lookalike of bellboy has %q", rulesOf(o))
	}
}

func TestAttack17NearAndReservedNames(t *testing.T) {
	finds(t, "ns-reserved", func(d *desk) githubtest.Files { return d.namespace("official") })
	for _, ns := range []string{"bellboys", "belboy", "bell-boy", "ballboy"} {
		d := newDesk(t, nil)
		d.opens(d.namespace(ns))
		if o := d.review(); !slices.Contains(rulesOf(o), "ns-confusable") {
			t.Errorf("%s beside bellboy has %q", ns, rulesOf(o))
		}
	}
}

func TestAttack18PrivateHosts(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "10.1.2.3", "169.254.169.254", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::1]", "100.64.0.1", "192.0.0.192", "168.63.129.16", "2130706433", "metadata.google.internal", "localhost"} {
		finds(t, "url-public-host", func(d *desk) githubtest.Files {
			return d.ping("https://api.pingdesk.example/v1/pages", "https://"+host+"/v1/pages")
		})
	}
}

// Resolving twice, redirects, proxies and slow answers can do nothing to a
// review, since it asks nobody but GitHub: neither the hosts of a submission nor
// what its references and schemas lead to.
func TestAttack19NothingIsFetched(t *testing.T) {
	asked := trap(t)
	d := newDesk(t, nil)
	d.opens(d.with(d.ping("https://api.pingdesk.example/v1/team", asked.url+"/team", "https://assets.pingdesk.example/icon.svg", asked.url+"/icon.svg", "https://help.pingdesk.example/karzoun", asked.url+"/help"),
		map[string]string{"SETUP.md": "![x](" + asked.url + "/image)\n\n1. Go\n"}))
	d.review()
	if n := asked.n.Load(); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestAttack20RedirectsAreNotFollowed(t *testing.T) {
	asked := trap(t)
	d := newDesk(t, nil)
	d.opens(d.ping())
	d.gh.Inject(githubtest.When{Method: "GET", Path: "/repos/*/*/git/blobs/*", Times: -1}, githubtest.RedirectTo(asked.url))
	d.gh.Inject(githubtest.When{Method: "GET", Path: "/repos/*/*/git/trees/*", Times: -1}, githubtest.RedirectTo(asked.url))
	if o, err := d.reviewer().pull(t.Context(), d.pull.Number); err == nil && o.result.Facts.CouldNotCheck == "" {
		t.Errorf("a review without content comes to %q", o.result.Decision.Summary)
	}
	if n := asked.n.Load(); n != 0 {
		t.Errorf("%d requests elsewhere", n)
	}
}

// A schema inside a submission is data: what it refers to is not loaded.
func TestAttack47ReferencesInSchemas(t *testing.T) {
	asked := trap(t)
	d := newDesk(t, nil)
	d.opens(d.ping(`"type": "string",`, `"$ref": "`+asked.url+`/schema.json", "$schema": "`+asked.url+`/meta", "$id": "`+asked.url+`", "type": "string",`))
	d.review()
	if n := asked.n.Load(); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// trapped is a server that nobody should ask.
type trapped struct {
	url string
	n   atomic.Int64
}

func trap(t *testing.T) *trapped {
	out := &trapped{}
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { out.n.Add(1) }))
	t.Cleanup(s.Close)
	out.url = s.URL
	return out
}

// approvedDesk is a pull request that everything was said yes to.
func approvedDesk(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t, nil)
	d.opens(d.ping())
	d.review()
	approve(d)
	d.stands(stage.Approved)
	return d
}

// stands reviews and checks the stage, and that only an approved one is green.
func (d *desk) stands(want stage.Stage) {
	d.Helper()
	o := d.review()
	if o.result.Decision.Stage != want {
		d.Errorf("stage %q (%s), want %q", o.result.Decision.Stage, o.result.Decision.Summary, want)
	}
	for _, s := range d.repo.Statuses(d.pull.Head()) {
		if (s.State == "success") != (want == stage.Approved) {
			d.Errorf("the status is %s at %q", s.State, want)
		}
	}
}

func TestAttack30PushAfterApproval(t *testing.T) {
	changed := func(d *desk) githubtest.Files {
		return d.with(d.ping(), map[string]string{"SETUP.md": string(d.ping()["definitions/pingdesk/SETUP.md"].Data) + "\nThat is all.\n"})
	}
	d := approvedDesk(t)
	d.pushes(changed(d))
	d.stands(stage.QA)
	d = approvedDesk(t)
	d.repo.Push("main", d.mona, githubtest.Texts(map[string]string{"README.md": "# Changed\n"}))
	d.fork.ForcePush("work", d.partner, d.repo.Branch("main"), d.ping())
	d.stands(stage.Approved) // the same content on another base
	d = approvedDesk(t)
	d.repo.Push("main", d.mona, githubtest.Texts(map[string]string{"README.md": "# Changed\n"}))
	d.fork.MergeInto("work", d.partner, d.repo.Branch("main"))
	d.stands(stage.Approved)
	d.fork.ForcePush("work", d.partner, d.repo.Branch("main"), changed(d))
	d.stands(stage.QA)
}

func TestAttack31CommandsThatDoNotCount(t *testing.T) {
	for name, happens := range map[string]func(d *desk){
		"edited": func(d *desk) { d.says(d.rita, "Looks good.").Edit(d.rita, "/qa pass") },
		"quoted": func(d *desk) {
			d.says(d.rita, "> /qa pass", "", "    /qa pass", "", "```", "/qa pass", "```", "", "so /qa pass it is")
		},
		"old": func(d *desk) {
			d.says(d.rita, "/qa pass")
			d.pushes(d.with(d.ping(), map[string]string{"SETUP.md": string(d.ping()["definitions/pingdesk/SETUP.md"].Data) + "\nThat is all.\n"}))
			d.review()
		},
		"in a review": func(d *desk) { d.pull.Review(d.rita, githubtest.Remark, "/qa pass"); d.tick() },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, nil)
			d.opens(d.ping())
			d.review()
			happens(d)
			d.stands(stage.QA)
		})
	}
}

func TestAttack32SelfApproval(t *testing.T) {
	for name, open := range map[string]func(d *desk) *githubtest.User{
		"committer": func(d *desk) *githubtest.User { contribute(d, d.rita, ""); return d.rita },
		"co-author": func(d *desk) *githubtest.User {
			contribute(d, nil, "Co-authored-by: Rita <"+d.rita.Email()+">")
			return d.rita
		},
		"bot": func(d *desk) *githubtest.User { d.opens(d.ping()); return d.robot },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, nil)
			who := open(d)
			d.review()
			d.says(d.walt, "/qa pass")
			d.judges(who, githubtest.Approve)
			d.stands(stage.Approval)
			d.says(d.walt, "/qa reset")
			d.says(who, "/qa pass")
			d.stands(stage.QA)
		})
	}
	d := newDesk(t, nil)
	d.repo.Permit(d.partner, githubtest.Admin)
	d.opens(d.ping())
	d.review()
	d.says(d.partner, "/qa pass")
	d.stands(stage.QA)
}

func TestAttack33PermissionTakenAway(t *testing.T) {
	d := approvedDesk(t)
	d.repo.Permit(d.walt, githubtest.None)
	d.stands(stage.Approval)
	d = approvedDesk(t)
	d.walt.Rename("walter")
	d.stands(stage.Approved) // the same person
	d = approvedDesk(t)
	d.walt.Rename("walter")
	d.repo.Permit(d.walt, githubtest.None)
	d.repo.Permit(d.gh.User("walt"), githubtest.Admin)
	d.stands(stage.Approval)
}

func TestAttack35NamesChangeHands(t *testing.T) {
	rename := newDesk(t, published)
	files := rename.namespace("pingcenter")
	for name := range rename.ping() {
		files[name] = githubtest.Gone()
	}
	rename.opens(files)
	if o := rename.review(); !slices.Contains(rulesOf(o), "ns-unchanged") || len(o.result.Facts.Holds) == 0 {
		t.Errorf("a rename has %q, held for %q", rulesOf(o), o.result.Facts.Holds)
	}
	again := newDesk(t, nil)
	again.held = retired()
	again.opens(again.ping())
	if o := again.review(); !slices.Contains(rulesOf(o), "ns-retired") || o.result.Decision.Status != stage.Failure {
		t.Errorf("a name that the registry knows has %q", rulesOf(o))
	}
}

// What looks like our own comment and is not has no effect, and stays as it is.
func TestAttack37ForgedMarkers(t *testing.T) {
	for _, s := range forgedScenarios() {
		t.Run(s.name, func(t *testing.T) {
			d := newDesk(t, s.base)
			s.happens(d)
			before := map[int64]string{}
			for _, c := range d.pull.Comments()[1:] {
				before[c.ID] = c.Body
			}
			o := d.review()
			if o.result.Decision.Status == stage.Success || o.result.Decision.Stage == stage.Approved {
				t.Errorf("it comes to %+v", o.result.Decision)
			}
			for _, c := range d.pull.Comments() {
				if was, there := before[c.ID]; there && c.By != d.gh.Actions().Login && (c.Body != was || c.Minimized) {
					t.Errorf("a comment of %s was changed", c.By)
				}
			}
			if again := d.review(); len(again.result.Plan.Operations) > 0 {
				t.Errorf("and then it plans\n%s", again.result.Plan.Text())
			}
		})
	}
}

// No text of the pull request becomes a command for the runner, an output, or a
// word of a shell.
func TestAttack39TextsForTheRunner(t *testing.T) {
	for _, text := range []string{"x\n::set-output name=stage::approved", "$(id)`id`;id", "##[error]x", "a\r\nstage<<EOF\napproved\nEOF", "::stop-commands::x", "\u2028::error::y"} {
		w := newWorld(t, githubtest.Options{}, "parleo")
		files := w.namespace("parleo", map[string]string{"miniapp.json": w.definition("parleo", `"category": "`, `"category": "`+strings.Trim(quoted(text), `"`))})
		branch := strings.NewReplacer("\n", "-", "\r", "-", " ", "-", ":", "-", "[", "-", "\u2028", "-", "~", "-").Replace(text)
		w.fork.Push(branch, w.partner, files)
		w.pull = w.repo.Open(w.fork, branch, w.partner, githubtest.PullSpec{Title: text, Body: text})
		w.pull.Comment(w.partner, "/qa pass "+text)
		r := w.runner("pull_request_target", pullPayload(w.pull.Number))
		out := outputs(t, r.outputs)
		if len(out) != 5 || out["stage"] != "intake" || out["status"] != "failure" {
			t.Errorf("%q: outputs %v", text, out)
		}
		for line := range strings.Lines(r.log) {
			word, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "::"), " ")
			if strings.HasPrefix(strings.TrimSpace(line), "::") && !slices.Contains([]string{"error", "warning", "notice"}, word) && !strings.HasPrefix(word, "add-mask::") && !strings.HasPrefix(word, "stop-commands::") && !isToken(word) {
				t.Errorf("%q: a line of the log is %q", text, line)
			}
			if strings.Contains(line, "##[") {
				t.Errorf("%q: a line of the log is %q", text, line)
			}
		}
	}
}

// isToken reports whether a word ends a pause of commands: random digits, which
// no submission can know.
func isToken(word string) bool {
	word = strings.TrimSuffix(word, "::")
	return len(word) >= 32 && strings.Trim(word, "0123456789abcdef-pus") == ""
}

func TestAttack40Pings(t *testing.T) {
	for _, text := range []string{"@acme/everyone", "closes #1", "acme/definitions#1", "https://github.com/acme/definitions/pull/1", "GH-1", "mona@acme.example"} {
		d := newDesk(t, nil)
		d.opens(hostile(d, text))
		d.says(d.rita, "/hold "+text, "/qa fail connect: "+text, "/qa pass "+text)
		checkNeutral(t, d.review().result)
		for _, c := range d.pull.Comments() {
			if wrong := neutral(c.Body); c.By == d.gh.Actions().Login && len(wrong) > 0 {
				t.Errorf("%s: %s", text, wrong)
			}
		}
	}
}

// A run that breaks off at any of its writes is made whole by the next one.
// TestConvergesAfterEachRequest does the same for every request.
func TestAttack48PartialFailure(t *testing.T) {
	for n := range 6 {
		t.Run(fmt.Sprint("write ", n+1), func(t *testing.T) {
			d := newDesk(t, nil)
			d.opens(broken(d))
			d.gh.Inject(githubtest.When{Method: "POST", Nth: n + 1, Times: -1}, githubtest.Answer(422, "no"))
			_, _ = d.reviewer().pull(t.Context(), d.pull.Number)
			if s := d.repo.Statuses(d.pull.Head()); len(s) > 0 && s[0].State == "success" {
				t.Errorf("the status is %+v", s[0])
			}
			d.gh.Heal()
			d.tick()
			d.review()
			if o := d.review(); len(o.result.Plan.Operations) > 0 || len(d.pull.Comments()) != 1 || len(d.pull.Remarks()) != 2 {
				t.Errorf("%d comments, %d remarks, and it plans\n%s", len(d.pull.Comments()), len(d.pull.Remarks()), o.result.Plan.Text())
			}
		})
	}
}

// retired is a registry that held pingdesk once.
func retired() map[string][]pull.Held {
	return map[string][]pull.Held{"pingdesk": {{Version: "1.0.0", State: "deleted"}}}
}
