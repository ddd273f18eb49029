package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/outbound"
)

// resource is a definition with one resource, whose fields are these.
func resource(fields string) string {
	return `{"ns": "acme", "auth": {"type": "apikey", "sensitiveKeys": ["accessToken"], "config": {"accessToken": ""}}, "sync": {"baseUrl": "https://api.example/v1",
	"headers": {"Authorization": "Bearer [[accessToken]]"}, "syncConfiguration": {"enabled": true},
	"resources": {"things": {"contentType": "core:product", "apiMapping": {"code": {"path": "id", "transform": "toString"}}, ` + fields + `}}}}`
}

const paged = `"endpoints": {"list": {"url": "/things"}}, "pagination": {"paramName": "per_page", "defaultLimit": 2, "maxLimit": 5}, "responseMapping": {"dataProperty": "data"}`

// ids writes records with these numbers.
func ids(from, to int) string {
	var list []string
	for i := from; i <= to; i++ {
		list = append(list, fmt.Sprintf(`{"id": %d}`, i))
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// pageOf is the page that a request asks for.
func pageOf(t testing.TB, r outbound.Request) int {
	t.Helper()
	u, err := url.Parse(r.URL)
	if err != nil {
		t.Fatal(err)
	}
	if !u.Query().Has("page") {
		return 1
	}
	n, err := strconv.Atoi(u.Query().Get("page"))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// addresses are the URLs that a provider was asked for.
func addresses(p *script) []string {
	var list []string
	for _, a := range p.asked {
		line, _, _ := strings.Cut(a, "\n")
		list = append(list, strings.Replace(line, "https://api.example", "", 1))
	}
	return list
}

func TestPages(t *testing.T) {
	const total = `, "responseMapping": {"dataProperty": "data", "totalProperty": "meta.total"}`
	with := func(more string) string {
		return `"endpoints": {"list": {"url": "/things"}}, "pagination": {"paramName": "per_page", "defaultLimit": 2, "maxLimit": 5}` + more
	}
	const at = "/sync/resources/things"
	const pageChoice = at + "/pagination choice page-parameter"
	tests := []struct {
		name, fields string
		limit        int
		answer       func(page int) (int, string)
		codes        string
		asked        []string
		said         []string
		failure      string
	}{
		{"several pages", paged, 0, func(page int) (int, string) { return 200, `{"data": ` + ids(page*2-1, min(page*2, 5)) + `}` },
			"1 2 3 4 5", []string{"GET /v1/things?per_page=2", "GET /v1/things?per_page=2&page=2", "GET /v1/things?per_page=2&page=3"}, []string{pageChoice}, ""},
		{"an exact multiple", paged, 0, func(page int) (int, string) {
			if page > 2 {
				return 200, `{"data": []}`
			}
			return 200, `{"data": ` + ids(page*2-1, page*2) + `}`
		}, "1 2 3 4", []string{"GET /v1/things?per_page=2", "GET /v1/things?per_page=2&page=2", "GET /v1/things?per_page=2&page=3"}, []string{pageChoice}, ""},
		{"an exact multiple with a total", with(total), 0, func(page int) (int, string) {
			return 200, `{"meta": {"total": 4}, "data": ` + ids(page*2-1, page*2) + `}`
		}, "1 2 3 4", []string{"GET /v1/things?per_page=2", "GET /v1/things?per_page=2&page=2"}, []string{pageChoice}, ""},
		{"pages that are smaller than asked for", with(total), 0, func(page int) (int, string) {
			return 200, `{"meta": {"total": "3"}, "data": ` + ids(page, page) + `}`
		}, "1 2 3", []string{"GET /v1/things?per_page=2", "GET /v1/things?per_page=2&page=2", "GET /v1/things?per_page=2&page=3"}, []string{pageChoice}, ""},
		{"the limit", paged, 3, func(page int) (int, string) { return 200, `{"data": ` + ids(page*2-1, page*2) + `}` },
			"1 2 3", []string{"GET /v1/things?per_page=2", "GET /v1/things?per_page=2&page=2"}, []string{pageChoice}, ""},
		{"the limit at the end of a page", paged, 2, func(page int) (int, string) { return 200, `{"data": ` + ids(page*2-1, page*2) + `}` },
			"1 2", []string{"GET /v1/things?per_page=2"}, nil, ""},
		{"a provider that knows no pages", paged, 0, func(int) (int, string) { return 200, `{"data": ` + ids(1, 2) + `}` },
			"1 2", []string{"GET /v1/things?per_page=2", "GET /v1/things?per_page=2&page=2"}, []string{pageChoice,
				at + `/pagination page 2 has the same records as one before, so the import ends: the provider may not know the parameter "page"`}, ""},
		{"a provider that knows neither pages nor their size", paged, 0, func(int) (int, string) { return 200, `{"data": ` + ids(1, 4) + `}` },
			"1 2 3 4", []string{"GET /v1/things?per_page=2", "GET /v1/things?per_page=2&page=2"}, []string{pageChoice,
				at + `/pagination page 2 has the same records as one before, so the import ends: the provider may not know the parameter "page"`}, ""},
		{"pages in a circle", paged, 0, func(page int) (int, string) { return 200, `{"data": ` + ids((page-1)%2*2+1, (page-1)%2*2+2) + `}` },
			"1 2 3 4", []string{"GET /v1/things?per_page=2", "GET /v1/things?per_page=2&page=2", "GET /v1/things?per_page=2&page=3"}, []string{pageChoice,
				at + `/pagination page 3 has the same records as one before, so the import ends: the provider may not know the parameter "page"`}, ""},
		{"a total that is too large", with(total), 0, func(page int) (int, string) {
			if page > 1 {
				return 200, `{"meta": {"total": 9}, "data": null}`
			}
			return 200, `{"meta": {"total": 9}, "data": ` + ids(1, 2) + `}`
		}, "1 2", []string{"GET /v1/things?per_page=2", "GET /v1/things?per_page=2&page=2"}, []string{pageChoice,
			at + "/responseMapping/totalProperty the provider counts 9 records, and gave 2"}, ""},
		{"a total that is too small", with(total), 0, func(page int) (int, string) { return 200, `{"meta": {"total": 1}, "data": ` + ids(1, 2) + `}` },
			"1 2", []string{"GET /v1/things?per_page=2"}, []string{at + "/responseMapping/totalProperty the provider counts 1 records, and gave 2"}, ""},
		{"a total that is none", with(total), 0, func(page int) (int, string) { return 200, `{"meta": {"total": -1}, "data": ` + ids(1, 1) + `}` },
			"1", []string{"GET /v1/things?per_page=2"}, []string{at + "/responseMapping/totalProperty there is no number at totalProperty"}, ""},
		{"no JSON in the middle", paged, 0, func(page int) (int, string) {
			if page > 1 {
				return 200, `<html>`
			}
			return 200, `{"data": ` + ids(1, 2) + `}`
		}, "1 2", []string{"GET /v1/things?per_page=2", "GET /v1/things?per_page=2&page=2"}, []string{pageChoice}, "EXTERNAL_API_ERROR page 2 is no JSON"},
		{"too many requests", paged, 0, func(page int) (int, string) {
			if page > 1 {
				return 429, `{}`
			}
			return 200, `{"data": ` + ids(1, 2) + `}`
		}, "1 2", []string{"GET /v1/things?per_page=2", "GET /v1/things?per_page=2&page=2"}, []string{pageChoice, at + "/endpoints/list choice failure-stops"},
			`RATE_LIMITED the provider answered "page 2" with 429 Too Many Requests`},
		{"no list", paged, 0, func(int) (int, string) { return 200, `{"records": []}` }, "", []string{"GET /v1/things?per_page=2"}, nil, "EXTERNAL_API_ERROR there is no list of records in page 1"},
		{"entries that are no records", paged, 0, func(int) (int, string) { return 200, `{"data": [7]}` }, "", []string{"GET /v1/things?per_page=2"},
			[]string{at + " an entry of the list is no object, so it is left out"}, ""},
		{"the response is the list", `"endpoints": {"list": {"url": "/things"}}, "pagination": {"paramName": "limit", "defaultLimit": 9, "maxLimit": 3}`, 0,
			func(int) (int, string) { return 200, ids(1, 2) }, "1 2", []string{"GET /v1/things?limit=3"}, []string{at + " choice root-list"}, ""},
		{"no pagination", `"endpoints": {"list": {"url": "/things"}}, "responseMapping": {"dataProperty": "data"}`, 0,
			func(int) (int, string) { return 200, `{"data": ` + ids(1, 3) + `}` }, "1 2 3", []string{"GET /v1/things"}, []string{at + " choice one-page"}, ""},
		{"pagination without a size", `"endpoints": {"list": {"url": "/things"}}, "pagination": {"defaultLimit": 9}, "responseMapping": {"dataProperty": "data"}`, 0,
			func(page int) (int, string) { return 200, `{"data": ` + ids(page, min(page, 2)) + `}` }, "1 2",
			[]string{"GET /v1/things", "GET /v1/things?page=2", "GET /v1/things?page=3"}, []string{pageChoice}, ""},
		{"parameters that are there", `"endpoints": {"list": {"url": "/things?per_page=7&state=on", "method": "POST", "queryParams": {"page": "1", "t": "[[accessToken]]"}}}, "pagination": {"paramName": "per_page", "defaultLimit": 1}, "responseMapping": {"dataProperty": "data"}`, 0,
			func(page int) (int, string) { return 200, `{"data": ` + ids(1, 1) + `}` }, "1",
			[]string{"POST /v1/things?per_page=7&state=on&page=1&t=s3cret-token", "POST /v1/things?per_page=7&state=on&page=1&t=s3cret-token"}, []string{pageChoice,
				at + `/pagination page 2 has the same records as one before, so the import ends: the provider may not know the parameter "page"`}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			provider := &script{answer: func(_ int, r outbound.Request) (int, string) { return tt.answer(pageOf(t, r)) }}
			records, run := machine(t, resource(tt.fields), provider).Sync(t.Context(), connected(map[string]string{"accessToken": "s3cret-token"}), "things", tt.limit)
			var codes []string
			for _, r := range records {
				if r.Type != "core:product" || r.Resource != "things" || r.Operation != "upsert" || r.Fields != `{"code":"`+r.Code+`"}` {
					t.Errorf("record %+v", r)
				}
				codes = append(codes, r.Code)
			}
			if got := strings.Join(codes, " "); got != tt.codes {
				t.Errorf("records %s, want %s", got, tt.codes)
			}
			if diff := cmp.Diff(tt.asked, addresses(provider)); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.said, said(run)); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
			var failure string
			if f := run.Failure; f != nil {
				failure = string(f.Code) + " " + f.Message
			}
			if failure != tt.failure {
				t.Errorf("failure %q, want %q", failure, tt.failure)
			}
			if run.RecordCount != len(records) || len(run.Records) != len(records) {
				t.Errorf("the run has %d records, and shows %d", run.RecordCount, len(run.Records))
			}
			if shown := fmt.Sprint(run.Steps[0].Request); strings.Contains(shown, "s3cret") {
				t.Errorf("a step shows the token: %s", shown)
			}
		})
	}
}

// TestEndlessList has a provider whose pages are all full and all new.
func TestEndlessList(t *testing.T) {
	provider := &script{answer: func(n int, r outbound.Request) (int, string) { return 200, `{"data": ` + ids(2*n, 2*n+1) + `}` }}
	records, run := machine(t, resource(paged), provider).Sync(t.Context(), connected(nil), "things", 0)
	if !run.OK() || len(records) != 200 || len(provider.asked) != maxRequests || len(run.Steps) != maxSteps || run.MoreSteps != 0 {
		t.Errorf("%v, %d records of %d requests, %d steps and %d more", run.Failure, len(records), len(provider.asked), len(run.Steps), run.MoreSteps)
	}
	if lines := said(run); lines[len(lines)-1] != "/sync/resources/things the import ends here after 100 requests" {
		t.Errorf("said %q", lines)
	}
	provider = &script{answer: func(n int, r outbound.Request) (int, string) {
		return 200, `{"data": ` + ids(1000*n, 1000*n+999) + `}`
	}}
	records, run = machine(t, resource(paged), provider).Sync(t.Context(), connected(nil), "things", 0)
	if !run.OK() || len(records) != maxRecords || len(provider.asked) != 11 || len(run.Records) != maxShownRecords || run.RecordCount != maxRecords {
		t.Errorf("%v, %d records of %d requests, %d are shown", run.Failure, len(records), len(provider.asked), len(run.Records))
	}
	if lines := said(run); lines[len(lines)-1] != "/sync/resources/things/apiMapping only the first 10000 records were taken: no more than 10000, or 16 MiB, are kept here" {
		t.Errorf("said %q", lines)
	}
}

func TestDetails(t *testing.T) {
	const fields = `"expandDetails": true, "endpoints": {"list": {"url": "/things"}, "details": {"url": "/things/{id}?of={{uid}}&id={id}&brace={{id}}", "headers": {"authorization": "Basic [[accessToken]]:", "X-A": "b"}}},
		"responseMapping": {"dataProperty": "data"}`
	provider := &script{answer: func(n int, r outbound.Request) (int, string) {
		switch n {
		case 1:
			return 200, `{"data": [{"id": "a/../b&c d"}, {"id": ".."}, {"id": 3}, {"id": 4, "name": "list"}, {"name": "none"}, {"id": 5}]}`
		case 2:
			return 200, `{"id": 1, "name": "root"}`
		case 3:
			return 200, `{"data": {"id": 3, "name": "inner"}}`
		case 4:
			return 200, `[]`
		}
		return 404, `{}`
	}}
	def := strings.Replace(resource(fields), `"transform": "toString"}`, `"transform": "toString"}, "name": "name"`, 1)
	records, run := machine(t, def, provider).Sync(t.Context(), connected(map[string]string{"accessToken": "s3cret-token"}), "things", 0)
	var got []string
	for _, r := range records {
		got = append(got, r.Fields)
	}
	if diff := cmp.Diff([]string{`{"code":"1","name":"root"}`, `{"code":".."}`, `{"code":"3","name":"inner"}`, `{"code":"4","name":"list"}`, `{"name":"none"}`}, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if want := "GET https://api.example/v1/things/a%2F..%2Fb%26c%20d?of=u-1&id=a%2F..%2Fb%26c%20d&brace=%7B%7Bid%7D%7D\nauthorization: Basic czNjcmV0LXRva2VuOg==\nX-A: b"; provider.asked[1] != want {
		t.Errorf("asked for %s\nwant %s", provider.asked[1], want)
	}
	if want := "GET https://api.example/v1/things\nAuthorization: Bearer s3cret-token"; provider.asked[0] != want {
		t.Errorf("asked for %s\nwant %s", provider.asked[0], want)
	}
	const at, url = "/sync/resources/things", "/sync/resources/things/endpoints/details/url"
	want := []string{
		url + " choice details-id",
		url + ` nothing fills "{{id}}": it is no input, no output of an earlier step, not in auth.config, and no value of the platform`,
		url + " choice unresolved-stays",
		at + "/endpoints/details/headers/authorization choice basic-case",
		at + "/endpoints/details choice details-replace",
		url + " a record has no id that can stand in a URL, so its details are not asked for",
		at + "/apiMapping/name choice field-left-out",
		at + "/endpoints/details the details of a record are no object, so the record stays as it is in the list",
		at + "/endpoints/details choice failure-stops",
		at + `/apiMapping/code 1 of 5 records have no "code", by which the platform could find it again`,
	}
	if diff := cmp.Diff(want, said(run)); diff != "" {
		t.Errorf("diagnostics (-want +got):\n%s", diff)
	}
	if f := run.Failure; f == nil || f.Message != `the provider answered "details 6" with 404 Not Found` {
		t.Errorf("failure %v", f)
	}

	many := &script{answer: func(n int, r outbound.Request) (int, string) {
		if n == 1 {
			return 200, `{"data": ` + ids(1, 200) + `}`
		}
		return 200, fmt.Sprintf(`{"id": %d}`, n)
	}}
	records, run = machine(t, resource(fields), many).Sync(t.Context(), connected(map[string]string{"accessToken": "s3cret-token"}), "things", 0)
	if len(records) != maxRequests-1 || len(many.asked) != maxRequests {
		t.Errorf("%d records of %d requests: %v", len(records), len(many.asked), said(run))
	}
}

func TestSyncEndpoints(t *testing.T) {
	tests := []struct{ base, url, want, said string }{
		{`"https://api.example/v1"`, "/things", "https://api.example/v1/things", ""},
		{`"https://api.example/v1/"`, "/things", "https://api.example/v1/things", "endpoint-url"},
		{`"https://api.example/v1"`, "things", "https://api.example/v1/things", "endpoint-url"},
		{`"https://api.example/v1//"`, "//things", "https://api.example/v1/things", "endpoint-url"},
		{`"https://api.example/v1"`, "https://data.example/things", "https://data.example/things", "endpoint-url"},
		{`"https://api.example/v1"`, "HTTP://data.example", "HTTP://data.example", "endpoint-url"},
		{`"{{shop}}/api"`, "/things/[[region]]", "https://shop.example/api/things/eu", ""},
		{`"https://api.example"`, "{{shop}}/x", "https://shop.example/x", "endpoint-url"},
		{`null`, "https://data.example/things", "https://data.example/things", ""},
		{`"https://api.example"`, "/t?a={id}", "https://api.example/t?a=%7Bid%7D", ""},
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			def := strings.Replace(resource(`"endpoints": {"list": {"url": `+jsondoc.Quote(tt.url)+`}}`), `"https://api.example/v1"`, tt.base, 1)
			provider := always(200, ids(1, 1))
			install := connected(map[string]string{"region": "eu", "accessToken": "t"})
			install.UserInput = Texts(map[string]string{"shop": "https://shop.example"})
			_, run := machine(t, def, provider).Sync(t.Context(), install, "things", 0)
			if want := []string{"GET " + tt.want + "\nAuthorization: Bearer t"}; !cmp.Equal(want, provider.asked) {
				t.Errorf("asked for %q, want %q: %v", provider.asked, want, run.Failure)
			}
			var chosen string
			for _, d := range run.Diagnostics {
				if d.Choice == "endpoint-url" {
					chosen = d.Choice
				}
			}
			if chosen != tt.said {
				t.Errorf("said %v", said(run))
			}
		})
	}
}

