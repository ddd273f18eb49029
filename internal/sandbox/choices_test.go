package sandbox

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChoicesAreWellFormed(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Choices() {
		if !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(c.ID) || seen[c.ID] || !strings.Contains(c.Text, "; here ") {
			t.Errorf("choice %+v: the id is not unique kebab-case, or the text does not say what is done here", c)
		}
		seen[c.ID] = true
	}
}

// TestEveryChoiceIsReported runs, for each choice, a definition that depends on
// it, and looks whether the run says so. A choice that nothing reports would be a
// surprise to whoever depends on it.
func TestEveryChoiceIsReported(t *testing.T) {
	step := func(step, input string) *Run { // a step of an action
		m := machine(t, action(`{"opt": {"type": "string"}, "o": {"type": "object"}, "def": {"type": "string", "default": "d"}}`, "["+step+"]"), always(200, `{"id": 1}`))
		install := connected(map[string]string{"accessToken": "token-1", "typed": "x-1"})
		install.UserInput = Texts(map[string]string{"typed": "x-1", "region": "us"})
		return m.Action(t.Context(), install, "act", values(t, input))
	}
	url := func(url, input string) *Run {
		return step(`{"url": "`+url+`", "method": "GET", "mapping": {"id": "$.id"}}`, input)
	}
	answered := func(status int, body, mapping string) *Run {
		m := machine(t, action(`{}`, `[{"url": "https://a.example", "method": "GET", "mapping": `+mapping+`}]`), always(status, body))
		return m.Action(t.Context(), connected(nil), "act", nil)
	}
	source := func(fields, ref string) *Run {
		m := machine(t, `{"ns": "acme", "auth": {"auto_refresh": true}, "source": {"rpc_x": {"url": "https://a.example", "method": "GET", "valueField": "id", "labelField": "id"`+fields+`}}}`, always(200, `[{"id": 1}]`))
		_, run := m.Source(t.Context(), connected(nil), "rpc_x", ref, nil)
		return run
	}
	// deliver receives a body whose event is a.made.
	deliver := func(fields, header, body string) *Run {
		in := post("X-S", header, body)
		in.Query = map[string][]string{"e": {"a.made"}}
		install := NewInstall("u-1")
		install.Credentials = Texts(map[string]string{"secret": "hush-hush"})
		if !strings.Contains(fields, "eventExtraction") {
			fields += `, "eventExtraction": {"source": "query", "path": "e"}`
		}
		m := machine(t, hook(fields), nil)
		m.Deliver(install, in)
		return m.Deliver(install, in).Run // for the second time, if it has an id
	}
	signed := func(body string) string {
		v := readVerification(define(t, `{"v": {`+signing("hmac-sha256", "X-S", "")+`}}`).Doc.Root.At("v", "verification"))
		return v.sign([]byte(body), "hush-hush")
	}
	form := func() *Run {
		in := post("", "", "e=a.made")
		in.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return machine(t, hook(open), nil).Deliver(NewInstall("u-1"), in).Run
	}
	rule := func(rule, body string) *Run {
		_, run := handled(t, mapping(`{"code": "$.id", "f": `+rule+`}`), body)
		return run
	}
	handler := func(path, body string) *Run {
		_, run := handled(t, `{"ns": "acme", "sync": {"resources": {"r": {"apiMapping": {"code": "id"}}}, "webhooks": {"handlers": {"a.made": {"resource": "r", "operation": "upsert"`+path+`}}}}}`, body)
		return run
	}
	imported := func(fields, body string) *Run {
		_, run := machine(t, resource(fields), always(200, body)).Sync(t.Context(), connected(map[string]string{"accessToken": "t"}), "things", 0)
		return run
	}
	const list = `"endpoints": {"list": {"url": "/things"}}`
	const challenge = `"challengeResponse": {"identifyField": "type", "identifyValue": "check", "challengePath": "$.c"}`
	const composite = `"eventExtraction": {"compositeStrategy": {"parts": [{"source": "body", "path": "$.a"}, {"source": "body", "path": "$.b"}]`

	runs := map[string]func() *Run{
		"unresolved-stays":   func() *Run { return url("https://a.example/{{nothing}}", `{}`) },
		"input-left-out":     func() *Run { return url("https://a.example/{{opt}}", `{}`) },
		"typed-over-default": func() *Run { return url("https://a.example/{{region}}", `{}`) },
		"form-is-credential": func() *Run { return url("https://a.example/[[typed]]", `{}`) },
		"object-as-json":     func() *Run { return url("https://a.example/{{o}}", `{"o": {}}`) },
		"url-value-raw":      func() *Run { return url("https://a.example/{{opt}}", `{"opt": "a&b"}`) },

		"body-type-json": func() *Run {
			return step(`{"url": "https://a.example", "method": "POST", "body": {"a": 1}, "mapping": {"id": "$.id"}}`, `{}`)
		},
		"empty-body-not-sent": func() *Run {
			return step(`{"url": "https://a.example", "method": "DELETE", "body": {}, "mapping": {"id": "$.id"}}`, `{}`)
		},
		"nested-form": func() *Run {
			return step(`{"url": "https://a.example", "method": "POST", "bodyType": "formData", "body": {"a": {"b": 1}}, "mapping": {"id": "$.id"}}`, `{}`)
		},
		"basic-case": func() *Run {
			return step(`{"url": "https://a.example", "method": "GET", "headers": {"authorization": "basic a:b"}, "mapping": {"id": "$.id"}}`, `{}`)
		},
		"bare-mapping":       func() *Run { return answered(200, `{"id": 1}`, `{"id": "id"}`) },
		"text-response":      func() *Run { return answered(200, `fine`, `{"id": "$"}`) },
		"failure-stops":      func() *Run { return answered(500, `{}`, `{"id": "$.id"}`) },
		"refresh-everywhere": func() *Run { return source("", "") },

		"test-after-token": func() *Run {
			return machine(t, `{"ns": "acme", "auth": {"test_token": {"url": "https://a.example", "method": "GET", "mapping": {}}}}`, always(200, `{}`)).Connect(t.Context(), NewInstall("u-1"), nil)
		},
		"empty-is-refusal": func() *Run {
			return machine(t, `{"ns": "acme", "auth": {"userDetails": {"url": "https://a.example", "method": "GET", "mapping": {"uid": "$.id"}}}}`, always(200, `{"ok": false}`)).Connect(t.Context(), NewInstall("u-1"), nil)
		},
		"oauth-state": func() *Run {
			_, run := machine(t, `{"ns": "acme", "auth": {"auth_url": {"url": "https://a.example", "method": "GET"}}}`, nil).Authorize(NewInstall("u-1"), nil, "s")
			return run
		},

		"parameter-defaults": func() *Run { return url("https://a.example/{{def}}", `{}`) },
		"array-mapping-stays": func() *Run {
			one := `{"url": "https://a.example", "method": "GET", "mapping": [{"name": "id", "value": "$.id"}]}`
			return step(one+", "+one+", "+one, `{}`)
		},
		"last-array-mapping": func() *Run { return answered(200, `{"id": 1}`, `[{"name": "id", "value": "$.id"}]`) },

		"root-source":      func() *Run { return source("", "") },
		"source-ref-field": func() *Run { return source(`, "valueFields": {"a": "id"}`, "a") },

		"form-is-object":      form,
		"unreadable-answered": func() *Run { return deliver(open, "", "no JSON") },
		"challenge-first":     func() *Run { return deliver(open+", "+challenge, "", `{"type": "check", "c": "x"}`) },
		"challenge-field": func() *Run {
			return deliver(open+", "+strings.Replace(challenge, `"type"`, `"$.type"`, 1), "", `{"type": "check", "c": "x"}`)
		},
		"challenge-empty":      func() *Run { return deliver(open+", "+challenge, "", `{"type": "check"}`) },
		"missing-is-none":      func() *Run { return deliver(`"response": {}`, "", `{}`) },
		"unverifiable-refused": func() *Run { return deliver(signing("hmac-sha256", "X-Other", ""), "", `{}`) },
		"timestamp-unused": func() *Run {
			return deliver(strings.Replace(signing("hmac-sha256", "X-S", ""), `"type"`, `"timestampHeader": "X-T", "type"`, 1), signed(`{}`), `{}`)
		},
		"hex-capitals":     func() *Run { return deliver(signing("hmac-sha256", "X-S", "hex"), strings.ToUpper(signed(`{}`)), `{}`) },
		"default-response": func() *Run { return deliver(open, "", `{}`) },
		"no-event-answered": func() *Run {
			return deliver(open+`, "eventExtraction": {"source": "body", "path": "$.e"}`, "", `{}`)
		},
		"part-missing":      func() *Run { return deliver(open+", "+composite+`, "separator": "."}}`, "", `{"a": "x"}`) },
		"separator-missing": func() *Run { return deliver(open+", "+composite+`}}`, "", `{"a": "x", "b": "y"}`) },
		"fallback-alone": func() *Run {
			return deliver(open+", "+composite+`, "separator": "."}, "fallback": {"source": "query", "path": "e"}}`, "", `{"a": "x"}`)
		},
		"ids-joined": func() *Run {
			return deliver(open+`, "transactionId": {"paths": ["$.id"], "overrides": {"a.made": {"paths": ["$.id", "$.n"]}}}`, "", `{"id": 1, "n": 2}`)
		},
		"no-id-processed":  func() *Run { return deliver(open+`, "transactionId": {"paths": ["$.id"]}`, "", `{}`) },
		"seen-per-install": func() *Run { return deliver(open+`, "transactionId": {"paths": ["$.id"]}`, "", `{"id": 1}`) },
		"customer-at-root": func() *Run {
			return deliver(open+`, "customerExtraction": {"mapping": {"code": "id"}}`, "", `{"id": 1}`)
		},
		"customer-mapping": func() *Run {
			return deliver(open+`, "customerExtraction": {"basePath": "$", "mapping": {"code": "id"}, "overrides": {"a.made": {"mapping": {"code": "n"}}}}`, "", `{"n": 1}`)
		},

		"either-path":    func() *Run { return rule(`"f"`, `{"id": 1, "f": 2}`) },
		"literal-value":  func() *Run { return rule(`{"value": 1}`, `{"id": 1}`) },
		"several-paths":  func() *Run { return rule(`{"paths": ["$.f", "$.id"]}`, `{"id": 1}`) },
		"empty-value":    func() *Run { return rule(`{"paths": ["$.f", "$.id"], "transform": "coalesce"}`, `{"id": 1, "f": 0}`) },
		"field-left-out": func() *Run { return rule(`"$.f"`, `{"id": 1}`) },
		"null-stays":     func() *Run { return rule(`{"path": "$.f", "transform": "toString"}`, `{"id": 1, "f": null}`) },
		"number-as-written": func() *Run {
			return rule(`{"path": "$.f", "transform": "toString"}`, `{"id": 1, "f": 12345678901234567890}`)
		},
		"number-reading":    func() *Run { return rule(`{"path": "$.f", "transform": "toNumberOrNull"}`, `{"id": 1, "f": "1,5"}`) },
		"compute-null":      func() *Run { return rule(`{"transform": "compute", "fn": "x"}`, `{"id": 1}`) },
		"items-as-they-are": func() *Run { return rule(`{"path": "$.f", "transform": "mapItems"}`, `{"id": 1, "f": []}`) },
		"codes-joined":      func() *Run { return rule(`{"path": "$.f", "transform": "joinCodes"}`, `{"id": 1, "f": ["A"]}`) },
		"resource-handler":  func() *Run { return handler(`, "dataPath": "$"`, `{"id": 1}`) },
		"whole-body":        func() *Run { return handler("", `{"id": 1}`) },
		"list-of-records":   func() *Run { return handler(`, "dataPath": "$"`, `[{"id": 1}]`) },

		"sync-enabled": func() *Run {
			def := strings.Replace(resource(list), `"enabled": true`, "", 1)
			_, run := machine(t, def, always(200, `[]`)).Sync(t.Context(), connected(map[string]string{"accessToken": "t"}), "things", 0)
			return run
		},
		"endpoint-url":    func() *Run { return imported(`"endpoints": {"list": {"url": "things"}}`, `[]`) },
		"page-parameter":  func() *Run { return imported(paged, `{"data": `+ids(1, 2)+`}`) },
		"one-page":        func() *Run { return imported(list, `[]`) },
		"root-list":       func() *Run { return imported(list, `[]`) },
		"details-id":      func() *Run { return imported(details, ids(1, 1)) },
		"details-replace": func() *Run { return imported(details, ids(1, 1)) },
		"timeout-in-millis": func() *Run {
			def := strings.Replace(resource(list), `"enabled": true`, `"enabled": true, "timeout": 30`, 1)
			_, run := machine(t, def, late{}).Sync(t.Context(), connected(map[string]string{"accessToken": "t"}), "things", 0)
			return run
		},
	}
	for _, c := range Choices() {
		run, ok := runs[c.ID]
		if !ok {
			t.Errorf("no run of this test depends on the choice %q: add the smallest definition that does", c.ID)
			continue
		}
		delete(runs, c.ID)
		result, reported := run(), false
		for _, d := range result.Diagnostics {
			reported = reported || d.Choice == c.ID && d.Message == c.Text
		}
		if !reported {
			t.Errorf("a run that depends on %q does not report it:\n%s", c.ID, strings.Join(said(result), "\n"))
		}
	}
	for id := range runs {
		t.Errorf("there is no choice %q", id)
	}
}

