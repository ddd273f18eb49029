package rules

import (
	"slices"
	"strings"
	"testing"
)

// findingsOf returns "severity rule pointer" for each finding of an example by the given
// rules, in order.
func findingsOf(t *testing.T, specs []Spec, edit string) []string {
	t.Helper()
	var list []string
	for _, f := range exampleFindings(t, specs, Example{Name: edit, Edit: edit}) {
		list = append(list, f.Severity.String()+" "+f.Rule+" "+f.Pointer)
	}
	return list
}

// TestOneFindingForOneDefect checks what several rules could speak about: only
// one of them does.
func TestOneFindingForOneDefect(t *testing.T) {
	for _, test := range []struct{ name, edit, want string }{
		{"a mapping of the wrong form, and its outputs in use",
			"/auth/userDetails/mapping = [{\"name\": \"uid\", \"value\": \"$.id\"}, {\"name\": \"name\", \"value\": \"$.name\"}, {\"name\": \"shop\", \"value\": \"$.shop\"}]\n" +
				"/actions/0/requests/0/body/shop = \"[[shop]]\"\n/actions/0/requests/1/body/shop = \"{{shop}}\"\n/sync/baseUrl = \"https://api.acme.example/{{shop}}\"\n/auth/sensitiveKeys/- = \"shop\"",
			"error auth-mapping-object /auth/userDetails/mapping"},
		{"an empty address of OAuth, which the schema refuses too",
			exampleOAuth + `/auth/auth_url/url = ""`,
			"error oauth-requests-complete /auth/auth_url/url"},
		{"a token that OAuth does not store, in use",
			exampleOAuth + "/auth/config/accessToken delete\n/auth/sensitiveKeys = [\"refreshToken\", \"client_secret\", \"webhookSecret\"]\n/auth/get_token/mapping = {\"refreshToken\": \"$.refresh_token\"}\n" +
				"/auth/refresh_token/mapping = {\"refreshToken\": \"$.refresh_token\"}",
			"warning oauth-requests-complete /auth/get_token/mapping/accessToken"},
		{"a misspelt parameter", `/actions/0/requests/1/body/subject = "{{subjct}}"`,
			"error step-value-supplied /actions/0/requests/1/body/subject"},
		{"a parameter that is not closed", `/actions/0/requests/1/body/subject = "{{subject}"`,
			"warning placeholder-closed /actions/0/requests/1/body/subject"},
		{"a parameter in single braces", `/actions/0/requests/1/body/subject = "{subject}"`,
			"warning placeholder-braces /actions/0/requests/1/body/subject"},
		{"a parameter in the brackets of credentials", `/actions/0/requests/1/body/subject = "[[subject]]"`,
			"error credential-supplied /actions/0/requests/1/body/subject"},
		{"a misspelt function", `/actions/1/requests/1/name = "cuont"`,
			"error function-name-known /actions/1/requests/1/name"},
		{"a misspelt argument", `/actions/1/requests/1/args = {"lits": "{{tickets}}"}`,
			"warning function-args-match /actions/1/requests/1/args/lits"},
		{"a key that is only listed", "/auth/sensitiveKeys/- = \"apiKey\"\n" + `/sync/headers/X-Key = "[[apiKey]]"`,
			"warning credential-supplied /sync/headers/X-Key"},
		{"a wrong type of the root, which the schema knows", `/actions/0/parameters/type = "array"`,
			"error schema-value /actions/0/parameters/type"},
		{"a source without its prefix, in use",
			"/source = {\"queues\": {\"url\": \"https://api.acme.example/v1/queues\", \"method\": \"GET\", \"dataPath\": \"data\", \"valueField\": \"id\", \"labelField\": \"name\"}}\n" +
				"/actions/0/parameters/properties/queue/x-source = \"queues\"\n/actions/1/parameters/properties/queue/x-source = \"queues\"",
			"error source-key-prefix /source/queues"},
		{"a function that cannot be read, and what it would return",
			"/functions/count/code = \"return { total: list.length \"\n" +
				`/actions/1/requests/- = {"url": "https://api.acme.example/v1/totals", "method": "POST", "bodyType": "json", "body": {"total": "{{total}}"}, "mapping": {"id": "$.id"}}`,
			"warning function-code-parses /functions/count/code"},
	} {
		if got := strings.Join(findingsOf(t, All(), test.edit), "\n"); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
	}
}

