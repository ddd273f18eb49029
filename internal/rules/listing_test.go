package rules

import (
	"slices"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

func TestIDOfVideo(t *testing.T) {
	const id = "dQw4w9WgXcQ"
	for text, want := range map[string]string{
		"https://www.youtube.com/watch?v=" + id:              id,
		"http://m.youtube.com/watch?list=x&v=" + id + "&t=1": id,
		"youtube.com/shorts/" + id + "?feature=share":        id,
		" https://youtu.be/" + id + "?si=abc ":               id,
		"https://www.youtube-nocookie.com/embed/" + id + "/": id,
		"https://www.youtube.com/live/" + id:                 id,
		"https://www.youtube.com/@acme":                      "",
		"https://www.youtube.com/watch?v=short":              "",
		"https://notyoutube.com/watch?v=" + id:               "",
		"https://evil.example/?u=https://youtu.be/" + id:     "",
		"https://youtube.com.evil.example/watch?v=" + id:     "",
		"https://%zz": "",
		id:            "",
		"":            "",
	} {
		if got := idOfVideo(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// TestEventTable holds tables that people really write.
func TestEventTable(t *testing.T) {
	const complete = "| Event | When |\n| --- | --- |\n| `ticket.created` | x |\n| `ticket.closed` | y |\n"
	for _, c := range []struct {
		name, description string
		want              []string // what the findings tell apart
	}{
		{"complete", complete, nil},
		{"in a step", "1. See:\n\n   " + strings.ReplaceAll(complete, "\n", "\n   "), nil},
		{"in Arabic", "| الحدث | متى |\n|---|---|\n| ticket.created | س |\n| ticket.closed | ص |\n", nil},
		{"beside another table", complete + "\n| Plan | Price |\n|-|-|\n| Free | 0 |\n", nil},
		{"an example in a code block", "```\n" + complete + "```\n", []string{""}},
		{"labels and events mixed", "|A|\n|-|\n|Ticket created|\n|ticket.closed, and more|\n", nil},
		{"an event in another case", "|A|\n|-|\n|Ticket.Created|\n|ticket.closed|\n", []string{"stray"}},
		{"a heading in a row", "|A|\n|-|\n|**Tickets**|\n|ticket.created|\n|ticket.closed|\n", []string{"stray"}},
		{"no rows", "|Event|\n|-|\n", []string{""}},
	} {
		found := exampleFindings(t, []Spec{descriptionEventTable()}, Example{Name: c.name, Edit: "/description = " + jsondoc.Quote(c.description)})
		var got []string
		for _, f := range found {
			got = append(got, f.Value)
		}
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestCredentialFile(t *testing.T) {
	for name, want := range map[string]bool{
		"test-account.age": false, "test-account.json": true, "test-account": true, "Test-Account.TXT": true, "test-account.age.txt": true,
		".env": true, ".env.production": true, "prod.env": true, ".envrc": true, "environment.md": false,
		"credentials": true, "credentials.json": true, "CREDENTIALS.yml": true, "webhooks/credentials.json": false, "samples/credentials.json": true,
		"webhooks/x.pem": true, "a/b/id_rsa": true, "id_rsa.pub": false, "server.key": true, "keys.md": false, "secrets.md": false,
		"client_secret.json": true, ".npmrc": true, "vault.kdbx": true, "miniapp.json": false, "tokens.json": false,
	} {
		if got := credentialFile(name); got != want {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
}
