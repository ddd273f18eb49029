package scaffold

import (
	"strings"
	"testing"
	"time"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// TestFiles checks every kind of scaffold: complete, strict JSON in its
// canonical form, and marked where the partner has to write. That the rules
// find nothing but the marks is tested with the command.
func TestFiles(t *testing.T) {
	for _, auth := range AuthTypes() {
		for _, webhook := range []bool{false, true} {
			files, err := Files(Options{NS: "acme-desk", Title: `Acme "Desk" & <Co>`, Category: "crm", Auth: auth, Webhook: webhook,
				Date: time.Date(2026, 11, 23, 23, 0, 0, 0, time.UTC)})
			if err != nil {
				t.Fatalf("%s, webhook %v: %v", auth, webhook, err)
			}
			var names []string
			for _, f := range files {
				names = append(names, f.Name)
				if strings.HasSuffix(f.Name, ".json") {
					doc, problems := jsondoc.Parse(f.Data)
					if len(problems) > 0 || !doc.Formatted() {
						t.Errorf("%s, webhook %v: %s is not in the canonical form: %v", auth, webhook, f.Name, problems)
					}
				}
			}
			want := "CHANGELOG.md SETUP.md miniapp.json owners.json qa.json test-account.age"
			if webhook {
				want += " webhooks/record-created.json"
			}
			if got := strings.Join(names, " "); got != want {
				t.Errorf("%s, webhook %v: files %s, want %s", auth, webhook, got, want)
			}
			doc, _ := jsondoc.Parse(files[2].Data)
			if got := doc.Root.Get("title").Text(); got != `Acme "Desk" & <Co>` {
				t.Errorf("title %q", got)
			}
		}
	}
}