// TestValueSupplied says what fills a "{{key}}" in the steps of an action, where
// the order of the steps and the kind of auth decide.
func TestValueSupplied(t *testing.T) {
	const third = `/actions/1/requests/- = {"url": "https://api.acme.example/v1/totals", "method": "POST", "bodyType": "json", "body": {"x": "{{KEY}}"}, "mapping": {"id": "$.id"}}`
	rules := []Spec{stepValueSupplied(), stepOrder(), storedTokenBrackets(), outputReachable()}
	for _, test := range []struct{ name, edit, key, want string }{
		{"a parameter", "", "queue", ""},
		{"an output of the first step", "", "tickets", ""},
		{"a key that the function returns", "", "total", ""},
		{"a key that the function does not return", "", "sum", "error step-value-supplied"},
		{"a key of config", "", "webhookSecret", ""},
		{"a system value", "", "subdomain", ""},
		{"a value of connecting", exampleOAuth, "code", "error step-value-supplied"},
		{"a parameter of another action", "", "subject", "error step-value-supplied"},
		{"an output of another action", "", "requesterId", "error step-value-supplied"},
		{"its own output", "", "id", "error step-order"},
		{"a token that OAuth stores", exampleOAuth, "accessToken", "warning stored-token-brackets"},
		{"a field of the form", "/auth/form = {\"shop\": {\"type\": \"text\"}}\n", "shop", ""},
		{"a returned object with a computed key", "/functions/count/code = \"return { [list[0]]: 1 };\"\n", "sum", ""},
		{"one of two returned objects", "/functions/count/code = \"if (!list) { return { none: true }; } return { total: 1 };\"\n", "none", ""},
		{"an output with the name of a parameter", "/actions/1/requests/0/mapping/- = {\"name\": \"queue\", \"value\": \"$.q\"}\n", "queue", "warning output-reachable"},
		{"neither config nor form", "/auth/config delete\n/auth/sensitiveKeys delete\n", "shop", "warning step-value-supplied"},
	} {
		got := findingsOf(t, rules, test.edit+strings.Replace(third, "KEY", test.key, 1))
		got = slices.DeleteFunc(got, func(s string) bool { return !strings.HasSuffix(s, " /actions/1/requests/2/body/x") })
		want := test.want
		if want != "" {
			want += " /actions/1/requests/2/body/x"
		}
		if s := strings.Join(got, "\n"); s != want {
			t.Errorf("%s: got %q, want %q", test.name, s, want)
		}
	}
}

// TestBasicHeader says which Authorization headers need a colon.
func TestBasicHeader(t *testing.T) {
	for header, want := range map[string]string{
		"Basic [[accessToken]]:[[webhookSecret]]":  "",
		"Basic [[accessToken]]:":                   "",
		"Basic :[[accessToken]]":                   "",
		"Basic [[accessToken]]":                    "notice",
		"basic [[accessToken]][[webhookSecret]]":   "error",
		"Basic [[accessToken]], [[webhookSecret]]": "error",
		"Bearer [[accessToken]][[webhookSecret]]":  "",
		"[[accessToken]]":                          "",
		"Basic":                                    "",
	} {
		got := strings.Join(findingsOf(t, []Spec{basicHeaderColon()}, `/sync/headers/Authorization = "`+header+`"`), " ")
		if want != "" {
			want += " basic-header-colon /sync/headers/Authorization"
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", header, got, want)
		}
	}
}

// TestContentType says which Content-Type headers agree with a bodyType.
func TestContentType(t *testing.T) {
	for _, test := range []struct {
		bodyType, header string
		agrees           bool
	}{
		{"json", "application/json", true},
		{"json", "Application/JSON; charset=UTF-8", true},
		{"json", "application/merge-patch+json", true},
		{"json", "text/plain", false},
		{"json", "multipart/form-data", false},
		{"json", "{{subdomain}}", true},
		{"json", "", false},
		{"x-www-form-urlencoded", "application/x-www-form-urlencoded", true},
		{"x-www-form-urlencoded", "application/json", false},
		{"formData", "multipart/form-data; boundary=x", true},
		{"formData", "multipart/form-data", false},
		{"formData", "application/json", false},
	} {
		got := findingsOf(t, []Spec{contentTypeAgrees()}, "/actions/0/requests/0/bodyType = \""+test.bodyType+"\"\n/actions/0/requests/0/headers/Content-Type = \""+test.header+"\"")
		if (len(got) == 0) != test.agrees {
			t.Errorf("%s with %q: got %q", test.bodyType, test.header, got)
		}
	}
}
