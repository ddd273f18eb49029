package review

import (
	"testing"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// TestIntricate checks which definitions take long to try.
func TestIntricate(t *testing.T) {
	for text, want := range map[string]bool{
		`{"auth": {"type": "apikey"}, "actions": [{"name": "send"}]}`:            false,
		`{"auth": {"type": "bearer_token"}, "webhook": null, "actions": []}`:     false,
		`{"auth": {"type": "oauth2"}, "actions": []}`:                            true,
		`{"auth": {"type": "apikey"}, "webhook": {"eventExtraction": {}}}`:       true,
		`{"auth": {"type": "apikey"}, "sync": {"baseUrl": "https://x.example"}}`: true,
		`{}`: false,
	} {
		doc, problems := jsondoc.Parse([]byte(text))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		if got := intricate(definition.New(doc)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	if intricate(nil) {
		t.Error("no definition takes long")
	}
}
