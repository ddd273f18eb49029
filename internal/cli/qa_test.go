package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/githubtest"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/outbound"
	"github.com/karzoun/miniapp-review/internal/practice"
	"github.com/karzoun/miniapp-review/internal/sandbox"
	"github.com/karzoun/miniapp-review/internal/sealed"
)

// tester is a world where QA by machine is set up, with the key of reviewers.
type tester struct {
	*world
	key *age.X25519Identity
	// asked are the requests that definitions made.
	asked []outbound.Request
	// refuse is a part of the URLs that the provider refuses.
	refuse string
}

func newTester(t *testing.T) *tester {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, githubtest.Options{}, "parleo")
	w.repo.Push("main", w.mona, githubtest.Texts(map[string]string{".github/miniapp-review.yml": "qa: machine\ntest_accounts: {recipients: [" + key.Recipient().String() + "]}\n"}))
	q := &tester{world: w, key: key}
	w.provider = func(def *definition.Definition) sandbox.Provider { return asking{q, practice.New(def)} }
	return q
}

// asking notes what a provider is asked.
type asking struct {
	q *tester
	p sandbox.Provider
}

func (a asking) Do(ctx context.Context, r outbound.Request) (outbound.Response, error) {
	a.q.asked = append(a.q.asked, r)
	if a.q.refuse != "" && strings.Contains(r.URL, a.q.refuse) {
		return outbound.Response{Status: 403, Body: []byte(`{"error": "t0ken-of-parleo may not @everyone https://evil.example"}`)}, nil
	}
	return a.p.Do(ctx, r)
}

// account is a sealed account for a namespace, with a value for each key that
// the definition in this text needs.
func (q *tester) account(ns, def string) string {
	q.Helper()
	to, err := sealed.ParseRecipient(q.key.Recipient().String())
	if err != nil {
		q.Fatal(err)
	}
	parsed, problems := jsondoc.Parse([]byte(def))
	if len(problems) > 0 {
		q.Fatal(problems)
	}
	doc := definition.New(parsed)
	credentials := map[string]string{}
	for _, k := range doc.AccountKeys() {
		credentials[k.Name] = "t0ken-of-parleo"
	}
	data, err := sealed.Seal(sealed.Account{NS: ns, Credentials: credentials, Login: map[string]string{"user": "sam@parleo.example"}}, []sealed.Recipient{to})
	if err != nil {
		q.Fatal(err)
	}
	return string(data)
}

// run is the job that a comment starts.
func (q *tester) run(comment int64, more ...string) ran {
	payload := fmt.Sprintf(`{"action": "created", "issue": {"number": %d, "pull_request": {}}, "comment": {"id": %d, "user": {"id": 1, "login": "x"}}, "repository": {"id": 1, "full_name": "acme/definitions"}}`, q.pull.Number, comment)
	return q.runner("issue_comment", payload, append([]string{"INPUT_TASK", "qa", "INPUT_AGE-IDENTITY", q.key.String()}, more...)...)
}

const qaFile = `{
  "actions": [
    {
      "action": "sendMessage",
      "input": {
        "conversationId": "c1",
        "text": "Hello"
      }
    },
    {
      "action": "startConversation",
      "input": {
        "channel": "whatsapp",
        "phone": "+15550123",
        "text": "Hello"
      }
    }
  ]
}
`

// submit opens the pull request with an account for ns.
func (q *tester) submit(ns string) {
	def := q.definition("parleo")
	q.open(q.namespace("parleo", map[string]string{"test-account.age": q.account(ns, def), "qa.json": qaFile}))
	q.review()
}

