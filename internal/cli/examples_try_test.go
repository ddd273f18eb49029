package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/qa"
	"github.com/karzoun/miniapp-review/internal/sandbox"
)

// exampleAccounts are the sandbox accounts at the providers of exampleWorld.
func exampleAccounts() map[string]map[string]string {
	return map[string]map[string]string{
		"taskhub":   {"accessToken": "th-sandbox-token", "webhookSecret": "th-hook-secret"},
		"parleo":    {"client_id": "parleo-client", "client_secret": "parleo-secret-9"},
		"sheetwise": {"apiKey": "sw-sandbox-key"},
		"shopkeep":  {"storeUrl": "https://shop.customer.example", "consumerKey": "ck_sandbox", "consumerSecret": "cs_sandbox:1"},
		"mailbeam":  {"client_id": "mailbeam-client", "client_secret": "mailbeam-secret-9"},
	}
}

// tryExample runs an example against the providers that were written by hand. The
// definition is changed by replacing one text by another.
func tryExample(t *testing.T, ns string, only []string, from, to string) (qa.Report, *exampleWorld) {
	t.Helper()
	tr, err := loadTrial(filepath.Join("../../examples/definitions-repo/definitions", ns))
	if err != nil {
		t.Fatal(err)
	}
	def := tr.def
	if from != "" {
		text := string(def.Doc.Bytes())
		if !strings.Contains(text, from) {
			t.Fatalf("%s has no %s", ns, from)
		}
		doc, problems := jsondoc.Parse([]byte(strings.ReplaceAll(text, from, to)))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		def = definition.New(doc)
	}
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	s := Streams{Executable: os.Executable, Now: func() time.Time { return now }, Random: bytes.NewReader(bytes.Repeat([]byte{0x5a}, 1<<12))}
	world := newExampleWorld()
	m := &sandbox.Machine{Definition: def, Provider: world, Functions: newFunctions(s), Now: s.Now, Random: s.Random,
		Platform: sandbox.Platform{BaseURL: "https://shop.example", Subdomain: "shop"}}
	signIn := func(ctx context.Context, m *sandbox.Machine, install *sandbox.Install) (*sandbox.Run, string) {
		address, run := m.Authorize(install, install.UserInput, "state-1")
		u, err := url.Parse(address)
		if err != nil || !run.OK() || u.Query().Get("redirect_uri") != "https://shop.example/miniapps/"+ns+"/oauth2" || u.Query().Get("response_type") != "code" ||
			u.Query().Get("client_id") != ns+"-client" || u.Query().Get("scope") == "" || u.Query().Get("state") != "state-1" {
			t.Errorf("%s: the page of the provider is %q", ns, address)
		}
		return m.Finish(ctx, install, "code-1"), ""
	}
	r, _ := qa.Run(t.Context(), m, qa.Input{Account: exampleAccounts()[ns], File: tr.file, Samples: tr.samples, Only: only, SignIn: signIn})
	return r, world
}

// exampleResults are the results of a report that are not passed.
func exampleResults(r qa.Report) (lines []string) {
	for _, x := range slices.Concat(r.Items, r.Extras) {
		if x.State != qa.Passed {
			lines = append(lines, x.ID+": "+string(x.State)+": "+x.Reason)
		}
	}
	return lines
}

// TestExamplesAtTheirProviders checks that the examples are right: everything in
// them works with providers that were not made from them.
func TestExamplesAtTheirProviders(t *testing.T) {
	once := map[string]string{"parleo": "action:sendTemplate", "mailbeam": "action:sendCampaignTo"}
	for ns, account := range exampleAccounts() {
		t.Run(ns, func(t *testing.T) {
			r, world := tryExample(t, ns, nil, "", "")
			for _, line := range exampleResults(r) {
				if id, reason, _ := strings.Cut(line, ": not-tried: "); id != once[ns] || !strings.Contains(reason, "\"once\"") {
					t.Error(line)
				}
			}
			if r.Summary.Passed < 8 {
				t.Errorf("only %d items passed", r.Summary.Passed)
			}
			if id := once[ns]; id != "" {
				asked, _ := tryExample(t, ns, []string{id}, "", "")
				for _, line := range exampleResults(asked) {
					t.Error("asked for by name: " + line)
				}
				if n := world.asked["POST accounts.parleo.example/oauth/token"] + world.asked["POST login.mailbeam.example/oauth2/token"]; n < 2 {
					t.Errorf("the token was asked for %d times, so that it was never renewed", n)
				}
			}
			text, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			secrets := []string{"access-token-", "refresh-token-", "whsec-"}
			for k, v := range account {
				if k != "storeUrl" && k != "client_id" {
					secrets = append(secrets, v)
				}
			}
			for _, secret := range secrets {
				if bytes.Contains(text, []byte(secret)) {
					t.Errorf("the report has %q", secret)
				}
			}
		})
	}
}

