package definition

import (
	"fmt"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

func text(t *testing.T, s string) *jsondoc.Node {
	t.Helper()
	doc, problems := jsondoc.Parse([]byte(jsondoc.Quote(s)))
	if len(problems) > 0 {
		t.Fatal(problems[0])
	}
	return doc.Root
}

func TestPlaceholders(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"Bearer [[accessToken]]", "[accessToken"},
		{"{{a}}/[[b]]/{{c}}", "{a [b {c"},
		{"[[a]]]", "[a"},
		{"[[[a]]", "[[a"},
		{"{{a]] [[b]]", "[b"},
		{"[[a {{b}}", "{b"},
		{"{{a}} }} ]]", "{a"},
		{"{{ a }}", "{ a "},
		{"{{}}", "{"},
		{"[a] {b} ]] }}", ""},
	} {
		var got []string
		for _, p := range Placeholders(text(t, test.text)) {
			got = append(got, map[bool]string{true: "[", false: "{"}[p.Credential]+p.Key)
		}
		if s := strings.Join(got, " "); s != test.want {
			t.Errorf("%q: got %q, want %q", test.text, s, test.want)
		}
	}
}

func TestUnclosedPlaceholders(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"[[a]] {{b}}", ""},
		{"https://x/[[shop/orders", "[[shop"},
		{"{{a} and {{b}}", "{{a}"},
		{"[[a] b", "[[a]"},
		{"{{a]]", "{{a]]"},
		{"[[a}} [[b]]", "[[a}}"},
		{"{{a {{b}}", "{{a"},
		{"[[1,2],[3,4]", ""},
		{"{{\"a\": 1}", ""},
		{"[[[[[[", ""},
	} {
		var got []string
		for _, u := range UnclosedPlaceholders(text(t, test.text)) {
			got = append(got, test.text[u.Start:u.End])
		}
		if s := strings.Join(got, " "); s != test.want {
			t.Errorf("%q: got %q, want %q", test.text, s, test.want)
		}
	}
}

func TestSingleBraces(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"/tickets/{id}/x", "id {id}"},
		{"/tickets/${id}", "id ${id}"},
		{"/tickets/{{id}}", ""},
		{"/{a}{b}", "a {a} b {b}"},
		{"{ shop { id } }", ""},
		{"{a}}", ""},
		{"{1}", ""},
	} {
		var got []string
		for _, b := range SingleBraces(test.text) {
			got = append(got, b.Name, test.text[b.Start:b.End])
		}
		if s := strings.Join(got, " "); s != test.want {
			t.Errorf("%q: got %q, want %q", test.text, s, test.want)
		}
	}
}

// TestManyBrackets reads texts in which searching anew from each bracket would
// take minutes.
func TestManyBrackets(t *testing.T) {
	for _, unit := range []string{"[[", "{{", "[[{{", "{{a}", "[[a", "{{a]]", "{{[[}}"} {
		n := text(t, strings.Repeat(unit, 1_000_000/len(unit)))
		got := fmt.Sprint(len(Placeholders(n)) > 0, len(UnclosedPlaceholders(n)) > 0, len(SingleBraces(n.Text())) > 0)
		if want := map[string]string{"{{a}": "false true false", "[[a": "false true false", "{{a]]": "false true false", "{{[[}}": "true false false"}[unit]; want != "" && got != want {
			t.Errorf("%q: got %s, want %s", unit, got, want)
		}
	}
}