// items are the lines of the checklist in the status comment.
func (q *tester) checklist() string {
	var lines []string
	for _, line := range strings.Split(q.comment(), "\n") {
		if strings.HasPrefix(line, "| ") && strings.Contains(line, "`") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

func TestQARun(t *testing.T) {
	q := newTester(t)
	q.submit("parleo")
	command := q.pull.Comment(q.rita, "/qa run")
	r := q.run(command.ID)
	if r.code != ExitClean {
		t.Fatalf("exit %d\n%s%s", r.code, r.log, r.err)
	}
	if len(q.asked) == 0 {
		t.Fatal("the provider was not asked")
	}
	list := q.checklist()
	for _, item := range []string{"connect", "action:sendMessage", "event:message.received"} {
		if !strings.Contains(list, "✅ | `"+item+"`") {
			t.Errorf("%s did not pass:\n%s", item, list)
		}
	}
	for _, c := range q.pull.Comments() {
		if strings.Contains(c.Body, "t0ken-of-parleo") || strings.Contains(c.Body, "sam@parleo.example") {
			t.Errorf("a comment shows the account:\n%s", c.Body)
		}
	}
	if strings.Contains(strings.ReplaceAll(r.log, "::add-mask::t0ken-of-parleo", ""), "t0ken-of-parleo") {
		t.Errorf("the log shows the account:\n%s", r.log)
	}
	if !strings.Contains(r.log, "::add-mask::t0ken-of-parleo") || !strings.Contains(r.log, "::add-mask::"+q.key.String()) {
		t.Error("the secrets are not masked")
	}
	// The job may run again, and does nothing then.
	q.asked = nil
	if r := q.run(command.ID); r.written != 0 || len(q.asked) > 0 || !strings.Contains(r.log, "tried for this comment already") {
		t.Errorf("again: %d writes, %d requests\n%s", r.written, len(q.asked), r.log)
	}
}

func TestQARunThatFails(t *testing.T) {
	q := newTester(t)
	q.submit("parleo")
	q.refuse = "/contacts/upsert"
	r := q.run(q.pull.Comment(q.rita, "/qa run").ID)
	if r.code != ExitClean {
		t.Fatalf("exit %d\n%s%s", r.code, r.log, r.err)
	}
	if list := q.checklist(); !strings.Contains(list, "❌ | `action:startConversation`") || !strings.Contains(list, "✅ | `connect`") {
		t.Errorf("the checklist:\n%s", list)
	}
	var evidence string
	for _, c := range q.pull.Comments() {
		if strings.Contains(c.Body, "A machine tried it") {
			evidence = c.Body
		}
	}
	if !strings.Contains(evidence, "`POST` `https://api.parleo.example/v3/contacts/upsert` → 403") {
		t.Errorf("the evidence:\n%s", evidence)
	}
	for _, bad := range []string{"@everyone", "evil.example", "t0ken"} {
		if strings.Contains(evidence, bad) {
			t.Errorf("the evidence repeats %q:\n%s", bad, evidence)
		}
	}
}

// TestQARunOpensNoAccountForOthers checks what may not lead to requests with
// somebody's credentials.
func TestQARunOpensNoAccountForOthers(t *testing.T) {
	for name, tt := range map[string]struct {
		do   func(q *tester) int64
		want string
	}{
		"a copy of another MiniApp's account": {func(q *tester) int64 {
			q.submit("taskhub")
			return q.pull.Comment(q.rita, "/qa run").ID
		}, ""},
		"an account that is for none": {func(q *tester) int64 {
			q.submit("")
			return q.pull.Comment(q.rita, "/qa run").ID
		}, ""},
		"the author's command": {func(q *tester) int64 {
			q.submit("parleo")
			return q.pull.Comment(q.partner, "/qa run").ID
		}, "no \"/qa run\" that counts"},
		"a stranger's command": {func(q *tester) int64 {
			q.submit("parleo")
			return q.pull.Comment(q.gh.User("stranger"), "/qa run").ID
		}, "no \"/qa run\" that counts"},
		"an edited command": {func(q *tester) int64 {
			q.submit("parleo")
			c := q.pull.Comment(q.rita, "Looks good.")
			c.Edit(q.rita, "/qa run")
			return c.ID
		}, "no \"/qa run\" that counts"},
		"a push after the command": {func(q *tester) int64 {
			q.submit("parleo")
			c := q.pull.Comment(q.rita, "/qa run")
			q.push(q.namespace("parleo", map[string]string{"test-account.age": q.account("parleo", q.definition("parleo")), "SETUP.md": q.examples[parleo+"SETUP.md"] + "\nMore.\n"}))
			return c.ID
		}, "no \"/qa run\" that counts"},
		"a hold": {func(q *tester) int64 {
			q.submit("parleo")
			q.pull.Comment(q.mona, "/hold not yet")
			return q.pull.Comment(q.rita, "/qa run").ID
		}, "no \"/qa run\" that counts"},
		"a hold after the command": {func(q *tester) int64 {
			q.submit("parleo")
			c := q.pull.Comment(q.rita, "/qa run")
			q.pull.Comment(q.mona, "/hold not yet")
			return c.ID
		}, "the pull request is held since then"},
		"an author who is no owner": {func(q *tester) int64 {
			q.open(q.namespace("parleo", map[string]string{"owners.json": ownedBy(q.rita), "test-account.age": q.account("parleo", q.definition("parleo"))}))
			q.review()
			return q.pull.Comment(q.rita, "/qa run").ID
		}, "no \"/qa run\" that counts"},
		"another comment": {func(q *tester) int64 {
			q.submit("parleo")
			q.pull.Comment(q.rita, "/qa run")
			return q.pull.Comment(q.rita, "Thanks.").ID
		}, "no \"/qa run\" that counts"},
	} {
		t.Run(name, func(t *testing.T) {
			q := newTester(t)
			r := q.run(tt.do(q))
			if r.code != ExitClean {
				t.Errorf("exit %d\n%s%s", r.code, r.log, r.err)
			}
			if len(q.asked) > 0 {
				t.Errorf("%d requests were made, the first to %s", len(q.asked), q.asked[0].URL)
			}
			if tt.want != "" && (!strings.Contains(r.log, tt.want) || r.written > 0) {
				t.Errorf("%d writes, and the log lacks %q:\n%s", r.written, tt.want, r.log)
			}
			if list := q.checklist(); strings.Contains(list, "✅ | `connect`") || strings.Contains(list, "❌ | `connect`") {
				t.Errorf("connect has a result:\n%s", list)
			}
		})
	}
}

func TestQAAtTheDesk(t *testing.T) {
	q := newTester(t)
	q.submit("parleo")
	var out strings.Builder
	writes := len(q.gh.Writes())
	env := map[string]string{"GITHUB_TOKEN": q.repo.ActionsToken(q.permissions), "MINIAPP_AGE_IDENTITY": q.key.String()}
	var errs strings.Builder
	code := Main(context.Background(), []string{"qa", "--repo", "acme/definitions", "--pr", fmt.Sprint(q.pull.Number), "--api-url", q.gh.URL, "--bot", "github-actions[bot]:41898282", "--format", "json"},
		Streams{In: strings.NewReader(""), Out: &out, Err: &errs, Getenv: func(name string) string { return env[name] }, Now: q.gh.Now, Random: strings.NewReader(strings.Repeat("r", 4096)), provider: q.provider})
	if code != ExitClean {
		t.Fatalf("exit %d: %s\n%s", code, errs.String(), out.String())
	}
	var got struct {
		Reports []struct {
			Namespace string
			Summary   struct{ Passed, Failed int }
		}
	}
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil || len(got.Reports) != 1 || got.Reports[0].Namespace != "parleo" || got.Reports[0].Summary.Passed == 0 || got.Reports[0].Summary.Failed > 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if n := len(q.gh.Writes()) - writes; n > 0 {
		t.Errorf("%d writes", n)
	}
	if strings.Contains(out.String(), "t0ken-of-parleo") {
		t.Error("the report shows the account")
	}
}

// TestHidden checks that no text of an account is left in a comment.
func TestHidden(t *testing.T) {
	p := &pullTrial{secrets: []string{"", "abc", "shop.example", "shop"}}
	if got := p.hider()("abc shop.example shop! SHOP c2hvcA== 73686f70"); got != "abc •••••• ••••••! •••••• •••••• ••••••" {
		t.Error(got)
	}
}