func TestSyncRefusals(t *testing.T) {
	list := `"endpoints": {"list": {"url": "/things"}}`
	tests := []struct {
		name, def, resource string
		connected           bool
		want                *Failure
		said                []string
	}{
		{"an unknown resource", resource(list), "thing", true, &Failure{Code: Validation, Message: `there is no resource "thing"`, Hint: `Perhaps you mean "things".`, Pointer: "/sync/resources"}, nil},
		{"not connected", resource(list), "things", false, &Failure{Code: NotInstalled, Message: "the install is not connected", Hint: "Connect first."}, nil},
		{"no list", resource(`"endpoints": {}`), "things", true, &Failure{Code: Internal, Message: `the resource "things" has no endpoints.list with a url`, Hint: "Say where its records are listed.", Pointer: "/sync/resources/things"}, nil},
		{"no mapping", strings.Replace(resource(list), `{"code": {"path": "id", "transform": "toString"}}`, `{}`, 1), "things", true,
			&Failure{Code: Internal, Message: `the resource "things" has no apiMapping`, Hint: `Map at least "code", the provider's id of the record.`, Pointer: "/sync/resources/things"}, nil},
		{"switched off", strings.Replace(resource(list), `"enabled": true`, `"enabled": false`, 1), "things", true, nil,
			[]string{"/sync/syncConfiguration/enabled imports are switched off, so nothing is imported"}},
		{"no sync", `{"ns": "acme"}`, "things", true, &Failure{Code: Validation, Message: `there is no resource "things"`, Hint: "Add it to sync.resources.", Pointer: "/sync/resources"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			provider := always(200, `[]`)
			install := connected(nil)
			install.Connected = tt.connected
			records, run := machine(t, tt.def, provider).Sync(t.Context(), install, tt.resource, 5)
			if diff := cmp.Diff(tt.want, run.Failure); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.said, said(run)); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
			if len(records) > 0 || len(provider.asked) > 0 {
				t.Errorf("%d records of %q", len(records), provider.asked)
			}
		})
	}
}