const details = `"expandDetails": true, "endpoints": {"list": {"url": "/things"}, "details": {"url": "/things/{id}"}}`

var updateDocs = flag.Bool("update", false, "write docs/sandbox.md")

// docsPage is the page that describes what a run does.
const docsPage = "../../docs/sandbox.md"

// TestDocs checks that docs/sandbox.md has every choice as it is.
func TestDocs(t *testing.T) {
	want := docs()
	if *updateDocs {
		if err := os.WriteFile(docsPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(docsPage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/sandbox.md is stale. Run this, and commit what it writes:\n\n\tgo test ./internal/sandbox -run TestDocs -update\n\n%s", diff)
	}
}

func docs() string {
	var b strings.Builder
	b.WriteString(`# The interpreter

<!-- Written by "go test ./internal/sandbox -run TestDocs -update" from the interpreter itself. Do not edit. -->

A definition can be run without the platform: ` + "`miniapp try`" + ` does it at your desk. What it does
follows the platform's documentation. Where that is silent or says two things, there is one choice, and a run that depends on it
says so as a notice with the choice's name, at the place in the definition. The platform may decide otherwise; a definition that
depends on none of them is on the safe side.

## What a run does

`)
	fmt.Fprintf(&b, `- **Connecting** runs get_token, test_token, userDetails and the registration requests, as far as there are any. With OAuth a tenant first
  allows access on the provider's page. Only when all of them succeed is anything stored.
- **An action** checks its input by the parameters and runs its steps one after the other. Its result is what the last step maps.
- **A dropdown** makes one request and reads values and labels from the list at dataPath.
- **A delivery** is verified, answered, and looked through for its event, its id and its customer; then the event's handler makes its record.
  A delivery whose id was seen before does nothing.
- **An import** lists the records of a resource page by page, asks for details where expandDetails is set, and maps each record by apiMapping. It
  ends with the last page, at a page that was there before, and after %d requests, %d records or %d MiB of them. Requests are no
  faster than rateLimitPerSecond, and take no longer than timeout. batchSize says how the platform stores records, and changes nothing here.

An answer of 401 leads to refresh_token and one more try, where auto_refresh is set.

Runs show no secrets: the values of sensitiveKeys, of password fields and of keys that are named like a credential are dots in every
text of a run, however they are spelled there.

`, maxRequests, maxRecords, maxRecordBytes>>20)
	b.WriteString("## Choices\n")
	for _, g := range ChoiceGroups() {
		fmt.Fprintf(&b, "\n### %s\n\n", g.Title)
		for _, c := range g.Choices {
			open, here, _ := strings.Cut(c.Text, "; here ")
			fmt.Fprintf(&b, "- `%s`: %s. Here %s.\n", c.ID, strings.ToUpper(open[:1])+open[1:], here)
		}
	}
	return b.String()
}
