package rules

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// position is one row of a table that says what a group of rules tells about
// an edited model.
type position struct {
	name, edit string
	want       []string
}

func checkPositions(t *testing.T, specs []Spec, table []position) {
	t.Helper()
	for _, c := range table {
		want := c.want
		if want == nil {
			want = []string{}
		}
		if diff := cmp.Diff(want, told(t, specs, Example{Name: c.name, Edit: c.edit})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestTriggerRules(t *testing.T) {
	checkPositions(t, triggerRules(), []position{
		{"types and events of the wrong JSON type are the schema's matter", "/triggers/0/type = 1\n/triggers/0/event = 2\n/triggers/0/icon = 3\n/triggers/0/img = []\n/triggers/- = \"x\"", nil},
		{"a namespace that is not the folder's is told once", "/ns = \"acme\"\n/triggers/1 delete", nil},
		{"the third of three equal events points at the first", "/triggers/1/event = \"ticket.created\"\n/triggers/- = {\"event\": \"ticket.created\"}", []string{
			`/triggers/1/event warning trigger-event-unique: another trigger has the event "ticket.created" already`,
			`/triggers/2/event warning trigger-event-unique: another trigger has the event "ticket.created" already`,
		}},
		{"an extraction of the wrong type is the schema's matter", "/webhook/eventExtraction = \"$.event\"", nil},
		{"no webhook", "/webhook delete\n/sync delete", []string{
			`/triggers warning trigger-webhook-declared: no delivery can start these triggers, since nothing says which event it is`,
		}},
		{"file names", `/triggers/0/img = ".svg"` + "\n" + `/triggers/1/img = "a/b.svg"`, []string{
			`/triggers/0/img error trigger-image-name: ".svg" is not a plain file name`,
			`/triggers/1/img error trigger-image-name: "a/b.svg" is not a plain file name`,
		}},
		{"icons", "/triggers/0/icon = \"shopping_cart\"\n/triggers/1/icon = \"\"\n/sync/resources/customers/icon = \"# The\"", []string{
			`/triggers/0/icon warning icon-name-known: Lucide has no icon "shopping_cart" -> write "shopping-cart"`,
			`/triggers/1/icon warning icon-name-known: Lucide has no icon ""`,
			`/sync/resources/customers/icon warning icon-name-known: Lucide has no icon "# The"`,
		}},
	})
}

func TestLucideNames(t *testing.T) {
	names := lucideNames()
	if len(names) < 2000 || !slices.IsSorted(names) {
		t.Errorf("%d names, sorted %v", len(names), slices.IsSorted(names))
	}
	// Icons of official examples that exist, and those that do not.
	for name, want := range map[string]bool{"git-branch": true, "package": true, "users-alt": false, "comment-1": false, "heart-1": false} {
		if isLucide(name) != want {
			t.Errorf("isLucide(%q) = %v", name, !want)
		}
	}
}
