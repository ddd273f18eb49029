package rules

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWebhookAddresses(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"`https://{tenant-api}/miniapps/acme-desk/webhooks`", []string{"acme-desk"}},
		{"https://{tenant-api}/miniapps/{ns}/webhooks, and /miniapps/a/webhooks.", []string{"{ns}", "a"}},
		{"/miniapps/a/webhooks/more /miniapps/a/webhooks2 /miniapps/a/oauth2 /miniapps//webhooks", nil},
		{"/miniapps/a b/webhooks /miniapps/", nil},
		{"/miniapps//miniapps/a/webhooks", []string{"a"}},
		{"/miniapps/" + strings.Repeat("a", 200) + "/webhooks", nil},
		{strings.Repeat("/miniapps/x/webhooks ", 50), strings.Split(strings.Repeat("x", 10), "")},
	} {
		var got []string
		for _, a := range webhookAddresses(c.text) {
			if c.text[a.span.Start:a.span.End] != a.ns {
				t.Errorf("%q: the span is %q, want %q", c.text, c.text[a.span.Start:a.span.End], a.ns)
			}
			got = append(got, a.ns)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%q: %s", c.text, diff)
		}
	}
}