// TestBrokenExamplesAreNoticed checks that the providers and the engine notice
// mistakes that partners make: otherwise the test above could not fail.
func TestBrokenExamplesAreNoticed(t *testing.T) {
	tests := []struct{ ns, from, to, want string }{
		{"taskhub", "Bearer [[accessToken]]", "Token [[accessToken]]", `connect: failed: the provider answered "test_token" with 401 Unauthorized`},
		{"taskhub", `"labels": "{{labels}}"`, `"labels": "a {{labels}}"`, `action:createTask: failed: the provider answered "step 1" with 422 Unprocessable Entity`},
		{"taskhub", `"$.data.boards[0].id"`, `"$.boards[0].id"`, `action:createTaskForClient: failed: nothing fills "{{clientBoard}}"`},
		{"taskhub", `"taskNumber": "$.data.number"`, `"taskNumber": "$.number"`, `action:createTask: failed: the output has nothing at "taskNumber"`},
		{"parleo", `"redirect_uri": "{{redirect_uri}}",`, ``, `connect: failed: the provider answered "get_token" with 400 Bad Request`},
		{"parleo", `"refresh_token": "[[refreshToken]]",`, `"token": "[[refreshToken]]",`, `failed: the provider answered "refresh_token" with 400 Bad Request`},
		{"parleo", `"webhook_id": "[[webhookId]]"`, `"webhook": "[[webhookId]]"`, `connect: failed: the provider answered "registration 2" with 422 Unprocessable Entity`},
		{"sheetwise", `"bodyType": "formData"`, `"bodyType": "json"`, `action:importCsv: failed: the provider answered "step 1" with 415 Unsupported Media Type`},
		{"sheetwise", "rows[0].indexOf(column)", "rows[1].indexOf(column)", `action:updateRow: failed: step 2: function "firstRowNumber" has thrown Error`},
		{"shopkeep", "Basic [[consumerKey]]:[[consumerSecret]]", "Basic [[consumerKey]][[consumerSecret]]", `connect: failed: the provider answered "test_token" with 401 Unauthorized`},
		{"shopkeep", `"currency": "[[shopCurrency]]"`, `"curency": "[[shopCurrency]]"`, `action:findProductBySku: failed: the provider answered "step 1" with 400 Bad Request`},
		{"shopkeep", `"dataProperty": "data"`, `"dataProperty": "items"`, `resource:products: failed: there is no list of records in page 1`},
		{"mailbeam", `"dataCenter": "$.account.data_center"`, `"dataCenter": "$.account.dc"`, `connect: failed:`},
		{"mailbeam", `"tag": "{{tag}}"`, `"name": "{{tag}}"`, `action:tagSubscriber: failed: the provider answered "step 2" with 404 Not Found`},
		{"mailbeam", `"path": "$.action"`, `"path": "$.type"`, `event:subscriber.created: failed`},
	}
	for _, tt := range tests {
		t.Run(tt.ns+" "+tt.from, func(t *testing.T) {
			r, _ := tryExample(t, tt.ns, nil, tt.from, tt.to)
			got := exampleResults(r)
			if !slices.ContainsFunc(got, func(line string) bool { return strings.Contains(line, tt.want) }) {
				t.Errorf("nothing says %q:\n%s", tt.want, strings.Join(got, "\n"))
			}
		})
	}
}
