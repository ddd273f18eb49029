package rules

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// told is what rules say about a text of miniapp.json, one line for each
// finding: pointer, severity, rule, message, and the fix if any.
func told(t *testing.T, specs []Spec, e Example) []string {
	t.Helper()
	lines := []string{}
	for _, f := range exampleFindings(t, specs, e) {
		line := fmt.Sprintf("%s %s %s: %s", f.Pointer, f.Severity, f.Rule, f.Message)
		if f.Fix != nil {
			line += " -> " + f.Fix.Title
		}
		lines = append(lines, line)
	}
	return lines
}

func TestSchemaRules(t *testing.T) {
	for _, c := range []struct {
		name, edit string
		want       []string
	}{
		{"a safe suggestion is a fix, another word is none",
			`/auth/type = "Bearer-Token"` + "\n" + `/category = "comunication"` + "\n" + `/webhook/verification/type = "hmac_sha256"`, []string{
				`/category error schema-value: "category" is "comunication", which is not one of the allowed values`,
				`/auth/type error schema-value: "type" is "Bearer-Token", which is not one of the allowed values -> write "bearer_token"`,
				`/webhook/verification/type error schema-value: "type" is "hmac_sha256", which is not one of the allowed values -> write "hmac-sha256"`,
			}},
		{"quotes that are too many or too few", `/webhook/response/statusCode = "200"` + "\n" + `/title = 7`, []string{
			`/title error schema-type: "title" must be a string, not a number -> write "7"`,
			`/webhook/response/statusCode error schema-type: "statusCode" must be a number, not the text "200" -> write 200`,
		}},
		{"a missing field has the object's place and its own pointer", "/webhook/verification = {}\n/source/rpc_queues/labelField delete", []string{
			`/source/rpc_queues/labelField error schema-required: "rpc_queues" lacks the field "labelField"`,
		}},
	} {
		if diff := cmp.Diff(c.want, told(t, schemaRules(), Example{Name: c.name, Edit: c.edit})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestSchemaGivesWay checks that the schema says nothing where another rule
// reports an error at the same place.
func TestSchemaGivesWay(t *testing.T) {
	better := Spec{ID: "icon-better", Severity: schemaType().Severity, CheckDefinition: func(p *Pass, def *definition.Definition) {
		p.Node(def.Doc.Find("/icon"), "better words")
	}}
	got := told(t, []Spec{schemaType(), better}, Example{Edit: "/icon = 1\n/logo = 2"})
	want := []string{
		`/icon error icon-better: better words`,
		`/logo error schema-type: "logo" must be a string, not a number -> write "2"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestFieldRules(t *testing.T) {
	for _, c := range []struct {
		name, edit string
		want       []string
	}{
		{"two that want the same name are not renamed", "/docsUrl delete\n/docsURL = \"a\"\n/DocsUrl = \"b\"", []string{
			`/docsURL error field-case: "docsURL" differs from the field "docsUrl" only in the case of letters`,
			`/DocsUrl error field-case: "DocsUrl" differs from the field "docsUrl" only in the case of letters`,
		}},
		{"the long s is an s, the Kelvin sign a k", "/\u017ftatus = \"public\"\n/webhoo\u212a = {}", []string{
			"/\u017ftatus error field-case: \"\u017ftatus\" differs from the field \"status\" only in the case of letters",
			"/webhoo\u212a error field-case: \"webhoo\u212a\" differs from the field \"webhook\" only in the case of letters",
		}},
		{"reserved fields in other letters", "/Provisioning = {}\n/webhook/merchantextraction = {}", []string{
			`/webhook/merchantextraction error field-first-party: "merchantextraction" is kept for the platform's own definitions -> take "merchantextraction" out`,
			`/Provisioning error field-first-party: "Provisioning" is kept for the platform's own definitions -> take "Provisioning" out`,
		}},
		{"reserved names elsewhere are only unknown", "/auth/provisioning = {}\n/sync/uninstallEvents = []", []string{
			`/auth/provisioning warning field-known: "provisioning" is no field of "auth", and is passed over`,
			`/sync/uninstallEvents warning field-known: "uninstallEvents" is no field of "sync", and is passed over`,
		}},
		{"listing fields only at the top", "/price = 1\n/auth/price = 1", []string{
			`/auth/price warning field-known: "price" is no field of "auth", and is passed over`,
			`/price notice field-undocumented: whether a submission may set "price" is not documented`,
		}},
		{"steps of both kinds", `/actions/1/requests/1/url = "x"` + "\n" + `/actions/1/requests/0/args = {}` + "\n" + `/actions/1/requests/0/queryparams = {}`, []string{
			`/actions/1/requests/0/args warning field-known: "args" is no field of an entry of "requests", and is passed over`,
			`/actions/1/requests/0/queryparams error field-case: "queryparams" differs from the field "queryParams" only in the case of letters`,
			`/actions/1/requests/1/url warning field-known: "url" is no field of an entry of "requests", and is passed over`,
		}},
	} {
		if diff := cmp.Diff(c.want, told(t, fieldRules(), Example{Name: c.name, Edit: c.edit})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestFormattedFix checks that the fix of json-formatted gives the pretty form
// and touches nothing that needs no change.
func TestFormattedFix(t *testing.T) {
	for _, c := range []struct{ raw, edit string }{
		{"{\n  \"ns\": \"a\"\n}", "0 at 15: \"\\n\""},
		{"{\n  \"é\":  1,\n  \"b\": 2\n}\n", "1 at 10: \"\""},
		{"{\r\n  \"ns\": \"a\"\r\n}\r\n", "17 at 1: \"\\n  \\\"ns\\\": \\\"a\\\"\\n}\""},
		{"\n{}\n", "1 at 0: \"\""},
		{"{ }\n", "1 at 1: \"\""},
	} {
		e := Example{Raw: c.raw}
		found := exampleFindings(t, []Spec{jsonFormatted()}, e)
		if len(found) != 1 || found[0].Fix == nil {
			t.Errorf("%q: %d findings", c.raw, len(found))
			continue
		}
		change := found[0].Fix.Edits[0]
		if got := fmt.Sprintf("%d at %d: %q", change.Span.End-change.Span.Start, change.Span.Start, change.Text); got != c.edit {
			t.Errorf("%q: the edit is %s, want %s", c.raw, got, c.edit)
		}
		out, err := jsondoc.Apply([]byte(c.raw), []jsondoc.Edit{{Span: change.Span, Text: change.Text}})
		if err != nil {
			t.Fatal(err)
		}
		if again := exampleFindings(t, []Spec{jsonFormatted()}, Example{Raw: string(out)}); len(again) > 0 {
			t.Errorf("%q: the fix leaves %q", c.raw, out)
		}
	}
}

func TestTruncated(t *testing.T) {
	e := Example{}
	c, err := e.Change()
	if err != nil {
		t.Fatal(err)
	}
	c.Head.Truncated = true
	found := Run([]Spec{fileReadable()}, c, e.Env(nil, nil))
	if len(found) != 1 || !strings.Contains(found[0].Message, fmt.Sprint(submission.MaxFiles)) {
		t.Errorf("findings: %+v", found)
	}
}