func TestSyncWithoutConfiguration(t *testing.T) {
	def := strings.Replace(resource(`"endpoints": {"list": {"url": "/things"}}, "expandDetails": true`), `"syncConfiguration": {"enabled": true},`, "", 1)
	records, run := machine(t, def, always(200, ids(1, 1))).Sync(t.Context(), connected(map[string]string{"accessToken": "t"}), "things", 0)
	want := []string{"/sync choice sync-enabled", "/sync/resources/things expandDetails is true, but nothing says where the details are",
		"/sync/resources/things choice root-list", "/sync/resources/things choice one-page"}
	if diff := cmp.Diff(want, said(run)); diff != "" || len(records) != 1 {
		t.Errorf("%d records, (-want +got):\n%s", len(records), diff)
	}
}

// TestPace checks that requests wait as long as the definition asks for, on a
// clock that only moves when somebody sleeps or a request takes its time.
func TestPace(t *testing.T) {
	def := strings.Replace(resource(paged), `"enabled": true`, `"enabled": true, "rateLimitPerSecond": 4, "timeout": 1500`, 1)
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	var slept []time.Duration
	provider := &timed{script: &script{answer: func(n int, r outbound.Request) (int, string) {
		now = now.Add(time.Duration(n) * 100 * time.Millisecond)
		return 200, `{"data": ` + ids(2*n-1, min(2*n, 7)) + `}`
	}}}
	m := machine(t, def, provider)
	m.Now = func() time.Time { return now }
	m.Sleep = func(_ context.Context, d time.Duration) error {
		slept, now = append(slept, d), now.Add(d)
		return nil
	}
	if _, run := m.Sync(t.Context(), connected(nil), "things", 0); !run.OK() {
		t.Fatal(run.Failure)
	}
	if diff := cmp.Diff([]time.Duration{150 * time.Millisecond, 50 * time.Millisecond}, slept); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]time.Duration{1500 * time.Millisecond, 1500 * time.Millisecond, 1500 * time.Millisecond, 1500 * time.Millisecond}, provider.timeouts); diff != "" {
		t.Errorf("timeouts (-want +got):\n%s", diff)
	}

	m.Sleep = func(context.Context, time.Duration) error { return context.Canceled }
	provider.asked = nil
	records, run := m.Sync(t.Context(), connected(nil), "things", 0)
	if len(records) != 2 || run.OK() || run.Failure.Message != "page 2: while waiting for the next request: context canceled" || !run.Failure.NoAnswer {
		t.Errorf("%d records, failure %+v", len(records), run.Failure)
	}

	slow := machine(t, strings.Replace(def, `"rateLimitPerSecond": 4`, `"rateLimitPerSecond": 0.000001`, 1), provider)
	slow.Sleep = func(_ context.Context, d time.Duration) error {
		if d > maxPause {
			t.Errorf("waits for %v", d)
		}
		return errors.New("enough")
	}
	slow.Sync(t.Context(), connected(nil), "things", 0)
}

