package providers

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/sandbox"
)

// codes are the codes of records in their order.
func codes(records []sandbox.Record) []string {
	var list []string
	for _, r := range records {
		list = append(list, r.Code)
	}
	return list
}

// TestGitHubImport imports from a provider that counts pages, in the way that is
// a choice of the interpreter.
func TestGitHubImport(t *testing.T) {
	address := start(t, map[string]any{"github": githubSeed()})["github"]
	s := open(t, "github-issues", map[string]string{
		"https://api.github.com": address,
		`"functions": {`: `"sync": {
			"baseUrl": "` + address + `", "headers": {"Authorization": "Bearer [[accessToken]]"}, "syncConfiguration": {"enabled": true},
			"resources": {"issues": {"name": "issues", "contentType": "ecommerce:orders", "endpoints": {"list": {"url": "/repos/{{repository}}/issues?direction=asc", "method": "GET"}},
				"pagination": {"paramName": "per_page", "defaultLimit": 10, "maxLimit": 100}, "apiMapping": {"code": "number", "status": "state", "note": "title"}}}},
			"functions": {`,
	})
	install := s.connected(obj{"accessToken": monasToken, "repository": "mona/menu", "webhookSecret": hookSecret})
	var want []string
	for i := 1; i <= 23; i++ {
		ask[issue](t, "POST", address+"/repos/mona/menu/issues", monasToken, obj{"title": fmt.Sprint("Issue ", i)})
		want = append(want, fmt.Sprint(i))
	}
	records, run := s.machine.Sync(t.Context(), install, "issues", 0)
	s.passes(run)
	if got := codes(records); !slices.Equal(got, want) || len(run.Steps) != 3 {
		t.Errorf("%d requests gave %v", len(run.Steps), got)
	}
	if !strings.HasSuffix(run.Steps[2].Request.URL, "/repos/mona/menu/issues?direction=asc&per_page=10&page=3") {
		t.Errorf("the last page was %s", run.Steps[2].Request.URL)
	}
	if few, run := s.machine.Sync(t.Context(), install, "issues", 12); len(few) != 12 || len(run.Steps) != 2 {
		t.Errorf("%d requests gave %v", len(run.Steps), codes(few))
	}
}

// TestStripeImport imports from a provider whose next page is named by the last
// id of this one, which no definition can say. The first page comes, once.
func TestStripeImport(t *testing.T) {
	var customers []obj
	for i := range 12 {
		customers = append(customers, obj{"id": fmt.Sprintf("cus_%02d", i), "email": fmt.Sprintf("c%d@example.com", i), "name": fmt.Sprint("Customer ", i)})
	}
	address := start(t, map[string]any{"stripe": obj{"stripe": obj{"customers": customers}}})["stripe"]
	for size, want := range map[string]int{"100": 13, "5": 5} { // one is there by itself
		s := open(t, "stripe-payments", map[string]string{"https://api.stripe.com": address, `"defaultLimit": 100`: `"defaultLimit": ` + size})
		install := s.connected(obj{"secretKey": "rk_test_made-up"})
		records, run := s.machine.Sync(t.Context(), install, "customers", 0)
		if !run.OK() || len(records) != want || records[0].Code != "cus_11" || records[0].Type != "core:customer" {
			t.Errorf("pages of %s gave %v:\n%s", size, codes(records), shown(run))
		}
		told := slices.ContainsFunc(run.Diagnostics, func(d sandbox.Diagnostic) bool {
			return strings.Contains(d.Message, "the provider may not know the parameter")
		})
		if told != (want == 5) {
			t.Errorf("pages of %s: %s", size, shown(run.Diagnostics))
		}
	}
}
