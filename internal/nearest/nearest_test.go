package nearest

import "testing"

func TestWord(t *testing.T) {
	words := []string{"version-increased", "version-semver", "error", "warning", "notice", "off", "POST", "PUT"}
	for _, test := range []struct{ word, want string }{
		{"version-increase", "version-increased"},
		{"version-incraesed", "version-increased"},
		{"errror", "error"},
		{"wanring", "warning"},
		{"post", "POST"},
		{"PSOT", "POST"},
		{"of", "off"},
		{"", ""},
		{"something-else", ""},
		{"x", ""},
	} {
		got, ok := Word(test.word, words)
		if ok != (test.want != "") || ok && got != test.want {
			t.Errorf("Word(%q) = %q, %v, want %q", test.word, got, ok, test.want)
		}
	}
}