// timed keeps the timeouts of requests.
type timed struct {
	*script
	timeouts []time.Duration
}

func (p *timed) Do(ctx context.Context, r outbound.Request) (outbound.Response, error) {
	p.timeouts = append(p.timeouts, r.Timeout)
	return p.script.Do(ctx, r)
}

// late is a provider that never answers in time.
type late struct{}

func (late) Do(context.Context, outbound.Request) (outbound.Response, error) {
	return outbound.Response{}, &outbound.Error{Why: outbound.ErrTimeout, Text: "too late"}
}

func TestSyncTimeout(t *testing.T) {
	def := strings.Replace(resource(paged), `"enabled": true`, `"enabled": true, "timeout": 30`, 1)
	_, run := machine(t, def, late{}).Sync(t.Context(), connected(map[string]string{"accessToken": "t"}), "things", 0)
	if diff := cmp.Diff([]string{"/sync/syncConfiguration/timeout choice timeout-in-millis"}, said(run)); diff != "" || run.OK() {
		t.Errorf("failure %v, (-want +got):\n%s", run.Failure, diff)
	}
}

func TestSyncRefreshes(t *testing.T) {
	def := strings.Replace(resource(paged), `"config"`, `"auto_refresh": true, "refresh_token": {"url": "https://api.example/token", "method": "POST", "mapping": {"accessToken": "$.token"}}, "config"`, 1)
	provider := &script{answer: func(n int, r outbound.Request) (int, string) {
		switch {
		case strings.HasSuffix(r.URL, "/token"):
			return 200, `{"token": "new-token"}`
		case r.Header[0].Value == "Bearer new-token":
			return 200, `{"data": ` + ids(1, 1) + `}`
		}
		return 401, `{}`
	}}
	install := connected(map[string]string{"accessToken": "old-token"})
	records, run := machine(t, def, provider).Sync(t.Context(), install, "things", 0)
	if len(records) != 1 || !run.OK() || install.Credentials["accessToken"].Text() != "new-token" {
		t.Errorf("%d records, %v, token %q", len(records), run.Failure, install.Credentials["accessToken"].Text())
	}
	if diff := cmp.Diff([]string{"GET /v1/things?per_page=2", "POST /token", "GET /v1/things?per_page=2"}, addresses(provider)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestExampleImports imports the resources of an example from a shop that
// answers as the definition expects it.
func TestExampleImports(t *testing.T) {
	customers := `{"meta": {"total": 2}, "data": [{"id": 731, "first_name": "Ines", "last_name": "Moreau", "email": "ines@customer.example", "billing": {"phone": "+15550119"}, "born_on": "1990-05-17", "orders_count": 3},
		{"id": 732, "first_name": "Omar", "email": "", "billing": {"email": "omar@customer.example"}, "shipping": {"phone": "+15550120"}, "born_on": null, "orders_count": 0}]}`
	tests := []struct {
		ns, resource string
		answers      map[string]string // path and query to answer
		want, said   []string
	}{
		{"shopkeep", "customers", map[string]string{"/api/v3/customers?per_page=100": customers}, []string{
			`{"code":"731","firstName":"Ines","lastName":"Moreau","primaryEmail":"ines@customer.example","primaryPhone":"+15550119","birthDate":"1990-05-17","state":null}`,
			`{"code":"732","firstName":"Omar","primaryEmail":"omar@customer.example","primaryPhone":"+15550120","birthDate":null,"state":null}`},
			[]string{"/sync/resources/customers/apiMapping/state choice compute-null", "/sync/resources/customers/apiMapping/lastName choice field-left-out"}},
		{"shopkeep", "orders", map[string]string{
			"/api/v3/orders?since=2y&per_page=50":        `{"meta": {"total": 1}, "data": [{"id": 90418, "number": "2026-00418"}]}`,
			"/api/v3/orders/90418?include=lines,coupons": `{"data": {"id": 90418, "number": "2026-00418", "status": "new", "currency": "EUR", "totals": {"grand_total": "32.30"}, "customer": {"id": 731}, "lines": [{"sku": "TEA"}], "coupons": ["WELCOME10"]}}`},
			[]string{`{"code":"90418","orderNumber":"2026-00418","status":"new","currency":"EUR","totalAmount":32.30,"customerCode":"731","items":[{"sku":"TEA"}],"discountCodes":"WELCOME10"}`},
			[]string{"/sync/resources/orders/endpoints/details/url choice details-id", "/sync/resources/orders/endpoints/details choice details-replace",
				"/sync/resources/orders/apiMapping/items choice items-as-they-are", "/sync/resources/orders/apiMapping/discountCodes choice codes-joined"}},
		{"mailbeam", "subscribers", map[string]string{
			"/v2/subscribers?status=active&limit=250": `{"subscribers": [{"id": "sub_1"}], "page": {"total": 1}}`,
			"/v2/subscribers/sub_1":                   `{"id": "sub_1", "email": "a@customer.example", "fields": {"phone": "+15550191", "first_name": "Amina", "last_name": "Khalil"}}`},
			[]string{`{"code":"sub_1","primaryEmail":"a@customer.example","primaryPhone":"+15550191","firstName":"Amina","lastName":"Khalil"}`},
			[]string{"/sync/resources/subscribers/endpoints/list choice refresh-everywhere", "/sync/resources/subscribers/endpoints/details/url choice details-id", "/sync/resources/subscribers/endpoints/details choice details-replace"}},
	}
	for _, tt := range tests {
		t.Run(tt.ns+" "+tt.resource, func(t *testing.T) {
			m := example(t, tt.ns)
			provider := &script{answer: func(_ int, r outbound.Request) (int, string) {
				u, err := url.Parse(r.URL)
				if err != nil {
					t.Fatal(err)
				}
				answer, ok := tt.answers[u.RequestURI()]
				if !ok {
					return http.StatusNotFound, `{"error": ` + jsondoc.Quote(u.RequestURI()) + `}`
				}
				return 200, answer
			}}
			m.Provider = provider
			install := connected(map[string]string{"consumerKey": "key-1", "consumerSecret": "secret-1", "accessToken": "token-1", "dataCenter": "us1"})
			install.UserInput = Texts(map[string]string{"storeUrl": "https://shop.customer.example"})
			records, run := m.Sync(t.Context(), install, tt.resource, 0)
			if !run.OK() {
				t.Fatalf("%v %q", run.Failure, provider.asked)
			}
			var got []string
			for _, n := range RecordsJSON(records).Elements() {
				got = append(got, string(jsondoc.AppendJSON(nil, n)))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.said, said(run)); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzSync imports whatever a definition says from a provider that answers
// whatever it wants.
func FuzzSync(f *testing.F) {
	f.Add(resource(paged), `{"data": [{"id": 1}, {"id": 2}]}`, `{"data": [{"id": "x"}]}`)
	f.Add(resource(`"endpoints": {"list": {"url": "things"}, "details": {"url": "{id}"}}, "expandDetails": true`), `[{"id": ".."}, {"id": "a b"}, {"id": 1e9}, 7]`, `null`)
	f.Add(resource(`"endpoints": {"list": {"url": "{{x}}"}}, "pagination": {"paramName": "", "maxLimit": -1}, "responseMapping": {"dataProperty": "$.a[0]", "totalProperty": "t"}`), `{"a": [[{}]], "t": 1e999}`, `{`)
	f.Fuzz(func(t *testing.T, def, first, later string) {
		doc, _ := jsondoc.Parse([]byte(def))
		if doc == nil || doc.Root == nil {
			return
		}
		provider := &script{answer: func(n int, _ outbound.Request) (int, string) {
			if n == 1 {
				return 200, first
			}
			return 200, later
		}}
		m := machine(t, `{"ns": "acme"}`, provider)
		m.Definition = definition.New(doc)
		for _, n := range m.Definition.Sync.Resources {
			provider.asked = nil
			records, run := m.Sync(t.Context(), connected(map[string]string{"accessToken": "s3cret-value"}), n.Key, 0)
			if len(provider.asked) > maxRequests+2 || len(run.Steps) > maxSteps+10 || len(records) != run.RecordCount {
				t.Errorf("%d requests, %d steps, %d of %d records", len(provider.asked), len(run.Steps), len(records), run.RecordCount)
			}
			if RecordsJSON(records); len(RecordsJSON(records).Elements()) != len(records) {
				t.Errorf("of %d records %d can be read", len(records), len(RecordsJSON(records).Elements()))
			}
		}
	})
}
